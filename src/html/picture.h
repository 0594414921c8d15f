/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures as data: URIs: lines and areas as SVG, pixels as PNG. They hold no text and have no
 * background, so a page labels them in its own fonts and they stand on light and dark ground. */
#ifndef TP_HTML_PICTURE_H
#define TP_HTML_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "base/text.h"

struct tp_picture;

/* 0xAARRGGBB, not premultiplied. */
typedef uint32_t tp_colour;

struct tp_point {
    double x, y; /* from the upper left corner */
};

/* An empty drawing. @param picture  out, to be freed with tp_picture_free(). */
enum tp_status tp_picture_new(
    double width, double height, struct tp_picture **picture, struct tp_error *err);
void tp_picture_free(struct tp_picture *picture);

/* Failures are kept until tp_picture_end(). */
void tp_picture_box(
    struct tp_picture *picture, double x, double y, double width, double height, tp_colour colour);
void tp_picture_frame(
    struct tp_picture *picture, double x, double y, double side, tp_colour colour);
void tp_picture_line(struct tp_picture *picture, struct tp_point from, struct tp_point to,
    double width, bool dashed, tp_colour colour);
void tp_picture_path(struct tp_picture *picture, const struct tp_point *points, int32_t count,
    double width, bool dashed, tp_colour colour);
void tp_picture_dot(
    struct tp_picture *picture, struct tp_point at, double radius, bool filled, tp_colour colour);

/* Ends the drawing and adds its URI. */
enum tp_status tp_picture_end(
    struct tp_picture *picture, struct tp_text *uri, struct tp_error *err);

/* Adds the URI of a PNG. @param pixels  (height, width). */
enum tp_status tp_picture_pixels(const tp_colour *pixels, int32_t width, int32_t height,
    struct tp_text *uri, struct tp_error *err);

#endif
