/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of dense parameters, against steps worked out by hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "train/dense_optimizer.h"

#ifdef TP_REAL_DOUBLE
#define CLOSE 2e-9 /* what the epsilons, left out by hand, may move */
#else
#define CLOSE 1e-6
#endif
#define COUNT 37 /* more than any vector holds, and not a multiple of one */

static struct tp_parameters parameters;
static struct tp_dense_optimizer optimizer;

/* All values 1. */
static void begin(enum tp_optimizer kind, double rate)
{
    struct tp_error err;
    size_t first;
    parameters = (struct tp_parameters){0};
    ck_assert_int_eq(tp_parameters_add(&parameters, "t", 1, COUNT, 0, &first, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_init(&parameters, 1, &err), TP_OK);
    ck_assert_int_eq(
        tp_dense_optimizer_init(&optimizer, (struct tp_learning){kind, rate}, COUNT, &err), TP_OK);
    for (int i = 0; i < COUNT; i++)
        parameters.values[i] = 1;
}

/* Value 0 gets that gradient, the others 0, -1, 0, 1, ... to see that each is on its own. */
static void step(double gradient, int64_t number)
{
    for (int i = 1; i < COUNT; i++)
        parameters.gradients[i] = (tp_real)(i % 2 ? 0 : i % 4 ? -1 : 1);
    parameters.gradients[0] = (tp_real)gradient;
    tp_dense_optimizer_step(&optimizer, &parameters, number);
}

static void end(void)
{
    tp_dense_optimizer_release(&optimizer);
    tp_parameters_release(&parameters);
}

static void assert_value(int i, double want)
{
    ck_assert_double_eq_tol((double)parameters.values[i], want, CLOSE);
}

START_TEST(sgd_goes_down_the_gradient)
{
    begin(TP_SGD, 0.25);
    step(2, 1);
    assert_value(0, 0.5);
    assert_value(1, 1);
    assert_value(2, 1.25);
    assert_value(COUNT - 1, 0.75); /* 36 = 4 * 9 */
    step(-1, 2);
    assert_value(0, 0.75);
    ck_assert_uint_eq(optimizer.state_count, 0);
    end();
}
END_TEST

START_TEST(adagrad_divides_by_the_root_of_all_squares)
{
    /* Gradients 3, then 4: s = 9, 25; 1 - 0.5 * 3/3 - 0.5 * 4/5 = 0.1. */
    begin(TP_ADAGRAD, 0.5);
    step(3, 1);
    assert_value(0, 0.5);
    assert_value(1, 1); /* 0 / (0 + eps) is no move */
    assert_value(2, 1.5);
    step(4, 2);
    assert_value(0, 0.1);
    ck_assert_uint_eq(optimizer.state_count, COUNT);
    ck_assert_double_eq_tol((double)optimizer.state[0], 25, CLOSE);
    ck_assert_double_eq_tol((double)optimizer.state[2], 2, CLOSE);
    end();
}
END_TEST

START_TEST(adam_corrects_moments_that_began_at_zero)
{
    /* Step 1, gradient 2: m = 0.2, v = 0.004, corrected 2 and 4: down by rate * 2/2.
     * Step 2, gradient 0: m = 0.18, v = 0.003996, corrected 0.18/0.19 and 0.003996/0.001999. */
    begin(TP_ADAM, 0.1);
    step(2, 1);
    assert_value(0, 0.9);
    assert_value(1, 1);
    assert_value(2, 1.1);
    step(0, 2);
    assert_value(0, 0.9 - 0.1 * (0.18 / 0.19) / sqrt(0.003996 / 0.001999));
    ck_assert_uint_eq(optimizer.state_count, 2 * COUNT);
    ck_assert_double_eq_tol((double)optimizer.state[0], 0.18, CLOSE);
    ck_assert_double_eq_tol((double)optimizer.state[COUNT], 0.003996, CLOSE);
    end();
}
END_TEST

START_TEST(adam_adds_epsilon_to_the_corrected_root)
{
    /* Gradient 1e-8 = eps: corrected m = eps, root of corrected v = eps: down by rate / 2. */
    begin(TP_ADAM, 0.5);
    step(1e-8, 1);
    assert_value(0, 0.75);
    end();
}
END_TEST

START_TEST(adagrad_adds_epsilon_to_the_root)
{
    /* Gradient 1e-10 = eps, s = 1e-20: down by rate / 2. */
    begin(TP_ADAGRAD, 0.5);
    step(1e-10, 1);
    assert_value(0, 0.75);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dense_optimizer");
    TCase *tcase = tcase_create("dense_optimizer");
    tcase_add_test(tcase, sgd_goes_down_the_gradient);
    tcase_add_test(tcase, adagrad_divides_by_the_root_of_all_squares);
    tcase_add_test(tcase, adam_corrects_moments_that_began_at_zero);
    tcase_add_test(tcase, adam_adds_epsilon_to_the_corrected_root);
    tcase_add_test(tcase, adagrad_adds_epsilon_to_the_root);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
