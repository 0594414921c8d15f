/* SPDX-License-Identifier: Apache-2.0 */
/* Random permutations of a dump's samples that need no memory. */
#ifndef TP_AFFINITY_PERMUTE_H
#define TP_AFFINITY_PERMUTE_H

#include <stdint.h>

#include "base/random.h"

struct tp_permutation {
    int64_t samples, rotation;
    uint64_t key;
};

struct tp_permutation tp_permutation_new(struct tp_random *random, int64_t samples);

/* The sample that stands at `place`; both in [0, samples). */
int64_t tp_permutation_at(const struct tp_permutation *permutation, int64_t place);

#endif
