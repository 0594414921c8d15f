/* SPDX-License-Identifier: Apache-2.0 */
/* The automatic limits against brute force over the grid of hundredths, and the bounds that a ratio
 * means against values worked out by hand. */
#include "partition/limits.h"

#include "problems.h"

#define UNITS_MOST 8
#define FAR 100000 /* hundredths beyond which no limit binds */

/* Refuses what puts the units of a pair together; the pair 0, 0 refuses nothing. */
struct court {
    int32_t first, second;
};

static int fits(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    const struct court *c = context;
    int32_t t = tower_of_unit[c->first];
    return !(c->first != c->second && t >= 0 && t == tower_of_unit[c->second] &&
             (tower < 0 || t == tower));
}

struct fixture {
    struct tp_problem *problem;
    struct court court;
    struct tp_judge judge;
};

/* Up to 8 units in up to 4 towers; 8 units only in 2, so that brute force stays quick. */
static void begin(struct fixture *f, int i)
{
    struct tp_random random = tp_random_new((uint64_t)i, 11);
    int32_t towers = 1 + i % 4;
    struct recipe recipe = {.units = towers <= 2 ? UNITS_MOST - i % 3 : 6 - i % 3,
        .towers = towers,
        .features_most = 1 + i % 3,
        .pinned = i & 1 ? 15 : 0,
        .apart = i & 2 ? 15 : 0,
        .memory = i & 4 ? 2.5 : 0};
    f->problem = problem_random(&recipe, &random);
    f->court = (struct court){0, i & 8 ? 1 : 0};
    f->judge = (struct tp_judge){fits, &f->court};
}

/* The smallest hundredths of ratio and balance that an assignment keeps, from the definitions. */
static void needs(const struct tp_problem *p, const int32_t *tower, int *ratio, int *balance)
{
    double mean = (double)p->feature_count / p->tower_count;
    *ratio = 100;
    *balance = 0;
    for (int32_t t = 0; t < p->tower_count; t++) {
        double load[TP_RESOURCES];
        slow_load(p, tower, t, load);
        for (int r = TP_LOOKUP; r <= TP_FLOPS; r++)
            while (load[r] > (1 + *balance / 100.0) * p->mean[r] * (1 + 1e-9))
                ++*balance;
        for (;; ++*ratio) {
            double q = *ratio / 100.0;
            bool enough = load[TP_FEATURES] >= fmax(1, floor(mean / q + 1e-9));
            bool few = load[TP_FEATURES] <= ceil(mean * q - 1e-9);
            if ((enough && few) || *ratio > FAR)
                break;
        }
    }
}

struct settled {
    int ratio, balance; /* hundredths; FAR: no assignment */
};

/* The least ratio at which any assignment keeps all else, then the least balance at that ratio. A
 * given value (>= 0) is kept. */
static struct settled brute_force(struct fixture *f, int given_ratio, int given_balance)
{
    struct settled best = {FAR, FAR};
    struct tp_problem *p = f->problem;
    for (int pass = 0; pass < 2; pass++) {
        int32_t tower[UNITS_MOST] = {0};
        do {
            int ratio, balance;
            tp_problem_clear_limits(p);
            if (!slow_legal(p, tower) || !fits(&f->court, tower, -1))
                continue;
            needs(p, tower, &ratio, &balance);
            if (given_balance < 0 && balance < 5)
                balance = 5;
            if ((given_balance >= 0 && balance > given_balance) ||
                (given_ratio >= 0 && ratio > given_ratio))
                continue;
            if (pass == 0 && ratio < best.ratio)
                best.ratio = ratio;
            if (pass == 1 && ratio <= best.ratio && balance < best.balance)
                best.balance = balance;
        } while (next_towers(p, tower));
        if (given_ratio >= 0 && best.ratio < FAR)
            best.ratio = given_ratio;
    }
    if (given_balance >= 0 && best.balance < FAR)
        best.balance = given_balance;
    return best;
}

static double given(int hundredths)
{
    return hundredths < 0 ? (double)NAN : hundredths / 100.0;
}

