/* SPDX-License-Identifier: Apache-2.0 */
/* What a run measured, as JSON: one object and a newline for a step, one for the end.
 *
 * In: figures over all ranks. Out: text. Reals have the shortest digits that read back as the same
 * double, whole ones no fraction, so two runs compare bit for bit as text; what does not exist
 * (NAN) is null. Phases are in the order of execution. A last line of G ranks takes some 100 G
 * bytes. Cost: O(phases + G). */
#include "train/result.h"

#include "base/memory.h"
#include "base/unicode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX 0x1p53 /* doubles below it that are whole are integers to every reader */

bool tp_phase_moves(enum tp_phase phase)
{
    switch (phase) {
    case TP_PHASE_IDS_ALLTOALL:
    case TP_PHASE_TOWER_EXCHANGE:
    case TP_PHASE_EMBEDDING_ALLTOALL:
    case TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD:
    case TP_PHASE_TOWER_EXCHANGE_BACKWARD:
    case TP_PHASE_DENSE_ALLREDUCE:
        return true;
    default:
        return false;
    }
}

static void add_real(struct tp_text *text, double value)
{
    char digits[32];
    if (!isfinite(value)) {
        tp_text_add(text, "null");
    } else if (value == floor(value) && fabs(value) < WHOLE_MAX) {
        tp_text_add(text, "%.0f", value);
    } else {
        tp_format_real(digits, value);
        tp_text_add(text, "%s", digits);
    }
}

static void add_integer(struct tp_text *text, int64_t value)
{
    tp_text_add(text, "%lld", (long long)value);
}

/* In quotes, or null. What is not UTF-8 and control characters become '?'. */
static void add_string(struct tp_text *text, const char *value)
{
    char *clean = value ? tp_copy_text(value, strlen(value)) : NULL;
    if (value && !clean)
        text->failed = true;
    if (!clean) {
        tp_text_add(text, "null");
        return;
    }
    tp_utf8_clean(clean, "");
    tp_text_add(text, "\"");
    for (const char *p = clean; *p; p++) {
        if (*p == '"' || *p == '\\')
            tp_text_add_bytes(text, "\\", 1);
        tp_text_add_bytes(text, p, 1);
    }
    tp_text_add(text, "\"");
    free(clean);
}

static void real(struct tp_text *text, const char *key, double value)
{
    tp_text_add(text, ", \"%s\": ", key);
    add_real(text, value);
}

static void integer(struct tp_text *text, const char *key, int64_t value)
{
    tp_text_add(text, ", \"%s\": ", key);
    add_integer(text, value);
}

static void add_spread(struct tp_text *text, const struct tp_spread *spread)
{
    tp_text_add(text, "{\"min\": ");
    add_real(text, spread->min);
    real(text, "median", spread->median);
    real(text, "max", spread->max);
    tp_text_add(text, "}");
}

static void add_bytes(
    struct tp_text *text, const struct tp_topology *topology, const double bytes[TP_LEVELS_MAX])
{
    tp_text_add(text, ", \"bytes\": {");
    for (int32_t level = 0; level < topology->level_count; level++) {
        tp_text_add(text, level ? ", " : "");
        add_string(text, topology->levels[level].name);
        tp_text_add(text, ": ");
        add_real(text, bytes[level]);
    }
    tp_text_add(text, "}");
}

/* The phases of a step are seconds alone, those of a run objects with bytes. */
static void add_phases(struct tp_text *text, const struct tp_topology *topology,
    const struct tp_phase_result phases[TP_PHASE_COUNT], bool with_bytes)
{
    const char *separator = "";
    tp_text_add(text, ", \"phases\": {");
    for (int p = 0; p < TP_PHASE_COUNT; p++) {
        if (!phases[p].present)
            continue;
        tp_text_add(text, "%s\"%s\": ", separator, tp_phase_name((enum tp_phase)p));
        separator = ", ";
        tp_text_add(text, with_bytes ? "{\"seconds\": " : "");
        add_spread(text, &phases[p].seconds);
        if (with_bytes && tp_phase_moves((enum tp_phase)p))
            add_bytes(text, topology, phases[p].bytes);
        tp_text_add(text, with_bytes ? "}" : "");
    }
    tp_text_add(text, "}");
}

void tp_step_json(
    const struct tp_plan *plan, const struct tp_step_result *step, struct tp_text *text)
{
    tp_text_add(text, "{\"step\": ");
    add_integer(text, step->step);
    real(text, "loss", step->loss);
    real(text, "samples_per_s", step->samples_per_s);
    add_phases(text, plan->topology, step->phases, false);
    tp_text_add(text, "}\n");
}

static void add_held_out(struct tp_text *text, const struct tp_metrics *metrics)
{
    tp_text_add(text, ", \"held_out\": ");
    if (metrics->samples == 0) {
        tp_text_add(text, "null");
        return;
    }
    tp_text_add(text, "{\"samples\": ");
    add_integer(text, metrics->samples);
    integer(text, "clicks", metrics->clicks);
    real(text, "logloss", metrics->logloss);
    real(text, "normalised_entropy", metrics->normalised_entropy);
    real(text, "auc", metrics->auc);
    tp_text_add(text, "}");
}

static void add_ranks(struct tp_text *text, const struct tp_rank_result *ranks, int32_t count)
{
    tp_text_add(text, ", \"rank_loads\": [");
    for (int32_t g = 0; g < count; g++) {
        tp_text_add(text, "%s{\"rank\": ", g ? ", " : "");
        add_integer(text, g);
        real(text, "ids", ranks[g].ids);
        real(text, "id_bytes", ranks[g].id_bytes);
        real(text, "lookup_bytes", ranks[g].lookup_bytes);
        tp_text_add(text, "}");
    }
    tp_text_add(text, "]");
}

void tp_run_json(const struct tp_plan *plan, const char *plan_file, const char *plan_sha256,
    const struct tp_run_result *run, struct tp_text *text)
{
    tp_text_add(text, "{\"final\": true, \"plan\": {\"file\": ");
    add_string(text, plan_file);
    tp_text_add(text, ", \"sha256\": ");
    add_string(text, plan_sha256);
    tp_text_add(text, "}, \"mode\": ");
    add_string(text, tp_mode_name(run->mode));
    integer(text, "ranks", plan->topology->rank_count);
    integer(text, "hosts", plan->topology->host_count);
    integer(text, "batch", run->batch);
    tp_text_add(text, ", \"seed\": %llu", (unsigned long long)run->seed);
    integer(text, "first_step", run->first_step);
    integer(text, "last_step", run->last_step);
    real(text, "seconds", run->seconds);
    real(text, "step_seconds", run->step_seconds);
    real(text, "samples_per_s", run->samples_per_s);
    real(text, "loss", run->loss);
    integer(text, "skipped", run->skipped);
    integer(text, "hashed_tables", run->hashed_tables);
    add_held_out(text, &run->held_out);
    add_phases(text, plan->topology, run->phases, true);
    add_ranks(text, run->ranks, plan->topology->rank_count);
    tp_text_add(text, "}\n");
}
