/* SPDX-License-Identifier: Apache-2.0 */
/* The first reading of a dump: finds what is no number, and what centring needs.
 *
 * Sums are of distances from the first sample, in double, so that a large common offset costs no
 * digits. A feature is constant when every distance is 0, or too small to be divided by. The scale,
 * its largest distance, brings every feature near 1: the measure does not depend on it, and
 * products of float32 neither overflow nor vanish, whatever the range of the values. A feature that
 * the dump does not have is left out, with scale 0. F features, D columns, n samples. Cost: one pass in the order of the file, O(n D); each thread takes a range of
 * features. */
#include "affinity/moments.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Rows read per feature before the next: long pieces of either layout, which stay in the cache. */
#define ROWS 16

/* The running sums. */
struct pass {
    const struct tp_dump *dump;
    const size_t *first_column;
    double *first;         /* (D) values of sample 0 */
    double *sums;          /* (TP_BLOCKS, D) distances from it, per block */
    double *widest;        /* (F) largest distance */
    int64_t *zero_vectors; /* (F) */
    int64_t *bad_sample;   /* (F) first sample with NaN or Inf, or -1 */
    double *values;        /* (threads, dim_max) */
    size_t dim_max;
    int32_t range_count; /* of features, a task each */
};

int64_t tp_block_start(int64_t samples, int32_t block)
{
    return samples / TP_BLOCKS * block + samples % TP_BLOCKS * block / TP_BLOCKS;
}

static size_t column_count(const struct pass *pass)
{
    return pass->first_column[pass->dump->model->feature_count];
}

/* Largest size of a value; Inf also for NaN. */
static double largest_size(const double *values, size_t dim)
{
    double largest = 0;
    int wrong = 0;
    for (size_t c = 0; c < dim; c++) {
        double size = fabs(values[c]);
        wrong |= !(size <= DBL_MAX);
        largest = size > largest ? size : largest;
    }
    return wrong ? HUGE_VAL : largest;
}

/* Adds distances from the first sample; returns the largest of them. */
static double add_distances(const double *values, const double *first, size_t dim, double *sum)
{
    double widest = 0;
    for (size_t c = 0; c < dim; c++) {
        double distance = values[c] - first[c], size = fabs(distance);
        sum[c] += distance;
        widest = size > widest ? size : widest;
    }
    return widest;
}

/* Samples start .. end - 1 of one feature; stops at a bad one. */
static void add_rows(
    struct pass *pass, int32_t feature, int32_t block, int64_t start, int64_t end, double *values)
{
    size_t column = pass->first_column[feature], dim = pass->first_column[feature + 1] - column;
    double *sum = pass->sums + (size_t)block * column_count(pass) + column;
    for (int64_t s = start; s < end && pass->bad_sample[feature] < 0; s++) {
        tp_dump_read(pass->dump, feature, s, values);
        double largest = largest_size(values, dim);
        if (largest > DBL_MAX) {
            pass->bad_sample[feature] = s;
            return;
        }
        pass->zero_vectors[feature] += largest == 0;
        if (s == 0)
            memcpy(pass->first + column, values, dim * sizeof *values);
        double widest = add_distances(values, pass->first + column, dim, sum);
        if (widest > pass->widest[feature])
            pass->widest[feature] = widest;
    }
}

static void add_range(void *context, int32_t worker, int64_t range)
{
    struct pass *pass = context;
    int32_t feature_count = pass->dump->model->feature_count;
    int32_t from = (int32_t)(range * feature_count / pass->range_count);
    int32_t to = (int32_t)((range + 1) * feature_count / pass->range_count);
    double *values = pass->values + (size_t)worker * pass->dim_max;
    for (int32_t b = 0; b < TP_BLOCKS; b++) {
        int64_t end = tp_block_start(pass->dump->samples, b + 1);
        for (int64_t s = tp_block_start(pass->dump->samples, b); s < end; s += ROWS) {
            int64_t stop = s + ROWS < end ? s + ROWS : end;
            for (int32_t f = from; f < to; f++) {
                if (pass->dump->features[f].file >= 0)
                    add_rows(pass, f, b, s, stop, values);
            }
        }
    }
}

static enum tp_status fail_sample(
    const struct pass *pass, int32_t feature, double *values, struct tp_error *err)
{
    const struct tp_dump *dump = pass->dump;
    const struct tp_dump_feature *at = &dump->features[feature];
    int32_t c = 0;
    tp_dump_read(dump, feature, pass->bad_sample[feature], values);
    while (c + 1 < at->dim && isfinite(values[c]))
        c++;
    return tp_fail(err, TP_EINPUT,
        "%s: feature '%s': sample %lld, column %d is %s, expected a finite number",
        dump->files[at->file].path, dump->model->features[feature].name,
        (long long)pass->bad_sample[feature], c, isnan(values[c]) ? "NaN" : "Inf");
}

