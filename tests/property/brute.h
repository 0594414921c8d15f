/* SPDX-License-Identifier: Apache-2.0 */
/* Settles small planning problems by trying everything: all assignments of units to towers, and for
 * each all placements of their tables on ranks. */
#ifndef PROPERTY_BRUTE_H
#define PROPERTY_BRUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "workload.h"

enum { BRUTE_UNITS_MAX = 12 };

struct brute_query {
    double balance, ratio; /* limits; NAN: none given */
    bool stride;           /* only the assignment of unit i to tower i mod T */
    bool tightest;         /* also find the smallest limits, in place of those not given */
    const float *affinity; /* (F, F): also find the best share of it inside towers; NULL: no.
                              Not with tightest */
    bool diverse;          /* the smallest share is the best, else the largest */
    int64_t steps;         /* search steps before giving up */
};

struct brute_answer {
    bool decided; /* false: out of steps, or too many units; the rest means nothing */
    bool feasible;
    /* Given limits as given. If tightest, the others are the smallest ratio of {1.00, 1.01, ...},
     * then the smallest balance of {0.05, 0.06, ...}, at which there is an assignment. */
    double ratio, balance;
    double inside; /* with an affinity and feasible: the best share of all pairs of features */
};

struct brute_answer brute_solve(const struct workload *w, const struct brute_query *query);

/* Units of a workload: brute_solve() takes up to BRUTE_UNITS_MAX. */
int brute_unit_count(const struct workload *w);

#endif
