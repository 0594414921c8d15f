/* SPDX-License-Identifier: Apache-2.0 */
/* The sums behind a local search.
 *
 * Affinity is kept by tower, (T, U): a move then adds one row of the matrix to one row and takes it
 * from another, and the swaps of one unit with all others are read along three rows, about a
 * nanosecond each. All of it is sums and differences in a fixed order, the same on every machine.
 *
 * Limits are soft here: an assignment may break them, `excess` says by how much, and the search drives
 * the violation to zero before it looks at the goal. A tower's excess adds up, in units of the mean,
 * what is over each limit and what is missing to the least number of features; a pair that is to
 * be apart and is not counts 1. Loads are sums of doubles in the order of the moves, so the limits that
 * tp_problem_set_limits() makes carry a relative slack of 1e-9, far above the rounding. */
#include "partition/assignment.h"

#include "base/clones.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum tp_status tp_assignment_new(const struct tp_problem *problem, enum tp_goal goal,
    struct tp_assignment **assignment, struct tp_error *err)
{
    struct tp_assignment *a = TP_NEW(1, struct tp_assignment);
    if (!a)
        return tp_fail_memory(err);
    size_t units = (size_t)problem->unit_count, towers = (size_t)problem->tower_count;
    a->problem = problem;
    a->goal = goal;
    a->tower = TP_NEW(units, int32_t);
    a->load = TP_NEW(towers * TP_RESOURCES, double);
    a->excess = TP_NEW(towers, double);
    bool wants_pull = problem->affinity && goal != TP_GOAL_LOAD;
    for (int r = 0; r < TP_RESOURCES; r++)
        a->per_mean[r] = problem->mean[r] > 0 ? 1 / problem->mean[r] : 1;
    a->sign = goal == TP_GOAL_DIVERSE ? -1 : 1;
    a->pull = wants_pull ? tp_new_aligned(units * towers, sizeof(double)) : NULL;
    a->own = wants_pull ? tp_new_aligned(units, sizeof(double)) : NULL;
    a->changed = TP_NEW(towers, bool);
    a->to = TP_NEW(towers, double);
    a->with = tp_new_aligned(units, sizeof(double));
    a->look = TP_NEW(units, bool);
    a->enter = TP_NEW(towers, bool);
    if (!a->tower || !a->load || !a->excess || !a->changed || !a->to || !a->with || !a->look ||
        !a->enter || (wants_pull && (!a->pull || !a->own))) {
        tp_assignment_free(a);
        return tp_fail_memory(err);
    }
    *assignment = a;
    return TP_OK;
}

void tp_assignment_free(struct tp_assignment *assignment)
{
    if (!assignment)
        return;
    free(assignment->tower);
    free(assignment->load);
    free(assignment->excess);
    free(assignment->changed);
    free(assignment->to);
    free(assignment->with);
    free(assignment->look);
    free(assignment->enter);
    free(assignment->pull);
    free(assignment->own);
    free(assignment);
}

static double *pull_of(const struct tp_assignment *a, int32_t tower)
{
    return a->pull + (int64_t)tower * a->problem->unit_count;
}

static const float *affinity_of(const struct tp_problem *problem, int32_t unit)
{
    return problem->affinity + (int64_t)unit * problem->unit_count;
}

static const double *load_of(const struct tp_assignment *a, int32_t tower)
{
    return a->load + (int64_t)tower * TP_RESOURCES;
}

/* How far a tower of that load would be outside its limits. */
static double excess_at(const struct tp_problem *problem, int32_t tower, const double *load)
{
    const double *most = tp_tower_most(problem, tower);
    double excess = 0;
    for (int r = 0; r < TP_RESOURCES; r++)
        if (load[r] > most[r])
            excess += (load[r] - most[r]) / problem->mean[r];
    if (load[TP_FEATURES] < problem->features_least)
        excess += (problem->features_least - load[TP_FEATURES]) / problem->mean[TP_FEATURES];
    return excess;
}

