/* SPDX-License-Identifier: Apache-2.0 */
/* Section STEP TIME: the phases of flat, sptt and dmt side by side, and the recommendation in words.
 *
 * A row is a phase with its backward. Seconds are those of the slowest rank, as the plan has them;
 * bytes are those across the outermost level, which towers are there to save. */
#include "report/sections.h"

#include "report/line.h"
#include "report/phase_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 23 /* of "speed-up over flat_free" */

static void add_row(
    const struct tp_plan *plan, const struct tp_phase_row *row, struct tp_text *text)
{
    tp_text_add(text, " %-*s", LABEL_COLUMNS, row->label);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        struct tp_phase_cell cell = tp_phase_cell(plan, mode, row);
        char seconds[16] = "-", bytes[16] = "";
        if (cell.hidden)
            strcpy(seconds, "hidden");
        else if (cell.present)
            tp_format_seconds(seconds, cell.seconds);
        if (cell.moves)
            tp_format_bytes(bytes, cell.bytes);
        bool mark = cell.present && row == tp_phase_slowest(plan, mode);
        tp_text_add(text, "%12s%c%9s  ", seconds, mark ? '*' : ' ', bytes);
    }
    tp_text_add(text, "\n");
}

static void add_totals(const struct tp_plan *plan, struct tp_text *text)
{
    enum tp_recommendation best = tp_view_best_flat(plan);
    double flat = tp_view_seconds(plan, best), free_layout = plan->cost.flat_free_seconds;
    char seconds[16], label[LABEL_COLUMNS + 1];
    tp_text_add(text, " %-*s", LABEL_COLUMNS, "one step");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        tp_format_seconds(seconds, plan->cost.modes[mode].seconds);
        tp_text_add(text, "%12s%12s", seconds, "");
    }
    snprintf(label, sizeof label, "speed-up over %s", tp_recommendation_name(best));
    tp_text_add(text, "\n %-*s", LABEL_COLUMNS, label);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        tp_text_add(text, "%11.2fx%12s", flat / plan->cost.modes[mode].seconds, "");
    tp_text_add(text, "\n");
    if (isnan(free_layout)) {
        tp_line_wrap(text, " flat_free", LABEL_COLUMNS + 1,
            "none fits: flat with tables placed freely over all ranks");
        return;
    }
    tp_format_seconds(seconds, free_layout);
    tp_text_add(text, " %-*s%12s   flat with tables placed freely over all ranks%s\n",
        LABEL_COLUMNS, "flat_free", seconds, best == TP_USE_FLAT_FREE ? "" : ": no faster");
}

static void recommend_mode(const struct tp_plan *plan, struct tp_text *text)
{
    enum tp_recommendation use = plan->cost.recommended, flat = tp_view_best_flat(plan);
    double seconds = tp_view_seconds(plan, use), sptt = tp_view_seconds(plan, TP_USE_SPTT);
    if (use == TP_USE_SPTT && tp_same_pace(seconds, tp_view_seconds(plan, flat)))
        tp_line_wrap(text, "", 1,
            "Recommended: sptt. It computes the same function as flat; the two are as fast as each "
            "other.");
    else if (use == TP_USE_SPTT)
        tp_line_wrap(text, "", 1,
            "Recommended: sptt. It computes the same function as flat and is the fastest way that "
            "does.");
    else
        tp_line_wrap(text, "", 1, "Recommended: %s. Towers without modules %s here: sptt %s %s.",
            tp_recommendation_name(use),
            tp_same_pace(sptt, seconds) ? "change nothing" : "do not pay",
            tp_pace(sptt, seconds).text, tp_recommendation_name(use));
}

static void recommend_dmt(const struct tp_plan *plan, struct tp_text *text)
{
    enum tp_recommendation use = plan->cost.recommended;
    double seconds = tp_view_seconds(plan, use), dmt = tp_view_seconds(plan, TP_USE_DMT);
    if (plan->model->tower_module.kind == TP_MODULE_NONE)
        tp_line_wrap(text, "", 1, "dmt is the same as sptt: the model spec has no tower_module.");
    else if (plan->cost.recommended_if_quality_allows == TP_USE_DMT && !tp_same_pace(dmt, seconds))
        tp_line_wrap(text, "", 1,
            "If quality allows: dmt. It %s %s, but its tower modules change the function, so train "
            "both and compare their quality first.",
            tp_pace(dmt, seconds).text, tp_recommendation_name(use));
    else
        tp_line_wrap(text, "", 1,
            "dmt %s %s, and its tower modules change the function: no reason to use it here.",
            tp_pace(dmt, seconds).text, tp_recommendation_name(use));
}

void tp_words_recommended(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    if (plan->strategy == TP_STRATEGY_FLAT) {
        tp_line_wrap(text, "", 1,
            "This plan has no towers: run it flat. sptt and dmt here treat all ranks as one "
            "tower.");
        return;
    }
    recommend_mode(plan, text);
    recommend_dmt(plan, text);
}

void tp_section_step_time(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    int32_t outermost = plan->topology->level_count - 1;
    if (!tp_view_has_costs(plan)) {
        tp_text_add(text, "\nSTEP TIME  not known while the placement is broken\n");
        return;
    }
    tp_text_add(text,
        "\nSTEP TIME  predicted, slowest rank; bytes: most that a rank moves across %s\n",
        tp_shown(plan->topology->levels[outermost].name, 24).text);
    tp_text_add(text, " %-*s", LABEL_COLUMNS, "phase");
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        tp_text_add(text, "%12s %9s  ", tp_mode_name((enum tp_mode)mode), "bytes");
    tp_text_add(text, "\n");
    for (int i = 0; i < TP_PHASE_ROWS; i++)
        add_row(plan, &tp_phase_rows[i], text);
    add_totals(plan, text);
    tp_line_wrap(text, "", 1,
        "*: the slowest phase; +b: together with its backward; hidden: beside the others, "
        "as ids are but for what is left of them. How they are counted: docs/cost-model.md");
    tp_line_wrap(text, "", 1,
        "flat: one exchange over all ranks; sptt: by towers, the same function; dmt: by towers, "
        "each with a small dense layer, another function");
    tp_words_recommended(view, text);
}
