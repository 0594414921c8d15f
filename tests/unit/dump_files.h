/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps in one file, as numpy and safetensors write them, made without either. */
#ifndef TESTS_UNIT_DUMP_FILES_H
#define TESTS_UNIT_DUMP_FILES_H

#include "sample_dump.h"

#include "affinity/dump.h"

#include <fcntl.h>
#include <zip.h>

/* A .safetensors file while it is made: add_tensor() ..., then put_tensors(). */
struct tensor_file {
    struct tp_text header, data;
};

static inline void add_tensor(struct tensor_file *file, const char *name, enum tp_npy_type type,
    int64_t samples, int64_t dim, const double *values)
{
    static const char *const dtypes[] = {"F16", "F32", "F64", "I64", "?", "BF16"};
    size_t begin = file->data.length;
    add_values(&file->data, type, (size_t)(samples * dim), values);
    tp_text_add(&file->header,
        "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%lld,%lld],\"data_offsets\":[%zu,%zu]}",
        file->header.length ? "," : "{\"__metadata__\":{\"format\":\"pt\"},", name, dtypes[type],
        (long long)samples, (long long)dim, begin, file->data.length);
}

/* A file of a header and data; its length field says what it should. */
static inline void put_header_and_data(
    const char *name, const char *header, const void *data, size_t data_bytes)
{
    struct tp_text out = {0};
    uint64_t length = strlen(header);
    tp_text_add_bytes(&out, (const char *)&length, sizeof length);
    tp_text_add_bytes(&out, header, length);
    tp_text_add_bytes(&out, data, data_bytes);
    put_file(name, out.data, out.length);
    tp_text_release(&out);
}

static inline void put_tensors(struct tensor_file *file, const char *name)
{
    tp_text_add(&file->header, "}");
    put_header_and_data(name, file->header.data, file->data.data, file->data.length);
    tp_text_release(&file->header);
    tp_text_release(&file->data);
}

static inline zip_t *begin_zip(const char *name)
{
    zip_t *zip = zip_open(in_scratch(name), ZIP_CREATE | ZIP_TRUNCATE, NULL);
    ck_assert_ptr_nonnull(zip);
    return zip;
}

/* Adds a member, stored or deflated; returns its number. The bytes are copied. */
static inline zip_uint64_t add_member(
    zip_t *zip, const char *member, const void *data, size_t length, int method)
{
    void *copy = malloc(length + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, data, length);
    zip_source_t *source = zip_source_buffer(zip, copy, length, 1);
    zip_int64_t index = zip_file_add(zip, member, source, ZIP_FL_ENC_UTF_8);
    ck_assert_int_ge(index, 0);
    ck_assert_int_eq(zip_set_file_compression(zip, (zip_uint64_t)index, method, 0), 0);
    return (zip_uint64_t)index;
}

static inline void add_npy_member(zip_t *zip, const char *member, enum tp_npy_type type,
    int64_t samples, int64_t dim, const double *values, int method)
{
    struct tp_text out = {0};
    add_array(&out, type, 2, (int64_t[]){samples, dim}, values);
    add_member(zip, member, out.data, out.length, method);
    tp_text_release(&out);
}

/* What a short address space makes of an open dump of files: they are read, not mapped. */
static inline void unmap_dump(struct tp_dump *dump)
{
    for (int32_t i = 0; i < dump->file_count; i++) {
        struct tp_source *source = &dump->sources[dump->files[i].source];
        size_t length = source->length;
        const char *colon = strchr(dump->files[i].path, ':');
        char path[5120];
        if (!source->data)
            continue;
        snprintf(path, sizeof path, "%.*s",
            colon ? (int)(colon - dump->files[i].path) : (int)strlen(dump->files[i].path),
            dump->files[i].path);
        tp_source_close(source);
        source->length = length;
        source->descriptor = open(path, O_RDONLY);
        ck_assert_int_ge(source->descriptor, 0);
    }
}

#endif
