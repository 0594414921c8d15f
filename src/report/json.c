/* SPDX-License-Identifier: Apache-2.0 */
/* The report for a program: the whole plan as one JSON object.
 *
 * In: a plan and what is wrong with it. Out: `findings`, the keys of the plan file, and `derived`
 * with what the text report adds: chance level, capacity and sums per tower, what is heaviest
 * where, speed-ups, advice. A figure that does not exist (NAN in the plan) is left out. Object keys
 * keep their order, so same plan, same bytes. Cost: O(size of the plan). */
#include <towerpart/report.h>

#include "base/file.h"
#include "base/text.h"
#include "plan/document.h"
#include "plan/verdict.h"
#include "report/advice.h"
#include "report/json_put.h"
#include "report/view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *put_input(
    struct tp_json *json, json_t *inputs, const char *key, const struct tp_plan_input *input)
{
    json_t *object = tp_json_object(json, inputs, key);
    tp_json_text(json, object, "file", input->file);
    tp_json_text(json, object, "sha256", input->sha256);
    return object;
}

static void put_names(
    struct tp_json *json, json_t *parent, const char *key, char *const *names, int32_t count)
{
    json_t *array = tp_json_array(json, parent, key);
    for (int32_t i = 0; i < count; i++)
        tp_json_text(json, array, NULL, names[i]);
}

static void put_affinity(
    struct tp_json *json, json_t *inputs, const struct tp_plan_affinity *affinity)
{
    json_t *object = put_input(json, inputs, "affinity", &affinity->input);
    tp_json_text(json, object, "from", affinity->from_dump ? "dump" : "affinity");
    tp_json_text(json, object, "measure", tp_measure_name(affinity->measure));
    tp_json_integer(json, object, "samples", affinity->samples);
    tp_json_integer(json, object, "dumps", affinity->dumps);
    tp_json_real(json, object, "reproducibility", affinity->reproducibility);
    tp_json_real(json, object, "null_rho", affinity->null_rho);
    tp_json_real(json, object, "learned", affinity->learned);
    tp_json_real(json, object, "noise_floor", affinity->noise_floor);
    tp_json_real(json, object, "above_floor", affinity->above_floor);
    tp_json_real(json, object, "std_error", affinity->std_error);
    tp_json_real(json, object, "stability", affinity->stability);
    json_t *movers = tp_json_object(json, object, "movers");
    for (int32_t i = 0; i < affinity->mover_count; i++)
        tp_json_real(json, movers, affinity->movers[i].feature, affinity->movers[i].share);
    put_names(json, object, "constant", affinity->constant, affinity->constant_count);
    put_names(json, object, "neutral", affinity->neutral, affinity->neutral_count);
    if (affinity->verdict != TP_VERDICT_NONE)
        tp_json_text(json, object, "verdict", tp_verdict_name(affinity->verdict));
}

static void put_inputs(struct tp_json *json, json_t *root, const struct tp_plan *plan)
{
    json_t *inputs = tp_json_object(json, root, "inputs");
    put_input(json, inputs, "model", &plan->model_input);
    put_input(json, inputs, "topology", &plan->topology_input);
    if (plan->older.file)
        put_input(json, inputs, "older", &plan->older);
    if (plan->affinity.dumps > 0)
        put_affinity(json, inputs, &plan->affinity);
}

static void put_integers(
    struct tp_json *json, json_t *parent, const char *key, const int32_t *values, int32_t count)
{
    json_t *array = tp_json_array(json, parent, key);
    for (int32_t i = 0; i < count; i++)
        tp_json_integer(json, array, NULL, values[i]);
}

static void put_towers(struct tp_json *json, json_t *root, const struct tp_plan *plan)
{
    json_t *towers = tp_json_array(json, root, "towers");
    for (int32_t t = 0; t < plan->tower_count; t++) {
        const struct tp_plan_tower *tower = &plan->towers[t];
        json_t *object = tp_json_object(json, towers, NULL);
        tp_json_integer(json, object, "id", tower->id);
        put_integers(json, object, "hosts", tower->hosts, tower->host_count);
        put_integers(json, object, "ranks", tower->ranks, tower->rank_count);
        put_names(json, object, "features", tower->features, tower->feature_count);
        tp_json_integer(json, object, "output_dim", tower->output_dim);
    }
}

