/* SPDX-License-Identifier: Apache-2.0 */
/* The section AFFINITY of the text report: every figure, every check, and what was not assessed. */
#include "report_text.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* Half of the pairs inside towers: towers of 3 and 2 of 5 hold 4 of 10 pairs, so 20 % are asked for. */
static const struct {
    enum tp_verdict verdict;
    double above_floor, stability, rho; /* rho NAN: one dump */
    const char *words;
} verdicts[] = {
    {TP_VERDICT_TRUSTED, 0.34, 0.91, NAN,
        "TRUSTED: signal and stability pass; agreement between training runs was not assessed."},
    {TP_VERDICT_TRUSTED, 0.34, 0.91, 0.97,
        "TRUSTED: signal, stability and agreement between dumps pass."},
    {TP_VERDICT_WEAK, 0.34, 0.6612, NAN,
        "WEAK: stability 0.661 is below 0.70; take these towers as a suggestion."},
    {TP_VERDICT_WEAK, 0.151, 0.91, 0.97,
        "WEAK: signal 15.1 % is below 20 %; take these towers as a suggestion."},
    {TP_VERDICT_WEAK, 0.34, 0.91, 0.125,
        "WEAK: agreement between dumps, rho 0.125, is below 0.50; take these towers"},
    {TP_VERDICT_WEAK, 0.34, 0.91, NAN, "WEAK: checks failed when the plan was made, and the"},
    {TP_VERDICT_NOISE, 0.02, 0.3, NAN,
        "NOISE: signal 2 % is below 20 % and stability 0.3 is below 0.70. Unrelated features could "
        "give these numbers; do not build on them."},
    {TP_VERDICT_NOISE, 0.02, 0.3, -0.25,
        "NOISE: signal 2 % is below 20 %, stability 0.3 is below 0.70 and agreement between dumps, "
        "rho -0.25, is below 0.50. Unrelated"},
    {TP_VERDICT_NOISE, 0.34, 0.3, 0.25,
        "NOISE: stability 0.3 is below 0.70 and agreement between dumps, rho 0.25, is below"},
};

START_TEST(the_verdict_names_the_checks_that_failed)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.affinity.verdict = verdicts[_i].verdict;
    s->plan.affinity.above_floor = verdicts[_i].above_floor;
    s->plan.affinity.stability = verdicts[_i].stability;
    s->plan.affinity.reproducibility = verdicts[_i].rho;
    s->plan.affinity.dumps = isnan(verdicts[_i].rho) ? 1 : 2;
    char *text = report_of(s);
    has(text, verdicts[_i].words);
    free(text);
}
END_TEST

/* By chance 1 % of the 4950 pairs of 100 features, give or take 3 sqrt(0.01 * 0.99 / 4950) = 0.42 %. On
 * top of that a quarter of the pairs inside: 50 towers of 2 hold 50 pairs, 1.01 %, so 1 + 0.424 + 0.253 =
 * 1.68 %; 10 towers of 10 hold 450, 9.09 %, so 1 + 0.424 + 2.273 = 3.70 %. */
START_TEST(the_signal_asked_for_follows_the_towers)
{
    char *text = report_of(sample_make(50, 1, 100, sample_name));
    has(text, "trusted: 1.68 % or more");
    free(text);
    text = report_of(sample_make(10, 1, 100, sample_name));
    has(text, "trusted: 3.7 % or more");
    free(text);
}
END_TEST

START_TEST(small_figures_of_the_affinity_keep_their_digits)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.affinity.noise_floor = 0.0000123;
    s->plan.affinity.std_error = 0.0000045;
    char *text = sample_report(&s->plan, brief_report);
    has(text, "the noise floor (1.23e-05)");
    has(text, "typical standard error 4.5e-06; 17284 samples instead of 4321 would about halve it");
    free(text);
    s->plan.affinity.noise_floor = s->plan.affinity.std_error = 0;
    text = report_of(s);
    has(text, "the noise floor (rounded away)");
    has(text, "typical standard error: rounded away\n");
    has_not(text, "halve");
    free(text);
}
END_TEST

START_TEST(the_trust_section_gives_every_figure_and_says_what_was_not_assessed)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *text = sample_report(&s->plan, brief_report);
    has(text, "TRUSTED");
    has(text, "cka on 4321 samples (dump)");
    has(text, "34 % of the pairs lie above the noise floor (0.0123)");
    has(text, "typical standard error 0.0056");
    has(text, "17284 samples instead of 4321 would about halve it");
    has(text, "stability 0.91");
    has(text, "movers none: no feature changes tower");
    has(text, "reproducibility not assessed: one dump. To assess it, train the model again with "
              "another seed, dump that too, and give both: -d A -d B");
    has(text, "learned not assessed: no --null dump.");
    has_not(text, " constant");
    has_not(text, " neutral");
    free(text);
    s->plan.affinity.stability = NAN;
    s->plan.affinity.verdict = TP_VERDICT_NONE;
    text = report_of(s);
    has(text, "verdict NOT ASSESSED: these towers were changed after planning");
    has(text, "stability not assessed");
    has_not(text, " movers ");
    free(text);
}
END_TEST

