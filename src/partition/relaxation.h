/* SPDX-License-Identifier: Apache-2.0 */
/* The partitioning problem as a question about a matrix Y, (U, U): Y[u][v] is 1 where two units share
 * a tower, else 0. Every legal assignment obeys what is said here; so does more than that, so the best
 * such Y is worth at least as much as the best assignment.
 *
 * Spectral: Y has U on the trace, and Y - J / T (J all ones) is positive semidefinite; no eigenvalue
 * is above the most units of a tower.
 * Rows: row u is the tower of u. It holds u itself, is within the limits of a tower, and its entries
 * are from 0 to 1; 0 and 1 where a pair is decided.
 * Squares: towers of m_t features have sum m_t^2, which is the sum of Y weighted by features, and it
 * is largest where the towers are as uneven as the limits allow.
 * Triangles: of three units, u with v and u with w makes v with w. */
#ifndef TP_PARTITION_RELAXATION_H
#define TP_PARTITION_RELAXATION_H

#include <stdint.h>

#include "partition/assignment.h"
#include "partition/pairs.h"

struct tp_relaxation {
    int32_t unit_count, tower_count;
    double eigenvalue_most; /* most units of a tower */
    double squares_most;    /* most sum of squared features over the towers */
    double features_least;
    double *weight[TP_RESOURCES]; /* (U) each, in means; features as they are; NULL: no matter */
    double *most[TP_RESOURCES];   /* (U) what the tower of a unit may hold, likewise */
};

/* A row's multipliers, one for each limit that it is held by: what a unit of load costs there. */
struct tp_row_price {
    double of[TP_RESOURCES];
};

struct tp_row_item {
    double ratio;
    int32_t unit;
};

/* @param relaxation  out, to be released with tp_relaxation_release(), also on failure.
 * @return TP_ENOMEM. Cost: O(U * T). */
enum tp_status tp_relaxation_init(
    struct tp_relaxation *relaxation, const struct tp_problem *problem, struct tp_error *err);
void tp_relaxation_release(struct tp_relaxation *relaxation);

/* The row of a unit that is nearest to `row`. Where several limits hold it, only nearly.
 * @param pair   (U) enum tp_pair of that unit with each.
 * @param row    (U) in and out.
 * @param price  in: where to begin; out: as found. Row' = row - prices * weights, cut to 0..1. */
void tp_row_project(const struct tp_relaxation *relaxation, int32_t unit, const unsigned char *pair,
    double *row, struct tp_row_price *price);

/* At least the largest sum of gain[v] * row[v] over the rows of a unit; with the best prices that sum.
 * @param price  only those of loads are used; at least 0.
 * @param items  (U) scratch. */
double tp_row_most(const struct tp_relaxation *relaxation, int32_t unit, const unsigned char *pair,
    const double *gain, const struct tp_row_price *price, struct tp_row_item *items);

#endif
