/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds per phase of two small layouts, worked out by hand, and identities between the three
 * modes. Bytes of small layouts are in test_step_bytes.c, random layouts in test_step_pairs.c. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define CLOSE 1e-9

static struct tp_step_cost step(const struct layout *l, enum tp_mode mode)
{
    struct tp_step_cost cost;
    struct tp_error err;
    ck_assert_msg(tp_cost_step(&l->model, &l->topology, &l->placement, mode, &cost, &err) == TP_OK,
        "%s", err.text);
    return cost;
}

struct seconds {
    enum tp_phase phase;
    double seconds;
};

/* The phases of the table, no others, and their sum. */
static void expect_seconds(
    const struct layout *l, enum tp_mode mode, const struct seconds *table, size_t count)
{
    struct tp_step_cost cost = step(l, mode);
    size_t present = 0;
    double sum = 0;
    for (int phase = 0; phase < TP_PHASE_COUNT; phase++)
        present += cost.phases[phase].present;
    for (size_t i = 0; i < count; i++) {
        const struct tp_phase_cost *found = &cost.phases[table[i].phase];
        ck_assert_msg(found->present && fabs(found->seconds - table[i].seconds) < CLOSE,
            "%s %s: found %.12g, want %.12g", tp_mode_name(mode), tp_phase_name(table[i].phase),
            found->seconds, table[i].seconds);
        sum += table[i].seconds;
    }
    ck_assert_uint_eq(present, count);
    ck_assert_double_eq_tol(cost.seconds, sum, CLOSE);
}

#define EXPECT_SECONDS(layout, mode, table)                                                        \
    expect_seconds(layout, mode, table, sizeof(table) / sizeof *(table))

START_TEST(test_modes_and_phases_have_the_names_of_plan_files)
{
    ck_assert_str_eq(tp_mode_name(TP_MODE_FLAT), "flat");
    ck_assert_str_eq(tp_mode_name(TP_MODE_SPTT), "sptt");
    ck_assert_str_eq(tp_mode_name(TP_MODE_DMT), "dmt");
    ck_assert_str_eq(tp_phase_name(TP_PHASE_IDS_ALLTOALL), "ids_alltoall");
    ck_assert_str_eq(tp_phase_name(TP_PHASE_SPARSE_UPDATE), "sparse_update");
    for (int i = 0; i < TP_PHASE_COUNT; i++)
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(tp_phase_name((enum tp_phase)i), tp_phase_name((enum tp_phase)j));
}
END_TEST

/* Two hosts of two ranks; 1000 bytes/s of memory and flops. b = 2, B/R = 4; bytes as derived in
 * test_step_bytes.c, host 100 bytes/s and 1 s per peer, cluster 10 bytes/s and 2 s per peer.
 *   ids          0: no link has more than ids 96 and values 128 + 64 bytes in one direction, 28.8 s, and
 *                flat takes 27.2 s for its values and 2.964 for what it does itself; sptt 96 + 96 + 48,
 *                24 of 22.32 + 3.732; dmt 96 + 48 + 24, 16.8 of 15.12 + 3.396
 *   lookup       rank 3: 8*2.5*4*4 = 320 bytes / 1000 = 0.32; update twice that
 *   flat         cluster 2*2 + 128/10 = 16.8; backward 4 + 6.4 = 10.4
 *   permute      2 passes * 8*8*4 = 256 bytes: 0.512; backward half
 *   tower        host 1 + 128/100 = 2.28; backward 1 + 0.64
 *   sptt peers   1 peer: 2 + 96/10 = 11.6; backward 2 + 4.8
 *   dmt peers    2 + 48/10 = 6.8; backward 2 + 2.4
 *   bottom       1->4: 8 flops * 2 samples = 0.016; in dmt 1->2: 4 * 2
 *   over_arch    dots 2*36*4 = 288, top 19->1: 38: 326 * 2 = 0.652; in dmt 2*36*2 + 2*17 = 178 * 2
 *   module       tower 0: 3 features * 2*4*2 = 48 flops * 4 samples = 0.192
 *   allreduce    112 bytes: host 2*1 + 1.12, cluster 2*2 + 5.6: 12.72; in dmt 88 bytes: 2.88 + 8.4,
 *                and 40 in the host: 2.4 */
START_TEST(test_seconds_of_flat_on_two_levels)
{
    static const struct seconds table[] = {
        {TP_PHASE_IDS_ALLTOALL, 0},
        {TP_PHASE_LOOKUP, 0.32},
        {TP_PHASE_EMBEDDING_ALLTOALL, 16.8},
        {TP_PHASE_BOTTOM_MLP, 0.016},
        {TP_PHASE_OVER_ARCH, 0.652},
        {TP_PHASE_OVER_ARCH_BACKWARD, 1.304},
        {TP_PHASE_BOTTOM_MLP_BACKWARD, 0.032},
        {TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, 10.4},
        {TP_PHASE_SPARSE_UPDATE, 0.64},
        {TP_PHASE_DENSE_ALLREDUCE, 12.72},
    };
    struct layout l;
    layout_two_hosts(&l);
    EXPECT_SECONDS(&l, TP_MODE_FLAT, table);
}
END_TEST

