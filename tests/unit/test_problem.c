/* SPDX-License-Identifier: Apache-2.0 */
/* From model and topology to units, weights, constraints, classes, against values worked out by hand. */
#include "partition/problem.h"

#include "workload.h"

#define PLENTY (INT64_C(1) << 40)

static struct tp_problem *make(const struct workload *w, const struct tp_affinity *affinity)
{
    struct tp_problem *problem = NULL;
    struct tp_error err = {0};
    ck_assert_msg(tp_problem_new(&w->model, &w->topology, tp_topology_ranks_per_tower(&w->topology),
                      affinity, &problem, &err) == TP_OK,
        "%s", err.text);
    return problem;
}

/* The constraints contradict each other; the message holds all of the words. */
static void assert_refused(const struct workload *w, const char *const *words)
{
    struct tp_problem *problem = NULL;
    struct tp_error err = {0};
    ck_assert_int_eq(tp_problem_new(&w->model, &w->topology,
                         tp_topology_ranks_per_tower(&w->topology), NULL, &problem, &err),
        TP_EINFEASIBLE);
    ck_assert_ptr_null(problem);
    for (; *words; words++)
        ck_assert_msg(strstr(err.text, *words), "'%s' has no '%s'", err.text, *words);
}

/* Two hosts of two ranks, B = 4 * 2 = 8; a shared table, mixed dims, rowwise_adagrad, module dlrm. */
static void make_mixed(struct workload *w)
{
    workload_begin(w, 2, 2, PLENTY);
    w->model.local_batch_size = 2;
    w->model.optimizer = TP_ROWWISE_ADAGRAD;
    w->model.backward = TP_BFLOAT16;
    w->model.bottom_mlp = (struct tp_mlp){1, {8}};
    w->model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 2, 4, 0};
    workload_table(w, 100, 8, 2, 1.5);
    workload_table(w, 50, 16, 1, 2);
    workload_table(w, 10, 8, 1, 1);
}

START_TEST(test_weights_are_those_worked_out_by_hand)
{
    /* Lookup bytes B * pooling * dim * 4: t0 2 * 8*1.5*8*4 = 768, t1 8*2*16*4 = 1024, t2 256.
     * Output dims: 16, 16, 8. Features: 2, 1, 1.
     * Flops, N = 8, per feature 2*N*(p*D) + 2*N*(c*D) = 2*8*8 + 2*8*4 = 192: t0 384; t1 also its
     * projection 2*16*8 = 256: 448; t2 192. */
    static const double expected[3][4] = {{768, 16, 384, 2}, {1024, 16, 448, 1}, {256, 8, 192, 1}};
    struct workload w;
    make_mixed(&w);
    struct tp_problem *p = make(&w, NULL);
    ck_assert_int_eq(p->unit_count, 3);
    ck_assert_int_eq(p->tower_count, 2);
    ck_assert_int_eq(p->feature_count, 4);
    for (int u = 0; u < 3; u++) {
        ck_assert_double_eq(tp_unit_weight(p, u)[TP_LOOKUP], expected[u][0]);
        ck_assert_double_eq(tp_unit_weight(p, u)[TP_OUTPUT], expected[u][1]);
        ck_assert_double_eq(tp_unit_weight(p, u)[TP_FLOPS], expected[u][2]);
        ck_assert_double_eq(tp_unit_weight(p, u)[TP_FEATURES], expected[u][3]);
    }
    ck_assert_double_eq(p->mean[TP_LOOKUP], 1024);
    ck_assert_double_eq(p->mean[TP_OUTPUT], 20);
    ck_assert_double_eq(p->mean[TP_FLOPS], 512);
    ck_assert_double_eq(p->mean[TP_FEATURES], 2);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_memory_is_what_every_sharding_needs_at_least)
{
    /* t2 in its tower of R = 2, summed over the ranks, e = 4 (the larger of both ways), sptt buffers:
     *   parameters 10*8*4 + 10*4 = 360; own ids 2*B*(8+4) = 192; own sends 2*B*8*4 = 512;
     *   received in the tower and kept, on each of 2 ranks 2 * B/R * (8+8)*4 = 512: 1024.
     * 2088 in all.
     * Every rank of the world: ids 2*b*(8+4), values 2*b*8*4, b = 2: 48 + 128 = 176 for t2; t1 ids
     * 2*2*(16+4) = 80, values 2*2*16*4 = 256; t0 ids 2*2*2*(12+4) = 128, values 256. 896 in all. */
    struct workload w;
    make_mixed(&w);
    struct tp_problem *p = make(&w, NULL);
    ck_assert_double_eq(tp_unit_weight(p, 2)[TP_MEMORY], 2088);
    ck_assert_double_eq(tp_tower_most(p, 0)[TP_MEMORY], 2.0 * (double)PLENTY - 2 * 896);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_limits_start_out_as_none_but_memory_and_one_feature)
{
    struct workload w;
    make_mixed(&w);
    struct tp_problem *p = make(&w, NULL);
    ck_assert_double_eq(p->features_least, 1);
    for (int t = 0; t < 2; t++) {
        ck_assert_double_gt(tp_tower_most(p, t)[TP_LOOKUP], 1e300);
        ck_assert_double_gt(tp_tower_most(p, t)[TP_OUTPUT], 1e300);
        ck_assert_double_gt(tp_tower_most(p, t)[TP_FLOPS], 1e300);
        ck_assert_double_eq(tp_tower_most(p, t)[TP_FEATURES], 4);
    }
    tp_problem_free(p);
}
END_TEST

