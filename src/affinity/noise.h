/* SPDX-License-Identifier: Apache-2.0 */
/* The noise floor: what a measure shows of features that have nothing to do with each other. */
#ifndef TP_AFFINITY_NOISE_H
#define TP_AFFINITY_NOISE_H

#include "affinity/pairs.h"

/* Measures the features again with the samples of each permuted on its own, and takes the 99th
 * percentile and the median over the pairs; 0 where there is no pair. Beyond 10,000 pairs a random
 * set of features with about that many will do.
 * @param input  features that vary, samples as they are. @param seed  of the permutations. */
enum tp_status tp_noise_measure(const struct tp_pairs_input *input, tp_pairs_measure measure,
    uint64_t seed, int64_t memory_bytes, int32_t threads, struct tp_progress_part part,
    double *floor, double *median, struct tp_error *err);

#endif
