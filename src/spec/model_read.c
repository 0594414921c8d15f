/* SPDX-License-Identifier: Apache-2.0 */
/* A document's nodes to a resolved model spec. Every value is checked where it is read, so messages
 * point at line and column; defaults are filled in as soon as what they depend on is known.
 *
 * Order: version, the numbers of the root, tables and their features (so that names can be looked
 * up), arch (whose default needs the tables), tower module (whose default needs arch), constraints.
 *
 * Counts cannot overflow int32_t: a document has at most 2^28 bytes, and an item takes at least two.
 *
 * Cost: O(n log n) for n names. */
#include "spec/spec.h"

#include "base/fail.h"
#include "base/memory.h"
#include "spec/common.h"
#include "spec/model_reader.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX ((int64_t)1 << 40)
#define BATCH_MAX ((int64_t)1 << 40)

#define WHY_SEQUENCE "sequence (unpooled) embeddings are not supported, every feature is summed"
#define WHY_TIER                                                                                   \
    "host-memory (UVM) tiers and caches are not supported, tables live in device memory"
#define WHY_SHARDING "data-parallel tables are not supported, and the plan says where a table goes"

const struct tp_refusal tp_model_refused[] = {
    {"pooling_type", TP_WHY_POOLING},
    {"pooling_mode", TP_WHY_POOLING},
    {"combiner", TP_WHY_POOLING},
    {"weighted", TP_WHY_POOLING},
    {"is_weighted", TP_WHY_POOLING},
    {"per_sample_weights", TP_WHY_POOLING},
    {"sequence", WHY_SEQUENCE},
    {"is_sequence", WHY_SEQUENCE},
    {"pooled", WHY_SEQUENCE},
    {"embedding_collection", WHY_SEQUENCE},
    {"location", WHY_TIER},
    {"uvm*", WHY_TIER},
    {"cache*", WHY_TIER},
    {"compute_kernel*", WHY_TIER},
    {"host_memory*", WHY_TIER},
    {"data_parallel", WHY_SHARDING},
    {"sharding*", WHY_SHARDING},
    {NULL, NULL},
};

/* A mapping that an optional key of the root may hold; *node is NULL if it is not there. */
enum tp_status tp_model_read_section(const struct tp_model_reader *r,
    const struct tp_yaml_node *root, const char *key, const char *const *known_keys,
    const struct tp_yaml_node **node)
{
    *node = tp_yaml_get(root, key);
    return *node ? tp_spec_mapping(r->yaml, *node, known_keys, tp_model_refused, r->err) : TP_OK;
}

static enum tp_status read_embedding(
    const struct tp_model_reader *r, const struct tp_yaml_node *root)
{
    static const char *const keys[] = {"dtype", "optimizer", NULL};
    static const char *const dtypes[] = {"float32", "float16", "bfloat16", NULL};
    static const char *const optimizers[] = {"sgd", "rowwise_adagrad", "adagrad", "adam", NULL};
    const struct tp_yaml_node *node;
    int dtype = TP_FLOAT32;
    int optimizer = TP_ROWWISE_ADAGRAD;
    enum tp_status status = tp_model_read_section(r, root, "embedding", keys, &node);
    if (status == TP_OK && node)
        status = tp_yaml_word(r->yaml, node, "dtype", false, dtypes, &dtype, r->err);
    if (status == TP_OK && node)
        status = tp_yaml_word(r->yaml, node, "optimizer", false, optimizers, &optimizer, r->err);
    r->model->embedding_dtype = (enum tp_dtype)dtype;
    r->model->optimizer = (enum tp_optimizer)optimizer;
    return status;
}

static enum tp_status read_communication(
    const struct tp_model_reader *r, const struct tp_yaml_node *root)
{
    static const char *const keys[] = {"forward", "backward", NULL};
    static const char *const words[] = {"float32", "bfloat16", NULL};
    static const enum tp_dtype dtypes[] = {TP_FLOAT32, TP_BFLOAT16};
    const struct tp_yaml_node *node;
    int forward = 0;
    int backward = 0;
    enum tp_status status = tp_model_read_section(r, root, "communication", keys, &node);
    if (status == TP_OK && node)
        status = tp_yaml_word(r->yaml, node, "forward", false, words, &forward, r->err);
    if (status == TP_OK && node)
        status = tp_yaml_word(r->yaml, node, "backward", false, words, &backward, r->err);
    r->model->forward = dtypes[forward];
    r->model->backward = dtypes[backward];
    return status;
}

