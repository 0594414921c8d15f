/* SPDX-License-Identifier: Apache-2.0 */
/* Other places for a unit: what each would break, and what the best of them would cost.
 *
 * In: a plan that keeps its rules, and a unit. Out: for each tower the limits and constraints that a move
 * there breaks; and the best changes that break none, each a move or a swap with one unit, predicted by
 * placing the tables of the two towers anew. Best is what the plan's strategy wants: most affinity inside
 * towers, least if it is diverse, balance if there is none. The limits are those of the plan and are
 * asked of the same problem that was solved for it.
 *
 * Memory of a tower, added up over its ranks, is only a necessary condition; whether tables fit the ranks
 * shows when they are placed. Cost: O(U * T) for the sums, then a placement of all tables per place. */
#include "explain/places.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/assignment.h"
#include "plan/figures.h"
#include "plan/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRIED_MAX (3 * TP_EXPLAIN_PLACES) /* placements, until enough are found that fit */
#define NO_RELIEF 1e-9                    /* sums of violations round */

struct search {
    struct tp_explain *explain;
    const struct tp_placement *placement;
    struct tp_model model; /* shallow; of a flat plan without constraints, which are about towers */
    struct tp_problem *problem;
    struct tp_assignment *assignment;
    int32_t unit;
    double all_affinity; /* 0: none given */
    double flat_free_seconds;
};

/* A change that breaks nothing. */
struct change {
    int32_t tower;
    int32_t with; /* unit that comes back; -1: none */
    double gain;  /* in what the strategy wants */
};

static enum tp_status begin(
    struct search *s, const struct tp_affinity *affinity, struct tp_error *err)
{
    const struct tp_plan *plan = s->explain->plan;
    enum tp_goal goal = !affinity                               ? TP_GOAL_LOAD
                        : plan->strategy == TP_STRATEGY_DIVERSE ? TP_GOAL_DIVERSE
                                                                : TP_GOAL_COHERENT;
    s->model = *plan->model;
    if (plan->strategy == TP_STRATEGY_FLAT)
        s->model.constraint_count = 0;
    enum tp_status status = tp_problem_new(
        &s->model, plan->topology, s->placement->ranks_per_tower, affinity, &s->problem, err);
    if (status != TP_OK)
        return status;
    tp_problem_set_limits(s->problem, (struct tp_limits){plan->balance, plan->ratio});
    status = tp_assignment_new(s->problem, goal, &s->assignment, err);
    if (status != TP_OK)
        return status;
    int32_t *tower = TP_NEW(s->problem->unit_count, int32_t);
    if (!tower)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < s->model.table_count; i++)
        tower[s->problem->unit_of_table[i]] = s->placement->tables[i].tower;
    tp_assignment_set(s->assignment, tower);
    free(tower);
    s->unit = s->problem->unit_of_table[s->explain->table];
    s->all_affinity = affinity ? tp_all_affinity(affinity) : 0;
    return TP_OK;
}

static enum tp_status list_unit(struct search *s, struct tp_error *err)
{
    struct tp_explain *explain = s->explain;
    explain->unit_tables = TP_NEW(s->model.table_count, int32_t);
    if (!explain->unit_tables)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < s->model.table_count; i++)
        if (s->problem->unit_of_table[i] == s->unit)
            explain->unit_tables[explain->unit_table_count++] = i;
    explain->pin = s->problem->pin[s->unit];
    return TP_OK;
}

