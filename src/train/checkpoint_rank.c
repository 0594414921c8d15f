/* SPDX-License-Identifier: Apache-2.0 */
/* The file that a rank keeps of a step:
 *
 *   towerpart checkpoint 1
 *   rank 0 of step 300
 *   section 1600 table t_user weights       bytes and name, one line for each section
 *   data
 *   ... the bytes of the sections, as they are in memory, one behind the other
 *   SHA-256 of all this, 64 hex digits, and a newline
 *
 * Whoever reads knows what the lines have to be, since a run that is resumed has the same sections;
 * so they are made once more and compared, and what differs is told. Bytes are moved in pieces and
 * nothing is copied. A file gets its name when it is whole and on the disk. */
#include "train/checkpoint.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)1 << 20) /* is still in the cache when it is written */
#define TRAILER_BYTES ((size_t)TP_SHA256_TEXT)
#define LINE_SHOWN 400

/* Names and head of a rank's file. */
struct rank_file {
    struct tp_text folder, path, head;
};

static enum tp_status describe(struct rank_file *file, const char *dir, int64_t step, int32_t rank,
    const struct tp_section *sections, int32_t section_count, struct tp_error *err)
{
    tp_text_add(&file->folder, "%s/step-%" PRId64, dir, step);
    tp_text_add(&file->path, "%s/step-%" PRId64 "/rank-%" PRId32 ".bin", dir, step, rank);
    tp_text_add(
        &file->head, "towerpart checkpoint 1\nrank %" PRId32 " of step %" PRId64 "\n", rank, step);
    for (int32_t i = 0; i < section_count; i++)
        tp_text_add(&file->head, "section %zu %s\n", sections[i].bytes, sections[i].name);
    tp_text_add(&file->head, "data\n");
    bool failed = file->folder.failed || file->path.failed || file->head.failed;
    return failed ? tp_fail_memory(err) : TP_OK;
}

static void rank_file_release(struct rank_file *file)
{
    tp_text_release(&file->folder);
    tp_text_release(&file->path);
    tp_text_release(&file->head);
}

static enum tp_status put(struct tp_file_out *out, struct tp_digest *digest, const void *data,
    size_t bytes, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    const char *next = data;
    while (!status && bytes) {
        size_t piece = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
        tp_digest_add(digest, next, piece);
        status = tp_file_out_add(out, next, piece, err);
        next += piece;
        bytes -= piece;
    }
    return status;
}

static enum tp_status put_all(struct tp_file_out *out, struct tp_digest *digest,
    const struct tp_text *head, const struct tp_section *sections, int32_t section_count,
    struct tp_error *err)
{
    char sha256[TP_SHA256_TEXT];
    enum tp_status status = put(out, digest, head->data, head->length, err);
    for (int32_t i = 0; !status && i < section_count; i++)
        status = put(out, digest, sections[i].data, sections[i].bytes, err);
    if (status)
        return status;
    tp_digest_finish(digest, sha256);
    sha256[TRAILER_BYTES - 1] = '\n';
    return tp_file_out_add(out, sha256, TRAILER_BYTES, err);
}

static enum tp_status write_file(const struct rank_file *file, const struct tp_section *sections,
    int32_t section_count, struct tp_error *err)
{
    struct tp_file_out *out = NULL;
    struct tp_digest *digest = NULL;
    enum tp_status status = tp_digest_new(&digest, err);
    if (!status)
        status = tp_file_out_open(file->path.data, &out, err);
    if (!status)
        status = put_all(out, digest, &file->head, sections, section_count, err);
    if (!status)
        status = tp_file_out_sync(out, err);
    status = tp_file_out_end(out, status, err);
    tp_digest_free(digest);
    return status;
}

enum tp_status tp_checkpoint_write(const char *dir, int64_t step, int32_t rank,
    const struct tp_section *sections, int32_t section_count, struct tp_error *err)
{
    struct rank_file file = {0};
    enum tp_status status = describe(&file, dir, step, rank, sections, section_count, err);
    if (!status)
        status = tp_folder_make(dir, err);
    if (!status)
        status = tp_folder_make(file.folder.data, err);
    if (!status)
        status = write_file(&file, sections, section_count, err);
    if (!status)
        status = tp_folder_sync(file.folder.data, err);
    if (!status)
        status = tp_folder_sync(dir, err);
    rank_file_release(&file);
    return status;
}

/* A rank's file while it is read. */
struct reading {
    const char *path;
    int descriptor;
    struct tp_error *err;
};

/* Reads up to `bytes`; fewer only at the end of the file. */
static enum tp_status take(const struct reading *reading, void *data, size_t bytes, size_t *taken)
{
    char *next = data;
    *taken = 0;
    while (*taken < bytes) {
        ssize_t got = read(reading->descriptor, next + *taken, bytes - *taken);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tp_fail(
                reading->err, TP_EINPUT, "%s: cannot be read: %s", reading->path, strerror(errno));
        if (!got)
            break;
        *taken += (size_t)got;
    }
    return TP_OK;
}

/* Length of the line that begins there, without its newline; no more than is shown. */
static int line_length(const char *line, size_t left)
{
    const char *end = memchr(line, '\n', left);
    size_t length = end ? (size_t)(end - line) : left;
    return length < LINE_SHOWN ? (int)length : LINE_SHOWN;
}

