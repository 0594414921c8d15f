/* SPDX-License-Identifier: Apache-2.0 */
/* Is there a signal, does the partition hang on its errors, do training runs agree on it?
 *
 * Signal: pairs above the 99th percentile of the same measure on permuted samples. Of unrelated
 * features 1 % are, give or take the spread of a count; planted groups lift the pairs inside groups,
 * so a quarter of the pairs inside the plan's towers are asked for on top (a tower may hold several
 * groups), 20 % at the most.
 * Stability: towers of matrices redrawn within their standard errors, compared with the plan's.
 * Agreement: rank correlation between the matrices of several dumps. A small sampling error says nothing
 * of it: another training run may arrange the samples otherwise. */
#include "plan/verdict.h"

#include <math.h>

#define CHANCE 0.01 /* share above the floor by chance */
#define SIGNAL_MOST 0.20

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

/* Share of all pairs that the plan's towers hold. */
static double share_inside(const struct tp_plan *plan)
{
    double inside = 0;
    for (int32_t t = 0; t < plan->tower_count; t++)
        inside += pairs(plan->towers[t].feature_count);
    double all = pairs(plan->model->feature_count);
    return all > 0 ? inside / all : 0;
}

double tp_signal_asked(const struct tp_plan *plan)
{
    double all = pairs(plan->model->feature_count);
    double spread = all > 0 ? 3 * sqrt(CHANCE * (1 - CHANCE) / all) : 0;
    return fmin(SIGNAL_MOST, CHANCE + spread + share_inside(plan) / 4);
}

unsigned tp_failed_checks(const struct tp_plan *plan)
{
    const struct tp_plan_affinity *a = &plan->affinity;
    unsigned failed = 0;
    if (a->above_floor < tp_signal_asked(plan)) /* false when it is NAN, as below */
        failed |= TP_FAILED_SIGNAL;
    if (a->stability < TP_STABLE_LEAST)
        failed |= TP_FAILED_STABILITY;
    if (a->dumps > 1 && a->reproducibility < TP_AGREE_LEAST)
        failed |= TP_FAILED_AGREEMENT;
    return failed;
}

enum tp_verdict tp_verdict_of(const struct tp_plan *plan)
{
    unsigned failed = tp_failed_checks(plan);
    if (isnan(plan->affinity.stability))
        return TP_VERDICT_NONE;
    if (failed == 0)
        return TP_VERDICT_TRUSTED;
    bool is_one = (failed & (failed - 1)) == 0;
    return is_one ? TP_VERDICT_WEAK : TP_VERDICT_NOISE;
}
