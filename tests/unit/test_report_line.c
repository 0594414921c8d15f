/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of report lines: how two times compare, bars, lines cut to their width. */
#include "report/line.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    double seconds, other;
    const char *words;
} paces[] = {
    {2, 2.5, "is 1.25 times as fast as"},
    {2.5, 2, "takes 1.25 times as long as"},
    {1, 1, "is as fast as"},
    {1, 1.009, "is as fast as"},
    {1.009, 1, "is as fast as"},
    {1, 1.011, "is 1.01 times as fast as"},
    {1.011, 1, "takes 1.01 times as long as"},
    {0, 0, "is as fast as"},
    {99.99, 1, "takes 99.99 times as long as"},
    {1, 306.28, "is 306 times as fast as"},
    {1e-300, 1e300, "is far faster than"},
    {1, 0, "takes far longer than"},
};

START_TEST(times_that_differ_by_less_than_1_percent_are_as_fast_as_each_other)
{
    ck_assert_str_eq(tp_pace(paces[_i].seconds, paces[_i].other).text, paces[_i].words);
    ck_assert_int_eq(tp_same_pace(paces[_i].seconds, paces[_i].other),
        !strcmp(paces[_i].words, "is as fast as"));
}
END_TEST

static const struct {
    double share;
    const char *bar;
} bars[] = {
    {0, "|          |"},
    {-1, "|          |"},
    {0.0049, "|          |"},
    {0.0051, "|#         |"},
    {0.1, "|#         |"},
    {0.54, "|#####     |"},
    {0.56, "|######    |"},
    {1, "|##########|"},
    {7, "|##########|"},
    {(double)NAN, "|          |"},
};

START_TEST(a_bar_is_empty_for_less_than_half_a_hundredth_and_never_too_long)
{
    ck_assert_str_eq(tp_bar(bars[_i].share, 10).text, bars[_i].bar);
}
END_TEST

START_TEST(a_line_of_any_bytes_is_printable_and_cut_at_100_columns)
{
    char words[201], expected[102];
    struct tp_text text = {0};
    memset(words, 'x', 200);
    words[200] = '\0';
    memcpy(words, "a\nb\xc3\xa9", 5);
    memset(expected, 'x', 100);
    memcpy(expected, "It: a?b?", 8);
    memcpy(expected + 97, "...\n", 5);
    tp_line_cut(&text, "It:", 4, words);
    ck_assert_str_eq(text.data, expected);
    tp_text_release(&text);
}
END_TEST

/* 60 words of 3 letters take 240 columns; the label takes 4. */
START_TEST(an_endless_text_has_one_line_for_all_words)
{
    char words[241], expected[245] = "It: ";
    struct tp_text text = {.endless = true};
    for (int i = 0; i < 60; i++)
        memcpy(words + 4 * i, "abc ", 4);
    words[239] = '\0';
    strcat(expected, words);
    strcat(expected, "\n");
    tp_line_wrap(&text, "It:", 4, "%s", words);
    ck_assert_str_eq(text.data, expected);
    tp_text_release(&text);
}
END_TEST

/* 4 columns of label and 96 of words. */
START_TEST(a_line_that_just_fits_is_not_cut)
{
    char words[97];
    struct tp_text text = {0};
    memset(words, 'x', 96);
    words[96] = '\0';
    tp_line_cut(&text, "It:", 4, words);
    ck_assert_uint_eq(text.length, 101);
    ck_assert_ptr_null(strchr(text.data, '.'));
    tp_text_release(&text);
}
END_TEST

START_TEST(numbers_are_listed_as_far_as_they_fit)
{
    static const struct {
        int32_t values[8], count;
        const char *text;
    } spans[] = {{{3}, 1, "3"}, {{8, 9, 10}, 3, "8-10"}, {{4, 6, 7}, 3, "4,6,7"},
        {{1, 3, 5, 7, 9, 11}, 6, "1,3,5,7,9,11"}, {{101, 103, 105, 107}, 4, "101,103,105,107"},
        {{1001, 103, 105, 107}, 4, "1001,103,..."}, {{100001, 300002}, 2, "100001,300002"}};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        char out[16];
        tp_line_span(out, spans[i].values, spans[i].count);
        ck_assert_str_eq(out, spans[i].text);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("report line");
    tcase_add_loop_test(tcase, times_that_differ_by_less_than_1_percent_are_as_fast_as_each_other,
        0, (int)(sizeof paces / sizeof paces[0]));
    tcase_add_loop_test(tcase, a_bar_is_empty_for_less_than_half_a_hundredth_and_never_too_long, 0,
        (int)(sizeof bars / sizeof bars[0]));
    tcase_add_test(tcase, numbers_are_listed_as_far_as_they_fit);
    tcase_add_test(tcase, a_line_of_any_bytes_is_printable_and_cut_at_100_columns);
    tcase_add_test(tcase, an_endless_text_has_one_line_for_all_words);
    tcase_add_test(tcase, a_line_that_just_fits_is_not_cut);
    Suite *suite = suite_create("report line");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
