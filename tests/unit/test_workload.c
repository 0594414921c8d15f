/* SPDX-License-Identifier: Apache-2.0 */
/* What is timed really does what it is counted for. */
#include "train/workload.h"

#include "scratch.h"

#include "base/memory.h"

#include <math.h>

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

/* Widths 512 1024 1024 512 256: 512 x 1024 + 1024 x 1024 + 1024 x 512 + 512 x 256 = 2228224 products per
 * sample, two flops each, forward once and backward twice. */
START_TEST(dense_layers_stay_finite_and_are_counted)
{
    struct tp_dense_work work;
    struct tp_error err;
    ck_ok(tp_dense_work_init(&work, 300, &err), err); /* more than a block */
    ck_assert_double_eq(work.flops, 300 * 6.0 * 2228224);
    const tp_real *first = work.values + (size_t)300 * 1024, *last = first + (size_t)299 * 1024;
    tp_real before = *last;
    for (int i = 0; i < 3; i++)
        tp_dense_work_run(&work);
    ck_assert((double)*last != (double)before);
    ck_assert_mem_eq(first, last, 256 * sizeof *first); /* all samples are alike */
    for (size_t i = 0; i < (size_t)300 * 1024; i++) {
        ck_assert(isfinite((double)work.values[i]));
        ck_assert((double)work.values[i] >= 0 && (double)work.values[i] <= 1);
    }
    tp_dense_work_release(&work);
}
END_TEST

START_TEST(a_large_batch_is_cut)
{
    struct tp_dense_work work;
    struct tp_error err;
    ck_ok(tp_dense_work_init(&work, 1000000, &err), err);
    ck_assert_int_eq(work.samples, 1024);
    ck_assert_double_eq(work.flops, 1024 * 6.0 * 2228224);
    tp_dense_work_release(&work);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("workload");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, lookups_read_rows_at_random);
    tcase_add_test(tcase, other_rows_each_time);
    tcase_add_test(tcase, dense_layers_stay_finite_and_are_counted);
    tcase_add_test(tcase, a_large_batch_is_cut);
    return run_suite("workload", tcase);
}
