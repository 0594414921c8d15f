/* SPDX-License-Identifier: Apache-2.0 */
/* The towers of a TorchRec plan. In: the tables with their shards, and maybe a section "towers". Out: the
 * plan's towers, each table's tower, hosts per tower (K) and strategy.
 *
 * "towers": {"0": {"tables": [...], "ranks": [...]}, ...} says which tables form which tower; with ranks it
 * also says how large towers are, and without ranks their number does. "towers": {} says that there
 * are none: a flat plan. Where the section is missing, towers are the topology's, and a table is in the one
 * that its ranks lie in; if some table lies in several, the plan is flat.
 *
 * What is listed is kept as listed, so that check can tell what is wrong. Cost: O(n log n). */
#include "import/torchrec_plan.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A tower as the file has it. */
struct draft {
    int32_t id;
    int32_t *tables; /* (table_count) of the model */
    int32_t table_count;
    int32_t *ranks; /* (rank_count); none: those that the id stands for */
    int32_t rank_count;
};

struct drafts {
    struct draft *list;
    int32_t count;
};

static void release(struct drafts *drafts)
{
    for (int32_t i = 0; i < drafts->count; i++) {
        free(drafts->list[i].tables);
        free(drafts->list[i].ranks);
    }
    free(drafts->list);
}

static enum tp_status begin(const struct tp_torchrec *r, struct drafts *drafts, size_t count)
{
    if (count > TP_RANKS_MAX)
        return tp_json_fail(
            &r->json, "towers", "found %zu, expected at most %d", count, TP_RANKS_MAX);
    drafts->list = TP_NEW(count, struct draft);
    if (!drafts->list)
        return tp_fail_memory(r->json.err);
    drafts->count = (int32_t)count;
    return TP_OK;
}

