/* SPDX-License-Identifier: Apache-2.0 */
/* An embedding dump, whatever its form: a folder (dump_folder.c), an .npz (dump_archive.c) or a
 * .safetensors (dump_safetensors.c), told apart by what the path is and by a file's first bytes.
 *
 * In: names and arrays, neither trusted: both are held against the model before anything is measured.
 * Out: open files, and for every feature of the model its place in a row, or that it is not there.
 * Values are not looked at here, so a dump larger than memory opens at once.
 * Every form ends in the same two calls: tp_dump_add_array() for an array, tp_dump_place() for each
 * feature in it; the checks that all forms share are made there. */
#include "affinity/dump.h"

#include <towerpart/affinity.h>

#include "affinity/dump_forms.h"
#include "affinity/names.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/safetensors.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES_MIN 32 /* two per block of the jackknife */
#define FORMS                                                                                      \
    "a folder with features.json and pooled.npy or with one <feature>.npy each, a .npz with one "  \
    "array per feature, or a .safetensors"
#define PIECE_BYTES 4096 /* of one reading: what most rows of a feature fit in */

void tp_dump_free(struct tp_dump *dump)
{
    if (!dump)
        return;
    for (int32_t i = 0; i < dump->source_count; i++)
        tp_source_close(&dump->sources[i]);
    for (int32_t i = 0; i < dump->file_count; i++)
        free(dump->files[i].path);
    tp_chunks_free(dump->chunks);
    free(dump->sources);
    free(dump->files);
    free(dump->features);
    free(dump->path);
    free(dump);
}

int64_t tp_dump_samples(const struct tp_dump *dump)
{
    return dump->samples;
}

const char *tp_dump_feature_name(const struct tp_dump *dump, int32_t feature)
{
    return dump->model->features[feature].name;
}

size_t tp_dump_stem(const char *name)
{
    size_t length = strlen(name), suffix = strlen(".npy");
    return length > suffix && !strcmp(name + length - suffix, ".npy") ? length - suffix : 0;
}

enum tp_status tp_dump_match(const struct tp_dump *dump, bool may_miss, const char *file,
    const char *const *names, int32_t count, int32_t *column, struct tp_error *err)
{
    return may_miss ? tp_names_match_some(file, names, count, dump->model, column, err)
                    : tp_names_match(file, names, count, dump->model, column, err);
}

enum tp_status tp_dump_reserve(struct tp_dump *dump, int32_t source_count, struct tp_error *err)
{
    dump->sources = TP_NEW(source_count, struct tp_source);
    dump->files = TP_NEW(dump->model->feature_count, struct tp_dump_file);
    dump->chunks = tp_chunks_new();
    return dump->sources && dump->files && dump->chunks ? TP_OK : tp_fail_memory(err);
}

enum tp_status tp_dump_add_array(struct tp_dump *dump, char *path, const struct tp_npy *form,
    int32_t dim_count, int32_t source, size_t data_offset, struct tp_error *err)
{
    if (!path)
        return tp_fail_memory(err);
    struct tp_dump_file *file = &dump->files[dump->file_count++];
    *file = (struct tp_dump_file){
        .path = path, .source = source, .npy = *form, .data_offset = data_offset};
    file->npy.data = NULL;
    if (form->dim_count != dim_count)
        return tp_fail(err, TP_EINPUT, "%s: has %d dim%s, expected %s", path, form->dim_count,
            tp_plural(form->dim_count),
            dim_count == 3 ? "3: (samples, features, dim)" : "2: (samples, dim)");
    int64_t samples = form->shape[0];
    if (samples < SAMPLES_MIN)
        return tp_fail(err, TP_EINPUT, "%s: has %lld sample%s, expected at least %d", path,
            (long long)samples, tp_plural(samples), SAMPLES_MIN);
    if (dump->file_count > 1 && samples != dump->samples)
        return tp_fail(err, TP_EINPUT, "%s: has %lld sample%s, expected %lld as in %s", path,
            (long long)samples, tp_plural(samples), (long long)dump->samples, dump->files->path);
    dump->samples = samples;
    file->row_bytes = form->item_bytes;
    for (int32_t i = 1; i < dim_count; i++)
        file->row_bytes *= (size_t)form->shape[i]; /* fits: it divides the file's length */
    return TP_OK;
}

enum tp_status tp_dump_place(
    struct tp_dump *dump, int32_t feature, int64_t dim, size_t offset_bytes, struct tp_error *err)
{
    struct tp_dump_feature *at = &dump->features[feature];
    int32_t file = dump->file_count - 1;
    if (dim != at->dim)
        return tp_fail(err, TP_EINPUT, "%s: feature '%s' has dim %lld, expected %d as in the model",
            dump->files[file].path, tp_dump_feature_name(dump, feature), (long long)dim, at->dim);
    at->file = file;
    at->offset_bytes = offset_bytes;
    return TP_OK;
}

enum tp_status tp_dump_add_feature(struct tp_dump *dump, int32_t feature, const char *kind,
    const struct tp_npy *form, size_t data_offset, struct tp_error *err)
{
    struct tp_text label = {0};
    tp_text_add(&label, "%s: %s '%s'", dump->path, kind, tp_dump_feature_name(dump, feature));
    if (label.failed)
        tp_text_release(&label);
    enum tp_status status = tp_dump_add_array(dump, label.data, form, 2, 0, data_offset, err);
    return status ? status : tp_dump_place(dump, feature, form->shape[1], 0, err);
}

typedef enum tp_status (*open_form)(struct tp_dump *dump, bool may_miss, struct tp_error *err);