static void put_tables(struct tp_json *json, json_t *root, const struct tp_plan *plan)
{
    json_t *tables = tp_json_array(json, root, "tables");
    for (int32_t i = 0; i < plan->table_count; i++) {
        const struct tp_table_placement *place = &plan->tables[i].place;
        json_t *object = tp_json_object(json, tables, NULL);
        tp_json_text(json, object, "name", plan->tables[i].name);
        tp_json_integer(json, object, "tower", place->tower);
        tp_json_text(json, object, "sharding", tp_sharding_name(place->sharding));
        json_t *shards = tp_json_array(json, object, "shards");
        for (int32_t s = 0; s < place->shard_count; s++) {
            json_t *shard = tp_json_object(json, shards, NULL);
            tp_json_integer(json, shard, "rank", place->shards[s].rank);
            tp_json_integer(json, shard, "row", place->shards[s].row);
            tp_json_integer(json, shard, "rows", place->shards[s].rows);
            tp_json_integer(json, shard, "column", place->shards[s].column);
            tp_json_integer(json, shard, "columns", place->shards[s].columns);
        }
    }
}

static void put_ranks(struct tp_json *json, json_t *root, const struct tp_plan *plan)
{
    json_t *ranks = tp_json_array(json, root, "ranks");
    for (int32_t i = 0; i < plan->rank_count; i++) {
        const struct tp_rank_load *load = &plan->ranks[i].load;
        json_t *object = tp_json_object(json, ranks, NULL);
        tp_json_integer(json, object, "rank", plan->ranks[i].rank);
        tp_json_integer(json, object, "memory_bytes", load->memory_bytes);
        tp_json_integer(json, object, "lookup_bytes", load->lookup_bytes);
        tp_json_integer(json, object, "output_bytes", load->output_bytes);
        tp_json_integer(json, object, "id_bytes", load->id_bytes);
    }
}

static void put_quality(struct tp_json *json, json_t *root, const struct tp_plan *plan)
{
    const struct tp_plan_quality *quality = &plan->quality;
    json_t *object = tp_json_object(json, root, "quality");
    tp_json_real(json, object, "inside_affinity", quality->inside_affinity);
    tp_json_real(json, object, tp_bound_key(plan->strategy), quality->bound);
    tp_json_boolean(json, object, "proven_optimal", quality->proven_optimal);
    json_t *baselines = tp_json_object(json, object, "baselines");
    json_t *over = tp_json_array(json, object, "baselines_over_limit");
    for (int32_t i = 0; i < quality->baseline_count; i++) {
        const struct tp_plan_baseline *baseline = &quality->baselines[i];
        tp_json_real(json, baselines, baseline->name, baseline->inside_affinity);
        if (!baseline->within_limits)
            tp_json_text(json, over, NULL, baseline->name);
    }
    json_t *balance = tp_json_object(json, object, "balance");
    tp_json_real(json, balance, "features", quality->balance.features);
    tp_json_real(json, balance, "memory", quality->balance.memory);
    tp_json_real(json, balance, "lookup", quality->balance.lookup);
    tp_json_real(json, balance, "output", quality->balance.output);
    tp_json_real(json, balance, "flops", quality->balance.flops);
}

