/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says of itself: JSON that holds every figure, and a table that fits a terminal. */
#include "train/result.h"

#include "report_text.h"
#include "scratch.h"

#include <jansson.h>

#include <ctype.h>

#define RANKS_MAX 64

/* A run of a sample plan. Phase p: (p + 1), (p + 1.5) and (p + 2) ms; 100 p bytes inside the host,
 * p MB and a half byte across. Rank g: g ids, 10 g id bytes, g MB looked up. */
struct sample_run {
    struct tp_run_result result;
    struct tp_rank_result ranks[RANKS_MAX];
};

static void run_make(struct sample_run *run, enum tp_mode mode)
{
    *run = (struct sample_run){.result = {.mode = mode,
                                   .first_step = 11,
                                   .last_step = 210,
                                   .batch = 4096,
                                   .seed = INT64_MAX,
                                   .seconds = 3.5,
                                   .step_seconds = 0.0175,
                                   .samples_per_s = 234057.25,
                                   .loss = 0.1 + 0.2,
                                   .held_out = {1000, 250, 0.5, 0.8892, 0.75},
                                   .skipped = 3,
                                   .hashed_tables = 2}};
    run->result.ranks = run->ranks;
    for (int g = 0; g < RANKS_MAX; g++)
        run->ranks[g] = (struct tp_rank_result){g, 10.0 * g, 1e6 * g};
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        run->result.phases[p] = (struct tp_phase_result){sample_has_phase((int)mode, p),
            {(p + 1) * 1e-3, (p + 1.5) * 1e-3, (p + 2) * 1e-3}, {100.0 * p, 1e6 * p + 0.5}};
}

static void drop(struct sample *s)
{
    sample_release(s);
    free(s);
}

/* The JSON of a run of a sample. Caller frees. */
static char *json_of(const struct sample *s, const struct tp_run_result *run)
{
    struct tp_text text = {0};
    tp_run_json(&s->plan, "plan.yaml", "0123abcd", run, &text);
    ck_assert(!text.failed);
    return text.data;
}

static char *table_of(const struct sample *s, const struct tp_run_result *run)
{
    struct tp_text text = {0};
    tp_run_table(&s->plan, run, &text);
    ck_assert(!text.failed);
    return text.data;
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(root != NULL, "column %d: %s: %s", error.column, error.text, text);
    return root;
}

START_TEST(a_step_is_one_line)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_step_result step = {.step = 7, .loss = 0.1 + 0.2, .samples_per_s = 1.5e9};
    struct tp_text text = {0};
    step.phases[TP_PHASE_LOOKUP] =
        (struct tp_phase_result){true, {0.25, 1, 1.0 / 3}, {1, 2}}; /* bytes are not told */
    step.phases[TP_PHASE_IDS_ALLTOALL] = (struct tp_phase_result){true, {0, 1e-7, 2e-7}, {1, 2}};
    tp_step_json(&s->plan, &step, &text);
    ck_assert_str_eq(text.data,
        "{\"step\": 7, \"loss\": 0.30000000000000004, \"samples_per_s\": 1500000000, \"phases\": "
        "{\"ids_alltoall\": {\"min\": 0, \"median\": 1.0e-07, \"max\": 2.0e-07}, "
        "\"lookup\": {\"min\": 0.25, \"median\": 1, \"max\": 0.3333333333333333}}}\n");
    tp_text_release(&text);
    drop(s);
}
END_TEST

