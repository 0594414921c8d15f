/* SPDX-License-Identifier: Apache-2.0 */
/* AUC and log loss of a log's own probabilities, against counting pairs. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "synth/log_truth.h"

#include "scratch.h"

#define ROWS 2000

START_TEST(figures_worked_out_by_hand)
{
    /* Clicks 0.9, 0.5; others 0.5, 0.2, 0.1. Pairs in order: 3 of 3, and 2.5 of 3: 5.5 / 6.
     * Loss: -ln 0.9 - ln 0.5 - ln 0.5 - ln 0.8 - ln 0.9, over 5. */
    struct tp_log_truth truth = {0};
    ck_assert(tp_log_truth_add(&truth, 0.5, false) && tp_log_truth_add(&truth, 0.9, true));
    ck_assert(tp_log_truth_add(&truth, 0.1, false) && tp_log_truth_add(&truth, 0.5, true));
    ck_assert(tp_log_truth_add(&truth, 0.2, false));
    ck_assert_double_eq_tol(tp_log_truth_auc(&truth), 5.5 / 6, 1e-15);
    ck_assert_double_eq_tol(
        tp_log_truth_loss(&truth), (0.1053605 + 0.6931472 * 2 + 0.2231436 + 0.1053605) / 5, 1e-7);
    tp_log_truth_release(&truth);
}
END_TEST

/* Probabilities in tenths, so that many are alike, or in many steps. */
START_TEST(the_auc_is_the_share_of_pairs_in_order)
{
    static double probability[ROWS];
    static bool clicked[ROWS];
    double pairs = 0, right = 0, steps = _i ? 1e6 : 10;
    struct tp_log_truth truth = {0};
    struct tp_random random = tp_random_new(1, 1);
    for (int i = 0; i < ROWS; i++) {
        probability[i] = (1 + floor(tp_random_uniform(&random) * (steps - 1))) / steps;
        clicked[i] = tp_random_uniform(&random) < probability[i];
        ck_assert(tp_log_truth_add(&truth, probability[i], clicked[i]));
    }
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < ROWS; j++) {
            if (!clicked[i] || clicked[j])
                continue;
            pairs++;
            right += probability[i] > probability[j]    ? 1
                     : probability[i] == probability[j] ? 0.5
                                                        : 0;
        }
    }
    ck_assert_double_eq_tol(tp_log_truth_auc(&truth), right / pairs, 1e-14);
    tp_log_truth_release(&truth);
}
END_TEST

START_TEST(without_pairs_there_is_no_auc)
{
    struct tp_log_truth truth = {0};
    ck_assert(isnan(tp_log_truth_auc(&truth)));
    ck_assert(isnan(tp_log_truth_loss(&truth)));
    ck_assert(tp_log_truth_add(&truth, 0.5, _i));
    ck_assert(isnan(tp_log_truth_auc(&truth)));
    ck_assert_double_eq_tol(tp_log_truth_loss(&truth), 0.6931472, 1e-7);
    tp_log_truth_release(&truth);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("log_truth");
    tcase_add_test(tcase, figures_worked_out_by_hand);
    tcase_add_loop_test(tcase, the_auc_is_the_share_of_pairs_in_order, 0, 2);
    tcase_add_loop_test(tcase, without_pairs_there_is_no_auc, 0, 2);
    return run_suite("log_truth", tcase);
}
