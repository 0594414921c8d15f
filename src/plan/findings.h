/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong, collected line by line. Running out of memory is remembered and told once, at the end,
 * so that a rule is a function without error paths. */
#ifndef TP_PLAN_FINDINGS_H
#define TP_PLAN_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <towerpart/plan.h>

#include "base/fail.h"
#include "base/text.h"

struct tp_finding_list {
    struct tp_findings findings;
    size_t capacity;
    bool failed; /* out of memory: later findings are dropped */
};

void tp_finding(struct tp_finding_list *list, const char *format, ...) TP_PRINTF(2, 3);

/* One finding per line of `lines`, such as "table t0: rows 10 -> 20", each after the prefix.
 * @param lines  NULL: none. */
void tp_finding_lines(struct tp_finding_list *list, const char *prefix, const char *lines);

/* Appends the findings, one per line: all of them, or, if there are more than a screen holds, the first
 * few of each kind, and how many more there are like them.
 * @param more  where to see all, ends the lines that count: ": --all"; NULL: all are listed. */
void tp_finding_text(const struct tp_findings *findings, const char *more, struct tp_text *text);

/* Moves the findings out of the list, also when there are none; TP_ENOMEM if any was dropped. The
 * list is empty afterwards. */
enum tp_status tp_finding_take(
    struct tp_finding_list *list, struct tp_findings *findings, struct tp_error *err);

/* TP_OK if there are none, else an error with `first` and the findings as the message. The list is empty afterwards.
 * @param found  the status then: TP_EINFEASIBLE where the question was whether the plan is sound, else TP_EINPUT. */
enum tp_status tp_finding_fail(
    struct tp_finding_list *list, const char *first, enum tp_status found, struct tp_error *err);

#endif
