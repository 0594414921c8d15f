/* SPDX-License-Identifier: Apache-2.0 */
/* Tower modules, forward and backward, block by block of samples.
 *
 * Letters as in the header. First the features stand side by side (n, N F_t), projected where
 * they are of another width, else copied. dlrm: one product for the p vectors, one for each
 * feature's c vectors, with rows that lie apart in the output, so nothing is moved afterwards.
 * dcn: a cross layer, then a linear one. Gradients of parameters are summed in the order of the
 * samples. Cost: tp_tower_flops() of cost/load.h a sample, twice that backward. */
#include "train/tower_module.h"

#include "base/fail.h"
#include "base/memory.h"
#include "spec/spec.h"
#include "train/cross.h"
#include "train/projection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tp_tower_layer {
    struct tp_tower_module module;
    int32_t features, common; /* F_t, N */
    int32_t outputs;
    int32_t n; /* of the last forward */
    struct tp_parameters parameters;
    struct tp_projections projections;
    struct tp_linear of_tower;   /* dlrm: the p vectors; dcn: what comes out */
    struct tp_linear of_feature; /* dlrm: the c vectors */
    struct tp_cross cross;       /* dcn */
    const tp_real *embeddings;   /* of the last forward; borrowed */
    tp_real *joined;             /* (samples, N F_t) */
    tp_real *d_joined;           /* (TP_BLOCK_SAMPLES, N F_t) */
};

int32_t tp_tower_layer_vectors(const struct tp_model *model, int32_t feature_count)
{
    const struct tp_tower_module *module = &model->tower_module;
    return module->kind == TP_MODULE_DCN ? 1 : module->c * feature_count + module->p;
}

static int32_t joined_width(const struct tp_tower_layer *layer)
{
    return layer->features * layer->common;
}

static enum tp_status add_dlrm(struct tp_tower_layer *layer, int32_t tower, struct tp_error *err)
{
    const struct tp_tower_module *module = &layer->module;
    char name[TP_TENSOR_NAME_BYTES];
    enum tp_status status = TP_OK;
    snprintf(name, sizeof name, "tower.%d.p", (int)tower);
    if (module->p)
        status = tp_linear_init(&layer->of_tower, &layer->parameters, name, joined_width(layer),
            module->p * module->dim, TP_KEEP_SIZE, err);
    snprintf(name, sizeof name, "tower.%d.c", (int)tower);
    if (!status && module->c)
        status = tp_linear_init(&layer->of_feature, &layer->parameters, name, layer->common,
            module->c * module->dim, TP_KEEP_SIZE, err);
    return status;
}

static enum tp_status add_dcn(
    struct tp_tower_layer *layer, int32_t tower, int32_t samples, struct tp_error *err)
{
    char name[TP_TENSOR_NAME_BYTES];
    snprintf(name, sizeof name, "tower.%d.cross", (int)tower);
    layer->cross = (struct tp_cross){.width = joined_width(layer), .rank = layer->module.rank};
    enum tp_status status = tp_cross_add(&layer->cross, &layer->parameters, name, samples, err);
    snprintf(name, sizeof name, "tower.%d.out", (int)tower);
    return status ? status
                  : tp_linear_init(&layer->of_tower, &layer->parameters, name, joined_width(layer),
                        layer->module.dim, TP_KEEP_SIZE, err);
}

static enum tp_status add_projections(struct tp_tower_layer *layer, const struct tp_model *model,
    const int32_t *features, int32_t tower, struct tp_error *err)
{
    int32_t count = layer->features;
    const char **names = TP_NEW(count, const char *);
    int32_t *widths = TP_NEW(count, int32_t);
    char prefix[TP_TENSOR_NAME_BYTES];
    enum tp_status status = names && widths ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; !status && i < count; i++) {
        const struct tp_feature *feature = &model->features[features[i]];
        names[i] = feature->name;
        widths[i] = model->tables[feature->table].dim;
    }
    snprintf(prefix, sizeof prefix, "tower.%d.", (int)tower);
    if (!status)
        status = tp_projections_init(&layer->projections, &layer->parameters, prefix, count, widths,
            names, layer->common, err);
    free(widths);
    free(names);
    return status;
}

