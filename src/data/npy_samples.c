/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in NumPy's arrays.
 *
 * In: a folder with labels.npy (samples), sparse.npy (samples, F) or (samples, F, P) and, if the
 * model has dense features, dense.npy (samples, dense_features). Out: its samples. Ids are rows of
 * the tables as they stand; -1 in the form with P is no id, the filling of short bags. Dense values
 * are taken as they are.
 *
 * The files are mapped, or read a row at a time where the address space is too small
 * (src/base/source.c), so they may be larger than memory. Shapes and types are checked when they are
 * opened, values when they are read. Cost of a sample: its bytes; of opening: a nanosecond per
 * sample, for the split. */
#include "data/sample_kind.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/source.h"
#include "data/split.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PADDING (-1)

enum array_kind { LABELS, SPARSE, DENSE, ARRAY_COUNT };

struct array {
    const char *path; /* borrowed from the samples' files; NULL: not opened */
    struct tp_source source;
    struct tp_npy form;
    size_t row_bytes;   /* of a sample */
    unsigned char *row; /* (row_bytes) the sample that is read */
};

struct npy {
    const struct tp_model *model;
    struct tp_split split;
    struct array arrays[ARRAY_COUNT];
    double *reals; /* (dense_features) */
    int32_t width; /* ids of a feature and sample: P, or 1 */
};

static enum tp_status open_array(struct array *array, const char *path, struct tp_error *err)
{
    unsigned char *head = TP_NEW(TP_NPY_HEAD_BYTES, unsigned char);
    enum tp_status status = head ? tp_source_open(path, &array->source, err) : tp_fail_memory(err);
    if (!status) {
        size_t length = array->source.length;
        size_t bytes = length < TP_NPY_HEAD_BYTES ? length : TP_NPY_HEAD_BYTES;
        array->path = path;
        tp_source_read(&array->source, 0, bytes, head);
        status = tp_source_check(&array->source, path, err);
        if (!status)
            status = tp_npy_parse_head_numbers(head, bytes, length, path, &array->form, err);
    }
    free(head);
    return status;
}

/* Appends "(3, 4)". */
static void add_shape(struct tp_text *text, const struct tp_npy *form)
{
    tp_text_add(text, "(");
    for (int32_t i = 0; i < form->dim_count; i++)
        tp_text_add(text, "%s%lld", i ? ", " : "", (long long)form->shape[i]);
    tp_text_add(text, "%s)", form->dim_count == 1 ? "," : "");
}

static enum tp_status fail_shape(
    const struct array *array, const char *expected, struct tp_error *err)
{
    struct tp_text found = {0};
    add_shape(&found, &array->form);
    enum tp_status status = found.failed
                                ? tp_fail_memory(err)
                                : tp_fail(err, TP_EINPUT, "%s: found the shape %s, expected %s",
                                      array->path, found.data, expected);
    tp_text_release(&found);
    return status;
}

static enum tp_status check_labels(const struct npy *n, struct tp_error *err)
{
    const struct array *labels = &n->arrays[LABELS];
    if (labels->form.dim_count != 1)
        return fail_shape(labels, "one dim: a label for each sample", err);
    if (labels->form.shape[0] == 0)
        return tp_fail(err, TP_EINPUT, "%s: found no samples, expected at least one", labels->path);
    return TP_OK;
}

/* Whether as many samples as there are labels, and then so many values. */
static bool fits(const struct npy *n, const struct tp_npy *form, int32_t values)
{
    return form->dim_count >= 2 && form->shape[0] == n->arrays[LABELS].form.shape[0] &&
           form->shape[1] == values;
}

static enum tp_status check_sparse(struct npy *n, struct tp_error *err)
{
    const struct array *sparse = &n->arrays[SPARSE];
    const struct tp_npy *form = &sparse->form;
    char expected[160];
    if (form->type != TP_NPY_INT32 && form->type != TP_NPY_INT64)
        return tp_fail(err, TP_EINPUT,
            "%s: found real numbers, expected ids: save it with array.astype('<i8')", sparse->path);
    bool bags = form->dim_count == 3;
    n->width = bags && form->shape[2] <= INT32_MAX ? (int32_t)form->shape[2] : 1;
    if (fits(n, form, n->model->feature_count) && (!bags || form->shape[2] == n->width))
        return TP_OK;
    snprintf(expected, sizeof expected,
        "(%lld, %d) or (%lld, %d, P): labels.npy has as many samples, the model as many features",
        (long long)n->arrays[LABELS].form.shape[0], (int)n->model->feature_count,
        (long long)n->arrays[LABELS].form.shape[0], (int)n->model->feature_count);
    return fail_shape(sparse, expected, err);
}

