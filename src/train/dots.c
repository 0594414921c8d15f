/* SPDX-License-Identifier: Apache-2.0 */
/* Dots of all pairs of a sample's vectors, forward and backward. */
#include "train/dots.h"

#include <string.h>

int32_t tp_dots_count(int32_t vectors)
{
    return (int32_t)((int64_t)vectors * (vectors - 1) / 2);
}

static void sample_forward(int32_t vectors, int32_t width, const tp_real *x, tp_real *out)
{
    for (int32_t i = 1; i < vectors; i++)
        for (int32_t j = 0; j < i; j++) {
            tp_real sum = 0;
            for (int32_t k = 0; k < width; k++)
                sum += x[i * width + k] * x[j * width + k];
            *out++ = sum;
        }
}

static void sample_backward(
    int32_t vectors, int32_t width, const tp_real *x, const tp_real *d, tp_real *dx)
{
    memset(dx, 0, (size_t)vectors * (size_t)width * sizeof *dx);
    for (int32_t i = 1; i < vectors; i++)
        for (int32_t j = 0; j < i; j++, d++)
            for (int32_t k = 0; k < width; k++) {
                dx[i * width + k] += *d * x[j * width + k];
                dx[j * width + k] += *d * x[i * width + k];
            }
}

void tp_dots_forward(
    int32_t vectors, int32_t width, int32_t n, struct tp_rows x, struct tp_rows_out out)
{
    for (int32_t s = 0; s < n; s++)
        sample_forward(vectors, width, tp_row(x, s), tp_row_out(out, s));
}

void tp_dots_backward(int32_t vectors, int32_t width, int32_t n, struct tp_rows x, struct tp_rows d,
    struct tp_rows_out dx)
{
    for (int32_t s = 0; s < n; s++)
        sample_backward(vectors, width, tp_row(x, s), tp_row(d, s), tp_row_out(dx, s));
}
