/* SPDX-License-Identifier: Apache-2.0 */
/* The dense part: what a sample's dense values and embeddings come to, and back.
 *
 * Letters as in the header; M = V + 1 with dense features, else V, vectors that interact.
 * Forward, block by block of samples: the vectors stand side by side (n, M N), the bottom's
 * first, the others projected or copied; the interaction makes the inputs of the top MLP of
 * them. Backward the same way back; gradients exist for one block at a time, but for that of the
 * bottom's vector, which waits for its own phase. Each rank works on its own samples with this
 * alone; gradients of parameters are summed in the order of the samples, block by block. Cost:
 * the flops of cost/load.c, twice that backward. */
#include "train/over_arch.h"

#include "base/fail.h"
#include "base/memory.h"
#include "train/cross.h"
#include "train/dots.h"
#include "train/mlp.h"
#include "train/projection.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tp_over_arch {
    enum tp_interaction interaction;
    int32_t dense_features, common, vectors; /* N, M */
    int32_t top_inputs;
    int32_t n; /* of the last forward */
    struct tp_parameters parameters;
    struct tp_mlp_layers bottom, top;
    struct tp_projections projections;
    struct tp_dots dots;
    struct tp_cross cross;
    const tp_real *embeddings; /* of the last forward; borrowed */
    tp_real *dense;            /* (samples, dense_features) */
    tp_real *joined;           /* (samples, M N) all vectors */
    tp_real *interactions;     /* dlrm: (samples, top_inputs) */
    tp_real *d_logits;         /* (samples) */
    tp_real *d_bottom;         /* (samples, N) */
    tp_real *d_interactions;   /* (TP_BLOCK_SAMPLES, top_inputs) */
    tp_real *d_joined;         /* (TP_BLOCK_SAMPLES, M N) */
};

static int32_t joined_width(const struct tp_over_arch *o)
{
    return o->vectors * o->common;
}

static enum tp_status new_rows(
    int32_t rows, int32_t columns, tp_real **values, struct tp_error *err)
{
    *values = tp_rows_new(rows, columns);
    return *values ? TP_OK : tp_fail_memory(err);
}

static enum tp_status add_bottom(
    struct tp_over_arch *o, const struct tp_model *model, int32_t samples, struct tp_error *err)
{
    if (!o->dense_features)
        return TP_OK;
    struct tp_mlp widths = model->bottom_mlp;
    widths.width[widths.layer_count - 1] = o->common;
    enum tp_status status = tp_mlp_init(
        &o->bottom, &o->parameters, "bottom_mlp", o->dense_features, &widths, true, samples, err);
    if (!status)
        status = new_rows(samples, o->dense_features, &o->dense, err);
    if (!status)
        status = new_rows(samples, o->common, &o->d_bottom, err);
    return status;
}

static enum tp_status add_interaction(
    struct tp_over_arch *o, const struct tp_model *model, int32_t samples, struct tp_error *err)
{
    enum tp_status status = new_rows(samples, joined_width(o), &o->joined, err);
    if (!status)
        status = new_rows(TP_BLOCK_SAMPLES, joined_width(o), &o->d_joined, err);
    if (o->interaction == TP_DLRM) {
        if (!status && !tp_dots_init(&o->dots, o->vectors, o->common))
            status = tp_fail_memory(err);
        o->top_inputs = o->dots.count + (o->dense_features ? o->common : 0);
        if (!status)
            status = new_rows(samples, o->top_inputs, &o->interactions, err);
        if (!status)
            status = new_rows(TP_BLOCK_SAMPLES, o->top_inputs, &o->d_interactions, err);
        return status;
    }
    o->top_inputs = joined_width(o);
    o->cross = (struct tp_cross){.width = o->top_inputs, .rank = model->cross_rank};
    for (int32_t l = 0; !status && l < model->cross_layers; l++) {
        char name[TP_TENSOR_NAME_BYTES];
        snprintf(name, sizeof name, "cross.%d", (int)l);
        status = tp_cross_add(&o->cross, &o->parameters, name, samples, err);
    }
    return status;
}

static enum tp_status build(struct tp_over_arch *o, const struct tp_model *model,
    const struct tp_over_input *input, int32_t samples, uint64_t seed, struct tp_error *err)
{
    enum tp_status status = add_bottom(o, model, samples, err);
    if (!status)
        status = tp_projections_init(&o->projections, &o->parameters, "", input->vector_count,
            input->widths, input->names, input->common, err);
    if (!status)
        status = add_interaction(o, model, samples, err);
    if (!status)
        status = tp_mlp_init(&o->top, &o->parameters, "top_mlp", o->top_inputs, &model->top_mlp,
            false, samples, err);
    if (!status)
        status = new_rows(samples, 1, &o->d_logits, err);
    return status ? status : tp_parameters_init(&o->parameters, seed, err);
}