START_TEST(test_seconds_of_sptt_on_two_levels)
{
    static const struct seconds table[] = {
        {TP_PHASE_IDS_ALLTOALL, 0},
        {TP_PHASE_LOOKUP, 0.32},
        {TP_PHASE_PEER_PERMUTE, 0.512},
        {TP_PHASE_TOWER_EXCHANGE, 2.28},
        {TP_PHASE_EMBEDDING_ALLTOALL, 11.6},
        {TP_PHASE_BOTTOM_MLP, 0.016},
        {TP_PHASE_OVER_ARCH, 0.652},
        {TP_PHASE_OVER_ARCH_BACKWARD, 1.304},
        {TP_PHASE_BOTTOM_MLP_BACKWARD, 0.032},
        {TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, 6.8},
        {TP_PHASE_TOWER_EXCHANGE_BACKWARD, 1.64},
        {TP_PHASE_PEER_PERMUTE_BACKWARD, 0.256},
        {TP_PHASE_SPARSE_UPDATE, 0.64},
        {TP_PHASE_DENSE_ALLREDUCE, 12.72},
    };
    struct layout l;
    layout_two_hosts(&l);
    EXPECT_SECONDS(&l, TP_MODE_SPTT, table);
}
END_TEST

START_TEST(test_seconds_of_dmt_on_two_levels)
{
    static const struct seconds table[] = {
        {TP_PHASE_IDS_ALLTOALL, 0},
        {TP_PHASE_LOOKUP, 0.32},
        {TP_PHASE_PEER_PERMUTE, 0.512},
        {TP_PHASE_TOWER_EXCHANGE, 2.28},
        {TP_PHASE_TOWER_MODULE, 0.192},
        {TP_PHASE_EMBEDDING_ALLTOALL, 6.8},
        {TP_PHASE_BOTTOM_MLP, 0.008},
        {TP_PHASE_OVER_ARCH, 0.356},
        {TP_PHASE_OVER_ARCH_BACKWARD, 0.712},
        {TP_PHASE_BOTTOM_MLP_BACKWARD, 0.016},
        {TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, 4.4},
        {TP_PHASE_TOWER_MODULE_BACKWARD, 0.384},
        {TP_PHASE_TOWER_EXCHANGE_BACKWARD, 1.64},
        {TP_PHASE_PEER_PERMUTE_BACKWARD, 0.256},
        {TP_PHASE_SPARSE_UPDATE, 0.64},
        {TP_PHASE_DENSE_ALLREDUCE, 11.28 + 2.4},
    };
    struct layout l;
    layout_two_hosts(&l);
    EXPECT_SECONDS(&l, TP_MODE_DMT, table);
}
END_TEST

/* Three levels of two; the uplink of a rack, 10 bytes/s, carries the traffic of its 4 ranks. b = 1,
 * B/R = 4, O = (8, 8, 8, 0 | 4, 4, 0, 8), ids = (20, 20, 12, 0 | 12, 12, 0, 12).
 *   ids          0: rack 0 takes in 4*52 = 208 bytes; with values that is 208 + 384 + 384 at most, 97.6 s,
 *                where flat takes 100.8 for values alone; in dmt 208 + 128 + 128, 46.4 of 42.16 + 7.432
 *   flat         rack 0 sends 4 * (32+32+32) = 384 bytes: 12 + 38.4
 *   sptt peers   pod, 2 peers: ranks 0..3 send 128, 128, 64, 64 = 384: 6 + 38.4
 *   dmt peers    4 * 32 = 128: 6 + 12.8
 *   tower        host 1 + 128/100
 *   lookup       8*2 ids * 8 columns * 4 = 512 bytes; permute 2 * 8*8*4 = 512, both ways
 *   bottom       2->8: 32 flops; in dmt 2->4: 16
 *   over_arch    projection 16->8: 256, cross 4*40*2 = 320, top 40->1: 80; in dmt W = 20: 160 + 40
 *   module       tower 0: 256, cross 4*8*1 = 32, 8->4: 64: 352 flops * 4 samples
 *   allreduce    1604 bytes: host 2 + 16.04, rack 4 + 80.2, pod 6 + 4*401/10 = 160.4; in dmt 532:
 *                7.32 + 30.6 + 59.2, and 784 in the host: 2 + 7.84 */
