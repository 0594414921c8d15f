/* SPDX-License-Identifier: Apache-2.0 */
/* A click log as CSV with a header (RFC 4180), parsed by libcsv in its strict mode.
 *
 * In: lines, which are pushed into libcsv one after the other until a record is whole (a quoted field may
 * hold newlines). Out: the ids of each feature, from the column of its name or of the one that the
 * options map it to. A record is at most TP_LINE_BYTES_MAX bytes. Errors name the line where the
 * record begins. Spaces around an unquoted field are not part of it.
 *
 * libcsv also ends a record at a carriage return by itself. No program writes such files today, so one
 * is taken for damage. Cost: O(bytes); the header O(features * columns). */
#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "profile/log_source.h"

#include <csv.h>

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536              /* libcsv's buffer grows by as many, not by a factor */
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* what spreadsheets put before UTF-8 */

struct field {
    size_t begin, length; /* in the record's text */
};

struct tp_csv {
    struct csv_parser parser;
    bool parser_made;
    struct tp_text text;  /* of the record's fields, one behind the other */
    struct field *fields; /* (field_capacity) of the record */
    size_t field_count, field_capacity;
    int records;  /* ended since the record was begun */
    bool failed;  /* out of memory */
    int64_t line; /* where the record begins */
    size_t bytes; /* of it so far */
    int32_t column_count, ignored;
    int32_t *column; /* (features) */
};

/* libcsv's first callback: a field. */
static void end_field(void *data, size_t length, void *user)
{
    struct tp_csv *csv = user;
    if (csv->field_count == csv->field_capacity) {
        size_t capacity = 2 * csv->field_capacity + 64;
        struct field *fields = tp_resize(csv->fields, capacity, sizeof *fields);
        if (!fields) {
            csv->failed = true;
            return;
        }
        csv->fields = fields;
        csv->field_capacity = capacity;
    }
    csv->fields[csv->field_count++] = (struct field){csv->text.length, length};
    tp_text_add_bytes(&csv->text, data, length);
}

/* libcsv's second callback: a record. */
static void end_record(int character, void *user)
{
    struct tp_csv *csv = user;
    (void)character;
    csv->records++;
}

static enum tp_status fail_record(const struct tp_log *log, struct tp_error *err)
{
    struct tp_csv *csv = log->csv;
    if (csv->failed || csv->text.failed || csv_error(&csv->parser) == CSV_ENOMEM)
        return tp_fail_memory(err);
    return tp_lines_fail(log->lines, csv->line, err,
        "found a quote that does not enclose a whole field, expected \"...\" with inner quotes "
        "doubled");
}

static bool push(struct tp_csv *csv, const char *text, size_t length)
{
    return csv_parse(&csv->parser, text, length, end_field, end_record, csv) == length &&
           !csv->failed && !csv->text.failed;
}

static enum tp_status push_line(
    struct tp_log *log, const char *line, size_t length, struct tp_error *err)
{
    struct tp_csv *csv = log->csv;
    csv->bytes += length + 1;
    if (csv->bytes > TP_LINE_BYTES_MAX + 1)
        return tp_lines_fail(log->lines, csv->line, err,
            "found a record of over %zu bytes, expected at most that: is a quote left open?",
            TP_LINE_BYTES_MAX);
    if (!push(csv, line, length) || !push(csv, "\n", 1))
        return fail_record(log, err);
    if (csv->records > 1)
        return tp_lines_fail(log->lines, csv->line, err,
            "found a carriage return that ends no line, expected fields");
    return TP_OK;
}

/* The next record; *found is false behind the last one. */
static enum tp_status read_record(struct tp_log *log, bool *found, struct tp_error *err)
{
    struct tp_csv *csv = log->csv;
    csv->text.length = csv->field_count = csv->bytes = 0;
    csv->records = 0;
    csv->line = tp_lines_number(log->lines) + 1;
    while (csv->records == 0) {
        const char *line;
        size_t length;
        enum tp_status status = tp_lines_next(log->lines, &line, &length, err);
        if (status != TP_OK)
            return status;
        *found = line != NULL;
        if (!line && csv->bytes > 0)
            return tp_lines_fail(log->lines, csv->line, err,
                "found the end of the file inside quotes, expected a closing quote");
        if (!line)
            return TP_OK;
        if (csv->line == 1 && csv->bytes == 0 &&
            strncmp(line, BYTE_ORDER_MARK, sizeof BYTE_ORDER_MARK - 1) == 0) {
            line += sizeof BYTE_ORDER_MARK - 1;
            length -= sizeof BYTE_ORDER_MARK - 1;
        }
        status = push_line(log, line, length, err);
        if (status != TP_OK)
            return status;
    }
    return TP_OK;
}

static const char *field_text(const struct tp_csv *csv, size_t i)
{
    return csv->fields[i].length ? csv->text.data + csv->fields[i].begin : "";
}

