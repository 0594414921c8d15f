/* SPDX-License-Identifier: Apache-2.0 */
/* Samples from any source.
 *
 * In: "kind:where" and options. Out: batches. What all kinds have in common is here: which options
 * go with which kind, what lies behind the end of a part, and the digest. The kinds are in
 * log_samples.c (criteo, csv), npy_samples.c and synthetic_samples.c.
 *
 * The digest is SHA-256 of a text that lists what decides about the samples (kind, options, features
 * and tables) and of the digests of the files. A path is not part of it: a copy of the data is the
 * same data. */
#include "data/samples.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/sample_kind.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MIN_COUNT 2
#define HELD_OUT 0.1

struct tp_sample_options tp_sample_options_default(void)
{
    return (struct tp_sample_options){.min_count = MIN_COUNT, .held_out = HELD_OUT};
}

/* How a kind is opened, and which options go with it. */
struct opener {
    const char *prefix;
    bool columns; /* --columns, --label, --dense and --separator */
    bool strings; /* --min-count and --skip-bad */
    enum tp_status (*open)(struct tp_samples *samples, const char *where, struct tp_error *err);
};

static enum tp_status fail_option(
    const struct opener *opener, const char *option, const char *kinds, struct tp_error *err)
{
    return tp_fail(err, TP_EUSAGE, "%s does not go with %s, expected it with %s", option,
        opener->prefix, kinds);
}

static enum tp_status check_options(
    const struct opener *opener, const struct tp_sample_options *options, struct tp_error *err)
{
    const struct {
        const char *option;
        bool given, allowed;
        const char *kinds;
    } each[] = {
        {"--columns", options->columns != NULL, opener->columns, "csv:FILE"},
        {"--label", options->label != NULL, opener->columns, "csv:FILE"},
        {"--dense", options->dense != NULL, opener->columns, "csv:FILE"},
        {"--separator", options->separator != 0, opener->columns, "csv:FILE"},
        {"--min-count", options->min_count != MIN_COUNT, opener->strings,
            "criteo:FILE or csv:FILE"},
        {"--skip-bad", options->skip_bad, opener->strings, "criteo:FILE or csv:FILE"},
    };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        if (each[i].given && !each[i].allowed)
            return fail_option(opener, each[i].option, each[i].kinds, err);
    if (options->min_count < 1)
        return tp_fail(err, TP_EUSAGE, "--min-count: found %lld, expected at least 1",
            (long long)options->min_count);
    if (!(options->held_out >= 0 && options->held_out < 1))
        return tp_fail(err, TP_EUSAGE,
            "--held-out: found %g, expected a share from 0 to less than 1", options->held_out);
    return TP_OK;
}

static const struct opener *find_opener(const char *source)
{
    static const struct opener openers[] = {
        {"criteo:", false, true, tp_log_samples_open},
        {"csv:", true, true, tp_log_samples_open},
        {"npy:", false, false, tp_npy_samples_open},
        {"synthetic:", false, false, tp_synthetic_samples_open},
    };
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
        if (strncmp(source, openers[i].prefix, strlen(openers[i].prefix)) == 0)
            return &openers[i];
    return NULL;
}

static void add_named(struct tp_text *text, const char *key, const char *value)
{
    tp_text_add(text, "%s %zu %s\n", key, strlen(value), value);
}

static void add_real(struct tp_text *text, const char *key, double value)
{
    char digits[32];
    tp_format_real(digits, value);
    add_named(text, key, digits);
}

static void add_feature(
    struct tp_text *text, const struct tp_model *model, const struct tp_feature *feature)
{
    const struct tp_table *table = &model->tables[feature->table];
    add_named(text, "feature", feature->name);
    tp_text_add(text, "table %d rows %lld\n", (int)feature->table, (long long)table->rows);
}

/* What synthetic samples depend on beside that. */
static void add_distribution(
    struct tp_text *text, const struct tp_model *model, const struct tp_feature *feature)
{
    add_real(text, "pooling", feature->pooling);
    tp_text_add(text, "order %d\n", (int)model->tables[feature->table].row_order);
    for (int32_t i = 0; i < feature->hot_count; i++) {
        tp_text_add(text, "hot %lld\n", (long long)feature->hot_rows[i].rows);
        add_real(text, "share", feature->hot_rows[i].share);
    }
}

/* @param where  of the source, behind its prefix. */
static enum tp_status make_identity(struct tp_samples *samples, const struct opener *opener,
    const char *where, struct tp_error *err)
{
    const struct tp_sample_options *o = &samples->options;
    const struct tp_model *model = samples->model;
    struct tp_text text = {0};
    bool synthetic = opener->open == tp_synthetic_samples_open;
    tp_text_add(&text, "towerpart samples 1\nsource %s\n", opener->prefix);
    if (synthetic)
        tp_text_add(&text, "seed %s\nheld_out %d\n", where, o->held_out > 0);
    else
        add_real(&text, "held_out", o->held_out);
    if (opener->columns) {
        add_named(&text, "columns", o->columns ? o->columns : "");
        add_named(&text, "label", o->label ? o->label : "label");
        add_named(&text, "dense", o->dense ? o->dense : "");
        tp_text_add(&text, "separator %d\n", o->separator);
    }
    if (opener->strings)
        tp_text_add(&text, "min_count %lld\nskip_bad %d\n", (long long)o->min_count, o->skip_bad);
    tp_text_add(&text, "dense_features %d\nfeatures %d\n", (int)model->dense_features,
        (int)model->feature_count);
    for (int32_t f = 0; f < model->feature_count; f++) {
        add_feature(&text, model, &model->features[f]);
        if (synthetic)
            add_distribution(&text, model, &model->features[f]);
    }
    samples->identity = text.data;
    return text.failed ? tp_fail_memory(err) : TP_OK;
}

