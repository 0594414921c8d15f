/* SPDX-License-Identifier: Apache-2.0 */
/* What a placement must be, checked slowly; and all placements of a few tables, one after the other. */
#ifndef TP_TESTS_PLACEMENTS_H
#define TP_TESTS_PLACEMENTS_H

#include <towerpart/cost.h>

#include "workload.h"

#define PLACED_TABLES_MAX 5
#define PLACED_PIECES_MAX 8
#define PLACED_RANKS_MAX 64

/* Every rank within its memory, by the cost model. */
static inline bool memory_holds(const struct workload *w, const struct tp_placement *placement)
{
    struct tp_rank_load loads[PLACED_RANKS_MAX];
    struct tp_error err = {0};
    ck_assert_int_le(w->topology.rank_count, PLACED_RANKS_MAX);
    ck_assert_msg(tp_cost_rank_loads(&w->model, &w->topology, placement, loads, &err) == TP_OK,
        "%s", err.text);
    for (int32_t g = 0; g < w->topology.rank_count; g++)
        if (loads[g].memory_bytes > tp_topology_rank_capacity(&w->topology, g))
            return false;
    return true;
}

static inline double step_seconds(
    const struct workload *w, const struct tp_placement *placement, enum tp_mode mode)
{
    struct tp_step_cost cost;
    struct tp_error err = {0};
    ck_assert_msg(tp_cost_step(&w->model, &w->topology, placement, mode, &cost, &err) == TP_OK,
        "%s", err.text);
    return cost.seconds;
}

static inline void assert_rows(
    const struct tp_table *table, const struct tp_table_placement *place, int32_t ranks)
{
    int64_t block = (table->rows + ranks - 1) / ranks, next = 0;
    ck_assert_int_eq(place->shard_count, ranks);
    for (int32_t i = 0; i < ranks; i++) {
        const struct tp_shard *s = &place->shards[i];
        int64_t left = table->rows - next;
        ck_assert_int_eq(s->rank, place->tower * ranks + i);
        ck_assert_int_eq(s->row, next);
        ck_assert_int_eq(s->rows, left < block ? left : block);
        ck_assert(s->column == 0 && s->columns == table->dim);
        next += s->rows;
    }
    ck_assert_int_eq(next, table->rows);
}

static inline void assert_columns(
    const struct tp_table *table, const struct tp_table_placement *place, int32_t ranks)
{
    int32_t width = table->dim / place->shard_count;
    ck_assert_int_eq(width * place->shard_count, table->dim);
    ck_assert(place->shard_count == 1 || width >= TP_COLUMN_WIDTH_MIN);
    ck_assert_int_eq(place->sharding == TP_SHARD_TABLE, place->shard_count == 1);
    for (int32_t i = 0; i < place->shard_count; i++) {
        const struct tp_shard *s = &place->shards[i];
        ck_assert_int_eq(s->rank / ranks, place->tower);
        ck_assert(s->row == 0 && s->rows == table->rows);
        ck_assert_int_eq(s->column, i * width);
        ck_assert_int_eq(s->columns, width);
    }
}

/* Every table in its tower, tiled exactly, and memory within the capacity of every rank. */
static inline void assert_sound(
    const struct workload *w, const int32_t *tower_of_table, const struct tp_placement *placement)
{
    ck_assert_int_eq(placement->table_count, w->model.table_count);
    ck_assert_int_eq(placement->tower_count * placement->ranks_per_tower, w->topology.rank_count);
    for (int32_t i = 0; i < placement->table_count; i++) {
        const struct tp_table_placement *place = &placement->tables[i];
        ck_assert_int_eq(place->tower, tower_of_table[i]);
        if (place->sharding == TP_SHARD_ROW)
            assert_rows(&w->tables[i], place, placement->ranks_per_tower);
        else
            assert_columns(&w->tables[i], place, placement->ranks_per_tower);
    }
    ck_assert(memory_holds(w, placement));
}

/* A placement that walks through all there are: whole tables, every number of columns on every choice
 * of ranks, rows. */
struct walk {
    const struct workload *w;
    struct tp_placement placement;
    struct tp_table_placement tables[PLACED_TABLES_MAX];
    struct tp_shard shards[PLACED_TABLES_MAX][PLACED_PIECES_MAX];
    void (*visit)(struct walk *walk);
    bool found;                /* for visit: a placement within memory */
    double least, least_whole; /* for visit: seconds, of all and of those that cut no table */
};

static inline void walk_table(struct walk *k, int32_t table);

static inline void put_shard(
    struct walk *k, int32_t table, int32_t i, int32_t rank, int64_t row, int64_t rows)
{
    int32_t dim = k->w->tables[table].dim;
    struct tp_table_placement *place = &k->tables[table];
    int32_t columns = place->sharding == TP_SHARD_ROW ? dim : dim / place->shard_count;
    int32_t column = place->sharding == TP_SHARD_ROW ? 0 : i * columns;
    k->shards[table][i] = (struct tp_shard){
        place->tower * k->placement.ranks_per_tower + rank, row, rows, column, columns};
}

/* Ranks of pieces i and on, never falling. */
static inline void walk_pieces(struct walk *k, int32_t table, int32_t i, int32_t from)
{
    if (i == k->tables[table].shard_count) {
        walk_table(k, table + 1);
        return;
    }
    for (int32_t r = from; r < k->placement.ranks_per_tower; r++) {
        put_shard(k, table, i, r, 0, k->w->tables[table].rows);
        walk_pieces(k, table, i + 1, r);
    }
}

static inline void walk_rows(struct walk *k, int32_t table)
{
    int32_t ranks = k->placement.ranks_per_tower;
    int64_t rows = k->w->tables[table].rows, block = (rows + ranks - 1) / ranks;
    k->tables[table].sharding = TP_SHARD_ROW;
    k->tables[table].shard_count = ranks;
    for (int32_t i = 0; i < ranks; i++) {
        int64_t first = i * block < rows ? i * block : rows;
        put_shard(k, table, i, i, first, rows - first < block ? rows - first : block);
    }
    walk_table(k, table + 1);
}

static inline void walk_table(struct walk *k, int32_t table)
{
    if (table == k->w->model.table_count) {
        k->visit(k);
        return;
    }
    int32_t dim = k->w->tables[table].dim;
    for (int32_t s = 1; s == 1 || s <= dim / TP_COLUMN_WIDTH_MIN; s++) {
        if (dim % s)
            continue;
        k->tables[table].sharding = s > 1 ? TP_SHARD_COLUMN : TP_SHARD_TABLE;
        k->tables[table].shard_count = s;
        walk_pieces(k, table, 0, 0);
    }
    if (k->placement.ranks_per_tower > 1)
        walk_rows(k, table);
}

static inline void walk_placements(struct walk *k, const struct workload *w,
    int32_t ranks_per_tower, const int32_t *tower_of_table, void (*visit)(struct walk *walk))
{
    *k = (struct walk){.w = w, .visit = visit, .least = INFINITY, .least_whole = INFINITY};
    k->placement = (struct tp_placement){
        w->topology.rank_count / ranks_per_tower, ranks_per_tower, w->model.table_count, k->tables};
    for (int32_t i = 0; i < w->model.table_count; i++)
        k->tables[i] =
            (struct tp_table_placement){tower_of_table[i], TP_SHARD_TABLE, k->shards[i], 1};
    walk_table(k, 0);
}

#endif
