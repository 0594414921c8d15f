/* SPDX-License-Identifier: Apache-2.0 */
/* Sections on who holds what: towers, ranks, tables.
 *
 * In: a view. Out: columns of load under their limits, and tables with the figures as they are. The
 * limit of a tower is (1 + X) times the mean, of its features the range that Q allows; ranks have one
 * limit, their memory. Cost: O(G + F + shards). */
#include "html/columns.h"
#include "html/page.h"
#include "html/sections.h"

#include "base/fail.h"
#include "base/memory.h"
#include "report/line.h"
#include "report/sections.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDE 980.0
#define HALF 484.0
#define TOWERS_OPEN 16 /* of more, the table is to be opened first */
#define ROWS_MAX 20000 /* of a table; more are no help to anybody */

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

/* Values of all towers for one of the resources. */
static void tower_values(const struct tp_view *view, enum tp_resource resource, double *values)
{
    for (int32_t t = 0; t < view->plan->tower_count; t++) {
        const struct tp_view_tower *tower = &view->towers[t];
        values[t] = resource == TP_RESOURCE_MEMORY
                        ? share(tower->used[resource], tower->capacity_bytes)
                        : tower->used[resource];
    }
}

static double mean_of(const double *values, int32_t count)
{
    double sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum += values[i];
    return count ? sum / count : 0;
}

static void limit_columns(const struct tp_view *view, enum tp_resource resource,
    const double *values, struct tp_columns *columns)
{
    int32_t least, most;
    tp_view_feature_range(view->plan, &least, &most);
    if (view->one_tower && resource != TP_RESOURCE_MEMORY)
        return;
    columns->limit_words = "limit";
    if (resource == TP_RESOURCE_MEMORY) {
        columns->limit = 1;
        columns->limit_words = "capacity";
    } else if (resource == TP_RESOURCE_FEATURES) {
        columns->limit = most;
    } else {
        columns->limit = (1 + view->plan->balance) * mean_of(values, columns->count);
    }
}

static enum tp_status add_tower_charts(const struct tp_view *view, double *values, int32_t *ids,
    struct tp_text *html, struct tp_error *err)
{
    static const struct {
        const char *title;
        enum tp_resource resource;
        enum tp_unit unit;
    } charts[] = {{"Lookup: bytes read from tables per step", TP_RESOURCE_LOOKUP, TP_UNIT_BYTES},
        {"Output: sum of the dims of its features", TP_RESOURCE_OUTPUT, TP_UNIT_COUNT},
        {"Memory: share of its capacity", TP_RESOURCE_MEMORY, TP_UNIT_PERCENT},
        {"Features", TP_RESOURCE_FEATURES, TP_UNIT_COUNT}};
    enum tp_status status = TP_OK;
    int32_t count = view->plan->tower_count;
    for (int32_t t = 0; t < count; t++)
        ids[t] = view->plan->towers[t].id;
    tp_text_add(html, "<div class=\"pair\">\n");
    for (int i = 0; i < 4 && !status; i++) {
        struct tp_columns columns = {.title = charts[i].title,
            .thing = "tower",
            .values = values,
            .names = ids,
            .count = count,
            .unit = charts[i].unit,
            .limit = NAN,
            .mean = NAN,
            .width = HALF};
        tower_values(view, charts[i].resource, values);
        limit_columns(view, charts[i].resource, values, &columns);
        if (charts[i].resource != TP_RESOURCE_MEMORY)
            columns.mean = mean_of(values, count);
        status = tp_columns_add(&columns, html, err);
    }
    tp_text_add(html, "</div>\n");
    return status;
}

static void add_span(const int32_t *values, int32_t count, struct tp_text *html)
{
    char span[16];
    tp_line_span(span, values, count);
    tp_text_add(html, "<td data-v=\"%d\">%s</td>", count ? (int)values[0] : -1, span);
}

static void add_tower_row(const struct tp_view *view, int32_t t, struct tp_text *html)
{
    const struct tp_plan_tower *tower = &view->plan->towers[t];
    const struct tp_view_tower *sums = &view->towers[t];
    tp_text_add(html, "<tr>");
    tp_html_count(html, tower->id);
    add_span(tower->hosts, tower->host_count, html);
    add_span(tower->ranks, tower->rank_count, html);
    tp_html_count(html, tower->feature_count);
    tp_html_count(html, (double)tower->output_dim);
    tp_html_bytes(html, sums->used[TP_RESOURCE_LOOKUP]);
    tp_html_bytes(html, sums->used[TP_RESOURCE_MEMORY]);
    tp_html_percent(html, share(sums->used[TP_RESOURCE_MEMORY], sums->capacity_bytes));
    tp_text_add(html, "<td class=\"names\">");
    for (int32_t i = 0; i < tower->feature_count; i++) {
        tp_text_add(html, i ? " " : "");
        tp_html_name(html, tower->features[i]);
    }
    tp_text_add(html, "</td></tr>\n");
}