static void assert_settles_as_brute_force(int i, int ratio, int balance)
{
    struct fixture f;
    struct tp_limits limits = {-1, -1};
    struct tp_error err;
    enum tp_answer answer;
    bool proven = false;
    int32_t tower[UNITS_MOST];
    begin(&f, i);
    struct settled want = brute_force(&f, ratio, balance);
    ck_assert_int_eq(tp_settle_limits(f.problem, &f.judge, given(balance), given(ratio), 1, 1, NULL,
                         &limits, &proven, tower, &answer, &err),
        TP_OK);
    ck_assert_int_eq(answer, want.ratio < FAR ? TP_ANSWER_YES : TP_ANSWER_NO);
    if (answer == TP_ANSWER_YES) {
        ck_assert_int_eq(lround(100 * limits.ratio), want.ratio);
        ck_assert_int_eq(lround(100 * limits.balance), want.balance);
        ck_assert(proven);
        ck_assert(slow_legal(f.problem, tower)); /* within the limits left in the problem */
        ck_assert(fits(&f.court, tower, -1));
    } else {
        ck_assert_double_eq(limits.ratio, -1);
    }
    tp_problem_free(f.problem);
}

START_TEST(test_automatic_limits_are_those_of_brute_force)
{
    assert_settles_as_brute_force(_i, -1, -1);
}
END_TEST

START_TEST(test_a_given_ratio_is_kept)
{
    assert_settles_as_brute_force(_i, 100 + 25 * (_i % 7), -1);
}
END_TEST

START_TEST(test_a_given_balance_is_kept)
{
    assert_settles_as_brute_force(_i, -1, 20 * (_i % 9));
}
END_TEST

START_TEST(test_both_given_are_kept)
{
    assert_settles_as_brute_force(_i, 100 + 25 * (_i % 7), 20 * (_i % 9));
}
END_TEST

START_TEST(test_limits_of_an_assignment_are_the_smallest_that_it_keeps)
{
    struct fixture f;
    struct tp_random random = tp_random_new((uint64_t)_i, 12);
    int32_t tower[UNITS_MOST];
    int ratio, balance;
    begin(&f, _i);
    for (int k = 0; k < 20; k++) {
        for (int32_t u = 0; u < f.problem->unit_count; u++) /* none empty */
            tower[u] = u < f.problem->tower_count
                           ? u
                           : (int32_t)tp_random_below(&random, f.problem->tower_count);
        struct tp_limits limits = tp_limits_of(f.problem, tower);
        needs(f.problem, tower, &ratio, &balance);
        ck_assert_int_eq(lround(100 * limits.ratio), ratio);
        ck_assert_int_eq(lround(100 * limits.balance), balance);
        struct tp_problem *p = f.problem;
        for (int32_t u = 0; u < p->unit_count; u++)
            p->pin[u] = -1;
        memset(p->apart_first, 0, (size_t)(p->unit_count + 1) * sizeof *p->apart_first);
        for (int32_t t = 0; t < p->tower_count; t++)
            p->most[t * TP_RESOURCES + TP_MEMORY] = DBL_MAX;
        tp_problem_set_limits(p, limits);
        ck_assert(slow_legal(p, tower));
    }
    tp_problem_free(f.problem);
}
END_TEST

START_TEST(test_beyond_exhaustive_search_the_limits_found_hold)
{
    /* 40 units in 5 towers: no proof, but an assignment that keeps what is said. */
    struct recipe recipe = {.units = 40, .towers = 5, .features_most = 4, .pinned = 5, .apart = 3};
    struct tp_random random = tp_random_new((uint64_t)_i, 13);
    struct tp_problem *problem = problem_random(&recipe, &random);
    struct tp_judge judge = {fits_always, NULL};
    struct tp_limits limits;
    struct tp_error err;
    enum tp_answer answer;
    bool proven;
    int32_t tower[40];
    ck_assert_int_eq(tp_settle_limits(problem, &judge, (double)NAN, (double)NAN, 1, 10, NULL,
                         &limits, &proven, tower, &answer, &err),
        TP_OK);
    ck_assert_int_eq(answer, TP_ANSWER_YES);
    ck_assert(slow_legal(problem, tower));
    struct tp_limits own = tp_limits_of(problem, tower);
    ck_assert_double_le(own.ratio, limits.ratio);
    ck_assert_double_le(own.balance, limits.balance);
    tp_problem_free(problem);
}
END_TEST

