/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things: settle the limits (which yields a first legal assignment), baselines, starts,
 * each repaired and brought to its local optimum, then the best one improved until the steps are used
 * up. The answer must also be placeable: if the judge turns it down, memory is made a little scarcer
 * and the search starts from the first legal assignment, which the judge has seen; at worst that one
 * is the answer. Few units are then searched exhaustively, from the answer on. */
#include "partition/partition.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "partition/metis.h"
#include "partition/refine.h"
#include "partition/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define METIS_NEAREST 10 /* neighbours in the sparse graph */
#define MEMORY_ROUNDS 5
#define MEMORY_SCARCER 0.97
#define EXACT_STEPS INT64_C(10000000) /* times the effort */

struct solver {
    struct tp_problem *problem;
    const struct tp_judge *judge;
    const struct tp_partition_options *options;
    struct tp_assignment *best, *trial;
    bool have_best;
    double best_value;
    int32_t *start, *legal; /* (U) */
    struct tp_random random;
    int64_t steps, steps_all;
    struct tp_progress progress;
};

/* Steps for a problem of that size: enough for thousands of descents when it is small, a fraction of a
 * second at the default effort when it is large. */
static int64_t budget(const struct tp_problem *p, int32_t effort)
{
    int64_t pass = (int64_t)p->unit_count * (p->unit_count + p->tower_count);
    int64_t steps = 400 * pass;
    if (steps > 5000000)
        steps = 5000000 > 2 * pass ? 5000000 : 2 * pass;
    return steps * effort;
}

/* Takes a start to its local optimum; keeps it if it is legal and better. */
static void try_start(struct solver *s, const int32_t *start)
{
    int64_t before = s->steps, most = s->steps_all / 4;
    int64_t own = before < most ? before : most; /* one start may not eat everything */
    struct tp_effort left = tp_effort_of(own);
    tp_assignment_set(s->trial, start);
    if (tp_repair(s->trial, &left)) {
        tp_descend(s->trial, &s->random, &left);
        double value = tp_assignment_value(s->trial);
        if (!s->have_best || value > s->best_value) {
            tp_assignment_copy(s->best, s->trial);
            s->best_value = value;
            s->have_best = true;
        }
    }
    s->steps -= own - left.steps;
    tp_progress_update(&s->progress, 1 - (double)s->steps / (double)s->steps_all);
}

/* METIS on the nearest-neighbour graph; on the complete one it is a baseline. */
static enum tp_status try_nearest(struct solver *s, bool recursive, struct tp_error *err)
{
    struct tp_error ignored; /* no answer of METIS is one start less, not a failure */
    enum tp_status status = tp_metis(s->problem, s->options->goal, recursive, METIS_NEAREST,
        s->options->seed, s->start, &ignored);
    if (status == TP_ENOMEM)
        return tp_fail_memory(err);
    if (!status)
        try_start(s, s->start);
    return TP_OK;
}

static enum tp_status run_starts(
    struct solver *s, const struct tp_partition *out, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    bool metis = s->best->pull && !s->options->quick; /* the load goal does not look at affinity */
    if (!s->options->legal)
        try_start(s, s->legal);
    tp_start_stride(s->problem, s->start);
    try_start(s, s->start);
    status = tp_start_greedy(s->problem, NULL, s->start, err);
    if (!status)
        try_start(s, s->start);
    for (int b = TP_BASELINE_METIS_KWAY; metis && b < TP_BASELINE_COUNT; b++)
        if (out->baselines.tower[b])
            try_start(s, out->baselines.tower[b]);
    for (int k = 0; metis && !status && k < 2; k++)
        status = try_nearest(s, k == 1, err);
    while (!status && s->steps > s->steps_all / 2) {
        s->steps -= s->problem->unit_count;
        status = tp_start_random(s->problem, &s->random, s->start, err);
        if (!status)
            try_start(s, s->start);
    }
    if (!status && !s->have_best)
        try_start(s, s->legal);
    return status;
}

/* Improves in slices so that the progress line moves. */
static enum tp_status improve(struct solver *s, struct tp_error *err)
{
    int64_t slice = s->steps_all / 40 + 1;
    while (s->steps > 0) {
        int64_t now = s->steps < slice ? s->steps : slice;
        struct tp_effort left = tp_effort_of(now);
        enum tp_status status = tp_improve(s->best, &s->random, &left, err);
        if (status)
            return status;
        s->steps -= now - left.steps;
        tp_progress_update(&s->progress, 1 - (double)s->steps / (double)s->steps_all);
    }
    return TP_OK;
}

static bool provable(const struct solver *s)
{
    return s->problem->unit_count <= TP_EXACT_UNITS_MAX && !s->options->quick;
}

static enum tp_status search(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    int32_t *tower = out->tower;
    struct tp_problem *p = s->problem;
    size_t bytes = (size_t)p->unit_count * sizeof *tower;
    memcpy(tower, s->legal, bytes);
    if (p->tower_count == 1)
        return TP_OK;
    for (int round = 0; round < MEMORY_ROUNDS; round++) {
        s->steps = s->steps_all = budget(p, s->options->effort);
        s->have_best = false;
        enum tp_status status = run_starts(s, out, err);
        if (!status && s->have_best)
            status = improve(s, err);
        if (status)
            return status;
        if (!s->have_best)
            break;
        if (s->judge->fits(s->judge->context, s->best->tower, -1) > 0) {
            memcpy(tower, s->best->tower, bytes);
            break;
        }
        if (provable(s)) /* which goes on from the first legal one, under the true memory */
            break;
        for (int32_t t = 0; t < p->tower_count; t++)
            p->most[(int64_t)t * TP_RESOURCES + TP_MEMORY] *= MEMORY_SCARCER;
    }
    return TP_OK;
}

/* The best there is, from the best found, and the proof. */
static enum tp_status prove(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    const struct tp_partition_options *options = s->options;
    struct tp_effort effort = tp_effort_of(EXACT_STEPS * options->effort);
    effort.deadline = options->deadline;
    effort.stop = options->stop;
    enum tp_status status =
        tp_exact_best(s->problem, s->judge, options->goal, &effort, out->tower, &out->optimal, err);
    out->stopped |= effort.over && effort.steps > 0;
    if (!status && out->optimal) {
        tp_assignment_set(s->best, out->tower);
        out->bound = tp_assignment_value(s->best);
    }
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
        status =
            tp_settle_limits(s->problem, s->judge, options->balance, options->ratio, options->seed,
                options->effort, &out->limits, &out->limits_proven, s->legal, &out->answer, err);
    }
    if (status || out->answer != TP_ANSWER_YES)
        return status;
    if (s->problem->affinity && !options->quick)
        status = tp_baselines_make(s->problem, options->goal, options->seed, &out->baselines, err);
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
    s.random = tp_random_new(options->seed, 2);
    s.progress = tp_progress_begin(options->progress, "partition");
    s.start = TP_NEW(problem->unit_count, int32_t);
    s.legal = TP_NEW(problem->unit_count, int32_t);
    partition->tower = TP_NEW(problem->unit_count, int32_t);
    enum tp_status status = s.start && s.legal && partition->tower ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = tp_assignment_new(problem, options->goal, &s.best, err);
    if (!status)
        status = tp_assignment_new(problem, options->goal, &s.trial, err);
    if (!status)
        status = solve(&s, partition, err);
    if (status || partition->answer != TP_ANSWER_YES) {
        free(partition->tower);
        partition->tower = NULL;
    }
    tp_progress_end(&s.progress);
    tp_assignment_free(s.best);
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
