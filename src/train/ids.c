/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of one batch on their way.
 *
 * In: b samples of this rank. Out: the bags of all ranks' samples for this rank's shards. Two
 * exchanges among all ranks: lengths, then ids. States: idle -> lengths -> ids -> idle; each of
 * them moves on when the exchange before it is over. Buffers grow as batches need them and are
 * kept. Cost: O(ids sent + received). */
#include "train/ids.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>

#define VALUE_BYTES 4 /* of a table's value, float32, whatever the trainer computes with */

enum state { IDLE, LENGTHS, IDS };

struct tp_ids {
    const struct tp_layout *layout;
    struct tp_comm *comm;
    enum state state;
    struct tp_comm_request *request;
    int32_t *length_counts, *own_length_counts; /* (G) lengths to and from each rank */
    int32_t *id_counts, *own_id_counts;         /* (G) ids to and from each rank */
    int32_t *lengths, *own_lengths;
    int64_t *ids, *own_ids;
    int64_t id_capacity, own_id_capacity;
    int64_t *bag_begin;          /* (b * F + 1) of the batch's ids */
    struct tp_bag_block *blocks; /* (G) */
};

enum tp_status tp_ids_new(
    const struct tp_layout *layout, struct tp_comm *comm, struct tp_ids **ids, struct tp_error *err)
{
    int32_t ranks = layout->rank_count, local = layout->local_batch;
    int32_t own_bags = layout->holdings[tp_comm_rank(comm)].bags;
    size_t all_bags = 0, features = (size_t)layout->model->feature_count;
    struct tp_ids *x = *ids = TP_NEW(1, struct tp_ids);
    if (!x)
        return tp_fail_memory(err);
    x->layout = layout;
    x->comm = comm;
    x->length_counts = TP_NEW(ranks, int32_t);
    x->own_length_counts = TP_NEW(ranks, int32_t);
    x->id_counts = TP_NEW(ranks, int32_t);
    x->own_id_counts = TP_NEW(ranks, int32_t);
    x->blocks = TP_NEW(ranks, struct tp_bag_block);
    x->bag_begin = TP_NEW((size_t)local * features + 1, int64_t);
    x->own_lengths = TP_NEW((size_t)layout->batch * (size_t)own_bags, int32_t);
    if (!x->length_counts || !x->own_length_counts || !x->id_counts || !x->own_id_counts ||
        !x->blocks || !x->bag_begin || !x->own_lengths)
        return tp_fail_memory(err);
    for (int32_t g = 0; g < ranks; g++) {
        x->length_counts[g] = local * layout->holdings[g].bags;
        x->own_length_counts[g] = local * own_bags;
        all_bags += (size_t)layout->holdings[g].bags;
    }
    x->lengths = TP_NEW((size_t)local * all_bags, int32_t);
    return x->lengths ? TP_OK : tp_fail_memory(err);
}

void tp_ids_free(struct tp_ids *ids)
{
    if (!ids)
        return;
    tp_comm_wait(ids->request);
    free(ids->length_counts);
    free(ids->own_length_counts);
    free(ids->id_counts);
    free(ids->own_id_counts);
    free(ids->lengths);
    free(ids->own_lengths);
    free(ids->ids);
    free(ids->own_ids);
    free(ids->bag_begin);
    free(ids->blocks);
    free(ids);
}

/* Makes room for so many ids, which MPI counts in an int. */
static enum tp_status grow(int64_t **ids, int64_t *capacity, int64_t count, struct tp_error *err)
{
    if (count > INT32_MAX)
        return tp_fail(err, TP_EINPUT,
            "a step exchanges %lld ids with one rank, expected less than 2^31: make batch_size "
            "smaller",
            (long long)count);
    if (count <= *capacity)
        return TP_OK;
    int64_t *grown = tp_resize(*ids, (size_t)count + (size_t)count / 4, sizeof **ids);
    if (!grown)
        return tp_fail_memory(err);
    *ids = grown;
    *capacity = count + count / 4;
    return TP_OK;
}

/* Appends the bag of one feature of one sample for one shard. @return its length there. */
static int32_t add_bag(
    const struct tp_own_shard *own, bool filter, const int64_t *from, int64_t count, int64_t *to)
{
    if (!filter) {
        for (int64_t i = 0; i < count; i++)
            to[i] = from[i];
        return (int32_t)count;
    }
    int32_t kept = 0;
    for (int64_t i = 0; i < count; i++)
        if (from[i] >= own->shard.row && from[i] - own->shard.row < own->shard.rows)
            to[kept++] = from[i];
    return kept;
}

/* Writes lengths and ids for one rank. @return its ids. */
static int64_t pack_rank(struct tp_ids *x, const struct tp_batch *batch,
    const struct tp_holding *holding, int32_t *lengths, int64_t *ids)
{
    const struct tp_model *model = x->layout->model;
    int64_t *end = ids;
    for (int32_t s = 0; s < holding->shard_count; s++) {
        const struct tp_own_shard *own = &holding->shards[s];
        const struct tp_table *table = &model->tables[own->table];
        bool filter = x->layout->placement->tables[own->table].sharding == TP_SHARD_ROW;
        for (int64_t i = 0; i < batch->count; i++)
            for (int32_t k = 0; k < table->feature_count; k++) {
                const int64_t *begin =
                    &x->bag_begin[i * model->feature_count + table->first_feature + k];
                *lengths = add_bag(own, filter, batch->ids + begin[0], begin[1] - begin[0], end);
                end += *lengths++;
            }
    }
    return end - ids;
}

