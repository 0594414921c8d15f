/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two placements of the same tables differ in the numbers of their towers only. */
#ifndef TP_DIFF_RENUMBER_H
#define TP_DIFF_RENUMBER_H

#include <stdint.h>

#include <towerpart/placement.h>
#include <towerpart/status.h>

/* @param before, after     shards by row, then column.
 * @param after_of_before  (tables of before) where the table of that name is in after; -1: nowhere.
 * @param tower            out, (towers of before) the number that each has afterwards, to be freed;
 *                         NULL: it takes more than new numbers, or not even that.
 * Cost: linear. */
enum tp_status tp_renumbering(const struct tp_placement *before, const struct tp_placement *after,
    const int32_t *after_of_before, int32_t **tower, struct tp_error *err);

#endif
