/* SPDX-License-Identifier: Apache-2.0 */
/* What the two layouts of a log share: log.c, which has Criteo's, and log_csv.c; and the
 * values of a sample, log_sample.c. */
#ifndef TP_PROFILE_LOG_SOURCE_H
#define TP_PROFILE_LOG_SOURCE_H

#include "base/lines.h"
#include "profile/log.h"

struct tp_log_csv;

struct tp_log {
    const struct tp_model *model;
    struct tp_log_options options;
    struct tp_lines *lines; /* NULL: a csv */
    struct tp_log_csv *csv; /* NULL: Criteo's layout */
    struct tp_log_id *ids;  /* (id_capacity) of the row */
    size_t id_count, id_capacity;
    int32_t *first; /* (features + 1) */
    struct tp_log_row row;
    double *dense;     /* (dense_features) of the row; NULL: not asked for */
    bool bad_row;      /* the last call failed for what stands in one row */
    int64_t list_line; /* tp_log_looks_like_list() */
    int32_t list_feature;
    char list_separator;
};

/* Adds an id of the row; empty ones are none. */
enum tp_status tp_log_add(
    struct tp_log *log, const char *text, size_t length, struct tp_error *err);

/* Fails at the row that is read. */
enum tp_status tp_log_fail(struct tp_log *log, struct tp_error *err, const char *format, ...)
    TP_PRINTF(3, 4);

/* What the field of the label, and that of a dense feature, say of the row. */
enum tp_status tp_log_take_label(
    struct tp_log *log, const char *text, size_t length, struct tp_error *err);
enum tp_status tp_log_take_dense(
    struct tp_log *log, int32_t column, const char *text, size_t length, struct tp_error *err);

/* Reads the header and finds each feature's column. */
enum tp_status tp_log_csv_open(struct tp_log *log, const char *path, struct tp_error *err);
void tp_log_csv_free(struct tp_log_csv *csv);
/* Fills ids and first; *found is false behind the last record. */
enum tp_status tp_log_csv_next(struct tp_log *log, bool *found, struct tp_error *err);
enum tp_status tp_log_csv_fail(
    const struct tp_log_csv *csv, struct tp_error *err, const char *message);
int64_t tp_log_csv_line(const struct tp_log_csv *csv);
bool tp_log_csv_resumes(const struct tp_log_csv *csv);
double tp_log_csv_done(const struct tp_log_csv *csv);
int32_t tp_log_csv_ignored(const struct tp_log_csv *csv);

#endif
