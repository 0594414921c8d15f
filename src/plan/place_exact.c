/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a few tables fit their ranks at all, exhaustively.
 *
 * First it is decided which tables are cut into rows, few of them first: then the width of every rank's
 * receive buffers is known, since cutting into columns does not change it, only the ids. What is left
 * goes largest table first, each with every number of columns, its pieces onto every choice of ranks.
 * Cut off: a rank without room for what it holds, a tower whose ranks together have less room than its
 * tables still need uncut (sums only grow), and ranks that look the same. A step is one cut or one piece
 * tried. Every choice of rows gets a few steps before any of them gets many. */
#include "base/fail.h"
#include "base/memory.h"
#include "plan/placer.h"

#include <stdlib.h>

#define FIRST_STEPS 2000 /* for each choice of rows, the first time round */

struct search {
    struct tp_placer *p;
    int32_t *order; /* tables that have a tower, largest first */
    int32_t count;
    int64_t steps, budget; /* left in all, and for this choice of rows */
    bool cut_off;          /* a choice was not searched to its end */
    double *room;          /* (G) what is left for column pieces, before extra_ids */
    double extra_ids;      /* bytes that ids of column cuts take on every rank */
    double *needed;      /* (T) bytes of the tables not placed yet, uncut; 0 in a finished tower */
    bool *holds;         /* (T) the tower has tables at all */
    double *tower_width; /* (T) scratch */
};

static const struct tp_cut uncut = {TP_SHARD_TABLE, 1};

static double piece_bytes(const struct tp_placer *p, int32_t table, struct tp_cut cut, int32_t i)
{
    struct tp_shard_load load = tp_piece_load(p, table, cut, i);
    return tp_piece_bytes(p, &load);
}

static bool spend(struct search *s)
{
    if (s->budget <= 0) {
        s->cut_off = true;
        return false;
    }
    s->budget--;
    s->steps--;
    return true;
}

/* No rank is over, and every tower could hold what it still needs if that were liquid. The slack
 * forgives the rounding of sums that went up and down. */
static bool has_room(const struct search *s)
{
    int32_t ranks = s->p->sizes.ranks_per_tower;
    for (int32_t t = 0; t < s->p->sizes.tower_count; t++) {
        double room = 0;
        for (int32_t r = 0; s->holds[t] && r < ranks; r++) {
            double left = s->room[(int64_t)t * ranks + r] - s->extra_ids;
            if (left < 0)
                return false;
            room += left;
        }
        if (s->needed[t] > room * (1 + 1e-9) + 1)
            return false;
    }
    return true;
}

/* A rank like an earlier one: what fits here was tried there. */
static bool seen_rank(const double *room, int32_t from, int32_t rank)
{
    for (int32_t r = from; r < rank; r++)
        if (room[r] == room[rank])
            return true;
    return false;
}

static bool place_from(struct search *s, int32_t i);

/* Puts the pieces of a table from the k-th on, in rank order, then goes on with the next table. */
static bool place_pieces(struct search *s, int32_t i, int32_t k, int32_t from, double bytes)
{
    struct tp_placer *p = s->p;
    int32_t table = s->order[i], ranks = p->sizes.ranks_per_tower;
    double *room = s->room + (int64_t)p->tower_of_table[table] * ranks;
    if (k == p->cut[table].pieces)
        return has_room(s) && place_from(s, i + 1);
    for (int32_t r = from; r < ranks; r++) {
        if (room[r] - s->extra_ids < bytes || seen_rank(room, from, r))
            continue;
        if (!spend(s))
            return false;
        double before = room[r];
        room[r] -= bytes;
        p->piece_rank[p->first_piece[table] + k] = r;
        if (place_pieces(s, i, k + 1, r, bytes))
            return true;
        room[r] = before;
    }
    return false;
}

/* Places the i-th table and all after it. */
static bool place_from(struct search *s, int32_t i)
{
    struct tp_placer *p = s->p;
    while (i < s->count && p->cut[s->order[i]].sharding == TP_SHARD_ROW)
        i++;
    if (i == s->count)
        return true;
    int32_t table = s->order[i], t = p->tower_of_table[table];
    struct tp_shard_load whole = tp_piece_load(p, table, uncut, 0);
    double needed = s->needed[t], extra_ids = s->extra_ids;
    s->needed[t] -= tp_piece_bytes(p, &whole);
    for (int32_t n = 1; n; n = tp_next_columns(&p->model->tables[table], n)) {
        if (!spend(s))
            break;
        p->cut[table] = (struct tp_cut){n > 1 ? TP_SHARD_COLUMN : TP_SHARD_TABLE, n};
        s->extra_ids = extra_ids + 2 * p->sizes.local_batch * (n - 1) * whole.ids_per_sample;
        if (has_room(s) && place_pieces(s, i, 0, 0, piece_bytes(p, table, p->cut[table], 0)))
            return true;
    }
    p->cut[table] = uncut;
    s->needed[t] = needed;
    s->extra_ids = extra_ids;
    return false;
}

