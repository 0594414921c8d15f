/* SPDX-License-Identifier: Apache-2.0 */
/* CKA and its standard error, slow and obvious, in double: centre explicitly, multiply by three
 * loops, recompute everything with each block of samples left out. */
#ifndef TESTS_UNIT_SLOW_CKA_H
#define TESTS_UNIT_SLOW_CKA_H

#include "sample_dump.h"

#define BLOCKS 16

static struct sample_model sample; /* of the dump in the scratch folder */

/* One feature's values in double. */
struct column_set {
    const double *values; /* sample s, column c at values[s * stride + c] */
    size_t stride;
    int dim;
};

/* Entry of X^T Y over the samples outside [from, to), with the means of those samples. */
static inline double slow_entry(const struct column_set *x, int p, const struct column_set *y,
    int q, int samples, int from, int to)
{
    double x_mean = 0, y_mean = 0, sum = 0;
    int count = samples - (to - from);
    for (int s = 0; s < samples; s++) {
        if (s >= from && s < to)
            continue;
        x_mean += x->values[(size_t)s * x->stride + (size_t)p] / count;
        y_mean += y->values[(size_t)s * y->stride + (size_t)q] / count;
    }
    for (int s = 0; s < samples; s++) {
        if (s < from || s >= to)
            sum += (x->values[(size_t)s * x->stride + (size_t)p] - x_mean) *
                   (y->values[(size_t)s * y->stride + (size_t)q] - y_mean);
    }
    return sum;
}

static inline double slow_norm(
    const struct column_set *x, const struct column_set *y, int samples, int from, int to)
{
    double squares = 0;
    for (int p = 0; p < x->dim; p++) {
        for (int q = 0; q < y->dim; q++) {
            double entry = slow_entry(x, p, y, q, samples, from, to);
            squares += entry * entry;
        }
    }
    return squares;
}

static inline double slow_cka(
    const struct column_set *x, const struct column_set *y, int samples, int from, int to)
{
    double own = slow_norm(x, x, samples, from, to) * slow_norm(y, y, samples, from, to);
    return slow_norm(x, y, samples, from, to) / sqrt(own);
}

/* se^2 = (g - 1) / g * sum of (value without block b - their mean)^2 */
static inline double slow_std_error(
    const struct column_set *x, const struct column_set *y, int samples)
{
    double value[BLOCKS], mean = 0, squares = 0;
    for (int b = 0; b < BLOCKS; b++) {
        value[b] = slow_cka(x, y, samples, b * samples / BLOCKS, (b + 1) * samples / BLOCKS);
        mean += value[b] / BLOCKS;
    }
    for (int b = 0; b < BLOCKS; b++)
        squares += (value[b] - mean) * (value[b] - mean);
    return sqrt(squares * (BLOCKS - 1) / BLOCKS);
}

static inline struct tp_affinity *measure(const struct tp_affinity_options *options)
{
    struct tp_dump *dump;
    struct tp_affinity *affinity;
    struct tp_error err;
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    ck_ok(tp_affinity_measure(
              (const struct tp_dump *const *)&dump, 1, NULL, options, &affinity, &err),
        err);
    tp_dump_free(dump);
    return affinity;
}

static inline double value_of(const struct tp_affinity *affinity, int i, int j)
{
    return (double)affinity->affinity[i * affinity->feature_count + j];
}

static inline double error_of(const struct tp_affinity *affinity, int i, int j)
{
    return (double)affinity->std_error[i * affinity->feature_count + j];
}

static inline void ck_near(double found, double expected, double tolerance)
{
    ck_assert_msg(
        fabs(found - expected) <= tolerance, "found %.9g, expected %.9g", found, expected);
}

/* All values and standard errors, and that the matrix is symmetric with diagonal 1. */
static inline void ck_matches(
    const struct tp_affinity *affinity, const struct column_set *sets, int samples)
{
    for (int i = 0; i < affinity->feature_count; i++) {
        ck_assert(value_of(affinity, i, i) == 1 && error_of(affinity, i, i) == 0);
        for (int j = 0; j < i; j++) {
            ck_near(value_of(affinity, i, j), slow_cka(&sets[i], &sets[j], samples, 0, 0), 2e-6);
            ck_near(error_of(affinity, i, j), slow_std_error(&sets[i], &sets[j], samples), 2e-6);
            ck_assert(value_of(affinity, i, j) == value_of(affinity, j, i));
            ck_assert(error_of(affinity, i, j) == error_of(affinity, j, i));
        }
    }
}

/* Features of a pooled array, side by side. */
static inline void pooled_sets(const double *values, struct column_set *sets)
{
    int dim = sample.tables[0].dim;
    for (int i = 0; i < sample.model.feature_count; i++)
        sets[i] =
            (struct column_set){values + i * dim, (size_t)(dim * sample.model.feature_count), dim};
}

/* Normal values plus a part that all features share, stronger in the later ones. */
static inline double *related_values(int samples, int features, int dim, uint64_t seed)
{
    double *values = normal_values((size_t)(samples * features * dim), seed);
    for (int s = 0; s < samples; s++) {
        double common = values[s * features * dim];
        for (int i = 0; i < features * dim; i++)
            values[s * features * dim + i] += common * (double)(i / dim) / features;
    }
    return values;
}

static inline void ck_same_matrix(
    const struct tp_affinity *a, const struct tp_affinity *b, double tolerance)
{
    for (int i = 0; i < a->feature_count * a->feature_count; i++) {
        ck_near((double)a->affinity[i], (double)b->affinity[i], tolerance);
        ck_near((double)a->std_error[i], (double)b->std_error[i], tolerance);
    }
    ck_near(a->noise_floor, b->noise_floor, tolerance);
    ck_near(a->noise_median, b->noise_median, tolerance);
}

#endif
