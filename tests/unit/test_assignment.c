/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of an assignment against recomputation from scratch, on random problems. */
#include "problems.h"

#define CLOSE 1e-9
#define UNITS 9
#define TOWERS 4

static const enum tp_goal goals[] = {TP_GOAL_COHERENT, TP_GOAL_DIVERSE, TP_GOAL_LOAD};

struct fixture {
    struct tp_problem *problem;
    struct tp_assignment *assignment;
    struct tp_random random;
    enum tp_goal goal;
    int32_t tower[UNITS];
};

/* Case i: goal i % 3, constraints and tight limits on in turn. */
static void begin(struct fixture *f, int i)
{
    struct recipe recipe = {.units = UNITS,
        .towers = TOWERS,
        .affinity = 1,
        .features_most = 3,
        .pinned = i & 1 ? 20 : 0,
        .apart = i & 2 ? 30 : 0,
        .memory = i & 4 ? 1.2 : 0};
    f->random = tp_random_new((uint64_t)i, 0);
    f->goal = goals[i % 3];
    f->problem = problem_random(&recipe, &f->random);
    tp_problem_set_limits(f->problem, (struct tp_limits){0.1 * (i % 5), 1 + 0.3 * (i % 4)});
    struct tp_error err;
    ck_assert_int_eq(tp_assignment_new(f->problem, f->goal, &f->assignment, &err), TP_OK);
    random_towers(f->problem, &f->random, f->tower);
    tp_assignment_set(f->assignment, f->tower);
}

static void end(struct fixture *f)
{
    tp_assignment_free(f->assignment);
    tp_problem_free(f->problem);
}

static double value_of(const struct fixture *f, const int32_t *tower)
{
    return slow_value(f->problem, f->goal, tower);
}

static void assert_sums_hold(const struct fixture *f, const int32_t *tower)
{
    const struct tp_problem *p = f->problem;
    const struct tp_assignment *a = f->assignment;
    for (int32_t t = 0; t < TOWERS; t++) {
        double load[TP_RESOURCES];
        slow_load(p, tower, t, load);
        for (int r = 0; r < TP_RESOURCES; r++)
            ck_assert_double_eq_tol(a->load[t * TP_RESOURCES + r], load[r], CLOSE);
        for (int32_t u = 0; a->pull && u < UNITS; u++) {
            double pull = 0;
            for (int32_t v = 0; v < UNITS; v++)
                pull += tower[v] == t && v != u ? (double)p->affinity[u * UNITS + v] : 0;
            ck_assert_double_eq_tol(a->pull[t * UNITS + u], pull, CLOSE);
            if (tower[u] == t)
                ck_assert_double_eq_tol(a->own[u], pull, CLOSE);
        }
    }
    for (int32_t u = 0; u < UNITS; u++)
        ck_assert_int_eq(a->tower[u], tower[u]);
    ck_assert_double_eq_tol(tp_assignment_violation(a), slow_violation(p, tower), CLOSE);
    ck_assert_double_eq_tol(tp_assignment_value(a), value_of(f, tower), CLOSE);
}

START_TEST(test_set_makes_all_sums)
{
    struct fixture f;
    begin(&f, _i);
    assert_sums_hold(&f, f.tower);
    end(&f);
}
END_TEST

START_TEST(test_set_puts_pinned_units_where_their_pin_says)
{
    struct fixture f;
    int32_t elsewhere[UNITS];
    begin(&f, _i | 1);
    for (int32_t u = 0; u < UNITS; u++)
        elsewhere[u] = f.problem->pin[u] >= 0 ? (f.problem->pin[u] + 1) % TOWERS : f.tower[u];
    tp_assignment_set(f.assignment, elsewhere);
    assert_sums_hold(&f, f.tower);
    end(&f);
}
END_TEST

START_TEST(test_gain_and_relief_of_every_move_are_what_recomputing_says)
{
    struct fixture f;
    begin(&f, _i);
    double value = value_of(&f, f.tower), violation = slow_violation(f.problem, f.tower);
    for (int32_t u = 0; u < UNITS; u++) {
        for (int32_t t = 0; t < TOWERS; t++) {
            int32_t from = f.tower[u];
            if (t == from)
                continue;
            f.tower[u] = t;
            ck_assert_double_eq_tol(
                tp_gain_move(f.assignment, u, t), value_of(&f, f.tower) - value, CLOSE);
            ck_assert_double_eq_tol(tp_relief_move(f.assignment, u, t),
                slow_violation(f.problem, f.tower) - violation, CLOSE);
            f.tower[u] = from;
        }
    }
    end(&f);
}
END_TEST

START_TEST(test_gains_of_one_unit_at_once_are_those_of_its_moves_and_swaps)
{
    struct fixture f;
    double to[TOWERS], with[UNITS];
    begin(&f, _i);
    for (int32_t u = 0; u < UNITS; u++) {
        tp_gains(f.assignment, u, to, with);
        for (int32_t t = 0; t < TOWERS; t++)
            if (t != f.tower[u])
                ck_assert_double_eq_tol(to[t], tp_gain_move(f.assignment, u, t), CLOSE);
        for (int32_t v = 0; v < UNITS; v++)
            if (f.tower[v] != f.tower[u])
                ck_assert_double_eq_tol(with[v], tp_gain_swap(f.assignment, u, v), CLOSE);
    }
    end(&f);
}
END_TEST

static void swap(int32_t *tower, int32_t u, int32_t v)
{
    int32_t t = tower[u];
    tower[u] = tower[v];
    tower[v] = t;
}