static enum tp_status check_dense(const struct npy *n, struct tp_error *err)
{
    const struct array *dense = &n->arrays[DENSE];
    const struct tp_npy *form = &dense->form;
    char expected[160];
    if (form->type == TP_NPY_INT32 || form->type == TP_NPY_INT64)
        return tp_fail(err, TP_EINPUT,
            "%s: found integers, expected real numbers: save it with array.astype('<f4')",
            dense->path);
    if (form->dim_count == 2 && fits(n, form, n->model->dense_features))
        return TP_OK;
    snprintf(expected, sizeof expected,
        "(%lld, %d): labels.npy has as many samples, the model as many dense features",
        (long long)n->arrays[LABELS].form.shape[0], (int)n->model->dense_features);
    return fail_shape(dense, expected, err);
}

/* Reads a sample of an array. What cannot be read is 0 until tp_source_check() is asked. */
static const unsigned char *row_of(struct array *array, int64_t sample)
{
    size_t offset = array->form.header_bytes + (size_t)sample * array->row_bytes;
    if (array->source.data)
        return array->source.data + offset;
    tp_source_read(&array->source, offset, array->row_bytes, array->row);
    return array->row;
}

static enum tp_status read_label(struct npy *n, int64_t sample, float *label, struct tp_error *err)
{
    struct array *labels = &n->arrays[LABELS];
    enum tp_npy_type type = labels->form.type;
    const unsigned char *row = row_of(labels, sample);
    double value;
    if (type == TP_NPY_INT32 || type == TP_NPY_INT64)
        value = (double)tp_npy_to_integer(type, row);
    else
        tp_npy_to_double(type, row, 1, &value);
    if (value != 0 && value != 1)
        return tp_fail(err, TP_EINPUT, "%s: sample %lld: found the label %g, expected 0 or 1",
            labels->path, (long long)sample, value);
    *label = (float)value;
    return TP_OK;
}

static enum tp_status read_dense(struct npy *n, int64_t sample, float *values, struct tp_error *err)
{
    struct array *dense = &n->arrays[DENSE];
    int32_t count = n->model->dense_features;
    if (count == 0)
        return TP_OK;
    tp_npy_to_float(dense->form.type, row_of(dense, sample), (size_t)count, values);
    for (int32_t d = 0; d < count; d++)
        if (!isfinite(values[d]))
            return tp_fail(err, TP_EINPUT,
                "%s: sample %lld, column %d: found %g, expected a finite float32", dense->path,
                (long long)sample, (int)d, (double)values[d]);
    return TP_OK;
}

static enum tp_status fail_id(
    const struct npy *n, int64_t sample, int32_t feature, int64_t id, struct tp_error *err)
{
    const struct tp_feature *f = &n->model->features[feature];
    const struct tp_table *table = &n->model->tables[f->table];
    return tp_fail(err, TP_EINPUT,
        "%s: sample %lld, feature %s: found the id %lld, expected 0 to %lld, the rows of table "
        "%s%s",
        n->arrays[SPARSE].path, (long long)sample, f->name, (long long)id,
        (long long)table->rows - 1, table->name,
        n->arrays[SPARSE].form.dim_count == 3 ? ", or -1 for none" : "");
}

static enum tp_status read_ids(
    struct npy *n, int64_t sample, int32_t *lengths, struct tp_batch *batch, struct tp_error *err)
{
    const struct tp_model *model = n->model;
    const struct tp_npy *form = &n->arrays[SPARSE].form;
    const unsigned char *next = row_of(&n->arrays[SPARSE], sample);
    int64_t *ids = tp_batch_room(batch, (int64_t)model->feature_count * n->width);
    if (!ids)
        return tp_fail_memory(err);
    for (int32_t f = 0; f < model->feature_count; f++) {
        int64_t rows = model->tables[model->features[f].table].rows;
        for (int32_t i = 0; i < n->width; i++, next += form->item_bytes) {
            int64_t id = tp_npy_to_integer(form->type, next);
            if (id == PADDING && form->dim_count == 3)
                continue;
            if (id < 0 || id >= rows)
                return fail_id(n, sample, f, id, err);
            *ids++ = id;
            lengths[f]++;
            batch->id_count++;
        }
    }
    return TP_OK;
}

