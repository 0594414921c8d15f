/* SPDX-License-Identifier: Apache-2.0 */
/* Reproducible random numbers: xoshiro256** seeded by splitmix64 (Blackman & Vigna 2018,
 * doi:10.1145/3460772). The same on every machine. */
#ifndef TP_BASE_RANDOM_H
#define TP_BASE_RANDOM_H

#include <stdint.h>

struct tp_random {
    uint64_t state[4];
};

/* `stream` separates uses of one seed. */
struct tp_random tp_random_new(uint64_t seed, uint64_t stream);
uint64_t tp_random_next(struct tp_random *random);
int64_t tp_random_below(struct tp_random *random, int64_t n); /* uniform in [0, n), n >= 1 */
double tp_random_uniform(struct tp_random *random);           /* [0, 1) */
double tp_random_normal(struct tp_random *random);            /* mean 0, variance 1 */
void tp_random_shuffle(struct tp_random *random, int32_t *values, int64_t count);

#endif
