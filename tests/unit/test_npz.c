/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npz. What the code under test cannot write (compressed, damaged, foreign archives) is
 * made with libzip here. */
#include "base/npz.h"

#include "scratch.h"

#include <zip.h>

#include <time.h>

#define LIMIT 4096

static const float values[6] = {1, 2, 3, 4, 5, 6};
static const int64_t shape[2] = {2, 3};

static void save_two(const char *name)
{
    struct tp_error err;
    int64_t answer = 42;
    const struct tp_npz_member members[] = {{"matrix", TP_NPY_FLOAT32, 0, 2, shape, values},
        {"answer", TP_NPY_INT64, 0, 0, NULL, &answer}};
    ck_ok(tp_npz_save(in_scratch(name), members, 2, &err), err);
}

/* An archive with one member of the given bytes. */
static void zip_one(
    const char *name, const char *member, const void *data, size_t length, int method)
{
    zip_t *zip = zip_open(in_scratch(name), ZIP_CREATE, NULL);
    ck_assert_ptr_nonnull(zip);
    zip_source_t *source = zip_source_buffer(zip, data, length, 0);
    zip_int64_t index = zip_file_add(zip, member, source, 0);
    ck_assert_int_ge(index, 0);
    ck_assert_int_eq(zip_set_file_compression(zip, (zip_uint64_t)index, method, 0), 0);
    ck_assert_int_eq(zip_close(zip), 0);
}

static enum tp_status load(const char *name, struct tp_npz **npz, struct tp_error *err)
{
    return tp_npz_load(in_scratch(name), 3, LIMIT, npz, err);
}

static void ck_refused(const char *name, const char *message)
{
    struct tp_npz *npz;
    struct tp_error err;
    ck_assert_int_eq(load(name, &npz, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){name, message, NULL});
}

START_TEST(what_is_saved_is_loaded)
{
    struct tp_npz *npz;
    struct tp_error err;
    save_two("a.npz");
    ck_ok(load("a.npz", &npz, &err), err);
    ck_assert_int_eq(tp_npz_count(npz), 2);
    ck_assert_str_eq(tp_npz_name(npz, 0), "matrix");
    const struct tp_npy *matrix = tp_npz_get(npz, "matrix"), *answer = tp_npz_get(npz, "answer");
    ck_assert_int_eq(matrix->dim_count, 2);
    ck_assert_int_eq(matrix->shape[1], 3);
    ck_assert_mem_eq(matrix->data, values, sizeof values);
    ck_assert_int_eq(answer->data[0], 42);
    ck_assert_ptr_null(tp_npz_get(npz, "none"));
    tp_npz_free(npz);
}
END_TEST

START_TEST(the_same_arrays_give_the_same_bytes_in_any_time_zone)
{
    size_t length, again;
    setenv("TZ", "UTC+11", 1);
    tzset();
    save_two("a.npz");
    setenv("TZ", "UTC-11", 1);
    tzset();
    save_two("b.npz");
    char *first = get_file("a.npz", &length), *second = get_file("b.npz", &again);
    ck_assert_uint_eq(length, again);
    ck_assert_mem_eq(first, second, length);
    free(first);
    free(second);
}
END_TEST

