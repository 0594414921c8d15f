/* SPDX-License-Identifier: Apache-2.0 */
/* Plan files: what is written reads back as the same plan, what is not a plan is refused. */
#include "same_plan.h"
#include "scratch.h"
#include "small_plan.h"
#include "spec_text.h"

#include <locale.h>

static const char *const layouts[] = {small_plan_one_host, small_plan_two_hosts};

static void expect_round_trip(const struct tp_plan *plan)
{
    char *text = text_of(plan);
    struct tp_plan *again = plan_of(text);
    same_plan(plan, again);
    char *text_again = text_of(again);
    ck_assert_str_eq(text, text_again);
    free(text_again);
    tp_plan_free(again);
    free(text);
}

START_TEST(test_a_plan_reads_back_as_it_was_written)
{
    struct tp_plan *plan = small_plan(layouts[_i]);
    expect_round_trip(plan);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_what_was_not_assessed_stays_so)
{
    struct tp_plan *plan = small_plan(layouts[0]);
    free(plan->affinity.input.file);
    free(plan->topology_input.file);
    plan->affinity = (struct tp_plan_affinity){.stability = (double)NAN};
    plan->topology_input = (struct tp_plan_input){0};
    plan->quality.inside_affinity = plan->quality.bound = (double)NAN;
    plan->quality.balance.flops = (double)NAN;
    plan->quality.baselines[0].within_limits = false;
    plan->quality.baselines[1].within_limits = true;
    plan->cost.flat_free_seconds = (double)NAN;
    plan->strategy = TP_STRATEGY_STRIDE;
    plan->seed = INT64_MAX;
    plan->limits_proven = false;
    expect_round_trip(plan);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_an_affinity_without_stability_and_verdict_stays_so)
{
    struct tp_plan *plan = small_plan(layouts[0]);
    plan->affinity.stability = (double)NAN;
    plan->affinity.verdict = TP_VERDICT_NONE;
    expect_round_trip(plan);
    tp_plan_free(plan);
}
END_TEST

/* Names that YAML 1.1 takes for other things, and one longer than the 128 bytes that YAML lets a plain key
 * have. */
#define LONG_NAME                                                                                  \
    "n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890" \
    "123456789012345678901234567890123456789012345678901234567890"

START_TEST(test_what_is_known_of_the_affinity_survives)
{
    struct tp_plan_mover movers[] = {{"no", 1}, {"1e3", 0.5}, {"a: b", 0.375},
        {"\xc3\xa9t\xc3\xa9 #1", 0.25}, {LONG_NAME, 0.25}};
    char *names[] = {"y", "0x10", "a, [b]", LONG_NAME};
    struct tp_plan *plan = small_plan(layouts[0]);
    struct tp_plan_affinity *affinity = &plan->affinity, kept = *affinity;
    affinity->measure = TP_MEASURE_COSINE;
    affinity->dumps = 3;
    affinity->reproducibility = 1.0 / 3;
    affinity->null_rho = -0.125;
    affinity->learned = 0.75;
    affinity->movers = movers;
    affinity->mover_count = 5;
    affinity->constant = names;
    affinity->constant_count = 3;
    affinity->neutral = names + 1;
    affinity->neutral_count = 3;
    expect_round_trip(plan);
    *affinity = kept;
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_one_dump_and_no_lists_are_the_default)
{
    struct tp_plan *plan = small_plan(layouts[0]);
    ck_assert_int_eq(plan->affinity.dumps, 1);
    ck_assert_int_eq(plan->affinity.mover_count, 0);
    ck_assert(isnan(plan->affinity.reproducibility));
    ck_assert(isnan(plan->affinity.null_rho));
    ck_assert(isnan(plan->affinity.learned));
    char *text = text_of(plan);
    static const char *const absent[] = {
        "reproduc", "null_rho", "learned", "movers", "constant:", "neutral"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        ck_assert_ptr_null(strstr(text, absent[i]));
    free(text);
    tp_plan_free(plan);
}
END_TEST

/* 1/3, the smallest normal and a subnormal number, and names that YAML 1.1 takes for other things. */
START_TEST(test_hard_numbers_and_names_survive)
{
    static const double reals[] = {
        1.0 / 3.0, 2.2250738585072014e-308, 5e-324, 1.7976931348623157e308, 1e22};
    static const char *const texts[] = {"no", "1e3", "0x10", "a: b", "\xc3\xa9t\xc3\xa9 #1"};
    struct tp_plan *plan = small_plan(layouts[0]);
    free(plan->model_input.file);
    plan->model_input.file = strdup(texts[_i]);
    free(plan->towers[0].features[0]);
    plan->towers[0].features[0] = strdup(texts[_i]);
    plan->cost.modes[TP_MODE_FLAT].seconds = reals[_i];
    plan->quality.inside_affinity = -reals[_i];
    plan->ranks[0].load.memory_bytes = INT64_MIN;
    plan->ranks[0].load.id_bytes = INT64_MAX;
    expect_round_trip(plan);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_a_saved_file_loads)
{
    struct tp_plan *plan = small_plan(layouts[0]), *loaded = NULL;
    struct tp_error err;
    ck_ok(tp_plan_save(plan, in_scratch("plan.yaml"), &err), err);
    ck_ok(tp_plan_load(in_scratch("plan.yaml"), &loaded, &err), err);
    same_plan(plan, loaded);
    char *text = text_of(plan);
    ck_file_holds("plan.yaml", text);
    free(text);
    tp_plan_free(loaded);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_a_seed_that_no_reader_knows_is_refused_and_no_file_left)
{
    struct tp_plan *plan = small_plan(layouts[0]);
    struct tp_error err;
    plan->seed = (uint64_t)INT64_MAX + 1;
    ck_assert_int_eq(tp_plan_save(plan, in_scratch("plan.yaml"), &err), TP_EUSAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "9223372036854775808"));
    ck_assert_uint_eq(files_in_scratch(), 0);
    tp_plan_free(plan);
}
END_TEST

