/* SPDX-License-Identifier: Apache-2.0 */
/* A step is a unit that moves, two that change places, or what is left of the way to a target. It is taken if
 * the limits hold after it, the goal gains, the tables can be placed with most of them staying on their ranks,
 * no more bytes travel in all than may, and, if that is asked for, no training step is slower than it was at the
 * start. Where only the last fails, the tables of the towers that it touches are placed anew.
 *
 * Bytes are first guessed by towers (a unit in another tower has all its bytes moved), which is right but for
 * tables that have to make room inside a tower; a step that was guessed too cheap is turned down, and its
 * units with it. */
#include "replan/walk.h"

#include "base/fail.h"
#include "base/memory.h"
#include "plan/figures.h"
#include "replan/refit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GAIN_LEAST 1e-9    /* of the value */
#define FASTER_LEAST 0.001 /* what placing a tower anew has to save, of a step */
#define INSIDE_ROUNDS 2

struct candidate {
    int32_t unit, to, with; /* with: the unit that comes in exchange; -1: none */
    double gain, bytes;
    double worth; /* gain per byte */
};

static bool is_stopped(const struct tp_walk *w)
{
    return w->rules.stop && *w->rules.stop;
}

static double bytes_there(const struct tp_walk *w, int32_t unit, int32_t tower)
{
    return w->rules.bytes[(int64_t)unit * w->rules.problem->tower_count + tower];
}

static double all_value(const struct tp_walk *w)
{
    return 1 + fabs(tp_assignment_value(w->now));
}

/* Bytes that a move adds to what travels. */
static double cost_of(const struct tp_walk *w, int32_t unit, int32_t to)
{
    return bytes_there(w, unit, w->now->tower[unit]) - bytes_there(w, unit, to);
}

static bool may_move(const struct tp_walk *w, int32_t unit)
{
    return w->rules.problem->pin[unit] < 0 && !w->barred[unit];
}

/* Takes a move or an exchange for the best one, if it is better and keeps the limits. */
static void consider(const struct tp_walk *w, struct candidate next, struct candidate *best)
{
    double total = tp_travel_bytes(&w->travel);
    if (next.gain <= (next.bytes > 0 ? w->rules.least_gain : GAIN_LEAST * all_value(w)))
        return;
    if (next.bytes > 0 && total + next.bytes > w->rules.bytes_most)
        return;
    next.worth = next.bytes > 0 ? next.gain / next.bytes : INFINITY;
    if (next.worth < best->worth || (next.worth <= best->worth && next.gain <= best->gain))
        return;
    double relief = next.with < 0 ? tp_relief_move_within(w->now, next.unit, next.to, 0)
                                  : tp_relief_swap_within(w->now, next.unit, next.with, 0);
    if (relief <= 0)
        *best = next;
}

/* The best step on the way to a target, or of all; unit -1: none. */
static struct candidate find_step(const struct tp_walk *w, const int32_t *target)
{
    const struct tp_problem *p = w->rules.problem;
    const int32_t *tower = w->now->tower;
    struct candidate best = {.unit = -1, .worth = 0};
    for (int32_t u = 0; u < p->unit_count; u++) {
        if (!may_move(w, u) || (target && target[u] == tower[u]))
            continue;
        tp_gains(w->now, u, w->now->to, w->now->with);
        for (int32_t t = 0; t < p->tower_count; t++)
            if (t != tower[u] && (!target || t == target[u]))
                consider(
                    w, (struct candidate){u, t, -1, w->now->to[t], cost_of(w, u, t), 0}, &best);
        for (int32_t v = u + 1; v < p->unit_count; v++) {
            bool on_the_way = !target || (target[u] == tower[v] && target[v] == tower[u]);
            if (tower[v] == tower[u] || !on_the_way || !may_move(w, v))
                continue;
            double bytes = cost_of(w, u, tower[v]) + cost_of(w, v, tower[u]);
            consider(w, (struct candidate){u, tower[v], v, w->now->with[v], bytes, 0}, &best);
        }
    }
    return best;
}

