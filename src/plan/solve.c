/* SPDX-License-Identifier: Apache-2.0 */
/* Joins partition and placement: the partitioner proposes towers, placing their tables on ranks under
 * each rank's memory is the judge's verdict. Few units are judged exhaustively, so that a refusal is a
 * proof. */
#include "plan/solve.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "partition/ties.h"
#include "plan/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct court {
    const struct tp_question *question;
    const struct tp_problem *problem;
    int32_t ranks_per_tower;
    int32_t hard_verdicts;   /* that ended for want of steps */
    int32_t *tower_of_table; /* scratch */
    enum tp_status status;   /* first failure of placing; then every verdict is "unsure" */
};

static int fits(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    struct court *court = context;
    const struct tp_model *model = court->question->model;
    const struct tp_problem *problem = court->problem;
    struct tp_placement *placement = NULL;
    bool proven = false;
    if (court->status)
        return -1;
    for (int32_t i = 0; i < model->table_count; i++) {
        int32_t t = tower_of_unit[problem->unit_of_table[i]];
        court->tower_of_table[i] = tower < 0 || t == tower ? t : -1;
    }
    int64_t steps = 0;
    if (problem->unit_count <= TP_EXACT_UNITS_MAX)
        steps = court->hard_verdicts < TP_JUDGE_HARD_VERDICTS ? TP_JUDGE_STEPS : TP_JUDGE_FEW_STEPS;
    court->status = tp_place(model, court->question->topology, court->ranks_per_tower,
        court->tower_of_table, steps, &placement, &proven, NULL);
    bool placed = !court->status && placement;
    tp_placement_free(court->status ? NULL : placement);
    court->hard_verdicts += !placed && !proven;
    return placed ? 1 : proven ? 0 : -1;
}

enum tp_goal tp_goal_of(enum tp_strategy strategy)
{
    if (strategy == TP_STRATEGY_COHERENT || strategy == TP_STRATEGY_PAPER)
        return TP_GOAL_COHERENT;
    return strategy == TP_STRATEGY_DIVERSE ? TP_GOAL_DIVERSE : TP_GOAL_LOAD;
}

/* Fewer units than towers leaves one empty, whatever the search does. */
static enum tp_status count_units(const struct tp_problem *problem, struct tp_error *why)
{
    if (problem->unit_count >= problem->tower_count)
        return TP_OK;
    return tp_fail(why, TP_EINFEASIBLE,
        "%d towers, but only %d unit%s to fill them (a unit is a table with all its features, or "
        "several tables bound by `together`)",
        problem->tower_count, problem->unit_count, tp_plural(problem->unit_count));
}

static int32_t ranks_per_tower(const struct tp_question *question)
{
    return question->topology->ranks_per_host * question->hosts_per_tower;
}

enum tp_status tp_question_problem(const struct tp_question *question, struct tp_problem **problem,
    struct tp_error *why, struct tp_error *err)
{
    *problem = NULL;
    *why = (struct tp_error){.status = TP_OK};
    enum tp_status status = tp_problem_new(question->model, question->topology,
        ranks_per_tower(question), question->affinity, problem, why);
    if (status == TP_EINFEASIBLE)
        return TP_OK;
    if (status)
        return tp_fail(err, status, "%s", why->text);
    double balance = question->balance, ratio = question->ratio;
    tp_problem_set_limits(*problem, (struct tp_limits){isnan(balance) ? (double)INFINITY : balance,
                                        isnan(ratio) ? (double)INFINITY : ratio});
    return TP_OK;
}

static enum tp_status open_court(const struct tp_question *question, struct tp_solution *solution,
    struct court *court, struct tp_error *err)
{
    enum tp_status status = tp_question_problem(question, &solution->problem, &solution->why, err);
    if (status || !solution->problem || count_units(solution->problem, &solution->why))
        return status;
    if (question->pull && (status = tp_problem_tie(solution->problem, question->pull, err)))
        return status;
    *court = (struct court){.question = question,
        .problem = solution->problem,
        .ranks_per_tower = ranks_per_tower(question),
        .tower_of_table = TP_NEW(question->model->table_count, int32_t)};
    return court->tower_of_table ? TP_OK : tp_fail_memory(err);
}

static void refuse(struct tp_solution *solution)
{
    tp_problem_free(solution->problem);
    solution->problem = NULL;
    solution->partition.answer = TP_ANSWER_NO;
}

