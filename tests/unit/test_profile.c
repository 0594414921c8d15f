/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured on small logs, worked out by hand. */
#include "scratch.h"

#include <towerpart/profile.h>

static char source[6000];
static struct tp_error err;
static struct tp_model *model;
static struct tp_profile *profile;

/* Features a (table of 1000 rows) and b (of `rows`). */
static void make_model(const char *rows)
{
    char text[512];
    snprintf(text, sizeof text,
        "towerpart_model: 1\nname: small\nbatch_size: 64\ntables:\n"
        "  - {name: t_a, rows: 1000, dim: 4, features: [a]}\n"
        "  - {name: t_b, rows: %s, dim: 4, features: [{name: b, pooling: 7}]}\n",
        rows);
    put_text("model.yaml", text);
    ck_ok(tp_model_load(in_scratch("model.yaml"), &model, &err), err);
}

static void set_up(void)
{
    scratch_open();
    model = NULL;
    profile = NULL;
    snprintf(source, sizeof source, "csv:%s", in_scratch("log.csv"));
}

static void tear_down(void)
{
    tp_profile_free(profile);
    tp_model_free(model);
    scratch_close();
}

/* A log of that many rows; fill() says what stands in both columns. */
static void put_log(int rows, void (*fill)(int row, FILE *file))
{
    FILE *file = fopen(in_scratch("log.csv"), "wb");
    ck_assert_ptr_nonnull(file);
    fputs("a,b,more\n", file);
    for (int i = 0; i < rows; i++) {
        fill(i, file);
        fputs(",\n", file);
    }
    fclose(file);
}

static void measure(void)
{
    struct tp_profile_options options = {.separator = ' '};
    ck_ok(tp_profile_log(source, model, &options, &profile, &err), err);
}

/* a: the id 0 in every other row, else the row's number: 100 times of 200, and 100 once.
 * b: one id in all but 2 rows, none in one, 5 in another; all of them x. */
static void fill_two(int row, FILE *file)
{
    fprintf(file, "%d,%s", row % 2 ? row : 0, row == 7 ? "" : row == 9 ? "x x x x x" : "x");
}

static void assert_points(
    const struct tp_feature_profile *p, const struct tp_hot_point *expected, int count)
{
    ck_assert_int_eq(p->hot_count, count);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(p->hot_rows[i].rows, expected[i].rows);
        ck_assert(p->hot_rows[i].share == expected[i].share);
    }
}

START_TEST(what_two_features_show)
{
    /* Of a's 200 lookups 100 go to one row, 109 to ten, 199 to 100, 200 to 101. Its hottest 1 % of 101
     * ids are two: 101. Of b's 203 lookups all go to x. */
    static const struct tp_hot_point a_points[] = {{1, 0.5}, {10, 0.545}, {100, 0.995}, {101, 1}};
    static const struct tp_hot_point b_points[] = {{1, 1}};
    make_model("5");
    put_log(200, fill_two);
    measure();
    const struct tp_feature_profile *a = &profile->features[0], *b = &profile->features[1];
    ck_assert_int_eq(profile->samples, 200);
    ck_assert_int_eq(profile->ignored_columns, 1);
    ck_assert_int_eq(a->ids, 200);
    ck_assert(a->pooling == 1);
    ck_assert_int_eq(a->pooling_p99, 1);
    ck_assert_int_eq(a->distinct, 101);
    ck_assert(a->hottest_row == 0.5 && a->hottest_percent == 0.505);
    assert_points(a, a_points, 4);
    ck_assert_int_eq(b->ids, 203);
    ck_assert(b->pooling == 1.015);
    ck_assert_int_eq(b->pooling_p99, 1);
    ck_assert_int_eq(b->distinct, 1);
    ck_assert(b->hottest_row == 1 && b->hottest_percent == 1);
    assert_points(b, b_points, 1);
}
END_TEST

static int longer_rows;

static void fill_longer(int row, FILE *file)
{
    fprintf(file, "1,%s", row < longer_rows ? "x y z" : "x");
}

START_TEST(one_in_a_hundred_may_exceed_the_99th_percentile)
{
    /* Of 100 samples one may be longer, of 199 too, of 200 two. */
    static const struct {
        int rows, longer, p99;
    } cases[] = {{100, 1, 1}, {100, 2, 3}, {199, 1, 1}, {199, 2, 3}, {200, 2, 1}, {200, 3, 3},
        {1, 1, 3}, {99, 1, 3}};
    make_model("5");
    longer_rows = cases[_i].longer;
    put_log(cases[_i].rows, fill_longer);
    measure();
    ck_assert_int_eq(profile->features[1].pooling_p99, cases[_i].p99);
}
END_TEST

