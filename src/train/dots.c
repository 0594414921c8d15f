/* SPDX-License-Identifier: Apache-2.0 */
/* Dots of all pairs of a sample's vectors, forward and backward, sample by sample: the matrices
 * are so small (27 x 16) that a call of BLAS would take longer than the work.
 *
 * X (V, N) of one sample, d (i, j) with i > j the gradients of its dots.
 *   forward   rows i of X times columns j of X^T, which is made first
 *   backward  dX_i = sum over j < i of d (i, j) X_j + sum over j > i of d (j, i) X_j
 * Both in tiles of ROWS x LANES values that stay in registers; neither makes the other triangle,
 * but for the part of it that lies in a tile on the diagonal. Each value is summed in one order,
 * whatever the machine's vectors are. Cost: about V^2 N flops forward, twice that backward. */
#include "train/dots.h"

#include "base/clones.h"

#include <stdlib.h>

#define ROWS 4
#define LANES ((int32_t)(64 / sizeof(tp_real)))

typedef tp_real lanes __attribute__((vector_size(64)));

TP_PART int32_t round_up(int32_t count)
{
    return (count + LANES - 1) / LANES * LANES;
}

/* Where row i of the dots begins. */
TP_PART size_t row_start(int32_t i)
{
    return (size_t)i * ((size_t)i - 1) / 2;
}

TP_PART int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

bool tp_dots_init(struct tp_dots *dots, int32_t vectors, int32_t width)
{
    int32_t forward = width * round_up(vectors), backward = vectors * round_up(width);
    dots->vectors = vectors;
    dots->width = width;
    dots->count = (int32_t)((int64_t)vectors * (vectors - 1) / 2);
    dots->scratch = tp_rows_new(1, forward > backward ? forward : backward);
    return dots->scratch;
}

void tp_dots_release(struct tp_dots *dots)
{
    free(dots->scratch);
    *dots = (struct tp_dots){0};
}

/* Writes the first `count` values, or all where that stays within `room`: faster. */
TP_PART void put(tp_real *to, const lanes *values, int32_t count, size_t room)
{
    if (room >= (size_t)LANES)
        memcpy(to, values, sizeof *values);
    else
        memcpy(to, values, (size_t)count * sizeof(tp_real));
}

/* Rows i .. i + 3 of the dots, from the last columns to the first: what is written beyond the
 * end of a row is the beginning of one that is written later. */
TP_PART void dot_rows(
    const struct tp_dots *dots, int32_t i, const tp_real *x, const tp_real *columns, tp_real *out)
{
    int32_t last = dots->vectors - 1, stride = round_up(dots->vectors);
    size_t width = (size_t)dots->width;
    const tp_real *row[ROWS];
    for (int32_t r = 0; r < ROWS; r++)
        row[r] = x + (size_t)smaller(i + r, last) * width;
    int32_t top = smaller(i + ROWS - 1, last) - 1;
    for (int32_t j = top - top % LANES; j >= 0; j -= LANES) {
        lanes sum[ROWS] = {{0}};
        for (size_t k = 0; k < width; k++) {
            lanes column;
            memcpy(&column, columns + k * (size_t)stride + j, sizeof column);
            for (int r = 0; r < ROWS; r++)
                sum[r] += row[r][k] * column;
        }
        for (int32_t r = 0; r < ROWS && i + r <= last; r++) {
            size_t at = row_start(i + r) + (size_t)j;
            if (i + r > j)
                put(out + at, &sum[r], smaller(i + r - j, LANES), (size_t)dots->count - at);
        }
    }
}

TP_CLONES
static void dot_samples(
    const struct tp_dots *dots, int32_t n, struct tp_rows x, struct tp_rows_out out)
{
    int32_t vectors = dots->vectors, width = dots->width, stride = round_up(vectors);
    for (int32_t s = 0; s < n; s++) {
        const tp_real *own = tp_row(x, s);
        for (int32_t i = 0; i < vectors; i++)
            for (int32_t k = 0; k < width; k++)
                dots->scratch[k * stride + i] = own[i * width + k];
        for (int32_t i = vectors > 1 ? 0 : vectors; i < vectors; i += ROWS)
            dot_rows(dots, i, own, dots->scratch, tp_row_out(out, s));
    }
}

void tp_dots_forward(struct tp_dots *dots, int32_t n, struct tp_rows x, struct tp_rows_out out)
{
    dot_samples(dots, n, x, out);
}

/* The gradient of dot (i, j) or (j, i); 0 on the diagonal. */
TP_PART tp_real gradient_of(const tp_real *d, int32_t i, int32_t j)
{
    if (i == j)
        return 0;
    return i > j ? d[row_start(i) + (size_t)j] : d[row_start(j) + (size_t)i];
}

/* Vectors i .. i + 3 of dX. @param x  with `stride` values from one vector to the next. */
TP_PART void spread_rows(const struct tp_dots *dots, int32_t i, const tp_real *x, int32_t stride,
    const tp_real *d, tp_real *dx)
{
    int32_t vectors = dots->vectors, width = dots->width, end = smaller(i + ROWS, vectors);
    const tp_real *row[ROWS];
    for (int32_t r = 0; r < ROWS; r++)
        row[r] = d + row_start(smaller(i + r, vectors - 1));
    for (int32_t k = 0; k < width; k += LANES) {
        lanes sum[ROWS] = {{0}}, other;
        const tp_real *from = x + k;
        int32_t j = 0;
        for (; j < i; j++, from += stride) {
            memcpy(&other, from, sizeof other);
            for (int r = 0; r < ROWS; r++)
                sum[r] += row[r][j] * other;
        }
        for (; j < end; j++, from += stride) {
            memcpy(&other, from, sizeof other);
            for (int32_t r = 0; i + r < end; r++)
                sum[r] += gradient_of(d, i + r, j) * other;
        }
        for (; j < vectors; j++, from += stride) {
            const tp_real *column = d + row_start(j) + i;
            memcpy(&other, from, sizeof other);
            for (int r = 0; r < ROWS; r++)
                sum[r] += column[r] * other;
        }
        for (int32_t r = 0; i + r < end; r++)
            memcpy(dx + (size_t)(i + r) * (size_t)width + k, &sum[r],
                (size_t)smaller(LANES, width - k) * sizeof(tp_real));
    }
}

TP_CLONES
static void spread_samples(const struct tp_dots *dots, int32_t n, struct tp_rows x,
    struct tp_rows d, struct tp_rows_out dx)
{
    int32_t vectors = dots->vectors, width = dots->width, stride = round_up(width);
    for (int32_t s = 0; s < n; s++) {
        const tp_real *own = tp_row(x, s);
        if (stride != width) { /* so that whole lanes may be read */
            for (int32_t i = 0; i < vectors; i++)
                memcpy(
                    dots->scratch + i * stride, own + i * width, (size_t)width * sizeof(tp_real));
            own = dots->scratch;
        }
        for (int32_t i = 0; i < vectors; i += ROWS)
            spread_rows(dots, i, own, stride, tp_row(d, s), tp_row_out(dx, s));
    }
}

void tp_dots_backward(
    struct tp_dots *dots, int32_t n, struct tp_rows x, struct tp_rows d, struct tp_rows_out dx)
{
    spread_samples(dots, n, x, d, dx);
}
