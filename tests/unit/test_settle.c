/* SPDX-License-Identifier: Apache-2.0 */
/* Plans from elsewhere get limits and figures. The towers are those of small_plan.h: features 3 and 4,
 * output dims 48 and 40. */
#include "scratch.h"
#include "small_plan.h"

#include "plan/settle.h"

static struct tp_plan *plan;
static struct tp_error err;

/* The small plan as it would be imported: placement and specs, nothing else. */
static void set_up(void)
{
    struct tp_plan *small = small_plan(small_plan_one_host);
    ck_ok(tp_plan_begin(small->model, small->topology, &plan, &err), err);
    plan->towers = small->towers;
    plan->tower_count = small->tower_count;
    plan->tables = small->tables;
    plan->table_count = small->table_count;
    small->tower_count = small->table_count = 0;
    small->towers = NULL;
    small->tables = NULL;
    tp_plan_free(small);
}

static void tear_down(void)
{
    tp_plan_free(plan);
}

static int32_t count_findings(void)
{
    struct tp_findings findings = {0};
    ck_ok(tp_plan_check(plan, NULL, NULL, &findings, &err), err);
    int32_t count = findings.count;
    tp_findings_release(&findings);
    return count;
}

START_TEST(a_plan_begins_empty_and_imported)
{
    struct tp_plan *made = NULL;
    ck_ok(tp_plan_begin(plan->model, plan->topology, &made, &err), err);
    ck_assert_int_eq(made->strategy, TP_STRATEGY_IMPORTED);
    ck_assert_int_eq(made->table_count, 0);
    ck_assert_ptr_ne(made->model, plan->model);
    ck_assert(!made->limits_proven);
    tp_plan_free(made);
}
END_TEST

/* B = 64 samples, float32. Lookup bytes per sample and tower: ids * dim * 4: tower 0: user 16, geo 16, day
 * 16: 48 * 4 = 192; tower 1: item 8, history 3 * 8, device 8, ad 16: 56 * 4 = 224. Mean 208, 224/208 =
 * 1.0769. Dims 48 and 40: 48/44 = 1.0909. Flops of the modules, c = 1, p = 0, D = 8, common dim 16: every
 * feature 2 * 16 * 8 = 256, and those whose dim is not 16 are projected first: item, history, device 2 * 8
 * * 16 = 256 each: tower 0 has 768, tower 1 4 * 256 + 3 * 256 = 1792; 1792/1280 = 1.4. So 0.4. Features:
 * 3 and 4 of 7/2: floor(3.5) to ceil(3.5), ratio 1. */
START_TEST(limits_are_what_the_towers_need)
{
    ck_ok(tp_plan_settle(plan, NULL, &err), err);
    ck_assert_double_eq(plan->balance, 0.4);
    ck_assert_double_eq(plan->ratio, 1);
    ck_assert_int_eq(count_findings(), 0);
    plan->balance = 0.39;
    ck_assert_int_eq(count_findings(), 1);
}
END_TEST

/* day moves to tower 1: features 2 and 5 of 7/2 = 3.5: floor(3.5 / Q) <= 2 holds for any Q above 7/6 =
 * 1.1667, ceil(3.5 * Q) >= 5 for any above 4/3.5 = 1.1429; the hundredth is 1.17. */
START_TEST(the_ratio_is_the_smallest_hundredth)
{
    struct tp_plan_tower *from = &plan->towers[0], *to = &plan->towers[1];
    to->features = realloc(to->features, 5 * sizeof *to->features);
    ck_assert_ptr_nonnull(to->features);
    ck_assert_str_eq(from->features[2], "day");
    to->features[to->feature_count++] = from->features[--from->feature_count];
    ck_assert_str_eq(plan->tables[4].name, "t_day");
    plan->tables[4].place.tower = 1;
    plan->tables[4].place.shards[0].rank = 3;
    ck_ok(tp_plan_settle(plan, NULL, &err), err);
    ck_assert_double_eq(plan->ratio, 1.17);
    ck_assert_int_eq(count_findings(), 0);
    plan->ratio = 1.16;
    ck_assert_int_eq(count_findings(), 1);
}
END_TEST

START_TEST(figures_are_those_of_recost)
{
    ck_ok(tp_plan_settle(plan, NULL, &err), err);
    char *settled = text_of(plan);
    ck_ok(tp_plan_recost(plan, NULL, &err), err);
    char *recosted = text_of(plan);
    ck_assert_str_eq(settled, recosted);
    free(recosted);
    free(settled);
}
END_TEST

START_TEST(a_broken_placement_has_ranks_but_no_figures)
{
    plan->tables[0].place.shards[0].rank = 3; /* of tower 1 */
    ck_ok(tp_plan_settle(plan, NULL, &err), err);
    ck_assert_int_eq(plan->rank_count, 4);
    ck_assert_int_eq(plan->ranks[3].rank, 3);
    ck_assert_int_eq(plan->ranks[3].load.memory_bytes, 0);
    ck_assert_double_eq(plan->cost.modes[TP_MODE_FLAT].seconds, 0);
    ck_assert_double_eq(plan->balance, 0.4); /* the towers are what they are */
    ck_assert_int_eq(count_findings(), 1);
}
END_TEST

START_TEST(an_affinity_gives_the_share_inside)
{
    enum { F = 7 }; /* user 0, item 1, history 2, geo 3, device 4, day 5, ad 6 */
    float matrix[F * F] = {0}, errors[F * F] = {0};
    struct tp_affinity affinity = {.feature_count = F,
        .affinity = matrix,
        .std_error = errors,
        .samples = 100,
        .dumps = 1,
        .noise_floor = 0.1};
    matrix[0 * F + 3] = matrix[3 * F + 0] = 0.75F; /* user, geo: both in tower 0 */
    matrix[0 * F + 1] = matrix[1 * F + 0] = 0.25F; /* user, item: not */
    ck_ok(tp_plan_settle(plan, &affinity, &err), err);
    ck_assert_double_eq(plan->quality.inside_affinity, 0.75);
    ck_assert_int_eq((int)strlen(plan->quality.assignment), 64);
    ck_assert_int_eq(plan->affinity.samples, 100);
    ck_assert_int_eq(plan->affinity.verdict, TP_VERDICT_NONE);
    ck_assert_int_eq(plan->quality.baseline_count, 0);
    ck_assert_int_eq(count_findings(), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("settle");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_plan_begins_empty_and_imported);
    tcase_add_test(tcase, limits_are_what_the_towers_need);
    tcase_add_test(tcase, the_ratio_is_the_smallest_hundredth);
    tcase_add_test(tcase, figures_are_those_of_recost);
    tcase_add_test(tcase, a_broken_placement_has_ranks_but_no_figures);
    tcase_add_test(tcase, an_affinity_gives_the_share_inside);
    return run_suite("settle", tcase);
}
