/* SPDX-License-Identifier: Apache-2.0 */
/* For every combination of shardings (each table whole, in columns of every equal width of 4 or
 * more, or in rows), row shards have their ranks, and the other shards are packed by depth-first
 * search so that the fullest rank has the most room left.
 *
 * What is cut off: ranks with equal room left are tried once; equal shards of one table go to ranks
 * in ascending order; a branch whose average room cannot beat the best known; a combination that an
 * option already found dominates. None of this loses an option that matters. The cost is
 * exponential; `steps` ends it, and the caller must then not trust the list. */
#include "packing.h"

#include "complaints.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 256, RANKS_MAX = 256, TABLES_MAX = 64 };

struct item {
    double need; /* bytes of the shard on its rank */
    int table;
};

struct search {
    struct packing_world *world;
    struct packing_list *list;
    int ranks;
    int tables[TABLES_MAX], table_count;
    double room[RANKS_MAX]; /* while packing: capacity less what was placed */
    struct item items[ITEMS_MAX];
    int item_count;
    double ids, width;             /* of the shardings chosen so far, in this tower */
    double whole_ids, whole_width; /* of its tables unsplit */
    double best;                   /* room left by the best packing of this combination */
};

/* Bytes that a shard adds to its rank. */
static double shard_need(const struct workload *w, struct weight weight)
{
    struct memory_case c = {.own = weight};
    return rank_memory(w, &c);
}

/* Bytes that every rank of the tower spends for the exchanges with others. */
static double overhead(const struct packing_world *world, const struct tower_weight *tower,
    double tower_width, double ids, double width)
{
    struct memory_case c = {.all_ids = ids,
        .all_width = width,
        .tower_width = tower_width,
        .tower_out = tower->output,
        .all_out = world->out,
        .tower_sent = tower->sent,
        .all_sent = world->sent};
    return rank_memory(world->w, &c);
}

/* Needs are sums of fractions of bytes, which may come out a little above the whole byte they mean.
 * */
#define ROUNDING 1e-3

static bool enough(double room, double need)
{
    return room - need >= -ROUNDING;
}

bool packing_holds(const struct packing_world *world, const struct packing_list *list,
    const struct packing_option *option, double ids, double width)
{
    return enough(option->room, overhead(world, &list->weight, option->width, ids, width));
}

static void sum_outputs(struct packing_world *world)
{
    const struct workload *w = world->w;
    bool *all = need((size_t)w->feature_count, sizeof *all);
    memset(all, true, (size_t)w->feature_count * sizeof *all);
    struct tower_weight sum = tower_weight(w, all);
    int towers = tower_count(w);
    world->out = sum.output;
    world->sent = sum.sent;
    /* The part that a module sends whatever its features is sent by every tower. */
    if (w->module == MODULE_DLRM)
        world->sent += (towers - 1) * (double)w->module_dim * w->module_p;
    if (w->module == MODULE_DCN)
        world->sent *= towers;
    free(all);
}

void packing_world_init(struct packing_world *world, const struct workload *w, int64_t steps)
{
    int ranks = ranks_per_tower(w);
    *world = (struct packing_world){.w = w, .steps = steps};
    for (int i = 0; i < w->table_count; i++) {
        const struct table *t = &w->tables[i];
        struct weight whole = shard_weight(w, i, BY_TABLE, 0, t->rows, t->dim);
        double lengths = 4.0 * t->feature_count;
        world->ids_least += whole.ids;
        world->width_least += whole.width;
        world->ids_most += fmax(whole.ids * t->dim / 4, (whole.ids - lengths) + ranks * lengths);
        world->width_most += whole.width * ranks;
    }
    sum_outputs(world);
}

void packing_list_release(struct packing_list *list)
{
    free(list->options);
    *list = (struct packing_list){0};
}

static double least_room(const struct search *s)
{
    double least = s->room[0];
    for (int r = 1; r < s->ranks; r++)
        least = fmin(least, s->room[r]);
    return least;
}

/* The fullest rank cannot end up with more room than the average. */
static double average_room(const struct search *s, int next)
{
    double sum = 0;
    for (int r = 0; r < s->ranks; r++)
        sum += s->room[r];
    for (int i = next; i < s->item_count; i++)
        sum -= s->items[i].need;
    return sum / s->ranks;
}

static bool same_need(const struct item *a, const struct item *b)
{
    return a->table == b->table && !(a->need < b->need) && !(a->need > b->need);
}

static void pack(struct search *s, int next, int last_rank)
{
    if (--s->world->steps < 0 || least_room(s) <= s->best || average_room(s, next) <= s->best)
        return;
    if (next == s->item_count) {
        s->best = least_room(s);
        return;
    }
    const struct item *item = &s->items[next];
    bool again = next > 0 && same_need(item, item - 1);
    int first = again ? last_rank : 0;
    for (int r = first; r < s->ranks; r++) {
        bool tried = false;
        for (int q = first; q < r; q++)
            tried = tried || !(s->room[q] < s->room[r] || s->room[q] > s->room[r]);
        if (tried)
            continue;
        double before = s->room[r];
        s->room[r] -= item->need;
        pack(s, next + 1, r);
        s->room[r] = before;
    }
}

static int larger_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->need < y->need || x->need > y->need)
        return x->need < y->need ? 1 : -1;
    return x->table - y->table;
}

