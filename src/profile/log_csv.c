/* SPDX-License-Identifier: Apache-2.0 */
/* A click log as CSV with a header.
 *
 * In: records. Out: the ids of each feature, from the column of its name or of the one that the options
 * map it to. The ids point into the record's fields. Columns of no feature are counted and ignored.
 * Bytes are taken as they are: an id need not be UTF-8.
 * Cost: O(bytes); the header O(features * columns). */
#include "base/column_map.h"
#include "base/csv.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "profile/log_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 80 /* bytes of a map in a message */

struct tp_log_csv {
    struct tp_csv *csv;
    int32_t ignored;
    int32_t *column; /* (features) */
    int32_t label;   /* column */
    int32_t *dense;  /* (dense_features) columns */
};

/* One entry of the map: the feature's wish. */
static enum tp_status read_wish(const struct tp_model *model, const struct tp_column_entry *entry,
    struct tp_column_entry *wishes, struct tp_error *err)
{
    char *name = tp_copy_text(entry->text, entry->key_length);
    if (!name)
        return tp_fail_memory(err);
    int32_t feature = tp_model_feature(model, name);
    free(name);
    if (feature < 0 || entry->column_length == 0)
        return tp_fail(err, TP_EUSAGE,
            "--columns: found '%.*s', expected feature=column with a feature of the model",
            entry->length > SHOWN ? SHOWN : (int)entry->length, entry->text);
    if (wishes[feature].text)
        return tp_fail(err, TP_EUSAGE, "--columns: found '%s' twice, expected it once",
            model->features[feature].name);
    wishes[feature] = *entry;
    return TP_OK;
}

/* @param wishes  out, (features); .text stays NULL where the map says nothing. */
static enum tp_status read_map(
    const struct tp_log *log, struct tp_column_entry *wishes, struct tp_error *err)
{
    const char *map = log->options.columns;
    struct tp_column_entry entry;
    enum tp_status status = TP_OK;
    while (status == TP_OK && tp_column_map_next(&map, &entry))
        status = read_wish(log->model, &entry, wishes, err);
    return status;
}

/* A column that is looked for. */
struct wanted {
    struct tp_column_entry entry; /* names it */
    const char *what;             /* it is for: "the feature" */
    const char *name;             /* of that; "" for the label */
    const char *option;           /* how to say which column it is */
};

static enum tp_status fail_missing(
    const struct tp_csv *csv, const struct wanted *wanted, struct tp_error *err)
{
    struct tp_text names = {0};
    tp_column_names_add(&names, tp_csv_header(csv));
    enum tp_status status =
        names.failed ? tp_fail_memory(err)
                     : tp_csv_fail(csv, err,
                           "found no column '%.*s' for %s%s, expected one in the header; "
                           "%s; columns of other names are given as %s",
                           (int)wanted->entry.column_length, wanted->entry.column, wanted->what,
                           wanted->name, names.data, wanted->option);
    tp_text_release(&names);
    return status;
}

static enum tp_status find_column(
    const struct tp_log_csv *c, const struct wanted *wanted, int32_t *column, struct tp_error *err)
{
    const struct tp_csv_record *header = tp_csv_header(c->csv);
    *column = -1;
    for (size_t i = 0; i < header->field_count; i++) {
        if (!tp_column_entry_is(&wanted->entry, header->fields[i]))
            continue;
        if (*column >= 0)
            return tp_csv_fail(c->csv, err, "found the column '%s' twice, expected each name once",
                header->fields[i]);
        *column = (int32_t)i;
    }
    return *column < 0 ? fail_missing(c->csv, wanted, err) : TP_OK;
}

/* @param wish  of the feature; without a text, its column has its name. */
static enum tp_status find_feature(
    struct tp_log *log, int32_t feature, const struct tp_column_entry *wish, struct tp_error *err)
{
    const char *name = log->model->features[feature].name;
    struct wanted wanted = {*wish, "the feature ", name, "--columns feature=column,..."};
    if (!wish->text)
        wanted.entry = (struct tp_column_entry){.column = name, .column_length = strlen(name)};
    return find_column(log->csv, &wanted, &log->csv->column[feature], err);
}

static enum tp_status find_label(struct tp_log *log, struct tp_error *err)
{
    const char *name = log->options.label ? log->options.label : "label";
    struct wanted wanted = {
        {.column = name, .column_length = strlen(name)}, "the label", "", "--label COLUMN"};
    return find_column(log->csv, &wanted, &log->csv->label, err);
}

/* Takes the column of a dense feature off the list; without a list, it is named by its number. */
static enum tp_status find_dense(
    struct tp_log *log, int32_t d, const char **list, struct tp_error *err)
{
    char name[24];
    struct tp_column_entry entry = {0};
    snprintf(name, sizeof name, "dense_%d", (int)d);
    if (log->options.dense && !tp_column_map_next(list, &entry))
        return tp_fail(err, TP_EUSAGE,
            "--dense: found %d columns, expected %d, the dense features of the model", (int)d,
            (int)log->model->dense_features);
    bool listed = log->options.dense != NULL;
    struct wanted wanted = {{.column = listed ? entry.text : name,
                                .column_length = listed ? entry.length : strlen(name)},
        "a dense feature", "", "--dense COLUMN,COLUMN,..."};
    return find_column(log->csv, &wanted, &log->csv->dense[d], err);
}

