/* SPDX-License-Identifier: Apache-2.0 */
/* The larger sections of the text report, each added to the text with a blank line before it. */
#ifndef TP_REPORT_SECTIONS_H
#define TP_REPORT_SECTIONS_H

#include <towerpart/run.h>

#include "base/text.h"
#include "report/view.h"

/* What a report shows of long lists, so that no section is longer than a screen or two. */
#define TP_TOWERS_LISTED 12    /* of more, those with most lookup */
#define TP_RANKS_LISTED_MAX 32 /* of more, only the busiest: */
#define TP_RANKS_BUSIEST 16
#define TP_NAMES_LISTED 8 /* features that move, are constant or neutral */

#define TP_HEADLINE_INDENT 10 /* columns of the labels of tp_headline() and tp_words_runs() */
#define TP_TRUST_INDENT 18    /* likewise of tp_section_affinity() */

/* What the plan is worth in a few sentences, each with a label or none. */
void tp_headline(const struct tp_view *view, struct tp_text *text);

enum tp_status tp_section_towers(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err);
void tp_section_balance(const struct tp_view *view, struct tp_text *text);
enum tp_status tp_section_ranks(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err);
void tp_section_affinity(const struct tp_view *view, struct tp_text *text);
void tp_section_quality(const struct tp_view *view, struct tp_text *text);
void tp_section_step_time(const struct tp_view *view, struct tp_text *text);
/* Of a view that has one run: what was measured beside what was predicted. */
enum tp_status tp_section_measured(
    const struct tp_view *view, struct tp_text *text, struct tp_error *err);
/* Of a view that has several: them side by side. */
void tp_section_runs(const struct tp_view *view, struct tp_text *text);
/* Runs of the same function that are not equally good: a line for each. Nothing if there are none. */
void tp_line_unequal(
    const struct tp_view *view, const char *label, int indent, struct tp_text *text);
/* That the topology is of another machine than a run, if so; of a view that has runs. */
void tp_line_other_machine(
    const struct tp_view *view, const char *label, int indent, struct tp_text *text);
/* Of a view that has runs: a line for each, and what makes them doubtful. */
void tp_headline_measured(const struct tp_view *view, int indent, struct tp_text *text);

/* Sentences of the sections, for reports that draw the rest; a line each, indented by a column. Of
 * towers, what limits them; what is recommended; what the names of baselines mean; of a view that
 * has one run, how it differs from the prediction; of one that has several, from each other. */
void tp_words_limits(const struct tp_view *view, struct tp_text *text);
void tp_words_recommended(const struct tp_view *view, struct tp_text *text);
void tp_words_quality(const struct tp_plan *plan, struct tp_text *text);
void tp_words_measured(const struct tp_view *view, struct tp_text *text);
void tp_words_runs(const struct tp_view *view, struct tp_text *text);

/* How far towers are from the bound, of what they hold: "proven best", "gap 0.12 %". */
void tp_words_gap(const struct tp_plan *plan, struct tp_text *text);

/* A rank in the order in which ranks are listed. */
struct tp_rank_place {
    double over; /* memory of capacity in percent if that is more than it has, else 0 */
    int64_t lookup_bytes;
    int32_t rank;
};

/* By number if all ranks are listed, else those that hold too much first, then the busiest.
 * @param order  out, (rank_count of the view). @return how many are listed. */
int32_t tp_rank_order(const struct tp_view *view, struct tp_rank_place *order);

/* How good predictions are on held-out samples. Label and indent as of tp_line_wrap(). */
void tp_line_held_out(
    struct tp_text *text, const char *label, int indent, const struct tp_metrics *metrics);

#endif
