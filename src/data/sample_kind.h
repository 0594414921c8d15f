/* SPDX-License-Identifier: Apache-2.0 */
/* What samples.c, which answers for every source, has in common with the kinds of sources. */
#ifndef TP_DATA_SAMPLE_KIND_H
#define TP_DATA_SAMPLE_KIND_H

#include "data/batch.h"
#include "data/samples.h"

#define TP_SAMPLE_FILES_MAX 3

struct tp_sample_kind {
    /* Fills the first `count` samples of a batch that has been begun, all of which exist. */
    enum tp_status (*read)(void *state, enum tp_part part, int64_t first, int32_t count,
        struct tp_batch *batch, struct tp_error *err);
    /* tp_samples_expect() of samples that exist; NULL: there is nothing to do. */
    void (*expect)(const void *state, enum tp_part part, int64_t first, int32_t count);
    void (*free)(void *state); /* NULL is fine */
};

struct tp_samples {
    const struct tp_model *model;
    struct tp_sample_options options; /* their texts are there only while it is opened */
    struct tp_share share;
    char *identity; /* what the samples depend on beside the bytes of the files */

    /* Set by the kind that opens it. */
    const struct tp_sample_kind *kind;
    void *state;
    char *files[TP_SAMPLE_FILES_MAX]; /* read from; owned; NULL: no more */
    int64_t count[TP_PART_COUNT];
    int64_t skipped;
    int64_t hashed_tables;
    char *note; /* owned; NULL: none */
};

/* Open a source, of which model, options and share are set. What they have set when they fail is
 * freed by the caller, through free(). @param source  all of it: "csv:FILE". */
enum tp_status tp_log_samples_open(
    struct tp_samples *samples, const char *source, struct tp_error *err);
enum tp_status tp_npy_samples_open(
    struct tp_samples *samples, const char *folder, struct tp_error *err);
enum tp_status tp_synthetic_samples_open(
    struct tp_samples *samples, const char *seed, struct tp_error *err);

#endif