START_TEST(test_set_limits_bounds_loads_by_balance_and_features_by_ratio)
{
    /* Mean features 2, ratio 1.5: 1 (1.33) to 3. Balance 0.5 of means 1024, 20, 512. */
    struct workload w;
    make_mixed(&w);
    struct tp_problem *p = make(&w, NULL);
    double memory = tp_tower_most(p, 1)[TP_MEMORY];
    tp_problem_set_limits(p, (struct tp_limits){0.5, 1.5});
    ck_assert_double_eq_tol(tp_tower_most(p, 1)[TP_LOOKUP], 1536, 1e-5);
    ck_assert_double_eq_tol(tp_tower_most(p, 1)[TP_OUTPUT], 30, 1e-6);
    ck_assert_double_eq_tol(tp_tower_most(p, 1)[TP_FLOPS], 768, 1e-5);
    ck_assert_double_ge(tp_tower_most(p, 1)[TP_OUTPUT], 30);
    ck_assert_double_eq(tp_tower_most(p, 1)[TP_FEATURES], 3);
    ck_assert_double_eq(p->features_least, 1);
    ck_assert_double_eq(tp_tower_most(p, 1)[TP_MEMORY], memory);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_memory_too_small_for_what_every_rank_receives_leaves_none)
{
    struct workload w;
    make_mixed(&w);
    for (int h = 0; h < 2; h++)
        w.hosts[h].memory_bytes = 800;
    struct tp_problem *p = make(&w, NULL);
    ck_assert_double_eq(tp_tower_most(p, 0)[TP_MEMORY], 0);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_together_makes_one_unit_of_connected_tables)
{
    /* f1-f4 and f4-f2 join tables 1, 4, 2; f0 is alone, f3 and f5 are joined. */
    static const int32_t units[] = {0, 1, 1, 2, 1, 2};
    struct workload w;
    workload_begin(&w, 2, 2, PLENTY);
    workload_tables(&w, 6, 10, 16);
    workload_bind(&w, TP_TOGETHER, 1, 4, -1);
    workload_bind(&w, TP_TOGETHER, 4, 2, -1);
    workload_bind(&w, TP_TOGETHER, 5, 3, -1);
    struct tp_problem *p = make(&w, NULL);
    ck_assert_int_eq(p->unit_count, 3);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(p->unit_of_table[i], units[i]);
    ck_assert_double_eq(tp_unit_weight(p, 1)[TP_FEATURES], 3);
    ck_assert_double_eq(tp_unit_weight(p, 1)[TP_OUTPUT], 48);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_affinity_of_units_is_the_sum_over_pairs_of_features)
{
    /* Units {f0, f1} (one table) and {f2, f3} (bound), {f4}. */
    struct workload w;
    workload_begin(&w, 2, 2, PLENTY);
    workload_table(&w, 10, 16, 2, 1);
    workload_tables(&w, 3, 10, 16);
    workload_bind(&w, TP_TOGETHER, 2, 3, -1);
    struct tp_affinity *a = workload_relate_randomly(&w, 3);
    struct tp_problem *p = make(&w, a);
    const float *m = w.matrix; /* (5, 5) */
    ck_assert_int_eq(p->unit_count, 3);
    ck_assert_float_eq_tol(p->affinity[1], m[2] + m[3] + m[7] + m[8], 1e-6f);
    ck_assert_float_eq(p->affinity[3], p->affinity[1]);
    ck_assert_float_eq_tol(p->affinity[2], m[4] + m[9], 1e-6f);
    ck_assert_float_eq_tol(p->affinity[5], m[14] + m[19], 1e-6f);
    for (int u = 0; u < 3; u++)
        ck_assert_float_eq(p->affinity[u * 3 + u], 0);
    tp_problem_free(p);
}
END_TEST

