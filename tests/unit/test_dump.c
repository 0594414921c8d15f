/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an embedding dump: folders, what is refused, and what other files are taken for. */
#include "affinity/dump.h"

#include "dump_files.h"

#include <sys/stat.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define SAMPLES 32

static struct sample_model sample;

/* Features "a" and "b c", dims 2. */
static void open_two(void)
{
    scratch_open();
    memset(&sample, 0, sizeof sample);
    sample_add(&sample, "a", 2);
    sample_add(&sample, "b c", 2);
}

/* Value = 1000 * sample + 10 * place + column. */
static void put_values(
    const char *name, int64_t samples, int64_t places, int64_t dim, int dim_count)
{
    double *values = malloc(sizeof *values * (size_t)(samples * places * dim + 1));
    for (int64_t i = 0; i < samples * places * dim; i++)
        values[i] = (double)(1000 * (i / (places * dim)) + 10 * (i / dim % places) + i % dim);
    int64_t pooled[] = {samples, places, dim}, separate[] = {samples, dim};
    put_array(name, TP_NPY_FLOAT32, dim_count, dim_count == 3 ? pooled : separate, values);
    free(values);
}

static void ck_dump_refused(const char *const *message)
{
    struct tp_dump *dump = NULL;
    struct tp_error err;
    ck_assert_int_eq(tp_dump_open(scratch, &sample.model, false, &dump, &err), TP_EINPUT);
    ck_message_has(&err, message);
    ck_assert_ptr_null(dump);
}

static void ck_value(const struct tp_dump *dump, int32_t feature, int64_t s, double expected)
{
    double values[2];
    tp_dump_read(dump, feature, s, values);
    ck_assert_msg(values[0] == expected && values[1] == expected + 1, "%g", values[0]);
}

START_TEST(a_pooled_dump_is_read_in_the_order_of_its_list)
{
    struct tp_dump *dump;
    struct tp_error err;
    put_text("features.json", "{\"features\": [\"b c\", \"a\"]}");
    put_values("pooled.npy", SAMPLES, 2, 2, 3);
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    ck_assert_int_eq(tp_dump_samples(dump), SAMPLES);
    ck_value(dump, 0, 7, 7010); /* "a" is in place 1 */
    ck_value(dump, 1, 31, 31000);
    tp_dump_prefetch(dump, 0, 2, 0, SAMPLES);
    tp_dump_prefetch(dump, 1, 1, 3, 5);
    tp_dump_free(dump);
}
END_TEST

START_TEST(a_dump_with_one_array_per_feature_is_read)
{
    struct tp_dump *dump;
    struct tp_error err;
    sample.tables[1].dim = 3;
    put_values("a.npy", SAMPLES, 1, 2, 2);
    put_values("b%20c.npy", SAMPLES, 1, 3, 2);
    put_text("README", "no array, no matter");
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    ck_value(dump, 0, 7, 7000);
    double values[3];
    tp_dump_read(dump, 1, 8, values);
    ck_assert(values[2] == 8002);
    tp_dump_prefetch(dump, 0, 2, 0, SAMPLES);
    tp_dump_free(dump);
    tp_dump_free(NULL);
}
END_TEST

START_TEST(files_that_vanish_after_opening_stay_readable)
{
    struct tp_dump *dump;
    struct tp_error err;
    put_values("a.npy", SAMPLES, 1, 2, 2);
    put_values("b%20c.npy", SAMPLES, 1, 2, 2);
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    unlink(in_scratch("a.npy"));
    ck_value(dump, 0, 31, 31000);
    tp_dump_free(dump);
}
END_TEST

