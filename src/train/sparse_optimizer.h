/* SPDX-License-Identifier: Apache-2.0 */
/* What an optimizer does to one row of a shard. Rows that are not looked up are left alone. */
#ifndef TP_TRAIN_SPARSE_OPTIMIZER_H
#define TP_TRAIN_SPARSE_OPTIMIZER_H

#include <stdint.h>

#include "train/dense_optimizer.h"
#include "train/real.h"

/* The parts of a row's state: each has `tp_sparse_state_width()` values. */
int32_t tp_sparse_state_parts(enum tp_optimizer kind);                  /* 0, 1 or 2 */
int32_t tp_sparse_state_width(enum tp_optimizer kind, int32_t columns); /* 0, 1 or columns */

struct tp_sparse_step {
    enum tp_optimizer kind;
    tp_real rate; /* adam: with the bias correction of the step */
    int32_t columns;
};

/* @param step  of the whole model, from 1. */
struct tp_sparse_step tp_sparse_step_of(struct tp_learning learning, int64_t step, int32_t columns);

/* @param gradient  (columns), of the row. @param state, second  its state; NULL where there is no such part. */
void tp_sparse_step_row(const struct tp_sparse_step *step, const tp_real *gradient,
    tp_real *weights, tp_real *state, tp_real *second);

#endif
