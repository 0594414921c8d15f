/* SPDX-License-Identifier: Apache-2.0 */
/* Eigenvalues of symmetric matrices by LAPACK's dsyevr: reduced to a tridiagonal matrix, then either
 * all of them by relatively robust representations or the wanted ones by bisection, with vectors by
 * inverse iteration.
 *
 * On Debian liblapacke calls whichever LAPACK is installed. Next to OpenBLAS that is OpenBLAS's
 * build of LAPACK 3.11, for which its own kernels do the O(n^3) part: 0.05 s for 8 vectors at
 * n = 1000 on one core of 2.5 GHz, 0.2 s for all 1000; 2 s for 64 at n = 3000.
 *
 * The last bits depend on how many threads OpenBLAS splits a product over (they are the same from
 * run to run), and a partition can hang on the last bit. So one thread does it, and the answer does
 * not depend on the number of cores. A matrix that is symmetric is the same row by row and column
 * by column; LAPACK is told columns, which spares LAPACKE a transposed copy. */
#include "partition/eigen.h"

#include "base/fail.h"
#include "base/memory.h"

#include <cblas.h>
#include <lapacke.h>

#include <math.h>
#include <stdlib.h>

#define BLOCK 32

_Static_assert(sizeof(lapack_int) == sizeof(int32_t), "LAPACK with 32-bit integers");

/* LAPACK leaves the sign of a vector open. */
static void orient(double *vector, int32_t n)
{
    int32_t largest = 0;
    for (int32_t i = 1; i < n; i++)
        if (fabs(vector[i]) > fabs(vector[largest]))
            largest = i;
    double sign = vector[largest] < 0 ? -1 : 1;
    for (int32_t i = 0; i < n; i++)
        vector[i] *= sign;
}

/* LAPACK gives the smallest first. */
static void reverse(const double *rising, int32_t n, int32_t count, double *values, double *vectors)
{
    for (int32_t i = 0; i < count; i++)
        values[i] = rising[count - 1 - i];
    for (int32_t i = 0; vectors && i < count / 2; i++) {
        double *a = vectors + (int64_t)i * n, *b = vectors + (int64_t)(count - 1 - i) * n;
        for (int32_t j = 0; j < n; j++) {
            double swapped = a[j];
            a[j] = b[j];
            b[j] = swapped;
        }
    }
    for (int32_t i = 0; vectors && i < count; i++)
        orient(vectors + (int64_t)i * n, n);
}

enum tp_status tp_eigen_largest(
    double *a, int32_t n, int32_t count, double *values, double *vectors, struct tp_error *err)
{
    double *rising = TP_NEW(n, double), unused;
    lapack_int *support = TP_NEW(2 * (size_t)count, lapack_int), found = 0;
    enum tp_status status = TP_OK;
    if (!rising || !support) {
        status = tp_fail_memory(err);
        goto out;
    }
    int threads = openblas_get_num_threads();
    openblas_set_num_threads(1);
    /* An accuracy of 0 means the best that the method has. */
    lapack_int info =
        LAPACKE_dsyevr(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', count == n ? 'A' : 'I', 'L', n, a, n,
            0, 0, n - count + 1, n, 0, &found, rising, vectors ? vectors : &unused, n, support);
    openblas_set_num_threads(threads);
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        status = tp_fail_memory(err);
    else if (info || found != count)
        status = tp_fail(err, TP_EINTERNAL,
            "eigenvalues of a %d x %d matrix: LAPACK's dsyevr answers %d and finds %d of %d", n, n,
            info, found, count);
    else
        reverse(rising, n, count, values, vectors);
out:
    free(rising);
    free(support);
    return status;
}

/* Block by block, so that the rows that are read and those that are written both stay in cache. */
static void mirror_upper(double *a, int32_t n)
{
    for (int32_t rows = 0; rows < n; rows += BLOCK)
        for (int32_t columns = 0; columns <= rows; columns += BLOCK)
            for (int32_t i = rows; i < n && i < rows + BLOCK; i++)
                for (int32_t j = columns; j < i && j < columns + BLOCK; j++)
                    a[(int64_t)i * n + j] = a[(int64_t)j * n + i];
}

void tp_eigen_compose(const double *values, double *vectors, int32_t n, int32_t count, double *a)
{
    for (int32_t i = 0; i < count; i++)
        for (int32_t j = 0; j < n; j++)
            vectors[(int64_t)i * n + j] *= sqrt(values[i]);
    int threads = openblas_get_num_threads();
    openblas_set_num_threads(1);
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, n, count, 1, vectors, n, 0, a, n);
    openblas_set_num_threads(threads);
    mirror_upper(a, n);
}