static double inside_now(struct tp_walk *w, struct tp_error *err, enum tp_status *status)
{
    const struct tp_model *model = w->rules.model;
    if (!w->rules.affinity)
        return (double)NAN;
    int32_t *tower = TP_NEW(model->feature_count, int32_t);
    if (!tower) {
        *status = tp_fail_memory(err);
        return (double)NAN;
    }
    for (int32_t f = 0; f < model->feature_count; f++)
        tower[f] = w->tower_of_table[model->features[f].table];
    double inside = tp_inside_affinity(w->rules.affinity, tower);
    free(tower);
    return inside;
}

/* What the towers as they are now come to. */
struct outcome {
    struct tp_placement *placement; /* NULL: nothing fits */
    struct tp_travel travel;
    struct tp_speed speed;
};

static enum tp_status place_now(
    struct tp_walk *w, bool *freed, struct outcome *outcome, struct tp_error *err)
{
    const struct tp_walk_rules *r = &w->rules;
    memset(outcome, 0, sizeof *outcome);
    for (int32_t i = 0; i < r->model->table_count; i++)
        w->tower_of_table[i] = w->now->tower[r->problem->unit_of_table[i]];
    enum tp_status status = tp_refit(r->homes, r->model, r->topology, w->tower_of_table, r->locked,
        freed, &outcome->placement, err);
    if (status || !outcome->placement)
        return status;
    outcome->travel = tp_homes_travel(r->homes, outcome->placement);
    return tp_speed_of(r->model, r->topology, outcome->placement, &outcome->speed, err);
}

static bool is_affordable(const struct tp_walk *w, const struct outcome *outcome)
{
    return outcome->placement && tp_travel_bytes(&outcome->travel) <= w->rules.bytes_most;
}

static bool is_slow(const struct tp_walk *w, const struct outcome *outcome)
{
    return !w->rules.may_slow && tp_is_slower(outcome->speed, w->slowest);
}

/* Lists the tables that travel more, or less, than before, or are in another tower. */
static enum tp_status list_moves(const struct tp_homes *homes, const struct tp_model *model,
    const struct tp_placement *before, const struct tp_placement *after,
    struct tp_replan_step *step, struct tp_error *err)
{
    step->moves = TP_NEW(model->table_count, struct tp_replan_move);
    if (!step->moves)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < model->table_count; i++) {
        const struct tp_home *home = &homes->tables[i];
        struct tp_travel travel = tp_home_travel(homes, i, &after->tables[i]);
        double bytes = tp_travel_bytes(&travel);
        if (before) {
            struct tp_travel less = tp_home_travel(homes, i, &before->tables[i]);
            bytes -= tp_travel_bytes(&less);
        }
        int32_t from = before ? before->tables[i].tower : home->tower;
        int32_t to = after->tables[i].tower;
        bool is_new = !before && home->before < 0;
        if (is_new || (from == to && !(bytes > 0) && !(bytes < 0)))
            continue;
        step->moves[step->move_count++] = (struct tp_replan_move){
            model->tables[i].name, from, to, bytes, before ? 0 : home->lost_bytes};
    }
    return TP_OK;
}

enum tp_status tp_needed_step(const struct tp_homes *homes, const struct tp_model *model,
    const struct tp_placement *placement, struct tp_replan_step *step, struct tp_error *err)
{
    struct tp_travel travel = tp_homes_travel(homes, placement);
    memset(step, 0, sizeof *step);
    step->bytes = tp_travel_bytes(&travel);
    return list_moves(homes, model, NULL, placement, step, err);
}

