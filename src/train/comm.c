/* SPDX-License-Identifier: Apache-2.0 */
/* What the ranks say to each other: the only file that knows MPI.
 *
 * In: buffers and counts. Out: exchanged buffers, and a count of the payload by phase and by the
 * lowest level of the topology that joins sender and receiver. A circle is an MPI communicator with
 * the level at which this rank meets each of its members.
 *
 * Sums of gradients do not use MPI's reductions, whose order of addition is up to the library.
 * Level by level from the inside out, a rank gets its slice of the values from each of the f ranks
 * at its place in the next larger group, adds them in the order of the ranks, and passes the slice
 * on to the next level; the way back hands the sums out. That is the hierarchical allreduce of
 * docs/cost-model.md (Cho et al. 2019, doi:10.1147/JRD.2019.2947013), with the same bytes.
 *
 * Cost of an exchange: MPI's. Errors of MPI end the program, as MPI's default handler does. */
#include "train/comm.h"

#include "base/fail.h"
#include "base/memory.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef TP_REAL_DOUBLE
#define MPI_REAL_TYPE MPI_DOUBLE
#else
#define MPI_REAL_TYPE MPI_FLOAT
#endif

struct circle {
    MPI_Comm comm; /* MPI_COMM_NULL: not made */
    int32_t size, rank;
    int32_t *level; /* (size) that joins this rank and each member; -1: itself */
    int *from, *to; /* (size) where the blocks begin, for the exchange of the moment */
};

struct tp_comm {
    const struct tp_topology *topology;
    MPI_Comm world; /* MPI's own, or of a part of its ranks */
    int32_t rank, size;
    struct circle circles[TP_CIRCLE_COUNT];
    /* All ranks, for what is exchanged while others compute: its order among the other exchanges may
     * differ from rank to rank. */
    MPI_Comm meanwhile;
    struct circle steps[TP_LEVELS_MAX]; /* of a sum over all: ranks at one place of each level */
    struct circle tower_hosts;          /* of a sum over a tower: ranks at one place of its hosts */
    int *slices, *begins, *same;        /* (largest circle) of a sum */
    struct tp_comm_bytes bytes;
    bool agreed; /* all ranks know of a failure */
};

struct tp_comm_request {
    MPI_Request request;
    int *from, *to; /* (size) where the blocks begin */
};

/* @param world  of the ranks that it joins. */
static struct tp_comm *new_comm(MPI_Comm world)
{
    struct tp_comm *c = TP_NEW(1, struct tp_comm);
    if (!c)
        return NULL;
    c->world = world;
    MPI_Comm_rank(world, &c->rank);
    MPI_Comm_size(world, &c->size);
    for (int i = 0; i < TP_CIRCLE_COUNT; i++)
        c->circles[i].comm = MPI_COMM_NULL;
    for (int i = 0; i < TP_LEVELS_MAX; i++)
        c->steps[i].comm = MPI_COMM_NULL;
    c->tower_hosts.comm = MPI_COMM_NULL;
    MPI_Comm_dup(world, &c->meanwhile);
    return c;
}

enum tp_status tp_comm_new(struct tp_comm **comm, struct tp_error *err)
{
    MPI_Init(NULL, NULL);
    *comm = new_comm(MPI_COMM_WORLD);
    return *comm ? TP_OK : tp_fail_memory(err);
}

enum tp_status tp_comm_part(
    struct tp_comm *comm, int32_t colour, struct tp_comm **part, struct tp_error *err)
{
    MPI_Comm world;
    MPI_Comm_split(comm->world, (int)colour, comm->rank, &world);
    *part = new_comm(world);
    if (*part)
        return TP_OK;
    MPI_Comm_free(&world);
    return tp_fail_memory(err);
}

static void circle_release(struct circle *circle)
{
    if (circle->comm != MPI_COMM_NULL)
        MPI_Comm_free(&circle->comm);
    free(circle->level);
    free(circle->from);
    free(circle->to);
}

void tp_comm_free(struct tp_comm *comm)
{
    if (!comm)
        return;
    for (int i = 0; i < TP_CIRCLE_COUNT; i++)
        circle_release(&comm->circles[i]);
    for (int i = 0; i < TP_LEVELS_MAX; i++)
        circle_release(&comm->steps[i]);
    circle_release(&comm->tower_hosts);
    MPI_Comm_free(&comm->meanwhile);
    free(comm->slices);
    free(comm->begins);
    free(comm->same);
    if (comm->world == MPI_COMM_WORLD)
        MPI_Finalize();
    else
        MPI_Comm_free(&comm->world);
    free(comm);
}

