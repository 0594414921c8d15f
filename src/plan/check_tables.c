/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about names: every table and every feature of the model is in the plan exactly once, and a
 * feature in the tower of its table.
 *
 * A name that is wrong makes two findings, the unknown one and the missing one, since both tell the
 * reader something. A feature is not called missing when its whole tower is. Cost: O(n log n). */
#include "plan/check.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct tp_name_at *)a)->name, ((const struct tp_name_at *)b)->name);
}

int32_t tp_check_find_name(const struct tp_name_at *names, int32_t count, const char *name)
{
    struct tp_name_at key = {.name = name};
    const struct tp_name_at *at = bsearch(&key, names, (size_t)count, sizeof *names, compare_names);
    return at ? at->index : -1;
}

static struct tp_name_at *sorted_tables(const struct tp_model *model)
{
    struct tp_name_at *names = TP_NEW(model->table_count, struct tp_name_at);
    if (!names)
        return NULL;
    for (int32_t i = 0; i < model->table_count; i++)
        names[i] = (struct tp_name_at){model->tables[i].name, i};
    qsort(names, (size_t)model->table_count, sizeof *names, compare_names);
    return names;
}

struct tp_name_at *tp_check_feature_names(const struct tp_model *model)
{
    struct tp_name_at *names = TP_NEW(model->feature_count, struct tp_name_at);
    if (!names)
        return NULL;
    for (int32_t i = 0; i < model->feature_count; i++)
        names[i] = (struct tp_name_at){model->features[i].name, i};
    qsort(names, (size_t)model->feature_count, sizeof *names, compare_names);
    return names;
}

/* Fills table_entry and table_tower; a table named twice counts as neither of the two. */
static void find_tables(struct tp_check *check, const struct tp_name_at *names)
{
    const struct tp_plan *plan = check->plan;
    const struct tp_model *model = plan->model;
    enum { MISSING = -1, TWICE = -2 };
    for (int32_t i = 0; i < model->table_count; i++)
        check->table_entry[i] = MISSING;
    for (int32_t i = 0; i < plan->table_count; i++) {
        const char *name = plan->tables[i].name;
        int32_t table = tp_check_find_name(names, model->table_count, name);
        if (table < 0) {
            tp_finding(&check->found, "table %s is not in the model", name);
        } else if (check->table_entry[table] == MISSING) {
            check->table_entry[table] = i;
        } else {
            if (check->table_entry[table] != TWICE)
                tp_finding(&check->found, "table %s is listed more than once", name);
            check->table_entry[table] = TWICE;
        }
    }
    for (int32_t i = 0; i < model->table_count; i++) {
        if (check->table_entry[i] == MISSING)
            tp_finding(&check->found, "table %s is missing, expected every table of the model once",
                model->tables[i].name);
        if (check->table_entry[i] == TWICE)
            check->table_entry[i] = -1;
    }
}

static void check_table_towers(struct tp_check *check)
{
    const struct tp_plan *plan = check->plan;
    for (int32_t i = 0; i < plan->model->table_count; i++) {
        check->table_tower[i] = TP_TOWER_UNSURE;
        if (check->table_entry[i] < 0)
            continue;
        const struct tp_plan_table *table = &plan->tables[check->table_entry[i]];
        if (!tp_check_tower_exists(check, table->place.tower))
            tp_finding(&check->found, "table %s: tower: found %d, expected 0 to %d", table->name,
                table->place.tower, check->tower_count - 1);
        else
            check->table_tower[i] = table->place.tower;
    }
}

/* The tower that an entry of plan->towers stands for. */
static int32_t tower_of_entry(const struct tp_check *check, int32_t entry)
{
    int32_t id = check->plan->towers[entry].id;
    if (id < 0 || id >= check->tower_count || check->tower_entry[id] != entry)
        return TP_TOWER_UNSURE;
    return id;
}

static void list_feature(struct tp_check *check, const struct tp_name_at *names, int32_t entry,
    const char *name, bool *repeated)
{
    const struct tp_plan *plan = check->plan;
    int32_t feature = tp_check_find_name(names, plan->model->feature_count, name);
    int32_t id = plan->towers[entry].id;
    if (feature < 0) {
        tp_finding(&check->found, "tower %d: feature %s is not in the model", id, name);
    } else if (check->feature_tower[feature] == TP_TOWER_NONE) {
        check->feature_tower[feature] = tower_of_entry(check, entry);
        repeated[feature] = false;
    } else {
        if (!repeated[feature])
            tp_finding(&check->found,
                "feature %s is listed more than once, again in tower %d, expected once", name, id);
        repeated[feature] = true;
        check->feature_tower[feature] = TP_TOWER_UNSURE;
    }
}

static void find_features(struct tp_check *check, const struct tp_name_at *names, bool *repeated)
{
    const struct tp_plan *plan = check->plan;
    for (int32_t i = 0; i < plan->model->feature_count; i++)
        check->feature_tower[i] = TP_TOWER_NONE;
    for (int32_t i = 0; i < plan->tower_count; i++)
        for (int32_t j = 0; j < plan->towers[i].feature_count; j++)
            list_feature(check, names, i, plan->towers[i].features[j], repeated);
}

static void check_feature(struct tp_check *check, int32_t index)
{
    const struct tp_model *model = check->plan->model;
    const struct tp_feature *feature = &model->features[index];
    const char *table = model->tables[feature->table].name;
    int32_t tower = check->feature_tower[index], home = check->table_tower[feature->table];
    if (tower == TP_TOWER_NONE) {
        bool tower_there = home < 0 || check->tower_count == 0 || check->tower_entry[home] >= 0;
        if (tower_there && home >= 0)
            tp_finding(&check->found,
                "feature %s is in no tower, expected in tower %d, where its table %s is",
                feature->name, home, table);
        else if (tower_there)
            tp_finding(&check->found, "feature %s is in no tower, expected in one", feature->name);
    } else if (tower >= 0 && home >= 0 && tower != home) {
        tp_finding(&check->found, "feature %s is in tower %d, but its table %s in tower %d",
            feature->name, tower, table, home);
    }
}

enum tp_status tp_check_tables(struct tp_check *check, struct tp_error *err)
{
    const struct tp_model *model = check->plan->model;
    int32_t before = check->found.findings.count;
    struct tp_name_at *tables = sorted_tables(model);
    struct tp_name_at *features = tp_check_feature_names(model);
    bool *repeated = TP_NEW(model->feature_count, bool);
    enum tp_status status = tables && features && repeated ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK) {
        find_tables(check, tables);
        check_table_towers(check);
        find_features(check, features, repeated);
        for (int32_t i = 0; i < model->feature_count; i++)
            check_feature(check, i);
        check->assignment_sound = check->tower_count > 0 && check->found.findings.count == before;
    }
    free(repeated);
    free(features);
    free(tables);
    return status;
}
