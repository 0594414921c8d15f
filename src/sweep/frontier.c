/* SPDX-License-Identifier: Apache-2.0 */
/* What affinity inside towers costs: few towers and loose balance hold more of it, and make the
 * step slower.
 *
 * In: the specs, an affinity, one setting, and lists of towers and balances. Out: a plan's affinity
 * and time for every pair of them, and which are dominated: another one holds at least as much
 * affinity in at most the time, and one of the two is better. What is left is the frontier to
 * choose from.
 *
 * Each point is a plan as tp_plan_make() makes it, so it states what the plan will state. Cost: a
 * plan for each point, and O(points^2). */
#include <towerpart/sweep.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "sweep/grid.h"
#include "sweep/setting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double default_balances[] = {(double)NAN, 0.1, 0.2, 0.5, 1};
#define DEFAULT_BALANCES ((int32_t)(sizeof default_balances / sizeof default_balances[0]))

/* Points while they are made. */
struct survey {
    const struct tp_affinity *affinity;
    struct tp_frontier_options options; /* complete */
    struct tp_grid grid;
    int64_t own_ranks;
    int64_t *hosts_per_tower; /* default */
};

static enum tp_status check_single(const struct tp_sweep_options *lists, struct tp_error *err)
{
    const struct {
        const char *name;
        int32_t count;
    } singles[] = {{"ranks", lists->ranks.count}, {"local batches", lists->local_batches.count},
        {"tower modules", lists->module_count}, {"exchanged dtypes", lists->exchange_count},
        {"bandwidths", lists->rate_count}};
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++)
        if (singles[i].count > 1)
            return tp_fail(err, TP_EUSAGE,
                "found %d %s, expected one: a frontier is about towers and balances in one setting",
                (int)singles[i].count, singles[i].name);
    return TP_OK;
}

/* Every K that gives at least two towers, or the one there is. */
static enum tp_status list_hosts(struct survey *survey, int64_t hosts, struct tp_error *err)
{
    int32_t count = 0;
    survey->hosts_per_tower = TP_NEW(hosts, int64_t);
    if (!survey->hosts_per_tower)
        return tp_fail_memory(err);
    for (int64_t k = 1; k <= hosts / 2 || k == 1; k++)
        if (hosts % k == 0)
            survey->hosts_per_tower[count++] = k;
    survey->options.setting.hosts_per_tower =
        (struct tp_sweep_integers){survey->hosts_per_tower, count};
    return TP_OK;
}

static enum tp_status survey_init(struct survey *survey, const struct tp_model *model,
    const struct tp_topology *topology, struct tp_error *err)
{
    struct tp_sweep_options *lists = &survey->options.setting;
    enum tp_status status = check_single(lists, err);
    if (status)
        return status;
    survey->own_ranks = topology->rank_count;
    if (!lists->ranks.count)
        lists->ranks = (struct tp_sweep_integers){&survey->own_ranks, 1};
    if (!survey->options.balance_count) {
        survey->options.balances = default_balances;
        survey->options.balance_count = DEFAULT_BALANCES;
    }
    int64_t hosts = lists->ranks.values[0] / topology->ranks_per_host;
    if (!lists->towers.count && !lists->hosts_per_tower.count && hosts <= TP_RANKS_MAX)
        status = list_hosts(survey, hosts > 0 ? hosts : 1, err);
    return status ? status : tp_grid_init(&survey->grid, model, topology, lists, err);
}

static enum tp_status say_why(
    struct tp_frontier_point *point, const char *why, struct tp_error *err)
{
    point->why = tp_copy_text(why, strlen(why));
    for (char *p = point->why; p && *p; p++)
        if (*p == '\n')
            *p = ' ';
    return point->why ? TP_OK : tp_fail_memory(err);
}

