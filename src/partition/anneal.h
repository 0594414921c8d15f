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

/* How a run cools. Heats are in usual gains: the mean size of what a random change gains or loses at the
 * towers that the first run begins with. At 1 hardly anything is left of where a run began, at 0.1
 * much. */
struct tp_cooling {
    int32_t sweeps;
    int64_t steps; /* above 0: it ends with so many of these, and sweeps are no more than a guess */
    double first, last;
    double price_least; /* of a mean over a limit, in usual gains */
};

/* Where a problem is decided, in usual gains: hotter than the one hardly anything holds together, colder than the
 * other hardly anything changes. */
struct tp_heats {
    double melting, freezing;
};

/* The noise that draws are made with, to be freed with free(); any number of annealings may share it.
 * NULL: no memory. A quarter of a millisecond. */
float *tp_anneal_noise(struct tp_random *random);

/* @param problem, noise, random  borrowed. The problem's limits may change between runs. */
enum tp_status tp_anneal_new(const struct tp_problem *problem, enum tp_goal goal,
    const float *noise, struct tp_random *random, struct tp_anneal **anneal, struct tp_error *err);
void tp_anneal_free(struct tp_anneal *anneal);

/* Begins a run at towers (U), legal or not; pinned units are where they are pinned. O(U^2). */
void tp_anneal_begin(
    struct tp_anneal *anneal, const int32_t *tower, const struct tp_cooling *cooling);

/* Cools down by at most so many sweeps. @return whether the run goes on. */
bool tp_anneal_cool(struct tp_anneal *anneal, int32_t sweeps, struct tp_effort *effort);

/* Cools from where all is molten to where all is frozen, and sees on the way when most of what there is to be gained,
 * and when all but a trifle, is there. Where that is differs tenfold between problems.
 * Cost: a run of so many sweeps. @return TP_ENOMEM; if the effort was over before the end, `heats` are anything. */
enum tp_status tp_anneal_sound(struct tp_anneal *anneal, const int32_t *tower, int32_t sweeps,
    struct tp_effort *effort, struct tp_heats *heats, struct tp_error *err);

/* The best legal towers that the run met, (U), and their value up to the rounding of
 * single precision; NULL: none yet. */
const int32_t *tp_anneal_best(const struct tp_anneal *anneal, double *value);

/* The towers that the run is at, (U), legal or not. */
const int32_t *tp_anneal_now(const struct tp_anneal *anneal);

#endif
