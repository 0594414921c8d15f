/* SPDX-License-Identifier: Apache-2.0 */
/* Starts are repaired and brought to their local optimum; then rounds of annealing follow, each half
 * as long again as the one before it, so that whenever the search ends, a good part of the effort
 * went into one long run. Rounds take low and high prices of broken limits in turn: with a low one
 * towers may grow far beyond their limits on the way, which finds more where limits are many and
 * units small; a high one keeps close to what is legal, which is needed where units are nearly as
 * large as towers. After a round the best answer is kicked about and refined for a while.
 *
 * Nothing on the way depends on the effort that there is in all: its end only cuts the way short, so
 * more of it never gives a worse answer.
 *
 * The answer must also be placeable. The judge is asked about every better one, at fixed points of the
 * way; if it says no, memory is made a little scarcer from there on. */
#include "partition/search.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/anneal.h"
#include "partition/refine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_ROUNDS 5 /* how often memory is made scarcer */
#define MEMORY_SCARCER 0.97
#define CHECKPOINTS 4 /* of a round, at which its best is refined and judged */
#define GAIN_LEAST 1e-9
/* Sweeps of the first round, fewer the more units there are: ten units of effort take some tens of
 * milliseconds for 30 units, a second for 1,000, half a minute for 10,000. */
#define SWEEPS_LEAST 5
#define SWEEPS_MOST 600
#define SWEEPS_PER_UNIT 15000.0
#define SWEEPS_PER_PAIR 1500000.0
#define GROWTH 1.5 /* of a round over the one before */

struct tp_search {
    struct tp_problem *problem; /* borrowed, as are the judge, tower and progress */
    const struct tp_judge *judge;
    struct tp_progress *progress;
    struct tp_assignment *walk, *trial; /* what is annealed; what is refined and offered */
    struct tp_anneal *anneal;
    struct tp_random random;
    int32_t *tower;
    double value; /* of tower */
    int32_t scarcer;
    int32_t round, sweeps; /* of the round */
    double started;        /* seconds, and steps there were then: for the progress line */
    int64_t steps;
};

static int32_t first_sweeps(const struct tp_problem *p)
{
    double units = p->unit_count;
    return (int32_t)fmin(
        SWEEPS_MOST, SWEEPS_LEAST + SWEEPS_PER_UNIT / units + SWEEPS_PER_PAIR / (units * units));
}

int64_t tp_search_steps(const struct tp_problem *p)
{
    return (int64_t)(1.7 * first_sweeps(p) * p->unit_count * (p->unit_count + p->tower_count));
}

enum tp_status tp_search_new(struct tp_problem *problem, const struct tp_judge *judge,
    enum tp_goal goal, uint64_t seed, int32_t *tower, struct tp_progress *progress,
    struct tp_search **search, struct tp_error *err)
{
    struct tp_search *s = TP_NEW(1, struct tp_search);
    if (!s)
        return tp_fail_memory(err);
    *s = (struct tp_search){
        .problem = problem, .judge = judge, .tower = tower, .progress = progress};
    s->random = tp_random_new(seed, 2);
    s->sweeps = first_sweeps(problem);
    s->started = tp_seconds_now();
    enum tp_status status = tp_assignment_new(problem, goal, &s->walk, err);
    if (!status)
        status = tp_assignment_new(problem, goal, &s->trial, err);
    if (!status)
        status = tp_anneal_new(s->walk, &s->random, &s->anneal, err);
    if (status) {
        tp_search_free(s);
        return status;
    }
    tp_assignment_set(s->trial, tower);
    s->value = tp_assignment_value(s->trial);
    *search = s;
    return TP_OK;
}

void tp_search_free(struct tp_search *s)
{
    if (!s)
        return;
    tp_anneal_free(s->anneal);
    tp_assignment_free(s->walk);
    tp_assignment_free(s->trial);
    free(s);
}

