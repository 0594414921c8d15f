/* SPDX-License-Identifier: Apache-2.0 */
/* One tower, fast: a threshold on the seconds of a piece says how finely each table is cut, the pieces
 * go to the least busy rank that has room, heaviest first (LPT, Graham 1969, doi:10.1137/0117039), and
 * of all thresholds tried the outcome with the least predicted time wins. If time-driven cuts find no
 * room, memory-driven ones are tried: cut by bytes, fill the emptiest rank first.
 *
 * Each way to cut has its price: every column piece receives all ids of its table once more, every row
 * piece sends partial sums of full width. So of the ways that keep a threshold the one with the
 * least work over all pieces is taken. */
#include "base/fail.h"
#include "base/memory.h"
#include "plan/placer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define THRESHOLDS_MAX 40
#define MEMORY_HALVINGS 12
#define PIECES_PER_RANK 16 /* cutting so fine that a rank holds more gains at most 1/16 */

static const struct tp_cut uncut = {TP_SHARD_TABLE, 1};

/* What no piece should exceed. */
struct thresholds {
    double seconds, bytes;
    bool by_memory; /* the trial is about room, not about time */
};

struct packing {
    struct tp_placer *placer;
    int32_t tower, ranks;
    const int32_t *tables;
    int32_t count;
    const struct tp_world_terms *world;
    struct tp_cut *cut;      /* (count) of the trial */
    struct tp_piece *pieces; /* of the trial; row pieces are not packed, so not here */
    int32_t piece_count;
    double *seconds, *room; /* (ranks) of the trial */
    int32_t *heap;          /* (ranks) least busy, or emptiest, first */
    int32_t *last;          /* (ranks) table of the last piece that went there; -1: none */
    double best_seconds;    /* INFINITY: none placed yet */
};

struct judged_cut {
    struct tp_cut cut;
    double excess; /* of its largest piece over the thresholds; 1: just within them */
    double total;  /* seconds, or bytes, of all pieces */
};

static double weigh(const struct packing *k, const struct tp_shard_load *load, bool by_memory)
{
    return by_memory ? tp_piece_bytes(k->placer, load) : tp_piece_seconds(k->placer, load);
}

/* Of all pieces, of which `first` is one. Columns are all alike. Rows share the parameters and the ids of the table, evenly or
 * not; what each has beside that is what a piece without rows has. */
static double weigh_all(const struct packing *k, int32_t table, struct tp_cut cut,
    const struct tp_shard_load *first, bool by_memory)
{
    const struct tp_placer *p = k->placer;
    const struct tp_table *t = &p->model->tables[table];
    if (cut.sharding != TP_SHARD_ROW)
        return cut.pieces * weigh(k, first, by_memory);
    struct tp_shard_load whole = tp_piece_load(p, table, uncut, 0);
    struct tp_shard_load empty =
        tp_shard_load(&p->sizes, p->model, t, TP_SHARD_ROW, t->rows, 0, t->dim);
    return weigh(k, &whole, by_memory) + (cut.pieces - 1) * weigh(k, &empty, by_memory);
}

static struct judged_cut judge_cut(
    const struct packing *k, int32_t table, struct tp_cut cut, const struct thresholds *most)
{
    struct tp_shard_load load = tp_piece_load(k->placer, table, cut, 0); /* none is larger */
    double seconds = tp_piece_seconds(k->placer, &load), bytes = tp_piece_bytes(k->placer, &load);
    return (struct judged_cut){.cut = cut,
        .excess = fmax(seconds / most->seconds, bytes / most->bytes),
        .total = weigh_all(k, table, cut, &load, most->by_memory)};
}

static bool better_cut(const struct judged_cut *a, const struct judged_cut *b)
{
    if (a->excess <= 1 && b->excess <= 1)
        return a->total < b->total;
    return a->excess < b->excess;
}

/* Of the ways that keep every piece within the thresholds the one with the least work in all, else the
 * one that comes nearest. */