/* Means, scale and block shifts of one feature; false if its values are too far apart. */
static bool finish_feature(const struct pass *pass, int32_t feature, struct tp_moments *moments)
{
    size_t columns = column_count(pass), end = pass->first_column[feature + 1];
    int64_t samples = pass->dump->samples;
    double n = (double)samples;
    double scale = pass->widest[feature] < DBL_MIN ? 0.0 : pass->widest[feature];
    bool fits = scale <= DBL_MAX;
    moments->scale[feature] = scale;
    for (size_t c = pass->first_column[feature]; fits && c < end; c++) {
        double sum = 0;
        for (size_t b = 0; b < TP_BLOCKS; b++)
            sum += pass->sums[b * columns + c];
        fits = fabs(sum) <= DBL_MAX;
        moments->mean[c] = pass->first[c] + sum / n;
        for (int32_t b = 0; fits && scale > 0 && b < TP_BLOCKS; b++) {
            size_t cell = (size_t)b * columns + c;
            double own = (double)(tp_block_start(samples, b + 1) - tp_block_start(samples, b));
            double shift = (pass->sums[cell] / own - sum / n) / scale;
            moments->block_shift[cell] = (float)(own / sqrt(n - own) * shift);
        }
    }
    return fits;
}

static enum tp_status finish(
    const struct pass *pass, struct tp_moments *moments, struct tp_error *err)
{
    for (int32_t f = 0; f < pass->dump->model->feature_count; f++) {
        if (pass->bad_sample[f] >= 0)
            return fail_sample(pass, f, pass->values, err);
        if (!finish_feature(pass, f, moments))
            return tp_fail(err, TP_EINPUT,
                "%s: feature '%s': its values are too far apart to be subtracted",
                pass->dump->files[pass->dump->features[f].file].path,
                pass->dump->model->features[f].name);
        moments->zero_vectors += pass->zero_vectors[f];
    }
    return TP_OK;
}

static bool new_moments(const struct tp_dump *dump, struct tp_moments *moments)
{
    size_t count = (size_t)dump->model->feature_count, cells;
    moments->feature_count = dump->model->feature_count;
    moments->first_column = TP_NEW(count + 1, size_t);
    if (!moments->first_column)
        return false;
    for (size_t f = 0; f < count; f++)
        moments->first_column[f + 1] = moments->first_column[f] + (size_t)dump->features[f].dim;
    if (!tp_multiply(moments->first_column[count], TP_BLOCKS, &cells))
        return false;
    moments->mean = TP_NEW(moments->first_column[count], double);
    moments->scale = TP_NEW(count, double);
    moments->block_shift = TP_NEW(cells, float);
    return moments->mean && moments->scale && moments->block_shift;
}

void tp_moments_release(struct tp_moments *moments)
{
    free(moments->first_column);
    free(moments->mean);
    free(moments->scale);
    free(moments->block_shift);
    memset(moments, 0, sizeof *moments);
}

static bool new_pass(const struct tp_dump *dump, const struct tp_moments *moments, int32_t threads,
    struct pass *pass)
{
    size_t count = (size_t)dump->model->feature_count, columns = moments->first_column[count];
    *pass = (struct pass){.dump = dump, .first_column = moments->first_column};
    pass->range_count = threads < dump->model->feature_count ? threads : dump->model->feature_count;
    for (size_t f = 0; f < count; f++) {
        size_t dim = (size_t)dump->features[f].dim;
        pass->dim_max = dim > pass->dim_max ? dim : pass->dim_max;
    }
    pass->first = TP_NEW(columns, double);
    pass->sums = TP_NEW(columns * TP_BLOCKS, double);
    pass->widest = TP_NEW(count, double);
    pass->zero_vectors = TP_NEW(count, int64_t);
    pass->bad_sample = TP_NEW(count, int64_t);
    pass->values = TP_NEW((size_t)threads * pass->dim_max, double);
    for (size_t f = 0; pass->bad_sample && f < count; f++)
        pass->bad_sample[f] = -1;
    return pass->first && pass->sums && pass->widest && pass->zero_vectors && pass->bad_sample &&
           pass->values;
}

static void release_pass(struct pass *pass)
{
    free(pass->first);
    free(pass->sums);
    free(pass->widest);
    free(pass->zero_vectors);
    free(pass->bad_sample);
    free(pass->values);
}

enum tp_status tp_moments_measure(
    const struct tp_dump *dump, int32_t threads, struct tp_moments *moments, struct tp_error *err)
{
    struct tp_moments made = {0};
    struct pass pass = {0};
    enum tp_status status = TP_OK;
    if (!new_moments(dump, &made) || !new_pass(dump, &made, threads, &pass)) {
        status = tp_fail_memory(err);
    } else {
        tp_parallel(threads, pass.range_count, add_range, &pass, (struct tp_progress_part){0});
        status = tp_dump_failed(dump, err);
        if (!status)
            status = finish(&pass, &made, err);
    }
    release_pass(&pass);
    if (status)
        tp_moments_release(&made);
    else
        *moments = made;
    return status;
}
