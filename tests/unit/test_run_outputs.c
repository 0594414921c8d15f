/* SPDX-License-Identifier: Apache-2.0 */
/* Where a run will write: what is made, what is refused, what another run holds. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "train/checkpoint.h"
#include "train/run_outputs.h"

#include "base/file.h"

#include "scratch.h"

static struct tp_error err;

/* Texts of in_scratch() last until its next call. */
static char *kept_path(const char *name)
{
    static char paths[4][4096];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s", in_scratch(name));
    return path;
}

static void refuse_dump(const char *name, const char *words)
{
    struct tp_outputs outputs;
    const char *dump = kept_path(name);
    ck_assert_int_eq(tp_outputs_open(&outputs, NULL, false, dump, NULL, &err), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){words, NULL});
    tp_outputs_close(&outputs);
}

START_TEST(a_dump_appears_when_it_is_complete)
{
    struct tp_outputs outputs;
    const char *dump = kept_path("dump");
    ck_ok(
        tp_outputs_open(&outputs, NULL, false, kept_path(_i ? "dump/" : "dump"), NULL, &err), err);
    ck_assert(!tp_path_is_folder(dump));
    ck_assert(tp_path_is_folder(outputs.partial));
    put_text("dump.partial/a.npy", "x");
    ck_ok(tp_outputs_publish_dump(&outputs, &err), err);
    tp_outputs_close(&outputs);
    ck_assert(access(kept_path("dump/a.npy"), F_OK) == 0);
    ck_assert(access(kept_path("dump.partial"), F_OK) != 0);
}
END_TEST

START_TEST(an_empty_folder_may_become_the_dump)
{
    struct tp_outputs outputs;
    const char *dump = kept_path("dump");
    ck_assert_int_eq(mkdir(dump, 0777), 0);
    ck_ok(tp_outputs_open(&outputs, NULL, false, dump, NULL, &err), err);
    put_text("dump.partial/a.npy", "x");
    ck_ok(tp_outputs_publish_dump(&outputs, &err), err);
    tp_outputs_close(&outputs);
    ck_assert(access(kept_path("dump/a.npy"), F_OK) == 0);
}
END_TEST

START_TEST(a_dump_that_is_not_written_leaves_nothing)
{
    struct tp_outputs outputs;
    ck_ok(tp_outputs_open(&outputs, NULL, false, kept_path("dump"), NULL, &err), err);
    tp_outputs_close(&outputs);
    ck_assert_uint_eq(files_in_scratch(), 0);
    tp_outputs_close(&outputs);
}
END_TEST

START_TEST(a_dump_spares_what_is_there)
{
    put_text("file", "x");
    refuse_dump("file", "found a file, expected a new or empty folder");
    ck_assert_int_eq(mkdir(kept_path("full"), 0777), 0);
    put_text("full/file", "x");
    refuse_dump("full", "found a folder with 1 entries");
    ck_assert_int_eq(mkdir(kept_path("half.partial"), 0777), 0);
    refuse_dump("half", "is there already, left by a dump that did not end");
    ck_assert_int_eq(symlink("full", kept_path("link")), 0);
    refuse_dump("link", "found a file");
    refuse_dump("nowhere/dump", "the folder cannot be made: No such file or directory");
}
END_TEST

static const struct {
    const char *name, *words;
} predictions[] = {
    {"nowhere/p.npy", "no file can be made in the folder"},
    {"folder", "is no regular file"},
    {"pipe", "is no regular file"},
};

START_TEST(predictions_go_where_a_file_can_be_made)
{
    struct tp_outputs outputs;
    ck_assert_int_eq(mkdir(kept_path("folder"), 0777), 0);
    ck_assert_int_eq(mkfifo(kept_path("pipe"), 0666), 0);
    ck_assert_int_eq(
        tp_outputs_open(&outputs, NULL, false, NULL, kept_path(predictions[_i].name), &err),
        TP_EINPUT);
    ck_message_has(&err, (const char *const[]){predictions[_i].words, NULL});
    tp_outputs_close(&outputs);
    ck_ok(tp_outputs_open(&outputs, NULL, false, NULL, kept_path("p.npy"), &err), err);
    tp_outputs_close(&outputs);
}
END_TEST

/* Locks belong to processes, so another one has to ask. */
static int status_of_another(const char *checkpoint)
{
    int status = 0;
    pid_t other = fork();
    if (other == 0) {
        struct tp_outputs outputs;
        _exit((int)tp_outputs_open(&outputs, checkpoint, true, NULL, NULL, &err));
    }
    ck_assert_int_eq(waitpid(other, &status, 0), other);
    return WEXITSTATUS(status);
}

START_TEST(a_checkpoint_belongs_to_one_run_at_a_time)
{
    struct tp_outputs outputs;
    const char *checkpoint = kept_path("kept");
    ck_ok(tp_outputs_open(&outputs, checkpoint, false, NULL, NULL, &err), err);
    ck_assert_int_eq(status_of_another(checkpoint), TP_EINPUT);
    tp_outputs_close(&outputs);
    ck_assert_int_eq(status_of_another(checkpoint), TP_OK);
}
END_TEST

START_TEST(a_checkpoint_that_cannot_be_made_is_named)
{
    struct tp_outputs outputs;
    put_text("file", "x");
    ck_assert_int_eq(
        tp_outputs_open(&outputs, kept_path("file"), false, NULL, NULL, &err), TP_EINTERNAL);
    ck_message_has(&err, (const char *const[]){"file: ", NULL});
    tp_outputs_close(&outputs);
    ck_ok(tp_checkpoint_vacant(kept_path("nowhere"), &err), err);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("run_outputs");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(tcase, a_dump_appears_when_it_is_complete, 0, 2);
    tcase_add_test(tcase, an_empty_folder_may_become_the_dump);
    tcase_add_test(tcase, a_dump_that_is_not_written_leaves_nothing);
    tcase_add_test(tcase, a_dump_spares_what_is_there);
    tcase_add_loop_test(tcase, predictions_go_where_a_file_can_be_made, 0, 3);
    tcase_add_test(tcase, a_checkpoint_belongs_to_one_run_at_a_time);
    tcase_add_test(tcase, a_checkpoint_that_cannot_be_made_is_named);
    return run_suite("run_outputs", tcase);
}
