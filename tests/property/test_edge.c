/* SPDX-License-Identifier: Apache-2.0 */
/* The planner at the edge of memory. For each small instance exhaustive search finds, to the byte,
 * the least memory with which any plan exists; the planner must find one there, and must refuse
 * with one byte less. Fractions of bytes may be rounded either way, hence a few bytes of grace.
 * TOWERPART_INSTANCES and TOWERPART_FIRST as in test_plans.c. */
#include "judge.h"
#include "runner.h"
#include "trial.h"

#include <check.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { INSTANCES = 100, SLICES = 10, UNITS_MAX = 8, GRACE_BYTES = 4 };

/* Gives the hosts memory in the proportions of `usual`, where the device has `bytes`. */
static void set_memory(
    struct workload *w, const struct workload *usual, const int64_t *hosts, int64_t bytes)
{
    double factor = (double)bytes / (double)usual->memory_bytes;
    w->memory_bytes = bytes;
    for (int h = 0; h < host_count(w); h++) {
        w->host_memory[h] =
            hosts[h] == usual->memory_bytes ? bytes : (int64_t)floor((double)hosts[h] * factor) + 1;
    }
}

/* @return 1 feasible, 0 not, -1 not settled. */
static int feasible(const struct trial *trial)
{
    struct brute_query query = trial_query(trial, false);
    struct brute_answer answer = brute_solve(&trial->instance.workload, &query);
    return answer.decided ? answer.feasible : -1;
}

/* The least memory by bisection; 0 when no memory helps, or when it cannot be settled. */
static int64_t least_memory(struct trial *trial, const struct workload *usual, const int64_t *hosts)
{
    struct workload *w = &trial->instance.workload;
    int64_t low = 0, high = usual->memory_bytes * 64;
    set_memory(w, usual, hosts, high);
    if (feasible(trial) <= 0)
        return 0;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        set_memory(w, usual, hosts, middle);
        int answer = feasible(trial);
        if (answer < 0)
            return 0;
        if (answer)
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void expect(struct trial *trial, bool plan)
{
    struct tp_error error = {0};
    if (!trial_load(trial))
        return;
    enum tp_status status = trial_plan(trial, &trial->affinity, &error);
    if (plan && status)
        complain(&trial->complaints, "no plan at the edge of memory: %s", error.text);
    if (!plan && !status)
        complain(&trial->complaints, "a plan beyond the edge of memory");
    if (!plan || status)
        return;
    struct request request = {&trial->instance.workload, trial->instance.affinity};
    if (tp_plan_save(trial->plan, trial->plan_path, &error))
        complain(&trial->complaints, "not saved: %s", error.text);
    else
        judge_plan(trial->plan_path, &request, &trial->complaints);
}

/* @return whether the instance has an edge. */
static bool probe(struct trial *trial)
{
    struct workload *w = &trial->instance.workload;
    const struct workload usual = *w;
    int64_t hosts[64];
    if (brute_unit_count(w) > UNITS_MAX || host_count(w) > 64)
        return false;
    for (int h = 0; h < host_count(w); h++)
        hosts[h] = w->host_memory[h];
    int64_t least = least_memory(trial, &usual, hosts);
    if (least < 2)
        return false;
    set_memory(w, &usual, hosts, least + GRACE_BYTES);
    expect(trial, true);
    set_memory(w, &usual, hosts, least - 1);
    expect(trial, false);
    return true;
}

START_TEST(the_least_memory_is_enough_and_less_is_not)
{
    int count = setting("TOWERPART_INSTANCES", INSTANCES), first = setting("TOWERPART_FIRST", 0);
    int failed = 0, edges = 0;
    for (int i = _i; i < count; i += SLICES) {
        struct trial trial;
        trial_init(&trial, (uint64_t)(first + i), INSTANCE_SMALL);
        trial.options.strategy = i % 2 ? TP_STRATEGY_COHERENT : TP_STRATEGY_LOAD;
        trial.options.effort = 1;
        edges += probe(&trial);
        failed += trial_show(&trial);
        trial_release(&trial);
    }
    printf("# slice %d: %d edges\n", _i, edges);
    fflush(stdout);
    ck_assert_int_eq(failed, 0);
    ck_assert_msg(edges > 0 || count < INSTANCES, "not one instance has an edge");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edge");
    TCase *tcase = tcase_create("memory");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, the_least_memory_is_enough_and_less_is_not, 0, SLICES);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
