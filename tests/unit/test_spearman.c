/* SPDX-License-Identifier: Apache-2.0 */
/* Rank correlation, against values worked by hand. */
#include "affinity/spearman.h"

#include "scratch.h"

#include <math.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* Without ties rho = 1 - 6 sum d^2 / (n (n^2 - 1)); with ties the correlation of the average ranks:
 *   5 numbers, order 2 1 4 3 5 against 1 2 3 4 5: sum d^2 = 4, 1 - 24/120 = 0.8;
 *   1 2 2 3 has ranks 1 2.5 2.5 4, centred -1.5 0 0 1.5; against -1.5 -0.5 0.5 1.5:
 *     4.5 / sqrt(4.5 * 5) = sqrt(0.9);
 *   1 1 2 2 centred -1 -1 1 1, against 1 2 1 2, centred -1 1 -1 1: 0;
 *   0 0 0 1 centred -0.5 -0.5 -0.5 1.5, against 3 1 2 1, centred 1.5 -1 0.5 -1:
 *     (-0.75 + 0.5 - 0.25 - 1.5) / sqrt(3 * 4.5) = -2 / sqrt(13.5). */
static const struct {
    size_t count;
    float x[5], y[5];
    double rho;
} pairs[] = {
    {5, {1, 2, 3, 4, 5}, {2, 1, 4, 3, 5}, 0.8},
    {5, {1, 2, 3, 4, 5}, {0.1f, 0.2f, 7, 8, 1e30f}, 1},
    {5, {1, 2, 3, 4, 5}, {5, 4, 3, 2, -1}, -1},
    {4, {1, 2, 2, 3}, {10, 20, 30, 40}, 0.948683298050513800},
    {4, {1, 1, 2, 2}, {1, 2, 1, 2}, 0},
    {4, {0, 0, 0, 1}, {3, 1, 2, 1}, -0.544331053951817355},
    {2, {1, 2}, {0.5f, 0.25f}, -1},
    {3, {1, 1, 1}, {1, 2, 3}, NAN},
    {3, {1, 2, 3}, {2, 2, 2}, NAN},
    {1, {1}, {1}, NAN},
    {0, {0}, {0}, NAN},
};

static void ck_rho(double found, double expected)
{
    ck_assert_msg(isnan(expected) ? isnan(found) : fabs(found - expected) < 1e-12,
        "found %.15g, expected %.15g", found, expected);
}

START_TEST(two_lists_give_rho)
{
    double rho = 7;
    struct tp_error err;
    const float *lists[] = {pairs[_i].x, pairs[_i].y}, *turned[] = {pairs[_i].y, pairs[_i].x};
    ck_ok(tp_spearman(lists, 2, pairs[_i].count, &rho, &err), err);
    ck_rho(rho, pairs[_i].rho);
    ck_ok(tp_spearman(turned, 2, pairs[_i].count, &rho, &err), err);
    ck_rho(rho, pairs[_i].rho);
}
END_TEST

/* 1 2 3 4 5 against 2 1 4 3 5: 0.8; against 5 4 3 2 1: -1; the last two -0.8. */
START_TEST(several_lists_give_the_mean)
{
    static const float up[] = {1, 2, 3, 4, 5}, near[] = {2, 1, 4, 3, 5}, down[] = {5, 4, 3, 2, 1};
    const float *lists[] = {up, near, down}, *same[] = {near, near, near, near};
    double rho = 7;
    struct tp_error err;
    ck_ok(tp_spearman(lists, 3, 5, &rho, &err), err);
    ck_rho(rho, (0.8 - 1 - 0.8) / 3);
    ck_ok(tp_spearman(same, 4, 5, &rho, &err), err);
    ck_rho(rho, 1);
    ck_assert(rho <= 1);
    ck_ok(tp_spearman(lists, 1, 5, &rho, &err), err);
    ck_rho(rho, NAN);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("spearman");
    tcase_add_loop_test(tcase, two_lists_give_rho, 0, COUNT(pairs));
    tcase_add_test(tcase, several_lists_give_the_mean);
    return run_suite("spearman", tcase);
}
