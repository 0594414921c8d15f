/* SPDX-License-Identifier: Apache-2.0 */
/* Samples made of a seed, as many as one likes.
 *
 * In: a seed, a part and a sample's number. Out: the sample, a function of these and the model
 * alone, so any rank can make any range of them. Each sample draws from a splitmix64 generator of
 * its own, whose start is a hash of (seed, part, number).
 *
 * Dense values: the sum of four uniform 16-bit draws (Irwin & Hall), mean 0, variance 1. Bags: the
 * integer part of the feature's pooling, or one more, with the pooling as mean. Ids: even over the
 * rows of the table, or by the feature's hot_rows as src/cost/skew.h reads them: rank k of the ids
 * has the share C(k + 1) - C(k). In ranked tables it is row k; in hashed ones rank 0 is row 0 and
 * the others are hashed to rows.
 *
 * Label: 1 with probability sigmoid(BIAS + S), S the sum of two parts of variance 1: hidden weights
 * of the ids (a hash of feature and row, even in [-1, 1)) and hidden weights of the dense values.
 * The dense part is learned within some hundred steps; of the ids only what occurs often enough.
 *
 * Cost: a few hashes per id and value; with hot_rows, a logarithm and an exponential per id. */
#include "data/sample_kind.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

#define HELD_OUT_SAMPLES 16384
#define BIAS (-1.0) /* clicks of about a third of the samples */
#define DRAWS_MEAN (4 * 32767.5)
#define DRAWS_DEVIATION 37837.22 /* of the sum of four draws: sqrt(4 * (2^32 - 1) / 12) */

/* Hashes of one seed that must not meet. */
enum stream { STREAM_PART = 1, STREAM_ID_WEIGHT = 16, STREAM_DENSE_WEIGHT, STREAM_ROW };

/* C between two points of hot_rows: share = share_from * (rank / rank_from)^(1 / power). */
struct segment {
    double share_to; /* ends there */
    double share_from, rank_from, power;
};

struct feature {
    int64_t rows;
    int32_t bag;       /* ids of a sample, or one more */
    double more;       /* with this probability */
    uint64_t weights;  /* stream of the hidden weights of its ids */
    uint64_t row_hash; /* of its table, for ranks in a hashed table */
    bool ranked;
    struct segment *segments; /* (segment_count); NULL: even */
    int32_t segment_count;
};

struct synthetic {
    const struct tp_model *model;
    uint64_t part_stream[TP_PART_COUNT];
    struct feature *features;
    double *dense_weight; /* (dense_features) */
    double id_scale;      /* makes the variance of the ids' sum 1 */
};

static uint64_t stream_of(uint64_t seed, enum stream stream, int32_t index)
{
    return tp_mix(tp_mix(seed * TP_GOLDEN + (uint64_t)stream) + (uint64_t)index);
}

/* Even in [-1, 1). */
static double weight_of(uint64_t stream, int64_t index)
{
    return 2 * tp_unit(tp_mix(stream + (uint64_t)index * TP_GOLDEN)) - 1;
}

static uint64_t draw(uint64_t *state)
{
    return tp_mix(*state += TP_GOLDEN);
}

static bool make_segments(const struct tp_feature *from, int64_t rows, struct feature *to)
{
    struct tp_hot_point before = {0, 0};
    to->segments = TP_NEW(from->hot_count + 1, struct segment);
    if (!to->segments)
        return false;
    for (int32_t i = 0; i <= from->hot_count && before.share < 1; i++) {
        struct tp_hot_point after =
            i < from->hot_count ? from->hot_rows[i] : (struct tp_hot_point){rows, 1};
        struct segment *segment = &to->segments[to->segment_count++];
        *segment = (struct segment){after.share, after.share, (double)after.rows, 1};
        if (i > 0 && after.rows > before.rows && after.share > before.share) {
            segment->share_from = before.share;
            segment->rank_from = (double)before.rows;
            segment->power =
                log((double)after.rows / (double)before.rows) / log(after.share / before.share);
        }
        before = after;
    }
    return true;
}

static int64_t draw_row(const struct feature *feature, uint64_t *state)
{
    double u = tp_unit(draw(state));
    const struct segment *segment = feature->segments;
    if (!segment)
        return (int64_t)(u * (double)feature->rows);
    while (u >= segment->share_to && segment + 1 < feature->segments + feature->segment_count)
        segment++;
    double part = u / segment->share_from;
    double rank = segment->rank_from * (segment->power == 1 ? part : pow(part, segment->power));
    int64_t row = rank < (double)feature->rows ? (int64_t)rank : feature->rows - 1;
    if (feature->ranked || row == 0)
        return row;
    return (int64_t)(tp_unit(tp_mix(feature->row_hash + (uint64_t)row)) * (double)feature->rows);
}

/* Adds a feature's bag to ids. @return its hidden weight. */
static double draw_bag(
    const struct feature *feature, uint64_t *state, int64_t *ids, int32_t *length)
{
    double weight = 0;
    *length = feature->bag;
    if (feature->more > 0 && tp_unit(draw(state)) < feature->more)
        ++*length;
    for (int32_t i = 0; i < *length; i++) {
        ids[i] = draw_row(feature, state);
        weight += weight_of(feature->weights, ids[i]);
    }
    return weight;
}