/* Units that are to be apart from `unit` and are in `tower`; `except` is not counted. */
static int clashes(const struct tp_assignment *a, int32_t unit, int32_t tower, int32_t except)
{
    const struct tp_problem *p = a->problem;
    int count = 0;
    for (int32_t i = p->apart_first[unit]; i < p->apart_first[unit + 1]; i++)
        count += a->tower[p->apart[i]] == tower && p->apart[i] != except;
    return count;
}

TP_CLONES static void add_row(double *sum, const float *row, int32_t count)
{
    for (int32_t v = 0; v < count; v++)
        sum[v] += (double)row[v];
}

void tp_assignment_set(struct tp_assignment *a, const int32_t *tower)
{
    const struct tp_problem *p = a->problem;
    memset(a->load, 0, (size_t)p->tower_count * TP_RESOURCES * sizeof(double));
    for (int32_t u = 0; u < p->unit_count; u++) {
        a->tower[u] = p->pin[u] >= 0 ? p->pin[u] : tower[u];
        double *load = a->load + (int64_t)a->tower[u] * TP_RESOURCES;
        for (int r = 0; r < TP_RESOURCES; r++)
            load[r] += tp_unit_weight(p, u)[r];
    }
    for (int32_t t = 0; t < p->tower_count; t++)
        a->excess[t] = excess_at(p, t, load_of(a, t));
    memset(a->changed, true, (size_t)p->tower_count);
    if (!a->pull)
        return;
    memset(a->pull, 0, (size_t)p->unit_count * (size_t)p->tower_count * sizeof(double));
    for (int32_t u = 0; u < p->unit_count; u++)
        add_row(pull_of(a, a->tower[u]), affinity_of(p, u), p->unit_count);
    for (int32_t u = 0; u < p->unit_count; u++)
        a->own[u] = pull_of(a, a->tower[u])[u];
}

void tp_assignment_copy(struct tp_assignment *to, const struct tp_assignment *from)
{
    size_t units = (size_t)from->problem->unit_count, towers = (size_t)from->problem->tower_count;
    memcpy(to->tower, from->tower, units * sizeof(int32_t));
    memcpy(to->load, from->load, towers * TP_RESOURCES * sizeof(double));
    memcpy(to->excess, from->excess, towers * sizeof(double));
    memcpy(to->changed, from->changed, towers);
    if (!from->pull)
        return;
    memcpy(to->pull, from->pull, units * towers * sizeof(double));
    memcpy(to->own, from->own, units * sizeof(double));
}

double tp_assignment_violation(const struct tp_assignment *a)
{
    double violation = 0;
    for (int32_t t = 0; t < a->problem->tower_count; t++)
        violation += a->excess[t];
    int pairs = 0;
    for (int32_t u = 0; u < a->problem->unit_count; u++)
        pairs += clashes(a, u, a->tower[u], -1);
    return violation + pairs / 2;
}

/* A tower's part in the sum of squares of the load goal. Memory and features have no say in it: they
 * have limits of their own. */
static double squares(const struct tp_problem *problem, const double *load)
{
    double sum = 0;
    for (int r = 0; r < TP_MEMORY; r++)
        if (problem->mean[r] > 0)
            sum += load[r] / problem->mean[r] * (load[r] / problem->mean[r]);
    return sum;
}

double tp_assignment_value(const struct tp_assignment *a)
{
    double sum = 0;
    if (a->pull) {
        for (int32_t u = 0; u < a->problem->unit_count; u++)
            sum += a->own[u];
        return a->sign * sum / 2;
    }
    for (int32_t t = 0; t < a->problem->tower_count; t++)
        sum += squares(a->problem, load_of(a, t));
    return -sum;
}

enum tp_status tp_towers_value(const struct tp_problem *problem, enum tp_goal goal,
    const int32_t *tower, double *value, struct tp_error *err)
{
    struct tp_assignment *a = NULL;
    enum tp_status status = tp_assignment_new(problem, goal, &a, err);
    if (status)
        return status;
    tp_assignment_set(a, tower);
    *value = tp_assignment_value(a);
    tp_assignment_free(a);
    return TP_OK;
}

