/* SPDX-License-Identifier: Apache-2.0 */
/* Figures that follow from a placement, against sums by hand. The plan is that of small_plan.h: tower 0
 * has user, geo, day (dims 16, 16, 16), tower 1 has item, history, device, ad (8, 8, 8, 16). */
#include "scratch.h"
#include "small_plan.h"

#include <math.h>

START_TEST(test_balance_is_the_largest_tower_over_the_mean)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    const struct tp_plan_balance *balance = &plan->quality.balance;
    double memory[2] = {0, 0};
    for (int32_t g = 0; g < 4; g++)
        memory[g / 2] += (double)plan->ranks[g].load.memory_bytes;
    ck_assert_double_eq_tol(balance->features, 4 / 3.5, 1e-15);
    ck_assert_double_eq_tol(balance->output, 48 / 44.0, 1e-15);
    /* history has 3 ids a sample, the others 1: 16 * 3 and 8 * (1 + 3) + 8 + 16 values */
    ck_assert_double_eq_tol(balance->lookup, 56 / 52.0, 1e-15);
    ck_assert_double_eq_tol(balance->memory, memory[0] / ((memory[0] + memory[1]) / 2), 1e-4);
    /* 16 -> 8 for every feature, and 8 -> 16 before it for the three of dim 8 */
    ck_assert_double_eq_tol(balance->flops, 1792 / 1280.0, 1e-15);
    ck_assert_int_eq(plan->towers[0].output_dim, 48);
    ck_assert_int_eq(plan->towers[1].output_dim, 40);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_without_tower_module_there_is_no_balance_of_flops)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    plan->model->tower_module.kind = TP_MODULE_NONE;
    fill_figures(plan);
    ck_assert(isnan(plan->quality.balance.flops));
    ck_assert_double_eq_tol(plan->quality.balance.output, 48 / 44.0, 1e-15);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_lookups_that_round_to_nothing_are_in_balance)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    for (int32_t f = 0; f < plan->model->feature_count; f++)
        plan->model->features[f].pooling = 1e-9;
    fill_figures(plan);
    ck_assert_int_eq(plan->ranks[0].load.lookup_bytes, 0);
    ck_assert_double_eq(plan->quality.balance.lookup, 1);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_ranks_are_listed_once_and_in_order)
{
    struct tp_plan *plan = small_plan(small_plan_two_hosts);
    ck_assert_int_eq(plan->rank_count, 8);
    for (int32_t g = 0; g < 8; g++)
        ck_assert_int_eq(plan->ranks[g].rank, g);
    /* rank 6 holds t_item: 64 samples, 2 features of 8 columns, 4 bytes, 1 + 3 ids of 8 bytes, 2 lengths */
    ck_assert_int_eq(plan->ranks[6].load.output_bytes, 64 * 2 * 8 * 4);
    ck_assert_int_eq(plan->ranks[6].load.lookup_bytes, 64 * 4 * 8 * 4);
    ck_assert_int_eq(plan->ranks[6].load.id_bytes, 64 * (4 * 8 + 2 * 4));
    tp_plan_free(plan);
}
END_TEST

static const struct {
    double flat, flat_free, sptt, dmt;
    enum tp_recommendation recommended, if_quality_allows;
} choices[] = {
    {1, 2, 3, 4, TP_USE_FLAT, TP_USE_FLAT},
    {2, 1, 3, 4, TP_USE_FLAT_FREE, TP_USE_FLAT_FREE},
    {3, 2, 1, 4, TP_USE_SPTT, TP_USE_SPTT},
    {4, 3, 2, 1, TP_USE_SPTT, TP_USE_DMT},
    {2, (double)NAN, 3, 1, TP_USE_FLAT, TP_USE_DMT},
    {3, (double)NAN, 2, 2, TP_USE_SPTT, TP_USE_SPTT},
    {1, 1, 1, 1, TP_USE_FLAT, TP_USE_FLAT}, /* of equal ones the first */
    {2, 1, 1, 1, TP_USE_FLAT_FREE, TP_USE_FLAT_FREE},
};

START_TEST(test_the_fewest_seconds_are_recommended)
{
    struct tp_plan_cost cost = {.flat_free_seconds = choices[_i].flat_free};
    cost.modes[TP_MODE_FLAT].seconds = choices[_i].flat;
    cost.modes[TP_MODE_SPTT].seconds = choices[_i].sptt;
    cost.modes[TP_MODE_DMT].seconds = choices[_i].dmt;
    tp_cost_recommend(&cost);
    ck_assert_int_eq(cost.recommended, choices[_i].recommended);
    ck_assert_int_eq(cost.recommended_if_quality_allows, choices[_i].if_quality_allows);
}
END_TEST

