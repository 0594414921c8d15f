/* SPDX-License-Identifier: Apache-2.0 */
/* Documents written, compared with what YAML says they should look like, and read back. */
#include "base/yaml_write.h"

#include "base/yaml_read.h"

#include <check.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tp_yaml_out *out;
static struct tp_text text;
static struct tp_error err;

static void set_up(void)
{
    out = tp_yaml_out_new();
    ck_assert_ptr_nonnull(out);
    memset(&text, 0, sizeof text);
    memset(&err, 0, sizeof err);
}

static void tear_down(void)
{
    tp_yaml_out_free(out);
    tp_text_release(&text);
}

static enum tp_status finish(void)
{
    enum tp_status status = tp_yaml_out_finish(out, &text, &err);
    out = NULL;
    return status;
}

START_TEST(block_and_flow_nest)
{
    tp_yaml_out_integer(out, "a", -5);
    tp_yaml_out_mapping(out, "b", TP_YAML_BLOCK);
    tp_yaml_out_real(out, "r", 2e12);
    tp_yaml_out_boolean(out, "t", true);
    tp_yaml_out_end(out);
    tp_yaml_out_sequence(out, "c", TP_YAML_BLOCK);
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    tp_yaml_out_text(out, "name", "x1");
    tp_yaml_out_sequence(out, "of", TP_YAML_FLOW);
    tp_yaml_out_integer(out, NULL, 1);
    tp_yaml_out_integer(out, NULL, 2);
    tp_yaml_out_end(out);
    tp_yaml_out_end(out);
    tp_yaml_out_text(out, NULL, "two words");
    tp_yaml_out_end(out);
    tp_yaml_out_sequence(out, "d", TP_YAML_BLOCK);
    tp_yaml_out_end(out);
    ck_assert_int_eq(finish(), TP_OK);
    ck_assert_str_eq(text.data, "a: -5\n"
                                "b:\n"
                                "  r: 2.0e+12\n"
                                "  t: true\n"
                                "c:\n"
                                "- {name: x1, of: [1, 2]}\n"
                                "- two words\n"
                                "d: []\n");
}
END_TEST

START_TEST(the_document_is_appended)
{
    tp_text_add(&text, "# made by a test\n");
    tp_yaml_out_integer(out, "a", 1);
    ck_assert_int_eq(finish(), TP_OK);
    ck_assert_str_eq(text.data, "# made by a test\na: 1\n");
}
END_TEST

/* Texts that YAML 1.1 (https://yaml.org/type/) or 1.2 (core schema) resolve to something else, or
 * that have a meaning in the syntax. */
static const char *const quoted[] = {"y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO",
    "on", "On", "off", "OFF", "true", "True", "TRUE", "false", "null", "Null", "NULL", "~", "", " ",
    "1", "1e3", "1.5", "0x1", "0x1F", "1_000", "1:30", "190:20:30", "010", "0o7", "0b1", ".5", "5.",
    "+1", "-1", ".inf", "-.inf", ".nan", ".NaN", "nan", "inf", "<<", "=", "2024-01-31",
    "2001-12-14t21:59:43.10-05:00", "685.230_15e+03", "- a", "-", "?", ":", "a: b", "a:", "# a",
    "a #b", "a  b", " a", "a ", "[a", "{a", "a, b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a",
    "'a'", "\"a\"", "\\a", "a\nb", "a\tb", "\x01", "\xc3\xa4", "\xe2\x80\xa8", "---", "...",
    "\xef\xbb\xbf", "a\xc2\x85"};

