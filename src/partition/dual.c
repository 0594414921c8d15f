/* SPDX-License-Identifier: Apache-2.0 */
/* Semidefinite relaxation by Lagrange multipliers and the alternating direction method.
 *
 * The matrix of towers is taken twice: Y obeys what is known of eigenvalues, Z row by row what is known
 * of towers (relaxation.h). For any matrix W, no assignment is worth more than
 *     max <W, Y> + sum over units of max <row of C - W, row of Z>,   C half the affinity,
 * and both maxima are easy: the first needs the eigenvalues of W, the second a sorted row. W = C and
 * equal towers give the bound of Donath & Hoffman (1973, doi:10.1147/rd.175.0420), W = 0 the sum of each
 * unit's best tower. A good W comes from solving the relaxation (the programs of Karisch & Rendl 1998,
 * doi:10.1090/fic/018/07, and Peng & Wei 2007, doi:10.1137/050641983) by the alternating direction
 * method (Boyd et al. 2011, doi:10.1561/2200000016): Y the nearest point to Z - V, Z the nearest to
 * Y + V + C / rho, V += Y - Z; then W = -rho V at the solution. Squares, triangles and crowds enter as
 * charges on C. However far all that got, the bound is one.
 *
 * Cost of a round: O(U^3) for the eigenvectors. The root has five matrices of U^2 doubles, a branch
 * three. */
#include "partition/dual.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/deals.h"
#include "partition/eigen.h"
#include "partition/pairs.h"
#include "partition/relaxation.h"
#include "partition/triangles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDING 1e-12    /* relative: what sums of doubles may be off */
#define OVERSTEP 1.6      /* relaxation of the method, usual 1.5 to 1.8 */
#define ROUNDS_PER_LOOK 5 /* between two bounds */
#define MANY_UNITS 500    /* a look costs little beside a round, of which there are few */
#define ROUNDS_ADAPTING 200
#define FIRST_TRIANGLES 50 /* rounds */
#define ROUNDS_PER_SEARCH 20
#define ROUNDS_PER_PRICE 5
#define TRIANGLE_RATE 0.05     /* larger ones overshoot */
#define CROWD_RATE 0.5         /* of them few share many pairs */
#define TRIANGLE_UNITS_MAX 200 /* the search is O(U^3), and more units have no time for it */
#define RESIDUAL_RATIO 4       /* beyond it rho is adapted */

/* What any relaxation of one size needs for its rounds, and keeps nothing in. */
struct space {
    double *y;                 /* (n, n) less J / T: the spectral part */
    double *vectors;           /* (n, n) */
    double *values, *kept;     /* (n) eigenvalues of Z - V - J / T, and those of Y */
    double *row;               /* (n) */
    struct tp_row_item *items; /* (n) */
    int32_t found;             /* eigenvalues */
};

struct tp_dual {
    bool is_root; /* which owns relaxation, space and deals */
    struct tp_relaxation *relaxation;
    struct space *space;
    struct tp_deals *deals; /* NULL: each crowd is for itself */
    struct tp_pairs pairs;
    struct tp_triangles triangles;
    struct tp_crowds crowds;
    int32_t n;
    double *cost;               /* (n, n) C, less all charges */
    double *z, *v;              /* (n, n) */
    struct tp_row_price *price; /* (n) */
    double rho, square_price;
    double squares_free;   /* most sum of squares off the diagonal */
    double primal, change; /* |Y - Z|, |Z - Z before| of the last round */
    int64_t rounds;
};

static double *at(double *matrix, const struct tp_dual *d, int32_t u)
{
    return matrix + (int64_t)u * d->n;
}

static void space_free(struct space *s)
{
    if (!s)
        return;
    free(s->y);
    free(s->vectors);
    free(s->values);
    free(s->kept);
    free(s->row);
    free(s->items);
    free(s);
}

static struct space *space_new(int32_t n)
{
    struct space *s = TP_NEW(1, struct space);
    size_t cells = (size_t)n * (size_t)n;
    if (!s)
        return NULL;
    s->y = TP_NEW(cells, double);
    s->vectors = TP_NEW(cells, double);
    s->values = TP_NEW(n, double);
    s->kept = TP_NEW(n, double);
    s->row = TP_NEW(n, double);
    s->items = TP_NEW(n, struct tp_row_item);
    if (s->y && s->vectors && s->values && s->kept && s->row && s->items)
        return s;
    space_free(s);
    return NULL;
}

