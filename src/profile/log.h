/* SPDX-License-Identifier: Apache-2.0 */
/* A click log as rows: for each feature of a model the ids that one sample has and, where they are
 * asked for, its label and dense values. What is done with them is the reader's business. */
#ifndef TP_PROFILE_LOG_H
#define TP_PROFILE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

struct tp_log_options {
    const char *columns; /* csv: "feature=column,..." where names differ; NULL: none do. Borrowed */
    char separator;    /* csv: between the ids of a field, ' ', ';' or '|'; 0: a field is one id */
    bool samples;      /* rows have label and dense values as well; default false: not looked at */
    const char *label; /* csv: column of the label; NULL: "label". Borrowed */
    const char *dense; /* csv: "column,..." of the dense features; NULL: "dense_0", ... Borrowed */
};

/* An id as it stands in the log. */
struct tp_log_id {
    const char *text; /* `length` bytes, at least one; not NUL-terminated */
    size_t length;
};

struct tp_log_row {
    const struct tp_log_id *ids; /* may be NULL in a row without any */
    const int32_t *first; /* (features + 1): feature f has ids[first[f]] .. ids[first[f + 1] - 1] */
    int32_t label;        /* 0 or 1 */
    const double
        *dense; /* (dense_features) finite, or NAN for an empty field; NULL without `samples` */
};

struct tp_log;

/* @param source   "criteo:FILE" or "csv:FILE"; FILE "-" is standard input. Borrowed until tp_log_free().
 * @param model    borrowed until tp_log_free().
 * @param options  NULL: defaults.
 * @return TP_EUSAGE for another kind of source or a column map that makes no sense; TP_EINPUT with file
 *         and line for a header that lacks a feature; TP_ENOMEM. */
enum tp_status tp_log_open(const char *source, const struct tp_model *model,
    const struct tp_log_options *options, struct tp_log **log, struct tp_error *err);
void tp_log_free(struct tp_log *log);

/* @param row  out, borrowed until the next call; NULL behind the last row.
 * @return TP_EINPUT with file and line for a row that is none. */
enum tp_status tp_log_next(struct tp_log *log, const struct tp_log_row **row, struct tp_error *err);

/* Number of the line where the last row began, also if it was none; from 1. */
int64_t tp_log_line(const struct tp_log *log);

/* Whether the last failure was that of one row, which may be passed over: the next call gives the
 * one behind it. */
bool tp_log_resumes(const struct tp_log *log);

/* Share of the log that was read, 0 where that is not known. */
double tp_log_done(const struct tp_log *log);

/* Columns of a csv that belong to no feature. */
int32_t tp_log_ignored_columns(const struct tp_log *log);

/* With no separator given, the first field that looks as if it held several ids.
 * @return its line, 0 if there was none. */
int64_t tp_log_looks_like_list(const struct tp_log *log, int32_t *feature, char *separator);

#endif
