/* SPDX-License-Identifier: Apache-2.0 */
/* An affinity in short, as the plan file keeps it: figures, and the names of the features that it knows
 * little of. The matrix itself is not part of a plan.
 *
 * Ownership: the description owns its lists and the input's name. Cost: O(F^2 log F), for the median
 * of the standard errors. */
#include "plan/plan_affinity.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void free_names(char **names, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

void tp_plan_affinity_drop_movers(struct tp_plan_affinity *description)
{
    for (int32_t i = 0; i < description->mover_count; i++)
        free(description->movers[i].feature);
    free(description->movers);
    description->movers = NULL;
    description->mover_count = 0;
}

void tp_plan_affinity_forget(struct tp_plan_affinity *description)
{
    description->stability = (double)NAN;
    description->verdict = TP_VERDICT_NONE;
    tp_plan_affinity_drop_movers(description);
}

void tp_plan_affinity_release(struct tp_plan_affinity *description)
{
    tp_plan_affinity_drop_movers(description);
    free_names(description->constant, description->constant_count);
    free_names(description->neutral, description->neutral_count);
    free(description->input.file);
    *description = (struct tp_plan_affinity){0};
}

static bool is_in_state(
    const struct tp_affinity *affinity, int32_t feature, enum tp_feature_state state)
{
    return affinity->state && affinity->state[feature] == state;
}

/* Names of the features in that state; NULL if there are none. */
static enum tp_status list_names(const struct tp_affinity *affinity, enum tp_feature_state state,
    char ***names, int32_t *count, struct tp_error *err)
{
    int32_t all = 0;
    for (int32_t i = 0; i < affinity->feature_count; i++)
        all += is_in_state(affinity, i, state);
    if (all == 0)
        return TP_OK;
    *names = TP_NEW(all, char *);
    if (!*names)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < affinity->feature_count; i++) {
        if (!is_in_state(affinity, i, state))
            continue;
        char *copy = tp_copy_text(affinity->features[i], strlen(affinity->features[i]));
        if (!copy)
            return tp_fail_memory(err);
        (*names)[(*count)++] = copy;
    }
    return TP_OK;
}

enum tp_status tp_plan_describe_affinity(
    struct tp_plan_affinity *description, const struct tp_affinity *affinity, struct tp_error *err)
{
    struct tp_plan_affinity made = {.measure = affinity->measure,
        .samples = affinity->samples,
        .dumps = affinity->dumps,
        .reproducibility = affinity->dumps > 1 ? affinity->reproducibility : (double)NAN,
        .null_rho = affinity->null_rho,
        .learned = affinity->learned,
        .noise_floor = affinity->noise_floor,
        .above_floor = tp_affinity_above_floor(affinity),
        .stability = (double)NAN};
    enum tp_status status = tp_affinity_typical_error(affinity, &made.std_error, err);
    if (status == TP_OK)
        status =
            list_names(affinity, TP_FEATURE_CONSTANT, &made.constant, &made.constant_count, err);
    if (status == TP_OK)
        status = list_names(affinity, TP_FEATURE_NEUTRAL, &made.neutral, &made.neutral_count, err);
    if (status == TP_OK) {
        made.input = description->input;
        description->input.file = NULL;
        tp_plan_affinity_release(description);
        *description = made;
    } else {
        tp_plan_affinity_release(&made);
    }
    return status;
}
