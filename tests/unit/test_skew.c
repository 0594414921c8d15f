/* SPDX-License-Identifier: Apache-2.0 */
/* What row shards get of the lookups, worked out by hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "cost/load.h"
#include "cost/skew.h"

#include "layout.h"

#define CLOSE 1e-12

static struct tp_hot_point points[] = {{4, 0.2}, {16, 0.4}, {64, 0.9}};
static const struct tp_feature skewed = {.pooling = 1, .hot_rows = points, .hot_count = 3};
static const struct tp_feature even = {.pooling = 1};

START_TEST(the_share_of_the_hottest_rows)
{
    /* 1: a quarter of 0.2. 8 is half way from 4 to 16 in logarithms: sqrt(0.2 * 0.4). 32 lies between 16
     * and 64: sqrt(0.4 * 0.9) = 0.6. 128 lies between 64 and the 256 rows of the table: sqrt(0.9). */
    static const struct {
        double n, share;
    } cases[] = {{0, 0}, {1, 0.05}, {3, 0.15}, {4, 0.2}, {8, 0.28284271247461901}, {16, 0.4},
        {32, 0.6}, {64, 0.9}, {128, 0.94868329805051377}, {256, 1}, {300, 1}, {-1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_double_eq_tol(tp_hot_share(&skewed, 256, cases[i].n), cases[i].share, CLOSE);
    ck_assert_double_eq_tol(tp_hot_share(&even, 256, 64), 0.25, CLOSE);
}
END_TEST

START_TEST(ids_that_are_all_alike_are_shared_evenly_everywhere)
{
    struct tp_hot_point alike[] = {{1, 0.001}, {10, 0.01}, {100, 0.1}};
    struct tp_feature feature = {.hot_rows = alike, .hot_count = 3};
    for (int n = 0; n <= 1000; n++)
        ck_assert_double_eq_tol(tp_hot_share(&feature, 1000, n), n / 1000.0, CLOSE);
}
END_TEST

START_TEST(rows_share_the_lookups_by_the_order_of_the_rows)
{
    /* Blocks of a table with 10 rows, of which one gets 0.4, two 0.6, all 1.
     * R = 1: everything. R = 3: blocks of 4, 4, 2. R = 4: 3, 3, 3, 1. R = 6: 2, 2, 2, 2, 2, 0.
     * Hashed: 0.4 on the first, 0.06 per row on all. Ranked: C(4) = 0.6 * (1 / 0.6)^(ln 2 / ln 5) =
     * 0.747647, C(8) = 0.6 * (1 / 0.6)^(ln 4 / ln 5) = 0.931625, C(3) = 0.6 * (1 / 0.6)^(ln 1.5 / ln 5) =
     * 0.682404, C(6) = 0.850328, C(9) = 0.967112, C(2) = 0.6. */
    static const struct {
        int64_t row, rows;
        double hashed, ranked;
    } cases[] = {
        {0, 10, 1, 1},
        {0, 4, 0.4 + 0.24, 0.747647},
        {4, 4, 0.24, 0.931625 - 0.747647},
        {8, 2, 0.12, 1 - 0.931625},
        {0, 3, 0.4 + 0.18, 0.682404},
        {3, 3, 0.18, 0.850328 - 0.682404},
        {6, 3, 0.18, 0.967112 - 0.850328},
        {9, 1, 0.06, 1 - 0.967112},
        {0, 2, 0.4 + 0.12, 0.6},
        {10, 0, 0, 0},
        {0, 0, 0, 0},
    };
    struct tp_hot_point two[] = {{1, 0.4}, {2, 0.6}};
    struct tp_feature feature = {.hot_rows = two, .hot_count = 2};
    struct tp_table table = {.rows = 10, .row_order = TP_ROWS_HASHED};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        table.row_order = TP_ROWS_HASHED;
        ck_assert_double_eq_tol(
            tp_row_share(&feature, &table, cases[i].row, cases[i].rows), cases[i].hashed, CLOSE);
        table.row_order = TP_ROWS_RANKED;
        ck_assert_double_eq_tol(
            tp_row_share(&feature, &table, cases[i].row, cases[i].rows), cases[i].ranked, 1e-6);
        ck_assert_double_eq_tol(tp_row_share(&even, &table, cases[i].row, cases[i].rows),
            (double)cases[i].rows / 10, CLOSE);
    }
}
END_TEST

/* Blocks of ceil(rows / R): shares add up to 1, and the first block is the busiest. */
static void assert_first_is_busiest(const struct tp_feature *feature, struct tp_table *table)
{
    for (int64_t ranks = 1; ranks <= 9; ranks++) {
        int64_t block = (table->rows + ranks - 1) / ranks;
        double sum = 0, first = tp_row_share(feature, table, 0, block);
        for (int64_t i = 0; i < ranks; i++) {
            int64_t row = i * block < table->rows ? i * block : table->rows;
            int64_t left = table->rows - row;
            double share = tp_row_share(feature, table, row, left < block ? left : block);
            ck_assert(share >= 0 && share <= first + CLOSE);
            sum += share;
        }
        ck_assert_double_eq_tol(sum, 1, CLOSE);
    }
}

START_TEST(shares_add_up_and_the_first_block_is_the_busiest)
{
    /* The second curve has a kink: 1 row gets 0.05, and then all rows up to 300 as much each. */
    struct tp_hot_point kinked[] = {{1, 0.05}, {19, 0.95}};
    struct tp_feature features[] = {
        {.hot_rows = points, .hot_count = 3}, {.hot_rows = kinked, .hot_count = 2}};
    for (int64_t rows = 64; rows <= 70; rows++)
        for (int i = 0; i < 4; i++) {
            struct tp_table table = {.rows = rows, .row_order = (enum tp_row_order)(i / 2)};
            assert_first_is_busiest(&features[i % 2], &table);
        }
}
END_TEST

START_TEST(lookups_and_ids_of_row_shards_follow)
{
    /* B = 8, R = 4, table of 10 x 4 float32 values, pooling 2, the hottest row gets 0.4: blocks of 3, 3,
     * 3, 1 get 0.58, 0.18, 0.18, 0.06 of 16 ids, 16 bytes each; id bytes 8 * 8 * 2 * share + 8 * 4. */
    static const double lookup[] = {148.48, 46.08, 46.08, 15.36};
    static const double ids[] = {106.24, 55.04, 55.04, 39.68};
    struct tp_hot_point hottest[] = {{1, 0.4}};
    struct tp_rank_load loads[4];
    struct tp_error err;
    struct layout l;
    layout_begin(&l, 8);
    layout_level(&l, 4, 100, 0, 0);
    layout_towers(&l, 1);
    layout_rows(&l, 10, 4, 2, 0);
    l.features[0].hot_rows = hottest;
    l.features[0].hot_count = 1;
    ck_assert_int_eq(tp_cost_rank_loads(&l.model, &l.topology, &l.placement, loads, &err), TP_OK);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(loads[i].lookup_bytes, (int64_t)(lookup[i] + 0.5));
        ck_assert_int_eq(loads[i].id_bytes, (int64_t)(ids[i] + 0.5));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("skew");
    TCase *tcase = tcase_create("skew");
    tcase_add_test(tcase, the_share_of_the_hottest_rows);
    tcase_add_test(tcase, ids_that_are_all_alike_are_shared_evenly_everywhere);
    tcase_add_test(tcase, rows_share_the_lookups_by_the_order_of_the_rows);
    tcase_add_test(tcase, shares_add_up_and_the_first_block_is_the_busiest);
    tcase_add_test(tcase, lookups_and_ids_of_row_shards_follow);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
