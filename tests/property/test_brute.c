/* SPDX-License-Identifier: Apache-2.0 */
/* The exhaustive search itself, on cases small enough to settle on paper. All tables are float32
 * under sgd with one id per sample and feature; memory is that of a rank, without reserve. */
#include "brute.h"
#include "complaints.h"
#include "runner.h"

#include <check.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct workload world(int hosts, int ranks_per_host, int64_t memory, int64_t local_batch)
{
    struct workload w = {.local_batch = local_batch,
        .optimizer = SGD,
        .hosts_per_tower = 1,
        .level_count = 2,
        .memory_bytes = memory};
    w.bottom = w.top = (struct mlp){{4}, 1};
    w.levels[0].fanout = ranks_per_host;
    w.levels[1].fanout = hosts;
    w.host_memory = need((size_t)hosts, sizeof *w.host_memory);
    for (int h = 0; h < hosts; h++)
        w.host_memory[h] = memory;
    w.tables = need(8, sizeof *w.tables);
    w.features = need(16, sizeof *w.features);
    w.rules = need(4, sizeof *w.rules);
    return w;
}

static void add_table(struct workload *w, int64_t rows, int dim, int features)
{
    w->tables[w->table_count] = (struct table){
        .rows = rows, .dim = dim, .first_feature = w->feature_count, .feature_count = features};
    for (int i = 0; i < features; i++)
        w->features[w->feature_count++] = (struct feature){.table = w->table_count, .pooling = 1};
    w->table_count++;
}

static void add_rule(struct workload *w, enum rule_kind kind, int a, int b, int tower)
{
    w->rules[w->rule_count++] = (struct rule){.kind = kind,
        .features = {a, b},
        .feature_count = kind == RULE_PIN ? 1 : 2,
        .tower = tower};
}

static struct brute_answer ask(const struct workload *w, struct brute_query query)
{
    query.steps = 1000000;
    struct brute_answer answer = brute_solve(w, &query);
    ck_assert(answer.decided);
    return answer;
}

static const struct brute_query anything = {.balance = (double)NAN, .ratio = (double)NAN};

static bool feasible(const struct workload *w)
{
    return ask(w, anything).feasible;
}

/* Two towers of one rank, b = 1, B = 2, a table of 10 x 4 each: 160 bytes of weights, and twice 24
 * + 2*12 bytes of ids and 2*16 + 2*16 + 2*16 + 32 bytes of sptt buffers: 160 + 2 * (48 + 128) =
 * 512. */
START_TEST(memory_counts_to_the_byte)
{
    struct workload w = world(2, 1, 512 - _i, 1);
    add_table(&w, 10, 4, 1);
    add_table(&w, 10, 4, 1);
    ck_assert_int_eq(feasible(&w), _i == 0);
    workload_release(&w);
}
END_TEST

/* One tower of two ranks, b = 1, B = 2, a table of 100 x 8. Whole: 3200 + 2*(12 + 24 + 64+32+32+32)
 * = 3592. In columns: 1600 + 2*(24 + 24 + 32+32+32+32) = 1952. In rows: 1600 + 2*(16 + 16 +
 * 64+64+32+32) = 2048. */
START_TEST(columns_are_tried)
{
    struct workload w = world(1, 2, 1952 - _i, 1);
    add_table(&w, 100, 8, 1);
    ck_assert_int_eq(feasible(&w), _i == 0);
    workload_release(&w);
}
END_TEST

/* The same with dim 4, which has no columns to spare. Whole: 1600 + 2*(12 + 24 + 32+16+16+16) =
 * 1832. In rows: 800 + 2*(16 + 16 + 32+32+16+16) = 1056. */
START_TEST(rows_are_tried)
{
    struct workload w = world(1, 2, 1056 - _i, 1);
    add_table(&w, 100, 4, 1);
    ck_assert_int_eq(feasible(&w), _i == 0);
    workload_release(&w);
}
END_TEST

/* Three tables of 160 bytes on two ranks of one tower, b = 1: the fuller rank has two of them, 320
 * + 2*(36 + 2*24 + 64+48+48+48 = 292) = 904 bytes; splitting one by rows adds more ids and width
 * than it saves: rows 5 and 5 on either rank, 240 + 2*(40 + 2*20 + 64+64+48+48 = 304) = 848, is
 * less all the same. */
