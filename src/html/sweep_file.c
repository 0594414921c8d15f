/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a sweep or a frontier back from JSON.
 *
 * In: a file with "rows" and "series", or with "points". Out: lines of seconds. Keys that are not
 * needed are skipped, since the program that wrote them may be newer; what is needed is read strictly.
 * Cost: linear. */
#include "html/sweep_file.h"

#include "base/file.h"
#include "base/memory.h"
#include "import/json_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX (INT64_C(1) << 40)

const char *tp_sweep_way_name(enum tp_sweep_way way)
{
    static const char *const names[TP_WAY_COUNT] = {"flat_free", "flat", "sptt", "dmt"};
    return names[way];
}

static enum tp_status read_count(const struct tp_json *json, const char *place, const json_t *row,
    const char *key, int64_t *value)
{
    return tp_json_read_integer(json, place, key, json_object_get(row, key), 0, COUNT_MAX, value);
}

/* A number that may be absent: NAN. */
static enum tp_status read_optional(const struct tp_json *json, const char *place,
    const json_t *object, const char *key, double *value)
{
    const json_t *found = json_object_get(object, key);
    *value = NAN;
    return found ? tp_json_read_real(json, place, key, found, value) : TP_OK;
}

static enum tp_status read_why(
    struct tp_sweep_line *line, const struct tp_json *json, const char *place, const json_t *row)
{
    const json_t *found = json_object_get(row, "why");
    const char *text;
    if (!found)
        return TP_OK;
    enum tp_status status = tp_json_read_text(json, place, "why", found, &text);
    if (status)
        return status;
    line->why = tp_copy_text(text, strlen(text));
    return line->why ? TP_OK : tp_fail_memory(json->err);
}

static enum tp_status read_scale(
    struct tp_sweep_line *line, const struct tp_json *json, const char *place, const json_t *row)
{
    enum tp_status status = tp_json_expect_object(json, place, "it", row, "an object");
    if (!status)
        status = read_count(json, place, row, "ranks", &line->ranks);
    if (!status)
        status = read_count(json, place, row, "towers", &line->towers);
    if (!status)
        status = read_count(json, place, row, "hosts_per_tower", &line->hosts_per_tower);
    if (!status)
        status = read_why(line, json, place, row);
    return status;
}

/* "K = 1, module none, bfloat16, 25.0 GB/s, 4096 samples per rank": what a series has in common. */
static enum tp_status read_setting(
    struct tp_sweep_line *line, const struct tp_json *json, const char *place, const json_t *row)
{
    const char *module, *forward;
    char rate[16];
    struct tp_text text = {0};
    enum tp_status status =
        tp_json_read_text(json, place, "module", json_object_get(row, "module"), &module);
    if (!status)
        status =
            tp_json_read_text(json, place, "forward", json_object_get(row, "forward"), &forward);
    if (!status)
        status = read_count(json, place, row, "batch", &line->batch);
    if (!status)
        status = tp_json_read_real(
            json, place, "bytes_per_s", json_object_get(row, "bytes_per_s"), &line->bytes_per_s);
    if (status)
        return status;
    tp_format_bytes(rate, line->bytes_per_s);
    tp_text_add(&text, "K = %lld, module %s, %s, %s/s, ", (long long)line->hosts_per_tower, module,
        forward, rate);
    if (line->ranks > 0 && line->batch > 0)
        tp_text_add(&text, "%lld samples per rank", (long long)(line->batch / line->ranks));
    if (text.failed)
        status = tp_fail_memory(json->err);
    else
        line->setting = tp_copy_text(text.data, text.length);
    tp_text_release(&text);
    return status;
}

static enum tp_status read_row(
    struct tp_sweep_line *line, const struct tp_json *json, const char *place, const json_t *row)
{
    enum tp_status status = read_scale(line, json, place, row);
    if (!status)
        status = read_setting(line, json, place, row);
    for (int way = 0; way < TP_WAY_COUNT && !status; way++) {
        const char *name = tp_sweep_way_name((enum tp_sweep_way)way);
        const json_t *found = json_object_get(row, name);
        line->seconds[way] = NAN;
        if (found)
            status = tp_json_expect_object(json, place, name, found, "an object");
        if (found && !status)
            status = tp_json_read_real(
                json, place, name, json_object_get(found, "seconds"), &line->seconds[way]);
    }
    return status;
}

