/* SPDX-License-Identifier: Apache-2.0 */
/* What all sources of samples have in common: options, the end of a part, the digest. */
#include "training_model.h"

START_TEST(another_kind_of_source_is_refused)
{
    static const char *const bad[] = {"log.tsv", "", "tsv:log", "synthetic", "NPY:x"};
    make_model(1, 10, 0);
    ck_refused(TP_EUSAGE, bad[_i], NULL,
        (const char *[]){"expected criteo:FILE, csv:FILE, npy:DIR or synthetic:SEED", NULL});
}
END_TEST

START_TEST(options_that_do_not_go_with_a_source_are_refused)
{
    struct tp_sample_options o[10];
    static const struct {
        const char *source, *option;
    } cases[] = {{"synthetic:1", "--columns"}, {"synthetic:1", "--label"}, {"npy:x", "--dense"},
        {"npy:x", "--separator"}, {"npy:x", "--min-count"}, {"synthetic:1", "--skip-bad"},
        {"synthetic:1", "--held-out: found 1,"}, {"csv:x", "--held-out: found -0.1,"},
        {"csv:x", "--min-count: found 0"}, {"criteo:x", "--label"}};
    for (int i = 0; i < 10; i++)
        o[i] = tp_sample_options_default();
    o[0].columns = "a=b";
    o[1].label = "click";
    o[2].dense = "x";
    o[3].separator = ';';
    o[4].min_count = 3;
    o[5].skip_bad = true;
    o[6].held_out = 1;
    o[7].held_out = -0.1;
    make_model(1, 10, 0);
    o[8].min_count = 0;
    o[9].label = "click";
    ck_refused(
        TP_EUSAGE, cases[_i].source, &o[_i], (const char *[]){cases[_i].option, "expected", NULL});
}
END_TEST

START_TEST(standard_input_is_refused_because_data_is_read_more_than_once)
{
    static const char *const bad[] = {"npy:-", "npy:", "synthetic:", "criteo:-", "csv:-"};
    make_model(1, 10, 0);
    ck_refused(TP_EUSAGE, bad[_i], NULL, (const char *[]){bad[_i], "a pipe will not do", NULL});
}
END_TEST

START_TEST(behind_the_end_there_are_empty_samples)
{
    struct tp_batch batch = {0};
    make_model(2, 10, 1);
    struct tp_samples *samples = open_samples("synthetic:1", NULL);
    ck_ok(tp_samples_read(samples, TP_PART_HELD_OUT, 0, 5, &batch, &err), err);
    ck_assert_int_eq(batch.existing, 5);
    ck_ok(tp_samples_read(samples, TP_PART_HELD_OUT, 16382, 5, &batch, &err), err);
    ck_assert_int_eq(batch.existing, 2);
    ck_assert_int_eq(batch.id_count, 4);
    ck_ok(tp_samples_read(samples, TP_PART_HELD_OUT, 20000, 5, &batch, &err), err);
    ck_assert_int_eq(batch.existing, 0);
    const char *text = read_text(samples, TP_PART_HELD_OUT, 16382, 5);
    ck_assert_ptr_nonnull(strstr(text, ";-0 0|,;-0 0|,;-0 0|,;"));
    ck_assert_str_eq(read_text(samples, TP_PART_HELD_OUT, 20000, 2), "-0 0|,;-0 0|,;");
    ck_assert_str_eq(read_text(samples, TP_PART_HELD_OUT, 0, 0), "");
    tp_samples_expect(samples, TP_PART_HELD_OUT, 20000, 2);
    tp_batch_release(&batch);
    tp_samples_free(samples);
}
END_TEST

static void digest_of(const char *source, double held_out, char digest[65])
{
    struct tp_sample_options options = tp_sample_options_default();
    options.held_out = held_out;
    struct tp_samples *samples = open_samples(source, &options);
    ck_ok(tp_samples_digest(samples, digest, &err), err);
    ck_assert_uint_eq(strlen(digest), 64);
    tp_samples_free(samples);
}

/* Each change leads to other samples, so to another digest; the last two lead to the same. */
START_TEST(the_digest_changes_with_what_the_samples_depend_on)
{
    struct tp_hot_point point = {1, 0.5};
    char before[65], after[65], name[] = "other";
    make_model(2, 10, 1);
    digest_of("synthetic:1", 0.1, before);
    switch (_i) {
    case 1:
        tables[1].rows = 11;
        break;
    case 2:
        model.dense_features = 2;
        break;
    case 3:
        model.feature_count = 1;
        break;
    case 4:
        features[0].name = name;
        break;
    case 5:
        features[0].pooling = 1.5;
        break;
    case 6:
        features[1].hot_rows = &point;
        features[1].hot_count = 1;
        break;
    case 7:
        tables[0].row_order = TP_ROWS_RANKED;
        break;
    case 8:
        features[1].table = 0;
        break;
    }
    digest_of(_i == 0 ? "synthetic:2" : "synthetic:1", _i == 9 ? 0 : _i == 10 ? 0.2 : 0.1, after);
    ck_assert_msg((strcmp(before, after) != 0) == (_i < 10), "%d", _i);
}
END_TEST

START_TEST(nothing_can_be_freed_and_released)
{
    struct tp_batch batch = {0};
    tp_samples_free(NULL);
    tp_batch_release(&batch);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("samples");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(tcase, another_kind_of_source_is_refused, 0, 5);
    tcase_add_loop_test(tcase, options_that_do_not_go_with_a_source_are_refused, 0, 10);
    tcase_add_loop_test(tcase, standard_input_is_refused_because_data_is_read_more_than_once, 0, 5);
    tcase_add_test(tcase, behind_the_end_there_are_empty_samples);
    tcase_add_loop_test(tcase, the_digest_changes_with_what_the_samples_depend_on, 0, 12);
    tcase_add_test(tcase, nothing_can_be_freed_and_released);
    return run_suite("samples", tcase);
}
