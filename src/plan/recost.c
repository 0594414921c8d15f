/* SPDX-License-Identifier: Apache-2.0 */
/* A plan brought up to date after a person moved tables, features or shards. In: a plan whose figures
 * may be stale but whose placement obeys every rule. Out: the same plan with loads, balance, costs and
 * recommendation of that placement.
 *
 * Only the list of ranks may be wrong before: it is made anew. Nothing is changed unless all goes
 * well. Cost: as tp_plan_check(), and O(F^2) with an affinity. */
#include <towerpart/plan.h>

#include "base/fail.h"
#include "base/text.h"
#include "plan/check.h"
#include "plan/figures.h"
#include "plan/plan_affinity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What belongs to the affinity, after the edit. */
struct trust {
    bool holds;      /* no feature moved and the affinity is the same: all of it stays as it is */
    bool is_another; /* an affinity was given, of which: */
    struct tp_plan_affinity affinity; /* owned; without the input's name */
    double inside_affinity;
    char assignment[65];
};

static enum tp_status judge_trust(const struct tp_plan *plan, const int32_t *tower_of_feature,
    const struct tp_affinity *affinity, struct trust *trust, struct tp_error *err)
{
    char digest[65];
    enum tp_status status = tp_assignment_digest(plan->model, tower_of_feature, digest, err);
    if (status != TP_OK)
        return status;
    bool same_affinity = !affinity || !strcmp(affinity->sha256, plan->affinity.input.sha256);
    double share = plan->quality.inside_affinity;
    trust->holds =
        same_affinity && !strcmp(digest, plan->quality.assignment) && share >= 0 && share <= 1;
    trust->inside_affinity = (double)NAN;
    if (trust->holds || !affinity)
        return TP_OK;
    trust->is_another = true;
    trust->inside_affinity = tp_inside_affinity(affinity, tower_of_feature);
    memcpy(trust->assignment, digest, sizeof digest);
    return tp_plan_describe_affinity(&trust->affinity, affinity, err);
}

/* Moves the description into the plan; the name and digest of its input are set by the caller. */
static void take_affinity(struct tp_plan_affinity *to, struct tp_plan_affinity *from)
{
    from->input = to->input;
    to->input.file = NULL;
    tp_plan_affinity_release(to);
    *to = *from;
    *from = (struct tp_plan_affinity){0};
}

static void take_trust(struct tp_plan *plan, struct trust *trust)
{
    struct tp_plan_quality *quality = &plan->quality;
    for (int32_t i = 0; i < quality->baseline_count; i++)
        free(quality->baselines[i].name);
    free(quality->baselines);
    quality->baselines = NULL;
    quality->baseline_count = 0;
    quality->inside_affinity = trust->inside_affinity;
    quality->bound = (double)NAN;
    quality->proven_optimal = false;
    memcpy(quality->assignment, trust->assignment, sizeof quality->assignment);
    if (trust->is_another)
        take_affinity(&plan->affinity, &trust->affinity);
    else
        tp_plan_affinity_forget(&plan->affinity);
}

static enum tp_status check_affinity(
    const struct tp_model *model, const struct tp_affinity *affinity, struct tp_error *err)
{
    if (affinity->feature_count != model->feature_count)
        return tp_fail(err, TP_EINPUT, "affinity: found %d feature%s, expected the %d of the model",
            affinity->feature_count, tp_plural(affinity->feature_count), model->feature_count);
    for (int32_t i = 0; i < model->feature_count; i++)
        if (strcmp(affinity->features[i], model->features[i].name) != 0)
            return tp_fail(err, TP_EINPUT,
                "affinity: feature %d: found %s, expected %s, the order of the model", i,
                affinity->features[i], model->features[i].name);
    return TP_OK;
}

enum tp_status tp_plan_recost(
    struct tp_plan *plan, const struct tp_affinity *affinity, struct tp_error *err)
{
    struct tp_check check;
    double flat_free_seconds;
    enum tp_status status = affinity ? check_affinity(plan->model, affinity, err) : TP_OK;
    if (status != TP_OK)
        return status;
    status = tp_check_layout(&check, plan, err);
    if (status != TP_OK)
        return status;
    struct trust trust = {0};
    status = tp_check_limits(&check, err);
    if (status == TP_OK)
        status = tp_finding_fail(&check.found,
            "the plan breaks these rules; mend them before recost (balance and ratio are the "
            "plan's own limits:"
            " raise them there if the edit may go beyond them):",
            TP_EINFEASIBLE, err);
    if (status == TP_OK)
        status = judge_trust(plan, check.feature_tower, affinity, &trust, err);
    if (status == TP_OK)
        status = tp_flat_free_seconds(plan->model, plan->topology, &flat_free_seconds, err);
    if (status == TP_OK)
        status = tp_plan_figures(plan, check.placement, flat_free_seconds, err);
    if (status == TP_OK && !trust.holds)
        take_trust(plan, &trust);
    tp_plan_affinity_release(&trust.affinity);
    tp_check_release(&check);
    return status;
}
