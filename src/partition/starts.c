/* SPDX-License-Identifier: Apache-2.0 */
/* Stride, random and load-greedy starts. Pinned units are wherever their pin says; the other limits
 * are only aimed at, the refinement enforces them. */
#include "partition/starts.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

void tp_start_stride(const struct tp_problem *p, int32_t *tower)
{
    for (int32_t u = 0; u < p->unit_count; u++)
        tower[u] = p->pin[u] >= 0 ? p->pin[u] : u % p->tower_count;
}

enum tp_status tp_start_random(
    const struct tp_problem *p, struct tp_random *random, int32_t *tower, struct tp_error *err)
{
    int32_t *order = TP_NEW(p->unit_count, int32_t);
    if (!order)
        return tp_fail_memory(err);
    for (int32_t u = 0; u < p->unit_count; u++)
        order[u] = u;
    tp_random_shuffle(random, order, p->unit_count);
    for (int32_t i = 0; i < p->unit_count; i++) {
        int32_t u = order[i];
        tower[u] = p->pin[u] >= 0 ? p->pin[u] : i % p->tower_count;
    }
    free(order);
    return TP_OK;
}

struct heavy {
    double weight;
    int32_t unit;
};

static int by_weight(const void *a, const void *b)
{
    const struct heavy *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return (x->unit > y->unit) - (x->unit < y->unit);
}

/* The part of a tower's budget of a resource that a load is: of its limit where there is one that
 * means something, else of the mean. */
static double share(const struct tp_problem *p, int32_t tower, int r, double load)
{
    double budget = r == TP_MEMORY ? tp_tower_most(p, tower)[r] : p->mean[r];
    if (budget > 0)
        return load / budget;
    return load > 0 ? 1.0e+9 : 0;
}

/* The worst share that a tower would have with the unit in it. */
static double worst_share(
    const struct tp_problem *p, const double *load, int32_t tower, const double *weight)
{
    double worst = 0;
    for (int r = 0; r < TP_RESOURCES; r++)
        worst = fmax(worst, share(p, tower, r, load[r] + weight[r]));
    return worst;
}

static bool clashes(const struct tp_problem *p, const int32_t *tower, int32_t unit, int32_t t)
{
    for (int32_t i = p->apart_first[unit]; i < p->apart_first[unit + 1]; i++)
        if (tower[p->apart[i]] == t)
            return true;
    return false;
}

static int32_t lightest_tower(
    const struct tp_problem *p, const double *load, const int32_t *tower, int32_t unit)
{
    int32_t best = 0;
    double best_share = INFINITY;
    for (int32_t t = 0; t < p->tower_count; t++) {
        double s = worst_share(p, load + (int64_t)t * TP_RESOURCES, t, tp_unit_weight(p, unit));
        s += clashes(p, tower, unit, t) ? 1.0e+6 : 0;
        if (s < best_share) {
            best_share = s;
            best = t;
        }
    }
    return best;
}

static void put(const struct tp_problem *p, double *load, int32_t *tower, int32_t unit, int32_t t)
{
    tower[unit] = t;
    for (int r = 0; r < TP_RESOURCES; r++)
        load[(int64_t)t * TP_RESOURCES + r] += tp_unit_weight(p, unit)[r];
}

enum tp_status tp_start_greedy(
    const struct tp_problem *p, struct tp_random *random, int32_t *tower, struct tp_error *err)
{
    struct heavy *order = TP_NEW(p->unit_count, struct heavy);
    double *load = tp_new((size_t)p->tower_count * TP_RESOURCES, sizeof(double));
    enum tp_status status = TP_OK;
    if (!order || !load) {
        status = tp_fail_memory(err);
        goto out;
    }
    for (int32_t u = 0; u < p->unit_count; u++) {
        const double none[TP_RESOURCES] = {0};
        double shake = random ? 1 + 0.5 * tp_random_uniform(random) : 1;
        order[u] = (struct heavy){shake * worst_share(p, none, 0, tp_unit_weight(p, u)), u};
        tower[u] = -1;
    }
    qsort(order, (size_t)p->unit_count, sizeof *order, by_weight);
    for (int32_t i = 0; i < p->unit_count; i++)
        if (p->pin[order[i].unit] >= 0)
            put(p, load, tower, order[i].unit, p->pin[order[i].unit]);
    for (int32_t i = 0; i < p->unit_count; i++) {
        int32_t u = order[i].unit;
        if (p->pin[u] < 0)
            put(p, load, tower, u, lightest_tower(p, load, tower, u));
    }
out:
    free(order);
    free(load);
    return status;
}
