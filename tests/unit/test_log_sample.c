/* SPDX-License-Identifier: Apache-2.0 */
/* Labels and dense values of logs, and going on behind bad rows. */
#include <math.h>

#include "training_model.h"

#include "profile/log.h"

/* Every row: its line, ':', label, dense values ("-": missing), '/'; bad rows "bad" with their line,
 * if they may be passed over, else the reading ends. */
static enum tp_status read_log(
    const char *kind, const char *text, struct tp_log_options options, char all[1024])
{
    char source[6000];
    struct tp_log *log = NULL;
    const struct tp_log_row *row = NULL;
    put_text("log", text);
    snprintf(source, sizeof source, "%s:%s", kind, in_scratch("log"));
    options.samples = true;
    enum tp_status status = tp_log_open(source, &model, &options, &log, &err);
    all[0] = '\0';
    while (status == TP_OK) {
        char *end = all + strlen(all);
        status = tp_log_next(log, &row, &err);
        if (status == TP_EINPUT && tp_log_resumes(log)) {
            sprintf(end, "%d:bad/", (int)tp_log_line(log));
            status = TP_OK;
            continue;
        }
        if (status != TP_OK || !row)
            break;
        end += sprintf(end, "%d:%d", (int)tp_log_line(log), (int)row->label);
        for (int32_t d = 0; d < model.dense_features; d++)
            end += isnan(row->dense[d]) ? sprintf(end, " -") : sprintf(end, " %g", row->dense[d]);
        sprintf(end, "/");
    }
    tp_log_free(log);
    return status;
}

#define IDS "\ta\tb\tc\td\te\tf\t1\t2\t3\t4\t5\t6\t7\t8\t9\t\t\t\t\t\t\t\t\t\t\t\n"

START_TEST(criteo_has_a_label_and_13_integers)
{
    char all[1024];
    make_model(26, 10, 13);
    ck_ok(read_log("criteo",
              "1\t1\t-2\t\t4\t5\t6\t7\t8\t9\t10\t11\t12\t9223372036854775807" IDS
              "0\t\t\t\t\t\t\t\t\t\t\t\t\t" IDS,
              (struct tp_log_options){0}, all),
        err);
    ck_assert_str_eq(all, "1:1 1 -2 - 4 5 6 7 8 9 10 11 12 9.22337e+18/"
                          "2:0 - - - - - - - - - - - - -/");
}
END_TEST

START_TEST(criteo_integers_are_not_looked_at_without_dense_features)
{
    char all[1024];
    make_model(26, 10, 0);
    ck_ok(read_log("criteo", "1\tx\t-2\t\t4\t5\t6\t7\t8\t9\t10\t11\t12\t13" IDS,
              (struct tp_log_options){0}, all),
        err);
    ck_assert_str_eq(all, "1:1/");
    model.dense_features = 5;
    ck_assert_int_eq(read_log("criteo", "", (struct tp_log_options){0}, all), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"found 5 dense features, expected 13", "or 0", NULL});
}
END_TEST

START_TEST(csv_has_a_label_and_dense_columns_by_name)
{
    static const struct {
        const char *text;
        struct tp_log_options options;
        const char *rows;
    } cases[] = {
        {"label,f0,dense_0,dense_1\n1,a,2,-3.5\n0,a,,1e3\n", {0}, "2:1 2 -3.5/3:0 - 1000/"},
        {"dense_1,dense_0,f0,label\n4,5,a,0\n", {0}, "2:0 5 4/"},
        {"age,click,f0,hours\n4,1,a,6\n", {.label = "click", .dense = "hours,age"}, "2:1 6 4/"},
        {"x,label,f0\n4,1,a\n", {.dense = "x,x"}, "2:1 4 4/"},
        {"label,f0,dense_0,dense_1\n1,\"a\nb\",2,3\n0,a,4,5\n", {0}, "2:1 2 3/4:0 4 5/"},
    };
    char all[1024];
    make_model(1, 10, 2);
    ck_ok(read_log("csv", cases[_i].text, cases[_i].options, all), err);
    ck_assert_str_eq(all, cases[_i].rows);
}
END_TEST

START_TEST(a_column_that_is_missing_is_named)
{
    static const struct {
        const char *text;
        struct tp_log_options options;
        enum tp_status status;
        const char *message;
    } cases[] = {
        {"f0,dense_0,dense_1\n", {0}, TP_EINPUT,
            "log:1: found no column 'label' for the label, expected one in the header; columns "
            "found: "
            "f0, dense_0, dense_1; columns of other names are given as --label COLUMN"},
        {"f0,label,dense_0\n", {0}, TP_EINPUT,
            "found no column 'dense_1' for a dense feature, expected"},
        {"f0,label,dense_0\n", {.dense = "dense_0,y"}, TP_EINPUT,
            "found no column 'y' for a dense feature, expected"},
        {"f0,label,x\n", {.dense = "x"}, TP_EUSAGE, "--dense: found 1 columns, expected 2"},
        {"f0,label,x\n", {.dense = "x,x,x"}, TP_EUSAGE, "--dense: found more than 2 columns"},
        {"f0,label,label,dense_0,dense_1\n", {0}, TP_EINPUT, "found the column 'label' twice"},
    };
    char all[1024];
    make_model(1, 10, 2);
    ck_assert_int_eq(read_log("csv", cases[_i].text, cases[_i].options, all), cases[_i].status);
    ck_message_has(&err, (const char *[]){cases[_i].message, NULL});
}
END_TEST

