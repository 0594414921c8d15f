/* SPDX-License-Identifier: Apache-2.0 */
/* A progress line on stderr, only if it is a terminal and the work takes over a second. */
#ifndef TP_BASE_PROGRESS_H
#define TP_BASE_PROGRESS_H

#include <stdbool.h>

/* Monotonic. */
double tp_seconds_now(void);

struct tp_progress {
    bool on, shown;
    const char *label;
    double started, updated; /* monotonic seconds */
};

/* `label` is borrowed until tp_progress_end(). */
struct tp_progress tp_progress_begin(bool wanted, const char *label);
void tp_progress_update(struct tp_progress *progress, double share_done);
void tp_progress_end(struct tp_progress *progress);

#endif
