/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds of an alltoall and of an allreduce on a tree of levels.
 *
 * In: topology and, per rank and level, bytes. Out: seconds, and per level the bytes of the busiest
 * rank. Links are full duplex: only the larger of the two directions counts. What is left out:
 * messages so small that the rate is not reached, and any overlap with other work.
 *
 * An uplink of level i belongs to a group of level i - 1 (a host for i = 1, whose rate may be its
 * own) and is shared by the ranks of that group. Letters: n ranks of the communicator, S bytes
 * reduced.
 *
 * Sources: ring, 2 (n - 1) steps of S / n bytes, Patarasuk & Yuan 2009,
 * doi:10.1016/j.jpdc.2008.09.002; hierarchical, the same ring level by level on what the level
 * below has left of S, Cho et al. 2019, doi:10.1147/JRD.2019.2947013. The alpha-beta form (latency
 * per message plus bytes over rate) is Hockney's, doi:10.1016/S0167-8191(06)80021-9. */
#include "cost/collective.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

double tp_curve_at(const struct tp_curve *curve, double world)
{
    const struct tp_curve_point *points = curve->points;
    int32_t last = curve->count - 1, i = 1;
    if (world <= points[0].world)
        return points[0].bytes_per_s;
    if (world >= points[last].world)
        return points[last].bytes_per_s;
    while (points[i].world < world)
        i++;
    double share = log(world / points[i - 1].world) / log(points[i].world / points[i - 1].world);
    double ratio = points[i].bytes_per_s / points[i - 1].bytes_per_s;
    return points[i - 1].bytes_per_s * pow(ratio, share);
}

enum tp_status tp_traffic_new(
    const struct tp_topology *topology, struct tp_traffic **traffic, struct tp_error *err)
{
    size_t levels = (size_t)topology->level_count;
    struct tp_traffic *t = TP_NEW(1, struct tp_traffic);
    if (!t)
        return tp_fail_memory(err);
    t->world = 1;
    t->rank_count = topology->rank_count;
    t->level_count = topology->level_count;
    t->sent = tp_new((size_t)topology->rank_count, levels * sizeof *t->sent);
    t->received = tp_new((size_t)topology->rank_count, levels * sizeof *t->received);
    t->peers = TP_NEW(levels, int32_t);
    if (!t->sent || !t->received || !t->peers) {
        tp_traffic_free(t);
        return tp_fail_memory(err);
    }
    *traffic = t;
    return TP_OK;
}

void tp_traffic_free(struct tp_traffic *traffic)
{
    if (!traffic)
        return;
    free(traffic->peers);
    free(traffic->received);
    free(traffic->sent);
    free(traffic);
}

void tp_traffic_clear(struct tp_traffic *traffic)
{
    size_t levels = (size_t)traffic->level_count, cells = (size_t)traffic->rank_count * levels;
    traffic->world = 1;
    memset(traffic->sent, 0, cells * sizeof *traffic->sent);
    memset(traffic->received, 0, cells * sizeof *traffic->received);
    memset(traffic->peers, 0, levels * sizeof *traffic->peers);
}

/* Ranks below an uplink of that level: a group of the level below. */
static int32_t uplink_ranks(const struct tp_topology *topology, int32_t level)
{
    return tp_topology_group(topology, level - 1);
}

/* Rate of the uplink of that level above a rank; infinite if it is not shared. */
static double uplink_rate(const struct tp_topology *topology, int32_t level, int32_t rank)
{
    double rate = level == 1 ? topology->hosts[rank / topology->ranks_per_host].uplink_bytes_per_s
                             : topology->levels[level].uplink_bytes_per_s;
    return rate > 0 ? rate : INFINITY;
}

/* Seconds of the busiest uplink of each level. Groups are runs of ranks, so one running sum per
 * level, emptied at the end of each group, is all it takes. */
