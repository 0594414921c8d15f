/* SPDX-License-Identifier: Apache-2.0 */
/* Several dumps, the dump of the untrained model, features without a dump, features that never vary:
 * what each adds to the measurement of one dump. Expected values are combined here, in double, from
 * what each dump gives alone. */
#include "affinity/dump.h"

#include "slow_cka.h"

enum { FEATURES = 5, DIM = 3, SAMPLES = 90, PAIRS = FEATURES * (FEATURES - 1) / 2 };

static struct tp_dump *dumps[3];
static char sha256[3][TP_SHA256_TEXT];

/* Opens `count` dumps of other numbers; feature `constant` never varies in dump 1 (-1: none). */
static void open_dumps(int count, int constant)
{
    char folder[sizeof scratch], outer[sizeof scratch];
    struct tp_error err;
    sample_equal(&sample, FEATURES, DIM);
    snprintf(outer, sizeof outer, "%s", scratch);
    for (int d = 0; d < count; d++) {
        int samples = SAMPLES - 10 * d;
        double *values = related_values(samples, FEATURES, DIM, (uint64_t)(d + 1));
        for (int s = 0; d == 1 && constant >= 0 && s < samples; s++) {
            for (int c = 0; c < DIM; c++)
                values[(s * FEATURES + constant) * DIM + c] = 0.1;
        }
        snprintf(folder, sizeof folder, "%.4000s/dump%d", outer, d);
        ck_ok(tp_folder_make(folder, &err), err);
        snprintf(scratch, sizeof scratch, "%s", folder);
        put_pooled(TP_NPY_FLOAT64, samples, &sample, values);
        snprintf(scratch, sizeof scratch, "%s", outer);
        ck_ok(tp_dump_open(folder, &sample.model, false, &dumps[d], &err), err);
        ck_ok(tp_digest_path(folder, sha256[d], &err), err);
        free(values);
    }
}

static void setup(void)
{
    scratch_open();
    memset(dumps, 0, sizeof dumps);
}

static void teardown(void)
{
    for (int d = 0; d < 3; d++)
        tp_dump_free(dumps[d]);
    scratch_close();
}

/* As if the dump had no array for it. */
static void lose(struct tp_dump *dump, int feature)
{
    dump->features[feature].file = -1;
}

static struct tp_affinity *measure_dumps(int first, int count, const struct tp_dump *null_dump)
{
    struct tp_affinity *affinity;
    struct tp_error err;
    ck_ok(tp_affinity_measure((const struct tp_dump *const *)dumps + first, count, null_dump, NULL,
              &affinity, &err),
        err);
    return affinity;
}

static const char *refuse(int count, const struct tp_dump *null_dump)
{
    static struct tp_error err;
    struct tp_affinity *affinity = NULL;
    ck_assert_int_eq(tp_affinity_measure((const struct tp_dump *const *)dumps, count, null_dump,
                         NULL, &affinity, &err),
        TP_EINPUT);
    ck_assert_ptr_null(affinity);
    return err.text;
}

/* Average ranks by counting: those below, and half of the other equals. */
static double rank_of(const double *values, int count, int k)
{
    double rank = 0;
    for (int i = 0; i < count; i++)
        rank += values[i] < values[k] ? 1 : i != k && !(values[i] > values[k]) ? 0.5 : 0;
    return rank;
}

/* Pearson's correlation of the ranks. */
static double slow_rho(const double *x, const double *y, int count)
{
    double xy = 0, xx = 0, yy = 0, middle = (count - 1) / 2.0;
    for (int k = 0; k < count; k++) {
        double a = rank_of(x, count, k) - middle, b = rank_of(y, count, k) - middle;
        xy += a * b;
        xx += a * a;
        yy += b * b;
    }
    return xy / sqrt(xx * yy);
}

/* Values of the pairs i < j without feature `left_out`; returns how many. */
static int pair_values(const struct tp_affinity *affinity, int left_out, double *values)
{
    int count = 0;
    for (int i = 0; i < FEATURES; i++) {
        for (int j = i + 1; j < FEATURES; j++) {
            if (i != left_out && j != left_out)
                values[count++] = value_of(affinity, i, j);
        }
    }
    return count;
}

START_TEST(one_dump_is_itself)
{
    open_dumps(1, -1);
    struct tp_affinity *one = measure_dumps(0, 1, NULL);
    ck_assert_int_eq(one->dumps, 1);
    ck_assert_double_nan(one->reproducibility);
    ck_assert_double_nan(one->null_rho);
    ck_assert_double_nan(one->learned);
    ck_assert_str_eq(one->sha256, sha256[0]);
    tp_affinity_free(one);
}
END_TEST

