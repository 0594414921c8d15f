/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured of a machine, and the topology that it makes. */
#ifndef TP_CALIBRATE_CALIBRATION_H
#define TP_CALIBRATE_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>
#include <towerpart/topology.h>

#include "base/text.h"
#include "calibrate/fit.h"

enum tp_figure_kind {
    TP_FIGURE_LATENCY,      /* of a message between two ranks */
    TP_FIGURE_RATE,         /* of one rank to another */
    TP_FIGURE_UPLINK,       /* of a host to another, all ranks at once */
    TP_FIGURE_ALLTOALL,     /* of a rank, bytes at the level, all groups of `world` ranks at once */
    TP_FIGURE_ALLREDUCE,    /* 2 (n - 1) / n x bytes / seconds, likewise */
    TP_FIGURE_EXCHANGE,     /* of an alltoall of next to nothing, all ranks, less its latencies */
    TP_FIGURE_LOOKUP,       /* of a rank, all at once */
    TP_FIGURE_LOOKUP_ALONE, /* while all others wait */
    TP_FIGURE_DENSE,        /* flops of a rank, all at once */
    TP_FIGURE_DENSE_ALONE,
};

struct tp_figure {
    enum tp_figure_kind kind;
    int32_t level; /* 0: inside a host, 1: between hosts; -1: of a rank alone */
    int32_t world; /* ranks of a communicator; 0: does not apply */
    int32_t rounds;
    struct tp_fit fit;
};

#define TP_FIGURES_MAX 64

struct tp_calibration {
    int32_t ranks, ranks_per_host;
    int32_t machine_ranks;  /* that share the cores of rank 0 */
    int64_t memory_bytes;   /* of the machine's memory, a rank's part */
    int32_t lookup_columns; /* of the table that was looked up in */
    int64_t lookup_table_bytes;
    int32_t dense_samples; /* of the batch that passed the dense layers */
    int32_t threads;       /* of a rank there */
    double seconds;        /* that it all took */
    struct tp_figure figures[TP_FIGURES_MAX];
    int32_t count;
};

/* NULL: not measured. @param world  0: of any. */
const struct tp_figure *tp_calibration_find(
    const struct tp_calibration *calibration, enum tp_figure_kind kind, int32_t level);

/* How many ranks a host has. @param node  (ranks) the lowest rank on the same node.
 * @param names  (ranks) of the nodes. @return TP_EINPUT unless hosts are equal runs of ranks. */
enum tp_status tp_calibration_hosts(const int32_t *node, const char *const *names, int32_t ranks,
    int32_t *ranks_per_host, struct tp_error *err);

/* Sizes of communicators: 2, 4, ... up to a host, then of 2, 4, ... hosts, and all of each.
 * @param worlds  out, ascending. @return how many. */
#define TP_WORLDS_MAX 48
int32_t tp_calibration_worlds(int32_t ranks, int32_t ranks_per_host, int32_t worlds[TP_WORLDS_MAX]);

/* The topology that was measured. Where nothing was (a level that joins one rank), the rate of
 * memory stands. @param base  memory, reserve, name, hosts per tower, names of levels, and, if it
 * has as many hosts, which of them have other memory; NULL: all of the machine's memory.
 * @param topology  out, to be freed.
 * @return TP_EINPUT if the base's hosts per tower do not divide the hosts. */
enum tp_status tp_calibration_topology(const struct tp_calibration *calibration,
    const struct tp_topology *base, struct tp_topology **topology, struct tp_error *err);

/* The topology as a file, with every figure's spread in comments.
 * @param date, nodes  of the measurement, for the comments: "2026-05-01", "n1 n2". */
enum tp_status tp_calibration_yaml(const struct tp_calibration *calibration,
    const struct tp_topology *topology, const char *date, const char *nodes, struct tp_text *text,
    struct tp_error *err);

/* At most 100 columns; one JSON object. Running out of memory shows in text->failed. */
void tp_calibration_table(const struct tp_calibration *calibration,
    const struct tp_topology *topology, struct tp_text *text);
void tp_calibration_json(const struct tp_calibration *calibration,
    const struct tp_topology *topology, struct tp_text *text);

#endif
