/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as JSON of TorchRec's EmbeddingShardingPlan: {"plan": {table: ParameterSharding}, "towers": {...}}.
 *
 * The names and values are those of the dataclasses ParameterSharding and ShardMetadata
 * (torchrec/distributed/types.py); a placement is the text of a remote device. How a table is cut is
 * exact in the offsets, sizes and placements; its sharding_type is the one under which TorchRec
 * accepts these:
 *   table_wise          whole, on one rank
 *   table_column_wise   by columns, within a host
 *   column_wise         by columns, on any ranks
 *   table_row_wise      by rows, on all ranks of a host
 *   row_wise            by rows, on all ranks
 * Rows on several hosts but not on all have no type of their own. They are written as table_row_wise,
 * and a note says that TorchRec will not take them. Cost: O(tables + shards). */
#include <towerpart/export.h>

#include "export/common.h"

#include <stdio.h>

/* Whether all shards lie on one host. */
static bool on_one_host(const struct tp_table_placement *place, int32_t ranks_per_host)
{
    for (int32_t i = 1; i < place->shard_count; i++)
        if (place->shards[i].rank / ranks_per_host != place->shards[0].rank / ranks_per_host)
            return false;
    return true;
}

static const char *sharding_type(
    const struct tp_table_placement *place, const struct tp_topology *topology)
{
    bool one_host = on_one_host(place, topology->ranks_per_host);
    if (place->sharding == TP_SHARD_TABLE)
        return "table_wise";
    if (place->sharding == TP_SHARD_COLUMN)
        return one_host ? "table_column_wise" : "column_wise";
    return one_host || place->shard_count != topology->rank_count ? "table_row_wise" : "row_wise";
}

static json_t *shard_metadata(const struct tp_shard *shard, int32_t ranks_per_host)
{
    char placement[64];
    snprintf(placement, sizeof placement, "rank:%d/cuda:%d", (int)shard->rank,
        (int)(shard->rank % ranks_per_host));
    return json_pack("{s:[I,i], s:[I,i], s:s}", "shard_offsets", (json_int_t)shard->row,
        (int)shard->column, "shard_sizes", (json_int_t)shard->rows, (int)shard->columns,
        "placement", placement);
}

/* NULL: out of memory. */
static json_t *parameter_sharding(
    const struct tp_table_placement *place, const struct tp_topology *topology)
{
    json_t *ranks = json_array(), *shards = json_array();
    int failed = 0;
    for (int32_t i = 0; i < place->shard_count; i++) {
        const struct tp_shard *shard = &place->shards[i];
        failed |= json_array_append_new(ranks, json_integer(shard->rank));
        failed |= json_array_append_new(shards, shard_metadata(shard, topology->ranks_per_host));
    }
    json_t *value =
        json_pack("{s:s, s:s, s:o, s:o}", "sharding_type", sharding_type(place, topology),
            "compute_kernel", "fused", "ranks", ranks, "shards", shards);
    if (!failed)
        return value;
    json_decref(value);
    return NULL;
}

static bool is_flat(const struct tp_plan *plan)
{
    return plan->strategy == TP_STRATEGY_FLAT;
}

/* What TorchRec cannot do with towers of several hosts. */
static void note_hosts(struct tp_export *export)
{
    const struct tp_plan *plan = export->plan;
    const struct tp_topology *topology = plan->topology;
    const char *first = NULL;
    int32_t count = 0;
    for (int32_t i = 0; i < plan->table_count; i++) {
        const struct tp_table_placement *place = &plan->tables[i].place;
        if (place->sharding != TP_SHARD_ROW || place->shard_count == topology->rank_count ||
            on_one_host(place, topology->ranks_per_host))
            continue;
        first = count++ ? first : plan->tables[i].name;
    }
    if (topology->hosts_per_tower > 1 && !is_flat(plan))
        tp_text_add(&export->notes,
            "towers of %d hosts: TorchRec's EmbeddingTower keeps to one, so load the plan without "
            "it\n",
            (int)topology->hosts_per_tower);
    if (count > 0)
        tp_text_add(&export->notes,
            "TorchRec cuts rows over one host or over all: it will not take %d table%s cut over "
            "the %d hosts of a tower, first %s\n",
            (int)count, tp_plural(count), (int)topology->hosts_per_tower, first);
}

enum tp_status tp_export_torchrec(
    const struct tp_plan *plan, const char *path, char **notes, struct tp_error *err)
{
    struct tp_export export = {.plan = plan};
    struct tp_text *text = &export.text;
    tp_text_add(text, "{\"plan\": {\n");
    for (int32_t i = 0; i < plan->table_count; i++)
        tp_export_line(text, plan->tables[i].name,
            parameter_sharding(&plan->tables[i].place, plan->topology),
            i + 1 < plan->table_count ? "," : "");
    tp_text_add(text, "},\n\"towers\": ");
    tp_export_towers(text, plan);
    tp_text_add(text, "}\n");
    note_hosts(&export);
    return tp_export_end(&export, path, notes, err);
}
