/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, deadline, a request to stop, and parts of an effort. */
#include "partition/effort.h"

#include "base/progress.h"
#include "problems.h"

START_TEST(test_steps_are_counted_down)
{
    struct tp_effort effort = tp_effort_of(10);
    ck_assert(tp_effort_spend(&effort, 4));
    ck_assert(tp_effort_spend(&effort, 5));
    ck_assert(!tp_effort_spend(&effort, 1));
    ck_assert(!tp_effort_spend(&effort, 0));
    ck_assert(tp_effort_of(0).over);
}
END_TEST

START_TEST(test_a_request_ends_it_at_once)
{
    volatile sig_atomic_t stop = 0;
    struct tp_effort effort = tp_effort_of(1000);
    effort.stop = &stop;
    ck_assert(tp_effort_spend(&effort, 1));
    stop = 1;
    ck_assert(!tp_effort_spend(&effort, 1));
    ck_assert_int_eq(effort.steps, 998);
}
END_TEST

START_TEST(test_a_deadline_ends_it_when_the_clock_is_looked_at)
{
    struct tp_effort effort = tp_effort_of(INT64_C(1) << 40);
    effort.deadline = tp_seconds_now() - 1;
    ck_assert(tp_effort_spend(&effort, 1));
    ck_assert(!tp_effort_spend(&effort, 1000000));
}
END_TEST

START_TEST(test_what_is_left_of_a_part_goes_back)
{
    struct tp_effort effort = tp_effort_of(100), part = tp_effort_take(&effort, 30);
    ck_assert_int_eq(effort.steps, 70);
    ck_assert(tp_effort_spend(&part, 10));
    tp_effort_return(&effort, &part);
    ck_assert_int_eq(effort.steps, 90);
    ck_assert(!effort.over);
    part = tp_effort_take(&effort, 1000);
    ck_assert_int_eq(part.steps, 90);
    ck_assert(!tp_effort_spend(&part, 95));
    tp_effort_return(&effort, &part);
    ck_assert_int_eq(effort.steps, 0);
    ck_assert(effort.over);
}
END_TEST

START_TEST(test_a_part_that_was_stopped_stops_the_whole)
{
    volatile sig_atomic_t stop = 1;
    struct tp_effort effort = tp_effort_of(100);
    effort.stop = &stop;
    struct tp_effort part = tp_effort_take(&effort, 30);
    ck_assert(!tp_effort_spend(&part, 1));
    tp_effort_return(&effort, &part);
    ck_assert(effort.over);
    ck_assert_int_eq(effort.steps, 99);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("effort");
    TCase *tcase = tcase_create("effort");
    tcase_add_test(tcase, test_steps_are_counted_down);
    tcase_add_test(tcase, test_a_request_ends_it_at_once);
    tcase_add_test(tcase, test_a_deadline_ends_it_when_the_clock_is_looked_at);
    tcase_add_test(tcase, test_what_is_left_of_a_part_goes_back);
    tcase_add_test(tcase, test_a_part_that_was_stopped_stops_the_whole);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
