/* SPDX-License-Identifier: Apache-2.0 */
/* Which tower gets which hosts, where the uplinks of hosts differ. */
#ifndef TP_PLAN_SEATING_H
#define TP_PLAN_SEATING_H

#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/topology.h>

#include "partition/problem.h"

/* Renumbers towers if the step is then predicted to be faster, in the mode to be recommended or in the
 * one to be recommended if quality allows, and slower in neither. Pinned towers stay.
 * @param exact_steps  of tp_place().
 * @param tower        in and out, (U): an assignment that fits; stays one, of the same groups.
 * @return TP_ENOMEM. Cost: O(T^2) and up to seven placements of all tables; nothing where all uplinks
 *         are alike. */
enum tp_status tp_seat_towers(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_problem *problem, int64_t exact_steps, int32_t *tower, struct tp_error *err);

#endif