START_TEST(test_seconds_of_flat_on_three_levels)
{
    static const struct seconds table[] = {
        {TP_PHASE_IDS_ALLTOALL, 0},
        {TP_PHASE_LOOKUP, 0.512},
        {TP_PHASE_EMBEDDING_ALLTOALL, 50.4},
        {TP_PHASE_BOTTOM_MLP, 0.032},
        {TP_PHASE_OVER_ARCH, 0.656},
        {TP_PHASE_OVER_ARCH_BACKWARD, 1.312},
        {TP_PHASE_BOTTOM_MLP_BACKWARD, 0.064},
        {TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, 50.4},
        {TP_PHASE_SPARSE_UPDATE, 1.024},
        {TP_PHASE_DENSE_ALLREDUCE, 18.04 + 84.2 + 166.4},
    };
    struct layout l;
    layout_three_levels(&l);
    EXPECT_SECONDS(&l, TP_MODE_FLAT, table);
}
END_TEST

START_TEST(test_seconds_of_dmt_on_three_levels)
{
    static const struct seconds table[] = {
        {TP_PHASE_IDS_ALLTOALL, 0},
        {TP_PHASE_LOOKUP, 0.512},
        {TP_PHASE_PEER_PERMUTE, 0.512},
        {TP_PHASE_TOWER_EXCHANGE, 2.28},
        {TP_PHASE_TOWER_MODULE, 1.408},
        {TP_PHASE_EMBEDDING_ALLTOALL, 18.8},
        {TP_PHASE_BOTTOM_MLP, 0.016},
        {TP_PHASE_OVER_ARCH, 0.2},
        {TP_PHASE_OVER_ARCH_BACKWARD, 0.4},
        {TP_PHASE_BOTTOM_MLP_BACKWARD, 0.032},
        {TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, 18.8},
        {TP_PHASE_TOWER_MODULE_BACKWARD, 2.816},
        {TP_PHASE_TOWER_EXCHANGE_BACKWARD, 2.28},
        {TP_PHASE_PEER_PERMUTE_BACKWARD, 0.512},
        {TP_PHASE_SPARSE_UPDATE, 1.024},
        {TP_PHASE_DENSE_ALLREDUCE, 7.32 + 30.6 + 59.2 + 9.84},
    };
    struct layout l;
    layout_three_levels(&l);
    EXPECT_SECONDS(&l, TP_MODE_DMT, table);
}
END_TEST

START_TEST(test_sptt_on_three_levels_differs_from_flat_in_its_exchanges)
{
    struct layout l;
    layout_three_levels(&l);
    struct tp_step_cost flat = step(&l, TP_MODE_FLAT), sptt = step(&l, TP_MODE_SPTT);
    ck_assert_double_eq_tol(sptt.phases[TP_PHASE_EMBEDDING_ALLTOALL].seconds, 44.4, CLOSE);
    /* And in its permutes. */
    ck_assert_double_eq_tol(sptt.seconds - flat.seconds, 2 * (0.512 + 2.28 + 44.4 - 50.4), CLOSE);
}
END_TEST

/* Three levels of two, K = 2: a tower is a rack of two hosts; unequal uplinks. Host 2 has 16 bytes/s, the
 * others 40; a rack 10. B = 16, b = 2, B/R = 4, e = 4 both ways; a table cut by rows over tower 0,
 * pooling 2; in tower 1 dim 8 by columns on ranks 5, 6, pooling 1.5, and dim 4 on rank 7.
 * O = (4, 4, 4, 4 | 0, 4, 4, 4), ids per peer (20.8, 20.8, 14.4, 8 | 0, 32, 32, 24) bytes; see
 * layout 5 of test_step_bytes.c.
 *   ids          0: rack 0 sends ids 4 * 88 = 352 and, in flat, values 512 and gradients 384: 124.8 s of
 *                126.4 (host 2 takes in 384 + 192 + 192: 48). In sptt 352 + 128 + 384, 86.4 of 122.8 (host 2
 *                sends 240 + 128 + 256 + 192 + 64: 55); in dmt 352 + 64 + 128, 54.4 of 71.6 (host 2: 45)
 *   lookup       16 * 1.5 * 4 * 4 = 384 bytes; permute 2 * 16*4*4 = 512, both ways
 *   flat         32 bytes a pair; rack 0 sends 4 * 128 = 512: 12 + 51.2 (host 2 takes in 384: 4 + 24)
 *   tower        64 bytes a pair; host 2 takes in 4 * 64 = 256: 2*2 + 16 (a rank alone 12.8)
 *   sptt peers   32 and 96 bytes; rack 0 takes in 4 * 96 = 384: 3 + 38.4
 *   dmt peers    16 and 32 bytes; rack 0 takes in 128: 3 + 12.8
 *   over_arch    projection 8->4: 64, dots of 3: 72, top 6: 142 * 2; in dmt dots 36, top 6: 42 * 2
 *   module       tower 1: projection 64, 2*4->2: 32: 96 flops * 4 samples
 *   allreduce    160 bytes: host 2 + 1.6, rack 4 + 2*80/16, pod 6 + 4*40/10: 3.6 + 14 + 22; in dmt 16:
 *                2.16 + 5 + 7.6, and 184 in tower 1: host 2 + 1.84, rack 4 + 2*92/16 */
