/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a batch. It grows to the largest batch that was asked for and stays: after the first
 * steps nothing is allocated any more. */
#include "data/batch.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Grows all arrays whose length follows from the number of samples. */
static bool grow_samples(struct tp_batch *batch, const struct tp_model *model, size_t count)
{
    size_t dense, features;
    if (!tp_multiply(count, (size_t)model->dense_features, &dense) ||
        !tp_multiply(count, (size_t)model->feature_count, &features))
        return false;
    tp_batch_release(batch);
    batch->labels = TP_NEW(count, float);
    batch->dense = TP_NEW(dense, float);
    batch->lengths = TP_NEW(features, int32_t);
    if (!batch->labels || !batch->dense || !batch->lengths)
        return false;
    batch->sample_capacity = (int64_t)count;
    return true;
}

enum tp_status tp_batch_begin(
    struct tp_batch *batch, const struct tp_model *model, int32_t count, struct tp_error *err)
{
    size_t n = (size_t)count;
    if (count > batch->sample_capacity && !grow_samples(batch, model, n)) {
        tp_batch_release(batch);
        return tp_fail_memory(err);
    }
    batch->count = count;
    batch->existing = 0;
    batch->id_count = 0;
    if (batch->sample_capacity == 0)
        return TP_OK;
    memset(batch->labels, 0, n * sizeof *batch->labels);
    memset(batch->dense, 0, n * (size_t)model->dense_features * sizeof *batch->dense);
    memset(batch->lengths, 0, n * (size_t)model->feature_count * sizeof *batch->lengths);
    return TP_OK;
}

int64_t *tp_batch_room(struct tp_batch *batch, int64_t more)
{
    int64_t needed = batch->id_count + more;
    if (needed > batch->id_capacity || !batch->ids) {
        int64_t capacity = needed + needed / 2 + 64;
        int64_t *ids = tp_resize(batch->ids, (size_t)capacity, sizeof *ids);
        if (!ids)
            return NULL;
        batch->ids = ids;
        batch->id_capacity = capacity;
    }
    return batch->ids + batch->id_count;
}

void tp_batch_release(struct tp_batch *batch)
{
    free(batch->labels);
    free(batch->dense);
    free(batch->lengths);
    free(batch->ids);
    *batch = (struct tp_batch){0};
}
