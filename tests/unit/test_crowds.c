/* SPDX-License-Identifier: Apache-2.0 */
/* Crowds: how many of their pairs fit together by hand, no legal assignment breaks one, prices and charges
 * by hand, and what they promise. */
#include "partition/crowds.h"

#include "problems.h"

#define UNITS 6
#define CELLS (UNITS * UNITS)

/* Two towers, units of one feature and the same lookup. */
static struct tp_problem *make(double ratio)
{
    struct tp_problem *p = problem_new(UNITS, 2);
    p->affinity = calloc(CELLS, sizeof *p->affinity);
    ck_assert_ptr_nonnull(p->affinity);
    p->feature_count = UNITS;
    p->mean[TP_FEATURES] = p->mean[TP_LOOKUP] = 3;
    p->most[TP_MEMORY] = p->most[TP_RESOURCES + TP_MEMORY] = DBL_MAX;
    for (int32_t u = 0; u < UNITS; u++)
        p->weight[u * TP_RESOURCES + TP_FEATURES] = p->weight[u * TP_RESOURCES + TP_LOOKUP] = 1;
    tp_problem_set_limits(p, (struct tp_limits){INFINITY, ratio});
    return p;
}

static void set_apart(struct tp_problem *p, const int32_t (*pair)[2], int32_t pairs)
{
    int32_t count = 0;
    for (int32_t u = 0; u < UNITS; u++) {
        for (int32_t i = 0; i < pairs; i++)
            if (pair[i][0] == u || pair[i][1] == u)
                p->apart[count++] = pair[i][0] == u ? pair[i][1] : pair[i][0];
        p->apart_first[u + 1] = count;
    }
}

static struct tp_crowds crowds_of(const struct tp_problem *p)
{
    struct tp_crowds crowds;
    ck_assert_int_eq(tp_crowds_init(&crowds, p, NULL), TP_OK);
    return crowds;
}

/* The one crowd that is found where all units share one tower. */
static double most_of_all(const struct tp_problem *p)
{
    struct tp_crowds crowds = crowds_of(p);
    double z[CELLS];
    for (int i = 0; i < CELLS; i++)
        z[i] = 1;
    ck_assert_int_eq(tp_crowds_find(&crowds, z, NULL), TP_OK);
    ck_assert_int_eq(crowds.count, 1);
    ck_assert_int_eq(crowds.list[0].count, UNITS);
    double most = crowds.list[0].most;
    tp_crowds_release(&crowds);
    return most;
}

/* 4 + 2: 4 * 3 + 2 * 1 pairs, each both ways. */
START_TEST(test_towers_of_four)
{
    struct tp_problem *p = make(4.0 / 3);
    ck_assert_double_eq(most_of_all(p), 14);
    tp_problem_free(p);
}
END_TEST

/* Towers of 6 lookups: the lightest are 1 + 1 + 1 + 3; both hold all 12. */
START_TEST(test_loads_allow_so_many_of_the_lightest)
{
    struct tp_problem *p = make(5.0 / 3);
    for (int32_t u = 3; u < UNITS; u++)
        p->weight[u * TP_RESOURCES + TP_LOOKUP] = 3;
    p->mean[TP_LOOKUP] = 6;
    tp_problem_set_limits(p, (struct tp_limits){0, 5.0 / 3});
    ck_assert_double_eq(most_of_all(p), 14);
    tp_problem_free(p);
}
END_TEST

/* Towers of five: 20 pairs, but for two units pinned to either, which leave 4 + 2. */
START_TEST(test_pins_keep_units_for_other_towers)
{
    struct tp_problem *p = make(5.0 / 3);
    ck_assert_double_eq(most_of_all(p), 20);
    p->pin[0] = p->pin[4] = 1;
    p->pin[1] = p->pin[2] = 0;
    ck_assert_double_eq(most_of_all(p), 14);
    tp_problem_free(p);
}
END_TEST

/* Two pairs that share no unit leave four for a tower; two pairs with one unit in common leave five. */
START_TEST(test_of_units_apart_one_is_elsewhere)
{
    struct tp_problem *p = make(5.0 / 3);
    set_apart(p, (const int32_t[][2]){{0, 1}, {2, 5}}, 2);
    ck_assert_double_eq(most_of_all(p), 14);
    set_apart(p, (const int32_t[][2]){{0, 1}, {0, 5}}, 2);
    ck_assert_double_eq(most_of_all(p), 20);
    tp_problem_free(p);
}
END_TEST