START_TEST(mixed_shardings_are_tried)
{
    struct workload w = world(1, 2, 848 - _i, 1);
    for (int i = 0; i < 3; i++)
        add_table(&w, 10, 4, 1);
    ck_assert_int_eq(feasible(&w), _i == 0);
    workload_release(&w);
}
END_TEST

START_TEST(rules_are_obeyed)
{
    struct workload w = world(2, 1, 1000000, 1);
    for (int i = 0; i < 3; i++)
        add_table(&w, 10, 4, 1);
    ck_assert(feasible(&w));
    add_rule(&w, RULE_APART, 0, 1, 0);
    add_rule(&w, RULE_APART, 1, 2, 0);
    ck_assert(feasible(&w));
    add_rule(&w, RULE_APART, 0, 2, 0); /* three that are all apart, two towers */
    ck_assert(!feasible(&w));
    w.rule_count = 0;
    add_rule(&w, RULE_TOGETHER, 0, 1, 0);
    ck_assert(feasible(&w));
    add_rule(&w, RULE_TOGETHER, 2, 1, 0); /* one unit, two towers */
    ck_assert(!feasible(&w));
    w.rule_count = 0;
    for (int i = 0; i < 3; i++)
        add_rule(&w, RULE_PIN, i, 0, i == 2);
    ck_assert(feasible(&w));
    w.rules[2].tower = 0; /* nobody left for tower 1 */
    ck_assert(!feasible(&w));
    workload_release(&w);
}
END_TEST

/* Two and one feature: within ratio 1 (1..2), and 2 / 1.5 of the mean is 1.3334: balance 0.34. */
START_TEST(tightest_balance_is_found)
{
    struct workload w = world(2, 1, 1000000, 1);
    struct brute_query query = anything;
    for (int i = 0; i < 3; i++)
        add_table(&w, 10, 4, 1);
    query.tightest = true;
    struct brute_answer answer = ask(&w, query);
    ck_assert_double_eq_tol(answer.ratio, 1, 1e-12);
    ck_assert_double_eq_tol(answer.balance, 0.34, 1e-12);
    query.tightest = false;
    query.balance = 0.34;
    ck_assert(ask(&w, query).feasible);
    query.balance = 0.33;
    ck_assert(!ask(&w, query).feasible);
    workload_release(&w);
}
END_TEST

/* Three features of one table and one of another: 1 and 3 with a mean of 2. Ratio 1.01 allows
 * floor(1.98) = 1 to ceil(2.02) = 3. Then 3 / 2 is balance 0.5. */
START_TEST(tightest_ratio_is_found)
{
    struct workload w = world(2, 1, 1000000, 1);
    struct brute_query query = anything;
    add_table(&w, 10, 4, 3);
    add_table(&w, 10, 4, 1);
    query.tightest = true;
    struct brute_answer answer = ask(&w, query);
    ck_assert_double_eq_tol(answer.ratio, 1.01, 1e-12);
    ck_assert_double_eq_tol(answer.balance, 0.5, 1e-12);
    query.ratio = 1;
    ck_assert(!ask(&w, query).feasible);
    workload_release(&w);
}
END_TEST

START_TEST(stride_has_one_assignment)
{
    struct workload w = world(2, 1, 1000000, 1);
    struct brute_query query = anything;
    for (int i = 0; i < 3; i++)
        add_table(&w, 10, 4, 1);
    query.stride = true;
    ck_assert(ask(&w, query).feasible);
    add_rule(&w, RULE_APART, 0, 2, 0);
    ck_assert(!ask(&w, query).feasible);
    ck_assert(feasible(&w));
    workload_release(&w);
}
END_TEST

/* Four tables of one feature each, a to d, with affinities ab 0.9, ac 0.5, ad 0.2, bc 0.3, bd 0.7,
 * cd 0.1, in all 2.7. In pairs: ab + cd = 1, ac + bd = 1.2, ad + bc = 0.5. Three and one: abd = 1.8
 * is the most, acd = 0.8 the least. */
