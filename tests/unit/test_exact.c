/* SPDX-License-Identifier: Apache-2.0 */
/* The exhaustive searches against brute force over all T^U assignments, on thousands of tiny
 * problems. */
#include "partition/exact.h"

#include "problems.h"

#define UNITS_MOST 6
#define CASES 100 /* per run of a test; the runs of its loop make thousands */

/* A judge with rules that the problem's weights do not show, as placing has: two units that cannot
 * share a tower, a capacity of another kind per class of towers, and a bound on the whole. A superset
 * never fits better. Loads above `unsure_above` it cannot tell from the capacity above that. */
struct court {
    const struct tp_problem *problem;
    double hidden[UNITS_MOST], capacity[UNITS_MOST], whole, unsure_above;
    int over_whole; /* what it says beyond the bound on the whole: 0 or -1 */
    bool enemies;   /* units 0 and 1 */
    bool unsure;    /* said so at least once */
};

static double hidden_load(const struct court *c, const int32_t *tower_of_unit, int32_t tower)
{
    double load = 0;
    for (int32_t u = 0; u < c->problem->unit_count; u++)
        load += tower_of_unit[u] == tower ? c->hidden[u] : 0;
    return load;
}

static int tower_fits(struct court *c, const int32_t *tower_of_unit, int32_t tower)
{
    double load = hidden_load(c, tower_of_unit, tower);
    double capacity = c->capacity[c->problem->tower_class[tower]];
    if (c->enemies && tower_of_unit[0] == tower && tower_of_unit[1] == tower)
        return 0;
    if (load <= c->unsure_above || capacity <= c->unsure_above)
        return load <= capacity;
    c->unsure = true;
    return -1;
}

static int fits(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    struct court *c = context;
    if (tower >= 0)
        return tower_fits(c, tower_of_unit, tower);
    double squares = 0;
    int worst = 1;
    for (int32_t t = 0; t < c->problem->tower_count; t++) {
        int verdict = tower_fits(c, tower_of_unit, t);
        if (!verdict)
            return 0;
        worst = verdict < worst ? verdict : worst;
        squares += pow(hidden_load(c, tower_of_unit, t), 2);
    }
    c->unsure |= squares > c->whole && c->over_whole < 0;
    return squares > c->whole ? c->over_whole : worst;
}

struct fixture {
    struct tp_problem *problem;
    struct court court;
    struct tp_judge judge;
};

/* Everything that can refuse, each of it in some cases: pins, apart, memory per tower, the judge,
 * the limits. */
static void begin(struct fixture *f, int i)
{
    struct tp_random random = tp_random_new((uint64_t)i, 7);
    struct recipe recipe = {.units = 1 + (int32_t)tp_random_below(&random, UNITS_MOST),
        .towers = 1 + (int32_t)tp_random_below(&random, 4),
        .affinity = 1,
        .features_most = 3,
        .pinned = i & 1 ? 25 : 0,
        .apart = i & 2 ? 25 : 0,
        .memory = i & 4 ? 1 + 2 * tp_random_uniform(&random) : 0};
    f->problem = problem_random(&recipe, &random);
    tp_problem_set_limits(f->problem,
        (struct tp_limits){2 * tp_random_uniform(&random), 1 + 2 * tp_random_uniform(&random)});
    f->court = (struct court){.problem = f->problem, .unsure_above = INFINITY, .whole = INFINITY};
    for (int u = 0; u < UNITS_MOST; u++) {
        f->court.hidden[u] = tp_random_uniform(&random);
        f->court.capacity[u] = i & 8 ? 0.5 + 2 * tp_random_uniform(&random) : INFINITY;
    }
    f->court.enemies = i & 8 && recipe.units > 1;
    if (i & 16)
        f->court.whole = 1 + 3 * tp_random_uniform(&random);
    f->judge = (struct tp_judge){fits, &f->court};
}