static struct tp_cut choose_cut(
    const struct packing *k, int32_t table, const struct thresholds *most)
{
    const struct tp_table *t = &k->placer->model->tables[table];
    struct judged_cut best = judge_cut(k, table, uncut, most);
    for (int32_t s = tp_next_columns(t, 1); s && s <= k->ranks; s = tp_next_columns(t, s)) {
        struct judged_cut columns = judge_cut(k, table, (struct tp_cut){TP_SHARD_COLUMN, s}, most);
        if (better_cut(&columns, &best))
            best = columns;
    }
    if (k->ranks > 1) {
        struct judged_cut rows = judge_cut(k, table, (struct tp_cut){TP_SHARD_ROW, k->ranks}, most);
        if (better_cut(&rows, &best))
            best = rows;
    }
    return best.cut;
}

static int heavier_seconds(const void *a, const void *b)
{
    const struct tp_piece *x = a, *y = b;
    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? 1 : -1;
    return (x->table > y->table) - (x->table < y->table);
}

static int heavier_bytes(const void *a, const void *b)
{
    const struct tp_piece *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return (x->table > y->table) - (x->table < y->table);
}

/* Row pieces go where they must, kept ones are there; the rest is collected in k->pieces. */
static void cut_tables(struct packing *k, const struct thresholds *most)
{
    struct tp_placer *p = k->placer;
    struct tp_world_terms world = *k->world;
    double tower_width = 0;
    k->piece_count = 0;
    memset(k->seconds, 0, (size_t)k->ranks * sizeof *k->seconds);
    memset(k->room, 0, (size_t)k->ranks * sizeof *k->room);
    for (int32_t i = 0; i < k->count; i++) {
        int32_t table = k->tables[i];
        bool kept = tp_is_kept(p, table);
        struct tp_cut cut = k->cut[i] = kept ? p->cut[table] : choose_cut(k, table, most);
        tp_terms_add(p, table, kept ? cut : uncut, -1, &world, NULL);
        tp_terms_add(p, table, cut, +1, &world, &tower_width);
        for (int32_t j = 0; j < cut.pieces; j++) {
            struct tp_shard_load load = tp_piece_load(p, table, cut, j);
            struct tp_piece piece = {.table = table, .rank = -1};
            piece.bytes = tp_piece_bytes(p, &load);
            piece.seconds = tp_piece_seconds(p, &load);
            if (kept || cut.sharding == TP_SHARD_ROW) {
                int32_t rank = kept ? tp_piece_rank(p, table, j) : j;
                k->seconds[rank] += piece.seconds;
                k->room[rank] -= piece.bytes;
            } else {
                k->pieces[k->piece_count++] = piece;
            }
        }
    }
    /* The assumed terms already hold what other towers do; ours can only add to the uncut sums. */
    world.all_width = fmax(world.all_width, k->world->all_width);
    world.all_ids = fmax(world.all_ids, k->world->all_ids);
    for (int32_t r = 0; r < k->ranks; r++)
        k->room[r] += tp_rank_room(p, k->tower, r, tower_width, &world);
}

/* Whether rank a takes the next piece rather than b. */
static bool first_choice(const struct packing *k, bool by_memory, int32_t a, int32_t b)
{
    double x = by_memory ? -k->room[a] : k->seconds[a];
    double y = by_memory ? -k->room[b] : k->seconds[b];
    return x < y || (x == y && a < b);
}

/* Restores the heap order of k->heap below position i. */
static void sift(struct packing *k, bool by_memory, int32_t i)
{
    for (;;) {
        int32_t best = i;
        for (int32_t child = 2 * i + 1; child <= 2 * i + 2 && child < k->ranks; child++)
            if (first_choice(k, by_memory, k->heap[child], k->heap[best]))
                best = child;
        if (best == i)
            return;
        int32_t rank = k->heap[i];
        k->heap[i] = k->heap[best];
        k->heap[best] = rank;
        i = best;
    }
}

