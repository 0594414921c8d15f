/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics, against counting every pair and against values by hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "train/metrics.h"

#define SAMPLES 700
#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static struct tp_metrics of(const float *labels, const double *logits, int64_t samples)
{
    struct tp_metrics metrics;
    ck_assert_int_eq(tp_metrics_of(labels, logits, samples, &metrics, NULL), TP_OK);
    return metrics;
}

/* How many different logits: 1 is all ties. */
static const int levels[] = {1, 2, 5, 50, 100000};

/* The share of pairs in order, by looking at each pair. */
static double pairs_in_order(const float *labels, const double *logits, int samples)
{
    double twice = 0, pairs = 0;
    for (int i = 0; i < samples; i++)
        for (int j = 0; j < samples; j++)
            if (labels[i] > 0 && !(labels[j] > 0)) {
                pairs++;
                twice += logits[i] > logits[j] ? 2 : logits[i] < logits[j] ? 0 : 1;
            }
    return twice / (2 * pairs);
}

START_TEST(auc_is_the_share_of_pairs_in_order)
{
    static float labels[SAMPLES];
    static double logits[SAMPLES];
    struct tp_random random = tp_random_new(3, (uint64_t)_i);
    for (int rate = 1; rate <= 9; rate += 4)
        for (int samples = 20; samples <= SAMPLES; samples += 170) {
            for (int s = 0; s < samples; s++) {
                labels[s] = s < 2 ? (float)s : tp_random_uniform(&random) < rate / 10.0 ? 1.0f : 0;
                logits[s] = floor(tp_random_uniform(&random) * levels[_i]) - labels[s];
            }
            ck_assert_double_eq(
                of(labels, logits, samples).auc, pairs_in_order(labels, logits, samples));
        }
}
END_TEST

START_TEST(auc_is_1_in_order_and_0_in_reverse)
{
    float labels[] = {0, 1, 0, 1, 1}, reverse[] = {1, 0, 1, 0, 0};
    double logits[] = {-3, 0.5, 0, 7, 0.25};
    ck_assert_double_eq(of(labels, logits, 5).auc, 1);
    ck_assert_double_eq(of(reverse, logits, 5).auc, 0);
}
END_TEST

START_TEST(both_zeros_are_a_tie)
{
    float labels[] = {0, 1};
    double logits[] = {0.0, -0.0};
    ck_assert_double_eq(of(labels, logits, 2).auc, 0.5);
}
END_TEST

/* Probabilities 3/4 and 1/4 of a click: -(log 3/4 + log 1/4 + log 3/4) / 3 for click, click, none. */
START_TEST(losses_are_those_of_the_probabilities)
{
    float labels[] = {1, 1, 0};
    double logits[] = {log(3), -log(3), -log(3)};
    struct tp_metrics metrics = of(labels, logits, 3);
    double loss = -(2 * log(0.75) + log(0.25)) / 3;
    double entropy = -(2 * log(2.0 / 3) + log(1.0 / 3)) / 3;
    ck_assert_int_eq(metrics.samples, 3);
    ck_assert_int_eq(metrics.clicks, 2);
    ck_assert_double_eq_tol(metrics.logloss, loss, 1e-15);
    ck_assert_double_eq_tol(metrics.normalised_entropy, loss / entropy, 1e-15);
}
END_TEST

/* Predicting the click rate for every sample: log loss is the entropy. */
START_TEST(normalised_entropy_of_the_click_rate_is_1)
{
    float labels[1000] = {0};
    double logits[1000];
    labels[17] = labels[400] = labels[999] = 1;
    for (int s = 0; s < 1000; s++)
        logits[s] = log(0.003 / 0.997);
    ck_assert_double_eq_tol(of(labels, logits, 1000).normalised_entropy, 1, 1e-13);
    ck_assert_double_eq(of(labels, logits, 1000).auc, 0.5);
}
END_TEST

/* exp(1000) overflows; exp(-1000) is 0. Losses: 1000, 0, 0, 1000. */
START_TEST(large_logits_overflow_nowhere)
{
    float labels[] = {1, 0, 1, 0};
    double logits[] = {-1000, -1000, 1000, 1000};
    ck_assert_double_eq(of(labels, logits, 4).logloss, 500);
}
END_TEST

/* log(1 + exp(-40)) is exp(-40) to 1e-17 of itself, where 1 + exp(-40) is 1. */
START_TEST(small_losses_are_not_lost)
{
    float labels[] = {1, 0};
    double logits[] = {40, -40};
    ck_assert_double_eq_tol(of(labels, logits, 2).logloss, exp(-40), 1e-15 * exp(-40));
}
END_TEST

START_TEST(samples_all_alike_have_a_loss_only)
{
    float labels[] = {1, 1}, none[] = {0, 0};
    double logits[] = {0, 0};
    struct tp_metrics click = of(labels, logits, 2), other = of(none, logits, 2);
    ck_assert_double_eq_tol(click.logloss, log(2), 1e-15);
    ck_assert_double_eq_tol(other.logloss, log(2), 1e-15);
    ck_assert(isnan(click.auc) && isnan(other.auc));
    ck_assert(isnan(click.normalised_entropy) && isnan(other.normalised_entropy));
}
END_TEST

START_TEST(no_samples_have_no_quality)
{
    struct tp_metrics metrics = of(NULL, NULL, 0);
    ck_assert_int_eq(metrics.samples + metrics.clicks, 0);
    ck_assert(isnan(metrics.logloss) && isnan(metrics.normalised_entropy) && isnan(metrics.auc));
}
END_TEST

/* 300,000 clicks above 300,000 others: 9e10 pairs, more than 32 bits count. */
START_TEST(many_pairs_are_counted)
{
    enum { HALF = 300000 };
    float *labels = calloc(2 * HALF, sizeof *labels);
    double *logits = calloc(2 * HALF, sizeof *logits);
    ck_assert(labels && logits);
    for (int i = 0; i < HALF; i++) {
        labels[2 * i] = 1;
        logits[2 * i] = HALF + i;
        logits[2 * i + 1] = i + 1; /* the highest is level with the lowest click */
    }
    double pairs = (double)HALF * HALF;
    ck_assert_double_eq(of(labels, logits, 2 * HALF).auc, (2 * pairs - 1) / (2 * pairs));
    free(logits);
    free(labels);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tcase = tcase_create("metrics");
    tcase_add_loop_test(tcase, auc_is_the_share_of_pairs_in_order, 0, COUNT(levels));
    tcase_add_test(tcase, auc_is_1_in_order_and_0_in_reverse);
    tcase_add_test(tcase, both_zeros_are_a_tie);
    tcase_add_test(tcase, losses_are_those_of_the_probabilities);
    tcase_add_test(tcase, normalised_entropy_of_the_click_rate_is_1);
    tcase_add_test(tcase, large_logits_overflow_nowhere);
    tcase_add_test(tcase, small_losses_are_not_lost);
    tcase_add_test(tcase, samples_all_alike_have_a_loss_only);
    tcase_add_test(tcase, no_samples_have_no_quality);
    tcase_add_test(tcase, many_pairs_are_counted);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
