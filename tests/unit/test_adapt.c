/* SPDX-License-Identifier: Apache-2.0 */
/* An affinity for a model that has changed: what is known is kept by name, what is new is neutral. */
#include "affinity/matrix.h"

#include "workload.h"

START_TEST(features_are_found_by_name_and_new_ones_are_neutral)
{
    static const int32_t none[4] = {0};
    struct workload before, now;
    struct tp_affinity *made = NULL;
    workload_begin(&before, 2, 1, 1 << 20);
    workload_tables(&before, 4, 10, 4);
    const struct tp_affinity *from = workload_relate(&before, none, 0, 0, 1, 3);
    workload_begin(&now, 2, 1, 1 << 20);
    workload_tables(&now, 3, 10, 4);
    strcpy(now.feature_name[0], "f3");
    strcpy(now.feature_name[1], "new");
    strcpy(now.feature_name[2], "f1");
    ck_assert_int_eq(tp_affinity_adapt(from, &now.model, &made, NULL), TP_OK);
    ck_assert_int_eq(made->feature_count, 3);
    ck_assert_str_eq(made->features[1], "new");
    ck_assert_int_eq(made->state[0], TP_FEATURE_MEASURED);
    ck_assert_int_eq(made->state[1], TP_FEATURE_NEUTRAL);
    /* One pair is left, so it is the mean, and nothing deviates from it. */
    float kept = before.matrix[3 * 4 + 1];
    ck_assert_float_eq(made->affinity[0 * 3 + 2], kept);
    ck_assert_float_eq(made->affinity[2 * 3 + 0], kept);
    ck_assert_float_eq_tol(made->affinity[0 * 3 + 1], kept, 1e-7f);
    ck_assert_float_eq_tol(made->std_error[0 * 3 + 1], 0, 1e-7f);
    ck_assert_float_eq(made->std_error[0 * 3 + 2], before.std_error[3 * 4 + 1]);
    ck_assert_float_eq(made->affinity[1 * 3 + 1], 1);
    ck_assert_int_eq(made->samples, from->samples);
    ck_assert_double_eq(made->noise_floor, from->noise_floor);
    tp_affinity_free(made);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("adapt");
    TCase *tcase = tcase_create("adapt");
    tcase_add_test(tcase, features_are_found_by_name_and_new_ones_are_neutral);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
