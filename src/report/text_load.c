/* SPDX-License-Identifier: Apache-2.0 */
/* Sections on who holds what: TOWERS, BALANCE.
 *
 * Columns are fixed; names come shortened from tp_shown(). Loads are those of the plan, bytes per step.
 * Of many towers, and of many features of a tower, those with most lookup are listed and the rest is
 * counted, unless the view asks for all. Cost: O(F + T log T), and a scan of the model's features for
 * each tower of which not all are listed. */
#include "report/sections.h"

#include "base/fail.h"
#include "base/memory.h"
#include "report/line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_COLUMNS 175 /* of a tower's features: two lines, less what wrapping leaves empty */
#define MORE_COLUMNS 16   /* of "... and 123 more" */

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

/* A feature of a tower, to be listed. */
struct entry {
    double weight; /* of its lookup */
    int32_t index; /* in the tower's list */
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->weight > y->weight || x->weight < y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

/* What a feature reads per sample, up to a factor; 0 if the model has no such feature.
 * @param at  in: where to begin to look; out: behind it. Towers list features in the model's order, so
 *            a whole tower costs one scan. */
static double lookup_weight(const struct tp_model *model, const char *name, int32_t *at)
{
    for (int32_t k = 0; k < model->feature_count; k++) {
        int32_t i = (*at + k) % model->feature_count;
        const struct tp_feature *feature = &model->features[i];
        if (strcmp(feature->name, name) != 0)
            continue;
        *at = i + 1;
        return feature->pooling * model->tables[feature->table].dim;
    }
    return 0;
}

/* How many of the entries fit into the lines of a tower. */
static int32_t entries_that_fit(
    const struct tp_plan_tower *tower, const struct entry *entries, int32_t columns)
{
    int32_t count = 0;
    while (count < tower->feature_count) {
        struct tp_shown name = tp_shown(tower->features[entries[count].index], TP_NAME_COLUMNS);
        columns -= (int32_t)strlen(name.text) + 1;
        if (columns < 0)
            break;
        count++;
    }
    return count;
}

/* All features of a tower in its order, if they fit; else those with most lookup, the rest counted.
 * @param entries  (features of the tower) scratch. */
static void add_names(const struct tp_view *view, const struct tp_plan_tower *tower,
    struct entry *entries, struct tp_text *text)
{
    struct tp_text names = {0};
    int32_t at = 0;
    for (int32_t i = 0; i < tower->feature_count; i++)
        entries[i] = (struct entry){0, i};
    int32_t shown =
        view->all ? tower->feature_count : entries_that_fit(tower, entries, NAMES_COLUMNS);
    if (shown < tower->feature_count) {
        for (int32_t i = 0; i < tower->feature_count; i++)
            entries[i].weight = lookup_weight(view->plan->model, tower->features[i], &at);
        qsort(entries, (size_t)tower->feature_count, sizeof *entries, compare_entries);
        shown = entries_that_fit(tower, entries, NAMES_COLUMNS - MORE_COLUMNS);
    }
    for (int32_t i = 0; i < shown; i++)
        tp_text_add(
            &names, "%s ", tp_shown(tower->features[entries[i].index], TP_NAME_COLUMNS).text);
    if (shown < tower->feature_count)
        tp_text_add(&names, "... and %d more", (int)(tower->feature_count - shown));
    if (names.failed)
        text->failed = true;
    else if (names.data)
        tp_line_wrap(text, "", 9, "%s", names.data);
    tp_text_release(&names);
}

static double fullness(const struct tp_view_tower *sums)
{
    return percent(sums->used[TP_RESOURCE_MEMORY], sums->capacity_bytes);
}

static void add_tower(
    const struct tp_view *view, int32_t t, struct entry *entries, struct tp_text *text)
{
    const struct tp_plan_tower *tower = &view->plan->towers[t];
    const struct tp_view_tower *sums = &view->towers[t];
    char hosts[16], ranks[16], lookup[16], memory[16];
    tp_line_span(hosts, tower->hosts, tower->host_count);
    tp_line_span(ranks, tower->ranks, tower->rank_count);
    tp_format_bytes(lookup, sums->used[TP_RESOURCE_LOOKUP]);
    tp_format_bytes(memory, sums->used[TP_RESOURCE_MEMORY]);
    tp_text_add(text, " %5d  %-11s %-15s %8d %11lld %10s %10s %9.1f %%\n", (int)tower->id, hosts,
        ranks, (int)tower->feature_count, (long long)tower->output_dim, lookup, memory,
        fullness(sums));
    add_names(view, tower, entries, text);
}

/* A range over the towers that are not listed. */
struct range {
    double least, most;
};

static void widen(struct range *range, double value)
{
    range->least = fmin(range->least, value);
    range->most = fmax(range->most, value);
}

/* One line on the towers that are not listed. */
static void add_more_towers(
    const struct tp_view *view, const struct entry *order, int32_t shown, struct tp_text *text)
{
    int32_t count = view->plan->tower_count;
    struct range used[TP_RESOURCE_COUNT], full = {INFINITY, 0};
    char least[16], most[16];
    for (int r = 0; r < TP_RESOURCE_COUNT; r++)
        used[r] = (struct range){INFINITY, 0};
    for (int32_t i = shown; i < count; i++) {
        const struct tp_view_tower *sums = &view->towers[order[i].index];
        for (int r = 0; r < TP_RESOURCE_COUNT; r++)
            widen(&used[r], sums->used[r]);
        widen(&full, fullness(sums));
    }
    tp_format_bytes(least, used[TP_RESOURCE_LOOKUP].least);
    tp_format_bytes(most, used[TP_RESOURCE_LOOKUP].most);
    tp_line_wrap(text, "   ...", 9,
        "%d more towers: %.0f to %.0f features, output dim %.0f to %.0f, lookup %s to %s, memory "
        "%.1f to %.1f %% of capacity (--all lists them)",
        (int)(count - shown), used[TP_RESOURCE_FEATURES].least, used[TP_RESOURCE_FEATURES].most,
        used[TP_RESOURCE_OUTPUT].least, used[TP_RESOURCE_OUTPUT].most, least, most, full.least,
        full.most);
}

static void add_towers(
    const struct tp_view *view, struct entry *order, struct entry *entries, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    int32_t shown = tp_view_listed(view, plan->tower_count, TP_TOWERS_LISTED);
    for (int32_t t = 0; t < plan->tower_count; t++)
        order[t] = (struct entry){view->towers[t].used[TP_RESOURCE_LOOKUP], t};
    if (plan->strategy == TP_STRATEGY_FLAT)
        tp_text_add(text, "\nTOWERS   none: all ranks together, and what they load per step\n");
    else if (shown == plan->tower_count)
        tp_text_add(text, "\nTOWERS   which features live together, where, and what they load per "
                          "step\n");
    else {
        tp_text_add(text,
            "\nTOWERS   the %d with most lookup of %d: features, where they live, what they load "
            "per step\n",
            (int)shown, (int)plan->tower_count);
        qsort(order, (size_t)plan->tower_count, sizeof *order, compare_entries);
    }
    tp_line_wrap(text, "", 1,
        "output dim: sum of feature dims; lookup: bytes read from tables; capacity: memory less "
        "reserve");
    tp_text_add(text, " %5s  %-11s %-15s %8s %11s %10s %10s  %s\n", "tower", "hosts", "ranks",
        "features", "output dim", "lookup", "memory", "of capacity");
    for (int32_t i = 0; i < shown; i++)
        add_tower(view, order[i].index, entries, text);
    if (shown < plan->tower_count)
        add_more_towers(view, order, shown, text);
}

enum tp_status tp_section_towers(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err)
{
    const struct tp_plan *plan = view->plan;
    int32_t most = 0;
    for (int32_t t = 0; t < plan->tower_count; t++)
        if (plan->towers[t].feature_count > most)
            most = plan->towers[t].feature_count;
    struct entry *order = TP_NEW(plan->tower_count, struct entry);
    struct entry *entries = TP_NEW(most, struct entry);
    enum tp_status status = order && entries ? TP_OK : tp_fail_memory(err);
    if (!status)
        add_towers(view, order, entries, text);
    free(entries);
    free(order);
    return status;
}

static void format_used(char out[24], enum tp_resource resource, double used)
{
    struct tp_text text = {0};
    char bytes[16];
    tp_format_bytes(bytes, used);
    if (resource == TP_RESOURCE_FEATURES || resource == TP_RESOURCE_OUTPUT)
        tp_text_add(&text, "%.0f %s%s", used, resource == TP_RESOURCE_OUTPUT ? "dim" : "feature",
            used >= 1 && used < 2 ? "" : "s");
    else
        tp_text_add(&text, "%s", bytes);
    struct tp_shown shown = tp_shown(text.data, 23);
    for (int i = 0; i < 24; i++)
        out[i] = shown.text[i];
    tp_text_release(&text);
}

static void add_resource(
    const struct tp_view *view, enum tp_resource resource, double ratio, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    const struct tp_view_peak *peak = &view->peaks[resource];
    char used[24];
    tp_text_add(text, " %-10s %8.2f  ", tp_resource_name(resource), ratio);
    if (peak->tower < 0 || ratio < 1.005) {
        tp_text_add(text, "even\n");
        return;
    }
    format_used(used, resource, view->towers[peak->tower].used[resource]);
    tp_text_add(text, "tower %-5d  %-14s", (int)plan->towers[peak->tower].id, used);
    if (peak->table >= 0)
        tp_text_add(text, "%s (%.0f %% of it)", tp_shown(plan->tables[peak->table].name, 36).text,
            100 * peak->table_share);
    tp_text_add(text, "\n");
}

static const char *limits_words(const struct tp_plan *plan)
{
    if (plan->strategy == TP_STRATEGY_IMPORTED)
        return "The plan was made elsewhere; these are the limits that its towers keep to.";
    if (plan->older.file)
        return "You gave them, or they are the older plan's, wider where its tables need it.";
    return plan->limits_proven ? "You gave these limits, or no smaller ones exist."
                               : "They are the tightest found; smaller ones may exist.";
}

void tp_words_limits(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    int32_t min, max;
    char range[32];
    tp_view_feature_range(plan, &min, &max);
    if (min == max)
        snprintf(range, sizeof range, "exactly %d", (int)min);
    else
        snprintf(range, sizeof range, "%d to %d", (int)min, (int)max);
    tp_line_wrap(text, " limits", 12,
        "lookup, output and flops of a tower at most %.3g times the mean (balance %.3g); features "
        "per tower %s (ratio %.3g). %s Memory has no such limit, only each rank's capacity.",
        1 + plan->balance, plan->balance, range, plan->ratio, limits_words(plan));
}

void tp_section_balance(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan_balance *balance = &view->plan->quality.balance;
    if (view->plan->strategy == TP_STRATEGY_FLAT)
        return;
    tp_text_add(text, "\nBALANCE  heaviest tower over the mean of all towers; 1.00 is even\n");
    if (view->one_tower) {
        tp_line_wrap(text, "", 1,
            "One tower carries everything; its only limit is the memory of each rank.");
        return;
    }
    tp_text_add(text, " %-10s %8s  %-11s  %-14s%s\n", "resource", "max/mean", "heaviest", "carries",
        "its largest table");
    add_resource(view, TP_RESOURCE_LOOKUP, balance->lookup, text);
    add_resource(view, TP_RESOURCE_OUTPUT, balance->output, text);
    add_resource(view, TP_RESOURCE_MEMORY, balance->memory, text);
    add_resource(view, TP_RESOURCE_FEATURES, balance->features, text);
    if (!isnan(balance->flops))
        tp_text_add(text, " %-10s %8.2f  %s\n", "flops", balance->flops,
            balance->flops < 1.005 ? "even" : "of the tower modules; follows features and dims");
    tp_words_limits(view, text);
}
