/* SPDX-License-Identifier: Apache-2.0 */
/* Documents to trees, and typed values out of them. Lines and columns in expected messages are counted
 * by hand in the texts above them, both from 1. */
#include "base/yaml_read.h"

#include <check.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct tp_yaml *yaml;
static struct tp_error err;

static void set_up(void)
{
    yaml = NULL;
    memset(&err, 0, sizeof err);
}

static void tear_down(void)
{
    tp_yaml_free(yaml);
}

static enum tp_status parse(const char *text)
{
    return tp_yaml_parse(text, strlen(text), "f.yaml", &yaml, &err);
}

static const struct tp_yaml_node *parse_root(const char *text)
{
    enum tp_status status = parse(text);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    return tp_yaml_root(yaml);
}

static void expect_message(enum tp_status status, const char *message)
{
    ck_assert_int_eq(status, TP_EINPUT);
    ck_assert_int_eq(err.status, TP_EINPUT);
    ck_assert_str_eq(err.text, message);
}

START_TEST(a_document_becomes_a_tree_with_places)
{
    const struct tp_yaml_node *root = parse_root("a: 1\nb:\n  - x\n  - {c: 'two', d: []}\n");
    ck_assert_int_eq(root->kind, TP_YAML_MAPPING);
    ck_assert_uint_eq(root->count, 2);
    ck_assert_str_eq(root->keys[1], "b");
    ck_assert_uint_eq(root->key_lines[1], 2);
    ck_assert_uint_eq(root->key_columns[1], 1);
    const struct tp_yaml_node *list = tp_yaml_get(root, "b");
    ck_assert_int_eq(list->kind, TP_YAML_SEQUENCE);
    ck_assert_uint_eq(list->count, 2);
    ck_assert_uint_eq(list->items[0]->line, 3);
    ck_assert_uint_eq(list->items[0]->column, 5);
    ck_assert(!list->items[0]->quoted);
    const struct tp_yaml_node *c = tp_yaml_get(list->items[1], "c");
    ck_assert_str_eq(c->value, "two");
    ck_assert(c->quoted);
    ck_assert_uint_eq(c->line, 4);
    ck_assert_uint_eq(c->column, 9);
    ck_assert_uint_eq(tp_yaml_get(list->items[1], "d")->count, 0);
    ck_assert_ptr_null(tp_yaml_get(root, "z"));
    ck_assert_ptr_null(tp_yaml_get(list, "b"));
}
END_TEST

START_TEST(columns_count_characters_not_bytes)
{
    const struct tp_yaml_node *root = parse_root("\"\xc3\xa4\xe2\x82\xac\": x\n");
    ck_assert_uint_eq(root->items[0]->column, 7);
}
END_TEST

START_TEST(a_list_of_a_thousand_items_is_whole)
{
    char text[8000] = "[";
    for (int i = 0; i < 1000; i++)
        sprintf(text + strlen(text), "%d, ", i);
    strcat(text, "]");
    const struct tp_yaml_node *root = parse_root(text);
    ck_assert_uint_eq(root->count, 1000);
    for (size_t i = 0; i < 1000; i++)
        ck_assert_int_eq(atoi(root->items[i]->value), (int)i);
}
END_TEST

static const struct {
    const char *text, *message;
} bad_documents[] = {
    {"", "f.yaml:1:1: found an empty file, expected a mapping"},
    {"# only a comment\n", "f.yaml:1:1: found an empty file, expected a mapping"},
    {"a: 1\n---\nb: 2\n", "f.yaml:2:1: found a second document, expected one per file"},
    {"a: 1\n...\n---\n", "f.yaml:3:1: found a second document, expected one per file"},
    {"a: 1\nb: 2\na: 3\nb: 4\n",
        "f.yaml:3:1: a: found the key a second time (first in line 1), expected it once"},
    {"x:\n  - {k: 1, 'k': 2}\n",
        "f.yaml:2:12: x[0].k: found the key a second time (first in line 2), expected it once"},
    {"a: &here 1\n", "f.yaml:1:4: found an anchor (&), expected the value written out"},
    {"a: &here [1]\n", "f.yaml:1:4: found an anchor (&), expected the value written out"},
    {"a: *there\n", "f.yaml:1:4: found an alias (*), expected the value written out"},
    {"a: !!int 5\n", "f.yaml:1:4: found a tag (!), expected a plain value"},
    {"!!map {a: 5}\n", "f.yaml:1:1: found a tag (!), expected a plain value"},
    {"%TAG !e! tag:x,2000:\n--- {a: 1}\n", "f.yaml:1:1: found a %TAG directive, expected none"},
    {"? [a, b]\n: c\n", "f.yaml:1:3: found a list or a mapping as a key, expected a word"},
    {"a: \"x\\0y\"\n", "f.yaml:1:4: found a NUL character, expected text without one"},
    {"a: [1, 2\n", "f.yaml:2:1: not valid YAML: did not find expected ',' or ']', while parsing a "
                   "flow sequence (line 1, column 4)"},
    {"a: 1\n\tb: 2\n", "f.yaml:2:1: not valid YAML: found a tab character that violates "
                       "indentation, while scanning a plain scalar (line 1, column 4)"},
    {"a: 1\nb: \xff\n", "f.yaml:2:4: found invalid leading UTF-8 octet, expected UTF-8 text"},
    {"\xc3\xa4: \x01\n",
        "f.yaml:1:4: found control characters are not allowed, expected UTF-8 text"},
};

