/* SPDX-License-Identifier: Apache-2.0 */
/* Sections on who holds what: TOWERS, BALANCE, RANKS.
 *
 * Columns are fixed; names come shortened from tp_shown(). Loads are those of the plan, bytes per step.
 * Cost: O(F + G log G). */
#include "report/sections.h"

#include "base/memory.h"
#include "report/line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BAR_COLUMNS 22

/* "3", "8-15" for consecutive numbers, else as many as fit: "1,5,.." */
static void format_span(char out[16], const int32_t *values, int32_t count)
{
    struct tp_text text = {0};
    bool consecutive = true;
    for (int32_t i = 1; i < count; i++)
        consecutive &= values[i] == values[0] + i;
    if (count == 1)
        tp_text_add(&text, "%d", (int)values[0]);
    else if (count > 1 && consecutive)
        tp_text_add(&text, "%d-%d", (int)values[0], (int)values[count - 1]);
    else if (count > 1)
        tp_text_add(&text, "%d,%d%s", (int)values[0], (int)values[1], count > 2 ? ",.." : "");
    struct tp_shown shown = tp_shown(text.data, 15);
    for (int i = 0; i < 16; i++)
        out[i] = shown.text[i];
    tp_text_release(&text);
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void add_names(const struct tp_plan_tower *tower, struct tp_text *text)
{
    struct tp_text names = {0};
    for (int32_t i = 0; i < tower->feature_count; i++)
        tp_text_add(&names, "%s ", tp_shown(tower->features[i], TP_NAME_COLUMNS).text);
    if (names.failed)
        text->failed = true;
    else if (names.data)
        tp_line_wrap(text, "", 9, "%s", names.data);
    tp_text_release(&names);
}

void tp_section_towers(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    tp_text_add(text, "\nTOWERS   %s\n",
        plan->strategy == TP_STRATEGY_FLAT
            ? "none: all ranks together, and what they load per step"
            : "which features live together, where, and what they load per step");
    tp_line_wrap(text, "", 1,
        "output dim: sum of feature dims; lookup: bytes read from tables; capacity: memory less "
        "reserve");
    tp_text_add(text, " %5s  %-11s %-15s %8s %11s %10s %10s  %s\n", "tower", "hosts", "ranks",
        "features", "output dim", "lookup", "memory", "of capacity");
    for (int32_t t = 0; t < plan->tower_count; t++) {
        const struct tp_plan_tower *tower = &plan->towers[t];
        const struct tp_view_tower *sums = &view->towers[t];
        char hosts[16], ranks[16], lookup[16], memory[16];
        format_span(hosts, tower->hosts, tower->host_count);
        format_span(ranks, tower->ranks, tower->rank_count);
        tp_format_bytes(lookup, sums->used[TP_RESOURCE_LOOKUP]);
        tp_format_bytes(memory, sums->used[TP_RESOURCE_MEMORY]);
        tp_text_add(text, " %5d  %-11s %-15s %8d %11lld %10s %10s %9.1f %%\n", (int)tower->id,
            hosts, ranks, (int)tower->feature_count, (long long)tower->output_dim, lookup, memory,
            percent(sums->used[TP_RESOURCE_MEMORY], sums->capacity_bytes));
        add_names(tower, text);
    }
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

static void add_limits(const struct tp_plan *plan, struct tp_text *text)
{
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
        1 + plan->balance, plan->balance, range, plan->ratio,
        plan->limits_proven ? "You gave these limits, or no smaller ones exist."
                            : "They are the tightest found; smaller ones may exist.");
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
    add_limits(view->plan, text);
}

struct busy_rank {
    int64_t lookup_bytes;
    int32_t rank;
};

static int compare_busy(const void *a, const void *b)
{
    const struct busy_rank *x = a, *y = b;
    if (x->lookup_bytes != y->lookup_bytes)
        return x->lookup_bytes < y->lookup_bytes ? 1 : -1;
    return x->rank < y->rank ? -1 : 1;
}

static void add_rank(
    const struct tp_view *view, int32_t r, int64_t lookup_max, struct tp_text *text)
{
    const struct tp_view_rank *rank = &view->ranks[r];
    char lookup[16], memory[16], tower[16] = "-";
    double full = percent((double)rank->load.memory_bytes, (double)rank->capacity_bytes) / 100;
    double busy = percent((double)rank->load.lookup_bytes, (double)lookup_max) / 100;
    if (rank->tower >= 0)
        format_span(tower, &view->plan->towers[rank->tower].id, 1);
    tp_format_bytes(lookup, (double)rank->load.lookup_bytes);
    tp_format_bytes(memory, (double)rank->load.memory_bytes);
    tp_text_add(text, " %7d %6s  %9s %s  %9s %s %5.1f %%%s\n", (int)r, tower, lookup,
        tp_bar(busy, BAR_COLUMNS).text, memory, tp_bar(full, BAR_COLUMNS).text, 100 * full,
        full > 1 ? " !" : "");
}

/* One line on the ranks that are not listed. */
static void add_rest(const struct tp_view *view, const struct busy_rank *busy, struct tp_text *text)
{
    char low[16], high[16];
    int32_t fullest = 0;
    double fullest_share = -1;
    for (int32_t r = 0; r < view->rank_count; r++) {
        double share = percent(
            (double)view->ranks[r].load.memory_bytes, (double)view->ranks[r].capacity_bytes);
        if (share > fullest_share) {
            fullest_share = share;
            fullest = r;
        }
    }
    tp_format_bytes(low, (double)busy[view->rank_count - 1].lookup_bytes);
    tp_format_bytes(high, (double)busy[TP_RANKS_BUSIEST].lookup_bytes);
    tp_line_wrap(text, " ", 1,
        "and %d more rank%s, lookup %s to %s. Fullest memory of all: rank %d, %.1f %%.",
        (int)(view->rank_count - TP_RANKS_BUSIEST), tp_plural(view->rank_count - TP_RANKS_BUSIEST),
        low, high, (int)fullest, fullest_share);
}

static bool same_capacity(const struct tp_view *view)
{
    for (int32_t r = 1; r < view->rank_count; r++)
        if (view->ranks[r].capacity_bytes != view->ranks[0].capacity_bytes)
            return false;
    return true;
}

/* Why the capacity is less than the memory. */
static void add_reserve(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_topology *topology = view->plan->topology;
    char capacity[16], memory[16];
    tp_format_bytes(capacity, (double)view->ranks[0].capacity_bytes);
    tp_format_bytes(memory, (double)topology->hosts[0].memory_bytes);
    if (same_capacity(view))
        tp_line_wrap(text, "", 1,
            "capacity: %s of a rank's %s; the reserve (%.3g %%) is for dense parts, activations, "
            "runtime",
            capacity, memory, 100 * topology->device.reserve);
    else
        tp_line_wrap(text, "", 1,
            "capacity: a rank's memory less the reserve (%.3g %%), kept for dense parts, "
            "activations and runtime",
            100 * topology->device.reserve);
}

static void add_ranks(const struct tp_view *view, struct busy_rank *busy, struct tp_text *text)
{
    int32_t listed = view->rank_count;
    int64_t lookup_max = 0;
    char capacity[16];
    tp_format_bytes(capacity, (double)view->ranks[0].capacity_bytes);
    for (int32_t r = 0; r < view->rank_count; r++) {
        busy[r] = (struct busy_rank){view->ranks[r].load.lookup_bytes, r};
        if (busy[r].lookup_bytes > lookup_max)
            lookup_max = busy[r].lookup_bytes;
    }
    if (listed > TP_RANKS_LISTED_MAX) {
        listed = TP_RANKS_BUSIEST;
        qsort(busy, (size_t)view->rank_count, sizeof *busy, compare_busy);
        tp_text_add(text, "\nRANKS    the %d busiest of %d; ", (int)listed, (int)view->rank_count);
    } else {
        tp_text_add(text, "\nRANKS    ");
    }
    tp_text_add(text, "bars: lookup per step of the busiest rank, memory of capacity\n");
    tp_text_add(text, " %7s %6s  %9s %-*s  %9s of %s\n", "rank", "tower", "lookup", BAR_COLUMNS + 2,
        "", "memory", same_capacity(view) ? capacity : "capacity");
    for (int32_t i = 0; i < listed; i++)
        add_rank(view, busy[i].rank, lookup_max, text);
    if (listed < view->rank_count)
        add_rest(view, busy, text);
    add_reserve(view, text);
}

enum tp_status tp_section_ranks(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err)
{
    struct busy_rank *busy = TP_NEW(view->rank_count, struct busy_rank);
    if (!busy)
        return tp_fail_memory(err);
    if (view->rank_count > 0)
        add_ranks(view, busy, text);
    free(busy);
    return TP_OK;
}
