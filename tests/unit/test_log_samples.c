/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of logs: parts, dictionaries, scales and shares, against slow counting by hand. */
#include <math.h>

#include "training_model.h"

#include "base/text.h"
#include "data/split.h"

#define ROWS 400
#define HELD_OUT 0.25

/* A csv of ROWS rows with the features a and b in one table and c in another, and a dense column.
 * Row i (line i + 2) has label i % 3 == 0, a "x<i % 7>", b "x<i % 5>" and "y<i>", c "" or "z", dense
 * i % 4 or nothing. */
static const char *put_log(void)
{
    static char source[5200];
    struct tp_text text = {0};
    make_model(3, 1000, 1);
    features[1].table = 0;
    features[2].table = 1;
    tables[0].feature_count = 2;
    tables[1] = (struct tp_table){
        .name = names[1], .rows = 10, .dim = 4, .first_feature = 2, .feature_count = 1};
    model.table_count = 2;
    tp_text_add(&text, "label,f0,f1,f2,dense_0\n");
    for (int i = 0; i < ROWS; i++) {
        tp_text_add(&text, "%d,x%d,x%d|y%d,%s,", i % 3 == 0, i % 7, i % 5, i, i % 2 ? "z" : "");
        tp_text_add(&text, i % 11 ? "%d\n" : "\n", i % 4);
    }
    put_file("log.csv", text.data, text.length);
    tp_text_release(&text);
    snprintf(source, sizeof source, "csv:%s", in_scratch("log.csv"));
    return source;
}

static struct tp_sample_options log_options(void)
{
    struct tp_sample_options options = tp_sample_options_default();
    options.held_out = HELD_OUT;
    options.separator = '|';
    return options;
}

/* The training rows' counts of x0 .. x6 in a and b together. */
static void count_x(int count[7])
{
    memset(count, 0, 7 * sizeof *count);
    for (int i = 0; i < ROWS; i++) {
        if (tp_split_part(i + 2, HELD_OUT) != TP_PART_TRAIN)
            continue;
        count[i % 7]++;
        count[i % 5]++;
    }
}

/* The row of x<k> must have as many x before it as there are more frequent ones. */
static bool is_rank(const int count[7], int k, int64_t row)
{
    int above = 0, equal = 0;
    for (int other = 0; other < 7; other++) {
        above += count[other] > count[k];
        equal += count[other] == count[k];
    }
    return row > above && row <= above + equal;
}

/* Mean and deviation of log(1 + x) over the training rows that have a dense value. */
static void measure_dense(double *mean, double *deviation)
{
    double sum = 0, squares = 0, n = 0;
    for (int i = 0; i < ROWS; i++) {
        if (i % 11 == 0 || tp_split_part(i + 2, HELD_OUT) != TP_PART_TRAIN)
            continue;
        sum += log(1 + i % 4);
        squares += log(1 + i % 4) * log(1 + i % 4);
        n++;
    }
    *mean = sum / n;
    *deviation = sqrt(squares / n - *mean * *mean);
}

START_TEST(every_line_becomes_the_sample_it_should)
{
    struct tp_sample_options options = log_options();
    struct tp_samples *samples = open_samples(put_log(), &options);
    struct tp_batch batch = {0};
    int count[7], wrong = 0;
    int64_t index[TP_PART_COUNT] = {0};
    double mean, deviation;
    count_x(count);
    measure_dense(&mean, &deviation);
    for (int i = 0; i < ROWS; i++) {
        enum tp_part part = tp_split_part(i + 2, HELD_OUT);
        ck_ok(tp_samples_read(samples, part, index[part]++, 1, &batch, &err), err);
        double dense = i % 11 ? (log(1 + i % 4) - mean) / deviation : 0;
        wrong += batch.existing != 1 || batch.labels[0] != (float)(i % 3 == 0);
        wrong += fabs((double)batch.dense[0] - dense) > 1e-6;
        wrong += batch.lengths[0] != 1 || batch.lengths[1] != 2 || batch.lengths[2] != i % 2;
        wrong += !is_rank(count, i % 7, batch.ids[0]) || !is_rank(count, i % 5, batch.ids[1]);
        wrong += batch.ids[2] != 0; /* y<i> is seen but once */
        wrong += i % 2 && batch.ids[3] != 1;
    }
    ck_assert_int_eq(wrong, 0);
    for (int part = 0; part < TP_PART_COUNT; part++)
        ck_assert_int_eq(tp_samples_count(samples, (enum tp_part)part), index[part]);
    ck_assert_int_eq(index[TP_PART_TRAIN] + index[TP_PART_HELD_OUT], ROWS);
    tp_batch_release(&batch);
    tp_samples_free(samples);
}
END_TEST

