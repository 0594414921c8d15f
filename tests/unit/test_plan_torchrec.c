/* SPDX-License-Identifier: Apache-2.0 */
/* TorchRec plans: the way there and back, plans that are wrong, documents that are no plan. */
#include "imported.h"

static const char *const small_plans[] = {small_plan_one_host, small_plan_two_hosts};

START_TEST(a_plan_exported_comes_back_the_same)
{
    struct tp_plan *plan = small_plan(small_plans[_i]);
    char *text = json_of(plan, 1);
    struct tp_plan *back = imported(text, plan);
    ck_assert_int_eq(back->strategy, TP_STRATEGY_IMPORTED);
    same_placement(back, plan);
    ck_findings(back, (const char *[]){NULL});
    for (int32_t g = 0; g < plan->rank_count; g++)
        ck_assert_int_eq(back->ranks[g].load.memory_bytes, plan->ranks[g].load.memory_bytes);
    ck_assert_double_eq(
        back->cost.modes[TP_MODE_SPTT].seconds, plan->cost.modes[TP_MODE_SPTT].seconds);
    tp_plan_free(back);
    free(text);
    tp_plan_free(plan);
}
END_TEST

START_TEST(a_flat_plan_comes_back_the_same)
{
    struct tp_plan *specs = small_plan(small_plan_two_hosts), *plan = NULL;
    struct tp_plan_options options = tp_plan_options_default();
    struct tp_error err;
    options.strategy = TP_STRATEGY_FLAT;
    ck_ok(tp_plan_make(specs->model, specs->topology, NULL, &options, &plan, &err), err);
    char *text = json_of(plan, 1);
    struct tp_plan *back = imported(text, specs);
    ck_assert_int_eq(back->strategy, TP_STRATEGY_FLAT);
    same_placement(back, plan);
    ck_findings(back, (const char *[]){NULL});
    tp_plan_free(back);
    free(text);
    tp_plan_free(plan);
    tp_plan_free(specs);
}
END_TEST

START_TEST(torchrecs_own_nesting_is_read_too)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    char *text = json_of(plan, 1);
    char *nested = replaced(text, "{\"plan\": {", "{\"plan\": {\"model.ebc\": {");
    char *closed = replaced(nested, "},\n\"towers\"", "}},\n\"towers\"");
    char *spec = replaced(closed,
        "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[1000,16],"
        "\"placement\":\"rank:0/cuda:0\"}]",
        "\"enforce_hbm\": null, \"cache_params\": null, \"sharding_spec\": {\"shards\": [{"
        "\"shard_offsets\":[0,0],\"shard_sizes\":[1000,16],\"placement\":\"rank:0/cpu\"}]}");
    struct tp_plan *back = imported(spec, plan);
    same_placement(back, plan);
    ck_findings(back, (const char *[]){NULL});
    tp_plan_free(back);
    free(spec);
    free(closed);
    free(nested);
    free(text);
    tp_plan_free(plan);
}
END_TEST

START_TEST(one_column_shard_is_a_whole_table)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    char *text = json_of(plan, 1);
    char *edited = replaced(text, "table_wise", "column_wise"); /* t_user, the first */
    struct tp_plan *back = imported(edited, plan);
    same_placement(back, plan);
    tp_plan_free(back);
    free(edited);
    free(text);
    tp_plan_free(plan);
}
END_TEST

/* Edits of the plan of one host per tower: t_user on rank 0 and t_geo in rows on 0 and 1 are in tower 0, t_item
 * in columns on 2 and 3 in tower 1. */
