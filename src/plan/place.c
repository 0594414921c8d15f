/* SPDX-License-Identifier: Apache-2.0 */
/* Tables to ranks.
 *
 * The fast way places tower by tower under an assumption about the sums that couple the towers (ids
 * and partial sums received from everywhere), computes the true sums from the outcome and, where a
 * rank is then too full, does it again with those; a few rounds settle it. If that finds nothing and
 * the caller paid for it, an exhaustive search decides. Cost of the fast way: per tower and threshold
 * O(pieces log R), O(pieces * R) where memory is tight. */
#include "plan/place.h"

#include <towerpart/cost.h>

#include "base/fail.h"
#include "base/memory.h"
#include "cost/collective.h"
#include "plan/placer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 6

/* The ids of the next batch travel while lookups and permutes of this one run, so only the longer
 * side sets the time of a step. Which that is shows in the outcome: each is tried as the lesser. */
static const struct sides {
    double ids, work; /* how much they count */
} views[] = {{1, 1}, {0.1, 1}, {1, 0.1}};
#define VIEWS ((int)(sizeof views / sizeof *views))

int32_t tp_next_columns(const struct tp_table *table, int32_t pieces)
{
    int32_t most = table->dim / TP_COLUMN_WIDTH_MIN;
    for (int32_t s = pieces + 1; s <= most; s++)
        if (table->dim % s == 0)
            return s;
    return 0;
}

static int64_t row_block(const struct tp_placer *p, int32_t table)
{
    int64_t ranks = p->sizes.ranks_per_tower;
    return (p->model->tables[table].rows + ranks - 1) / ranks;
}

/* First row of the i-th block, at most the table's rows. */
static int64_t block_start(const struct tp_placer *p, int32_t table, int32_t i)
{
    int64_t rows = p->model->tables[table].rows, start = row_block(p, table) * i;
    return start < rows ? start : rows;
}

struct tp_shard_load tp_piece_load(
    const struct tp_placer *p, int32_t table, struct tp_cut cut, int32_t i)
{
    const struct tp_table *t = &p->model->tables[table];
    int64_t row = 0, rows = t->rows;
    int32_t columns = t->dim;
    if (cut.sharding == TP_SHARD_ROW) {
        row = block_start(p, table, i);
        rows = block_start(p, table, i + 1) - row;
    } else {
        columns /= cut.pieces;
    }
    return tp_shard_load(&p->sizes, p->model, t, cut.sharding, row, rows, columns);
}

double tp_piece_bytes(const struct tp_placer *p, const struct tp_shard_load *load)
{
    const struct tp_sizes *s = &p->sizes;
    return load->parameter_bytes + 2 * s->batch * (load->ids_per_sample + load->width * s->e_max);
}

double tp_piece_seconds(const struct tp_placer *p, const struct tp_shard_load *load)
{
    return p->seconds_lookup * load->lookup_bytes + p->seconds_width * load->width +
           p->seconds_ids * load->ids_per_sample;
}

void tp_terms_add(const struct tp_placer *p, int32_t table, struct tp_cut cut, double sign,
    struct tp_world_terms *world, double *tower_width)
{
    struct tp_shard_load whole = tp_piece_load(p, table, (struct tp_cut){TP_SHARD_TABLE, 1}, 0);
    double width = whole.width, ids = whole.ids_per_sample;
    if (cut.sharding == TP_SHARD_COLUMN) {
        ids *= cut.pieces;
    } else if (cut.sharding == TP_SHARD_ROW) {
        width *= cut.pieces;
        ids = 0;
        for (int32_t i = 0; i < cut.pieces; i++)
            ids += tp_piece_load(p, table, cut, i).ids_per_sample;
    }
    world->all_width += sign * width;
    world->all_ids += sign * ids;
    if (tower_width)
        *tower_width += sign * width;
}

double tp_rank_room(const struct tp_placer *p, int32_t tower, int32_t rank, double tower_width,
    const struct tp_world_terms *world)
{
    struct tp_rank_sums none = {0};
    struct tp_memory_terms terms = {
        .tower_width = tower_width,
        .all_width = world->all_width,
        .all_ids = world->all_ids,
        .tower_dim = p->tower_dim[tower],
        .all_dim = p->all_dim,
        .tower_dim_dmt = p->tower_dim_dmt[tower],
        .all_dim_dmt = p->all_dim_dmt,
    };
    int32_t global = tower * p->sizes.ranks_per_tower + rank;
    return (double)tp_topology_rank_capacity(p->topology, global) -
           tp_rank_memory(&p->sizes, &none, &terms);
}

