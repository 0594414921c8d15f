/* SPDX-License-Identifier: Apache-2.0 */
/* Starts are repaired and brought to their local optimum; then rounds follow without end.
 *
 * Many units: a run of annealing from the best answer, half as long again as the one before it, so
 * that whenever the search ends, a good part of the effort went into one long run; then the best is
 * kicked about and refined for a while. Runs take low and high prices of broken limits in turn: with a
 * low one towers may grow far beyond their limits on the way, a high one keeps close to what is legal.
 *
 * Few units: the legal answers are in pieces that one run hardly leaves, where limits are many and
 * units large, so there are many short runs that differ in all that matters. They begin hot at the
 * best answer or at a random deal, or less hot at one of a few good answers or at a cross of two; each
 * is followed by cheap starts, repaired and brought to their local optimum, and every few by kicks.
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
#include "partition/pool.h"
#include "partition/refine.h"
#include "partition/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_ROUNDS 5 /* how often memory is made scarcer */
#define MEMORY_SCARCER 0.97
#define CHECKPOINTS 4 /* of a run, for the progress line */
#define GAIN_LEAST 1e-9
/* Sweeps of the first round, fewer the more units there are: ten units of effort take some tens of
 * milliseconds for 30 units, a second for 1,000, half a minute for 10,000. */
#define SWEEPS_LEAST 5
#define SWEEPS_MOST 600
#define FEW_UNITS_MOST 60    /* with more, a few long runs find more than many short ones */
#define SHORT 0.125          /* of the first sweeps, where units are few */
#define TWICE_UNITS_MOST 500 /* have twice the steps: they cost little */
#define SWEEPS_PER_UNIT 15000.0
#define SWEEPS_PER_PAIR 1500000.0
#define GROWTH_MANY 1.5 /* of the sweeps from round to round, of many units */
#define GROWTH_FEW 1.03 /* of the sweeps from round to round */
/* Measured on few and many units of many kinds: */
#define LENGTHS 4.0       /* the longest runs of a time over the shortest */
#define PRICE_LEAST 0.125 /* of breaking a limit */
#define PRICE_MOST 4.0
#define WARMTH_LEAST 0.125 /* of runs that are to keep something of where they begin */
#define WARMTH_MOST 0.7
#define SHARE_OF_DEALS 0.5 /* over the steps of the annealing */
#define SHARE_OF_KICKS 0.1
#define ROUNDS_PER_KICKS 4

struct tp_search {
    struct tp_problem *problem; /* borrowed, as are the judge, tower and progress */
    const struct tp_judge *judge;
    struct tp_progress *progress;
    struct tp_assignment *walk, *trial; /* what is annealed; what is refined and offered */
    struct tp_anneal *anneal;
    struct tp_random random;
    int32_t *tower;
    double value; /* of tower */
    struct tp_pool *pool;
    int32_t *begin; /* (U) where a run begins */
    int32_t scarcer;
    int32_t round;
    double sweeps;  /* of a run, on the whole */
    double started; /* seconds, and steps there were then: for the progress line */
    int64_t steps;
};

static int32_t first_sweeps(const struct tp_problem *p)
{
    double units = p->unit_count;
    return (int32_t)fmin(
        SWEEPS_MOST, SWEEPS_LEAST + SWEEPS_PER_UNIT / units + SWEEPS_PER_PAIR / (units * units));
}

static bool is_few(const struct tp_problem *p)
{
    return p->unit_count <= FEW_UNITS_MOST;
}

