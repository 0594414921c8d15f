/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of one row, w its weights and g its gradient:
 *
 *   sgd              w -= r g
 *   rowwise_adagrad  s += mean over the shard's columns of g^2;  w -= r / (sqrt(s) + 1e-8) g
 *   adagrad          s += g^2;  w -= r g / (sqrt(s) + 1e-10)
 *   adam             m += (1 - b1) (g - m);  v += (1 - b2) (g^2 - v);
 *                    w -= r_t m / (sqrt(v) + 1e-8)  with r_t = r sqrt(1 - b2^t) / (1 - b1^t)
 *
 * as FBGEMM (rowwise_adagrad), torch.optim.Adagrad and torch.optim.SparseAdam have them.
 *
 * All in tp_real, column by column, so a vector unit gives the same bits as none. Only the mean of
 * rowwise_adagrad joins columns: column c is added to sum c % 4, so that it does not wait for the
 * column before it. */
#include "train/sparse_optimizer.h"

#include <math.h>

#ifdef TP_REAL_DOUBLE
#define SQUARE_ROOT sqrt
#else
#define SQUARE_ROOT sqrtf
#endif

#define SUMS 4

int32_t tp_sparse_state_parts(enum tp_optimizer kind)
{
    return kind == TP_SGD ? 0 : kind == TP_ADAM ? 2 : 1;
}

int32_t tp_sparse_state_width(enum tp_optimizer kind, int32_t columns)
{
    return kind == TP_SGD ? 0 : kind == TP_ROWWISE_ADAGRAD ? 1 : columns;
}

struct tp_sparse_step tp_sparse_step_of(struct tp_learning learning, int64_t step, int32_t columns)
{
    double rate = learning.rate;
    if (learning.kind == TP_ADAM)
        rate *= sqrt(1 - pow(TP_ADAM_BETA2, (double)step)) / (1 - pow(TP_ADAM_BETA1, (double)step));
    return (struct tp_sparse_step){learning.kind, (tp_real)rate, columns};
}

static void step_sgd(
    const struct tp_sparse_step *step, const tp_real *restrict g, tp_real *restrict w)
{
    for (int32_t c = 0; c < step->columns; c++)
        w[c] -= step->rate * g[c];
}

static tp_real mean_square(const tp_real *g, int32_t columns)
{
    tp_real sums[SUMS] = {0};
    int32_t whole = columns - columns % SUMS;
    for (int32_t c = 0; c < whole; c += SUMS)
        for (int32_t k = 0; k < SUMS; k++)
            sums[k] += g[c + k] * g[c + k];
    for (int32_t c = whole; c < columns; c++)
        sums[c - whole] += g[c] * g[c];
    return (sums[0] + sums[1] + sums[2] + sums[3]) / (tp_real)columns;
}

static void step_rowwise_adagrad(const struct tp_sparse_step *step, const tp_real *restrict g,
    tp_real *restrict w, tp_real *restrict sum)
{
    *sum += mean_square(g, step->columns);
    tp_real rate = step->rate / (SQUARE_ROOT(*sum) + (tp_real)TP_ROWWISE_EPSILON);
    for (int32_t c = 0; c < step->columns; c++)
        w[c] -= rate * g[c];
}

static void step_adagrad(const struct tp_sparse_step *step, const tp_real *restrict g,
    tp_real *restrict w, tp_real *restrict sums)
{
    for (int32_t c = 0; c < step->columns; c++) {
        sums[c] += g[c] * g[c];
        w[c] -= step->rate * g[c] / (SQUARE_ROOT(sums[c]) + (tp_real)TP_ADAGRAD_EPSILON);
    }
}

static void step_adam(const struct tp_sparse_step *step, const tp_real *restrict g,
    tp_real *restrict w, tp_real *restrict m, tp_real *restrict v)
{
    const tp_real new1 = (tp_real)(1 - TP_ADAM_BETA1), new2 = (tp_real)(1 - TP_ADAM_BETA2);
    for (int32_t c = 0; c < step->columns; c++) {
        m[c] += new1 * (g[c] - m[c]);
        v[c] += new2 * (g[c] * g[c] - v[c]);
        w[c] -= step->rate * m[c] / (SQUARE_ROOT(v[c]) + (tp_real)TP_ADAM_EPSILON);
    }
}

void tp_sparse_step_row(const struct tp_sparse_step *step, const tp_real *gradient,
    tp_real *weights, tp_real *state, tp_real *second)
{
    switch (step->kind) {
    case TP_SGD:
        step_sgd(step, gradient, weights);
        break;
    case TP_ROWWISE_ADAGRAD:
        step_rowwise_adagrad(step, gradient, weights, state);
        break;
    case TP_ADAGRAD:
        step_adagrad(step, gradient, weights, state);
        break;
    case TP_ADAM:
        step_adam(step, gradient, weights, state, second);
        break;
    }
}
