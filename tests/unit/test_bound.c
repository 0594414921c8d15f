/* SPDX-License-Identifier: Apache-2.0 */
/* The bound is one, whatever the limits and however early it is cut off; it meets the best value
 * where groups are plain, and falls with effort. */
#include "partition/bound.h"

#include "partition/dual.h"

#include "problems.h"

#define UNITS 8

static double bound_of(
    const struct tp_problem *p, enum tp_goal goal, const int32_t *tower, int64_t steps)
{
    struct tp_effort effort = tp_effort_of(steps);
    struct tp_error err;
    double bound = (double)NAN;
    ck_assert_int_eq(tp_bound(p, goal, tower, &effort, &bound, &err), TP_OK);
    return bound;
}

START_TEST(test_no_legal_assignment_is_worth_more)
{
    struct tp_problem *p = problem_of_kind(UNITS, _i, 61);
    enum tp_goal goal = _i & 1 ? TP_GOAL_COHERENT : TP_GOAL_DIVERSE;
    int32_t tower[UNITS] = {0}, worst_tower[UNITS] = {0};
    double best = -INFINITY, worst = INFINITY;
    do {
        if (!slow_legal(p, tower))
            continue;
        double value = slow_value(p, goal, tower);
        best = fmax(best, value);
        if (value >= worst)
            continue;
        worst = value;
        memcpy(worst_tower, tower, sizeof tower); /* known is never more than the bound says */
    } while (next_towers(p, tower));
    int64_t steps[] = {1, 5000, 50000, 2000000};
    double before = INFINITY;
    for (int k = 0; k < 4 && !isinf(best); k++) {
        double bound = bound_of(p, goal, worst_tower, steps[k]);
        ck_assert_double_ge(bound, best - 1e-9);
        ck_assert_double_le(bound, before + 1e-9);
        before = bound;
    }
    tp_problem_free(p);
}
END_TEST

/* Groups of `size` with affinity 0.6..0.9 inside and below 0.1 outside. The groups are best if no
 * tower can gain by trading: what an outsider brings, (size - 1) * 0.1, is less than a member. */
static struct tp_problem *planted(int32_t groups, int32_t size, uint64_t seed, int32_t tower[])
{
    struct tp_random random = tp_random_new(seed, 67);
    int32_t n = groups * size;
    struct tp_problem *p = problem_new(n, groups);
    p->affinity = calloc((size_t)n * (size_t)n, sizeof *p->affinity);
    ck_assert_ptr_nonnull(p->affinity);
    p->feature_count = n;
    p->mean[TP_FEATURES] = size;
    for (int32_t t = 0; t < groups; t++)
        p->most[t * TP_RESOURCES + TP_MEMORY] = DBL_MAX;
    for (int32_t u = 0; u < n; u++) {
        p->weight[u * TP_RESOURCES + TP_FEATURES] = 1;
        tower[u] = u / size;
        for (int32_t v = 0; v < u; v++) {
            double x = tp_random_uniform(&random);
            p->affinity[u * n + v] = p->affinity[v * n + u] =
                (float)(u / size == v / size ? 0.6 + 0.3 * x : 0.1 * x);
        }
    }
    tp_problem_set_limits(p, (struct tp_limits){INFINITY, 1});
    return p;
}

/* Groups of 5, 4 and 3 with 0.8 inside, nothing across, in three towers of four: 4 + 1, 4, 3 + 1, so
 * 6 + 6 + 3 pairs. What each unit could gain by itself is 5 * 3 / 2 + 6 + 3 pairs; of the five, no more
 * than those of 4 and 1 are together. No steps are left for eigenvalues or branches. */
START_TEST(test_a_group_larger_than_a_tower_is_not_worth_full_ones)
{
    static const int32_t group[12] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2};
    static const int32_t best[12] = {0, 0, 0, 0, 2, 1, 1, 1, 1, 2, 2, 2};
    int32_t unused[12];
    struct tp_problem *p = planted(3, 4, 1, unused);
    for (int32_t i = 0; i < 144; i++)
        p->affinity[i] = i / 12 != i % 12 && group[i / 12] == group[i % 12] ? 0.8f : 0;
    ck_assert_double_eq_tol(slow_value(p, TP_GOAL_COHERENT, best), 0.8 * 15, 1e-6);
    ck_assert_double_eq_tol(bound_of(p, TP_GOAL_COHERENT, best, 1), 0.8 * 15, 1e-6);
    tp_problem_free(p);
}
END_TEST

