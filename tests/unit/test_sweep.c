/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps: break-even by hand, rows against plans of the same setting, what a sweep says where there
 * are no towers or no room. */
#include "workload.h"

#include <towerpart/sweep.h>

static struct tp_sweep *sweep_of(const struct workload *w, const struct tp_sweep_options *options)
{
    struct tp_sweep *sweep = NULL;
    struct tp_error err = {0};
    ck_assert_msg(
        tp_sweep_make(&w->model, &w->topology, options, &sweep, &err) == TP_OK, "%s", err.text);
    return sweep;
}

static struct tp_sweep *sweep_ranks(const struct workload *w, const int64_t *ranks, int32_t count)
{
    return sweep_of(w, &(struct tp_sweep_options){.ranks = {ranks, count}});
}

/* 16 tables of 8 columns, 64 samples per rank, 2 ranks per host; all free of charge but messages
 * between hosts, l = 10 us each, and bytes inside hosts.
 *
 * On G ranks each has 16 / G tables. An exchange between hosts takes a rank of flat G - 2 messages,
 * of sptt, whose peers are one per host, G / 2 - 1. sptt exchanges inside its host before: with its
 * one neighbour the values of half the batch, 64 G / 2 samples of 128 / G columns of 4 bytes =
 * 16,384 bytes, whatever G is. The host's rate is such that this takes 4.5 l. Forward and backward:
 *
 * G       4      8      16 flat    4.5 l  12 l   28 l     2 (G - 2) l; at 4 ranks the host is the
 * slower level: 8,192 bytes, sptt    11 l   15 l   23 l     (G - 2) l + 9 l
 * 2.25 l a time */
#define LATENCY 1e-5

static void begin_by_hand(struct workload *w)
{
    workload_begin(w, 8, 2, INT64_C(1000000000));
    workload_tables(w, 16, 100, 8);
    struct tp_topology *t = &w->topology;
    t->device.memory_bytes_per_s = t->device.flops_per_s = 1e30;
    t->levels[0].latency_s = 0;
    t->levels[0].bytes_per_s = 16384 / (4.5 * LATENCY);
    t->levels[1].latency_s = LATENCY;
    t->levels[1].bytes_per_s = 1e30;
}

/* Of the embedding exchanges, which are all that differs; in units of l. */
static double exchanges(const struct tp_sweep_row *row, enum tp_mode mode)
{
    static const enum tp_phase phases[] = {TP_PHASE_TOWER_EXCHANGE, TP_PHASE_EMBEDDING_ALLTOALL,
        TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, TP_PHASE_TOWER_EXCHANGE_BACKWARD};
    double seconds = 0;
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        seconds += row->cost.modes[mode].phases[phases[i]].seconds;
    return seconds / LATENCY;
}

START_TEST(test_break_even_by_hand)
{
    static const int64_t ranks[] = {16, 4, 8};
    static const double flat[] = {4.5, 12, 28}, sptt[] = {11, 15, 23};
    /* Where flat keeps the links inside hosts busy all the time, ids of 4 tables wait: 64 * 4 * 12 bytes. */
    static const double flat_ids[] = {4.5 * 3072 / 16384, 0, 0};
    struct workload w;
    begin_by_hand(&w);
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 3);
    ck_assert_int_eq(sweep->row_count, 3);
    ck_assert_int_eq(sweep->series_count, 1);
    for (int32_t i = 0; i < 3; i++) {
        const struct tp_sweep_row *row = &sweep->rows[i];
        double difference = tp_sweep_seconds(row, TP_USE_SPTT) - tp_sweep_seconds(row, TP_USE_FLAT);
        ck_assert_int_eq(row->setting.ranks, 4 << i);
        ck_assert_int_eq(row->setting.towers, 2 << i);
        ck_assert_int_eq(row->setting.batch, 256 << i);
        ck_assert_double_eq_tol(exchanges(row, TP_MODE_FLAT), flat[i], 1e-6);
        ck_assert_double_eq_tol(exchanges(row, TP_MODE_SPTT), sptt[i], 1e-6);
        ck_assert_double_eq_tol(difference / LATENCY, sptt[i] - flat[i] - flat_ids[i], 1e-6);
    }
    const struct tp_break_even *even = &sweep->series[0].sptt;
    ck_assert_int_eq(even->row, 2);
    ck_assert(!even->always);
    ck_assert_int_eq(even->first, 0);
    ck_assert_int_eq(even->last, 2);
    ck_assert_int_eq(sweep->recommended, 2); /* 16 ranks are the topology's own */
    ck_assert_int_eq(tp_sweep_best(&sweep->rows[2], false), TP_USE_SPTT);
    tp_sweep_free(sweep);
}
END_TEST

