/* SPDX-License-Identifier: Apache-2.0 */
/* The generator of the header's description. Order of the draws: affinity, weights, pins and pairs
 * apart, limits, each from a stream of its own, so that instances of one seed that differ in one of
 * them share the others. The witness is the best of a few greedy packings, heaviest unit first, each
 * to the tower whose fullest weight stays lowest; the limits are then set around it. */
#include "instance.h"

#include "../property/complaints.h"
#include "../property/dice.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PACKINGS = 40, DIMS_MOST = 8 };

/* Relative, so that the order of a sum decides nothing. */
#define SLACK 1e-9

/* Sum of twelve uniforms: arithmetic alone, unlike the logarithm and cosine of dice_normal(). */
static double normal(struct dice *dice)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += dice_real(dice, 0, 1);
    return sum;
}

/* exp(x) to four digits for |x| < 8, by (1 + x / 2^20)^(2^20). */
static double exponential(double x)
{
    double power = 1 + x / 1048576;
    for (int i = 0; i < 20; i++)
        power *= power;
    return power;
}

static double clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static void shuffle(struct dice *dice, int *order, int n)
{
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = dice_below(dice, i + 1), keep = order[i];
        order[i] = order[j];
        order[j] = keep;
    }
}

/* Groups of uneven sizes: each unit joins group g with a share drawn for the group. */
static void draw_groups(struct dice *dice, int n, int groups, int *group)
{
    double *upto = need((size_t)groups, sizeof *upto);
    for (int g = 0; g < groups; g++)
        upto[g] = (g ? upto[g - 1] : 0) + dice_real(dice, 0.4, 1.6);
    for (int u = 0; u < n; u++) {
        double at = dice_real(dice, 0, upto[groups - 1]);
        group[u] = 0;
        while (group[u] < groups - 1 && upto[group[u]] < at)
            group[u]++;
    }
    free(upto);
}

/* What the pairs of an instance are made of. */
struct texture {
    enum kind kind;
    int *group, *place;          /* (n) */
    double *strength;            /* (groups) */
    double (*factor)[DIMS_MOST]; /* (n), of length 1 */
    double spread, reach;
};

static void texture_init(struct texture *t, const struct key *key, struct dice *dice)
{
    size_t n = (size_t)key->n;
    int groups = 1 + (int)(key->k * dice_real(dice, 0.8, 1.6)),
        dims = dice_between(dice, 3, DIMS_MOST);
    t->kind = key->kind;
    t->group = need(n, sizeof *t->group);
    t->place = need(n, sizeof *t->place);
    t->strength = need((size_t)groups, sizeof *t->strength);
    t->factor = need(n, sizeof *t->factor);
    t->spread = dice_real(dice, 0.03, 0.1);
    t->reach = dice_real(dice, 0.3, 2) * key->n / key->k;
    draw_groups(dice, key->n, groups, t->group);
    shuffle(dice, t->place, key->n);
    for (int g = 0; g < groups; g++)
        t->strength[g] = dice_real(dice, 0, 1);
    for (size_t u = 0; u < n; u++) {
        double square = 0;
        for (int d = 0; d < dims; d++) {
            t->factor[u][d] = normal(dice);
            square += t->factor[u][d] * t->factor[u][d];
        }
        for (int d = 0; d < dims; d++)
            t->factor[u][d] /= sqrt(square);
    }
}

static void texture_release(struct texture *t)
{
    free(t->group);
    free(t->place);
    free(t->strength);
    free(t->factor);
}

static double pair_affinity(const struct texture *t, struct dice *dice, int i, int j)
{
    double noise = dice_real(dice, 0, 1), dot = 0;
    bool inside = t->group[i] == t->group[j];
    double strength = t->strength[t->group[i]];
    switch (t->kind) {
    case KIND_PLANTED_CKA:
        return inside ? 0.5 + 0.4 * strength + 0.05 * noise : 0.06 * noise * noise * noise;
    case KIND_LOW_RANK:
        for (int d = 0; d < DIMS_MOST; d++)
            dot += t->factor[i][d] * t->factor[j][d];
        return dot * dot * dot * dot;
    case KIND_PLANTED_COSINE:
        return 0.2 + 0.03 * normal(dice) + (inside ? 0.1 + 0.15 * strength : 0);
    case KIND_NOISE_COSINE:
        return 0.2 + t->spread * normal(dice);
    default:
        return exponential(-fmin(8, abs(t->place[i] - t->place[j]) / t->reach)) *
               (0.7 + 0.3 * noise);
    }
}