/* Ids that all ranks together can get at most: each shard of a table all ids of its features. */
static int64_t most_ids(const struct tp_ids *x, const struct tp_batch *batch)
{
    const struct tp_model *model = x->layout->model;
    int64_t most = 0;
    for (int32_t f = 0; f < model->feature_count; f++) {
        int64_t ids = 0;
        for (int64_t i = 0; i < batch->count; i++)
            ids += batch->lengths[i * model->feature_count + f];
        most += ids * x->layout->placement->tables[model->features[f].table].shard_count;
    }
    return most;
}

enum tp_status tp_ids_start(struct tp_ids *x, const struct tp_batch *batch, struct tp_error *err)
{
    int64_t bags = (int64_t)batch->count * x->layout->model->feature_count;
    x->bag_begin[0] = 0;
    for (int64_t i = 0; i < bags; i++)
        x->bag_begin[i + 1] = x->bag_begin[i] + batch->lengths[i];
    enum tp_status status = grow(&x->ids, &x->id_capacity, most_ids(x, batch), err);
    if (status)
        return status;
    int32_t *lengths = x->lengths;
    int64_t *ids = x->ids;
    for (int32_t g = 0; g < x->layout->rank_count; g++) {
        int64_t count = pack_rank(x, batch, &x->layout->holdings[g], lengths, ids);
        x->id_counts[g] = (int32_t)count;
        lengths += x->length_counts[g];
        ids += count;
    }
    const struct tp_share_out exchange = {
        x->lengths, x->length_counts, x->own_lengths, x->own_length_counts, sizeof *x->lengths};
    x->state = LENGTHS;
    return tp_comm_start(x->comm, TP_PHASE_IDS_ALLTOALL, &exchange, &x->request, err);
}

/* The lengths are here: they say how many ids come. */
static enum tp_status start_ids(struct tp_ids *x, struct tp_error *err)
{
    int64_t total = 0;
    const int32_t *length = x->own_lengths;
    for (int32_t g = 0; g < x->layout->rank_count; g++) {
        int64_t count = 0;
        for (int32_t i = 0; i < x->own_length_counts[g]; i++)
            count += *length++;
        x->own_id_counts[g] = (int32_t)count;
        total += count;
    }
    enum tp_status status = grow(&x->own_ids, &x->own_id_capacity, total, err);
    if (status)
        return status;
    const struct tp_share_out exchange = {
        x->ids, x->id_counts, x->own_ids, x->own_id_counts, sizeof *x->ids};
    x->state = IDS;
    return tp_comm_start(x->comm, TP_PHASE_IDS_ALLTOALL, &exchange, &x->request, err);
}

enum tp_status tp_ids_poke(struct tp_ids *x, struct tp_error *err)
{
    if (x->state == IDLE || !tp_comm_over(x->request) || x->state == IDS)
        return TP_OK;
    tp_comm_wait(x->request);
    x->request = NULL;
    return start_ids(x, err);
}

static void count_load(const struct tp_ids *x, struct tp_ids_load *load)
{
    const struct tp_holding *own = &x->layout->holdings[tp_comm_rank(x->comm)];
    *load =
        (struct tp_ids_load){.id_bytes = x->layout->batch * own->bags * (int64_t)sizeof(int32_t)};
    const int32_t *length = x->own_lengths;
    for (int32_t g = 0; g < x->layout->rank_count; g++)
        for (int32_t s = 0; s < own->shard_count; s++) {
            const struct tp_own_shard *shard = &own->shards[s];
            int32_t bags =
                x->layout->local_batch * x->layout->model->tables[shard->table].feature_count;
            int64_t ids = 0;
            for (int32_t i = 0; i < bags; i++)
                ids += *length++;
            load->ids += ids;
            load->lookup_bytes += ids * shard->shard.columns * VALUE_BYTES;
        }
    load->id_bytes += load->ids * (int64_t)sizeof(int64_t);
}

enum tp_status tp_ids_finish(
    struct tp_ids *x, struct tp_bags *bags, struct tp_ids_load *load, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    while (x->state != IDLE && status == TP_OK) {
        enum state was = x->state;
        tp_comm_wait(x->request);
        x->request = NULL;
        x->state = IDLE;
        if (was == LENGTHS)
            status = start_ids(x, err);
    }
    const int32_t *lengths = x->own_lengths;
    const int64_t *ids = x->own_ids;
    for (int32_t g = 0; g < x->layout->rank_count; g++) {
        x->blocks[g] = (struct tp_bag_block){lengths, ids, x->own_id_counts[g]};
        lengths += x->own_length_counts[g];
        ids += x->own_id_counts[g];
    }
    *bags = (struct tp_bags){x->blocks, x->layout->rank_count, x->layout->local_batch};
    count_load(x, load);
    return status;
}
