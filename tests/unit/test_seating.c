/* SPDX-License-Identifier: Apache-2.0 */
/* Seats of towers where hosts differ: examples computed by hand, and all permutations of random ones. */
#include "plan/seating.h"

#include "placements.h"
#include "plan/place.h"

#define GIB (INT64_C(1) << 30)
#define TOWERS_MAX 4

static void seat(struct workload *w, int32_t *tower)
{
    struct tp_problem *problem;
    struct tp_error err = {0};
    int32_t ranks = tp_topology_ranks_per_tower(&w->topology);
    ck_assert_msg(tp_problem_new(&w->model, &w->topology, ranks, NULL, &problem, &err) == TP_OK,
        "%s", err.text);
    ck_assert_int_eq(tp_seat_towers(&w->model, &w->topology, problem, 0, tower, &err), TP_OK);
    tp_problem_free(problem);
}

/* NULL: does not fit. To be freed. */
static struct tp_placement *place(const struct workload *w, const int32_t *tower)
{
    struct tp_placement *placement;
    struct tp_error err = {0};
    ck_assert_int_eq(tp_place(&w->model, &w->topology, tp_topology_ranks_per_tower(&w->topology),
                         tower, 0, &placement, NULL, &err),
        TP_OK);
    return placement;
}

/* Three hosts of one rank, a table each: O = 64, 32, 16, in all 112. Out go 2 O = 128, 64, 32 values
 * per sample, in come 112 - O = 48, 80, 96; so the uplinks carry 128, 80, 96. */
static void begin_three(struct workload *w, int32_t slow_host)
{
    workload_begin(w, 3, 1, GIB);
    for (int32_t dim = 64; dim >= 16; dim /= 2)
        workload_table(w, 1000, dim, 1, 1);
    for (int32_t h = 0; h < 3; h++)
        w->hosts[h].uplink_bytes_per_s = h == slow_host ? 1e8 : 1e10;
}

START_TEST(test_the_tower_with_least_traffic_gets_the_slow_uplink)
{
    /* That is the second, with 80; wherever the slow uplink is, the two others wait for it:
     * 64 samples x 80 values x 4 bytes / 1e8 bytes/s, and 2 messages of 10 us. */
    struct workload w;
    int32_t tower[3] = {0, 1, 2};
    begin_three(&w, _i);
    seat(&w, tower);
    ck_assert_int_eq(tower[1], _i);
    ck_assert_int_eq(tower[0] + tower[1] + tower[2], 3);
    struct tp_placement *placement = place(&w, tower);
    struct tp_step_cost cost;
    struct tp_error err;
    tp_cost_step(&w.model, &w.topology, placement, TP_MODE_SPTT, &cost, &err);
    ck_assert_double_eq_tol(
        cost.phases[TP_PHASE_EMBEDDING_ALLTOALL].seconds, 64.0 * 80 * 4 / 1e8 + 2e-5, 1e-12);
    tp_placement_free(placement);
}
END_TEST

START_TEST(test_a_pinned_tower_stays)
{
    struct workload w;
    int32_t tower[3] = {0, 1, 2};
    begin_three(&w, 0);
    workload_pin(&w, _i, _i);
    seat(&w, tower);
    ck_assert_int_eq(tower[_i], _i);
    ck_assert_int_eq(tower[0] == 0, _i == 0); /* the first leaves unless it is pinned itself */
    ck_assert_int_eq(tower[2] == 0, _i == 1); /* the second best takes its place then */
}
END_TEST

/* The second tower has 2 million rows, 256 MB, and the slow host 128 MiB. The third takes it. */
START_TEST(test_a_host_gets_no_tower_that_its_memory_cannot_hold)
{
    struct workload w;
    int32_t tower[3] = {0, 1, 2};
    begin_three(&w, 0);
    w.tables[1].rows = 2000000;
    w.hosts[0].memory_bytes = GIB / 8;
    seat(&w, tower);
    ck_assert_int_eq(tower[2], 0);
    ck_assert_int_ne(tower[1], 0);
}
END_TEST

