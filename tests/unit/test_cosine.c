/* SPDX-License-Identifier: Apache-2.0 */
/* Mean |cosine|: against values worked by hand and a slow computation, however it is cut into tiles,
 * blocks, pieces and threads. */
#include "slow_cka.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static struct tp_affinity_options cosine(void)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    options.measure = TP_MEASURE_COSINE;
    return options;
}

static struct tp_affinity *measure_cosine(void)
{
    struct tp_affinity_options options = cosine();
    return measure(&options);
}

static double slow_dot(const struct column_set *x, const struct column_set *y, int s)
{
    double sum = 0;
    for (int c = 0; c < x->dim; c++)
        sum += x->values[(size_t)s * x->stride + (size_t)c] *
               y->values[(size_t)s * y->stride + (size_t)c];
    return sum;
}

/* Mean over the samples outside [from, to). */
static double slow_cosine(
    const struct column_set *x, const struct column_set *y, int samples, int from, int to)
{
    double sum = 0;
    for (int s = 0; s < samples; s++) {
        double lengths = sqrt(slow_dot(x, x, s) * slow_dot(y, y, s));
        if ((s < from || s >= to) && lengths > 0)
            sum += fabs(slow_dot(x, y, s)) / lengths;
    }
    return sum / (samples - (to - from));
}

static double slow_error(const struct column_set *x, const struct column_set *y, int samples)
{
    double value[BLOCKS], mean = 0, squares = 0;
    for (int b = 0; b < BLOCKS; b++) {
        value[b] = slow_cosine(x, y, samples, b * samples / BLOCKS, (b + 1) * samples / BLOCKS);
        mean += value[b] / BLOCKS;
    }
    for (int b = 0; b < BLOCKS; b++)
        squares += (value[b] - mean) * (value[b] - mean);
    return sqrt(squares * (BLOCKS - 1) / BLOCKS);
}

static void ck_slow(const struct tp_affinity *affinity, const struct column_set *sets, int samples)
{
    for (int i = 0; i < affinity->feature_count; i++) {
        ck_assert(value_of(affinity, i, i) == 1 && error_of(affinity, i, i) == 0);
        for (int j = 0; j < i; j++) {
            ck_near(value_of(affinity, i, j), slow_cosine(&sets[i], &sets[j], samples, 0, 0), 2e-6);
            ck_near(error_of(affinity, i, j), slow_error(&sets[i], &sets[j], samples), 2e-6);
            ck_assert(value_of(affinity, i, j) == value_of(affinity, j, i));
            ck_assert(error_of(affinity, i, j) == error_of(affinity, j, i));
        }
    }
}

/* 64 samples: f0 (1, 0); f1 (3, 4), then (-3, 4); f2 (5, 0) in the first half, then (0, 0). Cosines:
 * f0 f1 3/5 in each; f0 f2 1 in half of them; f1 f2 3/5 in half of them. Without one of the 16
 * blocks of 4, f0 f2 is 28/60 (8 times) or 32/60: 1/30 from their mean, so
 * se^2 = 15/16 * 16 / 30^2, se = sqrt(15)/30. */
START_TEST(values_worked_by_hand)
{
    double values[64][3][2];
    sample_equal(&sample, 3, 2);
    for (int s = 0; s < 64; s++) {
        values[s][0][0] = 1;
        values[s][0][1] = 0;
        values[s][1][0] = s < 32 ? 3 : -3;
        values[s][1][1] = 4;
        values[s][2][0] = s < 32 ? 5 : 0;
        values[s][2][1] = 0;
    }
    put_pooled(TP_NPY_FLOAT32, 64, &sample, &values[0][0][0]);
    struct tp_affinity *affinity = measure_cosine();
    ck_near(value_of(affinity, 0, 1), 0.6, 1e-7);
    ck_near(value_of(affinity, 0, 2), 0.5, 1e-7);
    ck_near(value_of(affinity, 1, 2), 0.3, 1e-7);
    ck_near(error_of(affinity, 0, 1), 0, 1e-7);
    ck_near(error_of(affinity, 0, 2), sqrt(15) / 30, 1e-7);
    ck_near(error_of(affinity, 1, 2), 0.6 * sqrt(15) / 30, 1e-7);
    ck_assert_int_eq(affinity->measure, TP_MEASURE_COSINE);
    ck_assert_int_eq(affinity->zero_vectors, 32);
    tp_affinity_free(affinity);
}
END_TEST

