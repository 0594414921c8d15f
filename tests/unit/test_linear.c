/* SPDX-License-Identifier: Apache-2.0 */
/* A linear layer of two inputs and two outputs, worked out by hand. */
#include <check.h>
#include <stdlib.h>

#include "train/linear.h"

#define MARK 99

static struct tp_parameters parameters;
static struct tp_linear linear;

/* W = (1 2; 3 -4), b = (10 -1). */
static void begin(void)
{
    static const tp_real values[] = {1, 2, 3, -4, 10, -1};
    struct tp_error err;
    parameters = (struct tp_parameters){0};
    ck_assert_int_eq(tp_linear_init(&linear, &parameters, "l", 2, 2, 1, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_init(&parameters, 1, &err), TP_OK);
    for (int i = 0; i < 6; i++)
        parameters.values[i] = values[i];
}

static void assert_values(const tp_real *values, const tp_real *want, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_double_eq((double)values[i], (double)want[i]);
}

START_TEST(tensors_and_bounds)
{
    begin();
    ck_assert_str_eq(parameters.tensors[0].name, "l.weight");
    ck_assert_str_eq(parameters.tensors[1].name, "l.bias");
    ck_assert_double_eq(tp_linear_bound(16), 0.25);
    ck_assert_double_eq(tp_linear_bound(0), 0);
    ck_assert_double_eq(parameters.tensors[1].bound, tp_linear_bound(2));
    tp_parameters_release(&parameters);
}
END_TEST

START_TEST(forward_with_and_without_relu)
{
    /* x = (1 1): (1 + 2 + 10, 3 - 4 - 1) = (13 -2); x = (-20 1): (-8 -65). */
    static const tp_real x[] = {1, 1, MARK, -20, 1, MARK};
    static const tp_real plain[] = {13, -2, MARK, -8, -65, MARK};
    static const tp_real positive[] = {13, 0, MARK, 0, 0, MARK};
    tp_real y[] = {7, 7, MARK, 7, 7, MARK};
    begin();
    tp_linear_forward(
        &linear, &parameters, 2, (struct tp_rows){x, 3}, false, (struct tp_rows_out){y, 3});
    assert_values(y, plain, 6);
    tp_linear_forward(
        &linear, &parameters, 2, (struct tp_rows){x, 3}, true, (struct tp_rows_out){y, 3});
    assert_values(y, positive, 6);
    tp_parameters_release(&parameters);
}
END_TEST

START_TEST(gradients_are_added)
{
    /* x = (1 1), (2 0); d = (1 2), (3 0): dW = d^T x = (1+6 1; 2 2), db = (4 2). Twice. */
    static const tp_real x[] = {1, 1, 2, 0}, d[] = {1, 2, 3, 0};
    static const tp_real twice[] = {14, 2, 4, 4, 8, 4};
    begin();
    for (int i = 0; i < 2; i++) {
        tp_linear_backward_bias(&linear, &parameters, 2, (struct tp_rows){d, 2});
        tp_linear_backward_weight(
            &linear, &parameters, 2, (struct tp_rows){x, 2}, (struct tp_rows){d, 2});
    }
    assert_values(parameters.gradients, twice, 6);
    tp_parameters_release(&parameters);
}
END_TEST

START_TEST(relu_stops_gradients_where_it_put_out_nothing)
{
    static const tp_real y[] = {5, 0, 0, 1}, masked[] = {1, 0, 0, 4};
    tp_real d[] = {1, 2, 3, 4};
    begin();
    tp_linear_backward_relu(
        &linear, &parameters, 2, (struct tp_rows){y, 2}, (struct tp_rows_out){d, 2});
    assert_values(d, masked, 4);
    assert_values(parameters.gradients + 4, (tp_real[]){1, 4}, 2);
    tp_parameters_release(&parameters);
}
END_TEST

START_TEST(gradient_of_the_input)
{
    /* d W = (1 2) (1 2; 3 -4) = (7 -6). */
    static const tp_real d[] = {1, 2};
    tp_real dx[] = {100, 100, MARK};
    struct tp_rows_out out = {dx, 3};
    begin();
    tp_linear_backward_input(&linear, &parameters, 1, (struct tp_rows){d, 2}, true, out);
    assert_values(dx, (tp_real[]){107, 94, MARK}, 3);
    tp_linear_backward_input(&linear, &parameters, 1, (struct tp_rows){d, 2}, false, out);
    assert_values(dx, (tp_real[]){7, -6, MARK}, 3);
    tp_parameters_release(&parameters);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("linear");
    TCase *tcase = tcase_create("linear");
    tcase_add_test(tcase, tensors_and_bounds);
    tcase_add_test(tcase, forward_with_and_without_relu);
    tcase_add_test(tcase, gradients_are_added);
    tcase_add_test(tcase, relu_stops_gradients_where_it_put_out_nothing);
    tcase_add_test(tcase, gradient_of_the_input);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
