/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the matrix of towers: what is said of them holds for every legal assignment, the nearest row
 * is the nearest, and the most of a row is no less than what brute force finds. */
#include "partition/relaxation.h"

#include "problems.h"

#define UNITS 7

static struct tp_pairs pair(const struct tp_problem *p)
{
    struct tp_pairs pairs;
    ck_assert_int_eq(tp_pairs_init(&pairs, p, NULL), TP_OK);
    return pairs;
}

static struct tp_relaxation relax(const struct tp_problem *p)
{
    struct tp_relaxation relaxation;
    ck_assert_int_eq(tp_relaxation_init(&relaxation, p, NULL), TP_OK);
    return relaxation;
}

static void row_of(const int32_t *tower, int32_t unit, double row[UNITS])
{
    for (int32_t v = 0; v < UNITS; v++)
        row[v] = tower[v] == tower[unit];
}

static double distance(const double *a, const double *b)
{
    double sum = 0;
    for (int v = 0; v < UNITS; v++)
        sum += (a[v] - b[v]) * (a[v] - b[v]);
    return sqrt(sum);
}

/* Whether a row is within the limits, up to rounding, and has what must be together or apart. */
static bool holds(const struct tp_problem *p, int32_t unit, const double *row, double slack)
{
    double load[TP_RESOURCES] = {0}, most[TP_RESOURCES] = {0};
    for (int32_t t = 0; t < p->tower_count; t++)
        for (int r = 0; r < TP_RESOURCES; r++)
            if (p->pin[unit] < 0 || p->pin[unit] == t)
                most[r] = fmax(most[r], p->most[t * TP_RESOURCES + r]);
    for (int32_t v = 0; v < UNITS; v++) {
        bool pinned = p->pin[unit] >= 0 && p->pin[v] >= 0;
        if (row[v] < -slack || row[v] > 1 + slack || (v == unit && row[v] < 1 - slack))
            return false;
        if (pinned && fabs(row[v] - (p->pin[unit] == p->pin[v])) > slack)
            return false;
        for (int r = 0; r < TP_RESOURCES; r++)
            load[r] += p->weight[v * TP_RESOURCES + r] * row[v];
    }
    for (int32_t i = p->apart_first[unit]; i < p->apart_first[unit + 1]; i++)
        if (row[p->apart[i]] > slack)
            return false;
    for (int r = 0; r < TP_RESOURCES; r++)
        if (load[r] > most[r] + slack * p->mean[r])
            return false;
    return load[TP_FEATURES] >= p->features_least - slack;
}

START_TEST(test_every_legal_assignment_obeys)
{
    struct tp_problem *p = problem_of_kind(UNITS, _i, 41);
    struct tp_relaxation relaxation = relax(p);
    struct tp_pairs pairs = pair(p);
    int32_t tower[UNITS] = {0};
    do {
        double squares = 0, row[UNITS];
        if (!slow_legal(p, tower))
            continue;
        for (int32_t t = 0; t < p->tower_count; t++) {
            double load[TP_RESOURCES], units = 0;
            slow_load(p, tower, t, load);
            squares += load[TP_FEATURES] * load[TP_FEATURES];
            for (int32_t u = 0; u < UNITS; u++)
                units += tower[u] == t;
            ck_assert_double_le(units, relaxation.eigenvalue_most);
        }
        ck_assert_double_le(squares, relaxation.squares_most + 1e-9);
        for (int32_t u = 0; u < UNITS; u++) {
            struct tp_row_price price = {{0}};
            double projected[UNITS];
            row_of(tower, u, row);
            memcpy(projected, row, sizeof row);
            tp_row_project(&relaxation, u, tp_pairs_of(&pairs, u), projected, &price);
            ck_assert_double_le(distance(row, projected), 1e-6);
        }
    } while (next_towers(p, tower));
    tp_pairs_release(&pairs);
    tp_relaxation_release(&relaxation);
    tp_problem_free(p);
}
END_TEST

/* The nearest point z of a convex set to y is where no point x of the set has (y - z)(x - z) > 0. All x
 * tried are rows of legal assignments; their hull may be smaller than the set, so this is necessary. */
