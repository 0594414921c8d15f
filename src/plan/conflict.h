/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest set of a user's wishes that no plan can meet. */
#ifndef TP_PLAN_CONFLICT_H
#define TP_PLAN_CONFLICT_H

#include "plan/inquiry.h"

/* A wish that could be given up. That there are so many towers, each with something in it, is not one:
 * every conflict is among towers. */
enum tp_fact_kind {
    TP_FACT_MEMORY,    /* the hosts have the memory they have */
    TP_FACT_RATIO,     /* as given */
    TP_FACT_BALANCE,   /* as given */
    TP_FACT_CONSTRAINT /* of the model */
};

struct tp_fact {
    enum tp_fact_kind kind;
    int32_t constraint; /* its index */
};

struct tp_conflict {
    struct tp_fact
        *facts; /* (count) those that cannot hold together; none: the towers alone are too
                              much */
    int32_t count;
    bool proven;  /* no plan meets them; else none was found */
    bool minimal; /* without any one of them there is a plan, the other wishes aside */
    bool stride;  /* only the stride assignment breaks them */
    struct tp_problem
        *problem;            /* these facts alone; NULL: constraints that contradict each other */
    struct tp_breach breach; /* the proof, where a direct bound is one */
    int32_t
        misfit; /* a unit that fits the memory of a tower, but could not be placed on its ranks, alone
                       in any tower; -1: none known */
    bool misfit_proven;
};

/* @param proven    what the refused search said.
 * @param conflict  out, to be released with tp_conflict_release(). */
enum tp_status tp_conflict_find(
    struct tp_inquiry *inquiry, bool proven, struct tp_conflict *conflict, struct tp_error *err);
void tp_conflict_release(struct tp_conflict *conflict);

bool tp_conflict_has(const struct tp_conflict *conflict, enum tp_fact_kind kind);

#endif
