/* SPDX-License-Identifier: Apache-2.0 */
/* Charts: what cairo draws, with labels that the browser sets.
 *
 * In: marks and labels in one system of coordinates. Out: a figure element. Labels stand at percents
 * of the picture and their size follows its width, so the chart scales as a whole; their fonts and
 * colours are the page's, they can be searched, and need no font where the report is made. */
#include "html/chart.h"

#include "base/fail.h"
#include "html/page.h"

#include <math.h>
#include <string.h>

#define LABEL_PIXELS 12.0

struct tp_figure tp_figure(enum tp_unit unit, double value)
{
    struct tp_figure figure;
    struct tp_text text = {0};
    char shown[16];
    if (unit == TP_UNIT_BYTES)
        tp_format_bytes(shown, value);
    else if (unit == TP_UNIT_SECONDS)
        tp_format_seconds(shown, value);
    if (unit == TP_UNIT_BYTES || unit == TP_UNIT_SECONDS)
        tp_text_add(&text, "%s", value > 0 ? shown : "0");
    else if (unit == TP_UNIT_PERCENT)
        tp_text_add(&text, "%.3g %%", 100 * value);
    else
        tp_text_add(&text, value < 1e6 && floor(value) == value ? "%.0f" : "%.4g", value);
    strncpy(figure.text, text.data ? text.data : "", sizeof figure.text - 1);
    figure.text[sizeof figure.text - 1] = '\0';
    tp_text_release(&text);
    return figure;
}

enum tp_status tp_chart_begin(struct tp_chart *chart, double width, double height,
    const double margins[4], struct tp_error *err)
{
    *chart = (struct tp_chart){.width = width,
        .height = height,
        .left = margins[0],
        .top = margins[1],
        .right = width - margins[2],
        .bottom = height - margins[3]};
    return tp_picture_new(width, height, &chart->picture, err);
}

void tp_chart_release(struct tp_chart *chart)
{
    tp_picture_free(chart->picture);
    tp_text_release(&chart->under);
    tp_text_release(&chart->labels);
    memset(chart, 0, sizeof *chart);
}

void tp_chart_label(struct tp_chart *chart, double x, double y, enum tp_anchor anchor,
    const char *kind, const char *text)
{
    static const char anchors[] = {'l', 'r', 'c', 'u'};
    tp_text_add(&chart->labels, "<span class=\"%c%s%s\" style=\"left:%.2f%%;top:%.2f%%\">",
        anchors[anchor], *kind ? " " : "", kind, 100 * x / chart->width, 100 * y / chart->height);
    tp_html_escape(&chart->labels, text);
    tp_text_add(&chart->labels, "</span>");
}

void tp_chart_y_axis(struct tp_chart *chart, const struct tp_scale *scale, enum tp_unit unit)
{
    double ticks[TP_TICKS_MAX];
    int32_t count = tp_scale_ticks(scale, 4, ticks);
    for (int32_t i = 0; i < count; i++) {
        double y = tp_scale_at(scale, ticks[i]);
        bool base = fabs(y - chart->bottom) < 0.5;
        tp_picture_line(chart->picture, (struct tp_point){chart->left, y},
            (struct tp_point){chart->right, y}, 1, false, base ? TP_COLOUR_AXIS : TP_COLOUR_GRID);
        tp_chart_label(
            chart, chart->left - 6, y, TP_LABEL_LEFT, "", tp_figure(unit, ticks[i]).text);
    }
}

void tp_chart_x_axis(struct tp_chart *chart, const struct tp_scale *scale, enum tp_unit unit)
{
    double ticks[TP_TICKS_MAX];
    int32_t count = tp_scale_ticks(scale, chart->width > 600 ? 6 : 4, ticks);
    for (int32_t i = 0; i < count; i++) {
        double x = tp_scale_at(scale, ticks[i]);
        tp_picture_line(chart->picture, (struct tp_point){x, chart->top},
            (struct tp_point){x, chart->bottom}, 1, false,
            fabs(x - chart->left) < 0.5 ? TP_COLOUR_AXIS : TP_COLOUR_GRID);
        tp_chart_label(
            chart, x, chart->bottom + 12, TP_LABEL_CENTRE, "", tp_figure(unit, ticks[i]).text);
    }
}

enum tp_status tp_chart_end(struct tp_chart *chart, const char *title, const char *alt,
    struct tp_text *html, struct tp_error *err)
{
    tp_text_add(html, "<figure>");
    if (title) {
        tp_text_add(html, "<figcaption>");
        tp_html_escape(html, title);
        tp_text_add(html, "</figcaption>");
    }
    tp_text_add(html,
        "<div class=\"scroll\"><div class=\"plot\" style=\"max-width:%.0fpx;aspect-ratio:%.0f/%.0f"
        ";--f:%.4f\"><img alt=\"",
        chart->width, chart->width, chart->height, 100 * LABEL_PIXELS / chart->width);
    tp_html_escape(html, alt);
    tp_text_add(html, "\" src=\"");
    enum tp_status status = tp_picture_end(chart->picture, html, err);
    tp_text_add(html, "\">");
    tp_text_add_bytes(html, chart->under.data, chart->under.length);
    tp_text_add(html, "<div class=\"labels\">");
    tp_text_add_bytes(html, chart->labels.data, chart->labels.length);
    tp_text_add(html, "</div></div></div></figure>\n");
    html->failed |= chart->labels.failed || chart->under.failed;
    return status;
}
