/* SPDX-License-Identifier: Apache-2.0 */
/* From the shards of an older plan to what they are worth now.
 *
 * Values are of use where table and dim are still there: rows that both have, in all columns. A table of
 * another dim starts anew; it keeps its tower, since its features do, but has nothing to lose by moving. One
 * that has other rows can stay on its ranks; cut into rows, its blocks shift, and some rows travel. Cost:
 * linear in shards and in tables * towers. */
#include "replan/home.h"

#include "base/fail.h"
#include "base/memory.h"
#include "plan/figures.h"

#include <stdlib.h>
#include <string.h>

struct moving {
    const struct tp_plan *old, *plan;
    struct tp_placement *from; /* of the old plan */
    int32_t *rank_now;         /* (old ranks) -1: gone */
    struct tp_homes *homes;
};

static enum tp_status number_ranks(
    struct moving *m, const int32_t *lost, int32_t lost_count, struct tp_error *err)
{
    const struct tp_topology *old = m->old->topology, *new = m->plan->topology;
    bool fewer = new->host_count < old->host_count;
    int32_t next = 0, gone = 0;
    m->rank_now = TP_NEW(old->rank_count, int32_t);
    if (!m->rank_now)
        return tp_fail_memory(err);
    for (int32_t h = 0; h < old->host_count; h++) {
        bool is_lost = gone < lost_count && lost[gone] == h;
        int32_t host = fewer ? next : h;
        gone += is_lost;
        next += !is_lost;
        for (int32_t i = 0; i < old->ranks_per_host; i++) {
            bool left = !is_lost && host < new->host_count &&i < new->ranks_per_host;
            m->rank_now[h * old->ranks_per_host + i] = left ? host * new->ranks_per_host + i : -1;
        }
    }
    return TP_OK;
}

static double shard_bytes(
    const struct tp_homes *homes, const struct tp_shard *shard, const struct tp_table *table)
{
    int64_t rows = shard->row + shard->rows <= table->rows ? shard->rows : table->rows - shard->row;
    const struct tp_travel_rates *rates = &homes->rates;
    if (rows <= 0)
        return 0;
    return (double)rows *
           ((double)shard->columns * (rates->value_bytes + rates->state_value_bytes) +
               rates->state_row_bytes);
}

/* Weighs the shards that are left, and finds the tower that has most of them. */
static void find_tower(struct moving *m, int32_t i, bool of_use)
{
    struct tp_home *home = &m->homes->tables[i];
    const struct tp_table *table = &m->plan->model->tables[i];
    int32_t per_tower = tp_topology_ranks_per_tower(m->plan->topology);
    double *in_tower = m->homes->bytes + (int64_t)i * m->homes->tower_count;
    for (int32_t k = 0; k < home->old.shard_count; k++) {
        const struct tp_shard *shard = &home->old.shards[k];
        in_tower[shard->rank / per_tower] += shard_bytes(m->homes, shard, table);
    }
    for (int32_t k = 0; k < home->old.shard_count; k++) {
        int32_t t = home->old.shards[k].rank / per_tower;
        if (home->tower < 0 || in_tower[t] > in_tower[home->tower])
            home->tower = t;
    }
    for (int32_t t = 0; t < m->homes->tower_count; t++) {
        in_tower[t] = of_use ? in_tower[t] : 0;
        home->bytes += in_tower[t];
    }
}

/* Whether the shards that are left are a cut that a placement may have, all in one tower. */
static bool may_stay(
    const struct moving *m, const struct tp_home *home, const struct tp_table_placement *from)
{
    int32_t per_tower = tp_topology_ranks_per_tower(m->plan->topology);
    if (home->old.shard_count < from->shard_count)
        return false;
    if (from->sharding == TP_SHARD_ROW && from->shard_count != per_tower)
        return false;
    for (int32_t k = 0; k < from->shard_count; k++) {
        int32_t rank = home->old.shards[k].rank;
        if (rank / per_tower != home->tower)
            return false;
        if (from->sharding == TP_SHARD_ROW && rank % per_tower != k)
            return false;
    }
    return true;
}

/* The same cut, of as many rows as there are now. */
static enum tp_status fill_kept(struct moving *m, int32_t i, struct tp_error *err)
{
    struct tp_home *home = &m->homes->tables[i];
    int64_t rows = m->plan->model->tables[i].rows;
    size_t count = (size_t)home->old.shard_count;
    home->kept.shards = TP_NEW(count, struct tp_shard);
    if (!home->kept.shards)
        return tp_fail_memory(err);
    memcpy(home->kept.shards, home->old.shards, count * sizeof *home->kept.shards);
    home->kept.shard_count = home->old.shard_count;
    home->kept.sharding = home->old.sharding;
    home->kept.tower = home->tower;
    int64_t block = (rows + home->kept.shard_count - 1) / home->kept.shard_count;
    for (int32_t k = 0; k < home->kept.shard_count; k++) {
        struct tp_shard *shard = &home->kept.shards[k];
        if (home->kept.sharding == TP_SHARD_ROW) {
            shard->row = block * k < rows ? block * k : rows;
            shard->rows = shard->row + block <= rows ? block : rows - shard->row;
        } else {
            shard->rows = rows;
        }
    }
    return TP_OK;
}

