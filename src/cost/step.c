/* SPDX-License-Identifier: Apache-2.0 */
/* One training step, phase by phase.
 *
 * In: model, topology, placement, mode. Out: per phase the seconds of the slowest rank and, where
 * ranks exchange, per level the bytes of the busiest one. Phases follow one another, but for the ids
 * of the next batch, which travel beside them on idle links. docs/cost-model.md states every formula.
 *
 * In each alltoall a rank exchanges one amount with all of its peers: what belongs to its own
 * shards or tower, for so many samples of each peer. So a rank's traffic at a level is that amount
 * times its peers there one way, and the sum of its peers' amounts the other way; sums over a group
 * are differences of running sums. Who sends and who receives (ids and gradients flow against the
 * looked up values) does not matter, since a level is charged the larger direction.
 *
 * Source: semantic-preserving tower transform and tower modules, Luo et al., MLSys 2024,
 * arXiv 2403.00877, section 3. Cost: O(shards + G * levels). */
#include <towerpart/cost.h>

#include "base/fail.h"
#include "base/memory.h"
#include "cost/collective.h"
#include "cost/load.h"

#include <math.h>
#include <stdlib.h>

#define DENSE_VALUE_BYTES 4.0 /* gradients of dense layers are exchanged as float32 */
#define PERMUTE_PASSES 2.0    /* every value is read once and written once */
#define BACKWARD_DENSE 2.0    /* gradients of inputs and of weights */
#define BACKWARD_LOOKUP 2.0   /* rows are read and written */

const char *tp_mode_name(enum tp_mode mode)
{
    static const char *const names[TP_MODE_COUNT] = {"flat", "sptt", "dmt"};
    return (unsigned)mode < TP_MODE_COUNT ? names[mode] : "?";
}

const char *tp_phase_name(enum tp_phase phase)
{
    static const char *const names[TP_PHASE_COUNT] = {
        [TP_PHASE_IDS_ALLTOALL] = "ids_alltoall",
        [TP_PHASE_LOOKUP] = "lookup",
        [TP_PHASE_PEER_PERMUTE] = "peer_permute",
        [TP_PHASE_TOWER_EXCHANGE] = "tower_exchange",
        [TP_PHASE_TOWER_MODULE] = "tower_module",
        [TP_PHASE_EMBEDDING_ALLTOALL] = "embedding_alltoall",
        [TP_PHASE_BOTTOM_MLP] = "bottom_mlp",
        [TP_PHASE_OVER_ARCH] = "over_arch",
        [TP_PHASE_OVER_ARCH_BACKWARD] = "over_arch_backward",
        [TP_PHASE_BOTTOM_MLP_BACKWARD] = "bottom_mlp_backward",
        [TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD] = "embedding_alltoall_backward",
        [TP_PHASE_TOWER_MODULE_BACKWARD] = "tower_module_backward",
        [TP_PHASE_TOWER_EXCHANGE_BACKWARD] = "tower_exchange_backward",
        [TP_PHASE_PEER_PERMUTE_BACKWARD] = "peer_permute_backward",
        [TP_PHASE_SPARSE_UPDATE] = "sparse_update",
        [TP_PHASE_DENSE_ALLREDUCE] = "dense_allreduce",
    };
    return (unsigned)phase < TP_PHASE_COUNT ? names[phase] : "?";
}

/* A step while it is being summed up. */
struct step {
    const struct tp_model *model;
    const struct tp_topology *topology;
    enum tp_mode mode;
    struct tp_placement_sums sums;
    struct tp_traffic *traffic;
    struct tp_traffic *all; /* of all alltoalls so far, sent and received as ranks do */
    double *width; /* (G) what the next exchange is about: per sample, before scaling to bytes */
    double
        *amount; /* (G) bytes that a rank exchanges with each of its peers, or reads and writes */
    double *running; /* (G) of amount, over the ranks up to here whose number differs by a stride */
    struct tp_step_cost cost;
};

/* Who talks to whom: the ranks first .. end - 1 whose number is the rank's modulo stride. */
struct circle {
    int32_t first, end, stride, world;
};

enum circle_kind { CIRCLE_WORLD, CIRCLE_TOWER, CIRCLE_PEERS };

static struct circle circle_of(const struct tp_sizes *sizes, enum circle_kind kind, int32_t rank)
{
    int32_t g = sizes->rank_count, r = sizes->ranks_per_tower;
    switch (kind) {
    case CIRCLE_TOWER:
        return (struct circle){rank / r * r, rank / r * r + r, 1, r};
    case CIRCLE_PEERS:
        return (struct circle){0, g, r, g / r};
    case CIRCLE_WORLD:
        break;
    }
    return (struct circle){0, g, 1, g};
}