static void fill_all_alike(int row, FILE *file)
{
    fprintf(file, "%d,%d", row, row);
}

START_TEST(a_small_table_ends_the_curve)
{
    /* 2000 ids, once each. Table a has 1000 rows, so 2 ids to a row: one row gets 1/1000, not 1/2000.
     * Table b has 2 rows: one gets a half. */
    static const struct tp_hot_point a_points[] = {{1, 0.001}, {10, 0.01}, {100, 0.1}, {1000, 1}};
    static const struct tp_hot_point b_points[] = {{1, 0.5}, {2, 1}};
    make_model("2");
    put_log(2000, fill_all_alike);
    measure();
    ck_assert_int_eq(profile->features[0].distinct, 2000);
    assert_points(&profile->features[0], a_points, 4);
    assert_points(&profile->features[1], b_points, 2);
}
END_TEST

START_TEST(shares_are_rounded_up_so_that_the_spec_can_be_read)
{
    /* 3000 ids of a table of 4000 rows: 1/3000 = 0.000333.. becomes 0.000334, 10/3000 0.003334. */
    static const struct tp_hot_point points[] = {
        {1, 0.000334}, {10, 0.003334}, {100, 0.033334}, {1000, 0.333334}, {3000, 1}};
    struct tp_model *again = NULL;
    make_model("4000");
    put_log(3000, fill_all_alike);
    measure();
    assert_points(&profile->features[1], points, 5);
    ck_ok(tp_profile_apply(profile, model, &err), err);
    ck_ok(tp_model_save(model, in_scratch("model2.yaml"), &err), err);
    ck_ok(tp_model_load(in_scratch("model2.yaml"), &again, &err), err);
    ck_assert(again->features[1].pooling == 1);
    ck_assert(again->features[1].pooling_p99 == 1);
    ck_assert_int_eq(again->features[1].distinct, 3000);
    ck_assert_int_eq(again->features[1].hot_count, 5);
    ck_assert(again->features[1].hot_rows[4].share == 1);
    tp_model_free(again);
}
END_TEST

START_TEST(a_rest_below_a_millionth_is_no_point)
{
    /* x has 1200000 lookups of 1200001. */
    FILE *file = fopen(in_scratch("log.csv"), "wb");
    static const struct tp_hot_point points[] = {{1, 1}};
    fputs("a,b\n1,y\n", file);
    for (int row = 0; row < 20000; row++) {
        fputs("1,", file);
        for (int i = 0; i < 60; i++)
            fputs("x ", file);
        fputs("\n", file);
    }
    fclose(file);
    make_model("5");
    measure();
    ck_assert_int_eq(profile->features[1].distinct, 2);
    assert_points(&profile->features[1], points, 1);
}
END_TEST

static void fill_no_b(int row, FILE *file)
{
    fprintf(file, "%d,", row);
}

START_TEST(a_feature_without_ids_is_refused)
{
    struct tp_profile_options options = {.separator = ' '};
    make_model("5");
    put_log(3, fill_no_b);
    ck_assert_int_eq(tp_profile_log(source, model, &options, &profile, &err), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){"log.csv: found no ids at all in 3 rows for the "
                                               "feature b, expected some; remove it from the model",
                             NULL});
    ck_assert_ptr_null(profile);
}
END_TEST

START_TEST(a_log_without_rows_is_refused)
{
    make_model("5");
    put_log(0, fill_two);
    ck_assert_int_eq(tp_profile_log(source, model, NULL, &profile, &err), TP_EINPUT);
    ck_message_has(
        &err, (const char *const[]){"log.csv: found no rows, expected at least one", NULL});
}
END_TEST

START_TEST(applying_it_replaces_what_was_there)
{
    make_model("5");
    put_log(200, fill_two);
    measure();
    ck_ok(tp_profile_apply(profile, model, &err), err);
    ck_ok(tp_profile_apply(profile, model, &err), err);
    ck_assert(model->features[1].pooling == 1.015);
    ck_assert_int_eq(model->features[0].hot_count, 4);
    ck_assert_ptr_ne(model->features[0].hot_rows, profile->features[0].hot_rows);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("profile");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_two_features_show);
    tcase_add_loop_test(tcase, one_in_a_hundred_may_exceed_the_99th_percentile, 0, 8);
    tcase_add_test(tcase, a_small_table_ends_the_curve);
    tcase_add_test(tcase, shares_are_rounded_up_so_that_the_spec_can_be_read);
    tcase_add_test(tcase, a_rest_below_a_millionth_is_no_point);
    tcase_add_test(tcase, a_feature_without_ids_is_refused);
    tcase_add_test(tcase, a_log_without_rows_is_refused);
    tcase_add_test(tcase, applying_it_replaces_what_was_there);
    return run_suite("profile", tcase);
}