static void make_affinity(struct instance *in, const struct key *key, struct dice *dice)
{
    struct texture texture;
    size_t n = (size_t)in->n;
    texture_init(&texture, key, dice);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            in->affinity[i * n + j] = in->affinity[j * n + i] =
                (float)clamp(pair_affinity(&texture, dice, (int)i, (int)j));
    texture_release(&texture);
}

static void make_weights(struct instance *in, enum weights weights, struct dice *dice)
{
    for (int u = 0; u < in->n; u++) {
        double *w = in->weight[u];
        for (int r = 0; r < WEIGHT_COUNT; r++)
            w[r] = 1;
        if (weights != WEIGHTS_UNIFORM) {
            w[FEATURES] = dice_chance(dice, 0.1) ? dice_between(dice, 2, 4) : 1;
            w[LOOKUP] = exponential(0.8 * normal(dice));
            w[OUTPUT] = w[FEATURES] * (16 << dice_below(dice, 4));
            w[FLOPS] = w[OUTPUT] * dice_real(dice, 0.5, 1.5);
            w[MEMORY] = exponential(1.2 * normal(dice));
        }
        for (int r = 0; r < WEIGHT_COUNT; r++)
            in->mean[r] += w[r] / in->k;
    }
    int bulky = weights == WEIGHTS_BULKY ? 1 + in->k / 5 : 0;
    for (int i = 0; i < bulky; i++) {
        double *w = in->weight[dice_below(dice, in->n)], share = dice_real(dice, 0.5, 0.95);
        for (int r = LOOKUP; r <= MEMORY; r += MEMORY - LOOKUP) {
            double more = share * in->mean[r] - w[r];
            w[r] += more > 0 ? more : 0;
            in->mean[r] += more > 0 ? more / in->k : 0;
        }
    }
}

static void make_pins(struct instance *in, unsigned limits, struct dice *dice)
{
    int pins = limits & LIMIT_PIN ? 1 + in->n / 20 : 0;
    for (int u = 0; u < in->n; u++)
        in->pin[u] = -1;
    for (int i = 0; i < pins; i++)
        in->pin[dice_below(dice, in->n)] = dice_below(dice, in->k);
}

/* So few per unit that a greedy packer always finds a tower without one. */
static void make_aparts(struct instance *in, unsigned limits, struct dice *dice)
{
    int tries = limits & LIMIT_APART ? in->n / 4 : 0, most = in->k > 3 ? 3 : 1;
    int *degree = need((size_t)in->n, sizeof *degree);
    in->apart = need((size_t)tries, sizeof *in->apart);
    for (int i = 0; i < tries; i++) {
        int a = dice_below(dice, in->n), b = dice_below(dice, in->n);
        bool pinned = in->pin[a] >= 0 && in->pin[b] >= 0;
        if (a == b || pinned || degree[a] >= most || degree[b] >= most)
            continue;
        degree[a]++;
        degree[b]++;
        in->apart[in->aparts][0] = a;
        in->apart[in->aparts++][1] = b;
    }
    free(degree);
}

/* One greedy packing under way. `room` is what a tower's memory may be, in proportion. */
struct packing {
    const struct instance *in;
    double (*load)[WEIGHT_COUNT]; /* (k) */
    int *tower;                   /* (n), -1: not yet */
    double *urge;                 /* (n) the heaviest goes first */
};

