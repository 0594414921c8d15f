/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a click log.
 *
 * In: "criteo:FILE" or "csv:FILE". Out: its samples, ids as rows, dense values scaled. The log is
 * read twice when it is opened. First every process counts all of it: the ids and dense values of
 * the training lines, which make the dictionaries and scales, and the good lines of both parts. Then
 * the samples of the process's share, and those alone, go to a temporary file for each part. All
 * processes find the same numbers, so nothing has to be exchanged.
 *
 * A sample with the index p of its part lies in the share if p % batch does; it is number (p /
 * batch) * share.count + p % batch - share.first of the file.
 *
 * A bad line is an error, or skipped and counted; a line counts as read in the numbers of lines that
 * split the log either way. Cost: parsing the log twice; memory of the dictionaries. */
#include "data/sample_kind.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "data/dense_scale.h"
#include "data/dictionary.h"
#include "data/sample_file.h"
#include "data/split.h"
#include "profile/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_ROWS 4096

/* What stays for reading. */
struct log_samples {
    struct tp_share share;
    struct tp_sample_file files[TP_PART_COUNT];
};

/* What is there while it is opened. */
struct conversion {
    const struct tp_samples *samples;
    const char *source, *path;
    struct log_samples *out;
    struct tp_dictionary *dictionaries; /* (tables) */
    struct tp_dense_scale *scales;      /* (dense_features) */
    int64_t counts[TP_PART_COUNT];      /* good lines so far */
    int64_t ids[TP_PART_COUNT];         /* in these */
    int64_t skipped;
    float *dense;     /* (dense_features) of a sample */
    int32_t *lengths; /* (F) */
    int64_t *rows;    /* (row_capacity) */
    size_t row_capacity;
    struct tp_text note; /* on what looks wrong and may be right */
};

/* What is done with a row. */
typedef enum tp_status (*take_row)(
    struct conversion *c, enum tp_part part, const struct tp_log_row *row, struct tp_error *err);

/* Says what --skip-bad would do, or cannot. */
static enum tp_status fail_bad(const struct tp_log *log, bool skip_bad, struct tp_error *err)
{
    struct tp_error found;
    if (!err || err->status != TP_EINPUT)
        return TP_EINPUT;
    found = *err;
    if (tp_log_resumes(log))
        return tp_fail(err, TP_EINPUT, "%s; --skip-bad passes over such lines", found.text);
    if (skip_bad)
        return tp_fail(err, TP_EINPUT, "%s; --skip-bad cannot go on behind this", found.text);
    return TP_EINPUT;
}

/* The next good row; NULL behind the last one. */
static enum tp_status next_row(
    struct conversion *c, struct tp_log *log, const struct tp_log_row **row, struct tp_error *err)
{
    bool skip_bad = c->samples->options.skip_bad;
    for (;;) {
        enum tp_status status = tp_log_next(log, row, err);
        if (status != TP_EINPUT)
            return status;
        if (!skip_bad || !tp_log_resumes(log))
            return fail_bad(log, skip_bad, err);
        c->skipped++;
    }
}

static enum tp_status take_rows(struct conversion *c, struct tp_log *log, const char *label,
    take_row take, struct tp_error *err)
{
    const struct tp_log_row *row = NULL;
    struct tp_progress progress = tp_progress_begin(c->samples->options.progress, label);
    enum tp_status status = TP_OK;
    int64_t rows = 0;
    memset(c->counts, 0, sizeof c->counts);
    c->skipped = 0;
    do {
        if (rows++ % PROGRESS_ROWS == 0)
            tp_progress_update(&progress, tp_log_done(log));
        status = next_row(c, log, &row, err);
        if (!status && row) {
            enum tp_part part = tp_split_part(tp_log_line(log), c->samples->options.held_out);
            status = take(c, part, row, err);
            c->counts[part]++;
        }
    } while (!status && row);
    tp_progress_end(&progress);
    return status;
}

/* A field that looks as if it held several ids counts as one. */
static void note_list(struct conversion *c, const struct tp_log *log)
{
    int32_t feature = 0;
    char separator = 0;
    int64_t line = tp_log_looks_like_list(log, &feature, &separator);
    if (line > 0 && c->note.length == 0)
        tp_text_add(&c->note,
            "%s:%lld: feature %s: a field holds '%c', yet counts as one id; if it is a list: "
            "--separator '%c'",
            c->path, (long long)line, c->samples->model->features[feature].name, separator,
            separator);
}