/* Two groups of 32, with 1 and 0.5 inside, and towers of 32, 16, 8 and 8: the first has all its 496 pairs, the second
 * 120 + 28 + 28, at half. Each alone would have the roomiest tower. */
START_TEST(test_only_one_group_has_the_roomiest_tower)
{
    static const double room[4] = {32, 16, 8, 8};
    int32_t tower[64];
    struct tp_problem *p = planted(4, 16, 1, tower);
    for (int32_t u = 0; u < 64; u++)
        tower[u] = u < 32 ? 0 : u < 48 ? 1 : u < 56 ? 2 : 3;
    for (int32_t i = 0; i < 64 * 64; i++)
        p->affinity[i] = i / 64 == i % 64 || i / 64 / 32 != i % 64 / 32 ? 0
                         : i / 64 < 32                                  ? 1
                                                                        : 0.5f;
    for (int32_t t = 0; t < 4; t++) {
        p->most[t * TP_RESOURCES + TP_FEATURES] = room[t];
        p->tower_class[t] = t < 2 ? t : 2;
    }
    p->class_count = 3;
    p->features_least = 0;
    ck_assert_double_eq_tol(slow_value(p, TP_GOAL_COHERENT, tower), 496 + 88, 1e-6);
    double bound = bound_of(p, TP_GOAL_COHERENT, tower, 3 * tp_dual_round_steps(64));
    ck_assert_double_eq_tol(bound, 496 + 88, 1e-3);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_planted_groups_are_proven_best)
{
    static const int32_t shapes[][2] = {{2, 13}, {4, 7}, {8, 4}, {13, 2}};
    int32_t tower[64];
    struct tp_problem *p = planted(shapes[_i % 4][0], shapes[_i % 4][1], (uint64_t)_i, tower);
    double value = slow_value(p, TP_GOAL_COHERENT, tower);
    double bound = bound_of(p, TP_GOAL_COHERENT, tower, 20000000);
    ck_assert_double_ge(bound, value);
    ck_assert_double_le(bound, value * (1 + 1e-5));
    tp_problem_free(p);
}
END_TEST

/* Nothing is planted, so the relaxation alone leaves a gap of some percent; with branches it is gone
 * where only the sizes of towers are limited, and little is left where loads are too. */
START_TEST(test_random_problems_are_bounded_closely)
{
    struct recipe recipe = {.units = UNITS, .towers = 3, .affinity = 1, .features_most = 1};
    double bounds = 0, values = 0;
    for (uint64_t k = 0; k < 10; k++) {
        struct tp_random random = tp_random_new(k, 71);
        struct tp_problem *p = problem_random(&recipe, &random);
        int32_t tower[UNITS] = {0}, known[UNITS] = {0, 0, 0, 1, 1, 1, 2, 2};
        double best = 0;
        tp_problem_set_limits(p, (struct tp_limits){_i ? 0.6 : INFINITY, 1});
        do {
            if (slow_legal(p, tower))
                best = fmax(best, slow_value(p, TP_GOAL_COHERENT, tower));
        } while (next_towers(p, tower));
        if (best > 0)
            bounds += bound_of(p, TP_GOAL_COHERENT, known, 5000000);
        values += best;
        tp_problem_free(p);
    }
    ck_assert_double_ge(bounds, values);
    ck_assert_double_le(bounds, values * (_i ? 1.02 : 1 + 1e-5));
}
END_TEST

/* With enough effort few units are settled under all limits at once. */
START_TEST(test_few_units_are_proven_best)
{
    struct tp_problem *p = problem_of_kind(UNITS, _i, 73);
    enum tp_goal goal = _i & 1 ? TP_GOAL_COHERENT : TP_GOAL_DIVERSE;
    int32_t tower[UNITS] = {0}, best_tower[UNITS] = {0};
    double best = -INFINITY;
    do {
        if (!slow_legal(p, tower) || slow_value(p, goal, tower) <= best)
            continue;
        best = slow_value(p, goal, tower);
        memcpy(best_tower, tower, sizeof tower);
    } while (next_towers(p, tower));
    if (isfinite(best)) {
        double bound = bound_of(p, goal, best_tower, 200000000);
        ck_assert_double_ge(bound, best - 1e-9);
        ck_assert_double_le(bound, best + 2e-6 * fabs(best));
    }
    tp_problem_free(p);
}
END_TEST