static enum tp_status move_table(struct moving *m, int32_t i, struct tp_error *err)
{
    struct tp_home *home = &m->homes->tables[i];
    const struct tp_table *now = &m->plan->model->tables[i];
    const struct tp_table *was = &m->old->model->tables[home->before];
    struct tp_table_placement *from = &m->from->tables[home->before];
    bool of_use = was->dim == now->dim;
    home->old.shards = TP_NEW(from->shard_count, struct tp_shard);
    if (!home->old.shards)
        return tp_fail_memory(err);
    home->old.sharding = from->sharding;
    tp_travel_sort(from);
    for (int32_t k = 0; k < from->shard_count; k++) {
        struct tp_shard shard = from->shards[k];
        shard.rank = m->rank_now[shard.rank];
        if (shard.rank >= 0)
            home->old.shards[home->old.shard_count++] = shard;
        else if (of_use)
            home->lost_bytes += shard_bytes(m->homes, &shard, now);
    }
    find_tower(m, i, of_use);
    home->old.tower = home->tower;
    if (of_use && may_stay(m, home, from))
        return fill_kept(m, i, err);
    if (!of_use)
        home->old.shard_count = 0; /* nothing of it travels */
    return TP_OK;
}

static enum tp_status move_tables(struct moving *m, struct tp_error *err)
{
    const struct tp_model *old = m->old->model, *new = m->plan->model;
    int32_t found = 0;
    for (int32_t i = 0; i < new->table_count; i++) {
        struct tp_home *home = &m->homes->tables[i];
        const char *name = new->tables[i].name;
        home->tower = home->old.tower = home->kept.tower = -1;
        bool same_turn = i < old->table_count && strcmp(old->tables[i].name, name) == 0;
        home->before = same_turn ? i : tp_model_table(old, name);
        if (home->before < 0)
            continue;
        found++;
        enum tp_status status = move_table(m, i, err);
        if (status)
            return status;
    }
    m->homes->dropped_count = old->table_count - found;
    return TP_OK;
}

static enum tp_status begin(struct moving *m, struct tp_error *err)
{
    struct tp_homes *homes = m->homes;
    homes->table_count = m->plan->model->table_count;
    homes->tower_count = tp_topology_towers(m->plan->topology);
    homes->tables = TP_NEW(homes->table_count, struct tp_home);
    homes->bytes = tp_new((size_t)homes->table_count, (size_t)homes->tower_count * sizeof(double));
    if (!homes->tables || !homes->bytes)
        return tp_fail_memory(err);
    enum tp_status status = tp_travel_rates(m->old, m->plan, &homes->rates, err);
    homes->rates.before_per_host = homes->rates.after_per_host; /* ranks are numbered anew */
    return status;
}

enum tp_status tp_homes_make(const struct tp_plan *old, const struct tp_plan *plan,
    const int32_t *lost, int32_t lost_count, struct tp_homes **homes, struct tp_error *err)
{
    struct moving m = {.old = old, .plan = plan, .homes = TP_NEW(1, struct tp_homes)};
    if (!m.homes)
        return tp_fail_memory(err);
    enum tp_status status = tp_plan_placement(old, &m.from, err);
    if (!status)
        status = begin(&m, err);
    if (!status)
        status = number_ranks(&m, lost, lost_count, err);
    if (!status)
        status = move_tables(&m, err);
    tp_placement_free(m.from);
    free(m.rank_now);
    if (status) {
        tp_homes_free(m.homes);
        return status;
    }
    *homes = m.homes;
    return TP_OK;
}

void tp_homes_free(struct tp_homes *homes)
{
    if (!homes)
        return;
    for (int32_t i = 0; homes->tables && i < homes->table_count; i++) {
        free(homes->tables[i].old.shards);
        free(homes->tables[i].kept.shards);
    }
    free(homes->tables);
    free(homes->bytes);
    free(homes);
}

struct tp_travel tp_home_travel(
    const struct tp_homes *homes, int32_t table, const struct tp_table_placement *place)
{
    return tp_travel(&homes->rates, &homes->tables[table].old, place);
}

struct tp_travel tp_homes_travel(const struct tp_homes *homes, const struct tp_placement *placement)
{
    struct tp_travel sum = {0};
    for (int32_t i = 0; i < homes->table_count; i++) {
        struct tp_travel travel = tp_home_travel(homes, i, &placement->tables[i]);
        sum.weight_bytes += travel.weight_bytes;
        sum.state_bytes += travel.state_bytes;
        sum.between_hosts_bytes += travel.between_hosts_bytes;
    }
    return sum;
}
