/* SPDX-License-Identifier: Apache-2.0 */
/* Repair, descent and improvement against slow scans and brute force. */
#include "partition/refine.h"

#include "problems.h"

#define CLOSE 1e-9
#define UNITS 8
#define TOWERS 3
#define MANY_STEPS 100000000

static const enum tp_goal goals[] = {TP_GOAL_COHERENT, TP_GOAL_DIVERSE, TP_GOAL_LOAD};

struct fixture {
    struct tp_problem *problem;
    struct tp_assignment *assignment;
    struct tp_random random;
    enum tp_goal goal;
    int32_t tower[UNITS];
};

/* Case i: the goals in turn, with and without pins, apart, memory, under limits from tight to loose,
 * from a random assignment. */
static void begin(struct fixture *f, int i)
{
    struct recipe recipe = {.units = UNITS,
        .towers = TOWERS,
        .affinity = 1,
        .features_most = 1 + i % 3,
        .pinned = i & 1 ? 15 : 0,
        .apart = i & 2 ? 15 : 0,
        .memory = i & 4 ? 2.5 : 0};
    struct tp_error err;
    f->random = tp_random_new((uint64_t)i, 3);
    f->goal = goals[i % 3];
    f->problem = problem_random(&recipe, &f->random);
    tp_problem_set_limits(f->problem, (struct tp_limits){0.2 + 0.4 * (i % 5), 1.2 + 0.4 * (i % 4)});
    ck_assert_int_eq(tp_assignment_new(f->problem, f->goal, &f->assignment, &err), TP_OK);
    random_towers(f->problem, &f->random, f->tower);
    tp_assignment_set(f->assignment, f->tower);
}

static void end(struct fixture *f)
{
    tp_assignment_free(f->assignment);
    tp_problem_free(f->problem);
}

/* Any legal assignment, by brute force; false if there is none. */
static bool find_legal(const struct tp_problem *p, int32_t *tower)
{
    memset(tower, 0, UNITS * sizeof *tower);
    do {
        if (slow_legal(p, tower))
            return true;
    } while (next_towers(p, tower));
    return false;
}

/* As begin(), but from a legal assignment; false, and nothing to end, if there is none. */
static bool begin_legal(struct fixture *f, int i)
{
    begin(f, i);
    if (!find_legal(f->problem, f->tower)) {
        end(f);
        return false;
    }
    tp_assignment_set(f->assignment, f->tower);
    return true;
}

START_TEST(test_repair_says_legal_when_and_only_when_it_is)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(MANY_STEPS);
    begin(&f, _i);
    double before = slow_violation(f.problem, f.tower);
    bool legal = tp_repair(f.assignment, &effort);
    ck_assert_int_eq(legal, slow_legal(f.problem, f.assignment->tower));
    ck_assert_double_le(slow_violation(f.problem, f.assignment->tower), before + CLOSE);
    for (int32_t u = 0; u < UNITS; u++)
        ck_assert(f.problem->pin[u] < 0 || f.assignment->tower[u] == f.problem->pin[u]);
    end(&f);
}
END_TEST

START_TEST(test_repair_leaves_a_legal_assignment_alone)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(MANY_STEPS);
    if (!begin_legal(&f, _i))
        return;
    ck_assert(tp_repair(f.assignment, &effort));
    ck_assert_mem_eq(f.assignment->tower, f.tower, sizeof f.tower);
    end(&f);
}
END_TEST

START_TEST(test_repair_from_ten_random_starts_mostly_finds_what_brute_force_finds)
{
    /* It is a local search: asked for is 95 % of the problems that have a legal assignment. */
    int possible = 0, found = 0;
    for (int i = 0; i < 300; i++) {
        struct fixture f;
        bool legal = false;
        if (!begin_legal(&f, i))
            continue;
        possible++;
        for (int k = 0; k < 10 && !legal; k++) {
            struct tp_effort effort = tp_effort_of(MANY_STEPS);
            random_towers(f.problem, &f.random, f.tower);
            tp_assignment_set(f.assignment, f.tower);
            legal = tp_repair(f.assignment, &effort);
        }
        found += legal;
        end(&f);
    }
    ck_assert_int_ge(possible, 100);
    ck_assert_msg(found >= 0.95 * possible, "found %d of %d", found, possible);
}
END_TEST

START_TEST(test_repair_stops_when_the_steps_are_used_up)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(0);
    begin(&f, _i);
    bool legal = tp_repair(f.assignment, &effort);
    ck_assert_int_eq(legal, slow_legal(f.problem, f.tower));
    ck_assert_mem_eq(f.assignment->tower, f.tower, sizeof f.tower);
    end(&f);
}
END_TEST

