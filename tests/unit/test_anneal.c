/* SPDX-License-Identifier: Apache-2.0 */
/* Annealing: what it calls its best is legal and worth what it says, pins hold, limits that most towers
 * break are met, a sounding tells hot from cold, the same random numbers give the same run. */
#include "partition/anneal.h"

#include "problems.h"

#define UNITS 24
#define TOWERS 4
#define CLOSE 1e-4 /* relative; sums in single precision */
#define PACKINGS 40
#define MANY_STEPS 100000000

static const enum tp_goal goals[] = {TP_GOAL_COHERENT, TP_GOAL_DIVERSE, TP_GOAL_LOAD};

struct fixture {
    struct tp_problem *problem;
    struct tp_anneal *anneal;
    float *noise;
    struct tp_random random;
    enum tp_goal goal;
    int32_t tower[UNITS];
};

static void make(struct fixture *f)
{
    struct tp_error err;
    f->noise = tp_anneal_noise(&f->random);
    ck_assert_ptr_nonnull(f->noise);
    ck_assert_int_eq(
        tp_anneal_new(f->problem, f->goal, f->noise, &f->random, &f->anneal, &err), TP_OK);
}

/* Case i: goals in turn, pins, pairs apart, memory, tight and loose limits. */
static void begin(struct fixture *f, int i)
{
    struct recipe recipe = {.units = UNITS,
        .towers = TOWERS,
        .affinity = 1,
        .features_most = 1 + i % 3,
        .pinned = i & 1 ? 15 : 0,
        .apart = i & 2 ? 10 : 0,
        .memory = i & 4 ? 2.5 : 0};
    f->random = tp_random_new((uint64_t)i, 41);
    f->goal = goals[i % 3];
    f->problem = problem_random(&recipe, &f->random);
    tp_problem_set_limits(f->problem, (struct tp_limits){0.3 + 0.4 * (i % 3), 1.3 + 0.3 * (i % 4)});
    random_towers(f->problem, &f->random, f->tower);
    make(f);
}

static void end(struct fixture *f)
{
    tp_anneal_free(f->anneal);
    free(f->noise);
    tp_problem_free(f->problem);
}

static const int32_t *run(struct fixture *f, int32_t sweeps, int64_t steps, double *value)
{
    struct tp_effort effort = tp_effort_of(steps);
    tp_anneal_begin(f->anneal, f->tower, &(struct tp_cooling){sweeps, 0, 1, 0.02, 0.01});
    while (tp_anneal_cool(f->anneal, 7, &effort)) {
    }
    return tp_anneal_best(f->anneal, value);
}

START_TEST(test_the_best_is_legal_and_worth_what_it_says)
{
    struct fixture f;
    double value;
    begin(&f, _i);
    for (int round = 0; round < 2; round++) {
        const int32_t *best = run(&f, 60, MANY_STEPS, &value);
        if (!best)
            continue;
        ck_assert(slow_legal(f.problem, best));
        double truth = slow_value(f.problem, f.goal, best);
        ck_assert_double_eq_tol(truth, value, CLOSE * (1 + fabs(truth)));
    }
    end(&f);
}
END_TEST

START_TEST(test_pinned_units_stay_where_they_are_pinned)
{
    struct fixture f;
    double value;
    begin(&f, _i);
    run(&f, 60, MANY_STEPS, &value);
    const int32_t *tower = tp_anneal_now(f.anneal);
    for (int32_t u = 0; u < UNITS; u++)
        ck_assert(tower[u] >= 0 && tower[u] < TOWERS &&
                  (f.problem->pin[u] < 0 || tower[u] == f.problem->pin[u]));
    end(&f);
}
END_TEST

START_TEST(test_limits_are_met_from_one_tower_with_everything)
{
    /* Exactly six of 24 units in each of four towers, 27 or so pairs apart: few deals are legal. */
    struct fixture f;
    double value;
    struct recipe recipe = {
        .units = UNITS, .towers = TOWERS, .affinity = 1, .features_most = 1, .apart = 10};
    f.random = tp_random_new((uint64_t)_i, 43);
    f.goal = goals[_i % 3];
    f.problem = problem_random(&recipe, &f.random);
    tp_problem_set_limits(f.problem, (struct tp_limits){1, 1});
    memset(f.tower, 0, sizeof f.tower);
    make(&f);
    const int32_t *best = run(&f, 1000, MANY_STEPS, &value);
    ck_assert_ptr_nonnull(best);
    ck_assert(slow_legal(f.problem, best));
    end(&f);
}
END_TEST

