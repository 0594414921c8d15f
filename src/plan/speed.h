/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a placement is trained on, in whatever way is fastest: what two placements are compared by. */
#ifndef TP_PLAN_SPEED_H
#define TP_PLAN_SPEED_H

#include <stdbool.h>

#include <towerpart/cost.h>

/* What seconds must fall by, relative: less is rounding. */
#define TP_GAIN_LEAST 1e-9

/* Seconds of a step. */
struct tp_speed {
    double same; /* in the faster of the modes that compute the same function */
    double any;  /* in the fastest of all */
};

/* @return as tp_cost_step(). */
enum tp_status tp_speed_of(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_placement *placement, struct tp_speed *speed, struct tp_error *err);

/* Quicker in one of the two, slower in neither. */
bool tp_is_faster(struct tp_speed a, struct tp_speed b);

/* Slower in one of the two. */
bool tp_is_slower(struct tp_speed a, struct tp_speed b);

#endif