START_TEST(the_end_is_one_line)
{
    struct sample *s = sample_make(2, 1, 5, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_FLAT);
    for (int p = TP_PHASE_LOOKUP + 1; p < TP_PHASE_COUNT; p++)
        run.result.phases[p].present = false;
    char *text = json_of(s, &run.result);
    ck_assert_str_eq(text,
        "{\"final\": true, \"plan\": {\"file\": \"plan.yaml\", \"sha256\": \"0123abcd\"}, "
        "\"mode\": \"flat\", \"ranks\": 2, \"hosts\": 2, \"batch\": 4096, \"seed\": "
        "9223372036854775807, \"first_step\": 11, \"last_step\": 210, \"seconds\": 3.5, "
        "\"step_seconds\": 0.0175, \"samples_per_s\": "
        "234057.25, \"loss\": 0.30000000000000004, \"skipped\": 3, \"hashed_tables\": 2, "
        "\"held_out\": "
        "{\"samples\": 1000, \"clicks\": 250, \"logloss\": 0.5, \"normalised_entropy\": 0.8892, "
        "\"auc\": 0.75}, \"phases\": {"
        "\"ids_alltoall\": {\"seconds\": {\"min\": 0.001, \"median\": 0.0015, \"max\": 0.002}, "
        "\"bytes\": {\"host\": 0, \"cluster\": 0.5}}, "
        "\"lookup\": {\"seconds\": {\"min\": 0.002, \"median\": 0.0025, \"max\": 0.003}}}, "
        "\"rank_loads\": [{\"rank\": 0, \"ids\": 0, \"id_bytes\": 0, \"lookup_bytes\": 0}, "
        "{\"rank\": 1, \"ids\": 1, \"id_bytes\": 10, \"lookup_bytes\": 1000000}]}\n");
    free(text);
    drop(s);
}
END_TEST

/* Phases of each mode, by name and in the order of execution; bytes for those that the cost model
 * has bytes of. */
START_TEST(it_has_the_phases_of_the_mode)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct sample_run run;
    run_make(&run, (enum tp_mode)_i);
    char *text = json_of(s, &run.result);
    json_t *root = parse(text), *phases = json_object_get(root, "phases"), *phase;
    const char *name;
    int p = 0;
    json_object_foreach(phases, name, phase)
    {
        while (!sample_has_phase(_i, p))
            p++;
        ck_assert_str_eq(name, tp_phase_name((enum tp_phase)p));
        json_t *bytes = json_object_get(phase, "bytes");
        ck_assert_int_eq(bytes != NULL, s->plan.cost.modes[_i].phases[p].moves);
        if (bytes)
            ck_assert_double_eq(
                json_number_value(json_object_get(bytes, "cluster")), 1e6 * p + 0.5);
        p++;
    }
    ck_assert_int_eq(p, TP_PHASE_COUNT);
    json_decref(root);
    free(text);
    drop(s);
}
END_TEST

START_TEST(reals_read_back_as_the_same_double)
{
    static const double values[] = {0.1, 1.0 / 3, 1e300, 5e-324, 0x1p53, 0x1p53 - 1, 0x1p63, -0.0,
        -1.5e-7, 123456789.125, 0x1.fffffffffffffp1023};
    struct sample *s = sample_make(1, 1, 2, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_FLAT);
    run.result.loss = values[_i];
    char *text = json_of(s, &run.result);
    double read = strtod(strstr(text, "\"loss\": ") + 8, NULL);
    ck_assert(memcmp(&read, &values[_i], sizeof read) == 0);
    json_decref(parse(text));
    free(text);
    drop(s);
}
END_TEST

START_TEST(what_does_not_exist_is_null)
{
    struct sample *s = sample_make(1, 2, 2, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_FLAT);
    run.result.loss = run.result.step_seconds = NAN;
    run.result.samples_per_s = INFINITY;
    run.result.held_out = (struct tp_metrics){10, 10, 0.25, NAN, NAN};
    struct tp_text text = {0};
    tp_run_json(&s->plan, NULL, NULL, &run.result, &text);
    json_t *root = parse(text.data), *held_out = json_object_get(root, "held_out");
    ck_assert(json_is_null(json_object_get(root, "loss")));
    ck_assert(json_is_null(json_object_get(root, "step_seconds")));
    ck_assert(json_is_null(json_object_get(root, "samples_per_s")));
    ck_assert(json_is_null(json_object_get(held_out, "auc")));
    ck_assert(json_is_null(json_object_get(held_out, "normalised_entropy")));
    ck_assert(json_is_null(json_object_get(json_object_get(root, "plan"), "file")));
    json_decref(root);
    run.result.held_out.samples = 0;
    text.length = 0;
    tp_run_json(&s->plan, NULL, NULL, &run.result, &text);
    root = parse(text.data);
    ck_assert(json_is_null(json_object_get(root, "held_out")));
    json_decref(root);
    tp_text_release(&text);
    drop(s);
}
END_TEST

