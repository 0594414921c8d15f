/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about stored figures: they are those that follow from the placement. Bytes and dims exactly,
 * seconds and ratios within 1e-9 relative, which another machine's arithmetic may differ by.
 *
 * Asked only about a placement that is sound, because the figures of a broken one mean nothing. Every
 * finding says recost, which brings them up to date. A total that is the sum of stale phases, and a
 * recommendation that follows from stale seconds, are no findings of their own.
 * Cost: as tp_figures_init() and tp_flat_free_seconds(). */
#include "plan/check.h"

#include "base/fail.h"
#include "base/memory.h"
#include "plan/figures.h"

#include <math.h>
#include <stdlib.h>

#define TOLERANCE 1e-9 /* relative */
#define RECOST "stale, run recost"

static bool is_close(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return fabs(a - b) <= TOLERANCE * fmax(fabs(a), fabs(b));
}

/* Figures that may be missing are NAN then. */
static void check_real(struct tp_check *check, const char *what, double found, double expected)
{
    if (is_close(found, expected))
        return;
    if (isnan(found))
        tp_finding(&check->found, "%s: found none, expected %.15g: " RECOST, what, expected);
    else if (isnan(expected))
        tp_finding(&check->found, "%s: found %.15g, expected none: " RECOST, what, found);
    else
        tp_finding(
            &check->found, "%s: found %.15g, expected %.15g: " RECOST, what, found, expected);
}

static void check_integer(struct tp_check *check, const char *what, int32_t id, const char *key,
    int64_t found, int64_t expected)
{
    if (found != expected)
        tp_finding(&check->found, "%s %d: %s: found %lld, expected %lld: " RECOST, what, id, key,
            (long long)found, (long long)expected);
}

static void check_rank(
    struct tp_check *check, const struct tp_plan_rank *rank, const struct tp_rank_load *load)
{
    const struct tp_rank_load *found = &rank->load;
    check_integer(
        check, "rank", rank->rank, "memory_bytes", found->memory_bytes, load->memory_bytes);
    check_integer(
        check, "rank", rank->rank, "lookup_bytes", found->lookup_bytes, load->lookup_bytes);
    check_integer(
        check, "rank", rank->rank, "output_bytes", found->output_bytes, load->output_bytes);
    check_integer(check, "rank", rank->rank, "id_bytes", found->id_bytes, load->id_bytes);
}

/* The list of ranks, and their loads if `loads` is not NULL. */
static enum tp_status check_ranks(
    struct tp_check *check, const struct tp_rank_load *loads, struct tp_error *err)
{
    const struct tp_plan *plan = check->plan;
    int32_t rank_count = plan->topology->rank_count;
    int32_t *ids = TP_NEW(plan->rank_count, int32_t);
    int32_t *entry_of_rank = TP_NEW(rank_count, int32_t);
    enum tp_status status = ids && entry_of_rank ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK) {
        for (int32_t i = 0; i < plan->rank_count; i++)
            ids[i] = plan->ranks[i].rank;
        tp_check_ids(check, "rank", ids, plan->rank_count, rank_count, entry_of_rank);
        for (int32_t g = 0; loads && g < rank_count; g++)
            if (entry_of_rank[g] >= 0)
                check_rank(check, &plan->ranks[entry_of_rank[g]], &loads[g]);
    }
    free(entry_of_rank);
    free(ids);
    return status;
}

static void check_towers(struct tp_check *check, const struct tp_figures *figures)
{
    const struct tp_plan *plan = check->plan;
    const struct tp_plan_balance *found = &plan->quality.balance, *expected = &figures->balance;
    for (int32_t t = 0; t < check->tower_count; t++)
        if (check->tower_entry[t] >= 0)
            check_integer(check, "tower", t, "output_dim",
                plan->towers[check->tower_entry[t]].output_dim, figures->output_dim[t]);
    check_real(check, "quality: balance: features", found->features, expected->features);
    check_real(check, "quality: balance: memory", found->memory, expected->memory);
    check_real(check, "quality: balance: lookup", found->lookup, expected->lookup);
    check_real(check, "quality: balance: output", found->output, expected->output);
    check_real(check, "quality: balance: flops", found->flops, expected->flops);
}

