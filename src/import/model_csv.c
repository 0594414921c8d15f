/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV of tables to a model spec. In: a file with a header, one table per record. Out: the resolved spec.
 *
 * Numbers are those of specs: integers in plain digits, reals in the C locale; 40M and 4e7 are refused.
 * The file is read record by record, its columns are found (columns.c), its tables collected
 * (table_list.c). A spec is UTF-8, so every field is checked, also those that are ignored.
 * Cost: linear, but for the sorting of names. */
#include <towerpart/import.h>

#include "base/csv.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unicode.h"
#include "import/columns.h"
#include "import/table_list.h"
#include "spec/common.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS ";|" /* between the features in one field */
#define SHOWN 64        /* bytes of a field in a message */

/* One record, on its way into a table. */
struct row {
    struct tp_table_list *list;
    const struct tp_csv_record *record;
    const struct tp_csv_record *header;
    const struct tp_columns *columns;
};

/* The field of a role; "" where there is no such column. */
static const char *field(const struct row *row, enum tp_column role)
{
    int32_t at = row->columns->field[role];
    return at < 0 ? "" : row->record->fields[at];
}

static enum tp_status fail_field(
    const struct row *row, enum tp_column role, const char *found, const char *expected)
{
    return tp_table_list_fail(row->list, row->record->line, "%s: found '%.*s', expected %s",
        row->header->fields[row->columns->field[role]], SHOWN, found, expected);
}

static enum tp_status check_name(const struct row *row, enum tp_column role, const char *name)
{
    const char *problem = tp_name_problem(name);
    int32_t at = row->columns->field[role];
    return problem ? tp_table_list_fail(row->list, row->record->line, "%s: found %s",
                         row->header->fields[at], problem)
                   : TP_OK;
}

/* A part of a field between separators, without the blanks around it. */
static const char *next_part(const char **rest, size_t *length)
{
    const char *part = *rest;
    size_t count = strcspn(part, SEPARATORS);
    *rest = part[count] ? part + count + 1 : NULL;
    while (count && isspace((unsigned char)*part)) {
        part++;
        count--;
    }
    while (count && isspace((unsigned char)part[count - 1]))
        count--;
    *length = count;
    return part;
}

/* The names; without any, the table's. */
static enum tp_status read_features(const struct row *row, struct tp_import_table *table)
{
    const char *rest = field(row, TP_COLUMN_FEATURES);
    enum tp_column role = *rest ? TP_COLUMN_FEATURES : TP_COLUMN_TABLE;
    if (!*rest)
        return tp_import_table_feature(table, table->name, strlen(table->name))
                   ? TP_OK
                   : tp_fail_memory(row->list->err);
    enum tp_status status = TP_OK;
    while (rest && status == TP_OK) {
        size_t length;
        const char *part = next_part(&rest, &length);
        const struct tp_import_feature *feature = tp_import_table_feature(table, part, length);
        status = feature ? check_name(row, role, feature->name) : tp_fail_memory(row->list->err);
    }
    return status;
}

static enum tp_status read_pooling(const struct row *row, const char *text, double *pooling)
{
    double value = 0;
    if (!tp_parse_real(text, &value) || !(value > 0) || value > TP_IMPORT_POOLING_MAX)
        return fail_field(row, TP_COLUMN_POOLING, text,
            "the mean number of ids per sample, above 0 and at most 1e6 (every feature is summed; "
            "for a column that says how, give --columns pooling=)");
    *pooling = value;
    return TP_OK;
}

