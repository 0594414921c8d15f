/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a conflict's description share. */
#ifndef TP_PLAN_SPEECH_H
#define TP_PLAN_SPEECH_H

#include "base/text.h"
#include "plan/conflict.h"

#define TP_UNITS_NAMED 3 /* of those that weigh most */

struct tp_speech {
    struct tp_text *out;
    const struct tp_model *model; /* as asked */
    const struct tp_topology *topology;
    int32_t hosts_per_tower;
    double balance, ratio;
    const struct tp_conflict *conflict;
    const struct tp_problem *problem; /* of the conflict */
};

/* Its tables, the first few by name: "a + b + 3 more". */
void tp_say_unit(struct tp_speech *s, int32_t unit);

/* The heaviest units, at most `count`, each with what it weighs. */
void tp_say_heaviest(struct tp_speech *s, int resource, int32_t count);

/* The direct bound behind a fact about those resources. @return false when there is none. */
bool tp_say_bound(struct tp_speech *s, int first, int last);

/* The whole line of memory; and what a bound says of it: a unit is too large, or all tables are. */
void tp_say_memory(struct tp_speech *s);
void tp_say_memory_of_unit(struct tp_speech *s, const struct tp_breach *breach);
void tp_say_memory_of_all(struct tp_speech *s, const struct tp_breach *breach);

/* Two amounts of bytes that are to be told apart: exactly where rounded they look the same. */
void tp_format_pair(char a[32], double x, char b[32], double y);

#endif