/* Exactly one of batch_size and local_batch_size. */
static enum tp_status read_batch(const struct tp_model_reader *r, const struct tp_yaml_node *root)
{
    struct tp_model *model = r->model;
    const struct tp_yaml_node *local = tp_yaml_get(root, "local_batch_size");
    if (!local)
        return tp_yaml_get(root, "batch_size")
                   ? tp_yaml_integer(r->yaml, root, "batch_size", true, 1, BATCH_MAX,
                         &model->batch_size, r->err)
                   : tp_yaml_fail(r->yaml, root, r->err,
                         "found neither batch_size nor local_batch_size, expected one of them: "
                         "samples per step, in all or per rank");
    if (tp_yaml_get(root, "batch_size"))
        return tp_yaml_fail(r->yaml, local, r->err,
            "found both batch_size and local_batch_size, expected one of them");
    return tp_yaml_as_integer(r->yaml, local, 1, BATCH_MAX, &model->local_batch_size, r->err);
}

static enum tp_status read_table(
    const struct tp_model_reader *r, const struct tp_yaml_node *node, struct tp_table *table)
{
    static const char *const keys[] = {"name", "rows", "dim", "row_order", "features", NULL};
    static const char *const orders[] = {"hashed", "ranked", NULL};
    const struct tp_yaml_node *list = NULL;
    int order = TP_ROWS_HASHED;
    enum tp_status status = tp_spec_mapping(r->yaml, node, keys, tp_model_refused, r->err);
    if (status == TP_OK)
        status = tp_spec_name_key(r->yaml, node, "name", &table->name, r->err);
    if (status == TP_OK)
        status = tp_yaml_integer(r->yaml, node, "rows", true, 1, ROWS_MAX, &table->rows, r->err);
    if (status == TP_OK)
        status = tp_yaml_int32(r->yaml, node, "dim", true, 1, TP_WIDTH_MAX, &table->dim, r->err);
    if (status == TP_OK)
        status = tp_yaml_word(r->yaml, node, "row_order", false, orders, &order, r->err);
    table->row_order = (enum tp_row_order)order;
    if (status == TP_OK)
        status = tp_yaml_need(r->yaml, node, "features", "a list of feature names", &list, r->err);
    if (status == TP_OK)
        status = tp_yaml_expect_sequence(r->yaml, list, 1, r->err);
    if (status == TP_OK)
        table->feature_count = (int32_t)list->count;
    return status;
}

/* One table has at most 2^40 * 2^16 * 8 = 2^59 bytes of weights and optimizer state at 8 bytes per
 * value. All tables together must stay in 2^62, so that no sum of bytes leaves int64_t. */
static enum tp_status check_total_size(
    const struct tp_model_reader *r, const struct tp_yaml_node *list)
{
    const struct tp_model *model = r->model;
    int64_t total = 0;
    for (int32_t i = 0; i < model->table_count; i++) {
        total += model->tables[i].rows * model->tables[i].dim * 8;
        if (total > (int64_t)1 << 62)
            return tp_yaml_fail(r->yaml, list->items[i], r->err,
                "found tables of more than 2^62 bytes (rows * dim * 8) up to this one, "
                "expected fewer");
    }
    return TP_OK;
}

static enum tp_status check_table_names(
    const struct tp_model_reader *r, const struct tp_yaml_node *list)
{
    const struct tp_model *model = r->model;
    struct tp_name_place *places = TP_NEW(model->table_count, struct tp_name_place);
    if (!places)
        return tp_fail_memory(r->err);
    for (int32_t i = 0; i < model->table_count; i++)
        places[i] =
            (struct tp_name_place){model->tables[i].name, tp_yaml_get(list->items[i], "name"), i};
    enum tp_status status =
        tp_spec_sort_names(r->yaml, places, model->table_count, "table", r->err);
    free(places);
    return status;
}

