/* SPDX-License-Identifier: Apache-2.0 */
/* Section MEASURED: a run beside what the plan predicts, phase by phase and rank by rank.
 *
 * In: a view that has a run. Out: seconds with a mark per doubling, to the left of the middle what
 * was faster than predicted, to the right what was slower; bytes across the outermost level, which
 * have to be equal but for rounding; loads of the ranks that section RANKS lists. Cost: O(G log G). */
#include "report/compare.h"
#include "report/sections.h"

#include "base/fail.h"
#include "base/memory.h"
#include "report/line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PHASE_COLUMNS 27 /* of "embedding_alltoall_backward" */
#define MARKS 4          /* to each side: 2, 4, 8, 16 times or more */
#define MARK_LEAST 1.1   /* times from which the first mark is set */
#define BYTES_FEW 0.0005 /* a difference up to this share is shown in bytes, not as 0.0 % */

/* "|>> " for 4 times as much, "<<|" for a quarter. */
struct drift {
    char text[2 * MARKS + 2];
};

static struct drift make_drift(double times)
{
    struct drift drift;
    double doublings = fabs(log2(times));
    int marks = doublings < MARKS ? (int)(doublings + 0.5) : MARKS;
    if (!(doublings > log2(MARK_LEAST)))
        marks = 0;
    else if (marks == 0)
        marks = 1;
    for (int i = 0; i < 2 * MARKS + 1; i++)
        drift.text[i] = ' ';
    for (int i = 1; i <= marks; i++)
        drift.text[times > 1 ? MARKS + i : MARKS - i] = times > 1 ? '>' : '<';
    drift.text[MARKS] = '|';
    drift.text[2 * MARKS + 1] = '\0';
    return drift;
}

/* "1.98x"; "-" where there is nothing to compare. */
static struct tp_shown make_times(double times)
{
    struct tp_text text = {0};
    if (isnan(times))
        tp_text_add(&text, "-");
    else
        tp_text_add(&text, times < 99.995 ? "%.2fx" : times < 999999 ? "%.0fx" : "%.0ex", times);
    struct tp_shown shown = tp_shown(text.data, 16);
    tp_text_release(&text);
    return shown;
}

/* Bytes across the outermost level: predicted, and measured unless that is equal. */
static void add_bytes(const struct tp_view *view, int phase, struct tp_text *text)
{
    int32_t outermost = view->plan->topology->level_count - 1;
    double predicted = (double)tp_compare_predicted(view)->phases[phase].bytes[outermost];
    double measured = view->measured->run.phases[phase].bytes[outermost];
    double times = tp_compare_times(predicted, measured);
    enum tp_compare_bytes compared = tp_compare_level(view, phase, outermost);
    char expected[16], found[16];
    if (compared == TP_BYTES_NONE)
        return;
    tp_format_bytes(expected, predicted);
    tp_format_bytes(found, measured);
    tp_text_add(text, "%9s", expected);
    if (compared == TP_BYTES_EQUAL)
        tp_text_add(text, "  equal");
    else if (fabs(measured - predicted) < BYTES_FEW * predicted)
        tp_text_add(text, "%9s %+.*f B", found, fabs(measured - predicted) < 1 ? 2 : 0,
            measured - predicted);
    else if (times < 10)
        tp_text_add(text, "%9s %+.1f%%", found, 100 * (times - 1));
    else
        tp_text_add(text, "%9s %s", found, make_times(times).text);
}

