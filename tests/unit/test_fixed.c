/* SPDX-License-Identifier: Apache-2.0 */
/* Strategies that do not search: stride and the published method, and the limits that they keep to. */
#include "partition/fixed.h"

#include "partition/paper.h"
#include "partitions.h"

START_TEST(test_stride_is_dealt_out_in_turn_with_the_limits_that_it_needs)
{
    struct recipe recipe = {.units = 11, .towers = 4, .affinity = 1, .features_most = 2};
    struct tp_problem *p = make(&recipe, 1);
    struct tp_partition_options options = defaults(TP_GOAL_LOAD);
    options.stride = true;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    for (int u = 0; u < 11; u++)
        ck_assert_int_eq(found.tower[u], u % 4);
    ck_assert(slow_legal(p, found.tower));
    ck_assert_double_ge(found.limits.balance, TP_BALANCE_LEAST);
    ck_assert_double_ge(found.limits.ratio, 1);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_stride_outside_given_limits_is_no_answer)
{
    struct recipe recipe = {.units = 11, .towers = 4, .affinity = 1, .features_most = 2};
    struct tp_problem *p = make(&recipe, 1);
    struct tp_partition_options options = defaults(TP_GOAL_LOAD);
    options.stride = true;
    options.balance = 0;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_NO);
    ck_assert_ptr_null(found.tower);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_paper_is_taken_as_it_is_with_the_limits_that_it_needs)
{
    struct recipe recipe = {.units = 26, .towers = 4, .affinity = 1, .features_most = 2};
    struct tp_problem *p = make(&recipe, 1);
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    int32_t tower[26];
    options.paper = true;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(tp_paper(p, TP_GOAL_COHERENT, 1, options.seed, tower, NULL), TP_OK);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    ck_assert_mem_eq(found.tower, tower, sizeof tower);
    ck_assert_mem_eq(found.baselines.tower[TP_BASELINE_PAPER], tower, sizeof tower);
    ck_assert(found.baselines.within_limits[TP_BASELINE_PAPER]);
    ck_assert(slow_legal(p, found.tower));
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_paper_outside_the_limits_is_repaired_by_few_moves)
{
    struct recipe recipe = {.units = 40,
        .towers = 4,
        .affinity = 1,
        .features_most = 2,
        .pinned = _i % 2 ? 10 : 0,
        .apart = _i & 2 ? 1 : 0,
        .memory = _i & 4 ? 3.5 : 0};
    struct tp_problem *p = make(&recipe, 10 + (uint64_t)_i);
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    int32_t tower[40], moved = 0;
    options.paper = true;
    options.balance = 0.3;
    options.ratio = 1.3;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(tp_paper(p, TP_GOAL_COHERENT, 1.3, options.seed, tower, NULL), TP_OK);
    ck_assert_int_eq(found.answer, TP_ANSWER_YES);
    ck_assert(slow_legal(p, found.tower));
    ck_assert_double_gt(slow_violation(p, tower), 0);
    for (int u = 0; u < 40; u++)
        moved += found.tower[u] != tower[u];
    ck_assert_int_gt(moved, 0);
    ck_assert_int_le(moved, 16); /* of 30 that any other assignment would move */
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_paper_where_no_assignment_holds_the_limits_is_no_answer)
{
    struct recipe recipe = {.units = 11, .towers = 4, .affinity = 1, .features_most = 2};
    struct tp_problem *p = make(&recipe, 1);
    struct tp_partition_options options = defaults(TP_GOAL_COHERENT);
    options.paper = true;
    options.balance = 0;
    struct tp_partition found = solve(p, &easy, &options);
    ck_assert_int_eq(found.answer, TP_ANSWER_NO);
    ck_assert_ptr_null(found.tower);
    tp_partition_release(&found);
    tp_problem_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed");
    TCase *tcase = tcase_create("fixed");
    tcase_add_test(tcase, test_stride_is_dealt_out_in_turn_with_the_limits_that_it_needs);
    tcase_add_test(tcase, test_stride_outside_given_limits_is_no_answer);
    tcase_add_test(tcase, test_paper_is_taken_as_it_is_with_the_limits_that_it_needs);
    tcase_add_loop_test(tcase, test_paper_outside_the_limits_is_repaired_by_few_moves, 0, 8);
    tcase_add_test(tcase, test_paper_where_no_assignment_holds_the_limits_is_no_answer);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