int32_t tp_comm_rank(const struct tp_comm *comm)
{
    return comm->rank;
}

int32_t tp_comm_size(const struct tp_comm *comm)
{
    return comm->size;
}

void tp_comm_abort(struct tp_comm *comm, int status)
{
    (void)comm;
    MPI_Abort(MPI_COMM_WORLD, status);
    abort(); /* not reached; MPI does not say so to the compiler */
}

enum tp_status tp_comm_agree(struct tp_comm *comm, enum tp_status status, struct tp_error *err)
{
    struct {
        int status, rank;
    } own = {(int)status, comm->rank}, worst;
    MPI_Allreduce(&own, &worst, 1, MPI_2INT, MPI_MAXLOC, comm->world);
    if (worst.status != TP_OK && err) {
        MPI_Bcast(err->text, (int)sizeof err->text, MPI_CHAR, worst.rank, comm->world);
        err->status = (enum tp_status)worst.status;
    }
    comm->agreed = worst.status != TP_OK;
    return (enum tp_status)worst.status;
}

bool tp_comm_agreed(const struct tp_comm *comm)
{
    return comm->agreed;
}

void tp_comm_barrier(struct tp_comm *comm)
{
    MPI_Barrier(comm->world);
}

void tp_comm_rest(struct tp_comm *comm)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    MPI_Request request;
    int over = 0;
    MPI_Ibarrier(comm->world, &request);
    MPI_Test(&request, &over, MPI_STATUS_IGNORE);
    while (!over) {
        nanosleep(&nap, NULL);
        MPI_Test(&request, &over, MPI_STATUS_IGNORE);
    }
}

void tp_comm_send(struct tp_comm *comm, int32_t to, const void *data, size_t bytes)
{
    MPI_Send(data, (int)bytes, MPI_BYTE, to, 0, comm->world);
}

void tp_comm_receive(struct tp_comm *comm, int32_t from, void *data, size_t bytes)
{
    MPI_Recv(data, (int)bytes, MPI_BYTE, from, 0, comm->world, MPI_STATUS_IGNORE);
}

void tp_comm_gather(struct tp_comm *comm, const void *own, size_t bytes, void *all)
{
    MPI_Datatype block;
    /* One item of a type of its own: MPI counts items in an int. */
    MPI_Type_contiguous((int)(bytes / sizeof(uint32_t)), MPI_UINT32_T, &block);
    MPI_Type_commit(&block);
    MPI_Gather(own, 1, block, all, 1, block, 0, comm->world);
    MPI_Type_free(&block);
}

void tp_comm_broadcast(struct tp_comm *comm, void *data, size_t bytes)
{
    MPI_Bcast(data, (int)bytes, MPI_BYTE, 0, comm->world);
}

void tp_comm_nodes(struct tp_comm *comm, int32_t *node, char (*names)[TP_NODE_NAME_BYTES])
{
    MPI_Comm shared;
    char name[MPI_MAX_PROCESSOR_NAME], own[TP_NODE_NAME_BYTES] = {0};
    int length, lowest;
    MPI_Comm_split_type(comm->world, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &shared);
    MPI_Allreduce(&comm->rank, &lowest, 1, MPI_INT, MPI_MIN, shared);
    MPI_Comm_free(&shared);
    MPI_Get_processor_name(name, &length);
    memcpy(own, name, (size_t)length < sizeof own ? (size_t)length : sizeof own - 1);
    MPI_Allgather(&lowest, 1, MPI_INT, node, 1, MPI_INT, comm->world);
    MPI_Allgather(own, sizeof own, MPI_CHAR, names, sizeof own, MPI_CHAR, comm->world);
}

