/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON report: it parses, and it holds the whole plan. */
#include <towerpart/report.h>

#include "sample_plan.h"

#include <jansson.h>

static enum tp_status json_report(const struct tp_plan *plan, const struct tp_findings *findings,
    const char *path, struct tp_error *err)
{
    return tp_report_json(plan, findings, NULL, path, err);
}

/* What the report of a sample parses to. */
static json_t *parse(const struct sample *s)
{
    json_error_t error;
    char *text = sample_report(&s->plan, json_report);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(root != NULL, "line %d: %s", error.line, error.text);
    free(text);
    return root;
}

static void drop(struct sample *s)
{
    sample_release(s);
    free(s);
}

/* The value at a path such as "towers/0/id"; fails the test if there is none. */
static json_t *at(json_t *root, const char *path)
{
    char copy[256];
    json_t *value = root;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strtok(copy, "/"); key; key = strtok(NULL, "/"))
        value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10))
                                     : json_object_get(value, key);
    ck_assert_msg(value != NULL, "no %s", path);
    return value;
}

static void text_at(json_t *root, const char *path, const char *expected)
{
    ck_assert_str_eq(json_string_value(at(root, path)), expected);
}

static void integer_at(json_t *root, const char *path, int64_t expected)
{
    ck_assert_int_eq(json_integer_value(at(root, path)), expected);
}

/* Exactly: a report must not round. */
static void real_at(json_t *root, const char *path, double expected)
{
    double found = json_real_value(at(root, path));
    ck_assert_msg(found <= expected && found >= expected, "%s: found %.17g, expected %.17g", path,
        found, expected);
}

START_TEST(it_holds_inputs_limits_and_quality)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *root = parse(s);
    integer_at(root, "seed", 7);
    text_at(root, "strategy", "coherent");
    text_at(root, "generator", "towerpart test");
    text_at(root, "inputs/model/file", "m.yaml");
    text_at(root, "inputs/affinity/measure", "cka");
    text_at(root, "inputs/affinity/verdict", "trusted");
    integer_at(root, "inputs/affinity/samples", 4321);
    real_at(root, "inputs/affinity/noise_floor", 0.0123);
    real_at(root, "inputs/affinity/above_floor", 0.34);
    real_at(root, "inputs/affinity/std_error", 0.0056);
    real_at(root, "inputs/affinity/stability", 0.91);
    real_at(root, "limits/balance", 0.25);
    real_at(root, "limits/ratio", 1.5);
    ck_assert(json_is_true(at(root, "limits/proven")));
    real_at(root, "quality/inside_affinity", 0.625);
    real_at(root, "quality/upper_bound", 0.75);
    ck_assert(json_is_false(at(root, "quality/proven_optimal")));
    real_at(root, "quality/baselines/stride", 0.125);
    real_at(root, "quality/baselines/load", 0.375);
    text_at(root, "quality/baselines_over_limit/0", "load");
    ck_assert_uint_eq(json_array_size(at(root, "quality/baselines_over_limit")), 1);
    real_at(root, "quality/balance/features", 1.11);
    real_at(root, "quality/balance/memory", 1.22);
    real_at(root, "quality/balance/lookup", 1.33);
    real_at(root, "quality/balance/output", 1.44);
    real_at(root, "quality/balance/flops", 1.55);
    json_decref(root);
    drop(s);
}
END_TEST

START_TEST(it_holds_all_that_trust_rests_on)
{
    struct sample *s = sample_make(2, 2, 20, sample_name);
    struct tp_plan_affinity *affinity = &s->plan.affinity;
    struct tp_plan_mover movers[20];
    char *names[20];
    for (int i = 0; i < 20; i++) {
        names[i] = s->model.features[i].name;
        movers[i] = (struct tp_plan_mover){names[i], 0.25 + i / 32.0};
    }
    affinity->measure = TP_MEASURE_COSINE;
    affinity->dumps = 2;
    affinity->reproducibility = 0.125;
    affinity->null_rho = -0.25;
    affinity->learned = 0.75;
    affinity->movers = movers;
    affinity->constant = names;
    affinity->neutral = names;
    affinity->mover_count = affinity->constant_count = affinity->neutral_count = 20;
    affinity->stability = 0.5;
    affinity->verdict = TP_VERDICT_NOISE;
    json_t *root = parse(s);
    text_at(root, "inputs/affinity/measure", "cosine");
    integer_at(root, "inputs/affinity/dumps", 2);
    real_at(root, "inputs/affinity/reproducibility", 0.125);
    real_at(root, "inputs/affinity/null_rho", -0.25);
    real_at(root, "inputs/affinity/learned", 0.75);
    ck_assert_uint_eq(json_object_size(at(root, "inputs/affinity/movers")), 20);
    real_at(root, "inputs/affinity/movers/feat16", 0.75);
    ck_assert_uint_eq(json_array_size(at(root, "inputs/affinity/constant")), 20);
    ck_assert_uint_eq(json_array_size(at(root, "inputs/affinity/neutral")), 20);
    text_at(root, "inputs/affinity/neutral/19", "feat19");
    text_at(root, "derived/trust/verdict", "noise");
    text_at(root, "derived/trust/failed/0", "stability");
    text_at(root, "derived/trust/failed/1", "agreement");
    ck_assert_uint_eq(json_array_size(at(root, "derived/trust/failed")), 2);
    /* 1 %, the spread of 190 pairs, and a quarter of the 90 inside two towers of 10. */
    real_at(
        root, "derived/trust/above_floor_asked", 0.01 + 3 * sqrt(0.0099 / 190) + 90.0 / 190 / 4);
    real_at(root, "derived/trust/stability_asked", 0.7);
    real_at(root, "derived/trust/reproducibility_asked", 0.5);
    integer_at(root, "derived/trust/samples_to_halve_std_error", 17284);
    json_decref(root);
    drop(s);
}
END_TEST

