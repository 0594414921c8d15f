/* SPDX-License-Identifier: Apache-2.0 */
/* A document's nodes to a resolved topology spec, as model_read.c does for models.
 *
 * Order: version, device, levels (which give the numbers of ranks and hosts), hosts_per_tower and
 * the hosts that differ, which are checked against those numbers.
 *
 * Rates stay in [1, 1e30] and latencies under 1e6 s, so that no predicted time overflows. Cost:
 * linear in the document and in the number of hosts. */
#include "spec/spec.h"

#include "base/fail.h"
#include "base/memory.h"
#include "spec/common.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BYTES_MAX ((int64_t)1 << 60)
#define RATE_MIN 1.0
#define RATE_MAX 1e30
#define LATENCY_MAX 1e6
#define RESERVE_DEFAULT 0.15

struct reader {
    const struct tp_yaml *yaml;
    struct tp_topology *topology; /* being filled; owns what it holds */
    struct tp_error *err;
};

#define WHY_RANKS "hosts with different numbers of ranks are not supported, levels give one number"

/* Of an entry of `hosts`. */
static const struct tp_refusal refused_of_host[] = {
    {"ranks*", WHY_RANKS},
    {"fanout", WHY_RANKS},
    {"device*", WHY_RANKS},
    {"gpu*", WHY_RANKS},
    {"slots", WHY_RANKS},
    {NULL, NULL},
};

#define WHY_TIER "host-memory (UVM) tiers are not supported, tables live in device memory"

/* Of the rest. */
static const struct tp_refusal refused[] = {
    {"ranks_per_host", WHY_RANKS},
    {"host_memory*", WHY_TIER},
    {"uvm*", WHY_TIER},
    {"cache*", WHY_TIER},
    {NULL, NULL},
};

static enum tp_status read_rate(const struct reader *r, const struct tp_yaml_node *mapping,
    const char *key, bool required, double *bytes_per_s)
{
    return tp_yaml_real(r->yaml, mapping, key, required, RATE_MIN, RATE_MAX, bytes_per_s, r->err);
}

/* Optional. */
static enum tp_status read_alone(const struct reader *r, const struct tp_yaml_node *device_node)
{
    static const char *const keys[] = {"ranks", "memory_bytes_per_s", "flops_per_s", NULL};
    const struct tp_yaml_node *node = tp_yaml_get(device_node, "alone");
    struct tp_device *device = &r->topology->device;
    int64_t ranks = 0;
    if (!node)
        return TP_OK;
    enum tp_status status = tp_spec_mapping(r->yaml, node, keys, refused, r->err);
    if (status == TP_OK)
        status = tp_yaml_integer(r->yaml, node, "ranks", true, 1, TP_RANKS_MAX, &ranks, r->err);
    if (status == TP_OK)
        status = tp_yaml_real(r->yaml, node, "memory_bytes_per_s", true, device->memory_bytes_per_s,
            RATE_MAX, &device->alone.memory_bytes_per_s, r->err);
    if (status == TP_OK)
        status = tp_yaml_real(r->yaml, node, "flops_per_s", true, device->flops_per_s, RATE_MAX,
            &device->alone.flops_per_s, r->err);
    device->alone.ranks = (int32_t)ranks;
    return status;
}

