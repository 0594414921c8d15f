/* SPDX-License-Identifier: Apache-2.0 */
/* Linear CKA of every pair of a set of features, by tiles of their Gram matrix. */
#ifndef TP_AFFINITY_GRAM_H
#define TP_AFFINITY_GRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "affinity/dump.h"
#include "affinity/moments.h"
#include "affinity/permute.h"
#include "base/parallel.h"

/* What is measured: some features, none of them constant, in rising order. */
struct tp_gram_input {
    const struct tp_dump *dump;
    const struct tp_moments *moments;
    const int32_t *features; /* (count) of the dump */
    int32_t count;
    /* (count) sample s of feature i is the dump's at(permutations[i], s); NULL: as they are. */
    const struct tp_permutation *permutations;
};

struct tp_gram_output {
    float *value;         /* pair (i, j) at place[i] * stride + place[j] and its mirror image */
    float *std_error;     /* the same; NULL: no standard errors, which saves the jackknife */
    const int32_t *place; /* (count) */
    size_t stride;
};

/* @param memory_bytes  aimed at; exceeded where even the smallest tiles need more.
 * @return TP_OK or TP_ENOMEM.
 * Cost: n * D * (D + d) / 2 multiply-adds, D columns in all, d those of a strip. */
enum tp_status tp_gram_measure(const struct tp_gram_input *input, int64_t memory_bytes,
    int32_t threads, struct tp_progress_part part, const struct tp_gram_output *output,
    struct tp_error *err);

#endif