enum tp_status tp_solve(
    const struct tp_question *question, struct tp_solution *solution, struct tp_error *err)
{
    struct court court = {0};
    memset(solution, 0, sizeof *solution);
    enum tp_status status = open_court(question, solution, &court, err);
    if (status || solution->why.status) {
        refuse(solution);
        return status;
    }
    struct tp_judge judge = {fits, &court};
    struct tp_partition_options options = {.goal = tp_goal_of(question->strategy),
        .stride = question->strategy == TP_STRATEGY_STRIDE,
        .paper = question->strategy == TP_STRATEGY_PAPER,
        .balance = question->balance,
        .ratio = question->ratio,
        .seed = question->seed,
        .effort = question->effort,
        .quick = question->quick,
        .legal = question->legal,
        .deadline = question->deadline > 0 ? question->deadline : (double)INFINITY,
        .stop = question->stop,
        .progress = question->progress};
    status = tp_partition(solution->problem, &judge, &options, &solution->partition, err);
    if (!status && court.status == TP_ENOMEM)
        status = tp_fail_memory(err);
    free(court.tower_of_table);
    if (status)
        tp_solution_release(solution);
    return status;
}

void tp_solution_release(struct tp_solution *solution)
{
    if (!solution)
        return;
    tp_problem_free(solution->problem);
    tp_partition_release(&solution->partition);
    memset(solution, 0, sizeof *solution);
}

enum tp_status tp_fits_alone(const struct tp_question *question, const struct tp_problem *problem,
    int32_t unit, int32_t tower, int *fits, struct tp_error *err)
{
    struct tp_placement *placement = NULL;
    bool proven = false;
    int32_t *tower_of_table = TP_NEW(question->model->table_count, int32_t);
    if (!tower_of_table)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < question->model->table_count; i++)
        tower_of_table[i] = problem->unit_of_table[i] == unit ? tower : -1;
    enum tp_status status = tp_place(question->model, question->topology, ranks_per_tower(question),
        tower_of_table, TP_JUDGE_STEPS, &placement, &proven, err);
    if (!status) {
        *fits = placement ? 1 : proven ? 0 : -1;
        tp_placement_free(placement);
    }
    free(tower_of_table);
    return status;
}

/* Stride has one assignment to ask about. */
static enum tp_status stride_fits(const struct tp_question *question, enum tp_answer *answer,
    struct tp_limits *limits, struct tp_error *err)
{
    struct tp_question quick = *question;
    struct tp_solution solution;
    quick.quick = true;
    enum tp_status status = tp_solve(&quick, &solution, err);
    if (status)
        return status;
    *answer = solution.partition.answer;
    if (*answer == TP_ANSWER_YES && limits)
        *limits = solution.partition.limits;
    tp_solution_release(&solution);
    return TP_OK;
}

enum tp_status tp_feasible(const struct tp_question *question, int32_t effort,
    enum tp_answer *answer, struct tp_limits *limits, struct tp_error *err)
{
    if (question->strategy == TP_STRATEGY_STRIDE)
        return stride_fits(question, answer, limits, err);
    struct tp_solution solution = {0};
    struct tp_limits settled;
    struct court court = {0};
    bool proven;
    int32_t *tower = NULL;
    *answer = TP_ANSWER_NO;
    enum tp_status status = open_court(question, &solution, &court, err);
    if (status || solution.why.status)
        goto out;
    struct tp_judge judge = {fits, &court};
    tower = TP_NEW(solution.problem->unit_count, int32_t);
    if (!tower) {
        status = tp_fail_memory(err);
        goto out;
    }
    double balance = question->balance, ratio = question->ratio;
    if (!limits) {
        balance = isnan(balance) ? (double)INFINITY : balance;
        ratio = isnan(ratio) ? (double)INFINITY : ratio;
    }
    status = tp_settle_limits(solution.problem, &judge, balance, ratio, question->seed, effort,
        NULL, &settled, &proven, tower, answer, err);
    if (!status && court.status == TP_ENOMEM)
        status = tp_fail_memory(err);
    if (!status && *answer == TP_ANSWER_YES && limits)
        *limits = settled;
out:
    free(tower);
    free(court.tower_of_table);
    tp_solution_release(&solution);
    return status;
}
