/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in NumPy's arrays: what is read from every form, and what is refused. */
#include "training_model.h"

#include <math.h>
#include <sys/resource.h>

#include "base/npy.h"

#define SAMPLES 6

static void put_array(const char *name, enum tp_npy_type type, int32_t dim_count,
    const int64_t *shape, const void *data)
{
    struct tp_text text = {0};
    tp_npy_format(&text, type, 0, dim_count, shape, data);
    put_file(name, text.data, text.length);
    tp_text_release(&text);
}

static const int64_t ids[SAMPLES][2] = {{0, 9}, {1, 8}, {2, 7}, {3, 6}, {4, 5}, {5, 4}};
static const float dense[SAMPLES] = {0.5f, 1.5f, -2, 0, 4, 5};
static const float labels[SAMPLES] = {0, 1, 1, 0, 1, 0};

/* Samples of two features with tables of ten rows, and a dense feature. */
static void put_samples(void)
{
    make_model(2, 10, 1);
    put_array("labels.npy", TP_NPY_FLOAT32, 1, (const int64_t[]){SAMPLES}, labels);
    put_array("sparse.npy", TP_NPY_INT64, 2, (const int64_t[]){SAMPLES, 2}, ids);
    put_array("dense.npy", TP_NPY_FLOAT32, 2, (const int64_t[]){SAMPLES, 1}, dense);
}

static const char *folder(void)
{
    static char source[5200];
    snprintf(source, sizeof source, "npy:%s", scratch);
    return source;
}

static const char *read_all(void)
{
    struct tp_sample_options options = tp_sample_options_default();
    options.held_out = 0;
    struct tp_samples *samples = open_samples(folder(), &options);
    const char *text = read_text(samples, TP_PART_TRAIN, 0, SAMPLES);
    tp_samples_free(samples);
    return text;
}

#define ALL "0 0.5|0,9;1 1.5|1,8;1 -2|2,7;0 0|3,6;1 4|4,5;0 5|5,4;"

START_TEST(samples_are_read_as_they_stand)
{
    put_samples();
    ck_assert_str_eq(read_all(), ALL);
}
END_TEST

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

#ifndef SANITIZED
/* At 256 MiB, where no mapping fits beside the work, rows are read one by one. AddressSanitizer itself takes
 * more. */
