/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that no assignment can hold the limits, which need no search. */
#ifndef TP_PARTITION_BREACH_H
#define TP_PARTITION_BREACH_H

#include <stdbool.h>
#include <stdint.h>

#include "partition/problem.h"

enum tp_breach_kind {
    TP_BREACH_NONE,
    TP_BREACH_COUNT,  /* fewer units than towers */
    TP_BREACH_TOTAL,  /* all units together are over all towers together */
    TP_BREACH_UNIT,   /* one unit is over every tower */
    TP_BREACH_PINNED, /* the units pinned to a tower are over it */
    TP_BREACH_CROWD,  /* more units than the towers can take `share` - 1 each of, and any `share` of
                         them are over every tower */
    TP_BREACH_APART,  /* more units that keep apart than there are towers */
};

struct tp_breach {
    enum tp_breach_kind kind;
    int resource;      /* enum tp_resource; of total, unit, pinned, crowd */
    double need, room; /* of that resource: at least needed; what the limit leaves */
    int32_t unit;      /* unit */
    int32_t tower;     /* pinned */
    int32_t count;     /* crowd: the heaviest so many units; apart: so many units */
    int32_t share;     /* crowd: of which some tower gets so many */
    int32_t *units;    /* apart: which, (count); owned. NULL else */
};

/* Looks for a proof, the simplest first.
 * @param problem  with its limits set.
 * @param breach   out, to be released with tp_breach_release(); TP_BREACH_NONE: nothing was proven.
 * @return TP_ENOMEM. Cost: O(U log U + T) and, for units that are to be apart from at least as many
 *         others as there are towers, the square of that number. */
enum tp_status tp_find_breach(
    const struct tp_problem *problem, struct tp_breach *breach, struct tp_error *err);
void tp_breach_release(struct tp_breach *breach);

#endif
