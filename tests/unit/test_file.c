/* SPDX-License-Identifier: Apache-2.0 */
/* Files read, opened, and written beside the target. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "base/file.h"

#include "scratch.h"

#include <fcntl.h>
#include <sys/stat.h>

START_TEST(reading_gives_the_bytes_and_a_nul)
{
    struct tp_error err;
    char *data;
    size_t length;
    put_file("f", "a\0b", 3);
    ck_ok(tp_file_read(in_scratch("f"), 3, &data, &length, &err), err);
    ck_assert_uint_eq(length, 3);
    ck_assert_mem_eq(data, "a\0b\0", 4);
    free(data);
}
END_TEST

START_TEST(a_file_longer_than_first_thought_is_read_whole)
{
    struct tp_error err;
    char *data, *sent = calloc(100000, 1);
    size_t length;
    for (int i = 0; i < 100000; i++)
        sent[i] = (char)(i % 251);
    put_file("f", sent, 100000);
    int input = open(in_scratch("f"), O_RDONLY), saved = dup(STDIN_FILENO);
    dup2(input, STDIN_FILENO); /* of standard input no length is known beforehand */
    enum tp_status status = tp_file_read("-", 1 << 20, &data, &length, &err);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(input);
    ck_ok(status, err);
    ck_assert_uint_eq(length, 100000);
    ck_assert_mem_eq(data, sent, 100000);
    free(data);
    free(sent);
}
END_TEST

