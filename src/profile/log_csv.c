/* SPDX-License-Identifier: Apache-2.0 */
/* A click log as CSV with a header.
 *
 * In: records. Out: the ids of each feature, from the column of its name or of the one that the options
 * map it to. The ids point into the record's fields. Columns of no feature are counted and ignored.
 * Bytes are taken as they are: an id need not be UTF-8.
 * Cost: O(bytes); the header O(features * columns). */
#include "base/csv.h"
#include "base/fail.h"
#include "base/memory.h"
#include "profile/log_source.h"

#include <stdlib.h>
#include <string.h>

struct tp_log_csv {
    struct tp_csv *csv;
    int32_t ignored;
    int32_t *column; /* (features) */
};

/* Where "feature=column,..." says that feature's column begins; NULL: nowhere. */
static const char *mapped_column(const char *columns, const char *feature, size_t *length)
{
    size_t name = strlen(feature);
    for (const char *entry = columns; entry && *entry;) {
        size_t whole = strcspn(entry, ",");
        if (whole > name && strncmp(entry, feature, name) == 0 && entry[name] == '=') {
            *length = whole - name - 1;
            return entry + name + 1;
        }
        entry += whole + (entry[whole] == ',');
    }
    return NULL;
}

/* Every entry of the map must be about a feature. */
static enum tp_status check_map(
    const struct tp_model *model, const char *columns, struct tp_error *err)
{
    for (const char *entry = columns; entry; entry = strchr(entry, ',')) {
        entry += *entry == ',';
        size_t whole = strcspn(entry, ","), name = strcspn(entry, "=");
        char *feature = tp_copy_text(entry, name < whole ? name : whole);
        if (!feature)
            return tp_fail_memory(err);
        bool fine = name > 0 && name + 1 < whole && tp_model_feature(model, feature) >= 0;
        free(feature);
        if (!fine)
            return tp_fail(err, TP_EUSAGE,
                "--columns: found '%.*s', expected feature=column with a feature of the model",
                whole > 80 ? 80 : (int)whole, entry);
    }
    return TP_OK;
}

static enum tp_status find_column(struct tp_log *log, int32_t feature, struct tp_error *err)
{
    struct tp_log_csv *c = log->csv;
    const struct tp_csv_record *header = tp_csv_header(c->csv);
    const char *name = log->model->features[feature].name;
    size_t length = strlen(name);
    const char *wanted = mapped_column(log->options.columns, name, &length);
    wanted = wanted ? wanted : name;
    c->column[feature] = -1;
    for (size_t i = 0; i < header->field_count; i++) {
        if (strlen(header->fields[i]) != length || memcmp(header->fields[i], wanted, length))
            continue;
        if (c->column[feature] >= 0)
            return tp_csv_fail(c->csv, err,
                "found the column '%.*s' twice, expected each name once", (int)length, wanted);
        c->column[feature] = (int32_t)i;
    }
    if (c->column[feature] < 0)
        return tp_csv_fail(c->csv, err,
            "found no column '%.*s' for the feature %s, expected one in the header; columns of "
            "other names are given as --columns feature=column,...",
            (int)length, wanted, name);
    return TP_OK;
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
    struct tp_log_csv *c = log->csv = TP_NEW(1, struct tp_log_csv);
    if (!c)
        return tp_fail_memory(err);
    c->column = TP_NEW(log->model->feature_count, int32_t);
    if (!c->column)
        return tp_fail_memory(err);
    enum tp_status status = check_map(log->model, log->options.columns, err);
    if (status == TP_OK)
        status = tp_csv_open(path, TP_CSV_BLANK_IS_RECORD, &c->csv, err);
    for (int32_t f = 0; status == TP_OK && f < log->model->feature_count; f++)
        status = find_column(log, f, err);
    return status == TP_OK ? count_ignored(log, err) : status;
}

void tp_log_csv_free(struct tp_log_csv *csv)
{
    if (!csv)
        return;
    tp_csv_free(csv->csv);
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

enum tp_status tp_log_csv_next(struct tp_log *log, bool *found, struct tp_error *err)
{
    const struct tp_csv_record *record;
    enum tp_status status = tp_csv_next(log->csv->csv, &record, err);
    *found = status == TP_OK && record;
    if (!*found)
        return status;
    for (int32_t f = 0; f < log->model->feature_count && status == TP_OK; f++) {
        const char *text = record->fields[log->csv->column[f]];
        log->first[f] = (int32_t)log->id_count;
        if (!log->options.separator)
            notice_list(log, f, record, text);
        status = add_ids(log, text, err);
    }
    return status;
}

double tp_log_csv_done(const struct tp_log_csv *csv)
{
    return tp_csv_done(csv->csv);
}

int32_t tp_log_csv_ignored(const struct tp_log_csv *csv)
{
    return csv->ignored;
}
