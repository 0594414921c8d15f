/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of load, beside each other, under a limit.
 *
 * In: values, their numbers and groups. Out: a chart. What is over the limit is red. A limit far above
 * all values would press them flat, so it is then told in words instead. More values than a screen has
 * columns are shown by their maxima: what is asked is whether anything is too much. Cost: linear. */
#include "html/columns.h"

#include <math.h>

#define HEIGHT 210.0
#define COLUMN_WIDEST 46.0
#define LIMIT_FAR 4.0 /* times the values, from which a limit is told in words */
#define NAME_PIXELS 34.0
#define TOUCH 0.3
#define HEADROOM 1.04
#define STEPS 5 /* of the axis, at most */

int32_t tp_columns_bucket(int32_t count)
{
    return (count + TP_COLUMNS_MAX - 1) / TP_COLUMNS_MAX;
}

double tp_columns_top(double most, double limit)
{
    bool near = limit > 0 && most * LIMIT_FAR > limit;
    double high = HEADROOM * (near ? fmax(most, limit) : most);
    double step = tp_scale_round(high / STEPS);
    return high > 0 ? step * ceil(high / step - 1e-9) : 1;
}

static double largest(const struct tp_columns *columns, int32_t from, int32_t to)
{
    double most = 0;
    for (int32_t i = from; i < to && i < columns->count; i++)
        most = fmax(most, columns->values[i]);
    return most;
}

/* Whether the group of this value is one of every second. */
static bool second_group(const struct tp_columns *columns, int32_t i)
{
    return columns->groups && columns->groups[i] >= 0 && columns->groups[i] % 2 == 1;
}

static void draw_columns(
    const struct tp_columns *columns, struct tp_chart *chart, const struct tp_scale *scale)
{
    int32_t bucket = tp_columns_bucket(columns->count);
    int32_t shown = (columns->count + bucket - 1) / bucket;
    double slot = (chart->right - chart->left) / shown;
    /* Narrow columns touch, since gaps of part of a pixel would make stripes. */
    double width = slot > 4 ? fmin(COLUMN_WIDEST, 0.8 * slot) : slot + TOUCH;
    int32_t step = (int32_t)tp_scale_round(fmax(1, NAME_PIXELS / slot));
    for (int32_t i = 0; i < shown; i++) {
        double most = largest(columns, i * bucket, (i + 1) * bucket);
        double middle = chart->left + (i + 0.5) * slot, y = tp_scale_at(scale, most);
        tp_colour colour = most > columns->limit               ? TP_COLOUR_LIMIT
                           : second_group(columns, i * bucket) ? TP_COLOUR_SECOND
                                                               : TP_COLOUR_PLAIN;
        tp_picture_box(chart->picture, middle - width / 2, y, width, chart->bottom - y, colour);
        if (i % step == 0)
            tp_chart_label(chart, middle, chart->bottom + 12, TP_LABEL_CENTRE, "",
                tp_figure(TP_UNIT_COUNT, columns->names[i * bucket]).text);
    }
}

static void draw_line(
    struct tp_chart *chart, const struct tp_scale *scale, double value, tp_colour colour)
{
    double y = tp_scale_at(scale, value);
    tp_picture_line(chart->picture, (struct tp_point){chart->left, y},
        (struct tp_point){chart->right, y}, 1.5, true, colour);
}

/* Beside the columns, where it covers none. */
static void draw_mean(struct tp_chart *chart, const struct tp_scale *scale, double mean)
{
    draw_line(chart, scale, mean, TP_COLOUR_AXIS);
    tp_chart_label(chart, chart->right + 4, tp_scale_at(scale, mean), TP_LABEL_RIGHT, "", "mean");
}

/* The limit as a line if it is in the picture, else in words at the top. */
static void draw_limit(
    const struct tp_columns *columns, struct tp_chart *chart, const struct tp_scale *scale)
{
    struct tp_text words = {0};
    if (isnan(columns->limit))
        return;
    bool inside = columns->limit <= scale->most;
    tp_text_add(&words, "%s %s%s", columns->limit_words,
        tp_figure(columns->unit, columns->limit).text, inside ? "" : ", far above");
    if (inside)
        draw_line(chart, scale, columns->limit, TP_COLOUR_LIMIT);
    tp_chart_label(chart, chart->right,
        (inside ? tp_scale_at(scale, columns->limit) : chart->top) - 8, TP_LABEL_LEFT, "limit",
        words.data ? words.data : "");
    chart->labels.failed |= words.failed;
    tp_text_release(&words);
}

static void add_alt(const struct tp_columns *columns, double most, struct tp_text *alt)
{
    tp_text_add(alt, "%s: %d columns, one per %s, the largest %s", columns->title,
        (int)columns->count, columns->thing, tp_figure(columns->unit, most).text);
    if (!isnan(columns->limit))
        tp_text_add(
            alt, "; %s %s", columns->limit_words, tp_figure(columns->unit, columns->limit).text);
}

enum tp_status tp_columns_add(
    const struct tp_columns *columns, struct tp_text *html, struct tp_error *err)
{
    static const double margins[4] = {64, 22, 38, 40};
    struct tp_chart chart = {0};
    struct tp_text alt = {0}, below = {0};
    double most = largest(columns, 0, columns->count);
    int32_t bucket = tp_columns_bucket(columns->count);
    enum tp_status status = tp_chart_begin(&chart, columns->width, HEIGHT, margins, err);
    if (status)
        goto out;
    struct tp_scale scale = {
        0, tp_columns_top(most, columns->limit), chart.bottom, chart.top, false};
    tp_chart_y_axis(&chart, &scale, columns->unit);
    draw_columns(columns, &chart, &scale);
    draw_limit(columns, &chart, &scale);
    if (!isnan(columns->mean) && columns->count > 1)
        draw_mean(&chart, &scale, columns->mean);
    tp_text_add(&below, bucket > 1 ? "%s (a column: the largest of %d)" : "%s", columns->thing,
        (int)bucket);
    tp_chart_label(&chart, (chart.left + chart.right) / 2, chart.height - 9, TP_LABEL_CENTRE,
        "axis", below.data ? below.data : "");
    add_alt(columns, most, &alt);
    html->failed |= alt.failed || below.failed;
    status = tp_chart_end(&chart, columns->title, alt.data ? alt.data : "", html, err);
out:
    tp_text_release(&below);
    tp_text_release(&alt);
    tp_chart_release(&chart);
    return status;
}
