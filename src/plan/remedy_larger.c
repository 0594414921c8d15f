/* SPDX-License-Identifier: Apache-2.0 */
/* Less to hold, or more to hold it in: a smaller batch, a lighter optimizer, fewer rows, more memory,
 * more hosts.
 *
 * Each is a number on which the answer turns once, as far as memory goes: found by doubling or halving
 * and then by bisection over round numbers. Most probes are refuted by the direct bounds, for free. */
#include "plan/remedy.h"

#include "base/fail.h"
#include "base/memory.h"
#include "spec/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define BATCH_HALVINGS 16
#define DOUBLINGS 40     /* of a rank's memory, halvings of a table's rows */
#define DIGITS 3         /* of the rounded values that are named */
#define HOSTS_TIMES 8    /* the present number, at most */
#define HOSTS_SEARCHES 8 /* numbers of hosts that the bounds do not refute */
#define HOSTS_STEPS 64   /* numbers tried between one and two times the present one */

/* To so many digits, up or down. */
static int64_t round_to(double value, int digits, bool up)
{
    double unit = pow(10, fmax(0, floor(log10(fmax(value, 1))) + 1 - digits));
    double rounded = (up ? ceil(value / unit - 1e-9) : floor(value / unit + 1e-9)) * unit;
    return rounded < 9.0e18 ? (int64_t)llround(rounded) : INT64_MAX;
}

/* A smaller batch, halved until it works. */
static enum tp_status find_batch(
    struct tp_inquiry *inquiry, struct tp_text *lines, struct tp_error *err)
{
    struct tp_model smaller = *inquiry->asked.model; /* shallow */
    struct tp_question question = inquiry->asked;
    int64_t *batch = smaller.batch_size ? &smaller.batch_size : &smaller.local_batch_size;
    int64_t unit = smaller.batch_size ? question.topology->rank_count : 1, before = *batch;
    bool works = false;
    enum tp_status status = TP_OK;
    question.model = &smaller;
    for (int i = 0; i < BATCH_HALVINGS && *batch % (2 * unit) == 0 && !works && !status; i++) {
        *batch /= 2;
        status = tp_try_setting(inquiry, &question, &works, err);
    }
    if (works)
        tp_text_add(lines, "  %s %" PRId64 " instead of %" PRId64 "\n",
            smaller.batch_size ? "batch_size" : "local_batch_size", *batch, before);
    return status;
}

/* The optimizer with the next smaller state that works. */
static enum tp_status find_optimizer(
    struct tp_inquiry *inquiry, struct tp_text *lines, struct tp_error *err)
{
    static const enum tp_optimizer heaviest_first[] = {
        TP_ADAM, TP_ADAGRAD, TP_ROWWISE_ADAGRAD, TP_SGD};
    struct tp_model lighter = *inquiry->asked.model; /* shallow */
    struct tp_question question = inquiry->asked;
    bool works = false, below = false;
    enum tp_status status = TP_OK;
    question.model = &lighter;
    for (size_t i = 0; i < sizeof heaviest_first / sizeof *heaviest_first && !works && !status;
         i++) {
        if (below) {
            lighter.optimizer = heaviest_first[i];
            status = tp_try_setting(inquiry, &question, &works, err);
        }
        below |= heaviest_first[i] == inquiry->asked.model->optimizer;
    }
    if (works)
        tp_text_add(lines, "  optimizer %s instead of %s\n", tp_optimizer_name(lighter.optimizer),
            tp_optimizer_name(inquiry->asked.model->optimizer));
    return status;
}

/* The table of most bytes: of the unit that the conflict names, else of all. */
static int32_t largest_table(const struct tp_model *model, const struct tp_conflict *conflict)
{
    int32_t best = 0;
    double most = -1;
    for (int32_t i = 0; i < model->table_count; i++) {
        double bytes = (double)model->tables[i].rows * model->tables[i].dim;
        if (conflict->breach.kind == TP_BREACH_UNIT &&
            conflict->problem->unit_of_table[i] != conflict->breach.unit)
            continue;
        if (bytes > most) {
            most = bytes;
            best = i;
        }
    }
    return best;
}

