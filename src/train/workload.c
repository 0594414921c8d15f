/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank computes alone, for measuring how fast.
 *
 * Lookups are the trainer's own, of one row each, at random in one table: what they read is
 * counted, not what they write, as the cost model does. Dense layers are the products of an MLP with the
 * widths below, forward and for both gradients, block by block as the trainer goes through a batch.
 * Neither exchanges anything. Cost: table_bytes of memory; about 10 ms a run on a core of 2020. */
#include "train/workload.h"

#include "base/fail.h"
#include "base/memory.h"
#include "train/gemm.h"
#include "train/rows.h"

#include <stdlib.h>

#define LOOKUP_BYTES ((int64_t)1 << 25) /* read by one run: far more than private caches hold */

/* Of the top MLP that a model gets by default, on 26 vectors or so. */
static const int32_t widths[] = {512, 1024, 1024, 512, 256};
#define LAYERS (sizeof widths / sizeof *widths - 1)
#define WIDEST 1024

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

/* Values of the three parts of the work's array. */
static size_t rows_values(const struct tp_dense_work *work)
{
    return (size_t)work->samples * WIDEST;
}

enum tp_status tp_dense_work_init(struct tp_dense_work *work, int32_t samples, struct tp_error *err)
{
    if (samples > TP_DENSE_SAMPLES_MOST)
        samples = TP_DENSE_SAMPLES_MOST;
    *work = (struct tp_dense_work){.samples = samples};
    size_t values = 2 * rows_values(work) + 2 * (size_t)WIDEST * WIDEST;
    work->values = tp_new_aligned(values, sizeof *work->values);
    if (!work->values)
        return tp_fail_memory(err);
    for (size_t i = 0; i < values; i++)
        work->values[i] = (tp_real)(1.0 / WIDEST);
    for (size_t i = 0; i < LAYERS; i++)
        work->flops += 6.0 * samples * widths[i] * widths[i + 1];
    return TP_OK;
}

void tp_dense_work_release(struct tp_dense_work *work)
{
    free(work->values);
    *work = (struct tp_dense_work){0};
}

/* Outputs of a layer serve as their own gradients. */
static void run_layer(
    struct tp_dense_work *work, int32_t inputs, int32_t outputs, struct tp_block block)
{
    tp_real *x = work->values, *y = x + rows_values(work), *weight = y + rows_values(work);
    tp_real *gradient = weight + (size_t)WIDEST * WIDEST;
    struct tp_rows in = tp_rows_of(x, WIDEST, block);
    struct tp_rows_out out = tp_rows_out_of(y, WIDEST, block);
    tp_gemm(
        TP_A_BT, block.count, outputs, inputs, in, (struct tp_rows){weight, inputs}, false, out);
    tp_gemm(TP_AT_B, outputs, inputs, block.count, tp_rows_in(out), in, false,
        (struct tp_rows_out){gradient, inputs});
    tp_gemm(TP_A_B, block.count, inputs, outputs, tp_rows_in(out), (struct tp_rows){weight, inputs},
        false, tp_rows_out_of(x, WIDEST, block));
}

/* Values stay finite: with weights of 1 / WIDEST a layer there and back never makes them larger. */
void tp_dense_work_run(struct tp_dense_work *work)
{
    for (int32_t first = 0; first < work->samples; first += TP_BLOCK_SAMPLES)
        for (size_t i = 0; i < LAYERS; i++)
            run_layer(work, widths[i], widths[i + 1], tp_block_at(first, work->samples));
}
