/* SPDX-License-Identifier: Apache-2.0 */
/* Where tables live: making and freeing the struct. It holds no rule of its own; whether a
 * placement is a legal one is for the checks of a plan to say. The shards of a table are one array,
 * allocated by whoever places the table, owned by the placement from then on. */
#include <towerpart/placement.h>

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>

const char *tp_sharding_name(enum tp_sharding sharding)
{
    switch (sharding) {
    case TP_SHARD_TABLE:
        return "table";
    case TP_SHARD_COLUMN:
        return "column";
    case TP_SHARD_ROW:
        return "row";
    }
    return "?";
}

enum tp_status tp_placement_new(int32_t tower_count, int32_t ranks_per_tower, int32_t table_count,
    struct tp_placement **placement, struct tp_error *err)
{
    struct tp_placement *p = TP_NEW(1, struct tp_placement);
    if (!p)
        return tp_fail_memory(err);
    p->tables = TP_NEW(table_count, struct tp_table_placement);
    if (!p->tables) {
        free(p);
        return tp_fail_memory(err);
    }
    p->tower_count = tower_count;
    p->ranks_per_tower = ranks_per_tower;
    p->table_count = table_count;
    for (int32_t i = 0; i < table_count; i++)
        p->tables[i].tower = -1;
    *placement = p;
    return TP_OK;
}

void tp_placement_free(struct tp_placement *placement)
{
    if (!placement)
        return;
    for (int32_t i = 0; i < placement->table_count; i++)
        free(placement->tables[i].shards);
    free(placement->tables);
    free(placement);
}
