/* SPDX-License-Identifier: Apache-2.0 */
/* An upper bound by semidefinite relaxation and Lagrange multipliers.
 *
 * The matrix of towers is taken twice: Y obeys what is known of eigenvalues, Z row by row what is known
 * of towers (relaxation.h). For any matrix W, no assignment is worth more than
 *     max <W, Y> + sum over units of max <row of C - W, row of Z>,   C half the affinity,
 * and both maxima are easy: the first needs the eigenvalues of W, the second a sorted row. W = C and
 * equal towers give the bound of Donath & Hoffman (1973, doi:10.1147/rd.175.0420), W = 0 the sum of each
 * unit's best tower. A good W comes from solving the relaxation (the programs of Karisch & Rendl 1998,
 * doi:10.1090/fic/018/07, and Peng & Wei 2007, doi:10.1137/050641983) by the alternating direction
 * method (Boyd et al. 2011, doi:10.1561/2200000016): Y the nearest point to Z - V, Z the nearest to
 * Y + V + C / rho, V += Y - Z; then W = -rho V at the solution. However far that got, the bound is one.
 *
 * The method begins at the best known towers, so it is at the solution where these can be proven best.
 * Cost of a round: O(U^3) for the eigenvectors; five matrices of U^2 doubles. */
#include "partition/bound.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/eigen.h"
#include "partition/relaxation.h"
#include "partition/triangles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROVEN 1e-9       /* relative: the bound has come down to the best known */
#define ROUNDING 1e-12    /* relative: what sums of doubles may be off */
#define OVERSTEP 1.6      /* relaxation of the method, usual 1.5 to 1.8 */
#define ROUNDS_PER_LOOK 5 /* between two bounds */
#define ROUNDS_ADAPTING 200
#define LOOKS_IN_VAIN 12
#define LOOKS_WITH_TRIANGLES 60 /* their prices take longer to settle */
#define GAIN_LEAST 1e-5         /* relative, of those looks together */
#define FIRST_TRIANGLES 50      /* rounds */
#define ROUNDS_PER_SEARCH 50
#define ROUNDS_PER_PRICE 5
#define TRIANGLE_RATE 0.05     /* larger ones overshoot */
#define TRIANGLE_UNITS_MAX 200 /* the search is O(U^3), and more units have no time for it */
#define RESIDUAL_RATIO 4       /* beyond it rho is adapted */

struct dual {
    struct tp_relaxation relaxation;
    struct tp_triangles triangles;
    int32_t n;
    double *cost;               /* (n, n) C, less what squares and triangles cost */
    double *z, *v;              /* (n, n) */
    double *y;                  /* (n, n) less J / T: the spectral part */
    double *vectors;            /* (n, n) */
    double *values, *kept;      /* (n) eigenvalues of Z - V - J / T, and those of Y */
    int32_t found;              /* of them */
    struct tp_row_price *price; /* (n) */
    struct tp_row_item *items;  /* (n) */
    double *row;                /* (n) */
    double rho, square_price;
    double squares_free;   /* most sum of squares off the diagonal */
    double primal, change; /* |Y - Z|, |Z - Z before| of the last round */
};

static double *at(double *matrix, const struct dual *d, int32_t u)
{
    return matrix + (int64_t)u * d->n;
}

static void dual_release(struct dual *d)
{
    tp_relaxation_release(&d->relaxation);
    tp_triangles_release(&d->triangles);
    free(d->cost);
    free(d->z);
    free(d->v);
    free(d->y);
    free(d->vectors);
    free(d->values);
    free(d->kept);
    free(d->price);
    free(d->items);
    free(d->row);
}

