/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a placement: loads of ranks, dims of towers, balance, cost of the three ways to
 * execute it, and which way to take. Nothing here is chosen, so the same placement always has the same
 * figures, bit by bit.
 *
 * Balance of a resource = largest tower / mean tower: 1 where all towers have nothing of it (lookups
 * that round to no byte); of flops undefined (NAN) then, since the model has no tower module.
 *
 * Cost: O(shards + G * levels), and one placement of all tables for flat_free. */
#include "plan/figures.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "plan/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the exhaustive search behind flat_free, when the fast ways find no room: about a second, and only
 * where there is hope that it ends. */
#define FLAT_FREE_STEPS 1000000
#define FLAT_FREE_TABLES 12

enum { FEATURES, MEMORY, LOOKUP, OUTPUT, FLOPS, RESOURCES };

static void weigh(const struct tp_tower_load *load, double weight[RESOURCES])
{
    weight[FEATURES] = load->features;
    weight[MEMORY] = (double)load->memory_bytes;
    weight[LOOKUP] = (double)load->lookup_bytes;
    weight[OUTPUT] = (double)load->output_dim;
    weight[FLOPS] = load->flops;
}

static struct tp_plan_balance balance_of(const struct tp_tower_load *loads, int32_t tower_count)
{
    double sum[RESOURCES] = {0}, most[RESOURCES] = {0}, ratio[RESOURCES];
    for (int32_t t = 0; t < tower_count; t++) {
        double weight[RESOURCES];
        weigh(&loads[t], weight);
        for (int r = 0; r < RESOURCES; r++) {
            sum[r] += weight[r];
            most[r] = fmax(most[r], weight[r]);
        }
    }
    for (int r = 0; r < RESOURCES; r++)
        ratio[r] = sum[r] > 0 ? most[r] / (sum[r] / tower_count) : 1;
    if (!(sum[FLOPS] > 0))
        ratio[FLOPS] = (double)NAN;
    return (struct tp_plan_balance){.features = ratio[FEATURES],
        .memory = ratio[MEMORY],
        .lookup = ratio[LOOKUP],
        .output = ratio[OUTPUT],
        .flops = ratio[FLOPS]};
}

static enum tp_status init_towers(struct tp_figures *figures, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement, struct tp_error *err)
{
    figures->tower_count = placement->tower_count;
    figures->output_dim = TP_NEW(placement->tower_count, int64_t);
    struct tp_tower_load *loads = TP_NEW(placement->tower_count, struct tp_tower_load);
    enum tp_status status = figures->output_dim && loads ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK)
        status = tp_cost_tower_loads(model, topology, placement, loads, err);
    if (status == TP_OK) {
        for (int32_t t = 0; t < placement->tower_count; t++)
            figures->output_dim[t] = loads[t].output_dim;
        figures->balance = balance_of(loads, placement->tower_count);
    }
    free(loads);
    return status;
}

static enum tp_status init_ranks(struct tp_figures *figures, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement, struct tp_error *err)
{
    figures->rank_count = topology->rank_count;
    figures->loads = TP_NEW(topology->rank_count, struct tp_rank_load);
    if (!figures->loads)
        return tp_fail_memory(err);
    return tp_cost_rank_loads(model, topology, placement, figures->loads, err);
}

void tp_cost_recommend(struct tp_plan_cost *cost)
{
    enum tp_recommendation best = TP_USE_FLAT;
    double least = cost->modes[TP_MODE_FLAT].seconds;
    if (cost->flat_free_seconds < least) { /* false when it is NAN */
        best = TP_USE_FLAT_FREE;
        least = cost->flat_free_seconds;
    }
    if (cost->modes[TP_MODE_SPTT].seconds < least) {
        best = TP_USE_SPTT;
        least = cost->modes[TP_MODE_SPTT].seconds;
    }
    cost->recommended = best;
    cost->recommended_if_quality_allows =
        cost->modes[TP_MODE_DMT].seconds < least ? TP_USE_DMT : best;
}

