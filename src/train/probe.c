/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring the machine that the ranks run on, with the trainer's own exchanges and kernels.
 *
 * In: all ranks. Out: on rank 0 the figures of a calibration. A stage measures one of them on its
 * crew: the ranks that take part, rank 0 always among them, while all others sleep. First the sizes
 * of messages double until one takes too long for the stage; then come rounds that have each size
 * once, until the stage's time is up. What an operation takes is what its slowest rank takes.
 *
 * Small groups (of a host, of some hosts) are measured all at once, as the trainer uses them. Links
 * are those between ranks 0 and 1, and between the first two hosts: hosts are taken to be alike.
 * Times are of MPI's calls between barriers; short messages go many times in a row, since clock and
 * barrier take as long as they do. */
#include "train/probe.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "cost/load.h"
#include "train/workload.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_LEAST 5
#define ROUND_SHARE 10       /* of a stage is the longest transfer at most; a round is twice that */
#define REPEATED_BYTES 16384 /* messages up to this go several times in a row */
#define REPEATS 16
#define MESSAGE_FIRST 64
#define LARGE_FIRST 16384
#define BUFFER_BYTES ((size_t)16 << 20) /* of all that a rank sends at once */
#define TABLE_MOST (256.0 * 1048576)

struct probe {
    struct tp_comm *comm;
    const struct tp_probe_options *options;
    struct tp_calibration *calibration;
    int32_t stages, stage;
    struct tp_comm *crew, *group; /* of the stage; group: that exchanges, NULL if it is the crew */
    tp_real *send, *receive;      /* (BUFFER_BYTES, and a value per rank) */
    int32_t *counts;              /* (ranks) */
    struct tp_timings *timings;   /* of the stage, this rank's; rank 0 ends with the slowest */
    struct tp_timings *all;       /* (ranks) on rank 0 */
    struct tp_lookup_work lookup;
    struct tp_dense_work dense;
};

/* An operation of a stage, on all ranks of its crew. @param bytes  the size. */
typedef void operation(struct probe *probe, size_t bytes);

static double time_once(struct probe *probe, operation *run, double bytes)
{
    int repeats = bytes <= REPEATED_BYTES ? REPEATS : 1;
    tp_comm_barrier(probe->crew);
    double begun = tp_seconds_now();
    for (int i = 0; i < repeats; i++)
        run(probe, (size_t)bytes);
    return fmax((tp_seconds_now() - begun) / repeats, 1e-9);
}

/* What rank 0 thinks. */
static bool all_go(struct probe *probe, bool go)
{
    tp_comm_broadcast(probe->crew, &go, sizeof go);
    return go;
}

static double stage_seconds(const struct probe *probe)
{
    return probe->options->seconds / probe->stages;
}

/* Sizes first, 2 first, ... up to last, or up to the one that takes too long. */
static void find_sizes(struct probe *probe, operation *run, double first, double last)
{
    struct tp_timings *timings = probe->timings;
    double bytes = first, seconds;
    timings->size_count = 0;
    time_once(probe, run, bytes); /* the first one opens connections */
    do {
        seconds = time_once(probe, run, bytes);
        timings->bytes[timings->size_count++] = bytes;
        bytes *= 2;
    } while (all_go(probe, bytes <= last && timings->size_count < TP_SIZES_MAX &&
                               2 * seconds * ROUND_SHARE < stage_seconds(probe)));
}

/* @param prepare  before each operation, not timed; NULL: nothing. */
static void run_rounds(
    struct probe *probe, operation *run, void (*prepare)(struct probe *), double begun)
{
    struct tp_timings *timings = probe->timings;
    int32_t r = 0;
    bool go;
    do {
        for (int32_t i = 0; i < timings->size_count; i++) {
            if (prepare)
                prepare(probe);
            timings->seconds[r][i] = time_once(probe, run, timings->bytes[i]);
        }
        r++;
        go = r < ROUNDS_LEAST || tp_seconds_now() - begun < stage_seconds(probe);
    } while (all_go(probe, go && r < TP_ROUNDS_MAX));
    timings->round_count = r;
}

/* Rank 0 gets the times of the slowest rank of the crew. */
static void collect(struct probe *probe)
{
    struct tp_timings *timings = probe->timings;
    tp_comm_gather(probe->crew, timings, sizeof *timings, probe->all);
    if (tp_comm_rank(probe->crew) != 0)
        return;
    for (int32_t g = 1; g < tp_comm_size(probe->crew); g++)
        for (int32_t r = 0; r < timings->round_count; r++)
            for (int32_t i = 0; i < timings->size_count; i++)
                timings->seconds[r][i] = fmax(timings->seconds[r][i], probe->all[g].seconds[r][i]);
}

