/* SPDX-License-Identifier: Apache-2.0 */
/* The best tower against all sets of units, one after the other. */
#include "partition/best_tower.h"

#include "problems.h"

#define UNITS 9
#define TOWERS 3

/* A problem with everything that forbids a set, one or two decided pairs, worths of either sign. */
struct random_case {
    struct tp_problem *problem;
    struct tp_pairs pairs;
    bool possible; /* what is decided */
    double worth[UNITS * UNITS], price[UNITS];
};

/* Whether two units are pinned to one tower and are to be apart. */
static bool are_at_odds(const struct tp_problem *p)
{
    for (int32_t u = 0; u < UNITS; u++)
        for (int32_t i = p->apart_first[u]; i < p->apart_first[u + 1]; i++)
            if (p->pin[u] >= 0 && p->pin[u] == p->pin[p->apart[i]])
                return true;
    return false;
}

static void random_case(struct random_case *c, int i)
{
    struct tp_random random = tp_random_new((uint64_t)i, 113);
    struct recipe recipe = {.units = UNITS,
        .towers = TOWERS,
        .features_most = 1 + i % 3,
        .pinned = i & 4 ? 20 : 0,
        .apart = i & 8 ? 15 : 0,
        .memory = i & 16 ? 2.5 : 0};
    c->problem = problem_random(&recipe, &random);
    tp_problem_set_limits(
        c->problem, (struct tp_limits){i & 32 ? 0.5 : INFINITY, i & 64 ? 3 : 1.5});
    ck_assert_int_eq(tp_pairs_init(&c->pairs, c->problem, NULL), TP_OK);
    c->possible = !are_at_odds(c->problem);
    for (int k = 0; k < i % 3 && c->possible; k++) {
        int32_t u = (int32_t)tp_random_below(&random, UNITS);
        int32_t v = (u + 1 + (int32_t)tp_random_below(&random, UNITS - 1)) % UNITS;
        enum tp_pair how = tp_random_below(&random, 2) ? TP_PAIR_TOGETHER : TP_PAIR_APART;
        c->possible = tp_pairs_decide(&c->pairs, u, v, how);
    }
    for (int u = 0; u < UNITS; u++) {
        c->price[u] = 2 * tp_random_uniform(&random) - 0.5;
        c->worth[u * UNITS + u] = 100; /* nobody's business */
        for (int v = 0; v < u; v++)
            c->worth[u * UNITS + v] = c->worth[v * UNITS + u] = tp_random_uniform(&random) - 0.3;
    }
}

static void release(struct random_case *c)
{
    tp_pairs_release(&c->pairs);
    tp_problem_free(c->problem);
}

static bool may_be(const struct random_case *c, int32_t tower, const unsigned char *in)
{
    const struct tp_problem *p = c->problem;
    double load[TP_RESOURCES] = {0};
    for (int32_t u = 0; u < UNITS; u++) {
        if (p->pin[u] >= 0 && in[u] != (p->pin[u] == tower))
            return false;
        for (int32_t v = 0; v < UNITS && in[u]; v++)
            if (tp_pairs_of(&c->pairs, u)[v] == (in[v] ? TP_PAIR_APART : TP_PAIR_TOGETHER))
                return false;
        for (int r = 0; r < TP_RESOURCES && in[u]; r++)
            load[r] += tp_unit_weight(p, u)[r];
    }
    for (int r = 0; r < TP_RESOURCES; r++)
        if (load[r] > tp_tower_most(p, tower)[r])
            return false;
    return load[TP_FEATURES] >= p->features_least;
}

static double worth_of(const struct random_case *c, const unsigned char *in)
{
    double sum = 0;
    for (int u = 0; u < UNITS; u++) {
        sum -= in[u] ? c->price[u] : 0;
        for (int v = 0; v < UNITS && in[u]; v++)
            sum += in[v] && u != v ? c->worth[u * UNITS + v] : 0;
    }
    return sum;
}

static double slow_best(const struct random_case *c, int32_t tower)
{
    double best = -INFINITY;
    for (int set = 0; set < 1 << UNITS; set++) {
        unsigned char in[UNITS];
        for (int u = 0; u < UNITS; u++)
            in[u] = set >> u & 1;
        if (may_be(c, tower, in))
            best = fmax(best, worth_of(c, in));
    }
    return best;
}

START_TEST(test_no_set_is_worth_more)
{
    struct random_case c;
    struct tp_best_tower *best = NULL;
    random_case(&c, _i);
    ck_assert_int_eq(tp_best_tower_new(c.problem, &best, NULL), TP_OK);
    for (int32_t t = 0; t < TOWERS && c.possible; t++) {
        struct tp_tower_question question = {t, &c.pairs, c.worth, c.price, -INFINITY};
        struct tp_effort effort = tp_effort_of(INT64_MAX);
        double expected = slow_best(&c, t), most = 0, last = -INFINITY;
        ck_assert(tp_best_tower_ask(best, &question, &effort, &most));
        ck_assert_int_eq(tp_towers_found(best) > 0, isfinite(expected));
        if (!isfinite(expected)) {
            ck_assert_double_lt(most, -DBL_MAX);
            continue;
        }
        ck_assert_double_ge(most, expected);
        ck_assert_double_le(most, expected + 1e-9);
        for (int i = 0; i < tp_towers_found(best); i++) {
            ck_assert(may_be(&c, t, tp_tower_found(best, i)));
            last = fmax(last, worth_of(&c, tp_tower_found(best, i)));
        }
        ck_assert_double_eq_tol(last, expected, 1e-9);
        question.known = expected + 0.125; /* nothing better is found, and nothing worse is said */
        ck_assert(tp_best_tower_ask(best, &question, &effort, &most));
        ck_assert_int_eq(tp_towers_found(best), 0);
        ck_assert_double_eq_tol(most, expected + 0.125, 1e-9);
    }
    tp_best_tower_free(best);
    release(&c);
}
END_TEST

START_TEST(test_nothing_is_said_when_the_effort_is_over)
{
    struct random_case c;
    struct tp_best_tower *best = NULL;
    double most;
    random_case(&c, 0);
    struct tp_tower_question question = {0, &c.pairs, c.worth, c.price, -INFINITY};
    struct tp_effort effort = tp_effort_of(200);
    ck_assert_int_eq(tp_best_tower_new(c.problem, &best, NULL), TP_OK);
    ck_assert(!tp_best_tower_ask(best, &question, &effort, &most));
    tp_best_tower_free(best);
    release(&c);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("best_tower");
    TCase *tcase = tcase_create("best_tower");
    tcase_add_loop_test(tcase, test_no_set_is_worth_more, 0, 256);
    tcase_add_test(tcase, test_nothing_is_said_when_the_effort_is_over);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
