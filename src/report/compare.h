/* SPDX-License-Identifier: Apache-2.0 */
/* A run beside what its plan predicts for the mode that it ran in, and runs beside each other. */
#ifndef TP_REPORT_COMPARE_H
#define TP_REPORT_COMPARE_H

#include <stdbool.h>

#include "report/view.h"

/* Of a view that has a run; of several, the first. */
const struct tp_step_cost *tp_compare_predicted(const struct tp_view *view);

/* Measured over predicted; 1 if both are 0, NAN if only the prediction is or one is not known. */
double tp_compare_times(double predicted, double measured);

enum tp_compare_bytes {
    TP_BYTES_NONE,  /* one of the two knows of no bytes */
    TP_BYTES_EQUAL, /* of exchanged embeddings to the byte, else up to rounding */
    TP_BYTES_DIFFER
};
/* Of one level of a phase; of all of them. */
enum tp_compare_bytes tp_compare_level(const struct tp_view *view, int phase, int32_t level);
enum tp_compare_bytes tp_compare_phase_bytes(const struct tp_view *view, int phase);

/* The phase whose seconds are furthest from the prediction; -1 if none can be compared. */
int tp_compare_furthest(const struct tp_view *view);

/* Whether a step took so much longer or shorter than predicted, for as many samples, that the rates
 * in the topology cannot be those of the machine it ran on. */
bool tp_compare_other_machine(const struct tp_view *view);

/* Whether the run had batches of the size that the plan predicts for.
 * @param batch  out: that size; 0: the plan has none. */
bool tp_compare_batch(const struct tp_view *view, int64_t *batch);

/* What a run is called beside the others: its mode, with a number if several had that mode. */
struct tp_run_name {
    char text[16];
};
struct tp_run_name tp_compare_name(const struct tp_view *view, int32_t i);

/* Whether two runs computed the same function: flat and sptt do, and dmt without a tower module. */
bool tp_compare_same_function(const struct tp_view *view, int32_t i, int32_t j);

bool tp_compare_same_seed(const struct tp_view *view, int32_t i, int32_t j);

/* Whether the same function gives the same digits: sums of row shards that are sent in bfloat16 are
 * rounded at other places in each mode. */
bool tp_compare_exact(const struct tp_plan *plan);

enum tp_compare_quality {
    TP_QUALITY_UNLIKE, /* of another last step, other samples or plans: nothing to compare */
    TP_QUALITY_UNKNOWN,
    TP_QUALITY_EQUAL, /* to the last digit */
    TP_QUALITY_DIFFERS
};
enum tp_compare_quality tp_compare_quality(
    const struct tp_measured *a, const struct tp_measured *b);

/* The run before run i > 0 that its quality is held against: of those of the same function the
 * first that is equal, else the first from the same seed, else the first; without one, the first of
 * all. */
int32_t tp_compare_partner(const struct tp_view *view, int32_t i);

#endif
