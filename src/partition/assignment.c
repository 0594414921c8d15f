/* SPDX-License-Identifier: Apache-2.0 */
/* The sums behind a local search.
 *
 * Limits are soft here: an assignment may break them, `excess` says by how much, and the search drives
 * the violation to zero before it looks at the goal. A tower's excess adds up, in units of the mean,
 * what is over each limit and what is missing to the least number of features; a pair that is to
 * be apart and is not counts 1. Loads are sums of doubles in the order of the moves, so the limits that
 * tp_problem_set_limits() makes carry a relative slack of 1e-9, far above the rounding. */
#include "partition/assignment.h"

#include "base/fail.h"
#include "base/memory.h"

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
    a->pull = wants_pull ? tp_new(units * towers, sizeof(double)) : NULL;
    if (!a->tower || !a->load || !a->excess || (wants_pull && !a->pull)) {
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
    free(assignment->pull);
    free(assignment);
}

static double *pull_of(const struct tp_assignment *a, int32_t unit)
{
    return a->pull + (int64_t)unit * a->problem->tower_count;
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
    if (!a->pull)
        return;
    memset(a->pull, 0, (size_t)p->unit_count * (size_t)p->tower_count * sizeof(double));
    for (int32_t u = 0; u < p->unit_count; u++) {
        const float *row = p->affinity + (int64_t)u * p->unit_count;
        double *pull = pull_of(a, u);
        for (int32_t v = 0; v < p->unit_count; v++)
            pull[a->tower[v]] += (double)row[v];
    }
}

void tp_assignment_copy(struct tp_assignment *to, const struct tp_assignment *from)
{
    size_t units = (size_t)from->problem->unit_count, towers = (size_t)from->problem->tower_count;
    memcpy(to->tower, from->tower, units * sizeof(int32_t));
    memcpy(to->load, from->load, towers * TP_RESOURCES * sizeof(double));
    memcpy(to->excess, from->excess, towers * sizeof(double));
    if (from->pull)
        memcpy(to->pull, from->pull, units * towers * sizeof(double));
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
            sum += pull_of(a, u)[a->tower[u]];
        return a->goal == TP_GOAL_COHERENT ? sum / 2 : -sum / 2;
    }
    for (int32_t t = 0; t < a->problem->tower_count; t++)
        sum += squares(a->problem, load_of(a, t));
    return -sum;
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
    const double *pull = pull_of(a, unit);
    double gain = pull[to] - pull[from];
    return a->goal == TP_GOAL_COHERENT ? gain : -gain;
}

double tp_gain_swap(const struct tp_assignment *a, int32_t u, int32_t v)
{
    const struct tp_problem *p = a->problem;
    int32_t x = a->tower[u], y = a->tower[v];
    if (!a->pull)
        return gain_of_loads(a, x, y, tp_unit_weight(p, u), tp_unit_weight(p, v));
    const double *pull_u = pull_of(a, u), *pull_v = pull_of(a, v);
    double gain = pull_u[y] - pull_u[x] + pull_v[x] - pull_v[y] -
                  2 * (double)p->affinity[(int64_t)u * p->unit_count + v];
    return a->goal == TP_GOAL_COHERENT ? gain : -gain;
}

static double relief_of_loads(const struct tp_assignment *a, int32_t first, int32_t second,
    const double *out, const double *in)
{
    double x[TP_RESOURCES], y[TP_RESOURCES];
    loads_after(a, first, second, out, in, x, y);
    return excess_at(a->problem, first, x) + excess_at(a->problem, second, y) - a->excess[first] -
           a->excess[second];
}

double tp_relief_move(const struct tp_assignment *a, int32_t unit, int32_t to)
{
    int32_t from = a->tower[unit];
    return relief_of_loads(a, from, to, tp_unit_weight(a->problem, unit), NULL) +
           clashes(a, unit, to, -1) - clashes(a, unit, from, -1);
}

double tp_relief_swap(const struct tp_assignment *a, int32_t u, int32_t v)
{
    int32_t x = a->tower[u], y = a->tower[v];
    return relief_of_loads(a, x, y, tp_unit_weight(a->problem, u), tp_unit_weight(a->problem, v)) +
           clashes(a, u, y, v) - clashes(a, u, x, -1) + clashes(a, v, x, u) - clashes(a, v, y, -1);
}

void tp_make_move(struct tp_assignment *a, int32_t unit, int32_t to)
{
    const struct tp_problem *p = a->problem;
    int32_t from = a->tower[unit];
    double x[TP_RESOURCES], y[TP_RESOURCES];
    loads_after(a, from, to, tp_unit_weight(p, unit), NULL, x, y);
    memcpy(a->load + (int64_t)from * TP_RESOURCES, x, sizeof x);
    memcpy(a->load + (int64_t)to * TP_RESOURCES, y, sizeof y);
    a->excess[from] = excess_at(p, from, x);
    a->excess[to] = excess_at(p, to, y);
    a->tower[unit] = to;
    if (!a->pull)
        return;
    const float *row = p->affinity + (int64_t)unit * p->unit_count;
    for (int32_t v = 0; v < p->unit_count; v++) {
        double *pull = pull_of(a, v);
        pull[from] -= (double)row[v];
        pull[to] += (double)row[v];
    }
}

void tp_make_swap(struct tp_assignment *a, int32_t u, int32_t v)
{
    int32_t x = a->tower[u], y = a->tower[v];
    tp_make_move(a, u, y);
    tp_make_move(a, v, x);
}
