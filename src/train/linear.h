/* SPDX-License-Identifier: Apache-2.0 */
/* One layer y = x W^T + b, W (outputs, inputs), on the rows of samples. */
#ifndef TP_TRAIN_LINEAR_H
#define TP_TRAIN_LINEAR_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>

#include "train/gemm.h"
#include "train/parameters.h"
#include "train/real.h"

struct tp_linear {
    int32_t inputs, outputs;
    size_t weight, bias; /* where they begin in the parameters */
};

/* Within which the initial values of a layer lie: 1 / sqrt(inputs); 0 without inputs. */
double tp_linear_bound(int32_t inputs);

/* For weights that no activation follows: uniform within sqrt(3) times the bound they have the
 * variance 1 / inputs, so what comes out begins as large as what went in (LeCun et al. 1998,
 * doi:10.1007/3-540-49430-8_2, section 4.6). */
#define TP_KEEP_SIZE 1.7320508075688772

/* Adds its tensors, <name>.weight and <name>.bias.
 * @param gain  the initial weights lie within that many times the bound: 1 or TP_KEEP_SIZE.
 * @return TP_ENOMEM. */
enum tp_status tp_linear_init(struct tp_linear *linear, struct tp_parameters *parameters,
    const char *name, int32_t inputs, int32_t outputs, double gain, struct tp_error *err);

/* @param n  rows of x (n, inputs) and y (n, outputs). @param relu  y = max(0, that). */
void tp_linear_forward(const struct tp_linear *linear, const struct tp_parameters *parameters,
    int32_t n, struct tp_rows x, bool relu, struct tp_rows_out y);

/* The gradient of the bias, which is added to what is there, from d = dL/dy. */
void tp_linear_backward_bias(
    const struct tp_linear *linear, struct tp_parameters *parameters, int32_t n, struct tp_rows d);

/* The same behind a ReLU whose output was y: first sets d to 0 where y is. */
void tp_linear_backward_relu(const struct tp_linear *linear, struct tp_parameters *parameters,
    int32_t n, struct tp_rows y, struct tp_rows_out d);

/* The gradient of the weight, added to what is there. */
void tp_linear_backward_weight(const struct tp_linear *linear, struct tp_parameters *parameters,
    int32_t n, struct tp_rows x, struct tp_rows d);

/* The gradient of the input: dx = d W, or plus that if `add`. */
void tp_linear_backward_input(const struct tp_linear *linear,
    const struct tp_parameters *parameters, int32_t n, struct tp_rows d, bool add,
    struct tp_rows_out dx);

#endif
