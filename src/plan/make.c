/* SPDX-License-Identifier: Apache-2.0 */
/* The main job: partition, seating, placement, figures, one after the other, into a plan.
 *
 * Nothing is written into the plan that check would not find true: all figures come from the same
 * functions that check asks. */
#include <towerpart/plan.h>

#include <towerpart/version.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "plan/figures.h"
#include "plan/place.h"
#include "plan/seating.h"
#include "plan/solve.h"
#include "plan/trust.h"
#include "spec/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BOUND_DIGITS 1e4 /* of a share: hundredths of a percent */

struct tp_plan_options tp_plan_options_default(void)
{
    return (struct tp_plan_options){.strategy = TP_STRATEGY_COHERENT,
        .balance = (double)NAN,
        .ratio = (double)NAN,
        .hosts_per_tower = 0,
        .seed = 1,
        .effort = 10};
}

static bool needs_affinity(enum tp_strategy strategy)
{
    return strategy == TP_STRATEGY_COHERENT || strategy == TP_STRATEGY_DIVERSE ||
           strategy == TP_STRATEGY_PAPER;
}

static enum tp_status check_options(const struct tp_topology *topology,
    const struct tp_affinity *affinity, const struct tp_plan_options *options, struct tp_error *err)
{
    int32_t hosts = topology->host_count, per_tower = options->hosts_per_tower;
    if (options->strategy >= TP_STRATEGY_IMPORTED)
        return tp_fail(err, TP_EUSAGE, "strategy imported is for plans that were made elsewhere");
    if (needs_affinity(options->strategy) && !affinity)
        return tp_fail(err, TP_EUSAGE,
            "strategy %s needs an affinity or a dump to measure it from; load and stride do not",
            tp_strategy_name(options->strategy));
    if (options->balance < 0 || isinf(options->balance))
        return tp_fail(
            err, TP_EUSAGE, "balance %g is out of range, expected a number >= 0", options->balance);
    if (options->ratio < 1 || isinf(options->ratio))
        return tp_fail(
            err, TP_EUSAGE, "ratio %g is out of range, expected a number >= 1", options->ratio);
    if (options->effort < 0 || options->effort > 100)
        return tp_fail(
            err, TP_EUSAGE, "effort %d is out of range, expected 0..100", options->effort);
    if (options->effort == 0 && options->seconds <= 0 && !options->stop)
        return tp_fail(err, TP_EUSAGE, "effort 0 has no end without a limit in seconds or a stop");
    if (!(options->seconds >= 0 && options->seconds < INFINITY))
        return tp_fail(err, TP_EUSAGE,
            "seconds %g is out of range, expected a number above 0, or 0 for no limit",
            options->seconds);
    if (options->seed > INT64_MAX) /* integers of a plan file are signed */
        return tp_fail(err, TP_EUSAGE,
            "seed %" PRIu64 " is out of range, expected at most 2^63 - 1", options->seed);
    if (per_tower < 0 || per_tower > hosts || (per_tower && hosts % per_tower))
        return tp_fail(err, TP_EUSAGE,
            "%d hosts per tower do not divide the %d host%s of topology %s", per_tower, hosts,
            tp_plural(hosts), topology->name);
    return TP_OK;
}

/* The tables' places, by name; takes the shards over from the placement. */
static enum tp_status fill_tables(
    struct tp_plan *plan, struct tp_placement *placement, struct tp_error *err)
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
    if (isnan(partition->bound) || !(all > 0) || !needs_affinity(plan->strategy))
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

static int64_t exact_steps(const struct tp_solution *solution)
{
    return solution->problem->unit_count <= TP_EXACT_UNITS_MAX ? TP_JUDGE_STEPS : 0;
}

/* Stride says itself which tower is where. */
static enum tp_status seat(
    const struct tp_plan *plan, struct tp_solution *solution, struct tp_error *err)
{
    if (plan->strategy == TP_STRATEGY_STRIDE)
        return TP_OK;
    return tp_seat_towers(plan->model, plan->topology, solution->problem, exact_steps(solution),
        solution->partition.tower, err);
}