START_TEST(where_the_address_space_is_small_the_same_is_read)
{
    struct rlimit before, low;
    struct tp_sample_options options = tp_sample_options_default();
    options.held_out = 0;
    put_samples();
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    low = before;
    low.rlim_cur = (rlim_t)1 << 28;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &low), 0);
    struct tp_samples *samples = open_samples(folder(), &options);
    setrlimit(RLIMIT_AS, &before);
    tp_samples_expect(samples, TP_PART_TRAIN, 0, SAMPLES);
    ck_assert_str_eq(read_text(samples, TP_PART_TRAIN, 0, SAMPLES), ALL);
    put_text("sparse.npy", "cut");
    struct tp_batch batch = {0};
    ck_assert_int_eq(tp_samples_read(samples, TP_PART_TRAIN, 0, SAMPLES, &batch, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/sparse.npy: became shorter than ", NULL});
    tp_batch_release(&batch);
    tp_samples_free(samples);
}
END_TEST
#endif

START_TEST(every_type_of_number_reads_the_same)
{
    int32_t narrow_ids[SAMPLES][2], narrow_labels[SAMPLES];
    double wide[SAMPLES], wide_labels[SAMPLES];
    int64_t whole_labels[SAMPLES];
    /* float16 of 0.5, 1.5, -2, 0, 4, 5 */
    static const uint16_t halves[] = {0x3800, 0x3e00, 0xc000, 0, 0x4400, 0x4500};
    put_samples();
    for (int i = 0; i < SAMPLES; i++) {
        narrow_ids[i][0] = (int32_t)ids[i][0];
        narrow_ids[i][1] = (int32_t)ids[i][1];
        narrow_labels[i] = (int32_t)labels[i];
        whole_labels[i] = (int64_t)labels[i];
        wide_labels[i] = (double)labels[i];
        wide[i] = (double)dense[i];
    }
    put_array("sparse.npy", TP_NPY_INT32, 2, (const int64_t[]){SAMPLES, 2}, narrow_ids);
    put_array("dense.npy", TP_NPY_FLOAT64, 2, (const int64_t[]){SAMPLES, 1}, wide);
    put_array("labels.npy", TP_NPY_INT64, 1, (const int64_t[]){SAMPLES}, whole_labels);
    ck_assert_str_eq(read_all(), ALL);
    put_array("dense.npy", TP_NPY_FLOAT16, 2, (const int64_t[]){SAMPLES, 1}, halves);
    put_array("labels.npy", TP_NPY_INT32, 1, (const int64_t[]){SAMPLES}, narrow_labels);
    ck_assert_str_eq(read_all(), ALL);
    put_array("labels.npy", TP_NPY_FLOAT64, 1, (const int64_t[]){SAMPLES}, wide_labels);
    ck_assert_str_eq(read_all(), ALL);
}
END_TEST

START_TEST(in_bags_minus_one_is_no_id_wherever_it_stands)
{
    static const int32_t bags[SAMPLES][2][3] = {{{1, 2, 3}, {4, -1, -1}},
        {{-1, -1, -1}, {-1, 5, -1}}, {{-1, 6, 7}, {8, -1, 9}}, {{0, 0, 0}, {-1, -1, -1}}};
    put_samples();
    put_array("sparse.npy", TP_NPY_INT32, 3, (const int64_t[]){SAMPLES, 2, 3}, bags);
    ck_assert_str_eq(read_all(), "0 0.5|1+2+3,4;1 1.5|,5;1 -2|6+7,8+9;0 0|0+0+0,;"
                                 "1 4|0+0+0,0+0+0;0 5|0+0+0,0+0+0;");
}
END_TEST

START_TEST(without_dense_features_there_need_be_no_such_array)
{
    put_samples();
    unlink(in_scratch("dense.npy"));
    model.dense_features = 0;
    ck_assert_str_eq(read_all(), "0|0,9;1|1,8;1|2,7;0|3,6;1|4,5;0|5,4;");
    model.dense_features = 1;
    ck_refused(TP_EINPUT, folder(), NULL, (const char *[]){"/dense.npy", "No such file", NULL});
}
END_TEST

/* Many samples, id 0 of each its number: both parts together have each once, in order. */
START_TEST(the_parts_divide_the_samples)
{
    enum { MANY = 5000 };
    static int64_t numbers[MANY];
    static float zeros[MANY];
    struct tp_sample_options options = tp_sample_options_default();
    struct tp_batch batch = {0};
    make_model(1, MANY, 0);
    for (int i = 0; i < MANY; i++)
        numbers[i] = i;
    put_array("sparse.npy", TP_NPY_INT64, 2, (const int64_t[]){MANY, 1}, numbers);
    put_array("labels.npy", TP_NPY_FLOAT32, 1, (const int64_t[]){MANY}, zeros);
    options.held_out = 0.3;
    struct tp_samples *samples = open_samples(folder(), &options);
    int seen[MANY] = {0}, wrong = 0;
    for (int part = 0; part < TP_PART_COUNT; part++) {
        int64_t last = -1, count = tp_samples_count(samples, (enum tp_part)part);
        for (int64_t first = 0; first < count; first += 7) {
            tp_samples_expect(samples, (enum tp_part)part, first, 7);
            ck_ok(tp_samples_read(samples, (enum tp_part)part, first, 7, &batch, &err), err);
            wrong += batch.existing != (count - first < 7 ? count - first : 7);
            for (int64_t i = 0; i < batch.id_count; i++) {
                wrong += batch.ids[i] <= last;
                last = batch.ids[i];
                seen[last]++;
            }
        }
    }
    for (int i = 0; i < MANY; i++)
        wrong += seen[i] != 1;
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(
        tp_samples_count(samples, TP_PART_TRAIN) + tp_samples_count(samples, TP_PART_HELD_OUT),
        MANY);
    tp_batch_release(&batch);
    tp_samples_free(samples);
}
END_TEST

/* Reads all that is there. @return the status of the reading. */
static enum tp_status try_reading(void)
{
    struct tp_sample_options options = tp_sample_options_default();
    struct tp_batch batch = {0};
    options.held_out = 0;
    struct tp_samples *samples = open_samples(folder(), &options);
    enum tp_status status = tp_samples_read(samples, TP_PART_TRAIN, 0, SAMPLES, &batch, &err);
    tp_batch_release(&batch);
    tp_samples_free(samples);
    return status;
}

START_TEST(an_id_outside_its_table_is_named)
{
    static const int64_t bad[] = {10, -1, INT64_MIN, INT64_MAX};
    int64_t wrong[SAMPLES][2];
    char number[32];
    put_samples();
    memcpy(wrong, ids, sizeof ids);
    wrong[4][1] = bad[_i];
    put_array("sparse.npy", TP_NPY_INT64, 2, (const int64_t[]){SAMPLES, 2}, wrong);
    ck_assert_int_eq(try_reading(), TP_EINPUT);
    snprintf(number, sizeof number, "id %lld,", (long long)bad[_i]);
    ck_message_has(&err, (const char *[]){"/sparse.npy: sample 4, feature f1: found the ", number,
                             "expected 0 to 9, the rows of table f1", NULL});
}
END_TEST

START_TEST(a_label_that_is_none_is_named)
{
    static const float bad[] = {2, 0.5f, -1, NAN, INFINITY};
    float wrong[SAMPLES] = {0};
    put_samples();
    wrong[3] = bad[_i];
    put_array("labels.npy", TP_NPY_FLOAT32, 1, (const int64_t[]){SAMPLES}, wrong);
    ck_assert_int_eq(try_reading(), TP_EINPUT);
    ck_message_has(&err,
        (const char *[]){"/labels.npy: sample 3: found the label ", ", expected 0 or 1", NULL});
}
END_TEST

START_TEST(a_dense_value_that_is_not_finite_is_named)
{
    static const double bad[] = {NAN, -INFINITY, 1e39}; /* the last one as float32 */
    double wrong[SAMPLES] = {0};
    put_samples();
    wrong[2] = bad[_i];
    put_array("dense.npy", TP_NPY_FLOAT64, 2, (const int64_t[]){SAMPLES, 1}, wrong);
    ck_assert_int_eq(try_reading(), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/dense.npy: sample 2, column 0: found ",
                             ", expected a finite float32", NULL});
}
END_TEST

