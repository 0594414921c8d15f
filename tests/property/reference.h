/* SPDX-License-Identifier: Apache-2.0 */
/* Slow, plain partitioners to hold the planner against: multi-start best-improvement search, and
 * METIS called directly. They share limits, which is what makes their answers comparable. */
#ifndef PROPERTY_REFERENCE_H
#define PROPERTY_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

enum { LOADS = 3 }; /* lookup, output, flops */

struct contest {
    int count, towers;     /* features, each its own unit */
    const float *affinity; /* (count, count) */
    bool diverse;          /* least inside affinity wins, else most */
    double (*load)[LOADS]; /* (count) */
    double most[LOADS];    /* of a tower */
    int least_features, most_features;
};

/* How far an assignment is from holding all limits: 0 when it does. */
double contest_violation(const struct contest *contest, const int *tower);

/* Moves and swaps, each the one that reduces the violation most, until there is none.
 * @return false when it got stuck. */
bool contest_repair(const struct contest *contest, int *tower);

/* Sum of the affinity inside towers, negated for diverse: more is better. */
double contest_value(const struct contest *contest, const int *tower);

/* Best of that many random starts, each brought to its local optimum by the best move or swap
 * within the limits, again and again.
 * @return the number of starts that were legal; `tower` is filled when it is not 0. */
int contest_search(const struct contest *contest, int starts, uint64_t seed, int *tower);

/* METIS on the complete graph with unit vertex weights.
 * @return false when it gives no answer. */
bool contest_metis(const struct contest *contest, bool recursive, int *tower);

#endif