static bool field_is(const struct tp_csv *csv, size_t i, const char *name, size_t length)
{
    return csv->fields[i].length == length && memcmp(field_text(csv, i), name, length) == 0;
}

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
    struct tp_csv *csv = log->csv;
    const char *name = log->model->features[feature].name;
    size_t length = strlen(name);
    const char *wanted = mapped_column(log->options.columns, name, &length);
    wanted = wanted ? wanted : name;
    csv->column[feature] = -1;
    for (size_t i = 0; i < csv->field_count; i++) {
        if (!field_is(csv, i, wanted, length))
            continue;
        if (csv->column[feature] >= 0)
            return tp_lines_fail(log->lines, csv->line, err,
                "found the column '%.*s' twice, expected each name once", (int)length, wanted);
        csv->column[feature] = (int32_t)i;
    }
    if (csv->column[feature] < 0)
        return tp_lines_fail(log->lines, csv->line, err,
            "found no column '%.*s' for the feature %s, expected one in the header; columns of "
            "other "
            "names are given as --columns feature=column,...",
            (int)length, wanted, name);
    return TP_OK;
}

static enum tp_status count_ignored(const struct tp_log *log, struct tp_error *err)
{
    struct tp_csv *csv = log->csv;
    bool *used = TP_NEW(csv->field_count, bool);
    if (!used)
        return tp_fail_memory(err);
    csv->ignored = csv->column_count;
    for (int32_t f = 0; f < log->model->feature_count; f++) {
        csv->ignored -= !used[csv->column[f]];
        used[csv->column[f]] = true;
    }
    free(used);
    return TP_OK;
}

enum tp_status tp_csv_open(struct tp_log *log, struct tp_error *err)
{
    bool found = false;
    struct tp_csv *csv = log->csv = TP_NEW(1, struct tp_csv);
    if (!csv)
        return tp_fail_memory(err);
    csv->parser_made =
        csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) == CSV_SUCCESS;
    csv_set_blk_size(&csv->parser, BLOCK_BYTES);
    csv->column = TP_NEW(log->model->feature_count, int32_t);
    if (!csv->parser_made || !csv->column)
        return tp_fail_memory(err);
    enum tp_status status = check_map(log->model, log->options.columns, err);
    if (status == TP_OK)
        status = read_record(log, &found, err);
    if (status == TP_OK && !found)
        status = tp_lines_fail(
            log->lines, 1, err, "found the end of the file, expected a header with column names");
    csv->column_count = (int32_t)csv->field_count;
    for (int32_t f = 0; status == TP_OK && f < log->model->feature_count; f++)
        status = find_column(log, f, err);
    return status == TP_OK ? count_ignored(log, err) : status;
}

void tp_csv_free(struct tp_csv *csv)
{
    if (!csv)
        return;
    if (csv->parser_made)
        csv_free(&csv->parser);
    tp_text_release(&csv->text);
    free(csv->fields);
    free(csv->column);
    free(csv);
}

/* Without a separator a field is one id; one that looks like a list is worth a word. */
static void notice_list(struct tp_log *log, int32_t feature, const char *text, size_t length)
{
    for (size_t i = 0; !log->list_line && i < length; i++)
        if (text[i] == ' ' || text[i] == ';' || text[i] == '|') {
            log->list_line = log->csv->line;
            log->list_feature = feature;
            log->list_separator = text[i];
        }
}

static enum tp_status add_ids(
    struct tp_log *log, int32_t feature, const char *text, size_t length, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    if (!log->options.separator) {
        notice_list(log, feature, text, length);
        return tp_log_add(log, text, length, err);
    }
    for (size_t begin = 0, i = 0; i <= length && status == TP_OK; i++)
        if (i == length || text[i] == log->options.separator) {
            status = tp_log_add(log, text + begin, i - begin, err);
            begin = i + 1;
        }
    return status;
}

enum tp_status tp_csv_next(struct tp_log *log, bool *found, struct tp_error *err)
{
    struct tp_csv *csv = log->csv;
    enum tp_status status = read_record(log, found, err);
    if (status != TP_OK || !*found)
        return status;
    /* Of one column, an empty line is an empty field. */
    if (csv->field_count == 0 && csv->column_count == 1)
        end_field("", 0, csv);
    if (csv->failed)
        return tp_fail_memory(err);
    if (csv->field_count != (size_t)csv->column_count)
        return tp_lines_fail(log->lines, csv->line, err,
            "found %zu field%s, expected %d as in the header", csv->field_count,
            tp_plural((int64_t)csv->field_count), (int)csv->column_count);
    for (int32_t f = 0; f < log->model->feature_count && status == TP_OK; f++) {
        size_t i = (size_t)csv->column[f];
        log->first[f] = (int32_t)log->id_count;
        status = add_ids(log, f, field_text(csv, i), csv->fields[i].length, err);
    }
    return status;
}

int32_t tp_csv_ignored(const struct tp_csv *csv)
{
    return csv->ignored;
}