static enum tp_status read_log(
    struct conversion *c, const char *label, take_row take, struct tp_error *err)
{
    const struct tp_sample_options *o = &c->samples->options;
    struct tp_log *log = NULL;
    struct tp_log_options how = {.columns = o->columns,
        .separator = o->separator,
        .samples = true,
        .label = o->label,
        .dense = o->dense};
    enum tp_status status = tp_log_open(c->source, c->samples->model, &how, &log, err);
    if (!status)
        status = take_rows(c, log, label, take, err);
    if (!status)
        note_list(c, log);
    tp_log_free(log);
    return status;
}

/* First reading. */
static enum tp_status count_row(
    struct conversion *c, enum tp_part part, const struct tp_log_row *row, struct tp_error *err)
{
    const struct tp_model *model = c->samples->model;
    c->ids[part] += row->first[model->feature_count];
    if (part != TP_PART_TRAIN)
        return TP_OK;
    for (int32_t d = 0; d < model->dense_features; d++)
        tp_dense_scale_see(&c->scales[d], row->dense[d]);
    for (int32_t f = 0; f < model->feature_count; f++)
        for (int32_t i = row->first[f]; i < row->first[f + 1]; i++)
            if (!tp_dictionary_see(&c->dictionaries[model->features[f].table], row->ids[i].text,
                    row->ids[i].length))
                return tp_fail_memory(err);
    return TP_OK;
}

static enum tp_status make_room(struct conversion *c, size_t ids, struct tp_error *err)
{
    if (ids <= c->row_capacity)
        return TP_OK;
    int64_t *rows = tp_resize(c->rows, 2 * ids, sizeof *rows);
    if (!rows)
        return tp_fail_memory(err);
    c->rows = rows;
    c->row_capacity = 2 * ids;
    return TP_OK;
}

/* Second reading. */
static enum tp_status convert_row(
    struct conversion *c, enum tp_part part, const struct tp_log_row *row, struct tp_error *err)
{
    const struct tp_model *model = c->samples->model;
    const struct tp_share *share = &c->out->share;
    int64_t place = c->counts[part] % share->batch - share->first;
    if (place < 0 || place >= share->count)
        return TP_OK;
    enum tp_status status = make_room(c, (size_t)row->first[model->feature_count], err);
    if (status)
        return status;
    for (int32_t d = 0; d < model->dense_features; d++)
        c->dense[d] = tp_dense_scale_value(&c->scales[d], row->dense[d]);
    for (int32_t f = 0; f < model->feature_count; f++) {
        const struct tp_dictionary *dictionary = &c->dictionaries[model->features[f].table];
        c->lengths[f] = row->first[f + 1] - row->first[f];
        for (int32_t i = row->first[f]; i < row->first[f + 1]; i++)
            c->rows[i] = tp_dictionary_row(dictionary, row->ids[i].text, row->ids[i].length);
    }
    return tp_sample_file_add(
        &c->out->files[part], (float)row->label, c->dense, c->lengths, c->rows, err);
}

static enum tp_status check_counts(const struct conversion *c, struct tp_error *err)
{
    if (c->counts[TP_PART_TRAIN] > 0 || c->counts[TP_PART_HELD_OUT] > 0)
        return TP_OK;
    if (c->skipped > 0)
        return tp_fail(err, TP_EINPUT,
            "%s: all %lld lines are bad, expected some good ones; without --skip-bad the first one "
            "is shown",
            c->path, (long long)c->skipped);
    return tp_fail(err, TP_EINPUT, "%s: found no rows, expected at least one", c->path);
}

static enum tp_status count_log(struct conversion *c, struct tp_error *err)
{
    const struct tp_model *model = c->samples->model;
    for (int32_t t = 0; t < model->table_count; t++) {
        c->dictionaries[t].rows = model->tables[t].rows;
        c->dictionaries[t].min_count = c->samples->options.min_count;
    }
    enum tp_status status = read_log(c, "counting ids", count_row, err);
    if (!status)
        status = check_counts(c, err);
    for (int32_t t = 0; t < model->table_count && !status; t++)
        status = tp_dictionary_close(&c->dictionaries[t], err);
    return status;
}

