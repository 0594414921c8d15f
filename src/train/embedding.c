/* SPDX-License-Identifier: Apache-2.0 */
/* The shards of one rank: their weights, and what is looked up in them.
 *
 * In: where the plan puts shards, and per step the bags of the global batch, block by block as they
 * came from the ranks (train/bags.h). Out: per sample and feature of a shard, the sum of the bag's
 * rows, as row sample of (B, O).
 *
 * Rows are added in the order of the bag; nothing else depends on order, since every value of the
 * output belongs to one bag. How many blocks the batch came in changes nothing. Ids are rows of the
 * table and lie in the shard: who sends them sees to that. Cost: one row read per id, at memory's
 * rate since rows are asked for ahead. */
#include "train/embedding.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "train/embedding_update.h"
#include "train/initial.h"
#include "train/prefetch.h"
#include "train/sparse_optimizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fill(struct tp_embedding_shard *shard, const struct tp_table *table, uint64_t seed)
{
    uint64_t stream = tp_initial_stream(seed, table->name);
    double bound = 1 / sqrt((double)table->rows);
    tp_real *value = shard->weights;
    for (int64_t row = shard->row; row < shard->row + shard->rows; row++)
        for (int32_t column = shard->column; column < shard->column + shard->columns; column++)
            *value++ = (tp_real)tp_initial_value(stream, row, column, bound);
}

static enum tp_status fail_allocate(
    const char *table, double values, size_t value_bytes, struct tp_error *err)
{
    char bytes[16];
    tp_format_bytes(bytes, values * (double)value_bytes);
    return tp_fail(err, TP_ENOMEM,
        "table %s: no memory for a shard of %s, weights and optimizer state", table, bytes);
}

static enum tp_status shard_init(struct tp_embedding_shard *shard, const struct tp_table *table,
    enum tp_optimizer kind, struct tp_error *err)
{
    int32_t width = tp_sparse_state_width(kind, shard->columns) * tp_sparse_state_parts(kind);
    size_t weights, state;
    if (!tp_multiply((size_t)shard->rows, (size_t)shard->columns, &weights) ||
        !tp_multiply((size_t)shard->rows, (size_t)width, &state))
        weights = state = SIZE_MAX; /* refused below */
    shard->weights = tp_new_large(weights, sizeof *shard->weights);
    shard->state = width ? tp_new_large(state, sizeof *shard->state) : NULL;
    if (!shard->weights || (width && !shard->state))
        return fail_allocate(table->name, (double)shard->rows * (shard->columns + (double)width),
            sizeof *shard->weights, err);
    shard->state_count = (int64_t)state;
    return TP_OK;
}

static enum tp_status add_shard(struct tp_embeddings *embeddings, const struct tp_own_shard *own,
    const struct tp_table *table, uint64_t seed, struct tp_error *err)
{
    struct tp_embedding_shard *shard = &embeddings->shards[embeddings->shard_count++];
    *shard = (struct tp_embedding_shard){
        .table = own->table,
        .feature_count = table->feature_count,
        .row = own->shard.row,
        .rows = own->shard.rows,
        .column = own->shard.column,
        .columns = own->shard.columns,
    };
    int64_t width = embeddings->width + (int64_t)shard->columns * shard->feature_count;
    if (width > INT32_MAX)
        return tp_fail(err, TP_EINPUT,
            "table %s: with it this rank looks up %lld values per sample, expected at most %d; "
            "use more ranks",
            table->name, (long long)width, INT32_MAX);
    embeddings->width = (int32_t)width;
    enum tp_status status = shard_init(shard, table, embeddings->learning.kind, err);
    if (!status)
        fill(shard, table, seed);
    return status;
}

