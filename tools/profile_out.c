/* SPDX-License-Identifier: Apache-2.0 */
/* The table and the JSON of `towerpart profile`.
 *
 * In: what was measured. Out: text on standard output. The table is sorted by the share of the hottest
 * row, which is what a row shard cannot get rid of; equals stand in the order of the model. */
#include "profile_out.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/line.h"

#include <jansson.h>

#include <stdlib.h>

#define SHOWN_MAX 20
#define NAME_COLUMNS 28

struct line {
    const struct tp_feature_profile *profile;
    int32_t feature;
};

static int by_skew(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    if (x->profile->hottest_row != y->profile->hottest_row)
        return x->profile->hottest_row < y->profile->hottest_row ? 1 : -1;
    return x->feature - y->feature;
}

static void add_line(struct tp_text *out, const struct tp_model *model, const struct line *line)
{
    const struct tp_feature_profile *p = line->profile;
    const struct tp_feature *feature = &model->features[line->feature];
    tp_text_add(out, "%-*s %9.3f %6lld %13lld %14lld %11.2f %% %9.2f %%\n", NAME_COLUMNS,
        tp_shown(feature->name, NAME_COLUMNS).text, p->pooling, (long long)p->pooling_p99,
        (long long)p->distinct, (long long)model->tables[feature->table].rows, 100 * p->hottest_row,
        100 * p->hottest_percent);
}

static void add_table(struct tp_text *out, const struct tp_profile *profile,
    const struct tp_model *model, const struct line *lines, bool all)
{
    int32_t shown = all || profile->feature_count < SHOWN_MAX ? profile->feature_count : SHOWN_MAX;
    tp_text_add(out,
        "%lld sample%s; ids per sample, distinct ids, rows of the table, share of the lookups\n",
        (long long)profile->samples, tp_plural(profile->samples));
    tp_text_add(out, "%-*s %9s %6s %13s %14s %13s %11s\n", NAME_COLUMNS, "feature", "mean", "p99",
        "distinct", "rows", "hottest row", "hottest 1 %");
    for (int32_t i = 0; i < shown; i++)
        add_line(out, model, &lines[i]);
    if (shown < profile->feature_count)
        tp_text_add(out, "and %d less skewed ones: --all\n", (int)(profile->feature_count - shown));
}

enum tp_status profile_print_table(
    const struct tp_profile *profile, const struct tp_model *model, bool all, struct tp_error *err)
{
    struct tp_text text = {0}, out = {0};
    struct line *lines = TP_NEW(profile->feature_count, struct line);
    if (!lines)
        return tp_fail_memory(err);
    for (int32_t f = 0; f < profile->feature_count; f++)
        lines[f] = (struct line){&profile->features[f], f};
    qsort(lines, (size_t)profile->feature_count, sizeof *lines, by_skew);
    add_table(&text, profile, model, lines, all);
    tp_line_clip(&out, &text);
    enum tp_status status =
        out.failed ? tp_fail_memory(err) : tp_file_write("-", out.data, out.length, err);
    tp_text_release(&out);
    tp_text_release(&text);
    free(lines);
    return status;
}

static json_t *feature_json(const struct tp_feature_profile *p, const struct tp_feature *feature,
    const struct tp_table *table)
{
    json_t *points = json_array();
    for (int32_t i = 0; i < p->hot_count; i++)
        json_array_append_new(
            points, json_pack("[I, f]", (json_int_t)p->hot_rows[i].rows, p->hot_rows[i].share));
    return json_pack("{s:s, s:s, s:I, s:I, s:f, s:I, s:I, s:f, s:f, s:o}", "name", feature->name,
        "table", table->name, "table_rows", (json_int_t)table->rows, "ids", (json_int_t)p->ids,
        "pooling", p->pooling, "pooling_p99", (json_int_t)p->pooling_p99, "distinct",
        (json_int_t)p->distinct, "hottest_row", p->hottest_row, "hottest_percent",
        p->hottest_percent, "hot_rows", points);
}

enum tp_status profile_print_json(
    const struct tp_profile *profile, const struct tp_model *model, struct tp_error *err)
{
    struct tp_text out = {0};
    json_t *features = json_array();
    bool fine = features != NULL;
    for (int32_t f = 0; fine && f < profile->feature_count; f++) {
        const struct tp_feature *feature = &model->features[f];
        json_t *entry =
            feature_json(&profile->features[f], feature, &model->tables[feature->table]);
        fine = !json_array_append_new(features, entry);
    }
    json_t *root =
        json_pack("{s:I, s:o}", "samples", (json_int_t)profile->samples, "features", features);
    char *text = root && fine ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(root);
    if (text)
        tp_text_add(&out, "%s\n", text);
    enum tp_status status =
        text && !out.failed ? tp_file_write("-", out.data, out.length, err) : tp_fail_memory(err);
    tp_text_release(&out);
    free(text);
    return status;
}
