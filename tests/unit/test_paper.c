/* SPDX-License-Identifier: Apache-2.0 */
/* The published method: sizes and pins hold, groups are found, and it stays below a search by about as
 * much as measured elsewhere. */
#include "partition/paper.h"

#include "partition/refine.h"
#include "partition/starts.h"
#include "problems.h"

#define UNITS 26

/* Units u and v of one group when u % groups == v % groups. */
static struct tp_problem *planted(int32_t units, int32_t towers, int32_t groups, uint64_t seed)
{
    struct recipe recipe = {.units = units, .towers = towers, .affinity = 1, .features_most = 1};
    struct tp_random random = tp_random_new(seed, 51);
    struct tp_problem *p = problem_random(&recipe, &random);
    for (int32_t u = 0; u < units; u++)
        for (int32_t v = 0; v < units; v++)
            if (u != v)
                p->affinity[u * units + v] =
                    0.1F * p->affinity[u * units + v] + (u % groups == v % groups ? 0.6F : 0);
    return p;
}

static void solve(
    const struct tp_problem *p, enum tp_goal goal, double ratio, uint64_t seed, int32_t *tower)
{
    ck_assert_int_eq(tp_paper(p, goal, ratio, seed, tower, NULL), TP_OK);
    int32_t *size = calloc((size_t)p->tower_count, sizeof *size);
    ck_assert_ptr_nonnull(size);
    int pinned = 0;
    for (int32_t u = 0; u < p->unit_count; u++) {
        ck_assert(tower[u] >= 0 && tower[u] < p->tower_count);
        ck_assert(p->pin[u] < 0 || tower[u] == p->pin[u]);
        pinned += p->pin[u] >= 0;
        size[tower[u]]++;
    }
    double mean = (double)p->unit_count / p->tower_count;
    for (int32_t t = 0; t < p->tower_count && !pinned; t++)
        ck_assert(size[t] >= floor(mean / ratio) && size[t] <= ceil(mean * ratio));
    free(size);
}

START_TEST(test_groups_of_equal_size_become_towers)
{
    struct tp_problem *p = planted(24, 4, 4, (uint64_t)_i);
    int32_t tower[24];
    solve(p, TP_GOAL_COHERENT, 1, (uint64_t)_i, tower);
    for (int32_t u = 0; u < 24; u++)
        for (int32_t v = 0; v < u; v++)
            ck_assert_int_eq(tower[u] == tower[v], u % 4 == v % 4);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_diverse_towers_tear_groups_apart)
{
    /* Of 4 groups of 6, dealt out over 6 towers of 4: a random deal leaves 24 * 23 / 2 * 3 / 23 * 5 / 23
     * = 7.8 pairs of a group in one tower. */
    int together = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct tp_problem *p = planted(24, 6, 4, seed);
        int32_t tower[24];
        solve(p, TP_GOAL_DIVERSE, 1, seed, tower);
        for (int32_t u = 0; u < 24; u++)
            for (int32_t v = 0; v < u; v++)
                together += tower[u] == tower[v] && u % 4 == v % 4;
        tp_problem_free(p);
    }
    ck_assert_int_lt(together, 10 * 4);
}
END_TEST

