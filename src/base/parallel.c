/* SPDX-License-Identifier: Apache-2.0 */
/* Workers take the next task from a shared counter until none is left. Which worker runs which task
 * depends on the moment, so tasks must write to places of their own; then the result does not. */
#include "base/parallel.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct work {
    tp_task task;
    void *context;
    int64_t task_count;
    atomic_int_fast64_t next, done;
    struct tp_progress_part part;
};

struct worker {
    pthread_t thread;
    struct work *work;
    int32_t index;
};

/* Only worker 0, the caller's thread, draws the progress line. */
static void *run(void *argument)
{
    struct worker *worker = argument;
    struct work *work = worker->work;
    for (;;) {
        int64_t task = atomic_fetch_add(&work->next, 1);
        if (task >= work->task_count)
            return NULL;
        work->task(work->context, worker->index, task);
        int64_t done = atomic_fetch_add(&work->done, 1) + 1;
        const struct tp_progress_part *part = &work->part;
        if (worker->index == 0 && part->progress)
            tp_progress_update(part->progress,
                part->from + (part->to - part->from) * (double)done / (double)work->task_count);
    }
}

void tp_parallel(
    int32_t threads, int64_t task_count, tp_task task, void *context, struct tp_progress_part part)
{
    struct work work = {.task = task, .context = context, .task_count = task_count, .part = part};
    struct worker self = {.work = &work};
    int32_t extra = (int32_t)(task_count < threads ? task_count : threads) - 1, started = 0;
    struct worker *others = extra > 0 ? TP_NEW(extra, struct worker) : NULL;
    while (others && started < extra) {
        others[started] = (struct worker){.work = &work, .index = started + 1};
        if (pthread_create(&others[started].thread, NULL, run, &others[started]))
            break;
        started++;
    }
    run(&self);
    for (int32_t i = 0; i < started; i++)
        pthread_join(others[i].thread, NULL);
    free(others);
}
