/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes per phase and level of five small layouts, worked out on paper. Every number in a table
 * follows from the lines above it and from these definitions:
 *
 *   b = B/G samples of a rank, B/R samples that a rank holds of its tower, T = G/R towers;
 *   O_r   sum over rank r's shards of columns * features;
 *   O_t   sum of the dims of tower t's features;
 *   ids   id bytes per sample that a rank's shards need: per shard and feature 8 * pooling + 4, the
 *         first part times its share of the rows if it is a row shard;
 *   between a rank r and each of its peers
 *     ids_alltoall        r receives b * ids_r      (peers: all other ranks)
 *     flat embeddings     r sends b * O_r * e       (peers: all other ranks)
 *     tower_exchange      r sends B/R * O_r * e     (peers: the rest of its tower)
 *     sptt embeddings     r sends b * O_t * e       (peers: the same place in the other towers)
 *     dmt embeddings      the same with O_t as its module compresses it
 *   backward the same with the backward e; a level's bytes: max over ranks of max(sent, received);
 *   allreduce of S bytes over groups of f0, f1, .. ranks from the inside out, hierarchical: per
 *   level 2 (f - 1) / f * S / (ranks below); as a ring 2 (n - 1) / n * S at every level. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "layout.h"

struct expected {
    enum tp_mode mode;
    enum tp_phase phase;
    int64_t bytes[3]; /* from the inside out */
};

/* Every exchange of the three modes must be in the table, and nothing else may move. */
static void expect_bytes(const struct layout *l, const struct expected *table, size_t count)
{
    size_t moving = 0;
    for (int mode = 0; mode < TP_MODE_COUNT; mode++) {
        struct tp_step_cost cost;
        struct tp_error err;
        ck_assert_msg(tp_cost_step(&l->model, &l->topology, &l->placement, (enum tp_mode)mode,
                          &cost, &err) == TP_OK,
            "%s", err.text);
        for (int phase = 0; phase < TP_PHASE_COUNT; phase++)
            moving += cost.phases[phase].moves;
        for (size_t i = 0; i < count; i++) {
            const struct tp_phase_cost *found = &cost.phases[table[i].phase];
            if ((int)table[i].mode != mode)
                continue;
            ck_assert(found->present && found->moves);
            for (int level = 0; level < TP_LEVELS_MAX; level++) {
                long long want = level < 3 ? (long long)table[i].bytes[level] : 0;
                ck_assert_msg(found->bytes[level] == want, "%s %s level %d: found %lld, want %lld",
                    tp_mode_name(table[i].mode), tp_phase_name(table[i].phase), level,
                    (long long)found->bytes[level], want);
            }
        }
    }
    ck_assert_uint_eq(moving, count);
}

#define EXPECT_BYTES(layout, table) expect_bytes(layout, table, sizeof(table) / sizeof *(table))

