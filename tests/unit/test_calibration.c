/* SPDX-License-Identifier: Apache-2.0 */
/* Who runs where, what is measured, and the topology that comes of it. */
#include "calibrate/calibration.h"

#include "calibrations.h"
#include "scratch.h"

static const char *const names[] = {"n0", "n1", "n2", "n3", "n4", "n5"};

START_TEST(hosts_are_equal_runs_of_ranks)
{
    const int32_t two[] = {0, 0, 2, 2, 4, 4}, one[] = {0, 0, 0}, many[] = {0, 1, 2};
    int32_t each = 0;
    struct tp_error err;
    ck_ok(tp_calibration_hosts(two, names, 6, &each, &err), err);
    ck_assert_int_eq(each, 2);
    ck_ok(tp_calibration_hosts(one, names, 3, &each, &err), err);
    ck_assert_int_eq(each, 3);
    ck_ok(tp_calibration_hosts(many, names, 3, &each, &err), err);
    ck_assert_int_eq(each, 1);
}
END_TEST

static const struct {
    int32_t node[4], ranks;
    const char *parts[4];
} uneven[] = {
    {{0, 1, 0, 1}, 4, {"rank 2", "on host n2", "--map-by slot", NULL}},
    {{0, 0, 2}, 3, {"found 1 rank on host n2", "expected 2 as on n0", "--hosts-size", NULL}},
    {{0, 1, 1}, 3, {"rank 2", "expected 1 rank on each host", NULL, NULL}},
};

START_TEST(other_hosts_are_refused)
{
    int32_t each = 7;
    struct tp_error err;
    ck_assert_int_eq(
        tp_calibration_hosts(uneven[_i].node, names, uneven[_i].ranks, &each, &err), TP_EINPUT);
    ck_message_has(&err, uneven[_i].parts);
    ck_assert_int_eq(each, 7);
}
END_TEST

/* Ranks, ranks of a host, and the sizes in words: 2, 4, ... in a host and all of it, 2, 4, ... hosts
 * and all of them. */
static const struct {
    int32_t ranks, each, count, worlds[6];
} sizes[] = {
    {1, 1, 0, {0}},
    {4, 4, 2, {2, 4}},
    {6, 6, 3, {2, 4, 6}},
    {6, 2, 3, {2, 4, 6}},
    {18, 3, 5, {2, 3, 6, 12, 18}},
    {5, 1, 3, {2, 4, 5}},
};

START_TEST(groups_double_inside_hosts_and_by_whole_hosts)
{
    int32_t worlds[TP_WORLDS_MAX];
    int32_t count = tp_calibration_worlds(sizes[_i].ranks, sizes[_i].each, worlds);
    ck_assert_int_eq(count, sizes[_i].count);
    for (int32_t i = 0; i < count; i++)
        ck_assert_int_eq(worlds[i], sizes[_i].worlds[i]);
}
END_TEST

static void ck_point(const struct tp_curve *curve, int32_t i, double world, double rate)
{
    ck_assert_int_lt(i, curve->count);
    ck_assert_double_eq(curve->points[i].world, world);
    ck_assert_double_eq(curve->points[i].bytes_per_s, rate);
}

START_TEST(figures_find_their_places)
{
    struct tp_calibration c = sample_calibration();
    struct tp_topology *t;
    struct tp_error err;
    ck_ok(tp_calibration_topology(&c, NULL, &t, &err), err);
    ck_assert_int_eq(t->level_count, 2);
    ck_assert_int_eq(t->levels[0].fanout, 2);
    ck_assert_int_eq(t->levels[1].fanout, 3);
    ck_assert_int_eq(t->host_count, 3);
    ck_assert_int_eq(t->hosts_per_tower, 1);
    ck_assert_double_eq(t->levels[0].latency_s, 1e-6);
    ck_assert_double_eq(t->levels[0].bytes_per_s, 5e9);
    ck_assert_double_eq(t->levels[0].uplink_bytes_per_s, 0);
    ck_assert_double_eq(t->levels[1].latency_s, 2e-5);
    ck_assert_double_eq(t->levels[1].bytes_per_s, 1.25e7);
    ck_assert_double_eq(t->levels[1].uplink_bytes_per_s, 1.5e7);
    ck_assert_double_eq(t->hosts[2].uplink_bytes_per_s, 1.5e7);
    ck_assert_int_eq(t->levels[0].alltoall.count, 1);
    ck_point(&t->levels[0].alltoall, 0, 2, 4e9);
    ck_assert_int_eq(t->levels[1].alltoall.count, 2);
    ck_point(&t->levels[1].alltoall, 0, 4, 6e6);
    ck_point(&t->levels[1].alltoall, 1, 6, 5.5e6);
    ck_point(&t->levels[1].allreduce, 1, 6, 8e6);
    ck_assert_double_eq(t->device.memory_bytes_per_s, 7e9);
    ck_assert_double_eq(t->device.flops_per_s, 1.2e11);
    ck_assert_double_eq(t->device.exchange_s, 3e-4);
    ck_assert_int_eq(t->device.alone.ranks, 2);
    ck_assert_double_eq(t->device.alone.memory_bytes_per_s, 9e9);
    ck_assert_double_eq(t->device.alone.flops_per_s, 1.2e11); /* never slower than all at once */
    ck_assert_int_eq(t->device.memory_bytes, 4000000000);
    ck_assert_double_eq(t->device.reserve, 0.15);
    tp_topology_free(t);
}
END_TEST