/* Takes the outcome over, with what it changes as a step. */
static enum tp_status record(
    struct tp_walk *w, const bool *freed, struct outcome *outcome, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    struct tp_replan_step step = {0};
    struct tp_replan_step *steps = tp_resize(w->steps, (size_t)w->step_count + 1, sizeof *w->steps);
    if (!steps)
        return tp_fail_memory(err);
    w->steps = steps;
    double inside = inside_now(w, err, &status);
    if (!status)
        status = list_moves(
            w->rules.homes, w->rules.model, w->placement, outcome->placement, &step, err);
    if (status)
        return status;
    step.bytes = tp_travel_bytes(&outcome->travel) - tp_travel_bytes(&w->travel);
    step.inside = inside - w->inside;
    step.seconds = outcome->speed.same - w->speed.same;
    step.dmt_seconds = outcome->speed.any - w->speed.any;
    w->steps[w->step_count++] = step;
    tp_placement_free(w->placement);
    w->placement = outcome->placement;
    outcome->placement = NULL;
    w->travel = outcome->travel;
    w->speed = outcome->speed;
    w->inside = inside;
    memcpy(w->freed, freed, (size_t)w->rules.model->table_count * sizeof *freed);
    return TP_OK;
}

/* Lets all tables go that are in a tower which some unit left or entered, or in that one. */
static void free_towers(const struct tp_walk *w, const int32_t *before, int32_t tower, bool *freed)
{
    for (int32_t i = 0; i < w->rules.model->table_count; i++) {
        bool touched = w->tower_of_table[i] == tower;
        for (int32_t u = 0; before && !touched && u < w->rules.problem->unit_count; u++)
            if (before[u] != w->now->tower[u])
                touched =
                    w->tower_of_table[i] == before[u] || w->tower_of_table[i] == w->now->tower[u];
        freed[i] |= touched && !w->rules.locked[i];
    }
}

/* Places what the units' towers have become since `before`, and takes it if it may be.
 * @param taken  out: else the towers are again as before. */
static enum tp_status settle(
    struct tp_walk *w, const int32_t *before, bool *taken, struct tp_error *err)
{
    size_t tables = (size_t)w->rules.model->table_count;
    struct outcome outcome = {0};
    bool *freed = TP_NEW(tables, bool);
    if (!freed)
        return tp_fail_memory(err);
    memcpy(freed, w->freed, tables * sizeof *freed);
    enum tp_status status = place_now(w, freed, &outcome, err);
    bool slow = !status && outcome.placement && is_slow(w, &outcome);
    if (slow && is_affordable(w, &outcome)) {
        tp_placement_free(outcome.placement);
        free_towers(w, before, -1, freed);
        status = place_now(w, freed, &outcome, err);
        slow = !status && outcome.placement && is_slow(w, &outcome);
    }
    *taken = !status && !slow && is_affordable(w, &outcome);
    if (*taken)
        status = record(w, freed, &outcome, err);
    else
        tp_assignment_set(w->now, before);
    tp_placement_free(outcome.placement);
    free(freed);
    return status;
}

/* What is left of the way, at once. */
static enum tp_status jump(struct tp_walk *w, const int32_t *target, struct tp_error *err)
{
    const struct tp_problem *p = w->rules.problem;
    double value = tp_assignment_value(w->now);
    bool taken;
    memcpy(w->tower, w->now->tower, (size_t)p->unit_count * sizeof *w->tower);
    if (memcmp(w->tower, target, (size_t)p->unit_count * sizeof *target) == 0)
        return TP_OK;
    tp_assignment_set(w->now, target);
    double gain = tp_assignment_value(w->now) - value;
    if (tp_assignment_violation(w->now) > 0 || gain <= w->rules.least_gain) {
        tp_assignment_set(w->now, w->tower);
        return TP_OK;
    }
    return settle(w, w->tower, &taken, err);
}