/* Layout 1. Two levels, K = 1, whole tables, unequal loads. G = 4, L = R = 2, T = 2, B = 8, b = 2,
 * B/R = 4; forward e = 4, backward e = 2. One dense feature, bottom [4], top [1]; module dlrm with
 * c = 1, p = 0, D = 2.
 *
 * Five tables of dim 4: ranks 0, 0, 1, 2 with pooling 1, rank 3 with pooling 2.5.
 *   O = (8, 4 | 4, 4); O_t = 12, 8; ids = (2*(8+4) = 24, 12 | 12, 20+4 = 24)
 * ids, b * ids = (48, 24 | 24, 48).
 *   host, 1 peer: rank 0 receives 48, rank 1 sends 48                        -> 48
 *   cluster, 2 peers: rank 0 receives 2*48 = 96, all send 24+48 = 72         -> 96
 * flat, b*O*4 = (64, 32 | 32, 32).
 *   host: rank 0 sends 64                                                    -> 64
 *   cluster: rank 0 sends 128; ranks 2, 3 receive 64+32 = 96                 -> 128
 *   backward at e = 2: half of both                                          -> 32, 64
 * tower_exchange, 4*O*4 = (128, 64 | 64, 64), 1 peer on the host             -> 128; backward 64
 * sptt peers, b*O_t*4 = (96, 64), 1 peer across                              -> 96; backward 48
 * dmt: a tower puts out D*c vectors per feature, 2*3 = 6 and 2*2 = 4; 2*6*4  -> 48; backward 24
 * dense: bottom 1->4: 8 parameters; V = 5+1 vectors, top 15+4 -> 1: 20; S = 28*4 = 112.
 *   Hierarchical, in 2 + 1.12 + 4 + 5.6 s (the ring takes 6*2 + 168/10 s):
 *   host 2 * 1/2 * 112 = 112, cluster 112/2 = 56                             -> 112, 56
 * dmt dense: bottom 1->2: 4; V = 6 vectors of width 2, top 15+2 -> 1: 18; S = 22*4 = 88: host 88,
 *   cluster 44. Modules: one matrix 4->2 per tower: 10 parameters, 40 bytes over 2 ranks: host 40.
 *   88 + 40                                                                  -> 128, 44 */
START_TEST(test_whole_tables_on_two_levels)
{
    static const struct expected table[] = {
        {TP_MODE_FLAT, TP_PHASE_IDS_ALLTOALL, {48, 96}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL, {64, 128}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {32, 64}},
        {TP_MODE_FLAT, TP_PHASE_DENSE_ALLREDUCE, {112, 56}},
        {TP_MODE_SPTT, TP_PHASE_IDS_ALLTOALL, {48, 96}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE, {128, 0}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 96}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 48}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {64, 0}},
        {TP_MODE_SPTT, TP_PHASE_DENSE_ALLREDUCE, {112, 56}},
        {TP_MODE_DMT, TP_PHASE_IDS_ALLTOALL, {48, 96}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE, {128, 0}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 48}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 24}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {64, 0}},
        {TP_MODE_DMT, TP_PHASE_DENSE_ALLREDUCE, {128, 44}},
    };
    struct layout l;
    layout_two_hosts(&l);
    EXPECT_BYTES(&l, table);
}
END_TEST

/* Layout 2. Two levels, K = 2, row shards with a short and an empty block, a shared table. G = 8,
 * L = 2, R = 4, T = 2, B = 16, b = 2, B/R = 4, e = 4. No dense features, common dim 4, top [1];
 * module dcn with D = 3, rank 2.
 *
 * Tower 0: rows 10, dim 4, two features (pooling 1 and 3), blocks of ceil(10/4) = 3: 3, 3, 3, 1.
 * Tower 1: rows 2, dim 4, pooling 1, blocks of 1: 1, 1, 0, 0; and a whole table of dim 8, pooling
 * 1, on rank 5.
 *   O = (8, 8, 8, 8 | 4, 4+8 = 12, 4, 4); O_t = 8, 12
 *   ids: 8*(1+3)*0.3 + 8 = 17.6 three times, 8*4*0.1 + 8 = 11.2 | 8*0.5 + 4 = 8, 8 + 12 = 20, 4, 4
 * ids, b * ids = (35.2, 35.2, 35.2, 22.4 | 16, 40, 8, 8), all 200.
 *   host: rank 5 receives 40                                                 -> 40
 *   cluster, 6 peers: rank 5 receives 240, ranks 6, 7 send 200-16 = 184      -> 240
 * flat, 8*O = (64, 64, 64, 64 | 32, 96, 32, 32), all 448.
 *   host: rank 5 sends 96; cluster: rank 5 sends 6*96 = 576                  -> 96, 576
 * tower_exchange, 16*O = (128 four times | 64, 192, 64, 64).
 *   host: rank 5 sends 192; across, 2 peers: rank 5 sends 384                -> 192, 384
 * sptt peers, 8*O_t = (64, 96), 1 peer across                                -> 96
 * dmt: D = 3 per tower, 2*3*4                                                -> 24
 * The uplink of a host (10 bytes/s for 2 ranks) makes the ring the better: per byte of S it takes
 * 1.75/10 s, the hierarchical way 1/10 in the host and 2 * 0.75 / 10 across.
 * dense: projection 8->4: 36 parameters; V = 4 vectors, top 6 -> 1: 7; S = 43*4 = 172.
 *   1.75 * 172 = 301                                                         -> 301, 301
 * dmt dense: V = 2 vectors, top 1 -> 1: 2; S = 8: 14 at both. Modules, W_t = 2*4 = 8: cross
 *   2*8*2 + 8 = 40, 8->3: 27, in tower 1 the projection's 36: 103 parameters, 412 bytes over 4
 *   ranks, ring (1.5/10 against 1/10 + 2*0.5/10): 1.5*412 = 618 at both.
 *   14 + 618                                                                 -> 632, 632 */
