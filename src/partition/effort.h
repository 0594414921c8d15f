/* SPDX-License-Identifier: Apache-2.0 */
/* How long a search may go on: so many steps, until a deadline, until somebody asks it to stop.
 *
 * A step is one candidate looked at or the like, a few nanoseconds. Steps alone give the same
 * answer on every machine; a deadline or a request ends the very same search earlier. */
#ifndef TP_PARTITION_EFFORT_H
#define TP_PARTITION_EFFORT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct tp_effort {
    int64_t steps;                     /* left */
    double deadline;                   /* of tp_seconds_now(); INFINITY: none */
    const volatile sig_atomic_t *stop; /* not 0: asked to stop; NULL: nobody can */
    int64_t unchecked;                 /* steps since the clock was looked at */
    bool over;
};

/* So many steps and nothing else. */
struct tp_effort tp_effort_of(int64_t steps);

/* Counts steps down. @return whether the search may go on; once false, always false. */
bool tp_effort_spend(struct tp_effort *effort, int64_t steps);

/* Up to so many steps of another one, under its deadline and its stop; tp_effort_return() gives
 * back what is left of them. */
struct tp_effort tp_effort_take(struct tp_effort *from, int64_t steps);
void tp_effort_return(struct tp_effort *from, struct tp_effort *taken);

#endif
