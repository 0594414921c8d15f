/* SPDX-License-Identifier: Apache-2.0 */
/* DLRM's interaction: the dots of all pairs of a sample's vectors (Naumov et al. 2019, arXiv 1906.00091).
 *
 * V vectors of width N. The dots are those of vectors i > j, row by row: (1,0), (2,0), (2,1), ... */
#ifndef TP_TRAIN_DOTS_H
#define TP_TRAIN_DOTS_H

#include "train/gemm.h"

int32_t tp_dots_count(int32_t vectors);

/* @param x  (n, V N). @param out  (n, V (V - 1) / 2). */
void tp_dots_forward(
    int32_t vectors, int32_t width, int32_t n, struct tp_rows x, struct tp_rows_out out);

/* @param d   (n, V (V - 1) / 2), of the dots. @param dx  out, (n, V N). */
void tp_dots_backward(int32_t vectors, int32_t width, int32_t n, struct tp_rows x, struct tp_rows d,
    struct tp_rows_out dx);

#endif
