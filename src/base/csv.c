/* SPDX-License-Identifier: Apache-2.0 */
/* CSV to records, one at a time, parsed by libcsv in its strict mode.
 *
 * In: lines, which are pushed into libcsv one after the other until a record is whole (a quoted field may
 * hold newlines). Out: its fields, and the line where it begins, which errors name too.
 *
 * Invariant: the fields lie one behind the other in a buffer that is never moved. It is large enough for
 * any record: a field and its NUL take no more than the field's bytes and the comma or newline behind
 * them, and a record is at most TP_LINE_BYTES_MAX bytes. So a quote left open does not swallow the file.
 *
 * libcsv also ends a record at a carriage return by itself. No program writes such files today, so one
 * is taken for damage. Cost: O(bytes). */
#include "base/csv.h"

#include "base/file.h"
#include "base/lines.h"
#include "base/memory.h"
#include "base/text.h"

#include <csv.h>

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536 /* libcsv's buffer grows by as many, not by a factor */
#define PARSER_OPTIONS (CSV_STRICT | CSV_REPALL_NL)
#define TEXT_BYTES (TP_LINE_BYTES_MAX + 1)
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* what spreadsheets put before UTF-8 */

struct tp_csv {
    struct tp_lines *lines;
    struct csv_parser parser;
    bool parser_made;
    bool blank_is_record;
    char *text;          /* (TEXT_BYTES) of the fields of the record */
    size_t text_length;  /* used of it */
    const char **fields; /* (field_capacity) into text */
    size_t field_capacity;
    struct tp_csv_record record; /* being read, or given last */
    size_t record_bytes;         /* of its lines so far */
    int ended;                   /* records that ended in them */
    bool failed;                 /* out of memory */
    bool bad_record;             /* the last call failed for what stands in one line */
    struct tp_csv_record header; /* .fields is NULL until it is read */
    char *header_text;
    const char **header_fields;
};

/* libcsv's first callback: a field. */
static void end_field(void *data, size_t length, void *user)
{
    struct tp_csv *csv = user;
    if (csv->record.field_count == csv->field_capacity) {
        size_t capacity = 2 * csv->field_capacity + 64;
        const char **fields = tp_resize(csv->fields, capacity, sizeof *fields);
        if (!fields) {
            csv->failed = true;
            return;
        }
        csv->record.fields = csv->fields = fields;
        csv->field_capacity = capacity;
    }
    assert(length < TEXT_BYTES - csv->text_length);
    char *text = csv->text + csv->text_length;
    if (length)
        memcpy(text, data, length);
    text[length] = '\0';
    csv->text_length += length + 1;
    csv->fields[csv->record.field_count++] = text;
}

/* libcsv's second callback: a record. */
static void end_record(int character, void *user)
{
    struct tp_csv *csv = user;
    (void)character;
    csv->ended++;
}

