/* SPDX-License-Identifier: Apache-2.0 */
/* A training run.
 *
 * In: a plan, options, and MPI's ranks. Out: a result on rank 0, and the files that were asked for.
 * What can go wrong is asked before the first step, and all ranks agree on it, so that one message
 * is printed. Step s (from 1) trains the samples (s - 1) * B .. s * B - 1 of the training part,
 * rank g the b of them from g * b on; behind the last whole batch it begins again, and the samples
 * of a last partial batch are left out. */
#include "train/run.h"

#include "train/held_out.h"
#include "train/run_outputs.h"
#include "train/resume.h"
#include "train/tally.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "plan/figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct run {
    const struct tp_plan *plan;
    const struct tp_run_options *options;
    struct tp_comm *comm;
    struct tp_placement *placement;
    struct tp_samples *samples;
    struct tp_trainer trainer;
    struct tp_tally tally;
    struct tp_identity identity; /* on rank 0 */
    struct tp_outputs outputs;   /* on rank 0 */
    struct tp_batch batches[2];  /* of this step and the next, in turn */
    int64_t batch;               /* B */
    int64_t epoch_steps;         /* INT64_MAX: the samples never end */
    int64_t first_step, last_step;
};

static enum tp_status check_nodes(const struct run *run, struct tp_error *err)
{
    int32_t ranks = tp_comm_size(run->comm);
    int32_t *node = TP_NEW(ranks, int32_t);
    char(*names)[TP_NODE_NAME_BYTES] = tp_new((size_t)ranks, sizeof *names);
    const char **name_of = TP_NEW(ranks, const char *);
    enum tp_status status = node && names && name_of ? TP_OK : tp_fail_memory(err);
    status = tp_comm_agree(run->comm, status, err);
    if (status == TP_OK) {
        tp_comm_nodes(run->comm, node, names);
        for (int32_t g = 0; g < ranks; g++)
            name_of[g] = names[g];
        if (!run->options->allow_split_hosts)
            status = tp_layout_check_nodes(run->plan->topology, node, name_of, err);
    }
    free(name_of);
    free(names);
    free(node);
    return tp_comm_agree(run->comm, status, err);
}

static enum tp_status open_samples(struct run *run, struct tp_error *err)
{
    int32_t rank = tp_comm_rank(run->comm);
    const struct tp_topology *topology = run->plan->topology;
    enum tp_status status =
        tp_model_global_batch(run->plan->model, topology->rank_count, &run->batch, err);
    if (status)
        return status;
    int64_t local = run->batch / topology->rank_count;
    const struct tp_share share = {run->batch, rank * local, local};
    struct tp_sample_options options = run->options->samples;
    options.progress = options.progress && rank == 0;
    return tp_samples_open(
        run->options->source, run->plan->model, &options, share, &run->samples, err);
}

/* How many steps there are, in all. */
static enum tp_status count_steps(struct run *run, struct tp_error *err)
{
    const struct tp_run_options *options = run->options;
    int64_t samples = tp_samples_count(run->samples, TP_PART_TRAIN);
    run->epoch_steps = samples == INT64_MAX ? INT64_MAX : samples / run->batch;
    if (run->epoch_steps == 0)
        return tp_fail(err, TP_EINPUT,
            "%s: found %lld training samples, expected at least the %lld of one step: make "
            "batch_size smaller",
            options->source, (long long)samples, (long long)run->batch);
    if (options->steps < 0 && samples == INT64_MAX)
        return tp_fail(
            err, TP_EUSAGE, "%s never ends: --steps N says how long to train", options->source);
    if ((options->dump || options->predictions) &&
        tp_samples_count(run->samples, TP_PART_HELD_OUT) == 0)
        return tp_fail(err, TP_EINPUT,
            "%s: found no held-out sample, expected some for --dump and --predictions: --held-out "
            "says which share",
            options->source);
    run->last_step = options->steps >= 0 ? options->steps : options->epochs * run->epoch_steps;
    return TP_OK;
}

