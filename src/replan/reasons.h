/* SPDX-License-Identifier: Apache-2.0 */
/* Why tables cannot all stay where they are. */
#ifndef TP_REPLAN_REASONS_H
#define TP_REPLAN_REASONS_H

#include "base/text.h"
#include "partition/problem.h"
#include "replan/home.h"

/* Adds a line for everything that keeping still would break: limits, memory, constraints, ranks that are gone.
 * @param problem  with its limits set.
 * @param home     (U) where the units are; -1: nowhere. NULL: what is left could keep still.
 * Cost: O(U + pairs to be apart). */
void tp_say_reasons(struct tp_text *out, const struct tp_model *model, const struct tp_homes *homes,
    const struct tp_problem *problem, const int32_t *home);

#endif
