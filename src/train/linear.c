/* SPDX-License-Identifier: Apache-2.0 */
/* Linear layers, on as many rows as the caller likes: he passes so few at a time that they stay
 * in the cache from one function to the next.
 *
 * Bias and ReLU take one pass over y; the mask of ReLU and the gradient of the bias one pass
 * over d. The mask is y > 0, so the slope at 0 is 0. Biases' gradients are summed row by row, in
 * order. Cost: 2 n inputs outputs flops forward, and as many for each of weight and input
 * backward. */
#include "train/linear.h"

#include "base/clones.h"

#include <math.h>
#include <stdio.h>

double tp_linear_bound(int32_t inputs)
{
    return inputs ? 1 / sqrt(inputs) : 0;
}

enum tp_status tp_linear_init(struct tp_linear *linear, struct tp_parameters *parameters,
    const char *name, int32_t inputs, int32_t outputs, double gain, struct tp_error *err)
{
    char tensor[TP_TENSOR_NAME_BYTES];
    double bound = tp_linear_bound(inputs);
    linear->inputs = inputs;
    linear->outputs = outputs;
    snprintf(tensor, sizeof tensor, "%s.weight", name);
    enum tp_status status =
        tp_parameters_add(parameters, tensor, outputs, inputs, gain * bound, &linear->weight, err);
    snprintf(tensor, sizeof tensor, "%s.bias", name);
    return status ? status
                  : tp_parameters_add(parameters, tensor, 1, outputs, bound, &linear->bias, err);
}

static struct tp_rows weight_of(
    const struct tp_linear *linear, const struct tp_parameters *parameters)
{
    return (struct tp_rows){parameters->values + linear->weight, linear->inputs};
}

TP_CLONES
static void add_bias(int32_t n, int32_t width, const tp_real *restrict bias, struct tp_rows_out y)
{
    for (int32_t s = 0; s < n; s++) {
        tp_real *restrict row = tp_row_out(y, s);
        for (int32_t i = 0; i < width; i++)
            row[i] += bias[i];
    }
}

TP_CLONES
static void add_bias_relu(
    int32_t n, int32_t width, const tp_real *restrict bias, struct tp_rows_out y)
{
    for (int32_t s = 0; s < n; s++) {
        tp_real *restrict row = tp_row_out(y, s);
        for (int32_t i = 0; i < width; i++) {
            tp_real value = row[i] + bias[i];
            row[i] = value < 0 ? 0 : value; /* a NaN stays one, to be seen in the loss */
        }
    }
}

void tp_linear_forward(const struct tp_linear *linear, const struct tp_parameters *parameters,
    int32_t n, struct tp_rows x, bool relu, struct tp_rows_out y)
{
    const tp_real *bias = parameters->values + linear->bias;
    tp_gemm(
        TP_A_BT, n, linear->outputs, linear->inputs, x, weight_of(linear, parameters), false, y);
    if (relu)
        add_bias_relu(n, linear->outputs, bias, y);
    else
        add_bias(n, linear->outputs, bias, y);
}

TP_CLONES
static void sum_rows(int32_t n, int32_t width, struct tp_rows d, tp_real *restrict sums)
{
    for (int32_t s = 0; s < n; s++) {
        const tp_real *restrict row = tp_row(d, s);
        for (int32_t i = 0; i < width; i++)
            sums[i] += row[i];
    }
}

TP_CLONES
static void mask_rows(
    int32_t n, int32_t width, struct tp_rows y, struct tp_rows_out d, tp_real *restrict sums)
{
    for (int32_t s = 0; s < n; s++) {
        const tp_real *restrict output = tp_row(y, s);
        tp_real *restrict row = tp_row_out(d, s);
        for (int32_t i = 0; i < width; i++) {
            tp_real value = output[i] > 0 ? row[i] : 0;
            row[i] = value;
            sums[i] += value;
        }
    }
}

void tp_linear_backward_bias(
    const struct tp_linear *linear, struct tp_parameters *parameters, int32_t n, struct tp_rows d)
{
    sum_rows(n, linear->outputs, d, parameters->gradients + linear->bias);
}

void tp_linear_backward_relu(const struct tp_linear *linear, struct tp_parameters *parameters,
    int32_t n, struct tp_rows y, struct tp_rows_out d)
{
    mask_rows(n, linear->outputs, y, d, parameters->gradients + linear->bias);
}

void tp_linear_backward_weight(const struct tp_linear *linear, struct tp_parameters *parameters,
    int32_t n, struct tp_rows x, struct tp_rows d)
{
    struct tp_rows_out gradient = {parameters->gradients + linear->weight, linear->inputs};
    tp_gemm(TP_AT_B, linear->outputs, linear->inputs, n, d, x, true, gradient);
}

void tp_linear_backward_input(const struct tp_linear *linear,
    const struct tp_parameters *parameters, int32_t n, struct tp_rows d, bool add,
    struct tp_rows_out dx)
{
    tp_gemm(TP_A_B, n, linear->inputs, linear->outputs, d, weight_of(linear, parameters), add, dx);
}
