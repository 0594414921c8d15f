/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring the machine that the ranks run on. */
#ifndef TP_TRAIN_PROBE_H
#define TP_TRAIN_PROBE_H

#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

#include "calibrate/calibration.h"
#include "train/comm.h"

struct tp_probe_options {
    double seconds; /* that all measurements take, about; above 0 */
    const struct tp_model
        *model;           /* whose dense layers are run, and whose tables are looked up in */
    int32_t samples;      /* of a rank that pass the dense layers */
    int64_t memory_bytes; /* of a rank: the table takes an eighth of it at most */
    /* Called by rank 0 before each measurement; NULL: not wanted. @param share  done, 0 to 1. */
    void (*on_stage)(void *context, const char *what, double share);
    void *context;
};

/* All ranks call it; they must be as many on each host, side by side.
 * @param calibration  ranks and ranks_per_host are set by the caller; what is measured is added to
 * that of rank 0.
 * @return TP_ENOMEM, the same on all ranks. */
enum tp_status tp_probe(struct tp_comm *comm, const struct tp_probe_options *options,
    struct tp_calibration *calibration, struct tp_error *err);

#endif
