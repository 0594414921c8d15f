/* SPDX-License-Identifier: Apache-2.0 */
/* What a training run measured, and how it is told: a line per step, a table at the end, or JSON.
 * See towerpart/run.h for what the figures mean. */
#ifndef TP_TRAIN_RESULT_H
#define TP_TRAIN_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/plan.h>
#include <towerpart/run.h>

#include "base/text.h"

struct tp_step_result {
    int64_t step;                                  /* from 1 */
    double loss;                                   /* mean over the global batch */
    double samples_per_s;                          /* of this step */
    struct tp_phase_result phases[TP_PHASE_COUNT]; /* without bytes */
};

/* Whether a phase exchanges bytes between ranks. */
bool tp_phase_moves(enum tp_phase phase);

/* One JSON object and a newline. `plan` gives names of levels, ranks and hosts.
 * @param plan_file, plan_sha256  NULL: not known. */
void tp_step_json(
    const struct tp_plan *plan, const struct tp_step_result *step, struct tp_text *text);
void tp_run_json(const struct tp_plan *plan, const char *plan_file, const char *plan_sha256,
    const struct tp_run_result *run, struct tp_text *text);

/* The table at the end, within 100 columns. */
void tp_run_table(
    const struct tp_plan *plan, const struct tp_run_result *run, struct tp_text *text);

#endif
