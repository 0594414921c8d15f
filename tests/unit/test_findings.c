/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of findings as text: whole while they fit a screen, else the first of each kind. */
#include "plan/findings.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct tp_findings taken(struct tp_finding_list *list)
{
    struct tp_findings findings = {0};
    struct tp_error err;
    ck_assert_int_eq(tp_finding_take(list, &findings, &err), TP_OK);
    return findings;
}

/* `count` findings each of two rules, in turn. */
static struct tp_findings of_two_rules(int count)
{
    struct tp_finding_list list = {0};
    for (int i = 0; i < count; i++) {
        tp_finding(&list, "table %s%d is missing", i % 2 ? "t_" : "other", i);
        tp_finding(&list, "%s %d: %s: found %d, expected 0", "rank", i, "id_bytes", i);
    }
    return taken(&list);
}

static void expect_text(struct tp_findings *findings, const char *more, const char *expected)
{
    struct tp_text text = {0};
    tp_finding_text(findings, more, &text);
    ck_assert_str_eq(text.data ? text.data : "", expected);
    tp_text_release(&text);
    tp_findings_release(findings);
}

static int lines_of(const struct tp_findings *findings, const char *more)
{
    struct tp_text text = {0};
    int lines = 0;
    tp_finding_text(findings, more, &text);
    for (const char *p = text.data; p && *p; p++)
        lines += *p == '\n';
    tp_text_release(&text);
    return lines;
}

START_TEST(test_no_findings_are_no_text)
{
    struct tp_findings none = {0};
    expect_text(&none, ": --all", "");
}
END_TEST

START_TEST(test_a_screen_of_findings_is_listed_whole)
{
    struct tp_findings findings = of_two_rules(20);
    ck_assert_int_eq(findings.count, 40);
    ck_assert_int_eq(lines_of(&findings, ": --all"), 40);
    tp_findings_release(&findings);
}
END_TEST

START_TEST(test_of_more_the_first_of_each_kind_are_listed_and_the_rest_counted)
{
    struct tp_findings findings = of_two_rules(25);
    expect_text(&findings, ": --all",
        "table other0 is missing\n"
        "rank 0: id_bytes: found 0, expected 0\n"
        "table t_1 is missing\n"
        "rank 1: id_bytes: found 1, expected 0\n"
        "table other2 is missing\n"
        "rank 2: id_bytes: found 2, expected 0\n"
        "table t_3 is missing\n"
        "  ... and 21 more like it: --all\n"
        "rank 3: id_bytes: found 3, expected 0\n"
        "  ... and 21 more like it: --all\n"
        "50 findings in all\n");
}
END_TEST

START_TEST(test_all_are_listed_on_demand)
{
    struct tp_findings findings = of_two_rules(500);
    ck_assert_int_eq(lines_of(&findings, NULL), 1000);
    tp_findings_release(&findings);
}
END_TEST

/* 44 of one kind, 5 of another, 1 of a third: counting one alone would take as much room. */
START_TEST(test_a_single_one_is_listed_not_counted)
{
    struct tp_finding_list list = {0};
    for (int i = 0; i < 44; i++)
        tp_finding(&list, "feature %d is in no tower", i);
    for (int i = 0; i < 5; i++)
        tp_finding(&list, "tower %d has no features", i);
    tp_finding(&list, "limits: ratio: found 0.5");
    struct tp_findings findings = taken(&list);
    expect_text(&findings, "",
        "feature 0 is in no tower\nfeature 1 is in no tower\nfeature 2 is in no tower\n"
        "feature 3 is in no tower\n  ... and 40 more like it\n"
        "tower 0 has no features\ntower 1 has no features\ntower 2 has no features\n"
        "tower 3 has no features\ntower 4 has no features\n"
        "limits: ratio: found 0.5\n"
        "50 findings in all\n");
}
END_TEST

/* Which of the lines of two drifts are of one kind. */
static const struct {
    const char *a, *b;
    bool same;
} drifts[] = {
    {"table user: rows 10 -> 20", "table item: rows 3 -> 4000", true},
    {"table user: rows 10 -> 20", "table user: dim 8 -> 16", false},
    {"table user: rows 10 -> 20", "table user: dropped", false},
    {"table user: dropped", "table item: dropped", true},
    {"table user: dropped", "feature user: dropped", false},
    {"table user: added (10 rows, dim 8)", "table item: added (7 rows, dim 16)", true},
    {"feature user: table t_a -> t_b", "feature item: table t_c -> t_d", true},
    {"feature user: table t_a -> t_b", "feature user: pooling 1.5 -> 2", false},
    {"host 3: memory_bytes 1 -> 2", "host 17: memory_bytes 3 -> 4", true},
    {"batch_size 1 -> 2", "dense_features 1 -> 2", false},
};

START_TEST(test_drifts_of_one_kind_differ_in_names_and_numbers)
{
    struct tp_finding_list list = {0};
    tp_finding_lines(&list, "the model has changed: ", drifts[_i].a);
    tp_finding_lines(&list, "the model has changed: ", drifts[_i].b);
    tp_finding_lines(&list, "the topology has changed: ", drifts[_i].a);
    struct tp_findings findings = taken(&list);
    ck_assert_int_eq(findings.count, 3);
    ck_assert_int_eq(findings.kinds[0] == findings.kinds[1], drifts[_i].same);
    ck_assert(findings.kinds[0] != findings.kinds[2]);
    ck_assert_int_eq(strncmp(findings.lines[1], "the model has changed: ", 23), 0);
    ck_assert_str_eq(findings.lines[1] + 23, drifts[_i].b);
    tp_findings_release(&findings);
}
END_TEST

START_TEST(test_lines_become_findings_one_by_one)
{
    struct tp_finding_list list = {0};
    tp_finding_lines(&list, "p: ", "table a: dropped\nx\n");
    tp_finding_lines(&list, "p: ", NULL);
    tp_finding_lines(&list, "p: ", "");
    struct tp_findings findings = taken(&list);
    expect_text(&findings, NULL, "p: table a: dropped\np: x\n");
}
END_TEST

START_TEST(test_a_failure_holds_the_shortened_list)
{
    struct tp_finding_list list = {0};
    struct tp_error err = {0};
    for (int i = 0; i < 1000; i++)
        tp_finding(&list, "table t%d is missing", i);
    ck_assert_int_eq(
        tp_finding_fail(&list, "the plan breaks these rules:", TP_EINPUT, &err), TP_EINPUT);
    ck_assert_str_eq(err.text,
        "the plan breaks these rules:\ntable t0 is missing\ntable t1 is missing\n"
        "table t2 is missing\ntable t3 is missing\n"
        "  ... and 996 more like it: towerpart check --all\n1000 findings in all");
    ck_assert_int_eq(tp_finding_fail(&list, "nothing:", TP_EINPUT, &err), TP_OK);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("findings");
    tcase_add_test(tcase, test_no_findings_are_no_text);
    tcase_add_test(tcase, test_a_screen_of_findings_is_listed_whole);
    tcase_add_test(tcase, test_of_more_the_first_of_each_kind_are_listed_and_the_rest_counted);
    tcase_add_test(tcase, test_all_are_listed_on_demand);
    tcase_add_test(tcase, test_a_single_one_is_listed_not_counted);
    tcase_add_loop_test(tcase, test_drifts_of_one_kind_differ_in_names_and_numbers, 0,
        (int)(sizeof drifts / sizeof *drifts));
    tcase_add_test(tcase, test_lines_become_findings_one_by_one);
    tcase_add_test(tcase, test_a_failure_holds_the_shortened_list);
    Suite *suite = suite_create("findings");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
