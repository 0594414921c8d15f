/* SPDX-License-Identifier: Apache-2.0 */
/* Plans edited by hand and brought up to date. */
#include "same_plan.h"
#include "scratch.h"
#include "small_plan.h"
#include "spec_text.h"

#include <towerpart/affinity.h>

#define FEATURES 7 /* user, item, history, geo, device, day, ad: the order of the model */

static void expect_sound(const struct tp_plan *plan)
{
    struct tp_findings findings = {0};
    struct tp_error err;
    ck_ok(tp_plan_check(plan, NULL, NULL, &findings, &err), err);
    ck_assert_msg(findings.count == 0, "%s", findings.count ? findings.lines[0] : "");
    tp_findings_release(&findings);
}

static struct tp_plan_table *table_named(struct tp_plan *plan, const char *name)
{
    for (int32_t i = 0; i < plan->table_count; i++)
        if (!strcmp(plan->tables[i].name, name))
            return &plan->tables[i];
    ck_abort_msg("no table %s", name);
    return NULL;
}

/* Moves day, the last feature of tower 0, to tower 1, rank 3, and allows for what that weighs. */
static void move_day(struct tp_plan *plan)
{
    struct tp_plan_tower *from = &plan->towers[0], *to = &plan->towers[1];
    to->features = realloc(to->features, 5 * sizeof *to->features);
    ck_assert_ptr_nonnull(to->features);
    ck_assert_str_eq(from->features[2], "day");
    to->features[to->feature_count++] = from->features[--from->feature_count];
    struct tp_table_placement *day = &table_named(plan, "t_day")->place;
    day->tower = 1;
    day->shards[0].rank = 3;
    plan->ratio = 1.5;   /* 2 and 5 features: from floor(7/2/1.5) to ceil(7/2*1.5) */
    plan->balance = 0.6; /* flops 512 and 2048 */
}

/* Two pairs inside towers, one across; other pairs have none. */
static struct tp_affinity *small_affinity(const struct tp_plan *plan)
{
    static const struct {
        int a, b;
        float affinity;
    } pairs[] = {{0, 3, 0.5F}, {4, 6, 0.25F}, {0, 1, 0.25F}};
    struct tp_affinity *affinity = calloc(1, sizeof *affinity);
    ck_assert_ptr_nonnull(affinity);
    *affinity = (struct tp_affinity){.feature_count = FEATURES,
        .features = calloc(FEATURES, sizeof(char *)),
        .affinity = calloc((size_t)FEATURES * FEATURES, sizeof(float)),
        .std_error = calloc((size_t)FEATURES * FEATURES, sizeof(float)),
        .samples = 5000,
        .measure = TP_MEASURE_CKA,
        .dumps = 2,
        .reproducibility = 0.75,
        .null_rho = 0.5,
        .learned = 0.25,
        .state = calloc(FEATURES, sizeof(enum tp_feature_state)),
        .noise_floor = 0.125};
    affinity->state[2] = TP_FEATURE_CONSTANT;
    affinity->state[3] = affinity->state[5] = TP_FEATURE_NEUTRAL;
    for (int i = 0; i < FEATURES; i++) {
        affinity->features[i] = strdup(plan->model->features[i].name);
        affinity->affinity[i * FEATURES + i] = 1;
    }
    for (int i = 0, n = 21; i < FEATURES; i++) /* 21/64 .. 1/64 over the 21 pairs */
        for (int j = i + 1; j < FEATURES; j++, n--)
            affinity->std_error[i * FEATURES + j] = affinity->std_error[j * FEATURES + i] =
                (float)n / 64;
    for (int i = 0; i < 3; i++) {
        affinity->affinity[pairs[i].a * FEATURES + pairs[i].b] = pairs[i].affinity;
        affinity->affinity[pairs[i].b * FEATURES + pairs[i].a] = pairs[i].affinity;
    }
    return affinity;
}

