/* SPDX-License-Identifier: Apache-2.0 */
/* The report for a person at a terminal: headline, the order of the sections, what to do next.
 *
 * In: a plan and what is wrong with it. Out: at most 100 columns of printable ASCII, in the order in
 * which one asks: can the figures be believed, what is the verdict, which features went together,
 * how balanced, how trustworthy, how fast, what next. Nothing is predicted here; view.c sums, the
 * text_*.c files lay out, line.c keeps the width. */
#include <towerpart/report.h>

#include "base/file.h"
#include "report/advice.h"
#include "report/line.h"
#include "report/sections.h"
#include "report/view.h"

#include <stdio.h>
#include <string.h>

#define INDENT 10

/* Stale or broken figures must not pass for sound ones. */
static void add_findings(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_findings *findings = &view->findings;
    if (findings->count == 0)
        return;
    if (findings->count == 1)
        tp_line_wrap(text, "Findings", INDENT,
            "1 rule is broken or figure stale; do not trust what follows: towerpart check %s",
            tp_view_name(view));
    else
        tp_line_wrap(text, "Findings", INDENT,
            "%d rules are broken or figures stale; do not trust what follows: towerpart check %s",
            (int)findings->count, tp_view_name(view));
    tp_line_cut(text, "", INDENT, findings->lines[0]);
}

static const char *strategy_words(enum tp_strategy strategy)
{
    switch (strategy) {
    case TP_STRATEGY_COHERENT:
        return " (similar features together)";
    case TP_STRATEGY_DIVERSE:
        return " (similar features apart)";
    case TP_STRATEGY_LOAD:
        return " (balance only)";
    case TP_STRATEGY_STRIDE:
        return " (dealt in turn)";
    case TP_STRATEGY_PAPER:
        return " (as the published partitioner has it)";
    case TP_STRATEGY_IMPORTED:
        return " (made elsewhere)";
    default:
        return "";
    }
}

static void add_layout(const struct tp_plan *plan, struct tp_text *text)
{
    const struct tp_topology *topology = plan->topology;
    int32_t ranks = tp_topology_ranks_per_tower(topology);
    if (plan->strategy == TP_STRATEGY_FLAT)
        tp_line_wrap(text, "Layout", INDENT,
            "no towers (strategy flat): tables placed freely over %d rank%s on %d host%s; seed "
            "%llu",
            (int)topology->rank_count, tp_plural(topology->rank_count), (int)topology->host_count,
            tp_plural(topology->host_count), (unsigned long long)plan->seed);
    else
        tp_line_wrap(text, "Layout", INDENT,
            "%d tower%s x %d rank%s, %d host%s per tower (%d rank%s on %d host%s); strategy %s%s, "
            "seed %llu",
            (int)plan->tower_count, tp_plural(plan->tower_count), (int)ranks, tp_plural(ranks),
            (int)topology->hosts_per_tower, tp_plural(topology->hosts_per_tower),
            (int)topology->rank_count, tp_plural(topology->rank_count), (int)topology->host_count,
            tp_plural(topology->host_count), tp_strategy_name(plan->strategy),
            strategy_words(plan->strategy), (unsigned long long)plan->seed);
}

static void add_model(const struct tp_model *model, struct tp_text *text)
{
    int64_t batch = model->batch_size ? model->batch_size : model->local_batch_size;
    tp_line_wrap(text, "Model", INDENT, "%d feature%s in %d table%s, %s; %lld sample%s per step%s",
        (int)model->feature_count, tp_plural(model->feature_count), (int)model->table_count,
        tp_plural(model->table_count), tp_interaction_name(model->interaction), (long long)batch,
        tp_plural(batch), model->batch_size ? "" : " on each rank");
}

/* A flat plan of ours is placed freely; one from elsewhere may be slower. */
static void add_flat_verdict(const struct tp_plan *plan, struct tp_text *text)
{
    double seconds = plan->cost.modes[TP_MODE_FLAT].seconds, best = plan->cost.flat_free_seconds;
    char time[16], best_time[16];
    tp_format_seconds(time, seconds);
    tp_format_seconds(best_time, best);
    if (best < seconds && !tp_same_pace(best, seconds))
        tp_line_wrap(text, "Verdict", INDENT,
            "run flat: %s per step; this plan has no towers. It %s the same tables placed by "
            "towerpart plan --flat (%s).",
            time, tp_pace(seconds, best).text, best_time);
    else
        tp_line_wrap(
            text, "Verdict", INDENT, "run flat: %s per step; this plan has no towers.", time);
}

static void add_verdict(const struct tp_plan *plan, struct tp_text *text)
{
    enum tp_recommendation flat = tp_view_best_flat(plan), use = plan->cost.recommended;
    double flat_seconds = tp_view_seconds(plan, flat), seconds = tp_view_seconds(plan, use);
    double sptt = tp_view_seconds(plan, TP_USE_SPTT);
    char time[16], flat_time[16];
    tp_format_seconds(time, seconds);
    tp_format_seconds(flat_time, flat_seconds);
    if (!tp_view_has_costs(plan))
        tp_line_wrap(text, "Verdict", INDENT,
            "none: what a step costs is not known while the placement is broken.");
    else if (plan->strategy == TP_STRATEGY_FLAT)
        add_flat_verdict(plan, text);
    else if (use == TP_USE_SPTT)
        tp_line_wrap(text, "Verdict", INDENT,
            "run sptt: %s per step. It %s without towers (%s%s, %s).", time,
            tp_pace(seconds, flat_seconds).text, tp_recommendation_name(flat),
            flat == TP_USE_FLAT_FREE ? ": tables placed freely" : "", flat_time);
    else
        tp_line_wrap(text, "Verdict", INDENT,
            "run %s%s: %s per step. Towers alone %s here: sptt %s that.",
            tp_recommendation_name(use),
            use == TP_USE_FLAT_FREE ? " (no towers, tables placed freely)" : "", time,
            tp_same_pace(sptt, seconds) ? "change nothing" : "do not pay",
            tp_pace(sptt, seconds).text);
}