/* Ranks that a rank meets at that level within a group of `world` consecutive ranks. */
static double peers_at(const struct tp_topology *topology, int32_t level, int32_t world)
{
    int32_t inside = level ? tp_topology_group(topology, level - 1) : 1;
    int32_t group = tp_topology_group(topology, level);
    return fmax(0, fmin(group, world) - fmin(inside, world));
}

/* Seconds for a rank to send one byte to each rank of such a group, levels in parallel. */
static double alltoall_rate(const struct tp_topology *topology, int32_t world)
{
    double worst = 0;
    for (int32_t l = 0; l < topology->level_count; l++) {
        const struct tp_level *level = &topology->levels[l];
        double bandwidth =
            level->alltoall.count ? tp_curve_at(&level->alltoall, world) : level->bytes_per_s;
        worst = fmax(worst, peers_at(topology, l, world) / bandwidth);
    }
    return worst;
}

/* Turns what a piece weighs into seconds of the step, by the phases whose time its rank can set: in
 * towers the exchange inside the tower and the passes of the permute, else the flat alltoall. */
static void set_seconds(struct tp_placer *p, struct sides sides)
{
    const struct tp_sizes *s = &p->sizes;
    const struct tp_topology *t = p->topology;
    double both_ways = s->e_forward + s->e_backward;
    p->seconds_lookup = sides.work * 3 / t->device.memory_bytes_per_s;
    p->seconds_ids = sides.ids * s->local_batch * alltoall_rate(t, s->rank_count);
    p->seconds_width =
        both_ways * s->batch / s->ranks_per_tower * alltoall_rate(t, s->ranks_per_tower);
    if (s->tower_count > 1)
        p->seconds_width += sides.work * both_ways * 2 * s->batch / t->device.memory_bytes_per_s;
}

static enum tp_status set_shapes(struct tp_placer *p, struct tp_error *err)
{
    int32_t towers = p->sizes.tower_count;
    struct tp_tower_shape *shape = TP_NEW(towers, struct tp_tower_shape);
    if (!shape)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < p->model->table_count; i++) {
        const struct tp_table *table = &p->model->tables[i];
        p->all_dim += (double)table->dim * table->feature_count;
        if (p->tower_of_table[i] >= 0)
            tp_tower_shape_add(&shape[p->tower_of_table[i]], p->model, table);
    }
    for (int32_t t = 0; t < towers; t++) {
        p->tower_dim[t] = shape[t].dim;
        p->tower_dim_dmt[t] = tp_tower_output_dmt(p->model, &shape[t]);
        p->all_dim_dmt += p->tower_dim_dmt[t];
    }
    free(shape);
    return TP_OK;
}

static enum tp_status placer_init(struct tp_placer *p, const struct tp_model *model,
    const struct tp_topology *topology, int32_t ranks_per_tower, const int32_t *tower_of_table,
    struct tp_error *err)
{
    *p = (struct tp_placer){.model = model, .topology = topology, .tower_of_table = tower_of_table};
    enum tp_status status = tp_sizes_init(&p->sizes, model, topology, ranks_per_tower, err);
    if (status)
        return status;
    p->tower_dim = TP_NEW(p->sizes.tower_count, double);
    p->tower_dim_dmt = TP_NEW(p->sizes.tower_count, double);
    p->cut = TP_NEW(model->table_count, struct tp_cut);
    p->first_piece = TP_NEW((size_t)model->table_count + 1, int32_t);
    if (!p->tower_dim || !p->tower_dim_dmt || !p->cut || !p->first_piece)
        return tp_fail_memory(err);
    for (int32_t i = 0; i < model->table_count; i++) {
        int32_t most = model->tables[i].dim / TP_COLUMN_WIDTH_MIN;
        most = most > 1 ? most : 1;
        if (most > INT32_MAX - p->first_piece[i])
            return tp_fail(err, TP_EINPUT, "too many tables: over 2^31 shards");
        p->first_piece[i + 1] = p->first_piece[i] + most;
    }
    p->piece_rank = TP_NEW(p->first_piece[model->table_count], int32_t);
    return p->piece_rank ? set_shapes(p, err) : tp_fail_memory(err);
}

static void placer_release(struct tp_placer *p)
{
    free(p->tower_dim);
    free(p->tower_dim_dmt);
    free(p->cut);
    free(p->first_piece);
    free(p->piece_rank);
}

/* The terms of the world under the present cuts; tables in no tower count uncut. */
static struct tp_world_terms world_now(const struct tp_placer *p, bool uncut)
{
    struct tp_world_terms world = {0, 0};
    for (int32_t i = 0; i < p->model->table_count; i++) {
        struct tp_cut cut = {TP_SHARD_TABLE, 1};
        if ((!uncut && p->tower_of_table[i] >= 0) || tp_is_kept(p, i))
            cut = p->cut[i];
        tp_terms_add(p, i, cut, +1, &world, NULL);
    }
    return world;
}

