/* SPDX-License-Identifier: Apache-2.0 */
/* A click log, counted.
 *
 * In: the rows of a log. Out: per feature the mean and the 99th percentile of ids per sample (exact, from
 * a histogram), the distinct ids, and which share of the lookups the hottest of them have.
 *
 * The curve has points at 1, 10, 100, ... rows and at the distinct ids. Shares are rounded up to six
 * decimals: so none becomes 0, and, as each step but the last is a factor of ten, the mean share of a row
 * never grows along the curve, which the model's reader insists on. The last is 1, exactly. A table
 * with fewer rows than there are distinct ids makes ids share rows: the curve ends at its rows, and the
 * hottest n of them have at least their even part.
 *
 * Cost: O(lookups + distinct ids * log); 16-byte slots, see count.c. */
#include <towerpart/profile.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "profile/count.h"
#include "profile/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHARE_UNIT 1e6
#define PROGRESS_ROWS 4096
#define NAMES_SHOWN 5
#define POINTS_MAX 20 /* powers of ten up to 2^62, and the end */

/* Of one feature. */
struct tally {
    struct tp_id_counts ids;
    int64_t *samples_with; /* (width) samples that have so many ids */
    size_t width;
    int64_t lookups;
};

struct counting {
    const struct tp_model *model;
    struct tally *tallies; /* (features) */
    int64_t samples;
};

static bool count_bag(struct tally *tally, const struct tp_log_id *ids, size_t count)
{
    if (count >= tally->width) {
        size_t width = 2 * count + 4;
        int64_t *samples_with = tp_resize(tally->samples_with, width, sizeof *samples_with);
        if (!samples_with)
            return false;
        memset(samples_with + tally->width, 0, (width - tally->width) * sizeof *samples_with);
        tally->samples_with = samples_with;
        tally->width = width;
    }
    tally->samples_with[count]++;
    tally->lookups += (int64_t)count;
    for (size_t i = 0; i < count; i++)
        if (!tp_id_count(&tally->ids, ids[i].text, ids[i].length))
            return false;
    return true;
}

static bool count_row(struct counting *c, const struct tp_log_row *row)
{
    c->samples++;
    for (int32_t f = 0; f < c->model->feature_count; f++) {
        size_t count = (size_t)(row->first[f + 1] - row->first[f]);
        const struct tp_log_id *ids = count ? row->ids + row->first[f] : NULL;
        if (!count_bag(&c->tallies[f], ids, count))
            return false;
    }
    return true;
}

static enum tp_status count_log(
    struct counting *c, struct tp_log *log, bool show, struct tp_error *err)
{
    const struct tp_log_row *row = NULL;
    struct tp_progress progress = tp_progress_begin(show, "counting ids");
    enum tp_status status = TP_OK;
    do {
        if (c->samples % PROGRESS_ROWS == 0 && tp_log_done(log) > 0)
            tp_progress_update(&progress, tp_log_done(log));
        status = tp_log_next(log, &row, err);
        if (status == TP_OK && row && !count_row(c, row))
            status = tp_fail_memory(err);
    } while (status == TP_OK && row);
    tp_progress_end(&progress);
    return status;
}

/* Everything that a feature needs to have is there. */
static enum tp_status check_counts(
    const struct counting *c, const char *source, struct tp_error *err)
{
    int32_t without = 0;
    struct tp_text names = {0};
    if (c->samples == 0)
        return tp_fail(err, TP_EINPUT, "%s: found no rows, expected at least one", source);
    for (int32_t f = 0; f < c->model->feature_count; f++) {
        if (c->tallies[f].lookups > 0)
            continue;
        if (without++ < NAMES_SHOWN)
            tp_text_add(&names, "%s%s", without > 1 ? ", " : "", c->model->features[f].name);
    }
    if (without > NAMES_SHOWN)
        tp_text_add(&names, " and %d more", (int)(without - NAMES_SHOWN));
    enum tp_status status = TP_OK;
    if (names.failed)
        status = tp_fail_memory(err);
    else if (without > 0)
        status = tp_fail(err, TP_EINPUT,
            "%s: found no ids at all in %lld row%s for the feature%s %s, expected some; remove %s "
            "from "
            "the model, or profile a log that has %s",
            source, (long long)c->samples, tp_plural(c->samples), tp_plural(without), names.data,
            without > 1 ? "them" : "it", without > 1 ? "them" : "it");
    tp_text_release(&names);
    return status;
}

/* Nearest rank: the least value that at least 99 % of the samples do not exceed. */
static int64_t percentile_99(const struct tally *tally, int64_t samples)
{
    int64_t above = samples / 100, seen = 0; /* so many may exceed it */
    size_t value = 0;
    for (; value < tally->width; value++) {
        seen += tally->samples_with[value];
        if (samples - seen <= above)
            break;
    }
    return (int64_t)value;
}

/* Share of the n largest of the sorted counts. */
static double share_of(const struct tally *tally, const int64_t *sorted, int64_t n)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += sorted[i];
    return (double)sum / (double)tally->lookups;
}

static double round_up(double share)
{
    return fmin(1, ceil(share * SHARE_UNIT - 1e-9) / SHARE_UNIT);
}

