/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices, row-major, in the type that the trainer computes with. */
#ifndef TP_TRAIN_GEMM_H
#define TP_TRAIN_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "train/rows.h"

enum tp_product {
    TP_A_B,  /* a (m, k), b (k, n) */
    TP_A_BT, /* a (m, k), b (n, k): transposed b */
    TP_AT_B  /* a (k, m), b (k, n): transposed a */
};

/* c (m, n) = the product, or plus the product if `add`. Any of m, n, k may be 0. */
void tp_gemm(enum tp_product product, int32_t m, int32_t n, int32_t k, struct tp_rows a,
    struct tp_rows b, bool add, struct tp_rows_out c);

/* How many threads a product may use; for the whole process. BLAS begins with one per core. */
void tp_gemm_threads(int threads);

#endif
