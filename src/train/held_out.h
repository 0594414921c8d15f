/* SPDX-License-Identifier: Apache-2.0 */
/* What the model makes of samples that it was not trained on: predictions, their quality, and the
 * embeddings that `towerpart affinity` reads. */
#ifndef TP_TRAIN_HELD_OUT_H
#define TP_TRAIN_HELD_OUT_H

#include <stdint.h>

#include <towerpart/status.h>

#include "data/samples.h"
#include "train/metrics.h"
#include "train/step.h"

/* Predicts all held-out samples. All ranks call it and get the same status.
 * @param path     .npy file for the click probabilities, float32 (samples), in their order; NULL:
 * none.
 * @param metrics  out, on rank 0. */
enum tp_status tp_held_out_predict(struct tp_trainer *trainer, struct tp_samples *samples,
    const char *path, struct tp_metrics *metrics, struct tp_error *err);

/* Writes pooled embeddings of the first held-out samples, at most `most`, as an embedding dump: a
 * <feature>.npy each, float32 (samples, dim of the feature). Rank 0 holds it all before.
 * @param dir  an empty folder; read on rank 0 only. */
enum tp_status tp_held_out_dump(struct tp_trainer *trainer, struct tp_samples *samples,
    const char *dir, int64_t most, struct tp_error *err);

#endif
