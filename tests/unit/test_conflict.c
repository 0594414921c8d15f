/* SPDX-License-Identifier: Apache-2.0 */
/* Conflicts are minimal: against brute force over all assignments, for constraints and ratio; and what
 * an inquiry does when it may not search. */
#include "plan/conflict.h"

#include "workload.h"

#define UNITS 6
#define CASES_PER_TEST 25

static struct tp_question question_of(const struct workload *w)
{
    return (struct tp_question){.model = &w->model,
        .topology = &w->topology,
        .hosts_per_tower = 1,
        .strategy = TP_STRATEGY_LOAD,
        .balance = (double)NAN,
        .ratio = (double)NAN,
        .seed = 1,
        .effort = 1};
}

static struct tp_conflict find(const struct tp_question *question, bool proven, int32_t searches)
{
    struct tp_inquiry inquiry = tp_inquiry_of(question, searches);
    struct tp_conflict conflict;
    struct tp_error err;
    ck_assert_int_eq(tp_conflict_find(&inquiry, proven, &conflict, &err), TP_OK);
    return conflict;
}

static bool constraint_holds(const struct tp_constraint *c, const int32_t *tower)
{
    if (c->kind == TP_PIN)
        return tower[c->features[0]] == c->tower;
    for (int32_t i = 0; i < c->feature_count; i++)
        for (int32_t j = 0; j < i; j++)
            if ((tower[c->features[i]] == tower[c->features[j]]) != (c->kind == TP_TOGETHER))
                return false;
    return true;
}

/* One feature per table. The bounds of the ratio, from their definition. */
static bool ratio_holds(const struct workload *w, double ratio, const int32_t *tower)
{
    int32_t towers = w->topology.host_count, features = w->model.feature_count;
    double mean = (double)features / towers;
    for (int32_t t = 0; t < towers; t++) {
        int32_t count = 0;
        for (int32_t f = 0; f < features; f++)
            count += tower[f] == t;
        if (count < 1 || count < floor(mean / ratio) || count > ceil(mean * ratio))
            return false;
    }
    return true;
}

/* Whether an assignment holds those facts but the one left out (-1: all). */
static bool brute_force(
    const struct workload *w, double ratio, const struct tp_conflict *c, int out)
{
    int32_t towers = w->topology.host_count, features = w->model.feature_count;
    int32_t tower[UNITS] = {0};
    for (;;) {
        bool holds = true, with_ratio = false;
        for (int i = 0; i < c->count && holds; i++) {
            if (i == out)
                continue;
            with_ratio |= c->facts[i].kind == TP_FACT_RATIO;
            if (c->facts[i].kind == TP_FACT_CONSTRAINT)
                holds = constraint_holds(&w->model.constraints[c->facts[i].constraint], tower);
        }
        if (holds && ratio_holds(w, with_ratio ? ratio : features, tower))
            return true;
        int32_t f = 0;
        for (; f < features && ++tower[f] == towers; f++)
            tower[f] = 0;
        if (f == features)
            return false;
    }
}

static void roll_constraints(struct workload *w, struct tp_random *random)
{
    int32_t count = 3 + (int32_t)tp_random_below(random, 5);
    for (int32_t i = 0; i < count; i++) {
        int a = (int)tp_random_below(random, UNITS);
        int b = (a + 1 + (int)tp_random_below(random, UNITS - 1)) % UNITS;
        int kind = (int)tp_random_below(random, 3);
        if (kind == TP_PIN)
            workload_pin(w, a, (int32_t)tp_random_below(random, w->topology.host_count));
        else
            workload_bind(w, (enum tp_constraint_kind)kind, a, b, -1);
    }
}

START_TEST(test_conflicts_are_conflicts_and_minimal)
{
    int seen = 0;
    for (int i = 0; i < CASES_PER_TEST; i++) {
        struct tp_random random = tp_random_new((uint64_t)(_i * CASES_PER_TEST + i), 31);
        struct workload w;
        enum tp_answer answer;
        workload_begin(&w, 2 + i % 2, 1, INT64_C(1) << 40);
        workload_tables(&w, UNITS, 100, 8);
        roll_constraints(&w, &random);
        struct tp_question question = question_of(&w);
        if (i % 3)
            question.ratio = 1 + 0.7 * tp_random_uniform(&random);
        ck_assert_int_eq(tp_feasible(&question, question.effort, &answer, NULL, NULL), TP_OK);
        if (answer == TP_ANSWER_YES)
            continue;
        struct tp_conflict conflict = find(&question, true, 1000);
        ck_assert(conflict.proven && conflict.minimal);
        ck_assert_msg(!brute_force(&w, question.ratio, &conflict, -1), "case %d: no conflict", i);
        for (int f = 0; f < conflict.count; f++)
            ck_assert_msg(
                brute_force(&w, question.ratio, &conflict, f), "case %d: fact %d is idle", i, f);
        seen++;
        tp_conflict_release(&conflict);
    }
    ck_assert_int_gt(seen, 0);
}
END_TEST

