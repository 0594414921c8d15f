/* SPDX-License-Identifier: Apache-2.0 */
/* How a feature's lookups spread over the rows of its table. */
#ifndef TP_COST_SKEW_H
#define TP_COST_SKEW_H

#include <stdint.h>

#include <towerpart/model.h>

/* C(n): share of the lookups that go to the n hottest rows of a table with that many rows. 0 for none,
 * 1 for all (a plan edited by hand may ask for more); n / table_rows if the feature has no hot_rows. Never
 * falls, and C(n) / n never grows.
 * Cost: O(points). */
double tp_hot_share(const struct tp_feature *feature, int64_t table_rows, double n);

/* Share of the lookups that reach a shard with the rows row .. row + rows - 1. Over shards that tile the
 * table the shares add up to 1; of shards with equally many rows, none has more than the one at row 0. */
double tp_row_share(
    const struct tp_feature *feature, const struct tp_table *table, int64_t row, int64_t rows);

#endif