static void add_phase(const struct tp_view *view, int phase, bool furthest, struct tp_text *text)
{
    const struct tp_phase_cost *predicted = &tp_compare_predicted(view)->phases[phase];
    const struct tp_phase_result *measured = &view->measured->run.phases[phase];
    char expected[16] = "-", most[16] = "-", least[16] = "-";
    double times = NAN;
    if (predicted->present)
        tp_format_seconds(expected, predicted->seconds);
    if (measured->present) {
        tp_format_seconds(most, measured->seconds.max);
        tp_format_seconds(least, measured->seconds.min);
    }
    if (predicted->present && measured->present)
        times = tp_compare_times(predicted->seconds, measured->seconds.max);
    tp_text_add(text, " %-*s%9s%9s%c%9s%8s %s", PHASE_COLUMNS, tp_phase_name((enum tp_phase)phase),
        expected, most, furthest ? '*' : ' ', least, make_times(times).text,
        make_drift(times).text);
    add_bytes(view, phase, text);
    tp_text_add(text, "\n");
}

static void add_phases(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_step_cost *predicted = tp_compare_predicted(view);
    const struct tp_run_result *run = &view->measured->run;
    const struct tp_topology *topology = view->plan->topology;
    char expected[16], found[16];
    double times = tp_compare_times(predicted->seconds, run->step_seconds);
    tp_text_add(text, " %-*s%9s%9s %9s%8s %*s%9s%9s\n", PHASE_COLUMNS, "", "predicted", "measured",
        "fastest", "times", 2 * MARKS + 1, "", "predicted", "measured");
    tp_text_add(text, " %-*s%9s%9s %9s%8s %*s  across %s\n", PHASE_COLUMNS, "phase", "", "", "rank",
        "", 2 * MARKS + 1, "less|more",
        tp_shown(topology->levels[topology->level_count - 1].name, 16).text);
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        if (predicted->phases[p].present || run->phases[p].present)
            add_phase(view, p, p == tp_compare_furthest(view), text);
    tp_format_seconds(expected, predicted->seconds);
    tp_format_seconds(found, run->step_seconds);
    tp_text_add(text, " %-*s%9s%9s %9s%8s %s\n", PHASE_COLUMNS, "one step", expected, found, "",
        make_times(times).text, make_drift(times).text);
}

static void add_furthest(const struct tp_view *view, struct tp_text *text)
{
    int p = tp_compare_furthest(view);
    if (p < 0)
        return;
    double predicted = tp_compare_predicted(view)->phases[p].seconds;
    double measured = view->measured->run.phases[p].seconds.max;
    char apart[16];
    tp_format_seconds(apart, fabs(measured - predicted));
    tp_line_wrap(text, "", 1, "Furthest from its prediction: %s, by %s; it %s predicted.",
        tp_phase_name((enum tp_phase)p), apart, tp_pace(measured, predicted).text);
}

void tp_line_other_machine(
    const struct tp_view *view, const char *label, int indent, struct tp_text *text)
{
    bool other = false;
    for (int32_t i = 0; i < view->run_count; i++) {
        struct tp_view one = tp_view_run(view, i);
        other |= tp_compare_other_machine(&one);
    }
    if (other)
        tp_line_wrap(text, label, indent,
            "The rates in the topology (device and levels of topology.yaml) are not those of the "
            "machine that ran this, so ratios between phases and modes tell more than absolute "
            "times.");
}

/* In how many exchanges the bytes are as predicted, at every level. */
static void add_byte_count(const struct tp_view *view, struct tp_text *text)
{
    struct tp_text differ = {0};
    int equal = 0, all = 0;
    for (int p = 0; p < TP_PHASE_COUNT; p++) {
        enum tp_compare_bytes compared = tp_compare_phase_bytes(view, p);
        all += compared != TP_BYTES_NONE;
        equal += compared == TP_BYTES_EQUAL;
        if (compared == TP_BYTES_DIFFER)
            tp_text_add(
                &differ, "%s%s", differ.length ? ", " : "", tp_phase_name((enum tp_phase)p));
    }
    if (all && equal == all)
        tp_line_wrap(
            text, "", 1, "Bytes are as predicted in all %d exchanges, at every level.", all);
    else if (all)
        tp_line_wrap(text, "", 1,
            "Bytes are as predicted in %d of %d exchanges, at every level; they differ in %s.%s",
            equal, all, differ.data ? differ.data : "",
            tp_compare_phase_bytes(view, TP_PHASE_IDS_ALLTOALL) == TP_BYTES_DIFFER
                ? " Those of ids hang on the data: towerpart profile measures them."
                : "");
    text->failed |= differ.failed;
    tp_text_release(&differ);
}

