/* SPDX-License-Identifier: Apache-2.0 */
/* Values as they are sent, and whole rows made of parts.
 *
 * In: rows of tp_real. Out: bytes for MPI, and back. bfloat16 is the upper half of a float32; a NaN
 * keeps a bit of its payload so that it stays one. Gathering goes segment by segment in the order
 * of the weave, so partial sums are added in the order of their ranks: the same additions in every
 * mode. Cost: one pass over the values. */
#include "train/wire.h"

#include <string.h>

enum tp_wire tp_wire_of(enum tp_dtype dtype)
{
    return dtype == TP_BFLOAT16 ? TP_WIRE_BFLOAT16 : TP_WIRE_REAL;
}

size_t tp_wire_bytes(enum tp_wire wire)
{
    return wire == TP_WIRE_BFLOAT16 ? sizeof(uint16_t) : sizeof(tp_real);
}

static uint16_t to_bfloat16(tp_real value)
{
    float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    if (narrow != narrow) /* NaN: rounding might carry into infinity */
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static tp_real from_bfloat16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void tp_wire_encode(enum tp_wire wire, const tp_real *from, size_t count, void *to)
{
    if (wire == TP_WIRE_REAL) {
        memcpy(to, from, count * sizeof *from);
        return;
    }
    uint16_t *halves = to;
    for (size_t i = 0; i < count; i++)
        halves[i] = to_bfloat16(from[i]);
}

void tp_wire_decode(enum tp_wire wire, const void *from, size_t count, tp_real *to)
{
    if (wire == TP_WIRE_REAL) {
        memcpy(to, from, count * sizeof *to);
        return;
    }
    const uint16_t *halves = from;
    for (size_t i = 0; i < count; i++)
        to[i] = from_bfloat16(halves[i]);
}

static void add_run(enum tp_wire wire, const void *from, size_t count, tp_real *to)
{
    const tp_real *reals = from;
    const uint16_t *halves = from;
    for (size_t i = 0; i < count; i++)
        to[i] += wire == TP_WIRE_REAL ? reals[i] : from_bfloat16(halves[i]);
}

/* A segment within a part that holds `rows` rows: the first value of it, in values, and from row to row. */
struct run {
    size_t begin, stride, columns;
};

static struct run run_of(
    const struct tp_weave *weave, const struct tp_segment *segment, int32_t rows)
{
    size_t first = (size_t)weave->first[segment->part];
    return (struct run){
        .begin = first * (size_t)rows + (size_t)segment->from,
        .stride = (size_t)weave->first[segment->part + 1] - first,
        .columns = (size_t)segment->columns,
    };
}

void tp_wire_gather(enum tp_wire wire, const struct tp_weave *weave, int32_t rows,
    const void *parts, tp_real *whole)
{
    for (int32_t s = 0; s < weave->segment_count; s++) {
        const struct tp_segment *segment = &weave->segments[s];
        struct run run = run_of(weave, segment, rows);
        const unsigned char *from = (const unsigned char *)parts + run.begin * tp_wire_bytes(wire);
        tp_real *to = whole + segment->to;
        for (int32_t row = 0; row < rows; row++) {
            if (segment->add)
                add_run(wire, from, run.columns, to);
            else
                tp_wire_decode(wire, from, run.columns, to);
            from += run.stride * tp_wire_bytes(wire);
            to += weave->width;
        }
    }
}

void tp_wire_scatter(enum tp_wire wire, const struct tp_weave *weave, int32_t rows,
    const tp_real *whole, void *parts)
{
    for (int32_t s = 0; s < weave->segment_count; s++) {
        const struct tp_segment *segment = &weave->segments[s];
        struct run run = run_of(weave, segment, rows);
        unsigned char *to = (unsigned char *)parts + run.begin * tp_wire_bytes(wire);
        const tp_real *from = whole + segment->to;
        for (int32_t row = 0; row < rows; row++) {
            tp_wire_encode(wire, from, run.columns, to);
            to += run.stride * tp_wire_bytes(wire);
            from += weave->width;
        }
    }
}
