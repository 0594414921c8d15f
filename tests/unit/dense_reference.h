/* SPDX-License-Identifier: Apache-2.0 */
/* Slow, obvious double arithmetic to hold the dense layers against: tensors are found by name,
 * samples are worked on one by one, gradients are central differences of an objective. */
#ifndef TP_TESTS_DENSE_REFERENCE_H
#define TP_TESTS_DENSE_REFERENCE_H

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "train/parameters.h"

/* Of values and gradients, relative to the largest of the tensor. */
#ifdef TP_REAL_DOUBLE
#define VALUE_CLOSE 1e-13
#define GRADIENT_CLOSE 1e-6
#else
#define VALUE_CLOSE 2e-6
#define GRADIENT_CLOSE 1e-5 /* hundreds of samples may nearly cancel */
#endif
#define STEP 1e-5 /* of the differences */
#define KINK_FAR                                                                                   \
    1e-3 /* what no pre-activation may be closer to 0 than, for differences to be smooth */
#define WIDTH_MAX 256 /* of a row */

struct reference {
    const struct tp_parameters *parameters;
    double *values; /* (parameters->count) */
    double nearest; /* to 0 of all pre-activations in front of a ReLU */
};

static inline struct reference reference_new(const struct tp_parameters *parameters)
{
    struct reference r = {parameters, calloc(parameters->count + 1, sizeof(double)), INFINITY};
    ck_assert_ptr_nonnull(r.values);
    for (size_t i = 0; i < parameters->count; i++)
        r.values[i] = (double)parameters->values[i];
    return r;
}

/* The tensor <name><suffix>, which must have that shape. */
static inline const double *reference_tensor(
    const struct reference *r, const char *name, const char *suffix, int64_t rows, int64_t columns)
{
    char wanted[TP_TENSOR_NAME_BYTES];
    snprintf(wanted, sizeof wanted, "%s%s", name, suffix);
    for (int32_t i = 0; i < r->parameters->tensor_count; i++) {
        const struct tp_tensor *tensor = &r->parameters->tensors[i];
        if (strcmp(tensor->name, wanted) != 0)
            continue;
        ck_assert_int_eq(tensor->rows, rows);
        ck_assert_int_eq(tensor->columns, columns);
        return r->values + tensor->first;
    }
    ck_abort_msg("no tensor %s", wanted);
    return NULL;
}

/* y = x W^T */
static inline void reference_product(
    const double *w, int32_t inputs, const double *x, int32_t outputs, double *y)
{
    for (int32_t o = 0; o < outputs; o++) {
        y[o] = 0;
        for (int32_t i = 0; i < inputs; i++)
            y[o] += w[(size_t)o * (size_t)inputs + (size_t)i] * x[i];
    }
}

static inline void reference_linear(struct reference *r, const char *name, int32_t inputs,
    const double *x, int32_t outputs, double *y)
{
    const double *bias = reference_tensor(r, name, ".bias", 1, outputs);
    reference_product(reference_tensor(r, name, ".weight", outputs, inputs), inputs, x, outputs, y);
    for (int32_t o = 0; o < outputs; o++)
        y[o] += bias[o];
}

/* Layers name.0, name.1, ...; x is overwritten with what comes out. @return its width. */
static inline int32_t reference_mlp(struct reference *r, const char *name, int32_t inputs,
    double *x, const int32_t *widths, int32_t count, bool last_relu)
{
    for (int32_t l = 0; l < count; l++) {
        char layer[TP_TENSOR_NAME_BYTES];
        double y[WIDTH_MAX];
        snprintf(layer, sizeof layer, "%s.%d", name, (int)l);
        reference_linear(r, layer, inputs, x, widths[l], y);
        inputs = widths[l];
        for (int32_t i = 0; i < inputs; i++) {
            bool relu = l + 1 < count || last_relu;
            if (relu)
                r->nearest = fmin(r->nearest, fabs(y[i]));
            x[i] = relu ? fmax(y[i], 0) : y[i];
        }
    }
    return inputs;
}

static inline void reference_cross(struct reference *r, const char *name, int32_t width,
    int32_t rank, const double *x_0, double *x)
{
    double hidden[WIDTH_MAX], u[WIDTH_MAX];
    const double *bias = reference_tensor(r, name, ".bias", 1, width);
    reference_product(reference_tensor(r, name, ".v", rank, width), width, x, rank, hidden);
    reference_product(reference_tensor(r, name, ".w", width, rank), rank, hidden, width, u);
    for (int32_t i = 0; i < width; i++)
        x[i] = x_0[i] * (u[i] + bias[i]) + x[i];
}

/* Vectors of `common` values from those of one sample. */
static inline void reference_join(struct reference *r, const char *prefix, int32_t count,
    const int32_t *widths, const char *const *names, int32_t common, const double *x, double *y)
{
    for (int32_t i = 0; i < count; x += widths[i], y += common, i++) {
        char name[TP_TENSOR_NAME_BYTES];
        if (widths[i] == common) {
            memcpy(y, x, (size_t)common * sizeof *y);
            continue;
        }
        snprintf(name, sizeof name, "%sprojection.%s", prefix, names[i]);
        reference_linear(r, name, widths[i], x, common, y);
    }
}

typedef double (*reference_objective)(struct reference *r, void *context);

/* d objective / d *value. */
static inline double reference_slope(
    struct reference *r, reference_objective objective, void *context, double *value)
{
    double kept = *value;
    *value = kept + STEP;
    double above = objective(r, context);
    *value = kept - STEP;
    double below = objective(r, context);
    *value = kept;
    return (above - below) / (2 * STEP);
}

static inline void assert_gradients_close(
    const char *name, const tp_real *gradients, const double *slopes, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(slopes[i]));
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(fabs((double)gradients[i] - slopes[i]) <= GRADIENT_CLOSE * largest + 1e-10,
            "%s: gradient %zu is %.12g, the difference %.12g, the largest %.12g", name, i,
            (double)gradients[i], slopes[i], largest);
}

/* Values (count), such as the embeddings, whose gradients the layer gave. */
static inline void assert_slopes(struct reference *r, reference_objective objective, void *context,
    const char *name, double *values, size_t count, const tp_real *gradients)
{
    double *slopes = calloc(count + 1, sizeof *slopes);
    ck_assert_ptr_nonnull(slopes);
    for (size_t i = 0; i < count; i++)
        slopes[i] = reference_slope(r, objective, context, &values[i]);
    assert_gradients_close(name, gradients, slopes, count);
    free(slopes);
}

/* The gradients of all parameters. */
static inline void assert_parameter_slopes(
    struct reference *r, reference_objective objective, void *context)
{
    const struct tp_parameters *p = r->parameters;
    for (int32_t i = 0; i < p->tensor_count; i++) {
        const struct tp_tensor *tensor = &p->tensors[i];
        assert_slopes(r, objective, context, tensor->name, r->values + tensor->first,
            (size_t)(tensor->rows * tensor->columns), p->gradients + tensor->first);
    }
}

/* Normal values that both types hold exactly. */
static inline void draw(struct tp_random *random, size_t count, double *values, tp_real *reals)
{
    for (size_t i = 0; i < count; i++) {
        float value = (float)tp_random_normal(random);
        values[i] = (double)value;
        reals[i] = (tp_real)value;
    }
}

#endif
