/* SPDX-License-Identifier: Apache-2.0 */
/* Plans made end to end: sound by check, as the strategy and the options say, the same every time. */
#include <towerpart/plan.h>

#include "plan/document.h"

#include "workload.h"

#define GIB (INT64_C(1) << 30)

static const enum tp_strategy all_strategies[] = {TP_STRATEGY_COHERENT, TP_STRATEGY_DIVERSE,
    TP_STRATEGY_LOAD, TP_STRATEGY_STRIDE, TP_STRATEGY_FLAT, TP_STRATEGY_PAPER};

/* Four hosts of two ranks; a shared table, mixed dims, a module, heavy and light tables; all kinds of
 * constraints, which stride happens to hold as well. */
static struct tp_affinity *make_mixed(struct workload *w)
{
    int32_t group[WORKLOAD_FEATURES_MAX];
    workload_begin(w, 4, 2, GIB);
    w->model.optimizer = TP_ROWWISE_ADAGRAD;
    w->model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 8, 0};
    workload_table(w, 50000, 16, 2, 2);
    for (int i = 1; i < 14; i++)
        workload_table(w, 1000 * i, i % 3 ? 16 : 32, 1, 1 + i % 4);
    workload_bind(w, TP_TOGETHER, 4, 14, -1);
    workload_bind(w, TP_APART, 2, 3, -1);
    workload_pin(w, 0, 0);
    for (int f = 0; f < w->model.feature_count; f++)
        group[f] = f % 4;
    return workload_relate(w, group, 0.4, 0.1, 0.2, 1);
}

static enum tp_status try_make(const struct workload *w, const struct tp_affinity *affinity,
    const struct tp_plan_options *options, struct tp_plan **plan, struct tp_error *err)
{
    *plan = NULL;
    err->text[0] = '\0';
    enum tp_status status = tp_plan_make(&w->model, &w->topology, affinity, options, plan, err);
    ck_assert_int_eq(status == TP_OK, *plan != NULL);
    return status;
}

static struct tp_plan *make(const struct workload *w, const struct tp_affinity *affinity,
    const struct tp_plan_options *options)
{
    struct tp_plan *plan;
    struct tp_error err;
    ck_assert_msg(try_make(w, affinity, options, &plan, &err) == TP_OK, "%s", err.text);
    return plan;
}

static void assert_sound(const struct tp_plan *plan)
{
    struct tp_findings findings = {0};
    struct tp_error err;
    ck_assert_int_eq(tp_plan_check(plan, NULL, NULL, &findings, &err), TP_OK);
    ck_assert_msg(!findings.count, "%s", findings.count ? findings.lines[0] : "");
    tp_findings_release(&findings);
}

static int32_t tower_of(const struct tp_plan *plan, const char *feature)
{
    for (int32_t t = 0; t < plan->tower_count; t++)
        for (int32_t f = 0; f < plan->towers[t].feature_count; f++)
            if (!strcmp(plan->towers[t].features[f], feature))
                return t;
    return -1;
}

START_TEST(test_every_strategy_makes_a_sound_plan)
{
    struct workload w;
    struct tp_affinity *affinity = make_mixed(&w);
    struct tp_plan_options options = tp_plan_options_default();
    options.strategy = all_strategies[_i];
    if (options.strategy == TP_STRATEGY_STRIDE)
        w.model.constraint_count = 0;
    struct tp_plan *plan = make(&w, affinity, &options);
    assert_sound(plan);
    ck_assert_int_eq(plan->strategy, options.strategy);
    ck_assert_int_eq(plan->tower_count, options.strategy == TP_STRATEGY_FLAT ? 1 : 4);
    ck_assert_double_ge(plan->quality.inside_affinity, 0);
    ck_assert_double_le(plan->quality.inside_affinity, 1 + 1e-12);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_strategies_without_affinity_make_sound_plans_without_quality)
{
    struct workload w;
    struct tp_plan_options options = tp_plan_options_default();
    make_mixed(&w);
    w.model.constraint_count = 0;
    options.strategy = all_strategies[2 + _i];
    struct tp_plan *plan = make(&w, NULL, &options);
    assert_sound(plan);
    ck_assert(isnan(plan->quality.inside_affinity));
    ck_assert_int_eq(plan->quality.baseline_count, 0);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_constraints_hold_in_the_plan)
{
    struct workload w;
    struct tp_affinity *affinity = make_mixed(&w);
    struct tp_plan *plan = make(&w, affinity, NULL);
    ck_assert_int_eq(tower_of(plan, "f0"), 0);
    ck_assert_int_eq(tower_of(plan, "f1"), 0); /* shares f0's table */
    ck_assert_int_eq(tower_of(plan, "f4"), tower_of(plan, "f14"));
    ck_assert_int_ne(tower_of(plan, "f2"), tower_of(plan, "f3"));
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_flat_ignores_constraints_which_are_about_towers)
{
    struct workload w;
    struct tp_plan_options options = tp_plan_options_default();
    make_mixed(&w);
    options.strategy = TP_STRATEGY_FLAT;
    workload_pin(&w, 9, 3); /* there is only tower 0 */
    struct tp_plan *plan = make(&w, NULL, &options);
    assert_sound(plan);
    ck_assert_int_eq(plan->topology->hosts_per_tower, 4);
    ck_assert_int_eq(plan->model->constraint_count, w.model.constraint_count);
    tp_plan_free(plan);
}
END_TEST