static void make_racks(struct layout *l)
{
    layout_begin(l, 16);
    layout_level(l, 2, 100, 1, 0);
    layout_level(l, 2, 10, 2, 40);
    layout_level(l, 2, 5, 3, 10);
    layout_towers(l, 2);
    l->hosts[2].uplink_bytes_per_s = 16;
    l->model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 2, 0};
    layout_rows(l, 5, 4, 2, 0);
    layout_table(l, 10, 8, 1.5, 1, TP_SHARD_COLUMN);
    layout_shard(l, 5, 0, 10, 0, 4);
    layout_shard(l, 6, 0, 10, 4, 4);
    layout_whole(l, 10, 4, 1, 7);
}

START_TEST(test_seconds_of_flat_on_racks_with_unequal_uplinks)
{
    static const struct seconds table[] = {
        {TP_PHASE_IDS_ALLTOALL, 0},
        {TP_PHASE_LOOKUP, 0.384},
        {TP_PHASE_EMBEDDING_ALLTOALL, 63.2},
        {TP_PHASE_OVER_ARCH, 0.284},
        {TP_PHASE_OVER_ARCH_BACKWARD, 0.568},
        {TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, 63.2},
        {TP_PHASE_SPARSE_UPDATE, 0.768},
        {TP_PHASE_DENSE_ALLREDUCE, 3.6 + 14 + 22},
    };
    struct layout l;
    make_racks(&l);
    EXPECT_SECONDS(&l, TP_MODE_FLAT, table);
}
END_TEST

START_TEST(test_seconds_of_sptt_on_racks_with_unequal_uplinks)
{
    static const struct seconds table[] = {
        {TP_PHASE_IDS_ALLTOALL, 0},
        {TP_PHASE_LOOKUP, 0.384},
        {TP_PHASE_PEER_PERMUTE, 0.512},
        {TP_PHASE_TOWER_EXCHANGE, 20},
        {TP_PHASE_EMBEDDING_ALLTOALL, 41.4},
        {TP_PHASE_OVER_ARCH, 0.284},
        {TP_PHASE_OVER_ARCH_BACKWARD, 0.568},
        {TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, 41.4},
        {TP_PHASE_TOWER_EXCHANGE_BACKWARD, 20},
        {TP_PHASE_PEER_PERMUTE_BACKWARD, 0.512},
        {TP_PHASE_SPARSE_UPDATE, 0.768},
        {TP_PHASE_DENSE_ALLREDUCE, 3.6 + 14 + 22},
    };
    struct layout l;
    make_racks(&l);
    EXPECT_SECONDS(&l, TP_MODE_SPTT, table);
}
END_TEST

START_TEST(test_seconds_of_dmt_on_racks_with_unequal_uplinks)
{
    static const struct seconds table[] = {
        {TP_PHASE_IDS_ALLTOALL, 0},
        {TP_PHASE_LOOKUP, 0.384},
        {TP_PHASE_PEER_PERMUTE, 0.512},
        {TP_PHASE_TOWER_EXCHANGE, 20},
        {TP_PHASE_TOWER_MODULE, 0.384},
        {TP_PHASE_EMBEDDING_ALLTOALL, 15.8},
        {TP_PHASE_OVER_ARCH, 0.084},
        {TP_PHASE_OVER_ARCH_BACKWARD, 0.168},
        {TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, 15.8},
        {TP_PHASE_TOWER_MODULE_BACKWARD, 0.768},
        {TP_PHASE_TOWER_EXCHANGE_BACKWARD, 20},
        {TP_PHASE_PEER_PERMUTE_BACKWARD, 0.512},
        {TP_PHASE_SPARSE_UPDATE, 0.768},
        {TP_PHASE_DENSE_ALLREDUCE, 2.16 + 5 + 7.6 + 3.84 + 15.5},
    };
    struct layout l;
    make_racks(&l);
    EXPECT_SECONDS(&l, TP_MODE_DMT, table);
}
END_TEST

START_TEST(test_without_modules_dmt_is_sptt)
{
    struct layout l;
    layout_two_hosts(&l);
    l.model.tower_module.kind = TP_MODULE_NONE;
    struct tp_step_cost sptt = step(&l, TP_MODE_SPTT), dmt = step(&l, TP_MODE_DMT);
    ck_assert_double_eq(sptt.seconds, dmt.seconds);
    for (int i = 0; i < TP_PHASE_COUNT; i++) {
        const struct tp_phase_cost *a = &sptt.phases[i], *b = &dmt.phases[i];
        ck_assert(a->present == b->present && a->moves == b->moves);
        ck_assert_double_eq(a->seconds, b->seconds);
        ck_assert_mem_eq(a->bytes, b->bytes, sizeof a->bytes);
    }
}
END_TEST

