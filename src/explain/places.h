/* SPDX-License-Identifier: Apache-2.0 */
/* Where else a unit could be, and what a step would take then. */
#ifndef TP_EXPLAIN_PLACES_H
#define TP_EXPLAIN_PLACES_H

#include <towerpart/explain.h>
#include <towerpart/placement.h>

/* Fills the unit, the holds and gains of the towers, and the places, `now` among them.
 * @param placement  the plan's, which breaks no rule.
 * @param affinity   NULL: none. */
enum tp_status tp_explain_places(struct tp_explain *explain, const struct tp_placement *placement,
    const struct tp_affinity *affinity, struct tp_error *err);

#endif
