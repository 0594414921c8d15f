/* SPDX-License-Identifier: Apache-2.0 */
/* Means, scales and block shifts of a dump's columns, against their definitions. */
#include "affinity/moments.h"

#include "sample_dump.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static struct sample_model sample;

static struct tp_moments measure(int32_t threads)
{
    struct tp_dump *dump;
    struct tp_moments moments;
    struct tp_error err;
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    ck_ok(tp_moments_measure(dump, threads, &moments, &err), err);
    tp_dump_free(dump);
    return moments;
}

static const int64_t counts[] = {32, 33, 47, 48, 1000003, INT64_MAX};

START_TEST(blocks_follow_each_other_and_differ_by_one_at_most)
{
    int64_t n = counts[_i];
    ck_assert_int_eq(tp_block_start(n, 0), 0);
    ck_assert(tp_block_start(n, TP_BLOCKS) == n);
    for (int32_t b = 0; b < TP_BLOCKS; b++) {
        int64_t length = tp_block_start(n, b + 1) - tp_block_start(n, b);
        ck_assert(length == n / TP_BLOCKS || length == n / TP_BLOCKS + 1);
    }
}
END_TEST

/* 0..39 in f0; f1 is twice that plus 5. The largest distances from sample 0 are 39, 78. */
START_TEST(means_and_scales_are_those_of_the_columns)
{
    double values[80];
    sample_equal(&sample, 2, 1);
    for (int s = 0; s < 40; s++) {
        values[2 * s] = s;
        values[2 * s + 1] = 2 * s + 5;
    }
    put_pooled(TP_NPY_FLOAT32, 40, &sample, values);
    struct tp_moments moments = measure(1);
    ck_assert_uint_eq(moments.first_column[1], 1);
    ck_assert_uint_eq(moments.first_column[2], 2);
    ck_assert(moments.mean[0] == 19.5 && moments.mean[1] == 44);
    ck_assert(moments.scale[0] == 39 && moments.scale[1] == 78);
    tp_moments_release(&moments);
}
END_TEST

/* Shift of block b = n_b / sqrt(n - n_b) * (its mean - mean) / scale, blocks of floor(b n / 16). */
START_TEST(block_shifts_are_those_of_the_blocks)
{
    enum { n = 70, columns = 6 };
    sample_equal(&sample, 2, 3);
    double *values = normal_values(n * columns, 1);
    put_pooled(TP_NPY_FLOAT64, n, &sample, values);
    struct tp_moments moments = measure(2);
    for (int c = 0; c < columns; c++) {
        double mean = 0;
        for (int s = 0; s < n; s++)
            mean += values[s * columns + c] / n;
        for (int b = 0; b < 16; b++) {
            int start = b * n / 16, end = (b + 1) * n / 16, own = end - start;
            double block = 0;
            for (int s = start; s < end; s++)
                block += values[s * columns + c] / own;
            double shift = own / sqrt(n - own) * (block - mean) / moments.scale[c / 3];
            ck_assert_double_eq_tol((double)moments.block_shift[b * columns + c], shift, 1e-6);
        }
    }
    tp_moments_release(&moments);
    free(values);
}
END_TEST

START_TEST(a_large_offset_costs_no_digits)
{
    double values[64];
    sample_equal(&sample, 1, 1);
    for (int s = 0; s < 64; s++)
        values[s] = 1e15 + s % 2;
    put_pooled(TP_NPY_FLOAT64, 64, &sample, values);
    struct tp_moments moments = measure(1);
    ck_assert(moments.mean[0] == 1e15 + 0.5);
    ck_assert(moments.scale[0] == 1);
    tp_moments_release(&moments);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("moments");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(
        tcase, blocks_follow_each_other_and_differ_by_one_at_most, 0, COUNT(counts));
    tcase_add_test(tcase, means_and_scales_are_those_of_the_columns);
    tcase_add_test(tcase, block_shifts_are_those_of_the_blocks);
    tcase_add_test(tcase, a_large_offset_costs_no_digits);
    return run_suite("moments", tcase);
}
