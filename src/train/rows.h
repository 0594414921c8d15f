/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of values, one per sample, and the blocks of samples that dense layers work on. */
#ifndef TP_TRAIN_ROWS_H
#define TP_TRAIN_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "train/real.h"

/* Rows that are only read. A row may be part of a longer one. */
struct tp_rows {
    const tp_real *values;
    int32_t stride; /* values from one row to the next */
};

/* Rows that are written. */
struct tp_rows_out {
    tp_real *values;
    int32_t stride;
};

/* Values of a row at most, so that whatever is counted in a row fits 32 bits. */
#define TP_ROW_MAX ((int64_t)1 << 30)

/* Samples of a block: a batch is worked through block by block, so that what one layer leaves is
 * still in a core's cache when the next one comes. At a width of 1024 floats a block is 1 MB;
 * fewer samples slow the products down. */
#define TP_BLOCK_SAMPLES 256

/* Samples first .. first + count - 1 of a batch. */
struct tp_block {
    int32_t first, count;
};

/* The block that begins at sample `first` of n. */
static inline struct tp_block tp_block_at(int32_t first, int32_t n)
{
    int32_t left = n - first;
    return (struct tp_block){first, left < TP_BLOCK_SAMPLES ? left : TP_BLOCK_SAMPLES};
}

/* Zeroed, (rows, columns), aligned to 64 bytes; NULL: out of memory. */
static inline tp_real *tp_rows_new(int32_t rows, int32_t columns)
{
    return tp_new_aligned((size_t)rows * (size_t)columns, sizeof(tp_real));
}

/* A block's rows of an array (samples, width). */
static inline struct tp_rows tp_rows_of(const tp_real *values, int32_t width, struct tp_block block)
{
    return (struct tp_rows){values + (size_t)block.first * (size_t)width, width};
}

static inline struct tp_rows_out tp_rows_out_of(
    tp_real *values, int32_t width, struct tp_block block)
{
    return (struct tp_rows_out){values + (size_t)block.first * (size_t)width, width};
}

static inline struct tp_rows tp_rows_in(struct tp_rows_out rows)
{
    return (struct tp_rows){rows.values, rows.stride};
}

/* The same rows from a column on. */
static inline struct tp_rows tp_rows_from(struct tp_rows rows, int32_t column)
{
    return (struct tp_rows){rows.values + column, rows.stride};
}

static inline struct tp_rows_out tp_rows_out_from(struct tp_rows_out rows, int32_t column)
{
    return (struct tp_rows_out){rows.values + column, rows.stride};
}

/* Row s. */
static inline const tp_real *tp_row(struct tp_rows rows, int32_t s)
{
    return rows.values + (size_t)s * (size_t)rows.stride;
}

static inline tp_real *tp_row_out(struct tp_rows_out rows, int32_t s)
{
    return rows.values + (size_t)s * (size_t)rows.stride;
}

static inline void tp_rows_copy(
    int32_t n, int32_t columns, struct tp_rows from, struct tp_rows_out to)
{
    for (int32_t s = 0; s < n; s++)
        memcpy(tp_row_out(to, s), tp_row(from, s), (size_t)columns * sizeof(tp_real));
}

#endif
