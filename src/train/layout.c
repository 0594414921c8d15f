/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds what, and where looked up values go.
 *
 * In: model, topology, placement. Out: per rank its shards; and for each exchange a weave, the list
 * of the column runs that make whole rows of what arrives in parts. The same weave read backwards
 * takes gradients apart. Row shards are partial sums: the first one of a table is stored, the
 * others are added in the order of their ranks, in every mode, so that float32 sums have the same
 * bits in flat and in sptt. A shard without rows is exchanged like any other: it sends zeros, and
 * the plan counts them. Cost: O(shards * features). */
#include "train/layout.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static enum tp_status add_shard(
    struct tp_holding *holding, int32_t table, const struct tp_shard *shard, struct tp_error *err)
{
    struct tp_own_shard *shards =
        tp_resize(holding->shards, (size_t)holding->shard_count + 1, sizeof *shards);
    if (!shards)
        return tp_fail_memory(err);
    holding->shards = shards;
    shards[holding->shard_count++] = (struct tp_own_shard){table, *shard};
    return TP_OK;
}

/* MPI counts what a rank sends to all others, and where it begins, in an int. */
static enum tp_status check_sizes(const struct tp_layout *layout, struct tp_error *err)
{
    int64_t width = 0;
    for (int32_t f = 0; f < layout->model->feature_count; f++)
        width += layout->model->tables[layout->model->features[f].table].dim;
    for (int32_t g = 0; g < layout->rank_count; g++) {
        int64_t values = layout->holdings[g].width > width ? layout->holdings[g].width : width;
        if (values > INT32_MAX / layout->batch)
            return tp_fail(err, TP_EINPUT,
                "rank %d exchanges %lld values per sample, %lld samples per step: found more than "
                "2^31 - 1 in all, expected fewer: make batch_size smaller",
                (int)g, (long long)values, (long long)layout->batch);
    }
    return TP_OK;
}

static enum tp_status fill_holdings(struct tp_layout *layout, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int32_t t = 0; t < layout->model->table_count; t++) {
        const struct tp_table *table = &layout->model->tables[t];
        const struct tp_table_placement *place = &layout->placement->tables[t];
        for (int32_t s = 0; s < place->shard_count && status == TP_OK; s++) {
            struct tp_holding *holding = &layout->holdings[place->shards[s].rank];
            status = add_shard(holding, t, &place->shards[s], err);
            holding->width += place->shards[s].columns * table->feature_count;
            holding->bags += table->feature_count;
        }
    }
    return status;
}

enum tp_status tp_layout_init(struct tp_layout *layout, const struct tp_model *model,
    const struct tp_topology *topology, const struct tp_placement *placement, struct tp_error *err)
{
    *layout = (struct tp_layout){
        .model = model,
        .placement = placement,
        .rank_count = topology->rank_count,
        .ranks_per_tower = placement->ranks_per_tower,
        .tower_count = placement->tower_count,
    };
    enum tp_status status = tp_model_global_batch(model, topology->rank_count, &layout->batch, err);
    if (status)
        return status;
    if (layout->batch > INT32_MAX)
        return tp_fail(err, TP_EINPUT,
            "batch: found %lld samples per step, expected less than 2^31",
            (long long)layout->batch);
    layout->local_batch = (int32_t)(layout->batch / layout->rank_count);
    layout->holdings = TP_NEW(layout->rank_count, struct tp_holding);
    if (!layout->holdings)
        return tp_fail_memory(err);
    status = fill_holdings(layout, err);
    return status ? status : check_sizes(layout, err);
}

void tp_layout_release(struct tp_layout *layout)
{
    for (int32_t g = 0; layout->holdings && g < layout->rank_count; g++)
        free(layout->holdings[g].shards);
    free(layout->holdings);
    *layout = (struct tp_layout){0};
}

int32_t tp_layout_features(const struct tp_layout *layout, int32_t tower, int32_t *features)
{
    int32_t count = 0;
    for (int32_t f = 0; f < layout->model->feature_count; f++)
        if (layout->placement->tables[layout->model->features[f].table].tower == tower)
            features[count++] = f;
    return count;
}

/* Where each feature begins in a row of some features side by side.
 * @param features  (count) in the order of the row; NULL: all. @param start  out, (F). @return the
 * width. */
static int32_t place_features(
    const struct tp_model *model, const int32_t *features, int32_t count, int32_t *start)
{
    int32_t width = 0;
    for (int32_t i = 0; i < count; i++) {
        int32_t f = features ? features[i] : i;
        start[f] = width;
        width += model->tables[model->features[f].table].dim;
    }
    return width;
}

static enum tp_status weave_new(
    struct tp_weave *weave, int32_t part_count, int64_t segments, struct tp_error *err)
{
    *weave = (struct tp_weave){.part_count = part_count};
    weave->first = TP_NEW((size_t)part_count + 1, int32_t);
    weave->segments = TP_NEW(segments, struct tp_segment);
    return weave->first && weave->segments ? TP_OK : tp_fail_memory(err);
}

