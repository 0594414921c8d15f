/* SPDX-License-Identifier: Apache-2.0 */
/* Cross layers of width 2 and rank 1, worked out by hand. */
#include <check.h>
#include <stdlib.h>

#include "train/cross.h"

static struct tp_parameters parameters;
static struct tp_cross cross;
static const struct tp_block block = {0, 1};
static const tp_real x_0[] = {2, 3};
static const struct tp_rows first = {x_0, 2};

/* Each layer: V = (1 2), W = (1; -1), b = (0 1). */
static void begin(int layers)
{
    static const tp_real values[] = {1, 2, 1, -1, 0, 1};
    struct tp_error err;
    parameters = (struct tp_parameters){0};
    cross = (struct tp_cross){.width = 2, .rank = 1};
    for (int l = 0; l < layers; l++)
        ck_assert_int_eq(tp_cross_add(&cross, &parameters, "c", 1, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_init(&parameters, 1, &err), TP_OK);
    for (size_t i = 0; i < parameters.count; i++)
        parameters.values[i] = values[i % 6];
}

static void end(void)
{
    tp_cross_release(&cross);
    tp_parameters_release(&parameters);
}

static void assert_values(const tp_real *values, const tp_real *want, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_double_eq((double)values[i], (double)want[i]);
}

START_TEST(layers_multiply_by_the_first_input)
{
    /* x_0 = (2 3): V x = 8, u = (8 -7), x_1 = (16+2 -21+3) = (18 -18).
     * Then V x_1 = -18, u = (-18 19), x_2 = (-36+18 57-18) = (-18 39). */
    begin(2);
    tp_cross_forward(&cross, &parameters, block, first);
    assert_values(cross.layers[0].outputs, (tp_real[]){18, -18}, 2);
    assert_values(tp_cross_outputs(&cross, block, first).values, (tp_real[]){-18, 39}, 2);
    end();
}
END_TEST

START_TEST(gradients_of_one_layer)
{
    /* d = (1 1), u = (8 -7) as above: d_u = d x_0 = (2 3); db = (2 3); dW = d_u * 8 = (16 24);
     * d_h = W d_u = -1; dV = -1 (2 3); dx_0 = d u + d + d_h V = (8+1-1 -7+1-2) = (8 -8). */
    tp_real d[] = {1, 1};
    begin(1);
    tp_cross_forward(&cross, &parameters, block, first);
    tp_cross_backward(&cross, &parameters, block, first, (struct tp_rows_out){d, 2});
    assert_values(d, (tp_real[]){8, -8}, 2);
    assert_values(parameters.gradients, (tp_real[]){-2, -3, 16, 24, 2, 3}, 6);
    end();
}
END_TEST

START_TEST(no_layer_changes_nothing)
{
    tp_real d[] = {1, 1};
    begin(0);
    tp_cross_forward(&cross, &parameters, block, first);
    ck_assert_ptr_eq(tp_cross_outputs(&cross, block, first).values, x_0);
    tp_cross_backward(&cross, &parameters, block, first, (struct tp_rows_out){d, 2});
    assert_values(d, (tp_real[]){1, 1}, 2);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cross");
    TCase *tcase = tcase_create("cross");
    tcase_add_test(tcase, layers_multiply_by_the_first_input);
    tcase_add_test(tcase, gradients_of_one_layer);
    tcase_add_test(tcase, no_layer_changes_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
