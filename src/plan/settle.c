/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan needs beside its placement, when towerpart did not make it. In: towers and tables as
 * somebody else chose them, right or wrong. Out: a whole document, of which check finds nothing wrong but
 * that choice.
 *
 * A limit that was never asked for cannot be broken, so the limits are what the towers keep to; memory
 * and constraints hold for everybody. Figures are computed as make and recost compute them. Where a
 * shard is wrong there are none, and check does not ask for them.
 * Cost: as tp_plan_check(), and O(F^2) with an affinity. */
#include "plan/settle.h"

#include <towerpart/version.h>

#include "base/fail.h"
#include "base/memory.h"
#include "plan/check.h"
#include "plan/figures.h"
#include "plan/plan_affinity.h"
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum tp_status tp_plan_begin(const struct tp_model *model, const struct tp_topology *topology,
    struct tp_plan **plan, struct tp_error *err)
{
    static const char generator[] = "towerpart " TP_VERSION;
    struct tp_plan *made = TP_NEW(1, struct tp_plan);
    if (!made)
        return tp_fail_memory(err);
    made->strategy = TP_STRATEGY_IMPORTED;
    made->ratio = 1;
    made->quality.inside_affinity = (double)NAN;
    made->quality.bound = (double)NAN;
    made->quality.balance.flops = (double)NAN;
    made->cost.flat_free_seconds = (double)NAN;
    made->generator = tp_copy_text(generator, sizeof generator - 1);
    enum tp_status status = made->generator ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK)
        status = tp_model_copy(model, &made->model, err);
    if (status == TP_OK)
        status = tp_topology_copy(topology, &made->topology, err);
    if (status == TP_OK)
        *plan = made;
    else
        tp_plan_free(made);
    return status;
}

/* The list of ranks, for a placement that has no loads. */
static enum tp_status list_ranks(struct tp_plan *plan, struct tp_error *err)
{
    int32_t count = plan->topology->rank_count;
    plan->ranks = TP_NEW(count, struct tp_plan_rank);
    if (!plan->ranks)
        return tp_fail_memory(err);
    for (plan->rank_count = 0; plan->rank_count < count; plan->rank_count++)
        plan->ranks[plan->rank_count].rank = plan->rank_count;
    return TP_OK;
}

static enum tp_status compute_figures(
    struct tp_plan *plan, const struct tp_check *check, struct tp_error *err)
{
    double flat_free_seconds;
    enum tp_status status =
        tp_flat_free_seconds(plan->model, plan->topology, &flat_free_seconds, err);
    if (status == TP_OK)
        status = tp_plan_figures(plan, check->placement, flat_free_seconds, err);
    return status;
}

static enum tp_status relate(struct tp_plan *plan, const struct tp_check *check,
    const struct tp_affinity *affinity, struct tp_error *err)
{
    for (int32_t i = 0; i < plan->model->feature_count; i++)
        if (check->feature_tower[i] < 0)
            return TP_OK;
    plan->quality.inside_affinity = tp_inside_affinity(affinity, check->feature_tower);
    return tp_assignment_digest(plan->model, check->feature_tower, plan->quality.assignment, err);
}

enum tp_status tp_plan_settle(
    struct tp_plan *plan, const struct tp_affinity *affinity, struct tp_error *err)
{
    struct tp_check check;
    enum tp_status status = tp_check_layout(&check, plan, err);
    if (status != TP_OK)
        return status;
    status = tp_check_needed_limits(&check, &plan->balance, &plan->ratio, err);
    if (status == TP_OK && check.placement && check.batch_divides)
        status = compute_figures(plan, &check, err);
    else if (status == TP_OK)
        status = list_ranks(plan, err);
    if (status == TP_OK && affinity)
        status = tp_plan_describe_affinity(&plan->affinity, affinity, err);
    if (status == TP_OK && affinity)
        status = relate(plan, &check, affinity, err);
    tp_check_release(&check);
    return status;
}
