/* SPDX-License-Identifier: Apache-2.0 */
/* What the model makes of held-out samples.
 *
 * In: a trained model. Out: click probabilities and metrics, or pooled embeddings. Held-out samples
 * go through in global batches, like those for training; behind the last one there are samples that
 * do not exist, which are computed and dropped. Rank 0 gathers what all ranks got, in the order of
 * the samples. Cost: a forward pass of each sample; on rank 0 memory for all of the results. */
#include "train/held_out.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/npy.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A walk over the first `count` held-out samples, a global batch at a time. */
struct walk {
    struct tp_trainer *trainer;
    struct tp_samples *samples;
    int64_t count, first;
    struct tp_batch batches[2]; /* of this step and the next, in turn */
    int turn;
};

static enum tp_status read_next(struct walk *w, int64_t first, struct tp_error *err)
{
    const struct tp_layout *layout = &w->trainer->layout;
    first += (int64_t)tp_comm_rank(w->trainer->comm) * layout->local_batch;
    return tp_samples_read(
        w->samples, TP_PART_HELD_OUT, first, layout->local_batch, &w->batches[w->turn], err);
}

static enum tp_status walk_begin(struct walk *w, struct tp_error *err)
{
    enum tp_status status = read_next(w, 0, err);
    if (status == TP_OK)
        status = tp_trainer_begin(w->trainer, &w->batches[w->turn], err);
    return tp_comm_agree(w->trainer->comm, status, err);
}

/* Reads ahead. @param next  out: NULL if this is the last batch. */
static enum tp_status walk_ahead(struct walk *w, const struct tp_batch **batch,
    const struct tp_batch **next, struct tp_error *err)
{
    int64_t ahead = w->first + w->trainer->layout.batch;
    *batch = &w->batches[w->turn];
    *next = NULL;
    w->turn = 1 - w->turn;
    enum tp_status status = TP_OK;
    if (ahead < w->count) {
        status = read_next(w, ahead, err);
        *next = &w->batches[w->turn];
    }
    return tp_comm_agree(w->trainer->comm, status, err);
}

static void walk_end(struct walk *w)
{
    tp_batch_release(&w->batches[0]);
    tp_batch_release(&w->batches[1]);
}

/* What rank 0 collects of all samples, whole batches of them. */
struct collection {
    double *own; /* (b) of this rank's last batch */
    double *logits;
    float *labels;
};

static enum tp_status predict_batch(struct walk *w, struct collection *all, struct tp_error *err)
{
    const struct tp_batch *batch, *next;
    const tp_real *logits;
    int32_t n = w->trainer->layout.local_batch;
    enum tp_status status = walk_ahead(w, &batch, &next, err);
    if (status == TP_OK)
        status = tp_trainer_predict(w->trainer, batch, next, &logits, err);
    if (status)
        return status;
    for (int32_t i = 0; i < n; i++)
        all->own[i] = (double)logits[i];
    tp_comm_gather(
        w->trainer->comm, all->own, (size_t)n * sizeof *all->own, all->logits + w->first);
    tp_comm_gather(
        w->trainer->comm, batch->labels, (size_t)n * sizeof *batch->labels, all->labels + w->first);
    return TP_OK;
}

static enum tp_status write_predictions(
    const char *path, const double *logits, int64_t count, struct tp_error *err)
{
    struct tp_text text = {0};
    float *clicks = TP_NEW(count, float);
    enum tp_status status = clicks ? TP_OK : tp_fail_memory(err);
    for (int64_t i = 0; i < count && status == TP_OK; i++)
        clicks[i] = (float)(1 / (1 + exp(-logits[i])));
    if (status == TP_OK) {
        tp_npy_format(&text, TP_NPY_FLOAT32, sizeof *clicks, 1, &count, clicks);
        status =
            text.failed ? tp_fail_memory(err) : tp_file_write(path, text.data, text.length, err);
    }
    tp_text_release(&text);
    free(clicks);
    return status;
}

/* Room for whole batches, on rank 0. */
static enum tp_status collection_init(
    struct collection *all, const struct walk *w, struct tp_error *err)
{
    int64_t batch = w->trainer->layout.batch;
    size_t room = (size_t)((w->count + batch - 1) / batch * batch);
    if (tp_comm_rank(w->trainer->comm) != 0)
        room = 0;
    all->own = TP_NEW(w->trainer->layout.local_batch, double);
    all->logits = TP_NEW(room, double);
    all->labels = TP_NEW(room, float);
    return all->own && all->logits && all->labels ? TP_OK : tp_fail_memory(err);
}

static enum tp_status check_finite(
    const struct collection *all, int64_t count, struct tp_error *err)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(all->logits[i]))
            return tp_fail(err, TP_EINFEASIBLE,
                "the prediction of the held-out sample %lld is not finite: lower --lr or "
                "--sparse-lr",
                (long long)i);
    return TP_OK;
}