static enum tp_answer ask(const struct fixture *f, int32_t *tower)
{
    enum tp_answer answer = TP_ANSWER_UNSURE;
    struct tp_error err;
    ck_assert_int_eq(tp_exact(f->problem, &f->judge, tower, &answer, &err), TP_OK);
    return answer;
}

/* The best verdict on any legal assignment: 1, 0, or -1 when some are unsure and none is good. */
static int brute_force(struct fixture *f)
{
    int32_t tower[UNITS_MOST] = {0};
    int best = 0;
    do {
        if (!slow_legal(f->problem, tower))
            continue;
        int verdict = fits(&f->court, tower, -1);
        if (verdict > 0)
            return 1;
        best = verdict < 0 ? -1 : best;
    } while (next_towers(f->problem, tower));
    return best;
}

START_TEST(test_answer_is_that_of_brute_force)
{
    for (int i = _i * CASES; i < (_i + 1) * CASES; i++) {
        struct fixture f;
        int32_t tower[UNITS_MOST];
        begin(&f, i);
        enum tp_answer answer = ask(&f, tower);
        ck_assert_msg((int)answer == brute_force(&f), "case %d: %d", i, (int)answer);
        if (answer == TP_ANSWER_YES) {
            ck_assert(slow_legal(f.problem, tower));
            ck_assert_int_eq(fits(&f.court, tower, -1), 1);
        }
        tp_problem_free(f.problem);
    }
}
END_TEST

START_TEST(test_both_answers_are_common_in_those_cases)
{
    int count[2] = {0, 0};
    for (int i = 0; i < 1000; i++) {
        struct fixture f;
        begin(&f, i);
        count[brute_force(&f)]++;
        tp_problem_free(f.problem);
    }
    ck_assert_int_ge(count[0], 200);
    ck_assert_int_ge(count[1], 200);
}
END_TEST

START_TEST(test_an_unsure_judge_never_makes_a_proof)
{
    for (int i = _i * CASES; i < (_i + 1) * CASES; i++) {
        struct fixture f;
        int32_t tower[UNITS_MOST];
        begin(&f, i);
        if (i % 3)
            f.court.unsure_above = 0.6;
        f.court.over_whole = -1;
        enum tp_answer answer = ask(&f, tower);
        bool unsure = f.court.unsure;
        int truth = brute_force(&f);
        if (answer == TP_ANSWER_YES)
            ck_assert_int_eq(fits(&f.court, tower, -1), 1);
        else if (answer == TP_ANSWER_NO)
            ck_assert_msg(truth == 0, "case %d: no, but %d", i, truth);
        else
            ck_assert(unsure && truth <= 0);
        tp_problem_free(f.problem);
    }
}
END_TEST

START_TEST(test_no_leaves_the_towers_untouched)
{
    struct recipe recipe = {.units = 2, .towers = 3, .features_most = 1};
    struct tp_random random = tp_random_new(1, 0);
    struct tp_problem *problem = problem_random(&recipe, &random);
    struct tp_judge judge = {fits_always, NULL};
    enum tp_answer answer;
    struct tp_error err;
    int32_t tower[2] = {77, 78};
    ck_assert_int_eq(tp_exact(problem, &judge, tower, &answer, &err), TP_OK);
    ck_assert_int_eq(answer, TP_ANSWER_NO);
    ck_assert_int_eq(tower[0], 77);
    ck_assert_int_eq(tower[1], 78);
    tp_problem_free(problem);
}
END_TEST

static int fits_if_spread(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    const struct tp_problem *p = context;
    int units = 0;
    for (int32_t u = 0; u < p->unit_count; u++)
        units += tower_of_unit[u] == tower;
    return units <= 1;
}