enum tp_status tp_walk_towards(struct tp_walk *w, const int32_t *target, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    size_t bytes = (size_t)w->rules.problem->unit_count * sizeof *w->tower;
    memset(w->barred, 0, (size_t)w->rules.problem->unit_count * sizeof *w->barred);
    while (!status && !is_stopped(w)) {
        bool taken = false;
        struct candidate step = find_step(w, target);
        if (step.unit < 0)
            break;
        memcpy(w->tower, w->now->tower, bytes);
        if (step.with < 0)
            tp_make_move(w->now, step.unit, step.to);
        else
            tp_make_swap(w->now, step.unit, step.with);
        status = settle(w, w->tower, &taken, err);
        if (!taken) {
            w->barred[step.unit] = true;
            if (step.with >= 0)
                w->barred[step.with] = true;
        }
    }
    return !status && target ? jump(w, target, err) : status;
}

/* Places one tower anew. @param taken  out: that makes training faster, and may be paid for. */
static enum tp_status try_inside(
    struct tp_walk *w, int32_t tower, bool *freed, bool *taken, struct tp_error *err)
{
    struct outcome outcome;
    struct tp_speed enough = {
        w->speed.same * (1 - FASTER_LEAST), w->speed.any * (1 - FASTER_LEAST)};
    memcpy(freed, w->freed, (size_t)w->rules.model->table_count * sizeof *freed);
    free_towers(w, NULL, tower, freed);
    enum tp_status status = place_now(w, freed, &outcome, err);
    *taken = !status && is_affordable(w, &outcome) && !tp_is_slower(outcome.speed, w->speed) &&
             (outcome.speed.same <= enough.same || outcome.speed.any <= enough.any);
    if (*taken)
        status = record(w, freed, &outcome, err);
    tp_placement_free(outcome.placement);
    return status;
}

enum tp_status tp_walk_inside(struct tp_walk *w, struct tp_error *err)
{
    bool *freed = TP_NEW(w->rules.model->table_count, bool);
    enum tp_status status = freed ? TP_OK : tp_fail_memory(err);
    bool any = true;
    for (int round = 0; !status && any && round < INSIDE_ROUNDS; round++) {
        any = false;
        for (int32_t t = 0; !status && t < w->rules.homes->tower_count && !is_stopped(w); t++) {
            bool taken = false;
            status = try_inside(w, t, freed, &taken, err);
            any |= taken;
        }
    }
    free(freed);
    return status;
}

static enum tp_status begin(struct tp_walk *w, const int32_t *tower, struct tp_error *err)
{
    size_t units = (size_t)w->rules.problem->unit_count;
    size_t tables = (size_t)w->rules.model->table_count;
    struct outcome outcome;
    enum tp_status status = tp_assignment_new(w->rules.problem, w->rules.goal, &w->now, err);
    w->freed = TP_NEW(tables, bool);
    w->barred = TP_NEW(units, bool);
    w->tower = TP_NEW(units, int32_t);
    w->tower_of_table = TP_NEW(tables, int32_t);
    if (!status && (!w->freed || !w->barred || !w->tower || !w->tower_of_table))
        status = tp_fail_memory(err);
    if (status)
        return status;
    tp_assignment_set(w->now, tower);
    status = place_now(w, w->freed, &outcome, err);
    if (status)
        return status;
    w->placement = outcome.placement;
    w->travel = outcome.travel;
    w->speed = w->slowest = outcome.speed;
    w->inside = inside_now(w, err, &status);
    return status;
}

enum tp_status tp_walk_new(const struct tp_walk_rules *rules, const int32_t *tower,
    struct tp_walk **walk, struct tp_error *err)
{
    struct tp_walk *w = TP_NEW(1, struct tp_walk);
    if (!w)
        return tp_fail_memory(err);
    w->rules = *rules;
    enum tp_status status = begin(w, tower, err);
    if (status) {
        tp_walk_free(w);
        return status;
    }
    *walk = w;
    return TP_OK;
}

void tp_walk_free(struct tp_walk *w)
{
    if (!w)
        return;
    for (int32_t i = 0; i < w->step_count; i++)
        free(w->steps[i].moves);
    free(w->steps);
    tp_placement_free(w->placement);
    tp_assignment_free(w->now);
    free(w->freed);
    free(w->barred);
    free(w->tower);
    free(w->tower_of_table);
    free(w);
}
