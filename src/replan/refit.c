/* SPDX-License-Identifier: Apache-2.0 */
/* First everything that is in its old tower stays. If that leaves no room, tower by tower: twice as many tables
 * are let go each time, those with the fewest bytes first, until the rest can be placed around those that
 * stay; then the largest of them that can stay after all does. If the towers fit one by one and not together,
 * which buffers can cause, all tables that are not locked are placed anew. */
#include "replan/refit.h"

#include "base/fail.h"
#include "base/memory.h"
#include "plan/place.h"

#include <stdlib.h>

#define TAKEN_BACK_MOST 64 /* tables of a tower that are tried */

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

/* Tries one tower, or all of them (-1). @param placement  NULL: only whether it fits. */
static enum tp_status try_tower(const struct refit *r, int32_t tower, bool *fits,
    struct tp_placement **placement, struct tp_error *err)
{
    struct tp_placement *found = NULL;
    for (int32_t i = 0; i < r->model->table_count; i++) {
        const struct tp_home *home = &r->homes->tables[i];
        int32_t t = r->tower_of_table[i];
        bool stays = home->kept.shard_count > 0 && home->kept.tower == t && !r->freed[i];
        r->tower[i] = tower < 0 || t == tower ? t : -1;
        r->kept[i] = stays ? &home->kept : NULL;
    }
    enum tp_status status = tp_place_around(r->model, r->topology,
        tp_topology_ranks_per_tower(r->topology), r->tower, r->kept, &found, err);
    *fits = !status && found;
    if (placement)
        *placement = found;
    else
        tp_placement_free(found);
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

/* Lets tables of a tower go until it fits. @param fits  out: it does. */
static enum tp_status loosen(struct refit *r, int32_t tower, bool *fits, struct tp_error *err)
{
    int32_t count = list_movable(r, tower), gone = 0;
    enum tp_status status = try_tower(r, tower, fits, NULL, err);
    for (int32_t more = 1; !status && !*fits && gone < count; more *= 2) {
        for (int32_t k = 0; k < more && gone < count; k++)
            r->freed[r->movable[gone++].table] = true;
        status = try_tower(r, tower, fits, NULL, err);
    }
    int32_t last = gone > TAKEN_BACK_MOST ? gone - TAKEN_BACK_MOST : 0;
    for (int32_t k = gone - 1; !status && *fits && k >= last; k--) {
        bool still = false;
        r->freed[r->movable[k].table] = false;
        status = try_tower(r, tower, &still, NULL, err);
        r->freed[r->movable[k].table] = !still;
    }
    return status;
}

static enum tp_status find(struct refit *r, struct tp_placement **placement, struct tp_error *err)
{
    bool fits = false, each = true;
    enum tp_status status = try_tower(r, -1, &fits, placement, err);
    if (status || fits)
        return status;
    for (int32_t t = 0; !status && each && t < r->homes->tower_count; t++)
        status = loosen(r, t, &each, err);
    if (status || !each)
        return status;
    status = try_tower(r, -1, &fits, placement, err);
    if (status || fits)
        return status;
    for (int32_t i = 0; i < r->model->table_count; i++)
        r->freed[i] = !r->locked[i];
    return try_tower(r, -1, &fits, placement, err);
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
