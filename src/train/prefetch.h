/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for a row of a table before it is used. Rows are looked up at random, so each would be
 * waited for otherwise. */
#ifndef TP_TRAIN_PREFETCH_H
#define TP_TRAIN_PREFETCH_H

#include <stdint.h>

#include "train/real.h"

#define TP_CACHE_LINE_BYTES 64

/* A wait for memory takes 100 ns and more, a row of 16 columns 5 ns. Fewer were slower, also with
 * 128 columns; 64 no faster. */
#define TP_ROWS_AHEAD 32

static inline void tp_prefetch(const tp_real *row, int32_t columns)
{
#if defined(__GNUC__)
    for (int32_t c = 0; c < columns; c += (int32_t)(TP_CACHE_LINE_BYTES / sizeof *row))
        __builtin_prefetch(row + c);
    __asm__ volatile(""); /* else gcc 12 drops calls of functions that do nothing but this */
#else
    (void)row;
    (void)columns;
#endif
}

#endif
