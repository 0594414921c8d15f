/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in a temporary file without a name, so that a log larger than memory can be trained on.
 *
 * A sample is label (float32), number of ids (int32), dense values (float32), length of each
 * feature's bag (int32), ids (int64). Samples differ in length; the offset of every STRIDE-th is
 * kept in memory, from there the numbers of ids lead to the others. So a sample costs 8 / STRIDE
 * bytes of memory.
 *
 * Order of calls: init, add ..., close, then read and want in any order. Cost of a sample: its
 * bytes. */
#include "data/sample_file.h"

#include "base/fail.h"
#include "base/memory.h"
#include "data/batch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRIDE 64
#define FLUSH_BYTES ((size_t)1 << 20)
#define SHOWN_PATH "the temporary file of the samples"

/* What a sample begins with. */
struct start {
    float label;
    int32_t id_count;
};

static size_t dense_bytes(const struct tp_model *model)
{
    return (size_t)model->dense_features * sizeof(float);
}

static size_t length_bytes(const struct tp_model *model)
{
    return (size_t)model->feature_count * sizeof(int32_t);
}

size_t tp_sample_file_bytes(const struct tp_model *model, int64_t samples, int64_t ids)
{
    size_t fixed = sizeof(struct start) + dense_bytes(model) + length_bytes(model);
    return (size_t)samples * fixed + (size_t)ids * sizeof(int64_t);
}

enum tp_status tp_sample_file_init(struct tp_sample_file *file, const struct tp_model *model,
    size_t bytes, const char *what, struct tp_error *err)
{
    file->model = model;
    enum tp_status status = tp_temporary_open(bytes, what, &file->temporary, err);
    file->open = status == TP_OK;
    return status;
}

static enum tp_status flush(struct tp_sample_file *file, struct tp_error *err)
{
    enum tp_status status = tp_temporary_write(
        &file->temporary, file->written, file->buffer.data, file->buffer.length, err);
    file->written += file->buffer.length;
    file->buffer.length = 0;
    return status;
}

/* Keeps where the next sample begins. */
static enum tp_status keep_offset(struct tp_sample_file *file, struct tp_error *err)
{
    size_t at = (size_t)(file->count / STRIDE);
    if (at == file->offset_capacity) {
        size_t capacity = 2 * at + 64;
        size_t *offsets = tp_resize(file->offsets, capacity, sizeof *offsets);
        if (!offsets)
            return tp_fail_memory(err);
        file->offsets = offsets;
        file->offset_capacity = capacity;
    }
    file->offsets[at] = file->written + file->buffer.length;
    return TP_OK;
}

enum tp_status tp_sample_file_add(struct tp_sample_file *file, float label, const float *dense,
    const int32_t *lengths, const int64_t *ids, struct tp_error *err)
{
    struct start start = {label, 0};
    enum tp_status status = TP_OK;
    for (int32_t f = 0; f < file->model->feature_count; f++)
        start.id_count += lengths[f];
    if (file->count % STRIDE == 0)
        status = keep_offset(file, err);
    tp_text_add_bytes(&file->buffer, (const char *)&start, sizeof start);
    tp_text_add_bytes(&file->buffer, (const char *)dense, dense_bytes(file->model));
    tp_text_add_bytes(&file->buffer, (const char *)lengths, length_bytes(file->model));
    if (start.id_count > 0)
        tp_text_add_bytes(&file->buffer, (const char *)ids, (size_t)start.id_count * sizeof *ids);
    file->count++;
    if (!status && file->buffer.failed)
        status = tp_fail_memory(err);
    if (!status && file->buffer.length >= FLUSH_BYTES)
        status = flush(file, err);
    return status;
}

enum tp_status tp_sample_file_close(struct tp_sample_file *file, struct tp_error *err)
{
    enum tp_status status = file->buffer.length > 0 ? flush(file, err) : TP_OK;
    tp_text_release(&file->buffer);
    if (status)
        return status;
    file->open = false;
    return tp_source_take(
        file->temporary.descriptor, file->written, SHOWN_PATH, &file->source, err);
}

/* Reads where a sample's bytes are. @return the number of its ids. */
static int32_t read_start(struct tp_sample_file *file, size_t offset, float *label)
{
    struct start start;
    tp_source_read(&file->source, offset, sizeof start, &start);
    *label = start.label;
    return start.id_count;
}

static size_t find_offset(struct tp_sample_file *file, int64_t index)
{
    float label;
    size_t offset = file->offsets[index / STRIDE];
    for (int64_t i = index % STRIDE; i > 0; i--)
        offset += tp_sample_file_bytes(file->model, 1, read_start(file, offset, &label));
    return offset;
}

/* Reads one sample into a batch. @param offset  of it; out: of the next one. */
static enum tp_status read_one(struct tp_sample_file *file, int32_t at, size_t *offset,
    struct tp_batch *batch, struct tp_error *err)
{
    const struct tp_model *model = file->model;
    int32_t id_count = read_start(file, *offset, &batch->labels[at]);
    int64_t *ids = tp_batch_room(batch, id_count);
    if (!ids)
        return tp_fail_memory(err);
    *offset += sizeof(struct start);
    tp_source_read(&file->source, *offset, dense_bytes(model),
        batch->dense + (int64_t)at * model->dense_features);
    *offset += dense_bytes(model);
    tp_source_read(&file->source, *offset, length_bytes(model),
        batch->lengths + (int64_t)at * model->feature_count);
    *offset += length_bytes(model);
    tp_source_read(&file->source, *offset, (size_t)id_count * sizeof *ids, ids);
    *offset += (size_t)id_count * sizeof *ids;
    batch->id_count += id_count;
    return TP_OK;
}

enum tp_status tp_sample_file_read(struct tp_sample_file *file, int64_t first, int32_t count,
    struct tp_batch *batch, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    size_t offset = find_offset(file, first);
    for (int32_t i = 0; i < count && !status; i++)
        status = read_one(file, i, &offset, batch, err);
    return status ? status : tp_source_check(&file->source, SHOWN_PATH, err);
}

void tp_sample_file_want(const struct tp_sample_file *file, int64_t first, int32_t count)
{
    int64_t behind = (first + count + STRIDE - 1) / STRIDE;
    size_t from = file->offsets[first / STRIDE];
    size_t to = behind * STRIDE < file->count ? file->offsets[behind] : file->written;
    tp_source_want(&file->source, from, to - from);
}

void tp_sample_file_release(struct tp_sample_file *file)
{
    if (file->open)
        close(file->temporary.descriptor);
    tp_source_close(&file->source);
    tp_text_release(&file->buffer);
    free(file->offsets);
    *file = (struct tp_sample_file){0};
}
