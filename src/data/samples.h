/* SPDX-License-Identifier: Apache-2.0 */
/* The samples that a model is trained on and judged by: labels, dense values, and ids as rows of
 * tables. Wherever they come from, they are numbered, and any range of them can be had at any time.
 *
 * Split: the line (criteo, csv; from 1, header included) or the sample (npy, synthetic; from 0)
 * with number n is held out if the upper 53 bits of splitmix64(n), as a number in [0, 1), lie below
 * the held-out share. The rest is for training. Each part is numbered from 0 in the order of the
 * source. The split does not depend on seed, ranks, batch or bad lines. */
#ifndef TP_DATA_SAMPLES_H
#define TP_DATA_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

enum tp_part { TP_PART_TRAIN, TP_PART_HELD_OUT, TP_PART_COUNT };

struct tp_sample_options {
    const char *columns; /* csv: "feature=column,..." where names differ; NULL: none do. Borrowed */
    const char *label;   /* csv: column of the label; NULL: "label". Borrowed */
    /* csv: "column,column,..." of the dense features, as many as the model has; NULL: "dense_0",
     * "dense_1", ...; borrowed */
    const char *dense;
    char separator;    /* csv: between the ids of a field, ' ', ';' or '|'; 0: a field is one id */
    int64_t min_count; /* strings: ids seen less often in training are row 0; >= 1, default 2 */
    double held_out;   /* share held out, in [0, 1); default 0.1 */
    bool skip_bad;     /* bad lines are skipped and counted; default false: they are errors */
    bool progress;     /* a progress line on stderr if it is a terminal; default false */
};

struct tp_sample_options tp_sample_options_default(void);

/* Which samples a process will ask for: of each B successive ones of a part, those from `first` on,
 * `count` of them. A source that has to be converted keeps only these. */
struct tp_share {
    int64_t batch;        /* B */
    int64_t first, count; /* 0 <= first, first + count <= batch */
};

/* Some successive samples; grows as needed, all zero at the start. */
struct tp_batch {
    int32_t count; /* n, as asked for */
    int32_t
        existing; /* of these, from the first on; the rest lie behind the end: label and dense values 0, no ids */
    float *labels;    /* (n) 0 or 1 */
    float *dense;     /* (n, dense_features) */
    int32_t *lengths; /* (n, F) ids of a bag */
    int64_t *ids; /* (id_count) rows of the feature's table: sample by sample, feature by feature */
    int64_t id_count;
    int64_t sample_capacity, id_capacity;
};

void tp_batch_release(struct tp_batch *batch);

struct tp_samples;

/* Opens a source: "criteo:FILE", "csv:FILE", "npy:DIR" or "synthetic:SEED".
 * @param model    borrowed until tp_samples_free().
 * @param options  NULL: defaults; borrowed strings until the call returns.
 * @return TP_EUSAGE for another kind of source or options that do not go with it; TP_EINPUT with
 * file and
 *         line (npy: array and sample) for what is wrong there; TP_ENOMEM; TP_EINTERNAL when no temporary file can be
 * made. */
enum tp_status tp_samples_open(const char *source, const struct tp_model *model,
    const struct tp_sample_options *options, struct tp_share share, struct tp_samples **samples,
    struct tp_error *err);
void tp_samples_free(struct tp_samples *samples);

/* Samples of a part. INT64_MAX: as many as one likes (synthetic, training). */
int64_t tp_samples_count(const struct tp_samples *samples, enum tp_part part);

/* Bad lines that were skipped. */
int64_t tp_samples_skipped(const struct tp_samples *samples);

/* Tables that have fewer rows than there are ids, so that ids share rows. */
int64_t tp_samples_hashed_tables(const struct tp_samples *samples);

/* A line on what looks wrong in the source and may be right; NULL: nothing does. Borrowed. */
const char *tp_samples_note(const struct tp_samples *samples);

/* What the samples are, for a checkpoint: 64 hex digits that differ when source, options or model
 * lead to other samples. Reads the whole source. */
enum tp_status tp_samples_digest(
    const struct tp_samples *samples, char sha256[65], struct tp_error *err);

/* Fills a batch with the samples first .. first + count - 1 of a part, which lie in the share.
 * @param batch  all zero or from an earlier call.
 * @return TP_EINPUT for an id out of range, with array and sample (npy). Cost: O(ids). */
enum tp_status tp_samples_read(struct tp_samples *samples, enum tp_part part, int64_t first,
    int32_t count, struct tp_batch *batch, struct tp_error *err);

/* Tells that this range will be read soon, so that it comes from the disk meanwhile. */
void tp_samples_expect(
    const struct tp_samples *samples, enum tp_part part, int64_t first, int32_t count);

#endif
