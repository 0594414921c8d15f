/* SPDX-License-Identifier: Apache-2.0 */
/* One line, rewritten at most ten times a second, wiped at the end. */
#include "base/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

double tp_seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct tp_progress tp_progress_begin(bool wanted, const char *label)
{
    struct tp_progress progress = {.on = wanted && isatty(STDERR_FILENO), .label = label};
    progress.started = progress.updated = tp_seconds_now();
    return progress;
}

void tp_progress_update(struct tp_progress *progress, double share_done)
{
    if (!progress->on)
        return;
    double t = tp_seconds_now();
    if (t - progress->started < 1.0 || t - progress->updated < 0.1)
        return;
    progress->updated = t;
    progress->shown = true;
    double left = share_done > 0 ? (t - progress->started) * (1 - share_done) / share_done : 0;
    fprintf(stderr, "\r%s %3d %%, %d s left \033[K", progress->label, (int)(share_done * 100),
        (int)(left + 0.5));
    fflush(stderr);
}

void tp_progress_end(struct tp_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->on = progress->shown = false;
}