/* One number for all features, or one for each. */
static enum tp_status read_poolings(const struct row *row, struct tp_import_table *table)
{
    const char *text = field(row, TP_COLUMN_POOLING), *rest = text;
    int32_t count = 0;
    enum tp_status status = TP_OK;
    if (!*text)
        return TP_OK;
    while (rest && status == TP_OK) {
        size_t length;
        double pooling = 1;
        const char *part = next_part(&rest, &length);
        char *number = tp_copy_text(part, length);
        status = number ? read_pooling(row, number, &pooling) : tp_fail_memory(row->list->err);
        free(number);
        if (count < table->feature_count)
            table->features[count].pooling = pooling;
        count++;
    }
    for (int32_t i = 1; count == 1 && i < table->feature_count; i++)
        table->features[i].pooling = table->features[0].pooling;
    if (status == TP_OK && count != 1 && count != table->feature_count)
        status = tp_table_list_fail(row->list, row->record->line,
            "%s: found %d numbers for %d feature%s, expected one, or one for each",
            row->header->fields[row->columns->field[TP_COLUMN_POOLING]], (int)count,
            (int)table->feature_count, tp_plural(table->feature_count));
    return status;
}

static enum tp_status read_count(
    const struct row *row, enum tp_column role, int64_t max, const char *expected, int64_t *count)
{
    const char *text = field(row, role);
    if (!tp_parse_integer(text, count) || *count < 1 || *count > max)
        return fail_field(row, role, text, expected);
    return TP_OK;
}

static enum tp_status read_table(const struct row *row)
{
    int64_t dim = 0;
    const char *name = field(row, TP_COLUMN_TABLE);
    struct tp_import_table *table = tp_table_list_add(row->list, row->record->line);
    if (!table || !(table->name = tp_copy_text(name, strlen(name))))
        return tp_fail_memory(row->list->err);
    enum tp_status status = check_name(row, TP_COLUMN_TABLE, name);
    if (status == TP_OK)
        status = read_count(row, TP_COLUMN_ROWS, TP_IMPORT_ROWS_MAX,
            "an integer in decimal digits, 1 to 2^40", &table->rows);
    if (status == TP_OK)
        status = read_count(row, TP_COLUMN_DIM, TP_IMPORT_DIM_MAX,
            "an integer in decimal digits, 1 to 65536", &dim);
    table->dim = (int32_t)dim;
    if (status == TP_OK)
        status = read_features(row, table);
    return status == TP_OK ? read_poolings(row, table) : status;
}

static enum tp_status check_text(const struct row *row)
{
    for (size_t i = 0; i < row->record->field_count; i++)
        if (tp_utf8_count(row->record->fields[i]) == SIZE_MAX)
            return tp_table_list_fail(row->list, row->record->line,
                "field %zu is not UTF-8, expected text in UTF-8", i + 1);
    return TP_OK;
}

static enum tp_status read_tables(
    struct tp_csv *csv, const char *map, struct tp_table_list *list, struct tp_text *notes)
{
    struct tp_columns columns;
    const struct tp_csv_record *header = tp_csv_header(csv);
    struct row row = {list, header, header, &columns};
    enum tp_status status = check_text(&row);
    if (status == TP_OK)
        status = tp_columns_find(list->path, header, map, &columns, notes, list->err);
    while (status == TP_OK) {
        status = tp_csv_next(csv, &row.record, list->err);
        if (status != TP_OK || !row.record)
            break;
        status = check_text(&row);
        if (status == TP_OK)
            status = read_table(&row);
    }
    return status;
}

enum tp_status tp_import_csv(const char *path, const struct tp_import_options *options,
    char **notes, struct tp_model **model, struct tp_error *err)
{
    struct tp_csv *csv = NULL;
    struct tp_table_list list = {.path = path, .by_line = true, .err = err};
    struct tp_text text = {0};
    enum tp_status status = tp_import_check_options(path, options, err);
    if (status == TP_OK)
        status = tp_csv_open(path, TP_CSV_BLANK_SKIPPED, &csv, err);
    if (status == TP_OK)
        status = read_tables(csv, options->columns, &list, &text);
    if (status == TP_OK && text.failed)
        status = tp_fail_memory(err);
    if (status == TP_OK)
        status = tp_table_list_model(&list, options, model);
    if (status == TP_OK)
        *notes = text.data;
    else
        tp_text_release(&text);
    tp_table_list_release(&list);
    tp_csv_free(csv);
    return status;
}