/* What is wrong with a document, and what its message must say: the place and the reason. */
static const struct {
    const char *from, *to, *place, *reason;
} bad_documents[] = {
    {"towerpart_plan: 1\n", "towerpart_plan: 2\n", "plan:1:17: towerpart_plan: ", "'2'"},
    {"towerpart_plan: 1\n", "", "plan:1:1: ", "no key 'towerpart_plan'"},
    {"seed: 7\n", "seed: 7\nseed: 7\n", "plan:4:1: ", "seed"},
    {"seed: 7\n", "seed: 7\nsede: 7\n", "plan:4:1: sede: ", "unknown key"},
    {"seed: 7\n", "", "plan:1:1: ", "no key 'seed'"},
    {"seed: 7\n", "seed: 4e7\n", "plan:3:7: seed: ", "found '4e7', expected an integer"},
    {"seed: 7\n", "seed: -1\n", "plan:3:7: seed: ", "found '-1', expected an integer"},
    {"seed: 7\n", "seed: 010\n", "plan:3:7: seed: ", "'010'"},
    {"strategy: coherent", "strategy: best",
        "plan:4:11: strategy: ", "found 'best', expected coherent"},
    {"generator: towerpart 0.1.0", "generator: \"a\\e[31m\"",
        "plan:2:12: generator: ", "control character"},
    {"sha256: \"0123", "sha256: \"0Z23",
        "plan:6:37: inputs.model.sha256: ", "64 lower-case hex digits"},
    {"{file: two.yaml,", "{files: two.yaml,", "plan:7:14: inputs.topology.files: ", "unknown key"},
    {"measure: cka", "measure: cca", "inputs.affinity.measure: ", "expected cka or cosine"},
    {"dumps: 1", "dumps: 0", "inputs.affinity.dumps: ", "digits from 1 to"},
    {"stability: 0.9", "movers: [ad], stability: 0.9",
        "inputs.affinity.movers: ", "found a list, expected a mapping of features"},
    {"stability: 0.9", "movers: {ad: often}, stability: 0.9",
        "inputs.affinity.movers.ad: ", "'often'"},
    {"stability: 0.9", "movers: {ad: 0.5, ad: 0.25}, stability: 0.9", "plan:", "ad"},
    {"stability: 0.9", "movers: {\"a\\nd\": 0.5}, stability: 0.9", "inputs.affinity.movers",
        "without control characters"},
    {"stability: 0.9", "movers: {\"\": 0.5}, stability: 0.9", "inputs.affinity.movers",
        "a key of 0 bytes"},
    {"stability: 0.9", "constant: ad, stability: 0.9",
        "inputs.affinity.constant: ", "expected a list"},
    {"stability: 0.9", "neutral: [ad, \"a\\ed\"], stability: 0.9",
        "inputs.affinity.neutral[1]: ", "control character"},
    {"samples: 2000", "samples: \"2000\"", "inputs.affinity.samples: ", "in quotes"},
    {"stability: 0.9", "stability: nan", "inputs.affinity.stability: ", "'nan'"},
    {"verdict: trusted", "verdict: not assessed", "inputs.affinity.verdict: ", "'not assessed'"},
    {"rows: 1000, dim", "rows: 1_000, dim", "model.tables[0].rows: ", "'1_000'"},
    {"hosts_per_tower: 1", "hosts_per_tower: 3", "topology.hosts_per_tower: ", "divisor"},
    {"proven: true", "proven: yes", "limits.proven: ", "found 'yes', expected true or false"},
    {"balance: 0.5", "balance: 1e999", "limits.balance: ", "'1e999'"},
    {"balance: 0.5", "balance: 0,5", "limits", ""},
    {"{id: 0,", "{id: 1.9,", "towers[0].id: ", "'1.9'"},
    {"{id: 0,", "{id: 4294967296,", "towers[0].id: ", "'4294967296'"},
    {"hosts: [0]", "hosts: 0", "towers[0].hosts: ", "expected a list"},
    {"ranks: [2, 3]", "ranks: [2, x]", "towers[1].ranks[1]: ", "found 'x', expected an integer"},
    {"features: [user,", "features: [~,", "towers[0].features[0]: ", "not empty"},
    {"output_dim: 48", "output_dims: 48", "towers[0].output_dims: ", "unknown key"},
    {"sharding: column", "sharding: replicate",
        "tables[1].sharding: ", "'replicate', which is not part of this version"},
    {"sharding: column", "sharding: grid",
        "tables[1].sharding: ", "found 'grid', expected table, column or row"},
    {"row: 0, rows: 1000,", "rows: 1000,", "tables[0].shards[0]: ", "no key 'row'"},
    {"row: 0, rows: 1000,", "row: 0, rows: 5GB,", "tables[0].shards[0].rows: ", "'5GB'"},
    {"{rank: 3, memory_bytes", "{rank: 3, bytes: 1, memory_bytes",
        "ranks[3].bytes: ", "unknown key"},
    {"inside_affinity: 0.5", "inside_affinity: .5", "quality.inside_affinity: ", "'.5'"},
    {"inside_affinity: 0.5", "upper_bound: .5", "quality.upper_bound: ", "'.5'"},
    {"inside_affinity: 0.5", "lower_bound: 0.5", "quality.lower_bound: ", "unknown"},
    {"inside_affinity: 0.5", "proven_optimal: 1", "quality.proven_optimal: ", "'1'"},
    {"{stride: 0.25", "{Stride: 0.25", "quality.baselines.Stride: ", "small letters"},
    {"baselines: {stride: 0.25, metis_kway: 0.75}", "baselines: 0.25",
        "quality.baselines: ", "expected a mapping"},
    {"over_limit: [metis_kway]", "over_limit: [random]",
        "quality.baselines_over_limit[0]: ", "'random'"},
    {"over_limit: [metis_kway]", "over_limit: [stride, stride]",
        "quality.baselines_over_limit[1]: ", "once"},
    {"over_limit: [metis_kway]", "over_limit: []", "quality.baselines_over_limit: ", "at least 1"},
    {"      lookup: {", "      look_up: {", "cost.flat.phases.look_up: ", "unknown key"},
    {"bytes: {host: 832,", "bytes: {rack: 832,",
        "cost.flat.phases.ids_alltoall.bytes.rack: ", "unknown key"},
    {"bytes: {host: 832,", "bytes: {", "cost.flat.phases.ids_alltoall.bytes: ", "no key 'host'"},
    {"  flat_free: {seconds: ", "  flat_free: {second: ", "cost.flat_free.second: ", "unknown key"},
    {"recommended: flat_free", "recommended: all",
        "cost.recommended: ", "found 'all', expected flat"},
    {"recommended_if_quality_allows: dmt\n", "recommended_if_quality_allows: dmt\n---\na: b\n",
        "plan:", "document"},
    {"seed: 7\n", "seed: &x 7\n", "plan:3:", "anchor"},
    {"seed: 7\n", "seed: !!int 7\n", "plan:3:", "tag"},
};