/* Whether a sample's rows can be counted: vectors side by side, before and after projection, and
 * dots. */
static enum tp_status check_widths(
    const struct tp_model *model, const struct tp_over_input *input, struct tp_error *err)
{
    int64_t vectors = (int64_t)input->vector_count + (model->dense_features ? 1 : 0), width = 0;
    int64_t widest = vectors * input->common;
    for (int32_t i = 0; i < input->vector_count; i++)
        width += input->widths[i];
    widest = width > widest ? width : widest;
    if (model->interaction == TP_DLRM && vectors * (vectors - 1) / 2 + input->common > widest)
        widest = vectors * (vectors - 1) / 2 + input->common;
    if (widest <= TP_ROW_MAX)
        return TP_OK;
    return tp_fail(err, TP_EINPUT,
        "model %s: interaction of %lld vectors of width %d: found %lld values per sample, expected "
        "at most 2^30",
        model->name, (long long)vectors, (int)input->common, (long long)widest);
}

enum tp_status tp_over_arch_new(const struct tp_model *model, const struct tp_over_input *input,
    int32_t samples, uint64_t seed, struct tp_over_arch **over_arch, struct tp_error *err)
{
    enum tp_status status = check_widths(model, input, err);
    struct tp_over_arch *o = status ? NULL : TP_NEW(1, struct tp_over_arch);
    if (!o)
        return status ? status : tp_fail_memory(err);
    o->interaction = model->interaction;
    o->dense_features = model->dense_features;
    o->common = input->common;
    o->vectors = input->vector_count + (model->dense_features ? 1 : 0);
    status = build(o, model, input, samples, seed, err);
    if (status)
        tp_over_arch_free(o);
    else
        *over_arch = o;
    return status;
}

void tp_over_arch_free(struct tp_over_arch *o)
{
    if (!o)
        return;
    tp_mlp_release(&o->bottom);
    tp_mlp_release(&o->top);
    tp_projections_release(&o->projections);
    tp_dots_release(&o->dots);
    tp_cross_release(&o->cross);
    free(o->dense);
    free(o->joined);
    free(o->interactions);
    free(o->d_logits);
    free(o->d_bottom);
    free(o->d_interactions);
    free(o->d_joined);
    tp_parameters_release(&o->parameters);
    free(o);
}

struct tp_parameters *tp_over_arch_parameters(struct tp_over_arch *o)
{
    return &o->parameters;
}

int32_t tp_over_arch_width(const struct tp_over_arch *o)
{
    return o->projections.width;
}

void tp_over_arch_bottom(struct tp_over_arch *o, const float *dense, int32_t n)
{
    size_t count = (size_t)n * (size_t)o->dense_features;
    for (size_t i = 0; i < count; i++)
        o->dense[i] = (tp_real)dense[i];
    for (int32_t first = 0; first < n; first += TP_BLOCK_SAMPLES) {
        struct tp_block block = tp_block_at(first, n);
        tp_mlp_forward(
            &o->bottom, &o->parameters, block, tp_rows_of(o->dense, o->dense_features, block));
    }
}

/* Vectors of the features within a row of all vectors. */
static struct tp_rows_out features_of(const struct tp_over_arch *o, struct tp_rows_out joined)
{
    joined.values += o->dense_features ? o->common : 0;
    return joined;
}

static void join(struct tp_over_arch *o, struct tp_block block, struct tp_rows_out joined)
{
    int32_t width = o->projections.width;
    struct tp_rows x = {o->embeddings + (size_t)block.first * (size_t)width, width};
    if (o->dense_features)
        tp_rows_copy(block.count, o->common,
            tp_rows_of(tp_mlp_outputs(&o->bottom), o->common, block), joined);
    tp_projections_forward(&o->projections, &o->parameters, block.count, x, features_of(o, joined));
}

/* @return the inputs of the top MLP. */
static struct tp_rows interact(struct tp_over_arch *o, struct tp_block block, struct tp_rows joined)
{
    if (o->interaction == TP_DCN) {
        tp_cross_forward(&o->cross, &o->parameters, block, joined);
        return tp_cross_outputs(&o->cross, block, joined);
    }
    struct tp_rows_out out = tp_rows_out_of(o->interactions, o->top_inputs, block);
    struct tp_rows_out dots = out;
    if (o->dense_features) {
        tp_rows_copy(block.count, o->common, joined, out);
        dots.values += o->common;
    }
    tp_dots_forward(&o->dots, block.count, joined, dots);
    return tp_rows_in(out);
}

