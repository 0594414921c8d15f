/* SPDX-License-Identifier: Apache-2.0 */
/* Section with sweeps: the time of a step against the ranks, or affinity against time.
 *
 * In: a sweep or a frontier. Out: two charts for each series of a sweep (seconds, on a logarithmic
 * scale, and the speed-up over flat_free, which crosses 1 where towers break even); one chart of a frontier,
 * whose line joins the plans to choose from; all figures as a table. Cost: linear. */
#include "html/columns.h"
#include "html/page.h"
#include "html/sections.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SERIES_DRAWN 12 /* of more, the rest is in the table alone */
#define WIDTH 484.0
#define HEIGHT 300.0
#define LABEL_PIXELS 70.0 /* between names of dots */

static const tp_colour colours[TP_WAY_COUNT] = {0xff8a8f98U, 0xffa8771fU, 0xff2f7fc1U, 0xffc8553dU};

static bool is_drawn(double value)
{
    return value > 0 && isfinite(value);
}

/* What a chart shows of a line: seconds, or how many times as fast as flat_free. */
static double figure_of(const struct tp_sweep_line *line, int way, bool speed)
{
    return speed ? line->seconds[TP_WAY_FLAT_FREE] / line->seconds[way] : line->seconds[way];
}

/* The range of what is drawn; false if there is nothing. */
static bool find_range(
    const struct tp_sweep_line *lines, int32_t count, bool speed, struct tp_scale *y)
{
    y->least = INFINITY;
    y->most = 0;
    for (int32_t i = 0; i < count; i++)
        for (int way = 0; way < TP_WAY_COUNT; way++) {
            double value = figure_of(&lines[i], way, speed);
            if (!is_drawn(value))
                continue;
            y->least = fmin(y->least, value);
            y->most = fmax(y->most, value);
        }
    if (speed) {
        y->least = 0;
        y->most = tp_columns_top(fmax(y->most, 1), NAN);
    } else {
        y->least /= 1.1;
        y->most *= 1.1;
        y->logarithmic = true;
    }
    return y->most > 0;
}

/* Names of the ranks, as many as have room. */
static void draw_ranks(struct tp_chart *chart, const struct tp_scale *x,
    const struct tp_sweep_line *lines, int32_t count)
{
    double last = -1000;
    for (int32_t i = 0; i < count; i++) {
        double at = tp_scale_at(x, (double)lines[i].ranks);
        tp_picture_line(chart->picture, (struct tp_point){at, chart->top},
            (struct tp_point){at, chart->bottom}, 1, false, TP_COLOUR_GRID);
        if (at - last < 36)
            continue;
        tp_chart_label(chart, at, chart->bottom + 12, TP_LABEL_CENTRE, "",
            tp_figure(TP_UNIT_COUNT, (double)lines[i].ranks).text);
        last = at;
    }
    tp_chart_label(chart, (chart->left + chart->right) / 2, chart->height - 8, TP_LABEL_CENTRE,
        "axis", "ranks");
}

static enum tp_status draw_way(struct tp_chart *chart, const struct tp_scale *x,
    const struct tp_scale *y, const struct tp_sweep_line *lines, int32_t count, int way, bool speed,
    struct tp_error *err)
{
    struct tp_point *points = TP_NEW(count, struct tp_point);
    int32_t kept = 0;
    if (!points)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < count; i++) {
        double value = figure_of(&lines[i], way, speed);
        if (!is_drawn(value))
            continue;
        points[kept] =
            (struct tp_point){tp_scale_at(x, (double)lines[i].ranks), tp_scale_at(y, value)};
        tp_picture_dot(chart->picture, points[kept++], 3.2, true, colours[way]);
    }
    if (kept > 1)
        tp_picture_path(chart->picture, points, kept, 2, way == TP_WAY_FLAT_FREE, colours[way]);
    free(points);
    return TP_OK;
}

/* Where towers break even. */
static void draw_even(struct tp_chart *chart, const struct tp_scale *y)
{
    double at = tp_scale_at(y, 1);
    tp_picture_line(chart->picture, (struct tp_point){chart->left, at},
        (struct tp_point){chart->right, at}, 2, true, colours[TP_WAY_FLAT_FREE]);
}