static enum tp_status build(struct tp_tower_layer *layer, const struct tp_model *model,
    const int32_t *features, int32_t tower, int32_t samples, uint64_t seed, struct tp_error *err)
{
    enum tp_status status = add_projections(layer, model, features, tower, err);
    if (!status)
        status = layer->module.kind == TP_MODULE_DCN ? add_dcn(layer, tower, samples, err)
                                                     : add_dlrm(layer, tower, err);
    if (!status)
        status = tp_parameters_init(&layer->parameters, seed, err);
    if (status)
        return status;
    layer->joined = tp_rows_new(samples, joined_width(layer));
    layer->d_joined = tp_rows_new(TP_BLOCK_SAMPLES, joined_width(layer));
    return layer->joined && layer->d_joined ? TP_OK : tp_fail_memory(err);
}

/* Whether a sample's rows can be counted: features as they come, brought to one width, and what
 * comes out. */
static enum tp_status check_widths(const struct tp_model *model, const int32_t *features,
    int32_t feature_count, int32_t tower, struct tp_error *err)
{
    const struct tp_tower_module *module = &model->tower_module;
    int64_t inputs = 0, joined = (int64_t)feature_count * tp_model_common_dim(model);
    int64_t vectors =
        module->kind == TP_MODULE_DCN ? 1 : (int64_t)module->c * feature_count + module->p;
    for (int32_t i = 0; i < feature_count; i++)
        inputs += model->tables[model->features[features[i]].table].dim;
    int64_t widest = joined > inputs ? joined : inputs;
    if (vectors > TP_ROW_MAX / module->dim || widest > TP_ROW_MAX)
        return tp_fail(err, TP_EINPUT,
            "model %s: tower %d: found %lld values per sample in and %lld vectors of %d out, "
            "expected at most 2^30 values each",
            model->name, (int)tower, (long long)widest, (long long)vectors, (int)module->dim);
    return TP_OK;
}

enum tp_status tp_tower_layer_new(const struct tp_model *model, const int32_t *features,
    int32_t feature_count, int32_t tower, int32_t samples, uint64_t seed,
    struct tp_tower_layer **layer, struct tp_error *err)
{
    enum tp_status status = check_widths(model, features, feature_count, tower, err);
    struct tp_tower_layer *new = status ? NULL : TP_NEW(1, struct tp_tower_layer);
    if (!new)
        return status ? status : tp_fail_memory(err);
    new->module = model->tower_module;
    new->features = feature_count;
    new->common = tp_model_common_dim(model);
    new->outputs = tp_tower_layer_vectors(model, feature_count) * model->tower_module.dim;
    status = build(new, model, features, tower, samples, seed, err);
    if (status)
        tp_tower_layer_free(new);
    else
        *layer = new;
    return status;
}

void tp_tower_layer_free(struct tp_tower_layer *layer)
{
    if (!layer)
        return;
    tp_projections_release(&layer->projections);
    tp_cross_release(&layer->cross);
    free(layer->joined);
    free(layer->d_joined);
    tp_parameters_release(&layer->parameters);
    free(layer);
}

struct tp_parameters *tp_tower_layer_parameters(struct tp_tower_layer *layer)
{
    return &layer->parameters;
}

int32_t tp_tower_layer_inputs(const struct tp_tower_layer *layer)
{
    return layer->projections.width;
}

int32_t tp_tower_layer_outputs(const struct tp_tower_layer *layer)
{
    return layer->outputs;
}

/* First column of a feature's vectors in the output. */
static int32_t column_of_feature(const struct tp_tower_layer *layer, int32_t i)
{
    return (layer->module.p + layer->module.c * i) * layer->module.dim;
}

static void dlrm_forward(
    const struct tp_tower_layer *layer, int32_t n, struct tp_rows x, struct tp_rows_out out)
{
    if (layer->module.p)
        tp_linear_forward(&layer->of_tower, &layer->parameters, n, x, false, out);
    for (int32_t i = 0; layer->module.c && i < layer->features; i++)
        tp_linear_forward(&layer->of_feature, &layer->parameters, n,
            tp_rows_from(x, i * layer->common), false,
            tp_rows_out_from(out, column_of_feature(layer, i)));
}

