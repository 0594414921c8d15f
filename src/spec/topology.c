/* SPDX-License-Identifier: Apache-2.0 */
/* The topology spec in memory: its lifetime, and where ranks meet. Reading and writing are in
 * topology_read.c and topology_write.c.
 *
 * Ranks are numbered from the innermost level outwards, so the group of a rank at a level is its
 * number divided by the size of such a group. */
#include "spec/spec.h"

#include "base/fail.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void tp_topology_free(struct tp_topology *topology)
{
    if (!topology)
        return;
    for (int32_t i = 0; i < topology->level_count; i++) {
        struct tp_level *level = &topology->levels[i];
        free(level->name);
        free(level->alltoall.points);
        free(level->allreduce.points);
    }
    free(topology->hosts);
    free(topology->name);
    free(topology);
}

static bool copy_curve(const struct tp_curve *from, struct tp_curve *to)
{
    if (!from->count)
        return true;
    to->points = TP_NEW(from->count, struct tp_curve_point);
    if (!to->points)
        return false;
    to->count = from->count;
    memcpy(to->points, from->points, (size_t)from->count * sizeof *to->points);
    return true;
}

static bool copy_level(const struct tp_level *from, struct tp_level *to)
{
    *to = *from;
    to->alltoall = to->allreduce = (struct tp_curve){NULL, 0};
    to->name = tp_copy_text(from->name, strlen(from->name));
    return to->name && copy_curve(&from->alltoall, &to->alltoall) &&
           copy_curve(&from->allreduce, &to->allreduce);
}

enum tp_status tp_topology_copy(
    const struct tp_topology *from, struct tp_topology **to, struct tp_error *err)
{
    struct tp_topology *copy = TP_NEW(1, struct tp_topology);
    if (!copy)
        return tp_fail_memory(err);
    *copy = *from;
    memset(copy->levels, 0, sizeof copy->levels);
    copy->name = tp_copy_text(from->name, strlen(from->name));
    copy->hosts = TP_NEW(from->host_count, struct tp_host);
    bool whole = copy->name && copy->hosts;
    for (int32_t i = 0; whole && i < from->level_count; i++)
        whole = copy_level(&from->levels[i], &copy->levels[i]);
    if (!whole) {
        tp_topology_free(copy);
        return tp_fail_memory(err);
    }
    memcpy(copy->hosts, from->hosts, (size_t)from->host_count * sizeof *copy->hosts);
    *to = copy;
    return TP_OK;
}

int32_t tp_topology_group(const struct tp_topology *topology, int32_t level)
{
    int32_t ranks = 1;
    for (int32_t i = 0; i <= level; i++)
        ranks *= topology->levels[i].fanout;
    return ranks;
}

int32_t tp_topology_joins(const struct tp_topology *topology, int32_t a, int32_t b)
{
    assert(a != b);
    int32_t level = 0;
    int32_t group = topology->levels[0].fanout;
    while (a / group != b / group)
        group *= topology->levels[++level].fanout;
    return level;
}

int64_t tp_topology_rank_capacity(const struct tp_topology *topology, int32_t rank)
{
    int64_t memory_bytes = topology->hosts[rank / topology->ranks_per_host].memory_bytes;
    return (int64_t)floor((double)memory_bytes * (1.0 - topology->device.reserve));
}

int32_t tp_topology_ranks_per_tower(const struct tp_topology *topology)
{
    return topology->ranks_per_host * topology->hosts_per_tower;
}

int32_t tp_topology_towers(const struct tp_topology *topology)
{
    return topology->host_count / topology->hosts_per_tower;
}