static enum tp_status add_lines(const struct tp_sweep_line *lines, int32_t count, bool speed,
    struct tp_text *html, struct tp_error *err)
{
    static const double margins[4] = {60, 8, 14, 40};
    struct tp_chart chart = {0};
    struct tp_scale y = {0};
    if (!find_range(lines, count, speed, &y)) /* nothing fits anywhere */
        return TP_OK;
    enum tp_status status = tp_chart_begin(&chart, WIDTH, HEIGHT, margins, err);
    if (status)
        goto out;
    struct tp_scale x = {(double)lines[0].ranks, (double)lines[count - 1].ranks, chart.left + 8,
        chart.right - 8, true};
    y.start = chart.bottom;
    y.end = chart.top;
    tp_chart_y_axis(&chart, &y, speed ? TP_UNIT_COUNT : TP_UNIT_SECONDS);
    if (speed)
        draw_even(&chart, &y);
    draw_ranks(&chart, &x, lines, count);
    for (int way = speed; way < TP_WAY_COUNT && !status; way++)
        status = draw_way(&chart, &x, &y, lines, count, way, speed, err);
    if (!status)
        status = tp_chart_end(&chart,
            speed ? "Speed-up over flat_free, in times (below 1: slower)" : "Time of a step",
            speed ? "Lines: speed-up over flat_free against ranks"
                  : "Lines: seconds of a step against ranks, by way of running it",
            html, err);
out:
    tp_chart_release(&chart);
    return status;
}

static void add_legend(struct tp_text *html)
{
    tp_text_add(html, "<ul class=\"legend\">");
    for (int way = 0; way < TP_WAY_COUNT; way++)
        tp_text_add(html, "<li><i style=\"background:#%06x\"></i>%s</li>",
            (unsigned)(colours[way] & 0xffffff), tp_sweep_way_name((enum tp_sweep_way)way));
    tp_text_add(html, "</ul>\n");
}

static enum tp_status add_series(
    const struct tp_sweep_file *sweep, struct tp_text *html, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    int32_t drawn = 0;
    for (int32_t i = 0; i < sweep->series_count && !status; i++) {
        const struct tp_sweep_run *series = &sweep->series[i];
        if (series->count < 2 || drawn == SERIES_DRAWN)
            continue;
        const struct tp_sweep_line *lines = &sweep->lines[series->first];
        tp_text_add(html, "<h4>");
        tp_html_escape(html, lines[series->count - 1].setting);
        tp_text_add(html, "</h4>\n<div class=\"pair\">\n");
        status = add_lines(lines, series->count, false, html, err);
        if (!status)
            status = add_lines(lines, series->count, true, html, err);
        tp_text_add(html, "</div>\n");
        drawn++;
    }
    if (drawn)
        add_legend(html);
    if (drawn < sweep->series_count)
        tp_text_add(html, "<p class=\"note\">%d of %d series are drawn; the table has all.</p>\n",
            (int)drawn, (int)sweep->series_count);
    return status;
}

/* What a frontier is held against: dmt, or sptt where it is the same. */
static double frontier_seconds(const struct tp_sweep_line *line)
{
    return isnan(line->seconds[TP_WAY_DMT]) ? line->seconds[TP_WAY_SPTT]
                                            : line->seconds[TP_WAY_DMT];
}

static int compare_points(const void *a, const void *b)
{
    const struct tp_point *x = a, *y = b;
    return x->x < y->x ? -1 : x->x > y->x;
}

static void draw_points(const struct tp_sweep_file *sweep, struct tp_chart *chart,
    const struct tp_scale *x, const struct tp_scale *y, struct tp_point *best)
{
    int32_t count = 0;
    for (int32_t i = 0; i < sweep->line_count; i++) {
        const struct tp_sweep_line *line = &sweep->lines[i];
        if (isnan(line->inside_affinity) || isnan(frontier_seconds(line)))
            continue;
        struct tp_point at = {
            tp_scale_at(x, frontier_seconds(line)), tp_scale_at(y, line->inside_affinity)};
        tp_picture_dot(chart->picture, at, 5, !line->dominated, TP_COLOUR_PLAIN);
        if (line->dominated)
            continue;
        bool apart = true;
        for (int32_t k = 0; k < count; k++)
            apart &= hypot(best[k].x - at.x, 3 * (best[k].y - at.y)) > LABEL_PIXELS;
        char label[32];
        snprintf(label, sizeof label, "%lld towers", (long long)line->towers);
        if (apart)
            tp_chart_label(chart, at.x + 8, at.y + 12, TP_LABEL_RIGHT, "", label);
        best[count++] = at;
    }
    qsort(best, (size_t)count, sizeof *best, compare_points);
    if (count > 1)
        tp_picture_path(chart->picture, best, count, 1.5, true, TP_COLOUR_PLAIN);
}

