/* SPDX-License-Identifier: Apache-2.0 */
/* TorchRec's EmbeddingShardingPlan, as JSON, to a plan. In: {"plan": {table: ParameterSharding}}, or with a
 * module's path between the two, as TorchRec's own ShardingPlan has it. Out: a plan of strategy imported (or
 * flat), which may break any rule: check tells.
 *
 * Read as it stands is what a plan file can say: offsets, sizes, ranks that are numbers. Refused is what
 * it cannot: tables of another model, tables on every rank, tables outside of device memory, ranks that
 * contradict the placements. `row` and `column` shards keep their order.
 * Cost: O(n log n) in tables and shards, plus tp_plan_settle(). */
#include <towerpart/import.h>

#include "base/fail.h"
#include "base/memory.h"
#include "import/torchrec_plan.h"
#include "plan/settle.h"

#include <stdlib.h>
#include <string.h>

static const struct tp_json_key root_keys[] = {
    {"plan", TP_JSON_READ, NULL}, {"towers", TP_JSON_READ, NULL}, {NULL, TP_JSON_READ, NULL}};

static const struct tp_json_key sharding_keys[] = {
    {"sharding_type", TP_JSON_READ, NULL},
    {"compute_kernel", TP_JSON_READ, NULL},
    {"ranks", TP_JSON_READ, NULL},
    {"shards", TP_JSON_READ, NULL},
    {"sharding_spec", TP_JSON_READ, NULL},
    {"cache_params", TP_JSON_REFUSE, "caches in front of host memory are not supported"},
    {"key_value_params", TP_JSON_REFUSE, "tables outside of device memory are not supported"},
    {NULL, TP_JSON_READ, NULL},
};

/* The sharding types of TorchRec; `why` refuses one. */
static const struct {
    const char *name;
    enum tp_sharding sharding;
    const char *why;
} sharding_types[] = {
    {"table_wise", TP_SHARD_TABLE, NULL},
    {"column_wise", TP_SHARD_COLUMN, NULL},
    {"table_column_wise", TP_SHARD_COLUMN, NULL},
    {"row_wise", TP_SHARD_ROW, NULL},
    {"table_row_wise", TP_SHARD_ROW, NULL},
    {"data_parallel", TP_SHARD_TABLE, "data-parallel tables are not supported"},
    {"grid_shard", TP_SHARD_TABLE, "a table is cut by rows or by columns, not by both"},
    {NULL, TP_SHARD_TABLE, NULL},
};

/* One table of the file. */
struct entry {
    char place[TP_JSON_PLACE_BYTES];
    const json_t *object, *shards;
    struct tp_table_placement *to;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct tp_table_name *)a)->name, ((const struct tp_table_name *)b)->name);
}

int32_t tp_torchrec_table(const struct tp_torchrec *r, const char *name)
{
    struct tp_table_name key = {.name = name};
    const struct tp_table_name *at = bsearch(
        &key, r->names, (size_t)r->plan->model->table_count, sizeof *r->names, compare_names);
    return at ? at->index : -1;
}

static enum tp_status read_sharding_type(struct tp_torchrec *r, struct entry *e)
{
    const char *text;
    int i = 0;
    enum tp_status status = tp_json_read_text(
        &r->json, e->place, "sharding_type", json_object_get(e->object, "sharding_type"), &text);
    if (status != TP_OK)
        return status;
    while (sharding_types[i].name && strcmp(sharding_types[i].name, text) != 0)
        i++;
    if (!sharding_types[i].name)
        return tp_json_fail(&r->json, e->place,
            "sharding_type: found '%.64s', expected table_wise, column_wise, table_column_wise, "
            "row_wise or table_row_wise",
            text);
    if (sharding_types[i].why)
        return tp_json_fail(&r->json, e->place,
            "sharding_type: found '%s', which cannot be honoured: %s", text, sharding_types[i].why);
    e->to->sharding = sharding_types[i].sharding;
    return TP_OK;
}

