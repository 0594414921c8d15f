/* SPDX-License-Identifier: Apache-2.0 */
/* TorchRec's EmbeddingBagConfigs, as JSON, to a model spec. In: a list of objects with the fields of the
 * dataclass (torchrec/modules/embedding_configs.py), enums as "SUM" or "PoolingType.SUM". Out: the
 * resolved spec.
 *
 * A field that changes the function or the memory of a table, and is none of the spec's, is refused by
 * name; fields that do not are collected and told. An empty feature_names means one feature, named as
 * the table: so does TorchRec's EmbeddingBagCollection. Not of the dataclass, but usual beside it:
 * pooling_factors (one for each feature) and pooling_factor. */
#include <towerpart/import.h>

#include "base/fail.h"
#include "base/memory.h"
#include "import/json_read.h"
#include "import/table_list.h"

#include <stdlib.h>
#include <string.h>

#define WHY_WEIGHTED "weighted features are not supported, every feature is summed"
#define WHY_SEQUENCE "sequence (unpooled) embeddings are not supported, every feature is summed"
#define WHY_TIER "tables that live outside of device memory are not supported"

static const struct tp_json_key root_keys[] = {
    {"tables", TP_JSON_READ, NULL},
    {"embedding_bag_configs", TP_JSON_READ, NULL},
    {"is_weighted", TP_JSON_REFUSE, WHY_WEIGHTED},
    {"embedding_configs", TP_JSON_REFUSE, WHY_SEQUENCE},
    {NULL, TP_JSON_READ, NULL},
};

static const struct tp_json_key table_keys[] = {
    {"name", TP_JSON_READ, NULL},
    {"num_embeddings", TP_JSON_READ, NULL},
    {"embedding_dim", TP_JSON_READ, NULL},
    {"feature_names", TP_JSON_READ, NULL},
    {"pooling", TP_JSON_READ, NULL},
    {"data_type", TP_JSON_READ, NULL},
    {"pooling_factor", TP_JSON_READ, NULL},
    {"pooling_factors", TP_JSON_READ, NULL},
    {"is_weighted", TP_JSON_REFUSE, WHY_WEIGHTED},
    {"need_pos", TP_JSON_REFUSE, "position weighted features are not supported"},
    {"has_feature_processor", TP_JSON_REFUSE, "feature processors are not supported"},
    {"num_embeddings_post_pruning", TP_JSON_REFUSE, "pruned tables are not supported"},
    {"use_virtual_table", TP_JSON_REFUSE, WHY_TIER},
    {"virtual_table_eviction_policy", TP_JSON_REFUSE, WHY_TIER},
    {NULL, TP_JSON_READ, NULL},
};

/* A value of data_type, and the spec's; by DataType and by torch.dtype. */
static const struct {
    const char *name;
    enum tp_dtype dtype;
} data_types[] = {{"FP32", TP_FLOAT32}, {"float32", TP_FLOAT32}, {"FP16", TP_FLOAT16},
    {"float16", TP_FLOAT16}, {"BF16", TP_BFLOAT16}, {"bfloat16", TP_BFLOAT16}, {NULL, TP_FLOAT32}};

struct reader {
    struct tp_json json;
    struct tp_table_list list;
    json_t *ignored;
    bool typed;        /* dtype is that of an earlier table */
    const char *first; /* the table that set it; borrowed */
};

/* One entry of the list. */
struct entry {
    char place[TP_JSON_PLACE_BYTES];
    const json_t *object;
    struct tp_import_table *table;
};

/* "SUM" of "PoolingType.SUM". */
static const char *without_prefix(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) ? text : text + length;
}

static enum tp_status read_pooling(struct reader *r, const struct entry *e)
{
    const json_t *value = json_object_get(e->object, "pooling");
    const char *text;
    if (!value)
        return TP_OK; /* SUM is TorchRec's default */
    enum tp_status status = tp_json_read_text(&r->json, e->place, "pooling", value, &text);
    if (status == TP_OK && strcmp(without_prefix(text, "PoolingType."), "SUM") != 0)
        status = tp_json_fail(&r->json, e->place,
            "pooling: found '%.64s', expected SUM: mean and unpooled embeddings are not supported, "
            "every feature is summed",
            text);
    return status;
}

