/* SPDX-License-Identifier: Apache-2.0 */
/* A run beside its plan: what is read of it, what is refused, and what the reports show. */
#include "report_text.h"
#include "run_end.h"
#include "scratch.h"

#include "base/text.h"

#include <jansson.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static struct tp_error err;

static void drop(struct sample *s)
{
    sample_release(s);
    free(s);
}

static enum tp_status load(const struct sample *s, struct tp_measured *measured)
{
    return tp_measured_load(in_scratch("run.json"), &s->plan, PLAN_SHA256, measured, &err);
}

START_TEST(the_end_of_a_run_is_read)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_measured m = {0};
    put_run("run.json", end_of(s, _i));
    ck_ok(load(s, &m), err);
    const struct tp_run_result *run = &m.run;
    ck_assert_str_eq(m.file, "run.json");
    ck_assert_int_eq(m.same_plan, TP_SAME_PLAN);
    ck_assert_int_eq(run->mode, _i);
    ck_assert(run->batch == 4096 && run->first_step == 3 && run->last_step == 202);
    ck_assert_int_eq(run->skipped, 9);
    ck_assert_uint_eq(run->seed, 7);
    ck_assert_double_eq(run->seconds, 5.25);
    ck_assert_double_eq(run->step_seconds, 0.024);
    ck_assert_double_eq(run->samples_per_s, 170666.5);
    ck_assert_double_eq(run->loss, 0.4375);
    ck_assert(run->held_out.samples == 1000 && run->held_out.clicks == 250);
    ck_assert_double_eq(run->held_out.logloss, 0.5);
    ck_assert_double_eq(run->held_out.normalised_entropy, 0.875);
    ck_assert_double_eq(run->held_out.auc, 0.75);
    for (int p = 0; p < TP_PHASE_COUNT; p++) {
        const struct tp_phase_cost *predicted = &s->plan.cost.modes[_i].phases[p];
        const struct tp_phase_result *phase = &run->phases[p];
        ck_assert_int_eq(phase->present, predicted->present);
        if (!phase->present)
            continue;
        ck_assert_double_eq(phase->seconds.min, 0.5 * predicted->seconds);
        ck_assert_double_eq(phase->seconds.median, 0.75 * predicted->seconds);
        ck_assert_double_eq(phase->seconds.max, 2 * predicted->seconds);
        ck_assert_int_eq(isnan(phase->bytes[0]), !predicted->moves);
        if (predicted->moves)
            ck_assert_double_eq(phase->bytes[1], (double)predicted->bytes[1]);
    }
    for (int r = 0; r < 4; r++) {
        ck_assert_double_eq(run->ranks[r].ids, 100.5 + r);
        ck_assert_double_eq(run->ranks[r].id_bytes, 4000 + 2 * r);
        ck_assert_double_eq(run->ranks[r].lookup_bytes, 5e6 * (r + 1));
    }
    tp_measured_release(&m);
    drop(s);
}
END_TEST

START_TEST(the_last_end_counts)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_measured m = {0};
    json_t *ends[] = {end_of(s, TP_MODE_FLAT), end_of(s, TP_MODE_DMT)};
    char *first = json_dumps(ends[0], 0), *last = json_dumps(ends[1], 0);
    struct tp_text text = {0};
    tp_text_add(&text, STEP "%s\n" STEP "%s  \r\n", first, last);
    put_text("run.json", text.data);
    ck_ok(load(s, &m), err);
    ck_assert_int_eq(m.run.mode, TP_MODE_DMT);
    tp_measured_release(&m);
    tp_text_release(&text);
    json_decref(ends[0]);
    json_decref(ends[1]);
    free(first);
    free(last);
    drop(s);
}
END_TEST

