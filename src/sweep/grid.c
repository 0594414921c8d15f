/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a sweep: every combination of the lists.
 *
 * In: the specs and the lists. Out: settings by number, the ranks changing fastest, then towers,
 * batch, bandwidth, dtype and module. A list that is not given has one entry, the specs' own; ranks
 * that are not given are those of 8, 16, ... 4,096 that the topology can have, or else its own.
 * What no setting could have is a slip of the user's and refused; what some cannot have is for the
 * rows to say. */
#include "sweep/grid.h"

#include "base/fail.h"
#include "base/memory.h"
#include "sweep/setting.h"

#include <stdlib.h>

#define RANKS_LEAST 8 /* where ranks are not given */
#define RANKS_MOST 4096

static int32_t length(int32_t count)
{
    return count > 0 ? count : 1;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void set_default_ranks(struct tp_grid *grid)
{
    int32_t count = 0;
    for (int64_t ranks = RANKS_LEAST; ranks <= RANKS_MOST; ranks *= 2)
        if (tp_setting_has_ranks(grid->topology, ranks))
            grid->default_ranks[count++] = ranks;
    if (count == 0)
        grid->default_ranks[count++] = grid->topology->rank_count;
    grid->lists.ranks = (struct tp_sweep_integers){grid->default_ranks, count};
}

static enum tp_status check_ranks(const struct tp_grid *grid, struct tp_error *err)
{
    const struct tp_topology *t = grid->topology;
    for (int32_t i = 0; i < grid->lists.ranks.count; i++) {
        int64_t ranks = grid->lists.ranks.values[i];
        if (tp_setting_has_ranks(t, ranks))
            continue;
        if (t->level_count == 1)
            return tp_fail(err, TP_EUSAGE,
                "found %lld ranks, but topology %s is one host of %d: give it a level above the "
                "host first",
                (long long)ranks, t->name, (int)t->rank_count);
        return tp_fail(err, TP_EUSAGE,
            "found %lld ranks, which topology %s cannot have: expected whole hosts of %d ranks, "
            "and whole groups of every level that they fill",
            (long long)ranks, t->name, (int)t->ranks_per_host);
    }
    return TP_OK;
}

/* K or T that suits none of the ranks is a slip, not a setting. */
static enum tp_status check_cuts(const struct tp_grid *grid, const char *what,
    const struct tp_sweep_integers *list, struct tp_error *err)
{
    for (int32_t i = 0; i < list->count; i++) {
        bool divides = false;
        for (int32_t k = 0; k < grid->lists.ranks.count; k++) {
            int64_t hosts = grid->lists.ranks.values[k] / grid->topology->ranks_per_host;
            divides |= list->values[i] >= 1 && hosts % list->values[i] == 0;
        }
        if (!divides)
            return tp_fail(err, TP_EUSAGE,
                "found %lld %s, expected a divisor of the hosts of one setting at least",
                (long long)list->values[i], what);
    }
    return TP_OK;
}

static enum tp_status sort_ranks(struct tp_grid *grid, struct tp_error *err)
{
    int32_t count = grid->lists.ranks.count;
    grid->ranks = TP_NEW(count, int64_t);
    if (!grid->ranks)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < count; i++)
        grid->ranks[i] = grid->lists.ranks.values[i];
    qsort(grid->ranks, (size_t)count, sizeof *grid->ranks, ascending);
    grid->lists.ranks.values = grid->ranks;
    return TP_OK;
}

static enum tp_status count_settings(struct tp_grid *grid, struct tp_error *err)
{
    const struct tp_sweep_options *lists = &grid->lists;
    double series = (double)length(lists->module_count) * length(lists->exchange_count) *
                    length(lists->rate_count) * length(lists->local_batches.count) *
                    (lists->towers.count + lists->hosts_per_tower.count);
    if (series * lists->ranks.count > TP_SWEEP_ROWS_MAX)
        return tp_fail(err, TP_EUSAGE, "%.0f settings, expected at most %d: shorten the lists",
            series * lists->ranks.count, TP_SWEEP_ROWS_MAX);
    grid->series_count = (int32_t)series;
    return TP_OK;
}

