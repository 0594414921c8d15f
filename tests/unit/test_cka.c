/* SPDX-License-Identifier: Apache-2.0 */
/* The affinity of a dump: its values against a slow computation, what it must not depend on, the
 * noise floor, and the corners. */
#include "slow_cka.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* 32 samples fill the blocks evenly, 70 do not. */
static const int sample_counts[] = {32, 47, 70, 300};

START_TEST(a_pooled_dump_gives_the_slow_answer)
{
    int samples = sample_counts[_i];
    struct column_set sets[5];
    sample_equal(&sample, 5, 4);
    double *values = related_values(samples, 5, 4, 1);
    pooled_sets(values, sets);
    put_pooled(TP_NPY_FLOAT64, samples, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    ck_matches(affinity, sets, samples);
    ck_assert_int_eq(affinity->samples, samples);
    ck_assert_int_eq(affinity->measure, TP_MEASURE_CKA);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* Multiples of 1/256 below 4 have 10 bits: every type holds them exactly. */
START_TEST(all_types_of_reals_give_the_same_bits)
{
    static const enum tp_npy_type types[] = {TP_NPY_FLOAT16, TP_NPY_FLOAT32, TP_NPY_FLOAT64};
    struct tp_affinity *affinity[3];
    sample_equal(&sample, 4, 8);
    double *values = related_values(64, 4, 8, 4);
    for (int i = 0; i < 64 * 4 * 8; i++)
        values[i] = nearbyint(fmin(fmax(values[i], -3.9), 3.9) * 256) / 256;
    for (int t = 0; t < 3; t++) {
        put_pooled(types[t], 64, &sample, values);
        affinity[t] = measure(NULL);
    }
    ck_same_matrix(affinity[0], affinity[1], 0);
    ck_same_matrix(affinity[0], affinity[2], 0);
    for (int t = 0; t < 3; t++)
        tp_affinity_free(affinity[t]);
    free(values);
}
END_TEST

/* Rotations by an angle of every pair of columns, one after the other. */
static void rotate(double *values, int samples, int features, int dim, int feature)
{
    for (int p = 0; p < dim; p++) {
        for (int q = p + 1; q < dim; q++) {
            double angle = 0.3 + p + 2 * q;
            for (int s = 0; s < samples; s++) {
                double *x = values + (s * features + feature) * dim, u = x[p], v = x[q];
                x[p] = cos(angle) * u - sin(angle) * v;
                x[q] = sin(angle) * u + cos(angle) * v;
            }
        }
    }
}

START_TEST(rotating_a_feature_changes_nothing)
{
    sample_equal(&sample, 3, 5);
    double *values = related_values(80, 3, 5, 5);
    put_pooled(TP_NPY_FLOAT64, 80, &sample, values);
    struct tp_affinity *before = measure(NULL);
    rotate(values, 80, 3, 5, 1);
    put_pooled(TP_NPY_FLOAT64, 80, &sample, values);
    struct tp_affinity *after = measure(NULL);
    ck_same_matrix(before, after, 1e-6);
    tp_affinity_free(before);
    tp_affinity_free(after);
    free(values);
}
END_TEST

/* factor, offset: double holds each value to 1e-16 of the offset, so 1e9 leaves 7 digits. */
static const double shifts[][2] = {{1, 1e9}, {1e-200, 0}, {1e200, -1e203}, {-3, 5}, {1e-300, 0}};

START_TEST(offset_and_scale_change_nothing)
{
    sample_equal(&sample, 3, 5);
    double *values = related_values(80, 3, 5, 6);
    put_pooled(TP_NPY_FLOAT64, 80, &sample, values);
    struct tp_affinity *before = measure(NULL);
    for (int s = 0; s < 80; s++) {
        for (int c = 0; c < 5; c++) {
            double *value = &values[(s * 3 + 2) * 5 + c];
            *value = *value * shifts[_i][0] + shifts[_i][1];
        }
    }
    put_pooled(TP_NPY_FLOAT64, 80, &sample, values);
    struct tp_affinity *after = measure(NULL);
    ck_same_matrix(before, after, 1e-6);
    tp_affinity_free(before);
    tp_affinity_free(after);
    free(values);
}
END_TEST

START_TEST(a_feature_and_its_copy_have_affinity_1)
{
    sample_equal(&sample, 2, 3);
    double *values = normal_values(50 * 2 * 3, 7);
    for (int s = 0; s < 50; s++)
        memcpy(values + s * 6 + 3, values + s * 6, 3 * sizeof *values);
    put_pooled(TP_NPY_FLOAT64, 50, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    ck_near(value_of(affinity, 0, 1), 1, 1e-6);
    ck_assert(value_of(affinity, 0, 1) <= 1);
    ck_near(error_of(affinity, 0, 1), 0, 1e-6);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* For independent normal features of d columns each, E |C_ij|^2 = n d^2 and |C_ii|^2 is about n^2
 * d, so cka is about d / n. */
START_TEST(the_floor_is_where_independent_features_lie)
{
    double expected = 4.0 / 2000;
    int above = 0, pairs = 30 * 29 / 2;
    sample_equal(&sample, 30, 4);
    double *values = normal_values(2000 * 30 * 4, 8);
    put_pooled(TP_NPY_FLOAT32, 2000, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    ck_near(affinity->noise_median, expected, 0.1 * expected);
    ck_assert(affinity->noise_floor > affinity->noise_median);
    ck_assert(affinity->noise_floor < 3 * expected);
    for (int i = 0; i < 30; i++) {
        for (int j = 0; j < i; j++)
            above += value_of(affinity, i, j) > affinity->noise_floor;
    }
    ck_assert_int_lt(above, pairs / 20); /* 1 % expected */
    ck_near(tp_affinity_above_floor(affinity), (double)above / pairs, 1e-12);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* Each group's features are noise plus the group's signal, in coordinates of their own. */
START_TEST(planted_groups_stand_above_the_floor)
{
    enum { samples = 1000, features = 12, dim = 4, groups = 3 };
    sample_equal(&sample, features, dim);
    double *values = normal_values(samples * features * dim, 9);
    double *signal = normal_values(samples * groups * dim, 10);
    for (int s = 0; s < samples; s++) {
        for (int i = 0; i < features * dim; i++)
            values[s * features * dim + i] +=
                signal[(s * groups + i / dim % groups) * dim + i % dim];
    }
    for (int i = 0; i < features; i += 2)
        rotate(values, samples, features, dim, i);
    put_pooled(TP_NPY_FLOAT32, samples, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    for (int i = 0; i < features; i++) {
        for (int j = 0; j < i; j++) {
            bool together = i % groups == j % groups;
            ck_assert(together ? value_of(affinity, i, j) > 10 * affinity->noise_floor
                               : value_of(affinity, i, j) < 3 * affinity->noise_floor);
            ck_assert(!together || value_of(affinity, i, j) > 10 * error_of(affinity, i, j));
        }
    }
    tp_affinity_free(affinity);
    free(signal);
    free(values);
}
END_TEST

/* 150 features have 11,175 pairs. */
START_TEST(many_features_share_a_sampled_floor)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    sample_equal(&sample, 150, 2);
    double *values = normal_values(400 * 150 * 2, 11);
    put_pooled(TP_NPY_FLOAT32, 400, &sample, values);
    free(values);
    struct tp_affinity *first = measure(&options), *again = measure(&options);
    options.seed = 2;
    struct tp_affinity *other = measure(&options);
    ck_near(first->noise_median, 0.7 * 2 / 400, 0.002); /* exponential-like: the median is lower */
    ck_assert(first->noise_floor == again->noise_floor);
    ck_assert(first->noise_floor != other->noise_floor);
    ck_near(first->noise_floor, other->noise_floor, 0.2 * first->noise_floor);
    tp_affinity_free(first);
    tp_affinity_free(again);
    tp_affinity_free(other);
}
END_TEST

/* 0.1 is not a binary fraction: its mean over 50 samples is rounded, yet nothing varies. */
START_TEST(a_constant_feature_has_no_affinity_and_is_listed)
{
    struct column_set sets[4];
    sample_equal(&sample, 4, 3);
    double *values = related_values(50, 4, 3, 12);
    for (int s = 0; s < 50; s++)
        values[(s * 4 + 1) * 3] = values[(s * 4 + 1) * 3 + 1] = values[(s * 4 + 1) * 3 + 2] = 0.1;
    pooled_sets(values, sets);
    put_pooled(TP_NPY_FLOAT64, 50, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    for (int j = 0; j < 4; j++)
        ck_assert_int_eq(affinity->state[j], j == 1 ? TP_FEATURE_CONSTANT : TP_FEATURE_MEASURED);
    for (int j = 0; j < 4; j++) {
        ck_assert(value_of(affinity, 1, j) == (j == 1) && value_of(affinity, j, 1) == (j == 1));
        ck_assert(error_of(affinity, 1, j) == 0);
    }
    ck_near(value_of(affinity, 0, 3), slow_cka(&sets[0], &sets[3], 50, 0, 0), 2e-6);
    ck_near(error_of(affinity, 0, 3), slow_std_error(&sets[0], &sets[3], 50), 2e-6);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

START_TEST(a_dump_without_any_pair_has_floor_0)
{
    sample_equal(&sample, 2, 3);
    double *values = normal_values(50 * 2 * 3, 13);
    for (int s = 0; s < 50; s++)
        values[s * 6] = values[s * 6 + 1] = values[s * 6 + 2] = 7;
    put_pooled(TP_NPY_FLOAT32, 50, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    ck_assert(affinity->noise_floor == 0 && affinity->noise_median == 0);
    ck_assert(value_of(affinity, 0, 1) == 0);
    ck_assert(tp_affinity_above_floor(affinity) == 0);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* It varies in the second of the 16 blocks alone. Without that block there is nothing to compare:
 * value 0; without another one the value is v_b. With m the mean of the 16 numbers, se follows. */
START_TEST(a_feature_that_varies_in_one_block_alone_has_a_standard_error)
{
    static const double inside[4] = {
        1, -1, 2, -2}; /* mean 0, so the rest is exactly 0 once centred */
    struct column_set sets[2];
    double mean = 0, squares = 0, value[BLOCKS];
    sample_equal(&sample, 2, 1);
    double *values = normal_values(64 * 2, 14);
    for (int s = 0; s < 64; s++)
        values[s * 2] = s >= 4 && s < 8 ? inside[s - 4] : 0;
    pooled_sets(values, sets);
    for (int b = 0; b < BLOCKS; b++) {
        value[b] = b == 1 ? 0 : slow_cka(&sets[0], &sets[1], 64, 4 * b, 4 * b + 4);
        mean += value[b] / BLOCKS;
    }
    for (int b = 0; b < BLOCKS; b++)
        squares += (value[b] - mean) * (value[b] - mean);
    put_pooled(TP_NPY_FLOAT64, 64, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    ck_near(error_of(affinity, 0, 1), sqrt(squares * (BLOCKS - 1) / BLOCKS), 2e-6);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

START_TEST(zero_vectors_are_counted)
{
    sample_equal(&sample, 3, 2);
    double *values = normal_values(40 * 3 * 2, 15);
    memset(values + 2, 0, 2 * sizeof *values);      /* sample 0, f1 */
    memset(values + 39 * 6, 0, 4 * sizeof *values); /* sample 39, f0 and f1 */
    values[20 * 6] = 0;                             /* half of one: not counted */
    put_pooled(TP_NPY_FLOAT16, 40, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    ck_assert_int_eq(affinity->zero_vectors, 3);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* feature, sample, column, value; f1 has a second bad one later. */
static const struct {
    int feature, sample, column;
    double value;
    const char *message;
} bad_values[] = {
    {0, 0, 0, NAN, "feature 'f0': sample 0, column 0 is NaN"},
    {1, 17, 2, NAN, "feature 'f1': sample 17, column 2 is NaN"},
    {1, 17, 1, HUGE_VAL, "feature 'f1': sample 17, column 1 is Inf"},
    {1, 5, 2, -HUGE_VAL, "feature 'f1': sample 5, column 2 is Inf"},
    {2, 39, 2, NAN, "feature 'f1': sample 30, column 0 is NaN"},
};

START_TEST(the_first_bad_value_is_named)
{
    struct tp_dump *dump;
    struct tp_affinity *affinity = NULL;
    struct tp_error err;
    sample_equal(&sample, 3, 3);
    double *values = normal_values(40 * 9, 16);
    values[30 * 9 + 3] = NAN;
    values[bad_values[_i].sample * 9 + bad_values[_i].feature * 3 + bad_values[_i].column] =
        bad_values[_i].value;
    put_pooled(TP_NPY_FLOAT32, 40, &sample, values);
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    ck_assert_int_eq(
        tp_affinity_measure((const struct tp_dump *const *)&dump, 1, NULL, NULL, &affinity, &err),
        TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/pooled.npy: ", bad_values[_i].message, NULL});
    ck_assert_ptr_null(affinity);
    tp_dump_free(dump);
    free(values);
}
END_TEST

START_TEST(values_too_far_apart_are_refused)
{
    struct tp_dump *dump;
    struct tp_affinity *affinity;
    struct tp_error err;
    sample_equal(&sample, 2, 1);
    double *values = normal_values(40 * 2, 17);
    values[1] = 1.7e308;
    values[3] = -1.7e308;
    put_pooled(TP_NPY_FLOAT64, 40, &sample, values);
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    ck_assert_int_eq(
        tp_affinity_measure((const struct tp_dump *const *)&dump, 1, NULL, NULL, &affinity, &err),
        TP_EINPUT);
    ck_message_has(&err, (const char *[]){"feature 'f1': its values are too far apart", NULL});
    tp_dump_free(dump);
    free(values);
}
END_TEST

START_TEST(rounding_keeps_that_many_decimals)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    sample_equal(&sample, 4, 3);
    double *values = related_values(50, 4, 3, 18);
    put_pooled(TP_NPY_FLOAT64, 50, &sample, values);
    struct tp_affinity *exact = measure(&options);
    options.round_digits = 3;
    struct tp_affinity *rounded = measure(&options);
    ck_same_matrix(exact, rounded, 0.00050001);
    for (int i = 0; i < 16; i++) {
        double thousands = (double)rounded->affinity[i] * 1000;
        ck_near(thousands, nearbyint(thousands), 1e-4);
    }
    ck_near(rounded->noise_floor * 1000, nearbyint(rounded->noise_floor * 1000), 1e-9);
    tp_affinity_free(exact);
    tp_affinity_free(rounded);
    free(values);
}
END_TEST

START_TEST(the_dumps_digest_comes_along)
{
    char sha256[TP_SHA256_TEXT];
    struct tp_error err;
    sample_equal(&sample, 2, 1);
    double *values = normal_values(40 * 2, 19);
    put_pooled(TP_NPY_FLOAT32, 40, &sample, values);
    struct tp_affinity *affinity = measure(NULL);
    ck_ok(tp_digest_path(scratch, sha256, &err), err);
    ck_assert_str_eq(affinity->sha256, sha256);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

static void add_answers(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_pooled_dump_gives_the_slow_answer, 0, COUNT(sample_counts));
    tcase_add_test(tcase, all_types_of_reals_give_the_same_bits);
    tcase_add_test(tcase, rotating_a_feature_changes_nothing);
    tcase_add_loop_test(tcase, offset_and_scale_change_nothing, 0, COUNT(shifts));
    tcase_add_test(tcase, a_feature_and_its_copy_have_affinity_1);
    tcase_add_test(tcase, the_floor_is_where_independent_features_lie);
    tcase_add_test(tcase, planted_groups_stand_above_the_floor);
    tcase_add_test(tcase, many_features_share_a_sampled_floor);
}

static void add_corners(TCase *tcase)
{
    tcase_add_test(tcase, a_constant_feature_has_no_affinity_and_is_listed);
    tcase_add_test(tcase, a_dump_without_any_pair_has_floor_0);
    tcase_add_test(tcase, a_feature_that_varies_in_one_block_alone_has_a_standard_error);
    tcase_add_test(tcase, zero_vectors_are_counted);
    tcase_add_loop_test(tcase, the_first_bad_value_is_named, 0, COUNT(bad_values));
    tcase_add_test(tcase, values_too_far_apart_are_refused);
    tcase_add_test(tcase, rounding_keeps_that_many_decimals);
    tcase_add_test(tcase, the_dumps_digest_comes_along);
}

int main(void)
{
    TCase *tcase = tcase_create("cka");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_set_timeout(tcase, 60);
    add_answers(tcase);
    add_corners(tcase);
    return run_suite("cka", tcase);
}
