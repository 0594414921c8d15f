/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that travel when a table goes from one set of shards to another.
 *
 * In: two sets of rectangles, each of which tiles its table. Out: the sum over all pairs, one of each
 * set on different ranks, of what they have in common: rows * columns values with their state, and the
 * state of the rows, which belongs to a row of a shard (row-wise Adagrad keeps 4 bytes for it) and is
 * needed wherever a part of that row goes.
 *
 * Ranks are the same if host and place on it are: rank g of L to a host is (g / L, g % L). Of rows cut
 * into blocks only neighbours meet, so both lists are walked once, the second from where it can still
 * overlap. Exact below 2^53 bytes, like all sums of the cost model. */
#include "diff/travel.h"

#include "base/fail.h"
#include "cost/load.h"

#include <stdlib.h>

enum tp_status tp_travel_rates(const struct tp_plan *before, const struct tp_plan *after,
    struct tp_travel_rates *rates, struct tp_error *err)
{
    struct tp_sizes sizes;
    enum tp_status status = tp_sizes_init(&sizes, before->model, before->topology,
        tp_topology_ranks_per_tower(before->topology), err);
    if (status != TP_OK)
        return status;
    bool keeps_state = before->model->optimizer == after->model->optimizer;
    *rates = (struct tp_travel_rates){.value_bytes = sizes.value_bytes,
        .state_value_bytes = keeps_state ? sizes.state_value_bytes : 0,
        .state_row_bytes = keeps_state ? sizes.state_row_bytes : 0,
        .before_per_host = before->topology->ranks_per_host,
        .after_per_host = after->topology->ranks_per_host};
    return TP_OK;
}

static int compare_shards(const void *a, const void *b)
{
    const struct tp_shard *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank); /* empty ones */
}

void tp_travel_sort(struct tp_table_placement *place)
{
    qsort(place->shards, (size_t)place->shard_count, sizeof *place->shards, compare_shards);
}

static int64_t overlap(int64_t a, int64_t a_count, int64_t b, int64_t b_count)
{
    int64_t first = a > b ? a : b;
    int64_t end = a + a_count < b + b_count ? a + a_count : b + b_count;
    return end > first ? end - first : 0;
}

static void add_pair(const struct tp_travel_rates *rates, const struct tp_shard *from,
    const struct tp_shard *to, struct tp_travel *travel)
{
    int32_t from_host = from->rank / rates->before_per_host;
    int32_t to_host = to->rank / rates->after_per_host;
    if (from_host == to_host &&
        from->rank % rates->before_per_host == to->rank % rates->after_per_host)
        return;
    double rows = (double)overlap(from->row, from->rows, to->row, to->rows);
    double values = rows * (double)overlap(from->column, from->columns, to->column, to->columns);
    if (!(values > 0))
        return;
    double weights = values * rates->value_bytes;
    double state = values * rates->state_value_bytes + rows * rates->state_row_bytes;
    travel->weight_bytes += weights;
    travel->state_bytes += state;
    if (from_host != to_host)
        travel->between_hosts_bytes += weights + state;
}

struct tp_travel tp_travel(const struct tp_travel_rates *rates,
    const struct tp_table_placement *before, const struct tp_table_placement *after)
{
    struct tp_travel travel = {0};
    int32_t first = 0;
    for (int32_t i = 0; i < before->shard_count; i++) {
        const struct tp_shard *from = &before->shards[i];
        while (first < after->shard_count &&
               after->shards[first].row + after->shards[first].rows <= from->row)
            first++;
        for (int32_t k = first; k < after->shard_count; k++) {
            if (after->shards[k].row >= from->row + from->rows)
                break;
            add_pair(rates, from, &after->shards[k], &travel);
        }
    }
    return travel;
}
