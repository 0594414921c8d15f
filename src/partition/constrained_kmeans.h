/* SPDX-License-Identifier: Apache-2.0 */
/* k-means whose clusters have a least and a most size (Bradley, Bennett & Demiriz 2000,
 * MSR-TR-2000-65): the assignment step is a minimum-cost flow. */
#ifndef TP_PARTITION_CONSTRAINED_KMEANS_H
#define TP_PARTITION_CONSTRAINED_KMEANS_H

#include <stdint.h>

#include <towerpart/status.h>

#include "base/random.h"

/* @param points       (n, dims).
 * @param least, most  size of every cluster, with k * least <= n <= k * most.
 * @param random       where the first centres come from.
 * @param cluster      out, (n), in [0, k).
 * @return TP_ENOMEM. Ends close to a local optimum of the sum of squared distances. */
enum tp_status tp_constrained_kmeans(const double *points, int32_t n, int32_t dims, int32_t k,
    int32_t least, int32_t most, struct tp_random *random, int32_t *cluster, struct tp_error *err);

#endif
