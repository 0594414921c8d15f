/* SPDX-License-Identifier: Apache-2.0 */
/* Two plans side by side.
 *
 * In: two plans, each sound as far as towers, tables and shards go. Out: the tables that differ with
 * what each has to send, figures of both sides, drift of the specs. Tables are matched by name, their
 * values by row and column; so a list of moves, applied to the first plan, gives the second.
 *
 * Figures are computed from the placements, for those in the files may be stale. The share of affinity
 * inside towers cannot be, without the affinity; it is taken from a file whose towers are still those
 * that it was computed for. How a plan was made (seed, strategy, limits) is told apart from what it is:
 * plans that train the same tables on the same ranks are the same. */
#include <towerpart/diff.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "diff/renumber.h"
#include "diff/travel.h"
#include "plan/figures.h"
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *tp_diff_change_name(enum tp_diff_change change)
{
    static const char *const names[TP_DIFF_CHANGES] = {[TP_DIFF_MOVES] = "moves",
        [TP_DIFF_RESIZED] = "resized",
        [TP_DIFF_RECUT] = "recut",
        [TP_DIFF_ADDED] = "added",
        [TP_DIFF_DROPPED] = "dropped"};
    return names[change];
}

static void find_most(struct tp_diff_side *side, const struct tp_figures *figures)
{
    for (int32_t g = 0; g < figures->rank_count; g++) {
        const struct tp_rank_load *load = &figures->loads[g];
        if (load->memory_bytes > side->memory_bytes)
            side->memory_bytes = load->memory_bytes;
        if (load->lookup_bytes > side->lookup_bytes)
            side->lookup_bytes = load->lookup_bytes;
    }
}

/* The share inside towers that the plan states, if it belongs to these towers. */
static enum tp_status find_inside(struct tp_diff_side *side, struct tp_error *err)
{
    const struct tp_model *model = side->plan->model;
    char digest[65];
    int32_t *tower = TP_NEW(model->feature_count, int32_t);
    if (!tower)
        return tp_fail_memory(err);
    for (int32_t f = 0; f < model->feature_count; f++)
        tower[f] = side->placement->tables[model->features[f].table].tower;
    enum tp_status status = tp_assignment_digest(model, tower, digest, err);
    side->inside_affinity = (double)NAN;
    if (status == TP_OK && strcmp(digest, side->plan->quality.assignment) == 0)
        side->inside_affinity = side->plan->quality.inside_affinity;
    free(tower);
    return status;
}

static enum tp_status fill_figures(struct tp_diff_side *side, struct tp_error *err)
{
    const struct tp_plan *plan = side->plan;
    struct tp_figures figures;
    double flat_free;
    enum tp_status status = tp_flat_free_seconds(plan->model, plan->topology, &flat_free, err);
    if (status == TP_OK)
        status =
            tp_figures_init(&figures, plan->model, plan->topology, side->placement, flat_free, err);
    if (status != TP_OK)
        return status;
    side->balance = figures.balance;
    side->cost = figures.cost;
    find_most(side, &figures);
    tp_figures_release(&figures);
    return TP_OK;
}

static enum tp_status fill_side(
    struct tp_diff_side *side, const struct tp_plan *plan, struct tp_error *err)
{
    side->plan = plan;
    enum tp_status status = tp_plan_placement(plan, &side->placement, err);
    if (status != TP_OK)
        return status;
    for (int32_t i = 0; i < side->placement->table_count; i++)
        tp_travel_sort(&side->placement->tables[i]);
    status = fill_figures(side, err);
    if (status == TP_OK)
        status = find_inside(side, err);
    return status;
}

/* Index of the table of that name; the same place first. */
static int32_t table_named(const struct tp_model *model, const char *name, int32_t guess)
{
    if (guess < model->table_count && strcmp(model->tables[guess].name, name) == 0)
        return guess;
    return tp_model_table(model, name);
}

static bool same_place(const struct tp_table_placement *a, const struct tp_table_placement *b)
{
    if (a->tower != b->tower || a->sharding != b->sharding || a->shard_count != b->shard_count)
        return false;
    for (int32_t i = 0; i < a->shard_count; i++) {
        const struct tp_shard *x = &a->shards[i], *y = &b->shards[i];
        if (x->rank != y->rank || x->row != y->row || x->rows != y->rows ||
            x->column != y->column || x->columns != y->columns)
            return false;
    }
    return true;
}