START_TEST(test_break_even_is_always_where_bytes_inside_hosts_cost_nothing)
{
    static const int64_t ranks[] = {4, 8, 16};
    struct workload w;
    begin_by_hand(&w);
    w.topology.levels[0].bytes_per_s = 1e30;
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 3);
    ck_assert_int_eq(sweep->series[0].sptt.row, 0);
    ck_assert(sweep->series[0].sptt.always);
    tp_sweep_free(sweep);
}
END_TEST

START_TEST(test_break_even_is_never_where_messages_cost_nothing)
{
    static const int64_t ranks[] = {4, 8, 16};
    struct workload w;
    begin_by_hand(&w);
    w.topology.levels[1].latency_s = 0;
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 3);
    ck_assert_int_eq(sweep->series[0].sptt.row, -1);
    ck_assert(!sweep->series[0].sptt.always);
    ck_assert_int_eq(sweep->series[0].dmt.row, -1);
    ck_assert_int_ne(tp_sweep_best(&sweep->rows[2], true), TP_USE_SPTT);
    tp_sweep_free(sweep);
}
END_TEST

/* Exchanges among 8 ranks are slow: those of flat on 8 ranks, and of sptt on 16, where 7 peers with
 * 4,096 bytes each take 100 l. */
START_TEST(test_a_win_that_does_not_last_is_no_break_even)
{
    static const int64_t ranks[] = {4, 8, 16};
    struct tp_curve_point points[] = {{4, 1e30}, {8, 7 * 4096 / (100 * LATENCY)}, {16, 1e30}};
    struct workload w;
    begin_by_hand(&w);
    w.topology.levels[0].bytes_per_s = 1e30;
    w.topology.levels[1].alltoall = (struct tp_curve){points, 3};
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 3);
    ck_assert_int_eq(sweep->series[0].sptt.row, -1);
    ck_assert_double_eq_tol(exchanges(&sweep->rows[2], TP_MODE_SPTT), 2 * (7 + 100), 1e-6);
    tp_sweep_free(sweep);
    sweep = sweep_ranks(&w, ranks, 2);
    ck_assert(sweep->series[0].sptt.always);
    tp_sweep_free(sweep);
}
END_TEST

START_TEST(test_one_tower_is_no_win_over_flat)
{
    static const int64_t ranks[] = {2};
    struct workload w;
    begin_by_hand(&w);
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 1);
    ck_assert_int_eq(sweep->rows[0].setting.towers, 1);
    ck_assert(sweep->rows[0].placed);
    ck_assert_int_eq(sweep->series[0].sptt.row, -1);
    tp_sweep_free(sweep);
}
END_TEST

/* Tables of all kinds, each pinned, so that sweep and plan have the same towers. */
static void begin_pinned(struct workload *w, int32_t hosts)
{
    workload_begin(w, hosts, 2, INT64_C(40000000));
    for (int32_t i = 0; i < 8; i++)
        workload_table(w, 1000 * (i + 1) * (i + 1), 8 << i % 3, 1 + i % 2, 1 + i);
    for (int32_t i = 0; i < 8; i++)
        workload_pin(w, w->tables[i].first_feature, i < 4 ? i : 3 - i % 2);
}

static void assert_same_cost(const struct tp_plan_cost *a, const struct tp_plan_cost *b)
{
    ck_assert_double_eq(a->flat_free_seconds, b->flat_free_seconds);
    ck_assert_int_eq(a->recommended, b->recommended);
    ck_assert_int_eq(a->recommended_if_quality_allows, b->recommended_if_quality_allows);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        ck_assert_double_eq(a->modes[mode].seconds, b->modes[mode].seconds);
        for (int p = 0; p < TP_PHASE_COUNT; p++)
            ck_assert_double_eq(a->modes[mode].phases[p].seconds, b->modes[mode].phases[p].seconds);
    }
}

