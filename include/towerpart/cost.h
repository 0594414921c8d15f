/* SPDX-License-Identifier: Apache-2.0 */
/* What one training step costs, in bytes and in seconds: loads of ranks, and phases of the three
 * ways of executing a placement. Pure functions of model, topology and placement.
 *
 * Letters: B global batch, G ranks, b = B/G, R ranks per tower, T towers, e bytes of a sent value,
 * O_r = sum over rank r's shards of columns * features of the table (row shards send partial sums,
 * so each counts its full width), O_t = sum of the dims of tower t's features. */
#ifndef TOWERPART_COST_H
#define TOWERPART_COST_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/placement.h>
#include <towerpart/topology.h>

/* flat: one alltoall over all ranks. sptt: semantic-preserving tower transform, the same function.
 * dmt: sptt with tower modules, another function (Luo et al., MLSys 2024, arXiv 2403.00877). */
enum tp_mode { TP_MODE_FLAT, TP_MODE_SPTT, TP_MODE_DMT, TP_MODE_COUNT };

/* In the order of execution. */
enum tp_phase {
    TP_PHASE_IDS_ALLTOALL,
    TP_PHASE_LOOKUP,
    TP_PHASE_PEER_PERMUTE,
    TP_PHASE_TOWER_EXCHANGE,
    TP_PHASE_TOWER_MODULE,
    TP_PHASE_EMBEDDING_ALLTOALL,
    TP_PHASE_BOTTOM_MLP,
    TP_PHASE_OVER_ARCH,
    TP_PHASE_OVER_ARCH_BACKWARD,
    TP_PHASE_BOTTOM_MLP_BACKWARD,
    TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD,
    TP_PHASE_TOWER_MODULE_BACKWARD,
    TP_PHASE_TOWER_EXCHANGE_BACKWARD,
    TP_PHASE_PEER_PERMUTE_BACKWARD,
    TP_PHASE_SPARSE_UPDATE, /* the backward of lookup */
    TP_PHASE_DENSE_ALLREDUCE,
    TP_PHASE_COUNT
};

/* What one rank holds and moves in one step. Bytes are rounded to the nearest integer. */
struct tp_rank_load {
    int64_t memory_bytes; /* weights + optimizer state + 2 * buffers of the largest mode */
    int64_t lookup_bytes; /* read from tables for the global batch */
    int64_t output_bytes; /* B * O_r * e(forward) */
    int64_t id_bytes;     /* ids and lengths received for its shards, its own samples' included */
};

struct tp_phase_cost {
    bool present;   /* the mode has this phase */
    double seconds; /* of the slowest rank */
    bool moves;     /* it exchanges bytes between ranks; the next line is meaningful */
    int64_t bytes[TP_LEVELS_MAX]; /* per level: max over ranks of max(sent, received) */
};

struct tp_step_cost {
    double seconds; /* sum over the phases */
    struct tp_phase_cost phases[TP_PHASE_COUNT];
};

/* Weights of one tower, all per step unless said otherwise; additive over its tables. */
struct tp_tower_load {
    int32_t features;
    int64_t memory_bytes; /* sum over its ranks */
    int64_t lookup_bytes;
    int64_t output_dim; /* O_t */
    double flops;       /* of its tower module and projections, forward, per sample */
};

const char *tp_mode_name(enum tp_mode mode);    /* "flat", "sptt", "dmt" */
const char *tp_phase_name(enum tp_phase phase); /* "ids_alltoall", ... */

/* Loads of all ranks.
 * @param loads  out, (topology->rank_count); caller-allocated.
 * @return TP_OK; TP_EINPUT as tp_model_global_batch(), or when the placement has another number of
 *         tables or towers, or names a rank or tower that is not there; TP_ENOMEM.
 * Cost: O(shards + G). */
enum tp_status tp_cost_rank_loads(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_placement *placement, struct tp_rank_load *loads, struct tp_error *err);

/* Loads of all towers.
 * @param loads  out, (placement->tower_count); caller-allocated.
 * @return as tp_cost_rank_loads(). */
enum tp_status tp_cost_tower_loads(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_placement *placement, struct tp_tower_load *loads, struct tp_error *err);

/* One training step executed that way.
 * @return as tp_cost_rank_loads(). Cost: O(shards + G * levels). */
enum tp_status tp_cost_step(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_placement *placement, enum tp_mode mode, struct tp_step_cost *cost,
    struct tp_error *err);

#endif
