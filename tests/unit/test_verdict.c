/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on figures made by hand. Towers of 3 and 2 of 5 features hold 4 of the 10 pairs, so by
 * half of that, and at most, 20 % of the pairs must lie above the floor. */
#include "plan/verdict.h"

#include "sample_plan.h"

enum { ONE = 1, TWO = 2 };

static const struct {
    double above_floor, stability, rho;
    int dumps;
    unsigned failed;
    enum tp_verdict verdict;
} cases[] = {
    {0.20, 0.70, NAN, ONE, 0, TP_VERDICT_TRUSTED},
    {1, 1, 1, TWO, 0, TP_VERDICT_TRUSTED},
    {0.20, 0.70, 0.50, TWO, 0, TP_VERDICT_TRUSTED},
    {0.19, 0.70, NAN, ONE, TP_FAILED_SIGNAL, TP_VERDICT_WEAK},
    {0.20, 0.69, NAN, ONE, TP_FAILED_STABILITY, TP_VERDICT_WEAK},
    {0.20, 0.70, 0.49, TWO, TP_FAILED_AGREEMENT, TP_VERDICT_WEAK},
    {0.20, 0.70, -0.9, 7, TP_FAILED_AGREEMENT, TP_VERDICT_WEAK},
    {0.19, 0.69, NAN, ONE, TP_FAILED_SIGNAL | TP_FAILED_STABILITY, TP_VERDICT_NOISE},
    {0.19, 0.69, 0.99, TWO, TP_FAILED_SIGNAL | TP_FAILED_STABILITY, TP_VERDICT_NOISE},
    {0.19, 0.90, 0.1, TWO, TP_FAILED_SIGNAL | TP_FAILED_AGREEMENT, TP_VERDICT_NOISE},
    {0.90, 0.10, 0.1, TWO, TP_FAILED_STABILITY | TP_FAILED_AGREEMENT, TP_VERDICT_NOISE},
    {0, 0, 0, TWO, TP_FAILED_SIGNAL | TP_FAILED_STABILITY | TP_FAILED_AGREEMENT, TP_VERDICT_NOISE},
    /* One dump cannot disagree, whatever stands there. */
    {0.20, 0.70, 0.1, ONE, 0, TP_VERDICT_TRUSTED},
    /* Agreement that has no number fails nothing. */
    {0.20, 0.70, NAN, TWO, 0, TP_VERDICT_TRUSTED},
    /* Not planned by affinity: no verdict, however bad it is. */
    {0.90, NAN, NAN, ONE, 0, TP_VERDICT_NONE},
    {0, NAN, 0, TWO, TP_FAILED_SIGNAL | TP_FAILED_AGREEMENT, TP_VERDICT_NONE},
};

START_TEST(the_verdict_counts_the_failed_checks)
{
    struct sample *s = sample_make(2, 2, 5, sample_name);
    struct tp_plan_affinity *affinity = &s->plan.affinity;
    affinity->above_floor = cases[_i].above_floor;
    affinity->stability = cases[_i].stability;
    affinity->reproducibility = cases[_i].rho;
    affinity->dumps = cases[_i].dumps;
    ck_assert_uint_eq(tp_failed_checks(&s->plan), cases[_i].failed);
    ck_assert_int_eq(tp_verdict_of(&s->plan), cases[_i].verdict);
    sample_release(s);
    free(s);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("verdict");
    tcase_add_loop_test(
        tcase, the_verdict_counts_the_failed_checks, 0, (int)(sizeof cases / sizeof *cases));
    Suite *suite = suite_create("verdict");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
