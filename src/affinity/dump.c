/* SPDX-License-Identifier: Apache-2.0 */
/* An embedding dump: a folder with one array of all features, or with one array per feature.
 *
 * In: features.json and pooled.npy (samples, F, N), or <feature>.npy (samples, N_f) each. Neither
 * the names nor the arrays are trusted: both are held against the model before anything is
 * measured.
 * Out: files mapped read-only, and for every feature of the model its place in a row. Values are
 * not looked at here, so a dump larger than memory opens at once.
 * F features, N the one dim of pooled.npy, N_f a feature's own dim. Cost: O(F log F). */
#include "affinity/dump.h"

#include <towerpart/affinity.h>

#include "affinity/names.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES_MIN 32 /* two per block of the jackknife */
#define JSON_BYTES_MAX ((size_t)1 << 28)
#define LIST_FILE "features.json"
#define POOLED_FILE "pooled.npy"
#define SUFFIX ".npy"

void tp_dump_free(struct tp_dump *dump)
{
    if (!dump)
        return;
    for (int32_t i = 0; i < dump->file_count; i++) {
        tp_file_unmap(&dump->files[i].mapping);
        free(dump->files[i].path);
    }
    free(dump->files);
    free(dump->features);
    free(dump->path);
    free(dump);
}

int64_t tp_dump_samples(const struct tp_dump *dump)
{
    return dump->samples;
}

static const char *feature_name(const struct tp_dump *dump, int32_t feature)
{
    return dump->model->features[feature].name;
}

static int32_t feature_dim(const struct tp_dump *dump, int32_t feature)
{
    return dump->model->tables[dump->model->features[feature].table].dim;
}

/* Maps a file as the next of dump->files; takes over path, also on failure. */
static enum tp_status map_array(
    struct tp_dump *dump, char *path, int32_t dim_count, struct tp_error *err)
{
    if (!path)
        return tp_fail_memory(err);
    struct tp_dump_file *file = &dump->files[dump->file_count++];
    file->path = path;
    enum tp_status status = tp_file_map(path, &file->mapping, err);
    if (!status)
        status =
            tp_npy_parse_reals(file->mapping.data, file->mapping.length, path, &file->npy, err);
    if (status)
        return status;
    if (file->npy.dim_count != dim_count)
        return tp_fail(err, TP_EINPUT, "%s: has %d dim%s, expected %s", path, file->npy.dim_count,
            tp_plural(file->npy.dim_count),
            dim_count == 3 ? "3: (samples, features, dim)" : "2: (samples, dim)");
    if (file->npy.shape[0] < SAMPLES_MIN)
        return tp_fail(err, TP_EINPUT, "%s: has %lld sample%s, expected at least %d", path,
            (long long)file->npy.shape[0], tp_plural(file->npy.shape[0]), SAMPLES_MIN);
    file->row_bytes = file->npy.item_bytes;
    for (int32_t i = 1; i < dim_count; i++)
        file->row_bytes *= (size_t)file->npy.shape[i]; /* fits: it divides the file's length */
    return TP_OK;
}

static enum tp_status check_dim(const struct tp_dump *dump, const struct tp_dump_file *file,
    int32_t feature, int64_t found, struct tp_error *err)
{
    if (found == feature_dim(dump, feature))
        return TP_OK;
    return tp_fail(err, TP_EINPUT, "%s: feature '%s' has dim %lld, expected %d as in the model",
        file->path, feature_name(dump, feature), (long long)found, feature_dim(dump, feature));
}

/* The names that features.json lists, borrowed from the document. */
static enum tp_status read_list(
    const char *path, const json_t *document, const char **names, struct tp_error *err)
{
    const json_t *list = json_object_get(document, "features");
    for (size_t i = 0; i < json_array_size(list); i++) {
        names[i] = json_string_value(json_array_get(list, i));
        if (!names[i])
            return tp_fail(err, TP_EINPUT, "%s: item %zu of features is not a string", path, i + 1);
    }
    return TP_OK;
}