/* Sums of floats depend on their order, and a swap must not gain there and back. */
START_TEST(test_affinity_of_units_is_symmetric_to_the_last_bit)
{
    struct workload w;
    workload_begin(&w, 2, 2, PLENTY);
    for (int i = 0; i < 8; i++)
        workload_table(&w, 1000, 16, 3, 1);
    struct tp_affinity *a = workload_relate_randomly(&w, 3);
    struct tp_problem *p = make(&w, a);
    for (int32_t u = 0; u < 8; u++)
        for (int32_t v = 0; v < u; v++)
            ck_assert_mem_eq(&p->affinity[u * 8 + v], &p->affinity[v * 8 + u], sizeof(float));
    tp_problem_free(p);
}
END_TEST

START_TEST(test_pins_and_aparts_reach_the_units)
{
    struct workload w;
    workload_begin(&w, 4, 1, PLENTY);
    workload_tables(&w, 6, 10, 16);
    workload_bind(&w, TP_TOGETHER, 0, 3, -1);
    workload_pin(&w, 3, 2);
    workload_bind(&w, TP_APART, 3, 1, 5, -1);
    struct tp_problem *p = make(&w, NULL);
    /* Units: {0, 3}, 1, 2, 4, 5 as 0..4. */
    static const int32_t pins[] = {2, -1, -1, -1, -1}, aparts[] = {2, 2, 0, 0, 2};
    for (int u = 0; u < 5; u++) {
        ck_assert_int_eq(p->pin[u], pins[u]);
        ck_assert_int_eq(p->apart_first[u + 1] - p->apart_first[u], aparts[u]);
    }
    const int32_t *of_first = p->apart + p->apart_first[0];
    ck_assert(of_first[0] + of_first[1] == 5 && of_first[0] * of_first[1] == 4);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_towers_of_one_class_have_the_same_memory_on_every_rank_and_no_pin)
{
    /* Hosts 1 and 4 are smaller, tower 0 is pinned. */
    static const int32_t classes[] = {2, 1, 0, 0, 1, 0};
    struct workload w;
    workload_begin(&w, 6, 2, PLENTY);
    workload_tables(&w, 6, 10, 16);
    w.hosts[1].memory_bytes = w.hosts[4].memory_bytes = PLENTY / 2;
    workload_pin(&w, 5, 0);
    struct tp_problem *p = make(&w, NULL);
    ck_assert_int_eq(p->class_count, 3);
    for (int t = 0; t < 6; t++)
        for (int o = 0; o < 6; o++)
            ck_assert_int_eq(p->tower_class[t] == p->tower_class[o], classes[t] == classes[o]);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_two_hosts_per_tower_halve_the_towers_and_add_up_memory)
{
    struct workload w;
    make_mixed(&w);
    struct tp_problem *one = make(&w, NULL);
    w.topology.hosts_per_tower = 2;
    struct tp_problem *two = make(&w, NULL);
    ck_assert_int_eq(two->tower_count, 1);
    ck_assert_double_eq(tp_tower_most(two, 0)[TP_MEMORY], 2 * tp_tower_most(one, 0)[TP_MEMORY]);
    ck_assert_double_eq(two->mean[TP_LOOKUP], 2 * one->mean[TP_LOOKUP]);
    tp_problem_free(one);
    tp_problem_free(two);
}
END_TEST

static void begin_contradiction(struct workload *w)
{
    workload_begin(w, 4, 1, PLENTY);
    workload_table(w, 10, 16, 2, 1);
    workload_tables(w, 4, 10, 16);
}

