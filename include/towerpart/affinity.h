/* SPDX-License-Identifier: Apache-2.0 */
/* Which features belong together: an embedding dump, and the affinity matrix measured on it. */
#ifndef TOWERPART_AFFINITY_H
#define TOWERPART_AFFINITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <towerpart/model.h>
#include <towerpart/status.h>

/* Pooled embeddings of the same samples for every feature, left on disk until they are measured. */
struct tp_dump;

/* Opens a dump and checks its form: features against the model, shapes, dtype, sample counts, file
 * lengths. Values are checked when they are read.
 * @param path   a folder with features.json and pooled.npy (samples, F, N), or with one
 *               <feature>.npy (samples, N_f) per feature, names percent-encoded; or a file, .npz or
 *               .safetensors, with one array (samples, N_f) per feature. Little-endian float16,
 *               float32, float64, and bfloat16 in .safetensors; C order.
 * @param model  the features expected, and their dims; borrowed, must outlive the dump.
 * @param may_miss  whether features of the model may be absent, as long as one is there; they get the
 *                  mean affinity when the dump is measured.
 * @param dump   out, to be freed with tp_dump_free().
 * @return TP_OK; TP_EINPUT with file, feature, found and expected; TP_ENOMEM. */
enum tp_status tp_dump_open(const char *path, const struct tp_model *model, bool may_miss,
    struct tp_dump **dump, struct tp_error *err);

void tp_dump_free(struct tp_dump *dump);

int64_t tp_dump_samples(const struct tp_dump *dump);

enum tp_measure {
    TP_MEASURE_CKA,   /* linear centred kernel alignment: any dims, blind to rotations */
    TP_MEASURE_COSINE /* mean over the samples of |cos|: equal dims */
};

const char *tp_measure_name(enum tp_measure measure); /* "cka", "cosine" */

/* What is known of a feature. */
enum tp_feature_state {
    TP_FEATURE_MEASURED,
    TP_FEATURE_CONSTANT, /* never varies in a dump: there cka 0 to all others */
    TP_FEATURE_NEUTRAL   /* in no dump: the mean affinity to all others, their standard deviation as
                            standard error */
};

/* Affinity between features, in the order of the model's features when made by
 * tp_affinity_measure() or tp_affinity_load(). */
struct tp_affinity {
    int32_t feature_count;
    char **features;  /* (F) names */
    float *affinity;  /* (F, F), symmetric, diagonal 1, in [0, 1] */
    float *std_error; /* (F, F), standard error of each value, >= 0 */
    int64_t samples;  /* of the dump, the fewest if there are several */
    enum tp_measure measure;
    enum tp_feature_state *state; /* (F); NULL: all measured */
    double noise_floor;           /* 99th percentile of the measure on permuted samples */
    double noise_median;          /* median of the same */
    int32_t dumps;                /* that were averaged, 1 or more */
    double reproducibility; /* rank correlation between the dumps' pairs (Spearman; values up to the
                               noise floor count as equal), the mean over pairs of dumps; NAN: one
                               dump, or one where nothing rises above the floor */
    double null_rho; /* the same between the matrix and that of the untrained model; NAN: none */
    double learned;  /* share of the pairs above the untrained model's by over 2 standard errors
                               of the difference; NAN: none */
    char sha256[65]; /* of the dump, of the digests of several, or of the affinity file; "":
                               from none */
    int64_t zero_vectors; /* all-zero vectors seen in the dumps; 0 when loaded */
};

struct tp_affinity_options {
    enum tp_measure measure; /* default cka */
    uint64_t seed;           /* of the permutations behind the noise floor; default 1 */
    int64_t memory_bytes;    /* working memory aimed at, beside the result; default 1 GiB */
    int32_t round_digits;    /* decimals to round the figures to; -1 (default): none */
    bool progress;           /* a progress line on stderr if it is a terminal; default false */
    int32_t threads;         /* workers; 0 (default): as many as OpenBLAS is set to use */
};

struct tp_affinity_options tp_affinity_options_default(void);

/* Affinity of every pair of features, with its standard error (delete-one-block jackknife over 16 or
 * more blocks) and noise floor (the same measure on independently permuted samples).
 * cka: Kornblith et al. 2019, arXiv 1905.00414, eq. 3 with linear kernels; = the RV coefficient of
 * Robert & Escoufier 1976, doi:10.2307/2347233. cosine: Luo et al., MLSys 2024, arXiv 2403.00877,
 * section 3.3; of an all-zero vector it is 0.
 * Works on threads of its own, and sets OpenBLAS to one thread while it does; on one thread in all if
 * OpenBLAS was built without locks (Debian's serial variant).
 * @param dumps  (dump_count) of the same model, other seeds or checkpoints, at least 32 samples each;
 *               their matrices are averaged. A standard error is the mean of theirs: dumps of the same
 *               samples err together. A feature must be in all of them or in none; if it is constant
 *               in one, its cka there counts as 0 in the mean.
 * @param null_dump  of the untrained model, for null_rho and learned; NULL: none. The matrix does not
 *                   depend on it.
 * @param options  NULL: defaults.
 * @return TP_OK; TP_EINPUT for NaN or Inf, naming file, feature and first bad sample, too few samples,
 *         unequal dims under cosine, a feature that only some dumps have, or two dumps (the null dump
 *         too) that are the same; TP_ENOMEM.
 * Cost per dump: cka samples * (sum of dims)^2 multiply-adds, by tiles of sgemm; cosine samples *
 * features * (sum of dims), in smaller products. */
enum tp_status tp_affinity_measure(const struct tp_dump *const *dumps, int32_t dump_count,
    const struct tp_dump *null_dump, const struct tp_affinity_options *options,
    struct tp_affinity **affinity, struct tp_error *err);

/* What a file of an earlier or later model and this model do not share. */
struct tp_affinity_gaps {
    bool *absent;     /* (feature_count), the caller's: which features the file lacks */
    int32_t left_out; /* features of the file that the model does not have */
};

/* Reads an affinity.npz and puts it into the order of the model's features.
 * @param gaps  NULL: the file's features must be the model's. Else out: features that the file lacks are neutral,
 *              those that the model does not have are left out, and what is said of the whole (noise floor,
 *              agreement of dumps) stays what it was.
 * @return TP_OK; TP_EINPUT when it is damaged, not symmetric, out of [0, 1], or its features are not
 *         the model's, or none of them is; TP_ENOMEM. Cost: O(F^2). */
enum tp_status tp_affinity_load(const char *path, const struct tp_model *model,
    struct tp_affinity_gaps *gaps, struct tp_affinity **affinity, struct tp_error *err);

/* Writes an affinity.npz that numpy.load reads: `affinity`, `stderr` (float32, F x F), `features`
 * (unicode), `state` (int64, F: enum tp_feature_state), `samples`, `dumps` (int64), `measure`
 * (unicode), `noise_floor`, `noise_median`, `reproducibility`, `null_rho`, `learned` (float64). Same
 * matrix, same bytes. "-" is standard output. */
enum tp_status tp_affinity_save(
    const struct tp_affinity *affinity, const char *path, struct tp_error *err);

void tp_affinity_free(struct tp_affinity *affinity);

/* Share of the pairs whose affinity lies above the noise floor, in [0, 1]; those of neutral features,
 * of which nothing is known, do not count. */
double tp_affinity_above_floor(const struct tp_affinity *affinity);

/* Median standard error over the pairs of measured features; 0 if there is none. */
enum tp_status tp_affinity_typical_error(
    const struct tp_affinity *affinity, double *std_error, struct tp_error *err);

#endif
