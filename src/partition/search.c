/* SPDX-License-Identifier: Apache-2.0 */
/* Starts are repaired and brought to their local optimum; then rounds follow without end. A round is a
 * run of annealing and the descent from what it found.
 *
 * Runs begin hot at the best answer, or less hot at one of a few good answers or, mostly, at what some of
 * these agree on, put into towers anew: groups that one run found are combined with those of another, and
 * move as a whole. How hot is hot differs from problem to problem, tenfold: a short run at first is there to see.
 * Each run is a little longer than the one before it. Some go along the border of what is legal, which limits that
 * are hard to meet need, some stay within, nearly.
 *
 * With many units nearly every second half of what there was so far is one run, from where hardly anything holds
 * together to where hardly anything changes: where no groups are to be found, that is best. The short ones in between
 * put together what others found; groups change places only so, and where a long run finds nothing, the time is theirs.
 *
 * With many units, when runs have brought nothing better for a while, parts of the best answer follow each of them:
 * a few towers with their units are annealed as a problem of their own. Where towers are unequal, groups in the
 * wrong ones change places only so.
 *
 * With many units a life ends when for a good part of it nothing better was found: then all runs lead to the
 * same few answers. The next one begins at a random deal and knows nothing of those before it, every other one at
 * the best of each: what is best of all is found by luck at times, and luck is tried anew.
 *
 * Few units: the legal answers are in pieces that one run hardly leaves, where limits are many and units
 * large. So there are many short runs, half of them begin anew, also at random deals; each is followed by
 * cheap starts, repaired and brought to their local optimum, and every few by kicks.
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
#include "partition/blocks.h"
#include "partition/part.h"
#include "partition/pool.h"
#include "partition/refine.h"
#include "partition/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHECKPOINTS 4 /* of a usual run, for the progress line */
#define GAIN_LEAST 1e-9
/* Steps of one unit of effort. Ten take a quarter of a second for 30 units, four seconds for 100, ten to twenty
 * for 300 to 1,000, forty for thousands: these have as many, and fewer where a minute would be over. */
#define STEPS_PER_PAIR 8000
#define STEPS_FEW 2000000 /* the most for the pairs, from 16 units on */
#define STEPS_PER_UNIT_FEW 200000
#define STEPS_PER_UNIT 1300000
#define STEPS_MANY INT64_C(400000000) /* the most, up to so many units: */
#define MANY_UNITS 3000
#define SLOWER_UNITS 28000 /* so many more, and it is half: their rows are in no cache */
#define FEW_UNITS_MOST 60  /* see above */
/* Measured on few and many units of many kinds: */
#define SWEEPS_FEW 22.0 /* of the first runs */
#define SWEEPS_MANY 400.0
#define SWEEPS_MOST 400000.0 /* times units: thousands are to have some runs, too */
#define GROWTH_FEW 1.03      /* of the sweeps from run to run */
#define GROWTH_MANY 1.1
#define LENGTHS 9.0  /* the longest runs of a time over the shortest */
#define ANEW_FEW 0.5 /* of the runs */
#define ANEW_MANY 0.1
#define MELTING_FEW 0.15     /* of few units, in usual gains */
#define FREEZING_FEW 0.035
#define HOT_LEAST 1.3 /* heat at first of runs that begin anew, in that of melting */
#define HOT_MOST 5.3
#define WARM_LEAST 0.9 /* of the others, in that of freezing */
#define WARM_MOST 1.7  /* in that of melting */
#define LAST_LEAST 0.6 /* heat at last, in that of freezing */
#define LAST_MOST 2.3
#define SPAN_LEAST 0.1         /* units of effort, */
#define SPAN_GROWTH cbrt(10.0) /* so that one, ten and a hundred of them are spans, too: */
#define LONG_BEGIN 0.55        /* of each, a long run begins here, */
#define LONG_LATE 0.75         /* or until here, or there is none, */
#define LONG_END 0.95          /* and ends here */
#define HUNDREDS 500           /* of no more units, it stays within the limits, nearly */
#define LONG_HOT_LEAST 1.0
#define LONG_HOT_MOST 1.75
#define LONG_LAST_LEAST 0.9
#define LONG_LAST_MOST 1.6
#define SHARE_OF_FIRM 0.5 /* runs that stay within the limits, nearly */
#define PRICE_FIRM 100.0  /* usual gains per mean */
#define PRICE_SOFT 0.01
#define SHARE_OF_DEALS 0.5 /* over the steps of the annealing */
#define SHARE_OF_KICKS 0.1
#define ROUNDS_PER_KICKS 4
#define COMBINED 0.75 /* of the runs that do not begin anew */
#define PARENTS_MOST 4
#define SHARE_OF_HALVES 0.25 /* with many units, of the combined: one parent and its halves */
#define PAIRS_PER_STEP 4
#define UNITS_UNTIL_PARTS 4500 /* times rounds of a life: at first whole runs find more */
#define STUCK 0.2 /* of the steps of a life, without anything better: with many units, parts */
#define SHARE_OF_PARTS 0.5    /* over the steps of the annealing */
#define PART_TOWERS_LEAST 2.5 /* rounded down, after a draw */
#define PART_TOWERS_MOST 16   /* likewise: it is not drawn itself */
#define PART_SWEEPS_LEAST 50
#define PART_SWEEPS_MOST 400
#define PART_HEAT_LEAST 0.7
#define PART_HEAT_MOST 2.7
#define STALE 0.9         /* of the steps of a life, without anything better */
#define ROUNDS_OF_LIFE 30 /* at least */
#define TRIFLE 1e-4       /* of the value: a gain that does not count */
#define PART_OF_RESCUE 4  /* of the steps of a run, for its end if nothing legal was met */

