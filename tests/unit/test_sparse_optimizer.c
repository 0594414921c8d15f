/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of one row, against figures worked out by hand. */
#include "train/sparse_optimizer.h"

#include <math.h>

#include "scratch.h"

static double tolerance(void)
{
    return sizeof(tp_real) == sizeof(float) ? 1e-6 : 1e-14;
}

#define ck_near(found, expected)                                                                   \
    ck_assert_double_le(fabs((double)(found) - (expected)), tolerance())

static const struct {
    enum tp_optimizer kind;
    int32_t parts, width;
} kinds[] = {{TP_SGD, 0, 0}, {TP_ROWWISE_ADAGRAD, 1, 1}, {TP_ADAGRAD, 1, 7}, {TP_ADAM, 2, 7}};

START_TEST(states_have_the_size_that_the_cost_model_counts)
{
    ck_assert_int_eq(tp_sparse_state_parts(kinds[_i].kind), kinds[_i].parts);
    ck_assert_int_eq(tp_sparse_state_width(kinds[_i].kind, 7), kinds[_i].width);
}
END_TEST

START_TEST(sgd_goes_down_the_gradient)
{
    struct tp_sparse_step step = tp_sparse_step_of((struct tp_learning){TP_SGD, 0.5}, 9, 3);
    tp_real w[] = {1, 2, 3}, g[] = {2, 0, -4};
    tp_sparse_step_row(&step, g, w, NULL, NULL);
    ck_assert(w[0] == 0 && w[1] == 2 && w[2] == 5);
}
END_TEST

/* The mean of 1, 4, 9, 16, 25, 36, 49 is 20; with 5 in the state 25, so the rate is 0.5 / (5 + 1e-8). A second step
 * with the same gradient: 45. */
START_TEST(rowwise_adagrad_sums_the_means_of_squares)
{
    struct tp_sparse_step step =
        tp_sparse_step_of((struct tp_learning){TP_ROWWISE_ADAGRAD, 0.5}, 9, 7);
    tp_real w[7] = {0}, g[] = {1, -2, 3, -4, 5, -6, 7}, state = 5;
    tp_sparse_step_row(&step, g, w, &state, NULL);
    ck_near(state, 25);
    for (int c = 0; c < 7; c++)
        ck_near(w[c], -0.5 / (5 + 1e-8) * (double)g[c]);
    tp_sparse_step_row(&step, g, w, &state, NULL);
    ck_near(state, 45);
    for (int c = 0; c < 7; c++)
        ck_near(w[c], -(0.5 / (5 + 1e-8) + 0.5 / (sqrt(45) + 1e-8)) * (double)g[c]);
}
END_TEST

/* sqrt(16 + 9) = 5, sqrt(144 + 25) = 13. */
START_TEST(adagrad_sums_squares_by_column)
{
    struct tp_sparse_step step = tp_sparse_step_of((struct tp_learning){TP_ADAGRAD, 0.5}, 9, 2);
    tp_real w[] = {0, 1}, g[] = {3, -5}, state[] = {16, 144};
    tp_sparse_step_row(&step, g, w, state, NULL);
    ck_near(state[0], 25);
    ck_near(state[1], 169);
    ck_near(w[0], -0.5 * 3 / (5 + 1e-10));
    ck_near(w[1], 1 + 0.5 * 5 / (13 + 1e-10));
}
END_TEST

/* In the first step the moments are g / 10 and g^2 / 1000, and their corrections make it g and |g|, but for
 * epsilon, which is added before: |g| / (|g| + 1e-8 / sqrt(0.001)). */
START_TEST(adams_first_step_is_the_rate)
{
    struct tp_sparse_step step = tp_sparse_step_of((struct tp_learning){TP_ADAM, 0.5}, 1, 2);
    tp_real w[2] = {0}, g[] = {4, -1}, m[2] = {0}, v[2] = {0};
    tp_sparse_step_row(&step, g, w, m, v);
    ck_near(m[0], 0.4);
    ck_near(v[0], 0.016);
    ck_near(w[0], -0.5 * 4 / (4 + 1e-8 / sqrt(0.001)));
    ck_near(w[1], 0.5 / (1 + 1e-8 / sqrt(0.001)));
}
END_TEST

/* A row that is first looked up in step 2: m = 0.1, v = 0.001, corrections 1 - 0.81 = 0.19 and
 * 1 - 0.998001 = 0.001999. The correction goes by the step of the model, not of the row. */
START_TEST(adam_corrects_by_the_step_of_the_model)
{
    struct tp_sparse_step step = tp_sparse_step_of((struct tp_learning){TP_ADAM, 1}, 2, 1);
    tp_real w = 0, g = 1, m = 0, v = 0;
    tp_sparse_step_row(&step, &g, &w, &m, &v);
    ck_near(w, -sqrt(0.001999) / 0.19 * 0.1 / (sqrt(0.001) + 1e-8));
}
END_TEST

/* A gradient of 0 adds 0 and must not divide by it. */
START_TEST(a_gradient_of_zero_leaves_the_weights)
{
    struct tp_sparse_step step = tp_sparse_step_of((struct tp_learning){kinds[_i].kind, 0.5}, 1, 5);
    tp_real w[] = {1, 2, 3, 4, 5}, g[5] = {0}, state[5] = {0}, second[5] = {0};
    tp_sparse_step_row(&step, g, w, state, second);
    for (int c = 0; c < 5; c++)
        ck_assert(w[c] == (tp_real)(c + 1) && state[c] == 0 && second[c] == 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("sparse_optimizer");
    tcase_add_loop_test(tcase, states_have_the_size_that_the_cost_model_counts, 0, 4);
    tcase_add_test(tcase, sgd_goes_down_the_gradient);
    tcase_add_test(tcase, rowwise_adagrad_sums_the_means_of_squares);
    tcase_add_test(tcase, adagrad_sums_squares_by_column);
    tcase_add_test(tcase, adams_first_step_is_the_rate);
    tcase_add_test(tcase, adam_corrects_by_the_step_of_the_model);
    tcase_add_loop_test(tcase, a_gradient_of_zero_leaves_the_weights, 0, 4);
    return run_suite("sparse_optimizer", tcase);
}
