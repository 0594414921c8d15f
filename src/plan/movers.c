/* SPDX-License-Identifier: Apache-2.0 */
/* The features whose tower hangs on the sampling error. In: the plan's towers and those of resampled
 * matrices. Out: how often each unit left its tower, and the names of the features that often did.
 *
 * Towers of two partitions are matched greedily by the features that they share: of ARI's 0.7 and more
 * the large overlaps are beyond doubt, and below that the verdict speaks already, so an optimal matching
 * would change nothing that is read. Ties go to the lower numbers, so the answer is always the same. */
#include "plan/movers.h"

#include "base/fail.h"
#include "base/memory.h"
#include "plan/plan_affinity.h"

#include <stdlib.h>
#include <string.h>

#define OFTEN 0.25 /* share of the resamples that makes a feature worth naming */

/* What a tower of the plan and one of the other partition have in common. */
struct overlap {
    int32_t plan, other;
    double features;
};

static int compare_places(const void *a, const void *b)
{
    const struct overlap *x = a, *y = b;
    if (x->plan != y->plan)
        return x->plan < y->plan ? -1 : 1;
    return (x->other > y->other) - (x->other < y->other);
}

static int compare_sizes(const void *a, const void *b)
{
    const struct overlap *x = a, *y = b;
    if (x->features > y->features || x->features < y->features)
        return x->features > y->features ? -1 : 1;
    return compare_places(a, b);
}

/* Adds up entries of the same two towers. @return how many are left. */
static int32_t merge(struct overlap *overlaps, int32_t count)
{
    int32_t kept = 0;
    qsort(overlaps, (size_t)count, sizeof *overlaps, compare_places);
    for (int32_t i = 1; i < count; i++) {
        if (!compare_places(&overlaps[kept], &overlaps[i]))
            overlaps[kept].features += overlaps[i].features;
        else
            overlaps[++kept] = overlaps[i];
    }
    return count ? kept + 1 : 0;
}

/* @param match  (T) out: the plan's tower of each of the other's, -1: none.
 * @param taken  (T) all false. */
static void match_towers(
    struct overlap *overlaps, int32_t count, int32_t tower_count, int32_t *match, bool *taken)
{
    for (int32_t t = 0; t < tower_count; t++)
        match[t] = -1;
    qsort(overlaps, (size_t)count, sizeof *overlaps, compare_sizes);
    for (int32_t i = 0; i < count; i++) {
        const struct overlap *o = &overlaps[i];
        if (match[o->other] >= 0 || taken[o->plan])
            continue;
        match[o->other] = o->plan;
        taken[o->plan] = true;
    }
}

enum tp_status tp_count_moves(const struct tp_problem *problem, const int32_t *plan,
    const int32_t *other, int32_t *moves, struct tp_error *err)
{
    int32_t units = problem->unit_count, towers = problem->tower_count;
    struct overlap *overlaps = TP_NEW(units, struct overlap);
    int32_t *match = TP_NEW(towers, int32_t);
    bool *taken = TP_NEW(towers, bool);
    enum tp_status status = TP_OK;
    if (!overlaps || !match || !taken) {
        status = tp_fail_memory(err);
        goto out;
    }
    for (int32_t u = 0; u < units; u++)
        overlaps[u] = (struct overlap){plan[u], other[u], tp_unit_weight(problem, u)[TP_FEATURES]};
    match_towers(overlaps, merge(overlaps, units), towers, match, taken);
    for (int32_t u = 0; u < units; u++)
        moves[u] += match[other[u]] != plan[u];
out:
    free(taken);
    free(match);
    free(overlaps);
    return status;
}

struct mover {
    int32_t feature, moves;
};

static int compare_movers(const void *a, const void *b)
{
    const struct mover *x = a, *y = b;
    if (x->moves != y->moves)
        return x->moves > y->moves ? -1 : 1;
    return x->feature < y->feature ? -1 : 1;
}

static enum tp_status take_movers(const struct tp_model *model, const struct mover *movers,
    int32_t count, int32_t resamples, struct tp_plan_affinity *affinity, struct tp_error *err)
{
    tp_plan_affinity_drop_movers(affinity);
    if (count == 0)
        return TP_OK;
    affinity->movers = TP_NEW(count, struct tp_plan_mover);
    if (!affinity->movers)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < count; i++) {
        const char *name = model->features[movers[i].feature].name;
        struct tp_plan_mover *to = &affinity->movers[affinity->mover_count];
        to->share = (double)movers[i].moves / resamples;
        to->feature = tp_copy_text(name, strlen(name));
        if (!to->feature)
            return tp_fail_memory(err);
        affinity->mover_count++;
    }
    return TP_OK;
}

enum tp_status tp_list_movers(const struct tp_problem *problem, const struct tp_model *model,
    const int32_t *moves, int32_t resamples, struct tp_plan_affinity *affinity,
    struct tp_error *err)
{
    int32_t count = 0;
    struct mover *movers = TP_NEW(model->feature_count, struct mover);
    if (!movers)
        return tp_fail_memory(err);
    for (int32_t f = 0; f < model->feature_count; f++) {
        int32_t times = moves[problem->unit_of_table[model->features[f].table]];
        if (times > 0 && times >= OFTEN * resamples)
            movers[count++] = (struct mover){f, times};
    }
    qsort(movers, (size_t)count, sizeof *movers, compare_movers);
    enum tp_status status = take_movers(model, movers, count, resamples, affinity, err);
    free(movers);
    return status;
}