static struct tp_problem *random_problem(int32_t i, struct tp_random *random)
{
    struct recipe recipe = {.units = UNITS,
        .towers = 2 + i % 3,
        .affinity = 1,
        .features_most = 1 + (i & 1),
        .pinned = i & 2 ? 25 : 0,
        .apart = i & 4 ? 15 : 0,
        .memory = i & 8 ? 2 : 0};
    struct tp_problem *p = problem_random(&recipe, random);
    tp_problem_set_limits(p, (struct tp_limits){i & 16 ? 0.8 : INFINITY, i & 32 ? 3 : 1.5});
    return p;
}

/* Pairs of a crowd that an assignment has together, each both ways. */
static double together(const struct tp_crowds *crowds, int32_t k, const int32_t *tower)
{
    const struct tp_crowd *c = &crowds->list[k];
    double pairs = 0;
    for (int32_t i = 0; i < c->count; i++)
        for (int32_t j = 0; j < c->count; j++)
            pairs +=
                i != j && tower[crowds->unit[c->first + i]] == tower[crowds->unit[c->first + j]];
    return pairs;
}

/* Whatever is found or planted, and whatever the prices: assignments obey, and none is worth more than at
 * the charged costs plus what the charges amount to. */
START_TEST(test_legal_assignments_obey)
{
    struct tp_random random = tp_random_new((uint64_t)_i, 89);
    struct tp_problem *p = random_problem(_i, &random);
    struct tp_crowds crowds = crowds_of(p), copy;
    double cost[CELLS] = {0}, z[CELLS];
    int32_t tower[UNITS] = {0};
    if (_i % 5 == 0)
        ck_assert_int_eq(tp_crowds_plant(&crowds, NULL), TP_OK);
    for (int32_t u = 0; u < UNITS; u++)
        tp_crowds_charge(&crowds, u, cost + u * UNITS);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < CELLS; i++)
            z[i] = round ? tp_random_uniform(&random) : 1;
        ck_assert_int_eq(tp_crowds_find(&crowds, z, NULL), TP_OK);
        tp_crowds_price(&crowds, z, 1, cost);
    }
    ck_assert_int_eq(tp_crowds_copy(&copy, &crowds, NULL), TP_OK);
    do {
        double charged = tp_crowds_worth(&copy);
        if (!slow_legal(p, tower))
            continue;
        for (int32_t k = 0; k < copy.count; k++)
            ck_assert_double_le(together(&copy, k, tower), copy.list[k].most);
        for (int i = 0; i < CELLS; i++)
            charged += tower[i / UNITS] == tower[i % UNITS] ? cost[i] : 0;
        ck_assert_double_ge(charged, -1e-9);
    } while (next_towers(p, tower));
    tp_crowds_release(&copy);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

