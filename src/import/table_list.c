/* SPDX-License-Identifier: Apache-2.0 */
/* Tables read from somewhere to a model spec. In: name, rows, dim and features of each table, with the
 * place it was read at. Out: the resolved spec, or an error at that place.
 *
 * Values are in range when they are put into the list; here come the rules that span tables: no name
 * twice, not too large all together. The spec is then written as a short document and read back, so
 * that the defaults are those of every other spec and have one home.
 * Cost: O(n log n) for n names. */
#include "import/table_list.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unicode.h"
#include "base/yaml_read.h"
#include "base/yaml_write.h"
#include "spec/common.h"
#include "spec/spec.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_MAX ((int64_t)1 << 40)

void tp_table_list_release(struct tp_table_list *list)
{
    for (int32_t i = 0; i < list->count; i++) {
        struct tp_import_table *table = &list->tables[i];
        for (int32_t f = 0; f < table->feature_count; f++)
            free(table->features[f].name);
        free(table->features);
        free(table->name);
    }
    free(list->tables);
    list->tables = NULL;
    list->count = 0;
}

enum tp_status tp_table_list_fail(
    const struct tp_table_list *list, size_t place, const char *format, ...)
{
    char message[TP_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    tp_format(message, sizeof message, format, args);
    va_end(args);
    return tp_fail(list->err, TP_EINPUT, list->by_line ? "%s:%zu: %s" : "%s: tables[%zu]: %s",
        tp_path_shown(list->path), place, message);
}

struct tp_import_table *tp_table_list_add(struct tp_table_list *list, size_t place)
{
    if (list->count == INT32_MAX)
        return NULL;
    if ((size_t)list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 16;
        struct tp_import_table *grown = tp_resize(list->tables, capacity, sizeof *grown);
        if (!grown)
            return NULL;
        list->tables = grown;
        list->capacity = capacity;
    }
    struct tp_import_table *table = &list->tables[list->count++];
    *table = (struct tp_import_table){.place = place};
    return table;
}

struct tp_import_feature *tp_import_table_feature(
    struct tp_import_table *table, const char *name, size_t length)
{
    int32_t count = table->feature_count;
    if (count == INT32_MAX)
        return NULL;
    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
        struct tp_import_feature *grown =
            tp_resize(table->features, count ? 2 * (size_t)count : 1, sizeof *grown);
        if (!grown)
            return NULL;
        table->features = grown;
    }
    char *copy = tp_copy_text(name, length);
    if (!copy)
        return NULL;
    table->features[count] = (struct tp_import_feature){.name = copy, .pooling = 1};
    table->feature_count++;
    return &table->features[count];
}

/* The name of the file without folder and extension. Caller frees; NULL: no memory. */
static char *name_of_file(const char *path)
{
    if (!strcmp(path, "-"))
        return tp_copy_text("imported", strlen("imported"));
    char *name = tp_path_base(path);
    char *dot = name ? strrchr(name, '.') : NULL;
    if (dot && dot != name)
        *dot = '\0';
    return name;
}

static enum tp_status check_name(const char *name, struct tp_error *err)
{
    const char *problem = tp_name_problem(name);
    if (problem)
        return tp_fail(err, TP_EUSAGE, "name of the model: found %s", problem);
    if (tp_utf8_count(name) == SIZE_MAX)
        return tp_fail(err, TP_EUSAGE,
            "name of the model: found '%s', which is not UTF-8, expected a name in UTF-8", name);
    return TP_OK;
}

enum tp_status tp_import_check_options(
    const char *path, const struct tp_import_options *options, struct tp_error *err)
{
    int64_t batch = options->batch_size, local = options->local_batch_size;
    if ((batch == 0) == (local == 0))
        return tp_fail(err, TP_EUSAGE,
            "found %s of batch_size and local_batch_size, expected one of them: samples per step, "
            "in all or per rank",
            batch ? "both" : "none");
    if (batch < 0 || batch > BATCH_MAX || local < 0 || local > BATCH_MAX)
        return tp_fail(err, TP_EUSAGE, "batch size: found %lld, expected 1 to 2^40",
            (long long)(batch ? batch : local));
    char *name = options->name ? NULL : name_of_file(path);
    if (!options->name && !name)
        return tp_fail_memory(err);
    enum tp_status status = check_name(options->name ? options->name : name, err);
    free(name);
    return status;
}

/* A name and the table that it belongs to. */
struct name_at {
    const char *name; /* borrowed */
    const struct tp_import_table *table;
};

static int compare_names(const void *a, const void *b)
{
    const struct name_at *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order
                 : (x->table->place > y->table->place) - (x->table->place < y->table->place);
}