static const struct {
    const char *name;
    enum tp_npy_type type;
    int32_t dim_count;
    int64_t shape[3];
    const char *parts[4];
} misfits[] = {
    {"labels.npy", TP_NPY_FLOAT32, 2, {6, 1}, {"found the shape (6, 1), expected one dim"}},
    {"labels.npy", TP_NPY_FLOAT32, 1, {0}, {"found no samples"}},
    {"labels.npy", TP_NPY_FLOAT32, 1, {5},
        {"/sparse.npy: found the shape (6, 2), expected (5, 2)"}},
    {"sparse.npy", TP_NPY_FLOAT32, 2, {6, 2}, {"found real numbers, expected ids"}},
    {"sparse.npy", TP_NPY_INT64, 1, {6}, {"found the shape (6,), expected (6, 2) or (6, 2, P)"}},
    {"sparse.npy", TP_NPY_INT64, 2, {6, 3}, {"found the shape (6, 3), expected (6, 2)"}},
    {"sparse.npy", TP_NPY_INT64, 3, {6, 1, 2}, {"found the shape (6, 1, 2), expected (6, 2)"}},
    {"dense.npy", TP_NPY_INT64, 2, {6, 1}, {"found integers, expected real numbers"}},
    {"dense.npy", TP_NPY_FLOAT32, 1, {6}, {"found the shape (6,), expected (6, 1)"}},
    {"dense.npy", TP_NPY_FLOAT32, 2, {6, 2}, {"found the shape (6, 2), expected (6, 1)"}},
    {"dense.npy", TP_NPY_FLOAT32, 2, {7, 1}, {"found the shape (7, 1), expected (6, 1)"}},
    {"dense.npy", TP_NPY_UNICODE, 1, {0}, {"dtype '<U0' is not supported, expected '<f2'"}},
};

START_TEST(an_array_that_does_not_fit_is_refused_when_it_is_opened)
{
    static const char zeros[1024];
    put_samples();
    put_array(misfits[_i].name, misfits[_i].type, misfits[_i].dim_count, misfits[_i].shape, zeros);
    ck_refused(TP_EINPUT, folder(), NULL, misfits[_i].parts);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("npy_samples");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, samples_are_read_as_they_stand);
#ifndef SANITIZED
    tcase_add_test(tcase, where_the_address_space_is_small_the_same_is_read);
#endif
    tcase_add_test(tcase, every_type_of_number_reads_the_same);
    tcase_add_test(tcase, in_bags_minus_one_is_no_id_wherever_it_stands);
    tcase_add_test(tcase, without_dense_features_there_need_be_no_such_array);
    tcase_add_test(tcase, the_parts_divide_the_samples);
    tcase_add_loop_test(tcase, an_id_outside_its_table_is_named, 0, 4);
    tcase_add_loop_test(tcase, a_label_that_is_none_is_named, 0, 5);
    tcase_add_loop_test(tcase, a_dense_value_that_is_not_finite_is_named, 0, 3);
    tcase_add_loop_test(tcase, an_array_that_does_not_fit_is_refused_when_it_is_opened, 0,
        (int)(sizeof misfits / sizeof *misfits));
    return run_suite("npy_samples", tcase);
}
