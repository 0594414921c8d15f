/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of the partitioner and a placement become a plan.
 *
 * Nothing is written into the plan that check would not find true: all figures come from the same
 * functions that check asks. */
#include "plan/fill.h"

#include <towerpart/version.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "plan/figures.h"
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOUND_DIGITS 1e4 /* of a share: hundredths of a percent */

bool tp_strategy_needs_affinity(enum tp_strategy strategy)
{
    return strategy == TP_STRATEGY_COHERENT || strategy == TP_STRATEGY_DIVERSE ||
           strategy == TP_STRATEGY_PAPER;
}

enum tp_status tp_plan_new(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_plan_options *options, struct tp_plan **plan, struct tp_error *err)
{
    struct tp_plan *p = TP_NEW(1, struct tp_plan);
    if (!p)
        return tp_fail_memory(err);
    static const char generator[] = "towerpart " TP_VERSION;
    enum tp_status status = TP_OK;
    p->generator = tp_copy_text(generator, sizeof generator - 1);
    p->seed = options->seed;
    p->strategy = options->strategy;
    if (!p->generator)
        status = tp_fail_memory(err);
    if (!status)
        status = tp_model_copy(model, &p->model, err);
    if (!status)
        status = tp_topology_copy(topology, &p->topology, err);
    if (status) {
        tp_plan_free(p);
        return status;
    }
    if (options->strategy == TP_STRATEGY_FLAT)
        p->topology->hosts_per_tower = topology->host_count;
    else if (options->hosts_per_tower)
        p->topology->hosts_per_tower = options->hosts_per_tower;
    *plan = p;
    return TP_OK;
}

/* The tables' places, by name; takes the shards over from the placement. */
static enum tp_status fill_tables(
    struct tp_plan *plan, const struct tp_placement *placement, struct tp_error *err)
{
    const struct tp_model *model = plan->model;
    plan->tables = TP_NEW(model->table_count, struct tp_plan_table);
    if (!plan->tables)
        return tp_fail_memory(err);
    plan->table_count = model->table_count;
    for (int32_t i = 0; i < model->table_count; i++) {
        plan->tables[i].name = tp_copy_text(model->tables[i].name, strlen(model->tables[i].name));
        if (!plan->tables[i].name)
            return tp_fail_memory(err);
        const struct tp_table_placement *from = &placement->tables[i];
        struct tp_table_placement *to = &plan->tables[i].place;
        *to = *from;
        to->shards = TP_NEW(from->shard_count, struct tp_shard);
        if (!to->shards)
            return tp_fail_memory(err);
        memcpy(to->shards, from->shards, (size_t)from->shard_count * sizeof *to->shards);
    }
    return TP_OK;
}

static enum tp_status fill_tower(
    struct tp_plan *plan, const struct tp_placement *placement, int32_t t, struct tp_error *err)
{
    const struct tp_model *model = plan->model;
    struct tp_plan_tower *tower = &plan->towers[t];
    int32_t hosts = plan->topology->hosts_per_tower, ranks = placement->ranks_per_tower;
    tower->id = t;
    tower->hosts = TP_NEW(hosts, int32_t);
    tower->ranks = TP_NEW(ranks, int32_t);
    tower->features = TP_NEW(model->feature_count, char *);
    if (!tower->hosts || !tower->ranks || !tower->features)
        return tp_fail_memory(err);
    for (tower->host_count = 0; tower->host_count < hosts; tower->host_count++)
        tower->hosts[tower->host_count] = t * hosts + tower->host_count;
    for (tower->rank_count = 0; tower->rank_count < ranks; tower->rank_count++)
        tower->ranks[tower->rank_count] = t * ranks + tower->rank_count;
    for (int32_t f = 0; f < model->feature_count; f++) {
        if (placement->tables[model->features[f].table].tower != t)
            continue;
        char *name = tp_copy_text(model->features[f].name, strlen(model->features[f].name));
        if (!name)
            return tp_fail_memory(err);
        tower->features[tower->feature_count++] = name;
    }
    return TP_OK;
}