#define HEAD "label,f0,dense_0\n"

/* Of each text the third line is bad; the one behind it is read again. */
START_TEST(a_bad_row_is_told_and_passed_over)
{
    static const struct {
        const char *row, *message;
    } cases[] = {
        {"2,a,1", "log:3: found the label '2', expected 0 or 1"},
        {",a,1", "log:3: found the label '', expected 0 or 1"},
        {"01,a,1", "log:3: found the label '01', expected 0 or 1"},
        {"0,a,x", "log:3: dense feature 0: found 'x', expected a number, or nothing"},
        {"0,a,nan", "dense feature 0: found 'nan', expected a number"},
        {"0,a,1e999", "dense feature 0: found '1e999', expected a number"},
        {"0,a,0x10", "dense feature 0: found '0x10', expected a number"},
        {"0,a", "log:3: found 2 fields, expected 3"},
        {"0,a,1,2", "log:3: found 4 fields, expected 3"},
        {"", "log:3: found 0 fields, expected 3"},
        {"0,a\"b,1", "log:3: found a quote that does not enclose a whole field"},
        {"0,\"a\"b,1", "log:3: found a quote that does not enclose a whole field"},
        {"0,a\r0,b,1", "log:3: found a carriage return"},
        {"0,a\r0,\"b,1", "log:3: found a carriage return"},
    };
    char text[256], all[1024];
    make_model(1, 10, 1);
    snprintf(text, sizeof text, HEAD "1,a,1\n%s\n0,b,2\n", cases[_i].row);
    memset(&err, 0, sizeof err);
    ck_ok(read_log("csv", text, (struct tp_log_options){0}, all), err);
    ck_assert_str_eq(all, "2:1 1/3:bad/4:0 2/");
    ck_message_has(&err, (const char *[]){cases[_i].message, NULL});
}
END_TEST

START_TEST(behind_quotes_of_several_lines_nothing_is_guessed)
{
    static const struct {
        const char *rows, *message;
    } cases[] = {
        {"1,\"a\nb\"c,1\n0,b,2\n", "log:3: found a quote that does not enclose a whole field"},
        {"1,\"a,1\n0,b,2\n", "log:3: found a quote that is never closed"},
    };
    char text[256], all[1024];
    make_model(1, 10, 1);
    snprintf(text, sizeof text, HEAD "1,a,1\n%s", cases[_i].rows);
    ck_assert_int_eq(read_log("csv", text, (struct tp_log_options){0}, all), TP_EINPUT);
    ck_assert_str_eq(all, "2:1 1/");
    ck_message_has(&err, (const char *[]){cases[_i].message, NULL});
}
END_TEST

#define INTEGERS "\t1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11\t12"

START_TEST(a_bad_line_of_criteo_is_told_and_passed_over)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"\n", "log:2: found 1 fields, expected 40"},
        {"x" INTEGERS "\t13" IDS, "log:2: found the label 'x', expected 0 or 1"},
        {"1" INTEGERS "\t1.5" IDS,
            "log:2: dense feature 12: found '1.5', expected an integer, or nothing"},
        {"1" INTEGERS "\t9223372036854775808" IDS, "dense feature 12: found '9223372036854775808'"},
        {"1" INTEGERS "\t13\tx" IDS, "log:2: found 41 fields, expected 40"},
    };
    char text[1024], all[1024];
    make_model(26, 10, 13);
    snprintf(text, sizeof text, "%s%s%s", "1" INTEGERS "\t13" IDS, cases[_i].line,
        "0\t\t\t\t\t\t\t\t\t\t\t\t\t" IDS);
    memset(&err, 0, sizeof err);
    ck_ok(read_log("criteo", text, (struct tp_log_options){0}, all), err);
    ck_assert_str_eq(all, "1:1 1 2 3 4 5 6 7 8 9 10 11 12 13/2:bad/3:0 - - - - - - - - - - - - -/");
    ck_message_has(&err, (const char *[]){cases[_i].message, NULL});
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("log_sample");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, criteo_has_a_label_and_13_integers);
    tcase_add_test(tcase, criteo_integers_are_not_looked_at_without_dense_features);
    tcase_add_loop_test(tcase, csv_has_a_label_and_dense_columns_by_name, 0, 5);
    tcase_add_loop_test(tcase, a_column_that_is_missing_is_named, 0, 6);
    tcase_add_loop_test(tcase, a_bad_row_is_told_and_passed_over, 0, 14);
    tcase_add_loop_test(tcase, behind_quotes_of_several_lines_nothing_is_guessed, 0, 2);
    tcase_add_loop_test(tcase, a_bad_line_of_criteo_is_told_and_passed_over, 0, 5);
    return run_suite("log_sample", tcase);
}
