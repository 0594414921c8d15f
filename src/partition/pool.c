/* SPDX-License-Identifier: Apache-2.0 */
#include "partition/pool.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAME 1e-7 /* relative difference of values */

struct tp_pool {
    int32_t unit_count, count;
    int32_t *tower;             /* (TP_POOL_MOST, U) */
    double value[TP_POOL_MOST]; /* of each */
};

enum tp_status tp_pool_new(int32_t unit_count, struct tp_pool **pool, struct tp_error *err)
{
    struct tp_pool *p = TP_NEW(1, struct tp_pool);
    if (!p)
        return tp_fail_memory(err);
    p->unit_count = unit_count;
    p->tower = TP_NEW((size_t)unit_count * TP_POOL_MOST, int32_t);
    if (!p->tower) {
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
    free(p);
}

int32_t tp_pool_count(const struct tp_pool *p)
{
    return p->count;
}

void tp_pool_clear(struct tp_pool *p)
{
    p->count = 0;
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

void tp_pool_add(struct tp_pool *p, const struct tp_pool *from)
{
    for (int32_t i = 0; i < from->count; i++)
        tp_pool_keep(p, member(from, i), from->value[i]);
}

const int32_t *tp_pool_any(const struct tp_pool *p, struct tp_random *random)
{
    return member(p, tp_random_below(random, p->count));
}
