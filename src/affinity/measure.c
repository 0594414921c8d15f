/* SPDX-License-Identifier: Apache-2.0 */
/* The affinity of one dump or several, and what makes it trustworthy.
 *
 * In: open dumps of one model, maybe one of the model before training. Out: the mean of their
 * matrices in the model's order, and beside it how well they agree, and what was there untrained.
 * Every dump is measured on its own first (src/affinity/reading.c).
 *   - A value, a standard error, a floor: the mean over the dumps. Dumps of the same samples err
 *     together, so their errors do not cancel in the mean.
 *   - A feature that is constant in any dump is constant: where it does not vary its cka counts as 0
 *     in the mean, and its pairs take no part in the comparisons.
 *   - A feature must be in all dumps or in none. In none, it gets the mean of the measured pairs, and
 *     their standard deviation as its standard error: its true place could be that of any pair.
 *   - Agreement is Spearman's rank correlation over the pairs of measured features, where all values up
 *     to a matrix's noise floor count as equal: the order of unrelated pairs is chance, and where
 *     few pairs are related it would drown what the runs agree on.
 * Cost: the readings; a matrix per dump in memory; P log P steps of sorting for each, P pairs. */
#include <towerpart/affinity.h>

#include "affinity/reading.h"
#include "affinity/spearman.h"
#include "affinity/matrix.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_DIGITS_MAX 9 /* more than float32 holds */

struct tp_affinity_options tp_affinity_options_default(void)
{
    return (struct tp_affinity_options){
        .seed = 1, .memory_bytes = (int64_t)1 << 30, .round_digits = -1};
}

/* Dumps to read: those to average, then the null dump if there is one. */
struct job {
    const struct tp_dump *const *dumps;
    const struct tp_dump *null_dump;
    int32_t dump_count, reading_count;
    const struct tp_affinity_options *options;
    struct tp_affinity **readings; /* (reading_count), in that order */
    char (*sha256)[TP_SHA256_TEXT];
};

static const struct tp_dump *dump_at(const struct job *job, int32_t i)
{
    return i < job->dump_count ? job->dumps[i] : job->null_dump;
}

static enum tp_status check_missing(const struct job *job, struct tp_error *err)
{
    const struct tp_dump *first = job->dumps[0];
    for (int32_t i = 1; i < job->dump_count; i++) {
        const struct tp_dump *dump = job->dumps[i];
        for (int32_t f = 0; f < first->model->feature_count; f++) {
            bool here = dump->features[f].file >= 0, there = first->features[f].file >= 0;
            if (here != there)
                return tp_fail(err, TP_EINPUT,
                    "%s: feature '%s' is missing, but is in %s; expected in all dumps or in none",
                    here ? first->path : dump->path, first->model->features[f].name,
                    here ? dump->path : first->path);
        }
    }
    return TP_OK;
}

/* A copy among several would agree with its original whatever was learned. */
static enum tp_status digest_dumps(struct job *job, struct tp_error *err)
{
    for (int32_t i = 0; i < job->reading_count; i++) {
        enum tp_status status = tp_digest_path(dump_at(job, i)->path, job->sha256[i], err);
        if (status)
            return status;
        for (int32_t k = 0; k < i; k++) {
            if (!strcmp(job->sha256[k], job->sha256[i]))
                return tp_fail(err, TP_EINPUT,
                    "%s: holds the same as %s, expected a dump of another training run, checkpoint "
                    "or, with --null, of the untrained model",
                    dump_at(job, i)->path, dump_at(job, k)->path);
        }
    }
    return TP_OK;
}

static enum tp_status read_dumps(struct job *job, struct tp_error *err)
{
    struct tp_progress progress = tp_progress_begin(job->options->progress, "affinity");
    enum tp_status status = TP_OK;
    for (int32_t i = 0; !status && i < job->reading_count; i++) {
        struct tp_progress_part part = {
            &progress, (double)i / job->reading_count, (double)(i + 1) / job->reading_count};
        status = tp_reading_measure(dump_at(job, i), job->options, part, &job->readings[i], err);
    }
    tp_progress_end(&progress);
    return status;
}

/* One for one dump, else of a line for each. */
static enum tp_status set_digest(
    const struct job *job, struct tp_affinity *affinity, struct tp_error *err)
{
    struct tp_text lines = {0};
    for (int32_t i = 0; i < job->dump_count; i++)
        tp_text_add(&lines, "%s\n", job->sha256[i]);
    enum tp_status status = lines.failed ? tp_fail_memory(err) : TP_OK;
    if (!status && job->dump_count == 1)
        memcpy(affinity->sha256, job->sha256[0], sizeof affinity->sha256);
    else if (!status)
        tp_digest_bytes(lines.data, lines.length, affinity->sha256);
    tp_text_release(&lines);
    return status;
}