START_TEST(a_bad_document_is_refused_with_its_place)
{
    expect_message(parse(bad_documents[_i].text), bad_documents[_i].message);
    ck_assert_ptr_null(yaml);
}
END_TEST

START_TEST(nesting_is_allowed_to_32_and_refused_beyond)
{
    char text[100] = "";
    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    ck_assert_int_eq(parse(text), TP_OK);
    tp_yaml_free(yaml);
    yaml = NULL;
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    expect_message(
        parse(text), "f.yaml:1:33: found lists and mappings nested deeper than 32, expected fewer");
}
END_TEST

START_TEST(a_null_error_is_fine)
{
    ck_assert_int_eq(tp_yaml_parse("a: *b", 5, "f", &yaml, NULL), TP_EINPUT);
}
END_TEST

static const struct {
    const char *text;
    int64_t value;
} good_integers[] = {{"0", 0}, {"7", 7}, {"-3", -3}, {"40000000", 40000000},
    {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};

START_TEST(decimal_digits_are_an_integer)
{
    const struct tp_yaml_node *node = parse_root(good_integers[_i].text);
    int64_t value = 99;
    ck_assert_int_eq(tp_yaml_as_integer(yaml, node, INT64_MIN, INT64_MAX, &value, &err), TP_OK);
    ck_assert_int_eq(value, good_integers[_i].value);
}
END_TEST

static const struct {
    const char *text, *found;
} bad_integers[] = {{"4e7", "'4e7'"}, {"40M", "'40M'"}, {"1_000", "'1_000'"},
    {"\"40,000\"", "'40,000' in quotes"}, {"40,000", "'40,000'"}, {"'7'", "'7' in quotes"},
    {"1.9", "'1.9'"}, {"1.0", "'1.0'"}, {"010", "'010'"}, {"00", "'00'"}, {"-01", "'-01'"},
    {"5GB", "'5GB'"}, {"0x10", "'0x10'"}, {"0o7", "'0o7'"}, {"0b1", "'0b1'"}, {"+5", "'+5'"},
    {"1:30", "'1:30'"}, {"nan", "'nan'"}, {".inf", "'.inf'"}, {"1e999", "'1e999'"},
    {"9223372036854775808", "'9223372036854775808'"}, {"- 5", "a list"}, {"a: 5", "a mapping"},
    {"~", "'~'"}, {"---", "nothing"}, {"true", "'true'"}, {"5 6", "'5 6'"}, {"-", "a list"},
    {"\xd9\xa3", "'\xd9\xa3'"}};

START_TEST(anything_else_is_no_integer)
{
    char message[200];
    const struct tp_yaml_node *node = parse_root(bad_integers[_i].text);
    int64_t value = 99;
    enum tp_status status = tp_yaml_as_integer(yaml, node, 1, INT64_MAX, &value, &err);
    snprintf(message, sizeof message, "found %s, expected an integer in decimal digits, at least 1",
        bad_integers[_i].found);
    ck_assert_int_eq(status, TP_EINPUT);
    ck_assert_msg(strstr(err.text, message) != NULL, "%s", err.text);
    ck_assert_int_eq(value, 99);
}
END_TEST

static const struct {
    const char *text;
    double value;
} good_reals[] = {{"0", 0.0}, {"2.5", 2.5}, {"-0.125", -0.125}, {"1e3", 1000.0}, {"2.0e+12", 2e12},
    {"3.0e-6", 3e-6}, {"+4.0", 4.0}, {"1E2", 100.0}, {"0.15", 0.15}};

START_TEST(a_finite_decimal_number_is_a_real)
{
    const struct tp_yaml_node *node = parse_root(good_reals[_i].text);
    double value = 99.0;
    ck_assert_int_eq(tp_yaml_as_real(yaml, node, -DBL_MAX, DBL_MAX, &value, &err), TP_OK);
    ck_assert(value == good_reals[_i].value);
}
END_TEST

static const char *const bad_reals[] = {"nan", ".nan", "inf", ".inf", "-.inf", "1e999", "-1e999",
    "40M", "1_000", "1_000.5", "\"40,000\"", "1,5", "010", "-010", "00.5", "5GB", "0x10", "0x1p3",
    "1:30", ".5", "5.", "1.5e", "1.5e+", "1 2", "'2.5'", "~", "---", "[2.5]", "{a: 2.5}", "true",
    "infinity", "1.5f"};

START_TEST(anything_else_is_no_real)
{
    const struct tp_yaml_node *node = parse_root(bad_reals[_i]);
    double value = 99.0;
    ck_assert_int_eq(tp_yaml_as_real(yaml, node, -DBL_MAX, DBL_MAX, &value, &err), TP_EINPUT);
    ck_assert_msg(
        strstr(err.text, "expected a finite number such as 2.5 or 1.0e+9") != NULL, "%s", err.text);
    ck_assert(value == 99.0);
}
END_TEST

START_TEST(ranges_include_their_ends_and_are_named)
{
    const struct tp_yaml_node *root = parse_root("{a: 1, b: 9, c: 10, r: 0.0, s: 1.0}");
    int64_t value = 0;
    ck_assert_int_eq(tp_yaml_integer(yaml, root, "a", true, 1, 9, &value, &err), TP_OK);
    ck_assert_int_eq(tp_yaml_integer(yaml, root, "b", true, 1, 9, &value, &err), TP_OK);
    expect_message(tp_yaml_integer(yaml, root, "c", true, 1, 9, &value, &err),
        "f.yaml:1:17: c: found '10', expected an integer in decimal digits from 1 to 9");
    double real = 0;
    ck_assert_int_eq(tp_yaml_real(yaml, root, "s", true, 0.0, 1.0, &real, &err), TP_OK);
    expect_message(tp_yaml_real(yaml, root, "r", true, DBL_MIN, 1e6, &real, &err),
        "f.yaml:1:24: r: found '0.0', expected a finite number such as 2.5 or 1.0e+9, above 0, "
        "at most 1000000");
    expect_message(tp_yaml_real(yaml, root, "s", true, 2.5, DBL_MAX, &real, &err),
        "f.yaml:1:32: s: found '1.0', expected a finite number such as 2.5 or 1.0e+9, at least "
        "2.5");
}
END_TEST

START_TEST(an_int32_is_checked_before_it_is_narrowed)
{
    const struct tp_yaml_node *root = parse_root("a: 4294967297\n");
    int32_t value = 5;
    expect_message(tp_yaml_int32(yaml, root, "a", true, 1, 65536, &value, &err),
        "f.yaml:1:4: a: found '4294967297', expected an integer in decimal digits from 1 to 65536");
    ck_assert_int_eq(value, 5);
}
END_TEST

START_TEST(a_missing_key_is_an_error_only_if_required)
{
    static const char *const words[] = {"red", "green", "blue", NULL};
    const struct tp_yaml_node *root = parse_root("list:\n  - other: 1\n");
    const struct tp_yaml_node *item = tp_yaml_get(root, "list")->items[0];
    int64_t integer = 3;
    double real = 3.0;
    bool flag = true;
    int word = 1;
    char *text = NULL;
    const struct tp_yaml_node *node;
    ck_assert_int_eq(tp_yaml_integer(yaml, item, "k", false, 0, 1, &integer, &err), TP_OK);
    ck_assert_int_eq(integer, 3);
    ck_assert_int_eq(tp_yaml_real(yaml, item, "k", false, 0, 1, &real, &err), TP_OK);
    ck_assert_int_eq(tp_yaml_boolean(yaml, item, "k", false, &flag, &err), TP_OK);
    ck_assert_int_eq(tp_yaml_word(yaml, item, "k", false, words, &word, &err), TP_OK);
    ck_assert_int_eq(word, 1);
    ck_assert_int_eq(tp_yaml_text(yaml, item, "k", false, &text, &err), TP_OK);
    ck_assert_ptr_null(text);
    expect_message(tp_yaml_integer(yaml, item, "k", true, 0, 1, &integer, &err),
        "f.yaml:2:5: list[0]: found no key 'k', expected k: an integer in decimal digits from 0 to "
        "1");
    expect_message(tp_yaml_word(yaml, item, "k", true, words, &word, &err),
        "f.yaml:2:5: list[0]: found no key 'k', expected k: red, green or blue");
    expect_message(tp_yaml_boolean(yaml, item, "k", true, &flag, &err),
        "f.yaml:2:5: list[0]: found no key 'k', expected k: true or false");
    expect_message(tp_yaml_text(yaml, item, "k", true, &text, &err),
        "f.yaml:2:5: list[0]: found no key 'k', expected k: a text that is not empty");
    expect_message(tp_yaml_need(yaml, item, "k", "a list of towers", &node, &err),
        "f.yaml:2:5: list[0]: found no key 'k', expected k: a list of towers");
}
END_TEST

START_TEST(a_word_is_one_of_those_expected)
{
    static const char *const words[] = {"red", "green", "blue", NULL};
    const struct tp_yaml_node *root = parse_root("{a: blue, b: Blue, c: [red]}");
    int word = -1;
    ck_assert_int_eq(tp_yaml_word(yaml, root, "a", true, words, &word, &err), TP_OK);
    ck_assert_int_eq(word, 2);
    expect_message(tp_yaml_word(yaml, root, "b", true, words, &word, &err),
        "f.yaml:1:14: b: found 'Blue', expected red, green or blue");
    expect_message(tp_yaml_word(yaml, root, "c", true, words, &word, &err),
        "f.yaml:1:23: c: found a list, expected red, green or blue");
}
END_TEST

START_TEST(only_true_and_false_are_booleans)
{
    static const char *const others[] = {"yes", "no", "on", "True", "1", "'true'", "~"};
    bool value = false;
    ck_assert_int_eq(tp_yaml_as_boolean(yaml, parse_root("true"), &value, &err), TP_OK);
    ck_assert(value);
    tp_yaml_free(yaml);
    ck_assert_int_eq(tp_yaml_as_boolean(yaml, parse_root("false"), &value, &err), TP_OK);
    ck_assert(!value);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        tp_yaml_free(yaml);
        const struct tp_yaml_node *node = parse_root(others[i]);
        ck_assert_int_eq(tp_yaml_as_boolean(yaml, node, &value, &err), TP_EINPUT);
    }
}
END_TEST

