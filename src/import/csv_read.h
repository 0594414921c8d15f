/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV file as records of fields, with libcsv (the only place that reads with it). */
#ifndef TP_IMPORT_CSV_READ_H
#define TP_IMPORT_CSV_READ_H

#include <stddef.h>

#include <towerpart/status.h>

struct tp_csv_record {
    size_t line;   /* of its first character, from 1 */
    char **fields; /* (field_count of the file), NUL-terminated UTF-8, "" for nothing */
};

struct tp_csv {
    size_t field_count;            /* of every record */
    struct tp_csv_record *records; /* the first is the header */
    size_t record_count;           /* >= 1 */
};

/* Reads a file ("-": standard input) of at most 256 MiB: RFC 4180, quotes checked strictly, lines ending
 * in LF or CR LF, with or without a byte order mark; blank lines are skipped.
 * @param csv  out, to be released with tp_csv_release().
 * @return TP_EINPUT with file and line; also for a record of another length than the header. */
enum tp_status tp_csv_load(const char *path, struct tp_csv *csv, struct tp_error *err);
void tp_csv_release(struct tp_csv *csv);

#endif
