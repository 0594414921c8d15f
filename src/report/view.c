/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to the figures that reports show.
 *
 * In: a plan, possibly one that a person edited into breaking rules. Out: loads by rank, sums by tower,
 * and per resource the heaviest tower with its heaviest table. Ranks, towers and tables that the plan
 * names but the model or topology does not know are skipped. Cost: O(G + towers + tables). */
#include "report/view.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_COLUMNS 48 /* longer ones would hide the command */

const char *tp_resource_name(enum tp_resource resource)
{
    static const char *const names[TP_RESOURCE_COUNT] = {"features", "memory", "lookup", "output"};
    return names[resource];
}

static void gather_ranks(struct tp_view *view)
{
    const struct tp_plan *plan = view->plan;
    for (int32_t r = 0; r < view->rank_count; r++) {
        view->ranks[r].tower = -1;
        view->ranks[r].capacity_bytes = tp_topology_rank_capacity(plan->topology, r);
    }
    for (int32_t i = 0; i < plan->rank_count; i++) {
        int32_t r = plan->ranks[i].rank;
        if (r >= 0 && r < view->rank_count)
            view->ranks[r].load = plan->ranks[i].load;
    }
}

static void gather_tower(struct tp_view *view, int32_t t)
{
    const struct tp_plan_tower *tower = &view->plan->towers[t];
    struct tp_view_tower *out = &view->towers[t];
    for (int32_t i = 0; i < tower->rank_count; i++) {
        int32_t r = tower->ranks[i];
        if (r < 0 || r >= view->rank_count)
            continue;
        view->ranks[r].tower = t;
        out->capacity_bytes += (double)view->ranks[r].capacity_bytes;
        out->used[TP_RESOURCE_MEMORY] += (double)view->ranks[r].load.memory_bytes;
        out->used[TP_RESOURCE_LOOKUP] += (double)view->ranks[r].load.lookup_bytes;
    }
    out->used[TP_RESOURCE_FEATURES] = tower->feature_count;
    out->used[TP_RESOURCE_OUTPUT] = (double)tower->output_dim;
    view->feature_count += tower->feature_count;
}

/* What one table brings to its tower, up to a factor that all tables share. */
static double table_weight(
    const struct tp_model *model, const struct tp_table *table, enum tp_resource resource)
{
    double pooling = 0;
    for (int32_t i = 0; i < table->feature_count; i++)
        pooling += model->features[table->first_feature + i].pooling;
    switch (resource) {
    case TP_RESOURCE_MEMORY:
        return (double)table->rows * table->dim;
    case TP_RESOURCE_LOOKUP:
        return pooling * table->dim;
    case TP_RESOURCE_OUTPUT:
        return (double)table->feature_count * table->dim;
    default:
        return table->feature_count;
    }
}

static int32_t heaviest_tower(const struct tp_view *view, enum tp_resource resource)
{
    int32_t best = -1;
    for (int32_t t = 0; t < view->plan->tower_count; t++)
        if (best < 0 || view->towers[t].used[resource] > view->towers[best].used[resource])
            best = t;
    return best;
}

/* Model table of each of the plan's tables, -1 if the model has none of that name. In a sound plan
 * both are in the same order. */
static int32_t model_table(const struct tp_plan *plan, int32_t i)
{
    const struct tp_model *model = plan->model;
    if (i < model->table_count && !strcmp(model->tables[i].name, plan->tables[i].name))
        return i;
    return tp_model_table(model, plan->tables[i].name);
}

static struct tp_view_peak find_peak(const struct tp_view *view, enum tp_resource resource)
{
    const struct tp_plan *plan = view->plan;
    struct tp_view_peak peak = {.tower = heaviest_tower(view, resource), .table = -1};
    double sum = 0, most = 0;
    for (int32_t i = 0; peak.tower >= 0 && i < plan->table_count; i++) {
        int32_t table = model_table(plan, i);
        if (table < 0 || plan->tables[i].place.tower != plan->towers[peak.tower].id)
            continue;
        double weight = table_weight(plan->model, &plan->model->tables[table], resource);
        sum += weight;
        if (weight > most) {
            most = weight;
            peak.table = i;
        }
    }
    peak.table_share = sum > 0 ? most / sum : 0;
    return peak;
}

