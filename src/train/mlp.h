/* SPDX-License-Identifier: Apache-2.0 */
/* Linear layers one behind the other, with ReLU behind each but possibly the last.
 *
 * A batch is worked through in blocks of samples, which stay in a core's cache while they pass
 * all layers. Outputs of all layers are kept for the backward pass. */
#ifndef TP_TRAIN_MLP_H
#define TP_TRAIN_MLP_H

#include <towerpart/model.h>

#include "train/linear.h"

struct tp_mlp_layers {
    struct tp_linear layers[TP_MLP_LAYERS_MAX];
    tp_real *outputs[TP_MLP_LAYERS_MAX]; /* (samples, width) */
    int32_t layer_count;
    bool last_relu;
    tp_real *gradients[2]; /* (TP_BLOCK_SAMPLES, widest) of the outputs of two layers in turn */
};

/* Adds the tensors <name>.<i>.weight, .bias.
 * @param mlp      all zero; to be released also on failure. @param samples  of a batch at most. */
enum tp_status tp_mlp_init(struct tp_mlp_layers *mlp, struct tp_parameters *parameters,
    const char *name, int32_t inputs, const struct tp_mlp *widths, bool last_relu, int32_t samples,
    struct tp_error *err);
void tp_mlp_release(struct tp_mlp_layers *mlp);

/* Of the last layer: all samples of the batch, and (block, width) gradients to be filled in
 * before the backward pass, which overwrites them. */
tp_real *tp_mlp_outputs(const struct tp_mlp_layers *mlp);
tp_real *tp_mlp_output_gradients(const struct tp_mlp_layers *mlp);

/* @param x  (block.count, inputs) of the block. */
void tp_mlp_forward(struct tp_mlp_layers *mlp, const struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x);

/* @param dx  out, (block.count, inputs); values NULL: not wanted. Adds to the gradients of the
 *            parameters. */
void tp_mlp_backward(struct tp_mlp_layers *mlp, struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x, struct tp_rows_out dx);

#endif
