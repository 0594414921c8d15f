/* SPDX-License-Identifier: Apache-2.0 */
/* The search: never below its starts, best where brute force says so, more effort never worse, a judge
 * obeyed. */
#include "partition/search.h"

#include "base/progress.h"
#include "loops.h"
#include "problems.h"

#define UNITS 8
#define TOWERS 3
#define CLOSE 1e-9

struct fixture {
    struct tp_problem *problem;
    struct tp_search *search;
    struct tp_progress progress;
    enum tp_goal goal;
    int32_t *first, *tower; /* a legal assignment; the answer */
};

static const struct tp_judge easy = {fits_always, NULL};

/* A legal assignment of random deals, which the limits are then set around. */
static void begin(
    struct fixture *f, const struct recipe *recipe, int i, const struct tp_judge *judge)
{
    struct tp_random random = tp_random_new((uint64_t)i, 31);
    struct tp_error err;
    f->problem = problem_random(recipe, &random);
    f->goal = i % 2 ? TP_GOAL_DIVERSE : TP_GOAL_COHERENT;
    f->first = calloc((size_t)recipe->units, sizeof *f->first);
    f->tower = calloc((size_t)recipe->units, sizeof *f->tower);
    ck_assert(f->first && f->tower);
    for (int32_t u = 0; u < recipe->units; u++)
        f->first[u] = u % recipe->towers;
    tp_problem_set_limits(f->problem, (struct tp_limits){0, 1});
    double balance =
        slow_violation(f->problem, f->first); /* in means: more than any tower is over */
    tp_problem_set_limits(f->problem, (struct tp_limits){balance, 2});
    for (int32_t t = 0; t < recipe->towers; t++) {
        double load[TP_RESOURCES];
        slow_load(f->problem, f->first, t, load);
        f->problem->most[t * TP_RESOURCES + TP_FEATURES] =
            fmax(f->problem->most[t * TP_RESOURCES + TP_FEATURES], load[TP_FEATURES]);
    }
    f->problem->features_least = 1;
    ck_assert(slow_legal(f->problem, f->first));
    memcpy(f->tower, f->first, (size_t)recipe->units * sizeof *f->tower);
    f->progress = tp_progress_begin(false, "");
    ck_assert_int_eq(
        tp_search_new(f->problem, judge, f->goal, 1, f->tower, &f->progress, &f->search, &err),
        TP_OK);
}

static void end(struct fixture *f)
{
    tp_search_free(f->search);
    tp_problem_free(f->problem);
    free(f->first);
    free(f->tower);
}

static void improve(struct fixture *f, struct tp_effort effort)
{
    struct tp_error err;
    ck_assert_int_eq(tp_search_improve(f->search, &effort, &err), TP_OK);
    ck_assert(effort.over);
}

/* @return the value of the answer, which is legal. */
static double no_worse_than(const struct fixture *f, double value)
{
    double now = slow_value(f->problem, f->goal, f->tower);
    ck_assert(slow_legal(f->problem, f->tower));
    ck_assert_double_ge(now, value - CLOSE);
    return now;
}

START_TEST(test_few_units_come_to_the_optimum_of_brute_force)
{
    struct recipe recipe = {
        .units = UNITS, .towers = TOWERS, .affinity = 1, .features_most = 1 + _i % 3};
    struct fixture f;
    int32_t tower[UNITS] = {0};
    double best = -INFINITY;
    begin(&f, &recipe, _i, &easy);
    do {
        if (slow_legal(f.problem, tower))
            best = fmax(best, slow_value(f.problem, f.goal, tower));
    } while (next_towers(f.problem, tower));
    improve(&f, tp_effort_of(tp_search_steps(f.problem)));
    ck_assert(slow_legal(f.problem, f.tower));
    ck_assert_double_eq_tol(slow_value(f.problem, f.goal, f.tower), best, CLOSE);
    end(&f);
}
END_TEST

START_TEST(test_the_answer_is_no_worse_than_any_start)
{
    struct recipe recipe = {.units = 40, .towers = 5, .affinity = 1, .features_most = 2};
    struct tp_random random = tp_random_new((uint64_t)_i, 32);
    struct fixture f;
    int32_t start[40];
    begin(&f, &recipe, _i, &easy);
    double most = slow_value(f.problem, f.goal, f.first);
    for (int k = 0; k < 20; k++) {
        struct tp_effort effort = tp_effort_of(1000000);
        random_towers(f.problem, &random, start);
        if (slow_legal(f.problem, start))
            most = fmax(most, slow_value(f.problem, f.goal, start));
        tp_search_start(f.search, start, &effort);
        most = no_worse_than(&f, most); /* nor any worse than before */
    }
    end(&f);
}
END_TEST

