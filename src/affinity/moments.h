/* SPDX-License-Identifier: Apache-2.0 */
/* Means and scales of a dump's columns, and what is wrong with its values. */
#ifndef TP_AFFINITY_MOMENTS_H
#define TP_AFFINITY_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "affinity/dump.h"

#define TP_BLOCKS 16 /* of samples, for the jackknife */

/* D columns in all; feature f has columns first_column[f] .. first_column[f + 1] - 1. */
struct tp_moments {
    int32_t feature_count;
    size_t *first_column; /* (F + 1) */
    double *mean;         /* (D) */
    double *scale;        /* (F) largest distance from the first sample; 0: constant or missing */
    float *block_shift;   /* (TP_BLOCKS, D) n_b / sqrt(n - n_b) * (block mean - mean) / scale */
    int64_t zero_vectors; /* all-zero (sample, feature) vectors */
};

/* First sample of block b; block TP_BLOCKS starts at the end. */
int64_t tp_block_start(int64_t samples, int32_t block);

/* Reads the whole dump once.
 * @return TP_EINPUT for NaN, Inf, values too far apart to be subtracted, or a dump that cannot be
 * read any more. */
enum tp_status tp_moments_measure(
    const struct tp_dump *dump, int32_t threads, struct tp_moments *moments, struct tp_error *err);

void tp_moments_release(struct tp_moments *moments);

#endif