static void add_tower_table(const struct tp_view *view, struct tp_text *html)
{
    static const char *const heads[] = {"#tower", "#hosts", "#ranks", "#features", "#output dim",
        "#lookup", "#memory", "#of capacity", "features"};
    int32_t count = view->plan->tower_count;
    tp_text_add(html, "<details%s><summary>The features of all towers as a table</summary>\n",
        count <= TOWERS_OPEN ? " open" : "");
    tp_html_table(html, "Towers", heads, 9);
    for (int32_t t = 0; t < count; t++)
        add_tower_row(view, t, html);
    tp_html_table_end(html);
    tp_text_add(html, "</details>\n");
}

enum tp_status tp_html_towers(
    const struct tp_view *view, struct tp_text *html, struct tp_error *err)
{
    const struct tp_plan *plan = view->plan;
    struct tp_text words = {.endless = true};
    enum tp_status status = TP_OK;
    double *values = TP_NEW(plan->tower_count, double);
    int32_t *ids = TP_NEW(plan->tower_count, int32_t);
    if (!values || !ids) {
        status = tp_fail_memory(err);
        goto out;
    }
    tp_text_add(html, "<section id=\"towers\"><h2>Towers</h2>\n");
    if (plan->strategy == TP_STRATEGY_FLAT || plan->tower_count == 0) {
        tp_text_add(html, "<p>None: all ranks together.</p>\n");
    } else {
        tp_words_limits(view, &words);
        status = add_tower_charts(view, values, ids, html, err);
        tp_html_statements(html, &words, 12);
    }
    if (plan->tower_count > 0)
        add_tower_table(view, html);
    tp_text_add(html, "</section>\n");
out:
    tp_text_release(&words);
    free(ids);
    free(values);
    return status;
}

static enum tp_status add_rank_charts(const struct tp_view *view, double *values, int32_t *names,
    int32_t *towers, struct tp_text *html, struct tp_error *err)
{
    struct tp_columns columns = {.title = "Memory: share of each rank's capacity",
        .thing = "rank",
        .values = values,
        .names = names,
        .groups = towers,
        .count = view->rank_count,
        .unit = TP_UNIT_PERCENT,
        .limit = 1,
        .mean = NAN,
        .limit_words = "capacity",
        .width = WIDE};
    for (int32_t r = 0; r < view->rank_count; r++) {
        names[r] = r;
        towers[r] = view->ranks[r].tower;
        values[r] =
            share((double)view->ranks[r].load.memory_bytes, (double)view->ranks[r].capacity_bytes);
    }
    enum tp_status status = tp_columns_add(&columns, html, err);
    if (status)
        return status;
    for (int32_t r = 0; r < view->rank_count; r++)
        values[r] = (double)view->ranks[r].load.lookup_bytes;
    columns.title = "Lookup: bytes read from tables per step";
    columns.unit = TP_UNIT_BYTES;
    columns.limit = NAN;
    columns.mean = mean_of(values, view->rank_count);
    return tp_columns_add(&columns, html, err);
}

static void add_rank_row(const struct tp_view *view, int32_t r, struct tp_text *html)
{
    const struct tp_view_rank *rank = &view->ranks[r];
    tp_text_add(html, "<tr>");
    tp_html_count(html, r);
    if (rank->tower >= 0)
        tp_html_count(html, view->plan->towers[rank->tower].id);
    else
        tp_text_add(html, "<td class=\"n\">-</td>");
    tp_html_bytes(html, (double)rank->load.memory_bytes);
    tp_html_bytes(html, (double)rank->capacity_bytes);
    tp_html_percent(html, share((double)rank->load.memory_bytes, (double)rank->capacity_bytes));
    tp_html_bytes(html, (double)rank->load.lookup_bytes);
    tp_html_bytes(html, (double)rank->load.output_bytes);
    tp_html_bytes(html, (double)rank->load.id_bytes);
    for (int32_t i = 0; i < view->run_count; i++) {
        tp_html_bytes(html, view->measured[i].run.ranks[r].lookup_bytes);
        tp_html_bytes(html, view->measured[i].run.ranks[r].id_bytes);
    }
    tp_text_add(html, "</tr>\n");
}

