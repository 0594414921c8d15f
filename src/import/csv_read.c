/* SPDX-License-Identifier: Apache-2.0 */
/* CSV to records. In: a file. Out: its records, each with the line where it begins.
 *
 * libcsv splits, but does not count lines, so it is fed one line of the file at a time. A record is open
 * while a quoted field goes on over a line's end. Text is checked before: NUL bytes (a file in UTF-16, or
 * no text at all) and bad UTF-8 are errors with their line. Cost: linear. */
#include "import/csv_read.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unicode.h"

#include <csv.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CSV_BYTES_MAX ((size_t)256 << 20)

struct reader {
    const char *path;
    struct tp_error *err;
    enum tp_status status; /* of the first failure; nothing is done after it */
    struct tp_csv csv;     /* what is read so far */
    size_t record_capacity;
    char **fields; /* of the open record */
    size_t field_count, field_capacity;
    size_t line;        /* being fed */
    size_t record_line; /* where the open record begins */
    bool ended;         /* a record ended in this line */
};

/* Room for one more in an array that doubles. @return false: no memory. */
static bool reserve(void **array, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? 2 * *capacity : 16;
    void *grown = tp_resize(*array, wanted, item_bytes);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

static void take_field(void *data, size_t length, void *context)
{
    struct reader *r = context;
    if (r->status != TP_OK)
        return;
    void *fields = r->fields;
    bool room = reserve(&fields, r->field_count, &r->field_capacity, sizeof *r->fields);
    r->fields = fields;
    char *copy = room ? tp_copy_text(data ? data : "", data ? length : 0) : NULL;
    if (!copy) {
        r->status = tp_fail_memory(r->err);
        return;
    }
    r->fields[r->field_count++] = copy;
    if (tp_utf8_count(copy) == SIZE_MAX)
        r->status =
            tp_fail(r->err, TP_EINPUT, "%s:%zu: field %zu is not UTF-8, expected text in UTF-8",
                r->path, r->record_line, r->field_count);
}

static void take_record(int terminator, void *context)
{
    struct reader *r = context;
    (void)terminator;
    r->ended = true;
    if (r->status != TP_OK)
        return;
    if (r->csv.record_count == 0)
        r->csv.field_count = r->field_count;
    if (r->field_count != r->csv.field_count) {
        r->status = tp_fail(r->err, TP_EINPUT,
            "%s:%zu: found %zu field%s, expected %zu as in the header, line %zu", r->path,
            r->record_line, r->field_count, tp_plural((int64_t)r->field_count), r->csv.field_count,
            r->csv.records[0].line);
        return;
    }
    void *records = r->csv.records;
    bool room = reserve(&records, r->csv.record_count, &r->record_capacity, sizeof *r->csv.records);
    r->csv.records = records;
    if (!room) {
        r->status = tp_fail_memory(r->err);
        return;
    }
    r->csv.records[r->csv.record_count++] = (struct tp_csv_record){r->record_line, r->fields};
    r->fields = NULL;
    r->field_count = r->field_capacity = 0;
}

static enum tp_status fail_parse(const struct reader *r, struct csv_parser *parser)
{
    if (csv_error(parser) != CSV_EPARSE)
        return tp_fail_memory(r->err);
    return tp_fail(r->err, TP_EINPUT,
        "%s:%zu: found a quote in the wrong place, expected quotes around a whole field, and "
        "doubled inside",
        r->path, r->line);
}

/* Length of the line that begins here, with its end. */
static size_t line_length(const char *text, size_t length)
{
    const char *end = memchr(text, '\n', length);
    return end ? (size_t)(end - text) + 1 : length;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", text[i]))
            return false;
    return true;
}

static void feed(struct reader *r, struct csv_parser *parser, const char *text, size_t length)
{
    bool open = false;
    while (r->status == TP_OK && length > 0) {
        size_t count = line_length(text, length);
        r->line++;
        if (!open)
            r->record_line = r->line;
        r->ended = false;
        size_t done = csv_parse(parser, text, count, take_field, take_record, r);
        if (r->status == TP_OK && done != count)
            r->status = fail_parse(r, parser);
        open = !r->ended && (open || !is_blank(text, count));
        text += count;
        length -= count;
    }
    if (r->status == TP_OK && csv_fini(parser, take_field, take_record, r))
        r->status = tp_fail(r->err, TP_EINPUT,
            "%s:%zu: found a quote that is never closed, expected one more before the end", r->path,
            r->record_line);
}

static enum tp_status check_bytes(
    const char *path, const char *bytes, size_t length, struct tp_error *err)
{
    const char *nul = memchr(bytes, '\0', length);
    size_t line = 1;
    for (const char *p = bytes; nul && p < nul; p++)
        line += *p == '\n';
    if (nul)
        return tp_fail(
            err, TP_EINPUT, "%s:%zu: found a NUL byte, expected text in UTF-8", path, line);
    return TP_OK;
}

static enum tp_status parse(struct reader *r, const char *bytes, size_t length)
{
    struct csv_parser parser;
    if (length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
        bytes += 3;
        length -= 3;
    }
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI))
        return tp_fail_memory(r->err);
    feed(r, &parser, bytes, length);
    csv_free(&parser);
    if (r->status == TP_OK && r->csv.record_count == 0)
        r->status = tp_fail(r->err, TP_EINPUT,
            "%s: is empty, expected a header line and a record for each table", r->path);
    return r->status;
}

enum tp_status tp_csv_load(const char *path, struct tp_csv *csv, struct tp_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    struct reader r = {.path = path, .err = err, .status = TP_OK};
    enum tp_status status = tp_file_read(path, CSV_BYTES_MAX, &bytes, &length, err);
    if (status == TP_OK)
        status = check_bytes(path, bytes, length, err);
    if (status == TP_OK)
        status = parse(&r, bytes, length);
    free(bytes);
    for (size_t i = 0; i < r.field_count; i++)
        free(r.fields[i]);
    free(r.fields);
    if (status == TP_OK)
        *csv = r.csv;
    else
        tp_csv_release(&r.csv);
    return status;
}

void tp_csv_release(struct tp_csv *csv)
{
    for (size_t i = 0; i < csv->record_count; i++) {
        for (size_t f = 0; f < csv->field_count; f++)
            free(csv->records[i].fields[f]);
        free(csv->records[i].fields);
    }
    free(csv->records);
    *csv = (struct tp_csv){0};
}
