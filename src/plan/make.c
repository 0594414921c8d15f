/* SPDX-License-Identifier: Apache-2.0 */
/* The main job: partition, seating, placement, figures, one after the other, into a plan.
 *
 * Nothing is written into the plan that check would not find true: all figures come from the same
 * functions that check asks. */
#include <towerpart/plan.h>

#include "base/fail.h"
#include "base/memory.h"
#include "plan/fill.h"
#include "plan/options.h"
#include "plan/place.h"
#include "plan/seating.h"
#include "plan/solve.h"
#include "plan/trust.h"

#include <stdlib.h>
#include <string.h>

static int64_t exact_steps(const struct tp_solution *solution)
{
    return solution->problem->unit_count <= TP_EXACT_UNITS_MAX ? TP_JUDGE_STEPS : 0;
}

/* Stride says itself which tower is where. */
static enum tp_status seat(
    const struct tp_plan *plan, struct tp_solution *solution, struct tp_error *err)
{
    if (plan->strategy == TP_STRATEGY_STRIDE)
        return TP_OK;
    return tp_seat_towers(plan->model, plan->topology, solution->problem, exact_steps(solution),
        solution->partition.tower, err);
}

static enum tp_status place(const struct tp_plan *plan, const struct tp_solution *solution,
    struct tp_placement **placement, struct tp_error *err)
{
    const struct tp_model *model = plan->model;
    int32_t *tower = TP_NEW(model->table_count, int32_t);
    if (!tower)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < model->table_count; i++)
        tower[i] = solution->partition.tower[solution->problem->unit_of_table[i]];
    enum tp_status status =
        tp_place(model, plan->topology, tp_topology_ranks_per_tower(plan->topology), tower,
            exact_steps(solution), placement, NULL, err);
    if (!status && !*placement) /* the judge has placed the very same tables */
        status = tp_fail(err, TP_EINTERNAL, "a partition that fits could not be placed");
    free(tower);
    return status;
}

enum tp_status tp_plan_make(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_affinity *affinity, const struct tp_plan_options *options,
    struct tp_plan **plan, struct tp_error *err)
{
    struct tp_plan_options defaults = tp_plan_options_default();
    struct tp_plan *made = NULL;
    struct tp_solution solution = {0};
    struct tp_placement *placement = NULL;
    options = options ? options : &defaults;
    enum tp_status status = tp_check_plan_options(topology, affinity, options, err);
    if (!status)
        status = tp_plan_new(model, topology, options, &made, err);
    if (status)
        return status;
    struct tp_model unbound = *made->model; /* shallow */
    if (options->strategy == TP_STRATEGY_FLAT)
        unbound.constraint_count = 0; /* they are about towers, and there are none */
    struct tp_question question = tp_question_of(made, affinity, options);
    question.model = &unbound;
    status = tp_solve(&question, &solution, err);
    if (!status && solution.partition.answer != TP_ANSWER_YES)
        status = tp_explain_refusal(&question, &solution, err);
    if (!status)
        status = seat(made, &solution, err);
    if (!status)
        status = place(made, &solution, &placement, err);
    if (!status)
        status = tp_plan_fill(made, affinity, &solution, placement, err);
    if (!status)
        status = tp_assess_trust(&question, &solution, made, err);
    if (!status) {
        *plan = made;
        made = NULL;
    }
    tp_placement_free(placement);
    tp_solution_release(&solution);
    tp_plan_free(made);
    return status;
}
