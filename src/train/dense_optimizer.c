/* SPDX-License-Identifier: Apache-2.0 */
/* Steps over all dense parameters at once; one pass over values, gradients and state.
 *
 * With g the gradient, a the rate and eps added outside the root, as PyTorch does:
 *   sgd      w -= a g
 *   adagrad  s += g^2; w -= a g / (sqrt(s) + eps)
 *   adam     m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 *            w -= a / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)
 * State begins at 0. Each value is on its own, so their layout does not matter. */
#include "train/dense_optimizer.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/clones.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#ifdef TP_REAL_DOUBLE
#define ROOT sqrt
#else
#define ROOT sqrtf
#endif

enum tp_status tp_dense_optimizer_init(struct tp_dense_optimizer *optimizer,
    struct tp_learning learning, size_t count, struct tp_error *err)
{
    size_t per_value = learning.kind == TP_ADAM ? 2 : learning.kind == TP_ADAGRAD ? 1 : 0;
    size_t state_count;
    assert(learning.kind != TP_ROWWISE_ADAGRAD);
    if (!tp_multiply(count, per_value, &state_count))
        return tp_fail_memory(err);
    tp_real *state = per_value ? tp_new_aligned(state_count, sizeof *state) : NULL;
    if (per_value && !state)
        return tp_fail_memory(err);
    *optimizer = (struct tp_dense_optimizer){learning, count, state_count, state};
    return TP_OK;
}

void tp_dense_optimizer_release(struct tp_dense_optimizer *optimizer)
{
    free(optimizer->state);
    *optimizer = (struct tp_dense_optimizer){0};
}

TP_CLONES
static void sgd(
    size_t count, tp_real rate, const tp_real *restrict gradients, tp_real *restrict values)
{
    for (size_t i = 0; i < count; i++)
        values[i] -= rate * gradients[i];
}

TP_CLONES
static void adagrad(size_t count, tp_real rate, const tp_real *restrict gradients,
    tp_real *restrict squares, tp_real *restrict values)
{
    const tp_real epsilon = (tp_real)TP_ADAGRAD_EPSILON;
    for (size_t i = 0; i < count; i++) {
        tp_real g = gradients[i], square = squares[i] + g * g;
        squares[i] = square;
        values[i] -= rate * g / (ROOT(square) + epsilon);
    }
}

/* Rates of a step of adam, corrected for moments that began at 0. */
struct adam_rates {
    tp_real rate, root_scale; /* a / (1 - b1^t); 1 / sqrt(1 - b2^t) */
};

TP_CLONES
static void adam(size_t count, struct adam_rates rates, const tp_real *restrict gradients,
    tp_real *restrict first, tp_real *restrict second, tp_real *restrict values)
{
    const tp_real b1 = (tp_real)TP_ADAM_BETA1, rest1 = (tp_real)(1 - TP_ADAM_BETA1);
    const tp_real b2 = (tp_real)TP_ADAM_BETA2, rest2 = (tp_real)(1 - TP_ADAM_BETA2);
    const tp_real epsilon = (tp_real)TP_ADAM_EPSILON;
    for (size_t i = 0; i < count; i++) {
        tp_real g = gradients[i];
        tp_real m = b1 * first[i] + rest1 * g, v = b2 * second[i] + rest2 * g * g;
        first[i] = m;
        second[i] = v;
        values[i] -= rates.rate * m / (ROOT(v) * rates.root_scale + epsilon);
    }
}

void tp_dense_optimizer_step(
    struct tp_dense_optimizer *optimizer, struct tp_parameters *parameters, int64_t step)
{
    size_t count = optimizer->count;
    double rate = optimizer->learning.rate;
    assert(count == parameters->count && step >= 1);
    if (optimizer->learning.kind == TP_SGD) {
        sgd(count, (tp_real)rate, parameters->gradients, parameters->values);
    } else if (optimizer->learning.kind == TP_ADAGRAD) {
        adagrad(count, (tp_real)rate, parameters->gradients, optimizer->state, parameters->values);
    } else {
        struct adam_rates rates = {
            .rate = (tp_real)(rate / (1 - pow(TP_ADAM_BETA1, (double)step))),
            .root_scale = (tp_real)(1 / sqrt(1 - pow(TP_ADAM_BETA2, (double)step))),
        };
        adam(count, rates, parameters->gradients, optimizer->state, optimizer->state + count,
            parameters->values);
    }
}
