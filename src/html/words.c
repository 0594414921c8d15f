/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the page that are words: verdict, key figures, findings, advice, inputs.
 *
 * In: a view. Out: the sentences of the text report, with their labels, and a few figures large enough
 * to be read across a room. Cost: linear. */
#include "html/chart.h"
#include "html/page.h"
#include "html/sections.h"

#include "report/advice.h"
#include "report/sections.h"

#include <math.h>

static void add_tile(struct tp_text *html, const char *name, const char *figure, const char *remark)
{
    tp_text_add(html, "<li><span>%s</span><b>%s</b><span>%s</span></li>\n", name, figure, remark);
}

/* A way of running a step, beside the best without towers. */
static void add_time_tile(
    const struct tp_plan *plan, enum tp_recommendation which, struct tp_text *html)
{
    struct tp_text remark = {0};
    double seconds = tp_view_seconds(plan, which);
    enum tp_recommendation flat = tp_view_best_flat(plan);
    if (which == flat)
        tp_text_add(&remark, "per step, without towers");
    else
        tp_text_add(&remark, "per step, %.2f x as fast", tp_view_seconds(plan, flat) / seconds);
    add_tile(html, tp_recommendation_name(which), tp_figure(TP_UNIT_SECONDS, seconds).text,
        remark.data ? remark.data : "");
    html->failed |= remark.failed;
    tp_text_release(&remark);
}

static double fullest_rank(const struct tp_view *view)
{
    double most = 0;
    for (int32_t r = 0; r < view->rank_count; r++)
        if (view->ranks[r].capacity_bytes > 0)
            most = fmax(most,
                (double)view->ranks[r].load.memory_bytes / (double)view->ranks[r].capacity_bytes);
    return most;
}

static void add_tiles(const struct tp_view *view, struct tp_text *html)
{
    const struct tp_plan *plan = view->plan;
    struct tp_text remark = {0}, figure = {0}, fullest = {0};
    tp_text_add(html, "<ul class=\"tiles\">\n");
    if (tp_view_has_costs(plan)) {
        add_time_tile(plan, tp_view_best_flat(plan), html);
        if (plan->strategy != TP_STRATEGY_FLAT) {
            add_time_tile(plan, TP_USE_SPTT, html);
            if (plan->model->tower_module.kind != TP_MODULE_NONE)
                add_time_tile(plan, TP_USE_DMT, html);
        }
    }
    if (plan->quality.inside_affinity >= 0 && !view->one_tower) {
        tp_text_add(&figure, "%.1f %%", 100 * plan->quality.inside_affinity);
        tp_text_add(&remark, "inside towers, chance %.1f %%", 100 * view->chance_affinity);
        add_tile(html, "affinity", figure.data ? figure.data : "", remark.data ? remark.data : "");
    }
    tp_text_add(&fullest, "%.1f %%", 100 * fullest_rank(view));
    add_tile(
        html, "fullest rank", fullest.data ? fullest.data : "", "of its memory for embeddings");
    tp_text_add(html, "</ul>\n");
    html->failed |= remark.failed || figure.failed || fullest.failed;
    tp_text_release(&fullest);
    tp_text_release(&figure);
    tp_text_release(&remark);
}

static void add_findings(const struct tp_view *view, struct tp_text *html)
{
    if (view->findings.count == 0)
        return;
    tp_text_add(html, "<details class=\"alert\" open><summary>All findings (%d)</summary>\n<ul>\n",
        (int)view->findings.count);
    for (int32_t i = 0; i < view->findings.count; i++) {
        tp_text_add(html, "<li>");
        tp_html_escape(html, view->findings.lines[i]);
        tp_text_add(html, "</li>\n");
    }
    tp_text_add(html, "</ul></details>\n");
}

void tp_html_verdict(const struct tp_view *view, struct tp_text *html)
{
    struct tp_text lines = {.endless = true};
    tp_headline(view, &lines);
    tp_text_add(html, "<section id=\"verdict\" class=\"verdict\">\n");
    tp_html_statements(html, &lines, TP_HEADLINE_INDENT);
    add_findings(view, html);
    add_tiles(view, html);
    tp_text_add(html, "</section>\n");
    tp_text_release(&lines);
}

enum tp_status tp_html_next(const struct tp_view *view, struct tp_text *html, struct tp_error *err)
{
    struct tp_advice advice = {0};
    enum tp_status status = tp_advice_init(&advice, view, err);
    tp_text_add(html,
        "<section id=\"next\"><h2>What to do next</h2>\n<p class=\"note\">File names are without "
        "their folders.</p>\n<ol>\n");
    for (int32_t i = 0; i < advice.count && !status; i++) {
        tp_text_add(html, "<li>");
        tp_html_escape(html, advice.items[i].sentence);
        if (advice.items[i].command) {
            tp_text_add(html, "<pre>");
            tp_html_escape(html, advice.items[i].command);
            tp_text_add(html, "</pre>");
        }
        tp_text_add(html, "</li>\n");
    }
    tp_text_add(html, "</ol></section>\n");
    tp_advice_release(&advice);
    return status;
}

static void add_input(const char *what, const struct tp_plan_input *input, struct tp_text *html)
{
    if (!input->file)
        return;
    tp_text_add(html, "<tr><td>%s</td>", what);
    tp_html_cell(html, input->file);
    tp_text_add(html, "<td class=\"digest\">");
    tp_html_escape(html, input->sha256);
    tp_text_add(html, "</td></tr>\n");
}

void tp_html_inputs(const struct tp_view *view, struct tp_text *html)
{
    static const char *const heads[] = {"what", "file", "SHA-256"};
    const struct tp_plan *plan = view->plan;
    tp_text_add(html, "<section id=\"inputs\"><h2>Inputs</h2>\n");
    tp_html_table(html, "What the plan was made from", heads, 3);
    add_input("model", &plan->model_input, html);
    add_input("topology", &plan->topology_input, html);
    if (plan->older.file)
        add_input("older plan, kept as far as it could be", &plan->older, html);
    add_input("affinity", &plan->affinity.input, html);
    tp_html_table_end(html);
    tp_text_add(html, "<p class=\"note\">Plan made by ");
    tp_html_escape(html, plan->generator ? plan->generator : "-");
    tp_text_add(html, ", seed %llu.</p></section>\n", (unsigned long long)plan->seed);
}
