/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan keeps of the affinity that it was made with. */
#ifndef TP_PLAN_AFFINITY_H
#define TP_PLAN_AFFINITY_H

#include <towerpart/plan.h>

/* What an affinity says of itself, into a plan: measure, samples, dumps and how they agree, what was
 * learned, noise floor, share above it, median standard error, constant and neutral features. How far
 * the plan hangs on it (stability, movers, verdict) is not assessed.
 * @param description  whatever it holds is released, but for the input's name and digest, which stay;
 *                     unchanged on failure. Cost: O(F^2 log F). */
enum tp_status tp_plan_describe_affinity(
    struct tp_plan_affinity *description, const struct tp_affinity *affinity, struct tp_error *err);

/* Stability, and what comes with it, is not known any more. */
void tp_plan_affinity_forget(struct tp_plan_affinity *description);
void tp_plan_affinity_drop_movers(struct tp_plan_affinity *description);

/* Frees what it points to, the input's name included. */
void tp_plan_affinity_release(struct tp_plan_affinity *description);

#endif