static const struct {
    const char *from, *to;
    const char *findings[5];
} wrong[] = {
    {"\"ranks\":[0],\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[1000,16],\"placement\":"
     "\"rank:0/cuda:0\"",
        "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[1000,16],\"placement\":\"rank:3/"
        "cuda:1\"",
        {"table t_user: shard 0 is on rank 3, outside its tower 0"}},
    {"\"ranks\":[0],\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[1000,16],\"placement\":"
     "\"rank:0/cuda:0\"",
        "\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[1000,16],\"placement\":\"rank:4/"
        "cuda:0\"",
        {"table t_user: shard 0: rank: found 4, expected 0 to 3"}},
    {"[1000,16]", "[999,16]", {"table t_user: gap: rows 999 to 999 are in no shard"}},
    {"[1000,16]", "[1000,32]", {"table t_user: shard 0: found 32 columns from column 0"}},
    {"[1000,16]", "[-1000,16]", {"table t_user: shard 0: found -1000 rows"}},
    {"[1000,16]", "[9223372036854775807,16]", {"table t_user: shard 0: found 9223372036854775807"}},
    {"\"shard_offsets\":[6,0]", "\"shard_offsets\":[5,0]",
        {"table t_geo: overlap: rows 5 to 5", "table t_geo: gap: rows 10 to 10"}},
    {"\"shard_sizes\":[5,16]", "\"shard_sizes\":[4,16]", {"table t_geo: gap: rows 10 to 10"}},
    {"\"shard_offsets\":[0,4]", "\"shard_offsets\":[0,2]",
        {"table t_item: overlap: columns 2 to 3", "table t_item: gap: columns 6 to 7"}},
    {"table_row_wise", "table_column_wise", {"table t_geo: sharding is column"}},
    {"\"ranks\":[3],\"shards\":[{\"shard_offsets\":[0,0],\"shard_sizes\":[50,8],"
     "\"placement\":\"rank:3/cuda:1\"}]",
        "\"shards\":[]", {"table t_device has no shards"}},
};

START_TEST(a_wrong_plan_is_imported_and_found_out)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    char *text = json_of(plan, 1);
    char *edited = replaced(text, wrong[_i].from, wrong[_i].to);
    struct tp_plan *back = imported(edited, plan);
    ck_findings(back, wrong[_i].findings);
    tp_plan_free(back);
    free(edited);
    free(text);
    tp_plan_free(plan);
}
END_TEST

/* Removes the line of a table. */
static char *without_table(const char *text, const char *name)
{
    char line[1024];
    const char *at = strstr(text, name), *end = strchr(at, '\n') + 1;
    ck_assert_uint_lt((size_t)(end - at), sizeof line);
    memcpy(line, at, (size_t)(end - at));
    line[end - at] = '\0';
    return replaced(text, line, "");
}

START_TEST(a_dropped_table_is_found_out)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    for (int with_towers = 0; with_towers < 2; with_towers++) {
        char *text = json_of(plan, with_towers);
        char *edited = without_table(text, "\"t_geo\": {");
        struct tp_plan *back = imported(edited, plan);
        ck_findings(back, (const char *[]){"table t_geo is missing",
                              with_towers ? NULL : "feature geo is in no tower", NULL});
        tp_plan_free(back);
        free(edited);
        free(text);
    }
    tp_plan_free(plan);
}
END_TEST

START_TEST(a_plan_beyond_the_memory_is_found_out)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    char *text = json_of(plan, 1);
    plan->topology->hosts[0].memory_bytes = 150000; /* rank 0 needs 131943, of 127500 */
    struct tp_plan *back = imported(text, plan);
    ck_findings(back, (const char *[]){"rank 0: memory: found 131943 bytes", NULL});
    ck_assert_int_eq(back->ranks[0].load.memory_bytes, 131943);
    tp_plan_free(back);
    free(text);
    tp_plan_free(plan);
}
END_TEST

START_TEST(a_plan_against_a_constraint_is_found_out)
{
    struct tp_plan *plan = small_plan(small_plan_one_host);
    char *text = json_of(plan, 1);
    plan->model->constraints[2].tower = 0; /* the pin of ad */
    struct tp_plan *back = imported(text, plan);
    ck_findings(back, (const char *[]){"constraint pin: feature ad is in tower 1", NULL});
    tp_plan_free(back);
    free(text);
    tp_plan_free(plan);
}
END_TEST