START_TEST(best_affinity_is_found)
{
    static const float affinity[16] = {
        1, 0.9F, 0.5F, 0.2F, 0.9F, 1, 0.3F, 0.7F, 0.5F, 0.3F, 1, 0.1F, 0.2F, 0.7F, 0.1F, 1};
    struct workload w = world(2, 1, 1000000, 1);
    struct brute_query query = {.balance = (double)NAN, .ratio = 1, .affinity = affinity};
    for (int i = 0; i < 4; i++)
        add_table(&w, 10, 4, 1);
    ck_assert_double_eq_tol(ask(&w, query).inside, 1.2 / 2.7, 1e-6);
    query.ratio = (double)NAN;
    ck_assert_double_eq_tol(ask(&w, query).inside, 1.8 / 2.7, 1e-6);
    query.diverse = true;
    ck_assert_double_eq_tol(ask(&w, query).inside, 0.5 / 2.7, 1e-6);
    add_rule(&w, RULE_APART, 1, 2, 0); /* b and c: acd is the best but ab + cd */
    ck_assert_double_eq_tol(ask(&w, query).inside, 0.8 / 2.7, 1e-6);
    workload_release(&w);
}
END_TEST

/* Features of one table are always together: two of one table, with 0.4 between them, and 0.5 and 0.1
 * to the second and to the third table, which have 0.2 between them; in all 0.4 + 2*0.5 + 2*0.1 + 0.2 =
 * 1.8. Most: 0.4 + 2*0.5; least: 0.4 + 0.2. */
START_TEST(affinity_inside_a_table_counts)
{
    static const float affinity[16] = {
        1, 0.4F, 0.5F, 0.1F, 0.4F, 1, 0.5F, 0.1F, 0.5F, 0.5F, 1, 0.2F, 0.1F, 0.1F, 0.2F, 1};
    struct workload w = world(2, 1, 1000000, 1);
    struct brute_query query = anything;
    query.affinity = affinity;
    for (int i = 0; i < 3; i++)
        add_table(&w, 10, 4, i == 0 ? 2 : 1);
    ck_assert_double_eq_tol(ask(&w, query).inside, 1.4 / 1.8, 1e-6);
    query.diverse = true;
    ck_assert_double_eq_tol(ask(&w, query).inside, 0.6 / 1.8, 1e-6);
    workload_release(&w);
}
END_TEST

/* In pairs ab + cd holds 0.9 + 0.1 and ac + bd 0; two tables of 800 bytes do not fit one rank. */
START_TEST(the_best_must_fit)
{
    static const float affinity[16] = {1, 0.9F, 0, 0, 0.9F, 1, 0, 0, 0, 0, 1, 0.1F, 0, 0, 0.1F, 1};
    struct workload w = world(2, 1, 1800, 1);
    struct brute_query query = {.balance = (double)NAN, .ratio = 1, .affinity = affinity};
    for (int i = 0; i < 4; i++)
        add_table(&w, i < 2 ? 50 : 1, 4, 1);
    ck_assert_double_eq_tol(ask(&w, query).inside, 0, 1e-6);
    w.host_memory[0] = w.host_memory[1] = w.memory_bytes = 5000;
    ck_assert_double_eq_tol(ask(&w, query).inside, 1, 1e-6);
    workload_release(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("brute");
    TCase *tcase = tcase_create("brute");
    tcase_add_loop_test(tcase, memory_counts_to_the_byte, 0, 2);
    tcase_add_loop_test(tcase, columns_are_tried, 0, 2);
    tcase_add_loop_test(tcase, rows_are_tried, 0, 2);
    tcase_add_loop_test(tcase, mixed_shardings_are_tried, 0, 2);
    tcase_add_test(tcase, rules_are_obeyed);
    tcase_add_test(tcase, tightest_balance_is_found);
    tcase_add_test(tcase, tightest_ratio_is_found);
    tcase_add_test(tcase, stride_has_one_assignment);
    tcase_add_test(tcase, best_affinity_is_found);
    tcase_add_test(tcase, affinity_inside_a_table_counts);
    tcase_add_test(tcase, the_best_must_fit);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