static enum tp_status read_step(
    struct run *run, int64_t step, struct tp_batch *batch, struct tp_error *err)
{
    int32_t local = run->trainer.layout.local_batch;
    int64_t offset = (int64_t)tp_comm_rank(run->comm) * local;
    int64_t first = (step - 1) % run->epoch_steps * run->batch + offset;
    int64_t later = step % run->epoch_steps * run->batch + offset;
    enum tp_status status = tp_samples_read(run->samples, TP_PART_TRAIN, first, local, batch, err);
    tp_samples_expect(run->samples, TP_PART_TRAIN, later, local);
    return status;
}

/* On rank 0, which alone writes and compares what a checkpoint is of. */
static enum tp_status open_outputs(struct run *run, struct tp_error *err)
{
    const struct tp_run_options *options = run->options;
    char digest[65];
    enum tp_status status = tp_outputs_open(&run->outputs, options->checkpoint, options->resume,
        options->dump, options->predictions, err);
    if (status || !options->checkpoint)
        return status;
    status = tp_samples_digest(run->samples, digest, err);
    if (status)
        return status;
    return tp_identity_init(&run->identity, run->plan, &options->trainer, digest, err);
}

static enum tp_status prepare(struct run *run, struct tp_error *err)
{
    enum tp_status status = tp_plan_placement(run->plan, &run->placement, err);
    if (status == TP_OK)
        status = open_samples(run, err);
    if (status == TP_OK)
        status = count_steps(run, err);
    if (status == TP_OK && tp_comm_rank(run->comm) == 0)
        status = open_outputs(run, err);
    return tp_comm_agree(run->comm, status, err);
}

/* What a user may want to look into. */
static void tell_notes(const struct run *run)
{
    const struct tp_run_options *options = run->options;
    int64_t hashed = tp_samples_hashed_tables(run->samples);
    char text[128];
    if (tp_comm_rank(run->comm) != 0 || !options->on_note)
        return;
    if (tp_samples_note(run->samples))
        options->on_note(options->context, tp_samples_note(run->samples));
    if (hashed > 0) {
        snprintf(text, sizeof text,
            "%lld table%s with fewer rows than ids that occur: ids share rows", (long long)hashed,
            tp_plural(hashed));
        options->on_note(options->context, text);
    }
    if (options->resume && run->first_step > run->last_step) {
        snprintf(text, sizeof text,
            "nothing to train: the checkpoint is of step %lld, the last one is %lld",
            (long long)run->first_step - 1, (long long)run->last_step);
        options->on_note(options->context, text);
    }
}

static enum tp_status set_up(struct run *run, struct tp_error *err)
{
    enum tp_status status = check_nodes(run, err);
    if (status == TP_OK)
        status = prepare(run, err);
    if (status == TP_OK)
        status =
            tp_comm_divide(run->comm, run->plan->topology, run->placement->ranks_per_tower, err);
    if (status)
        return status;
    status = tp_trainer_init(&run->trainer, run->plan->model, run->plan->topology, run->placement,
        run->comm, &run->options->trainer, err);
    if (status == TP_OK)
        status = tp_tally_init(&run->tally, run->comm, err);
    status = tp_comm_agree(run->comm, status, err);
    run->first_step = 1;
    if (status == TP_OK && run->options->resume) {
        int64_t done = 0;
        status =
            tp_resume_load(&run->trainer, run->options->checkpoint, &run->identity, &done, err);
        run->first_step = done + 1;
    }
    return status;
}

/* Whether all ranks can go on, which they decide together. @param loss  of the last step, on rank 0. */
static enum tp_status go_on(
    struct run *run, enum tp_status status, double loss, int64_t step, struct tp_error *err)
{
    if (status == TP_OK && tp_comm_rank(run->comm) == 0 && !isfinite(loss))
        status = tp_fail(err, TP_EINFEASIBLE,
            "step %lld: the loss is not finite any more: lower --lr or --sparse-lr",
            (long long)step);
    return tp_comm_agree(run->comm, status, err);
}

static enum tp_status save_when_due(
    struct run *run, int64_t step, double loss, struct tp_error *err)
{
    const struct tp_run_options *options = run->options;
    if (!options->checkpoint)
        return TP_OK;
    if (step != run->last_step && (options->every == 0 || step % options->every != 0))
        return TP_OK;
    enum tp_status status = go_on(run, TP_OK, loss, step, err);
    if (status)
        return status;
    return tp_resume_save(&run->trainer, options->checkpoint, step, &run->identity, err);
}

