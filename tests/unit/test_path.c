/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files, and folders. */
#include "base/file.h"

#include "scratch.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static const char *const bases[][2] = {{"a", "a"}, {"a/b", "b"}, {"/a/b.yaml", "b.yaml"},
    {"a/b/", "b"}, {"a/b///", "b"}, {"/", "/"}, {"//", "/"}, {"-", "-"}, {"", ""}};

START_TEST(the_base_is_what_follows_the_last_slash)
{
    char *base = tp_path_base(bases[_i][0]);
    ck_assert_str_eq(base, bases[_i][1]);
    free(base);
}
END_TEST

static const char *const folders[][2] = {
    {"a", "."}, {"a/b", "a"}, {"/a", "/"}, {"/a/b", "/a"}, {"a/", "a"}, {"/", "/"}, {"", "."}};

START_TEST(the_folder_is_what_stands_before_the_last_slash)
{
    char *folder = tp_path_folder(folders[_i][0]);
    ck_assert_str_eq(folder, folders[_i][1]);
    free(folder);
}
END_TEST

static const char *const joins[][3] = {
    {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}};

START_TEST(joining_puts_one_slash_between)
{
    char *joined = tp_path_join(joins[_i][0], joins[_i][1]);
    ck_assert_str_eq(joined, joins[_i][2]);
    free(joined);
}
END_TEST

/* "\xc3\xa9" is an e with an acute accent in UTF-8. */
static const char *const names[][2] = {{"plain_Name-09", "plain_Name-09"}, {"a b", "a%20b"},
    {"a/b", "a%2Fb"}, {"a.b", "a.b"}, {".", "%2E"}, {"..", "%2E%2E"}, {".a", "%2Ea"},
    {"a.", "a%2E"}, {"100%", "100%25"}, {"\xc3\xa9", "%C3%A9"}, {"\x7f\x01", "%7F%01"}, {"", ""}};

START_TEST(a_name_is_percent_encoded_and_decoded)
{
    char *encoded = tp_percent_encode(names[_i][0]), *back = tp_percent_decode(encoded);
    ck_assert_str_eq(encoded, names[_i][1]);
    ck_assert_str_eq(back, names[_i][0]);
    free(back);
    free(encoded);
}
END_TEST

static const char *const foreign[] = {"%41", "%2f", "a%", "a%2", "%zz", "a b", ".a", "%00", "a."};

START_TEST(what_encoding_cannot_have_made_is_left_as_it_is)
{
    char *same = tp_percent_decode(foreign[_i]);
    ck_assert_str_eq(same, foreign[_i]);
    free(same);
}
END_TEST

START_TEST(a_listing_is_in_byte_order_without_the_dots)
{
    struct tp_folder folder;
    struct tp_error err;
    const char *sorted[] = {".hidden", "B", "a", "b", "\xc3\xa9"};
    put_text("b", "");
    put_text("\xc3\xa9", "");
    put_text("B", "");
    put_text(".hidden", "");
    ck_ok(tp_folder_make(in_scratch("a"), &err), err);
    ck_ok(tp_folder_list(scratch, &folder, &err), err);
    ck_assert_uint_eq(folder.count, 5);
    for (size_t i = 0; i < folder.count; i++)
        ck_assert_str_eq(folder.names[i], sorted[i]);
    tp_folder_release(&folder);
    tp_folder_release(&folder);
}
END_TEST

