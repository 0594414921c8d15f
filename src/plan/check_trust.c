/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about what a plan keeps of its affinity, which it does not hold itself. Figures that only
 * planning can compute must be in range and fit each other, names must be the model's, and the verdict
 * must be the one that the figures give.
 *
 * Movers go with the stability, and reproducibility with several dumps. What belongs to other towers than
 * the present ones is told once, not figure by figure. Cost: O(F + names * log names). */
#include "plan/check.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "plan/document.h"
#include "plan/figures.h"
#include "plan/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AFFINITY "inputs: affinity: "

static void check_range(
    struct tp_check *check, const char *what, double value, double least, double most)
{
    if (value < least || value > most) /* false when it is NAN, not assessed */
        tp_finding(&check->found, "%s: found %.15g, expected a number from %g to %g", what, value,
            least, most);
}

static void check_share(struct tp_check *check, const char *what, double value)
{
    if (value < 0 || value > 1)
        tp_finding(&check->found, "%s: found %.15g, expected a share from 0 to 1", what, value);
}

/* A bound lies beyond what it bounds, and what is proven best has reached it. */
static void check_bound(struct tp_check *check)
{
    const struct tp_plan *plan = check->plan;
    double share = plan->quality.inside_affinity, bound = plan->quality.bound;
    bool is_diverse = plan->strategy == TP_STRATEGY_DIVERSE;
    const char *key = tp_bound_key(plan->strategy);
    if (bound < 0 || bound > 1)
        tp_finding(
            &check->found, "quality: %s: found %.15g, expected a share from 0 to 1", key, bound);
    else if (isnan(share) && !isnan(bound))
        tp_finding(&check->found, "quality: %s: found %.15g, expected none without inside_affinity",
            key, bound);
    else if (is_diverse ? bound > share : bound < share)
        tp_finding(&check->found, "quality: %s: found %.15g, expected at %s inside_affinity, %.15g",
            key, bound, is_diverse ? "most" : "least", share);
    else if (plan->quality.proven_optimal && !(bound <= share && bound >= share))
        tp_finding(&check->found,
            "quality: proven_optimal: found true, expected false: inside_affinity, %.15g, does not "
            "reach %s",
            share, key);
}

static void check_ranges(struct tp_check *check)
{
    const struct tp_plan_quality *quality = &check->plan->quality;
    const struct tp_plan_affinity *affinity = &check->plan->affinity;
    check_share(check, AFFINITY "noise_floor", affinity->noise_floor);
    check_share(check, AFFINITY "above_floor", affinity->above_floor);
    check_range(check, AFFINITY "reproducibility", affinity->reproducibility, -1, 1);
    check_range(check, AFFINITY "null_rho", affinity->null_rho, -1, 1);
    check_share(check, AFFINITY "learned", affinity->learned);
    check_share(check, AFFINITY "std_error", affinity->std_error);
    check_range(check, AFFINITY "stability", affinity->stability, -1, 1);
    check_share(check, "quality: inside_affinity", quality->inside_affinity);
    check_bound(check);
    for (int32_t i = 0; i < quality->baseline_count; i++) {
        double share = quality->baselines[i].inside_affinity;
        if (share < 0 || share > 1)
            tp_finding(&check->found,
                "quality: baselines: %s: found %.15g, expected a share from 0 to 1",
                quality->baselines[i].name, share);
    }
}

/* The lists of features, as bits of what a feature was seen in. */
enum { MOVER = 1, CONSTANT = 2, NEUTRAL = 4 };

struct names {
    struct tp_name_at *by_name; /* (F) */
    unsigned char *seen;        /* (F) */
};

