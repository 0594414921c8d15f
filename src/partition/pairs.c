/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs together make groups: each unit of a group has the same entry for any other unit. So deciding
 * two units decides their whole groups, and joining groups gives the joined one the enemies of both.
 * Units pinned to one tower are together, to different ones apart. */
#include "partition/pairs.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *cell(const struct tp_pairs *pairs, int32_t u, int32_t v)
{
    return pairs->pair + (int64_t)u * pairs->problem->unit_count + v;
}

static bool together(const struct tp_pairs *pairs, int32_t u, int32_t v)
{
    return *cell(pairs, u, v) == TP_PAIR_TOGETHER;
}

static void settle(struct tp_pairs *pairs, int32_t u, int32_t v, enum tp_pair how)
{
    *cell(pairs, u, v) = *cell(pairs, v, u) = (unsigned char)how;
}

/* Every unit of one group with every unit of another. */
static void settle_groups(struct tp_pairs *pairs, int32_t u, int32_t v, enum tp_pair how)
{
    int32_t n = pairs->problem->unit_count;
    for (int32_t x = 0; x < n; x++)
        for (int32_t y = 0; y < n && together(pairs, u, x); y++)
            if (together(pairs, v, y) && x != y)
                settle(pairs, x, y, how);
}

/* The most that a tower can hold of a resource, of those that the unit may be in. */
static double most_of(const struct tp_problem *p, int32_t unit, int resource)
{
    double most = 0;
    for (int32_t t = 0; t < p->tower_count; t++)
        if (p->pin[unit] < 0 || p->pin[unit] == t)
            most = fmax(most, tp_tower_most(p, t)[resource]);
    return most;
}

/* Whether the group of a unit fits a tower, and enough may still join it. */
static bool possible(const struct tp_pairs *pairs, int32_t unit)
{
    const struct tp_problem *p = pairs->problem;
    double load[TP_RESOURCES] = {0}, reach = 0;
    for (int32_t v = 0; v < p->unit_count; v++) {
        const double *weight = tp_unit_weight(p, v);
        for (int r = 0; r < TP_RESOURCES && together(pairs, unit, v); r++)
            load[r] += weight[r];
        reach += *cell(pairs, unit, v) != TP_PAIR_APART ? weight[TP_FEATURES] : 0;
    }
    for (int r = 0; r < TP_RESOURCES; r++)
        if (load[r] > most_of(p, unit, r) * (1 + TP_LOAD_SLACK))
            return false;
    return reach >= p->features_least;
}

bool tp_pairs_decide(struct tp_pairs *pairs, int32_t u, int32_t v, enum tp_pair how)
{
    int32_t n = pairs->problem->unit_count;
    if (*cell(pairs, u, v) != TP_PAIR_OPEN)
        return *cell(pairs, u, v) == (unsigned char)how;
    if (how == TP_PAIR_TOGETHER) {
        /* Enemies first: groups are still told apart. */
        for (int32_t w = 0; w < n; w++) {
            if (*cell(pairs, u, w) == TP_PAIR_APART)
                settle_groups(pairs, v, w, TP_PAIR_APART);
            else if (*cell(pairs, v, w) == TP_PAIR_APART)
                settle_groups(pairs, u, w, TP_PAIR_APART);
        }
    }
    settle_groups(pairs, u, v, how);
    for (int32_t w = 0; w < n; w++)
        if (!possible(pairs, w))
            return false;
    return true;
}

enum tp_status tp_pairs_init(
    struct tp_pairs *pairs, const struct tp_problem *p, struct tp_error *err)
{
    size_t units = (size_t)p->unit_count, cells;
    *pairs = (struct tp_pairs){.problem = p};
    if (!tp_multiply(units, units, &cells) || !(pairs->pair = TP_NEW(cells, unsigned char)))
        return tp_fail_memory(err);
    for (int32_t u = 0; u < p->unit_count; u++) {
        settle(pairs, u, u, TP_PAIR_TOGETHER);
        for (int32_t v = 0; v < u && p->pin[u] >= 0; v++)
            if (p->pin[v] >= 0)
                settle(pairs, u, v, p->pin[u] == p->pin[v] ? TP_PAIR_TOGETHER : TP_PAIR_APART);
    }
    for (int32_t u = 0; u < p->unit_count; u++)
        for (int32_t i = p->apart_first[u]; i < p->apart_first[u + 1]; i++)
            settle_groups(pairs, u, p->apart[i], TP_PAIR_APART);
    return TP_OK;
}

enum tp_status tp_pairs_copy(struct tp_pairs *to, const struct tp_pairs *from, struct tp_error *err)
{
    size_t units = (size_t)from->problem->unit_count;
    *to = (struct tp_pairs){.problem = from->problem, .pair = TP_NEW(units * units, unsigned char)};
    if (!to->pair)
        return tp_fail_memory(err);
    memcpy(to->pair, from->pair, units * units);
    return TP_OK;
}

void tp_pairs_release(struct tp_pairs *pairs)
{
    free(pairs->pair);
    *pairs = (struct tp_pairs){0};
}