void tp_dual_free(struct tp_dual *d)
{
    if (!d)
        return;
    if (d->is_root) {
        if (d->relaxation)
            tp_relaxation_release(d->relaxation);
        free(d->relaxation);
        space_free(d->space);
        tp_deals_free(d->deals);
    }
    tp_pairs_release(&d->pairs);
    tp_triangles_release(&d->triangles);
    tp_crowds_release(&d->crowds);
    free(d->cost);
    free(d->z);
    free(d->v);
    free(d->price);
    free(d);
}

/* The parts that a root and a branch both own. */
static bool allocate(struct tp_dual *d)
{
    size_t n = (size_t)d->n, cells;
    if (!tp_multiply(n, n, &cells))
        return false;
    d->cost = TP_NEW(cells, double);
    d->z = TP_NEW(cells, double);
    d->v = TP_NEW(cells, double);
    d->price = TP_NEW(n, struct tp_row_price);
    return d->cost && d->z && d->v && d->price;
}

/* Where rho begins: so many standard deviations of the affinity, as measured on matrices of many kinds;
 * adapt() does the rest. */
static double first_rho(const struct tp_dual *d)
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
    struct tp_dual *d, const struct tp_problem *p, enum tp_goal goal, const int32_t *tower)
{
    double half = goal == TP_GOAL_DIVERSE ? -0.5 : 0.5;
    d->squares_free = d->relaxation->squares_most;
    for (int32_t u = 0; u < d->n; u++) {
        double features = tp_unit_weight(p, u)[TP_FEATURES];
        d->squares_free -= features * features;
        for (int32_t v = 0; v < d->n; v++) {
            int64_t cell = (int64_t)u * d->n + v;
            d->cost[cell] = half * (double)p->affinity[cell];
            d->z[cell] = tower[u] == tower[v];
        }
        tp_crowds_charge(&d->crowds, u, at(d->cost, d, u));
    }
    d->rho = first_rho(d);
    for (int64_t i = 0; i < (int64_t)d->n * d->n; i++)
        d->v[i] = -d->cost[i] / d->rho;
}

enum tp_status tp_dual_new(const struct tp_problem *problem, enum tp_goal goal,
    const int32_t *tower, const struct tp_crowds *crowds, struct tp_dual **dual,
    struct tp_error *err)
{
    struct tp_dual *d = TP_NEW(1, struct tp_dual);
    if (!d)
        return tp_fail_memory(err);
    d->is_root = true;
    d->n = problem->unit_count;
    d->relaxation = TP_NEW(1, struct tp_relaxation);
    enum tp_status status =
        d->relaxation && allocate(d) && (d->space = space_new(d->n)) ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = tp_relaxation_init(d->relaxation, problem, err);
    if (!status)
        status = tp_pairs_init(&d->pairs, problem, err);
    if (!status)
        status = tp_triangles_init(&d->triangles, d->n, err);
    if (!status)
        status = tp_crowds_copy(&d->crowds, crowds, err);
    if (!status)
        status = tp_deals_new(problem, tower, crowds, &d->deals, err);
    if (status) {
        tp_dual_free(d);
        return status;
    }
    begin(d, problem, goal, tower);
    *dual = d;
    return TP_OK;
}

static void copy_state(struct tp_dual *to, const struct tp_dual *from)
{
    size_t n = (size_t)from->n, bytes = n * n * sizeof(double);
    memcpy(to->cost, from->cost, bytes);
    memcpy(to->z, from->z, bytes);
    memcpy(to->v, from->v, bytes);
    memcpy(to->price, from->price, n * sizeof *to->price);
}

enum tp_status tp_dual_branch(const struct tp_dual *from, int32_t u, int32_t v, bool together,
    struct tp_dual **to, struct tp_error *err)
{
    *to = NULL;
    struct tp_dual *d = TP_NEW(1, struct tp_dual);
    if (!d)
        return tp_fail_memory(err);
    *d = *from;
    d->is_root = false;
    d->pairs = (struct tp_pairs){0};
    d->triangles = (struct tp_triangles){0};
    d->crowds = (struct tp_crowds){0};
    d->cost = d->z = d->v = NULL;
    d->price = NULL;
    enum tp_status status = allocate(d) ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = tp_pairs_copy(&d->pairs, &from->pairs, err);
    if (!status)
        status = tp_triangles_copy(&d->triangles, &from->triangles, err);
    if (!status)
        status = tp_crowds_copy(&d->crowds, &from->crowds, err);
    if (!status && tp_pairs_decide(&d->pairs, u, v, together ? TP_PAIR_TOGETHER : TP_PAIR_APART)) {
        copy_state(d, from);
        *to = d;
    } else {
        tp_dual_free(d);
    }
    return status;
}