static void busiest_uplinks(const struct tp_topology *topology, const struct tp_traffic *traffic,
    double seconds[TP_LEVELS_MAX])
{
    double out[TP_LEVELS_MAX] = {0}, in[TP_LEVELS_MAX] = {0};
    int32_t size[TP_LEVELS_MAX] = {0}, levels = traffic->level_count;
    for (int32_t i = 1; i < levels; i++)
        size[i] = uplink_ranks(topology, i);
    for (int32_t g = 0; g < traffic->rank_count; g++) {
        const double *sent = traffic->sent + (size_t)g * (size_t)levels;
        const double *received = traffic->received + (size_t)g * (size_t)levels;
        double outward = 0, inward = 0; /* with ranks met at level i or above */
        for (int32_t i = levels - 1; i >= 1; i--) {
            out[i] += outward += sent[i];
            in[i] += inward += received[i];
            if ((g + 1) % size[i])
                continue;
            double here = fmax(out[i], in[i]) / uplink_rate(topology, i, g);
            seconds[i] = fmax(seconds[i], here);
            out[i] = in[i] = 0;
        }
    }
}

static double busiest_rank(const struct tp_traffic *traffic, int32_t level)
{
    double bytes = 0;
    for (int32_t g = 0; g < traffic->rank_count; g++) {
        size_t cell = (size_t)g * (size_t)traffic->level_count + (size_t)level;
        bytes = fmax(bytes, fmax(traffic->sent[cell], traffic->received[cell]));
    }
    return bytes;
}

/* What a level carries in an alltoall over what its links could. The curve was measured with all
 * ranks sending alike, each getting its part of the uplink: that does not keep a rank from getting
 * more of it while others have less to send. */
static double alltoall_efficiency(const struct tp_topology *topology, int32_t i, int32_t world)
{
    const struct tp_level *level = &topology->levels[i];
    double part = INFINITY;
    if (level->alltoall.count == 0)
        return 1;
    if (i > 0 && level->uplink_bytes_per_s > 0)
        part = level->uplink_bytes_per_s / uplink_ranks(topology, i);
    return fmin(tp_curve_at(&level->alltoall, world), part) / fmin(level->bytes_per_s, part);
}

double tp_alltoall_seconds(const struct tp_topology *topology, const struct tp_traffic *traffic,
    double bytes[TP_LEVELS_MAX])
{
    double uplink[TP_LEVELS_MAX] = {0}, seconds = 0;
    memset(bytes, 0, TP_LEVELS_MAX * sizeof *bytes);
    busiest_uplinks(topology, traffic, uplink);
    for (int32_t i = 0; i < traffic->level_count; i++) {
        const struct tp_level *level = &topology->levels[i];
        double efficiency = alltoall_efficiency(topology, i, traffic->world);
        double most = busiest_rank(traffic, i);
        double transfer =
            fmax(most / level->bytes_per_s / efficiency, uplink[i] / fmin(efficiency, 1));
        seconds = fmax(seconds, traffic->peers[i] * level->latency_s + transfer);
        bytes[i] = most;
    }
    return seconds;
}

void tp_traffic_add(struct tp_traffic *sum, const struct tp_topology *topology,
    const struct tp_traffic *traffic, bool reversed)
{
    size_t levels = (size_t)traffic->level_count;
    const double *sent = reversed ? traffic->received : traffic->sent;
    const double *received = reversed ? traffic->sent : traffic->received;
    for (int32_t i = 0; i < traffic->level_count; i++) {
        double efficiency = fmin(1, alltoall_efficiency(topology, i, traffic->world));
        for (size_t g = 0; g < (size_t)traffic->rank_count; g++) {
            size_t cell = g * levels + (size_t)i;
            sum->sent[cell] += sent[cell] / efficiency;
            sum->received[cell] += received[cell] / efficiency;
        }
    }
}

double tp_busiest_link_seconds(const struct tp_topology *topology, const struct tp_traffic *sum)
{
    double seconds[TP_LEVELS_MAX] = {0}, most = 0;
    busiest_uplinks(topology, sum, seconds);
    for (int32_t i = 0; i < sum->level_count; i++)
        most = fmax(most, fmax(seconds[i], busiest_rank(sum, i) / topology->levels[i].bytes_per_s));
    return most;
}

/* One way of doing an allreduce. */
struct way {
    double seconds;
    double latency; /* the part of it that does not depend on the payload */
    double bytes[TP_LEVELS_MAX];
};