START_TEST(saving_leaves_one_file)
{
    save_two("a.npz");
    save_two("a.npz");
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

START_TEST(a_folder_that_is_not_there_cannot_be_saved_to)
{
    struct tp_error err;
    const struct tp_npz_member member = {"matrix", TP_NPY_FLOAT32, 0, 2, shape, values};
    ck_assert_int_eq(tp_npz_save(in_scratch("none/a.npz"), &member, 1, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"none/a.npz", NULL});
}
END_TEST

START_TEST(a_compressed_member_is_loaded)
{
    struct tp_npz *npz;
    struct tp_error err;
    struct tp_text array = {0};
    float zeros[500] = {0};
    tp_npy_format(&array, TP_NPY_FLOAT32, 0, 1, (int64_t[]){500}, zeros);
    zip_one("a.npz", "z.npy", array.data, array.length, ZIP_CM_DEFLATE);
    tp_text_release(&array);
    ck_ok(load("a.npz", &npz, &err), err);
    ck_assert_uint_eq(tp_npz_get(npz, "z")->count, 500);
    ck_assert_mem_eq(tp_npz_get(npz, "z")->data, zeros, sizeof zeros);
    tp_npz_free(npz);
}
END_TEST

/* 1 MB of zeros packs into about 1 kB. */
START_TEST(a_member_that_unpacks_beyond_the_limit_is_refused)
{
    size_t length;
    char *zeros = calloc(1 << 20, 1);
    zip_one("bomb.npz", "z.npy", zeros, 1 << 20, ZIP_CM_DEFLATE);
    free(zeros);
    char *packed = get_file("bomb.npz", &length);
    free(packed);
    ck_assert_uint_lt(length, LIMIT);
    ck_refused("bomb.npz", "member 'z.npy' unpacks to 1048576 bytes, expected at most 4096");
}
END_TEST

/* The length of a member as unpacked stands in the directory at the end (at 24 of its entry,
 * signature PK 1 2) and in front of the member (at 22, PK 3 4). Both are made to say 10 bytes. */
START_TEST(a_bomb_that_lies_about_its_length_is_refused)
{
    size_t length;
    char *zeros = calloc(1 << 20, 1);
    zip_one("bomb.npz", "z.npy", zeros, 1 << 20, ZIP_CM_DEFLATE);
    free(zeros);
    char *packed = get_file("bomb.npz", &length);
    for (size_t i = 0; i + 28 < length; i++) {
        if (!memcmp(packed + i, "PK\1\2", 4))
            memcpy(packed + i + 24, "\x0a\0\0", 4);
        if (!memcmp(packed + i, "PK\3\4", 4))
            memcpy(packed + i + 22, "\x0a\0\0", 4);
    }
    put_file("lie.npz", packed, length);
    free(packed);
    ck_refused("lie.npz", "member 'z.npy' is damaged");
}
END_TEST

START_TEST(a_member_that_is_no_array_is_refused)
{
    zip_one("a.npz", "readme.txt", "hello", 5, ZIP_CM_STORE);
    ck_refused("a.npz", "'readme.txt' is not expected");
    zip_one("b.npz", ".npy", "hello", 5, ZIP_CM_STORE);
    ck_refused("b.npz", "'.npy' is not expected");
    zip_one("c.npz", "x.npy", "hello", 5, ZIP_CM_STORE);
    ck_refused("c.npz", "array 'x': is no .npy array");
}
END_TEST

START_TEST(too_many_members_are_refused)
{
    struct tp_npz *npz;
    struct tp_error err;
    save_two("a.npz");
    ck_assert_int_eq(tp_npz_load(in_scratch("a.npz"), 1, LIMIT, &npz, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"a.npz: has 2 members, expected at most 1", NULL});
}
END_TEST

/* libzip refuses to add a name twice, so "answer" is renamed in the bytes. */
START_TEST(two_members_of_one_name_are_refused)
{
    size_t length;
    save_two("a.npz");
    char *bytes = get_file("a.npz", &length);
    for (size_t i = 0; i + 6 <= length; i++) {
        if (!memcmp(bytes + i, "answer", 6))
            memcpy(bytes + i, "matrix", 6);
    }
    put_file("b.npz", bytes, length);
    free(bytes);
    ck_refused("b.npz", "array 'matrix' is there twice");
}
END_TEST

START_TEST(a_changed_byte_is_seen)
{
    size_t length, at = 0;
    struct tp_text npy = {0};
    tp_npy_format(&npy, TP_NPY_FLOAT32, 0, 2, shape, values);
    zip_one("a.npz", "matrix.npy", npy.data, npy.length, ZIP_CM_STORE);
    tp_text_release(&npy);
    char *bytes = get_file("a.npz", &length);
    while (memcmp(bytes + at, values, sizeof values) != 0)
        at++;
    bytes[at] ^= 1;
    put_file("b.npz", bytes, length);
    free(bytes);
    ck_refused("b.npz", "member 'matrix.npy' is damaged: CRC error");
}
END_TEST

START_TEST(a_file_cut_off_anywhere_is_refused)
{
    size_t length;
    struct tp_npz *npz;
    struct tp_error err;
    save_two("a.npz");
    char *bytes = get_file("a.npz", &length);
    for (size_t cut = 0; cut < length; cut++)
        ck_assert_int_eq(tp_npz_parse(bytes, cut, "cut.npz", 3, LIMIT, &npz, &err), TP_EINPUT);
    free(bytes);
}
END_TEST

START_TEST(what_is_no_zip_is_refused)
{
    put_text("empty.npz", "");
    ck_refused("empty.npz", "is empty");
    put_text("text.npz", "hello");
    ck_refused("text.npz", "cannot be read as a zip");
    ck_refused("none.npz", "No such file");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("npz");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, what_is_saved_is_loaded);
    tcase_add_test(tcase, the_same_arrays_give_the_same_bytes_in_any_time_zone);
    tcase_add_test(tcase, saving_leaves_one_file);
    tcase_add_test(tcase, a_folder_that_is_not_there_cannot_be_saved_to);
    tcase_add_test(tcase, a_compressed_member_is_loaded);
    tcase_add_test(tcase, a_member_that_unpacks_beyond_the_limit_is_refused);
    tcase_add_test(tcase, a_bomb_that_lies_about_its_length_is_refused);
    tcase_add_test(tcase, a_member_that_is_no_array_is_refused);
    tcase_add_test(tcase, too_many_members_are_refused);
    tcase_add_test(tcase, two_members_of_one_name_are_refused);
    tcase_add_test(tcase, a_changed_byte_is_seen);
    tcase_add_test(tcase, a_file_cut_off_anywhere_is_refused);
    tcase_add_test(tcase, what_is_no_zip_is_refused);
    return run_suite("npz", tcase);
}
