/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files to records. Lines in expected messages are counted by hand. */
#include "base/csv.h"
#include "scratch.h"

#include "base/lines.h"
#include "base/text.h"

static struct tp_error err;

/* Appends "2:x/y$": line and fields. */
static void add_record(struct tp_text *all, const struct tp_csv_record *record)
{
    tp_text_add(all, "%zu:", record->line);
    for (size_t i = 0; i < record->field_count; i++)
        tp_text_add(all, "%s%s", i ? "/" : "", record->fields[i]);
    tp_text_add(all, "$");
}

/* All records of a text, the header first, which is looked at when all the others were read. */
static enum tp_status read_all(
    const char *text, size_t length, enum tp_csv_blank blank, struct tp_text *all)
{
    struct tp_csv *csv = NULL;
    const struct tp_csv_record *record;
    struct tp_text rest = {0};
    put_file("t.csv", text, length);
    enum tp_status status = tp_csv_open(in_scratch("t.csv"), blank, &csv, &err);
    while (status == TP_OK) {
        status = tp_csv_next(csv, &record, &err);
        if (status != TP_OK || !record)
            break;
        add_record(&rest, record);
    }
    *all = (struct tp_text){0};
    if (status == TP_OK) {
        add_record(all, tp_csv_header(csv));
        tp_text_add(all, "%s", rest.data ? rest.data : "");
    }
    tp_text_release(&rest);
    tp_csv_free(csv);
    return status;
}

#define TEXT(literal) literal, sizeof literal - 1
static const struct {
    const char *text, *records;
} good[] = {
    {"name,rows\nuser,10\nitem,20\n", "1:name/rows$2:user/10$3:item/20$"},
    {"a\n", "1:a$"},
    {"a,b\n1,2", "1:a/b$2:1/2$"},
    /* Quotes hold commas, quotes and ends of lines. */
    {"a,b\n\"x,y\",\"say \"\"hi\"\"\"\nlast,1\n", "1:a/b$2:x,y/say \"hi\"$3:last/1$"},
    {"a,b\n\"two\nlines\",\"\"\nlast,1\n", "1:a/b$2:two\nlines/$4:last/1$"},
    {"\"a\nb\",c\n1,2\n", "1:a\nb/c$3:1/2$"},
    /* Ends of lines and a byte order mark are no content. */
    {"\xef\xbb\xbf"
     "a,b\r\n1,2\r\n",
        "1:a/b$2:1/2$"},
    {"a\n\xef\xbb\xbf\n", "1:a$2:\xef\xbb\xbf$"},
    /* Blanks around a field are dropped, inside and in quotes they stay; empty fields are kept. */
    {"a,b,c\n  x\t,,\n", "1:a/b/c$2:x//$"},
    {"a,b\n x y ,\" z \"\n", "1:a/b$2:x y/ z $"},
    /* Any encoding. */
    {"\xe9,b\n1,\xff\n", "1:\xe9/b$2:1/\xff$"},
};

START_TEST(records_have_fields_and_lines)
{
    struct tp_text all;
    ck_ok(read_all(good[_i].text, strlen(good[_i].text), TP_CSV_BLANK_SKIPPED, &all), err);
    ck_assert_str_eq(all.data, good[_i].records);
    tp_text_release(&all);
}
END_TEST

static const struct {
    const char *text;
    enum tp_csv_blank blank;
    const char *records; /* NULL: refused with the message */
    const char *message;
} blanks[] = {
    {"\n \na,b\n1,2\n", TP_CSV_BLANK_SKIPPED, "3:a/b$4:1/2$", NULL},
    {"\n \na,b\n1,2\n", TP_CSV_BLANK_IS_RECORD, "3:a/b$4:1/2$", NULL},
    {"a,b\r\n\r\n  \r\n1,2\n\t\n", TP_CSV_BLANK_SKIPPED, "1:a/b$4:1/2$", NULL},
    {"a,b\n\n", TP_CSV_BLANK_IS_RECORD, NULL, "t.csv:2: found 0 fields, expected 2"},
    {"a\n1\n\n2\n", TP_CSV_BLANK_SKIPPED, "1:a$2:1$4:2$", NULL},
    {"a\n1\n\n2\n", TP_CSV_BLANK_IS_RECORD, "1:a$2:1$3:$4:2$", NULL},
    {"a\n\n \n", TP_CSV_BLANK_IS_RECORD, "1:a$2:$3:$", NULL},
    {"a,b\n\"\n\n\",\n", TP_CSV_BLANK_SKIPPED, "1:a/b$2:\n\n/$", NULL},
    {",\n\n,\n", TP_CSV_BLANK_SKIPPED, "1:/$3:/$", NULL},
};

