/* SPDX-License-Identifier: Apache-2.0 */
/* Measures one dump: reads it for means and bad values, then once or more for the products, then
 * again with each feature's samples permuted, for the noise floor.
 *
 * In: an open dump. Out: the matrix in the model's order, its standard errors, the floor, what is
 * missing, constant or zero. A constant feature has cka 0 to all others; its |cosine| is as defined,
 * and says only where its one direction lies. It has no part in the floor. */
#include "affinity/reading.h"

#include "affinity/cosine.h"
#include "affinity/gram.h"
#include "affinity/matrix.h"
#include "affinity/moments.h"
#include "affinity/noise.h"
#include "base/fail.h"
#include "base/memory.h"

#include <cblas.h>

#include <stdlib.h>

#define PART_MATRIX 0.9 /* share of the work before the floor, a guess for the progress line */

struct reading {
    const struct tp_dump *dump;
    const struct tp_affinity_options *options;
    struct tp_moments moments;
    int32_t threads;
    int32_t *present, *varying; /* features */
    int32_t present_count, varying_count;
    struct tp_affinity *affinity;
};

/* A serial OpenBLAS hands out its buffers without a lock (driver/others/memory.c): called from several
 * threads it gives wrong products. */
static int32_t thread_count(const struct tp_affinity_options *options)
{
    if (openblas_get_parallel() == OPENBLAS_SEQUENTIAL)
        return 1;
    return options->threads > 0 ? options->threads : openblas_get_num_threads();
}

static bool list_features(struct reading *reading)
{
    const struct tp_moments *moments = &reading->moments;
    reading->present = TP_NEW(moments->feature_count, int32_t);
    reading->varying = TP_NEW(moments->feature_count, int32_t);
    if (!reading->present || !reading->varying)
        return false;
    for (int32_t f = 0; f < moments->feature_count; f++) {
        bool present = reading->dump->features[f].file >= 0, varies = moments->scale[f] > 0;
        reading->affinity->state[f] = !present ? TP_FEATURE_NEUTRAL
                                      : varies ? TP_FEATURE_MEASURED
                                               : TP_FEATURE_CONSTANT;
        if (present)
            reading->present[reading->present_count++] = f;
        if (present && varies)
            reading->varying[reading->varying_count++] = f;
    }
    return true;
}

static enum tp_status measure_pairs(
    struct reading *reading, struct tp_progress_part part, struct tp_error *err)
{
    const struct tp_affinity_options *options = reading->options;
    struct tp_affinity *affinity = reading->affinity;
    bool cosine = options->measure == TP_MEASURE_COSINE;
    tp_pairs_measure measure = cosine ? tp_cosine_measure : tp_gram_measure;
    struct tp_pairs_input varying = {.dump = reading->dump,
        .moments = &reading->moments,
        .features = reading->varying,
        .count = reading->varying_count};
    struct tp_pairs_input input = varying;
    if (cosine) {
        input.features = reading->present;
        input.count = reading->present_count;
    }
    struct tp_pairs_output output = {.value = affinity->affinity,
        .std_error = affinity->std_error,
        .place = input.features,
        .stride = (size_t)affinity->feature_count};
    struct tp_progress_part matrix = part, noise = part;
    matrix.to = noise.from = part.from + PART_MATRIX * (part.to - part.from);
    enum tp_status status =
        measure(&input, options->memory_bytes, reading->threads, matrix, &output, err);
    if (status)
        return status;
    return tp_noise_measure(&varying, measure, options->seed, options->memory_bytes,
        reading->threads, noise, &affinity->noise_floor, &affinity->noise_median, err);
}

/* Cosines need vectors of one space. */
static enum tp_status check_dims(const struct tp_dump *dump, struct tp_error *err)
{
    const struct tp_model *model = dump->model;
    int32_t first = -1;
    for (int32_t f = 0; f < model->feature_count; f++) {
        if (dump->features[f].file < 0)
            continue;
        if (first < 0)
            first = f;
        if (dump->features[f].dim != dump->features[first].dim)
            return tp_fail(err, TP_EINPUT,
                "measure cosine: feature '%s' has dim %d and feature '%s' dim %d, expected equal "
                "dims; take measure cka, which allows any",
                model->features[first].name, dump->features[first].dim, model->features[f].name,
                dump->features[f].dim);
    }
    return TP_OK;
}

enum tp_status tp_reading_measure(const struct tp_dump *dump,
    const struct tp_affinity_options *options, struct tp_progress_part part,
    struct tp_affinity **affinity, struct tp_error *err)
{
    struct reading reading = {.dump = dump, .options = options, .threads = thread_count(options)};
    enum tp_status status = options->measure == TP_MEASURE_COSINE ? check_dims(dump, err) : TP_OK;
    if (!status)
        status = tp_moments_measure(dump, reading.threads, &reading.moments, err);
    if (!status)
        status = tp_affinity_new(dump->model, &reading.affinity, err);
    if (!status && !list_features(&reading))
        status = tp_fail_memory(err);
    if (!status)
        status = measure_pairs(&reading, part, err);
    if (!status) {
        reading.affinity->measure = options->measure;
        reading.affinity->samples = dump->samples;
        reading.affinity->zero_vectors = reading.moments.zero_vectors;
        *affinity = reading.affinity;
        reading.affinity = NULL;
    }
    tp_affinity_free(reading.affinity);
    free(reading.varying);
    free(reading.present);
    tp_moments_release(&reading.moments);
    return status;
}
