/* SPDX-License-Identifier: Apache-2.0 */
/* Where the tables of the small plans are in changed models and on changed clusters; by hand.
 *
 * Values have 4 bytes, a row of a shard 4 bytes of state: a row of c columns weighs 4 c + 4. */
#include "replan/home.h"

#include "plan/fill.h"
#include "small_plan.h"

#include <stdio.h>

/* In the order of the model. */
enum { USER, ITEM, GEO, DEVICE, DAY, AD, TABLES };

struct case_of {
    struct tp_plan *old, *plan;
    struct tp_homes *homes;
};

/* The plan's text with `from` replaced by `to` throughout. */
static char *edited(const char *text, const char *from, const char *to)
{
    char *copy = calloc(2 * strlen(text) + 1, 1), *out = copy;
    for (const char *p = text; *p;) {
        bool here = strncmp(p, from, strlen(from)) == 0;
        out += sprintf(out, "%.*s", here ? (int)strlen(to) : 1, here ? to : p);
        p += here ? strlen(from) : 1;
    }
    ck_assert_str_ne(copy, text);
    return copy;
}

/* An older plan as it stands, and an empty one with what is edited in the specs, and so many hosts. */
static struct case_of begin_with(int32_t hosts, const char *text, const char *from, const char *to,
    int32_t hosts_per_tower, const int32_t *lost, int32_t lost_count)
{
    struct case_of c = {.old = plan_of(text)};
    char *other = from ? edited(text, from, to) : NULL;
    struct tp_plan *changed = plan_of(other ? other : text);
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_error err = {0};
    options.hosts_per_tower = hosts_per_tower;
    changed->topology->levels[1].fanout = changed->topology->host_count = hosts;
    changed->topology->rank_count = hosts * changed->topology->ranks_per_host;
    ck_assert_msg(tp_plan_new(changed->model, changed->topology, &options, &c.plan, &err) == TP_OK,
        "%s", err.text);
    ck_assert_msg(
        tp_homes_make(c.old, c.plan, lost, lost_count, &c.homes, &err) == TP_OK, "%s", err.text);
    tp_plan_free(changed);
    free(other);
    return c;
}

static struct case_of begin(const char *text, const char *from, const char *to,
    int32_t hosts_per_tower, const int32_t *lost, int32_t lost_count)
{
    return begin_with(
        text == small_plan_one_host ? 2 : 4, text, from, to, hosts_per_tower, lost, lost_count);
}

static void end(struct case_of *c)
{
    tp_homes_free(c->homes);
    tp_plan_free(c->plan);
    tp_plan_free(c->old);
}

static void is_at(const struct case_of *c, int table, int32_t tower, double bytes, double lost)
{
    const struct tp_home *home = &c->homes->tables[table];
    ck_assert_int_eq(home->before, table);
    ck_assert_int_eq(home->tower, tower);
    ck_assert_double_eq(home->bytes, bytes);
    ck_assert_double_eq(home->lost_bytes, lost);
}

static void stays(const struct case_of *c, int table, int32_t shards)
{
    const struct tp_home *home = &c->homes->tables[table];
    ck_assert_int_eq(home->kept.shard_count, shards);
    if (!shards)
        return;
    ck_assert_int_eq(home->kept.tower, home->tower);
    ck_assert_double_eq(tp_home_travel(c->homes, table, &home->kept).weight_bytes, 0);
}

START_TEST(nothing_changed)
{
    struct case_of c = begin(small_plan_one_host, NULL, NULL, 1, NULL, 0);
    is_at(&c, USER, 0, 1000 * 68, 0);
    is_at(&c, ITEM, 1, 500 * 2 * 20, 0); /* two strips, each with the state of all rows */
    is_at(&c, GEO, 0, 11 * 68, 0);
    is_at(&c, DEVICE, 1, 50 * 36, 0);
    is_at(&c, DAY, 0, 7 * 68, 0);
    is_at(&c, AD, 1, 40 * 68, 0);
    for (int i = 0; i < TABLES; i++)
        stays(&c, i, i == ITEM || i == GEO ? 2 : 1);
    ck_assert_int_eq(c.homes->dropped_count, 0);
    ck_assert_double_eq(c.homes->bytes[ITEM * 2 + 1], 20000);
    ck_assert_double_eq(c.homes->bytes[ITEM * 2], 0);
    end(&c);
}
END_TEST