void tp_line_held_out(
    struct tp_text *text, const char *label, int indent, const struct tp_metrics *metrics)
{
    if (metrics->samples == 0)
        tp_line_wrap(text, label, indent, "nothing, so quality is not known");
    else if (isnan(metrics->auc))
        tp_line_wrap(text, label, indent,
            "%lld sample%s, all alike: log loss %.6f; normalised entropy and AUC need both kinds",
            (long long)metrics->samples, tp_plural(metrics->samples), metrics->logloss);
    else
        tp_line_wrap(text, label, indent,
            "%lld samples, %lld click%s: log loss %.6f, normalised entropy %.6f, AUC %.6f",
            (long long)metrics->samples, (long long)metrics->clicks, tp_plural(metrics->clicks),
            metrics->logloss, metrics->normalised_entropy, metrics->auc);
}

static void add_rank(const struct tp_view *view, int32_t r, struct tp_text *text)
{
    const struct tp_rank_load *load = &view->ranks[r].load;
    const struct tp_rank_result *found = &view->measured->run.ranks[r];
    double lookup = tp_compare_times((double)load->lookup_bytes, found->lookup_bytes);
    double ids = tp_compare_times((double)load->id_bytes, found->id_bytes);
    char bytes[4][16];
    tp_format_bytes(bytes[0], (double)load->lookup_bytes);
    tp_format_bytes(bytes[1], found->lookup_bytes);
    tp_format_bytes(bytes[2], (double)load->id_bytes);
    tp_format_bytes(bytes[3], found->id_bytes);
    tp_text_add(text, " %7d  %10s%10s %8s %s  %10s%10s %8s %s\n", (int)r, bytes[0], bytes[1],
        make_times(lookup).text, make_drift(lookup).text, bytes[2], bytes[3], make_times(ids).text,
        make_drift(ids).text);
}

/* The range of ratios over the ranks that are not listed. */
static void add_more_ranks(const struct tp_view *view, const struct tp_rank_place *order,
    int32_t shown, struct tp_text *text)
{
    double least[2] = {INFINITY, INFINITY}, most[2] = {0, 0};
    for (int32_t i = shown; i < view->rank_count; i++) {
        const struct tp_rank_load *load = &view->ranks[order[i].rank].load;
        const struct tp_rank_result *found = &view->measured->run.ranks[order[i].rank];
        double times[2] = {tp_compare_times((double)load->lookup_bytes, found->lookup_bytes),
            tp_compare_times((double)load->id_bytes, found->id_bytes)};
        for (int k = 0; k < 2; k++) {
            least[k] = fmin(least[k], times[k]);
            most[k] = fmax(most[k], times[k]);
        }
    }
    tp_line_wrap(text, "     ...", 10,
        "%d more ranks: lookup %s to %s, ids %s to %s what was predicted (--all lists them)",
        (int)(view->rank_count - shown), make_times(least[0]).text, make_times(most[0]).text,
        make_times(least[1]).text, make_times(most[1]).text);
}

static void add_ranks(const struct tp_view *view, struct tp_rank_place *order, struct tp_text *text)
{
    int32_t shown = tp_rank_order(view, order);
    tp_text_add(text, "\n");
    tp_text_add(text, " %7s  %10s%10s %8s %*s  %10s%10s %8s %*s\n", "", "lookup", "", "",
        2 * MARKS + 1, "", "id bytes", "", "", 2 * MARKS + 1, "");
    tp_text_add(text, " %7s  %10s%10s %8s %*s  %10s%10s %8s %*s\n", "rank", "predicted", "measured",
        "times", 2 * MARKS + 1, "less|more", "predicted", "measured", "times", 2 * MARKS + 1,
        "less|more");
    for (int32_t i = 0; i < shown; i++)
        add_rank(view, order[i].rank, text);
    if (shown < view->rank_count)
        add_more_ranks(view, order, shown, text);
}

