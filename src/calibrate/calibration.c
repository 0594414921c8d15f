/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured of a machine, and the topology that it makes.
 *
 * In: figures by kind, level and size of communicator. Out: a topology of one level (one host) or
 * two. A measured curve takes the place of the level's rate for its collective; latency and uplink
 * are the level's own. Hosts are taken to be alike: what is written was measured on the first ones,
 * or is that of the slowest rank where all take part. Pure functions. */
#include "calibrate/calibration.h"

#include "base/fail.h"
#include "base/memory.h"
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_names[] = {"host", "cluster"};

const struct tp_figure *tp_calibration_find(
    const struct tp_calibration *calibration, enum tp_figure_kind kind, int32_t level)
{
    for (int32_t i = 0; i < calibration->count; i++)
        if (calibration->figures[i].kind == kind && calibration->figures[i].level == level)
            return &calibration->figures[i];
    return NULL;
}

enum tp_status tp_calibration_hosts(const int32_t *node, const char *const *names, int32_t ranks,
    int32_t *ranks_per_host, struct tp_error *err)
{
    int32_t each = 0;
    while (each < ranks && node[each] == 0)
        each++;
    for (int32_t g = 0; g < ranks; g++)
        if (node[g] != g / each * each)
            return tp_fail(err, TP_EINPUT,
                "found rank %d on host %s, expected %d rank%s on each host, side by side, as on "
                "%s: mpirun --map-by slot, or say --hosts-size L",
                (int)g, names[g], (int)each, tp_plural(each), names[0]);
    if (ranks % each)
        return tp_fail(err, TP_EINPUT,
            "found %d rank%s on host %s, expected %d as on %s: as many on each host, or say "
            "--hosts-size L",
            (int)(ranks % each), tp_plural(ranks % each), names[ranks - 1], (int)each, names[0]);
    *ranks_per_host = each;
    return TP_OK;
}

/* Adds unit * 2, unit * 4, ... below `all`, and `all`. */
static int32_t add_worlds(int32_t unit, int32_t all, int32_t worlds[TP_WORLDS_MAX], int32_t count)
{
    for (int64_t world = 2 * (int64_t)unit; world < all; world *= 2)
        worlds[count++] = (int32_t)world;
    if (all > unit)
        worlds[count++] = all;
    return count;
}

int32_t tp_calibration_worlds(int32_t ranks, int32_t ranks_per_host, int32_t worlds[TP_WORLDS_MAX])
{
    int32_t count = add_worlds(1, ranks_per_host, worlds, 0);
    return add_worlds(ranks_per_host, ranks, worlds, count);
}

static bool make_curve(const struct tp_calibration *calibration, enum tp_figure_kind kind,
    int32_t level, struct tp_curve *curve)
{
    curve->points = TP_NEW(calibration->count, struct tp_curve_point);
    if (!curve->points)
        return false;
    for (int32_t i = 0; i < calibration->count; i++) {
        const struct tp_figure *figure = &calibration->figures[i];
        if (figure->kind == kind && figure->level == level)
            curve->points[curve->count++] =
                (struct tp_curve_point){figure->world, figure->fit.value.median};
    }
    return true;
}

static double value_of(const struct tp_calibration *calibration, enum tp_figure_kind kind,
    int32_t level, double otherwise)
{
    const struct tp_figure *figure = tp_calibration_find(calibration, kind, level);
    return figure ? figure->fit.value.median : otherwise;
}

static bool make_level(const struct tp_calibration *calibration, const struct tp_topology *base,
    int32_t i, struct tp_topology *topology)
{
    struct tp_level *level = &topology->levels[i];
    bool named = base && base->level_count >= topology->level_count;
    const char *name = named ? base->levels[i].name : level_names[i];
    int32_t per_host = calibration->ranks_per_host;
    level->name = tp_copy_text(name, strlen(name));
    level->fanout = i ? calibration->ranks / per_host : per_host;
    level->bytes_per_s =
        value_of(calibration, TP_FIGURE_RATE, i, topology->device.memory_bytes_per_s);
    level->latency_s = value_of(calibration, TP_FIGURE_LATENCY, i, 0);
    level->uplink_bytes_per_s = i ? value_of(calibration, TP_FIGURE_UPLINK, i, 0) : 0;
    return level->name && make_curve(calibration, TP_FIGURE_ALLTOALL, i, &level->alltoall) &&
           make_curve(calibration, TP_FIGURE_ALLREDUCE, i, &level->allreduce);
}

static bool make_hosts(const struct tp_topology *base, struct tp_topology *topology)
{
    bool same = base && base->host_count == topology->host_count;
    topology->hosts = TP_NEW(topology->host_count, struct tp_host);
    for (int32_t h = 0; topology->hosts && h < topology->host_count; h++)
        topology->hosts[h] =
            (struct tp_host){same ? base->hosts[h].memory_bytes : topology->device.memory_bytes,
                topology->level_count > 1 ? topology->levels[1].uplink_bytes_per_s : 0};
    return topology->hosts != NULL;
}

/* No slower than with all at once, whatever disturbed the measurement. */
static struct tp_alone make_alone(
    const struct tp_calibration *calibration, const struct tp_device *device)
{
    double memory = value_of(calibration, TP_FIGURE_LOOKUP_ALONE, -1, 0);
    double flops = value_of(calibration, TP_FIGURE_DENSE_ALONE, -1, 0);
    if (calibration->machine_ranks < 2 || memory <= 0 || flops <= 0)
        return (struct tp_alone){0};
    return (struct tp_alone){calibration->machine_ranks, fmax(memory, device->memory_bytes_per_s),
        fmax(flops, device->flops_per_s)};
}

static struct tp_device make_device(
    const struct tp_calibration *calibration, const struct tp_topology *base)
{
    struct tp_device device = {.memory_bytes = calibration->memory_bytes, .reserve = 0.15};
    if (base)
        device = base->device;
    device.exchange_s = value_of(calibration, TP_FIGURE_EXCHANGE, -1, 0);
    device.memory_bytes_per_s = value_of(calibration, TP_FIGURE_LOOKUP, -1, 1);
    device.flops_per_s = value_of(calibration, TP_FIGURE_DENSE, -1, 1);
    device.alone = make_alone(calibration, &device);
    return device;
}

enum tp_status tp_calibration_topology(const struct tp_calibration *calibration,
    const struct tp_topology *base, struct tp_topology **topology, struct tp_error *err)
{
    const char *name = base ? base->name : "calibrated";
    int32_t hosts = calibration->ranks / calibration->ranks_per_host;
    int32_t hosts_per_tower = base ? base->hosts_per_tower : 1;
    if (hosts % hosts_per_tower)
        return tp_fail(err, TP_EINPUT,
            "found hosts_per_tower: %d, expected a divisor of the %d host%s that run",
            (int)hosts_per_tower, (int)hosts, tp_plural(hosts));
    struct tp_topology *made = TP_NEW(1, struct tp_topology);
    if (!made)
        return tp_fail_memory(err);
    made->name = tp_copy_text(name, strlen(name));
    made->hosts_per_tower = hosts_per_tower;
    made->rank_count = calibration->ranks;
    made->ranks_per_host = calibration->ranks_per_host;
    made->host_count = hosts;
    made->device = make_device(calibration, base);
    made->level_count = hosts > 1 ? 2 : 1;
    bool whole = made->name != NULL;
    for (int32_t i = 0; whole && i < made->level_count; i++)
        whole = make_level(calibration, base, i, made);
    if (!whole || !make_hosts(base, made)) {
        tp_topology_free(made);
        return tp_fail_memory(err);
    }
    *topology = made;
    return TP_OK;
}
