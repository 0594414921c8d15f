/* SPDX-License-Identifier: Apache-2.0 */
/* A model for tests of its samples, and opening and reading those. */
#ifndef TESTS_UNIT_TRAINING_MODEL_H
#define TESTS_UNIT_TRAINING_MODEL_H

#include "scratch.h"

#include "data/samples.h"

#define FEATURES_MAX 26

static struct tp_table tables[FEATURES_MAX];
static struct tp_feature features[FEATURES_MAX];
static char names[FEATURES_MAX][8];
static char model_name[] = "small";
static struct tp_model model;
static struct tp_error err;

static const struct tp_share whole = {.batch = 1, .first = 0, .count = 1};

/* Features f0, f1, ..., each with a table of its own. */
static inline void make_model(int32_t feature_count, int64_t rows, int32_t dense_features)
{
    model = (struct tp_model){.name = model_name,
        .dense_features = dense_features,
        .tables = tables,
        .table_count = feature_count,
        .features = features,
        .feature_count = feature_count};
    for (int32_t i = 0; i < feature_count; i++) {
        snprintf(names[i], sizeof names[i], "f%d", (int)i);
        tables[i] = (struct tp_table){
            .name = names[i], .rows = rows, .dim = 4, .first_feature = i, .feature_count = 1};
        features[i] = (struct tp_feature){.name = names[i], .table = i, .pooling = 1};
    }
}

static inline struct tp_samples *open_samples(
    const char *source, const struct tp_sample_options *options)
{
    struct tp_samples *samples = NULL;
    ck_ok(tp_samples_open(source, &model, options, whole, &samples, &err), err);
    return samples;
}

/* A source that is refused, with a message that names all of these (NULL-terminated). */
static inline void ck_refused(enum tp_status expected, const char *source,
    const struct tp_sample_options *options, const char *const *parts)
{
    struct tp_samples *samples = NULL;
    enum tp_status status = tp_samples_open(source, &model, options, whole, &samples, &err);
    ck_assert_msg(status == expected, "%s: status %d", source, status);
    ck_assert_ptr_null(samples);
    ck_message_has(&err, parts);
}

/* The batch as text: "label dense dense | ids of f0 + ..., ids of f1; ", one after the other; beyond
 * the end "-". */
static inline void batch_text(const struct tp_batch *batch, char *text, size_t capacity)
{
    size_t used = 0;
    const int64_t *id = batch->ids;
    text[0] = '\0';
    for (int32_t i = 0; i < batch->count; i++) {
        used += (size_t)snprintf(text + used, capacity - used, "%s%g",
            i < batch->existing ? "" : "-", (double)batch->labels[i]);
        for (int32_t d = 0; d < model.dense_features; d++)
            used += (size_t)snprintf(text + used, capacity - used, " %g",
                (double)batch->dense[i * model.dense_features + d]);
        for (int32_t f = 0; f < model.feature_count; f++) {
            used += (size_t)snprintf(text + used, capacity - used, f ? "," : "|");
            for (int32_t k = 0; k < batch->lengths[i * model.feature_count + f]; k++)
                used += (size_t)snprintf(
                    text + used, capacity - used, "%s%lld", k ? "+" : "", (long long)*id++);
        }
        used += (size_t)snprintf(text + used, capacity - used, ";");
    }
    ck_assert_int_eq(id - batch->ids, batch->id_count);
}

/* The samples of a part as text. Good until the next call. */
static inline const char *read_text(
    struct tp_samples *samples, enum tp_part part, int64_t first, int32_t count)
{
    static char text[1 << 16];
    struct tp_batch batch = {0};
    ck_ok(tp_samples_read(samples, part, first, count, &batch, &err), err);
    batch_text(&batch, text, sizeof text);
    tp_batch_release(&batch);
    return text;
}

#endif
