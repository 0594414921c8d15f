/* SPDX-License-Identifier: Apache-2.0 */
/* The larger sections of the text report, each added to the text with a blank line before it. */
#ifndef TP_REPORT_SECTIONS_H
#define TP_REPORT_SECTIONS_H

#include "base/text.h"
#include "report/view.h"

/* What a report shows of long lists, so that no section is longer than a screen or two. */
#define TP_TOWERS_LISTED 12    /* of more, those with most lookup */
#define TP_RANKS_LISTED_MAX 32 /* of more, only the busiest: */
#define TP_RANKS_BUSIEST 16
#define TP_NAMES_LISTED 8 /* features that move, are constant or neutral */

enum tp_status tp_section_towers(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err);
void tp_section_balance(const struct tp_view *view, struct tp_text *text);
enum tp_status tp_section_ranks(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err);
void tp_section_affinity(const struct tp_view *view, struct tp_text *text);
void tp_section_quality(const struct tp_view *view, struct tp_text *text);
void tp_section_step_time(const struct tp_view *view, struct tp_text *text);

#endif