START_TEST(test_the_projection_is_a_row_and_the_nearest)
{
    struct tp_problem *p = problem_of_kind(UNITS, _i, 41);
    struct tp_relaxation relaxation = relax(p);
    struct tp_pairs pairs = pair(p);
    struct tp_random random = tp_random_new((uint64_t)_i, 43);
    for (int k = 0; k < 5; k++) {
        int32_t unit = (int32_t)tp_random_below(&random, UNITS), tower[UNITS] = {0};
        struct tp_row_price price = {{0}};
        double y[UNITS], z[UNITS], row[UNITS];
        for (int v = 0; v < UNITS; v++)
            y[v] = 2 * tp_random_normal(&random);
        for (int again = 0; again < 20; again++) { /* from the prices found before */
            memcpy(z, y, sizeof y);
            tp_row_project(&relaxation, unit, tp_pairs_of(&pairs, unit), z, &price);
        }
        bool any = false;
        do {
            if (!slow_legal(p, tower))
                continue;
            any = true;
            double turn = 0;
            row_of(tower, unit, row);
            for (int v = 0; v < UNITS; v++)
                turn += (y[v] - z[v]) * (row[v] - z[v]);
            ck_assert_double_le(turn, 1e-3);
        } while (next_towers(p, tower));
        ck_assert(!any || holds(p, unit, z, 1e-3));
    }
    tp_pairs_release(&pairs);
    tp_relaxation_release(&relaxation);
    tp_problem_free(p);
}
END_TEST

/* By hand: three units of weight 1 and most 2 features: z = y - price, cut; unit 0 is in. The other
 * two share 1: 0.9 and 0.5 less 0.2 each. */
START_TEST(test_one_limit_is_met_exactly)
{
    struct tp_problem *p = problem_new(3, 2);
    for (int32_t u = 0; u < 3; u++)
        p->weight[u * TP_RESOURCES + TP_FEATURES] = 1;
    p->mean[TP_FEATURES] = 1.5;
    p->feature_count = 3;
    p->most[TP_MEMORY] = p->most[TP_RESOURCES + TP_MEMORY] = DBL_MAX;
    tp_problem_set_limits(p, (struct tp_limits){INFINITY, 1});
    struct tp_relaxation relaxation = relax(p);
    struct tp_pairs pairs = pair(p);
    struct tp_row_price price = {{0}};
    double row[3] = {-5, 0.9, 0.5};
    tp_row_project(&relaxation, 0, tp_pairs_of(&pairs, 0), row, &price);
    ck_assert_double_eq_tol(row[0], 1, 1e-9);
    ck_assert_double_eq_tol(row[1], 0.7, 1e-8);
    ck_assert_double_eq_tol(row[2], 0.3, 1e-8);
    ck_assert_double_eq_tol(price.of[TP_FEATURES], 0.2, 1e-8);
    /* Towers of 2 and 1 features: 4 + 1. */
    ck_assert_double_eq_tol(relaxation.squares_most, 5, 1e-12);
    tp_pairs_release(&pairs);
    tp_relaxation_release(&relaxation);
    tp_problem_free(p);
}
END_TEST

/* By hand: 7 units of weight 1 and one feature each, ratio 3 (0.77 and 7: 1 to 7 features), but a balance of
 * 0.2 allows 1.2 * 3.5 = 4.2 of them in one of the two towers, so 4, and the other has 3: squares 16 + 9. */