START_TEST(towers_that_do_not_follow_the_affinity_have_no_verdict)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.strategy = TP_STRATEGY_LOAD;
    s->plan.affinity.stability = NAN;
    s->plan.affinity.verdict = TP_VERDICT_NONE;
    char *text = report_of(s);
    has(text, "verdict NOT ASSESSED: these towers do not follow the affinity");
    free(text);
}
END_TEST

START_TEST(several_dumps_and_an_untrained_model_are_reported)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    s->plan.affinity.input.file = sample_text(s, "seed0, seed1");
    s->plan.affinity.dumps = 2;
    s->plan.affinity.reproducibility = 0.9712;
    s->plan.affinity.null_rho = 0.31;
    s->plan.affinity.learned = 0.405;
    char *text = report_of(s);
    has(text, "cka on 4321 samples (the fewest of 2 dumps: seed0, seed1): how similarly");
    has(text, "reproducibility rho 0.97 between 2 dumps (rank correlation of their pairs; 1 is the "
              "same order, 0 is chance); trusted: 0.50 or more");
    has(text,
        "learned 40.5 % of the pairs lie above the untrained model's by over 2 standard errors");
    has(text, "rho 0.31 with the untrained model");
    has_not(text, "one dump");
    free(text);
}
END_TEST

START_TEST(each_measure_says_what_it_can_see)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    char *text = sample_report(&s->plan, brief_report);
    has(text, "It sees through rotations and takes any dims");
    free(text);
    s->plan.affinity.measure = TP_MEASURE_COSINE;
    text = report_of(s);
    has(text, "(cosine: how far two features' vectors point the same way, 0 to 1)");
    has(text, "It is blind to features whose spaces are rotated against each other");
    free(text);
}
END_TEST

static void add_movers(struct sample *s, int count)
{
    struct tp_plan_affinity *affinity = &s->plan.affinity;
    affinity->movers = sample_new(s, (size_t)count, sizeof *affinity->movers);
    affinity->mover_count = count;
    for (int i = 0; i < count; i++)
        affinity->movers[i] = (struct tp_plan_mover){s->model.features[i].name, 1.0 / (i + 1)};
}

/* 8 of a long list are named, and 9 of 9: to count a single one would take as much room. */
START_TEST(movers_are_named_most_first_and_the_rest_counted)
{
    struct sample *s = sample_make(2, 2, 20, sample_name);
    add_movers(s, 1);
    char *text = sample_report(&s->plan, brief_report);
    has(text,
        "movers 1 feature changes tower in a quarter of the resampled matrices or more: feat0 "
        "(100 %)\n");
    free(text);
    add_movers(s, 9);
    text = sample_report(&s->plan, brief_report);
    has(text, "movers 9 features change tower");
    has(text, "feat7 (12 %), feat8 (11 %)\n");
    free(text);
    add_movers(s, 10);
    text = sample_report(&s->plan, brief_report);
    has(text, "or more: feat0 (100 %), feat1 (50 %), feat2 (33 %),");
    has(text, "feat7 (12 %), and 2 more\n");
    free(text);
    text = sample_report(&s->plan, whole_report);
    has(text, "feat8 (11 %), feat9 (10 %)\n");
    free(text);
    sample_release(s);
    free(s);
}
END_TEST

START_TEST(features_without_a_signal_are_named)
{
    struct sample *s = sample_make(2, 2, 20, sample_name);
    char *names[20];
    for (int i = 0; i < 20; i++)
        names[i] = s->model.features[i].name;
    s->plan.affinity.constant = names + 3;
    s->plan.affinity.constant_count = 1;
    s->plan.affinity.neutral = names;
    s->plan.affinity.neutral_count = 20;
    char *text = report_of(s);
    has(text,
        "constant 1 feature without any variation in a dump, taken as unrelated to all: feat3");
    has(text, "neutral 20 features in no dump, taken at the mean affinity: feat0, feat1, feat2,");
    has(text, "feat7, and 12 more\n");
    free(text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("report trust");
    tcase_add_loop_test(tcase, the_verdict_names_the_checks_that_failed, 0, COUNT(verdicts));
    tcase_add_test(tcase, the_signal_asked_for_follows_the_towers);
    tcase_add_test(tcase, small_figures_of_the_affinity_keep_their_digits);
    tcase_add_test(tcase, the_trust_section_gives_every_figure_and_says_what_was_not_assessed);
    tcase_add_test(tcase, towers_that_do_not_follow_the_affinity_have_no_verdict);
    tcase_add_test(tcase, several_dumps_and_an_untrained_model_are_reported);
    tcase_add_test(tcase, each_measure_says_what_it_can_see);
    tcase_add_test(tcase, movers_are_named_most_first_and_the_rest_counted);
    tcase_add_test(tcase, features_without_a_signal_are_named);
    Suite *suite = suite_create("report trust");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
