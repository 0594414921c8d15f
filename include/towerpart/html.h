/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as a page: one HTML file that needs nothing else. In a library of its own, towerpart_html,
 * since it draws with cairo. */
#ifndef TOWERPART_HTML_H
#define TOWERPART_HTML_H

#include <stdint.h>

#include <towerpart/affinity.h>
#include <towerpart/plan.h>
#include <towerpart/report.h>
#include <towerpart/status.h>

#define TP_SWEEPS_MAX 4 /* in one page */

struct tp_html_options {
    struct tp_report_options report;    /* `all` is not needed: a page always has everything */
    const struct tp_affinity *affinity; /* in the order of the plan's model, for the heat map; NULL
                                           (default): the page says that it is left out */
    const char *const *sweeps; /* (sweep_count) files that `towerpart sweep --format json` wrote */
    int32_t sweep_count;       /* 0 to TP_SWEEPS_MAX; default 0 */
};

/* Writes the page.
 * @param findings  of tp_plan_check(); NULL or none: sound.
 * @param options   NULL: defaults.
 * @param path      "-" for standard output.
 * @return TP_EINPUT when a sweep is none; TP_EINTERNAL; TP_ENOMEM. Cost: O(F^2) with affinity. */
enum tp_status tp_report_html(const struct tp_plan *plan, const struct tp_findings *findings,
    const struct tp_html_options *options, const char *path, struct tp_error *err);

#endif