static enum tp_status read_data_type(struct reader *r, const struct entry *e)
{
    const json_t *value = json_object_get(e->object, "data_type");
    const char *text = "FP32"; /* TorchRec's default */
    enum tp_status status =
        value ? tp_json_read_text(&r->json, e->place, "data_type", value, &text) : TP_OK;
    if (status != TP_OK)
        return status;
    const char *name = without_prefix(without_prefix(text, "DataType."), "torch.");
    int i = 0;
    while (data_types[i].name && strcmp(data_types[i].name, name) != 0)
        i++;
    if (!data_types[i].name)
        return tp_json_fail(
            &r->json, e->place, "data_type: found '%.64s', expected FP32, FP16 or BF16", text);
    if (r->typed && r->list.dtype != data_types[i].dtype)
        return tp_json_fail(&r->json, e->place,
            "data_type: found '%.64s', expected %s as table %s has: all tables share one type",
            text, tp_dtype_name(r->list.dtype), r->first);
    r->list.dtype = data_types[i].dtype;
    r->first = r->typed ? r->first : e->table->name;
    r->typed = true;
    return TP_OK;
}

static enum tp_status add_feature(struct reader *r, struct entry *e, const char *name)
{
    return tp_import_table_feature(e->table, name, strlen(name)) ? TP_OK
                                                                 : tp_fail_memory(r->json.err);
}

static enum tp_status read_features(struct reader *r, struct entry *e)
{
    const json_t *list = json_object_get(e->object, "feature_names");
    if (!list || json_is_null(list))
        return add_feature(r, e, e->table->name);
    enum tp_status status =
        tp_json_expect_list(&r->json, e->place, "feature_names", list, "a list of names");
    if (status == TP_OK && json_array_size(list) == 0)
        return add_feature(r, e, e->table->name);
    for (size_t i = 0; status == TP_OK && i < json_array_size(list); i++) {
        const char *name;
        status =
            tp_json_read_name(&r->json, e->place, "feature_names", json_array_get(list, i), &name);
        if (status == TP_OK)
            status = add_feature(r, e, name);
    }
    return status;
}

static enum tp_status read_factor(
    struct reader *r, const struct entry *e, const char *what, const json_t *value, double *pooling)
{
    char found[TP_JSON_FOUND_BYTES];
    double number = json_number_value(value);
    tp_json_found(value, found);
    if (!(number > 0) || number > TP_IMPORT_POOLING_MAX)
        return tp_json_fail(&r->json, e->place,
            "%s: found %s, expected the mean number of ids per sample, above 0 and at most 1e6",
            what, found);
    *pooling = number;
    return TP_OK;
}

static enum tp_status read_factors(struct reader *r, struct entry *e)
{
    const json_t *one = json_object_get(e->object, "pooling_factor");
    const json_t *list = json_object_get(e->object, "pooling_factors");
    size_t count = (size_t)e->table->feature_count;
    enum tp_status status = TP_OK;
    one = json_is_null(one) ? NULL : one;
    list = json_is_null(list) ? NULL : list;
    if (one && list)
        return tp_json_fail(&r->json, e->place,
            "found both pooling_factor and pooling_factors, expected one of them");
    if (list)
        status =
            tp_json_expect_list(&r->json, e->place, "pooling_factors", list, "a list of numbers");
    if (status == TP_OK && list && json_array_size(list) != count)
        return tp_json_fail(&r->json, e->place,
            "pooling_factors: found %zu numbers, expected one for each of the %zu feature%s",
            json_array_size(list), count, tp_plural((int64_t)count));
    for (size_t i = 0; status == TP_OK && (one || list) && i < count; i++)
        status = read_factor(r, e, list ? "pooling_factors" : "pooling_factor",
            list ? json_array_get(list, i) : one, &e->table->features[i].pooling);
    return status;
}

