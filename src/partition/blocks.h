/* SPDX-License-Identifier: Apache-2.0 */
/* What several assignments agree on: units that share a tower in all of them, as one unit of a smaller
 * problem. An assignment may also be halves of towers. */
#ifndef TP_PARTITION_BLOCKS_H
#define TP_PARTITION_BLOCKS_H

#include <stdint.h>

#include "base/random.h"
#include "partition/problem.h"

/* Cuts every tower in halves: 1 for a random unit of it and for what goes with that one better than the
 * tower does on average, else 0. Groups that share a tower come apart.
 * @param tower  (U); there are at least two towers, and an affinity.
 * @param half   out, (U). O(U). @return TP_ENOMEM. */
enum tp_status tp_halve_towers(const struct tp_problem *problem, const int32_t *tower,
    struct tp_random *random, int32_t *half, struct tp_error *err);

/* The problem whose units are the blocks, under the limits as they are now. A block with a pinned unit
 * is pinned, two blocks with units to be apart are to be apart; affinity inside blocks is left out, so values
 * differ by what it adds up to.
 * @param towers  (count) assignments (U) that hold every pin; of more than two, some may be left out, lest
 *                blocks be as many as units.
 * @param block   out, (U): of each unit; numbered by their first units.
 * @param blocks  out, to be freed with tp_problem_free(). O(U^2) at most, and U count lookups. */
enum tp_status tp_blocks_new(const struct tp_problem *problem, const int32_t *const *towers,
    int count, int32_t *block, struct tp_problem **blocks, struct tp_error *err);

#endif
