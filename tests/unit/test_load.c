/* SPDX-License-Identifier: Apache-2.0 */
/* Loads of shards, ranks and towers, and the flops of the dense part, against values worked out by
 * hand in comments and against the flop counts that Luo et al. print (MLSys 2024, arXiv 2403.00877,
 * table 4). */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cost/load.h"

#include "layout.h"

#define CLOSE 1e-9

/* One rank, B = 1000, float16 tables: 100 rows of 16, features with pooling 2 and 0.5. */
static struct tp_sizes make_table(struct layout *l, enum tp_optimizer optimizer)
{
    struct tp_sizes sizes;
    struct tp_error err;
    layout_begin(l, 1000);
    layout_level(l, 1, 1, 0, 0);
    layout_towers(l, 1);
    l->model.embedding_dtype = TP_FLOAT16;
    l->model.optimizer = optimizer;
    layout_whole(l, 100, 16, 2, 0);
    layout_feature(l, 0.5);
    ck_assert_int_eq(tp_sizes_init(&sizes, &l->model, &l->topology, 1, &err), TP_OK);
    return sizes;
}

START_TEST(test_sizes_of_the_problem)
{
    struct layout l;
    struct tp_sizes sizes;
    struct tp_error err;
    layout_two_hosts(&l);
    ck_assert_int_eq(tp_sizes_init(&sizes, &l.model, &l.topology, 2, &err), TP_OK);
    ck_assert_double_eq(sizes.batch, 8);
    ck_assert_double_eq(sizes.local_batch, 2);
    ck_assert_int_eq(sizes.rank_count, 4);
    ck_assert_int_eq(sizes.tower_count, 2);
    ck_assert_double_eq(sizes.e_forward, 4);
    ck_assert_double_eq(sizes.e_backward, 2);
    ck_assert_double_eq(sizes.e_max, 4);
    l.model.batch_size = 0;
    l.model.local_batch_size = 3;
    ck_assert_int_eq(tp_sizes_init(&sizes, &l.model, &l.topology, 4, &err), TP_OK);
    ck_assert_double_eq(sizes.batch, 12);
    ck_assert_int_eq(sizes.tower_count, 1);
}
END_TEST

START_TEST(test_what_one_shard_brings)
{
    /* Ids per sample 2.5, two bags; B * ids * columns * 2 bytes; 4 bytes of state per row of a
     * shard. A quarter of the rows sees a quarter of the ids, but every bag, and sends full width.
     * */
    static const struct {
        enum tp_sharding sharding;
        int64_t rows;
        int32_t columns;
        struct tp_shard_load load; /* parameters, lookup, width, ids */
    } cases[] = {
        {TP_SHARD_TABLE, 100, 16, {100 * 16 * 2 + 400, 1000 * 2.5 * 32, 32, 8 * 2.5 + 8}},
        {TP_SHARD_COLUMN, 100, 4, {100 * 4 * 2 + 400, 1000 * 2.5 * 8, 8, 8 * 2.5 + 8}},
        {TP_SHARD_ROW, 25, 16, {25 * 16 * 2 + 100, 250 * 2.5 * 32, 32, 2 * 2.5 + 8}},
        {TP_SHARD_ROW, 0, 16, {0, 0, 32, 8}},
    };
    struct layout l;
    struct tp_sizes sizes = make_table(&l, TP_ROWWISE_ADAGRAD);
    struct tp_shard_load load = tp_shard_load(
        &sizes, &l.model, &l.tables[0], cases[_i].sharding, 0, cases[_i].rows, cases[_i].columns);
    ck_assert_double_eq(load.parameter_bytes, cases[_i].load.parameter_bytes);
    ck_assert_double_eq(load.lookup_bytes, cases[_i].load.lookup_bytes);
    ck_assert_double_eq(load.width, cases[_i].load.width);
    ck_assert_double_eq(load.ids_per_sample, cases[_i].load.ids_per_sample);
}
END_TEST

START_TEST(test_optimizer_state)
{
    /* 1600 float16 values in 100 rows, whatever their precision state is float32. */
    static const struct {
        enum tp_optimizer optimizer;
        double bytes;
    } cases[] = {
        {TP_SGD, 3200},
        {TP_ROWWISE_ADAGRAD, 3200 + 4 * 100},
        {TP_ADAGRAD, 3200 + 4 * 1600},
        {TP_ADAM, 3200 + 8 * 1600},
    };
    struct layout l;
    struct tp_sizes sizes = make_table(&l, cases[_i].optimizer);
    struct tp_shard_load load =
        tp_shard_load(&sizes, &l.model, &l.tables[0], TP_SHARD_TABLE, 0, 100, 16);
    ck_assert_double_eq(load.parameter_bytes, cases[_i].bytes);
}
END_TEST

