/* SPDX-License-Identifier: Apache-2.0 */
/* What planning asks of its options. */
#ifndef TP_PLAN_OPTIONS_H
#define TP_PLAN_OPTIONS_H

#include <towerpart/plan.h>

#include "plan/solve.h"

/* @param affinity  NULL: none. @return TP_EUSAGE for an option that is out of range or needs another one. */
enum tp_status tp_check_plan_options(const struct tp_topology *topology,
    const struct tp_affinity *affinity, const struct tp_plan_options *options,
    struct tp_error *err);

/* What the options ask about a plan's model, on its topology; the time that they give begins now.
 * @param affinity  NULL: none; borrowed, as are the plan's specs. */
struct tp_question tp_question_of(const struct tp_plan *plan, const struct tp_affinity *affinity,
    const struct tp_plan_options *options);

#endif