START_TEST(test_equal_units_that_deal_out_evenly_get_the_tightest_limits_proven)
{
    /* 30 alike units in 5 towers: ratio 1 and the least balance, both at their lower bounds. */
    struct tp_problem *p = problem_new(30, 5);
    struct tp_judge judge = {fits_always, NULL};
    struct tp_limits limits;
    struct tp_error err;
    enum tp_answer answer;
    bool proven = false;
    int32_t tower[30];
    for (int32_t i = 0; i < 30 * TP_RESOURCES; i++)
        p->weight[i] = 1;
    for (int r = 0; r < TP_RESOURCES; r++)
        p->mean[r] = 6;
    p->feature_count = 30;
    problem_limit_memory(p, 0);
    ck_assert_int_eq(tp_settle_limits(p, &judge, (double)NAN, (double)NAN, 1, 10, NULL, &limits,
                         &proven, tower, &answer, &err),
        TP_OK);
    ck_assert_int_eq(answer, TP_ANSWER_YES);
    ck_assert_double_eq(limits.ratio, 1);
    ck_assert_double_eq(limits.balance, TP_BALANCE_LEAST);
    ck_assert(proven);
    tp_problem_free(p);
}
END_TEST

static const struct {
    int32_t features, towers;
    double ratio;
    int32_t least, most;
} ratio_cases[] = {
    {26, 8, 1, 3, 4},        /* 3.25 */
    {26, 8, 1.3, 2, 5},      /* 2.5, 4.225 */
    {24, 8, 1, 3, 3},        /* exactly 3 */
    {24, 8, 2, 1, 6},        /* 1.5, 6 */
    {24, 8, 4, 1, 12},       /* 0.75: at least 1 */
    {24, 8, 9, 1, 24},       /* 27: at most all */
    {30, 3, 1.1, 9, 11},     /* 9.09, 11: 10 * 1.1 is 11.000000000000002 in doubles */
    {24, 5, 1.6, 3, 8},      /* 3, which doubles miss from below; 7.68 */
    {33, 5, 1.1, 6, 8},      /* 6, likewise; 7.26 */
    {21, 7, 1.5, 2, 5},      /* 2, 4.5 */
    {70, 7, 1.15, 8, 12},    /* 8.7, 11.5 */
    {100, 1, 1.15, 86, 100}, /* 86.96, 115 */
    {5, 7, 1, 1, 1},         /* fewer features than towers: 0.71 */
    {7, 7, 1, 1, 1}, {400, 4, 1.15, 86, 115}, /* 100 * 1.15 is 114.99999999999999 */
    {400, 4, 1.1, 90, 110},                   /* 100 * 1.1 is 110.00000000000001 */
};

START_TEST(test_a_ratio_bounds_the_features_as_worked_out_by_hand)
{
    int32_t least, most;
    tp_ratio_bounds(
        ratio_cases[_i].features, ratio_cases[_i].towers, ratio_cases[_i].ratio, &least, &most);
    ck_assert_int_eq(least, ratio_cases[_i].least);
    ck_assert_int_eq(most, ratio_cases[_i].most);
}
END_TEST

START_TEST(test_an_endless_ratio_asks_for_one_feature_per_tower)
{
    int32_t least, most;
    tp_ratio_bounds(20, 4, INFINITY, &least, &most);
    ck_assert_int_eq(least, 1);
    ck_assert_int_eq(most, 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = tcase_create("limits");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_automatic_limits_are_those_of_brute_force, 0, 96);
    tcase_add_loop_test(tcase, test_a_given_ratio_is_kept, 0, 48);
    tcase_add_loop_test(tcase, test_a_given_balance_is_kept, 0, 48);
    tcase_add_loop_test(tcase, test_both_given_are_kept, 0, 48);
    tcase_add_loop_test(tcase, test_limits_of_an_assignment_are_the_smallest_that_it_keeps, 0, 24);
    tcase_add_loop_test(tcase, test_beyond_exhaustive_search_the_limits_found_hold, 0, 6);
    tcase_add_test(tcase, test_equal_units_that_deal_out_evenly_get_the_tightest_limits_proven);
    tcase_add_loop_test(tcase, test_a_ratio_bounds_the_features_as_worked_out_by_hand, 0,
        (int)(sizeof ratio_cases / sizeof *ratio_cases));
    tcase_add_test(tcase, test_an_endless_ratio_asks_for_one_feature_per_tower);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
