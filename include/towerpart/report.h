/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as people and as programs read it. Computes nothing. */
#ifndef TOWERPART_REPORT_H
#define TOWERPART_REPORT_H

#include <stdbool.h>

#include <towerpart/plan.h>
#include <towerpart/status.h>

struct tp_report_options {
    bool all; /* every tower, rank and feature; default false: the heaviest, the rest counted */
    const char *plan; /* base name of the plan's file, for the commands that the report advises;
                         NULL (default): "plan.yaml" */
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
    const char *path, struct tp_error *err);

#endif
