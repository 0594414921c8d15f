/* SPDX-License-Identifier: Apache-2.0 */
/* DLRM's interaction: the dots of all pairs of a sample's vectors (Naumov et al. 2019,
 * arXiv 1906.00091).
 *
 * V vectors of width N. The dots are those of i > j, row by row: (1,0), (2,0), (2,1), ... */
#ifndef TP_TRAIN_DOTS_H
#define TP_TRAIN_DOTS_H

#include "train/rows.h"

struct tp_dots {
    int32_t vectors, width; /* V, N */
    int32_t count;          /* V (V - 1) / 2 dots */
    tp_real *scratch;       /* one sample's vectors, arranged for the products */
};

/* @return false: out of memory. */
bool tp_dots_init(struct tp_dots *dots, int32_t vectors, int32_t width);
void tp_dots_release(struct tp_dots *dots);

/* @param x  (n, V N). @param out  (n, count). */
void tp_dots_forward(struct tp_dots *dots, int32_t n, struct tp_rows x, struct tp_rows_out out);

/* @param d  (n, count), of the dots. @param dx  out, (n, V N). */
void tp_dots_backward(
    struct tp_dots *dots, int32_t n, struct tp_rows x, struct tp_rows d, struct tp_rows_out dx);

#endif
