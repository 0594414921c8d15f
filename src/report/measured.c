/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run, read back.
 *
 * In: the JSON lines that the trainer prints, of any number of steps, and the plan that was run.
 * Out: the figures of the last line that says "final": true. Other lines are passed over unread,
 * except that the first has to be JSON, so that a wrong file is called one. Keys that are not known
 * are passed over too: a later trainer may tell more. Cost: linear in the file; memory in its
 * longest line. */
#include <towerpart/report.h>

#include "base/file.h"
#include "base/lines.h"
#include "base/memory.h"
#include "import/json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX ((size_t)16 << 20) /* some 100,000 ranks of 110 to 150 bytes each */

#define NO_END "no line says \"final\": true"

struct reader {
    struct tp_json json;
    const struct tp_plan *plan;
    struct tp_measured *measured;
    struct tp_text place; /* "run.json:200", which messages begin with */
};

static enum tp_status fail_end(const char *path, const char *why, struct tp_error *err)
{
    return tp_fail(err, TP_EINPUT,
        "%s: the run did not end: %s; expected what towerpart-train --json prints, to its last "
        "line",
        tp_path_shown(path), why);
}

/* The first line of a file of JSON lines is JSON. */
static enum tp_status check_first(
    const char *path, const char *line, size_t length, struct tp_error *err)
{
    struct tp_json json = {0};
    enum tp_status status = tp_json_parse(tp_path_shown(path), 1, line, length, &json, err);
    tp_json_release(&json);
    return status;
}

/* Copies the last line that may be the end. @param final  empty if there is none. */
static enum tp_status find_end(
    const char *path, struct tp_text *final, int64_t *number, struct tp_error *err)
{
    struct tp_lines *lines = NULL;
    const char *line = NULL;
    size_t length = 0;
    enum tp_status status = tp_lines_open_long(path, LINE_BYTES_MAX, &lines, err);
    if (status != TP_OK)
        return status;
    while ((status = tp_lines_next(lines, &line, &length, err)) == TP_OK && line) {
        if (tp_lines_number(lines) == 1)
            status = check_first(path, line, length, err);
        if (status != TP_OK)
            break;
        if (!strstr(line, "\"final\""))
            continue;
        final->length = 0;
        tp_text_add_bytes(final, line, length);
        *number = tp_lines_number(lines);
    }
    if (status == TP_OK && tp_lines_number(lines) == 0)
        status = fail_end(path, "the file is empty", err);
    if (status == TP_OK && final->failed)
        status = tp_fail_memory(err);
    tp_lines_free(lines);
    return status;
}

static enum tp_status read_integer(
    struct reader *r, const char *key, int64_t min, int64_t max, int64_t *number)
{
    return tp_json_read_integer(
        &r->json, "", key, json_object_get(r->json.root, key), min, max, number);
}

/* null is NAN. */
static enum tp_status read_real(
    struct reader *r, const char *place, const json_t *object, const char *key, double *number)
{
    const json_t *value = json_object_get(object, key);
    *number = NAN;
    return json_is_null(value) ? TP_OK : tp_json_read_real(&r->json, place, key, value, number);
}

static enum tp_status read_plan(struct reader *r, const char *sha256)
{
    const json_t *plan = json_object_get(r->json.root, "plan"), *value;
    const char *run = NULL;
    enum tp_status status = tp_json_expect_object(&r->json, "", "plan", plan, "an object");
    if (status != TP_OK)
        return status;
    value = json_object_get(plan, "sha256");
    if (!json_is_null(value))
        status = tp_json_read_text(&r->json, "plan", "sha256", value, &run);
    if (run && sha256)
        r->measured->same_plan = strcmp(run, sha256) ? TP_OTHER_PLAN : TP_SAME_PLAN;
    return status;
}

static enum tp_status read_mode(struct reader *r)
{
    const char *name = NULL;
    enum tp_status status =
        tp_json_read_text(&r->json, "", "mode", json_object_get(r->json.root, "mode"), &name);
    if (status != TP_OK)
        return status;
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        if (strcmp(name, tp_mode_name((enum tp_mode)mode)) == 0) {
            r->measured->run.mode = (enum tp_mode)mode;
            return TP_OK;
        }
    return tp_json_fail(&r->json, "", "mode: found '%s', expected flat, sptt or dmt", name);
}

static enum tp_status check_ranks(struct reader *r)
{
    int64_t ranks = 0;
    enum tp_status status = read_integer(r, "ranks", 1, TP_RANKS_MAX, &ranks);
    if (status != TP_OK || ranks == r->plan->topology->rank_count)
        return status;
    return tp_json_fail(&r->json, "", "ranks: found %lld, expected %d, those of the plan",
        (long long)ranks, (int)r->plan->topology->rank_count);
}