/* Sorts, and fails at the first place of the file where a name comes again. */
static enum tp_status refuse_repeated(
    const struct tp_table_list *list, struct name_at *names, size_t count, const char *what)
{
    const struct name_at *again = NULL;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++)
        if (!strcmp(names[i - 1].name, names[i].name) &&
            (!again || names[i].table->place < again->table->place))
            again = &names[i];
    if (!again)
        return TP_OK;
    return tp_table_list_fail(list, again->table->place,
        "found the %s '%s' a second time (first in %s %zu, table %s), expected every name once",
        what, again->name, list->by_line ? "line" : "entry", again[-1].table->place,
        again[-1].table->name);
}

static enum tp_status check_names(const struct tp_table_list *list)
{
    size_t count = 0;
    for (int32_t i = 0; i < list->count; i++)
        count += (size_t)list->tables[i].feature_count;
    if (count > INT32_MAX)
        return tp_table_list_fail(
            list, 0, "found %zu features, expected at most %d", count, INT32_MAX);
    struct name_at *tables = TP_NEW(list->count, struct name_at);
    struct name_at *features = TP_NEW(count, struct name_at);
    enum tp_status status = tables && features ? TP_OK : tp_fail_memory(list->err);
    for (int32_t i = 0, n = 0; status == TP_OK && i < list->count; i++) {
        const struct tp_import_table *table = &list->tables[i];
        tables[i] = (struct name_at){table->name, table};
        for (int32_t f = 0; f < table->feature_count; f++)
            features[n++] = (struct name_at){table->features[f].name, table};
    }
    if (status == TP_OK)
        status = refuse_repeated(list, tables, (size_t)list->count, "table");
    if (status == TP_OK)
        status = refuse_repeated(list, features, count, "feature");
    free(features);
    free(tables);
    return status;
}

/* As a spec demands: rows * dim * 8 bytes of all tables within 2^62. */
static enum tp_status check_total_size(const struct tp_table_list *list)
{
    int64_t total = 0;
    for (int32_t i = 0; i < list->count; i++) {
        total += list->tables[i].rows * list->tables[i].dim * 8; /* 2^59 at most */
        if (total > (int64_t)1 << 62)
            return tp_table_list_fail(list, list->tables[i].place,
                "found tables of more than 2^62 bytes (rows * dim * 8) up to this one, expected "
                "fewer");
    }
    return TP_OK;
}

static void write_table(const struct tp_import_table *table, struct tp_yaml_out *out)
{
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    tp_yaml_out_text(out, "name", table->name);
    tp_yaml_out_integer(out, "rows", table->rows);
    tp_yaml_out_integer(out, "dim", table->dim);
    tp_yaml_out_sequence(out, "features", TP_YAML_FLOW);
    for (int32_t i = 0; i < table->feature_count; i++) {
        tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
        tp_yaml_out_text(out, "name", table->features[i].name);
        tp_yaml_out_real(out, "pooling", table->features[i].pooling);
        tp_yaml_out_end(out);
    }
    tp_yaml_out_end(out);
    tp_yaml_out_end(out);
}

static enum tp_status write_spec(const struct tp_table_list *list,
    const struct tp_import_options *options, const char *name, struct tp_text *text)
{
    struct tp_yaml_out *out = tp_yaml_out_new();
    if (!out)
        return tp_fail_memory(list->err);
    tp_yaml_out_integer(out, "towerpart_model", 1);
    tp_yaml_out_text(out, "name", name);
    if (options->batch_size)
        tp_yaml_out_integer(out, "batch_size", options->batch_size);
    else
        tp_yaml_out_integer(out, "local_batch_size", options->local_batch_size);
    tp_yaml_out_mapping(out, "embedding", TP_YAML_FLOW);
    tp_yaml_out_text(out, "dtype", tp_dtype_name(list->dtype));
    tp_yaml_out_end(out);
    tp_yaml_out_sequence(out, "tables", TP_YAML_BLOCK);
    for (int32_t i = 0; i < list->count; i++)
        write_table(&list->tables[i], out);
    tp_yaml_out_end(out);
    return tp_yaml_out_finish(out, text, list->err);
}

enum tp_status tp_table_list_model(const struct tp_table_list *list,
    const struct tp_import_options *options, struct tp_model **model)
{
    struct tp_text text = {0};
    struct tp_yaml *yaml = NULL;
    struct tp_error *err = list->err;
    if (list->count == 0)
        return tp_fail(err, TP_EINPUT, "%s: found no tables, expected at least one",
            tp_path_shown(list->path));
    enum tp_status status = check_names(list);
    if (status == TP_OK)
        status = check_total_size(list);
    if (status != TP_OK)
        return status;
    char *name = options->name ? tp_copy_text(options->name, strlen(options->name))
                               : name_of_file(list->path);
    status = name ? write_spec(list, options, name, &text) : tp_fail_memory(err);
    if (status == TP_OK)
        status = tp_yaml_parse(text.data, text.length, list->path, &yaml, err);
    if (status == TP_OK)
        status = tp_model_read(yaml, tp_yaml_root(yaml), model, err);
    tp_yaml_free(yaml);
    tp_text_release(&text);
    free(name);
    return status;
}
