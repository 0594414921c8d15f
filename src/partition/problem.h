/* SPDX-License-Identifier: Apache-2.0 */
/* The partitioning problem in the form that every solver reads: units with weights, limits per tower,
 * constraints, affinity between units.
 *
 * A unit is what moves: a table with all its features, or several tables bound by `together`.
 * Letters: U units, T towers, F features. */
#ifndef TP_PARTITION_PROBLEM_H
#define TP_PARTITION_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/affinity.h>
#include <towerpart/model.h>
#include <towerpart/topology.h>

/* What a unit weighs and a tower is limited in. Lookup, output and flops are bounded by the balance,
 * features by the ratio, memory by the ranks. */
enum tp_resource { TP_LOOKUP, TP_OUTPUT, TP_FLOPS, TP_MEMORY, TP_FEATURES, TP_RESOURCES };

struct tp_problem {
    int32_t unit_count, tower_count, feature_count;
    double *weight;            /* (U, TP_RESOURCES) */
    double mean[TP_RESOURCES]; /* total weight / T */
    float *affinity;           /* (U, U) sum over the pairs of features, diagonal 0; NULL: none */
    int32_t *pin;              /* (U) the tower it must be in, or -1 */
    int32_t *apart_first;      /* (U + 1) offsets into apart */
    int32_t *apart;            /* units that may not share a tower with it; each pair both ways */
    double *most; /* (T, TP_RESOURCES) upper limits; memory is set once, the rest by limits */
    double features_least; /* lower limit of features in a tower */
    int32_t *tower_class; /* (T) towers of one class can take each other's place: the same memory on
                                  every rank, no pin */
    int32_t class_count;
    int32_t *unit_of_table; /* (tables) */
};

/* The settings behind the limits. */
struct tp_limits {
    double balance; /* X >= 0 */
    double ratio;   /* Q >= 1 */
};

/* Builds the problem for towers of ranks_per_tower ranks. Limits start out as none but memory and one
 * feature per tower.
 * @param affinity  NULL: none; features in the model's order; borrowed.
 * @return TP_EINFEASIBLE when the constraints contradict each other, with the
 *         facts that cannot hold together. */
enum tp_status tp_problem_new(const struct tp_model *model, const struct tp_topology *topology,
    int32_t ranks_per_tower, const struct tp_affinity *affinity, struct tp_problem **problem,
    struct tp_error *err);
void tp_problem_free(struct tp_problem *problem);

/* A problem made from another one: with its means, its least features and as much room for units to be kept apart.
 * Weights, limits and affinity (if the other has one) are 0, no unit is pinned or apart, all towers are of
 * one class, unit_of_table is left out. */
enum tp_status tp_problem_like(const struct tp_problem *other, int32_t unit_count,
    int32_t tower_count, struct tp_problem **problem, struct tp_error *err);

/* Sets the limits of lookup, output, flops, features. */
void tp_problem_set_limits(struct tp_problem *problem, struct tp_limits limits);

/* No limit but memory, and one feature per tower. */
void tp_problem_clear_limits(struct tp_problem *problem);

/* Where tables do not fit the ranks though their memory does, added up: so often memory may be made scarcer, each
 * time by so much. */
#define TP_MEMORY_ROUNDS 5
#define TP_MEMORY_SCARCER 0.97
void tp_problem_scale_memory(struct tp_problem *problem, double factor);

/* Bounds on the features of a tower at that ratio. */
void tp_ratio_bounds(
    int32_t feature_count, int32_t tower_count, double ratio, int32_t *least, int32_t *most);

static inline const double *tp_unit_weight(const struct tp_problem *problem, int32_t unit)
{
    return problem->weight + (int64_t)unit * TP_RESOURCES;
}

static inline const double *tp_tower_most(const struct tp_problem *problem, int32_t tower)
{
    return problem->most + (int64_t)tower * TP_RESOURCES;
}

/* Relative: loads that were added in another order may differ by rounding. What says that nothing fits allows
 * for it. */
#define TP_LOAD_SLACK 1e-9

/* Whether the tables of an assignment can really be placed on ranks: memory of a tower's ranks, added
 * up, is only a necessary condition. */
struct tp_judge {
    /* @param tower  only that tower's units are asked about, -1: all.
     * @return 1 they fit, 0 they do not, -1 none found, not proven. */
    int (*fits)(void *context, const int32_t *tower_of_unit, int32_t tower);
    void *context;
};

#endif
