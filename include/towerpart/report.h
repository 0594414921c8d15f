/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as people and as programs read it. Computes nothing. */
#ifndef TOWERPART_REPORT_H
#define TOWERPART_REPORT_H

#include <stdbool.h>

#include <towerpart/diff.h>
#include <towerpart/explain.h>
#include <towerpart/plan.h>
#include <towerpart/replan.h>
#include <towerpart/run.h>
#include <towerpart/status.h>
#include <towerpart/sweep.h>

/* Whether a run executed this plan, byte for byte. */
enum tp_same_plan { TP_SAME_PLAN_UNKNOWN, TP_SAME_PLAN, TP_OTHER_PLAN };

/* A run of the trainer, to be shown beside what its plan predicts. */
struct tp_measured {
    char *file; /* base name; owned */
    enum tp_same_plan same_plan;
    struct tp_run_result run; /* ranks owned; bytes that were not told are NAN */
};

/* Reads the end of a run: the last line with "final": true of the JSON lines that the trainer prints.
 * @param path         "-" is standard input.
 * @param plan_sha256  of the plan's file; NULL: not known.
 * @param measured     out, to be released with tp_measured_release().
 * @return TP_EINPUT when the run did not end, when it had another number of ranks or other levels than
 *         the plan, or when the line is not what the trainer prints; TP_ENOMEM. */
enum tp_status tp_measured_load(const char *path, const struct tp_plan *plan,
    const char *plan_sha256, struct tp_measured *measured, struct tp_error *err);
void tp_measured_release(struct tp_measured *measured);

#define TP_RUNS_MAX 4 /* runs in one report: as many columns as fit */

struct tp_report_options {
    bool all; /* every tower, rank and feature; default false: the heaviest, the rest counted */
    const char *plan; /* base name of the plan's file, for the commands that the report advises;
                         NULL (default): "plan.yaml" */
    const struct tp_measured *measured; /* (measured_count) runs of the plan; one is compared with
                                           what the plan predicts, several also with each other */
    int32_t measured_count;             /* 0 to TP_RUNS_MAX; default 0: no run */
};

/* Writes the report as text of at most 100 columns: towers, ranks with bars, phases of flat, sptt and
 * dmt side by side, trust, baselines, balance, and what to do next.
 * @param findings  of tp_plan_check(): the report opens with how many there are. NULL or none: sound.
 * @param options   NULL: defaults.
 * @param path      "-" for standard output. */
enum tp_status tp_report_text(const struct tp_plan *plan, const struct tp_findings *findings,
    const struct tp_report_options *options, const char *path, struct tp_error *err);

/* Writes the same, always complete, as one JSON object; `findings` lists them all, and is there when
 * empty. */
enum tp_status tp_report_json(const struct tp_plan *plan, const struct tp_findings *findings,
    const struct tp_report_options *options, const char *path, struct tp_error *err);

/* text: a table of at most 100 columns, the break-even scale of each series and the recommended setting
 * in words. csv: a line per setting, with the seconds of every phase. json: both. */
enum tp_sweep_format { TP_SWEEP_TEXT, TP_SWEEP_CSV, TP_SWEEP_JSON };

/* Writes a sweep in that form. @param path  "-" for standard output. */
enum tp_status tp_report_sweep(const struct tp_sweep *sweep, enum tp_sweep_format format,
    const char *path, struct tp_error *err);
enum tp_status tp_report_frontier(const struct tp_frontier *frontier, enum tp_sweep_format format,
    const char *path, struct tp_error *err);

/* Writes a diff as text of at most 100 columns: a summary, what changed in the specs, the tables that
 * move, and figures before and after. @param all  every table and line; false: the largest, the rest
 * counted. @param path  "-" for standard output. */
enum tp_status tp_report_diff_text(
    const struct tp_diff *diff, bool all, const char *path, struct tp_error *err);

/* Writes the same, always complete, as one JSON object: `tables`, applied to the first plan, give the
 * second. */
enum tp_status tp_report_diff_json(
    const struct tp_diff *diff, const char *path, struct tp_error *err);

/* What a replanning keeps, what has to move and why, what each step bought, and where one stands, in lines of
 * at most 100 columns.
 * @param all   every table and step; false: those that matter most.
 * @param text  out, to be freed with free(). */
enum tp_status tp_report_replan(
    const struct tp_replan *replan, bool all, char **text, struct tp_error *err);

/* Writes an explanation as text of at most 100 columns, or, always complete, as one JSON object.
 * @param all  every tower; false: the best ones. */
enum tp_status tp_report_explain_text(
    const struct tp_explain *explain, bool all, const char *path, struct tp_error *err);
enum tp_status tp_report_explain_json(
    const struct tp_explain *explain, const char *path, struct tp_error *err);

#endif
