/* SPDX-License-Identifier: Apache-2.0 */
/* Low-rank cross layers, one behind the other (Wang et al. 2021, doi:10.1145/3442381.3450078):
 *   x_(l+1) = x_0 * (W_l (V_l x_l) + b_l) + x_l
 * V (rank, width), W (width, rank), * value by value. */
#ifndef TP_TRAIN_CROSS_H
#define TP_TRAIN_CROSS_H

#include "train/linear.h"
#include "train/mlp.h"

struct tp_cross_layer {
    size_t v;            /* where its values begin in the parameters */
    struct tp_linear up; /* W and b */
    tp_real *hidden;     /* (samples, rank) V x_l */
    tp_real *factors;    /* (samples, width) W V x_l + b */
    tp_real *outputs;    /* (samples, width) x_(l+1) */
};

struct tp_cross {
    struct tp_cross_layer *layers; /* (layer_count) */
    int32_t layer_count, width, rank;
    tp_real *d_first;   /* (TP_BLOCK_SAMPLES, width) gradient of x_0 where it is a factor */
    tp_real *d_factors; /* (TP_BLOCK_SAMPLES, width) */
    tp_real *d_hidden;  /* (TP_BLOCK_SAMPLES, rank) */
};

/* Adds one layer with the tensors <name>.v, .w, .bias.
 * @param cross  all zero but for width and rank; to be released also on failure.
 * @return TP_ENOMEM. */
enum tp_status tp_cross_add(struct tp_cross *cross, struct tp_parameters *parameters,
    const char *name, int32_t samples, struct tp_error *err);
void tp_cross_release(struct tp_cross *cross);

/* What comes out for a block: (block.count, width); x_0 itself without layers. */
struct tp_rows tp_cross_outputs(
    const struct tp_cross *cross, struct tp_block block, struct tp_rows x_0);

/* @param x_0  (block.count, width) of the block. */
void tp_cross_forward(struct tp_cross *cross, const struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x_0);

/* @param d  (block.count, width) of what came out; becomes that of x_0.
 * Adds to the gradients of the parameters. */
void tp_cross_backward(struct tp_cross *cross, struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x_0, struct tp_rows_out d);

#endif
