/* SPDX-License-Identifier: Apache-2.0 */
/* The planner on random instances against two independent opinions: every plan made is sound to the
 * judge and to tp_plan_check(), and reads back to the same bytes; every refusal of an instance with
 * at most 10 units is confirmed by exhaustive search; limits said to be proven are the smallest;
 * what a refusal recommends works; and strategies that ignore the affinity do. Where the exhaustive
 * search runs out of steps an instance is not judged; such are counted, and must stay few.
 *
 * The argument `small` or `large` chooses the size of the instances. An instance is a number: its
 * seed. TOWERPART_INSTANCES=N runs N instances in place of 200 small or 60 large ones, and
 * TOWERPART_FIRST=S starts at seed S, so that N = 1 repeats a single failure. */
#include "claims.h"
#include "dice.h"
#include "judge.h"
#include "runner.h"
#include "trial.h"

#include <check.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INSTANCES = 200,
    INSTANCES_LARGE = 60,
    SLICES = 20, /* test cases that the seeds are dealt to, for the progress to be seen */
    CONFIRMED_UNITS_MAX = 10, /* refusals up to this size must be confirmed */
    TIGHTEST_UNITS_MAX = 8,   /* and proven limits */
    UNJUDGED_ONE_IN = 20      /* where the exhaustive search may run out of steps; and once more */
};

static enum instance_size instance_size;

static void roll_options(struct trial *trial)
{
    static const enum tp_strategy strategies[] = {TP_STRATEGY_COHERENT, TP_STRATEGY_COHERENT,
        TP_STRATEGY_DIVERSE, TP_STRATEGY_LOAD, TP_STRATEGY_STRIDE, TP_STRATEGY_FLAT};
    struct dice dice = {~trial->seed};
    trial->options.strategy = strategies[dice_below(&dice, 6)];
    if (dice_chance(&dice, 0.3))
        trial->options.balance =
            dice_below(&dice, instance_size == INSTANCE_SMALL ? 150 : 60) / 100.0;
    if (dice_chance(&dice, 0.3))
        trial->options.ratio = 1 + dice_below(&dice, 150) / 100.0;
    trial->options.seed = dice_next(&dice) % 1000;
    trial->options.effort = 1;
}

static void confirm_refusal(struct trial *trial, const struct tp_error *error)
{
    const struct workload w = trial_searched(trial);
    struct brute_query query = trial_query(trial, false);
    if (!*error->text)
        complain(&trial->complaints, "refused without a word");
    if (brute_unit_count(&w) > CONFIRMED_UNITS_MAX)
        return;
    struct brute_answer answer = brute_solve(&w, &query);
    if (!answer.decided)
        trial->unjudged = true;
    else if (answer.feasible)
        complain(&trial->complaints, "refused, yet there is a plan; it said: %s", error->text);
}

/* Turns the options that a line of advice names; balance and ratio may stand on one. @return false when
 * it is not about such options. */
static bool take_option(const char *line, struct tp_plan_options *options)
{
    double balance, ratio;
    int hosts;
    if (sscanf(line, " --balance %lf --ratio %lf", &balance, &ratio) == 2) {
        options->balance = balance;
        options->ratio = ratio;
    } else if (sscanf(line, " --balance %lf", &balance) == 1) {
        options->balance = balance;
    } else if (sscanf(line, " --ratio %lf", &ratio) == 1) {
        options->ratio = ratio;
    } else if (sscanf(line, " --hosts-per-tower %d", &hosts) == 1) {
        options->hosts_per_tower = hosts;
    } else if (strstr(line, " --strategy load") == line + 1) {
        options->strategy = TP_STRATEGY_LOAD;
    } else {
        return false;
    }
    return true;
}