enum tp_status tp_embeddings_init(struct tp_embeddings *embeddings, const struct tp_model *model,
    const struct tp_own_shard *own, int32_t shard_count, struct tp_learning learning, uint64_t seed,
    struct tp_error *err)
{
    *embeddings = (struct tp_embeddings){.learning = learning};
    embeddings->shards = TP_NEW(shard_count, struct tp_embedding_shard);
    embeddings->scratch = tp_update_scratch_new();
    if (!embeddings->shards || !embeddings->scratch)
        return tp_fail_memory(err);
    enum tp_status status = TP_OK;
    for (int32_t i = 0; !status && i < shard_count; i++)
        status = add_shard(embeddings, &own[i], &model->tables[own[i].table], seed, err);
    return status;
}

void tp_embeddings_release(struct tp_embeddings *embeddings)
{
    for (int32_t i = 0; i < embeddings->shard_count; i++) {
        free(embeddings->shards[i].weights);
        free(embeddings->shards[i].state);
    }
    free(embeddings->shards);
    tp_update_scratch_free(embeddings->scratch);
    *embeddings = (struct tp_embeddings){0};
}

/* The ids of one shard in one block. */
struct walk {
    const int64_t *ids; /* (count) */
    int64_t next, count;
};

static const tp_real *row_of(const struct tp_embedding_shard *shard, int64_t id)
{
    return shard->weights + (id - shard->row) * shard->columns;
}

static const tp_real *next_row(const struct tp_embedding_shard *shard, struct walk *walk)
{
    int64_t ahead = walk->next + TP_ROWS_AHEAD, last = walk->count - 1;
    tp_prefetch(row_of(shard, walk->ids[ahead < last ? ahead : last]), shard->columns);
    return row_of(shard, walk->ids[walk->next++]);
}

/* One bag: the sum of its rows. */
static void pool(const struct tp_embedding_shard *shard, struct walk *walk, int32_t length,
    tp_real *restrict sum)
{
    int32_t columns = shard->columns;
    size_t bytes = (size_t)columns * sizeof *sum;
    if (length)
        memcpy(sum, next_row(shard, walk), bytes);
    else
        memset(sum, 0, bytes);
    for (int32_t i = 1; i < length; i++) {
        const tp_real *restrict row = next_row(shard, walk);
        for (int32_t c = 0; c < columns; c++)
            sum[c] += row[c];
    }
}

/* @param out  of the block's first sample and the shard's first feature; samples are `stride`
 * apart. */
static void look_up(const struct tp_embedding_shard *shard, const int32_t *lengths,
    struct walk *walk, int32_t samples, tp_real *out, int32_t stride)
{
    int32_t width = shard->columns * shard->feature_count;
    for (int32_t i = 0; i < samples; i++) {
        tp_real *sum = out + (int64_t)i * stride;
        if (samples - i > TP_ROWS_AHEAD)
            tp_prefetch(sum + (int64_t)TP_ROWS_AHEAD * stride, width);
        for (int32_t f = 0; f < shard->feature_count; f++, sum += shard->columns)
            pool(shard, walk, *lengths++, sum);
    }
}

static void look_up_block(const struct tp_embeddings *embeddings, const struct tp_bag_block *block,
    int32_t samples, tp_real *out)
{
    const int32_t *lengths = block->lengths;
    const int64_t *ids = block->ids;
    for (int32_t s = 0; s < embeddings->shard_count; s++) {
        const struct tp_embedding_shard *shard = &embeddings->shards[s];
        int64_t bags = (int64_t)samples * shard->feature_count;
        struct walk walk = {.ids = ids, .count = tp_bags_ids(lengths, bags)};
        look_up(shard, lengths, &walk, samples, out, embeddings->width);
        lengths += bags;
        ids += walk.count;
        out += shard->columns * shard->feature_count;
    }
}

void tp_embeddings_lookup(
    const struct tp_embeddings *embeddings, const struct tp_bags *bags, tp_real *out)
{
    int64_t block_values = (int64_t)bags->block_samples * embeddings->width;
    for (int32_t k = 0; k < bags->block_count; k++)
        look_up_block(embeddings, &bags->blocks[k], bags->block_samples, out + k * block_values);
}