/* Hosts of two ranks; three tables in the first tower, two in each other, all alike, with few rows and
 * much to send, so that cutting them by rows saves nothing. The first tower brings most to the slow
 * uplink of its host. The second host has just too little memory for two tables on one rank, though
 * enough in all for three on both: the exchange with it is made in vain, and that with the third not. */
START_TEST(test_where_a_guess_does_not_fit_seats_of_equal_memory_are_exchanged)
{
    struct workload w;
    int32_t tower[9] = {0, 0, 0, 1, 1, 2, 2, 3, 3}, exchanged[9] = {1, 1, 1, 0, 0, 2, 2, 3, 3};
    workload_begin(&w, 4, 2, GIB);
    w.model.local_batch_size = 4096;
    workload_tables(&w, 9, 10, 4);
    for (int32_t h = 0; h < 4; h++)
        w.hosts[h].uplink_bytes_per_s = h == 0 ? 1e8 : 1e10;
    for (bool fits = true; fits;) {
        w.hosts[1].memory_bytes -= w.hosts[1].memory_bytes / 64;
        struct tp_placement *placement = place(&w, exchanged);
        fits = placement != NULL;
        tp_placement_free(placement);
    }
    seat(&w, tower);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(tower[i], i < 3 ? 2 : i < 5 ? 1 : i < 7 ? 0 : 3);
}
END_TEST

/* A tower's host has O / 2 = 32, 16, 8. In flat mode go out 5 of that = 160, 80, 40, and come in 112 less
 * that = 80, 96, 104. sptt moves more, so flat counts: the second again. */
START_TEST(test_of_two_hosts_of_a_tower_the_slower_counts)
{
    struct workload w;
    int32_t tower[3] = {0, 1, 2};
    workload_begin(&w, 6, 1, GIB);
    w.topology.hosts_per_tower = 2;
    for (int32_t dim = 64; dim >= 16; dim /= 2)
        workload_table(&w, 1000, dim, 1, 1);
    for (int32_t h = 0; h < 6; h++)
        w.hosts[h].uplink_bytes_per_s = h == _i ? 1e8 : 1e10;
    seat(&w, tower);
    ck_assert_int_eq(tower[1], _i / 2);
}
END_TEST

/* The same uplinks, or none that is shared, or one fast enough for all: nothing to gain. */
START_TEST(test_nothing_changes_without_gain)
{
    for (int kind = 0; kind < 3; kind++) {
        struct workload w;
        int32_t tower[3] = {2, 0, 1};
        begin_three(&w, 1);
        for (int32_t h = 0; h < 3; h++)
            w.hosts[h].uplink_bytes_per_s = kind == 0 ? 1e8 : kind == 1 ? 0 : h ? 1e13 : 1e12;
        w.hosts[1].memory_bytes = GIB / 2;
        seat(&w, tower);
        ck_assert(tower[0] == 2 && tower[1] == 0 && tower[2] == 1);
    }
}
END_TEST

/* Up to four towers of random tables on hosts that differ in memory and uplink. */
static void begin_random(struct workload *w, int32_t *tower, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 5);
    int32_t towers = 2 + (int32_t)tp_random_below(&random, TOWERS_MAX - 1);
    int32_t hosts = 1 + (int32_t)tp_random_below(&random, 2);
    workload_begin(w, towers * hosts, 1 + (int32_t)tp_random_below(&random, 2), GIB);
    w->topology.hosts_per_tower = hosts;
    if (tp_random_below(&random, 2))
        w->model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 8, 0};
    for (int32_t i = 0; i < 3 * towers; i++) {
        workload_table(w, 1000 + (int64_t)tp_random_below(&random, 200000),
            8 << tp_random_below(&random, 4), 1, 1);
        tower[i] = i < towers ? i : (int32_t)tp_random_below(&random, towers);
    }
    for (int32_t h = 0; h < towers * hosts; h++) {
        w->hosts[h].uplink_bytes_per_s = 1e8 * (double)(1 + tp_random_below(&random, 20));
        w->hosts[h].memory_bytes = tp_random_below(&random, 2) ? GIB : GIB / 16;
    }
}