/* Position in the heap of the rank that takes a piece: of those with room the first choice, but two pieces
 * of a table share a rank only if it must be, since each has all ids sent to it; -1: no room. */
static int32_t find_rank(const struct packing *k, bool by_memory, const struct tp_piece *piece)
{
    int32_t best = -1;
    bool best_again = true;
    for (int32_t i = 0; i < k->ranks; i++) {
        int32_t rank = k->heap[i];
        bool again = k->last[rank] == piece->table;
        if (k->room[rank] < piece->bytes || (best >= 0 && again && !best_again))
            continue;
        if (i == 0 && !again)
            return 0;
        if (best < 0 || again < best_again || first_choice(k, by_memory, rank, k->heap[best])) {
            best = i;
            best_again = again;
        }
    }
    return best;
}

/* The pieces of a table are all alike, so they go one after the other.
 * @return whether every piece found room. */
static bool pack(struct packing *k, bool by_memory)
{
    for (int32_t r = 0; r < k->ranks; r++) {
        k->heap[r] = r;
        k->last[r] = -1;
        if (k->room[r] < 0)
            return false;
    }
    for (int32_t i = k->ranks / 2; i >= 0; i--)
        sift(k, by_memory, i);
    qsort(k->pieces, (size_t)k->piece_count, sizeof *k->pieces,
        by_memory ? heavier_bytes : heavier_seconds);
    for (int32_t i = 0; i < k->piece_count; i++) {
        struct tp_piece *piece = &k->pieces[i];
        int32_t at = find_rank(k, by_memory, piece);
        if (at < 0)
            return false;
        piece->rank = k->heap[at];
        k->last[piece->rank] = piece->table;
        k->room[piece->rank] -= piece->bytes;
        k->seconds[piece->rank] += piece->seconds;
        sift(k, by_memory, at); /* it only grew, so it can only sink */
    }
    return true;
}

static double busiest(const struct packing *k)
{
    double most = 0;
    for (int32_t r = 0; r < k->ranks; r++)
        most = fmax(most, k->seconds[r]);
    return most;
}

/* Pieces that found room on one rank alone are a whole table again. */
static void join_pieces(struct tp_placer *p, int32_t table)
{
    const int32_t *rank = p->piece_rank + p->first_piece[table];
    if (tp_is_kept(p, table) || p->cut[table].sharding != TP_SHARD_COLUMN)
        return;
    for (int32_t k = 1; k < p->cut[table].pieces; k++)
        if (rank[k] != rank[0])
            return;
    p->cut[table] = uncut;
}

/* Takes the trial over into the placer. */
static void keep(struct packing *k)
{
    struct tp_placer *p = k->placer;
    for (int32_t i = 0; i < k->count; i++) {
        int32_t table = k->tables[i];
        if (tp_is_kept(p, table))
            continue;
        p->cut[table] = k->cut[i];
        for (int32_t j = p->first_piece[table]; j < p->first_piece[table + 1]; j++)
            p->piece_rank[j] = -1;
    }
    for (int32_t i = 0; i < k->piece_count; i++) {
        int32_t *rank = p->piece_rank + p->first_piece[k->pieces[i].table];
        while (*rank >= 0)
            rank++;
        *rank = k->pieces[i].rank;
    }
    for (int32_t i = 0; i < k->count; i++)
        join_pieces(p, k->tables[i]);
}

