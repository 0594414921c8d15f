/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that lead to a plan where the asked ones do not. */
#ifndef TP_PLAN_REMEDY_H
#define TP_PLAN_REMEDY_H

#include "base/text.h"
#include "plan/conflict.h"

/* Adds one indented line for each single change that was seen to work, the nearest of its kind: options
 * of the command line first, then edits of the model, then of the cluster. */
enum tp_status tp_find_remedies(struct tp_inquiry *inquiry, const struct tp_conflict *conflict,
    struct tp_text *lines, struct tp_error *err);

/* Its last part, where memory or towers are short: batch, optimizer, rows of a table, memory of a rank,
 * hosts. */
enum tp_status tp_find_larger(struct tp_inquiry *inquiry, const struct tp_conflict *conflict,
    struct tp_text *lines, struct tp_error *err);

#endif
