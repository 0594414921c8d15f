/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things: settle the limits (which yields a first legal assignment), baselines; few units
 * are then searched exhaustively, others from all of these until the effort is over. Then the proof: a bound
 * on how much better any answer could be; where units are not many, an exhaustive search if that leaves a gap.
 * Where only time ends it, search and proof follow each other again, unless the answer is proven best.
 *
 * The search may make memory scarcer, for the sake of the judge; what is said of the best there is, is
 * said under the true one. */
#include "partition/partition.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "partition/bound.h"
#include "partition/fixed.h"
#include "partition/search.h"
#include "partition/spectral.h"
#include "partition/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EFFORT_AT_FIRST 10         /* where there is no end to it */
#define EXACT_STEPS 100000000      /* of few units: hardly ever used up */
#define EXACT_PART 8               /* of more: that part of the steps of the proof */
#define SHARE_OF_EXACT 0.3         /* of the time of the proof */
#define SHARE_OF_SEARCH 0.8        /* of the time, when both have a number of steps */
#define SOON_UNITS_MOST 60         /* few enough to be proven best often, so proof is tried soon */
#define QUICK_STEPS_MOST 200000000 /* half a second, for as many units as there may be */

struct solver {
    struct tp_problem *problem;
    const struct tp_judge *judge;
    const struct tp_partition_options *options;
    int32_t *start, *legal; /* (U) */
    int32_t *searched;      /* (U) towers of the search while there is a proof to be tried */
    double *memory;         /* (T) limits of memory that are not in the problem just now */
    bool *taken;            /* (T) */
    struct tp_effort effort;
    struct tp_progress progress;
};

/* The true limits of memory for those of the search, and back. */
static void swap_memory(struct solver *s)
{
    for (int32_t t = 0; t < s->problem->tower_count; t++) {
        double *most = &s->problem->most[(int64_t)t * TP_RESOURCES + TP_MEMORY];
        double kept = s->memory[t];
        s->memory[t] = *most;
        *most = kept;
    }
}

/* So many steps from now on, within a share of the time that is left. */
static struct tp_effort effort_for(const struct solver *s, int64_t steps, double share)
{
    struct tp_effort effort = tp_effort_of(steps);
    double now = isinf(s->options->deadline) ? 0 : tp_seconds_now();
    effort.stop = s->options->stop;
    effort.deadline = now + share * (s->options->deadline - now);
    return effort;
}

static bool time_is_over(const struct solver *s)
{
    bool asked = s->options->stop && *s->options->stop;
    return asked || (!isinf(s->options->deadline) && tp_seconds_now() >= s->options->deadline);
}

/* The spectral start, where it takes a fraction of a second. */
static enum tp_status try_spectral(
    struct solver *s, struct tp_search *search, struct tp_effort *effort, struct tp_error *err)
{
    struct tp_random random = tp_random_new(s->options->seed, 4);
    struct tp_error ignored; /* LAPACK gave up: one start less */
    if (s->problem->unit_count > TP_SPECTRAL_UNITS_MAX)
        return TP_OK;
    enum tp_status status = tp_spectral(s->problem, s->options->goal, &random, s->start, &ignored);
    if (status == TP_ENOMEM)
        return tp_fail_memory(err);
    if (!status)
        tp_search_start(search, s->start, effort);
    return TP_OK;
}

/* Other methods' answers come first: none of them can then be better than ours. With the load goal, which
 * is to ignore the affinity, only those that come without. */
static enum tp_status run_starts(struct solver *s, struct tp_search *search,
    const struct tp_partition *out, struct tp_effort *effort, struct tp_error *err)
{
    tp_search_start(search, s->legal, effort);
    if (s->options->quick)
        return TP_OK;
    for (int b = 0; b < TP_BASELINE_COUNT && s->options->goal != TP_GOAL_LOAD; b++)
        if (out->baselines.tower[b])
            tp_search_start(search, out->baselines.tower[b], effort);
    if (s->options->goal != TP_GOAL_LOAD)
        return try_spectral(s, search, effort, err);
    tp_start_stride(s->problem, s->start);
    tp_search_start(search, s->start, effort);
    enum tp_status status = tp_start_greedy(s->problem, NULL, s->start, err);
    if (!status)
        tp_search_start(search, s->start, effort);
    return status;
}

/* Looks at all there is, from the answer on: the best and the proof, if the effort suffices. */
static enum tp_status exhaust(
    struct solver *s, struct tp_partition *out, struct tp_effort effort, struct tp_error *err)
{
    enum tp_status status = tp_exact_best(
        s->problem, s->judge, s->options->goal, &effort, out->tower, &out->optimal, err);
    if (!status)
        status = tp_towers_value(s->problem, s->options->goal, out->tower, &out->value, err);
    if (!status && out->optimal)
        out->bound = out->value;
    return status;
}