/* An option at least as good in all three. */
static bool dominated(const struct search *s, double room)
{
    for (int i = 0; i < s->list->count; i++) {
        const struct packing_option *o = &s->list->options[i];
        if (o->ids <= s->ids && o->width <= s->width && o->room >= room)
            return true;
    }
    return false;
}

static void keep(struct search *s)
{
    struct packing_list *list = s->list;
    struct packing_option *options = need((size_t)list->count + 1, sizeof *options);
    int count = 0;
    for (int i = 0; i < list->count; i++) {
        const struct packing_option *o = &list->options[i];
        if (o->ids < s->ids || o->width < s->width || o->room > s->best)
            options[count++] = *o;
    }
    options[count++] = (struct packing_option){s->ids, s->width, s->best};
    free(list->options);
    list->options = options;
    list->count = count;
}

/* All shardings are chosen: pack them, if that can lead to anything new. The rest of the world
 * needs at least its unsplit totals. */
static void try_combination(struct search *s)
{
    struct search packing = *s;
    double average = average_room(s, 0);
    double least =
        overhead(s->world, &s->list->weight, s->width, s->world->ids_least + s->ids - s->whole_ids,
            s->world->width_least + s->width - s->whole_width);
    if (!enough(average, least) || dominated(s, average))
        return;
    qsort(packing.items, (size_t)packing.item_count, sizeof *packing.items, larger_first);
    packing.best = least - 2 * ROUNDING;
    pack(&packing, 0, 0);
    s->best = packing.best;
    if (enough(s->best, least) && !dominated(s, s->best))
        keep(s);
}

static void choose(struct search *s, int next);

static void choose_shards(struct search *s, int next, enum sharding sharding, int shards)
{
    const struct workload *w = s->world->w;
    int table = s->tables[next], count = s->item_count;
    const struct table *t = &w->tables[table];
    struct weight weight = shard_weight(w, table, sharding, 0, t->rows, t->dim / shards);
    double ids = s->ids, width = s->width;
    if (count + shards > ITEMS_MAX) {
        s->world->steps = -1;
        return;
    }
    for (int i = 0; i < shards; i++)
        s->items[s->item_count++] = (struct item){shard_need(w, weight), table};
    s->ids += shards * weight.ids;
    s->width += shards * weight.width;
    choose(s, next + 1);
    s->item_count = count;
    s->ids = ids;
    s->width = width;
}

static void choose_rows(struct search *s, int next)
{
    const struct workload *w = s->world->w;
    struct search before = *s;
    int table = s->tables[next];
    const struct table *t = &w->tables[table];
    int64_t block = (t->rows + s->ranks - 1) / s->ranks, left = t->rows;
    for (int r = 0; r < s->ranks; r++) {
        int64_t rows = left < block ? left : block;
        struct weight weight = shard_weight(w, table, BY_ROW, t->rows - left, rows, t->dim);
        left -= rows;
        s->room[r] -= shard_need(w, weight);
        s->ids += weight.ids;
        s->width += weight.width;
    }
    choose(s, next + 1);
    memcpy(s->room, before.room, sizeof s->room);
    s->ids = before.ids;
    s->width = before.width;
}

static void choose(struct search *s, int next)
{
    if (--s->world->steps < 0)
        return;
    if (next == s->table_count) {
        try_combination(s);
        return;
    }
    int dim = s->world->w->tables[s->tables[next]].dim;
    choose_shards(s, next, BY_TABLE, 1);
    for (int shards = 2; shards <= dim / 4; shards++)
        if (dim % shards == 0)
            choose_shards(s, next, BY_COLUMN, shards);
    if (s->ranks > 1)
        choose_rows(s, next);
}

/* Whole tables alone: the option with the least totals. When it holds however the rest of the world
 * is sharded, no other is needed. */
static bool whole_tables_hold(struct search *s)
{
    const struct workload *w = s->world->w;
    for (int i = 0; i < s->table_count; i++) {
        int table = s->tables[i];
        struct weight weight =
            shard_weight(w, table, BY_TABLE, 0, w->tables[table].rows, w->tables[table].dim);
        s->items[s->item_count++] = (struct item){shard_need(w, weight), table};
        s->ids += weight.ids;
        s->width += weight.width;
    }
    s->whole_ids = s->ids;
    s->whole_width = s->width;
    try_combination(s);
    s->item_count = 0;
    s->ids = s->width = 0;
    return s->list->count == 1 && packing_holds(s->world, s->list, &s->list->options[0],
                                      s->world->ids_most, s->world->width_most);
}

void packing_search(
    struct packing_world *world, int tower, const bool *table_in, struct packing_list *list)
{
    const struct workload *w = world->w;
    struct search s = {.world = world, .list = list, .ranks = ranks_per_tower(w)};
    bool *inside = need((size_t)w->feature_count, sizeof *inside);
    *list = (struct packing_list){0};
    for (int f = 0; f < w->feature_count; f++)
        inside[f] = table_in[w->features[f].table];
    list->weight = tower_weight(w, inside);
    free(inside);
    for (int i = 0; i < w->table_count; i++)
        if (table_in[i])
            s.tables[s.table_count++] = i;
    for (int r = 0; r < s.ranks; r++)
        s.room[r] = (double)rank_capacity(w, tower * s.ranks + r);
    if (!whole_tables_hold(&s))
        choose(&s, 0);
}