static const struct {
    const char *list, *message;
} bad_lists[] = {
    {"[\"a\", \"b c\"]", "is not an object"},
    {"{}", "'features' is missing"},
    {"{\"features\": \"a\"}", "is not a list of names"},
    {"{\"features\": {\"a\": 1}}", "is not a list of names"},
    {"{\"features\": [\"a\", 1]}", "item 2 of features is not a string"},
    {"{\"features\": [\"a\", \"b c\"], \"dims\": 2}", "key 'dims' is not known"},
    {"{\"features\": [\"a\", \"b c\"], \"features\": []}", "duplicate"},
    {"{\"features\": [\"a\", \"b c\", \"a\"]}", "feature 'a' is there twice"},
    {"{\"features\": [\"a\"]}", "missing: 'b c'"},
    {"{\"features\": [\"a\", \"b c\", \"d\"]}", "does not have: 'd'"},
    {"{\"features\": [\"a\", \"b c\"]} x", "line 1"},
    {"{\"features\": [\"a\",\n \"b c\"", "line 2"},
    {"{\"features\": [\"a\", \"b\\u0000c\"]}", "line 1"},
    {"", "line 1"},
    {"null", "expected"},
};

START_TEST(a_bad_list_of_features_is_refused)
{
    put_text("features.json", bad_lists[_i].list);
    put_values("pooled.npy", SAMPLES, 2, 2, 3);
    ck_dump_refused((const char *[]){"/features.json: ", bad_lists[_i].message, NULL});
}
END_TEST

START_TEST(a_list_cut_off_anywhere_is_refused)
{
    const char *list = "{\"features\": [\"a\", \"b c\"]}";
    put_values("pooled.npy", SAMPLES, 2, 2, 3);
    for (size_t length = 0; length < strlen(list); length++) {
        put_file("features.json", list, length);
        ck_dump_refused((const char *[]){"/features.json: ", NULL});
    }
}
END_TEST

static const struct {
    int64_t samples, places, dim;
    int dim_count;
    const char *message;
} bad_pooled[] = {
    {SAMPLES, 3, 2, 3, "has 3 features, expected 2 as in features.json"},
    {SAMPLES, 2, 4, 3, "feature 'a' has dim 4, expected 2 as in the model"},
    {SAMPLES, 2, 0, 3, "feature 'a' has dim 0"},
    {SAMPLES - 1, 2, 2, 3, "has 31 samples, expected at least 32"},
    {0, 2, 2, 3, "has 0 samples"},
    {SAMPLES, 1, 4, 2, "has 2 dims, expected 3"},
};

START_TEST(a_pooled_array_of_another_shape_is_refused)
{
    put_text("features.json", "{\"features\": [\"a\", \"b c\"]}");
    put_values("pooled.npy", bad_pooled[_i].samples, bad_pooled[_i].places, bad_pooled[_i].dim,
        bad_pooled[_i].dim_count);
    ck_dump_refused((const char *[]){"/pooled.npy: ", bad_pooled[_i].message, NULL});
}
END_TEST

/* Headers whose products overflow, and other things that the array format refuses. */
static const struct {
    const char *header, *message;
} bad_headers[] = {
    {"{'descr': '<f4', 'fortran_order': True, 'shape': (32, 2, 2), }", "Fortran order"},
    {"{'descr': '>f4', 'fortran_order': False, 'shape': (32, 2, 2), }", "big-endian"},
    {"{'descr': '<i8', 'fortran_order': False, 'shape': (32, 2, 1), }",
        "expected '<f2' (float16), '<f4' (float32) or '<f8' (float64)"},
    {"{'descr': '<c8', 'fortran_order': False, 'shape': (32, 2, 1), }", "not supported"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2), }", "bytes"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (33, 2, 2), }", "is cut off"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (31, 2, 2), }", "after its data"},
};

START_TEST(an_array_of_another_kind_is_refused)
{
    char bytes[1024] = "\x93NUMPY\x01";
    size_t length = strlen(bad_headers[_i].header);
    bytes[8] = (char)length;
    memcpy(bytes + 10, bad_headers[_i].header, length);
    put_text("features.json", "{\"features\": [\"a\", \"b c\"]}");
    put_file("pooled.npy", bytes, 10 + length + 32 * 2 * 2 * 4);
    ck_dump_refused((const char *[]){"/pooled.npy: ", bad_headers[_i].message, NULL});
}
END_TEST