enum tp_status tp_csv_fail(const struct tp_csv *csv, struct tp_error *err, const char *format, ...)
{
    char message[TP_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    tp_format(message, sizeof message, format, args);
    va_end(args);
    return tp_lines_fail(csv->lines, (int64_t)csv->record.line, err, "%s", message);
}

static bool push(struct tp_csv *csv, const char *text, size_t length)
{
    return csv_parse(&csv->parser, text, length, end_field, end_record, csv) == length &&
           !csv->failed;
}

/* Forgets a record that the parser is in the middle of. */
static void restart(struct tp_csv *csv)
{
    csv_free(&csv->parser);
    csv->parser_made = csv_init(&csv->parser, PARSER_OPTIONS) == CSV_SUCCESS;
    csv_set_blk_size(&csv->parser, BLOCK_BYTES);
}

static enum tp_status push_line(
    struct tp_csv *csv, const char *line, size_t length, struct tp_error *err)
{
    bool first = csv->record_bytes == 0;
    csv->record_bytes += length + 1;
    if (csv->record_bytes > TP_LINE_BYTES_MAX + 1)
        return tp_csv_fail(csv, err,
            "found a record of over %zu bytes, expected at most that: is a quote left open?",
            TP_LINE_BYTES_MAX);
    bool pushed = push(csv, line, length);
    bool inside =
        csv->ended > 0 && line[length - 1] != '\r'; /* a record ended before the line did */
    if (!pushed || !push(csv, "\n", 1)) {
        if (csv->failed || csv_error(&csv->parser) != CSV_EPARSE)
            return tp_fail_memory(err);
        csv->bad_record = first;
        restart(csv);
        return tp_csv_fail(csv, err,
            "found a quote that does not enclose a whole field, expected \"...\" with inner quotes "
            "doubled");
    }
    csv->bad_record = inside || csv->ended > 1;
    if (csv->bad_record) {
        restart(csv);
        return tp_csv_fail(csv, err,
            "found a carriage return that ends no line, expected lines that end in LF or CR LF");
    }
    return TP_OK;
}

/* The next record, of no field if its line is blank; *found is false behind the last one. */
static enum tp_status read_record(struct tp_csv *csv, bool *found, struct tp_error *err)
{
    csv->text_length = csv->record.field_count = csv->record_bytes = 0;
    csv->record.line = (size_t)tp_lines_number(csv->lines) + 1;
    csv->ended = 0;
    while (csv->ended == 0) {
        const char *line;
        size_t length;
        enum tp_status status = tp_lines_next(csv->lines, &line, &length, err);
        if (status != TP_OK) {
            csv->bad_record = csv->record_bytes == 0 && tp_lines_resumes(csv->lines);
            return status;
        }
        *found = line != NULL;
        if (!line && csv->record_bytes > 0)
            return tp_csv_fail(csv, err,
                "found a quote that is never closed, expected a closing one before the end of the "
                "file");
        if (!line)
            return TP_OK;
        if (tp_lines_number(csv->lines) == 1 &&
            strncmp(line, BYTE_ORDER_MARK, sizeof BYTE_ORDER_MARK - 1) == 0) {
            line += sizeof BYTE_ORDER_MARK - 1;
            length -= sizeof BYTE_ORDER_MARK - 1;
        }
        status = push_line(csv, line, length, err);
        if (status != TP_OK)
            return status;
    }
    return TP_OK;
}

/* Copies the record, which the next one will overwrite. */
static enum tp_status keep_header(struct tp_csv *csv, struct tp_error *err)
{
    csv->header_text = tp_copy_text(csv->text, csv->text_length);
    csv->header_fields = TP_NEW(csv->record.field_count, const char *);
    if (!csv->header_text || !csv->header_fields)
        return tp_fail_memory(err);
    for (size_t i = 0; i < csv->record.field_count; i++)
        csv->header_fields[i] = csv->header_text + (csv->fields[i] - csv->text);
    csv->header = csv->record;
    csv->header.fields = csv->header_fields;
    return TP_OK;
}

static enum tp_status read_header(struct tp_csv *csv, const char *path, struct tp_error *err)
{
    bool found = true;
    enum tp_status status = TP_OK;
    while (status == TP_OK && found && csv->record.field_count == 0)
        status = read_record(csv, &found, err);
    if (status == TP_OK && !found)
        return tp_fail(err, TP_EINPUT,
            "%s: is empty, expected a header line with the names of the columns",
            tp_path_shown(path));
    return status == TP_OK ? keep_header(csv, err) : status;
}

enum tp_status tp_csv_open(
    const char *path, enum tp_csv_blank blank, struct tp_csv **csv, struct tp_error *err)
{
    struct tp_csv *c = TP_NEW(1, struct tp_csv);
    if (!c)
        return tp_fail_memory(err);
    c->blank_is_record = blank == TP_CSV_BLANK_IS_RECORD;
    c->text = TP_NEW(TEXT_BYTES, char);
    c->parser_made = csv_init(&c->parser, PARSER_OPTIONS) == CSV_SUCCESS;
    enum tp_status status = c->text && c->parser_made ? TP_OK : tp_fail_memory(err);
    csv_set_blk_size(&c->parser, BLOCK_BYTES);
    if (status == TP_OK)
        status = tp_lines_open(path, &c->lines, err);
    if (status == TP_OK)
        status = read_header(c, path, err);
    if (status == TP_OK)
        *csv = c;
    else
        tp_csv_free(c);
    return status;
}

void tp_csv_free(struct tp_csv *csv)
{
    if (!csv)
        return;
    if (csv->parser_made)
        csv_free(&csv->parser);
    tp_lines_free(csv->lines);
    free(csv->header_fields);
    free(csv->header_text);
    free(csv->fields);
    free(csv->text);
    free(csv);
}

const struct tp_csv_record *tp_csv_header(const struct tp_csv *csv)
{
    return &csv->header;
}

enum tp_status tp_csv_next(
    struct tp_csv *csv, const struct tp_csv_record **record, struct tp_error *err)
{
    bool found = false;
    enum tp_status status;
    csv->bad_record = false;
    do
        status = read_record(csv, &found, err);
    while (status == TP_OK && found && csv->record.field_count == 0 && !csv->blank_is_record);
    *record = NULL;
    if (status != TP_OK || !found)
        return status;
    if (csv->record.field_count == 0 && csv->header.field_count == 1)
        end_field(NULL, 0, csv);
    if (csv->failed)
        return tp_fail_memory(err);
    csv->bad_record = csv->record.field_count != csv->header.field_count;
    if (csv->bad_record)
        return tp_csv_fail(csv, err, "found %zu field%s, expected %zu as in the header, line %zu",
            csv->record.field_count, tp_plural((int64_t)csv->record.field_count),
            csv->header.field_count, csv->header.line);
    *record = &csv->record;
    return TP_OK;
}

bool tp_csv_resumes(const struct tp_csv *csv)
{
    return csv->bad_record;
}

int64_t tp_csv_line(const struct tp_csv *csv)
{
    return (int64_t)csv->record.line;
}

double tp_csv_done(const struct tp_csv *csv)
{
    return tp_lines_done(csv->lines);
}
