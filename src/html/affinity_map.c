/* SPDX-License-Identifier: Apache-2.0 */
/* Section with the affinity: the map by towers, what towers part, the shares inside towers beside
 * other ways to make them, and how far all this can be trusted.
 *
 * In: a view, perhaps an affinity. Out: a picture of a pixel per pair that a script reads back, with
 * names of features where there is room for them and of towers where not. Cost: O(F^2). */
#include "html/chart.h"
#include "html/map.h"
#include "html/page.h"
#include "html/sections.h"

#include "base/fail.h"
#include "base/memory.h"
#include "report/line.h"
#include "report/sections.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_PIXELS 7.5   /* of a character */
#define NAME_LONGEST 14   /* characters that have room */
#define NAMED_MAX 60      /* features whose names have room beside the map */
#define SMOOTH_MIN 430    /* pixels of a side from which the browser makes them smaller */
#define TOWER_PIXELS 13.0 /* between names of towers */
#define PAIRS_SHOWN 12
#define BAR_SLOT 26.0
#define STRIP_PARTS 256 /* of the strip of colours */

/* Frames around towers, and their names where features have none. */
static void draw_towers(
    const struct tp_view *view, const struct tp_map *map, bool named, struct tp_chart *chart)
{
    double cell = (chart->right - chart->left) / map->count, last = -1000;
    for (int32_t from = 0, to; from < map->count; from = to) {
        for (to = from + 1; to < map->count && map->tower[to] == map->tower[from];)
            to++;
        double start = chart->left + from * cell, top = chart->top + from * cell;
        double middle = top + (to - from) * cell / 2;
        char name[32] = "none";
        if (map->tower[from] >= 0)
            tp_line_span(name, &view->plan->towers[map->tower[from]].id, 1);
        tp_picture_frame(chart->picture, start, top, (to - from) * cell, 0xb0808080U);
        if (!named && middle - last >= TOWER_PIXELS) {
            tp_chart_label(chart, chart->left - 6, middle, TP_LABEL_LEFT, "", name);
            last = middle;
        }
    }
}

static void draw_names(const struct tp_view *view, const struct tp_map *map, struct tp_chart *chart)
{
    double cell = (chart->right - chart->left) / map->count;
    const char *kind = map->count > 40 ? "name tiny" : "name";
    for (int32_t i = 0; i < map->count; i++) {
        const char *name = view->plan->model->features[map->order[i]].name;
        tp_chart_label(
            chart, chart->left - 6, chart->top + (i + 0.5) * cell, TP_LABEL_LEFT, kind, name);
        tp_chart_label(
            chart, chart->left + (i + 0.5) * cell, chart->top - 6, TP_LABEL_UPWARDS, kind, name);
    }
}

/* What the script needs to say what is under the pointer. */
static void add_legend_data(const struct tp_view *view, const struct tp_map *map,
    const struct tp_chart *chart, struct tp_text *html)
{
    tp_text_add(html,
        "<script type=\"application/json\" id=\"map-data\">{\"most\":%.9g,\"box\":[%.6f,%.6f,%.6f],"
        "\"names\":[",
        map->most, chart->left / chart->width, chart->top / chart->height,
        (chart->right - chart->left) / chart->width);
    for (int32_t i = 0; i < map->count; i++) {
        tp_text_add(html, i ? "," : "");
        tp_html_json(html, view->plan->model->features[map->order[i]].name);
    }
    tp_text_add(html, "],\"towers\":[");
    for (int32_t i = 0; i < map->count; i++)
        tp_text_add(html, "%s%d", i ? "," : "",
            map->tower[i] < 0 ? -1 : (int)view->plan->towers[map->tower[i]].id);
    tp_text_add(html, "]}</script>\n");
}

static void add_place(
    const struct tp_chart *chart, double width, double height, struct tp_text *html)
{
    tp_text_add(html, " style=\"left:%.4f%%;top:%.4f%%;width:%.4f%%;height:%.4f%%\"",
        100 * chart->left / chart->width, 100 * chart->top / chart->height,
        100 * width / chart->width, 100 * height / chart->height);
}