static const int32_t hosts_per_tower_cases[] = {0, 1, 2, 4};

START_TEST(test_hosts_per_tower_is_the_option_s_or_the_topology_s)
{
    struct workload w;
    struct tp_affinity *affinity = make_mixed(&w);
    struct tp_plan_options options = tp_plan_options_default();
    w.model.constraint_count = 0; /* one tower keeps nothing apart */
    w.topology.hosts_per_tower = 2;
    options.hosts_per_tower = hosts_per_tower_cases[_i];
    int32_t towers = _i ? 4 / hosts_per_tower_cases[_i] : 2;
    struct tp_plan *plan = make(&w, affinity, &options);
    assert_sound(plan);
    ck_assert_int_eq(plan->tower_count, towers);
    ck_assert_int_eq(plan->topology->hosts_per_tower, 4 / towers);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_given_limits_are_written_down_and_held)
{
    struct workload w;
    struct tp_affinity *affinity = make_mixed(&w);
    struct tp_plan_options options = tp_plan_options_default();
    options.balance = 0.9;
    options.ratio = 1.75;
    struct tp_plan *plan = make(&w, affinity, &options);
    assert_sound(plan);
    ck_assert_double_eq(plan->balance, 0.9);
    ck_assert_double_eq(plan->ratio, 1.75);
    ck_assert(plan->limits_proven);
    ck_assert_double_le(plan->quality.balance.lookup, 1.9 * (1 + 1e-9));
    ck_assert_double_le(plan->quality.balance.output, 1.9 * (1 + 1e-9));
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_coherent_holds_more_affinity_than_diverse_and_no_less_than_legal_baselines)
{
    struct workload w;
    struct tp_affinity *affinity = make_mixed(&w);
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_plan *coherent = make(&w, affinity, &options);
    options.strategy = TP_STRATEGY_DIVERSE;
    struct tp_plan *diverse = make(&w, affinity, &options);
    ck_assert_double_gt(coherent->quality.inside_affinity, diverse->quality.inside_affinity);
    ck_assert_int_eq(coherent->quality.baseline_count, 5);
    for (int b = 0; b < 5; b++) {
        const struct tp_plan_baseline *of_coherent = &coherent->quality.baselines[b];
        const struct tp_plan_baseline *of_diverse = &diverse->quality.baselines[b];
        if (of_coherent->within_limits)
            ck_assert_double_ge(
                coherent->quality.inside_affinity, of_coherent->inside_affinity - 1e-9);
        if (of_diverse->within_limits)
            ck_assert_double_le(
                diverse->quality.inside_affinity, of_diverse->inside_affinity + 1e-9);
    }
    tp_plan_free(coherent);
    tp_plan_free(diverse);
}
END_TEST

/* The best load may be proven, which says nothing about the affinity in the plan. */
START_TEST(test_only_strategies_about_affinity_claim_the_best_of_it)
{
    struct workload w;
    struct tp_plan_options options = tp_plan_options_default();
    int32_t group[] = {0, 1, 2, 0, 1, 2, 0, 1};
    options.strategy = all_strategies[_i];
    bool about =
        options.strategy == TP_STRATEGY_COHERENT || options.strategy == TP_STRATEGY_DIVERSE;
    workload_begin(&w, 3, 2, GIB);
    for (int i = 0; i < 8; i++)
        workload_table(&w, 1000 * (i + 1), 16, 1, 1);
    struct tp_plan *plan = make(&w, workload_relate(&w, group, 0.4, 0.1, 0.2, 1), &options);
    ck_assert_int_eq(plan->quality.proven_optimal, about);
    ck_assert_int_eq(!isnan(plan->quality.bound), about);
    tp_plan_free(plan);
}
END_TEST

