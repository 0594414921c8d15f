/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong, collected line by line. Running out of memory is remembered and told once, at the end,
 * so that a rule is a function without error paths. */
#ifndef TP_PLAN_FINDINGS_H
#define TP_PLAN_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <towerpart/plan.h>

#include "base/fail.h"

struct tp_finding_list {
    struct tp_findings findings;
    size_t capacity;
    bool failed; /* out of memory: later findings are dropped */
};

void tp_finding(struct tp_finding_list *list, const char *format, ...) TP_PRINTF(2, 3);

/* One finding per line of `lines`, each after the prefix. @param lines  NULL: none. */
void tp_finding_lines(struct tp_finding_list *list, const char *prefix, const char *lines);

/* Moves the findings out of the list, also when there are none; TP_ENOMEM if any was dropped. The
 * list is empty afterwards. */
enum tp_status tp_finding_take(
    struct tp_finding_list *list, struct tp_findings *findings, struct tp_error *err);

/* TP_OK if there are none, else TP_EINFEASIBLE with `first` and the findings as the message. The list
 * is empty afterwards. */
enum tp_status tp_finding_fail(
    struct tp_finding_list *list, const char *first, struct tp_error *err);

#endif
