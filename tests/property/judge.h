/* SPDX-License-Identifier: Apache-2.0 */
/* The second opinion: judges a plan file from the file alone, with none of the library's code. */
#ifndef PROPERTY_JUDGE_H
#define PROPERTY_JUDGE_H

#include "claims.h"
#include "complaints.h"
#include "workload.h"

/* What the planner was asked, where the judge is told. */
struct request {
    const struct workload *workload; /* NULL: whatever the plan embeds */
    const float *affinity;           /* (F, F); NULL: none */
};

/* Adds a line for every rule that the plan in that file breaks; none means it is sound. */
void judge_plan(const char *path, const struct request *request, struct complaints *complaints);

/* The same for a plan already read. */
void judge_claims(
    const struct claims *claims, const struct request *request, struct complaints *complaints);

/* Share of all pairwise affinity, each pair once, that lies inside towers; 0 when there is none.
 * @param tower  (F) of each feature. */
double inside_share(const float *affinity, int feature_count, const int *tower);

#endif
