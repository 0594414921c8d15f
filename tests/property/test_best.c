/* SPDX-License-Identifier: Apache-2.0 */
/* Few units, at most 12 in at most 4 towers: the planner against brute force, under memory, ratio,
 * balance and rules. It refuses exactly where there is no plan, automatic limits are the tightest, and
 * within them no plan has more affinity inside towers (diverse: less), which it says is proven.
 *
 * The argument `dozen` or `unequal` chooses the instances: the second kind has hosts that differ and
 * tables of a good part of a tower's size. An instance is a number: its seed. TOWERPART_INSTANCES=N
 * runs N instances in place of 150 or 500, and TOWERPART_FIRST=S starts at seed S, so that N = 1
 * repeats a single failure. */
#include "dice.h"
#include "runner.h"
#include "trial.h"

#include <check.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INSTANCES_DOZEN = 150,
    INSTANCES_UNEQUAL = 500,
    UNJUDGED_ONE_IN = 20,
    REPRESENTED_ONE_IN = 4
};

static enum instance_size instance_size;

struct tally {
    int made, refused, unjudged, failed;
};

static void roll_options(struct trial *trial)
{
    struct dice dice = {~trial->seed};
    trial->options.strategy = dice_chance(&dice, 0.5) ? TP_STRATEGY_COHERENT : TP_STRATEGY_DIVERSE;
    if (dice_chance(&dice, 0.3))
        trial->options.balance = dice_below(&dice, 150) / 100.0;
    if (dice_chance(&dice, 0.3))
        trial->options.ratio = 1 + dice_below(&dice, 150) / 100.0;
    trial->options.seed = dice_next(&dice) % 1000;
    trial->options.effort = 1;
}

/* The tightest limits, and the best share within them. @return false when out of steps. */
static bool solve(const struct trial *trial, struct brute_answer *answer)
{
    const struct workload w = trial_searched(trial);
    struct brute_query query = trial_query(trial, true);
    *answer = brute_solve(&w, &query);
    if (!answer->decided || !answer->feasible)
        return answer->decided;
    query.tightest = false;
    query.balance = answer->balance;
    query.ratio = answer->ratio;
    query.affinity = trial->instance.affinity;
    query.diverse = trial->options.strategy == TP_STRATEGY_DIVERSE;
    *answer = brute_solve(&w, &query);
    return answer->decided;
}

static void compare(struct trial *trial, const struct brute_answer *truth)
{
    const struct tp_plan *plan = trial->plan;
    const struct tp_plan_quality *quality = &plan->quality;
    if (!truth->feasible)
        complain(&trial->complaints, "the exhaustive search found no plan where there is one");
    else if (fabs(truth->ratio - plan->ratio) > 1e-9 || fabs(truth->balance - plan->balance) > 1e-9)
        complain(&trial->complaints, "ratio %g, balance %g, but %g, %g are the tightest",
            plan->ratio, plan->balance, truth->ratio, truth->balance);
    else if (fabs(truth->inside - quality->inside_affinity) > 1e-6)
        complain(&trial->complaints, "%.9g of the affinity inside, but %.9g is the best",
            quality->inside_affinity, truth->inside);
    else if (truth->inside > 0 && !quality->proven_optimal)
        complain(&trial->complaints, "the best is not said to be proven");
}

static void run(struct trial *trial, struct tally *tally)
{
    struct tp_error error = {0};
    struct brute_answer truth;
    enum tp_status status = trial_plan(trial, &trial->affinity, &error);
    if (!solve(trial, &truth)) {
        tally->unjudged++;
        return;
    }
    tally->made += trial->plan != NULL;
    tally->refused += status == TP_EINFEASIBLE;
    if (trial->plan)
        compare(trial, &truth);
    else if (truth.feasible)
        complain(&trial->complaints, "refused, yet there is a plan; it said: %s", error.text);
}

START_TEST(few_units_get_the_best_plan_there_is)
{
    int usual = instance_size == INSTANCE_DOZEN ? INSTANCES_DOZEN : INSTANCES_UNEQUAL;
    int count = setting("TOWERPART_INSTANCES", usual), first = setting("TOWERPART_FIRST", 0);
    struct tally tally = {0};
    for (int i = 0; i < count; i++) {
        struct trial trial;
        trial_init(&trial, (uint64_t)(first + i), instance_size);
        roll_options(&trial);
        if (trial_load(&trial))
            run(&trial, &tally);
        tally.failed += trial_show(&trial);
        trial_release(&trial);
    }
    printf("# %d plans, %d refusals, %d not judged\n", tally.made, tally.refused, tally.unjudged);
    fflush(stdout);
    ck_assert_int_eq(tally.failed, 0);
    ck_assert_int_le(tally.unjudged, count / UNJUDGED_ONE_IN);
    if (count >= usual) {
        ck_assert_int_ge(tally.made, count / REPRESENTED_ONE_IN);
        ck_assert_int_ge(tally.refused, count / REPRESENTED_ONE_IN);
    }
}
END_TEST

int main(int argc, char **argv)
{
    instance_size = argc > 1 && !strcmp(argv[1], "unequal") ? INSTANCE_UNEQUAL : INSTANCE_DOZEN;
    Suite *suite = suite_create("best");
    TCase *tcase = tcase_create("best");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, few_units_get_the_best_plan_there_is);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
