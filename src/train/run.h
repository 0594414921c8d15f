/* SPDX-License-Identifier: Apache-2.0 */
/* A training run: samples, steps, checkpoints, and what the model is worth in the end. */
#ifndef TP_TRAIN_RUN_H
#define TP_TRAIN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <towerpart/plan.h>
#include <towerpart/status.h>

#include "data/samples.h"
#include "train/comm.h"
#include "train/result.h"
#include "train/step.h"

struct tp_run_options {
    const char *source; /* of samples, see tp_samples_open() */
    struct tp_sample_options samples;
    struct tp_trainer_options trainer;
    int64_t steps;          /* in all, those before --resume too; -1: as many as `epochs` have */
    int64_t epochs;         /* over the training part; >= 1 */
    bool allow_split_hosts; /* ranks of one plan host may run on different nodes */
    const char *checkpoint; /* folder; NULL: none */
    int64_t every;          /* steps between checkpoints; 0: after the last one only */
    bool resume;            /* go on from the checkpoint */
    const char *dump;       /* folder for embeddings of held-out samples; NULL: none */
    int64_t dump_samples;   /* at most */
    const char
        *predictions; /* .npy file for the click probabilities of held-out samples; NULL: none */
    /* Called on rank 0 after each step; may be NULL. */
    void (*on_step)(void *context, const struct tp_step_result *result, int64_t last_step);
    /* Called on rank 0 before the first step with a line on what a user may want to look into; may
     * be NULL. */
    void (*on_note)(void *context, const char *note);
    void *context;
};

/* Trains. All ranks call it; all return the same status, with the same message.
 * @param plan    checked: tp_plan_check() found nothing. Borrowed.
 * @param comm    with as many ranks as the plan has; it is divided here.
 * @param result  out, complete on rank 0 only; to be released with tp_run_result_release().
 * @return TP_EINPUT for data, plan, nodes or checkpoint that do not fit; TP_EINFEASIBLE when the
 * loss is not finite any more. */
enum tp_status tp_run(const struct tp_plan *plan, struct tp_comm *comm,
    const struct tp_run_options *options, struct tp_run_result *result, struct tp_error *err);

void tp_run_result_release(struct tp_run_result *result);

#endif
