/* SPDX-License-Identifier: Apache-2.0 */
/* The adjusted Rand index against values worked out by hand, and verdicts on planted and on random
 * matrices. */
#include "plan/trust.h"

#include <towerpart/plan.h>

#include "workload.h"

#define CLOSE 1e-12
#define FEATURES 24
#define HOSTS 4

/* Labels in [0, 4) and their index. */
static const struct {
    int count;
    int32_t a[8], b[8];
    double index;
} rand_cases[] = {
    /* The same parts under other names. */
    {6, {0, 0, 1, 1, 2, 2}, {2, 2, 0, 0, 1, 1}, 1},
    /* Pairs together in both 2, in a 6, in b 3, of 15: chance 1.2, (2 - 1.2) / (4.5 - 1.2). */
    {6, {0, 0, 0, 1, 1, 1}, {0, 0, 1, 1, 2, 2}, 0.8 / 3.3},
    /* Rows and columns of a square: 0 in both, 2 and 2 of 6: (0 - 2/3) / (2 - 2/3). */
    {4, {0, 0, 1, 1}, {0, 1, 0, 1}, -0.5},
    /* One part against all apart: 0 in both, chance 0 of at most 3. */
    {4, {0, 0, 0, 0}, {0, 1, 2, 3}, 0},
    /* One unit moved: in both 3 + 6 pairs, in a 6 + 6, in b 3 + 10 of 28: chance 12 * 13 / 28, most
     * 12.5. */
    {8, {0, 0, 0, 0, 1, 1, 1, 1}, {0, 0, 0, 1, 1, 1, 1, 1},
        (9 - 12.0 * 13 / 28) / (12.5 - 12.0 * 13 / 28)},
    /* Nothing to tell apart: everything in one part in both, or everything alone in both. */
    {4, {1, 1, 1, 1}, {3, 3, 3, 3}, 1},
    {4, {0, 1, 2, 3}, {3, 2, 0, 1}, 1},
    {1, {0}, {2}, 1},
};

START_TEST(test_adjusted_rand_index_is_the_one_worked_out_by_hand)
{
    double index = -9;
    struct tp_error err;
    ck_assert_int_eq(
        tp_adjusted_rand(rand_cases[_i].a, rand_cases[_i].b, rand_cases[_i].count, 4, &index, &err),
        TP_OK);
    ck_assert_double_eq_tol(index, rand_cases[_i].index, CLOSE);
    ck_assert_int_eq(
        tp_adjusted_rand(rand_cases[_i].b, rand_cases[_i].a, rand_cases[_i].count, 4, &index, &err),
        TP_OK);
    ck_assert_double_eq_tol(index, rand_cases[_i].index, CLOSE);
}
END_TEST

START_TEST(test_adjusted_rand_index_of_random_labels_is_about_zero)
{
    struct tp_random random = tp_random_new(1, 0);
    int32_t a[200], b[200];
    double sum = 0;
    for (int k = 0; k < 100; k++) {
        double index;
        struct tp_error err;
        for (int i = 0; i < 200; i++) {
            a[i] = (int32_t)tp_random_below(&random, 5);
            b[i] = (int32_t)tp_random_below(&random, 5);
        }
        ck_assert_int_eq(tp_adjusted_rand(a, b, 200, 5, &index, &err), TP_OK);
        sum += index;
    }
    ck_assert_double_eq_tol(sum / 100, 0, 0.005);
}
END_TEST

/* 24 tables alike on 4 hosts of 2 ranks; groups i % 4. */
static struct tp_affinity *make(
    struct workload *w, double inside, double outside, double noise, float std_error)
{
    int32_t group[FEATURES];
    workload_begin(w, HOSTS, 2, INT64_C(1) << 30);
    workload_tables(w, FEATURES, 1000, 16);
    for (int i = 0; i < FEATURES; i++)
        group[i] = i % HOSTS;
    struct tp_affinity *affinity = workload_relate(w, group, inside, outside, noise, 1);
    for (int i = 0; i < FEATURES * FEATURES; i++)
        w->std_error[i] = i % (FEATURES + 1) ? std_error : 0;
    affinity->noise_floor = 0.1;
    return affinity;
}

