/* SPDX-License-Identifier: Apache-2.0 */
/* The leading eigenvectors of the affinity, each times the square root of its eigenvalue, give every
 * unit a point whose dot products with the others come as close to the affinities as so few
 * dimensions allow; so clusters that k-means finds there have a high sum of them inside. For diverse
 * towers the same with the signs of the affinities turned.
 *
 * As many dimensions as towers, DIMS_MOST at most. Measured on planted, |cosine|-like and noisy
 * affinities, 26 to 300 units in 4 to 16 towers: no worse than with degrees divided out (Ng, Jordan &
 * Weiss 2001), points put on a sphere or other powers of the eigenvalues, and simplest. */
#include "partition/spectral.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/constrained_kmeans.h"
#include "partition/eigen.h"

#include <math.h>
#include <stdlib.h>

#define DIMS_MOST 64

/* @param points  out, (U, dims). @return TP_EINTERNAL, TP_ENOMEM. */
static enum tp_status place_points(const struct tp_problem *p, enum tp_goal goal, int32_t dims,
    double *points, struct tp_error *err)
{
    int32_t units = p->unit_count;
    size_t cells, values_count = (size_t)units * (size_t)dims;
    double *values = TP_NEW(dims, double), *vectors = TP_NEW(values_count, double);
    double *a = tp_multiply((size_t)units, (size_t)units, &cells) ? TP_NEW(cells, double) : NULL;
    enum tp_status status = a && values && vectors ? TP_OK : tp_fail_memory(err);
    if (status)
        goto out;
    for (size_t i = 0; i < cells; i++)
        a[i] = goal == TP_GOAL_DIVERSE ? -(double)p->affinity[i] : (double)p->affinity[i];
    status = tp_eigen_largest(a, units, dims, values, vectors, err);
    for (int32_t d = 0; d < dims && !status; d++) {
        double scale = sqrt(fmax(0, values[d]));
        for (int32_t u = 0; u < units; u++)
            points[(int64_t)u * dims + d] = scale * vectors[(int64_t)d * units + u];
    }
out:
    free(a);
    free(values);
    free(vectors);
    return status;
}

/* The limits on features of a tower as ones on units, all having as many features as the mean. */
static void size_bounds(const struct tp_problem *p, int32_t *least, int32_t *most)
{
    double units = p->unit_count, share = units / p->feature_count, mean = units / p->tower_count;
    double most_features = 0;
    for (int32_t t = 0; t < p->tower_count; t++)
        most_features = fmax(most_features, tp_tower_most(p, t)[TP_FEATURES]);
    *least = (int32_t)floor(fmin(p->features_least * share, mean));
    *most = (int32_t)ceil(fmin(fmax(most_features * share, mean), units));
}

enum tp_status tp_spectral(const struct tp_problem *problem, enum tp_goal goal,
    struct tp_random *random, int32_t *tower, struct tp_error *err)
{
    int32_t units = problem->unit_count, towers = problem->tower_count, least, most;
    int32_t dims = towers < DIMS_MOST ? towers : DIMS_MOST;
    dims = dims < units ? dims : units;
    double *points = tp_new((size_t)units * (size_t)dims, sizeof *points);
    int32_t *cluster = TP_NEW(units, int32_t);
    enum tp_status status = points && cluster ? TP_OK : tp_fail_memory(err);
    size_bounds(problem, &least, &most);
    if (!status)
        status = place_points(problem, goal, dims, points, err);
    if (!status)
        status =
            tp_constrained_kmeans(points, units, dims, towers, least, most, random, cluster, err);
    for (int32_t u = 0; u < units && !status; u++)
        tower[u] = problem->pin[u] >= 0 ? problem->pin[u] : cluster[u];
    free(points);
    free(cluster);
    return status;
}