/* Edits the specs as a line of advice says. @return false when it is not about a number in them. */
static bool take_edit(const char *line, struct trial *trial)
{
    struct tp_model *model = trial->model;
    struct tp_topology *topology = trial->topology;
    int64_t number;
    int table;
    if (sscanf(line, " batch_size %" SCNd64, &number) == 1)
        model->batch_size = number;
    else if (sscanf(line, " local_batch_size %" SCNd64, &number) == 1)
        model->local_batch_size = number;
    else if (sscanf(line, " table t%d: rows %" SCNd64, &table, &number) == 2)
        model->tables[table].rows = number;
    else if (sscanf(line, " memory_bytes %" SCNd64, &number) == 1)
        for (int h = 0; h < topology->host_count; h++)
            topology->hosts[h].memory_bytes =
                number > topology->hosts[h].memory_bytes ? number : topology->hosts[h].memory_bytes;
    else
        return false;
    return true;
}

/* Every option, and every number in the specs, that the refusal says works must lead to a plan. */
static void try_advice(struct trial *trial, const struct tp_error *refusal)
{
    const char *line = strstr(refusal->text, "nearest settings that work");
    struct tp_plan_options asked = trial->options;
    if (strstr(refusal->text, "without --balance and --ratio the nearest"))
        asked.balance = asked.ratio = (double)NAN;
    while (line && (line = strchr(line, '\n'))) {
        struct tp_error error = {0};
        line++;
        trial->options = asked;
        bool edited = take_edit(line, trial);
        if ((edited || take_option(line, &trial->options)) &&
            trial_plan(trial, &trial->affinity, &error) == TP_EINFEASIBLE)
            complain(&trial->complaints, "advice does not work: %.40s", line);
        if (edited && !trial_load(trial))
            return;
    }
    tp_plan_free(trial->plan);
    trial->plan = NULL;
}

/* What the planner calls proven must be what exhaustive search finds. Stride has no choice. */
static void confirm_limits(struct trial *trial, const struct claims *claims)
{
    const struct workload w = trial_searched(trial);
    struct brute_query query = trial_query(trial, true);
    bool given = !isnan(query.balance) && !isnan(query.ratio);
    if (given && !claims->proven)
        complain(&trial->complaints, "both limits were given, yet they are not proven");
    if (query.stride || given || !claims->proven || brute_unit_count(&w) > TIGHTEST_UNITS_MAX)
        return;
    struct brute_answer answer = brute_solve(&w, &query);
    if (!answer.decided)
        trial->unjudged = true;
    else if (!answer.feasible)
        complain(&trial->complaints, "the exhaustive search found no plan where there is one");
    else if (fabs(answer.ratio - claims->ratio) > 1e-9 ||
             fabs(answer.balance - claims->balance) > 1e-9)
        complain(&trial->complaints, "says ratio %g, balance %g is tightest, found %g, %g",
            claims->ratio, claims->balance, answer.ratio, answer.balance);
}

static void check_limits(struct trial *trial, const struct claims *claims)
{
    double balance = trial->options.balance, ratio = trial->options.ratio;
    if (!isnan(balance) && fabs(claims->balance - balance) > 1e-12)
        complain(&trial->complaints, "asked for balance %g, got %g", balance, claims->balance);
    if (!isnan(ratio) && fabs(claims->ratio - ratio) > 1e-12)
        complain(&trial->complaints, "asked for ratio %g, got %g", ratio, claims->ratio);
    if (strcmp(claims->strategy, tp_strategy_name(trial->options.strategy)) != 0)
        complain(&trial->complaints, "asked for strategy %s, got %s",
            tp_strategy_name(trial->options.strategy), claims->strategy);
    confirm_limits(trial, claims);
}

static void judge_saved(struct trial *trial)
{
    struct claims claims;
    struct request request = {&trial->instance.workload, trial->instance.affinity};
    if (claims_read(trial->plan_path, &claims, &trial->complaints)) {
        judge_claims(&claims, &request, &trial->complaints);
        check_limits(trial, &claims);
    }
    claims_release(&claims);
}

