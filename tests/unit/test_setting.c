/* SPDX-License-Identifier: Apache-2.0 */
/* Specs in other settings, on a network of three levels: hosts of 2 ranks, racks of 4 hosts, 3
 * racks. */
#include "workload.h"

#include "sweep/setting.h"

static char rack_name[] = "rack";

struct fixture {
    struct workload w;
    struct tp_curve_point points[2];
    struct tp_topology *made;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    workload_begin(&f->w, 12, 2, 1000);
    struct tp_topology *t = &f->w.topology;
    t->level_count = 3;
    t->levels[2] = t->levels[1];
    t->levels[1].name = rack_name;
    t->levels[1].fanout = 4;
    t->levels[1].uplink_bytes_per_s = 7;
    t->levels[2].fanout = 3;
    t->levels[2].bytes_per_s = 100;
    t->levels[2].uplink_bytes_per_s = 300;
    f->points[0] = (struct tp_curve_point){4, 80};
    f->points[1] = (struct tp_curve_point){24, 50};
    t->levels[2].alltoall = (struct tp_curve){f->points, 2};
    for (int32_t h = 0; h < 12; h++)
        f->w.hosts[h] = (struct tp_host){1000, h == 1 ? 5 : 7};
}

/* One tower per host. */
static void make(struct fixture *f, int32_t ranks, double bytes_per_s)
{
    struct tp_error err = {0};
    struct tp_sweep_setting setting = {
        .ranks = ranks, .towers = ranks / 2, .hosts_per_tower = 1, .bytes_per_s = bytes_per_s};
    ck_assert_msg(
        tp_setting_topology(&f->w.topology, &setting, &f->made, &err) == TP_OK, "%s", err.text);
    ck_assert_int_eq(f->made->rank_count, ranks);
    ck_assert_int_eq(f->made->host_count, ranks / 2);
}

static void assert_fanouts(const struct fixture *f, int32_t host, int32_t rack, int32_t cluster)
{
    ck_assert_int_eq(f->made->level_count, 3);
    ck_assert_int_eq(f->made->levels[0].fanout, host);
    ck_assert_int_eq(f->made->levels[1].fanout, rack);
    ck_assert_int_eq(f->made->levels[2].fanout, cluster);
}

START_TEST(test_ranks_are_whole_hosts_and_whole_groups_of_levels_they_fill)
{
    static const int64_t right[] = {2, 4, 6, 8, 16, 24, 32, 4096};
    static const int64_t wrong[] = {0, -2, 1, 3, 9, 10, 12, 20, TP_RANKS_MAX + 8};
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        ck_assert_msg(tp_setting_has_ranks(&f.w.topology, right[i]), "%d", (int)right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!tp_setting_has_ranks(&f.w.topology, wrong[i]), "%d", (int)wrong[i]);
}
END_TEST

START_TEST(test_one_host_alone_is_never_scaled)
{
    struct fixture f;
    begin(&f);
    f.w.topology.level_count = 1;
    ck_assert(tp_setting_has_ranks(&f.w.topology, 2));
    ck_assert(!tp_setting_has_ranks(&f.w.topology, 4));
}
END_TEST

START_TEST(test_the_outermost_level_that_is_reached_is_scaled)
{
    static const int32_t cases[][4] = {
        {2, 2, 1, 1}, {6, 2, 3, 1}, {8, 2, 4, 1}, {16, 2, 4, 2}, {24, 2, 4, 3}, {64, 2, 4, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        begin(&f);
        make(&f, cases[i][0], 100);
        assert_fanouts(&f, cases[i][1], cases[i][2], cases[i][3]);
        tp_topology_free(f.made);
    }
}
END_TEST

START_TEST(test_hosts_that_are_added_are_the_usual_ones)
{
    struct fixture f;
    begin(&f);
    f.w.hosts[11].memory_bytes = 2000;
    make(&f, 32, 100);
    ck_assert_double_eq(f.made->hosts[1].uplink_bytes_per_s, 5);
    ck_assert_int_eq(f.made->hosts[11].memory_bytes, 2000);
    ck_assert_int_eq(f.made->hosts[12].memory_bytes, 1000);
    ck_assert_double_eq(f.made->hosts[15].uplink_bytes_per_s, 7);
    tp_topology_free(f.made);
}
END_TEST

START_TEST(test_bandwidth_takes_uplinks_and_curves_of_its_level_along)
{
    struct fixture f;
    begin(&f);
    make(&f, 24, 400);
    ck_assert_double_eq(f.made->levels[2].bytes_per_s, 400);
    ck_assert_double_eq(f.made->levels[2].uplink_bytes_per_s, 1200);
    ck_assert_double_eq(f.made->levels[2].alltoall.points[0].bytes_per_s, 320);
    ck_assert_double_eq(f.made->levels[2].alltoall.points[1].bytes_per_s, 200);
    ck_assert_double_eq(f.made->levels[1].uplink_bytes_per_s, 7);
    ck_assert_double_eq(f.made->hosts[1].uplink_bytes_per_s, 5);
    ck_assert_double_eq(f.points[0].bytes_per_s, 80); /* the original is left alone */
    tp_topology_free(f.made);
}
END_TEST

START_TEST(test_of_two_levels_the_uplinks_of_hosts_are_the_outermost)
{
    struct fixture f;
    begin(&f);
    struct tp_topology *t = &f.w.topology;
    t->level_count = 2;
    t->levels[1].fanout = 12;
    t->levels[1].bytes_per_s = 100;
    make(&f, 32, 200);
    ck_assert_double_eq(f.made->hosts[1].uplink_bytes_per_s, 10);
    ck_assert_double_eq(f.made->hosts[12].uplink_bytes_per_s, 14); /* an added one */
    tp_topology_free(f.made);
}
END_TEST

START_TEST(test_the_model_takes_batch_module_and_dtypes)
{
    struct fixture f;
    begin(&f);
    struct tp_sweep_setting setting = {.batch = 96,
        .module = {.kind = TP_MODULE_DLRM, .c = 2, .p = 1, .dim = 8},
        .forward = TP_BFLOAT16,
        .backward = TP_FLOAT32};
    struct tp_model model = tp_setting_model(&f.w.model, &setting);
    ck_assert_int_eq(model.batch_size, 96);
    ck_assert_int_eq(model.local_batch_size, 0);
    ck_assert_int_eq(model.tower_module.c, 2);
    ck_assert_int_eq(model.forward, TP_BFLOAT16);
    ck_assert_int_eq(model.backward, TP_FLOAT32);
    ck_assert_ptr_eq(model.tables, f.w.model.tables);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("setting");
    TCase *cases = tcase_create("core");
    tcase_add_test(cases, test_ranks_are_whole_hosts_and_whole_groups_of_levels_they_fill);
    tcase_add_test(cases, test_one_host_alone_is_never_scaled);
    tcase_add_test(cases, test_the_outermost_level_that_is_reached_is_scaled);
    tcase_add_test(cases, test_hosts_that_are_added_are_the_usual_ones);
    tcase_add_test(cases, test_bandwidth_takes_uplinks_and_curves_of_its_level_along);
    tcase_add_test(cases, test_of_two_levels_the_uplinks_of_hosts_are_the_outermost);
    tcase_add_test(cases, test_the_model_takes_batch_module_and_dtypes);
    suite_add_tcase(suite, cases);
    return workload_run(suite);
}
