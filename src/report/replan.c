/* SPDX-License-Identifier: Apache-2.0 */
/* A replanning as people read it before anything happens: what stays, what must move and why, what the rest
 * buys.
 *
 * In: a replanning. Out: text of at most 100 columns; a section without content is left out. Of many moves
 * those that send most are listed. */
#include <towerpart/report.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDENT 10
#define MOVES_LISTED 16
#define STEPS_LISTED 24
#define REASONS_LISTED 8
#define TABLE_COLUMNS 24
#define MOVE_COLUMNS 46
#define WORTH_A_HINT 0.001
#define SECONDS_LEAST 5e-10 /* less is shown as the same */
#define SLOWER 1e-6

static void add_kept(const struct tp_replan *replan, struct tp_text *text)
{
    const struct tp_replan_stand *final = &replan->final;
    int32_t tables = replan->plan->table_count - replan->added;
    char bytes[16], between[16], lost[16];
    tp_format_bytes(bytes, final->bytes);
    tp_format_bytes(between, final->between_hosts_bytes);
    tp_format_bytes(lost, replan->lost_bytes);
    tp_line_wrap(text, "Kept", INDENT,
        "%d of %d table%s stay on their ranks (%d added, %d dropped).", (int)replan->staying,
        (int)tables, tp_plural(tables), (int)replan->added, (int)replan->dropped);
    if (final->bytes > 0)
        tp_line_wrap(text, "Travels", INDENT, "%s, %s of it between hosts.", bytes, between);
    else
        tp_line_wrap(text, "Travels", INDENT, "nothing.");
    if (replan->lost)
        tp_line_wrap(text, "Restore", INDENT,
            "%s of %d table%s from a checkpoint: the ranks that held them are gone.", lost,
            (int)replan->lost, tp_plural(replan->lost));
    if (replan->reset)
        tp_line_wrap(text, "Anew", INDENT,
            "%d table%s: of another dim than before, so nothing of its weights can be kept.",
            (int)replan->reset, tp_plural(replan->reset));
}

/* Limits that the tables could not keep any more. */
static void add_limits(const struct tp_replan *replan, struct tp_text *text)
{
    const struct tp_plan *plan = replan->plan;
    if (plan->balance > replan->was_balance)
        tp_line_wrap(
            text, "Limits", INDENT, "balance %.4g -> %.4g", replan->was_balance, plan->balance);
    if (plan->ratio > replan->was_ratio)
        tp_line_wrap(text, "Limits", INDENT, "ratio %.4g -> %.4g", replan->was_ratio, plan->ratio);
}

static int more_bytes(const void *a, const void *b)
{
    const struct tp_replan_move *x = a, *y = b;
    double of_x = x->bytes + x->lost_bytes, of_y = y->bytes + y->lost_bytes;
    if (of_x < of_y || of_x > of_y)
        return of_x > of_y ? -1 : 1;
    return strcmp(x->table, y->table);
}

/* "3 -> 1", "inside 3", "to 1" */
static void put_way(char out[32], const struct tp_replan_move *move)
{
    if (move->from == move->to)
        snprintf(out, 32, "inside %d", (int)move->to);
    else if (move->from < 0)
        snprintf(out, 32, "to %d", (int)move->to);
    else
        snprintf(out, 32, "%d -> %d", (int)move->from, (int)move->to);
}

static void add_reasons(const char *reasons, bool all, struct tp_text *text)
{
    int32_t shown = 0, more = 0;
    for (const char *p = reasons; p && *p; p += strcspn(p, "\n") + 1) {
        if (shown == REASONS_LISTED && !all)
            more++;
        else
            tp_line_wrap(text, shown++ ? "" : " because", INDENT, "%.*s", (int)strcspn(p, "\n"), p);
    }
    if (more)
        tp_text_add(text, "%*s... and %d more\n", INDENT, "", (int)more);
}

/* Whether what was bought brings the table back to the tower that it had to leave. */
static bool is_taken_back(const struct tp_replan *replan, const struct tp_replan_move *move)
{
    int32_t table = tp_model_table(replan->plan->model, move->table);
    return move->from >= 0 && move->from != move->to && table >= 0 &&
           replan->plan->tables[table].place.tower == move->from;
}

