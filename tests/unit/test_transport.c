/* SPDX-License-Identifier: Apache-2.0 */
/* Cheapest assignments within sizes: against all assignments of few units, and against the removal of
 * cycles that save something for more. */
#include "partition/transport.h"

#include "loops.h"
#include "problems.h"

#define UNITS 60
#define CLUSTERS 7

struct sizes {
    int32_t n, k, least, most;
};

static void random_costs(struct sizes s, bool whole, struct tp_random *random, double *cost)
{
    for (int32_t i = 0; i < s.n * s.k; i++)
        cost[i] = whole ? (double)tp_random_below(random, 4) : tp_random_uniform(random);
}

static struct tp_transport *transport_new(struct sizes s)
{
    struct tp_transport *t = NULL;
    ck_assert_int_eq(tp_transport_new(s.n, s.k, s.least, s.most, &t, NULL), TP_OK);
    return t;
}

/* INFINITY when a cluster is too small or too large. */
static double cost_within(struct sizes s, const double *cost, const int32_t *cluster)
{
    int32_t size[UNITS] = {0};
    double sum = 0;
    for (int32_t u = 0; u < s.n; u++) {
        ck_assert(cluster[u] >= 0 && cluster[u] < s.k);
        size[cluster[u]]++;
        sum += cost[u * s.k + cluster[u]];
    }
    for (int32_t a = 0; a < s.k; a++)
        if (size[a] < s.least || size[a] > s.most)
            return (double)INFINITY;
    return sum;
}

static double brute_force(struct sizes s, const double *cost)
{
    struct tp_problem all = {.unit_count = s.n, .tower_count = s.k};
    int32_t cluster[UNITS] = {0};
    double best = (double)INFINITY;
    do
        best = fmin(best, cost_within(s, cost, cluster));
    while (next_towers(&all, cluster));
    return best;
}

/* The cheapest way from every cluster to every other and to the outside (node k): through units that
 * move, and through sizes that may still grow or shrink. Makes the changes of a cycle that saves
 * something; false: there is none. Floyd and Warshall, all anew each time. */
static bool cancel_cycle(struct sizes s, const double *cost, int32_t *cluster)
{
    double way[CLUSTERS + 1][CLUSTERS + 1];
    int32_t hop[CLUSTERS + 1][CLUSTERS + 1], unit[CLUSTERS + 1][CLUSTERS + 1];
    int32_t size[CLUSTERS] = {0};
    for (int32_t u = 0; u < s.n; u++)
        size[cluster[u]]++;
    for (int32_t a = 0; a <= s.k; a++)
        for (int32_t b = 0; b <= s.k; b++) {
            way[a][b] = (double)INFINITY;
            hop[a][b] = b;
            if ((b == s.k && a < s.k && size[a] < s.most) ||
                (a == s.k && b < s.k && size[b] > s.least))
                way[a][b] = 0;
        }
    for (int32_t u = 0; u < s.n; u++)
        for (int32_t b = 0; b < s.k; b++) {
            int32_t a = cluster[u];
            double more = cost[u * s.k + b] - cost[u * s.k + a];
            if (a != b && more < way[a][b]) {
                way[a][b] = more;
                unit[a][b] = u;
            }
        }
    for (int32_t m = 0; m <= s.k; m++)
        for (int32_t a = 0; a <= s.k; a++)
            for (int32_t b = 0; b <= s.k; b++) {
                if (way[a][m] + way[m][b] >= way[a][b])
                    continue;
                way[a][b] = way[a][m] + way[m][b];
                hop[a][b] = hop[a][m];
                if (a != b || way[a][a] >= -1e-9)
                    continue;
                int32_t at = a;
                do {
                    int32_t to = hop[at][a];
                    if (at < s.k && to < s.k)
                        cluster[unit[at][to]] = to;
                    at = to;
                } while (at != a);
                return true;
            }
    return false;
}

static double slow_best(struct sizes s, const double *cost)
{
    int32_t cluster[UNITS];
    for (int32_t u = 0; u < s.n; u++)
        cluster[u] = u % s.k;
    while (cancel_cycle(s, cost, cluster)) {
    }
    return cost_within(s, cost, cluster);
}

