/* SPDX-License-Identifier: Apache-2.0 */
/* Triangle inequalities of clique partitioning (Groetschel & Wakabayashi 1990, doi:10.1007/BF01580860),
 * as Lagrange multipliers: with price p >= 0 for uv + uw - vw <= 1, all matrices that obey are worth at
 * most p more than at the costs less p for uv and uw, plus p for vw. Any prices give a bound; the
 * steps here bring them near the best. */
#include "partition/triangles.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PER_UNIT 30    /* triangles kept at most; some hundreds suffice at 30 units */
#define BROKEN 0.05    /* less is not worth a price */
#define FORGOTTEN 0.05 /* room left, at price 0 */

enum tp_status tp_triangles_init(
    struct tp_triangles *triangles, int32_t units, struct tp_error *err)
{
    *triangles = (struct tp_triangles){.most = PER_UNIT * units};
    triangles->list = TP_NEW(triangles->most, struct tp_triangle);
    return triangles->list ? TP_OK : tp_fail_memory(err);
}

enum tp_status tp_triangles_copy(
    struct tp_triangles *to, const struct tp_triangles *from, struct tp_error *err)
{
    *to = (struct tp_triangles){.most = from->most, .count = from->count};
    to->list = TP_NEW(to->most, struct tp_triangle);
    if (!to->list)
        return tp_fail_memory(err);
    memcpy(to->list, from->list, (size_t)from->count * sizeof *to->list);
    return TP_OK;
}

int64_t tp_triangles_bytes(int32_t units)
{
    return (int64_t)PER_UNIT * units * (int64_t)sizeof(struct tp_triangle);
}

void tp_triangles_release(struct tp_triangles *triangles)
{
    free(triangles->list);
    *triangles = (struct tp_triangles){0};
}

/* How much it is broken by; negative: room left. */
static double broken(const struct tp_triangle *t, const double *z, int32_t n)
{
    double uv = tp_pair_share(z, n, t->u, t->v), uw = tp_pair_share(z, n, t->u, t->w),
           vw = tp_pair_share(z, n, t->v, t->w);
    return t->covers ? 1 - uv - uw - vw : uv + uw - vw - 1;
}

static void offer(
    struct tp_triangles *triangles, struct tp_triangle triangle, const double *z, int32_t n)
{
    if (triangles->count < triangles->most && broken(&triangle, z, n) > BROKEN)
        triangles->list[triangles->count++] = triangle;
}

void tp_triangles_find(struct tp_triangles *triangles, const double *z, int32_t n, bool two_towers)
{
    for (int32_t u = 0; u < n; u++) {
        for (int32_t v = 0; v < n; v++) {
            /* Broken ones need uv + uw above 1 + BROKEN. */
            bool may = v != u && tp_pair_share(z, n, u, v) > BROKEN;
            for (int32_t w = 0; w < v && w != u && may; w++)
                offer(triangles, (struct tp_triangle){.u = u, .v = v, .w = w}, z, n);
            for (int32_t w = u + 1; w < v && may; w++)
                offer(triangles, (struct tp_triangle){.u = u, .v = v, .w = w}, z, n);
            for (int32_t w = 0; w < v && v < u && two_towers; w++)
                offer(triangles, (struct tp_triangle){u, v, w, true, 0}, z, n);
        }
    }
}

static void charge(double *cost, int64_t n, int32_t u, int32_t v, double price)
{
    cost[u * n + v] -= 0.5 * price;
    cost[v * n + u] -= 0.5 * price;
}

void tp_triangles_price(
    struct tp_triangles *triangles, const double *z, int32_t n, double rate, double *cost)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < triangles->count; i++) {
        struct tp_triangle t = triangles->list[i];
        double by = broken(&t, z, n), price = fmax(0, t.price + rate * by);
        double more = t.covers ? t.price - price : price - t.price;
        charge(cost, n, t.u, t.v, more);
        charge(cost, n, t.u, t.w, more);
        charge(cost, n, t.v, t.w, t.covers ? more : -more);
        t.price = price;
        if (price > 0 || by > -FORGOTTEN)
            triangles->list[kept++] = t;
    }
    triangles->count = kept;
}

double tp_triangles_worth(const struct tp_triangles *triangles)
{
    double sum = 0;
    for (int32_t i = 0; i < triangles->count; i++)
        sum += triangles->list[i].covers ? -triangles->list[i].price : triangles->list[i].price;
    return sum;
}