START_TEST(test_an_edited_plan_passes_check_after_recost)
{
    struct tp_plan *plan = small_plan(small_plan_one_host), *loaded;
    struct tp_error err;
    move_day(plan);
    ck_ok(tp_plan_recost(plan, NULL, &err), err);
    expect_sound(plan);
    /* 2 and 5 features; dims 32 and 56 */
    ck_assert_double_eq_tol(plan->quality.balance.features, 5 / 3.5, 1e-15);
    ck_assert_int_eq(plan->towers[0].output_dim, 32);
    ck_assert_int_eq(plan->towers[1].output_dim, 56);
    char *text = text_of(plan);
    loaded = plan_of(text);
    expect_sound(loaded);
    free(text);
    tp_plan_free(loaded);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_recost_of_a_sound_plan_changes_no_figure)
{
    struct tp_plan *plan = small_plan(small_plan_two_hosts);
    struct tp_plan *before = small_plan(small_plan_two_hosts);
    struct tp_error err;
    ck_ok(tp_plan_recost(plan, NULL, &err), err);
    same_cost(&plan->cost, &before->cost, plan->topology->level_count);
    same_balance(&plan->quality.balance, &before->quality.balance);
    for (int32_t i = 0; i < plan->rank_count; i++)
        same_rank(&plan->ranks[i], &before->ranks[i]);
    same_affinity(&plan->affinity, &before->affinity);
    tp_plan_free(before);
    tp_plan_free(plan);
}
END_TEST

/* Every list and figure of trust, as a file may hold them. */
static struct tp_plan *assessed_plan(void)
{
    char *text = replaced(small_plan_one_host, "stability: 0.9,",
        "stability: 0.9, dumps: 3, reproducibility: 0.8, null_rho: 0.1, learned: 0.6,\n"
        "    movers: {ad: 0.5, geo: 0.25}, constant: [device], neutral: [day, user],");
    struct tp_plan *plan = small_plan(text);
    free(text);
    return plan;
}

START_TEST(test_what_belongs_to_the_affinity_stays_while_no_feature_moved)
{
    struct tp_plan *plan = assessed_plan(), *before = assessed_plan();
    struct tp_affinity *affinity = small_affinity(plan);
    struct tp_error err;
    struct tp_shard *day = table_named(plan, "t_day")->place.shards;
    day->rank = day->rank == 0 ? 1 : 0; /* inside its tower */
    strcpy(affinity->sha256, plan->affinity.input.sha256);
    for (int i = 0; i < 2; i++) { /* without the affinity, and with the one it was planned from */
        ck_ok(tp_plan_recost(plan, i ? affinity : NULL, &err), err);
        ck_assert_int_eq(plan->quality.baseline_count, 2);
        ck_assert_double_eq(plan->quality.inside_affinity, 0.5);
        ck_assert_double_eq(plan->affinity.stability, 0.9);
        ck_assert_int_eq(plan->affinity.verdict, TP_VERDICT_TRUSTED);
        same_affinity(&plan->affinity, &before->affinity);
        expect_sound(plan);
    }
    tp_affinity_free(affinity);
    tp_plan_free(before);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_without_affinity_what_depends_on_it_is_dropped_when_features_moved)
{
    struct tp_plan *plan = assessed_plan();
    struct tp_error err;
    ck_assert_int_eq(plan->quality.baseline_count, 2);
    ck_assert_int_eq(plan->affinity.mover_count, 2);
    move_day(plan);
    ck_ok(tp_plan_recost(plan, NULL, &err), err);
    ck_assert_int_eq(plan->quality.baseline_count, 0);
    ck_assert(isnan(plan->quality.inside_affinity));
    ck_assert_str_eq(plan->quality.assignment, "");
    ck_assert(isnan(plan->affinity.stability));
    ck_assert_int_eq(plan->affinity.verdict, TP_VERDICT_NONE);
    ck_assert_int_eq(plan->affinity.mover_count, 0);
    /* What is known of the affinity itself does not hang on the towers. */
    ck_assert_str_eq(plan->affinity.input.file, "dump");
    ck_assert_int_eq(plan->affinity.dumps, 3);
    ck_assert_double_eq(plan->affinity.reproducibility, 0.8);
    ck_assert_int_eq(plan->affinity.constant_count, 1);
    ck_assert_int_eq(plan->affinity.neutral_count, 2);
    expect_sound(plan);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_with_affinity_the_share_inside_is_computed_anew)
{
    static char *const neutral[] = {"geo", "day"}, *const constant[] = {"history"};
    struct tp_plan *plan = assessed_plan();
    struct tp_affinity *affinity = small_affinity(plan);
    struct tp_error err;
    ck_ok(tp_plan_recost(plan, affinity, &err), err);
    ck_assert_int_eq(plan->quality.baseline_count, 0);
    ck_assert_double_eq(plan->quality.inside_affinity, 0.75);
    ck_assert_int_eq(plan->affinity.measure, TP_MEASURE_CKA);
    ck_assert_int_eq(plan->affinity.samples, 5000);
    ck_assert_double_eq(plan->affinity.noise_floor, 0.125);
    ck_assert_double_eq_tol(
        plan->affinity.above_floor, 0.2, 1e-15); /* 2 of the 10 pairs without neutral ones */
    ck_assert_double_eq(plan->affinity.std_error, 16.0 / 64); /* median of 21 18 16 13 11 2 */
    ck_assert_int_eq(plan->affinity.dumps, 2);
    ck_assert_double_eq(plan->affinity.reproducibility, 0.75);
    ck_assert_double_eq(plan->affinity.null_rho, 0.5);
    ck_assert_double_eq(plan->affinity.learned, 0.25);
    same_names(plan->affinity.constant, plan->affinity.constant_count, constant, 1);
    same_names(plan->affinity.neutral, plan->affinity.neutral_count, neutral, 2);
    ck_assert_int_eq(plan->affinity.mover_count, 0);
    ck_assert_str_eq(plan->affinity.input.file, "dump"); /* for the caller to set */
    ck_assert(isnan(plan->affinity.stability));
    ck_assert_int_eq(plan->affinity.verdict, TP_VERDICT_NONE);
    expect_sound(plan);
    tp_affinity_free(affinity);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_stale_figures_and_rank_list_are_mended)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    struct tp_plan *before = small_plan(small_plan_one_host);
    struct tp_error err;
    memset(&plan->cost, 0, sizeof plan->cost);
    memset(&plan->quality.balance, 0, sizeof plan->quality.balance);
    plan->quality.inside_affinity = 7;
    plan->rank_count = 2;
    plan->ranks[0].rank = 77;
    plan->towers[1].output_dim = -1;
    ck_ok(tp_plan_recost(plan, NULL, &err), err);
    expect_sound(plan);
    same_cost(&plan->cost, &before->cost, plan->topology->level_count);
    ck_assert_int_eq(plan->rank_count, 4);
    tp_plan_free(before);
    tp_plan_free(plan);
}
END_TEST

