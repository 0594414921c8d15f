/* SPDX-License-Identifier: Apache-2.0 */
/* What the figures of trust in a plan add up to. */
#ifndef TP_PLAN_VERDICT_H
#define TP_PLAN_VERDICT_H

#include <towerpart/plan.h>

/* Stability that is asked for: the usual reading of the adjusted Rand index as good agreement. */
#define TP_STABLE_LEAST 0.7

/* Share of the pairs that must lie above the noise floor. */
double tp_signal_asked(const struct tp_plan *plan);

/* The verdict that the figures of plan->affinity and its towers give: trusted if both signal and
 * stability pass, weak if one does, noise if none; none if stability was not assessed. */
enum tp_verdict tp_verdict_of(const struct tp_plan *plan);

#endif