static enum tp_status read_tables(const struct tp_model_reader *r, const struct tp_yaml_node *root,
    const struct tp_yaml_node **list)
{
    struct tp_model *model = r->model;
    enum tp_status status = tp_yaml_need(r->yaml, root, "tables", "a list of tables", list, r->err);
    if (status == TP_OK)
        status = tp_yaml_expect_sequence(r->yaml, *list, 1, r->err);
    if (status != TP_OK)
        return status;
    model->tables = TP_NEW((*list)->count, struct tp_table);
    if (!model->tables)
        return tp_fail_memory(r->err);
    model->table_count = (int32_t)(*list)->count;
    int32_t feature_count = 0;
    for (int32_t i = 0; i < model->table_count && status == TP_OK; i++) {
        status = read_table(r, (*list)->items[i], &model->tables[i]);
        model->tables[i].first_feature = feature_count;
        feature_count += model->tables[i].feature_count;
    }
    if (status == TP_OK)
        status = check_table_names(r, *list);
    if (status == TP_OK)
        status = check_total_size(r, *list);
    return status;
}

/* The features of all tables, once the tables have been counted. */
static enum tp_status read_features(struct tp_model_reader *r, const struct tp_yaml_node *list)
{
    struct tp_model *model = r->model;
    const struct tp_table *last = &model->tables[model->table_count - 1];
    int32_t count = last->first_feature + last->feature_count;
    model->features = TP_NEW(count, struct tp_feature);
    r->features = TP_NEW(count, struct tp_name_place);
    if (!model->features || !r->features)
        return tp_fail_memory(r->err);
    model->feature_count = count;
    for (int32_t t = 0; t < model->table_count; t++) {
        const struct tp_yaml_node *entries = tp_yaml_get(list->items[t], "features");
        for (int32_t i = 0; i < model->tables[t].feature_count; i++) {
            int32_t f = model->tables[t].first_feature + i;
            struct tp_feature *feature = &model->features[f];
            const struct tp_yaml_node *place;
            feature->table = t;
            enum tp_status status =
                tp_model_read_feature(r, entries->items[i], model->tables[t].rows, feature, &place);
            if (status != TP_OK)
                return status;
            r->features[f] = (struct tp_name_place){feature->name, place, f};
        }
    }
    return tp_spec_sort_names(r->yaml, r->features, count, "feature", r->err);
}

static enum tp_status find_feature(
    const struct tp_model_reader *r, const struct tp_yaml_node *node, int32_t *feature)
{
    const char *name;
    enum tp_status status = tp_yaml_as_text(r->yaml, node, &name, r->err);
    if (status != TP_OK)
        return status;
    int32_t found = tp_spec_find_name(r->features, r->model->feature_count, name);
    if (found < 0) {
        char shown[TP_YAML_FOUND_BYTES];
        tp_yaml_found(node, shown);
        return tp_yaml_fail(
            r->yaml, node, r->err, "found %s, expected the name of a feature in tables", shown);
    }
    *feature = found;
    return TP_OK;
}