static enum tp_status read_device(const struct reader *r, const struct tp_yaml_node *root)
{
    static const char *const keys[] = {"memory_bytes", "reserve", "memory_bytes_per_s",
        "flops_per_s", "exchange_s", "alone", NULL};
    struct tp_device *device = &r->topology->device;
    const struct tp_yaml_node *node = NULL;
    device->reserve = RESERVE_DEFAULT;
    enum tp_status status =
        tp_yaml_need(r->yaml, root, "device", "a mapping that describes one rank", &node, r->err);
    if (status == TP_OK)
        status = tp_spec_mapping(r->yaml, node, keys, refused, r->err);
    if (status == TP_OK)
        status = tp_yaml_integer(r->yaml, node, "memory_bytes", true, 1, MEMORY_BYTES_MAX,
            &device->memory_bytes, r->err);
    if (status == TP_OK)
        status = tp_yaml_real(r->yaml, node, "reserve", false, 0.0, 1.0, &device->reserve, r->err);
    if (status == TP_OK && device->reserve == 1.0)
        return tp_yaml_fail(r->yaml, tp_yaml_get(node, "reserve"), r->err,
            "found a reserve of 1, expected less than 1: nothing would be left for embeddings");
    if (status == TP_OK)
        status = read_rate(r, node, "memory_bytes_per_s", true, &device->memory_bytes_per_s);
    if (status == TP_OK)
        status = read_rate(r, node, "flops_per_s", true, &device->flops_per_s);
    if (status == TP_OK)
        status = tp_yaml_real(
            r->yaml, node, "exchange_s", false, 0.0, LATENCY_MAX, &device->exchange_s, r->err);
    if (status == TP_OK)
        status = read_alone(r, node);
    return status;
}

static enum tp_status read_point(const struct reader *r, const struct tp_yaml_node *pair,
    double world_before, struct tp_curve_point *point)
{
    enum tp_status status = tp_yaml_expect_sequence(r->yaml, pair, 2, r->err);
    if (status != TP_OK)
        return status;
    if (pair->count != 2)
        return tp_yaml_fail(r->yaml, pair, r->err,
            "found a list of %zu, expected a pair [world, bytes_per_s]", pair->count);
    int64_t world;
    status = tp_yaml_as_integer(r->yaml, pair->items[0], 1, TP_RANKS_MAX, &world, r->err);
    if (status != TP_OK)
        return status;
    if ((double)world <= world_before)
        return tp_yaml_fail(r->yaml, pair->items[0], r->err,
            "found the world size %lld after %.0f, expected ascending ones", (long long)world,
            world_before);
    point->world = (double)world;
    return tp_yaml_as_real(
        r->yaml, pair->items[1], RATE_MIN, RATE_MAX, &point->bytes_per_s, r->err);
}

static enum tp_status read_curve(const struct reader *r, const struct tp_yaml_node *level,
    const char *key, struct tp_curve *curve)
{
    const struct tp_yaml_node *list = tp_yaml_get(level, key);
    if (!list)
        return TP_OK;
    enum tp_status status = tp_yaml_expect_sequence(r->yaml, list, 1, r->err);
    if (status != TP_OK)
        return status;
    curve->points = TP_NEW(list->count, struct tp_curve_point);
    if (!curve->points)
        return tp_fail_memory(r->err);
    curve->count = (int32_t)list->count;
    double world_before = 0.0;
    for (size_t i = 0; i < list->count && status == TP_OK; i++) {
        status = read_point(r, list->items[i], world_before, &curve->points[i]);
        world_before = curve->points[i].world;
    }
    return status;
}

/* Only the levels above the innermost have groups below them to share an uplink. */
static enum tp_status read_uplink(
    const struct reader *r, const struct tp_yaml_node *node, int32_t index, struct tp_level *level)
{
    const struct tp_yaml_node *uplink = tp_yaml_get(node, "uplink_bytes_per_s");
    if (uplink && index == 0)
        return tp_yaml_fail(r->yaml, uplink, r->err,
            "found an uplink of the innermost level, expected none: an uplink belongs to each "
            "group of the level below");
    return read_rate(r, node, "uplink_bytes_per_s", false, &level->uplink_bytes_per_s);
}

static enum tp_status read_fanout(
    const struct reader *r, const struct tp_yaml_node *node, struct tp_level *level)
{
    const struct tp_yaml_node *fanout = tp_yaml_get(node, "fanout");
    if (fanout && fanout->kind == TP_YAML_SEQUENCE)
        return tp_yaml_fail(
            r->yaml, fanout, r->err, "found a list, expected one number: %s", WHY_RANKS);
    enum tp_status status =
        tp_yaml_int32(r->yaml, node, "fanout", true, 1, TP_RANKS_MAX, &level->fanout, r->err);
    if (status != TP_OK)
        return status;
    if (level->fanout > TP_RANKS_MAX / r->topology->rank_count)
        return tp_yaml_fail(r->yaml, fanout, r->err,
            "found a fanout of %d over %d ranks, expected at most %d ranks in all", level->fanout,
            r->topology->rank_count, TP_RANKS_MAX);
    r->topology->rank_count *= level->fanout;
    return TP_OK;
}

