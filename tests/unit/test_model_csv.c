/* SPDX-License-Identifier: Apache-2.0 */
/* Model specs from CSV files. */
#include <towerpart/import.h>

#include "scratch.h"

#define HEAD "name,rows,dim,features,pooling\n"

static struct tp_error err;
static struct tp_model *model;
static char *notes;

static enum tp_status import(const char *text, const char *columns)
{
    struct tp_import_options options = {.batch_size = 128, .columns = columns};
    put_text("tables.csv", text);
    model = NULL;
    notes = NULL;
    return tp_import_csv(in_scratch("tables.csv"), &options, &notes, &model, &err);
}

static void release(void)
{
    tp_model_free(model);
    free(notes);
}

static void ck_feature(int32_t index, const char *name, const char *table, double pooling)
{
    const struct tp_feature *feature = &model->features[index];
    ck_assert_str_eq(feature->name, name);
    ck_assert_str_eq(model->tables[feature->table].name, table);
    ck_assert_double_eq(feature->pooling, pooling);
}

START_TEST(a_csv_becomes_a_model)
{
    ck_ok(import(HEAD "t_user,40000000,128,user,\n"
                      "\"t,item\",3067956,64, item ; history ,1;37.5\n"
                      "t_geo,7,4,a|b,2.0\n"
                      "plain,1,1,,3\n",
              NULL),
        err);
    ck_assert_str_eq(model->name, "tables");
    ck_assert_int_eq(model->batch_size, 128);
    ck_assert_int_eq(model->table_count, 4);
    ck_assert_int_eq(model->tables[0].rows, 40000000);
    ck_assert_int_eq(model->tables[1].dim, 64);
    ck_assert_int_eq(model->feature_count, 6);
    ck_feature(0, "user", "t_user", 1);
    ck_feature(1, "item", "t,item", 1);
    ck_feature(2, "history", "t,item", 37.5);
    ck_feature(3, "a", "t_geo", 2);
    ck_feature(4, "b", "t_geo", 2);
    ck_feature(5, "plain", "plain", 3);
    ck_assert_ptr_nonnull(strstr(notes, "columns: table = name, rows = rows"));
    release();
}
END_TEST

START_TEST(columns_may_be_given)
{
    ck_ok(import("id,title,size,d\n1,t,10,4\n", "table=title,rows=size,dim=d"), err);
    ck_feature(0, "t", "t", 1);
    ck_assert_ptr_nonnull(strstr(notes, "ignored columns: id\n"));
    release();
}
END_TEST

