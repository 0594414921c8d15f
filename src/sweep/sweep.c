/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep: every combination of the lists, each costed by row.c, and what follows from all of them.
 *
 * In: the specs and the lists. Out: rows, in series that differ in their ranks only, for each
 * series the break-even scale, and the row that is recommended.
 *
 * Break-even asks for more than the first row where a mode wins: from there on it has to win
 * wherever there are towers. Its opponent is the better of flat on the towers' placement and flat
 * placed freely, since nobody who runs flat would place tables for towers. Differences of rounding
 * are no win. */
#include <towerpart/sweep.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "sweep/grid.h"
#include "sweep/row.h"

#include <math.h>
#include <stdlib.h>

/* A relative difference of seconds that is more than rounding. */
#define FASTER 1e-9

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
        if (ranks != topology->rank_count && s->ranks > ranks) /* they ascend, so none is missed */
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

static enum tp_status fill(const struct tp_grid *grid, struct tp_sweep *sweep, struct tp_error *err)
{
    int32_t each = grid->lists.ranks.count;
    enum tp_status status = TP_OK;
    struct tp_progress progress = tp_progress_begin(grid->lists.progress, "sweeping");
    for (int32_t i = 0; i < sweep->row_count && !status; i++) {
        sweep->rows[i].setting = tp_grid_setting(grid, i);
        status = tp_sweep_row(grid->model, grid->topology, &sweep->rows[i], err);
        tp_progress_update(&progress, (double)(i + 1) / sweep->row_count);
    }
    tp_progress_end(&progress);
    if (status)
        return status;
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
    struct tp_grid grid;
    struct tp_sweep *made = NULL;
    enum tp_status status = tp_grid_init(&grid, model, topology, options, err);
    if (status)
        goto out;
    made = TP_NEW(1, struct tp_sweep);
    if (made) {
        made->row_count = grid.series_count * grid.lists.ranks.count;
        made->series_count = grid.series_count;
        made->rows = TP_NEW(made->row_count, struct tp_sweep_row);
        made->series = TP_NEW(grid.series_count, struct tp_sweep_series);
    }
    status = made && made->rows && made->series ? fill(&grid, made, err) : tp_fail_memory(err);
    if (!status) {
        *sweep = made;
        made = NULL;
    }
out:
    tp_sweep_free(made);
    tp_grid_release(&grid);
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
