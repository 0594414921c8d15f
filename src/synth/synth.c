/* SPDX-License-Identifier: Apache-2.0 */
/* A synthetic workload: options in, a folder of files out.
 *
 * The options are checked before anything is written. Then the groups are planted (planted.c) and written as
 * specs (spec_files.c), dump (planted_dump.c) and click log (click_log.c). The same options give the same
 * bytes; each part draws from streams of its own, so that asking for a log does not change the dump. */
#include <towerpart/synth.h>

#include <towerpart/topology.h>

#include "base/fail.h"
#include "base/file.h"
#include "synth/planted.h"

#include <stddef.h>

#define SKEW_MAX 10.0
#define NOISE_MAX 1e6

struct tp_synth_options tp_synth_options_default(void)
{
    return (struct tp_synth_options){
        .features = 48,
        .groups = 8,
        .samples = 4096,
        .dim = 16,
        .noise = 1,
        .rows = 10000,
        .hosts = 4,
        .ranks_per_host = 4,
        .local_batch_size = 4096,
        .seed = 1,
    };
}

static enum tp_status check_integer(
    const char *option, int64_t value, int64_t min, int64_t max, struct tp_error *err)
{
    if (value >= min && value <= max)
        return TP_OK;
    return tp_fail(err, TP_EUSAGE, "%s: found %lld, expected %lld to %lld", option,
        (long long)value, (long long)min, (long long)max);
}

static enum tp_status check_real(const char *option, double value, double max, struct tp_error *err)
{
    if (value >= 0 && value <= max)
        return TP_OK;
    return tp_fail(
        err, TP_EUSAGE, "%s: found %g, expected a number from 0 to %g", option, value, max);
}

static enum tp_status check_log(const struct tp_synth_options *options, struct tp_error *err)
{
    enum tp_status status =
        check_integer("--log", options->log_rows, 0, TP_SYNTH_LOG_ROWS_MAX, err);
    if (!status && options->log_rows > 0 && options->features != TP_CRITEO_SPARSE)
        return tp_fail(err, TP_EUSAGE,
            "--features: found %d, expected %d with --log: Criteo's layout has exactly %d "
            "categorical columns",
            (int)options->features, TP_CRITEO_SPARSE, TP_CRITEO_SPARSE);
    return status;
}

static enum tp_status check_options(const struct tp_synth_options *options, struct tp_error *err)
{
    const struct {
        const char *option;
        int64_t value, min, max;
    } integers[] = {
        {"--features", options->features, 2, TP_SYNTH_FEATURES_MAX},
        {"--groups", options->groups, 1, options->features},
        {"--samples", options->samples, TP_SYNTH_SAMPLES_MIN, TP_SYNTH_SAMPLES_MAX},
        {"--dim", options->dim, 4, TP_SYNTH_DIM_MAX},
        {"--rows", options->rows, 4, TP_SYNTH_ROWS_MAX},
        {"--local-batch-size", options->local_batch_size, 1, TP_SYNTH_BATCH_MAX},
        {"--hosts", options->hosts, 1, TP_RANKS_MAX},
        {"--ranks-per-host", options->ranks_per_host, 1,
            options->hosts > 0 ? TP_RANKS_MAX / options->hosts : TP_RANKS_MAX},
    };
    enum tp_status status = TP_OK;
    for (size_t i = 0; i < sizeof integers / sizeof integers[0] && !status; i++)
        status = check_integer(
            integers[i].option, integers[i].value, integers[i].min, integers[i].max, err);
    if (!status)
        status = check_real("--noise", options->noise, NOISE_MAX, err);
    if (!status)
        status = check_real("--skew", options->skew, SKEW_MAX, err);
    return status ? status : check_log(options, err);
}

enum tp_status tp_synth(
    const char *dir, const struct tp_synth_options *options, struct tp_error *err)
{
    struct tp_planted planted = {0};
    struct tp_log_truth truth = {0};
    const struct tp_synth_options defaults = tp_synth_options_default();
    if (!options)
        options = &defaults;
    enum tp_status status = check_options(options, err);
    if (!status)
        status = tp_planted_init(&planted, options, err);
    if (!status)
        status = tp_folder_make(dir, err);
    if (!status)
        status = tp_planted_write_specs(&planted, options, dir, err);
    if (!status)
        status = tp_planted_write_dump(&planted, options, dir, err);
    if (!status && options->log_rows > 0)
        status = tp_planted_write_log(&planted, options, dir, &truth, err);
    if (!status)
        status = tp_planted_write_truth(&planted, options->log_rows > 0 ? &truth : NULL, dir, err);
    tp_log_truth_release(&truth);
    tp_planted_release(&planted);
    return status;
}
