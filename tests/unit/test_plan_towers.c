/* SPDX-License-Identifier: Apache-2.0 */
/* The towers of imported plans: listed, found from the ranks, or none. */
#include "imported.h"

static struct tp_plan *plan; /* one host per tower: two towers of two ranks */

static void set_up(void)
{
    scratch_open();
    plan = small_plan(small_plan_one_host);
}

static void tear_down(void)
{
    tp_plan_free(plan);
    scratch_close();
}

/* The plan with its section "towers" replaced; NULL: without one. Caller frees. */
static char *with_towers(const char *towers)
{
    struct tp_text text = {0};
    char *json = json_of(plan, 0);
    json[strlen(json) - 2] = '\0'; /* "}\n" */
    tp_text_add(&text, towers ? "%s, \"towers\": %s}" : "%s}", json, towers);
    free(json);
    return text.data;
}

START_TEST(towers_are_found_where_the_ranks_are)
{
    char *text = with_towers(NULL);
    struct tp_plan *back = imported(text, plan);
    ck_assert_int_eq(back->strategy, TP_STRATEGY_IMPORTED);
    same_placement(back, plan);
    ck_findings(back, (const char *[]){NULL});
    tp_plan_free(back);
    free(text);
}
END_TEST

/* Of the rows of t_geo, on ranks 0 and 1, the first go astray: the others still say which tower it is. */
START_TEST(a_rank_that_there_is_not_decides_no_tower)
{
    char *text = with_towers(NULL);
    char *edited = replaced(text, "\"ranks\":[0,1],", "");
    char *astray =
        replaced(edited, "[6,16],\"placement\":\"rank:0", "[6,16],\"placement\":\"rank:9");
    struct tp_plan *back = imported(astray, plan);
    ck_assert_int_eq(back->strategy, TP_STRATEGY_IMPORTED);
    ck_findings(
        back, (const char *[]){"table t_geo: shard 0: rank: found 9, expected 0 to 3", NULL});
    tp_plan_free(back);
    free(astray);
    free(edited);
    free(text);
}
END_TEST

START_TEST(a_table_over_several_towers_makes_the_plan_flat)
{
    char *text = with_towers(NULL), *notes;
    char *edited = replaced(text, "\"ranks\":[2,3]", "\"ranks\":[2,1]"); /* t_item, in columns */
    char *moved = replaced(edited, "rank:3/cuda:1", "rank:1/cuda:1");
    char *whole = replaced(moved, "table_row_wise", "table_wise"); /* rows would need all ranks */
    struct tp_plan *back;
    struct tp_error err;
    ck_ok(import_text(whole, plan, &back, &notes, &err), err);
    ck_assert_ptr_nonnull(
        strstr(notes, "no towers: table t_item lies in towers 1 and 0 (of 2 ranks"));
    ck_assert_int_eq(back->strategy, TP_STRATEGY_FLAT);
    ck_assert_int_eq(back->tower_count, 1);
    ck_assert_int_eq(back->topology->hosts_per_tower, 2);
    for (int32_t i = 0; i < back->table_count; i++)
        ck_assert_int_eq(back->tables[i].place.tower, 0);
    ck_assert_int_eq(back->tables[1].place.shards[1].rank, 1);
    tp_plan_free(back);
    free(notes);
    free(whole);
    free(moved);
    free(edited);
    free(text);
}
END_TEST

START_TEST(an_empty_section_is_a_flat_plan)
{
    char *text = with_towers("{}");
    struct tp_plan *back = imported(text, plan);
    ck_assert_int_eq(back->strategy, TP_STRATEGY_FLAT);
    ck_assert_int_eq(back->tower_count, 1);
    ck_assert_int_eq(back->towers[0].feature_count, plan->model->feature_count);
    tp_plan_free(back);
    free(text);
}
END_TEST

#define FIRST "\"0\": {\"tables\": [\"t_user\", \"t_geo\", \"t_day\"], \"ranks\": [0, 1]}"
#define SECOND "\"1\": {\"tables\": [\"t_ad\", \"t_device\", \"t_item\"], \"ranks\": [2, 3]}"

#define WITHOUT_RANKS                                                                              \
    "\"0\": {\"tables\": [\"t_user\", \"t_geo\", \"t_day\"], \"ranks\": null},"                    \
    "\"1\": {\"tables\": [\"t_ad\", \"t_item\", \"t_device\"], \"ranks\": []}"

/* Sections that say the same. */
static const char *const same[] = {
    "{" FIRST ", " SECOND "}",
    "{" SECOND ", " FIRST "}",
    "{\"0\": {\"tables\": [\"t_user\", \"t_geo\", \"t_day\"]}, " SECOND "}",
    "{" WITHOUT_RANKS "}",
};

START_TEST(order_does_not_matter_nor_ranks_where_they_are_clear)
{
    char *text = with_towers(same[_i]);
    struct tp_plan *back = imported(text, plan);
    same_placement(back, plan);
    ck_findings(back, (const char *[]){NULL});
    tp_plan_free(back);
    free(text);
}
END_TEST