/* Two tables of 0.7 GiB and four small ones on three hosts of a GiB, one of which has half of it. */
START_TEST(test_big_tables_avoid_a_host_with_half_the_memory)
{
    struct workload w;
    struct tp_plan_options options = tp_plan_options_default();
    int32_t group[] = {0, 0, 1, 1, 2, 2};
    workload_begin(&w, 3, 1, GIB);
    for (int i = 0; i < 6; i++)
        workload_table(&w, i < 2 ? 11700000 : 1000, 16, 1, 1);
    w.hosts[_i].memory_bytes = GIB / 2;
    struct tp_plan *plan = make(&w, workload_relate(&w, group, 0.8, 0.1, 0.1, 1), &options);
    assert_sound(plan);
    ck_assert_int_ne(plan->tables[0].place.tower, _i);
    ck_assert_int_ne(plan->tables[1].place.tower, _i);
    ck_assert_int_ne(plan->tables[0].place.tower, plan->tables[1].place.tower);
    tp_plan_free(plan);
}
END_TEST

/* Three towers of two hosts, a table each, with 64, 32, 16 columns. One host has a slow uplink, to which
 * the second table brings the least, 96 of the 160, 96, 104 values that test_seating.c derives, and half
 * the memory: 1.4 GiB do not fit there, neither in columns (of eight, five and two) nor in rows. */
START_TEST(test_the_tower_with_least_traffic_gets_the_slow_uplink_if_it_fits_there)
{
    for (int heavy = 0; heavy < 2; heavy++) {
        struct workload w;
        struct tp_plan_options options = tp_plan_options_default();
        workload_begin(&w, 6, 1, GIB);
        w.topology.hosts_per_tower = 2;
        for (int i = 0; i < 3; i++)
            workload_table(&w, i == 1 && heavy ? 11700000 : 1000, 64 >> i, 1, 1);
        for (int h = 0; h < 6; h++)
            w.hosts[h].uplink_bytes_per_s = h == _i ? 1e8 : 1e10;
        w.hosts[_i].memory_bytes = GIB / 2;
        struct tp_plan *plan = make(&w, workload_relate_randomly(&w, 1), &options);
        assert_sound(plan);
        ck_assert_int_eq(plan->tables[heavy ? 2 : 1].place.tower, _i / 2);
        tp_plan_free(plan);
    }
}
END_TEST

START_TEST(test_planted_groups_become_towers)
{
    /* 48 features, group f % 8, on 8 hosts. */
    struct workload w;
    int32_t group[48];
    char name[WORKLOAD_NAME_BYTES];
    workload_begin(&w, 8, 2, GIB);
    workload_tables(&w, 48, 1000, 16);
    for (int f = 0; f < 48; f++)
        group[f] = f % 8;
    struct tp_affinity *affinity = workload_relate(&w, group, 0.3, 0.1, 0.15, (uint64_t)_i);
    struct tp_plan *plan = make(&w, affinity, NULL);
    assert_sound(plan);
    for (int f = 0; f < 48; f++) {
        snprintf(name, sizeof name, "f%d", f % 8);
        ck_assert_int_eq(tower_of(plan, w.feature_name[f]), tower_of(plan, name));
    }
    tp_plan_free(plan);
}
END_TEST

/* The plan document; to be released. */
static struct tp_text document(const struct tp_plan *plan)
{
    struct tp_text text = {0};
    struct tp_error err;
    ck_assert_int_eq(tp_plan_format(plan, &text, &err), TP_OK);
    return text;
}

START_TEST(test_the_same_inputs_and_seed_give_the_same_bytes)
{
    struct workload w;
    struct tp_affinity *affinity = make_mixed(&w);
    struct tp_plan_options options = tp_plan_options_default();
    options.seed = 7;
    struct tp_plan *a = make(&w, affinity, &options), *b = make(&w, affinity, &options);
    struct tp_text x = document(a), y = document(b);
    ck_assert_uint_gt(x.length, 1000);
    ck_assert_str_eq(x.data, y.data);
    tp_text_release(&x);
    tp_text_release(&y);
    tp_plan_free(a);
    tp_plan_free(b);
}
END_TEST

START_TEST(test_random_workloads_make_sound_plans_or_are_refused_with_a_reason)
{
    int made = 0;
    for (int i = 0; i < 8; i++) {
        struct workload w;
        struct tp_random random = tp_random_new((uint64_t)(_i * 8 + i), 41);
        int32_t hosts = 1 + (int32_t)tp_random_below(&random, 5);
        int32_t tables = hosts + (int32_t)tp_random_below(&random, 25);
        workload_begin(&w, hosts, 1 + (int32_t)tp_random_below(&random, 4),
            (int64_t)(2e6 * exp(2 * tp_random_uniform(&random))));
        for (int32_t t = 0; t < tables; t++)
            workload_table(&w, 1 + (int64_t)(2000 * exp(1.5 * tp_random_normal(&random))),
                8 << tp_random_below(&random, 3), 1 + (int32_t)tp_random_below(&random, 2),
                0.5 + exp(tp_random_normal(&random)));
        struct tp_affinity *affinity = workload_relate_randomly(&w, (uint64_t)i);
        struct tp_plan_options options = tp_plan_options_default();
        options.strategy = all_strategies[tp_random_below(&random, 5)];
        options.effort = 1;
        struct tp_plan *plan;
        struct tp_error err;
        enum tp_status status = try_make(&w, affinity, &options, &plan, &err);
        ck_assert(status == TP_OK || status == TP_EINFEASIBLE);
        if (plan) {
            assert_sound(plan);
            made++;
        } else {
            ck_assert_uint_gt(strlen(err.text), 40);
        }
        tp_plan_free(plan);
    }
    ck_assert_int_gt(made, 0);
}
END_TEST