START_TEST(what_is_null_is_not_known)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_measured m = {0};
    json_t *end = end_of(s, TP_MODE_FLAT);
    json_object_set_new(end, "held_out", json_null());
    json_object_set_new(end, "loss", json_null());
    json_object_set_new(end, "step_seconds", json_null());
    json_object_set_new(end, "later", json_string("a key of a later version"));
    json_object_set_new(json_object_get(end, "plan"), "sha256", json_null());
    put_run("run.json", end);
    ck_ok(load(s, &m), err);
    ck_assert(isnan(m.run.loss) && isnan(m.run.step_seconds));
    ck_assert_int_eq(m.run.held_out.samples, 0);
    ck_assert_int_eq(m.same_plan, TP_SAME_PLAN_UNKNOWN);
    tp_measured_release(&m);
    drop(s);
}
END_TEST

START_TEST(a_run_of_another_version_of_the_plan_is_told)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_measured m = {0};
    put_run("run.json", end_of(s, TP_MODE_FLAT));
    const char *path = in_scratch("run.json");
    ck_ok(tp_measured_load(path, &s->plan, "0123", &m, &err), err);
    ck_assert_int_eq(m.same_plan, TP_OTHER_PLAN);
    tp_measured_release(&m);
    ck_ok(tp_measured_load(path, &s->plan, NULL, &m, &err), err);
    ck_assert_int_eq(m.same_plan, TP_SAME_PLAN_UNKNOWN);
    tp_measured_release(&m);
    drop(s);
}
END_TEST

static const struct {
    const char *text, *message;
} bad_files[] = {
    {"", "run.json: the run did not end: the file is empty"},
    {STEP STEP, "run.json: the run did not end: no line says \"final\": true"},
    {STEP "{\"final\": false}\n", "run.json: the run did not end: no line says \"final\": true"},
    {STEP "{\"final\": tr", "run.json: the run did not end: its last line is cut"},
    {STEP "[\"final\"]}", "run.json:2:10: found bad JSON"},
    {STEP "[\"final\", {}]\n{}\n", "run.json: the run did not end: its last line is cut"},
    {"towerpart_plan: 1\n", "run.json:1:9: found bad JSON"},
    {"{\n \"final\": true\n}\n", "run.json:1:1: found bad JSON"},
    {"{\"final\": true, \"final\": true}\n", "run.json:1:23: found bad JSON"},
    {"{\"final\": true}\n", "run.json:1: plan: found nothing, expected an object"},
};

START_TEST(a_file_that_is_no_whole_run_is_refused)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_measured m = {0};
    put_text("run.json", bad_files[_i].text);
    ck_assert_int_eq(load(s, &m), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){bad_files[_i].message, NULL});
    ck_assert_ptr_null(m.file);
    drop(s);
}
END_TEST

