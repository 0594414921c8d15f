/* SPDX-License-Identifier: Apache-2.0 */
/* The headline of a report: what the plan is worth, in a few sentences.
 *
 * In: a view. Out: lines of a label and words, in the order in which one asks: can the figures be
 * believed, what is the verdict, what did runs say, how related are the features, what was planned.
 * The text report wraps them, others take the text endless and break the lines themselves. */
#include "report/sections.h"

#include "report/line.h"

#define INDENT TP_HEADLINE_INDENT

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

void tp_headline(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
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
