/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices, by BLAS: nothing else in this room knows it.
 *
 * A row is as long as the shape says; strides may be larger. Cost: 2 m n k flops. Results depend
 * on values and shapes alone, as long as BLAS runs the same kernels: on one machine, with one
 * number of threads. */
#include "train/gemm.h"

#include <cblas.h>

/* BLAS refuses a stride of 0, which an empty row may have. */
static blasint stride_of(int32_t stride)
{
    return stride ? stride : 1;
}

void tp_gemm(enum tp_product product, int32_t m, int32_t n, int32_t k, struct tp_rows a,
    struct tp_rows b, bool add, struct tp_rows_out c)
{
    CBLAS_TRANSPOSE a_order = product == TP_AT_B ? CblasTrans : CblasNoTrans;
    CBLAS_TRANSPOSE b_order = product == TP_A_BT ? CblasTrans : CblasNoTrans;
    tp_real beta = add ? 1 : 0;
    if (m == 0 || n == 0)
        return;
#ifdef TP_REAL_DOUBLE
    cblas_dgemm(CblasRowMajor, a_order, b_order, m, n, k, 1, a.values, stride_of(a.stride),
        b.values, stride_of(b.stride), beta, c.values, stride_of(c.stride));
#else
    cblas_sgemm(CblasRowMajor, a_order, b_order, m, n, k, 1, a.values, stride_of(a.stride),
        b.values, stride_of(b.stride), beta, c.values, stride_of(c.stride));
#endif
}

void tp_gemm_threads(int threads)
{
    openblas_set_num_threads(threads);
}
