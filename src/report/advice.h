/* SPDX-License-Identifier: Apache-2.0 */
/* What to do next with a plan. */
#ifndef TP_REPORT_ADVICE_H
#define TP_REPORT_ADVICE_H

#include <stdint.h>

#include <towerpart/status.h>

#include "report/view.h"

struct tp_advice_item {
    char *sentence; /* printable ASCII */
    char *command;  /* to run it with, NULL if there is none */
};

/* Most urgent first. */
struct tp_advice {
    struct tp_advice_item *items;
    int32_t count;
};

/* @param advice  out; to be released also on failure. */
enum tp_status tp_advice_init(
    struct tp_advice *advice, const struct tp_view *view, struct tp_error *err);
void tp_advice_release(struct tp_advice *advice);

#endif