static enum tp_status open_source(struct tp_samples *samples, const struct opener *opener,
    const char *source, struct tp_error *err)
{
    const char *where = source + strlen(opener->prefix);
    enum tp_status status = check_options(opener, &samples->options, err);
    if (!status && (!*where || strcmp(where, "-") == 0))
        return tp_fail(err, TP_EUSAGE,
            "found the data '%s', expected a %s: data is read more than once, so a pipe will not "
            "do",
            source, opener->strings ? "file" : "folder or a seed");
    if (!status)
        status = make_identity(samples, opener, where, err);
    if (!status)
        status = opener->open(samples, opener->strings ? source : where, err);
    if (!status && samples->count[TP_PART_TRAIN] == 0)
        status = tp_fail(err, TP_EINPUT,
            "%s: all %lld samples are held out, expected some to train on; see --held-out", where,
            (long long)samples->count[TP_PART_HELD_OUT]);
    return status;
}

enum tp_status tp_samples_open(const char *source, const struct tp_model *model,
    const struct tp_sample_options *options, struct tp_share share, struct tp_samples **samples,
    struct tp_error *err)
{
    assert(share.first >= 0 && share.count >= 0 && share.count <= share.batch - share.first);
    const struct opener *opener = find_opener(source);
    if (!opener)
        return tp_fail(err, TP_EUSAGE,
            "found the data '%s', expected criteo:FILE, csv:FILE, npy:DIR or synthetic:SEED",
            source);
    struct tp_samples *made = TP_NEW(1, struct tp_samples);
    if (!made)
        return tp_fail_memory(err);
    made->model = model;
    made->options = options ? *options : tp_sample_options_default();
    made->share = share;
    enum tp_status status = open_source(made, opener, source, err);
    if (status)
        tp_samples_free(made);
    else
        *samples = made;
    return status;
}

void tp_samples_free(struct tp_samples *samples)
{
    if (!samples)
        return;
    if (samples->kind)
        samples->kind->free(samples->state);
    for (int i = 0; i < TP_SAMPLE_FILES_MAX; i++)
        free(samples->files[i]);
    free(samples->identity);
    free(samples->note);
    free(samples);
}

int64_t tp_samples_count(const struct tp_samples *samples, enum tp_part part)
{
    return samples->count[part];
}

int64_t tp_samples_skipped(const struct tp_samples *samples)
{
    return samples->skipped;
}

const char *tp_samples_note(const struct tp_samples *samples)
{
    return samples->note;
}

int64_t tp_samples_hashed_tables(const struct tp_samples *samples)
{
    return samples->hashed_tables;
}

enum tp_status tp_samples_digest(
    const struct tp_samples *samples, char sha256[65], struct tp_error *err)
{
    struct tp_text text = {0};
    char digest[TP_SHA256_TEXT];
    enum tp_status status = TP_OK;
    tp_text_add_bytes(&text, samples->identity, strlen(samples->identity));
    for (int i = 0; i < TP_SAMPLE_FILES_MAX && samples->files[i] && !status; i++) {
        status = tp_digest_path(samples->files[i], digest, err);
        if (!status)
            tp_text_add(&text, "file %s\n", digest);
    }
    if (!status && text.failed)
        status = tp_fail_memory(err);
    if (!status)
        tp_digest_bytes(text.data, text.length, sha256);
    tp_text_release(&text);
    return status;
}

/* How many of the samples first .. first + count - 1 exist. */
static int32_t existing(
    const struct tp_samples *samples, enum tp_part part, int64_t first, int32_t count)
{
    int64_t left = samples->count[part] - first;
    return left < 0 ? 0 : left < count ? (int32_t)left : count;
}

enum tp_status tp_samples_read(struct tp_samples *samples, enum tp_part part, int64_t first,
    int32_t count, struct tp_batch *batch, struct tp_error *err)
{
    enum tp_status status = tp_batch_begin(batch, samples->model, count, err);
    if (status)
        return status;
    batch->existing = existing(samples, part, first, count);
    if (batch->existing > 0)
        status = samples->kind->read(samples->state, part, first, batch->existing, batch, err);
    return status;
}

void tp_samples_expect(
    const struct tp_samples *samples, enum tp_part part, int64_t first, int32_t count)
{
    int32_t there = existing(samples, part, first, count);
    if (there > 0 && samples->kind->expect)
        samples->kind->expect(samples->state, part, first, there);
}