START_TEST(test_few_units_are_assigned_as_cheaply_as_any_assignment)
{
    struct tp_random random = tp_random_new((uint64_t)_i, 41);
    struct sizes s = {.n = 1 + (int32_t)tp_random_below(&random, 7)};
    s.k = 1 + (int32_t)tp_random_below(&random, s.n < 4 ? s.n : 4);
    s.least = (int32_t)tp_random_below(&random, s.n / s.k + 1);
    int32_t needed = (s.n + s.k - 1) / s.k;
    s.most = needed + (int32_t)tp_random_below(&random, s.n - needed + 1);
    struct tp_transport *t = transport_new(s);
    for (int round = 0; round < 5; round++) {
        double cost[7 * 4];
        random_costs(s, _i % 2, &random, cost);
        const int32_t *cluster = tp_transport_solve(t, cost);
        ck_assert_double_eq_tol(cost_within(s, cost, cluster), brute_force(s, cost), 1e-12);
    }
    tp_transport_free(t);
}
END_TEST

START_TEST(test_more_units_are_assigned_so_that_no_cycle_saves_anything)
{
    static const struct sizes sizes[] = {{60, 7, 8, 9}, {60, 6, 10, 10}, {60, 7, 0, 60},
        {60, 7, 4, 20}, {60, 7, 8, 60}, {60, 7, 0, 9}, {7, 7, 1, 1}, {60, 1, 60, 60},
        {60, 2, 0, 30}};
    struct sizes s = sizes[_i / 2];
    struct tp_random random = tp_random_new((uint64_t)_i, 42);
    struct tp_transport *t = transport_new(s);
    double cost[UNITS * CLUSTERS];
    for (int round = 0; round < 20; round++) {
        random_costs(s, _i % 2, &random, cost);
        const int32_t *cluster = tp_transport_solve(t, cost);
        ck_assert_double_eq_tol(cost_within(s, cost, cluster), slow_best(s, cost), 1e-9);
    }
    tp_transport_free(t);
}
END_TEST

START_TEST(test_units_that_all_prefer_one_cluster_fill_it_and_no_more)
{
    /* 24 units that all prefer cluster 0, and then 1 and 2 alike: 8 of each. */
    struct sizes s = {24, 3, 8, 8};
    struct tp_transport *t = transport_new(s);
    double cost[24 * 3];
    for (int32_t u = 0; u < s.n; u++) {
        cost[u * 3] = 0;
        cost[u * 3 + 1] = cost[u * 3 + 2] = 1;
    }
    ck_assert_double_eq(cost_within(s, cost, tp_transport_solve(t, cost)), 16);
    tp_transport_free(t);
}
END_TEST

START_TEST(test_old_prices_lead_to_the_same_cost_as_none)
{
    struct sizes s = {60, 7, 5, 12};
    struct tp_random random = tp_random_new(1, 43);
    struct tp_transport *warm = transport_new(s);
    double cost[UNITS * CLUSTERS];
    random_costs(s, false, &random, cost);
    for (int round = 0; round < 30; round++) {
        struct tp_transport *cold = transport_new(s);
        for (int32_t i = 0; i < s.n * s.k; i++)
            cost[i] += 0.1 * tp_random_normal(&random);
        ck_assert_double_eq_tol(cost_within(s, cost, tp_transport_solve(warm, cost)),
            cost_within(s, cost, tp_transport_solve(cold, cost)), 1e-9);
        tp_transport_free(cold);
    }
    tp_transport_free(warm);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transport");
    TCase *tcase = tcase_create("transport");
    tcase_add_loop_test(
        tcase, test_few_units_are_assigned_as_cheaply_as_any_assignment, 0, LOOPS(200));
    tcase_add_loop_test(
        tcase, test_more_units_are_assigned_so_that_no_cycle_saves_anything, 0, LOOPS(18));
    tcase_add_test(tcase, test_units_that_all_prefer_one_cluster_fill_it_and_no_more);
    tcase_add_test(tcase, test_old_prices_lead_to_the_same_cost_as_none);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