/* 2 * (2 * 3) / 2 pairs inside two towers of three, all worth 0.5: 3; and nothing but these sizes
 * is legal, so bound and value agree. */
START_TEST(test_equal_affinities_are_bounded_by_their_number)
{
    struct tp_problem *p = problem_new(6, 2);
    int32_t tower[] = {0, 0, 0, 1, 1, 1};
    p->affinity = calloc(36, sizeof *p->affinity);
    ck_assert_ptr_nonnull(p->affinity);
    p->feature_count = 6;
    p->mean[TP_FEATURES] = 3;
    p->most[TP_MEMORY] = p->most[TP_RESOURCES + TP_MEMORY] = DBL_MAX;
    for (int32_t u = 0; u < 6; u++) {
        p->weight[u * TP_RESOURCES + TP_FEATURES] = 1;
        for (int32_t v = 0; v < 6; v++)
            p->affinity[u * 6 + v] = u == v ? 0 : 0.5f;
    }
    tp_problem_set_limits(p, (struct tp_limits){INFINITY, 1});
    ck_assert_double_eq_tol(bound_of(p, TP_GOAL_COHERENT, tower, 1000000), 3, 1e-6);
    ck_assert_double_eq_tol(bound_of(p, TP_GOAL_DIVERSE, tower, 1000000), -3, 1e-6);
    tp_problem_free(p);
}
END_TEST

/* By units alone, each of 120 has the better half of all others beside it: 120 * 59 / 2 pairs of 0.75 in
 * the mean, 2655. The largest eigenvalue of such noise is 2 * sqrt(120 / 12), so nothing is worth more
 * than 120 * 59 / 2 * 0.5 + 6.3 * 60 / 2 = 1960. A few rounds must have come some way, and what the last
 * of them found counts. */
START_TEST(test_a_few_rounds_are_of_use)
{
    struct recipe recipe = {.units = 120, .towers = 2, .affinity = 1, .features_most = 1};
    struct tp_random random = tp_random_new(3, 75);
    struct tp_problem *p = problem_random(&recipe, &random);
    int32_t tower[120];
    tp_problem_set_limits(p, (struct tp_limits){INFINITY, 1});
    for (int32_t u = 0; u < 120; u++)
        tower[u] = u % 2;
    double none = bound_of(p, TP_GOAL_COHERENT, tower, tp_dual_round_steps(120));
    double three = bound_of(p, TP_GOAL_COHERENT, tower, 3 * tp_dual_round_steps(120) + 1);
    ck_assert_double_eq_tol(none, 2655, 60);
    ck_assert_double_lt(three, 2300);
    ck_assert_double_ge(three, slow_value(p, TP_GOAL_COHERENT, tower));
    tp_problem_free(p);
}
END_TEST

START_TEST(test_a_request_to_stop_leaves_a_bound)
{
    int32_t tower[64];
    struct tp_problem *p = planted(4, 7, 5, tower);
    volatile sig_atomic_t stop = 1;
    struct tp_effort effort = tp_effort_of(INT64_C(1) << 40);
    double bound = (double)NAN;
    effort.stop = &stop;
    ck_assert_int_eq(tp_bound(p, TP_GOAL_COHERENT, tower, &effort, &bound, NULL), TP_OK);
    ck_assert_double_ge(bound, slow_value(p, TP_GOAL_COHERENT, tower));
    ck_assert(isfinite(bound));
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bound");
    TCase *tcase = tcase_create("bound");
    tcase_add_loop_test(tcase, test_no_legal_assignment_is_worth_more, 0, 128);
    tcase_add_test(tcase, test_a_group_larger_than_a_tower_is_not_worth_full_ones);
    tcase_add_test(tcase, test_only_one_group_has_the_roomiest_tower);
    tcase_add_loop_test(tcase, test_planted_groups_are_proven_best, 0, 8);
    tcase_add_loop_test(tcase, test_random_problems_are_bounded_closely, 0, 2);
    tcase_add_loop_test(tcase, test_few_units_are_proven_best, 0, 128);
    tcase_add_test(tcase, test_equal_affinities_are_bounded_by_their_number);
    tcase_add_test(tcase, test_a_few_rounds_are_of_use);
    tcase_add_test(tcase, test_a_request_to_stop_leaves_a_bound);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
