/* SPDX-License-Identifier: Apache-2.0 */
/* What a rank computes alone, for measuring how fast: lookups and dense layers. */
#ifndef TP_TRAIN_WORKLOAD_H
#define TP_TRAIN_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

#include "base/random.h"
#include "train/embedding.h"
#include "train/over_arch.h"
#include "train/real.h"

/* Lookups of single rows at random in a table. */
struct tp_lookup_work {
    struct tp_table table;
    struct tp_embeddings embeddings;
    int32_t *lengths; /* (samples) */
    int64_t *ids;     /* (samples) */
    tp_real *out;     /* (samples, columns) */
    int32_t samples;
    double bytes; /* read by one run, as the cost model counts them */
    struct tp_random random;
};

/* @param table_bytes  should be well above what the caches hold.
 * @param work  out; to be released also on failure. */
enum tp_status tp_lookup_work_init(struct tp_lookup_work *work, int32_t columns,
    int64_t table_bytes, uint64_t seed, struct tp_error *err);
void tp_lookup_work_release(struct tp_lookup_work *work);
/* New ids, so that no run finds in a cache what the one before has read. */
void tp_lookup_work_draw(struct tp_lookup_work *work);
void tp_lookup_work_run(struct tp_lookup_work *work);

/* A training step of a model's dense layers, as flat has them. */
struct tp_dense_work {
    struct tp_over_arch *over_arch;
    float *dense, *labels;           /* (samples, dense features), (samples) */
    tp_real *embeddings, *gradients; /* (samples, width) */
    int32_t samples;
    bool has_bottom;
    double
        flops; /* of one run, as the cost model counts them: forward, and twice as many backward */
};

/* Larger batches go at the same rate, and only take longer: fewer samples stand for them.
 * @param work  out; to be released also on failure. @return as tp_over_arch_new(). */
#define TP_DENSE_SAMPLES_MOST 1024
enum tp_status tp_dense_work_init(struct tp_dense_work *work, const struct tp_model *model,
    int32_t samples, struct tp_error *err);
void tp_dense_work_release(struct tp_dense_work *work);
void tp_dense_work_run(struct tp_dense_work *work);

#endif