static enum tp_status add_frontier(
    const struct tp_sweep_file *sweep, struct tp_text *html, struct tp_error *err)
{
    static const double margins[4] = {60, 24, 40, 40};
    struct tp_chart chart = {0};
    struct tp_point *best = TP_NEW(sweep->line_count, struct tp_point);
    double most = 0, lowest = 1, highest = 0;
    enum tp_status status = best ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; i < sweep->line_count; i++) {
        most = fmax(most, frontier_seconds(&sweep->lines[i]));
        lowest = fmin(lowest, sweep->lines[i].inside_affinity);
        highest = fmax(highest, sweep->lines[i].inside_affinity);
    }
    if (!status && most > 0)
        status = tp_chart_begin(&chart, 980, 360, margins, err);
    if (status || !(most > 0))
        goto out;
    double room = 0.2 * (highest - lowest) + 0.005;
    struct tp_scale x = {0, tp_columns_top(most, NAN), chart.left, chart.right, false};
    struct tp_scale y = {
        fmax(0, lowest - room), fmin(1, highest + room), chart.bottom, chart.top, false};
    tp_chart_y_axis(&chart, &y, TP_UNIT_PERCENT);
    tp_chart_x_axis(&chart, &x, TP_UNIT_SECONDS);
    draw_points(sweep, &chart, &x, &y, best);
    tp_chart_label(&chart, (chart.left + chart.right) / 2, chart.height - 8, TP_LABEL_CENTRE,
        "axis", "predicted time of a step (dmt; sptt without a tower module)");
    status =
        tp_chart_end(&chart, "Affinity inside towers against time; filled: plans to choose from",
            "Dots: plans by time of a step and share of the affinity inside towers", html, err);
out:
    free(best);
    tp_chart_release(&chart);
    return status;
}

static void add_line_row(
    const struct tp_sweep_file *sweep, const struct tp_sweep_line *line, struct tp_text *html)
{
    tp_text_add(html, "<tr>");
    tp_html_count(html, (double)line->ranks);
    tp_html_count(html, (double)line->towers);
    tp_html_count(html, (double)line->hosts_per_tower);
    if (sweep->frontier) {
        if (isnan(line->balance))
            tp_text_add(html, "<td data-v=\"-1\">auto</td>");
        else
            tp_text_add(html, "<td data-v=\"%.17g\">%.3g</td>", line->balance, line->balance);
        tp_html_percent(html, line->inside_affinity);
    } else if (sweep->series_count > 1) {
        tp_html_cell(html, line->setting);
    }
    for (int way = 0; way < TP_WAY_COUNT; way++)
        tp_html_seconds(html, line->seconds[way]);
    tp_text_add(html, "<td class=\"names\"");
    if (line->why) {
        tp_text_add(html, " title=\"");
        tp_html_escape(html, line->why);
        tp_text_add(html, "\"><span class=\"why\">");
        tp_html_escape(html, line->why);
        tp_text_add(html, "</span></td></tr>\n");
    } else {
        tp_text_add(
            html, ">%s</td></tr>\n", sweep->frontier && !line->dominated ? "to choose from" : "");
    }
}

static void add_line_table(const struct tp_sweep_file *sweep, struct tp_text *html)
{
    const char *heads[10] = {"#ranks", "#towers", "#hosts per tower"};
    static const char *const rest[] = {"#flat_free", "#flat", "#sptt", "#dmt", "remark"};
    int32_t count = 3;
    if (sweep->frontier) {
        heads[count++] = "#balance";
        heads[count++] = "#inside affinity";
    } else if (sweep->series_count > 1) {
        heads[count++] = "setting";
    }
    for (int i = 0; i < 5; i++)
        heads[count++] = rest[i];
    tp_text_add(html, "<details%s><summary>All settings as a table</summary>\n",
        sweep->line_count <= 24 ? " open" : "");
    tp_html_table(html, "Predicted seconds of a step", heads, count);
    for (int32_t i = 0; i < sweep->line_count; i++)
        add_line_row(sweep, &sweep->lines[i], html);
    tp_html_table_end(html);
    tp_text_add(html, "</details>\n");
}

enum tp_status tp_html_sweep(
    const struct tp_sweep_file *sweep, struct tp_text *html, struct tp_error *err)
{
    tp_text_add(html, "<section><h2>%s</h2>\n<p>From ",
        sweep->frontier ? "What affinity costs" : "Other scales and settings");
    tp_html_name(html, sweep->name);
    tp_text_add(html, sweep->frontier
                          ? ", a plan for each dot.</p>\n"
                          : ". Towers there are balanced by load, without affinity.</p>\n");
    enum tp_status status =
        sweep->frontier ? add_frontier(sweep, html, err) : add_series(sweep, html, err);
    add_line_table(sweep, html);
    tp_text_add(html, "</section>\n");
    return status;
}