/* Most rows, rounded down, with which a table leaves room for the rest. */
static enum tp_status find_rows(struct tp_inquiry *inquiry, const struct tp_conflict *conflict,
    struct tp_text *lines, struct tp_error *err)
{
    const struct tp_model *model = inquiry->asked.model;
    int32_t table = largest_table(model, conflict);
    struct tp_model smaller = *model; /* shallow */
    struct tp_question question = inquiry->asked;
    bool works = false;
    enum tp_status status = TP_OK;
    smaller.tables = TP_NEW(model->table_count, struct tp_table);
    if (!smaller.tables)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < model->table_count; i++)
        smaller.tables[i] = model->tables[i];
    question.model = &smaller;
    int64_t *rows = &smaller.tables[table].rows, fails = *rows, good = 0;
    for (int i = 0; i < DOUBLINGS && fails > 1 && !good && !status; i++) {
        *rows = round_to((double)fails / 2, DIGITS, false);
        status = tp_try_setting(inquiry, &question, &works, err);
        *(works ? &good : &fails) = *rows;
    }
    while (good && !status) {
        *rows = round_to(((double)good + (double)fails) / 2, DIGITS, false);
        if (*rows <= good || *rows >= fails)
            break;
        status = tp_try_setting(inquiry, &question, &works, err);
        *(works ? &good : &fails) = *rows;
    }
    if (!status && good)
        tp_text_add(lines, "  table %s: rows %" PRId64 " instead of %" PRId64 "\n",
            model->tables[table].name, good, model->tables[table].rows);
    free(smaller.tables);
    return status;
}

/* The question with at least so much memory in every rank. */
static enum tp_status try_memory(
    struct tp_inquiry *inquiry, int64_t bytes, bool *works, struct tp_error *err)
{
    struct tp_question question = inquiry->asked;
    struct tp_topology *larger = NULL;
    *works = false;
    enum tp_status status = tp_topology_copy(question.topology, &larger, err);
    if (status)
        return status;
    for (int32_t h = 0; h < larger->host_count; h++)
        if (larger->hosts[h].memory_bytes < bytes)
            larger->hosts[h].memory_bytes = bytes;
    question.topology = larger;
    status = tp_try_setting(inquiry, &question, works, err);
    tp_topology_free(larger);
    return status;
}

/* Least memory of a rank, rounded up, that does. Hosts that have more keep it. */
static enum tp_status find_memory(
    struct tp_inquiry *inquiry, struct tp_text *lines, struct tp_error *err)
{
    const struct tp_topology *topology = inquiry->asked.topology;
    int64_t least = topology->hosts[0].memory_bytes, most = least, good = 0;
    bool works = false;
    enum tp_status status = TP_OK;
    for (int32_t h = 1; h < topology->host_count; h++) {
        int64_t bytes = topology->hosts[h].memory_bytes;
        least = bytes < least ? bytes : least;
        most = bytes > most ? bytes : most;
    }
    int64_t fails = least;
    for (int i = 0; i < DOUBLINGS && !good && !status && fails < INT64_MAX / 4; i++) {
        int64_t bytes = round_to(2 * (double)fails, DIGITS, true);
        status = try_memory(inquiry, bytes, &works, err);
        *(works ? &good : &fails) = bytes;
    }
    while (good && !status) {
        int64_t bytes = round_to(((double)good + (double)fails) / 2, DIGITS, true);
        if (bytes <= fails || bytes >= good)
            break;
        status = try_memory(inquiry, bytes, &works, err);
        *(works ? &good : &fails) = bytes;
    }
    if (status || !good)
        return status;
    char text[16];
    tp_format_bytes(text, (double)good);
    tp_text_add(lines, "  memory_bytes %" PRId64 " instead of %" PRId64 "%s (%s per rank)\n", good,
        least, least < most ? ", on every host that has less" : "", text);
    return TP_OK;
}

