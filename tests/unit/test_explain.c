/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations of plans small enough to try every place in the test. */
#include <towerpart/explain.h>

#include "workload.h"

enum { TOWERS = 4, FEATURES = 12 };

static struct workload w;

/* Twelve like tables on four hosts, three to a tower at ratio 1: only swaps keep that. */
static struct tp_plan *make_plan(enum tp_strategy strategy, double ratio)
{
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_plan *plan = NULL;
    struct tp_error err = {0};
    options.strategy = strategy;
    options.ratio = ratio;
    options.balance = 1;
    options.effort = 1;
    enum tp_status status = tp_plan_make(&w.model, &w.topology, &w.affinity, &options, &plan, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    return plan;
}

static void begin(uint64_t seed)
{
    workload_begin(&w, TOWERS, 2, 1000000000);
    workload_tables(&w, FEATURES, 1000, 16);
    workload_relate_randomly(&w, seed);
}

static struct tp_explain *explain(
    const struct tp_plan *plan, const char *feature, const struct tp_affinity *affinity)
{
    struct tp_explain *made = NULL;
    struct tp_error err = {0};
    enum tp_status status = tp_explain_make(plan, feature, affinity, &made, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    return made;
}

static void towers_of(const struct tp_plan *plan, int32_t tower[FEATURES])
{
    for (int i = 0; i < FEATURES; i++)
        tower[i] = plan->tables[i].place.tower;
}

/* Share of the affinity of all pairs that lies inside towers, pair by pair. */
static double inside(const int32_t tower[FEATURES])
{
    double all = 0, within = 0;
    for (int i = 0; i < FEATURES; i++)
        for (int k = 0; k < i; k++) {
            double value = (double)w.matrix[i * FEATURES + k];
            all += value;
            within += tower[i] == tower[k] ? value : 0;
        }
    return within / all;
}

START_TEST(affinity_to_the_towers_is_summed_by_hand)
{
    begin(1);
    struct tp_plan *plan = make_plan(TP_STRATEGY_COHERENT, 1);
    struct tp_explain *e = explain(plan, "f5", &w.affinity);
    int32_t tower[FEATURES];
    towers_of(plan, tower);
    ck_assert_int_eq(e->tower, tower[5]);
    for (int t = 0; t < TOWERS; t++) {
        double sum = 0;
        for (int f = 0; f < FEATURES; f++)
            sum += f != 5 && tower[f] == t ? (double)w.matrix[5 * FEATURES + f] : 0;
        ck_assert_int_eq(e->towers[t].features, t == tower[5] ? 2 : 3);
        ck_assert_double_eq_tol(e->towers[t].sum, sum, 1e-6);
        ck_assert_double_eq_tol(e->towers[t].mean, sum / (t == tower[5] ? 2 : 3), 1e-6);
    }
    ck_assert_int_eq(e->partner_count, TP_EXPLAIN_PARTNERS);
    for (int i = 0; i < FEATURES; i++) { /* whoever is not among the partners is weaker */
        bool named = i == 5;
        for (int k = 0; k < e->partner_count; k++)
            named |= e->partners[k].feature == i;
        ck_assert(named || (double)w.matrix[5 * FEATURES + i] <=
                               e->partners[TP_EXPLAIN_PARTNERS - 1].affinity);
    }
    ck_assert_double_eq_tol(e->now.inside_affinity, inside(tower), 1e-6);
    tp_explain_free(e);
    tp_plan_free(plan);
}
END_TEST

/* The most (least, if sign is -1) affinity inside towers when f0 swaps with a feature of tower t. */
static double best_swap(const int32_t tower[FEATURES], int32_t t, double sign)
{
    double best = -INFINITY;
    for (int i = 1; i < FEATURES; i++) {
        int32_t other[FEATURES];
        if (tower[i] != t)
            continue;
        memcpy(other, tower, sizeof other);
        other[i] = tower[0];
        other[0] = t;
        best = fmax(best, sign * inside(other));
    }
    return sign * best;
}

START_TEST(places_are_the_best_swaps_where_moves_break_the_ratio)
{
    enum tp_strategy strategy = _i % 2 ? TP_STRATEGY_COHERENT : TP_STRATEGY_DIVERSE;
    double sign = _i % 2 ? 1 : -1;
    begin((uint64_t)_i + 7);
    struct tp_plan *plan = make_plan(strategy, 1);
    struct tp_explain *e = explain(plan, "f0", &w.affinity);
    int32_t tower[FEATURES];
    towers_of(plan, tower);
    ck_assert_int_eq(e->place_count, TOWERS - 1);
    for (int i = 0; i < e->place_count; i++) {
        const struct tp_explain_place *place = &e->places[i];
        ck_assert_int_ge(place->swap_table, 0);
        ck_assert_int_eq(tower[place->swap_table], place->tower);
        ck_assert_double_eq_tol(place->inside_affinity, best_swap(tower, place->tower, sign), 1e-6);
        if (i)
            ck_assert(
                sign * place->inside_affinity <= sign * e->places[i - 1].inside_affinity + 1e-9);
        ck_assert_uint_eq(e->towers[place->tower].holds, TP_HOLD_FEATURES);
        /* tables are all alike, so no swap changes what a step takes */
        ck_assert_double_eq_tol(
            place->cost.modes[TP_MODE_SPTT].seconds, plan->cost.modes[TP_MODE_SPTT].seconds, 1e-12);
        ck_assert_double_eq_tol(place->balance.features, 1, 1e-12);
    }
    tp_explain_free(e);
    tp_plan_free(plan);
}
END_TEST

/* At ratio 2 towers hold 1 to 6 features: a move of f0 breaks nothing, and leaves 4 to 2 features: the
 * largest tower is 4/3 of the mean. */
START_TEST(a_move_is_a_place_where_limits_are_wide)
{
    begin(3);
    struct tp_plan *plan = make_plan(TP_STRATEGY_STRIDE, 2);
    struct tp_explain *e = explain(plan, "f0", NULL);
    ck_assert(!e->has_affinity);
    ck_assert(isnan(e->now.inside_affinity));
    for (int t = 0; t < TOWERS; t++) {
        ck_assert_uint_eq(e->towers[t].holds, 0);
        ck_assert(isnan(e->towers[t].mean) && isnan(e->towers[t].sum) && isnan(e->towers[t].gain));
    }
    tp_explain_free(e);
    e = explain(plan, "f0", &w.affinity);
    for (int i = 0; i < e->place_count; i++)
        if (e->places[i].swap_table < 0)
            ck_assert_double_eq_tol(e->places[i].balance.features, 4.0 / 3, 1e-12);
    tp_explain_free(e);
    tp_plan_free(plan);
}
END_TEST

START_TEST(constraints_that_hold_are_told)
{
    begin(4);
    workload_pin(&w, 1, 2);
    workload_bind(&w, TP_APART, 0, 3, -1);
    workload_bind(&w, TP_TOGETHER, 4, 5, -1);
    struct tp_plan *plan = make_plan(TP_STRATEGY_COHERENT, 2);
    struct tp_explain *e = explain(plan, "f1", &w.affinity);
    ck_assert_int_eq(e->pin, 2);
    ck_assert_int_eq(e->tower, 2);
    ck_assert_int_eq(e->place_count, 0);
    ck_assert_uint_eq(e->towers[0].holds & TP_HOLD_PIN, TP_HOLD_PIN);
    tp_explain_free(e);
    e = explain(plan, "f0", &w.affinity);
    ck_assert_int_eq(e->pin, -1);
    for (int t = 0; t < TOWERS; t++)
        ck_assert_int_eq(!!(e->towers[t].holds & TP_HOLD_APART), plan->tables[3].place.tower == t);
    tp_explain_free(e);
    e = explain(plan, "f5", &w.affinity);
    ck_assert_int_eq(e->unit_table_count, 2);
    ck_assert_int_eq(e->unit_tables[0], 4);
    ck_assert_int_eq(e->unit_tables[1], 5);
    tp_explain_free(e);
    tp_plan_free(plan);
}
END_TEST

/* At ratio 1.4 towers hold 2 to 5 of 12 features. A unit of two that leaves a tower of three leaves one; in
 * another it makes five. */
START_TEST(a_tower_that_would_be_too_small_holds_its_unit)
{
    begin(11);
    workload_bind(&w, TP_TOGETHER, 4, 5, -1);
    struct tp_plan *plan = make_plan(TP_STRATEGY_COHERENT, 1);
    plan->ratio = 1.4;
    struct tp_explain *e = explain(plan, "f4", &w.affinity);
    for (int t = 0; t < TOWERS; t++)
        ck_assert_uint_eq(e->towers[t].holds, t == e->tower ? 0 : TP_HOLD_FEATURES);
    tp_explain_free(e);
    tp_plan_free(plan);
}
END_TEST

/* f0 has 4 lookups per sample, all others 1: the mean of the towers is 15 / 4 = 3.75. At balance 0.7 a
 * tower may have 6.375: f0 and two others do, f0 and three do not, four without f0 do. */
START_TEST(the_balance_of_lookups_holds_a_heavy_feature)
{
    workload_begin(&w, TOWERS, 2, 1000000000);
    workload_table(&w, 1000, 16, 1, 4);
    workload_tables(&w, FEATURES - 1, 1000, 16);
    workload_relate_randomly(&w, 5);
    struct tp_plan *plan = make_plan(TP_STRATEGY_COHERENT, 1);
    plan->balance = 0.7;
    struct tp_explain *e = explain(plan, "f0", &w.affinity);
    for (int t = 0; t < TOWERS; t++)
        if (t != e->tower)
            ck_assert_uint_eq(e->towers[t].holds & (TP_HOLD_LOOKUP | TP_HOLD_FEATURES),
                TP_HOLD_LOOKUP | TP_HOLD_FEATURES);
    tp_explain_free(e);
    e = explain(plan, "f7", &w.affinity);
    for (int t = 0; t < TOWERS; t++) /* not beside f0 */
        if (t != e->tower)
            ck_assert_int_eq(
                !!(e->towers[t].holds & TP_HOLD_LOOKUP), plan->tables[0].place.tower == t);
    tp_explain_free(e);
    tp_plan_free(plan);
}
END_TEST

START_TEST(one_tower_has_no_other_place)
{
    begin(6);
    struct tp_plan *plan = make_plan(TP_STRATEGY_FLAT, NAN);
    struct tp_explain *e = explain(plan, "f3", &w.affinity);
    ck_assert_int_eq(e->tower_count, 1);
    ck_assert_int_eq(e->place_count, 0);
    ck_assert_int_eq(e->towers[0].features, FEATURES - 1);
    tp_explain_free(e);
    tp_plan_free(plan);
}
END_TEST

START_TEST(an_unknown_feature_is_refused_with_the_nearest)
{
    begin(8);
    struct tp_plan *plan = make_plan(TP_STRATEGY_STRIDE, 1);
    struct tp_explain *e = NULL;
    struct tp_error err = {0};
    ck_assert_int_eq(tp_explain_make(plan, "f111", NULL, &e, &err), TP_EUSAGE);
    ck_assert_str_eq(err.text, "feature f111 is not in the model; did you mean f11?");
    ck_assert_ptr_null(e);
    tp_plan_free(plan);
}
END_TEST

START_TEST(a_plan_that_breaks_a_limit_is_refused)
{
    begin(9);
    struct tp_plan *plan = make_plan(TP_STRATEGY_STRIDE, 1);
    struct tp_explain *e = NULL;
    struct tp_error err = {0};
    plan->tables[0].place.shards[0].rank = 99;
    ck_assert_int_eq(tp_explain_make(plan, "f1", NULL, &e, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "rank: found 99"));
    tp_plan_free(plan);
}
END_TEST

START_TEST(another_affinity_than_the_plans_is_noted)
{
    begin(10);
    struct tp_plan *plan = make_plan(TP_STRATEGY_COHERENT, 1);
    strcpy(plan->affinity.input.sha256, "12");
    strcpy(w.affinity.sha256, "12");
    struct tp_explain *e = explain(plan, "f1", &w.affinity);
    ck_assert(!e->other_affinity);
    tp_explain_free(e);
    strcpy(w.affinity.sha256, "34");
    e = explain(plan, "f1", &w.affinity);
    ck_assert(e->other_affinity);
    tp_explain_free(e);
    tp_plan_free(plan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("explain");
    TCase *tcase = tcase_create("explain");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, affinity_to_the_towers_is_summed_by_hand);
    tcase_add_loop_test(tcase, places_are_the_best_swaps_where_moves_break_the_ratio, 0, 12);
    tcase_add_test(tcase, a_move_is_a_place_where_limits_are_wide);
    tcase_add_test(tcase, constraints_that_hold_are_told);
    tcase_add_test(tcase, a_tower_that_would_be_too_small_holds_its_unit);
    tcase_add_test(tcase, the_balance_of_lookups_holds_a_heavy_feature);
    tcase_add_test(tcase, one_tower_has_no_other_place);
    tcase_add_test(tcase, an_unknown_feature_is_refused_with_the_nearest);
    tcase_add_test(tcase, a_plan_that_breaks_a_limit_is_refused);
    tcase_add_test(tcase, another_affinity_than_the_plans_is_noted);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
