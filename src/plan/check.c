/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is wrong with a plan, all at once. In: a plan as its file says, maybe a newer model
 * or topology. Out: one line per mistake.
 *
 * Order: the layout (check_towers.c, check_tables.c, check_shards.c), then limits (check_limits.c) and
 * stored figures (check_figures.c) as far as the layout can be relied on, then the drift of the
 * inputs. The contents of an input decide, not its digest: a file that was reformatted is no drift.
 *
 * Cost: O(n log n) in tables, features, shards and ranks, plus the costing of one step in every mode
 * and one free placement of all tables. */
#include "plan/check.h"

#include "base/fail.h"
#include "base/memory.h"
#include "plan/figures.h"
#include "spec/spec.h"

#include <stdlib.h>
#include <string.h>

static bool copy_shards(const struct tp_table_placement *from, struct tp_table_placement *to)
{
    *to = *from;
    to->shards = TP_NEW(from->shard_count, struct tp_shard);
    if (!to->shards) {
        to->shard_count = 0;
        return false;
    }
    memcpy(to->shards, from->shards, (size_t)from->shard_count * sizeof *to->shards);
    return true;
}

static enum tp_status make_placement(struct tp_check *check, struct tp_error *err)
{
    const struct tp_plan *plan = check->plan;
    int32_t count = plan->model->table_count;
    enum tp_status status =
        tp_placement_new(check->tower_count, check->ranks_per_tower, count, &check->placement, err);
    for (int32_t i = 0; status == TP_OK && i < count; i++) {
        const struct tp_plan_table *table = &plan->tables[check->table_entry[i]];
        if (!copy_shards(&table->place, &check->placement->tables[i]))
            status = tp_fail_memory(err);
    }
    return status;
}

static enum tp_status allocate(struct tp_check *check, struct tp_error *err)
{
    const struct tp_model *model = check->plan->model;
    check->tower_entry = TP_NEW(check->tower_count, int32_t);
    check->table_entry = TP_NEW(model->table_count, int32_t);
    check->table_tower = TP_NEW(model->table_count, int32_t);
    check->feature_tower = TP_NEW(model->feature_count, int32_t);
    if (!check->tower_entry || !check->table_entry || !check->table_tower || !check->feature_tower)
        return tp_fail_memory(err);
    return TP_OK;
}

enum tp_status tp_check_layout(
    struct tp_check *check, const struct tp_plan *plan, struct tp_error *err)
{
    *check = (struct tp_check){.plan = plan};
    tp_check_frame(check);
    enum tp_status status = allocate(check, err);
    if (status == TP_OK) {
        tp_check_towers(check);
        status = tp_check_tables(check, err);
    }
    int32_t before = check->found.findings.count;
    for (int32_t i = 0; status == TP_OK && i < plan->model->table_count; i++)
        if (check->table_entry[i] >= 0)
            tp_check_shards(check, i);
    bool shards_sound = check->found.findings.count == before && !check->found.failed;
    if (status == TP_OK && check->assignment_sound && shards_sound)
        status = make_placement(check, err);
    if (status != TP_OK)
        tp_check_release(check);
    return status;
}

void tp_check_release(struct tp_check *check)
{
    tp_placement_free(check->placement);
    free(check->feature_tower);
    free(check->table_tower);
    free(check->table_entry);
    free(check->tower_entry);
    tp_findings_release(&check->found.findings);
    *check = (struct tp_check){0};
}

enum tp_status tp_plan_placement(
    const struct tp_plan *plan, struct tp_placement **placement, struct tp_error *err)
{
    struct tp_check check;
    enum tp_status status = tp_check_layout(&check, plan, err);
    if (status != TP_OK)
        return status;
    status = tp_finding_fail(&check.found, "the plan breaks these rules:", TP_EINPUT, err);
    if (status == TP_OK) {
        *placement = check.placement;
        check.placement = NULL;
    }
    tp_check_release(&check);
    return status;
}

static enum tp_status check_model_drift(
    struct tp_check *check, const char *path, struct tp_error *err)
{
    struct tp_model *model;
    struct tp_text lines = {0};
    enum tp_status status = tp_model_load(path, &model, err);
    if (status != TP_OK)
        return status;
    tp_model_drift(check->plan->model, model, &lines);
    if (lines.failed)
        check->found.failed = true;
    else
        tp_finding_lines(&check->found, "the model has changed: ", lines.data);
    tp_text_release(&lines);
    tp_model_free(model);
    return TP_OK;
}

static enum tp_status check_topology_drift(
    struct tp_check *check, const char *path, struct tp_error *err)
{
    struct tp_topology *topology;
    struct tp_text lines = {0};
    enum tp_status status = tp_topology_load(path, &topology, err);
    if (status != TP_OK)
        return status;
    tp_topology_drift(check->plan->topology, topology, &lines);
    if (lines.failed)
        check->found.failed = true;
    else
        tp_finding_lines(&check->found, "the topology has changed: ", lines.data);
    tp_text_release(&lines);
    tp_topology_free(topology);
    return TP_OK;
}

enum tp_status tp_plan_check(const struct tp_plan *plan, const char *model_path,
    const char *topology_path, struct tp_findings *findings, struct tp_error *err)
{
    struct tp_check check;
    enum tp_status status = tp_check_layout(&check, plan, err);
    if (status != TP_OK)
        return status;
    status = tp_check_limits(&check, err);
    if (status == TP_OK)
        status = tp_check_figures(&check, err);
    if (status == TP_OK && model_path)
        status = check_model_drift(&check, model_path, err);
    if (status == TP_OK && topology_path)
        status = check_topology_drift(&check, topology_path, err);
    if (status == TP_OK)
        status = tp_finding_take(&check.found, findings, err);
    tp_check_release(&check);
    return status;
}
