/* SPDX-License-Identifier: Apache-2.0 */
/* Which features another partition puts elsewhere. */
#ifndef TP_PLAN_MOVERS_H
#define TP_PLAN_MOVERS_H

#include <stdint.h>

#include <towerpart/plan.h>

#include "partition/problem.h"

/* Counts what moves between two assignments of units to towers, whose numbers mean nothing: each
 * tower of the other is matched with one of the plan's, those that share most features first, and a
 * unit has moved when its two towers do not match.
 * @param plan, other  (units of the problem) tower of each unit.
 * @param moves        (units) to each unit that moved, 1 is added.
 * Cost: O(U log U). */
enum tp_status tp_count_moves(const struct tp_problem *problem, const int32_t *plan,
    const int32_t *other, int32_t *moves, struct tp_error *err);

/* Lists the features that moved in a quarter of the resamples or more, most first, then in the
 * model's order.
 * @param moves     (units of the problem), at most `resamples` each.
 * @param affinity  its movers are made anew. */
enum tp_status tp_list_movers(const struct tp_problem *problem, const struct tp_model *model,
    const int32_t *moves, int32_t resamples, struct tp_plan_affinity *affinity,
    struct tp_error *err);

#endif