/* What else may stand in the place of a value; nothing: NULL. */
static const struct {
    const char *path, *value, *message;
} bad_ends[] = {
    {"plan", "7", "run.json:3: plan: found 7, expected an object"},
    {"plan/sha256", "7", "run.json:3: plan: sha256: found 7, expected a text in quotes"},
    {"plan/sha256", NULL, "plan: sha256: found nothing, expected a text in quotes"},
    {"mode", "\"fast\"", "mode: found 'fast', expected flat, sptt or dmt"},
    {"mode", NULL, "mode: found nothing"},
    {"ranks", "3", "run.json:3: ranks: found 3, expected 4, those of the plan"},
    {"ranks", "4.0", "ranks: found 4.0, expected an integer"},
    {"batch", "0", "batch: found 0, expected 1 to "},
    {"batch", NULL, "batch: found nothing"},
    {"seed", "-1", "seed: found -1, expected 0 to 9223372036854775807"},
    {"seed", "\"7\"", "seed: found '7' in quotes, expected an integer"},
    {"seed", NULL, "seed: found nothing"},
    {"first_step", "-1", "first_step: found -1"},
    {"last_step", "-1", "last_step: found -1, expected 0 to"},
    {"last_step", "\"9\"", "last_step: found '9' in quotes"},
    {"skipped", "null", "skipped: found null, expected an integer"},
    {"hashed_tables", "-1", "hashed_tables: found -1"},
    {"seconds", "-0.5", "seconds: found -0.5, expected a number of at least 0"},
    {"step_seconds", "\"1\"", "step_seconds: found '1' in quotes, expected a number"},
    {"samples_per_s", NULL, "samples_per_s: found nothing, expected a number"},
    {"loss", "[]", "loss: found a list, expected a number"},
    {"held_out", "[]", "held_out: found a list, expected an object or null"},
    {"held_out", NULL, "held_out: found nothing, expected an object or null"},
    {"held_out/samples", "0", "held_out: samples: found 0, expected 1 to"},
    {"held_out/clicks", "1001", "held_out: clicks: found 1001, expected 0 to 1000"},
    {"held_out/logloss", "true", "held_out: logloss: found true, expected a number"},
    {"held_out/normalised_entropy", NULL, "held_out: normalised_entropy: found nothing"},
    {"held_out/auc", "{}", "held_out: auc: found an object, expected a number"},
    {"phases", "[]", "phases: found a list, expected an object"},
    {"phases/warp", "{}", "phases: found 'warp', expected the name of a phase"},
    {"phases/lookup", "1", "phases: lookup: found 1, expected an object"},
    {"phases/lookup/seconds", NULL, "phases: lookup: seconds: found nothing, expected an object"},
    {"phases/lookup/seconds/min", NULL, "phases: lookup: min: found nothing, expected a number"},
    {"phases/lookup/seconds/max", "null", "phases: lookup: max: found null, expected a number"},
    {"phases/lookup/bytes", "[]", "phases: lookup: bytes: found a list, expected bytes by level"},
    {"phases/ids_alltoall/bytes/rack", "1", "ids_alltoall: bytes: found 3 levels, expected 2"},
    {"phases/ids_alltoall/bytes/host", NULL, "ids_alltoall: bytes: found 1 levels, expected 2"},
    {"phases/ids_alltoall/bytes", "{\"host\": 1, \"rack\": 2}",
        "phases: ids_alltoall: cluster: found nothing, expected a number"},
    {"rank_loads", "{}", "rank_loads: found an object, expected a list"},
    {"rank_loads", "[]", "rank_loads: found 0 entries, expected 4, one per rank"},
    {"rank_loads/2", "7", "rank_loads[2]: found 7, expected an object"},
    {"rank_loads/2/rank", "3", "rank_loads[2]: rank: found 3, expected 2"},
    {"rank_loads/3/ids", NULL, "rank_loads[3]: ids: found nothing, expected a number"},
    {"rank_loads/0/id_bytes", "-1", "rank_loads[0]: id_bytes: found -1"},
    {"rank_loads/0/lookup_bytes", "null", "rank_loads[0]: lookup_bytes: found null"},
};

START_TEST(an_end_with_a_wrong_value_is_refused)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_measured m = {0};
    json_t *end = end_of(s, TP_MODE_SPTT);
    replace(end, bad_ends[_i].path, bad_ends[_i].value);
    put_run("run.json", end);
    ck_assert_int_eq(load(s, &m), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){bad_ends[_i].message, "run.json:3: ", NULL});
    ck_assert_ptr_null(m.file);
    drop(s);
}
END_TEST

START_TEST(a_run_that_is_not_there_is_refused)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_measured m = {0};
    ck_assert_int_eq(load(s, &m), TP_EINPUT);
    ck_message_has(&err, (const char *const[]){"run.json: cannot be read: No such file", NULL});
    drop(s);
}
END_TEST

/* 16,384 ranks end with a line of 1.5 MB. */
START_TEST(a_run_on_many_ranks_is_read)
{
    struct sample *s = sample_make(2048, 8, 5, sample_name);
    struct tp_measured m = {0};
    put_run("run.json", end_of(s, TP_MODE_FLAT));
    ck_ok(load(s, &m), err);
    ck_assert_double_eq(m.run.ranks[16383].lookup_bytes, 5e6 * 16384);
    tp_measured_release(&m);
    drop(s);
}
END_TEST

