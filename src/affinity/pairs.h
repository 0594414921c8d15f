/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a measure over a dump: every pair of some features. What all measures have in common. */
#ifndef TP_AFFINITY_PAIRS_H
#define TP_AFFINITY_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#include "affinity/dump.h"
#include "affinity/moments.h"
#include "affinity/permute.h"
#include "base/parallel.h"

/* What is measured: some features, none of them missing, in rising order. */
struct tp_pairs_input {
    const struct tp_dump *dump;
    const struct tp_moments *moments;
    const int32_t *features; /* (count) of the dump */
    int32_t count;
    /* (count) sample s of feature i is the dump's at(permutations[i], s); NULL: as they are. */
    const struct tp_permutation *permutations;
};

struct tp_pairs_output {
    float *value;         /* pair (i, j) at place[i] * stride + place[j] and its mirror image */
    float *std_error;     /* the same; NULL: no standard errors, which saves the jackknife */
    const int32_t *place; /* (count) */
    size_t stride;
};

/* A measure. The result does not depend on the number of threads.
 * @param memory_bytes  aimed at; exceeded where even the smallest tiles need more.
 * @return TP_OK; TP_EINPUT when the dump cannot be read any more; TP_ENOMEM. */
typedef enum tp_status (*tp_pairs_measure)(const struct tp_pairs_input *input, int64_t memory_bytes,
    int32_t threads, struct tp_progress_part part, const struct tp_pairs_output *output,
    struct tp_error *err);

#endif
