/* SPDX-License-Identifier: Apache-2.0 */
/* Units that belong to towers: an older plan pulls them back to where they were. */
#ifndef TP_PARTITION_TIES_H
#define TP_PARTITION_TIES_H

#include "partition/problem.h"

/* Makes unit u in tower t worth pull[u, t] more affinity: adds T units that weigh nothing, one pinned to each
 * tower, after the others, and ties u to them. Every solver then sees it as affinity; towers are no longer
 * interchangeable.
 * @param pull  (U, T); borrowed.
 * @return TP_ENOMEM, the problem unchanged. Cost: O((U + T)^2). */
enum tp_status tp_problem_tie(struct tp_problem *problem, const double *pull, struct tp_error *err);

#endif
