/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep and a frontier as text, as CSV and as JSON, each added to a text; and what they share. */
#ifndef TP_REPORT_SWEEP_FORMS_H
#define TP_REPORT_SWEEP_FORMS_H

#include <towerpart/sweep.h>

#include "base/text.h"

void tp_sweep_text(const struct tp_sweep *sweep, struct tp_text *text);
void tp_sweep_csv(const struct tp_sweep *sweep, struct tp_text *text);
void tp_sweep_json(const struct tp_sweep *sweep, struct tp_text *text);

void tp_frontier_text(const struct tp_frontier *frontier, struct tp_text *text);
void tp_frontier_csv(const struct tp_frontier *frontier, struct tp_text *text);
void tp_frontier_json(const struct tp_frontier *frontier, struct tp_text *text);

/* Fields of CSV, each with a comma before it: a number, empty if it is absent or not finite; text
 * in quotes. */
void tp_csv_real(struct tp_text *text, bool present, double value);
void tp_csv_quoted(struct tp_text *text, const char *value);

/* "none", "dlrm 1:0:64" (c:p:D), "dcn 64" (D) as the option --module takes it, without the kind. */
struct tp_module_text {
    char text[40];
};
struct tp_module_text tp_module_text(const struct tp_tower_module *module);

/* What a row's fastest way is called; "-" where nothing fits. */
const char *tp_sweep_best_name(const struct tp_sweep_row *row, bool any);

#endif
