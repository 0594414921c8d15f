/* SPDX-License-Identifier: Apache-2.0 */
/* Section RANKS: lookup and memory of each rank, with bars. Of many ranks those that hold more than they
 * can come first, then the busiest, and the rest is counted. Cost: O(G log G). */
#include "report/sections.h"

#include "base/fail.h"
#include "base/memory.h"
#include "report/line.h"

#include <math.h>
#include <stdlib.h>

#define BAR_COLUMNS 22

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static int compare_places(const void *a, const void *b)
{
    const struct tp_rank_place *x = a, *y = b;
    if (x->over > y->over || x->over < y->over)
        return x->over > y->over ? -1 : 1;
    if (x->lookup_bytes != y->lookup_bytes)
        return x->lookup_bytes < y->lookup_bytes ? 1 : -1;
    return x->rank < y->rank ? -1 : 1;
}

static double fullness(const struct tp_view_rank *rank)
{
    return percent((double)rank->load.memory_bytes, (double)rank->capacity_bytes);
}

static void add_rank(
    const struct tp_view *view, int32_t r, int64_t lookup_max, struct tp_text *text)
{
    const struct tp_view_rank *rank = &view->ranks[r];
    char lookup[16], memory[16], tower[16] = "-";
    double full = fullness(rank) / 100;
    double busy = percent((double)rank->load.lookup_bytes, (double)lookup_max) / 100;
    if (rank->tower >= 0)
        tp_line_span(tower, &view->plan->towers[rank->tower].id, 1);
    tp_format_bytes(lookup, (double)rank->load.lookup_bytes);
    tp_format_bytes(memory, (double)rank->load.memory_bytes);
    tp_text_add(text, " %7d %6s  %9s %s  %9s %s %5.1f %%%s\n", (int)r, tower, lookup,
        tp_bar(busy, BAR_COLUMNS).text, memory, tp_bar(full, BAR_COLUMNS).text, 100 * full,
        full > 1 ? " !" : "");
}

/* One line on the ranks that are not listed. */
static void add_more_ranks(const struct tp_view *view, const struct tp_rank_place *order,
    int32_t shown, struct tp_text *text)
{
    char least_lookup[16], most_lookup[16];
    int64_t least = INT64_MAX, most = 0;
    double emptiest = INFINITY, fullest = -1;
    int32_t fullest_rank = 0;
    for (int32_t i = shown; i < view->rank_count; i++) {
        const struct tp_view_rank *rank = &view->ranks[order[i].rank];
        least = rank->load.lookup_bytes < least ? rank->load.lookup_bytes : least;
        most = rank->load.lookup_bytes > most ? rank->load.lookup_bytes : most;
        emptiest = fmin(emptiest, fullness(rank));
        if (fullness(rank) > fullest) {
            fullest = fullness(rank);
            fullest_rank = order[i].rank;
        }
    }
    tp_format_bytes(least_lookup, (double)least);
    tp_format_bytes(most_lookup, (double)most);
    tp_line_wrap(text, "     ...", 9,
        "%d more ranks: lookup %s to %s, memory %.1f to %.1f %% full, fullest rank %d (--all lists "
        "them)",
        (int)(view->rank_count - shown), least_lookup, most_lookup, emptiest, fullest,
        (int)fullest_rank);
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

int32_t tp_rank_order(const struct tp_view *view, struct tp_rank_place *order)
{
    bool all = view->all || view->rank_count <= TP_RANKS_LISTED_MAX;
    for (int32_t r = 0; r < view->rank_count; r++) {
        double full = fullness(&view->ranks[r]);
        order[r] =
            (struct tp_rank_place){full > 100 ? full : 0, view->ranks[r].load.lookup_bytes, r};
    }
    if (!all)
        qsort(order, (size_t)view->rank_count, sizeof *order, compare_places);
    return all ? view->rank_count : TP_RANKS_BUSIEST;
}

static void add_ranks(const struct tp_view *view, struct tp_rank_place *order, struct tp_text *text)
{
    int32_t shown = tp_rank_order(view, order);
    int64_t lookup_max = 0;
    char capacity[16];
    tp_format_bytes(capacity, (double)view->ranks[0].capacity_bytes);
    for (int32_t r = 0; r < view->rank_count; r++)
        if (view->ranks[r].load.lookup_bytes > lookup_max)
            lookup_max = view->ranks[r].load.lookup_bytes;
    tp_text_add(text, "\nRANKS    ");
    if (shown < view->rank_count)
        tp_text_add(text, "the %d %s of %d; ", (int)shown,
            order[0].over > 0 ? "fullest or busiest" : "busiest", (int)view->rank_count);
    tp_text_add(text, "bars: lookup per step of the busiest rank, memory of capacity\n");
    tp_text_add(text, " %7s %6s  %9s %-*s  %9s of %s\n", "rank", "tower", "lookup", BAR_COLUMNS + 2,
        "", "memory", same_capacity(view) ? capacity : "capacity");
    for (int32_t i = 0; i < shown; i++)
        add_rank(view, order[i].rank, lookup_max, text);
    if (shown < view->rank_count)
        add_more_ranks(view, order, shown, text);
    add_reserve(view, text);
}

enum tp_status tp_section_ranks(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err)
{
    struct tp_rank_place *order = TP_NEW(view->rank_count, struct tp_rank_place);
    if (!order)
        return tp_fail_memory(err);
    if (view->rank_count > 0)
        add_ranks(view, order, text);
    free(order);
    return TP_OK;
}
