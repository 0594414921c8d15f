/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep as people read it: a table with a line per setting, then the break-even scales and the
 * recommendation in words.
 *
 * In: a sweep. Out: at most 100 columns. Columns of settings stand only where they vary; what is
 * alike in all lines is said once above them. A star marks the fastest of the ways that compute the
 * same function; the last column names the fastest of all. */
#include "report/sweep_forms.h"

#include "report/line.h"

#include <math.h>
#include <stdio.h>

#define TIME_COLUMNS 9
#define LABEL_COLUMNS 12 /* of the words below the table */
#define SERIES_TOLD 24   /* of more, the rest is counted */

/* What varies: in the table, and from series to series. */
struct columns {
    bool module, exchange, rate, local_batch;
    bool series_batch, series_hosts; /* batch of a rank, K; */
    bool series_towers;              /* T, each series having one, and therefore not one K */
};

static int64_t local_batch(const struct tp_sweep_setting *s)
{
    return s->batch / s->ranks;
}

static bool same_module(const struct tp_tower_module *a, const struct tp_tower_module *b)
{
    return a->kind == b->kind && a->c == b->c && a->p == b->p && a->dim == b->dim &&
           a->rank == b->rank;
}

/* Batches and towers that a setting cannot have are 0, and say nothing of the others. */
static bool differ(int64_t a, int64_t b)
{
    return a && b && a != b;
}

static void find_series_columns(const struct tp_sweep *sweep, struct columns *vary)
{
    const struct tp_sweep_series *series = sweep->series;
    for (int32_t i = 0; i < sweep->series_count; i++) {
        const struct tp_sweep_row *rows = &sweep->rows[series[i].first_row];
        for (int32_t k = 0; k < series[i].row_count; k++) {
            const struct tp_sweep_setting *own = &rows[k].setting, *first = &sweep->rows[k].setting;
            const struct tp_sweep_setting *last = &rows[series[i].row_count - 1].setting;
            vary->series_batch |= differ(own->batch, first->batch);
            vary->series_hosts |= differ(own->hosts_per_tower, first->hosts_per_tower);
            vary->series_towers |= differ(own->hosts_per_tower, last->hosts_per_tower);
        }
    }
}

static struct columns find_columns(const struct tp_sweep *sweep)
{
    struct columns vary = {0};
    const struct tp_sweep_setting *first = &sweep->rows[0].setting;
    for (int32_t i = 1; i < sweep->row_count; i++) {
        const struct tp_sweep_setting *s = &sweep->rows[i].setting;
        vary.module |= !same_module(&s->module, &first->module);
        vary.exchange |= s->forward != first->forward || s->backward != first->backward;
        vary.rate |= s->bytes_per_s != first->bytes_per_s;
        vary.local_batch |= local_batch(s) != local_batch(first);
    }
    find_series_columns(sweep, &vary);
    return vary;
}

static struct tp_shown exchange_text(const struct tp_sweep_setting *s)
{
    struct tp_shown shown;
    const char *forward = tp_dtype_name(s->forward), *backward = tp_dtype_name(s->backward);
    if (s->forward == s->backward)
        snprintf(shown.text, sizeof shown.text, "%s", forward);
    else
        snprintf(shown.text, sizeof shown.text, "%s/%s", forward, backward);
    return shown;
}

/* "1.25 GB/s" */
static struct tp_shown rate_text(double bytes_per_s)
{
    struct tp_shown shown;
    char bytes[16];
    tp_format_bytes(bytes, bytes_per_s);
    snprintf(shown.text, sizeof shown.text, "%s/s", bytes);
    return shown;
}

/* The columns of a setting, in a line or, without a row, their heads. */
static void add_setting(
    struct tp_text *text, const struct columns *vary, const struct tp_sweep_setting *s)
{
    if (!s)
        tp_text_add(text, "%6s %6s", "ranks", "towers");
    else if (s->towers)
        tp_text_add(text, "%6d %6d", (int)s->ranks, (int)s->towers);
    else
        tp_text_add(text, "%6d %6s", (int)s->ranks, "-");
    if (vary->module)
        tp_text_add(text, " %8s", s ? tp_module_text(&s->module).text : "module");
    if (vary->exchange)
        tp_text_add(text, " %8s", s ? exchange_text(s).text : "sent as");
    if (vary->rate)
        tp_text_add(text, " %9s", s ? rate_text(s->bytes_per_s).text : "bandwidth");
    if (vary->local_batch && s)
        tp_text_add(text, " %7lld", (long long)local_batch(s));
    else if (vary->local_batch)
        tp_text_add(text, " %7s", "batch");
}

static void add_time(struct tp_text *text, double seconds, bool best)
{
    char shown[16] = "-";
    if (!isnan(seconds))
        tp_format_seconds(shown, seconds);
    tp_text_add(text, "%*s%c", TIME_COLUMNS, shown, best ? '*' : ' ');
}