static enum tp_status add_pixels(const struct tp_map *map, const struct tp_affinity *affinity,
    struct tp_chart *chart, struct tp_error *err)
{
    struct tp_text *html = &chart->under;
    int32_t side = tp_map_side(map);
    tp_colour *pixels = tp_new((size_t)side * (size_t)side, sizeof *pixels);
    if (!pixels)
        return tp_fail_memory(err);
    tp_map_pixels(map, affinity, pixels);
    tp_text_add(html,
        "<img id=\"map\" class=\"map%s\" alt=\"Heat map: affinity of %d features with each other, "
        "ordered by towers\"",
        side < SMOOTH_MIN ? " crisp" : "", (int)map->count);
    add_place(chart, chart->right - chart->left, chart->bottom - chart->top, html);
    tp_text_add(html, " src=\"");
    enum tp_status status = tp_picture_pixels(pixels, side, side, html, err);
    tp_text_add(html, "\">");
    free(pixels);
    return status;
}

/* A row of pixels, since neighbouring areas that are half transparent show their seams. */
static enum tp_status add_strip(struct tp_chart *chart, struct tp_error *err)
{
    tp_colour pixels[STRIP_PARTS];
    for (int i = 0; i < STRIP_PARTS; i++) {
        double root = (i + 0.5) / STRIP_PARTS;
        pixels[i] = tp_map_colour(root * root);
    }
    tp_text_add(&chart->under, "<img class=\"map\" alt=\"From nothing to the most\"");
    add_place(chart, chart->right - chart->left, chart->bottom - chart->top, &chart->under);
    tp_text_add(&chart->under, " src=\"");
    enum tp_status status = tp_picture_pixels(pixels, STRIP_PARTS, 1, &chart->under, err);
    tp_text_add(&chart->under, "\">");
    return status;
}

/* The colours of the map as a strip, with the noise floor. */
static enum tp_status add_scale(const struct tp_map *map, const struct tp_affinity *affinity,
    struct tp_text *html, struct tp_error *err)
{
    static const double margins[4] = {8, 20, 16, 24};
    struct tp_chart chart = {0};
    enum tp_status status = tp_chart_begin(&chart, 300, 64, margins, err);
    if (status)
        goto out;
    double wide = chart.right - chart.left, ticks[TP_TICKS_MAX], last = -1000;
    status = add_strip(&chart, err);
    if (status)
        goto out;
    struct tp_scale values = {0, map->most > 0 ? map->most : 1, 0, 1, false};
    int32_t count = tp_scale_ticks(&values, 4, ticks);
    for (int32_t i = 0; i < count; i++) {
        double x = chart.left + wide * sqrt(tp_scale_at(&values, ticks[i]));
        if (x - last > 30)
            tp_chart_label(&chart, x, chart.bottom + 12, TP_LABEL_CENTRE, "",
                tp_figure(TP_UNIT_COUNT, ticks[i]).text);
        last = x;
    }
    if (affinity->noise_floor > 0 && affinity->noise_floor < map->most) {
        double x = chart.left + wide * sqrt(affinity->noise_floor / map->most);
        tp_picture_line(chart.picture, (struct tp_point){x, chart.top - 4},
            (struct tp_point){x, chart.bottom}, 1.5, false, TP_COLOUR_LIMIT);
        tp_chart_label(&chart, x - 2, chart.top - 11, TP_LABEL_RIGHT, "limit", "noise floor");
    }
    status = tp_chart_end(&chart, NULL, "Colours of the heat map", html, err);
out:
    tp_chart_release(&chart);
    return status;
}

/* What the longest name needs beside the map; longer ones are cut. */
static double name_room(const struct tp_view *view, const struct tp_map *map)
{
    size_t most = 0;
    for (int32_t i = 0; i < map->count; i++) {
        size_t length = strlen(view->plan->model->features[i].name);
        most = length > most ? length : most;
    }
    return 16 + NAME_PIXELS * (double)(most < NAME_LONGEST ? most : NAME_LONGEST);
}