static enum tp_status allocate(struct dual *d, struct tp_error *err)
{
    size_t n = (size_t)d->n, cells;
    if (!tp_multiply(n, n, &cells))
        return tp_fail_memory(err);
    d->cost = TP_NEW(cells, double);
    d->z = TP_NEW(cells, double);
    d->v = TP_NEW(cells, double);
    d->y = TP_NEW(cells, double);
    d->vectors = TP_NEW(cells, double);
    d->values = TP_NEW(n, double);
    d->kept = TP_NEW(n, double);
    d->price = TP_NEW(n, struct tp_row_price);
    d->items = TP_NEW(n, struct tp_row_item);
    d->row = TP_NEW(n, double);
    bool done = d->cost && d->z && d->v && d->y && d->vectors && d->values && d->kept && d->price &&
                d->items && d->row;
    return done ? TP_OK : tp_fail_memory(err);
}

/* Where rho begins: so many standard deviations of the affinity, as measured on matrices of many kinds;
 * adapt() does the rest. */
static double first_rho(const struct dual *d)
{
    double sum = 0, squares = 0, pairs = (double)d->n * (d->n - 1);
    for (int64_t i = 0; i < (int64_t)d->n * d->n; i++) {
        sum += d->cost[i];
        squares += d->cost[i] * d->cost[i];
    }
    double variance = pairs > 0 ? (squares - sum * sum / pairs) / pairs : 0;
    return variance > 0 ? 10 * sqrt(variance) : 1; /* costs are half the affinity: 5 of it */
}

static void begin(
    struct dual *d, const struct tp_problem *p, enum tp_goal goal, const int32_t *tower)
{
    double half = goal == TP_GOAL_DIVERSE ? -0.5 : 0.5;
    d->squares_free = d->relaxation.squares_most;
    for (int32_t u = 0; u < d->n; u++) {
        double features = tp_unit_weight(p, u)[TP_FEATURES];
        d->squares_free -= features * features;
        for (int32_t v = 0; v < d->n; v++) {
            int64_t cell = (int64_t)u * d->n + v;
            d->cost[cell] = half * (double)p->affinity[cell];
            d->z[cell] = tower[u] == tower[v];
        }
    }
    d->rho = first_rho(d);
    for (int64_t i = 0; i < (int64_t)d->n * d->n; i++)
        d->v[i] = -d->cost[i] / d->rho;
}

/* What the eigenvectors are taken of: the symmetric part of Z - V, less J / T. */
static double target(const struct dual *d, int32_t u, int32_t v)
{
    int64_t n = d->n, there = u * n + v, back = v * n + u;
    return 0.5 * (d->z[there] - d->v[there] + d->z[back] - d->v[back]) -
           1.0 / d->relaxation.tower_count;
}

/* The nearest numbers to the eigenvalues that are from 0 to the most and add up to the trace: all
 * less the same shift, cut. @return whether those that were found suffice to know it. */
static bool cut_spectrum(struct dual *d)
{
    double most = d->relaxation.eigenvalue_most;
    double trace = d->n - (double)d->n / d->relaxation.tower_count;
    double low = d->values[d->found - 1] - most, high = d->values[0];
    for (int k = 0; k < 100; k++) {
        double shift = low + (high - low) / 2, sum = 0;
        for (int32_t i = 0; i < d->found; i++)
            sum += fmin(most, fmax(0, d->values[i] - shift));
        *(sum > trace ? &low : &high) = shift;
    }
    for (int32_t i = 0; i < d->found; i++)
        d->kept[i] = fmin(most, fmax(0, d->values[i] - high));
    return d->found == d->n || d->kept[d->found - 1] <= 0;
}

static enum tp_status find_spectrum(struct dual *d, struct tp_error *err)
{
    int32_t guess = d->found ? d->found : 2 * d->relaxation.tower_count + 8;
    for (;; guess *= 2) {
        d->found = guess < d->n / 2 ? guess : d->n;
        for (int32_t u = 0; u < d->n; u++)
            for (int32_t v = 0; v < d->n; v++)
                at(d->y, d, u)[v] = target(d, u, v);
        enum tp_status status = tp_eigen_largest(d->y, d->n, d->found, d->values, d->vectors, err);
        if (status || cut_spectrum(d))
            return status;
    }
}

