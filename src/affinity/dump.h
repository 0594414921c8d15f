/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of an embedding dump, for those who measure it. */
#ifndef TP_AFFINITY_DUMP_H
#define TP_AFFINITY_DUMP_H

#include <stdint.h>

#include <towerpart/affinity.h>

#include "base/file.h"
#include "base/npy.h"

/* One array, mapped. Sample s starts at npy.data + s * row_bytes. */
struct tp_dump_file {
    char *path;
    struct tp_mapping mapping;
    struct tp_npy npy;
    size_t row_bytes;
};

/* Where a feature's values stand in each row of a file. */
struct tp_dump_feature {
    int32_t file;
    int32_t dim;
    size_t offset_bytes;
};

struct tp_dump {
    char *path;                   /* the folder */
    const struct tp_model *model; /* borrowed */
    int64_t samples;
    struct tp_dump_file *files; /* one, or one per feature */
    int32_t file_count;
    struct tp_dump_feature *features; /* (F), in the model's order */
};

/* Copies a feature's values of one sample. @param values  out, (dim). */
static inline void tp_dump_read(
    const struct tp_dump *dump, int32_t feature, int64_t sample, double *values)
{
    const struct tp_dump_feature *at = &dump->features[feature];
    const struct tp_dump_file *file = &dump->files[at->file];
    const unsigned char *row = file->npy.data + (size_t)sample * file->row_bytes;
    tp_npy_to_double(file->npy.type, row + at->offset_bytes, (size_t)at->dim, values);
}

/* Asks the system to have these rows of some neighbouring features in memory soon. */
void tp_dump_prefetch(const struct tp_dump *dump, int32_t first_feature, int32_t feature_count,
    int64_t first_sample, int64_t sample_count);

#endif