/* Does every rank have room for its pieces, all terms taken as they are? */
static enum tp_status all_fit(const struct tp_placer *p, bool *fit, struct tp_error *err)
{
    int32_t ranks = p->sizes.ranks_per_tower, towers = p->sizes.tower_count;
    struct tp_world_terms world = world_now(p, false), ignored = {0, 0};
    double *used = TP_NEW(p->sizes.rank_count, double);
    double *tower_width = TP_NEW(towers, double);
    enum tp_status status = used && tower_width ? TP_OK : tp_fail_memory(err);
    for (int32_t i = 0; !status && i < p->model->table_count; i++) {
        int32_t t = p->tower_of_table[i];
        if (t < 0)
            continue;
        tp_terms_add(p, i, p->cut[i], +1, &ignored, &tower_width[t]);
        for (int32_t k = 0; k < p->cut[i].pieces; k++) {
            struct tp_shard_load load = tp_piece_load(p, i, p->cut[i], k);
            used[t * ranks + tp_piece_rank(p, i, k)] += tp_piece_bytes(p, &load);
        }
    }
    *fit = true;
    for (int32_t g = 0; !status && g < p->sizes.rank_count; g++) {
        int32_t t = g / ranks;
        *fit &= used[g] <= tp_rank_room(p, t, g % ranks, tower_width[t], &world);
    }
    free(used);
    free(tower_width);
    return status;
}

/* Tables sorted by tower: order (tables), first (T + 1). */
static void group_tables(const struct tp_placer *p, int32_t *order, int32_t *first)
{
    int32_t count = 0;
    for (int32_t i = 0; i < p->model->table_count; i++)
        if (p->tower_of_table[i] >= 0)
            first[p->tower_of_table[i] + 1]++;
    for (int32_t t = 0; t < p->sizes.tower_count; t++)
        first[t + 1] += first[t];
    for (int32_t i = p->model->table_count - 1; i >= 0; i--)
        if (p->tower_of_table[i] >= 0) {
            order[--first[p->tower_of_table[i] + 1]] = i;
            count++;
        }
    /* Filling from the back moved each tower's end to its start. */
    memmove(first, first + 1, (size_t)p->sizes.tower_count * sizeof *first);
    first[p->sizes.tower_count] = count;
}

static enum tp_status place_fast(struct tp_placer *p, bool *placed, struct tp_error *err)
{
    int32_t towers = p->sizes.tower_count;
    int32_t *order = TP_NEW(p->model->table_count, int32_t);
    int32_t *first = TP_NEW((size_t)towers + 1, int32_t);
    enum tp_status status = order && first ? TP_OK : tp_fail_memory(err);
    *placed = false;
    if (!status)
        group_tables(p, order, first);
    struct tp_world_terms world = world_now(p, true);
    for (int round = 0; !status && round < ROUNDS && !*placed; round++) {
        bool all = true;
        for (int32_t t = 0; !status && all && t < towers; t++)
            status =
                tp_place_tower(p, t, order + first[t], first[t + 1] - first[t], &world, &all, err);
        if (status || !all)
            break;
        status = all_fit(p, placed, err);
        struct tp_world_terms now = world_now(p, false);
        world.all_width = fmax(world.all_width, now.all_width);
        world.all_ids = fmax(world.all_ids, now.all_ids);
    }
    free(order);
    free(first);
    return status;
}