/* Y less J / T. */
static enum tp_status project_spectrum(struct dual *d, struct tp_error *err)
{
    enum tp_status status = find_spectrum(d, err);
    if (status)
        return status;
    memset(d->y, 0, (size_t)d->n * (size_t)d->n * sizeof *d->y);
    for (int32_t i = 0; i < d->found && d->kept[i] > 0; i++) {
        const double *vector = at(d->vectors, d, i);
        for (int32_t u = 0; u < d->n; u++) {
            double *y = at(d->y, d, u), x = d->kept[i] * vector[u];
            for (int32_t v = 0; v < d->n; v++)
                y[v] += x * vector[v];
        }
    }
    return TP_OK;
}

/* Z and V. */
static void project_rows(struct dual *d)
{
    double share = 1.0 / d->relaxation.tower_count, primal = 0, change = 0;
    for (int32_t u = 0; u < d->n; u++) {
        const double *y = at(d->y, d, u), *cost = at(d->cost, d, u);
        double *z = at(d->z, d, u), *v = at(d->v, d, u), *row = d->row;
        for (int32_t i = 0; i < d->n; i++) {
            v[i] += OVERSTEP * (y[i] + share) + (1 - OVERSTEP) * z[i];
            row[i] = v[i] + cost[i] / d->rho;
        }
        tp_row_project(&d->relaxation, u, row, &d->price[u]);
        for (int32_t i = 0; i < d->n; i++) {
            double apart = y[i] + share - row[i], moved = row[i] - z[i];
            v[i] -= row[i];
            primal += apart * apart;
            change += moved * moved;
            z[i] = row[i];
        }
    }
    d->primal = sqrt(primal);
    d->change = sqrt(change);
}

/* Squares beyond the most are charged for, at a price that rises while there are any. */
static void price_squares(struct dual *d)
{
    const double *features = d->relaxation.weight[TP_FEATURES];
    double squares = 0, norm = 0, old = d->square_price;
    for (int32_t u = 0; u < d->n; u++) {
        const double *z = at(d->z, d, u);
        for (int32_t v = 0; v < d->n; v++)
            squares += u == v ? 0 : features[u] * features[v] * z[v];
        norm += features[u] * features[u];
    }
    double more = d->rho * (squares - d->squares_free) / (norm * norm);
    d->square_price = fmax(0, old + more);
    for (int32_t u = 0; u < d->n; u++)
        for (int32_t v = 0; v < d->n; v++)
            if (u != v)
                at(d->cost, d, u)[v] -= (d->square_price - old) * features[u] * features[v];
}

/* Once the rest is nearly settled. */
static void price_triangles(struct dual *d, int round)
{
    if (d->n > TRIANGLE_UNITS_MAX || round < FIRST_TRIANGLES || round % ROUNDS_PER_PRICE)
        return;
    if (round % ROUNDS_PER_SEARCH == 0)
        tp_triangles_find(&d->triangles, d->z, d->n, d->relaxation.tower_count == 2);
    tp_triangles_price(&d->triangles, d->z, d->n, TRIANGLE_RATE * d->rho, d->cost);
}

/* The two residuals should fall together (Boyd et al., section 3.4.1). */
static void adapt(struct dual *d)
{
    double factor = 1;
    if (d->primal > RESIDUAL_RATIO * d->change)
        factor = 1.5;
    else if (d->change > RESIDUAL_RATIO * d->primal)
        factor = 1 / 1.5;
    if (factor == 1)
        return;
    d->rho *= factor;
    for (int64_t i = 0; i < (int64_t)d->n * d->n; i++)
        d->v[i] /= factor;
    for (int32_t u = 0; u < d->n; u++)
        for (int k = 0; k < TP_RESOURCES; k++)
            d->price[u].of[k] /= factor;
}

/* The bound for W = rho * (Z - V - Y), made symmetric, less rho times the antisymmetric part of V, with
 * Y just found as the nearest point to Z - V: then Y itself is where <W, Y> is largest. */
