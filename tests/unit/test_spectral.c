/* SPDX-License-Identifier: Apache-2.0 */
/* Spectral starts: planted groups are found, pins and sizes hold, and on noise they beat chance. */
#include "partition/spectral.h"

#include "partition/starts.h"
#include "problems.h"

#define UNITS 60

static struct tp_problem *make(int32_t units, int32_t towers, int pinned, uint64_t seed)
{
    struct recipe recipe = {
        .units = units, .towers = towers, .affinity = 1, .features_most = 1, .pinned = pinned};
    struct tp_random random = tp_random_new(seed, 52);
    struct tp_problem *p = problem_random(&recipe, &random);
    tp_problem_set_limits(p, (struct tp_limits){100, 1});
    return p;
}

static void solve(const struct tp_problem *p, enum tp_goal goal, uint64_t seed, int32_t *tower)
{
    struct tp_random random = tp_random_new(seed, 53);
    ck_assert_int_eq(tp_spectral(p, goal, &random, tower, NULL), TP_OK);
    int32_t size[UNITS] = {0}, pinned = 0;
    for (int32_t u = 0; u < p->unit_count; u++) {
        ck_assert(tower[u] >= 0 && tower[u] < p->tower_count);
        ck_assert(p->pin[u] < 0 || tower[u] == p->pin[u]);
        pinned += p->pin[u] >= 0;
        size[tower[u]]++;
    }
    for (int32_t t = 0; t < p->tower_count && !pinned; t++)
        ck_assert(size[t] >= p->features_least && size[t] <= p->most[TP_FEATURES]);
}

START_TEST(test_planted_groups_are_found_under_noise)
{
    struct tp_problem *p = make(UNITS, 5, 0, (uint64_t)_i);
    int32_t tower[UNITS];
    for (int32_t u = 0; u < UNITS; u++)
        for (int32_t v = 0; v < UNITS; v++)
            if (u != v)
                p->affinity[u * UNITS + v] += u % 5 == v % 5 ? 1.0F : 0.0F;
    solve(p, TP_GOAL_COHERENT, (uint64_t)_i, tower);
    for (int32_t u = 0; u < UNITS; u++)
        for (int32_t v = 0; v < u; v++)
            ck_assert_int_eq(tower[u] == tower[v], u % 5 == v % 5);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_noise_is_used_for_either_goal)
{
    /* Against a random deal, which is at the mean of all, on the goal's scale. */
    double gain = 0;
    enum tp_goal goal = _i ? TP_GOAL_DIVERSE : TP_GOAL_COHERENT;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct tp_problem *p = make(UNITS, 6, 0, seed);
        struct tp_random random = tp_random_new(seed, 54);
        int32_t tower[UNITS], other[UNITS];
        solve(p, goal, seed, tower);
        ck_assert_int_eq(tp_start_random(p, &random, other, NULL), TP_OK);
        double chance = slow_value(p, goal, other);
        gain += (slow_value(p, goal, tower) - chance) / fabs(chance) / 10;
        tp_problem_free(p);
    }
    ck_assert_double_gt(gain, 0.15);
}
END_TEST

START_TEST(test_any_number_of_towers_and_pins_do)
{
    static const int32_t towers[] = {1, 2, 7, 30, 60};
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct tp_problem *p = make(UNITS, towers[_i], seed % 2 ? 20 : 0, seed);
        int32_t tower[UNITS];
        solve(p, seed / 2 ? TP_GOAL_DIVERSE : TP_GOAL_COHERENT, seed, tower);
        tp_problem_free(p);
    }
}
END_TEST

START_TEST(test_units_of_many_features_make_the_towers_of_their_number)
{
    /* 12 units of 5 features, 9 of which belong together, in 4 towers: 3 units each if towers are to
     * be alike; at a ratio of 3 the 9 fill one. */
    struct tp_problem *p = make(12, 4, 0, 7);
    struct tp_random random = tp_random_new(1, 53);
    int32_t tower[12], size[2][4] = {{0}};
    for (int32_t u = 0; u < 12; u++)
        p->weight[u * TP_RESOURCES + TP_FEATURES] = 5;
    for (int32_t u = 0; u < 9; u++)
        for (int32_t v = 0; v < 9; v++)
            p->affinity[u * 12 + v] += u != v ? 5.0F : 0.0F;
    p->feature_count = 60;
    for (int k = 0; k < 2; k++) {
        tp_problem_set_limits(p, (struct tp_limits){100, k ? 3 : 1});
        ck_assert_int_eq(tp_spectral(p, TP_GOAL_COHERENT, &random, tower, NULL), TP_OK);
        for (int32_t u = 0; u < 12; u++)
            size[k][tower[u]]++;
    }
    for (int t = 0; t < 4; t++) {
        ck_assert_int_eq(size[0][t], 3);
        ck_assert_int_eq(size[1][t], t == tower[0] ? 9 : 1);
    }
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spectral");
    TCase *tcase = tcase_create("spectral");
    tcase_add_loop_test(tcase, test_planted_groups_are_found_under_noise, 0, 10);
    tcase_add_loop_test(tcase, test_noise_is_used_for_either_goal, 0, 2);
    tcase_add_loop_test(tcase, test_any_number_of_towers_and_pins_do, 0, 5);
    tcase_add_test(tcase, test_units_of_many_features_make_the_towers_of_their_number);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
