/* SPDX-License-Identifier: Apache-2.0 */
/* Stride, random and greedy starts. */
#include "partition/starts.h"

#include "problems.h"

#define UNITS 23
#define TOWERS 4

static struct tp_problem *make(uint64_t seed, int pinned, int apart)
{
    struct recipe recipe = {
        .units = UNITS, .towers = TOWERS, .features_most = 3, .pinned = pinned, .apart = apart};
    struct tp_random random = tp_random_new(seed, 17);
    return problem_random(&recipe, &random);
}

static void assert_in_range_and_pinned(const struct tp_problem *p, const int32_t *tower)
{
    for (int32_t u = 0; u < p->unit_count; u++) {
        ck_assert(tower[u] >= 0 && tower[u] < p->tower_count);
        ck_assert(p->pin[u] < 0 || tower[u] == p->pin[u]);
    }
}

START_TEST(test_stride_deals_units_out_in_turn)
{
    struct tp_problem *p = make(1, 0, 0);
    int32_t tower[UNITS];
    tp_start_stride(p, tower);
    for (int32_t u = 0; u < UNITS; u++)
        ck_assert_int_eq(tower[u], u % TOWERS);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_pins_hold_in_every_start)
{
    struct tp_problem *p = make((uint64_t)_i, 30, 0);
    struct tp_random random = tp_random_new(1, 1);
    struct tp_error err;
    int32_t tower[UNITS];
    tp_start_stride(p, tower);
    assert_in_range_and_pinned(p, tower);
    ck_assert_int_eq(tp_start_random(p, &random, tower, &err), TP_OK);
    assert_in_range_and_pinned(p, tower);
    ck_assert_int_eq(tp_start_greedy(p, NULL, tower, &err), TP_OK);
    assert_in_range_and_pinned(p, tower);
    ck_assert_int_eq(tp_start_greedy(p, &random, tower, &err), TP_OK);
    assert_in_range_and_pinned(p, tower);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_random_deals_out_equal_numbers_and_other_ones_each_time)
{
    struct tp_problem *p = make(2, 0, 0);
    struct tp_random random = tp_random_new(1, 1);
    struct tp_error err;
    int32_t first[UNITS], second[UNITS];
    ck_assert_int_eq(tp_start_random(p, &random, first, &err), TP_OK);
    ck_assert_int_eq(tp_start_random(p, &random, second, &err), TP_OK);
    ck_assert_mem_ne(first, second, sizeof first);
    int count[TOWERS] = {0};
    for (int32_t u = 0; u < UNITS; u++)
        count[first[u]]++;
    for (int t = 0; t < TOWERS; t++)
        ck_assert(count[t] == UNITS / TOWERS || count[t] == UNITS / TOWERS + 1);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_greedy_puts_the_heaviest_first_where_it_weighs_least)
{
    /* One resource matters: weights 7 5 4 3 3 of mean 11 in two towers. By LPT: 7 | 5, then 4 joins
     * 5 (9), 3 joins 7 (10), 3 joins 9 (12). */
    static const double weights[] = {3, 7, 3, 5, 4};
    static const int32_t expected[] = {0, 0, 1, 1, 1};
    struct tp_problem *p = problem_new(5, 2);
    struct tp_error err;
    int32_t tower[5];
    for (int u = 0; u < 5; u++) {
        p->weight[u * TP_RESOURCES + TP_LOOKUP] = weights[u];
        p->weight[u * TP_RESOURCES + TP_FEATURES] = 1;
    }
    p->mean[TP_LOOKUP] = 11;
    p->mean[TP_FEATURES] = 250; /* so that features never decide */
    p->feature_count = 5;
    problem_limit_memory(p, 0);
    ck_assert_int_eq(tp_start_greedy(p, NULL, tower, &err), TP_OK);
    for (int u = 0; u < 5; u++)
        ck_assert_int_eq(tower[u], expected[u]);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_greedy_balances_all_resources_better_than_stride)
{
    /* The worst load over mean, averaged over problems. */
    double worst[2] = {0, 0};
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct tp_problem *p = make(seed, 0, 0);
        struct tp_error err;
        int32_t tower[2][UNITS];
        tp_start_stride(p, tower[0]);
        ck_assert_int_eq(tp_start_greedy(p, NULL, tower[1], &err), TP_OK);
        for (int k = 0; k < 2; k++) {
            double most = 0, load[TP_RESOURCES];
            for (int32_t t = 0; t < TOWERS; t++) {
                slow_load(p, tower[k], t, load);
                for (int r = 0; r < TP_RESOURCES; r++)
                    most = fmax(most, load[r] / p->mean[r]);
            }
            worst[k] += most / 50;
        }
        tp_problem_free(p);
    }
    ck_assert_double_lt(worst[1], 0.95 * worst[0]);
}
END_TEST

