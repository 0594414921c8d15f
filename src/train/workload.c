/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank computes alone, for measuring how fast.
 *
 * Lookups are the trainer's own, of one row each, at random in one table: what they read is
 * counted, not what they write, as the cost model does. Dense layers are the model's own, the bottom
 * MLP and the over-arch as flat has them, forward, loss and backward. Neither exchanges anything.
 * Cost: table_bytes of memory; the parameters and a batch of activations. */
#include "train/workload.h"

#include "base/fail.h"
#include "base/memory.h"
#include "cost/load.h"
#include "spec/spec.h"
#include "train/rows.h"

#include <stdlib.h>

#define LOOKUP_BYTES ((int64_t)1 << 25) /* read by one run: far more than private caches hold */

enum tp_status tp_lookup_work_init(struct tp_lookup_work *work, int32_t columns,
    int64_t table_bytes, uint64_t seed, struct tp_error *err)
{
    int64_t row_bytes = columns * (int64_t)sizeof(tp_real);
    int64_t rows = table_bytes / row_bytes + 1;
    struct tp_own_shard own = {.table = 0, .shard = {.rows = rows, .columns = columns}};
    char name[] = "calibration";
    *work = (struct tp_lookup_work){
        .samples = (int32_t)(LOOKUP_BYTES / row_bytes + 1), .random = tp_random_new(seed, 0)};
    work->table = (struct tp_table){.name = name, .rows = rows, .dim = columns, .feature_count = 1};
    work->bytes = (double)work->samples * (double)row_bytes;
    work->lengths = TP_NEW(work->samples, int32_t);
    work->ids = TP_NEW(work->samples, int64_t);
    work->out = tp_rows_new(work->samples, columns);
    if (!work->lengths || !work->ids || !work->out)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < work->samples; i++)
        work->lengths[i] = 1;
    struct tp_model model = {.tables = &work->table, .table_count = 1};
    struct tp_learning learning = {.kind = TP_SGD};
    enum tp_status status =
        tp_embeddings_init(&work->embeddings, &model, &own, 1, learning, seed, err);
    work->table.name = NULL;
    return status;
}

void tp_lookup_work_release(struct tp_lookup_work *work)
{
    tp_embeddings_release(&work->embeddings);
    free(work->out);
    free(work->ids);
    free(work->lengths);
    *work = (struct tp_lookup_work){0};
}

void tp_lookup_work_draw(struct tp_lookup_work *work)
{
    for (int32_t i = 0; i < work->samples; i++)
        work->ids[i] = tp_random_below(&work->random, work->table.rows);
}

void tp_lookup_work_run(struct tp_lookup_work *work)
{
    const struct tp_bag_block block = {work->lengths, work->ids, work->samples};
    const struct tp_bags bags = {&block, 1, work->samples};
    tp_embeddings_lookup(&work->embeddings, &bags, work->out);
}

static enum tp_status make_over_arch(
    struct tp_dense_work *work, const struct tp_model *model, struct tp_error *err)
{
    int32_t count = model->feature_count;
    int32_t *widths = TP_NEW(count, int32_t);
    const char **names = TP_NEW(count, const char *);
    enum tp_status status = widths && names ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; i < count && status == TP_OK; i++) {
        widths[i] = model->tables[model->features[i].table].dim;
        names[i] = model->features[i].name;
    }
    const struct tp_over_input input = {count, widths, names, tp_model_common_dim(model)};
    if (status == TP_OK)
        status = tp_over_arch_new(model, &input, work->samples, 1, &work->over_arch, err);
    free(names);
    free(widths);
    return status;
}

enum tp_status tp_dense_work_init(
    struct tp_dense_work *work, const struct tp_model *model, int32_t samples, struct tp_error *err)
{
    if (samples > TP_DENSE_SAMPLES_MOST)
        samples = TP_DENSE_SAMPLES_MOST;
    size_t rows = (size_t)samples;
    struct tp_dense_cost cost = tp_dense_cost(model, TP_MODE_FLAT, NULL, 0);
    *work = (struct tp_dense_work){.samples = samples,
        .has_bottom = model->dense_features > 0,
        .flops = 3 * (cost.bottom_flops + cost.over_flops) * samples};
    enum tp_status status = make_over_arch(work, model, err);
    if (status)
        return status;
    int32_t width = tp_over_arch_width(work->over_arch);
    work->dense = tp_new(rows, (size_t)(model->dense_features + 1) * sizeof *work->dense);
    work->labels = TP_NEW(samples, float);
    work->embeddings = tp_rows_new(samples, width);
    work->gradients = tp_rows_new(samples, width);
    if (!work->dense || !work->labels || !work->embeddings || !work->gradients)
        return tp_fail_memory(err);
    struct tp_random random = tp_random_new(1, 0);
    for (size_t i = 0; i < rows * (size_t)width; i++)
        work->embeddings[i] = (tp_real)(tp_random_uniform(&random) - 0.5);
    return TP_OK;
}

void tp_dense_work_release(struct tp_dense_work *work)
{
    tp_over_arch_free(work->over_arch);
    free(work->gradients);
    free(work->embeddings);
    free(work->labels);
    free(work->dense);
    *work = (struct tp_dense_work){0};
}

/* Parameters stay as they are, so that each run computes the same. */
void tp_dense_work_run(struct tp_dense_work *work)
{
    if (work->has_bottom)
        tp_over_arch_bottom(work->over_arch, work->dense, work->samples);
    (void)tp_over_arch_forward(work->over_arch, work->embeddings, work->samples);
    (void)tp_over_arch_loss(work->over_arch, work->labels, 1.0 / work->samples);
    tp_over_arch_backward(work->over_arch, work->gradients);
    if (work->has_bottom)
        tp_over_arch_bottom_backward(work->over_arch);
}
