/* SPDX-License-Identifier: Apache-2.0 */
/* Diffs of the small plan: what is a difference, of which kind, and what is not. */
#include <towerpart/diff.h>

#include "small_plan.h"

#include <math.h>

#include <math.h>

static struct tp_diff *diff_of(const struct tp_plan *before, const struct tp_plan *after)
{
    struct tp_diff *diff = NULL;
    struct tp_error err = {0};
    enum tp_status status = tp_diff_make(before, after, &diff, &err);
    ck_assert_msg(status == TP_OK, "%s", err.text);
    return diff;
}

/* The diff of the small plan and itself with every `from` in its text replaced by `to`; NULL: as it is. The
 * plans are kept until the test ends. */
static struct tp_diff *edited(const char *from, const char *to)
{
    size_t length = strlen(small_plan_one_host);
    char *text = calloc(length * 2, 1), *out = text;
    for (const char *p = small_plan_one_host; *p;) {
        if (from && strncmp(p, from, strlen(from)) == 0) {
            strcpy(out, to);
            out += strlen(to);
            p += strlen(from);
        } else {
            *out++ = *p++;
        }
    }
    ck_assert_msg(!from || strcmp(text, small_plan_one_host) != 0, "no '%s'", from);
    struct tp_diff *diff = diff_of(plan_of(small_plan_one_host), plan_of(text));
    free(text);
    return diff;
}

static void drop(struct tp_diff *diff)
{
    tp_plan_free((struct tp_plan *)diff->before.plan);
    tp_plan_free((struct tp_plan *)diff->after.plan);
    tp_diff_free(diff);
}

/* One table differs, in that way. */
static const struct tp_diff_table *only(
    const struct tp_diff *diff, const char *name, enum tp_diff_change change)
{
    ck_assert(!diff->same);
    ck_assert_int_eq(diff->table_count, 1);
    ck_assert_str_eq(diff->tables[0].name, name);
    ck_assert_int_eq(diff->tables[0].change, change);
    ck_assert_int_eq(diff->changes[change], 1);
    return &diff->tables[0];
}

START_TEST(a_plan_is_the_same_as_itself)
{
    struct tp_diff *diff = edited(NULL, NULL);
    ck_assert(diff->same);
    ck_assert_int_eq(diff->table_count, 0);
    ck_assert_int_eq(diff->features_moved, 0);
    ck_assert_ptr_null(diff->renumbering);
    ck_assert_ptr_null(diff->model);
    ck_assert_ptr_null(diff->topology);
    ck_assert_ptr_null(diff->settings);
    ck_assert_double_eq(diff->before.inside_affinity, 0.5); /* the digest in the file is right */
    drop(diff);
}
END_TEST

/* t_day, 7 rows * 16 columns of 4 bytes, 4 bytes of state per row, from rank 1 to rank 0 of host 0. */
START_TEST(a_table_on_another_rank_moves)
{
    struct tp_diff *diff = edited("{rank: 1, row: 0, rows: 7", "{rank: 0, row: 0, rows: 7");
    const struct tp_diff_table *table = only(diff, "t_day", TP_DIFF_MOVES);
    ck_assert_double_eq(table->travel.weight_bytes, 448);
    ck_assert_double_eq(table->travel.state_bytes, 28);
    ck_assert_double_eq(table->travel.between_hosts_bytes, 0);
    ck_assert_double_eq(diff->travel.weight_bytes, 448);
    ck_assert_int_eq(diff->features_moved, 0);
    drop(diff);
}
END_TEST

/* Both of t_item's strips on rank 2: columns 4..7 of 500 rows. Its two features stay in their tower. */
START_TEST(a_strip_that_joins_another_sends_its_part)
{
    struct tp_diff *diff = edited("{rank: 3, row: 0, rows: 500", "{rank: 2, row: 0, rows: 500");
    const struct tp_diff_table *table = only(diff, "t_item", TP_DIFF_MOVES);
    ck_assert_double_eq(table->travel.weight_bytes, 500 * 4 * 4);
    ck_assert_double_eq(table->travel.state_bytes, 500 * 4);
    drop(diff);
}
END_TEST

START_TEST(shards_in_another_order_are_no_difference)
{
    struct tp_diff *diff = edited("[{rank: 2, row: 0, rows: 500, column: 0, columns: 4},\n"
                                  "       {rank: 3, row: 0, rows: 500, column: 4, columns: 4}]",
        "[{rank: 3, row: 0, rows: 500, column: 4, columns: 4},\n"
        "       {rank: 2, row: 0, rows: 500, column: 0, columns: 4}]");
    ck_assert(diff->same);
    drop(diff);
}
END_TEST

START_TEST(a_table_that_grows_where_it_is_is_resized)
{
    struct tp_diff *diff = edited("rows: 50,", "rows: 70,");
    const struct tp_diff_table *table = only(diff, "t_device", TP_DIFF_RESIZED);
    ck_assert_double_eq(table->travel.weight_bytes, 0);
    ck_assert_str_eq(diff->model, "table t_device: rows 50 -> 70\n");
    drop(diff);
}
END_TEST

