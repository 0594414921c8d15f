/* SPDX-License-Identifier: Apache-2.0 */
/* Sections on the affinity: how far it can be trusted (AFFINITY), and what the towers make of it
 * (QUALITY). What was not assessed is said to be so. */
#include "report/sections.h"

#include "plan/verdict.h"
#include "report/line.h"

#include <math.h>

#define INDENT 18
#define BAR_COLUMNS 40

/* Which check a weak affinity has failed. */
static void add_weakness(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan_affinity *affinity = &view->plan->affinity;
    double asked = tp_signal_asked(view->plan);
    if (affinity->stability < TP_STABLE_LEAST)
        tp_line_wrap(text, " verdict", INDENT,
            "WEAK: stability %.3g is below %.2f; take these towers as a suggestion.",
            affinity->stability, TP_STABLE_LEAST);
    else if (affinity->above_floor < asked)
        tp_line_wrap(text, " verdict", INDENT,
            "WEAK: signal %.3g %% is below %.3g %%; take these towers as a suggestion.",
            100 * affinity->above_floor, 100 * asked);
    else
        tp_line_wrap(text, " verdict", INDENT,
            "WEAK: a check failed when the plan was made, and the figures have changed since.");
}

static void add_verdict(const struct tp_view *view, struct tp_text *text)
{
    switch (view->plan->affinity.verdict) {
    case TP_VERDICT_TRUSTED:
        tp_line_wrap(text, " verdict", INDENT, "TRUSTED: what was checked, passed.");
        break;
    case TP_VERDICT_WEAK:
        add_weakness(view, text);
        break;
    case TP_VERDICT_NOISE:
        tp_line_wrap(text, " verdict", INDENT,
            "NOISE: neither signal nor stability is enough. Unrelated features could give these "
            "numbers; do not build on them.");
        break;
    default:
        tp_line_wrap(text, " verdict", INDENT, "NOT ASSESSED");
    }
}

static void add_signal(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan_affinity *affinity = &view->plan->affinity;
    struct tp_text floor = {0};
    if (affinity->noise_floor > 0)
        tp_text_add(&floor, "%.3g", affinity->noise_floor);
    else
        tp_text_add(&floor, "rounded away");
    if (floor.failed)
        text->failed = true;
    else if (view->plan->model->feature_count < 2)
        tp_line_wrap(text, " signal", INDENT, "none: a single feature has no pairs");
    else
        tp_line_wrap(text, " signal", INDENT,
            "%.3g %% of the pairs lie above the noise floor (%s); of unrelated features 1 %% "
            "would; trusted: %.3g %% or more (half of the pairs inside towers on top of that)",
            100 * affinity->above_floor, floor.data, 100 * tp_signal_asked(view->plan));
    tp_text_release(&floor);
}

static void add_precision(const struct tp_plan_affinity *affinity, struct tp_text *text)
{
    if (affinity->std_error > 0)
        tp_line_wrap(text, " precision", INDENT,
            "typical standard error %.2g; four times the samples would about halve it",
            affinity->std_error);
    else
        tp_line_wrap(text, " precision", INDENT, "typical standard error: rounded away");
    if (isnan(affinity->stability))
        tp_line_wrap(text, " stability", INDENT,
            "not assessed: whether other samples would give the same towers");
    else
        tp_line_wrap(text, " stability", INDENT,
            "%.2f (adjusted Rand index between the towers of resampled matrices; 1 is the same "
            "towers, 0 is chance; trusted: %.2f or more)",
            affinity->stability, TP_STABLE_LEAST);
    tp_line_wrap(text, " reproducibility", INDENT,
        "not assessed: one dump. To assess it, train the model again with another seed, dump it, "
        "plan from that dump too and compare the two reports");
}

void tp_section_affinity(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan_affinity *affinity = &view->plan->affinity;
    tp_text_add(text, "\nAFFINITY how far it can be trusted\n");
    if (!affinity->input.file) {
        tp_line_wrap(text, "", 1, "none was used: strategy %s needs no dump",
            tp_strategy_name(view->plan->strategy));
        return;
    }
    add_verdict(view, text);
    tp_line_wrap(text, " measured", INDENT, "%s on %lld sample%s (%s)",
        tp_measure_name(affinity->measure), (long long)affinity->samples,
        tp_plural(affinity->samples), tp_shown(affinity->input.file, TP_NAME_COLUMNS).text);
    add_signal(view, text);
    add_precision(affinity, text);
}

static void add_share(struct tp_text *text, const char *name, double share, const char *remark)
{
    tp_text_add(text, " %-24s %6.1f %% %s  %s\n", tp_shown(name, 24).text, 100 * share,
        tp_bar(share, BAR_COLUMNS).text, remark);
}

void tp_section_quality(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    const struct tp_plan_quality *quality = &plan->quality;
    if (plan->strategy == TP_STRATEGY_FLAT)
        return;
    tp_text_add(text, "\nQUALITY  share of all affinity that lies inside towers%s\n",
        plan->strategy == TP_STRATEGY_DIVERSE    ? " (strategy diverse: less is better)"
        : plan->strategy == TP_STRATEGY_COHERENT ? " (strategy coherent: more is better)"
                                                 : "");
    if (view->one_tower) {
        tp_line_wrap(text, "", 1, "One tower holds all features: all of it, whatever the plan.");
        return;
    }
    if (isnan(quality->inside_affinity))
        tp_line_wrap(text, " this plan", INDENT,
            "not known without affinity; recost it with an affinity file");
    else
        add_share(text, "this plan", quality->inside_affinity, "");
    for (int32_t i = 0; i < quality->baseline_count; i++)
        add_share(text, quality->baselines[i].name, quality->baselines[i].inside_affinity,
            quality->baselines[i].within_limits ? "" : "breaks a limit");
    add_share(text, "chance", view->chance_affinity, "random towers");
    if (quality->baseline_count > 0)
        tp_line_wrap(text, "", 1,
            "stride: tables dealt to the towers in turn; load: heaviest table first, to the "
            "lightest tower; metis_kway, metis_recursive: METIS, a general graph partitioner, by "
            "its two methods");
}