START_TEST(another_array_beside_the_pooled_one_is_refused)
{
    put_text("features.json", "{\"features\": [\"a\", \"b c\"]}");
    put_values("pooled.npy", SAMPLES, 2, 2, 3);
    put_values("a.npy", SAMPLES, 1, 2, 2);
    ck_dump_refused((const char *[]){"'a.npy' is not expected beside", NULL});
}
END_TEST

START_TEST(a_pooled_array_without_its_list_is_refused)
{
    put_values("pooled.npy", SAMPLES, 2, 2, 3);
    ck_dump_refused((const char *[]){"pooled.npy without features.json", NULL});
}
END_TEST

START_TEST(a_list_without_its_pooled_array_is_refused)
{
    put_text("features.json", "{\"features\": [\"a\", \"b c\"]}");
    ck_dump_refused((const char *[]){"/pooled.npy: cannot be read: No such file", NULL});
}
END_TEST

START_TEST(a_missing_feature_is_named)
{
    put_values("a.npy", SAMPLES, 1, 2, 2);
    ck_dump_refused((const char *[]){"of the model that are missing: 'b c'", NULL});
}
END_TEST

START_TEST(an_extra_feature_is_named)
{
    put_values("a.npy", SAMPLES, 1, 2, 2);
    put_values("b%20c.npy", SAMPLES, 1, 2, 2);
    put_values("z%21.npy", SAMPLES, 1, 2, 2);
    ck_dump_refused((const char *[]){"that the model does not have: 'z!'", NULL});
}
END_TEST

START_TEST(a_name_that_is_not_percent_encoded_is_an_extra_feature)
{
    put_values("a.npy", SAMPLES, 1, 2, 2);
    put_values("b%20c.npy", SAMPLES, 1, 2, 2);
    put_values("%61.npy", SAMPLES, 1, 2, 2); /* "a" needs no code */
    ck_dump_refused((const char *[]){"that the model does not have: '%61'", NULL});
}
END_TEST

START_TEST(unequal_sample_counts_are_refused)
{
    put_values("a.npy", SAMPLES, 1, 2, 2);
    put_values("b%20c.npy", SAMPLES + 1, 1, 2, 2);
    ck_dump_refused(
        (const char *[]){"/b%20c.npy: has 33 samples, expected 32 as in", "/a.npy", NULL});
}
END_TEST

START_TEST(a_feature_of_another_dim_is_refused)
{
    put_values("a.npy", SAMPLES, 1, 2, 2);
    put_values("b%20c.npy", SAMPLES, 1, 3, 2);
    ck_dump_refused(
        (const char *[]){"/b%20c.npy: feature 'b c' has dim 3, expected 2 as in the model", NULL});
}
END_TEST

START_TEST(an_empty_file_is_refused)
{
    put_values("a.npy", SAMPLES, 1, 2, 2);
    put_text("b%20c.npy", "");
    ck_dump_refused((const char *[]){"/b%20c.npy: is no .npy array", NULL});
}
END_TEST

START_TEST(a_folder_in_the_place_of_an_array_is_refused)
{
    struct tp_error err;
    put_values("a.npy", SAMPLES, 1, 2, 2);
    ck_ok(tp_folder_make(in_scratch("b%20c.npy"), &err), err);
    ck_dump_refused((const char *[]){"/b%20c.npy: is a folder", NULL});
}
END_TEST

START_TEST(an_empty_folder_is_no_dump)
{
    ck_dump_refused((const char *[]){"is no dump", NULL});
}
END_TEST

