/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in a temporary file: appended one by one, then read in any range. */
#ifndef TP_DATA_SAMPLE_FILE_H
#define TP_DATA_SAMPLE_FILE_H

#include <towerpart/model.h>
#include <towerpart/status.h>

#include "base/source.h"
#include "base/temporary.h"
#include "base/text.h"
#include "data/samples.h"

struct tp_sample_file {
    const struct tp_model *model; /* borrowed until release */
    struct tp_temporary temporary;
    bool open;             /* for writing */
    struct tp_text buffer; /* to be written at `written` */
    size_t written;        /* bytes */
    int64_t count;         /* samples */
    size_t *offsets;       /* (offset_capacity) of every STRIDE-th sample */
    size_t offset_capacity;
    struct tp_source source; /* for reading */
};

/* All zero before. @param bytes  that it will take, about. @param what  is read, for messages.
 * @return as tp_temporary_open(). */
enum tp_status tp_sample_file_init(struct tp_sample_file *file, const struct tp_model *model,
    size_t bytes, const char *what, struct tp_error *err);

/* Appends a sample.
 * @param dense    (dense_features)
 * @param lengths  (F)
 * @param ids      as many as the lengths add up to; NULL if none. */
enum tp_status tp_sample_file_add(struct tp_sample_file *file, float label, const float *dense,
    const int32_t *lengths, const int64_t *ids, struct tp_error *err);

/* Ends the writing. */
enum tp_status tp_sample_file_close(struct tp_sample_file *file, struct tp_error *err);

/* Fills the first samples of a batch that has been begun, with first .. first + count - 1, which
 * exist. */
enum tp_status tp_sample_file_read(struct tp_sample_file *file, int64_t first, int32_t count,
    struct tp_batch *batch, struct tp_error *err);

/* Asks the system to have them in memory soon. */
void tp_sample_file_want(const struct tp_sample_file *file, int64_t first, int32_t count);

void tp_sample_file_release(struct tp_sample_file *file);

/* Bytes of so many samples with so many ids in all. */
size_t tp_sample_file_bytes(const struct tp_model *model, int64_t samples, int64_t ids);

#endif
