/* SPDX-License-Identifier: Apache-2.0 */
/* What the matrix of towers obeys of three units at a time, charged for where it is broken: u with v
 * and u with w makes v with w; and of two towers, one holds two of any three units. */
#ifndef TP_PARTITION_TRIANGLES_H
#define TP_PARTITION_TRIANGLES_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>

struct tp_triangle {
    int32_t u, v, w;
    bool covers;  /* uv + uw + vw >= 1; else uv + uw - vw <= 1 */
    double price; /* at least 0 */
};

struct tp_triangles {
    struct tp_triangle *list;
    int32_t count, most;
};

/* @param triangles  out, to be released with tp_triangles_release(). @return TP_ENOMEM. */
enum tp_status tp_triangles_init(
    struct tp_triangles *triangles, int32_t units, struct tp_error *err);
/* A copy with as much room. @return TP_ENOMEM. */
enum tp_status tp_triangles_copy(
    struct tp_triangles *to, const struct tp_triangles *from, struct tp_error *err);
int64_t tp_triangles_bytes(int32_t units);
void tp_triangles_release(struct tp_triangles *triangles);

/* Adds those that are plainly broken, as many as there is room for. O(U^3).
 * @param z  (n, n), taken as symmetric by the mean of both halves. */
void tp_triangles_find(struct tp_triangles *triangles, const double *z, int32_t n, bool two_towers);

/* Moves each price by `rate` times what its triangle is broken by, charges the difference in the costs,
 * and forgets those that are free and hold.
 * @param cost  (n, n) of either order of a pair, half of it each. */
void tp_triangles_price(
    struct tp_triangles *triangles, const double *z, int32_t n, double rate, double *cost);

/* What all charges amount to at most, by any matrix that obeys: to be added to a bound on the charged
 * costs. */
double tp_triangles_worth(const struct tp_triangles *triangles);

#endif
