/* SPDX-License-Identifier: Apache-2.0 */
/* What no assignment can exceed: an upper bound on the value, so that the gap to the best known is
 * known. */
#ifndef TP_PARTITION_BOUND_H
#define TP_PARTITION_BOUND_H

#include <stdint.h>

#include "partition/assignment.h"
#include "partition/effort.h"

/* Steps worth their time: a second at effort 10 where there are few units and much to gain; a few rounds with
 * eigenvalues of up to 4,000 units; beyond, only what needs none. */
int64_t tp_bound_steps(int32_t unit_count, int32_t effort);

/* @param problem  with its limits set and an affinity; some assignment must be legal.
 * @param goal     coherent or diverse.
 * @param tower    (U) the best assignment known: where the search for a bound begins, and it ends where
 *                 the bound comes down to this one's value.
 * @param effort   what was found when it is used up is a bound all the same.
 * @param bound    out: no legal assignment has a larger tp_assignment_value().
 * @return TP_EINTERNAL when LAPACK gives up; TP_ENOMEM. */
enum tp_status tp_bound(const struct tp_problem *problem, enum tp_goal goal, const int32_t *tower,
    struct tp_effort *effort, double *bound, struct tp_error *err);

#endif