/* Loads of two towers after `out` left the first for the second and `in` came back (NULL: nobody). */
static void loads_after(const struct tp_assignment *a, int32_t first, int32_t second,
    const double *out, const double *in, double *first_load, double *second_load)
{
    const double *x = load_of(a, first), *y = load_of(a, second);
    for (int r = 0; r < TP_RESOURCES; r++) {
        double shift = out[r] - (in ? in[r] : 0.0);
        first_load[r] = x[r] - shift;
        second_load[r] = y[r] + shift;
    }
}

static double gain_of_loads(const struct tp_assignment *a, int32_t first, int32_t second,
    const double *out, const double *in)
{
    double x[TP_RESOURCES], y[TP_RESOURCES];
    loads_after(a, first, second, out, in, x, y);
    const struct tp_problem *p = a->problem;
    return squares(p, load_of(a, first)) + squares(p, load_of(a, second)) - squares(p, x) -
           squares(p, y);
}

double tp_gain_move(const struct tp_assignment *a, int32_t unit, int32_t to)
{
    int32_t from = a->tower[unit];
    if (!a->pull)
        return gain_of_loads(a, from, to, tp_unit_weight(a->problem, unit), NULL);
    return a->sign * (pull_of(a, to)[unit] - a->own[unit]);
}

double tp_gain_swap(const struct tp_assignment *a, int32_t u, int32_t v)
{
    const struct tp_problem *p = a->problem;
    int32_t x = a->tower[u], y = a->tower[v];
    if (!a->pull)
        return gain_of_loads(a, x, y, tp_unit_weight(p, u), tp_unit_weight(p, v));
    return a->sign * (pull_of(a, y)[u] - a->own[u] + pull_of(a, x)[v] - a->own[v] -
                         2 * (double)affinity_of(p, u)[v]);
}

/* What it brings to take unit v from where it is to where u is now and u to v's place.
 * @param to  (T) gains of u's moves. */
TP_CLONES static void swap_gains(const struct tp_assignment *a, const double *pull,
    const float *row, const double *to, double *with)
{
    int32_t units = a->problem->unit_count;
    const int32_t *tower = a->tower;
    const double *own = a->own;
    double sign = a->sign;
    for (int32_t v = 0; v < units; v++)
        with[v] = to[tower[v]] + sign * (pull[v] - own[v] - 2 * (double)row[v]);
}

void tp_gains(const struct tp_assignment *a, int32_t unit, double *to, double *with)
{
    const struct tp_problem *p = a->problem;
    int32_t own = a->tower[unit];
    for (int32_t t = 0; t < p->tower_count; t++)
        to[t] = t == own ? 0 : tp_gain_move(a, unit, t);
    if (a->pull) {
        swap_gains(a, pull_of(a, own), affinity_of(p, unit), to, with);
        return;
    }
    for (int32_t v = 0; v < p->unit_count; v++)
        with[v] = a->tower[v] == own ? 0 : tp_gain_swap(a, unit, v);
}

/* Change of the two towers' excess when `out` leaves the first for the second and `in` comes back.
 * Once it is over `most` the rest does not matter. */
static double excess_change(const struct tp_assignment *a, int32_t first, int32_t second,
    const double *out, const double *in, double most)
{
    const struct tp_problem *p = a->problem;
    const double *x = load_of(a, first), *y = load_of(a, second);
    const double *x_most = tp_tower_most(p, first), *y_most = tp_tower_most(p, second);
    double change = -a->excess[first] - a->excess[second];
    double features = out[TP_FEATURES] - in[TP_FEATURES];
    double x_lacks = p->features_least - x[TP_FEATURES] + features;
    double y_lacks = p->features_least - y[TP_FEATURES] - features;
    if (x_lacks > 0)
        change += x_lacks * a->per_mean[TP_FEATURES];
    if (y_lacks > 0)
        change += y_lacks * a->per_mean[TP_FEATURES];
    for (int r = 0; r < TP_RESOURCES && change <= most; r++) {
        double shift = out[r] - in[r], x_over = x[r] - shift - x_most[r],
               y_over = y[r] + shift - y_most[r];
        if (x_over > 0)
            change += x_over * a->per_mean[r];
        if (y_over > 0)
            change += y_over * a->per_mean[r];
    }
    return change;
}

