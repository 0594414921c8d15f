/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors side by side.
 *
 * Order of calls: tp_parameters_add() for each tensor, tp_parameters_init(), then use. Each tensor
 * begins right behind the one before, so `count` is the number of parameters and the arrays hold
 * nothing else: what goes over the network or into a file is an array as it stands. Cost of the
 * initial values: two mixes of a counter each. */
#include "train/parameters.h"

#include "base/fail.h"
#include "base/memory.h"
#include "train/initial.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum tp_status tp_parameters_add(struct tp_parameters *parameters, const char *name, int64_t rows,
    int64_t columns, double bound, size_t *first, struct tp_error *err)
{
    size_t values;
    assert(!parameters->values && rows >= 0 && columns >= 0 && bound >= 0);
    assert(strlen(name) < TP_TENSOR_NAME_BYTES);
    if (!tp_multiply((size_t)rows, (size_t)columns, &values) ||
        values > SIZE_MAX - parameters->count)
        return tp_fail_memory(err);
    struct tp_tensor *tensors = tp_resize(
        parameters->tensors, (size_t)parameters->tensor_count + 1, sizeof *parameters->tensors);
    if (!tensors)
        return tp_fail_memory(err);
    parameters->tensors = tensors;
    struct tp_tensor *tensor = &tensors[parameters->tensor_count++];
    *tensor = (struct tp_tensor){
        .rows = rows, .columns = columns, .bound = bound, .first = parameters->count};
    strncpy(tensor->name, name, sizeof tensor->name - 1);
    parameters->count += values;
    *first = tensor->first;
    return TP_OK;
}

static void fill(const struct tp_tensor *tensor, uint64_t seed, tp_real *values)
{
    uint64_t stream = tp_initial_stream(seed, tensor->name);
    for (int64_t row = 0; row < tensor->rows; row++)
        for (int64_t column = 0; column < tensor->columns; column++)
            *values++ = (tp_real)tp_initial_value(stream, row, column, tensor->bound);
}

enum tp_status tp_parameters_init(
    struct tp_parameters *parameters, uint64_t seed, struct tp_error *err)
{
    parameters->values = tp_new_aligned(parameters->count, sizeof *parameters->values);
    parameters->gradients = tp_new_aligned(parameters->count, sizeof *parameters->gradients);
    if (!parameters->values || !parameters->gradients)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < parameters->tensor_count; i++)
        fill(&parameters->tensors[i], seed, parameters->values + parameters->tensors[i].first);
    return TP_OK;
}

void tp_parameters_release(struct tp_parameters *parameters)
{
    free(parameters->gradients);
    free(parameters->values);
    free(parameters->tensors);
    *parameters = (struct tp_parameters){0};
}
