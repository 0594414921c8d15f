/* SPDX-License-Identifier: Apache-2.0 */
/* What good assignments have in common is worth keeping, what they differ in is worth trying in other
 * combinations (memetic search; Galinier & Hao 1999, doi:10.1023/A:1009823419804, cross by whole
 * groups as is done here).
 *
 * Towers have names, but those of one assignment mean nothing to another one: before two are crossed,
 * each tower of the second is called what the most of its units are called in the first, as far as no
 * other tower has got that name. Limits and pins are not looked at; who takes the child up repairs
 * it. */
#include "partition/pool.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SAME 1e-7 /* relative difference of values */
#define PARTS 6   /* of the towers, 1 to 3 come from the second */

struct tp_pool {
    int32_t unit_count, tower_count, count;
    int32_t *tower;             /* (TP_POOL_MOST, U) */
    double value[TP_POOL_MOST]; /* of each */
    int32_t *shared;            /* (T) units of a tower of the second, by tower of the first */
    int32_t *name, *order;      /* (T) of the second's towers; in which they are given */
    bool *taken;                /* (T) */
};

enum tp_status tp_pool_new(
    int32_t unit_count, int32_t tower_count, struct tp_pool **pool, struct tp_error *err)
{
    struct tp_pool *p = TP_NEW(1, struct tp_pool);
    if (!p)
        return tp_fail_memory(err);
    p->unit_count = unit_count;
    p->tower_count = tower_count;
    p->tower = TP_NEW((size_t)unit_count * TP_POOL_MOST, int32_t);
    p->shared = TP_NEW(tower_count, int32_t);
    p->name = TP_NEW(tower_count, int32_t);
    p->order = TP_NEW(tower_count, int32_t);
    p->taken = TP_NEW(tower_count, bool);
    if (!p->tower || !p->shared || !p->name || !p->order || !p->taken) {
        tp_pool_free(p);
        return tp_fail_memory(err);
    }
    *pool = p;
    return TP_OK;
}

void tp_pool_free(struct tp_pool *p)
{
    if (!p)
        return;
    free(p->tower);
    free(p->shared);
    free(p->name);
    free(p->order);
    free(p->taken);
    free(p);
}

int32_t tp_pool_count(const struct tp_pool *p)
{
    return p->count;
}

static int32_t *member(const struct tp_pool *p, int64_t i)
{
    return p->tower + i * p->unit_count;
}

void tp_pool_keep(struct tp_pool *p, const int32_t *tower, double value)
{
    int32_t at = 0;
    for (int32_t i = 0; i < p->count; i++) {
        if (fabs(p->value[i] - value) <= SAME * fabs(value))
            return;
        at = p->value[i] < p->value[at] ? i : at;
    }
    if (p->count < TP_POOL_MOST)
        at = p->count++;
    else if (value < p->value[at])
        return;
    p->value[at] = value;
    memcpy(member(p, at), tower, (size_t)p->unit_count * sizeof *tower);
}

const int32_t *tp_pool_any(const struct tp_pool *p, struct tp_random *random)
{
    return member(p, tp_random_below(random, p->count));
}

/* The tower of `first` that shares most units with tower `t` of `second`, of those not taken. */
static int32_t counterpart(
    struct tp_pool *p, const int32_t *first, const int32_t *second, int32_t t)
{
    int32_t best = -1;
    memset(p->shared, 0, (size_t)p->tower_count * sizeof *p->shared);
    for (int32_t u = 0; u < p->unit_count; u++)
        p->shared[first[u]] += second[u] == t;
    for (int32_t q = 0; q < p->tower_count; q++)
        if (!p->taken[q] && (best < 0 || p->shared[q] > p->shared[best]))
            best = q;
    return best;
}

static void name_towers(
    struct tp_pool *p, struct tp_random *random, const int32_t *first, const int32_t *second)
{
    memset(p->taken, false, (size_t)p->tower_count);
    for (int32_t t = 0; t < p->tower_count; t++)
        p->order[t] = t;
    tp_random_shuffle(random, p->order, p->tower_count);
    for (int32_t i = 0; i < p->tower_count; i++) {
        int32_t t = p->order[i];
        p->name[t] = counterpart(p, first, second, t);
        p->taken[p->name[t]] = true;
    }
}

void tp_pool_cross(struct tp_pool *p, struct tp_random *random, int32_t *child)
{
    int64_t i = tp_random_below(random, p->count), j = tp_random_below(random, p->count - 1);
    const int32_t *first = member(p, i), *second = member(p, j + (j >= i));
    name_towers(p, random, first, second);
    int64_t share = 1 + tp_random_below(random, PARTS / 2);
    bool *chosen = p->taken; /* towers as the second has them */
    for (int32_t t = 0; t < p->tower_count; t++)
        chosen[t] = tp_random_below(random, PARTS) < share;
    for (int32_t u = 0; u < p->unit_count; u++) {
        int32_t there = p->name[second[u]];
        child[u] = chosen[there] || chosen[first[u]] ? there : first[u];
    }
}