static void put_mode(
    struct tp_json *json, json_t *cost, const struct tp_plan *plan, enum tp_mode mode)
{
    const struct tp_step_cost *step = &plan->cost.modes[mode];
    json_t *object = tp_json_object(json, cost, tp_mode_name(mode));
    tp_json_real(json, object, "seconds", step->seconds);
    json_t *phases = tp_json_object(json, object, "phases");
    for (int p = 0; p < TP_PHASE_COUNT; p++) {
        const struct tp_phase_cost *phase = &step->phases[p];
        if (!phase->present)
            continue;
        json_t *entry = tp_json_object(json, phases, tp_phase_name((enum tp_phase)p));
        tp_json_real(json, entry, "seconds", phase->seconds);
        if (!phase->moves)
            continue;
        json_t *bytes = tp_json_object(json, entry, "bytes");
        for (int32_t level = 0; level < plan->topology->level_count; level++)
            tp_json_integer(json, bytes, plan->topology->levels[level].name, phase->bytes[level]);
    }
}

static void put_cost(struct tp_json *json, json_t *root, const struct tp_plan *plan)
{
    const struct tp_plan_cost *cost = &plan->cost;
    json_t *object = tp_json_object(json, root, "cost");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        put_mode(json, object, plan, (enum tp_mode)mode);
    if (!isnan(cost->flat_free_seconds)) {
        json_t *flat_free = tp_json_object(json, object, "flat_free");
        tp_json_real(json, flat_free, "seconds", cost->flat_free_seconds);
    }
    tp_json_text(json, object, "recommended", tp_recommendation_name(cost->recommended));
    tp_json_text(json, object, "recommended_if_quality_allows",
        tp_recommendation_name(cost->recommended_if_quality_allows));
}

static void put_sums(struct tp_json *json, json_t *derived, const struct tp_view *view)
{
    json_t *towers = tp_json_array(json, derived, "towers");
    for (int32_t t = 0; t < view->plan->tower_count; t++) {
        json_t *object = tp_json_object(json, towers, NULL);
        tp_json_integer(json, object, "id", view->plan->towers[t].id);
        tp_json_real(json, object, "memory_bytes", view->towers[t].used[TP_RESOURCE_MEMORY]);
        tp_json_real(json, object, "capacity_bytes", view->towers[t].capacity_bytes);
        tp_json_real(json, object, "lookup_bytes", view->towers[t].used[TP_RESOURCE_LOOKUP]);
    }
    json_t *heaviest = tp_json_object(json, derived, "heaviest");
    for (int r = 0; r < TP_RESOURCE_COUNT; r++) {
        const struct tp_view_peak *peak = &view->peaks[r];
        if (peak->tower < 0)
            continue;
        json_t *object = tp_json_object(json, heaviest, tp_resource_name((enum tp_resource)r));
        tp_json_integer(json, object, "tower", view->plan->towers[peak->tower].id);
        if (peak->table < 0)
            continue;
        tp_json_text(json, object, "table", view->plan->tables[peak->table].name);
        tp_json_real(json, object, "table_share", peak->table_share);
    }
}

/* What the verdict rests on. */
static void put_trust(struct tp_json *json, json_t *derived, const struct tp_plan *plan)
{
    static const struct {
        unsigned bit;
        const char *name;
    } checks[] = {{TP_FAILED_SIGNAL, "signal"}, {TP_FAILED_STABILITY, "stability"},
        {TP_FAILED_AGREEMENT, "agreement"}};
    const struct tp_plan_affinity *affinity = &plan->affinity;
    if (affinity->dumps == 0)
        return;
    json_t *trust = tp_json_object(json, derived, "trust");
    tp_json_text(json, trust, "verdict", tp_verdict_name(affinity->verdict));
    json_t *failed = tp_json_array(json, trust, "failed");
    for (int i = 0; i < 3; i++)
        if (tp_failed_checks(plan) & checks[i].bit)
            tp_json_text(json, failed, NULL, checks[i].name);
    tp_json_real(json, trust, "above_floor_asked", tp_signal_asked(plan));
    tp_json_real(json, trust, "stability_asked", TP_STABLE_LEAST);
    tp_json_real(json, trust, "reproducibility_asked", TP_AGREE_LEAST);
    if (affinity->std_error > 0 && affinity->samples <= INT64_MAX / 4)
        tp_json_integer(json, trust, "samples_to_halve_std_error", 4 * affinity->samples);
}

