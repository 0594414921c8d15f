/* SPDX-License-Identifier: Apache-2.0 */
/* What no assignment can exceed: an upper bound on the value, so that the gap to the best known is known. */
#ifndef TP_PARTITION_BOUND_H
#define TP_PARTITION_BOUND_H

#include <stdint.h>

#include "partition/assignment.h"
#include "partition/effort.h"

/* @param problem  with its limits set and an affinity.
 * @param goal     coherent or diverse.
 * @param known    value of a legal assignment; nothing is done beyond its proof.
 * @param effort   flops, some thousands to a step; what was found until then is a bound all the
 * same.
 * @param bound    out: no legal assignment has a larger tp_assignment_value(). At least `known`.
 * @return TP_EINTERNAL when LAPACK gives up; TP_ENOMEM. */
enum tp_status tp_bound(const struct tp_problem *problem, enum tp_goal goal, double known,
    struct tp_effort *effort, double *bound, struct tp_error *err);

#endif