START_TEST(it_holds_every_finding_and_the_list_when_there_is_none)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *lines[] = {sample_text(s, "rank 4: stale"), sample_text(s, "table \xff: unknown")};
    struct tp_findings findings = {.lines = lines, .count = 2};
    json_t *root = parse(s);
    ck_assert(json_is_array(at(root, "findings")));
    ck_assert_uint_eq(json_array_size(at(root, "findings")), 0);
    json_decref(root);
    char *text = sample_report_with(&s->plan, &findings, json_report);
    ck_assert_ptr_nonnull(root = json_loads(text, 0, NULL));
    ck_assert_uint_eq(json_array_size(at(root, "findings")), 2);
    text_at(root, "findings/0", "rank 4: stale");
    text_at(root, "findings/1", "table ?: unknown");
    free(text);
    json_decref(root);
    drop(s);
}
END_TEST

START_TEST(it_holds_every_tower_table_and_rank)
{
    struct sample *s = sample_make(32, 8, 900, sample_name);
    const struct tp_plan *p = &s->plan;
    json_t *root = parse(s);
    ck_assert_uint_eq(json_array_size(at(root, "towers")), 32);
    ck_assert_uint_eq(json_array_size(at(root, "tables")), 900);
    ck_assert_uint_eq(json_array_size(at(root, "ranks")), 256);
    for (size_t t = 0; t < 32; t++) {
        json_t *tower = json_array_get(at(root, "towers"), t);
        integer_at(tower, "id", (int64_t)t);
        integer_at(tower, "hosts/0", (int64_t)t);
        integer_at(tower, "ranks/7", (int64_t)t * 8 + 7);
        integer_at(tower, "output_dim", p->towers[t].output_dim);
        ck_assert_uint_eq(
            json_array_size(at(tower, "features")), (size_t)p->towers[t].feature_count);
        for (int32_t f = 0; f < p->towers[t].feature_count; f++)
            ck_assert_str_eq(json_string_value(json_array_get(at(tower, "features"), (size_t)f)),
                p->towers[t].features[f]);
    }
    for (size_t i = 0; i < 900; i++) {
        json_t *table = json_array_get(at(root, "tables"), i);
        text_at(table, "name", p->tables[i].name);
        text_at(table, "sharding", "table");
        integer_at(table, "tower", (int64_t)i % 32);
        integer_at(table, "shards/0/rank", (int64_t)i % 32 * 8);
        integer_at(table, "shards/0/rows", 1000 * ((int64_t)i + 1));
        integer_at(table, "shards/0/columns", 16);
    }
    for (size_t r = 0; r < 256; r++) {
        json_t *rank = json_array_get(at(root, "ranks"), r);
        integer_at(rank, "rank", (int64_t)r);
        integer_at(rank, "memory_bytes", 3000000 * ((int64_t)r + 1));
        integer_at(rank, "lookup_bytes", 7000000 * ((int64_t)r + 1));
        integer_at(rank, "output_bytes", 1000 + (int64_t)r);
        integer_at(rank, "id_bytes", 2000 + (int64_t)r);
    }
    json_decref(root);
    drop(s);
}
END_TEST

