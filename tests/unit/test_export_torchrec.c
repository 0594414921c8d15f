/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as TorchRec's JSON: the document by hand, what it is called, what TorchRec cannot do. */
#include "imported.h"

/* small_plan_one_host: two hosts of two ranks. By docs/export.md and TorchRec's names. */
static const char one_host[] =
    "{\"plan\": {\n"
    "\"t_user\": {\"sharding_type\":\"table_wise\",\"compute_kernel\":\"fused\",\"ranks\":[0],"
    "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[1000,16],\"placement\":\"rank:0/"
    "cuda:0\"}"
    "]},\n"
    "\"t_item\": {\"sharding_type\":\"table_column_wise\",\"compute_kernel\":\"fused\","
    "\"ranks\":[2,3],"
    "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[500,4],\"placement\":\"rank:2/cuda:0\"},"
    "{\"shard_offsets\":[0,4],\"shard_sizes\":[500,4],\"placement\":\"rank:3/cuda:1\"}]},\n"
    "\"t_geo\": {\"sharding_type\":\"table_row_wise\",\"compute_kernel\":\"fused\",\"ranks\":[0,1],"
    "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[6,16],\"placement\":\"rank:0/cuda:0\"},"
    "{\"shard_offsets\":[6,0],\"shard_sizes\":[5,16],\"placement\":\"rank:1/cuda:1\"}]},\n"
    "\"t_device\": {\"sharding_type\":\"table_wise\",\"compute_kernel\":\"fused\",\"ranks\":[3],"
    "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[50,8],\"placement\":\"rank:3/"
    "cuda:1\"}]},\n"
    "\"t_day\": {\"sharding_type\":\"table_wise\",\"compute_kernel\":\"fused\",\"ranks\":[1],"
    "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[7,16],\"placement\":\"rank:1/"
    "cuda:1\"}]},\n"
    "\"t_ad\": {\"sharding_type\":\"table_wise\",\"compute_kernel\":\"fused\",\"ranks\":[2],"
    "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[40,16],\"placement\":\"rank:2/"
    "cuda:0\"}]}\n"
    "},\n"
    "\"towers\": {\n"
    "\"0\": {\"tables\":[\"t_user\",\"t_geo\",\"t_day\"],\"ranks\":[0,1]},\n"
    "\"1\": {\"tables\":[\"t_item\",\"t_device\",\"t_ad\"],\"ranks\":[2,3]}\n"
    "}}\n";

START_TEST(a_plan_is_the_document_that_docs_describe)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    char *text = json_of(plan, 1);
    ck_assert_str_eq(text, one_host);
    free(text);
    tp_plan_free(plan);
}
END_TEST

/* Exports to a file that is looked at by others; the notes. */
static char *notes_of(const struct tp_plan *plan)
{
    char *notes = NULL;
    struct tp_error err;
    ck_ok(tp_export_torchrec(plan, in_scratch("noted.json"), &notes, &err), err);
    return notes;
}

START_TEST(towers_of_one_host_need_no_notes)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    char *notes = notes_of(plan);
    ck_assert_str_eq(notes, "");
    free(notes);
    tp_plan_free(plan);
}
END_TEST

/* Of small_plan_two_hosts, t_user has columns on ranks 0 and 3, of hosts 0 and 1, and t_day rows on ranks 0
 * to 3 of 8. */
START_TEST(towers_of_two_hosts_are_noted)
{
    struct tp_plan *plan = small_plan(small_plan_two_hosts);
    char *notes = notes_of(plan), *text = json_of(plan, 1);
    ck_assert_ptr_nonnull(strstr(notes, "towers of 2 hosts: "));
    ck_assert_ptr_nonnull(strstr(notes, "1 table cut over the 2 hosts of a tower, first t_day\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"t_user\": {\"sharding_type\":\"column_wise\""));
    ck_assert_ptr_nonnull(strstr(text, "\"t_day\": {\"sharding_type\":\"table_row_wise\""));
    ck_assert_ptr_nonnull(strstr(text, "\"placement\":\"rank:3/cuda:1\""));
    free(notes);
    free(text);
    tp_plan_free(plan);
}
END_TEST

/* The same rows on all four ranks that there are: then TorchRec has a type for them. */
START_TEST(rows_on_all_ranks_are_row_wise)
{
    struct tp_plan *plan = small_plan(small_plan_two_hosts);
    plan->strategy = TP_STRATEGY_FLAT;
    plan->topology->host_count = 2;
    plan->topology->rank_count = 4;
    char *notes = notes_of(plan), *text = json_of(plan, 1);
    ck_assert_str_eq(notes, "");
    ck_assert_ptr_nonnull(strstr(text, "\"t_day\": {\"sharding_type\":\"row_wise\""));
    ck_assert_ptr_nonnull(strstr(text, "\"towers\": {\n}}\n"));
    free(notes);
    free(text);
    tp_plan_free(plan);
}
END_TEST

START_TEST(names_are_quoted)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    free(plan->tables[0].name);
    plan->tables[0].name = strdup("a\"b\\c \xc3\xa9");
    char *text = json_of(plan, 1);
    ck_assert_ptr_nonnull(strstr(text, "{\"plan\": {\n\"a\\\"b\\\\c \\u00E9\": {"));
    free(text);
    tp_plan_free(plan);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    struct tp_error err;
    char *notes = NULL;
    ck_assert_int_eq(
        tp_export_torchrec(plan, in_scratch("none/plan.json"), &notes, &err), TP_EINTERNAL);
    ck_assert_ptr_null(notes);
    tp_plan_free(plan);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("export_torchrec");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, a_plan_is_the_document_that_docs_describe);
    tcase_add_test(tcase, towers_of_one_host_need_no_notes);
    tcase_add_test(tcase, towers_of_two_hosts_are_noted);
    tcase_add_test(tcase, rows_on_all_ranks_are_row_wise);
    tcase_add_test(tcase, names_are_quoted);
    tcase_add_test(tcase, a_file_that_cannot_be_written_is_told);
    return run_suite("export_torchrec", tcase);
}
