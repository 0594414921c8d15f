/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of dense parameters: sgd, adagrad (Duchi et al. 2011), adam (Kingma & Ba 2015, arXiv
 * 1412.6980). */
#ifndef TP_TRAIN_DENSE_OPTIMIZER_H
#define TP_TRAIN_DENSE_OPTIMIZER_H

#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

#include "train/parameters.h"
#include "train/real.h"

/* What both kinds of optimizers need to know. */
struct tp_learning {
    enum tp_optimizer kind;
    double rate;
};

#define TP_ADAGRAD_EPSILON 1e-10
#define TP_ROWWISE_EPSILON 1e-8
#define TP_ADAM_EPSILON 1e-8
#define TP_ADAM_BETA1 0.9
#define TP_ADAM_BETA2 0.999

struct tp_dense_optimizer {
    struct tp_learning learning; /* not rowwise_adagrad */
    size_t count;
    size_t
        state_count; /* 0 (sgd), count (adagrad) or 2 * count (adam: first moments, then second) */
    tp_real *state;
};

/* @return TP_ENOMEM. */
enum tp_status tp_dense_optimizer_init(struct tp_dense_optimizer *optimizer,
    struct tp_learning learning, size_t count, struct tp_error *err);
void tp_dense_optimizer_release(struct tp_dense_optimizer *optimizer);

/* @param step  from 1, for adam's bias correction. */
void tp_dense_optimizer_step(
    struct tp_dense_optimizer *optimizer, struct tp_parameters *parameters, int64_t step);

#endif