struct tp_search {
    struct tp_problem *problem; /* borrowed, as are the judge, tower and progress */
    const struct tp_judge *judge;
    struct tp_progress *progress;
    struct tp_assignment *trial; /* what is refined and offered */
    struct tp_anneal *anneal;
    float *noise; /* of all annealing */
    struct tp_random random;
    struct tp_heats heats; /* of all of them, also of blocks and parts, in their own usual gains */
    int32_t *tower;
    double value;          /* of tower */
    struct tp_pool *pool;  /* of this life */
    struct tp_pool *lives; /* the best of each before it */
    int32_t *base;         /* (U) the best of this life, placeable or not */
    double base_value;
    int32_t life, born;           /* number of it, round of its begin */
    double better_since;          /* steps annealed in it when base was found */
    int32_t *begin;               /* (U) where a run begins */
    int32_t *block;               /* (U) which block a unit is in */
    int32_t *half;                /* (PARENTS_MOST, U) which half of its tower */
    int32_t *part_unit, *part_at; /* (U) of a part */
    int32_t scarcer;
    int32_t round;
    double sweeps;              /* of a run, on the whole */
    double annealed;            /* steps of all runs of this life */
    double sweep_steps;         /* of the last run that was not long */
    double spent;               /* steps of all rounds */
    double span;                /* of steps, from the first one; in its second half is the next long run */
    double started;             /* seconds, and steps there were then: for the progress line */
    int64_t steps;
};

static bool is_few(const struct tp_problem *p)
{
    return p->unit_count <= FEW_UNITS_MOST;
}

static bool is_by_affinity(const struct tp_search *s)
{
    return s->problem->affinity && s->trial->goal != TP_GOAL_LOAD;
}

int64_t tp_search_steps(const struct tp_problem *p)
{
    int64_t units = p->unit_count, pairs = units * units * STEPS_PER_PAIR;
    int64_t steps = units * (is_few(p) ? STEPS_PER_UNIT_FEW : STEPS_PER_UNIT);
    int64_t beyond = units > MANY_UNITS ? units - MANY_UNITS : 0;
    int64_t most = STEPS_MANY * SLOWER_UNITS / (SLOWER_UNITS + beyond);
    return (pairs < STEPS_FEW ? pairs : STEPS_FEW) + (steps < most ? steps : most);
}

static double first_sweeps(const struct tp_problem *p)
{
    return is_few(p) ? SWEEPS_FEW : fmin(SWEEPS_MANY, SWEEPS_MOST / p->unit_count);
}

