/* SPDX-License-Identifier: Apache-2.0 */
/* What benchmarks share: the clock, medians, and the rate that dense arithmetic is held against. */
#ifndef BENCH_H
#define BENCH_H

#include "base/memory.h"
#include "base/progress.h"

#include <cblas.h>
#include <stdlib.h>

static inline int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

/* Flops per second of a square sgemm. */
static inline double sgemm_rate(void)
{
    enum { n = 2048, runs = 9 };
    float *a = TP_NEW(n * n, float), *b = TP_NEW(n * n, float), *c = TP_NEW(n * n, float);
    double seconds[runs];
    if (!a || !b || !c)
        exit(1);
    for (int i = 0; i < n * n; i++)
        a[i] = b[i] = (float)(i % 7);
    for (int i = 0; i < runs; i++) {
        double start = tp_seconds_now();
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0f, a, n, b, n, 0.0f, c, n);
        seconds[i] = tp_seconds_now() - start;
    }
    free(a);
    free(b);
    free(c);
    return 2.0 * n * n * n / median(seconds, runs);
}

#endif