START_TEST(test_flat_free_does_not_depend_on_hosts_per_tower)
{
    struct tp_plan *plan = small_plan(small_plan_two_hosts);
    struct tp_error err;
    double two, one;
    ck_ok(tp_flat_free_seconds(plan->model, plan->topology, &two, &err), err);
    plan->topology->hosts_per_tower = 1;
    ck_ok(tp_flat_free_seconds(plan->model, plan->topology, &one, &err), err);
    ck_assert(isfinite(one) && one > 0);
    ck_assert_double_eq(one, two);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_flat_free_is_missing_when_nothing_fits)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    struct tp_error err;
    double seconds = 0;
    for (int32_t h = 0; h < plan->topology->host_count; h++)
        plan->topology->hosts[h].memory_bytes = 1000;
    ck_ok(tp_flat_free_seconds(plan->model, plan->topology, &seconds, &err), err);
    ck_assert(isnan(seconds));
    tp_plan_free(plan);
}
END_TEST

/* The plan's entries may stand in any order. */
START_TEST(test_a_placement_is_in_the_order_of_the_model)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    struct tp_plan_table first = plan->tables[0];
    struct tp_placement *placement;
    struct tp_error err;
    plan->tables[0] = plan->tables[5];
    plan->tables[5] = first;
    ck_ok(tp_plan_placement(plan, &placement, &err), err);
    ck_assert_int_eq(placement->tower_count, 2);
    ck_assert_int_eq(placement->ranks_per_tower, 2);
    ck_assert_int_eq(placement->table_count, 6);
    ck_assert_int_eq(placement->tables[0].tower, 0);
    ck_assert_int_eq(placement->tables[0].shards[0].rows, 1000);
    ck_assert_int_eq(placement->tables[5].tower, 1);
    ck_assert_int_eq(placement->tables[5].shards[0].rows, 40);
    tp_placement_free(placement);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_a_broken_layout_has_no_placement)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    struct tp_placement *placement = NULL;
    struct tp_error err;
    plan->tables[1].place.shards[1].column = 5;
    plan->tables[3].place.tower = 7;
    ck_assert_int_eq(tp_plan_placement(plan, &placement, &err), TP_EINPUT);
    ck_message_has(&err,
        (const char *[]){"table t_item", "table t_device: tower: found 7, expected 0 to 1", NULL});
    ck_assert_ptr_null(placement);
    tp_plan_free(plan);
}
END_TEST

/* Three features: pairs 0.5, 0.25 and 0.25. */
static const struct {
    int32_t tower[3];
    double share;
} splits[] = {{{0, 0, 0}, 1}, {{0, 0, 1}, 0.5}, {{1, 0, 1}, 0.25}, {{0, 1, 2}, 0}};

START_TEST(test_inside_affinity_counts_each_pair_once)
{
    float values[9] = {1, 0.5F, 0.25F, 0.5F, 1, 0.25F, 0.25F, 0.25F, 1};
    struct tp_affinity affinity = {.feature_count = 3, .affinity = values};
    ck_assert_double_eq(tp_inside_affinity(&affinity, splits[_i].tower), splits[_i].share);
}
END_TEST

START_TEST(test_no_affinity_at_all_is_a_share_of_zero)
{
    float values[4] = {1, 0, 0, 1};
    struct tp_affinity affinity = {.feature_count = 2, .affinity = values};
    ck_assert_double_eq(tp_inside_affinity(&affinity, (const int32_t[]){0, 0}), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("figures");
    tcase_add_test(tcase, test_balance_is_the_largest_tower_over_the_mean);
    tcase_add_test(tcase, test_without_tower_module_there_is_no_balance_of_flops);
    tcase_add_test(tcase, test_lookups_that_round_to_nothing_are_in_balance);
    tcase_add_test(tcase, test_ranks_are_listed_once_and_in_order);
    tcase_add_loop_test(
        tcase, test_the_fewest_seconds_are_recommended, 0, (int)(sizeof choices / sizeof *choices));
    tcase_add_test(tcase, test_flat_free_does_not_depend_on_hosts_per_tower);
    tcase_add_test(tcase, test_flat_free_is_missing_when_nothing_fits);
    tcase_add_test(tcase, test_a_placement_is_in_the_order_of_the_model);
    tcase_add_test(tcase, test_a_broken_layout_has_no_placement);
    tcase_add_loop_test(tcase, test_inside_affinity_counts_each_pair_once, 0, 4);
    tcase_add_test(tcase, test_no_affinity_at_all_is_a_share_of_zero);
    return run_suite("figures", tcase);
}
