/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest options and constraints that work.
 *
 * A single change can only help if it takes a fact out of the conflict, so only those are tried; it must
 * help against all else that was asked, so each is tried as the user would ask it. Limits are found by
 * the planner's own tightening and then asked for as such. */
#include "plan/remedy.h"

#include "base/fail.h"
#include "base/memory.h"
#include "plan/reason.h"

#include <math.h>
#include <stdlib.h>

#define CONSTRAINTS_TRIED 16 /* one by one */
#define LOOSENINGS 4         /* of a limit that was found but did not hold when asked for */

/* Below the least automatic balance: the first hundredth above the asked one that works. */
static enum tp_status try_small_balance(struct tp_inquiry *inquiry, struct tp_question *question,
    double most, bool *works, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    int64_t hundredths = (int64_t)floor(100 * inquiry->asked.balance + 1e-9) + 1;
    for (; (double)hundredths / 100 < most && !*works && !status; hundredths++) {
        question->balance = (double)hundredths / 100;
        status = tp_try_setting(inquiry, question, works, err);
    }
    return status;
}

/* The planner settles an open ratio first, which may leave the balance looser than it has to be: halves
 * the way down to the asked one, in hundredths. @param question  its balance works. */
static enum tp_status tighten_balance(
    struct tp_inquiry *inquiry, struct tp_question *question, struct tp_error *err)
{
    int64_t low = (int64_t)floor(100 * inquiry->asked.balance + 1e-9);
    int64_t high = (int64_t)llround(100 * question->balance);
    enum tp_status status = TP_OK;
    while (!status && high - low > 1) {
        bool works;
        int64_t middle = low + (high - low) / 2;
        question->balance = (double)middle / 100;
        status = tp_try_setting(inquiry, question, &works, err);
        *(works ? &high : &low) = middle;
    }
    question->balance = (double)high / 100;
    return status;
}

/* Leaves the limit open, takes what the planner settles on, and asks for that.
 * @param found  out: the limits as they would be given. */
static enum tp_status loosen(struct tp_inquiry *inquiry, bool balance, bool ratio,
    struct tp_limits *found, bool *works, struct tp_error *err)
{
    struct tp_question question = inquiry->asked;
    enum tp_answer answer;
    *works = false;
    question.balance = balance ? (double)NAN : question.balance;
    question.ratio = ratio ? (double)NAN : question.ratio;
    enum tp_status status = tp_inquire(inquiry, &question, &answer, found, err);
    if (status || answer != TP_ANSWER_YES)
        return status;
    question.ratio = ratio ? found->ratio : question.ratio;
    if (balance && !ratio && found->balance <= TP_BALANCE_LEAST)
        status = try_small_balance(inquiry, &question, found->balance, works, err);
    if (!status && !*works && balance)
        question.balance = found->balance;
    double step = 0.01;
    for (int i = 0; i < LOOSENINGS && !status && !*works; i++, step *= 2) {
        status = tp_try_setting(inquiry, &question, works, err);
        if (*works || status)
            break;
        question.balance += balance ? step : 0;
        question.ratio += ratio ? step : 0;
    }
    if (*works && balance && isnan(question.ratio))
        status = tighten_balance(inquiry, &question, err);
    *found = (struct tp_limits){question.balance, question.ratio};
    return status;
}

static enum tp_status find_limits(struct tp_inquiry *inquiry, const struct tp_conflict *conflict,
    struct tp_text *lines, struct tp_error *err)
{
    struct tp_limits found;
    bool works = false, any = false;
    bool balance = tp_conflict_has(conflict, TP_FACT_BALANCE) && !isnan(inquiry->asked.balance);
    bool ratio = tp_conflict_has(conflict, TP_FACT_RATIO) && !isnan(inquiry->asked.ratio);
    enum tp_status status = TP_OK;
    if (balance)
        status = loosen(inquiry, true, false, &found, &works, err);
    if (works)
        tp_text_add(lines, "  --balance %g\n", found.balance);
    any = works;
    works = false;
    if (!status && ratio)
        status = loosen(inquiry, false, true, &found, &works, err);
    if (works)
        tp_text_add(lines, "  --ratio %g\n", found.ratio);
    any |= works;
    bool both = !isnan(inquiry->asked.balance) && !isnan(inquiry->asked.ratio);
    if (status || any || !both || (!balance && !ratio))
        return status;
    status = loosen(inquiry, true, true, &found, &works, err);
    if (works)
        tp_text_add(lines, "  --balance %g --ratio %g\n", found.balance, found.ratio);
    return status;
}