/* Where the weights are: in device memory. */
static enum tp_status check_kernel(struct tp_torchrec *r, const struct entry *e)
{
    const json_t *value = json_object_get(e->object, "compute_kernel");
    const char *text;
    if (!value)
        return TP_OK;
    enum tp_status status = tp_json_read_text(&r->json, e->place, "compute_kernel", value, &text);
    if (status != TP_OK || !strcmp(text, "fused") || !strcmp(text, "dense"))
        return status;
    return tp_json_fail(&r->json, e->place,
        "compute_kernel: found '%.64s', which cannot be honoured, expected fused or dense: tables "
        "live in device memory, and are not quantized",
        text);
}

/* Digits to the end or to a mark; *text moves behind them. */
static bool read_digits(const char **text, int64_t *number)
{
    char digits[20];
    size_t length = strspn(*text, "0123456789");
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, *text, length);
    digits[length] = '\0';
    *text += length;
    return tp_parse_integer(digits, number);
}

/* "rank:3/cuda:3" or "rank:3/cpu"; *device is -1 for the second. */
static bool parse_placement(const char *text, int64_t *rank, int64_t *device)
{
    *device = -1;
    if (strncmp(text, "rank:", 5) != 0)
        return false;
    text += 5;
    if (!read_digits(&text, rank) || *rank > INT32_MAX || *text++ != '/')
        return false;
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    text += name;
    if (name == 0 || (*text == ':' && (text++, !read_digits(&text, device))))
        return false;
    return !*text;
}

static enum tp_status read_placement(
    struct tp_torchrec *r, const char *place, const json_t *shard, int32_t *rank)
{
    const char *text;
    int64_t number = 0, device = 0;
    enum tp_status status =
        tp_json_read_text(&r->json, place, "placement", json_object_get(shard, "placement"), &text);
    if (status != TP_OK)
        return status;
    if (!parse_placement(text, &number, &device))
        return tp_json_fail(&r->json, place,
            "placement: found '%.64s', expected a rank and its device, such as rank:3/cuda:3",
            text);
    r->odd_devices += device >= 0 && device != number % r->plan->topology->ranks_per_host;
    *rank = (int32_t)number;
    return TP_OK;
}

/* A list of two integers: rows, at any value that a plan can hold, and columns. */
static enum tp_status read_pair(struct tp_torchrec *r, const char *place, const json_t *shard,
    const char *key, int64_t *rows, int32_t *columns)
{
    const json_t *list = json_object_get(shard, key);
    int64_t second = 0;
    enum tp_status status =
        tp_json_expect_list(&r->json, place, key, list, "a list of two integers: rows, columns");
    if (status == TP_OK && json_array_size(list) != 2)
        status = tp_json_fail(&r->json, place, "%s: found %zu entries, expected two: rows, columns",
            key, json_array_size(list));
    if (status == TP_OK)
        status = tp_json_read_integer(
            &r->json, place, key, json_array_get(list, 0), INT64_MIN, INT64_MAX, rows);
    if (status == TP_OK)
        status = tp_json_read_integer(
            &r->json, place, key, json_array_get(list, 1), INT32_MIN, INT32_MAX, &second);
    *columns = (int32_t)second;
    return status;
}

static enum tp_status read_shard(
    struct tp_torchrec *r, const struct entry *e, size_t index, struct tp_shard *shard)
{
    static const struct tp_json_key keys[] = {{"shard_offsets", TP_JSON_READ, NULL},
        {"shard_sizes", TP_JSON_READ, NULL}, {"placement", TP_JSON_READ, NULL},
        {NULL, TP_JSON_READ, NULL}};
    char place[TP_JSON_PLACE_BYTES];
    const json_t *object = json_array_get(e->shards, index);
    tp_json_place(place, "%s: shard %zu", e->place, index);
    enum tp_status status = tp_json_expect_object(&r->json, place, "", object, "an object");
    if (status == TP_OK)
        status = tp_json_keys(&r->json, place, object, keys, r->ignored);
    if (status == TP_OK)
        status = read_pair(r, place, object, "shard_offsets", &shard->row, &shard->column);
    if (status == TP_OK)
        status = read_pair(r, place, object, "shard_sizes", &shard->rows, &shard->columns);
    return status == TP_OK ? read_placement(r, place, object, &shard->rank) : status;
}

/* Says the same as the placements, once more: one rank per shard, or the first one alone (of a table cut
 * by rows), or nothing. */
