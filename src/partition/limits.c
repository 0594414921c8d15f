/* SPDX-License-Identifier: Apache-2.0 */
/* Which ratio and balance the units allow.
 *
 * Both grow looser with their value, so each is found by bisection over hundredths, between a lower
 * bound and what the last legal assignment needs. With at most TP_EXACT_UNITS_MAX units every probe is
 * exhaustive and the result is proven; beyond, a probe repairs starts (the last legal assignment,
 * load-greedy, random), kicked on where they are stuck, until its steps are used up; the first probe then
 * anneals. The result is the tightest found, proven only where it equals the lower bound. */
#include "partition/limits.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/anneal.h"
#include "partition/assignment.h"
#include "partition/breach.h"
#include "partition/refine.h"
#include "partition/starts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps of one probe at the default effort, in passes over all moves and swaps, and in all. */
#define PROBE_PASSES 300
#define PROBE_STEPS_MOST 20000000
#define PROBE_PASSES_LEAST 10
#define PROBE_STARTS 8    /* at least so many share the steps */
#define PROBE_VERDICTS 40 /* of the judge, the expensive part */
#define ANNEAL_SWEEPS 1000

struct probe {
    struct tp_problem *problem;
    const struct tp_judge *judge;
    struct tp_assignment *assignment; /* goal load, not used when exact */
    struct tp_random random;
    int64_t steps;          /* of one probe */
    struct tp_effort whole; /* its deadline and stop */
    int32_t *legal;         /* (U) the last legal assignment */
    int32_t *start;         /* (U) */
    double *weights;        /* (U) scratch */
    bool found;             /* `legal` holds one */
};

/* The k-th start. */
static enum tp_status make_start(struct probe *p, int32_t k, struct tp_error *err)
{
    size_t bytes = (size_t)p->problem->unit_count * sizeof(int32_t);
    if (k == 0 && p->found)
        memcpy(p->start, p->legal, bytes);
    else if (k <= 1)
        return tp_start_greedy(p->problem, NULL, p->start, err);
    else if (k % 2)
        return tp_start_random(p->problem, &p->random, p->start, err);
    else
        return tp_start_greedy(p->problem, &p->random, p->start, err);
    return TP_OK;
}

static void keep_legal(struct probe *p)
{
    memcpy(p->legal, p->assignment->tower, (size_t)p->problem->unit_count * sizeof *p->legal);
    p->found = true;
}

/* Where no start could be repaired and there is no answer yet at all: many units under many limits, of which a
 * repair looks at more than it has steps for. */
static enum tp_status anneal(struct probe *p, enum tp_answer *answer, struct tp_error *err)
{
    static const struct tp_cooling cooling = {ANNEAL_SWEEPS, 0, 1, 0.01, 0.01};
    struct tp_anneal *anneal = NULL;
    struct tp_effort left = tp_effort_take(&p->whole, p->steps);
    float *noise = tp_anneal_noise(&p->random);
    bool goes_on = true;
    double value;
    left.deadline = (double)INFINITY;
    enum tp_status status = tp_start_greedy(p->problem, NULL, p->start, err);
    if (!status)
        status = noise ? tp_anneal_new(p->problem, TP_GOAL_LOAD, noise, &p->random, &anneal, err)
                       : tp_fail_memory(err);
    if (!status)
        tp_anneal_begin(anneal, p->start, &cooling);
    while (!status && goes_on && *answer != TP_ANSWER_YES) {
        goes_on = tp_anneal_cool(anneal, ANNEAL_SWEEPS / PROBE_VERDICTS, &left);
        const int32_t *best = tp_anneal_best(anneal, &value);
        if (best && p->judge->fits(p->judge->context, best, -1) > 0) {
            tp_assignment_set(p->assignment, best);
            keep_legal(p);
            *answer = TP_ANSWER_YES;
        }
    }
    tp_anneal_free(anneal);
    free(noise);
    return status;
}