START_TEST(a_file_above_the_limit_is_refused)
{
    struct tp_error err;
    char *data;
    size_t length;
    put_text("f", "abcd");
    ck_assert_int_eq(tp_file_read(in_scratch("f"), 3, &data, &length, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/f: ", "3 bytes", NULL});
}
END_TEST

START_TEST(what_cannot_be_read_is_named)
{
    struct tp_error err;
    char *data;
    size_t length;
    int descriptor;
    const char *missing = in_scratch("none"), *expected[] = {"/none: ", "No such file", NULL};
    ck_assert_int_eq(tp_file_read(missing, 10, &data, &length, &err), TP_EINPUT);
    ck_message_has(&err, expected);
    ck_assert_int_eq(tp_file_open(missing, &descriptor, &length, &err), TP_EINPUT);
    ck_message_has(&err, expected);
    ck_assert_int_eq(tp_file_read(scratch, 10, &data, &length, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){scratch, "is a folder", NULL});
    ck_assert_int_eq(tp_file_open("/dev/null", &descriptor, &length, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"/dev/null", "regular file", NULL});
}
END_TEST

/* Opening a pipe waits for the other end: without the check this test runs into its time limit. */
START_TEST(a_pipe_in_the_place_of_a_file_is_refused_at_once)
{
    struct tp_error err;
    int descriptor;
    char *data;
    size_t length;
    const char *expected[] = {"/pipe: ", "expected a regular file", NULL};
    ck_assert_int_eq(mkfifo(in_scratch("pipe"), 0600), 0);
    ck_assert_int_eq(tp_file_open(in_scratch("pipe"), &descriptor, &length, &err), TP_EINPUT);
    ck_message_has(&err, expected);
    ck_assert_int_eq(tp_file_read_regular(in_scratch("pipe"), 10, &data, &length, &err), TP_EINPUT);
    ck_message_has(&err, expected);
    ck_assert_int_eq(tp_file_read_regular("/dev/zero", 10, &data, &length, &err), TP_EINPUT);
    ck_assert_int_eq(tp_file_read_regular(scratch, 10, &data, &length, &err), TP_EINPUT);
}
END_TEST

START_TEST(a_link_to_a_regular_file_is_read)
{
    struct tp_error err;
    char *data;
    size_t length;
    put_text("f", "text");
    ck_assert_int_eq(symlink("f", in_scratch("link")), 0);
    ck_ok(tp_file_read_regular(in_scratch("link"), 4, &data, &length, &err), err);
    ck_assert_str_eq(data, "text");
    free(data);
}
END_TEST

START_TEST(an_open_file_tells_its_length)
{
    struct tp_error err;
    int descriptor;
    size_t length;
    char data[5];
    put_text("f", "hello");
    ck_ok(tp_file_open(in_scratch("f"), &descriptor, &length, &err), err);
    ck_assert_uint_eq(length, 5);
    ck_assert_int_eq(read(descriptor, data, 5), 5);
    ck_assert_mem_eq(data, "hello", 5);
    close(descriptor);
}
END_TEST

START_TEST(writing_replaces_the_whole_file)
{
    struct tp_error err;
    put_text("f", "a longer text");
    ck_ok(tp_file_write(in_scratch("f"), "short", 5, &err), err);
    ck_file_holds("f", "short");
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

START_TEST(nothing_is_seen_before_commit)
{
    struct tp_error err;
    struct tp_file_out *out;
    put_text("f", "old");
    ck_ok(tp_file_out_open(in_scratch("f"), &out, &err), err);
    ck_ok(tp_file_out_add(out, "ne", 2, &err), err);
    ck_file_holds("f", "old");
    ck_ok(tp_file_out_add(out, "w", 1, &err), err);
    ck_ok(tp_file_out_end(out, TP_OK, &err), err);
    ck_file_holds("f", "new");
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

START_TEST(waiting_for_the_disk_changes_nothing_else)
{
    struct tp_error err;
    struct tp_file_out *out;
    ck_ok(tp_file_out_open(in_scratch("f"), &out, &err), err);
    ck_ok(tp_file_out_add(out, "new", 3, &err), err);
    ck_ok(tp_file_out_sync(out, &err), err);
    ck_assert_int_eq(access(in_scratch("f"), F_OK), -1);
    ck_ok(tp_file_out_end(out, TP_OK, &err), err);
    ck_file_holds("f", "new");
    ck_ok(tp_file_out_open("/dev/null", &out, &err), err); /* is on no disk */
    ck_ok(tp_file_out_sync(out, &err), err);
    ck_ok(tp_file_out_end(out, TP_OK, &err), err);
}
END_TEST

START_TEST(abandoning_leaves_the_old_file_alone)
{
    struct tp_error err;
    struct tp_file_out *out;
    put_text("f", "old");
    ck_ok(tp_file_out_open(in_scratch("f"), &out, &err), err);
    ck_ok(tp_file_out_add(out, "new", 3, &err), err);
    ck_assert_int_eq(tp_file_out_end(out, TP_EINPUT, &err), TP_EINPUT);
    ck_assert_int_eq(tp_file_out_end(NULL, TP_EINPUT, &err), TP_EINPUT);
    ck_file_holds("f", "old");
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

/* So nothing is left when the process is killed, by whatever signal. */
START_TEST(an_unfinished_file_has_no_name)
{
    struct tp_error err;
    struct tp_file_out *out;
    int unnamed = open(scratch, O_TMPFILE | O_WRONLY, 0600);
    if (unnamed < 0)
        return; /* a file system that has only files with names */
    close(unnamed);
    ck_ok(tp_file_out_open(in_scratch("f"), &out, &err), err);
    ck_ok(tp_file_out_add(out, "text", 4, &err), err);
    ck_assert_uint_eq(files_in_scratch(), 0);
    ck_ok(tp_file_out_end(out, TP_OK, &err), err);
    ck_file_holds("f", "text");
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

/* 255 bytes, the most that Linux file systems take. */
START_TEST(a_name_of_full_length_is_written)
{
    struct tp_error err;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    for (int i = 0; i < 2; i++)
        ck_ok(tp_file_write(in_scratch(name), "text", 4, &err), err);
    ck_file_holds(name, "text");
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

START_TEST(a_link_to_nothing_is_refused_and_kept)
{
    struct tp_error err;
    struct stat info;
    ck_assert_int_eq(symlink("nothing", in_scratch("link")), 0);
    ck_assert_int_eq(tp_file_write(in_scratch("link"), "x", 1, &err), TP_EINTERNAL);
    ck_message_has(
        &err, (const char *[]){"/link: ", "is a link to a file that is not there", NULL});
    ck_assert_int_eq(lstat(in_scratch("link"), &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

/* /proc/self/comm is a regular file that can be written, in a folder that takes no files, not even
 * root's. */
START_TEST(a_folder_that_cannot_be_written_is_named)
{
    struct tp_error err;
    ck_assert_int_eq(tp_file_write("/proc/self/comm", "x", 1, &err), TP_EINTERNAL);
    ck_message_has(&err,
        (const char *[]){"/proc/self/comm: ", "no file can be made in the folder /proc/", NULL});
    ck_assert_int_eq(tp_file_write(in_scratch("none/f"), "x", 1, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/none/f: ", "in the folder ", "/none: No such", NULL});
}
END_TEST

START_TEST(a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode)
{
    struct tp_error err;
    struct stat info;
    mode_t before = umask(027);
    ck_ok(tp_file_write(in_scratch("new"), "x", 1, &err), err);
    put_text("old", "x");
    chmod(in_scratch("old"), 0604);
    ck_ok(tp_file_write(in_scratch("old"), "y", 1, &err), err);
    umask(before);
    ck_assert_int_eq(stat(in_scratch("new"), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0640);
    ck_assert_int_eq(stat(in_scratch("old"), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0604);
}
END_TEST

START_TEST(a_link_keeps_pointing_at_what_is_written)
{
    struct tp_error err;
    struct stat info;
    put_text("target", "old");
    ck_assert_int_eq(symlink("target", in_scratch("link")), 0);
    ck_ok(tp_file_write(in_scratch("link"), "new", 3, &err), err);
    ck_assert_int_eq(lstat(in_scratch("link"), &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_file_holds("target", "new");
}
END_TEST

START_TEST(what_is_no_regular_file_is_written_in_place)
{
    struct tp_error err;
    struct stat info;
    ck_ok(tp_file_write("/dev/null", "x", 1, &err), err);
    ck_assert_int_eq(stat("/dev/null", &info), 0);
    ck_assert(S_ISCHR(info.st_mode));
}
END_TEST

START_TEST(a_dash_is_standard_output)
{
    struct tp_error err;
    int saved = dup(STDOUT_FILENO);
    int file = open(in_scratch("out"), O_WRONLY | O_CREAT, 0600);
    dup2(file, STDOUT_FILENO);
    enum tp_status status = tp_file_write("-", "text", 4, &err);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(file);
    ck_ok(status, err);
    ck_file_holds("out", "text");
    ck_assert_uint_eq(files_in_scratch(), 1);
}
END_TEST

START_TEST(what_cannot_be_written_is_named)
{
    struct tp_error err;
    ck_assert_int_eq(tp_file_write(in_scratch("none/f"), "x", 1, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"none/f: ", "No such file", NULL});
    ck_assert_int_eq(tp_file_write(scratch, "x", 1, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){scratch, "is a folder", NULL});
    ck_assert_int_eq(tp_file_write("/dev/full", "x", 1, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *[]){"/dev/full", "No space", NULL});
    ck_assert_uint_eq(files_in_scratch(), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("file");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, reading_gives_the_bytes_and_a_nul);
    tcase_add_test(tcase, a_file_longer_than_first_thought_is_read_whole);
    tcase_add_test(tcase, a_file_above_the_limit_is_refused);
    tcase_add_test(tcase, what_cannot_be_read_is_named);
    tcase_add_test(tcase, a_pipe_in_the_place_of_a_file_is_refused_at_once);
    tcase_add_test(tcase, a_link_to_a_regular_file_is_read);
    tcase_add_test(tcase, an_open_file_tells_its_length);
    tcase_add_test(tcase, writing_replaces_the_whole_file);
    tcase_add_test(tcase, nothing_is_seen_before_commit);
    tcase_add_test(tcase, waiting_for_the_disk_changes_nothing_else);
    tcase_add_test(tcase, abandoning_leaves_the_old_file_alone);
    tcase_add_test(tcase, an_unfinished_file_has_no_name);
    tcase_add_test(tcase, a_name_of_full_length_is_written);
    tcase_add_test(tcase, a_link_to_nothing_is_refused_and_kept);
    tcase_add_test(tcase, a_folder_that_cannot_be_written_is_named);
    tcase_add_test(tcase, a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode);
    tcase_add_test(tcase, a_link_keeps_pointing_at_what_is_written);
    tcase_add_test(tcase, what_is_no_regular_file_is_written_in_place);
    tcase_add_test(tcase, a_dash_is_standard_output);
    tcase_add_test(tcase, what_cannot_be_written_is_named);
    return run_suite("file", tcase);
}
