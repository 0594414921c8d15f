/* SPDX-License-Identifier: Apache-2.0 */
/* What the fast and the exhaustive way of placing tables share: how a table can be cut, what a piece
 * weighs, what a rank has room for. Internal to placement.
 *
 * A rank's memory splits into what its own pieces take, which adds up, and an offset that is the same
 * for all ranks of a tower: receive buffers, which depend on how every table of the world is cut
 * (column shards receive ids more than once, row shards send partial sums). So with all cuts known,
 * placing is bin packing, tower by tower. */
#ifndef TP_PLAN_PLACER_H
#define TP_PLAN_PLACER_H

#include <stdbool.h>
#include <stdint.h>

#include "cost/load.h"

/* How a table is cut. */
struct tp_cut {
    enum tp_sharding sharding;
    int32_t pieces; /* table 1; column: of equal width; row: R */
};

/* A piece looking for a rank. */
struct tp_piece {
    int32_t table;
    int32_t rank;   /* inside the tower, 0 .. R-1; -1: not placed */
    double bytes;   /* memory that it takes on its rank */
    double seconds; /* its part of the predicted step time of its rank */
};

/* Sums over all tables that every rank's memory depends on. */
struct tp_world_terms {
    double all_width, all_ids;
};

struct tp_placer {
    const struct tp_model *model;
    const struct tp_topology *topology;
    const int32_t *tower_of_table; /* -1: not in any tower yet, counted as uncut */
    struct tp_sizes sizes;
    double *tower_dim, *tower_dim_dmt; /* (T) */
    double all_dim, all_dim_dmt;
    double seconds_lookup, seconds_width,
        seconds_ids;    /* per byte, per unit of O_r, per id byte per sample */
    const bool *kept;   /* (tables) cut and ranks are given, the others go around it; NULL: none */
    struct tp_cut *cut; /* (tables) */
    int32_t *first_piece; /* (tables + 1) offsets into piece_rank */
    int32_t *piece_rank;  /* ranks of column pieces, inside the tower; row piece i is on rank i */
};

static inline bool tp_is_kept(const struct tp_placer *placer, int32_t table)
{
    return placer->kept && placer->kept[table];
}

/* The rank, inside the tower, of a table's k-th piece. */
static inline int32_t tp_piece_rank(const struct tp_placer *placer, int32_t table, int32_t k)
{
    return placer->cut[table].sharding == TP_SHARD_ROW
               ? k
               : placer->piece_rank[placer->first_piece[table] + k];
}

/* The next larger number of column pieces (a divisor of dim that leaves TP_COLUMN_WIDTH_MIN columns),
 * or 0. */
int32_t tp_next_columns(const struct tp_table *table, int32_t pieces);

/* What the i-th piece of a table cut that way brings to its rank. */
struct tp_shard_load tp_piece_load(
    const struct tp_placer *placer, int32_t table, struct tp_cut cut, int32_t i);

/* Memory that it takes on its own rank; step time that it adds there. */
double tp_piece_bytes(const struct tp_placer *placer, const struct tp_shard_load *load);
double tp_piece_seconds(const struct tp_placer *placer, const struct tp_shard_load *load);

/* Adds a table cut that way to (sign +1) or takes it from (-1) the terms of the world and, if not
 * NULL, the width of its tower. */
void tp_terms_add(const struct tp_placer *placer, int32_t table, struct tp_cut cut, double sign,
    struct tp_world_terms *world, double *tower_width);

/* What a rank of the tower has left for its own pieces; may be negative. */
double tp_rank_room(const struct tp_placer *placer, int32_t tower, int32_t rank, double tower_width,
    const struct tp_world_terms *world);

/* Cuts and places the tables of one tower for the smallest predicted step time; writes cut and
 * piece_rank of its tables.
 * @param tables, count  tables of the tower. @param world  terms assumed for all tables.
 * @return whether everything found room. */
enum tp_status tp_place_tower(struct tp_placer *placer, int32_t tower, const int32_t *tables,
    int32_t count, const struct tp_world_terms *world, bool *placed, struct tp_error *err);

/* Searches cuts and ranks of all towers exhaustively, for any answer that fits.
 * @param found  out: 1 found, 0 there is none, -1 the steps were used up. */
enum tp_status tp_place_exact(
    struct tp_placer *placer, int64_t steps, int *found, struct tp_error *err);

#endif
