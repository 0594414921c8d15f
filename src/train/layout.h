/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds what, and where looked up values go: a placement as plain numbers. No MPI in here.
 *
 * Letters as in docs/cost-model.md: G ranks, L per host, R per tower, T towers, B global batch, b =
 * B/G. Rank g is in tower g / R, at place g % R there; its *peers* are the ranks at the same place
 * of other towers. */
#ifndef TP_TRAIN_LAYOUT_H
#define TP_TRAIN_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/placement.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

#include "train/embedding.h"

/* The shards of one rank, by table in the order of the model, then as the placement lists them. */
struct tp_holding {
    struct tp_own_shard *shards; /* (shard_count) */
    int32_t shard_count;
    int32_t width; /* O_r: values that it looks up per sample */
    int32_t bags;  /* that it looks up per sample: sum over shards of the features of the table */
};

struct tp_layout {
    const struct tp_model *model;                     /* borrowed */
    const struct tp_placement *placement;             /* borrowed */
    int32_t rank_count, ranks_per_tower, tower_count; /* G, R, T */
    int64_t batch;                                    /* B */
    int32_t local_batch;                              /* b */
    struct tp_holding *holdings;                      /* (G) */
};

/* @param layout  out; borrows model and placement; to be released also on failure.
 * @return TP_EINPUT as tp_model_global_batch(), or when b or what a rank exchanges per step does
 * not fit
 *         into 31 bits; TP_ENOMEM. */
enum tp_status tp_layout_init(struct tp_layout *layout, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement, struct tp_error *err);
void tp_layout_release(struct tp_layout *layout);

/* The tower's features, in the order of the model.
 * @param features  out, (F) at least. @return their number. */
int32_t tp_layout_features(const struct tp_layout *layout, int32_t tower, int32_t *features);

/* A run of columns that goes from one part into the whole. */
struct tp_segment {
    int32_t part;     /* it comes from */
    int32_t from, to; /* first column there and in the whole */
    int32_t columns;
    bool add; /* to what stands there: the second and further partial sums of row shards */
};

/* How rows that arrive in parts make whole rows. Segments are in the order of the parts. */
struct tp_weave {
    /* (part_count + 1) columns of all parts before: part p is first[p + 1] - first[p] wide */
    int32_t *first;
    int32_t part_count;
    int32_t width;               /* columns of a whole row */
    struct tp_segment *segments; /* (segment_count) */
    int32_t segment_count;
};

/* Each rank's looked up values -> all features, in the order of the model: the exchange of flat.
 * @param weave  out; to be released also on failure. @return TP_ENOMEM. */
enum tp_status tp_weave_flat(
    const struct tp_layout *layout, struct tp_weave *weave, struct tp_error *err);

/* Looked up values of the ranks of a tower -> its features, in the order of the model. */
enum tp_status tp_weave_tower(
    const struct tp_layout *layout, int32_t tower, struct tp_weave *weave, struct tp_error *err);

/* Each tower's features -> all features, in the order of the model. */
enum tp_status tp_weave_peers(
    const struct tp_layout *layout, struct tp_weave *weave, struct tp_error *err);

/* What each tower's module puts out -> these side by side.
 * @param widths  (T) */
enum tp_status tp_weave_modules(const struct tp_layout *layout, const int32_t *widths,
    struct tp_weave *weave, struct tp_error *err);

void tp_weave_release(struct tp_weave *weave);

/* Which node each rank really runs on, against the plan's hosts.
 * @param node  (G) any number per node. @param names  (G) of the rank's node.
 * @return TP_EINPUT when ranks of one host are on different nodes. */
enum tp_status tp_layout_check_nodes(const struct tp_topology *topology, const int32_t *node,
    const char *const *names, struct tp_error *err);

#endif
