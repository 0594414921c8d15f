/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the standard errors are right: 200 dumps are drawn from a population whose covariance is
 * known, each is measured, and the share of values that lie within two standard errors of the truth
 * is counted. Two standard errors of a jackknife over 16 blocks hold about 94 % (Student's t, 15
 * degrees of freedom).
 *
 * cka is biased: even unrelated features have about d / n. So the first truth is the expected value
 * at that number of samples, the mean over the dumps; the second is the population's own value, for
 * pairs that stand so far above the noise that the bias is small. The mean |cosine| has no bias. */
#include "slow_cka.h"

enum { DUMPS = 200, SAMPLES = 1000, FEATURES = 8, DIM = 4, SOURCES = (FEATURES + 2) * DIM };

/* x = mix u, u standard normal: DIM sources for each of two groups, then DIM of each feature's own. */
static double mix[FEATURES * DIM][SOURCES];

static const int group_of[FEATURES] = {0, 0, 0, 0, 1, 1, -1, -1};
static const double strength[FEATURES] = {
    1, 0.7, 0.4, 1.5, 2, 1, 0, 0}; /* of the group's sources */

static double value[DUMPS][FEATURES][FEATURES], error[DUMPS][FEATURES][FEATURES];
static double noise_median;

/* Coordinates mixed at random, differently in each feature. */
static void mix_at_random(void)
{
    struct tp_random random = tp_random_new(1, 0);
    memset(mix, 0, sizeof mix);
    for (int f = 0; f < FEATURES; f++) {
        for (int r = 0; r < DIM; r++) {
            for (int c = 0; c < DIM; c++) {
                mix[f * DIM + r][(2 + f) * DIM + c] = tp_random_normal(&random);
                if (group_of[f] >= 0)
                    mix[f * DIM + r][group_of[f] * DIM + c] =
                        strength[f] * tp_random_normal(&random);
            }
        }
    }
}

/* Each coordinate with that of the same number: feature f is a_f z + sqrt(1 - a_f^2) noise. */
static double share_of(int f)
{
    return strength[f] / sqrt(1 + strength[f] * strength[f]);
}

static void mix_straight(void)
{
    memset(mix, 0, sizeof mix);
    for (int f = 0; f < FEATURES; f++) {
        for (int r = 0; r < DIM; r++) {
            mix[f * DIM + r][(2 + f) * DIM + r] = sqrt(1 - share_of(f) * share_of(f));
            if (group_of[f] >= 0)
                mix[f * DIM + r][group_of[f] * DIM + r] = share_of(f);
        }
    }
}

static void draw(struct tp_random *random, double *values)
{
    double source[SOURCES];
    for (int s = 0; s < SAMPLES; s++) {
        for (int k = 0; k < SOURCES; k++)
            source[k] = tp_random_normal(random);
        for (int i = 0; i < FEATURES * DIM; i++) {
            double sum = 0;
            for (int k = 0; k < SOURCES; k++)
                sum += mix[i][k] * source[k];
            values[s * FEATURES * DIM + i] = sum;
        }
    }
}

/* Fills value and error. */
static void measure_dumps(enum tp_measure measure_by)
{
    struct tp_affinity_options options = tp_affinity_options_default();
    struct tp_random random = tp_random_new(2, 0);
    double *values = normal_values(SAMPLES * FEATURES * DIM, 0);
    options.measure = measure_by;
    sample_equal(&sample, FEATURES, DIM);
    noise_median = 0;
    for (int d = 0; d < DUMPS; d++) {
        draw(&random, values);
        put_pooled(TP_NPY_FLOAT32, SAMPLES, &sample, values);
        struct tp_affinity *affinity = measure(&options);
        for (int i = 0; i < FEATURES; i++) {
            for (int j = 0; j < FEATURES; j++) {
                value[d][i][j] = value_of(affinity, i, j);
                error[d][i][j] = error_of(affinity, i, j);
            }
        }
        noise_median += affinity->noise_median / DUMPS;
        tp_affinity_free(affinity);
    }
    free(values);
}

static double mean_value(int i, int j)
{
    double mean = 0;
    for (int d = 0; d < DUMPS; d++)
        mean += value[d][i][j] / DUMPS;
    return mean;
}

/* Adds the dumps whose value lies within two standard errors of the truth. */
static void count(int i, int j, double truth, int *within, int *all)
{
    for (int d = 0; d < DUMPS; d++, ++*all)
        *within += fabs(value[d][i][j] - truth) <= 2 * error[d][i][j];
}