START_TEST(test_a_high_price_keeps_within_the_limits)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(MANY_STEPS);
    begin(&f, 24 * _i); /* coherent, no pins, no pairs apart, no memory */
    tp_problem_clear_limits(f.problem);
    for (int32_t t = 0; t < TOWERS; t++)
        f.problem->most[t * TP_RESOURCES + TP_FEATURES] = 7;
    for (int32_t u = 0; u < UNITS; u++)
        f.tower[u] = u % TOWERS;
    tp_anneal_begin(f.anneal, f.tower, &(struct tp_cooling){100, 0, 1, 0.02, 1000});
    do
        ck_assert(slow_legal(f.problem, tp_anneal_now(f.anneal)));
    while (tp_anneal_cool(f.anneal, 1, &effort));
    end(&f);
}
END_TEST

/* What the best legal move or swap at towers gains. */
static double most_gain(const struct fixture *f, int32_t *tower)
{
    const struct tp_problem *p = f->problem;
    double now = slow_value(p, f->goal, tower), most = 0;
    for (int32_t u = 0; u < UNITS; u++)
        for (int32_t v = 0; v < UNITS + TOWERS;
             v++) { /* units to change places with, then towers */
            int32_t from = tower[u], to = v < UNITS ? tower[v] : v - UNITS;
            tower[u] = to;
            if (v < UNITS)
                tower[v] = from;
            if (slow_legal(p, tower))
                most = fmax(most, slow_value(p, f->goal, tower) - now);
            if (v < UNITS)
                tower[v] = to;
            tower[u] = from;
        }
    return most;
}

START_TEST(test_a_cold_run_ends_where_no_legal_move_or_swap_gains)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(MANY_STEPS);
    double value;
    begin(&f, _i);
    tp_problem_set_limits(f.problem, (struct tp_limits){2, 4});
    const int32_t *legal = run(&f, 100, MANY_STEPS, &value);
    ck_assert(legal || _i == 3 || _i == 7); /* pins and pairs apart that contradict each other */
    if (legal) {
        memcpy(f.tower, legal, sizeof f.tower);
        tp_anneal_begin(f.anneal, f.tower, &(struct tp_cooling){300, 0, 1e-6, 1e-6, 1000});
        while (tp_anneal_cool(f.anneal, 100, &effort)) {
        }
        memcpy(f.tower, tp_anneal_now(f.anneal), sizeof f.tower);
        ck_assert(slow_legal(f.problem, f.tower));
        value = slow_value(f.problem, f.goal, f.tower);
        ck_assert_double_le(most_gain(&f, f.tower), CLOSE * (1 + fabs(value)));
    }
    end(&f);
}
END_TEST

/* Whole numbers that fill all towers to the brim when put together rightly. */
static void fill_to_the_brim(struct fixture *f, double brim)
{
    double *weight = f->problem->weight;
    for (int t = 0; t < TOWERS; t++) {
        int32_t first = t * UNITS / TOWERS, last = (t + 1) * UNITS / TOWERS - 1;
        double rest = brim;
        for (int32_t u = first; u < last; u++) {
            double most = rest - (last - u),
                   part = 1 + floor(tp_random_uniform(&f->random) * most / 2);
            weight[u * TP_RESOURCES + TP_MEMORY] = part;
            rest -= part;
        }
        weight[last * TP_RESOURCES + TP_MEMORY] = rest;
        f->problem->most[t * TP_RESOURCES + TP_MEMORY] = brim;
    }
    f->problem->mean[TP_MEMORY] = brim;
}

START_TEST(test_towers_are_filled_to_the_brim)
{
    /* A little too much in one tower is soon all that is wrong, and no single change lessens it. */
    int found = 0;
    for (int i = 0; i < PACKINGS; i++) {
        struct fixture f;
        double value;
        begin(&f, 12 * i); /* coherent, no pins, no pairs apart */
        tp_problem_clear_limits(f.problem);
        fill_to_the_brim(&f, 200);
        free(f.noise);
        tp_anneal_free(f.anneal);
        make(&f);
        const int32_t *best = run(&f, 100, MANY_STEPS, &value);
        ck_assert(!best || slow_legal(f.problem, best));
        found += best != NULL;
        end(&f);
    }
    ck_assert_int_ge(found, PACKINGS * 3 / 4);
}
END_TEST