double tp_relief_move_within(const struct tp_assignment *a, int32_t unit, int32_t to, double most)
{
    static const double nobody[TP_RESOURCES] = {0};
    int32_t from = a->tower[unit];
    double change = 0;
    if (a->problem->apart_first[unit] < a->problem->apart_first[unit + 1])
        change = clashes(a, unit, to, -1) - clashes(a, unit, from, -1);
    return change +
           excess_change(a, from, to, tp_unit_weight(a->problem, unit), nobody, most - change);
}

double tp_relief_swap_within(const struct tp_assignment *a, int32_t u, int32_t v, double most)
{
    const struct tp_problem *p = a->problem;
    int32_t x = a->tower[u], y = a->tower[v];
    double change = 0;
    if (p->apart_first[u] < p->apart_first[u + 1])
        change += clashes(a, u, y, v) - clashes(a, u, x, -1);
    if (p->apart_first[v] < p->apart_first[v + 1])
        change += clashes(a, v, x, u) - clashes(a, v, y, -1);
    return change +
           excess_change(a, x, y, tp_unit_weight(p, u), tp_unit_weight(p, v), most - change);
}

double tp_relief_move(const struct tp_assignment *a, int32_t unit, int32_t to)
{
    return tp_relief_move_within(a, unit, to, INFINITY);
}

double tp_relief_swap(const struct tp_assignment *a, int32_t u, int32_t v)
{
    return tp_relief_swap_within(a, u, v, INFINITY);
}

/* Loads and excess after `out` left the first tower for the second and `in` came back. */
static void shift_loads(
    struct tp_assignment *a, int32_t first, int32_t second, const double *out, const double *in)
{
    double x[TP_RESOURCES], y[TP_RESOURCES];
    loads_after(a, first, second, out, in, x, y);
    memcpy(a->load + (int64_t)first * TP_RESOURCES, x, sizeof x);
    memcpy(a->load + (int64_t)second * TP_RESOURCES, y, sizeof y);
    a->excess[first] = excess_at(a->problem, first, x);
    a->excess[second] = excess_at(a->problem, second, y);
    a->changed[first] = a->changed[second] = true;
}

/* One unit less in the first tower, one more in the second. */
TP_CLONES static void shift_pull(
    struct tp_assignment *a, int32_t first, int32_t second, const float *row)
{
    int32_t units = a->problem->unit_count;
    double *restrict x = pull_of(a, first), *restrict y = pull_of(a, second);
    double *restrict own = a->own;
    const int32_t *restrict tower = a->tower;
    for (int32_t v = 0; v < units; v++) {
        x[v] -= (double)row[v];
        y[v] += (double)row[v];
        double is = own[v];
        is = tower[v] == first ? x[v] : is;
        own[v] = tower[v] == second ? y[v] : is;
    }
}

/* The same with another one coming back. */
TP_CLONES static void trade_pull(
    struct tp_assignment *a, int32_t first, int32_t second, const float *out, const float *in)
{
    int32_t units = a->problem->unit_count;
    double *restrict x = pull_of(a, first), *restrict y = pull_of(a, second);
    double *restrict own = a->own;
    const int32_t *restrict tower = a->tower;
    for (int32_t v = 0; v < units; v++) {
        double change = (double)out[v] - (double)in[v];
        x[v] -= change;
        y[v] += change;
        double is = own[v];
        is = tower[v] == first ? x[v] : is;
        own[v] = tower[v] == second ? y[v] : is;
    }
}

void tp_make_move(struct tp_assignment *a, int32_t unit, int32_t to)
{
    const struct tp_problem *p = a->problem;
    int32_t from = a->tower[unit];
    shift_loads(a, from, to, tp_unit_weight(p, unit), NULL);
    a->tower[unit] = to;
    if (a->pull)
        shift_pull(a, from, to, affinity_of(p, unit));
}

void tp_make_swap(struct tp_assignment *a, int32_t u, int32_t v)
{
    const struct tp_problem *p = a->problem;
    int32_t x = a->tower[u], y = a->tower[v];
    shift_loads(a, x, y, tp_unit_weight(p, u), tp_unit_weight(p, v));
    a->tower[u] = y;
    a->tower[v] = x;
    if (a->pull)
        trade_pull(a, x, y, affinity_of(p, u), affinity_of(p, v));
}