/* Blocks of 6 and 5 rows become blocks of 7: row 6 goes from rank 1 to rank 0. */
START_TEST(rows_that_are_added_shift_blocks)
{
    struct case_of c = begin(small_plan_one_host, "t_geo, rows: 11", "t_geo, rows: 14", 1, NULL, 0);
    const struct tp_home *home = &c.homes->tables[GEO];
    is_at(&c, GEO, 0, 11 * 68, 0);
    ck_assert_int_eq(home->kept.shard_count, 2);
    ck_assert_int_eq(home->kept.shards[1].row, 7);
    ck_assert_int_eq(home->kept.shards[1].rows, 7);
    struct tp_travel travel = tp_home_travel(c.homes, GEO, &home->kept);
    ck_assert_double_eq(travel.weight_bytes, 64);
    ck_assert_double_eq(travel.state_bytes, 4);
    ck_assert_double_eq(travel.between_hosts_bytes, 0);
    end(&c);
}
END_TEST

/* Of 500 rows 300 are left. */
START_TEST(rows_that_are_cut_off_weigh_nothing)
{
    struct case_of c = begin(small_plan_one_host, "rows: 500,", "rows: 300,", 1, NULL, 0);
    is_at(&c, ITEM, 1, 300 * 2 * 20, 0);
    stays(&c, ITEM, 2);
    ck_assert_int_eq(c.homes->tables[ITEM].kept.shards[1].rows, 300);
    end(&c);
}
END_TEST

/* It keeps its tower, and has nothing to keep there. */
START_TEST(a_table_of_another_dim_starts_anew)
{
    struct case_of c = begin(small_plan_one_host, "t_user, rows: 1000, dim: 16",
        "t_user, rows: 1000, dim: 8", 1, NULL, 0);
    is_at(&c, USER, 0, 0, 0);
    stays(&c, USER, 0);
    end(&c);
}
END_TEST

START_TEST(tables_come_and_go_by_name)
{
    struct case_of c =
        begin(small_plan_one_host, "{name: t_day, rows: 7", "{name: t_week, rows: 7", 1, NULL, 0);
    ck_assert_int_eq(c.homes->tables[DAY].before, -1);
    ck_assert_int_eq(c.homes->tables[DAY].tower, -1);
    ck_assert_int_eq(c.homes->dropped_count, 1);
    is_at(&c, AD, 1, 40 * 68, 0);
    end(&c);
}
END_TEST

/* Host 1 is another machine now: what was on ranks 2 and 3 is gone, the rest is where it was. */
START_TEST(a_host_that_was_replaced_has_lost_its_shards)
{
    static const int32_t lost[] = {1};
    struct case_of c = begin(small_plan_two_hosts, NULL, NULL, 2, lost, 1);
    is_at(&c, USER, 0, 1000 * 36, 1000 * 36);
    stays(&c, USER, 0);
    is_at(&c, ITEM, 1, 500 * 36, 0);
    stays(&c, ITEM, 1);
    ck_assert_int_eq(c.homes->tables[ITEM].kept.shards[0].rank, 6);
    is_at(&c, DAY, 0, 4 * 68, 3 * 68);
    end(&c);
}
END_TEST

/* Of hosts 0..3 host 1 is gone, ranks 2 and 3 with it; ranks 4..7 are now 2..5, and each host is a tower. t_user
 * had columns 8..15 on rank 3, t_day rows 4..6 on ranks 2 and 3. */
START_TEST(a_lost_host_takes_its_shards)
{
    static const int32_t lost[] = {1};
    struct case_of c = begin_with(3, small_plan_two_hosts, NULL, NULL, 1, lost, 1);
    is_at(&c, USER, 0, 1000 * 36, 1000 * 36);
    stays(&c, USER, 0); /* a strip is missing */
    is_at(&c, ITEM, 2, 500 * 36, 0);
    stays(&c, ITEM, 1);
    ck_assert_int_eq(c.homes->tables[ITEM].kept.shards[0].rank, 4);
    is_at(&c, GEO, 0, 11 * 68, 0);
    stays(&c, GEO, 1);
    is_at(&c, DEVICE, 2, 50 * 36, 0);
    is_at(&c, DAY, 0, 4 * 68, 3 * 68);
    stays(&c, DAY, 0);
    is_at(&c, AD, 1, 40 * 68, 0);
    end(&c);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("home");
    TCase *tcase = tcase_create("home");
    tcase_add_test(tcase, nothing_changed);
    tcase_add_test(tcase, rows_that_are_added_shift_blocks);
    tcase_add_test(tcase, rows_that_are_cut_off_weigh_nothing);
    tcase_add_test(tcase, a_table_of_another_dim_starts_anew);
    tcase_add_test(tcase, tables_come_and_go_by_name);
    tcase_add_test(tcase, a_host_that_was_replaced_has_lost_its_shards);
    tcase_add_test(tcase, a_lost_host_takes_its_shards);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
