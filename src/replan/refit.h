/* SPDX-License-Identifier: Apache-2.0 */
/* Tables to the ranks of their towers, with as few bytes on the way as possible. */
#ifndef TP_REPLAN_REFIT_H
#define TP_REPLAN_REFIT_H

#include <stdbool.h>

#include "replan/home.h"

/* Places what is new in its tower, or has to leave its ranks, around what stays.
 * @param locked    (tables) stays on its ranks whatever that costs the others.
 * @param freed     (tables) in and out: may leave its ranks though it is in its old tower. Where it does not fit
 *                  otherwise, tables are added, those with the fewest bytes first.
 * @param placement out, to be freed with tp_placement_free(); NULL: nothing was found that fits.
 * @return TP_OK also then; TP_ENOMEM. */
enum tp_status tp_refit(const struct tp_homes *homes, const struct tp_model *model,
    const struct tp_topology *topology, const int32_t *tower_of_table, const bool *locked,
    bool *freed, struct tp_placement **placement, struct tp_error *err);

#endif
