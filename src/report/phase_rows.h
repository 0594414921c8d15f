/* SPDX-License-Identifier: Apache-2.0 */
/* The phases of a step as reports list them: each together with its backward. */
#ifndef TP_REPORT_PHASE_ROWS_H
#define TP_REPORT_PHASE_ROWS_H

#include <stdbool.h>

#include <towerpart/plan.h>

struct tp_phase_row {
    const char *label;               /* "tower_exchange +b" */
    enum tp_phase forward, backward; /* backward TP_PHASE_COUNT: has none */
};

#define TP_PHASE_ROWS 9
extern const struct tp_phase_row tp_phase_rows[TP_PHASE_ROWS]; /* in the order of execution */

struct tp_phase_cell {
    bool present, moves; /* moves: bytes are exchanged */
    bool hidden;         /* bytes are exchanged, in no time of their own */
    double seconds;      /* of the slowest rank */
    double bytes;        /* across the outermost level */
};

/* What the plan predicts. */
struct tp_phase_cell tp_phase_cell(
    const struct tp_plan *plan, int mode, const struct tp_phase_row *row);

/* The first of the slowest rows. */
const struct tp_phase_row *tp_phase_slowest(const struct tp_plan *plan, int mode);

#endif
