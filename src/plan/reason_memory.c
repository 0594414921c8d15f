/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a conflict that is about memory: what is needed, split into what training keeps (weights,
 * optimizer state) and what exchanges need (buffers), against what the ranks have after the reserve and
 * after what each of them receives from everywhere. */
#include "plan/speech.h"

#include "cost/load.h"

#include <math.h>
#include <string.h>

static void format_exactly(char out[32], const char *format, ...) TP_PRINTF(2, 3);

static void format_exactly(char out[32], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tp_format(out, 32, format, args);
    va_end(args);
}

void tp_format_pair(char a[32], double x, char b[32], double y)
{
    tp_format_bytes(a, x);
    tp_format_bytes(b, y);
    if (!strcmp(a, b)) {
        format_exactly(a, "%.0f bytes", ceil(x));
        format_exactly(b, "%.0f bytes", floor(y));
    }
}

static void say_towers_of(struct tp_speech *s)
{
    int32_t ranks = s->topology->ranks_per_host * s->hosts_per_tower;
    if (ranks == 1)
        tp_text_add(s->out, "1 rank, where no table can be cut");
    else
        tp_text_add(s->out, "%d ranks on %d host%s", ranks, s->hosts_per_tower,
            tp_plural(s->hosts_per_tower));
}

/* Hosts that a tower needs at least to have that much; 0: all of them have less. */
static int32_t hosts_for(const struct tp_speech *s, double bytes)
{
    const struct tp_problem *p = s->problem;
    double most = 0, all = 0;
    for (int32_t t = 0; t < p->tower_count; t++) {
        most = fmax(most, tp_tower_most(p, t)[TP_MEMORY]);
        all += tp_tower_most(p, t)[TP_MEMORY];
    }
    if (all < bytes || most <= 0)
        return 0;
    return (int32_t)ceil(bytes / (most / s->hosts_per_tower) * (1 - 1e-12));
}

/* Of what a unit needs, how much is weights and optimizer state. */
static double parameter_bytes(const struct tp_speech *s, int32_t unit)
{
    struct tp_sizes sizes;
    double bytes = 0;
    int32_t ranks = s->topology->ranks_per_host * s->hosts_per_tower;
    if (tp_sizes_init(&sizes, s->model, s->topology, ranks, NULL))
        return 0;
    for (int32_t i = 0; i < s->model->table_count; i++) {
        const struct tp_table *t = &s->model->tables[i];
        if (unit < 0 || s->problem->unit_of_table[i] == unit)
            bytes += tp_shard_load(&sizes, s->model, t, TP_SHARD_TABLE, 0, t->rows, t->dim)
                         .parameter_bytes;
    }
    return bytes;
}

/* "6.4 MB of weights and optimizer state, 98 kB of buffers" */
static void say_parts(struct tp_speech *s, int32_t unit, double need)
{
    char weights[16], buffers[16];
    double parameters = parameter_bytes(s, unit);
    tp_format_bytes(weights, parameters);
    tp_format_bytes(buffers, fmax(0, need - parameters));
    tp_text_add(s->out, " (%s of weights and optimizer state, %s of buffers)", weights, buffers);
}

void tp_say_memory_of_unit(struct tp_speech *s, const struct tp_breach *b)
{
    char need[32], room[32];
    int32_t hosts = hosts_for(s, b->need);
    tp_format_pair(need, b->need, room, b->room);
    tp_say_unit(s, b->unit);
    tp_text_add(s->out, " needs at least %s", need);
    say_parts(s, b->unit, b->need);
    tp_text_add(s->out, ", a tower has at most %s (", room);
    say_towers_of(s);
    tp_text_add(s->out, ")");
    if (hosts > s->hosts_per_tower)
        tp_text_add(s->out, "; it needs at least %d hosts per tower", hosts);
    else if (!hosts && s->problem->tower_count > 1) {
        tp_format_bytes(room, b->room * s->problem->tower_count);
        tp_text_add(s->out, ", and all %d ranks have at most %s", s->topology->rank_count, room);
    }
}