/* samples, features, dim: blocks that are equal and not, one group and several, chunks of more than
 * 1024 samples. */
static const int sizes[][3] = {
    {32, 5, 4}, {47, 5, 1}, {70, 33, 16}, {33, 130, 3}, {40, 300, 2}, {17000, 3, 2}};

START_TEST(a_dump_gives_the_slow_answer)
{
    int samples = sizes[_i][0], features = sizes[_i][1], dim = sizes[_i][2];
    struct column_set sets[300];
    sample_equal(&sample, features, dim);
    double *values = related_values(samples, features, dim, 1);
    memset(values + 3 * features * dim, 0, 2 * (size_t)dim * sizeof *values); /* sample 3, f0, f1 */
    pooled_sets(values, sets);
    put_pooled(TP_NPY_FLOAT64, samples, &sample, values);
    struct tp_affinity *affinity = measure_cosine();
    ck_slow(affinity, sets, samples);
    ck_assert_int_eq(affinity->samples, samples);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* 0 bytes hold the sums of one tile and pieces of 16 samples. */
START_TEST(little_memory_gives_the_same_answer)
{
    struct tp_affinity_options options = cosine();
    sample_equal(&sample, 150, 4);
    double *values = related_values(500, 150, 4, 2);
    put_pooled(TP_NPY_FLOAT32, 500, &sample, values);
    free(values);
    struct tp_affinity *much = measure(&options);
    options.memory_bytes = 0;
    struct tp_affinity *little = measure(&options);
    ck_same_matrix(much, little, 1e-6);
    tp_affinity_free(much);
    tp_affinity_free(little);
}
END_TEST

START_TEST(the_number_of_threads_changes_nothing)
{
    struct tp_affinity_options options = cosine();
    sample_equal(&sample, 150, 4);
    double *values = related_values(300, 150, 4, 3);
    put_pooled(TP_NPY_FLOAT32, 300, &sample, values);
    free(values);
    options.threads = 1;
    struct tp_affinity *one = measure(&options);
    options.threads = 5;
    struct tp_affinity *five = measure(&options);
    ck_same_matrix(one, five, 0);
    tp_affinity_free(one);
    tp_affinity_free(five);
}
END_TEST

/* Squares of the first and last vanish or overflow; the least double is 4.9e-324. */
static const double scales[] = {1e-200, 1e-310, -3, 1e150, 1e300};

START_TEST(the_length_of_a_vector_changes_nothing)
{
    sample_equal(&sample, 3, 5);
    double *values = related_values(80, 3, 5, 6);
    put_pooled(TP_NPY_FLOAT64, 80, &sample, values);
    struct tp_affinity *before = measure_cosine();
    for (int s = 0; s < 80; s += 2) {
        for (int c = 0; c < 5; c++)
            values[(s * 3 + 2) * 5 + c] *= scales[_i];
    }
    put_pooled(TP_NPY_FLOAT64, 80, &sample, values);
    struct tp_affinity *after = measure_cosine();
    ck_same_matrix(before, after, 1e-6);
    tp_affinity_free(before);
    tp_affinity_free(after);
    free(values);
}
END_TEST

START_TEST(a_feature_and_its_opposite_have_affinity_1)
{
    sample_equal(&sample, 2, 3);
    double *values = normal_values(50 * 2 * 3, 7);
    for (int s = 0; s < 50; s++) {
        for (int c = 0; c < 3; c++)
            values[s * 6 + 3 + c] = -7 * values[s * 6 + c];
    }
    put_pooled(TP_NPY_FLOAT64, 50, &sample, values);
    struct tp_affinity *affinity = measure_cosine();
    ck_near(value_of(affinity, 0, 1), 1, 1e-6);
    ck_assert(value_of(affinity, 0, 1) <= 1);
    ck_near(error_of(affinity, 0, 1), 0, 1e-6);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* Random directions in 4 dims: E |cos| = Gamma(2) / (sqrt(pi) Gamma(5/2)) = 4 / (3 pi), and
 * E cos^2 = 1/4, so a mean over 2000 samples has a standard error of 0.0059. */
START_TEST(the_floor_is_where_random_directions_lie)
{
    double expected = 4 / (3 * acos(-1)), error = sqrt((0.25 - expected * expected) / 2000);
    sample_equal(&sample, 30, 4);
    double *values = normal_values(2000 * 30 * 4, 8);
    put_pooled(TP_NPY_FLOAT32, 2000, &sample, values);
    struct tp_affinity *affinity = measure_cosine();
    ck_near(affinity->noise_median, expected, error);
    ck_near(affinity->noise_floor, expected + 2.33 * error, error);
    ck_near(value_of(affinity, 3, 5), expected, 5 * error);
    ck_near(error_of(affinity, 3, 5), error, 0.6 * error); /* of 15 degrees of freedom: +- 18 % */
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

/* It points one way; its cosine is what it is, but the floor must not rise for it. */
START_TEST(a_constant_feature_is_listed_and_not_in_the_floor)
{
    struct column_set sets[3];
    sample_equal(&sample, 3, 2);
    double *values = normal_values(400 * 3 * 2, 12);
    for (int s = 0; s < 400; s++) {
        values[s * 6] = values[s * 6 + 1] = 0.1;      /* f0 is constant, */
        values[s * 6 + 3] = 1e-3 * values[s * 6 + 2]; /* the others lie along one axis */
        values[s * 6 + 4] = 1e-3 * values[s * 6 + 5];
    }
    pooled_sets(values, sets);
    put_pooled(TP_NPY_FLOAT64, 400, &sample, values);
    struct tp_affinity *affinity = measure_cosine();
    ck_slow(affinity, sets, 400);
    ck_near(value_of(affinity, 0, 1), sqrt(0.5), 0.01);
    ck_assert(affinity->noise_floor < 0.01); /* f1 and f2 are orthogonal in any order */
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(affinity->state[i], i ? TP_FEATURE_MEASURED : TP_FEATURE_CONSTANT);
    tp_affinity_free(affinity);
    free(values);
}
END_TEST

START_TEST(unequal_dims_are_refused)
{
    struct tp_affinity_options options = cosine();
    struct tp_dump *dump;
    struct tp_affinity *affinity = NULL;
    struct tp_error err;
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, "user", 2);
    sample_add(&sample, "item", 2);
    sample_add(&sample, "shop", 3);
    double *values = normal_values(40 * 3, 1);
    put_array("user.npy", TP_NPY_FLOAT32, 2, (int64_t[]){40, 2}, values);
    put_array("item.npy", TP_NPY_FLOAT32, 2, (int64_t[]){40, 2}, values);
    put_array("shop.npy", TP_NPY_FLOAT32, 2, (int64_t[]){40, 3}, values);
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    ck_assert_int_eq(tp_affinity_measure(
                         (const struct tp_dump *const *)&dump, 1, NULL, &options, &affinity, &err),
        TP_EINPUT);
    ck_message_has(&err, (const char *[]){"cosine", "'user' has dim 2", "'shop' dim 3", NULL});
    ck_assert_ptr_null(affinity);
    tp_dump_free(dump);
    free(values);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("cosine");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, values_worked_by_hand);
    tcase_add_loop_test(tcase, a_dump_gives_the_slow_answer, 0, COUNT(sizes));
    tcase_add_test(tcase, little_memory_gives_the_same_answer);
    tcase_add_test(tcase, the_number_of_threads_changes_nothing);
    tcase_add_loop_test(tcase, the_length_of_a_vector_changes_nothing, 0, COUNT(scales));
    tcase_add_test(tcase, a_feature_and_its_opposite_have_affinity_1);
    tcase_add_test(tcase, the_floor_is_where_random_directions_lie);
    tcase_add_test(tcase, a_constant_feature_is_listed_and_not_in_the_floor);
    tcase_add_test(tcase, unequal_dims_are_refused);
    return run_suite("cosine", tcase);
}