/* A plan of two hosts per tower for a topology that says one. */
START_TEST(hosts_per_tower_follow_from_the_section)
{
    static const char *const edits[] = {"", "\"ranks\":[0,1,2,3]}", "\"ranks\":[4,5,6,7]}"};
    struct tp_plan *two = small_plan(small_plan_two_hosts);
    char *text = json_of(two, 1);
    two->topology->hosts_per_tower = 1;
    for (int i = 0; i < 3; i++) { /* with both lists of ranks, without the first, without both */
        char *edited = i ? replaced(text, edits[i], "\"ranks\":[]}") : strdup(text);
        struct tp_plan *back = imported(edited, two);
        ck_assert_int_eq(back->topology->hosts_per_tower, 2);
        ck_assert_int_eq(back->tower_count, 2);
        ck_findings(back, (const char *[]){NULL});
        tp_plan_free(back);
        free(text);
        text = edited;
    }
    free(text);
    tp_plan_free(two);
}
END_TEST

/* Sections that are kept, and found out. */
static const struct {
    const char *towers;
    const char *findings[6];
} wrong[] = {
    {"{" FIRST "}", {"tower 1 is missing"}},
    {"{" FIRST ", " SECOND ", \"2\": {\"tables\": [], \"ranks\": [4, 5]}}",
        {"tower 2 does not exist, expected 0 to 1"}},
    {"{" FIRST ", \"1\": {\"tables\": [\"t_ad\", \"t_device\", \"t_item\"], \"ranks\": [2, 1]}}",
        {"tower 1: ranks: found [2, 1], expected 2 to 3"}},
    {"{" FIRST ", \"1\": {\"tables\": [\"t_ad\", \"t_item\"], \"ranks\": [2, 3]}}",
        {"feature device is in no tower, expected in tower 1"}},
    {"{" FIRST
     ", \"1\": {\"tables\": [\"t_ad\", \"t_device\", \"t_item\", \"t_day\"], \"ranks\": [2, 3]}}",
        {"feature day is listed more than once, again in tower 1"}},
    {"{\"0\": {\"tables\": [\"t_user\", \"t_geo\", \"t_day\", \"t_ad\"], \"ranks\": [0, 1]},"
     " \"1\": {\"tables\": [\"t_device\", \"t_item\"], \"ranks\": [2, 3]}}",
        {"table t_ad: shard 0 is on rank 2, outside its tower 0", "constraint pin: feature ad"}},
};

START_TEST(wrong_towers_are_imported_and_found_out)
{
    char *text = with_towers(wrong[_i].towers);
    struct tp_plan *back = imported(text, plan);
    ck_findings(back, wrong[_i].findings);
    tp_plan_free(back);
    free(text);
}
END_TEST

static const struct {
    const char *towers, *message;
} bad[] = {
    {"[]", "plan.json: towers: found a list, expected an object"},
    {"{\"zero\": {\"tables\": []}}",
        "towers: found the key 'zero', expected the number of a tower"},
    {"{\"00\": {\"tables\": []}}", "towers: found the key '00'"},
    {"{\"-1\": {\"tables\": []}}", "towers: found the key '-1'"},
    {"{\"99999999999\": {\"tables\": []}}", "towers: found the key '99999999999'"},
    {"{\"0\": [], \"1\": []}", "towers: tower 0: found a list, expected an object"},
    {"{\"0\": {\"ranks\": [0]}}", "towers: tower 0: tables: found nothing, expected a list"},
    {"{\"0\": {\"tables\": [7]}}", "towers: tower 0: tables: found 7, expected a text"},
    {"{\"0\": {\"tables\": [\"t_x\"]}}", "towers: tower 0: tables: found 't_x', which is not in"},
    {"{\"0\": {\"tables\": [], \"ranks\": 0}}", "towers: tower 0: ranks: found 0, expected a list"},
    {"{\"0\": {\"tables\": [], \"ranks\": [-1]}}", "towers: tower 0: ranks: found -1, expected"},
    {"{\"0\": {\"tables\": [], \"ranks\": [0.5]}}", "towers: tower 0: ranks: found 0.5"},
    {"{\"0\": {\"tables\": []}, \"0\": {\"tables\": []}}", "duplicate object key"},
};

START_TEST(a_section_that_cannot_be_read_is_refused)
{
    char *text = with_towers(bad[_i].towers), *notes;
    struct tp_plan *back;
    struct tp_error err;
    ck_assert_int_eq(import_text(text, plan, &back, &notes, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){bad[_i].message, NULL});
    free(text);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    TCase *tcase = tcase_create("plan_towers");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, towers_are_found_where_the_ranks_are);
    tcase_add_test(tcase, a_rank_that_there_is_not_decides_no_tower);
    tcase_add_test(tcase, a_table_over_several_towers_makes_the_plan_flat);
    tcase_add_test(tcase, an_empty_section_is_a_flat_plan);
    tcase_add_loop_test(
        tcase, order_does_not_matter_nor_ranks_where_they_are_clear, 0, COUNT(same));
    tcase_add_test(tcase, hosts_per_tower_follow_from_the_section);
    tcase_add_loop_test(tcase, wrong_towers_are_imported_and_found_out, 0, COUNT(wrong));
    tcase_add_loop_test(tcase, a_section_that_cannot_be_read_is_refused, 0, COUNT(bad));
    return run_suite("plan_towers", tcase);
}