/* A pair of features shares a tower with probability sum of n (n - 1) / (F (F - 1)) over towers of n
 * features, when towers of these sizes are filled at random. */
static double chance(const struct tp_view *view)
{
    double pairs = 0, all = (double)view->feature_count * (view->feature_count - 1);
    for (int32_t t = 0; t < view->plan->tower_count; t++) {
        double n = view->plan->towers[t].feature_count;
        pairs += n * (n - 1);
    }
    return all > 0 ? pairs / all : 1;
}

enum tp_status tp_view_init(struct tp_view *view, const struct tp_plan *plan,
    const struct tp_findings *findings, struct tp_error *err)
{
    memset(view, 0, sizeof *view);
    view->plan = plan;
    view->name = "plan.yaml";
    if (findings)
        view->findings = *findings;
    view->one_tower = plan->strategy != TP_STRATEGY_FLAT && plan->tower_count == 1;
    view->rank_count = plan->topology->rank_count;
    view->ranks = TP_NEW(view->rank_count, struct tp_view_rank);
    view->towers = TP_NEW(plan->tower_count, struct tp_view_tower);
    if (!view->ranks || !view->towers)
        return tp_fail_memory(err);
    gather_ranks(view);
    for (int32_t t = 0; t < plan->tower_count; t++)
        gather_tower(view, t);
    for (int r = 0; r < TP_RESOURCE_COUNT; r++)
        view->peaks[r] = find_peak(view, (enum tp_resource)r);
    view->chance_affinity = chance(view);
    return TP_OK;
}

void tp_view_options(struct tp_view *view, const struct tp_report_options *options)
{
    if (!options)
        return;
    view->all = options->all;
    view->measured = options->measured;
    view->run_count = options->measured_count;
    if (options->plan)
        view->name = options->plan;
}

struct tp_view tp_view_run(const struct tp_view *view, int32_t i)
{
    struct tp_view one = *view;
    one.measured = &view->measured[i];
    one.run_count = 1;
    return one;
}

void tp_view_release(struct tp_view *view)
{
    free(view->towers);
    free(view->ranks);
    memset(view, 0, sizeof *view);
}

double tp_view_seconds(const struct tp_plan *plan, enum tp_recommendation which)
{
    switch (which) {
    case TP_USE_FLAT_FREE:
        return plan->cost.flat_free_seconds;
    case TP_USE_SPTT:
        return plan->cost.modes[TP_MODE_SPTT].seconds;
    case TP_USE_DMT:
        return plan->cost.modes[TP_MODE_DMT].seconds;
    default:
        return plan->cost.modes[TP_MODE_FLAT].seconds;
    }
}

const char *tp_view_name(const struct tp_view *view)
{
    bool plain = *view->name && *view->name != '-' && strlen(view->name) <= NAME_COLUMNS;
    return plain && !view->name[strspn(view->name, TP_SHELL_PLAIN)] ? view->name : "PLAN";
}

bool tp_view_has_costs(const struct tp_plan *plan)
{
    return plan->cost.modes[TP_MODE_FLAT].seconds > 0;
}

enum tp_recommendation tp_view_best_flat(const struct tp_plan *plan)
{
    return plan->cost.flat_free_seconds < plan->cost.modes[TP_MODE_FLAT].seconds ? TP_USE_FLAT_FREE
                                                                                 : TP_USE_FLAT;
}

const char *tp_view_measure(enum tp_measure measure)
{
    return measure == TP_MEASURE_COSINE ? "how far two features' vectors point the same way"
                                        : "how similarly two features arrange the samples";
}

int32_t tp_view_listed(const struct tp_view *view, int32_t count, int32_t most)
{
    return view->all || count <= most + 1 ? count : most;
}

void tp_view_feature_range(const struct tp_plan *plan, int32_t *min, int32_t *max)
{
    double all = plan->model->feature_count, mean = plan->tower_count ? all / plan->tower_count : 0;
    /* A ratio that means nothing is a finding; here it must only not become a number of its own. */
    *min = (int32_t)fmin(all, fmax(1, floor(mean / plan->ratio + 1e-9)));
    *max = (int32_t)fmax(0, fmin(all, ceil(mean * plan->ratio - 1e-9)));
}