/* Tells the first line that differs. */
static enum tp_status fail_head(
    const struct reading *reading, const char *found, size_t length, const struct tp_text *expected)
{
    size_t line = 0;
    for (size_t i = 0; i < length && found[i] == expected->data[i]; i++)
        if (found[i] == '\n')
            line = i + 1;
    return tp_fail(reading->err, TP_EINPUT, "%s: found '%.*s', expected '%.*s': %s", reading->path,
        line_length(found + line, length - line), found + line,
        line_length(expected->data + line, expected->length - line), expected->data + line,
        line ? "it was not written by a run like this one, or is damaged"
             : "it is no checkpoint of this version");
}

static enum tp_status check_head(
    const struct reading *reading, struct tp_digest *digest, const struct tp_text *expected)
{
    size_t length;
    char *found = tp_new(expected->length, 1);
    if (!found)
        return tp_fail_memory(reading->err);
    enum tp_status status = take(reading, found, expected->length, &length);
    if (!status && (length < expected->length || memcmp(found, expected->data, length) != 0))
        status = fail_head(reading, found, length, expected);
    if (!status)
        tp_digest_add(digest, found, length);
    free(found);
    return status;
}

static enum tp_status take_section(
    const struct reading *reading, struct tp_digest *digest, const struct tp_section *section)
{
    size_t done = 0, taken;
    while (done < section->bytes) {
        size_t left = section->bytes - done;
        char *next = (char *)section->data + done;
        enum tp_status status =
            take(reading, next, left < PIECE_BYTES ? left : PIECE_BYTES, &taken);
        if (status)
            return status;
        if (!taken)
            return tp_fail(reading->err, TP_EINPUT,
                "%s: is cut: found %zu bytes of section '%s', expected %zu", reading->path, done,
                section->name, section->bytes);
        tp_digest_add(digest, next, taken);
        done += taken;
    }
    return TP_OK;
}

static enum tp_status check_trailer(const struct reading *reading, struct tp_digest *digest)
{
    char found[TP_SHA256_TEXT + 1], expected[TP_SHA256_TEXT];
    size_t length;
    enum tp_status status = take(reading, found, sizeof found, &length); /* one byte more */
    if (status)
        return status;
    if (length < TRAILER_BYTES)
        return tp_fail(reading->err, TP_EINPUT,
            "%s: is cut: found %zu bytes behind its sections, expected %zu", reading->path, length,
            TRAILER_BYTES);
    if (length > TRAILER_BYTES)
        return tp_fail(reading->err, TP_EINPUT,
            "%s: is damaged: found more bytes behind its sections than the %zu expected",
            reading->path, TRAILER_BYTES);
    tp_digest_finish(digest, expected);
    expected[TRAILER_BYTES - 1] = '\n';
    if (memcmp(found, expected, TRAILER_BYTES) != 0)
        return tp_fail(reading->err, TP_EINPUT,
            "%s: is damaged: the SHA-256 of its bytes is %.64s, expected %.64s as it was written",
            reading->path, expected, found);
    return TP_OK;
}

static enum tp_status read_file(const struct reading *reading, const struct tp_text *head,
    const struct tp_section *sections, int32_t section_count)
{
    struct tp_digest *digest = NULL;
    enum tp_status status = tp_digest_new(&digest, reading->err);
    if (!status)
        status = check_head(reading, digest, head);
    for (int32_t i = 0; !status && i < section_count; i++)
        status = take_section(reading, digest, &sections[i]);
    if (!status)
        status = check_trailer(reading, digest);
    tp_digest_free(digest);
    return status;
}

enum tp_status tp_checkpoint_read(const char *dir, int64_t step, int32_t rank,
    const struct tp_section *sections, int32_t section_count, struct tp_error *err)
{
    struct rank_file file = {0};
    struct reading reading = {.err = err};
    size_t length;
    enum tp_status status = describe(&file, dir, step, rank, sections, section_count, err);
    if (!status)
        status = tp_file_open(file.path.data, &reading.descriptor, &length, err);
    if (!status) {
        reading.path = file.path.data;
        status = read_file(&reading, &file.head, sections, section_count);
        close(reading.descriptor);
    }
    rank_file_release(&file);
    return status;
}

static void remove_rank(const char *dir, const char *folder, int32_t rank)
{
    struct tp_text path = {0};
    tp_text_add(&path, "%s/%s/rank-%" PRId32 ".bin", dir, folder, rank);
    if (!path.failed)
        unlink(path.data);
    tp_text_release(&path);
    tp_text_add(&path, "%s/%s", dir, folder);
    if (!path.failed)
        rmdir(path.data); /* by the last rank that cleans; before that it is not empty */
    tp_text_release(&path);
}

void tp_checkpoint_clean(const char *dir, int32_t rank, int64_t step)
{
    struct tp_folder folder = {0};
    if (tp_folder_list(dir, &folder, NULL))
        return;
    for (size_t i = 0; i < folder.count; i++) {
        int64_t other;
        const char *name = folder.names[i];
        if (!strncmp(name, "step-", 5) && tp_parse_integer(name + 5, &other) && other != step)
            remove_rank(dir, name, rank);
    }
    tp_folder_release(&folder);
}
