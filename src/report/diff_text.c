/* SPDX-License-Identifier: Apache-2.0 */
/* A diff as people read it: first what would happen and what it gains, then the details.
 *
 * In: a diff. Out: at most 100 columns; a section without content is left out. Of many tables those
 * that send most are listed and the rest is counted; of many lines about the specs the first. A place is
 * shown as its tower, how the table is cut, and the ranks. */
#include <towerpart/report.h>

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDENT 10
#define TABLES_LISTED 24
#define LINES_LISTED 12
#define TOWERS_TOLD 12 /* of a renumbering */
#define NAME_COLUMNS 18
#define FEATURE_COLUMNS 16
#define PLACE_COLUMNS 24
#define FIGURE_COLUMNS 30
#define CHANGE_LEAST 0.0005 /* less would be shown as 0.0 % */

static const char marks[TP_DIFF_CHANGES] = {[TP_DIFF_MOVES] = '~',
    [TP_DIFF_RESIZED] = '~',
    [TP_DIFF_RECUT] = '=',
    [TP_DIFF_ADDED] = '+',
    [TP_DIFF_DROPPED] = '-'};

static double step_seconds(const struct tp_diff_side *side)
{
    switch (side->cost.recommended) {
    case TP_USE_FLAT:
        return side->cost.modes[TP_MODE_FLAT].seconds;
    case TP_USE_FLAT_FREE:
        return side->cost.flat_free_seconds;
    case TP_USE_SPTT:
        return side->cost.modes[TP_MODE_SPTT].seconds;
    default:
        return side->cost.modes[TP_MODE_DMT].seconds;
    }
}

/* "3 tables move, 1 is added" */
static void add_counts(const struct tp_diff *diff, struct tp_text *words)
{
    static const struct {
        const char *one, *many;
    } verbs[TP_DIFF_CHANGES] = {[TP_DIFF_MOVES] = {"moves", "move"},
        [TP_DIFF_RESIZED] = {"is resized", "are resized"},
        [TP_DIFF_RECUT] = {"stays on its ranks, cut or numbered otherwise",
            "stay on their ranks, cut or numbered otherwise"},
        [TP_DIFF_ADDED] = {"is added", "are added"},
        [TP_DIFF_DROPPED] = {"is dropped", "are dropped"}};
    bool first = true;
    for (int i = 0; i < TP_DIFF_CHANGES; i++) {
        int32_t count = diff->changes[i];
        if (!count)
            continue;
        tp_text_add(words, "%s%d %s%s%s", first ? "" : ", ", (int)count, first ? "table" : "",
            first ? tp_plural(count) : "", first ? " " : "");
        tp_text_add(words, "%s", count == 1 ? verbs[i].one : verbs[i].many);
        first = false;
    }
    if (first)
        tp_text_add(words, "no table moves");
}

/* "21 GB travel (1 GB of it optimizer state, all between hosts)" */
static void add_travel(const struct tp_travel *travel, struct tp_text *words)
{
    double bytes = travel->weight_bytes + travel->state_bytes;
    char all[16], state[16], hosts[16];
    if (!(bytes > 0)) {
        tp_text_add(words, "nothing travels");
        return;
    }
    tp_format_bytes(all, bytes);
    tp_format_bytes(state, travel->state_bytes);
    tp_format_bytes(hosts, travel->between_hosts_bytes);
    tp_text_add(words, "%s travel (%s of it optimizer state, %s between hosts)", all, state,
        travel->between_hosts_bytes < bytes ? hosts : "all");
}

static void add_summary(const struct tp_diff *diff, struct tp_text *text)
{
    double before = step_seconds(&diff->before), after = step_seconds(&diff->after);
    char from[16], to[16];
    struct tp_text words = {0};
    add_counts(diff, &words);
    tp_text_add(&words, "; ");
    add_travel(&diff->travel, &words);
    tp_line_wrap(text, "Summary", INDENT, "%s; %d feature%s change%s tower.",
        words.data ? words.data : "", (int)diff->features_moved, tp_plural(diff->features_moved),
        diff->features_moved == 1 ? "s" : "");
    tp_format_seconds(from, before);
    tp_format_seconds(to, after);
    tp_line_wrap(text, "Step", INDENT,
        "%s (%s) -> %s (%s), as recommended: the second plan %s the first.", from,
        tp_recommendation_name(diff->before.cost.recommended), to,
        tp_recommendation_name(diff->after.cost.recommended), tp_pace(after, before).text);
    text->failed |= words.failed;
    tp_text_release(&words);
}

