/* SPDX-License-Identifier: Apache-2.0 */
/* The report for a person at a terminal: headline, the order of the sections, what to do next.
 *
 * In: a plan and what is wrong with it. Out: at most 100 columns of printable ASCII, in the order in
 * which one asks: can the figures be believed, what is the verdict, which features went together,
 * how balanced, how trustworthy, how fast, what next. Nothing is predicted here; view.c sums,
 * headline.c and the text_*.c files lay out, line.c keeps the width. */
#include <towerpart/report.h>

#include "base/file.h"
#include "report/advice.h"
#include "report/line.h"
#include "report/sections.h"
#include "report/view.h"

#include <stdio.h>
#include <string.h>

static void add_headline(const struct tp_view *view, struct tp_text *text)
{
    const struct tp_plan *plan = view->plan;
    tp_line_wrap(text, "", 0, "towerpart report: %s on %s",
        tp_shown(plan->model->name, TP_NAME_COLUMNS).text,
        tp_shown(plan->topology->name, TP_NAME_COLUMNS).text);
    tp_text_add(text, "\n");
    tp_headline(view, text);
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
