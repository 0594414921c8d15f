/* SPDX-License-Identifier: Apache-2.0 */
/* Diffs of random pairs of plans: what the JSON lists, applied to the first plan's tables, gives the
 * second's; a plan and itself do not differ; what travels there travels back.
 *
 * The pairs: two strategies or seeds, other hosts per tower, and plans of two unrelated instances,
 * whose tables have the same names here and there. An instance is a number, its seed, as in test_plans;
 * TOWERPART_INSTANCES=N runs N pairs. */
#include "runner.h"
#include "trial.h"

#include <towerpart/diff.h>
#include <towerpart/report.h>

#include <jansson.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 120, SLICES = 12, KINDS = 3, LARGE_ONE_IN = 16 };

static int by_row_and_column(const void *a, const void *b)
{
    const struct tp_shard *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->column != y->column ? x->column - y->column : x->rank - y->rank;
}

static json_t *place_json(const struct tp_table_placement *place)
{
    size_t count = (size_t)place->shard_count;
    struct tp_shard *sorted = need(count, sizeof *sorted);
    json_t *shards = json_array();
    memcpy(sorted, place->shards, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_row_and_column);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            shards, json_pack("{s:i, s:I, s:I, s:i, s:i}", "rank", sorted[i].rank, "row",
                        (json_int_t)sorted[i].row, "rows", (json_int_t)sorted[i].rows, "column",
                        sorted[i].column, "columns", sorted[i].columns));
    free(sorted);
    return json_pack("{s:i, s:s, s:o}", "tower", place->tower, "sharding",
        tp_sharding_name(place->sharding), "shards", shards);
}

/* {table: place}, in the words of the diff. */
static json_t *places(const struct tp_plan *plan)
{
    json_t *all = json_object();
    for (int i = 0; i < plan->table_count; i++)
        json_object_set_new(all, plan->tables[i].name, place_json(&plan->tables[i].place));
    return all;
}

/* Takes every table from where it is said to be to where it is said to go. */
static void apply(json_t *all, const json_t *diff, struct complaints *complaints)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(diff, "tables"), i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));
        json_t *from = json_object_get(entry, "from"), *to = json_object_get(entry, "to");
        json_t *now = json_object_get(all, name);
        if (json_is_null(from) ? now != NULL : !json_equal(now, from))
            complain(complaints, "table %s is not where the diff takes it from", name);
        if (json_equal(from, to) &&
            strcmp("resized", json_string_value(json_object_get(entry, "change"))))
            complain(complaints, "table %s stays as it is, yet it is listed", name);
        if (json_is_null(to))
            json_object_del(all, name);
        else
            json_object_set(all, name, to);
    }
}

static json_t *written(const struct tp_diff *diff, struct trial *trial)
{
    struct tp_error error = {0};
    json_error_t where;
    if (tp_report_diff_json(diff, trial->again_path, &error))
        complain(&trial->complaints, "no JSON: %s", error.text);
    json_t *root = json_load_file(trial->again_path, 0, &where);
    if (!root)
        complain(&trial->complaints, "not JSON: %s", where.text);
    return root;
}

static void check_moves(
    const struct tp_plan *a, const struct tp_plan *b, struct trial *trial, double *bytes)
{
    struct tp_error error = {0};
    struct tp_diff *diff = NULL;
    if (tp_diff_make(a, b, &diff, &error)) {
        complain(&trial->complaints, "no diff: %s", error.text);
        return;
    }
    json_t *root = written(diff, trial), *moved = places(a), *expected = places(b);
    apply(moved, root, &trial->complaints);
    if (!json_equal(moved, expected))
        complain(&trial->complaints, "the moves do not lead to the second plan");
    if (a == b && (!diff->same || diff->table_count || diff->renumbering))
        complain(&trial->complaints, "a plan differs from itself");
    if (diff->same && strcmp(diff->before.plan->model->name, b->model->name) != 0)
        complain(&trial->complaints, "other models are said to be the same");
    *bytes = diff->travel.weight_bytes;
    json_decref(expected);
    json_decref(moved);
    json_decref(root);
    tp_diff_free(diff);
}

/* The second plan of a pair. @return false where there is none. */
static bool plan_second(struct trial *first, struct trial *second, int kind)
{
    struct tp_error error = {0};
    second->options.effort = 1;
    second->options.strategy = first->seed % 2 ? TP_STRATEGY_LOAD : TP_STRATEGY_COHERENT;
    second->options.seed = 2;
    if (kind == 1)
        second->options.strategy = TP_STRATEGY_FLAT; /* all hosts are one tower */
    return trial_load(second) && trial_plan(second, &second->affinity, &error) == TP_OK;
}

static int run_pair(int number, int *pairs)
{
    struct trial first, second;
    struct tp_error error = {0};
    int kind = number % KINDS;
    enum instance_size size = number % LARGE_ONE_IN ? INSTANCE_DOZEN : INSTANCE_LARGE;
    trial_init(&first, (uint64_t)number, size);
    trial_init(&second, (uint64_t)(kind == 2 ? number + 1 : number), size);
    first.options.effort = 1;
    first.options.strategy = number % 5 ? TP_STRATEGY_LOAD : TP_STRATEGY_STRIDE;
    if (trial_load(&first) && trial_plan(&first, &first.affinity, &error) == TP_OK &&
        plan_second(&first, &second, kind)) {
        double there = 0, back = 0, none = 0;
        check_moves(first.plan, second.plan, &first, &there);
        check_moves(second.plan, first.plan, &first, &back);
        check_moves(first.plan, first.plan, &first, &none);
        if (kind != 2 && (there > back || there < back))
            complain(&first.complaints, "%.0f bytes travel there, %.0f back", there, back);
        ++*pairs;
    }
    int failed = trial_show(&first) + trial_show(&second);
    trial_release(&second);
    trial_release(&first);
    return failed;
}

START_TEST(moves_of_a_diff_lead_from_one_plan_to_the_other)
{
    int count = setting("TOWERPART_INSTANCES", PAIRS), failed = 0, pairs = 0;
    for (int i = _i; i < count; i += SLICES)
        failed += run_pair(i, &pairs);
    printf("# slice %d: %d pairs\n", _i, pairs);
    fflush(stdout);
    ck_assert_int_eq(failed, 0);
    ck_assert(pairs || count < PAIRS); /* some have no plan, so a few may all have none */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("moves");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, moves_of_a_diff_lead_from_one_plan_to_the_other, 0, SLICES);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
