/* SPDX-License-Identifier: Apache-2.0 */
/* What a training run measured: made by the trainer, read again by the report.
 *
 * Seconds are those of a rank: of a step, or the median over the steps of the run (the last
 * TP_STEPS_KEPT at most); then minimum, median and maximum over the ranks. Time in an exchange
 * includes waiting for others. Bytes are payload that a rank sends to or receives from other ranks,
 * per step: the larger direction, the maximum over ranks, charged to the lowest level of the
 * topology that joins the two; as the plan's. */
#ifndef TOWERPART_RUN_H
#define TOWERPART_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/topology.h>

#define TP_STEPS_KEPT 1000

/* How good predictions are, on samples that were held out. */
struct tp_metrics {
    int64_t samples, clicks;
    double logloss; /* mean binary cross entropy, nats; NAN without samples */
    /* logloss over the entropy of the samples' own click rate (He et al. 2014,
     * doi:10.1145/2648584.2648589); NAN if they are all alike */
    double normalised_entropy;
    /* share of the pairs of a click and none that are in order, ties as half, exact; NAN likewise */
    double auc;
};

struct tp_spread {
    double min, median, max; /* over ranks */
};

struct tp_phase_result {
    bool present; /* the mode has this phase */
    struct tp_spread seconds;
    double bytes[TP_LEVELS_MAX]; /* per step, the mean over steps; of exchanges only */
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
    uint64_t seed;                 /* of the initial parameters */
    double seconds;                /* of all steps */
    double step_seconds;           /* median over steps of the slowest rank; NAN without a step */
    double samples_per_s;          /* batch / step_seconds */
    double loss;                   /* of the last step */
    struct tp_phase_result phases[TP_PHASE_COUNT];
    struct tp_rank_result *ranks; /* (G) */
    struct tp_metrics held_out;   /* samples 0: nothing was held out */
    int64_t skipped;              /* bad lines */
    int64_t hashed_tables;        /* tables with fewer rows than ids: ids share rows */
};

#endif