/* Group u % 4, pairs inside five times as strong. */
static void begin_planted(struct fixture *f, double scale)
{
    begin(f, 0);
    tp_problem_clear_limits(f->problem);
    for (int32_t t = 0; t < TOWERS; t++)
        f->problem->most[t * TP_RESOURCES + TP_FEATURES] = 6;
    for (int u = 0; u < UNITS; u++) {
        f->problem->weight[u * TP_RESOURCES + TP_FEATURES] = 1;
        for (int v = 0; v < UNITS; v++)
            f->problem->affinity[u * UNITS + v] =
                (float)(scale * (u == v ? 0 : u % 4 == v % 4 ? 1 : 0.2));
    }
    free(f->noise);
    tp_anneal_free(f->anneal); /* it has taken over the weights of before */
    f->problem->mean[TP_FEATURES] = 6;
    make(f);
}

START_TEST(test_planted_groups_are_found_from_a_random_deal)
{
    struct fixture f;
    double value;
    begin_planted(&f, 1);
    const int32_t *best = run(&f, 100, MANY_STEPS, &value);
    ck_assert_ptr_nonnull(best);
    for (int u = 0; u < UNITS; u++)
        ck_assert_int_eq(best[u], best[u % 4]);
    end(&f);
}
END_TEST

/* Mean value of towers that are kept at one heat for a while. */
static double mean_at(struct fixture *f, double heat)
{
    enum { SWEEPS = 4000 };
    struct tp_effort effort = tp_effort_of(MANY_STEPS);
    double sum = 0;
    tp_anneal_begin(f->anneal, f->tower, &(struct tp_cooling){SWEEPS, 0, heat, heat, 1000});
    for (int i = 0; i < SWEEPS; i++) {
        tp_anneal_cool(f->anneal, 1, &effort);
        sum += slow_value(f->problem, f->goal, tp_anneal_now(f->anneal)) / SWEEPS;
    }
    return sum;
}

START_TEST(test_a_sounding_finds_where_four_fifths_and_where_all_is_gained)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(MANY_STEPS);
    struct tp_heats heats;
    struct tp_error err;
    double sum = 0, best = -INFINITY;
    begin_planted(&f, 1);
    for (int u = 0; u < UNITS; u++)
        for (int v = 0; v < u; v++) {
            float pair = (float)(10 + tp_random_uniform(&f.random));
            f.problem->affinity[u * UNITS + v] = f.problem->affinity[v * UNITS + u] = pair;
            sum += (double)pair;
        }
    ck_assert_int_eq(tp_anneal_sound(f.anneal, f.tower, 2000, &effort, &heats, &err), TP_OK);
    for (int i = 0; i < 10; i++) {
        double value;
        const int32_t *tower = run(&f, 300, MANY_STEPS, &value);
        best = fmax(best, slow_value(f.problem, f.goal, tower));
    }
    double molten = sum * 5 / 23; /* five of 23 others are in a unit's tower */
    double melting = (mean_at(&f, heats.melting) - molten) / (best - molten);
    double freezing = (mean_at(&f, heats.freezing) - molten) / (best - molten);
    ck_assert_double_ge(melting, 0.75); /* the last time that it had less was a little later */
    ck_assert_double_le(melting, 0.95);
    ck_assert_double_ge(freezing, melting + 0.03);
    ck_assert_double_le(freezing, 1 + CLOSE);
    ck_assert_double_le((mean_at(&f, 5 * heats.melting) - molten) / (best - molten), 0.5);
    end(&f);
}
END_TEST

START_TEST(test_heats_do_not_depend_on_the_scale_of_affinity)
{
    struct tp_heats heats[2];
    for (int k = 0; k < 2; k++) {
        struct fixture f;
        struct tp_effort effort = tp_effort_of(MANY_STEPS);
        struct tp_error err;
        begin_planted(&f, k ? 1024 : 1);
        ck_assert_int_eq(
            tp_anneal_sound(f.anneal, f.tower, 100, &effort, &heats[k], &err), TP_OK);
        end(&f);
    }
    ck_assert_double_eq_tol(heats[0].melting, heats[1].melting, CLOSE);
    ck_assert_double_eq_tol(heats[0].freezing, heats[1].freezing, CLOSE);
}
END_TEST

