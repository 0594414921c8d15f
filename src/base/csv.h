/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV file of any size, record by record, with libcsv (the only place that reads with it). */
#ifndef TP_BASE_CSV_H
#define TP_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/fail.h"

struct tp_csv_record {
    size_t line;               /* where it begins, from 1 */
    const char *const *fields; /* (field_count) NUL-terminated, "" for nothing; any encoding */
    size_t field_count;
};

/* What a blank line below the header is. */
enum tp_csv_blank {
    TP_CSV_BLANK_SKIPPED,  /* nothing */
    TP_CSV_BLANK_IS_RECORD /* a record: an empty field where there is one column, else an error */
};

struct tp_csv;

/* Opens a file and reads its header, the first line that is not blank: RFC 4180, quotes checked strictly,
 * lines ending in LF or CR LF, with or without a byte order mark. Blanks around an unquoted field are
 * not part of it.
 * @param path  "-" is standard input; borrowed until tp_csv_free().
 * @return TP_EINPUT, with file and line, for a file that cannot be read or has no header. */
enum tp_status tp_csv_open(
    const char *path, enum tp_csv_blank blank, struct tp_csv **csv, struct tp_error *err);
void tp_csv_free(struct tp_csv *csv);

/* Valid until tp_csv_free(). */
const struct tp_csv_record *tp_csv_header(const struct tp_csv *csv);

/* The next record.
 * @param record  out, borrowed until the next call; NULL behind the last one.
 * @return TP_EINPUT, with file and line, for one that is not as long as the header, has more than
 *         TP_LINE_BYTES_MAX bytes, a NUL, or quotes or carriage returns in the wrong places. */
enum tp_status tp_csv_next(
    struct tp_csv *csv, const struct tp_csv_record **record, struct tp_error *err);

/* Whether the last failure was that of one record, which may be passed over: the next call gives the
 * one behind it. Not so where it cannot be known where the next one begins: a record of several
 * lines whose quotes are wrong. */
bool tp_csv_resumes(const struct tp_csv *csv);

/* Where the record that was asked for last begins, from 1, also if it was none. */
int64_t tp_csv_line(const struct tp_csv *csv);

/* Share of the file's bytes that were read; 0 where the size is not known. */
double tp_csv_done(const struct tp_csv *csv);

/* Fails at the record that was given last, the header at first: "log.csv:12: <message>". */
enum tp_status tp_csv_fail(const struct tp_csv *csv, struct tp_error *err, const char *format, ...)
    TP_PRINTF(3, 4);

#endif