static int compare_integers(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int compare_drafts(const void *a, const void *b)
{
    return compare_integers(&((const struct draft *)a)->id, &((const struct draft *)b)->id);
}

/* The tower that a rank lies in; the last one for a rank beyond the topology. */
static int32_t tower_of_rank(const struct tp_topology *topology, int32_t rank)
{
    int32_t tower = rank / tp_topology_ranks_per_tower(topology);
    int32_t last = tp_topology_towers(topology) - 1;
    return tower < last ? tower : last;
}

/* The tower of the first shard on a rank that there is, or else of the first shard. */
static int32_t tower_of_shards(
    const struct tp_topology *topology, const struct tp_table_placement *place)
{
    for (int32_t i = 0; i < place->shard_count; i++)
        if (place->shards[i].rank < topology->rank_count)
            return tower_of_rank(topology, place->shards[i].rank);
    return place->shard_count ? tower_of_rank(topology, place->shards[0].rank) : 0;
}

/* A shard on an existing rank of another tower, or NULL. */
static const struct tp_shard *shard_elsewhere(
    const struct tp_topology *topology, const struct tp_table_placement *place, int32_t tower)
{
    for (int32_t i = 0; i < place->shard_count; i++)
        if (place->shards[i].rank < topology->rank_count &&
            tower_of_rank(topology, place->shards[i].rank) != tower)
            return &place->shards[i];
    return NULL;
}

static void make_flat(struct tp_plan *plan)
{
    plan->strategy = TP_STRATEGY_FLAT;
    plan->topology->hosts_per_tower = plan->topology->host_count;
}

/* Towers by where the tables are. */
static void find_towers(struct tp_torchrec *r)
{
    struct tp_plan *plan = r->plan;
    const struct tp_topology *topology = plan->topology;
    for (int32_t i = 0; i < plan->table_count; i++) {
        struct tp_table_placement *place = &plan->tables[i].place;
        place->tower = tower_of_shards(topology, place);
        const struct tp_shard *other = shard_elsewhere(topology, place, place->tower);
        if (!other)
            continue;
        tp_text_add(&r->notes,
            "no towers: table %s lies in towers %d and %d (of %d ranks each), so the plan is taken "
            "as flat\n",
            plan->tables[i].name, (int)place->tower, (int)tower_of_rank(topology, other->rank),
            (int)tp_topology_ranks_per_tower(topology));
        make_flat(plan);
        return;
    }
}

/* A draft for each tower of the topology, with the tables that are in it. */
static enum tp_status draft_found(struct tp_torchrec *r, struct drafts *drafts)
{
    struct tp_plan *plan = r->plan;
    enum tp_status status = begin(r, drafts, (size_t)tp_topology_towers(plan->topology));
    for (int32_t i = 0; status == TP_OK && i < plan->table_count; i++) {
        if (plan->strategy == TP_STRATEGY_FLAT)
            plan->tables[i].place.tower = 0;
        drafts->list[plan->tables[i].place.tower].table_count++;
    }
    for (int32_t t = 0; status == TP_OK && t < drafts->count; t++) {
        struct draft *draft = &drafts->list[t];
        draft->id = t;
        draft->tables = TP_NEW(draft->table_count, int32_t);
        draft->table_count = 0;
        if (!draft->tables)
            status = tp_fail_memory(r->json.err);
    }
    for (int32_t i = 0; status == TP_OK && i < plan->model->table_count; i++) {
        if (r->entry[i] < 0)
            continue;
        struct draft *draft = &drafts->list[plan->tables[r->entry[i]].place.tower];
        draft->tables[draft->table_count++] = i;
    }
    return status;
}

static enum tp_status read_table_list(
    struct tp_torchrec *r, const char *place, const json_t *object, struct draft *draft)
{
    const json_t *list = json_object_get(object, "tables");
    enum tp_status status =
        tp_json_expect_list(&r->json, place, "tables", list, "a list of names of tables");
    draft->tables = TP_NEW(json_array_size(list), int32_t);
    if (status == TP_OK && !draft->tables)
        status = tp_fail_memory(r->json.err);
    for (size_t i = 0; status == TP_OK && i < json_array_size(list); i++) {
        const char *name;
        status = tp_json_read_text(&r->json, place, "tables", json_array_get(list, i), &name);
        int32_t table = status == TP_OK ? tp_torchrec_table(r, name) : 0;
        if (table < 0)
            status = tp_json_fail(&r->json, place,
                "tables: found '%.255s', which is not in the model %s", name, r->plan->model->name);
        draft->tables[draft->table_count++] = table;
    }
    return status;
}

static enum tp_status read_ranks(
    struct tp_torchrec *r, const char *place, const json_t *object, struct draft *draft)
{
    const json_t *list = json_object_get(object, "ranks");
    int64_t rank = 0;
    if (!list || json_is_null(list))
        return TP_OK;
    enum tp_status status = tp_json_expect_list(&r->json, place, "ranks", list, "a list of ranks");
    draft->ranks = TP_NEW(json_array_size(list), int32_t);
    if (status == TP_OK && !draft->ranks)
        status = tp_fail_memory(r->json.err);
    for (size_t i = 0; status == TP_OK && i < json_array_size(list); i++) {
        status = tp_json_read_integer(
            &r->json, place, "ranks", json_array_get(list, i), 0, INT32_MAX, &rank);
        draft->ranks[draft->rank_count++] = (int32_t)rank;
    }
    return status;
}

static enum tp_status read_draft(
    struct tp_torchrec *r, const char *key, const json_t *object, struct draft *draft)
{
    static const struct tp_json_key keys[] = {
        {"tables", TP_JSON_READ, NULL}, {"ranks", TP_JSON_READ, NULL}, {NULL, TP_JSON_READ, NULL}};
    char place[TP_JSON_PLACE_BYTES];
    int64_t id = 0;
    if (!tp_parse_integer(key, &id) || id < 0 || id >= TP_RANKS_MAX)
        return tp_json_fail(&r->json, "towers",
            "found the key '%.64s', expected the number of a tower, such as \"0\"", key);
    tp_json_place(place, "towers: tower %lld", (long long)id);
    draft->id = (int32_t)id;
    enum tp_status status =
        tp_json_expect_object(&r->json, place, "", object, "an object with tables and ranks");
    if (status == TP_OK)
        status = tp_json_keys(&r->json, place, object, keys, r->ignored);
    if (status == TP_OK)
        status = read_table_list(r, place, object, draft);
    return status == TP_OK ? read_ranks(r, place, object, draft) : status;
}

/* Hosts per tower by the ranks that a tower lists, or by the number of towers; the topology's where neither
 * can be. */
static void set_hosts_per_tower(struct tp_topology *topology, const struct drafts *drafts)
{
    int32_t hosts = topology->host_count, ranks = 0;
    for (int32_t i = drafts->count; i-- > 0;)
        ranks = drafts->list[i].rank_count ? drafts->list[i].rank_count : ranks;
    int32_t k = ranks % topology->ranks_per_host ? 0 : ranks / topology->ranks_per_host;
    if (ranks == 0)
        k = hosts % drafts->count ? 0 : hosts / drafts->count;
    if (k > 0 && hosts % k == 0)
        topology->hosts_per_tower = k;
}

/* A table is in the first tower that lists it, or else where its ranks are. */
static void assign_tables(struct tp_torchrec *r, const struct drafts *drafts)
{
    struct tp_plan *plan = r->plan;
    for (int32_t i = 0; i < plan->table_count; i++)
        plan->tables[i].place.tower = -1;
    for (int32_t t = 0; t < drafts->count; t++) {
        for (int32_t i = 0; i < drafts->list[t].table_count; i++) {
            int32_t entry = r->entry[drafts->list[t].tables[i]];
            if (entry >= 0 && plan->tables[entry].place.tower < 0)
                plan->tables[entry].place.tower = drafts->list[t].id;
        }
    }
    for (int32_t i = 0; i < plan->table_count; i++) {
        struct tp_table_placement *place = &plan->tables[i].place;
        if (place->tower < 0)
            place->tower = tower_of_shards(plan->topology, place);
    }
}

static enum tp_status draft_listed(
    struct tp_torchrec *r, const json_t *towers, struct drafts *drafts)
{
    const char *key;
    json_t *value;
    int32_t t = 0;
    enum tp_status status = begin(r, drafts, json_object_size(towers));
    if (status != TP_OK)
        return status;
    json_object_foreach((json_t *)towers, key, value)
    {
        status = read_draft(r, key, value, &drafts->list[t++]);
        if (status != TP_OK)
            return status;
    }
    qsort(drafts->list, (size_t)drafts->count, sizeof *drafts->list, compare_drafts);
    set_hosts_per_tower(r->plan->topology, drafts);
    assign_tables(r, drafts);
    return TP_OK;
}

/* id * count + i, kept in int32_t: a tower that does not exist may have any number. */
static int32_t nth_of(int32_t id, int32_t count, int32_t i)
{
    int64_t number = (int64_t)id * count + i;
    return number < INT32_MAX ? (int32_t)number : INT32_MAX;
}

/* The hosts that the id stands for, and the ranks that are listed, or else those of the id. */
static enum tp_status fill_ranks(const struct tp_topology *topology, const struct draft *draft,
    struct tp_plan_tower *tower, struct tp_error *err)
{
    int32_t hosts = topology->hosts_per_tower, ranks = tp_topology_ranks_per_tower(topology);
    tower->hosts = TP_NEW(hosts, int32_t);
    tower->ranks = TP_NEW(draft->rank_count ? draft->rank_count : ranks, int32_t);
    if (!tower->ranks || !tower->hosts)
        return tp_fail_memory(err);
    for (; tower->host_count < hosts; tower->host_count++)
        tower->hosts[tower->host_count] = nth_of(draft->id, hosts, tower->host_count);
    for (int32_t i = 0; i < draft->rank_count; i++)
        tower->ranks[tower->rank_count++] = draft->ranks[i];
    for (int32_t i = 0; draft->rank_count == 0 && i < ranks; i++)
        tower->ranks[tower->rank_count++] = nth_of(draft->id, ranks, i);
    return TP_OK;
}

static enum tp_status fill_features(const struct tp_model *model, struct draft *draft,
    struct tp_plan_tower *tower, struct tp_error *err)
{
    size_t count = 0;
    qsort(draft->tables, (size_t)draft->table_count, sizeof *draft->tables, compare_integers);
    for (int32_t i = 0; i < draft->table_count; i++)
        count += (size_t)model->tables[draft->tables[i]].feature_count;
    tower->features = count > INT32_MAX ? NULL : TP_NEW(count, char *);
    if (!tower->features)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < draft->table_count; i++) {
        const struct tp_table *table = &model->tables[draft->tables[i]];
        for (int32_t f = 0; f < table->feature_count; f++) {
            const char *name = model->features[table->first_feature + f].name;
            char *copy = tp_copy_text(name, strlen(name));
            if (!copy)
                return tp_fail_memory(err);
            tower->features[tower->feature_count++] = copy;
        }
    }
    return TP_OK;
}