/* What is not a matrix: the first reading takes up the others'. */
static void merge_facts(const struct job *job, struct tp_affinity *affinity)
{
    double dumps = job->dump_count;
    affinity->dumps = job->dump_count;
    affinity->noise_floor /= dumps;
    affinity->noise_median /= dumps;
    for (int32_t i = 1; i < job->dump_count; i++) {
        const struct tp_affinity *reading = job->readings[i];
        affinity->samples =
            reading->samples < affinity->samples ? reading->samples : affinity->samples;
        affinity->zero_vectors += reading->zero_vectors;
        affinity->noise_floor += reading->noise_floor / dumps;
        affinity->noise_median += reading->noise_median / dumps;
        for (int32_t f = 0; f < affinity->feature_count; f++) {
            if (reading->state[f] == TP_FEATURE_CONSTANT)
                affinity->state[f] = TP_FEATURE_CONSTANT;
        }
    }
}

/* The first reading becomes the mean. */
static void average_matrices(const struct job *job, struct tp_affinity *affinity)
{
    size_t cells = (size_t)affinity->feature_count * (size_t)affinity->feature_count;
    for (size_t k = 0; job->dump_count > 1 && k < cells; k++) {
        double value = 0, std_error = 0;
        for (int32_t i = 0; i < job->dump_count; i++) {
            value += (double)job->readings[i]->affinity[k];
            std_error += (double)job->readings[i]->std_error[k];
        }
        affinity->affinity[k] = (float)(value / job->dump_count);
        affinity->std_error[k] = (float)(std_error / job->dump_count);
    }
}

/* Cells i F + j, i < j, of pairs of measured features. */
struct pair_list {
    size_t *cells;
    size_t count;
};

/* @param present  NULL, or a reading in which both features must not be missing. */
static enum tp_status list_pairs(const struct tp_affinity *affinity,
    const struct tp_affinity *present, struct pair_list *pairs, struct tp_error *err)
{
    size_t features = (size_t)affinity->feature_count, used = 0, cells;
    size_t *index = TP_NEW(features, size_t);
    *pairs = (struct pair_list){0};
    for (size_t f = 0; index && f < features; f++) {
        if (affinity->state[f] == TP_FEATURE_MEASURED &&
            !(present && present->state[f] == TP_FEATURE_NEUTRAL))
            index[used++] = f;
    }
    if (index && tp_multiply(used, used, &cells))
        pairs->cells = TP_NEW(cells / 2, size_t);
    for (size_t i = 0; pairs->cells && i < used; i++) {
        for (size_t j = i + 1; j < used; j++)
            pairs->cells[pairs->count++] = index[i] * features + index[j];
    }
    free(index);
    return pairs->cells ? TP_OK : tp_fail_memory(err);
}

/* Rank correlation between matrices over those pairs, as far as they rise above the floor. */
static enum tp_status correlate(const struct pair_list *pairs, struct tp_affinity *const *matrices,
    int32_t count, double *rho, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    const float **lists = TP_NEW(count, const float *);
    size_t cells;
    float *values = tp_multiply(pairs->count, (size_t)count, &cells) ? TP_NEW(cells, float) : NULL;
    if (!lists || !values) {
        status = tp_fail_memory(err);
        goto out;
    }
    for (int32_t i = 0; i < count; i++) {
        float *list = values + (size_t)i * pairs->count, floor = (float)matrices[i]->noise_floor;
        for (size_t k = 0; k < pairs->count; k++)
            list[k] = fmaxf(matrices[i]->affinity[pairs->cells[k]], floor);
        lists[i] = list;
    }
    status = tp_spearman(lists, count, pairs->count, rho, err);
out:
    free(values);
    free(lists);
    return status;
}

static enum tp_status compare_dumps(
    const struct job *job, const struct tp_affinity *affinity, double *rho, struct tp_error *err)
{
    struct pair_list pairs;
    enum tp_status status = list_pairs(affinity, NULL, &pairs, err);
    if (!status)
        status = correlate(&pairs, job->readings, job->dump_count, rho, err);
    free(pairs.cells);
    return status;
}

/* What was there before training. */
static enum tp_status compare_null(
    struct tp_affinity *affinity, struct tp_affinity *null_reading, struct tp_error *err)
{
    struct pair_list pairs;
    size_t above = 0;
    enum tp_status status = list_pairs(affinity, null_reading, &pairs, err);
    if (!status)
        status = correlate(
            &pairs, (struct tp_affinity *[]){affinity, null_reading}, 2, &affinity->null_rho, err);
    for (size_t k = 0; !status && k < pairs.count; k++) {
        size_t cell = pairs.cells[k];
        double error =
            hypot((double)affinity->std_error[cell], (double)null_reading->std_error[cell]);
        above +=
            (double)affinity->affinity[cell] - (double)null_reading->affinity[cell] > 2 * error;
    }
    if (!status && pairs.count)
        affinity->learned = (double)above / (double)pairs.count;
    free(pairs.cells);
    return status;
}

