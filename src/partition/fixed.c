/* SPDX-License-Identifier: Apache-2.0 */
/* Stride and the published method as strategies. Limits that were given hold for them as for all; those
 * left to the program are the smallest that the answer keeps to. Cost: that of the method, and of a
 * first legal assignment for the paper's. */
#include "partition/fixed.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/limits.h"
#include "partition/paper.h"
#include "partition/refine.h"
#include "partition/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPAIR_PASSES 400 /* over all moves and swaps, at most */

double tp_paper_ratio(const struct tp_partition_options *options)
{
    return isnan(options->ratio) ? 1 : options->ratio;
}

/* Limits given, or that an assignment needs. */
static void take_limits(struct tp_problem *p, const struct tp_partition_options *options,
    const int32_t *tower, struct tp_partition *out)
{
    struct tp_limits own = tp_limits_of(p, tower);
    out->limits.balance =
        isnan(options->balance) ? fmax(own.balance, TP_BALANCE_LEAST) : options->balance;
    out->limits.ratio = isnan(options->ratio) ? own.ratio : options->ratio;
    out->limits_proven = !isnan(options->balance) && !isnan(options->ratio);
    tp_problem_set_limits(p, out->limits);
}

enum tp_status tp_take_stride(struct tp_problem *p, const struct tp_judge *judge,
    const struct tp_partition_options *options, struct tp_partition *out, struct tp_error *err)
{
    struct tp_assignment *assignment = NULL;
    enum tp_status status = tp_assignment_new(p, TP_GOAL_LOAD, &assignment, err);
    if (status)
        return status;
    int fits = 0;
    tp_start_stride(p, out->tower);
    take_limits(p, options, out->tower, out);
    tp_assignment_set(assignment, out->tower);
    if (tp_assignment_violation(assignment) <= 0)
        fits = judge->fits(judge->context, out->tower, -1);
    out->answer = fits > 0 ? TP_ANSWER_YES : fits ? TP_ANSWER_UNSURE : TP_ANSWER_NO;
    tp_assignment_free(assignment);
    return TP_OK;
}

/* @param start  the paper's towers.
 * @return whether `a` holds legal ones now that fit. */
static bool repair(struct tp_problem *p, const struct tp_judge *judge, const int32_t *start,
    struct tp_assignment *a, struct tp_effort *effort)
{
    int64_t steps = REPAIR_PASSES * (int64_t)p->unit_count * (p->unit_count + p->tower_count);
    double memory = 1;
    bool fits = false;
    for (int round = 0; round < TP_MEMORY_ROUNDS && !fits; round++) {
        struct tp_effort part = tp_effort_take(effort, steps);
        tp_assignment_set(a, start);
        bool legal = tp_repair(a, &part);
        tp_effort_return(effort, &part);
        if (!legal)
            break;
        fits = judge->fits(judge->context, a->tower, -1) > 0;
        if (!fits) {
            tp_problem_scale_memory(p, TP_MEMORY_SCARCER);
            memory *= TP_MEMORY_SCARCER;
        }
    }
    tp_problem_scale_memory(p, 1 / memory);
    return fits;
}

enum tp_status tp_take_paper(struct tp_problem *p, const struct tp_judge *judge,
    const struct tp_partition_options *options, struct tp_effort *effort, struct tp_partition *out,
    struct tp_error *err)
{
    double balance = isnan(options->balance) ? (double)INFINITY : options->balance;
    double ratio = isnan(options->ratio) ? (double)INFINITY : options->ratio;
    struct tp_assignment *a = NULL;
    int32_t *start = TP_NEW(p->unit_count, int32_t);
    enum tp_status status = start ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = tp_settle_limits(p, judge, balance, ratio, options->seed, TP_LIMITS_EFFORT, effort,
            &out->limits, &out->limits_proven, out->tower, &out->answer, err);
    if (status || out->answer != TP_ANSWER_YES)
        goto out;
    status = tp_paper(p, options->goal, tp_paper_ratio(options), options->seed, start, err);
    if (!status)
        status = tp_assignment_new(p, options->goal, &a, err);
    if (status)
        goto out;
    if (repair(p, judge, start, a, effort))
        memcpy(out->tower, a->tower, (size_t)p->unit_count * sizeof *out->tower);
    take_limits(p, options, out->tower, out);
out:
    tp_assignment_free(a);
    free(start);
    return status;
}
