/* SPDX-License-Identifier: Apache-2.0 */
/* From values to places in a picture. */
#ifndef TP_HTML_SCALE_H
#define TP_HTML_SCALE_H

#include <stdbool.h>
#include <stdint.h>

struct tp_scale {
    double least, most; /* values; of a logarithmic scale positive */
    double start, end;  /* where they are */
    bool logarithmic;
};

/* Where a value is; those outside are at the nearer end. A scale of no length is all start. */
double tp_scale_at(const struct tp_scale *scale, double value);

/* The least of 1, 2, 2.5, 5 times a power of ten that is not below a value > 0; 1 for any other. */
double tp_scale_round(double value);

#define TP_TICKS_MAX 16

/* Round values inside [least, most], about `wanted` (2..8) of them; on a logarithmic scale powers of
 * ten, with 2 and 5 between them if it spans less than two. @return how many. */
int32_t tp_scale_ticks(const struct tp_scale *scale, int32_t wanted, double ticks[TP_TICKS_MAX]);

#endif
