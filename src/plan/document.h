/* SPDX-License-Identifier: Apache-2.0 */
/* The plan document in memory: what loading and saving do, without the file. */
#ifndef TP_PLAN_DOCUMENT_H
#define TP_PLAN_DOCUMENT_H

#include <stddef.h>

#include <towerpart/plan.h>

#include "base/text.h"

/* The name of quality.bound in a plan of that strategy. */
const char *tp_bound_key(enum tp_strategy strategy);

/* Appends the document. @return TP_EUSAGE when a figure cannot be written; TP_ENOMEM. */
enum tp_status tp_plan_format(
    const struct tp_plan *plan, struct tp_text *text, struct tp_error *err);

/* Reads one from memory; `name` stands in messages. @return as tp_plan_load(). */
enum tp_status tp_plan_parse(
    const char *text, size_t length, const char *name, struct tp_plan **plan, struct tp_error *err);

#endif