static bool has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), end = strlen(suffix);
    return length > end && !strcmp(path + length - end, suffix);
}

/* The form of a file, by its first bytes or, where they are none that is known, by its suffix: then
 * its reader says what is wrong with it. NULL: neither tells. */
static open_form form_of_file(const char *path, const unsigned char *first, size_t count)
{
    if (count >= 4 && (!memcmp(first, "PK\3\4", 4) || !memcmp(first, "PK\5\6", 4)))
        return tp_dump_open_archive;
    if (has_suffix(path, ".npz"))
        return tp_dump_open_archive;
    if (has_suffix(path, ".safetensors") ||
        (count > TP_SAFETENSORS_LENGTH_BYTES && first[TP_SAFETENSORS_LENGTH_BYTES] == '{'))
        return tp_dump_open_safetensors;
    return NULL;
}

static enum tp_status find_form(const char *path, open_form *form, struct tp_error *err)
{
    struct stat info;
    unsigned char first[TP_SAFETENSORS_LENGTH_BYTES + 1];
    int descriptor;
    size_t length;
    if (!strcmp(path, "-"))
        return tp_fail(err, TP_EINPUT, "-: a dump cannot be a pipe, expected " FORMS);
    if (stat(path, &info) && errno == ENOENT)
        return tp_fail(err, TP_EINPUT, "%s: there is no such dump, expected " FORMS, path);
    if (tp_path_is_folder(path)) {
        *form = tp_dump_open_folder;
        return TP_OK;
    }
    enum tp_status status = tp_file_open(path, &descriptor, &length, err);
    if (status)
        return status;
    ssize_t count = pread(descriptor, first, sizeof first, 0);
    close(descriptor);
    *form = form_of_file(path, first, count > 0 ? (size_t)count : 0);
    return *form ? TP_OK : tp_fail(err, TP_EINPUT, "%s: is no dump, expected " FORMS, path);
}

/* No feature is there yet. */
static struct tp_dump *new_dump(const char *path, const struct tp_model *model)
{
    struct tp_dump *dump = TP_NEW(1, struct tp_dump);
    if (!dump)
        return NULL;
    dump->model = model;
    dump->path = tp_copy_text(path, strlen(path));
    dump->features = TP_NEW(model->feature_count, struct tp_dump_feature);
    if (!dump->path || !dump->features) {
        tp_dump_free(dump);
        return NULL;
    }
    for (int32_t i = 0; i < model->feature_count; i++)
        dump->features[i] = (struct tp_dump_feature){
            .file = -1, .dim = model->tables[model->features[i].table].dim};
    return dump;
}

enum tp_status tp_dump_open(const char *path, const struct tp_model *model, bool may_miss,
    struct tp_dump **dump, struct tp_error *err)
{
    open_form form;
    enum tp_status status = find_form(path, &form, err);
    if (status)
        return status;
    struct tp_dump *made = new_dump(path, model);
    status = made ? form(made, may_miss, err) : tp_fail_memory(err);
    if (status)
        tp_dump_free(made);
    else
        *dump = made;
    return status;
}

void tp_dump_read_slowly(const struct tp_dump *dump, const struct tp_dump_file *file, size_t offset,
    size_t count, double *values)
{
    unsigned char piece[PIECE_BYTES];
    size_t item = file->npy.item_bytes;
    while (count) {
        size_t few = count < PIECE_BYTES / item ? count : PIECE_BYTES / item;
        tp_chunks_read(dump->chunks, &dump->sources[file->source], offset, few * item, piece);
        tp_npy_to_double(file->npy.type, piece, few, values);
        offset += few * item;
        values += few;
        count -= few;
    }
}

enum tp_status tp_dump_failed(const struct tp_dump *dump, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int32_t i = 0; !status && i < dump->file_count; i++)
        status = tp_source_check(&dump->sources[dump->files[i].source], dump->files[i].path, err);
    return status;
}

/* Rows of an array with several features of which only those columns are wanted. */
static void want_columns(const struct tp_dump *dump, const struct tp_dump_file *file, size_t low,
    size_t high, int64_t first_sample, int64_t sample_count)
{
    const struct tp_source *source = &dump->sources[file->source];
    size_t start = file->data_offset + (size_t)first_sample * file->row_bytes;
    if (high - low + (size_t)sysconf(_SC_PAGESIZE) > file->row_bytes) { /* hardly a gap between */
        tp_source_want(source, start, (size_t)sample_count * file->row_bytes);
        return;
    }
    for (size_t i = 0; i < (size_t)sample_count; i++)
        tp_source_want(source, start + i * file->row_bytes + low, high - low);
}

void tp_dump_prefetch(const struct tp_dump *dump, int32_t first_feature, int32_t feature_count,
    int64_t first_sample, int64_t sample_count)
{
    size_t low = SIZE_MAX, high = 0;
    for (int32_t i = first_feature; i < first_feature + feature_count; i++) {
        const struct tp_dump_feature *at = &dump->features[i];
        if (at->file < 0)
            continue;
        const struct tp_dump_file *file = &dump->files[at->file];
        if (dump->file_count > 1)
            want_columns(dump, file, 0, file->row_bytes, first_sample, sample_count);
        low = at->offset_bytes < low ? at->offset_bytes : low;
        size_t end = at->offset_bytes + (size_t)at->dim * file->npy.item_bytes;
        high = end > high ? end : high;
    }
    if (dump->file_count == 1 && low < high)
        want_columns(dump, dump->files, low, high, first_sample, sample_count);
}