START_TEST(test_memory_counts_the_buffers_of_the_largest_mode)
{
    /* B = 8, b = 2, R = 2, B/R = 4, e = 4; own: 1000 bytes, O_r = 8, 24 id bytes per sample; 72 id
     * bytes over all ranks. ids 2*72 + 8*24 = 336; own values B*O_r*e = 256.
     *   flat largest: 256 + 2*200*4 = 1856; sptt 256 + 4*8*4 + (4*8 + 2*8)*4 = 576
     *   sptt largest: flat 256 + 2*20*4 = 416; 256 + 4*12*4 + (4*12 + 2*20)*4 = 800
     *   dmt largest:  256 + 4*12*4 + (4*24 + 2*40)*4 = 1152
     * Buffers twice: 1000 + 2 * (336 + largest). */
    static const struct {
        struct tp_memory_terms terms; /* widths of tower, all; ids; dims of tower, all; dmt's */
        double bytes;
    } cases[] = {
        {{8, 200, 72, 8, 8, 8, 8}, 1000 + 2 * (336 + 1856)},
        {{12, 20, 72, 12, 20, 6, 10}, 1000 + 2 * (336 + 800)},
        {{12, 20, 72, 12, 20, 24, 40}, 1000 + 2 * (336 + 1152)},
    };
    struct layout l;
    struct tp_sizes sizes;
    struct tp_error err;
    struct tp_rank_sums own = {.parameter_bytes = 1000, .width = 8, .ids_per_sample = 24};
    layout_two_hosts(&l);
    ck_assert_int_eq(tp_sizes_init(&sizes, &l.model, &l.topology, 2, &err), TP_OK);
    ck_assert_double_eq(tp_rank_memory(&sizes, &own, &cases[_i].terms), cases[_i].bytes);
}
END_TEST

START_TEST(test_rank_loads)
{
    /* O = (8, 4, 4, 4), ids = (24, 12, 12, 24), O_t = 12, 8, B = 8, b = 2, B/R = 4, e = 4, all: 20
     * and 72. Lookup: 8 * 4 columns * 4 bytes = 128 per id and sample. Outputs 8*O*4. Ids 8*ids.
     * Memory, sptt being the largest mode: 160 per table + 2 * (144 + 8*ids + 32*O + 16*(tower's O)
     * + 16*O_t + 8*20), with the tower's O = O_t:
     *   rank 0: 320 + 2 * (144 + 192 + 256 + 192 + 192 + 160) = 2592
     *   rank 1: 160 + 2 * (144 + 96 + 128 + 192 + 192 + 160) = 1984
     *   rank 2: 160 + 2 * (144 + 96 + 128 + 128 + 128 + 160) = 1728
     *   rank 3: 160 + 2 * (144 + 192 + 128 + 128 + 128 + 160) = 1920 */
    static const struct tp_rank_load want[] = {
        {2592, 256, 256, 192}, {1984, 128, 128, 96}, {1728, 128, 128, 96}, {1920, 320, 128, 192}};
    struct layout l;
    struct tp_rank_load loads[4];
    struct tp_error err;
    layout_two_hosts(&l);
    ck_assert_int_eq(tp_cost_rank_loads(&l.model, &l.topology, &l.placement, loads, &err), TP_OK);
    for (int g = 0; g < 4; g++) {
        ck_assert_int_eq(loads[g].memory_bytes, want[g].memory_bytes);
        ck_assert_int_eq(loads[g].lookup_bytes, want[g].lookup_bytes);
        ck_assert_int_eq(loads[g].output_bytes, want[g].output_bytes);
        ck_assert_int_eq(loads[g].id_bytes, want[g].id_bytes);
    }
}
END_TEST

