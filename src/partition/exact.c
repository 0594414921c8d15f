/* SPDX-License-Identifier: Apache-2.0 */
/* One tree for both questions, is there a legal assignment and which is the best: depth first over
 * units, each to every tower that it does not break.
 *
 * Cut off: a tower over a limit, a pair that is to be apart, a unit that no tower can take any more,
 * fewer features left than towers still lack, an empty tower of a class of which an emptier number was
 * tried already (they are interchangeable), what cannot beat the best so far, and a set of units that
 * the judge found not to fit a tower's ranks (remembered per class and set: a superset fits no better).
 * At a full assignment the judge has the last word. Before that it is asked only in the search for any
 * assignment, which would else run into the same misfit again and again; in the search for the best
 * hardly a full assignment is reached, and a verdict costs more than a thousand branches.
 *
 * Every goal is a sum over the pairs of units that share a tower (struct pairs), so a branch is worth
 * at most what its pairs are worth, plus the most that each open unit can add together with the placed
 * ones, plus the most that the open units can add among themselves. The last is the optimum of the same
 * tree over the open units alone, under the upper limits only; it is found for the last unit, the last
 * two, and so on before the search proper (Verfaillie, Lemaitre, Schiex 1996: Russian doll search).
 * Without a goal all pairs are worth 0 and the first assignment ends the search. */
#include "partition/exact.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Steps of a search for a legal assignment, about 2 s; then the answer is "unsure". */
#define FEASIBLE_STEPS 400000000

/* A verdict in steps: it takes some microseconds up to milliseconds. */
#define VERDICT_STEPS 2000

/* What no rounding of sums over pairs reaches, relative to the sum of all pairs. */
#define VALUE_SLACK 1e-12

/* Verdicts on all sets of so many units are remembered. */
#define REMEMBERED_UNITS_MAX 16

enum { UNKNOWN, FITS, FITS_NOT, UNSURE }; /* what the memory of verdicts holds */

struct tower {
    double load[TP_RESOURCES];
    double pull[TP_EXACT_BEST_UNITS_MAX]; /* worth of the pairs that a unit would form here */
    uint64_t set;                         /* units in it, as bits */
};

