/* SPDX-License-Identifier: Apache-2.0 */
/* Reproducible random numbers: xoshiro256** seeded by splitmix64 (Blackman & Vigna 2018,
 * doi:10.1145/3460772). The same on every machine. */
#ifndef TP_BASE_RANDOM_H
#define TP_BASE_RANDOM_H

#include <stdint.h>

/* The finaliser of splitmix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195): a bijection
 * of 64 bits that makes random ones of counters. */
static inline uint64_t tp_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

#define TP_GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 over the golden ratio: splitmix64's step */

/* The upper 53 bits as a number in [0, 1). */
static inline double tp_unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

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
