/* SPDX-License-Identifier: Apache-2.0 */
/* A plan to a YAML file. In: a whole plan. Out: a document that plan_read.c turns into the same plan
 * again, and whose bytes depend on nothing else.
 *
 * Where a figure was not assessed (NAN, no verdict, no file) its key is left out. The top is in block
 * style for people to scroll through; towers, tables and ranks are one entry per line, to edit.
 * Cost: O(bytes), the document is held in memory. */
#include <towerpart/plan.h>

#include "base/fail.h"
#include "base/file.h"
#include "base/yaml_write.h"
#include "plan/document.h"
#include "spec/spec.h"

#include <math.h>

/* A figure that may be missing. */
static void write_optional(struct tp_yaml_out *out, const char *key, double value)
{
    if (!isnan(value))
        tp_yaml_out_real(out, key, value);
}

const char *tp_bound_key(enum tp_strategy strategy)
{
    return strategy == TP_STRATEGY_DIVERSE ? "lower_bound" : "upper_bound";
}

static void write_input_entries(struct tp_yaml_out *out, const struct tp_plan_input *input)
{
    if (input->file)
        tp_yaml_out_text(out, "file", input->file);
    if (input->sha256[0])
        tp_yaml_out_text(out, "sha256", input->sha256);
}

static void write_input(struct tp_yaml_out *out, const char *key, const struct tp_plan_input *input)
{
    tp_yaml_out_mapping(out, key, TP_YAML_FLOW);
    write_input_entries(out, input);
    tp_yaml_out_end(out);
}

static void write_movers(struct tp_yaml_out *out, const struct tp_plan_affinity *affinity)
{
    if (affinity->mover_count == 0)
        return;
    tp_yaml_out_mapping(out, "movers", TP_YAML_FLOW);
    for (int32_t i = 0; i < affinity->mover_count; i++)
        tp_yaml_out_real(out, affinity->movers[i].feature, affinity->movers[i].share);
    tp_yaml_out_end(out);
}

/* A list that is left out when it is empty. */
static void write_names(struct tp_yaml_out *out, const char *key, char *const *names, int32_t count)
{
    if (count == 0)
        return;
    tp_yaml_out_sequence(out, key, TP_YAML_FLOW);
    for (int32_t i = 0; i < count; i++)
        tp_yaml_out_text(out, NULL, names[i]);
    tp_yaml_out_end(out);
}

static void write_affinity(struct tp_yaml_out *out, const struct tp_plan_affinity *affinity)
{
    tp_yaml_out_mapping(out, "affinity", TP_YAML_FLOW);
    write_input_entries(out, &affinity->input);
    tp_yaml_out_text(out, "from", affinity->from_dump ? "dump" : "affinity");
    tp_yaml_out_text(out, "measure", tp_measure_name(affinity->measure));
    tp_yaml_out_integer(out, "samples", affinity->samples);
    tp_yaml_out_integer(out, "dumps", affinity->dumps);
    write_optional(out, "reproducibility", affinity->reproducibility);
    write_optional(out, "null_rho", affinity->null_rho);
    write_optional(out, "learned", affinity->learned);
    write_optional(out, "noise_floor", affinity->noise_floor);
    write_optional(out, "above_floor", affinity->above_floor);
    write_optional(out, "std_error", affinity->std_error);
    write_optional(out, "stability", affinity->stability);
    write_movers(out, affinity);
    write_names(out, "constant", affinity->constant, affinity->constant_count);
    write_names(out, "neutral", affinity->neutral, affinity->neutral_count);
    if (affinity->verdict != TP_VERDICT_NONE)
        tp_yaml_out_text(out, "verdict", tp_verdict_name(affinity->verdict));
    tp_yaml_out_end(out);
}

static void write_head(struct tp_yaml_out *out, const struct tp_plan *plan)
{
    tp_yaml_out_integer(out, "towerpart_plan", 1);
    tp_yaml_out_text(out, "generator", plan->generator);
    tp_yaml_out_integer(out, "seed", (int64_t)plan->seed);
    tp_yaml_out_text(out, "strategy", tp_strategy_name(plan->strategy));
    tp_yaml_out_mapping(out, "inputs", TP_YAML_BLOCK);
    write_input(out, "model", &plan->model_input);
    write_input(out, "topology", &plan->topology_input);
    if (plan->older.file)
        write_input(out, "older", &plan->older);
    if (plan->affinity.dumps > 0) /* else planned without */
        write_affinity(out, &plan->affinity);
    tp_yaml_out_end(out);
    tp_yaml_out_mapping(out, "model", TP_YAML_BLOCK);
    tp_model_write(plan->model, out);
    tp_yaml_out_end(out);
    tp_yaml_out_mapping(out, "topology", TP_YAML_BLOCK);
    tp_topology_write(plan->topology, out);
    tp_yaml_out_end(out);
    tp_yaml_out_mapping(out, "limits", TP_YAML_FLOW);
    tp_yaml_out_real(out, "balance", plan->balance);
    tp_yaml_out_real(out, "ratio", plan->ratio);
    tp_yaml_out_boolean(out, "proven", plan->limits_proven);
    tp_yaml_out_end(out);
}

