/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the affinity of a dump: reads it once for means, then once or more for the products,
 * then again with each feature's samples permuted, which is what the measure shows of features that
 * have nothing to do with each other: the noise floor.
 *
 * In: an open dump. Out: the matrix in the model's order, its standard errors, the floor, what is
 * constant or zero. A constant feature has affinity 0 to all others and no part in the floor.
 * Beyond 10,000 pairs the floor is measured on a random set of features with about that many. */
#include <towerpart/affinity.h>

#include "affinity/gram.h"
#include "affinity/matrix.h"
#include "affinity/moments.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"

#include <cblas.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOISE_FEATURES 142 /* 142 * 141 / 2 = 10011 pairs */
#define FLOOR_QUANTILE 0.99
#define PROGRESS_MATRIX 0.9 /* share of the work before the floor, a guess for the progress line */
#define ROUND_DIGITS_MAX 9  /* more than float32 holds */

enum stream { STREAM_CHOICE, STREAM_PERMUTATIONS }; /* of random numbers */

struct tp_affinity_options tp_affinity_options_default(void)
{
    return (struct tp_affinity_options){
        .seed = 1, .memory_bytes = (int64_t)1 << 30, .round_digits = -1};
}

/* A serial OpenBLAS hands out its buffers without a lock (driver/others/memory.c): called from several
 * threads it gives wrong products. */
static int32_t thread_count(const struct tp_affinity_options *options)
{
    if (openblas_get_parallel() == OPENBLAS_SEQUENTIAL)
        return 1;
    return options->threads > 0 ? options->threads : openblas_get_num_threads();
}

/* Splits the features into constant ones, listed in the result, and those to measure. */
static int32_t *varying_features(
    const struct tp_moments *moments, struct tp_affinity *affinity, int32_t *count)
{
    int32_t *varying = TP_NEW(moments->feature_count, int32_t);
    *count = 0;
    for (int32_t f = 0; varying && f < moments->feature_count; f++) {
        if (moments->scale[f] > 0)
            varying[(*count)++] = f;
        else
            affinity->state[f] = TP_FEATURE_CONSTANT;
    }
    return varying;
}

static int ascending_index(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int ascending_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Linear interpolation between the two nearest of the sorted values. */
static double quantile(const float *sorted, size_t count, double share)
{
    double place = share * (double)(count - 1);
    size_t below = (size_t)place, above = below + 1 < count ? below + 1 : below;
    double weight = place - (double)below;
    return (1 - weight) * (double)sorted[below] + weight * (double)sorted[above];
}

static void summarise_noise(float *matrix, size_t count, struct tp_affinity *affinity)
{
    size_t pairs = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            matrix[pairs++] = matrix[i * count + j]; /* never ahead of what is read */
    }
    qsort(matrix, pairs, sizeof *matrix, ascending_value);
    affinity->noise_floor = quantile(matrix, pairs, FLOOR_QUANTILE);
    affinity->noise_median = quantile(matrix, pairs, 0.5);
}

/* What the floor is measured on: a random subset, its permutations, and room for its matrix. */
struct noise {
    int32_t *features, *place;
    struct tp_permutation *permutations;
    float *matrix;
};

static bool new_noise(
    const struct tp_gram_input *input, uint64_t seed, int32_t count, struct noise *noise)
{
    struct tp_random choice = tp_random_new(seed, STREAM_CHOICE);
    struct tp_random permuting = tp_random_new(seed, STREAM_PERMUTATIONS);
    noise->features = TP_NEW(input->count, int32_t);
    noise->place = TP_NEW(count, int32_t);
    noise->permutations = TP_NEW(count, struct tp_permutation);
    noise->matrix = TP_NEW((size_t)count * (size_t)count, float);
    if (!noise->features || !noise->place || !noise->permutations || !noise->matrix)
        return false;
    memcpy(noise->features, input->features, (size_t)input->count * sizeof *noise->features);
    tp_random_shuffle(&choice, noise->features, input->count);
    qsort(noise->features, (size_t)count, sizeof *noise->features, ascending_index);
    for (int32_t i = 0; i < count; i++) {
        noise->place[i] = i;
        noise->permutations[i] = tp_permutation_new(&permuting, input->dump->samples);
    }
    return true;
}

