/* SPDX-License-Identifier: Apache-2.0 */
/* What a step takes in one setting.
 *
 * In: the specs and a setting. Out: the cost of flat, sptt and dmt on towers that are balanced by
 * load, and of flat with its tables placed freely; or why there are no towers. Figures come from
 * where a plan's come from, so a plan with the same towers states the same.
 *
 * Towers: heaviest unit first, each to the lightest tower (LPT, Graham 1969, doi:10.1137/0117039).
 * Where that breaks a constraint or a memory limit, single moves and swaps repair it. No affinity,
 * no search: at 4,096 ranks a plan takes seconds, this milliseconds.
 *
 * Cost: O(U (log U + T)) for U units in T towers, and two placements of all tables. */
#include "sweep/row.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "partition/assignment.h"
#include "partition/problem.h"
#include "partition/refine.h"
#include "partition/starts.h"
#include "plan/figures.h"
#include "plan/place.h"
#include "sweep/setting.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPAIR_STEPS 1000000 /* some milliseconds */

/* A setting while it is looked at. */
struct site {
    struct tp_model model;
    struct tp_topology *topology;
    struct tp_sweep_row *row;
};

static enum tp_status say_why(struct tp_sweep_row *row, const char *why, struct tp_error *err)
{
    row->why = tp_copy_text(why, strlen(why));
    for (char *p = row->why; p && *p; p++)
        if (*p == '\n')
            *p = ' ';
    return row->why ? TP_OK : tp_fail_memory(err);
}

/* What the units need wherever they are, of all memory there is; some buffers come on top. */
static enum tp_status say_memory(
    struct site *site, const struct tp_problem *problem, struct tp_error *err)
{
    char line[160], needed[16], there[16];
    double least = problem->mean[TP_MEMORY] * problem->tower_count, capacity = 0;
    for (int32_t g = 0; g < site->topology->rank_count; g++)
        capacity += (double)tp_topology_rank_capacity(site->topology, g);
    tp_format_bytes(needed, least);
    tp_format_bytes(there, capacity);
    snprintf(line, sizeof line, "no room: need %s, have %s", needed, there);
    return say_why(site->row, line, err);
}

/* Units to towers. @param made  out: whether all constraints hold, and the memory of towers. */
static enum tp_status make_towers(
    const struct tp_problem *problem, int32_t *tower, bool *made, struct tp_error *err)
{
    struct tp_assignment *assignment = NULL;
    enum tp_status status = tp_start_greedy(problem, NULL, tower, err);
    if (!status)
        status = tp_assignment_new(problem, TP_GOAL_LOAD, &assignment, err);
    if (status)
        return status;
    struct tp_effort effort = tp_effort_of(REPAIR_STEPS);
    tp_assignment_set(assignment, tower);
    *made = tp_assignment_violation(assignment) <= 0 || tp_repair(assignment, &effort);
    memcpy(tower, assignment->tower, (size_t)problem->unit_count * sizeof *tower);
    tp_assignment_free(assignment);
    return TP_OK;
}

/* @param placement  out; NULL: row->why says what is in the way. */
static enum tp_status place_units(struct site *site, const struct tp_problem *problem,
    struct tp_placement **placement, struct tp_error *err)
{
    bool made = false;
    const struct tp_model *model = &site->model;
    int32_t *of_unit = TP_NEW(problem->unit_count, int32_t);
    int32_t *of_table = TP_NEW(model->table_count, int32_t);
    enum tp_status status = of_unit && of_table ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = make_towers(problem, of_unit, &made, err);
    if (!status && made) {
        for (int32_t i = 0; i < model->table_count; i++)
            of_table[i] = of_unit[problem->unit_of_table[i]];
        status = tp_place(model, site->topology, tp_topology_ranks_per_tower(site->topology),
            of_table, 0, placement, NULL, err);
    }
    if (!status && !*placement)
        status = say_memory(site, problem, err);
    free(of_table);
    free(of_unit);
    return status;
}

static enum tp_status place_towers(
    struct site *site, struct tp_placement **placement, struct tp_error *err)
{
    struct tp_problem *problem = NULL;
    struct tp_error why = {0};
    char line[160];
    enum tp_status status = tp_problem_new(&site->model, site->topology,
        tp_topology_ranks_per_tower(site->topology), NULL, &problem, &why);
    if (status == TP_EINFEASIBLE)
        return say_why(site->row, why.text, err);
    if (status)
        return tp_fail(err, status, "%s", why.text);
    if (problem->unit_count < problem->tower_count) {
        snprintf(line, sizeof line, "%d towers, but only %d unit%s", (int)problem->tower_count,
            (int)problem->unit_count, tp_plural(problem->unit_count));
        status = say_why(site->row, line, err);
    } else {
        status = place_units(site, problem, placement, err);
    }
    tp_problem_free(problem);
    return status;
}

/* What a setting without towers can still be: flat. */
static void set_flat_only(struct tp_plan_cost *cost, double seconds)
{
    *cost = (struct tp_plan_cost){.flat_free_seconds = seconds,
        .recommended = TP_USE_FLAT_FREE,
        .recommended_if_quality_allows = TP_USE_FLAT_FREE};
}

static enum tp_status cost_site(struct site *site, struct tp_error *err)
{
    struct tp_sweep_row *row = site->row;
    struct tp_placement *placement = NULL;
    struct tp_figures figures = {0};
    double flat_free;
    enum tp_status status = tp_flat_free_seconds(&site->model, site->topology, &flat_free, err);
    if (!status && row->setting.towers)
        status = place_towers(site, &placement, err);
    else if (!status)
        status = say_why(row, "hosts do not divide into such towers", err);
    if (status)
        goto out;
    set_flat_only(&row->cost, flat_free);
    row->placed = placement != NULL;
    if (placement)
        status = tp_figures_init(&figures, &site->model, site->topology, placement, flat_free, err);
    if (!status && placement)
        row->cost = figures.cost;
out:
    tp_figures_release(&figures);
    tp_placement_free(placement);
    return status;
}

enum tp_status tp_sweep_row(const struct tp_model *model, const struct tp_topology *topology,
    struct tp_sweep_row *row, struct tp_error *err)
{
    row->placed = false;
    if (row->setting.batch == 0) {
        set_flat_only(&row->cost, (double)NAN);
        return say_why(row, "batch_size is no multiple of the ranks", err);
    }
    struct site site = {.model = tp_setting_model(model, &row->setting), .row = row};
    enum tp_status status = tp_setting_topology(topology, &row->setting, &site.topology, err);
    if (!status)
        status = cost_site(&site, err);
    tp_topology_free(site.topology);
    return status;
}
