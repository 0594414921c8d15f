/* SPDX-License-Identifier: Apache-2.0 */
/* Small layouts for the tests of the cost model, put together in C so that nothing but the cost
 * model is under test: levels, then tables with their shards. A layout owns no memory. */
#ifndef TP_TESTS_LAYOUT_H
#define TP_TESTS_LAYOUT_H

#include <string.h>

#include <towerpart/cost.h>

#define LAYOUT_TABLES_MAX 64
#define LAYOUT_FEATURES_MAX 128
#define LAYOUT_HOSTS_MAX 64
#define LAYOUT_SHARDS_MAX 64

struct layout {
    struct tp_model model;
    struct tp_topology topology;
    struct tp_placement placement;
    struct tp_table tables[LAYOUT_TABLES_MAX];
    struct tp_feature features[LAYOUT_FEATURES_MAX];
    struct tp_host hosts[LAYOUT_HOSTS_MAX];
    struct tp_table_placement places[LAYOUT_TABLES_MAX];
    struct tp_shard shards[LAYOUT_TABLES_MAX][LAYOUT_SHARDS_MAX];
};

static char layout_name[] = "x";

/* sgd, float32 everywhere, dlrm without dense features, bottom MLP [4] (the common dim), top MLP
 * [1], no tower module; memory and flops at 1000 per second. */
static inline void layout_begin(struct layout *l, int64_t batch)
{
    memset(l, 0, sizeof *l);
    l->model.name = layout_name;
    l->model.batch_size = batch;
    l->model.optimizer = TP_SGD;
    l->model.tables = l->tables;
    l->model.features = l->features;
    l->model.bottom_mlp = (struct tp_mlp){1, {4}};
    l->model.top_mlp = (struct tp_mlp){1, {1}};
    l->topology.name = layout_name;
    l->topology.hosts_per_tower = 1;
    l->topology.device = (struct tp_device){
        .memory_bytes = 1 << 20, .memory_bytes_per_s = 1000, .flops_per_s = 1000};
    l->topology.hosts = l->hosts;
    l->topology.rank_count = 1;
    l->placement.tables = l->places;
}

/* Adds a level outside the others; `uplink` 0: not shared. */
static inline void layout_level(
    struct layout *l, int32_t fanout, double bytes_per_s, double latency_s, double uplink)
{
    struct tp_topology *t = &l->topology;
    struct tp_level *level = &t->levels[t->level_count++];
    *level = (struct tp_level){.name = layout_name,
        .fanout = fanout,
        .bytes_per_s = bytes_per_s,
        .uplink_bytes_per_s = uplink,
        .latency_s = latency_s};
    t->rank_count *= fanout;
    t->ranks_per_host = t->levels[0].fanout;
    t->host_count = t->rank_count / t->ranks_per_host;
    for (int32_t h = 0; h < t->host_count; h++)
        l->hosts[h] = (struct tp_host){1 << 20, t->levels[1].uplink_bytes_per_s};
}

/* To be called when all levels are there. */
static inline void layout_towers(struct layout *l, int32_t hosts_per_tower)
{
    l->topology.hosts_per_tower = hosts_per_tower;
    l->placement.ranks_per_tower = l->topology.ranks_per_host * hosts_per_tower;
    l->placement.tower_count = l->topology.rank_count / l->placement.ranks_per_tower;
}

static inline void layout_feature(struct layout *l, double pooling)
{
    struct tp_table *table = &l->tables[l->model.table_count - 1];
    table->feature_count++;
    l->features[l->model.feature_count++] = (struct tp_feature){
        .name = layout_name, .table = l->model.table_count - 1, .pooling = pooling};
}

/* Adds a table with one feature and no shard yet. */
static inline void layout_table(struct layout *l, int64_t rows, int32_t dim, double pooling,
    int32_t tower, enum tp_sharding sharding)
{
    int32_t i = l->model.table_count++;
    l->placement.table_count = l->model.table_count;
    l->tables[i] = (struct tp_table){
        .name = layout_name, .rows = rows, .dim = dim, .first_feature = l->model.feature_count};
    l->places[i] = (struct tp_table_placement){tower, sharding, l->shards[i], 0};
    layout_feature(l, pooling);
}

