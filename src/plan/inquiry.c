/* SPDX-License-Identifier: Apache-2.0 */
/* Questions after a refusal. In: the refused question and changed copies of it; out: answers. Every
 * search is counted, so that an explanation takes seconds whatever the size; what direct bounds can
 * tell is free. The answers do not depend on the affinity: legality knows none. */
#include "plan/inquiry.h"

#define SMALL_EFFORT 1 /* of tp_feasible(): most questions are settled by it */

struct tp_inquiry tp_inquiry_of(const struct tp_question *asked, int32_t searches)
{
    struct tp_inquiry inquiry = {.asked = *asked, .left = searches};
    inquiry.asked.affinity = NULL;
    inquiry.asked.progress = false;
    return inquiry;
}

enum tp_status tp_inquire_bounds(const struct tp_question *question, struct tp_problem **problem,
    struct tp_breach *breach, bool *impossible, struct tp_error *err)
{
    struct tp_problem *p;
    struct tp_error why;
    *breach = (struct tp_breach){.kind = TP_BREACH_NONE};
    enum tp_status status = tp_question_problem(question, &p, &why, err);
    if (!status && p)
        status = tp_find_breach(p, breach, err);
    *impossible = !status && (!p || breach->kind);
    if (problem && !status)
        *problem = p;
    else
        tp_problem_free(p);
    return status;
}

enum tp_status tp_inquire(struct tp_inquiry *inquiry, const struct tp_question *question,
    enum tp_answer *answer, struct tp_limits *limits, struct tp_error *err)
{
    struct tp_breach breach;
    bool impossible;
    enum tp_status status = tp_inquire_bounds(question, NULL, &breach, &impossible, err);
    tp_breach_release(&breach);
    *answer = TP_ANSWER_NO;
    if (status || impossible)
        return status;
    *answer = TP_ANSWER_UNSURE;
    if (inquiry->left <= 0)
        return TP_OK;
    inquiry->left--;
    return tp_feasible(question, SMALL_EFFORT, answer, limits, err);
}

enum tp_status tp_try_setting(struct tp_inquiry *inquiry, const struct tp_question *question,
    bool *works, struct tp_error *err)
{
    enum tp_answer answer;
    enum tp_status status = tp_inquire(inquiry, question, &answer, NULL, err);
    if (!status && answer == TP_ANSWER_YES)
        status = tp_feasible(question, TP_LIMITS_EFFORT, &answer, NULL, err);
    *works = !status && answer == TP_ANSWER_YES;
    return status;
}
