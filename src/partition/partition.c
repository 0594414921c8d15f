/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things: settle the limits (which yields a first legal assignment), baselines, then
 * the search from all of them until the effort is over. Few units are then searched exhaustively, from
 * the answer on. The search may have made memory scarcer, for the sake of the judge; what is said of
 * the best there is, is said under the true one. */
#include "partition/partition.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "partition/search.h"
#include "partition/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The limits do not depend on the effort, or more of it could give tighter ones and a worse plan. */
#define EFFORT_OF_LIMITS 10
#define EXACT_STEPS INT64_C(10000000) /* times the effort */

struct solver {
    struct tp_problem *problem;
    const struct tp_judge *judge;
    const struct tp_partition_options *options;
    struct tp_assignment *trial;
    int32_t *start, *legal; /* (U) */
    struct tp_effort effort;
    struct tp_progress progress;
};

/* Other methods' answers come first: none of them can then be better than ours. */
static enum tp_status run_starts(struct solver *s, struct tp_search *search,
    const struct tp_partition *out, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    tp_search_start(search, s->legal, &s->effort);
    if (s->options->quick)
        return TP_OK;
    for (int b = 0; b < TP_BASELINE_COUNT; b++)
        if (out->baselines.tower[b])
            tp_search_start(search, out->baselines.tower[b], &s->effort);
    if (!out->baselines.tower[TP_BASELINE_LOAD]) {
        status = tp_start_greedy(s->problem, NULL, s->start, err);
        if (!status)
            tp_search_start(search, s->start, &s->effort);
    }
    return status;
}

static enum tp_status search(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    struct tp_search *search = NULL;
    memcpy(out->tower, s->legal, (size_t)s->problem->unit_count * sizeof *out->tower);
    if (s->problem->tower_count == 1)
        return TP_OK;
    if (s->options->effort > 0)
        s->effort.steps = s->options->effort * tp_search_steps(s->problem);
    enum tp_status status = tp_search_new(s->problem, s->judge, s->options->goal, s->options->seed,
        out->tower, &s->progress, &search, err);
    if (!status)
        status = run_starts(s, search, out, err);
    if (!status)
        status = tp_search_improve(search, &s->effort, err);
    out->stopped = s->effort.over && s->effort.steps > 0;
    tp_search_free(search);
    return status;
}

static bool provable(const struct solver *s)
{
    return s->problem->unit_count <= TP_EXACT_UNITS_MAX && !s->options->quick;
}

/* The best there is, from the best found, and the proof. */
static enum tp_status prove(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    const struct tp_partition_options *options = s->options;
    struct tp_assignment *best = NULL;
    struct tp_effort effort = tp_effort_of(EXACT_STEPS * options->effort);
    effort.deadline = options->deadline;
    effort.stop = options->stop;
    enum tp_status status =
        tp_exact_best(s->problem, s->judge, options->goal, &effort, out->tower, &out->optimal, err);
    out->stopped |= effort.over && effort.steps > 0;
    if (!status && out->optimal)
        status = tp_assignment_new(s->problem, options->goal, &best, err);
    if (best) {
        tp_assignment_set(best, out->tower);
        out->bound = tp_assignment_value(best);
    }
    tp_assignment_free(best);
    return status;
}

/* The stride assignment, if it holds the limits that were given. */
static void take_stride(
    struct solver *s, const struct tp_partition_options *options, struct tp_partition *out)
{
    struct tp_problem *p = s->problem;
    tp_start_stride(p, s->start);
    struct tp_limits own = tp_limits_of(p, s->start);
    out->limits.balance =
        isnan(options->balance) ? fmax(own.balance, TP_BALANCE_LEAST) : options->balance;
    out->limits.ratio = isnan(options->ratio) ? own.ratio : options->ratio;
    out->limits_proven = !isnan(options->balance) && !isnan(options->ratio);
    tp_problem_set_limits(p, out->limits);
    tp_assignment_set(s->trial, s->start);
    int fits = 0;
    if (tp_assignment_violation(s->trial) <= 0)
        fits = s->judge->fits(s->judge->context, s->start, -1);
    out->answer = fits > 0 ? TP_ANSWER_YES : fits ? TP_ANSWER_UNSURE : TP_ANSWER_NO;
    memcpy(out->tower, s->start, (size_t)p->unit_count * sizeof *out->tower);
}

static enum tp_status solve(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    const struct tp_partition_options *options = s->options;
    enum tp_status status = TP_OK;
    if (options->stride) {
        take_stride(s, options, out);
    } else if (options->legal) {
        out->limits = (struct tp_limits){options->balance, options->ratio};
        out->answer = TP_ANSWER_YES;
        tp_problem_set_limits(s->problem, out->limits);
        memcpy(s->legal, options->legal, (size_t)s->problem->unit_count * sizeof *s->legal);
    } else {
        status = tp_settle_limits(s->problem, s->judge, options->balance, options->ratio,
            options->seed, EFFORT_OF_LIMITS, &s->effort, &out->limits, &out->limits_proven,
            s->legal, &out->answer, err);
    }
    if (status || out->answer != TP_ANSWER_YES)
        return status;
    if (s->problem->affinity && !options->quick)
        status = tp_baselines_make(
            s->problem, options->goal, out->limits.ratio, options->seed, &out->baselines, err);
    if (status || options->stride)
        return status;
    status = search(s, out, err);
    return status || !provable(s) ? status : prove(s, out, err);
}

enum tp_status tp_partition(struct tp_problem *problem, const struct tp_judge *judge,
    const struct tp_partition_options *options, struct tp_partition *partition,
    struct tp_error *err)
{
    struct solver s = {.problem = problem, .judge = judge, .options = options};
    memset(partition, 0, sizeof *partition);
    partition->bound = (double)NAN;
    s.effort = tp_effort_of(INT64_MAX);
    s.effort.deadline = options->deadline;
    s.effort.stop = options->stop;
    s.progress = tp_progress_begin(options->progress, "partition");
    s.start = TP_NEW(problem->unit_count, int32_t);
    s.legal = TP_NEW(problem->unit_count, int32_t);
    partition->tower = TP_NEW(problem->unit_count, int32_t);
    enum tp_status status = s.start && s.legal && partition->tower ? TP_OK : tp_fail_memory(err);
    if (!status) /* of the load goal, so that no affinity is added up for it */
        status = tp_assignment_new(problem, TP_GOAL_LOAD, &s.trial, err);
    if (!status)
        status = solve(&s, partition, err);
    if (status || partition->answer != TP_ANSWER_YES) {
        free(partition->tower);
        partition->tower = NULL;
    }
    tp_progress_end(&s.progress);
    tp_assignment_free(s.trial);
    free(s.start);
    free(s.legal);
    return status;
}

void tp_partition_release(struct tp_partition *partition)
{
    if (!partition)
        return;
    free(partition->tower);
    tp_baselines_release(&partition->baselines);
    memset(partition, 0, sizeof *partition);
}