static enum tp_status check_list(const char *path, json_t *document, struct tp_error *err)
{
    if (!json_is_object(document))
        return tp_fail(
            err, TP_EINPUT, "%s: is not an object, expected {\"features\": [names]}", path);
    const char *key;
    json_t *value;
    json_object_foreach(document, key, value)
    {
        if (strcmp(key, "features") != 0)
            return tp_fail(
                err, TP_EINPUT, "%s: key '%s' is not known, expected 'features'", path, key);
    }
    value = json_object_get(document, "features");
    if (!value)
        return tp_fail(err, TP_EINPUT, "%s: 'features' is missing, expected a list of names", path);
    if (!json_is_array(value) || json_array_size(value) > INT32_MAX)
        return tp_fail(err, TP_EINPUT, "%s: 'features' is not a list of names", path);
    return TP_OK;
}

static enum tp_status load_list(const char *path, json_t **document, struct tp_error *err)
{
    char *text;
    size_t length;
    json_error_t wrong;
    enum tp_status status = tp_file_read_regular(path, JSON_BYTES_MAX, &text, &length, err);
    if (status)
        return status;
    json_t *made = json_loadb(text, length, JSON_REJECT_DUPLICATES, &wrong);
    free(text);
    if (!made)
        return tp_fail(err, TP_EINPUT, "%s: line %d, column %d: %s", path, wrong.line, wrong.column,
            wrong.text);
    status = check_list(path, made, err);
    if (status)
        json_decref(made);
    else
        *document = made;
    return status;
}

/* column[i]: place of the model's feature i in features.json; *count: names in it. */
static enum tp_status match_list(
    struct tp_dump *dump, int32_t *column, int64_t *count, struct tp_error *err)
{
    json_t *document = NULL;
    const char **names = NULL;
    char *path = tp_path_join(dump->path, LIST_FILE);
    enum tp_status status = path ? load_list(path, &document, err) : tp_fail_memory(err);
    if (!status) {
        *count = (int64_t)json_array_size(json_object_get(document, "features"));
        names = TP_NEW(*count, const char *);
        status = names ? read_list(path, document, names, err) : tp_fail_memory(err);
    }
    if (!status)
        status = tp_names_match(path, names, (int32_t)*count, dump->model, column, err);
    free(names);
    json_decref(document);
    free(path);
    return status;
}

/* An array that no feature explains would otherwise be left out without a word. */
static enum tp_status check_alone(const struct tp_dump *dump, struct tp_error *err)
{
    struct tp_folder folder;
    enum tp_status status = tp_folder_list(dump->path, &folder, err);
    if (status)
        return status;
    for (size_t i = 0; !status && i < folder.count; i++) {
        const char *name = folder.names[i], *dot = strrchr(name, '.');
        if (dot && !strcmp(dot, SUFFIX) && strcmp(name, POOLED_FILE) != 0)
            status = tp_fail(err, TP_EINPUT,
                "%s: '%s' is not expected beside %s and %s: take it away, or remove %s for a dump "
                "with one array per feature",
                dump->path, name, LIST_FILE, POOLED_FILE, LIST_FILE);
    }
    tp_folder_release(&folder);
    return status;
}