/* A bound on how much better another answer could be. */
static enum tp_status bound(
    struct solver *s, struct tp_partition *out, int64_t steps, struct tp_error *err)
{
    bool few = s->problem->unit_count <= TP_EXACT_BEST_UNITS_MAX;
    struct tp_effort effort = effort_for(s, steps, few ? 1 - SHARE_OF_EXACT : 1);
    double most = INFINITY;
    enum tp_status status = tp_bound(s->problem, s->options->goal, out->tower, &effort, &most, err);
    out->bound = isnan(out->bound) ? most : fmin(most, out->bound);
    out->optimal = !status && tp_is_proven(out->bound, out->value);
    return status;
}

/* The proof that the answer is the best, or how much better another could be. */
static enum tp_status prove(
    struct solver *s, struct tp_partition *out, int64_t steps, struct tp_error *err)
{
    enum tp_goal goal = s->options->goal;
    enum tp_status status = tp_towers_value(s->problem, goal, out->tower, &out->value, err);
    if (!status && s->problem->affinity && goal != TP_GOAL_LOAD)
        status = bound(s, out, steps, err);
    if (status || out->optimal || s->problem->unit_count > TP_EXACT_BEST_UNITS_MAX)
        return status;
    status = exhaust(s, out, effort_for(s, steps / EXACT_PART, 1), err);
    out->optimal |= !isnan(out->bound) && tp_is_proven(out->bound, out->value);
    return status;
}

/* One turn of search and proof.
 * @param share  of the time that is left, for the search. */
static enum tp_status take_turn(struct solver *s, struct tp_search *search, int64_t search_steps,
    int64_t proof_steps, double share, struct tp_partition *out, struct tp_error *err)
{
    struct tp_effort effort = effort_for(s, search_steps, share);
    enum tp_status status = tp_search_improve(search, &effort, err);
    if (status || s->options->quick)
        return status;
    swap_memory(s);
    status = prove(s, out, proof_steps, err);
    swap_memory(s);
    return status;
}

/* A short search and the proof; without one the search goes on as if nothing had been tried in between, lest
 * more effort find less, and the better answer counts. The bound holds for whatever is found. */
static enum tp_status try_soon(struct solver *s, struct tp_search *search, int64_t search_steps,
    int64_t proof_steps, struct tp_partition *out, struct tp_error *err)
{
    size_t bytes = (size_t)s->problem->unit_count * sizeof *out->tower;
    struct tp_effort effort = effort_for(s, tp_search_steps(s->problem), SHARE_OF_SEARCH);
    enum tp_status status = tp_search_improve(search, &effort, err);
    memcpy(s->searched, out->tower, bytes);
    swap_memory(s);
    if (!status)
        status = prove(s, out, proof_steps, err);
    swap_memory(s);
    if (status || out->optimal)
        return status;
    double proof_value = out->value, value = 0;
    memcpy(s->start, out->tower, bytes);
    memcpy(out->tower, s->searched, bytes);
    effort = effort_for(s, search_steps - tp_search_steps(s->problem), SHARE_OF_SEARCH);
    status = tp_search_improve(search, &effort, err);
    if (!status)
        status = tp_towers_value(s->problem, s->options->goal, out->tower, &value, err);
    if (value < proof_value)
        memcpy(out->tower, s->start, bytes);
    out->value = fmax(value, proof_value);
    out->optimal = !isnan(out->bound) && tp_is_proven(out->bound, out->value);
    return status;
}

static enum tp_status take_turns(
    struct solver *s, struct tp_search *search, struct tp_partition *out, struct tp_error *err)
{
    int32_t effort = s->options->effort > 0 ? s->options->effort : EFFORT_AT_FIRST;
    int64_t search_steps = effort * tp_search_steps(s->problem);
    int64_t proof_steps = tp_bound_steps(s->problem->unit_count, effort);
    if (s->options->quick && search_steps > QUICK_STEPS_MOST)
        search_steps = QUICK_STEPS_MOST;
    bool soon = s->problem->unit_count <= SOON_UNITS_MOST && !s->options->quick;
    enum tp_status status =
        soon && effort > 1
            ? try_soon(s, search, search_steps, proof_steps, out, err)
            : take_turn(s, search, search_steps, proof_steps, SHARE_OF_SEARCH, out, err);
    bool endless = s->options->effort == 0;
    if (!status && endless && !out->optimal && !time_is_over(s))
        status = take_turn(s, search, INT64_MAX, INT64_MAX / 2, 0.5, out, err);
    if (!status && endless && !out->optimal && !time_is_over(s))
        status = take_turn(s, search, INT64_MAX, 1, 1, out, err);
    out->stopped = !out->optimal && time_is_over(s);
    return status;
}

/* Numbers towers that can take each other's place by their first units, so that the same groups have
 * the same numbers whatever way they were found. O(U + T^2). */
