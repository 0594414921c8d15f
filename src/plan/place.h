/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a tower to its ranks: whole, by columns or by rows, under each rank's memory, for the
 * smallest predicted step time. */
#ifndef TP_PLAN_PLACE_H
#define TP_PLAN_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/placement.h>

/* @param ranks_per_tower  R.
 * @param tower_of_table   (table_count); borrowed.
 * @param exact_steps      if > 0 and the fast ways find nothing, search exhaustively for at most that many steps.
 * @param placement        out; to be freed with tp_placement_free(). NULL when nothing was found.
 * @param proven           out, may be NULL: with *placement NULL, whether it is certain that nothing fits.
 * @return TP_OK also when nothing fits. */
enum tp_status tp_place(const struct tp_model *model, const struct tp_topology *topology,
    int32_t ranks_per_tower, const int32_t *tower_of_table, int64_t exact_steps,
    struct tp_placement **placement, bool *proven, struct tp_error *err);

/* Places tables around others that stay where they are.
 * @param kept       (table_count) where a table stays, in the tower that tower_of_table says; NULL: free.
 * @param placement  out; to be freed with tp_placement_free(). NULL when nothing was found.
 * @return TP_OK also then. */
enum tp_status tp_place_around(const struct tp_model *model, const struct tp_topology *topology,
    int32_t ranks_per_tower, const int32_t *tower_of_table,
    const struct tp_table_placement *const *kept, struct tp_placement **placement,
    struct tp_error *err);

#endif