static void keep_in_life(struct tp_search *s, const int32_t *tower, double value)
{
    tp_pool_keep(s->pool, tower, value);
    if (value <= s->base_value + GAIN_LEAST)
        return;
    memcpy(s->base, tower, (size_t)s->problem->unit_count * sizeof *tower);
    if (value > s->base_value + TRIFLE * fabs(value))
        s->better_since = s->annealed;
    s->base_value = value;
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
    s->span = SPAN_LEAST * (double)tp_search_steps(problem);
    s->started = tp_seconds_now();
    enum tp_status status = tp_assignment_new(problem, goal, &s->trial, err);
    s->noise = tp_anneal_noise(&s->random);
    if (!status && !s->noise)
        status = tp_fail_memory(err);
    if (!status)
        status = tp_anneal_new(problem, goal, s->noise, &s->random, &s->anneal, err);
    if (!status)
        status = tp_pool_new(problem->unit_count, &s->pool, err);
    if (!status)
        status = tp_pool_new(problem->unit_count, &s->lives, err);
    s->base = TP_NEW(problem->unit_count, int32_t);
    s->begin = TP_NEW(problem->unit_count, int32_t);
    s->block = TP_NEW(problem->unit_count, int32_t);
    s->half = TP_NEW((size_t)problem->unit_count * PARENTS_MOST, int32_t);
    s->part_unit = TP_NEW(problem->unit_count, int32_t);
    s->part_at = TP_NEW(problem->unit_count, int32_t);
    if (!status && (!s->base || !s->begin || !s->block || !s->half || !s->part_unit || !s->part_at))
        status = tp_fail_memory(err);
    if (status) {
        tp_search_free(s);
        return status;
    }
    tp_assignment_set(s->trial, tower);
    s->value = tp_assignment_value(s->trial);
    s->base_value = -INFINITY;
    keep_in_life(s, tower, s->value);
    *search = s;
    return TP_OK;
}

void tp_search_free(struct tp_search *s)
{
    if (!s)
        return;
    tp_anneal_free(s->anneal);
    tp_assignment_free(s->trial);
    tp_pool_free(s->pool);
    tp_pool_free(s->lives);
    free(s->base);
    free(s->begin);
    free(s->noise);
    free(s->block);
    free(s->half);
    free(s->part_unit);
    free(s->part_at);
    free(s);
}

/* Descends from the trial, which is legal, and keeps it if it is better and fits.
 * @return false when the judge turned it down and the limits are others now. */
static bool offer(struct tp_search *s, struct tp_effort *effort)
{
    tp_exchange_towers(s->trial, effort);
    tp_descend(s->trial, &s->random, effort);
    double value = tp_assignment_value(s->trial);
    if (!effort->over)
        keep_in_life(s, s->trial->tower, value);
    if (effort->over || value <= s->value + GAIN_LEAST)
        return true;
    if (s->judge->fits(s->judge->context, s->trial->tower, -1) > 0) {
        memcpy(s->tower, s->trial->tower, (size_t)s->problem->unit_count * sizeof *s->tower);
        s->value = value;
        return true;
    }
    if (s->scarcer == TP_MEMORY_ROUNDS)
        return true;
    s->scarcer++;
    s->base_value = -INFINITY; /* its base may not be legal any more */
    tp_problem_scale_memory(s->problem, TP_MEMORY_SCARCER);
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

/* Takes towers, legal or not, to their local optimum, and keeps them if they are better.
 * @return false when the limits are others now. */
static bool settle(struct tp_search *s, const int32_t *tower, struct tp_effort *effort)
{
    tp_assignment_set(s->trial, tower);
    return !tp_repair(s->trial, effort) || offer(s, effort);
}

void tp_search_start(struct tp_search *s, const int32_t *tower, struct tp_effort *effort)
{
    if (!settle(s, tower, effort))
        while (!settle(s, s->trial->tower, effort)) {
        }
    show_progress(s, effort);
}

/* Between two numbers, as likely to double the smaller one as to halve the larger one. */
static double between(struct tp_search *s, double least, double most)
{
    return least * pow(most / least, tp_random_uniform(&s->random));
}

/* For a run along the border of what is legal, or within. */
static double price_least(struct tp_search *s)
{
    if (is_few(s->problem) || s->round == s->born) /* the first one may begin far outside */
        return PRICE_SOFT;
    return tp_random_uniform(&s->random) < SHARE_OF_FIRM ? PRICE_FIRM : PRICE_SOFT;
}

/* Anneals another problem, of blocks or of a part.
 * @param tower  in: where it begins; out: the best legal towers, or where it ended.
 * @param legal  out: which of both. */
static enum tp_status anneal_other(struct tp_search *s, const struct tp_problem *other,
    struct tp_cooling cooling, int32_t *tower, bool *legal, struct tp_effort *effort,
    struct tp_error *err)
{
    struct tp_anneal *anneal = NULL;
    double value;
    enum tp_status status =
        tp_anneal_new(other, s->trial->goal, s->noise, &s->random, &anneal, err);
    if (status)
        return status;
    tp_anneal_begin(anneal, tower, &cooling);
    while (tp_anneal_cool(anneal, cooling.sweeps, effort)) {
    }
    const int32_t *best = tp_anneal_best(anneal, &value);
    *legal = best;
    best = best ? best : tp_anneal_now(anneal);
    memcpy(tower, best, (size_t)other->unit_count * sizeof *best);
    tp_anneal_free(anneal);
    return TP_OK;
}

/* A few good answers, or one of them and its towers cut in halves: what they agree on are blocks. */
static enum tp_status choose_parents(
    struct tp_search *s, int count, const int32_t **parents, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int i = 0; i < count; i++)
        parents[i] = tp_pool_any(s->pool, &s->random);
    bool halves = is_by_affinity(s) && !is_few(s->problem) && s->problem->tower_count > 1;
    if (!halves || tp_random_uniform(&s->random) >= SHARE_OF_HALVES)
        return TP_OK;
    for (int i = 1; i < count && !status; i++) {
        int32_t *half = s->half + (int64_t)i * s->problem->unit_count;
        parents[i] = half;
        status = tp_halve_towers(s->problem, parents[0], &s->random, half, err);
    }
    return status;
}