/* Appends the shards of one rank, as the next columns of its part. */
static void add_holding(struct tp_weave *weave, const struct tp_layout *layout, int32_t part,
    const struct tp_holding *holding, const int32_t *start)
{
    int32_t from = 0;
    for (int32_t s = 0; s < holding->shard_count; s++) {
        const struct tp_own_shard *own = &holding->shards[s];
        const struct tp_table *table = &layout->model->tables[own->table];
        const struct tp_table_placement *place = &layout->placement->tables[own->table];
        bool add = place->sharding == TP_SHARD_ROW && own->shard.rank != place->shards[0].rank;
        for (int32_t i = 0; i < table->feature_count; i++) {
            int32_t to = start[table->first_feature + i] + own->shard.column;
            weave->segments[weave->segment_count++] =
                (struct tp_segment){part, from, to, own->shard.columns, add};
            from += own->shard.columns;
        }
    }
    weave->first[part + 1] = weave->first[part] + from;
}

/* The ranks first .. first + count - 1 as parts of rows of these features. */
static enum tp_status weave_ranks(const struct tp_layout *layout, int32_t first, int32_t count,
    const int32_t *features, int32_t feature_count, struct tp_weave *weave, struct tp_error *err)
{
    int64_t segments = 0;
    for (int32_t i = 0; i < count; i++)
        segments += layout->holdings[first + i].bags;
    int32_t *start = TP_NEW(layout->model->feature_count, int32_t);
    enum tp_status status = weave_new(weave, count, segments, err);
    if (status == TP_OK && !start)
        status = tp_fail_memory(err);
    if (status == TP_OK) {
        weave->width = place_features(layout->model, features, feature_count, start);
        for (int32_t i = 0; i < count; i++)
            add_holding(weave, layout, i, &layout->holdings[first + i], start);
    }
    free(start);
    return status;
}

enum tp_status tp_weave_flat(
    const struct tp_layout *layout, struct tp_weave *weave, struct tp_error *err)
{
    return weave_ranks(
        layout, 0, layout->rank_count, NULL, layout->model->feature_count, weave, err);
}

enum tp_status tp_weave_tower(
    const struct tp_layout *layout, int32_t tower, struct tp_weave *weave, struct tp_error *err)
{
    *weave = (struct tp_weave){0};
    int32_t *features = TP_NEW(layout->model->feature_count, int32_t);
    if (!features)
        return tp_fail_memory(err);
    int32_t count = tp_layout_features(layout, tower, features);
    enum tp_status status = weave_ranks(layout, tower * layout->ranks_per_tower,
        layout->ranks_per_tower, features, count, weave, err);
    free(features);
    return status;
}

enum tp_status tp_weave_peers(
    const struct tp_layout *layout, struct tp_weave *weave, struct tp_error *err)
{
    const struct tp_model *model = layout->model;
    int32_t *start = TP_NEW(model->feature_count, int32_t);
    int32_t *features = TP_NEW(model->feature_count, int32_t);
    enum tp_status status = weave_new(weave, layout->tower_count, model->feature_count, err);
    if (status == TP_OK && (!start || !features))
        status = tp_fail_memory(err);
    if (status == TP_OK)
        weave->width = place_features(model, NULL, model->feature_count, start);
    for (int32_t t = 0; status == TP_OK && t < layout->tower_count; t++) {
        int32_t count = tp_layout_features(layout, t, features), from = 0;
        for (int32_t i = 0; i < count; i++) {
            int32_t dim = model->tables[model->features[features[i]].table].dim;
            weave->segments[weave->segment_count++] =
                (struct tp_segment){t, from, start[features[i]], dim, false};
            from += dim;
        }
        weave->first[t + 1] = weave->first[t] + from;
    }
    free(features);
    free(start);
    return status;
}

enum tp_status tp_weave_modules(const struct tp_layout *layout, const int32_t *widths,
    struct tp_weave *weave, struct tp_error *err)
{
    enum tp_status status = weave_new(weave, layout->tower_count, layout->tower_count, err);
    for (int32_t t = 0; status == TP_OK && t < layout->tower_count; t++) {
        weave->segments[weave->segment_count++] =
            (struct tp_segment){t, 0, weave->width, widths[t], false};
        weave->width += widths[t];
        weave->first[t + 1] = weave->width;
    }
    return status;
}

void tp_weave_release(struct tp_weave *weave)
{
    free(weave->first);
    free(weave->segments);
    *weave = (struct tp_weave){0};
}

enum tp_status tp_layout_check_nodes(const struct tp_topology *topology, const int32_t *node,
    const char *const *names, struct tp_error *err)
{
    for (int32_t g = 1; g < topology->rank_count; g++) {
        int32_t host = g / topology->ranks_per_host;
        int32_t first = host * topology->ranks_per_host;
        if (node[g] != node[first])
            return tp_fail(err, TP_EINPUT,
                "plan host %d spans nodes: rank %d runs on %s, rank %d on %s, expected the ranks "
                "%d "
                "to %d on one node: use --map-by slot, or --host with %d slots per node, or "
                "--allow-split-hosts",
                (int)host, (int)first, names[first], (int)g, names[g], (int)first,
                (int)(first + topology->ranks_per_host - 1), (int)topology->ranks_per_host);
    }
    return TP_OK;
}
