/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npz, a zip of .npy members, through libzip.
 *
 * In: every member is read into memory, its length checked against a limit before a byte is read,
 * so that a small file which unpacks to a huge one is refused; libzip checks the CRC when the end
 * of a member is reached, so each is read to its end.
 * Out: the archive is made in memory (libzip writes files its own way, not beside the target) and
 * goes out through base/file. Members are deflated and dated 1980-01-01, the first day that a
 * zip can tell: same arrays, same bytes, in any time zone. */
#include "base/npz.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"

#include <zip.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".npy"
#define DOS_DATE_1980_01_01 0x21
#define DEFLATE_LEVEL                                                                              \
    6 /* a rounded matrix shrinks to a tenth; a raw one gains little at any level */
#define PIECE_BYTES ((size_t)1 << 16)

struct member {
    char *name; /* without ".npy" */
    unsigned char *bytes;
    struct tp_npy npy;
};

struct tp_npz {
    struct member *members;
    int32_t count;
};

void tp_npz_free(struct tp_npz *npz)
{
    if (!npz)
        return;
    for (int32_t i = 0; npz->members && i < npz->count; i++) {
        free(npz->members[i].bytes);
        free(npz->members[i].name);
    }
    free(npz->members);
    free(npz);
}

int32_t tp_npz_count(const struct tp_npz *npz)
{
    return npz->count;
}

const char *tp_npz_name(const struct tp_npz *npz, int32_t i)
{
    return npz->members[i].name;
}

const struct tp_npy *tp_npz_get(const struct tp_npz *npz, const char *name)
{
    for (int32_t i = 0; i < npz->count; i++) {
        if (npz->members[i].name && !strcmp(npz->members[i].name, name))
            return &npz->members[i].npy;
    }
    return NULL;
}

/* What is being read: the archive and what to call it in messages. */
struct source {
    zip_t *zip;
    const char *path;
    size_t member_bytes_max;
};

/* Unpacks a member whose length the directory gives, and reads on to see that it ends there. */
static enum tp_status unpack(const struct source *source, zip_uint64_t index, size_t length,
    const char *file, unsigned char **bytes, struct tp_error *err)
{
    unsigned char *buffer = NULL, beyond;
    enum tp_status status = TP_OK;
    zip_file_t *opened = zip_fopen_index(source->zip, index, 0);
    if (!opened) {
        status = tp_fail(err, TP_EINPUT, "%s: member '%s' cannot be read: %s", source->path, file,
            zip_strerror(source->zip));
        goto out;
    }
    buffer = tp_new(length + 1, 1);
    if (!buffer) {
        status = tp_fail_memory(err);
        goto out;
    }
    size_t used = 0;
    zip_int64_t got = 1;
    while (used < length && (got = zip_fread(opened, buffer + used, length - used)) > 0)
        used += (size_t)got;
    if (used < length || zip_fread(opened, &beyond, 1) != 0) {
        status = tp_fail(err, TP_EINPUT, "%s: member '%s' is damaged: %s", source->path, file,
            zip_file_strerror(opened));
        goto out;
    }
    *bytes = buffer;
    buffer = NULL;
out:
    free(buffer);
    if (opened)
        zip_fclose(opened);
    return status;
}

/* "affinity.npy" -> "affinity" */
static enum tp_status take_name(
    const struct source *source, const char *file, char **name, struct tp_error *err)
{
    size_t length = strlen(file), suffix = strlen(SUFFIX);
    if (length <= suffix || strcmp(file + length - suffix, SUFFIX) != 0)
        return tp_fail(err, TP_EINPUT,
            "%s: member '%s' is not expected: its name does not end in %s", source->path, file,
            SUFFIX);
    *name = tp_copy_text(file, length - suffix);
    return *name ? TP_OK : tp_fail_memory(err);
}

static enum tp_status parse_member(
    const struct source *source, struct member *member, size_t length, struct tp_error *err)
{
    struct tp_text label = {0};
    tp_text_add(&label, "%s: array '%s'", source->path, member->name);
    enum tp_status status =
        label.failed ? tp_fail_memory(err)
                     : tp_npy_parse(member->bytes, length, label.data, &member->npy, err);
    tp_text_release(&label);
    return status;
}

