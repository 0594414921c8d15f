/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files to records. Lines in expected messages are counted by hand. */
#include "import/csv_read.h"
#include "scratch.h"

#include "base/text.h"

static struct tp_csv csv;
static struct tp_error err;

static enum tp_status load(const char *text, size_t length)
{
    csv = (struct tp_csv){0};
    put_file("t.csv", text, length);
    return tp_csv_load(in_scratch("t.csv"), &csv, &err);
}

static void load_well(const char *text)
{
    ck_ok(load(text, strlen(text)), err);
}

static void ck_record(size_t index, size_t line, const char *const *fields)
{
    const struct tp_csv_record *record = &csv.records[index];
    ck_assert_uint_eq(record->line, line);
    for (size_t i = 0; i < csv.field_count; i++)
        ck_assert_str_eq(record->fields[i], fields[i]);
}

START_TEST(records_have_fields_and_lines)
{
    load_well("name,rows\nuser,10\nitem,20\n");
    ck_assert_uint_eq(csv.record_count, 3);
    ck_assert_uint_eq(csv.field_count, 2);
    ck_record(0, 1, (const char *[]){"name", "rows"});
    ck_record(2, 3, (const char *[]){"item", "20"});
    tp_csv_release(&csv);
}
END_TEST

START_TEST(quotes_hold_commas_quotes_and_line_ends)
{
    load_well("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\nlines\",\"\"\nlast,1\n");
    ck_record(1, 2, (const char *[]){"x,y", "say \"hi\""});
    ck_record(2, 3, (const char *[]){"two\nlines", ""});
    ck_record(3, 5, (const char *[]){"last", "1"});
    tp_csv_release(&csv);
}
END_TEST

START_TEST(crlf_a_byte_order_mark_and_blank_lines_are_no_content)
{
    load_well("\xef\xbb\xbf"
              "a,b\r\n\r\n  \r\n1,2\r\n\r\n3,4");
    ck_assert_uint_eq(csv.record_count, 3);
    ck_record(0, 1, (const char *[]){"a", "b"});
    ck_record(1, 4, (const char *[]){"1", "2"});
    ck_record(2, 6, (const char *[]){"3", "4"});
    tp_csv_release(&csv);
}
END_TEST

START_TEST(blanks_around_a_field_are_dropped_and_empty_fields_kept)
{
    load_well("a,b,c\n  x\t,,\n");
    ck_record(1, 2, (const char *[]){"x", "", ""});
    tp_csv_release(&csv);
}
END_TEST

START_TEST(a_thousand_records_are_whole)
{
    struct tp_text text = {0};
    tp_text_add(&text, "a,b\n");
    for (int i = 0; i < 1000; i++)
        tp_text_add(&text, "n%d,%d\n", i, i);
    load_well(text.data);
    ck_assert_uint_eq(csv.record_count, 1001);
    ck_record(1000, 1001, (const char *[]){"n999", "999"});
    tp_text_release(&text);
    tp_csv_release(&csv);
}
END_TEST

#define TEXT(literal) literal, sizeof literal - 1
static const struct {
    const char *text;
    size_t length;
    const char *message;
} bad[] = {
    {TEXT(""), "t.csv: is empty"},
    {TEXT("\n \n"), "t.csv: is empty"},
    {TEXT("a,b\n1,2\n3\n"), "t.csv:3: found 1 field, expected 2 as in the header, line 1"},
    {TEXT("a,b\n1,2,3\n"), "t.csv:2: found 3 fields, expected 2"},
    {TEXT("\na,b\n\"x\ny\",1,1\n"), "t.csv:3: found 3 fields, expected 2 as in the header, line 2"},
    {TEXT("a,b\n1,x\"y\n"), "t.csv:2: found a quote in the wrong place"},
    {TEXT("a,b\n1,\"x\"y\n"), "t.csv:2: found a quote in the wrong place"},
    {TEXT("a,b\n1,2\n\"x,2\n3,4\n"), "t.csv:3: found a quote that is never closed"},
    {TEXT("a,b\n1,\0\n"), "t.csv:2: found a NUL byte"},
    {TEXT("\xff\xfe"
          "a\0,\0b\0"),
        "t.csv:1: found a NUL byte"},
    {TEXT("a,b\n1,\xff\n"), "t.csv:2: field 2 is not UTF-8"},
    {TEXT("\xe9,b\n"), "t.csv:1: field 1 is not UTF-8"},
};

START_TEST(a_bad_file_is_refused_with_its_line)
{
    ck_assert_int_eq(load(bad[_i].text, bad[_i].length), TP_EINPUT);
    ck_message_has(&err, (const char *[]){bad[_i].message, NULL});
    ck_assert_ptr_null(csv.records);
}
END_TEST

START_TEST(a_missing_file_and_a_folder_are_refused)
{
    ck_assert_int_eq(tp_csv_load(in_scratch("none.csv"), &csv, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"none.csv", NULL});
    ck_assert_int_eq(tp_csv_load(scratch, &csv, &err), TP_EINPUT);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("csv_read");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, records_have_fields_and_lines);
    tcase_add_test(tcase, quotes_hold_commas_quotes_and_line_ends);
    tcase_add_test(tcase, crlf_a_byte_order_mark_and_blank_lines_are_no_content);
    tcase_add_test(tcase, blanks_around_a_field_are_dropped_and_empty_fields_kept);
    tcase_add_test(tcase, a_thousand_records_are_whole);
    tcase_add_loop_test(
        tcase, a_bad_file_is_refused_with_its_line, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tcase, a_missing_file_and_a_folder_are_refused);
    return run_suite("csv_read", tcase);
}