/* What the unit's move to that tower would break. */
static unsigned holds_of(const struct search *s, int32_t to)
{
    static const unsigned bits[TP_RESOURCES] = {[TP_LOOKUP] = TP_HOLD_LOOKUP,
        [TP_OUTPUT] = TP_HOLD_OUTPUT,
        [TP_FLOPS] = TP_HOLD_FLOPS,
        [TP_MEMORY] = TP_HOLD_MEMORY,
        [TP_FEATURES] = TP_HOLD_FEATURES};
    const struct tp_problem *p = s->problem;
    const double *weight = tp_unit_weight(p, s->unit), *most = tp_tower_most(p, to);
    const double *there = s->assignment->load + (int64_t)to * TP_RESOURCES;
    const double *here =
        s->assignment->load + (int64_t)s->assignment->tower[s->unit] * TP_RESOURCES;
    unsigned holds = 0;
    for (int r = 0; r < TP_RESOURCES; r++)
        if (there[r] + weight[r] > most[r])
            holds |= bits[r];
    if (here[TP_FEATURES] - weight[TP_FEATURES] < p->features_least)
        holds |= TP_HOLD_FEATURES;
    for (int32_t i = p->apart_first[s->unit]; i < p->apart_first[s->unit + 1]; i++)
        if (s->assignment->tower[p->apart[i]] == to)
            holds |= TP_HOLD_APART;
    if (p->pin[s->unit] >= 0 && p->pin[s->unit] != to)
        holds |= TP_HOLD_PIN;
    return holds;
}

/* A gain of the search as a share of all affinity. */
static double share_of(const struct search *s, double gain)
{
    return s->all_affinity > 0 ? s->assignment->sign * gain / s->all_affinity : (double)NAN;
}

static void judge_towers(struct search *s)
{
    struct tp_explain *explain = s->explain;
    for (int32_t t = 0; t < explain->tower_count; t++) {
        struct tp_explain_tower *tower = &explain->towers[t];
        if (t == explain->tower) {
            tower->gain = s->all_affinity > 0 ? 0 : (double)NAN;
            continue;
        }
        tower->holds = holds_of(s, t);
        tower->gain = share_of(s, tp_gain_move(s->assignment, s->unit, t));
    }
}

static bool may_swap(const struct search *s, int32_t other)
{
    const struct tp_problem *p = s->problem;
    return p->pin[s->unit] < 0 && p->pin[other] < 0 &&
           tp_relief_swap_within(s->assignment, s->unit, other, NO_RELIEF) <= NO_RELIEF;
}

/* The best change for each tower. @param best  out, (T); of a tower that has none, gain -INFINITY. */
static void find_changes(const struct search *s, struct change *best)
{
    const struct tp_explain *explain = s->explain;
    for (int32_t t = 0; t < explain->tower_count; t++) {
        best[t] = (struct change){t, -1, -INFINITY};
        if (t != explain->tower && !explain->towers[t].holds)
            best[t].gain = tp_gain_move(s->assignment, s->unit, t);
    }
    for (int32_t v = 0; v < s->problem->unit_count; v++) {
        int32_t t = s->assignment->tower[v];
        if (t == explain->tower)
            continue;
        double gain = tp_gain_swap(s->assignment, s->unit, v);
        if (gain > best[t].gain && may_swap(s, v))
            best[t] = (struct change){t, v, gain};
    }
}

static int compare_changes(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    if (x->gain > y->gain || x->gain < y->gain)
        return x->gain > y->gain ? -1 : 1;
    return x->tower - y->tower;
}

static enum tp_status fill_place(const struct search *s, const struct tp_placement *placement,
    struct tp_explain_place *place, bool *fits, struct tp_error *err)
{
    const struct tp_plan *plan = s->explain->plan;
    struct tp_figures figures;
    enum tp_status status = tp_figures_init(
        &figures, plan->model, plan->topology, placement, s->flat_free_seconds, err);
    if (status != TP_OK)
        return status;
    *fits = true;
    for (int32_t g = 0; g < figures.rank_count; g++)
        *fits &= figures.loads[g].memory_bytes <= tp_topology_rank_capacity(plan->topology, g);
    place->balance = figures.balance;
    place->cost = figures.cost;
    tp_figures_release(&figures);
    return TP_OK;
}