START_TEST(test_twelve_alike_units_in_as_many_alike_towers_are_found_and_one_more_refused)
{
    /* Towers of one class are interchangeable: 12! ways, one of them looked at. With 11 towers and at
     * most one unit in each, no; that is found without 11^12 attempts. */
    for (int32_t towers = 11; towers <= 12; towers++) {
        struct recipe recipe = {.units = 12, .towers = towers, .features_most = 1};
        struct tp_random random = tp_random_new(1, 0);
        struct tp_problem *problem = problem_random(&recipe, &random);
        struct tp_judge judge = {fits_if_spread, problem};
        enum tp_answer answer;
        struct tp_error err;
        int32_t tower[12];
        ck_assert_int_eq(tp_exact(problem, &judge, tower, &answer, &err), TP_OK);
        ck_assert_int_eq(answer, towers == 12 ? TP_ANSWER_YES : TP_ANSWER_NO);
        tp_problem_free(problem);
    }
}
END_TEST

/* The largest value among the legal assignments that fit, or of which the judge cannot say that they do
 * not; -INFINITY: none. */
static double best_by_force(struct fixture *f, enum tp_goal goal, bool doubtful)
{
    int32_t tower[UNITS_MOST] = {0};
    double best = -INFINITY;
    do {
        int verdict = slow_legal(f->problem, tower) ? fits(&f->court, tower, -1) : 0;
        if (verdict > 0 || (verdict < 0 && doubtful))
            best = fmax(best, slow_value(f->problem, goal, tower));
    } while (next_towers(f->problem, tower));
    return best;
}

static bool improve(struct fixture *f, enum tp_goal goal, struct tp_effort *effort, int32_t *tower)
{
    bool proven = false;
    struct tp_error err;
    ck_assert_int_eq(
        tp_exact_best(f->problem, &f->judge, goal, effort, tower, &proven, &err), TP_OK);
    ck_assert(slow_legal(f->problem, tower));
    ck_assert_int_eq(fits(&f->court, tower, -1), 1);
    return proven;
}

START_TEST(test_best_is_that_of_brute_force)
{
    for (int i = _i * CASES; i < (_i + 1) * CASES; i++) {
        struct fixture f;
        int32_t tower[UNITS_MOST];
        struct tp_effort effort = tp_effort_of(INT64_MAX);
        enum tp_goal goal = (enum tp_goal)(i % 3);
        begin(&f, i);
        if (ask(&f, tower) == TP_ANSWER_YES) {
            ck_assert(improve(&f, goal, &effort, tower));
            double value = slow_value(f.problem, goal, tower);
            double truth = best_by_force(&f, goal, false);
            ck_assert_msg(fabs(value - truth) <= 1e-9, "case %d: %.12g not %.12g", i, value, truth);
        }
        tp_problem_free(f.problem);
    }
}
END_TEST

