/* SPDX-License-Identifier: Apache-2.0 */
/* The sparse update: from the gradients of bags to a step of every row that was looked up.
 *
 * In: the bags of the global batch and, for each, the gradient of the sum of its rows, which is the
 * gradient of every row in it, as often as it is in it. Shard by shard, ids are taken in the order
 * block, sample, feature, position, which is the order global sample, feature, position; sorted by
 * row; the gradients of a row are added up in that order, and the optimizer makes one step of the
 * row. So neither the number of blocks nor the other shards of the rank change a bit. All memory is
 * got before the first row is changed.
 *
 * Cost: O(ids * (columns + bits of a row)). Rows are walked through in order, and asked for ahead
 * with their state and gradients. */
#include "train/embedding_update.h"

#include "base/fail.h"
#include "base/memory.h"
#include "train/embedding.h"
#include "train/occurrences.h"
#include "train/prefetch.h"
#include "train/sparse_optimizer.h"

#include <stdlib.h>
#include <string.h>

/* What of a block is still to come. */
struct rest {
    const int32_t *lengths;
    const int64_t *ids;
};

struct tp_update_scratch {
    struct rest *rests; /* (block_count) */
    int32_t block_count;
    struct tp_occurrences occurrences; /* of one shard */
    tp_real *sum;                      /* (columns) gradient of one row */
    int32_t columns;
};

struct tp_update_scratch *tp_update_scratch_new(void)
{
    return TP_NEW(1, struct tp_update_scratch);
}

void tp_update_scratch_free(struct tp_update_scratch *scratch)
{
    if (!scratch)
        return;
    free(scratch->rests);
    free(scratch->sum);
    tp_occurrences_release(&scratch->occurrences);
    free(scratch);
}

static enum tp_status reserve_rests(
    struct tp_update_scratch *scratch, int32_t block_count, struct tp_error *err)
{
    if (block_count <= scratch->block_count)
        return TP_OK;
    struct rest *rests = TP_NEW(block_count, struct rest);
    if (!rests)
        return tp_fail_memory(err);
    free(scratch->rests);
    scratch->rests = rests;
    scratch->block_count = block_count;
    return TP_OK;
}

static enum tp_status reserve_sum(
    struct tp_update_scratch *scratch, int32_t columns, struct tp_error *err)
{
    if (columns <= scratch->columns)
        return TP_OK;
    tp_real *sum = tp_new_aligned((size_t)columns, sizeof *sum);
    if (!sum)
        return tp_fail_memory(err);
    free(scratch->sum);
    scratch->sum = sum;
    scratch->columns = columns;
    return TP_OK;
}

static void rewind_blocks(struct tp_update_scratch *scratch, const struct tp_bags *bags)
{
    for (int32_t k = 0; k < bags->block_count; k++)
        scratch->rests[k] = (struct rest){bags->blocks[k].lengths, bags->blocks[k].ids};
}

/* Passes over a shard. @return how many ids it has. */
static int64_t count_ids(struct tp_update_scratch *scratch, const struct tp_bags *bags,
    const struct tp_embedding_shard *shard)
{
    int64_t count = 0, block_bags = (int64_t)bags->block_samples * shard->feature_count;
    for (int32_t k = 0; k < bags->block_count; k++) {
        count += tp_bags_ids(scratch->rests[k].lengths, block_bags);
        scratch->rests[k].lengths += block_bags;
    }
    return count;
}

static int64_t place_count(const struct tp_embeddings *embeddings, const struct tp_bags *bags)
{
    return (int64_t)bags->block_count * bags->block_samples * embeddings->width;
}

/* Whatever can fail. */
static enum tp_status prepare(
    const struct tp_embeddings *embeddings, const struct tp_bags *bags, struct tp_error *err)
{
    struct tp_update_scratch *scratch = embeddings->scratch;
    int64_t ids_max = 0;
    enum tp_status status = reserve_rests(scratch, bags->block_count, err);
    if (status)
        return status;
    rewind_blocks(scratch, bags);
    for (int32_t s = 0; !status && s < embeddings->shard_count; s++) {
        const struct tp_embedding_shard *shard = &embeddings->shards[s];
        int64_t ids = count_ids(scratch, bags, shard);
        ids_max = ids > ids_max ? ids : ids_max;
        status = reserve_sum(scratch, shard->columns, err);
        if (!status)
            status = tp_occurrences_begin(
                &scratch->occurrences, shard->rows, place_count(embeddings, bags), err);
    }
    if (!status)
        status = tp_occurrences_reserve(&scratch->occurrences, (size_t)ids_max, err);
    rewind_blocks(scratch, bags);
    return status;
}

/* The next shard's ids of one block; rows count from the shard's first. @param place  of its
 * first bag. */
static void gather_block(struct tp_occurrences *occurrences, struct rest *rest,
    const struct tp_embedding_shard *shard, int32_t samples, int64_t place, int32_t stride)
{
    for (int32_t i = 0; i < samples; i++)
        for (int32_t f = 0; f < shard->feature_count; f++) {
            const int64_t *end = rest->ids + *rest->lengths++;
            while (rest->ids < end)
                tp_occurrences_add(occurrences, *rest->ids++ - shard->row,
                    place + (int64_t)i * stride + (int64_t)f * shard->columns);
        }
}