static void add_renumbering(const struct tp_diff *diff, struct tp_text *text)
{
    int32_t count = diff->before.placement->tower_count, told = 0, moved = 0;
    struct tp_text list = {0};
    for (int32_t t = 0; t < count; t++) {
        if (diff->renumbering[t] == t)
            continue;
        moved++;
        if (told < TOWERS_TOLD)
            tp_text_add(&list, "%s%d -> %d", told++ ? ", " : "", (int)t, (int)diff->renumbering[t]);
    }
    tp_line_more(&list, moved - told);
    tp_line_wrap(text, "Numbers", INDENT,
        "the plans are equal up to the numbers of towers: %s. Every table keeps its companions and "
        "its "
        "rank inside the tower; where hosts are alike, none of this needs to travel.",
        list.data ? list.data : "");
    text->failed |= list.failed;
    tp_text_release(&list);
}

/* A section with the lines of a list. @param lines  each ended by a newline; NULL: none. */
static void add_lines(const char *title, const char *lines, bool all, struct tp_text *text)
{
    int32_t count = 0, shown = 0;
    for (const char *p = lines; p && *p; p++)
        count += *p == '\n';
    if (!count)
        return;
    int32_t most = all || count <= LINES_LISTED + 1 ? count : LINES_LISTED;
    tp_text_add(text, "\n%s\n", title);
    for (const char *p = lines; shown < most; shown++) {
        size_t length = strcspn(p, "\n");
        char *line = tp_copy_text(p, length);
        if (line)
            tp_line_cut(text, "", 1, line);
        else
            text->failed = true;
        free(line);
        p += length + 1;
    }
    if (shown < count)
        tp_text_add(text, " ... and %d more: --all\n", (int)(count - shown));
}

/* "3 row 24-31"; "-" for a table that is not there. */
static void put_place(char out[PLACE_COLUMNS + 1], const struct tp_placement *placement,
    int32_t table, struct tp_text *text)
{
    char span[16] = "";
    snprintf(out, PLACE_COLUMNS + 1, "-");
    if (table < 0)
        return;
    const struct tp_table_placement *place = &placement->tables[table];
    int32_t *ranks = TP_NEW(place->shard_count, int32_t);
    if (!ranks) {
        text->failed = true;
        return;
    }
    for (int32_t i = 0; i < place->shard_count; i++)
        ranks[i] = place->shards[i].rank;
    tp_line_span(span, ranks, place->shard_count);
    free(ranks);
    snprintf(out, PLACE_COLUMNS + 1, "%d %s %s", (int)place->tower,
        tp_sharding_name(place->sharding), span);
}

/* "user", "item +2" */
static struct tp_shown features_text(const struct tp_diff *diff, const struct tp_diff_table *entry)
{
    const struct tp_diff_side *side = entry->after >= 0 ? &diff->after : &diff->before;
    const struct tp_model *model = side->plan->model;
    const struct tp_table *table = &model->tables[entry->after >= 0 ? entry->after : entry->before];
    const char *name = model->features[table->first_feature].name;
    char more[16] = "";
    if (table->feature_count > 1)
        snprintf(more, sizeof more, " +%d", (int)table->feature_count - 1);
    struct tp_shown shown = tp_shown(name, FEATURE_COLUMNS - (int)strlen(more));
    strcat(shown.text, more);
    return shown;
}

static void add_table(
    const struct tp_diff *diff, const struct tp_diff_table *entry, struct tp_text *text)
{
    char from[PLACE_COLUMNS + 1], to[PLACE_COLUMNS + 1], bytes[16] = "-";
    put_place(from, diff->before.placement, entry->before, text);
    put_place(to, diff->after.placement, entry->after, text);
    if (entry->change == TP_DIFF_MOVES)
        tp_format_bytes(bytes, entry->travel.weight_bytes + entry->travel.state_bytes);
    tp_text_add(text, " %c %-*s %-*s %-*s -> %-*s %8s\n", marks[entry->change], NAME_COLUMNS,
        tp_shown(entry->name, NAME_COLUMNS).text, FEATURE_COLUMNS, features_text(diff, entry).text,
        PLACE_COLUMNS, from, PLACE_COLUMNS - 2, to, bytes);
}

static void add_tables(const struct tp_diff *diff, bool all, struct tp_text *text)
{
    int32_t count = diff->table_count;
    int32_t listed = all || count <= TABLES_LISTED + 1 ? count : TABLES_LISTED;
    if (!count)
        return;
    tp_text_add(text,
        "\nTABLES    ~ moves or is resized, = stays on its ranks, + added, - dropped; place: "
        "tower, cut, "
        "ranks\n   %-*s %-*s %-*s    %-*s %8s\n",
        NAME_COLUMNS, "table", FEATURE_COLUMNS, "features", PLACE_COLUMNS, "before",
        PLACE_COLUMNS - 2, "after", "travels");
    for (int32_t i = 0; i < listed; i++)
        add_table(diff, &diff->tables[i], text);
    if (listed < count)
        tp_text_add(text, "   ... and %d more: --all\n", (int)(count - listed));
}

