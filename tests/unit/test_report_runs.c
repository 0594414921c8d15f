/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of one plan beside each other: the table, the words, and what is said of their quality. */
#include "report_text.h"
#include "run_end.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static struct tp_error err;
static struct tp_report_options options;

static void drop(struct sample *s)
{
    sample_release(s);
    free(s);
}

static enum tp_status text_report(const struct tp_plan *plan, const struct tp_findings *findings,
    const char *path, struct tp_error *error)
{
    return tp_report_text(plan, findings, &options, path, error);
}

static enum tp_status json_report(const struct tp_plan *plan, const struct tp_findings *findings,
    const char *path, struct tp_error *error)
{
    return tp_report_json(plan, findings, &options, path, error);
}

/* The report of runs that ended so, which it releases. Caller frees. */
static char *report_runs(struct sample *s, json_t *const *ends, int count, sample_writer report)
{
    struct tp_measured runs[TP_RUNS_MAX] = {0};
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "run%d.json", i);
        put_run(name, ends[i]);
        ck_ok(tp_measured_load(in_scratch(name), &s->plan, PLAN_SHA256, &runs[i], &err), err);
    }
    options = (struct tp_report_options){.measured = runs, .measured_count = count};
    char *text = sample_report(&s->plan, report);
    for (int i = 0; i < count; i++)
        tp_measured_release(&runs[i]);
    for (const char *p = text; report == text_report && *p; p += strcspn(p, "\n"), p += *p == '\n')
        ck_assert_msg(strcspn(p, "\n") <= 100, "%.*s", (int)strcspn(p, "\n"), p);
    return text;
}

/* From the section on, without what follows it. */
static char *section_of(char *text)
{
    char *section = strstr(text, "\nRUNS"), *next = strstr(text, "\nNEXT");
    ck_assert_ptr_nonnull(section);
    *next = '\0';
    return section;
}

/* A run that is twice as fast and a bit better than the others. */
static json_t *good_end(const struct sample *s, int mode)
{
    json_t *end = end_of(s, mode);
    replace(end, "step_seconds", "0.012");
    replace(end, "samples_per_s", "341333");
    replace(end, "loss", "0.5");
    replace(end, "held_out/logloss", "0.49");
    replace(end, "held_out/normalised_entropy", "0.865");
    replace(end, "held_out/auc", "0.76");
    return end;
}

/* Phase p of mode m took twice (m + 1)(p + 1) us. Across the cluster the exchanges of flat, p = 0,
 * 5, 10, 15, move 1 + 6 + 11 + 16 = 34 MB; those of dmt, with p = 3 and 12, 3 * (34 + 4 + 13) MB. */
START_TEST(runs_stand_side_by_side)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *flat = end_of(s, TP_MODE_FLAT);
    replace(flat, "samples_per_s", "170667");
    char *text = report_runs(s, (json_t *[]){flat, good_end(s, TP_MODE_DMT)}, 2, text_report);
    has(text, "Measured flat: 24.0 ms per step; it takes 1.20 times as long as predicted");
    has(text, " dmt: 12.0 ms per step; it takes 1.20 times as long as predicted (10.0 ms)");
    has_not(text, "Warning");
    has_not(text, "MEASURED");
    const char *section = section_of(text);
    has(section, "row\n flat dmt\n steps 3 to 202 3 to 202\n samples/s 170667 341333*\n");
    has(section, "times those of the first 1.00x 2.00x\n");
    has(section, "one step 24.0 ms 12.0 ms*\n");
    has(section, "one step, predicted 20.0 ms 10.0 ms\n");
    has(section, "lookup 4.00 us 12.0 us\n");
    has(section, "tower_exchange - 24.0 us\n");
    has(section, "tower_module - 30.0 us\n");
    has(section, "bytes across cluster 34.0 MB* 153 MB\n");
    has(section, "loss of the last step 0.437500 0.500000\n");
    has(section, "held-out samples 1000 1000\n");
    has(section, "log loss 0.500000 0.490000*\n");
    has(section, "normalised entropy 0.875000 0.865000*\n");
    has(section, "AUC 0.750000 0.760000*\n");
    has(section, "Fastest: dmt. flat takes 2.00 times as long as dmt.\n");
    has(section, "dmt beside flat: log loss -0.01, normalised entropy -0.01, AUC +0.01. They "
                 "compute different functions");
    free(text);
    drop(s);
}
END_TEST

