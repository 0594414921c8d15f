/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files that are gone by themselves. */
#include "base/temporary.h"

#include "scratch.h"

START_TEST(what_is_written_can_be_read_and_leaves_no_name)
{
    struct tp_error err;
    struct tp_temporary temporary;
    char bytes[6] = "";
    setenv("TMPDIR", scratch, 1);
    ck_ok(tp_temporary_open(10, "d.npz", &temporary, &err), err);
    ck_assert_str_eq(temporary.folder, scratch);
    ck_assert_uint_eq(files_in_scratch(), 0);
    ck_ok(tp_temporary_write(&temporary, 3, "lo", 2, &err), err);
    ck_ok(tp_temporary_write(&temporary, 0, "hel", 3, &err), err);
    ck_assert_int_eq(pread(temporary.descriptor, bytes, 6, 0), 5);
    ck_assert_str_eq(bytes, "hello");
    close(temporary.descriptor);
    ck_assert_uint_eq(files_in_scratch(), 0);
}
END_TEST

START_TEST(without_tmpdir_it_lies_where_large_files_belong)
{
    struct tp_error err;
    struct tp_temporary temporary;
    if (_i)
        setenv("TMPDIR", "", 1);
    else
        unsetenv("TMPDIR");
    ck_ok(tp_temporary_open(1, "d.npz", &temporary, &err), err);
    ck_assert_str_eq(temporary.folder, "/var/tmp");
    close(temporary.descriptor);
}
END_TEST

START_TEST(more_than_the_disk_has_is_refused_beforehand)
{
    struct tp_error err;
    struct tp_temporary temporary;
    setenv("TMPDIR", scratch, 1);
    enum tp_status status = tp_temporary_open((size_t)1 << 62, "d.npz", &temporary, &err);
    ck_assert_int_eq(status, TP_EINPUT);
    ck_message_has(&err, (const char *[]){"d.npz: takes a temporary file of ", scratch,
                             " free: set TMPDIR to a folder", NULL});
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
    struct tp_error err;
    struct tp_temporary temporary;
    setenv("TMPDIR", in_scratch("none"), 1);
    ck_assert_int_eq(tp_temporary_open(1, "d.npz", &temporary, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/none: ", "No such file", "set TMPDIR", NULL});
}
END_TEST

START_TEST(a_failed_write_names_the_folder)
{
    struct tp_error err;
    struct tp_temporary temporary = {"/full", -1};
    ck_assert_int_eq(tp_temporary_write(&temporary, 0, "x", 1, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/full: a temporary file cannot be written: ", NULL});
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("temporary");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, what_is_written_can_be_read_and_leaves_no_name);
    tcase_add_loop_test(tcase, without_tmpdir_it_lies_where_large_files_belong, 0, 2);
    tcase_add_test(tcase, more_than_the_disk_has_is_refused_beforehand);
    tcase_add_test(tcase, a_folder_that_is_not_there_is_named);
    tcase_add_test(tcase, a_failed_write_names_the_folder);
    return run_suite("temporary", tcase);
}
