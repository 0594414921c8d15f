/* SPDX-License-Identifier: Apache-2.0 */
/* What a run measured, as a table for a person at a terminal.
 *
 * In: figures over all ranks. Out: at most 100 columns: what was run and how well it predicts, the
 * phases of a step with bars, the slowest marked, the ranks' loads, the busiest first where there
 * are many. Cost: O(G log G). */
#include "train/result.h"

#include "base/memory.h"
#include "report/line.h"
#include "report/sections.h"

#include <math.h>
#include <stdlib.h>

#define INDENT 12
#define PHASE_COLUMNS 29 /* of "embedding_alltoall_backward", and a blank */
#define SHARE_BAR 10
#define RANK_BAR 24
#define LEVELS_SHOWN 3 /* as many as fit; the outermost */
#define RANKS_LISTED 16
#define OTHER_LEAST 0.01 /* share of the step from which what is in no phase is told */

static void add_outcome(
    const struct tp_plan *plan, const struct tp_run_result *run, struct tp_text *text)
{
    char all[16], step[16];
    int32_t ranks = plan->topology->rank_count, hosts = plan->topology->host_count;
    tp_format_seconds(all, run->seconds);
    tp_format_seconds(step, run->step_seconds);
    tp_line_wrap(text, "RUN", INDENT, "%s on %d rank%s, %d host%s; %lld sample%s per step",
        tp_mode_name(run->mode), (int)ranks, tp_plural(ranks), (int)hosts, tp_plural(hosts),
        (long long)run->batch, tp_plural(run->batch));
    if (run->last_step < run->first_step) {
        tp_line_wrap(text, " steps", INDENT, "none");
        return;
    }
    tp_line_wrap(text, " steps", INDENT, "%lld to %lld in %s; loss of the last: %.6g",
        (long long)run->first_step, (long long)run->last_step, all, run->loss);
    tp_line_wrap(
        text, " speed", INDENT, "%.0f samples/s: a step in %s (median)", run->samples_per_s, step);
}

static void add_quality(const struct tp_run_result *run, struct tp_text *text)
{
    tp_line_held_out(text, " held out", INDENT, &run->held_out);
    if (run->skipped)
        tp_line_wrap(text, " skipped", INDENT, "%lld bad line%s", (long long)run->skipped,
            tp_plural(run->skipped));
    if (run->hashed_tables)
        tp_line_wrap(text, " hashed", INDENT,
            "%lld table%s with fewer rows than ids that occur: ids share rows; more rows may learn "
            "better",
            (long long)run->hashed_tables, tp_plural(run->hashed_tables));
}

static int slowest(const struct tp_run_result *run)
{
    int most = -1;
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        if (run->phases[p].present &&
            (most < 0 || run->phases[p].seconds.max > run->phases[most].seconds.max))
            most = p;
    return most;
}

/* "lookup  3.00 ms* |#####     |  17.1 %". @param length  of the bar; from 1 on it is full. */
static void add_share(const struct tp_run_result *run, const char *name, double seconds,
    double length, char mark, struct tp_text *text)
{
    char most[16];
    tp_format_seconds(most, seconds);
    tp_text_add(text, " %-*s%9s%c %s %5.1f %%", PHASE_COLUMNS, name, most, mark,
        tp_bar(length, SHARE_BAR).text, 100 * seconds / run->step_seconds);
}

static void add_phase(const struct tp_topology *topology, const struct tp_run_result *run, int p,
    struct tp_text *text)
{
    const struct tp_phase_result *phase = &run->phases[p];
    char least[16], bytes[16];
    int longest = slowest(run);
    tp_format_seconds(least, phase->seconds.min);
    add_share(run, tp_phase_name((enum tp_phase)p), phase->seconds.max,
        phase->seconds.max / run->phases[longest].seconds.max, p == longest ? '*' : ' ', text);
    tp_text_add(text, "%9s", least);
    int32_t first = topology->level_count > LEVELS_SHOWN ? topology->level_count - LEVELS_SHOWN : 0;
    for (int32_t level = first; tp_phase_moves((enum tp_phase)p) && level < topology->level_count;
         level++) {
        tp_format_bytes(bytes, phase->bytes[level]);
        tp_text_add(text, "%9s", bytes);
    }
    tp_text_add(text, "\n");
}

