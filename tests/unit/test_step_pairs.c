/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges of random layouts against a slow count over all pairs of ranks: every message charged
 * to the level where its two ranks meet and to every uplink on its way. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"

#include "layout.h"

struct pairs {
    double sent[64][TP_LEVELS_MAX], received[64][TP_LEVELS_MAX];
    double out[64][TP_LEVELS_MAX], in[64][TP_LEVELS_MAX]; /* of a group's uplink */
    int32_t peers[64][TP_LEVELS_MAX];
};

static void count_pair(
    struct pairs *pairs, const struct tp_topology *topology, int32_t from, int32_t to, double bytes)
{
    int32_t level = tp_topology_joins(topology, from, to);
    pairs->peers[from][level]++;
    pairs->sent[from][level] += bytes;
    pairs->received[to][level] += bytes;
    for (int32_t i = 1; i <= level; i++) {
        int32_t below = tp_topology_group(topology, i - 1);
        pairs->out[from / below][i] += bytes;
        pairs->in[to / below][i] += bytes;
    }
}

static double uplink_of(const struct tp_topology *topology, int32_t level, int32_t group)
{
    return level == 1 ? topology->hosts[group].uplink_bytes_per_s
                      : topology->levels[level].uplink_bytes_per_s;
}

/* Seconds, and bytes per level. */
static double slow_exchange(
    const struct pairs *pairs, const struct tp_topology *topology, double bytes[TP_LEVELS_MAX])
{
    double seconds = 0;
    for (int32_t i = 0; i < topology->level_count; i++) {
        double uplink = 0;
        int32_t peers = 0;
        bytes[i] = 0;
        for (int32_t g = 0; g < topology->rank_count; g++) {
            bytes[i] = fmax(bytes[i], fmax(pairs->sent[g][i], pairs->received[g][i]));
            peers = pairs->peers[g][i] > peers ? pairs->peers[g][i] : peers;
        }
        for (int32_t h = 0; i > 0 && h < topology->rank_count / tp_topology_group(topology, i - 1);
             h++)
            if (uplink_of(topology, i, h) > 0)
                uplink = fmax(
                    uplink, fmax(pairs->out[h][i], pairs->in[h][i]) / uplink_of(topology, i, h));
        double transfer = fmax(bytes[i] / topology->levels[i].bytes_per_s, uplink);
        seconds = fmax(seconds, peers * topology->levels[i].latency_s + transfer);
    }
    return seconds;
}

/* O_r and O_t, the slow way. */
static double width_of_rank(const struct layout *l, int32_t rank)
{
    double width = 0;
    for (int32_t i = 0; i < l->model.table_count; i++)
        for (int32_t j = 0; j < l->places[i].shard_count; j++)
            if (l->places[i].shards[j].rank == rank)
                width += l->places[i].shards[j].columns * l->tables[i].feature_count;
    return width;
}

static double width_of_tower(const struct layout *l, int32_t tower)
{
    double width = 0;
    for (int32_t i = 0; i < l->model.feature_count; i++)
        if (l->places[l->features[i].table].tower == tower)
            width += l->tables[l->features[i].table].dim;
    return width;
}

static void expect_exchange(
    const struct layout *l, const struct pairs *pairs, const struct tp_phase_cost *phase)
{
    double bytes[TP_LEVELS_MAX];
    double seconds = slow_exchange(pairs, &l->topology, bytes);
    ck_assert_double_eq_tol(phase->seconds, seconds, 1e-9 * (1 + seconds));
    for (int32_t i = 0; i < l->topology.level_count; i++)
        ck_assert_int_eq(phase->bytes[i], (int64_t)bytes[i]);
}

/* 1 to 4 levels of 1 to 3, towers of any number of hosts that divides theirs, so that they may lie
 * across racks; whole tables and row shards, uplinks with probability one half. */
static void make_random(struct layout *l, struct tp_random *random)
{
    int levels = 1 + (int)tp_random_below(random, 4);
    layout_begin(l, 0);
    l->model.local_batch_size = 1 + tp_random_below(random, 4);
    for (int i = 0; i < levels && l->topology.rank_count <= 12; i++)
        layout_level(l, 1 + (int32_t)tp_random_below(random, 4),
            10 + 90 * tp_random_uniform(random), tp_random_uniform(random),
            tp_random_below(random, 2) ? 10 : 0);
    int32_t k = 1 + (int32_t)tp_random_below(random, l->topology.host_count);
    while (l->topology.host_count % k)
        k--;
    layout_towers(l, k);
    for (int i = 0; i < 20; i++) {
        int32_t dim = 4 * (1 + (int32_t)tp_random_below(random, 4));
        int32_t rank = (int32_t)tp_random_below(random, l->topology.rank_count);
        if (tp_random_below(random, 3))
            layout_whole(l, 10, dim, 1 + (double)tp_random_below(random, 3), rank);
        else
            layout_rows(l, 16, dim, 1, rank / l->placement.ranks_per_tower);
        if (tp_random_below(random, 4) == 0)
            layout_feature(l, 2);
    }
}

START_TEST(test_exchanges_of_random_layouts_equal_a_count_over_all_pairs)
{
    struct layout l;
    struct tp_random random = tp_random_new(42, (uint64_t)_i);
    make_random(&l, &random);
    struct tp_step_cost flat, sptt;
    ck_assert_int_eq(
        tp_cost_step(&l.model, &l.topology, &l.placement, TP_MODE_FLAT, &flat, NULL), TP_OK);
    ck_assert_int_eq(
        tp_cost_step(&l.model, &l.topology, &l.placement, TP_MODE_SPTT, &sptt, NULL), TP_OK);
    int32_t g = l.topology.rank_count, r = l.placement.ranks_per_tower;
    double b = (double)l.model.local_batch_size;
    struct pairs world = {0}, tower = {0}, peers = {0};
    for (int32_t from = 0; from < g; from++)
        for (int32_t to = 0; to < g; to++) {
            if (from == to)
                continue;
            count_pair(&world, &l.topology, from, to, b * width_of_rank(&l, from) * 4);
            if (from / r == to / r)
                count_pair(&tower, &l.topology, from, to, b * g / r * width_of_rank(&l, from) * 4);
            if (from % r == to % r)
                count_pair(&peers, &l.topology, from, to, b * width_of_tower(&l, from / r) * 4);
        }
    expect_exchange(&l, &world, &flat.phases[TP_PHASE_EMBEDDING_ALLTOALL]);
    expect_exchange(&l, &tower, &sptt.phases[TP_PHASE_TOWER_EXCHANGE]);
    expect_exchange(&l, &peers, &sptt.phases[TP_PHASE_EMBEDDING_ALLTOALL]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("step_pairs");
    TCase *tcase = tcase_create("pairs");
    tcase_add_loop_test(
        tcase, test_exchanges_of_random_layouts_equal_a_count_over_all_pairs, 0, 200);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
