/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks on several threads. */
#include "base/parallel.h"

#include "scratch.h"

#include <sched.h>
#include <stdatomic.h>

#define TASKS 1000
#define THREADS_MAX 4

struct record {
    atomic_int runs[TASKS];
    atomic_int busy[THREADS_MAX]; /* tasks that use a worker's index right now */
    atomic_int wrong;
    int32_t threads;
};

static void note(void *context, int32_t worker, int64_t task)
{
    struct record *record = context;
    if (worker < 0 || worker >= record->threads || atomic_fetch_add(&record->busy[worker], 1))
        atomic_fetch_add(&record->wrong, 1);
    atomic_fetch_add(&record->runs[task], 1);
    sched_yield(); /* a chance for another to come in */
    atomic_fetch_sub(&record->busy[worker], 1);
}

/* _i threads */
START_TEST(every_task_runs_once_with_a_worker_of_its_own)
{
    struct record *record = calloc(1, sizeof *record);
    ck_assert_ptr_nonnull(record);
    record->threads = _i > 0 ? _i : 1;
    tp_parallel(_i, TASKS, note, record, (struct tp_progress_part){0});
    for (int i = 0; i < TASKS; i++)
        ck_assert_int_eq(record->runs[i], 1);
    ck_assert_int_eq(record->wrong, 0);
    free(record);
}
END_TEST

START_TEST(no_tasks_are_fine)
{
    tp_parallel(3, 0, note, NULL, (struct tp_progress_part){0});
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("parallel");
    tcase_add_loop_test(tcase, every_task_runs_once_with_a_worker_of_its_own, 0, THREADS_MAX + 1);
    tcase_add_test(tcase, no_tasks_are_fine);
    return run_suite("parallel", tcase);
}
