/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of files that are kept: the bytes are the files', in any order of reading. */
#include "base/chunks.h"

#include "scratch.h"

#include "base/parallel.h"
#include "base/random.h"

#include <fcntl.h>

#define FILES 3
#define FILE_BYTES 500000 /* no multiple of anything */

static struct tp_source sources[FILES];
static unsigned char *bytes[FILES];
static struct tp_chunks *chunks;

static void open_files(void)
{
    static const char *const names[FILES] = {"a", "b", "c"};
    scratch_open();
    for (uint32_t f = 0; f < FILES; f++) {
        bytes[f] = malloc(FILE_BYTES);
        for (uint32_t i = 0; i < FILE_BYTES; i++)
            bytes[f][i] = (unsigned char)((i * 2654435761u + f * 40503u) >> 13);
        put_file(names[f], bytes[f], FILE_BYTES);
        sources[f].data = NULL;
        sources[f].length = FILE_BYTES;
        sources[f].descriptor = open(in_scratch(names[f]), O_RDONLY);
        ck_assert_int_ge(sources[f].descriptor, 0);
    }
    chunks = tp_chunks_new();
    ck_assert_ptr_nonnull(chunks);
}

static void close_files(void)
{
    for (int f = 0; f < FILES; f++) {
        tp_source_close(&sources[f]);
        free(bytes[f]);
    }
    tp_chunks_free(chunks);
    scratch_close();
}

static void ck_reads(int file, size_t offset, size_t length)
{
    unsigned char found[70000];
    memset(found, 0xee, sizeof found);
    tp_chunks_read(chunks, &sources[file], offset, length, found);
    ck_assert_msg(!memcmp(found, bytes[file] + offset, length), "%d %zu", file, offset);
    ck_assert(found[length] == 0xee);
}

START_TEST(rows_in_turn_are_the_files)
{
    for (size_t offset = 0; offset + 300 <= FILE_BYTES; offset += 300) {
        for (int f = 0; f < FILES; f++)
            ck_reads(f, offset, 300);
    }
    ck_reads(0, FILE_BYTES - 7, 7);
    ck_reads(0, FILE_BYTES - 7, 7);
}
END_TEST

START_TEST(so_are_readings_at_random)
{
    struct tp_random random = tp_random_new(1, 0);
    for (int i = 0; i < 20000; i++) {
        size_t length = (size_t)(tp_random_uniform(&random) * (i % 100 ? 300 : 69000));
        size_t offset = (size_t)(tp_random_uniform(&random) * (double)(FILE_BYTES - length));
        ck_reads(i % FILES, offset, length);
    }
}
END_TEST

static void read_some(void *context, int32_t worker, int64_t task)
{
    unsigned char found[256];
    int *wrong = context;
    size_t offset = (size_t)(task * 251 % (FILE_BYTES - 256));
    tp_chunks_read(chunks, &sources[task % FILES], offset, sizeof found, found);
    wrong[worker] += memcmp(found, bytes[task % FILES] + offset, sizeof found) != 0;
}

START_TEST(threads_may_read_at_once)
{
    int wrong[4] = {0};
    tp_parallel(4, 60000, read_some, wrong, (struct tp_progress_part){0});
    ck_assert_int_eq(wrong[0] + wrong[1] + wrong[2] + wrong[3], 0);
}
END_TEST

START_TEST(what_cannot_be_read_is_zero_and_told_and_not_kept)
{
    struct tp_error err;
    unsigned char found[8];
    ck_assert_int_eq(truncate(in_scratch("a"), 100), 0);
    for (int i = 0; i < 3; i++) {
        memset(found, 1, sizeof found);
        tp_chunks_read(chunks, &sources[0], 200, sizeof found, found);
        ck_assert_mem_eq(found, "\0\0\0\0\0\0\0\0", 8);
    }
    ck_assert_int_eq(tp_source_check(&sources[0], "a", &err), TP_EINPUT);
    ck_reads(0, 50, 8);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("chunks");
    tcase_add_checked_fixture(tcase, open_files, close_files);
    tcase_add_test(tcase, rows_in_turn_are_the_files);
    tcase_add_test(tcase, so_are_readings_at_random);
    tcase_add_test(tcase, threads_may_read_at_once);
    tcase_add_test(tcase, what_cannot_be_read_is_zero_and_told_and_not_kept);
    return run_suite("chunks", tcase);
}
