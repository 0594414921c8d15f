/* SPDX-License-Identifier: Apache-2.0 */
/* Initial values of parameters.
 *
 * In: a seed, the name of a tensor, a row and a column. Out: the value there, the same for every
 * layout, batch and number of ranks. A counter-based generator: no state, so any part of a tensor
 * can be made anywhere. Only integer arithmetic and one exact conversion, so the bits do not depend
 * on the machine. Cost: two mixes a value. */
#include "train/initial.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t tp_initial_stream(uint64_t seed, const char *name)
{
    uint64_t hash = FNV_OFFSET;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * FNV_PRIME;
    return mix(hash ^ (seed * GOLDEN));
}

double tp_initial_value(uint64_t stream, int64_t row, int64_t column, double bound)
{
    uint64_t h = mix(mix(stream + (uint64_t)row) + (uint64_t)column);
    return bound * ((double)(h >> 11) * 0x1p-52 - 1);
}