static const struct tp_measured *shown;

static enum tp_status text_report(const struct tp_plan *plan, const struct tp_findings *findings,
    const char *path, struct tp_error *error)
{
    struct tp_report_options options = {.measured = shown, .measured_count = shown != NULL};
    return tp_report_text(plan, findings, &options, path, error);
}

static enum tp_status all_report(const struct tp_plan *plan, const struct tp_findings *findings,
    const char *path, struct tp_error *error)
{
    struct tp_report_options options = {
        .measured = shown, .measured_count = shown != NULL, .all = true};
    return tp_report_text(plan, findings, &options, path, error);
}

static enum tp_status json_report(const struct tp_plan *plan, const struct tp_findings *findings,
    const char *path, struct tp_error *error)
{
    struct tp_report_options options = {.measured = shown, .measured_count = shown != NULL};
    return tp_report_json(plan, findings, &options, path, error);
}

/* The report of a run that ended so. Caller frees. */
static char *report_run(struct sample *s, json_t *end, sample_writer report)
{
    struct tp_measured m = {0};
    put_run("run.json", end);
    ck_ok(load(s, &m), err);
    shown = &m;
    char *text = sample_report(&s->plan, report);
    tp_measured_release(&m);
    for (const char *p = text; report != json_report && *p; p += strcspn(p, "\n"), p += *p == '\n')
        ck_assert_msg(strcspn(p, "\n") <= 100, "%.*s", (int)strcspn(p, "\n"), p);
    return text;
}

/* 24 ms where 16 were predicted. Phase p of sptt is predicted at 2 (p + 1) us and took twice that,
 * so the last one, dense_allreduce with 32 us, is furthest off; its 32 MB are as predicted. */
START_TEST(the_text_shows_measured_beside_predicted)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *text = report_run(s, end_of(s, TP_MODE_SPTT), text_report);
    has(text,
        "Measured sptt: 24.0 ms per step; it takes 1.50 times as long as predicted (16.0 ms)");
    has(text, "MEASURED sptt, steps 3 to 202 of run.json");
    has(text, "lookup 4.00 us 8.00 us 2.00 us 2.00x |>\n");
    has(text, "dense_allreduce 32.0 us 64.0 us* 16.0 us 2.00x |> 32.0 MB equal\n");
    has(text, "one step 16.0 ms 24.0 ms 1.50x |>\n");
    has(text, "Furthest from its prediction: dense_allreduce, by 32.0 us; it takes 2.00 times as "
              "long as");
    has(text, "Bytes are as predicted in all 6 exchanges, at every level.");
    has(text, " 3 28.0 MB 20.0 MB 0.71x <| 2.00 kB 4.01 kB 2.00x |>\n");
    has(text, "held out 1000 samples, 250 clicks: log loss 0.500000");
    has_not(text, "Warning");
    has_not(text, "more ranks: lookup 0");
    free(text);
    drop(s);
}
END_TEST

START_TEST(bytes_that_differ_are_shown)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    replace(end, "phases/ids_alltoall/bytes/cluster", "1015000.5"); /* of 1 MB */
    replace(end, "phases/dense_allreduce/bytes/host", "15983");     /* of 16 kB, 2 ranks */
    char *text = report_run(s, end, text_report);
    has(text, "1.00 MB 1.02 MB +1.5%\n");
    has(text, "dense_allreduce 16.0 us 32.0 us* 8.00 us 2.00x |> 16.0 MB equal\n");
    has(text,
        "Bytes are as predicted in 2 of 4 exchanges, at every level; they differ in ids_alltoall,");
    free(text);
    drop(s);
}
END_TEST

