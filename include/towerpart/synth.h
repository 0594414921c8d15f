/* SPDX-License-Identifier: Apache-2.0 */
/* A synthetic workload with planted feature groups, to try everything on. */
#ifndef TOWERPART_SYNTH_H
#define TOWERPART_SYNTH_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/status.h>

#define TP_SYNTH_FEATURES_MAX 100000
#define TP_SYNTH_SAMPLES_MIN 32
#define TP_SYNTH_SAMPLES_MAX (INT64_C(1) << 40)
#define TP_SYNTH_DIM_MAX 8192
#define TP_SYNTH_ROWS_MAX INT64_C(1000000000000)
#define TP_SYNTH_BATCH_MAX 1048576
#define TP_SYNTH_LOG_ROWS_MAX (INT64_C(1) << 40)

struct tp_synth_options {
    int32_t features; /* 2..100000; default 48 */
    int32_t groups;   /* 1..features; default 8 */
    int64_t samples;  /* of the dump, 32..2^40; default 4096 */
    int32_t dim;      /* of every table, 4..8192; default 16 */
    bool mixed_dims;  /* dims drawn from dim/2, dim, 2*dim; the dump has one file per feature */
    double noise;     /* strength of the noise against the group signal, 0..1e6; default 1: equal */
    int64_t rows;     /* of a table (median if skewed), 4..1e12; default 10000 */
    double skew;      /* sigma of the log-normal on rows and pooling, 0..10; default 0: equal */
    int32_t hosts;    /* default 4 */
    int32_t ranks_per_host;   /* default 4 */
    int32_t local_batch_size; /* of the model: samples per rank and step, 1..2^20; default 4096 */
    int64_t log_rows;         /* of a click log, needs 26 features; 0..2^40, default 0: none */
    uint64_t seed;            /* default 1 */
};

struct tp_synth_options tp_synth_options_default(void);

/* Writes DIR/model.yaml, topology.yaml, dump/, truth.json (feature -> planted group) and, if asked
 * for, log.tsv, whose labels depend on interactions inside the groups. truth.json then has a "log"
 * too: {"rows", "clicks", "auc", "logloss"}, how well the click probabilities that the labels were
 * drawn with predict them: AUC exactly, log loss in nats; null where no pair of a click and none
 * defines an AUC. That takes 8 bytes of memory per row. Makes DIR if it is missing; files of those
 * names in it are replaced, and what an earlier run left in dump/ is removed. Same options, same
 * bytes.
 * @param options  NULL: defaults.
 * @return TP_OK; TP_EUSAGE naming the option that is out of range; TP_EINTERNAL when a file cannot
 *         be written; TP_ENOMEM. */
enum tp_status tp_synth(
    const char *dir, const struct tp_synth_options *options, struct tp_error *err);

#endif
