/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep: every combination of the lists, each costed by row.c, and what follows from all of them.
 *
 * In: the specs and the lists. Out: rows, in series that differ in their ranks only, for each
 * series the break-even scale, and the row that is recommended. A list that is not given has one
 * entry, the specs' own; ranks that are not given are those of 8, 16, ... 4,096 that the topology
 * can have, or else its own.
 *
 * Break-even asks for more than the first row where a mode wins: from there on it has to win
 * wherever there are towers. Its opponent is the better of flat on the towers' placement and flat
 * placed freely, since nobody who runs flat would place tables for towers. Differences of rounding
 * are no win. */
#include <towerpart/sweep.h>

#include "base/fail.h"
#include "base/memory.h"
#include "sweep/row.h"
#include "sweep/setting.h"

#include <math.h>
#include <stdlib.h>

#define RANKS_LEAST 8 /* where ranks are not given */
#define RANKS_MOST 4096
#define RANKS_DEFAULT_MAX 10 /* from 8 by doubling to 4,096 */

/* A relative difference of seconds that is more than rounding. */
#define FASTER 1e-9

/* The lists, none empty. */
struct grid {
    const struct tp_model *model;
    const struct tp_topology *topology;
    struct tp_sweep_options lists;
    int64_t default_ranks[RANKS_DEFAULT_MAX];
    int64_t default_hosts;
    int64_t *ranks; /* sorted copy */
};

