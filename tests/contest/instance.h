/* SPDX-License-Identifier: Apache-2.0 */
/* One partitioning instance of the contest, in a form of its own, and the generator that makes it
 * from a short key. Nothing of the partitioner is used here.
 *
 * The generator uses only + - * / and sqrt on doubles, which IEEE 754 defines to the last bit, so a
 * key gives the same instance, and the same digest, on every machine. Units are in random order.
 *
 * Affinity (A_ij in [0, 1], symmetric):
 *   planted_cka     groups of uneven sizes, about as many as towers; inside 0.5..0.95, the same for
 *                   a group up to noise of 0.05; outside 0.06 * u^3, u uniform: mostly near 0
 *   low_rank        cos^4 of the angle between random normal factors of 3..8 dims: positive
 *                   semidefinite as cka is, most of it near 0, no groups
 *   planted_cosine  0.2 + 0.03 * normal, inside groups 0.1..0.25 more
 *   noise_cosine    0.2 + s * normal with s in 0.03..0.1: nothing to be found
 *   chain           falls off with the distance on a line, exp(-d / L) * (0.7..1): no borders
 *
 * Weights:
 *   uniform  1 of everything
 *   heavy    lognormal lookup (sigma 0.8) and memory (1.2), output 16, 32, 64 or 128 per feature,
 *            flops 0.5..1.5 of the output; one unit in ten has 2..4 features
 *   bulky    heavy, but a few units weigh 0.5..0.95 of a tower in lookup and memory
 *
 * Limits, a set of LIMIT_*; each is loosened, if need be, until the assignment of a simple greedy
 * packer holds it (the witness), so every instance has a legal answer:
 *   balance  X of at least 0.05, 0.1 or 0.2, on lookup, output and flops
 *   ratio    Q of at least 1, 1.25 or 1.5
 *   memory   the same 1.15 means for every tower; uneven: 1.6 and 0.8 means in turn
 *   apart    about n / 4 random pairs
 *   pin      n / 20 units, at least one */
#ifndef CONTEST_INSTANCE_H
#define CONTEST_INSTANCE_H

#include <stddef.h>
#include <stdint.h>

enum kind {
    KIND_PLANTED_CKA,
    KIND_LOW_RANK,
    KIND_PLANTED_COSINE,
    KIND_NOISE_COSINE,
    KIND_CHAIN,
    KINDS
};

enum weights { WEIGHTS_UNIFORM, WEIGHTS_HEAVY, WEIGHTS_BULKY, WEIGHTS };

enum {
    LIMIT_BALANCE = 1,
    LIMIT_RATIO = 2,
    LIMIT_MEMORY = 4,
    LIMIT_UNEVEN = 8, /* with LIMIT_MEMORY */
    LIMIT_APART = 16,
    LIMIT_PIN = 32
};

/* What a unit weighs; the balance is on the first three. */
enum weight { LOOKUP, OUTPUT, FLOPS, MEMORY, FEATURES, WEIGHT_COUNT };

enum { BALANCED = 3 };

struct key {
    int n, k; /* units, towers: k <= n / 2 */
    enum kind kind;
    enum weights weights;
    unsigned limits;
    uint64_t seed;
};

struct instance {
    int n, k;
    float *affinity;                /* (n, n), diagonal 0 */
    double (*weight)[WEIGHT_COUNT]; /* (n) */
    double mean[WEIGHT_COUNT];      /* total / k */
    double balance, ratio;          /* X, Q; so large that they bind nothing where not asked for */
    double *memory;                 /* (k) upper limit; HUGE_VAL: none */
    int *pin;                       /* (n) tower, or -1 */
    int (*apart)[2];                /* (aparts) units that may not share a tower */
    int aparts;
    int *witness; /* (n) a legal assignment */
};

/* Never NULL; to be freed with instance_free(). Cost O(n^2). */
struct instance *instance_new(const struct key *key);

/* The same limits and weights for an affinity (n, n) from elsewhere; key->kind is not looked at. */
struct instance *instance_new_of(const struct key *key, const float *affinity);
void instance_free(struct instance *instance);

/* Of all that the struct says but the witness (FNV-1a, 64 bits). */
uint64_t instance_digest(const struct instance *instance);

const char *kind_name(enum kind kind);
const char *weights_name(enum weights weights);

/* What the settings mean in numbers: the most of a balanced weight in any tower, the least and most
 * features. */
double balanced_most(const struct instance *instance, int weight);
int features_least(const struct instance *instance);
int features_most(const struct instance *instance);

#endif
