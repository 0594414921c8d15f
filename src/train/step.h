/* SPDX-License-Identifier: Apache-2.0 */
/* One rank's part of the model, and one training step of it.
 *
 * Order of a step, as the phases of docs/cost-model.md: the ids are there; lookup; embeddings to
 * the samples, in dmt through the tower modules; bottom MLP; over-arch; loss; and all the way back;
 * then the optimizers. The ids of the next step are exchanged meanwhile. The gradient of the loss
 * carries 1/B, so sums over ranks are complete: tower modules over their tower, whose ranks see all
 * samples between them, the rest over all. */
#ifndef TP_TRAIN_STEP_H
#define TP_TRAIN_STEP_H

#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/model.h>
#include <towerpart/placement.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

#include "data/samples.h"
#include "train/clock.h"
#include "train/comm.h"
#include "train/dense_optimizer.h"
#include "train/embedding.h"
#include "train/exchange.h"
#include "train/ids.h"
#include "train/layout.h"
#include "train/over_arch.h"
#include "train/tower_module.h"

struct tp_trainer_options {
    enum tp_mode mode;
    struct tp_learning dense; /* sgd, adagrad or adam */
    double sparse_rate;       /* the optimizer of tables is the model's */
    uint64_t seed;
};

struct tp_trainer {
    struct tp_trainer_options options;
    struct tp_comm *comm; /* borrowed */
    struct tp_layout layout;
    struct tp_ids *ids[2]; /* of this step and of the next, in turn */
    int turn;              /* which of them is this step's */
    struct tp_bags bags;
    struct tp_ids_load load; /* of the step */
    struct tp_embeddings embeddings;
    struct tp_leg outer, inner; /* inner: inside the tower, if by towers */
    bool by_towers;
    struct tp_tower_layer *module; /* NULL: none */
    struct tp_over_arch *over_arch;
    struct tp_dense_optimizer module_optimizer, over_optimizer;
    tp_real *looked_up; /* (B, O_r), then its gradient */
    tp_real *tower_in;  /* (T * b, features of the tower) if by towers */
    tp_real *
        tower_out; /* (T * b, outputs of the module), then its gradient; without one it is tower_in */
    tp_real *d_tower_in; /* (T * b, features of the tower); without a module it is tower_in */
    tp_real *pooled;     /* (b, width) what the over-arch gets */
    tp_real *d_pooled;   /* (b, width) */
    tp_real *sum_scratch;
    struct tp_clock clock;
};

/* @param model, topology, placement, comm  borrowed until tp_trainer_release(); comm is divided
 * already.
 * @param trainer  out; to be released also on failure.
 * @return TP_EINPUT for tables that are not float32; TP_ENOMEM. */
enum tp_status tp_trainer_init(struct tp_trainer *trainer, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement, struct tp_comm *comm,
    const struct tp_trainer_options *options, struct tp_error *err);
void tp_trainer_release(struct tp_trainer *trainer);

/* Starts the exchange of the ids of the first batch. */
enum tp_status tp_trainer_begin(
    struct tp_trainer *trainer, const struct tp_batch *first, struct tp_error *err);

/* One step on the batch that was begun or was the last step's `next`.
 * @param step   from 1. @param next  of the next step; NULL: there is none.
 * @param loss   out: sum over this rank's samples. */
enum tp_status tp_trainer_step(struct tp_trainer *trainer, int64_t step,
    const struct tp_batch *batch, const struct tp_batch *next, double *loss, struct tp_error *err);

/* The forward half. @param logits  out, valid until the next call. */
enum tp_status tp_trainer_predict(struct tp_trainer *trainer, const struct tp_batch *batch,
    const struct tp_batch *next, const tp_real **logits, struct tp_error *err);

/* Only as far as the embeddings of this rank's samples, which go the way of flat.
 * @param leg  a flat one. @param pooled  out, (b, all features). */
enum tp_status tp_trainer_embed(struct tp_trainer *trainer, struct tp_leg *leg,
    const struct tp_batch *next, tp_real *pooled, struct tp_error *err);

#endif
