/* SPDX-License-Identifier: Apache-2.0 */
/* What the figures of trust in a plan add up to. */
#ifndef TP_PLAN_VERDICT_H
#define TP_PLAN_VERDICT_H

#include <towerpart/plan.h>

/* Stability that is asked for: the usual reading of the adjusted Rand index as good agreement. */
#define TP_STABLE_LEAST 0.7

/* Rank correlation between dumps that is asked for. Runs that learned the same thing are far above it
 * (0.95 and more), measures that see nothing are far below (about 0). */
#define TP_AGREE_LEAST 0.5

/* Share of the pairs that must lie above the noise floor. */
double tp_signal_asked(const struct tp_plan *plan);

enum {
    TP_FAILED_SIGNAL = 1,
    TP_FAILED_STABILITY = 2,
    TP_FAILED_AGREEMENT = 4, /* between dumps; one dump cannot fail it */
};

/* Which checks the figures of plan->affinity and its towers fail, added up; a figure that was not
 * assessed fails none. */
unsigned tp_failed_checks(const struct tp_plan *plan);

/* The verdict that they give: trusted if none fails, weak if one does, noise if more; none if stability
 * was not assessed. */
enum tp_verdict tp_verdict_of(const struct tp_plan *plan);

#endif
