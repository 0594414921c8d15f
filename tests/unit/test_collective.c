/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds of alltoall and allreduce, against values worked out by hand in comments. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "cost/collective.h"

#include "layout.h"

#define CLOSE 1e-12

/* Two hosts of two ranks; host 100 bytes/s and 1 s latency, cluster 10 bytes/s and 2 s. */
static void make_two_hosts(struct layout *l, double uplink)
{
    layout_begin(l, 4);
    layout_level(l, 2, 100, 1, 0);
    layout_level(l, 2, 10, 2, uplink);
}

static struct tp_traffic *new_traffic(const struct layout *l, int32_t world)
{
    struct tp_traffic *traffic = NULL;
    struct tp_error err;
    ck_assert_msg(tp_traffic_new(&l->topology, &traffic, &err) == TP_OK, "%s", err.text);
    traffic->world = world;
    return traffic;
}

/* One message, at the level where the two ranks meet. */
static void send(
    const struct layout *l, struct tp_traffic *traffic, int32_t from, int32_t to, double bytes)
{
    int32_t level = tp_topology_joins(&l->topology, from, to);
    traffic->sent[from * traffic->level_count + level] += bytes;
    traffic->received[to * traffic->level_count + level] += bytes;
    if (traffic->peers[level] == 0)
        traffic->peers[level] = 1;
}

/* Frees the traffic. */
static double alltoall(
    const struct layout *l, struct tp_traffic *traffic, double bytes[TP_LEVELS_MAX])
{
    double seconds = tp_alltoall_seconds(&l->topology, traffic, bytes);
    tp_traffic_free(traffic);
    return seconds;
}

START_TEST(test_curve_is_interpolated_in_logs_and_clamped)
{
    /* Between (16, 20) and (64, 5), 32 is half the way in logs: sqrt(20 * 5) = 10. */
    static const struct {
        double world, rate;
    } cases[] = {{2, 20}, {16, 20}, {32, 10}, {64, 5}, {128, 2.5}, {256, 1.25}, {1000, 1.25}};
    struct tp_curve_point points[] = {{16, 20}, {64, 5}, {256, 1.25}};
    struct tp_curve curve = {points, 3};
    ck_assert_double_eq_tol(tp_curve_at(&curve, cases[_i].world), cases[_i].rate, CLOSE);
}
END_TEST

START_TEST(test_curve_of_one_point_is_that_rate_everywhere)
{
    struct tp_curve_point point = {64, 7};
    struct tp_curve curve = {&point, 1};
    ck_assert_double_eq(tp_curve_at(&curve, 2), 7);
    ck_assert_double_eq(tp_curve_at(&curve, 64), 7);
    ck_assert_double_eq(tp_curve_at(&curve, 512), 7);
}
END_TEST

START_TEST(test_alltoall_charges_the_larger_direction_of_the_busiest_rank)
{
    /* Cluster: rank 2 receives 20 + 30 = 50, more than any rank sends: 2 + 50/10 = 7 s. Host: 1 +
     * 100/100 = 2 s, at the same time. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 0);
    struct tp_traffic *traffic = new_traffic(&l, 4);
    send(&l, traffic, 0, 1, 100);
    send(&l, traffic, 0, 2, 20);
    send(&l, traffic, 1, 2, 30);
    ck_assert_double_eq_tol(alltoall(&l, traffic, bytes), 7, CLOSE);
    ck_assert_double_eq(bytes[0], 100);
    ck_assert_double_eq(bytes[1], 50);
    ck_assert_double_eq(bytes[2], 0);
}
END_TEST

START_TEST(test_alltoall_lasts_as_long_as_its_slowest_level)
{
    /* Host: 1 + 1000/100 = 11 s; cluster: 2 + 50/10 = 7 s. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 0);
    struct tp_traffic *traffic = new_traffic(&l, 4);
    send(&l, traffic, 0, 1, 1000);
    send(&l, traffic, 0, 2, 50);
    ck_assert_double_eq_tol(alltoall(&l, traffic, bytes), 11, CLOSE);
}
END_TEST

START_TEST(test_alltoall_pays_latency_per_peer_that_exists)
{
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 0);
    ck_assert_double_eq(alltoall(&l, new_traffic(&l, 1), bytes), 0);

    struct tp_traffic *inside = new_traffic(&l, 2);
    send(&l, inside, 0, 1, 50); /* 1 + 0.5 s, nothing for the cluster's 2 s */
    ck_assert_double_eq_tol(alltoall(&l, inside, bytes), 1.5, CLOSE);

    struct tp_traffic *across = new_traffic(&l, 4);
    send(&l, across, 0, 2, 50);
    across->peers[1] = 2; /* 2 * 2 + 5 s */
    ck_assert_double_eq_tol(alltoall(&l, across, bytes), 9, CLOSE);
}
END_TEST

