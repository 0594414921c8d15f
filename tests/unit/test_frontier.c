/* SPDX-License-Identifier: Apache-2.0 */
/* Frontiers: points against plans, domination against its definition, settings that have no plan.
 */
#include "workload.h"

#include <towerpart/sweep.h>

/* 8 tables alike on 4 hosts of 2 ranks; features have affinity 0.9 inside a group, else 0.1. */
static void begin(struct workload *w, const int32_t group_of[8])
{
    workload_begin(w, 4, 2, INT64_C(1000000000));
    workload_tables(w, 8, 1000, 16);
    w->model.tower_module =
        (struct tp_tower_module){.kind = TP_MODULE_DLRM, .c = 1, .p = 0, .dim = 4};
    workload_relate(w, group_of, 0.9, 0.1, 0, 1);
}

static const int32_t pairs[8] = {0, 0, 1, 1, 2, 2, 3, 3};

static struct tp_frontier *frontier_of(
    const struct workload *w, const struct tp_frontier_options *options)
{
    struct tp_frontier *frontier = NULL;
    struct tp_error err = {0};
    ck_assert_msg(
        tp_frontier_make(&w->model, &w->topology, &w->affinity, options, &frontier, &err) == TP_OK,
        "%s", err.text);
    return frontier;
}

/* 4 towers hold the 4 pairs of 0.9 of all: 4 x 0.9 + 24 x 0.1 = 6. 2 towers of 4 hold besides them
 * 2 x 4 pairs of 0.1, more affinity, but their exchanges cross hosts. */
START_TEST(test_every_number_of_towers_and_balance_is_a_point)
{
    struct workload w;
    begin(&w, pairs);
    struct tp_frontier *f = frontier_of(&w, &(struct tp_frontier_options){.seed = 1, .effort = 1});
    ck_assert_int_eq(f->count, 10); /* K = 1 and 2, five balances each */
    for (int32_t i = 0; i < 10; i++) {
        const struct tp_frontier_point *p = &f->points[i];
        ck_assert_int_eq(p->setting.ranks, 8);
        ck_assert_int_eq(p->setting.towers, i < 5 ? 4 : 2);
        ck_assert(p->made);
        ck_assert_double_eq_tol(p->inside_affinity, (i < 5 ? 3.6 : 4.4) / 6, 1e-6);
        ck_assert_double_eq(p->seconds, p->cost.modes[TP_MODE_DMT].seconds);
        ck_assert(i % 5 || isnan(p->balance));
        ck_assert(!p->dominated);
        ck_assert(i < 5 || p->seconds > f->points[0].seconds);
    }
    tp_frontier_free(f);
}
END_TEST

START_TEST(test_a_point_is_what_a_plan_states)
{
    static const int64_t two[] = {2};
    static const double balance = 0.3;
    struct workload w;
    struct tp_plan *plan = NULL;
    struct tp_error err = {0};
    begin(&w, pairs);
    struct tp_frontier *f =
        frontier_of(&w, &(struct tp_frontier_options){.setting = {.hosts_per_tower = {two, 1}},
                            .balances = &balance,
                            .balance_count = 1,
                            .seed = 3,
                            .effort = 2});
    struct tp_plan_options options = tp_plan_options_default();
    options.hosts_per_tower = 2;
    options.balance = 0.3;
    options.seed = 3;
    options.effort = 2;
    ck_assert_int_eq(
        tp_plan_make(&w.model, &w.topology, &w.affinity, &options, &plan, &err), TP_OK);
    ck_assert_int_eq(f->count, 1);
    ck_assert_double_eq(f->points[0].inside_affinity, plan->quality.inside_affinity);
    ck_assert_double_eq(f->points[0].balance_used, plan->balance);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        ck_assert_double_eq(f->points[0].cost.modes[mode].seconds, plan->cost.modes[mode].seconds);
    tp_plan_free(plan);
    tp_frontier_free(f);
}
END_TEST

/* With nothing between groups 4 towers hold all affinity, as 2 do, whose exchanges cross hosts. */
START_TEST(test_a_point_is_dominated_if_another_is_better_in_one_and_worse_in_none)
{
    struct workload w;
    begin(&w, pairs);
    workload_relate(&w, pairs, 0.9, 0, 0, 1);
    struct tp_frontier *f = frontier_of(&w, &(struct tp_frontier_options){.seed = 1, .effort = 1});
    int32_t dominated = 0;
    for (int32_t i = 0; i < f->count; i++) {
        const struct tp_frontier_point *p = &f->points[i];
        bool beaten = false;
        for (int32_t k = 0; k < f->count; k++) {
            const struct tp_frontier_point *q = &f->points[k];
            bool more = q->inside_affinity > p->inside_affinity, sooner = q->seconds < p->seconds;
            bool less = q->inside_affinity<p->inside_affinity, later = q->seconds> p->seconds;
            beaten |= p->made && q->made && (more || sooner) && !less && !later;
        }
        ck_assert_int_eq(p->dominated, beaten);
        dominated += beaten;
    }
    ck_assert_int_eq(dominated, 5);
    ck_assert(!f->points[0].dominated && f->points[5].dominated);
    tp_frontier_free(f);
}
END_TEST

START_TEST(test_what_has_no_plan_says_why)
{
    static const int64_t hosts[] = {1, 2}, ranks[] = {6};
    static const double balance = 0;
    struct workload w;
    begin(
        &w, pairs); /* on 3 hosts 8 tables alike are never in perfect balance, nor do 2 divide 3 */
    struct tp_frontier *f =
        frontier_of(&w, &(struct tp_frontier_options){
                            .setting = {.ranks = {ranks, 1}, .hosts_per_tower = {hosts, 1}},
                            .balances = &balance,
                            .balance_count = 1,
                            .effort = 1});
    ck_assert(!f->points[0].made);
    ck_assert(!f->points[0].dominated);
    ck_assert_ptr_nonnull(strstr(f->points[0].why, "balance 0"));
    ck_assert_ptr_null(strchr(f->points[0].why, '\n'));
    tp_frontier_free(f);
}
END_TEST

START_TEST(test_only_towers_and_balances_may_vary)
{
    static const int64_t two[] = {8, 16};
    struct workload w;
    struct tp_frontier *f = NULL;
    struct tp_error err = {0};
    begin(&w, pairs);
    const struct tp_frontier_options ranks = {.setting = {.ranks = {two, 2}}, .effort = 1};
    ck_assert_int_eq(
        tp_frontier_make(&w.model, &w.topology, &w.affinity, &ranks, &f, &err), TP_EUSAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "found 2 ranks, expected one"));
    const struct tp_frontier_options batches = {
        .setting = {.local_batches = {two, 2}}, .effort = 1};
    ck_assert_int_eq(
        tp_frontier_make(&w.model, &w.topology, &w.affinity, &batches, &f, &err), TP_EUSAGE);
    ck_assert_ptr_null(f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frontier");
    TCase *cases = tcase_create("core");
    tcase_add_test(cases, test_every_number_of_towers_and_balance_is_a_point);
    tcase_add_test(cases, test_a_point_is_what_a_plan_states);
    tcase_add_test(cases, test_a_point_is_dominated_if_another_is_better_in_one_and_worse_in_none);
    tcase_add_test(cases, test_what_has_no_plan_says_why);
    tcase_add_test(cases, test_only_towers_and_balances_may_vary);
    suite_add_tcase(suite, cases);
    return workload_run(suite);
}