START_TEST(text_is_neither_empty_nor_null)
{
    static const char *const bad[] = {"''", "~", "null", "NULL", "---", "[a]"};
    static const char *const good[] = {"'null'", "'~'", "no", "1e3", "\xc3\xa4", "'two words'"};
    const char *text;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct tp_yaml_node *node = parse_root(bad[i]);
        ck_assert_int_eq(tp_yaml_as_text(yaml, node, &text, &err), TP_EINPUT);
        ck_assert_ptr_nonnull(strstr(err.text, "expected a text that is not empty"));
        tp_yaml_free(yaml);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const struct tp_yaml_node *node = parse_root(good[i]);
        ck_assert_int_eq(tp_yaml_as_text(yaml, node, &text, &err), TP_OK);
        tp_yaml_free(yaml);
    }
    yaml = NULL;
}
END_TEST

START_TEST(an_unknown_key_is_refused_with_the_known_ones)
{
    static const char *const keys[] = {"rows", "dim", "name", NULL};
    const struct tp_yaml_node *root = parse_root("- {rows: 1, dmi: 2}\n- 5\n");
    expect_message(tp_yaml_expect_mapping(yaml, root->items[0], keys, &err),
        "f.yaml:1:13: [0].dmi: found an unknown key, expected one of these: rows, dim and name; "
        "did you "
        "mean 'dim'?");
    expect_message(tp_yaml_expect_mapping(yaml, root->items[1], keys, &err),
        "f.yaml:2:3: [1]: found '5', expected a mapping with the keys rows, dim and name");
}
END_TEST

