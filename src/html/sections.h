/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the page, each added to the text of the page. */
#ifndef TP_HTML_SECTIONS_H
#define TP_HTML_SECTIONS_H

#include <towerpart/affinity.h>
#include <towerpart/status.h>

#include "base/text.h"
#include "html/sweep_file.h"
#include "report/view.h"

/* The verdict, the key figures, and what is wrong. */
void tp_html_verdict(const struct tp_view *view, struct tp_text *html);
/* What to do next, as the text report has it. */
enum tp_status tp_html_next(const struct tp_view *view, struct tp_text *html, struct tp_error *err);
/* What the page was made from. */
void tp_html_inputs(const struct tp_view *view, struct tp_text *html);

/* Phases of flat, sptt and dmt, predicted and measured. */
enum tp_status tp_html_steps(
    const struct tp_view *view, struct tp_text *html, struct tp_error *err);

/* The affinity as a map and how far it can be trusted. @param affinity  NULL: said to be left out. */
enum tp_status tp_html_affinity(const struct tp_view *view, const struct tp_affinity *affinity,
    struct tp_text *html, struct tp_error *err);

/* What towers and ranks hold, against their limits. */
enum tp_status tp_html_towers(
    const struct tp_view *view, struct tp_text *html, struct tp_error *err);
enum tp_status tp_html_ranks(
    const struct tp_view *view, struct tp_text *html, struct tp_error *err);

/* Where each table lives. */
void tp_html_tables(const struct tp_view *view, struct tp_text *html);

/* A sweep or a frontier. */
enum tp_status tp_html_sweep(
    const struct tp_sweep_file *sweep, struct tp_text *html, struct tp_error *err);

#endif
