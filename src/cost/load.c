/* SPDX-License-Identifier: Apache-2.0 */
/* What shards, ranks and towers weigh.
 *
 * In: model, topology, placement. Out: bytes, widths and flops, as sums that are additive over
 * shards (ranks) or over tables (towers), and from them the public loads.
 *
 * Letters: B global batch, G ranks, b = B/G, R ranks per tower, N_f dim of a feature, D_0 the
 * common dim that features of another dim are projected to, D the width of a vector that a tower
 * module puts out. Linear(m -> n) is 2mn flops (a multiply and an add) and mn + n parameters;
 * biases, activations and the sums of pooled rows are not counted as flops.
 *
 * Sources: tower modules and their shapes, Luo et al., MLSys 2024, arXiv 2403.00877, section 3;
 * DLRM's dots, Naumov et al. 2019, arXiv 1906.00091; the low-rank cross layer, Wang et al. 2021,
 * doi:10.1145/3442381.3450078, eq. 2. Cost: O(shards + G), a
 * shard counting once per feature of its table. */
#include "cost/load.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "cost/skew.h"
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>

#define ID_BYTES 8.0     /* a row index */
#define LENGTH_BYTES 4.0 /* the number of ids in a bag */

int64_t tp_round_bytes(double bytes)
{
    return bytes < (double)INT64_MAX ? (int64_t)llround(bytes) : INT64_MAX;
}

static void set_optimizer_state(struct tp_sizes *sizes, enum tp_optimizer optimizer)
{
    switch (optimizer) {
    case TP_SGD:
        break;
    case TP_ROWWISE_ADAGRAD:
        sizes->state_row_bytes = 4;
        break;
    case TP_ADAGRAD:
        sizes->state_value_bytes = 4;
        break;
    case TP_ADAM:
        sizes->state_value_bytes = 8;
        break;
    }
}

enum tp_status tp_sizes_init(struct tp_sizes *sizes, const struct tp_model *model,
    const struct tp_topology *topology, int32_t ranks_per_tower, struct tp_error *err)
{
    int64_t batch;
    int32_t rank_count = topology->rank_count;
    if (ranks_per_tower < 1 || rank_count % ranks_per_tower)
        return tp_fail(err, TP_EINPUT, "%d rank%s cannot be cut into towers of %d rank%s each",
            (int)rank_count, tp_plural(rank_count), (int)ranks_per_tower,
            tp_plural(ranks_per_tower));
    enum tp_status status = tp_model_global_batch(model, rank_count, &batch, err);
    if (status)
        return status;
    *sizes = (struct tp_sizes){
        .batch = (double)batch,
        .local_batch = (double)batch / rank_count,
        .rank_count = rank_count,
        .ranks_per_tower = ranks_per_tower,
        .tower_count = rank_count / ranks_per_tower,
        .e_forward = tp_dtype_bytes(model->forward),
        .e_backward = tp_dtype_bytes(model->backward),
        .value_bytes = tp_dtype_bytes(model->embedding_dtype),
    };
    sizes->e_max = fmax(sizes->e_forward, sizes->e_backward);
    set_optimizer_state(sizes, model->optimizer);
    return TP_OK;
}

struct tp_shard_load tp_shard_load(const struct tp_sizes *sizes, const struct tp_model *model,
    const struct tp_table *table, enum tp_sharding sharding, int64_t row, int64_t rows,
    int32_t columns)
{
    double ids = 0; /* per sample that reach the shard */
    for (int32_t i = 0; i < table->feature_count; i++) {
        const struct tp_feature *feature = &model->features[table->first_feature + i];
        double share = sharding == TP_SHARD_ROW ? tp_row_share(feature, table, row, rows) : 1;
        ids += feature->pooling * share;
    }
    double parameters = (double)rows * columns;
    return (struct tp_shard_load){
        .parameter_bytes = parameters * (sizes->value_bytes + sizes->state_value_bytes) +
                           (double)rows * sizes->state_row_bytes,
        .lookup_bytes = sizes->batch * ids * columns * sizes->value_bytes,
        .width = (double)columns * table->feature_count,
        .ids_per_sample = ID_BYTES * ids + LENGTH_BYTES * table->feature_count,
    };
}

