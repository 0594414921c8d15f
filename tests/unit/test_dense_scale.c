/* SPDX-License-Identifier: Apache-2.0 */
/* How dense values of logs are scaled. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "data/dense_scale.h"

#include "scratch.h"

static struct tp_dense_scale scale_of(const double *values, int count)
{
    struct tp_dense_scale scale = {0};
    for (int i = 0; i < count; i++)
        tp_dense_scale_see(&scale, values[i]);
    return scale;
}

START_TEST(values_are_squeezed_and_standardised)
{
    /* e - 1 and its like squeeze to 1, -1, 2, 0: mean 0.5, variance (0.25 + 2.25 + 2.25 + 0.25) / 4
     * = 1.25. */
    const double e = 2.718281828459045;
    const double values[] = {e - 1, 1 - e, e * e - 1, 0};
    struct tp_dense_scale scale = scale_of(values, 4);
    const double expected[] = {0.5, -1.5, 1.5, -0.5};
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(
            (double)tp_dense_scale_value(&scale, values[i]), expected[i] / sqrt(1.25), 1e-6);
    ck_assert_double_eq_tol(
        (double)tp_dense_scale_value(&scale, e * e * e - 1), 2.5 / sqrt(1.25), 1e-6);
}
END_TEST

START_TEST(missing_values_are_the_mean)
{
    const double with[] = {1, NAN, 5, NAN}, without[] = {1, 5};
    struct tp_dense_scale a = scale_of(with, 4), b = scale_of(without, 2);
    ck_assert(tp_dense_scale_value(&a, NAN) == 0);
    ck_assert(tp_dense_scale_value(&a, 3) == tp_dense_scale_value(&b, 3));
}
END_TEST

START_TEST(a_column_that_never_varies_is_0)
{
    const double same[] = {0.1, 0.1, 0.1};
    struct tp_dense_scale scale = scale_of(same, 3), empty = {0};
    ck_assert(tp_dense_scale_value(&scale, 0.1) == 0);
    ck_assert(tp_dense_scale_value(&scale, 7) == 0);
    ck_assert(tp_dense_scale_value(&empty, 7) == 0);
}
END_TEST

START_TEST(extreme_values_stay_finite)
{
    const double values[] = {1.7e308, -1.7e308, 0};
    struct tp_dense_scale scale = scale_of(values, 3);
    for (int i = 0; i < 3; i++)
        ck_assert(isfinite(tp_dense_scale_value(&scale, values[i])));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("dense_scale");
    tcase_add_test(tcase, values_are_squeezed_and_standardised);
    tcase_add_test(tcase, missing_values_are_the_mean);
    tcase_add_test(tcase, a_column_that_never_varies_is_0);
    tcase_add_test(tcase, extreme_values_stay_finite);
    return run_suite("dense_scale", tcase);
}