static void add_row(
    struct tp_text *text, const struct columns *vary, const struct tp_sweep_row *row)
{
    static const enum tp_recommendation ways[] = {TP_USE_FLAT, TP_USE_SPTT, TP_USE_DMT};
    struct tp_text line = {0};
    bool fits = !isnan(row->cost.flat_free_seconds);
    add_setting(&line, vary, &row->setting);
    enum tp_recommendation best = tp_sweep_best(row, false);
    tp_text_add(&line, " ");
    add_time(&line, row->cost.flat_free_seconds, fits && best == TP_USE_FLAT_FREE);
    if (row->placed) {
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
            add_time(&line, tp_sweep_seconds(row, ways[i]), best == ways[i]);
        tp_text_add(&line, " %s\n", tp_sweep_best_name(row, true));
        tp_text_add_bytes(text, line.data ? line.data : "", line.length);
    } else if (!line.failed) {
        tp_line_cut(text, line.data, (int)line.length + 2, row->why);
    }
    text->failed |= line.failed;
    tp_text_release(&line);
}

static void add_table(
    struct tp_text *text, const struct tp_sweep *sweep, const struct columns *vary)
{
    add_setting(text, vary, NULL);
    tp_text_add(text, " %*s %*s %*s %*s  fastest\n", TIME_COLUMNS, "flat_free", TIME_COLUMNS,
        "flat", TIME_COLUMNS, "sptt", TIME_COLUMNS, "dmt");
    for (int32_t i = 0; i < sweep->series_count; i++) {
        const struct tp_sweep_series *series = &sweep->series[i];
        if (i > 0 && series->row_count > 1)
            tp_text_add(text, "\n");
        for (int32_t k = 0; k < series->row_count; k++)
            add_row(text, vary, &sweep->rows[series->first_row + k]);
    }
}

/* What is alike in all lines. */
static void add_head(struct tp_text *text, const struct tp_sweep *sweep, const struct columns *vary)
{
    const struct tp_sweep_setting *s = &sweep->rows[0].setting;
    struct tp_text line = {0};
    if (!vary->module)
        tp_text_add(&line, "; tower module %s%s%s",
            s->module.kind == TP_MODULE_NONE ? "" : tp_tower_module_name(s->module.kind),
            s->module.kind == TP_MODULE_NONE ? "" : " ", tp_module_text(&s->module).text);
    if (!vary->exchange)
        tp_text_add(&line, "; sent as %s", exchange_text(s).text);
    if (!vary->rate)
        tp_text_add(&line, "; %s per rank at the outermost level", rate_text(s->bytes_per_s).text);
    if (!vary->local_batch)
        tp_text_add(&line, "; %lld samples per rank", (long long)local_batch(s));
    tp_line_wrap(text, "SWEEP", 7,
        "predicted time of a training step, * the fastest with the same result%s",
        line.data ? line.data : "");
    tp_text_add(text, "\n");
    text->failed |= line.failed;
    tp_text_release(&line);
}

/* What sets a series apart: "module 1:0:64, bfloat16"; nothing if there is but one. */
static void name_series(struct tp_text *text, const struct columns *vary,
    const struct tp_sweep *sweep, const struct tp_sweep_series *series)
{
    const struct tp_sweep_setting *s = &sweep->rows[series->first_row].setting;
    const struct tp_sweep_row *last = &sweep->rows[series->first_row + series->row_count - 1];
    const struct tp_sweep_setting *widest = &last->setting; /* if any can be cut, it can */
    if (vary->module)
        tp_text_add(text, ", module %s", tp_module_text(&s->module).text);
    if (vary->exchange)
        tp_text_add(text, ", %s", exchange_text(s).text);
    if (vary->rate)
        tp_text_add(text, ", %s", rate_text(s->bytes_per_s).text);
    if (vary->series_batch)
        tp_text_add(text, ", %lld samples per rank", (long long)local_batch(widest));
    if (vary->series_towers)
        tp_text_add(text, ", %d tower%s", (int)widest->towers, tp_plural(widest->towers));
    else if (vary->series_hosts)
        tp_text_add(text, ", K=%d", (int)widest->hosts_per_tower);
}