START_TEST(test_gain_and_relief_of_every_swap_are_what_recomputing_says)
{
    struct fixture f;
    begin(&f, _i);
    double value = value_of(&f, f.tower), violation = slow_violation(f.problem, f.tower);
    for (int32_t u = 0; u < UNITS; u++) {
        for (int32_t v = 0; v < UNITS; v++) {
            if (f.tower[u] == f.tower[v])
                continue;
            swap(f.tower, u, v);
            ck_assert_double_eq_tol(
                tp_gain_swap(f.assignment, u, v), value_of(&f, f.tower) - value, CLOSE);
            ck_assert_double_eq_tol(tp_relief_swap(f.assignment, u, v),
                slow_violation(f.problem, f.tower) - violation, CLOSE);
            swap(f.tower, u, v);
        }
    }
    end(&f);
}
END_TEST

START_TEST(test_sums_stay_true_through_moves_and_swaps)
{
    struct fixture f;
    begin(&f, _i);
    for (int k = 0; k < 200; k++) {
        int32_t u = (int32_t)tp_random_below(&f.random, UNITS);
        int32_t v = (int32_t)tp_random_below(&f.random, UNITS);
        int32_t t = (int32_t)tp_random_below(&f.random, TOWERS);
        if (k % 2 && f.tower[u] != f.tower[v]) {
            tp_make_swap(f.assignment, u, v);
            swap(f.tower, u, v);
        } else if (k % 2 == 0 && f.tower[u] != t) {
            tp_make_move(f.assignment, u, t);
            f.tower[u] = t;
        }
        assert_sums_hold(&f, f.tower);
    }
    end(&f);
}
END_TEST

START_TEST(test_copy_takes_all_sums_over)
{
    struct fixture f;
    struct tp_assignment *copy;
    struct tp_error err;
    begin(&f, _i);
    ck_assert_int_eq(tp_assignment_new(f.problem, f.goal, &copy, &err), TP_OK);
    tp_assignment_copy(copy, f.assignment);
    tp_assignment_free(f.assignment);
    f.assignment = copy;
    assert_sums_hold(&f, f.tower);
    end(&f);
}
END_TEST

START_TEST(test_without_affinity_the_value_is_that_of_the_loads)
{
    struct recipe recipe = {.units = UNITS, .towers = TOWERS, .features_most = 1};
    struct tp_random random = tp_random_new(1, 0);
    struct tp_problem *problem = problem_random(&recipe, &random);
    struct tp_assignment *a;
    struct tp_error err;
    int32_t tower[UNITS];
    ck_assert_int_eq(tp_assignment_new(problem, TP_GOAL_LOAD, &a, &err), TP_OK);
    ck_assert_ptr_null(a->pull);
    random_towers(problem, &random, tower);
    tp_assignment_set(a, tower);
    ck_assert_double_eq_tol(
        tp_assignment_value(a), slow_value(problem, TP_GOAL_LOAD, tower), CLOSE);
    tp_assignment_free(a);
    tp_problem_free(problem);
}
END_TEST

START_TEST(test_a_resource_that_nothing_needs_is_never_over_its_limit)
{
    /* Without a tower module all flops are 0, and so is their limit. */
    struct recipe recipe = {.units = UNITS, .towers = TOWERS, .features_most = 1};
    struct tp_random random = tp_random_new(2, 0);
    struct tp_problem *problem = problem_random(&recipe, &random);
    struct tp_assignment *a;
    struct tp_error err;
    int32_t tower[UNITS];
    problem->mean[TP_FLOPS] = 0;
    for (int32_t u = 0; u < UNITS; u++) {
        problem->weight[u * TP_RESOURCES + TP_FLOPS] = 0;
        tower[u] = u % TOWERS;
    }
    tp_problem_set_limits(problem, (struct tp_limits){10, 10});
    ck_assert_int_eq(tp_assignment_new(problem, TP_GOAL_LOAD, &a, &err), TP_OK);
    tp_assignment_set(a, tower);
    ck_assert_double_eq(tp_assignment_violation(a), 0);
    ck_assert(isfinite(tp_assignment_value(a)));
    ck_assert(isfinite(tp_gain_move(a, 0, 1)));
    tp_assignment_free(a);
    tp_problem_free(problem);
}
END_TEST

START_TEST(test_free_accepts_null)
{
    tp_assignment_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("assignment");
    TCase *tcase = tcase_create("assignment");
    tcase_add_loop_test(tcase, test_set_makes_all_sums, 0, 24);
    tcase_add_loop_test(tcase, test_set_puts_pinned_units_where_their_pin_says, 0, 12);
    tcase_add_loop_test(tcase, test_gain_and_relief_of_every_move_are_what_recomputing_says, 0, 60);
    tcase_add_loop_test(
        tcase, test_gains_of_one_unit_at_once_are_those_of_its_moves_and_swaps, 0, 30);
    tcase_add_loop_test(tcase, test_gain_and_relief_of_every_swap_are_what_recomputing_says, 0, 60);
    tcase_add_loop_test(tcase, test_sums_stay_true_through_moves_and_swaps, 0, 24);
    tcase_add_loop_test(tcase, test_copy_takes_all_sums_over, 0, 12);
    tcase_add_test(tcase, test_without_affinity_the_value_is_that_of_the_loads);
    tcase_add_test(tcase, test_a_resource_that_nothing_needs_is_never_over_its_limit);
    tcase_add_test(tcase, test_free_accepts_null);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
