/* SPDX-License-Identifier: Apache-2.0 */
/* The partitioner looks at affinity and loads, for which towers with equal memory are interchangeable.
 * The network may tell their hosts apart: on a slow uplink a tower with much to send makes all others
 * wait.
 *
 * A seat is the hosts that go by a tower's number. Towers start on the seats that they have; while it
 * helps, the tower on the busiest uplink and the one with which it is best exchanged take each other's
 * seats. That is a guess, one for each mode, since other phases and the placement inside the hosts count
 * as well: the cost model decides. Where a guess cannot be placed, it is made again with exchanges
 * between seats of equal memory alone.
 *
 * What an uplink carries, in values per sample and rank of a host (docs/cost-model.md), with T towers, K
 * hosts each, O of this tower in place of O_t, A of all:
 *   flat       a host has O / K: out (T K - 1) O / K, in A - O / K
 *   sptt, dmt  between peers out (T - 1) O, in A - O, compressed in dmt; and inside the tower, where it
 *              has more than one host, T O (1 - 1/K) either way, if its ranks share O evenly. */
#include "plan/seating.h"

#include <towerpart/cost.h>

#include "base/fail.h"
#include "base/memory.h"
#include "cost/load.h"
#include "plan/place.h"
#include "plan/speed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct seating {
    const struct tp_model *model;
    const struct tp_topology *topology;
    const struct tp_problem *problem;
    int64_t exact_steps;
    const int32_t *tower; /* (U) as they came */
    double *rate;         /* (T) of a seat's slowest uplink; INFINITY: not shared */
    double *memory;       /* (T) bytes that the tower's units weigh */
    double
        *traffic;  /* (T) that the tower brings to the uplinks of its hosts, in the guess at hand */
    bool *pinned;  /* (T) */
    int32_t *seat; /* (T) of each tower, as guessed */
    int32_t *best; /* (T) the best so far, as they came at first */
    struct tp_speed speed;
    int32_t *tower_of_table; /* scratch */
};

static void measure_seats(struct seating *s)
{
    const struct tp_topology *topology = s->topology;
    int32_t hosts = topology->host_count / s->problem->tower_count;
    for (int32_t h = 0; h < topology->host_count; h++) {
        double *rate = &s->rate[h / hosts], uplink = topology->hosts[h].uplink_bytes_per_s;
        *rate = fmin(h % hosts ? *rate : INFINITY, uplink > 0 ? uplink : INFINITY);
    }
}

static bool seats_differ(const struct seating *s)
{
    for (int32_t t = 1; t < s->problem->tower_count; t++)
        if (s->rate[t] < s->rate[0] || s->rate[t] > s->rate[0])
            return true;
    return false;
}

static void measure_towers(struct seating *s)
{
    for (int32_t u = 0; u < s->problem->unit_count; u++) {
        s->memory[s->tower[u]] += tp_unit_weight(s->problem, u)[TP_MEMORY];
        s->pinned[s->tower[u]] |= s->problem->pin[u] >= 0;
    }
}

static double traffic_of(const struct seating *s, enum tp_mode mode, const double *dim,
    const double *sent, int32_t tower)
{
    double towers = s->problem->tower_count, hosts = s->topology->host_count / towers, all = 0;
    for (int32_t t = 0; t < s->problem->tower_count; t++)
        all += sent[t];
    if (mode == TP_MODE_FLAT)
        return fmax((towers * hosts - 1) * dim[tower] / hosts, all - dim[tower] / hosts);
    return fmax((towers - 1) * sent[tower], all - sent[tower]) +
           towers * dim[tower] * (1 - 1 / hosts);
}

static enum tp_status measure_traffic(struct seating *s, enum tp_mode mode, struct tp_error *err)
{
    int32_t towers = s->problem->tower_count;
    struct tp_tower_shape *shape = TP_NEW(towers, struct tp_tower_shape);
    double *dim = TP_NEW(towers, double), *sent = TP_NEW(towers, double);
    enum tp_status status = shape && dim && sent ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; !status && i < s->model->table_count; i++)
        tp_tower_shape_add(
            &shape[s->tower[s->problem->unit_of_table[i]]], s->model, &s->model->tables[i]);
    for (int32_t t = 0; !status && t < towers; t++) {
        dim[t] = shape[t].dim;
        sent[t] = mode == TP_MODE_DMT ? tp_tower_output_dmt(s->model, &shape[t]) : dim[t];
    }
    for (int32_t t = 0; !status && t < towers; t++)
        s->traffic[t] = traffic_of(s, mode, dim, sent, t);
    free(shape);
    free(dim);
    free(sent);
    return status;
}

/* How long a seat's uplink is busy with a tower. */
static double busy(const struct seating *s, int32_t tower, int32_t seat)
{
    return s->traffic[tower] / s->rate[seat];
}

