/* SPDX-License-Identifier: Apache-2.0 */
/* Section on the time of a step: a bar for each way of running it, made of its phases.
 *
 * In: a view, perhaps with runs. Out: bars of predicted seconds; bars of measured ones, each beside
 * its prediction; the figures as tables; what follows, in words. A bar is the sum of its phases' slowest
 * ranks; what a run took for a step is told beside it. Cost: O(phases * (modes + runs)). */
#include "html/chart.h"
#include "html/page.h"
#include "html/sections.h"

#include "report/compare.h"
#include "report/line.h"
#include "report/phase_rows.h"
#include "report/sections.h"

#include <math.h>
#include <string.h>

#define WIDTH 980.0
#define BAR_PIXELS 26.0
#define SLOT_PIXELS 40.0
#define SHARE_LABELLED 0.075 /* of the width; narrower parts hold no label */
#define BARS_MAX (2 * TP_RUNS_MAX + TP_MODE_COUNT + 1)
#define TIMES_APART 5.0 /* from which a run and its prediction have pictures of their own */

static const tp_colour colours[TP_PHASE_ROWS + 1] = {0xff8a6bbfU, 0xff2b8c8cU, 0xff8a7f73U,
    0xff2f7fc1U, 0xff3a8f5cU, 0xffc8553dU, 0xff8c8a2bU, 0xffa8771fU, 0xffb8508fU, 0xff7a7f87U};

struct bar {
    char name[40];
    double parts[TP_PHASE_ROWS]; /* seconds; NAN: not there */
    double seconds;              /* of the step */
    bool whole;                  /* no phases are known */
};

static struct bar predicted_bar(const struct tp_plan *plan, int mode, const char *remark)
{
    struct bar bar = {.seconds = plan->cost.modes[mode].seconds};
    struct tp_text name = {0};
    tp_text_add(&name, "%s%s", tp_mode_name((enum tp_mode)mode), remark);
    memcpy(bar.name, tp_shown(name.data, 38).text, 39);
    tp_text_release(&name);
    for (int i = 0; i < TP_PHASE_ROWS; i++) {
        struct tp_phase_cell cell = tp_phase_cell(plan, mode, &tp_phase_rows[i]);
        bar.parts[i] = cell.present ? cell.seconds : NAN;
    }
    return bar;
}

static struct bar measured_bar(const struct tp_view *view, int32_t run)
{
    const struct tp_run_result *found = &view->measured[run].run;
    struct bar bar = {.seconds = found->step_seconds};
    struct tp_text name = {0};
    tp_text_add(&name, "%s measured", tp_compare_name(view, run).text);
    memcpy(bar.name, tp_shown(name.data, 38).text, 39);
    tp_text_release(&name);
    for (int i = 0; i < TP_PHASE_ROWS; i++) {
        const struct tp_phase_row *row = &tp_phase_rows[i];
        const struct tp_phase_result *forward = &found->phases[row->forward], *backward = NULL;
        if (row->backward != TP_PHASE_COUNT)
            backward = &found->phases[row->backward];
        bool any = forward->present || (backward && backward->present);
        bar.parts[i] = any ? 0 : NAN;
        if (forward->present)
            bar.parts[i] += forward->seconds.max;
        if (backward && backward->present)
            bar.parts[i] += backward->seconds.max;
    }
    return bar;
}

/* How long it is drawn. */
static double bar_length(const struct bar *bar)
{
    double sum = 0;
    for (int i = 0; i < TP_PHASE_ROWS && !bar->whole; i++)
        sum += bar->parts[i] > 0 ? bar->parts[i] : 0;
    return bar->whole || sum <= 0 ? fmax(bar->seconds, 0) : sum;
}

static void draw_part(
    struct tp_chart *chart, double from, double to, double y, tp_colour colour, double seconds)
{
    if (!(to > from))
        return;
    tp_picture_box(chart->picture, from, y, fmax(to - from - 0.8, 0.4), BAR_PIXELS, colour);
    if (to - from > SHARE_LABELLED * chart->width)
        tp_chart_label(chart, (from + to) / 2, y + BAR_PIXELS / 2, TP_LABEL_CENTRE, "in",
            tp_figure(TP_UNIT_SECONDS, seconds).text);
}

static void draw_bar(
    struct tp_chart *chart, const struct tp_scale *scale, const struct bar *bar, double y)
{
    double done = 0, all = bar_length(bar), end = tp_scale_at(scale, all);
    tp_chart_label(chart, chart->left - 8, y + BAR_PIXELS / 2, TP_LABEL_LEFT, "who", bar->name);
    for (int i = 0; i < TP_PHASE_ROWS && !bar->whole; i++) {
        if (!(bar->parts[i] > 0))
            continue;
        draw_part(chart, tp_scale_at(scale, done), tp_scale_at(scale, done + bar->parts[i]), y,
            colours[i], bar->parts[i]);
        done += bar->parts[i];
    }
    if (!(done > 0))
        draw_part(chart, chart->left, end, y, colours[TP_PHASE_ROWS], all);
    tp_chart_label(chart, end + 7, y + BAR_PIXELS / 2, TP_LABEL_RIGHT, "sum",
        isnan(bar->seconds) ? "-" : tp_figure(TP_UNIT_SECONDS, bar->seconds).text);
}