START_TEST(test_without_dense_features_there_is_no_bottom_mlp)
{
    struct layout l;
    layout_two_hosts(&l);
    l.model.dense_features = 0;
    struct tp_step_cost cost = step(&l, TP_MODE_DMT);
    ck_assert(!cost.phases[TP_PHASE_BOTTOM_MLP].present);
    ck_assert(!cost.phases[TP_PHASE_BOTTOM_MLP_BACKWARD].present);
    ck_assert(cost.phases[TP_PHASE_OVER_ARCH].present);
}
END_TEST

static void expect_phase(
    const struct tp_phase_cost *phase, double seconds, int64_t inner, int64_t outer)
{
    ck_assert(phase->present && phase->moves);
    ck_assert_double_eq_tol(phase->seconds, seconds, CLOSE);
    ck_assert_int_eq(phase->bytes[0], inner);
    ck_assert_int_eq(phase->bytes[1], outer);
}

/* 4 exchanging phases in flat (ids, embeddings both ways, allreduce), 6 in sptt; nothing else is
 * charged, and neither are peers that do not exist: with one tower sptt has 4, too. */
START_TEST(test_each_phase_that_exchanges_takes_a_fixed_time_more)
{
    struct layout l;
    layout_two_hosts(&l);
    struct tp_step_cost flat = step(&l, TP_MODE_FLAT), sptt = step(&l, TP_MODE_SPTT);
    l.topology.device.exchange_s = 0.25;
    struct tp_step_cost more = step(&l, TP_MODE_FLAT);
    ck_assert_double_eq_tol(more.seconds, flat.seconds + 4 * 0.25, CLOSE);
    expect_phase(&more.phases[TP_PHASE_EMBEDDING_ALLTOALL], 16.8 + 0.25, 64, 128);
    ck_assert_double_eq_tol(more.phases[TP_PHASE_LOOKUP].seconds, 0.32, CLOSE);
    ck_assert_double_eq_tol(step(&l, TP_MODE_SPTT).seconds, sptt.seconds + 6 * 0.25, CLOSE);
    layout_towers(&l, 2);
    for (int i = 0; i < l.model.table_count; i++)
        l.places[i].tower = 0;
    ck_assert_double_eq_tol(step(&l, TP_MODE_SPTT).seconds, flat.seconds + 4 * 0.25, CLOSE);
}
END_TEST

/* Two hosts of one rank, 8 samples each, 10 bytes/s between them. Rank 0, which holds all there is, takes in ids of
 * 8 * (8*10 + 4) = 672 bytes and gradients of 8*4*4 = 128, and sends values of 128. */
static void make_many_ids(struct layout *l)
{
    layout_begin(l, 16);
    layout_level(l, 1, 100, 0, 0);
    layout_level(l, 2, 10, 0, 0);
    layout_towers(l, 1);
    layout_whole(l, 10, 4, 10, 0);
}

/* What the phases take in which nothing is exchanged. */
static double own_seconds(const struct tp_step_cost *cost)
{
    double seconds = 0;
    for (int i = 0; i < TP_PHASE_COUNT; i++)
        seconds += cost->phases[i].moves ? 0 : cost->phases[i].seconds;
    return seconds;
}

/* The way to rank 0 is busy for 80 s. It carries gradients for 12.8 s and nothing while values go the other way for
 * 12.8 s: so long ids travel meanwhile, of 67.2 s. Lookups and layers cover some more. */
START_TEST(test_ids_travel_where_links_are_idle)
{
    struct layout l;
    make_many_ids(&l);
    struct tp_step_cost cost = step(&l, TP_MODE_FLAT);
    ck_assert_double_eq_tol(cost.phases[TP_PHASE_EMBEDDING_ALLTOALL].seconds, 12.8, CLOSE);
    ck_assert_double_eq_tol(cost.phases[TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD].seconds, 12.8, CLOSE);
    ck_assert_double_gt(own_seconds(&cost), 0.1);
    ck_assert_double_eq_tol(
        cost.phases[TP_PHASE_IDS_ALLTOALL].seconds, 80 - 2 * 12.8 - own_seconds(&cost), CLOSE);
}
END_TEST

/* A link of half the efficiency is busy twice as long with each alltoall. */
START_TEST(test_ids_travel_on_links_as_efficient_as_alltoalls_are)
{
    static struct tp_curve_point half[] = {{2, 5}};
    struct layout l;
    make_many_ids(&l);
    l.topology.levels[1].alltoall = (struct tp_curve){half, 1};
    struct tp_step_cost cost = step(&l, TP_MODE_FLAT);
    ck_assert_double_eq_tol(
        cost.phases[TP_PHASE_IDS_ALLTOALL].seconds, 160 - 2 * 25.6 - own_seconds(&cost), CLOSE);
}
END_TEST

