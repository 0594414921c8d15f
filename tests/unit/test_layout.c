/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds what, and the weaves, on a placement of two hosts with two ranks:
 *
 *   table 0  dim 8, two features (a, b), columns 0-3 on rank 1, 4-7 on rank 0       tower 0
 *   table 1  dim 4, feature c, rows on ranks 2 and 3                                 tower 1
 *   table 2  dim 2, feature d, whole on rank 0                                       tower 0
 *   table 3  dim 3, feature e, whole on rank 3                                       tower 1
 *
 * Features side by side: a 0-7, b 8-15, c 16-19, d 20-21, e 22-24. */
#include <check.h>
#include <stdlib.h>

#include "train/layout.h"

#include "layout.h"

static struct layout given;
static struct tp_layout layout;

static void setup(void)
{
    struct tp_error err;
    layout_begin(&given, 8);
    layout_level(&given, 2, 100, 1, 0);
    layout_level(&given, 2, 10, 2, 0);
    layout_towers(&given, 1);
    layout_table(&given, 10, 8, 1, 0, TP_SHARD_COLUMN);
    layout_shard(&given, 1, 0, 10, 0, 4);
    layout_shard(&given, 0, 0, 10, 4, 4);
    layout_feature(&given, 1);
    layout_rows(&given, 5, 4, 1, 1);
    layout_whole(&given, 10, 2, 1, 0);
    layout_whole(&given, 10, 3, 1, 3);
    ck_assert_int_eq(
        tp_layout_init(&layout, &given.model, &given.topology, &given.placement, &err), TP_OK);
}

static void teardown(void)
{
    tp_layout_release(&layout);
}

START_TEST(each_rank_holds_its_shards_in_the_order_of_the_tables)
{
    /* Rank 0: 4 columns of a and b, 2 of d. Rank 1: 4 of a and b. Rank 2: 4 of c. Rank 3: 4 and 3. */
    const int32_t widths[] = {10, 8, 4, 7}, bags[] = {3, 2, 1, 2};
    ck_assert_int_eq(layout.local_batch, 2);
    for (int g = 0; g < 4; g++) {
        ck_assert_int_eq(layout.holdings[g].width, widths[g]);
        ck_assert_int_eq(layout.holdings[g].bags, bags[g]);
    }
    ck_assert_int_eq(layout.holdings[0].shards[0].table, 0);
    ck_assert_int_eq(layout.holdings[0].shards[0].shard.column, 4);
    ck_assert_int_eq(layout.holdings[0].shards[1].table, 2);
    ck_assert_int_eq(layout.holdings[3].shards[0].shard.row, 3);
}
END_TEST

START_TEST(a_tower_has_the_features_of_its_tables)
{
    int32_t features[5];
    ck_assert_int_eq(tp_layout_features(&layout, 0, features), 3);
    ck_assert(features[0] == 0 && features[1] == 1 && features[2] == 3);
    ck_assert_int_eq(tp_layout_features(&layout, 1, features), 2);
    ck_assert(features[0] == 2 && features[1] == 4);
}
END_TEST

static void assert_weave(const struct tp_weave *weave, int32_t width, const int32_t *first,
    int32_t part_count, const struct tp_segment *segments, int32_t count)
{
    ck_assert_int_eq(weave->width, width);
    ck_assert_int_eq(weave->part_count, part_count);
    for (int32_t i = 0; i <= part_count; i++)
        ck_assert_int_eq(weave->first[i], first[i]);
    ck_assert_int_eq(weave->segment_count, count);
    for (int32_t i = 0; i < count; i++) {
        ck_assert_int_eq(weave->segments[i].part, segments[i].part);
        ck_assert_int_eq(weave->segments[i].from, segments[i].from);
        ck_assert_int_eq(weave->segments[i].to, segments[i].to);
        ck_assert_int_eq(weave->segments[i].columns, segments[i].columns);
        ck_assert_int_eq(weave->segments[i].add, segments[i].add);
    }
}