static void put_derived(
    struct tp_json *json, json_t *root, const struct tp_view *view, const struct tp_advice *advice)
{
    static const enum tp_recommendation ways[] = {
        TP_USE_FLAT, TP_USE_FLAT_FREE, TP_USE_SPTT, TP_USE_DMT};
    const struct tp_plan *plan = view->plan;
    json_t *derived = tp_json_object(json, root, "derived");
    tp_json_real(json, derived, "chance_affinity", view->chance_affinity);
    put_trust(json, derived, plan);
    put_sums(json, derived, view);
    json_t *speedup = tp_json_object(json, derived, "speedup_over_flat");
    for (int i = 0; i < 4; i++)
        tp_json_real(json, speedup, tp_recommendation_name(ways[i]),
            tp_view_seconds(plan, TP_USE_FLAT) / tp_view_seconds(plan, ways[i]));
    json_t *next = tp_json_array(json, derived, "next");
    for (int32_t i = 0; i < advice->count; i++) {
        json_t *object = tp_json_object(json, next, NULL);
        tp_json_text(json, object, "do", advice->items[i].sentence);
        if (advice->items[i].command)
            tp_json_text(json, object, "command", advice->items[i].command);
    }
}

/* A seed beyond what JSON readers take for an integer is text. */
static void put_seed(struct tp_json *json, json_t *root, uint64_t seed)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, seed);
    if (seed <= INT64_MAX)
        tp_json_integer(json, root, "seed", (int64_t)seed);
    else
        tp_json_text(json, root, "seed", text);
}

static void put_findings(struct tp_json *json, json_t *root, const struct tp_findings *findings)
{
    json_t *lines = tp_json_array(json, root, "findings");
    for (int32_t i = 0; i < findings->count; i++)
        tp_json_text(json, lines, NULL, findings->lines[i]);
}

static void put_plan(
    struct tp_json *json, json_t *root, const struct tp_view *view, const struct tp_advice *advice)
{
    const struct tp_plan *plan = view->plan;
    tp_json_integer(json, root, "towerpart_report", 1);
    put_findings(json, root, &view->findings);
    tp_json_text(json, root, "generator", plan->generator);
    put_seed(json, root, plan->seed);
    tp_json_text(json, root, "strategy", tp_strategy_name(plan->strategy));
    put_inputs(json, root, plan);
    tp_json_model(json, root, plan->model);
    tp_json_topology(json, root, plan->topology);
    json_t *limits = tp_json_object(json, root, "limits");
    tp_json_real(json, limits, "balance", plan->balance);
    tp_json_real(json, limits, "ratio", plan->ratio);
    tp_json_boolean(json, limits, "proven", plan->limits_proven);
    put_towers(json, root, plan);
    put_tables(json, root, plan);
    put_ranks(json, root, plan);
    put_quality(json, root, plan);
    put_cost(json, root, plan);
    put_derived(json, root, view, advice);
    if (view->run_count)
        tp_json_measured(json, root, view);
}

enum tp_status tp_report_json(const struct tp_plan *plan, const struct tp_findings *findings,
    const struct tp_report_options *options, const char *path, struct tp_error *err)
{
    struct tp_json json = {0};
    struct tp_view view = {0};
    struct tp_advice advice = {0};
    struct tp_text text = {0};
    json_t *root = json_object();
    enum tp_status status = root ? tp_view_init(&view, plan, findings, err) : tp_fail_memory(err);
    tp_view_options(&view, options);
    if (!status)
        status = tp_advice_init(&advice, &view, err);
    if (status)
        goto out;
    put_plan(&json, root, &view, &advice);
    tp_json_write(&json, root, &text);
    root = NULL;
    if (text.failed)
        status = tp_fail_memory(err);
    else
        status = tp_file_write(path, text.data, text.length, err);
out:
    tp_text_release(&text);
    tp_advice_release(&advice);
    tp_view_release(&view);
    json_decref(root);
    return status;
}
