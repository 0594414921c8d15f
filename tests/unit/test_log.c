/* SPDX-License-Identifier: Apache-2.0 */
/* Click logs: which ids each row has in both layouts, and what is refused, with its line. */
#include "scratch.h"

#include "profile/log.h"

#define FEATURES 26

static struct tp_table tables[FEATURES];
static struct tp_feature features[FEATURES];
static char names[FEATURES][8];
static struct tp_model model;
static struct tp_error err;

/* Features f0, f1, ...: as many as asked for. */
static void make_model(int32_t count)
{
    static char name[] = "small";
    model = (struct tp_model){.name = name,
        .tables = tables,
        .table_count = count,
        .features = features,
        .feature_count = count};
    for (int32_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "f%d", (int)i);
        tables[i] = (struct tp_table){
            .name = names[i], .rows = 10, .dim = 4, .first_feature = i, .feature_count = 1};
        features[i] = (struct tp_feature){.name = names[i], .table = i, .pooling = 1};
    }
}

/* The log of that text: every row as ids joined by '+', features by ',', rows ended by '/'. */
static enum tp_status read_log(
    const char *kind, const char *text, const struct tp_log_options *options, char all[512])
{
    char source[6000];
    struct tp_log *log = NULL;
    const struct tp_log_row *row;
    put_text("log", text);
    snprintf(source, sizeof source, "%s:%s", kind, in_scratch("log"));
    enum tp_status status = tp_log_open(source, &model, options, &log, &err);
    all[0] = '\0';
    while (status == TP_OK) {
        status = tp_log_next(log, &row, &err);
        if (status != TP_OK || !row)
            break;
        for (int32_t f = 0; f < model.feature_count; f++) {
            strcat(all, f ? "," : "");
            for (int32_t i = row->first[f]; i < row->first[f + 1]; i++) {
                strcat(all, i > row->first[f] ? "+" : "");
                strncat(all, row->ids[i].text, row->ids[i].length);
            }
        }
        strcat(all, "/");
    }
    tp_log_free(log);
    return status;
}

#define DENSE "1\t1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11\t12\t13"
#define IDS8 "\ta\t\t0b\t00000000\tffffffff\t\t\t1"
#define IDS24 IDS8 IDS8 IDS8
#define SHOWN8 "a,,0b,00000000,ffffffff,,,1"
#define SHOWN24 SHOWN8 "," SHOWN8 "," SHOWN8

START_TEST(criteo_rows_are_ids_in_the_order_of_the_model)
{
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {DENSE IDS24 "\t2\t3\n", SHOWN24 ",2,3/"},
        {DENSE IDS24 "\t2\t", SHOWN24 ",2,/"},
        {DENSE IDS24 "\t\t3\r\n" DENSE IDS24 "\tABCDEF0123456789\t4\n",
            SHOWN24 ",,3/" SHOWN24 ",ABCDEF0123456789,4/"},
        {"\t\t\t\t\t\t\t\t\t\t\t\t\t" IDS24 "\t2\t3\n", SHOWN24 ",2,3/"},
        {"", ""},
    };
    char all[512];
    make_model(26);
    ck_ok(read_log("criteo", cases[_i].text, NULL, all), err);
    ck_assert_str_eq(all, cases[_i].rows);
}
END_TEST

START_TEST(a_criteo_line_that_is_none_is_refused)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {DENSE IDS24 "\t2\n", "log:1: found 39 fields, expected 40: label, 13 integers and 26 ids"},
        {DENSE IDS24 "\t2\t3\t4\n", "log:1: found 41 fields, expected 40"},
        {DENSE IDS24 "\t2\t3\n\n", "log:2: found 1 fields, expected 40"},
        {DENSE IDS24 "\t2\t3\n" DENSE IDS24 "\tg\t3\n",
            "log:2: feature f24: found the id 'g', expected 1 to 16 hex digits"},
        {DENSE IDS24 "\t2\t0x3\n", "log:1: feature f25: found the id '0x3', expected"},
        {DENSE IDS24 "\t2\t 3\n", "log:1: feature f25: found the id ' 3', expected"},
        {DENSE IDS24 "\t2\t-3\n", "log:1: feature f25: found the id '-3', expected"},
        {DENSE IDS24 "\t2\t00000000000000000\n", "log:1: feature f25: found the id '0000000"},
        {DENSE IDS24 "\t2\t\33[31m\n", "log:1: feature f25: found the id '?[31m', expected"},
    };
    char all[512];
    make_model(26);
    ck_assert_int_eq(read_log("criteo", cases[_i].text, NULL, all), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){cases[_i].message, NULL});
}
END_TEST

