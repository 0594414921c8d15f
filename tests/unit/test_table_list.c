/* SPDX-License-Identifier: Apache-2.0 */
/* Tables collected from a file, on their way into a model spec. */
#include "import/table_list.h"
#include "scratch.h"

static struct tp_error err;
static struct tp_table_list list;

static void set_up(void)
{
    list = (struct tp_table_list){.path = "dir/t.v1.csv", .by_line = true, .err = &err};
}

static void tear_down(void)
{
    tp_table_list_release(&list);
}

static struct tp_import_table *add(size_t place, const char *name, int64_t rows, int32_t dim)
{
    struct tp_import_table *table = tp_table_list_add(&list, place);
    ck_assert_ptr_nonnull(table);
    table->name = strdup(name);
    table->rows = rows;
    table->dim = dim;
    return table;
}

static void feature(struct tp_import_table *table, const char *name, double pooling)
{
    struct tp_import_feature *made = tp_import_table_feature(table, name, strlen(name));
    ck_assert_ptr_nonnull(made);
    made->pooling = pooling;
}

START_TEST(a_list_becomes_a_resolved_spec)
{
    struct tp_model *model = NULL;
    struct tp_import_options options = {.local_batch_size = 64};
    feature(add(2, "t_user", 1000, 8), "user", 1);
    struct tp_import_table *item = add(3, "t_item", 50, 24);
    feature(item, "item", 1);
    feature(item, "history", 2.5);
    list.dtype = TP_FLOAT16;
    ck_ok(tp_table_list_model(&list, &options, &model), err);
    ck_assert_str_eq(model->name, "t.v1");
    ck_assert_int_eq(model->local_batch_size, 64);
    ck_assert_int_eq(model->batch_size, 0);
    ck_assert_int_eq(model->embedding_dtype, TP_FLOAT16);
    ck_assert_int_eq(model->optimizer, TP_ROWWISE_ADAGRAD);
    ck_assert_int_eq(model->table_count, 2);
    ck_assert_int_eq(model->feature_count, 3);
    ck_assert_str_eq(model->features[2].name, "history");
    ck_assert_double_eq(model->features[2].pooling, 2.5);
    ck_assert_int_eq(model->bottom_mlp.width[2], 24); /* the largest dim */
    tp_model_free(model);
}
END_TEST

START_TEST(many_tables_and_features_are_whole)
{
    struct tp_model *model = NULL;
    struct tp_import_options options = {.batch_size = 64, .name = "many"};
    for (int t = 0; t < 100; t++) {
        char name[32];
        snprintf(name, sizeof name, "t%d", t);
        struct tp_import_table *table = add((size_t)t, name, 10, 4);
        for (int f = 0; f <= t % 9; f++) {
            snprintf(name, sizeof name, "f%d_%d", t, f);
            feature(table, name, f + 1);
        }
    }
    ck_ok(tp_table_list_model(&list, &options, &model), err);
    ck_assert_str_eq(model->name, "many");
    ck_assert_int_eq(model->table_count, 100);
    ck_assert_int_eq(model->tables[98].feature_count, 9);
    ck_assert_str_eq(model->features[model->tables[98].first_feature + 8].name, "f98_8");
    tp_model_free(model);
}
END_TEST

static void expect_refusal(const char *message)
{
    struct tp_model *model = NULL;
    struct tp_import_options options = {.batch_size = 64};
    ck_assert_int_eq(tp_table_list_model(&list, &options, &model), TP_EINPUT);
    ck_assert_ptr_null(model);
    ck_message_has(&err, (const char *[]){message, NULL});
}

START_TEST(no_tables_are_refused)
{
    expect_refusal("dir/t.v1.csv: found no tables");
}
END_TEST

START_TEST(a_name_that_comes_again_is_refused_at_its_place)
{
    feature(add(2, "b", 10, 4), "x", 1);
    feature(add(3, "a", 10, 4), "y", 1);
    feature(add(7, "b", 10, 4), "z", 1);
    expect_refusal("t.v1.csv:7: found the table 'b' a second time (first in line 2, table b)");
    list.by_line = false;
    expect_refusal("t.v1.csv: tables[7]: found the table 'b' a second time (first in entry 2");
    free(list.tables[2].name);
    list.tables[2].name = strdup("c");
    free(list.tables[2].features[0].name);
    list.tables[2].features[0].name = strdup("y");
    list.by_line = true;
    expect_refusal("t.v1.csv:7: found the feature 'y' a second time (first in line 3, table a)");
}
END_TEST

/* 2^40 rows * 2^16 * 8 bytes = 2^59: eight of them are 2^62, a ninth is too many. */
START_TEST(tables_beyond_2_to_the_62_bytes_are_refused)
{
    for (int i = 0; i < 9; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        feature(add((size_t)i + 2, name, (int64_t)1 << 40, 65536), name, 1);
    }
    expect_refusal("t.v1.csv:10: found tables of more than 2^62 bytes");
}
END_TEST

static const struct {
    const char *path;
    struct tp_import_options options;
    const char *message;
} bad_options[] = {
    {"a.csv", {.name = NULL}, "found none of batch_size and local_batch_size"},
    {"a.csv", {.batch_size = 1, .local_batch_size = 1}, "found both"},
    {"a.csv", {.batch_size = -1}, "batch size: found -1"},
    {"a.csv", {.batch_size = ((int64_t)1 << 40) + 1}, "expected 1 to 2^40"},
    {"a.csv", {.batch_size = 1, .name = ""}, "name of the model: found an empty text"},
    {"a.csv", {.batch_size = 1, .name = "a\nb"}, "a control character"},
    {"a.csv", {.batch_size = 1, .name = "\xff"}, "not UTF-8"},
    {"a\x01.csv", {.batch_size = 1}, "a control character"},
};

START_TEST(bad_options_are_refused)
{
    ck_assert_int_eq(
        tp_import_check_options(bad_options[_i].path, &bad_options[_i].options, &err), TP_EUSAGE);
    ck_message_has(&err, (const char *[]){bad_options[_i].message, NULL});
}
END_TEST

START_TEST(standard_input_and_hidden_files_give_a_name_too)
{
    struct tp_import_options options = {.batch_size = 1};
    static const char *const paths[] = {"-", ".csv", "noextension", "x/y.csv"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        ck_ok(tp_import_check_options(paths[i], &options, &err), err);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("table_list");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_list_becomes_a_resolved_spec);
    tcase_add_test(tcase, many_tables_and_features_are_whole);
    tcase_add_test(tcase, no_tables_are_refused);
    tcase_add_test(tcase, a_name_that_comes_again_is_refused_at_its_place);
    tcase_add_test(tcase, tables_beyond_2_to_the_62_bytes_are_refused);
    tcase_add_loop_test(
        tcase, bad_options_are_refused, 0, (int)(sizeof bad_options / sizeof bad_options[0]));
    tcase_add_test(tcase, standard_input_and_hidden_files_give_a_name_too);
    return run_suite("table_list", tcase);
}
