/* SPDX-License-Identifier: Apache-2.0 */
/* Deals: what crowds are worth together where one tower is roomier, where units are pinned and where some are heavy, by
 * hand; and no legal assignment is worth more. */
#include "partition/deals.h"

#include "problems.h"

#define UNITS 6
#define MANY 7

/* Groups of three in two towers: affinity 0.8 inside, 0.1 to the other one. */
static struct tp_problem *make(double roomy, double other)
{
    struct tp_problem *p = problem_new(UNITS, 2);
    p->affinity = calloc((size_t)UNITS * UNITS, sizeof *p->affinity);
    ck_assert_ptr_nonnull(p->affinity);
    p->class_count = 2;
    p->tower_class[1] = 1;
    for (int r = 0; r < TP_RESOURCES; r++) {
        p->mean[r] = 3;
        p->most[r] = roomy;
        p->most[TP_RESOURCES + r] = other;
    }
    for (int32_t u = 0; u < UNITS; u++)
        for (int r = 0; r < TP_RESOURCES; r++)
            p->weight[u * TP_RESOURCES + r] = 1;
    for (int32_t i = 0; i < UNITS * UNITS; i++) {
        int32_t u = i / UNITS, v = i % UNITS;
        p->affinity[i] = u == v ? 0 : u / 3 == v / 3 ? 0.8f : 0.1f;
    }
    return p;
}

static struct tp_crowds plant(const struct tp_problem *p)
{
    struct tp_crowds crowds;
    ck_assert_int_eq(tp_crowds_init(&crowds, p, NULL), TP_OK);
    ck_assert_int_eq(tp_crowds_plant(&crowds, NULL), TP_OK);
    return crowds;
}

/* @param tower  where they begin. @param crowds  of 0, 1, 2 and of 3, 4, 5. */
static double worth_of(const struct tp_problem *p, const int32_t *tower, struct tp_crowds *crowds)
{
    struct tp_deals *deals = NULL;
    double worth = 0;
    ck_assert_int_eq(crowds->count, 2);
    ck_assert_int_eq(crowds->unit[crowds->list[0].first], 0);
    ck_assert_int_eq(tp_deals_new(p, tower, crowds, &deals, NULL), TP_OK);
    ck_assert_int_eq(tp_deals_worth(deals, crowds, &worth, NULL), TP_OK);
    tp_deals_free(deals);
    return worth;
}