/* With more units than verdicts are remembered for. */
START_TEST(test_more_units_have_the_best_of_brute_force_too)
{
    struct recipe recipe = {.units = 17,
        .towers = 2,
        .affinity = 1,
        .features_most = 1 + _i % 2,
        .pinned = 20,
        .apart = _i & 2 ? 2 : 0,
        .memory = 3};
    struct tp_random random = tp_random_new((uint64_t)_i, 101);
    struct tp_problem *p = problem_random(&recipe, &random);
    struct tp_judge judge = {fits_always, NULL};
    struct tp_effort effort = tp_effort_of(INT64_MAX);
    int32_t tower[17] = {0}, worst[17] = {0};
    double best = -INFINITY, least = INFINITY;
    bool proven = false;
    tp_problem_set_limits(p, (struct tp_limits){0.8, 2});
    do {
        if (!slow_legal(p, tower))
            continue;
        double value = slow_value(p, TP_GOAL_COHERENT, tower);
        best = fmax(best, value);
        if (value < least) {
            least = value;
            memcpy(worst, tower, sizeof tower);
        }
    } while (next_towers(p, tower));
    ck_assert(isfinite(best));
    ck_assert_int_eq(
        tp_exact_best(p, &judge, TP_GOAL_COHERENT, &effort, worst, &proven, NULL), TP_OK);
    ck_assert(proven && slow_legal(p, worst));
    ck_assert_double_eq_tol(slow_value(p, TP_GOAL_COHERENT, worst), best, 1e-6);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_as_many_units_as_there_may_be_find_their_two_groups)
{
    enum { UNITS = TP_EXACT_BEST_UNITS_MAX };
    struct recipe recipe = {.units = UNITS, .towers = 2, .affinity = 1, .features_most = 1};
    struct tp_random random = tp_random_new(1, 101);
    struct tp_problem *p = problem_random(&recipe, &random);
    struct tp_judge judge = {fits_always, NULL};
    struct tp_effort effort = tp_effort_of(INT64_MAX);
    int32_t tower[UNITS];
    bool proven = false;
    for (int32_t u = 0; u < UNITS; u++) {
        tower[u] = u % 2;
        for (int32_t v = 0; v < UNITS; v++)
            if (u / (UNITS / 2) != v / (UNITS / 2))
                p->affinity[u * UNITS + v] *= 0.01F;
    }
    tp_problem_set_limits(p, (struct tp_limits){100, 1});
    ck_assert_int_eq(
        tp_exact_best(p, &judge, TP_GOAL_COHERENT, &effort, tower, &proven, NULL), TP_OK);
    ck_assert(proven);
    for (int32_t u = 0; u < UNITS; u++)
        ck_assert_int_eq(tower[u] == tower[0], u < UNITS / 2);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_without_affinity_the_best_is_that_of_the_load_goal)
{
    for (int i = 0; i < CASES; i++) {
        struct fixture f;
        int32_t tower[UNITS_MOST];
        struct tp_effort effort = tp_effort_of(INT64_MAX);
        begin(&f, i);
        free(f.problem->affinity);
        f.problem->affinity = NULL;
        if (ask(&f, tower) == TP_ANSWER_YES) {
            ck_assert(improve(&f, TP_GOAL_COHERENT, &effort, tower));
            ck_assert_double_eq_tol(slow_value(f.problem, TP_GOAL_LOAD, tower),
                best_by_force(&f, TP_GOAL_LOAD, false), 1e-9);
        }
        tp_problem_free(f.problem);
    }
}
END_TEST

/* What the judge cannot tell may be better or may not fit. Worse than the best it does no harm. */
START_TEST(test_best_is_proven_only_if_nothing_unsure_is_better)
{
    int proven_count = 0, unproven_count = 0;
    for (int i = 0; i < 40 * CASES; i++) {
        struct fixture f;
        int32_t tower[UNITS_MOST];
        struct tp_effort effort = tp_effort_of(INT64_MAX);
        enum tp_goal goal = (enum tp_goal)(i % 3);
        begin(&f, i);
        if (ask(&f, tower) == TP_ANSWER_YES) {
            f.court.over_whole = -1;
            f.court.unsure_above = 1 + 0.25 * (i % 5);
            if (fits(&f.court, tower, -1) == 1) {
                bool proven = improve(&f, goal, &effort, tower);
                double value = slow_value(f.problem, goal, tower);
                if (proven)
                    ck_assert(best_by_force(&f, goal, true) <= value + 1e-9);
                proven_count += proven && f.court.unsure;
                unproven_count += !proven;
            }
        }
        tp_problem_free(f.problem);
    }
    ck_assert_int_ge(proven_count, 20);
    ck_assert_int_ge(unproven_count, 20);
}
END_TEST

START_TEST(test_the_best_comes_back_as_it_is)
{
    for (int i = 0; i < CASES; i++) {
        struct fixture f;
        int32_t tower[UNITS_MOST], again[UNITS_MOST];
        struct tp_effort effort = tp_effort_of(INT64_MAX);
        begin(&f, i);
        if (ask(&f, tower) == TP_ANSWER_YES) {
            improve(&f, TP_GOAL_DIVERSE, &effort, tower);
            memcpy(again, tower, sizeof again);
            ck_assert(improve(&f, TP_GOAL_DIVERSE, &effort, again));
            ck_assert_mem_eq(again, tower, (size_t)f.problem->unit_count * sizeof *tower);
        }
        tp_problem_free(f.problem);
    }
}
END_TEST