/* 10, 16 phases: flat has no tower phases, sptt no tower module. */
START_TEST(it_holds_every_phase_of_every_mode)
{
    static const struct {
        const char *name;
        size_t phases;
    } modes[TP_MODE_COUNT] = {{"flat", 10}, {"sptt", 14}, {"dmt", 16}};
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *root = parse(s);
    char path[128];
    for (int m = 0; m < TP_MODE_COUNT; m++) {
        snprintf(path, sizeof path, "cost/%s/phases", modes[m].name);
        ck_assert_uint_eq(json_object_size(at(root, path)), modes[m].phases);
        snprintf(path, sizeof path, "cost/%s/seconds", modes[m].name);
        real_at(root, path, s->plan.cost.modes[m].seconds);
        /* the sixth phase: (m + 1) * 6 us and MB, 6 kB inside the host */
        snprintf(path, sizeof path, "cost/%s/phases/embedding_alltoall/seconds", modes[m].name);
        real_at(root, path, (m + 1) * 6 * 1e-6);
        snprintf(path, sizeof path, "cost/%s/phases/embedding_alltoall/bytes/host", modes[m].name);
        integer_at(root, path, 6000);
        snprintf(
            path, sizeof path, "cost/%s/phases/embedding_alltoall/bytes/cluster", modes[m].name);
        integer_at(root, path, (m + 1) * 6000000);
        snprintf(path, sizeof path, "cost/%s/phases/lookup", modes[m].name);
        ck_assert_ptr_null(json_object_get(at(root, path), "bytes"));
    }
    real_at(root, "cost/flat_free/seconds", 0.018);
    text_at(root, "cost/recommended", "sptt");
    text_at(root, "cost/recommended_if_quality_allows", "dmt");
    json_decref(root);
    drop(s);
}
END_TEST

START_TEST(it_holds_the_resolved_specs)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    int32_t pair[2] = {0, 3};
    struct tp_constraint constraints[3] = {
        {TP_TOGETHER, pair, 2, 0}, {TP_APART, pair, 2, 0}, {TP_PIN, pair, 1, 1}};
    struct tp_curve_point points[2] = {{16, 2.03e10}, {64, 1.42e10}};
    s->model.constraints = constraints;
    s->model.constraint_count = 3;
    s->topology.levels[1].alltoall = (struct tp_curve){points, 2};
    s->topology.hosts[1].memory_bytes = 77;
    json_t *root = parse(s);
    text_at(root, "model/name", "small-model");
    integer_at(root, "model/batch_size", 4096);
    text_at(root, "model/tables/4/features/0/name", "feat4");
    real_at(root, "model/tables/4/features/0/pooling", 5);
    integer_at(root, "model/arch/bottom_mlp/1", 16);
    text_at(root, "model/tower_module/kind", "dlrm");
    integer_at(root, "model/tower_module/dim", 8);
    text_at(root, "model/constraints/0/together/1", "feat3");
    text_at(root, "model/constraints/1/apart/0", "feat0");
    text_at(root, "model/constraints/2/pin/feature", "feat0");
    integer_at(root, "model/constraints/2/pin/tower", 1);
    integer_at(root, "topology/device/memory_bytes", 1000000000);
    text_at(root, "topology/levels/1/name", "cluster");
    integer_at(root, "topology/levels/1/fanout", 2);
    real_at(root, "topology/levels/1/alltoall/1/1", 1.42e10);
    ck_assert_uint_eq(json_array_size(at(root, "topology/hosts")), 1);
    integer_at(root, "topology/hosts/0/index", 1);
    integer_at(root, "topology/hosts/0/memory_bytes", 77);
    json_decref(root);
    drop(s);
}
END_TEST

/* As in the text: towers of 3 and 2 of 5 features; tower 1 has ranks 2 and 3 with 7 * (3 + 4) MB of
 * lookup, of which its table 3 brings 4 / (2 + 4). */
START_TEST(it_holds_what_a_click_log_showed)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_hot_point points[2] = {{1, 0.25}, {100, 0.75}};
    s->model.features[4].pooling_p99 = 9;
    s->model.features[4].distinct = 123;
    s->model.features[4].hot_rows = points;
    s->model.features[4].hot_count = 2;
    s->model.tables[4].row_order = TP_ROWS_RANKED;
    json_t *root = parse(s);
    text_at(root, "model/tables/4/row_order", "ranked");
    real_at(root, "model/tables/4/features/0/pooling_p99", 9);
    integer_at(root, "model/tables/4/features/0/distinct", 123);
    integer_at(root, "model/tables/4/features/0/hot_rows/1/0", 100);
    real_at(root, "model/tables/4/features/0/hot_rows/1/1", 0.75);
    ck_assert_ptr_null(json_object_get(at(root, "model/tables/3"), "row_order"));
    ck_assert_uint_eq(json_object_size(at(root, "model/tables/3/features/0")), 2);
    json_decref(root);
    drop(s);
}
END_TEST

