/* SPDX-License-Identifier: Apache-2.0 */
/* What a shard, a rank, a tower weighs: the sums that cost, placement and partition share.
 *
 * All in double, exact below 2^53; rounded once, when they become public figures. */
#ifndef TP_COST_LOAD_H
#define TP_COST_LOAD_H

#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/model.h>
#include <towerpart/placement.h>
#include <towerpart/topology.h>

/* Of the whole problem; filled once. */
struct tp_sizes {
    double batch;       /* B */
    double local_batch; /* b = B / G */
    int32_t rank_count, ranks_per_tower, tower_count;
    double e_forward, e_backward, e_max; /* bytes of a sent value */
    double value_bytes;                  /* of a stored embedding value */
    double state_row_bytes;              /* optimizer state per row of a shard */
    double state_value_bytes;            /* and per parameter */
};

enum tp_status tp_sizes_init(struct tp_sizes *sizes, const struct tp_model *model,
    const struct tp_topology *topology, int32_t ranks_per_tower, struct tp_error *err);

/* What one shard of a table brings to the rank that holds it, and through its exchange buffers to
 * others. */
struct tp_shard_load {
    double parameter_bytes; /* weights + optimizer state */
    double lookup_bytes;    /* read per step for the global batch */
    double width;           /* columns * features: its part of O_r */
    double ids_per_sample;  /* id bytes per sample: 8 * ids + 4 * bags */
};

/* @param row, rows  first row and rows of the shard. @param columns  its columns.
 * @param sharding   table and column shards see every id of their features, row shards those of their
 *                   rows (tp_row_share()); each a length per bag.
 * Of row shards with equally many rows, none weighs more than the one at row 0. */
struct tp_shard_load tp_shard_load(const struct tp_sizes *sizes, const struct tp_model *model,
    const struct tp_table *table, enum tp_sharding sharding, int64_t row, int64_t rows,
    int32_t columns);

/* The sums over a set of shards that memory depends on. */
struct tp_rank_sums {
    double parameter_bytes, lookup_bytes, width, ids_per_sample;
};

struct tp_memory_terms {
    double tower_width, all_width, all_ids;
    double tower_dim, all_dim, tower_dim_dmt, all_dim_dmt;
};

/* Memory of one rank, bytes: parameters + 2 * buffers of the largest mode (send and receive,
 * doubled for prefetch), where with e the larger of forward and backward bytes
 *   ids   b * all_ids + B * own ids                                     every mode
 *   flat  B * O_r * e + b * all_width * e
 *   sptt  B * O_r * e + B/R * tower_width * e  +  B/R * O_t * e + b * sum(O_t) * e
 *   dmt   the same with the compressed O_t in the second pair
 * @param own          sums over the rank's shards.
 * @param tower_width  sum of O_r over the ranks of its tower (row shards counted once per rank).
 * @param all_width, all_ids  sums over all ranks of O_r and of ids_per_sample.
 * @param tower_dim, all_dim  O_t of its tower, and the sum over towers.
 * @param tower_dim_dmt, all_dim_dmt  the same, compressed.
 * Monotone in every argument, so sums over part of the shards give a lower bound. */
double tp_rank_memory(const struct tp_sizes *sizes, const struct tp_rank_sums *own,
    const struct tp_memory_terms *terms);

/* Of a tower with these features: width of what its module sends per sample (O_t itself without a
 * module), its flops per sample forward (projections included), its parameters.
 * `features` and `dims` are additive over tables; the result is not in general (p and dcn send a
 * fixed part per tower). */
struct tp_tower_shape {
    double features;        /* count */
    double dim;             /* O_t */
    double projected_count; /* features whose dim is not the common one */
    double projected_dim;   /* sum of the dims of those */
};
void tp_tower_shape_add(
    struct tp_tower_shape *shape, const struct tp_model *model, const struct tp_table *table);
double tp_tower_output_dmt(const struct tp_model *model, const struct tp_tower_shape *shape);
double tp_tower_flops(const struct tp_model *model, const struct tp_tower_shape *shape);
double tp_tower_parameters(const struct tp_model *model, const struct tp_tower_shape *shape);

/* Dense part outside the towers, forward flops per sample and parameter count, in that mode.
 * over_arch: projections (flat, sptt), interaction, top MLP, on features' vectors or, in dmt, on
 * the towers' outputs. `towers` (tower_count) is read in dmt only. */
struct tp_dense_cost {
    double bottom_flops, over_flops;
    double parameters; /* both together */
};
struct tp_dense_cost tp_dense_cost(const struct tp_model *model, enum tp_mode mode,
    const struct tp_tower_shape *towers, int32_t tower_count);

/* Sums of a whole placement. */
struct tp_placement_sums {
    struct tp_sizes sizes;
    int32_t common_dim;
    struct tp_rank_sums *ranks;    /* (rank_count) */
    struct tp_tower_shape *towers; /* (tower_count) */
};

/* @return TP_EINPUT as tp_sizes_init(), and for a rank, a tower or a number of tables or towers
 *         that is not the topology's or the model's; TP_ENOMEM. */
enum tp_status tp_placement_sums_init(struct tp_placement_sums *sums, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement, struct tp_error *err);
void tp_placement_sums_release(struct tp_placement_sums *sums);

/* To the nearest integer; INT64_MAX when it does not fit. */
int64_t tp_round_bytes(double bytes);

#endif