/* As the trainer takes them: a larger one is no integer to a reader of JSON. */
static enum tp_status read_seed(struct reader *r)
{
    int64_t seed = 0;
    enum tp_status status = read_integer(r, "seed", 0, INT64_MAX, &seed);
    r->measured->run.seed = (uint64_t)seed;
    return status;
}

static enum tp_status read_run(struct reader *r)
{
    struct tp_run_result *run = &r->measured->run;
    const struct {
        const char *key;
        int64_t min, *to;
    } integers[] = {{"batch", 1, &run->batch}, {"first_step", 1, &run->first_step},
        {"last_step", 0, &run->last_step}, {"skipped", 0, &run->skipped},
        {"hashed_tables", 0, &run->hashed_tables}};
    const struct {
        const char *key;
        double *to;
    } reals[] = {{"seconds", &run->seconds}, {"step_seconds", &run->step_seconds},
        {"samples_per_s", &run->samples_per_s}, {"loss", &run->loss}};
    enum tp_status status = read_mode(r);
    if (status == TP_OK)
        status = check_ranks(r);
    if (status == TP_OK)
        status = read_seed(r);
    for (int i = 0; i < 5 && status == TP_OK; i++)
        status = read_integer(r, integers[i].key, integers[i].min, INT64_MAX, integers[i].to);
    for (int i = 0; i < 4 && status == TP_OK; i++)
        status = read_real(r, "", r->json.root, reals[i].key, reals[i].to);
    return status;
}

static enum tp_status read_held_out(struct reader *r)
{
    struct tp_metrics *metrics = &r->measured->run.held_out;
    const json_t *value = json_object_get(r->json.root, "held_out");
    if (json_is_null(value))
        return TP_OK;
    enum tp_status status =
        tp_json_expect_object(&r->json, "", "held_out", value, "an object or null");
    if (status == TP_OK)
        status = tp_json_read_integer(&r->json, "held_out", "samples",
            json_object_get(value, "samples"), 1, INT64_MAX, &metrics->samples);
    if (status == TP_OK)
        status = tp_json_read_integer(&r->json, "held_out", "clicks",
            json_object_get(value, "clicks"), 0, metrics->samples, &metrics->clicks);
    if (status == TP_OK)
        status = read_real(r, "held_out", value, "logloss", &metrics->logloss);
    if (status == TP_OK)
        status =
            read_real(r, "held_out", value, "normalised_entropy", &metrics->normalised_entropy);
    if (status == TP_OK)
        status = read_real(r, "held_out", value, "auc", &metrics->auc);
    return status;
}

/* Bytes of every level of the plan's topology, or of none. */
static enum tp_status read_bytes(
    struct reader *r, const char *place, const json_t *value, double bytes[TP_LEVELS_MAX])
{
    const struct tp_topology *topology = r->plan->topology;
    for (int32_t level = 0; level < TP_LEVELS_MAX; level++)
        bytes[level] = NAN;
    if (!value)
        return TP_OK;
    enum tp_status status =
        tp_json_expect_object(&r->json, place, "bytes", value, "bytes by level of the topology");
    if (status == TP_OK && json_object_size(value) != (size_t)topology->level_count)
        status =
            tp_json_fail(&r->json, place, "bytes: found %zu levels, expected %d, those of the plan",
                json_object_size(value), (int)topology->level_count);
    for (int32_t level = 0; level < topology->level_count && status == TP_OK; level++)
        status = tp_json_read_real(&r->json, place, topology->levels[level].name,
            json_object_get(value, topology->levels[level].name), &bytes[level]);
    return status;
}

static enum tp_status read_phase(
    struct reader *r, const char *name, const json_t *value, struct tp_phase_result *phase)
{
    char place[TP_JSON_PLACE_BYTES];
    tp_json_place(place, "phases: %s", name);
    const json_t *seconds = json_object_get(value, "seconds");
    const struct {
        const char *key;
        double *to;
    } parts[] = {{"min", &phase->seconds.min}, {"median", &phase->seconds.median},
        {"max", &phase->seconds.max}};
    enum tp_status status = tp_json_expect_object(&r->json, place, "", value, "an object");
    if (status == TP_OK)
        status = tp_json_expect_object(
            &r->json, place, "seconds", seconds, "an object with min, median, max");
    for (int i = 0; i < 3 && status == TP_OK; i++)
        status = tp_json_read_real(
            &r->json, place, parts[i].key, json_object_get(seconds, parts[i].key), parts[i].to);
    if (status == TP_OK)
        status = read_bytes(r, place, json_object_get(value, "bytes"), phase->bytes);
    phase->present = true;
    return status;
}

static struct tp_phase_result *find_phase(struct tp_run_result *run, const char *name)
{
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        if (strcmp(name, tp_phase_name((enum tp_phase)p)) == 0)
            return &run->phases[p];
    return NULL;
}