START_TEST(a_folder_that_cannot_be_listed_is_named)
{
    struct tp_folder folder;
    struct tp_error err;
    ck_assert_int_eq(tp_folder_list(in_scratch("none"), &folder, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/none: ", "No such file", NULL});
}
END_TEST

START_TEST(making_a_folder_twice_is_fine)
{
    struct tp_error err;
    ck_ok(tp_folder_make(in_scratch("d"), &err), err);
    ck_ok(tp_folder_make(in_scratch("d"), &err), err);
    ck_assert(tp_path_is_folder(in_scratch("d")));
}
END_TEST

START_TEST(a_folder_is_waited_for_and_a_missing_one_named)
{
    struct tp_error err;
    ck_ok(tp_folder_sync(scratch, &err), err);
    ck_assert_int_eq(tp_folder_sync(in_scratch("none"), &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/none: ", "No such file", NULL});
}
END_TEST

START_TEST(a_folder_cannot_take_a_files_name)
{
    struct tp_error err;
    put_text("f", "");
    ck_assert(!tp_path_is_folder(in_scratch("f")));
    ck_assert_int_eq(tp_folder_make(in_scratch("f"), &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/f: ", "File exists", NULL});
}
END_TEST

/* In the folder of the test: f, other, link -> f, hard (the same file as f), dump/ with member ->
 * ../other and deep/, way -> dump. */
static void make_places(void)
{
    struct tp_error err;
    put_text("f", "");
    put_text("other", "");
    ck_assert_int_eq(symlink("f", in_scratch("link")), 0);
    ck_assert_int_eq(link(in_scratch("f"), in_scratch("hard")), 0);
    ck_ok(tp_folder_make(in_scratch("dump"), &err), err);
    ck_ok(tp_folder_make(in_scratch("dump/deep"), &err), err);
    ck_assert_int_eq(symlink("../other", in_scratch("dump/member")), 0);
    ck_assert_int_eq(symlink("dump", in_scratch("way")), 0);
}

static const struct {
    const char *output, *input;
    bool replaces;
} places[] = {{"f", "f", true}, {"dump/../f", "f", true}, {"link", "f", true}, {"f", "link", true},
    {"hard", "f", true}, {"other", "f", false}, {"new", "f", false}, {"f", "none", false},
    {"dump", "dump", true}, {"dump/new", "dump", true}, {"way/new", "dump", true},
    {"dump/new", "way", true}, {"dump/deep/new", "dump", true}, {"dump/member", "dump", true},
    {"other", "dump", true}, {"other", "dump/", true}, {"dump/../new", "dump", false},
    {"f", "dump", false}, {"none/new", "dump", false}};

START_TEST(an_output_that_would_replace_an_input_is_known_by_any_name)
{
    make_places();
    ck_assert_int_eq(tp_path_replaces(in_scratch(places[_i].output), in_scratch(places[_i].input)),
        places[_i].replaces);
}
END_TEST

START_TEST(what_is_no_regular_file_cannot_be_replaced)
{
    ck_assert(!tp_path_replaces("/dev/null", "/dev/null"));
}
END_TEST

START_TEST(a_dash_is_shown_as_what_it_means)
{
    ck_assert_str_eq(tp_path_shown("-"), "standard input");
    ck_assert_str_eq(tp_path_shown("./-"), "./-");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("path");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(tcase, the_base_is_what_follows_the_last_slash, 0, COUNT(bases));
    tcase_add_loop_test(tcase, the_folder_is_what_stands_before_the_last_slash, 0, COUNT(folders));
    tcase_add_loop_test(tcase, joining_puts_one_slash_between, 0, COUNT(joins));
    tcase_add_loop_test(tcase, a_name_is_percent_encoded_and_decoded, 0, COUNT(names));
    tcase_add_loop_test(tcase, what_encoding_cannot_have_made_is_left_as_it_is, 0, COUNT(foreign));
    tcase_add_test(tcase, a_listing_is_in_byte_order_without_the_dots);
    tcase_add_test(tcase, a_folder_that_cannot_be_listed_is_named);
    tcase_add_test(tcase, making_a_folder_twice_is_fine);
    tcase_add_test(tcase, a_folder_is_waited_for_and_a_missing_one_named);
    tcase_add_test(tcase, a_folder_cannot_take_a_files_name);
    tcase_add_loop_test(
        tcase, an_output_that_would_replace_an_input_is_known_by_any_name, 0, COUNT(places));
    tcase_add_test(tcase, what_is_no_regular_file_cannot_be_replaced);
    tcase_add_test(tcase, a_dash_is_shown_as_what_it_means);
    return run_suite("path", tcase);
}
