/* SPDX-License-Identifier: Apache-2.0 */
/* Groups, dims, rows and pooling of a synthetic workload.
 *
 * In: options and their seed. Out: one value per feature. Features are dealt to groups in shuffled
 * order, so that neither stride nor any other rule on the feature's index finds the groups.
 * Rows and pooling are multiplied log-normally: sizes of real tables spread over orders of magnitude
 * (Acun et al., HPCA 2021, doi:10.1109/HPCA51647.2021.00072, figures 3 and 4). Cost: O(F). */
#include "synth/planted.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MIN 4
#define ROWS_MAX 1e12
#define POOLING_MAX 1e6

static enum tp_status allocate(struct tp_planted *planted, struct tp_error *err)
{
    int32_t count = planted->feature_count;
    planted->group = TP_NEW(count, int32_t);
    planted->dim = TP_NEW(count, int32_t);
    planted->rows = TP_NEW(count, int64_t);
    planted->pooling = TP_NEW(count, double);
    if (!planted->group || !planted->dim || !planted->rows || !planted->pooling)
        return tp_fail_memory(err);
    return TP_OK;
}

static enum tp_status deal_groups(struct tp_planted *planted, uint64_t seed, struct tp_error *err)
{
    struct tp_random random = tp_random_new(seed, TP_STREAM_GROUPS);
    int32_t *order = TP_NEW(planted->feature_count, int32_t);
    if (!order)
        return tp_fail_memory(err);
    for (int32_t f = 0; f < planted->feature_count; f++)
        order[f] = f;
    tp_random_shuffle(&random, order, planted->feature_count);
    for (int32_t i = 0; i < planted->feature_count; i++)
        planted->group[order[i]] = i % planted->group_count;
    free(order);
    return TP_OK;
}

/* All draws are made whatever the options, so that changing one of them leaves the others' values. */
static void draw_tables(struct tp_planted *planted, const struct tp_synth_options *options)
{
    struct tp_random random = tp_random_new(options->seed, TP_STREAM_TABLES);
    const int32_t dims[3] = {options->dim / 2, options->dim, options->dim * 2};
    planted->dim_min = INT32_MAX;
    for (int32_t f = 0; f < planted->feature_count; f++) {
        int64_t pick = tp_random_below(&random, 3);
        double rows = (double)options->rows * exp(options->skew * tp_random_normal(&random));
        double pooling = exp(options->skew * tp_random_normal(&random));
        planted->dim[f] = options->mixed_dims ? dims[pick] : options->dim;
        planted->rows[f] = (int64_t)fmin(fmax(rows, ROWS_MIN), ROWS_MAX);
        planted->pooling[f] = round(fmin(fmax(pooling, 1), POOLING_MAX) * 10) / 10;
        if (planted->dim[f] < planted->dim_min)
            planted->dim_min = planted->dim[f];
    }
}

enum tp_status tp_planted_init(
    struct tp_planted *planted, const struct tp_synth_options *options, struct tp_error *err)
{
    memset(planted, 0, sizeof *planted);
    planted->feature_count = options->features;
    planted->group_count = options->groups;
    enum tp_status status = allocate(planted, err);
    if (!status)
        status = deal_groups(planted, options->seed, err);
    if (!status)
        draw_tables(planted, options);
    return status;
}

void tp_planted_release(struct tp_planted *planted)
{
    free(planted->pooling);
    free(planted->rows);
    free(planted->dim);
    free(planted->group);
    memset(planted, 0, sizeof *planted);
}

void tp_planted_name(
    const struct tp_planted *planted, int32_t feature, char name[TP_FEATURE_NAME_BYTES])
{
    int digits = 2;
    for (int32_t last = (planted->feature_count - 1) / 100; last > 0; last /= 10)
        digits++;
    snprintf(name, TP_FEATURE_NAME_BYTES, "f%0*d", digits, (int)feature);
}

int32_t tp_planted_latents(const struct tp_planted *planted, int32_t group)
{
    int32_t latents = 2 + group % (TP_LATENTS_MAX - 1);
    return latents < planted->dim_min ? latents : planted->dim_min;
}
