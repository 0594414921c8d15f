/* SPDX-License-Identifier: Apache-2.0 */
/* How a run differs from the prediction, and from other runs.
 *
 * In: a view that has runs. Out: ratios, whether bytes are equal, and the phase that is furthest
 * off; which runs have to be equally good, and whether they are. Seconds are those of the slowest
 * rank on both sides; bytes have to be equal but for rounding: both are counted, not timed. */
#include "report/compare.h"

#include <math.h>
#include <stdio.h>

#define SLICE_BYTES 8 /* of a difference that slices explain: per member of a circle and level */
#define MACHINE_TIMES 5.0 /* a step off by more than that is not of the machine of the topology */

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

/* Whether bytes that differ by so much are equal.
 *
 * Pooled embeddings are the same in each step, to the byte. Ids are a mean over steps that has a
 * fraction, beside a prediction that is rounded.
 *
 * Gradients of dense layers are cut into slices of whole values, the first ones a value longer than
 * the others, where the prediction cuts evenly. Of c' values at a level of fanout f a rank with a
 * slice of o moves c' + (f - 2) o each way, and c' and o are less than a value off; so the sum is
 * less than f - 1 values of 4 bytes off the predicted 2 (f - 1) / f c. dmt has two sums, of the
 * world and of a tower: less than 8 (f - 1) bytes, and half a one for rounding. */
static bool is_rounding(double difference, int phase, const struct tp_level *level)
{
    switch (phase) {
    case TP_PHASE_IDS_ALLTOALL:
        return fabs(difference) < 1;
    case TP_PHASE_DENSE_ALLREDUCE:
        return fabs(difference) <= SLICE_BYTES * level->fanout;
    default:
        return !(difference < 0 || difference > 0);
    }
}

enum tp_compare_bytes tp_compare_level(const struct tp_view *view, int phase, int32_t level)
{
    const struct tp_phase_cost *predicted = &tp_compare_predicted(view)->phases[phase];
    const struct tp_phase_result *measured = &view->measured->run.phases[phase];
    if (!predicted->present || !predicted->moves || !measured->present ||
        isnan(measured->bytes[level]))
        return TP_BYTES_NONE;
    double difference = measured->bytes[level] - (double)predicted->bytes[level];
    return is_rounding(difference, phase, &view->plan->topology->levels[level]) ? TP_BYTES_EQUAL
                                                                                : TP_BYTES_DIFFER;
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

bool tp_compare_other_machine(const struct tp_view *view)
{
    int64_t batch;
    double times =
        tp_compare_times(tp_compare_predicted(view)->seconds, view->measured->run.step_seconds);
    if (!tp_view_has_costs(view->plan) || !tp_compare_batch(view, &batch))
        return false;
    return times > MACHINE_TIMES || times < 1 / MACHINE_TIMES;
}

bool tp_compare_batch(const struct tp_view *view, int64_t *batch)
{
    *batch = 0;
    if (tp_model_global_batch(view->plan->model, view->rank_count, batch, NULL) != TP_OK)
        *batch = 0;
    return *batch == view->measured->run.batch;
}

struct tp_run_name tp_compare_name(const struct tp_view *view, int32_t i)
{
    const char *mode = tp_mode_name(view->measured[i].run.mode);
    struct tp_run_name name;
    int number = 0, count = 0;
    for (int32_t j = 0; j < view->run_count; j++)
        if (view->measured[j].run.mode == view->measured[i].run.mode) {
            count++;
            number += j <= i;
        }
    if (count == 1)
        snprintf(name.text, sizeof name.text, "%s", mode);
    else
        snprintf(name.text, sizeof name.text, "%s %d", mode, number);
    return name;
}

bool tp_compare_same_function(const struct tp_view *view, int32_t i, int32_t j)
{
    bool modules = view->plan->model->tower_module.kind != TP_MODULE_NONE;
    return !modules || (view->measured[i].run.mode == TP_MODE_DMT) ==
                           (view->measured[j].run.mode == TP_MODE_DMT);
}

bool tp_compare_same_seed(const struct tp_view *view, int32_t i, int32_t j)
{
    return view->measured[i].run.seed == view->measured[j].run.seed;
}

bool tp_compare_exact(const struct tp_plan *plan)
{
    bool row_shards = false;
    for (int32_t t = 0; t < plan->table_count; t++)
        row_shards |= plan->tables[t].place.sharding == TP_SHARD_ROW;
    return !row_shards ||
           (plan->model->forward == TP_FLOAT32 && plan->model->backward == TP_FLOAT32);
}

/* NAN is the same as NAN. */
static bool same_real(double a, double b)
{
    return isnan(a) == isnan(b) && !(a < b) && !(a > b);
}

/* The first step does not matter: a resumed run has learnt what an uninterrupted one has. */
static bool same_samples(const struct tp_run_result *a, const struct tp_run_result *b)
{
    return a->batch == b->batch && a->last_step == b->last_step && a->skipped == b->skipped &&
           a->held_out.samples == b->held_out.samples && a->held_out.clicks == b->held_out.clicks;
}

/* Whether a run told the loss of its last step; one that was resumed behind it made none. */
static bool has_loss(const struct tp_run_result *run)
{
    return run->last_step >= run->first_step;
}

enum tp_compare_quality tp_compare_quality(const struct tp_measured *a, const struct tp_measured *b)
{
    const struct tp_metrics *of_a = &a->run.held_out, *of_b = &b->run.held_out;
    bool other_plan = a->same_plan == TP_OTHER_PLAN || b->same_plan == TP_OTHER_PLAN;
    if (other_plan || !same_samples(&a->run, &b->run))
        return TP_QUALITY_UNLIKE;
    bool losses = has_loss(&a->run) && has_loss(&b->run);
    if (of_a->samples == 0 && !losses)
        return TP_QUALITY_UNKNOWN;
    bool equal = !losses || same_real(a->run.loss, b->run.loss);
    if (of_a->samples)
        equal &= same_real(of_a->logloss, of_b->logloss) &&
                 same_real(of_a->normalised_entropy, of_b->normalised_entropy) &&
                 same_real(of_a->auc, of_b->auc);
    return equal ? TP_QUALITY_EQUAL : TP_QUALITY_DIFFERS;
}

int32_t tp_compare_partner(const struct tp_view *view, int32_t i)
{
    const struct tp_measured *runs = view->measured;
    int32_t partner = 0;
    int most = 0;
    for (int32_t j = 0; j < i; j++) {
        if (!tp_compare_same_function(view, i, j))
            continue;
        int likeness = tp_compare_same_seed(view, i, j) ? 2 : 1;
        if (tp_compare_quality(&runs[i], &runs[j]) == TP_QUALITY_EQUAL)
            likeness = 3;
        if (likeness > most) {
            most = likeness;
            partner = j;
        }
    }
    return partner;
}