static void add_travel(struct tp_travel *sum, const struct tp_travel *travel)
{
    sum->weight_bytes += travel->weight_bytes;
    sum->state_bytes += travel->state_bytes;
    sum->between_hosts_bytes += travel->between_hosts_bytes;
}

static void add_table(struct tp_diff *diff, struct tp_diff_table table)
{
    diff->tables[diff->table_count++] = table;
    diff->changes[table.change]++;
    add_travel(&diff->travel, &table.travel);
}

/* A table that both plans have. */
static void compare_table(
    struct tp_diff *diff, const struct tp_travel_rates *rates, int32_t before, int32_t after)
{
    const struct tp_table *old = &diff->before.plan->model->tables[before];
    const struct tp_table *new = &diff->after.plan->model->tables[after];
    const struct tp_table_placement *from = &diff->before.placement->tables[before];
    const struct tp_table_placement *to = &diff->after.placement->tables[after];
    struct tp_diff_table table = {.name = new->name, .before = before, .after = after};
    bool same_size = old->rows == new->rows && old->dim == new->dim;
    if (old->dim == new->dim)
        table.travel = tp_travel(rates, from, to);
    table.change = table.travel.weight_bytes > 0 ? TP_DIFF_MOVES
                   : same_size                   ? TP_DIFF_RECUT
                                                 : TP_DIFF_RESIZED;
    if (table.change != TP_DIFF_RECUT || !same_place(from, to))
        add_table(diff, table);
}

/* Whether the table's tower has the same hosts in both plans. */
static bool same_hosts(const struct tp_diff *diff, int32_t before, int32_t after)
{
    int32_t old_hosts = diff->before.plan->topology->hosts_per_tower;
    int32_t new_hosts = diff->after.plan->topology->hosts_per_tower;
    return old_hosts == new_hosts && diff->before.placement->tables[before].tower ==
                                         diff->after.placement->tables[after].tower;
}

