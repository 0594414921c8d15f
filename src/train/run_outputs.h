/* SPDX-License-Identifier: Apache-2.0 */
/* Where a run will write: tried before the first step, so that no run is lost to a wrong path. Rank 0 asks. */
#ifndef TP_TRAIN_RUN_OUTPUTS_H
#define TP_TRAIN_RUN_OUTPUTS_H

#include <stdbool.h>

#include <towerpart/status.h>

struct tp_outputs {
    char *dump,
        *partial; /* folder of the dump, and what it is called until it is complete; NULL: none */
    int lock;     /* descriptor; -1: none */
};

/* Makes the folder of the checkpoint, which no other run may use until tp_outputs_close(), and the
 * one that the dump is written into. What is NULL is not wanted.
 * @param outputs  out; to be closed also on failure.
 * @return TP_EINPUT, naming the path, for what cannot be written or would replace what is there. */
enum tp_status tp_outputs_open(struct tp_outputs *outputs, const char *checkpoint, bool resume,
    const char *dump, const char *predictions, struct tp_error *err);

/* The folder of the dump is complete. */
enum tp_status tp_outputs_publish_dump(struct tp_outputs *outputs, struct tp_error *err);

/* Removes the dump's folder if nothing came into it. All zero, or closed already, is fine. */
void tp_outputs_close(struct tp_outputs *outputs);

#endif
