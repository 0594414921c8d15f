/* SPDX-License-Identifier: Apache-2.0 */
/* Exhaustive search for few units: is there a legal assignment, and which is the best? */
#ifndef TP_PARTITION_EXACT_H
#define TP_PARTITION_EXACT_H

#include <stdint.h>

#include "partition/assignment.h"
#include "partition/effort.h"
#include "partition/problem.h"

#define TP_EXACT_UNITS_MAX 12

/* Where limits are tight or towers few, the best of so many can often be found and proven. */
#define TP_EXACT_BEST_UNITS_MAX 40

/* What a search for a legal assignment can say. */
enum tp_answer {
    TP_ANSWER_NO = 0,     /* there is none, proven */
    TP_ANSWER_YES = 1,    /* found */
    TP_ANSWER_UNSURE = -1 /* none found */
};

/* @param problem  at most TP_EXACT_UNITS_MAX units.
 * @param tower    out, (U), filled on TP_ANSWER_YES.
 * @return TP_ENOMEM. Cost: at most the number of ways to put U units into T towers, towers of one
 * class
 *         taken as equal while empty; the limits cut most of them off. */
enum tp_status tp_exact(const struct tp_problem *problem, const struct tp_judge *judge,
    int32_t *tower, enum tp_answer *answer, struct tp_error *err);

/* The best assignment, by branch and bound.
 * @param problem  at most TP_EXACT_BEST_UNITS_MAX units, with its limits set.
 * @param effort   a step is an open unit against a tower; when it is used up, nothing is proven.
 * @param tower    in and out, (U): a legal assignment that fits; the best one, the same if none is
 * better.
 * @param proven   out: no assignment that is legal and fits has a larger tp_assignment_value().
 * @return TP_ENOMEM. */
enum tp_status tp_exact_best(const struct tp_problem *problem, const struct tp_judge *judge,
    enum tp_goal goal, struct tp_effort *effort, int32_t *tower, bool *proven,
    struct tp_error *err);

#endif
