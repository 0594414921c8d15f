/* SPDX-License-Identifier: Apache-2.0 */
/* Two figures, since dmt trains another function: whether it may be used is not known here. */
#include "plan/speed.h"

#include <math.h>

enum tp_status tp_speed_of(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_placement *placement, struct tp_speed *speed, struct tp_error *err)
{
    double seconds[TP_MODE_COUNT];
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        struct tp_step_cost cost;
        enum tp_status status =
            tp_cost_step(model, topology, placement, (enum tp_mode)mode, &cost, err);
        if (status)
            return status;
        seconds[mode] = cost.seconds;
    }
    speed->same = fmin(seconds[TP_MODE_FLAT], seconds[TP_MODE_SPTT]);
    speed->any = fmin(speed->same, seconds[TP_MODE_DMT]);
    return TP_OK;
}

bool tp_is_slower(struct tp_speed a, struct tp_speed b)
{
    double slack = 1 - TP_GAIN_LEAST;
    return b.same < a.same * slack || b.any < a.any * slack;
}

bool tp_is_faster(struct tp_speed a, struct tp_speed b)
{
    double slack = 1 - TP_GAIN_LEAST;
    return a.same <= b.same && a.any <= b.any && (a.same < b.same * slack || a.any < b.any * slack);
}
