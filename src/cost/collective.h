/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes and a path -> seconds. */
#ifndef TP_COST_COLLECTIVE_H
#define TP_COST_COLLECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/topology.h>

/* The traffic of one alltoall, filled by the caller from what each rank sends to each of its peers.
 * Two ranks meet at the lowest level that joins them. */
struct tp_traffic {
    int32_t world; /* size of one communicator; several may work side by side */
    int32_t rank_count, level_count;
    double *sent; /* (rank_count, level_count) bytes a rank sends to peers that it meets there */
    double *received; /* (rank_count, level_count) */
    int32_t *peers;   /* (level_count) the most peers that a rank meets there */
};

/* All zero, world 1. */
enum tp_status tp_traffic_new(
    const struct tp_topology *topology, struct tp_traffic **traffic, struct tp_error *err);
void tp_traffic_free(struct tp_traffic *traffic);

/* Back to all zero, world 1. */
void tp_traffic_clear(struct tp_traffic *traffic);

/* Seconds of an alltoall: levels work in parallel, each takes
 *   peers * latency + max(bytes / rate, busiest shared uplink's bytes / its rate) / efficiency,
 * bytes = max over ranks of max(sent, received); efficiency 1, or with an alltoall curve its value
 * at `world` over what a rank could send if all sent alike: the smaller of its rate and of its part
 * of the uplink (which it does not make faster). An uplink of a group carries, one way each, all traffic of its ranks with ranks
 * outside it, at whatever level they meet.
 * @param bytes  out, (TP_LEVELS_MAX): the bytes above, 0 for levels that are not there.
 * Cost: O(ranks * levels). */
double tp_alltoall_seconds(const struct tp_topology *topology, const struct tp_traffic *traffic,
    double bytes[TP_LEVELS_MAX]);

/* Adds the traffic of one alltoall to that of others: what its links carry, each byte counted as often as the
 * alltoall's efficiency makes it last.
 * @param reversed  what is sent there counts as received here, and the other way round. */
void tp_traffic_add(struct tp_traffic *sum, const struct tp_topology *topology,
    const struct tp_traffic *traffic, bool reversed);

/* Seconds that the busiest link, in its busier direction, needs for such a sum: no order of the
 * alltoalls takes less. Cost: O(ranks * levels). */
double tp_busiest_link_seconds(const struct tp_topology *topology, const struct tp_traffic *sum);

/* Seconds of an allreduce of payload_bytes over the ranks first .. first + world - 1, whole hosts
 * or ranks of one host, `first` being a multiple of `world`: the better of one ring over all of
 * them and a hierarchical one (reduce-scatter outward, allgather back inward). With an allreduce
 * curve at the outermost level used, the transfer takes 2 (world - 1) / world * payload_bytes at
 * that measured rate, beside the latency of the way chosen.
 * @param bytes  out, (TP_LEVELS_MAX): max over ranks of bytes sent at each level by the way chosen.
 * Cost: O(world * levels). */
double tp_allreduce_seconds(const struct tp_topology *topology, int32_t first, int32_t world,
    double payload_bytes, double bytes[TP_LEVELS_MAX]);

/* Value of a curve at that world size: log-log interpolated, ends clamped. */
double tp_curve_at(const struct tp_curve *curve, double world);

#endif
