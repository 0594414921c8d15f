/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic samples: functions of the seed and their number, spread as the model says, with
 * something to learn. */
#include <math.h>

#include "training_model.h"

#define MANY 20000

/* MANY training samples of the seed. Caller releases. */
static struct tp_batch make_samples(const char *source)
{
    struct tp_batch batch = {0};
    struct tp_samples *samples = open_samples(source, NULL);
    ck_ok(tp_samples_read(samples, TP_PART_TRAIN, 0, MANY, &batch, &err), err);
    tp_samples_free(samples);
    ck_assert_int_eq(batch.existing, MANY);
    return batch;
}

START_TEST(a_sample_is_the_same_in_whatever_range_it_is_read)
{
    char parts[4][4096];
    make_model(3, 100, 2);
    features[1].pooling = 2.5;
    struct tp_samples *samples = open_samples("synthetic:7", NULL);
    for (int i = 0; i < 3; i++)
        strcpy(parts[i], read_text(samples, TP_PART_TRAIN, 1000 + i, 1));
    snprintf(parts[3], sizeof parts[3], "%s%s%s", parts[0], parts[1], parts[2]);
    ck_assert_str_eq(read_text(samples, TP_PART_TRAIN, 1000, 3), parts[3]);
    tp_samples_free(samples);
}
END_TEST

START_TEST(parts_and_seeds_give_other_samples)
{
    char first[4096];
    make_model(3, 1000000, 2);
    struct tp_samples *samples = open_samples("synthetic:7", NULL);
    struct tp_samples *others = open_samples("synthetic:8", NULL);
    strcpy(first, read_text(samples, TP_PART_TRAIN, 0, 4));
    ck_assert_str_ne(read_text(samples, TP_PART_HELD_OUT, 0, 4), first);
    ck_assert_str_ne(read_text(others, TP_PART_TRAIN, 0, 4), first);
    ck_assert_str_ne(read_text(samples, TP_PART_TRAIN, 4, 4), first);
    tp_samples_free(samples);
    tp_samples_free(others);
}
END_TEST

START_TEST(there_are_as_many_as_one_likes_and_a_fixed_number_held_out)
{
    struct tp_sample_options options = tp_sample_options_default();
    make_model(1, 10, 1);
    struct tp_samples *samples = open_samples("synthetic:0", NULL);
    ck_assert_int_eq(tp_samples_count(samples, TP_PART_TRAIN), INT64_MAX);
    ck_assert_int_eq(tp_samples_count(samples, TP_PART_HELD_OUT), 16384);
    tp_samples_free(samples);
    options.held_out = 0;
    samples = open_samples("synthetic:0", &options);
    ck_assert_int_eq(tp_samples_count(samples, TP_PART_HELD_OUT), 0);
    tp_samples_free(samples);
}
END_TEST

START_TEST(bags_have_the_pooling_as_mean)
{
    /* 20,000 bags; the deviation of a mean is at most 0.5 / sqrt(20000) = 0.0035. */
    static const double pooling[] = {1, 3, 0.25, 2.6};
    double sum[4] = {0};
    make_model(4, 10, 0);
    for (int f = 0; f < 4; f++)
        features[f].pooling = pooling[f];
    struct tp_batch batch = make_samples("synthetic:1");
    int wrong = 0;
    for (int i = 0; i < 4 * MANY; i++) {
        double p = pooling[i % 4];
        sum[i % 4] += batch.lengths[i];
        wrong += batch.lengths[i] < floor(p) || batch.lengths[i] > ceil(p);
    }
    ck_assert_int_eq(wrong, 0);
    for (int f = 0; f < 4; f++)
        ck_assert_double_eq_tol(sum[f] / MANY, pooling[f], 0.014);
    tp_batch_release(&batch);
}
END_TEST

START_TEST(without_hot_rows_the_ids_are_even)
{
    /* 20,000 ids over 100 rows: chi-square with 99 degrees of freedom, mean 99, deviation 14. */
    int seen[100] = {0}, wrong = 0;
    double chi_square = 0;
    make_model(1, 100, 0);
    struct tp_batch batch = make_samples("synthetic:2");
    for (int64_t i = 0; i < batch.id_count; i++) {
        wrong += batch.ids[i] < 0 || batch.ids[i] >= 100;
        seen[batch.ids[i] % 100]++;
    }
    for (int row = 0; row < 100; row++)
        chi_square += (seen[row] - 200) * (seen[row] - 200) / 200.0;
    ck_assert_int_eq(wrong, 0);
    ck_assert_double_lt(chi_square, 99 + 4 * 14);
    ck_assert_double_gt(chi_square, 99 - 4 * 14);
    tp_batch_release(&batch);
}
END_TEST

/* C: a quarter of 0.2 for one row, sqrt(0.2 * 0.4) for 8, sqrt(0.4 * 0.9) = 0.6 for 32, sqrt(0.9)
 * for 128. */
static struct tp_hot_point points[] = {{4, 0.2}, {16, 0.4}, {64, 0.9}};

START_TEST(in_ranked_tables_the_rows_have_the_shares_of_hot_rows)
{
    static const struct {
        int64_t rows;
        double share;
    } expected[] = {{1, 0.05}, {3, 0.15}, {4, 0.2}, {8, 0.282843}, {16, 0.4}, {32, 0.6}, {64, 0.9},
        {128, 0.948683}, {256, 1}};
    make_model(1, 256, 0);
    features[0].hot_rows = points;
    features[0].hot_count = 3;
    tables[0].row_order = TP_ROWS_RANKED;
    struct tp_batch batch = make_samples("synthetic:3");
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        int below = 0;
        for (int64_t i = 0; i < batch.id_count; i++)
            below += batch.ids[i] < expected[k].rows;
        ck_assert_double_eq_tol((double)below / MANY, expected[k].share, 0.014);
    }
    tp_batch_release(&batch);
}
END_TEST

