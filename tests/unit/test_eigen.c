/* SPDX-License-Identifier: Apache-2.0 */
/* Eigenvalues against formulas, against Jacobi's rotations, and by what makes them eigenvalues. */
#include "partition/eigen.h"

#include "problems.h"

#include <cblas.h>

#define MOST 40

/* Entries in [-1, 1), symmetric. */
static void random_matrix(int32_t n, uint64_t seed, double *a)
{
    struct tp_random random = tp_random_new(seed, 5);
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j <= i; j++)
            a[i * n + j] = a[j * n + i] = 2 * tp_random_uniform(&random) - 1;
}

/* `of` copies of a random matrix along the diagonal: every eigenvalue comes `of` times. */
static void repeated_matrix(int32_t n, int32_t of, uint64_t seed, double *a)
{
    double block[MOST * MOST];
    int32_t side = n / of;
    random_matrix(side, seed, block);
    memset(a, 0, (size_t)(n * n) * sizeof *a);
    for (int32_t i = 0; i < side * of; i++)
        for (int32_t j = 0; j < side; j++)
            a[i * n + i / side * side + j] = block[i % side * side + j];
}

static void assert_eigen(
    const double *a, int32_t n, int32_t count, const double *values, double vectors[][MOST])
{
    for (int32_t k = 0; k < count; k++) {
        double largest = 0;
        ck_assert(!k || values[k] <= values[k - 1]);
        for (int32_t i = 0; i < n; i++) {
            double sum = 0;
            for (int32_t j = 0; j < n; j++)
                sum += a[i * n + j] * vectors[k][j];
            ck_assert_double_eq_tol(sum, values[k] * vectors[k][i], 1e-12);
            if (fabs(vectors[k][i]) > fabs(largest))
                largest = vectors[k][i];
        }
        ck_assert_double_gt(largest, 0);
        for (int32_t m = 0; m <= k; m++) {
            double dot = 0;
            for (int32_t i = 0; i < n; i++)
                dot += vectors[k][i] * vectors[m][i];
            ck_assert_double_eq_tol(dot, m == k, 1e-12);
        }
    }
}

/* Copies the matrix, which is used up, and spreads the vectors over rows of MOST. */
static void solve(const double *a, int32_t n, int32_t count, double *values, double vectors[][MOST])
{
    double copy[MOST * MOST], packed[MOST * MOST];
    memcpy(copy, a, (size_t)(n * n) * sizeof *a);
    ck_assert_int_eq(tp_eigen_largest(copy, n, count, values, packed, NULL), TP_OK);
    for (int32_t k = 0; k < count; k++)
        memcpy(vectors[k], packed + k * n, (size_t)n * sizeof *packed);
}

/* Jacobi's rotations until nothing is left off the diagonal: all eigenvalues, falling. */
static void slow_eigenvalues(double *a, int32_t n, double *values)
{
    for (int sweep = 0; sweep < 30; sweep++)
        for (int32_t p = 0; p < n; p++)
            for (int32_t q = 0; q < p; q++) {
                double angle = atan2(2 * a[p * n + q], a[p * n + p] - a[q * n + q]) / 2;
                double c = cos(angle), s = sin(angle);
                for (int32_t i = 0; i < n; i++) {
                    double x = a[i * n + p], y = a[i * n + q];
                    a[i * n + p] = c * x + s * y;
                    a[i * n + q] = c * y - s * x;
                }
                for (int32_t i = 0; i < n; i++) {
                    double x = a[p * n + i], y = a[q * n + i];
                    a[p * n + i] = c * x + s * y;
                    a[q * n + i] = c * y - s * x;
                }
            }
    for (int32_t i = 0; i < n; i++) {
        int32_t at = i;
        for (; at > 0 && values[at - 1] < a[i * n + i]; at--)
            values[at] = values[at - 1];
        values[at] = a[i * n + i];
    }
}

START_TEST(test_a_chain_has_the_eigenvalues_of_the_formula)
{
    /* Ones beside the diagonal: 2 cos(pi k / (n + 1)), k = 1..n, vectors sin(pi k i / (n + 1)). */
    int32_t n = _i;
    double a[MOST * MOST] = {0}, values[MOST], vectors[MOST][MOST], pi = acos(-1);
    for (int32_t i = 0; i + 1 < n; i++)
        a[i * n + i + 1] = a[(i + 1) * n + i] = 1;
    solve(a, n, n, values, vectors);
    for (int32_t k = 0; k < n; k++)
        ck_assert_double_eq_tol(values[k], 2 * cos(pi * (k + 1) / (n + 1)), 1e-13);
    for (int32_t i = 0; i < n; i++) /* the first has no sign to choose and norm^2 (n + 1) / 2 */
        ck_assert_double_eq_tol(
            vectors[0][i], sin(pi * (i + 1) / (n + 1)) / sqrt((n + 1) / 2.0), 1e-13);
}
END_TEST

START_TEST(test_random_matrices_have_the_eigenvalues_that_rotations_find)
{
    int32_t n = 2 + _i;
    double a[MOST * MOST], values[MOST], vectors[MOST][MOST], expected[MOST];
    random_matrix(n, (uint64_t)_i, a);
    solve(a, n, n, values, vectors);
    assert_eigen(a, n, n, values, vectors);
    slow_eigenvalues(a, n, expected);
    for (int32_t k = 0; k < n; k++)
        ck_assert_double_eq_tol(values[k], expected[k], 1e-12);
}
END_TEST

