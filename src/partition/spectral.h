/* SPDX-License-Identifier: Apache-2.0 */
/* Spectral starts: units as points in the space of the leading eigenvectors of the affinity,
 * grouped there by constrained k-means. */
#ifndef TP_PARTITION_SPECTRAL_H
#define TP_PARTITION_SPECTRAL_H

#include <stdint.h>

#include "base/random.h"
#include "partition/assignment.h"

/* O(U^3): as many take a fraction of a second, 3,000 seconds, more soon minutes. */
#define TP_SPECTRAL_UNITS_MAX 1000

/* @param goal   coherent: the largest eigenvectors; diverse: those of the negated matrix.
 * @param tower  out, (U), in [0, T), pinned units where their pin says; untouched on failure.
 * @return TP_EINTERNAL when LAPACK gives up; TP_ENOMEM. */
enum tp_status tp_spectral(const struct tp_problem *problem, enum tp_goal goal,
    struct tp_random *random, int32_t *tower, struct tp_error *err);

#endif