START_TEST(test_a_document_that_is_no_plan_is_refused_with_its_place)
{
    struct tp_plan *plan = small_plan(layouts[0]), *made = NULL;
    struct tp_error err = {0};
    char *text = text_of(plan);
    char *bad = replaced(text, bad_documents[_i].from, bad_documents[_i].to);
    ck_assert_int_eq(tp_plan_parse(bad, strlen(bad), "plan", &made, &err), TP_EINPUT);
    ck_assert_ptr_null(made);
    ck_message_has(
        &err, (const char *[]){"plan:", bad_documents[_i].place, bad_documents[_i].reason, NULL});
    free(bad);
    free(text);
    tp_plan_free(plan);
}
END_TEST

/* The document ends with the word dmt, of which no shorter form is a word: only the last newline may be
 * missing. */
START_TEST(test_a_file_cut_anywhere_is_refused)
{
    struct tp_plan *plan = small_plan(layouts[_i]);
    plan->cost.recommended_if_quality_allows = TP_USE_DMT;
    char *text = text_of(plan);
    size_t length = strlen(text);
    for (size_t cut = 0; cut < length; cut++) {
        struct tp_plan *made = NULL;
        struct tp_error err = {0};
        char *copy =
            malloc(cut ? cut : 1); /* of that size, for the sanitizer to see reads beyond */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, cut);
        enum tp_status status = tp_plan_parse(copy, cut, "plan", &made, &err);
        ck_assert_msg(status == (cut + 1 == length ? TP_OK : TP_EINPUT),
            "cut at byte %zu: status %d: %s", cut, status, err.text);
        tp_plan_free(made);
        free(copy);
    }
    free(text);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_a_missing_file_is_named)
{
    struct tp_plan *plan = NULL;
    struct tp_error err = {0};
    ck_assert_int_eq(tp_plan_load(in_scratch("none.yaml"), &plan, &err), TP_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "none.yaml"));
    ck_assert_ptr_null(plan);
}
END_TEST