static double bound_here(struct dual *d)
{
    double sum = 0, largest = 0, ones = 0;
    for (int32_t i = 0; i < d->found; i++) {
        sum += d->kept[i] * (d->values[i] - d->kept[i]);
        largest = fmax(largest, fabs(d->values[i]));
    }
    double rows = 0;
    for (int32_t u = 0; u < d->n; u++) {
        const double *y = at(d->y, d, u), *cost = at(d->cost, d, u), *v = at(d->v, d, u);
        struct tp_row_price price = d->price[u];
        for (int32_t i = 0; i < d->n; i++) {
            double w = target(d, u, i) - y[i];
            double odd = 0.5 * (v[i] - at(d->v, d, i)[u]);
            ones += w;
            d->row[i] = cost[i] - d->rho * (w - odd);
        }
        for (int k = 0; k < TP_RESOURCES; k++)
            price.of[k] *= d->rho;
        rows += tp_row_most(&d->relaxation, u, d->row, &price, d->items);
    }
    sum += ones / d->relaxation.tower_count;
    double trace = d->n; /* times the error of the eigenvalues, at most */
    return d->rho * sum + rows + d->square_price * d->squares_free +
           tp_triangles_worth(&d->triangles) + d->rho * trace * largest * ROUNDING * d->n;
}

/* Each unit's best tower, W = 0: O(U^2 log U). */
static double bound_of_rows(struct dual *d)
{
    const struct tp_row_price none = {{0}};
    double sum = 0;
    for (int32_t u = 0; u < d->n; u++)
        sum += tp_row_most(&d->relaxation, u, at(d->cost, d, u), &none, d->items);
    return sum;
}

/* Steps of a round: eigenvectors, of which LAPACK makes good use of the machine, and rows. */
static int64_t steps_of_round(int64_t n)
{
    return n * n * n / 20 + 40 * n * n;
}

/* @param best  in and out: the smallest bound. */
static enum tp_status descend(
    struct dual *d, double known, struct tp_effort *effort, double *best, struct tp_error *err)
{
    double before = INFINITY;
    int vain = 0, most = d->n <= TRIANGLE_UNITS_MAX ? LOOKS_WITH_TRIANGLES : LOOKS_IN_VAIN;
    for (int round = 0; vain < most; round++) {
        if (effort->steps < steps_of_round(d->n) || !tp_effort_spend(effort, steps_of_round(d->n)))
            break;
        enum tp_status status = project_spectrum(d, err);
        if (status)
            return status;
        if (round % ROUNDS_PER_LOOK == 0) {
            *best = fmin(*best, bound_here(d));
            if (*best <= known + PROVEN * fabs(known))
                break;
            bool gained = *best < before - GAIN_LEAST * fabs(known);
            vain = gained ? 0 : vain + 1;
            before = gained ? *best : before;
        }
        project_rows(d);
        price_squares(d);
        price_triangles(d, round);
        if (round % ROUNDS_PER_LOOK == 0 && round < ROUNDS_ADAPTING)
            adapt(d);
    }
    return TP_OK;
}

enum tp_status tp_bound(const struct tp_problem *problem, enum tp_goal goal, const int32_t *tower,
    struct tp_effort *effort, double *bound, struct tp_error *err)
{
    struct dual d = {.n = problem->unit_count};
    struct tp_assignment *known = NULL;
    double value = 0, best = INFINITY;
    enum tp_status status = tp_relaxation_init(&d.relaxation, problem, err);
    if (!status)
        status = tp_triangles_init(&d.triangles, d.n, err);
    if (!status)
        status = allocate(&d, err);
    if (!status)
        status = tp_assignment_new(problem, goal, &known, err);
    if (status)
        goto out;
    tp_assignment_set(known, tower);
    value = tp_assignment_value(known);
    begin(&d, problem, goal, tower);
    best = bound_of_rows(&d);
    status = descend(&d, value, effort, &best, err);
    if (!status)
        *bound = fmax(best, value);
out:
    tp_assignment_free(known);
    dual_release(&d);
    return status;
}
