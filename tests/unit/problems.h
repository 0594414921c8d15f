/* SPDX-License-Identifier: Apache-2.0 */
/* Random partitioning problems put together without model or topology, and slow obvious
 * recomputations of what the solvers keep up to date: value, violation, legality, and all assignments
 * one after the other. */
#ifndef TP_TESTS_PROBLEMS_H
#define TP_TESTS_PROBLEMS_H

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "partition/assignment.h"
#include "partition/problem.h"

/* What a random problem is made of. Shares are percent of the units or of the pairs. */
struct recipe {
    int32_t units, towers;
    int affinity;          /* 0: none */
    int32_t features_most; /* of a unit */
    int32_t pinned, apart;
    double memory; /* of a tower, in means; 0: without limit. Halved for every other tower. */
};

static inline struct tp_problem *problem_new(int32_t units, int32_t towers)
{
    struct tp_problem *p = calloc(1, sizeof *p);
    ck_assert_ptr_nonnull(p);
    p->unit_count = units;
    p->tower_count = towers;
    p->class_count = 1;
    p->weight = calloc((size_t)units * TP_RESOURCES, sizeof *p->weight);
    p->most = calloc((size_t)towers * TP_RESOURCES, sizeof *p->most);
    p->pin = calloc((size_t)units, sizeof *p->pin);
    p->apart_first = calloc((size_t)units + 1, sizeof *p->apart_first);
    p->apart = calloc((size_t)units * (size_t)units + 1, sizeof *p->apart);
    p->tower_class = calloc((size_t)towers, sizeof *p->tower_class);
    ck_assert(p->weight && p->most && p->pin && p->apart_first && p->apart && p->tower_class);
    for (int32_t u = 0; u < units; u++)
        p->pin[u] = -1;
    return p;
}

/* Heavy-tailed weights, one or more features each. */
static inline void problem_weigh(
    struct tp_problem *p, const struct recipe *recipe, struct tp_random *random)
{
    for (int32_t u = 0; u < p->unit_count; u++) {
        double *w = p->weight + u * TP_RESOURCES;
        for (int r = 0; r < TP_FEATURES; r++)
            w[r] = exp(tp_random_normal(random));
        w[TP_FEATURES] = 1 + (double)tp_random_below(random, recipe->features_most);
        p->feature_count += (int32_t)w[TP_FEATURES];
        for (int r = 0; r < TP_RESOURCES; r++)
            p->mean[r] += w[r] / p->tower_count;
    }
}

static inline void problem_relate(struct tp_problem *p, struct tp_random *random)
{
    int32_t n = p->unit_count;
    p->affinity = calloc((size_t)n * (size_t)n, sizeof *p->affinity);
    ck_assert_ptr_nonnull(p->affinity);
    for (int32_t u = 0; u < n; u++)
        for (int32_t v = 0; v < u; v++)
            p->affinity[u * n + v] = p->affinity[v * n + u] = (float)tp_random_uniform(random);
}

/* Two memory sizes in turn, so that not all towers are alike; a pinned tower is a class of its own. */
static inline void problem_limit_memory(struct tp_problem *p, double memory)
{
    int32_t of_kind[2] = {-1, -1};
    p->class_count = 0;
    for (int32_t t = 0; t < p->tower_count; t++) {
        bool pinned = false;
        for (int32_t u = 0; u < p->unit_count; u++)
            pinned |= p->pin[u] == t;
        int32_t *kind = &of_kind[memory > 0 ? t % 2 : 0];
        if (pinned || *kind < 0)
            p->tower_class[t] = p->class_count++;
        else
            p->tower_class[t] = *kind;
        if (!pinned)
            *kind = p->tower_class[t];
        p->most[t * TP_RESOURCES + TP_MEMORY] =
            memory > 0 ? memory * p->mean[TP_MEMORY] / (1 + t % 2) : DBL_MAX;
    }
}

static inline void problem_constrain(
    struct tp_problem *p, const struct recipe *recipe, struct tp_random *random)
{
    int32_t n = p->unit_count, count = 0;
    bool *pair = calloc((size_t)n * (size_t)n, sizeof *pair);
    ck_assert_ptr_nonnull(pair);
    for (int32_t u = 0; u < n; u++) {
        if (tp_random_below(random, 100) < recipe->pinned)
            p->pin[u] = (int32_t)tp_random_below(random, p->tower_count);
        for (int32_t v = 0; v < u; v++)
            pair[u * n + v] = pair[v * n + u] = tp_random_below(random, 100) < recipe->apart;
    }
    for (int32_t u = 0; u < n; u++) {
        for (int32_t v = 0; v < n; v++)
            if (pair[u * n + v])
                p->apart[count++] = v;
        p->apart_first[u + 1] = count;
    }
    free(pair);
}

