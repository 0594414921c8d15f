/* SPDX-License-Identifier: Apache-2.0 */
/* One training step.
 *
 * In: a batch of this rank's samples and the next one. Out: changed parameters, and the loss.
 * Everything that ranks do together happens here in one order on all of them; the ids of the next
 * batch travel on a line of their own and are poked between the phases, since most MPIs only get on
 * while they are called.
 *
 * Buffers: gradients overwrite the values that they belong to, where nothing on the way back needs
 * those: sums of looked up rows do not, tower modules need what went in. */
#include "train/step.h"

#include "base/fail.h"
#include "base/memory.h"
#include "spec/spec.h"

#include <stdlib.h>

/* What the over-arch gets: the features as they are, or the vectors that the modules put out. */
static enum tp_status make_over_arch(struct tp_trainer *t, struct tp_error *err)
{
    const struct tp_model *model = t->layout.model;
    int32_t count = model->feature_count, common = tp_model_common_dim(model);
    int32_t width = t->outer.weave.width, dim = model->tower_module.dim;
    if (t->module) {
        common = dim;
        count = width / dim;
    }
    int32_t *widths = TP_NEW(count, int32_t);
    const char **names = TP_NEW(count, const char *);
    enum tp_status status = widths && names ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; i < count && status == TP_OK; i++) {
        widths[i] = t->module ? dim : model->tables[model->features[i].table].dim;
        names[i] = t->module ? NULL : model->features[i].name;
    }
    const struct tp_over_input input = {count, widths, names, common};
    if (status == TP_OK)
        status = tp_over_arch_new(
            model, &input, t->layout.local_batch, t->options.seed, &t->over_arch, err);
    free(names);
    free(widths);
    return status;
}

/* The tower's module, and how wide those of all towers are. */
static enum tp_status make_module(struct tp_trainer *t, int32_t *widths, struct tp_error *err)
{
    const struct tp_layout *layout = &t->layout;
    int32_t own = tp_comm_rank(t->comm) / layout->ranks_per_tower;
    int32_t *features = TP_NEW(layout->model->feature_count, int32_t);
    enum tp_status status = features ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; i < layout->tower_count && status == TP_OK; i++) {
        int32_t count = tp_layout_features(layout, i, features);
        widths[i] = layout->model->tower_module.dim * tp_tower_layer_vectors(layout->model, count);
        if (i == own)
            status = tp_tower_layer_new(layout->model, features, count, own,
                layout->tower_count * layout->local_batch, t->options.seed, &t->module, err);
    }
    free(features);
    return status;
}

static enum tp_status make_legs(struct tp_trainer *t, struct tp_error *err)
{
    if (!t->by_towers)
        return tp_leg_flat(&t->outer, t->comm, &t->layout, err);
    int32_t *widths = TP_NEW(t->layout.tower_count, int32_t);
    enum tp_status status = widths ? TP_OK : tp_fail_memory(err);
    bool modules =
        t->options.mode == TP_MODE_DMT && t->layout.model->tower_module.kind != TP_MODULE_NONE;
    if (status == TP_OK && modules)
        status = make_module(t, widths, err);
    if (status == TP_OK)
        status = tp_leg_tower(&t->inner, t->comm, &t->layout, err);
    if (status == TP_OK)
        status = tp_leg_peers(&t->outer, t->comm, &t->layout, modules ? widths : NULL, err);
    free(widths);
    return status;
}

static enum tp_status make_optimizers(struct tp_trainer *t, struct tp_error *err)
{
    size_t over = tp_over_arch_parameters(t->over_arch)->count, module = 0;
    if (t->module)
        module = tp_tower_layer_parameters(t->module)->count;
    size_t most = (over > module ? over : module) + (size_t)t->layout.rank_count;
    t->sum_scratch = tp_new_aligned(most, sizeof *t->sum_scratch);
    if (!t->sum_scratch)
        return tp_fail_memory(err);
    enum tp_status status =
        tp_dense_optimizer_init(&t->over_optimizer, t->options.dense, over, err);
    if (status == TP_OK && t->module)
        status = tp_dense_optimizer_init(&t->module_optimizer, t->options.dense, module, err);
    return status;
}

static tp_real *new_values(int64_t rows, int32_t width)
{
    size_t count;
    if (!tp_multiply((size_t)rows, (size_t)width, &count))
        return NULL;
    return tp_new_aligned(count, sizeof(tp_real));
}

