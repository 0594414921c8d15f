/* SPDX-License-Identifier: Apache-2.0 */
/* Looked up values on their way, and gradients back.
 *
 * In: (B, O_r) values of this rank's shards for the samples of all ranks, in the order of the
 * ranks. Out: for this rank's b samples all features, in the order of the model, whichever way they
 * went.
 *
 * By towers: the rank at place j of a tower gets the samples of the ranks g with g mod R = j, so
 * the blocks of b samples are put into the order (g mod R, g / R) first. (The paper prints (g mod
 * T, g / L), which is right only for T = L, T = 1 or L = 1.) What arrives is then in the order of
 * the peers' towers, which is the order that the second leg sends in. Forward and backward differ
 * in direction alone. Values are sent as the model's `communication` says.
 * Cost: passes over the values: weaving one; reordering or rounding one more. */
#include "train/exchange.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>

/* Allocates and counts what is exchanged. */
static enum tp_status leg_prepare(struct tp_leg *leg, struct tp_error *err)
{
    size_t bytes = tp_wire_bytes(leg->wire), back = tp_wire_bytes(leg->wire_backward);
    size_t rows = (size_t)leg->rows, members = (size_t)leg->members;
    bytes = bytes > back ? bytes : back;
    leg->own_counts = TP_NEW(members, int32_t);
    leg->part_counts = TP_NEW(members, int32_t);
    leg->own = tp_new_aligned(members * rows * (size_t)leg->own_width, bytes);
    leg->parts = tp_new_aligned(rows * (size_t)leg->weave.first[members], bytes);
    if (!leg->own_counts || !leg->part_counts || !leg->own || !leg->parts)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < leg->members; i++) {
        leg->own_counts[i] = leg->rows * leg->own_width;
        leg->part_counts[i] = leg->rows * (leg->weave.first[i + 1] - leg->weave.first[i]);
    }
    return TP_OK;
}

static struct tp_leg leg_between(struct tp_comm *comm, const struct tp_layout *layout,
    enum tp_circle circle, enum tp_phase phase, enum tp_phase backward)
{
    return (struct tp_leg){
        .comm = comm,
        .circle = circle,
        .phase = phase,
        .phase_backward = backward,
        .wire = tp_wire_of(layout->model->forward),
        .wire_backward = tp_wire_of(layout->model->backward),
        .members = tp_comm_circle_size(comm, circle),
        .stride = 1,
        .block_rows = layout->local_batch,
    };
}

enum tp_status tp_leg_flat(
    struct tp_leg *leg, struct tp_comm *comm, const struct tp_layout *layout, struct tp_error *err)
{
    *leg = leg_between(comm, layout, TP_CIRCLE_WORLD, TP_PHASE_EMBEDDING_ALLTOALL,
        TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD);
    leg->rows = layout->local_batch;
    leg->own_width = layout->holdings[tp_comm_rank(comm)].width;
    enum tp_status status = tp_weave_flat(layout, &leg->weave, err);
    return status ? status : leg_prepare(leg, err);
}

enum tp_status tp_leg_tower(
    struct tp_leg *leg, struct tp_comm *comm, const struct tp_layout *layout, struct tp_error *err)
{
    int32_t rank = tp_comm_rank(comm);
    *leg = leg_between(
        comm, layout, TP_CIRCLE_TOWER, TP_PHASE_TOWER_EXCHANGE, TP_PHASE_TOWER_EXCHANGE_BACKWARD);
    leg->rows = layout->tower_count * layout->local_batch;
    leg->own_width = layout->holdings[rank].width;
    if (layout->tower_count > 1)
        leg->stride = layout->ranks_per_tower;
    enum tp_status status =
        tp_weave_tower(layout, rank / layout->ranks_per_tower, &leg->weave, err);
    return status ? status : leg_prepare(leg, err);
}

