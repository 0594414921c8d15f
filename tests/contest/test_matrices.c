/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded matrices are those of the real dumps: test_matrices RECORDED DIABETES130. */
#include "field.h"

#include <towerpart/affinity.h>

#include <check.h>

#include <math.h>
#include <stdio.h>

enum { PATH_BYTES = 1024 };

static const char *recorded, *data;

static struct tp_affinity *measure(const struct tp_model *model, int matrix)
{
    char path[PATH_BYTES];
    struct tp_dump *dump;
    struct tp_affinity *affinity;
    struct tp_error error = {0};
    struct tp_affinity_options options = tp_affinity_options_default();
    options.measure = matrix / 2 ? TP_MEASURE_COSINE : TP_MEASURE_CKA;
    snprintf(path, sizeof path, "%s/dump_seed%d", data, matrix % 2);
    ck_assert_msg(!tp_dump_open(path, model, false, &dump, &error), "%s", error.text);
    ck_assert_msg(!tp_affinity_measure(
                      (const struct tp_dump *const *)&dump, 1, NULL, &options, &affinity, &error),
        "%s", error.text);
    tp_dump_free(dump);
    return affinity;
}

/* Rounded to 1e-4, and another machine's sums differ a little. */
START_TEST(a_recorded_matrix_is_that_of_its_dump)
{
    char path[PATH_BYTES];
    struct tp_model *model;
    struct tp_error error = {0};
    snprintf(path, sizeof path, "%s/model.yaml", data);
    ck_assert_msg(!tp_model_load(path, &model, &error), "%s", error.text);
    struct tp_affinity *affinity = measure(model, _i);
    struct entry entry = field_entry(FIELD_REAL, _i * field_count(FIELD_REAL) / REAL_MATRICES);
    ck_assert_int_eq(entry.matrix, _i);
    struct instance *in = entry_instance(&entry, recorded);
    ck_assert_int_eq(affinity->feature_count, in->n);
    for (int i = 0; i < in->n; i++)
        for (int j = 0; j < i; j++)
            ck_assert_float_eq_tol(
                in->affinity[i * in->n + j], affinity->affinity[i * in->n + j], 0.6e-4f);
    instance_free(in);
    tp_affinity_free(affinity);
    tp_model_free(model);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    recorded = argv[1];
    data = argv[2];
    Suite *suite = suite_create("matrices");
    TCase *tests = tcase_create("matrices");
    tcase_add_loop_test(tests, a_recorded_matrix_is_that_of_its_dump, 0, REAL_MATRICES);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