START_TEST(test_row_shards_in_towers_of_two_hosts)
{
    static const struct expected table[] = {
        {TP_MODE_FLAT, TP_PHASE_IDS_ALLTOALL, {40, 240}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL, {96, 576}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {96, 576}},
        {TP_MODE_FLAT, TP_PHASE_DENSE_ALLREDUCE, {301, 301}},
        {TP_MODE_SPTT, TP_PHASE_IDS_ALLTOALL, {40, 240}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE, {192, 384}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 96}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 96}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {192, 384}},
        {TP_MODE_SPTT, TP_PHASE_DENSE_ALLREDUCE, {301, 301}},
        {TP_MODE_DMT, TP_PHASE_IDS_ALLTOALL, {40, 240}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE, {192, 384}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 24}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 24}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {192, 384}},
        {TP_MODE_DMT, TP_PHASE_DENSE_ALLREDUCE, {632, 632}},
    };
    struct layout l;
    layout_begin(&l, 16);
    layout_level(&l, 2, 10, 0, 0);
    layout_level(&l, 4, 10, 0, 10);
    layout_towers(&l, 2);
    l.model.tower_module = (struct tp_tower_module){TP_MODULE_DCN, 0, 0, 3, 2};
    layout_rows(&l, 10, 4, 1, 0);
    layout_feature(&l, 3);
    layout_rows(&l, 2, 4, 1, 1);
    layout_whole(&l, 10, 8, 1, 5);
    EXPECT_BYTES(&l, table);
}
END_TEST

/* Layout 3. Three levels, K = 1, column shards, ranks without any shard. G = 8, L = R = 2, two
 * hosts to a rack, two racks; T = 4, B = 8, b = 1, B/R = 4, e = 4. Two dense features, bottom [8],
 * dcn with one cross layer of rank 2, top [1]; module dcn with D = 4, rank 1.
 *
 * dim 16, pooling 2, in columns 8 + 8 on ranks 0, 1; dim 8 on rank 2; dim 8 in columns 4 + 4 on
 * ranks 4, 5; dim 8 on rank 7; pooling 1.
 *   O = (8, 8 | 8, 0 | 4, 4 | 0, 8); O_t = 16, 8, 8, 8
 *   ids: every column shard needs all ids: (16+4 = 20, 20 | 12, 0 | 12, 12 | 0, 12), b = 1, all 88
 *   host: rank 0 receives 20                                                 -> 20
 *   rack, 2 peers: rank 0 receives 40, rank 3 sends 20+20 = 40               -> 40
 *   pod, 4 peers: rank 0 receives 80; ranks 4..7 send 20+20+12 = 52          -> 80
 * flat, 4*O = (32, 32 | 32, 0 | 16, 16 | 0, 32).
 *   host: rank 0 sends 32; rack: rank 0 sends 64; pod: rank 0 sends 128      -> 32, 64, 128
 * tower_exchange, 4*O*4 = 16*O: rank 0 sends 128 to its 1 peer               -> 128, 0, 0
 * sptt peers, 4*O_t = (64 | 32 | 32 | 32).
 *   rack, 1 peer: rank 0 sends 64; pod, 2 peers: rank 0 sends 128            -> 0, 64, 128
 * dmt: D = 4 per tower, 16 to each peer                                      -> 0, 16, 32
 * dense: bottom 2->8: 24; projection 16->8: 136; W = 4*8+8 = 40: cross 2*40*2+40 = 200, top 41;
 *   S = 401*4 = 1604, hierarchical: S, S/2, S/4                              -> 1604, 802, 401
 * dmt dense: bottom 2->4: 12; W = 4*4+4 = 20: cross 100, top 21; S = 133*4 = 532: 532, 266, 133.
 *   Modules, W_t = 8: cross 2*8+8 = 24, 8->4: 36, in tower 0 the projection's 136: 196 parameters,
 *   784 bytes on the host. 532 + 784                                         -> 1316, 266, 133 */
