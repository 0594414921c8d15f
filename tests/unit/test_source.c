/* SPDX-License-Identifier: Apache-2.0 */
/* A file's bytes, mapped and read. */
#include "base/source.h"

#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Opens a source while the address space ends at 256 MiB, which leaves no room for a mapping. */
static enum tp_status open_in_short_space(
    const char *path, struct tp_source *source, struct tp_error *err)
{
    struct rlimit before, low;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    low = before;
    low.rlim_cur = (rlim_t)1 << 28;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &low), 0);
    enum tp_status status = tp_source_open(path, source, err);
    setrlimit(RLIMIT_AS, &before);
    return status;
}

static int open_descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 64; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

START_TEST(a_file_is_mapped_and_needs_no_descriptor)
{
    struct tp_error err;
    struct tp_source source;
    char bytes[3];
    int before = open_descriptors();
    put_text("f", "hello");
    ck_ok(tp_source_open(in_scratch("f"), &source, &err), err);
    ck_assert_uint_eq(source.length, 5);
    ck_assert_mem_eq(source.data, "hello", 5);
    ck_assert_int_eq(open_descriptors(), before);
    unlink(in_scratch("f"));
    ck_assert(tp_source_read(&source, 1, 3, bytes)); /* a file that is gone stays readable */
    ck_assert_mem_eq(bytes, "ell", 3);
    tp_source_want(&source, 1, 3);
    ck_ok(tp_source_check(&source, "f", &err), err);
    tp_source_close(&source);
    ck_assert_ptr_null(source.data);
    tp_source_close(&source);
}
END_TEST

START_TEST(without_room_in_the_address_space_the_same_bytes_are_read)
{
    struct tp_error err;
    struct tp_source source;
    char bytes[3];
    int before = open_descriptors();
    put_text("f", "hello");
    ck_ok(open_in_short_space(in_scratch("f"), &source, &err), err);
    ck_assert_ptr_null(source.data);
    ck_assert_uint_eq(source.length, 5);
    unlink(in_scratch("f"));
    ck_assert(tp_source_read(&source, 1, 3, bytes));
    ck_assert_mem_eq(bytes, "ell", 3);
    tp_source_want(&source, 1, 3);
    ck_ok(tp_source_check(&source, "f", &err), err);
    tp_source_close(&source);
    ck_assert_int_eq(open_descriptors(), before);
    tp_source_close(&source);
}
END_TEST

/* A hole of 1 TiB: more than any room that is left. */
START_TEST(a_file_larger_than_the_address_space_is_read)
{
    struct tp_error err;
    struct tp_source source;
    char byte = 1;
    put_text("f", "");
    if (truncate(in_scratch("f"), (off_t)1 << 40))
        return; /* a file system without holes */
    ck_ok(open_in_short_space(in_scratch("f"), &source, &err), err);
    ck_assert_uint_eq(source.length, (size_t)1 << 40);
    ck_assert(tp_source_read(&source, source.length - 1, 1, &byte));
    ck_assert_int_eq(byte, 0);
    tp_source_close(&source);
}
END_TEST

START_TEST(a_file_that_became_shorter_gives_zeros_and_is_told)
{
    struct tp_error err;
    struct tp_source source;
    char bytes[5] = "xxxxx";
    put_text("f", "hello");
    ck_ok(open_in_short_space(in_scratch("f"), &source, &err), err);
    ck_assert_int_eq(truncate(in_scratch("f"), 3), 0);
    ck_assert(!tp_source_read(&source, 0, 5, bytes));
    ck_assert_mem_eq(bytes, "\0\0\0\0\0", 5);
    ck_assert(tp_source_read(&source, 0, 3, bytes)); /* a later success hides nothing */
    ck_assert_int_eq(tp_source_check(&source, "f.npy", &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"f.npy: became shorter than 5 bytes", NULL});
    tp_source_close(&source);
}
END_TEST

START_TEST(a_failed_reading_is_told_with_its_reason)
{
    struct tp_error err;
    struct tp_source source;
    char bytes[5];
    put_text("f", "hello");
    ck_ok(open_in_short_space(in_scratch("f"), &source, &err), err);
    int write_only = open(in_scratch("f"), O_WRONLY);
    ck_assert_int_eq(dup2(write_only, source.descriptor), source.descriptor);
    close(write_only);
    ck_assert(!tp_source_read(&source, 0, 5, bytes));
    ck_assert_int_eq(tp_source_check(&source, "f.npy", &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"f.npy: cannot be read: ", strerror(EBADF), NULL});
    tp_source_close(&source);
}
END_TEST

START_TEST(an_empty_file_has_no_bytes_and_no_descriptor)
{
    struct tp_error err;
    struct tp_source source;
    int before = open_descriptors();
    put_text("f", "");
    ck_ok(tp_source_open(in_scratch("f"), &source, &err), err);
    ck_assert_ptr_null(source.data);
    ck_assert_uint_eq(source.length, 0);
    ck_assert_int_eq(open_descriptors(), before);
    tp_source_close(&source);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused)
{
    struct tp_error err;
    struct tp_source source;
    ck_assert_int_eq(mkfifo(in_scratch("pipe"), 0600), 0);
    ck_assert_int_eq(tp_source_open(in_scratch("pipe"), &source, &err), TP_EINPUT);
    ck_assert_int_eq(tp_source_open(in_scratch("none"), &source, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/none: ", "No such file", NULL});
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("source");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, a_file_is_mapped_and_needs_no_descriptor);
    tcase_add_test(tcase, without_room_in_the_address_space_the_same_bytes_are_read);
    tcase_add_test(tcase, a_file_larger_than_the_address_space_is_read);
    tcase_add_test(tcase, a_file_that_became_shorter_gives_zeros_and_is_told);
    tcase_add_test(tcase, a_failed_reading_is_told_with_its_reason);
    tcase_add_test(tcase, an_empty_file_has_no_bytes_and_no_descriptor);
    tcase_add_test(tcase, what_is_no_regular_file_is_refused);
    return run_suite("source", tcase);
}
