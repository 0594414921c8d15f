/* SPDX-License-Identifier: Apache-2.0 */
/* The automatic limits: as tight as the units allow. */
#ifndef TP_PARTITION_LIMITS_H
#define TP_PARTITION_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "partition/effort.h"
#include "partition/exact.h"
#include "partition/problem.h"

/* The least automatic balance: tighter gains nothing and costs affinity. */
#define TP_BALANCE_LEAST 0.05

/* The effort of planning, whatever that of the search is: more of it could give tighter limits and a
 * worse plan, and a setting that was tried has to work. */
#define TP_LIMITS_EFFORT 10

/* Settles ratio and balance, each the one given or, if that is NAN, the smallest hundredth at which an
 * assignment was found that holds every limit: the ratio first (>= 1), then the balance
 * (>= TP_BALANCE_LEAST). Leaves them set in the problem.
 * @param effort  steps, relative, where the search is not exhaustive.
 * @param whole   its deadline and stop end the tightening, its stop also the search for a first
 *                assignment; NULL: neither.
 * @param limits, proven  out: as set; whether no smaller automatic one exists (exhaustive search, or it is
 *                        at a lower bound).
 * @param tower   out, (U): a legal assignment.
 * @param answer  out: TP_ANSWER_YES, or that there is none within the given limits; then the others
 *                are untouched. */
enum tp_status tp_settle_limits(struct tp_problem *problem, const struct tp_judge *judge,
    double balance, double ratio, uint64_t seed, int32_t effort, struct tp_effort *whole,
    struct tp_limits *limits, bool *proven, int32_t *tower, enum tp_answer *answer,
    struct tp_error *err);

/* The smallest hundredths that hold for an assignment: its ratio and balance. */
struct tp_limits tp_limits_of(const struct tp_problem *problem, const int32_t *tower);

#endif