/* All ranks call it. @param member  of the crew. */
static enum tp_status begin(
    struct probe *probe, bool member, const char *what, struct tp_error *err)
{
    const struct tp_probe_options *options = probe->options;
    if (options->on_stage && tp_comm_rank(probe->comm) == 0)
        options->on_stage(options->context, what, (double)probe->stage / probe->stages);
    probe->stage++;
    return tp_comm_part(probe->comm, member ? 0 : 1, &probe->crew, err);
}

static void end(struct probe *probe)
{
    tp_comm_rest(probe->comm);
    tp_comm_free(probe->group);
    tp_comm_free(probe->crew);
    probe->group = probe->crew = NULL;
}

static void keep(
    struct probe *probe, enum tp_figure_kind kind, int32_t level, int32_t world, struct tp_fit fit)
{
    struct tp_calibration *calibration = probe->calibration;
    if (tp_comm_rank(probe->comm) == 0)
        calibration->figures[calibration->count++] =
            (struct tp_figure){kind, level, world, probe->timings->round_count, fit};
}

static void scale_bytes(struct tp_timings *timings, double factor)
{
    for (int32_t i = 0; i < timings->size_count; i++)
        timings->bytes[i] *= factor;
}

/* There and back between ranks 0 and 1 of the crew. */
static void run_ping(struct probe *probe, size_t bytes)
{
    if (tp_comm_rank(probe->crew) == 0) {
        tp_comm_send(probe->crew, 1, probe->send, bytes);
        tp_comm_receive(probe->crew, 1, probe->receive, bytes);
    } else {
        tp_comm_receive(probe->crew, 0, probe->receive, bytes);
        tp_comm_send(probe->crew, 0, probe->send, bytes);
    }
}

/* Latency and rate of a level: rank 0 and the nearest rank that it meets there. */
static enum tp_status measure_link(struct probe *probe, int32_t level, struct tp_error *err)
{
    int32_t rank = tp_comm_rank(probe->comm);
    int32_t other = level ? probe->calibration->ranks_per_host : 1;
    bool member = rank == 0 || rank == other;
    double begun = tp_seconds_now();
    enum tp_status status =
        begin(probe, member, level ? "link between hosts" : "link inside a host", err);
    status = tp_comm_agree(probe->comm, status, err);
    if (status)
        return status;
    if (member) {
        struct tp_timings *timings = probe->timings;
        find_sizes(probe, run_ping, MESSAGE_FIRST, BUFFER_BYTES);
        run_rounds(probe, run_ping, NULL, begun);
        for (int32_t r = 0; r < timings->round_count; r++)
            for (int32_t i = 0; i < timings->size_count; i++)
                timings->seconds[r][i] /= 2; /* one way */
        keep(probe, TP_FIGURE_LATENCY, level, 0, tp_fit_latency(timings));
        keep(probe, TP_FIGURE_RATE, level, 0, tp_fit_rate(timings));
    }
    end(probe);
    return TP_OK;
}

/* From each rank of the first host to the one in its place on the second, and a word back. */
static void run_uplink(struct probe *probe, size_t bytes)
{
    int32_t rank = tp_comm_rank(probe->crew), each = probe->calibration->ranks_per_host;
    if (rank < each) {
        tp_comm_send(probe->crew, rank + each, probe->send, bytes);
        tp_comm_receive(probe->crew, rank + each, probe->receive, 1);
    } else {
        tp_comm_receive(probe->crew, rank - each, probe->receive, bytes);
        tp_comm_send(probe->crew, rank - each, probe->send, 1);
    }
}

static enum tp_status measure_uplink(struct probe *probe, struct tp_error *err)
{
    int32_t each = probe->calibration->ranks_per_host;
    bool member = tp_comm_rank(probe->comm) < 2 * each;
    double begun = tp_seconds_now();
    enum tp_status status = begin(probe, member, "uplink of a host", err);
    status = tp_comm_agree(probe->comm, status, err);
    if (status)
        return status;
    if (member) {
        find_sizes(probe, run_uplink, LARGE_FIRST, BUFFER_BYTES);
        run_rounds(probe, run_uplink, NULL, begun);
        collect(probe);
        scale_bytes(probe->timings, each);
        keep(probe, TP_FIGURE_UPLINK, 1, 0, tp_fit_rate(probe->timings));
    }
    end(probe);
    return TP_OK;
}