static enum tp_status load_member(
    const struct source *source, zip_uint64_t index, struct member *member, struct tp_error *err)
{
    zip_stat_t info;
    if (zip_stat_index(source->zip, index, 0, &info) || !(info.valid & ZIP_STAT_SIZE) ||
        !(info.valid & ZIP_STAT_NAME))
        return tp_fail(err, TP_EINPUT, "%s: is a damaged zip: entry %llu", source->path,
            (unsigned long long)index);
    if (info.size > source->member_bytes_max)
        return tp_fail(err, TP_EINPUT,
            "%s: member '%s' unpacks to %llu bytes, expected at most %zu", source->path, info.name,
            (unsigned long long)info.size, source->member_bytes_max);
    enum tp_status status = take_name(source, info.name, &member->name, err);
    if (!status)
        status = unpack(source, index, (size_t)info.size, info.name, &member->bytes, err);
    if (!status)
        status = parse_member(source, member, (size_t)info.size, err);
    return status;
}

static enum tp_status load_members(
    const struct source *source, int32_t member_max, struct tp_npz **npz, struct tp_error *err)
{
    zip_int64_t count = zip_get_num_entries(source->zip, 0);
    if (count > member_max)
        return tp_fail(err, TP_EINPUT, "%s: has %lld members, expected at most %d", source->path,
            (long long)count, member_max);
    struct tp_npz *made = TP_NEW(1, struct tp_npz);
    if (!made)
        return tp_fail_memory(err);
    enum tp_status status = TP_OK;
    made->members = TP_NEW(count, struct member);
    if (!made->members)
        status = tp_fail_memory(err);
    for (int32_t i = 0; !status && i < (int32_t)count; i++) {
        made->count = i + 1;
        status = load_member(source, (zip_uint64_t)i, &made->members[i], err);
        for (int32_t j = 0; !status && j < i; j++) {
            if (!strcmp(made->members[j].name, made->members[i].name))
                status = tp_fail(err, TP_EINPUT, "%s: array '%s' is there twice", source->path,
                    made->members[i].name);
        }
    }
    if (status)
        tp_npz_free(made);
    else
        *npz = made;
    return status;
}

static enum tp_status fail_zip(
    struct tp_error *err, enum tp_status status, const char *path, zip_error_t *error)
{
    return tp_fail(err, status, "%s: %s: %s", path,
        status == TP_EINPUT ? "cannot be read as a zip" : "cannot be made",
        zip_error_strerror(error));
}

enum tp_status tp_npz_parse(const void *bytes, size_t length, const char *path, int32_t member_max,
    size_t member_bytes_max, struct tp_npz **npz, struct tp_error *err)
{
    if (!length) /* libzip takes it for an archive without members */
        return tp_fail(err, TP_EINPUT, "%s: is empty, expected a zip of .npy arrays", path);
    zip_error_t error;
    zip_error_init(&error);
    enum tp_status status;
    struct source source = {.path = path, .member_bytes_max = member_bytes_max};
    zip_source_t *buffer = zip_source_buffer_create(bytes, length, 0, &error);
    if (buffer)
        source.zip = zip_open_from_source(buffer, ZIP_RDONLY, &error);
    if (source.zip) {
        status = load_members(&source, member_max, npz, err);
        zip_discard(source.zip); /* frees `buffer` too */
    } else {
        status = fail_zip(err, TP_EINPUT, path, &error);
        zip_source_free(buffer);
    }
    zip_error_fini(&error);
    return status;
}

enum tp_status tp_npz_load(const char *path, int32_t member_max, size_t member_bytes_max,
    struct tp_npz **npz, struct tp_error *err)
{
    char *bytes;
    size_t length, bytes_max;
    if (!tp_multiply((size_t)member_max + 1, member_bytes_max, &bytes_max))
        bytes_max = SIZE_MAX / 2;
    enum tp_status status = tp_file_read(path, bytes_max, &bytes, &length, err);
    if (status)
        return status;
    status = tp_npz_parse(bytes, length, path, member_max, member_bytes_max, npz, err);
    free(bytes);
    return status;
}