static enum tp_status read_point(
    struct tp_sweep_line *line, const struct tp_json *json, const char *place, const json_t *point)
{
    enum tp_status status = read_scale(line, json, place, point);
    if (!status)
        status = read_optional(json, place, point, "balance", &line->balance);
    if (!status)
        status = read_optional(json, place, point, "inside_affinity", &line->inside_affinity);
    for (int way = 0; way < TP_WAY_COUNT && !status; way++) {
        char key[32];
        snprintf(key, sizeof key, "%s_seconds", tp_sweep_way_name((enum tp_sweep_way)way));
        status = read_optional(json, place, point, key, &line->seconds[way]);
    }
    line->dominated = json_is_true(json_object_get(point, "dominated"));
    return status;
}

static enum tp_status read_lines(
    struct tp_sweep_file *sweep, const struct tp_json *json, const json_t *list)
{
    enum tp_status status = TP_OK;
    char place[TP_JSON_PLACE_BYTES];
    sweep->line_count = (int32_t)json_array_size(list);
    sweep->lines = TP_NEW(sweep->line_count, struct tp_sweep_line);
    if (!sweep->lines)
        return tp_fail_memory(json->err);
    for (int32_t i = 0; i < sweep->line_count && !status; i++) {
        const json_t *entry = json_array_get(list, (size_t)i);
        tp_json_place(place, "%s %d", sweep->frontier ? "point" : "row", (int)i);
        status = sweep->frontier ? read_point(&sweep->lines[i], json, place, entry)
                                 : read_row(&sweep->lines[i], json, place, entry);
    }
    return status;
}

static enum tp_status read_series(struct tp_sweep_file *sweep, const struct tp_json *json)
{
    const json_t *list = json_object_get(json->root, "series");
    char place[TP_JSON_PLACE_BYTES];
    enum tp_status status = tp_json_expect_list(json, "", "series", list, "a list");
    if (status)
        return status;
    sweep->series_count = (int32_t)json_array_size(list);
    sweep->series = TP_NEW(sweep->series_count, struct tp_sweep_run);
    if (!sweep->series)
        return tp_fail_memory(json->err);
    for (int32_t i = 0; i < sweep->series_count && !status; i++) {
        const json_t *entry = json_array_get(list, (size_t)i);
        int64_t first = 0, count = 0;
        tp_json_place(place, "series %d", (int)i);
        status = tp_json_expect_object(json, place, "it", entry, "an object");
        if (!status)
            status = tp_json_read_integer(json, place, "first_row",
                json_object_get(entry, "first_row"), 0, sweep->line_count, &first);
        if (!status)
            status = tp_json_read_integer(json, place, "row_count",
                json_object_get(entry, "row_count"), 0, sweep->line_count - first, &count);
        sweep->series[i] = (struct tp_sweep_run){(int32_t)first, (int32_t)count};
    }
    return status;
}

enum tp_status tp_sweep_file_load(
    const char *path, struct tp_sweep_file *sweep, struct tp_error *err)
{
    struct tp_json json = {0};
    memset(sweep, 0, sizeof *sweep);
    enum tp_status status = tp_json_load(path, &json, err);
    if (status)
        goto out;
    sweep->name = tp_path_base(path);
    status = sweep->name ? tp_json_expect_object(&json, "", "it", json.root, "a sweep")
                         : tp_fail_memory(err);
    if (status)
        goto out;
    const json_t *list = json_object_get(json.root, "points");
    sweep->frontier = list != NULL;
    if (!list)
        list = json_object_get(json.root, "rows");
    status = tp_json_expect_list(&json, "", "rows", list,
        "the rows of a sweep, or points: what towerpart sweep --format json writes");
    if (!status)
        status = read_lines(sweep, &json, list);
    if (!status && !sweep->frontier)
        status = read_series(sweep, &json);
out:
    tp_json_release(&json);
    return status;
}

void tp_sweep_file_release(struct tp_sweep_file *sweep)
{
    for (int32_t i = 0; sweep->lines && i < sweep->line_count; i++) {
        free(sweep->lines[i].why);
        free(sweep->lines[i].setting);
    }
    free(sweep->lines);
    free(sweep->series);
    free(sweep->name);
    memset(sweep, 0, sizeof *sweep);
}