static void check_phase(struct tp_check *check, const char *mode, const char *name,
    const struct tp_phase_cost *found, const struct tp_phase_cost *expected)
{
    const struct tp_topology *topology = check->plan->topology;
    if (found->present != expected->present || found->moves != expected->moves) {
        const char *form[] = {"none", "one", "one that moves bytes"};
        tp_finding(&check->found, "cost: %s: phase %s: found %s, expected %s: " RECOST, mode, name,
            form[found->present + (found->present && found->moves)],
            form[expected->present + (expected->present && expected->moves)]);
        return;
    }
    if (!found->present)
        return;
    if (!is_close(found->seconds, expected->seconds))
        tp_finding(&check->found,
            "cost: %s: phase %s: seconds: found %.15g, expected %.15g: " RECOST, mode, name,
            found->seconds, expected->seconds);
    for (int32_t i = 0; found->moves && i < topology->level_count; i++)
        if (found->bytes[i] != expected->bytes[i])
            tp_finding(&check->found,
                "cost: %s: phase %s: bytes at level %s: found %lld, expected %lld: " RECOST, mode,
                name, topology->levels[i].name, (long long)found->bytes[i],
                (long long)expected->bytes[i]);
}

static double sum_of_phases(const struct tp_step_cost *step)
{
    double seconds = 0;
    for (int i = 0; i < TP_PHASE_COUNT; i++)
        seconds += step->phases[i].present ? step->phases[i].seconds : 0;
    return seconds;
}

static void check_step(struct tp_check *check, enum tp_mode mode, const struct tp_step_cost *found,
    const struct tp_step_cost *expected)
{
    const char *name = tp_mode_name(mode);
    int32_t before = check->found.findings.count;
    for (int i = 0; i < TP_PHASE_COUNT; i++)
        check_phase(
            check, name, tp_phase_name((enum tp_phase)i), &found->phases[i], &expected->phases[i]);
    bool stale = check->found.findings.count > before;
    bool follows = stale && is_close(found->seconds, sum_of_phases(found));
    if (!follows && !is_close(found->seconds, expected->seconds))
        tp_finding(&check->found, "cost: %s: seconds: found %.15g, expected %.15g: " RECOST, name,
            found->seconds, expected->seconds);
}

/* Right is what the true seconds say, or the stored ones if those are told to be stale. */
static void check_recommended(struct tp_check *check, const char *key, enum tp_recommendation found,
    enum tp_recommendation expected, enum tp_recommendation stored)
{
    if (found != expected && found != stored)
        tp_finding(&check->found, "cost: %s: found %s, expected %s, the fewest seconds: " RECOST,
            key, tp_recommendation_name(found), tp_recommendation_name(expected));
}

static void check_cost(struct tp_check *check, const struct tp_plan_cost *expected)
{
    const struct tp_plan_cost *found = &check->plan->cost;
    struct tp_plan_cost stored = *found;
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        check_step(check, (enum tp_mode)mode, &found->modes[mode], &expected->modes[mode]);
    check_real(
        check, "cost: flat_free: seconds", found->flat_free_seconds, expected->flat_free_seconds);
    tp_cost_recommend(&stored);
    check_recommended(
        check, "recommended", found->recommended, expected->recommended, stored.recommended);
    check_recommended(check, "recommended_if_quality_allows", found->recommended_if_quality_allows,
        expected->recommended_if_quality_allows, stored.recommended_if_quality_allows);
}

enum tp_status tp_check_figures(struct tp_check *check, struct tp_error *err)
{
    const struct tp_plan *plan = check->plan;
    struct tp_figures figures = {0};
    double flat_free_seconds;
    enum tp_status status = tp_check_trust(check, err);
    if (status != TP_OK)
        return status;
    if (!check->batch_divides || !check->placement)
        return check_ranks(check, NULL, err);
    status = tp_flat_free_seconds(plan->model, plan->topology, &flat_free_seconds, err);
    if (status == TP_OK)
        status = tp_figures_init(
            &figures, plan->model, plan->topology, check->placement, flat_free_seconds, err);
    if (status == TP_OK)
        status = check_ranks(check, figures.loads, err);
    if (status == TP_OK) {
        check_towers(check, &figures);
        check_cost(check, &figures.cost);
    }
    tp_figures_release(&figures);
    return status;
}
