/* SPDX-License-Identifier: Apache-2.0 */
/* A tied problem: for every assignment it is worth what the problem was, and the pull of the towers. */
#include "partition/ties.h"

#include "problems.h"

enum { UNITS = 6, TOWERS = 3 };

static struct tp_problem *tied(const struct recipe *recipe, uint64_t seed, double *pull)
{
    struct tp_random random = tp_random_new(seed, 7);
    struct tp_problem *p = problem_random(recipe, &random);
    for (int i = 0; i < UNITS * TOWERS; i++)
        pull[i] = 4 * tp_random_uniform(&random) - 2;
    ck_assert_int_eq(tp_problem_tie(p, pull, NULL), TP_OK);
    return p;
}

/* Assignments of the units that are followed by the ties, each in its tower. */
static void check_all(struct tp_problem *p, const struct tp_problem *plain, const double *pull)
{
    int32_t tower[UNITS + TOWERS] = {0};
    for (int t = 0; t < TOWERS; t++)
        tower[UNITS + t] = t;
    do {
        bool pinned_elsewhere = false;
        for (int u = 0; u < UNITS; u++)
            pinned_elsewhere |= plain->pin[u] >= 0 && plain->pin[u] != tower[u];
        if (pinned_elsewhere)
            continue;
        double found, expected = plain->affinity ? slow_value(plain, TP_GOAL_COHERENT, tower) : 0;
        for (int u = 0; u < UNITS; u++)
            expected += pull[u * TOWERS + tower[u]];
        ck_assert_int_eq(tp_towers_value(p, TP_GOAL_COHERENT, tower, &found, NULL), TP_OK);
        ck_assert_double_eq_tol(found, expected, 1e-5);
        ck_assert(slow_legal(p, tower) == slow_legal(plain, tower));
    } while (next_towers(plain, tower));
}

START_TEST(a_tower_is_worth_its_pull)
{
    double pull[UNITS * TOWERS];
    struct recipe recipe = {UNITS, TOWERS, _i % 2, 3, 20, 10, 1.5};
    struct tp_random random = tp_random_new((uint64_t)_i, 7);
    struct tp_problem *plain = problem_random(&recipe, &random);
    struct tp_problem *p = tied(&recipe, (uint64_t)_i, pull);
    ck_assert_int_eq(p->unit_count, UNITS + TOWERS);
    check_all(p, plain, pull);
    tp_problem_free(plain);
    tp_problem_free(p);
}
END_TEST

START_TEST(no_tower_can_take_another_ones_place)
{
    double pull[UNITS * TOWERS];
    struct tp_problem *p = tied(&(struct recipe){UNITS, TOWERS, 1, 1, 0, 0, 0}, 1, pull);
    ck_assert_int_eq(p->class_count, TOWERS);
    for (int t = 0; t < TOWERS; t++) {
        ck_assert_int_eq(p->tower_class[t], t);
        ck_assert_int_eq(p->pin[UNITS + t], t);
    }
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ties");
    TCase *tcase = tcase_create("ties");
    tcase_add_loop_test(tcase, a_tower_is_worth_its_pull, 0, 12);
    tcase_add_test(tcase, no_tower_can_take_another_ones_place);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
