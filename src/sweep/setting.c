/* SPDX-License-Identifier: Apache-2.0 */
/* Specs as a setting has them.
 *
 * In: the specs of the user and one setting. Out: a topology of its own, a model that shares the
 * arrays of the user's. Levels are scaled at the outermost one that the ranks reach: with levels of
 * 8 (host), 8 (rack) and 8 (cluster), 16 ranks are 2 hosts of one rack and 1,024 are 16 racks.
 * Levels that are not reached stay with one group, so the outermost level is always the same one.
 *
 * A faster network is faster in everything that was said of it: uplinks and measured curves of the
 * outermost level change by the same factor as its bandwidth. Cost: O(ranks). */
#include "sweep/setting.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>

/* @param fanout  out, (levels). */
static bool find_fanouts(
    const struct tp_topology *topology, int64_t ranks, int32_t fanout[TP_LEVELS_MAX])
{
    int32_t last = topology->level_count - 1;
    int64_t left = ranks; /* groups of the level below */
    for (int32_t i = 0; i <= last; i++) {
        int32_t usual = topology->levels[i].fanout;
        bool reached = left >= usual || i == 0; /* a host is never cut */
        if (i == last && i > 0) {
            fanout[i] = (int32_t)left;
            return true;
        }
        fanout[i] = reached ? usual : (int32_t)left;
        if (left % fanout[i])
            return false;
        left /= fanout[i];
    }
    return left == 1; /* one level is one host */
}

bool tp_setting_has_ranks(const struct tp_topology *topology, int64_t ranks)
{
    int32_t ignored[TP_LEVELS_MAX];
    return ranks >= 1 && ranks <= TP_RANKS_MAX && find_fanouts(topology, ranks, ignored);
}

static void scale_curve(struct tp_curve *curve, double factor)
{
    for (int32_t i = 0; i < curve->count; i++)
        curve->points[i].bytes_per_s *= factor;
}

/* Before hosts are added, which take their uplink from the level. */
static void scale_network(struct tp_topology *topology, double bytes_per_s)
{
    struct tp_level *level = &topology->levels[topology->level_count - 1];
    double factor = bytes_per_s / level->bytes_per_s;
    level->bytes_per_s = bytes_per_s;
    level->uplink_bytes_per_s *= factor;
    scale_curve(&level->alltoall, factor);
    scale_curve(&level->allreduce, factor);
    if (topology->level_count == 2)
        for (int32_t h = 0; h < topology->host_count; h++)
            topology->hosts[h].uplink_bytes_per_s *= factor;
}

static enum tp_status resize_hosts(
    struct tp_topology *topology, int32_t host_count, struct tp_error *err)
{
    struct tp_host *hosts = tp_resize(topology->hosts, (size_t)host_count, sizeof *hosts);
    if (!hosts)
        return tp_fail_memory(err);
    double uplink = topology->level_count > 1 ? topology->levels[1].uplink_bytes_per_s : 0;
    for (int32_t h = topology->host_count; h < host_count; h++)
        hosts[h] = (struct tp_host){topology->device.memory_bytes, uplink};
    topology->hosts = hosts;
    topology->host_count = host_count;
    return TP_OK;
}

enum tp_status tp_setting_topology(const struct tp_topology *topology,
    const struct tp_sweep_setting *setting, struct tp_topology **copy, struct tp_error *err)
{
    struct tp_topology *t = NULL;
    int32_t fanout[TP_LEVELS_MAX] = {0};
    enum tp_status status = tp_topology_copy(topology, &t, err);
    if (status)
        return status;
    find_fanouts(topology, setting->ranks, fanout);
    for (int32_t i = 0; i < t->level_count; i++)
        t->levels[i].fanout = fanout[i];
    t->rank_count = setting->ranks;
    t->hosts_per_tower = setting->towers ? setting->hosts_per_tower : 1;
    scale_network(t, setting->bytes_per_s);
    status = resize_hosts(t, setting->ranks / t->ranks_per_host, err);
    if (status) {
        tp_topology_free(t);
        return status;
    }
    *copy = t;
    return TP_OK;
}

struct tp_model tp_setting_model(
    const struct tp_model *model, const struct tp_sweep_setting *setting)
{
    struct tp_model m = *model;
    m.batch_size = setting->batch;
    m.local_batch_size = 0;
    m.tower_module = setting->module;
    m.forward = setting->forward;
    m.backward = setting->backward;
    return m;
}