/* Adds a shard to the last table. */
static inline void layout_shard(
    struct layout *l, int32_t rank, int64_t row, int64_t rows, int32_t column, int32_t columns)
{
    struct tp_table_placement *place = &l->places[l->model.table_count - 1];
    place->shards[place->shard_count++] = (struct tp_shard){rank, row, rows, column, columns};
}

/* Adds a whole table on one rank, in the tower of that rank. */
static inline void layout_whole(
    struct layout *l, int64_t rows, int32_t dim, double pooling, int32_t rank)
{
    layout_table(l, rows, dim, pooling, rank / l->placement.ranks_per_tower, TP_SHARD_TABLE);
    layout_shard(l, rank, 0, rows, 0, dim);
}

/* Adds a table cut by rows over all ranks of a tower, in blocks of ceil(rows / R). */
static inline void layout_rows(
    struct layout *l, int64_t rows, int32_t dim, double pooling, int32_t tower)
{
    int32_t r = l->placement.ranks_per_tower;
    int64_t block = (rows + r - 1) / r;
    layout_table(l, rows, dim, pooling, tower, TP_SHARD_ROW);
    for (int32_t i = 0; i < r; i++) {
        int64_t first = i * block < rows ? i * block : rows;
        int64_t left = rows - first;
        layout_shard(l, tower * r + i, first, left < block ? left : block, 0, dim);
    }
}

/* Two hosts of two ranks, K = 1, B = 8; five tables of 10 x 4 on ranks 0, 0, 1, 2 with pooling 1
 * and on rank 3 with 2.5; one dense feature; backward values are sent as bfloat16; module dlrm c =
 * 1, p = 0, D = 2. Host 100 bytes/s, 1 s latency; cluster 10 bytes/s, 2 s. */
static inline void layout_two_hosts(struct layout *l)
{
    layout_begin(l, 8);
    layout_level(l, 2, 100, 1, 0);
    layout_level(l, 2, 10, 2, 0);
    layout_towers(l, 1);
    l->model.backward = TP_BFLOAT16;
    l->model.dense_features = 1;
    l->model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 2, 0};
    layout_whole(l, 10, 4, 1, 0);
    layout_whole(l, 10, 4, 1, 0);
    layout_whole(l, 10, 4, 1, 1);
    layout_whole(l, 10, 4, 1, 2);
    layout_whole(l, 10, 4, 2.5, 3);
}

/* Three levels of two (host, rack, pod), K = 1, B = 8; dim 16 in two column shards on ranks 0, 1
 * with pooling 2; dim 8 on rank 2, in two column shards on ranks 4, 5, and on rank 7; two dense
 * features; a dcn with one cross layer of rank 2; module dcn D = 4, rank 1. Host 100 bytes/s, 1 s
 * latency; rack 10, 2 s; pod 5, 3 s, with an uplink of 10 bytes/s per rack. */
static inline void layout_three_levels(struct layout *l)
{
    layout_begin(l, 8);
    layout_level(l, 2, 100, 1, 0);
    layout_level(l, 2, 10, 2, 0);
    layout_level(l, 2, 5, 3, 10);
    layout_towers(l, 1);
    l->model.dense_features = 2;
    l->model.bottom_mlp = (struct tp_mlp){1, {8}};
    l->model.interaction = TP_DCN;
    l->model.cross_layers = 1;
    l->model.cross_rank = 2;
    l->model.tower_module = (struct tp_tower_module){TP_MODULE_DCN, 0, 0, 4, 1};
    layout_table(l, 10, 16, 2, 0, TP_SHARD_COLUMN);
    layout_shard(l, 0, 0, 10, 0, 8);
    layout_shard(l, 1, 0, 10, 8, 8);
    layout_whole(l, 10, 8, 1, 2);
    layout_table(l, 10, 8, 1, 2, TP_SHARD_COLUMN);
    layout_shard(l, 4, 0, 10, 0, 4);
    layout_shard(l, 5, 0, 10, 4, 4);
    layout_whole(l, 10, 8, 1, 7);
}

#endif
