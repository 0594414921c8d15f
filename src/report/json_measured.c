/* SPDX-License-Identifier: Apache-2.0 */
/* A run beside what the plan predicts, for a program: the object "measured" of the JSON report.
 *
 * In: a view that has a run. Out: seconds, bytes at every level and loads of every rank, predicted,
 * measured and their ratio. A figure that does not exist is left out. Cost: O(G). */
#include "report/compare.h"
#include "report/json_put.h"

#include <math.h>

/* A pair of figures and their ratio. */
static json_t *put_pair(
    struct tp_json *json, json_t *parent, const char *key, double predicted, double measured)
{
    json_t *object = tp_json_object(json, parent, key);
    tp_json_real(json, object, "predicted", predicted);
    tp_json_real(json, object, "measured", measured);
    tp_json_real(json, object, "ratio", tp_compare_times(predicted, measured));
    return object;
}

static void put_bytes(struct tp_json *json, json_t *entry, const struct tp_view *view, int phase)
{
    const struct tp_topology *topology = view->plan->topology;
    if (tp_compare_phase_bytes(view, phase) == TP_BYTES_NONE)
        return;
    json_t *bytes = tp_json_object(json, entry, "bytes");
    for (int32_t level = 0; level < topology->level_count; level++) {
        json_t *object = tp_json_object(json, bytes, topology->levels[level].name);
        tp_json_integer(
            json, object, "predicted", tp_compare_predicted(view)->phases[phase].bytes[level]);
        tp_json_real(json, object, "measured", view->measured->run.phases[phase].bytes[level]);
        tp_json_boolean(
            json, object, "equal", tp_compare_level(view, phase, level) == TP_BYTES_EQUAL);
    }
}

static void put_phases(struct tp_json *json, json_t *parent, const struct tp_view *view)
{
    json_t *phases = tp_json_object(json, parent, "phases");
    for (int p = 0; p < TP_PHASE_COUNT; p++) {
        const struct tp_phase_cost *predicted = &tp_compare_predicted(view)->phases[p];
        const struct tp_phase_result *measured = &view->measured->run.phases[p];
        if (!predicted->present && !measured->present)
            continue;
        json_t *entry = tp_json_object(json, phases, tp_phase_name((enum tp_phase)p));
        json_t *seconds =
            put_pair(json, entry, "seconds", predicted->present ? predicted->seconds : NAN,
                measured->present ? measured->seconds.max : NAN);
        if (measured->present) {
            tp_json_real(json, seconds, "min", measured->seconds.min);
            tp_json_real(json, seconds, "median", measured->seconds.median);
        }
        put_bytes(json, entry, view, p);
    }
}

static void put_ranks(struct tp_json *json, json_t *parent, const struct tp_view *view)
{
    json_t *ranks = tp_json_array(json, parent, "ranks");
    for (int32_t r = 0; r < view->rank_count; r++) {
        const struct tp_rank_load *load = &view->ranks[r].load;
        const struct tp_rank_result *found = &view->measured->run.ranks[r];
        json_t *object = tp_json_object(json, ranks, NULL);
        tp_json_integer(json, object, "rank", r);
        tp_json_real(json, object, "ids", found->ids);
        put_pair(json, object, "lookup_bytes", (double)load->lookup_bytes, found->lookup_bytes);
        put_pair(json, object, "id_bytes", (double)load->id_bytes, found->id_bytes);
    }
}

static void put_held_out(struct tp_json *json, json_t *parent, const struct tp_metrics *metrics)
{
    if (metrics->samples == 0)
        return;
    json_t *object = tp_json_object(json, parent, "held_out");
    tp_json_integer(json, object, "samples", metrics->samples);
    tp_json_integer(json, object, "clicks", metrics->clicks);
    tp_json_real(json, object, "logloss", metrics->logloss);
    tp_json_real(json, object, "normalised_entropy", metrics->normalised_entropy);
    tp_json_real(json, object, "auc", metrics->auc);
}

static void put_run(struct tp_json *json, json_t *object, const struct tp_view *view)
{
    const struct tp_measured *measured = view->measured;
    const struct tp_run_result *run = &measured->run;
    int furthest = tp_compare_furthest(view);
    tp_json_text(json, object, "file", measured->file);
    if (measured->same_plan != TP_SAME_PLAN_UNKNOWN)
        tp_json_boolean(json, object, "same_plan", measured->same_plan == TP_SAME_PLAN);
    tp_json_text(json, object, "mode", tp_mode_name(run->mode));
    tp_json_integer(json, object, "batch", run->batch);
    tp_json_integer(json, object, "seed", (int64_t)run->seed); /* was read as one */
    tp_json_integer(json, object, "first_step", run->first_step);
    tp_json_integer(json, object, "last_step", run->last_step);
    tp_json_integer(json, object, "skipped", run->skipped);
    tp_json_integer(json, object, "hashed_tables", run->hashed_tables);
    tp_json_real(json, object, "seconds", run->seconds);
    put_pair(json, object, "step_seconds", tp_compare_predicted(view)->seconds, run->step_seconds);
    tp_json_real(json, object, "samples_per_s", run->samples_per_s);
    tp_json_real(json, object, "loss", run->loss);
    put_held_out(json, object, &run->held_out);
    if (furthest >= 0)
        tp_json_text(json, object, "furthest", tp_phase_name((enum tp_phase)furthest));
    put_phases(json, object, view);
    put_ranks(json, object, view);
}

void tp_json_measured(struct tp_json *json, json_t *parent, const struct tp_view *view)
{
    if (view->run_count == 1) {
        put_run(json, tp_json_object(json, parent, "measured"), view);
        return;
    }
    json_t *runs = tp_json_array(json, parent, "runs");
    for (int32_t i = 0; i < view->run_count; i++) {
        struct tp_view one = tp_view_run(view, i);
        put_run(json, tp_json_object(json, runs, NULL), &one);
    }
}
