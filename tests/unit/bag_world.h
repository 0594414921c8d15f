/* SPDX-License-Identifier: Apache-2.0 */
/* Three tables and random bags for them, and what a rank that holds some shards is sent of these bags.
 *
 * Table 0: 50 rows of 6, two features; table 1: 5 rows of 4, one feature; table 2: 400 rows of 19, three features.
 * Bags have 0 to 6 ids, and the first rows come up often, so ids repeat within bags and across. */
#ifndef BAG_WORLD_H
#define BAG_WORLD_H

#include <check.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "train/embedding.h"

enum { SAMPLES = 24, FEATURES = 6, BAG_MAX = 6, TABLES = 3 };

static struct tp_table world_tables[TABLES] = {
    {.name = (char *)"a", .rows = 50, .dim = 6, .first_feature = 0, .feature_count = 2},
    {.name = (char *)"b", .rows = 5, .dim = 4, .first_feature = 2, .feature_count = 1},
    {.name = (char *)"c", .rows = 400, .dim = 19, .first_feature = 3, .feature_count = 3},
};
static const struct tp_model world_model = {.tables = world_tables, .table_count = TABLES};

struct world {
    int32_t length[SAMPLES][FEATURES];
    int64_t id[SAMPLES][FEATURES][BAG_MAX];
};

static inline void world_draw(struct world *world, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 0);
    for (int s = 0; s < SAMPLES; s++)
        for (int t = 0; t < TABLES; t++)
            for (int f = 0; f < world_tables[t].feature_count; f++) {
                int feature = world_tables[t].first_feature + f;
                world->length[s][feature] = (int32_t)tp_random_below(&random, BAG_MAX + 1);
                for (int i = 0; i < BAG_MAX; i++) {
                    int64_t below = tp_random_below(&random, 2) ? 5 : world_tables[t].rows;
                    world->id[s][feature][i] = tp_random_below(&random, below);
                }
            }
}

/* Bags as they are sent: in G blocks. */
struct sent {
    struct tp_bags bags;
    struct tp_bag_block blocks[SAMPLES];
    int32_t *lengths;
    int64_t *ids;
};

static inline void send_shard(struct sent *sent, const struct world *world,
    const struct tp_own_shard *own, int32_t first_sample, int32_t **length, int64_t **id)
{
    const struct tp_table *table = &world_tables[own->table];
    for (int s = first_sample; s < first_sample + sent->bags.block_samples; s++)
        for (int f = table->first_feature; f < table->first_feature + table->feature_count; f++) {
            int32_t here = 0;
            for (int i = 0; i < world->length[s][f]; i++) {
                int64_t row = world->id[s][f][i];
                if (row >= own->shard.row && row < own->shard.row + own->shard.rows)
                    (*id)[here++] = row;
            }
            *(*length)++ = here;
            *id += here;
        }
}

/* @param block_count  G, divides SAMPLES. */
static inline void world_send(const struct world *world, const struct tp_own_shard *own,
    int32_t shard_count, int32_t block_count, struct sent *sent)
{
    size_t bags = (size_t)shard_count * SAMPLES * FEATURES;
    *sent = (struct sent){.bags = {sent->blocks, block_count, SAMPLES / block_count}};
    int32_t *length = sent->lengths = TP_NEW(bags, int32_t);
    int64_t *id = sent->ids = TP_NEW(bags * BAG_MAX, int64_t);
    ck_assert(length && id);
    for (int32_t k = 0; k < block_count; k++) {
        int64_t *first = id;
        sent->blocks[k] = (struct tp_bag_block){.lengths = length, .ids = id};
        for (int32_t s = 0; s < shard_count; s++)
            send_shard(sent, world, &own[s], k * sent->bags.block_samples, &length, &id);
        sent->blocks[k].id_count = id - first;
    }
}

static inline void sent_release(struct sent *sent)
{
    free(sent->lengths);
    free(sent->ids);
}

/* Layouts of shards that a rank may hold. */
static const struct world_layout {
    struct tp_own_shard own[6];
    int32_t count;
} world_layouts[] = {
    {{{0, {0, 0, 50, 0, 6}}, {1, {0, 0, 5, 0, 4}}, {2, {0, 0, 400, 0, 19}}}, 3},
    /* columns, two shards of one table */
    {{{2, {0, 0, 400, 11, 8}}, {0, {0, 0, 50, 2, 4}}, {2, {0, 0, 400, 0, 4}}}, 3},
    /* rows, an empty shard among them */
    {{{2, {0, 3, 97, 0, 19}}, {1, {0, 5, 0, 0, 4}}, {0, {0, 48, 2, 0, 6}},
         {2, {0, 200, 200, 0, 19}}},
        4},
    {{{1, {0, 0, 5, 0, 4}}}, 1},
    {{{1, {0, 5, 0, 0, 4}}}, 1},
};
enum { WORLD_LAYOUTS = sizeof world_layouts / sizeof *world_layouts };

#endif
