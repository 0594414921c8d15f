/* SPDX-License-Identifier: Apache-2.0 */
/* From model, topology and affinity to units, weights and constraints.
 *
 * Tables bound by `together` are joined by union-find, so a unit is a connected set of tables; its
 * number is that of its first table's turn in the file. Memory is a bound from below: every way to
 * shard a table needs at least that much of its tower's ranks, added up; whether the tables
 * really fit is the judge's word (placement). Cost: O(F^2) for the affinity, the rest linear. */
#include "partition/problem.h"

#include "base/fail.h"
#include "base/memory.h"
#include "cost/load.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Relative slack of balance limits, so that the order of a sum decides nothing. */
#define LIMIT_SLACK 1e-9

static int32_t find_root(int32_t *parent, int32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Joins tables bound by `together`, numbers the units. */
static enum tp_status number_units(
    const struct tp_model *model, struct tp_problem *p, struct tp_error *err)
{
    int32_t *parent = TP_NEW(model->table_count, int32_t);
    p->unit_of_table = TP_NEW(model->table_count, int32_t);
    if (!parent || !p->unit_of_table) {
        free(parent);
        return tp_fail_memory(err);
    }
    for (int32_t i = 0; i < model->table_count; i++)
        parent[i] = i;
    for (int32_t i = 0; i < model->constraint_count; i++) {
        const struct tp_constraint *c = &model->constraints[i];
        for (int32_t j = 1; c->kind == TP_TOGETHER && j < c->feature_count; j++) {
            int32_t a = find_root(parent, model->features[c->features[0]].table);
            int32_t b = find_root(parent, model->features[c->features[j]].table);
            /* The smaller index is the root, so a root comes before its members. */
            parent[a > b ? a : b] = a > b ? b : a;
        }
    }
    for (int32_t i = 0; i < model->table_count; i++) {
        int32_t root = find_root(parent, i);
        p->unit_of_table[i] = root == i ? p->unit_count++ : p->unit_of_table[root];
    }
    free(parent);
    return TP_OK;
}

static int32_t unit_of(const struct tp_problem *p, const struct tp_model *model, int32_t feature)
{
    return p->unit_of_table[model->features[feature].table];
}

static enum tp_status read_pins(
    const struct tp_model *model, struct tp_problem *p, struct tp_error *err)
{
    for (int32_t u = 0; u < p->unit_count; u++)
        p->pin[u] = -1;
    for (int32_t i = 0; i < model->constraint_count; i++) {
        const struct tp_constraint *c = &model->constraints[i];
        if (c->kind != TP_PIN)
            continue;
        const char *name = model->features[c->features[0]].name;
        if (c->tower >= p->tower_count)
            return tp_fail(err, TP_EINFEASIBLE,
                "constraint pin: feature %s is pinned to tower %d, but there are only towers 0..%d",
                name, c->tower, p->tower_count - 1);
        int32_t *pin = &p->pin[unit_of(p, model, c->features[0])];
        if (*pin >= 0 && *pin != c->tower)
            return tp_fail(err, TP_EINFEASIBLE,
                "constraints contradict each other: feature %s is pinned to tower %d, but a "
                "feature "
                "that shares its table or is bound to it by `together` is pinned to tower %d",
                name, c->tower, *pin);
        *pin = c->tower;
    }
    return TP_OK;
}

/* Calls for every pair of units that is to be apart; counts them if `put` is NULL, else writes each
 * pair both ways at put[unit]++. */
static enum tp_status each_apart(
    const struct tp_model *model, struct tp_problem *p, int32_t *put, struct tp_error *err)
{
    for (int32_t i = 0; i < model->constraint_count; i++) {
        const struct tp_constraint *c = &model->constraints[i];
        for (int32_t j = 0; c->kind == TP_APART && j < c->feature_count; j++) {
            for (int32_t k = 0; k < j; k++) {
                int32_t a = unit_of(p, model, c->features[j]),
                        b = unit_of(p, model, c->features[k]);
                if (a == b)
                    return tp_fail(err, TP_EINFEASIBLE,
                        "constraints contradict each other: features %s and %s are to be apart, "
                        "but "
                        "they share a table or are bound by `together`; drop one of the two",
                        model->features[c->features[k]].name, model->features[c->features[j]].name);
                if (p->pin[a] >= 0 && p->pin[a] == p->pin[b])
                    return tp_fail(err, TP_EINFEASIBLE,
                        "constraints contradict each other: features %s and %s are to be apart, "
                        "but "
                        "both are pinned to tower %d; drop one of the three",
                        model->features[c->features[k]].name, model->features[c->features[j]].name,
                        p->pin[a]);
                if (put) {
                    p->apart[put[a]++] = b;
                    p->apart[put[b]++] = a;
                } else {
                    p->apart_first[a + 1]++;
                    p->apart_first[b + 1]++;
                }
            }
        }
    }
    return TP_OK;
}

static enum tp_status read_aparts(
    const struct tp_model *model, struct tp_problem *p, struct tp_error *err)
{
    enum tp_status status = each_apart(model, p, NULL, err);
    if (status)
        return status;
    for (int32_t u = 0; u < p->unit_count; u++)
        p->apart_first[u + 1] += p->apart_first[u];
    int32_t *put = TP_NEW(p->unit_count, int32_t);
    p->apart = TP_NEW(p->apart_first[p->unit_count], int32_t);
    if (put && p->apart) {
        memcpy(put, p->apart_first, (size_t)p->unit_count * sizeof *put);
        status = each_apart(model, p, put, err);
    } else {
        status = tp_fail_memory(err);
    }
    free(put);
    return status;
}

/* What a table takes at least of its tower's memory, all ranks added up, and of every rank of the world
 * (*everywhere): the smallest over the ways to shard it, of the terms that add up over tables, in the
 * sptt mode (the largest mode is never smaller). */
static double least_memory(const struct tp_sizes *s, const struct tp_model *model,
    const struct tp_table *table, double *everywhere)
{
    struct tp_shard_load whole =
        tp_shard_load(s, model, table, TP_SHARD_TABLE, 0, table->rows, table->dim);
    double ranks = s->ranks_per_tower, per_rank = s->batch / ranks;
    *everywhere = 2 * s->local_batch * (whole.ids_per_sample + whole.width * s->e_max);
    double tower_terms = 2 * per_rank * 2 * whole.width * s->e_max;
    /* Column shards and row shards hold at least the same parameters and send at least as much. */
    return whole.parameter_bytes + 2 * s->batch * (whole.ids_per_sample + whole.width * s->e_max) +
           ranks * tower_terms;
}

static void weigh(const struct tp_model *model, const struct tp_sizes *sizes, struct tp_problem *p,
    double *everywhere)
{
    *everywhere = 0;
    for (int32_t i = 0; i < model->table_count; i++) {
        const struct tp_table *table = &model->tables[i];
        struct tp_shard_load whole =
            tp_shard_load(sizes, model, table, TP_SHARD_TABLE, 0, table->rows, table->dim);
        struct tp_tower_shape shape = {0};
        tp_tower_shape_add(&shape, model, table);
        double more, *weight = p->weight + (int64_t)p->unit_of_table[i] * TP_RESOURCES;
        weight[TP_LOOKUP] += whole.lookup_bytes;
        weight[TP_OUTPUT] += whole.width;
        weight[TP_FLOPS] += tp_tower_flops(model, &shape);
        weight[TP_MEMORY] += least_memory(sizes, model, table, &more);
        weight[TP_FEATURES] += table->feature_count;
        *everywhere += more;
    }
    for (int32_t u = 0; u < p->unit_count; u++)
        for (int r = 0; r < TP_RESOURCES; r++)
            p->mean[r] += tp_unit_weight(p, u)[r] / p->tower_count;
}

/* Memory of a tower: what its ranks have left after the part that every table takes everywhere. */
static void limit_memory(const struct tp_topology *topology, int32_t ranks_per_tower,
    double everywhere, struct tp_problem *p)
{
    for (int32_t t = 0; t < p->tower_count; t++) {
        double capacity = 0;
        for (int32_t r = 0; r < ranks_per_tower; r++)
            capacity +=
                (double)tp_topology_rank_capacity(topology, t * ranks_per_tower + r) - everywhere;
        p->most[(int64_t)t * TP_RESOURCES + TP_MEMORY] = capacity > 0 ? capacity : 0;
    }
}

static bool same_ranks(
    const struct tp_topology *topology, int32_t ranks_per_tower, int32_t a, int32_t b)
{
    for (int32_t r = 0; r < ranks_per_tower; r++)
        if (tp_topology_rank_capacity(topology, a * ranks_per_tower + r) !=
            tp_topology_rank_capacity(topology, b * ranks_per_tower + r))
            return false;
    return true;
}

/* A pinned tower is a class of its own. O(T * classes * R), and classes are few. */
static enum tp_status classify_towers(const struct tp_topology *topology, int32_t ranks_per_tower,
    struct tp_problem *p, struct tp_error *err)
{
    int32_t *example = TP_NEW(p->tower_count, int32_t); /* a tower of each class; -1: pinned */
    bool *pinned = TP_NEW(p->tower_count, bool);
    enum tp_status status = TP_OK;
    if (!example || !pinned) {
        status = tp_fail_memory(err);
        goto out;
    }
    for (int32_t u = 0; u < p->unit_count; u++)
        if (p->pin[u] >= 0)
            pinned[p->pin[u]] = true;
    for (int32_t t = 0; t < p->tower_count; t++) {
        int32_t class = pinned[t] ? p->class_count : 0;
        while (class < p->class_count &&
               (example[class] < 0 || !same_ranks(topology, ranks_per_tower, example[class], t)))
            class ++;
        if (class == p->class_count)
            example[p->class_count++] = pinned[t] ? -1 : t;
        p->tower_class[t] = class;
    }
out:
    free(example);
    free(pinned);
    return status;
}

static enum tp_status sum_affinity(const struct tp_model *model, const struct tp_affinity *affinity,
    struct tp_problem *p, struct tp_error *err)
{
    size_t units = (size_t)p->unit_count, cells;
    if (!tp_multiply(units, units, &cells) || !(p->affinity = TP_NEW(cells, float)))
        return tp_fail_memory(err);
    for (int32_t i = 0; i < model->feature_count; i++) {
        float *row = p->affinity + (int64_t)unit_of(p, model, i) * p->unit_count;
        const float *from = affinity->affinity + (int64_t)i * model->feature_count;
        for (int32_t j = 0; j < model->feature_count; j++)
            row[unit_of(p, model, j)] += from[j];
    }
    /* Both halves from one sum: added up in another order, the other would differ in the last digit, and
     * a swap could gain there and back. */
    for (size_t u = 0; u < units; u++) {
        p->affinity[u * units + u] = 0;
        for (size_t v = 0; v < u; v++)
            p->affinity[u * units + v] = p->affinity[v * units + u];
    }
    return TP_OK;
}

static enum tp_status allocate(struct tp_problem *p, struct tp_error *err)
{
    p->weight = tp_new((size_t)p->unit_count * TP_RESOURCES, sizeof(double));
    p->most = tp_new((size_t)p->tower_count * TP_RESOURCES, sizeof(double));
    p->pin = TP_NEW(p->unit_count, int32_t);
    p->apart_first = TP_NEW((size_t)p->unit_count + 1, int32_t);
    p->tower_class = TP_NEW(p->tower_count, int32_t);
    bool done = p->weight && p->most && p->pin && p->apart_first && p->tower_class;
    return done ? TP_OK : tp_fail_memory(err);
}

enum tp_status tp_problem_new(const struct tp_model *model, const struct tp_topology *topology,
    int32_t ranks_per_tower, const struct tp_affinity *affinity, struct tp_problem **problem,
    struct tp_error *err)
{
    struct tp_sizes sizes;
    double everywhere;
    struct tp_problem *p = TP_NEW(1, struct tp_problem);
    if (!p)
        return tp_fail_memory(err);
    p->tower_count = topology->rank_count / ranks_per_tower;
    p->feature_count = model->feature_count;
    enum tp_status status = tp_sizes_init(&sizes, model, topology, ranks_per_tower, err);
    if (status || (status = number_units(model, p, err)) || (status = allocate(p, err)) ||
        (status = read_pins(model, p, err)) || (status = read_aparts(model, p, err)) ||
        (status = classify_towers(topology, ranks_per_tower, p, err)) ||
        (affinity && (status = sum_affinity(model, affinity, p, err))))
        goto out;
    weigh(model, &sizes, p, &everywhere);
    limit_memory(topology, ranks_per_tower, everywhere, p);
    tp_problem_clear_limits(p);
    *problem = p;
    p = NULL;
out:
    tp_problem_free(p);
    return status;
}

enum tp_status tp_problem_like(const struct tp_problem *other, int32_t unit_count,
    int32_t tower_count, struct tp_problem **problem, struct tp_error *err)
{
    size_t units = (size_t)unit_count, aparts = (size_t)other->apart_first[other->unit_count];
    struct tp_problem *p = TP_NEW(1, struct tp_problem);
    if (!p)
        return tp_fail_memory(err);
    p->unit_count = unit_count;
    p->tower_count = tower_count;
    p->features_least = other->features_least;
    p->class_count = 1;
    memcpy(p->mean, other->mean, sizeof p->mean);
    enum tp_status status = allocate(p, err);
    p->apart = TP_NEW(aparts, int32_t);
    p->affinity = other->affinity ? TP_NEW(units * units, float) : NULL;
    if (!status && (!p->apart || (other->affinity && !p->affinity)))
        status = tp_fail_memory(err);
    if (status) {
        tp_problem_free(p);
        return status;
    }
    for (int32_t u = 0; u < unit_count; u++)
        p->pin[u] = -1;
    *problem = p;
    return TP_OK;
}

void tp_problem_free(struct tp_problem *problem)
{
    if (!problem)
        return;
    free(problem->weight);
    free(problem->affinity);
    free(problem->pin);
    free(problem->apart_first);
    free(problem->apart);
    free(problem->most);
    free(problem->tower_class);
    free(problem->unit_of_table);
    free(problem);
}

void tp_ratio_bounds(
    int32_t feature_count, int32_t tower_count, double ratio, int32_t *least, int32_t *most)
{
    double mean = (double)feature_count / tower_count;
    double low = floor(mean / ratio + LIMIT_SLACK), high = ceil(mean * ratio - LIMIT_SLACK);
    *least = low < 1 ? 1 : (int32_t)low;
    *most = high > feature_count ? feature_count : (int32_t)high;
}

static void set_most(struct tp_problem *p, double balance, double features_most)
{
    for (int32_t t = 0; t < p->tower_count; t++) {
        double *most = p->most + (int64_t)t * TP_RESOURCES;
        for (int r = 0; r < TP_MEMORY; r++)
            most[r] = isinf(balance) ? DBL_MAX : (1 + balance) * p->mean[r] * (1 + LIMIT_SLACK);
        most[TP_FEATURES] = features_most;
    }
}

void tp_problem_set_limits(struct tp_problem *problem, struct tp_limits limits)
{
    int32_t least, most;
    tp_ratio_bounds(problem->feature_count, problem->tower_count, limits.ratio, &least, &most);
    problem->features_least = least;
    set_most(problem, limits.balance, most);
}

void tp_problem_scale_memory(struct tp_problem *problem, double factor)
{
    for (int32_t t = 0; t < problem->tower_count; t++)
        problem->most[(int64_t)t * TP_RESOURCES + TP_MEMORY] *= factor;
}

void tp_problem_clear_limits(struct tp_problem *problem)
{
    problem->features_least = 1;
    set_most(problem, INFINITY, problem->feature_count);
}