/* Begins with blocks, put into towers anew. O(U^2). */
static enum tp_status combine(struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    const int32_t *parents[PARENTS_MOST];
    int count = 2 + (int)tp_random_below(&s->random, PARENTS_MOST - 1);
    int64_t units = s->problem->unit_count;
    struct tp_problem *blocks = NULL;
    enum tp_status status = choose_parents(s, count, parents, err);
    if (!status)
        status = tp_blocks_new(s->problem, parents, count, s->block, &blocks, err);
    if (status)
        return status;
    tp_effort_spend(effort, units * units / PAIRS_PER_STEP);
    for (int32_t u = 0; u < units; u++)
        s->begin[s->block[u]] = parents[0][u];
    struct tp_cooling cooling = {(int32_t)s->sweeps, .last = LAST_LEAST * s->heats.freezing};
    cooling.first = between(s, HOT_LEAST, HOT_MOST) * s->heats.melting;
    cooling.price_least = price_least(s);
    bool legal;
    status = anneal_other(s, blocks, cooling, s->begin, &legal, effort, err);
    /* The last first: a block's number is never above its units'. */
    for (int32_t u = (int32_t)units - 1; u >= 0; u--)
        s->begin[u] = s->begin[s->block[u]];
    tp_problem_free(blocks);
    return status;
}

/* Where the next run begins, and how hot. */
static enum tp_status choose_begin(
    struct tp_search *s, double *heat, struct tp_effort *effort, struct tp_error *err)
{
    bool few = is_few(s->problem);
    bool anew = s->round == s->born || tp_pool_count(s->pool) < 2 ||
                tp_random_uniform(&s->random) < (few ? ANEW_FEW : ANEW_MANY);
    const int32_t *tower = s->base;
    double melting = s->heats.melting, warm = WARM_LEAST * s->heats.freezing;
    *heat = anew ? between(s, HOT_LEAST, HOT_MOST) * melting : between(s, warm, WARM_MOST * melting);
    /* Not in the first round: heat is measured where it begins. */
    if (anew && few && s->round > 0 && tp_random_below(&s->random, 2))
        return tp_start_random(s->problem, &s->random, s->begin, err);
    if (!anew && tp_random_uniform(&s->random) < COMBINED)
        return combine(s, effort, err);
    if (!anew)
        tower = tp_pool_any(s->pool, &s->random);
    memcpy(s->begin, tower, (size_t)s->problem->unit_count * sizeof *tower);
    return TP_OK;
}

static struct tp_cooling cooling_of(struct tp_search *s, double heat)
{
    double longer = sqrt(LENGTHS), sweeps = s->sweeps * between(s, 1 / longer, longer);
    struct tp_cooling cooling = {.sweeps = 1 + (int32_t)sweeps, .first = heat};
    cooling.last = between(s, LAST_LEAST, LAST_MOST) * s->heats.freezing;
    cooling.price_least = price_least(s);
    return cooling;
}

static bool is_time_for_long(struct tp_search *s)
{
    while (s->spent > LONG_LATE * s->span)
        s->span *= SPAN_GROWTH;
    return !is_few(s->problem) && s->sweep_steps > 0 && s->spent >= LONG_BEGIN * s->span;
}