START_TEST(test_uplink_carries_the_sum_of_its_ranks)
{
    /* 30 bytes from each rank of host 0: 60/8 = 7.5 s on the uplink, 3 s on a rank's own link. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 8);
    struct tp_traffic *traffic = new_traffic(&l, 4);
    send(&l, traffic, 0, 2, 30);
    send(&l, traffic, 1, 3, 30);
    ck_assert_double_eq_tol(alltoall(&l, traffic, bytes), 2 + 7.5, CLOSE);
    ck_assert_double_eq(bytes[1], 30);
}
END_TEST

START_TEST(test_uplink_directions_do_not_add_up)
{
    /* 30 out and 30 in: 30/8 = 3.75 s. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 8);
    struct tp_traffic *traffic = new_traffic(&l, 4);
    send(&l, traffic, 0, 2, 30);
    send(&l, traffic, 2, 0, 30);
    ck_assert_double_eq_tol(alltoall(&l, traffic, bytes), 2 + 3.75, CLOSE);
}
END_TEST

START_TEST(test_uplink_of_one_host_may_differ)
{
    /* Host 1 receives 60 at 4 bytes/s. Without an uplink of its own, host 0's 60/8 s remain. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 8);
    for (int turn = 0; turn < 2; turn++) {
        l.hosts[1].uplink_bytes_per_s = turn == 0 ? 4 : 0;
        struct tp_traffic *traffic = new_traffic(&l, 4);
        send(&l, traffic, 0, 2, 30);
        send(&l, traffic, 1, 3, 30);
        ck_assert_double_eq_tol(alltoall(&l, traffic, bytes), 2 + (turn == 0 ? 15 : 7.5), CLOSE);
    }
}
END_TEST

START_TEST(test_traffic_between_racks_passes_the_uplinks_of_hosts)
{
    /* Rank 0 to rank 4: pod 3 + 100/50 = 5 s; the uplink of host 0, 100/5 = 20 s, is the slower one
     * although no two ranks meet at the rack level. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    layout_begin(&l, 8);
    layout_level(&l, 2, 100, 1, 0);
    layout_level(&l, 2, 10, 2, 5);
    layout_level(&l, 2, 50, 3, 0);
    struct tp_traffic *traffic = new_traffic(&l, 8);
    send(&l, traffic, 0, 4, 100);
    ck_assert_double_eq_tol(alltoall(&l, traffic, bytes), 20, CLOSE);
    ck_assert_double_eq(bytes[1], 0);
    ck_assert_double_eq(bytes[2], 100);
}
END_TEST

START_TEST(test_uplink_of_a_rack_is_shared_by_its_hosts)
{
    /* 100 bytes from each of the 4 ranks of rack 0: 400/20 = 20 s, beside 100/50 on their own
     * links. Traffic inside the rack does not pass it. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    layout_begin(&l, 8);
    layout_level(&l, 2, 100, 0, 0);
    layout_level(&l, 2, 100, 0, 0);
    layout_level(&l, 2, 50, 3, 20);
    struct tp_traffic *traffic = new_traffic(&l, 8);
    for (int32_t g = 0; g < 4; g++)
        send(&l, traffic, g, 4 + g, 100);
    send(&l, traffic, 0, 2, 500);
    ck_assert_double_eq_tol(alltoall(&l, traffic, bytes), 3 + 20, CLOSE);
}
END_TEST

START_TEST(test_alltoall_curve_replaces_the_bandwidth_only)
{
    /* 50 bytes at 5 bytes/s instead of 10, latency 2 s kept; a slower uplink still counts. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    struct tp_curve_point points[] = {{4, 5}, {8, 1}};
    for (int turn = 0; turn < 2; turn++) {
        make_two_hosts(&l, turn == 0 ? 0 : 2);
        l.topology.levels[1].alltoall = (struct tp_curve){points, 2};
        struct tp_traffic *traffic = new_traffic(&l, 4);
        send(&l, traffic, 0, 2, 50);
        ck_assert_double_eq_tol(alltoall(&l, traffic, bytes), 2 + (turn == 0 ? 10 : 25), CLOSE);
    }
}
END_TEST

/* Uplink 8 for two ranks: 4 each, less than the link's 10. A curve of 3 is 3/4 of that, and so
 * carries three quarters of everything. */
START_TEST(test_alltoall_curve_is_an_efficiency_of_shared_uplinks)
{
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    struct tp_curve_point point = {4, 3};
    make_two_hosts(&l, 8);
    l.topology.levels[1].alltoall = (struct tp_curve){&point, 1};

    struct tp_traffic *alike = new_traffic(&l, 4); /* as it was measured: 30 / 3 s */
    send(&l, alike, 0, 2, 30);
    send(&l, alike, 1, 3, 30);
    ck_assert_double_eq_tol(alltoall(&l, alike, bytes), 2 + 10, CLOSE);

    struct tp_traffic *alone = new_traffic(&l, 4); /* the whole uplink: 30 / 6 s */
    send(&l, alone, 0, 2, 30);
    ck_assert_double_eq_tol(alltoall(&l, alone, bytes), 2 + 5, CLOSE);

    point.bytes_per_s = 20; /* faster than the uplink: 60 / 8 s, and 30 / 8 s */
    struct tp_traffic *fast = new_traffic(&l, 4);
    send(&l, fast, 0, 2, 30);
    send(&l, fast, 1, 3, 30);
    ck_assert_double_eq_tol(alltoall(&l, fast, bytes), 2 + 7.5, CLOSE);
    struct tp_traffic *link = new_traffic(&l, 4);
    send(&l, link, 0, 2, 30);
    ck_assert_double_eq_tol(alltoall(&l, link, bytes), 2 + 3.75, CLOSE);
}
END_TEST

START_TEST(test_cleared_traffic_is_empty)
{
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 8);
    struct tp_traffic *traffic = new_traffic(&l, 4);
    send(&l, traffic, 0, 1, 100);
    send(&l, traffic, 3, 0, 100);
    tp_traffic_clear(traffic);
    ck_assert_int_eq(traffic->world, 1);
    ck_assert_double_eq(alltoall(&l, traffic, bytes), 0);
    ck_assert_double_eq(bytes[0], 0);
    ck_assert_double_eq(bytes[1], 0);
}
END_TEST