/* Seconds per byte of the slowest uplink of that level among the ranks' groups. */
static double uplink_seconds_per_byte(
    const struct tp_topology *topology, int32_t level, int32_t first, int32_t world)
{
    int32_t step = level == 1 ? topology->ranks_per_host : world;
    double slowest = 0;
    for (int32_t g = first; g < first + world; g += step)
        slowest = fmax(slowest, 1 / uplink_rate(topology, level, g));
    return slowest;
}

/* Whether the ranks are a whole number of groups of that level, or lie inside one. */
static bool fits_groups(const struct tp_topology *topology, int32_t level, int32_t world)
{
    int32_t group = tp_topology_group(topology, level);
    return group % world == 0 || world % group == 0;
}

/* Every rank sends S / n to the next one, 2 (n - 1) times, in step with the slowest hop. A shared
 * uplink carries one such stream each way; two where groups and communicators are cut differently,
 * because then a group may hold the ends of two rings. */
static struct way ring(
    const struct tp_topology *topology, int32_t first, int32_t world, int32_t outer, double each)
{
    struct way way = {0};
    double messages = 2.0 * (world - 1);
    for (int32_t i = 0; i < world; i++) {
        int32_t next = (i + 1) % world;
        way.bytes[tp_topology_joins(topology, first + i, first + next)] = each;
    }
    for (int32_t i = 0; i <= outer; i++) {
        const struct tp_level *level = &topology->levels[i];
        double latency = way.bytes[i] > 0 ? messages * level->latency_s : 0;
        double transfer = way.bytes[i] / level->bytes_per_s;
        if (i > 0) {
            double streams = fits_groups(topology, i - 1, world) ? 1 : 2;
            double per_byte = uplink_seconds_per_byte(topology, i, first, world);
            transfer = fmax(transfer, streams * each * per_byte);
        }
        way.latency = fmax(way.latency, latency);
        way.seconds = fmax(way.seconds, latency + transfer);
    }
    return way;
}

/* Rings inside the groups of each level in turn, from the inside out and back: at a level whose
 * groups below hold s ranks each, every rank reduces S / s with the f - 1 ranks in its place in the
 * other groups, and all s of them share the uplinks on the way. */
static struct way hierarchy(
    const struct tp_topology *topology, int32_t first, int32_t world, int32_t outer, double payload)
{
    struct way way = {0};
    int32_t below = 1;
    for (int32_t i = 0; i <= outer; i++) {
        const struct tp_level *level = &topology->levels[i];
        if (!fits_groups(topology, i, world)) {
            way.seconds = INFINITY;
            break;
        }
        int32_t group = tp_topology_group(topology, i);
        int32_t fanout = (group < world ? group : world) / below;
        double each = 2.0 * (fanout - 1) / fanout * payload / below;
        double latency = 2.0 * (fanout - 1) * level->latency_s;
        double transfer = each / level->bytes_per_s;
        for (int32_t j = 1; j <= i; j++)
            transfer = fmax(transfer, uplink_ranks(topology, j) * each *
                                          uplink_seconds_per_byte(topology, j, first, world));
        way.bytes[i] = each;
        way.latency += latency;
        way.seconds += latency + transfer;
        below *= fanout;
    }
    return way;
}

double tp_allreduce_seconds(const struct tp_topology *topology, int32_t first, int32_t world,
    double payload_bytes, double bytes[TP_LEVELS_MAX])
{
    memset(bytes, 0, TP_LEVELS_MAX * sizeof *bytes);
    if (world <= 1 || payload_bytes <= 0)
        return 0;
    int32_t outer = tp_topology_joins(topology, first, first + world - 1);
    double each = 2.0 * (world - 1) / world * payload_bytes;
    struct way way = ring(topology, first, world, outer, each);
    struct way other = hierarchy(topology, first, world, outer, payload_bytes);
    if (other.seconds < way.seconds)
        way = other;
    memcpy(bytes, way.bytes, sizeof way.bytes);
    const struct tp_curve *curve = &topology->levels[outer].allreduce;
    if (curve->count)
        return way.latency + each / tp_curve_at(curve, world);
    return way.seconds;
}
