/* SPDX-License-Identifier: Apache-2.0 */
/* Direct bounds: each kind on a case worked out by hand, and on random problems never a proof against an
 * assignment that exists. */
#include "partition/breach.h"

#include "problems.h"

#define RANDOM_CASES 400

/* Units of that weight in every resource, one feature each; towers of that memory. */
static struct tp_problem *alike(
    int32_t units, int32_t towers, const double *weight, double tower_memory)
{
    struct tp_problem *p = problem_new(units, towers);
    p->feature_count = units;
    for (int32_t u = 0; u < units; u++)
        for (int r = 0; r < TP_RESOURCES; r++) {
            double w = r == TP_FEATURES ? 1 : weight[u];
            p->weight[u * TP_RESOURCES + r] = w;
            p->mean[r] += w / towers;
        }
    for (int32_t t = 0; t < towers; t++)
        p->most[t * TP_RESOURCES + TP_MEMORY] = tower_memory;
    tp_problem_clear_limits(p);
    return p;
}

static struct tp_breach breach_of(const struct tp_problem *p)
{
    struct tp_breach breach;
    struct tp_error err;
    ck_assert_int_eq(tp_find_breach(p, &breach, &err), TP_OK);
    return breach;
}

static const double ones[40] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

START_TEST(test_what_fits_is_no_breach)
{
    /* Four of 1 in two towers of 2. */
    struct tp_problem *p = alike(4, 2, ones, 2);
    tp_problem_set_limits(p, (struct tp_limits){0, 1});
    ck_assert_int_eq(breach_of(p).kind, TP_BREACH_NONE);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_fewer_units_than_towers)
{
    struct tp_problem *p = alike(3, 4, ones, 2);
    ck_assert_int_eq(breach_of(p).kind, TP_BREACH_COUNT);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_a_unit_above_every_tower)
{
    static const double weight[] = {1, 5, 6, 1};
    struct tp_problem *p = alike(4, 2, weight, 4.5);
    struct tp_breach b = breach_of(p);
    ck_assert_int_eq(b.kind, TP_BREACH_UNIT);
    ck_assert_int_eq(b.resource, TP_MEMORY);
    ck_assert_int_eq(b.unit, 2); /* the heavier of the two */
    ck_assert_double_eq(b.need, 6);
    ck_assert_double_eq(b.room, 4.5);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_all_units_above_all_towers)
{
    struct tp_problem *p = alike(5, 2, ones, 2.4);
    struct tp_breach b = breach_of(p);
    ck_assert_int_eq(b.kind, TP_BREACH_TOTAL);
    ck_assert_double_eq(b.need, 5);
    ck_assert_double_eq_tol(b.room, 4.8, 1e-12);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_pinned_units_above_their_tower)
{
    struct tp_problem *p = alike(6, 3, ones, 2.5);
    p->pin[0] = p->pin[2] = p->pin[5] = 1;
    struct tp_breach b = breach_of(p);
    ck_assert_int_eq(b.kind, TP_BREACH_PINNED);
    ck_assert_int_eq(b.tower, 1);
    ck_assert_double_eq(b.need, 3);
    ck_assert_double_eq(b.room, 2.5);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_two_of_the_three_heaviest_share_one_of_two_towers)
{
    static const double weight[] = {0.1, 3, 4, 3.5};
    struct tp_problem *p = alike(4, 2, weight, 6);
    struct tp_breach b = breach_of(p);
    ck_assert_int_eq(b.kind, TP_BREACH_CROWD);
    ck_assert_int_eq(b.count, 3);
    ck_assert_int_eq(b.share, 2);
    ck_assert_double_eq(b.need, 6.5);
    tp_problem_free(p);
}
END_TEST

/* Pairs of units that keep apart, both ways. */
static void set_apart(struct tp_problem *p, const bool *pair)
{
    int32_t count = 0;
    for (int32_t u = 0; u < p->unit_count; u++) {
        for (int32_t v = 0; v < p->unit_count; v++)
            if (pair[u * p->unit_count + v] || pair[v * p->unit_count + u])
                p->apart[count++] = v;
        p->apart_first[u + 1] = count;
    }
}