/* To be freed with tp_problem_free(). No limit but memory yet. */
static inline struct tp_problem *problem_random(
    const struct recipe *recipe, struct tp_random *random)
{
    struct tp_problem *p = problem_new(recipe->units, recipe->towers);
    problem_weigh(p, recipe, random);
    if (recipe->affinity)
        problem_relate(p, random);
    problem_constrain(p, recipe, random);
    problem_limit_memory(p, recipe->memory);
    tp_problem_clear_limits(p);
    return p;
}

/* One of 128 kinds: two to four towers, pins, units apart, uneven memory, loads, sizes; all or none of them. */
static inline struct tp_problem *problem_of_kind(int32_t units, int kind, uint64_t stream)
{
    struct tp_random random = tp_random_new((uint64_t)kind, stream);
    struct recipe recipe = {.units = units,
        .towers = 2 + kind % 3,
        .affinity = 1,
        .features_most = 1 + kind % 2,
        .pinned = kind & 4 ? 20 : 0,
        .apart = kind & 8 ? 10 : 0,
        .memory = kind & 16 ? 3 : 0};
    struct tp_problem *p = problem_random(&recipe, &random);
    tp_problem_set_limits(p, (struct tp_limits){kind & 32 ? 1.2 : INFINITY, kind & 64 ? 3 : 1.5});
    return p;
}

static inline void random_towers(
    const struct tp_problem *p, struct tp_random *random, int32_t *tower)
{
    for (int32_t u = 0; u < p->unit_count; u++)
        tower[u] = p->pin[u] >= 0 ? p->pin[u] : (int32_t)tp_random_below(random, p->tower_count);
}

static inline void slow_load(
    const struct tp_problem *p, const int32_t *tower, int32_t t, double load[TP_RESOURCES])
{
    for (int r = 0; r < TP_RESOURCES; r++) {
        load[r] = 0;
        for (int32_t u = 0; u < p->unit_count; u++)
            load[r] += tower[u] == t ? p->weight[u * TP_RESOURCES + r] : 0;
    }
}

/* Overload of every tower and resource in means, features missing to the least likewise, pairs not
 * apart. */
static inline double slow_violation(const struct tp_problem *p, const int32_t *tower)
{
    double sum = 0;
    for (int32_t t = 0; t < p->tower_count; t++) {
        double load[TP_RESOURCES];
        slow_load(p, tower, t, load);
        for (int r = 0; r < TP_RESOURCES; r++)
            sum += fmax(0, load[r] - p->most[t * TP_RESOURCES + r]) / p->mean[r];
        sum += fmax(0, p->features_least - load[TP_FEATURES]) / p->mean[TP_FEATURES];
    }
    for (int32_t u = 0; u < p->unit_count; u++)
        for (int32_t i = p->apart_first[u]; i < p->apart_first[u + 1]; i++)
            sum += p->apart[i] < u && tower[p->apart[i]] == tower[u];
    return sum;
}

static inline bool slow_legal(const struct tp_problem *p, const int32_t *tower)
{
    for (int32_t u = 0; u < p->unit_count; u++)
        if (tower[u] < 0 || tower[u] >= p->tower_count || (p->pin[u] >= 0 && tower[u] != p->pin[u]))
            return false;
    return slow_violation(p, tower) <= 0;
}

static inline double slow_value(const struct tp_problem *p, enum tp_goal goal, const int32_t *tower)
{
    double sum = 0;
    if (goal == TP_GOAL_LOAD) {
        for (int32_t t = 0; t < p->tower_count; t++) {
            double load[TP_RESOURCES];
            slow_load(p, tower, t, load);
            for (int r = TP_LOOKUP; r <= TP_FLOPS; r++)
                sum -= pow(load[r] / p->mean[r], 2);
        }
        return sum;
    }
    for (int32_t u = 0; u < p->unit_count; u++)
        for (int32_t v = 0; v < u; v++)
            sum += tower[u] == tower[v] ? (double)p->affinity[u * p->unit_count + v] : 0;
    return goal == TP_GOAL_COHERENT ? sum : -sum;
}

/* The next of all T^U assignments, from all 0 on; false after the last. */
static inline bool next_towers(const struct tp_problem *p, int32_t *tower)
{
    for (int32_t u = 0; u < p->unit_count; u++) {
        if (++tower[u] < p->tower_count)
            return true;
        tower[u] = 0;
    }
    return false;
}

/* A judge that every assignment pleases. */
static inline int fits_always(void *context, const int32_t *tower_of_unit, int32_t tower)
{
    (void)context;
    (void)tower_of_unit;
    (void)tower;
    return 1;
}

/* Runs a suite of one case; the number of failures. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed;
}

#endif