static enum tp_status fill_towers(
    struct tp_plan *plan, const struct tp_placement *placement, struct tp_error *err)
{
    plan->towers = TP_NEW(placement->tower_count, struct tp_plan_tower);
    if (!plan->towers)
        return tp_fail_memory(err);
    plan->tower_count = placement->tower_count;
    for (int32_t t = 0; t < plan->tower_count; t++) {
        enum tp_status status = fill_tower(plan, placement, t, err);
        if (status)
            return status;
    }
    return TP_OK;
}

/* Inside affinity of an assignment of units; its digest if that is wanted. */
static enum tp_status inside(const struct tp_plan *plan, const struct tp_affinity *affinity,
    const struct tp_problem *problem, const int32_t *tower_of_unit, double *share, char *digest,
    struct tp_error *err)
{
    enum tp_status status = TP_OK;
    int32_t *tower = TP_NEW(plan->model->feature_count, int32_t);
    if (!tower)
        return tp_fail_memory(err);
    for (int32_t f = 0; f < plan->model->feature_count; f++)
        tower[f] = tower_of_unit[problem->unit_of_table[plan->model->features[f].table]];
    *share = tp_inside_affinity(affinity, tower);
    if (digest)
        status = tp_assignment_digest(plan->model, tower, digest, err);
    free(tower);
    return status;
}

/* The bound as a share, rounded to what anybody reads, outwards; the plan's own where that is proven. */
static void fill_bound(
    struct tp_plan *plan, const struct tp_affinity *affinity, const struct tp_partition *partition)
{
    struct tp_plan_quality *quality = &plan->quality;
    double all = tp_all_affinity(affinity), share = quality->inside_affinity;
    if (isnan(partition->bound) || !(all > 0) || !tp_strategy_needs_affinity(plan->strategy))
        return; /* the best load says nothing about affinity */
    double more = (partition->bound - partition->value) / all;
    quality->proven_optimal = partition->optimal;
    if (partition->optimal)
        quality->bound = share;
    else if (plan->strategy == TP_STRATEGY_DIVERSE)
        quality->bound = fmax(0, floor((share - more) * BOUND_DIGITS) / BOUND_DIGITS);
    else
        quality->bound = fmin(1, ceil((share + more) * BOUND_DIGITS) / BOUND_DIGITS);
}

static enum tp_status fill_quality(struct tp_plan *plan, const struct tp_affinity *affinity,
    const struct tp_solution *solution, struct tp_error *err)
{
    struct tp_plan_quality *quality = &plan->quality;
    const struct tp_partition *partition = &solution->partition;
    quality->inside_affinity = (double)NAN;
    quality->bound = (double)NAN;
    if (!affinity)
        return TP_OK;
    quality->baselines = TP_NEW(TP_BASELINE_COUNT, struct tp_plan_baseline);
    if (!quality->baselines)
        return tp_fail_memory(err);
    enum tp_status status = inside(plan, affinity, solution->problem, partition->tower,
        &quality->inside_affinity, quality->assignment, err);
    if (!status)
        fill_bound(plan, affinity, partition);
    for (int b = 0; !status && b < TP_BASELINE_COUNT; b++) {
        if (!partition->baselines.tower[b])
            continue;
        struct tp_plan_baseline *to = &quality->baselines[quality->baseline_count];
        const char *name = tp_baseline_name((enum tp_baseline)b);
        if (!(to->name = tp_copy_text(name, strlen(name))))
            return tp_fail_memory(err);
        quality->baseline_count++;
        to->within_limits = partition->baselines.within_limits[b];
        status = inside(plan, affinity, solution->problem, partition->baselines.tower[b],
            &to->inside_affinity, NULL, err);
    }
    return status;
}

enum tp_status tp_plan_fill(struct tp_plan *plan, const struct tp_affinity *affinity,
    const struct tp_solution *solution, const struct tp_placement *placement, struct tp_error *err)
{
    double flat_free;
    plan->balance = solution->partition.limits.balance;
    plan->ratio = solution->partition.limits.ratio;
    plan->limits_proven = solution->partition.limits_proven;
    enum tp_status status = fill_tables(plan, placement, err);
    if (!status)
        status = fill_towers(plan, placement, err);
    if (!status)
        status = fill_quality(plan, affinity, solution, err);
    if (!status)
        status = tp_flat_free_seconds(plan->model, plan->topology, &flat_free, err);
    if (!status)
        status = tp_plan_figures(plan, placement, flat_free, err);
    return status;
}