/* What a file says of itself counts, then its suffix. */
static const struct {
    const char *name, *content, *message;
} files[] = {
    {"dump", "", "/dump: is no dump, expected a folder with features.json and pooled.npy"},
    {"dump.npy", "\x93NUMPY", "a .npz with one array per feature, or a .safetensors"},
    {"dump.npz", "", "/dump.npz: cannot be read as a zip: the file is empty"},
    {"dump.npz", "\x93NUMPY and more", "/dump.npz: cannot be read as a zip: "},
    {"dump", "PK\3\4 and more", "/dump: cannot be read as a zip: "},
    {"dump.safetensors", "1234567", "/dump.safetensors: is no .safetensors: has 7 bytes"},
    {"dump.safetensors", "not a length", "/dump.safetensors: its .safetensors header has "},
    {"dump", "12345678{}", "/dump: its .safetensors header has "},
};

START_TEST(a_file_is_told_by_its_content_and_its_suffix)
{
    struct tp_dump *dump;
    struct tp_error err;
    const char *path = in_scratch(files[_i].name);
    put_text(files[_i].name, files[_i].content);
    ck_assert_int_eq(tp_dump_open(path, &sample.model, false, &dump, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){files[_i].message, NULL});
}
END_TEST

START_TEST(a_pipe_is_no_dump)
{
    struct tp_dump *dump;
    struct tp_error err;
    ck_assert_int_eq(mkfifo(in_scratch("pipe"), 0600), 0);
    ck_assert_int_eq(
        tp_dump_open(in_scratch("pipe"), &sample.model, false, &dump, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/pipe: is a pipe", NULL});
    ck_assert_int_eq(tp_dump_open("-", &sample.model, false, &dump, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"-: a dump cannot be a pipe", NULL});
}
END_TEST

START_TEST(features_may_be_absent_where_that_is_allowed)
{
    struct tp_dump *dump;
    struct tp_error err;
    put_values("b%20c.npy", SAMPLES, 1, 2, 2);
    ck_ok(tp_dump_open(scratch, &sample.model, true, &dump, &err), err);
    ck_assert_int_eq(dump->features[0].file, -1);
    ck_assert_int_eq(dump->features[0].dim, 2);
    ck_assert_int_eq(dump->features[1].file, 0);
    ck_value(dump, 1, 7, 7000);
    tp_dump_prefetch(dump, 0, 2, 0, SAMPLES);
    tp_dump_prefetch(dump, 0, 1, 0, SAMPLES);
    tp_dump_free(dump);
}
END_TEST

START_TEST(so_they_may_in_a_pooled_dump)
{
    struct tp_dump *dump;
    struct tp_error err;
    put_text("features.json", "{\"features\": [\"b c\"]}");
    put_values("pooled.npy", SAMPLES, 1, 2, 3);
    ck_ok(tp_dump_open(scratch, &sample.model, true, &dump, &err), err);
    ck_assert_int_eq(dump->features[0].file, -1);
    ck_value(dump, 1, 7, 7000);
    tp_dump_prefetch(dump, 0, 1, 0, SAMPLES);
    tp_dump_prefetch(dump, 0, 2, 0, SAMPLES);
    tp_dump_free(dump);
}
END_TEST

START_TEST(a_dump_without_any_feature_is_refused_all_the_same)
{
    struct tp_dump *dump;
    struct tp_error err;
    put_text("features.json", "{\"features\": []}");
    put_values("pooled.npy", SAMPLES, 0, 2, 3);
    ck_assert_int_eq(tp_dump_open(scratch, &sample.model, true, &dump, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"missing: 'a', 'b c'", NULL});
}
END_TEST

/* A row wider than one reading, in a file that is not mapped. */
START_TEST(a_file_that_is_not_mapped_gives_the_same_values)
{
    struct tp_dump *dump;
    struct tp_error err;
    double expected[3000], found[3000];
    sample.tables[0].dim = 3000;
    put_values("a.npy", SAMPLES, 1, 3000, 2);
    put_values("b%20c.npy", SAMPLES, 1, 2, 2);
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    tp_dump_read(dump, 0, 5, expected);
    unmap_dump(dump);
    tp_dump_read(dump, 0, 5, found);
    ck_assert_mem_eq(found, expected, sizeof found);
    ck_value(dump, 1, 31, 31000);
    tp_dump_prefetch(dump, 0, 2, 0, SAMPLES);
    ck_ok(tp_dump_failed(dump, &err), err);
    tp_dump_free(dump);
}
END_TEST

START_TEST(a_file_that_is_cut_while_it_is_read_is_told)
{
    struct tp_dump *dump;
    struct tp_error err;
    double values[2];
    put_values("a.npy", SAMPLES, 1, 2, 2);
    put_values("b%20c.npy", SAMPLES, 1, 2, 2);
    ck_ok(tp_dump_open(scratch, &sample.model, false, &dump, &err), err);
    unmap_dump(dump);
    ck_assert_int_eq(truncate(in_scratch("b%20c.npy"), 130), 0);
    tp_dump_read(dump, 1, 31, values);
    ck_assert(values[0] == 0 && values[1] == 0);
    ck_assert_int_eq(tp_dump_failed(dump, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/b%20c.npy: became shorter", NULL});
    tp_dump_free(dump);
}
END_TEST

START_TEST(a_dump_that_is_not_there_is_named)
{
    struct tp_dump *dump;
    struct tp_error err;
    ck_assert_int_eq(
        tp_dump_open(in_scratch("none"), &sample.model, false, &dump, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/none: there is no such dump", NULL});
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("dump");
    tcase_add_checked_fixture(tcase, open_two, scratch_close);
    tcase_add_test(tcase, a_pooled_dump_is_read_in_the_order_of_its_list);
    tcase_add_test(tcase, a_dump_with_one_array_per_feature_is_read);
    tcase_add_test(tcase, files_that_vanish_after_opening_stay_readable);
    tcase_add_loop_test(tcase, a_bad_list_of_features_is_refused, 0, COUNT(bad_lists));
    tcase_add_test(tcase, a_list_cut_off_anywhere_is_refused);
    tcase_add_loop_test(tcase, a_pooled_array_of_another_shape_is_refused, 0, COUNT(bad_pooled));
    tcase_add_loop_test(tcase, an_array_of_another_kind_is_refused, 0, COUNT(bad_headers));
    tcase_add_test(tcase, another_array_beside_the_pooled_one_is_refused);
    tcase_add_test(tcase, a_pooled_array_without_its_list_is_refused);
    tcase_add_test(tcase, a_list_without_its_pooled_array_is_refused);
    tcase_add_test(tcase, a_missing_feature_is_named);
    tcase_add_test(tcase, an_extra_feature_is_named);
    tcase_add_test(tcase, a_name_that_is_not_percent_encoded_is_an_extra_feature);
    tcase_add_test(tcase, unequal_sample_counts_are_refused);
    tcase_add_test(tcase, a_feature_of_another_dim_is_refused);
    tcase_add_test(tcase, an_empty_file_is_refused);
    tcase_add_test(tcase, a_folder_in_the_place_of_an_array_is_refused);
    tcase_add_test(tcase, an_empty_folder_is_no_dump);
    tcase_add_loop_test(tcase, a_file_is_told_by_its_content_and_its_suffix, 0, COUNT(files));
    tcase_add_test(tcase, a_pipe_is_no_dump);
    tcase_add_test(tcase, features_may_be_absent_where_that_is_allowed);
    tcase_add_test(tcase, so_they_may_in_a_pooled_dump);
    tcase_add_test(tcase, a_dump_without_any_feature_is_refused_all_the_same);
    tcase_add_test(tcase, a_file_that_is_not_mapped_gives_the_same_values);
    tcase_add_test(tcase, a_file_that_is_cut_while_it_is_read_is_told);
    tcase_add_test(tcase, a_dump_that_is_not_there_is_named);
    return run_suite("dump", tcase);
}