static enum tp_status make_buffers(struct tp_trainer *t, struct tp_error *err)
{
    const struct tp_layout *layout = &t->layout;
    int64_t tower_rows = (int64_t)layout->tower_count * layout->local_batch;
    t->looked_up = new_values(layout->batch, t->embeddings.width);
    t->pooled = new_values(layout->local_batch, t->outer.weave.width);
    t->d_pooled = new_values(layout->local_batch, t->outer.weave.width);
    bool made = t->looked_up && t->pooled && t->d_pooled;
    if (made && t->by_towers)
        made = (t->tower_in = new_values(tower_rows, t->inner.weave.width)) != NULL;
    t->tower_out = t->d_tower_in = t->tower_in;
    if (made && t->module) {
        t->tower_out = new_values(tower_rows, t->outer.own_width);
        t->d_tower_in = new_values(tower_rows, t->inner.weave.width);
        made = t->tower_out && t->d_tower_in;
    }
    return made ? TP_OK : tp_fail_memory(err);
}

enum tp_status tp_trainer_init(struct tp_trainer *t, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement, struct tp_comm *comm,
    const struct tp_trainer_options *options, struct tp_error *err)
{
    *t = (struct tp_trainer){.options = *options, .comm = comm};
    t->by_towers = options->mode != TP_MODE_FLAT;
    if (model->embedding_dtype != TP_FLOAT32)
        return tp_fail(err, TP_EINPUT,
            "model: found embedding dtype %s, expected float32: the trainer keeps tables in no "
            "other",
            tp_dtype_name(model->embedding_dtype));
    enum tp_status status = tp_layout_init(&t->layout, model, topology, placement, err);
    for (int i = 0; i < 2 && status == TP_OK; i++)
        status = tp_ids_new(&t->layout, comm, &t->ids[i], err);
    if (status == TP_OK) {
        const struct tp_holding *own = &t->layout.holdings[tp_comm_rank(comm)];
        const struct tp_learning sparse = {model->optimizer, options->sparse_rate};
        status = tp_embeddings_init(
            &t->embeddings, model, own->shards, own->shard_count, sparse, options->seed, err);
    }
    if (status == TP_OK)
        status = make_legs(t, err);
    if (status == TP_OK)
        status = make_over_arch(t, err);
    if (status == TP_OK)
        status = make_optimizers(t, err);
    return status ? status : make_buffers(t, err);
}

void tp_trainer_release(struct tp_trainer *t)
{
    if (t->tower_out != t->tower_in)
        free(t->tower_out);
    if (t->d_tower_in != t->tower_in)
        free(t->d_tower_in);
    free(t->tower_in);
    free(t->looked_up);
    free(t->pooled);
    free(t->d_pooled);
    free(t->sum_scratch);
    tp_dense_optimizer_release(&t->over_optimizer);
    tp_dense_optimizer_release(&t->module_optimizer);
    tp_over_arch_free(t->over_arch);
    tp_tower_layer_free(t->module);
    tp_leg_release(&t->inner);
    tp_leg_release(&t->outer);
    tp_embeddings_release(&t->embeddings);
    for (int i = 0; i < 2; i++)
        tp_ids_free(t->ids[i]);
    tp_layout_release(&t->layout);
    *t = (struct tp_trainer){0};
}

enum tp_status tp_trainer_begin(
    struct tp_trainer *t, const struct tp_batch *first, struct tp_error *err)
{
    tp_clock_start(&t->clock);
    enum tp_status status = tp_ids_start(t->ids[t->turn], first, err);
    tp_clock_lap(&t->clock, TP_PHASE_IDS_ALLTOALL);
    return status;
}

/* Ends a phase, and lets the next step's ids get on. */
static enum tp_status end_phase(struct tp_trainer *t, enum tp_phase phase, struct tp_error *err)
{
    tp_clock_lap(&t->clock, phase);
    enum tp_status status = tp_ids_poke(t->ids[t->turn], err);
    tp_clock_lap(&t->clock, TP_PHASE_IDS_ALLTOALL);
    return status;
}

/* Takes this step's ids, sends those of the next, and looks up. */
static enum tp_status look_up(
    struct tp_trainer *t, const struct tp_batch *next, struct tp_error *err)
{
    tp_clock_start(&t->clock);
    enum tp_status status = tp_ids_finish(t->ids[t->turn], &t->bags, &t->load, err);
    t->turn = 1 - t->turn;
    if (status == TP_OK && next)
        status = tp_ids_start(t->ids[t->turn], next, err);
    tp_clock_lap(&t->clock, TP_PHASE_IDS_ALLTOALL);
    if (status)
        return status;
    tp_embeddings_lookup(&t->embeddings, &t->bags, t->looked_up);
    return end_phase(t, TP_PHASE_LOOKUP, err);
}