/* The plan has 20 ms for flat and 16 for sptt; both took 24. */
START_TEST(flat_and_sptt_are_equal_to_the_last_digit)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), end_of(s, TP_MODE_SPTT)};
    char *text = report_runs(s, ends, 2, text_report);
    has_not(text, "Warning");
    const char *section = section_of(text);
    has(section, "sptt and flat are equally good to the last digit: the same function from the");
    has(section, "Fastest: flat. sptt is as fast as flat. The plan predicts otherwise: sptt is "
                 "1.25 times as fast as flat.\n");
    has(section, "one step 24.0 ms 24.0 ms\n");
    has(section, "AUC 0.750000 0.750000\n");
    free(text);
    drop(s);
}
END_TEST

/* The next double after what flat has is enough. */
static const struct {
    const char *path, *value, *shown;
} digits[] = {
    {"loss", "0.43750000000000006", "(loss of the last step +5.6e-17)"},
    {"loss", "null", "(loss of the last step"},
    {"held_out/logloss", "0.50000000000000011", "(log loss +1.1e-16)"},
    {"held_out/normalised_entropy", "0.87500000000000011", "(normalised entropy +1.1e-16)"},
    {"held_out/auc", "0.74999999999999989", "(AUC -1.1e-16)"},
    {"held_out/auc", "null", "("},
};

START_TEST(flat_and_sptt_that_differ_are_warned_of)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *sptt = end_of(s, TP_MODE_SPTT);
    char line[128];
    replace(sptt, digits[_i].path, digits[_i].value);
    char *text = report_runs(s, (json_t *[]){end_of(s, TP_MODE_FLAT), sptt}, 2, text_report);
    snprintf(line, sizeof line, "Warning sptt AND flat DIFFER IN QUALITY %s", digits[_i].shown);
    has(text, line);
    ck_assert(find(text, "Warning sptt AND flat") < strstr(text, "\nTOWERS"));
    memcpy(line, "WARNING", 7);
    has(section_of(text), line);
    has_not(text, "equally good");
    free(text);
    drop(s);
}
END_TEST

/* A dmt without modules is sptt. */
START_TEST(dmt_without_modules_must_be_as_good_as_flat)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->model.tower_module.kind = TP_MODULE_NONE;
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), good_end(s, TP_MODE_DMT)};
    char *text = report_runs(s, ends, 2, text_report);
    has(text, "Warning dmt AND flat DIFFER IN QUALITY (log loss -0.01, normalised entropy -0.01, "
              "AUC +0.01)");
    free(text);
    drop(s);
}
END_TEST

/* Each mode rounds the sums at other places. */
START_TEST(row_shards_in_bfloat16_may_differ)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.tables[2].place.sharding = TP_SHARD_ROW;
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), good_end(s, TP_MODE_SPTT)};
    for (int i = 0; i < 2; i++)
        json_incref(ends[i]);
    char *text = report_runs(s, ends, 2, text_report);
    has(text, "Warning sptt AND flat DIFFER");
    free(text);
    s->model.forward = TP_BFLOAT16;
    text = report_runs(s, ends, 2, text_report);
    has_not(text, "Warning");
    has(section_of(text), "sptt beside flat: log loss -0.01, normalised entropy -0.01, AUC +0.01. "
                          "The same function but for "
                          "rounding: sums of row shards are sent in bfloat16.\n");
    free(text);
    drop(s);
}
END_TEST

/* flat twice, with two seeds, and sptt with one of them: nothing is wrong. */
START_TEST(another_seed_is_no_warning)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {good_end(s, TP_MODE_FLAT), end_of(s, TP_MODE_SPTT), end_of(s, TP_MODE_FLAT)};
    replace(ends[0], "seed", "9223372036854775807");
    char *text = report_runs(s, ends, 3, text_report);
    has_not(text, "Warning");
    const char *section = section_of(text);
    has(section, "row\n flat 1 sptt flat 2\n file run0.json run1.json run2.json\n seed "
                 "922337203...5807 7 7\n steps");
    has(section, "sptt beside flat 1: log loss +0.01, normalised entropy +0.01, AUC -0.01. The "
                 "same function, but they had other seeds.\n");
    has(section, "flat 2 and sptt are equally good to the last digit: the same function from the "
                 "same seed.\n");
    free(text);
    drop(s);
}
END_TEST