/* The ranks of one colour. All ranks call it. */
static enum tp_status circle_init(
    struct circle *circle, struct tp_comm *comm, int colour, struct tp_error *err)
{
    MPI_Comm_split(comm->world, colour, comm->rank, &circle->comm);
    MPI_Comm_size(circle->comm, &circle->size);
    MPI_Comm_rank(circle->comm, &circle->rank);
    circle->level = TP_NEW(circle->size, int32_t);
    circle->from = TP_NEW(circle->size, int);
    circle->to = TP_NEW(circle->size, int);
    enum tp_status status =
        circle->level && circle->from && circle->to ? TP_OK : tp_fail_memory(err);
    status = tp_comm_agree(comm, status, err);
    if (status)
        return status;
    MPI_Allgather(&comm->rank, 1, MPI_INT, circle->level, 1, MPI_INT, circle->comm);
    for (int32_t i = 0; i < circle->size; i++)
        circle->level[i] = i == circle->rank
                               ? -1
                               : tp_topology_joins(comm->topology, comm->rank, circle->level[i]);
    return TP_OK;
}

enum tp_status tp_comm_divide(struct tp_comm *comm, const struct tp_topology *topology,
    int32_t ranks_per_tower, struct tp_error *err)
{
    int32_t g = comm->rank, per_host = topology->ranks_per_host, inner = 1;
    comm->topology = topology;
    comm->slices = TP_NEW(comm->size, int);
    comm->begins = TP_NEW(comm->size, int);
    comm->same = TP_NEW(comm->size, int);
    enum tp_status status =
        comm->slices && comm->begins && comm->same ? TP_OK : tp_fail_memory(err);
    status = tp_comm_agree(comm, status, err);
    if (status == TP_OK)
        status = circle_init(&comm->circles[TP_CIRCLE_WORLD], comm, 0, err);
    if (status == TP_OK)
        status = circle_init(&comm->circles[TP_CIRCLE_TOWER], comm, g / ranks_per_tower, err);
    if (status == TP_OK)
        status = circle_init(&comm->circles[TP_CIRCLE_PEERS], comm, g % ranks_per_tower, err);
    for (int32_t i = 0; i < topology->level_count && status == TP_OK; i++) {
        int32_t group = tp_topology_group(topology, i);
        status = circle_init(&comm->steps[i], comm, g / group * inner + g % inner, err);
        inner = group;
    }
    if (status == TP_OK)
        status = circle_init(
            &comm->tower_hosts, comm, g / ranks_per_tower * per_host + g % per_host, err);
    return status;
}

int32_t tp_comm_circle_size(const struct tp_comm *comm, enum tp_circle circle)
{
    return comm->circles[circle].size;
}

static MPI_Datatype type_of(size_t unit_bytes)
{
    switch (unit_bytes) {
    case 2:
        return MPI_UINT16_T;
    case 4:
        return MPI_UINT32_T;
    default:
        return MPI_UINT64_T;
    }
}

static void lay_out(const int32_t *counts, int32_t size, int *begins)
{
    int begin = 0;
    for (int32_t i = 0; i < size; i++) {
        begins[i] = begin;
        begin += counts[i];
    }
}

static void count_bytes(struct tp_comm *comm, const struct circle *circle, enum tp_phase phase,
    const struct tp_share_out *exchange)
{
    int64_t unit = (int64_t)exchange->unit_bytes;
    for (int32_t i = 0; i < circle->size; i++) {
        if (circle->level[i] < 0)
            continue;
        comm->bytes.sent[phase][circle->level[i]] += exchange->send_counts[i] * unit;
        comm->bytes.received[phase][circle->level[i]] += exchange->receive_counts[i] * unit;
    }
}

void tp_comm_alltoall(struct tp_comm *comm, enum tp_circle which, enum tp_phase phase,
    const struct tp_share_out *exchange)
{
    struct circle *circle = &comm->circles[which];
    MPI_Datatype type = type_of(exchange->unit_bytes);
    lay_out(exchange->send_counts, circle->size, circle->from);
    lay_out(exchange->receive_counts, circle->size, circle->to);
    MPI_Alltoallv(exchange->send, exchange->send_counts, circle->from, type, exchange->receive,
        exchange->receive_counts, circle->to, type, circle->comm);
    count_bytes(comm, circle, phase, exchange);
}

