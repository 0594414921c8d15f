/* SPDX-License-Identifier: Apache-2.0 */
/* Independent tasks on several threads. */
#ifndef TP_BASE_PARALLEL_H
#define TP_BASE_PARALLEL_H

#include <stdint.h>

#include "base/progress.h"

/* One task. `worker`, in [0, threads), is an index for scratch space: no two use it at once. */
typedef void (*tp_task)(void *context, int32_t worker, int64_t task);

/* Part of a longer work's progress line: from .. to of the whole. NULL progress: none. */
struct tp_progress_part {
    struct tp_progress *progress;
    double from, to;
};

/* Runs task(context, worker, 0 .. task_count - 1), in any order, on at most `threads` threads, the
 * caller's among them, and returns when all are done. Cannot fail: where threads cannot be had, the
 * caller's does the work alone. */
void tp_parallel(
    int32_t threads, int64_t task_count, tp_task task, void *context, struct tp_progress_part part);

#endif
