/* SPDX-License-Identifier: Apache-2.0 */
/* Towers that changed places as a whole.
 *
 * In: two placements. Out: a permutation p of the towers such that every table of tower t is in tower
 * p(t) afterwards, cut in the same way, each shard on the same rank inside its tower; if there is one,
 * it is the only one, since every tower has a table. Where all hosts are alike such plans cost the same,
 * so a difference of that kind is worth a word before anybody moves a table. */
#include "diff/renumber.h"

#include "base/fail.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

/* The same cut, on the ranks of another tower. */
static bool same_inside(
    const struct tp_table_placement *a, const struct tp_table_placement *b, int32_t ranks_per_tower)
{
    int32_t shift = (b->tower - a->tower) * ranks_per_tower;
    if (a->sharding != b->sharding || a->shard_count != b->shard_count)
        return false;
    for (int32_t i = 0; i < a->shard_count; i++) {
        const struct tp_shard *x = &a->shards[i], *y = &b->shards[i];
        if (x->rank + shift != y->rank || x->row != y->row || x->rows != y->rows ||
            x->column != y->column || x->columns != y->columns)
            return false;
    }
    return true;
}

/* @param name   in and out: what each tower is called afterwards; -1: not known yet.
 * @param taken  in and out: the names that towers have. */
static bool take_name(int32_t from, int32_t to, int32_t *name, bool *taken)
{
    if (name[from] < 0 && !taken[to]) {
        name[from] = to;
        taken[to] = true;
    }
    return name[from] == to;
}

enum tp_status tp_renumbering(const struct tp_placement *before, const struct tp_placement *after,
    const int32_t *after_of_before, int32_t **tower, struct tp_error *err)
{
    int32_t count = before->tower_count;
    int32_t *name = TP_NEW(count, int32_t);
    bool *taken = TP_NEW(count, bool);
    bool moved = false, possible = count == after->tower_count &&
                                   before->table_count == after->table_count &&
                                   before->ranks_per_tower == after->ranks_per_tower;
    enum tp_status status = name && taken ? TP_OK : tp_fail_memory(err);
    if (status != TP_OK)
        goto out;
    for (int32_t t = 0; t < count; t++)
        name[t] = -1;
    for (int32_t i = 0; possible && i < before->table_count; i++) {
        const struct tp_table_placement *from = &before->tables[i];
        const struct tp_table_placement *to =
            after_of_before[i] >= 0 ? &after->tables[after_of_before[i]] : NULL;
        possible = to && take_name(from->tower, to->tower, name, taken) &&
                   same_inside(from, to, before->ranks_per_tower);
        moved |= possible && from->tower != to->tower;
    }
    *tower = possible && moved ? name : NULL;
    if (*tower)
        name = NULL;
out:
    free(taken);
    free(name);
    return status;
}
