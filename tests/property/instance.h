/* SPDX-License-Identifier: Apache-2.0 */
/* Random planning problems: small ones that an exhaustive search can settle, and large ones. Heavy
 * tails, mixed dims, shared tables, constraints that sometimes contradict each other, memory from
 * ample to too little. */
#ifndef PROPERTY_INSTANCE_H
#define PROPERTY_INSTANCE_H

#include <stdint.h>

#include "workload.h"

enum instance_size {
    INSTANCE_SMALL,   /* at most 10 tables, 4 towers of at most 4 ranks, dims up to 16 */
    INSTANCE_DOZEN,   /* the same with at most 12 tables */
    INSTANCE_UNEQUAL, /* the same with at least two towers, at most six tables more than that, heavy
                         ones, and hosts that differ in memory and uplink */
    INSTANCE_LARGE    /* 2..200 features, 1..32 towers, up to 256 ranks */
};

struct instance {
    struct workload workload;
    float *affinity; /* (F, F) symmetric, diagonal 1, in [0, 1] */
};

/* Same seed, same instance. */
void instance_init(struct instance *instance, uint64_t seed, enum instance_size size);
void instance_release(struct instance *instance);

#endif
