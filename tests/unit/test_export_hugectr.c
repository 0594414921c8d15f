/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as HugeCTR's shard_matrix and shard_strategy: the document by hand, what it cannot say. */
#include <towerpart/export.h>

#include "scratch.h"
#include "small_plan.h"
#include "spec_text.h"

/* small_plan_one_host. Ranks 0 and 1 share the rows of t_geo, 2 and 3 the columns of t_item. */
static const char one_host[] =
    "{\"shard_matrix\": [\n"
    "[\"t_user\",\"t_geo\"],\n"
    "[\"t_geo\",\"t_day\"],\n"
    "[\"t_item\",\"t_ad\"],\n"
    "[\"t_item\",\"t_device\"]\n"
    "],\n"
    "\"shard_strategy\": [[\"mp\", [\n"
    "\"t_user\",\n"
    "[\"t_item\",2],\n"
    "\"t_geo\",\n"
    "\"t_device\",\n"
    "\"t_day\",\n"
    "\"t_ad\"\n"
    "]]],\n"
    "\"tables\": {\n"
    "\"t_user\": {\"max_vocabulary_size\":1000,\"ev_size\":16,\"features\":[\"user\"]},\n"
    "\"t_item\": {\"max_vocabulary_size\":500,\"ev_size\":8,\"features\":[\"item\",\"history\"]},\n"
    "\"t_geo\": {\"max_vocabulary_size\":11,\"ev_size\":16,\"features\":[\"geo\"]},\n"
    "\"t_device\": {\"max_vocabulary_size\":50,\"ev_size\":8,\"features\":[\"device\"]},\n"
    "\"t_day\": {\"max_vocabulary_size\":7,\"ev_size\":16,\"features\":[\"day\"]},\n"
    "\"t_ad\": {\"max_vocabulary_size\":40,\"ev_size\":16,\"features\":[\"ad\"]}\n"
    "},\n"
    "\"towers\": {\n"
    "\"0\": {\"tables\":[\"t_user\",\"t_geo\",\"t_day\"],\"ranks\":[0,1]},\n"
    "\"1\": {\"tables\":[\"t_item\",\"t_device\",\"t_ad\"],\"ranks\":[2,3]}\n"
    "}}\n";

static struct tp_plan *plan;

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

/* Exports; the document, and the notes if asked for. Caller frees both. */
static char *exported(const struct tp_plan *from, char **notes)
{
    size_t length;
    char *said = NULL;
    struct tp_error err;
    ck_ok(tp_export_hugectr(from, in_scratch("plan.json"), &said, &err), err);
    if (notes)
        *notes = said;
    else
        free(said);
    return get_file("plan.json", &length);
}

/* Cuts t_item into shards of 4 columns, on these ranks. */
static void cut_item(const int32_t *ranks, int32_t count)
{
    struct tp_table_placement *place = &plan->tables[1].place;
    ck_assert_str_eq(plan->tables[1].name, "t_item");
    plan->model->tables[1].dim = 4 * count;
    free(place->shards);
    place->shards = calloc((size_t)count, sizeof *place->shards);
    place->shard_count = count;
    for (int32_t i = 0; i < count; i++)
        place->shards[i] =
            (struct tp_shard){.rank = ranks[i], .rows = 500, .column = 4 * i, .columns = 4};
}

START_TEST(a_plan_is_the_document_that_docs_describe)
{
    char *notes, *text = exported(plan, &notes);
    ck_assert_str_eq(text, one_host);
    ck_assert_str_eq(notes, "1 table cut by rows, first t_geo: HugeCTR deals the rows out one by "
                            "one, not in blocks\n");
    free(text);
    free(notes);
}
END_TEST

/* Of small_plan_two_hosts, rank 5 holds nothing; t_user has columns on ranks 0 and 3. */
START_TEST(a_rank_without_a_table_is_noted)
{
    struct tp_plan *two = small_plan(small_plan_two_hosts);
    char *notes, *text = exported(two, &notes);
    ck_assert_ptr_nonnull(strstr(notes, "1 rank without a table, first 5: "));
    ck_assert_ptr_nonnull(strstr(text, "[\"t_ad\"],\n[],\n[\"t_item\"],\n[\"t_device\"]\n]"));
    ck_assert_ptr_nonnull(strstr(text, "\n[\"t_user\",2],\n"));
    free(text);
    free(notes);
    tp_plan_free(two);
}
END_TEST

