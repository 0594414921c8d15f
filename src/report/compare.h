/* SPDX-License-Identifier: Apache-2.0 */
/* A run beside what its plan predicts for the mode that it ran in. */
#ifndef TP_REPORT_COMPARE_H
#define TP_REPORT_COMPARE_H

#include <stdbool.h>

#include "report/view.h"

/* Of a view that has a run. */
const struct tp_step_cost *tp_compare_predicted(const struct tp_view *view);

/* Measured over predicted; 1 if both are 0, NAN if only the prediction is or one is not known. */
double tp_compare_times(double predicted, double measured);

enum tp_compare_bytes {
    TP_BYTES_NONE, /* one of the two knows of no bytes */
    TP_BYTES_EQUAL,
    TP_BYTES_DIFFER
};
/* Of one level of a phase; of all of them. */
enum tp_compare_bytes tp_compare_level(const struct tp_view *view, int phase, int32_t level);
enum tp_compare_bytes tp_compare_phase_bytes(const struct tp_view *view, int phase);

/* The phase whose seconds are furthest from the prediction; -1 if none can be compared. */
int tp_compare_furthest(const struct tp_view *view);

/* Whether the run had batches of the size that the plan predicts for.
 * @param batch  out: that size; 0: the plan has none. */
bool tp_compare_batch(const struct tp_view *view, int64_t *batch);

#endif