START_TEST(test_ids_that_are_covered_take_no_time)
{
    /* 54.4 s of ids beside a lookup of 16*10*4*4 = 2560 bytes at 40 bytes/s. */
    struct layout l;
    make_many_ids(&l);
    l.topology.device.memory_bytes_per_s = 40;
    struct tp_step_cost cost = step(&l, TP_MODE_FLAT);
    ck_assert(cost.phases[TP_PHASE_IDS_ALLTOALL].present && cost.phases[TP_PHASE_LOOKUP].present);
    ck_assert_double_eq(cost.phases[TP_PHASE_IDS_ALLTOALL].seconds, 0);
    ck_assert_int_eq(cost.phases[TP_PHASE_IDS_ALLTOALL].bytes[1], 672);
    l.topology.device.exchange_s = 0.25; /* is not covered */
    cost = step(&l, TP_MODE_FLAT);
    ck_assert_double_eq_tol(cost.phases[TP_PHASE_IDS_ALLTOALL].seconds, 0.25, CLOSE);
}
END_TEST

/* Lookups of 256, 128, 128 and 320 bytes (8 * pooling * 4 * 4), permutes of 512 and three of 256,
 * modules of 192 flops on ranks 0, 1 and 128 on 2, 3. */
static const struct {
    int32_t ranks;
    double rate, lookup, permute, module;
} alone[] = {
    {4, 4000, 0.208, 0.32, 0.16},   /* all four share: 832, 1280 and 640 at 4 * 1000 */
    {4, 1250, 0.256, 0.4096, 0.16}, /* the busiest alone takes longer: 320 and 512 at 1250 */
    {2, 4000, 0.224, 0.384, 0.192}, /* two machines: 448, 768 and 384 at 2 * 1000 */
    {1, 4000, 0.32, 0.512, 0.192},  /* never alone with itself */
    {3, 4000, 0.32, 0.3413333333333333, 0.1706666666666667}, /* 1024 and 512 at 3 * 1000; rank 3 */
};

START_TEST(test_ranks_that_wait_leave_their_part_of_the_machine_to_others)
{
    struct layout l;
    layout_two_hosts(&l);
    l.topology.device.alone = (struct tp_alone){alone[_i].ranks, alone[_i].rate, alone[_i].rate};
    struct tp_step_cost cost = step(&l, TP_MODE_DMT);
    ck_assert_double_eq_tol(cost.phases[TP_PHASE_LOOKUP].seconds, alone[_i].lookup, CLOSE);
    ck_assert_double_eq_tol(
        cost.phases[TP_PHASE_SPARSE_UPDATE].seconds, 2 * alone[_i].lookup, CLOSE);
    ck_assert_double_eq_tol(cost.phases[TP_PHASE_PEER_PERMUTE].seconds, alone[_i].permute, CLOSE);
    ck_assert_double_eq_tol(cost.phases[TP_PHASE_TOWER_MODULE].seconds, alone[_i].module, CLOSE);
    ck_assert_double_eq_tol(cost.phases[TP_PHASE_OVER_ARCH].seconds, 0.356, CLOSE); /* all alike */
}
END_TEST

START_TEST(test_one_tower_is_flat)
{
    /* The tower is the world: its exchange is flat's, and there are no peers elsewhere. */
    struct layout l;
    layout_two_hosts(&l);
    layout_towers(&l, 2);
    for (int i = 0; i < l.model.table_count; i++)
        l.places[i].tower = 0;
    struct tp_step_cost flat = step(&l, TP_MODE_FLAT), sptt = step(&l, TP_MODE_SPTT);
    expect_phase(&flat.phases[TP_PHASE_EMBEDDING_ALLTOALL], 16.8, 64, 128);
    expect_phase(&sptt.phases[TP_PHASE_TOWER_EXCHANGE], 16.8, 64, 128);
    expect_phase(&sptt.phases[TP_PHASE_EMBEDDING_ALLTOALL], 0, 0, 0);
    expect_phase(&sptt.phases[TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD], 0, 0, 0);
    ck_assert_double_eq(sptt.phases[TP_PHASE_PEER_PERMUTE].seconds, 0);
    ck_assert_double_eq_tol(sptt.seconds, flat.seconds, CLOSE);
}
END_TEST

