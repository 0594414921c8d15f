/* SPDX-License-Identifier: Apache-2.0 */
/* Eigenvalues and eigenvectors of symmetric matrices: the only caller of LAPACK. */
#ifndef TP_PARTITION_EIGEN_H
#define TP_PARTITION_EIGEN_H

#include <stdint.h>

#include <towerpart/status.h>

/* The largest eigenvalues of a symmetric matrix and their eigenvectors. The same bytes whatever the
 * number of threads of the BLAS.
 * @param a       (n, n), both halves; used up.
 * @param count   1..n.
 * @param values  out, (count), falling.
 * @param vectors out, (count, n), orthonormal, row i belonging to values[i], each with its largest
 *                component positive; NULL: not wanted.
 * @return TP_EINTERNAL when LAPACK gives up, as it does on a number that is not finite; TP_ENOMEM.
 *         Cost: 4/3 n^3 flops, with vectors up to 3 times that.
 * Method: relatively robust representations (dsyevr), Dhillon & Parlett 2004,
 * doi:10.1016/j.laa.2003.12.028. */
enum tp_status tp_eigen_largest(
    double *a, int32_t n, int32_t count, double *values, double *vectors, struct tp_error *err);

/* The matrix with these eigenvalues, and 0 for all others. The same bytes whatever the number of threads
 * of the BLAS.
 * @param values  (count), at least 0.
 * @param vectors (count, n), as found; used up.
 * @param a       out, (n, n), both halves.
 * Cost: n^2 * count flops. */
void tp_eigen_compose(const double *values, double *vectors, int32_t n, int32_t count, double *a);

#endif
