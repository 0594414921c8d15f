/* SPDX-License-Identifier: Apache-2.0 */
/* A click log row by row, and Criteo's layout.
 *
 * In: "criteo:FILE" or "csv:FILE". Out: rows; the ids point into the line (Criteo) or the record
 * (csv) that was read last, so nothing grows with the log. A line that does not have the form is an
 * error with its number; the reader may go on behind it, if tp_log_resumes() says so.
 *
 * Criteo's layout (the Criteo 1TB click logs): label, 13 integers, 26 ids in hex, tab-separated, any
 * of them may be empty. The ids are those of the model's features in its order. Label and integers
 * are not looked at unless they are asked for; integers not even then by a model without dense
 * features. Cost: O(bytes). */
#include "profile/log.h"

#include "base/fail.h"
#include "base/memory.h"
#include "profile/log_source.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CRITEO_DENSE 13
#define CRITEO_BEFORE_IDS (1 + CRITEO_DENSE)
#define CRITEO_IDS 26
#define CRITEO_FIELDS (CRITEO_BEFORE_IDS + CRITEO_IDS)
#define HEX_DIGITS_MAX 16

enum tp_status tp_log_add(struct tp_log *log, const char *text, size_t length, struct tp_error *err)
{
    if (length == 0)
        return TP_OK;
    if (log->id_count == log->id_capacity) {
        size_t capacity = 2 * log->id_capacity + 64;
        struct tp_log_id *ids = tp_resize(log->ids, capacity, sizeof *ids);
        if (!ids)
            return tp_fail_memory(err);
        log->ids = ids;
        log->id_capacity = capacity;
    }
    log->ids[log->id_count++] = (struct tp_log_id){text, length};
    return TP_OK;
}

static enum tp_status check_hex(
    struct tp_log *log, int32_t feature, const char *text, size_t length, struct tp_error *err)
{
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    if (digits >= length && length <= HEX_DIGITS_MAX)
        return TP_OK;
    return tp_log_fail(log, err, "feature %s: found the id '%.*s', expected 1 to %d hex digits",
        log->model->features[feature].name, length > 40 ? 40 : (int)length, text, HEX_DIGITS_MAX);
}

static enum tp_status take_criteo(
    struct tp_log *log, int32_t field, const char *text, size_t length, struct tp_error *err)
{
    int32_t feature = field - CRITEO_BEFORE_IDS;
    if (feature >= 0) {
        log->first[feature] = (int32_t)log->id_count;
        enum tp_status status = check_hex(log, feature, text, length, err);
        return status == TP_OK ? tp_log_add(log, text, length, err) : status;
    }
    if (field == 0 && log->options.samples)
        return tp_log_take_label(log, text, length, err);
    if (field > 0 && log->dense && log->model->dense_features > 0)
        return tp_log_take_dense(log, field - 1, text, length, err);
    return TP_OK;
}

static int32_t count_fields(const char *line)
{
    int32_t fields = 1;
    while ((line = strchr(line, '\t')) != NULL) {
        line++;
        fields++;
    }
    return fields;
}

static enum tp_status read_criteo(struct tp_log *log, bool *found, struct tp_error *err)
{
    const char *line;
    size_t length;
    enum tp_status status = tp_lines_next(log->lines, &line, &length, err);
    *found = status == TP_OK && line;
    if (!*found)
        return status;
    int32_t fields = count_fields(line);
    if (fields != CRITEO_FIELDS)
        return tp_log_fail(log, err,
            "found %d fields, expected %d: label, 13 integers and 26 ids, tab-separated",
            (int)fields, CRITEO_FIELDS);
    for (int32_t field = 0; status == TP_OK && field < fields; field++) {
        const char *end = line + strcspn(line, "\t");
        status = take_criteo(log, field, line, (size_t)(end - line), err);
        line = end + 1;
    }
    return status;
}

static enum tp_status check_criteo(const struct tp_log *log, struct tp_error *err)
{
    if (log->model->feature_count != CRITEO_IDS)
        return tp_fail(err, TP_EINPUT,
            "model %s: found %d features, expected %d for a log in Criteo's layout; a log with "
            "named "
            "columns is read as csv:FILE",
            log->model->name, (int)log->model->feature_count, CRITEO_IDS);
    if (log->options.samples && log->model->dense_features != 0 &&
        log->model->dense_features != CRITEO_DENSE)
        return tp_fail(err, TP_EINPUT,
            "model %s: found %d dense features, expected %d for a log in Criteo's layout, or 0 to "
            "leave them out",
            log->model->name, (int)log->model->dense_features, CRITEO_DENSE);
    if (log->options.columns || log->options.separator)
        return tp_fail(err, TP_EUSAGE,
            "a column map and a separator of ids are for csv:FILE, Criteo's layout has neither");
    return TP_OK;
}

enum tp_status tp_log_open(const char *source, const struct tp_model *model,
    const struct tp_log_options *options, struct tp_log **log, struct tp_error *err)
{
    bool criteo = strncmp(source, "criteo:", 7) == 0;
    if (!criteo && strncmp(source, "csv:", 4) != 0)
        return tp_fail(
            err, TP_EUSAGE, "found the log '%s', expected criteo:FILE or csv:FILE", source);
    struct tp_log *l = TP_NEW(1, struct tp_log);
    if (!l)
        return tp_fail_memory(err);
    l->model = model;
    if (options)
        l->options = *options;
    l->first = TP_NEW((size_t)model->feature_count + 1, int32_t);
    if (l->options.samples)
        l->dense = TP_NEW(model->dense_features, double);
    bool made = l->first && (l->dense || !l->options.samples);
    enum tp_status status = made ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK && criteo)
        status = check_criteo(l, err);
    const char *path = strchr(source, ':') + 1;
    if (status == TP_OK)
        status = criteo ? tp_lines_open(path, &l->lines, err) : tp_log_csv_open(l, path, err);
    if (status == TP_OK)
        *log = l;
    else
        tp_log_free(l);
    return status;
}

void tp_log_free(struct tp_log *log)
{
    if (!log)
        return;
    tp_log_csv_free(log->csv);
    tp_lines_free(log->lines);
    free(log->dense);
    free(log->first);
    free(log->ids);
    free(log);
}

enum tp_status tp_log_next(struct tp_log *log, const struct tp_log_row **row, struct tp_error *err)
{
    bool found = false;
    log->id_count = 0;
    log->bad_row = false;
    enum tp_status status =
        log->csv ? tp_log_csv_next(log, &found, err) : read_criteo(log, &found, err);
    log->first[log->model->feature_count] = (int32_t)log->id_count;
    log->row.ids = log->ids;
    log->row.first = log->first;
    log->row.dense = log->dense;
    if (status == TP_OK)
        *row = found ? &log->row : NULL;
    return status;
}

int64_t tp_log_line(const struct tp_log *log)
{
    return log->csv ? tp_log_csv_line(log->csv) : tp_lines_number(log->lines);
}

bool tp_log_resumes(const struct tp_log *log)
{
    return log->bad_row || (log->csv ? tp_log_csv_resumes(log->csv) : tp_lines_resumes(log->lines));
}

double tp_log_done(const struct tp_log *log)
{
    return log->csv ? tp_log_csv_done(log->csv) : tp_lines_done(log->lines);
}

int32_t tp_log_ignored_columns(const struct tp_log *log)
{
    return log->csv ? tp_log_csv_ignored(log->csv) : 0;
}

int64_t tp_log_looks_like_list(const struct tp_log *log, int32_t *feature, char *separator)
{
    *feature = log->list_feature;
    *separator = log->list_separator;
    return log->list_line;
}
