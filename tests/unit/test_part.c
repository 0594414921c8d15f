/* SPDX-License-Identifier: Apache-2.0 */
/* Parts: other towers for their units change as much in the whole as in the part; related towers come
 * together. */
#include "partition/part.h"

#include "problems.h"

#define UNITS 24
#define TOWERS 6
#define CLOSE 1e-5

static struct tp_problem *new_problem(int i)
{
    struct recipe recipe = {.units = UNITS,
        .towers = TOWERS,
        .affinity = 1,
        .features_most = 3,
        .pinned = i % 2 ? 30 : 0,
        .apart = 15,
        .memory = i % 3 ? 1.2 : 0};
    struct tp_random random = tp_random_new((uint64_t)i, 64);
    struct tp_problem *p = problem_random(&recipe, &random);
    tp_problem_set_limits(p, (struct tp_limits){0.2, 1.2});
    return p;
}

/* By slow sums over all units: value, and how far all limits, pairs apart included, are broken. */
START_TEST(test_a_part_changes_what_the_whole_does)
{
    struct tp_problem *p = new_problem(_i), *part;
    struct tp_random random = tp_random_new((uint64_t)_i, 65);
    int32_t tower[UNITS], unit[UNITS], at[UNITS], chosen[TOWERS], count = 2 + _i % (TOWERS - 1);
    random_towers(p, &random, tower);
    ck_assert_int_eq(tp_part_choose(p, tower, count, &random, chosen, NULL), TP_OK);
    ck_assert_int_eq(tp_part_new(p, tower, chosen, count, unit, at, &part, NULL), TP_OK);
    ck_assert_int_eq(part->tower_count, count);
    int32_t units = 0;
    for (int32_t u = 0; u < UNITS; u++)
        for (int32_t i = 0; i < count; i++)
            if (tower[u] == chosen[i]) {
                ck_assert_int_eq(unit[units], u);
                ck_assert_int_eq(at[units++], i);
            }
    ck_assert_int_eq(part->unit_count, units);
    double value = slow_value(p, TP_GOAL_COHERENT, tower) - slow_value(part, TP_GOAL_COHERENT, at);
    double broken = slow_violation(p, tower) - slow_violation(part, at);
    for (int deal = 0; deal < 20; deal++) {
        random_towers(part, &random, at);
        for (int32_t i = 0; i < units; i++) {
            tower[unit[i]] = chosen[at[i]];
            ck_assert(p->pin[unit[i]] < 0 || p->pin[unit[i]] == tower[unit[i]]);
        }
        ck_assert_double_eq_tol(slow_value(p, TP_GOAL_COHERENT, tower),
            value + slow_value(part, TP_GOAL_COHERENT, at), CLOSE);
        ck_assert_double_eq_tol(slow_violation(p, tower), broken + slow_violation(part, at), CLOSE);
    }
    tp_problem_free(part);
    tp_problem_free(p);
}
END_TEST

/* Towers 0 and 1 go together, 2 and 3, 4 and 5. Two of three partners are to be the related tower, and one in
 * five of the rest are by chance: 220 of 300. */
START_TEST(test_related_towers_are_chosen_together)
{
    struct tp_problem *p = new_problem(0);
    struct tp_random random = tp_random_new(7, 66);
    int32_t tower[UNITS], chosen[TOWERS], first[TOWERS] = {0}, related = 0;
    for (int32_t u = 0; u < UNITS; u++) {
        tower[u] = u % TOWERS;
        for (int32_t v = 0; v < UNITS; v++)
            p->affinity[u * UNITS + v] = u % TOWERS / 2 == v % TOWERS / 2 ? 0.8f : 0.1f;
    }
    for (int k = 0; k < 300; k++) {
        ck_assert_int_eq(tp_part_choose(p, tower, 2, &random, chosen, NULL), TP_OK);
        first[chosen[0]]++;
        related += chosen[0] / 2 == chosen[1] / 2;
    }
    for (int t = 0; t < TOWERS; t++)
        ck_assert_int_ge(first[t], 20);
    ck_assert_int_ge(related, 190);
    ck_assert_int_le(related, 250);
    for (int32_t count = 2; count <= TOWERS; count++) {
        bool taken[TOWERS] = {false};
        ck_assert_int_eq(tp_part_choose(p, tower, count, &random, chosen, NULL), TP_OK);
        for (int32_t i = 0; i < count; i++) {
            ck_assert(chosen[i] >= 0 && chosen[i] < TOWERS && !taken[chosen[i]]);
            taken[chosen[i]] = true;
        }
    }
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("part");
    TCase *tcase = tcase_create("part");
    tcase_add_loop_test(tcase, test_a_part_changes_what_the_whole_does, 0, 30);
    tcase_add_test(tcase, test_related_towers_are_chosen_together);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
