/* SPDX-License-Identifier: Apache-2.0 */
/* What a click log showed of a feature, in the model spec: read, refused, written, copied, compared. */
#include "spec/spec.h"

#include "spec_text.h"

#include <stdio.h>

static struct tp_model *model;
static struct tp_error err;

static void set_up(void)
{
    model = NULL;
    memset(&err, 0, sizeof err);
}

static void tear_down(void)
{
    tp_model_free(model);
}

static const char good[] =
    "towerpart_model: 1\n" /* line 1 */
    "name: small\n"        /* 2 */
    "batch_size: 64\n"     /* 3 */
    "tables:\n"            /* 4 */
    "  - name: t0\n"       /* 5 */
    "    rows: 100\n"      /* 6 */
    "    dim: 4\n"         /* 7 */
    "    row_order: ranked\n"
    "    features:\n"                                                                 /* 9 */
    "      - name: a\n"                                                               /* 10 */
    "        pooling: 2.5\n"                                                          /* 11 */
    "        pooling_p99: 9\n"                                                        /* 12 */
    "        distinct: 70\n"                                                          /* 13 */
    "        hot_rows: [[1, 0.2], [10, 0.5], [70, 1]]\n"                              /* 14 */
    "      - b\n"                                                                     /* 15 */
    "  - {name: t1, rows: 10, dim: 4, features: [{name: c, hot_rows: [[2, 0.9]]}]}\n" /* 16 */
    "  - {name: t2, rows: 10, dim: 4, features: [d]}\n";

static enum tp_status read_text(const char *text, struct tp_model **to)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = tp_yaml_parse(text, strlen(text), "m", &yaml, &err);
    if (status == TP_OK)
        status = tp_model_read(yaml, tp_yaml_root(yaml), to, &err);
    tp_yaml_free(yaml);
    return status;
}

static void read_good(const char *text, struct tp_model **to)
{
    enum tp_status status = read_text(text, to);
    ck_assert_msg(status == TP_OK, "%s", err.text);
}

static char *written(const struct tp_model *from)
{
    struct tp_text text = {0};
    struct tp_yaml_out *out = tp_yaml_out_new();
    ck_assert_ptr_nonnull(out);
    tp_model_write(from, out);
    ck_assert_int_eq(tp_yaml_out_finish(out, &text, &err), TP_OK);
    return text.data;
}

START_TEST(what_a_log_showed_is_read)
{
    read_good(good, &model);
    const struct tp_feature *a = &model->features[0], *b = &model->features[1];
    ck_assert_int_eq(model->tables[0].row_order, TP_ROWS_RANKED);
    ck_assert(a->pooling == 2.5 && a->pooling_p99 == 9);
    ck_assert_int_eq(a->distinct, 70);
    ck_assert_int_eq(a->hot_count, 3);
    ck_assert_int_eq(a->hot_rows[1].rows, 10);
    ck_assert(a->hot_rows[1].share == 0.5);
    ck_assert(a->hot_rows[2].share == 1);
    ck_assert(b->pooling_p99 == 0 && b->distinct == 0 && b->hot_count == 0 && !b->hot_rows);
    ck_assert_int_eq(model->tables[1].row_order, TP_ROWS_HASHED);
}
END_TEST

#define AT "tables[0].features[0]."
#define COUNT "an integer in decimal digits from 1 to "
#define SHARE "a finite number such as 2.5 or 1.0e+9, above 0, at most 1"

static const struct {
    const char *from, *to, *message;
} bad[] = {
    {"ranked", "sorted", "m:8:16: tables[0].row_order: found 'sorted', expected hashed or ranked"},
    {"p99: 9", "p99: -1", "m:12:22: " AT "pooling_p99: found '-1', expected a finite number"},
    {"p99: 9", "p99: nan", "m:12:22: " AT "pooling_p99: found 'nan', expected a finite number"},
    {"distinct: 70", "distinct: 0", "m:13:19: " AT "distinct: found '0', expected " COUNT},
    {"distinct: 70", "distinct: 7e1", "m:13:19: " AT "distinct: found '7e1', expected " COUNT},
    {"[[1, 0.2], [10, 0.5], [70, 1]]", "[]",
        "m:14:19: " AT "hot_rows: found a list of 0, expected at least 1"},
    {"[[1, 0.2], [10, 0.5], [70, 1]]", "0.2", "m:14:19: " AT "hot_rows: found '0.2', expected"},
    {"[1, 0.2]", "1", "m:14:20: " AT "hot_rows[0]: found '1', expected a list"},
    {"[1, 0.2]", "[1]", "m:14:20: " AT "hot_rows[0]: found a list of 1, expected at least 2"},
    {"[1, 0.2]", "[1, 0.2, 3]",
        "m:14:20: " AT "hot_rows[0]: found a list of 3, expected a pair [rows, share]"},
    {"[1, 0.2]", "[0, 0.2]", "m:14:21: " AT "hot_rows[0][0]: found '0', expected " COUNT "100"},
    {"[1, 0.2]", "[1.0, 0.2]", "m:14:21: " AT "hot_rows[0][0]: found '1.0', expected " COUNT},
    {"[1, 0.2]", "[1, 0]", "m:14:24: " AT "hot_rows[0][1]: found '0', expected " SHARE},
    {"[1, 0.2]", "[1, 1.1]", "m:14:24: " AT "hot_rows[0][1]: found '1.1', expected " SHARE},
    {"[70, 1]", "[101, 1]", "m:14:42: " AT "hot_rows[2][0]: found '101', expected " COUNT "100"},
    {"[70, 1]", "[10, 1]",
        "m:14:42: " AT "hot_rows[2][0]: found 10 rows after 10, expected ascending ones"},
    {"[70, 1]", "[70, 0.5]",
        "m:14:46: " AT "hot_rows[2][1]: found the share 0.5 after 0.5, expected ascending ones"},
    /* One row gets 0.04: ten get at most 0.4, but for rounding. */
    {"[1, 0.2]", "[1, 0.04]",
        "m:14:36: " AT
        "hot_rows[1][1]: found the share 0.5 for 10 rows, expected at most 0.4 after [1, "
        "...]: the hottest rows come first"},
    {"[70, 1]", "[100, 0.9]",
        "m:14:47: " AT "hot_rows[2][1]: found the share 0.9 for all 100 rows of the table, "
        "expected 1"},
    /* Two of ten rows get 0.2 if all are alike. */
    {"[[2, 0.9]]", "[[2, 0.19]]",
        "m:16:70: tables[1].features[0].hot_rows[0][1]: found the share 0.19 for the hottest 2 of "
        "10 rows, expected at least their even part"},
    {"pooling: 2.5\n", "poolings: 2.5\n",
        "m:11:9: " AT "poolings: found an unknown key, expected one of these: name, pooling, "
        "pooling_p99, distinct and hot_rows"},
};