static enum tp_status place(const struct tp_plan *plan, const struct tp_solution *solution,
    struct tp_placement **placement, struct tp_error *err)
{
    const struct tp_model *model = plan->model;
    int32_t *tower = TP_NEW(model->table_count, int32_t);
    if (!tower)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < model->table_count; i++)
        tower[i] = solution->partition.tower[solution->problem->unit_of_table[i]];
    enum tp_status status =
        tp_place(model, plan->topology, tp_topology_ranks_per_tower(plan->topology), tower,
            exact_steps(solution), placement, NULL, err);
    if (!status && !*placement) /* the judge has placed the very same tables */
        status = tp_fail(err, TP_EINTERNAL, "a partition that fits could not be placed");
    free(tower);
    return status;
}

static enum tp_status build(struct tp_plan *plan, const struct tp_affinity *affinity,
    const struct tp_solution *solution, struct tp_error *err)
{
    struct tp_placement *placement = NULL;
    double flat_free;
    enum tp_status status = place(plan, solution, &placement, err);
    plan->balance = solution->partition.limits.balance;
    plan->ratio = solution->partition.limits.ratio;
    plan->limits_proven = solution->partition.limits_proven;
    if (!status)
        status = fill_tables(plan, placement, err);
    if (!status)
        status = fill_towers(plan, placement, err);
    if (!status)
        status = fill_quality(plan, affinity, solution, err);
    if (!status)
        status = tp_flat_free_seconds(plan->model, plan->topology, &flat_free, err);
    if (!status)
        status = tp_plan_figures(plan, placement, flat_free, err);
    tp_placement_free(placement);
    return status;
}

/* An empty plan around copies of the specs. */
static enum tp_status new_plan(const struct tp_model *model, const struct tp_topology *topology,
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

/* A search that was cut off proves nothing, and its explanation would take longer than it may. */
static enum tp_status refuse(
    const struct tp_question *question, const struct tp_solution *solution, struct tp_error *err)
{
    if (solution->partition.stopped)
        return tp_fail(err, TP_EINFEASIBLE,
            "stopped before any plan was found that keeps memory, limits and constraints: give it "
            "more time");
    return tp_explain_refusal(question, solution, err);
}

enum tp_status tp_plan_make(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_affinity *affinity, const struct tp_plan_options *options,
    struct tp_plan **plan, struct tp_error *err)
{
    struct tp_plan_options defaults = tp_plan_options_default();
    struct tp_plan *made = NULL;
    struct tp_solution solution = {0};
    options = options ? options : &defaults;
    enum tp_status status = check_options(topology, affinity, options, err);
    if (!status)
        status = new_plan(model, topology, options, &made, err);
    if (status)
        return status;
    struct tp_model unbound = *made->model; /* shallow */
    if (options->strategy == TP_STRATEGY_FLAT)
        unbound.constraint_count = 0; /* they are about towers, and there are none */
    struct tp_question question = {.model = &unbound,
        .topology = made->topology,
        .hosts_per_tower = made->topology->hosts_per_tower,
        .affinity = affinity,
        .strategy = options->strategy,
        .balance = options->balance,
        .ratio = options->ratio,
        .seed = options->seed,
        .effort = options->effort,
        .deadline = options->seconds > 0 ? tp_seconds_now() + options->seconds : 0,
        .stop = options->stop,
        .progress = options->progress};
    status = tp_solve(&question, &solution, err);
    if (!status && solution.partition.answer != TP_ANSWER_YES)
        status = refuse(&question, &solution, err);
    if (!status)
        status = seat(made, &solution, err);
    if (!status)
        status = build(made, affinity, &solution, err);
    if (!status)
        status = tp_assess_trust(&question, &solution, made, err);
    if (!status) {
        *plan = made;
        made = NULL;
    }
    tp_solution_release(&solution);
    tp_plan_free(made);
    return status;
}