START_TEST(test_a_row_is_what_a_plan_of_that_setting_states)
{
    static const int64_t ranks[] = {8}, local[] = {16};
    const struct tp_tower_module module = {.kind = TP_MODULE_DLRM, .c = 1, .p = 1, .dim = 4};
    const enum tp_dtype exchange = TP_BFLOAT16;
    const double rate = 1e9;
    struct workload base, w;
    struct tp_plan *plan = NULL;
    struct tp_error err = {0};
    begin_pinned(&base, 2);
    struct tp_sweep *sweep = sweep_of(&base, &(struct tp_sweep_options){.ranks = {ranks, 1},
                                                 .local_batches = {local, 1},
                                                 .modules = &module,
                                                 .module_count = 1,
                                                 .exchanges = &exchange,
                                                 .exchange_count = 1,
                                                 .bytes_per_s = &rate,
                                                 .rate_count = 1});
    begin_pinned(&w, 4);
    w.model.local_batch_size = 16;
    w.model.tower_module = module;
    w.model.forward = w.model.backward = TP_BFLOAT16;
    w.topology.levels[1].bytes_per_s = rate;
    struct tp_plan_options options = tp_plan_options_default();
    options.strategy = TP_STRATEGY_LOAD;
    ck_assert_msg(
        tp_plan_make(&w.model, &w.topology, NULL, &options, &plan, &err) == TP_OK, "%s", err.text);
    ck_assert_int_eq(plan->tower_count, 4);
    ck_assert_int_eq(sweep->row_count, 1);
    ck_assert(sweep->rows[0].placed);
    ck_assert_int_eq(sweep->rows[0].setting.towers, 4);
    assert_same_cost(&sweep->rows[0].cost, &plan->cost);
    tp_plan_free(plan);
    tp_sweep_free(sweep);
}
END_TEST

START_TEST(test_towers_keep_what_must_be_apart)
{
    static const int64_t ranks[] = {4};
    struct workload w;
    workload_begin(&w, 2, 2, INT64_C(1000000000));
    workload_tables(&w, 4, 100, 8);
    workload_bind(&w, TP_APART, 0, 1, -1);
    workload_bind(&w, TP_APART, 1, 2, -1);
    workload_bind(&w, TP_APART, 0, 3, -1); /* so {0, 2} and {1, 3} */
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 1);
    ck_assert(sweep->rows[0].placed);
    tp_sweep_free(sweep);
    workload_bind(&w, TP_APART, 0, 2, -1);
    sweep = sweep_ranks(&w, ranks, 1);
    ck_assert(!sweep->rows[0].placed);
    ck_assert_ptr_nonnull(sweep->rows[0].why);
    ck_assert_ptr_null(strchr(sweep->rows[0].why, '\n'));
    tp_sweep_free(sweep);
}
END_TEST

/* Heaviest first and lightest tower first parts 0 and 1, and leaves no tower for 2. */
START_TEST(test_towers_that_break_a_constraint_are_repaired)
{
    static const int64_t ranks[] = {4};
    struct workload w;
    workload_begin(&w, 2, 2, INT64_C(1000000000));
    workload_table(&w, 300, 8, 1, 3);
    workload_table(&w, 200, 8, 1, 2);
    workload_table(&w, 100, 8, 1, 1);
    workload_bind(&w, TP_APART, 0, 2, -1);
    workload_bind(&w, TP_APART, 1, 2, -1);
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 1);
    ck_assert(sweep->rows[0].placed);
    tp_sweep_free(sweep);
}
END_TEST

/* 16 tables of 100 x 8 floats, 51,200 bytes in all: too much for 2 ranks of 24,000, and 32 hosts
 * are more than there are tables. */