static enum tp_status add_bars(const char *title, const struct bar *bars, int count,
    struct tp_text *html, struct tp_error *err)
{
    static const double margins[4] = {150, 6, 76, 24};
    struct tp_chart chart = {0};
    struct tp_text alt = {0};
    double most = 0;
    tp_text_add(&alt, "%s:", title);
    for (int i = 0; i < count; i++) {
        most = fmax(most, bar_length(&bars[i]));
        tp_text_add(&alt, "%s %s %s", i ? "," : "", bars[i].name,
            tp_figure(TP_UNIT_SECONDS, bars[i].seconds).text);
    }
    enum tp_status status = tp_chart_begin(&chart, WIDTH, 30 + SLOT_PIXELS * count, margins, err);
    if (status)
        goto out;
    struct tp_scale scale = {0, most > 0 ? most : 1, chart.left, chart.right, false};
    tp_chart_x_axis(&chart, &scale, TP_UNIT_SECONDS);
    for (int i = 0; i < count; i++)
        draw_bar(
            &chart, &scale, &bars[i], chart.top + SLOT_PIXELS * i + (SLOT_PIXELS - BAR_PIXELS) / 2);
    html->failed |= alt.failed;
    status = tp_chart_end(&chart, title, alt.data ? alt.data : "", html, err);
out:
    tp_text_release(&alt);
    tp_chart_release(&chart);
    return status;
}

static void add_legend(const struct bar *bars, int count, struct tp_text *html)
{
    tp_text_add(html, "<ul class=\"legend\">");
    for (int i = 0; i < TP_PHASE_ROWS; i++) {
        bool shown = false;
        for (int b = 0; b < count; b++)
            shown |= bars[b].parts[i] > 0 && !bars[b].whole;
        if (shown)
            tp_text_add(html, "<li><i style=\"background:#%06x\"></i>%s</li>",
                (unsigned)(colours[i] & 0xffffff), tp_phase_rows[i].label);
    }
    tp_text_add(html, "</ul>\n");
}

static void add_phase_cells(
    const struct tp_plan *plan, const struct tp_phase_row *row, struct tp_text *html)
{
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        struct tp_phase_cell cell = tp_phase_cell(plan, mode, row);
        if (cell.hidden)
            tp_text_add(html, "<td data-v=\"0\">hidden</td>");
        else
            tp_html_seconds(html, cell.present ? cell.seconds : NAN);
        if (cell.moves)
            tp_html_bytes(html, cell.bytes);
        else
            tp_text_add(html, "<td></td>");
    }
}

static void add_phase_table(const struct tp_view *view, struct tp_text *html)
{
    static const char *const heads[] = {
        "phase (+b: with its backward)", "#flat", "#bytes", "#sptt", "#bytes", "#dmt", "#bytes"};
    const struct tp_plan *plan = view->plan;
    struct tp_text caption = {0};
    tp_text_add(&caption, "Predicted, of the slowest rank; bytes: most that a rank moves across %s",
        plan->topology->levels[plan->topology->level_count - 1].name);
    tp_html_table(html, caption.data ? caption.data : "", heads, 7);
    for (int i = 0; i < TP_PHASE_ROWS; i++) {
        tp_text_add(html, "<tr><td>%s</td>", tp_phase_rows[i].label);
        add_phase_cells(plan, &tp_phase_rows[i], html);
        tp_text_add(html, "</tr>\n");
    }
    tp_text_add(html, "<tfoot><tr><td>one step</td>"); /* ends the body by itself */
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        tp_html_seconds(html, plan->cost.modes[mode].seconds);
        tp_text_add(html, "<td></td>");
    }
    tp_text_add(html, "</tr>");
    tp_html_table_end(html);
    html->failed |= caption.failed;
    tp_text_release(&caption);
}

static enum tp_status add_predicted(
    const struct tp_view *view, struct tp_text *html, struct tp_error *err)
{
    const struct tp_plan *plan = view->plan;
    struct bar bars[BARS_MAX];
    int count = 0;
    if (!isnan(plan->cost.flat_free_seconds))
        bars[count++] = (struct bar){
            .name = "flat_free", .seconds = plan->cost.flat_free_seconds, .whole = true};
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        bars[count++] = predicted_bar(plan, mode, "");
    enum tp_status status = add_bars("Predicted time of a training step", bars, count, html, err);
    add_legend(bars, count, html);
    return status;
}