START_TEST(test_towers_of_one_rank_are_flat)
{
    /* Four hosts of one rank, two tables of dim 4 on rank 0: 3 peers, 3 * 64 bytes at 10 bytes/s.
     * */
    struct layout l;
    layout_begin(&l, 8);
    layout_level(&l, 1, 100, 1, 0);
    layout_level(&l, 4, 10, 2, 0);
    layout_towers(&l, 1);
    layout_whole(&l, 10, 4, 1, 0);
    for (int32_t g = 0; g < 4; g++)
        layout_whole(&l, 10, 4, 1, g);
    struct tp_step_cost flat = step(&l, TP_MODE_FLAT), sptt = step(&l, TP_MODE_SPTT);
    expect_phase(&flat.phases[TP_PHASE_EMBEDDING_ALLTOALL], 6 + 19.2, 0, 192);
    expect_phase(&sptt.phases[TP_PHASE_EMBEDDING_ALLTOALL], 6 + 19.2, 0, 192);
    expect_phase(&sptt.phases[TP_PHASE_TOWER_EXCHANGE], 0, 0, 0);
    ck_assert_double_eq_tol(sptt.seconds, flat.seconds, CLOSE);
}
END_TEST

START_TEST(test_one_rank_looks_up_and_computes_but_moves_nothing)
{
    struct layout l;
    layout_begin(&l, 8);
    layout_level(&l, 1, 100, 1, 0);
    layout_towers(&l, 1);
    l.model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 2, 0};
    layout_whole(&l, 10, 4, 1, 0);
    l.topology.device.exchange_s = 0.25; /* of exchanges that there are none of */
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        struct tp_step_cost cost = step(&l, (enum tp_mode)mode);
        for (int i = 0; i < TP_PHASE_COUNT; i++) {
            const struct tp_phase_cost *phase = &cost.phases[i];
            bool works = i == TP_PHASE_LOOKUP || i == TP_PHASE_SPARSE_UPDATE ||
                         i == TP_PHASE_OVER_ARCH || i == TP_PHASE_OVER_ARCH_BACKWARD;
            if (mode == TP_MODE_DMT)
                works |= i == TP_PHASE_TOWER_MODULE || i == TP_PHASE_TOWER_MODULE_BACKWARD;
            ck_assert(works == (phase->seconds > 0));
            ck_assert_int_eq(phase->bytes[0], 0);
        }
    }
}
END_TEST

/* One table of dim 4 on every rank, L = 2, four hosts. A unit is what a rank's values for one
 * rank's samples weigh: b * O * e = 2*4*4 = 32 bytes. Loads are equal, so a level's bytes are every
 * rank's. */
static void make_uniform(struct layout *l, int32_t hosts_per_tower)
{
    layout_begin(l, 16);
    layout_level(l, 2, 100, 1, 0);
    layout_level(l, 4, 10, 2, 0);
    layout_towers(l, hosts_per_tower);
    for (int32_t g = 0; g < 8; g++)
        layout_whole(l, 10, 4, 1, g);
}

static int64_t across(const struct tp_step_cost *cost)
{
    return cost->phases[TP_PHASE_TOWER_EXCHANGE].bytes[1] +
           cost->phases[TP_PHASE_EMBEDDING_ALLTOALL].bytes[1];
}

START_TEST(test_sptt_sends_across_hosts_what_flat_sends)
{
    /* K = 1: G - L = 6 units in both; inside the host (L-1) in flat, (L-1)*T = 4 in sptt. */
    struct layout l;
    make_uniform(&l, 1);
    struct tp_step_cost flat = step(&l, TP_MODE_FLAT), sptt = step(&l, TP_MODE_SPTT);
    ck_assert_int_eq(across(&flat), 6 * 32);
    ck_assert_int_eq(across(&sptt), 6 * 32);
    ck_assert_int_eq(flat.phases[TP_PHASE_EMBEDDING_ALLTOALL].bytes[0], 32);
    ck_assert_int_eq(sptt.phases[TP_PHASE_TOWER_EXCHANGE].bytes[0], 4 * 32);
    ck_assert_int_eq(sptt.phases[TP_PHASE_EMBEDDING_ALLTOALL].bytes[0], 0);
}
END_TEST

START_TEST(test_sptt_in_towers_of_two_hosts_sends_more_across)
{
    /* K = 2, R = 4: (G - R) + G (K-1)/K = 4 + 4 units against 6. */
    struct layout l;
    make_uniform(&l, 2);
    struct tp_step_cost flat = step(&l, TP_MODE_FLAT), sptt = step(&l, TP_MODE_SPTT);
    ck_assert_int_eq(across(&flat), 6 * 32);
    ck_assert_int_eq(across(&sptt), 8 * 32);
}
END_TEST

START_TEST(test_row_shards_are_summed_inside_the_tower_first)
{
    /* One table of dim 4 by rows over a tower of 2: flat sends 2 partial sums across to 6 ranks
     * each; sptt one sum to 3 peers. A unit is 32 bytes, O_t = 4. */
    struct layout l;
    make_uniform(&l, 1);
    l.model.table_count = l.model.feature_count = 0;
    for (int32_t t = 0; t < 4; t++)
        layout_rows(&l, 10, 4, 1, t);
    struct tp_step_cost flat = step(&l, TP_MODE_FLAT), sptt = step(&l, TP_MODE_SPTT);
    ck_assert_int_eq(across(&flat), 6 * 32);
    ck_assert_int_eq(across(&sptt), 3 * 32);
}
END_TEST