/* Double quotes, and the very same text when read back, as a value, as an item and as a key. */
START_TEST(a_text_that_is_not_plainly_a_word_is_quoted)
{
    const char *word = quoted[_i];
    tp_yaml_out_text(out, "v", word);
    tp_yaml_out_sequence(out, "list", TP_YAML_FLOW);
    tp_yaml_out_text(out, NULL, word);
    tp_yaml_out_end(out);
    tp_yaml_out_integer(out, word, 5);
    ck_assert_int_eq(finish(), TP_OK);
    ck_assert_msg(strncmp(text.data, "v: \"", 4) == 0, "%s", text.data);
    ck_assert_msg(strstr(text.data, "list: [\"") != NULL, "%s", text.data);
    struct tp_yaml *yaml;
    enum tp_status status = tp_yaml_parse(text.data, text.length, "out", &yaml, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    const struct tp_yaml_node *root = tp_yaml_root(yaml);
    ck_assert_str_eq(root->items[0]->value, word);
    ck_assert(root->items[0]->quoted);
    ck_assert_str_eq(root->items[1]->items[0]->value, word);
    ck_assert_str_eq(root->keys[2], word);
    tp_yaml_free(yaml);
}
END_TEST

static const char *const plain[] = {"a", "user", "t_item", "C26", "_x", "a.b", "a-b",
    "rowwise_adagrad", "criteo.model.yaml", "towerpart 0.1.0", "e5", "none", "nothing", "yesterday",
    "null_1"};

START_TEST(a_word_stays_plain)
{
    char expected[100];
    snprintf(expected, sizeof expected, "v: %s\n", plain[_i]);
    tp_yaml_out_text(out, "v", plain[_i]);
    ck_assert_int_eq(finish(), TP_OK);
    ck_assert_str_eq(text.data, expected);
}
END_TEST

/* The emitter breaks a flow collection before the first item that begins beyond column 100. */
START_TEST(long_lines_are_wrapped_near_100_columns)
{
    tp_yaml_out_sequence(out, "list", TP_YAML_FLOW);
    for (int i = 0; i < 500; i++)
        tp_yaml_out_integer(out, NULL, 1000000 + i);
    tp_yaml_out_end(out);
    ck_assert_int_eq(finish(), TP_OK);
    size_t longest = 0;
    for (const char *line = text.data; *line;) {
        size_t length = strcspn(line, "\n");
        longest = length > longest ? length : longest;
        line += length + 1;
    }
    ck_assert_uint_gt(longest, 80);
    ck_assert_uint_le(longest, 112);
}
END_TEST

START_TEST(a_long_quoted_text_is_the_same_when_read_back)
{
    char words[2001] = "";
    for (int i = 0; i < 200; i++)
        strcat(words, i % 7 ? "some text " : "some, text");
    tp_yaml_out_sequence(out, "list", TP_YAML_FLOW);
    tp_yaml_out_text(out, NULL, words);
    tp_yaml_out_end(out);
    ck_assert_int_eq(finish(), TP_OK);
    struct tp_yaml *yaml;
    ck_assert_int_eq(tp_yaml_parse(text.data, text.length, "out", &yaml, &err), TP_OK);
    ck_assert_str_eq(tp_yaml_root(yaml)->items[0]->items[0]->value, words);
    tp_yaml_free(yaml);
}
END_TEST

static const char *const not_utf8[] = {"\xff", "a\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
    "\xf4\x90\x80\x80", "\x80", "\xf0\x9f\x98", "\xe2\x82z"};

START_TEST(text_that_is_not_utf8_fails_at_the_end)
{
    tp_yaml_out_text(out, "v", not_utf8[_i]);
    tp_yaml_out_integer(out, "after", 1);
    ck_assert_int_eq(finish(), TP_EINTERNAL);
    ck_assert_str_eq(err.text, "writing YAML: a text that is not UTF-8");
    ck_assert_ptr_null(text.data);
}
END_TEST

START_TEST(utf8_of_every_length_is_written_as_it_is)
{
    tp_yaml_out_text(out, "v", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
    ck_assert_int_eq(finish(), TP_OK);
    ck_assert_ptr_nonnull(strstr(text.data, "\xc3\xa4 \xe2\x82\xac"));
}
END_TEST

START_TEST(abandoning_a_document_leaks_nothing)
{
    tp_yaml_out_sequence(out, "list", TP_YAML_BLOCK);
    tp_yaml_out_text(out, NULL, "x");
    tp_yaml_out_free(out);
    out = NULL;
    tp_yaml_out_free(NULL);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void)
{
    TCase *tcase = tcase_create("yaml_write");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, block_and_flow_nest);
    tcase_add_test(tcase, the_document_is_appended);
    tcase_add_loop_test(tcase, a_text_that_is_not_plainly_a_word_is_quoted, 0, COUNT(quoted));
    tcase_add_loop_test(tcase, a_word_stays_plain, 0, COUNT(plain));
    tcase_add_test(tcase, long_lines_are_wrapped_near_100_columns);
    tcase_add_test(tcase, a_long_quoted_text_is_the_same_when_read_back);
    tcase_add_loop_test(tcase, text_that_is_not_utf8_fails_at_the_end, 0, COUNT(not_utf8));
    tcase_add_test(tcase, utf8_of_every_length_is_written_as_it_is);
    tcase_add_test(tcase, abandoning_a_document_leaks_nothing);
    Suite *suite = suite_create("yaml_write");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