/* The plan's placement with the tables of two towers as in `other`, of which it takes their shards. */
static void graft(
    const struct search *s, struct tp_placement *other, int32_t tower, struct tp_placement *mixed)
{
    for (int32_t i = 0; i < mixed->table_count; i++) {
        const struct tp_table_placement *now = &s->placement->tables[i];
        bool changes = now->tower == tower || now->tower == s->explain->tower;
        mixed->tables[i] = changes ? other->tables[i] : *now;
    }
}

/* Towers of tables after the change. */
static void apply(const struct search *s, const struct change *change, int32_t *tower)
{
    for (int32_t i = 0; i < s->model.table_count; i++) {
        int32_t unit = s->problem->unit_of_table[i];
        tower[i] = unit == s->unit        ? change->tower
                   : unit == change->with ? s->explain->tower
                                          : s->placement->tables[i].tower;
    }
}

/* @param place  out, if it fits. */
static enum tp_status try_change(const struct search *s, const struct change *change,
    struct tp_explain_place *place, bool *fits, struct tp_error *err)
{
    int32_t count = s->model.table_count;
    int32_t *tower = TP_NEW(count, int32_t);
    struct tp_placement *placed = NULL, mixed = *s->placement;
    mixed.tables = TP_NEW(count, struct tp_table_placement); /* borrows shards */
    enum tp_status status = tower && mixed.tables ? TP_OK : tp_fail_memory(err);
    *fits = false;
    if (status != TP_OK)
        goto out;
    apply(s, change, tower);
    status = tp_place(
        &s->model, s->explain->plan->topology, mixed.ranks_per_tower, tower, 0, &placed, NULL, err);
    if (status != TP_OK || !placed)
        goto out;
    graft(s, placed, change->tower, &mixed);
    *place = (struct tp_explain_place){.tower = change->tower, .swap_table = -1};
    for (int32_t i = 0; i < count && change->with >= 0 && place->swap_table < 0; i++)
        if (s->problem->unit_of_table[i] == change->with)
            place->swap_table = i;
    place->inside_affinity = s->explain->now.inside_affinity + share_of(s, change->gain);
    status = fill_place(s, &mixed, place, fits, err);
out:
    tp_placement_free(placed);
    free(mixed.tables);
    free(tower);
    return status;
}

static enum tp_status find_places(struct search *s, struct tp_error *err)
{
    struct tp_explain *explain = s->explain;
    struct change *changes = TP_NEW(explain->tower_count, struct change);
    if (!changes)
        return tp_fail_memory(err);
    find_changes(s, changes);
    qsort(changes, (size_t)explain->tower_count, sizeof *changes, compare_changes);
    enum tp_status status = TP_OK;
    for (int32_t i = 0; i < explain->tower_count && i < TRIED_MAX && status == TP_OK; i++) {
        bool fits = false;
        if (explain->place_count == TP_EXPLAIN_PLACES || changes[i].gain <= -INFINITY)
            break;
        status = try_change(s, &changes[i], &explain->places[explain->place_count], &fits, err);
        if (fits)
            explain->place_count++;
        else if (changes[i].with < 0)
            explain->towers[changes[i].tower].holds |= TP_HOLD_MEMORY;
    }
    free(changes);
    return status;
}

enum tp_status tp_explain_places(struct tp_explain *explain, const struct tp_placement *placement,
    const struct tp_affinity *affinity, struct tp_error *err)
{
    struct search s = {.explain = explain, .placement = placement};
    const struct tp_plan *plan = explain->plan;
    bool fits;
    explain->now.tower = explain->tower;
    explain->now.swap_table = -1;
    enum tp_status status =
        tp_flat_free_seconds(plan->model, plan->topology, &s.flat_free_seconds, err);
    if (status == TP_OK)
        status = fill_place(&s, placement, &explain->now, &fits, err);
    if (status == TP_OK)
        status = begin(&s, affinity, err);
    if (status == TP_OK)
        status = list_unit(&s, err);
    if (status == TP_OK && explain->tower_count > 1) {
        judge_towers(&s);
        status = find_places(&s, err);
    }
    tp_assignment_free(s.assignment);
    tp_problem_free(s.problem);
    return status;
}