/* Count and amounts of the ranks below `end` that are `rank` modulo stride. */
struct tally {
    int32_t count;
    double amount;
};

static struct tally tally_below(const struct step *s, int32_t end, int32_t stride, int32_t rank)
{
    int32_t residue = rank % stride;
    if (end <= residue)
        return (struct tally){0, 0};
    int32_t count = (end - 1 - residue) / stride + 1;
    return (struct tally){count, s->running[residue + (count - 1) * stride]};
}

/* What one rank sends and receives at every level. */
static void set_rank_traffic(struct step *s, struct circle circle, int32_t rank)
{
    int32_t levels = s->traffic->level_count;
    double *sent = s->traffic->sent + (size_t)rank * (size_t)levels;
    double *received = s->traffic->received + (size_t)rank * (size_t)levels;
    struct tally inner = {1, s->amount[rank]};
    for (int32_t i = 0; i < levels; i++) {
        int32_t size = tp_topology_group(s->topology, i), group = rank / size * size;
        int32_t first = group > circle.first ? group : circle.first;
        int32_t end = group + size < circle.end ? group + size : circle.end;
        struct tally below = tally_below(s, first, circle.stride, rank);
        struct tally here = tally_below(s, end, circle.stride, rank);
        here.count -= below.count;
        here.amount -= below.amount;
        int32_t peers = here.count - inner.count;
        if (peers == 0)
            continue; /* and no rounding of sums is taken for traffic */
        sent[i] = peers * s->amount[rank];
        received[i] = here.amount - inner.amount;
        if (peers > s->traffic->peers[i])
            s->traffic->peers[i] = peers;
        inner = here;
    }
}

/* Values go from those who hold them, ids and gradients to them. */
static bool is_to_holders(enum tp_phase phase)
{
    return phase != TP_PHASE_TOWER_EXCHANGE && phase != TP_PHASE_EMBEDDING_ALLTOALL;
}

/* An alltoall of width * bytes_per_width bytes between a rank and each of its peers. */
static void exchange(
    struct step *s, enum tp_phase phase, enum circle_kind kind, double bytes_per_width)
{
    const struct tp_sizes *sizes = &s->sums.sizes;
    struct circle circle = circle_of(sizes, kind, 0);
    for (int32_t g = 0; g < sizes->rank_count; g++) {
        s->amount[g] = s->width[g] * bytes_per_width;
        s->running[g] = s->amount[g] + (g < circle.stride ? 0 : s->running[g - circle.stride]);
    }
    tp_traffic_clear(s->traffic);
    s->traffic->world = circle.world;
    for (int32_t g = 0; g < sizes->rank_count; g++)
        set_rank_traffic(s, circle_of(sizes, kind, g), g);
    struct tp_phase_cost *cost = &s->cost.phases[phase];
    cost->present = cost->moves = true;
    double bytes[TP_LEVELS_MAX];
    cost->seconds = tp_alltoall_seconds(s->topology, s->traffic, bytes);
    tp_traffic_add(s->all, s->topology, s->traffic, is_to_holders(phase));
    for (int i = 0; i < TP_LEVELS_MAX; i++)
        cost->bytes[i] = tp_round_bytes(bytes[i]);
}

/* Values forward, their gradients back. */
static void exchange_both_ways(struct step *s, enum tp_phase forward, enum tp_phase backward,
    enum circle_kind kind, double samples)
{
    exchange(s, forward, kind, samples * s->sums.sizes.e_forward);
    exchange(s, backward, kind, samples * s->sums.sizes.e_backward);
}

static void set_seconds(struct step *s, enum tp_phase phase, double seconds)
{
    s->cost.phases[phase].present = true;
    s->cost.phases[phase].seconds = seconds;
}

/* Seconds until every rank has done its amount of work, each of them for itself. Ranks of one
 * machine together do not exceed what they reach all at once; one of them alone goes at its own rate. */
static double work_seconds(const struct step *s, double rate, double alone_rate)
{
    int32_t ranks = s->topology->device.alone.ranks, together = 0;
    double seconds = 0, sum = 0;
    for (int32_t g = 0; g < s->sums.sizes.rank_count; g++) {
        seconds = fmax(seconds, s->amount[g] / (ranks ? alone_rate : rate));
        sum += s->amount[g];
        together++;
        if (ranks && (together == ranks || g == s->sums.sizes.rank_count - 1)) {
            seconds = fmax(seconds, sum / together / rate);
            sum = together = 0;
        }
    }
    return seconds;
}

/* Of `amount` bytes on every rank. */
static double memory_seconds(const struct step *s)
{
    const struct tp_device *device = &s->topology->device;
    return work_seconds(s, device->memory_bytes_per_s, device->alone.memory_bytes_per_s);
}

