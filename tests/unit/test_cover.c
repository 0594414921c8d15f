/* SPDX-License-Identifier: Apache-2.0 */
/* The best mix of towers: a bound for what is decided, its value by hand, the crowds that it breaks. */
#include "partition/cover.h"

#include "problems.h"

#define UNITS 7

static struct tp_cover *cover_of(
    const struct tp_problem *p, enum tp_goal goal, const int32_t *tower)
{
    struct tp_crowds none;
    struct tp_cover *cover = NULL;
    ck_assert_int_eq(tp_crowds_init(&none, p, NULL), TP_OK);
    ck_assert_int_eq(tp_cover_new(p, goal, tower, &none, &cover, NULL), TP_OK);
    tp_crowds_release(&none);
    return cover;
}

/* With enough effort, and no value known that would end it. */
static double descend(struct tp_cover *cover, const struct tp_pairs *pairs)
{
    struct tp_effort effort = tp_effort_of(INT64_C(1) << 40);
    double bound = INFINITY;
    ck_assert_int_eq(tp_cover_descend(cover, pairs, -INFINITY, &effort, &bound, NULL), TP_OK);
    return bound;
}

/* Best value of all legal assignments that have a pair so (-1: either way), and its towers. */
static double slow_best(
    const struct tp_problem *p, enum tp_goal goal, int together, int32_t *towers)
{
    double best = -INFINITY;
    int32_t tower[UNITS] = {0};
    do {
        if (!slow_legal(p, tower) || (together >= 0 && (tower[1] == tower[4]) != together))
            continue;
        double value = slow_value(p, goal, tower);
        if (value > best)
            memcpy(towers, tower, sizeof tower);
        best = fmax(best, value);
    } while (next_towers(p, tower));
    return best;
}

START_TEST(test_bounds_what_is_decided)
{
    struct tp_problem *p = problem_of_kind(UNITS, _i, 127);
    enum tp_goal goal = _i & 1 ? TP_GOAL_COHERENT : TP_GOAL_DIVERSE;
    int32_t tower[UNITS], other[UNITS];
    double best = slow_best(p, goal, -1, tower);
    if (isfinite(best)) {
        struct tp_cover *cover = cover_of(p, goal, tower);
        struct tp_pairs pairs;
        ck_assert_int_eq(tp_pairs_init(&pairs, p, NULL), TP_OK);
        double root = descend(cover, &pairs);
        ck_assert_double_ge(root, best - 1e-9);
        for (int together = 0; together <= 1; together++) {
            struct tp_pairs decided;
            ck_assert_int_eq(tp_pairs_copy(&decided, &pairs, NULL), TP_OK);
            bool possible =
                tp_pairs_decide(&decided, 1, 4, together ? TP_PAIR_TOGETHER : TP_PAIR_APART);
            double bound = possible ? descend(cover, &decided) : -INFINITY;
            double allowed = slow_best(p, goal, together, other);
            ck_assert_double_ge(bound, allowed - 1e-9);
            if (isfinite(allowed))
                ck_assert_double_le(bound, root + 1e-6);
            tp_pairs_release(&decided);
        }
        /* What was decided in between is forgotten. */
        ck_assert_double_ge(descend(cover, &pairs), best - 1e-9);
        tp_pairs_release(&pairs);
        tp_cover_free(cover);
    }
    tp_problem_free(p);
}
END_TEST

/* `units` of one feature in towers of `size`, with that affinity within groups of three and none else. */
static struct tp_problem *threes(int32_t units, int32_t size, float affinity)
{
    struct tp_problem *p = problem_new(units, units / size);
    p->affinity = calloc((size_t)units * (size_t)units, sizeof *p->affinity);
    ck_assert_ptr_nonnull(p->affinity);
    p->feature_count = units;
    p->mean[TP_FEATURES] = size;
    for (int32_t t = 0; t < p->tower_count; t++)
        p->most[t * TP_RESOURCES + TP_MEMORY] = DBL_MAX;
    for (int32_t u = 0; u < units; u++) {
        p->weight[u * TP_RESOURCES + TP_FEATURES] = 1;
        for (int32_t v = 0; v < units; v++)
            p->affinity[u * units + v] = u != v && u / 3 == v / 3 ? affinity : 0;
    }
    tp_problem_set_limits(p, (struct tp_limits){INFINITY, 1});
    return p;
}

