/* SPDX-License-Identifier: Apache-2.0 */
/* A stopwatch of laps. In: the moments when phases end. Out: seconds per phase. */
#include "train/clock.h"

#include "base/progress.h"

void tp_clock_start(struct tp_clock *clock)
{
    clock->last = tp_seconds_now();
}

void tp_clock_lap(struct tp_clock *clock, enum tp_phase phase)
{
    double now = tp_seconds_now();
    clock->seconds[phase] += now - clock->last;
    clock->last = now;
}
