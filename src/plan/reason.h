/* SPDX-License-Identifier: Apache-2.0 */
/* A conflict in words and numbers. */
#ifndef TP_PLAN_REASON_H
#define TP_PLAN_REASON_H

#include "base/text.h"
#include "plan/conflict.h"

/* Adds one indented line per fact, and one for the towers where their number matters. */
void tp_say_conflict(
    struct tp_text *out, const struct tp_question *asked, const struct tp_conflict *conflict);

/* "apart: [a, b]", "pin: [a] to tower 2". */
void tp_say_constraint(
    struct tp_text *out, const struct tp_model *model, const struct tp_constraint *constraint);

#endif