const tp_real *tp_over_arch_forward(struct tp_over_arch *o, const tp_real *embeddings, int32_t n)
{
    o->embeddings = embeddings;
    o->n = n;
    for (int32_t first = 0; first < n; first += TP_BLOCK_SAMPLES) {
        struct tp_block block = tp_block_at(first, n);
        struct tp_rows_out joined = tp_rows_out_of(o->joined, joined_width(o), block);
        join(o, block, joined);
        struct tp_rows x = interact(o, block, tp_rows_in(joined));
        tp_mlp_forward(&o->top, &o->parameters, block, x);
    }
    return tp_mlp_outputs(&o->top);
}

double tp_over_arch_loss(struct tp_over_arch *o, const float *labels, double scale)
{
    const tp_real *logits = tp_mlp_outputs(&o->top);
    double sum = 0;
    for (int32_t s = 0; s < o->n; s++) {
        double z = (double)logits[s], y = (double)labels[s];
        double small = exp(-fabs(z)); /* never overflows */
        double probability = z >= 0 ? 1 / (1 + small) : small / (1 + small);
        sum += fmax(z, 0) - z * y + log1p(small);
        o->d_logits[s] = (tp_real)((probability - y) * scale);
    }
    return sum;
}

/* Backward through the interaction: from d_interactions, or in place, to d_joined. */
static void interact_backward(struct tp_over_arch *o, struct tp_block block, struct tp_rows joined)
{
    struct tp_rows_out d_joined = {o->d_joined, joined_width(o)};
    if (o->interaction == TP_DCN) {
        tp_cross_backward(&o->cross, &o->parameters, block, joined, d_joined);
        return;
    }
    struct tp_rows d = {o->d_interactions, o->top_inputs}, d_dots = d;
    d_dots.values += o->dense_features ? o->common : 0;
    tp_dots_backward(&o->dots, block.count, joined, d_dots, d_joined);
    for (int32_t s = 0; o->dense_features && s < block.count; s++) {
        const tp_real *from = tp_row(d, s);
        tp_real *to = tp_row_out(d_joined, s);
        for (int32_t i = 0; i < o->common; i++)
            to[i] += from[i]; /* the bottom's vector passed by */
    }
}

/* Backward of join(). */
static void part(struct tp_over_arch *o, struct tp_block block, tp_real *d_embeddings)
{
    int32_t width = o->projections.width;
    struct tp_rows x = {o->embeddings + (size_t)block.first * (size_t)width, width};
    struct tp_rows_out d_joined = {o->d_joined, joined_width(o)};
    if (o->dense_features)
        tp_rows_copy(block.count, o->common, tp_rows_in(d_joined),
            tp_rows_out_of(o->d_bottom, o->common, block));
    tp_projections_backward(&o->projections, &o->parameters, block.count, x,
        tp_rows_in(features_of(o, d_joined)), tp_rows_out_of(d_embeddings, width, block));
}

void tp_over_arch_backward(struct tp_over_arch *o, tp_real *d_embeddings)
{
    bool dcn = o->interaction == TP_DCN;
    memset(o->parameters.gradients, 0, o->parameters.count * sizeof *o->parameters.gradients);
    for (int32_t first = 0; first < o->n; first += TP_BLOCK_SAMPLES) {
        struct tp_block block = tp_block_at(first, o->n);
        struct tp_rows joined = tp_rows_of(o->joined, joined_width(o), block);
        struct tp_rows x = dcn ? tp_cross_outputs(&o->cross, block, joined)
                               : tp_rows_of(o->interactions, o->top_inputs, block);
        struct tp_rows_out d_x = {dcn ? o->d_joined : o->d_interactions, o->top_inputs};
        memcpy(tp_mlp_output_gradients(&o->top), o->d_logits + first,
            (size_t)block.count * sizeof *o->d_logits);
        tp_mlp_backward(&o->top, &o->parameters, block, x, d_x);
        interact_backward(o, block, joined);
        part(o, block, d_embeddings);
    }
}

void tp_over_arch_bottom_backward(struct tp_over_arch *o)
{
    struct tp_rows_out none = {0};
    for (int32_t first = 0; first < o->n; first += TP_BLOCK_SAMPLES) {
        struct tp_block block = tp_block_at(first, o->n);
        memcpy(tp_mlp_output_gradients(&o->bottom),
            tp_rows_out_of(o->d_bottom, o->common, block).values,
            (size_t)block.count * (size_t)o->common * sizeof *o->d_bottom);
        tp_mlp_backward(&o->bottom, &o->parameters, block,
            tp_rows_of(o->dense, o->dense_features, block), none);
    }
}