/* Edits that no plan can hold. */
static const struct {
    const char *from, *to, *message;
} bad[] = {
    {"\"t_user\": {", "\"t_other\": {", "plan.json: plan: found table 't_other', which is not in"},
    {"\"t_day\": {", "\"t_user\": {", "duplicate object key"},
    {"\"table_wise\"", "\"data_parallel\"",
        "table t_user: sharding_type: found 'data_parallel', which cannot be honoured"},
    {"\"table_wise\"", "\"grid_shard\"", "sharding_type: found 'grid_shard', which cannot"},
    {"\"table_wise\"", "\"best\"", "sharding_type: found 'best', expected table_wise"},
    {"\"table_wise\"", "7", "sharding_type: found 7, expected a text"},
    {"\"fused\"", "\"fused_uvm\"", "table t_user: compute_kernel: found 'fused_uvm', which cannot"},
    {"\"fused\"", "\"fused_uvm_caching\"", "compute_kernel: found 'fused_uvm_caching'"},
    {"\"fused\"", "\"key_value\"", "compute_kernel: found 'key_value'"},
    {"\"fused\"", "\"quant\"", "compute_kernel: found 'quant'"},
    {"\"fused\"", "\"fused\",\"cache_params\":{\"load_factor\":0.1}",
        "cache_params: found an object"},
    {"\"ranks\":[0]", "\"ranks\":[1]",
        "table t_user: shard 0: ranks says 1, placement says rank 0"},
    {"\"ranks\":[0]", "\"ranks\":[0,1]", "table t_user: ranks: found 2, expected one for each"},
    {"\"ranks\":[0]", "\"ranks\":[\"0\"]", "ranks: found '0' in quotes"},
    {"\"ranks\":[0]", "\"ranks\":0", "ranks: found 0, expected a list"},
    {"rank:0/cuda:0", "rank:-1/cuda:0", "table t_user: shard 0: placement: found 'rank:-1/cuda:0'"},
    {"rank:0/cuda:0", "cuda:0", "placement: found 'cuda:0', expected a rank and its device"},
    {"rank:0/cuda:0", "rank:0", "placement: found 'rank:0'"},
    {"rank:0/cuda:0", "rank:0/", "placement: found 'rank:0/'"},
    {"rank:0/cuda:0", "rank:0/cuda:", "placement: found 'rank:0/cuda:'"},
    {"rank:0/cuda:0", "rank:0/cuda:0 ", "placement: found 'rank:0/cuda:0 '"},
    {"rank:0/cuda:0", "rank:00/cuda:0", "placement: found 'rank:00/cuda:0'"},
    {"rank:0/cuda:0", "rank:2147483648/cuda:0", "placement: found 'rank:2147483648"},
    {"rank:0/cuda:0", "rank:99999999999999999999/cuda:0", "placement: found 'rank:9999"},
    {"\"rank:0/cuda:0\"", "null", "table t_user: shard 0: placement: found null"},
    {"[1000,16]", "[1000]", "shard_sizes: found 1 entries, expected two"},
    {"[1000,16]", "[1000,16,1]", "shard_sizes: found 3 entries, expected two"},
    {"[1000,16]", "[1000.5,16]", "shard_sizes: found 1000.5, expected an integer"},
    {"[1000,16]", "[9223372036854775808,16]", "too big integer"},
    {"[1000,16]", "[1000,2147483648]", "shard_sizes: found 2147483648, expected"},
    {"[1000,16]", "1000", "shard_sizes: found 1000, expected a list of two integers"},
    {"\"shard_offsets\":[0,0],", "", "table t_user: shard 0: shard_offsets: found nothing"},
    {"\"shards\":[", "\"shards\":[1,", "table t_user: shard 0: found 1, expected an object"},
    {"\"shards\"", "\"pieces\"", "table t_user: shards: found nothing, expected a list"},
    {"{\"plan\": {", "{\"plan\": {\"t_user\": 7, \"x\": {", "found bad JSON"},
    {"{\"plan\"", "{\"plans\"", "plan.json: plan: found nothing, expected an object"},
    {"\"t_user\": {", "\"t_user\": 3, \"t_user2\": {",
        "table t_user: found 3, expected a Parameter"},
};

