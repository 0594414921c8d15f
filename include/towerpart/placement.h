/* SPDX-License-Identifier: Apache-2.0 */
/* Where every table's parameters live: the part of a plan that the cost model looks at. */
#ifndef TOWERPART_PLACEMENT_H
#define TOWERPART_PLACEMENT_H

#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

/* table: the whole table on one rank. column: equal-width column shards, each at least
 * TP_COLUMN_WIDTH_MIN wide. row: blocks of ceil(rows / R) rows on all R ranks of the tower, in rank
 * order, the last ones short or empty (TorchRec's table_row_wise). */
enum tp_sharding { TP_SHARD_TABLE, TP_SHARD_COLUMN, TP_SHARD_ROW };

#define TP_COLUMN_WIDTH_MIN 4

struct tp_shard {
    int32_t rank;
    int64_t row, rows;       /* first row, count (0: an empty row shard) */
    int32_t column, columns; /* first column, count */
};

struct tp_table_placement {
    int32_t tower;
    enum tp_sharding sharding;
    struct tp_shard *shards;
    int32_t shard_count;
};

struct tp_placement {
    int32_t tower_count;     /* T */
    int32_t ranks_per_tower; /* R; tower t has ranks tR .. tR + R - 1 */
    int32_t table_count;
    struct tp_table_placement *tables; /* (table_count), in the order of the model's tables */
};

const char *tp_sharding_name(enum tp_sharding sharding);

/* An empty placement (towers -1, no shards), to be freed with tp_placement_free(). */
enum tp_status tp_placement_new(int32_t tower_count, int32_t ranks_per_tower, int32_t table_count,
    struct tp_placement **placement, struct tp_error *err);

void tp_placement_free(struct tp_placement *placement);

#endif
