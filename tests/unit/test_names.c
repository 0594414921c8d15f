/* SPDX-License-Identifier: Apache-2.0 */
/* A file's features against the model's. */
#include "affinity/names.h"

#include "sample_dump.h"

static struct sample_model sample;

static void three(void)
{
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, "c", 1);
    sample_add(&sample, "a", 1);
    sample_add(&sample, "b", 1);
}

START_TEST(columns_follow_the_files_order)
{
    struct tp_error err;
    int32_t column[3];
    const char *names[] = {"a", "b", "c"};
    ck_ok(tp_names_match("f", names, 3, &sample.model, column, &err), err);
    ck_assert_int_eq(column[0], 2);
    ck_assert_int_eq(column[1], 0);
    ck_assert_int_eq(column[2], 1);
}
END_TEST

static void ck_names_refused(const char *const *names, int32_t count, const char *message)
{
    struct tp_error err;
    int32_t column[3] = {7, 7, 7};
    ck_assert_int_eq(tp_names_match("f", names, count, &sample.model, column, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"f: ", message, NULL});
    ck_assert_int_eq(column[0], 7);
}

START_TEST(missing_names_are_listed_in_the_models_order)
{
    ck_names_refused((const char *[]){"b"}, 1, "missing: 'c', 'a'");
    ck_names_refused(NULL, 0, "missing: 'c', 'a', 'b'");
}
END_TEST

START_TEST(extra_names_are_listed_up_to_ten)
{
    const char *names[] = {
        "a", "b", "c", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "x", "y"};
    ck_names_refused(names, 15, "'0', '1', '2', '3', '4', '5', '6', '7', '8', '9' and 2 more");
}
END_TEST

START_TEST(a_name_twice_is_refused)
{
    ck_names_refused((const char *[]){"a", "b", "c", "b"}, 4, "feature 'b' is there twice");
}
END_TEST

START_TEST(some_names_will_do_where_features_may_be_absent)
{
    struct tp_error err;
    int32_t column[3];
    ck_ok(
        tp_names_match_some("f", (const char *[]){"b", "c"}, 2, &sample.model, column, &err), err);
    ck_assert_int_eq(column[0], 1);
    ck_assert_int_eq(column[1], -1);
    ck_assert_int_eq(column[2], 0);
}
END_TEST

START_TEST(none_at_all_a_foreign_one_or_one_twice_will_not)
{
    static const struct {
        const char *names[2], *message;
        int32_t count;
    } cases[] = {{{NULL, NULL}, "missing: 'c', 'a', 'b'", 0},
        {{"x", NULL}, "missing: 'c', 'a', 'b'", 1}, {{"a", "x"}, "does not have: 'x'", 2},
        {{"a", "a"}, "feature 'a' is there twice", 2}};
    struct tp_error err;
    int32_t column[3];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(
            tp_names_match_some("f", cases[i].names, cases[i].count, &sample.model, column, &err),
            TP_EINPUT);
        ck_message_has(&err, (const char *[]){"f: ", cases[i].message, NULL});
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("names");
    tcase_add_checked_fixture(tcase, three, NULL);
    tcase_add_test(tcase, columns_follow_the_files_order);
    tcase_add_test(tcase, missing_names_are_listed_in_the_models_order);
    tcase_add_test(tcase, extra_names_are_listed_up_to_ten);
    tcase_add_test(tcase, a_name_twice_is_refused);
    tcase_add_test(tcase, some_names_will_do_where_features_may_be_absent);
    tcase_add_test(tcase, none_at_all_a_foreign_one_or_one_twice_will_not);
    return run_suite("names", tcase);
}