/* Looked up values to the samples. */
static enum tp_status exchange(struct tp_trainer *t, struct tp_error *err)
{
    if (!t->by_towers) {
        tp_leg_forward(&t->outer, t->looked_up, t->pooled, &t->clock);
        return TP_OK;
    }
    tp_leg_forward(&t->inner, t->looked_up, t->tower_in, &t->clock);
    if (t->module) {
        int32_t rows = t->layout.tower_count * t->layout.local_batch;
        tp_tower_layer_forward(t->module, t->tower_in, rows, t->tower_out);
        enum tp_status status = end_phase(t, TP_PHASE_TOWER_MODULE, err);
        if (status)
            return status;
    }
    tp_leg_forward(&t->outer, t->tower_out, t->pooled, &t->clock);
    return TP_OK;
}

enum tp_status tp_trainer_predict(struct tp_trainer *t, const struct tp_batch *batch,
    const struct tp_batch *next, const tp_real **logits, struct tp_error *err)
{
    enum tp_status status = look_up(t, next, err);
    if (status == TP_OK)
        status = exchange(t, err);
    if (status)
        return status;
    if (t->layout.model->dense_features) {
        tp_over_arch_bottom(t->over_arch, batch->dense, batch->count);
        status = end_phase(t, TP_PHASE_BOTTOM_MLP, err);
    }
    if (status)
        return status;
    *logits = tp_over_arch_forward(t->over_arch, t->pooled, batch->count);
    return end_phase(t, TP_PHASE_OVER_ARCH, err);
}

/* Gradients of the embeddings to those who looked them up. */
static enum tp_status exchange_back(struct tp_trainer *t, struct tp_error *err)
{
    if (!t->by_towers) {
        tp_leg_backward(&t->outer, t->d_pooled, t->looked_up, &t->clock);
        return TP_OK;
    }
    tp_leg_backward(&t->outer, t->d_pooled, t->tower_out, &t->clock);
    if (t->module) {
        tp_tower_layer_backward(t->module, t->tower_out, t->d_tower_in);
        enum tp_status status = end_phase(t, TP_PHASE_TOWER_MODULE_BACKWARD, err);
        if (status)
            return status;
    }
    tp_leg_backward(&t->inner, t->d_tower_in, t->looked_up, &t->clock);
    return TP_OK;
}

static void update_dense(struct tp_trainer *t, int64_t step)
{
    struct tp_parameters *over = tp_over_arch_parameters(t->over_arch);
    tp_comm_sum(t->comm, TP_CIRCLE_WORLD, over->gradients, over->count, t->sum_scratch);
    if (t->module) {
        struct tp_parameters *module = tp_tower_layer_parameters(t->module);
        tp_comm_sum(t->comm, TP_CIRCLE_TOWER, module->gradients, module->count, t->sum_scratch);
        tp_dense_optimizer_step(&t->module_optimizer, module, step);
    }
    tp_dense_optimizer_step(&t->over_optimizer, over, step);
    tp_clock_lap(&t->clock, TP_PHASE_DENSE_ALLREDUCE);
}

enum tp_status tp_trainer_step(struct tp_trainer *t, int64_t step, const struct tp_batch *batch,
    const struct tp_batch *next, double *loss, struct tp_error *err)
{
    const tp_real *logits;
    enum tp_status status = tp_trainer_predict(t, batch, next, &logits, err);
    if (status)
        return status;
    *loss = tp_over_arch_loss(t->over_arch, batch->labels, 1.0 / (double)t->layout.batch);
    tp_over_arch_backward(t->over_arch, t->d_pooled);
    status = end_phase(t, TP_PHASE_OVER_ARCH_BACKWARD, err);
    if (status == TP_OK && t->layout.model->dense_features) {
        tp_over_arch_bottom_backward(t->over_arch);
        status = end_phase(t, TP_PHASE_BOTTOM_MLP_BACKWARD, err);
    }
    if (status == TP_OK)
        status = exchange_back(t, err);
    if (status == TP_OK)
        status = tp_embeddings_update(&t->embeddings, &t->bags, t->looked_up, step, err);
    if (status == TP_OK)
        status = end_phase(t, TP_PHASE_SPARSE_UPDATE, err);
    if (status == TP_OK)
        update_dense(t, step);
    return status;
}

enum tp_status tp_trainer_embed(struct tp_trainer *t, struct tp_leg *leg,
    const struct tp_batch *next, tp_real *pooled, struct tp_error *err)
{
    enum tp_status status = look_up(t, next, err);
    if (status == TP_OK)
        tp_leg_forward(leg, t->looked_up, pooled, &t->clock);
    return status;
}