static void add_lookup(struct step *s)
{
    for (int32_t g = 0; g < s->sums.sizes.rank_count; g++)
        s->width[g] = s->sums.ranks[g].ids_per_sample;
    exchange(s, TP_PHASE_IDS_ALLTOALL, CIRCLE_WORLD, s->sums.sizes.local_batch);
    for (int32_t g = 0; g < s->sums.sizes.rank_count; g++)
        s->amount[g] = s->sums.ranks[g].lookup_bytes;
    double seconds = memory_seconds(s);
    set_seconds(s, TP_PHASE_LOOKUP, seconds);
    set_seconds(s, TP_PHASE_SPARSE_UPDATE, BACKWARD_LOOKUP * seconds);
}

/* Fills in O_r. */
static void set_rank_widths(struct step *s)
{
    for (int32_t g = 0; g < s->sums.sizes.rank_count; g++)
        s->width[g] = s->sums.ranks[g].width;
}

static void add_flat_exchange(struct step *s)
{
    set_rank_widths(s);
    exchange_both_ways(s, TP_PHASE_EMBEDDING_ALLTOALL, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD,
        CIRCLE_WORLD, s->sums.sizes.local_batch);
}

/* The blocks of all G ranks' samples, put into the order (g mod R, g / R). With one tower, or one
 * rank per tower, they are in that order already. */
static void add_permute(struct step *s)
{
    const struct tp_sizes *sizes = &s->sums.sizes;
    double passes = sizes->tower_count > 1 && sizes->ranks_per_tower > 1 ? PERMUTE_PASSES : 0;
    for (int32_t g = 0; g < sizes->rank_count; g++)
        s->amount[g] = passes * sizes->batch * s->width[g];
    double seconds = memory_seconds(s); /* of values of one byte */
    set_seconds(s, TP_PHASE_PEER_PERMUTE, seconds * sizes->e_forward);
    set_seconds(s, TP_PHASE_PEER_PERMUTE_BACKWARD, seconds * sizes->e_backward);
}

/* Inside the towers on O_r, then between peers on the whole tower's (compressed) width. */
static void add_tower_exchanges(struct step *s)
{
    const struct tp_sizes *sizes = &s->sums.sizes;
    set_rank_widths(s);
    add_permute(s);
    exchange_both_ways(s, TP_PHASE_TOWER_EXCHANGE, TP_PHASE_TOWER_EXCHANGE_BACKWARD, CIRCLE_TOWER,
        sizes->batch / sizes->ranks_per_tower);
    for (int32_t g = 0; g < sizes->rank_count; g++) {
        const struct tp_tower_shape *tower = &s->sums.towers[g / sizes->ranks_per_tower];
        s->width[g] = s->mode == TP_MODE_DMT ? tp_tower_output_dmt(s->model, tower) : tower->dim;
    }
    exchange_both_ways(s, TP_PHASE_EMBEDDING_ALLTOALL, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD,
        CIRCLE_PEERS, sizes->local_batch);
}

/* Flops are in `amount`. */
static void add_dense(struct step *s, enum tp_phase forward, enum tp_phase backward)
{
    const struct tp_device *device = &s->topology->device;
    double seconds = work_seconds(s, device->flops_per_s, device->alone.flops_per_s);
    set_seconds(s, forward, seconds);
    set_seconds(s, backward, BACKWARD_DENSE * seconds);
}

/* Of layers that all ranks have alike. */
static void add_same_dense(
    struct step *s, enum tp_phase forward, enum tp_phase backward, double flops)
{
    for (int32_t g = 0; g < s->sums.sizes.rank_count; g++)
        s->amount[g] = flops * s->sums.sizes.local_batch;
    add_dense(s, forward, backward);
}

static void add_tower_modules(struct step *s)
{
    const struct tp_sizes *sizes = &s->sums.sizes;
    for (int32_t g = 0; g < sizes->rank_count; g++)
        s->amount[g] = tp_tower_flops(s->model, &s->sums.towers[g / sizes->ranks_per_tower]) *
                       sizes->batch / sizes->ranks_per_tower;
    add_dense(s, TP_PHASE_TOWER_MODULE, TP_PHASE_TOWER_MODULE_BACKWARD);
}

/* The slowest tower's allreduce of its own module. Adds its bytes, returns its seconds. */
static double tower_allreduce(const struct step *s, double bytes[TP_LEVELS_MAX])
{
    int32_t r = s->sums.sizes.ranks_per_tower;
    double seconds = 0, most[TP_LEVELS_MAX] = {0};
    for (int32_t t = 0; t < s->sums.sizes.tower_count; t++) {
        double own[TP_LEVELS_MAX];
        double payload = tp_tower_parameters(s->model, &s->sums.towers[t]) * DENSE_VALUE_BYTES;
        seconds = fmax(seconds, tp_allreduce_seconds(s->topology, t * r, r, payload, own));
        for (int i = 0; i < TP_LEVELS_MAX; i++)
            most[i] = fmax(most[i], own[i]);
    }
    for (int i = 0; i < TP_LEVELS_MAX; i++)
        bytes[i] += most[i];
    return seconds;
}

