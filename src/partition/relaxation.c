/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the matrix of towers, row by row and as a whole.
 *
 * Rows are polytopes of one box and a few knapsacks. The nearest point of one is the given point less
 * a price for every limit times the weights, cut to 0..1 (Karush-Kuhn-Tucker); each price is the root
 * of a falling piecewise linear function, found by Newton's steps between bounds. With several limits
 * each is settled in turn, a few times; what is left open costs sharpness, never truth, since the
 * bound comes from tp_row_most(), where any prices will do (Lagrange). Cost: O(U) times limits and
 * steps; of the most of a row O(U + size of a tower * log U). */
#include "partition/relaxation.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEWTON_STEPS 40
#define SWEEPS 4         /* over the limits of a row */
#define LOAD_CLOSE 1e-10 /* relative; nearer is rounding */
#define NEVER (-1.0e+30) /* of a unit that may not be in the row: no price brings it in */

/* How many units, and features, a tower may hold: limits on its loads allow only so many of the
 * lightest units. */
struct sizes {
    double *units, *most, *least; /* (T) units at most; features at most and at least */
};

static void sizes_release(struct sizes *sizes)
{
    free(sizes->units);
    free(sizes->most);
    free(sizes->least);
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* @param sorted  (U) scratch. */
static void limit_units(
    const struct tp_problem *p, int resource, double *sorted, struct sizes *sizes)
{
    for (int32_t u = 0; u < p->unit_count; u++)
        sorted[u] = tp_unit_weight(p, u)[resource];
    qsort(sorted, (size_t)p->unit_count, sizeof *sorted, rising);
    for (int32_t t = 0; t < p->tower_count; t++) {
        double sum = 0, most = tp_tower_most(p, t)[resource] * (1 + TP_LOAD_SLACK);
        int32_t count = 0;
        while (count < p->unit_count && sum + sorted[count] <= most)
            sum += sorted[count++];
        sizes->units[t] = fmin(sizes->units[t], count);
    }
}

static enum tp_status sizes_init(
    struct sizes *sizes, const struct tp_problem *p, struct tp_error *err)
{
    double *sorted = TP_NEW(p->unit_count, double), all = 0;
    sizes->units = TP_NEW(p->tower_count, double);
    sizes->most = TP_NEW(p->tower_count, double);
    sizes->least = TP_NEW(p->tower_count, double);
    if (!sorted || !sizes->units || !sizes->most || !sizes->least) {
        free(sorted);
        return tp_fail_memory(err);
    }
    for (int32_t t = 0; t < p->tower_count; t++)
        sizes->units[t] = p->unit_count - p->tower_count + 1;
    for (int r = 0; r < TP_RESOURCES; r++) /* features last: they stay sorted */
        limit_units(p, r, sorted, sizes);
    for (int32_t t = 0; t < p->tower_count; t++) {
        double features = 0;
        for (int32_t i = 0; i < (int32_t)sizes->units[t]; i++)
            features += sorted[p->unit_count - 1 - i];
        sizes->most[t] = fmin(tp_tower_most(p, t)[TP_FEATURES], features);
        all += sizes->most[t];
    }
    for (int32_t t = 0; t < p->tower_count; t++)
        sizes->least[t] = fmax(p->features_least, p->feature_count - (all - sizes->most[t]));
    free(sorted);
    return TP_OK;
}

struct slope {
    double more, slope; /* features, squares for each of them */
};

static int falling_slope(const void *a, const void *b)
{
    const struct slope *x = a, *y = b;
    return (x->slope < y->slope) - (x->slope > y->slope);
}

/* Towers as uneven as they may be. Between its least and its most, a tower's square lies below the chord,
 * so those with the steepest chords are filled. */
static enum tp_status most_squares(
    const struct tp_problem *p, const struct sizes *sizes, double *squares, struct tp_error *err)
{
    struct slope *slopes = TP_NEW(p->tower_count, struct slope);
    double spare = p->feature_count;
    if (!slopes)
        return tp_fail_memory(err);
    *squares = 0;
    for (int32_t t = 0; t < p->tower_count; t++) {
        double least = sizes->least[t], most = sizes->most[t];
        slopes[t] = (struct slope){most - least, most + least};
        *squares += least * least;
        spare -= least;
    }
    qsort(slopes, (size_t)p->tower_count, sizeof *slopes, falling_slope);
    for (int32_t t = 0; t < p->tower_count && spare > 0; t++) {
        double more = fmin(spare, slopes[t].more);
        *squares += more * slopes[t].slope;
        spare -= more;
    }
    free(slopes);
    return TP_OK;
}

/* What the roomiest tower that a unit may be in can hold. */
static double room(
    const struct tp_problem *p, const struct sizes *sizes, int32_t unit, int resource)
{
    double most = 0;
    for (int32_t t = 0; t < p->tower_count; t++)
        if (p->pin[unit] < 0 || p->pin[unit] == t)
            most = fmax(
                most, resource == TP_FEATURES ? sizes->most[t] : tp_tower_most(p, t)[resource]);
    return most;
}

/* Leaves a resource out when any tower could hold all of it. */
static enum tp_status init_limit(struct tp_relaxation *r, const struct tp_problem *p,
    const struct sizes *sizes, int resource, struct tp_error *err)
{
    double scale = resource == TP_FEATURES ? 1 : p->mean[resource], tightest = INFINITY;
    double all = p->mean[resource] * p->tower_count;
    double *weight = TP_NEW(p->unit_count, double), *most = TP_NEW(p->unit_count, double);
    r->weight[resource] = weight;
    r->most[resource] = most;
    if (!weight || !most)
        return tp_fail_memory(err);
    for (int32_t u = 0; u < p->unit_count; u++) {
        weight[u] = scale > 0 ? tp_unit_weight(p, u)[resource] / scale : 0;
        most[u] = scale > 0 ? room(p, sizes, u, resource) / scale : 1;
        tightest = fmin(tightest, most[u] * scale);
    }
    if (resource != TP_FEATURES && all <= tightest) {
        free(weight);
        free(most);
        r->weight[resource] = r->most[resource] = NULL;
    }
    return TP_OK;
}

enum tp_status tp_relaxation_init(
    struct tp_relaxation *r, const struct tp_problem *p, struct tp_error *err)
{
    struct sizes sizes = {0};
    *r = (struct tp_relaxation){
        .unit_count = p->unit_count, .tower_count = p->tower_count, .features_least = INFINITY};
    enum tp_status status = sizes_init(&sizes, p, err);
    if (!status)
        status = most_squares(p, &sizes, &r->squares_most, err);
    for (int32_t t = 0; t < p->tower_count && !status; t++) {
        r->eigenvalue_most = fmax(r->eigenvalue_most, sizes.units[t]);
        r->features_least = fmin(r->features_least, sizes.least[t]);
    }
    for (int k = 0; k < TP_RESOURCES && !status; k++)
        status = init_limit(r, p, &sizes, k, err);
    sizes_release(&sizes);
    return status;
}

void tp_relaxation_release(struct tp_relaxation *r)
{
    for (int k = 0; k < TP_RESOURCES; k++) {
        free(r->weight[k]);
        free(r->most[k]);
    }
    *r = (struct tp_relaxation){0};
}

static double cut(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* Load of one resource at a price, of the units that are open; `base` is the row less the other prices.
 * @param slope  out: how fast it falls with the price. */
static double load_at(
    const double *base, const double *weight, int32_t n, double price, double *slope)
{
    double load = 0, fall = 0;
    for (int32_t v = 0; v < n; v++) {
        double x = base[v] - price * weight[v];
        load += weight[v] * cut(x);
        fall += x > 0 && x < 1 ? weight[v] * weight[v] : 0;
    }
    *slope = fall;
    return load;
}

/* The price at which the load is `target`; between prices at which everything is in, and nothing. */
static double price_for(
    const double *base, const double *weight, int32_t n, double target, double price)
{
    double low = 0, high = 0, slope;
    for (int32_t v = 0; v < n; v++) {
        if (weight[v] <= 0 || base[v] < NEVER / 2)
            continue;
        low = fmin(low, (base[v] - 1) / weight[v]);
        high = fmax(high, base[v] / weight[v]);
    }
    if (!(price > low && price < high))
        price = low + (high - low) / 2;
    for (int k = 0; k < NEWTON_STEPS; k++) {
        double load = load_at(base, weight, n, price, &slope);
        if (fabs(load - target) <= LOAD_CLOSE * (1 + target))
            break;
        if (load > target)
            low = price;
        else
            high = price;
        double next = slope > 0 ? price + (load - target) / slope : low;
        price = next > low && next < high ? next : low + (high - low) / 2;
    }
    return price;
}

/* Settles one limit with the prices of the others as they are.
 * @param base  (U) the row less all other prices, very low where a unit is not open. */
static double settle(const struct tp_relaxation *r, int32_t unit, int resource, double taken,
    const double *base, double price)
{
    const double *weight = r->weight[resource];
    double most = r->most[resource][unit] - taken, slope;
    double least = resource == TP_FEATURES ? r->features_least - taken : 0;
    double load = load_at(base, weight, r->unit_count, 0, &slope);
    if (load > most)
        return price_for(base, weight, r->unit_count, fmax(most, 0), price);
    if (load < least)
        return price_for(base, weight, r->unit_count, least, price);
    return 0;
}

/* Adds a price times the weights to a row. */
static void charge(double *row, const double *weight, int32_t n, double price)
{
    for (int32_t v = 0; v < n; v++)
        row[v] -= price * weight[v];
}

void tp_row_project(const struct tp_relaxation *r, int32_t unit, const unsigned char *pair,
    double *row, struct tp_row_price *price)
{
    double taken[TP_RESOURCES] = {0};
    int limits = 0;
    for (int32_t v = 0; v < r->unit_count; v++) {
        for (int k = 0; k < TP_RESOURCES && pair[v] == TP_PAIR_TOGETHER; k++)
            taken[k] += r->weight[k] ? r->weight[k][v] : 0;
        row[v] = pair[v] == TP_PAIR_OPEN ? row[v] : NEVER;
    }
    for (int k = 0; k < TP_RESOURCES; k++) {
        limits += r->weight[k] != NULL;
        if (r->weight[k])
            charge(row, r->weight[k], r->unit_count, price->of[k]);
    }
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double change = 0;
        for (int k = TP_RESOURCES - 1; k >= 0; k--) {
            if (!r->weight[k])
                continue;
            charge(row, r->weight[k], r->unit_count, -price->of[k]);
            double now = settle(r, unit, k, taken[k], row, price->of[k]);
            charge(row, r->weight[k], r->unit_count, now);
            change = fmax(change, fabs(now - price->of[k]));
            price->of[k] = now;
        }
        if (limits == 1 || change <= 1e-9)
            break;
    }
    for (int32_t v = 0; v < r->unit_count; v++)
        row[v] = pair[v] == TP_PAIR_TOGETHER ? 1 : cut(row[v]);
}

static bool before(const struct tp_row_item *x, const struct tp_row_item *y)
{
    return x->ratio > y->ratio || (x->ratio >= y->ratio && x->unit < y->unit);
}

/* Restores the heap, first item on top, from place i down. */
static void sift(struct tp_row_item *items, int32_t count, int32_t i)
{
    struct tp_row_item moving = items[i];
    for (int32_t child = 2 * i + 1; child < count; child = 2 * i + 1) {
        if (child + 1 < count && before(&items[child + 1], &items[child]))
            child++;
        if (!before(&items[child], &moving))
            break;
        items[i] = items[child];
        i = child;
    }
    items[i] = moving;
}

/* Gain of a unit less what its loads cost. */
static double net_gain(const struct tp_relaxation *r, int32_t unit, const double *gain,
    const struct tp_row_price *price)
{
    double net = gain[unit];
    for (int k = 0; k < TP_FEATURES; k++)
        net -= r->weight[k] ? price->of[k] * r->weight[k][unit] : 0;
    return net;
}

double tp_row_most(const struct tp_relaxation *r, int32_t unit, const unsigned char *pair,
    const double *gain, const struct tp_row_price *price, struct tp_row_item *items)
{
    const double *features = r->weight[TP_FEATURES];
    double sum = 0, taken = 0, most = r->most[TP_FEATURES][unit];
    int32_t count = 0;
    for (int k = 0; k < TP_FEATURES; k++)
        sum += r->weight[k] ? price->of[k] * r->most[k][unit] : 0;
    for (int32_t v = 0; v < r->unit_count; v++) {
        double net = pair[v] == TP_PAIR_APART ? 0 : net_gain(r, v, gain, price);
        if (pair[v] == TP_PAIR_TOGETHER) {
            sum += net;
            taken += features[v];
        } else if (pair[v] == TP_PAIR_OPEN) {
            items[count++] = (struct tp_row_item){net / features[v], v};
        }
    }
    /* A tower takes few of many, so a heap: O(U) and O(log U) for each that is taken. */
    for (int32_t i = count / 2 - 1; i >= 0; i--)
        sift(items, count, i);
    while (count > 0) {
        double limit = items[0].ratio > 0 ? most : r->features_least;
        double part = fmin(features[items[0].unit], limit - taken);
        if (part <= 0)
            break;
        sum += part * items[0].ratio;
        taken += part;
        items[0] = items[--count];
        sift(items, count, 0);
    }
    return sum;
}
