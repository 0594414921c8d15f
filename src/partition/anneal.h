/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated annealing: the way from anywhere to a good answer, through bad and illegal ones. */
#ifndef TP_PARTITION_ANNEAL_H
#define TP_PARTITION_ANNEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "partition/assignment.h"
#include "partition/effort.h"

struct tp_anneal;

/* @param assignment  what is annealed; borrowed. Runs leave in it the state that they ended in. */
enum tp_status tp_anneal_new(struct tp_assignment *assignment, struct tp_random *random,
    struct tp_anneal **anneal, struct tp_error *err);
void tp_anneal_free(struct tp_anneal *anneal);

/* Begins a run of so many sweeps from the assignment as it is.
 * @param warmth  1: so hot that nothing of the assignment is left; less, above 0.05: so much less heat
 *               at first, the same at last.
 * @param price  of breaking a limit, at least: what a tower's worth of load over it costs, in towers'
 *               worth of the value. */
void tp_anneal_begin(struct tp_anneal *anneal, int32_t sweeps, double warmth, double price,
    struct tp_effort *effort);

/* Cools down by at most so many sweeps. @return whether the run goes on. */
bool tp_anneal_cool(struct tp_anneal *anneal, int32_t sweeps, struct tp_effort *effort);

/* The best legal assignment met in the run, (U); NULL: none yet. */
const int32_t *tp_anneal_best(const struct tp_anneal *anneal, double *value);

#endif