START_TEST(a_criteo_log_needs_26_features_and_no_options)
{
    char all[512];
    make_model(3);
    ck_assert_int_eq(read_log("criteo", "", NULL, all), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){"model small: found 3 features, expected 26", NULL});
    make_model(26);
    struct tp_log_options mapped = {.columns = "f0=a"}, separated = {.separator = '|'};
    ck_assert_int_eq(read_log("criteo", "", &mapped, all), TP_EUSAGE);
    ck_assert_int_eq(read_log("criteo", "", &separated, all), TP_EUSAGE);
    ck_assert_int_eq(read_log("parquet", "", NULL, all), TP_EUSAGE);
    ck_message_has(&err, (const char *const[]){"expected criteo:FILE or csv:FILE", NULL});
}
END_TEST

START_TEST(csv_rows_are_found_by_name)
{
    static const struct {
        const char *text;
        struct tp_log_options options;
        const char *rows;
    } cases[] = {
        {"f0,f1,f2\na,b,c\n,,\n", {0}, "a,b,c/,,/"},
        {"f2,more,f0,f1\nc,x,a,b", {0}, "a,b,c/"},
        {"\xef\xbb\xbf"
         "f0,f1,f2\r\na, b ,c\r\n",
            {0}, "a,b,c/"},
        {"f0,\"f1\",f2\n\"a,1\",\"b\"\"2\",\"c\n3\"\nd,e,f\n", {0}, "a,1,b\"2,c\n3/d,e,f/"},
        {"f0,f1,f2\na|b|c,d,|e||f|\n", {.separator = '|'}, "a+b+c,d,e+f/"},
        {"f0,f1,f2\na;b,\"c;d\",;\n", {.separator = ';'}, "a+b,c+d,/"},
        {"f0,f1,f2\na  b c,d|e,f;g\n", {.separator = ' '}, "a+b+c,d|e,f;g/"},
        {"f0,f1,f2\na b,c;d,e|f\n", {0}, "a b,c;d,e|f/"},
        {"f0,user id,f2\na,b,c\n", {.columns = "f1=user id"}, "a,b,c/"},
        {"x,y\na,b\n", {.columns = "f1=x,f0=y,f2=x"}, "b,a,a/"},
        {"f0,f1,f2\n", {0}, ""},
    };
    char all[512];
    make_model(3);
    ck_ok(read_log("csv", cases[_i].text, &cases[_i].options, all), err);
    ck_assert_str_eq(all, cases[_i].rows);
}
END_TEST

START_TEST(of_one_column_an_empty_line_is_an_empty_field)
{
    char all[512];
    make_model(1);
    ck_ok(read_log("csv", "f0\na\n\nb\n", NULL, all), err);
    ck_assert_str_eq(all, "a//b/");
}
END_TEST