static enum tp_status open_pooled(struct tp_dump *dump, struct tp_error *err)
{
    int64_t count = 0;
    int32_t *column = TP_NEW(dump->model->feature_count, int32_t);
    dump->files = TP_NEW(1, struct tp_dump_file);
    enum tp_status status = column && dump->files ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = match_list(dump, column, &count, err);
    if (!status)
        status = check_alone(dump, err);
    if (!status)
        status = map_array(dump, tp_path_join(dump->path, POOLED_FILE), 3, err);
    const struct tp_dump_file *file = dump->files;
    if (!status && file->npy.shape[1] != count)
        status = tp_fail(err, TP_EINPUT, "%s: has %lld feature%s, expected %lld as in %s",
            file->path, (long long)file->npy.shape[1], tp_plural(file->npy.shape[1]),
            (long long)count, LIST_FILE);
    for (int32_t i = 0; !status && i < dump->model->feature_count; i++) {
        status = check_dim(dump, file, i, file->npy.shape[2], err);
        size_t feature_bytes = (size_t)file->npy.shape[2] * file->npy.item_bytes;
        dump->features[i] = (struct tp_dump_feature){
            .dim = feature_dim(dump, i), .offset_bytes = (size_t)column[i] * feature_bytes};
    }
    if (!status)
        dump->samples = file->npy.shape[0];
    free(column);
    return status;
}

/* Keeps the .npy files of the listing, as the feature names that they stand for. */
static enum tp_status decode_names(struct tp_folder *folder, struct tp_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < folder->count; i++) {
        char *name = folder->names[i];
        size_t length = strlen(name), suffix = strlen(SUFFIX);
        folder->names[i] = NULL;
        if (length > suffix && !strcmp(name + length - suffix, SUFFIX)) {
            name[length - suffix] = '\0';
            folder->names[kept] = tp_percent_decode(name);
            if (!folder->names[kept++]) {
                free(name);
                return tp_fail_memory(err);
            }
        }
        free(name);
    }
    folder->count = kept;
    return TP_OK;
}

/* The folder must hold exactly one array per feature of the model. */
static enum tp_status match_files(const struct tp_dump *dump, struct tp_error *err)
{
    struct tp_folder folder = {0};
    int32_t *unused = TP_NEW(dump->model->feature_count, int32_t);
    enum tp_status status = unused ? tp_folder_list(dump->path, &folder, err) : tp_fail_memory(err);
    if (!status)
        status = decode_names(&folder, err);
    if (!status && folder.count > INT32_MAX)
        status = tp_fail(err, TP_EINPUT, "%s: has too many files", dump->path);
    if (!status && !folder.count)
        status = tp_fail(err, TP_EINPUT, "%s: is no dump: it has neither %s nor any .npy file",
            dump->path, LIST_FILE);
    if (!status)
        status = tp_names_match(dump->path, (const char *const *)folder.names,
            (int32_t)folder.count, dump->model, unused, err);
    tp_folder_release(&folder);
    free(unused);
    return status;
}

static char *feature_path(const struct tp_dump *dump, int32_t feature)
{
    struct tp_text name = {0};
    char *encoded = tp_percent_encode(feature_name(dump, feature)), *path = NULL;
    if (encoded) {
        tp_text_add(&name, "%s%s", encoded, SUFFIX);
        path = name.failed ? NULL : tp_path_join(dump->path, name.data);
    }
    tp_text_release(&name);
    free(encoded);
    return path;
}

static enum tp_status open_separate(struct tp_dump *dump, struct tp_error *err)
{
    enum tp_status status = match_files(dump, err);
    if (status)
        return status;
    dump->files = TP_NEW(dump->model->feature_count, struct tp_dump_file);
    if (!dump->files)
        return tp_fail_memory(err);
    for (int32_t i = 0; !status && i < dump->model->feature_count; i++) {
        status = map_array(dump, feature_path(dump, i), 2, err);
        if (status)
            break;
        const struct tp_dump_file *file = &dump->files[i], *first = dump->files;
        dump->features[i] = (struct tp_dump_feature){.file = i, .dim = feature_dim(dump, i)};
        status = check_dim(dump, file, i, file->npy.shape[1], err);
        if (!status && file->npy.shape[0] != first->npy.shape[0])
            status = tp_fail(err, TP_EINPUT, "%s: has %lld sample%s, expected %lld as in %s",
                file->path, (long long)file->npy.shape[0], tp_plural(file->npy.shape[0]),
                (long long)first->npy.shape[0], first->path);
    }
    if (!status)
        dump->samples = dump->files->npy.shape[0];
    return status;
}