START_TEST(test_without_searches_nothing_is_dropped_and_it_says_so)
{
    /* 5 + 3 + 3 + 3 features do not come to 7 and 7, which no sum tells. */
    struct workload w;
    workload_begin(&w, 2, 1, INT64_C(1) << 40);
    workload_table(&w, 100, 8, 5, 1);
    for (int i = 0; i < 3; i++)
        workload_table(&w, 100, 8, 3, 1);
    workload_bind(&w, TP_APART, 0, 6, -1);
    struct tp_question question = question_of(&w);
    question.ratio = 1;
    struct tp_conflict conflict = find(&question, true, 0);
    ck_assert(conflict.proven && !conflict.minimal);
    ck_assert_int_eq(conflict.count, 3); /* memory, ratio, apart */
    tp_conflict_release(&conflict);
    conflict = find(&question, true, 10);
    ck_assert(conflict.proven && conflict.minimal);
    ck_assert_int_eq(conflict.count, 1);
    ck_assert_int_eq(conflict.facts[0].kind, TP_FACT_RATIO);
    tp_conflict_release(&conflict);
}
END_TEST

START_TEST(test_towers_alone_are_a_conflict_without_facts)
{
    struct workload w;
    workload_begin(&w, 4, 1, INT64_C(1) << 40);
    workload_tables(&w, 3, 100, 8);
    struct tp_question question = question_of(&w);
    question.balance = 0.5;
    struct tp_conflict conflict = find(&question, true, 10);
    ck_assert_int_eq(conflict.count, 0);
    ck_assert_int_eq(conflict.breach.kind, TP_BREACH_COUNT);
    tp_conflict_release(&conflict);
}
END_TEST

START_TEST(test_one_needed_constraint_among_many)
{
    /* Seven pairs apart that do no harm, and a triple in two towers. */
    struct workload w;
    workload_begin(&w, 2, 1, INT64_C(1) << 40);
    workload_tables(&w, 60, 100, 8);
    for (int i = 0; i < 7; i++)
        workload_bind(&w, TP_APART, 10 + i, 30 + i, -1);
    workload_bind(&w, TP_APART, 20, 21, 22, -1);
    struct tp_question question = question_of(&w);
    struct tp_conflict conflict = find(&question, false, 40);
    ck_assert(conflict.proven && conflict.minimal);
    ck_assert_int_eq(conflict.count, 1);
    ck_assert_int_eq(conflict.facts[0].constraint, 7);
    tp_conflict_release(&conflict);
}
END_TEST

START_TEST(test_a_setting_is_tried_with_the_effort_asked_for)
{
    /* Nothing to search: every answer is the same at any effort, and one that bounds refute is free. */
    struct workload w;
    bool works;
    workload_begin(&w, 2, 1, INT64_C(1) << 40);
    workload_tables(&w, 20, 100, 8);
    struct tp_question question = question_of(&w);
    question.effort = 10;
    struct tp_inquiry inquiry = tp_inquiry_of(&question, 1);
    ck_assert_int_eq(tp_try_setting(&inquiry, &question, &works, NULL), TP_OK);
    ck_assert(works);
    ck_assert_int_eq(inquiry.left, 0);
    ck_assert_int_eq(tp_try_setting(&inquiry, &question, &works, NULL), TP_OK);
    ck_assert(!works);
    workload_bind(&w, TP_APART, 1, 2, 3, -1);
    inquiry.left = 1;
    ck_assert_int_eq(tp_try_setting(&inquiry, &question, &works, NULL), TP_OK);
    ck_assert(!works);
    ck_assert_int_eq(inquiry.left, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conflict");
    TCase *tcase = tcase_create("conflict");
    tcase_add_loop_test(tcase, test_conflicts_are_conflicts_and_minimal, 0, 8);
    tcase_add_test(tcase, test_without_searches_nothing_is_dropped_and_it_says_so);
    tcase_add_test(tcase, test_towers_alone_are_a_conflict_without_facts);
    tcase_add_test(tcase, test_one_needed_constraint_among_many);
    tcase_add_test(tcase, test_a_setting_is_tried_with_the_effort_asked_for);
    suite_add_tcase(suite, tcase);
    return workload_run(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