static enum tp_status repair_starts(struct probe *p, enum tp_answer *answer, struct tp_error *err)
{
    struct tp_assignment *a = p->assignment;
    struct tp_effort left = tp_effort_take(&p->whole, p->steps);
    left.deadline = p->found ? left.deadline : (double)INFINITY; /* some answer there must be */
    int verdicts = PROBE_VERDICTS;
    *answer = TP_ANSWER_UNSURE;
    for (int32_t k = 0; !left.over && verdicts > 0; k++) {
        enum tp_status status = make_start(p, k, err);
        if (status)
            return status;
        struct tp_effort own = tp_effort_take(&left, p->steps / PROBE_STARTS + 1);
        tp_assignment_set(a, p->start);
        while (!own.over && verdicts > 0) {
            bool legal = tp_repair(a, &own);
            if (legal && p->judge->fits(p->judge->context, a->tower, -1) > 0) {
                keep_legal(p);
                *answer = TP_ANSWER_YES;
                return TP_OK;
            }
            verdicts -= legal;
            tp_effort_spend(&own, p->problem->unit_count); /* a kick is not for nothing */
            tp_kick(a, &p->random);
        }
        tp_effort_return(&left, &own);
    }
    return TP_OK;
}

static enum tp_status search(struct probe *p, enum tp_answer *answer, struct tp_error *err)
{
    enum tp_status status = repair_starts(p, answer, err);
    if (!status && *answer != TP_ANSWER_YES && !p->found)
        status = anneal(p, answer, err);
    return status;
}

/* Is there an assignment within these limits? */
static enum tp_status ask(
    struct probe *p, struct tp_limits limits, enum tp_answer *answer, struct tp_error *err)
{
    struct tp_breach breach;
    tp_problem_set_limits(p->problem, limits);
    *answer = TP_ANSWER_NO;
    enum tp_status status = tp_find_breach(p->problem, &breach, err);
    bool proven = !status && breach.kind;
    tp_breach_release(&breach);
    if (status || proven)
        return status;
    if (p->problem->unit_count > TP_EXACT_UNITS_MAX)
        return search(p, answer, err);
    status = tp_exact(p->problem, p->judge, p->legal, answer, err);
    p->found |= !status && *answer == TP_ANSWER_YES;
    return status;
}

static double hundredths(int64_t h)
{
    return (double)h / 100.0;
}