START_TEST(test_column_shards_on_three_levels)
{
    static const struct expected table[] = {
        {TP_MODE_FLAT, TP_PHASE_IDS_ALLTOALL, {20, 40, 80}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL, {32, 64, 128}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {32, 64, 128}},
        {TP_MODE_FLAT, TP_PHASE_DENSE_ALLREDUCE, {1604, 802, 401}},
        {TP_MODE_SPTT, TP_PHASE_IDS_ALLTOALL, {20, 40, 80}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE, {128, 0, 0}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 64, 128}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 64, 128}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {128, 0, 0}},
        {TP_MODE_SPTT, TP_PHASE_DENSE_ALLREDUCE, {1604, 802, 401}},
        {TP_MODE_DMT, TP_PHASE_IDS_ALLTOALL, {20, 40, 80}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE, {128, 0, 0}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 16, 32}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 16, 32}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {128, 0, 0}},
        {TP_MODE_DMT, TP_PHASE_DENSE_ALLREDUCE, {1316, 266, 133}},
    };
    struct layout l;
    layout_three_levels(&l);
    EXPECT_BYTES(&l, table);
}
END_TEST

/* Layout 4. Two levels, K = 1, all three ways of sharding, a shared table, two column shards on one
 * rank, three ranks to a host. G = 6, L = R = 3, T = 2, B = 12, b = 2, B/R = 4; forward e = 2,
 * backward e = 4. No dense features, common dim 6, top [2, 1]; module dlrm, c = 1, p = 1, D = 4.
 *
 * Tower 0: rows 8, dim 6, features with pooling 2 and 1, row blocks of ceil(8/3) = 3: 3, 3, 2; a
 * whole table of dim 6 on rank 0. Tower 1: dim 12 in columns 4 + 4 + 4 on ranks 3, 4, 4; dim 6,
 * pooling 4, on rank 5.
 *   O = (12+6 = 18, 12, 12 | 4, 8, 6); O_t = 6+6+6 = 18, 12+6 = 18
 *   ids: 8*3*3/8 + 8 = 17 and the whole table's 12, 17, 8*3*2/8 + 8 = 14 | 12, 2*12, 32+4
 *     = 29, 17, 14 | 12, 24, 36
 * ids, 2 * ids = (58, 34, 28 | 24, 48, 72), hosts 120 and 144.
 *   host, 2 peers: rank 5 receives 144; rank 3 sends 48+72 = 120             -> 144
 *   cluster, 3 peers: rank 5 receives 216; ranks 0..2 send 144               -> 216
 * flat, 2*O*2 = (72, 48, 48 | 16, 32, 24).
 *   host: rank 0 sends 144, ranks 1, 2 receive 120                           -> 144; backward 288
 *   cluster: rank 0 sends 216; ranks 3..5 receive 168                        -> 216; backward 432
 * tower_exchange, 4*O*2 = (144, 96, 96 | 32, 64, 48).
 *   host, 2 peers: rank 0 sends 288                                          -> 288; backward 576
 * sptt peers, 2*18*2                                                         -> 72; backward 144
 * dmt: 4*(3+1) = 16 and 4*(2+1) = 12; 2*16*2                                 -> 64; backward 128
 * dense: projection 12->6: 78; V = 5 vectors, top 10->2->1: 22+3; S = 103*4 = 412.
 *   host 2*2/3*412 = 549.33, cluster 2*1/2*412/3 = 137.33                    -> 549, 137
 * dmt dense: V = 4+3 vectors, top 21->2->1: 44+3; S = 188: host 250.67, cluster 62.67. Modules:
 *   tower 0, 3*6->4: 76, shared 6->4: 28: 104; tower 1: 78, 2*6->4: 52, 28: 158 parameters, 632
 *   bytes over 3 ranks: 2*2/3*632 = 842.67. 250.67 + 842.67 = 1093.33        -> 1093, 63 */