/* @param place  of the shard's values in those of the first sample. */
static void gather(const struct tp_embeddings *embeddings, const struct tp_bags *bags,
    const struct tp_embedding_shard *shard, int64_t place)
{
    struct tp_update_scratch *scratch = embeddings->scratch;
    int64_t block_values = (int64_t)bags->block_samples * embeddings->width;
    /* Fits: prepare() has tried. */
    tp_occurrences_begin(&scratch->occurrences, shard->rows, place_count(embeddings, bags), NULL);
    for (int32_t k = 0; k < bags->block_count; k++)
        gather_block(&scratch->occurrences, &scratch->rests[k], shard, bags->block_samples,
            place + k * block_values, embeddings->width);
}

/* A shard while its rows are stepped. */
struct stepped {
    const struct tp_embedding_shard *shard;
    const struct tp_occurrences *occurrences;
    const tp_real *gradients; /* (B, O) */
    struct tp_sparse_step step;
    int32_t state_width;
    tp_real *state, *second; /* NULL: no such part */
};

static tp_real *state_of(tp_real *part, int64_t row, int32_t width)
{
    return part ? part + row * width : NULL;
}

static void ask_for(const struct stepped *stepped, size_t i)
{
    int64_t row = tp_occurrence_row(stepped->occurrences, i);
    int32_t columns = stepped->shard->columns;
    tp_prefetch(stepped->shard->weights + row * columns, columns);
    tp_prefetch(stepped->gradients + tp_occurrence_place(stepped->occurrences, i), columns);
    if (stepped->state)
        tp_prefetch(stepped->state + row * stepped->state_width, stepped->state_width);
    if (stepped->second)
        tp_prefetch(stepped->second + row * stepped->state_width, stepped->state_width);
}

/* The gradient of one row, which has `count` occurrences. @param sum  (columns); used if there
 * are several. */
static const tp_real *row_gradient(
    const struct stepped *stepped, size_t first, size_t count, tp_real *restrict sum)
{
    const struct tp_occurrences *occurrences = stepped->occurrences;
    const tp_real *gradient = stepped->gradients + tp_occurrence_place(occurrences, first);
    int32_t columns = stepped->shard->columns;
    if (count == 1)
        return gradient;
    memcpy(sum, gradient, (size_t)columns * sizeof *sum);
    for (size_t i = 1; i < count; i++) {
        gradient = stepped->gradients + tp_occurrence_place(occurrences, first + i);
        for (int32_t c = 0; c < columns; c++)
            sum[c] += gradient[c];
    }
    return sum;
}

static void step_rows(const struct stepped *stepped, tp_real *sum)
{
    size_t count = stepped->occurrences->count, end;
    for (size_t first = 0; first < count; first = end) {
        int64_t row = tp_occurrence_row(stepped->occurrences, first);
        for (end = first; end < count; end++) {
            if (tp_occurrence_row(stepped->occurrences, end) != row)
                break;
            if (count - end > TP_ROWS_AHEAD)
                ask_for(stepped, end + TP_ROWS_AHEAD);
        }
        tp_sparse_step_row(&stepped->step, row_gradient(stepped, first, end - first, sum),
            stepped->shard->weights + row * stepped->shard->columns,
            state_of(stepped->state, row, stepped->state_width),
            state_of(stepped->second, row, stepped->state_width));
    }
}

static struct stepped stepped_of(const struct tp_embeddings *embeddings,
    const struct tp_embedding_shard *shard, const tp_real *gradients, int64_t step)
{
    enum tp_optimizer kind = embeddings->learning.kind;
    int32_t parts = tp_sparse_state_parts(kind);
    return (struct stepped){
        .shard = shard,
        .occurrences = &embeddings->scratch->occurrences,
        .gradients = gradients,
        .step = tp_sparse_step_of(embeddings->learning, step, shard->columns),
        .state_width = tp_sparse_state_width(kind, shard->columns),
        .state = parts > 0 ? shard->state : NULL,
        .second = parts > 1 ? shard->state + shard->state_count / 2 : NULL,
    };
}

enum tp_status tp_embeddings_update(struct tp_embeddings *embeddings, const struct tp_bags *bags,
    const tp_real *gradients, int64_t step, struct tp_error *err)
{
    enum tp_status status = prepare(embeddings, bags, err);
    if (status)
        return status;
    int64_t place = 0;
    for (int32_t s = 0; s < embeddings->shard_count; s++) {
        const struct tp_embedding_shard *shard = &embeddings->shards[s];
        gather(embeddings, bags, shard, place);
        tp_occurrences_sort(&embeddings->scratch->occurrences);
        struct stepped stepped = stepped_of(embeddings, shard, gradients, step);
        step_rows(&stepped, embeddings->scratch->sum);
        place += (int64_t)shard->columns * shard->feature_count;
    }
    return TP_OK;
}