double tp_rank_memory(const struct tp_sizes *sizes, const struct tp_rank_sums *own,
    const struct tp_memory_terms *terms)
{
    double batch = sizes->batch, local = sizes->local_batch, e = sizes->e_max;
    double tower_batch = batch / sizes->ranks_per_tower; /* samples a rank holds of its tower */
    double ids = local * terms->all_ids + batch * own->ids_per_sample;
    double owner = batch * own->width * e; /* looked up here, sent from here in every mode */
    double flat = owner + local * terms->all_width * e;
    double inner = owner + tower_batch * terms->tower_width * e;
    double sptt = inner + (tower_batch * terms->tower_dim + local * terms->all_dim) * e;
    double dmt = inner + (tower_batch * terms->tower_dim_dmt + local * terms->all_dim_dmt) * e;
    return own->parameter_bytes + 2 * (ids + fmax(flat, fmax(sptt, dmt)));
}

static void shape_add(
    struct tp_tower_shape *shape, const struct tp_table *table, int32_t common_dim)
{
    double dim = (double)table->feature_count * table->dim;
    shape->features += table->feature_count;
    shape->dim += dim;
    if (table->dim != common_dim) {
        shape->projected_count += table->feature_count;
        shape->projected_dim += dim;
    }
}

void tp_tower_shape_add(
    struct tp_tower_shape *shape, const struct tp_model *model, const struct tp_table *table)
{
    shape_add(shape, table, tp_model_common_dim(model));
}

/* D_0. A feature that needs no projection has that dim, which saves asking the model (a scan over
 * its tables) each time that a solver weighs a tower. */
static double common_dim(const struct tp_model *model, const struct tp_tower_shape *shape)
{
    double unprojected = shape->features - shape->projected_count;
    if (unprojected > 0)
        return (shape->dim - shape->projected_dim) / unprojected;
    return tp_model_common_dim(model);
}

/* Vectors of width D that a tower puts out. */
static double module_vectors(const struct tp_model *model, const struct tp_tower_shape *shape)
{
    const struct tp_tower_module *module = &model->tower_module;
    if (module->kind == TP_MODULE_DCN)
        return 1;
    return module->c * shape->features + module->p;
}

double tp_tower_output_dmt(const struct tp_model *model, const struct tp_tower_shape *shape)
{
    if (model->tower_module.kind == TP_MODULE_NONE || shape->features <= 0)
        return shape->dim;
    return module_vectors(model, shape) * model->tower_module.dim;
}

double tp_tower_flops(const struct tp_model *model, const struct tp_tower_shape *shape)
{
    const struct tp_tower_module *module = &model->tower_module;
    if (module->kind == TP_MODULE_NONE || shape->features <= 0)
        return 0;
    double n = common_dim(model, shape), width = n * shape->features, d = module->dim;
    double projections = 2 * shape->projected_dim * n;
    if (module->kind == TP_MODULE_DCN)
        return projections + 4 * width * module->rank + 2 * width * d;
    return projections + 2 * width * (module->p * d) + 2 * width * (module->c * d);
}

/* Parameters of Linear(inputs -> outputs). */
static double linear_parameters(double inputs, double outputs)
{
    return inputs * outputs + outputs;
}

/* Parameters of a low-rank cross layer: U and V, (width, rank) each, and a bias. */
static double cross_parameters(double width, double rank)
{
    return 2 * width * rank + width;
}

static double projection_parameters(const struct tp_tower_shape *shape, double n)
{
    return shape->projected_dim * n + shape->projected_count * n;
}

double tp_tower_parameters(const struct tp_model *model, const struct tp_tower_shape *shape)
{
    const struct tp_tower_module *module = &model->tower_module;
    if (module->kind == TP_MODULE_NONE || shape->features <= 0)
        return 0;
    double n = common_dim(model, shape), width = n * shape->features, d = module->dim;
    double projections = projection_parameters(shape, n);
    if (module->kind == TP_MODULE_DCN)
        return projections + cross_parameters(width, module->rank) + linear_parameters(width, d);
    /* One matrix for the c vectors, shared by the features of the tower. */
    return projections + linear_parameters(width, module->p * d) +
           linear_parameters(n, module->c * d);
}

/* Adds an MLP whose last layer is `last` wide (0: as the model says). */
static void add_mlp(
    const struct tp_mlp *mlp, double inputs, double last, double *flops, double *parameters)
{
    for (int32_t i = 0; i < mlp->layer_count; i++) {
        double width = mlp->width[i];
        if (last > 0 && i == mlp->layer_count - 1)
            width = last;
        *flops += 2 * inputs * width;
        *parameters += linear_parameters(inputs, width);
        inputs = width;
    }
}

