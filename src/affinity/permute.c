/* SPDX-License-Identifier: Apache-2.0 */
/* A permutation that is computed place by place: a Feistel network over windows of at most 65536
 * samples (Luby & Rackoff 1988, doi:10.1137/0217022), and a rotation of the whole.
 *
 * The network permutes the next power of four at or above the window; walking its cycle until a
 * value falls inside the window makes that a permutation of the window (Black & Rogaway 2002,
 * doi:10.1007/3-540-45760-7_9), in under four steps on average. Up to 65536 samples there is one
 * window; above, windows keep a dump that is larger than memory from being read all over at
 * random. */
#include "affinity/permute.h"

#define WINDOW ((int64_t)65536)
#define ROUNDS 6 /* four would do for wide halves; those of a small window have few bits */

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t feistel(uint64_t value, int half_bits, uint64_t key)
{
    uint64_t mask = ((uint64_t)1 << half_bits) - 1, left = value >> half_bits, right = value & mask;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uint64_t next = left ^ (mix(key + round * 0x9e3779b97f4a7c15u + right) & mask);
        left = right;
        right = next;
    }
    return left << half_bits | right;
}

struct tp_permutation tp_permutation_new(struct tp_random *random, int64_t samples)
{
    struct tp_permutation permutation = {.samples = samples};
    permutation.rotation = tp_random_below(random, samples);
    permutation.key = tp_random_next(random);
    return permutation;
}

int64_t tp_permutation_at(const struct tp_permutation *permutation, int64_t place)
{
    int64_t window = place / WINDOW, start = window * WINDOW;
    int64_t left = permutation->samples - start, size = left < WINDOW ? left : WINDOW;
    int half_bits = 1;
    while (((int64_t)1 << (2 * half_bits)) < size)
        half_bits++;
    uint64_t value = (uint64_t)(place - start);
    do {
        value = feistel(value, half_bits, permutation->key + (uint64_t)window);
    } while (value >= (uint64_t)size);
    int64_t sample = start + (int64_t)value + permutation->rotation;
    return sample < permutation->samples ? sample : sample - permutation->samples;
}
