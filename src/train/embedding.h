/* SPDX-License-Identifier: Apache-2.0 */
/* The shards of tables that one rank holds: embedding bags (sum) and their optimizers.
 *
 * Letters: B global batch, O the sum over the rank's shards of columns * features. The looked up
 * values of a sample are, shard by shard, feature by feature, that shard's columns of the sum over
 * the bag's rows, added in the order of the bag.
 *
 * Gradients of a row are accumulated in one order: global sample, then feature, then position in
 * the bag; so nothing depends on how the samples came here. Optimizers touch looked up rows only:
 * sgd; rowwise_adagrad, one state per row and shard, the sum of the means over columns of squared
 * gradients (as FBGEMM); adagrad; lazy adam, whose bias correction goes by the global step. */
#ifndef TP_TRAIN_EMBEDDING_H
#define TP_TRAIN_EMBEDDING_H

#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/placement.h>
#include <towerpart/status.h>

#include "train/bags.h"
#include "train/dense_optimizer.h"
#include "train/real.h"

/* A shard of this rank, as the plan places it. */
struct tp_own_shard {
    int32_t table; /* of the model */
    struct tp_shard shard;
};

struct tp_embedding_shard {
    int32_t table, feature_count;
    int64_t row, rows;
    int32_t column, columns;
    tp_real *weights; /* (rows, columns) */
    /* (rows) rowwise_adagrad; (rows, columns) adagrad; 2 of these adam: first moments, then second;
     * else NULL */
    tp_real *state;
    int64_t state_count; /* values of the state */
};

struct tp_update_scratch; /* of embedding_update.c */

struct tp_embeddings {
    struct tp_learning learning;
    struct tp_embedding_shard *shards; /* (shard_count) */
    int32_t shard_count;
    int32_t width; /* O */
    struct tp_update_scratch *scratch;
};

/* Initial values are uniform within 1 / sqrt(rows of the table), by table name, row and column.
 * @param own  (shard_count); borrowed during the call. @param embeddings  out; to be released also
 * on failure.
 * @return TP_ENOMEM, which names the bytes. */
enum tp_status tp_embeddings_init(struct tp_embeddings *embeddings, const struct tp_model *model,
    const struct tp_own_shard *own, int32_t shard_count, struct tp_learning learning, uint64_t seed,
    struct tp_error *err);
void tp_embeddings_release(struct tp_embeddings *embeddings);

/* @param out  (B, O). Cost: O(ids * columns). */
void tp_embeddings_lookup(
    const struct tp_embeddings *embeddings, const struct tp_bags *bags, tp_real *out);

/* One step of the optimizer. @param gradients  (B, O), of what the lookup gave. @param step  from
 * 1.
 * @return TP_ENOMEM, with nothing changed. */
enum tp_status tp_embeddings_update(struct tp_embeddings *embeddings, const struct tp_bags *bags,
    const tp_real *gradients, int64_t step, struct tp_error *err);

#endif