/* Two flats with two seeds; sptt has the seed of the second, but the quality of none. */
START_TEST(a_run_is_held_against_one_from_its_seed)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), end_of(s, TP_MODE_FLAT), end_of(s, TP_MODE_SPTT)};
    replace(ends[0], "seed", "8");
    replace(ends[0], "held_out/auc", "0.7");
    replace(ends[2], "held_out/auc", "0.625");
    char *text = report_runs(s, ends, 3, text_report);
    has(text, "Warning sptt AND flat 2 DIFFER IN QUALITY (AUC -0.12), though they compute the same "
              "function from the same seed. Unless they had other data or options, one of them "
              "computes something wrong.");
    has_not(text, "flat 1 DIFFER");
    has(section_of(text), "flat 2 beside flat 1: AUC +0.05. The same function, but they had other");
    free(text);
    drop(s);
}
END_TEST

/* None of them is wrong, nor is it the row shards in bfloat16 that explain it. */
START_TEST(runs_from_other_seeds_may_differ)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), good_end(s, TP_MODE_SPTT), end_of(s, TP_MODE_DMT)};
    s->plan.tables[2].place.sharding = _i ? TP_SHARD_ROW : TP_SHARD_TABLE;
    s->model.forward = _i ? TP_BFLOAT16 : TP_FLOAT32;
    replace(ends[1], "seed", "8");
    replace(ends[2], "seed", "9");
    char *text = report_runs(s, ends, 3, text_report);
    has_not(text, "Warning");
    const char *section = section_of(text);
    has(section, "AUC +0.01. The same function, but they had other seeds.\n");
    has(section, "They compute different functions from other seeds, and this is one run of each");
    has_not(section, "rounding");
    free(text);
    drop(s);
}
END_TEST

static const struct {
    const char *path, *value;
} unlike[] = {{"batch", "2048"}, {"last_step", "201"}, {"skipped", "0"},
    {"held_out/samples", "999"}, {"held_out/clicks", "249"}, {"held_out", "null"},
    {"plan/sha256", "\"0123\""}};

START_TEST(quality_of_other_work_is_not_compared)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *sptt = good_end(s, TP_MODE_SPTT);
    replace(sptt, unlike[_i].path, unlike[_i].value);
    char *text = report_runs(s, (json_t *[]){end_of(s, TP_MODE_FLAT), sptt}, 2, text_report);
    has_not(text, "DIFFER IN QUALITY");
    char *section = section_of(text);
    has(section, "sptt and flat: quality cannot be compared, since");
    ck_assert_ptr_null(strchr(strstr(section, "loss of the last"), '*'));
    free(text);
    drop(s);
}
END_TEST

/* flat from step 1, sptt from a checkpoint on: both end as good, or one is wrong. */
START_TEST(a_resumed_run_must_be_as_good)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), end_of(s, TP_MODE_SPTT)};
    replace(ends[0], "first_step", "1");
    for (int i = 0; i < 2; i++)
        json_incref(ends[i]);
    char *text = report_runs(s, ends, 2, text_report);
    char *section = section_of(text);
    has(section, "steps 1 to 202 3 to 202\n");
    has(section, "sptt and flat are equally good to the last digit");
    free(text);
    replace(ends[1], "held_out/auc", "0.5");
    text = report_runs(s, ends, 2, text_report);
    has(text, "Warning sptt AND flat DIFFER IN QUALITY (AUC -0.25)");
    free(text);
    drop(s);
}
END_TEST

/* Resumed behind its last step, a run has no loss, but the quality of the other. */
START_TEST(a_run_resumed_at_its_end_is_compared_by_what_was_held_out)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), end_of(s, TP_MODE_SPTT)};
    replace(ends[1], "first_step", "203");
    replace(ends[1], "step_seconds", "null");
    replace(ends[1], "samples_per_s", "null");
    replace(ends[1], "loss", "null");
    char *text = report_runs(s, ends, 2, text_report);
    has_not(text, "DIFFER IN QUALITY");
    has(section_of(text), "sptt and flat are equally good to the last digit");
    free(text);
    drop(s);
}
END_TEST