static int32_t length(int32_t count)
{
    return count > 0 ? count : 1;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void set_default_ranks(struct grid *grid)
{
    int32_t count = 0;
    for (int64_t ranks = RANKS_LEAST; ranks <= RANKS_MOST; ranks *= 2)
        if (tp_setting_has_ranks(grid->topology, ranks))
            grid->default_ranks[count++] = ranks;
    if (count == 0)
        grid->default_ranks[count++] = grid->topology->rank_count;
    grid->lists.ranks = (struct tp_sweep_integers){grid->default_ranks, count};
}

static enum tp_status check_ranks(const struct grid *grid, struct tp_error *err)
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
static enum tp_status check_cuts(const struct grid *grid, const char *what,
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

static enum tp_status sort_ranks(struct grid *grid, struct tp_error *err)
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

static enum tp_status grid_init(struct grid *grid, const struct tp_sweep_options *options,
    int32_t *series_count, struct tp_error *err)
{
    struct tp_sweep_options *lists = &grid->lists;
    if (options)
        *lists = *options;
    if (lists->towers.count && lists->hosts_per_tower.count)
        return tp_fail(err, TP_EUSAGE, "towers and hosts per tower say the same; leave one out");
    grid->default_hosts = grid->topology->hosts_per_tower;
    if (!lists->towers.count && !lists->hosts_per_tower.count)
        lists->hosts_per_tower = (struct tp_sweep_integers){&grid->default_hosts, 1};
    if (!lists->ranks.count)
        set_default_ranks(grid);
    double series = (double)length(lists->module_count) * length(lists->exchange_count) *
                    length(lists->rate_count) * length(lists->local_batches.count) *
                    (lists->towers.count + lists->hosts_per_tower.count);
    if (series * lists->ranks.count > TP_SWEEP_ROWS_MAX)
        return tp_fail(err, TP_EUSAGE, "%.0f settings, expected at most %d: shorten the lists",
            series * lists->ranks.count, TP_SWEEP_ROWS_MAX);
    *series_count = (int32_t)series;
    enum tp_status status = check_ranks(grid, err);
    if (!status && options && options->hosts_per_tower.count)
        status = check_cuts(grid, "hosts per tower", &lists->hosts_per_tower, err);
    if (!status)
        status = check_cuts(grid, "towers", &lists->towers, err);
    return status ? status : sort_ranks(grid, err);
}

/* Takes the next digit of a number whose digits are places in lists; of the last list first. */
static int32_t digit(int32_t *number, int32_t count)
{
    int32_t value = *number % length(count);
    *number /= length(count);
    return value;
}

static void set_batch(const struct grid *grid, int32_t place, struct tp_sweep_setting *setting)
{
    struct tp_model model = *grid->model; /* shallow */
    if (grid->lists.local_batches.count) {
        model.batch_size = 0;
        model.local_batch_size = grid->lists.local_batches.values[place];
    }
    if (tp_model_global_batch(&model, setting->ranks, &setting->batch, NULL))
        setting->batch = 0;
}

static void set_towers(const struct grid *grid, int32_t place, struct tp_sweep_setting *setting)
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

static struct tp_sweep_setting setting_of(const struct grid *grid, int32_t number)
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

double tp_sweep_seconds(const struct tp_sweep_row *row, enum tp_recommendation which)
{
    switch (which) {
    case TP_USE_FLAT:
        return row->placed ? row->cost.modes[TP_MODE_FLAT].seconds : (double)NAN;
    case TP_USE_SPTT:
        return row->placed ? row->cost.modes[TP_MODE_SPTT].seconds : (double)NAN;
    case TP_USE_DMT:
        return row->placed ? row->cost.modes[TP_MODE_DMT].seconds : (double)NAN;
    case TP_USE_FLAT_FREE:
        break;
    }
    return row->cost.flat_free_seconds;
}

enum tp_recommendation tp_sweep_best(const struct tp_sweep_row *row, bool any)
{
    return any ? row->cost.recommended_if_quality_allows : row->cost.recommended;
}

static struct tp_break_even break_even(
    const struct tp_sweep *sweep, const struct tp_sweep_series *series, enum tp_recommendation mode)
{
    struct tp_break_even even = {.row = -1, .first = -1, .last = -1};
    for (int32_t i = series->first_row; i < series->first_row + series->row_count; i++) {
        const struct tp_sweep_row *row = &sweep->rows[i];
        if (!row->placed)
            continue;
        even.first = even.first < 0 ? i : even.first;
        even.last = i;
        bool wins = tp_sweep_seconds(row, mode) < row->cost.flat_free_seconds * (1 - FASTER);
        if (!wins)
            even.row = -1;
        else if (even.row < 0)
            even.row = i;
    }
    even.always = even.row >= 0 && even.row == even.first;
    return even;
}

static double samples_per_s(const struct tp_sweep_row *row, bool any)
{
    return (double)row->setting.batch / tp_sweep_seconds(row, tp_sweep_best(row, any));
}

/* Ranks and bandwidth are what a cluster has, not what its user chooses. */
static int32_t recommend(const struct tp_sweep *sweep, const struct tp_topology *topology, bool any)
{
    const struct tp_level *outermost = &topology->levels[topology->level_count - 1];
    int32_t ranks = 0, best = -1;
    double rate = sweep->rows[0].setting.bytes_per_s, most = 0;
    for (int32_t i = 0; i < sweep->row_count; i++) {
        const struct tp_sweep_setting *s = &sweep->rows[i].setting;
        if (ranks != topology->rank_count && (s->ranks > ranks || s->ranks == topology->rank_count))
            ranks = s->ranks;
        if (s->bytes_per_s == outermost->bytes_per_s)
            rate = s->bytes_per_s;
    }
    for (int32_t i = 0; i < sweep->row_count; i++) {
        const struct tp_sweep_row *row = &sweep->rows[i];
        double samples = samples_per_s(row, any); /* NAN where nothing fits */
        if (row->setting.ranks != ranks || row->setting.bytes_per_s != rate ||
            !(samples > most * (1 + FASTER)))
            continue;
        best = i;
        most = samples;
    }
    return best;
}

static enum tp_status fill(const struct grid *grid, struct tp_sweep *sweep, struct tp_error *err)
{
    int32_t each = grid->lists.ranks.count;
    for (int32_t i = 0; i < sweep->row_count; i++) {
        sweep->rows[i].setting = setting_of(grid, i);
        enum tp_status status = tp_sweep_row(grid->model, grid->topology, &sweep->rows[i], err);
        if (status)
            return status;
    }
    for (int32_t i = 0; i < sweep->series_count; i++) {
        struct tp_sweep_series *series = &sweep->series[i];
        *series = (struct tp_sweep_series){.first_row = i * each, .row_count = each};
        series->sptt = break_even(sweep, series, TP_USE_SPTT);
        series->dmt = break_even(sweep, series, TP_USE_DMT);
    }
    sweep->recommended = recommend(sweep, grid->topology, false);
    sweep->recommended_if_quality_allows = recommend(sweep, grid->topology, true);
    return TP_OK;
}

enum tp_status tp_sweep_make(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_sweep_options *options, struct tp_sweep **sweep, struct tp_error *err)
{
    struct grid grid = {.model = model, .topology = topology};
    struct tp_sweep *made = NULL;
    int32_t series = 0;
    enum tp_status status = grid_init(&grid, options, &series, err);
    if (status)
        goto out;
    made = TP_NEW(1, struct tp_sweep);
    if (made) {
        made->row_count = series * grid.lists.ranks.count;
        made->series_count = series;
        made->rows = TP_NEW(made->row_count, struct tp_sweep_row);
        made->series = TP_NEW(series, struct tp_sweep_series);
    }
    status = made && made->rows && made->series ? fill(&grid, made, err) : tp_fail_memory(err);
    if (!status) {
        *sweep = made;
        made = NULL;
    }
out:
    tp_sweep_free(made);
    free(grid.ranks);
    return status;
}

void tp_sweep_free(struct tp_sweep *sweep)
{
    if (!sweep)
        return;
    for (int32_t i = 0; sweep->rows && i < sweep->row_count; i++)
        free(sweep->rows[i].why);
    free(sweep->series);
    free(sweep->rows);
    free(sweep);
}