/* 3 bytes of a million are no "+0.0%". */
START_TEST(a_difference_of_few_bytes_is_shown_in_bytes)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    replace(end, "phases/ids_alltoall/bytes/cluster", "999997");
    char *text = report_run(s, end, text_report);
    has(text, "1.00 MB 1.00 MB -3 B\n");
    free(text);
    drop(s);
}
END_TEST

/* Of flat on 2 hosts: 1, 6 and 16 MB across. What is summed is cut into slices of whole values: 8
 * bytes for each of 2 members; ids are a mean over steps. */
static const struct {
    const char *phase, *bytes;
    bool equal;
} roundings[] = {
    {"ids_alltoall", "1000000.9", true},
    {"ids_alltoall", "999999.1", true},
    {"ids_alltoall", "1000001", false},
    {"embedding_alltoall", "6000000", true},
    {"embedding_alltoall", "6000000.5", false},
    {"embedding_alltoall", "5999999", false},
    {"dense_allreduce", "16000016", true},
    {"dense_allreduce", "15999984", true},
    {"dense_allreduce", "16000017", false},
    {"dense_allreduce", "15999983", false},
};

START_TEST(bytes_are_equal_up_to_rounding)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    char path[64];
    snprintf(path, sizeof path, "phases/%s/bytes/cluster", roundings[_i].phase);
    replace(end, path, roundings[_i].bytes);
    char *text = report_run(s, end, text_report);
    const char *row = find(strstr(text, "\nMEASURED"), roundings[_i].phase);
    bool equal = find(row, "equal") && find(row, "equal") < strchr(row, '\n');
    ck_assert_int_eq(equal, roundings[_i].equal);
    ck_assert_int_eq(find(text, "Bytes are as predicted in all 4") != NULL, roundings[_i].equal);
    has_not(text, "+0 B");
    free(text);
    drop(s);
}
END_TEST

/* A mark per doubling, four at most: 1.05 none, 1.2 one, 3.9 two, 1000 four; to the left what is
 * faster. */
START_TEST(marks_count_doublings)
{
    static const struct {
        double times;
        const char *shown;
    } cases[] = {{1.05, "1.05x |"}, {1.2, "1.20x |>"}, {3.9, "3.90x |>>"}, {1000, "1000x |>>>>"},
        {0.96, "0.96x |"}, {0.51, "0.51x <|"}, {0.26, "0.26x <<|"}, {0.001, "0.00x <<<<|"},
        {0, "0.00x <<<<|"}, {1e12, "1e+12x |>>>>"}};
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    char value[64], line[128];
    snprintf(value, sizeof value, "%.17g", 4096e-6 * cases[_i].times);
    s->plan.cost.modes[TP_MODE_FLAT].phases[TP_PHASE_LOOKUP].seconds = 4096e-6;
    replace(end, "phases/lookup/seconds/max", value);
    char *text = report_run(s, end, text_report);
    const char *row = find(strstr(text, "\nMEASURED"), "lookup 4.10 ms");
    ck_assert_ptr_nonnull(row);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(row, "\n"), row);
    ck_assert_msg(find(line, cases[_i].shown) != NULL, "%s lacks %s", line, cases[_i].shown);
    ck_assert_uint_eq(strspn(strpbrk(line, "<|"), "<|>"), strlen(strpbrk(cases[_i].shown, "<|")));
    free(text);
    drop(s);
}
END_TEST

/* lookup is predicted at 1 ms. As predicted, or 16 us slower, it is not furthest off: that is
 * dense_allreduce, by 16 us. */