static void add_needed(const struct tp_replan *replan, bool all, struct tp_text *text)
{
    const struct tp_replan_step *step = &replan->needed;
    char bytes[16], way[32];
    if (!step->move_count)
        return;
    struct tp_replan_move *moves = TP_NEW(step->move_count, struct tp_replan_move);
    if (!moves) {
        text->failed = true;
        return;
    }
    memcpy(moves, step->moves, (size_t)step->move_count * sizeof *moves);
    qsort(moves, (size_t)step->move_count, sizeof *moves, more_bytes);
    tp_text_add(text, "\nNEEDED    what cannot stay where it is\n");
    add_reasons(replan->reasons, all, text);
    tp_text_add(text, " %-*s  %-14s %10s\n", TABLE_COLUMNS, "table", "tower", "travels");
    int32_t shown = !all && step->move_count > MOVES_LISTED + 1 ? MOVES_LISTED : step->move_count;
    for (int32_t i = 0; i < shown; i++) {
        put_way(way, &moves[i]);
        tp_format_bytes(bytes, moves[i].bytes);
        tp_text_add(text, " %-*s  %-14s %10s", TABLE_COLUMNS,
            tp_shown(moves[i].table, TABLE_COLUMNS).text, way, bytes);
        tp_format_bytes(bytes, moves[i].lost_bytes);
        if (moves[i].lost_bytes > 0)
            tp_text_add(text, "  and %s restored", bytes);
        tp_text_add(text, is_taken_back(replan, &moves[i]) ? "  and back, below\n" : "\n");
    }
    if (shown < step->move_count)
        tp_text_add(text, " ... and %d more: --all\n", (int)(step->move_count - shown));
    free(moves);
}

/* "t_f03 2 -> 0, t_f12 0 -> 2", "t_f03 2 -> 0 and 7 more" */
static void put_moves(char out[MOVE_COLUMNS + 1], const struct tp_replan_step *step)
{
    int length = 0, columns = step->move_count == 2 ? 11 : 22;
    int32_t listed = step->move_count > 2 ? 1 : step->move_count;
    char way[32];
    out[0] = '\0';
    for (int32_t i = 0; i < listed && length < MOVE_COLUMNS; i++) {
        put_way(way, &step->moves[i]);
        length += snprintf(out + length, (size_t)(MOVE_COLUMNS + 1 - length), "%s%s %s",
            i ? ", " : "", tp_shown(step->moves[i].table, columns).text, way);
    }
    if (listed < step->move_count && length < MOVE_COLUMNS)
        snprintf(out + length, (size_t)(MOVE_COLUMNS + 1 - length), " and %d more",
            (int)(step->move_count - listed));
}

/* "+12 us", "-1.3 ms" */
static void put_change(char out[24], double seconds)
{
    char size[16];
    tp_format_seconds(size, fabs(seconds));
    if (fabs(seconds) < SECONDS_LEAST)
        snprintf(out, 24, "same");
    else
        snprintf(out, 24, "%s%s", seconds < 0 ? "-" : "+", size);
}

static void put_points(char out[24], double share)
{
    if (isnan(share))
        snprintf(out, 24, "-");
    else
        snprintf(out, 24, "%+.3f", 100 * share);
}

/* Those that put_moves() left out, a line each. */
static void list_moves(const struct tp_replan_step *step, struct tp_text *text)
{
    char way[32];
    for (int32_t i = step->move_count > 2 ? 1 : step->move_count; i < step->move_count; i++) {
        put_way(way, &step->moves[i]);
        tp_text_add(text, "   %s %s\n", tp_shown(step->moves[i].table, TABLE_COLUMNS).text, way);
    }
}