static void attempt(struct packing *k, struct thresholds most)
{
    cut_tables(k, &most);
    if (!pack(k, most.by_memory))
        return;
    double seconds = busiest(k);
    if (seconds < k->best_seconds * (1 - 1e-12) || isinf(k->best_seconds)) {
        k->best_seconds = seconds;
        keep(k);
    }
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Seconds of all pieces that some cut could give, down to PIECES_PER_RANK for the mean load of a
 * rank. Falling; at most THRESHOLDS_MAX of them, evenly picked. */
static int32_t list_thresholds(const struct packing *k, double *list)
{
    const struct tp_placer *p = k->placer;
    int32_t count = 0, kept = 0;
    double total = 0;
    for (int32_t i = 0; i < k->count; i++) {
        const struct tp_table *t = &p->model->tables[k->tables[i]];
        for (int32_t s = 1; s && s <= k->ranks; s = tp_next_columns(t, s)) {
            struct tp_cut cut = {s > 1 ? TP_SHARD_COLUMN : TP_SHARD_TABLE, s};
            struct tp_shard_load load = tp_piece_load(p, k->tables[i], cut, 0);
            double seconds = tp_piece_seconds(p, &load);
            total += s == 1 ? seconds : 0;
            if (tp_is_kept(p, k->tables[i]))
                break;
            list[count++] = seconds;
        }
        if (tp_is_kept(p, k->tables[i]))
            continue;
        struct tp_shard_load row =
            tp_piece_load(p, k->tables[i], (struct tp_cut){TP_SHARD_ROW, k->ranks}, 0);
        list[count++] = tp_piece_seconds(p, &row);
    }
    qsort(list, (size_t)count, sizeof *list, falling);
    double least = total / k->ranks / PIECES_PER_RANK;
    for (int32_t i = 0; i < count; i++)
        if (kept == 0 || (list[i] >= least && list[i] < list[kept - 1]))
            list[kept++] = list[i];
    int32_t picked = kept < THRESHOLDS_MAX ? kept : THRESHOLDS_MAX;
    for (int32_t i = 1; i < picked; i++)
        list[i] = list[(int64_t)i * (kept - 1) / (picked - 1)];
    return picked;
}

static void run(struct packing *k, double *thresholds)
{
    double room = 0;
    double uncut_width = k->placer->tower_dim[k->tower];
    for (int32_t r = 0; r < k->ranks; r++)
        room = fmax(room, tp_rank_room(k->placer, k->tower, r, uncut_width, k->world));
    int32_t count = list_thresholds(k, thresholds);
    for (int32_t i = 0; i < count; i++)
        attempt(k, (struct thresholds){thresholds[i], room, false});
    if (count == 0) /* all are kept */
        attempt(k, (struct thresholds){INFINITY, room, false});
    double bytes_most = room;
    for (int32_t i = 0; isinf(k->best_seconds) && i < MEMORY_HALVINGS; i++, bytes_most /= 2)
        attempt(k, (struct thresholds){INFINITY, bytes_most, true});
}

enum tp_status tp_place_tower(struct tp_placer *placer, int32_t tower, const int32_t *tables,
    int32_t count, const struct tp_world_terms *world, bool *placed, struct tp_error *err)
{
    int32_t ranks = placer->sizes.ranks_per_tower;
    struct packing k = {.placer = placer,
        .tower = tower,
        .ranks = ranks,
        .tables = tables,
        .count = count,
        .world = world,
        .best_seconds = INFINITY};
    size_t pieces = 0;
    for (int32_t i = 0; i < count; i++)
        pieces += (size_t)(placer->first_piece[tables[i] + 1] - placer->first_piece[tables[i]]);
    k.cut = TP_NEW(count, struct tp_cut);
    k.pieces = TP_NEW(pieces, struct tp_piece);
    k.seconds = TP_NEW(ranks, double);
    k.room = TP_NEW(ranks, double);
    k.heap = TP_NEW(ranks, int32_t);
    k.last = TP_NEW(ranks, int32_t);
    double *thresholds = TP_NEW(pieces + (size_t)count, double);
    enum tp_status status = TP_OK;
    if (k.cut && k.pieces && k.seconds && k.room && k.heap && k.last && thresholds)
        run(&k, thresholds);
    else
        status = tp_fail_memory(err);
    *placed = !isinf(k.best_seconds);
    free(k.cut);
    free(k.pieces);
    free(k.seconds);
    free(k.room);
    free(k.heap);
    free(k.last);
    free(thresholds);
    return status;
}