static enum tp_status read_phases(struct reader *r)
{
    json_t *phases = json_object_get(r->json.root, "phases"), *value;
    const char *name;
    enum tp_status status = tp_json_expect_object(&r->json, "", "phases", phases, "an object");
    if (status != TP_OK)
        return status;
    json_object_foreach(phases, name, value)
    {
        struct tp_phase_result *phase = find_phase(&r->measured->run, name);
        status = phase ? read_phase(r, name, value, phase)
                       : tp_json_fail(&r->json, "phases",
                             "found '%.64s', expected the name of a phase such as lookup", name);
        if (status != TP_OK)
            break;
    }
    return status;
}

static enum tp_status read_rank(struct reader *r, int32_t g, const json_t *value)
{
    struct tp_rank_result *rank = &r->measured->run.ranks[g];
    const struct {
        const char *key;
        double *to;
    } reals[] = {
        {"ids", &rank->ids}, {"id_bytes", &rank->id_bytes}, {"lookup_bytes", &rank->lookup_bytes}};
    char place[TP_JSON_PLACE_BYTES];
    int64_t number;
    tp_json_place(place, "rank_loads[%d]", (int)g);
    enum tp_status status = tp_json_expect_object(&r->json, place, "", value, "an object");
    if (status == TP_OK)
        status = tp_json_read_integer(
            &r->json, place, "rank", json_object_get(value, "rank"), g, g, &number);
    for (int i = 0; i < 3 && status == TP_OK; i++)
        status = tp_json_read_real(
            &r->json, place, reals[i].key, json_object_get(value, reals[i].key), reals[i].to);
    return status;
}

static enum tp_status read_ranks(struct reader *r)
{
    const json_t *ranks = json_object_get(r->json.root, "rank_loads");
    int32_t count = r->plan->topology->rank_count;
    enum tp_status status =
        tp_json_expect_list(&r->json, "", "rank_loads", ranks, "a list of the ranks");
    if (status == TP_OK && json_array_size(ranks) != (size_t)count)
        status =
            tp_json_fail(&r->json, "", "rank_loads: found %zu entries, expected %d, one per rank",
                json_array_size(ranks), (int)count);
    if (status != TP_OK)
        return status;
    r->measured->run.ranks = TP_NEW(count, struct tp_rank_result);
    if (!r->measured->run.ranks)
        return tp_fail_memory(r->json.err);
    for (int32_t g = 0; g < count && status == TP_OK; g++)
        status = read_rank(r, g, json_array_get(ranks, (size_t)g));
    return status;
}

/* The end of the run, from its line. */
static enum tp_status read_end(struct reader *r, const char *path, const struct tp_text *line,
    int64_t number, const char *sha256, struct tp_error *err)
{
    size_t length = line->length;
    while (length && strchr(" \t", line->data[length - 1]))
        length--;
    if (length == 0)
        return fail_end(path, NO_END, err);
    if (line->data[length - 1] != '}')
        return fail_end(path, "its last line is cut", err);
    enum tp_status status =
        tp_json_parse(tp_path_shown(path), number, line->data, length, &r->json, err);
    if (status != TP_OK)
        return status;
    tp_text_add(&r->place, "%s:%lld", tp_path_shown(path), (long long)number);
    if (r->place.failed)
        return tp_fail_memory(err);
    r->json.path = r->place.data;
    if (!json_is_true(json_object_get(r->json.root, "final")))
        return fail_end(path, NO_END, err);
    status = read_plan(r, sha256);
    if (status == TP_OK)
        status = read_run(r);
    if (status == TP_OK)
        status = read_held_out(r);
    if (status == TP_OK)
        status = read_phases(r);
    if (status == TP_OK)
        status = read_ranks(r);
    return status;
}

enum tp_status tp_measured_load(const char *path, const struct tp_plan *plan,
    const char *plan_sha256, struct tp_measured *measured, struct tp_error *err)
{
    struct tp_measured read = {0};
    struct reader reader = {.plan = plan, .measured = &read};
    struct tp_text line = {0};
    int64_t number = 0;
    enum tp_status status = find_end(path, &line, &number, err);
    if (status == TP_OK)
        status = read_end(&reader, path, &line, number, plan_sha256, err);
    if (status == TP_OK) {
        read.file = tp_path_base(tp_path_shown(path));
        status = read.file ? TP_OK : tp_fail_memory(err);
    }
    if (status == TP_OK)
        *measured = read;
    else
        tp_measured_release(&read);
    tp_json_release(&reader.json);
    tp_text_release(&reader.place);
    tp_text_release(&line);
    return status;
}

void tp_measured_release(struct tp_measured *measured)
{
    free(measured->run.ranks);
    free(measured->file);
    memset(measured, 0, sizeof *measured);
}