/* Bytes across of flat: 34 MB; a thousandth less prints alike, a tenth does not. */
START_TEST(what_prints_alike_is_not_marked_apart)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[3];
    for (int i = 0; i < 3; i++) {
        ends[i] = end_of(s, TP_MODE_FLAT);
        replace(ends[i], "samples_per_s", i ? "1000.25" : "1000");
    }
    replace(ends[1], "phases/ids_alltoall/bytes/cluster", "999000");
    replace(ends[2], "phases/dense_allreduce/bytes/cluster", "19400000");
    for (int i = 0; i < 3; i++)
        json_incref(ends[i]);
    char *text = report_runs(s, ends, 2, text_report);
    has(section_of(text), "bytes across cluster 34.0 MB 34.0 MB\n");
    free(text);
    text = report_runs(s, ends, 3, text_report);
    const char *section = section_of(text);
    has(section, "bytes across cluster 34.0 MB* 34.0 MB* 37.4 MB\n");
    has(section, "samples/s 1000 1000 1000\n");
    free(text);
    json_decref(ends[2]);
    drop(s);
}
END_TEST

/* 24 ms are as predicted for flat, 6 times as long as for dmt. */
START_TEST(a_topology_of_another_machine_is_told_once)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), end_of(s, TP_MODE_DMT), end_of(s, TP_MODE_DMT)};
    for (int i = 0; i < 3; i++)
        json_incref(ends[i]);
    char *text = report_runs(s, ends, 3, text_report);
    has_not(text, "The rates in the topology");
    free(text);
    s->plan.cost.modes[TP_MODE_DMT].seconds = 0.004;
    text = report_runs(s, ends, 3, text_report);
    const char *first = find(section_of(text), "\n rates The rates in the topology");
    ck_assert_ptr_nonnull(first);
    has_not(first + 20, "The rates in the topology");
    free(text);
    drop(s);
}
END_TEST

/* They may be two other versions, with other shards. */
START_TEST(quality_of_other_versions_of_the_plan_is_not_compared)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), good_end(s, TP_MODE_SPTT)};
    for (int i = 0; i < 2; i++)
        replace(ends[i], "plan/sha256", "\"0123\"");
    char *text = report_runs(s, ends, 2, text_report);
    has(text, "Warning the run flat is of another version of this plan (its SHA-256 differs)");
    has(text, "Warning the run sptt is of another version of this plan");
    has_not(text, "DIFFER IN QUALITY");
    has(text, "sptt and flat: quality cannot be compared");
    free(text);
    drop(s);
}
END_TEST

/* Then a step is not the same work, but a sample is. */
START_TEST(runs_of_other_batches_are_compared_by_sample)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *dmt = good_end(s, TP_MODE_DMT);
    replace(dmt, "batch", "512");
    replace(dmt, "samples_per_s", "85333.25");
    char *text = report_runs(s, (json_t *[]){end_of(s, TP_MODE_FLAT), dmt}, 2, text_report);
    has(text, "Warning the run dmt had 512 samples per step, the plan predicts for 4096.");
    has_not(text, "Warning the run flat");
    const char *section = section_of(text);
    has(section, "samples per step 4096 512\n");
    has(section, "one step 24.0 ms 12.0 ms\n");
    has(section, "bytes across cluster 34.0 MB 153 MB\n");
    has(section,
        "Fastest: flat. dmt takes 2.00 times as long as flat. The plan predicts otherwise");
    free(text);
    drop(s);
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[3];
    for (int i = 0; i < 3; i++) {
        ends[i] = end_of(s, i);
        replace(ends[i], "held_out", "null");
        replace(ends[i], "step_seconds", i ? "null" : "0.024");
        replace(ends[i], "samples_per_s", i ? "null" : "170667");
        replace(ends[i], "loss", i ? "null" : "0.5");
        replace(ends[i], "last_step", i ? "2" : "202");
    }
    char *text = report_runs(s, ends, 3, text_report);
    has(text, " sptt: nothing, the run made no step.");
    const char *section = section_of(text);
    has(section, "steps 3 to 202 - -\n samples/s 170667 - -\n");
    has(section, "loss of the last step 0.500000 - -\n");
    has_not(section, "held-out");
    has_not(section, "Fastest");
    has_not(section, "nan");
    free(text);
    drop(s);
}
END_TEST