START_TEST(test_tower_module_divides_the_peers_bytes_by_its_compression)
{
    /* D = 1 of 4 values per feature. */
    struct layout l;
    make_uniform(&l, 1);
    l.model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 1, 0};
    struct tp_step_cost sptt = step(&l, TP_MODE_SPTT), dmt = step(&l, TP_MODE_DMT);
    const enum tp_phase peers = TP_PHASE_EMBEDDING_ALLTOALL;
    ck_assert_int_eq(dmt.phases[peers].bytes[1] * 4, sptt.phases[peers].bytes[1]);
    ck_assert_int_eq(dmt.phases[TP_PHASE_TOWER_EXCHANGE].bytes[0],
        sptt.phases[TP_PHASE_TOWER_EXCHANGE].bytes[0]);
}
END_TEST

START_TEST(test_slow_uplink_of_one_host_is_everybody_s_wait)
{
    /* Flat: a host sends 2 ranks * 6 units of 32 = 384 bytes, at 6 bytes/s 64 s instead of 192/10.
     * */
    struct layout l;
    make_uniform(&l, 1);
    l.hosts[2].uplink_bytes_per_s = 6;
    struct tp_step_cost cost = step(&l, TP_MODE_FLAT);
    expect_phase(&cost.phases[TP_PHASE_EMBEDDING_ALLTOALL], 6 * 2 + 64, 32, 192);
}
END_TEST

START_TEST(test_failed_step_leaves_the_cost_alone)
{
    struct layout l;
    struct tp_step_cost cost;
    struct tp_error err;
    layout_two_hosts(&l);
    l.places[0].shards[0].rank = 99;
    cost.seconds = 7;
    ck_assert_int_eq(
        tp_cost_step(&l.model, &l.topology, &l.placement, TP_MODE_FLAT, &cost, &err), TP_EINPUT);
    ck_assert_double_eq(cost.seconds, 7);
}
END_TEST

static void add_seconds_tests(Suite *suite)
{
    TCase *tcase = tcase_create("seconds");
    tcase_add_test(tcase, test_modes_and_phases_have_the_names_of_plan_files);
    tcase_add_test(tcase, test_seconds_of_flat_on_two_levels);
    tcase_add_test(tcase, test_seconds_of_sptt_on_two_levels);
    tcase_add_test(tcase, test_seconds_of_dmt_on_two_levels);
    tcase_add_test(tcase, test_seconds_of_flat_on_three_levels);
    tcase_add_test(tcase, test_seconds_of_dmt_on_three_levels);
    tcase_add_test(tcase, test_sptt_on_three_levels_differs_from_flat_in_its_exchanges);
    tcase_add_test(tcase, test_seconds_of_flat_on_racks_with_unequal_uplinks);
    tcase_add_test(tcase, test_seconds_of_sptt_on_racks_with_unequal_uplinks);
    tcase_add_test(tcase, test_seconds_of_dmt_on_racks_with_unequal_uplinks);
    tcase_add_test(tcase, test_slow_uplink_of_one_host_is_everybody_s_wait);
    tcase_add_test(tcase, test_failed_step_leaves_the_cost_alone);
    suite_add_tcase(suite, tcase);
}

static void add_identity_tests(Suite *suite)
{
    TCase *tcase = tcase_create("identities");
    tcase_add_test(tcase, test_without_modules_dmt_is_sptt);
    tcase_add_test(tcase, test_without_dense_features_there_is_no_bottom_mlp);
    tcase_add_test(tcase, test_each_phase_that_exchanges_takes_a_fixed_time_more);
    tcase_add_loop_test(tcase, test_ranks_that_wait_leave_their_part_of_the_machine_to_others, 0,
        (int)(sizeof alone / sizeof *alone));
    tcase_add_test(tcase, test_one_tower_is_flat);
    tcase_add_test(tcase, test_ids_travel_where_links_are_idle);
    tcase_add_test(tcase, test_ids_travel_on_links_as_efficient_as_alltoalls_are);
    tcase_add_test(tcase, test_ids_that_are_covered_take_no_time);
    tcase_add_test(tcase, test_towers_of_one_rank_are_flat);
    tcase_add_test(tcase, test_one_rank_looks_up_and_computes_but_moves_nothing);
    tcase_add_test(tcase, test_sptt_sends_across_hosts_what_flat_sends);
    tcase_add_test(tcase, test_sptt_in_towers_of_two_hosts_sends_more_across);
    tcase_add_test(tcase, test_row_shards_are_summed_inside_the_tower_first);
    tcase_add_test(tcase, test_tower_module_divides_the_peers_bytes_by_its_compression);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("step");
    add_seconds_tests(suite);
    add_identity_tests(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
