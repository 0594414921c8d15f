/* SPDX-License-Identifier: Apache-2.0 */
/* Low-rank cross layers, forward and backward over a block of samples.
 *
 * With u = W V x_l + b and d the gradient of x_(l+1) = x_0 * u + x_l:
 *   of u   d * x_0, and from there those of b, W, V and, through them, of x_l
 *   of x_l also d itself
 *   of x_0 d * u, summed over layers, and that of x_l at l = 0
 * u is kept from the forward pass. What is done value by value takes one pass per direction. Cost:
 * 4 n width rank flops a layer forward, twice that backward. */
#include "train/cross.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/clones.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the backward pass; the same for all layers. */
static bool add_scratch(struct tp_cross *cross)
{
    if (!cross->d_first) {
        cross->d_first = tp_rows_new(TP_BLOCK_SAMPLES, cross->width);
        cross->d_factors = tp_rows_new(TP_BLOCK_SAMPLES, cross->width);
        cross->d_hidden = tp_rows_new(TP_BLOCK_SAMPLES, cross->rank);
    }
    return cross->d_first && cross->d_factors && cross->d_hidden;
}

static enum tp_status add_tensors(const struct tp_cross *cross, struct tp_cross_layer *layer,
    struct tp_parameters *parameters, const char *name, struct tp_error *err)
{
    char tensor[TP_TENSOR_NAME_BYTES];
    double bound = tp_linear_bound(cross->rank);
    layer->up.inputs = cross->rank;
    layer->up.outputs = cross->width;
    snprintf(tensor, sizeof tensor, "%s.v", name);
    enum tp_status status = tp_parameters_add(parameters, tensor, cross->rank, cross->width,
        tp_linear_bound(cross->width), &layer->v, err);
    snprintf(tensor, sizeof tensor, "%s.w", name);
    if (!status)
        status = tp_parameters_add(
            parameters, tensor, cross->width, cross->rank, bound, &layer->up.weight, err);
    snprintf(tensor, sizeof tensor, "%s.bias", name);
    if (!status)
        status =
            tp_parameters_add(parameters, tensor, 1, cross->width, bound, &layer->up.bias, err);
    return status;
}

enum tp_status tp_cross_add(struct tp_cross *cross, struct tp_parameters *parameters,
    const char *name, int32_t samples, struct tp_error *err)
{
    struct tp_cross_layer *layers =
        tp_resize(cross->layers, (size_t)cross->layer_count + 1, sizeof *layers);
    if (!layers)
        return tp_fail_memory(err);
    cross->layers = layers;
    struct tp_cross_layer *layer = &layers[cross->layer_count++];
    *layer = (struct tp_cross_layer){
        .hidden = tp_rows_new(samples, cross->rank),
        .factors = tp_rows_new(samples, cross->width),
        .outputs = tp_rows_new(samples, cross->width),
    };
    if (!layer->hidden || !layer->factors || !layer->outputs || !add_scratch(cross))
        return tp_fail_memory(err);
    return add_tensors(cross, layer, parameters, name, err);
}

void tp_cross_release(struct tp_cross *cross)
{
    for (int32_t l = 0; l < cross->layer_count; l++) {
        free(cross->layers[l].hidden);
        free(cross->layers[l].factors);
        free(cross->layers[l].outputs);
    }
    free(cross->layers);
    free(cross->d_first);
    free(cross->d_factors);
    free(cross->d_hidden);
    *cross = (struct tp_cross){0};
}

/* x_l */
static struct tp_rows inputs_of(
    const struct tp_cross *cross, int32_t l, struct tp_block block, struct tp_rows x_0)
{
    return l ? tp_rows_in(tp_rows_out_of(cross->layers[l - 1].outputs, cross->width, block)) : x_0;
}

struct tp_rows tp_cross_outputs(
    const struct tp_cross *cross, struct tp_block block, struct tp_rows x_0)
{
    return inputs_of(cross, cross->layer_count, block, x_0);
}

/* y = x_0 * u + x */
TP_CLONES
static void cross_rows(int32_t n, int32_t width, struct tp_rows x_0, struct tp_rows x,
    struct tp_rows u, struct tp_rows_out y)
{
    for (int32_t s = 0; s < n; s++) {
        const tp_real *restrict a = tp_row(x_0, s), *restrict b = tp_row(u, s);
        const tp_real *restrict c = tp_row(x, s);
        tp_real *restrict row = tp_row_out(y, s);
        for (int32_t i = 0; i < width; i++)
            row[i] = a[i] * b[i] + c[i];
    }
}

