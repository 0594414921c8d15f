/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs decided: everything said follows from the decisions, nothing possible is called impossible, and
 * what plainly follows is said. */
#include "partition/pairs.h"

#include "problems.h"

#define UNITS 7

static struct tp_problem *make(int32_t i)
{
    struct tp_random random = tp_random_new((uint64_t)i, 91);
    struct recipe recipe = {.units = UNITS,
        .towers = 2 + i % 2,
        .features_most = 1 + i % 2,
        .pinned = i & 4 ? 25 : 0,
        .apart = i & 8 ? 10 : 0,
        .memory = i & 16 ? 3 : 0};
    struct tp_problem *p = problem_random(&recipe, &random);
    tp_problem_set_limits(p, (struct tp_limits){i & 32 ? 1.0 : INFINITY, 2});
    return p;
}

static struct tp_pairs pair(const struct tp_problem *p)
{
    struct tp_pairs pairs;
    ck_assert_int_eq(tp_pairs_init(&pairs, p, NULL), TP_OK);
    return pairs;
}

static bool agrees(const struct tp_pairs *pairs, const int32_t *tower)
{
    for (int32_t u = 0; u < UNITS; u++)
        for (int32_t v = 0; v < UNITS; v++) {
            unsigned char how = tp_pairs_of(pairs, u)[v];
            if (how != TP_PAIR_OPEN && (how == TP_PAIR_TOGETHER) != (tower[u] == tower[v]))
                return false;
        }
    return true;
}

/* Random decisions one after the other. After each, exactly the legal assignments that obey all of them
 * agree with all that is said to follow. */
START_TEST(test_what_follows_is_what_all_legal_assignments_have)
{
    struct tp_problem *p = make(_i);
    struct tp_random random = tp_random_new((uint64_t)_i, 93);
    struct tp_pairs pairs = pair(p);
    struct {
        int32_t u, v;
        enum tp_pair how;
    } decided[6];
    bool may = true;
    for (int k = 0; k < 6 && may; k++) {
        int32_t u = (int32_t)tp_random_below(&random, UNITS);
        int32_t v = (u + 1 + (int32_t)tp_random_below(&random, UNITS - 1)) % UNITS;
        int32_t tower[UNITS] = {0};
        decided[k].u = u;
        decided[k].v = v;
        decided[k].how = tp_random_below(&random, 2) ? TP_PAIR_TOGETHER : TP_PAIR_APART;
        may = tp_pairs_decide(&pairs, u, v, decided[k].how);
        do {
            bool obeys = slow_legal(p, tower);
            for (int i = 0; i <= k && obeys; i++)
                obeys = (decided[i].how == TP_PAIR_TOGETHER) ==
                        (tower[decided[i].u] == tower[decided[i].v]);
            ck_assert(!obeys || (may && agrees(&pairs, tower)));
        } while (next_towers(p, tower));
    }
    tp_pairs_release(&pairs);
    tp_problem_free(p);
}
END_TEST

/* 0 with 1, 2 with 3, 1 apart from 4, then 1 with 2: all four are together, and apart from 4. */
START_TEST(test_groups_join_with_their_enemies)
{
    struct tp_problem *p = make(0);
    tp_problem_clear_limits(p);
    struct tp_pairs pairs = pair(p);
    ck_assert(tp_pairs_decide(&pairs, 0, 1, TP_PAIR_TOGETHER));
    ck_assert(tp_pairs_decide(&pairs, 2, 3, TP_PAIR_TOGETHER));
    ck_assert(tp_pairs_decide(&pairs, 1, 4, TP_PAIR_APART));
    ck_assert_int_eq(tp_pairs_of(&pairs, 0)[3], TP_PAIR_OPEN);
    ck_assert_int_eq(tp_pairs_of(&pairs, 4)[0], TP_PAIR_APART);
    ck_assert_int_eq(tp_pairs_of(&pairs, 3)[4], TP_PAIR_OPEN);
    ck_assert(tp_pairs_decide(&pairs, 1, 2, TP_PAIR_TOGETHER));
    for (int u = 0; u < 4; u++) {
        for (int v = 0; v < 4; v++)
            ck_assert_int_eq(tp_pairs_of(&pairs, u)[v], TP_PAIR_TOGETHER);
        ck_assert_int_eq(tp_pairs_of(&pairs, u)[4], TP_PAIR_APART);
        ck_assert_int_eq(tp_pairs_of(&pairs, 4)[u], TP_PAIR_APART);
        ck_assert_int_eq(tp_pairs_of(&pairs, u)[5], TP_PAIR_OPEN);
    }
    ck_assert(!tp_pairs_decide(&pairs, 3, 4, TP_PAIR_TOGETHER));
    ck_assert(!tp_pairs_decide(&pairs, 0, 3, TP_PAIR_APART));
    tp_pairs_release(&pairs);
    tp_problem_free(p);
}
END_TEST

/* 7 features in 2 towers at ratio 1: 3 or 4 each. Five together are too many; a unit apart from five
 * can only reach two. */
START_TEST(test_too_many_together_and_too_few_left_are_impossible)
{
    struct recipe recipe = {.units = UNITS, .towers = 2, .features_most = 1};
    struct tp_random random = tp_random_new(1, 95);
    struct tp_problem *p = problem_random(&recipe, &random);
    tp_problem_set_limits(p, (struct tp_limits){INFINITY, 1});
    struct tp_pairs pairs = pair(p), copy;
    for (int32_t v = 1; v < 4; v++)
        ck_assert(tp_pairs_decide(&pairs, 0, v, TP_PAIR_TOGETHER));
    ck_assert_int_eq(tp_pairs_copy(&copy, &pairs, NULL), TP_OK);
    ck_assert(!tp_pairs_decide(&copy, 0, 4, TP_PAIR_TOGETHER));
    tp_pairs_release(&copy);
    ck_assert(tp_pairs_decide(&pairs, 0, 4, TP_PAIR_APART)); /* 4 is apart from four: three left */
    ck_assert(!tp_pairs_decide(&pairs, 4, 5, TP_PAIR_APART));
    tp_pairs_release(&pairs);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pairs");
    TCase *tcase = tcase_create("pairs");
    tcase_add_loop_test(tcase, test_what_follows_is_what_all_legal_assignments_have, 0, 64);
    tcase_add_test(tcase, test_groups_join_with_their_enemies);
    tcase_add_test(tcase, test_too_many_together_and_too_few_left_are_impossible);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
