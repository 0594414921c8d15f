/* SPDX-License-Identifier: Apache-2.0 */
/* How far the affinity behind a plan can be trusted. */
#ifndef TP_PLAN_TRUST_H
#define TP_PLAN_TRUST_H

#include "plan/solve.h"

/* Fills plan->affinity: share of pairs above the noise floor, typical standard error, stability (mean
 * adjusted Rand index between the plan's towers and those of matrices redrawn within their standard
 * errors; Hubert & Arabie 1985, doi:10.1007/BF01908075) and the verdict.
 * Without affinity all of it says so.
 * Cost: RESAMPLES small partitions. */
enum tp_status tp_assess_trust(const struct tp_question *question,
    const struct tp_solution *solution, struct tp_plan *plan, struct tp_error *err);

/* Adjusted Rand index of two labelings with labels in [0, labels): 1 the same, about 0 by chance; 1
 * also when both put everything into one part, or all apart. */
enum tp_status tp_adjusted_rand(const int32_t *a, const int32_t *b, int32_t count, int32_t labels,
    double *index, struct tp_error *err);

#endif
