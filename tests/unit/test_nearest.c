/* SPDX-License-Identifier: Apache-2.0 */
/* The name that was probably meant, and none where nothing is near. */
#include "base/nearest.h"

#include <check.h>
#include <string.h>

static const char *const commands[] = {"synth", "import", "plan", "check", "report", "export"};
#define COMMANDS (sizeof commands / sizeof *commands)

/* What was typed, what was meant; by hand, with the number of edits. */
static const struct {
    const char *typed, *meant;
} cases[] = {
    {"chekc", "check"},    /* 1: neighbours swapped */
    {"plam", "plan"},      /* 1: replaced */
    {"plann", "plan"},     /* 1: put in */
    {"pln", "plan"},       /* 1: taken out */
    {"xport", "export"},   /* 1; report and import are 2 away */
    {"imprt", "import"},   /* 1 */
    {"rapport", "report"}, /* 2: of 7 letters */
    {"plan", "plan"},      /* 0 */
    {"nonsense", NULL},
    {"train", NULL}, /* plan is 3 away, of 5 letters */
    {"x", NULL},     /* any other would be all new */
    {"", NULL},
};

START_TEST(the_nearest_is_found_if_it_is_near)
{
    const char *found = tp_nearest_of(cases[_i].typed, commands, COMMANDS);
    if (cases[_i].meant)
        ck_assert_str_eq(found, cases[_i].meant);
    else
        ck_assert_msg(found == NULL, "%s: found %s", cases[_i].typed, found);
}
END_TEST

START_TEST(of_equally_near_ones_the_first_is_taken)
{
    static const char *const names[] = {"user_b", "user_a"};
    ck_assert_str_eq(tp_nearest_of("user_c", names, 2), "user_b");
}
END_TEST

START_TEST(a_name_without_a_letter_in_common_is_not_near)
{
    static const char *const names[] = {"b", "abc"};
    ck_assert_ptr_null(tp_nearest_of("x", names, 2));
}
END_TEST

START_TEST(among_no_names_there_is_none)
{
    ck_assert_ptr_null(tp_nearest_of("plan", NULL, 0));
}
END_TEST

START_TEST(names_too_long_for_anybody_are_passed_over)
{
    char giant[1001];
    memset(giant, 'a', 1000);
    giant[1000] = '\0';
    const char *const names[] = {giant, "aaaa"};
    ck_assert_ptr_null(tp_nearest_of(giant, names, 2));
    ck_assert_str_eq(tp_nearest_of("aaa", names, 2), "aaaa");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nearest");
    TCase *tcase = tcase_create("nearest");
    tcase_add_loop_test(
        tcase, the_nearest_is_found_if_it_is_near, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tcase, of_equally_near_ones_the_first_is_taken);
    tcase_add_test(tcase, a_name_without_a_letter_in_common_is_not_near);
    tcase_add_test(tcase, among_no_names_there_is_none);
    tcase_add_test(tcase, names_too_long_for_anybody_are_passed_over);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