static bool may_exchange(const struct seating *s, int32_t a, int32_t b, bool equal_memory)
{
    const struct tp_problem *p = s->problem;
    int32_t to = s->seat[a], from = s->seat[b];
    if (a == b || s->pinned[a] || s->pinned[b])
        return false;
    if (equal_memory)
        return p->tower_class[to] == p->tower_class[from];
    return s->memory[a] <= tp_tower_most(p, from)[TP_MEMORY] &&
           s->memory[b] <= tp_tower_most(p, to)[TP_MEMORY];
}

/* Exchanges seats while that relieves the busiest uplink. @return whether anything was exchanged. */
static bool guess(struct seating *s, bool equal_memory)
{
    int32_t towers = s->problem->tower_count, exchanges = 0;
    for (int32_t t = 0; t < towers; t++)
        s->seat[t] = t;
    for (; exchanges < towers; exchanges++) {
        int32_t worst = 0, partner = -1;
        for (int32_t t = 1; t < towers; t++)
            if (busy(s, t, s->seat[t]) > busy(s, worst, s->seat[worst]))
                worst = t;
        double least = busy(s, worst, s->seat[worst]) * (1 - TP_GAIN_LEAST);
        for (int32_t t = 0; t < towers; t++) {
            double after = fmax(busy(s, worst, s->seat[t]), busy(s, t, s->seat[worst]));
            if (after < least && may_exchange(s, worst, t, equal_memory)) {
                least = after;
                partner = t;
            }
        }
        if (partner < 0)
            break;
        int32_t seat = s->seat[worst];
        s->seat[worst] = s->seat[partner];
        s->seat[partner] = seat;
    }
    return exchanges > 0;
}

/* Places the towers on those seats. @param placed  out; else the speed is left alone. */
static enum tp_status try_seats(const struct seating *s, const int32_t *seat, bool *placed,
    struct tp_speed *speed, struct tp_error *err)
{
    struct tp_placement *placement = NULL;
    for (int32_t i = 0; i < s->model->table_count; i++)
        s->tower_of_table[i] = seat[s->tower[s->problem->unit_of_table[i]]];
    enum tp_status status =
        tp_place(s->model, s->topology, tp_topology_ranks_per_tower(s->topology), s->tower_of_table,
            s->exact_steps, &placement, NULL, err);
    if (status)
        return status;
    *placed = placement != NULL;
    if (placement)
        status = tp_speed_of(s->model, s->topology, placement, speed, err);
    tp_placement_free(placement);
    return status;
}

static enum tp_status try_mode(struct seating *s, enum tp_mode mode, struct tp_error *err)
{
    enum tp_status status = measure_traffic(s, mode, err);
    bool placed = false;
    for (int equal_memory = 0; !status && !placed && equal_memory < 2; equal_memory++) {
        struct tp_speed speed;
        if (!guess(s, equal_memory))
            break;
        if (isinf(s->speed.same)) /* as they came */
            status = try_seats(s, s->best, &placed, &s->speed, err);
        if (!status)
            status = try_seats(s, s->seat, &placed, &speed, err);
        if (!status && placed && tp_is_faster(speed, s->speed)) {
            s->speed = speed;
            memcpy(s->best, s->seat, (size_t)s->problem->tower_count * sizeof *s->best);
        }
    }
    return status;
}

static enum tp_status seating_init(struct seating *s, struct tp_error *err)
{
    size_t towers = (size_t)s->problem->tower_count;
    s->speed = (struct tp_speed){INFINITY, INFINITY};
    s->rate = TP_NEW(towers, double);
    s->memory = TP_NEW(towers, double);
    s->traffic = TP_NEW(towers, double);
    s->pinned = TP_NEW(towers, bool);
    s->seat = TP_NEW(towers, int32_t);
    s->best = TP_NEW(towers, int32_t);
    s->tower_of_table = TP_NEW(s->model->table_count, int32_t);
    if (!s->rate || !s->memory || !s->traffic || !s->pinned || !s->seat || !s->best ||
        !s->tower_of_table)
        return tp_fail_memory(err);
    for (size_t t = 0; t < towers; t++)
        s->best[t] = (int32_t)t;
    measure_seats(s);
    measure_towers(s);
    return TP_OK;
}

static void seating_release(struct seating *s)
{
    free(s->rate);
    free(s->memory);
    free(s->traffic);
    free(s->pinned);
    free(s->seat);
    free(s->best);
    free(s->tower_of_table);
}

enum tp_status tp_seat_towers(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_problem *problem, int64_t exact_steps, int32_t *tower, struct tp_error *err)
{
    struct seating s = {.model = model,
        .topology = topology,
        .problem = problem,
        .exact_steps = exact_steps,
        .tower = tower};
    enum tp_status status = seating_init(&s, err);
    bool differ = !status && seats_differ(&s);
    for (int mode = 0; !status && differ && mode < TP_MODE_COUNT; mode++)
        status = try_mode(&s, (enum tp_mode)mode, err);
    for (int32_t u = 0; !status && u < problem->unit_count; u++)
        tower[u] = s.best[tower[u]];
    seating_release(&s);
    return status;
}
