/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in a temporary file: what is read is what was added, in any range. */
#include "training_model.h"

#include "data/batch.h"
#include "data/sample_file.h"

#define MANY 1000

/* Sample i: label i % 2, dense i and -i, i % 3 ids of f0, (i / 3) % 5 of f1, each 1000 i + its
 * place. */
static void add_samples(struct tp_sample_file *file, int count)
{
    ck_ok(tp_sample_file_init(file, &model, 1000, "log", &err), err);
    for (int i = 0; i < count; i++) {
        float dense[] = {(float)i, (float)-i};
        int32_t lengths[] = {i % 3, i / 3 % 5};
        int64_t ids[7];
        for (int k = 0; k < 7; k++)
            ids[k] = 1000 * i + k;
        ck_ok(tp_sample_file_add(file, (float)(i % 2), dense, lengths, ids, &err), err);
    }
    ck_ok(tp_sample_file_close(file, &err), err);
}

/* Values of a batch that are not as add_samples() made them. */
static int count_wrong(const struct tp_batch *batch, int first)
{
    int wrong = 0;
    const int64_t *id = batch->ids;
    for (int n = 0; n < batch->count; n++) {
        int i = first + n;
        wrong += batch->labels[n] != (float)(i % 2) || batch->dense[2 * n] != (float)i ||
                 batch->dense[2 * n + 1] != (float)-i || batch->lengths[2 * n] != i % 3 ||
                 batch->lengths[2 * n + 1] != i / 3 % 5;
        for (int k = 0; k < i % 3 + i / 3 % 5; k++)
            wrong += *id++ != 1000 * i + k;
    }
    return wrong + (id - batch->ids != batch->id_count);
}

START_TEST(any_range_is_read_as_it_was_added)
{
    static const int counts[] = {1, 2, 63, 64, 65, 200};
    struct tp_sample_file file = {0};
    struct tp_batch batch = {0};
    make_model(2, 10, 2);
    add_samples(&file, MANY);
    int wrong = 0, count = counts[_i];
    for (int first = 0; first + count <= MANY; first += 7) {
        tp_sample_file_want(&file, first, count);
        ck_ok(tp_batch_begin(&batch, &model, count, &err), err);
        ck_ok(tp_sample_file_read(&file, first, count, &batch, &err), err);
        wrong += count_wrong(&batch, first);
    }
    ck_assert_int_eq(wrong, 0);
    tp_sample_file_want(&file, MANY - 1, 1);
    tp_batch_release(&batch);
    tp_sample_file_release(&file);
}
END_TEST

START_TEST(more_than_a_buffer_of_samples_is_written_piece_by_piece)
{
    struct tp_sample_file file = {0};
    struct tp_batch batch = {0};
    int count = 40000; /* of some 50 bytes: twice the buffer of a megabyte */
    make_model(2, 10, 2);
    add_samples(&file, count);
    ck_ok(tp_batch_begin(&batch, &model, count, &err), err);
    ck_ok(tp_sample_file_read(&file, 0, count, &batch, &err), err);
    ck_assert_int_eq(count_wrong(&batch, 0), 0);
    ck_assert_uint_eq(file.written, tp_sample_file_bytes(&model, count, batch.id_count));
    tp_batch_release(&batch);
    tp_sample_file_release(&file);
}
END_TEST

START_TEST(an_empty_file_and_none_can_be_released)
{
    struct tp_sample_file file = {0};
    make_model(2, 10, 2);
    tp_sample_file_release(&file);
    add_samples(&file, 0);
    tp_sample_file_release(&file);
    ck_ok(tp_sample_file_init(&file, &model, 0, "log", &err), err);
    tp_sample_file_release(&file);
    ck_assert_uint_eq(files_in_scratch(), 0);
}
END_TEST

static void open_with_tmpdir(void)
{
    scratch_open();
    setenv("TMPDIR", scratch, 1);
}

int main(void)
{
    TCase *tcase = tcase_create("sample_file");
    tcase_add_checked_fixture(tcase, open_with_tmpdir, scratch_close);
    tcase_add_loop_test(tcase, any_range_is_read_as_it_was_added, 0, 6);
    tcase_add_test(tcase, more_than_a_buffer_of_samples_is_written_piece_by_piece);
    tcase_add_test(tcase, an_empty_file_and_none_can_be_released);
    return run_suite("sample_file", tcase);
}
