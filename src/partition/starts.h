/* SPDX-License-Identifier: Apache-2.0 */
/* Where the refinement starts from: assignments made without looking at the affinity. */
#ifndef TP_PARTITION_STARTS_H
#define TP_PARTITION_STARTS_H

#include <stdint.h>

#include "base/random.h"
#include "partition/problem.h"

/* Unit i to tower i mod T. */
void tp_start_stride(const struct tp_problem *problem, int32_t *tower);

/* A random deal of equally many units per tower. @return TP_ENOMEM. */
enum tp_status tp_start_random(const struct tp_problem *problem, struct tp_random *random,
    int32_t *tower, struct tp_error *err);

/* Heaviest unit first, each to the tower where the worst of its loads stays lowest (LPT, Graham 1969,
 * doi:10.1137/0117039, over several resources). @param random  NULL: the plain order; else the order
 * is shaken a little. O(U (log U + T)). @return TP_ENOMEM. */
enum tp_status tp_start_greedy(const struct tp_problem *problem, struct tp_random *random,
    int32_t *tower, struct tp_error *err);

#endif