enum tp_status tp_leg_peers(struct tp_leg *leg, struct tp_comm *comm,
    const struct tp_layout *layout, const int32_t *widths, struct tp_error *err)
{
    int32_t tower = tp_comm_rank(comm) / layout->ranks_per_tower;
    *leg = leg_between(comm, layout, TP_CIRCLE_PEERS, TP_PHASE_EMBEDDING_ALLTOALL,
        TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD);
    leg->rows = layout->local_batch;
    enum tp_status status = widths ? tp_weave_modules(layout, widths, &leg->weave, err)
                                   : tp_weave_peers(layout, &leg->weave, err);
    if (status)
        return status;
    leg->own_width = leg->weave.first[tower + 1] - leg->weave.first[tower];
    return leg_prepare(leg, err);
}

void tp_leg_release(struct tp_leg *leg)
{
    tp_weave_release(&leg->weave);
    free(leg->own_counts);
    free(leg->part_counts);
    free(leg->own);
    free(leg->parts);
    *leg = (struct tp_leg){0};
}

/* Where the block of rank g goes when blocks are sorted by (g mod stride, g / stride). */
static size_t block_place(const struct tp_leg *leg, size_t block)
{
    size_t stride = (size_t)leg->stride;
    size_t blocks = (size_t)leg->members * (size_t)leg->rows / (size_t)leg->block_rows;
    return block % stride * (blocks / stride) + block / stride;
}

/* From the order of the ranks to that of the peers and to the wire, or back. */
static void reorder(
    const struct tp_leg *leg, enum tp_wire wire, const tp_real *values, void *wired, tp_real *back)
{
    size_t count = (size_t)leg->block_rows * (size_t)leg->own_width;
    size_t blocks = (size_t)leg->members * (size_t)leg->rows / (size_t)leg->block_rows;
    for (size_t i = 0; i < blocks; i++) {
        unsigned char *place =
            (unsigned char *)wired + block_place(leg, i) * count * tp_wire_bytes(wire);
        if (back)
            tp_wire_decode(wire, place, count, back + i * count);
        else
            tp_wire_encode(wire, values + i * count, count, place);
    }
}

/* Whether what this rank holds is sent from, and arrives, where it is. */
static bool in_place(const struct tp_leg *leg, enum tp_wire wire)
{
    return leg->stride == 1 && wire == TP_WIRE_REAL;
}

void tp_leg_forward(struct tp_leg *leg, const tp_real *own, tp_real *whole, struct tp_clock *clock)
{
    const void *send = own;
    if (!in_place(leg, leg->wire)) {
        reorder(leg, leg->wire, own, leg->own, NULL);
        send = leg->own;
    }
    if (leg->stride > 1)
        tp_clock_lap(clock, TP_PHASE_PEER_PERMUTE);
    const struct tp_share_out exchange = {
        send, leg->own_counts, leg->parts, leg->part_counts, tp_wire_bytes(leg->wire)};
    tp_comm_alltoall(leg->comm, leg->circle, leg->phase, &exchange);
    tp_wire_gather(leg->wire, &leg->weave, leg->rows, leg->parts, whole);
    tp_clock_lap(clock, leg->phase);
}

void tp_leg_backward(
    struct tp_leg *leg, const tp_real *d_whole, tp_real *d_own, struct tp_clock *clock)
{
    enum tp_wire wire = leg->wire_backward;
    void *receive = in_place(leg, wire) ? d_own : leg->own;
    tp_wire_scatter(wire, &leg->weave, leg->rows, d_whole, leg->parts);
    const struct tp_share_out exchange = {
        leg->parts, leg->part_counts, receive, leg->own_counts, tp_wire_bytes(wire)};
    tp_comm_alltoall(leg->comm, leg->circle, leg->phase_backward, &exchange);
    tp_clock_lap(clock, leg->phase_backward);
    if (!in_place(leg, wire))
        reorder(leg, wire, NULL, leg->own, d_own);
    if (leg->stride > 1)
        tp_clock_lap(clock, TP_PHASE_PEER_PERMUTE_BACKWARD);
}
