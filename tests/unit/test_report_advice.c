/* SPDX-License-Identifier: Apache-2.0 */
/* The last section of the text report, NEXT: each piece of advice comes when its reason holds, and only
 * then. */
#include "report_text.h"

START_TEST(noise_is_called_noise_and_more_samples_are_advised)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.affinity.verdict = TP_VERDICT_NOISE;
    char *text = report_of(s);
    has(text, "NOISE: ");
    has(text, "1. The affinity is noise: do not build on it.");
    has(text, "or dump more samples than 4321, and look again");
    has_not(text, "another training run would give");
    has(text, "towerpart plan -m m.yaml -t t.yaml --strategy load -o load.yaml");
    free(text);
}
END_TEST

static const struct {
    double above_floor, stability, rho; /* rho NAN: one dump */
    enum tp_measure measure;
    const char *words[3];
} weak[] = {
    {0.01, 0.9, NAN, TP_MEASURE_CKA,
        {"1. The affinity is weak: too few pairs stand out from the noise.",
            "or dump 17284 samples instead of 4321, which lowers the noise floor", NULL}},
    {0.34, 0.5, NAN, TP_MEASURE_CKA,
        {"1. The affinity is weak: its errors decide between towers.",
            "Dump 17284 samples instead of 4321, which would about halve them", NULL}},
    {0.34, 0.9, 0.1, TP_MEASURE_CKA,
        {"1. The affinity is weak: training runs disagree on it. Train the dumped models for "
         "longer",
            "towerpart plan -m m.yaml -t t.yaml -d A -d B -d C -o plan.yaml", NULL}},
    {0.34, 0.9, 0.1, TP_MEASURE_COSINE,
        {"1. The affinity is weak: training runs disagree on it. Measure it with cka",
            "towerpart plan -m m.yaml -t t.yaml -d A -d B --measure cka -o plan.yaml", NULL}},
};

START_TEST(weakness_is_mended_where_it_is)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_plan_affinity *affinity = &s->plan.affinity;
    affinity->verdict = TP_VERDICT_WEAK;
    affinity->above_floor = weak[_i].above_floor;
    affinity->stability = weak[_i].stability;
    affinity->reproducibility = weak[_i].rho;
    affinity->dumps = isnan(weak[_i].rho) ? 1 : 2;
    affinity->measure = weak[_i].measure;
    char *text = report_of(s);
    for (int i = 0; weak[_i].words[i]; i++)
        has(text, weak[_i].words[i]);
    has_not(text, "--strategy load");
    free(text);
}
END_TEST

START_TEST(one_dump_is_not_enough_and_two_are)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *text = sample_report(&s->plan, brief_report);
    has(text,
        "Whether another training run would give these towers is not known: there is one dump.");
    has(text, "towerpart plan -m m.yaml -t t.yaml -d A -d B -o plan.yaml");
    free(text);
    s->plan.affinity.measure = TP_MEASURE_COSINE;
    text = sample_report(&s->plan, brief_report);
    has(text, "-d A -d B --measure cosine -o plan.yaml");
    free(text);
    s->plan.affinity.dumps = 2;
    s->plan.affinity.reproducibility = 0.9;
    text = report_of(s);
    has_not(text, "another training run would give");
    free(text);
}
END_TEST

START_TEST(movers_may_be_bound_and_silent_features_dumped)
{
    struct sample *s = sample_make(2, 2, 9, sample_name);
    struct tp_plan_mover movers[5];
    char *names[] = {s->model.features[7].name, s->model.features[8].name};
    for (int i = 0; i < 5; i++)
        movers[i] = (struct tp_plan_mover){s->model.features[i].name, 0.5};
    s->plan.affinity.movers = movers;
    s->plan.affinity.mover_count = 5;
    s->plan.affinity.constant = names;
    s->plan.affinity.constant_count = 1;
    s->plan.affinity.neutral = names + 1;
    s->plan.affinity.neutral_count = 1;
    char *text = sample_report(&s->plan, brief_report);
    has(text, "feat0, feat1, feat2, and 2 more: resampled matrices put them elsewhere");
    has(text, "The affinity says nothing of some features: feat7; feat8.");
    free(text);
    s->plan.affinity.verdict = TP_VERDICT_NOISE; /* of noise all features move */
    text = report_of(s);
    has_not(text, "decides their tower");
    free(text);
}
END_TEST