START_TEST(test_apart_in_one_table_is_a_contradiction)
{
    struct workload w;
    begin_contradiction(&w);
    workload_bind(&w, TP_APART, 0, 1, -1);
    assert_refused(&w, (const char *const[]){"f0", "f1", "apart", "share a table", NULL});
}
END_TEST

START_TEST(test_apart_and_together_are_a_contradiction)
{
    struct workload w;
    begin_contradiction(&w);
    workload_bind(&w, TP_TOGETHER, 2, 3, -1);
    workload_bind(&w, TP_TOGETHER, 3, 4, -1);
    workload_bind(&w, TP_APART, 5, 2, 4, -1);
    assert_refused(&w, (const char *const[]){"f2", "f4", "apart", "together", NULL});
}
END_TEST

START_TEST(test_pins_that_disagree_are_a_contradiction)
{
    struct workload w;
    begin_contradiction(&w);
    workload_pin(&w, 0, 2);
    workload_pin(&w, 1, 3);
    assert_refused(&w, (const char *const[]){"f1", "tower 3", "tower 2", "contradict", NULL});
}
END_TEST

START_TEST(test_a_pin_to_a_tower_that_is_not_there_is_refused)
{
    struct workload w;
    begin_contradiction(&w);
    workload_pin(&w, 2, 4);
    assert_refused(&w, (const char *const[]){"f2", "tower 4", "0..3", NULL});
}
END_TEST

START_TEST(test_apart_and_pinned_to_one_tower_is_a_contradiction)
{
    struct workload w;
    begin_contradiction(&w);
    workload_pin(&w, 2, 1);
    workload_pin(&w, 5, 1);
    workload_bind(&w, TP_APART, 2, 5, -1);
    assert_refused(&w, (const char *const[]){"f2", "f5", "pinned to tower 1", NULL});
}
END_TEST

START_TEST(test_a_batch_that_the_ranks_do_not_divide_is_bad_input)
{
    struct workload w;
    struct tp_problem *problem = NULL;
    struct tp_error err;
    begin_contradiction(&w);
    w.model.local_batch_size = 0;
    w.model.batch_size = 10; /* on 4 ranks */
    ck_assert_int_eq(tp_problem_new(&w.model, &w.topology, 1, NULL, &problem, &err), TP_EINPUT);
    ck_assert_ptr_null(problem);
}
END_TEST

START_TEST(test_free_accepts_null)
{
    tp_problem_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("problem");
    TCase *tcase = tcase_create("problem");
    tcase_add_test(tcase, test_weights_are_those_worked_out_by_hand);
    tcase_add_test(tcase, test_memory_is_what_every_sharding_needs_at_least);
    tcase_add_test(tcase, test_limits_start_out_as_none_but_memory_and_one_feature);
    tcase_add_test(tcase, test_set_limits_bounds_loads_by_balance_and_features_by_ratio);
    tcase_add_test(tcase, test_memory_too_small_for_what_every_rank_receives_leaves_none);
    tcase_add_test(tcase, test_together_makes_one_unit_of_connected_tables);
    tcase_add_test(tcase, test_affinity_of_units_is_the_sum_over_pairs_of_features);
    tcase_add_test(tcase, test_affinity_of_units_is_symmetric_to_the_last_bit);
    tcase_add_test(tcase, test_pins_and_aparts_reach_the_units);
    tcase_add_test(tcase, test_towers_of_one_class_have_the_same_memory_on_every_rank_and_no_pin);
    tcase_add_test(tcase, test_two_hosts_per_tower_halve_the_towers_and_add_up_memory);
    tcase_add_test(tcase, test_apart_in_one_table_is_a_contradiction);
    tcase_add_test(tcase, test_apart_and_together_are_a_contradiction);
    tcase_add_test(tcase, test_pins_that_disagree_are_a_contradiction);
    tcase_add_test(tcase, test_a_pin_to_a_tower_that_is_not_there_is_refused);
    tcase_add_test(tcase, test_apart_and_pinned_to_one_tower_is_a_contradiction);
    tcase_add_test(tcase, test_a_batch_that_the_ranks_do_not_divide_is_bad_input);
    tcase_add_test(tcase, test_free_accepts_null);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