START_TEST(a_curve_that_cannot_be_is_refused_with_place_found_and_expected)
{
    char *text = replaced(good, bad[_i].from, bad[_i].to);
    ck_assert_int_eq(read_text(text, &model), TP_EINPUT);
    ck_assert_msg(!strncmp(err.text, bad[_i].message, strlen(bad[_i].message)), "%s", err.text);
    ck_assert_ptr_null(model);
    free(text);
}
END_TEST

START_TEST(what_six_decimals_lose_is_forgiven)
{
    /* All rows alike, 1/300000 each: 0.00000333 rounds down to 0.000003, ten rows to 0.000033. */
    char *text = replaced(good, "rows: 100", "rows: 300000");
    char *again = replaced(text, "[[1, 0.2], [10, 0.5], [70, 1]]", "[[1, 3.0e-6], [10, 3.3e-5]]");
    read_good(again, &model);
    ck_assert_int_eq(model->features[0].hot_count, 2);
    free(again);
    free(text);
}
END_TEST

START_TEST(it_is_written_and_reads_back_the_same)
{
    struct tp_model *again = NULL;
    struct tp_text lines = {0};
    read_good(good, &model);
    char *text = written(model);
    static const char *const parts[] = {"row_order: ranked", "pooling_p99: 9.0", "distinct: 70",
        "[1, 0.2], [10, 0.5]", "row_order: hashed", NULL};
    for (int i = 0; parts[i]; i++)
        ck_assert_msg(strstr(text, parts[i]) != NULL, "'%s' is not in: %s", parts[i], text);
    read_good(text, &again);
    tp_model_drift(model, again, &lines);
    ck_assert_ptr_null(lines.data);
    char *text_again = written(again);
    ck_assert_str_eq(text, text_again);
    free(text_again);
    free(text);
    tp_model_free(again);
}
END_TEST

START_TEST(a_table_whose_rows_are_all_alike_has_no_order)
{
    read_good(good, &model);
    char *text = written(model);
    const char *table = strstr(text, "name: t2");
    ck_assert_ptr_nonnull(table);
    ck_assert_ptr_null(strstr(table, "row_order"));
    ck_assert_ptr_null(strstr(table, "hot_rows"));
    free(text);
}
END_TEST

START_TEST(a_copy_has_points_of_its_own)
{
    struct tp_model *copy = NULL;
    read_good(good, &model);
    ck_assert_int_eq(tp_model_copy(model, &copy, &err), TP_OK);
    ck_assert_ptr_ne(copy->features[0].hot_rows, model->features[0].hot_rows);
    model->features[0].hot_rows[0].share = 0.9;
    ck_assert(copy->features[0].hot_rows[0].share == 0.2);
    ck_assert_ptr_null(copy->features[1].hot_rows);
    tp_model_free(copy);
}
END_TEST

static const struct {
    const char *from, *to, *lines;
} drifts[] = {
    {"row_order: ranked", "row_order: hashed", "table t0: row_order ranked -> hashed\n"},
    {"p99: 9", "p99: 8", "feature a: pooling_p99 9.0 -> 8.0\n"},
    {"distinct: 70", "distinct: 71", "feature a: distinct 70 -> 71\n"},
    {"[1, 0.2]", "[1, 0.21]", "feature a: hot_rows changed\n"},
    {"[1, 0.2]", "[2, 0.2]", "feature a: hot_rows changed\n"},
    {"[1, 0.2], ", "", "feature a: hot_rows changed\n"},
};

START_TEST(drift_lists_what_changed)
{
    struct tp_text lines = {0};
    struct tp_model *changed = NULL;
    char *text = replaced(good, drifts[_i].from, drifts[_i].to);
    read_good(good, &model);
    read_good(text, &changed);
    tp_model_drift(model, changed, &lines);
    ck_assert_str_eq(lines.data ? lines.data : "", drifts[_i].lines);
    tp_model_free(changed);
    tp_text_release(&lines);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_feature");
    TCase *tcase = tcase_create("model_feature");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_a_log_showed_is_read);
    tcase_add_loop_test(tcase, a_curve_that_cannot_be_is_refused_with_place_found_and_expected, 0,
        (int)(sizeof bad / sizeof *bad));
    tcase_add_test(tcase, what_six_decimals_lose_is_forgiven);
    tcase_add_test(tcase, it_is_written_and_reads_back_the_same);
    tcase_add_test(tcase, a_table_whose_rows_are_all_alike_has_no_order);
    tcase_add_test(tcase, a_copy_has_points_of_its_own);
    tcase_add_loop_test(tcase, drift_lists_what_changed, 0, (int)(sizeof drifts / sizeof *drifts));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
