/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as the JSON of a TorchRec plan, one table and one tower per line, for tests that read it back.
 * Written from docs/import.md, not from the importer. */
#ifndef TESTS_UNIT_EXPORT_JSON_H
#define TESTS_UNIT_EXPORT_JSON_H

#include <towerpart/plan.h>

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>

/* Frees `value`. */
static inline void export_value(FILE *to, json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
    fputs(text ? text : "out of memory", to);
    free(text);
    json_decref(value);
}

static inline json_t *export_shard(const struct tp_shard *shard, int ranks_per_host)
{
    char placement[64];
    snprintf(placement, sizeof placement, "rank:%d/cuda:%d", (int)shard->rank,
        (int)shard->rank % ranks_per_host);
    return json_pack("{s:[I,i], s:[I,i], s:s}", "shard_offsets", (json_int_t)shard->row,
        (int)shard->column, "shard_sizes", (json_int_t)shard->rows, (int)shard->columns,
        "placement", placement);
}

static inline json_t *export_table(
    const struct tp_plan *plan, const struct tp_table_placement *place)
{
    static const char *const tower_types[] = {"table_wise", "table_column_wise", "table_row_wise"};
    static const char *const flat_types[] = {"table_wise", "column_wise", "row_wise"};
    json_t *ranks = json_array(), *shards = json_array();
    for (int32_t i = 0; i < place->shard_count; i++) {
        json_array_append_new(ranks, json_integer(place->shards[i].rank));
        json_array_append_new(
            shards, export_shard(&place->shards[i], plan->topology->ranks_per_host));
    }
    const char *const *types = plan->strategy == TP_STRATEGY_FLAT ? flat_types : tower_types;
    return json_pack("{s:s, s:s, s:o, s:o}", "sharding_type", types[place->sharding],
        "compute_kernel", "fused", "ranks", ranks, "shards", shards);
}

static inline json_t *export_tower(const struct tp_plan *plan, const struct tp_plan_tower *tower)
{
    json_t *tables = json_array(), *ranks = json_array();
    for (int32_t i = 0; i < plan->table_count; i++)
        if (plan->tables[i].place.tower == tower->id)
            json_array_append_new(tables, json_string(plan->tables[i].name));
    for (int32_t i = 0; i < tower->rank_count; i++)
        json_array_append_new(ranks, json_integer(tower->ranks[i]));
    return json_pack("{s:o, s:o}", "tables", tables, "ranks", ranks);
}

/* @param with_towers  writes the section "towers", which is empty for a flat plan. */
static inline void export_plan(FILE *to, const struct tp_plan *plan, int with_towers)
{
    fputs("{\"plan\": {\n", to);
    for (int32_t i = 0; i < plan->table_count; i++) {
        export_value(to, json_string(plan->tables[i].name));
        fputs(": ", to);
        export_value(to, export_table(plan, &plan->tables[i].place));
        fputs(i + 1 < plan->table_count ? ",\n" : "\n", to);
    }
    fputs(with_towers ? "},\n\"towers\": {\n" : "}", to);
    for (int32_t i = 0; with_towers && plan->strategy != TP_STRATEGY_FLAT && i < plan->tower_count;
         i++) {
        fprintf(to, "\"%d\": ", (int)plan->towers[i].id);
        export_value(to, export_tower(plan, &plan->towers[i]));
        fputs(i + 1 < plan->tower_count ? ",\n" : "\n", to);
    }
    fputs(with_towers ? "}}\n" : "}\n", to);
}

#endif