START_TEST(columns_against_the_order_of_ranks_are_noted)
{
    cut_item((const int32_t[]){3, 2}, 2);
    char *notes, *text = exported(plan, &notes);
    ck_assert_ptr_nonnull(strstr(notes, "1 table with columns on other ranks than in the plan"));
    ck_assert_ptr_nonnull(strstr(text, "\n[\"t_item\",2],\n"));
    free(text);
    free(notes);
}
END_TEST

/* Two shards of 4 columns on each rank are one piece of 8 columns there. */
START_TEST(several_shards_on_each_rank_are_one_piece)
{
    cut_item((const int32_t[]){2, 2, 3, 3}, 4);
    char *notes, *text = exported(plan, &notes);
    ck_assert_ptr_null(strstr(notes, "columns"));
    ck_assert_ptr_nonnull(strstr(text, "\n[\"t_item\",2],\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n[\"t_item\",\"t_ad\"],\n[\"t_item\",\"t_device\"]\n"));
    free(text);
    free(notes);
    cut_item((const int32_t[]){2, 3, 2, 3}, 4);
    text = exported(plan, &notes);
    ck_assert_ptr_nonnull(strstr(notes, "1 table with columns on other ranks"));
    free(text);
    free(notes);
}
END_TEST

START_TEST(column_shards_on_one_rank_are_a_whole_table)
{
    cut_item((const int32_t[]){3, 3}, 2);
    char *text = exported(plan, NULL);
    ck_assert_ptr_nonnull(strstr(text, "\n\"t_item\",\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n[\"t_ad\"],\n[\"t_item\",\"t_device\"]\n"));
    free(text);
}
END_TEST

/* Refused with this message; nothing is written. */
static void refused(const struct tp_plan *from, const char *message)
{
    struct tp_error err;
    char *notes = NULL;
    ck_assert_int_eq(
        tp_export_hugectr(from, in_scratch("plan.json"), &notes, &err), TP_EINFEASIBLE);
    ck_assert_str_eq(err.text, message);
    ck_assert_ptr_null(notes);
    ck_assert_int_ne(access(in_scratch("plan.json"), F_OK), 0);
}

START_TEST(uneven_columns_are_refused)
{
    cut_item((const int32_t[]){2, 3, 2}, 3);
    refused(plan, "table t_item: found 2 column shards on rank 2 and 1 on rank 3, expected as many "
                  "on each, since HugeCTR cuts evenly: cut the table otherwise, then towerpart "
                  "recost");
}
END_TEST

/* The tower has the ranks 4 to 7. Of those without a shard, 4 has t_ad and 5 nothing. */
START_TEST(the_emptiest_rank_is_advised)
{
    struct tp_plan *two = small_plan(small_plan_two_hosts), *one = plan;
    plan = two;
    cut_item((const int32_t[]){6, 7, 7}, 3);
    refused(two,
        "table t_item: found 1 column shard on rank 6 and 2 on rank 7, expected as many on "
        "each, since HugeCTR cuts evenly: move one from rank 7 to rank 5, then towerpart "
        "recost");
    plan = one;
    tp_plan_free(two);
}
END_TEST

START_TEST(a_flat_plan_has_no_towers)
{
    plan->strategy = TP_STRATEGY_FLAT;
    char *text = exported(plan, NULL);
    ck_assert_ptr_nonnull(strstr(text, "\"towers\": {\n}}\n"));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("export_hugectr");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_plan_is_the_document_that_docs_describe);
    tcase_add_test(tcase, a_rank_without_a_table_is_noted);
    tcase_add_test(tcase, columns_against_the_order_of_ranks_are_noted);
    tcase_add_test(tcase, several_shards_on_each_rank_are_one_piece);
    tcase_add_test(tcase, column_shards_on_one_rank_are_a_whole_table);
    tcase_add_test(tcase, uneven_columns_are_refused);
    tcase_add_test(tcase, the_emptiest_rank_is_advised);
    tcase_add_test(tcase, a_flat_plan_has_no_towers);
    return run_suite("export_hugectr", tcase);
}
