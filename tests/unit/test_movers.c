/* SPDX-License-Identifier: Apache-2.0 */
/* Which units moved, on partitions small enough to match by eye, and against all matchings. */
#include "plan/movers.h"

#include "plan/plan_affinity.h"
#include "workload.h"

#define UNITS 8

/* A problem of as many units as there are features per unit given, one table each; caller frees. */
static struct tp_problem *problem_of(struct workload *w, const int *features, int units, int towers)
{
    struct tp_problem *problem = NULL;
    struct tp_error err = {0};
    workload_begin(w, towers, 1, INT64_C(1) << 30);
    for (int i = 0; i < units; i++)
        workload_table(w, 1000, 16, features[i], 1);
    ck_assert_msg(
        tp_problem_new(&w->model, &w->topology, 1, NULL, &problem, &err) == TP_OK, "%s", err.text);
    ck_assert_int_eq(problem->unit_count, units);
    return problem;
}

static const struct {
    int32_t plan[UNITS], other[UNITS], moves[UNITS];
    int features[UNITS];
} cases[] = {
    /* The same towers under other numbers: nothing moves. */
    {{0, 0, 1, 1, 2, 2, 3, 3}, {3, 3, 0, 0, 1, 1, 2, 2}, {0}, {1, 1, 1, 1, 1, 1, 1, 1}},
    /* Unit 3 joins the others of tower 0, where it does not belong. */
    {{0, 0, 0, 1, 1, 1, 2, 3}, {1, 1, 1, 1, 0, 0, 2, 3}, {0, 0, 0, 1, 0, 0, 0, 0},
        {1, 1, 1, 1, 1, 1, 1, 1}},
    /* Tower 0 is cut in two: the half with more features keeps its name. */
    {{0, 0, 0, 1, 1, 1, 1, 1}, {2, 2, 3, 1, 1, 1, 1, 1}, {0, 0, 1, 0, 0, 0, 0, 0},
        {1, 1, 1, 1, 1, 1, 1, 1}},
    {{0, 0, 0, 1, 1, 1, 1, 1}, {2, 2, 3, 1, 1, 1, 1, 1}, {1, 1, 0, 0, 0, 0, 0, 0},
        {1, 1, 3, 1, 1, 1, 1, 1}},
    /* Of equal halves the one with the lower number keeps it. */
    {{0, 0, 0, 0, 1, 1, 1, 1}, {3, 3, 2, 2, 1, 1, 1, 1}, {1, 1, 0, 0, 0, 0, 0, 0},
        {1, 1, 1, 1, 1, 1, 1, 1}},
};

START_TEST(test_a_unit_has_moved_when_its_towers_do_not_match)
{
    struct workload w;
    struct tp_error err;
    int32_t moves[UNITS] = {0};
    struct tp_problem *problem = problem_of(&w, cases[_i].features, UNITS, 4);
    for (int times = 1; times <= 2; times++) {
        ck_assert_int_eq(
            tp_count_moves(problem, cases[_i].plan, cases[_i].other, moves, &err), TP_OK);
        for (int u = 0; u < UNITS; u++)
            ck_assert_msg(moves[u] == times * cases[_i].moves[u], "unit %d: found %d moves", u,
                (int)moves[u]);
    }
    tp_problem_free(problem);
}
END_TEST

/* Fewest features that move, over all ways to match 4 towers with 4. */
static int fewest_moves(const int32_t *plan, const int32_t *other, int units)
{
    int best = units;
    for (int code = 0; code < 256; code++) {
        int match[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6}, moved = 0;
        bool once = true;
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < i; j++)
                once &= match[i] != match[j];
        for (int u = 0; u < units; u++)
            moved += match[other[u]] != plan[u];
        if (once && moved < best)
            best = moved;
    }
    return best;
}

/* Where most of the units stay, as in a partition worth trusting, greedy is best. */
START_TEST(test_a_few_moves_are_counted_as_by_the_best_matching)
{
    struct workload w;
    struct tp_random random = tp_random_new((uint64_t)_i, 77);
    struct tp_error err;
    int features[24];
    int32_t plan[24], other[24], moves[24] = {0}, renamed[4] = {2, 0, 3, 1};
    for (int u = 0; u < 24; u++) {
        features[u] = 1;
        plan[u] = u % 4;
        other[u] = renamed[plan[u]];
    }
    for (int k = 0; k < 4; k++)
        other[tp_random_below(&random, 24)] = (int32_t)tp_random_below(&random, 4);
    struct tp_problem *problem = problem_of(&w, features, 24, 4);
    ck_assert_int_eq(tp_count_moves(problem, plan, other, moves, &err), TP_OK);
    int moved = 0;
    for (int u = 0; u < 24; u++)
        moved += moves[u];
    ck_assert_int_eq(moved, fewest_moves(plan, other, 24));
    tp_problem_free(problem);
}
END_TEST

/* Units of 2, 1, 3 and 1 features; of 8 resamples they moved in 2, 1, 8 and 2: a quarter is 2. */
START_TEST(test_features_that_move_often_are_listed_most_first)
{
    static const int features[] = {2, 1, 3, 1};
    static const int32_t moves[] = {2, 1, 8, 2};
    static const char *const names[] = {"f3", "f4", "f5", "f0", "f1", "f6"};
    struct workload w;
    struct tp_error err;
    struct tp_plan_affinity affinity = {0};
    struct tp_problem *problem = problem_of(&w, features, 4, 2);
    for (int times = 0; times < 2; times++) { /* the second list takes the place of the first */
        ck_assert_int_eq(tp_list_movers(problem, &w.model, moves, 8, &affinity, &err), TP_OK);
        ck_assert_int_eq(affinity.mover_count, 6);
        for (int i = 0; i < 6; i++) {
            ck_assert_str_eq(affinity.movers[i].feature, names[i]);
            ck_assert_double_eq(affinity.movers[i].share, i < 3 ? 1 : 0.25);
        }
    }
    tp_plan_affinity_release(&affinity);
    tp_problem_free(problem);
}
END_TEST

START_TEST(test_nothing_that_moved_is_an_empty_list)
{
    static const int features[] = {1, 1, 1, 1};
    static const int32_t moves[] = {0, 1, 1, 0};
    struct workload w;
    struct tp_error err;
    struct tp_plan_affinity affinity = {0};
    struct tp_problem *problem = problem_of(&w, features, 4, 2);
    ck_assert_int_eq(tp_list_movers(problem, &w.model, moves, 8, &affinity, &err), TP_OK);
    ck_assert_int_eq(affinity.mover_count, 0);
    ck_assert_ptr_null(affinity.movers);
    tp_problem_free(problem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("movers");
    TCase *tcase = tcase_create("movers");
    tcase_add_loop_test(tcase, test_a_unit_has_moved_when_its_towers_do_not_match, 0,
        (int)(sizeof cases / sizeof *cases));
    tcase_add_loop_test(tcase, test_a_few_moves_are_counted_as_by_the_best_matching, 0, 20);
    tcase_add_test(tcase, test_features_that_move_often_are_listed_most_first);
    tcase_add_test(tcase, test_nothing_that_moved_is_an_empty_list);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