START_TEST(test_rows_that_are_not_possible_say_why_and_the_sweep_goes_on)
{
    static const int64_t ranks[] = {2, 16, 64};
    struct workload w;
    workload_begin(&w, 8, 2, 24000);
    workload_tables(&w, 16, 100, 8);
    w.model.local_batch_size = 1;
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 3);
    ck_assert(!sweep->rows[0].placed);
    ck_assert(isnan(sweep->rows[0].cost.flat_free_seconds));
    ck_assert_ptr_nonnull(strstr(sweep->rows[0].why, "no room: need "));
    ck_assert_ptr_nonnull(strstr(sweep->rows[0].why, ", have 48.0 kB"));
    ck_assert(sweep->rows[1].placed);
    ck_assert_ptr_null(sweep->rows[1].why);
    ck_assert(!sweep->rows[2].placed);
    ck_assert(sweep->rows[2].cost.flat_free_seconds > 0);
    ck_assert_str_eq(sweep->rows[2].why, "32 towers, but only 16 units");
    ck_assert_int_eq(sweep->series[0].sptt.first, 1);
    ck_assert_int_eq(sweep->series[0].sptt.last, 1);
    tp_sweep_free(sweep);
}
END_TEST

START_TEST(test_nothing_is_recommended_where_nothing_fits)
{
    static const int64_t ranks[] = {2, 4};
    struct workload w;
    workload_begin(&w, 2, 2, 1000);
    workload_tables(&w, 16, 100, 8);
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 2);
    ck_assert_int_eq(sweep->recommended, -1);
    ck_assert_int_eq(sweep->recommended_if_quality_allows, -1);
    ck_assert_int_eq(sweep->series[0].dmt.first, -1);
    tp_sweep_free(sweep);
}
END_TEST

START_TEST(test_ranks_that_are_not_given_are_8_to_4096)
{
    struct workload w;
    workload_begin(&w, 2, 2, INT64_C(1000000000));
    workload_tables(&w, 4, 100, 8);
    struct tp_sweep *sweep = sweep_of(&w, NULL);
    ck_assert_int_eq(sweep->row_count, 10);
    for (int32_t i = 0; i < 10; i++)
        ck_assert_int_eq(sweep->rows[i].setting.ranks, 8 << i);
    ck_assert_int_eq(sweep->recommended, 9); /* without the topology's own 4, the most */
    tp_sweep_free(sweep);
    w.topology.ranks_per_host = w.topology.levels[0].fanout = 3; /* divides none of them */
    w.topology.rank_count = 6;
    sweep = sweep_of(&w, NULL);
    ck_assert_int_eq(sweep->row_count, 1);
    ck_assert_int_eq(sweep->rows[0].setting.ranks, 6);
    tp_sweep_free(sweep);
}
END_TEST

START_TEST(test_a_global_batch_stays_and_one_that_does_not_divide_is_said)
{
    static const int64_t ranks[] = {2, 4, 8};
    struct workload w;
    workload_begin(&w, 2, 2, INT64_C(1000000000));
    workload_tables(&w, 4, 100, 8);
    w.model.local_batch_size = 0;
    w.model.batch_size = 12;
    struct tp_sweep *sweep = sweep_ranks(&w, ranks, 3);
    ck_assert_int_eq(sweep->rows[0].setting.batch, 12);
    ck_assert_int_eq(sweep->rows[1].setting.batch, 12);
    ck_assert(sweep->rows[1].placed);
    ck_assert_int_eq(sweep->rows[2].setting.batch, 0);
    ck_assert(!sweep->rows[2].placed);
    ck_assert(isnan(sweep->rows[2].cost.flat_free_seconds));
    tp_sweep_free(sweep);
}
END_TEST

START_TEST(test_every_combination_is_a_row_in_the_order_of_the_lists)
{
    static const int64_t ranks[] = {16, 8}, hosts[] = {1, 2}, local[] = {32, 64};
    static const double rates[] = {1e9, 1e10, 1e11};
    static const enum tp_dtype exchanges[] = {TP_FLOAT32, TP_BFLOAT16};
    static const struct tp_tower_module modules[] = {
        {.kind = TP_MODULE_NONE}, {.kind = TP_MODULE_DLRM, .c = 1, .dim = 4}};
    struct workload w;
    workload_begin(&w, 8, 2, INT64_C(1000000000));
    workload_tables(&w, 16, 100, 8);
    struct tp_sweep *sweep = sweep_of(&w, &(struct tp_sweep_options){.ranks = {ranks, 2},
                                              .hosts_per_tower = {hosts, 2},
                                              .local_batches = {local, 2},
                                              .bytes_per_s = rates,
                                              .rate_count = 3,
                                              .exchanges = exchanges,
                                              .exchange_count = 2,
                                              .modules = modules,
                                              .module_count = 2});
    ck_assert_int_eq(sweep->row_count, 96);
    ck_assert_int_eq(sweep->series_count, 48);
    for (int32_t i = 0; i < 96; i++) {
        const struct tp_sweep_setting *s = &sweep->rows[i].setting;
        ck_assert_int_eq(s->ranks, i % 2 ? 16 : 8);
        ck_assert_int_eq(s->hosts_per_tower, hosts[i / 2 % 2]);
        ck_assert_int_eq(s->towers, s->ranks / 2 / s->hosts_per_tower);
        ck_assert_int_eq(s->batch, local[i / 4 % 2] * s->ranks);
        ck_assert_double_eq(s->bytes_per_s, rates[i / 8 % 3]);
        ck_assert_int_eq(s->forward, exchanges[i / 24 % 2]);
        ck_assert_int_eq(s->backward, exchanges[i / 24 % 2]);
        ck_assert_int_eq(s->module.kind, modules[i / 48].kind);
        ck_assert_int_eq(sweep->series[i / 2].first_row, i / 2 * 2);
    }
    tp_sweep_free(sweep);
}
END_TEST