/* The same cluster with another number of hosts: a larger outermost level. */
static enum tp_status resize_topology(
    const struct tp_topology *from, int32_t fanout, struct tp_topology **to, struct tp_error *err)
{
    enum tp_status status = tp_topology_copy(from, to, err);
    if (status)
        return status;
    struct tp_topology *t = *to;
    struct tp_level *outer = &t->levels[t->level_count - 1];
    int32_t hosts = t->host_count / outer->fanout * fanout;
    struct tp_host *grown = tp_resize(t->hosts, (size_t)hosts, sizeof *grown);
    if (!grown) {
        tp_topology_free(t);
        return tp_fail_memory(err);
    }
    t->hosts = grown;
    for (int32_t h = t->host_count; h < hosts; h++)
        t->hosts[h] = (struct tp_host){t->device.memory_bytes, t->levels[1].uplink_bytes_per_s};
    t->host_count = hosts;
    t->rank_count = hosts * t->ranks_per_host;
    outer->fanout = fanout;
    return TP_OK;
}

static enum tp_status try_hosts(
    struct tp_inquiry *inquiry, int32_t fanout, int32_t *hosts, bool *works, struct tp_error *err)
{
    struct tp_question question = inquiry->asked;
    struct tp_topology *larger = NULL;
    int64_t batch;
    *works = false;
    enum tp_status status = resize_topology(question.topology, fanout, &larger, err);
    if (status)
        return status;
    question.topology = larger;
    *hosts = larger->host_count;
    if (question.strategy == TP_STRATEGY_FLAT) /* always one tower, of all hosts */
        question.hosts_per_tower = larger->host_count;
    if (larger->host_count % question.hosts_per_tower == 0 &&
        !tp_model_global_batch(question.model, larger->rank_count, &batch, NULL))
        status = tp_try_setting(inquiry, &question, works, err);
    tp_topology_free(larger);
    return status;
}

static enum tp_status find_hosts(
    struct tp_inquiry *inquiry, struct tp_text *lines, struct tp_error *err)
{
    const struct tp_topology *topology = inquiry->asked.topology;
    int32_t fanout = topology->levels[topology->level_count - 1].fanout, hosts = 0;
    int32_t per_tower = inquiry->asked.hosts_per_tower, step = (fanout - 1) / HOSTS_STEPS + 1;
    int32_t searches = inquiry->left;
    bool works = false;
    enum tp_status status = TP_OK;
    if (topology->level_count < 2 || topology->rank_count > TP_RANKS_MAX / HOSTS_TIMES)
        return TP_OK;
    for (int32_t f = fanout + step; f <= HOSTS_TIMES * fanout && !works && !status; f += step) {
        if (searches - inquiry->left >= HOSTS_SEARCHES)
            break;
        status = try_hosts(inquiry, f, &hosts, &works, err);
    }
    if (inquiry->asked.strategy == TP_STRATEGY_FLAT)
        per_tower = hosts;
    if (works)
        tp_text_add(lines, "  %d hosts instead of %d (%d tower%s)\n", hosts, topology->host_count,
            hosts / per_tower, tp_plural(hosts / per_tower));
    return status;
}

enum tp_status tp_find_larger(struct tp_inquiry *inquiry, const struct tp_conflict *conflict,
    struct tp_text *lines, struct tp_error *err)
{
    bool memory = tp_conflict_has(conflict, TP_FACT_MEMORY);
    enum tp_status status = TP_OK;
    if (memory)
        status = find_batch(inquiry, lines, err);
    if (!status && memory)
        status = find_optimizer(inquiry, lines, err);
    if (!status && memory && conflict->problem)
        status = find_rows(inquiry, conflict, lines, err);
    if (!status && memory)
        status = find_memory(inquiry, lines, err);
    if (!status && (memory || tp_conflict_has(conflict, TP_FACT_CONSTRAINT)))
        status = find_hosts(inquiry, lines, err);
    return status;
}