START_TEST(test_greedy_keeps_apart_what_is_to_be_apart)
{
    /* A clique of TOWERS units: one in each tower. */
    struct tp_problem *p = make(3, 0, 0);
    struct tp_random random = tp_random_new(1, 1);
    struct tp_error err;
    int32_t tower[UNITS], count = 0;
    for (int32_t u = 0; u < UNITS; u++) {
        for (int32_t v = 0; u < TOWERS && v < TOWERS; v++)
            if (v != u)
                p->apart[count++] = v;
        p->apart_first[u + 1] = count;
    }
    for (int k = 0; k < 2; k++) {
        ck_assert_int_eq(tp_start_greedy(p, k ? &random : NULL, tower, &err), TP_OK);
        for (int u = 0; u < TOWERS; u++)
            for (int v = 0; v < u; v++)
                ck_assert_int_ne(tower[u], tower[v]);
    }
    tp_problem_free(p);
}
END_TEST

START_TEST(test_greedy_fills_towers_by_the_memory_that_each_has)
{
    /* Three alike units, of which tower 0 has room for one and tower 1 for two. */
    struct tp_problem *p = problem_new(3, 2);
    struct tp_error err;
    int32_t tower[3];
    for (int u = 0; u < 3; u++) {
        p->weight[u * TP_RESOURCES + TP_MEMORY] = 10;
        p->weight[u * TP_RESOURCES + TP_FEATURES] = 1;
    }
    p->mean[TP_MEMORY] = 15;
    p->mean[TP_FEATURES] = 1.5;
    p->feature_count = 3;
    problem_limit_memory(p, 0);
    p->most[TP_MEMORY] = 10;
    p->most[TP_RESOURCES + TP_MEMORY] = 20;
    ck_assert_int_eq(tp_start_greedy(p, NULL, tower, &err), TP_OK);
    ck_assert_int_eq(tower[0] + tower[1] + tower[2], 2);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_greedy_without_any_memory_still_deals_all_units)
{
    struct tp_problem *p = make(4, 0, 0);
    struct tp_error err;
    int32_t tower[UNITS];
    for (int32_t t = 0; t < TOWERS; t++)
        p->most[t * TP_RESOURCES + TP_MEMORY] = 0;
    ck_assert_int_eq(tp_start_greedy(p, NULL, tower, &err), TP_OK);
    assert_in_range_and_pinned(p, tower);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("starts");
    TCase *tcase = tcase_create("starts");
    tcase_add_test(tcase, test_stride_deals_units_out_in_turn);
    tcase_add_loop_test(tcase, test_pins_hold_in_every_start, 0, 10);
    tcase_add_test(tcase, test_random_deals_out_equal_numbers_and_other_ones_each_time);
    tcase_add_test(tcase, test_greedy_puts_the_heaviest_first_where_it_weighs_least);
    tcase_add_test(tcase, test_greedy_balances_all_resources_better_than_stride);
    tcase_add_test(tcase, test_greedy_keeps_apart_what_is_to_be_apart);
    tcase_add_test(tcase, test_greedy_fills_towers_by_the_memory_that_each_has);
    tcase_add_test(tcase, test_greedy_without_any_memory_still_deals_all_units);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
