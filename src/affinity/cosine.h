/* SPDX-License-Identifier: Apache-2.0 */
/* Mean |cosine| of every pair of a set of features, by tiles of one small product per sample. */
#ifndef TP_AFFINITY_COSINE_H
#define TP_AFFINITY_COSINE_H

#include "affinity/pairs.h"

/* A tp_pairs_measure. All features have the same dim; moments are not looked at.
 * Cost: n * F * (F + f) / 2 * N multiply-adds, N the dim, f the features of a strip; one reading of
 * the dump unless 32 F^2 bytes are more than half the memory. */
enum tp_status tp_cosine_measure(const struct tp_pairs_input *input, int64_t memory_bytes,
    int32_t threads, struct tp_progress_part part, const struct tp_pairs_output *output,
    struct tp_error *err);

#endif