static void take_plan(struct tp_frontier_point *point, const struct tp_plan *plan)
{
    bool module = plan->model->tower_module.kind != TP_MODULE_NONE;
    point->made = true;
    point->balance_used = plan->balance;
    point->inside_affinity = plan->quality.inside_affinity;
    point->cost = plan->cost;
    point->seconds = plan->cost.modes[module ? TP_MODE_DMT : TP_MODE_SPTT].seconds;
}

static enum tp_status make_point(
    const struct survey *survey, struct tp_frontier_point *point, struct tp_error *err)
{
    struct tp_topology *topology = NULL;
    struct tp_plan *plan = NULL;
    struct tp_error why = {0};
    struct tp_plan_options options = tp_plan_options_default();
    options.balance = point->balance;
    options.seed = survey->options.seed;
    options.effort = survey->options.effort;
    if (point->setting.batch == 0)
        return say_why(point, "batch_size is no multiple of the ranks", err);
    struct tp_model model = tp_setting_model(survey->grid.model, &point->setting);
    enum tp_status status =
        tp_setting_topology(survey->grid.topology, &point->setting, &topology, err);
    if (status)
        return status;
    status = tp_plan_make(&model, topology, survey->affinity, &options, &plan, &why);
    if (!status)
        take_plan(point, plan);
    else if (status == TP_EINFEASIBLE)
        status = say_why(point, why.text, err);
    else
        status = tp_fail(err, status, "%s", why.text);
    tp_plan_free(plan);
    tp_topology_free(topology);
    return status;
}

static bool dominates(const struct tp_frontier_point *a, const struct tp_frontier_point *b)
{
    return a->made && a->inside_affinity >= b->inside_affinity && a->seconds <= b->seconds &&
           (a->inside_affinity > b->inside_affinity || a->seconds < b->seconds);
}

static void mark_dominated(struct tp_frontier *frontier)
{
    for (int32_t i = 0; i < frontier->count; i++)
        for (int32_t k = 0; k < frontier->count; k++)
            if (dominates(&frontier->points[k], &frontier->points[i]))
                frontier->points[i].dominated = true;
}

static enum tp_status fill(
    const struct survey *survey, struct tp_frontier *frontier, struct tp_error *err)
{
    int32_t each = survey->options.balance_count;
    struct tp_progress progress =
        tp_progress_begin(survey->options.setting.progress, "planning the frontier");
    enum tp_status status = TP_OK;
    for (int32_t i = 0; i < frontier->count && !status; i++) {
        struct tp_frontier_point *point = &frontier->points[i];
        point->setting = tp_grid_setting(&survey->grid, i / each);
        point->balance = survey->options.balances[i % each];
        status = point->setting.towers
                     ? make_point(survey, point, err)
                     : say_why(point, "hosts do not divide into such towers", err);
        tp_progress_update(&progress, (double)(i + 1) / frontier->count);
    }
    tp_progress_end(&progress);
    mark_dominated(frontier);
    return status;
}

enum tp_status tp_frontier_make(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_affinity *affinity, const struct tp_frontier_options *options,
    struct tp_frontier **frontier, struct tp_error *err)
{
    struct survey survey = {.affinity = affinity, .options = *options};
    struct tp_frontier *made = NULL;
    enum tp_status status = survey_init(&survey, model, topology, err);
    if (status)
        goto out;
    made = TP_NEW(1, struct tp_frontier);
    if (made) {
        made->count = survey.grid.series_count * survey.options.balance_count;
        made->points = TP_NEW(made->count, struct tp_frontier_point);
    }
    status = made && made->points ? fill(&survey, made, err) : tp_fail_memory(err);
    if (!status) {
        *frontier = made;
        made = NULL;
    }
out:
    tp_frontier_free(made);
    tp_grid_release(&survey.grid);
    free(survey.hosts_per_tower);
    return status;
}

void tp_frontier_free(struct tp_frontier *frontier)
{
    if (!frontier)
        return;
    for (int32_t i = 0; frontier->points && i < frontier->count; i++)
        free(frontier->points[i].why);
    free(frontier->points);
    free(frontier);
}