START_TEST(the_furthest_is_off_by_most_seconds)
{
    static const struct {
        const char *min, *max, *shown;
    } cases[] = {{"0", "1e-3", "dense_allreduce, by 16.0 us; it takes 2.00 times as long"},
        {"0", "1.01e-3", "dense_allreduce, by 16.0 us"},
        {"1e-3", "4e-3", "lookup, by 3.00 ms; it takes 4.00 times as long"},
        {"1e-4", "2e-4", "lookup, by 800 us; it is 5.00 times as fast as predicted."}};
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    s->plan.cost.modes[TP_MODE_FLAT].phases[TP_PHASE_LOOKUP].seconds = 1e-3;
    replace(end, "phases/lookup/seconds/min", cases[_i].min);
    replace(end, "phases/lookup/seconds/max", cases[_i].max);
    char *text = report_run(s, end, text_report), line[128];
    snprintf(line, sizeof line, "Furthest from its prediction: %s", cases[_i].shown);
    has(text, line);
    free(text);
    drop(s);
}
END_TEST

/* 24 ms for the predicted one; of another batch times say nothing. */
START_TEST(a_step_far_off_tells_of_another_machine)
{
    static const struct {
        double predicted;
        const char *batch;
        bool told;
    } cases[] = {{0.0047, "4096", true}, {0.0049, "4096", false}, {0.119, "4096", false},
        {0.121, "4096", true}, {0.0047, "512", false}};
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_SPTT);
    s->plan.cost.modes[TP_MODE_SPTT].seconds = cases[_i].predicted;
    replace(end, "batch", cases[_i].batch);
    char *text = report_run(s, end, text_report);
    bool told =
        find(text, "The rates in the topology (device and levels of topology.yaml) are not") !=
        NULL;
    ck_assert_int_eq(told, cases[_i].told);
    free(text);
    drop(s);
}
END_TEST

/* Nothing where nothing was predicted is as predicted; something is not comparable. */
START_TEST(a_prediction_of_nothing_has_no_ratio)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    for (int p = 0; p < TP_PHASE_COUNT; p++)
        s->plan.cost.modes[TP_MODE_FLAT].phases[p].seconds = 0;
    s->plan.cost.modes[TP_MODE_FLAT].seconds = 0;
    replace(end, "phases/lookup/seconds/max", "0");
    char *text = report_run(s, end, text_report);
    has(text, "Measured flat: 24.0 ms per step, with no prediction to compare.");
    has(strstr(text, "\nMEASURED"), "lookup 0 ns 0 ns 1.00 us 1.00x |\n");
    has(strstr(text, "\nMEASURED"), "bottom_mlp 0 ns 14.0 us 3.50 us - |\n");
    free(text);
    drop(s);
}
END_TEST

START_TEST(doubts_are_on_top)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    replace(end, "plan/sha256", "\"0123\"");
    replace(end, "batch", "512");
    char *text = report_run(s, end, text_report);
    has(text, "Warning the run is of another version of this plan (its SHA-256 differs)");
    has(text, "Warning the run had 512 samples per step, the plan predicts for 4096.");
    ck_assert(find(text, "Warning the run had") < strstr(text, "\nTOWERS"));
    free(text);
    drop(s);
}
END_TEST

START_TEST(phases_that_only_one_side_has_are_shown)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    replace(end, "phases/bottom_mlp", NULL);
    replace(end, "phases/dense_allreduce/bytes", NULL);
    s->plan.cost.modes[TP_MODE_FLAT].phases[TP_PHASE_LOOKUP].present = false;
    char *text = report_run(s, end, text_report);
    const char *section = strstr(text, "\nMEASURED");
    has(section, "bottom_mlp 7.00 us - - - |\n");
    has(section, "lookup - 4.00 us 1.00 us - |\n");
    has(section, "dense_allreduce 16.0 us 32.0 us* 8.00 us 2.00x |>\n");
    has(section, "Bytes are as predicted in all 3 exchanges");
    has_not(section, "tower_exchange");
    free(text);
    drop(s);
}
END_TEST

