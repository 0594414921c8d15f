/* SPDX-License-Identifier: Apache-2.0 */
/* Units into clusters of bounded sizes at the least total cost: the transportation problem that is
 * the assignment step of constrained k-means. */
#ifndef TP_PARTITION_TRANSPORT_H
#define TP_PARTITION_TRANSPORT_H

#include <stdint.h>

#include <towerpart/status.h>

struct tp_transport;

/* @param least, most  units of every cluster, with k * least <= n <= k * most.
 * @return TP_ENOMEM. Takes 12 (k^2 + n) bytes. */
enum tp_status tp_transport_new(int32_t n, int32_t k, int32_t least, int32_t most,
    struct tp_transport **transport, struct tp_error *err);
void tp_transport_free(struct tp_transport *transport);

/* One of the cheapest assignments. The prices it ends with are where the next call starts, so a
 * sequence of similar costs is fast.
 * @param cost  (n, k), finite.
 * @return cluster of each unit, (n); valid until the next call. */
const int32_t *tp_transport_solve(struct tp_transport *transport, const double *cost);

#endif