static void add_bought(const struct tp_replan *replan, bool all, struct tp_text *text)
{
    if (!replan->bought_count)
        return;
    tp_text_add(text,
        "\nBOUGHT    what more travels for, step by step\n"
        " %-*s %10s %11s %11s %11s\n",
        MOVE_COLUMNS, "tables and their towers", "travels", "points in", "step", "dmt step");
    int32_t shown =
        !all && replan->bought_count > STEPS_LISTED + 1 ? STEPS_LISTED : replan->bought_count;
    for (int32_t i = 0; i < shown; i++) {
        const struct tp_replan_step *step = &replan->bought[i];
        char moves[MOVE_COLUMNS + 1], size[16], bytes[24], inside[24], same[24], any[24];
        put_moves(moves, step);
        tp_format_bytes(size, fabs(step->bytes));
        snprintf(bytes, sizeof bytes, "%s%s", step->bytes < 0 ? "-" : "", size);
        put_points(inside, step->inside);
        put_change(same, step->seconds);
        put_change(any, step->dmt_seconds);
        tp_text_add(
            text, " %-*s %10s %11s %11s %11s\n", MOVE_COLUMNS, moves, bytes, inside, same, any);
        if (all)
            list_moves(step, text);
    }
    if (shown < replan->bought_count)
        tp_text_add(text, " ... and %d more steps: --all\n", (int)(replan->bought_count - shown));
}

static void add_stand(const char *name, const struct tp_replan_stand *stand, struct tp_text *text)
{
    char inside[24], same[16], any[16], bytes[16];
    if (isnan(stand->seconds)) {
        tp_text_add(text, " %-24s could not be placed around what is locked\n", name);
        return;
    }
    if (isnan(stand->inside))
        snprintf(inside, sizeof inside, "-");
    else
        snprintf(inside, sizeof inside, "%.3f %%", 100 * stand->inside);
    tp_format_seconds(same, stand->seconds);
    tp_format_seconds(any, stand->dmt_seconds);
    tp_format_bytes(bytes, stand->bytes);
    tp_text_add(text, " %-24s %12s %12s %12s %12s\n", name, inside, same, any, bytes);
}

static void add_hint(const struct tp_replan *replan, struct tp_text *text)
{
    bool step = replan->anew.seconds > replan->still.seconds * (1 + SLOWER);
    bool dmt = replan->anew.dmt_seconds > replan->still.dmt_seconds * (1 + SLOWER);
    if (step || dmt)
        tp_line_wrap(text, "", 1,
            "Planned from nothing the %s takes longer than with %s, so not all of that can be "
            "bought.",
            step ? "step" : "dmt step",
            replan->needed.move_count ? "what is needed" : "keeping still");
    else if (isnan(replan->asked))
        tp_line_wrap(text, "", 1, "More may be had: --max-move-bytes says what may travel for it.");
    else if (replan->asked < replan->anew.bytes)
        tp_line_wrap(text, "", 1, "More may be had with a larger --max-move-bytes.");
}

enum tp_status tp_report_replan(
    const struct tp_replan *replan, bool all, char **text, struct tp_error *err)
{
    struct tp_text lines = {0};
    add_kept(replan, &lines);
    add_limits(replan, &lines);
    add_needed(replan, all, &lines);
    add_bought(replan, all, &lines);
    tp_text_add(&lines,
        "\nSTANDING  affinity inside towers, time of a step, what travels\n"
        " %-24s %12s %12s %12s %12s\n",
        "", "inside", "step", "dmt step", "travels");
    if (!isnan(replan->was_inside))
        tp_text_add(&lines, " %-24s %10.3f %%\n", "the older plan", 100 * replan->was_inside);
    add_stand(
        replan->needed.move_count ? "what is needed" : "keeping still", &replan->still, &lines);
    if (replan->bought_count)
        add_stand("this plan", &replan->final, &lines);
    add_stand("planned from nothing", &replan->anew, &lines);
    if (replan->anew.inside > replan->final.inside + WORTH_A_HINT ||
        (isnan(replan->anew.inside) &&
            replan->anew.seconds < replan->final.seconds * (1 - WORTH_A_HINT)))
        add_hint(replan, &lines);
    if (lines.failed) {
        tp_text_release(&lines);
        return tp_fail_memory(err);
    }
    *text = lines.data;
    return TP_OK;
}
