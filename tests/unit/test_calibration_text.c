/* SPDX-License-Identifier: Apache-2.0 */
/* A calibration in words: the file reads back, and says how far its figures spread. */
#include "calibrate/calibration.h"

#include "calibrations.h"
#include "scratch.h"

#include "spec/spec.h"

#include <jansson.h>

struct sample {
    struct tp_calibration calibration;
    struct tp_topology *topology;
};

static struct sample sample_new(void)
{
    struct sample s = {.calibration = sample_calibration()};
    struct tp_error err;
    ck_ok(tp_calibration_topology(&s.calibration, NULL, &s.topology, &err), err);
    return s;
}

static void ck_narrow(const char *text)
{
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        ck_assert_msg(strcspn(line, "\n") <= 100, "too long: %.*s", (int)strcspn(line, "\n"), line);
}

static void ck_holds(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

START_TEST(the_file_gives_the_same_topology)
{
    struct sample s = sample_new();
    struct tp_text text = {0}, drift = {0};
    struct tp_topology *read;
    struct tp_error err;
    ck_ok(tp_calibration_yaml(&s.calibration, s.topology, "2026-05-01", "n1\n, n2", &text, &err),
        err);
    put_text("topology.yaml", text.data);
    ck_ok(tp_topology_load(in_scratch("topology.yaml"), &read, &err), err);
    tp_topology_drift(s.topology, read, &drift);
    ck_assert_uint_eq(drift.length, 0);
    ck_holds(text.data, "on 2026-05-01: 6 ranks, 2 on each host");
    ck_holds(text.data, "# Hosts: n1?, n2\n");
    ck_holds(text.data, "64 columns, tables of 1.00 GB");
    /* half and twice the median; 12 rounds; 1.25 times the time that was foretold */
    ck_holds(text.data, "# cluster rate                  12.5 MB/s    6.25 MB/s    25.0 MB/s     12"
                        "  65.5 kB-8.39 MB +25.0 %\n");
    ck_holds(
        text.data, "# dense                       120 Gflop/s   60 Gflop/s  240 Gflop/s     12\n");
    ck_narrow(text.data);
    tp_topology_free(read);
    tp_text_release(&text);
    tp_topology_free(s.topology);
}
END_TEST

START_TEST(the_table_has_a_line_for_each_figure)
{
    struct sample s = sample_new();
    struct tp_text text = {0};
    int lines = 0;
    tp_calibration_table(&s.calibration, s.topology, &text);
    ck_narrow(text.data);
    ck_holds(text.data, "6 ranks on 3 hosts, in 12 s");
    ck_holds(
        text.data, " cluster latency                 20.0 us      10.0 us      40.0 us     12");
    ck_holds(
        text.data, " cluster alltoall of 6         5.50 MB/s    2.75 MB/s    11.0 MB/s     12");
    for (const char *p = text.data; *p; p++)
        lines += *p == '\n';
    ck_assert_int_eq(lines, 2 + 16);
    tp_text_release(&text);
    tp_topology_free(s.topology);
}
END_TEST

START_TEST(json_has_all_of_it)
{
    struct sample s = sample_new();
    struct tp_text text = {0};
    tp_calibration_json(&s.calibration, s.topology, &text);
    json_t *root = json_loads(text.data, 0, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_uint_eq(strcspn(text.data, "\n") + 1, text.length); /* on one line */
    ck_assert_int_eq(json_integer_value(json_object_get(root, "ranks")), 6);
    json_t *list = json_object_get(root, "measured"), *entry = json_array_get(list, 3);
    ck_assert_uint_eq(json_array_size(list), 16);
    ck_assert_str_eq(json_string_value(json_object_get(entry, "figure")), "bytes_per_s");
    ck_assert_str_eq(json_string_value(json_object_get(entry, "level")), "cluster");
    ck_assert_double_eq(json_real_value(json_object_get(entry, "median")), 1.25e7);
    ck_assert_double_eq(json_real_value(json_object_get(entry, "first_quartile")), 6.25e6);
    ck_assert_double_eq(json_real_value(json_object_get(entry, "third_quartile")), 2.5e7);
    ck_assert_double_eq(json_real_value(json_object_get(entry, "longer")), 1.25);
    entry = json_array_get(list, 7);
    ck_assert_str_eq(json_string_value(json_object_get(entry, "figure")), "alltoall");
    ck_assert_int_eq(json_integer_value(json_object_get(entry, "world")), 6);
    ck_assert_ptr_nonnull(json_object_get(json_object_get(root, "topology"), "levels"));
    json_decref(root);
    tp_text_release(&text);
    tp_topology_free(s.topology);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("calibration_text");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, the_file_gives_the_same_topology);
    tcase_add_test(tcase, the_table_has_a_line_for_each_figure);
    tcase_add_test(tcase, json_has_all_of_it);
    return run_suite("calibration_text", tcase);
}