static void check_saved(struct trial *trial)
{
    struct tp_error error = {0};
    struct tp_plan *again = NULL;
    struct tp_findings findings = {0};
    if (tp_plan_save(trial->plan, trial->plan_path, &error))
        complain(&trial->complaints, "not saved: %s", error.text);
    else if (tp_plan_load(trial->plan_path, &again, &error))
        complain(&trial->complaints, "not read back: %s", error.text);
    else if (tp_plan_check(again, trial->model_path, trial->topology_path, &findings, &error))
        complain(&trial->complaints, "not checked: %s", error.text);
    for (int i = 0; i < findings.count; i++)
        complain(&trial->complaints, "check: %s", findings.lines[i]);
    tp_findings_release(&findings);
    if (again && tp_plan_save(again, trial->again_path, &error))
        complain(&trial->complaints, "not saved again: %s", error.text);
    else if (again && !same_files(trial->plan_path, trial->again_path))
        complain(&trial->complaints, "saved, read and saved again, it is another file");
    tp_plan_free(again);
}

static bool same_towers(const struct tp_plan *a, const struct tp_plan *b)
{
    bool same = a->table_count == b->table_count;
    for (int i = 0; same && i < a->table_count; i++)
        same = a->tables[i].place.tower == b->tables[i].place.tower;
    return same;
}

/* Load, stride and flat must not look at the affinity, even where it is there for the report. */
static void plan_blind(struct trial *trial)
{
    struct tp_plan *sighted = trial->plan;
    struct tp_error error = {0};
    trial->plan = NULL;
    if (trial_plan(trial, NULL, &error))
        complain(&trial->complaints, "refused without an affinity: %s", error.text);
    else if (!same_towers(sighted, trial->plan))
        complain(&trial->complaints, "the towers depend on an affinity to be ignored");
    tp_plan_free(sighted);
}

static void run(struct trial *trial)
{
    struct tp_error error = {0};
    enum tp_status status = trial_plan(trial, &trial->affinity, &error);
    if (status == TP_EINFEASIBLE) {
        confirm_refusal(trial, &error);
        try_advice(trial, &error);
        return;
    }
    if (!status && trial->options.strategy >= TP_STRATEGY_LOAD && trial->seed % 2)
        plan_blind(trial);
    if (trial->plan) {
        check_saved(trial);
        judge_saved(trial);
    }
}

START_TEST(plans_are_sound_and_refusals_are_right)
{
    int usual = instance_size == INSTANCE_LARGE ? INSTANCES_LARGE : INSTANCES;
    int count = setting("TOWERPART_INSTANCES", usual), first = setting("TOWERPART_FIRST", 0);
    int failed = 0, refused = 0, made = 0, unjudged = 0;
    for (int i = _i; i < count; i += SLICES) {
        struct trial trial;
        trial_init(&trial, (uint64_t)(first + i), instance_size);
        roll_options(&trial);
        if (trial_load(&trial))
            run(&trial);
        failed += trial_show(&trial);
        made += trial.plan != NULL;
        refused += trial.plan == NULL;
        unjudged += trial.unjudged;
        trial_release(&trial);
    }
    printf("# slice %d: %d plans, %d refusals, %d not judged\n", _i, made, refused, unjudged);
    fflush(stdout);
    ck_assert_int_eq(failed, 0);
    ck_assert_int_le(unjudged, 1 + (made + refused) / UNJUDGED_ONE_IN);
}
END_TEST

int main(int argc, char **argv)
{
    instance_size = argc > 1 && !strcmp(argv[1], "large") ? INSTANCE_LARGE : INSTANCE_SMALL;
    int half = argc > 2 ? atoi(argv[2]) : 0; /* 1, 2: half of the slices, to run beside the other */
    Suite *suite = suite_create("plans");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, plans_are_sound_and_refusals_are_right, half == 2 ? SLICES / 2 : 0,
        half == 1 ? SLICES / 2 : SLICES);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