/* Searches the columns under the rows as they are chosen. */
static bool run(struct search *s)
{
    struct tp_placer *p = s->p;
    int32_t ranks = p->sizes.ranks_per_tower;
    struct tp_world_terms world = {0, 0};
    for (int32_t t = 0; t < p->sizes.tower_count; t++)
        s->needed[t] = s->tower_width[t] = 0;
    for (int32_t i = 0; i < p->model->table_count; i++) {
        int32_t t = p->tower_of_table[i];
        tp_terms_add(
            p, i, t < 0 ? uncut : p->cut[i], +1, &world, t < 0 ? NULL : &s->tower_width[t]);
    }
    for (int32_t g = 0; g < p->sizes.rank_count; g++)
        s->room[g] = tp_rank_room(p, g / ranks, g % ranks, s->tower_width[g / ranks], &world);
    for (int32_t i = 0; i < s->count; i++) {
        int32_t table = s->order[i], t = p->tower_of_table[table];
        if (p->cut[table].sharding == TP_SHARD_ROW)
            for (int32_t r = 0; r < ranks; r++)
                s->room[(int64_t)t * ranks + r] -= piece_bytes(p, table, p->cut[table], r);
        else
            s->needed[t] += piece_bytes(p, table, uncut, 0);
    }
    s->extra_ids = 0;
    return has_room(s) && place_from(s, 0);
}

/* Cuts `rows` of the tables from the i-th on into rows, in every way, and runs each choice with that many
 * steps. */
static bool choose_rows(struct search *s, int32_t i, int32_t rows, int64_t steps)
{
    struct tp_placer *p = s->p;
    if (rows == 0) {
        s->budget = steps < s->steps ? steps : s->steps;
        s->cut_off |= s->budget <= 0;
        return s->budget > 0 && run(s);
    }
    for (; i + rows <= s->count && s->steps > 0; i++) {
        p->cut[s->order[i]] = (struct tp_cut){TP_SHARD_ROW, p->sizes.ranks_per_tower};
        s->steps--;
        if (choose_rows(s, i + 1, rows - 1, steps))
            return true;
        p->cut[s->order[i]] = uncut;
    }
    s->cut_off |= s->steps <= 0;
    return false;
}

static void sort_tables(struct search *s)
{
    struct tp_placer *p = s->p;
    for (int32_t i = 0; i < p->model->table_count; i++) {
        p->cut[i] = uncut;
        if (p->tower_of_table[i] < 0)
            continue;
        s->holds[p->tower_of_table[i]] = true;
        double bytes = piece_bytes(p, i, uncut, 0);
        int32_t j = s->count++;
        for (; j > 0 && piece_bytes(p, s->order[j - 1], uncut, 0) < bytes; j--)
            s->order[j] = s->order[j - 1];
        s->order[j] = i;
    }
}

static int answer(struct search *s)
{
    int32_t rows_most = s->p->sizes.ranks_per_tower > 1 ? s->count : 0;
    for (int64_t steps = FIRST_STEPS;; steps = s->steps) {
        s->cut_off = false;
        for (int32_t rows = 0; rows <= rows_most; rows++)
            if (choose_rows(s, 0, rows, steps))
                return 1;
        if (!s->cut_off)
            return 0;
        if (s->steps <= 0 || steps != FIRST_STEPS)
            return -1;
    }
}

enum tp_status tp_place_exact(
    struct tp_placer *placer, int64_t steps, int *found, struct tp_error *err)
{
    const struct tp_sizes *sizes = &placer->sizes;
    struct search s = {.p = placer, .steps = steps};
    enum tp_status status = TP_OK;
    s.order = TP_NEW(placer->model->table_count, int32_t);
    s.room = TP_NEW(sizes->rank_count, double);
    s.needed = TP_NEW(sizes->tower_count, double);
    s.holds = TP_NEW(sizes->tower_count, bool);
    s.tower_width = TP_NEW(sizes->tower_count, double);
    if (s.order && s.room && s.needed && s.holds && s.tower_width) {
        sort_tables(&s);
        *found = answer(&s);
    } else {
        status = tp_fail_memory(err);
    }
    free(s.order);
    free(s.room);
    free(s.needed);
    free(s.holds);
    free(s.tower_width);
    return status;
}
