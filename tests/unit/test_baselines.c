/* SPDX-License-Identifier: Apache-2.0 */
/* Other methods' answers: all towers in range, what they say of the limits, their names. */
#include "partition/baselines.h"

#include "problems.h"

static struct tp_problem *make(const struct recipe *recipe, uint64_t seed)
{
    struct tp_random random = tp_random_new(seed, 31);
    return problem_random(recipe, &random);
}

START_TEST(test_an_answer_is_marked_where_it_breaks_a_limit)
{
    struct recipe recipe = {.units = 30,
        .towers = 4,
        .affinity = 1,
        .features_most = 2,
        .pinned = _i & 1 ? 20 : 0,
        .apart = _i & 2 ? 5 : 0,
        .memory = _i & 4 ? 2 : 0};
    struct tp_problem *p = make(&recipe, (uint64_t)_i);
    struct tp_baselines found;
    tp_problem_set_limits(p, (struct tp_limits){0.8, 2});
    ck_assert_int_eq(tp_baselines_make(p, TP_GOAL_COHERENT, 2, 1, &found, NULL), TP_OK);
    for (int b = 0; b < TP_BASELINE_COUNT; b++) {
        ck_assert_ptr_nonnull(found.tower[b]);
        ck_assert_int_eq(found.within_limits[b], slow_legal(p, found.tower[b]));
    }
    tp_baselines_release(&found);
    tp_problem_free(p);
}
END_TEST

START_TEST(test_names_are_those_of_plan_files)
{
    ck_assert_str_eq(tp_baseline_name(TP_BASELINE_STRIDE), "stride");
    ck_assert_str_eq(tp_baseline_name(TP_BASELINE_LOAD), "load");
    ck_assert_str_eq(tp_baseline_name(TP_BASELINE_PAPER), "paper");
    ck_assert_str_eq(tp_baseline_name(TP_BASELINE_METIS_KWAY), "metis_kway");
    ck_assert_str_eq(tp_baseline_name(TP_BASELINE_METIS_RECURSIVE), "metis_recursive");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("baselines");
    TCase *tcase = tcase_create("baselines");
    tcase_add_loop_test(tcase, test_an_answer_is_marked_where_it_breaks_a_limit, 0, 8);
    tcase_add_test(tcase, test_names_are_those_of_plan_files);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
