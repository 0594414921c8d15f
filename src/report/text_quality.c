/* SPDX-License-Identifier: Apache-2.0 */
/* Section QUALITY: the share of the affinity that lies inside towers, beside other ways to make towers
 * and beside chance. */
#include "report/sections.h"

#include "report/line.h"

#include <math.h>

#define INDENT 18
#define BAR_COLUMNS 40
#define GAP_SHOWN 5e-5 /* less is rounded to nothing, which would look like a proof */

static void add_share(struct tp_text *text, const char *name, double share, const char *remark)
{
    tp_text_add(text, " %-24s %6.1f %% %s  %s\n", tp_shown(name, 24).text, 100 * share,
        tp_bar(share, BAR_COLUMNS).text, remark);
}

void tp_words_gap(const struct tp_plan *plan, struct tp_text *text)
{
    const struct tp_plan_quality *quality = &plan->quality;
    double share = quality->inside_affinity,
           gap = share > 0 ? fabs(quality->bound - share) / share : 0;
    if (quality->proven_optimal)
        tp_text_add(text, "proven best");
    else if (gap < GAP_SHOWN)
        tp_text_add(text, "gap below 0.01 %%");
    else
        tp_text_add(text, "gap %.2f %%", 100 * gap);
}

/* What no towers can exceed, and how far from it these are. */
static void add_bound(struct tp_text *text, const struct tp_plan *plan)
{
    struct tp_text remark = {0};
    if (isnan(plan->quality.bound))
        return;
    tp_words_gap(plan, &remark);
    add_share(text, plan->strategy == TP_STRATEGY_DIVERSE ? "lower bound" : "upper bound",
        plan->quality.bound, remark.data ? remark.data : "");
    text->failed = text->failed || remark.failed;
    tp_text_release(&remark);
}

void tp_words_quality(const struct tp_plan *plan, struct tp_text *text)
{
    const struct tp_plan_quality *quality = &plan->quality;
    if (!isnan(quality->bound))
        tp_line_wrap(text, "", 1, "%s bound: no towers within this plan's limits hold %s",
            plan->strategy == TP_STRATEGY_DIVERSE ? "lower" : "upper",
            plan->strategy == TP_STRATEGY_DIVERSE ? "less" : "more");
    if (quality->baseline_count > 0)
        tp_line_wrap(text, "", 1,
            "stride: tables dealt to the towers in turn; load: heaviest table first, to the "
            "lightest tower; paper: the tower partitioner as published; "
            "metis_kway, metis_recursive: METIS, a general graph partitioner, by "
            "its two methods");
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
    add_bound(text, plan);
    for (int32_t i = 0; i < quality->baseline_count; i++)
        add_share(text, quality->baselines[i].name, quality->baselines[i].inside_affinity,
            quality->baselines[i].within_limits ? "" : "breaks a limit");
    add_share(text, "chance", view->chance_affinity, "random towers");
    tp_words_quality(plan, text);
}