static enum tp_status add_map(const struct tp_view *view, const struct tp_map *map,
    const struct tp_affinity *affinity, struct tp_text *html, struct tp_error *err)
{
    bool named = map->count <= NAMED_MAX;
    double names = name_room(view, map);
    const double margins[4] = {named ? names : 44, named ? names : 4, 4, 4};
    double side = named ? 560 : 880;
    struct tp_chart chart = {0};
    enum tp_status status =
        tp_chart_begin(&chart, side + margins[0] + 4, side + margins[1] + 4, margins, err);
    if (status)
        goto out;
    draw_towers(view, map, named, &chart);
    if (named)
        draw_names(view, map, &chart);
    status = add_pixels(map, affinity, &chart, err);
    if (status)
        goto out;
    add_legend_data(view, map, &chart, html);
    status = tp_chart_end(&chart, NULL, "Frames around the towers of the heat map", html, err);
out:
    tp_chart_release(&chart);
    return status;
}

static void add_pair_table(const struct tp_view *view, const struct tp_map *map,
    const struct tp_affinity *affinity, struct tp_text *html)
{
    static const char *const heads[] = {"feature", "feature", "#affinity", "#standard error"};
    bool together = view->plan->strategy == TP_STRATEGY_DIVERSE;
    struct tp_map_pair pairs[PAIRS_SHOWN];
    int32_t count = tp_map_pairs(map, affinity, together, pairs, PAIRS_SHOWN);
    if (count == 0)
        return;
    tp_html_table(html,
        together ? "Most related features inside one tower"
                 : "Most related features in different towers",
        heads, 4);
    for (int32_t i = 0; i < count; i++) {
        size_t at = (size_t)pairs[i].a * (size_t)affinity->feature_count + (size_t)pairs[i].b;
        tp_text_add(html, "<tr>");
        tp_html_cell(html, view->plan->model->features[pairs[i].a].name);
        tp_html_cell(html, view->plan->model->features[pairs[i].b].name);
        tp_text_add(html, "<td data-v=\"%.9g\">%.4f</td><td data-v=\"%.9g\">%.4f</td></tr>\n",
            pairs[i].affinity, pairs[i].affinity, (double)affinity->std_error[at],
            (double)affinity->std_error[at]);
    }
    tp_html_table_end(html);
}

static enum tp_status add_heat_map(const struct tp_view *view, const struct tp_affinity *affinity,
    struct tp_text *html, struct tp_error *err)
{
    struct tp_map map = {0};
    enum tp_status status = tp_map_init(&map, view->plan, affinity, err);
    if (status || map.count == 0)
        goto out;
    tp_text_add(html,
        "<p>Each cell is a pair of features, in the order of the towers (framed): %s, 0 to 1. The "
        "diagonal, a feature with itself, is 1.</p>\n<div class=\"beside%s\">",
        tp_view_measure(affinity->measure), map.count > NAMED_MAX ? " wide" : "");
    status = add_map(view, &map, affinity, html, err);
    if (status)
        goto out;
    tp_text_add(html, "<div>");
    status = add_scale(&map, affinity, html, err);
    tp_text_add(html,
        "<p id=\"map-tip\" class=\"note\" aria-live=\"polite\">Point at a cell to read "
        "it.</p>\n");
    add_pair_table(view, &map, affinity, html);
    tp_text_add(html, "</div></div>\n");
out:
    tp_map_release(&map);
    return status;
}

struct share {
    const char *name;
    double share;
    const char *remark;
    tp_colour colour;
};

