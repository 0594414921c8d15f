/* SPDX-License-Identifier: Apache-2.0 */
/* What one rank measures, step by step, and what rank 0 makes of it. */
#ifndef TP_TRAIN_TALLY_H
#define TP_TRAIN_TALLY_H

#include <stdint.h>

#include <towerpart/plan.h>
#include <towerpart/status.h>

#include "train/clock.h"
#include "train/comm.h"
#include "train/ids.h"
#include "train/result.h"

/* Of one step; what rank 0 gathers. */
struct tp_lap {
    double loss; /* sum over the rank's samples */
    double seconds;
    double phases[TP_PHASE_COUNT];
};

struct tp_tally {
    struct tp_lap *laps; /* (TP_STEPS_KEPT) of this rank, in turn */
    struct tp_lap *all;  /* (G) on rank 0: of the last step */
    double *scratch;     /* (G) */
    int64_t steps;
    double seconds;          /* of all steps */
    struct tp_ids_load load; /* sums over the steps */
};

enum tp_status tp_tally_init(
    struct tp_tally *tally, const struct tp_comm *comm, struct tp_error *err);
void tp_tally_release(struct tp_tally *tally);

/* Adds a step of this rank, and gathers those of all. The mode says which phases there are.
 * @param result  out, on rank 0. */
void tp_tally_step(struct tp_tally *tally, struct tp_comm *comm, const struct tp_plan *plan,
    enum tp_mode mode, int64_t batch, const struct tp_lap *lap, const struct tp_ids_load *load,
    struct tp_step_result *result);

/* Fills in seconds, phases with bytes, and ranks of a result, on rank 0. Takes the bytes that comm
 * has counted.
 * @return TP_ENOMEM. */
enum tp_status tp_tally_result(const struct tp_tally *tally, struct tp_comm *comm,
    const struct tp_plan *plan, struct tp_run_result *result, struct tp_error *err);

#endif