/* No single move or swap of unpinned units that keeps the limits gains anything. */
static void assert_local_optimum(const struct fixture *f, const int32_t *tower)
{
    const struct tp_problem *p = f->problem;
    int32_t trial[UNITS];
    double value = slow_value(p, f->goal, tower);
    for (int32_t u = 0; u < UNITS; u++) {
        for (int32_t t = 0; t < TOWERS; t++) {
            memcpy(trial, tower, sizeof trial);
            trial[u] = t;
            if (slow_legal(p, trial))
                ck_assert_double_le(slow_value(p, f->goal, trial), value + 2 * CLOSE);
        }
        for (int32_t v = 0; v < u; v++) {
            memcpy(trial, tower, sizeof trial);
            trial[u] = tower[v];
            trial[v] = tower[u];
            if (slow_legal(p, trial))
                ck_assert_double_le(slow_value(p, f->goal, trial), value + 2 * CLOSE);
        }
    }
}

START_TEST(test_descent_keeps_the_limits_and_ends_at_a_local_optimum)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(MANY_STEPS);
    if (!begin_legal(&f, _i))
        return;
    double before = slow_value(f.problem, f.goal, f.tower);
    tp_descend(f.assignment, &f.random, &effort);
    ck_assert(slow_legal(f.problem, f.assignment->tower));
    ck_assert_double_ge(slow_value(f.problem, f.goal, f.assignment->tower), before - CLOSE);
    assert_local_optimum(&f, f.assignment->tower);
    end(&f);
}
END_TEST

START_TEST(test_improving_never_loses_and_stays_legal)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(20000);
    struct tp_error err;
    if (!begin_legal(&f, _i))
        return;
    double before = slow_value(f.problem, f.goal, f.tower);
    ck_assert_int_eq(tp_improve(f.assignment, &f.random, &effort, &err), TP_OK);
    ck_assert(effort.over);
    ck_assert(slow_legal(f.problem, f.assignment->tower));
    double after = slow_value(f.problem, f.goal, f.assignment->tower);
    ck_assert_double_ge(after, before - CLOSE);
    ck_assert_double_eq_tol(tp_assignment_value(f.assignment), after, CLOSE);
    end(&f);
}
END_TEST

START_TEST(test_improving_finds_the_optimum_of_nearly_all_small_problems)
{
    int possible = 0, found = 0;
    for (int i = 0; i < 90; i++) {
        struct fixture f;
        struct tp_error err;
        struct tp_effort effort = tp_effort_of(100000);
        int32_t tower[UNITS] = {0};
        double best = -INFINITY;
        if (!begin_legal(&f, i))
            continue;
        do {
            if (slow_legal(f.problem, tower))
                best = fmax(best, slow_value(f.problem, f.goal, tower));
        } while (next_towers(f.problem, tower));
        ck_assert_int_eq(tp_improve(f.assignment, &f.random, &effort, &err), TP_OK);
        possible++;
        found += slow_value(f.problem, f.goal, f.assignment->tower) > best - 2 * CLOSE;
        end(&f);
    }
    ck_assert_int_ge(possible, 30);
    ck_assert_msg(found >= 0.9 * possible, "found %d of %d", found, possible);
}
END_TEST

START_TEST(test_the_same_seed_gives_the_same_assignment)
{
    int32_t first[UNITS];
    for (int k = 0; k < 2; k++) {
        struct fixture f;
        struct tp_error err;
        struct tp_effort effort = tp_effort_of(5000);
        begin(&f, 8); /* no pins, no apart, loose limits */
        ck_assert(find_legal(f.problem, f.tower));
        tp_assignment_set(f.assignment, f.tower);
        ck_assert_int_eq(tp_improve(f.assignment, &f.random, &effort, &err), TP_OK);
        if (k)
            ck_assert_mem_eq(f.assignment->tower, first, sizeof first);
        memcpy(first, f.assignment->tower, sizeof first);
        end(&f);
    }
}
END_TEST