/* A member whose data is borrowed until the archive is closed: only its header is copied. */
static enum tp_status add_member(
    zip_t *zip, const struct tp_npz_member *member, struct tp_text *header, struct tp_error *err)
{
    struct tp_text file = {0};
    enum tp_status status = TP_OK;
    zip_source_t *source = NULL;
    tp_text_add(&file, "%s%s", member->name, SUFFIX);
    tp_npy_format_header(
        header, member->type, member->item_bytes, member->dim_count, member->shape);
    if (file.failed || header->failed) {
        status = tp_fail_memory(err);
        goto out;
    }
    zip_buffer_fragment_t parts[2] = {{(zip_uint8_t *)header->data, header->length},
        {(zip_uint8_t *)member->data,
            tp_npy_data_bytes(member->type, member->item_bytes, member->dim_count, member->shape)}};
    source = zip_source_buffer_fragment(zip, parts, 2, 0);
    zip_int64_t index = source ? zip_file_add(zip, file.data, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0 ||
        zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, DEFLATE_LEVEL) ||
        zip_file_set_dostime(zip, (zip_uint64_t)index, 0, DOS_DATE_1980_01_01, 0))
        status = tp_fail(err, TP_EINTERNAL, "array '%s' cannot be added to a zip: %s", member->name,
            zip_strerror(zip));
    if (index < 0)
        zip_source_free(source);
out:
    tp_text_release(&file);
    return status;
}

static enum tp_status add_members(zip_t *zip, const struct tp_npz_member *members, int32_t count,
    struct tp_text *headers, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int32_t i = 0; !status && i < count; i++)
        status = add_member(zip, &members[i], &headers[i], err);
    return status;
}

/* The finished archive goes out piece by piece. */
static enum tp_status write_archive(zip_source_t *archive, const char *path, struct tp_error *err)
{
    struct tp_file_out *out = NULL;
    char *piece = tp_new(PIECE_BYTES, 1);
    enum tp_status status = piece ? tp_file_out_open(path, &out, err) : tp_fail_memory(err);
    if (!status && zip_source_open(archive))
        status = fail_zip(err, TP_EINTERNAL, path, zip_source_error(archive));
    zip_int64_t got;
    while (!status && (got = zip_source_read(archive, piece, PIECE_BYTES)) != 0) {
        if (got < 0)
            status = fail_zip(err, TP_EINTERNAL, path, zip_source_error(archive));
        else
            status = tp_file_out_add(out, piece, (size_t)got, err);
    }
    status = tp_file_out_end(out, status, err);
    free(piece);
    return status;
}

enum tp_status tp_npz_save(
    const char *path, const struct tp_npz_member *members, int32_t count, struct tp_error *err)
{
    zip_error_t error;
    zip_error_init(&error);
    enum tp_status status = TP_OK;
    zip_t *zip = NULL;
    zip_source_t *archive = NULL;
    struct tp_text *headers =
        TP_NEW(count, struct tp_text); /* borrowed by zip until it is closed */
    if (!headers) {
        status = tp_fail_memory(err);
        goto out;
    }
    archive = zip_source_buffer_create(NULL, 0, 0, &error);
    if (archive) {
        zip_source_keep(archive); /* for us: closing the zip releases its own reference */
        zip = zip_open_from_source(archive, ZIP_CREATE | ZIP_TRUNCATE, &error);
        if (!zip)
            zip_source_free(archive);
    }
    if (!zip) {
        status = fail_zip(err, TP_EINTERNAL, path, &error);
        goto out;
    }
    status = add_members(zip, members, count, headers, err);
    if (status)
        goto out;
    if (zip_close(zip)) {
        status = tp_fail(err, TP_EINTERNAL, "%s: cannot be made: %s", path, zip_strerror(zip));
        goto out;
    }
    zip = NULL;
    status = write_archive(archive, path, err);
out:
    if (zip)
        zip_discard(zip);
    if (archive)
        zip_source_free(archive);
    for (int32_t i = 0; headers && i < count; i++)
        tp_text_release(&headers[i]);
    free(headers);
    zip_error_fini(&error);
    return status;
}
