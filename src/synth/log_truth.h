/* SPDX-License-Identifier: Apache-2.0 */
/* How well the model that makes a click log predicts its labels: the best that a trained one can
 * reach on average. */
#ifndef TP_SYNTH_LOG_TRUTH_H
#define TP_SYNTH_LOG_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Click probabilities of some rows, in any order. */
struct tp_log_scores {
    double *values; /* (capacity) */
    size_t count, capacity;
};

/* All zero at the start. */
struct tp_log_truth {
    struct tp_log_scores clicked, others;
    double loss; /* sum over the rows, nats */
};

/* @param probability  of a click, in (0, 1). @return false: out of memory. */
bool tp_log_truth_add(struct tp_log_truth *truth, double probability, bool clicked);

/* Share of the pairs of a click and none where the click was more probable, ties as half; NAN
 * without such pairs. Sorts the scores. Cost: O(n log n). */
double tp_log_truth_auc(struct tp_log_truth *truth);

/* Mean cross entropy, nats; NAN without rows. */
double tp_log_truth_loss(const struct tp_log_truth *truth);

void tp_log_truth_release(struct tp_log_truth *truth);

#endif
