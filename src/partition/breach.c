/* SPDX-License-Identifier: Apache-2.0 */
/* Direct bounds: sums and counts that every assignment would have to beat.
 *
 * Weights: whatever the assignment, some tower holds at least j + 1 of the T * j + 1 heaviest units, so
 * the lightest j + 1 of these must fit the roomiest tower (the bound of bin packing; j = 0 is the
 * heaviest unit alone). Conflicts: units that are to be apart, or are pinned to different towers, are
 * the edges of a graph, and a clique of more than T units fits nowhere. The clique is grown greedily,
 * so one may be missed; what is found is a proof. */
#include "partition/breach.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Forgives sums that were added up in another order. */
#define SUM_SLACK (1 - 1e-12)

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static double roomiest(const struct tp_problem *p, int resource)
{
    double most = 0;
    for (int32_t t = 0; t < p->tower_count; t++)
        most = fmax(most, tp_tower_most(p, t)[resource]);
    return most;
}

static void over_total(const struct tp_problem *p, int resource, struct tp_breach *breach)
{
    double need = 0, room = 0;
    for (int32_t u = 0; u < p->unit_count; u++)
        need += tp_unit_weight(p, u)[resource];
    for (int32_t t = 0; t < p->tower_count; t++)
        room += tp_tower_most(p, t)[resource];
    if (need * SUM_SLACK > room)
        *breach = (struct tp_breach){
            .kind = TP_BREACH_TOTAL, .resource = resource, .need = need, .room = room};
}

static void over_unit(const struct tp_problem *p, int resource, struct tp_breach *breach)
{
    double room = roomiest(p, resource);
    for (int32_t u = 0; u < p->unit_count; u++) {
        double need = tp_unit_weight(p, u)[resource];
        if (need > room && need > breach->need)
            *breach = (struct tp_breach){.kind = TP_BREACH_UNIT,
                .resource = resource,
                .need = need,
                .room = room,
                .unit = u};
    }
}

/* @param sums  (T), scratch. */
static void over_pins(
    const struct tp_problem *p, int resource, double *sums, struct tp_breach *breach)
{
    memset(sums, 0, (size_t)p->tower_count * sizeof *sums);
    for (int32_t u = 0; u < p->unit_count; u++)
        if (p->pin[u] >= 0)
            sums[p->pin[u]] += tp_unit_weight(p, u)[resource];
    for (int32_t t = 0; t < p->tower_count && !breach->kind; t++)
        if (sums[t] * SUM_SLACK > tp_tower_most(p, t)[resource])
            *breach = (struct tp_breach){.kind = TP_BREACH_PINNED,
                .resource = resource,
                .need = sums[t],
                .room = tp_tower_most(p, t)[resource],
                .tower = t};
}

/* @param weights  (U), scratch. */
static void over_crowd(
    const struct tp_problem *p, int resource, double *weights, struct tp_breach *breach)
{
    double room = roomiest(p, resource);
    for (int32_t u = 0; u < p->unit_count; u++)
        weights[u] = tp_unit_weight(p, u)[resource];
    qsort(weights, (size_t)p->unit_count, sizeof *weights, descending);
    for (int32_t j = 1; (int64_t)p->tower_count * j < p->unit_count && !breach->kind; j++) {
        double need = 0;
        for (int32_t i = 0; i <= j; i++)
            need += weights[p->tower_count * j - i];
        if (need * SUM_SLACK > room)
            *breach = (struct tp_breach){.kind = TP_BREACH_CROWD,
                .resource = resource,
                .need = need,
                .room = room,
                .count = p->tower_count * j + 1,
                .share = j + 1};
    }
}

static bool keep_apart(const struct tp_problem *p, int32_t a, int32_t b)
{
    if (p->pin[a] >= 0 && p->pin[b] >= 0)
        return p->pin[a] != p->pin[b];
    for (int32_t i = p->apart_first[a]; i < p->apart_first[a + 1]; i++)
        if (p->apart[i] == b)
            return true;
    return false;
}

/* Grows a clique from a unit, in the order of numbers. @param clique  (T + 1), out. */
static int32_t grow_clique(const struct tp_problem *p, int32_t from, int32_t *clique)
{
    int32_t count = 1;
    clique[0] = from;
    for (int32_t v = 0; v < p->unit_count && count <= p->tower_count; v++) {
        bool joins = v != from;
        for (int32_t i = 0; i < count && joins; i++)
            joins = keep_apart(p, v, clique[i]);
        if (joins)
            clique[count++] = v;
    }
    return count;
}

static enum tp_status over_apart(
    const struct tp_problem *p, struct tp_breach *breach, struct tp_error *err)
{
    int32_t pinned = 0, *clique = TP_NEW((size_t)p->tower_count + 1, int32_t);
    if (!clique)
        return tp_fail_memory(err);
    for (int32_t u = 0; u < p->unit_count; u++)
        pinned += p->pin[u] >= 0;
    for (int32_t u = 0; u < p->unit_count && !breach->kind; u++) {
        int32_t enemies = p->apart_first[u + 1] - p->apart_first[u];
        if (!enemies || enemies + pinned < p->tower_count)
            continue;
        if (grow_clique(p, u, clique) > p->tower_count)
            *breach = (struct tp_breach){
                .kind = TP_BREACH_APART, .count = p->tower_count + 1, .units = clique};
    }
    if (breach->units != clique)
        free(clique);
    return TP_OK;
}

enum tp_status tp_find_breach(
    const struct tp_problem *p, struct tp_breach *breach, struct tp_error *err)
{
    double *weights = TP_NEW(p->unit_count, double), *sums = TP_NEW(p->tower_count, double);
    enum tp_status status = weights && sums ? TP_OK : tp_fail_memory(err);
    *breach = (struct tp_breach){.kind = TP_BREACH_NONE};
    if (!status && p->unit_count < p->tower_count)
        breach->kind = TP_BREACH_COUNT;
    for (int r = 0; r < TP_RESOURCES && !status && !breach->kind; r++)
        over_unit(p, r, breach);
    for (int r = 0; r < TP_RESOURCES && !status && !breach->kind; r++)
        over_total(p, r, breach);
    for (int r = 0; r < TP_RESOURCES && !status && !breach->kind; r++)
        over_pins(p, r, sums, breach);
    if (!status && !breach->kind)
        status = over_apart(p, breach, err);
    for (int r = 0; r < TP_RESOURCES && !status && !breach->kind; r++)
        over_crowd(p, r, weights, breach);
    free(weights);
    free(sums);
    return status;
}

void tp_breach_release(struct tp_breach *breach)
{
    free(breach->units);
    *breach = (struct tp_breach){.kind = TP_BREACH_NONE};
}
