/* SPDX-License-Identifier: Apache-2.0 */
/* METIS behind its fence: whatever the graph, towers in range come back, nothing is printed, and the
 * obvious groups of an easy graph are found. */
#include "partition/metis.h"

#include <stdio.h>
#include <unistd.h>

#include "problems.h"

#define UNITS_MOST 512

/* All ways to call it. */
static const struct {
    enum tp_goal goal;
    bool recursive;
} ways[] = {{TP_GOAL_COHERENT, false}, {TP_GOAL_COHERENT, true}, {TP_GOAL_DIVERSE, false},
    {TP_GOAL_DIVERSE, true}};

#define WAYS ((int)(sizeof ways / sizeof *ways))

static struct tp_problem *make(int32_t units, int32_t towers)
{
    struct recipe recipe = {.units = units, .towers = towers, .affinity = 1, .features_most = 1};
    struct tp_random random = tp_random_new((uint64_t)units, (uint64_t)towers);
    return problem_random(&recipe, &random);
}

/* Runs it every way and checks the range. Frees the problem. */
static void assert_in_range(struct tp_problem *p)
{
    int32_t tower[UNITS_MOST];
    struct tp_error err;
    for (int w = 0; w < WAYS; w++) {
        memset(tower, 0x7f, sizeof tower);
        ck_assert_int_eq(tp_metis(p, ways[w].goal, ways[w].recursive, 1, tower, &err), TP_OK);
        for (int32_t u = 0; u < p->unit_count; u++)
            ck_assert(tower[u] >= 0 && tower[u] < p->tower_count);
    }
    tp_problem_free(p);
}

static void scale(struct tp_problem *p, float factor)
{
    for (int32_t i = 0; i < p->unit_count * p->unit_count; i++)
        p->affinity[i] *= factor;
}

START_TEST(test_one_tower_takes_all)
{
    struct tp_problem *p = make(9, 1);
    int32_t tower[9];
    struct tp_error err;
    ck_assert_int_eq(tp_metis(p, TP_GOAL_COHERENT, _i, 1, tower, &err), TP_OK);
    for (int u = 0; u < 9; u++)
        ck_assert_int_eq(tower[u], 0);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_no_more_units_than_towers_get_a_tower_each)
{
    struct tp_problem *p = make(7, 7 + _i);
    int32_t tower[7];
    struct tp_error err;
    ck_assert_int_eq(tp_metis(p, TP_GOAL_COHERENT, _i & 1, 1, tower, &err), TP_OK);
    for (int u = 0; u < 7; u++)
        for (int v = 0; v < u; v++)
            ck_assert_int_ne(tower[u], tower[v]);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_dense_graphs_of_26_in_13_to_26_towers_stay_in_range)
{
    assert_in_range(make(26, 13 + _i));
}
END_TEST

START_TEST(test_zero_affinity_stays_in_range)
{
    struct tp_problem *p = make(20, 4);
    scale(p, 0);
    assert_in_range(p);
}
END_TEST

START_TEST(test_huge_affinities_stay_in_range)
{
    /* 32-bit sums of such weights would wrap. */
    struct tp_problem *p = make(_i ? 300 : 30, 4);
    scale(p, 1e30f);
    assert_in_range(p);
}
END_TEST

START_TEST(test_one_pair_far_above_the_rest_stays_in_range)
{
    struct tp_problem *p = make(30, 5);
    p->affinity[1] = p->affinity[30] = 1e20f;
    assert_in_range(p);
}
END_TEST

START_TEST(test_units_of_many_features_stay_in_range)
{
    struct tp_problem *p = make(30, 5);
    for (int u = 0; u < 30; u++)
        p->weight[u * TP_RESOURCES + TP_FEATURES] = u ? 1 : 90000;
    assert_in_range(p);
}
END_TEST

START_TEST(test_graphs_large_enough_to_be_coarsened_stay_in_range)
{
    assert_in_range(make(UNITS_MOST, 2 + 6 * _i));
}
END_TEST

START_TEST(test_nothing_is_printed)
{
    /* Standard output may be where the plan goes. */
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    ck_assert_int_ge(dup2(fileno(file), STDOUT_FILENO), 0);
    for (int32_t towers = 2; towers <= 26; towers++)
        assert_in_range(make(26, towers));
    for (int32_t towers = 2; towers < 40; towers++) {
        struct tp_problem *uneven = make(40, towers);
        for (int u = 0; u < 40; u++)
            uneven->weight[u * TP_RESOURCES + TP_FEATURES] = u % 7 ? 1 : 3000;
        assert_in_range(uneven);
    }
    fflush(stdout);
    ck_assert_int_ge(dup2(kept, STDOUT_FILENO), 0);
    close(kept);
    ck_assert_int_eq(lseek(fileno(file), 0, SEEK_END), 0);
    fclose(file);
}
END_TEST

/* Groups u % 4 of strong pairs: kept together when coherent, torn apart when diverse. */
START_TEST(test_planted_groups_are_seen)
{
    struct tp_problem *p = make(32, 4);
    int32_t tower[32];
    struct tp_error err;
    for (int u = 0; u < 32; u++)
        for (int v = 0; v < 32; v++)
            p->affinity[u * 32 + v] = u == v ? 0 : u % 4 == v % 4 ? 1 : 0.01f;
    enum tp_goal goal = ways[_i].goal;
    ck_assert_int_eq(tp_metis(p, goal, ways[_i].recursive, 1, tower, &err), TP_OK);
    double inside = slow_value(p, TP_GOAL_COHERENT, tower);
    /* All 4 * 28 strong pairs inside, or 2 of 8 of each group in a tower: 16 of them. */
    if (goal == TP_GOAL_COHERENT)
        ck_assert_double_ge(inside, 0.9 * 112);
    else
        ck_assert_double_le(inside, 0.4 * 112);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_the_same_seed_gives_the_same_towers)
{
    struct tp_problem *p = make(200, 8);
    int32_t first[200], again[200];
    struct tp_error err;
    for (int k = 0; k < 2; k++)
        ck_assert_int_eq(
            tp_metis(p, ways[_i].goal, ways[_i].recursive, 42, k ? again : first, &err), TP_OK);
    ck_assert_mem_eq(first, again, sizeof first);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metis");
    TCase *tcase = tcase_create("metis");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_one_tower_takes_all, 0, 2);
    tcase_add_loop_test(tcase, test_no_more_units_than_towers_get_a_tower_each, 0, 4);
    tcase_add_loop_test(tcase, test_dense_graphs_of_26_in_13_to_26_towers_stay_in_range, 0, 14);
    tcase_add_test(tcase, test_zero_affinity_stays_in_range);
    tcase_add_loop_test(tcase, test_huge_affinities_stay_in_range, 0, 2);
    tcase_add_test(tcase, test_one_pair_far_above_the_rest_stays_in_range);
    tcase_add_test(tcase, test_units_of_many_features_stay_in_range);
    tcase_add_loop_test(tcase, test_graphs_large_enough_to_be_coarsened_stay_in_range, 0, 2);
    tcase_add_test(tcase, test_nothing_is_printed);
    tcase_add_loop_test(tcase, test_planted_groups_are_seen, 0, WAYS);
    tcase_add_loop_test(tcase, test_the_same_seed_gives_the_same_towers, 0, WAYS);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
