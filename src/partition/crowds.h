/* SPDX-License-Identifier: Apache-2.0 */
/* What the matrix of towers obeys of units that are too many for a tower: however a crowd of them is
 * dealt out, only so many of its pairs share a tower. Charged for where it is broken. */
#ifndef TP_PARTITION_CROWDS_H
#define TP_PARTITION_CROWDS_H

#include <stdint.h>

#include "partition/problem.h"

struct tp_crowd {
    int32_t first, count; /* of tp_crowds.unit */
    int32_t group;        /* number among those that were planted, or -1 */
    int32_t in_one;       /* members in one tower at most */
    double most;          /* pairs in one tower at most, each both ways */
    double dealt;         /* the same where other crowds want the towers, too; else `most` */
    double price;         /* of such a pair, at least 0 */
};

struct tp_crowds {
    const struct tp_problem *problem; /* borrowed */
    struct tp_crowd *list;
    int32_t *unit; /* of all crowds, one after the other */
    int32_t count, most, units, units_most;
};

/* Room for crowds, and none yet.
 * @param crowds  out, to be released with tp_crowds_release(), also on failure. @return TP_ENOMEM. */
enum tp_status tp_crowds_init(
    struct tp_crowds *crowds, const struct tp_problem *problem, struct tp_error *err);
/* A copy with as much room. @return TP_ENOMEM. */
enum tp_status tp_crowds_copy(
    struct tp_crowds *to, const struct tp_crowds *from, struct tp_error *err);
int64_t tp_crowds_bytes(int32_t units);
void tp_crowds_release(struct tp_crowds *crowds);

/* Begins with groups that have more affinity inside than to others, none of them sharing a unit, each at
 * the price that makes up for the difference. O(U^2). @return TP_ENOMEM. */
enum tp_status tp_crowds_plant(struct tp_crowds *crowds, struct tp_error *err);

/* Adds crowds that are plainly broken, as many as there is room for.
 * Cost: O(U^2) times the units of a crowd, at most.
 * @param z  (U, U), taken as symmetric by the mean of both halves. @return TP_ENOMEM. */
enum tp_status tp_crowds_find(struct tp_crowds *crowds, const double *z, struct tp_error *err);

/* Moves each price by `rate` times what a pair of its crowd is together beyond `dealt`, on average, charges the
 * difference in the costs, and forgets those that are free and hold.
 * @param cost  (U, U) of either order of a pair. */
void tp_crowds_price(struct tp_crowds *crowds, const double *z, double rate, double *cost);

/* Charges the prices as they are in one unit's row of the costs. O(U). */
void tp_crowds_charge(const struct tp_crowds *crowds, int32_t unit, double *row);

/* What all charges amount to at most, by any matrix that obeys: to be added to a bound on the charged
 * costs. */
double tp_crowds_worth(const struct tp_crowds *crowds);

#endif
