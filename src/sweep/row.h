/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a sweep: tables placed in towers without a search, and what a step then takes. */
#ifndef TP_SWEEP_ROW_H
#define TP_SWEEP_ROW_H

#include <towerpart/sweep.h>

/* Fills in all but row->setting, which is given. @return TP_OK also when nothing fits; TP_ENOMEM.
 */
enum tp_status tp_sweep_row(const struct tp_model *model, const struct tp_topology *topology,
    struct tp_sweep_row *row, struct tp_error *err);

#endif