START_TEST(a_run_without_steps_has_nothing_to_compare)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_FLAT);
    replace(end, "step_seconds", "null");
    replace(end, "held_out", "null");
    char *text = report_run(s, end, text_report);
    has(text, "Measured flat: nothing, the run made no step.");
    has(text, "held out nothing, so quality is not known");
    has_not(strstr(text, "\nMEASURED"), "lookup");
    free(text);
    drop(s);
}
END_TEST

/* 64 ranks: 63 to 48 are listed, as in section RANKS; --all lists every one. */
START_TEST(of_many_ranks_the_busiest_are_compared)
{
    struct sample *s = sample_make(8, 8, 9, sample_name);
    char *text = report_run(s, end_of(s, TP_MODE_FLAT), text_report);
    const char *section = strstr(text, "\nMEASURED");
    has(section, " 63 448 MB 320 MB 0.71x");
    has(section, " 48 343 MB 245 MB 0.71x");
    has_not(section, " 47 336 MB 240 MB");
    has(section, "... 48 more ranks: lookup 0.71x to 0.71x, ids 2.00x to 2.00x what was predicted");
    free(text);
    text = report_run(s, end_of(s, TP_MODE_FLAT), all_report);
    has(strstr(text, "\nMEASURED"), " 47 336 MB 240 MB");
    has_not(text, "more ranks");
    free(text);
    drop(s);
}
END_TEST

START_TEST(absurd_figures_and_names_fit)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_DMT);
    replace(end, "phases/ids_alltoall/bytes/cluster", "1e300");
    replace(end, "phases/lookup/seconds/max", "1e300");
    replace(end, "samples_per_s", "1e300");
    replace(end, "loss", "1e300");
    replace(end, "last_step", "9223372036854775807");
    replace(end, "rank_loads/1/lookup_bytes", "1e300");
    s->topology.levels[0].name = sample_text(s, "host");
    s->plan.cost.modes[TP_MODE_DMT].phases[TP_PHASE_OVER_ARCH].seconds = 0;
    free(report_run(s, end, text_report));
    drop(s);
}
END_TEST

static json_t *at(json_t *root, const char *path)
{
    char copy[128];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strtok(copy, "/"); key; key = strtok(NULL, "/"))
        root = json_is_array(root) ? json_array_get(root, strtoul(key, NULL, 10))
                                   : json_object_get(root, key);
    ck_assert_msg(root != NULL, "no %s", path);
    return root;
}

static void real_at(json_t *root, const char *path, double expected)
{
    ck_assert_msg(json_number_value(at(root, path)) == expected, "%s: found %.17g", path,
        json_number_value(at(root, path)));
}