START_TEST(test_mixed_shards_and_three_ranks_per_host)
{
    static const struct expected table[] = {
        {TP_MODE_FLAT, TP_PHASE_IDS_ALLTOALL, {144, 216}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL, {144, 216}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {288, 432}},
        {TP_MODE_FLAT, TP_PHASE_DENSE_ALLREDUCE, {549, 137}},
        {TP_MODE_SPTT, TP_PHASE_IDS_ALLTOALL, {144, 216}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE, {288, 0}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 72}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 144}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {576, 0}},
        {TP_MODE_SPTT, TP_PHASE_DENSE_ALLREDUCE, {549, 137}},
        {TP_MODE_DMT, TP_PHASE_IDS_ALLTOALL, {144, 216}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE, {288, 0}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 64}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 128}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {576, 0}},
        {TP_MODE_DMT, TP_PHASE_DENSE_ALLREDUCE, {1093, 63}},
    };
    struct layout l;
    layout_begin(&l, 12);
    layout_level(&l, 3, 100, 0, 0);
    layout_level(&l, 2, 10, 0, 0);
    layout_towers(&l, 1);
    l.model.forward = TP_BFLOAT16;
    l.model.bottom_mlp = (struct tp_mlp){1, {6}};
    l.model.top_mlp = (struct tp_mlp){2, {2, 1}};
    l.model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 1, 4, 0};
    layout_rows(&l, 8, 6, 2, 0);
    layout_feature(&l, 1);
    layout_whole(&l, 10, 6, 1, 0);
    layout_table(&l, 10, 12, 1, 1, TP_SHARD_COLUMN);
    layout_shard(&l, 3, 0, 10, 0, 4);
    layout_shard(&l, 4, 0, 10, 4, 4);
    layout_shard(&l, 4, 0, 10, 8, 4);
    layout_whole(&l, 10, 6, 4, 5);
    EXPECT_BYTES(&l, table);
}
END_TEST

