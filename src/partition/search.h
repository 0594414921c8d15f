/* SPDX-License-Identifier: Apache-2.0 */
/* The search for the best assignment within limits that are settled. */
#ifndef TP_PARTITION_SEARCH_H
#define TP_PARTITION_SEARCH_H

#include <stdint.h>

#include "base/progress.h"
#include "base/random.h"
#include "partition/assignment.h"
#include "partition/effort.h"
#include "partition/problem.h"

struct tp_search;

/* @param tower     in and out, (U): a legal assignment that fits; always the best one found that is
 *                  legal and fits. Borrowed until tp_search_free().
 * @param progress  borrowed likewise. */
enum tp_status tp_search_new(struct tp_problem *problem, const struct tp_judge *judge,
    enum tp_goal goal, uint64_t seed, int32_t *tower, struct tp_progress *progress,
    struct tp_search **search, struct tp_error *err);
void tp_search_free(struct tp_search *search);

/* Takes a start, legal or not, to its local optimum. */
void tp_search_start(struct tp_search *search, const int32_t *tower, struct tp_effort *effort);

/* Improves without end, until the effort is over; the next call goes on with the next round.
 * @return TP_ENOMEM. */
enum tp_status tp_search_improve(
    struct tp_search *search, struct tp_effort *effort, struct tp_error *err);

/* Steps of one unit of effort: the first round of annealing and a part of the second; ten are about
 * four rounds. */
int64_t tp_search_steps(const struct tp_problem *problem);

#endif
