/* SPDX-License-Identifier: Apache-2.0 */
/* First everything that is in its old tower stays. If that leaves no room, tower by tower: one table is let go, the
 * one for which the fewest bytes travel; if none will do, twice as many each time, those with the fewest
 * bytes first, of which then those stay after all that can. If the towers fit one by one and not together, which
 * buffers can cause, all tables that are not locked are placed anew. */
#include "replan/refit.h"

#include "base/fail.h"
#include "base/memory.h"
#include "plan/place.h"
#include "plan/solve.h"

#include <math.h>
#include <stdlib.h>

#define TRIED_MOST 64 /* tables of a tower, one by one */

struct movable {
    double bytes;
    int32_t table;
};

struct refit {
    const struct tp_homes *homes;
    const struct tp_model *model;
    const struct tp_topology *topology;
    const int32_t *tower_of_table;
    const bool *locked;
    bool *freed;
    const struct tp_table_placement **kept; /* (tables) scratch */
    int32_t *tower;                         /* (tables) scratch */
    struct movable *movable;                /* (tables) of the tower at hand, fewest bytes first */
};

/* Values that a piece of a table shares with what was on that rank. */
static double in_common(const struct tp_home *home, const struct tp_shard *piece, int32_t rank)
{
    double columns = 0;
    for (int32_t k = 0; k < home->old.shard_count; k++) {
        const struct tp_shard *was = &home->old.shards[k];
        int32_t first = was->column > piece->column ? was->column : piece->column;
        int32_t was_end = was->column + was->columns, end = piece->column + piece->columns;
        end = was_end < end ? was_end : end;
        if (was->rank == rank && end > first)
            columns += (double)(end - first) * (double)was->rows;
    }
    return columns;
}

/* Strips of columns are alike, so each may go to any of the table's ranks: to the one that has most of it, the best
 * pair first. */
static void match_strips(const struct tp_home *home, struct tp_table_placement *place)
{
    struct tp_shard *shards = place->shards;
    for (int32_t done = 0; place->sharding == TP_SHARD_COLUMN && done < place->shard_count;
         done++) {
        int32_t strip = -1, with = -1;
        double most = 0;
        for (int32_t i = 0; i < place->shard_count; i++) {
            double now = in_common(home, &shards[i], shards[i].rank);
            for (int32_t k = i + 1; k < place->shard_count; k++) {
                double gain = in_common(home, &shards[i], shards[k].rank) +
                              in_common(home, &shards[k], shards[i].rank) - now -
                              in_common(home, &shards[k], shards[k].rank);
                if (gain > most) {
                    most = gain;
                    strip = i;
                    with = k;
                }
            }
        }
        if (strip < 0)
            return;
        int32_t rank = shards[strip].rank;
        shards[strip].rank = shards[with].rank;
        shards[with].rank = rank;
    }
}

/* Bytes that travel to a placement. */
static double bytes_to(const struct refit *r, const struct tp_placement *placement)
{
    double bytes = 0;
    for (int32_t i = 0; i < placement->table_count; i++) {
        struct tp_travel travel = {0};
        if (placement->tables[i].shard_count > 0)
            travel = tp_home_travel(r->homes, i, &placement->tables[i]);
        bytes += tp_travel_bytes(&travel);
    }
    return bytes;
}

/* Places one tower, or all of them (-1). @param placement  NULL: nothing was found. */
static enum tp_status place_tower(
    const struct refit *r, int32_t tower, struct tp_placement **placement, struct tp_error *err)
{
    for (int32_t i = 0; i < r->model->table_count; i++) {
        const struct tp_home *home = &r->homes->tables[i];
        int32_t t = r->tower_of_table[i];
        bool stays = home->kept.shard_count > 0 && home->kept.tower == t && !r->freed[i];
        r->tower[i] = tower < 0 || t == tower ? t : -1;
        r->kept[i] = stays ? &home->kept : NULL;
    }
    enum tp_status status = tp_place_around(r->model, r->topology,
        tp_topology_ranks_per_tower(r->topology), r->tower, r->kept, placement, err);
    for (int32_t i = 0; !status && *placement && i < r->model->table_count; i++)
        if (!r->kept[i] && r->tower[i] >= 0)
            match_strips(&r->homes->tables[i], &(*placement)->tables[i]);
    return status;
}

/* @param bytes  out: that travel in the tower; INFINITY: it does not fit. */
static enum tp_status try_tower(
    const struct refit *r, int32_t tower, double *bytes, struct tp_error *err)
{
    struct tp_placement *placement = NULL;
    enum tp_status status = place_tower(r, tower, &placement, err);
    *bytes = !status && placement ? bytes_to(r, placement) : INFINITY;
    tp_placement_free(status ? NULL : placement);
    return status;
}