/* As long as all before it. Where groups move as a whole it finds nothing, so after one in vain the next is left
 * out. */
static struct tp_cooling cooling_of_long(struct tp_search *s)
{
    double steps = LONG_END * s->span - s->spent;
    struct tp_cooling cooling = {.steps = (int64_t)steps};
    cooling.sweeps = 1 + (int32_t)fmin(steps / s->sweep_steps, INT32_MAX / 2);
    cooling.first = between(s, LONG_HOT_LEAST, LONG_HOT_MOST) * s->heats.melting;
    cooling.last = between(s, LONG_LAST_LEAST, LONG_LAST_MOST) * s->heats.freezing;
    cooling.price_least = s->problem->unit_count > HUNDREDS ? price_least(s) : PRICE_FIRM;
    return cooling;
}

static enum tp_status choose_run(struct tp_search *s, struct tp_cooling *cooling,
    struct tp_effort *effort, struct tp_error *err)
{
    double heat;
    if (is_time_for_long(s)) {
        memcpy(s->begin, s->base, (size_t)s->problem->unit_count * sizeof *s->begin);
        *cooling = cooling_of_long(s);
        return TP_OK;
    }
    enum tp_status status = choose_begin(s, &heat, effort, err);
    if (!status)
        *cooling = cooling_of(s, heat);
    return status;
}

/* One run of annealing, from `begin`. What it is at in the end is offered too: it lies on the border of
 * what is legal. */