static enum tp_status fill_towers(struct tp_plan *plan, struct drafts *drafts, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    plan->towers = TP_NEW(drafts->count, struct tp_plan_tower);
    if (!plan->towers)
        return tp_fail_memory(err);
    for (int32_t t = 0; status == TP_OK && t < drafts->count; t++) {
        struct tp_plan_tower *tower = &plan->towers[plan->tower_count++];
        tower->id = drafts->list[t].id;
        status = fill_ranks(plan->topology, &drafts->list[t], tower, err);
        if (status == TP_OK)
            status = fill_features(plan->model, &drafts->list[t], tower, err);
    }
    return status;
}

enum tp_status tp_torchrec_towers(struct tp_torchrec *r)
{
    const json_t *towers = json_object_get(r->json.root, "towers");
    struct drafts drafts = {0};
    enum tp_status status =
        towers ? tp_json_expect_object(&r->json, "", "towers", towers,
                     "an object with a tower for each number, {\"0\": {\"tables\": [...]}}")
               : TP_OK;
    if (status == TP_OK && json_object_size(towers)) {
        status = draft_listed(r, towers, &drafts);
    } else if (status == TP_OK) {
        if (towers)
            make_flat(r->plan);
        else
            find_towers(r);
        status = draft_found(r, &drafts);
    }
    if (status == TP_OK)
        status = fill_towers(r->plan, &drafts, r->json.err);
    release(&drafts);
    return status;
}