static bool next_permutation(int32_t *seat, int32_t count)
{
    int32_t i = count - 1, j = count - 1;
    while (i > 0 && seat[i - 1] >= seat[i])
        i--;
    if (i == 0)
        return false;
    while (seat[j] <= seat[i - 1])
        j--;
    int32_t swap = seat[i - 1];
    seat[i - 1] = seat[j];
    seat[j] = swap;
    for (j = count - 1; i < j; i++, j--) {
        swap = seat[i];
        seat[i] = seat[j];
        seat[j] = swap;
    }
    return true;
}

/* Seconds in the faster of the modes that compute the same, and in the fastest of all; INFINITY: the
 * towers do not fit. */
struct pace {
    double same, any;
};

static struct pace pace(const struct workload *w, const int32_t *tower)
{
    struct tp_placement *placement = place(w, tower);
    struct pace pace = {INFINITY, INFINITY};
    if (placement) {
        pace.same = fmin(
            step_seconds(w, placement, TP_MODE_FLAT), step_seconds(w, placement, TP_MODE_SPTT));
        pace.any = fmin(pace.same, step_seconds(w, placement, TP_MODE_DMT));
    }
    tp_placement_free(placement);
    return pace;
}

/* The fewest seconds of all permutations that are no slower than `before` in any mode. */
static double fewest(const struct workload *w, const int32_t *tower, struct pace before)
{
    int32_t seats[TOWERS_MAX] = {0, 1, 2, 3}, other[3 * TOWERS_MAX];
    double least = before.same;
    while (next_permutation(seats, tp_topology_towers(&w->topology))) {
        for (int32_t i = 0; i < w->model.table_count; i++)
            other[i] = seats[tower[i]];
        struct pace now = pace(w, other);
        if (now.any <= before.any)
            least = fmin(least, now.same);
    }
    return least;
}

static void assert_same_groups(const int32_t *a, const int32_t *b, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        for (int32_t j = 0; j < i; j++)
            ck_assert_int_eq(a[i] == a[j], b[i] == b[j]);
}

START_TEST(test_seats_are_never_slower_and_mostly_the_best_of_all)
{
    int count = 0, improved = 0, best = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct workload w;
        int32_t tower[3 * TOWERS_MAX], seated[3 * TOWERS_MAX];
        begin_random(&w, tower, seed);
        struct pace before = pace(&w, tower);
        if (isinf(before.same))
            continue;
        memcpy(seated, tower, sizeof seated);
        seat(&w, seated);
        struct pace after = pace(&w, seated);
        assert_same_groups(seated, tower, w.model.table_count);
        ck_assert(after.same <= before.same && after.any <= before.any);
        count++;
        improved += after.same < before.same || after.any < before.any;
        best += after.same <= 1.01 * fewest(&w, tower, before);
    }
    ck_assert_int_ge(improved, count / 3);
    ck_assert_int_ge(best, count * 9 / 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("seating");
    TCase *tcase = tcase_create("seating");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_the_tower_with_least_traffic_gets_the_slow_uplink, 0, 3);
    tcase_add_loop_test(tcase, test_a_pinned_tower_stays, 0, 3);
    tcase_add_test(tcase, test_a_host_gets_no_tower_that_its_memory_cannot_hold);
    tcase_add_test(tcase, test_where_a_guess_does_not_fit_seats_of_equal_memory_are_exchanged);
    tcase_add_loop_test(tcase, test_of_two_hosts_of_a_tower_the_slower_counts, 0, 6);
    tcase_add_test(tcase, test_nothing_changes_without_gain);
    tcase_add_test(tcase, test_seats_are_never_slower_and_mostly_the_best_of_all);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