static enum tp_status draw_shares(
    const struct share *shares, int32_t count, struct tp_text *html, struct tp_error *err)
{
    static const double margins[4] = {150, 4, 210, 24};
    struct tp_chart chart = {0};
    enum tp_status status = tp_chart_begin(&chart, 980, 32 + BAR_SLOT * count, margins, err);
    if (status)
        goto out;
    struct tp_scale scale = {0, 1, chart.left, chart.right, false};
    tp_chart_x_axis(&chart, &scale, TP_UNIT_PERCENT);
    for (int32_t i = 0; i < count; i++) {
        double y = chart.top + BAR_SLOT * (i + 0.5), end = tp_scale_at(&scale, shares[i].share);
        struct tp_text words = {0};
        tp_text_add(&words, "%.1f %%%s%s", 100 * shares[i].share, *shares[i].remark ? ", " : "",
            shares[i].remark);
        tp_picture_box(chart.picture, chart.left, y - 8, end - chart.left, 16, shares[i].colour);
        tp_chart_label(&chart, chart.left - 8, y, TP_LABEL_LEFT, i ? "" : "who", shares[i].name);
        tp_chart_label(
            &chart, end + 7, y, TP_LABEL_RIGHT, i ? "" : "sum", words.data ? words.data : "");
        html->failed |= words.failed;
        tp_text_release(&words);
    }
    status = tp_chart_end(&chart, "Share of all affinity that lies inside towers",
        "Bars: this plan, the bound, other ways to make towers, chance", html, err);
out:
    tp_chart_release(&chart);
    return status;
}

static enum tp_status add_shares(
    const struct tp_view *view, struct tp_text *html, struct tp_error *err)
{
    const struct tp_plan_quality *quality = &view->plan->quality;
    struct tp_text gap = {0}, words = {.endless = true};
    struct share *shares = TP_NEW(quality->baseline_count + 3, struct share);
    int32_t count = 0;
    if (!shares)
        return tp_fail_memory(err);
    shares[count++] = (struct share){"this plan", quality->inside_affinity, "", TP_COLOUR_PLAIN};
    if (!isnan(quality->bound)) {
        tp_words_gap(view->plan, &gap);
        shares[count++] = (struct share){
            view->plan->strategy == TP_STRATEGY_DIVERSE ? "lower bound" : "upper bound",
            quality->bound, gap.data ? gap.data : "", 0xff3a8f5cU};
    }
    for (int32_t i = 0; i < quality->baseline_count; i++)
        shares[count++] =
            (struct share){quality->baselines[i].name, quality->baselines[i].inside_affinity,
                quality->baselines[i].within_limits ? "" : "breaks a limit", 0xff8a8f98U};
    shares[count++] = (struct share){"chance", view->chance_affinity, "random towers", 0xff8a8f98U};
    enum tp_status status = draw_shares(shares, count, html, err);
    tp_words_quality(view->plan, &words);
    tp_text_add(html, "<div class=\"note\">");
    tp_html_paragraphs(html, &words);
    tp_text_add(html, "</div>");
    html->failed |= gap.failed;
    tp_text_release(&words);
    tp_text_release(&gap);
    free(shares);
    return status;
}

/* Behind the heading of the section of the text report, which the page has too. */
static void add_trust(const struct tp_view *view, struct tp_text *html)
{
    struct tp_text lines = {.endless = true}, body = {0};
    tp_section_affinity(view, &lines);
    const char *at = lines.data ? strchr(lines.data + 1, '\n') : NULL;
    if (at)
        tp_text_add_bytes(&body, at + 1, strlen(at + 1));
    body.failed |= lines.failed;
    if (view->plan->affinity.dumps > 0)
        tp_html_statements(html, &body, TP_TRUST_INDENT);
    else
        tp_html_paragraphs(html, &body);
    tp_text_release(&body);
    tp_text_release(&lines);
}

enum tp_status tp_html_affinity(const struct tp_view *view, const struct tp_affinity *affinity,
    struct tp_text *html, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    tp_text_add(html, "<section id=\"affinity\"><h2>Affinity</h2>\n");
    if (affinity)
        status = add_heat_map(view, affinity, html, err);
    else
        tp_text_add(html, "<p class=\"note\">The heat map is left out: the plan does not hold the "
                          "affinity itself. Give its file: -a affinity.npz</p>\n");
    if (!status && !isnan(view->plan->quality.inside_affinity) && !view->one_tower)
        status = add_shares(view, html, err);
    tp_text_add(html, "<h3>How far it can be trusted</h3>\n");
    add_trust(view, html);
    tp_text_add(html, "</section>\n");
    return status;
}
