/* SPDX-License-Identifier: Apache-2.0 */
/* The one exact refinement that every start goes through: moves and swaps on the real-valued goal,
 * under all limits. */
#ifndef TP_PARTITION_REFINE_H
#define TP_PARTITION_REFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "partition/assignment.h"
#include "partition/effort.h"

/* Drives the violation down, always by the best move or swap that takes part in the tower furthest
 * outside its limits.
 * @param effort  candidates that may be tried.
 * @return true when every limit holds. */
bool tp_repair(struct tp_assignment *assignment, struct tp_effort *effort);

/* Throws a few units about, whatever the limits say: the way out of a dead end. */
void tp_kick(struct tp_assignment *assignment, struct tp_random *random);

/* From a legal assignment to a legal local optimum: no single move or swap that keeps the limits
 * gains. @param random  order in which units are looked at. */
void tp_descend(
    struct tp_assignment *assignment, struct tp_random *random, struct tp_effort *effort);

/* From a legal assignment to a legal one that no exchange of all that is not pinned between two towers
 * betters: groups that found together in towers where others of them are not pinned. Nothing without
 * pins. O(T^2 U). */
void tp_exchange_towers(struct tp_assignment *assignment, struct tp_effort *effort);

/* Iterated: throws a few units about, repairs, descends, keeps what is better; until the steps are
 * used up. `best` must be legal and stays so. @return TP_ENOMEM. */
enum tp_status tp_improve(struct tp_assignment *best, struct tp_random *random,
    struct tp_effort *effort, struct tp_error *err);

#endif