/* What dmt would give. */
static void add_dmt(const struct tp_plan *plan, struct tp_text *text)
{
    double dmt = tp_view_seconds(plan, TP_USE_DMT);
    char time[16];
    tp_format_seconds(time, dmt);
    if (plan->strategy == TP_STRATEGY_FLAT || !tp_view_has_costs(plan))
        return;
    if (plan->model->tower_module.kind == TP_MODULE_NONE)
        tp_line_wrap(text, "", INDENT, "dmt equals sptt: the model has no tower module.");
    else
        tp_line_wrap(text, "", INDENT, "dmt: %s. It %s without towers, but changes the model.",
            time, tp_pace(dmt, tp_view_seconds(plan, tp_view_best_flat(plan))).text);
}

static void add_trust(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    const struct tp_plan_affinity *affinity = &plan->affinity;
    double inside = plan->quality.inside_affinity;
    if (affinity->dumps == 0)
        tp_line_wrap(text, "Affinity", INDENT,
            plan->strategy == TP_STRATEGY_IMPORTED
                ? "none was given: how related the features of these towers are is not known."
                : "none was used: towers are balanced, not related.");
    else if (view->one_tower)
        tp_line_wrap(text, "Affinity", INDENT, "decides nothing: one tower holds all features.");
    else if (inside >= 0)
        tp_line_wrap(text, "Affinity", INDENT,
            "%.1f %% of it (%s: %s, 0 to 1) lies inside towers, where chance would put %.1f %%; "
            "trust: %s.",
            100 * inside, tp_measure_name(affinity->measure), tp_view_measure(affinity->measure),
            100 * view->chance_affinity, tp_verdict_name(affinity->verdict));
    else
        tp_line_wrap(text, "Affinity", INDENT,
            "trust: %s; how much of it lies inside towers is not known.",
            tp_verdict_name(affinity->verdict));
}

static void add_headline(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    tp_line_wrap(text, "", 0, "towerpart report: %s on %s",
        tp_shown(plan->model->name, TP_NAME_COLUMNS).text,
        tp_shown(plan->topology->name, TP_NAME_COLUMNS).text);
    tp_text_add(text, "\n");
    add_findings(view, text);
    add_verdict(plan, text);
    add_dmt(plan, text);
    if (view->run_count)
        tp_headline_measured(view, INDENT, text);
    if (plan->strategy != TP_STRATEGY_FLAT)
        add_trust(view, text);
    add_layout(plan, text);
    add_model(plan->model, text);
}

/* A command over as many lines as it needs; names in it hold no blanks. */
static void add_command(const char *command, struct tp_text *text)
{
    const char *p = command;
    for (int indent = 6; *p; indent = 8) {
        size_t room = (size_t)(TP_COLUMNS - indent), kept = strlen(p);
        if (kept > room) {
            kept = room - 2;
            while (kept > 1 && p[kept] != ' ')
                kept--;
        }
        tp_text_add(text, "%*s%.*s%s\n", indent, "", (int)kept, p, p[kept] ? " \\" : "");
        p += kept;
        p += *p == ' ';
    }
}

static void add_next(const struct tp_advice *advice, struct tp_text *text)
{
    tp_text_add(text, "\nNEXT     file names are without their folders\n");
    for (int32_t i = 0; i < advice->count; i++) {
        char number[16];
        snprintf(number, sizeof number, " %d.", (int)i + 1);
        tp_line_wrap(text, number, 4, "%s", advice->items[i].sentence);
        if (advice->items[i].command)
            add_command(advice->items[i].command, text);
    }
}

static enum tp_status add_sections(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err)
{
    struct tp_advice advice = {0};
    enum tp_status status = tp_advice_init(&advice, view, err);
    if (status)
        goto out;
    add_headline(view, text);
    status = tp_section_towers(view, text, err);
    if (status)
        goto out;
    tp_section_balance(view, text);
    status = tp_section_ranks(view, text, err);
    if (status)
        goto out;
    tp_section_affinity(view, text);
    tp_section_quality(view, text);
    tp_section_step_time(view, text);
    if (view->run_count == 1)
        status = tp_section_measured(view, text, err);
    else if (view->run_count)
        tp_section_runs(view, text);
    if (status)
        goto out;
    add_next(&advice, text);
out:
    tp_advice_release(&advice);
    return status;
}

enum tp_status tp_report_text(const struct tp_plan *plan, const struct tp_findings *findings,
    const struct tp_report_options *options, const char *path, struct tp_error *err)
{
    struct tp_view view = {0};
    struct tp_text draft = {0}, text = {0};
    enum tp_status status = tp_view_init(&view, plan, findings, err);
    tp_view_options(&view, options);
    if (!status)
        status = add_sections(&view, &draft, err);
    if (status)
        goto out;
    tp_line_clip(&text, &draft);
    if (text.failed)
        status = tp_fail_memory(err);
    else
        status = tp_file_write(path, text.data, text.length, err);
out:
    tp_text_release(&text);
    tp_text_release(&draft);
    tp_view_release(&view);
    return status;
}