START_TEST(test_affinity_between_units_is_the_mean_over_their_features)
{
    /* The sum over more pairs of features is larger, the towers are those of the means. */
    struct tp_problem *p = planted(24, 4, 4, 3);
    int32_t tower[2][24];
    solve(p, TP_GOAL_COHERENT, 1, 1, tower[0]);
    for (int32_t u = 0; u < 24; u++)
        for (int32_t v = 0; v < 24; v++)
            p->affinity[u * 24 + v] *= (float)((1 << u % 3) * (1 << v % 3));
    for (int32_t u = 0; u < 24; u++)
        p->weight[u * TP_RESOURCES + TP_FEATURES] = 1 << u % 3;
    solve(p, TP_GOAL_COHERENT, 1, 1, tower[1]);
    ck_assert_mem_eq(tower[0], tower[1], sizeof tower[0]);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_sizes_and_pins_hold)
{
    static const int32_t towers[] = {1, 2, 3, 8, 13, 26};
    struct tp_problem *p = planted(UNITS, towers[_i], 5, (uint64_t)_i);
    int32_t tower[UNITS];
    solve(p, TP_GOAL_COHERENT, 1, 1, tower);
    solve(p, TP_GOAL_DIVERSE, 1.5, 1, tower);
    for (int32_t u = 0; u < UNITS; u += 3)
        p->pin[u] = u % p->tower_count;
    solve(p, TP_GOAL_COHERENT, 1, 1, tower);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_a_pinned_unit_brings_its_group_along)
{
    struct tp_problem *p = planted(24, 4, 4, 5);
    int32_t tower[24];
    for (int32_t u = 0; u < 4; u++)
        p->pin[u] = (u + 2) % 4;
    solve(p, TP_GOAL_COHERENT, 1, 1, tower);
    for (int32_t u = 0; u < 24; u++)
        ck_assert_int_eq(tower[u], (u + 2) % 4);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_more_units_than_anchors_are_grouped_too)
{
    /* 300 units: an anchor's row no longer is everybody. */
    struct tp_problem *p = planted(300, 4, 4, 6);
    int32_t tower[300], again[300], other[300];
    solve(p, TP_GOAL_COHERENT, 1, 1, tower);
    double inside = slow_value(p, TP_GOAL_COHERENT, tower);
    for (int32_t u = 0; u < 300; u++)
        other[u] = u % 4;
    ck_assert_double_ge(inside, 0.9 * slow_value(p, TP_GOAL_COHERENT, other));
    solve(p, TP_GOAL_COHERENT, 1, 1, again);
    ck_assert_mem_eq(tower, again, sizeof tower);
    tp_problem_free(p);
}
END_TEST

/* Groups of any size, one half of the affinities in them and the other half chance. */
static struct tp_problem *rough(int32_t towers, uint64_t seed)
{
    struct recipe recipe = {.units = UNITS, .towers = towers, .affinity = 1, .features_most = 1};
    struct tp_random random = tp_random_new(seed, 55);
    struct tp_problem *p = problem_random(&recipe, &random);
    int64_t group[UNITS];
    for (int32_t u = 0; u < UNITS; u++)
        group[u] = tp_random_below(&random, 6);
    for (int32_t u = 0; u < UNITS; u++)
        for (int32_t v = 0; v < UNITS; v++)
            if (u != v)
                p->affinity[u * UNITS + v] =
                    p->affinity[u * UNITS + v] / 2 + (group[u] == group[v] ? 0.5F : 0);
    return p;
}

START_TEST(test_it_stays_below_a_search_by_about_as_much_as_published_numbers)
{
    /* 0.96, 0.89 and 0.86 of the best known on public data; here of 50 descents on groups and noise. */
    static const int32_t towers[] = {4, 8, 13};
    static const double expected[] = {0.96, 0.89, 0.86};
    double share = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct tp_problem *p = rough(towers[_i], seed);
        struct tp_random random = tp_random_new(seed, 1);
        struct tp_assignment *a;
        int32_t tower[UNITS];
        double best = 0;
        tp_problem_set_limits(p, (struct tp_limits){100, 1});
        ck_assert_int_eq(tp_assignment_new(p, TP_GOAL_COHERENT, &a, NULL), TP_OK);
        for (int k = 0; k < 50; k++) {
            struct tp_effort steps = tp_effort_of(1000000);
            ck_assert_int_eq(tp_start_random(p, &random, tower, NULL), TP_OK);
            tp_assignment_set(a, tower);
            ck_assert(tp_repair(a, &steps));
            tp_descend(a, &random, &steps);
            best = fmax(best, tp_assignment_value(a));
        }
        solve(p, TP_GOAL_COHERENT, 1, seed, tower);
        share += slow_value(p, TP_GOAL_COHERENT, tower) / best / 10;
        tp_assignment_free(a);
        tp_problem_free(p);
    }
    ck_assert_double_eq_tol(share, expected[_i], 0.07);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("paper");
    TCase *tcase = tcase_create("paper");
    tcase_add_loop_test(tcase, test_groups_of_equal_size_become_towers, 0, 10);
    tcase_add_test(tcase, test_diverse_towers_tear_groups_apart);
    tcase_add_test(tcase, test_affinity_between_units_is_the_mean_over_their_features);
    tcase_add_loop_test(tcase, test_sizes_and_pins_hold, 0, 6);
    tcase_add_test(tcase, test_a_pinned_unit_brings_its_group_along);
    tcase_add_test(tcase, test_more_units_than_anchors_are_grouped_too);
    tcase_add_loop_test(
        tcase, test_it_stays_below_a_search_by_about_as_much_as_published_numbers, 0, 3);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
