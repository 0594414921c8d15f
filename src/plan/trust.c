/* SPDX-License-Identifier: Apache-2.0 */
/* Measures how far a partition hangs on its affinity: matrices redrawn within their standard errors are
 * partitioned again, under the same limits, and the towers compared with the plan's: how alike they are
 * (stability), and which features change tower. */
#include "plan/trust.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/random.h"
#include "plan/movers.h"
#include "plan/plan_affinity.h"
#include "plan/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RESAMPLES 8

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

enum tp_status tp_adjusted_rand(const int32_t *a, const int32_t *b, int32_t count, int32_t labels,
    double *index, struct tp_error *err)
{
    size_t cells;
    double *table =
        tp_multiply((size_t)labels, (size_t)labels, &cells) ? TP_NEW(cells, double) : NULL;
    double *row = TP_NEW(labels, double), *column = TP_NEW(labels, double);
    enum tp_status status = TP_OK;
    if (!table || !row || !column) {
        status = tp_fail_memory(err);
        goto out;
    }
    for (int32_t i = 0; i < count; i++) {
        table[(int64_t)a[i] * labels + b[i]]++;
        row[a[i]]++;
        column[b[i]]++;
    }
    double both = 0, in_a = 0, in_b = 0;
    for (size_t i = 0; i < cells; i++)
        both += pairs(table[i]);
    for (int32_t i = 0; i < labels; i++) {
        in_a += pairs(row[i]);
        in_b += pairs(column[i]);
    }
    double chance = count > 1 ? in_a * in_b / pairs(count) : 0, most = (in_a + in_b) / 2;
    *index = most - chance > 1e-12 ? (both - chance) / (most - chance) : 1;
out:
    free(table);
    free(row);
    free(column);
    return status;
}

/* affinity + standard error * normal noise, kept in [0, 1] and symmetric. */
static void redraw(const struct tp_affinity *from, struct tp_random *random, float *to)
{
    int64_t n = from->feature_count;
    for (int64_t i = 0; i < n; i++) {
        to[i * n + i] = 1;
        for (int64_t j = 0; j < i; j++) {
            double noise = (double)from->std_error[i * n + j] * tp_random_normal(random);
            double value = fmin(1, fmax(0, (double)from->affinity[i * n + j] + noise));
            to[i * n + j] = to[j * n + i] = (float)value;
        }
    }
}

/* The same question with a matrix of its own, quick, from the plan's towers. */
static struct tp_question ask_again(const struct tp_question *question,
    const struct tp_solution *solution, const struct tp_affinity *redrawn)
{
    struct tp_question again = *question;
    again.affinity = redrawn;
    again.balance = solution->partition.limits.balance;
    again.ratio = solution->partition.limits.ratio;
    again.effort = 1;
    again.quick = true;
    again.deadline = 0;
    again.legal = solution->partition.tower;
    again.progress = false;
    return again;
}

/* One resample: its index, and to each unit that it moves, 1 more. */
static enum tp_status compare_resample(const struct tp_question *again,
    const struct tp_solution *solution, double *index, int32_t *moves, struct tp_error *err)
{
    const struct tp_problem *problem = solution->problem;
    const int32_t *tower = solution->partition.tower;
    struct tp_solution other = {0};
    *index = 0;
    enum tp_status status = tp_solve(again, &other, err);
    bool solved = !status && other.partition.answer == TP_ANSWER_YES;
    if (solved)
        status = tp_adjusted_rand(
            tower, other.partition.tower, problem->unit_count, problem->tower_count, index, err);
    if (solved && !status)
        status = tp_count_moves(problem, tower, other.partition.tower, moves, err);
    tp_solution_release(&other);
    return status;
}

/* Mean index over the resamples, of units, and the features that move in them. */
static enum tp_status measure_stability(const struct tp_question *question,
    const struct tp_solution *solution, struct tp_plan_affinity *out, struct tp_error *err)
{
    struct tp_affinity redrawn = *question->affinity; /* shallow; only the matrix is another */
    struct tp_question again = ask_again(question, solution, &redrawn);
    size_t n = (size_t)redrawn.feature_count, cells;
    double sum = 0;
    enum tp_status status = TP_OK;
    int32_t *moves = TP_NEW(solution->problem->unit_count, int32_t);
    redrawn.affinity = tp_multiply(n, n, &cells) ? TP_NEW(cells, float) : NULL;
    if (!redrawn.affinity || !moves) {
        status = tp_fail_memory(err);
        goto out;
    }
    for (uint64_t k = 0; !status && k < RESAMPLES; k++) {
        struct tp_random random = tp_random_new(question->seed, 100 + k);
        double index = 0;
        redraw(question->affinity, &random, redrawn.affinity);
        status = compare_resample(&again, solution, &index, moves, err);
        sum += index;
    }
    out->stability = sum / RESAMPLES;
    if (!status)
        status = tp_list_movers(solution->problem, question->model, moves, RESAMPLES, out, err);
out:
    free(redrawn.affinity);
    free(moves);
    return status;
}

static bool was_stopped(const struct tp_question *question)
{
    return question->stop && *question->stop;
}

enum tp_status tp_assess_trust(const struct tp_question *question,
    const struct tp_solution *solution, struct tp_plan *plan, struct tp_error *err)
{
    struct tp_plan_affinity *out = &plan->affinity;
    const struct tp_affinity *affinity = question->affinity;
    out->stability = (double)NAN;
    if (!affinity)
        return TP_OK;
    enum tp_status status = tp_plan_describe_affinity(out, affinity, err);
    /* Only a partition by affinity can hang on it. */
    bool by_affinity =
        question->strategy == TP_STRATEGY_COHERENT || question->strategy == TP_STRATEGY_DIVERSE;
    /* After a request to stop nobody waits for more. */
    if (status || !by_affinity || was_stopped(question))
        return status;
    status = measure_stability(question, solution, out, err);
    if (!status && was_stopped(question)) {
        out->stability = (double)NAN;
        tp_plan_affinity_drop_movers(out);
    }
    out->verdict = tp_verdict_of(plan);
    return status;
}