static enum tp_status read_level(
    const struct reader *r, const struct tp_yaml_node *node, int32_t index)
{
    static const char *const keys[] = {"name", "fanout", "bytes_per_s", "uplink_bytes_per_s",
        "latency_s", "alltoall", "allreduce", NULL};
    struct tp_level *level = &r->topology->levels[index];
    enum tp_status status = tp_spec_mapping(r->yaml, node, keys, refused, r->err);
    if (status == TP_OK)
        status = tp_spec_name_key(r->yaml, node, "name", &level->name, r->err);
    if (status == TP_OK)
        status = read_fanout(r, node, level);
    if (status == TP_OK)
        status = read_rate(r, node, "bytes_per_s", true, &level->bytes_per_s);
    if (status == TP_OK)
        status = read_uplink(r, node, index, level);
    if (status == TP_OK)
        status = tp_yaml_real(
            r->yaml, node, "latency_s", true, 0.0, LATENCY_MAX, &level->latency_s, r->err);
    if (status == TP_OK)
        status = read_curve(r, node, "alltoall", &level->alltoall);
    if (status == TP_OK)
        status = read_curve(r, node, "allreduce", &level->allreduce);
    return status;
}

static enum tp_status check_level_names(const struct reader *r, const struct tp_yaml_node *list)
{
    struct tp_name_place places[TP_LEVELS_MAX];
    int32_t count = r->topology->level_count;
    for (int32_t i = 0; i < count; i++)
        places[i] = (struct tp_name_place){
            r->topology->levels[i].name, tp_yaml_get(list->items[i], "name"), i};
    return tp_spec_sort_names(r->yaml, places, count, "level", r->err);
}

static enum tp_status read_levels(const struct reader *r, const struct tp_yaml_node *root)
{
    struct tp_topology *topology = r->topology;
    const struct tp_yaml_node *list = NULL;
    enum tp_status status = tp_yaml_need(r->yaml, root, "levels",
        "a list of levels, from the inside of a host outwards", &list, r->err);
    if (status == TP_OK)
        status = tp_yaml_expect_sequence(r->yaml, list, 1, r->err);
    if (status != TP_OK)
        return status;
    if (list->count > TP_LEVELS_MAX)
        return tp_yaml_fail(r->yaml, list, r->err, "found %zu levels, expected at most %d",
            list->count, TP_LEVELS_MAX);
    topology->level_count = (int32_t)list->count;
    topology->rank_count = 1;
    for (int32_t i = 0; i < topology->level_count && status == TP_OK; i++)
        status = read_level(r, list->items[i], i);
    topology->ranks_per_host = topology->levels[0].fanout;
    return status == TP_OK ? check_level_names(r, list) : status;
}

static enum tp_status read_hosts_per_tower(const struct reader *r, const struct tp_yaml_node *root)
{
    struct tp_topology *topology = r->topology;
    topology->hosts_per_tower = 1;
    enum tp_status status = tp_yaml_int32(r->yaml, root, "hosts_per_tower", false, 1, TP_RANKS_MAX,
        &topology->hosts_per_tower, r->err);
    if (status == TP_OK && topology->host_count % topology->hosts_per_tower)
        return tp_yaml_fail(r->yaml, tp_yaml_get(root, "hosts_per_tower"), r->err,
            "found '%d', expected a divisor of the number of hosts, %d", topology->hosts_per_tower,
            topology->host_count);
    return status;
}