/* Four and two: each alone may have its six pairs in the roomy tower; together, one of them has two. */
START_TEST(test_one_tower_is_roomy)
{
    struct tp_problem *p = make(4, 2);
    struct tp_crowds crowds = plant(p);
    crowds.list[0].price = 2;
    crowds.list[1].price = 1;
    ck_assert_double_eq(tp_crowds_worth(&crowds), 18);
    ck_assert_double_eq_tol(worth_of(p, (const int32_t[]){0, 1, 1, 0, 0, 0}, &crowds), 14, 1e-6);
    ck_assert_double_eq_tol(crowds.list[0].dealt, 6, 1e-6);
    ck_assert_double_eq_tol(crowds.list[1].dealt, 2, 1e-6);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

/* The same deals at other prices: the second crowd is the one that has its pairs. A crowd that is not among those
 * planted is worth what it is alone, one that is not listed nothing. */
START_TEST(test_prices_may_change)
{
    struct tp_problem *p = make(4, 2);
    struct tp_crowds crowds = plant(p);
    struct tp_deals *deals = NULL;
    double worth;
    ck_assert_int_eq(
        tp_deals_new(p, (const int32_t[]){0, 1, 1, 0, 0, 0}, &crowds, &deals, NULL), TP_OK);
    for (int i = 0; i < 2; i++) {
        crowds.list[i].price = 3;
        crowds.list[1 - i].price = 1;
        ck_assert_int_eq(tp_deals_worth(deals, &crowds, &worth, NULL), TP_OK);
        ck_assert_double_eq_tol(worth, 3 * 6 + 2, 1e-6);
        ck_assert_double_eq_tol(crowds.list[i].dealt, 6, 1e-6);
    }
    crowds.list[1].group = -1;
    crowds.list[1].most = 5;
    ck_assert_int_eq(tp_deals_worth(deals, &crowds, &worth, NULL), TP_OK);
    ck_assert_double_eq_tol(worth, 1 * 6 + 3 * 5, 1e-6);
    tp_deals_free(deals);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

/* Two towers of three, one of the second crowd pinned to either: the first has two together at most, though alone
 * it fits in one tower. */
START_TEST(test_who_is_pinned_takes_room)
{
    struct tp_problem *p = make(3, 3);
    p->pin[3] = 0;
    p->pin[4] = 1;
    struct tp_crowds crowds = plant(p);
    crowds.list[0].price = crowds.list[1].price = 1;
    ck_assert_double_eq(tp_crowds_worth(&crowds), 8);
    ck_assert_double_eq_tol(worth_of(p, (const int32_t[]){0, 0, 1, 0, 1, 1}, &crowds), 4, 1e-6);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

/* Room for 8 and 4 lookups, 1 + 1 + 4 and 2 + 2 + 2: whole, they take 6 each, which only the roomy tower has, and once.
 * Halves of it would do for both, if they were not more than halves. Of the other one two are together. */
START_TEST(test_two_of_more_than_a_half_do_not_fit)
{
    struct tp_problem *p = make(DBL_MAX, DBL_MAX);
    const double lookups[UNITS] = {1, 1, 4, 2, 2, 2};
    for (int32_t u = 0; u < UNITS; u++)
        p->weight[u * TP_RESOURCES + TP_LOOKUP] = lookups[u];
    p->mean[TP_LOOKUP] = 6;
    p->most[TP_LOOKUP] = 8;
    p->most[TP_RESOURCES + TP_LOOKUP] = 4;
    struct tp_crowds crowds = plant(p);
    crowds.list[0].price = crowds.list[1].price = 1;
    ck_assert_double_eq_tol(worth_of(p, (const int32_t[]){0, 0, 1, 0, 0, 0}, &crowds), 8, 1e-6);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

static double priced_pairs(const struct tp_crowds *crowds, const int32_t *tower)
{
    double sum = 0;
    for (const struct tp_crowd *c = crowds->list; c < crowds->list + crowds->count; c++)
        for (int32_t i = 0; i < c->count; i++)
            for (int32_t j = 0; j < c->count; j++)
                sum +=
                    i != j && tower[crowds->unit[c->first + i]] == tower[crowds->unit[c->first + j]]
                        ? c->price
                        : 0;
    return sum;
}

/* Two or three groups, all limits and constraints, any prices. */
START_TEST(test_no_legal_assignment_is_worth_more)
{
    struct tp_problem *p = problem_of_kind(MANY, _i, 131);
    struct tp_random random = tp_random_new((uint64_t)_i, 132);
    int32_t groups = 2 + _i % 2, tower[MANY] = {0};
    for (int32_t i = 0; i < MANY * MANY; i++) {
        bool inside = i / MANY % groups == i % MANY % groups;
        p->affinity[i] = i / MANY == i % MANY ? 0 : inside ? 0.9f : 0.05f;
    }
    struct tp_crowds crowds = plant(p);
    ck_assert_int_eq(crowds.count, groups);
    for (int32_t k = 0; k < groups; k++)
        crowds.list[k].price = tp_random_uniform(&random);
    struct tp_deals *deals = NULL;
    double worth = 0, best = 0;
    do {
        if (!slow_legal(p, tower))
            continue;
        if (!deals) {
            ck_assert_int_eq(tp_deals_new(p, tower, &crowds, &deals, NULL), TP_OK);
            ck_assert_int_eq(tp_deals_worth(deals, &crowds, &worth, NULL), TP_OK);
        }
        best = fmax(best, priced_pairs(&crowds, tower));
    } while (next_towers(p, tower));
    ck_assert_double_le(best, worth + 1e-9);
    tp_deals_free(deals);
    tp_crowds_release(&crowds);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("deals");
    TCase *tcase = tcase_create("deals");
    tcase_add_test(tcase, test_one_tower_is_roomy);
    tcase_add_test(tcase, test_prices_may_change);
    tcase_add_test(tcase, test_who_is_pinned_takes_room);
    tcase_add_test(tcase, test_two_of_more_than_a_half_do_not_fit);
    tcase_add_loop_test(tcase, test_no_legal_assignment_is_worth_more, 0, 128);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