/* A bare Debian has only the C locale, so one with decimal commas is made for the test. */
static void enter_comma_locale(void)
{
    char command[sizeof scratch + 128];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 --no-archive '%s/de_DE.UTF-8'",
        scratch);
    ck_assert_msg(system(command) == 0, "localedef failed: is the package locales installed?");
    ck_assert_int_eq(setenv("LOCPATH", scratch, 1), 0);
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "de_DE.UTF-8"));
    ck_assert_str_eq(localeconv()->decimal_point, ",");
}

START_TEST(test_decimal_commas_change_nothing)
{
    struct tp_plan *plan = small_plan(layouts[0]);
    char *before = text_of(plan);
    enter_comma_locale();
    char half[8];
    snprintf(half, sizeof half, "%.1f", 0.5);
    char *after = text_of(plan);
    struct tp_plan *again = plan_of(before);
    setlocale(LC_ALL, "C");
    ck_assert_str_eq(half, "0,5");
    ck_assert_str_eq(before, after);
    same_plan(plan, again);
    tp_plan_free(again);
    free(after);
    free(before);
    tp_plan_free(plan);
}
END_TEST

START_TEST(test_words_are_those_of_the_format)
{
    ck_assert_str_eq(tp_strategy_name(TP_STRATEGY_COHERENT), "coherent");
    ck_assert_str_eq(tp_strategy_name(TP_STRATEGY_DIVERSE), "diverse");
    ck_assert_str_eq(tp_strategy_name(TP_STRATEGY_LOAD), "load");
    ck_assert_str_eq(tp_strategy_name(TP_STRATEGY_STRIDE), "stride");
    ck_assert_str_eq(tp_strategy_name(TP_STRATEGY_PAPER), "paper");
    ck_assert_str_eq(tp_strategy_name(TP_STRATEGY_FLAT), "flat");
    ck_assert_str_eq(tp_verdict_name(TP_VERDICT_NONE), "not assessed");
    ck_assert_str_eq(tp_verdict_name(TP_VERDICT_TRUSTED), "trusted");
    ck_assert_str_eq(tp_verdict_name(TP_VERDICT_WEAK), "weak");
    ck_assert_str_eq(tp_verdict_name(TP_VERDICT_NOISE), "noise");
    ck_assert_str_eq(tp_recommendation_name(TP_USE_FLAT), "flat");
    ck_assert_str_eq(tp_recommendation_name(TP_USE_FLAT_FREE), "flat_free");
    ck_assert_str_eq(tp_recommendation_name(TP_USE_SPTT), "sptt");
    ck_assert_str_eq(tp_recommendation_name(TP_USE_DMT), "dmt");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("plan files");
    tcase_add_checked_fixture(tcase, scratch_open, scratch_close);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_a_plan_reads_back_as_it_was_written, 0, 2);
    tcase_add_test(tcase, test_what_was_not_assessed_stays_so);
    tcase_add_test(tcase, test_an_affinity_without_stability_and_verdict_stays_so);
    tcase_add_test(tcase, test_what_is_known_of_the_affinity_survives);
    tcase_add_test(tcase, test_one_dump_and_no_lists_are_the_default);
    tcase_add_loop_test(tcase, test_hard_numbers_and_names_survive, 0, 5);
    tcase_add_test(tcase, test_a_saved_file_loads);
    tcase_add_test(tcase, test_a_seed_that_no_reader_knows_is_refused_and_no_file_left);
    tcase_add_loop_test(tcase, test_a_document_that_is_no_plan_is_refused_with_its_place, 0,
        (int)(sizeof bad_documents / sizeof *bad_documents));
    tcase_add_loop_test(tcase, test_a_file_cut_anywhere_is_refused, 0, 2);
    tcase_add_test(tcase, test_a_missing_file_is_named);
    tcase_add_test(tcase, test_decimal_commas_change_nothing);
    tcase_add_test(tcase, test_words_are_those_of_the_format);
    return run_suite("plan files", tcase);
}
