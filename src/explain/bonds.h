/* SPDX-License-Identifier: Apache-2.0 */
/* What a feature has to do with others. */
#ifndef TP_EXPLAIN_BONDS_H
#define TP_EXPLAIN_BONDS_H

#include <towerpart/explain.h>

/* Fills the partners, and features, mean and sum of the towers. @param tower_of_feature  (F).
 * @param affinity  NULL: none; mean and sum are NAN then. Cost: O(F). */
void tp_explain_bonds(struct tp_explain *explain, const int32_t *tower_of_feature,
    const struct tp_affinity *affinity);

#endif