static enum tp_status measure_noise(const struct tp_gram_input *input,
    const struct tp_affinity_options *options, struct tp_progress_part part,
    struct tp_affinity *affinity, struct tp_error *err)
{
    int32_t count = input->count < NOISE_FEATURES ? input->count : NOISE_FEATURES;
    if (count < 2)
        return TP_OK;
    struct noise noise = {0};
    enum tp_status status = TP_OK;
    if (!new_noise(input, options->seed, count, &noise)) {
        status = tp_fail_memory(err);
    } else {
        struct tp_gram_input permuted = {.dump = input->dump,
            .moments = input->moments,
            .features = noise.features,
            .count = count,
            .permutations = noise.permutations};
        struct tp_gram_output output = {
            .value = noise.matrix, .place = noise.place, .stride = (size_t)count};
        status = tp_gram_measure(
            &permuted, options->memory_bytes, thread_count(options), part, &output, err);
    }
    if (!status)
        summarise_noise(noise.matrix, (size_t)count, affinity);
    free(noise.matrix);
    free(noise.permutations);
    free(noise.place);
    free(noise.features);
    return status;
}

static double rounded(double value, int32_t digits)
{
    double unit = pow(10, digits);
    return nearbyint(value * unit) / unit;
}

/* To decimals, so that results made by different BLAS kernels agree. */
static void round_all(struct tp_affinity *affinity, int32_t digits)
{
    size_t cells = (size_t)affinity->feature_count * (size_t)affinity->feature_count;
    if (digits < 0 || digits > ROUND_DIGITS_MAX)
        return;
    for (size_t i = 0; i < cells; i++) {
        affinity->affinity[i] = (float)rounded((double)affinity->affinity[i], digits);
        affinity->std_error[i] = (float)rounded((double)affinity->std_error[i], digits);
    }
    affinity->noise_floor = rounded(affinity->noise_floor, digits);
    affinity->noise_median = rounded(affinity->noise_median, digits);
}

static enum tp_status measure_matrix(const struct tp_dump *dump, const struct tp_moments *moments,
    const struct tp_affinity_options *options, struct tp_affinity *affinity, struct tp_error *err)
{
    struct tp_gram_input input = {.dump = dump, .moments = moments};
    int32_t *varying = varying_features(moments, affinity, &input.count);
    if (!varying)
        return tp_fail_memory(err);
    input.features = varying;
    struct tp_gram_output output = {.value = affinity->affinity,
        .std_error = affinity->std_error,
        .place = varying,
        .stride = (size_t)affinity->feature_count};
    struct tp_progress progress = tp_progress_begin(options->progress, "affinity");
    struct tp_progress_part matrix = {&progress, 0, PROGRESS_MATRIX};
    struct tp_progress_part noise = {&progress, PROGRESS_MATRIX, 1};
    enum tp_status status =
        tp_gram_measure(&input, options->memory_bytes, thread_count(options), matrix, &output, err);
    if (!status)
        status = measure_noise(&input, options, noise, affinity, err);
    tp_progress_end(&progress);
    free(varying);
    return status;
}

enum tp_status tp_affinity_measure(const struct tp_dump *const *dumps, int32_t dump_count,
    const struct tp_dump *null_dump, const struct tp_affinity_options *options,
    struct tp_affinity **affinity, struct tp_error *err)
{
    const struct tp_dump *dump = dumps[0];
    (void)dump_count;
    (void)null_dump;
    struct tp_affinity_options defaults = tp_affinity_options_default();
    struct tp_moments moments = {0};
    struct tp_affinity *made = NULL;
    if (!options)
        options = &defaults;
    enum tp_status status = tp_affinity_new(dump->model, &made, err);
    if (!status)
        status = tp_moments_measure(dump, thread_count(options), &moments, err);
    if (!status)
        status = measure_matrix(dump, &moments, options, made, err);
    if (!status)
        status = tp_digest_path(dump->path, made->sha256, err);
    if (!status) {
        made->samples = dump->samples;
        made->zero_vectors = moments.zero_vectors;
        round_all(made, options->round_digits);
        *affinity = made;
        made = NULL;
    }
    tp_moments_release(&moments);
    tp_affinity_free(made);
    return status;
}
