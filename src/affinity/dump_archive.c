/* SPDX-License-Identifier: Apache-2.0 */
/* A dump in one .npz file (libzip): an array (samples, N_f) per feature, as numpy.savez or
 * numpy.savez_compressed writes it; member `<feature>.npy`.
 *
 * In: the file's path. Out: one source of a temporary file with the values of all members, unpacked, so
 * that a dump larger than memory is read like any other. A member's name is a feature's name and never
 * a path: `../x.npy` is the feature `../x`, which a model may have or not.
 * Before anything is unpacked, every member's header is held against the length that the archive gives
 * for it, the model, and the other members, and the sum against the room on the disk: so a small
 * file that unpacks to a huge one is refused at once. No member is unpacked beyond its length, and
 * each to its end, where libzip checks the CRC. F features. Cost: the bytes unpacked, O(F log F). */
#include "affinity/dump_forms.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "base/text.h"

#include <zip.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)1 << 20) /* unpacked at a time; holds any header */
#define ALIGNMENT 64                  /* of each member's values in the temporary file */

struct archive {
    zip_t *zip;
    const char *path;
    char **names;  /* (count) without ".npy" */
    size_t *bytes; /* (count) unpacked, by the directory */
    int32_t count;
    unsigned char *piece; /* (PIECE_BYTES) */
};

static enum tp_status open_zip(struct archive *archive, struct tp_error *err)
{
    int descriptor, code;
    size_t length;
    enum tp_status status = tp_file_open(archive->path, &descriptor, &length, err);
    if (status)
        return status;
    archive->zip = zip_fdopen(descriptor, 0, &code);
    if (archive->zip)
        return TP_OK;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    status = tp_fail(err, TP_EINPUT, "%s: cannot be read as a zip: %s", archive->path,
        length ? zip_error_strerror(&error) : "the file is empty");
    zip_error_fini(&error);
    close(descriptor);
    return status;
}

static void release(struct archive *archive)
{
    for (int32_t i = 0; archive->names && i < archive->count; i++)
        free(archive->names[i]);
    free(archive->names);
    free(archive->bytes);
    free(archive->piece);
    if (archive->zip)
        zip_discard(archive->zip);
}

/* Only what numpy writes: arrays, stored or deflated. */
static enum tp_status check_member(
    const struct archive *archive, const zip_stat_t *info, struct tp_error *err)
{
    const char *name = info->name;
    size_t length = strlen(name);
    if (length && name[length - 1] == '/')
        return tp_fail(err, TP_EINPUT, "%s: member '%s' is a folder, expected arrays alone",
            archive->path, name);
    if (!tp_dump_stem(name))
        return tp_fail(err, TP_EINPUT,
            "%s: member '%s' is not expected: its name does not end in .npy", archive->path, name);
    if (info->encryption_method != ZIP_EM_NONE)
        return tp_fail(err, TP_EINPUT, "%s: member '%s' is encrypted, expected plain arrays",
            archive->path, name);
    if (info->comp_method != ZIP_CM_STORE && info->comp_method != ZIP_CM_DEFLATE)
        return tp_fail(err, TP_EINPUT,
            "%s: member '%s' is compressed by method %d, expected 0 (stored) or 8 (deflated)",
            archive->path, name, info->comp_method);
    return TP_OK;
}

static enum tp_status list_members(struct archive *archive, struct tp_error *err)
{
    const zip_uint64_t wanted =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    zip_int64_t count = zip_get_num_entries(archive->zip, 0);
    if (count > INT32_MAX)
        return tp_fail(err, TP_EINPUT, "%s: has too many members", archive->path);
    archive->names = TP_NEW(count, char *);
    archive->bytes = TP_NEW(count, size_t);
    archive->piece = tp_new(PIECE_BYTES, 1);
    if (!archive->names || !archive->bytes || !archive->piece)
        return tp_fail_memory(err);
    archive->count = (int32_t)count;
    for (int32_t i = 0; i < archive->count; i++) {
        zip_stat_t info;
        if (zip_stat_index(archive->zip, (zip_uint64_t)i, 0, &info) ||
            (info.valid & wanted) != wanted)
            return tp_fail(
                err, TP_EINPUT, "%s: is a damaged zip: member number %d", archive->path, i);
        enum tp_status status = check_member(archive, &info, err);
        if (status)
            return status;
        archive->bytes[i] = info.size;
        archive->names[i] = tp_copy_text(info.name, tp_dump_stem(info.name));
        if (!archive->names[i])
            return tp_fail_memory(err);
    }
    return TP_OK;
}

static enum tp_status open_member(
    const struct archive *archive, int32_t i, zip_file_t **file, struct tp_error *err)
{
    *file = zip_fopen_index(archive->zip, (zip_uint64_t)i, 0);
    return *file ? TP_OK
                 : tp_fail(err, TP_EINPUT, "%s: array '%s' cannot be read: %s", archive->path,
                       archive->names[i], zip_strerror(archive->zip));
}

