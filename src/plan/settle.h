/* SPDX-License-Identifier: Apache-2.0 */
/* A placement from elsewhere becomes a plan. */
#ifndef TP_PLAN_SETTLE_H
#define TP_PLAN_SETTLE_H

#include <towerpart/affinity.h>
#include <towerpart/plan.h>

/* A plan of strategy imported around copies of the specs, without towers and tables. */
enum tp_status tp_plan_begin(const struct tp_model *model, const struct tp_topology *topology,
    struct tp_plan **plan, struct tp_error *err);

/* Gives a plan with towers and tables all the rest: limits, the smallest hundredths that its towers keep
 * to; loads and costs where the placement is sound, 0 elsewhere; with an affinity the share inside towers
 * where each feature is in one tower.
 * @param affinity  NULL: none; features in the model's order. */
enum tp_status tp_plan_settle(
    struct tp_plan *plan, const struct tp_affinity *affinity, struct tp_error *err);

#endif