START_TEST(blank_lines_are_what_the_caller_says)
{
    struct tp_text all;
    enum tp_status status =
        read_all(blanks[_i].text, strlen(blanks[_i].text), blanks[_i].blank, &all);
    ck_assert_int_eq(status, blanks[_i].records ? TP_OK : TP_EINPUT);
    if (status == TP_OK)
        ck_assert_str_eq(all.data, blanks[_i].records);
    else
        ck_message_has(&err, (const char *[]){blanks[_i].message, NULL});
    tp_text_release(&all);
}
END_TEST

static const struct {
    const char *text;
    size_t length;
    const char *message;
} bad[] = {
    {TEXT(""), "t.csv: is empty, expected a header line"},
    {TEXT("\n \n"), "t.csv: is empty"},
    {TEXT("a,b\n1,2\n3\n"), "t.csv:3: found 1 field, expected 2 as in the header, line 1"},
    {TEXT("a,b\n1,2,3\n"), "t.csv:2: found 3 fields, expected 2"},
    {TEXT("\na,b\n\"x\ny\",1,1\n"), "t.csv:3: found 3 fields, expected 2 as in the header, line 2"},
    {TEXT("a,b\n1,x\"y\n"), "t.csv:2: found a quote that does not enclose a whole field"},
    {TEXT("a,b\n1,\"x\"y\n"), "t.csv:2: found a quote that does not enclose a whole field"},
    {TEXT("a,b\n1,\"x\n\"y\n"), "t.csv:2: found a quote that does not enclose a whole field"},
    {TEXT("a,b\n1,2\n\"x,2\n3,4\n"), "t.csv:3: found a quote that is never closed"},
    {TEXT("\"a,b\n"), "t.csv:1: found a quote that is never closed"},
    {TEXT("a,b\n1,2\r3,4\n"), "t.csv:2: found a carriage return that ends no line"},
    {TEXT("a,b\r1,2\r"), "t.csv:1: found a carriage return that ends no line"},
    {TEXT("a,b\n1,\0\n"), "t.csv:2: found a NUL byte, expected text in UTF-8"},
    {TEXT("\xff\xfe"
          "a\0,\0b\0"),
        "t.csv:1: found a NUL byte"},
};

START_TEST(a_bad_file_is_refused_with_its_line)
{
    struct tp_text all;
    ck_assert_int_eq(read_all(bad[_i].text, bad[_i].length, TP_CSV_BLANK_SKIPPED, &all), TP_EINPUT);
    ck_message_has(&err, (const char *[]){bad[_i].message, NULL});
}
END_TEST

START_TEST(a_thousand_records_are_whole)
{
    struct tp_text text = {0}, expected = {0}, all;
    tp_text_add(&text, "a,b\n");
    tp_text_add(&expected, "1:a/b$");
    for (int i = 0; i < 1000; i++) {
        tp_text_add(&text, "n%d,%d\n", i, 7 * i);
        tp_text_add(&expected, "%d:n%d/%d$", i + 2, i, 7 * i);
    }
    ck_ok(read_all(text.data, text.length, TP_CSV_BLANK_SKIPPED, &all), err);
    ck_assert_str_eq(all.data, expected.data);
    tp_text_release(&text);
    tp_text_release(&expected);
    tp_text_release(&all);
}
END_TEST

/* A header of two columns, and a record of that many bytes without its newline: `fill` again and again, and
 * its first byte to fill up. */