enum unit { SECONDS, BYTES, RATIO, SHARE };

static void add_value(struct tp_text *text, enum unit unit, double value)
{
    char shown[16] = "-";
    if (unit == SECONDS && !isnan(value))
        tp_format_seconds(shown, value);
    if (unit == BYTES)
        tp_format_bytes(shown, value);
    if (unit == SHARE && !isnan(value))
        tp_text_add(text, "%10.1f %%", 100 * value);
    else if (unit == RATIO && !isnan(value))
        tp_text_add(text, "%12.2f", value);
    else
        tp_text_add(text, "%12s", shown);
}

static void add_figure(
    struct tp_text *text, const char *label, enum unit unit, double before, double after)
{
    tp_text_add(text, " %-*s", FIGURE_COLUMNS, label);
    add_value(text, unit, before);
    add_value(text, unit, after);
    if (unit != SHARE && before > 0 && after > 0 && fabs(after / before - 1) >= CHANGE_LEAST)
        tp_text_add(text, "%+10.1f %%", fmin(100 * (after / before - 1), 1e6));
    tp_text_add(text, "\n");
}

/* Shares of different matrices do not compare. */
static bool same_affinity(const struct tp_diff *diff)
{
    return strcmp(diff->before.plan->affinity.input.sha256,
               diff->after.plan->affinity.input.sha256) == 0;
}

static void add_figures(const struct tp_diff *diff, struct tp_text *text)
{
    const struct tp_diff_side *a = &diff->before, *b = &diff->after;
    tp_text_add(
        text, "\n%-*s%12s%12s%12s\n", FIGURE_COLUMNS + 1, "STEP TIME", "before", "after", "change");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        add_figure(text, tp_mode_name((enum tp_mode)mode), SECONDS, a->cost.modes[mode].seconds,
            b->cost.modes[mode].seconds);
    add_figure(text, "flat_free", SECONDS, a->cost.flat_free_seconds, b->cost.flat_free_seconds);
    tp_text_add(text, " %-*s%12s%12s\n", FIGURE_COLUMNS, "recommended",
        tp_recommendation_name(a->cost.recommended), tp_recommendation_name(b->cost.recommended));
    tp_text_add(text, "\nBALANCE   of towers: the largest over their mean\n");
    add_figure(text, "features", RATIO, a->balance.features, b->balance.features);
    add_figure(text, "memory", RATIO, a->balance.memory, b->balance.memory);
    add_figure(text, "lookup", RATIO, a->balance.lookup, b->balance.lookup);
    add_figure(text, "output", RATIO, a->balance.output, b->balance.output);
    if (!isnan(a->balance.flops) || !isnan(b->balance.flops))
        add_figure(text, "flops of tower modules", RATIO, a->balance.flops, b->balance.flops);
    add_figure(text, "memory of the fullest rank", BYTES, (double)a->memory_bytes,
        (double)b->memory_bytes);
    add_figure(text, "lookup of the busiest rank", BYTES, (double)a->lookup_bytes,
        (double)b->lookup_bytes);
    if (!isnan(a->inside_affinity) || !isnan(b->inside_affinity))
        add_figure(text,
            same_affinity(diff) ? "affinity inside towers" : "affinity inside, each its own", SHARE,
            a->inside_affinity, b->inside_affinity);
}

static void add_all(const struct tp_diff *diff, bool all, struct tp_text *text)
{
    if (diff->same)
        tp_line_wrap(text, "", 0,
            "No differences: the same model and topology, every value on the same rank.");
    else
        add_summary(diff, text);
    if (diff->renumbering)
        add_renumbering(diff, text);
    add_lines("MODEL     what changed in the spec", diff->model, all, text);
    add_lines("TOPOLOGY  what changed in the spec", diff->topology, all, text);
    add_lines(diff->same ? "MADE      differently, with the same outcome" : "MADE      differently",
        diff->settings, all, text);
    if (diff->same)
        return;
    add_tables(diff, all, text);
    add_figures(diff, text);
}

enum tp_status tp_report_diff_text(
    const struct tp_diff *diff, bool all, const char *path, struct tp_error *err)
{
    struct tp_text draft = {0}, text = {0};
    add_all(diff, all, &draft);
    tp_line_clip(&text, &draft);
    enum tp_status status = draft.failed || text.failed
                                ? tp_fail_memory(err)
                                : tp_file_write(path, text.data, text.length, err);
    tp_text_release(&text);
    tp_text_release(&draft);
    return status;
}
