/* SPDX-License-Identifier: Apache-2.0 */
/* Initial values, against an implementation in Python's big integers. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "train/initial.h"

static const struct {
    uint64_t seed;
    const char *name;
    int64_t row, column;
    double value; /* within 0.5 */
} cases[] = {
    {1, "t_user", 0, 0, 0x1.3cb694a1b0140p-2},
    {1, "t_user", 39999999, 127, 0x1.816dd3ac9b8aap-2},
    {1, "t_user", 1, 0, -0x1.6623990841768p-2},
    {2, "t_user", 0, 0, 0x1.ed3998d6381a0p-4},
    {1, "t_usar", 0, 0, -0x1.83b6989702bc0p-6},
};

START_TEST(values_are_those_of_the_definition)
{
    uint64_t stream = tp_initial_stream(cases[_i].seed, cases[_i].name);
    double value = tp_initial_value(stream, cases[_i].row, cases[_i].column, 0.5);
    ck_assert_double_eq(value, cases[_i].value);
}
END_TEST

START_TEST(values_are_uniform_within_the_bound)
{
    uint64_t stream = tp_initial_stream(7, "t");
    double sum = 0, squares = 0;
    int count = 0;
    for (int64_t row = 0; row < 400; row++)
        for (int64_t column = 0; column < 50; column++, count++) {
            double value = tp_initial_value(stream, row, column, 2);
            ck_assert(value >= -2 && value < 2);
            sum += value;
            squares += value * value;
        }
    /* Mean 0 and variance 4/3; standard errors 0.008 and 0.0085 at 20,000 values. */
    ck_assert_double_lt(fabs(sum / count), 0.04);
    ck_assert_double_lt(fabs(squares / count - 4.0 / 3), 0.04);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("initial");
    TCase *tcase = tcase_create("initial");
    tcase_add_loop_test(tcase, values_are_those_of_the_definition, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tcase, values_are_uniform_within_the_bound);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
