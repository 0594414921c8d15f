/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided of pairs of units: together, apart, or open; with all that follows from it. */
#ifndef TP_PARTITION_PAIRS_H
#define TP_PARTITION_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "partition/problem.h"

enum tp_pair { TP_PAIR_OPEN, TP_PAIR_APART, TP_PAIR_TOGETHER };

struct tp_pairs {
    const struct tp_problem *problem; /* borrowed */
    unsigned char *pair;              /* (U, U) enum tp_pair; the diagonal is together */
};

/* What the constraints decide.
 * @param pairs  out, to be released with tp_pairs_release(), also on failure. @return TP_ENOMEM. */
enum tp_status tp_pairs_init(
    struct tp_pairs *pairs, const struct tp_problem *problem, struct tp_error *err);
enum tp_status tp_pairs_copy(
    struct tp_pairs *to, const struct tp_pairs *from, struct tp_error *err);
void tp_pairs_release(struct tp_pairs *pairs);

/* Decides one pair, and all that this entails: units together with them, units apart from them.
 * @return false when no legal assignment has all of it: decided otherwise before, too much together
 *         for any tower, too few left for a tower's least. O(U^2). */
bool tp_pairs_decide(struct tp_pairs *pairs, int32_t u, int32_t v, enum tp_pair how);

static inline const unsigned char *tp_pairs_of(const struct tp_pairs *pairs, int32_t unit)
{
    return pairs->pair + (int64_t)unit * pairs->problem->unit_count;
}

/* How far two units share a tower in a relaxed matrix, (n, n): the mean of both halves. */
static inline double tp_pair_share(const double *z, int64_t n, int32_t u, int32_t v)
{
    return 0.5 * (z[u * n + v] + z[v * n + u]);
}

#endif