static void write_integers(
    struct tp_yaml_out *out, const char *key, const int32_t *values, int32_t count)
{
    tp_yaml_out_sequence(out, key, TP_YAML_FLOW);
    for (int32_t i = 0; i < count; i++)
        tp_yaml_out_integer(out, NULL, values[i]);
    tp_yaml_out_end(out);
}

static void write_tower(struct tp_yaml_out *out, const struct tp_plan_tower *tower)
{
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    tp_yaml_out_integer(out, "id", tower->id);
    write_integers(out, "hosts", tower->hosts, tower->host_count);
    write_integers(out, "ranks", tower->ranks, tower->rank_count);
    tp_yaml_out_sequence(out, "features", TP_YAML_FLOW);
    for (int32_t i = 0; i < tower->feature_count; i++)
        tp_yaml_out_text(out, NULL, tower->features[i]);
    tp_yaml_out_end(out);
    tp_yaml_out_integer(out, "output_dim", tower->output_dim);
    tp_yaml_out_end(out);
}

static void write_shard(struct tp_yaml_out *out, const struct tp_shard *shard)
{
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    tp_yaml_out_integer(out, "rank", shard->rank);
    tp_yaml_out_integer(out, "row", shard->row);
    tp_yaml_out_integer(out, "rows", shard->rows);
    tp_yaml_out_integer(out, "column", shard->column);
    tp_yaml_out_integer(out, "columns", shard->columns);
    tp_yaml_out_end(out);
}

static void write_table(struct tp_yaml_out *out, const struct tp_plan_table *table)
{
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    tp_yaml_out_text(out, "name", table->name);
    tp_yaml_out_integer(out, "tower", table->place.tower);
    tp_yaml_out_text(out, "sharding", tp_sharding_name(table->place.sharding));
    tp_yaml_out_sequence(out, "shards", TP_YAML_FLOW);
    for (int32_t i = 0; i < table->place.shard_count; i++)
        write_shard(out, &table->place.shards[i]);
    tp_yaml_out_end(out);
    tp_yaml_out_end(out);
}

static void write_rank(struct tp_yaml_out *out, const struct tp_plan_rank *rank)
{
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    tp_yaml_out_integer(out, "rank", rank->rank);
    tp_yaml_out_integer(out, "memory_bytes", rank->load.memory_bytes);
    tp_yaml_out_integer(out, "lookup_bytes", rank->load.lookup_bytes);
    tp_yaml_out_integer(out, "output_bytes", rank->load.output_bytes);
    tp_yaml_out_integer(out, "id_bytes", rank->load.id_bytes);
    tp_yaml_out_end(out);
}

static void write_layout(struct tp_yaml_out *out, const struct tp_plan *plan)
{
    tp_yaml_out_sequence(out, "towers", TP_YAML_BLOCK);
    for (int32_t i = 0; i < plan->tower_count; i++)
        write_tower(out, &plan->towers[i]);
    tp_yaml_out_end(out);
    tp_yaml_out_sequence(out, "tables", TP_YAML_BLOCK);
    for (int32_t i = 0; i < plan->table_count; i++)
        write_table(out, &plan->tables[i]);
    tp_yaml_out_end(out);
    tp_yaml_out_sequence(out, "ranks", TP_YAML_BLOCK);
    for (int32_t i = 0; i < plan->rank_count; i++)
        write_rank(out, &plan->ranks[i]);
    tp_yaml_out_end(out);
}

static void write_baselines(struct tp_yaml_out *out, const struct tp_plan_quality *quality)
{
    bool over = false;
    tp_yaml_out_mapping(out, "baselines", TP_YAML_FLOW);
    for (int32_t i = 0; i < quality->baseline_count; i++) {
        const struct tp_plan_baseline *baseline = &quality->baselines[i];
        tp_yaml_out_real(out, baseline->name, baseline->inside_affinity);
        over = over || !baseline->within_limits;
    }
    tp_yaml_out_end(out);
    if (!over)
        return;
    tp_yaml_out_sequence(out, "baselines_over_limit", TP_YAML_FLOW);
    for (int32_t i = 0; i < quality->baseline_count; i++)
        if (!quality->baselines[i].within_limits)
            tp_yaml_out_text(out, NULL, quality->baselines[i].name);
    tp_yaml_out_end(out);
}

