/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint: what every rank keeps, in files of its own, and one file that says which of them
 * belong together.
 *
 *   DIR/step-300/rank-0.bin ...  sections, and the SHA-256 of what stands before it
 *   DIR/checkpoint.json          the step whose files are whole, and what the run was
 *
 * Order of calls when saving: every rank writes; all wait for one another; rank 0 publishes; all
 * wait; every rank cleans up. checkpoint.json is renamed into place, so a run that is killed at any
 * time leaves one whole checkpoint: the last published one. No MPI in here: rank and count are
 * plain ints. */
#ifndef TP_TRAIN_CHECKPOINT_H
#define TP_TRAIN_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include <towerpart/status.h>

/* Some bytes that a rank keeps: read from when saving, filled in when resuming. */
struct tp_section {
    char name[384]; /* "table t_user weights" */
    void *data;
    size_t bytes;
};

/* A fact about the run that must be the same when it is resumed: {"mode", "sptt"}. */
struct tp_fact {
    const char *name;  /* "mode", "plan", "data", "seed", ...; a lower-case word or words */
    const char *value; /* any text */
};

/* @param dir  made if it does not exist. @return TP_EINTERNAL when it cannot be written;
 * TP_ENOMEM. */
enum tp_status tp_checkpoint_write(const char *dir, int64_t step, int32_t rank,
    const struct tp_section *sections, int32_t section_count, struct tp_error *err);
enum tp_status tp_checkpoint_publish(const char *dir, int64_t step, int32_t rank_count,
    const struct tp_fact *facts, int32_t fact_count, struct tp_error *err);
/* Removes the rank's files of other steps than this, and folders that it leaves empty. Never
 * fails: what cannot be removed stays. */
void tp_checkpoint_clean(const char *dir, int32_t rank, int64_t step);

/* Reads which step is whole, and compares the facts.
 * @return TP_EINPUT when there is no checkpoint, when it is not one, or when a fact differs: the
 * message names
 *         the fact, what the checkpoint has and what this run has; TP_ENOMEM. */
enum tp_status tp_checkpoint_find(const char *dir, int32_t rank_count, const struct tp_fact *facts,
    int32_t fact_count, int64_t *step, struct tp_error *err);

/* @return TP_EINPUT when the folder holds a checkpoint, which a run that does not go on from it
 * would replace. */
enum tp_status tp_checkpoint_vacant(const char *dir, struct tp_error *err);

/* Fills in the sections, which must be those that were written. @return TP_EINPUT, naming file and
 * section, when the file is missing, cut, damaged or has other sections; then the data may be
 * filled in part. */
enum tp_status tp_checkpoint_read(const char *dir, int64_t step, int32_t rank,
    const struct tp_section *sections, int32_t section_count, struct tp_error *err);

#endif