/* The assignment that stride prescribes is a choice too. */
static enum tp_status find_strategy(
    struct tp_inquiry *inquiry, struct tp_text *lines, struct tp_error *err)
{
    struct tp_question question = inquiry->asked;
    bool works;
    if (question.strategy != TP_STRATEGY_STRIDE)
        return TP_OK;
    question.strategy = TP_STRATEGY_LOAD;
    enum tp_status status = tp_try_setting(inquiry, &question, &works, err);
    if (works)
        tp_text_add(lines, "  --strategy load (or, with an affinity, coherent or diverse)\n");
    return status;
}

/* The question without one constraint, or (-1) without any. */
static enum tp_status try_without(
    struct tp_inquiry *inquiry, int32_t left_out, bool *works, struct tp_error *err)
{
    const struct tp_model *model = inquiry->asked.model;
    struct tp_model loose = *model; /* shallow */
    struct tp_question question = inquiry->asked;
    loose.constraint_count = 0;
    loose.constraints = TP_NEW(model->constraint_count, struct tp_constraint);
    if (!loose.constraints)
        return tp_fail_memory(err);
    for (int32_t i = 0; left_out >= 0 && i < model->constraint_count; i++)
        if (i != left_out)
            loose.constraints[loose.constraint_count++] = model->constraints[i];
    question.model = &loose;
    enum tp_status status = tp_try_setting(inquiry, &question, works, err);
    free(loose.constraints);
    return status;
}

static enum tp_status find_constraints(struct tp_inquiry *inquiry,
    const struct tp_conflict *conflict, struct tp_text *lines, struct tp_error *err)
{
    const struct tp_model *model = inquiry->asked.model;
    enum tp_status status = TP_OK;
    bool works = false, any = false;
    int32_t tried = 0;
    for (int32_t i = 0; i < conflict->count && tried < CONSTRAINTS_TRIED && !status; i++) {
        if (conflict->facts[i].kind != TP_FACT_CONSTRAINT)
            continue;
        int32_t c = conflict->facts[i].constraint;
        status = try_without(inquiry, c, &works, err);
        tried++;
        if (!works)
            continue;
        any = true;
        tp_text_add(lines, "  leave out the constraint ");
        tp_say_constraint(lines, model, &model->constraints[c]);
        tp_text_add(lines, "\n");
    }
    if (status || any || !tried || model->constraint_count < 2)
        return status;
    status = try_without(inquiry, -1, &works, err);
    if (works)
        tp_text_add(lines, "  leave out all %d constraints\n", model->constraint_count);
    return status;
}

/* Hosts per tower, the nearest divisor of the hosts above (step 1) or below (step -1). */
static enum tp_status find_per_tower(
    struct tp_inquiry *inquiry, int32_t step, struct tp_text *lines, struct tp_error *err)
{
    struct tp_question question = inquiry->asked;
    int32_t hosts = question.topology->host_count;
    bool works = false;
    enum tp_status status = TP_OK;
    if (question.strategy == TP_STRATEGY_FLAT)
        return TP_OK;
    for (int32_t k = question.hosts_per_tower + step; k >= 1 && k <= hosts && !works && !status;
         k += step) {
        if (hosts % k)
            continue;
        question.hosts_per_tower = k;
        status = tp_try_setting(inquiry, &question, &works, err);
    }
    int32_t towers = hosts / question.hosts_per_tower;
    if (works)
        tp_text_add(lines, "  --hosts-per-tower %d (%d tower%s)\n", question.hosts_per_tower,
            towers, tp_plural(towers));
    return status;
}

enum tp_status tp_find_remedies(struct tp_inquiry *inquiry, const struct tp_conflict *conflict,
    struct tp_text *lines, struct tp_error *err)
{
    enum tp_status status = find_limits(inquiry, conflict, lines, err);
    if (!status)
        status = find_strategy(inquiry, lines, err);
    if (!status)
        status = find_per_tower(inquiry, +1, lines, err);
    if (!status)
        status = find_per_tower(inquiry, -1, lines, err);
    if (!status)
        status = find_constraints(inquiry, conflict, lines, err);
    return status ? status : tp_find_larger(inquiry, conflict, lines, err);
}
