/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing, the only file that knows cairo (https://www.cairographics.org/manual/).
 *
 * In: boxes, lines, dots, or pixels. Out: a data: URI (RFC 2397) of an SVG or PNG. cairo keeps the
 * first error of a drawing and ignores what follows, so only the end is checked. Cost: linear. */
#include "html/picture.h"

#include "base/fail.h"
#include "base/memory.h"
#include "html/page.h"

#include <cairo-svg.h>
#include <cairo.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tp_picture {
    struct tp_text bytes; /* of the file */
    cairo_surface_t *surface;
    cairo_t *pen;
};

static cairo_status_t keep(void *closure, const unsigned char *data, unsigned length)
{
    struct tp_text *bytes = closure;
    tp_text_add_bytes(bytes, (const char *)data, length);
    return bytes->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static enum tp_status judge(cairo_status_t status, struct tp_error *err)
{
    if (status == CAIRO_STATUS_SUCCESS)
        return TP_OK;
    if (status == CAIRO_STATUS_NO_MEMORY)
        return tp_fail_memory(err);
    return tp_fail(err, TP_EINTERNAL, "a picture cannot be drawn: cairo says: %s",
        cairo_status_to_string(status));
}

static void add_uri(struct tp_text *uri, const char *type, const struct tp_text *bytes)
{
    tp_text_add(uri, "data:image/%s;base64,", type);
    tp_html_base64(uri, (const unsigned char *)bytes->data, bytes->length);
}

enum tp_status tp_picture_new(
    double width, double height, struct tp_picture **picture, struct tp_error *err)
{
    struct tp_picture *made = TP_NEW(1, struct tp_picture);
    if (!made)
        return tp_fail_memory(err);
    made->surface = cairo_svg_surface_create_for_stream(keep, &made->bytes, width, height);
    made->pen = cairo_create(made->surface);
    enum tp_status status = judge(cairo_status(made->pen), err);
    if (status)
        tp_picture_free(made);
    else
        *picture = made;
    return status;
}

void tp_picture_free(struct tp_picture *picture)
{
    if (!picture)
        return;
    cairo_destroy(picture->pen);
    cairo_surface_destroy(picture->surface);
    tp_text_release(&picture->bytes);
    free(picture);
}

static void dip(struct tp_picture *picture, tp_colour colour)
{
    cairo_set_source_rgba(picture->pen, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
        (colour & 255) / 255.0, (colour >> 24) / 255.0);
}

static void stroke(struct tp_picture *picture, double width, bool dashed, tp_colour colour)
{
    static const double dashes[] = {5, 4};
    dip(picture, colour);
    cairo_set_line_width(picture->pen, width);
    cairo_set_dash(picture->pen, dashes, dashed ? 2 : 0, 0);
    cairo_stroke(picture->pen);
}

void tp_picture_box(
    struct tp_picture *picture, double x, double y, double width, double height, tp_colour colour)
{
    dip(picture, colour);
    cairo_rectangle(picture->pen, x, y, width, height);
    cairo_fill(picture->pen);
}

void tp_picture_frame(struct tp_picture *picture, double x, double y, double side, tp_colour colour)
{
    cairo_rectangle(picture->pen, x, y, side, side);
    stroke(picture, 1, false, colour);
}

void tp_picture_line(struct tp_picture *picture, struct tp_point from, struct tp_point to,
    double width, bool dashed, tp_colour colour)
{
    struct tp_point points[2] = {from, to};
    tp_picture_path(picture, points, 2, width, dashed, colour);
}

void tp_picture_path(struct tp_picture *picture, const struct tp_point *points, int32_t count,
    double width, bool dashed, tp_colour colour)
{
    cairo_set_line_join(picture->pen, CAIRO_LINE_JOIN_ROUND);
    for (int32_t i = 0; i < count; i++)
        cairo_line_to(picture->pen, points[i].x, points[i].y);
    stroke(picture, width, dashed, colour);
}

void tp_picture_dot(
    struct tp_picture *picture, struct tp_point at, double radius, bool filled, tp_colour colour)
{
    cairo_new_path(picture->pen);
    cairo_arc(picture->pen, at.x, at.y, radius, 0, 2 * acos(-1));
    if (filled) {
        dip(picture, colour);
        cairo_fill(picture->pen);
    } else {
        stroke(picture, 1.5, false, colour);
    }
}

/* cairo numbers its surfaces by how many the process has had, and puts the number into the file: the
 * same drawing would have other bytes the second time. */
static void drop_number(struct tp_text *svg)
{
    static const char before[] = "<g id=\"surface";
    char *at = svg->data ? strstr(svg->data, before) : NULL;
    if (!at)
        return;
    char *to = at + strlen("<g"), *from = at + strlen(before);
    from += strcspn(from, "\"");
    from += *from == '"';
    memmove(to, from, strlen(from) + 1);
    svg->length = strlen(svg->data);
}

enum tp_status tp_picture_end(struct tp_picture *picture, struct tp_text *uri, struct tp_error *err)
{
    cairo_status_t drawn = cairo_status(picture->pen);
    cairo_surface_finish(picture->surface);
    enum tp_status status = judge(drawn, err);
    if (!status)
        status = judge(cairo_surface_status(picture->surface), err);
    if (!status) {
        drop_number(&picture->bytes);
        add_uri(uri, "svg+xml", &picture->bytes);
    }
    return status;
}

/* cairo's own form: premultiplied, rows at its stride. */
static tp_colour premultiply(tp_colour colour)
{
    uint32_t alpha = colour >> 24, out = alpha << 24;
    for (int shift = 0; shift <= 16; shift += 8)
        out |= ((colour >> shift & 255) * alpha + 127) / 255 << shift;
    return out;
}

enum tp_status tp_picture_pixels(const tp_colour *pixels, int32_t width, int32_t height,
    struct tp_text *uri, struct tp_error *err)
{
    struct tp_text bytes = {0};
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    enum tp_status status = judge(cairo_surface_status(surface), err);
    if (status)
        goto out;
    unsigned char *data = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            tp_colour pixel = premultiply(pixels[(size_t)y * (size_t)width + (size_t)x]);
            memcpy(data + (size_t)y * stride + (size_t)x * sizeof pixel, &pixel, sizeof pixel);
        }
    cairo_surface_mark_dirty(surface);
    status = judge(cairo_surface_write_to_png_stream(surface, keep, &bytes), err);
    if (!status)
        add_uri(uri, "png", &bytes);
out:
    cairo_surface_destroy(surface);
    tp_text_release(&bytes);
    return status;
}
