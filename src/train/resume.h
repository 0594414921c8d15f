/* SPDX-License-Identifier: Apache-2.0 */
/* A trainer's state in a checkpoint: what each rank keeps, and what must be the same when a run
 * goes on. */
#ifndef TP_TRAIN_RESUME_H
#define TP_TRAIN_RESUME_H

#include <stdint.h>

#include <towerpart/plan.h>
#include <towerpart/status.h>

#include "train/checkpoint.h"
#include "train/step.h"

/* What a run is: model, placement, data, mode, seed, optimizers. */
#define TP_RUN_FACTS 7
struct tp_identity {
    struct tp_fact facts[TP_RUN_FACTS];
    char model[65], placement[65], data[65]; /* digests */
    char seed[32], dense[64], sparse[64];
};

/* @param data  digest of the samples. @param identity  out; its facts point into it, so it stays
 * where it is. */
enum tp_status tp_identity_init(struct tp_identity *identity, const struct tp_plan *plan,
    const struct tp_trainer_options *options, const char data[65], struct tp_error *err);

/* Saves and publishes; all ranks call it.
 * @param step  the last that was made. @param identity  read on rank 0 alone. */
enum tp_status tp_resume_save(struct tp_trainer *trainer, const char *dir, int64_t step,
    const struct tp_identity *identity, struct tp_error *err);

/* Restores what was saved; all ranks call it.
 * @param identity  read on rank 0 alone. @param step  out: the last that was made. */
enum tp_status tp_resume_load(struct tp_trainer *trainer, const char *dir,
    const struct tp_identity *identity, int64_t *step, struct tp_error *err);

#endif
