/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations that were made up. */
#ifndef TESTS_UNIT_CALIBRATIONS_H
#define TESTS_UNIT_CALIBRATIONS_H

#include "calibrate/calibration.h"

static inline void add_figure(
    struct tp_calibration *c, enum tp_figure_kind kind, int32_t level, int32_t world, double median)
{
    c->figures[c->count++] = (struct tp_figure){.kind = kind,
        .level = level,
        .world = world,
        .rounds = 12,
        .fit = {.value = {0.5 * median, median, 2 * median},
            .from_bytes = 65536,
            .to_bytes = 8388608,
            .check = kind == TP_FIGURE_RATE ? 1.25 : 0}};
}

/* Three hosts of two ranks. */
static inline struct tp_calibration sample_calibration(void)
{
    struct tp_calibration c = {.ranks = 6, .ranks_per_host = 2, .memory_bytes = 4000000000};
    c.lookup_columns = 64;
    c.lookup_table_bytes = 1000000000;
    c.dense_samples = 256;
    c.threads = 1;
    c.machine_ranks = 2;
    c.seconds = 12.25;
    add_figure(&c, TP_FIGURE_LATENCY, 0, 0, 1e-6);
    add_figure(&c, TP_FIGURE_RATE, 0, 0, 5e9);
    add_figure(&c, TP_FIGURE_LATENCY, 1, 0, 2e-5);
    add_figure(&c, TP_FIGURE_RATE, 1, 0, 1.25e7);
    add_figure(&c, TP_FIGURE_UPLINK, 1, 0, 1.5e7);
    add_figure(&c, TP_FIGURE_ALLTOALL, 0, 2, 4e9);
    add_figure(&c, TP_FIGURE_ALLTOALL, 1, 4, 6e6);
    add_figure(&c, TP_FIGURE_ALLTOALL, 1, 6, 5.5e6);
    add_figure(&c, TP_FIGURE_ALLREDUCE, 0, 2, 3e9);
    add_figure(&c, TP_FIGURE_ALLREDUCE, 1, 4, 9e6);
    add_figure(&c, TP_FIGURE_ALLREDUCE, 1, 6, 8e6);
    add_figure(&c, TP_FIGURE_EXCHANGE, -1, 6, 3e-4);
    add_figure(&c, TP_FIGURE_LOOKUP, -1, 0, 7e9);
    add_figure(&c, TP_FIGURE_LOOKUP_ALONE, -1, 0, 9e9);
    add_figure(&c, TP_FIGURE_DENSE, -1, 0, 1.2e11);
    add_figure(&c, TP_FIGURE_DENSE_ALONE, -1, 0, 1.1e11); /* disturbed */
    return c;
}

#endif
