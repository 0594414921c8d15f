/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own for a test, under $TMPDIR, and what tests do with files in it. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static char scratch[4096]; /* the folder of the test that runs */

/* Around those of all tests, for run_suite() to remove: a test that fails has no teardown. */
static char scratch_root[2048];

static inline void scratch_remove(const char *path)
{
    struct tp_folder folder;
    struct tp_error err;
    if (!tp_path_is_folder(path)) {
        unlink(path);
        return;
    }
    if (tp_folder_list(path, &folder, &err))
        return;
    for (size_t i = 0; i < folder.count; i++) {
        char *inner = tp_path_join(path, folder.names[i]);
        scratch_remove(inner);
        free(inner);
    }
    tp_folder_release(&folder);
    rmdir(path);
}

/* Not a check: run_suite() calls it outside any test. */
static inline void scratch_make(char *path, size_t capacity, const char *base)
{
    snprintf(path, capacity, "%s/towerpart-test-XXXXXX", base);
    if (!mkdtemp(path)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static inline void scratch_open(void)
{
    const char *base = getenv("TMPDIR");
    scratch_make(scratch, sizeof scratch, scratch_root[0] ? scratch_root : base ? base : "/tmp");
}

static inline void scratch_close(void)
{
    scratch_remove(scratch);
}

/* Path of a file in the folder; good for the next eight calls. */
static inline const char *in_scratch(const char *name)
{
    static char paths[8][5120];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

static inline void put_file(const char *name, const void *data, size_t length)
{
    FILE *file = fopen(in_scratch(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void put_text(const char *name, const char *text)
{
    put_file(name, text, strlen(text));
}

/* The content of a file, NUL-terminated. Caller frees. */
static inline char *get_file(const char *name, size_t *length)
{
    FILE *file = fopen(in_scratch(name), "rb");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *data = calloc(*length + 1, 1);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(fread(data, 1, *length, file), *length);
    fclose(file);
    return data;
}

static inline void ck_file_holds(const char *name, const char *text)
{
    size_t length;
    char *data = get_file(name, &length);
    ck_assert_str_eq(data, text);
    free(data);
}

static inline size_t files_in_scratch(void)
{
    struct tp_folder folder;
    struct tp_error err;
    ck_assert_int_eq(tp_folder_list(scratch, &folder, &err), TP_OK);
    size_t count = folder.count;
    tp_folder_release(&folder);
    return count;
}

#define ck_ok(call, err) ck_assert_msg((call) == TP_OK, "%s", (err).text)

/* The message names all of these (NULL-terminated). */
static inline void ck_message_has(const struct tp_error *err, const char *const *parts)
{
    for (; *parts; parts++)
        ck_assert_msg(strstr(err->text, *parts) != NULL, "'%s' is not in: %s", *parts, err->text);
}

static inline int run_suite(const char *name, TCase *tcase)
{
    const char *base = getenv("TMPDIR");
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    scratch_make(scratch_root, sizeof scratch_root, base ? base : "/tmp");
    srunner_run_all(runner, CK_ENV);
    scratch_remove(scratch_root);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
