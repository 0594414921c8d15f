/* SPDX-License-Identifier: Apache-2.0 */
/* xoshiro256** with splitmix64 seeding; Box-Muller for normals, one of each pair thrown away so that
 * no state hides outside the struct. */
#include "base/random.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x)
{
    return tp_mix(*x += TP_GOLDEN);
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

struct tp_random tp_random_new(uint64_t seed, uint64_t stream)
{
    struct tp_random random;
    uint64_t x = seed;
    uint64_t y = splitmix(&x) ^ (stream * 0xd1342543de82ef95u);
    for (int i = 0; i < 4; i++)
        random.state[i] = splitmix(&y);
    return random;
}

uint64_t tp_random_next(struct tp_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

int64_t tp_random_below(struct tp_random *random, int64_t n)
{
    uint64_t range = (uint64_t)n, limit = UINT64_MAX - UINT64_MAX % range, x;
    do {
        x = tp_random_next(random);
    } while (x >= limit);
    return (int64_t)(x % range);
}

double tp_random_uniform(struct tp_random *random)
{
    return tp_unit(tp_random_next(random));
}

double tp_random_normal(struct tp_random *random)
{
    double u = 1.0 - tp_random_uniform(random), v = tp_random_uniform(random);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586476925 * v);
}

void tp_random_shuffle(struct tp_random *random, int32_t *values, int64_t count)
{
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = tp_random_below(random, i + 1);
        int32_t t = values[i];
        values[i] = values[j];
        values[j] = t;
    }
}
