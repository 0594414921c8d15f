/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 <-> UTF-32. Encodings and examples from RFC 3629, sections 3 and 7. */
#include "base/unicode.h"

#include "scratch.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static const struct {
    const char *utf8;
    size_t count;
    uint32_t utf32[4];
} texts[] = {
    {"", 0, {0}},
    {"a", 1, {'a'}},
    {"A\xe2\x89\xa2\xce\x91.", 4, {0x41, 0x2262, 0x391, 0x2e}},
    {"\xed\x95\x9c", 1, {0xd55c}},
    {"\xf0\xa3\x8e\xb4", 1, {0x233b4}},
    {"\x7f\xc2\x80", 2, {0x7f, 0x80}},
    {"\xdf\xbf\xe0\xa0\x80", 2, {0x7ff, 0x800}},
    {"\xef\xbf\xbf\xf0\x90\x80\x80", 2, {0xffff, 0x10000}},
    {"\xf4\x8f\xbf\xbf", 1, {0x10ffff}},
};

START_TEST(text_goes_there_and_back)
{
    uint32_t characters[5];
    struct tp_text back = {0};
    memset(characters, 0xee, sizeof characters);
    ck_assert_uint_eq(tp_utf8_count(texts[_i].utf8), texts[_i].count);
    tp_utf8_to_utf32(texts[_i].utf8, characters, 5);
    ck_assert_mem_eq(characters, texts[_i].utf32, 16);
    ck_assert_uint_eq(characters[4], 0);
    ck_assert(tp_utf32_to_utf8((const unsigned char *)characters, 5, &back));
    ck_assert_str_eq(back.data ? back.data : "", texts[_i].utf8);
    tp_text_release(&back);
}
END_TEST

/* Lone continuation, overlong forms of '/', cut off, a surrogate, beyond 10ffff, no lead byte. */
static const char *const no_utf8[] = {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",
    "\xc3", "\xe2\x89", "\xf0\xa3\x8e", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
    "\xff", "ok\xc3(", "\xc1\xbf"};

START_TEST(what_is_no_utf8_is_refused)
{
    ck_assert_uint_eq(tp_utf8_count(no_utf8[_i]), SIZE_MAX);
}
END_TEST

static const uint32_t no_characters[] = {0xd800, 0xdfff, 0x110000, 0xffffffff};

START_TEST(what_is_no_character_is_refused)
{
    struct tp_text text = {0};
    ck_assert(!tp_utf32_to_utf8((const unsigned char *)&no_characters[_i], 1, &text));
    tp_text_release(&text);
}
END_TEST

START_TEST(a_zero_inside_is_refused)
{
    struct tp_text text = {0};
    const uint32_t inside[] = {'a', 0, 'b'};
    ck_assert(!tp_utf32_to_utf8((const unsigned char *)inside, 3, &text));
    tp_text_release(&text);
}
END_TEST

static const struct {
    const char *text, *kept, *clean;
} cleanings[] = {
    {"plain, caf\xc3\xa9", "", "plain, caf\xc3\xa9"}, {"a\nb\tc\x7f", "", "a?b?c?"},
    {"a\nb\tc", "\n", "a\nb?c"}, {"\x1b[31m", "\n", "?[31m"},
    {"\xc2\x9b"
     "31m",
        "", "??31m"}, /* CSI as U+009B */
    {"\x9b"
     "31m",
        "", "?31m"},                  /* and as a byte of its own */
    {"cut \xc3", "", "cut ?"},        /* in the middle of a character */
    {"\xed\xa0\x80\xff", "", "????"}, /* a surrogate, no UTF-8 at all */
};

START_TEST(what_a_terminal_should_not_see_is_replaced)
{
    char text[32];
    snprintf(text, sizeof text, "%s", cleanings[_i].text);
    tp_utf8_clean(text, cleanings[_i].kept);
    ck_assert_str_eq(text, cleanings[_i].clean);
}
END_TEST

START_TEST(control_characters_are_found)
{
    ck_assert(tp_utf8_has_control("a\nb") && tp_utf8_has_control("\xc2\x80"));
    ck_assert(!tp_utf8_has_control("caf\xc3\xa9") && !tp_utf8_has_control("\x9b"));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("unicode");
    tcase_add_loop_test(tcase, text_goes_there_and_back, 0, COUNT(texts));
    tcase_add_loop_test(tcase, what_is_no_utf8_is_refused, 0, COUNT(no_utf8));
    tcase_add_loop_test(tcase, what_is_no_character_is_refused, 0, COUNT(no_characters));
    tcase_add_test(tcase, a_zero_inside_is_refused);
    tcase_add_loop_test(tcase, what_a_terminal_should_not_see_is_replaced, 0,
        (int)(sizeof cleanings / sizeof cleanings[0]));
    tcase_add_test(tcase, control_characters_are_found);
    return run_suite("unicode", tcase);
}
