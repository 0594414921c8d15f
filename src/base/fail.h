/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that formats an error. */
#ifndef TP_BASE_FAIL_H
#define TP_BASE_FAIL_H

#include <towerpart/status.h>

#if defined(__GNUC__)
#define TP_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define TP_PRINTF(format_index, first)
#endif

/* Fills err (if not NULL) and returns status. The message is one line: control characters, newlines among
 * them, and bytes that are not UTF-8 are replaced by '?', so that a file's content never reaches the
 * terminal raw. */
enum tp_status tp_fail(struct tp_error *err, enum tp_status status, const char *format, ...)
    TP_PRINTF(3, 4);

/* The same with a message of several lines, whose parts the caller knows to hold no newlines of their
 * own. */
enum tp_status tp_fail_lines(struct tp_error *err, enum tp_status status, const char *lines);

/* Puts a prefix, usually "path: ", before the message; returns err's status, or `status` if err is
 * NULL. */
enum tp_status tp_fail_prefix(struct tp_error *err, enum tp_status status, const char *format, ...)
    TP_PRINTF(3, 4);

/* "out of memory" */
enum tp_status tp_fail_memory(struct tp_error *err);

#endif
