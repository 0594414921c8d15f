/* SPDX-License-Identifier: Apache-2.0 */
/* AUC and log loss of the click probabilities that a log's labels were drawn with.
 *
 * In: probability and label of each row. Out: both measures, the AUC exactly: clicked and other rows
 * are sorted, and for each click the others below it are counted. Memory: 8 bytes per row. */
#include "synth/log_truth.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

bool tp_log_truth_add(struct tp_log_truth *truth, double probability, bool clicked)
{
    struct tp_log_scores *scores = clicked ? &truth->clicked : &truth->others;
    if (scores->count == scores->capacity) {
        size_t capacity = 2 * scores->capacity + 1024;
        double *values = tp_resize(scores->values, capacity, sizeof *values);
        if (!values)
            return false;
        scores->values = values;
        scores->capacity = capacity;
    }
    scores->values[scores->count++] = probability;
    truth->loss -= clicked ? log(probability) : log1p(-probability);
    return true;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double tp_log_truth_auc(struct tp_log_truth *truth)
{
    const struct tp_log_scores *clicked = &truth->clicked, *others = &truth->others;
    if (clicked->count == 0 || others->count == 0)
        return NAN;
    qsort(clicked->values, clicked->count, sizeof *clicked->values, rising);
    qsort(others->values, others->count, sizeof *others->values, rising);
    double twice = 0;            /* the pairs in order, ties as one */
    size_t below = 0, up_to = 0; /* others less than the click, and not more */
    for (size_t i = 0; i < clicked->count; i++) {
        while (below < others->count && others->values[below] < clicked->values[i])
            below++;
        while (up_to < others->count && others->values[up_to] <= clicked->values[i])
            up_to++;
        twice += (double)below + (double)up_to;
    }
    return twice / 2 / (double)clicked->count / (double)others->count;
}

double tp_log_truth_loss(const struct tp_log_truth *truth)
{
    return truth->loss / (double)(truth->clicked.count + truth->others.count);
}

void tp_log_truth_release(struct tp_log_truth *truth)
{
    free(truth->clicked.values);
    free(truth->others.values);
    *truth = (struct tp_log_truth){0};
}
