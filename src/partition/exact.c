/* SPDX-License-Identifier: Apache-2.0 */
/* Depth first over units, heaviest first, each to every tower that it does not break.
 *
 * Cut off: a tower over a limit, a pair that is to be apart, fewer features left than towers still
 * lack, an empty tower of a class of which an emptier number was tried already (they are
 * interchangeable), and a set of units that the judge found not to fit a tower's ranks (remembered per
 * class and set: a superset fits no better). At a full assignment the judge has the last word. */
#include "partition/exact.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

#define NODES_MAX 20000000 /* about 2 s; then the answer is "unsure" */

enum { UNKNOWN, FITS, FITS_NOT, UNSURE }; /* what the memory of verdicts holds */

struct search {
    const struct tp_problem *problem;
    const struct tp_judge *judge;
    int32_t order[TP_EXACT_UNITS_MAX];
    int32_t tower[TP_EXACT_UNITS_MAX]; /* of each unit, -1: open */
    double *load;                      /* (T, TP_RESOURCES) */
    uint32_t *set;                     /* (T) units of the tower, as bits */
    unsigned char *verdict;            /* (classes, 2^U) */
    double features_left;              /* of the units not assigned yet */
    int64_t nodes;
    bool unsure; /* something was cut off without proof */
};

static double heaviness(const struct tp_problem *p, int32_t unit)
{
    double worst = p->pin[unit] >= 0 ? 1.0e+9 : 0; /* pinned ones first: no choice */
    for (int r = 0; r < TP_RESOURCES; r++)
        if (p->mean[r] > 0)
            worst = fmax(worst, tp_unit_weight(p, unit)[r] / p->mean[r]);
    return worst;
}

static void sort_units(struct search *s)
{
    for (int32_t i = 0; i < s->problem->unit_count; i++) {
        int32_t j = i;
        for (; j > 0 && heaviness(s->problem, s->order[j - 1]) < heaviness(s->problem, i); j--)
            s->order[j] = s->order[j - 1];
        s->order[j] = i;
    }
}

static bool stays_legal(const struct search *s, int32_t unit, int32_t t)
{
    const struct tp_problem *p = s->problem;
    const double *load = s->load + (int64_t)t * TP_RESOURCES;
    if (p->pin[unit] >= 0 && p->pin[unit] != t)
        return false;
    for (int r = 0; r < TP_RESOURCES; r++)
        if (load[r] + tp_unit_weight(p, unit)[r] > tp_tower_most(p, t)[r])
            return false;
    for (int32_t i = p->apart_first[unit]; i < p->apart_first[unit + 1]; i++)
        if (s->tower[p->apart[i]] == t)
            return false;
    return true;
}

/* An empty tower behind another empty one of its class. */
static bool redundant(const struct search *s, int32_t t)
{
    if (s->set[t])
        return false;
    for (int32_t i = 0; i < t; i++)
        if (!s->set[i] && s->problem->tower_class[i] == s->problem->tower_class[t])
            return true;
    return false;
}

static bool tower_fits(struct search *s, int32_t t)
{
    const struct tp_problem *p = s->problem;
    unsigned char *verdict =
        s->verdict + (((size_t)p->tower_class[t] << p->unit_count) | s->set[t]);
    if (*verdict == UNKNOWN) {
        int fits = s->judge->fits(s->judge->context, s->tower, t);
        *verdict = fits > 0 ? FITS : fits == 0 ? FITS_NOT : UNSURE;
    }
    s->unsure |= *verdict == UNSURE;
    return *verdict == FITS;
}

static double features_lacking(const struct search *s)
{
    double lacking = 0;
    for (int32_t t = 0; t < s->problem->tower_count; t++)
        lacking +=
            fmax(0, s->problem->features_least - s->load[(int64_t)t * TP_RESOURCES + TP_FEATURES]);
    return lacking;
}

static void put(struct search *s, int32_t unit, int32_t t, double sign)
{
    const double *weight = tp_unit_weight(s->problem, unit);
    for (int r = 0; r < TP_RESOURCES; r++)
        s->load[(int64_t)t * TP_RESOURCES + r] += sign * weight[r];
    s->features_left -= sign * weight[TP_FEATURES];
    s->set[t] ^= UINT32_C(1) << unit;
    s->tower[unit] = sign > 0 ? t : -1;
}

static bool dive(struct search *s, int32_t depth)
{
    const struct tp_problem *p = s->problem;
    if (++s->nodes > NODES_MAX) {
        s->unsure = true;
        return false;
    }
    if (features_lacking(s) > s->features_left)
        return false;
    if (depth == p->unit_count) {
        int fits = s->judge->fits(s->judge->context, s->tower, -1);
        s->unsure |= fits < 0;
        return fits > 0;
    }
    int32_t unit = s->order[depth];
    for (int32_t t = 0; t < p->tower_count; t++) {
        if (redundant(s, t) || !stays_legal(s, unit, t))
            continue;
        put(s, unit, t, +1);
        if (tower_fits(s, t) && dive(s, depth + 1))
            return true;
        put(s, unit, t, -1);
    }
    return false;
}

enum tp_status tp_exact(const struct tp_problem *p, const struct tp_judge *judge, int32_t *tower,
    enum tp_answer *answer, struct tp_error *err)
{
    struct search s = {.problem = p, .judge = judge, .features_left = p->feature_count};
    enum tp_status status = TP_OK;
    s.load = tp_new((size_t)p->tower_count * TP_RESOURCES, sizeof(double));
    s.set = TP_NEW(p->tower_count, uint32_t);
    s.verdict = tp_new((size_t)p->class_count << p->unit_count, 1);
    if (!s.load || !s.set || !s.verdict) {
        status = tp_fail_memory(err);
        goto out;
    }
    for (int32_t u = 0; u < p->unit_count; u++)
        s.tower[u] = -1;
    sort_units(&s);
    bool found = dive(&s, 0);
    *answer = found ? TP_ANSWER_YES : s.unsure ? TP_ANSWER_UNSURE : TP_ANSWER_NO;
    for (int32_t u = 0; found && u < p->unit_count; u++)
        tower[u] = s.tower[u];
out:
    free(s.load);
    free(s.set);
    free(s.verdict);
    return status;
}
