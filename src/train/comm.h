/* SPDX-License-Identifier: Apache-2.0 */
/* What the ranks say to each other. MPI stays inside comm.c.
 *
 * Circles are the groups that exchange: all ranks, the ranks of a tower, the peers at one place of
 * all towers. Every function that exchanges must be called by all ranks of the circle. Payload to
 * other ranks is counted per phase and level; what ranks agree on or collect for the user is not.
 * MPI's own errors end the program. */
#ifndef TP_TRAIN_COMM_H
#define TP_TRAIN_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/status.h>
#include <towerpart/topology.h>

#include "train/real.h"

enum tp_circle { TP_CIRCLE_WORLD, TP_CIRCLE_TOWER, TP_CIRCLE_PEERS, TP_CIRCLE_COUNT };

/* Payload per phase and level of the topology, of one rank, other ranks' only. */
struct tp_comm_bytes {
    int64_t sent[TP_PHASE_COUNT][TP_LEVELS_MAX];
    int64_t received[TP_PHASE_COUNT][TP_LEVELS_MAX];
};

struct tp_comm;

/* Starts MPI. @param comm  out, to be freed with tp_comm_free(), which ends MPI. */
enum tp_status tp_comm_new(struct tp_comm **comm, struct tp_error *err);
void tp_comm_free(struct tp_comm *comm);

/* The ranks of one colour (0 or above) among themselves, in the same order. All ranks call it.
 * @param part  out, to be freed with tp_comm_free() by all of them; its world are these ranks. */
enum tp_status tp_comm_part(
    struct tp_comm *comm, int32_t colour, struct tp_comm **part, struct tp_error *err);

int32_t tp_comm_rank(const struct tp_comm *comm);
int32_t tp_comm_size(const struct tp_comm *comm);

/* Ends all ranks at once, for what goes wrong on one of them while the others compute. */
_Noreturn void tp_comm_abort(struct tp_comm *comm, int status);

/* The worst status of all ranks, with the message of the first of them that has it. */
enum tp_status tp_comm_agree(struct tp_comm *comm, enum tp_status status, struct tp_error *err);

/* Whether the last tp_comm_agree() told all ranks of a failure. */
bool tp_comm_agreed(const struct tp_comm *comm);

void tp_comm_barrier(struct tp_comm *comm);

/* A barrier for ranks that have nothing to do: they sleep, and leave their core to the others. */
void tp_comm_rest(struct tp_comm *comm);

/* One message, below 2^31 bytes, from rank to rank. Not counted as payload. */
void tp_comm_send(struct tp_comm *comm, int32_t to, const void *data, size_t bytes);
void tp_comm_receive(struct tp_comm *comm, int32_t from, void *data, size_t bytes);

/* Rank 0 gets `bytes` bytes of every rank, in order; a multiple of 4, below 2^33.
 * @param all  (size, bytes) on rank 0, not read elsewhere. */
void tp_comm_gather(struct tp_comm *comm, const void *own, size_t bytes, void *all);

/* All ranks get the `bytes` bytes of rank 0. */
void tp_comm_broadcast(struct tp_comm *comm, void *data, size_t bytes);

/* Which node each rank runs on.
 * @param node   out, (size) the lowest rank there.
 * @param names  out, (size, TP_NODE_NAME_BYTES). */
#define TP_NODE_NAME_BYTES 256
void tp_comm_nodes(struct tp_comm *comm, int32_t *node, char (*names)[TP_NODE_NAME_BYTES]);

/* Makes the circles; to be called once, before what follows.
 * @param topology  with as many ranks as there are; borrowed until tp_comm_free(). */
enum tp_status tp_comm_divide(struct tp_comm *comm, const struct tp_topology *topology,
    int32_t ranks_per_tower, struct tp_error *err);

int32_t tp_comm_circle_size(const struct tp_comm *comm, enum tp_circle circle);

/* What a rank sends to or gets from each member of a circle: counts in units, blocks side by
 * side in the order of the ranks. */
struct tp_share_out {
    const void *send;
    const int32_t *send_counts; /* (circle size) */
    void *receive;
    const int32_t *receive_counts;
    size_t unit_bytes; /* 2, 4 or 8 */
};

void tp_comm_alltoall(struct tp_comm *comm, enum tp_circle circle, enum tp_phase phase,
    const struct tp_share_out *exchange);

/* The same among all ranks, while the caller goes on. All ranks start these in the same order. */
struct tp_comm_request;
/* @param request  out; buffers and counts stay borrowed until tp_comm_wait(). @return TP_ENOMEM. */
enum tp_status tp_comm_start(struct tp_comm *comm, enum tp_phase phase,
    const struct tp_share_out *exchange, struct tp_comm_request **request, struct tp_error *err);
/* Whether it is over; also lets MPI get on with it. */
bool tp_comm_over(struct tp_comm_request *request);
/* Waits and frees; NULL is fine. */
void tp_comm_wait(struct tp_comm_request *request);

/* Sums over the ranks of a circle (world or tower), in place, on each of them: level by level from
 * the inside out, always in the order of the ranks, so that all ranks get the same bits, and the
 * same in every run. Phase dense_allreduce.
 * @param scratch  (count + circle size). Cost: 2 (f - 1) / f * count / s values per level of fanout
 * f above s ranks. */
void tp_comm_sum(
    struct tp_comm *comm, enum tp_circle circle, tp_real *values, size_t count, tp_real *scratch);

/* What was counted since the last call. */
void tp_comm_take_bytes(struct tp_comm *comm, struct tp_comm_bytes *bytes);

#endif
