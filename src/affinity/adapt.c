/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured of one model, for another that has most of its features.
 *
 * In: an affinity, and a model. Out: the affinity of the features that both have, in the order of the model's;
 * features of the model alone are neutral, those of the affinity alone are left out. What is said of the whole
 * (noise floor, agreement of dumps) stays what it was. */
#include "affinity/matrix.h"

#include "base/memory.h"
#include "base/fail.h"

#include <stdlib.h>
#include <string.h>

static int32_t index_of(const struct tp_affinity *affinity, const char *name, int32_t guess)
{
    if (guess < affinity->feature_count && strcmp(affinity->features[guess], name) == 0)
        return guess;
    for (int32_t i = 0; i < affinity->feature_count; i++)
        if (strcmp(affinity->features[i], name) == 0)
            return i;
    return -1;
}

static void copy_pairs(const struct tp_affinity *from, const int32_t *at, struct tp_affinity *to)
{
    size_t old = (size_t)from->feature_count, features = (size_t)to->feature_count;
    for (size_t i = 0; i < features; i++) {
        bool known = at[i] >= 0;
        to->state[i] = !known        ? TP_FEATURE_NEUTRAL
                       : from->state ? from->state[at[i]]
                                     : TP_FEATURE_MEASURED;
        for (size_t j = 0; known && j < features; j++) {
            if (at[j] < 0)
                continue;
            size_t cell = (size_t)at[i] * old + (size_t)at[j];
            to->affinity[i * features + j] = from->affinity[cell];
            to->std_error[i * features + j] = from->std_error[cell];
        }
    }
}

enum tp_status tp_affinity_adapt(const struct tp_affinity *from, const struct tp_model *model,
    struct tp_affinity **affinity, struct tp_error *err)
{
    struct tp_affinity *made = NULL;
    int32_t *at = TP_NEW(model->feature_count, int32_t);
    if (!at)
        return tp_fail_memory(err);
    enum tp_status status = tp_affinity_new(model, &made, err);
    for (int32_t i = 0; !status && i < model->feature_count; i++)
        at[i] = index_of(from, model->features[i].name, i);
    if (!status) {
        made->samples = from->samples;
        made->measure = from->measure;
        made->noise_floor = from->noise_floor;
        made->noise_median = from->noise_median;
        made->dumps = from->dumps;
        made->reproducibility = from->reproducibility;
        made->null_rho = from->null_rho;
        made->learned = from->learned;
        made->zero_vectors = from->zero_vectors;
        memcpy(made->sha256, from->sha256, sizeof made->sha256);
        copy_pairs(from, at, made);
        status = tp_affinity_fill_neutral(made, err);
    }
    free(at);
    if (status) {
        tp_affinity_free(made);
        return status;
    }
    *affinity = made;
    return TP_OK;
}