/* One step, measured and told. @param loss  of the step before; then, on rank 0, of this. */
static enum tp_status make_step(struct run *run, int64_t step, double *loss, struct tp_error *err)
{
    struct tp_batch *batch = &run->batches[step % 2], *next = &run->batches[(step + 1) % 2];
    struct tp_lap lap = {0};
    struct tp_step_result result = {.step = step};
    double begun = tp_seconds_now();
    enum tp_status status = TP_OK;
    if (step < run->last_step)
        status = read_step(run, step + 1, next, err);
    else
        next = NULL;
    status = go_on(run, status, *loss, step - 1, err);
    if (status == TP_OK)
        status = tp_trainer_step(&run->trainer, step, batch, next, &lap.loss, err);
    if (status)
        return status;
    lap.seconds = tp_seconds_now() - begun;
    for (int i = 0; i < TP_PHASE_COUNT; i++)
        lap.phases[i] = run->trainer.clock.seconds[i];
    run->trainer.clock = (struct tp_clock){0};
    tp_tally_step(&run->tally, run->comm, run->plan, run->options->trainer.mode, run->batch, &lap,
        &run->trainer.load, &result);
    *loss = result.loss;
    if (tp_comm_rank(run->comm) == 0 && run->options->on_step)
        run->options->on_step(run->options->context, &result, run->last_step);
    return TP_OK;
}

static enum tp_status train(struct run *run, double *loss, struct tp_error *err)
{
    struct tp_comm_bytes before;
    struct tp_batch *first = &run->batches[run->first_step % 2];
    if (run->first_step > run->last_step)
        return TP_OK;
    tp_comm_take_bytes(run->comm, &before); /* what was counted until here is no step's */
    enum tp_status status = read_step(run, run->first_step, first, err);
    status = go_on(run, status, 0, 0, err);
    if (status == TP_OK)
        status = tp_trainer_begin(&run->trainer, first, err);
    *loss = 0;
    for (int64_t step = run->first_step; step <= run->last_step && status == TP_OK; step++) {
        status = make_step(run, step, loss, err);
        if (status == TP_OK)
            status = save_when_due(run, step, *loss, err);
    }
    return status ? status : go_on(run, TP_OK, *loss, run->last_step, err);
}

static enum tp_status write_dump(struct run *run, struct tp_error *err)
{
    enum tp_status status = tp_held_out_dump(
        &run->trainer, run->samples, run->outputs.partial, run->options->dump_samples, err);
    if (status == TP_OK && tp_comm_rank(run->comm) == 0)
        status = tp_outputs_publish_dump(&run->outputs, err);
    return tp_comm_agree(run->comm, status, err);
}

enum tp_status tp_run(const struct tp_plan *plan, struct tp_comm *comm,
    const struct tp_run_options *options, struct tp_run_result *result, struct tp_error *err)
{
    struct run run = {.plan = plan, .options = options, .comm = comm};
    *result = (struct tp_run_result){.mode = options->trainer.mode, .loss = NAN};
    enum tp_status status = set_up(&run, err);
    result->batch = run.batch;
    result->seed = options->trainer.seed;
    result->first_step = run.first_step;
    result->last_step = run.last_step;
    if (status == TP_OK)
        tell_notes(&run);
    if (status == TP_OK)
        status = train(&run, &result->loss, err);
    if (status == TP_OK)
        status = tp_tally_result(&run.tally, comm, plan, result, err);
    if (status == TP_OK)
        status = tp_held_out_predict(
            &run.trainer, run.samples, options->predictions, &result->held_out, err);
    if (status == TP_OK && options->dump)
        status = write_dump(&run, err);
    if (status == TP_OK) {
        result->skipped = tp_samples_skipped(run.samples);
        result->hashed_tables = tp_samples_hashed_tables(run.samples);
    }
    tp_outputs_close(&run.outputs);
    for (int i = 0; i < 2; i++)
        tp_batch_release(&run.batches[i]);
    tp_tally_release(&run.tally);
    tp_trainer_release(&run.trainer);
    tp_samples_free(run.samples);
    tp_placement_free(run.placement);
    return status;
}

void tp_run_result_release(struct tp_run_result *result)
{
    free(result->ranks);
    *result = (struct tp_run_result){0};
}