/* Bytes to each rank of the group. */
static void run_alltoall(struct probe *probe, size_t bytes)
{
    int32_t members = tp_comm_size(probe->group);
    struct tp_share_out exchange = {probe->send, probe->counts, probe->receive, probe->counts, 4};
    for (int32_t i = 0; i < members; i++)
        probe->counts[i] = (int32_t)(bytes / exchange.unit_bytes);
    tp_comm_alltoall(probe->group, TP_CIRCLE_WORLD, TP_PHASE_EMBEDDING_ALLTOALL, &exchange);
}

/* Zeros, so that sums of sums stay as they are. */
static void run_allreduce(struct probe *probe, size_t bytes)
{
    tp_comm_sum(
        probe->group, TP_CIRCLE_WORLD, probe->send, bytes / sizeof(tp_real), probe->receive);
}

/* Which group of `world` ranks a rank is in, in a host or of whole hosts; -1: it is left over. */
static int32_t group_of(const struct tp_calibration *calibration, int32_t rank, int32_t world)
{
    int32_t each = calibration->ranks_per_host, host = rank / each, place = rank % each;
    if (world > each)
        return rank < calibration->ranks / world * world ? rank / world : -1;
    return place < each / world * world ? host * (each / world) + place / world : -1;
}

/* Splits the crew into groups, each with a topology of its own.
 * @param shape  out, borrowed by the group. */
static enum tp_status begin_groups(struct probe *probe, int32_t world, int32_t group,
    struct tp_topology *shape, struct tp_error *err)
{
    int32_t each = probe->calibration->ranks_per_host;
    *shape = (struct tp_topology){.level_count = 1, .rank_count = world, .ranks_per_host = world};
    shape->levels[0].fanout = world;
    if (world > each) {
        shape->level_count = 2;
        shape->ranks_per_host = shape->levels[0].fanout = each;
        shape->levels[1].fanout = world / each;
    }
    enum tp_status status = tp_comm_part(probe->crew, group, &probe->group, err);
    if (status == TP_OK)
        status = tp_comm_divide(probe->group, shape, shape->ranks_per_host, err);
    return status;
}

static void fit_collective(struct probe *probe, enum tp_figure_kind kind, int32_t world)
{
    int32_t each = probe->calibration->ranks_per_host, level = world > each;
    int32_t peers = level ? world - each : world - 1; /* that are met at this level */
    const struct tp_figure *latency =
        tp_calibration_find(probe->calibration, TP_FIGURE_LATENCY, level);
    if (tp_comm_rank(probe->comm) != 0)
        return;
    if (kind == TP_FIGURE_ALLTOALL) {
        scale_bytes(probe->timings, peers);
        keep(probe, kind, level, world,
            tp_fit_share(probe->timings, peers * latency->fit.value.median));
    } else {
        scale_bytes(probe->timings, 2.0 * (world - 1) / world);
        keep(probe, kind, level, world, tp_fit_share(probe->timings, 0));
    }
}

/* What a rank sends in the model's exchanges: in each of them, flat or by towers, the looked up values
 * of its shards. Messages of other sizes go at other rates. */
static double exchange_bytes(const struct probe *probe)
{
    const struct tp_model *model = probe->options->model;
    double values = 0, e = fmax(tp_dtype_bytes(model->forward), tp_dtype_bytes(model->backward));
    for (int32_t i = 0; i < model->feature_count; i++)
        values += model->tables[model->features[i].table].dim;
    return e * values * probe->options->samples;
}

static double allreduce_bytes(const struct probe *probe)
{
    return tp_dense_cost(probe->options->model, TP_MODE_FLAT, NULL, 0).parameters * sizeof(tp_real);
}

/* All groups of `world` ranks at once. */
static enum tp_status measure_collective(
    struct probe *probe, enum tp_figure_kind kind, int32_t world, struct tp_error *err)
{
    bool alltoall = kind == TP_FIGURE_ALLTOALL;
    operation *run = alltoall ? run_alltoall : run_allreduce;
    int32_t group = group_of(probe->calibration, tp_comm_rank(probe->comm), world);
    double begun = tp_seconds_now();
    struct tp_topology shape;
    enum tp_status status = begin(probe, group >= 0, alltoall ? "alltoall" : "allreduce", err);
    if (status == TP_OK && group >= 0)
        status = begin_groups(probe, world, group, &shape, err);
    status = tp_comm_agree(probe->comm, status, err);
    if (status)
        return status;
    if (group >= 0) {
        double most = alltoall ? exchange_bytes(probe) : allreduce_bytes(probe);
        most = floor(fmin(most, (double)BUFFER_BYTES) / (alltoall ? world : 1) / 4) * 4;
        double first = fmax(most, 4);
        while (first > (alltoall ? LARGE_FIRST : 4 * LARGE_FIRST))
            first /= 2;
        find_sizes(probe, run, first, most);
        run_rounds(probe, run, NULL, begun);
        collect(probe);
        fit_collective(probe, kind, world);
    }
    end(probe);
    return TP_OK;
}

