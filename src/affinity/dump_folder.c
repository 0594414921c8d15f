/* SPDX-License-Identifier: Apache-2.0 */
/* A dump in a folder: features.json and pooled.npy (samples, F, N), or one <feature>.npy
 * (samples, N_f) per feature, the name percent-encoded.
 *
 * In: the folder's path. Out: one array with all features, or one each. An .npy file that no feature
 * explains is refused: it would be left out without a word. Other files are not looked at.
 * F features, N the one dim of pooled.npy, N_f a feature's own dim. Cost: O(F log F). */
#include "affinity/dump_forms.h"

#include <towerpart/affinity.h>

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define JSON_BYTES_MAX ((size_t)1 << 28)
#define LIST_FILE "features.json"
#define POOLED_FILE "pooled.npy"

/* Opens a file as the next source and adds its array; takes over path, also on failure. */
static enum tp_status add_file(
    struct tp_dump *dump, char *path, int32_t dim_count, struct tp_error *err)
{
    struct tp_npy form;
    enum tp_status status = TP_OK;
    struct tp_source *source = &dump->sources[dump->source_count];
    unsigned char *head = path ? tp_new(TP_NPY_HEAD_BYTES, 1) : NULL;
    if (!head)
        status = tp_fail_memory(err);
    if (!status)
        status = tp_source_open(path, source, err);
    if (!status) {
        dump->source_count++;
        size_t bytes = source->length < TP_NPY_HEAD_BYTES ? source->length : TP_NPY_HEAD_BYTES;
        tp_source_read(source, 0, bytes, head);
        status = tp_source_check(source, path, err);
        if (!status)
            status = tp_npy_parse_head(head, bytes, source->length, path, &form, err);
    }
    free(head);
    if (status)
        free(path);
    else
        status = tp_dump_add_array(
            dump, path, &form, dim_count, dump->source_count - 1, form.header_bytes, err);
    return status;
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

/* column[i]: place of the model's feature i in features.json, -1: not there; *count: names in it. */
static enum tp_status match_list(
    struct tp_dump *dump, bool may_miss, int32_t *column, int64_t *count, struct tp_error *err)
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
        status = tp_dump_match(dump, may_miss, path, names, (int32_t)*count, column, err);
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
        if (dot && !strcmp(dot, ".npy") && strcmp(name, POOLED_FILE) != 0)
            status = tp_fail(err, TP_EINPUT,
                "%s: '%s' is not expected beside %s and %s: take it away, or remove %s for a dump "
                "with one array per feature",
                dump->path, name, LIST_FILE, POOLED_FILE, LIST_FILE);
    }
    tp_folder_release(&folder);
    return status;
}

static enum tp_status add_pooled(
    struct tp_dump *dump, const int32_t *column, int64_t count, struct tp_error *err)
{
    enum tp_status status = add_file(dump, tp_path_join(dump->path, POOLED_FILE), 3, err);
    if (status)
        return status;
    const struct tp_npy *form = &dump->files->npy;
    if (form->shape[1] != count)
        return tp_fail(err, TP_EINPUT, "%s: has %lld feature%s, expected %lld as in %s",
            dump->files->path, (long long)form->shape[1], tp_plural(form->shape[1]),
            (long long)count, LIST_FILE);
    for (int32_t i = 0; !status && i < dump->model->feature_count; i++) {
        if (column[i] >= 0)
            status = tp_dump_place(dump, i, form->shape[2],
                (size_t)column[i] * (size_t)form->shape[2] * form->item_bytes, err);
    }
    return status;
}

static enum tp_status open_pooled(struct tp_dump *dump, bool may_miss, struct tp_error *err)
{
    int64_t count = 0;
    int32_t *column = TP_NEW(dump->model->feature_count, int32_t);
    enum tp_status status = column ? tp_dump_reserve(dump, 1, err) : tp_fail_memory(err);
    if (!status)
        status = match_list(dump, may_miss, column, &count, err);
    if (!status)
        status = check_alone(dump, err);
    if (!status)
        status = add_pooled(dump, column, count, err);
    free(column);
    return status;
}

/* Keeps the .npy files of the listing, as the feature names that they stand for. */
static enum tp_status decode_names(struct tp_folder *folder, struct tp_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < folder->count; i++) {
        char *name = folder->names[i];
        size_t length = tp_dump_stem(name);
        folder->names[i] = NULL;
        if (length) {
            name[length] = '\0';
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

/* The folder must hold exactly one array per feature that it has. @param column  out, -1: it has not. */
static enum tp_status match_files(
    const struct tp_dump *dump, bool may_miss, int32_t *column, struct tp_error *err)
{
    struct tp_folder folder = {0};
    enum tp_status status = tp_folder_list(dump->path, &folder, err);
    if (!status)
        status = decode_names(&folder, err);
    if (!status && folder.count > INT32_MAX)
        status = tp_fail(err, TP_EINPUT, "%s: has too many files", dump->path);
    if (!status && !folder.count)
        status = tp_fail(err, TP_EINPUT, "%s: is no dump: it has neither %s nor any .npy file",
            dump->path, LIST_FILE);
    if (!status)
        status = tp_dump_match(dump, may_miss, dump->path, (const char *const *)folder.names,
            (int32_t)folder.count, column, err);
    tp_folder_release(&folder);
    return status;
}

static char *feature_path(const struct tp_dump *dump, int32_t feature)
{
    struct tp_text name = {0};
    char *encoded = tp_percent_encode(tp_dump_feature_name(dump, feature)), *path = NULL;
    if (encoded) {
        tp_text_add(&name, "%s.npy", encoded);
        path = name.failed ? NULL : tp_path_join(dump->path, name.data);
    }
    tp_text_release(&name);
    free(encoded);
    return path;
}

static enum tp_status open_separate(struct tp_dump *dump, bool may_miss, struct tp_error *err)
{
    int32_t *column = TP_NEW(dump->model->feature_count, int32_t);
    enum tp_status status = column ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = match_files(dump, may_miss, column, err);
    if (!status)
        status = tp_dump_reserve(dump, dump->model->feature_count, err);
    for (int32_t i = 0; !status && i < dump->model->feature_count; i++) {
        if (column[i] < 0)
            continue;
        status = add_file(dump, feature_path(dump, i), 2, err);
        if (!status)
            status = tp_dump_place(dump, i, dump->files[dump->file_count - 1].npy.shape[1], 0, err);
    }
    free(column);
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

enum tp_status tp_dump_open_folder(struct tp_dump *dump, bool may_miss, struct tp_error *err)
{
    if (is_there(dump->path, LIST_FILE))
        return open_pooled(dump, may_miss, err);
    if (is_there(dump->path, POOLED_FILE) && tp_model_feature(dump->model, "pooled") < 0)
        return tp_fail(err, TP_EINPUT,
            "%s: has %s without %s, expected {\"features\": [names]} there", dump->path,
            POOLED_FILE, LIST_FILE);
    return open_separate(dump, may_miss, err);
}