static void number_towers(struct solver *s, int32_t *tower)
{
    const struct tp_problem *p = s->problem;
    int32_t *number = s->start; /* U is at least T */
    bool *taken = s->taken;
    for (int32_t t = 0; t < p->tower_count; t++) {
        number[t] = -1;
        taken[t] = false;
    }
    for (int32_t u = 0; u < p->unit_count; u++) {
        int32_t t = tower[u];
        for (int32_t to = 0; number[t] < 0; to++) {
            if (taken[to] || p->tower_class[to] != p->tower_class[t])
                continue;
            number[t] = to;
            taken[to] = true;
        }
        tower[u] = number[t];
    }
}

static enum tp_status search(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    struct tp_search *search = NULL;
    struct tp_problem *p = s->problem;
    for (int32_t t = 0; t < p->tower_count; t++)
        s->memory[t] = tp_tower_most(p, t)[TP_MEMORY];
    struct tp_effort effort = effort_for(s, EFFORT_AT_FIRST * tp_search_steps(p), SHARE_OF_SEARCH);
    enum tp_status status = tp_search_new(
        p, s->judge, s->options->goal, s->options->seed, out->tower, &s->progress, &search, err);
    if (!status)
        status = run_starts(s, search, out, &effort, err);
    if (!status)
        status = take_turns(s, search, out, err);
    tp_search_free(search);
    swap_memory(s);
    return status;
}

/* From the first legal assignment to the best. */
static enum tp_status find_best(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    struct tp_problem *p = s->problem;
    enum tp_status status = TP_OK;
    memcpy(out->tower, s->legal, (size_t)p->unit_count * sizeof *out->tower);
    if (p->tower_count == 1) {
        status = tp_towers_value(p, s->options->goal, out->tower, &out->value, err);
        out->bound = out->value;
        out->optimal = true;
    } else if (p->unit_count <= TP_EXACT_UNITS_MAX && !s->options->quick) {
        status = exhaust(s, out, effort_for(s, EXACT_STEPS, 1), err);
    }
    if (!status && !out->optimal)
        status = search(s, out, err);
    if (!status)
        number_towers(s, out->tower);
    return status;
}

static enum tp_status settle(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    const struct tp_partition_options *options = s->options;
    if (options->stride)
        return tp_take_stride(s->problem, s->judge, options, out, err);
    if (options->paper)
        return tp_take_paper(s->problem, s->judge, options, &s->effort, out, err);
    if (!options->legal)
        return tp_settle_limits(s->problem, s->judge, options->balance, options->ratio,
            options->seed, TP_LIMITS_EFFORT, &s->effort, &out->limits, &out->limits_proven,
            s->legal, &out->answer, err);
    out->limits = (struct tp_limits){options->balance, options->ratio};
    out->answer = TP_ANSWER_YES;
    tp_problem_set_limits(s->problem, out->limits);
    memcpy(s->legal, options->legal, (size_t)s->problem->unit_count * sizeof *s->legal);
    return TP_OK;
}

static enum tp_status solve(struct solver *s, struct tp_partition *out, struct tp_error *err)
{
    const struct tp_partition_options *options = s->options;
    enum tp_status status = settle(s, out, err);
    if (status || out->answer != TP_ANSWER_YES) {
        out->stopped = time_is_over(s);
        return status;
    }
    if (s->problem->affinity && !options->quick)
        status = tp_baselines_make(s->problem, options->goal,
            options->paper ? tp_paper_ratio(options) : out->limits.ratio, options->seed,
            &out->baselines, err);
    return status || options->stride || options->paper ? status : find_best(s, out, err);
}

enum tp_status tp_partition(struct tp_problem *problem, const struct tp_judge *judge,
    const struct tp_partition_options *options, struct tp_partition *partition,
    struct tp_error *err)
{
    struct solver s = {.problem = problem, .judge = judge, .options = options};
    memset(partition, 0, sizeof *partition);
    partition->bound = (double)NAN;
    s.effort = effort_for(&s, INT64_MAX, 1);
    s.progress = tp_progress_begin(options->progress, "partition");
    s.start = TP_NEW(problem->unit_count, int32_t);
    s.legal = TP_NEW(problem->unit_count, int32_t);
    s.searched = TP_NEW(problem->unit_count, int32_t);
    s.memory = TP_NEW(problem->tower_count, double);
    s.taken = TP_NEW(problem->tower_count, bool);
    partition->tower = TP_NEW(problem->unit_count, int32_t);
    enum tp_status status =
        s.start && s.legal && s.searched && s.memory && s.taken && partition->tower
            ? TP_OK
            : tp_fail_memory(err);
    if (!status)
        status = solve(&s, partition, err);
    if (status || partition->answer != TP_ANSWER_YES) {
        free(partition->tower);
        partition->tower = NULL;
    }
    tp_progress_end(&s.progress);
    free(s.start);
    free(s.legal);
    free(s.searched);
    free(s.memory);
    free(s.taken);
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
