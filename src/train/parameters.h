/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of dense layers: tensors side by side in one array, so that gradients are summed
 * up and optimizers step over all of them at once. Initial values are those of train/initial.h. */
#ifndef TP_TRAIN_PARAMETERS_H
#define TP_TRAIN_PARAMETERS_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "train/real.h"

#define TP_TENSOR_NAME_BYTES 320

struct tp_tensor {
    char name[TP_TENSOR_NAME_BYTES]; /* "bottom_mlp.0.weight" */
    int64_t rows, columns;           /* a bias: (1, n) */
    double bound;                    /* initial values are uniform in [-bound, bound) */
    size_t first;                    /* of its values in the arrays */
};

/* All zero at the start. */
struct tp_parameters {
    struct tp_tensor *tensors; /* (tensor_count) */
    int32_t tensor_count;
    size_t count;       /* of values */
    tp_real *values;    /* (count); NULL until tp_parameters_init() */
    tp_real *gradients; /* (count) */
};

/* Adds a tensor. @param first  out: where its values will begin. @return TP_ENOMEM. */
enum tp_status tp_parameters_add(struct tp_parameters *parameters, const char *name, int64_t rows,
    int64_t columns, double bound, size_t *first, struct tp_error *err);

/* After the last one: allocates (aligned to 64 bytes) and fills in the initial values; gradients
 * are 0. */
enum tp_status tp_parameters_init(
    struct tp_parameters *parameters, uint64_t seed, struct tp_error *err);
void tp_parameters_release(struct tp_parameters *parameters);

#endif