static void add_rank_table(const struct tp_view *view, struct tp_text *html)
{
    static const char *const heads[] = {"#rank", "#tower", "#memory", "#capacity", "#of capacity",
        "#lookup", "#output", "#ids", "#lookup, run 1", "#ids, run 1", "#lookup, run 2",
        "#ids, run 2", "#lookup, run 3", "#ids, run 3", "#lookup, run 4", "#ids, run 4"};
    int32_t shown = view->rank_count < ROWS_MAX ? view->rank_count : ROWS_MAX;
    tp_text_add(html, "<details%s><summary>All ranks as a table</summary>\n",
        view->rank_count <= TP_RANKS_LISTED_MAX ? " open" : "");
    tp_html_table(html,
        view->run_count ? "Ranks: bytes per step, predicted, and measured by runs"
                        : "Ranks: bytes per step",
        heads, 8 + 2 * view->run_count);
    for (int32_t r = 0; r < shown; r++)
        add_rank_row(view, r, html);
    tp_html_table_end(html);
    if (shown < view->rank_count)
        tp_text_add(
            html, "<p>%d more ranks: see --format json.</p>\n", (int)(view->rank_count - shown));
    tp_text_add(html, "</details>\n");
}

enum tp_status tp_html_ranks(const struct tp_view *view, struct tp_text *html, struct tp_error *err)
{
    double *values = TP_NEW(view->rank_count, double);
    int32_t *names = TP_NEW(view->rank_count, int32_t);
    int32_t *towers = TP_NEW(view->rank_count, int32_t);
    enum tp_status status = values && names && towers ? TP_OK : tp_fail_memory(err);
    if (status)
        goto out;
    tp_text_add(html,
        "<section id=\"ranks\"><h2>Ranks</h2>\n<p>What each rank holds and reads. The two shades "
        "tell towers apart; the reserve (%.3g %% of the memory) is no part of the capacity.</p>\n",
        100 * view->plan->topology->device.reserve);
    if (view->rank_count > 0) {
        status = add_rank_charts(view, values, names, towers, html, err);
        add_rank_table(view, html);
    }
    tp_text_add(html, "</section>\n");
out:
    free(towers);
    free(names);
    free(values);
    return status;
}

static void add_table_row(const struct tp_view *view, int32_t i, struct tp_text *html)
{
    const struct tp_model *model = view->plan->model;
    const struct tp_plan_table *placed = &view->plan->tables[i];
    bool same = i < model->table_count && !strcmp(model->tables[i].name, placed->name);
    int32_t at = same ? i : tp_model_table(model, placed->name);
    tp_text_add(html, "<tr>");
    tp_html_cell(html, placed->name);
    tp_html_count(html, placed->place.tower);
    tp_text_add(html, "<td>%s</td>", tp_sharding_name(placed->place.sharding));
    tp_html_count(html, placed->place.shard_count);
    tp_html_count(html, placed->place.shard_count ? placed->place.shards[0].rank : -1);
    if (at >= 0) {
        tp_html_count(html, (double)model->tables[at].rows);
        tp_html_count(html, model->tables[at].dim);
        tp_html_count(html, model->tables[at].feature_count);
    } else {
        tp_text_add(html, "<td class=\"n\">-</td><td class=\"n\">-</td><td class=\"n\">-</td>");
    }
    tp_text_add(html, "</tr>\n");
}

void tp_html_tables(const struct tp_view *view, struct tp_text *html)
{
    static const char *const heads[] = {
        "table", "#tower", "sharding", "#shards", "#first rank", "#rows", "#dim", "#features"};
    int32_t count = view->plan->table_count, shown = count < ROWS_MAX ? count : ROWS_MAX;
    tp_text_add(html,
        "<section id=\"tables\"><h2>Tables</h2>\n<details%s><summary>Where each of the %d tables "
        "lives</summary>\n",
        count <= TP_RANKS_LISTED_MAX ? " open" : "", (int)count);
    tp_html_table(html, "Tables", heads, 8);
    for (int32_t i = 0; i < shown; i++)
        add_table_row(view, i, html);
    tp_html_table_end(html);
    if (shown < count)
        tp_text_add(html, "<p>%d more tables: see --format json.</p>\n", (int)(count - shown));
    tp_text_add(html, "</details></section>\n");
}