static enum tp_status check_ranks(struct tp_torchrec *r, const struct entry *e)
{
    const json_t *list = json_object_get(e->object, "ranks");
    size_t shards = (size_t)e->to->shard_count;
    if (!list || json_is_null(list))
        return TP_OK;
    enum tp_status status =
        tp_json_expect_list(&r->json, e->place, "ranks", list, "a list of ranks");
    size_t count = json_array_size(list);
    bool first_alone = count == 1 && shards > 1 && e->to->sharding == TP_SHARD_ROW;
    if (status == TP_OK && count != shards && !first_alone)
        return tp_json_fail(&r->json, e->place,
            "ranks: found %zu, expected one for each of the %zu "
            "shards",
            count, shards);
    for (size_t i = 0; status == TP_OK && i < count; i++) {
        int64_t rank = 0;
        status = tp_json_read_integer(
            &r->json, e->place, "ranks", json_array_get(list, i), 0, INT32_MAX, &rank);
        if (status == TP_OK && rank != e->to->shards[i].rank)
            status = tp_json_fail(&r->json, e->place,
                "shard %zu: ranks says %lld, placement says rank %d, expected the same", i,
                (long long)rank, (int)e->to->shards[i].rank);
    }
    return status;
}

/* The list itself, or within a sharding_spec (an EnumerableShardingSpec). */
static const json_t *find_shards(const json_t *object)
{
    const json_t *shards = json_object_get(object, "shards");
    return shards ? shards : json_object_get(json_object_get(object, "sharding_spec"), "shards");
}

static enum tp_status read_shards(struct tp_torchrec *r, struct entry *e)
{
    e->shards = find_shards(e->object);
    enum tp_status status =
        tp_json_expect_list(&r->json, e->place, "shards", e->shards, "a list of shards");
    if (status != TP_OK)
        return status;
    size_t count = json_array_size(e->shards);
    e->to->shards = TP_NEW(count, struct tp_shard);
    if (!e->to->shards || count > INT32_MAX)
        return tp_fail_memory(r->json.err);
    e->to->shard_count = (int32_t)count;
    for (size_t i = 0; status == TP_OK && i < count; i++)
        status = read_shard(r, e, i, &e->to->shards[i]);
    /* Cut into one part is not cut. */
    if (count == 1 && e->to->sharding == TP_SHARD_COLUMN)
        e->to->sharding = TP_SHARD_TABLE;
    return status == TP_OK ? check_ranks(r, e) : status;
}

static enum tp_status read_table(
    struct tp_torchrec *r, const json_t *object, struct tp_plan_table *table)
{
    struct entry e = {.object = object, .to = &table->place};
    tp_json_place(e.place, "table %s", table->name);
    enum tp_status status = tp_json_keys(&r->json, e.place, object, sharding_keys, r->ignored);
    if (status == TP_OK)
        status = read_sharding_type(r, &e);
    if (status == TP_OK)
        status = check_kernel(r, &e);
    return status == TP_OK ? read_shards(r, &e) : status;
}

/* Puts the tables of one module where the model has them. */
static enum tp_status collect(struct tp_torchrec *r, const json_t *module, const json_t **objects)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)module, name, value)
    {
        char place[TP_JSON_PLACE_BYTES];
        int32_t table = tp_torchrec_table(r, name);
        if (table < 0)
            return tp_json_fail(&r->json, "plan",
                "found table '%.255s', which is not in the model %s, expected tables of the model",
                name, r->plan->model->name);
        tp_json_place(place, "table %s", name);
        enum tp_status status =
            tp_json_expect_object(&r->json, place, "", value, "a ParameterSharding, an object");
        if (status != TP_OK)
            return status;
        if (objects[table])
            return tp_json_fail(&r->json, place, "found in two modules, expected it once");
        objects[table] = value;
    }
    return TP_OK;
}

/* An object that holds tables, not a table itself. */
static bool is_module(const struct tp_torchrec *r, const char *key, const json_t *value)
{
    json_t *any = json_object_iter_value(json_object_iter((json_t *)value));
    return tp_torchrec_table(r, key) < 0 && !json_object_get(value, "sharding_type") &&
           json_object_get(any, "sharding_type");
}