/* What an exchange takes beside its bytes and latencies: calls, switches between ranks that share
 * cores, waiting for the last one. */
static enum tp_status measure_exchange(struct probe *probe, struct tp_error *err)
{
    int32_t world = probe->calibration->ranks, each = probe->calibration->ranks_per_host;
    double begun = tp_seconds_now();
    struct tp_topology shape;
    enum tp_status status = begin(probe, true, "exchange of next to nothing", err);
    if (status == TP_OK)
        status = begin_groups(probe, world, 0, &shape, err);
    status = tp_comm_agree(probe->comm, status, err);
    if (status)
        return status;
    find_sizes(probe, run_alltoall, MESSAGE_FIRST, TP_SMALL_BYTES);
    run_rounds(probe, run_alltoall, NULL, begun);
    collect(probe);
    if (tp_comm_rank(probe->comm) == 0) {
        int32_t level = world > each, peers = level ? world - each : world - 1;
        double latency =
            tp_calibration_find(probe->calibration, TP_FIGURE_LATENCY, level)->fit.value.median;
        keep(probe, TP_FIGURE_EXCHANGE, -1, world,
            tp_fit_less(tp_fit_latency(probe->timings), peers * latency));
    }
    end(probe);
    return TP_OK;
}

static void prepare_lookup(struct probe *probe)
{
    tp_lookup_work_draw(&probe->lookup);
}

static void run_lookup(struct probe *probe, size_t bytes)
{
    (void)bytes;
    tp_lookup_work_run(&probe->lookup);
}

static void run_dense(struct probe *probe, size_t bytes)
{
    (void)bytes;
    tp_dense_work_run(&probe->dense);
}

/* What a rank does for itself: all of them at once, or rank 0 while the others wait.
 * @param amount  bytes or flops of one run. */
static enum tp_status measure_work(
    struct probe *probe, enum tp_figure_kind kind, double amount, struct tp_error *err)
{
    bool lookup = kind == TP_FIGURE_LOOKUP || kind == TP_FIGURE_LOOKUP_ALONE;
    bool all = kind == TP_FIGURE_LOOKUP || kind == TP_FIGURE_DENSE;
    bool member = all || tp_comm_rank(probe->comm) == 0;
    operation *run = lookup ? run_lookup : run_dense;
    double begun = tp_seconds_now();
    enum tp_status status = begin(probe, member, lookup ? "lookups" : "dense layers", err);
    status = tp_comm_agree(probe->comm, status, err);
    if (status)
        return status;
    if (member) {
        probe->timings->size_count = 1;
        probe->timings->bytes[0] = amount;
        time_once(probe, run, amount);
        run_rounds(probe, run, lookup ? prepare_lookup : NULL, begun);
        collect(probe);
        keep(probe, kind, -1, 0, tp_fit_share(probe->timings, 0));
    }
    end(probe);
    return TP_OK;
}

/* Both ways; a single rank is always alone. */
static enum tp_status measure_work_shared(struct probe *probe, enum tp_figure_kind all,
    enum tp_figure_kind alone, double amount, struct tp_error *err)
{
    enum tp_status status = measure_work(probe, all, amount, err);
    if (status == TP_OK && probe->calibration->machine_ranks > 1)
        status = measure_work(probe, alone, amount, err);
    return status;
}

/* A rank's part of the model's tables, of which more than some is as far from the caches as any. */
static int64_t table_bytes(const struct probe *probe)
{
    const struct tp_model *model = probe->options->model;
    double bytes = 0, most = fmin((double)probe->options->memory_bytes / 8, TABLE_MOST);
    for (int32_t i = 0; i < model->table_count; i++)
        bytes += (double)model->tables[i].rows * model->tables[i].dim * sizeof(tp_real);
    return (int64_t)fmin(bytes / probe->calibration->ranks, most);
}

/* The mean width of a row that is looked up. */
static int32_t lookup_columns(const struct tp_model *model)
{
    double values = 0, rows = 0;
    for (int32_t i = 0; i < model->feature_count; i++) {
        values += model->features[i].pooling * model->tables[model->features[i].table].dim;
        rows += model->features[i].pooling;
    }
    return (int32_t)fmax(1, round(values / rows));
}