START_TEST(the_json_holds_both_sides)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *end = end_of(s, TP_MODE_SPTT);
    replace(end, "phases/ids_alltoall/bytes/host", "1250");
    s->plan.cost.modes[TP_MODE_SPTT].phases[TP_PHASE_OVER_ARCH].present = false;
    char *text = report_run(s, end, json_report);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *m = at(root, "measured");
    ck_assert_str_eq(json_string_value(at(m, "file")), "run.json");
    ck_assert_str_eq(json_string_value(at(m, "mode")), "sptt");
    ck_assert_str_eq(json_string_value(at(m, "furthest")), "dense_allreduce");
    ck_assert(json_is_true(at(m, "same_plan")));
    real_at(m, "batch", 4096);
    real_at(m, "seed", 7);
    real_at(m, "first_step", 3);
    real_at(m, "last_step", 202);
    real_at(m, "skipped", 9);
    real_at(m, "hashed_tables", 2);
    real_at(m, "seconds", 5.25);
    real_at(m, "step_seconds/predicted", 0.016);
    real_at(m, "step_seconds/measured", 0.024);
    real_at(m, "step_seconds/ratio", 0.024 / 0.016);
    real_at(m, "samples_per_s", 170666.5);
    real_at(m, "loss", 0.4375);
    real_at(m, "held_out/auc", 0.75);
    real_at(m, "phases/lookup/seconds/predicted", 2 * 2 * 1e-6);
    real_at(m, "phases/lookup/seconds/measured", 2 * (2 * 2 * 1e-6));
    real_at(m, "phases/lookup/seconds/ratio", 2);
    real_at(m, "phases/lookup/seconds/min", 0.5 * (2 * 2 * 1e-6));
    real_at(m, "phases/lookup/seconds/median", 0.75 * (2 * 2 * 1e-6));
    ck_assert_ptr_null(json_object_get(at(m, "phases/lookup"), "bytes"));
    real_at(m, "phases/ids_alltoall/bytes/host/predicted", 1000);
    real_at(m, "phases/ids_alltoall/bytes/host/measured", 1250);
    ck_assert(json_is_false(at(m, "phases/ids_alltoall/bytes/host/equal")));
    ck_assert(json_is_true(at(m, "phases/ids_alltoall/bytes/cluster/equal")));
    ck_assert_ptr_null(json_object_get(at(m, "phases/over_arch/seconds"), "predicted"));
    ck_assert_uint_eq(json_array_size(at(m, "ranks")), 4);
    real_at(m, "ranks/3/rank", 3);
    real_at(m, "ranks/3/ids", 103.5);
    real_at(m, "ranks/3/lookup_bytes/predicted", 28e6);
    real_at(m, "ranks/3/lookup_bytes/measured", 20e6);
    real_at(m, "ranks/3/id_bytes/ratio", 4006.0 / 2003);
    json_decref(root);
    free(text);
    drop(s);
}
END_TEST

START_TEST(without_a_run_nothing_is_measured)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    shown = NULL;
    char *text = sample_report(&s->plan, text_report), *json = sample_report(&s->plan, json_report);
    has_not(text, "MEASURED");
    has_not(text, "Measured");
    ck_assert_ptr_null(strstr(json, "\"measured\""));
    free(text);
    free(json);
    drop(s);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("report_measured");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_add_loop_test(tcase, the_end_of_a_run_is_read, 0, TP_MODE_COUNT);
    tcase_add_test(tcase, the_last_end_counts);
    tcase_add_test(tcase, what_is_null_is_not_known);
    tcase_add_test(tcase, a_run_of_another_version_of_the_plan_is_told);
    tcase_add_loop_test(tcase, a_file_that_is_no_whole_run_is_refused, 0, COUNT(bad_files));
    tcase_add_loop_test(tcase, an_end_with_a_wrong_value_is_refused, 0, COUNT(bad_ends));
    tcase_add_test(tcase, a_run_that_is_not_there_is_refused);
    tcase_add_test(tcase, a_run_on_many_ranks_is_read);
    tcase_add_test(tcase, the_text_shows_measured_beside_predicted);
    tcase_add_test(tcase, bytes_that_differ_are_shown);
    tcase_add_test(tcase, a_difference_of_few_bytes_is_shown_in_bytes);
    tcase_add_loop_test(tcase, bytes_are_equal_up_to_rounding, 0, COUNT(roundings));
    tcase_add_loop_test(tcase, marks_count_doublings, 0, 10);
    tcase_add_loop_test(tcase, the_furthest_is_off_by_most_seconds, 0, 4);
    tcase_add_loop_test(tcase, a_step_far_off_tells_of_another_machine, 0, 5);
    tcase_add_test(tcase, a_prediction_of_nothing_has_no_ratio);
    tcase_add_test(tcase, doubts_are_on_top);
    tcase_add_test(tcase, phases_that_only_one_side_has_are_shown);
    tcase_add_test(tcase, a_run_without_steps_has_nothing_to_compare);
    tcase_add_test(tcase, of_many_ranks_the_busiest_are_compared);
    tcase_add_test(tcase, absurd_figures_and_names_fit);
    tcase_add_test(tcase, the_json_holds_both_sides);
    tcase_add_test(tcase, without_a_run_nothing_is_measured);
    return run_suite("report measured", tcase);
}