static enum tp_status collect_all(struct tp_torchrec *r, const json_t **objects)
{
    const json_t *plan = json_object_get(r->json.root, "plan");
    const char *key;
    json_t *value;
    enum tp_status status = tp_json_expect_object(
        &r->json, "", "plan", plan, "an object with a ParameterSharding for each table");
    if (status != TP_OK)
        return status;
    bool modules = false;
    json_object_foreach((json_t *)plan, key, value) modules = modules || is_module(r, key, value);
    if (!modules)
        return collect(r, plan, objects);
    json_object_foreach((json_t *)plan, key, value)
    {
        if (!json_is_object(value))
            return tp_json_expect_object(
                &r->json, "plan", "a module", value, "an object with tables");
        status = collect(r, value, objects);
        if (status != TP_OK)
            return status;
    }
    return TP_OK;
}

static enum tp_status read_tables(struct tp_torchrec *r)
{
    struct tp_plan *plan = r->plan;
    int32_t count = plan->model->table_count;
    const json_t **objects = tp_new((size_t)count, sizeof *objects);
    plan->tables = TP_NEW(count, struct tp_plan_table);
    enum tp_status status = objects && plan->tables ? TP_OK : tp_fail_memory(r->json.err);
    if (status == TP_OK)
        status = collect_all(r, objects);
    for (int32_t i = 0; status == TP_OK && i < count; i++) {
        const char *name = plan->model->tables[i].name;
        r->entry[i] = -1;
        if (!objects[i])
            continue;
        struct tp_plan_table *table = &plan->tables[plan->table_count];
        r->entry[i] = plan->table_count++;
        table->name = tp_copy_text(name, strlen(name));
        status = table->name ? read_table(r, objects[i], table) : tp_fail_memory(r->json.err);
    }
    free(objects);
    return status;
}

static enum tp_status begin(struct tp_torchrec *r, const struct tp_model *model,
    const struct tp_topology *topology, struct tp_error *err)
{
    int64_t batch;
    int32_t count = model->table_count;
    enum tp_status status = tp_model_global_batch(model, topology->rank_count, &batch, err);
    if (status == TP_OK)
        status = tp_plan_begin(model, topology, &r->plan, err);
    if (status != TP_OK)
        return status;
    r->names = TP_NEW(count, struct tp_table_name);
    r->entry = TP_NEW(count, int32_t);
    r->ignored = json_object();
    if (!r->names || !r->entry || !r->ignored)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < count; i++)
        r->names[i] = (struct tp_table_name){r->plan->model->tables[i].name, i};
    qsort(r->names, (size_t)count, sizeof *r->names, compare_names);
    return TP_OK;
}

static enum tp_status finish_notes(struct tp_torchrec *r)
{
    tp_json_note_ignored(r->ignored, &r->notes);
    if (r->odd_devices > 0)
        tp_text_add(&r->notes,
            "%lld placement%s with a device number other than that of the rank among the %d ranks "
            "of its host: is this the topology that the plan was made for?\n",
            (long long)r->odd_devices, tp_plural(r->odd_devices),
            (int)r->plan->topology->ranks_per_host);
    tp_text_add(&r->notes, "%s", ""); /* never NULL */
    return r->notes.failed ? tp_fail_memory(r->json.err) : TP_OK;
}

enum tp_status tp_import_torchrec_plan(const char *path, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_affinity *affinity, char **notes,
    struct tp_plan **plan, struct tp_error *err)
{
    struct tp_torchrec r = {.plan = NULL};
    enum tp_status status = tp_json_load(path, &r.json, err);
    if (status == TP_OK)
        status = tp_json_expect_object(&r.json, "", "", r.json.root, "an object with the key plan");
    if (status == TP_OK)
        status = begin(&r, model, topology, err);
    if (status == TP_OK)
        status = tp_json_keys(&r.json, "", r.json.root, root_keys, r.ignored);
    if (status == TP_OK)
        status = read_tables(&r);
    if (status == TP_OK)
        status = tp_torchrec_towers(&r);
    if (status == TP_OK)
        status = tp_plan_settle(r.plan, affinity, err);
    if (status == TP_OK)
        status = finish_notes(&r);
    if (status == TP_OK) {
        *notes = r.notes.data;
        *plan = r.plan;
        r.notes = (struct tp_text){0};
        r.plan = NULL;
    }
    tp_text_release(&r.notes);
    tp_plan_free(r.plan);
    json_decref(r.ignored);
    free(r.entry);
    free(r.names);
    tp_json_release(&r.json);
    return status;
}