static bool is_there(const char *folder, const char *name)
{
    struct stat info;
    char *path = tp_path_join(folder, name);
    bool found = path && !stat(path, &info);
    free(path);
    return found;
}

/* What later versions read is refused by name, not taken for something else. */
static enum tp_status check_kind(const char *path, struct tp_error *err)
{
    const char *dot = strrchr(path, '.');
    bool archive = dot && (!strcmp(dot, ".npz") || !strcmp(dot, ".safetensors"));
    struct stat info;
    if (!archive && strcmp(path, "-") != 0 && stat(path, &info))
        return tp_fail(err, TP_EINPUT, "%s: there is no such dump, expected a folder", path);
    if (archive || !tp_path_is_folder(path))
        return tp_fail(err, TP_EINPUT,
            "%s: a dump in one %s%sfile is not part of this version, expected a folder with %s and "
            "%s, or with one <feature>.npy each",
            path, archive ? dot : "", archive ? " " : "", LIST_FILE, POOLED_FILE);
    return TP_OK;
}

enum tp_status tp_dump_open(const char *path, const struct tp_model *model, bool may_miss,
    struct tp_dump **dump, struct tp_error *err)
{
    (void)may_miss;
    enum tp_status status = check_kind(path, err);
    if (status)
        return status;
    struct tp_dump *made = TP_NEW(1, struct tp_dump);
    if (!made)
        return tp_fail_memory(err);
    made->model = model;
    made->path = tp_copy_text(path, strlen(path));
    made->features = TP_NEW(model->feature_count, struct tp_dump_feature);
    if (!made->path || !made->features)
        status = tp_fail_memory(err);
    else if (is_there(path, LIST_FILE))
        status = open_pooled(made, err);
    else if (is_there(path, POOLED_FILE) && tp_model_feature(model, "pooled") < 0)
        status =
            tp_fail(err, TP_EINPUT, "%s: has %s without %s, expected {\"features\": [names]} there",
                path, POOLED_FILE, LIST_FILE);
    else
        status = open_separate(made, err);
    if (status)
        tp_dump_free(made);
    else
        *dump = made;
    return status;
}

/* posix_madvise() wants the start of a page. */
static void want(const unsigned char *from, size_t length, size_t page)
{
    size_t before = (size_t)((uintptr_t)from % page);
    (void)posix_madvise((void *)(from - before), length + before, POSIX_MADV_WILLNEED);
}

void tp_dump_prefetch(const struct tp_dump *dump, int32_t first_feature, int32_t feature_count,
    int64_t first_sample, int64_t sample_count)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), low = SIZE_MAX, high = 0;
    for (int32_t i = first_feature; i < first_feature + feature_count; i++) {
        const struct tp_dump_feature *at = &dump->features[i];
        const struct tp_dump_file *file = &dump->files[at->file];
        if (dump->file_count > 1)
            want(file->npy.data + (size_t)first_sample * file->row_bytes,
                (size_t)sample_count * file->row_bytes, page);
        low = at->offset_bytes < low ? at->offset_bytes : low;
        size_t end = at->offset_bytes + (size_t)at->dim * file->npy.item_bytes;
        high = end > high ? end : high;
    }
    const struct tp_dump_file *pooled = dump->files;
    if (dump->file_count > 1)
        return;
    if (high - low + page > pooled->row_bytes) { /* hardly a gap between rows: one long piece */
        want(pooled->npy.data + (size_t)first_sample * pooled->row_bytes,
            (size_t)sample_count * pooled->row_bytes, page);
        return;
    }
    for (int64_t i = first_sample; i < first_sample + sample_count; i++)
        want(pooled->npy.data + (size_t)i * pooled->row_bytes + low, high - low, page);
}