START_TEST(a_list_must_be_long_enough)
{
    const struct tp_yaml_node *root = parse_root("{a: [1], b: 5}");
    const struct tp_yaml_node *a = tp_yaml_get(root, "a");
    ck_assert_int_eq(tp_yaml_expect_sequence(yaml, a, 1, &err), TP_OK);
    expect_message(tp_yaml_expect_sequence(yaml, a, 2, &err),
        "f.yaml:1:5: a: found a list of 1, expected at least 2");
    expect_message(tp_yaml_expect_sequence(yaml, tp_yaml_get(root, "b"), 0, &err),
        "f.yaml:1:13: b: found '5', expected a list");
}
END_TEST

START_TEST(a_long_value_is_shown_in_part_on_one_line)
{
    char text[300] = "'";
    for (int i = 0; i < 100; i++)
        strcat(text, "\xc3\xa4");
    strcat(text, "'");
    char found[TP_YAML_FOUND_BYTES];
    tp_yaml_found(parse_root(text), found);
    /* 30 characters of two bytes and three dots are the most that stays within 64 bytes. */
    ck_assert_uint_eq(strlen(found), 1 + 60 + 3 + strlen("' in quotes"));
    ck_assert_ptr_nonnull(strstr(found, "\xc3\xa4..."));
    tp_yaml_free(yaml);
    tp_yaml_found(parse_root("\"a\\nb\""), found);
    ck_assert_str_eq(found, "'a b' in quotes");
}
END_TEST