static struct tp_plan *plan(
    const struct workload *w, const struct tp_affinity *affinity, enum tp_strategy strategy)
{
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_plan *made = NULL;
    struct tp_error err = {0};
    options.strategy = strategy;
    options.effort = 1;
    ck_assert_msg(tp_plan_make(&w->model, &w->topology, affinity, &options, &made, &err) == TP_OK,
        "%s", err.text);
    return made;
}

START_TEST(test_planted_groups_above_the_floor_are_trusted)
{
    struct workload w;
    struct tp_affinity *affinity = make(&w, 0.5, 0.02, 0.05, 0.02f);
    struct tp_plan *made = plan(&w, affinity, TP_STRATEGY_COHERENT);
    /* 4 groups of 15 pairs each of the 276 are above the floor. */
    ck_assert_double_eq_tol(made->affinity.above_floor, 60.0 / 276, CLOSE);
    ck_assert_double_eq_tol(made->affinity.std_error, 0.02, 1e-7);
    ck_assert_double_eq(made->affinity.noise_floor, 0.1);
    ck_assert_double_eq_tol(made->affinity.stability, 1, CLOSE);
    ck_assert_int_eq(made->affinity.samples, 4096);
    ck_assert_int_eq(made->affinity.measure, TP_MEASURE_CKA);
    ck_assert_int_eq(made->affinity.verdict, TP_VERDICT_TRUSTED);
    ck_assert_int_eq(made->affinity.mover_count, 0);
    tp_plan_free(made);
}
END_TEST

/* At least so many; each a feature of the model, once, most first. */
static void expect_movers(const struct tp_plan *made, int32_t least)
{
    const struct tp_plan_affinity *affinity = &made->affinity;
    bool seen[FEATURES] = {false};
    ck_assert_int_ge(affinity->mover_count, least);
    for (int32_t i = 0; i < affinity->mover_count; i++) {
        int32_t feature = tp_model_feature(made->model, affinity->movers[i].feature);
        ck_assert_int_ge(feature, 0);
        ck_assert(!seen[feature]);
        seen[feature] = true;
        ck_assert_double_ge(affinity->movers[i].share, 0.25);
        ck_assert_double_le(affinity->movers[i].share, i ? affinity->movers[i - 1].share : 1);
    }
}

START_TEST(test_random_values_below_the_floor_are_noise)
{
    struct workload w;
    struct tp_affinity *affinity = make(&w, 0, 0, 0.09, 0.05f);
    struct tp_plan *made = plan(&w, affinity, TP_STRATEGY_COHERENT);
    ck_assert_double_eq(made->affinity.above_floor, 0);
    ck_assert_double_lt(made->affinity.stability, 0.7);
    ck_assert_int_eq(made->affinity.verdict, TP_VERDICT_NOISE);
    expect_movers(made, FEATURES / 2);
    tp_plan_free(made);
}
END_TEST

START_TEST(test_values_above_the_floor_whose_differences_are_errors_are_weak)
{
    struct workload w;
    struct tp_affinity *affinity = make(&w, 0.4, 0.4, 0.05, 0.1f);
    struct tp_plan *made = plan(&w, affinity, TP_STRATEGY_COHERENT);
    ck_assert_double_eq(made->affinity.above_floor, 1);
    ck_assert_double_lt(made->affinity.stability, 0.7);
    ck_assert_int_eq(made->affinity.verdict, TP_VERDICT_WEAK);
    tp_plan_free(made);
}
END_TEST

START_TEST(test_stable_groups_below_the_floor_are_weak)
{
    struct workload w;
    struct tp_affinity *affinity = make(&w, 0.08, 0.01, 0.005, 0.001f);
    struct tp_plan *made = plan(&w, affinity, TP_STRATEGY_COHERENT);
    ck_assert_double_eq(made->affinity.above_floor, 0);
    ck_assert_double_ge(made->affinity.stability, 0.7);
    ck_assert_int_eq(made->affinity.verdict, TP_VERDICT_WEAK);
    tp_plan_free(made);
}
END_TEST