static enum tp_status check_sources(const struct npy *n, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int i = 0; i < ARRAY_COUNT && !status; i++)
        if (n->arrays[i].path)
            status = tp_source_check(&n->arrays[i].source, n->arrays[i].path, err);
    return status;
}

static enum tp_status read_samples(void *state, enum tp_part part, int64_t first, int32_t count,
    struct tp_batch *batch, struct tp_error *err)
{
    struct npy *n = state;
    enum tp_status status = TP_OK;
    int64_t sample = tp_split_find(&n->split, part, first);
    for (int32_t i = 0; i < count && !status; i++) {
        status = read_label(n, sample, &batch->labels[i], err);
        if (!status)
            status =
                read_dense(n, sample, batch->dense + (int64_t)i * n->model->dense_features, err);
        if (!status)
            status = read_ids(
                n, sample, batch->lengths + (int64_t)i * n->model->feature_count, batch, err);
        if (i + 1 < count)
            sample = tp_split_next(&n->split, part, sample);
    }
    return status ? status : check_sources(n, err);
}

static void expect_samples(const void *state, enum tp_part part, int64_t first, int32_t count)
{
    const struct npy *n = state;
    int64_t from = tp_split_find(&n->split, part, first);
    int64_t to = tp_split_find(&n->split, part, first + count - 1);
    for (int i = 0; i < ARRAY_COUNT; i++) {
        const struct array *array = &n->arrays[i];
        size_t offset = array->form.header_bytes + (size_t)from * array->row_bytes;
        if (array->path && array->row_bytes > 0)
            tp_source_want(&array->source, offset, (size_t)(to - from + 1) * array->row_bytes);
    }
}

static void free_samples(void *state)
{
    struct npy *n = state;
    if (!n)
        return;
    for (int i = 0; i < ARRAY_COUNT; i++) {
        if (n->arrays[i].path)
            tp_source_close(&n->arrays[i].source);
        free(n->arrays[i].row);
    }
    tp_split_release(&n->split);
    free(n);
}

static enum tp_status open_arrays(
    struct tp_samples *samples, struct npy *n, const char *folder, struct tp_error *err)
{
    static const char *const names[] = {"labels.npy", "sparse.npy", "dense.npy"};
    int count = n->model->dense_features > 0 ? ARRAY_COUNT : DENSE;
    enum tp_status status = TP_OK;
    for (int i = 0; i < count && !status; i++) {
        struct array *array = &n->arrays[i];
        samples->files[i] = tp_path_join(folder, names[i]);
        status =
            samples->files[i] ? open_array(array, samples->files[i], err) : tp_fail_memory(err);
    }
    if (!status)
        status = check_labels(n, err);
    if (!status)
        status = check_sparse(n, err);
    if (!status && count > DENSE)
        status = check_dense(n, err);
    return status;
}

static enum tp_status make_rows(struct npy *n, struct tp_error *err)
{
    for (int i = 0; i < ARRAY_COUNT; i++) {
        struct array *array = &n->arrays[i];
        if (!array->path)
            continue;
        array->row_bytes = array->form.item_bytes;
        for (int32_t dim = 1; dim < array->form.dim_count; dim++)
            array->row_bytes *= (size_t)array->form.shape[dim];
        array->row = TP_NEW(array->row_bytes, unsigned char);
        if (!array->row)
            return tp_fail_memory(err);
    }
    return TP_OK;
}

enum tp_status tp_npy_samples_open(
    struct tp_samples *samples, const char *folder, struct tp_error *err)
{
    static const struct tp_sample_kind kind = {read_samples, expect_samples, free_samples};
    struct npy *n = TP_NEW(1, struct npy);
    if (!n)
        return tp_fail_memory(err);
    samples->kind = &kind;
    samples->state = n;
    n->model = samples->model;
    enum tp_status status = open_arrays(samples, n, folder, err);
    if (!status)
        status = make_rows(n, err);
    if (!status)
        status = tp_split_init(
            &n->split, n->arrays[LABELS].form.shape[0], samples->options.held_out, err);
    for (int part = 0; part < TP_PART_COUNT && !status; part++)
        samples->count[part] = tp_split_count(&n->split, (enum tp_part)part);
    return status;
}
