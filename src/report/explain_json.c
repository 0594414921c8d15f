/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation for a program, always complete.
 *
 * In: an explanation. Out: one object with the feature, its table, shards, tower and unit; `partners` and,
 * for every tower, affinity and what a move there breaks; `now` and `places`, each with inside affinity,
 * balance and step seconds. What is not known without an affinity is left out. Cost: O(towers). */
#include <towerpart/report.h>

#include "base/fail.h"
#include "base/file.h"
#include "report/json_put.h"

#include <string.h>

static void put_holds(struct tp_json *json, json_t *parent, unsigned holds)
{
    json_t *array = tp_json_array(json, parent, "breaks");
    for (int i = 0; i < TP_HOLD_COUNT; i++)
        if (holds & (1u << i))
            tp_json_text(json, array, NULL, tp_hold_name(i));
}

static void put_table(struct tp_json *json, json_t *root, const struct tp_explain *explain)
{
    const struct tp_model *model = explain->plan->model;
    const char *name = model->tables[explain->table].name;
    tp_json_text(json, root, "table", name);
    for (int32_t i = 0; i < explain->plan->table_count; i++) {
        const struct tp_table_placement *place = &explain->plan->tables[i].place;
        if (strcmp(explain->plan->tables[i].name, name) != 0)
            continue;
        tp_json_text(json, root, "sharding", tp_sharding_name(place->sharding));
        json_t *shards = tp_json_array(json, root, "shards");
        for (int32_t k = 0; k < place->shard_count; k++) {
            json_t *shard = tp_json_object(json, shards, NULL);
            tp_json_integer(json, shard, "rank", place->shards[k].rank);
            tp_json_integer(json, shard, "row", place->shards[k].row);
            tp_json_integer(json, shard, "rows", place->shards[k].rows);
            tp_json_integer(json, shard, "column", place->shards[k].column);
            tp_json_integer(json, shard, "columns", place->shards[k].columns);
        }
    }
    json_t *unit = tp_json_array(json, root, "moves_with");
    for (int32_t i = 0; i < explain->unit_table_count; i++)
        if (explain->unit_tables[i] != explain->table)
            tp_json_text(json, unit, NULL, model->tables[explain->unit_tables[i]].name);
}

static void put_towers(struct tp_json *json, json_t *root, const struct tp_explain *explain)
{
    json_t *array = tp_json_array(json, root, "towers");
    for (int32_t t = 0; t < explain->tower_count; t++) {
        const struct tp_explain_tower *tower = &explain->towers[t];
        json_t *object = tp_json_object(json, array, NULL);
        tp_json_integer(json, object, "tower", t);
        tp_json_integer(json, object, "other_features", tower->features);
        tp_json_real(json, object, "mean_affinity", tower->mean);
        tp_json_real(json, object, "sum_affinity", tower->sum);
        tp_json_real(json, object, "move_gains", tower->gain);
        put_holds(json, object, tower->holds);
    }
}

static void put_partners(struct tp_json *json, json_t *root, const struct tp_explain *explain)
{
    json_t *array = tp_json_array(json, root, "partners");
    for (int32_t i = 0; i < explain->partner_count; i++) {
        const struct tp_explain_partner *partner = &explain->partners[i];
        json_t *object = tp_json_object(json, array, NULL);
        tp_json_text(
            json, object, "feature", explain->plan->model->features[partner->feature].name);
        tp_json_integer(json, object, "tower", partner->tower);
        tp_json_real(json, object, "affinity", partner->affinity);
        tp_json_real(json, object, "std_error", partner->std_error);
    }
}

static void put_place(struct tp_json *json, json_t *object, const struct tp_explain *explain,
    const struct tp_explain_place *place)
{
    tp_json_integer(json, object, "tower", place->tower);
    if (place->swap_table >= 0)
        tp_json_text(
            json, object, "swap_with", explain->plan->model->tables[place->swap_table].name);
    tp_json_real(json, object, "inside_affinity", place->inside_affinity);
    json_t *balance = tp_json_object(json, object, "balance");
    tp_json_real(json, balance, "features", place->balance.features);
    tp_json_real(json, balance, "memory", place->balance.memory);
    tp_json_real(json, balance, "lookup", place->balance.lookup);
    tp_json_real(json, balance, "output", place->balance.output);
    tp_json_real(json, balance, "flops", place->balance.flops);
    json_t *seconds = tp_json_object(json, object, "seconds");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        tp_json_real(
            json, seconds, tp_mode_name((enum tp_mode)mode), place->cost.modes[mode].seconds);
}

enum tp_status tp_report_explain_json(
    const struct tp_explain *explain, const char *path, struct tp_error *err)
{
    struct tp_json json = {0};
    struct tp_text text = {0};
    json_t *root = json_object();
    tp_json_text(&json, root, "feature", explain->plan->model->features[explain->feature].name);
    tp_json_integer(&json, root, "tower", explain->tower);
    put_table(&json, root, explain);
    tp_json_boolean(&json, root, "affinity_given", explain->has_affinity);
    tp_json_boolean(&json, root, "other_affinity", explain->other_affinity);
    if (explain->pin >= 0)
        tp_json_integer(&json, root, "pinned_to", explain->pin);
    put_partners(&json, root, explain);
    put_towers(&json, root, explain);
    put_place(&json, tp_json_object(&json, root, "now"), explain, &explain->now);
    json_t *places = tp_json_array(&json, root, "places");
    for (int32_t i = 0; i < explain->place_count; i++)
        put_place(&json, tp_json_object(&json, places, NULL), explain, &explain->places[i]);
    tp_json_write(&json, root, &text);
    enum tp_status status =
        text.failed ? tp_fail_memory(err) : tp_file_write(path, text.data, text.length, err);
    tp_text_release(&text);
    return status;
}
