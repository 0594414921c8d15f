/* SPDX-License-Identifier: Apache-2.0 */
/* Growing text, and numbers to text and back. */
#include "base/text.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static const struct {
    double value;
    const char *text;
} reals[] = {{0.0, "0.0"}, {1.0, "1.0"}, {-1.0, "-1.0"}, {0.1, "0.1"}, {10.0, "10.0"},
    {100000.0, "100000.0"}, {-250.0, "-250.0"}, {1e6, "1.0e+06"}, {2.5, "2.5"},
    {16384.0, "16384.0"}, {1.5e12, "1.5e+12"}, {2e12, "2.0e+12"}, {3e-6, "3.0e-06"},
    {1.0 / 3.0, "0.3333333333333333"}, {0.1 + 0.2, "0.30000000000000004"},
    {DBL_MAX, "1.7976931348623157e+308"}, {5e-324, "5.0e-324"}};

START_TEST(a_real_gets_the_shortest_digits_with_a_point)
{
    char text[32];
    tp_format_real(text, reals[_i].value);
    ck_assert_str_eq(text, reals[_i].text);
    double back;
    ck_assert(tp_parse_real(text, &back));
    ck_assert(memcmp(&back, &reals[_i].value, sizeof back) == 0);
}
END_TEST

/* A linear congruential walk over bit patterns. */
START_TEST(every_real_reads_back_the_same)
{
    uint64_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        double value;
        double back;
        char text[32];
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        tp_format_real(text, value);
        ck_assert_uint_lt(strlen(text), sizeof text);
        ck_assert(tp_parse_real(text, &back));
        ck_assert(back == value);
    }
}
END_TEST

static const char *const no_reals[] = {"", "-", "+", ".", ".5", "5.", "-.5", "1e", "1e+", "e5",
    "nan", "inf", "0x10", "1_0", "1,5", " 1", "1 ", "1.5e3.5", "1..5", "--1", "1e999", "-1e999"};

START_TEST(what_is_no_finite_real_is_refused)
{
    double value = 7.0;
    ck_assert(!tp_parse_real(no_reals[_i], &value));
    ck_assert(value == 7.0);
}
END_TEST

START_TEST(integers_are_read_to_the_ends_of_64_bits)
{
    int64_t value;
    ck_assert(tp_parse_integer("9223372036854775807", &value));
    ck_assert(value == INT64_MAX);
    ck_assert(tp_parse_integer("-9223372036854775808", &value));
    ck_assert(value == INT64_MIN);
    ck_assert(tp_parse_integer("0", &value));
    ck_assert(value == 0);
}
END_TEST

static const char *const no_integers[] = {"", "-", "+5", "010", "-01", "1.0", "1e3", "0x1", "1_000",
    " 1", "1 ", "9223372036854775808", "-9223372036854775809", "1:30", "five"};

START_TEST(what_is_no_integer_is_refused)
{
    int64_t value = 7;
    ck_assert(!tp_parse_integer(no_integers[_i], &value));
    ck_assert(value == 7);
}
END_TEST

static const struct {
    double bytes;
    const char *text;
} byte_counts[] = {{0, "0 B"}, {512, "512 B"}, {999, "999 B"}, {1000, "1.00 kB"},
    {36960, "37.0 kB"}, {1.9e9, "1.90 GB"}, {85899345920.0, "85.9 GB"}, {999.6e6, "1.00 GB"},
    {3.2e14, "320 TB"}};

START_TEST(bytes_get_three_digits_and_a_unit)
{
    char text[16];
    tp_format_bytes(text, byte_counts[_i].bytes);
    ck_assert_str_eq(text, byte_counts[_i].text);
}
END_TEST

static const struct {
    double seconds;
    const char *text;
} times[] = {{0, "0 ns"}, {3.2e-6, "3.20 us"}, {0.0158, "15.8 ms"}, {0.158, "158 ms"},
    {2.0, "2.00 s"}, {120.0, "120 s"}};

START_TEST(seconds_get_three_digits_and_a_unit)
{
    char text[16];
    tp_format_seconds(text, times[_i].seconds);
    ck_assert_str_eq(text, times[_i].text);
}
END_TEST

START_TEST(text_grows_by_pieces)
{
    struct tp_text text = {0};
    char expected[4096] = "";
    for (int i = 0; i < 500; i++) {
        tp_text_add(&text, "%d,", i);
        sprintf(expected + strlen(expected), "%d,", i);
    }
    tp_text_add_bytes(&text, "ab\0c", 4);
    ck_assert(!text.failed);
    ck_assert_uint_eq(text.length, strlen(expected) + 4);
    ck_assert(memcmp(text.data, expected, strlen(expected)) == 0);
    ck_assert(memcmp(text.data + strlen(expected), "ab\0c", 5) == 0);
    tp_text_release(&text);
    ck_assert_ptr_null(text.data);
    tp_text_release(NULL);
}
END_TEST

START_TEST(an_impossible_length_fails_and_sticks)
{
    struct tp_text text = {0};
    tp_text_add(&text, "kept");
    tp_text_add_bytes(&text, "x", SIZE_MAX - 2);
    ck_assert(text.failed);
    tp_text_add(&text, "ignored");
    ck_assert_str_eq(text.data, "kept");
    tp_text_release(&text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("text");
    tcase_add_loop_test(tcase, a_real_gets_the_shortest_digits_with_a_point, 0, COUNT(reals));
    tcase_add_test(tcase, every_real_reads_back_the_same);
    tcase_add_loop_test(tcase, what_is_no_finite_real_is_refused, 0, COUNT(no_reals));
    tcase_add_test(tcase, integers_are_read_to_the_ends_of_64_bits);
    tcase_add_loop_test(tcase, what_is_no_integer_is_refused, 0, COUNT(no_integers));
    tcase_add_loop_test(tcase, bytes_get_three_digits_and_a_unit, 0, COUNT(byte_counts));
    tcase_add_loop_test(tcase, seconds_get_three_digits_and_a_unit, 0, COUNT(times));
    tcase_add_test(tcase, text_grows_by_pieces);
    tcase_add_test(tcase, an_impossible_length_fails_and_sticks);
    Suite *suite = suite_create("text");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