static void check_name(struct tp_check *check, const struct names *names, const char *list,
    unsigned char bit, const char *name)
{
    const struct tp_model *model = check->plan->model;
    int32_t feature = tp_check_find_name(names->by_name, model->feature_count, name);
    if (feature < 0) {
        tp_finding(&check->found, AFFINITY "%s: feature %s is not in the model", list, name);
        return;
    }
    unsigned char *seen = &names->seen[feature];
    if (*seen & bit)
        tp_finding(&check->found, AFFINITY "%s: feature %s is listed more than once", list, name);
    else if (bit == NEUTRAL && *seen & CONSTANT)
        tp_finding(&check->found,
            AFFINITY "%s: feature %s is listed as constant too, expected one of the two", list,
            name);
    *seen |= bit;
}

static void check_movers(struct tp_check *check, const struct names *names)
{
    const struct tp_plan_affinity *affinity = &check->plan->affinity;
    for (int32_t i = 0; i < affinity->mover_count; i++) {
        const struct tp_plan_mover *mover = &affinity->movers[i];
        check_name(check, names, "movers", MOVER, mover->feature);
        if (!(mover->share > 0 && mover->share <= 1))
            tp_finding(&check->found,
                AFFINITY "movers: %s: found %.15g, expected a share above 0, to 1", mover->feature,
                mover->share);
    }
}

/* Every name is a feature's, once in its list. */
static enum tp_status check_names(struct tp_check *check, struct tp_error *err)
{
    const struct tp_plan_affinity *affinity = &check->plan->affinity;
    const struct tp_model *model = check->plan->model;
    if (affinity->mover_count + affinity->constant_count + affinity->neutral_count == 0)
        return TP_OK;
    struct names names = {.by_name = tp_check_feature_names(model),
        .seen = TP_NEW(model->feature_count, unsigned char)};
    enum tp_status status = names.by_name && names.seen ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK) {
        check_movers(check, &names);
        for (int32_t i = 0; i < affinity->constant_count; i++)
            check_name(check, &names, "constant", CONSTANT, affinity->constant[i]);
        for (int32_t i = 0; i < affinity->neutral_count; i++)
            check_name(check, &names, "neutral", NEUTRAL, affinity->neutral[i]);
    }
    free(names.seen);
    free(names.by_name);
    return status;
}

/* Figures that exist only beside others. */
static void check_company(struct tp_check *check)
{
    const struct tp_plan_affinity *affinity = &check->plan->affinity;
    if (affinity->dumps == 1 && !isnan(affinity->reproducibility))
        tp_finding(&check->found,
            AFFINITY "reproducibility: found %.15g, expected none: there is one dump only",
            affinity->reproducibility);
    if (affinity->mover_count > 0 && isnan(affinity->stability))
        tp_finding(&check->found,
            AFFINITY "movers: found %d, expected none without stability: they are counted with it",
            affinity->mover_count);
}

/* Whether what belongs to the affinity is about the features' present towers, and the verdict follows
 * from what was assessed. */
static enum tp_status check_verdict(struct tp_check *check, struct tp_error *err)
{
    const struct tp_plan *plan = check->plan;
    char digest[TP_SHA256_TEXT];
    if (isnan(plan->quality.inside_affinity) || !check->assignment_sound)
        return TP_OK;
    for (int32_t i = 0; i < plan->model->feature_count; i++)
        if (check->feature_tower[i] < 0) /* told elsewhere */
            return TP_OK;
    enum tp_status status = tp_assignment_digest(plan->model, check->feature_tower, digest, err);
    if (status != TP_OK)
        return status;
    enum tp_verdict expected = tp_verdict_of(plan);
    if (strcmp(digest, plan->quality.assignment) != 0)
        tp_finding(&check->found,
            "quality: inside_affinity belongs to another assignment of "
            "features to towers: features were moved, stale, run recost -a AFFINITY");
    else if (plan->affinity.verdict != expected)
        tp_finding(&check->found, AFFINITY "verdict: found %s, expected %s",
            tp_verdict_name(plan->affinity.verdict), tp_verdict_name(expected));
    return TP_OK;
}

enum tp_status tp_check_trust(struct tp_check *check, struct tp_error *err)
{
    check_ranges(check);
    enum tp_status status = check_names(check, err);
    if (status != TP_OK)
        return status;
    check_company(check);
    return check_verdict(check, err);
}