int64_t tp_search_steps(const struct tp_problem *p)
{
    double rounds = p->unit_count <= TWICE_UNITS_MOST ? 3.4 : 1.7;
    return (int64_t)(rounds * first_sweeps(p) * p->unit_count * (p->unit_count + p->tower_count));
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
    s->sweeps = first_sweeps(problem) * (is_few(problem) ? SHORT : 1);
    s->started = tp_seconds_now();
    enum tp_status status = tp_assignment_new(problem, goal, &s->walk, err);
    if (!status)
        status = tp_assignment_new(problem, goal, &s->trial, err);
    if (!status)
        status = tp_anneal_new(s->walk, &s->random, &s->anneal, err);
    if (!status)
        status = tp_pool_new(problem->unit_count, problem->tower_count, &s->pool, err);
    s->begin = TP_NEW(problem->unit_count, int32_t);
    if (!status && !s->begin)
        status = tp_fail_memory(err);
    if (status) {
        tp_search_free(s);
        return status;
    }
    tp_assignment_set(s->trial, tower);
    s->value = tp_assignment_value(s->trial);
    tp_pool_keep(s->pool, tower, s->value);
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
    tp_pool_free(s->pool);
    free(s->begin);
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
    tp_exchange_towers(s->trial, effort);
    tp_descend(s->trial, &s->random, effort);
    double value = tp_assignment_value(s->trial);
    if (!effort->over)
        tp_pool_keep(s->pool, s->trial->tower, value);
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

/* Between two numbers, as likely to double the smaller one as to halve the larger one. */
static double between(struct tp_search *s, double least, double most)
{
    return least * pow(most / least, tp_random_uniform(&s->random));
}

/* Where the next run begins, and how hot. */
static enum tp_status choose_begin(struct tp_search *s, double *warmth, struct tp_error *err)
{
    const int32_t *tower = s->tower;
    int64_t way = tp_random_below(&s->random, tp_pool_count(s->pool) > 1 ? 4 : 2);
    *warmth = way < 2 ? 1 : between(s, WARMTH_LEAST, WARMTH_MOST);
    if (way == 0)
        return tp_start_random(s->problem, &s->random, s->begin, err);
    if (way == 2) {
        tp_pool_cross(s->pool, &s->random, s->begin);
        return TP_OK;
    }
    if (way == 3)
        tower = tp_pool_any(s->pool, &s->random);
    memcpy(s->begin, tower, (size_t)s->problem->unit_count * sizeof *tower);
    return TP_OK;
}

/* One run of annealing, from `begin`. */
static void anneal(
    struct tp_search *s, int32_t sweeps, double warmth, double price, struct tp_effort *effort)
{
    double offered = -INFINITY, value;
    bool goes_on = true;
    tp_assignment_set(s->walk, s->begin);
    tp_anneal_begin(s->anneal, sweeps, warmth, price, effort);
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

/* Random deals and shaken greedy ones, each repaired and taken to its local optimum. */
static enum tp_status deal(
    struct tp_search *s, int64_t steps, struct tp_effort *effort, struct tp_error *err)
{
    const struct tp_problem *p = s->problem;
    int64_t end = effort->steps - steps;
    enum tp_status status = TP_OK;
    for (bool greedy = false; !effort->over && effort->steps > end; greedy = !greedy) {
        status = greedy ? tp_start_greedy(p, &s->random, s->begin, err)
                        : tp_start_random(p, &s->random, s->begin, err);
        if (status)
            break;
        tp_assignment_set(s->trial, s->begin);
        tp_effort_spend(effort, (int64_t)p->unit_count * p->tower_count);
        if (tp_repair(s->trial, effort))
            offer(s, effort);
    }
    return status;
}

/* Kicks and descents from an answer. */
static enum tp_status refine(struct tp_search *s, const int32_t *tower, int64_t steps,
    struct tp_effort *effort, struct tp_error *err)
{
    tp_assignment_set(s->trial, tower);
    if (!tp_repair(s->trial, effort)) /* memory may be scarcer now */
        return TP_OK;
    bool whole = effort->steps > steps;
    struct tp_effort part = tp_effort_take(effort, steps);
    enum tp_status status = tp_improve(s->trial, &s->random, &part, err);
    tp_effort_return(effort, &part);
    if (!status && whole)
        offer(s, effort);
    return status;
}

/* One long run, from the best answer. */
static enum tp_status round_of_many(
    struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    /* Of breaking a limit. Measured: with 1 towers may grow together where few limits hold, above 20
     * nothing is gained where many do; which is best differs from problem to problem. */
    static const double prices[] = {4, 20, 1, 100};
    const struct tp_problem *p = s->problem;
    memcpy(s->begin, s->tower, (size_t)p->unit_count * sizeof *s->begin);
    anneal(s, (int32_t)s->sweeps, 1, prices[s->round % 4], effort);
    double steps = s->sweeps * p->unit_count * (p->unit_count + p->tower_count);
    s->sweeps = fmin(s->sweeps * GROWTH_MANY, INT32_MAX / 4);
    return refine(s, s->tower, (int64_t)(SHARE_OF_KICKS * steps), effort, err);
}

/* One of many short runs, some deals, now and then kicks. */
static enum tp_status round_of_few(
    struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    int64_t before = effort->steps;
    double warmth, longer = sqrt(LENGTHS);
    int32_t sweeps = SWEEPS_LEAST + (int32_t)(s->sweeps * between(s, 1 / longer, longer));
    double price = between(s, PRICE_LEAST, PRICE_MOST);
    enum tp_status status = choose_begin(s, &warmth, err);
    if (status)
        return status;
    anneal(s, sweeps, warmth, price, effort);
    double steps = (double)(before - effort->steps);
    s->sweeps = fmin(s->sweeps * GROWTH_FEW, INT32_MAX / 8);
    status = deal(s, (int64_t)(SHARE_OF_DEALS * steps), effort, err);
    if (!status && s->round % ROUNDS_PER_KICKS == 0)
        status = refine(s, tp_pool_any(s->pool, &s->random),
            (int64_t)(ROUNDS_PER_KICKS * SHARE_OF_KICKS * steps), effort, err);
    return status;
}

enum tp_status tp_search_improve(
    struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    tp_assignment_set(s->trial, s->tower); /* somebody may have bettered it since the last call */
    s->value = tp_assignment_value(s->trial);
    for (; !effort->over && !status; s->round++) {
        tp_effort_spend(effort, s->problem->unit_count); /* even if no unit can be moved */
        status = is_few(s->problem) ? round_of_few(s, effort, err) : round_of_many(s, effort, err);
    }
    return status;
}