START_TEST(test_limits_on_loads_limit_the_number_of_units)
{
    struct tp_problem *p = problem_new(UNITS, 2);
    for (int32_t u = 0; u < UNITS; u++)
        for (int r = 0; r < TP_RESOURCES; r++)
            p->weight[u * TP_RESOURCES + r] = 1;
    for (int r = 0; r < TP_RESOURCES; r++)
        p->mean[r] = 3.5;
    p->feature_count = UNITS;
    p->most[TP_MEMORY] = p->most[TP_RESOURCES + TP_MEMORY] = DBL_MAX;
    tp_problem_set_limits(p, (struct tp_limits){0.2, 3});
    ck_assert_double_eq_tol(p->most[TP_FEATURES], 7, 1e-9);
    struct tp_relaxation relaxation = relax(p);
    ck_assert_double_eq_tol(relaxation.eigenvalue_most, 4, 1e-12);
    ck_assert_double_eq_tol(relaxation.squares_most, 25, 1e-12);
    ck_assert_double_eq_tol(relaxation.features_least, 3, 1e-12);
    ck_assert_double_eq_tol(relaxation.most[TP_FEATURES][0], 4, 1e-12);
    tp_relaxation_release(&relaxation);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_no_row_gains_more_than_is_said)
{
    struct tp_problem *p = problem_of_kind(UNITS, _i, 41);
    struct tp_relaxation relaxation = relax(p);
    struct tp_pairs pairs = pair(p);
    struct tp_random random = tp_random_new((uint64_t)_i, 47);
    struct tp_row_item items[UNITS];
    for (int32_t unit = 0; unit < UNITS; unit++) {
        struct tp_row_price price = {{0}};
        double gain[UNITS], row[UNITS], best = -INFINITY;
        int32_t tower[UNITS] = {0};
        for (int v = 0; v < UNITS; v++)
            gain[v] = tp_random_normal(&random);
        for (int r = 0; r < TP_FEATURES && unit % 2; r++)
            price.of[r] = tp_random_uniform(&random);
        do {
            double sum = 0;
            if (!slow_legal(p, tower))
                continue;
            row_of(tower, unit, row);
            for (int v = 0; v < UNITS; v++)
                sum += gain[v] * row[v];
            best = fmax(best, sum);
        } while (next_towers(p, tower));
        ck_assert_double_le(best,
            tp_row_most(&relaxation, unit, tp_pairs_of(&pairs, unit), gain, &price, items) + 1e-9);
    }
    tp_pairs_release(&pairs);
    tp_relaxation_release(&relaxation);
    tp_problem_free(p);
}
END_TEST

/* Units of one feature and no other limit: the best row is u itself and the best of the others. */
START_TEST(test_with_one_limit_the_most_is_that_of_the_best_row)
{
    struct recipe recipe = {.units = UNITS, .towers = 3, .affinity = 1, .features_most = 1};
    struct tp_random random = tp_random_new((uint64_t)_i, 53);
    struct tp_problem *p = problem_random(&recipe, &random);
    tp_problem_set_limits(p, (struct tp_limits){INFINITY, 1}); /* 2 or 3 of 7 */
    struct tp_relaxation relaxation = relax(p);
    struct tp_pairs pairs = pair(p);
    struct tp_row_price none = {{0}};
    struct tp_row_item items[UNITS];
    double gain[UNITS], best = -INFINITY;
    for (int v = 0; v < UNITS; v++)
        gain[v] = tp_random_normal(&random) - 0.5;
    for (int a = 1; a < UNITS; a++)
        for (int b = 1; b <= a; b++) /* b == a: a tower of two */
            best = fmax(best, gain[0] + gain[a] + (a != b ? gain[b] : 0));
    ck_assert_double_eq_tol(
        tp_row_most(&relaxation, 0, tp_pairs_of(&pairs, 0), gain, &none, items), best, 1e-12);
    tp_pairs_release(&pairs);
    tp_relaxation_release(&relaxation);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relaxation");
    TCase *tcase = tcase_create("relaxation");
    tcase_add_loop_test(tcase, test_every_legal_assignment_obeys, 0, 128);
    tcase_add_loop_test(tcase, test_the_projection_is_a_row_and_the_nearest, 0, 128);
    tcase_add_test(tcase, test_one_limit_is_met_exactly);
    tcase_add_test(tcase, test_limits_on_loads_limit_the_number_of_units);
    tcase_add_loop_test(tcase, test_no_row_gains_more_than_is_said, 0, 128);
    tcase_add_loop_test(tcase, test_with_one_limit_the_most_is_that_of_the_best_row, 0, 16);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
