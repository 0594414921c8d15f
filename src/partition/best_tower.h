/* SPDX-License-Identifier: Apache-2.0 */
/* The units that are worth most together in one tower, when each has its price: an exact search. */
#ifndef TP_PARTITION_BEST_TOWER_H
#define TP_PARTITION_BEST_TOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "partition/effort.h"
#include "partition/pairs.h"

#define TP_TOWERS_FOUND_MOST 4

struct tp_tower_question {
    int32_t tower;
    const struct tp_pairs *pairs; /* what is decided holds */
    const double *worth;          /* (U, U) of either order of a pair, symmetric */
    const double *price;          /* (U) */
    double known; /* what some legal tower is worth; only better ones are looked for */
};

struct tp_best_tower;

/* @param best  out, to be freed with tp_best_tower_free(). @return TP_ENOMEM. Memory: O(U^2). */
enum tp_status tp_best_tower_new(
    const struct tp_problem *problem, struct tp_best_tower **best, struct tp_error *err);
void tp_best_tower_free(struct tp_best_tower *best);

/* The largest sum of worths over the ordered pairs of a legal tower's units, less their prices.
 * Cost: exponential at worst; the more units a tower holds, the longer.
 * @param most  out: at least that sum, by no more than rounding. @return false: the effort is over,
 *              and nothing is known. */
bool tp_best_tower_ask(struct tp_best_tower *best, const struct tp_tower_question *question,
    struct tp_effort *effort, double *most);

/* The last few towers that the search met, each better than the one before it. Theirs until the next
 * question. */
int tp_towers_found(const struct tp_best_tower *best);
const unsigned char *tp_tower_found(const struct tp_best_tower *best, int i); /* (U): 1 is in it */

#endif