/* Feature 0 is torn between the 5 others of its group and 5 of the next; the errors decide. */
START_TEST(test_a_feature_between_two_groups_is_the_one_that_moves)
{
    struct workload w;
    struct tp_affinity *affinity = make(&w, 0.5, 0.02, 0, 0.02f);
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_plan *made = NULL;
    struct tp_error err = {0};
    for (int i = 2; i < FEATURES; i++)
        if (i % HOSTS < 2)
            w.matrix[i] = w.matrix[i * FEATURES] = 0.25f;
    options.ratio = 1.5; /* 4 to 9 features in a tower */
    options.balance = 0.5;
    ck_assert_msg(tp_plan_make(&w.model, &w.topology, affinity, &options, &made, &err) == TP_OK,
        "%s", err.text);
    ck_assert_int_eq(made->affinity.mover_count, 1);
    ck_assert_str_eq(made->affinity.movers[0].feature, "f0");
    tp_plan_free(made);
}
END_TEST

START_TEST(test_constant_and_neutral_features_are_named)
{
    struct workload w;
    struct tp_affinity *affinity = make(&w, 0.5, 0.02, 0.05, 0.02f);
    enum tp_feature_state state[FEATURES] = {TP_FEATURE_MEASURED};
    state[3] = state[20] = TP_FEATURE_CONSTANT;
    state[7] = TP_FEATURE_NEUTRAL;
    affinity->state = state;
    struct tp_plan *made = plan(&w, affinity, TP_STRATEGY_LOAD);
    ck_assert_int_eq(made->affinity.constant_count, 2);
    ck_assert_str_eq(made->affinity.constant[0], "f3");
    ck_assert_str_eq(made->affinity.constant[1], "f20");
    ck_assert_int_eq(made->affinity.neutral_count, 1);
    ck_assert_str_eq(made->affinity.neutral[0], "f7");
    tp_plan_free(made);
}
END_TEST

START_TEST(test_a_plan_that_does_not_follow_the_affinity_has_no_verdict)
{
    struct workload w;
    struct tp_affinity *affinity = make(&w, 0.5, 0.02, 0.05, 0.02f);
    struct tp_plan *made = plan(&w, affinity, TP_STRATEGY_LOAD);
    ck_assert(isnan(made->affinity.stability));
    ck_assert_int_eq(made->affinity.verdict, TP_VERDICT_NONE);
    ck_assert_double_eq_tol(made->affinity.above_floor, 60.0 / 276, CLOSE);
    tp_plan_free(made);
}
END_TEST

START_TEST(test_without_affinity_nothing_is_assessed)
{
    struct workload w;
    make(&w, 0, 0, 0, 0);
    struct tp_plan *made = plan(&w, NULL, TP_STRATEGY_LOAD);
    ck_assert(isnan(made->affinity.stability));
    ck_assert_int_eq(made->affinity.verdict, TP_VERDICT_NONE);
    ck_assert_int_eq(made->affinity.dumps, 0);
    tp_plan_free(made);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trust");
    TCase *tcase = tcase_create("trust");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_adjusted_rand_index_is_the_one_worked_out_by_hand, 0,
        (int)(sizeof rand_cases / sizeof *rand_cases));
    tcase_add_test(tcase, test_adjusted_rand_index_of_random_labels_is_about_zero);
    tcase_add_test(tcase, test_planted_groups_above_the_floor_are_trusted);
    tcase_add_test(tcase, test_random_values_below_the_floor_are_noise);
    tcase_add_test(tcase, test_values_above_the_floor_whose_differences_are_errors_are_weak);
    tcase_add_test(tcase, test_stable_groups_below_the_floor_are_weak);
    tcase_add_test(tcase, test_a_feature_between_two_groups_is_the_one_that_moves);
    tcase_add_test(tcase, test_constant_and_neutral_features_are_named);
    tcase_add_test(tcase, test_a_plan_that_does_not_follow_the_affinity_has_no_verdict);
    tcase_add_test(tcase, test_without_affinity_nothing_is_assessed);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