/* What a step does in no phase: it reads samples and prints. */
static void add_other(const struct tp_run_result *run, struct tp_text *text)
{
    double rest = run->step_seconds, longest = 0;
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        if (run->phases[p].present) {
            rest -= run->phases[p].seconds.max;
            longest = fmax(longest, run->phases[p].seconds.max);
        }
    if (!(rest > 0 && rest >= OTHER_LEAST * run->step_seconds))
        return;
    add_share(run, "other", rest, rest / longest, ' ', text);
    tp_text_add(text, "\n");
}

static void add_phases(
    const struct tp_topology *topology, const struct tp_run_result *run, struct tp_text *text)
{
    int32_t first = topology->level_count > LEVELS_SHOWN ? topology->level_count - LEVELS_SHOWN : 0;
    tp_text_add(text, "\nPHASES      of a step (medians): slowest rank, share of the step, fastest "
                      "rank; bytes a rank moves\n");
    tp_text_add(text, " %-*s%9s  %-*s%7s %9s", PHASE_COLUMNS, "phase", "slowest", SHARE_BAR + 2, "",
        "share", "fastest");
    for (int32_t level = first; level < topology->level_count; level++)
        tp_text_add(text, "%9s", tp_shown(topology->levels[level].name, 8).text);
    tp_text_add(text, "\n");
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        if (run->phases[p].present)
            add_phase(topology, run, p, text);
    add_other(run, text);
    tp_line_wrap(text, "", 1,
        "Shares need not add up to 100 %%: each phase has its own slowest rank and its own median "
        "step, and time in an exchange includes waiting for others.");
}

/* A rank in the order of the list. */
struct place {
    double lookup_bytes;
    int32_t rank;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->lookup_bytes > y->lookup_bytes || x->lookup_bytes < y->lookup_bytes)
        return x->lookup_bytes > y->lookup_bytes ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void add_rank(
    const struct tp_rank_result *ranks, int32_t r, double lookup_max, struct tp_text *text)
{
    char lookup[16], bytes[16];
    tp_format_bytes(lookup, ranks[r].lookup_bytes);
    tp_format_bytes(bytes, ranks[r].id_bytes);
    tp_text_add(text, " %7d  %9s %s %12.0f %10s\n", (int)r, lookup,
        tp_bar(lookup_max > 0 ? ranks[r].lookup_bytes / lookup_max : 0, RANK_BAR).text,
        ranks[r].ids, bytes);
}

static void add_more_ranks(
    const struct place *order, int32_t shown, int32_t count, struct tp_text *text)
{
    char most[16], least[16];
    tp_format_bytes(most, order[shown].lookup_bytes);
    tp_format_bytes(least, order[count - 1].lookup_bytes);
    tp_line_wrap(
        text, "     ...", 10, "%d more ranks: lookup %s to %s", (int)(count - shown), least, most);
}

/* In the order of the ranks if all are listed. */
static void add_ranks(
    const struct tp_rank_result *ranks, struct place *order, int32_t count, struct tp_text *text)
{
    int32_t shown = count > RANKS_LISTED + 1 ? RANKS_LISTED : count;
    double lookup_max = 0;
    for (int32_t r = 0; r < count; r++) {
        order[r] = (struct place){ranks[r].lookup_bytes, r};
        lookup_max = fmax(lookup_max, ranks[r].lookup_bytes);
    }
    tp_text_add(text, "\nRANKS       ");
    if (shown < count) {
        qsort(order, (size_t)count, sizeof *order, compare_places);
        tp_text_add(text, "the %d busiest of %d; ", (int)shown, (int)count);
    }
    tp_text_add(text, "per step: bytes read from tables, ids looked up, bytes of ids\n");
    tp_text_add(
        text, " %7s  %9s %-*s %12s %10s\n", "rank", "lookup", RANK_BAR + 2, "", "ids", "id bytes");
    for (int32_t i = 0; i < shown; i++)
        add_rank(ranks, order[i].rank, lookup_max, text);
    if (shown < count)
        add_more_ranks(order, shown, count, text);
}

void tp_run_table(const struct tp_plan *plan, const struct tp_run_result *run, struct tp_text *text)
{
    struct tp_text whole = {0};
    int32_t ranks = plan->topology->rank_count;
    struct place *order = TP_NEW(ranks, struct place);
    add_outcome(plan, run, &whole);
    add_quality(run, &whole);
    if (run->last_step >= run->first_step) {
        add_phases(plan->topology, run, &whole);
        if (order)
            add_ranks(run->ranks, order, ranks, &whole);
        else
            whole.failed = true;
    }
    tp_line_clip(text, &whole);
    free(order);
    tp_text_release(&whole);
}
