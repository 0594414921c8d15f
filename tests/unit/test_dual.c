/* SPDX-License-Identifier: Apache-2.0 */
/* A relaxation and its branches: bounds for what each of them still allows. */
#include "partition/dual.h"

#include "problems.h"

#define UNITS 7

static const struct tp_patience patience = {10, 1e-4};

static struct tp_problem *make(int32_t i)
{
    struct tp_random random = tp_random_new((uint64_t)i, 97);
    struct recipe recipe = {.units = UNITS,
        .towers = 2 + i % 2,
        .affinity = 1,
        .features_most = 1 + (i & 4) / 4,
        .apart = i & 8 ? 10 : 0};
    struct tp_problem *p = problem_random(&recipe, &random);
    tp_problem_set_limits(p, (struct tp_limits){i & 16 ? 1.2 : INFINITY, 1.5});
    return p;
}

/* Best value of all legal assignments that have a pair so (-1: either way); the worst one's towers. */
static double best_value(
    const struct tp_problem *p, enum tp_goal goal, int together, int32_t worst[UNITS])
{
    double best = -INFINITY, least = INFINITY;
    int32_t tower[UNITS] = {0};
    do {
        if (!slow_legal(p, tower) || (together >= 0 && (tower[1] == tower[4]) != together))
            continue;
        double value = slow_value(p, goal, tower);
        best = fmax(best, value);
        if (value < least) {
            least = value;
            memcpy(worst, tower, sizeof tower);
        }
    } while (next_towers(p, tower));
    return best;
}

/* Begins without any crowds. */
static struct tp_dual *root_of(
    const struct tp_problem *p, enum tp_goal goal, const int32_t start[UNITS])
{
    struct tp_crowds crowds;
    struct tp_dual *root = NULL;
    ck_assert_int_eq(tp_crowds_init(&crowds, p, NULL), TP_OK);
    ck_assert_int_eq(tp_dual_new(p, goal, start, &crowds, &root, NULL), TP_OK);
    tp_crowds_release(&crowds);
    return root;
}

static double descend(struct tp_dual *dual)
{
    struct tp_effort effort = tp_effort_of(3000000);
    double bound = INFINITY;
    ck_assert_int_eq(tp_dual_descend(dual, -INFINITY, patience, &effort, &bound, NULL), TP_OK);
    return bound;
}

START_TEST(test_root_and_branches_bound_what_they_allow)
{
    struct tp_problem *p = make(_i);
    enum tp_goal goal = _i & 2 ? TP_GOAL_DIVERSE : TP_GOAL_COHERENT;
    int32_t start[UNITS], unused[UNITS];
    struct tp_dual *root = NULL;
    double best = best_value(p, goal, -1, start);
    if (!isinf(best)) {
        root = root_of(p, goal, start);
        ck_assert_double_ge(descend(root), best - 1e-9);
        for (int together = 0; together < 2; together++) {
            struct tp_dual *branch = NULL;
            double least = best_value(p, goal, together, unused);
            ck_assert_int_eq(tp_dual_branch(root, 1, 4, together, &branch, NULL), TP_OK);
            ck_assert(branch || isinf(least));
            if (branch)
                ck_assert_double_ge(descend(branch), least - 1e-9);
            tp_dual_free(branch);
        }
    }
    tp_dual_free(root);
    tp_problem_free(p);
}
END_TEST

/* Branching far enough decides everything, and never the same pair twice. */
START_TEST(test_branches_come_to_an_end)
{
    struct tp_problem *p = make(0);
    int32_t start[UNITS], u, v, depth = 0;
    struct tp_dual *dual = NULL;
    best_value(p, TP_GOAL_COHERENT, -1, start);
    struct tp_dual *root = root_of(p, TP_GOAL_COHERENT, start);
    while (tp_dual_undecided(dual ? dual : root, &u, &v)) {
        struct tp_dual *next = NULL;
        ck_assert_int_eq(tp_dual_branch(dual ? dual : root, u, v, depth % 2, &next, NULL), TP_OK);
        if (!next)
            ck_assert_int_eq(
                tp_dual_branch(dual ? dual : root, u, v, !(depth % 2), &next, NULL), TP_OK);
        tp_dual_free(dual);
        dual = next;
        if (!dual)
            break;
        ck_assert_int_le(++depth, UNITS * (UNITS - 1) / 2);
    }
    ck_assert_int_gt(depth, 0);
    tp_dual_free(dual);
    tp_dual_free(root);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_the_pair_to_decide_is_nearest_to_one_half)
{
    struct tp_problem *p = make(1);
    int32_t start[UNITS], u = -1, v = -1;
    best_value(p, TP_GOAL_COHERENT, -1, start);
    struct tp_dual *root = root_of(p, TP_GOAL_COHERENT, start);
    /* At the start all shares are 0 or 1: the first pair. */
    ck_assert(tp_dual_undecided(root, &u, &v));
    ck_assert_int_eq(u, 1);
    ck_assert_int_eq(v, 0);
    tp_dual_free(root);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dual");
    TCase *tcase = tcase_create("dual");
    tcase_add_loop_test(tcase, test_root_and_branches_bound_what_they_allow, 0, 32);
    tcase_add_test(tcase, test_branches_come_to_an_end);
    tcase_add_test(tcase, test_the_pair_to_decide_is_nearest_to_one_half);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