/* Bytes of the share's samples, if they are as long as the others. */
static size_t share_bytes(const struct conversion *c, enum tp_part part)
{
    const struct tp_share *share = &c->out->share;
    double part_of_all = (double)share->count / (double)share->batch;
    size_t all = tp_sample_file_bytes(c->samples->model, c->counts[part], c->ids[part]);
    return (size_t)((double)all * part_of_all);
}

static enum tp_status convert_log(struct conversion *c, struct tp_error *err)
{
    int64_t counted[TP_PART_COUNT], skipped = c->skipped;
    enum tp_status status = TP_OK;
    memcpy(counted, c->counts, sizeof counted);
    for (int part = 0; part < TP_PART_COUNT && !status; part++)
        status = tp_sample_file_init(&c->out->files[part], c->samples->model,
            share_bytes(c, (enum tp_part)part), c->path, err);
    if (!status)
        status = read_log(c, "reading samples", convert_row, err);
    if (!status && (skipped != c->skipped || memcmp(counted, c->counts, sizeof counted) != 0))
        status = tp_fail(err, TP_EINPUT, "%s: changed while it was read", c->path);
    for (int part = 0; part < TP_PART_COUNT && !status; part++)
        status = tp_sample_file_close(&c->out->files[part], err);
    return status;
}

/* Index in the share's file of the first of some samples that lie in the share. */
static int64_t file_index(const struct tp_share *share, int64_t first, int32_t count)
{
    int64_t place = first % share->batch - share->first;
    assert(share->count == share->batch || (place >= 0 && place + count <= share->count));
    (void)count;
    return first / share->batch * share->count + place;
}

static enum tp_status read_samples(void *state, enum tp_part part, int64_t first, int32_t count,
    struct tp_batch *batch, struct tp_error *err)
{
    struct log_samples *l = state;
    return tp_sample_file_read(
        &l->files[part], file_index(&l->share, first, count), count, batch, err);
}

static void expect_samples(const void *state, enum tp_part part, int64_t first, int32_t count)
{
    const struct log_samples *l = state;
    tp_sample_file_want(&l->files[part], file_index(&l->share, first, count), count);
}

static void free_samples(void *state)
{
    struct log_samples *l = state;
    if (!l)
        return;
    for (int part = 0; part < TP_PART_COUNT; part++)
        tp_sample_file_release(&l->files[part]);
    free(l);
}

static void release_conversion(struct conversion *c)
{
    for (int32_t t = 0; c->dictionaries && t < c->samples->model->table_count; t++)
        tp_dictionary_release(&c->dictionaries[t]);
    free(c->dictionaries);
    free(c->scales);
    free(c->dense);
    free(c->lengths);
    free(c->rows);
}

enum tp_status tp_log_samples_open(
    struct tp_samples *samples, const char *source, struct tp_error *err)
{
    static const struct tp_sample_kind kind = {read_samples, expect_samples, free_samples};
    const struct tp_model *model = samples->model;
    struct conversion c = {.samples = samples, .source = source, .path = strchr(source, ':') + 1};
    samples->kind = &kind;
    samples->state = c.out = TP_NEW(1, struct log_samples);
    samples->files[0] = tp_copy_text(c.path, strlen(c.path));
    c.dictionaries = TP_NEW(model->table_count, struct tp_dictionary);
    c.scales = TP_NEW(model->dense_features, struct tp_dense_scale);
    c.dense = TP_NEW(model->dense_features, float);
    c.lengths = TP_NEW(model->feature_count, int32_t);
    bool made = c.out && samples->files[0] && c.dictionaries && c.scales && c.dense && c.lengths;
    enum tp_status status = made ? TP_OK : tp_fail_memory(err);
    if (!status) {
        c.out->share = samples->share;
        status = count_log(&c, err);
    }
    if (!status)
        status = convert_log(&c, err);
    memcpy(samples->count, c.counts, sizeof samples->count);
    samples->skipped = c.skipped;
    samples->note = c.note.data;
    if (!status && c.note.failed)
        status = tp_fail_memory(err);
    for (int32_t t = 0; t < model->table_count && !status; t++)
        samples->hashed_tables += c.dictionaries[t].hashed;
    release_conversion(&c);
    return status;
}