START_TEST(ids_of_the_held_out_part_alone_are_unseen)
{
    struct tp_sample_options options = log_options();
    options.min_count = 1;
    struct tp_samples *samples = open_samples(put_log(), &options);
    struct tp_batch batch = {0};
    int64_t index[TP_PART_COUNT] = {0};
    int wrong = 0;
    for (int i = 0; i < ROWS; i++) {
        enum tp_part part = tp_split_part(i + 2, HELD_OUT);
        ck_ok(tp_samples_read(samples, part, index[part]++, 1, &batch, &err), err);
        wrong += (batch.ids[2] > 7) != (part == TP_PART_TRAIN);
    }
    ck_assert_int_eq(wrong, 0);
    tp_batch_release(&batch);
    tp_samples_free(samples);
}
END_TEST

START_TEST(a_table_too_small_for_its_ids_is_hashed_and_the_other_is_not)
{
    struct tp_sample_options options = log_options();
    const char *source = put_log();
    tables[0].rows = 7; /* of seven frequent ids, six fit */
    struct tp_samples *samples = open_samples(source, &options);
    struct tp_batch batch = {0};
    int64_t count = tp_samples_count(samples, TP_PART_TRAIN), next = 0;
    int rows_seen[7] = {0}, used = 0, wrong = 0;
    ck_ok(tp_samples_read(samples, TP_PART_TRAIN, 0, (int32_t)count, &batch, &err), err);
    for (int32_t i = 0; i < count; i++) {
        for (int k = 0; k < 3; k++)
            rows_seen[batch.ids[next++] % 7]++;
        if (batch.lengths[3 * i + 2])
            wrong += batch.ids[next++] != 1;
    }
    for (int row = 0; row < 7; row++)
        used += rows_seen[row] > 0;
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(tp_samples_hashed_tables(samples), 1);
    ck_assert_int_eq(used, 7); /* 300 different y are hashed too, so no row stays empty */
    tp_batch_release(&batch);
    tp_samples_free(samples);
}
END_TEST

/* Both processes of two, and of three with batches that do not divide the samples, read what one
 * alone reads. */
START_TEST(a_share_reads_what_the_whole_has)
{
    static const struct tp_share shares[] = {{10, 0, 5}, {10, 5, 5}, {30, 0, 10}, {30, 10, 10},
        {30, 20, 10}, {7, 3, 2}, {400, 100, 100}};
    char expected[4096];
    struct tp_sample_options options = log_options();
    struct tp_share share = shares[_i];
    const char *source = put_log();
    struct tp_samples *all = open_samples(source, &options), *some = NULL;
    ck_ok(tp_samples_open(source, &model, &options, share, &some, &err), err);
    for (int part = 0; part < TP_PART_COUNT; part++) {
        int64_t count = tp_samples_count(all, (enum tp_part)part);
        ck_assert_int_eq(tp_samples_count(some, (enum tp_part)part), count);
        for (int64_t batch = 0; batch < count + share.batch; batch += share.batch) {
            int64_t first = batch + share.first;
            int32_t n = share.count < 10 ? (int32_t)share.count : 10;
            strcpy(expected, read_text(all, (enum tp_part)part, first, n));
            tp_samples_expect(some, (enum tp_part)part, first, n);
            ck_assert_str_eq(read_text(some, (enum tp_part)part, first, n), expected);
        }
    }
    tp_samples_free(all);
    tp_samples_free(some);
}
END_TEST

static const char *put_lines(const char *name, const char *text)
{
    static char source[5200];
    put_text(name, text);
    snprintf(source, sizeof source, "csv:%s", in_scratch(name));
    return source;
}

#define BAD "label,f0\n1,a\n2,a\n0,b\n1,c,d\n1,a\n"

START_TEST(a_bad_line_is_an_error_that_tells_of_skip_bad)
{
    struct tp_sample_options options = tp_sample_options_default();
    options.held_out = 0;
    make_model(1, 10, 0);
    ck_refused(TP_EINPUT, put_lines("log", BAD), &options,
        (const char *[]){"log:3: found the label '2', expected 0 or 1; --skip-bad passes", NULL});
}
END_TEST