static bool kept_apart(const struct packing *p, int unit, int tower)
{
    for (int i = 0; i < p->in->aparts; i++) {
        const int *pair = p->in->apart[i];
        if ((pair[0] == unit && p->tower[pair[1]] == tower) ||
            (pair[1] == unit && p->tower[pair[0]] == tower))
            return false;
    }
    return true;
}

/* The fullest weight of a tower that takes the unit, in shares of what it is to hold. */
static double fullness(const struct packing *p, int unit, int tower)
{
    double most = 0;
    for (int r = 0; r < WEIGHT_COUNT; r++) {
        double room = r == MEMORY ? p->in->memory[tower] : p->in->mean[r];
        most = fmax(most, (p->load[tower][r] + p->in->weight[unit][r]) / room);
    }
    return most;
}

static void put(struct packing *p, int unit, int tower)
{
    p->tower[unit] = tower;
    for (int r = 0; r < WEIGHT_COUNT; r++)
        p->load[tower][r] += p->in->weight[unit][r];
}

static int emptiest(const struct packing *p, int unit)
{
    int best = 0;
    double least = HUGE_VAL;
    for (int t = 0; t < p->in->k; t++) {
        double full = fullness(p, unit, t);
        if (full < least && kept_apart(p, unit, t)) {
            least = full;
            best = t;
        }
    }
    return best;
}

/* @return how full the fullest tower got. */
static double pack(struct packing *p, struct dice *dice, double shake)
{
    const struct instance *in = p->in;
    double most = 0;
    memset(p->load, 0, (size_t)in->k * sizeof *p->load);
    for (int u = 0; u < in->n; u++) {
        p->tower[u] = -1;
        p->urge[u] = 0;
        for (int r = 0; r < WEIGHT_COUNT; r++)
            p->urge[u] = fmax(p->urge[u], in->weight[u][r] / in->mean[r]);
        p->urge[u] *= dice_real(dice, 1 - shake, 1 + shake);
        if (in->pin[u] >= 0)
            put(p, u, in->pin[u]);
    }
    for (int left = in->n; left > 0; left--) {
        int next = -1;
        for (int u = 0; u < in->n; u++)
            if (p->tower[u] < 0 && (next < 0 || p->urge[u] > p->urge[next]))
                next = u;
        if (next >= 0)
            put(p, next, emptiest(p, next));
    }
    for (int t = 0; t < in->k; t++)
        for (int r = 0; r < WEIGHT_COUNT; r++)
            most = fmax(most, p->load[t][r] / (r == MEMORY ? in->memory[t] : in->mean[r]));
    return most;
}

static void find_witness(struct instance *in, struct dice *dice)
{
    size_t n = (size_t)in->n;
    struct packing p = {.in = in,
        .load = need((size_t)in->k, sizeof *p.load),
        .tower = need(n, sizeof *p.tower),
        .urge = need(n, sizeof *p.urge)};
    double best = HUGE_VAL;
    for (int i = 0; i < (in->n > 300 ? 4 : PACKINGS); i++) {
        double full = pack(&p, dice, i * 0.01);
        if (full < best) {
            best = full;
            memcpy(in->witness, p.tower, n * sizeof *p.tower);
        }
    }
    free(p.load);
    free(p.tower);
    free(p.urge);
}

double balanced_most(const struct instance *in, int weight)
{
    return (1 + in->balance) * in->mean[weight] * (1 + SLACK);
}

int features_least(const struct instance *in)
{
    double least = floor(in->mean[FEATURES] / in->ratio + SLACK);
    return least < 1 ? 1 : (int)least;
}

int features_most(const struct instance *in)
{
    double total = in->mean[FEATURES] * in->k, most = ceil(in->mean[FEATURES] * in->ratio - SLACK);
    return (int)fmin(most, floor(total + 0.5));
}

