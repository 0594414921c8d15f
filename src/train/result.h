/* SPDX-License-Identifier: Apache-2.0 */
/* What a training run measured, and how it is told: a line per step, a table at the end, or JSON.
 *
 * Seconds are those of a rank: of a step, or the median over the steps of the run (the last TP_STEPS_KEPT at most); then minimum, median and
 * maximum over the ranks. Time in an exchange includes waiting for others. Bytes are payload that a rank sends to or receives
 * from other ranks, per step: the larger direction, the maximum over ranks, charged to the lowest
 * level of the topology that joins the two; as the plan's. */
#ifndef TP_TRAIN_RESULT_H
#define TP_TRAIN_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/plan.h>
#include <towerpart/status.h>

#include "base/text.h"
#include "train/metrics.h"

#define TP_STEPS_KEPT 1000

struct tp_spread {
    double min, median, max; /* over ranks */
};

struct tp_phase_result {
    bool present; /* the mode has this phase */
    struct tp_spread seconds;
    double bytes[TP_LEVELS_MAX]; /* per step, the mean over steps; of exchanges only */
};

struct tp_step_result {
    int64_t step;                                  /* from 1 */
    double loss;                                   /* mean over the global batch */
    double samples_per_s;                          /* of this step */
    struct tp_phase_result phases[TP_PHASE_COUNT]; /* without bytes */
};

/* Means over the steps. */
struct tp_rank_result {
    double ids;          /* that its shards looked up */
    double id_bytes;     /* as the plan counts them: 8 per id, 4 per bag and shard */
    double lookup_bytes; /* ids * columns * bytes of a value */
};

struct tp_run_result {
    enum tp_mode mode;
    int64_t first_step, last_step; /* of this run: first_step > 1 after --resume */
    int64_t batch;                 /* B */
    double seconds;                /* of all steps */
    double step_seconds;           /* median over steps of the slowest rank; NAN without a step */
    double samples_per_s;          /* batch / step_seconds */
    double loss;                   /* of the last step */
    struct tp_phase_result phases[TP_PHASE_COUNT];
    struct tp_rank_result *ranks; /* (G) */
    struct tp_metrics held_out;   /* samples 0: nothing was held out */
    int64_t skipped;              /* bad lines */
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