/* Unpacks the next `length` bytes of a member into the piece. */
static enum tp_status unpack(
    const struct archive *archive, int32_t i, zip_file_t *file, size_t length, struct tp_error *err)
{
    size_t used = 0;
    while (used < length) {
        zip_int64_t got = zip_fread(file, archive->piece + used, length - used);
        if (got <= 0)
            return tp_fail(err, TP_EINPUT, "%s: array '%s' is damaged: %s", archive->path,
                archive->names[i],
                got ? zip_file_strerror(file) : "it ends before its length in the directory");
        used += (size_t)got;
    }
    return TP_OK;
}

static enum tp_status parse_head(const struct archive *archive, int32_t i, size_t head_bytes,
    struct tp_npy *form, struct tp_error *err)
{
    struct tp_text label = {0};
    tp_text_add(&label, "%s: array '%s'", archive->path, archive->names[i]);
    enum tp_status status = label.failed ? tp_fail_memory(err)
                                         : tp_npy_parse_head(archive->piece, head_bytes,
                                               archive->bytes[i], label.data, form, err);
    tp_text_release(&label);
    return status;
}

static enum tp_status read_head(
    const struct archive *archive, int32_t i, struct tp_npy *form, struct tp_error *err)
{
    size_t bytes = archive->bytes[i] < TP_NPY_HEAD_BYTES ? archive->bytes[i] : TP_NPY_HEAD_BYTES;
    zip_file_t *file;
    enum tp_status status = open_member(archive, i, &file, err);
    if (status)
        return status;
    status = unpack(archive, i, file, bytes, err);
    zip_fclose(file);
    return status ? status : parse_head(archive, i, bytes, form, err);
}

/* Adds the arrays of all features, at the places where they will be. @param total  out, bytes. */
static enum tp_status plan_arrays(const struct archive *archive, struct tp_dump *dump,
    const int32_t *column, size_t *total, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    *total = 0;
    for (int32_t i = 0; !status && i < dump->model->feature_count; i++) {
        struct tp_npy form;
        if (column[i] < 0)
            continue;
        status = read_head(archive, column[i], &form, err);
        if (!status)
            status = tp_dump_add_feature(dump, i, "array", &form, *total, err);
        if (status)
            break;
        size_t bytes = form.count * form.item_bytes;
        bytes += (ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT;
        if (bytes > SIZE_MAX / 2 - *total)
            return tp_fail(
                err, TP_EINPUT, "%s: unpacks to more bytes than can be counted", archive->path);
        *total += bytes;
    }
    return status;
}

/* Writes a member's values to their place. */
static enum tp_status unpack_array(const struct archive *archive, int32_t i,
    const struct tp_dump_file *array, const struct tp_temporary *to, struct tp_error *err)
{
    size_t done = 0, all = array->npy.count * array->npy.item_bytes;
    zip_file_t *file;
    enum tp_status status = open_member(archive, i, &file, err);
    if (status)
        return status;
    status = unpack(archive, i, file, array->npy.header_bytes, err);
    while (!status && done < all) {
        size_t few = all - done < PIECE_BYTES ? all - done : PIECE_BYTES;
        status = unpack(archive, i, file, few, err);
        if (!status)
            status = tp_temporary_write(to, array->data_offset + done, archive->piece, few, err);
        done += few;
    }
    zip_int64_t beyond = status ? 0 : zip_fread(file, archive->piece, 1);
    if (beyond)
        status = tp_fail(err, TP_EINPUT, "%s: array '%s' is damaged: %s", archive->path,
            archive->names[i],
            beyond < 0 ? zip_file_strerror(file) : "it goes on after its length in the directory");
    zip_fclose(file);
    return status;
}

static enum tp_status unpack_arrays(const struct archive *archive, struct tp_dump *dump,
    const int32_t *column, size_t total, struct tp_error *err)
{
    struct tp_temporary temporary;
    enum tp_status status = tp_temporary_open(total, archive->path, &temporary, err);
    if (status)
        return status;
    for (int32_t i = 0; !status && i < dump->model->feature_count; i++) {
        if (column[i] >= 0)
            status = unpack_array(
                archive, column[i], &dump->files[dump->features[i].file], &temporary, err);
    }
    if (status) {
        close(temporary.descriptor);
        return status;
    }
    status = tp_source_take(temporary.descriptor, total, archive->path, dump->sources, err);
    dump->source_count = !status;
    return status;
}

enum tp_status tp_dump_open_archive(struct tp_dump *dump, bool may_miss, struct tp_error *err)
{
    struct archive archive = {.path = dump->path};
    size_t total;
    int32_t *column = TP_NEW(dump->model->feature_count, int32_t);
    enum tp_status status = column ? tp_dump_reserve(dump, 1, err) : tp_fail_memory(err);
    if (!status)
        status = open_zip(&archive, err);
    if (!status)
        status = list_members(&archive, err);
    if (!status)
        status = tp_dump_match(dump, may_miss, dump->path, (const char *const *)archive.names,
            archive.count, column, err);
    if (!status)
        status = plan_arrays(&archive, dump, column, &total, err);
    if (!status)
        status = unpack_arrays(&archive, dump, column, total, err);
    release(&archive);
    free(column);
    return status;
}