bool tp_dual_undecided(const struct tp_dual *d, int32_t *u, int32_t *v)
{
    double nearest = INFINITY;
    for (int32_t i = 0; i < d->n; i++) {
        const unsigned char *pair = tp_pairs_of(&d->pairs, i);
        for (int32_t j = 0; j < i; j++) {
            double share = 0.5 * (at(d->z, d, i)[j] + at(d->z, d, j)[i]);
            if (pair[j] != TP_PAIR_OPEN || fabs(share - 0.5) >= nearest)
                continue;
            nearest = fabs(share - 0.5);
            *u = i;
            *v = j;
        }
    }
    return isfinite(nearest);
}

/* What the eigenvectors are taken of: the symmetric part of Z - V, less J / T. */
static double target(const struct tp_dual *d, int32_t u, int32_t v)
{
    int64_t n = d->n, there = u * n + v, back = v * n + u;
    return 0.5 * (d->z[there] - d->v[there] + d->z[back] - d->v[back]) -
           1.0 / d->relaxation->tower_count;
}

/* The nearest numbers to the eigenvalues that are from 0 to the most and add up to the trace: all
 * less the same shift, cut. @return whether those that were found suffice to know it. */
static bool cut_spectrum(struct tp_dual *d)
{
    double most = d->relaxation->eigenvalue_most;
    double trace = d->n - (double)d->n / d->relaxation->tower_count;
    double low = d->space->values[d->space->found - 1] - most, high = d->space->values[0];
    for (int k = 0; k < 100; k++) {
        double shift = low + (high - low) / 2, sum = 0;
        for (int32_t i = 0; i < d->space->found; i++)
            sum += fmin(most, fmax(0, d->space->values[i] - shift));
        *(sum > trace ? &low : &high) = shift;
    }
    for (int32_t i = 0; i < d->space->found; i++)
        d->space->kept[i] = fmin(most, fmax(0, d->space->values[i] - high));
    return d->space->found == d->n || d->space->kept[d->space->found - 1] <= 0;
}

static enum tp_status find_spectrum(struct tp_dual *d, struct tp_error *err)
{
    int32_t guess = d->space->found ? d->space->found : 2 * d->relaxation->tower_count + 8;
    for (;; guess *= 2) {
        d->space->found = guess < d->n / 2 ? guess : d->n;
        for (int32_t u = 0; u < d->n; u++)
            for (int32_t v = 0; v < d->n; v++)
                at(d->space->y, d, u)[v] = target(d, u, v);
        enum tp_status status = tp_eigen_largest(
            d->space->y, d->n, d->space->found, d->space->values, d->space->vectors, err);
        if (status || cut_spectrum(d))
            return status;
    }
}

/* Y less J / T. */
static enum tp_status project_spectrum(struct tp_dual *d, struct tp_error *err)
{
    enum tp_status status = find_spectrum(d, err);
    if (status)
        return status;
    int32_t count = 0;
    while (count < d->space->found && d->space->kept[count] > 0)
        count++;
    tp_eigen_compose(d->space->kept, d->space->vectors, d->n, count, d->space->y);
    return TP_OK;
}