struct tp_limits tp_limits_of(const struct tp_problem *problem, const int32_t *tower)
{
    struct tp_limits limits = {0, 1};
    int64_t least = problem->feature_count, most = 0, x = 0, q = 100;
    for (int32_t t = 0; t < problem->tower_count; t++) {
        double load[TP_RESOURCES] = {0};
        for (int32_t u = 0; u < problem->unit_count; u++)
            for (int r = 0; tower[u] == t && r < TP_RESOURCES; r++)
                load[r] += tp_unit_weight(problem, u)[r];
        least = load[TP_FEATURES] < (double)least ? (int64_t)load[TP_FEATURES] : least;
        most = load[TP_FEATURES] > (double)most ? (int64_t)load[TP_FEATURES] : most;
        for (int r = 0; r < TP_MEMORY; r++)
            while (load[r] > (1 + hundredths(x)) * problem->mean[r] * (1 + 1e-9))
                x++;
    }
    for (;; q++) {
        int32_t lowest, highest;
        tp_ratio_bounds(
            problem->feature_count, problem->tower_count, hundredths(q), &lowest, &highest);
        if (lowest <= (least > 1 ? least : 1) && highest >= most)
            break;
    }
    limits.balance = hundredths(x);
    limits.ratio = hundredths(q);
    return limits;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A load that some tower cannot stay below: that of the heaviest unit, and that of the ceil(U/T)
 * lightest units, since some tower holds at least so many. @param weights  (U), scratch. */
static double least_peak(const struct tp_problem *problem, int resource, double *weights)
{
    int32_t units = problem->unit_count;
    for (int32_t u = 0; u < units; u++)
        weights[u] = tp_unit_weight(problem, u)[resource];
    qsort(weights, (size_t)units, sizeof *weights, ascending);
    double lightest = 0;
    for (int32_t i = 0; i < (units + problem->tower_count - 1) / problem->tower_count; i++)
        lightest += weights[i];
    return fmax(lightest, weights[units - 1]);
}

/* The smallest hundredth that no assignment can go below. */
static int64_t balance_bound(const struct tp_problem *problem, double *weights)
{
    int64_t x = (int64_t)(TP_BALANCE_LEAST * 100 + 0.5);
    for (int r = 0; r < TP_MEMORY; r++) {
        double peak = least_peak(problem, r, weights) * (1 - 1e-12); /* a sum in another order */
        while (peak > (1 + hundredths(x)) * problem->mean[r] * (1 + 1e-9))
            x++;
    }
    return x;
}

static struct tp_limits with(struct tp_limits limits, bool ratio, int64_t value)
{
    if (ratio)
        limits.ratio = hundredths(value);
    else
        limits.balance = hundredths(value);
    return limits;
}

/* Lowers one limit (ratio or balance) to the smallest hundredth >= low at which ask() says yes. The
 * last legal assignment holds the limits as they come in. */
static enum tp_status tighten(struct probe *p, bool ratio, int64_t low, struct tp_limits *limits,
    bool *proven, struct tp_error *err)
{
    struct tp_limits reached = tp_limits_of(p->problem, p->legal);
    int64_t high = (int64_t)llround(100 * (ratio ? reached.ratio : reached.balance));
    for (int64_t next = low; low < high && tp_effort_spend(&p->whole, 0);
         next = low + (high - low) / 2) {
        enum tp_answer answer;
        enum tp_status status = ask(p, with(*limits, ratio, next), &answer, err);
        if (status)
            return status;
        if (answer == TP_ANSWER_YES) {
            reached = tp_limits_of(p->problem, p->legal);
            int64_t now = (int64_t)llround(100 * (ratio ? reached.ratio : reached.balance));
            high = now < next ? (now > low ? now : low) : next;
        } else {
            low = next + 1;
            *proven &= answer == TP_ANSWER_NO;
        }
    }
    *proven &= low >= high;
    *limits = with(*limits, ratio, high > low ? high : low);
    return TP_OK;
}

static enum tp_status settle(struct probe *p, double balance, double ratio,
    struct tp_limits *limits, bool *proven, enum tp_answer *answer, struct tp_error *err)
{
    struct tp_limits now = {isnan(balance) ? INFINITY : balance, isnan(ratio) ? INFINITY : ratio};
    bool sure = true;
    enum tp_status status = ask(p, now, answer, err);
    if (status || *answer != TP_ANSWER_YES)
        return status;
    if (isnan(ratio))
        status = tighten(p, true, 100, &now, &sure, err);
    if (!status && isnan(balance))
        status = tighten(p, false, balance_bound(p->problem, p->weights), &now, &sure, err);
    if (!status) {
        tp_problem_set_limits(p->problem, now);
        *limits = now;
        *proven = sure;
    }
    return status;
}

static int64_t probe_steps(const struct tp_problem *problem, int32_t effort)
{
    int64_t pass = (int64_t)problem->unit_count * (problem->unit_count + problem->tower_count);
    int64_t steps = PROBE_PASSES * pass, most = PROBE_STEPS_MOST;
    if (most < PROBE_PASSES_LEAST * pass)
        most = PROBE_PASSES_LEAST * pass;
    return (steps < most ? steps : most) / 10 * effort;
}

enum tp_status tp_settle_limits(struct tp_problem *problem, const struct tp_judge *judge,
    double balance, double ratio, uint64_t seed, int32_t effort, struct tp_effort *whole,
    struct tp_limits *limits, bool *proven, int32_t *tower, enum tp_answer *answer,
    struct tp_error *err)
{
    struct probe p = {.problem = problem, .judge = judge};
    p.steps = probe_steps(problem, effort);
    p.whole = whole ? *whole : tp_effort_of(INT64_MAX);
    p.random = tp_random_new(seed, 1);
    p.legal = TP_NEW(problem->unit_count, int32_t);
    p.start = TP_NEW(problem->unit_count, int32_t);
    p.weights = TP_NEW(problem->unit_count, double);
    enum tp_status status = p.legal && p.start && p.weights
                                ? tp_assignment_new(problem, TP_GOAL_LOAD, &p.assignment, err)
                                : tp_fail_memory(err);
    if (!status)
        status = settle(&p, balance, ratio, limits, proven, answer, err);
    if (!status && *answer == TP_ANSWER_YES)
        memcpy(tower, p.legal, (size_t)problem->unit_count * sizeof *tower);
    tp_assignment_free(p.assignment);
    free(p.legal);
    free(p.start);
    free(p.weights);
    return status;
}