START_TEST(test_a_problem_with_nothing_to_try_ends)
{
    /* All units pinned; one tower. */
    struct recipe recipe = {.units = UNITS,
        .towers = _i ? TOWERS : 1,
        .affinity = 1,
        .features_most = 1,
        .pinned = _i ? 100 : 0};
    struct tp_random random = tp_random_new(5, 0);
    struct tp_problem *problem = problem_random(&recipe, &random);
    struct tp_assignment *a;
    struct tp_error err;
    struct tp_effort effort = tp_effort_of(10000);
    int32_t tower[UNITS];
    random_towers(problem, &random, tower);
    ck_assert_int_eq(tp_assignment_new(problem, TP_GOAL_COHERENT, &a, &err), TP_OK);
    tp_assignment_set(a, tower);
    tp_repair(a, &effort);
    tp_descend(a, &random, &effort);
    ck_assert_int_eq(tp_improve(a, &random, &effort, &err), TP_OK);
    ck_assert_mem_eq(a->tower, tower, sizeof tower);
    tp_assignment_free(a);
    tp_problem_free(problem);
}
END_TEST

/* Two groups of three with affinity 1, found together in the wrong towers: unit 6 is pinned to tower 0 and
 * belongs to the group in tower 1, unit 7 the other way round. No single move or swap gains: leaving a
 * group loses 2 and brings 1. Exchanged, each tower has 6 pairs of 1. */
START_TEST(test_groups_in_each_others_towers_are_exchanged)
{
    struct tp_problem *p = problem_new(8, 2);
    static const int32_t group[] = {0, 0, 0, 1, 1, 1, 1, 0};
    struct tp_effort effort = tp_effort_of(1000000);
    struct tp_assignment *a;
    p->affinity = calloc(64, sizeof *p->affinity);
    ck_assert_ptr_nonnull(p->affinity);
    for (int32_t u = 0; u < 8; u++) {
        for (int r = 0; r < TP_RESOURCES; r++)
            p->weight[u * TP_RESOURCES + r] = 1;
        for (int32_t v = 0; v < 8; v++)
            p->affinity[u * 8 + v] = u != v && group[u] == group[v] ? 1 : 0;
    }
    for (int r = 0; r < TP_RESOURCES; r++)
        p->mean[r] = 4;
    p->feature_count = 8;
    p->most[TP_MEMORY] = p->most[TP_RESOURCES + TP_MEMORY] = DBL_MAX;
    p->pin[6] = 0;
    p->pin[7] = 1;
    tp_problem_set_limits(p, (struct tp_limits){1, 1});
    ck_assert_int_eq(tp_assignment_new(p, TP_GOAL_COHERENT, &a, NULL), TP_OK);
    tp_assignment_set(a, (int32_t[]){0, 0, 0, 1, 1, 1, 0, 1});
    ck_assert_double_eq_tol(tp_assignment_value(a), 6, 1e-9);
    tp_exchange_towers(a, &effort);
    ck_assert_double_eq_tol(tp_assignment_value(a), 12, 1e-9);
    ck_assert(slow_legal(p, a->tower));
    /* With one place less in tower 1 it must not be done. */
    tp_assignment_set(a, (int32_t[]){0, 0, 0, 1, 1, 1, 0, 1});
    p->most[TP_MEMORY] = 3;
    p->weight[3 * TP_RESOURCES + TP_MEMORY] = 2;
    p->weight[6 * TP_RESOURCES + TP_MEMORY] = 0;
    tp_assignment_set(a, (int32_t[]){0, 0, 0, 1, 1, 1, 0, 1});
    ck_assert(slow_legal(p, a->tower));
    tp_exchange_towers(a, &effort);
    ck_assert_double_eq_tol(tp_assignment_value(a), 6, 1e-9);
    ck_assert(slow_legal(p, a->tower));
    tp_assignment_free(a);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refine");
    TCase *tcase = tcase_create("refine");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_repair_says_legal_when_and_only_when_it_is, 0, 60);
    tcase_add_loop_test(tcase, test_repair_leaves_a_legal_assignment_alone, 0, 30);
    tcase_add_test(tcase, test_repair_from_ten_random_starts_mostly_finds_what_brute_force_finds);
    tcase_add_loop_test(tcase, test_repair_stops_when_the_steps_are_used_up, 0, 12);
    tcase_add_loop_test(tcase, test_descent_keeps_the_limits_and_ends_at_a_local_optimum, 0, 600);
    tcase_add_loop_test(tcase, test_improving_never_loses_and_stays_legal, 0, 60);
    tcase_add_test(tcase, test_improving_finds_the_optimum_of_nearly_all_small_problems);
    tcase_add_test(tcase, test_the_same_seed_gives_the_same_assignment);
    tcase_add_loop_test(tcase, test_a_problem_with_nothing_to_try_ends, 0, 2);
    tcase_add_test(tcase, test_groups_in_each_others_towers_are_exchanged);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
