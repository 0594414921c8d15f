/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of files: their ends, their lengths, and what is refused. */
#include "scratch.h"

#include "base/lines.h"

static struct tp_error err;

static struct tp_lines *open_lines(const char *name)
{
    struct tp_lines *lines = NULL;
    ck_ok(tp_lines_open(in_scratch(name), &lines, &err), err);
    return lines;
}

/* Every line, with '/' behind it. */
static char *joined(const char *name)
{
    static char all[256];
    struct tp_lines *lines = open_lines(name);
    const char *line;
    size_t length;
    int64_t count = 0;
    all[0] = '\0';
    for (;;) {
        ck_ok(tp_lines_next(lines, &line, &length, &err), err);
        if (!line)
            break;
        ck_assert_uint_eq(length, strlen(line));
        ck_assert_int_eq(tp_lines_number(lines), ++count);
        strcat(strcat(all, line), "/");
    }
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_ptr_null(line);
    tp_lines_free(lines);
    return all;
}

START_TEST(a_line_ends_with_a_newline_or_the_file)
{
    static const struct {
        const char *text, *lines;
    } cases[] = {
        {"", ""},
        {"\n", "/"},
        {"a", "a/"},
        {"a\n", "a/"},
        {"a\n\nb", "a//b/"},
        {"a\r\nb\r\n", "a/b/"},
        {"a\rb\n", "a\rb/"},
        {"a\r", "a/"},
    };
    put_text("x", cases[_i].text);
    ck_assert_str_eq(joined("x"), cases[_i].lines);
}
END_TEST

/* A file of one line with that many letters between two others. */
static void put_long_line(size_t length, const char *end)
{
    FILE *file = fopen(in_scratch("long"), "wb");
    ck_assert_ptr_nonnull(file);
    fputs("first\n", file);
    for (size_t i = 0; i < length; i++)
        fputc('a' + (int)(i % 26), file);
    fprintf(file, "%slast\n", end);
    fclose(file);
}

START_TEST(the_longest_line_is_read_whole)
{
    static const char *const ends[] = {"\n", "\r\n"};
    const char *line;
    size_t length;
    put_long_line(TP_LINE_BYTES_MAX, ends[_i]);
    struct tp_lines *lines = open_lines("long");
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_uint_eq(length, TP_LINE_BYTES_MAX);
    size_t right = 0;
    while (right < length && line[right] == 'a' + (int)(right % 26))
        right++;
    ck_assert_uint_eq(right, length);
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_str_eq(line, "last");
    tp_lines_free(lines);
}
END_TEST

START_TEST(a_longer_one_is_refused)
{
    const char *line;
    size_t length;
    put_long_line(TP_LINE_BYTES_MAX + 1 + (size_t)_i * TP_LINE_BYTES_MAX, "\n");
    struct tp_lines *lines = open_lines("long");
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_int_eq(tp_lines_next(lines, &line, &length, &err), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){"long:2: ", "over 1048576 bytes", NULL});
    tp_lines_free(lines);
}
END_TEST

START_TEST(longer_ones_are_read_on_demand)
{
    const char *line;
    size_t length, most = 3 * TP_LINE_BYTES_MAX;
    struct tp_lines *lines = NULL;
    put_long_line(most + (size_t)_i, "\n");
    ck_ok(tp_lines_open_long(in_scratch("long"), most, &lines, &err), err);
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    if (_i == 0) {
        ck_ok(tp_lines_next(lines, &line, &length, &err), err);
        ck_assert_uint_eq(length, most);
        ck_ok(tp_lines_next(lines, &line, &length, &err), err);
        ck_assert_str_eq(line, "last");
    } else {
        ck_assert_int_eq(tp_lines_next(lines, &line, &length, &err), TP_EINPUT);
        ck_message_has(&err, (const char *const[]){"long:2: ", "over 3145728 bytes", NULL});
    }
    tp_lines_free(lines);
}
END_TEST

/* Of lengths that end before, in and behind what is read at once. */
START_TEST(behind_a_line_that_is_too_long_the_next_one_is_read)
{
    const char *line;
    size_t length;
    put_long_line(TP_LINE_BYTES_MAX + 1 + (size_t)_i * 150000, _i % 2 ? "\n" : "\r\n");
    struct tp_lines *lines = open_lines("long");
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert(!tp_lines_resumes(lines));
    ck_assert_int_eq(tp_lines_next(lines, &line, &length, &err), TP_EINPUT);
    ck_assert(tp_lines_resumes(lines));
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_str_eq(line, "last");
    ck_assert_int_eq(tp_lines_number(lines), 3);
    ck_assert(!tp_lines_resumes(lines));
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_ptr_null(line);
    tp_lines_free(lines);
}
END_TEST

START_TEST(many_lines_are_all_there)
{
    /* 1.7 MB, more than the buffer: lines of 1 to 100 letters. */
    FILE *file = fopen(in_scratch("many"), "wb");
    for (int i = 0; i < 32768; i++)
        fprintf(file, "%.*s\n", 1 + i % 100,
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxxxxxx");
    fclose(file);
    struct tp_lines *lines = open_lines("many");
    const char *line;
    size_t length;
    ck_assert(tp_lines_done(lines) == 0);
    for (int i = 0; i < 32768; i++) {
        ck_ok(tp_lines_next(lines, &line, &length, &err), err);
        ck_assert(line && length == 1 + (size_t)i % 100);
        ck_assert(tp_lines_done(lines) >= 0 && tp_lines_done(lines) < 1);
    }
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_ptr_null(line);
    tp_lines_free(lines);
}
END_TEST

START_TEST(a_nul_is_refused)
{
    struct tp_lines *lines;
    const char *line;
    size_t length;
    put_file("nul", "a\nb\0c\nd", 7);
    lines = open_lines("nul");
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_int_eq(tp_lines_next(lines, &line, &length, &err), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){"nul:2: ", "NUL", NULL});
    ck_assert(tp_lines_resumes(lines));
    ck_ok(tp_lines_next(lines, &line, &length, &err), err);
    ck_assert_str_eq(line, "d");
    tp_lines_free(lines);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    struct tp_lines *lines = NULL;
    ck_assert_int_eq(tp_lines_open(in_scratch("none"), &lines, &err), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){"none: cannot be read: No such file", NULL});
    ck_assert_int_eq(tp_lines_open(scratch, &lines, &err), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){"is a folder, expected a file", NULL});
    ck_assert_ptr_null(lines);
    tp_lines_free(NULL);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("lines");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(tcase, a_line_ends_with_a_newline_or_the_file, 0, 8);
    tcase_add_loop_test(tcase, the_longest_line_is_read_whole, 0, 2);
    tcase_add_loop_test(tcase, a_longer_one_is_refused, 0, 2);
    tcase_add_loop_test(tcase, longer_ones_are_read_on_demand, 0, 2);
    tcase_add_loop_test(tcase, behind_a_line_that_is_too_long_the_next_one_is_read, 0, 20);
    tcase_add_test(tcase, many_lines_are_all_there);
    tcase_add_test(tcase, a_nul_is_refused);
    tcase_add_test(tcase, what_is_no_file_is_refused);
    return run_suite("lines", tcase);
}