START_TEST(it_holds_what_the_text_report_derives)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    json_t *root = parse(s);
    ck_assert_double_eq_tol(json_real_value(at(root, "derived/chance_affinity")), 0.4, 1e-12);
    real_at(root, "derived/towers/1/lookup_bytes", 49e6);
    real_at(root, "derived/towers/1/capacity_bytes", 1600e6);
    integer_at(root, "derived/heaviest/lookup/tower", 1);
    text_at(root, "derived/heaviest/lookup/table", "t_feat3");
    ck_assert_double_eq_tol(
        json_real_value(at(root, "derived/heaviest/lookup/table_share")), 4.0 / 6, 1e-12);
    ck_assert_double_eq_tol(json_real_value(at(root, "derived/speedup_over_flat/dmt")), 2, 1e-12);
    ck_assert_uint_ge(json_array_size(at(root, "derived/next")), 2);
    json_decref(root);
    drop(s);
}
END_TEST

START_TEST(what_does_not_exist_is_left_out)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.affinity = (struct tp_plan_affinity){.stability = NAN};
    s->plan.quality.inside_affinity = s->plan.quality.bound = NAN;
    s->plan.quality.baseline_count = 0;
    s->plan.quality.balance.flops = NAN;
    s->plan.cost.flat_free_seconds = NAN;
    json_t *root = parse(s);
    ck_assert_ptr_null(json_object_get(at(root, "inputs"), "affinity"));
    ck_assert_ptr_null(json_object_get(at(root, "quality"), "inside_affinity"));
    ck_assert_ptr_null(json_object_get(at(root, "quality"), "upper_bound"));
    ck_assert_ptr_null(json_object_get(at(root, "quality/balance"), "flops"));
    ck_assert_ptr_null(json_object_get(at(root, "cost"), "flat_free"));
    ck_assert_ptr_null(json_object_get(at(root, "derived/speedup_over_flat"), "flat_free"));
    json_decref(root);
    drop(s);
}
END_TEST

static void evil_name(int i, char *name)
{
    static const char *const evil[] = {
        "quote\"back\\slash", "tab\tline\nbell\x07", "\xff\xfe", "\xc3\xa9"};
    snprintf(name, SAMPLE_NAME_BYTES, "%s%d", evil[i % 4], i);
}

/* UTF-8 comes through as it is, quoted where JSON wants it; bytes that are not UTF-8 become '?'. */
START_TEST(names_of_any_kind_survive)
{
    struct sample *s = sample_make(2, 2, 4, evil_name);
    s->topology.levels[1].name = sample_text(s, "\xff");
    json_t *root = parse(s);
    text_at(root, "towers/0/features/0", "quote\"back\\slash0");
    text_at(root, "towers/1/features/0",
        "tab\tline\nbell\x07"
        "1");
    text_at(root, "towers/0/features/1", "??2");
    text_at(root, "towers/1/features/1",
        "\xc3\xa9"
        "3");
    integer_at(root, "cost/flat/phases/ids_alltoall/bytes/?", 1000000);
    json_decref(root);
    drop(s);
}
END_TEST

START_TEST(the_same_plan_gives_the_same_bytes)
{
    struct sample *s = sample_make(4, 2, 30, sample_name);
    char *a = sample_report(&s->plan, json_report), *b = sample_report(&s->plan, json_report);
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
    drop(s);
}
END_TEST

START_TEST(the_largest_seed_is_not_mangled)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.seed = UINT64_MAX;
    json_t *root = parse(s);
    text_at(root, "seed", "18446744073709551615");
    json_decref(root);
    drop(s);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("report json");
    tcase_add_test(tcase, it_holds_inputs_limits_and_quality);
    tcase_add_test(tcase, it_holds_all_that_trust_rests_on);
    tcase_add_test(tcase, it_holds_every_finding_and_the_list_when_there_is_none);
    tcase_add_test(tcase, it_holds_every_tower_table_and_rank);
    tcase_add_test(tcase, it_holds_every_phase_of_every_mode);
    tcase_add_test(tcase, it_holds_the_resolved_specs);
    tcase_add_test(tcase, it_holds_what_a_click_log_showed);
    tcase_add_test(tcase, it_holds_what_the_text_report_derives);
    tcase_add_test(tcase, what_does_not_exist_is_left_out);
    tcase_add_test(tcase, names_of_any_kind_survive);
    tcase_add_test(tcase, the_same_plan_gives_the_same_bytes);
    tcase_add_test(tcase, the_largest_seed_is_not_mangled);
    Suite *suite = suite_create("report json");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
