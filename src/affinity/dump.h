/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of an embedding dump, for those who measure it. */
#ifndef TP_AFFINITY_DUMP_H
#define TP_AFFINITY_DUMP_H

#include <stdint.h>

#include <towerpart/affinity.h>

#include "base/chunks.h"
#include "base/npy.h"
#include "base/source.h"

/* One array. Sample s starts at byte data_offset + s * row_bytes of its source. */
struct tp_dump_file {
    char *path; /* for messages: of the file, followed by the array's name where it holds several */
    int32_t source;
    struct tp_npy npy; /* its form; npy.data is NULL */
    size_t data_offset, row_bytes;
};

/* Where a feature's values stand in each row of an array. */
struct tp_dump_feature {
    int32_t file; /* -1: the feature is not in the dump */
    int32_t dim;  /* of the model */
    size_t offset_bytes;
};

struct tp_dump {
    char *path;                   /* the folder or the file */
    const struct tp_model *model; /* borrowed */
    int64_t samples;
    struct tp_source *sources; /* what is open: one file, or one per array */
    int32_t source_count;
    struct tp_chunks *chunks;   /* of the sources that are not mapped */
    struct tp_dump_file *files; /* one, or one per feature that is there */
    int32_t file_count;
    struct tp_dump_feature *features; /* (F), in the model's order */
};

/* tp_dump_read() where the file is not mapped. */
void tp_dump_read_slowly(const struct tp_dump *dump, const struct tp_dump_file *file, size_t offset,
    size_t count, double *values);

/* Copies a feature's values of one sample; zeros if the file cannot be read, which
 * tp_dump_failed() tells. @param feature  one that is there. @param values  out, (dim). */
static inline void tp_dump_read(
    const struct tp_dump *dump, int32_t feature, int64_t sample, double *values)
{
    const struct tp_dump_feature *at = &dump->features[feature];
    const struct tp_dump_file *file = &dump->files[at->file];
    const unsigned char *data = dump->sources[file->source].data;
    size_t offset = file->data_offset + (size_t)sample * file->row_bytes + at->offset_bytes;
    if (data)
        tp_npy_to_double(file->npy.type, data + offset, (size_t)at->dim, values);
    else
        tp_dump_read_slowly(dump, file, offset, (size_t)at->dim, values);
}

/* TP_EINPUT with the file if any tp_dump_read() failed. To be asked after a pass over the dump, before
 * its result is used. */
enum tp_status tp_dump_failed(const struct tp_dump *dump, struct tp_error *err);

/* Asks the system to have these rows of some neighbouring features in memory soon. */
void tp_dump_prefetch(const struct tp_dump *dump, int32_t first_feature, int32_t feature_count,
    int64_t first_sample, int64_t sample_count);

#endif