enum tp_status tp_held_out_predict(struct tp_trainer *trainer, struct tp_samples *samples,
    const char *path, struct tp_metrics *metrics, struct tp_error *err)
{
    struct walk w = {.trainer = trainer, .samples = samples};
    struct collection all = {0};
    w.count = tp_samples_count(samples, TP_PART_HELD_OUT);
    *metrics = (struct tp_metrics){0};
    if (w.count == 0)
        return TP_OK;
    enum tp_status status = tp_comm_agree(trainer->comm, collection_init(&all, &w, err), err);
    if (status == TP_OK)
        status = walk_begin(&w, err);
    for (; w.first < w.count && status == TP_OK; w.first += trainer->layout.batch)
        status = predict_batch(&w, &all, err);
    if (status == TP_OK) {
        if (tp_comm_rank(trainer->comm) == 0)
            status = check_finite(&all, w.count, err);
        if (tp_comm_rank(trainer->comm) == 0 && status == TP_OK)
            status = tp_metrics_of(all.labels, all.logits, w.count, metrics, err);
        if (tp_comm_rank(trainer->comm) == 0 && status == TP_OK && path)
            status = write_predictions(path, all.logits, w.count, err);
        status = tp_comm_agree(trainer->comm, status, err);
    }
    walk_end(&w);
    free(all.own);
    free(all.logits);
    free(all.labels);
    return status;
}

/* One feature's columns of all rows, as an array. @param rows  (count, width). */
static enum tp_status write_feature(const char *dir, const char *feature, const float *rows,
    int64_t count, int32_t width, int32_t from, int32_t dim, struct tp_error *err)
{
    struct tp_text name = {0}, text = {0};
    const int64_t shape[2] = {count, dim};
    char *encoded = tp_percent_encode(feature);
    float *values = tp_new((size_t)count, (size_t)dim * sizeof *values);
    enum tp_status status = encoded && values ? TP_OK : tp_fail_memory(err);
    for (int64_t i = 0; i < count && status == TP_OK; i++)
        memcpy(values + i * dim, rows + i * width + from, (size_t)dim * sizeof *values);
    if (status == TP_OK) {
        tp_text_add(&name, "%s/%s.npy", dir, encoded);
        tp_npy_format(&text, TP_NPY_FLOAT32, sizeof *values, 2, shape, values);
        status = name.failed || text.failed ? tp_fail_memory(err)
                                            : tp_file_write(name.data, text.data, text.length, err);
    }
    tp_text_release(&text);
    tp_text_release(&name);
    free(values);
    free(encoded);
    return status;
}

static enum tp_status write_dump(const struct tp_model *model, const char *dir, const float *rows,
    int64_t count, int32_t width, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    int32_t from = 0;
    for (int32_t f = 0; f < model->feature_count && status == TP_OK; f++) {
        int32_t dim = model->tables[model->features[f].table].dim;
        status = write_feature(dir, model->features[f].name, rows, count, width, from, dim, err);
        from += dim;
    }
    return status;
}

/* What one batch looks up, into its place on rank 0. */
static enum tp_status embed_batch(struct walk *w, struct tp_leg *leg, tp_real *pooled,
    float *narrow, float *rows, struct tp_error *err)
{
    const struct tp_batch *batch, *next;
    size_t count = (size_t)w->trainer->layout.local_batch * (size_t)leg->weave.width;
    enum tp_status status = walk_ahead(w, &batch, &next, err);
    if (status == TP_OK)
        status = tp_trainer_embed(w->trainer, leg, next, pooled, err);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++)
        narrow[i] = (float)pooled[i];
    tp_comm_gather(w->trainer->comm, narrow, count * sizeof *narrow,
        rows + (size_t)w->first * (size_t)leg->weave.width);
    return TP_OK;
}

enum tp_status tp_held_out_dump(struct tp_trainer *trainer, struct tp_samples *samples,
    const char *dir, int64_t most, struct tp_error *err)
{
    struct walk w = {.trainer = trainer, .samples = samples};
    struct tp_leg leg;
    const struct tp_layout *layout = &trainer->layout;
    int64_t held_out = tp_samples_count(samples, TP_PART_HELD_OUT);
    bool root = tp_comm_rank(trainer->comm) == 0;
    w.count = held_out < most ? held_out : most;
    enum tp_status status = tp_leg_flat(&leg, trainer->comm, layout, err);
    size_t width = status ? 0 : (size_t)leg.weave.width, own = (size_t)layout->local_batch * width;
    size_t room = (size_t)((w.count + layout->batch - 1) / layout->batch * layout->batch);
    tp_real *pooled = tp_new(own, sizeof *pooled);
    float *narrow = tp_new(own, sizeof *narrow);
    float *rows = tp_new(root ? room : 0, width * sizeof *rows);
    if (status == TP_OK && (!pooled || !narrow || !rows))
        status = tp_fail_memory(err);
    status = tp_comm_agree(trainer->comm, status, err);
    if (status == TP_OK)
        status = walk_begin(&w, err);
    for (; w.first < w.count && status == TP_OK; w.first += layout->batch)
        status = embed_batch(&w, &leg, pooled, narrow, rows, err);
    if (status == TP_OK) {
        if (root)
            status = write_dump(layout->model, dir, rows, w.count, leg.weave.width, err);
        status = tp_comm_agree(trainer->comm, status, err);
    }
    walk_end(&w);
    tp_leg_release(&leg);
    free(rows);
    free(narrow);
    free(pooled);
    return status;
}
