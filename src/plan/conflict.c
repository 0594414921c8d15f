/* SPDX-License-Identifier: Apache-2.0 */
/* From a refused question to a minimal conflict.
 *
 * A conflict is minimal when leaving out any one of its facts makes the rest hold. QuickXplain (Junker
 * 2004, AAAI, "Preferred explanations and relaxations for over-constrained problems") finds one with
 * few questions, about 2 k log2(n / k) for k facts out of n, and prefers facts that come early: memory
 * and limits, then the constraints in the order of the file. It runs twice: first the questions go to
 * the direct bounds, which are free and prove what they say; what is left is put to the search. When
 * the searches are used up, facts stay that might not be needed, and the conflict says so. */
#include "plan/conflict.h"

#include "base/fail.h"
#include "base/memory.h"
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNITS_PLACED 4               /* alone, to see whether it is them */
#define BOUNDLESS (INT64_C(1) << 60) /* bytes: no model needs that */

struct filter {
    struct tp_inquiry *inquiry;
    struct tp_question question; /* as asked, with only the facts that are in */
    struct tp_model model;       /* shallow */
    struct tp_constraint *constraints;
    struct tp_topology *boundless; /* as the user's, with memory that never binds */
    struct tp_fact *facts;
    int32_t count;
    bool *in;
    bool by_bounds;        /* ask them alone */
    bool proven;           /* the whole is: then what is not proven does not count as a conflict */
    bool sure;             /* no fact is in for want of an answer */
    enum tp_status status; /* of the first question that failed; then nothing conflicts */
    struct tp_error *err;
};

static enum tp_status filter_init(struct filter *f, struct tp_error *err)
{
    const struct tp_question *asked = &f->inquiry->asked;
    int32_t constraints = asked->model->constraint_count;
    f->err = err;
    f->question = *asked;
    f->model = *asked->model;
    f->constraints = TP_NEW(constraints, struct tp_constraint);
    f->facts = TP_NEW(constraints + TP_FACT_CONSTRAINT, struct tp_fact);
    f->in = TP_NEW(constraints + TP_FACT_CONSTRAINT, bool);
    if (!f->constraints || !f->facts || !f->in)
        return tp_fail_memory(err);
    f->facts[f->count++] = (struct tp_fact){TP_FACT_MEMORY, 0};
    if (!isnan(asked->ratio))
        f->facts[f->count++] = (struct tp_fact){TP_FACT_RATIO, 0};
    if (!isnan(asked->balance))
        f->facts[f->count++] = (struct tp_fact){TP_FACT_BALANCE, 0};
    for (int32_t i = 0; i < constraints; i++)
        f->facts[f->count++] = (struct tp_fact){TP_FACT_CONSTRAINT, i};
    enum tp_status status = tp_topology_copy(asked->topology, &f->boundless, err);
    for (int32_t h = 0; !status && h < f->boundless->host_count; h++)
        f->boundless->hosts[h].memory_bytes = BOUNDLESS;
    return status;
}

static void filter_release(struct filter *f)
{
    tp_topology_free(f->boundless);
    free(f->constraints);
    free(f->facts);
    free(f->in);
}

/* Makes the question about the facts that are in. */
static void restrict_question(struct filter *f)
{
    const struct tp_question *asked = &f->inquiry->asked;
    f->question.model = &f->model;
    f->question.topology = f->boundless;
    f->question.ratio = f->question.balance = (double)NAN;
    f->model.constraints = f->constraints;
    f->model.constraint_count = 0;
    for (int32_t i = 0; i < f->count; i++) {
        if (!f->in[i])
            continue;
        switch (f->facts[i].kind) {
        case TP_FACT_MEMORY:
            f->question.topology = asked->topology;
            break;
        case TP_FACT_RATIO:
            f->question.ratio = asked->ratio;
            break;
        case TP_FACT_BALANCE:
            f->question.balance = asked->balance;
            break;
        case TP_FACT_CONSTRAINT:
            f->constraints[f->model.constraint_count++] =
                asked->model->constraints[f->facts[i].constraint];
            break;
        }
    }
}

/* Do the facts that are in rule each other out? */
static bool conflicts(struct filter *f)
{
    struct tp_breach breach;
    enum tp_answer answer = TP_ANSWER_UNSURE;
    bool impossible = false;
    if (f->status)
        return false;
    restrict_question(f);
    if (f->by_bounds) {
        f->status = tp_inquire_bounds(&f->question, NULL, &breach, &impossible, f->err);
        tp_breach_release(&breach);
        return impossible;
    }
    bool last = f->inquiry->left <= 0;
    f->status = tp_inquire(f->inquiry, &f->question, &answer, NULL, f->err);
    if (answer == TP_ANSWER_UNSURE) {
        /* Not found is as good as not there only where the whole question was answered like that. */
        f->sure &= !f->proven && !last;
        return !f->proven && !last;
    }
    return !f->status && answer == TP_ANSWER_NO;
}

/* QuickXplain: of those listed, which conflict as a whole with what is in, puts in just enough to conflict.
 * @param grown  whether something was put in since the last question. */
static void explain(struct filter *f, const int32_t *list, int32_t count, bool grown)
{
    if (count == 0 || (grown && conflicts(f)))
        return;
    if (count == 1) {
        f->in[list[0]] = true;
        return;
    }
    int32_t half = count / 2;
    bool later = false;
    for (int32_t i = 0; i < half; i++)
        f->in[list[i]] = true;
    explain(f, list + half, count - half, true);
    for (int32_t i = 0; i < half; i++)
        f->in[list[i]] = false;
    for (int32_t i = half; i < count; i++)
        later |= f->in[list[i]];
    explain(f, list, half, later);
}

