/* SPDX-License-Identifier: Apache-2.0 */
/* A resolved topology spec to the entries of a YAML mapping, every default written out. Of the hosts
 * only those that differ from what device and levels say; of the uplinks only those that exist.
 * Reading the result gives an equal spec. Cost: linear. */
#include "spec/spec.h"

static void write_curve(const char *key, const struct tp_curve *curve, struct tp_yaml_out *out)
{
    if (!curve->count)
        return;
    tp_yaml_out_sequence(out, key, TP_YAML_FLOW);
    for (int32_t i = 0; i < curve->count; i++) {
        tp_yaml_out_sequence(out, NULL, TP_YAML_FLOW);
        tp_yaml_out_integer(out, NULL, (int64_t)curve->points[i].world);
        tp_yaml_out_real(out, NULL, curve->points[i].bytes_per_s);
        tp_yaml_out_end(out);
    }
    tp_yaml_out_end(out);
}

/* On one line, unless measured curves make it long. */
static void write_level(const struct tp_level *level, struct tp_yaml_out *out)
{
    bool measured = level->alltoall.count || level->allreduce.count;
    tp_yaml_out_mapping(out, NULL, measured ? TP_YAML_BLOCK : TP_YAML_FLOW);
    tp_yaml_out_text(out, "name", level->name);
    tp_yaml_out_integer(out, "fanout", level->fanout);
    tp_yaml_out_real(out, "bytes_per_s", level->bytes_per_s);
    if (level->uplink_bytes_per_s > 0.0)
        tp_yaml_out_real(out, "uplink_bytes_per_s", level->uplink_bytes_per_s);
    tp_yaml_out_real(out, "latency_s", level->latency_s);
    write_curve("alltoall", &level->alltoall, out);
    write_curve("allreduce", &level->allreduce, out);
    tp_yaml_out_end(out);
}

static void write_device(const struct tp_device *device, struct tp_yaml_out *out)
{
    tp_yaml_out_mapping(out, "device", TP_YAML_BLOCK);
    tp_yaml_out_integer(out, "memory_bytes", device->memory_bytes);
    tp_yaml_out_real(out, "reserve", device->reserve);
    tp_yaml_out_real(out, "memory_bytes_per_s", device->memory_bytes_per_s);
    tp_yaml_out_real(out, "flops_per_s", device->flops_per_s);
    if (device->exchange_s > 0.0)
        tp_yaml_out_real(out, "exchange_s", device->exchange_s);
    if (device->alone.ranks) {
        tp_yaml_out_mapping(out, "alone", TP_YAML_FLOW);
        tp_yaml_out_integer(out, "ranks", device->alone.ranks);
        tp_yaml_out_real(out, "memory_bytes_per_s", device->alone.memory_bytes_per_s);
        tp_yaml_out_real(out, "flops_per_s", device->alone.flops_per_s);
        tp_yaml_out_end(out);
    }
    tp_yaml_out_end(out);
}

static void write_hosts(const struct tp_topology *topology, struct tp_yaml_out *out)
{
    double uplink = topology->level_count > 1 ? topology->levels[1].uplink_bytes_per_s : 0.0;
    tp_yaml_out_sequence(out, "hosts", TP_YAML_BLOCK);
    for (int32_t i = 0; i < topology->host_count; i++) {
        const struct tp_host *host = &topology->hosts[i];
        bool other_memory = host->memory_bytes != topology->device.memory_bytes;
        bool other_uplink = host->uplink_bytes_per_s != uplink;
        if (!other_memory && !other_uplink)
            continue;
        tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
        tp_yaml_out_integer(out, "index", i);
        if (other_memory)
            tp_yaml_out_integer(out, "memory_bytes", host->memory_bytes);
        if (other_uplink)
            tp_yaml_out_real(out, "uplink_bytes_per_s", host->uplink_bytes_per_s);
        tp_yaml_out_end(out);
    }
    tp_yaml_out_end(out);
}

void tp_topology_write(const struct tp_topology *topology, struct tp_yaml_out *out)
{
    tp_yaml_out_integer(out, "towerpart_topology", 1);
    tp_yaml_out_text(out, "name", topology->name);
    tp_yaml_out_integer(out, "hosts_per_tower", topology->hosts_per_tower);
    write_device(&topology->device, out);
    tp_yaml_out_sequence(out, "levels", TP_YAML_BLOCK);
    for (int32_t i = 0; i < topology->level_count; i++)
        write_level(&topology->levels[i], out);
    tp_yaml_out_end(out);
    write_hosts(topology, out);
}
