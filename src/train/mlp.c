/* SPDX-License-Identifier: Apache-2.0 */
/* MLPs: linear layers and ReLU, forward and backward over a block of samples.
 *
 * Backward, from the last layer to the first: mask and gradient of the bias in one pass, then
 * the gradient of the weight and that of the input, two products. Only the gradients of two
 * layers' outputs exist at a time, for one block. Gradients of parameters are summed over blocks
 * in the order of the samples. */
#include "train/mlp.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

static enum tp_status add_layer(struct tp_mlp_layers *mlp, struct tp_parameters *parameters,
    const char *name, int32_t inputs, int32_t outputs, int32_t samples, struct tp_error *err)
{
    char layer[TP_TENSOR_NAME_BYTES];
    int32_t i = mlp->layer_count++;
    snprintf(layer, sizeof layer, "%s.%d", name, (int)i);
    enum tp_status status =
        tp_linear_init(&mlp->layers[i], parameters, layer, inputs, outputs, 1, err);
    if (status)
        return status;
    mlp->outputs[i] = tp_rows_new(samples, outputs);
    return mlp->outputs[i] ? TP_OK : tp_fail_memory(err);
}

enum tp_status tp_mlp_init(struct tp_mlp_layers *mlp, struct tp_parameters *parameters,
    const char *name, int32_t inputs, const struct tp_mlp *widths, bool last_relu, int32_t samples,
    struct tp_error *err)
{
    enum tp_status status = TP_OK;
    int32_t widest = 0;
    mlp->last_relu = last_relu;
    for (int32_t i = 0; !status && i < widths->layer_count; i++) {
        int32_t width = widths->width[i];
        status = add_layer(mlp, parameters, name, inputs, width, samples, err);
        widest = width > widest ? width : widest;
        inputs = width;
    }
    for (int i = 0; !status && i < 2; i++) {
        mlp->gradients[i] = tp_rows_new(TP_BLOCK_SAMPLES, widest);
        status = mlp->gradients[i] ? TP_OK : tp_fail_memory(err);
    }
    return status;
}

void tp_mlp_release(struct tp_mlp_layers *mlp)
{
    for (int32_t i = 0; i < mlp->layer_count; i++)
        free(mlp->outputs[i]);
    free(mlp->gradients[0]);
    free(mlp->gradients[1]);
    *mlp = (struct tp_mlp_layers){0};
}

tp_real *tp_mlp_outputs(const struct tp_mlp_layers *mlp)
{
    return mlp->outputs[mlp->layer_count - 1];
}

/* Layer i's are in one of the two buffers. */
static struct tp_rows_out gradients_of(const struct tp_mlp_layers *mlp, int32_t i)
{
    return (struct tp_rows_out){mlp->gradients[i % 2], mlp->layers[i].outputs};
}

tp_real *tp_mlp_output_gradients(const struct tp_mlp_layers *mlp)
{
    return gradients_of(mlp, mlp->layer_count - 1).values;
}

/* The block's rows of what a layer puts out. */
static struct tp_rows_out outputs_of(
    const struct tp_mlp_layers *mlp, int32_t i, struct tp_block block)
{
    int32_t width = mlp->layers[i].outputs;
    return tp_rows_out_of(mlp->outputs[i], width, block);
}

static bool has_relu(const struct tp_mlp_layers *mlp, int32_t i)
{
    return i + 1 < mlp->layer_count || mlp->last_relu;
}

void tp_mlp_forward(struct tp_mlp_layers *mlp, const struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x)
{
    for (int32_t i = 0; i < mlp->layer_count; i++) {
        struct tp_rows_out y = outputs_of(mlp, i, block);
        tp_linear_forward(&mlp->layers[i], parameters, block.count, x, has_relu(mlp, i), y);
        x = tp_rows_in(y);
    }
}

void tp_mlp_backward(struct tp_mlp_layers *mlp, struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x, struct tp_rows_out dx)
{
    for (int32_t i = mlp->layer_count - 1; i >= 0; i--) {
        const struct tp_linear *layer = &mlp->layers[i];
        struct tp_rows_out d = gradients_of(mlp, i);
        struct tp_rows y = tp_rows_in(outputs_of(mlp, i, block));
        struct tp_rows below = i ? tp_rows_in(outputs_of(mlp, i - 1, block)) : x;
        struct tp_rows_out d_below = i ? gradients_of(mlp, i - 1) : dx;
        if (has_relu(mlp, i))
            tp_linear_backward_relu(layer, parameters, block.count, y, d);
        else
            tp_linear_backward_bias(layer, parameters, block.count, tp_rows_in(d));
        tp_linear_backward_weight(layer, parameters, block.count, below, tp_rows_in(d));
        if (d_below.values)
            tp_linear_backward_input(layer, parameters, block.count, tp_rows_in(d), false, d_below);
    }
}