START_TEST(test_more_units_apart_than_towers)
{
    /* 5, 11, 17, 23 of 40, and many pairs that mean nothing. */
    struct tp_problem *p = alike(40, 3, ones, 40);
    bool pair[40 * 40] = {false};
    for (int u = 5; u <= 23; u += 6)
        for (int v = 5; v < u; v += 6)
            pair[u * 40 + v] = true;
    for (int u = 1; u < 5; u++)
        pair[u] = pair[5 * 40 + u] = true;
    set_apart(p, pair);
    struct tp_breach b = breach_of(p);
    ck_assert_int_eq(b.kind, TP_BREACH_APART);
    ck_assert_int_eq(b.count, 4);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            ck_assert(pair[b.units[i] * 40 + b.units[j]] || pair[b.units[j] * 40 + b.units[i]]);
    tp_breach_release(&b);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_pins_to_different_towers_keep_apart_too)
{
    /* Two towers, one of two units pinned to each, and a third apart from both. */
    struct tp_problem *p = alike(20, 2, ones, 20);
    bool pair[20 * 20] = {false};
    p->pin[3] = 0;
    p->pin[4] = 1;
    pair[9 * 20 + 3] = pair[9 * 20 + 4] = true;
    set_apart(p, pair);
    struct tp_breach b = breach_of(p);
    ck_assert_int_eq(b.kind, TP_BREACH_APART);
    tp_breach_release(&b);
    p->pin[4] = 0; /* now 3 and 4 may share a tower, and 9 takes the other */
    b = breach_of(p);
    ck_assert_int_eq(b.kind, TP_BREACH_NONE);
    tp_breach_release(&b);
    tp_problem_free(p);
}
END_TEST

static bool any_legal(const struct tp_problem *p)
{
    int32_t tower[8] = {0};
    do {
        if (slow_legal(p, tower))
            return true;
    } while (next_towers(p, tower));
    return false;
}

START_TEST(test_no_breach_where_an_assignment_exists)
{
    int breaches = 0, legal = 0;
    for (int i = 0; i < RANDOM_CASES; i++) {
        struct tp_random random = tp_random_new((uint64_t)i, 12);
        struct recipe recipe = {.units = 2 + i % 5,
            .towers = 1 + i % 3,
            .features_most = 3,
            .pinned = i & 1 ? 25 : 0,
            .apart = i & 2 ? 30 : 0,
            .memory = i & 4 ? 1 + tp_random_uniform(&random) : 0};
        struct tp_problem *p = problem_random(&recipe, &random);
        tp_problem_set_limits(
            p, (struct tp_limits){tp_random_uniform(&random), 1 + tp_random_uniform(&random)});
        struct tp_breach b = breach_of(p);
        bool possible = any_legal(p);
        ck_assert_msg(!b.kind || !possible, "case %d: kind %d, yet there is one", i, (int)b.kind);
        breaches += b.kind != TP_BREACH_NONE;
        legal += possible;
        tp_breach_release(&b);
        tp_problem_free(p);
    }
    ck_assert_int_gt(breaches, RANDOM_CASES / 4);
    ck_assert_int_gt(legal, RANDOM_CASES / 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bounds");
    TCase *tcase = tcase_create("bounds");
    tcase_add_test(tcase, test_what_fits_is_no_breach);
    tcase_add_test(tcase, test_fewer_units_than_towers);
    tcase_add_test(tcase, test_a_unit_above_every_tower);
    tcase_add_test(tcase, test_all_units_above_all_towers);
    tcase_add_test(tcase, test_pinned_units_above_their_tower);
    tcase_add_test(tcase, test_two_of_the_three_heaviest_share_one_of_two_towers);
    tcase_add_test(tcase, test_more_units_apart_than_towers);
    tcase_add_test(tcase, test_pins_to_different_towers_keep_apart_too);
    tcase_add_test(tcase, test_no_breach_where_an_assignment_exists);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
