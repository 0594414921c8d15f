/* SPDX-License-Identifier: Apache-2.0 */
/* What is planted in a synthetic workload, and the parts that write it to files. */
#ifndef TP_SYNTH_PLANTED_H
#define TP_SYNTH_PLANTED_H

#include <stdint.h>

#include <towerpart/status.h>
#include <towerpart/synth.h>

#include "synth/log_truth.h"

#define TP_LATENTS_MAX 4
#define TP_FEATURE_NAME_BYTES 16

#define TP_CRITEO_DENSE 13  /* integer columns of a click log, and the model's dense features */
#define TP_CRITEO_SPARSE 26 /* categorical columns of a click log */

/* Streams of the one seed; those of groups and features are counted up from here. */
enum tp_synth_stream { TP_STREAM_GROUPS = 1, TP_STREAM_TABLES, TP_STREAM_LOG_PILOT, TP_STREAM_LOG };
#define TP_STREAM_LATENTS (UINT64_C(1) << 32) /* + group */
#define TP_STREAM_MAP (UINT64_C(2) << 32)     /* + feature */
#define TP_STREAM_NOISE (UINT64_C(3) << 32)   /* + feature */

/* One table per feature. */
struct tp_planted {
    int32_t feature_count, group_count;
    int32_t *group;  /* (F) of each feature; groups differ in size by at most one */
    int32_t *dim;    /* (F) columns of its table */
    int64_t *rows;   /* (F) rows of its table, >= 4 */
    double *pooling; /* (F) >= 1, in tenths */
    int32_t dim_min; /* the smallest dim */
};

/* @param options  checked already. @param planted  out; to be released also on failure. */
enum tp_status tp_planted_init(
    struct tp_planted *planted, const struct tp_synth_options *options, struct tp_error *err);
void tp_planted_release(struct tp_planted *planted);

/* "f07": zero-padded to the width of the last one, at least two digits. */
void tp_planted_name(
    const struct tp_planted *planted, int32_t feature, char name[TP_FEATURE_NAME_BYTES]);

/* Latent factors of a group, 2 to 4, never more than the smallest dim. */
int32_t tp_planted_latents(const struct tp_planted *planted, int32_t group);

/* DIR/model.yaml and DIR/topology.yaml. */
enum tp_status tp_planted_write_specs(const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, struct tp_error *err);

/* DIR/dump/. Removes the files of an earlier synthetic dump there first. */
enum tp_status tp_planted_write_dump(const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, struct tp_error *err);

/* DIR/log.tsv; needs TP_CRITEO_SPARSE features.
 * @param truth  out, all zero before; to be released also on failure. */
enum tp_status tp_planted_write_log(const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, struct tp_log_truth *truth,
    struct tp_error *err);

/* DIR/truth.json.
 * @param truth  of the log; NULL: there is none. */
enum tp_status tp_planted_write_truth(const struct tp_planted *planted, struct tp_log_truth *truth,
    const char *dir, struct tp_error *err);

#endif