START_TEST(several_dumps_are_averaged)
{
    struct tp_affinity *alone[3];
    open_dumps(3, -1);
    for (int d = 0; d < 3; d++)
        alone[d] = measure_dumps(d, 1, NULL);
    struct tp_affinity *mean = measure_dumps(0, 3, NULL);
    for (int i = 0; i < FEATURES; i++) {
        for (int j = 0; j < FEATURES; j++) {
            double value = 0, error = 0;
            for (int d = 0; d < 3; d++) {
                value += value_of(alone[d], i, j) / 3;
                error += error_of(alone[d], i, j) / 3;
            }
            ck_near(value_of(mean, i, j), value, 1e-7);
            ck_near(error_of(mean, i, j), error, 1e-7);
        }
        ck_assert_int_eq(mean->state[i], TP_FEATURE_MEASURED);
    }
    double floor = 0, median = 0;
    for (int d = 0; d < 3; d++) {
        floor += alone[d]->noise_floor / 3;
        median += alone[d]->noise_median / 3;
        tp_affinity_free(alone[d]);
    }
    ck_near(mean->noise_floor, floor, 1e-12);
    ck_near(mean->noise_median, median, 1e-12);
    ck_assert_int_eq(mean->samples, SAMPLES - 20);
    ck_assert_int_eq(mean->dumps, 3);
    tp_affinity_free(mean);
}
END_TEST

START_TEST(the_digest_is_that_of_the_digests_in_order)
{
    char lines[2 * TP_SHA256_TEXT + 1], expected[TP_SHA256_TEXT];
    open_dumps(2, -1);
    snprintf(lines, sizeof lines, "%s\n%s\n", sha256[0], sha256[1]);
    tp_digest_bytes(lines, strlen(lines), expected);
    struct tp_affinity *mean = measure_dumps(0, 2, NULL);
    ck_assert_str_eq(mean->sha256, expected);
    tp_affinity_free(mean);
}
END_TEST

/* Up to the noise floor there is nothing to agree on. */
static int values_above_floor(const struct tp_affinity *affinity, int left_out, double *values)
{
    int count = pair_values(affinity, left_out, values);
    for (int k = 0; k < count; k++)
        values[k] = fmax(values[k], affinity->noise_floor);
    return count;
}

START_TEST(reproducibility_is_the_mean_rank_correlation)
{
    double values[3][PAIRS], rho = 0;
    open_dumps(3, -1);
    for (int d = 0; d < 3; d++) {
        struct tp_affinity *alone = measure_dumps(d, 1, NULL);
        values_above_floor(alone, -1, values[d]);
        tp_affinity_free(alone);
    }
    for (int d = 0; d < 3; d++)
        rho += slow_rho(values[d], values[(d + 1) % 3], PAIRS) / 3;
    struct tp_affinity *mean = measure_dumps(0, 3, NULL);
    ck_near(mean->reproducibility, rho, 1e-9);
    tp_affinity_free(mean);
}
END_TEST

START_TEST(constant_in_one_dump_is_constant)
{
    double values[2][PAIRS];
    int count = 0;
    struct tp_affinity *alone[2];
    open_dumps(2, 2);
    for (int d = 0; d < 2; d++) {
        alone[d] = measure_dumps(d, 1, NULL);
        count = values_above_floor(alone[d], 2, values[d]);
    }
    ck_assert_int_eq(alone[0]->state[2], TP_FEATURE_MEASURED);
    struct tp_affinity *mean = measure_dumps(0, 2, NULL);
    for (int i = 0; i < FEATURES; i++)
        ck_assert_int_eq(mean->state[i], i == 2 ? TP_FEATURE_CONSTANT : TP_FEATURE_MEASURED);
    ck_assert(value_of(alone[0], 2, 3) > 0);
    ck_near(value_of(mean, 2, 3), value_of(alone[0], 2, 3) / 2, 1e-7); /* 0 in the other */
    ck_near(mean->reproducibility, slow_rho(values[0], values[1], count), 1e-9);
    for (int d = 0; d < 2; d++)
        tp_affinity_free(alone[d]);
    tp_affinity_free(mean);
}
END_TEST

