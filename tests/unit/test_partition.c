/* SPDX-License-Identifier: Apache-2.0 */
/* The whole search: legal answers, close to brute force or to a slow independent search, baselines,
 * the judge's say, stride, paper, determinism. */
#include "partition/partition.h"

#include "base/progress.h"
#include "loops.h"
#include "partitions.h"

#define UNITS_MOST 64
#define CLOSE 1e-6

START_TEST(test_small_problems_are_solved_to_the_optimum)
{
    struct recipe recipe = {.units = 8,
        .towers = 2 + _i % 2,
        .affinity = 1,
        .features_most = 1 + _i % 3,
        .pinned = _i & 4 ? 15 : 0,
        .apart = _i & 8 ? 10 : 0,
        .memory = _i & 16 ? 2.5 : 0};
    enum tp_goal goal = (enum tp_goal)(_i % 3);
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    struct tp_partition_options options = defaults(goal);
    struct tp_partition found = solve(p, &easy, &options);
    /* Memory may have been made scarcer only if the judge complained; this one never does. */
    int32_t tower[8] = {0};
    double best = -INFINITY;
    do {
        if (slow_legal(p, tower))
            best = fmax(best, slow_value(p, goal, tower));
    } while (next_towers(p, tower));
    if (found.answer == TP_ANSWER_YES) {
        ck_assert(slow_legal(p, found.tower));
        ck_assert_double_ge(slow_value(p, goal, found.tower), best - CLOSE);
        ck_assert(found.optimal);
        ck_assert_double_eq_tol(found.bound, best, CLOSE);
    } else {
        /* The limits are left as the last question had them; without any there is no answer either. */
        ck_assert_int_eq(found.answer, TP_ANSWER_NO);
        ck_assert_ptr_null(found.tower);
        tp_problem_clear_limits(p);
        memset(tower, 0, sizeof tower);
        do {
            ck_assert(!slow_legal(p, tower));
        } while (next_towers(p, tower));
    }
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

/* Descent by swaps of units in different towers that keeps the limits, from many random legal deals:
 * the slow independent search. */
static double multi_start(const struct tp_problem *p, enum tp_goal goal, int starts)
{
    struct tp_random random = tp_random_new(99, 0);
    int32_t tower[UNITS_MOST], order[UNITS_MOST];
    double best = -INFINITY;
    for (int k = 0; k < starts; k++) {
        for (int32_t u = 0; u < p->unit_count; u++)
            order[u] = u;
        tp_random_shuffle(&random, order, p->unit_count);
        for (int32_t u = 0; u < p->unit_count; u++)
            tower[order[u]] = u % p->tower_count;
        if (!slow_legal(p, tower))
            continue;
        double value = slow_value(p, goal, tower);
        for (bool better = true; better;) {
            better = false;
            for (int32_t u = 0; u < p->unit_count; u++) {
                for (int32_t v = 0; v < u; v++) {
                    int32_t x = tower[u], y = tower[v];
                    if (x == y)
                        continue;
                    tower[u] = y;
                    tower[v] = x;
                    double now = slow_legal(p, tower) ? slow_value(p, goal, tower) : -INFINITY;
                    if (now > value + CLOSE) {
                        value = now;
                        better = true;
                    } else {
                        tower[u] = x;
                        tower[v] = y;
                    }
                }
            }
        }
        best = fmax(best, value);
    }
    return best;
}

START_TEST(test_larger_problems_are_within_one_percent_of_a_slow_search)
{
    struct recipe recipe = {.units = 24, .towers = 4, .affinity = 1, .features_most = 1};
    enum tp_goal goal = _i % 2 ? TP_GOAL_DIVERSE : TP_GOAL_COHERENT;
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    for (int32_t i = 0; i < 24 * TP_RESOURCES; i++)
        p->weight[i] = 1; /* any equal deal is legal */
    for (int r = 0; r < TP_RESOURCES; r++)
        p->mean[r] = 6;
    struct tp_partition_options options = defaults(goal);
    options.effort = 10;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert(slow_legal(p, found.tower));
    ck_assert_double_eq(found.limits.ratio, 1);
    double slow = multi_start(p, goal, 20);
    ck_assert_double_ge(slow_value(p, goal, found.tower), slow - 0.01 * fabs(slow));
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_planted_groups_are_recovered)
{
    /* 48 units, group u % 8, strong pairs inside. */
    struct recipe recipe = {.units = 48, .towers = 8, .affinity = 1, .features_most = 1};
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    for (int32_t i = 0; i < 48 * TP_RESOURCES; i++)
        p->weight[i] = 1;
    for (int r = 0; r < TP_RESOURCES; r++)
        p->mean[r] = 6;
    for (int u = 0; u < 48; u++)
        for (int v = 0; v < 48; v++)
            p->affinity[u * 48 + v] *= u % 8 == v % 8 ? 1 : 0.2f;
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    options.effort = 10;
    struct tp_partition found = solve(p, &easy, &options);
    for (int u = 0; u < 48; u++)
        ck_assert_int_eq(found.tower[u], found.tower[u % 8]);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_no_baseline_within_the_limits_is_better)
{
    struct recipe recipe = {.units = 40,
        .towers = 5,
        .affinity = 1,
        .features_most = 1 + 2 * (_i % 2),
        .pinned = _i & 2 ? 10 : 0};
    enum tp_goal goal = _i & 4 ? TP_GOAL_DIVERSE : TP_GOAL_COHERENT;
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    struct tp_partition_options options = defaults(goal);
    options.balance = 1.5;
    options.ratio = 1.8;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    ck_assert(!found.optimal); /* too many units for a proof by search */
    double value = slow_value(p, goal, found.tower);
    for (int b = 0; b < TP_BASELINE_COUNT; b++) {
        ck_assert_ptr_nonnull(found.baselines.tower[b]);
        ck_assert_int_eq(found.baselines.within_limits[b], slow_legal(p, found.baselines.tower[b]));
        if (found.baselines.within_limits[b])
            ck_assert_double_ge(value, slow_value(p, goal, found.baselines.tower[b]) - CLOSE);
    }
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_without_affinity_there_are_no_baselines)
{
    struct recipe recipe = {.units = 20, .towers = 4, .features_most = 1};
    struct tp_problem *p = make(&recipe, 1);
    struct tp_partition_options options = defaults(TP_GOAL_LOAD);
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert(slow_legal(p, found.tower));
    for (int b = 0; b < TP_BASELINE_COUNT; b++)
        ck_assert_ptr_null(found.baselines.tower[b]);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

/* Refuses towers whose units weigh more memory than the context says. */
static int fits_below(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    const struct tp_problem *p = *(struct tp_problem **)context;
    double most = 1.25 * p->mean[TP_MEMORY];
    for (int32_t t = 0; t < p->tower_count; t++) {
        double load[TP_RESOURCES];
        slow_load(p, tower_of_unit, t, load);
        if ((tower < 0 || t == tower) && load[TP_MEMORY] > most)
            return -1;
    }
    return 1;
}

START_TEST(test_an_answer_that_the_judge_turns_down_is_never_given)
{
    /* Ten heavy units that attract each other: together they weigh 40, and the judge allows 25. Case
     * 0: nothing else limits memory. Case 1: towers have 28, which repeated tightening brings below 25. */
    struct recipe recipe = {.units = 30, .towers = 3, .affinity = 1, .features_most = 1};
    struct tp_problem *p = make(&recipe, 1);
    for (int u = 0; u < 30; u++) {
        p->weight[u * TP_RESOURCES + TP_MEMORY] = u < 10 ? 4 : 1;
        for (int v = 0; v < 10 && u < 10; v++)
            p->affinity[u * 30 + v] = u != v;
    }
    p->mean[TP_MEMORY] = 20;
    for (int t = 0; t < 3 && _i; t++)
        p->most[t * TP_RESOURCES + TP_MEMORY] = 28;
    struct tp_judge judge = {fits_below, &p};
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    options.balance = 2;
    struct tp_partition found = solve(p, &judge, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    ck_assert_int_eq(fits_below(&p, found.tower, -1), 1);
    tp_problem_set_limits(p, found.limits);
    ck_assert(slow_legal(p, found.tower));
    /* Six heavy units and one light one in a tower: 15 strong pairs of its own. */
    if (_i)
        ck_assert_double_ge(slow_value(p, TP_GOAL_COHERENT, found.tower),
            slow_value(p, TP_GOAL_COHERENT, found.baselines.tower[TP_BASELINE_STRIDE]) + 5);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

static int never_sure(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    (void)context;
    (void)tower_of_unit;
    (void)tower;
    return -1;
}

START_TEST(test_a_judge_that_is_never_sure_gives_no_proof)
{
    struct recipe recipe = {.units = 6 + 10 * (_i / 2), .towers = 3, .features_most = 1};
    struct tp_problem *p = make(&recipe, 1);
    struct tp_judge judge = {never_sure, NULL};
    struct tp_partition_options options = defaults(TP_GOAL_LOAD);
    options.stride = _i % 2;
    struct tp_partition found = solve(p, &judge, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_UNSURE);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_a_unit_that_no_tower_can_take_is_a_proof_for_any_number_of_units)
{
    struct recipe recipe = {.units = 40, .towers = 4, .features_most = 1};
    struct tp_problem *p = make(&recipe, 1);
    struct tp_partition_options options = defaults(TP_GOAL_LOAD);
    p->weight[TP_OUTPUT] += 40 * p->mean[TP_OUTPUT];
    p->mean[TP_OUTPUT] *= 11; /* the unit alone weighs over 40 / 11 means */
    options.balance = 2;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_NO);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_one_tower_takes_all)
{
    struct recipe recipe = {.units = 5 + 20 * _i, .towers = 1, .affinity = 1, .features_most = 3};
    struct tp_problem *p = make(&recipe, 1);
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    for (int32_t u = 0; u < p->unit_count; u++)
        ck_assert_int_eq(found.tower[u], 0);
    ck_assert(found.limits_proven);
    ck_assert_double_eq(found.limits.ratio, 1);
    ck_assert_double_eq(found.limits.balance, TP_BALANCE_LEAST);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_the_same_seed_gives_the_same_partition)
{
    struct recipe recipe = {.units = 50, .towers = 6, .affinity = 1, .features_most = 2};
    int32_t first[50];
    for (int k = 0; k < 2; k++) {
        struct tp_problem *p = make(&recipe, 1);
        struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
        struct tp_partition found = solve(p, &easy, &options);
        if (k)
            ck_assert_mem_eq(first, found.tower, sizeof first);
        memcpy(first, found.tower, sizeof first);
        tp_partition_release(&found);
        tp_problem_free(p);
    }
}
END_TEST

START_TEST(test_towers_are_numbered_by_their_first_units)
{
    struct recipe recipe = {.units = 40,
        .towers = 6,
        .affinity = 1,
        .features_most = 2,
        .pinned = _i & 1 ? 10 : 0,
        .memory = _i & 2 ? 3 : 0};
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    struct tp_partition found = solve(p, &easy, &options);
    int32_t first[6] = {-1, -1, -1, -1, -1, -1};
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    ck_assert(slow_legal(p, found.tower));
    for (int32_t u = 39; u >= 0; u--)
        first[found.tower[u]] = u;
    for (int t = 0; t < 6; t++)
        for (int other = 0; other < t; other++)
            ck_assert(p->tower_class[t] != p->tower_class[other] || first[other] < first[t]);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

/* Of 24 random units in 4 towers no other search may find more than the bound; six planted groups of
 * four in three towers are proven best. */
START_TEST(test_the_bound_is_above_what_any_search_finds)
{
    struct recipe recipe = {.units = 24, .towers = 4, .affinity = 1, .features_most = 1};
    enum tp_goal goal = _i % 2 ? TP_GOAL_DIVERSE : TP_GOAL_COHERENT;
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    for (int32_t i = 0; i < 24 * TP_RESOURCES; i++)
        p->weight[i] = 1; /* any equal deal is legal */
    for (int r = 0; r < TP_RESOURCES; r++)
        p->mean[r] = 6;
    tp_problem_clear_limits(p);
    struct tp_partition_options options = defaults(goal);
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    ck_assert_double_eq_tol(found.value, slow_value(p, goal, found.tower), CLOSE);
    ck_assert_double_ge(found.bound, found.value);
    ck_assert_double_ge(found.bound, multi_start(p, goal, 20));
    ck_assert(found.optimal == (found.bound <= found.value + 1e-6 * fabs(found.value)));
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_planted_groups_are_proven_best)
{
    struct recipe recipe = {.units = 24, .towers = 3, .affinity = 1, .features_most = 1};
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    for (int32_t u = 0; u < 24; u++)
        for (int32_t v = 0; v < 24; v++)
            if (u != v && u % 6 == v % 6)
                p->affinity[u * 24 + v] = 30;
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    options.balance = 5;
    options.ratio = 1;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    ck_assert(found.optimal);
    for (int32_t u = 6; u < 24; u++)
        ck_assert_int_eq(found.tower[u], found.tower[u - 6]);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_more_effort_is_never_worse)
{
    struct recipe recipe = {.units = 26, .towers = 4, .affinity = 1, .features_most = 2};
    static const int32_t efforts[] = {1, 2, 5, 10, 20, 50};
    double last = -INFINITY;
    for (size_t k = 0; k < sizeof efforts / sizeof *efforts; k++) {
        struct tp_problem *p = make(&recipe, (uint64_t)_i);
        struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
        options.effort = efforts[k];
        struct tp_partition found = solve(p, &easy, &options);
        ck_assert_int_eq(found.answer, TP_ANSWER_YES);
        ck_assert(!found.stopped);
        double value = slow_value(p, TP_GOAL_COHERENT, found.tower);
        ck_assert_double_ge(value, last - CLOSE);
        last = value;
        tp_partition_release(&found);
        tp_problem_free(p);
    }
}
END_TEST

START_TEST(test_without_a_limit_of_steps_the_deadline_or_a_request_ends_it)
{
    struct recipe recipe = {.units = 40, .towers = 5, .affinity = 1, .features_most = 2};
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    volatile sig_atomic_t stop = 0;
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    options.effort = 0;
    options.deadline = tp_seconds_now() + 0.02 * (_i - 1); /* also one that is over */
    options.stop = &stop;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    ck_assert(found.stopped);
    ck_assert(slow_legal(p, found.tower));
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_release_accepts_null_and_all_zero)
{
    struct tp_partition partition = {0};
    tp_partition_release(NULL);
    tp_partition_release(&partition);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition");
    TCase *tcase = tcase_create("partition");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_small_problems_are_solved_to_the_optimum, 0, LOOPS(96));
    tcase_add_loop_test(
        tcase, test_larger_problems_are_within_one_percent_of_a_slow_search, 0, LOOPS(6));
    tcase_add_loop_test(tcase, test_planted_groups_are_recovered, 0, 5);
    tcase_add_loop_test(tcase, test_no_baseline_within_the_limits_is_better, 0, LOOPS(8));
    tcase_add_test(tcase, test_without_affinity_there_are_no_baselines);
    tcase_add_loop_test(tcase, test_an_answer_that_the_judge_turns_down_is_never_given, 0, 2);
    tcase_add_loop_test(tcase, test_a_judge_that_is_never_sure_gives_no_proof, 0, 4);
    tcase_add_test(tcase, test_a_unit_that_no_tower_can_take_is_a_proof_for_any_number_of_units);
    tcase_add_loop_test(tcase, test_one_tower_takes_all, 0, 2);
    tcase_add_test(tcase, test_the_same_seed_gives_the_same_partition);
    tcase_add_loop_test(tcase, test_towers_are_numbered_by_their_first_units, 0, 8);
    tcase_add_loop_test(tcase, test_the_bound_is_above_what_any_search_finds, 0, 4);
    tcase_add_loop_test(tcase, test_planted_groups_are_proven_best, 0, 4);
    tcase_add_loop_test(tcase, test_more_effort_is_never_worse, 0, 2);
    tcase_add_loop_test(
        tcase, test_without_a_limit_of_steps_the_deadline_or_a_request_ends_it, 0, 4);
    tcase_add_test(tcase, test_release_accepts_null_and_all_zero);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