static enum tp_status read_sizes(struct reader *r, struct entry *e)
{
    int64_t dim = 0;
    enum tp_status status = tp_json_read_integer(&r->json, e->place, "num_embeddings",
        json_object_get(e->object, "num_embeddings"), 1, TP_IMPORT_ROWS_MAX, &e->table->rows);
    if (status == TP_OK)
        status = tp_json_read_integer(&r->json, e->place, "embedding_dim",
            json_object_get(e->object, "embedding_dim"), 1, TP_IMPORT_DIM_MAX, &dim);
    e->table->dim = (int32_t)dim;
    return status;
}

static enum tp_status read_table(struct reader *r, size_t index, const json_t *object)
{
    struct entry e = {.object = object};
    const char *name = NULL;
    tp_json_place(e.place, "tables[%zu]", index);
    enum tp_status status =
        tp_json_expect_object(&r->json, e.place, "", object, "an EmbeddingBagConfig, an object");
    if (status == TP_OK)
        status =
            tp_json_read_name(&r->json, e.place, "name", json_object_get(object, "name"), &name);
    if (status != TP_OK)
        return status;
    tp_json_place(e.place, "tables[%zu], %s", index, name);
    e.table = tp_table_list_add(&r->list, index);
    if (!e.table || !(e.table->name = tp_copy_text(name, strlen(name))))
        return tp_fail_memory(r->json.err);
    status = tp_json_keys(&r->json, e.place, object, table_keys, r->ignored);
    if (status == TP_OK)
        status = read_pooling(r, &e);
    if (status == TP_OK)
        status = read_data_type(r, &e);
    if (status == TP_OK)
        status = read_sizes(r, &e);
    if (status == TP_OK)
        status = read_features(r, &e);
    return status == TP_OK ? read_factors(r, &e) : status;
}

/* The root itself, or what it holds under one of the two names. */
static enum tp_status find_list(struct reader *r, const json_t **list)
{
    const json_t *root = r->json.root;
    *list = root;
    if (json_is_array(root))
        return TP_OK;
    enum tp_status status = tp_json_keys(&r->json, "", root, root_keys, r->ignored);
    if (status != TP_OK)
        return status;
    const json_t *tables = json_object_get(root, "tables");
    const json_t *configs = json_object_get(root, "embedding_bag_configs");
    if (!tables == !configs)
        return tp_json_fail(&r->json, "",
            "found %s of the keys tables and embedding_bag_configs, expected one of them with a "
            "list of EmbeddingBagConfigs",
            tables ? "both" : "none");
    *list = tables ? tables : configs;
    return tp_json_expect_list(&r->json, "", tables ? "tables" : "embedding_bag_configs", *list,
        "a list of EmbeddingBagConfigs");
}

static enum tp_status read_tables(struct reader *r)
{
    const json_t *list;
    enum tp_status status = find_list(r, &list);
    for (size_t i = 0; status == TP_OK && i < json_array_size(list); i++)
        status = read_table(r, i, json_array_get(list, i));
    return status;
}

enum tp_status tp_import_torchrec_config(const char *path, const struct tp_import_options *options,
    char **notes, struct tp_model **model, struct tp_error *err)
{
    struct reader r = {.list = {.path = path, .err = err}};
    struct tp_text text = {0};
    enum tp_status status = tp_import_check_options(path, options, err);
    if (status == TP_OK)
        status = tp_json_load(path, &r.json, err);
    if (status == TP_OK && !(r.ignored = json_object()))
        status = tp_fail_memory(err);
    if (status == TP_OK)
        status = read_tables(&r);
    if (status == TP_OK)
        tp_json_note_ignored(r.ignored, &text);
    tp_text_add(&text, "%s", "");
    if (status == TP_OK && text.failed)
        status = tp_fail_memory(err);
    if (status == TP_OK)
        status = tp_table_list_model(&r.list, options, model);
    if (status == TP_OK)
        *notes = text.data;
    else
        tp_text_release(&text);
    tp_table_list_release(&r.list);
    json_decref(r.ignored);
    tp_json_release(&r.json);
    return status;
}