START_TEST(in_hashed_tables_the_hottest_is_row_zero_and_the_others_lie_anywhere)
{
    static int seen[4096];
    make_model(1, 4096, 0);
    features[0].hot_rows = points;
    features[0].hot_count = 3;
    struct tp_batch batch = make_samples("synthetic:3");
    for (int64_t i = 0; i < batch.id_count; i++)
        seen[batch.ids[i]]++;
    ck_assert_double_eq_tol(seen[0] / (double)MANY, 0.05, 0.01);
    int hot = 0, low = 0;
    for (int row = 0; row < 4096; row++) {
        hot +=
            seen[row] > MANY / 200; /* 0.5 %: the first 64 ranks, but for those that share a row */
        low += row < 64 && seen[row] > MANY / 200;
    }
    ck_assert_int_gt(hot, 40);
    ck_assert_int_lt(low, 8);
    tp_batch_release(&batch);
}
END_TEST

START_TEST(dense_values_have_mean_0_and_variance_1)
{
    double sum = 0, squares = 0;
    make_model(1, 10, 3);
    struct tp_batch batch = make_samples("synthetic:4");
    for (int i = 0; i < 3 * MANY; i++) {
        sum += (double)batch.dense[i];
        squares += (double)batch.dense[i] * (double)batch.dense[i];
    }
    ck_assert_double_eq_tol(sum / (3 * MANY), 0, 0.02);
    ck_assert_double_eq_tol(squares / (3 * MANY), 1, 0.03);
    tp_batch_release(&batch);
}
END_TEST

/* Share of the pairs of a click and none, each of its own sample, that the scores put in order. */
static double pairs_in_order(const struct tp_batch *batch, const double *score)
{
    double pairs = 0, right = 0;
    for (int i = MANY / 2; i + 1 < MANY; i++) {
        if (batch->labels[i] == batch->labels[i + 1])
            continue;
        int click = batch->labels[i] > 0 ? i : i + 1, none = 2 * i + 1 - click;
        pairs++;
        right += score[click] > score[none] ? 1 : score[click] == score[none] ? 0.5 : 0;
    }
    return right / pairs;
}

/* What is learned on the first half, by mean differences alone, predicts the second half. The ids'
 * and the dense part have the same variance, so either alone reaches the same. */
START_TEST(labels_can_be_learned_from_ids_and_from_dense_values)
{
    enum { D = 4, F = 4, ROWS = 10 };
    double weight[D] = {0}, clicks[F][ROWS] = {{0}}, seen[F][ROWS] = {{0}};
    static double by_dense[MANY], by_ids[MANY];
    make_model(F, ROWS, D);
    struct tp_batch batch = make_samples("synthetic:5");
    double rate = 0;
    for (int i = 0; i < MANY; i++)
        rate += (double)batch.labels[i] / MANY;
    ck_assert_double_gt(rate, 0.2);
    ck_assert_double_lt(rate, 0.45);
    for (int i = 0; i < MANY / 2; i++) {
        for (int d = 0; d < D; d++)
            weight[d] += (double)batch.dense[i * D + d] * ((double)batch.labels[i] - rate);
        for (int f = 0; f < F; f++) {
            clicks[f][batch.ids[i * F + f]] += (double)batch.labels[i];
            seen[f][batch.ids[i * F + f]]++;
        }
    }
    for (int i = MANY / 2; i < MANY; i++) {
        for (int d = 0; d < D; d++)
            by_dense[i] += weight[d] * (double)batch.dense[i * D + d];
        for (int f = 0; f < F; f++) {
            int64_t id = batch.ids[i * F + f];
            by_ids[i] += clicks[f][id] / seen[f][id];
        }
    }
    ck_assert_double_gt(pairs_in_order(&batch, by_dense), 0.66);
    ck_assert_double_gt(pairs_in_order(&batch, by_ids), 0.66);
    tp_batch_release(&batch);
}
END_TEST

START_TEST(a_seed_is_an_integer_from_0)
{
    static const char *const bad[] = {
        "synthetic:x", "synthetic:-1", "synthetic:1.5", "synthetic:1 "};
    make_model(1, 10, 0);
    ck_refused(TP_EUSAGE, bad[_i], NULL,
        (const char *[]){bad[_i], "expected synthetic:SEED with an integer from 0", NULL});
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("synthetic_samples");
    tcase_add_test(tcase, a_sample_is_the_same_in_whatever_range_it_is_read);
    tcase_add_test(tcase, parts_and_seeds_give_other_samples);
    tcase_add_test(tcase, there_are_as_many_as_one_likes_and_a_fixed_number_held_out);
    tcase_add_test(tcase, bags_have_the_pooling_as_mean);
    tcase_add_test(tcase, without_hot_rows_the_ids_are_even);
    tcase_add_test(tcase, in_ranked_tables_the_rows_have_the_shares_of_hot_rows);
    tcase_add_test(tcase, in_hashed_tables_the_hottest_is_row_zero_and_the_others_lie_anywhere);
    tcase_add_test(tcase, dense_values_have_mean_0_and_variance_1);
    tcase_add_test(tcase, labels_can_be_learned_from_ids_and_from_dense_values);
    tcase_add_loop_test(tcase, a_seed_is_an_integer_from_0, 0, 4);
    return run_suite("synthetic_samples", tcase);
}