enum tp_status tp_comm_start(struct tp_comm *comm, enum tp_phase phase,
    const struct tp_share_out *exchange, struct tp_comm_request **request, struct tp_error *err)
{
    struct circle *world = &comm->circles[TP_CIRCLE_WORLD];
    MPI_Datatype type = type_of(exchange->unit_bytes);
    struct tp_comm_request *r = TP_NEW(1, struct tp_comm_request);
    if (!r)
        return tp_fail_memory(err);
    r->request = MPI_REQUEST_NULL;
    *request = r;
    r->from = TP_NEW(world->size, int);
    r->to = TP_NEW(world->size, int);
    if (!r->from || !r->to)
        return tp_fail_memory(err);
    lay_out(exchange->send_counts, world->size, r->from);
    lay_out(exchange->receive_counts, world->size, r->to);
    MPI_Ialltoallv(exchange->send, exchange->send_counts, r->from, type, exchange->receive,
        exchange->receive_counts, r->to, type, comm->meanwhile, &r->request);
    count_bytes(comm, world, phase, exchange);
    return TP_OK;
}

bool tp_comm_over(struct tp_comm_request *request)
{
    int over;
    MPI_Test(&request->request, &over, MPI_STATUS_IGNORE);
    return over;
}

void tp_comm_wait(struct tp_comm_request *request)
{
    if (!request)
        return;
    MPI_Wait(&request->request, MPI_STATUS_IGNORE);
    free(request->from);
    free(request->to);
    free(request);
}

/* What one step of a sum sends and receives on the way in; the way out is the reverse. */
static void count_sum(struct tp_comm *comm, const struct circle *circle)
{
    const struct tp_share_out in = {NULL, comm->slices, NULL, comm->same, sizeof(tp_real)};
    const struct tp_share_out out = {NULL, comm->same, NULL, comm->slices, sizeof(tp_real)};
    count_bytes(comm, circle, TP_PHASE_DENSE_ALLREDUCE, &in);
    count_bytes(comm, circle, TP_PHASE_DENSE_ALLREDUCE, &out);
}

/* Cuts `count` values into a slice per member. @return where this rank's begins. */
static size_t cut(struct tp_comm *comm, const struct circle *circle, size_t count)
{
    size_t members = (size_t)circle->size;
    for (size_t i = 0; i < members; i++) {
        size_t begin = count / members * i + (i < count % members ? i : count % members);
        comm->begins[i] = (int)begin;
        comm->slices[i] = (int)(count / members + (i < count % members));
    }
    for (int32_t i = 0; i < circle->size; i++)
        comm->same[i] = comm->slices[circle->rank];
    return (size_t)comm->begins[circle->rank];
}

static void sum_over(struct tp_comm *comm, struct circle *const *steps, int32_t step_count,
    tp_real *values, size_t count, tp_real *scratch)
{
    struct circle *circle = step_count ? steps[0] : NULL;
    if (!circle)
        return;
    if (circle->size == 1) {
        sum_over(comm, steps + 1, step_count - 1, values, count, scratch);
        return;
    }
    size_t begin = cut(comm, circle, count), own = (size_t)comm->slices[circle->rank];
    tp_real *slice = values + begin;
    lay_out(comm->same, circle->size, circle->to);
    MPI_Alltoallv(values, comm->slices, comm->begins, MPI_REAL_TYPE, scratch, comm->same,
        circle->to, MPI_REAL_TYPE, circle->comm);
    count_sum(comm, circle);
    memcpy(slice, scratch, own * sizeof *slice);
    for (int32_t i = 1; i < circle->size; i++)
        for (size_t k = 0; k < own; k++)
            slice[k] += scratch[(size_t)i * own + k];
    sum_over(comm, steps + 1, step_count - 1, slice, own, scratch);
    cut(comm, circle, count);
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, comm->slices, comm->begins,
        MPI_REAL_TYPE, circle->comm);
}

void tp_comm_sum(
    struct tp_comm *comm, enum tp_circle circle, tp_real *values, size_t count, tp_real *scratch)
{
    struct circle *steps[TP_LEVELS_MAX];
    int32_t step_count = comm->topology->level_count;
    for (int32_t i = 0; i < step_count; i++)
        steps[i] = &comm->steps[i];
    if (circle == TP_CIRCLE_TOWER) {
        steps[1] = &comm->tower_hosts;
        step_count = 2;
    }
    sum_over(comm, steps, step_count, values, count, scratch);
}

void tp_comm_take_bytes(struct tp_comm *comm, struct tp_comm_bytes *bytes)
{
    *bytes = comm->bytes;
    comm->bytes = (struct tp_comm_bytes){0};
}