static int compare_features(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Finds a repeated feature by sorting a copy; the order in the file is kept. */
static enum tp_status refuse_repeated(const struct tp_model_reader *r,
    const struct tp_yaml_node *list, const struct tp_constraint *constraint)
{
    size_t count = (size_t)constraint->feature_count;
    int32_t *sorted = TP_NEW(count, int32_t);
    if (!sorted)
        return tp_fail_memory(r->err);
    memcpy(sorted, constraint->features, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_features);
    enum tp_status status = TP_OK;
    for (size_t i = 1; i < count && status == TP_OK; i++)
        if (sorted[i] == sorted[i - 1])
            status = tp_yaml_fail(r->yaml, list, r->err,
                "found the feature '%s' twice, expected every feature once",
                r->model->features[sorted[i]].name);
    free(sorted);
    return status;
}

static enum tp_status read_group(const struct tp_model_reader *r, const struct tp_yaml_node *list,
    struct tp_constraint *constraint)
{
    enum tp_status status = tp_yaml_expect_sequence(r->yaml, list, 2, r->err);
    if (status != TP_OK)
        return status;
    constraint->features = TP_NEW(list->count, int32_t);
    if (!constraint->features)
        return tp_fail_memory(r->err);
    constraint->feature_count = (int32_t)list->count;
    for (size_t i = 0; i < list->count && status == TP_OK; i++)
        status = find_feature(r, list->items[i], &constraint->features[i]);
    return status == TP_OK ? refuse_repeated(r, list, constraint) : status;
}

static enum tp_status read_pin(const struct tp_model_reader *r, const struct tp_yaml_node *node,
    struct tp_constraint *constraint)
{
    static const char *const keys[] = {"feature", "tower", NULL};
    const struct tp_yaml_node *name = NULL;
    enum tp_status status = tp_spec_mapping(r->yaml, node, keys, tp_model_refused, r->err);
    if (status == TP_OK)
        status = tp_yaml_need(r->yaml, node, "feature", "the name of a feature", &name, r->err);
    if (status != TP_OK)
        return status;
    constraint->features = TP_NEW(1, int32_t);
    if (!constraint->features)
        return tp_fail_memory(r->err);
    constraint->feature_count = 1;
    status = find_feature(r, name, constraint->features);
    if (status == TP_OK)
        status = tp_yaml_int32(
            r->yaml, node, "tower", true, 0, TP_RANKS_MAX - 1, &constraint->tower, r->err);
    return status;
}

static enum tp_status read_constraint(const struct tp_model_reader *r,
    const struct tp_yaml_node *node, struct tp_constraint *constraint)
{
    static const char *const keys[] = {"together", "apart", "pin", NULL};
    enum tp_status status = tp_spec_mapping(r->yaml, node, keys, tp_model_refused, r->err);
    if (status != TP_OK)
        return status;
    if (node->count != 1)
        return tp_yaml_fail(r->yaml, node, r->err,
            "found a mapping with %zu keys, expected exactly one of together, apart and pin",
            node->count);
    const struct tp_yaml_node *value = node->items[0];
    if (!strcmp(node->keys[0], "pin")) {
        constraint->kind = TP_PIN;
        return read_pin(r, value, constraint);
    }
    constraint->kind = strcmp(node->keys[0], "together") ? TP_APART : TP_TOGETHER;
    return read_group(r, value, constraint);
}

static enum tp_status read_constraints(
    const struct tp_model_reader *r, const struct tp_yaml_node *root)
{
    struct tp_model *model = r->model;
    const struct tp_yaml_node *list = tp_yaml_get(root, "constraints");
    if (!list)
        return TP_OK;
    enum tp_status status = tp_yaml_expect_sequence(r->yaml, list, 0, r->err);
    if (status != TP_OK)
        return status;
    model->constraints = TP_NEW(list->count, struct tp_constraint);
    if (!model->constraints)
        return tp_fail_memory(r->err);
    model->constraint_count = (int32_t)list->count;
    for (size_t i = 0; i < list->count && status == TP_OK; i++)
        status = read_constraint(r, list->items[i], &model->constraints[i]);
    return status;
}

static enum tp_status read_root(struct tp_model_reader *r, const struct tp_yaml_node *root)
{
    static const char *const keys[] = {"towerpart_model", "name", "dense_features", "batch_size",
        "local_batch_size", "embedding", "communication", "tables", "arch", "tower_module",
        "constraints", NULL};
    struct tp_model *model = r->model;
    const struct tp_yaml_node *tables = NULL;
    enum tp_status status = tp_spec_version(r->yaml, root, "towerpart_model", r->err);
    if (status == TP_OK)
        status = tp_spec_mapping(r->yaml, root, keys, tp_model_refused, r->err);
    if (status == TP_OK)
        status = tp_spec_name_key(r->yaml, root, "name", &model->name, r->err);
    if (status == TP_OK)
        status = tp_yaml_int32(r->yaml, root, "dense_features", false, 0, TP_WIDTH_MAX,
            &model->dense_features, r->err);
    if (status == TP_OK)
        status = read_batch(r, root);
    if (status == TP_OK)
        status = read_embedding(r, root);
    if (status == TP_OK)
        status = read_communication(r, root);
    if (status == TP_OK)
        status = read_tables(r, root, &tables);
    if (status == TP_OK)
        status = read_features(r, tables);
    if (status == TP_OK)
        status = tp_model_read_arch(r, root);
    if (status == TP_OK)
        status = tp_model_read_tower_module(r, root);
    return status == TP_OK ? read_constraints(r, root) : status;
}

enum tp_status tp_model_read(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    struct tp_model **model, struct tp_error *err)
{
    struct tp_model_reader r = {.yaml = yaml, .err = err};
    r.model = TP_NEW(1, struct tp_model);
    if (!r.model)
        return tp_fail_memory(err);
    enum tp_status status = read_root(&r, node);
    free(r.features);
    if (status == TP_OK)
        *model = r.model;
    else
        tp_model_free(r.model);
    return status;
}

enum tp_status tp_model_load(const char *path, struct tp_model **model, struct tp_error *err)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = tp_yaml_load(path, &yaml, err);
    if (status == TP_OK)
        status = tp_model_read(yaml, tp_yaml_root(yaml), model, err);
    tp_yaml_free(yaml);
    return status;
}