START_TEST(a_null_dump_changes_no_value)
{
    open_dumps(3, -1);
    struct tp_affinity *without = measure_dumps(0, 2, NULL);
    struct tp_affinity *with = measure_dumps(0, 2, dumps[2]);
    ck_same_matrix(without, with, 0);
    ck_assert_str_eq(without->sha256, with->sha256);
    ck_assert_int_eq(with->dumps, 2);
    ck_assert_int_eq(with->samples, without->samples);
    tp_affinity_free(without);
    tp_affinity_free(with);
}
END_TEST

/* Dump 0 is trained, dump 1 not, and there f2 never varies, so that its values are 0: all of its
 * pairs that differ from 0 were learned. */
START_TEST(what_was_learned_stands_above_the_null_dump)
{
    double values[2][PAIRS];
    int above = 0;
    open_dumps(2, 2);
    struct tp_affinity *trained = measure_dumps(0, 1, dumps[1]);
    struct tp_affinity *untrained = measure_dumps(1, 1, NULL);
    values_above_floor(trained, -1, values[0]);
    values_above_floor(untrained, -1, values[1]);
    ck_near(trained->null_rho, slow_rho(values[0], values[1], PAIRS), 1e-9);
    for (int i = 0; i < FEATURES; i++) {
        for (int j = i + 1; j < FEATURES; j++) {
            double a = error_of(trained, i, j), b = error_of(untrained, i, j);
            above += value_of(trained, i, j) - value_of(untrained, i, j) > 2 * sqrt(a * a + b * b);
        }
    }
    ck_assert_int_gt(above, 0);
    ck_assert_int_lt(above, PAIRS);
    ck_near(trained->learned, (double)above / PAIRS, 1e-12);
    tp_affinity_free(trained);
    tp_affinity_free(untrained);
}
END_TEST

/* The others do not see it; it gets their mean, and their standard deviation as its error. */
START_TEST(a_feature_without_a_dump_is_neutral)
{
    double values[PAIRS], mean = 0, squares = 0;
    open_dumps(1, -1);
    struct tp_affinity *whole = measure_dumps(0, 1, NULL);
    lose(dumps[0], 1);
    struct tp_affinity *part = measure_dumps(0, 1, NULL);
    int count = pair_values(whole, 1, values);
    ck_assert_int_eq(count, 6);
    for (int k = 0; k < count; k++)
        mean += values[k] / count;
    for (int k = 0; k < count; k++)
        squares += (values[k] - mean) * (values[k] - mean) / count;
    for (int i = 0; i < FEATURES; i++) {
        ck_assert_int_eq(part->state[i], i == 1 ? TP_FEATURE_NEUTRAL : TP_FEATURE_MEASURED);
        for (int j = 0; j < FEATURES; j++) {
            bool neutral = i != j && (i == 1 || j == 1);
            ck_near(value_of(part, i, j), neutral ? mean : value_of(whole, i, j), 1e-6);
            ck_near(error_of(part, i, j), neutral ? sqrt(squares) : error_of(whole, i, j), 1e-6);
        }
    }
    tp_affinity_free(whole);
    tp_affinity_free(part);
}
END_TEST

START_TEST(cosine_leaves_it_out_too)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    struct tp_affinity *affinity;
    struct tp_error err;
    double mean = 0;
    options.measure = TP_MEASURE_COSINE;
    open_dumps(1, -1);
    lose(dumps[0], 0);
    dumps[0]->features[0].dim = 77; /* and its dim does not matter */
    ck_ok(tp_affinity_measure(
              (const struct tp_dump *const *)dumps, 1, NULL, &options, &affinity, &err),
        err);
    ck_assert_int_eq(affinity->state[0], TP_FEATURE_NEUTRAL);
    for (int i = 1; i < FEATURES; i++) {
        for (int j = i + 1; j < FEATURES; j++)
            mean += value_of(affinity, i, j) / 6;
    }
    for (int j = 1; j < FEATURES; j++)
        ck_near(value_of(affinity, 0, j), mean, 1e-6);
    tp_affinity_free(affinity);
}
END_TEST

/* f2 never varies in dump 1: its cka is 0, whatever f1 holds, and it does not lower the mean. */
START_TEST(neutral_and_constant_have_affinity_0)
{
    double mean = 0;
    open_dumps(2, 2);
    lose(dumps[1], 1);
    struct tp_affinity *affinity = measure_dumps(1, 1, NULL);
    mean = (value_of(affinity, 0, 3) + value_of(affinity, 0, 4) + value_of(affinity, 3, 4)) / 3;
    ck_assert(value_of(affinity, 1, 2) == 0 && error_of(affinity, 2, 1) == 0);
    ck_near(value_of(affinity, 1, 4), mean, 1e-7);
    tp_affinity_free(affinity);
}
END_TEST