static void set_pair(
    struct tp_affinity *affinity, size_t i, size_t j, double value, double std_error)
{
    size_t features = (size_t)affinity->feature_count;
    affinity->affinity[i * features + j] = affinity->affinity[j * features + i] = (float)value;
    affinity->std_error[i * features + j] = affinity->std_error[j * features + i] =
        (float)std_error;
}

enum tp_status tp_affinity_fill_neutral(struct tp_affinity *affinity, struct tp_error *err)
{
    struct pair_list pairs;
    size_t features = (size_t)affinity->feature_count;
    double mean = 0, squares = 0;
    enum tp_status status = list_pairs(affinity, NULL, &pairs, err);
    if (status)
        return status;
    double count = (double)pairs.count;
    for (size_t k = 0; k < pairs.count; k++)
        mean += (double)affinity->affinity[pairs.cells[k]] / count;
    for (size_t k = 0; k < pairs.count; k++) {
        double distance = (double)affinity->affinity[pairs.cells[k]] - mean;
        squares += distance * distance / count;
    }
    for (size_t i = 0; i < features; i++) {
        for (size_t j = 0; affinity->state[i] == TP_FEATURE_NEUTRAL && j < features; j++) {
            bool zero =
                affinity->measure == TP_MEASURE_CKA && affinity->state[j] == TP_FEATURE_CONSTANT;
            if (i != j && !zero)
                set_pair(affinity, i, j, mean, sqrt(squares));
        }
    }
    free(pairs.cells);
    return TP_OK;
}

static double rounded(double value, int32_t digits)
{
    double unit = pow(10, digits);
    return nearbyint(value * unit) / unit;
}

/* To decimals, so that results made by different BLAS kernels agree. NAN stays. */
static void round_all(struct tp_affinity *affinity, int32_t digits)
{
    size_t cells = (size_t)affinity->feature_count * (size_t)affinity->feature_count;
    if (digits < 0 || digits > ROUND_DIGITS_MAX)
        return;
    for (size_t i = 0; i < cells; i++) {
        affinity->affinity[i] = (float)rounded((double)affinity->affinity[i], digits);
        affinity->std_error[i] = (float)rounded((double)affinity->std_error[i], digits);
    }
    double *const figures[] = {&affinity->noise_floor, &affinity->noise_median,
        &affinity->reproducibility, &affinity->null_rho, &affinity->learned};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        *figures[i] = rounded(*figures[i], digits);
}

/* Makes one affinity of all readings, in the place of the first. */
static enum tp_status combine(struct job *job, struct tp_error *err)
{
    struct tp_affinity *affinity = job->readings[0];
    enum tp_status status = set_digest(job, affinity, err);
    merge_facts(job, affinity);
    if (!status && job->dump_count > 1)
        status = compare_dumps(job, affinity, &affinity->reproducibility, err);
    average_matrices(job, affinity);
    if (!status && job->null_dump)
        status = compare_null(affinity, job->readings[job->dump_count], err);
    if (!status)
        status = tp_affinity_fill_neutral(affinity, err);
    round_all(affinity, job->options->round_digits);
    return status;
}

enum tp_status tp_affinity_measure(const struct tp_dump *const *dumps, int32_t dump_count,
    const struct tp_dump *null_dump, const struct tp_affinity_options *options,
    struct tp_affinity **affinity, struct tp_error *err)
{
    struct tp_affinity_options defaults = tp_affinity_options_default();
    struct job job = {.dumps = dumps,
        .null_dump = null_dump,
        .dump_count = dump_count,
        .reading_count = dump_count + (null_dump ? 1 : 0),
        .options = options ? options : &defaults};
    job.readings = TP_NEW(job.reading_count, struct tp_affinity *);
    job.sha256 = tp_new((size_t)job.reading_count, TP_SHA256_TEXT);
    enum tp_status status = job.readings && job.sha256 ? TP_OK : tp_fail_memory(err);
    if (!status)
        status = check_missing(&job, err);
    if (!status)
        status = digest_dumps(&job, err);
    if (!status)
        status = read_dumps(&job, err);
    if (!status)
        status = combine(&job, err);
    for (int32_t i = 0; job.readings && i < job.reading_count; i++) {
        if (i || status)
            tp_affinity_free(job.readings[i]);
        else
            *affinity = job.readings[0];
    }
    free(job.readings);
    free(job.sha256);
    return status;
}