static int fewer_bytes(const void *a, const void *b)
{
    const struct movable *x = a, *y = b;
    if (x->bytes < y->bytes || x->bytes > y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return (x->table > y->table) - (x->table < y->table);
}

static int32_t list_movable(const struct refit *r, int32_t tower)
{
    int32_t count = 0;
    for (int32_t i = 0; i < r->model->table_count; i++) {
        const struct tp_home *home = &r->homes->tables[i];
        if (r->tower_of_table[i] == tower && home->kept.shard_count > 0 &&
            home->kept.tower == tower && !r->freed[i] && !r->locked[i])
            r->movable[count++] = (struct movable){home->bytes, i};
    }
    qsort(r->movable, (size_t)count, sizeof *r->movable, fewer_bytes);
    return count;
}

/* Lets the one table go that this takes the fewest bytes for. @param bytes  out: INFINITY: none will do. */
static enum tp_status loosen_one(
    struct refit *r, int32_t tower, int32_t count, double *bytes, struct tp_error *err)
{
    int32_t best = -1;
    enum tp_status status = TP_OK;
    *bytes = INFINITY;
    for (int32_t k = 0; !status && k < count && k < TRIED_MOST; k++) {
        double now;
        r->freed[r->movable[k].table] = true;
        status = try_tower(r, tower, &now, err);
        r->freed[r->movable[k].table] = false;
        if (!status && now < *bytes) {
            *bytes = now;
            best = k;
        }
    }
    if (best >= 0)
        r->freed[r->movable[best].table] = true;
    return status;
}

/* Lets more and more tables go until it fits, then takes back what can stay. @param fits  out: it does. */
static enum tp_status loosen_many(
    struct refit *r, int32_t tower, int32_t count, bool *fits, struct tp_error *err)
{
    int32_t gone = 0;
    double bytes = INFINITY;
    enum tp_status status = TP_OK;
    for (int32_t more = 2; !status && isinf(bytes) && gone < count; more *= 2) {
        for (int32_t k = 0; k < more && gone < count; k++)
            r->freed[r->movable[gone++].table] = true;
        status = try_tower(r, tower, &bytes, err);
    }
    *fits = !isinf(bytes);
    int32_t last = gone > TRIED_MOST ? gone - TRIED_MOST : 0;
    for (int32_t k = gone - 1; !status && *fits && k >= last; k--) {
        double without;
        r->freed[r->movable[k].table] = false;
        status = try_tower(r, tower, &without, err);
        r->freed[r->movable[k].table] = without > bytes;
        bytes = fmin(bytes, without);
    }
    return status;
}

static enum tp_status loosen(struct refit *r, int32_t tower, bool *fits, struct tp_error *err)
{
    int32_t count = list_movable(r, tower);
    double bytes;
    enum tp_status status = try_tower(r, tower, &bytes, err);
    if (!status && isinf(bytes))
        status = loosen_one(r, tower, count, &bytes, err);
    *fits = !status && !isinf(bytes);
    return status || *fits ? status : loosen_many(r, tower, count, fits, err);
}

/* All that is not locked; as planning does, if nothing is. */
static enum tp_status place_anew(
    struct refit *r, struct tp_placement **placement, struct tp_error *err)
{
    bool any_locked = false, few = r->model->table_count <= TP_EXACT_UNITS_MAX;
    for (int32_t i = 0; i < r->model->table_count; i++) {
        r->freed[i] = !r->locked[i];
        any_locked |= r->locked[i];
    }
    if (any_locked)
        return place_tower(r, -1, placement, err);
    enum tp_status status =
        tp_place(r->model, r->topology, tp_topology_ranks_per_tower(r->topology), r->tower_of_table,
            few ? TP_JUDGE_STEPS : 0, placement, NULL, err);
    for (int32_t i = 0; !status && *placement && i < r->model->table_count; i++)
        match_strips(&r->homes->tables[i], &(*placement)->tables[i]);
    return status;
}

static enum tp_status find(struct refit *r, struct tp_placement **placement, struct tp_error *err)
{
    bool each = true;
    enum tp_status status = place_tower(r, -1, placement, err);
    if (status || *placement)
        return status;
    for (int32_t t = 0; !status && each && t < r->homes->tower_count; t++)
        status = loosen(r, t, &each, err);
    if (status || !each)
        return status ? status : place_anew(r, placement, err);
    status = place_tower(r, -1, placement, err);
    if (status || *placement)
        return status;
    return place_anew(r, placement, err);
}

enum tp_status tp_refit(const struct tp_homes *homes, const struct tp_model *model,
    const struct tp_topology *topology, const int32_t *tower_of_table, const bool *locked,
    bool *freed, struct tp_placement **placement, struct tp_error *err)
{
    struct refit r = {homes, model, topology, tower_of_table, locked, freed,
        TP_NEW(model->table_count, const struct tp_table_placement *),
        TP_NEW(model->table_count, int32_t), TP_NEW(model->table_count, struct movable)};
    *placement = NULL;
    enum tp_status status =
        r.kept && r.tower && r.movable ? find(&r, placement, err) : tp_fail_memory(err);
    free((void *)r.kept);
    free(r.tower);
    free(r.movable);
    return status;
}
