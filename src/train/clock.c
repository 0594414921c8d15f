/* SPDX-License-Identifier: Apache-2.0 */
/* A stopwatch of laps. In: the moments when phases end. Out: seconds per phase. */
#include "train/clock.h"

#include <time.h>

double tp_clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void tp_clock_start(struct tp_clock *clock)
{
    clock->last = tp_clock_now();
}

void tp_clock_lap(struct tp_clock *clock, enum tp_phase phase)
{
    double now = tp_clock_now();
    clock->seconds[phase] += now - clock->last;
    clock->last = now;
}