static void tell_break_even(struct tp_text *text, const struct tp_sweep *sweep, const char *name,
    const char *series, enum tp_recommendation mode, const struct tp_break_even *even)
{
    if (even->first < 0) {
        tp_line_wrap(text, "", LABEL_COLUMNS, "%s%s: no setting has towers", name, series);
        return;
    }
    const struct tp_sweep_row *first = &sweep->rows[even->first], *last = &sweep->rows[even->last];
    struct tp_pace pace = tp_pace(tp_sweep_seconds(last, mode), last->cost.flat_free_seconds);
    int from = even->row < 0 ? 0 : (int)sweep->rows[even->row].setting.ranks;
    const char *when = even->row < 0 ? "at no scale" : even->always ? "always" : "from";
    struct tp_text line = {0};
    tp_text_add(&line, "%s%s beats flat %s", name, series, when);
    if (even->row >= 0 && !even->always)
        tp_text_add(&line, " %d ranks on", from);
    if (even->first != even->last)
        tp_text_add(&line, " (%d to %d ranks have towers; at %d", (int)first->setting.ranks,
            (int)last->setting.ranks, (int)last->setting.ranks);
    else
        tp_text_add(&line, " (only %d ranks have towers;", (int)last->setting.ranks);
    tp_line_wrap(text, "", LABEL_COLUMNS, "%s it %s flat)", line.data ? line.data : "", pace.text);
    text->failed |= line.failed;
    tp_text_release(&line);
}

static void add_break_even(
    struct tp_text *text, const struct tp_sweep *sweep, const struct columns *vary)
{
    tp_text_add(text,
        "\nBREAK-EVEN  against the better of flat on that placement and flat placed freely\n");
    int32_t told = sweep->series_count < SERIES_TOLD ? sweep->series_count : SERIES_TOLD;
    for (int32_t i = 0; i < told; i++) {
        const struct tp_sweep_series *series = &sweep->series[i];
        struct tp_text name = {0};
        name_series(&name, vary, sweep, series);
        const char *shown = name.data ? name.data : "";
        tell_break_even(text, sweep, "sptt", shown, TP_USE_SPTT, &series->sptt);
        if (sweep->rows[series->first_row].setting.module.kind != TP_MODULE_NONE)
            tell_break_even(text, sweep, "dmt", shown, TP_USE_DMT, &series->dmt);
        text->failed |= name.failed;
        tp_text_release(&name);
    }
    if (told < sweep->series_count)
        tp_text_add(text, "%*s... and %d more: --format json\n", LABEL_COLUMNS, "",
            (int)(sweep->series_count - told));
}

static void tell_choice(struct tp_text *text, const struct tp_sweep *sweep,
    const struct columns *vary, const char *label, int32_t index, bool any)
{
    const struct tp_sweep_row *row = &sweep->rows[index];
    const struct tp_sweep_setting *s = &row->setting;
    enum tp_recommendation best = tp_sweep_best(row, any);
    double seconds = tp_sweep_seconds(row, best), flat = row->cost.flat_free_seconds;
    struct tp_sweep_series alone = {.first_row = index, .row_count = 1};
    struct tp_text line = {0};
    char step[16];
    tp_format_seconds(step, seconds);
    tp_text_add(&line, "%s at %d ranks", tp_sweep_best_name(row, any), (int)s->ranks);
    if (best != TP_USE_FLAT_FREE)
        tp_text_add(&line, ", %d tower%s", (int)s->towers, tp_plural(s->towers));
    name_series(&line, vary, sweep, &alone);
    tp_text_add(&line, ": %s per step, %.4g samples/s", step, (double)s->batch / seconds);
    if (best == TP_USE_SPTT || best == TP_USE_DMT)
        tp_text_add(&line, "; it %s flat", tp_pace(seconds, flat).text);
    tp_line_wrap(text, label, LABEL_COLUMNS, "%s", line.data ? line.data : "");
    text->failed |= line.failed;
    tp_text_release(&line);
}

static void add_choices(
    struct tp_text *text, const struct tp_sweep *sweep, const struct columns *vary)
{
    if (sweep->recommended < 0) {
        tp_text_add(text, "\nRECOMMENDED\n");
        tp_line_wrap(text, "", LABEL_COLUMNS, "Nothing: the tables fit in none of these settings");
        return;
    }
    tp_text_add(text,
        "\nRECOMMENDED  for %d ranks (the topology's own if the sweep has them, else the most)\n",
        (int)sweep->rows[sweep->recommended].setting.ranks);
    tell_choice(text, sweep, vary, "same result", sweep->recommended, false);
    int32_t any = sweep->recommended_if_quality_allows;
    if (tp_sweep_best(&sweep->rows[any], true) == TP_USE_DMT)
        tell_choice(text, sweep, vary, "any", any, true);
    else
        tp_line_wrap(text, "any", LABEL_COLUMNS, "the same: no tower module makes it faster");
    tp_line_wrap(text, "next", LABEL_COLUMNS,
        "towerpart plan: its search for towers finds about the same times, mostly somewhat better "
        "ones");
}

void tp_sweep_text(const struct tp_sweep *sweep, struct tp_text *text)
{
    struct tp_text wide = {0};
    struct columns vary = find_columns(sweep);
    add_head(&wide, sweep, &vary);
    add_table(&wide, sweep, &vary);
    add_break_even(&wide, sweep, &vary);
    add_choices(&wide, sweep, &vary);
    text->failed |= wide.failed;
    if (!wide.failed)
        tp_line_clip(text, &wide);
    tp_text_release(&wide);
}