START_TEST(a_deep_path_with_long_keys_is_cut_not_overrun)
{
    char text[8000] = "";
    for (int depth = 0; depth < 31; depth++) {
        strcat(text, "{");
        for (int i = 0; i < 200; i++)
            strcat(text, "k");
        strcat(text, ": ");
    }
    strcat(text, "x");
    for (int depth = 0; depth < 31; depth++)
        strcat(text, "}");
    const struct tp_yaml_node *node = parse_root(text);
    while (node->count)
        node = node->items[0];
    int64_t value;
    ck_assert_int_eq(tp_yaml_as_integer(yaml, node, 0, 1, &value, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "found 'x', expected an integer"));
}
END_TEST

START_TEST(a_file_is_read_and_named_in_messages)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/test_yaml_read_XXXXXX", folder ? folder : "/tmp");
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, "a: [", 4), 4);
    close(file);
    enum tp_status status = tp_yaml_load(path, &yaml, &err);
    unlink(path);
    ck_assert_int_eq(status, TP_EINPUT);
    ck_assert_ptr_eq(strstr(err.text, path), err.text);
    /* libyaml counts the end of a file as the beginning of one more line. */
    ck_assert_ptr_nonnull(strstr(err.text, ":2:1: not valid YAML"));
    ck_assert_int_eq(tp_yaml_load(path, &yaml, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, path));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void)
{
    TCase *tcase = tcase_create("yaml_read");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_document_becomes_a_tree_with_places);
    tcase_add_test(tcase, columns_count_characters_not_bytes);
    tcase_add_test(tcase, a_list_of_a_thousand_items_is_whole);
    tcase_add_loop_test(tcase, a_bad_document_is_refused_with_its_place, 0, COUNT(bad_documents));
    tcase_add_test(tcase, nesting_is_allowed_to_32_and_refused_beyond);
    tcase_add_test(tcase, a_null_error_is_fine);
    tcase_add_loop_test(tcase, decimal_digits_are_an_integer, 0, COUNT(good_integers));
    tcase_add_loop_test(tcase, anything_else_is_no_integer, 0, COUNT(bad_integers));
    tcase_add_loop_test(tcase, a_finite_decimal_number_is_a_real, 0, COUNT(good_reals));
    tcase_add_loop_test(tcase, anything_else_is_no_real, 0, COUNT(bad_reals));
    tcase_add_test(tcase, ranges_include_their_ends_and_are_named);
    tcase_add_test(tcase, an_int32_is_checked_before_it_is_narrowed);
    tcase_add_test(tcase, a_missing_key_is_an_error_only_if_required);
    tcase_add_test(tcase, a_word_is_one_of_those_expected);
    tcase_add_test(tcase, only_true_and_false_are_booleans);
    tcase_add_test(tcase, text_is_neither_empty_nor_null);
    tcase_add_test(tcase, an_unknown_key_is_refused_with_the_known_ones);
    tcase_add_test(tcase, a_list_must_be_long_enough);
    tcase_add_test(tcase, a_long_value_is_shown_in_part_on_one_line);
    tcase_add_test(tcase, a_deep_path_with_long_keys_is_cut_not_overrun);
    tcase_add_test(tcase, a_file_is_read_and_named_in_messages);
    Suite *suite = suite_create("yaml_read");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