static void make_memory_scarcer(struct tp_search *s)
{
    s->scarcer++;
    for (int32_t t = 0; t < s->problem->tower_count; t++)
        s->problem->most[(int64_t)t * TP_RESOURCES + TP_MEMORY] *= MEMORY_SCARCER;
}

/* Descends from the trial, which is legal, and keeps it if it is better and fits.
 * @return false when the judge turned it down and the limits are others now. */
static bool offer(struct tp_search *s, struct tp_effort *effort)
{
    tp_descend(s->trial, &s->random, effort);
    double value = tp_assignment_value(s->trial);
    if (effort->over || value <= s->value + GAIN_LEAST)
        return true;
    if (s->judge->fits(s->judge->context, s->trial->tower, -1) > 0) {
        memcpy(s->tower, s->trial->tower, (size_t)s->problem->unit_count * sizeof *s->tower);
        s->value = value;
        return true;
    }
    if (s->scarcer == MEMORY_ROUNDS)
        return true;
    make_memory_scarcer(s);
    return false;
}

/* By steps, or by the clock where there is no end of them. */
static void show_progress(struct tp_search *s, const struct tp_effort *effort)
{
    if (s->steps == 0)
        s->steps = effort->steps;
    double share = s->steps > 0 ? 1 - (double)effort->steps / (double)s->steps : 0;
    if (!isinf(effort->deadline))
        share = fmax(share, (tp_seconds_now() - s->started) / (effort->deadline - s->started));
    tp_progress_update(s->progress, fmin(share, 1));
}

void tp_search_start(struct tp_search *s, const int32_t *tower, struct tp_effort *effort)
{
    tp_assignment_set(s->trial, tower);
    while (tp_repair(s->trial, effort) && !offer(s, effort))
        tp_assignment_set(s->trial, s->trial->tower);
    show_progress(s, effort);
}

/* One run of annealing from the best answer. */
static void anneal(struct tp_search *s, int32_t sweeps, double price, struct tp_effort *effort)
{
    double offered = -INFINITY, value;
    bool goes_on = true;
    tp_assignment_set(s->walk, s->tower);
    tp_anneal_begin(s->anneal, sweeps, price, effort);
    while (goes_on && !effort->over) {
        goes_on = tp_anneal_cool(s->anneal, sweeps / CHECKPOINTS + 1, effort);
        const int32_t *best = tp_anneal_best(s->anneal, &value);
        if (best && value > offered && !effort->over) {
            offered = value;
            tp_assignment_set(s->trial, best);
            goes_on = offer(s, effort) && goes_on;
        }
        show_progress(s, effort);
    }
}

/* Kicks and descents from the best answer, a tenth of the round. */
static enum tp_status refine(
    struct tp_search *s, int32_t sweeps, struct tp_effort *effort, struct tp_error *err)
{
    const struct tp_problem *p = s->problem;
    int64_t steps = (int64_t)sweeps * p->unit_count * (p->unit_count + p->tower_count) / 10;
    enum tp_status status = TP_OK;
    tp_assignment_set(s->trial, s->tower);
    if (!tp_repair(s->trial, effort))
        return TP_OK;
    bool whole = effort->steps > steps;
    struct tp_effort part = tp_effort_take(effort, steps);
    status = tp_improve(s->trial, &s->random, &part, err);
    tp_effort_return(effort, &part);
    if (!status && whole)
        offer(s, effort);
    return status;
}

enum tp_status tp_search_improve(
    struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    /* Of breaking a limit. Measured: with 1 towers may grow together where few limits hold, above 20
     * nothing is gained where many do; which is best differs from problem to problem. */
    static const double prices[] = {4, 20, 1, 100};
    enum tp_status status = TP_OK;
    for (; !effort->over && !status; s->round++) {
        anneal(s, s->sweeps, prices[s->round % 4], effort);
        status = refine(s, s->sweeps, effort, err);
        s->sweeps = (int32_t)fmin(s->sweeps * GROWTH, INT32_MAX / 4);
    }
    return status;
}
