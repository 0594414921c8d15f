/* SPDX-License-Identifier: Apache-2.0 */
/* What a row shard gets of the lookups.
 *
 * In: the points of a feature's hot_rows. Between two points the share is taken to grow as a power of
 * the rows, so it is interpolated in logarithms of both, as measured curves of the network are. That is
 * exact for ids that are all alike and within 0.013 for Zipf's law, s = 1, from points at powers of
 * ten. Below the first point it is proportional, beyond the last one a power up to 1 for the whole table.
 *
 * Ranked rows: the shard gets what its ranks get. Hashed rows: hot rows lie anywhere, so all shards share
 * the lookups by their rows, but for the hottest row, which is one row on one shard however it is hashed.
 * Which one cannot be known; it is counted on the shard that starts at row 0. */
#include "cost/skew.h"

#include <math.h>

/* C(n) for before.rows <= n <= after.rows. */
static double between(const struct tp_hot_point *before, const struct tp_hot_point *after, double n)
{
    double first = (double)before->rows;
    double part = log(n / first) / log((double)after->rows / first);
    return before->share * pow(after->share / before->share, part);
}

double tp_hot_share(const struct tp_feature *feature, int64_t table_rows, double n)
{
    const struct tp_hot_point *points = feature->hot_rows;
    struct tp_hot_point end = {table_rows, 1};
    int32_t count = feature->hot_count, i = 0;
    if (count == 0)
        return n / (double)table_rows;
    if (n <= 0 || n >= (double)table_rows)
        return n > 0;
    if (n <= (double)points[0].rows)
        return points[0].share * (n / (double)points[0].rows);
    while (i + 1 < count && (double)points[i + 1].rows <= n)
        i++;
    return between(&points[i], i + 1 < count ? &points[i + 1] : &end, n);
}

double tp_row_share(
    const struct tp_feature *feature, const struct tp_table *table, int64_t row, int64_t rows)
{
    double even = (double)rows / (double)table->rows, first = (double)row;
    if (feature->hot_count == 0)
        return even;
    if (table->row_order == TP_ROWS_RANKED)
        return fmax(0, tp_hot_share(feature, table->rows, first + (double)rows) -
                           tp_hot_share(feature, table->rows, first));
    double hottest = tp_hot_share(feature, table->rows, 1);
    return (row == 0 && rows > 0 ? hottest : 0) + (1 - hottest) * even;
}