/* 4^12 / 4! assignments, 700,000. */
static struct tp_problem *dozen(int i, const struct tp_judge *judge, int32_t tower[12])
{
    struct recipe recipe = {.units = 12, .towers = 4, .affinity = 1, .features_most = 1};
    struct tp_random random = tp_random_new((uint64_t)i, 0);
    struct tp_problem *problem = problem_random(&recipe, &random);
    enum tp_answer answer;
    struct tp_error err;
    tp_problem_set_limits(problem, (struct tp_limits){2, 1.5});
    ck_assert_int_eq(tp_exact(problem, judge, tower, &answer, &err), TP_OK);
    ck_assert_int_eq(answer, TP_ANSWER_YES);
    return problem;
}

START_TEST(test_with_few_steps_nothing_is_proven_and_the_answer_is_legal_and_no_worse)
{
    for (int64_t steps = 0; steps <= 20000; steps += 500) {
        struct tp_judge judge = {fits_always, NULL};
        struct tp_effort effort = tp_effort_of(steps);
        struct tp_error err;
        bool proven;
        int32_t tower[12];
        struct tp_problem *problem = dozen(1, &judge, tower);
        double before = slow_value(problem, TP_GOAL_DIVERSE, tower);
        tp_exact_best(problem, &judge, TP_GOAL_DIVERSE, &effort, tower, &proven, &err);
        ck_assert(!proven);
        ck_assert(slow_legal(problem, tower));
        ck_assert_double_ge(slow_value(problem, TP_GOAL_DIVERSE, tower), before);
        tp_problem_free(problem);
    }
}
END_TEST

static int fits_and_counts(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    int *asked = context;
    ++*asked;
    return fits_always(NULL, tower_of_unit, tower);
}

START_TEST(test_the_judge_is_not_asked_about_what_is_no_better_than_the_best)
{
    for (int i = 0; i < 20; i++) {
        int asked = 0;
        struct tp_judge judge = {fits_and_counts, &asked};
        struct tp_effort effort = tp_effort_of(INT64_MAX);
        struct tp_error err;
        bool proven;
        int32_t tower[12];
        struct tp_problem *problem = dozen(i, &judge, tower);
        tp_exact_best(problem, &judge, TP_GOAL_COHERENT, &effort, tower, &proven, &err);
        asked = 0;
        tp_exact_best(problem, &judge, TP_GOAL_COHERENT, &effort, tower, &proven, &err);
        ck_assert(proven);
        ck_assert_int_eq(asked, 0);
        tp_problem_free(problem);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exact");
    TCase *tcase = tcase_create("exact");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_answer_is_that_of_brute_force, 0, 40);
    tcase_add_test(tcase, test_both_answers_are_common_in_those_cases);
    tcase_add_loop_test(tcase, test_an_unsure_judge_never_makes_a_proof, 0, 20);
    tcase_add_test(tcase, test_no_leaves_the_towers_untouched);
    tcase_add_test(
        tcase, test_twelve_alike_units_in_as_many_alike_towers_are_found_and_one_more_refused);
    tcase_add_loop_test(tcase, test_best_is_that_of_brute_force, 0, 40);
    tcase_add_loop_test(tcase, test_more_units_have_the_best_of_brute_force_too, 0, 4);
    tcase_add_test(tcase, test_as_many_units_as_there_may_be_find_their_two_groups);
    tcase_add_test(tcase, test_without_affinity_the_best_is_that_of_the_load_goal);
    tcase_add_test(tcase, test_best_is_proven_only_if_nothing_unsure_is_better);
    tcase_add_test(tcase, test_the_best_comes_back_as_it_is);
    tcase_add_test(
        tcase, test_with_few_steps_nothing_is_proven_and_the_answer_is_legal_and_no_worse);
    tcase_add_test(tcase, test_the_judge_is_not_asked_about_what_is_no_better_than_the_best);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
