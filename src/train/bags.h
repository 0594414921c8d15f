/* SPDX-License-Identifier: Apache-2.0 */
/* The bags of ids that a rank's shards look up for a global batch, as they arrive: one block per
 * rank that they come from, in the order of the ranks, so in the order of the samples.
 *
 * A block has, shard by shard of the rank that looks up, sample by sample (b of them), feature by
 * feature of the shard's table, the length of the bag; and in the same order the ids, which are
 * rows of the table. A row shard gets only the ids of its rows. */
#ifndef TP_TRAIN_BAGS_H
#define TP_TRAIN_BAGS_H

#include <stdint.h>

struct tp_bag_block {
    const int32_t *lengths; /* (sum over shards of b * features) */
    const int64_t *ids;
    int64_t id_count;
};

struct tp_bags {
    const struct tp_bag_block *blocks; /* (block_count) */
    int32_t block_count;               /* G */
    int32_t block_samples;             /* b */
};

/* Ids of so many bags. */
static inline int64_t tp_bags_ids(const int32_t *lengths, int64_t bags)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < bags; i++)
        sum += lengths[i];
    return sum;
}

#endif