START_TEST(test_outputs_are_counted_in_forward_precision)
{
    struct layout l;
    struct tp_rank_load loads[4];
    struct tp_error err;
    layout_two_hosts(&l);
    l.model.forward = TP_BFLOAT16; /* 8 * O * 2; memory keeps the larger, backward's 4 */
    l.model.backward = TP_FLOAT32;
    ck_assert_int_eq(tp_cost_rank_loads(&l.model, &l.topology, &l.placement, loads, &err), TP_OK);
    ck_assert_int_eq(loads[0].output_bytes, 128);
    ck_assert_int_eq(loads[0].memory_bytes, 2592);
}
END_TEST

START_TEST(test_tower_loads)
{
    /* Sums of the ranks above; the module is one matrix 4 -> 2 on each feature: 2*4*2 = 16 flops.
     * */
    struct layout l;
    struct tp_tower_load loads[2];
    struct tp_error err;
    layout_two_hosts(&l);
    ck_assert_int_eq(tp_cost_tower_loads(&l.model, &l.topology, &l.placement, loads, &err), TP_OK);
    ck_assert_int_eq(loads[0].features, 3);
    ck_assert_int_eq(loads[0].memory_bytes, 2592 + 1984);
    ck_assert_int_eq(loads[0].lookup_bytes, 384);
    ck_assert_int_eq(loads[0].output_dim, 12);
    ck_assert_double_eq(loads[0].flops, 48);
    ck_assert_int_eq(loads[1].features, 2);
    ck_assert_int_eq(loads[1].memory_bytes, 1728 + 1920);
    ck_assert_int_eq(loads[1].lookup_bytes, 448);
    ck_assert_int_eq(loads[1].output_dim, 8);
    ck_assert_double_eq(loads[1].flops, 32);
}
END_TEST

START_TEST(test_tower_dims_do_not_depend_on_the_cut)
{
    /* Row shards send 4 times the width, but the tower's features are as wide as before. */
    struct layout l;
    struct tp_tower_load load;
    struct tp_rank_load ranks[4];
    struct tp_error err;
    layout_begin(&l, 8);
    layout_level(&l, 4, 100, 1, 0);
    layout_towers(&l, 1);
    layout_rows(&l, 10, 4, 1, 0);
    ck_assert_int_eq(tp_cost_tower_loads(&l.model, &l.topology, &l.placement, &load, &err), TP_OK);
    ck_assert_int_eq(load.output_dim, 4);
    ck_assert_int_eq(load.lookup_bytes, 8 * 4 * 4);
    ck_assert_int_eq(tp_cost_rank_loads(&l.model, &l.topology, &l.placement, ranks, &err), TP_OK);
    for (int g = 0; g < 4; g++)
        ck_assert_int_eq(ranks[g].output_bytes, 8 * 4 * 4);
}
END_TEST

/* Three features in a tower, two of dim 6 in one table, one of dim 4 = the common dim. */
static struct tp_tower_shape projected_shape(struct layout *l, struct tp_tower_module module)
{
    struct tp_tower_shape shape = {0};
    layout_begin(l, 8);
    layout_level(l, 1, 1, 0, 0);
    layout_towers(l, 1);
    l->model.tower_module = module;
    layout_whole(l, 10, 6, 1, 0);
    layout_feature(l, 1);
    layout_whole(l, 10, 4, 1, 0);
    for (int i = 0; i < 2; i++)
        tp_tower_shape_add(&shape, &l->model, &l->tables[i]);
    return shape;
}

START_TEST(test_shape_of_a_tower)
{
    struct layout l;
    struct tp_tower_shape shape =
        projected_shape(&l, (struct tp_tower_module){.kind = TP_MODULE_NONE});
    ck_assert_double_eq(shape.features, 3);
    ck_assert_double_eq(shape.dim, 16);
    ck_assert_double_eq(shape.projected_count, 2);
    ck_assert_double_eq(shape.projected_dim, 12);
}
END_TEST

START_TEST(test_dlrm_tower_module)
{
    /* c = 2, p = 1, D = 4; N = 4, F = 3. Out: 4 * (2*3 + 1). Projections: 2*12*4 = 96 flops, 12*4 +
     * 2*4 parameters. Flattened 12 -> 4: 96 and 52. Shared 4 -> 8, three times: 192 and 40 once. */
    struct layout l;
    struct tp_tower_shape shape =
        projected_shape(&l, (struct tp_tower_module){TP_MODULE_DLRM, 2, 1, 4, 0});
    ck_assert_double_eq(tp_tower_output_dmt(&l.model, &shape), 28);
    ck_assert_double_eq(tp_tower_flops(&l.model, &shape), 96 + 96 + 192);
    ck_assert_double_eq(tp_tower_parameters(&l.model, &shape), 56 + 52 + 40);
}
END_TEST