START_TEST(what_no_plan_can_say_is_refused_with_its_place)
{
    struct tp_plan *plan = small_plan(small_plan_one_host), *back;
    struct tp_error err;
    char *notes, *text = json_of(plan, 1);
    char *edited = replaced(text, bad[_i].from, bad[_i].to);
    ck_assert_int_eq(import_text(edited, plan, &back, &notes, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"plan.json:", bad[_i].message, NULL});
    ck_assert_ptr_null(back);
    ck_assert_ptr_null(notes);
    free(edited);
    free(text);
    tp_plan_free(plan);
}
END_TEST

START_TEST(a_table_in_two_modules_is_refused)
{
    struct tp_plan *plan = small_plan(small_plan_one_host), *back;
    struct tp_error err;
    char *notes;
    static const char table[] = "{\"t_user\": {\"sharding_type\": \"table_wise\", \"shards\": []}}";
    char text[256];
    snprintf(text, sizeof text, "{\"plan\": {\"a\": %s, \"b\": %s}}", table, table);
    ck_assert_int_eq(import_text(text, plan, &back, &notes, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"table t_user: found in two modules", NULL});
    tp_plan_free(plan);
}
END_TEST

START_TEST(a_list_is_no_plan)
{
    struct tp_plan *plan = small_plan(small_plan_one_host), *back;
    struct tp_error err;
    char *notes;
    ck_assert_int_eq(import_text("[]", plan, &back, &notes, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"plan.json: found a list, expected an object", NULL});
    ck_assert_int_eq(import_text("{\"plan\": []}", plan, &back, &notes, &err), TP_EINPUT);
    tp_plan_free(plan);
}
END_TEST

START_TEST(a_batch_that_does_not_divide_is_refused)
{
    struct tp_plan *plan = small_plan(small_plan_one_host), *back;
    struct tp_error err;
    char *notes, *text = json_of(plan, 1);
    plan->model->batch_size = 63;
    ck_assert_int_eq(import_text(text, plan, &back, &notes, &err), TP_EINPUT);
    ck_message_has(&err, (const char *[]){"batch_size: found 63, expected a multiple", NULL});
    free(text);
    tp_plan_free(plan);
}
END_TEST

START_TEST(ignored_keys_and_odd_devices_are_noted)
{
    struct tp_plan *plan = small_plan(small_plan_one_host), *back;
    struct tp_error err;
    char *notes, *text = json_of(plan, 1);
    char *edited = replaced(text, "rank:0/cuda:0", "rank:0/cuda:1");
    char *more = replaced(edited, "\"fused\"", "\"fused\",\"stochastic_rounding\":true");
    ck_ok(import_text(more, plan, &back, &notes, &err), err);
    ck_assert_ptr_nonnull(strstr(notes, "ignored: stochastic_rounding\n"));
    ck_assert_ptr_nonnull(strstr(notes, "1 placement with a device number other than"));
    tp_plan_free(back);
    free(notes);
    free(more);
    free(edited);
    free(text);
    tp_plan_free(plan);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    TCase *tcase = tcase_create("plan_torchrec");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(tcase, a_plan_exported_comes_back_the_same, 0, COUNT(small_plans));
    tcase_add_test(tcase, a_flat_plan_comes_back_the_same);
    tcase_add_test(tcase, torchrecs_own_nesting_is_read_too);
    tcase_add_test(tcase, one_column_shard_is_a_whole_table);
    tcase_add_loop_test(tcase, a_wrong_plan_is_imported_and_found_out, 0, COUNT(wrong));
    tcase_add_test(tcase, a_dropped_table_is_found_out);
    tcase_add_test(tcase, a_plan_beyond_the_memory_is_found_out);
    tcase_add_test(tcase, a_plan_against_a_constraint_is_found_out);
    tcase_add_loop_test(tcase, what_no_plan_can_say_is_refused_with_its_place, 0, COUNT(bad));
    tcase_add_test(tcase, a_table_in_two_modules_is_refused);
    tcase_add_test(tcase, a_list_is_no_plan);
    tcase_add_test(tcase, a_batch_that_does_not_divide_is_refused);
    tcase_add_test(tcase, ignored_keys_and_odd_devices_are_noted);
    return run_suite("plan_torchrec", tcase);
}