START_TEST(test_more_effort_is_never_worse)
{
    struct recipe recipe = {.units = 30, .towers = 4, .affinity = 1, .features_most = 3};
    double last = -INFINITY;
    for (int64_t steps = 1000; steps < 20000000; steps *= 3) {
        struct fixture f;
        begin(&f, &recipe, _i, &easy);
        improve(&f, tp_effort_of(steps));
        last = no_worse_than(&f, last);
        end(&f);
    }
}
END_TEST

/* Some ten rounds without anything better end a life: here several times. */
START_TEST(test_lives_of_many_units_forget_no_answer)
{
    struct recipe recipe = {.units = 64, .towers = 4, .affinity = 1, .features_most = 1};
    double last = -INFINITY;
    struct fixture f;
    begin(&f, &recipe, _i, &easy);
    for (int i = 0; i < 30; i++) {
        improve(&f, tp_effort_of(4000000));
        last = no_worse_than(&f, last);
    }
    end(&f);
}
END_TEST

START_TEST(test_a_deadline_or_a_request_leaves_a_legal_answer_no_worse_than_the_first)
{
    struct recipe recipe = {.units = 60, .towers = 6, .affinity = 1, .features_most = 2};
    volatile sig_atomic_t stop = _i == 0;
    struct tp_effort effort = tp_effort_of(INT64_MAX);
    struct fixture f;
    begin(&f, &recipe, _i, &easy);
    effort.stop = _i % 2 ? NULL : &stop;
    effort.deadline = _i ? tp_seconds_now() + 0.01 * (_i - 1) : (double)INFINITY;
    improve(&f, effort);
    no_worse_than(&f, slow_value(f.problem, f.goal, f.first));
    end(&f);
}
END_TEST

/* Unit 0 must be alone with odd units. */
static int fits_odd(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    const int *units = context;
    (void)tower;
    for (int u = 2; u < *units; u += 2)
        if (tower_of_unit[u] == tower_of_unit[0])
            return 0;
    return 1;
}

START_TEST(test_what_the_judge_turns_down_is_never_the_answer)
{
    struct recipe recipe = {.units = 24, .towers = 4, .affinity = 1, .features_most = 1};
    int units = recipe.units;
    struct tp_judge judge = {fits_odd, &units};
    struct fixture f;
    begin(&f, &recipe, _i, &judge);
    /* The stride puts units 0, 4, 8 .. together; the first answer must please the judge. */
    tp_search_free(f.search);
    for (int u = 0; u < units; u++)
        f.tower[u] = u == 0 ? 0 : u % 2 ? u / 2 % 4 : 1 + u / 2 % 3;
    tp_problem_clear_limits(f.problem);
    struct tp_error err;
    ck_assert_int_eq(
        tp_search_new(f.problem, &judge, f.goal, 1, f.tower, &f.progress, &f.search, &err), TP_OK);
    double before = slow_value(f.problem, f.goal, f.tower);
    improve(&f, tp_effort_of(tp_search_steps(f.problem)));
    ck_assert_int_eq(fits_odd(&units, f.tower, -1), 1);
    ck_assert_double_ge(slow_value(f.problem, f.goal, f.tower), before - CLOSE);
    end(&f);
}
END_TEST

START_TEST(test_units_that_cannot_move_end_the_search_too)
{
    struct recipe recipe = {.units = UNITS, .towers = TOWERS, .affinity = 1, .features_most = 1};
    struct fixture f;
    begin(&f, &recipe, 0, &easy);
    for (int u = 0; u < UNITS; u++)
        f.problem->pin[u] = f.first[u];
    tp_search_free(f.search);
    struct tp_error err;
    ck_assert_int_eq(
        tp_search_new(f.problem, &easy, f.goal, 1, f.tower, &f.progress, &f.search, &err), TP_OK);
    improve(&f, tp_effort_of(10000));
    ck_assert_mem_eq(f.tower, f.first, UNITS * sizeof *f.tower);
    end(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search");
    TCase *tcase = tcase_create("search");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_few_units_come_to_the_optimum_of_brute_force, 0, 40);
    tcase_add_loop_test(tcase, test_the_answer_is_no_worse_than_any_start, 0, 6);
    tcase_add_loop_test(tcase, test_more_effort_is_never_worse, 0, 6);
    tcase_add_loop_test(tcase, test_lives_of_many_units_forget_no_answer, 0, LOOPS(4));
    tcase_add_loop_test(
        tcase, test_a_deadline_or_a_request_leaves_a_legal_answer_no_worse_than_the_first, 0, 8);
    tcase_add_loop_test(tcase, test_what_the_judge_turns_down_is_never_the_answer, 0, 6);
    tcase_add_test(tcase, test_units_that_cannot_move_end_the_search_too);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