START_TEST(a_csv_that_is_none_is_refused)
{
    static const struct {
        const char *text, *columns;
        enum tp_status status;
        const char *message;
    } cases[] = {
        {"", NULL, TP_EINPUT, "log: is empty, expected a header"},
        {"f0,f1\na,b\n", NULL, TP_EINPUT, "log:1: found no column 'f2' for the feature f2"},
        {"f0,f1,f2,f1\n", NULL, TP_EINPUT, "log:1: found the column 'f1' twice"},
        {"f0,f1,f2\na,b\n", NULL, TP_EINPUT, "log:2: found 2 fields, expected 3 as in the header"},
        {"f0,f1,f2\na,b,c,d\n", NULL, TP_EINPUT, "log:2: found 4 fields, expected 3"},
        {"f0,f1,f2\na,b,c\n\na,b,c\n", NULL, TP_EINPUT, "log:3: found 0 fields, expected 3"},
        {"f0,f1,f2\na,\"b\"x,c\n", NULL, TP_EINPUT, "log:2: found a quote that does not enclose"},
        {"f0,f1,f2\na,b\"x,c\n", NULL, TP_EINPUT, "log:2: found a quote that does not enclose"},
        {"f0,f1,f2\na,b,c\na,\"b,c\nd,e,f\n", NULL, TP_EINPUT,
            "log:3: found a quote that is never closed"},
        {"f0,f1,f2\na,b,c\rd,e,f\n", NULL, TP_EINPUT, "log:2: found a carriage return"},
        {"f0,f1,f2\n", "f1", TP_EUSAGE, "--columns: found 'f1', expected feature=column"},
        {"f0,f1,f2\n", "f1=", TP_EUSAGE, "--columns: found 'f1=', expected"},
        {"f0,f1,f2\n", "f0=a,f9=b", TP_EUSAGE, "--columns: found 'f9=b', expected"},
        {"f0,f1,f2\n", "=a", TP_EUSAGE, "--columns: found '=a', expected"},
        {"f0,f1,f2,a,b\n", "f0=a,f0=b", TP_EUSAGE, "--columns: found 'f0' twice, expected it once"},
        {"f0;f1;f2\na;b;c\n", NULL, TP_EINPUT,
            "columns found: f0;f1;f2 (fields are separated by commas)"},
        {"f0,f1,\"a\nb\"\n", NULL, TP_EINPUT, "columns found: f0, f1, a?b; columns of other"},
        {"f0,f1,f2\n", "f0=a,", TP_EUSAGE, "--columns: found '', expected"},
        {"f0,f1,f2\n", "f1=x", TP_EINPUT, "log:1: found no column 'x' for the feature f1"},
    };
    char all[512];
    make_model(3);
    struct tp_log_options options = {.columns = cases[_i].columns};
    ck_assert_int_eq(read_log("csv", cases[_i].text, &options, all), cases[_i].status);
    ck_message_has(&err, (const char *const[]){cases[_i].message, NULL});
}
END_TEST

START_TEST(a_quote_left_open_does_not_swallow_the_log)
{
    char source[6000];
    struct tp_log *log = NULL;
    const struct tp_log_row *row;
    FILE *file = fopen(in_scratch("log"), "wb");
    fputs("f0,f1,f2\na,b,\"c\n", file);
    for (int i = 0; i < 200000; i++)
        fputs("a,b,c\n", file);
    fclose(file);
    make_model(3);
    snprintf(source, sizeof source, "csv:%s", in_scratch("log"));
    ck_ok(tp_log_open(source, &model, NULL, &log, &err), err);
    ck_assert_int_eq(tp_log_next(log, &row, &err), TP_EINPUT);
    ck_message_has(
        &err, (const char *const[]){"log:2: found a record of over", "quote left open", NULL});
    tp_log_free(log);
}
END_TEST

START_TEST(what_may_surprise_is_noticed)
{
    char source[6000], separator = 0;
    int32_t feature = -1;
    struct tp_log *log = NULL;
    const struct tp_log_row *row;
    put_text("log", "f1,x,f0,y,f2\n1,,2,,3\n1,a|b,2,,3;4\n5 6,,,,\n");
    make_model(3);
    snprintf(source, sizeof source, "csv:%s", in_scratch("log"));
    ck_ok(tp_log_open(source, &model, NULL, &log, &err), err);
    ck_assert_int_eq(tp_log_ignored_columns(log), 2);
    ck_assert_int_eq(tp_log_looks_like_list(log, &feature, &separator), 0);
    do
        ck_ok(tp_log_next(log, &row, &err), err);
    while (row);
    ck_assert_int_eq(tp_log_looks_like_list(log, &feature, &separator), 3);
    ck_assert_int_eq(feature, 2);
    ck_assert_int_eq(separator, ';');
    tp_log_free(log);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("log");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(tcase, criteo_rows_are_ids_in_the_order_of_the_model, 0, 5);
    tcase_add_loop_test(tcase, a_criteo_line_that_is_none_is_refused, 0, 9);
    tcase_add_test(tcase, a_criteo_log_needs_26_features_and_no_options);
    tcase_add_loop_test(tcase, csv_rows_are_found_by_name, 0, 11);
    tcase_add_test(tcase, of_one_column_an_empty_line_is_an_empty_field);
    tcase_add_loop_test(tcase, a_csv_that_is_none_is_refused, 0, 19);
    tcase_add_test(tcase, a_quote_left_open_does_not_swallow_the_log);
    tcase_add_test(tcase, what_may_surprise_is_noticed);
    return run_suite("log", tcase);
}
