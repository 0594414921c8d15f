/* SPDX-License-Identifier: Apache-2.0 */
/* Which features belong together: an embedding dump, and the affinity matrix measured on it. */
#ifndef TOWERPART_AFFINITY_H
#define TOWERPART_AFFINITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

/* Pooled embeddings of the same samples for every feature, mapped, not copied. */
struct tp_dump;

/* Opens a dump and checks its form: features against the model, shapes, dtype, sample counts, file
 * lengths. Values are checked when they are read.
 * @param path   a folder with features.json and pooled.npy (samples, F, N), or with one
 *               <feature>.npy (samples, N_f) per feature, names percent-encoded; little-endian
 *               float16, float32 or float64, C order.
 * @param model  the features expected, and their dims; borrowed, must outlive the dump.
 * @param dump   out, to be freed with tp_dump_free().
 * @return TP_OK; TP_EINPUT with file, feature, found and expected; TP_ENOMEM. */
enum tp_status tp_dump_open(
    const char *path, const struct tp_model *model, struct tp_dump **dump, struct tp_error *err);

void tp_dump_free(struct tp_dump *dump);

int64_t tp_dump_samples(const struct tp_dump *dump);

/* Affinity between features, in the order of the model's features when made by
 * tp_affinity_measure() or tp_affinity_load(). */
struct tp_affinity {
    int32_t feature_count;
    char **features;      /* (F) names */
    float *affinity;      /* (F, F), symmetric, diagonal 1, in [0, 1] */
    float *std_error;     /* (F, F), standard error of each value, >= 0 */
    int64_t samples;      /* of the dump */
    char measure[16];     /* "cka" */
    double noise_floor;   /* 99th percentile of the measure on permuted samples */
    double noise_median;  /* median of the same */
    char sha256[65];      /* of the dump or the affinity file; "": from neither */
    int64_t zero_vectors; /* all-zero vectors seen in the dump; 0 when loaded */
    int32_t *constant;    /* features that never vary in the dump: affinity 0 to all others */
    int32_t constant_count;
};

struct tp_affinity_options {
    uint64_t seed;        /* of the permutations behind the noise floor; default 1 */
    int64_t memory_bytes; /* working memory aimed at, beside the result; default 1 GiB */
    int32_t round_digits; /* decimals to round the figures to; -1 (default): none */
    bool progress;        /* a progress line on stderr if it is a terminal; default false */
    int32_t threads;      /* workers; 0 (default): as many as OpenBLAS is set to use */
};

struct tp_affinity_options tp_affinity_options_default(void);

/* Linear centred kernel alignment (Kornblith et al. 2019, arXiv 1905.00414, eq. 3 with linear
 * kernels; = the RV coefficient of Robert & Escoufier 1976, doi:10.2307/2347233) of every pair of
 * features, with its standard error (delete-one-block jackknife over 16 or more blocks) and noise
 * floor.
 * Works on threads of its own, and sets OpenBLAS to one thread while it does; on one thread in all if
 * OpenBLAS was built without locks (Debian's serial variant).
 * @param dump  at least 32 samples.
 * @param options  NULL: defaults.
 * @return TP_OK; TP_EINPUT for NaN or Inf, naming file, feature and first bad sample, or for too few
 *         samples; TP_ENOMEM.
 * Cost: samples * (sum of dims)^2 multiply-adds, by tiles of sgemm. */
enum tp_status tp_affinity_measure(const struct tp_dump *dump,
    const struct tp_affinity_options *options, struct tp_affinity **affinity, struct tp_error *err);

/* Reads an affinity.npz and puts it into the order of the model's features.
 * @return TP_OK; TP_EINPUT when it is damaged, not symmetric, out of [0, 1], or its features are not
 *         the model's; TP_ENOMEM. */
enum tp_status tp_affinity_load(const char *path, const struct tp_model *model,
    struct tp_affinity **affinity, struct tp_error *err);

/* Writes an affinity.npz that numpy.load reads: `affinity`, `stderr` (float32, F x F), `features`
 * (unicode), `samples` (int64), `measure` (unicode), `noise_floor`, `noise_median` (float64). Same
 * matrix, same bytes. "-" is standard output. */
enum tp_status tp_affinity_save(
    const struct tp_affinity *affinity, const char *path, struct tp_error *err);

void tp_affinity_free(struct tp_affinity *affinity);

/* Share of the pairs whose affinity lies above the noise floor, in [0, 1]. */
double tp_affinity_above_floor(const struct tp_affinity *affinity);

#endif