START_TEST(test_allreduce_on_one_level)
{
    /* 2 * 3 messages of 1 s, 2 * 3/4 * 200 = 300 bytes at 100 bytes/s: 6 + 3 s. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    layout_begin(&l, 4);
    layout_level(&l, 4, 100, 1, 0);
    ck_assert_double_eq_tol(tp_allreduce_seconds(&l.topology, 0, 4, 200, bytes), 9, CLOSE);
    ck_assert_double_eq_tol(bytes[0], 300, CLOSE);
}
END_TEST

START_TEST(test_allreduce_of_one_rank_or_no_bytes_is_free)
{
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 0);
    ck_assert_double_eq(tp_allreduce_seconds(&l.topology, 3, 1, 200, bytes), 0);
    ck_assert_double_eq(bytes[0], 0);
    ck_assert_double_eq(tp_allreduce_seconds(&l.topology, 0, 4, 0, bytes), 0);
    ck_assert_double_eq(bytes[1], 0);
}
END_TEST

/* Four hosts of two ranks, 10 bytes/s everywhere, 10 bytes/s per host uplink; S = 160.
 * Ring: 2 * 7/8 * 160 = 280 bytes in 14 messages, one stream on each uplink: 28 s + 14 latencies.
 * Hierarchical: host 2 * 1/2 * 160 = 160 bytes, 16 s + 2 latencies; across 2 * 3/4 * 80 = 120 bytes
 * from each of 2 ranks, 240/10 = 24 s + 6 latencies: 40 s + 8 latencies. */
static double shared_uplinks(double latency, double bytes[TP_LEVELS_MAX])
{
    struct layout l;
    layout_begin(&l, 8);
    layout_level(&l, 2, 10, latency, 0);
    layout_level(&l, 4, 10, latency, 10);
    return tp_allreduce_seconds(&l.topology, 0, 8, 160, bytes);
}

START_TEST(test_ring_wins_where_uplinks_are_shared)
{
    double bytes[TP_LEVELS_MAX];
    ck_assert_double_eq_tol(shared_uplinks(0.5, bytes), 28 + 7, CLOSE);
    ck_assert_double_eq_tol(bytes[0], 280, CLOSE);
    ck_assert_double_eq_tol(bytes[1], 280, CLOSE);
}
END_TEST

START_TEST(test_hierarchy_wins_where_latency_counts)
{
    double bytes[TP_LEVELS_MAX];
    ck_assert_double_eq_tol(shared_uplinks(3, bytes), 40 + 24, CLOSE);
    ck_assert_double_eq_tol(bytes[0], 160, CLOSE);
    ck_assert_double_eq_tol(bytes[1], 120, CLOSE);
}
END_TEST

START_TEST(test_hierarchy_on_three_levels)
{
    /* Fanout 2 three times, S = 1604: 1604, 802, 401 bytes.
     * host 2*1 + 16.04; rack 2*2 + 80.2; pod 2*3 + max(401/5, 4 * 401/10 = 160.4): 268.64 s. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    layout_three_levels(&l);
    ck_assert_double_eq_tol(tp_allreduce_seconds(&l.topology, 0, 8, 1604, bytes), 268.64, 1e-10);
    ck_assert_double_eq_tol(bytes[0], 1604, CLOSE);
    ck_assert_double_eq_tol(bytes[1], 802, CLOSE);
    ck_assert_double_eq_tol(bytes[2], 401, CLOSE);
}
END_TEST

START_TEST(test_allreduce_inside_a_host_stays_there)
{
    /* Ranks 2, 3: 2 * 1 s + 40/100 s. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    make_two_hosts(&l, 1);
    ck_assert_double_eq_tol(tp_allreduce_seconds(&l.topology, 2, 2, 40, bytes), 2.4, CLOSE);
    ck_assert_double_eq_tol(bytes[0], 40, CLOSE);
    ck_assert_double_eq(bytes[1], 0);
}
END_TEST

START_TEST(test_slow_uplink_slows_the_ranks_behind_it)
{
    /* Groups of 2 hosts of 2 ranks, S = 40: host 40/100 = 0.4 s; across 20 bytes from each of 2
     * ranks: max(20/10, 40/20) = 2 s, but 40/5 = 8 s where host 3 takes part. The ring's 60 bytes
     * take 6 and 12 s. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    layout_begin(&l, 8);
    layout_level(&l, 2, 100, 0, 0);
    layout_level(&l, 4, 10, 0, 20);
    l.hosts[3].uplink_bytes_per_s = 5;
    ck_assert_double_eq_tol(tp_allreduce_seconds(&l.topology, 0, 4, 40, bytes), 2.4, CLOSE);
    ck_assert_double_eq_tol(tp_allreduce_seconds(&l.topology, 4, 4, 40, bytes), 8.4, CLOSE);
}
END_TEST

START_TEST(test_allreduce_across_the_cut_of_racks_is_a_ring)
{
    /* Hosts of one rank in racks of two; groups of three: {0, 1 | 2}, {3 | 4, 5}. 2 * 2/3 * 30 = 40
     * bytes at both levels; the uplink of the middle rack carries a stream of either ring: 80/10 =
     * 8 s. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    layout_begin(&l, 6);
    layout_level(&l, 1, 100, 0, 0);
    layout_level(&l, 2, 100, 0, 0);
    layout_level(&l, 3, 100, 0, 10);
    for (int32_t first = 0; first < 6; first += 3) {
        ck_assert_double_eq_tol(tp_allreduce_seconds(&l.topology, first, 3, 30, bytes), 8, CLOSE);
        ck_assert_double_eq(bytes[0], 0);
        ck_assert_double_eq_tol(bytes[1], 40, CLOSE);
        ck_assert_double_eq_tol(bytes[2], 40, CLOSE);
    }
}
END_TEST

START_TEST(test_allreduce_curve_replaces_the_transfer_only)
{
    /* S = 112 over 4 ranks: 2 * 3/4 * 112 = 168 bytes at 21 bytes/s = 8 s. The hierarchical way is
     * the better one (12.72 against 28.8 s); its latency 2 * 1 + 2 * 2 = 6 s and its bytes stay. */
    struct layout l;
    double bytes[TP_LEVELS_MAX];
    struct tp_curve_point point = {4, 21};
    make_two_hosts(&l, 0);
    l.topology.levels[1].allreduce = (struct tp_curve){&point, 1};
    ck_assert_double_eq_tol(tp_allreduce_seconds(&l.topology, 0, 4, 112, bytes), 14, CLOSE);
    ck_assert_double_eq_tol(bytes[0], 112, CLOSE);
    ck_assert_double_eq_tol(bytes[1], 56, CLOSE);
    /* Inside a host the curve of the cluster says nothing. */
    ck_assert_double_eq_tol(tp_allreduce_seconds(&l.topology, 0, 2, 40, bytes), 2.4, CLOSE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("collective");
    TCase *alltoall_case = tcase_create("alltoall");
    tcase_add_loop_test(alltoall_case, test_curve_is_interpolated_in_logs_and_clamped, 0, 7);
    tcase_add_test(alltoall_case, test_curve_of_one_point_is_that_rate_everywhere);
    tcase_add_test(alltoall_case, test_alltoall_charges_the_larger_direction_of_the_busiest_rank);
    tcase_add_test(alltoall_case, test_alltoall_lasts_as_long_as_its_slowest_level);
    tcase_add_test(alltoall_case, test_alltoall_pays_latency_per_peer_that_exists);
    tcase_add_test(alltoall_case, test_uplink_carries_the_sum_of_its_ranks);
    tcase_add_test(alltoall_case, test_uplink_directions_do_not_add_up);
    tcase_add_test(alltoall_case, test_uplink_of_one_host_may_differ);
    tcase_add_test(alltoall_case, test_traffic_between_racks_passes_the_uplinks_of_hosts);
    tcase_add_test(alltoall_case, test_uplink_of_a_rack_is_shared_by_its_hosts);
    tcase_add_test(alltoall_case, test_alltoall_curve_replaces_the_bandwidth_only);
    tcase_add_test(alltoall_case, test_alltoall_curve_is_an_efficiency_of_shared_uplinks);
    tcase_add_test(alltoall_case, test_cleared_traffic_is_empty);
    suite_add_tcase(suite, alltoall_case);
    TCase *allreduce_case = tcase_create("allreduce");
    tcase_add_test(allreduce_case, test_allreduce_on_one_level);
    tcase_add_test(allreduce_case, test_allreduce_of_one_rank_or_no_bytes_is_free);
    tcase_add_test(allreduce_case, test_ring_wins_where_uplinks_are_shared);
    tcase_add_test(allreduce_case, test_hierarchy_wins_where_latency_counts);
    tcase_add_test(allreduce_case, test_hierarchy_on_three_levels);
    tcase_add_test(allreduce_case, test_allreduce_inside_a_host_stays_there);
    tcase_add_test(allreduce_case, test_slow_uplink_slows_the_ranks_behind_it);
    tcase_add_test(allreduce_case, test_allreduce_across_the_cut_of_racks_is_a_ring);
    tcase_add_test(allreduce_case, test_allreduce_curve_replaces_the_transfer_only);
    suite_add_tcase(suite, allreduce_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
