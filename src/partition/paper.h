/* SPDX-License-Identifier: Apache-2.0 */
/* The tower partitioner as published: features as points of the plane whose distances come close to
 * 1 - affinity (affinity itself for diverse), found by Adam, then constrained k-means (Luo et al.,
 * MLSys 2024, arXiv 2403.00877, section 4). */
#ifndef TP_PARTITION_PAPER_H
#define TP_PARTITION_PAPER_H

#include <stdint.h>

#include "partition/assignment.h"

/* It knows of no limit and no constraint but the number of units in a tower.
 * @param goal   diverse, or else as coherent.
 * @param ratio  Q: every tower gets floor(U/T/Q) to ceil(U/T*Q) units.
 * @param tower  out, (U), in [0, T); pinned units where their pin says; untouched on
 *               failure.
 * @return TP_ENOMEM. Cost: O(U) per step of Adam beyond some dozens of units. */
enum tp_status tp_paper(const struct tp_problem *problem, enum tp_goal goal, double ratio,
    uint64_t seed, int32_t *tower, struct tp_error *err);

#endif