START_TEST(the_spec_saved_is_the_spec_loaded)
{
    struct tp_model *loaded = NULL;
    ck_ok(import(HEAD "no,10,4,\"1e3;~\",0.5\n\"\xc3\xa9 \"\"x\"\"\",10,4,,\n", NULL), err);
    ck_ok(tp_model_save(model, in_scratch("m.yaml"), &err), err);
    ck_ok(tp_model_load(in_scratch("m.yaml"), &loaded, &err), err);
    ck_assert_str_eq(loaded->tables[0].name, "no");
    ck_assert_str_eq(loaded->features[0].name, "1e3");
    ck_assert_str_eq(loaded->features[1].name, "~");
    ck_assert_str_eq(loaded->tables[1].name, "\xc3\xa9 \"x\"");
    ck_ok(tp_model_save(loaded, in_scratch("again.yaml"), &err), err);
    size_t length;
    char *text = get_file("m.yaml", &length);
    ck_file_holds("again.yaml", text);
    free(text);
    tp_model_free(loaded);
    release();
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {HEAD, "tables.csv: found no tables"},
    {HEAD "a,40M,8,,\n", "tables.csv:2: rows: found '40M', expected an integer in decimal digits"},
    {HEAD "a,4e7,8,,\n", "tables.csv:2: rows: found '4e7'"},
    {HEAD "a,\"40,000\",8,,\n", "rows: found '40,000'"},
    {HEAD "a,40_000,8,,\n", "rows: found '40_000'"},
    {HEAD "a,010,8,,\n", "rows: found '010'"},
    {HEAD "a,1.9,8,,\n", "rows: found '1.9'"},
    {HEAD "a,0,8,,\n", "rows: found '0'"},
    {HEAD "a,-5,8,,\n", "rows: found '-5'"},
    {HEAD "a,,8,,\n", "rows: found ''"},
    {HEAD "a,1099511627777,8,,\n", "rows: found '1099511627777', expected an integer"},
    {HEAD "a,99999999999999999999,8,,\n", "rows: found '99999999999999999999'"},
    {HEAD "ok,1,8,,\n\na,1,65537,,\n", "tables.csv:4: dim: found '65537'"},
    {HEAD "a,1,8.0,,\n", "dim: found '8.0'"},
    {HEAD ",1,8,,\n", "tables.csv:2: name: found an empty text"},
    {HEAD "a\tb,1,8,,\n", "name: found a control character"},
    {HEAD "\"a\nb\",1,8,,\n", "tables.csv:2: name: found a control character"},
    {HEAD "a,1,8,x;;y,\n", "tables.csv:2: features: found an empty text"},
    {HEAD "a,1,8,x\x7f,\n", "features: found a control character"},
    {HEAD "a,1,8,x;x,\n", "tables.csv:2: found the feature 'x' a second time"},
    {HEAD "a,1,8,x,\nb,1,8,x,\n", "tables.csv:3: found the feature 'x' a second time"},
    {HEAD "a,1,8,x,\na,1,8,y,\n", "tables.csv:3: found the table 'a' a second time"},
    {HEAD "a,1,8,,0\n", "tables.csv:2: pooling: found '0', expected the mean number of ids"},
    {HEAD "a,1,8,,mean\n", "pooling: found 'mean'"},
    {HEAD "a,1,8,,nan\n", "pooling: found 'nan'"},
    {HEAD "a,1,8,,1e7\n", "pooling: found '1e7'"},
    {HEAD "a,1,8,x;y,1;2;3\n", "pooling: found 3 numbers for 2 features"},
    {HEAD "a,1,8,x;y;z,1;2\n", "pooling: found 2 numbers for 3 features"},
    {HEAD "a,1,8,,\n\nb,1\n", "tables.csv:4: found 2 fields, expected 5 as in the header, line 1"},
    {"name,rows,dim,owner\na,1,8,\xff\n", "tables.csv:2: field 4 is not UTF-8"},
    {"name,rows,dim,\xe9\na,1,8,x\n", "tables.csv:1: field 4 is not UTF-8"},
    {"name,rows\na,1\n", "tables.csv:1: no column has a name that is usual for 'dim'"},
};

START_TEST(a_bad_table_is_refused_with_its_line)
{
    ck_assert_int_eq(import(bad[_i].text, NULL), TP_EINPUT);
    ck_message_has(&err, (const char *[]){bad[_i].message, NULL});
    ck_assert_ptr_null(model);
    ck_assert_ptr_null(notes);
}
END_TEST

START_TEST(a_name_beyond_255_bytes_is_refused)
{
    char text[400] = HEAD;
    size_t used = strlen(text);
    memset(text + used, 'x', 256);
    strcpy(text + used + 256, ",1,8,,\n");
    ck_assert_int_eq(import(text, NULL), TP_EINPUT);
    ck_message_has(
        &err, (const char *[]){"tables.csv:2: name: found a name that is too long", NULL});
}
END_TEST

START_TEST(a_bad_map_is_wrong_usage)
{
    ck_assert_int_eq(import(HEAD "a,1,8,,\n", "rows:rows"), TP_EUSAGE);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("model_csv");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, a_csv_becomes_a_model);
    tcase_add_test(tcase, columns_may_be_given);
    tcase_add_test(tcase, the_spec_saved_is_the_spec_loaded);
    tcase_add_loop_test(
        tcase, a_bad_table_is_refused_with_its_line, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tcase, a_name_beyond_255_bytes_is_refused);
    tcase_add_test(tcase, a_bad_map_is_wrong_usage);
    return run_suite("model_csv", tcase);
}
