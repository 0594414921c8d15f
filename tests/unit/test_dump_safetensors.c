/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps as .safetensors: places of features, and what the model does not allow. Headers as such are
 * the matter of test_safetensors.c. */
#include "affinity/dump.h"

#include "dump_files.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define SAMPLES 32

static struct sample_model sample;
static double values[64 * 4]; /* 0, 1/2, 1, ... */

/* Features "a" of dim 2 and "b/c" of dim 3. */
static void open_two(void)
{
    scratch_open();
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, "a", 2);
    sample_add(&sample, "b/c", 3);
    for (int i = 0; i < COUNT(values); i++)
        values[i] = i / 2.0;
}

static enum tp_status open_dump(bool may_miss, struct tp_dump **dump, struct tp_error *err)
{
    return tp_dump_open(in_scratch("d.safetensors"), &sample.model, may_miss, dump, err);
}

static void ck_dump_refused(bool may_miss, const char *message)
{
    struct tp_dump *dump = NULL;
    struct tp_error err;
    ck_assert_int_eq(open_dump(may_miss, &dump, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/d.safetensors: ", message, NULL});
    ck_assert_ptr_null(dump);
}

START_TEST(tensors_of_different_types_are_read_in_one_file)
{
    struct tp_dump *dump;
    struct tp_error err;
    struct tensor_file file = {0};
    double found[3];
    add_tensor(&file, "b/c", TP_NPY_BFLOAT16, SAMPLES, 3, values);
    add_tensor(&file, "a", TP_NPY_FLOAT32, SAMPLES, 2, values);
    put_tensors(&file, "d.safetensors");
    ck_ok(open_dump(false, &dump, &err), err);
    ck_assert_int_eq(tp_dump_samples(dump), SAMPLES);
    tp_dump_read(dump, 0, 31, found);
    ck_assert(found[0] == 31 && found[1] == 31.5);
    tp_dump_read(dump, 1, 31, found);
    ck_assert(found[0] == 46.5 && found[1] == 47 && found[2] == 47.5);
    tp_dump_prefetch(dump, 0, 2, 0, SAMPLES);
    tp_dump_free(dump);
}
END_TEST

/* Told by its content: the name may end in anything. */
START_TEST(the_suffix_does_not_matter)
{
    struct tp_dump *dump;
    struct tp_error err;
    struct tensor_file file = {0};
    add_tensor(&file, "a", TP_NPY_FLOAT64, SAMPLES, 2, values);
    add_tensor(&file, "b/c", TP_NPY_FLOAT16, SAMPLES, 3, values);
    put_tensors(&file, "d");
    ck_ok(tp_dump_open(in_scratch("d"), &sample.model, false, &dump, &err), err);
    tp_dump_free(dump);
}
END_TEST

START_TEST(a_feature_may_be_absent_where_that_is_allowed)
{
    struct tp_dump *dump;
    struct tp_error err;
    struct tensor_file file = {0};
    double found[3];
    add_tensor(&file, "b/c", TP_NPY_FLOAT32, SAMPLES, 3, values);
    put_tensors(&file, "d.safetensors");
    ck_dump_refused(false, "missing: 'a'");
    ck_ok(open_dump(true, &dump, &err), err);
    ck_assert_int_eq(dump->features[0].file, -1);
    ck_assert_int_eq(dump->features[0].dim, 2);
    tp_dump_read(dump, 1, 1, found);
    ck_assert(found[0] == 1.5);
    tp_dump_free(dump);
}
END_TEST

START_TEST(tensors_of_no_feature_are_refused)
{
    struct tensor_file file = {0};
    add_tensor(&file, "b/c", TP_NPY_FLOAT32, SAMPLES, 3, values);
    add_tensor(&file, "x\\n\\u001b", TP_NPY_FLOAT32, SAMPLES, 1, values);
    put_tensors(&file, "d.safetensors");
    ck_dump_refused(true, "features that the model does not have: 'x");
}
END_TEST

START_TEST(a_file_without_tensors_is_refused)
{
    put_header_and_data("d.safetensors", "{\"__metadata__\":{}}", "", 0);
    ck_dump_refused(true, "missing: 'a', 'b/c'");
}
END_TEST

static const struct {
    int64_t samples, dim;
    const char *message;
} bad_shapes[] = {
    {SAMPLES, 2, "tensor 'b/c': feature 'b/c' has dim 2, expected 3 as in the model"},
    {SAMPLES + 1, 3, "tensor 'b/c': has 33 samples, expected 32 as in"},
    {SAMPLES - 1, 3, "tensor 'b/c': has 31 samples, expected at least 32"},
    {0, 3, "tensor 'b/c': has 0 samples"},
};

START_TEST(a_tensor_of_another_shape_is_refused)
{
    struct tensor_file file = {0};
    add_tensor(&file, "a", TP_NPY_FLOAT32, SAMPLES, 2, values);
    add_tensor(&file, "b/c", TP_NPY_FLOAT32, bad_shapes[_i].samples, bad_shapes[_i].dim, values);
    put_tensors(&file, "d.safetensors");
    ck_dump_refused(false, bad_shapes[_i].message);
}
END_TEST

static const char *const shapes[] = {"[64]", "[32,2,1]", "[]", "[1,1,1,1,64]"};

START_TEST(a_tensor_of_another_number_of_dims_is_refused)
{
    struct tp_text header = {0};
    size_t bytes = strcmp(shapes[_i], "[]") ? 256 : 4;
    tp_text_add(&header, "{\"a\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,%zu]}}",
        shapes[_i], bytes);
    put_header_and_data("d.safetensors", header.data, values, bytes);
    ck_dump_refused(true, "expected 2: (samples, dim)");
    tp_text_release(&header);
}
END_TEST

START_TEST(a_file_cut_off_anywhere_is_refused)
{
    struct tensor_file file = {0};
    size_t length;
    add_tensor(&file, "a", TP_NPY_FLOAT32, SAMPLES, 2, values);
    add_tensor(&file, "b/c", TP_NPY_FLOAT32, SAMPLES, 3, values);
    put_tensors(&file, "d.safetensors");
    char *whole = get_file("d.safetensors", &length);
    for (size_t cut = 0; cut < length; cut += 7) {
        put_file("d.safetensors", whole, cut);
        ck_dump_refused(false, "");
    }
    free(whole);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("dump_safetensors");
    tcase_add_checked_fixture(tcase, open_two, scratch_close);
    tcase_add_test(tcase, tensors_of_different_types_are_read_in_one_file);
    tcase_add_test(tcase, the_suffix_does_not_matter);
    tcase_add_test(tcase, a_feature_may_be_absent_where_that_is_allowed);
    tcase_add_test(tcase, tensors_of_no_feature_are_refused);
    tcase_add_test(tcase, a_file_without_tensors_is_refused);
    tcase_add_loop_test(tcase, a_tensor_of_another_shape_is_refused, 0, COUNT(bad_shapes));
    tcase_add_loop_test(tcase, a_tensor_of_another_number_of_dims_is_refused, 0, COUNT(shapes));
    tcase_add_test(tcase, a_file_cut_off_anywhere_is_refused);
    return run_suite("dump_safetensors", tcase);
}
