/* SPDX-License-Identifier: Apache-2.0 */
/* A diff for a program, always complete.
 *
 * In: a diff. Out: one object with `same`, `renumbering` (tower by tower, or null), `summary`, `model`,
 * `topology` and `settings` (lines), `before` and `after` (figures), and `tables`. An entry of `tables`
 * has `from` and `to`, the places in the words of a plan file; of an added table `from` is null, of a
 * dropped one `to`. Whoever puts each `to` in the place of its `from` in the first plan's tables has the
 * second's. Cost: O(size of the diff). */
#include <towerpart/report.h>

#include "base/fail.h"
#include "base/file.h"
#include "report/json_put.h"

#include <string.h>

static void put_place(struct tp_json *json, json_t *parent, const char *key,
    const struct tp_placement *placement, int32_t table)
{
    if (table < 0) {
        tp_json_text(json, parent, key, NULL);
        return;
    }
    const struct tp_table_placement *place = &placement->tables[table];
    json_t *object = tp_json_object(json, parent, key);
    tp_json_integer(json, object, "tower", place->tower);
    tp_json_text(json, object, "sharding", tp_sharding_name(place->sharding));
    json_t *shards = tp_json_array(json, object, "shards");
    for (int32_t i = 0; i < place->shard_count; i++) {
        json_t *shard = tp_json_object(json, shards, NULL);
        tp_json_integer(json, shard, "rank", place->shards[i].rank);
        tp_json_integer(json, shard, "row", place->shards[i].row);
        tp_json_integer(json, shard, "rows", place->shards[i].rows);
        tp_json_integer(json, shard, "column", place->shards[i].column);
        tp_json_integer(json, shard, "columns", place->shards[i].columns);
    }
}

static void put_travel(struct tp_json *json, json_t *object, const struct tp_travel *travel)
{
    tp_json_integer(json, object, "weight_bytes", (int64_t)travel->weight_bytes);
    tp_json_integer(json, object, "state_bytes", (int64_t)travel->state_bytes);
    tp_json_integer(json, object, "between_hosts_bytes", (int64_t)travel->between_hosts_bytes);
}

static void put_table(struct tp_json *json, json_t *tables, const struct tp_diff *diff,
    const struct tp_diff_table *entry)
{
    const struct tp_diff_side *side = entry->after >= 0 ? &diff->after : &diff->before;
    const struct tp_model *model = side->plan->model;
    const struct tp_table *table = &model->tables[entry->after >= 0 ? entry->after : entry->before];
    json_t *object = tp_json_object(json, tables, NULL);
    tp_json_text(json, object, "name", entry->name);
    tp_json_text(json, object, "change", tp_diff_change_name(entry->change));
    json_t *features = tp_json_array(json, object, "features");
    for (int32_t i = 0; i < table->feature_count; i++)
        tp_json_text(json, features, NULL, model->features[table->first_feature + i].name);
    put_place(json, object, "from", diff->before.placement, entry->before);
    put_place(json, object, "to", diff->after.placement, entry->after);
    put_travel(json, object, &entry->travel);
}

static void put_summary(struct tp_json *json, json_t *root, const struct tp_diff *diff)
{
    json_t *object = tp_json_object(json, root, "summary");
    for (int i = 0; i < TP_DIFF_CHANGES; i++)
        tp_json_integer(
            json, object, tp_diff_change_name((enum tp_diff_change)i), diff->changes[i]);
    tp_json_integer(json, object, "features_moved", diff->features_moved);
    put_travel(json, object, &diff->travel);
}

static void put_side(
    struct tp_json *json, json_t *root, const char *key, const struct tp_diff_side *side)
{
    const struct tp_plan_balance *balance = &side->balance;
    json_t *object = tp_json_object(json, root, key);
    json_t *seconds = tp_json_object(json, object, "seconds");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        tp_json_real(
            json, seconds, tp_mode_name((enum tp_mode)mode), side->cost.modes[mode].seconds);
    tp_json_real(json, seconds, "flat_free", side->cost.flat_free_seconds);
    tp_json_text(json, object, "recommended", tp_recommendation_name(side->cost.recommended));
    tp_json_text(json, object, "recommended_if_quality_allows",
        tp_recommendation_name(side->cost.recommended_if_quality_allows));
    json_t *ratios = tp_json_object(json, object, "balance");
    tp_json_real(json, ratios, "features", balance->features);
    tp_json_real(json, ratios, "memory", balance->memory);
    tp_json_real(json, ratios, "lookup", balance->lookup);
    tp_json_real(json, ratios, "output", balance->output);
    tp_json_real(json, ratios, "flops", balance->flops);
    tp_json_integer(json, object, "memory_bytes_most", side->memory_bytes);
    tp_json_integer(json, object, "lookup_bytes_most", side->lookup_bytes);
    tp_json_real(json, object, "inside_affinity", side->inside_affinity);
}

/* @param lines  each ended by a newline; NULL: none. */
static void put_lines(struct tp_json *json, json_t *root, const char *key, const char *lines)
{
    json_t *array = tp_json_array(json, root, key);
    for (const char *p = lines; p && *p;) {
        size_t length = strcspn(p, "\n");
        struct tp_text line = {0};
        tp_text_add_bytes(&line, p, length);
        tp_json_text(json, array, NULL, line.data ? line.data : "");
        json->failed |= line.failed;
        tp_text_release(&line);
        p += length + (p[length] == '\n');
    }
}

static void put_renumbering(struct tp_json *json, json_t *root, const struct tp_diff *diff)
{
    if (!diff->renumbering) {
        tp_json_text(json, root, "renumbering", NULL);
        return;
    }
    json_t *array = tp_json_array(json, root, "renumbering");
    for (int32_t t = 0; t < diff->before.placement->tower_count; t++)
        tp_json_integer(json, array, NULL, diff->renumbering[t]);
}

enum tp_status tp_report_diff_json(
    const struct tp_diff *diff, const char *path, struct tp_error *err)
{
    struct tp_json json = {0};
    struct tp_text text = {0};
    json_t *root = json_object();
    tp_json_boolean(&json, root, "same", diff->same);
    put_renumbering(&json, root, diff);
    put_summary(&json, root, diff);
    put_lines(&json, root, "model", diff->model);
    put_lines(&json, root, "topology", diff->topology);
    put_lines(&json, root, "settings", diff->settings);
    put_side(&json, root, "before", &diff->before);
    put_side(&json, root, "after", &diff->after);
    json_t *tables = tp_json_array(&json, root, "tables");
    for (int32_t i = 0; i < diff->table_count; i++)
        put_table(&json, tables, diff, &diff->tables[i]);
    tp_json_write(&json, root, &text);
    enum tp_status status =
        text.failed ? tp_fail_memory(err) : tp_file_write(path, text.data, text.length, err);
    tp_text_release(&text);
    return status;
}
