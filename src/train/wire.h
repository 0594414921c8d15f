/* SPDX-License-Identifier: Apache-2.0 */
/* Values as they are sent: as they are (float32; double in the double build), or rounded to
 * bfloat16, ties to even. Rounding what was rounded changes nothing, so it does not matter how
 * often a value is sent. */
#ifndef TP_TRAIN_WIRE_H
#define TP_TRAIN_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/model.h>

#include "train/layout.h"
#include "train/real.h"

enum tp_wire { TP_WIRE_REAL, TP_WIRE_BFLOAT16 };

/* Of a value of the model spec's `communication`. */
enum tp_wire tp_wire_of(enum tp_dtype dtype);

size_t tp_wire_bytes(enum tp_wire wire); /* of a value */

/* @param to, from  do not overlap. */
void tp_wire_encode(enum tp_wire wire, const tp_real *from, size_t count, void *to);
void tp_wire_decode(enum tp_wire wire, const void *from, size_t count, tp_real *to);

/* Parts -> whole rows.
 * @param parts  of the wire: part after part, each (rows, width of the part). @param whole  out,
 * (rows, weave->width). */
void tp_wire_gather(enum tp_wire wire, const struct tp_weave *weave, int32_t rows,
    const void *parts, tp_real *whole);

/* Whole rows -> parts: each gets the columns that it gave; partial sums get those of their sum. */
void tp_wire_scatter(enum tp_wire wire, const struct tp_weave *weave, int32_t rows,
    const tp_real *whole, void *parts);

#endif