/* Expects a refusal that says all of these (NULL-terminated), and an untouched plan. */
static void expect_refusal(struct tp_plan *plan, const struct tp_affinity *affinity,
    enum tp_status status, const char *const *parts)
{
    struct tp_error err = {0};
    char *before = text_of(plan);
    ck_assert_int_eq(tp_plan_recost(plan, affinity, &err), status);
    char *after = text_of(plan);
    ck_assert_str_eq(before, after);
    ck_message_has(&err, parts);
    free(after);
    free(before);
}

START_TEST(test_a_plan_that_breaks_rules_is_refused_with_all_of_them)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    table_named(plan, "t_ad")->place.shards[0].rank = 0;
    table_named(plan, "t_day")->place.shards[0].rows = 6;
    plan->model->constraints[1].features[1] = 3; /* user apart from geo */
    expect_refusal(plan, NULL, TP_EINFEASIBLE,
        (const char *[]){"mend them before recost", "raise them there",
            "table t_ad: shard 0 is on rank 0, outside its tower 1",
            "table t_day: gap: rows 6 to 6", "constraint apart: features user and geo", NULL});
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_a_plan_that_breaks_a_limit_is_refused)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    plan->topology->hosts[0].memory_bytes = 150000;
    expect_refusal(plan, NULL, TP_EINFEASIBLE,
        (const char *[]){"rank 0: memory: found 131943 bytes, expected at most 127500", NULL});
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_an_affinity_of_another_model_is_refused)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    struct tp_affinity *affinity = small_affinity(plan);
    affinity->features[2][0] = 'H';
    expect_refusal(
        plan, affinity, TP_EINPUT, (const char *[]){"found History, expected history", NULL});
    affinity->feature_count = 6;
    expect_refusal(plan, affinity, TP_EINPUT,
        (const char *[]){"found 6 features, expected the 7 of the model", NULL});
    free(affinity->features[6]);
    tp_affinity_free(affinity);
    tp_plan_free(plan);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("recost");
    tcase_add_test(tcase, test_an_edited_plan_passes_check_after_recost);
    tcase_add_test(tcase, test_recost_of_a_sound_plan_changes_no_figure);
    tcase_add_test(tcase, test_what_belongs_to_the_affinity_stays_while_no_feature_moved);
    tcase_add_test(tcase, test_without_affinity_what_depends_on_it_is_dropped_when_features_moved);
    tcase_add_test(tcase, test_with_affinity_the_share_inside_is_computed_anew);
    tcase_add_test(tcase, test_stale_figures_and_rank_list_are_mended);
    tcase_add_test(tcase, test_a_plan_that_breaks_rules_is_refused_with_all_of_them);
    tcase_add_test(tcase, test_a_plan_that_breaks_a_limit_is_refused);
    tcase_add_test(tcase, test_an_affinity_of_another_model_is_refused);
    return run_suite("recost", tcase);
}