/* Fills points (POINTS_MAX). @return their number. */
static int32_t make_curve(const struct tally *tally, const int64_t *sorted, int64_t table_rows,
    struct tp_hot_point *points)
{
    int64_t distinct = (int64_t)tally->ids.used, sum = 0, i = 0;
    int64_t end = distinct < table_rows ? distinct : table_rows;
    int32_t count = 0;
    for (int64_t rows = 1; rows < end; rows *= 10) {
        for (; i < rows; i++)
            sum += sorted[i];
        double share = (double)sum / (double)tally->lookups;
        share = round_up(fmax(share, (double)rows / (double)table_rows));
        if (share >= 1) /* the rest has less than a millionth */
            end = rows;
        else
            points[count++] = (struct tp_hot_point){rows, share};
    }
    points[count++] = (struct tp_hot_point){end, 1};
    return count;
}

static enum tp_status profile_feature(const struct tally *tally, int64_t samples,
    int64_t table_rows, struct tp_feature_profile *profile, struct tp_error *err)
{
    int64_t *sorted = tp_id_counts_sorted(&tally->ids);
    profile->hot_rows = TP_NEW(POINTS_MAX, struct tp_hot_point);
    enum tp_status status = sorted && profile->hot_rows ? TP_OK : tp_fail_memory(err);
    if (status == TP_OK) {
        profile->ids = tally->lookups;
        profile->pooling = (double)tally->lookups / (double)samples;
        profile->pooling_p99 = percentile_99(tally, samples);
        profile->distinct = (int64_t)tally->ids.used;
        profile->hottest_row = share_of(tally, sorted, 1);
        profile->hottest_percent = share_of(tally, sorted, (profile->distinct + 99) / 100);
        profile->hot_count = make_curve(tally, sorted, table_rows, profile->hot_rows);
    }
    free(sorted);
    return status;
}

static enum tp_status make_profile(const struct counting *c, const struct tp_log *log,
    struct tp_profile **profile, struct tp_error *err)
{
    const struct tp_model *model = c->model;
    struct tp_profile *p = TP_NEW(1, struct tp_profile);
    if (!p)
        return tp_fail_memory(err);
    p->samples = c->samples;
    p->ignored_columns = tp_log_ignored_columns(log);
    p->list_line = tp_log_looks_like_list(log, &p->list_feature, &p->list_separator);
    p->features = TP_NEW(model->feature_count, struct tp_feature_profile);
    enum tp_status status = p->features ? TP_OK : tp_fail_memory(err);
    p->feature_count = p->features ? model->feature_count : 0;
    for (int32_t f = 0; status == TP_OK && f < model->feature_count; f++)
        status = profile_feature(&c->tallies[f], c->samples,
            model->tables[model->features[f].table].rows, &p->features[f], err);
    if (status == TP_OK)
        *profile = p;
    else
        tp_profile_free(p);
    return status;
}

enum tp_status tp_profile_log(const char *log, const struct tp_model *model,
    const struct tp_profile_options *options, struct tp_profile **profile, struct tp_error *err)
{
    struct tp_log_options how = {0};
    struct counting c = {.model = model};
    struct tp_log *rows = NULL;
    if (options)
        how = (struct tp_log_options){.columns = options->columns, .separator = options->separator};
    enum tp_status status = tp_log_open(log, model, &how, &rows, err);
    if (status != TP_OK)
        return status;
    c.tallies = TP_NEW(model->feature_count, struct tally);
    status =
        c.tallies ? count_log(&c, rows, options && options->progress, err) : tp_fail_memory(err);
    if (status == TP_OK)
        status = check_counts(&c, strchr(log, ':') + 1, err);
    if (status == TP_OK)
        status = make_profile(&c, rows, profile, err);
    for (int32_t f = 0; c.tallies && f < model->feature_count; f++) {
        tp_id_counts_release(&c.tallies[f].ids);
        free(c.tallies[f].samples_with);
    }
    free(c.tallies);
    tp_log_free(rows);
    return status;
}

void tp_profile_free(struct tp_profile *profile)
{
    if (!profile)
        return;
    for (int32_t f = 0; f < profile->feature_count; f++)
        free(profile->features[f].hot_rows);
    free(profile->features);
    free(profile);
}

enum tp_status tp_profile_apply(
    const struct tp_profile *profile, struct tp_model *model, struct tp_error *err)
{
    struct tp_hot_point **made = TP_NEW(profile->feature_count, struct tp_hot_point *);
    bool fine = made != NULL;
    for (int32_t f = 0; fine && f < profile->feature_count; f++) {
        size_t count = (size_t)profile->features[f].hot_count;
        made[f] = TP_NEW(count, struct tp_hot_point);
        fine = made[f] != NULL;
        if (fine)
            memcpy(made[f], profile->features[f].hot_rows, count * sizeof **made);
    }
    for (int32_t f = 0; made && f < profile->feature_count; f++) {
        const struct tp_feature_profile *from = &profile->features[f];
        struct tp_feature *to = &model->features[f];
        if (!fine) {
            free(made[f]);
            continue;
        }
        free(to->hot_rows);
        to->hot_rows = made[f];
        to->hot_count = from->hot_count;
        to->pooling = from->pooling;
        to->pooling_p99 = (double)from->pooling_p99;
        to->distinct = from->distinct;
    }
    free(made);
    return fine ? TP_OK : tp_fail_memory(err);
}