/* Nor is one found that an assignment breaks. */
START_TEST(test_nothing_is_found_in_a_legal_assignment)
{
    struct tp_random random = tp_random_new((uint64_t)_i, 101);
    struct tp_problem *p = random_problem(_i, &random);
    struct tp_crowds crowds = crowds_of(p);
    double z[CELLS];
    int32_t tower[UNITS] = {0};
    do {
        for (int i = 0; i < CELLS; i++)
            z[i] = tower[i / UNITS] == tower[i % UNITS];
        if (!slow_legal(p, tower))
            continue;
        ck_assert_int_eq(tp_crowds_find(&crowds, z, NULL), TP_OK);
        ck_assert_int_eq(crowds.count, 0);
    } while (next_towers(p, tower));
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

/* All six in one of two towers of four: 30 pairs where 14 are possible. At a rate of 3 the price is
 * 3 * 16 / 30 = 1.6. With nobody together it falls by 3 * 14 / 30 = 1.4, then to 0. */
START_TEST(test_prices_follow_what_is_broken)
{
    struct tp_problem *p = make(4.0 / 3);
    struct tp_crowds crowds = crowds_of(p);
    double z[CELLS], none[CELLS] = {0}, cost[CELLS] = {0};
    for (int i = 0; i < CELLS; i++)
        z[i] = i % UNITS < i / UNITS ? 2 : 0; /* 1 by the mean of both halves */
    ck_assert_int_eq(tp_crowds_find(&crowds, z, NULL), TP_OK);
    tp_crowds_price(&crowds, z, 3, cost);
    ck_assert_double_eq_tol(tp_crowds_worth(&crowds), 1.6 * 14, 1e-12);
    for (int i = 0; i < CELLS; i++)
        ck_assert_double_eq_tol(cost[i], i / UNITS == i % UNITS ? 0 : -1.6, 1e-12);
    ck_assert_int_eq(tp_crowds_find(&crowds, z, NULL), TP_OK);
    ck_assert_int_eq(crowds.count, 1); /* known already */
    tp_crowds_price(&crowds, none, 3, cost);
    ck_assert_double_eq_tol(tp_crowds_worth(&crowds), 0.2 * 14, 1e-12);
    tp_crowds_price(&crowds, none, 3, cost);
    ck_assert_int_eq(crowds.count, 0);
    for (int i = 0; i < CELLS; i++)
        ck_assert_double_eq_tol(cost[i], 0, 1e-12);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

/* Of one to forget and one to keep, the members of the latter are still its own. */
START_TEST(test_who_is_kept_keeps_the_members)
{
    struct tp_problem *p = make(1); /* towers of three */
    struct tp_crowds crowds = crowds_of(p);
    double z[CELLS] = {0}, cost[CELLS] = {0};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            z[i * UNITS + j] = 1;
    ck_assert_int_eq(tp_crowds_find(&crowds, z, NULL), TP_OK);
    ck_assert_int_eq(crowds.count, 1);
    memset(z, 0, sizeof z);
    for (int i = 2; i < 6; i++)
        for (int j = 2; j < 6; j++)
            z[i * UNITS + j] = 1;
    ck_assert_int_eq(tp_crowds_find(&crowds, z, NULL), TP_OK);
    ck_assert_int_eq(crowds.count, 2);
    tp_crowds_price(&crowds, z, 1, cost); /* of the first, only 2 with 3 is together */
    ck_assert_int_eq(crowds.count, 1);
    ck_assert_int_eq(crowds.list[0].count, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_ge(crowds.unit[crowds.list[0].first + i], 2);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

/* Three and three, 0.8 inside, 0.1 across but for 0.4 between 2 and 3. The best outsider is worth
 * (0.1 + 0.1 + 0.4) / 3 = 0.2 on average, so a pair has 0.6 more, half of it either way; 6 pairs each. */
START_TEST(test_groups_are_planted_at_what_sets_them_apart)
{
    struct tp_problem *p = make(1);
    for (int i = 0; i < CELLS; i++) {
        int u = i / UNITS, v = i % UNITS;
        p->affinity[i] = u == v                          ? 0
                         : u / 3 == v / 3                ? 0.8f
                         : u + v == 5 && abs(u - v) == 1 ? 0.4f
                                                         : 0.1f;
    }
    struct tp_crowds crowds = crowds_of(p);
    ck_assert_int_eq(tp_crowds_plant(&crowds, NULL), TP_OK);
    ck_assert_int_eq(crowds.count, 2);
    ck_assert_double_eq_tol(tp_crowds_worth(&crowds), 2 * 0.3 * 6, 1e-6);
    double row[UNITS] = {0};
    tp_crowds_charge(&crowds, 4, row);
    for (int v = 0; v < UNITS; v++)
        ck_assert_double_eq_tol(row[v], v == 3 || v == 5 ? -0.3 : 0, 1e-6);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_nothing_is_planted_where_all_are_alike)
{
    struct tp_problem *p = make(1);
    for (int i = 0; i < CELLS; i++)
        p->affinity[i] = i / UNITS == i % UNITS ? 0 : 0.5f;
    struct tp_crowds crowds = crowds_of(p);
    ck_assert_int_eq(tp_crowds_plant(&crowds, NULL), TP_OK);
    ck_assert_int_eq(crowds.count, 0);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crowds");
    TCase *tcase = tcase_create("crowds");
    tcase_add_test(tcase, test_towers_of_four);
    tcase_add_test(tcase, test_loads_allow_so_many_of_the_lightest);
    tcase_add_test(tcase, test_pins_keep_units_for_other_towers);
    tcase_add_test(tcase, test_of_units_apart_one_is_elsewhere);
    tcase_add_loop_test(tcase, test_legal_assignments_obey, 0, 192);
    tcase_add_loop_test(tcase, test_nothing_is_found_in_a_legal_assignment, 0, 64);
    tcase_add_test(tcase, test_prices_follow_what_is_broken);
    tcase_add_test(tcase, test_who_is_kept_keeps_the_members);
    tcase_add_test(tcase, test_groups_are_planted_at_what_sets_them_apart);
    tcase_add_test(tcase, test_nothing_is_planted_where_all_are_alike);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