/* Adds interaction and top MLP over `vectors` vectors of width d, of which one is the bottom MLP's
 * if there is one. DLRM takes all dots (as one batched product, both triangles and the diagonal)
 * and passes the dense vector on beside them. */
static void add_over_arch(
    const struct tp_model *model, double vectors, double d, struct tp_dense_cost *cost)
{
    double top_inputs;
    if (model->interaction == TP_DCN) {
        top_inputs = vectors * d;
        cost->over_flops += model->cross_layers * 4 * top_inputs * model->cross_rank;
        cost->parameters += model->cross_layers * cross_parameters(top_inputs, model->cross_rank);
    } else {
        cost->over_flops += 2 * vectors * vectors * d;
        top_inputs = vectors * (vectors - 1) / 2 + (model->dense_features ? d : 0);
    }
    add_mlp(&model->top_mlp, top_inputs, 0, &cost->over_flops, &cost->parameters);
}

struct tp_dense_cost tp_dense_cost(const struct tp_model *model, enum tp_mode mode,
    const struct tp_tower_shape *towers, int32_t tower_count)
{
    struct tp_dense_cost cost = {0};
    double vectors = model->dense_features ? 1 : 0, d;
    if (mode == TP_MODE_DMT && model->tower_module.kind != TP_MODULE_NONE) {
        d = model->tower_module.dim;
        for (int32_t t = 0; t < tower_count; t++)
            vectors += module_vectors(model, &towers[t]);
    } else {
        struct tp_tower_shape all = {0};
        int32_t common = tp_model_common_dim(model);
        for (int32_t i = 0; i < model->table_count; i++)
            shape_add(&all, &model->tables[i], common);
        d = common;
        vectors += all.features;
        cost.over_flops = 2 * all.projected_dim * d;
        cost.parameters = projection_parameters(&all, d);
    }
    if (model->dense_features)
        add_mlp(&model->bottom_mlp, model->dense_features, d, &cost.bottom_flops, &cost.parameters);
    add_over_arch(model, vectors, d, &cost);
    return cost;
}

/* A hand-edited plan may name any rank or tower. */
static enum tp_status add_table(struct tp_placement_sums *sums, const struct tp_model *model,
    int32_t index, const struct tp_table_placement *place, struct tp_error *err)
{
    const struct tp_table *table = &model->tables[index];
    const struct tp_sizes *sizes = &sums->sizes;
    if (place->tower < 0 || place->tower >= sizes->tower_count)
        return tp_fail(err, TP_EINPUT, "table %s: tower %d, expected 0 to %d", table->name,
            (int)place->tower, (int)(sizes->tower_count - 1));
    for (int32_t i = 0; i < place->shard_count; i++) {
        const struct tp_shard *shard = &place->shards[i];
        if (shard->rank < 0 || shard->rank >= sizes->rank_count)
            return tp_fail(err, TP_EINPUT, "table %s: a shard on rank %d, expected 0 to %d",
                table->name, (int)shard->rank, (int)(sizes->rank_count - 1));
        struct tp_rank_sums *rank = &sums->ranks[shard->rank];
        struct tp_shard_load load = tp_shard_load(
            sizes, model, table, place->sharding, shard->row, shard->rows, shard->columns);
        rank->parameter_bytes += load.parameter_bytes;
        rank->lookup_bytes += load.lookup_bytes;
        rank->width += load.width;
        rank->ids_per_sample += load.ids_per_sample;
    }
    shape_add(&sums->towers[place->tower], table, sums->common_dim);
    return TP_OK;
}

enum tp_status tp_placement_sums_init(struct tp_placement_sums *sums, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement, struct tp_error *err)
{
    *sums = (struct tp_placement_sums){0};
    enum tp_status status =
        tp_sizes_init(&sums->sizes, model, topology, placement->ranks_per_tower, err);
    if (status)
        return status;
    if (placement->tower_count != sums->sizes.tower_count ||
        placement->table_count != model->table_count)
        return tp_fail(err, TP_EINPUT, "placement of %d table%s in %d tower%s, expected %d in %d",
            (int)placement->table_count, tp_plural(placement->table_count),
            (int)placement->tower_count, tp_plural(placement->tower_count), (int)model->table_count,
            (int)sums->sizes.tower_count);
    sums->common_dim = tp_model_common_dim(model);
    sums->ranks = TP_NEW(sums->sizes.rank_count, struct tp_rank_sums);
    sums->towers = TP_NEW(sums->sizes.tower_count, struct tp_tower_shape);
    status = sums->ranks && sums->towers ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; !status && i < placement->table_count; i++)
        status = add_table(sums, model, i, &placement->tables[i], err);
    if (status)
        tp_placement_sums_release(sums);
    return status;
}