START_TEST(names_are_quoted)
{
    static const char *const names[][2] = {{"a \"b\" \\c", "a \"b\" \\c"},
        {"caf\xc3\xa9", "caf\xc3\xa9"}, {"\x1b[1m\n", "?[1m?"}, {"\xff", "?"}, {"", ""}};
    struct sample *s = sample_make(1, 1, 2, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_FLAT);
    struct tp_text text = {0};
    tp_run_json(&s->plan, names[_i][0], "", &run.result, &text);
    json_t *root = parse(text.data);
    json_t *file = json_object_get(json_object_get(root, "plan"), "file");
    ck_assert_str_eq(json_string_value(file), names[_i][1]);
    json_decref(root);
    tp_text_release(&text);
    drop(s);
}
END_TEST

/* The report reads what the trainer writes, to the last bit. */
START_TEST(it_reads_back_the_same)
{
    struct sample *s = sample_make(8, 8, 5, sample_name);
    struct tp_measured read = {0};
    struct tp_error err = {0};
    struct sample_run run;
    run_make(&run, (enum tp_mode)_i);
    run.ranks[5].ids = 1.0 / 3;
    char *text = json_of(s, &run.result);
    put_text("run.json", text);
    ck_ok(tp_measured_load(in_scratch("run.json"), &s->plan, "0123abcd", &read, &err), err);
    ck_assert_int_eq(read.same_plan, TP_SAME_PLAN);
    struct tp_text again = {0};
    tp_run_json(&s->plan, "plan.yaml", "0123abcd", &read.run, &again);
    ck_assert_str_eq(again.data, text);
    tp_text_release(&again);
    tp_measured_release(&read);
    free(text);
    drop(s);
}
END_TEST

static void ck_fits(const char *text)
{
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        size_t length = strcspn(p, "\n");
        ck_assert_msg(length <= 100, "%zu columns: %.*s", length, (int)length, p);
        ck_assert_msg(!length || p[length - 1] != ' ', "blank at the end: %.*s", (int)length, p);
    }
    for (const char *p = text; *p; p++)
        ck_assert(*p == '\n' || isprint((unsigned char)*p));
}

START_TEST(the_table_tells_the_outcome)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_SPTT);
    char *text = table_of(s, &run.result);
    ck_fits(text);
    has(text, "RUN sptt on 4 ranks, 2 hosts; 4096 samples per step");
    has(text, "steps 11 to 210 in 3.50 s; loss of the last: 0.3");
    has(text, "speed 234057 samples/s: a step in 17.5 ms");
    has(text, "held out 1000 samples, 250 clicks: log loss 0.500000, normalised entropy 0.889200, "
              "AUC 0.750000");
    has(text, "skipped 3 bad lines");
    has(text, "hashed 2 tables with fewer rows than ids that occur: ids share rows");
    free(text);
    drop(s);
}
END_TEST

/* The last phase is the slowest: 17 of 17.5 ms; 15 MB cross hosts. */
START_TEST(the_table_has_the_phases)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_DMT);
    char *text = table_of(s, &run.result);
    ck_fits(text);
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        has(text, tp_phase_name((enum tp_phase)p));
    has(text, "dense_allreduce 17.0 ms* |##########| 97.1 % 16.0 ms 1.50 kB 15.0 MB\n");
    has(text, "bottom_mlp 8.00 ms |##### | 45.7 % 7.00 ms\n");
    ck_assert_ptr_eq(strchr(text, '*'), strrchr(text, '*'));
    free(text);
    run_make(&run, TP_MODE_FLAT);
    text = table_of(s, &run.result);
    has_not(text, "tower_exchange");
    free(text);
    drop(s);
}
END_TEST

/* 16 phases of dmt take 2 to 17 ms, 152 together. Of a step of 200 ms 48 are left; of 153.6 a bit more
 * than 1 %; of 153.5 a bit less; of 100 nothing. */
static const struct {
    double step;
    const char *shown;
} others[] = {{0.2, "\n other 48.0 ms |##########| 24.0 %\n"},
    {0.1536, "\n other 1.60 ms |# | 1.0 %\n"}, {0.1535, NULL}, {0.1, NULL}};

START_TEST(what_is_in_no_phase_is_other)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_DMT);
    run.result.step_seconds = others[_i].step;
    char *text = table_of(s, &run.result);
    ck_fits(text);
    if (others[_i].shown)
        has(text, others[_i].shown);
    else
        has_not(text, "\n other");
    has(text, "Shares need not add up to 100 %: each phase has its own slowest rank");
    free(text);
    drop(s);
}
END_TEST

