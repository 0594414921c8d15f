/* SPDX-License-Identifier: Apache-2.0 */
/* The contest's own searches are right and strong enough to be worth beating: the same optimum as
 * trying everything, and legal answers throughout. */
#include "anneal.h"
#include "board.h"
#include "metis_answers.h"
#include "referee.h"
#include "starts.h"

#include <check.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 9, K = 3, SECONDS_MOST = 10 };

static struct instance *instance_no(int i)
{
    static const unsigned limits[] = {LIMIT_BALANCE | LIMIT_RATIO,
        LIMIT_RATIO | LIMIT_MEMORY | LIMIT_UNEVEN,
        LIMIT_BALANCE | LIMIT_RATIO | LIMIT_APART | LIMIT_PIN};
    struct key key = {N, K, (enum kind)(i % KINDS), (enum weights)(i / 2 % WEIGHTS),
        limits[i / 3 % 3], (uint64_t)i};
    return instance_new(&key);
}

/* All K^N assignments, 19,683 of them. */
static double best_of_all(const struct instance *in)
{
    int32_t tower[N] = {0};
    double best = 0;
    for (int u = 0; u < N;) {
        if (!breaks_limit(in, tower, NULL))
            best = fmax(best, inside_affinity(in, tower));
        for (u = 0; u < N && ++tower[u] == K; u++)
            tower[u] = 0;
    }
    return best;
}

START_TEST(both_searches_find_the_optimum_of_few_units)
{
    struct instance *in = instance_no(_i);
    int32_t tower[N];
    int legal;
    double best = best_of_all(in);
    memcpy(tower, in->witness, sizeof tower);
    ck_assert_double_eq_tol(search_from_starts(in, 300, 1, tower, &legal), best, 1e-9);
    ck_assert_int_gt(legal, 0);
    ck_assert(!breaks_limit(in, tower, NULL));
    ck_assert_double_eq_tol(inside_affinity(in, tower), best, 1e-9);
    memcpy(tower, in->witness, sizeof tower);
    double seconds = 0.05, found = anneal(in, seconds, 1, tower);
    while (found < best - 1e-9 && seconds < SECONDS_MOST) /* the machine may be slow */
        found = anneal(in, seconds *= 2, 1, tower);
    ck_assert_double_eq_tol(found, best, 1e-9);
    ck_assert(!breaks_limit(in, tower, NULL));
    instance_free(in);
}
END_TEST

/* What the board says of a step before it is made, against sums made anew after it. */
START_TEST(gain_and_strain_are_what_a_step_changes)
{
    struct instance *in = instance_no(_i);
    struct board *b = board_new(in);
    struct dice dice = {(uint64_t)_i};
    board_set(b, in->witness);
    ck_assert_double_eq(board_excess(b), 0);
    for (int i = 0; i < 200; i++) {
        struct step s = {dice_below(&dice, N), dice_below(&dice, N), 0};
        s.to = b->tower[s.other];
        if (i % 3 == 0)
            s = (struct step){s.unit, -1, dice_below(&dice, K)};
        if (s.to == b->tower[s.unit] || !board_allows(b, s))
            continue;
        double value = inside_affinity(in, b->tower), excess = board_excess(b);
        double gain = board_gain(b, s), strain = board_strain(b, s);
        board_make(b, s);
        ck_assert_double_eq_tol(inside_affinity(in, b->tower), value + gain, 1e-5);
        ck_assert_double_eq_tol(board_excess(b), excess + strain, 1e-9);
        if (breaks_limit(in, b->tower, NULL))
            ck_assert_double_gt(board_excess(b), 0);
        else
            ck_assert_double_lt(board_excess(b), 1e-9);
    }
    board_free(b);
    instance_free(in);
}
END_TEST

START_TEST(metis_answers_count_only_when_legal)
{
    struct instance *in = instance_no(_i);
    int32_t tower[N];
    int legal;
    memcpy(tower, in->witness, sizeof tower);
    double value = best_of_metis(in, tower, &legal);
    ck_assert_double_le(value, best_of_all(in) + 1e-9);
    if (legal)
        ck_assert_double_eq(value, inside_affinity(in, tower));
    ck_assert(!breaks_limit(in, tower, NULL));
    instance_free(in);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rivals");
    TCase *tests = tcase_create("rivals");
    tcase_add_loop_test(tests, both_searches_find_the_optimum_of_few_units, 0, 18);
    tcase_add_loop_test(tests, gain_and_strain_are_what_a_step_changes, 0, 18);
    tcase_add_loop_test(tests, metis_answers_count_only_when_legal, 0, 6);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