enum tp_status tp_figures_init(struct tp_figures *figures, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement,
    double flat_free_seconds, struct tp_error *err)
{
    struct tp_figures made = {0};
    enum tp_status status = init_towers(&made, model, topology, placement, err);
    if (status == TP_OK)
        status = init_ranks(&made, model, topology, placement, err);
    for (int mode = 0; status == TP_OK && mode < TP_MODE_COUNT; mode++)
        status = tp_cost_step(
            model, topology, placement, (enum tp_mode)mode, &made.cost.modes[mode], err);
    if (status != TP_OK) {
        tp_figures_release(&made);
        return status;
    }
    /* The plan's own placement is a free one too. */
    made.cost.flat_free_seconds = fmin(flat_free_seconds, made.cost.modes[TP_MODE_FLAT].seconds);
    tp_cost_recommend(&made.cost);
    *figures = made;
    return TP_OK;
}

void tp_figures_release(struct tp_figures *figures)
{
    if (!figures)
        return;
    free(figures->output_dim);
    free(figures->loads);
    *figures = (struct tp_figures){0};
}

enum tp_status tp_plan_figures(struct tp_plan *plan, const struct tp_placement *placement,
    double flat_free_seconds, struct tp_error *err)
{
    struct tp_figures figures;
    enum tp_status status =
        tp_figures_init(&figures, plan->model, plan->topology, placement, flat_free_seconds, err);
    if (status != TP_OK)
        return status;
    struct tp_plan_rank *ranks = TP_NEW(figures.rank_count, struct tp_plan_rank);
    if (!ranks) {
        tp_figures_release(&figures);
        return tp_fail_memory(err);
    }
    for (int32_t g = 0; g < figures.rank_count; g++)
        ranks[g] = (struct tp_plan_rank){.rank = g, .load = figures.loads[g]};
    free(plan->ranks);
    plan->ranks = ranks;
    plan->rank_count = figures.rank_count;
    for (int32_t t = 0; t < plan->tower_count; t++) {
        int32_t id = plan->towers[t].id;
        plan->towers[t].output_dim =
            id >= 0 && id < figures.tower_count ? figures.output_dim[id] : 0;
    }
    plan->quality.balance = figures.balance;
    plan->cost = figures.cost;
    tp_figures_release(&figures);
    return TP_OK;
}

enum tp_status tp_flat_free_seconds(const struct tp_model *model,
    const struct tp_topology *topology, double *seconds, struct tp_error *err)
{
    struct tp_placement *placement = NULL;
    struct tp_step_cost cost;
    int32_t *tower_of_table = TP_NEW(model->table_count, int32_t); /* all zero: one tower */
    if (!tower_of_table)
        return tp_fail_memory(err);
    int64_t steps = model->table_count <= FLAT_FREE_TABLES ? FLAT_FREE_STEPS : 0;
    enum tp_status status = tp_place(
        model, topology, topology->rank_count, tower_of_table, steps, &placement, NULL, err);
    if (status == TP_OK && placement)
        status = tp_cost_step(model, topology, placement, TP_MODE_FLAT, &cost, err);
    if (status == TP_OK)
        *seconds = placement ? cost.seconds : (double)NAN;
    tp_placement_free(placement);
    free(tower_of_table);
    return status;
}

/* @param tower  (F); NULL: all in one. */
static double sum_inside(const struct tp_affinity *affinity, const int32_t *tower)
{
    double inside = 0;
    int32_t n = affinity->feature_count;
    for (int32_t i = 0; i < n; i++) {
        const float *row = affinity->affinity + (size_t)i * (size_t)n;
        for (int32_t j = i + 1; j < n; j++)
            inside += !tower || tower[i] == tower[j] ? (double)row[j] : 0;
    }
    return inside;
}

double tp_all_affinity(const struct tp_affinity *affinity)
{
    return sum_inside(affinity, NULL);
}

double tp_inside_affinity(const struct tp_affinity *affinity, const int32_t *tower_of_feature)
{
    double all = tp_all_affinity(affinity);
    return all > 0 ? sum_inside(affinity, tower_of_feature) / all : 0;
}

enum tp_status tp_assignment_digest(const struct tp_model *model, const int32_t *tower_of_feature,
    char sha256[65], struct tp_error *err)
{
    struct tp_text lines = {0};
    for (int32_t i = 0; i < model->feature_count; i++)
        tp_text_add(&lines, "%s\t%d\n", model->features[i].name, tower_of_feature[i]);
    enum tp_status status = lines.failed ? tp_fail_memory(err) : TP_OK;
    if (status == TP_OK)
        tp_digest_bytes(lines.data, lines.length, sha256);
    tp_text_release(&lines);
    return status;
}