/* X, Q and memory so wide that the witness holds them. */
static void set_limits(struct instance *in, unsigned limits, struct dice *dice)
{
    static const double balances[] = {0.05, 0.1, 0.2}, ratios[] = {1, 1.25, 1.5};
    double(*load)[WEIGHT_COUNT] = need((size_t)in->k, sizeof *load), over = 1;
    for (int u = 0; u < in->n; u++)
        for (int r = 0; r < WEIGHT_COUNT; r++)
            load[in->witness[u]][r] += in->weight[u][r];
    int balance = dice_below(dice, 3), ratio = dice_below(dice, 3);
    in->balance = limits & LIMIT_BALANCE ? balances[balance] : in->k;
    in->ratio = limits & LIMIT_RATIO ? ratios[ratio] : in->mean[FEATURES] * in->k;
    for (int t = 0; t < in->k; t++) {
        for (int r = 0; r < BALANCED; r++)
            while (load[t][r] > balanced_most(in, r))
                in->balance = floor(in->balance * 100 + 1.5) / 100;
        while (load[t][FEATURES] > features_most(in) || load[t][FEATURES] < features_least(in))
            in->ratio = floor(in->ratio * 100 + 1.5) / 100;
        over = fmax(over, load[t][MEMORY] / in->memory[t]);
    }
    for (int t = 0; t < in->k; t++)
        in->memory[t] = limits & LIMIT_MEMORY ? in->memory[t] * over * (1 + SLACK) : HUGE_VAL;
    free(load);
}

struct instance *instance_new_of(const struct key *key, const float *affinity)
{
    size_t n = (size_t)key->n;
    struct instance *in = need(1, sizeof *in);
    struct dice dice[4];
    for (unsigned i = 0; i < 4; i++) {
        dice[i].state = key->seed * 4 + i;
        dice[i].state = dice_next(&dice[i]); /* neighbouring streams must not overlap */
    }
    in->n = key->n;
    in->k = key->k;
    in->affinity = need(n * n, sizeof *in->affinity);
    in->weight = need(n, sizeof *in->weight);
    in->memory = need((size_t)key->k, sizeof *in->memory);
    in->pin = need(n, sizeof *in->pin);
    in->witness = need(n, sizeof *in->witness);
    if (affinity)
        memcpy(in->affinity, affinity, n * n * sizeof *affinity);
    else
        make_affinity(in, key, &dice[0]);
    make_weights(in, key->weights, &dice[1]);
    make_pins(in, key->limits, &dice[2]);
    make_aparts(in, key->limits, &dice[2]);
    for (int t = 0; t < in->k; t++)
        in->memory[t] =
            in->mean[MEMORY] * (key->limits & LIMIT_UNEVEN ? (t % 2 ? 0.8 : 1.6) : 1.15);
    find_witness(in, &dice[3]);
    set_limits(in, key->limits, &dice[3]);
    return in;
}

struct instance *instance_new(const struct key *key)
{
    return instance_new_of(key, NULL);
}

void instance_free(struct instance *in)
{
    if (!in)
        return;
    free(in->affinity);
    free(in->weight);
    free(in->memory);
    free(in->pin);
    free(in->apart);
    free(in->witness);
    free(in);
}

static void mix(uint64_t *digest, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *digest = (*digest ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
}

uint64_t instance_digest(const struct instance *in)
{
    size_t n = (size_t)in->n, k = (size_t)in->k;
    uint64_t digest = 0xcbf29ce484222325u;
    mix(&digest, &in->n, sizeof in->n);
    mix(&digest, &in->k, sizeof in->k);
    mix(&digest, in->affinity, n * n * sizeof *in->affinity);
    mix(&digest, in->weight, n * sizeof *in->weight);
    mix(&digest, &in->balance, sizeof in->balance);
    mix(&digest, &in->ratio, sizeof in->ratio);
    mix(&digest, in->memory, k * sizeof *in->memory);
    mix(&digest, in->pin, n * sizeof *in->pin);
    mix(&digest, in->apart, (size_t)in->aparts * sizeof *in->apart);
    return digest;
}

const char *kind_name(enum kind kind)
{
    static const char *const names[] = {
        "planted_cka", "low_rank", "planted_cosine", "noise_cosine", "chain"};
    return names[kind];
}

const char *weights_name(enum weights weights)
{
    static const char *const names[] = {"uniform", "heavy", "bulky"};
    return names[weights];
}