static void count_features(struct tp_diff *diff)
{
    const struct tp_model *old = diff->before.plan->model, *new = diff->after.plan->model;
    for (int32_t f = 0; f < old->feature_count; f++) {
        const char *name = old->features[f].name;
        int32_t at = f < new->feature_count &&strcmp(new->features[f].name, name) == 0
                         ? f
                         : tp_model_feature(new, name);
        if (at >= 0 && !same_hosts(diff, old->features[f].table, new->features[at].table))
            diff->features_moved++;
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct tp_diff_table *x = a, *y = b;
    double x_bytes = tp_travel_bytes(&x->travel), y_bytes = tp_travel_bytes(&y->travel);
    if (x_bytes > y_bytes || x_bytes < y_bytes)
        return x_bytes > y_bytes ? -1 : 1;
    if (x->change != y->change)
        return x->change < y->change ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* @param after_of_before  out, (tables of before). */
static enum tp_status fill_tables(
    struct tp_diff *diff, int32_t *after_of_before, struct tp_error *err)
{
    const struct tp_model *old = diff->before.plan->model, *new = diff->after.plan->model;
    struct tp_travel_rates rates;
    enum tp_status status = tp_travel_rates(diff->before.plan, diff->after.plan, &rates, err);
    if (status != TP_OK)
        return status;
    diff->tables = TP_NEW(old->table_count + new->table_count, struct tp_diff_table);
    if (!diff->tables)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < old->table_count; i++) {
        const char *name = old->tables[i].name;
        int32_t after = table_named(new, name, i);
        after_of_before[i] = after;
        if (after >= 0)
            compare_table(diff, &rates, i, after);
        else
            add_table(diff, (struct tp_diff_table){name, TP_DIFF_DROPPED, i, -1, {0, 0, 0}});
    }
    for (int32_t i = 0; i < new->table_count; i++) {
        const char *name = new->tables[i].name;
        if (table_named(old, name, i) < 0)
            add_table(diff, (struct tp_diff_table){name, TP_DIFF_ADDED, -1, i, {0, 0, 0}});
    }
    qsort(diff->tables, (size_t)diff->table_count, sizeof *diff->tables, compare_entries);
    count_features(diff);
    return TP_OK;
}

static void say_text(struct tp_text *lines, const char *what, const char *old, const char *new)
{
    if (strcmp(old, new) != 0)
        tp_text_add(lines, "%s %s -> %s\n", what, old, new);
}

static void say_real(struct tp_text *lines, const char *what, double old, double new)
{
    char from[32], to[32];
    tp_format_real(from, old);
    tp_format_real(to, new);
    say_text(lines, what, from, to);
}

static const char *affinity_name(const struct tp_plan *plan)
{
    return plan->affinity.input.file ? plan->affinity.input.file : "none";
}

static void list_settings(
    const struct tp_plan *old, const struct tp_plan *new, struct tp_text *lines)
{
    say_text(lines, "generator", old->generator, new->generator);
    say_text(lines, "strategy", tp_strategy_name(old->strategy), tp_strategy_name(new->strategy));
    if (old->seed != new->seed)
        tp_text_add(lines, "seed %llu -> %llu\n", (unsigned long long)old->seed,
            (unsigned long long)new->seed);
    say_real(lines, "balance", old->balance, new->balance);
    say_real(lines, "ratio", old->ratio, new->ratio);
    if (strcmp(affinity_name(old), affinity_name(new)) != 0)
        say_text(lines, "affinity", affinity_name(old), affinity_name(new));
    else if (strcmp(old->affinity.input.sha256, new->affinity.input.sha256) != 0)
        tp_text_add(lines, "affinity: %s has other contents\n", affinity_name(old));
}

static enum tp_status list_specs(struct tp_diff *diff, struct tp_error *err)
{
    const struct tp_plan *old = diff->before.plan, *new = diff->after.plan;
    struct tp_text model = {0}, topology = {0}, settings = {0};
    tp_model_drift(old->model, new->model, &model);
    tp_topology_drift(old->topology, new->topology, &topology);
    if (old->topology->hosts_per_tower != new->topology->hosts_per_tower)
        tp_text_add(&topology, "hosts_per_tower %d -> %d\n", (int)old->topology->hosts_per_tower,
            (int)new->topology->hosts_per_tower);
    list_settings(old, new, &settings);
    diff->model = model.data;
    diff->topology = topology.data;
    diff->settings = settings.data;
    return model.failed || topology.failed || settings.failed ? tp_fail_memory(err) : TP_OK;
}

static enum tp_status compare(struct tp_diff *diff, struct tp_error *err)
{
    int32_t *after_of_before = TP_NEW(diff->before.placement->table_count, int32_t);
    if (!after_of_before)
        return tp_fail_memory(err);
    enum tp_status status = fill_tables(diff, after_of_before, err);
    if (status == TP_OK)
        status = tp_renumbering(diff->before.placement, diff->after.placement, after_of_before,
            &diff->renumbering, err);
    if (status == TP_OK)
        status = list_specs(diff, err);
    diff->same = diff->table_count == 0 && !diff->model && !diff->topology;
    free(after_of_before);
    return status;
}

enum tp_status tp_diff_make(const struct tp_plan *before, const struct tp_plan *after,
    struct tp_diff **diff, struct tp_error *err)
{
    struct tp_diff *made = TP_NEW(1, struct tp_diff);
    if (!made)
        return tp_fail_memory(err);
    enum tp_status status = fill_side(&made->before, before, err);
    if (status != TP_OK)
        status = tp_fail_prefix(err, status, "the first plan: ");
    if (status == TP_OK) {
        status = fill_side(&made->after, after, err);
        if (status != TP_OK)
            status = tp_fail_prefix(err, status, "the second plan: ");
    }
    if (status == TP_OK)
        status = compare(made, err);
    if (status == TP_OK)
        *diff = made;
    else
        tp_diff_free(made);
    return status;
}

void tp_diff_free(struct tp_diff *diff)
{
    if (!diff)
        return;
    tp_placement_free(diff->before.placement);
    tp_placement_free(diff->after.placement);
    free(diff->renumbering);
    free(diff->tables);
    free(diff->model);
    free(diff->topology);
    free(diff->settings);
    free(diff);
}
