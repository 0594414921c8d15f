/* SPDX-License-Identifier: Apache-2.0 */
/* Why a feature is where it is.
 *
 * In: a plan that keeps its rules, the name of a feature, the affinity if there is one. Out: where its
 * table is, what it is related to (bonds.c), and what other places would break or cost (places.c). A plan
 * that breaks rules is not explained: what holds a feature in it would be an accident. */
#include <towerpart/explain.h>

#include "base/fail.h"
#include "base/memory.h"
#include "explain/bonds.h"
#include "explain/places.h"
#include "plan/check.h"
#include "plan/figures.h"
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *tp_hold_name(int i)
{
    static const char *const names[TP_HOLD_COUNT] = {
        "lookup", "output", "flops", "features", "memory", "apart", "pin"};
    return names[i];
}

static enum tp_status find_feature(
    const struct tp_plan *plan, const char *name, int32_t *feature, struct tp_error *err)
{
    const struct tp_model *model = plan->model;
    *feature = tp_model_feature(model, name);
    if (*feature >= 0)
        return TP_OK;
    const char *near = tp_model_nearest_feature(model, name);
    return tp_fail(err, TP_EUSAGE, "feature %s is not in the model%s%s%s", name,
        near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static enum tp_status check_plan(struct tp_check *check, struct tp_error *err)
{
    enum tp_status status = tp_check_limits(check, err);
    if (status == TP_OK)
        status = tp_finding_fail(
            &check->found, "the plan breaks these rules; mend them first:", TP_EINPUT, err);
    return status;
}

static enum tp_status fill(struct tp_explain *explain, const struct tp_check *check,
    const struct tp_affinity *affinity, struct tp_error *err)
{
    const struct tp_plan_affinity *known = &explain->plan->affinity;
    explain->table = explain->plan->model->features[explain->feature].table;
    explain->tower = check->feature_tower[explain->feature];
    explain->tower_count = check->tower_count;
    explain->towers = TP_NEW(explain->tower_count, struct tp_explain_tower);
    if (!explain->towers)
        return tp_fail_memory(err);
    explain->has_affinity = affinity != NULL;
    explain->other_affinity = affinity && !known->from_dump && known->input.sha256[0] &&
                              strcmp(known->input.sha256, affinity->sha256) != 0;
    explain->now.inside_affinity =
        affinity ? tp_inside_affinity(affinity, check->feature_tower) : (double)NAN;
    tp_explain_bonds(explain, check->feature_tower, affinity);
    return tp_explain_places(explain, check->placement, affinity, err);
}

enum tp_status tp_explain_make(const struct tp_plan *plan, const char *feature,
    const struct tp_affinity *affinity, struct tp_explain **explain, struct tp_error *err)
{
    struct tp_check check;
    int32_t index;
    enum tp_status status = find_feature(plan, feature, &index, err);
    if (status != TP_OK)
        return status;
    struct tp_explain *made = TP_NEW(1, struct tp_explain);
    if (!made)
        return tp_fail_memory(err);
    made->plan = plan;
    made->feature = index;
    status = tp_check_layout(&check, plan, err);
    if (status == TP_OK) {
        status = check_plan(&check, err);
        if (status == TP_OK)
            status = fill(made, &check, affinity, err);
        tp_check_release(&check);
    }
    if (status == TP_OK)
        *explain = made;
    else
        tp_explain_free(made);
    return status;
}

void tp_explain_free(struct tp_explain *explain)
{
    if (!explain)
        return;
    free(explain->unit_tables);
    free(explain->towers);
    free(explain);
}