/* Two groups of three in towers of two: each tower has a pair at most, so 3 pairs if any mix will do: half
 * of every pair of a group. Of a group one pair can be together, so only 2 as soon as that is
 * known. */
START_TEST(test_finds_the_crowds_that_a_mix_breaks)
{
    static const int32_t tower[] = {0, 0, 1, 2, 2, 1};
    struct tp_problem *p = threes(6, 2, 0.5F);
    struct tp_cover *cover = cover_of(p, TP_GOAL_COHERENT, tower);
    struct tp_pairs pairs;
    struct tp_effort effort = tp_effort_of(INT64_C(1) << 40);
    double bound = INFINITY;
    ck_assert_int_eq(tp_pairs_init(&pairs, p, NULL), TP_OK);
    /* A known value of 1.5 ends it where the crowds are not known yet. */
    ck_assert_int_eq(tp_cover_descend(cover, &pairs, 1.5, &effort, &bound, NULL), TP_OK);
    ck_assert_double_eq_tol(bound, 1.5, 1e-5);
    ck_assert_double_eq_tol(descend(cover, &pairs), 1, 1e-5);
    tp_pairs_release(&pairs);
    tp_cover_free(cover);
    tp_problem_free(p);
}
END_TEST

/* A mix of whole towers divides nothing. */
START_TEST(test_what_is_divided)
{
    static const int32_t tower[] = {0, 0, 1, 1, 1, 0};
    struct tp_problem *p = threes(6, 3, 0.5F);
    struct tp_cover *cover = cover_of(p, TP_GOAL_COHERENT, tower);
    struct tp_pairs pairs;
    int32_t u, v;
    ck_assert_int_eq(tp_pairs_init(&pairs, p, NULL), TP_OK);
    ck_assert_double_eq_tol(descend(cover, &pairs), 3, 1e-5);
    ck_assert(!tp_cover_divided(cover, &pairs, &u, &v));
    tp_cover_free(cover);
    tp_pairs_release(&pairs);
    tp_problem_free(p);
}
END_TEST

/* The prices at first: each unit's half of what it has in its tower, and no tower is worth more. */
START_TEST(test_little_effort_leaves_a_bound_or_none)
{
    static const int32_t tower[] = {0, 0, 0, 1, 1, 1};
    for (int64_t steps = 1; steps < 100000; steps *= 3) {
        struct tp_problem *p = threes(6, 3, 0.5F);
        struct tp_cover *cover = cover_of(p, TP_GOAL_COHERENT, tower);
        struct tp_pairs pairs;
        struct tp_effort effort = tp_effort_of(steps);
        double bound = 7;
        ck_assert_int_eq(tp_pairs_init(&pairs, p, NULL), TP_OK);
        ck_assert_int_eq(tp_cover_descend(cover, &pairs, 0, &effort, &bound, NULL), TP_OK);
        ck_assert_double_ge(bound, 3 - 1e-9);
        ck_assert_double_le(bound, 7);
        tp_pairs_release(&pairs);
        tp_cover_free(cover);
        tp_problem_free(p);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cover");
    TCase *tcase = tcase_create("cover");
    tcase_add_loop_test(tcase, test_bounds_what_is_decided, 0, 128);
    tcase_add_test(tcase, test_finds_the_crowds_that_a_mix_breaks);
    tcase_add_test(tcase, test_what_is_divided);
    tcase_add_test(tcase, test_little_effort_leaves_a_bound_or_none);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