static enum tp_status prepare(struct probe *probe, struct tp_error *err)
{
    size_t ranks = (size_t)tp_comm_size(probe->comm);
    size_t values = BUFFER_BYTES / sizeof(tp_real) + ranks;
    bool root = tp_comm_rank(probe->comm) == 0;
    probe->send = tp_new_aligned(values, sizeof *probe->send);
    probe->receive = tp_new_aligned(values, sizeof *probe->receive);
    probe->counts = TP_NEW(ranks, int32_t);
    probe->timings = TP_NEW(1, struct tp_timings);
    probe->all = TP_NEW(root ? ranks : 1, struct tp_timings);
    if (!probe->send || !probe->receive || !probe->counts || !probe->timings || !probe->all)
        return tp_fail_memory(err);
    memset(probe->send, 0, values * sizeof *probe->send); /* pages of their own */
    memset(probe->receive, 0, values * sizeof *probe->receive);
    return TP_OK;
}

static void release(struct probe *probe)
{
    tp_dense_work_release(&probe->dense);
    tp_lookup_work_release(&probe->lookup);
    tp_comm_free(probe->group);
    tp_comm_free(probe->crew);
    free(probe->all);
    free(probe->timings);
    free(probe->counts);
    free(probe->receive);
    free(probe->send);
}

/* What ranks do alone needs much memory: each has it only for its own measurement. */
static enum tp_status measure_ranks(struct probe *probe, struct tp_error *err)
{
    struct tp_calibration *calibration = probe->calibration;
    uint64_t seed = (uint64_t)tp_comm_rank(probe->comm) + 1;
    calibration->lookup_columns = lookup_columns(probe->options->model);
    calibration->lookup_table_bytes = table_bytes(probe);
    enum tp_status status = tp_lookup_work_init(
        &probe->lookup, calibration->lookup_columns, calibration->lookup_table_bytes, seed, err);
    status = tp_comm_agree(probe->comm, status, err);
    if (status == TP_OK)
        status = measure_work_shared(
            probe, TP_FIGURE_LOOKUP, TP_FIGURE_LOOKUP_ALONE, probe->lookup.bytes, err);
    tp_lookup_work_release(&probe->lookup);
    if (status)
        return status;
    status = tp_dense_work_init(&probe->dense, probe->options->model, probe->options->samples, err);
    calibration->dense_samples = probe->dense.samples;
    status = tp_comm_agree(probe->comm, status, err);
    if (status == TP_OK)
        status = measure_work_shared(
            probe, TP_FIGURE_DENSE, TP_FIGURE_DENSE_ALONE, probe->dense.flops, err);
    return status;
}

static enum tp_status measure_network(
    struct probe *probe, const int32_t *worlds, int32_t world_count, struct tp_error *err)
{
    const struct tp_calibration *calibration = probe->calibration;
    int32_t each = calibration->ranks_per_host;
    enum tp_status status = TP_OK;
    if (each > 1)
        status = measure_link(probe, 0, err);
    if (status == TP_OK && calibration->ranks > each)
        status = measure_link(probe, 1, err);
    if (status == TP_OK && calibration->ranks > each && each > 1)
        status = measure_uplink(probe, err);
    if (status == TP_OK && calibration->ranks > 1)
        status = measure_exchange(probe, err);
    for (int32_t i = 0; status == TP_OK && i < world_count; i++)
        status = measure_collective(probe, TP_FIGURE_ALLTOALL, worlds[i], err);
    for (int32_t i = 0; status == TP_OK && i < world_count; i++)
        status = measure_collective(probe, TP_FIGURE_ALLREDUCE, worlds[i], err);
    return status;
}

enum tp_status tp_probe(struct tp_comm *comm, const struct tp_probe_options *options,
    struct tp_calibration *calibration, struct tp_error *err)
{
    struct probe probe = {.comm = comm, .options = options, .calibration = calibration};
    int32_t each = calibration->ranks_per_host, hosts = calibration->ranks / each;
    int32_t worlds[TP_WORLDS_MAX];
    int32_t world_count = tp_calibration_worlds(calibration->ranks, each, worlds);
    double begun = tp_seconds_now();
    probe.stages = 2 + 2 * (calibration->machine_ranks > 1) + 2 * world_count + (each > 1) +
                   (hosts > 1) + (hosts > 1 && each > 1) + (calibration->ranks > 1);
    enum tp_status status = tp_comm_agree(comm, prepare(&probe, err), err);
    if (status == TP_OK)
        status = measure_network(&probe, worlds, world_count, err);
    if (status == TP_OK)
        status = measure_ranks(&probe, err);
    calibration->seconds = tp_seconds_now() - begun;
    release(&probe);
    return status;
}