START_TEST(test_where_nothing_can_be_gained_a_sounding_ends_all_the_same)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(MANY_STEPS);
    struct tp_heats heats;
    struct tp_error err;
    begin_planted(&f, 0);
    for (int u = 0; u < UNITS * _i; u++)
        f.problem->pin[u] = u % 4;
    free(f.noise);
    tp_anneal_free(f.anneal);
    make(&f);
    ck_assert_int_eq(tp_anneal_sound(f.anneal, f.tower, 100, &effort, &heats, &err), TP_OK);
    ck_assert(heats.melting > 0 && isfinite(heats.melting));
    ck_assert(heats.freezing > 0 && isfinite(heats.freezing));
    end(&f);
}
END_TEST

START_TEST(test_it_ends_when_the_effort_is_over)
{
    struct fixture f;
    struct tp_effort effort = tp_effort_of(1000);
    begin(&f, _i);
    tp_anneal_begin(f.anneal, f.tower, &(struct tp_cooling){1000000, 0, 1, 0.02, 0.01});
    ck_assert(!tp_anneal_cool(f.anneal, 1000000, &effort));
    ck_assert(effort.over);
    end(&f);
}
END_TEST

START_TEST(test_a_run_by_steps_takes_so_many_or_is_frozen)
{
    const int64_t steps = 3000000, sweep = 2 * UNITS * (6 + 17 + 16 + UNITS / 16); /* at most */
    const double last[] = {1, 0.02};
    struct fixture f;
    begin_planted(&f, 1);
    for (int cold = 0; cold < 2; cold++) {
        struct tp_effort effort = tp_effort_of(MANY_STEPS);
        double value;
        tp_anneal_begin(f.anneal, f.tower, &(struct tp_cooling){3, steps, 1, last[cold], 0.01});
        while (tp_anneal_cool(f.anneal, 10, &effort)) {
        }
        ck_assert_ptr_nonnull(tp_anneal_best(f.anneal, &value));
        ck_assert_int_le(MANY_STEPS - effort.steps, steps + sweep);
        if (cold)
            ck_assert_double_ge(slow_value(f.problem, f.goal, tp_anneal_now(f.anneal)), value - CLOSE);
        else
            ck_assert_int_ge(MANY_STEPS - effort.steps, steps);
    }
    end(&f);
}
END_TEST

START_TEST(test_the_same_random_numbers_give_the_same_run)
{
    int32_t first[UNITS];
    for (int k = 0; k < 2; k++) {
        struct fixture f;
        double value;
        begin(&f, 6);
        run(&f, 30, MANY_STEPS, &value);
        if (k)
            ck_assert_mem_eq(tp_anneal_now(f.anneal), first, sizeof first);
        memcpy(first, tp_anneal_now(f.anneal), sizeof first);
        end(&f);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("anneal");
    TCase *tcase = tcase_create("anneal");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_the_best_is_legal_and_worth_what_it_says, 0, 24);
    tcase_add_loop_test(tcase, test_pinned_units_stay_where_they_are_pinned, 0, 24);
    tcase_add_loop_test(tcase, test_limits_are_met_from_one_tower_with_everything, 0, 6);
    tcase_add_loop_test(tcase, test_a_high_price_keeps_within_the_limits, 0, 6);
    tcase_add_loop_test(tcase, test_a_cold_run_ends_where_no_legal_move_or_swap_gains, 0, 24);
    tcase_add_test(tcase, test_towers_are_filled_to_the_brim);
    tcase_add_test(tcase, test_planted_groups_are_found_from_a_random_deal);
    tcase_add_test(tcase, test_a_sounding_finds_where_four_fifths_and_where_all_is_gained);
    tcase_add_test(tcase, test_heats_do_not_depend_on_the_scale_of_affinity);
    tcase_add_loop_test(tcase, test_where_nothing_can_be_gained_a_sounding_ends_all_the_same, 0, 2);
    tcase_add_loop_test(tcase, test_it_ends_when_the_effort_is_over, 0, 6);
    tcase_add_test(tcase, test_a_run_by_steps_takes_so_many_or_is_frozen);
    tcase_add_test(tcase, test_the_same_random_numbers_give_the_same_run);
    suite_add_tcase(suite, tcase);
    return run_suite(suite) ? EXIT_FAILURE : EXIT_SUCCESS;
}
