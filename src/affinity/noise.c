/* SPDX-License-Identifier: Apache-2.0 */
/* The measure on permuted samples. Every feature keeps its values and their spread, and loses what
 * they had to do with those of others; what the measure still shows is no signal. cka is always
 * above 0 there, about d / n for d dims and n samples; |cosine| about where random directions lie.
 * Choice and permutations come from streams of their own, so neither depends on the other. */
#include "affinity/noise.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#define NOISE_FEATURES 142 /* 142 * 141 / 2 = 10011 pairs */
#define FLOOR_QUANTILE 0.99

enum stream { STREAM_CHOICE, STREAM_PERMUTATIONS }; /* of random numbers */

/* What the floor is measured on: a random subset, its permutations, and room for its matrix. */
struct noise {
    int32_t count;
    int32_t *features, *place;
    struct tp_permutation *permutations;
    float *matrix;
};

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

/* Uses up the matrix. */
static void summarise(struct noise *noise, double *floor, double *median)
{
    size_t count = (size_t)noise->count, pairs = 0;
    float *matrix = noise->matrix;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            matrix[pairs++] = matrix[i * count + j]; /* never ahead of what is read */
    }
    qsort(matrix, pairs, sizeof *matrix, ascending_value);
    *floor = quantile(matrix, pairs, FLOOR_QUANTILE);
    *median = quantile(matrix, pairs, 0.5);
}

static bool new_noise(const struct tp_pairs_input *input, uint64_t seed, struct noise *noise)
{
    struct tp_random choice = tp_random_new(seed, STREAM_CHOICE);
    struct tp_random permuting = tp_random_new(seed, STREAM_PERMUTATIONS);
    int32_t count = input->count < NOISE_FEATURES ? input->count : NOISE_FEATURES;
    noise->count = count;
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

enum tp_status tp_noise_measure(const struct tp_pairs_input *input, tp_pairs_measure measure,
    uint64_t seed, int64_t memory_bytes, int32_t threads, struct tp_progress_part part,
    double *floor, double *median, struct tp_error *err)
{
    struct noise noise = {0};
    enum tp_status status = TP_OK;
    *floor = *median = 0;
    if (input->count < 2)
        return TP_OK;
    if (!new_noise(input, seed, &noise)) {
        status = tp_fail_memory(err);
        goto out;
    }
    struct tp_pairs_input permuted = {.dump = input->dump,
        .moments = input->moments,
        .features = noise.features,
        .count = noise.count,
        .permutations = noise.permutations};
    struct tp_pairs_output output = {
        .value = noise.matrix, .place = noise.place, .stride = (size_t)noise.count};
    status = measure(&permuted, memory_bytes, threads, part, &output, err);
    if (!status)
        summarise(&noise, floor, median);
out:
    free(noise.matrix);
    free(noise.permutations);
    free(noise.place);
    free(noise.features);
    return status;
}