/* One rank moves nothing: its level has the rate of memory. */
START_TEST(what_joins_one_rank_has_the_rate_of_memory)
{
    struct tp_calibration c = {.ranks = 1, .ranks_per_host = 1, .memory_bytes = 1000};
    struct tp_topology *t;
    struct tp_error err;
    add_figure(&c, TP_FIGURE_LOOKUP, -1, 0, 7e9);
    add_figure(&c, TP_FIGURE_DENSE, -1, 0, 1.2e11);
    ck_ok(tp_calibration_topology(&c, NULL, &t, &err), err);
    ck_assert_int_eq(t->level_count, 1);
    ck_assert_double_eq(t->levels[0].bytes_per_s, 7e9);
    ck_assert_double_eq(t->levels[0].latency_s, 0);
    ck_assert_int_eq(t->levels[0].alltoall.count, 0);
    ck_assert_int_eq(t->device.alone.ranks, 0);
    ck_assert_double_eq(t->device.exchange_s, 0);
    tp_topology_free(t);
}
END_TEST

static struct tp_topology *load_base(int32_t hosts, int32_t per_tower)
{
    char text[1024];
    struct tp_topology *base;
    struct tp_error err;
    snprintf(text, sizeof text,
        "towerpart_topology: 1\nname: ours\nhosts_per_tower: %d\n"
        "device: {memory_bytes: 9000, reserve: 0.5, memory_bytes_per_s: 1.0, flops_per_s: 2.0}\n"
        "levels:\n  - {name: box, fanout: 4, bytes_per_s: 3.0, latency_s: 0.5}\n"
        "  - {name: rack, fanout: %d, bytes_per_s: 3.0, latency_s: 0.5}\n"
        "hosts: [{index: 1, memory_bytes: 5000, uplink_bytes_per_s: 8.0}]\n",
        (int)per_tower, (int)hosts);
    put_text("base.yaml", text);
    ck_ok(tp_topology_load(in_scratch("base.yaml"), &base, &err), err);
    return base;
}

/* Its rates, fanouts and uplinks are not taken over, all else is. */
START_TEST(a_base_says_what_is_not_measured)
{
    struct tp_calibration c = sample_calibration();
    struct tp_topology *base = load_base(3, 3), *t;
    struct tp_error err;
    ck_ok(tp_calibration_topology(&c, base, &t, &err), err);
    ck_assert_str_eq(t->name, "ours");
    ck_assert_str_eq(t->levels[0].name, "box");
    ck_assert_str_eq(t->levels[1].name, "rack");
    ck_assert_int_eq(t->hosts_per_tower, 3);
    ck_assert_int_eq(t->levels[0].fanout, 2);
    ck_assert_int_eq(t->device.memory_bytes, 9000);
    ck_assert_double_eq(t->device.reserve, 0.5);
    ck_assert_double_eq(t->device.flops_per_s, 1.2e11);
    ck_assert_double_eq(t->levels[1].bytes_per_s, 1.25e7);
    ck_assert_int_eq(t->hosts[0].memory_bytes, 9000);
    ck_assert_int_eq(t->hosts[1].memory_bytes, 5000);
    ck_assert_double_eq(t->hosts[1].uplink_bytes_per_s, 1.5e7);
    tp_topology_free(t);
    tp_topology_free(base);
}
END_TEST

START_TEST(a_base_of_other_hosts)
{
    struct tp_calibration c = sample_calibration();
    struct tp_topology *base = load_base(2, 1), *t;
    struct tp_error err;
    ck_ok(tp_calibration_topology(&c, base, &t, &err), err);
    ck_assert_int_eq(t->hosts[1].memory_bytes, 9000);
    tp_topology_free(t);
    tp_topology_free(base);
    base = load_base(4, 2);
    const char *parts[] = {"hosts_per_tower: 2", "a divisor of the 3 hosts", NULL};
    ck_assert_int_eq(tp_calibration_topology(&c, base, &t, &err), TP_EINPUT);
    ck_message_has(&err, parts);
    tp_topology_free(base);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("calibration");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, hosts_are_equal_runs_of_ranks);
    tcase_add_loop_test(tcase, other_hosts_are_refused, 0, 3);
    tcase_add_loop_test(tcase, groups_double_inside_hosts_and_by_whole_hosts, 0, 6);
    tcase_add_test(tcase, figures_find_their_places);
    tcase_add_test(tcase, what_joins_one_rank_has_the_rate_of_memory);
    tcase_add_test(tcase, a_base_says_what_is_not_measured);
    tcase_add_test(tcase, a_base_of_other_hosts);
    return run_suite("calibration", tcase);
}