START_TEST(test_dcn_tower_module)
{
    /* D = 5, rank 3; W = 12. Cross: 4*12*3 = 144 flops, 2*12*3 + 12 = 84 parameters; 12 -> 5: 120,
     * 65. */
    struct layout l;
    struct tp_tower_shape shape =
        projected_shape(&l, (struct tp_tower_module){TP_MODULE_DCN, 0, 0, 5, 3});
    ck_assert_double_eq(tp_tower_output_dmt(&l.model, &shape), 5);
    ck_assert_double_eq(tp_tower_flops(&l.model, &shape), 96 + 144 + 120);
    ck_assert_double_eq(tp_tower_parameters(&l.model, &shape), 56 + 84 + 65);
}
END_TEST

START_TEST(test_without_a_module_a_tower_computes_nothing)
{
    struct layout l;
    struct tp_tower_shape shape =
        projected_shape(&l, (struct tp_tower_module){.kind = TP_MODULE_NONE});
    ck_assert_double_eq(tp_tower_output_dmt(&l.model, &shape), 16);
    ck_assert_double_eq(tp_tower_flops(&l.model, &shape), 0);
    ck_assert_double_eq(tp_tower_parameters(&l.model, &shape), 0);
}
END_TEST

START_TEST(test_a_tower_of_projected_features_alone)
{
    /* No feature has the common dim 4: 6 -> 4 twice, then the module on N = 4. */
    struct layout l;
    struct tp_tower_shape shape = {0};
    projected_shape(&l, (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 2, 0});
    tp_tower_shape_add(&shape, &l.model, &l.tables[0]);
    ck_assert_double_eq(tp_tower_flops(&l.model, &shape), 2 * 12 * 4 + 2 * (2 * 4 * 2));
}
END_TEST

START_TEST(test_projections_move_from_the_over_arch_into_the_towers)
{
    /* flat: projections 96 flops, 56 parameters; V = 3: dots 2*9*4 = 72, top 3 -> 1: 6 and 4.
     * dmt, c = 1, p = 0, D = 2: V = 3: dots 2*9*2 = 36, top 6 and 4. No dense features, no bottom
     * MLP. */
    struct layout l;
    struct tp_tower_shape shape =
        projected_shape(&l, (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 2, 0});
    struct tp_dense_cost flat = tp_dense_cost(&l.model, TP_MODE_FLAT, &shape, 1);
    struct tp_dense_cost sptt = tp_dense_cost(&l.model, TP_MODE_SPTT, &shape, 1);
    struct tp_dense_cost dmt = tp_dense_cost(&l.model, TP_MODE_DMT, &shape, 1);
    ck_assert_double_eq(flat.bottom_flops, 0);
    ck_assert_double_eq(flat.over_flops, 96 + 72 + 6);
    ck_assert_double_eq(flat.parameters, 56 + 4);
    ck_assert_double_eq(sptt.over_flops, flat.over_flops);
    ck_assert_double_eq(sptt.parameters, flat.parameters);
    ck_assert_double_eq(dmt.over_flops, 36 + 6);
    ck_assert_double_eq(dmt.parameters, 4);
}
END_TEST

START_TEST(test_dcn_keeps_the_dim_that_all_tables_share)
{
    /* Two tables of dim 6, bottom MLP [4]: no projection, W = 12; one cross layer of rank 2: 4*12*2
     * = 96 flops, 60 parameters; top 12 -> 1: 24 and 13. */
    struct layout l;
    layout_begin(&l, 8);
    layout_level(&l, 1, 1, 0, 0);
    layout_towers(&l, 1);
    l.model.interaction = TP_DCN;
    l.model.cross_layers = 1;
    l.model.cross_rank = 2;
    layout_whole(&l, 10, 6, 1, 0);
    layout_whole(&l, 10, 6, 1, 0);
    struct tp_dense_cost flat = tp_dense_cost(&l.model, TP_MODE_FLAT, NULL, 0);
    ck_assert_double_eq(flat.over_flops, 96 + 24);
    ck_assert_double_eq(flat.parameters, 60 + 13);
}
END_TEST