/* The columns of label and dense features. */
static enum tp_status find_sample(struct tp_log *log, struct tp_error *err)
{
    const char *list = log->options.dense;
    enum tp_status status = find_label(log, err);
    for (int32_t d = 0; status == TP_OK && d < log->model->dense_features; d++)
        status = find_dense(log, d, &list, err);
    if (status == TP_OK && list)
        status = tp_fail(err, TP_EUSAGE,
            "--dense: found more than %d columns, expected as many as the model has dense features",
            (int)log->model->dense_features);
    return status;
}

static enum tp_status count_ignored(const struct tp_log *log, struct tp_error *err)
{
    struct tp_log_csv *c = log->csv;
    size_t count = tp_csv_header(c->csv)->field_count;
    bool *used = TP_NEW(count, bool);
    if (!used)
        return tp_fail_memory(err);
    c->ignored = (int32_t)count;
    for (int32_t f = 0; f < log->model->feature_count; f++) {
        c->ignored -= !used[c->column[f]];
        used[c->column[f]] = true;
    }
    free(used);
    return TP_OK;
}

enum tp_status tp_log_csv_open(struct tp_log *log, const char *path, struct tp_error *err)
{
    int32_t count = log->model->feature_count;
    struct tp_log_csv *c = log->csv = TP_NEW(1, struct tp_log_csv);
    struct tp_column_entry *wishes = TP_NEW(count, struct tp_column_entry);
    if (c) {
        c->column = TP_NEW(count, int32_t);
        c->dense = TP_NEW(log->model->dense_features, int32_t);
    }
    enum tp_status status = c && c->column && c->dense && wishes ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK)
        status = read_map(log, wishes, err);
    if (status == TP_OK)
        status = tp_csv_open(path, TP_CSV_BLANK_IS_RECORD, &c->csv, err);
    for (int32_t f = 0; status == TP_OK && f < count; f++)
        status = find_feature(log, f, &wishes[f], err);
    if (status == TP_OK && log->options.samples)
        status = find_sample(log, err);
    free(wishes);
    return status == TP_OK ? count_ignored(log, err) : status;
}

void tp_log_csv_free(struct tp_log_csv *csv)
{
    if (!csv)
        return;
    tp_csv_free(csv->csv);
    free(csv->dense);
    free(csv->column);
    free(csv);
}

/* Without a separator a field is one id; one that looks like a list is worth a word. */
static void notice_list(
    struct tp_log *log, int32_t feature, const struct tp_csv_record *record, const char *text)
{
    const char *separator = log->list_line ? NULL : strpbrk(text, " ;|");
    if (separator) {
        log->list_line = (int64_t)record->line;
        log->list_feature = feature;
        log->list_separator = *separator;
    }
}

static enum tp_status add_ids(struct tp_log *log, const char *text, struct tp_error *err)
{
    const char separators[] = {log->options.separator, '\0'};
    enum tp_status status = TP_OK;
    for (const char *end = text; status == TP_OK; text = end + 1) {
        end = text + strcspn(text, separators);
        status = tp_log_add(log, text, (size_t)(end - text), err);
        if (*end == '\0')
            break;
    }
    return status;
}

static enum tp_status take_sample(
    struct tp_log *log, const struct tp_csv_record *record, struct tp_error *err)
{
    const char *text = record->fields[log->csv->label];
    enum tp_status status = tp_log_take_label(log, text, strlen(text), err);
    for (int32_t d = 0; d < log->model->dense_features && status == TP_OK; d++) {
        text = record->fields[log->csv->dense[d]];
        status = tp_log_take_dense(log, d, text, strlen(text), err);
    }
    return status;
}

enum tp_status tp_log_csv_next(struct tp_log *log, bool *found, struct tp_error *err)
{
    const struct tp_csv_record *record;
    enum tp_status status = tp_csv_next(log->csv->csv, &record, err);
    *found = status == TP_OK && record;
    if (!*found)
        return status;
    if (log->options.samples)
        status = take_sample(log, record, err);
    for (int32_t f = 0; f < log->model->feature_count && status == TP_OK; f++) {
        const char *text = record->fields[log->csv->column[f]];
        log->first[f] = (int32_t)log->id_count;
        if (!log->options.separator)
            notice_list(log, f, record, text);
        status = add_ids(log, text, err);
    }
    return status;
}

enum tp_status tp_log_csv_fail(
    const struct tp_log_csv *csv, struct tp_error *err, const char *message)
{
    return tp_csv_fail(csv->csv, err, "%s", message);
}

int64_t tp_log_csv_line(const struct tp_log_csv *csv)
{
    return tp_csv_line(csv->csv);
}

bool tp_log_csv_resumes(const struct tp_log_csv *csv)
{
    return tp_csv_resumes(csv->csv);
}

double tp_log_csv_done(const struct tp_log_csv *csv)
{
    return tp_csv_done(csv->csv);
}

int32_t tp_log_csv_ignored(const struct tp_log_csv *csv)
{
    return csv->ignored;
}
