/* SPDX-License-Identifier: Apache-2.0 */
/* Permutations computed place by place. */
#include "affinity/permute.h"

#include "scratch.h"

#include <math.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* Around powers of four, and around one and two windows of 65536. */
static const int64_t lengths[] = {1, 2, 3, 4, 5, 15, 16, 17, 32, 1000, 65535, 65536, 65537, 140000};

START_TEST(every_sample_has_one_place)
{
    int64_t n = lengths[_i];
    struct tp_random random = tp_random_new(5, 0);
    struct tp_permutation permutation = tp_permutation_new(&random, n);
    char *seen = calloc((size_t)n, 1);
    for (int64_t i = 0; i < n; i++) {
        int64_t sample = tp_permutation_at(&permutation, i);
        ck_assert_int_ge(sample, 0);
        ck_assert_int_lt(sample, n);
        ck_assert_int_eq(seen[sample]++, 0);
    }
    free(seen);
}
END_TEST

/* Two independent permutations of n agree in 1 place on average, and their rank correlation has
 * standard deviation 1 / sqrt(n - 1): 5 of them allowed. */
START_TEST(two_permutations_have_nothing_in_common)
{
    const int64_t n = 4000;
    struct tp_random random = tp_random_new(9, 0);
    struct tp_permutation a = tp_permutation_new(&random, n), b = tp_permutation_new(&random, n);
    double middle = (double)(n - 1) / 2, product = 0, square = 0;
    int same = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t x = tp_permutation_at(&a, i), y = tp_permutation_at(&b, i);
        same += x == y;
        product += ((double)x - middle) * ((double)y - middle);
        square += ((double)x - middle) * ((double)x - middle);
    }
    ck_assert_int_lt(same, 10);
    ck_assert(fabs(product / square) < 5 / sqrt((double)(n - 1)));
}
END_TEST

START_TEST(the_same_seed_gives_the_same_permutation)
{
    struct tp_random one = tp_random_new(3, 0), two = tp_random_new(3, 0);
    struct tp_permutation a = tp_permutation_new(&one, 100), b = tp_permutation_new(&two, 100);
    for (int64_t i = 0; i < 100; i++)
        ck_assert_int_eq(tp_permutation_at(&a, i), tp_permutation_at(&b, i));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("permute");
    tcase_add_loop_test(tcase, every_sample_has_one_place, 0, COUNT(lengths));
    tcase_add_test(tcase, two_permutations_have_nothing_in_common);
    tcase_add_test(tcase, the_same_seed_gives_the_same_permutation);
    return run_suite("permute", tcase);
}
