/* SPDX-License-Identifier: Apache-2.0 */
/* Where values are in a picture, and which of them are named. */
#include "html/columns.h"
#include "html/scale.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#define EPSILON 1e-9

/* 25 is a quarter of the way from 20 to 40, and pixels go up the page. */
START_TEST(a_linear_scale_keeps_proportions)
{
    struct tp_scale scale = {20, 40, 200, 100, false};
    ck_assert_double_eq_tol(tp_scale_at(&scale, 20), 200, EPSILON);
    ck_assert_double_eq_tol(tp_scale_at(&scale, 25), 175, EPSILON);
    ck_assert_double_eq_tol(tp_scale_at(&scale, 40), 100, EPSILON);
}
END_TEST

/* 10 is the middle of 1 and 100. */
START_TEST(a_logarithmic_scale_keeps_ratios)
{
    struct tp_scale scale = {1, 100, 0, 300, true};
    ck_assert_double_eq_tol(tp_scale_at(&scale, 10), 150, EPSILON);
    ck_assert_double_eq_tol(tp_scale_at(&scale, 100), 300, EPSILON);
}
END_TEST

START_TEST(what_lies_outside_is_at_the_nearer_end)
{
    struct tp_scale scale = {0, 10, 5, 15, false}, powers = {1, 10, 5, 15, true};
    ck_assert_double_eq_tol(tp_scale_at(&scale, -3), 5, EPSILON);
    ck_assert_double_eq_tol(tp_scale_at(&scale, 99), 15, EPSILON);
    ck_assert_double_eq_tol(tp_scale_at(&scale, (double)NAN), 5, EPSILON);
    ck_assert_double_eq_tol(tp_scale_at(&powers, 0), 5, EPSILON);
}
END_TEST

START_TEST(a_scale_of_no_length_is_all_start)
{
    struct tp_scale scale = {7, 7, 5, 15, false};
    ck_assert_double_eq_tol(tp_scale_at(&scale, 7), 5, EPSILON);
}
END_TEST

static const struct {
    double value, round;
} rounds[] = {{1, 1}, {1.01, 2}, {2.2, 2.5}, {2.6, 5}, {7, 10}, {0.03, 0.05}, {123456, 200000},
    {1e-12, 1e-12}, {0, 1}, {-4, 1}, {(double)INFINITY, 1}};

START_TEST(round_values_are_1_2_2_5_and_5_times_powers_of_ten)
{
    ck_assert_double_eq_tol(
        tp_scale_round(rounds[_i].value), rounds[_i].round, EPSILON * rounds[_i].round);
}
END_TEST

static const struct {
    double least, most;
    bool logarithmic;
    int32_t wanted, count;
    double ticks[TP_TICKS_MAX];
} scales[] = {
    {0, 1, false, 4, 5, {0, 0.25, 0.5, 0.75, 1}},
    {0, 10, false, 4, 5, {0, 2.5, 5, 7.5, 10}},
    {-3, 11, false, 4, 3, {0, 5, 10}},
    {0.9, 1.1, false, 4, 5, {0.9, 0.95, 1, 1.05, 1.1}},
    {2, 60, true, 4, 5, {2, 5, 10, 20, 50}},
    {0.5, 600, true, 4, 3, {1, 10, 100}},
    {1, 1e9, true, 3, 4, {1, 1e3, 1e6, 1e9}},
    {5, 5, false, 4, 0, {0}},
    {0, (double)INFINITY, false, 4, 0, {0}},
};

START_TEST(ticks_are_round_and_inside)
{
    double ticks[TP_TICKS_MAX];
    struct tp_scale scale = {scales[_i].least, scales[_i].most, 0, 100, scales[_i].logarithmic};
    int32_t count = tp_scale_ticks(&scale, scales[_i].wanted, ticks);
    ck_assert_int_eq(count, scales[_i].count);
    for (int32_t i = 0; i < count; i++) {
        ck_assert_double_eq_tol(ticks[i], scales[_i].ticks[i], EPSILON * fmax(1, ticks[i]));
        ck_assert(!signbit(ticks[i]) || ticks[i] < 0);
    }
}
END_TEST

/* Steps of a fifth of the value, rounded up, with 4 % for room: 104 / 5 asks for steps of 25. */
START_TEST(columns_end_at_a_step_above_the_largest)
{
    ck_assert_double_eq_tol(tp_columns_top(100, (double)NAN), 125, EPSILON);
    ck_assert_double_eq_tol(tp_columns_top(95, (double)NAN), 100, EPSILON);
    ck_assert_double_eq_tol(tp_columns_top(0, (double)NAN), 1, EPSILON);
}
END_TEST

/* 0.3 is more than a quarter of 1: 1.04 / 5 asks for steps of 0.25. 0.2 is not: 0.208 / 5 asks for
 * steps of 0.05. */
START_TEST(a_limit_is_in_the_picture_unless_it_would_press_the_columns_flat)
{
    ck_assert_double_eq_tol(tp_columns_top(0.3, 1), 1.25, EPSILON);
    ck_assert_double_eq_tol(tp_columns_top(0.2, 1), 0.25, EPSILON);
    ck_assert_double_eq_tol(tp_columns_top(3, 1), 4, EPSILON);
}
END_TEST

START_TEST(there_are_never_more_columns_than_fit)
{
    ck_assert_int_eq(tp_columns_bucket(1), 1);
    ck_assert_int_eq(tp_columns_bucket(TP_COLUMNS_MAX), 1);
    ck_assert_int_eq(tp_columns_bucket(TP_COLUMNS_MAX + 1), 2);
    ck_assert_int_eq(tp_columns_bucket(4096), 6); /* 4096 / 800 = 5.12 */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("html_scale");
    TCase *tcase = tcase_create("html_scale");
    tcase_add_test(tcase, a_linear_scale_keeps_proportions);
    tcase_add_test(tcase, a_logarithmic_scale_keeps_ratios);
    tcase_add_test(tcase, what_lies_outside_is_at_the_nearer_end);
    tcase_add_test(tcase, a_scale_of_no_length_is_all_start);
    tcase_add_loop_test(tcase, round_values_are_1_2_2_5_and_5_times_powers_of_ten, 0,
        (int)(sizeof rounds / sizeof *rounds));
    tcase_add_loop_test(
        tcase, ticks_are_round_and_inside, 0, (int)(sizeof scales / sizeof *scales));
    tcase_add_test(tcase, columns_end_at_a_step_above_the_largest);
    tcase_add_test(tcase, a_limit_is_in_the_picture_unless_it_would_press_the_columns_flat);
    tcase_add_test(tcase, there_are_never_more_columns_than_fit);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
