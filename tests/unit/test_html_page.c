/* SPDX-License-Identifier: Apache-2.0 */
/* Text inside HTML: nothing from a file is ever more than text. */
#include "html/page.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void is(struct tp_text *text, const char *expected)
{
    ck_assert(!text->failed);
    ck_assert_str_eq(text->data ? text->data : "", expected);
    tp_text_release(text);
}

static const struct {
    const char *text, *html, *json;
} cases[] = {
    {"", "", "\"\""},
    {"plain_07", "plain_07", "\"plain_07\""},
    {"<b>", "&lt;b&gt;", "\"\\u003cb>\""},
    {"&lt;", "&amp;lt;", "\"&lt;\""},
    {"a\"b'c", "a&quot;b&#39;c", "\"a\\u0022b'c\""},
    {"back\\slash", "back\\slash", "\"back\\u005cslash\""},
    {"</script>", "&lt;/script&gt;", "\"\\u003c/script>\""},
    {"gr\xc3\xb6\xc3\x9f"
     "e \xe5\xa4\xa7",
        "gr\xc3\xb6\xc3\x9f"
        "e \xe5\xa4\xa7",
        "\"gr\xc3\xb6\xc3\x9f"
        "e \xe5\xa4\xa7\""},
    {"\x1b[31m\x07", "?[31m?", "\"?[31m?\""},
    {"not\xff utf8\xc3", "not? utf8?", "\"not? utf8?\""},
    {"%s%n", "%s%n", "\"%s%n\""},
};

START_TEST(text_of_any_bytes_is_text_in_html)
{
    struct tp_text html = {0};
    tp_html_escape(&html, cases[_i].text);
    is(&html, cases[_i].html);
}
END_TEST

START_TEST(and_a_string_in_a_script_element)
{
    struct tp_text json = {0};
    tp_html_json(&json, cases[_i].text);
    is(&json, cases[_i].json);
}
END_TEST

START_TEST(a_name_keeps_its_direction_to_itself)
{
    struct tp_text html = {0};
    tp_html_name(&html, "a<b");
    tp_html_name(&html, NULL);
    is(&html, "<bdi>a&lt;b</bdi><bdi>-</bdi>");
}
END_TEST

/* The test vectors of RFC 4648, section 10, and bytes of all ones. */
static const struct {
    const char *bytes, *base64;
} vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xff\xff\xff", "////"},
    {"\xfb\xef\xbe", "++++"}};

START_TEST(bytes_become_base64)
{
    struct tp_text text = {0};
    tp_html_base64(&text, (const unsigned char *)vectors[_i].bytes, strlen(vectors[_i].bytes));
    is(&text, vectors[_i].base64);
}
END_TEST

START_TEST(a_cell_is_sorted_by_what_it_rounds)
{
    struct tp_text html = {0};
    tp_html_bytes(&html, 1234567);
    tp_html_seconds(&html, 0.25);
    tp_html_percent(&html, 0.125);
    tp_html_count(&html, 42);
    is(&html, "<td data-v=\"1234567\" title=\"1234567 bytes\">1.23 MB</td>"
              "<td data-v=\"0.25\" title=\"0.25 s\">250 ms</td>"
              "<td data-v=\"0.125\" title=\"12.500000 %\">12.5 %</td>"
              "<td data-v=\"42\">42</td>");
}
END_TEST

START_TEST(what_is_not_known_has_nothing_to_sort_by)
{
    struct tp_text html = {0};
    tp_html_seconds(&html, NAN);
    tp_html_percent(&html, NAN);
    is(&html, "<td class=\"n\">-</td><td class=\"n\">-</td>");
}
END_TEST

START_TEST(heads_of_numbers_are_told_apart)
{
    static const char *const heads[] = {"a & b", "#rows"};
    struct tp_text html = {0};
    tp_html_table(&html, "<all>", heads, 2);
    is(&html,
        "<div class=\"scroll\"><table>\n<caption>&lt;all&gt;</caption>\n<thead><tr>"
        "<th scope=\"col\">a &amp; b</th><th scope=\"col\" class=\"n\">rows</th></tr></thead>\n"
        "<tbody>\n");
}
END_TEST

START_TEST(labelled_lines_become_terms)
{
    struct tp_text lines = {0}, html = {0};
    tp_text_add(&lines, "Verdict   run <fast>\n          or slow\n\nModel     a & b\n");
    tp_html_statements(&html, &lines, 10);
    is(&html, "<dl>\n<dt>Verdict</dt><dd>run &lt;fast&gt;</dd>\n<dd>or slow</dd>\n"
              "<dt>Model</dt><dd>a &amp; b</dd>\n</dl>\n");
    tp_text_release(&lines);
}
END_TEST

/* A term comes before what is said of it, even if it is empty. */
START_TEST(a_first_line_without_a_label_has_an_empty_term)
{
    struct tp_text lines = {0}, html = {0};
    tp_text_add(&lines, "    words\n");
    tp_html_statements(&html, &lines, 4);
    is(&html, "<dl>\n<dt></dt><dd>words</dd>\n</dl>\n");
    tp_text_release(&lines);
}
END_TEST

START_TEST(plain_lines_become_paragraphs)
{
    struct tp_text lines = {0}, html = {0};
    tp_text_add(&lines, "\n one & two\n   \n three");
    tp_html_paragraphs(&html, &lines);
    is(&html, "<p>one &amp; two</p>\n<p>three</p>\n");
    tp_text_release(&lines);
}
END_TEST

START_TEST(running_out_of_memory_before_is_not_forgotten)
{
    struct tp_text lines = {.failed = true}, html = {0};
    tp_html_paragraphs(&html, &lines);
    ck_assert(html.failed);
    tp_text_release(&html);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("html_page");
    TCase *tcase = tcase_create("html_page");
    tcase_add_loop_test(
        tcase, text_of_any_bytes_is_text_in_html, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_loop_test(
        tcase, and_a_string_in_a_script_element, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tcase, a_name_keeps_its_direction_to_itself);
    tcase_add_loop_test(tcase, bytes_become_base64, 0, (int)(sizeof vectors / sizeof *vectors));
    tcase_add_test(tcase, a_cell_is_sorted_by_what_it_rounds);
    tcase_add_test(tcase, what_is_not_known_has_nothing_to_sort_by);
    tcase_add_test(tcase, heads_of_numbers_are_told_apart);
    tcase_add_test(tcase, labelled_lines_become_terms);
    tcase_add_test(tcase, a_first_line_without_a_label_has_an_empty_term);
    tcase_add_test(tcase, plain_lines_become_paragraphs);
    tcase_add_test(tcase, running_out_of_memory_before_is_not_forgotten);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