START_TEST(test_the_largest_few_are_the_first_of_all)
{
    int32_t n = 30;
    double a[MOST * MOST], all[MOST], few[MOST], vectors[2][MOST][MOST], alone[MOST];
    random_matrix(n, 3, a);
    solve(a, n, n, all, vectors[0]);
    for (int32_t count = 1; count < n; count++) {
        solve(a, n, count, few, vectors[1]);
        double copy[MOST * MOST];
        memcpy(copy, a, sizeof copy);
        ck_assert_int_eq(tp_eigen_largest(copy, n, count, alone, NULL, NULL), TP_OK);
        for (int32_t k = 0; k < count; k++) {
            ck_assert_double_eq_tol(few[k], all[k], 1e-12);
            ck_assert_double_eq_tol(alone[k], all[k], 1e-12);
            for (int32_t i = 0; i < n; i++)
                ck_assert_double_eq_tol(vectors[1][k][i], vectors[0][k][i], 1e-10);
        }
    }
}
END_TEST

START_TEST(test_repeated_eigenvalues_have_orthonormal_vectors)
{
    static const int32_t copies[] = {2, 3, 6, 12, 36};
    int32_t n = 36;
    double a[MOST * MOST], values[MOST], vectors[MOST][MOST];
    repeated_matrix(n, copies[_i], 4, a);
    for (int32_t count = 1; count <= n; count += 7) {
        solve(a, n, count, values, vectors);
        assert_eigen(a, n, count, values, vectors);
    }
}
END_TEST

START_TEST(test_a_matrix_is_the_sum_of_its_parts)
{
    static const int32_t sizes[] = {1, 2, 31, 33, MOST};
    int32_t n = sizes[_i];
    double a[MOST * MOST], values[MOST], vectors[MOST][MOST], packed[MOST * MOST];
    random_matrix(n, 6, a);
    solve(a, n, n, values, vectors);
    for (int32_t count = 0; count <= n; count += n > 2 ? n / 3 : 1) {
        for (int32_t k = 0; k < count; k++) {
            values[k] = 1.0 / (1 + k);
            memcpy(packed + k * n, vectors[k], (size_t)n * sizeof *packed);
        }
        for (int32_t i = 0; i < n * n; i++)
            a[i] = (double)NAN; /* what was there must not matter */
        tp_eigen_compose(values, packed, n, count, a);
        for (int32_t i = 0; i < n; i++)
            for (int32_t j = 0; j < n; j++) {
                double sum = 0;
                for (int32_t k = 0; k < count; k++)
                    sum += vectors[k][i] * vectors[k][j] / (1 + k);
                ck_assert_double_eq_tol(a[i * n + j], sum, 1e-14);
            }
    }
}
END_TEST

START_TEST(test_the_number_of_threads_changes_no_bit)
{
    int32_t n = 400, count = 5;
    double *a = calloc((size_t)n * (size_t)n, sizeof *a);
    double values[2][5], *vectors[2], *sum = calloc((size_t)n * (size_t)n, sizeof *sum);
    ck_assert(a && sum);
    int before = openblas_get_num_threads();
    for (int k = 0; k < 2; k++) {
        vectors[k] = calloc((size_t)(n * count), sizeof **vectors);
        ck_assert_ptr_nonnull(vectors[k]);
        random_matrix(n, 5, a);
        openblas_set_num_threads(1 + k);
        ck_assert_int_eq(tp_eigen_largest(a, n, count, values[k], vectors[k], NULL), TP_OK);
        ck_assert_int_eq(openblas_get_num_threads(), 1 + k);
    }
    ck_assert_mem_eq(values[0], values[1], sizeof values[0]);
    ck_assert_mem_eq(vectors[0], vectors[1], (size_t)(n * count) * sizeof **vectors);
    for (int k = 0; k < 2; k++) {
        openblas_set_num_threads(1 + k);
        tp_eigen_compose(values[k], vectors[k], n, count, k == 0 ? a : sum);
        ck_assert_int_eq(openblas_get_num_threads(), 1 + k);
    }
    ck_assert_mem_eq(a, sum, (size_t)(n * n) * sizeof *a);
    openblas_set_num_threads(before);
    free(vectors[0]);
    free(vectors[1]);
    free(a);
    free(sum);
}
END_TEST

START_TEST(test_a_number_that_is_not_finite_is_refused)
{
    double a[] = {1, (double)NAN, (double)NAN, 1}, values[2] = {7, 7};
    struct tp_error err;
    ck_assert_int_eq(tp_eigen_largest(a, 2, 2, values, NULL, &err), TP_EINTERNAL);
    ck_assert_ptr_nonnull(strstr(err.text, "2 x 2 matrix"));
    ck_assert(values[0] == 7 && values[1] == 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eigen");
    TCase *tcase = tcase_create("eigen");
    tcase_add_loop_test(tcase, test_a_chain_has_the_eigenvalues_of_the_formula, 1, 20);
    tcase_add_loop_test(
        tcase, test_random_matrices_have_the_eigenvalues_that_rotations_find, 0, 20);
    tcase_add_test(tcase, test_the_largest_few_are_the_first_of_all);
    tcase_add_loop_test(tcase, test_repeated_eigenvalues_have_orthonormal_vectors, 0, 5);
    tcase_add_loop_test(tcase, test_a_matrix_is_the_sum_of_its_parts, 0, 5);
    tcase_add_test(tcase, test_the_number_of_threads_changes_no_bit);
    tcase_add_test(tcase, test_a_number_that_is_not_finite_is_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