START_TEST(a_renamed_table_is_dropped_and_added)
{
    struct tp_diff *diff = edited("t_day", "t_week");
    ck_assert_int_eq(diff->table_count, 2);
    ck_assert_int_eq(diff->changes[TP_DIFF_ADDED], 1);
    ck_assert_int_eq(diff->changes[TP_DIFF_DROPPED], 1);
    ck_assert_int_eq(diff->features_moved, 0); /* day is in the tower of those hosts still */
    ck_assert_double_eq(diff->travel.weight_bytes, 0);
    drop(diff);
}
END_TEST

START_TEST(a_changed_topology_is_a_difference)
{
    struct tp_diff *diff = edited("flops_per_s: 1.0e+10", "flops_per_s: 2.0e+10");
    ck_assert(!diff->same);
    ck_assert_int_eq(diff->table_count, 0);
    ck_assert_str_eq(diff->topology, "device: flops_per_s 1.0e+10 -> 2.0e+10\n");
    ck_assert(diff->after.cost.modes[TP_MODE_FLAT].seconds <
              diff->before.cost.modes[TP_MODE_FLAT].seconds);
    drop(diff);
}
END_TEST

START_TEST(how_a_plan_was_made_is_no_difference)
{
    struct tp_diff *diff = edited("seed: 7", "seed: 8");
    ck_assert(diff->same);
    ck_assert_str_eq(diff->settings, "seed 7 -> 8\n");
    drop(diff);
}
END_TEST

/* Another optimizer has no use for the old one's state. */
START_TEST(state_of_another_optimizer_does_not_travel)
{
    struct tp_plan *before = plan_of(small_plan_one_host), *after = plan_of(small_plan_one_host);
    after->model->optimizer = TP_ADAM;
    for (int i = 0; i < after->table_count; i++)
        if (strcmp(after->tables[i].name, "t_day") == 0)
            after->tables[i].place.shards[0].rank = 0;
    struct tp_diff *diff = diff_of(before, after);
    const struct tp_diff_table *table = only(diff, "t_day", TP_DIFF_MOVES);
    ck_assert_double_eq(table->travel.weight_bytes, 448);
    ck_assert_double_eq(table->travel.state_bytes, 0);
    drop(diff);
}
END_TEST

/* Two hosts to a tower in place of one, on four in place of two: ranks 0..3 are the same ones. t_day
 * and all others move, or, like the first strip of t_user (columns 0..7 on rank 0), stay in part:
 * columns 8..15 of 1000 rows go to rank 3, on host 1. */
START_TEST(other_towers_are_matched_by_their_hosts)
{
    struct tp_diff *diff = diff_of(plan_of(small_plan_one_host), plan_of(small_plan_two_hosts));
    ck_assert_int_eq(diff->features_moved, 7); /* no tower has the hosts that it had */
    ck_assert_ptr_null(diff->renumbering);
    ck_assert_ptr_nonnull(strstr(diff->topology, "hosts_per_tower 1 -> 2\n"));
    const struct tp_diff_table *user = diff->tables;
    while (strcmp(user->name, "t_user") != 0)
        user++;
    ck_assert_double_eq(user->travel.weight_bytes, 1000 * 8 * 4);
    ck_assert_double_eq(user->travel.state_bytes, 4000);
    ck_assert_double_eq(user->travel.between_hosts_bytes, 36000);
    drop(diff);
}
END_TEST

/* Its digest says for which towers the share of affinity was computed. */
START_TEST(affinity_of_other_towers_is_not_told)
{
    struct tp_plan *before = plan_of(small_plan_one_host), *after = plan_of(small_plan_one_host);
    after->quality.assignment[0] = 'd';
    struct tp_diff *diff = diff_of(before, after);
    ck_assert_double_eq(diff->before.inside_affinity, 0.5);
    ck_assert(isnan(diff->after.inside_affinity));
    drop(diff);
}
END_TEST

START_TEST(a_plan_whose_shards_are_wrong_is_refused)
{
    struct tp_plan *plan = plan_of(small_plan_one_host);
    struct tp_diff *diff = NULL;
    struct tp_error err = {0};
    plan->tables[0].place.shards[0].rank = 99;
    struct tp_plan *sound = plan_of(small_plan_one_host);
    ck_assert_int_eq(tp_diff_make(sound, plan, &diff, &err), TP_EINPUT);
    ck_assert_ptr_null(diff);
    ck_assert_ptr_nonnull(strstr(err.text, "the second plan: "));
    ck_assert_ptr_nonnull(strstr(err.text, "rank: found 99"));
    tp_plan_free(sound);
    tp_plan_free(plan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diff");
    TCase *tcase = tcase_create("diff");
    tcase_add_test(tcase, a_plan_is_the_same_as_itself);
    tcase_add_test(tcase, a_table_on_another_rank_moves);
    tcase_add_test(tcase, a_strip_that_joins_another_sends_its_part);
    tcase_add_test(tcase, shards_in_another_order_are_no_difference);
    tcase_add_test(tcase, a_table_that_grows_where_it_is_is_resized);
    tcase_add_test(tcase, a_renamed_table_is_dropped_and_added);
    tcase_add_test(tcase, a_changed_topology_is_a_difference);
    tcase_add_test(tcase, how_a_plan_was_made_is_no_difference);
    tcase_add_test(tcase, state_of_another_optimizer_does_not_travel);
    tcase_add_test(tcase, other_towers_are_matched_by_their_hosts);
    tcase_add_test(tcase, affinity_of_other_towers_is_not_told);
    tcase_add_test(tcase, a_plan_whose_shards_are_wrong_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