static void add_headline(const struct tp_view *view, const char *label, const char *name,
    int indent, struct tp_text *text)
{
    double measured = view->measured->run.step_seconds;
    double predicted = tp_compare_predicted(view)->seconds;
    char found[16], expected[16];
    tp_format_seconds(found, measured);
    tp_format_seconds(expected, predicted);
    if (isnan(measured))
        tp_line_wrap(text, label, indent, "%s: nothing, the run made no step.", name);
    else if (!tp_view_has_costs(view->plan))
        tp_line_wrap(
            text, label, indent, "%s: %s per step, with no prediction to compare.", name, found);
    else
        tp_line_wrap(text, label, indent, "%s: %s per step; it %s predicted (%s).", name, found,
            tp_pace(measured, predicted).text, expected);
}

/* @param run  "the run", "the run sptt" */
static void add_doubts(
    const struct tp_view *view, const char *run, int indent, struct tp_text *text)
{
    int64_t batch;
    if (view->measured->same_plan == TP_OTHER_PLAN)
        tp_line_wrap(text, "Warning", indent,
            "%s is of another version of this plan (its SHA-256 differs), so it may differ for "
            "that reason.",
            run);
    if (!tp_compare_batch(view, &batch))
        tp_line_wrap(text, "Warning", indent,
            "%s had %lld samples per step, the plan predicts for %lld.", run,
            (long long)view->measured->run.batch, (long long)batch);
}

void tp_headline_measured(const struct tp_view *view, int indent, struct tp_text *text)
{
    for (int32_t i = 0; i < view->run_count; i++) {
        struct tp_view one = tp_view_run(view, i);
        add_headline(&one, i ? "" : "Measured", tp_compare_name(view, i).text, indent, text);
    }
    for (int32_t i = 0; i < view->run_count; i++) {
        struct tp_view one = tp_view_run(view, i);
        char run[32] = "the run";
        if (view->run_count > 1)
            snprintf(run, sizeof run, "the run %s", tp_compare_name(view, i).text);
        add_doubts(&one, run, indent, text);
    }
    tp_line_unequal(view, "Warning", indent, text);
}

void tp_words_measured(const struct tp_view *view, struct tp_text *text)
{
    add_furthest(view, text);
    tp_line_other_machine(view, "", 1, text);
    add_byte_count(view, text);
}

enum tp_status tp_section_measured(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err)
{
    const struct tp_run_result *run = &view->measured->run;
    tp_text_add(text, "\nMEASURED ");
    if (isnan(run->step_seconds)) {
        tp_text_add(text, "nothing: the run made no step\n");
        tp_line_held_out(text, " held out", 11, &run->held_out);
        return TP_OK;
    }
    struct tp_rank_place *order = TP_NEW(view->rank_count, struct tp_rank_place);
    if (!order)
        return tp_fail_memory(err);
    tp_text_add(text, "%s, steps %lld to %lld of %s, beside what the plan predicts\n",
        tp_mode_name(run->mode), (long long)run->first_step, (long long)run->last_step,
        tp_shown(view->measured->file, 32).text);
    tp_line_wrap(text, "", 1,
        "seconds (medians of steps) of the slowest rank; a mark per doubling; bytes that a rank "
        "moves");
    add_phases(view, text);
    tp_words_measured(view, text);
    add_ranks(view, order, text);
    tp_text_add(text, "\n %-10s%.0f samples/s, loss of the last step %.6g\n", "speed",
        run->samples_per_s, run->loss);
    tp_line_held_out(text, " held out", 11, &run->held_out);
    free(order);
    return TP_OK;
}
