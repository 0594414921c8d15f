/* SPDX-License-Identifier: Apache-2.0 */
/* MLPs worked out by hand: 1 -> 2 -> 1, W_0 = (1; -1), b_0 = (0 1), W_1 = (2 3), b_1 = (-4). */
#include <check.h>
#include <stdlib.h>

#include "train/mlp.h"

static struct tp_parameters parameters;
static struct tp_mlp_layers mlp;

static void begin(bool last_relu)
{
    static const tp_real values[] = {1, -1, 0, 1, 2, 3, -4};
    static const struct tp_mlp widths = {2, {2, 1}};
    struct tp_error err;
    parameters = (struct tp_parameters){0};
    mlp = (struct tp_mlp_layers){0};
    ck_assert_int_eq(tp_mlp_init(&mlp, &parameters, "mlp", 1, &widths, last_relu, 3, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_init(&parameters, 1, &err), TP_OK);
    ck_assert_str_eq(parameters.tensors[2].name, "mlp.1.weight");
    ck_assert_uint_eq(parameters.count, 7);
    for (int i = 0; i < 7; i++)
        parameters.values[i] = values[i];
}

static void end(void)
{
    tp_mlp_release(&mlp);
    tp_parameters_release(&parameters);
}

/* Samples -3, 2, 0.5: hidden (0 4), (2 0), (0.5 0.5); out 8, 0, -1.5. */
static const tp_real x[] = {-3, 2, (tp_real)0.5};

START_TEST(outputs_of_a_block_go_to_its_rows)
{
    begin(false);
    tp_mlp_forward(&mlp, &parameters, (struct tp_block){1, 2}, (struct tp_rows){x + 1, 1});
    ck_assert_double_eq((double)tp_mlp_outputs(&mlp)[0], 0);
    ck_assert_double_eq((double)tp_mlp_outputs(&mlp)[1], 0);
    ck_assert_double_eq((double)tp_mlp_outputs(&mlp)[2], -1.5);
    tp_mlp_forward(&mlp, &parameters, (struct tp_block){0, 1}, (struct tp_rows){x, 1});
    ck_assert_double_eq((double)tp_mlp_outputs(&mlp)[0], 8);
    end();
}
END_TEST

START_TEST(last_layer_may_have_a_relu)
{
    begin(true);
    tp_mlp_forward(&mlp, &parameters, (struct tp_block){0, 3}, (struct tp_rows){x, 1});
    ck_assert_double_eq((double)tp_mlp_outputs(&mlp)[0], 8);
    ck_assert_double_eq((double)tp_mlp_outputs(&mlp)[2], 0);
    end();
}
END_TEST

START_TEST(gradients_of_a_block)
{
    /* Sample -3, d = 1: db_1 = 1, dW_1 = (0 4), d hidden = (2 3) -> (0 3) behind the ReLU, db_0
     * = (0 3), dW_0 = (0 -9), dx = 3 * -1. With a ReLU the same, since 8 > 0. */
    static const tp_real want[] = {0, -9, 0, 3, 0, 4, 1};
    struct tp_block block = {0, 1};
    tp_real dx = 7;
    begin(_i);
    tp_mlp_forward(&mlp, &parameters, block, (struct tp_rows){x, 1});
    tp_mlp_output_gradients(&mlp)[0] = 1;
    tp_mlp_backward(&mlp, &parameters, block, (struct tp_rows){x, 1}, (struct tp_rows_out){&dx, 1});
    ck_assert_double_eq((double)dx, -3);
    for (int i = 0; i < 7; i++)
        ck_assert_double_eq((double)parameters.gradients[i], (double)want[i]);
    end();
}
END_TEST

START_TEST(blocks_cover_a_batch)
{
    int32_t n = 2 * TP_BLOCK_SAMPLES + 3;
    ck_assert_int_eq(tp_block_at(0, n).count, TP_BLOCK_SAMPLES);
    ck_assert_int_eq(tp_block_at(2 * TP_BLOCK_SAMPLES, n).count, 3);
    ck_assert_int_eq(tp_block_at(2 * TP_BLOCK_SAMPLES, n).first, 2 * TP_BLOCK_SAMPLES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mlp");
    TCase *tcase = tcase_create("mlp");
    tcase_add_test(tcase, outputs_of_a_block_go_to_its_rows);
    tcase_add_test(tcase, last_layer_may_have_a_relu);
    tcase_add_loop_test(tcase, gradients_of_a_block, 0, 2);
    tcase_add_test(tcase, blocks_cover_a_batch);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
