/* SPDX-License-Identifier: Apache-2.0 */
/* Quality of predictions on held-out samples.
 *
 * In: logits and labels. Out: log loss, normalised entropy, area under the ROC curve. The loss of a
 * sample is log(1 + exp(-z)) for a click and log(1 + exp(z)) for none, in the form that overflows
 * for no logit; they are added in the order of the samples. The area is counted, not integrated:
 * twice the number of pairs of a click and none in which the click has the larger logit, a tie as
 * one (Mann & Whitney 1947, doi:10.1214/aoms/1177730491). That is an integer of at most samples^2 /
 * 2, so nothing is rounded before the one division. Cost: O(n log n) time, 8 n bytes. */
#include "train/metrics.h"

#include "base/fail.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* log(1 + exp(x)) */
static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* Of predicting the share p of clicks for every sample. */
static double entropy(double p)
{
    return -(p * log(p) + (1 - p) * log1p(-p));
}

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Twice the pairs that are in order. @param clicks, none  ascending. */
static uint64_t count_pairs(
    const double *clicks, int64_t click_count, const double *none, int64_t none_count)
{
    int64_t below = 0, not_above = 0; /* of none, compared with this click */
    uint64_t pairs = 0;
    for (int64_t i = 0; i < click_count; i++) {
        while (below < none_count && none[below] < clicks[i])
            below++;
        while (not_above < none_count && none[not_above] <= clicks[i])
            not_above++;
        pairs += (uint64_t)below + (uint64_t)not_above;
    }
    return pairs;
}

enum tp_status tp_metrics_of(const float *labels, const double *logits, int64_t samples,
    struct tp_metrics *metrics, struct tp_error *err)
{
    assert(samples >= 0 && samples <= TP_METRICS_SAMPLES_MAX);
    double *sorted = TP_NEW(samples, double); /* clicks from the front, the others from the back */
    int64_t clicks = 0, none = 0;
    double loss = 0;
    if (!sorted)
        return tp_fail_memory(err);
    for (int64_t i = 0; i < samples; i++) {
        bool click = labels[i] > 0;
        loss += softplus(click ? -logits[i] : logits[i]);
        sorted[click ? clicks++ : samples - ++none] = logits[i];
    }
    *metrics =
        (struct tp_metrics){samples, clicks, samples ? loss / (double)samples : NAN, NAN, NAN};
    if (clicks && none) {
        qsort(sorted, (size_t)clicks, sizeof *sorted, compare_reals);
        qsort(sorted + clicks, (size_t)none, sizeof *sorted, compare_reals);
        uint64_t pairs = count_pairs(sorted, clicks, sorted + clicks, none);
        metrics->auc = (double)pairs / (2 * (double)clicks * (double)none);
        metrics->normalised_entropy = metrics->logloss / entropy((double)clicks / (double)samples);
    }
    free(sorted);
    return TP_OK;
}