enum tp_status tp_grid_init(struct tp_grid *grid, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_sweep_options *options,
    struct tp_error *err)
{
    struct tp_sweep_options *lists = &grid->lists;
    *grid = (struct tp_grid){.model = model, .topology = topology};
    if (options)
        *lists = *options;
    if (lists->towers.count && lists->hosts_per_tower.count)
        return tp_fail(err, TP_EUSAGE, "towers and hosts per tower say the same; leave one out");
    grid->default_hosts = topology->hosts_per_tower;
    if (!lists->towers.count && !lists->hosts_per_tower.count)
        lists->hosts_per_tower = (struct tp_sweep_integers){&grid->default_hosts, 1};
    if (!lists->ranks.count)
        set_default_ranks(grid);
    enum tp_status status = count_settings(grid, err);
    if (!status)
        status = check_ranks(grid, err);
    if (!status && options && options->hosts_per_tower.count)
        status = check_cuts(grid, "hosts per tower", &lists->hosts_per_tower, err);
    if (!status)
        status = check_cuts(grid, "towers", &lists->towers, err);
    return status ? status : sort_ranks(grid, err);
}

void tp_grid_release(struct tp_grid *grid)
{
    free(grid->ranks);
    grid->ranks = NULL;
}

/* Takes the next digit of a number whose digits are places in lists; of the last list first. */
static int32_t digit(int32_t *number, int32_t count)
{
    int32_t value = *number % length(count);
    *number /= length(count);
    return value;
}

static void set_batch(const struct tp_grid *grid, int32_t place, struct tp_sweep_setting *setting)
{
    struct tp_model model = *grid->model; /* shallow */
    if (grid->lists.local_batches.count) {
        model.batch_size = 0;
        model.local_batch_size = grid->lists.local_batches.values[place];
    }
    if (tp_model_global_batch(&model, setting->ranks, &setting->batch, NULL))
        setting->batch = 0;
}

static void set_towers(const struct tp_grid *grid, int32_t place, struct tp_sweep_setting *setting)
{
    int64_t hosts = setting->ranks / grid->topology->ranks_per_host;
    bool by_towers = grid->lists.towers.count > 0;
    int64_t cut =
        by_towers ? grid->lists.towers.values[place] : grid->lists.hosts_per_tower.values[place];
    if (hosts % cut)
        return;
    setting->towers = (int32_t)(by_towers ? cut : hosts / cut);
    setting->hosts_per_tower = (int32_t)(hosts / setting->towers);
}

struct tp_sweep_setting tp_grid_setting(const struct tp_grid *grid, int32_t number)
{
    const struct tp_sweep_options *lists = &grid->lists;
    const struct tp_level *outermost = &grid->topology->levels[grid->topology->level_count - 1];
    struct tp_sweep_setting s = {.module = grid->model->tower_module,
        .forward = grid->model->forward,
        .backward = grid->model->backward,
        .bytes_per_s = outermost->bytes_per_s};
    s.ranks = (int32_t)lists->ranks.values[digit(&number, lists->ranks.count)];
    set_towers(grid, digit(&number, lists->towers.count + lists->hosts_per_tower.count), &s);
    set_batch(grid, digit(&number, lists->local_batches.count), &s);
    int32_t rate = digit(&number, lists->rate_count);
    int32_t exchange = digit(&number, lists->exchange_count);
    if (lists->rate_count)
        s.bytes_per_s = lists->bytes_per_s[rate];
    if (lists->exchange_count)
        s.forward = s.backward = lists->exchanges[exchange];
    if (lists->module_count)
        s.module = lists->modules[digit(&number, lists->module_count)];
    return s;
}