static void assert_refused(
    const struct workload *w, const struct tp_sweep_options *options, const char *text)
{
    struct tp_sweep *sweep = NULL;
    struct tp_error err = {0};
    ck_assert_int_eq(tp_sweep_make(&w->model, &w->topology, options, &sweep, &err), TP_EUSAGE);
    ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
    ck_assert_ptr_null(sweep);
}

START_TEST(test_lists_that_no_topology_can_follow_are_refused)
{
    static const int64_t odd[] = {4, 7}, three[] = {3}, eight[] = {8}, two[] = {2};
    static double rates[TP_SWEEP_ROWS_MAX + 1];
    struct workload w;
    workload_begin(&w, 2, 2, INT64_C(1000000000));
    workload_tables(&w, 4, 100, 8);
    assert_refused(&w, &(struct tp_sweep_options){.ranks = {odd, 2}}, "found 7 ranks");
    assert_refused(&w,
        &(struct tp_sweep_options){.ranks = {eight, 1}, .hosts_per_tower = {three, 1}},
        "found 3 hosts per tower");
    assert_refused(&w, &(struct tp_sweep_options){.ranks = {eight, 1}, .towers = {three, 1}},
        "found 3 towers");
    assert_refused(&w, &(struct tp_sweep_options){.hosts_per_tower = {two, 1}, .towers = {two, 1}},
        "say the same");
    assert_refused(&w,
        &(struct tp_sweep_options){
            .ranks = {eight, 1}, .bytes_per_s = rates, .rate_count = TP_SWEEP_ROWS_MAX + 1},
        "10001 settings");
    w.topology.level_count = 1;
    w.topology.rank_count = 2;
    w.topology.host_count = 1;
    assert_refused(&w, &(struct tp_sweep_options){.ranks = {eight, 1}}, "is one host of 2");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sweep");
    TCase *cases = tcase_create("core");
    tcase_add_test(cases, test_break_even_by_hand);
    tcase_add_test(cases, test_break_even_is_always_where_bytes_inside_hosts_cost_nothing);
    tcase_add_test(cases, test_break_even_is_never_where_messages_cost_nothing);
    tcase_add_test(cases, test_a_win_that_does_not_last_is_no_break_even);
    tcase_add_test(cases, test_one_tower_is_no_win_over_flat);
    tcase_add_test(cases, test_a_row_is_what_a_plan_of_that_setting_states);
    tcase_add_test(cases, test_towers_keep_what_must_be_apart);
    tcase_add_test(cases, test_towers_that_break_a_constraint_are_repaired);
    tcase_add_test(cases, test_rows_that_are_not_possible_say_why_and_the_sweep_goes_on);
    tcase_add_test(cases, test_nothing_is_recommended_where_nothing_fits);
    tcase_add_test(cases, test_ranks_that_are_not_given_are_8_to_4096);
    tcase_add_test(cases, test_a_global_batch_stays_and_one_that_does_not_divide_is_said);
    tcase_add_test(cases, test_every_combination_is_a_row_in_the_order_of_the_lists);
    tcase_add_test(cases, test_lists_that_no_topology_can_follow_are_refused);
    suite_add_tcase(suite, cases);
    return workload_run(suite);
}
