/* SPDX-License-Identifier: Apache-2.0 */
/* How good predictions are, on samples that were held out. */
#ifndef TP_TRAIN_METRICS_H
#define TP_TRAIN_METRICS_H

#include <stdint.h>

#include <towerpart/run.h>
#include <towerpart/status.h>

#define TP_METRICS_SAMPLES_MAX ((int64_t)1 << 32) /* so that pairs are counted in 64 bits */

/* @param labels  (samples), 0 or 1. @param logits  (samples), finite. @param samples  at most
 * TP_METRICS_SAMPLES_MAX. @return TP_ENOMEM. Cost: O(n log n). */
enum tp_status tp_metrics_of(const float *labels, const double *logits, int64_t samples,
    struct tp_metrics *metrics, struct tp_error *err);

#endif