START_TEST(few_ranks_are_listed_in_their_order)
{
    struct sample *s = sample_make(1, 17, 5, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_FLAT);
    char *text = table_of(s, &run.result);
    ck_fits(text);
    has(text, " 0 0 B |");
    has(text, " 16 16.0 MB |########################| 16 160 B\n");
    has_not(text, "more ranks");
    ck_assert(find(text, " 0 0 B |") < find(text, " 16 16.0 MB |"));
    free(text);
    drop(s);
}
END_TEST

/* 64 ranks: 63 to 48 are listed, 47 to 0 counted. */
START_TEST(of_many_ranks_the_busiest_are_listed)
{
    struct sample *s = sample_make(8, 8, 9, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_FLAT);
    char *text = table_of(s, &run.result);
    ck_fits(text);
    has(text, "the 16 busiest of 64");
    has(text, " 63 63.0 MB |");
    has(text, " 48 48.0 MB |");
    has_not(text, " 47 47.0 MB |");
    has(text, "... 48 more ranks: lookup 0 B to 47.0 MB\n");
    ck_assert(find(text, " 63 63.0 MB |") < find(text, " 48 48.0 MB |"));
    free(text);
    drop(s);
}
END_TEST

START_TEST(a_run_without_steps_has_no_phases)
{
    struct sample *s = sample_make(1, 2, 5, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_FLAT);
    run.result.first_step = 1;
    run.result.last_step = 0;
    run.result.step_seconds = run.result.samples_per_s = run.result.loss = NAN;
    run.result.held_out = (struct tp_metrics){4, 4, 0.25, NAN, NAN};
    char *text = table_of(s, &run.result);
    ck_fits(text);
    has(text, "steps none");
    has(text, "held out 4 samples, all alike: log loss 0.250000");
    has_not(text, "nan");
    has_not(text, "PHASES");
    free(text);
    drop(s);
}
END_TEST

START_TEST(absurd_figures_and_names_fit_the_table)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct sample_run run;
    run_make(&run, TP_MODE_DMT);
    s->topology.levels[0].name = sample_text(s, "\x1b[31ma level with a very long name\xff");
    s->topology.level_count = TP_LEVELS_MAX;
    for (int level = 2; level < TP_LEVELS_MAX; level++)
        s->topology.levels[level].name = s->topology.levels[0].name;
    run.result.seconds = run.result.samples_per_s = run.result.loss = 1e300;
    run.result.last_step = INT64_MAX;
    run.result.held_out = (struct tp_metrics){INT64_MAX, INT64_MAX, 1e300, 1e300, 1e300};
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        run.result.phases[p].seconds.max = run.result.phases[p].bytes[7] = 1e300;
    run.ranks[0] = (struct tp_rank_result){1e300, 1e300, 1e300};
    char *text = table_of(s, &run.result);
    ck_fits(text);
    free(text);
    drop(s);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("result");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_test(tcase, a_step_is_one_line);
    tcase_add_test(tcase, the_end_is_one_line);
    tcase_add_loop_test(tcase, it_has_the_phases_of_the_mode, 0, TP_MODE_COUNT);
    tcase_add_loop_test(tcase, reals_read_back_as_the_same_double, 0, 11);
    tcase_add_test(tcase, what_does_not_exist_is_null);
    tcase_add_loop_test(tcase, names_are_quoted, 0, 5);
    tcase_add_loop_test(tcase, it_reads_back_the_same, 0, TP_MODE_COUNT);
    tcase_add_test(tcase, the_table_tells_the_outcome);
    tcase_add_test(tcase, the_table_has_the_phases);
    tcase_add_loop_test(tcase, what_is_in_no_phase_is_other, 0, 4);
    tcase_add_test(tcase, few_ranks_are_listed_in_their_order);
    tcase_add_test(tcase, of_many_ranks_the_busiest_are_listed);
    tcase_add_test(tcase, a_run_without_steps_has_no_phases);
    tcase_add_test(tcase, absurd_figures_and_names_fit_the_table);
    return run_suite("result", tcase);
}