static enum tp_status read_long(size_t bytes, const char *fill)
{
    struct tp_text text = {0}, all;
    size_t first = strlen("a,b\n"), step = strlen(fill);
    tp_text_add(&text, "a,b\n");
    while (text.length - first < bytes)
        tp_text_add_bytes(&text, fill, bytes - (text.length - first) < step ? 1 : step);
    tp_text_add(&text, "\n");
    enum tp_status status = read_all(text.data, text.length, TP_CSV_BLANK_SKIPPED, &all);
    tp_text_release(&text);
    tp_text_release(&all);
    return status;
}

#define QUOTED_LINE "\"x\n\"" /* again and again it is one field, whose quotes are doubled */
static const struct {
    size_t bytes;
    const char *fill, *message;
} long_records[] = {
    {TP_LINE_BYTES_MAX, "x", "t.csv:2: found 1 field, expected 2"},
    {TP_LINE_BYTES_MAX, ",", "t.csv:2: found 1048577 fields, expected 2"}, /* as many as can be */
    {TP_LINE_BYTES_MAX, QUOTED_LINE, "t.csv:2: found 1 field, expected 2"},
    {TP_LINE_BYTES_MAX + 1, "x", "t.csv:2: found a line of over 1048576 bytes"},
    {TP_LINE_BYTES_MAX + 1, QUOTED_LINE, "t.csv:2: found a record of over 1048576 bytes"},
};

START_TEST(a_record_is_read_whole_up_to_the_limit)
{
    ck_assert_int_eq(read_long(long_records[_i].bytes, long_records[_i].fill), TP_EINPUT);
    ck_message_has(&err, (const char *[]){long_records[_i].message, NULL});
}
END_TEST

START_TEST(a_quote_left_open_does_not_swallow_the_file)
{
    struct tp_text text = {0}, all;
    tp_text_add(&text, "a,b\n1,\"2\n");
    for (int i = 0; i < 300000; i++)
        tp_text_add(&text, "1,2\n"); /* 1.2 MB */
    ck_assert_int_eq(read_all(text.data, text.length, TP_CSV_BLANK_SKIPPED, &all), TP_EINPUT);
    ck_message_has(&err,
        (const char *[]){"t.csv:2: found a record of over 1048576 bytes", "quote left open", NULL});
    tp_text_release(&text);
}
END_TEST

START_TEST(a_failure_of_the_caller_names_the_record)
{
    struct tp_csv *csv = NULL;
    const struct tp_csv_record *record;
    put_text("t.csv", "\na,b\n\"1\n\",2\n3,4\n");
    ck_ok(tp_csv_open(in_scratch("t.csv"), TP_CSV_BLANK_SKIPPED, &csv, &err), err);
    ck_assert_int_eq(tp_csv_fail(csv, &err, "found %d", 7), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"t.csv:2: found 7", NULL});
    ck_ok(tp_csv_next(csv, &record, &err), err);
    ck_ok(tp_csv_next(csv, &record, &err), err);
    ck_assert_int_eq(tp_csv_fail(csv, &err, "found"), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"t.csv:5: found", NULL});
    tp_csv_free(csv);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    struct tp_csv *csv = NULL;
    ck_assert_int_eq(
        tp_csv_open(in_scratch("none.csv"), TP_CSV_BLANK_SKIPPED, &csv, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"none.csv: cannot be read", NULL});
    ck_assert_int_eq(tp_csv_open(scratch, TP_CSV_BLANK_SKIPPED, &csv, &err), TP_EINPUT);
    ck_assert_ptr_null(csv);
    tp_csv_free(NULL);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("csv");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(
        tcase, records_have_fields_and_lines, 0, (int)(sizeof good / sizeof good[0]));
    tcase_add_loop_test(
        tcase, blank_lines_are_what_the_caller_says, 0, (int)(sizeof blanks / sizeof blanks[0]));
    tcase_add_loop_test(
        tcase, a_bad_file_is_refused_with_its_line, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tcase, a_thousand_records_are_whole);
    tcase_add_loop_test(tcase, a_record_is_read_whole_up_to_the_limit, 0,
        (int)(sizeof long_records / sizeof long_records[0]));
    tcase_add_test(tcase, a_quote_left_open_does_not_swallow_the_file);
    tcase_add_test(tcase, a_failure_of_the_caller_names_the_record);
    tcase_add_test(tcase, what_is_no_file_is_refused);
    return run_suite("csv", tcase);
}
