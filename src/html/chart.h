/* SPDX-License-Identifier: Apache-2.0 */
/* A chart: a picture without text, and labels of the page at places of it. */
#ifndef TP_HTML_CHART_H
#define TP_HTML_CHART_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/text.h"
#include "html/picture.h"
#include "html/scale.h"

/* All between light and dark: a contrast of 3 and more on white and on black ground. */
#define TP_COLOUR_GRID 0x40808080U
#define TP_COLOUR_AXIS 0xc0808080U
#define TP_COLOUR_LIMIT 0xffd0393bU
#define TP_COLOUR_PLAIN 0xff2f7fc1U
#define TP_COLOUR_SECOND 0xff6ba3d6U /* beside the plain one, for neighbours */

enum tp_unit { TP_UNIT_COUNT, TP_UNIT_BYTES, TP_UNIT_SECONDS, TP_UNIT_PERCENT };

/* "12.5 %", of a share; "1.50 GB". */
struct tp_figure {
    char text[24];
};
struct tp_figure tp_figure(enum tp_unit unit, double value);

/* Where the text of a label is, seen from its place. */
enum tp_anchor { TP_LABEL_RIGHT, TP_LABEL_LEFT, TP_LABEL_CENTRE, TP_LABEL_UPWARDS };

struct tp_chart {
    struct tp_picture *picture;
    struct tp_text labels;
    struct tp_text under; /* elements below the drawing; the caller's */
    double width, height;
    double left, top, right, bottom; /* of the area with the figures */
};

/* @param margins  left, top, right, bottom, in the same unit as the width, a CSS pixel at most.
 * @param chart  out; to be released also on failure. */
enum tp_status tp_chart_begin(struct tp_chart *chart, double width, double height,
    const double margins[4], struct tp_error *err);
void tp_chart_release(struct tp_chart *chart);

/* A label, escaped. @param kind  a class of the style sheet, "" for none. */
void tp_chart_label(struct tp_chart *chart, double x, double y, enum tp_anchor anchor,
    const char *kind, const char *text);

/* Ticks with lines across the chart. */
void tp_chart_y_axis(struct tp_chart *chart, const struct tp_scale *scale, enum tp_unit unit);
void tp_chart_x_axis(struct tp_chart *chart, const struct tp_scale *scale, enum tp_unit unit);

/* Adds the chart. @param title  above it; NULL: none. @param alt  what it shows, in words. */
enum tp_status tp_chart_end(struct tp_chart *chart, const char *title, const char *alt,
    struct tp_text *html, struct tp_error *err);

#endif
