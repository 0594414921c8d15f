/* SPDX-License-Identifier: Apache-2.0 */
/* A stopwatch that lets no moment slip: each lap goes to a phase. */
#ifndef TP_TRAIN_CLOCK_H
#define TP_TRAIN_CLOCK_H

#include <towerpart/cost.h>

struct tp_clock {
    double last; /* monotonic seconds, of the last lap */
    double seconds[TP_PHASE_COUNT];
};

/* Begins a lap; what was before counts nowhere. */
void tp_clock_start(struct tp_clock *clock);

/* Adds the time since the last lap to a phase. */
void tp_clock_lap(struct tp_clock *clock, enum tp_phase phase);

#endif
