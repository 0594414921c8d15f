/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of the partitioner and a placement become a plan. */
#ifndef TP_PLAN_FILL_H
#define TP_PLAN_FILL_H

#include <stdbool.h>

#include <towerpart/placement.h>
#include <towerpart/plan.h>

#include "plan/solve.h"

bool tp_strategy_needs_affinity(enum tp_strategy strategy);

/* An empty plan around copies of the specs, with the hosts per tower, the seed and the strategy of the
 * options. */
enum tp_status tp_plan_new(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_plan_options *options, struct tp_plan **plan, struct tp_error *err);

/* Gives an empty plan its limits, tables, towers, quality and figures; of the trust in the affinity it says
 * nothing yet.
 * @param affinity   NULL: none.
 * @param solution   an answer; its towers are those of the placement.
 * @param placement  in the order of the plan's model. */
enum tp_status tp_plan_fill(struct tp_plan *plan, const struct tp_affinity *affinity,
    const struct tp_solution *solution, const struct tp_placement *placement, struct tp_error *err);

#endif