/* Tower 1 has two features; table 3 with pooling 40 brings 40 of 2 + 40 = 95 % of its lookup, so alone 0.95 *
 * 1.9 = 1.81 times the mean tower. */
START_TEST(a_table_that_forces_the_imbalance_is_named)
{
    struct sample *s = sample_make(3, 2, 6, sample_name);
    s->model.features[4].pooling = 40;
    s->plan.quality.balance.lookup = 1.9;
    s->plan.ranks[2].load.lookup_bytes = 1000000000;
    char *text = report_of(s);
    has(text, "Table t_feat4 alone weighs 1.81 times a mean tower by lookup");
    has(text, "its tower 1 has 1.90 times the mean");
    has(text, "Larger towers (--hosts-per-tower) even it out");
    free(text);
}
END_TEST

/* Of two towers there are no fewer, except one. */
START_TEST(fewer_than_two_towers_are_not_advised)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->model.features[3].pooling = 40;
    s->plan.quality.balance.lookup = 1.9;
    char *text = report_of(s);
    has(text, "Table t_feat3 alone weighs");
    has_not(text, "Larger towers");
    free(text);
}
END_TEST

/* Table 3 brings 67 % of tower 1, which has 1.33 times the mean: by itself 0.89 times the mean. */
START_TEST(a_table_lighter_than_a_mean_tower_is_not_blamed)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.quality.balance.output = 1;
    char *text = report_of(s);
    has(text, "The lookup of tower 1 is 1.33 times the mean, and no single table forces that "
              "(t_feat3, the largest, brings 67 % of it)");
    has_not(text, "alone weighs");
    free(text);
}
END_TEST

START_TEST(next_steps_hold_commands_with_the_names_of_the_inputs)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.topology_input.file = sample_text(s, "a file; rm -r");
    char *text = report_of(s);
    has(text, "towerpart check plan.yaml -m m.yaml -t TOPOLOGY");
    free(text);
}
END_TEST

static const struct {
    const char *file;
    bool dump;
    const char *plan, *recost;
} sources[] = {
    {"one, two", true, "-d one -d two --ratio ", "recost plan.yaml -a AFFINITY -o"},
    {"one, t wo;", true, "-d DUMP --ratio ", "recost plan.yaml -a AFFINITY -o"},
    {"dump.npz", true, "-d dump.npz --ratio ", "recost plan.yaml -a AFFINITY -o"},
    {"a.npz", false, "-a a.npz --ratio ", "recost plan.yaml -a a.npz -o"},
    {"a b.npz", false, "-a AFFINITY --ratio ", "recost plan.yaml -a AFFINITY -o"},
};

START_TEST(commands_take_an_affinity_file_with_a_and_a_dump_with_d)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.quality.baselines[1].inside_affinity = 0.75; /* so that there is such a command */
    s->plan.affinity.input.file = sample_text(s, sources[_i].file);
    s->plan.affinity.from_dump = sources[_i].dump;
    s->plan.affinity.dumps = strchr(sources[_i].file, ',') ? 2 : 1;
    char *text = report_of(s);
    has(text, sources[_i].plan);
    has(text, sources[_i].recost);
    free(text);
}
END_TEST

/* load, which breaks a limit, is lifted above the plan's 62.5 %. */
START_TEST(what_the_limits_cost_is_told)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *text = sample_report(&s->plan, brief_report);
    has_not(text, "The limits cost affinity");
    free(text);
    s->plan.quality.baselines[1].inside_affinity = 0.75;
    text = report_of(s);
    has(text, "The limits cost affinity: load, which breaks them, holds 75.0 % of it");
    has(text,
        "a larger --ratio (features per tower, now 1.5), a larger --balance (loads, now 0.25)");
    has(text,
        "towerpart plan -m m.yaml -t t.yaml -d dump --ratio 1.75 --balance 0.25 -o looser.yaml");
    free(text);
}
END_TEST