/* Layout 5. Three levels, K = 2: a tower is a rack of two hosts. Row and column shards, a rank
 * without any shard. G = 8, L = 2, R = 4, T = 2, B = 16, b = 2, B/R = 4, e = 4. No dense features,
 * common dim 4, top [1]; module dlrm with c = 1, p = 0, D = 2.
 *
 * Tower 0: rows 5, dim 4, pooling 2, blocks of ceil(5/4) = 2: 2, 2, 1, 0. Tower 1: dim 8, pooling
 * 1.5, in columns 4 + 4 on ranks 5, 6; dim 4, pooling 1, on rank 7.
 *   O = (4, 4, 4, 4 | 0, 4, 4, 4); O_t = 4, 12
 *   ids: 16*0.4 + 4 = 10.4, 10.4, 16*0.2 + 4 = 7.2, 4 | 0, 12+4 = 16, 16, 12
 * ids, 2 * ids = (20.8, 20.8, 14.4, 8 | 0, 32, 32, 24), racks 64 and 88.
 *   host: rank 5 receives 32                                                 -> 32
 *   rack, 2 peers: rank 5 receives 64, rank 4 sends 32+24 = 56               -> 64
 *   pod, 4 peers: rank 5 receives 128, ranks 0..3 send 88                    -> 128
 * flat, 8*O = (32, 32, 32, 32 | 0, 32, 32, 32): 1, 2, 4 peers                -> 32, 64, 128
 * tower_exchange, 16*O = 64 to each of 1 and 2 peers                         -> 64, 128, 0
 * sptt peers, 8*O_t = (32, 96), 1 peer across racks                          -> 0, 0, 96
 * dmt: 2*1 = 2 and 2*2 = 4 wide; 8*4                                         -> 0, 0, 32
 * dense: projection 8->4: 36; V = 3 vectors, top 3->1: 4; S = 40*4 = 160     -> 160, 80, 40
 * dmt dense: V = 3, top 4; S = 16: 16, 8, 4. Modules: 4->2: 10 parameters, in tower 1 with the
 *   projection 46, 184 bytes over 2 hosts of 2: 184, 92. Together            -> 200, 100, 4 */
START_TEST(test_racks_as_towers_on_three_levels)
{
    static const struct expected table[] = {
        {TP_MODE_FLAT, TP_PHASE_IDS_ALLTOALL, {32, 64, 128}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL, {32, 64, 128}},
        {TP_MODE_FLAT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {32, 64, 128}},
        {TP_MODE_FLAT, TP_PHASE_DENSE_ALLREDUCE, {160, 80, 40}},
        {TP_MODE_SPTT, TP_PHASE_IDS_ALLTOALL, {32, 64, 128}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE, {64, 128, 0}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 0, 96}},
        {TP_MODE_SPTT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 0, 96}},
        {TP_MODE_SPTT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {64, 128, 0}},
        {TP_MODE_SPTT, TP_PHASE_DENSE_ALLREDUCE, {160, 80, 40}},
        {TP_MODE_DMT, TP_PHASE_IDS_ALLTOALL, {32, 64, 128}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE, {64, 128, 0}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL, {0, 0, 32}},
        {TP_MODE_DMT, TP_PHASE_EMBEDDING_ALLTOALL_BACKWARD, {0, 0, 32}},
        {TP_MODE_DMT, TP_PHASE_TOWER_EXCHANGE_BACKWARD, {64, 128, 0}},
        {TP_MODE_DMT, TP_PHASE_DENSE_ALLREDUCE, {200, 100, 4}},
    };
    struct layout l;
    layout_begin(&l, 16);
    layout_level(&l, 2, 100, 0, 0);
    layout_level(&l, 2, 10, 0, 0);
    layout_level(&l, 2, 5, 0, 0);
    layout_towers(&l, 2);
    l.model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 2, 0};
    layout_rows(&l, 5, 4, 2, 0);
    layout_table(&l, 10, 8, 1.5, 1, TP_SHARD_COLUMN);
    layout_shard(&l, 5, 0, 10, 0, 4);
    layout_shard(&l, 6, 0, 10, 4, 4);
    layout_whole(&l, 10, 4, 1, 7);
    EXPECT_BYTES(&l, table);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("step_bytes");
    TCase *tcase = tcase_create("layouts");
    tcase_add_test(tcase, test_whole_tables_on_two_levels);
    tcase_add_test(tcase, test_row_shards_in_towers_of_two_hosts);
    tcase_add_test(tcase, test_column_shards_on_three_levels);
    tcase_add_test(tcase, test_mixed_shards_and_three_ranks_per_host);
    tcase_add_test(tcase, test_racks_as_towers_on_three_levels);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
