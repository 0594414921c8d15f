/* SPDX-License-Identifier: Apache-2.0 */
/* A few towers with all their units, as a problem of its own: the rest stays as it is. */
#ifndef TP_PARTITION_PART_H
#define TP_PARTITION_PART_H

#include <stdint.h>

#include "base/random.h"
#include "partition/problem.h"

/* Towers that are worth a look together: a random one, and those with most affinity to its units, more or
 * less, or, every third, just another.
 * @param problem  with an affinity.
 * @param tower    (U) of each unit.
 * @param count    2..T.
 * @param chosen   out, (count), all different. @return TP_ENOMEM. O(U) per unit of the first tower. */
enum tp_status tp_part_choose(const struct tp_problem *problem, const int32_t *tower, int32_t count,
    struct tp_random *random, int32_t *chosen, struct tp_error *err);

/* The problem of these towers and the units in them, under the limits as they are now: what is legal in
 * it is legal with all other units where they are, and worth more by as much.
 * @param unit  out, (U): unit i of the part is unit[i]; rising.
 * @param at    out, (U): which of the chosen towers unit i of the part is in.
 * @param part  out, to be freed with tp_problem_free(). @return TP_ENOMEM. O(U + units of the part^2). */
enum tp_status tp_part_new(const struct tp_problem *problem, const int32_t *tower,
    const int32_t *chosen, int32_t count, int32_t *unit, int32_t *at, struct tp_problem **part,
    struct tp_error *err);

#endif