START_TEST(a_command_too_long_for_a_line_goes_on_after_a_backslash)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.quality.baselines[1].inside_affinity = 0.75;
    s->plan.model_input.file = sample_text(s, "model-of-24-letters.yaml");
    s->plan.topology_input.file = sample_text(s, "hosts-of-24-letters.yaml");
    char *text = report_of(s);
    ck_assert_ptr_nonnull(strstr(text,
        "\n      towerpart plan -m model-of-24-letters.yaml -t hosts-of-24-letters.yaml "
        "-d dump --ratio 1.75 \\\n        --balance 0.25 -o looser.yaml\n"));
    free(text);
}
END_TEST

START_TEST(memory_beyond_capacity_comes_first)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.ranks[2].load.memory_bytes = 900000000; /* of 800 MB: 112.5 % */
    char *text = report_of(s);
    has(text, "1. Rank 2 needs 112 % of its memory");
    has(text, "112.5 % !");
    free(text);
}
END_TEST

START_TEST(one_tower_is_told_how_to_become_more)
{
    struct sample *s = sample_make(1, 4, 5, sample_name);
    char *text = sample_report(&s->plan, brief_report);
    has(text, "towers change nothing: they need more than one host.");
    has_not(text, "dmt is the fastest");
    free(text);
    s->topology.host_count = 2;
    text = report_of(s);
    has(text, "Plan with fewer hosts per tower");
    has(text, "-d dump --hosts-per-tower K -o towers.yaml");
    free(text);
}
END_TEST

/* What follows from figures that are wrong is not worth saying. */
START_TEST(a_plan_with_findings_gets_no_other_advice)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *lines[] = {sample_text(s, "rank 0: stale")};
    struct tp_findings findings = {.lines = lines, .count = 1};
    s->plan.ranks[2].load.memory_bytes = 900000000;
    char *text = sample_report_with(&s->plan, &findings, brief_report);
    const char *next = strstr(text, "\nNEXT ");
    ck_assert_ptr_nonnull(next);
    has(next, " 1. See all that is wrong with this plan");
    has(next, "towerpart check plan.yaml -m m.yaml -t t.yaml");
    has(next, " 2. To move tables by hand");
    has_not(next, " 3. ");
    free(text);
    sample_release(s);
    free(s);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("report advice");
    tcase_add_test(tcase, noise_is_called_noise_and_more_samples_are_advised);
    tcase_add_loop_test(
        tcase, weakness_is_mended_where_it_is, 0, (int)(sizeof weak / sizeof weak[0]));
    tcase_add_test(tcase, one_dump_is_not_enough_and_two_are);
    tcase_add_test(tcase, movers_may_be_bound_and_silent_features_dumped);
    tcase_add_test(tcase, a_table_that_forces_the_imbalance_is_named);
    tcase_add_test(tcase, fewer_than_two_towers_are_not_advised);
    tcase_add_test(tcase, a_table_lighter_than_a_mean_tower_is_not_blamed);
    tcase_add_test(tcase, next_steps_hold_commands_with_the_names_of_the_inputs);
    tcase_add_loop_test(tcase, commands_take_an_affinity_file_with_a_and_a_dump_with_d, 0,
        (int)(sizeof sources / sizeof sources[0]));
    tcase_add_test(tcase, what_the_limits_cost_is_told);
    tcase_add_test(tcase, a_command_too_long_for_a_line_goes_on_after_a_backslash);
    tcase_add_test(tcase, memory_beyond_capacity_comes_first);
    tcase_add_test(tcase, one_tower_is_told_how_to_become_more);
    tcase_add_test(tcase, a_plan_with_findings_gets_no_other_advice);
    Suite *suite = suite_create("report advice");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