/* Z and V. */
static void project_rows(struct tp_dual *d)
{
    double share = 1.0 / d->relaxation->tower_count, primal = 0, change = 0;
    for (int32_t u = 0; u < d->n; u++) {
        const double *y = at(d->space->y, d, u), *cost = at(d->cost, d, u);
        double *z = at(d->z, d, u), *v = at(d->v, d, u), *row = d->space->row;
        for (int32_t i = 0; i < d->n; i++) {
            v[i] += OVERSTEP * (y[i] + share) + (1 - OVERSTEP) * z[i];
            row[i] = v[i] + cost[i] / d->rho;
        }
        tp_row_project(d->relaxation, u, tp_pairs_of(&d->pairs, u), row, &d->price[u]);
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
static void price_squares(struct tp_dual *d)
{
    const double *features = d->relaxation->weight[TP_FEATURES];
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
static void price_triangles(struct tp_dual *d)
{
    if (d->n > TRIANGLE_UNITS_MAX || d->rounds < FIRST_TRIANGLES || d->rounds % ROUNDS_PER_PRICE)
        return;
    if (d->rounds % ROUNDS_PER_SEARCH == 0)
        tp_triangles_find(&d->triangles, d->z, d->n, d->relaxation->tower_count == 2);
    tp_triangles_price(&d->triangles, d->z, d->n, TRIANGLE_RATE * d->rho, d->cost);
}

static enum tp_status price_crowds(struct tp_dual *d, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    if (d->rounds > 0 && d->rounds % ROUNDS_PER_SEARCH == 0)
        status = tp_crowds_find(&d->crowds, d->z, err);
    if (!status)
        tp_crowds_price(&d->crowds, d->z, CROWD_RATE * d->rho, d->cost);
    return status;
}

/* The two residuals should fall together (Boyd et al., section 3.4.1). */
static void adapt(struct tp_dual *d)
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

/* What the charges of crowds amount to at most, by all together or each for itself. */
static enum tp_status crowds_worth(struct tp_dual *d, double *worth, struct tp_error *err)
{
    double together = INFINITY;
    enum tp_status status = d->deals ? tp_deals_worth(d->deals, &d->crowds, &together, err) : TP_OK;
    *worth = fmin(tp_crowds_worth(&d->crowds), together);
    return status;
}

/* The bound for W = rho * (Z - V - Y), made symmetric, less rho times the antisymmetric part of V, with
 * Y just found as the nearest point to Z - V: then Y itself is where <W, Y> is largest. */
static enum tp_status bound_here(struct tp_dual *d, double *bound, struct tp_error *err)
{
    double sum = 0, largest = 0, ones = 0, worth;
    for (int32_t i = 0; i < d->space->found; i++) {
        sum += d->space->kept[i] * (d->space->values[i] - d->space->kept[i]);
        largest = fmax(largest, fabs(d->space->values[i]));
    }
    double rows = 0;
    for (int32_t u = 0; u < d->n; u++) {
        const double *y = at(d->space->y, d, u), *cost = at(d->cost, d, u), *v = at(d->v, d, u);
        struct tp_row_price price = d->price[u];
        for (int32_t i = 0; i < d->n; i++) {
            double w = target(d, u, i) - y[i];
            double odd = 0.5 * (v[i] - at(d->v, d, i)[u]);
            ones += w;
            d->space->row[i] = cost[i] - d->rho * (w - odd);
        }
        for (int k = 0; k < TP_RESOURCES; k++)
            price.of[k] *= d->rho;
        rows += tp_row_most(
            d->relaxation, u, tp_pairs_of(&d->pairs, u), d->space->row, &price, d->space->items);
    }
    sum += ones / d->relaxation->tower_count;
    double trace = d->n; /* times the error of the eigenvalues, at most */
    enum tp_status status = crowds_worth(d, &worth, err);
    *bound = d->rho * sum + rows + d->square_price * d->squares_free +
             tp_triangles_worth(&d->triangles) + worth + d->rho * trace * largest * ROUNDING * d->n;
    return status;
}

/* Eigenvectors, of which LAPACK makes good use of the machine, and rows. */
int64_t tp_dual_round_steps(int32_t unit_count)
{
    int64_t n = unit_count;
    return n * n * n / 20 + 40 * n * n;
}

int64_t tp_dual_bytes(int32_t unit_count)
{
    int64_t n = unit_count;
    return n * n * (int64_t)(3 * sizeof(double) + 1) + tp_triangles_bytes(unit_count) +
           tp_crowds_bytes(unit_count);
}

enum tp_status tp_dual_descend(struct tp_dual *d, double known, struct tp_patience patience,
    struct tp_effort *effort, double *bound, struct tp_error *err)
{
    int64_t cost = tp_dual_round_steps(d->n);
    double before = INFINITY, best = INFINITY;
    int vain = 0;
    for (int round = 0; vain < patience.looks; round++, d->rounds++) {
        effort->over = effort->over || effort->steps <= cost; /* what is left is of no use */
        if (effort->over || !tp_effort_spend(effort, cost))
            break;
        enum tp_status status = project_spectrum(d, err);
        if (status)
            return status;
        bool last = effort->steps <= cost; /* nothing is found without a look */
        if (round % ROUNDS_PER_LOOK == 0 || last || d->n >= MANY_UNITS) {
            double here;
            status = bound_here(d, &here, err);
            if (status)
                return status;
            best = fmin(best, here);
            *bound = fmin(*bound, here);
            if (tp_is_proven(*bound, known))
                break;
        }
        if (round % ROUNDS_PER_LOOK == 0) {
            bool gained = best < before - patience.gain * fabs(known);
            vain = gained ? 0 : vain + 1;
            before = gained ? best : before;
        }
        project_rows(d);
        price_squares(d);
        price_triangles(d);
        status = price_crowds(d, err);
        if (status)
            return status;
        if (round % ROUNDS_PER_LOOK == 0 && d->rounds < ROUNDS_ADAPTING)
            adapt(d);
    }
    return TP_OK;
}
