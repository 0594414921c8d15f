/* SPDX-License-Identifier: Apache-2.0 */
/* How a run differs from the prediction.
 *
 * In: a view that has a run. Out: ratios, whether bytes are equal, and the phase that is furthest
 * off. Seconds are those of the slowest rank on both sides; bytes have to be equal to the last one,
 * since both are counted, not timed. */
#include "report/compare.h"

#include <math.h>

const struct tp_step_cost *tp_compare_predicted(const struct tp_view *view)
{
    return &view->plan->cost.modes[view->measured->run.mode];
}

double tp_compare_times(double predicted, double measured)
{
    if (predicted > 0 || isnan(predicted) || isnan(measured))
        return measured / predicted;
    return measured > 0 ? NAN : 1;
}

enum tp_compare_bytes tp_compare_level(const struct tp_view *view, int phase, int32_t level)
{
    const struct tp_phase_cost *predicted = &tp_compare_predicted(view)->phases[phase];
    const struct tp_phase_result *measured = &view->measured->run.phases[phase];
    if (!predicted->present || !predicted->moves || !measured->present ||
        isnan(measured->bytes[level]))
        return TP_BYTES_NONE;
    double difference = measured->bytes[level] - (double)predicted->bytes[level];
    return difference < 0 || difference > 0 ? TP_BYTES_DIFFER : TP_BYTES_EQUAL;
}

enum tp_compare_bytes tp_compare_phase_bytes(const struct tp_view *view, int phase)
{
    enum tp_compare_bytes all = TP_BYTES_NONE;
    for (int32_t level = 0; level < view->plan->topology->level_count; level++) {
        enum tp_compare_bytes one = tp_compare_level(view, phase, level);
        all = one > all ? one : all;
    }
    return all;
}

int tp_compare_furthest(const struct tp_view *view)
{
    const struct tp_step_cost *predicted = tp_compare_predicted(view);
    const struct tp_run_result *run = &view->measured->run;
    double most = -1;
    int furthest = -1;
    for (int p = 0; p < TP_PHASE_COUNT; p++) {
        if (!predicted->phases[p].present || !run->phases[p].present)
            continue;
        double difference = fabs(run->phases[p].seconds.max - predicted->phases[p].seconds);
        if (difference > most) {
            most = difference;
            furthest = p;
        }
    }
    return furthest;
}

bool tp_compare_batch(const struct tp_view *view, int64_t *batch)
{
    *batch = 0;
    if (tp_model_global_batch(view->plan->model, view->rank_count, batch, NULL) != TP_OK)
        *batch = 0;
    return *batch == view->measured->run.batch;
}