/* @param seen  (host_count), whether a host was listed. */
static enum tp_status read_host(const struct reader *r, const struct tp_yaml_node *node, bool *seen)
{
    static const char *const keys[] = {"index", "memory_bytes", "uplink_bytes_per_s", NULL};
    const struct tp_topology *topology = r->topology;
    int32_t index = 0;
    enum tp_status status = tp_spec_mapping(r->yaml, node, keys, refused_of_host, r->err);
    if (status == TP_OK)
        status = tp_yaml_int32(
            r->yaml, node, "index", true, 0, topology->host_count - 1, &index, r->err);
    if (status != TP_OK)
        return status;
    if (seen[index])
        return tp_yaml_fail(r->yaml, tp_yaml_get(node, "index"), r->err,
            "found host %d a second time, expected every host once", index);
    seen[index] = true;
    const struct tp_yaml_node *uplink = tp_yaml_get(node, "uplink_bytes_per_s");
    if (uplink && topology->level_count == 1)
        return tp_yaml_fail(r->yaml, uplink, r->err,
            "found an uplink of the only host, expected a level above it first");
    struct tp_host *host = &topology->hosts[index];
    status = read_rate(r, node, "uplink_bytes_per_s", false, &host->uplink_bytes_per_s);
    if (status == TP_OK)
        status = tp_yaml_integer(
            r->yaml, node, "memory_bytes", false, 1, MEMORY_BYTES_MAX, &host->memory_bytes, r->err);
    return status;
}

static enum tp_status read_host_list(const struct reader *r, const struct tp_yaml_node *list)
{
    enum tp_status status = tp_yaml_expect_sequence(r->yaml, list, 0, r->err);
    bool *seen = TP_NEW(r->topology->host_count, bool);
    if (!seen)
        return tp_fail_memory(r->err);
    for (size_t i = 0; status == TP_OK && i < list->count; i++)
        status = read_host(r, list->items[i], seen);
    free(seen);
    return status;
}

/* All hosts as device and levels describe them, then those that differ. */
static enum tp_status read_hosts(const struct reader *r, const struct tp_yaml_node *root)
{
    struct tp_topology *topology = r->topology;
    topology->host_count = topology->rank_count / topology->ranks_per_host;
    topology->hosts = TP_NEW(topology->host_count, struct tp_host);
    if (!topology->hosts)
        return tp_fail_memory(r->err);
    double uplink = topology->level_count > 1 ? topology->levels[1].uplink_bytes_per_s : 0.0;
    for (int32_t i = 0; i < topology->host_count; i++)
        topology->hosts[i] = (struct tp_host){topology->device.memory_bytes, uplink};
    const struct tp_yaml_node *list = tp_yaml_get(root, "hosts");
    return list ? read_host_list(r, list) : TP_OK;
}

static enum tp_status read_root(const struct reader *r, const struct tp_yaml_node *root)
{
    static const char *const keys[] = {
        "towerpart_topology", "name", "hosts_per_tower", "device", "levels", "hosts", NULL};
    enum tp_status status = tp_spec_version(r->yaml, root, "towerpart_topology", r->err);
    if (status == TP_OK)
        status = tp_spec_mapping(r->yaml, root, keys, refused, r->err);
    if (status == TP_OK)
        status = tp_spec_name_key(r->yaml, root, "name", &r->topology->name, r->err);
    if (status == TP_OK)
        status = read_device(r, root);
    if (status == TP_OK)
        status = read_levels(r, root);
    if (status == TP_OK)
        status = read_hosts(r, root);
    return status == TP_OK ? read_hosts_per_tower(r, root) : status;
}

enum tp_status tp_topology_read(const struct tp_yaml *yaml, const struct tp_yaml_node *node,
    struct tp_topology **topology, struct tp_error *err)
{
    struct reader r = {.yaml = yaml, .err = err};
    r.topology = TP_NEW(1, struct tp_topology);
    if (!r.topology)
        return tp_fail_memory(err);
    enum tp_status status = read_root(&r, node);
    if (status == TP_OK)
        *topology = r.topology;
    else
        tp_topology_free(r.topology);
    return status;
}

enum tp_status tp_topology_load(
    const char *path, struct tp_topology **topology, struct tp_error *err)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = tp_yaml_load(path, &yaml, err);
    if (status == TP_OK)
        status = tp_topology_read(yaml, tp_yaml_root(yaml), topology, err);
    tp_yaml_free(yaml);
    return status;
}
