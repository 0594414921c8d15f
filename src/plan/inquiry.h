/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the planner again with something changed, a bounded number of times: what an explanation of a
 * refusal rests on. */
#ifndef TP_PLAN_INQUIRY_H
#define TP_PLAN_INQUIRY_H

#include "partition/breach.h"
#include "plan/solve.h"

struct tp_inquiry {
    struct tp_question asked; /* the question that was refused */
    int32_t left;             /* searches that may still be made */
};

/* The question as asked, without what feasibility does not depend on (affinity, progress). */
struct tp_inquiry tp_inquiry_of(const struct tp_question *asked, int32_t searches);

/* Whether a changed question has an answer. Direct bounds are asked first and cost no search; the search
 * is the smallest there is.
 * @param answer  out; TP_ANSWER_UNSURE also when no searches are left.
 * @param limits  out, as settled, on TP_ANSWER_YES; NULL: not wanted, which is quicker. */
enum tp_status tp_inquire(struct tp_inquiry *inquiry, const struct tp_question *question,
    enum tp_answer *answer, struct tp_limits *limits, struct tp_error *err);

/* Whether a plan is made when a user asks that: found by the small search and then again by the one
 * that planning makes, since another effort is another search. */
enum tp_status tp_try_setting(struct tp_inquiry *inquiry, const struct tp_question *question,
    bool *works, struct tp_error *err);

/* What proves without a search that the question has no answer.
 * @param problem  out, may be NULL: the problem with its limits, to be freed; NULL where the constraints
 *                 contradict each other.
 * @param breach   out, to be released; TP_BREACH_NONE also in that case. */
enum tp_status tp_inquire_bounds(const struct tp_question *question, struct tp_problem **problem,
    struct tp_breach *breach, bool *impossible, struct tp_error *err);

#endif
