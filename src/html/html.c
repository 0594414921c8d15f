/* SPDX-License-Identifier: Apache-2.0 */
/* The report as one HTML page.
 *
 * In: a plan, and what there is besides: findings, runs, an affinity, sweeps. Out: a file that holds
 * its style, script and pictures; a policy in its head forbids it any other source. Sections come in
 * the order of the text report. The whole page is made before the file is touched. */
#include <towerpart/html.h>

#include "base/fail.h"
#include "base/file.h"
#include "html/page.h"
#include "html/sections.h"
#include "html/sweep_file.h"
#include "report/view.h"

#include <string.h>

/* The files page.css and page.js, a string per line. */
static const char *const style[] = {
#include "page_css.inc"
};
static const char *const script[] = {
#include "page_js.inc"
};

static void add_lines(struct tp_text *html, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tp_text_add_bytes(html, lines[i], strlen(lines[i]));
}

static void add_title(const struct tp_view *view, struct tp_text *html)
{
    tp_html_escape(html, view->plan->model->name);
    tp_text_add(html, " on ");
    tp_html_escape(html, view->plan->topology->name);
}

static void add_head(const struct tp_view *view, struct tp_text *html)
{
    tp_text_add(html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    add_title(view, html);
    tp_text_add(html, " - towerpart report</title>\n<style>\n");
    add_lines(html, style, sizeof style / sizeof *style);
    tp_text_add(html, "</style>\n</head>\n<body>\n<header><p>towerpart report</p><h1>");
    add_title(view, html);
    tp_text_add(html, "</h1>\n<nav>");
    static const char *const places[][2] = {{"step", "Time of a step"}, {"affinity", "Affinity"},
        {"towers", "Towers"}, {"ranks", "Ranks"}, {"tables", "Tables"}, {"next", "Next"}};
    for (int i = 0; i < 6; i++)
        tp_text_add(html, "<a href=\"#%s\">%s</a> ", places[i][0], places[i][1]);
    tp_text_add(html, "</nav></header>\n<main>\n");
}

static enum tp_status add_sweeps(
    const struct tp_html_options *options, struct tp_text *html, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int32_t i = 0; i < options->sweep_count && !status; i++) {
        struct tp_sweep_file sweep = {0};
        status = tp_sweep_file_load(options->sweeps[i], &sweep, err);
        if (!status)
            status = tp_html_sweep(&sweep, html, err);
        tp_sweep_file_release(&sweep);
    }
    return status;
}

static enum tp_status add_page(const struct tp_view *view, const struct tp_html_options *options,
    struct tp_text *html, struct tp_error *err)
{
    add_head(view, html);
    tp_html_verdict(view, html);
    enum tp_status status = tp_html_steps(view, html, err);
    if (!status)
        status = tp_html_affinity(view, options->affinity, html, err);
    if (!status)
        status = tp_html_towers(view, html, err);
    if (!status)
        status = tp_html_ranks(view, html, err);
    if (!status)
        status = add_sweeps(options, html, err);
    if (status)
        return status;
    tp_html_tables(view, html);
    status = tp_html_next(view, html, err);
    tp_html_inputs(view, html);
    tp_text_add(html, "</main>\n<script>\n");
    add_lines(html, script, sizeof script / sizeof *script);
    tp_text_add(html, "</script>\n</body>\n</html>\n");
    return status;
}

enum tp_status tp_report_html(const struct tp_plan *plan, const struct tp_findings *findings,
    const struct tp_html_options *options, const char *path, struct tp_error *err)
{
    static const struct tp_html_options none = {0};
    struct tp_view view = {0};
    struct tp_text html = {0};
    const struct tp_html_options *given = options ? options : &none;
    enum tp_status status = tp_view_init(&view, plan, findings, err);
    tp_view_options(&view, &given->report);
    view.all = true;
    if (!status)
        status = add_page(&view, given, &html, err);
    if (!status)
        status =
            html.failed ? tp_fail_memory(err) : tp_file_write(path, html.data, html.length, err);
    tp_text_release(&html);
    tp_view_release(&view);
    return status;
}
