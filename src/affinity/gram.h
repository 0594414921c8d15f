/* SPDX-License-Identifier: Apache-2.0 */
/* Linear CKA of every pair of a set of features, by tiles of their Gram matrix. */
#ifndef TP_AFFINITY_GRAM_H
#define TP_AFFINITY_GRAM_H

#include "affinity/pairs.h"

/* A tp_pairs_measure. No feature may be constant.
 * Cost: n * D * (D + d) / 2 multiply-adds, D columns in all, d those of a strip. */
enum tp_status tp_gram_measure(const struct tp_pairs_input *input, int64_t memory_bytes,
    int32_t threads, struct tp_progress_part part, const struct tp_pairs_output *output,
    struct tp_error *err);

#endif