/* 3 * forward flops per sample of the paper's models: 26 features of dim 128, 13 dense ones. */
struct paper_model {
    enum tp_interaction interaction;
    int32_t towers; /* 0: flat */
    double mega;    /* printed */
};

static double paper_flops(struct layout *l, const struct paper_model *paper)
{
    struct tp_tower_shape towers[26] = {0};
    layout_begin(l, 1);
    layout_level(l, 1, 1, 0, 0);
    layout_towers(l, 1);
    l->model.dense_features = 13;
    l->model.interaction = paper->interaction;
    l->model.cross_layers = 3;
    l->model.cross_rank = 512;
    l->model.bottom_mlp = (struct tp_mlp){3, {512, 256, 128}};
    l->model.top_mlp = (struct tp_mlp){5, {1024, 1024, 512, 256, 1}};
    if (paper->interaction == TP_DCN)
        l->model.tower_module = (struct tp_tower_module){TP_MODULE_DCN, 0, 0, 128, 512};
    else
        l->model.tower_module = (struct tp_tower_module){TP_MODULE_DLRM, 1, 0, 64, 0};
    /* A smaller one, which the paper does not say. */
    if (paper->towers && paper->interaction == TP_DLRM)
        l->model.top_mlp = (struct tp_mlp){4, {1024, 512, 256, 1}};
    for (int i = 0; i < 26; i++) {
        layout_whole(l, 10, 128, 1, 0);
        if (paper->towers)
            tp_tower_shape_add(&towers[i % paper->towers], &l->model, &l->tables[i]);
    }
    struct tp_dense_cost dense =
        tp_dense_cost(&l->model, paper->towers ? TP_MODE_DMT : TP_MODE_FLAT, towers, paper->towers);
    double flops = dense.bottom_flops + dense.over_flops;
    for (int t = 0; t < paper->towers; t++)
        flops += tp_tower_flops(&l->model, &towers[t]);
    return 3 * flops;
}

/* DLRM with 16 and DCN with 16 towers are left out: no reading of the paper's text gives its 8.75
 * and 87.19. */
static const struct paper_model papers[] = {
    {TP_DLRM, 0, 14.74},
    {TP_DLRM, 2, 8.95},
    {TP_DLRM, 4, 8.95},
    {TP_DLRM, 8, 8.95},
    {TP_DLRM, 26, 8.95},
    {TP_DCN, 0, 96.22},
    {TP_DCN, 2, 43.71},
    {TP_DCN, 4, 50.01},
    {TP_DCN, 8, 62.60},
};
#define PAPERS ((int)(sizeof papers / sizeof *papers))

START_TEST(test_flops_are_those_the_paper_prints)
{
    struct layout l;
    double mega = paper_flops(&l, &papers[_i]) / 1e6;
    ck_assert_double_eq_tol(mega, papers[_i].mega, 0.005 * papers[_i].mega);
}
END_TEST

START_TEST(test_parameters_of_the_paper_s_flat_dlrm)
{
    /* bottom 13*512+512 + 512*256+256 + 256*128+128 = 171392; top on 27*26/2 + 128 = 479:
     * 479*1024+1024 + 1024*1024+1024 + 1024*512+512 + 512*256+256 + 256+1 = 2197505. */
    struct layout l;
    paper_flops(&l, &papers[0]);
    struct tp_dense_cost dense = tp_dense_cost(&l.model, TP_MODE_FLAT, NULL, 0);
    ck_assert_double_eq(dense.parameters, 171392 + 2197505);
}
END_TEST

START_TEST(test_bytes_are_rounded_to_the_nearest_and_clamped)
{
    ck_assert_int_eq(tp_round_bytes(0), 0);
    ck_assert_int_eq(tp_round_bytes(2.4), 2);
    ck_assert_int_eq(tp_round_bytes(2.6), 3);
    ck_assert_int_eq(tp_round_bytes(9007199254740992.0), INT64_C(9007199254740992));
    ck_assert(tp_round_bytes(1e300) == INT64_MAX);
}
END_TEST

/* Breaks the layout and expects a refusal that says so. */
static void expect_refusal(struct layout *l, const char *part)
{
    struct tp_rank_load loads[4];
    struct tp_tower_load towers[4];
    struct tp_error err = {0};
    memset(loads, 7, sizeof loads);
    ck_assert_int_eq(
        tp_cost_rank_loads(&l->model, &l->topology, &l->placement, loads, &err), TP_EINPUT);
    ck_assert_msg(strstr(err.text, part) != NULL, "%s", err.text);
    ck_assert_int_eq(loads[0].id_bytes, INT64_C(0x0707070707070707));
    ck_assert_int_eq(
        tp_cost_tower_loads(&l->model, &l->topology, &l->placement, towers, &err), TP_EINPUT);
}

