/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a .safetensors file: 8 bytes of length, then a JSON object (jansson),
 *   {"name": {"dtype": "F32", "shape": [4, 8], "data_offsets": [0, 128]}, ...,
 *    "__metadata__": {...}},
 * then the data, which the offsets count from its first byte. Metadata is not looked at.
 *
 * In: the bytes of a header, not trusted. Out: the form and place of each tensor. As the format
 * demands, the data is covered exactly: no overlap, no hole, nothing behind the last tensor. So a
 * file cannot ask for more bytes than it has. Only reals are taken, of at most 2^63 - 1 values.
 * Cost: O(bytes + tensors log tensors). */
#include "base/safetensors.h"

#include "base/fail.h"
#include "base/memory.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define METADATA "__metadata__"

/* What the functions below share. */
struct reader {
    const char *path;
    size_t data_start, data_bytes;
};

enum tp_status tp_safetensors_header_bytes(const unsigned char first[TP_SAFETENSORS_LENGTH_BYTES],
    size_t file_bytes, const char *path, size_t *header_bytes, struct tp_error *err)
{
    uint64_t length = 0;
    for (int i = TP_SAFETENSORS_LENGTH_BYTES; i-- > 0;)
        length = length << 8 | first[i];
    if (length > TP_SAFETENSORS_HEADER_MAX)
        return tp_fail(err, TP_EINPUT,
            "%s: its .safetensors header has %llu bytes, expected at most %zu", path,
            (unsigned long long)length, TP_SAFETENSORS_HEADER_MAX);
    if (length > file_bytes - TP_SAFETENSORS_LENGTH_BYTES)
        return tp_fail(err, TP_EINPUT,
            "%s: is cut off: its .safetensors header has %llu bytes, the file has %zu after the "
            "length",
            path, (unsigned long long)length, file_bytes - TP_SAFETENSORS_LENGTH_BYTES);
    *header_bytes = (size_t)length;
    return TP_OK;
}

void tp_safetensors_release(struct tp_safetensors *tensors)
{
    for (int32_t i = 0; i < tensors->count; i++)
        free(tensors->tensors[i].name);
    free(tensors->tensors);
    memset(tensors, 0, sizeof *tensors);
}

/* An integer of 0 or more. */
static bool take_count(const json_t *value, size_t *count)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *count = (size_t)json_integer_value(value);
    return true;
}

static enum tp_status check_keys(
    const struct reader *reader, const char *name, json_t *entry, struct tp_error *err)
{
    static const char *const known[] = {"dtype", "shape", "data_offsets"};
    const char *key;
    json_t *value;
    if (!json_is_object(entry))
        return tp_fail(err, TP_EINPUT,
            "%s: tensor '%s' is not an object, expected dtype, shape and data_offsets",
            reader->path, name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!json_object_get(entry, known[i]))
            return tp_fail(
                err, TP_EINPUT, "%s: tensor '%s': '%s' is missing", reader->path, name, known[i]);
    }
    json_object_foreach(entry, key, value)
    {
        if (strcmp(key, known[0]) && strcmp(key, known[1]) && strcmp(key, known[2]))
            return tp_fail(
                err, TP_EINPUT, "%s: tensor '%s': key '%s' is not known", reader->path, name, key);
    }
    return TP_OK;
}

static enum tp_status read_dtype(const struct reader *reader, const char *name, const json_t *entry,
    struct tp_npy *form, struct tp_error *err)
{
    static const struct {
        const char *name;
        enum tp_npy_type type;
    } known[] = {{"F16", TP_NPY_FLOAT16}, {"BF16", TP_NPY_BFLOAT16}, {"F32", TP_NPY_FLOAT32},
        {"F64", TP_NPY_FLOAT64}};
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    if (!dtype)
        return tp_fail(
            err, TP_EINPUT, "%s: tensor '%s': dtype is not a string", reader->path, name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!strcmp(dtype, known[i].name)) {
            form->type = known[i].type;
            form->item_bytes = tp_npy_real_bytes(form->type);
            return TP_OK;
        }
    }
    return tp_fail(err, TP_EINPUT,
        "%s: tensor '%s': dtype '%s' is not supported, expected F16, BF16, F32 or F64",
        reader->path, name, dtype);
}

/* Also the product of the shape, as an empty tensor's, 0, where any length is 0. */
static enum tp_status read_shape(const struct reader *reader, const char *name, const json_t *entry,
    struct tp_npy *form, struct tp_error *err)
{
    const json_t *shape = json_object_get(entry, "shape");
    bool empty = false, fits = true;
    if (!json_is_array(shape) || json_array_size(shape) > INT32_MAX)
        return tp_fail(err, TP_EINPUT, "%s: tensor '%s': shape is not a list", reader->path, name);
    form->dim_count = (int32_t)json_array_size(shape);
    form->count = 1;
    for (int32_t i = 0; i < form->dim_count; i++) {
        size_t length;
        if (!take_count(json_array_get(shape, (size_t)i), &length))
            return tp_fail(err, TP_EINPUT,
                "%s: tensor '%s': item %d of shape is not an integer of 0 or more", reader->path,
                name, i + 1);
        if (i < TP_NPY_DIMS_MAX)
            form->shape[i] = (int64_t)length;
        empty = empty || length == 0;
        fits = fits && tp_multiply(form->count, length, &form->count) && form->count <= INT64_MAX;
    }
    if (empty)
        form->count = 0;
    if (!fits && !empty)
        return tp_fail(err, TP_EINPUT,
            "%s: tensor '%s': its shape asks for more values than can be counted", reader->path,
            name);
    return TP_OK;
}

