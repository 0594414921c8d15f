/* SPDX-License-Identifier: Apache-2.0 */
/* Units in towers, kept with all sums that a local search asks for, so that trying a move or a swap
 * costs O(1), all of one unit a walk along a few rows, and making one O(U). */
#ifndef TP_PARTITION_ASSIGNMENT_H
#define TP_PARTITION_ASSIGNMENT_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "partition/problem.h"

enum tp_goal {
    TP_GOAL_COHERENT, /* most affinity inside towers */
    TP_GOAL_DIVERSE,  /* least */
    TP_GOAL_LOAD      /* least sum over towers and resources of (load / mean)^2 */
};

struct tp_assignment {
    const struct tp_problem *problem; /* borrowed */
    enum tp_goal goal;
    double per_mean[TP_RESOURCES]; /* 1 / mean */
    double sign;                   /* of affinity in the value: 1, or -1 for diverse */
    int32_t *tower;                /* (U) */
    double *load;                  /* (T, TP_RESOURCES) */
    double *pull;       /* (T, U) affinity of a tower's units to a unit; NULL without affinity */
    double *own;        /* (U) pull of the unit's own tower; NULL likewise */
    double *excess;     /* (T) how far the tower is over or under its limits, in means; 0: legal */
    bool *changed;      /* (T) by a move or swap since the last descent came to its end */
    double *to, *with;  /* (T), (U) scratch for tp_gains() */
    bool *look, *enter; /* (U), (T) scratch of the descent */
};

enum tp_status tp_assignment_new(const struct tp_problem *problem, enum tp_goal goal,
    struct tp_assignment **assignment, struct tp_error *err);
void tp_assignment_free(struct tp_assignment *assignment);

/* Takes over towers from an array (U); pinned units go to their towers. O(U^2). */
void tp_assignment_set(struct tp_assignment *assignment, const int32_t *tower);

/* to = from, of the same problem. O(U * T). */
void tp_assignment_copy(struct tp_assignment *to, const struct tp_assignment *from);

/* Sum of the towers' excess, and pairs of units in one tower that are to be apart. 0: every limit holds. */
double tp_assignment_violation(const struct tp_assignment *assignment);

/* What the goal says, larger is better: +-affinity inside towers, -sum of squares. */
double tp_assignment_value(const struct tp_assignment *assignment);

/* The same of towers in an array (U). O(U^2). @return TP_ENOMEM. */
enum tp_status tp_towers_value(const struct tp_problem *problem, enum tp_goal goal,
    const int32_t *tower, double *value, struct tp_error *err);

/* Whether an assignment of that value is the best one: the bound is above it by no more than a
 * millionth. Affinities are floats, whose sums say no more. */
static inline bool tp_is_proven(double bound, double value)
{
    return bound <= value + 1e-6 * fabs(value);
}

/* Change of value if the unit moved there; if the two units (of different towers) changed places. */
double tp_gain_move(const struct tp_assignment *assignment, int32_t unit, int32_t to);
double tp_gain_swap(const struct tp_assignment *assignment, int32_t u, int32_t v);

/* Change of the violation, likewise. Negative: better. */
double tp_relief_move(const struct tp_assignment *assignment, int32_t unit, int32_t to);
double tp_relief_swap(const struct tp_assignment *assignment, int32_t u, int32_t v);

/* The same, or any number above `most` where it is above that: most candidates fall at the first limit
 * looked at. */
double tp_relief_move_within(
    const struct tp_assignment *assignment, int32_t unit, int32_t to, double most);
double tp_relief_swap_within(
    const struct tp_assignment *assignment, int32_t u, int32_t v, double most);

/* The gains of all moves and swaps of a unit at once.
 * @param to    out, (T): as tp_gain_move(); of no meaning for the unit's own tower.
 * @param with  out, (U): as tp_gain_swap(); of no meaning for units of the unit's own tower. */
void tp_gains(const struct tp_assignment *assignment, int32_t unit, double *to, double *with);

void tp_make_move(struct tp_assignment *assignment, int32_t unit, int32_t to);
void tp_make_swap(struct tp_assignment *assignment, int32_t u, int32_t v);

#endif