static int by_rank(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Writes one table's shards; column shards go to their ranks in rank order, unless they are there. */
static enum tp_status write_table(const struct tp_placer *p, int32_t table,
    struct tp_table_placement *place, struct tp_error *err)
{
    struct tp_cut cut = p->cut[table];
    const struct tp_table *t = &p->model->tables[table];
    place->shards = TP_NEW(cut.pieces, struct tp_shard);
    if (!place->shards)
        return tp_fail_memory(err);
    place->tower = p->tower_of_table[table];
    place->sharding = cut.sharding;
    place->shard_count = cut.pieces;
    if (cut.sharding != TP_SHARD_ROW && !tp_is_kept(p, table))
        qsort(p->piece_rank + p->first_piece[table], (size_t)cut.pieces, sizeof(int32_t), by_rank);
    for (int32_t i = 0; i < cut.pieces; i++) {
        struct tp_shard *shard = &place->shards[i];
        shard->rank = place->tower * p->sizes.ranks_per_tower + tp_piece_rank(p, table, i);
        shard->rows = t->rows;
        shard->columns = t->dim;
        if (cut.sharding == TP_SHARD_ROW) {
            shard->row = block_start(p, table, i);
            shard->rows = block_start(p, table, i + 1) - shard->row;
        } else {
            shard->columns /= cut.pieces;
            shard->column = i * shard->columns;
        }
    }
    return TP_OK;
}

static enum tp_status write_placement(
    const struct tp_placer *p, struct tp_placement **placement, struct tp_error *err)
{
    struct tp_placement *out = NULL;
    enum tp_status status = tp_placement_new(
        p->sizes.tower_count, p->sizes.ranks_per_tower, p->model->table_count, &out, err);
    for (int32_t i = 0; !status && i < p->model->table_count; i++)
        if (p->tower_of_table[i] >= 0)
            status = write_table(p, i, &out->tables[i], err);
    if (status) {
        tp_placement_free(out);
        return status;
    }
    *placement = out;
    return TP_OK;
}

static bool all_have_towers(const struct tp_placer *p)
{
    bool all = true;
    for (int32_t i = 0; i < p->model->table_count; i++)
        all &= p->tower_of_table[i] >= 0;
    return all;
}

/* Keeps the placement if it is the first one, or makes a quicker step than the one kept. While some
 * tables have no tower there is no step yet. */
static enum tp_status keep_quicker(
    const struct tp_placer *p, struct tp_placement **kept, double *seconds, struct tp_error *err)
{
    struct tp_placement *placement = NULL;
    struct tp_step_cost cost = {0};
    enum tp_status status = write_placement(p, &placement, err);
    if (!status && all_have_towers(p))
        status = tp_cost_step(p->model, p->topology, placement, TP_MODE_SPTT, &cost, err);
    if (!status && (!*kept || cost.seconds < *seconds)) {
        struct tp_placement *slower = *kept;
        *kept = placement;
        placement = slower;
        *seconds = cost.seconds;
    }
    tp_placement_free(placement);
    return status;
}

/* @param placement  NULL as long as nothing was found. */
static enum tp_status place_each_way(
    struct tp_placer *p, struct tp_placement **placement, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    double seconds = 0;
    bool placed = true;
    for (int i = 0; !status && placed && i < VIEWS; i++) {
        set_seconds(p, views[i]);
        status = place_fast(p, &placed, err);
        if (!status && placed)
            status = keep_quicker(p, placement, &seconds, err);
    }
    return status;
}

enum tp_status tp_place(const struct tp_model *model, const struct tp_topology *topology,
    int32_t ranks_per_tower, const int32_t *tower_of_table, int64_t exact_steps,
    struct tp_placement **placement, bool *proven, struct tp_error *err)
{
    struct tp_placer p;
    int answer = -1;
    *placement = NULL;
    enum tp_status status = placer_init(&p, model, topology, ranks_per_tower, tower_of_table, err);
    if (!status)
        status = place_each_way(&p, placement, err);
    if (!status && !*placement && exact_steps > 0) {
        status = tp_place_exact(&p, exact_steps, &answer, err);
        if (!status && answer > 0)
            status = write_placement(&p, placement, err);
    }
    if (proven)
        *proven = !status && answer == 0;
    placer_release(&p);
    if (status) {
        tp_placement_free(*placement);
        *placement = NULL;
    }
    return status;
}

/* Takes over where a table stays. */
static void keep_table(
    struct tp_placer *p, int32_t table, const struct tp_table_placement *place, bool *kept)
{
    int32_t first_rank = place->tower * p->sizes.ranks_per_tower;
    kept[table] = true;
    p->cut[table] = (struct tp_cut){place->sharding, place->shard_count};
    for (int32_t k = 0; place->sharding != TP_SHARD_ROW && k < place->shard_count; k++)
        p->piece_rank[p->first_piece[table] + k] = place->shards[k].rank - first_rank;
}

enum tp_status tp_place_around(const struct tp_model *model, const struct tp_topology *topology,
    int32_t ranks_per_tower, const int32_t *tower_of_table,
    const struct tp_table_placement *const *kept, struct tp_placement **placement,
    struct tp_error *err)
{
    struct tp_placer p;
    *placement = NULL;
    bool *is_kept = TP_NEW(model->table_count, bool);
    if (!is_kept)
        return tp_fail_memory(err);
    enum tp_status status = placer_init(&p, model, topology, ranks_per_tower, tower_of_table, err);
    for (int32_t i = 0; !status && i < model->table_count; i++)
        if (kept[i] && tower_of_table[i] >= 0)
            keep_table(&p, i, kept[i], is_kept);
    p.kept = is_kept;
    if (!status)
        status = place_each_way(&p, placement, err);
    placer_release(&p);
    free(is_kept);
    if (status) {
        tp_placement_free(*placement);
        *placement = NULL;
    }
    return status;
}