static float draw_dense(uint64_t *state)
{
    uint64_t bits = draw(state);
    uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    return (float)(((double)sum - DRAWS_MEAN) / DRAWS_DEVIATION);
}

static enum tp_status read_sample(const struct synthetic *s, uint64_t state, int32_t at,
    struct tp_batch *batch, struct tp_error *err)
{
    const struct tp_model *model = s->model;
    int32_t *lengths = batch->lengths + (int64_t)at * model->feature_count;
    float *dense = batch->dense + (int64_t)at * model->dense_features;
    double logit = 0;
    for (int32_t f = 0; f < model->feature_count; f++) {
        int64_t *ids = tp_batch_room(batch, (int64_t)s->features[f].bag + 1);
        if (!ids)
            return tp_fail_memory(err);
        logit += draw_bag(&s->features[f], &state, ids, &lengths[f]);
        batch->id_count += lengths[f];
    }
    logit = BIAS + s->id_scale * logit;
    for (int32_t d = 0; d < model->dense_features; d++) {
        dense[d] = draw_dense(&state);
        logit += s->dense_weight[d] * (double)dense[d];
    }
    batch->labels[at] = tp_unit(draw(&state)) < 1 / (1 + exp(-logit));
    return TP_OK;
}

static enum tp_status read_samples(void *state, enum tp_part part, int64_t first, int32_t count,
    struct tp_batch *batch, struct tp_error *err)
{
    const struct synthetic *s = state;
    enum tp_status status = TP_OK;
    for (int32_t i = 0; i < count && !status; i++) {
        uint64_t own = tp_mix(s->part_stream[part] + (uint64_t)(first + i) * TP_GOLDEN);
        status = read_sample(s, own, i, batch, err);
    }
    return status;
}

static void free_samples(void *state)
{
    struct synthetic *s = state;
    if (!s)
        return;
    for (int32_t f = 0; s->features && f < s->model->feature_count; f++)
        free(s->features[f].segments);
    free(s->features);
    free(s->dense_weight);
    free(s);
}

static bool make_features(struct synthetic *s, uint64_t seed)
{
    const struct tp_model *model = s->model;
    double ids = 0;
    for (int32_t f = 0; f < model->feature_count; f++) {
        const struct tp_feature *from = &model->features[f];
        const struct tp_table *table = &model->tables[from->table];
        s->features[f] = (struct feature){
            .rows = table->rows,
            .bag = (int32_t)from->pooling,
            .more = from->pooling - floor(from->pooling),
            .weights = stream_of(seed, STREAM_ID_WEIGHT, f),
            .row_hash = stream_of(seed, STREAM_ROW, from->table),
            .ranked = table->row_order == TP_ROWS_RANKED,
        };
        ids += from->pooling;
        if (from->hot_count > 0 && !make_segments(from, table->rows, &s->features[f]))
            return false;
    }
    s->id_scale = sqrt(3 / ids); /* a weight has the variance 1/3 */
    return true;
}

static void make_dense_weights(struct synthetic *s, uint64_t seed)
{
    double squares = 0;
    uint64_t stream = stream_of(seed, STREAM_DENSE_WEIGHT, 0);
    for (int32_t d = 0; d < s->model->dense_features; d++) {
        s->dense_weight[d] = weight_of(stream, d);
        squares += s->dense_weight[d] * s->dense_weight[d];
    }
    for (int32_t d = 0; squares > 0 && d < s->model->dense_features; d++)
        s->dense_weight[d] /= sqrt(squares);
}

enum tp_status tp_synthetic_samples_open(
    struct tp_samples *samples, const char *seed, struct tp_error *err)
{
    static const struct tp_sample_kind kind = {.read = read_samples, .free = free_samples};
    const struct tp_model *model = samples->model;
    int64_t number;
    if (!tp_parse_integer(seed, &number) || number < 0)
        return tp_fail(err, TP_EUSAGE,
            "found the data 'synthetic:%s', expected synthetic:SEED with an integer from 0", seed);
    struct synthetic *s = TP_NEW(1, struct synthetic);
    if (!s)
        return tp_fail_memory(err);
    samples->kind = &kind;
    samples->state = s;
    s->model = model;
    s->features = TP_NEW(model->feature_count, struct feature);
    s->dense_weight = TP_NEW(model->dense_features, double);
    if (!s->features || !s->dense_weight || !make_features(s, (uint64_t)number))
        return tp_fail_memory(err);
    make_dense_weights(s, (uint64_t)number);
    for (int32_t part = 0; part < TP_PART_COUNT; part++)
        s->part_stream[part] = stream_of((uint64_t)number, STREAM_PART, part);
    samples->count[TP_PART_TRAIN] = INT64_MAX;
    samples->count[TP_PART_HELD_OUT] = samples->options.held_out > 0 ? HELD_OUT_SAMPLES : 0;
    return TP_OK;
}