void tp_placement_sums_release(struct tp_placement_sums *sums)
{
    free(sums->towers);
    free(sums->ranks);
    *sums = (struct tp_placement_sums){0};
}

/* The terms that all ranks share. */
static struct tp_memory_terms world_terms(
    const struct tp_placement_sums *sums, const struct tp_model *model)
{
    struct tp_memory_terms terms = {0};
    for (int32_t g = 0; g < sums->sizes.rank_count; g++) {
        terms.all_width += sums->ranks[g].width;
        terms.all_ids += sums->ranks[g].ids_per_sample;
    }
    for (int32_t t = 0; t < sums->sizes.tower_count; t++) {
        terms.all_dim += sums->towers[t].dim;
        terms.all_dim_dmt += tp_tower_output_dmt(model, &sums->towers[t]);
    }
    return terms;
}

static void set_tower_terms(struct tp_memory_terms *terms, const struct tp_placement_sums *sums,
    const struct tp_model *model, int32_t tower)
{
    int32_t r = sums->sizes.ranks_per_tower;
    terms->tower_width = 0;
    for (int32_t i = 0; i < r; i++)
        terms->tower_width += sums->ranks[tower * r + i].width;
    terms->tower_dim = sums->towers[tower].dim;
    terms->tower_dim_dmt = tp_tower_output_dmt(model, &sums->towers[tower]);
}

enum tp_status tp_cost_rank_loads(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_placement *placement, struct tp_rank_load *loads, struct tp_error *err)
{
    struct tp_placement_sums sums;
    enum tp_status status = tp_placement_sums_init(&sums, model, topology, placement, err);
    if (status)
        return status;
    const struct tp_sizes *sizes = &sums.sizes;
    struct tp_memory_terms terms = world_terms(&sums, model);
    for (int32_t g = 0; g < sizes->rank_count; g++) {
        const struct tp_rank_sums *own = &sums.ranks[g];
        if (g % sizes->ranks_per_tower == 0)
            set_tower_terms(&terms, &sums, model, g / sizes->ranks_per_tower);
        loads[g] = (struct tp_rank_load){
            .memory_bytes = tp_round_bytes(tp_rank_memory(sizes, own, &terms)),
            .lookup_bytes = tp_round_bytes(own->lookup_bytes),
            .output_bytes = tp_round_bytes(sizes->batch * own->width * sizes->e_forward),
            .id_bytes = tp_round_bytes(sizes->batch * own->ids_per_sample),
        };
    }
    tp_placement_sums_release(&sums);
    return TP_OK;
}

static struct tp_tower_load tower_load(const struct tp_placement_sums *sums,
    const struct tp_model *model, struct tp_memory_terms *terms, int32_t tower)
{
    int32_t r = sums->sizes.ranks_per_tower;
    double memory = 0, lookup = 0;
    set_tower_terms(terms, sums, model, tower);
    for (int32_t g = tower * r; g < (tower + 1) * r; g++) {
        memory += tp_rank_memory(&sums->sizes, &sums->ranks[g], terms);
        lookup += sums->ranks[g].lookup_bytes;
    }
    return (struct tp_tower_load){
        .features = (int32_t)sums->towers[tower].features,
        .memory_bytes = tp_round_bytes(memory),
        .lookup_bytes = tp_round_bytes(lookup),
        .output_dim = tp_round_bytes(sums->towers[tower].dim),
        .flops = tp_tower_flops(model, &sums->towers[tower]),
    };
}

enum tp_status tp_cost_tower_loads(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_placement *placement, struct tp_tower_load *loads, struct tp_error *err)
{
    struct tp_placement_sums sums;
    enum tp_status status = tp_placement_sums_init(&sums, model, topology, placement, err);
    if (status)
        return status;
    struct tp_memory_terms terms = world_terms(&sums, model);
    for (int32_t t = 0; t < sums.sizes.tower_count; t++)
        loads[t] = tower_load(&sums, model, &terms, t);
    tp_placement_sums_release(&sums);
    return TP_OK;
}