/* Without modules the towers have no parameters to reduce. */
static void add_over_arch(struct step *s)
{
    const struct tp_sizes *sizes = &s->sums.sizes;
    struct tp_dense_cost dense =
        tp_dense_cost(s->model, s->mode, s->sums.towers, sizes->tower_count);
    if (s->model->dense_features)
        add_same_dense(s, TP_PHASE_BOTTOM_MLP, TP_PHASE_BOTTOM_MLP_BACKWARD, dense.bottom_flops);
    add_same_dense(s, TP_PHASE_OVER_ARCH, TP_PHASE_OVER_ARCH_BACKWARD, dense.over_flops);
    struct tp_phase_cost *cost = &s->cost.phases[TP_PHASE_DENSE_ALLREDUCE];
    double bytes[TP_LEVELS_MAX];
    cost->present = cost->moves = true;
    cost->seconds = tp_allreduce_seconds(
        s->topology, 0, sizes->rank_count, dense.parameters * DENSE_VALUE_BYTES, bytes);
    if (s->mode == TP_MODE_DMT)
        cost->seconds += tower_allreduce(s, bytes);
    for (int i = 0; i < TP_LEVELS_MAX; i++)
        cost->bytes[i] = tp_round_bytes(bytes[i]);
}

/* The sum of the phases. The ids of the next batch travel beside them, on each link while nothing else goes that
 * way: during lookups, permutes and dense layers, and while values go against them or elsewhere. What that
 * does not cover is waited for. Each exchange takes a fixed time more, whatever its bytes. */
static void add_up(struct step *s)
{
    struct tp_phase_cost *phases = s->cost.phases, *ids = &phases[TP_PHASE_IDS_ALLTOALL];
    bool exchanges[TP_PHASE_COUNT];
    double covered = 0, alltoalls = 0; /* of values */
    for (int i = 0; i < TP_PHASE_COUNT; i++) {
        exchanges[i] = phases[i].moves && phases[i].seconds > 0;
        covered += exchanges[i] ? 0 : phases[i].seconds;
        if (exchanges[i] && i != TP_PHASE_IDS_ALLTOALL && i != TP_PHASE_DENSE_ALLREDUCE)
            alltoalls += phases[i].seconds;
    }
    double left = tp_busiest_link_seconds(s->topology, s->all) - alltoalls;
    ids->seconds = fmax(0, fmin(ids->seconds, left) - covered);
    for (int i = 0; i < TP_PHASE_COUNT; i++) {
        phases[i].seconds += exchanges[i] ? s->topology->device.exchange_s : 0;
        s->cost.seconds += phases[i].seconds;
    }
}

static enum tp_status step_init(
    struct step *s, const struct tp_placement *placement, struct tp_error *err)
{
    enum tp_status status = tp_placement_sums_init(&s->sums, s->model, s->topology, placement, err);
    if (status)
        return status;
    int32_t ranks = s->topology->rank_count;
    status = tp_traffic_new(s->topology, &s->traffic, err);
    if (!status)
        status = tp_traffic_new(s->topology, &s->all, err);
    if (status)
        return status;
    s->width = TP_NEW(ranks, double);
    s->amount = TP_NEW(ranks, double);
    s->running = TP_NEW(ranks, double);
    return s->width && s->amount && s->running ? TP_OK : tp_fail_memory(err);
}

static void step_release(struct step *s)
{
    free(s->running);
    free(s->amount);
    free(s->width);
    tp_traffic_free(s->all);
    tp_traffic_free(s->traffic);
    tp_placement_sums_release(&s->sums);
}

enum tp_status tp_cost_step(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_placement *placement, enum tp_mode mode, struct tp_step_cost *cost,
    struct tp_error *err)
{
    struct step s = {.model = model, .topology = topology, .mode = mode};
    enum tp_status status = step_init(&s, placement, err);
    if (status)
        goto out;
    add_lookup(&s);
    if (mode == TP_MODE_FLAT)
        add_flat_exchange(&s);
    else
        add_tower_exchanges(&s);
    if (mode == TP_MODE_DMT && model->tower_module.kind != TP_MODULE_NONE)
        add_tower_modules(&s);
    add_over_arch(&s);
    add_up(&s);
    *cost = s.cost;
out:
    step_release(&s);
    return status;
}
