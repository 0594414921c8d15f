/* SPDX-License-Identifier: Apache-2.0 */
/* Towers that changed places as a whole, and those that did not. */
#include "diff/renumber.h"

#include <check.h>
#include <stdlib.h>

/* Three towers of two ranks; tables 0, 1 in tower 0, 2 in tower 1 (by columns), 3 in tower 2. */
struct world {
    struct tp_shard shards[4][2];
    struct tp_table_placement tables[4];
    struct tp_placement placement;
};

static void set(struct world *w, int table, int32_t tower, int32_t place)
{
    bool cut = table == 2;
    w->shards[table][0] = (struct tp_shard){tower * 2 + place, 0, 10, 0, cut ? 4 : 8};
    w->shards[table][1] = (struct tp_shard){tower * 2 + 1 - place, 0, 10, 4, 4};
    w->tables[table] = (struct tp_table_placement){
        tower, cut ? TP_SHARD_COLUMN : TP_SHARD_TABLE, w->shards[table], cut ? 2 : 1};
}

static struct tp_placement *make(struct world *w, const int32_t towers[4])
{
    for (int i = 0; i < 4; i++)
        set(w, i, towers[i], i == 1);
    w->placement = (struct tp_placement){3, 2, 4, w->tables};
    return &w->placement;
}

static const int32_t home[4] = {0, 0, 1, 2}, same_order[4] = {0, 1, 2, 3};

static int32_t *renumbering(struct world *a, struct world *b, const int32_t *after_of_before)
{
    int32_t *tower = NULL;
    ck_assert_int_eq(
        tp_renumbering(&a->placement, &b->placement, after_of_before, &tower, NULL), TP_OK);
    return tower;
}

START_TEST(equal_plans_have_none)
{
    struct world a, b;
    make(&a, home);
    make(&b, home);
    ck_assert_ptr_null(renumbering(&a, &b, same_order));
}
END_TEST

START_TEST(towers_in_a_ring_are_found)
{
    struct world a, b;
    make(&a, home);
    make(&b, (const int32_t[]){2, 2, 0, 1});
    int32_t *tower = renumbering(&a, &b, same_order);
    ck_assert_ptr_nonnull(tower);
    ck_assert_int_eq(tower[0], 2);
    ck_assert_int_eq(tower[1], 0);
    ck_assert_int_eq(tower[2], 1);
    free(tower);
}
END_TEST

START_TEST(tables_are_matched_by_the_map)
{
    struct world a, b;
    make(&a, home);
    make(&b, home);
    set(&b, 0, 1, 0); /* before's table 3, in another order of tables and towers */
    set(&b, 3, 0, 0);
    set(&b, 1, 0, 1);
    set(&b, 2, 2, 0);
    int32_t *tower = renumbering(&a, &b, (const int32_t[]){3, 1, 2, 0});
    ck_assert_ptr_nonnull(tower);
    ck_assert_int_eq(tower[1], 2);
    ck_assert_int_eq(tower[2], 1);
    free(tower);
}
END_TEST

START_TEST(two_towers_that_merge_are_no_renumbering)
{
    struct world a, b;
    make(&a, home);
    make(&b, (const int32_t[]){1, 1, 1, 2});
    ck_assert_ptr_null(renumbering(&a, &b, same_order));
}
END_TEST

START_TEST(a_tower_that_splits_is_no_renumbering)
{
    struct world a, b;
    make(&a, home);
    make(&b, (const int32_t[]){1, 2, 0, 2});
    ck_assert_ptr_null(renumbering(&a, &b, same_order));
}
END_TEST

START_TEST(another_rank_inside_the_tower_is_no_renumbering)
{
    struct world a, b;
    make(&a, home);
    make(&b, (const int32_t[]){1, 1, 0, 2});
    set(&b, 2, 0, 1); /* its columns change places */
    ck_assert_ptr_null(renumbering(&a, &b, same_order));
}
END_TEST

START_TEST(a_table_that_is_gone_is_no_renumbering)
{
    struct world a, b;
    make(&a, home);
    make(&b, (const int32_t[]){1, 1, 0, 2});
    ck_assert_ptr_null(renumbering(&a, &b, (const int32_t[]){0, 1, 2, -1}));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("renumber");
    TCase *tcase = tcase_create("renumber");
    tcase_add_test(tcase, equal_plans_have_none);
    tcase_add_test(tcase, towers_in_a_ring_are_found);
    tcase_add_test(tcase, tables_are_matched_by_the_map);
    tcase_add_test(tcase, two_towers_that_merge_are_no_renumbering);
    tcase_add_test(tcase, a_tower_that_splits_is_no_renumbering);
    tcase_add_test(tcase, another_rank_inside_the_tower_is_no_renumbering);
    tcase_add_test(tcase, a_table_that_is_gone_is_no_renumbering);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
