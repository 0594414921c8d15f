/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a text file of any size, one at a time, in bounded memory. */
#ifndef TP_BASE_LINES_H
#define TP_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/fail.h"

#define TP_LINE_BYTES_MAX ((size_t)1 << 20)

struct tp_lines;

/* @param path  "-" is standard input. */
enum tp_status tp_lines_open(const char *path, struct tp_lines **lines, struct tp_error *err);
/* The same for lines of at most line_bytes_max instead. */
enum tp_status tp_lines_open_long(
    const char *path, size_t line_bytes_max, struct tp_lines **lines, struct tp_error *err);
void tp_lines_free(struct tp_lines *lines);

/* The next line without its end ("\n" or "\r\n", which the last one may lack).
 * @param line  out, NUL-terminated, borrowed until the next call; NULL behind the last line.
 * @return TP_EINPUT for a line that is too long, a NUL in it, or a file that cannot be read. */
enum tp_status tp_lines_next(
    struct tp_lines *lines, const char **line, size_t *length, struct tp_error *err);

/* Whether the last failure was that of one line, which may be passed over: the next call gives the
 * one behind it. */
bool tp_lines_resumes(const struct tp_lines *lines);

/* Number of the line that was given last, from 1. */
int64_t tp_lines_number(const struct tp_lines *lines);

/* Share of the file's bytes that were read; 0 where the size is not known. */
double tp_lines_done(const struct tp_lines *lines);

/* Fails at a line: "log.tsv:12: <message>". */
enum tp_status tp_lines_fail(const struct tp_lines *lines, int64_t number, struct tp_error *err,
    const char *format, ...) TP_PRINTF(4, 5);

#endif