static void write_quality(
    struct tp_yaml_out *out, enum tp_strategy strategy, const struct tp_plan_quality *quality)
{
    const struct tp_plan_balance *balance = &quality->balance;
    tp_yaml_out_mapping(out, "quality", TP_YAML_BLOCK);
    write_optional(out, "inside_affinity", quality->inside_affinity);
    write_optional(out, tp_bound_key(strategy), quality->bound);
    if (!isnan(quality->bound))
        tp_yaml_out_boolean(out, "proven_optimal", quality->proven_optimal);
    if (*quality->assignment)
        tp_yaml_out_text(out, "assignment", quality->assignment);
    if (quality->baseline_count)
        write_baselines(out, quality);
    tp_yaml_out_mapping(out, "balance", TP_YAML_FLOW);
    tp_yaml_out_real(out, "features", balance->features);
    tp_yaml_out_real(out, "memory", balance->memory);
    tp_yaml_out_real(out, "lookup", balance->lookup);
    tp_yaml_out_real(out, "output", balance->output);
    write_optional(out, "flops", balance->flops);
    tp_yaml_out_end(out);
    tp_yaml_out_end(out);
}

static void write_phase(struct tp_yaml_out *out, const char *name,
    const struct tp_phase_cost *phase, const struct tp_topology *topology)
{
    tp_yaml_out_mapping(out, name, TP_YAML_FLOW);
    tp_yaml_out_real(out, "seconds", phase->seconds);
    if (phase->moves) {
        tp_yaml_out_mapping(out, "bytes", TP_YAML_FLOW);
        for (int32_t i = 0; i < topology->level_count; i++)
            tp_yaml_out_integer(out, topology->levels[i].name, phase->bytes[i]);
        tp_yaml_out_end(out);
    }
    tp_yaml_out_end(out);
}

static void write_step(struct tp_yaml_out *out, const char *name, const struct tp_step_cost *step,
    const struct tp_topology *topology)
{
    tp_yaml_out_mapping(out, name, TP_YAML_BLOCK);
    tp_yaml_out_real(out, "seconds", step->seconds);
    tp_yaml_out_mapping(out, "phases", TP_YAML_BLOCK);
    for (int phase = 0; phase < TP_PHASE_COUNT; phase++)
        if (step->phases[phase].present)
            write_phase(out, tp_phase_name((enum tp_phase)phase), &step->phases[phase], topology);
    tp_yaml_out_end(out);
    tp_yaml_out_end(out);
}

static void write_cost(
    struct tp_yaml_out *out, const struct tp_plan_cost *cost, const struct tp_topology *topology)
{
    tp_yaml_out_mapping(out, "cost", TP_YAML_BLOCK);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        write_step(out, tp_mode_name((enum tp_mode)mode), &cost->modes[mode], topology);
    if (!isnan(cost->flat_free_seconds)) {
        tp_yaml_out_mapping(out, "flat_free", TP_YAML_FLOW);
        tp_yaml_out_real(out, "seconds", cost->flat_free_seconds);
        tp_yaml_out_end(out);
    }
    tp_yaml_out_text(out, "recommended", tp_recommendation_name(cost->recommended));
    tp_yaml_out_text(out, "recommended_if_quality_allows",
        tp_recommendation_name(cost->recommended_if_quality_allows));
    tp_yaml_out_end(out);
}

enum tp_status tp_plan_format(
    const struct tp_plan *plan, struct tp_text *text, struct tp_error *err)
{
    if (plan->seed > INT64_MAX)
        return tp_fail(err, TP_EUSAGE,
            "seed: found %llu, expected at most %lld: YAML readers know no larger integer",
            (unsigned long long)plan->seed, (long long)INT64_MAX);
    struct tp_yaml_out *out = tp_yaml_out_new();
    if (!out)
        return tp_fail_memory(err);
    write_head(out, plan);
    write_layout(out, plan);
    write_quality(out, plan->strategy, &plan->quality);
    write_cost(out, &plan->cost, plan->topology);
    return tp_yaml_out_finish(out, text, err);
}

enum tp_status tp_plan_save(const struct tp_plan *plan, const char *path, struct tp_error *err)
{
    struct tp_text text = {0};
    enum tp_status status = tp_plan_format(plan, &text, err);
    if (status == TP_OK)
        status = tp_file_write(path, text.data, text.length, err);
    tp_text_release(&text);
    return status;
}