START_TEST(a_plan_without_costs_predicts_no_order)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), end_of(s, TP_MODE_SPTT)};
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        s->plan.cost.modes[mode].seconds = 0;
    char *text = report_runs(s, ends, 2, text_report);
    const char *section = section_of(text);
    has(section, "one step, predicted - -\n");
    has(section, "Fastest: flat. sptt is as fast as flat.\n");
    free(text);
    drop(s);
}
END_TEST

START_TEST(four_runs_of_absurd_figures_fit)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *ends[4];
    for (int i = 0; i < 4; i++) {
        ends[i] = end_of(s, TP_MODE_DMT);
        replace(ends[i], "phases/ids_alltoall/bytes/cluster", "1e300");
        replace(ends[i], "phases/lookup/seconds/max", "1e300");
        replace(ends[i], "samples_per_s", i ? "1e300" : "1e-300");
        replace(ends[i], "loss", i ? "1e300" : "0");
        replace(ends[i], "held_out/logloss", i ? "1e300" : "0");
        replace(ends[i], "last_step", "9223372036854775807");
    }
    char *text = report_runs(s, ends, 4, text_report);
    const char *section = section_of(text);
    has(section, "row\n dmt 1 dmt 2 dmt 3 dmt 4\n file run0.json");
    has(section, "samples/s 0 1e+300* 1e+300* 1e+300*\n times those of the first 1.00x - - -\n");
    free(text);
    drop(s);
}
END_TEST

START_TEST(the_json_lists_runs_in_the_order_given)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *one = end_of(s, TP_MODE_SPTT), *ends[] = {good_end(s, TP_MODE_DMT), json_incref(one)};
    char *text = report_runs(s, ends, 2, json_report),
         *alone = report_runs(s, &one, 1, json_report);
    json_t *several = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *single = json_loads(alone, JSON_REJECT_DUPLICATES, NULL);
    json_t *runs = json_object_get(several, "runs"),
           *measured = json_object_get(single, "measured");
    ck_assert_uint_eq(json_array_size(runs), 2);
    ck_assert_ptr_null(json_object_get(several, "measured"));
    ck_assert_ptr_null(json_object_get(single, "runs"));
    json_t *dmt = json_array_get(runs, 0), *sptt = json_array_get(runs, 1);
    ck_assert_str_eq(json_string_value(json_object_get(dmt, "mode")), "dmt");
    ck_assert_str_eq(json_string_value(json_object_get(sptt, "file")), "run1.json");
    json_object_set_new(sptt, "file", json_string("run0.json"));
    ck_assert(json_equal(sptt, measured));
    json_decref(several);
    json_decref(single);
    free(text);
    free(alone);
    drop(s);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("report_runs");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, runs_stand_side_by_side);
    tcase_add_test(tcase, flat_and_sptt_are_equal_to_the_last_digit);
    tcase_add_loop_test(tcase, flat_and_sptt_that_differ_are_warned_of, 0, COUNT(digits));
    tcase_add_test(tcase, dmt_without_modules_must_be_as_good_as_flat);
    tcase_add_test(tcase, row_shards_in_bfloat16_may_differ);
    tcase_add_test(tcase, another_seed_is_no_warning);
    tcase_add_test(tcase, a_run_is_held_against_one_from_its_seed);
    tcase_add_loop_test(tcase, runs_from_other_seeds_may_differ, 0, 2);
    tcase_add_loop_test(tcase, quality_of_other_work_is_not_compared, 0, COUNT(unlike));
    tcase_add_test(tcase, a_resumed_run_must_be_as_good);
    tcase_add_test(tcase, a_run_resumed_at_its_end_is_compared_by_what_was_held_out);
    tcase_add_test(tcase, a_topology_of_another_machine_is_told_once);
    tcase_add_test(tcase, what_prints_alike_is_not_marked_apart);
    tcase_add_test(tcase, quality_of_other_versions_of_the_plan_is_not_compared);
    tcase_add_test(tcase, runs_of_other_batches_are_compared_by_sample);
    tcase_add_test(tcase, what_is_not_known_is_left_out);
    tcase_add_test(tcase, a_plan_without_costs_predicts_no_order);
    tcase_add_test(tcase, four_runs_of_absurd_figures_fit);
    tcase_add_test(tcase, the_json_lists_runs_in_the_order_given);
    return run_suite("report runs", tcase);
}