START_TEST(flat_weaves_the_ranks_into_all_features)
{
    const int32_t first[] = {0, 10, 18, 22, 29};
    const struct tp_segment segments[] = {{0, 0, 4, 4, false}, {0, 4, 12, 4, false},
        {0, 8, 20, 2, false}, {1, 0, 0, 4, false}, {1, 4, 8, 4, false}, {2, 0, 16, 4, false},
        {3, 0, 16, 4, true}, {3, 4, 22, 3, false}};
    struct tp_weave weave;
    ck_assert_int_eq(tp_weave_flat(&layout, &weave, NULL), TP_OK);
    assert_weave(&weave, 25, first, 4, segments, 8);
    tp_weave_release(&weave);
}
END_TEST

START_TEST(a_tower_weaves_its_ranks_into_its_features)
{
    const int32_t first[] = {0, 4, 11};
    const struct tp_segment segments[] = {
        {0, 0, 0, 4, false}, {1, 0, 0, 4, true}, {1, 4, 4, 3, false}};
    struct tp_weave weave;
    ck_assert_int_eq(tp_weave_tower(&layout, 1, &weave, NULL), TP_OK);
    assert_weave(&weave, 7, first, 2, segments, 3);
    tp_weave_release(&weave);
}
END_TEST

START_TEST(peers_weave_towers_into_all_features)
{
    const int32_t first[] = {0, 18, 25};
    const struct tp_segment segments[] = {{0, 0, 0, 8, false}, {0, 8, 8, 8, false},
        {0, 16, 20, 2, false}, {1, 0, 16, 4, false}, {1, 4, 22, 3, false}};
    struct tp_weave weave;
    ck_assert_int_eq(tp_weave_peers(&layout, &weave, NULL), TP_OK);
    assert_weave(&weave, 25, first, 2, segments, 5);
    tp_weave_release(&weave);
}
END_TEST

START_TEST(modules_are_put_side_by_side)
{
    const int32_t widths[] = {6, 4}, first[] = {0, 6, 10};
    const struct tp_segment segments[] = {{0, 0, 0, 6, false}, {1, 0, 6, 4, false}};
    struct tp_weave weave;
    ck_assert_int_eq(tp_weave_modules(&layout, widths, &weave, NULL), TP_OK);
    assert_weave(&weave, 10, first, 2, segments, 2);
    tp_weave_release(&weave);
}
END_TEST

START_TEST(a_batch_too_large_for_mpi_is_refused)
{
    struct tp_layout large;
    struct tp_error err = {0};
    given.model.batch_size = (int64_t)1 << 27; /* times the 25 values of all features */
    ck_assert_int_eq(
        tp_layout_init(&large, &given.model, &given.topology, &given.placement, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "make batch_size smaller"));
    tp_layout_release(&large);
}
END_TEST

START_TEST(a_host_that_spans_nodes_is_refused)
{
    const int32_t apart[] = {0, 0, 2, 3}, together[] = {0, 0, 2, 2}, one[] = {0, 0, 0, 0};
    const char *const names[] = {"a", "a", "b", "c"};
    struct tp_error err = {0};
    ck_assert_int_eq(tp_layout_check_nodes(&given.topology, together, names, &err), TP_OK);
    ck_assert_int_eq(tp_layout_check_nodes(&given.topology, one, names, &err), TP_OK);
    ck_assert_int_eq(tp_layout_check_nodes(&given.topology, apart, names, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(
        strstr(err.text, "plan host 1 spans nodes: rank 2 runs on b, rank 3 on c"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layout");
    TCase *tcase = tcase_create("layout");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, each_rank_holds_its_shards_in_the_order_of_the_tables);
    tcase_add_test(tcase, a_tower_has_the_features_of_its_tables);
    tcase_add_test(tcase, flat_weaves_the_ranks_into_all_features);
    tcase_add_test(tcase, a_tower_weaves_its_ranks_into_its_features);
    tcase_add_test(tcase, peers_weave_towers_into_all_features);
    tcase_add_test(tcase, modules_are_put_side_by_side);
    tcase_add_test(tcase, a_batch_too_large_for_mpi_is_refused);
    tcase_add_test(tcase, a_host_that_spans_nodes_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
