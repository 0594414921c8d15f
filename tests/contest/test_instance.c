/* SPDX-License-Identifier: Apache-2.0 */
/* The generator makes what its header promises, and the partitioner is handed the same. */
#include "bridge.h"
#include "instance.h"
#include "referee.h"

#include <check.h>

#include <math.h>
#include <stdlib.h>

static struct key any_key(int i)
{
    static const unsigned limits[] = {LIMIT_BALANCE | LIMIT_RATIO,
        LIMIT_BALANCE | LIMIT_RATIO | LIMIT_MEMORY,
        LIMIT_BALANCE | LIMIT_RATIO | LIMIT_MEMORY | LIMIT_UNEVEN,
        LIMIT_RATIO | LIMIT_MEMORY | LIMIT_APART | LIMIT_PIN};
    static const int towers[] = {2, 4, 8, 13};
    return (struct key){.n = 26 + i % 9,
        .k = towers[i % 4],
        .kind = (enum kind)(i % KINDS),
        .weights = (enum weights)(i % WEIGHTS),
        .limits = limits[i / 4 % 4],
        .seed = (uint64_t)i};
}

START_TEST(a_matrix_is_symmetric_within_0_and_1_and_has_no_diagonal)
{
    struct key key = any_key(_i);
    struct instance *in = instance_new(&key);
    for (int i = 0; i < in->n; i++)
        for (int j = 0; j <= i; j++) {
            float a = in->affinity[i * in->n + j];
            ck_assert(a == in->affinity[j * in->n + i] && a >= 0 && a <= 1);
            ck_assert(i != j || a == 0);
        }
    instance_free(in);
}
END_TEST

START_TEST(the_witness_is_legal)
{
    struct key key = any_key(_i);
    struct instance *in = instance_new(&key);
    char text[128] = "";
    ck_assert_msg(!breaks_limit(in, in->witness, text), "%s", text);
    instance_free(in);
}
END_TEST

/* Both ways: what one calls legal is legal to the other. */
START_TEST(the_partitioner_reads_the_same_limits)
{
    struct key key = any_key(_i);
    struct instance *in = instance_new(&key);
    struct tp_problem *p = problem_of(in);
    for (int t = 0; t < in->k; t++) {
        const double *most = tp_tower_most(p, t);
        ck_assert_double_eq_tol(
            most[TP_LOOKUP], balanced_most(in, LOOKUP), 1e-12 * most[TP_LOOKUP]);
        ck_assert_double_eq_tol(
            most[TP_OUTPUT], balanced_most(in, OUTPUT), 1e-12 * most[TP_OUTPUT]);
        ck_assert_double_eq_tol(most[TP_FLOPS], balanced_most(in, FLOPS), 1e-12 * most[TP_FLOPS]);
        ck_assert(most[TP_MEMORY] >= in->memory[t] || isinf(in->memory[t]));
        ck_assert_int_eq((int)most[TP_FEATURES], features_most(in));
    }
    ck_assert_int_eq((int)p->features_least, features_least(in));
    ck_assert_int_eq(p->apart_first[in->n], 2 * in->aparts);
    tp_problem_free(p);
    instance_free(in);
}
END_TEST

START_TEST(each_limit_broken_is_noticed)
{
    struct key key = any_key(15); /* all four limits, uneven memory aside */
    struct instance *in = instance_new(&key);
    char text[128];
    int32_t *tower = in->witness, keep = in->pin[0];
    in->pin[0] = (tower[0] + 1) % in->k;
    ck_assert(breaks_limit(in, tower, text));
    in->pin[0] = keep;
    double most = in->memory[tower[0]];
    in->memory[tower[0]] = in->weight[0][MEMORY] * 0.9;
    ck_assert(breaks_limit(in, tower, text));
    in->memory[tower[0]] = most;
    in->balance = -0.5;
    ck_assert(breaks_limit(in, tower, text));
    in->balance = in->k;
    ck_assert(!breaks_limit(in, tower, text));
    ck_assert_int_gt(in->aparts, 0);
    tower[in->apart[0][0]] = tower[in->apart[0][1]];
    ck_assert(breaks_limit(in, tower, text));
    instance_free(in);
}
END_TEST

/* Three units, two towers: 0.5 + 0.25 inside when the first three of four are together. */
START_TEST(inside_affinity_is_the_sum_over_pairs)
{
    float a[16] = {0};
    a[0 * 4 + 1] = a[1 * 4 + 0] = 0.5f;
    a[1 * 4 + 2] = a[2 * 4 + 1] = 0.25f;
    a[2 * 4 + 3] = a[3 * 4 + 2] = 0.125f;
    struct key key = {.n = 4, .k = 2};
    struct instance *in = instance_new_of(&key, a);
    ck_assert_double_eq(inside_affinity(in, (int32_t[]){0, 0, 0, 1}), 0.75);
    instance_free(in);
}
END_TEST

START_TEST(a_digest_knows_the_key)
{
    struct key key = any_key(_i), other = key;
    struct instance *one = instance_new(&key), *same = instance_new(&key);
    other.seed += 1000;
    struct instance *different = instance_new(&other);
    ck_assert(instance_digest(one) == instance_digest(same));
    ck_assert(instance_digest(one) != instance_digest(different));
    instance_free(one);
    instance_free(same);
    instance_free(different);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("instance");
    TCase *tests = tcase_create("instance");
    tcase_add_loop_test(tests, a_matrix_is_symmetric_within_0_and_1_and_has_no_diagonal, 0, KINDS);
    tcase_add_loop_test(tests, the_witness_is_legal, 0, 180);
    tcase_add_loop_test(tests, the_partitioner_reads_the_same_limits, 0, 60);
    tcase_add_test(tests, each_limit_broken_is_noticed);
    tcase_add_test(tests, inside_affinity_is_the_sum_over_pairs);
    tcase_add_loop_test(tests, a_digest_knows_the_key, 0, 10);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