/* Option values that no plan can be made with, and what the message names. */
static const struct {
    struct tp_plan_options options;
    const char *named;
} bad_options[] = {
    {{.strategy = TP_STRATEGY_LOAD, .balance = -0.1, .ratio = 1, .effort = 1}, "balance"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = INFINITY, .ratio = 1, .effort = 1}, "balance"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = 0.99, .effort = 1}, "ratio"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = INFINITY, .effort = 1}, "ratio"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = 1, .effort = 0}, "effort"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = 1, .effort = TP_EFFORT_MAX + 1},
        "effort"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = 1, .effort = 1, .seconds = -1},
        "seconds"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = 1, .effort = 1, .seconds = INFINITY},
        "seconds"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = 1, .effort = 1, .hosts_per_tower = 3},
        "3 hosts per tower"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = 1, .effort = 1, .hosts_per_tower = -1},
        "-1 hosts per tower"},
    {{.strategy = TP_STRATEGY_LOAD, .balance = 1, .ratio = 1, .effort = 1, .hosts_per_tower = 8},
        "8 hosts per tower"},
    {{.strategy = TP_STRATEGY_COHERENT, .balance = 1, .ratio = 1, .effort = 1}, "affinity"},
    {{.strategy = TP_STRATEGY_DIVERSE, .balance = 1, .ratio = 1, .effort = 1}, "affinity"},
    {{.strategy = TP_STRATEGY_IMPORTED, .balance = 1, .ratio = 1, .effort = 1}, "imported"},
};

START_TEST(test_options_out_of_range_are_usage_errors_that_name_them)
{
    struct workload w;
    struct tp_plan *plan;
    struct tp_error err;
    make_mixed(&w);
    ck_assert_int_eq(try_make(&w, NULL, &bad_options[_i].options, &plan, &err), TP_EUSAGE);
    ck_assert_msg(strstr(err.text, bad_options[_i].named) != NULL, "%s", err.text);
}
END_TEST

START_TEST(test_a_batch_that_the_ranks_do_not_divide_is_bad_input)
{
    struct workload w;
    struct tp_plan *plan;
    struct tp_error err;
    struct tp_affinity *affinity = make_mixed(&w);
    w.model.local_batch_size = 0;
    w.model.batch_size = 1001; /* on 8 ranks */
    ck_assert_int_eq(try_make(&w, affinity, NULL, &plan, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "1001"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("make");
    TCase *tcase = tcase_create("make");
    tcase_set_timeout(tcase, 100);
    tcase_add_loop_test(tcase, test_every_strategy_makes_a_sound_plan, 0, 6);
    tcase_add_loop_test(
        tcase, test_strategies_without_affinity_make_sound_plans_without_quality, 0, 3);
    tcase_add_test(tcase, test_constraints_hold_in_the_plan);
    tcase_add_test(tcase, test_flat_ignores_constraints_which_are_about_towers);
    tcase_add_loop_test(tcase, test_hosts_per_tower_is_the_option_s_or_the_topology_s, 0, 4);
    tcase_add_test(tcase, test_given_limits_are_written_down_and_held);
    tcase_add_test(
        tcase, test_coherent_holds_more_affinity_than_diverse_and_no_less_than_legal_baselines);
    tcase_add_loop_test(tcase, test_big_tables_avoid_a_host_with_half_the_memory, 0, 3);
    tcase_add_loop_test(
        tcase, test_the_tower_with_least_traffic_gets_the_slow_uplink_if_it_fits_there, 0, 6);
    tcase_add_loop_test(tcase, test_only_strategies_about_affinity_claim_the_best_of_it, 0, 5);
    tcase_add_loop_test(tcase, test_planted_groups_become_towers, 0, 5);
    tcase_add_test(tcase, test_the_same_inputs_and_seed_give_the_same_bytes);
    tcase_add_loop_test(
        tcase, test_random_workloads_make_sound_plans_or_are_refused_with_a_reason, 0, 12);
    tcase_add_loop_test(tcase, test_options_out_of_range_are_usage_errors_that_name_them, 0,
        (int)(sizeof bad_options / sizeof *bad_options));
    tcase_add_test(tcase, test_a_batch_that_the_ranks_do_not_divide_is_bad_input);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
