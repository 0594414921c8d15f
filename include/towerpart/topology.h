/* SPDX-License-Identifier: Apache-2.0 */
/* The topology spec: the ranks, the levels of the network that joins them, and the device of a rank.
 *
 * Levels run from the inside out. levels[0] joins the ranks of one host (fanout = L); level i joins
 * `fanout` groups of level i-1. Ranks are numbered host by host: rank g is on host g / L. */
#ifndef TOWERPART_TOPOLOGY_H
#define TOWERPART_TOPOLOGY_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#define TP_LEVELS_MAX 8
#define TP_RANKS_MAX 1048576

struct tp_curve_point {
    double world;       /* size of the communicator, ranks */
    double bytes_per_s; /* measured at that size */
};

struct tp_curve {
    struct tp_curve_point *points; /* ascending world; NULL if not measured */
    int32_t count;
};

struct tp_level {
    char *name;
    int32_t fanout;
    double bytes_per_s;        /* per rank, one way */
    double uplink_bytes_per_s; /* of a group of the level below, one way; 0: not shared */
    double latency_s;          /* per message */
    struct tp_curve alltoall;  /* bytes a rank sends at this level / (time - latency) */
    struct tp_curve allreduce; /* 2 (n-1)/n * bytes / time */
};

/* A rank that computes while the others of its machine wait. Where ranks share cores or the memory's
 * rate, it is quicker then than while all compute. */
struct tp_alone {
    int32_t ranks; /* of a machine, which they fill from rank 0 on; 0: alone is no quicker */
    double memory_bytes_per_s, flops_per_s;
};

struct tp_device {
    int64_t memory_bytes;      /* of one rank */
    double reserve;            /* share kept for dense part and runtime; default 0.15 */
    double memory_bytes_per_s; /* rate of embedding lookups, all ranks at once */
    double flops_per_s;        /* rate of dense layers, all ranks at once */
    double exchange_s;         /* fixed time of a phase in which ranks exchange; default 0 */
    struct tp_alone alone;
};

/* One host, after the overrides of the file's `hosts` list. */
struct tp_host {
    int64_t memory_bytes;      /* of each of its ranks */
    double uplink_bytes_per_s; /* of the host into level 1; 0: not shared */
};

struct tp_topology {
    char *name;
    int32_t hosts_per_tower; /* K, divides host_count; default 1 */
    struct tp_device device;
    struct tp_level levels[TP_LEVELS_MAX];
    int32_t level_count;    /* >= 1 */
    int32_t rank_count;     /* G, product of the fanouts */
    int32_t ranks_per_host; /* L */
    int32_t host_count;     /* H = G / L */
    struct tp_host *hosts;  /* (host_count) */
};

/* Reads and resolves a topology spec; as tp_model_load(). */
enum tp_status tp_topology_load(
    const char *path, struct tp_topology **topology, struct tp_error *err);

/* A deep copy, to be freed with tp_topology_free(). */
enum tp_status tp_topology_copy(
    const struct tp_topology *from, struct tp_topology **to, struct tp_error *err);

void tp_topology_free(struct tp_topology *topology);

/* Ranks in one group of that level: fanout[0] * ... * fanout[level]. */
int32_t tp_topology_group(const struct tp_topology *topology, int32_t level);

/* The lowest level that joins two different ranks. */
int32_t tp_topology_joins(const struct tp_topology *topology, int32_t a, int32_t b);

/* Bytes of a rank's memory that embeddings and buffers may use: memory_bytes * (1 - reserve),
 * rounded down. */
int64_t tp_topology_rank_capacity(const struct tp_topology *topology, int32_t rank);

/* R = L * K and T = G / R. */
int32_t tp_topology_ranks_per_tower(const struct tp_topology *topology);
int32_t tp_topology_towers(const struct tp_topology *topology);

#endif
