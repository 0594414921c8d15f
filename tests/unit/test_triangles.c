/* SPDX-License-Identifier: Apache-2.0 */
/* Triangles: no partition breaks one, prices and charges by hand, and what they promise. */
#include "partition/triangles.h"

#include "problems.h"

#define UNITS 6

static struct tp_triangles make(void)
{
    struct tp_triangles triangles;
    ck_assert_int_eq(tp_triangles_init(&triangles, UNITS, NULL), TP_OK);
    return triangles;
}

static void matrix_of(const int32_t *tower, double z[UNITS * UNITS])
{
    for (int u = 0; u < UNITS; u++)
        for (int v = 0; v < UNITS; v++)
            z[u * UNITS + v] = tower[u] == tower[v];
}

/* The next of all ways to put the units into so many towers. */
static bool next(int32_t tower[UNITS], int32_t towers)
{
    for (int u = 0; u < UNITS; u++) {
        if (++tower[u] < towers)
            return true;
        tower[u] = 0;
    }
    return false;
}

START_TEST(test_no_partition_breaks_one)
{
    struct tp_triangles triangles = make();
    double z[UNITS * UNITS];
    int32_t tower[UNITS] = {0};
    do {
        matrix_of(tower, z);
        tp_triangles_find(&triangles, z, UNITS, _i == 2);
        ck_assert_int_eq(triangles.count, 0);
    } while (next(tower, _i));
    tp_triangles_release(&triangles);
}
END_TEST

/* 3 with 1 and 3 with 5 at 1, 1 with 5 at 0.25, nobody else with anybody: broken by 0.75. At a rate of 2
 * the price is 1.5; half of it comes off either order of 31 and 35 and goes onto 15. */
START_TEST(test_a_broken_one_is_charged)
{
    struct tp_triangles triangles = make();
    double z[UNITS * UNITS] = {0}, cost[UNITS * UNITS] = {0};
    z[3 * UNITS + 1] = z[1 * UNITS + 3] = z[3 * UNITS + 5] = z[5 * UNITS + 3] = 1;
    z[1 * UNITS + 5] = 0.5; /* the other half is 0 */
    tp_triangles_find(&triangles, z, UNITS, false);
    ck_assert_int_eq(triangles.count, 1);
    tp_triangles_price(&triangles, z, UNITS, 2, cost);
    ck_assert_double_eq_tol(tp_triangles_worth(&triangles), 1.5, 1e-12);
    for (int u = 0; u < UNITS; u++)
        for (int v = 0; v < UNITS; v++) {
            bool low = (u == 3 && (v == 1 || v == 5)) || (v == 3 && (u == 1 || u == 5));
            bool high = (u == 1 && v == 5) || (u == 5 && v == 1);
            ck_assert_double_eq_tol(cost[u * UNITS + v], low ? -0.75 : high ? 0.75 : 0, 1e-12);
        }
    tp_triangles_release(&triangles);
}
END_TEST

START_TEST(test_one_that_holds_again_gives_its_charge_back_and_is_forgotten)
{
    struct tp_triangles triangles = make();
    double z[UNITS * UNITS] = {0}, cost[UNITS * UNITS] = {0};
    z[0 * UNITS + 1] = z[1 * UNITS + 0] = z[0 * UNITS + 2] = z[2 * UNITS + 0] = 1;
    tp_triangles_find(&triangles, z, UNITS, false);
    tp_triangles_price(&triangles, z, UNITS, 2, cost);
    ck_assert_int_eq(triangles.count, 1);
    memset(z, 0, sizeof z); /* room of 1: the price falls from 2 to below 0 */
    tp_triangles_price(&triangles, z, UNITS, 3, cost);
    ck_assert_int_eq(triangles.count, 0);
    for (int i = 0; i < UNITS * UNITS; i++)
        ck_assert_double_eq_tol(cost[i], 0, 1e-12);
    tp_triangles_release(&triangles);
}
END_TEST

/* Of two towers, three units apart from each other break a cover by 1. */
START_TEST(test_three_units_apart_need_a_third_tower)
{
    struct tp_triangles triangles = make();
    double z[UNITS * UNITS], cost[UNITS * UNITS] = {0};
    int32_t tower[UNITS] = {0, 0, 0, 0, 1, 2};
    matrix_of(tower, z);
    tp_triangles_find(&triangles, z, UNITS, true);
    ck_assert_int_eq(triangles.count, 4); /* 4, 5 and one of the other four */
    tp_triangles_price(&triangles, z, UNITS, 1, cost);
    ck_assert_double_eq_tol(tp_triangles_worth(&triangles), -4, 1e-12);
    ck_assert_double_eq_tol(cost[4 * UNITS + 5], 4 * 0.5, 1e-12);
    ck_assert_double_eq_tol(cost[0 * UNITS + 4], 0.5, 1e-12);
    tp_triangles_release(&triangles);
}
END_TEST

/* Whatever the prices, no partition is worth more than at the charged costs plus what they amount to. */
START_TEST(test_charges_never_lower_the_bound_below_a_partition)
{
    struct tp_triangles triangles = make();
    struct tp_random random = tp_random_new((uint64_t)_i, 83);
    double cost[UNITS * UNITS] = {0}, z[UNITS * UNITS];
    int32_t tower[UNITS] = {0};
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < UNITS * UNITS; i++)
            z[i] = tp_random_uniform(&random);
        tp_triangles_find(&triangles, z, UNITS, _i % 2);
        tp_triangles_price(&triangles, z, UNITS, 1, cost);
    }
    ck_assert_int_gt(triangles.count, 0);
    do {
        double charged = tp_triangles_worth(&triangles);
        matrix_of(tower, z);
        for (int i = 0; i < UNITS * UNITS; i++)
            charged += cost[i] * z[i]; /* beyond the costs without charges */
        ck_assert_double_ge(charged, -1e-9);
    } while (next(tower, _i % 2 ? 2 : 4));
    tp_triangles_release(&triangles);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("triangles");
    TCase *tcase = tcase_create("triangles");
    tcase_add_loop_test(tcase, test_no_partition_breaks_one, 2, 5);
    tcase_add_test(tcase, test_a_broken_one_is_charged);
    tcase_add_test(tcase, test_one_that_holds_again_gives_its_charge_back_and_is_forgotten);
    tcase_add_test(tcase, test_three_units_apart_need_a_third_tower);
    tcase_add_loop_test(tcase, test_charges_never_lower_the_bound_below_a_partition, 0, 8);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
