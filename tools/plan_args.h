/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `towerpart plan`. */
#ifndef TP_TOOLS_PLAN_ARGS_H
#define TP_TOOLS_PLAN_ARGS_H

#include <argp.h>

#include <towerpart/plan.h>
#include <towerpart/replan.h>

#include "input.h"
#include "opt.h"

#define PLAN_LIST_MAX 4096 /* of options that may be given several times */

struct plan_args {
    struct opt_seen seen;
    const char *model, *topology, *affinity, *output;
    const char *from; /* an older plan; NULL: none */
    struct input_dumps dumps;
    struct tp_plan_options options;
    bool strategy_given;
    struct tp_replan_options replan;
    const char *locked[PLAN_LIST_MAX];
    int32_t lost[PLAN_LIST_MAX];
    int32_t towers; /* 0: not given */
    bool quiet, all;
};

/* Its options, checked against each other; the input is a struct plan_args that plan_args_begin() made. */
extern const struct argp plan_argp;

void plan_args_begin(struct plan_args *args);

#endif
