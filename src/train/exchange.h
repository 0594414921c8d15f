/* SPDX-License-Identifier: Apache-2.0 */
/* Looked up values on their way to the samples, and gradients back: flat, or by towers (SPTT, the
 * semantic-preserving tower transform of Luo et al., MLSys 2024, arXiv 2403.00877, section 3).
 *
 * flat   one leg among all ranks sptt   a leg inside the tower, where each rank gets the tower's
 * features of the samples of its peers, then a leg between
 *        peers
 * dmt    the same, with tower modules between the legs
 *
 * A leg: every member of a circle sends `rows` samples of what it holds to each member in turn, and
 * weaves what it gets into whole rows. */
#ifndef TP_TRAIN_EXCHANGE_H
#define TP_TRAIN_EXCHANGE_H

#include <stdint.h>

#include <towerpart/cost.h>
#include <towerpart/model.h>
#include <towerpart/status.h>

#include "train/clock.h"
#include "train/comm.h"
#include "train/layout.h"
#include "train/real.h"
#include "train/wire.h"

struct tp_leg {
    struct tp_comm *comm;
    enum tp_circle circle;
    enum tp_phase phase, phase_backward;
    enum tp_wire wire, wire_backward;
    int32_t members;   /* n of the circle */
    int32_t rows;      /* samples to each member */
    int32_t own_width; /* values per sample that this rank holds */
    /* R: rows come in the order of the ranks and go in that of the peers; 1: they are in order */
    int32_t stride;
    int32_t block_rows; /* b: what is reordered together */
    struct tp_weave weave;
    int32_t *own_counts, *part_counts; /* (n) values sent and received forward */
    void *own, *parts; /* (n * rows, own_width) and (rows, all parts) of the wider wire */
};

/* Flat: from (B, O_r) to (b, all features).
 * @param leg  out; to be released also on failure. */
enum tp_status tp_leg_flat(
    struct tp_leg *leg, struct tp_comm *comm, const struct tp_layout *layout, struct tp_error *err);

/* Inside the tower: from (B, O_r) to (T * b, features of the tower); its rows are those of the
 * peers, tower by tower. */
enum tp_status tp_leg_tower(
    struct tp_leg *leg, struct tp_comm *comm, const struct tp_layout *layout, struct tp_error *err);

/* Between peers: from (T * b, features of the tower, or what its module puts out) to (b, all of
 * them).
 * @param widths  (T) of what the modules put out; NULL: there are none. */
enum tp_status tp_leg_peers(struct tp_leg *leg, struct tp_comm *comm,
    const struct tp_layout *layout, const int32_t *widths, struct tp_error *err);

void tp_leg_release(struct tp_leg *leg);

/* @param own  (n * rows, own_width). @param whole  out, (rows, weave.width). The time goes to the
 * leg's phase, that of
 *             reordering to peer_permute. */
void tp_leg_forward(struct tp_leg *leg, const tp_real *own, tp_real *whole, struct tp_clock *clock);

/* @param d_whole  (rows, weave.width). @param d_own  out, (n * rows, own_width). */
void tp_leg_backward(
    struct tp_leg *leg, const tp_real *d_whole, tp_real *d_own, struct tp_clock *clock);

#endif