static enum tp_status read_offsets(const struct reader *reader, const char *name,
    const json_t *entry, struct tp_tensor *tensor, struct tp_error *err)
{
    const json_t *offsets = json_object_get(entry, "data_offsets");
    size_t begin, end, expected;
    if (json_array_size(offsets) != 2 || !take_count(json_array_get(offsets, 0), &begin) ||
        !take_count(json_array_get(offsets, 1), &end))
        return tp_fail(err, TP_EINPUT,
            "%s: tensor '%s': data_offsets is not a list of two integers of 0 or more",
            reader->path, name);
    if (begin > end || end > reader->data_bytes)
        return tp_fail(err, TP_EINPUT,
            "%s: tensor '%s': data_offsets are %zu and %zu, expected a rising pair within the "
            "%zu bytes of data",
            reader->path, name, begin, end, reader->data_bytes);
    if (!tp_multiply(tensor->form.count, tensor->form.item_bytes, &expected) ||
        end - begin != expected)
        return tp_fail(err, TP_EINPUT,
            "%s: tensor '%s': its data_offsets hold %zu bytes, its shape asks for %zu values of "
            "%zu bytes",
            reader->path, name, end - begin, tensor->form.count, tensor->form.item_bytes);
    tensor->offset = reader->data_start + begin;
    return TP_OK;
}

static enum tp_status read_tensor(const struct reader *reader, const char *name, json_t *entry,
    struct tp_tensor *tensor, struct tp_error *err)
{
    tensor->name = tp_copy_text(name, strlen(name));
    if (!tensor->name)
        return tp_fail_memory(err);
    enum tp_status status = check_keys(reader, name, entry, err);
    if (!status)
        status = read_dtype(reader, name, entry, &tensor->form, err);
    if (!status)
        status = read_shape(reader, name, entry, &tensor->form, err);
    if (!status)
        status = read_offsets(reader, name, entry, tensor, err);
    return status;
}

static size_t end_of(const struct tp_tensor *tensor)
{
    return tensor->offset + tensor->form.count * tensor->form.item_bytes;
}

/* Empty tensors come before the one that starts where they do. */
static int by_place(const void *a, const void *b)
{
    const struct tp_tensor *x = *(const struct tp_tensor *const *)a;
    const struct tp_tensor *y = *(const struct tp_tensor *const *)b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (end_of(x) > end_of(y)) - (end_of(x) < end_of(y));
}

/* The tensors, one after the other, must be the data. */
static enum tp_status check_cover(
    const struct reader *reader, const struct tp_safetensors *tensors, struct tp_error *err)
{
    const struct tp_tensor **order = TP_NEW(tensors->count, const struct tp_tensor *);
    if (!order)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < tensors->count; i++)
        order[i] = &tensors->tensors[i];
    qsort(order, (size_t)tensors->count, sizeof *order, by_place);
    enum tp_status status = TP_OK;
    size_t covered = reader->data_start;
    for (int32_t i = 0; !status && i < tensors->count; i++) {
        const struct tp_tensor *tensor = order[i];
        if (tensor->offset != covered)
            status = tp_fail(err, TP_EINPUT,
                "%s: tensor '%s' begins at byte %zu of the data, %s byte %zu, where the one "
                "before it ends",
                reader->path, tensor->name, tensor->offset - reader->data_start,
                tensor->offset < covered ? "before" : "behind", covered - reader->data_start);
        covered = end_of(tensor);
    }
    size_t left = reader->data_bytes - (covered - reader->data_start);
    if (!status && left)
        status =
            tp_fail(err, TP_EINPUT, "%s: has %zu bytes after its last tensor", reader->path, left);
    free(order);
    return status;
}

static enum tp_status read_tensors(
    const struct reader *reader, json_t *document, struct tp_safetensors *out, struct tp_error *err)
{
    const char *name;
    json_t *entry;
    enum tp_status status = TP_OK;
    if (!json_is_object(document))
        return tp_fail(
            err, TP_EINPUT, "%s: its .safetensors header is not an object", reader->path);
    if (json_object_size(document) > INT32_MAX)
        return tp_fail(err, TP_EINPUT, "%s: has too many tensors", reader->path);
    out->tensors = TP_NEW(json_object_size(document), struct tp_tensor);
    if (!out->tensors)
        return tp_fail_memory(err);
    json_object_foreach(document, name, entry)
    {
        if (!status && strcmp(name, METADATA) != 0)
            status = read_tensor(reader, name, entry, &out->tensors[out->count++], err);
    }
    return status ? status : check_cover(reader, out, err);
}

enum tp_status tp_safetensors_parse(const char *header, size_t header_bytes, size_t file_bytes,
    const char *path, struct tp_safetensors *out, struct tp_error *err)
{
    struct reader reader = {.path = path};
    struct tp_safetensors made = {0};
    json_error_t wrong;
    reader.data_start = TP_SAFETENSORS_LENGTH_BYTES + header_bytes;
    reader.data_bytes = file_bytes - reader.data_start;
    json_t *document = json_loadb(header, header_bytes, JSON_REJECT_DUPLICATES, &wrong);
    if (!document)
        return json_error_code(&wrong) == json_error_out_of_memory
                   ? tp_fail_memory(err)
                   : tp_fail(err, TP_EINPUT, "%s: .safetensors header: byte %d: %s", path,
                         wrong.position, wrong.text);
    enum tp_status status = read_tensors(&reader, document, &made, err);
    json_decref(document);
    if (status)
        tp_safetensors_release(&made);
    else
        *out = made;
    return status;
}
