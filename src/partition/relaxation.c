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

/* Towers as uneven as they may be: most at the upper limit, the rest at the lower. */
static double most_squares(const struct tp_problem *p)
{
    double least = p->features_least, most = tp_tower_most(p, 0)[TP_FEATURES];
    double spare = p->feature_count - least * p->tower_count, sum = 0;
    for (int32_t t = 0; t < p->tower_count; t++) {
        double more = fmin(fmax(spare, 0), most - least);
        sum += (least + more) * (least + more);
        spare -= more;
    }
    return sum;
}

/* What the roomiest tower that a unit may be in can hold. */
static double room(const struct tp_problem *p, int32_t unit, int resource)
{
    if (p->pin[unit] >= 0)
        return tp_tower_most(p, p->pin[unit])[resource];
    double most = 0;
    for (int32_t t = 0; t < p->tower_count; t++)
        most = fmax(most, tp_tower_most(p, t)[resource]);
    return most;
}

/* Leaves a resource out when any tower could hold all of it. */
static enum tp_status init_limit(
    struct tp_relaxation *r, const struct tp_problem *p, int resource, struct tp_error *err)
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
        most[u] = scale > 0 ? room(p, u, resource) / scale : 1;
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
    double features_most = tp_tower_most(p, 0)[TP_FEATURES];
    *r = (struct tp_relaxation){.unit_count = p->unit_count,
        .tower_count = p->tower_count,
        .eigenvalue_most = fmin(features_most, p->unit_count - p->tower_count + 1),
        .squares_most = most_squares(p),
        .features_least = p->features_least};
    enum tp_status status = TP_OK;
    for (int k = 0; k < TP_RESOURCES && !status; k++)
        status = init_limit(r, p, k, err);
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