static void dcn_forward(
    struct tp_tower_layer *layer, struct tp_block block, struct tp_rows x, struct tp_rows_out out)
{
    tp_cross_forward(&layer->cross, &layer->parameters, block, x);
    tp_linear_forward(&layer->of_tower, &layer->parameters, block.count,
        tp_cross_outputs(&layer->cross, block, x), false, out);
}

void tp_tower_layer_forward(
    struct tp_tower_layer *layer, const tp_real *embeddings, int32_t n, tp_real *out)
{
    layer->embeddings = embeddings;
    layer->n = n;
    for (int32_t first = 0; first < n; first += TP_BLOCK_SAMPLES) {
        struct tp_block block = tp_block_at(first, n);
        struct tp_rows_out joined = tp_rows_out_of(layer->joined, joined_width(layer), block);
        struct tp_rows_out y = tp_rows_out_of(out, layer->outputs, block);
        tp_projections_forward(&layer->projections, &layer->parameters, block.count,
            tp_rows_of(embeddings, layer->projections.width, block), joined);
        if (layer->module.kind == TP_MODULE_DCN)
            dcn_forward(layer, block, tp_rows_in(joined), y);
        else
            dlrm_forward(layer, block.count, tp_rows_in(joined), y);
    }
}

/* All of a linear layer's gradients. */
static void linear_backward(const struct tp_linear *linear, struct tp_parameters *parameters,
    int32_t n, struct tp_rows x, struct tp_rows d, bool add, struct tp_rows_out dx)
{
    tp_linear_backward_bias(linear, parameters, n, d);
    tp_linear_backward_weight(linear, parameters, n, x, d);
    tp_linear_backward_input(linear, parameters, n, d, add, dx);
}

static void dlrm_backward(struct tp_tower_layer *layer, int32_t n, struct tp_rows x,
    struct tp_rows d, struct tp_rows_out dx)
{
    bool has_p = layer->module.p > 0;
    if (has_p)
        linear_backward(&layer->of_tower, &layer->parameters, n, x, d, false, dx);
    for (int32_t i = 0; layer->module.c && i < layer->features; i++)
        linear_backward(&layer->of_feature, &layer->parameters, n,
            tp_rows_from(x, i * layer->common), tp_rows_from(d, column_of_feature(layer, i)), has_p,
            tp_rows_out_from(dx, i * layer->common));
}

static void dcn_backward(struct tp_tower_layer *layer, struct tp_block block, struct tp_rows x,
    struct tp_rows d, struct tp_rows_out dx)
{
    linear_backward(&layer->of_tower, &layer->parameters, block.count,
        tp_cross_outputs(&layer->cross, block, x), d, false, dx);
    tp_cross_backward(&layer->cross, &layer->parameters, block, x, dx);
}

void tp_tower_layer_backward(
    struct tp_tower_layer *layer, const tp_real *d_out, tp_real *d_embeddings)
{
    struct tp_parameters *parameters = &layer->parameters;
    int32_t width = joined_width(layer), inputs = layer->projections.width;
    struct tp_rows_out dx = {layer->d_joined, width};
    memset(parameters->gradients, 0, parameters->count * sizeof *parameters->gradients);
    for (int32_t first = 0; first < layer->n; first += TP_BLOCK_SAMPLES) {
        struct tp_block block = tp_block_at(first, layer->n);
        struct tp_rows x = tp_rows_of(layer->joined, width, block);
        struct tp_rows d = tp_rows_of(d_out, layer->outputs, block);
        if (layer->module.kind == TP_MODULE_DCN)
            dcn_backward(layer, block, x, d, dx);
        else
            dlrm_backward(layer, block.count, x, d, dx);
        tp_projections_backward(&layer->projections, parameters, block.count,
            tp_rows_of(layer->embeddings, inputs, block), tp_rows_in(dx),
            tp_rows_out_of(d_embeddings, inputs, block));
    }
}
