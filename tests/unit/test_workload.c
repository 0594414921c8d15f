/* SPDX-License-Identifier: Apache-2.0 */
/* What is timed really does what it is counted for. */
#include "train/workload.h"

#include "scratch.h"

#include "base/memory.h"

#include <math.h>

static char name_a[] = "a", name_b[] = "b";

START_TEST(lookups_read_rows_at_random)
{
    struct tp_lookup_work work;
    struct tp_error err;
    int64_t distinct = 0;
    ck_ok(tp_lookup_work_init(&work, 64, 4000000, 1, &err), err);
    ck_assert_double_eq(work.bytes, 64.0 * (double)sizeof(tp_real) * work.samples);
    ck_assert_double_ge(work.bytes, 1 << 25);
    tp_lookup_work_draw(&work);
    tp_lookup_work_run(&work);
    for (int32_t i = 0; i < work.samples; i++) {
        ck_assert_int_ge(work.ids[i], 0);
        ck_assert_int_lt(work.ids[i], work.table.rows);
        distinct += i > 0 && work.ids[i] != work.ids[i - 1];
        const tp_real *row = work.embeddings.shards[0].weights + work.ids[i] * 64;
        ck_assert_mem_eq(work.out + (size_t)i * 64, row, 64 * sizeof *row);
    }
    ck_assert_int_gt(distinct, work.samples / 2);
    tp_lookup_work_release(&work);
}
END_TEST

START_TEST(other_rows_each_time)
{
    struct tp_lookup_work work;
    struct tp_error err;
    int32_t same = 0;
    ck_ok(tp_lookup_work_init(&work, 256, 4000000, 1, &err), err);
    tp_lookup_work_draw(&work);
    int64_t *before = TP_NEW(work.samples, int64_t);
    memcpy(before, work.ids, (size_t)work.samples * sizeof *before);
    tp_lookup_work_draw(&work);
    for (int32_t i = 0; i < work.samples; i++)
        same += work.ids[i] == before[i];
    ck_assert_int_lt(same, work.samples / 100);
    free(before);
    tp_lookup_work_release(&work);
}
END_TEST

/* Two tables of width 8 and 4 dense features: bottom 4 -> 16 -> 8, dots of 3 vectors, top 3 + 8 -> 16 -> 1.
 * Flops per sample: bottom 2 (64 + 128) = 384, dots 2 * 3 * 3 * 8 = 144, top 2 (11 * 16 + 16) = 384. */
static struct tp_feature features[] = {
    {.name = name_a, .table = 0, .pooling = 1}, {.name = name_b, .table = 1, .pooling = 1}};
static struct tp_table tables[] = {{.name = name_a, .rows = 9, .dim = 8, .feature_count = 1},
    {.name = name_b, .rows = 9, .dim = 8, .first_feature = 1, .feature_count = 1}};
static const struct tp_model model = {.dense_features = 4,
    .local_batch_size = 10,
    .tables = tables,
    .table_count = 2,
    .features = features,
    .feature_count = 2,
    .interaction = TP_DLRM,
    .bottom_mlp = {2, {16, 8}},
    .top_mlp = {2, {16, 1}}};

START_TEST(dense_layers_are_run_and_counted)
{
    struct tp_dense_work work;
    struct tp_error err;
    ck_ok(tp_dense_work_init(&work, &model, 300, &err), err); /* more than a block */
    ck_assert_double_eq(work.flops, 300 * 3.0 * (384 + 144 + 384));
    tp_dense_work_run(&work);
    double sum = 0;
    for (size_t i = 0; i < (size_t)300 * 16; i++) {
        ck_assert(isfinite((double)work.gradients[i]));
        sum += fabs((double)work.gradients[i]);
    }
    ck_assert(sum > 0); /* the backward pass has got there */
    tp_dense_work_release(&work);
}
END_TEST

START_TEST(a_large_batch_is_cut)
{
    struct tp_dense_work work;
    struct tp_error err;
    ck_ok(tp_dense_work_init(&work, &model, 1000000, &err), err);
    ck_assert_int_eq(work.samples, 1024);
    ck_assert_double_eq(work.flops, 1024 * 3.0 * (384 + 144 + 384));
    tp_dense_work_release(&work);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("workload");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, lookups_read_rows_at_random);
    tcase_add_test(tcase, other_rows_each_time);
    tcase_add_test(tcase, dense_layers_are_run_and_counted);
    tcase_add_test(tcase, a_large_batch_is_cut);
    return run_suite("workload", tcase);
}