/* A run and its prediction in one picture, if their sizes allow. */
static enum tp_status add_measured(
    const struct tp_view *view, struct tp_text *html, struct tp_error *err)
{
    struct bar bars[BARS_MAX];
    int count = 0;
    bool apart = false;
    for (int32_t i = 0; i < view->run_count; i++) {
        struct tp_view one = tp_view_run(view, i);
        double times = view->measured[i].run.step_seconds / tp_compare_predicted(&one)->seconds;
        apart |= !(times < TIMES_APART && times > 1 / TIMES_APART);
    }
    for (int32_t i = 0; i < view->run_count; i++) {
        if (!apart)
            bars[count++] =
                predicted_bar(view->plan, (int)view->measured[i].run.mode, " predicted");
        bars[count++] = measured_bar(view, i);
    }
    enum tp_status status =
        add_bars(apart ? "Measured time of a training step (far from predicted: a scale of its own)"
                       : "Measured time of a training step, beside its prediction",
            bars, count, html, err);
    add_legend(bars, count, html);
    return status;
}

static void add_measured_row(const struct tp_view *view, int phase, struct tp_text *html)
{
    const struct tp_phase_cost *predicted = &tp_compare_predicted(view)->phases[phase];
    const struct tp_phase_result *found = &view->measured->run.phases[phase];
    int32_t outermost = view->plan->topology->level_count - 1;
    if (!predicted->present && !found->present)
        return;
    tp_text_add(html, "<tr><td>%s</td>", tp_phase_name((enum tp_phase)phase));
    tp_html_seconds(html, predicted->present ? predicted->seconds : NAN);
    tp_html_seconds(html, found->present ? found->seconds.max : NAN);
    tp_html_seconds(html, found->present ? found->seconds.min : NAN);
    if (predicted->moves && found->present && !isnan(found->bytes[outermost])) {
        tp_html_bytes(html, (double)predicted->bytes[outermost]);
        tp_html_bytes(html, found->bytes[outermost]);
    } else {
        tp_text_add(html, "<td></td><td></td>");
    }
    tp_text_add(html, "</tr>\n");
}

static void add_measured_table(const struct tp_view *view, const char *name, struct tp_text *html)
{
    static const char *const heads[] = {"phase", "#predicted", "#measured, slowest rank",
        "#fastest rank", "#bytes predicted", "#bytes measured"};
    struct tp_text caption = {0};
    tp_text_add(&caption,
        "%s: steps %lld to %lld of %s; %.0f samples/s, loss of the last step %.6g", name,
        (long long)view->measured->run.first_step, (long long)view->measured->run.last_step,
        view->measured->file, view->measured->run.samples_per_s, view->measured->run.loss);
    tp_html_table(html, caption.data ? caption.data : "", heads, 6);
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        add_measured_row(view, p, html);
    tp_html_table_end(html);
    html->failed |= caption.failed;
    tp_text_release(&caption);
}

static enum tp_status add_runs(
    const struct tp_view *view, struct tp_text *html, struct tp_error *err)
{
    struct tp_text words = {.endless = true};
    enum tp_status status = TP_OK;
    bool stepped = false;
    for (int32_t i = 0; i < view->run_count; i++)
        stepped |= !isnan(view->measured[i].run.step_seconds);
    tp_text_add(html, "<h3>Measured</h3>\n");
    if (stepped)
        status = add_measured(view, html, err);
    if (view->run_count > 1) {
        tp_words_runs(view, &words);
        tp_html_statements(html, &words, TP_HEADLINE_INDENT);
    } else {
        tp_words_measured(view, &words);
        tp_line_held_out(&words, " Held out:", 11, &view->measured->run.held_out);
        tp_html_paragraphs(html, &words);
    }
    for (int32_t i = 0; i < view->run_count; i++) {
        struct tp_view one = tp_view_run(view, i);
        add_measured_table(&one, tp_compare_name(view, i).text, html);
    }
    tp_text_release(&words);
    return status;
}

enum tp_status tp_html_steps(const struct tp_view *view, struct tp_text *html, struct tp_error *err)
{
    struct tp_text words = {.endless = true};
    enum tp_status status = TP_OK;
    tp_text_add(html, "<section id=\"step\"><h2>Time of a step</h2>\n");
    if (tp_view_has_costs(view->plan)) {
        tp_words_recommended(view, &words);
        tp_html_paragraphs(html, &words);
        status = add_predicted(view, html, err);
        tp_text_add(html,
            "<p class=\"note\">flat: one exchange over all ranks; flat_free: the same with tables "
            "placed freely; sptt: by towers, the same function; dmt: by towers, each with a small "
            "dense layer, another function. hidden: beside the other phases.</p>\n");
        add_phase_table(view, html);
    } else {
        tp_text_add(html, "<p>Not known while the placement is broken.</p>\n");
    }
    if (!status && view->run_count)
        status = add_runs(view, html, err);
    tp_text_add(html, "</section>\n");
    tp_text_release(&words);
    return status;
}
