/* SPDX-License-Identifier: Apache-2.0 */
/* Speed of the dense part of the trainer, as a share of the sgemm rate that the same machine
 * reaches at 2048 x 2048 in the same run, on as many threads as BLAS takes
 * (OPENBLAS_NUM_THREADS=1: a core's).
 *
 * One line per case and pass: name, batch, median seconds, Gflop/s, share. Flops are those of
 * cost/load.h, so the dots count with both triangles though only one is needed; backward is
 * twice forward, but for the gradient of the dense values, which nobody asks for. The optimizer
 * has no flops to speak of. "step" is all together. */
#include "train/dense_optimizer.h"
#include "train/over_arch.h"

#include "base/memory.h"
#include "base/random.h"
#include "cost/load.h"

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#define REPEATS 15
#define VECTORS 26

enum pass { FORWARD, BACKWARD, OPTIMIZER, STEP, PASS_COUNT };
static const char *const pass_names[] = {"forward", "backward", "optimizer", "step"};

static const struct bench_case {
    const char *name;
    enum tp_interaction interaction;
    int32_t common, batch;
    struct tp_mlp bottom, top;
    int32_t cross_layers, cross_rank;
} cases[] = {
    {"dlrm_small", TP_DLRM, 16, 2048, {4, {512, 256, 64, 16}}, {3, {512, 256, 1}}, 0, 0},
    {"dlrm_large", TP_DLRM, 128, 2048, {3, {512, 256, 128}}, {5, {1024, 1024, 512, 256, 1}}, 0, 0},
    {"dcn", TP_DCN, 16, 2048, {2, {64, 16}}, {3, {512, 256, 1}}, 3, 128},
};

struct bench {
    const struct bench_case *at;
    struct tp_model model;
    struct tp_over_arch *over_arch;
    struct tp_dense_optimizer optimizer;
    float *dense, *labels;
    tp_real *embeddings, *gradients;
    double forward_flops, backward_flops;
};

static void check(enum tp_status status, const struct tp_error *err)
{
    if (status) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static float *normal_values(size_t count)
{
    struct tp_random random = tp_random_new(1, 0);
    float *values = tp_new_aligned(count, sizeof *values);
    for (size_t i = 0; values && i < count; i++)
        values[i] = (float)tp_random_normal(&random);
    if (!values)
        exit(1);
    return values;
}

/* 13 dense values, 26 tables of the common width. */
static void begin(struct bench *b, const struct bench_case *at)
{
    static struct tp_table tables[VECTORS];
    struct tp_error err;
    int32_t widths[VECTORS];
    size_t batch = (size_t)at->batch, width = (size_t)at->common * VECTORS;
    *b = (struct bench){.at = at};
    for (int i = 0; i < VECTORS; i++) {
        widths[i] = at->common;
        tables[i] =
            (struct tp_table){.rows = 1, .dim = at->common, .first_feature = i, .feature_count = 1};
    }
    b->model = (struct tp_model){.dense_features = 13,
        .tables = tables,
        .table_count = VECTORS,
        .interaction = at->interaction,
        .bottom_mlp = at->bottom,
        .top_mlp = at->top,
        .cross_layers = at->cross_layers,
        .cross_rank = at->cross_rank};
    struct tp_over_input input = {VECTORS, widths, NULL, at->common};
    check(tp_over_arch_new(&b->model, &input, at->batch, 1, &b->over_arch, &err), &err);
    check(tp_dense_optimizer_init(&b->optimizer, (struct tp_learning){TP_ADAGRAD, 0.01},
              tp_over_arch_parameters(b->over_arch)->count, &err),
        &err);
    b->dense = normal_values(batch * 13);
    b->labels = tp_new_aligned(batch, sizeof *b->labels);
    b->embeddings = normal_values(batch * width);
    b->gradients = normal_values(batch * width);
    if (!b->labels)
        exit(1);
    struct tp_dense_cost cost = tp_dense_cost(&b->model, TP_MODE_FLAT, NULL, 0);
    b->forward_flops = (cost.bottom_flops + cost.over_flops) * at->batch;
    b->backward_flops = 2 * b->forward_flops - 2.0 * 13 * at->bottom.width[0] * at->batch;
}

static void end(struct bench *b)
{
    tp_over_arch_free(b->over_arch);
    tp_dense_optimizer_release(&b->optimizer);
    free(b->dense);
    free(b->labels);
    free(b->embeddings);
    free(b->gradients);
}

static void step(struct bench *b, int64_t count, double seconds[PASS_COUNT])
{
    double start = tp_seconds_now();
    tp_over_arch_bottom(b->over_arch, b->dense, b->at->batch);
    tp_over_arch_forward(b->over_arch, b->embeddings, b->at->batch);
    tp_over_arch_loss(b->over_arch, b->labels, 1.0 / b->at->batch);
    double forward = tp_seconds_now();
    tp_over_arch_backward(b->over_arch, b->gradients);
    tp_over_arch_bottom_backward(b->over_arch);
    double backward = tp_seconds_now();
    tp_dense_optimizer_step(&b->optimizer, tp_over_arch_parameters(b->over_arch), count);
    double last = tp_seconds_now();
    seconds[FORWARD] = forward - start;
    seconds[BACKWARD] = backward - forward;
    seconds[OPTIMIZER] = last - backward;
    seconds[STEP] = last - start;
}

static void run_case(const struct bench_case *at)
{
    struct bench b;
    double seconds[PASS_COUNT][REPEATS], rate = sgemm_rate();
    begin(&b, at);
    const double flops[] = {
        b.forward_flops, b.backward_flops, 0, b.forward_flops + b.backward_flops};
    for (int i = -2; i < REPEATS; i++) { /* two to warm up */
        double one[PASS_COUNT];
        step(&b, i + 3, one);
        for (int p = 0; i >= 0 && p < PASS_COUNT; p++)
            seconds[p][i] = one[p];
    }
    for (int p = 0; p < PASS_COUNT; p++) {
        double typical = median(seconds[p], REPEATS), reached = flops[p] / typical;
        printf("%-11s %-9s batch %d  %.6f s  %6.1f Gflop/s  %5.1f %% of %.1f\n", at->name,
            pass_names[p], (int)at->batch, typical, reached * 1e-9, 100 * reached / rate,
            rate * 1e-9);
    }
    end(&b);
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_case(&cases[i]);
    return 0;
}
