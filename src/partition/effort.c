/* SPDX-License-Identifier: Apache-2.0 */
/* Counting steps. The clock is looked at every so many steps only, some tens of microseconds: a look
 * costs as much as a few steps, and nobody notices so short a delay. */
#include "partition/effort.h"

#include "base/progress.h"

#include <math.h>

#define STEPS_PER_LOOK 20000

struct tp_effort tp_effort_of(int64_t steps)
{
    return (struct tp_effort){.steps = steps, .deadline = INFINITY, .over = steps <= 0};
}

static bool told_to_end(struct tp_effort *effort)
{
    if (effort->stop && *effort->stop)
        return true;
    if (isinf(effort->deadline) || effort->unchecked < STEPS_PER_LOOK)
        return false;
    effort->unchecked = 0;
    return tp_seconds_now() >= effort->deadline;
}

bool tp_effort_spend(struct tp_effort *effort, int64_t steps)
{
    effort->steps -= steps;
    effort->unchecked += steps;
    if (effort->steps <= 0 || told_to_end(effort))
        effort->over = true;
    return !effort->over;
}

struct tp_effort tp_effort_take(struct tp_effort *from, int64_t steps)
{
    struct tp_effort taken = *from;
    taken.steps = steps < from->steps ? steps : from->steps;
    from->steps -= taken.steps;
    taken.over = from->over || taken.steps <= 0;
    return taken;
}

void tp_effort_return(struct tp_effort *from, struct tp_effort *taken)
{
    bool ended_early = taken->over && taken->steps > 0;
    from->steps += taken->steps > 0 ? taken->steps : 0;
    from->unchecked = taken->unchecked;
    from->over = from->steps <= 0 || ended_early;
    taken->steps = 0;
    taken->over = true;
}