START_TEST(with_nothing_to_compare_nothing_is_said)
{
    open_dumps(2, -1);
    for (int f = 1; f < FEATURES; f++) {
        lose(dumps[0], f);
        lose(dumps[1], f);
    }
    struct tp_affinity *one = measure_dumps(0, 1, dumps[1]);
    struct tp_affinity *two = measure_dumps(0, 2, NULL);
    ck_assert(value_of(one, 0, 1) == 0 && error_of(one, 0, 1) == 0 && value_of(one, 1, 2) == 0);
    ck_assert_double_nan(one->null_rho);
    ck_assert_double_nan(one->learned);
    ck_assert_double_nan(two->reproducibility);
    ck_assert(tp_affinity_above_floor(one) == 0);
    tp_affinity_free(one);
    tp_affinity_free(two);
}
END_TEST

START_TEST(missing_in_one_dump_alone_is_refused)
{
    open_dumps(2, -1);
    lose(dumps[_i], 3);
    const char *text = refuse(2, NULL);
    ck_assert_msg(
        strstr(text, _i ? "/dump1: feature 'f3' is missing" : "/dump0: feature 'f3' is") &&
            strstr(text, _i ? "is in /" : "is in /"),
        "%s", text);
}
END_TEST

START_TEST(missing_in_the_null_dump_is_left_out_there)
{
    double values[2][PAIRS];
    open_dumps(2, -1);
    lose(dumps[1], 3);
    struct tp_affinity *untrained = measure_dumps(1, 1, NULL);
    struct tp_affinity *trained = measure_dumps(0, 1, dumps[1]);
    int count = values_above_floor(trained, 3, values[0]);
    values_above_floor(untrained, 3, values[1]);
    ck_near(trained->null_rho, slow_rho(values[0], values[1], count), 1e-9);
    ck_assert_int_eq(trained->state[3], TP_FEATURE_MEASURED);
    tp_affinity_free(trained);
    tp_affinity_free(untrained);
}
END_TEST

START_TEST(a_copy_is_no_second_dump)
{
    open_dumps(2, -1);
    struct tp_dump *other = dumps[1];
    dumps[1] = dumps[0];
    ck_assert_ptr_nonnull(strstr(refuse(2, NULL), "holds the same as"));
    ck_assert_ptr_nonnull(strstr(refuse(1, dumps[0]), "holds the same as"));
    dumps[1] = other;
}
END_TEST

START_TEST(rounding_reaches_all_figures)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    struct tp_affinity *affinity;
    struct tp_error err;
    options.round_digits = 2;
    open_dumps(3, -1);
    ck_ok(tp_affinity_measure(
              (const struct tp_dump *const *)dumps, 2, dumps[2], &options, &affinity, &err),
        err);
    double figures[] = {affinity->reproducibility, affinity->null_rho, affinity->learned};
    for (int i = 0; i < 3; i++)
        ck_near(100 * figures[i], nearbyint(100 * figures[i]), 1e-9);
    tp_affinity_free(affinity);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("measure");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, one_dump_is_itself);
    tcase_add_test(tcase, several_dumps_are_averaged);
    tcase_add_test(tcase, the_digest_is_that_of_the_digests_in_order);
    tcase_add_test(tcase, reproducibility_is_the_mean_rank_correlation);
    tcase_add_test(tcase, constant_in_one_dump_is_constant);
    tcase_add_test(tcase, a_null_dump_changes_no_value);
    tcase_add_test(tcase, what_was_learned_stands_above_the_null_dump);
    tcase_add_test(tcase, a_feature_without_a_dump_is_neutral);
    tcase_add_test(tcase, cosine_leaves_it_out_too);
    tcase_add_test(tcase, neutral_and_constant_have_affinity_0);
    tcase_add_test(tcase, with_nothing_to_compare_nothing_is_said);
    tcase_add_loop_test(tcase, missing_in_one_dump_alone_is_refused, 0, 2);
    tcase_add_test(tcase, missing_in_the_null_dump_is_left_out_there);
    tcase_add_test(tcase, a_copy_is_no_second_dump);
    tcase_add_test(tcase, rounding_reaches_all_figures);
    return run_suite("measure", tcase);
}
