/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of one width from embeddings of several, worked out by hand. */
#include <check.h>
#include <stdlib.h>

#include "train/projection.h"

static struct tp_parameters parameters;
static struct tp_projections projections;

/* Widths 2, 1, 2, 2 to 2: the second is projected, W = (3; 4), b = (1 -1). */
static void begin(void)
{
    static const int32_t widths[] = {2, 1, 2, 2};
    static const char *const names[] = {"a", "b", "c", "d"};
    static const tp_real values[] = {3, 4, 1, -1};
    struct tp_error err;
    parameters = (struct tp_parameters){0};
    projections = (struct tp_projections){0};
    ck_assert_int_eq(
        tp_projections_init(&projections, &parameters, "t.", 4, widths, names, 2, &err), TP_OK);
    ck_assert_int_eq(tp_parameters_init(&parameters, 1, &err), TP_OK);
    ck_assert_uint_eq(parameters.count, 4);
    ck_assert_str_eq(parameters.tensors[0].name, "t.projection.b.weight");
    ck_assert_int_eq(projections.width, 7);
    for (int i = 0; i < 4; i++)
        parameters.values[i] = values[i];
}

static void end(void)
{
    tp_projections_release(&projections);
    tp_parameters_release(&parameters);
}

static void assert_values(const tp_real *values, const tp_real *want, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_double_eq((double)values[i], (double)want[i]);
}

static const tp_real x[] = {1, 2, 5, 3, 4, 6, 7, /* next sample */ 0, 0, 1, 0, 0, 0, 9};

START_TEST(vectors_of_the_common_width_stay_as_they_are)
{
    static const tp_real want[] = {1, 2, 16, 19, 3, 4, 6, 7, 99, 0, 0, 4, 3, 0, 0, 0, 9, 99};
    tp_real y[18];
    y[8] = y[17] = 99;
    begin();
    tp_projections_forward(
        &projections, &parameters, 2, (struct tp_rows){x, 7}, (struct tp_rows_out){y, 9});
    assert_values(y, want, 18);
    end();
}
END_TEST

START_TEST(gradients_go_the_same_way_back)
{
    /* d of b: (1 2), (1 0): dx 3+8, 3; dW = (5+1; 10); db = (2 2). */
    static const tp_real d[] = {5, 6, 1, 2, 7, 8, 9, 10, 0, 0, 1, 0, 0, 0, 0, 3};
    static const tp_real want[] = {5, 6, 11, 7, 8, 9, 10, 0, 0, 3, 0, 0, 0, 3};
    tp_real dx[14];
    begin();
    tp_projections_backward(&projections, &parameters, 2, (struct tp_rows){x, 7},
        (struct tp_rows){d, 8}, (struct tp_rows_out){dx, 7});
    assert_values(dx, want, 14);
    assert_values(parameters.gradients, (tp_real[]){6, 10, 2, 2}, 4);
    end();
}
END_TEST

START_TEST(names_are_not_needed_without_projections)
{
    static const int32_t widths[] = {2, 2};
    struct tp_error err;
    parameters = (struct tp_parameters){0};
    projections = (struct tp_projections){0};
    ck_assert_int_eq(
        tp_projections_init(&projections, &parameters, "", 2, widths, NULL, 2, &err), TP_OK);
    ck_assert_int_eq(parameters.tensor_count, 0);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("projection");
    TCase *tcase = tcase_create("projection");
    tcase_add_test(tcase, vectors_of_the_common_width_stay_as_they_are);
    tcase_add_test(tcase, gradients_go_the_same_way_back);
    tcase_add_test(tcase, names_are_not_needed_without_projections);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
