/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices whose rows stand apart, worked out by hand. */
#include <check.h>
#include <stdlib.h>

#include "train/gemm.h"

#define MARK 99

/* A = (1 2 3; 4 5 6), B = (1 0; 2 1; 0 3): A B = (5 11; 14 23). Rows are 4 values apart. */
static const tp_real a[] = {1, 2, 3, MARK, 4, 5, 6, MARK};
static const tp_real a_transposed[] = {1, 4, MARK, MARK, 2, 5, MARK, MARK, 3, 6, MARK, MARK};
static const tp_real b[] = {1, 0, MARK, MARK, 2, 1, MARK, MARK, 0, 3, MARK, MARK};
static const tp_real b_transposed[] = {1, 2, 0, MARK, 0, 1, 3, MARK};

static const struct {
    enum tp_product product;
    const tp_real *left, *right;
} cases[] = {
    {TP_A_B, a, b},
    {TP_A_BT, a, b_transposed},
    {TP_AT_B, a_transposed, b},
};

static void assert_values(const tp_real *c, const tp_real *want)
{
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq((double)c[i], (double)want[i]);
}

START_TEST(products_are_those_of_the_definition)
{
    tp_real c[] = {7, 7, MARK, 7, 7, MARK};
    static const tp_real want[] = {5, 11, MARK, 14, 23, MARK};
    tp_gemm(cases[_i].product, 2, 2, 3, (struct tp_rows){cases[_i].left, 4},
        (struct tp_rows){cases[_i].right, 4}, false, (struct tp_rows_out){c, 3});
    assert_values(c, want);
}
END_TEST

START_TEST(products_may_be_added)
{
    tp_real c[] = {1, 2, MARK, 3, 4, MARK};
    static const tp_real want[] = {6, 13, MARK, 17, 27, MARK};
    tp_gemm(cases[_i].product, 2, 2, 3, (struct tp_rows){cases[_i].left, 4},
        (struct tp_rows){cases[_i].right, 4}, true, (struct tp_rows_out){c, 3});
    assert_values(c, want);
}
END_TEST

START_TEST(a_sum_of_nothing_is_zero)
{
    tp_real c[] = {1, 2, MARK, 3, 4, MARK};
    static const tp_real kept[] = {1, 2, MARK, 3, 4, MARK}, zero[] = {0, 0, MARK, 0, 0, MARK};
    struct tp_rows none = {a, 0};
    tp_gemm(TP_A_BT, 2, 2, 0, none, none, true, (struct tp_rows_out){c, 3});
    assert_values(c, kept);
    tp_gemm(TP_A_BT, 2, 2, 0, none, none, false, (struct tp_rows_out){c, 3});
    assert_values(c, zero);
}
END_TEST

START_TEST(empty_results_are_left_alone)
{
    tp_real c[] = {1, 2, MARK, 3, 4, MARK};
    static const tp_real kept[] = {1, 2, MARK, 3, 4, MARK};
    struct tp_rows none = {a, 0};
    tp_gemm(TP_A_B, 0, 2, 3, none, (struct tp_rows){b, 4}, false, (struct tp_rows_out){c, 3});
    tp_gemm(TP_A_B, 2, 0, 3, (struct tp_rows){a, 4}, none, false, (struct tp_rows_out){c, 0});
    assert_values(c, kept);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *tcase = tcase_create("gemm");
    tcase_add_loop_test(tcase, products_are_those_of_the_definition, 0, 3);
    tcase_add_loop_test(tcase, products_may_be_added, 0, 3);
    tcase_add_test(tcase, a_sum_of_nothing_is_zero);
    tcase_add_test(tcase, empty_results_are_left_alone);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
