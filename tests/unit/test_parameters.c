/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors side by side, and what is in them at the start. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "train/initial.h"
#include "train/parameters.h"

START_TEST(tensors_lie_one_behind_the_other)
{
    struct tp_parameters p = {0};
    struct tp_error err;
    size_t first[3];
    ck_assert_int_eq(tp_parameters_add(&p, "a", 2, 3, 0.5, &first[0], &err), TP_OK);
    ck_assert_int_eq(tp_parameters_add(&p, "none", 4, 0, 0.5, &first[1], &err), TP_OK);
    ck_assert_int_eq(tp_parameters_add(&p, "b", 1, 5, 0.25, &first[2], &err), TP_OK);
    ck_assert_uint_eq(first[0], 0);
    ck_assert_uint_eq(first[1], 6);
    ck_assert_uint_eq(first[2], 6);
    ck_assert_uint_eq(p.count, 11);
    ck_assert_int_eq(p.tensor_count, 3);
    ck_assert_str_eq(p.tensors[2].name, "b");
    ck_assert_uint_eq(p.tensors[2].first, 6);
    tp_parameters_release(&p);
    ck_assert_ptr_null(p.tensors);
}
END_TEST

START_TEST(values_are_those_of_name_row_and_column)
{
    struct tp_parameters p = {0};
    struct tp_error err;
    size_t first;
    ck_assert_int_eq(tp_parameters_add(&p, "a", 2, 3, 0.5, &first, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_add(&p, "b", 2, 2, 0.25, &first, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_init(&p, 9, &err), TP_OK);
    ck_assert_uint_eq((uintptr_t)p.values % 64, 0);
    ck_assert_uint_eq((uintptr_t)p.gradients % 64, 0);
    double a = tp_initial_value(tp_initial_stream(9, "a"), 1, 2, 0.5);
    double b = tp_initial_value(tp_initial_stream(9, "b"), 1, 0, 0.25);
    ck_assert_double_eq((double)p.values[5], (double)(tp_real)a);
    ck_assert_double_eq((double)p.values[8], (double)(tp_real)b);
    for (size_t i = 0; i < p.count; i++)
        ck_assert_double_eq((double)p.gradients[i], 0);
    tp_parameters_release(&p);
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_out_of_memory)
{
    struct tp_parameters p = {0};
    struct tp_error err;
    size_t first = 77;
    ck_assert_int_eq(tp_parameters_add(&p, "a", INT64_MAX, 8, 0, &first, &err), TP_ENOMEM);
    ck_assert_int_eq(tp_parameters_add(&p, "a", INT64_MAX, 1, 0, &first, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_add(&p, "b", INT64_MAX, 1, 0, &first, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_add(&p, "c", INT64_MAX, 1, 0, &first, &err), TP_ENOMEM);
    ck_assert_int_eq(tp_parameters_init(&p, 1, &err), TP_ENOMEM);
    tp_parameters_release(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parameters");
    TCase *tcase = tcase_create("parameters");
    tcase_add_test(tcase, tensors_lie_one_behind_the_other);
    tcase_add_test(tcase, values_are_those_of_name_row_and_column);
    tcase_add_test(tcase, sizes_that_do_not_fit_are_out_of_memory);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