struct search {
    const struct tp_problem *problem;
    const struct tp_judge *judge;
    struct tp_effort *effort;
    double pair[TP_EXACT_BEST_UNITS_MAX][TP_EXACT_BEST_UNITS_MAX]; /* worth of sharing a tower */
    double slack;
    int32_t order[TP_EXACT_BEST_UNITS_MAX];
    int32_t tower_of[TP_EXACT_BEST_UNITS_MAX]; /* of each unit, -1: open */
    struct tower *towers;                      /* (T) */
    unsigned char *verdict;                    /* (classes, 2^U) of few units */
    unsigned char forgotten;                   /* a verdict that is not remembered */
    double features_left;                      /* of the units not assigned yet */
    double value;                              /* of the pairs assigned */
    double inside[TP_EXACT_BEST_UNITS_MAX +
                  1]; /* most that the units from a depth on add among them */
    bool relaxed;     /* upper limits only: no judge, no fewest features */
    bool first;       /* the first assignment will do */
    bool done;
    bool found;
    int32_t best[TP_EXACT_BEST_UNITS_MAX]; /* when found */
    double best_value;
    double doubt; /* most that an assignment cut off without proof may be worth */
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

/* The goal of a tower is the sum of squares of its loads, for which a pair counts twice its product;
 * the squares of the units themselves are the same in every assignment. */
static double squares_of_pair(const struct tp_problem *p, int32_t u, int32_t v)
{
    double sum = 0;
    for (int r = 0; r < TP_MEMORY; r++)
        if (p->mean[r] > 0)
            sum += tp_unit_weight(p, u)[r] / p->mean[r] * (tp_unit_weight(p, v)[r] / p->mean[r]);
    return 2 * sum;
}

static void value_pairs(struct search *s, enum tp_goal goal)
{
    const struct tp_problem *p = s->problem;
    double all = 0;
    for (int32_t u = 0; u < p->unit_count; u++) {
        for (int32_t v = 0; v < p->unit_count; v++) {
            if (u == v)
                continue;
            if (goal == TP_GOAL_LOAD || !p->affinity)
                s->pair[u][v] = -squares_of_pair(p, u, v);
            else
                s->pair[u][v] = (double)p->affinity[u * p->unit_count + v] *
                                (goal == TP_GOAL_COHERENT ? 1 : -1);
            all += fabs(s->pair[u][v]);
        }
    }
    s->slack = VALUE_SLACK * all;
}

static bool stays_legal(const struct search *s, int32_t unit, int32_t t)
{
    const struct tp_problem *p = s->problem;
    const double *weight = tp_unit_weight(p, unit), *most = tp_tower_most(p, t);
    if (p->pin[unit] >= 0 && p->pin[unit] != t)
        return false;
    for (int r = 0; r < TP_RESOURCES; r++)
        if (s->towers[t].load[r] + weight[r] > most[r])
            return false;
    for (int32_t i = p->apart_first[unit]; i < p->apart_first[unit + 1]; i++)
        if (s->tower_of[p->apart[i]] == t)
            return false;
    return true;
}

/* An empty tower behind another empty one of its class. */
static bool redundant(const struct search *s, int32_t t)
{
    if (s->towers[t].set)
        return false;
    for (int32_t i = 0; i < t; i++)
        if (!s->towers[i].set && s->problem->tower_class[i] == s->problem->tower_class[t])
            return true;
    return false;
}

/* Whether the judge says that they fit. @param bound  what is lost, at most, if it cannot tell. */
static bool ask(struct search *s, int32_t t, unsigned char *verdict, double bound)
{
    if (*verdict == UNKNOWN) {
        int fits = s->judge->fits(s->judge->context, s->tower_of, t);
        *verdict = fits > 0 ? FITS : fits == 0 ? FITS_NOT : UNSURE;
        if (!tp_effort_spend(s->effort, VERDICT_STEPS))
            s->done = true;
    }
    if (*verdict == UNSURE)
        s->doubt = fmax(s->doubt, bound);
    return *verdict == FITS;
}

static unsigned char *verdict_on(struct search *s, int32_t t)
{
    if (s->problem->unit_count > REMEMBERED_UNITS_MAX) {
        s->forgotten = UNKNOWN;
        return &s->forgotten;
    }
    size_t class = (size_t)s->problem->tower_class[t];
    return s->verdict + ((class << s->problem->unit_count) | s->towers[t].set);
}

/* Whether a tower, with more units to come, may still fit. */
static bool may_fit(struct search *s, int32_t t, double bound)
{
    if (s->first)
        return ask(s, t, verdict_on(s, t), bound);
    return s->relaxed || *verdict_on(s, t) != FITS_NOT;
}

static double features_lacking(const struct search *s)
{
    double lacking = 0;
    for (int32_t t = 0; t < s->problem->tower_count && !s->relaxed; t++)
        lacking += fmax(0, s->problem->features_least - s->towers[t].load[TP_FEATURES]);
    return lacking;
}

/* The most that an assignment below here can be worth; -INFINITY: there is none. */
static double bound_from(const struct search *s, int32_t depth)
{
    const struct tp_problem *p = s->problem;
    if (features_lacking(s) > s->features_left)
        return -INFINITY;
    double bound = s->value + s->inside[depth];
    for (int32_t i = depth; i < p->unit_count && bound > -INFINITY; i++) {
        int32_t unit = s->order[i];
        double most = -INFINITY;
        for (int32_t t = 0; t < p->tower_count; t++)
            if (s->towers[t].pull[unit] > most && stays_legal(s, unit, t))
                most = s->towers[t].pull[unit];
        bound += most;
    }
    return bound;
}

static void put(struct search *s, int32_t unit, int32_t t)
{
    const struct tp_problem *p = s->problem;
    struct tower *tower = &s->towers[t];
    for (int r = 0; r < TP_RESOURCES; r++)
        tower->load[r] += tp_unit_weight(p, unit)[r];
    s->value += tower->pull[unit];
    for (int32_t v = 0; v < p->unit_count; v++)
        tower->pull[v] += s->pair[unit][v];
    tower->set |= UINT64_C(1) << unit;
    s->tower_of[unit] = t;
}

/* All units are assigned, and better than ever. */
static void finish(struct search *s)
{
    unsigned char verdict = UNKNOWN;
    bool fits = true;
    for (int32_t t = 0; t < s->problem->tower_count && !s->relaxed && fits; t++)
        fits = ask(s, t, verdict_on(s, t), s->value);
    if (!s->relaxed && (!fits || !ask(s, -1, &verdict, s->value)))
        return;
    s->found = true;
    s->done |= s->first;
    s->best_value = s->value;
    for (int32_t u = 0; u < s->problem->unit_count; u++)
        s->best[u] = s->tower_of[u];
}

static void dive(struct search *s, int32_t depth)
{
    const struct tp_problem *p = s->problem;
    if (depth == p->unit_count) {
        finish(s);
        return;
    }
    int32_t unit = s->order[depth];
    double value = s->value, features = tp_unit_weight(p, unit)[TP_FEATURES];
    if (!tp_effort_spend(s->effort, (int64_t)(p->unit_count - depth) * p->tower_count))
        s->done = true;
    for (int32_t t = 0; t < p->tower_count && !s->done; t++) {
        if (redundant(s, t) || !stays_legal(s, unit, t))
            continue;
        struct tower before = s->towers[t];
        put(s, unit, t);
        s->features_left -= features;
        double bound = bound_from(s, depth + 1);
        if (bound > s->best_value + s->slack && may_fit(s, t, bound))
            dive(s, depth + 1);
        s->features_left += features;
        s->tower_of[unit] = -1;
        s->towers[t] = before;
        s->value = value;
    }
}

static enum tp_status begin(struct search *s, struct tp_error *err)
{
    const struct tp_problem *p = s->problem;
    s->features_left = p->feature_count;
    s->best_value = s->doubt = -INFINITY;
    s->towers = TP_NEW(p->tower_count, struct tower);
    bool few = p->unit_count <= REMEMBERED_UNITS_MAX;
    s->verdict = tp_new(few ? (size_t)p->class_count << p->unit_count : 1, 1);
    for (int32_t u = 0; u < p->unit_count; u++)
        s->tower_of[u] = -1;
    sort_units(s);
    return s->towers && s->verdict ? TP_OK : tp_fail_memory(err);
}

static void end(struct search *s)
{
    free(s->towers);
    free(s->verdict);
}

enum tp_status tp_exact(const struct tp_problem *p, const struct tp_judge *judge, int32_t *tower,
    enum tp_answer *answer, struct tp_error *err)
{
    struct tp_effort effort = tp_effort_of(FEASIBLE_STEPS);
    struct search s = {.problem = p, .judge = judge, .effort = &effort, .first = true};
    enum tp_status status = begin(&s, err);
    if (!status) {
        dive(&s, 0);
        bool unsure = effort.over || s.doubt > -INFINITY;
        *answer = s.found ? TP_ANSWER_YES : unsure ? TP_ANSWER_UNSURE : TP_ANSWER_NO;
        for (int32_t u = 0; s.found && u < p->unit_count; u++)
            tower[u] = s.best[u];
    }
    end(&s);
    return status;
}

/* What the last units are worth among themselves, fewer first. */
static void bound_inside(struct search *s)
{
    s->relaxed = true;
    for (int32_t depth = s->problem->unit_count - 1; depth > 0 && !s->effort->over; depth--) {
        s->best_value = -INFINITY;
        dive(s, depth);
        s->inside[depth] = s->best_value;
    }
    s->relaxed = false;
    s->found = false;
}

static double value_of(const struct search *s, const int32_t *tower)
{
    double value = 0;
    for (int32_t u = 0; u < s->problem->unit_count; u++)
        for (int32_t v = 0; v < u; v++)
            value += tower[u] == tower[v] ? s->pair[u][v] : 0;
    return value;
}

enum tp_status tp_exact_best(const struct tp_problem *p, const struct tp_judge *judge,
    enum tp_goal goal, struct tp_effort *effort, int32_t *tower, bool *proven, struct tp_error *err)
{
    struct search s = {.problem = p, .judge = judge, .effort = effort};
    enum tp_status status = begin(&s, err);
    if (!status) {
        value_pairs(&s, goal);
        bound_inside(&s);
        s.best_value = value_of(&s, tower);
        dive(&s, 0);
        *proven = !effort->over && s.doubt <= s.best_value + s.slack;
        for (int32_t u = 0; s.found && u < p->unit_count; u++)
            tower[u] = s.best[u];
    }
    end(&s);
    return status;
}
