/* SPDX-License-Identifier: Apache-2.0 */
/* Section STEP TIME: the phases of flat, sptt and dmt side by side, and the recommendation in words.
 *
 * A row is a phase with its backward. Seconds are those of the slowest rank, as the plan has them;
 * bytes are those across the outermost level, which towers are there to save. */
#include "report/sections.h"

#include "report/line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *label;
    enum tp_phase forward, backward; /* backward TP_PHASE_COUNT: has none */
};

static const struct row rows[] = {
    {"ids_alltoall", TP_PHASE_IDS_ALLTOALL, TP_PHASE_COUNT},
    {"lookup +sparse_update", TP_PHASE_LOOKUP, TP_PHASE_SPARSE_UPDATE},
    {"peer_permute +b", TP_PHASE_PEER_PERMUTE, TP_PHASE_PEER_PERMUTE_BACKWARD},
    {"tower_exchange +b", TP_PHASE_TOWER_EXCHANGE, TP_PHASE_TOWER_EXCHANGE_BACKWARD},
    {"tower_module +b", TP_PHASE_TOWER_MODULE, TP_PHASE_TOWER_MODULE_BACKWARD},
    {"embedding_alltoall +b", TP_PHASE_EMBEDDING_ALLTOALL, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD},
    {"bottom_mlp +b", TP_PHASE_BOTTOM_MLP, TP_PHASE_BOTTOM_MLP_BACKWARD},
    {"over_arch +b", TP_PHASE_OVER_ARCH, TP_PHASE_OVER_ARCH_BACKWARD},
    {"dense_allreduce", TP_PHASE_DENSE_ALLREDUCE, TP_PHASE_COUNT},
};
#define LABEL_COLUMNS 23 /* of "speed-up over flat_free" */
#define ROW_COUNT ((int)(sizeof rows / sizeof rows[0]))

struct cell {
    bool present, moves;
    double seconds, bytes;
};

static void add_phase(struct cell *cell, const struct tp_phase_cost *phase, int32_t level)
{
    cell->present |= phase->present;
    if (!phase->present)
        return;
    cell->seconds += phase->seconds;
    if (phase->moves) {
        cell->moves = true;
        cell->bytes += (double)phase->bytes[level];
    }
}

static struct cell make_cell(const struct tp_plan *plan, int mode, const struct row *row)
{
    struct cell cell = {0};
    const struct tp_phase_cost *phases = plan->cost.modes[mode].phases;
    int32_t outermost = plan->topology->level_count - 1;
    add_phase(&cell, &phases[row->forward], outermost);
    if (row->backward != TP_PHASE_COUNT)
        add_phase(&cell, &phases[row->backward], outermost);
    return cell;
}

/* The first of the slowest rows. */
static const struct row *slowest(const struct tp_plan *plan, int mode)
{
    const struct row *most = &rows[0];
    for (int i = 1; i < ROW_COUNT; i++)
        if (make_cell(plan, mode, &rows[i]).seconds > make_cell(plan, mode, most).seconds)
            most = &rows[i];
    return most;
}

static void add_row(const struct tp_plan *plan, const struct row *row, struct tp_text *text)
{
    tp_text_add(text, " %-*s", LABEL_COLUMNS, row->label);
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        struct cell cell = make_cell(plan, mode, row);
        char seconds[16] = "-", bytes[16] = "";
        if (cell.present && cell.bytes > 0 && cell.seconds <= 0)
            strcpy(seconds, "hidden");
        else if (cell.present)
            tp_format_seconds(seconds, cell.seconds);
        if (cell.moves)
            tp_format_bytes(bytes, cell.bytes);
        bool mark = cell.present && row == slowest(plan, mode);
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
    for (int i = 0; i < ROW_COUNT; i++)
        add_row(plan, &rows[i], text);
    add_totals(plan, text);
    tp_line_wrap(text, "", 1,
        "*: the slowest phase; +b: together with its backward; hidden: beside the others. How they "
        "are counted: docs/cost-model.md");
    tp_line_wrap(text, "", 1,
        "flat: one exchange over all ranks; sptt: by towers, the same function; dmt: by towers, "
        "each with a small dense layer, another function");
    if (plan->strategy == TP_STRATEGY_FLAT) {
        tp_line_wrap(text, "", 1,
            "This plan has no towers: run it flat. sptt and dmt here treat all ranks as one "
            "tower.");
        return;
    }
    recommend_mode(plan, text);
    recommend_dmt(plan, text);
}