START_TEST(test_shard_on_a_rank_that_is_not_there_is_refused)
{
    struct layout l;
    layout_two_hosts(&l);
    l.places[1].shards[0].rank = 4;
    expect_refusal(&l, "a shard on rank 4, expected 0 to 3");
    l.places[1].shards[0].rank = -1;
    expect_refusal(&l, "a shard on rank -1, expected 0 to 3");
}
END_TEST

START_TEST(test_table_in_no_tower_is_refused)
{
    struct layout l;
    layout_two_hosts(&l);
    l.places[1].tower = -1;
    expect_refusal(&l, "tower -1, expected 0 to 1");
    l.places[1].tower = 2;
    expect_refusal(&l, "tower 2, expected 0 to 1");
}
END_TEST

START_TEST(test_placement_of_another_size_is_refused)
{
    struct layout l;
    layout_two_hosts(&l);
    l.placement.table_count = 4;
    expect_refusal(&l, "placement of 4 tables in 2 towers, expected 5 in 2");
    layout_two_hosts(&l);
    l.placement.tower_count = 3;
    expect_refusal(&l, "placement of 5 tables in 3 towers");
    layout_two_hosts(&l);
    l.placement.ranks_per_tower = 3;
    expect_refusal(&l, "4 ranks cannot be cut into towers of 3 ranks each");
    l.placement.ranks_per_tower = 0;
    expect_refusal(&l, "towers of 0 ranks");
}
END_TEST

START_TEST(test_batch_that_ranks_do_not_divide_is_refused)
{
    struct layout l;
    layout_two_hosts(&l);
    l.model.batch_size = 10;
    expect_refusal(&l, "batch_size");
}
END_TEST

static void add_load_tests(Suite *suite)
{
    TCase *tcase = tcase_create("loads");
    tcase_add_test(tcase, test_sizes_of_the_problem);
    tcase_add_loop_test(tcase, test_what_one_shard_brings, 0, 4);
    tcase_add_loop_test(tcase, test_optimizer_state, 0, 4);
    tcase_add_loop_test(tcase, test_memory_counts_the_buffers_of_the_largest_mode, 0, 3);
    tcase_add_test(tcase, test_rank_loads);
    tcase_add_test(tcase, test_outputs_are_counted_in_forward_precision);
    tcase_add_test(tcase, test_tower_loads);
    tcase_add_test(tcase, test_tower_dims_do_not_depend_on_the_cut);
    tcase_add_test(tcase, test_bytes_are_rounded_to_the_nearest_and_clamped);
    suite_add_tcase(suite, tcase);
}

static void add_dense_tests(Suite *suite)
{
    TCase *tcase = tcase_create("dense");
    tcase_add_test(tcase, test_shape_of_a_tower);
    tcase_add_test(tcase, test_dlrm_tower_module);
    tcase_add_test(tcase, test_dcn_tower_module);
    tcase_add_test(tcase, test_without_a_module_a_tower_computes_nothing);
    tcase_add_test(tcase, test_a_tower_of_projected_features_alone);
    tcase_add_test(tcase, test_projections_move_from_the_over_arch_into_the_towers);
    tcase_add_test(tcase, test_dcn_keeps_the_dim_that_all_tables_share);
    tcase_add_loop_test(tcase, test_flops_are_those_the_paper_prints, 0, PAPERS);
    tcase_add_test(tcase, test_parameters_of_the_paper_s_flat_dlrm);
    suite_add_tcase(suite, tcase);
}

static void add_refusal_tests(Suite *suite)
{
    TCase *tcase = tcase_create("refusals");
    tcase_add_test(tcase, test_shard_on_a_rank_that_is_not_there_is_refused);
    tcase_add_test(tcase, test_table_in_no_tower_is_refused);
    tcase_add_test(tcase, test_placement_of_another_size_is_refused);
    tcase_add_test(tcase, test_batch_that_ranks_do_not_divide_is_refused);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    Suite *suite = suite_create("load");
    add_load_tests(suite);
    add_dense_tests(suite);
    add_refusal_tests(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
