/* SPDX-License-Identifier: Apache-2.0 */
/* A dump in one .safetensors file: a tensor (samples, N_f) per feature, named as the feature.
 *
 * In: the file's path. Out: one source, an array per feature; nothing is copied. The header alone is
 * read here. F features. Cost: the header's length, O(F log F). */
#include "affinity/dump_forms.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/safetensors.h"

#include <stdlib.h>
#include <string.h>

static enum tp_status read_header(struct tp_source *source, const char *path,
    struct tp_safetensors *tensors, struct tp_error *err)
{
    unsigned char first[TP_SAFETENSORS_LENGTH_BYTES];
    size_t header_bytes;
    if (source->length < sizeof first)
        return tp_fail(err, TP_EINPUT,
            "%s: is no .safetensors: has %zu bytes, expected a length of %zu bytes, a header and "
            "data",
            path, source->length, sizeof first);
    tp_source_read(source, 0, sizeof first, first);
    enum tp_status status =
        tp_safetensors_header_bytes(first, source->length, path, &header_bytes, err);
    if (status)
        return status;
    char *header = tp_new(header_bytes, 1);
    if (!header)
        return tp_fail_memory(err);
    tp_source_read(source, sizeof first, header_bytes, header);
    status = tp_source_check(source, path, err);
    if (!status)
        status = tp_safetensors_parse(header, header_bytes, source->length, path, tensors, err);
    free(header);
    return status;
}

/* column[i]: the tensor of the model's feature i, -1: none. */
static enum tp_status match_tensors(const struct tp_dump *dump, bool may_miss,
    const struct tp_safetensors *tensors, int32_t *column, struct tp_error *err)
{
    const char **names = TP_NEW(tensors->count, const char *);
    if (!names)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < tensors->count; i++)
        names[i] = tensors->tensors[i].name;
    enum tp_status status =
        tp_dump_match(dump, may_miss, dump->path, names, tensors->count, column, err);
    free(names);
    return status;
}

enum tp_status tp_dump_open_safetensors(struct tp_dump *dump, bool may_miss, struct tp_error *err)
{
    struct tp_safetensors tensors = {0};
    int32_t *column = TP_NEW(dump->model->feature_count, int32_t);
    enum tp_status status = column ? tp_dump_reserve(dump, 1, err) : tp_fail_memory(err);
    if (!status)
        status = tp_source_open(dump->path, dump->sources, err);
    if (!status) {
        dump->source_count = 1;
        status = read_header(dump->sources, dump->path, &tensors, err);
    }
    if (!status)
        status = match_tensors(dump, may_miss, &tensors, column, err);
    for (int32_t i = 0; !status && i < dump->model->feature_count; i++) {
        if (column[i] >= 0)
            status = tp_dump_add_feature(dump, i, "tensor", &tensors.tensors[column[i]].form,
                tensors.tensors[column[i]].offset, err);
    }
    tp_safetensors_release(&tensors);
    free(column);
    return status;
}
