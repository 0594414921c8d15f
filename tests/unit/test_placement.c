/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>

#include <towerpart/placement.h>

START_TEST(test_new_placement_has_no_shards_and_no_towers)
{
    struct tp_placement *placement = NULL;
    struct tp_error err;
    ck_assert_int_eq(tp_placement_new(3, 4, 2, &placement, &err), TP_OK);
    ck_assert_int_eq(placement->tower_count, 3);
    ck_assert_int_eq(placement->ranks_per_tower, 4);
    ck_assert_int_eq(placement->table_count, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(placement->tables[i].tower, -1);
        ck_assert_int_eq(placement->tables[i].shard_count, 0);
        ck_assert_ptr_null(placement->tables[i].shards);
    }
    tp_placement_free(placement);
}
END_TEST

START_TEST(test_free_releases_the_shards_of_every_table)
{
    struct tp_placement *placement = NULL;
    struct tp_error err;
    ck_assert_int_eq(tp_placement_new(1, 1, 2, &placement, &err), TP_OK);
    placement->tables[1].shards = calloc(3, sizeof *placement->tables[1].shards);
    ck_assert_ptr_nonnull(placement->tables[1].shards);
    placement->tables[1].shard_count = 3;
    tp_placement_free(placement);
}
END_TEST

START_TEST(test_free_accepts_null)
{
    tp_placement_free(NULL);
}
END_TEST

START_TEST(test_shardings_have_the_names_of_plan_files)
{
    ck_assert_str_eq(tp_sharding_name(TP_SHARD_TABLE), "table");
    ck_assert_str_eq(tp_sharding_name(TP_SHARD_COLUMN), "column");
    ck_assert_str_eq(tp_sharding_name(TP_SHARD_ROW), "row");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("placement");
    TCase *tcase = tcase_create("placement");
    tcase_add_test(tcase, test_new_placement_has_no_shards_and_no_towers);
    tcase_add_test(tcase, test_free_releases_the_shards_of_every_table);
    tcase_add_test(tcase, test_free_accepts_null);
    tcase_add_test(tcase, test_shardings_have_the_names_of_plan_files);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