START_TEST(bad_lines_are_skipped_and_counted)
{
    struct tp_sample_options options = tp_sample_options_default();
    options.held_out = 0;
    options.skip_bad = true;
    make_model(1, 10, 0);
    struct tp_samples *samples = open_samples(put_lines("log", BAD), &options);
    ck_assert_int_eq(tp_samples_skipped(samples), 2);
    ck_assert_int_eq(tp_samples_count(samples, TP_PART_TRAIN), 3);
    ck_assert_str_eq(read_text(samples, TP_PART_TRAIN, 0, 3), "1|1;0|0;1|1;");
    tp_samples_free(samples);
}
END_TEST

/* The log with row 0 spoilt: the samples behind it are as they were. Without dense values, which it
 * has a share in, and with all ids too rare. */
START_TEST(a_bad_line_moves_no_other_line_to_another_part)
{
    struct tp_sample_options options = log_options();
    static char before[TP_PART_COUNT][20000];
    const char *source = put_log();
    size_t length;
    char *text = get_file("log.csv", &length);
    options.min_count = 10000;
    model.dense_features = 0;
    struct tp_samples *samples = open_samples(source, &options);
    for (int part = 0; part < TP_PART_COUNT; part++)
        strcpy(before[part], read_text(samples, (enum tp_part)part,
                                 tp_split_part(2, HELD_OUT) == (enum tp_part)part, 60));
    tp_samples_free(samples);
    *(strchr(text, '\n') + 1) = '?'; /* row 0, line 2 */
    put_text("log.csv", text);
    options.skip_bad = true;
    samples = open_samples(source, &options);
    ck_assert_int_eq(tp_samples_skipped(samples), 1);
    for (int part = 0; part < TP_PART_COUNT; part++)
        ck_assert_str_eq(read_text(samples, (enum tp_part)part, 0, 60), before[part]);
    tp_samples_free(samples);
    free(text);
}
END_TEST

START_TEST(what_gives_no_samples_is_refused)
{
    static const struct {
        const char *text;
        bool skip_bad;
        double held_out;
        const char *message;
    } cases[] = {
        {"label,f0\n", false, 0, "found no rows, expected at least one"},
        {"label,f0\n2,a\n3,b\n", true, 0, "all 2 lines are bad"},
        {"label,f0\n1,a\n0,b\n", false, 0.9999, "all 2 samples are held out"},
        {"label,f0\n1,\"a\n", true, 0, "--skip-bad cannot go on behind this"},
        {"label\n1\n", true, 0, "log:1: found no column 'f0'"},
        {"", true, 0, "is empty, expected a header"},
    };
    struct tp_sample_options options = tp_sample_options_default();
    options.skip_bad = cases[_i].skip_bad;
    options.held_out = cases[_i].held_out;
    make_model(1, 10, 0);
    ck_refused(TP_EINPUT, put_lines("log", cases[_i].text), &options,
        (const char *[]){cases[_i].message, NULL});
}
END_TEST

START_TEST(the_digest_is_that_of_content_and_options)
{
    char digest[4][65];
    struct tp_sample_options options = tp_sample_options_default();
    static const char *const files[] = {"log", "copy", "other", "log"};
    static const char *const texts[] = {
        "label,f0\n1,a\n", "label,f0\n1,a\n", "label,f0\n0,a\n", "label,f0\n1,a\n"};
    make_model(1, 10, 0);
    options.held_out = 0;
    for (int i = 0; i < 4; i++) {
        options.min_count = i == 3 ? 5 : 2;
        struct tp_samples *samples = open_samples(put_lines(files[i], texts[i]), &options);
        ck_ok(tp_samples_digest(samples, digest[i], &err), err);
        tp_samples_free(samples);
    }
    ck_assert_str_eq(digest[1], digest[0]);
    ck_assert_str_ne(digest[2], digest[0]);
    ck_assert_str_ne(digest[3], digest[0]);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("log_samples");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, every_line_becomes_the_sample_it_should);
    tcase_add_test(tcase, ids_of_the_held_out_part_alone_are_unseen);
    tcase_add_test(tcase, a_table_too_small_for_its_ids_is_hashed_and_the_other_is_not);
    tcase_add_loop_test(tcase, a_share_reads_what_the_whole_has, 0, 7);
    tcase_add_test(tcase, a_bad_line_is_an_error_that_tells_of_skip_bad);
    tcase_add_test(tcase, bad_lines_are_skipped_and_counted);
    tcase_add_test(tcase, a_bad_line_moves_no_other_line_to_another_part);
    tcase_add_loop_test(tcase, what_gives_no_samples_is_refused, 0, 6);
    tcase_add_test(tcase, the_digest_is_that_of_content_and_options);
    return run_suite("log_samples", tcase);
}