/* Reduces the facts that are in to a minimal conflict. */
static enum tp_status reduce(struct filter *f, struct tp_error *err)
{
    int32_t count = 0, *list = TP_NEW(f->count, int32_t);
    if (!list)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < f->count; i++)
        if (f->in[i])
            list[count++] = i;
    for (int32_t i = 0; i < f->count; i++)
        f->in[i] = false;
    explain(f, list, count, true);
    free(list);
    return f->status;
}

/* Can the unit be placed alone in one of the towers? Those of a class are alike.
 * @param fits  out, as of tp_fits_alone(), the best answer. */
static enum tp_status place_alone(const struct tp_question *question,
    const struct tp_problem *problem, int32_t unit, int *fits, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    int32_t class = 0;
    *fits = 0;
    for (int32_t t = 0; t < problem->tower_count && *fits <= 0 && !status; t++) {
        int now = 0;
        if (problem->tower_class[t] != class)
            continue; /* classes are numbered by their first tower */
        class ++;
        if (problem->pin[unit] >= 0 && problem->pin[unit] != t)
            continue;
        status = tp_fits_alone(question, problem, unit, t, &now, err);
        *fits = now ? now : *fits;
    }
    return status;
}

/* Memory of a tower's ranks, added up, may do where that of each does not: tries the largest units. */
static enum tp_status find_misfit(
    const struct tp_question *question, struct tp_conflict *conflict, struct tp_error *err)
{
    const struct tp_problem *p = conflict->problem;
    enum tp_status status = TP_OK;
    for (int32_t u = 0; u < p->unit_count && !status; u++) {
        int32_t heavier = 0;
        int fits = 1;
        double weight = tp_unit_weight(p, u)[TP_MEMORY];
        for (int32_t v = 0; v < p->unit_count; v++)
            heavier += tp_unit_weight(p, v)[TP_MEMORY] > weight;
        if (heavier >= UNITS_PLACED)
            continue;
        status = place_alone(question, p, u, &fits, err);
        if (status || fits > 0 || (fits < 0 && conflict->misfit >= 0))
            continue;
        conflict->misfit = u;
        conflict->misfit_proven = fits == 0;
        if (conflict->misfit_proven)
            break;
    }
    conflict->proven |= conflict->misfit_proven;
    return status;
}

/* What is in, as the answer. */
static enum tp_status conclude(struct filter *f, struct tp_conflict *conflict, struct tp_error *err)
{
    bool impossible;
    conflict->facts = TP_NEW(f->count, struct tp_fact);
    if (!conflict->facts)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < f->count; i++)
        if (f->in[i])
            conflict->facts[conflict->count++] = f->facts[i];
    restrict_question(f);
    enum tp_status status =
        tp_inquire_bounds(&f->question, &conflict->problem, &conflict->breach, &impossible, err);
    conflict->proven = f->proven || impossible;
    conflict->minimal = f->sure;
    if (!status && conflict->problem && !conflict->breach.kind &&
        tp_conflict_has(conflict, TP_FACT_MEMORY))
        status = find_misfit(&f->question, conflict, err);
    return status;
}

/* Stride has one assignment. If any other would do, that is what the conflict is about. */
static enum tp_status judge_stride(struct filter *f, struct tp_conflict *conflict)
{
    enum tp_answer answer;
    if (f->question.strategy != TP_STRATEGY_STRIDE)
        return TP_OK;
    f->question.strategy = TP_STRATEGY_LOAD;
    enum tp_status status = tp_inquire(f->inquiry, &f->question, &answer, NULL, f->err);
    if (status)
        return status;
    conflict->stride = answer != TP_ANSWER_NO;
    f->sure &= answer != TP_ANSWER_UNSURE;
    if (conflict->stride)
        f->question.strategy = TP_STRATEGY_STRIDE;
    return TP_OK;
}

enum tp_status tp_conflict_find(
    struct tp_inquiry *inquiry, bool proven, struct tp_conflict *conflict, struct tp_error *err)
{
    struct filter f = {.inquiry = inquiry, .proven = proven, .sure = true};
    *conflict = (struct tp_conflict){.misfit = -1};
    enum tp_status status = filter_init(&f, err);
    if (!status)
        status = judge_stride(&f, conflict);
    if (status)
        goto out;
    for (int32_t i = 0; i < f.count; i++)
        f.in[i] = true;
    f.by_bounds = true;
    if (conflicts(&f)) {
        f.proven = true;
        status = reduce(&f, err);
    }
    f.by_bounds = false;
    if (!status)
        status = f.status ? f.status : reduce(&f, err);
    if (!status)
        status = conclude(&f, conflict, err);
out:
    filter_release(&f);
    if (status)
        tp_conflict_release(conflict);
    return status;
}

void tp_conflict_release(struct tp_conflict *conflict)
{
    free(conflict->facts);
    tp_problem_free(conflict->problem);
    tp_breach_release(&conflict->breach);
    *conflict = (struct tp_conflict){.count = 0};
}

bool tp_conflict_has(const struct tp_conflict *conflict, enum tp_fact_kind kind)
{
    for (int32_t i = 0; i < conflict->count; i++)
        if (conflict->facts[i].kind == kind)
            return true;
    return false;
}
