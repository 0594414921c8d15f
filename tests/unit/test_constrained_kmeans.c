/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters of bounded sizes: sizes hold, groups that are there are found, and the sum of squares comes
 * close to the least one. */
#include "partition/constrained_kmeans.h"

#include "problems.h"

#define POINTS 60

static void cluster_points(const double *points, int32_t n, int32_t dims, int32_t k, int32_t least,
    int32_t most, uint64_t seed, int32_t *cluster)
{
    struct tp_random random = tp_random_new(seed, 44);
    ck_assert_int_eq(
        tp_constrained_kmeans(points, n, dims, k, least, most, &random, cluster, NULL), TP_OK);
    int32_t size[POINTS] = {0};
    for (int32_t i = 0; i < n; i++) {
        ck_assert(cluster[i] >= 0 && cluster[i] < k);
        size[cluster[i]]++;
    }
    for (int32_t a = 0; a < k; a++)
        ck_assert(size[a] >= least && size[a] <= most);
}

/* Over pairs of one cluster, divided by its size: equal to the sum of squared distances from means. */
static double sum_of_squares(const double *points, int32_t n, int32_t dims, const int32_t *cluster)
{
    double sum = 0;
    int32_t size[POINTS] = {0};
    for (int32_t i = 0; i < n; i++)
        size[cluster[i]]++;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < i; j++)
            for (int32_t d = 0; d < dims && cluster[i] == cluster[j]; d++)
                sum += pow(points[i * dims + d] - points[j * dims + d], 2) / size[cluster[i]];
    return sum;
}

static void random_points(int32_t n, int32_t dims, uint64_t seed, double *points)
{
    struct tp_random random = tp_random_new(seed, 45);
    for (int32_t i = 0; i < n * dims; i++)
        points[i] = tp_random_normal(&random);
}

START_TEST(test_groups_of_the_sizes_asked_for_are_found)
{
    /* Four groups of 15 around the corners of a cube's face, far apart. */
    double points[POINTS * 3];
    int32_t cluster[POINTS];
    random_points(POINTS, 3, (uint64_t)_i, points);
    for (int32_t i = 0; i < POINTS; i++) {
        points[i * 3] += i % 4 & 1 ? 40 : 0;
        points[i * 3 + 1] += i % 4 & 2 ? 40 : 0;
    }
    cluster_points(points, POINTS, 3, 4, 15, 15, (uint64_t)_i, cluster);
    for (int32_t i = 0; i < POINTS; i++)
        for (int32_t j = 0; j < i; j++)
            ck_assert_int_eq(cluster[i] == cluster[j], i % 4 == j % 4);
}
END_TEST

START_TEST(test_many_groups_are_found)
{
    /* 12 groups of 5 on a line. First centres drawn blindly would all be right once in 12^12 / 12! =
     * 18,613 tries. */
    double points[POINTS];
    int32_t cluster[POINTS];
    random_points(POINTS, 1, (uint64_t)_i, points);
    for (int32_t i = 0; i < POINTS; i++)
        points[i] += 100 * (i % 12);
    cluster_points(points, POINTS, 1, 12, 1, 60, (uint64_t)_i, cluster);
    for (int32_t i = 0; i < POINTS; i++)
        for (int32_t j = 0; j < i; j++)
            ck_assert_int_eq(cluster[i] == cluster[j], i % 12 == j % 12);
}
END_TEST

START_TEST(test_sizes_hold_where_the_groups_have_others)
{
    /* Two groups of 50 and 10 points: clusters of 25..35 have to cut the large one. */
    double points[POINTS * 2];
    int32_t cluster[POINTS];
    random_points(POINTS, 2, (uint64_t)_i, points);
    for (int32_t i = 0; i < 10; i++)
        points[i * 2] += 40;
    cluster_points(points, POINTS, 2, 2, 25, 35, (uint64_t)_i, cluster);
    for (int32_t i = 1; i < 10; i++)
        ck_assert_int_eq(cluster[i], cluster[0]);
}
END_TEST

START_TEST(test_the_sum_of_squares_comes_close_to_the_least)
{
    /* 9 points in 3 clusters of 2..4, all 3^9 assignments; the mean over problems of what is lost. */
    struct tp_problem all = {.unit_count = 9, .tower_count = 3};
    double lost = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        double points[9 * 2], best = (double)INFINITY;
        int32_t cluster[9], other[9] = {0};
        random_points(9, 2, seed, points);
        cluster_points(points, 9, 2, 3, 2, 4, seed, cluster);
        do {
            int32_t size[3] = {0};
            for (int i = 0; i < 9; i++)
                size[other[i]]++;
            if (size[0] >= 2 && size[1] >= 2 && size[2] >= 2 && size[0] <= 4 && size[1] <= 4 &&
                size[2] <= 4)
                best = fmin(best, sum_of_squares(points, 9, 2, other));
        } while (next_towers(&all, other));
        double found = sum_of_squares(points, 9, 2, cluster);
        ck_assert_double_ge(found, best - 1e-9);
        lost += (found / best - 1) / 30;
    }
    ck_assert_double_lt(lost, 0.03);
}
END_TEST

START_TEST(test_points_in_one_place_still_fill_the_sizes)
{
    double points[POINTS * 2] = {0};
    int32_t cluster[POINTS];
    cluster_points(points, POINTS, 2, 7, 8, 9, 1, cluster);
    cluster_points(points, POINTS, 2, 7, 0, 60, 1, cluster);
    cluster_points(points, 5, 2, 5, 1, 1, 1, cluster);
    cluster_points(points, 5, 2, 1, 5, 5, 1, cluster);
}
END_TEST

START_TEST(test_the_seed_decides_alone)
{
    double points[POINTS * 2];
    int32_t cluster[3][POINTS];
    random_points(POINTS, 2, 9, points);
    cluster_points(points, POINTS, 2, 6, 8, 12, 1, cluster[0]);
    cluster_points(points, POINTS, 2, 6, 8, 12, 1, cluster[1]);
    cluster_points(points, POINTS, 2, 6, 8, 12, 2, cluster[2]);
    ck_assert_mem_eq(cluster[0], cluster[1], sizeof cluster[0]);
    ck_assert_mem_ne(cluster[0], cluster[2], sizeof cluster[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("constrained_kmeans");
    TCase *tcase = tcase_create("constrained_kmeans");
    tcase_add_loop_test(tcase, test_groups_of_the_sizes_asked_for_are_found, 0, 10);
    tcase_add_loop_test(tcase, test_many_groups_are_found, 0, 10);
    tcase_add_loop_test(tcase, test_sizes_hold_where_the_groups_have_others, 0, 10);
    tcase_add_test(tcase, test_the_sum_of_squares_comes_close_to_the_least);
    tcase_add_test(tcase, test_points_in_one_place_still_fill_the_sizes);
    tcase_add_test(tcase, test_the_seed_decides_alone);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