static void ck_share(const char *what, int within, int all)
{
    double share = (double)within / all;
    ck_assert_int_gt(all, 0);
    ck_assert_msg(share >= 0.90 && share <= 0.99,
        "%s: %d of %d, %.1f %%, lie within 2 standard errors", what, within, all, 100 * share);
}

/* Of all pairs, and of those that are related or not. */
static void ck_expected_values(void)
{
    int within[2] = {0}, all[2] = {0};
    for (int i = 0; i < FEATURES; i++) {
        for (int j = 0; j < i; j++) {
            int related = group_of[i] >= 0 && group_of[i] == group_of[j];
            count(i, j, mean_value(i, j), &within[related], &all[related]);
        }
    }
    ck_share("all pairs", within[0] + within[1], all[0] + all[1]);
    ck_share("related pairs", within[1], all[1]);
    ck_share("unrelated pairs", within[0], all[0]);
}

/* Squared Frobenius norm of the covariance of features i and j, mix_i mix_j^T. */
static double covariance_norm(int i, int j)
{
    double squares = 0;
    for (int p = 0; p < DIM; p++) {
        for (int q = 0; q < DIM; q++) {
            double entry = 0;
            for (int k = 0; k < SOURCES; k++)
                entry += mix[i * DIM + p][k] * mix[j * DIM + q][k];
            squares += entry * entry;
        }
    }
    return squares;
}

START_TEST(errors_of_cka_hold_what_they_promise)
{
    int within = 0, all = 0;
    mix_at_random();
    measure_dumps(TP_MEASURE_CKA);
    ck_expected_values();
    for (int i = 0; i < FEATURES; i++) {
        for (int j = 0; j < i; j++) {
            double truth =
                covariance_norm(i, j) / sqrt(covariance_norm(i, i) * covariance_norm(j, j));
            if (truth > 5 * noise_median)
                count(i, j, truth, &within, &all);
        }
    }
    ck_share("related pairs and the population", within, all);
}
END_TEST

/* What the floor is for: the population's value is 0 here, and no dump says so. */
START_TEST(unrelated_features_are_at_the_noise_not_at_0)
{
    mix_at_random();
    measure_dumps(TP_MEASURE_CKA);
    ck_assert(covariance_norm(6, 7) == 0);
    ck_near(mean_value(6, 7), noise_median, 0.25 * noise_median);
    for (int d = 0; d < DUMPS; d++)
        ck_assert(value[d][6][7] > 0);
}
END_TEST

/* Integral of (cosh w - x)^-DIM over w >= 0; the rest beyond 20 is below 1e-30. */
static double hotelling(double x)
{
    const int steps = 2000;
    double sum = 0, step = 20.0 / steps;
    for (int k = 0; k < steps; k++)
        sum += pow(cosh((k + 0.5) * step) - x, -DIM) * step;
    return sum;
}

/* E |cos| of two vectors whose DIM coordinates are pairs of correlation rho. Their cosine has the
 * density of a correlation coefficient without its mean (Hotelling 1953,
 * doi:10.1111/j.2517-6161.1953.tb00135.x):
 *   f(r) = (N - 1) / pi (1 - rho^2)^(N/2) (1 - r^2)^((N - 3)/2) integral of (cosh w - rho r)^-N. */
static double expected_cosine(double rho)
{
    const int steps = 1000;
    double sum = 0, total = 0, step = 2.0 / steps;
    double front = (DIM - 1) / acos(-1) * pow(1 - rho * rho, DIM / 2.0);
    for (int k = 0; k < steps; k++) {
        double r = -1 + (k + 0.5) * step;
        double mass = front * pow(1 - r * r, (DIM - 3) / 2.0) * hotelling(rho * r) * step;
        total += mass;
        sum += fabs(r) * mass;
    }
    ck_near(total, 1, 1e-4);
    return sum;
}

START_TEST(errors_of_cosine_hold_what_they_promise)
{
    int within = 0, all = 0;
    mix_straight();
    measure_dumps(TP_MEASURE_COSINE);
    ck_expected_values();
    for (int i = 0; i < FEATURES; i++) {
        for (int j = 0; j < i; j++) {
            bool related = group_of[i] >= 0 && group_of[i] == group_of[j];
            double truth = expected_cosine(related ? share_of(i) * share_of(j) : 0);
            ck_near(mean_value(i, j), truth, 0.002); /* 0.3 / sqrt(1000 * 200) is 0.0007 */
            count(i, j, truth, &within, &all);
        }
    }
    ck_share("the population", within, all);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("reading");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, errors_of_cka_hold_what_they_promise);
    tcase_add_test(tcase, unrelated_features_are_at_the_noise_not_at_0);
    tcase_add_test(tcase, errors_of_cosine_hold_what_they_promise);
    return run_suite("reading", tcase);
}