void tp_cross_forward(struct tp_cross *cross, const struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x_0)
{
    int32_t n = block.count, width = cross->width;
    for (int32_t l = 0; l < cross->layer_count; l++) {
        struct tp_cross_layer *layer = &cross->layers[l];
        struct tp_rows x = inputs_of(cross, l, block, x_0);
        struct tp_rows v = {parameters->values + layer->v, width};
        struct tp_rows_out hidden = tp_rows_out_of(layer->hidden, cross->rank, block);
        struct tp_rows_out u = tp_rows_out_of(layer->factors, width, block);
        struct tp_rows_out y = tp_rows_out_of(layer->outputs, width, block);
        tp_gemm(TP_A_BT, n, cross->rank, width, x, v, false, hidden);
        tp_linear_forward(&layer->up, parameters, n, tp_rows_in(hidden), false, u);
        cross_rows(n, width, x_0, x, tp_rows_in(u), y);
    }
}

/* d_u = d * x_0, d_0 += d * u */
TP_CLONES
static void uncross_rows(int32_t n, int32_t width, struct tp_rows x_0, struct tp_rows u,
    struct tp_rows d, struct tp_rows_out d_u, struct tp_rows_out d_0)
{
    for (int32_t s = 0; s < n; s++) {
        const tp_real *restrict a = tp_row(x_0, s), *restrict b = tp_row(u, s);
        const tp_real *restrict c = tp_row(d, s);
        tp_real *restrict to_u = tp_row_out(d_u, s), *restrict to_0 = tp_row_out(d_0, s);
        for (int32_t i = 0; i < width; i++) {
            to_u[i] = c[i] * a[i];
            to_0[i] += c[i] * b[i];
        }
    }
}

TP_CLONES
static void add_rows(int32_t n, int32_t width, struct tp_rows more, struct tp_rows_out rows)
{
    for (int32_t s = 0; s < n; s++) {
        const tp_real *restrict from = tp_row(more, s);
        tp_real *restrict to = tp_row_out(rows, s);
        for (int32_t i = 0; i < width; i++)
            to[i] += from[i];
    }
}

static void layer_backward(struct tp_cross *cross, int32_t l, struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x_0, struct tp_rows_out d)
{
    int32_t n = block.count, width = cross->width;
    struct tp_cross_layer *layer = &cross->layers[l];
    struct tp_rows x = inputs_of(cross, l, block, x_0);
    struct tp_rows u = tp_rows_of(layer->factors, width, block);
    struct tp_rows hidden = tp_rows_of(layer->hidden, cross->rank, block);
    struct tp_rows v = {parameters->values + layer->v, width};
    struct tp_rows_out d_v = {parameters->gradients + layer->v, width};
    struct tp_rows_out d_hidden = {cross->d_hidden, cross->rank};
    struct tp_rows_out d_u = {cross->d_factors, width}, d_0 = {cross->d_first, width};
    uncross_rows(n, width, x_0, u, tp_rows_in(d), d_u, d_0);
    tp_linear_backward_bias(&layer->up, parameters, n, tp_rows_in(d_u));
    tp_linear_backward_weight(&layer->up, parameters, n, hidden, tp_rows_in(d_u));
    tp_linear_backward_input(&layer->up, parameters, n, tp_rows_in(d_u), false, d_hidden);
    tp_gemm(TP_AT_B, cross->rank, width, n, tp_rows_in(d_hidden), x, true, d_v);
    tp_gemm(TP_A_B, n, width, cross->rank, tp_rows_in(d_hidden), v, true, d);
}

void tp_cross_backward(struct tp_cross *cross, struct tp_parameters *parameters,
    struct tp_block block, struct tp_rows x_0, struct tp_rows_out d)
{
    int32_t width = cross->width;
    if (!cross->layer_count)
        return;
    memset(cross->d_first, 0, (size_t)block.count * (size_t)width * sizeof(tp_real));
    for (int32_t l = cross->layer_count - 1; l >= 0; l--)
        layer_backward(cross, l, parameters, block, x_0, d);
    add_rows(block.count, width, (struct tp_rows){cross->d_first, width}, d);
}
