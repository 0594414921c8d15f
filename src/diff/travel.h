/* SPDX-License-Identifier: Apache-2.0 */
/* What of a table must be sent when its shards change. */
#ifndef TP_DIFF_TRAVEL_H
#define TP_DIFF_TRAVEL_H

#include <stdint.h>

#include <towerpart/diff.h>

/* What a value, and what a row of a shard, weighs in the plan that is left. */
struct tp_travel_rates {
    double value_bytes;                      /* of a weight */
    double state_value_bytes;                /* of the optimizer's state per weight */
    double state_row_bytes;                  /* and per row of a shard */
    int32_t before_per_host, after_per_host; /* ranks of a host */
};

static inline double tp_travel_bytes(const struct tp_travel *travel)
{
    return travel->weight_bytes + travel->state_bytes;
}

/* State is kept between plans of the same optimizer only. */
enum tp_status tp_travel_rates(const struct tp_plan *before, const struct tp_plan *after,
    struct tp_travel_rates *rates, struct tp_error *err);

/* Puts the shards into the order that tp_travel() needs: by row, then column. */
void tp_travel_sort(struct tp_table_placement *place);

/* Bytes between ranks, from one set of shards to the other. Rows and columns that only one of them has
 * do not travel. @param before, after  sorted. Cost: linear for cuts by rows, else O(pieces^2). */
struct tp_travel tp_travel(const struct tp_travel_rates *rates,
    const struct tp_table_placement *before, const struct tp_table_placement *after);

#endif