void tp_say_memory_of_all(struct tp_speech *s, const struct tp_breach *b)
{
    char need[32], room[32];
    tp_format_pair(need, b->need, room, b->room);
    tp_text_add(s->out, "the %d table%s together need at least %s", s->model->table_count,
        tp_plural(s->model->table_count), need);
    say_parts(s, -1, b->need);
    tp_text_add(s->out,
        ", the %d rank%s of %d host%s have %s; the largest: ", s->topology->rank_count,
        tp_plural(s->topology->rank_count), s->topology->host_count,
        tp_plural(s->topology->host_count), room);
    tp_say_heaviest(s, TP_MEMORY, TP_UNITS_NAMED);
}

/* What of a rank's memory is not there for tables: said where it is a tenth or more. */
static void say_capacity(struct tp_speech *s)
{
    const struct tp_problem *p = s->problem;
    int32_t ranks = s->topology->ranks_per_host * s->hosts_per_tower;
    double capacity = 0, room = 0;
    char capacity_text[16], taken_text[16];
    int64_t batch = 0;
    for (int32_t t = 0; t < p->tower_count; t++) {
        double now = tp_tower_most(p, t)[TP_MEMORY] / ranks;
        if (t && now <= room)
            continue;
        room = now;
        capacity = 0;
        for (int32_t r = 0; r < ranks; r++)
            capacity += (double)tp_topology_rank_capacity(s->topology, t * ranks + r) / ranks;
    }
    tp_format_bytes(capacity_text, capacity);
    tp_text_add(s->out, "; a rank has %s", capacity_text);
    if (s->topology->device.reserve > 0)
        tp_text_add(s->out, " after the reserve of %g %%", 100 * s->topology->device.reserve);
    if (capacity - room < capacity / 10 ||
        tp_model_global_batch(s->model, s->topology->rank_count, &batch, NULL))
        return;
    tp_format_bytes(taken_text, capacity - room);
    tp_text_add(s->out, ", of which what it receives of a batch of %lld samples takes %s",
        (long long)batch, room > 0 ? taken_text : "all");
}

static void say_misfit(struct tp_speech *s)
{
    double need = tp_unit_weight(s->problem, s->conflict->misfit)[TP_MEMORY];
    char text[16];
    tp_format_bytes(text, need);
    tp_say_unit(s, s->conflict->misfit);
    tp_text_add(s->out, " needs at least %s", text);
    say_parts(s, s->conflict->misfit, need);
    tp_text_add(s->out, ", and whole, by columns or by rows %s a tower of ",
        s->conflict->misfit_proven ? "it cannot be put even alone on the ranks of"
                                   : "no way was found to put it even alone on the ranks of");
    say_towers_of(s);
}

/* No sum is too large: what there is, and the largest units. */
static void say_memory_in_all(struct tp_speech *s)
{
    double need = 0, room = 0;
    char need_text[32], room_text[32];
    for (int32_t u = 0; u < s->problem->unit_count; u++)
        need += tp_unit_weight(s->problem, u)[TP_MEMORY];
    for (int32_t t = 0; t < s->problem->tower_count; t++)
        room += tp_tower_most(s->problem, t)[TP_MEMORY];
    tp_format_pair(need_text, need, room_text, room);
    tp_text_add(s->out, "the tables need at least %s of %s, in towers of ", need_text, room_text);
    say_towers_of(s);
    tp_text_add(s->out, "; the largest: ");
    tp_say_heaviest(s, TP_MEMORY, TP_UNITS_NAMED);
}

void tp_say_memory(struct tp_speech *s)
{
    tp_text_add(s->out, "  memory: ");
    if (s->conflict->misfit >= 0)
        say_misfit(s);
    else if (!tp_say_bound(s, TP_MEMORY, TP_MEMORY))
        say_memory_in_all(s);
    say_capacity(s);
    tp_text_add(s->out, "\n");
}
