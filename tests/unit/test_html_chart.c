/* SPDX-License-Identifier: Apache-2.0 */
/* Charts and pictures: labels where they belong, pictures that are whole files. */
#include "html/chart.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const double margins[4] = {50, 10, 20, 40};

static const struct {
    enum tp_unit unit;
    double value;
    const char *text;
} figures[] = {
    {TP_UNIT_COUNT, 0, "0"},
    {TP_UNIT_COUNT, 4096, "4096"},
    {TP_UNIT_COUNT, 515.84, "515.8"},
    {TP_UNIT_COUNT, 2500000, "2.5e+06"},
    {TP_UNIT_BYTES, 0, "0"},
    {TP_UNIT_BYTES, 1500000000, "1.50 GB"},
    {TP_UNIT_SECONDS, 0.0158, "15.8 ms"},
    {TP_UNIT_PERCENT, 0.075, "7.5 %"},
    {TP_UNIT_PERCENT, 1, "100 %"},
};

START_TEST(figures_are_short)
{
    ck_assert_str_eq(tp_figure(figures[_i].unit, figures[_i].value).text, figures[_i].text);
}
END_TEST

/* The area with the figures is what the margins leave of 200 x 100. */
START_TEST(margins_leave_the_area)
{
    struct tp_chart chart = {0};
    ck_assert_int_eq(tp_chart_begin(&chart, 200, 100, margins, NULL), TP_OK);
    ck_assert_double_eq_tol(chart.left, 50, 1e-9);
    ck_assert_double_eq_tol(chart.top, 10, 1e-9);
    ck_assert_double_eq_tol(chart.right, 180, 1e-9);
    ck_assert_double_eq_tol(chart.bottom, 60, 1e-9);
    tp_chart_release(&chart);
}
END_TEST

/* 50 of 200 is 25 %, 60 of 100 is 60 %. */
START_TEST(labels_stand_at_percents_of_the_picture_and_are_escaped)
{
    struct tp_chart chart = {0};
    ck_assert_int_eq(tp_chart_begin(&chart, 200, 100, margins, NULL), TP_OK);
    tp_chart_label(&chart, 50, 60, TP_LABEL_LEFT, "who", "a<b");
    ck_assert_str_eq(
        chart.labels.data, "<span class=\"r who\" style=\"left:25.00%;top:60.00%\">a&lt;b</span>");
    tp_chart_release(&chart);
}
END_TEST

START_TEST(an_axis_names_its_ticks)
{
    struct tp_chart chart = {0};
    struct tp_scale scale = {0, 1, 60, 10, false};
    ck_assert_int_eq(tp_chart_begin(&chart, 200, 100, margins, NULL), TP_OK);
    tp_chart_y_axis(&chart, &scale, TP_UNIT_PERCENT);
    ck_assert_ptr_nonnull(strstr(chart.labels.data, "top:60.00%\">0 %</span>"));
    ck_assert_ptr_nonnull(strstr(chart.labels.data, "top:35.00%\">50 %</span>"));
    ck_assert_ptr_nonnull(strstr(chart.labels.data, "top:10.00%\">100 %</span>"));
    tp_chart_release(&chart);
}
END_TEST

/* Base64 of "<?xml". */
START_TEST(a_chart_is_a_figure_with_a_picture_and_words_for_it)
{
    struct tp_chart chart = {0};
    struct tp_text html = {0};
    ck_assert_int_eq(tp_chart_begin(&chart, 200, 100, margins, NULL), TP_OK);
    tp_picture_box(chart.picture, 0, 0, 10, 10, TP_COLOUR_PLAIN);
    ck_assert_int_eq(tp_chart_end(&chart, "Load & limits", "bars \"here\"", &html, NULL), TP_OK);
    ck_assert_ptr_nonnull(strstr(html.data, "<figcaption>Load &amp; limits</figcaption>"));
    ck_assert_ptr_nonnull(strstr(html.data, "<img alt=\"bars &quot;here&quot;\" "
                                            "src=\"data:image/svg+xml;base64,PD94bW"));
    ck_assert_ptr_nonnull(strstr(html.data, "</figure>"));
    tp_text_release(&html);
    tp_chart_release(&chart);
}
END_TEST

/* The same drawing twice. */
START_TEST(same_marks_same_bytes)
{
    struct tp_text html[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        struct tp_picture *picture;
        ck_assert_int_eq(tp_picture_new(10, 10, &picture, NULL), TP_OK);
        tp_picture_dot(picture, (struct tp_point){5, 5}, 2, true, TP_COLOUR_LIMIT);
        ck_assert_int_eq(tp_picture_end(picture, &html[i], NULL), TP_OK);
        tp_picture_free(picture);
    }
    ck_assert_str_eq(html[0].data, html[1].data);
    tp_text_release(&html[0]);
    tp_text_release(&html[1]);
}
END_TEST

/* A PNG begins with 89 50 4e 47 0d 0a 1a 0a, then its head: 13 bytes, IHDR, width 3, height 2. */
START_TEST(pixels_become_a_png_of_their_size)
{
    static const tp_colour pixels[6] = {0, 0xff000000U, 0x80ff0000U, 1, 2, 3};
    struct tp_text uri = {0};
    ck_assert_int_eq(tp_picture_pixels(pixels, 3, 2, &uri, NULL), TP_OK);
    ck_assert(!strncmp(uri.data, "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAMAAAAC", 54));
    tp_text_release(&uri);
}
END_TEST

START_TEST(a_picture_of_an_impossible_size_is_refused)
{
    static const tp_colour pixel = 0;
    struct tp_text uri = {0};
    struct tp_error err = {0};
    ck_assert_int_eq(tp_picture_pixels(&pixel, -1, 1, &uri, &err), TP_EINTERNAL);
    ck_assert_ptr_nonnull(strstr(err.text, "a picture cannot be drawn"));
    ck_assert_ptr_null(uri.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("html_chart");
    TCase *tcase = tcase_create("html_chart");
    tcase_add_loop_test(tcase, figures_are_short, 0, (int)(sizeof figures / sizeof *figures));
    tcase_add_test(tcase, margins_leave_the_area);
    tcase_add_test(tcase, labels_stand_at_percents_of_the_picture_and_are_escaped);
    tcase_add_test(tcase, an_axis_names_its_ticks);
    tcase_add_test(tcase, a_chart_is_a_figure_with_a_picture_and_words_for_it);
    tcase_add_test(tcase, same_marks_same_bytes);
    tcase_add_test(tcase, pixels_become_a_png_of_their_size);
    tcase_add_test(tcase, a_picture_of_an_impossible_size_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