static void anneal(struct tp_search *s, struct tp_cooling cooling, struct tp_effort *effort)
{
    int64_t begun = effort->steps;
    double value;
    tp_anneal_begin(s->anneal, s->begin, &cooling);
    while (tp_anneal_cool(s->anneal, 1 + (int32_t)s->sweeps / CHECKPOINTS, effort))
        show_progress(s, effort);
    double steps = (double)(begun - effort->steps);
    s->annealed += steps;
    if (!cooling.steps)
        s->sweep_steps = steps / cooling.sweeps;
    double known = s->base_value;
    const int32_t *best = tp_anneal_best(s->anneal, &value);
    if (best && !effort->over)
        settle(s, best, effort);
    if (!effort->over) {
        struct tp_effort part = tp_effort_take(effort, (begun - effort->steps) / PART_OF_RESCUE);
        settle(s, tp_anneal_now(s->anneal), &part);
        tp_effort_return(effort, &part);
    }
    bool vain = s->base_value <= known + TRIFLE * fabs(known);
    if (cooling.steps && vain)
        s->span *= SPAN_GROWTH * SPAN_GROWTH;
    show_progress(s, effort);
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
        tp_effort_spend(effort, (int64_t)p->unit_count * p->tower_count);
        settle(s, s->begin, effort);
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

/* Looks for better towers in a part.
 * @param better  out: whether `part_at` has them now. */
static enum tp_status anneal_part(struct tp_search *s, const struct tp_problem *part, bool *better,
    struct tp_effort *effort, struct tp_error *err)
{
    struct tp_cooling cooling = {.last = LAST_LEAST * s->heats.freezing};
    double before = 0, after = 0;
    enum tp_goal goal = s->trial->goal;
    cooling.sweeps = (int32_t)between(s, PART_SWEEPS_LEAST, PART_SWEEPS_MOST);
    cooling.first = between(s, PART_HEAT_LEAST, PART_HEAT_MOST) * s->heats.melting;
    cooling.price_least = price_least(s);
    tp_effort_spend(effort, (int64_t)part->unit_count * part->unit_count / PAIRS_PER_STEP);
    enum tp_status status = tp_towers_value(part, goal, s->part_at, &before, err);
    if (!status)
        status = anneal_other(s, part, cooling, s->part_at, better, effort, err);
    if (!status)
        status = tp_towers_value(part, goal, s->part_at, &after, err);
    *better = *better && after > before;
    return status;
}

/* A few towers of `begin` anew, if that makes it better. */
static enum tp_status remake_part(
    struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    const struct tp_problem *p = s->problem;
    double most = fmin(p->tower_count / 2.0, PART_TOWERS_MOST);
    int32_t towers = (int32_t)between(s, PART_TOWERS_LEAST, fmax(PART_TOWERS_LEAST, most));
    int32_t chosen[PART_TOWERS_MOST];
    struct tp_problem *part = NULL;
    bool better = false;
    tp_effort_spend(effort, p->unit_count);
    enum tp_status status = tp_part_choose(p, s->begin, towers, &s->random, chosen, err);
    if (!status)
        status = tp_part_new(p, s->begin, chosen, towers, s->part_unit, s->part_at, &part, err);
    if (!status)
        status = anneal_part(s, part, &better, effort, err);
    for (int32_t i = 0; !status && better && i < part->unit_count; i++)
        s->begin[s->part_unit[i]] = chosen[s->part_at[i]];
    tp_problem_free(part);
    return status;
}

/* Parts of the best answer of this life. */
static enum tp_status remake_parts(
    struct tp_search *s, int64_t steps, struct tp_effort *effort, struct tp_error *err)
{
    size_t bytes = (size_t)s->problem->unit_count * sizeof *s->begin;
    int64_t end = effort->steps - steps;
    enum tp_status status = TP_OK;
    if (isinf(s->base_value))
        return TP_OK;
    memcpy(s->begin, s->base, bytes);
    while (!status && !effort->over && effort->steps > end)
        status = remake_part(s, effort, err);
    if (!status && memcmp(s->begin, s->base, bytes) != 0)
        settle(s, s->begin, effort);
    show_progress(s, effort);
    return status;
}

/* Whether for so much of a life nothing better was found. */
static bool is_vain(const struct tp_search *s, double share)
{
    return !is_few(s->problem) && s->annealed - s->better_since > share * s->annealed;
}

/* All that the search goes by is forgotten, but for the best of each life. */
static enum tp_status begin_life(
    struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    if (!isinf(s->base_value))
        tp_pool_keep(s->lives, s->base, s->base_value);
    tp_pool_clear(s->pool);
    s->base_value = -INFINITY;
    s->annealed = s->better_since = 0;
    s->sweeps = first_sweeps(s->problem);
    s->born = s->round;
    if (++s->life % 2 == 0) {
        tp_pool_add(s->pool, s->lives);
        settle(s, s->tower, effort);
        return TP_OK;
    }
    enum tp_status status = tp_start_random(s->problem, &s->random, s->begin, err);
    if (!status && !settle(s, s->begin, effort))
        settle(s, s->begin, effort);
    return status;
}

/* Once. */
static enum tp_status find_heats(
    struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    struct tp_heats heats = {MELTING_FEW, FREEZING_FEW};
    enum tp_status status = TP_OK;
    if (!is_few(s->problem))
        status = tp_anneal_sound(s->anneal, s->tower, (int32_t)s->sweeps, effort, &heats, err);
    if (!effort->over)
        s->heats = heats;
    return status;
}

static enum tp_status take_round(
    struct tp_search *s, struct tp_effort *effort, struct tp_error *err)
{
    bool few = is_few(s->problem);
    int64_t before = effort->steps;
    struct tp_cooling cooling;
    bool stale = s->round - s->born >= ROUNDS_OF_LIFE && is_vain(s, STALE);
    enum tp_status status = s->heats.melting > 0 ? TP_OK : find_heats(s, effort, err);
    if (effort->over)
        return status;
    if (!status && stale)
        status = begin_life(s, effort, err);
    if (!status)
        status = choose_run(s, &cooling, effort, err);
    if (status)
        return status;
    anneal(s, cooling, effort);
    s->sweeps = fmin(s->sweeps * (few ? GROWTH_FEW : GROWTH_MANY), INT32_MAX / (2 * LENGTHS));
    double steps = (double)(before - effort->steps);
    int64_t units = (int64_t)(s->round - s->born) * s->problem->unit_count;
    if (units >= UNITS_UNTIL_PARTS && is_vain(s, STUCK) && is_by_affinity(s) &&
        s->problem->tower_count > 2)
        return remake_parts(s, (int64_t)(SHARE_OF_PARTS * steps), effort, err);
    if (few)
        status = deal(s, (int64_t)(SHARE_OF_DEALS * steps), effort, err);
    if (!status && few && s->round % ROUNDS_PER_KICKS == 0)
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
    keep_in_life(s, s->tower, s->value);
    for (; !effort->over && !status; s->round++) {
        tp_effort_spend(effort, s->problem->unit_count); /* even if no unit can be moved */
        int64_t before = effort->steps;
        status = take_round(s, effort, err);
        s->spent += (double)(before - effort->steps);
    }
    return status;
}
