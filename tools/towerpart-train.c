/* SPDX-License-Identifier: Apache-2.0 */
/* The program `towerpart-train`: trains the model of a plan, one process per rank.
 *
 * In: a plan, samples, MPI. Out: on standard output a table, or JSON lines; on standard error
 * messages and, where a terminal shows it, progress. The exit status is an enum tp_status. What
 * goes wrong is said once: by rank 0 when all ranks know of it, else by the rank that found it,
 * which then ends the others. When one of the ranks dies, MPI's launcher ends the rest by SIGTERM,
 * and the first two of them say what is left. */
#include <towerpart/plan.h>
#include <towerpart/version.h>

#include "train/comm.h"
#include "train/gemm.h"
#include "train/run.h"

#include "input.h"
#include "opt.h"
#include "ranks.h"
#include "train_args.h"

#include "base/fail.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "towerpart-train"
#define PROGRESS_SECONDS 0.2

/* For exit(), which the reading of options may call, and for signals. */
static struct tp_comm *the_comm;
static char farewell[512], farewell_saved[512]; /* without and with a checkpoint */
static char checkpoint_file[4096];

static void end_mpi(void)
{
    tp_comm_free(the_comm);
}

/* Calls only what a handler of signals may. */
static void say_farewell(int number)
{
    const char *text = farewell;
    (void)number;
    if (*checkpoint_file && access(checkpoint_file, F_OK) == 0)
        text = farewell_saved;
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(TP_EINTERNAL);
    _exit(TP_EINTERNAL);
}

/* Samples are mapped; somebody may cut their files meanwhile. */
static void end_at_missing_bytes(int number)
{
    static const char text[] = "\n" NAME ": a file of samples became shorter while it was read\n";
    (void)number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(TP_EINTERNAL);
    _exit(TP_EINPUT);
}

/* What ranks 0 and 1 say when they are ended from outside: one of them is left whichever rank died.
 * The newline leaves a line of progress behind. */
static void prepare_farewell(const struct train_args *args)
{
    const char *dir = args->run.checkpoint;
    int rank = (int)tp_comm_rank(the_comm);
    if (rank > 1 || tp_comm_size(the_comm) == 1)
        return;
    snprintf(farewell, sizeof farewell,
        "\n" NAME
        ": rank %d was ended from outside: interrupted, or another rank died; nothing was "
        "saved (--checkpoint DIR --every N does)\n",
        rank);
    if (dir) {
        snprintf(checkpoint_file, sizeof checkpoint_file, "%s/checkpoint.json", dir);
        snprintf(farewell_saved, sizeof farewell_saved,
            "\n" NAME
            ": rank %d was ended from outside: interrupted, or another rank died; --resume "
            "goes on from the checkpoint in %.200s\n",
            rank, dir);
    }
    signal(SIGTERM, say_farewell);
}

static void parse(void *args, int argc, char **argv)
{
    train_args_parse(args, argc, argv);
}

/* Reads the plan, on every rank, and checks it, on one. */
static enum tp_status load_plan(
    const struct train_args *args, struct tp_plan **plan, char sha256[65], struct tp_error *err)
{
    struct tp_findings findings = {0};
    enum tp_status status = input_plan(args->plan, plan, sha256, err);
    status = tp_comm_agree(the_comm, status, err);
    if (status)
        return status;
    int32_t ranks = (*plan)->topology->rank_count;
    if (ranks != tp_comm_size(the_comm))
        status = tp_fail(err, TP_EINPUT,
            "%s: found a plan for %d rank%s, expected one for the %d that run: mpirun -n %d",
            args->plan, (int)ranks, tp_plural(ranks), (int)tp_comm_size(the_comm), (int)ranks);
    if (status == TP_OK && tp_comm_rank(the_comm) == 0) {
        status = tp_plan_check(*plan, NULL, NULL, &findings, err);
        if (status == TP_OK && findings.count > 0)
            status = tp_fail(err, TP_EINPUT,
                "%s: found %d finding%s, expected a sound plan: %s%s; see towerpart check",
                args->plan, (int)findings.count, tp_plural(findings.count), findings.lines[0],
                findings.count > 1 ? "; ..." : "");
        tp_findings_release(&findings);
    }
    return tp_comm_agree(the_comm, status, err);
}

static enum tp_mode recommended_mode(const struct tp_plan *plan)
{
    return plan->cost.recommended == TP_USE_SPTT ? TP_MODE_SPTT : TP_MODE_FLAT;
}

/* What the lines of a run need. */
struct telling {
    const struct tp_plan *plan;
    bool json, quiet, progress, shown;
    double begun, told; /* monotonic seconds: the end of the first step, the last line */
    int64_t first;      /* step of this run */
    int64_t batch;      /* B */
};

/* Speed and time left are means over the run so far: single steps vary too much to be read. */
static void show_progress(
    struct telling *telling, const struct tp_step_result *result, int64_t last_step)
{
    double now = tp_seconds_now(), passed = now - telling->begun;
    int64_t done = result->step - telling->first, left = last_step - result->step;
    if (!telling->progress || done == 0 || (left > 0 && now - telling->told < PROGRESS_SECONDS))
        return;
    telling->told = now;
    telling->shown = true;
    fprintf(stderr,
        "\rstep %" PRId64 " of %" PRId64 "  loss %.4f  %.0f samples/s  %.0f s left \033[K%s",
        result->step, last_step, result->loss, (double)done * (double)telling->batch / passed,
        passed / (double)done * (double)left, left ? "" : "\r\033[K");
    fflush(stderr);
}

static void tell_step(void *context, const struct tp_step_result *result, int64_t last_step)
{
    struct telling *telling = context;
    struct tp_text text = {0};
    if (telling->first == 0) {
        telling->first = result->step;
        telling->begun = tp_seconds_now();
    }
    if (telling->json) {
        if (telling->shown)
            fputs("\r\033[K", stderr); /* where both go to one terminal */
        tp_step_json(telling->plan, result, &text);
        ranks_print(&text);
    }
    show_progress(telling, result, last_step);
}

static void tell_note(void *context, const char *note)
{
    const struct telling *telling = context;
    if (!telling->quiet)
        opt_say("%s", note);
}

static void tell_end(const struct train_args *args, const struct tp_plan *plan, const char *sha256,
    const struct tp_run_result *result)
{
    struct tp_text text = {0};
    char *file = tp_path_base(args->plan);
    if (args->json)
        tp_run_json(plan, file ? file : "", sha256, result, &text);
    else
        tp_run_table(plan, result, &text);
    free(file);
    ranks_print(&text);
}

static void note_start(const struct train_args *args, const struct tp_plan *plan)
{
    if (args->quiet || tp_comm_rank(the_comm) != 0)
        return;
    opt_say("%s: %s on %d rank%s, %s", args->plan, tp_mode_name(args->run.trainer.mode),
        (int)plan->topology->rank_count, tp_plural(plan->topology->rank_count), args->run.source);
    if (!args->mode_given && plan->cost.recommended == TP_USE_FLAT_FREE)
        opt_say(
            "the plan recommends flat on a free placement (towerpart plan --flat); this runs flat "
            "on the placement of the plan");
}

static enum tp_status run(struct train_args *args, struct tp_error *err)
{
    struct tp_plan *plan = NULL;
    struct tp_run_result result = {0};
    char sha256[65];
    enum tp_status status = load_plan(args, &plan, sha256, err);
    if (status == TP_OK) {
        bool root = tp_comm_rank(the_comm) == 0;
        struct telling telling = {.plan = plan, .json = args->json, .quiet = args->quiet};
        telling.progress = root && opt_progress(args->quiet) && ranks_watched();
        if (!args->mode_given)
            args->run.trainer.mode = recommended_mode(plan);
        train_args_rates(args, plan->model->optimizer);
        tp_gemm_threads(args->threads);
        args->run.samples.progress = opt_progress(args->quiet);
        args->run.on_step = tell_step;
        args->run.on_note = tell_note;
        args->run.context = &telling;
        (void)tp_model_global_batch(plan->model, plan->topology->rank_count, &telling.batch,
            NULL); /* a sound plan has one */
        note_start(args, plan);
        status = tp_run(plan, the_comm, &args->run, &result, err);
        if (telling.shown)
            fputs("\r\033[K", stderr);
        if (status == TP_OK && root)
            tell_end(args, plan, sha256, &result);
    }
    tp_run_result_release(&result);
    tp_plan_free(plan);
    return status;
}

int main(int argc, char **argv)
{
    struct train_args args;
    struct tp_error err = {0};
    char name[] = NAME;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (tp_comm_new(&the_comm, &err) || atexit(end_mpi))
        return TP_EINTERNAL;
    signal(SIGBUS, end_at_missing_bytes); /* MPI has put its own there */
    argp_program_version = NAME " " TP_VERSION;
    argp_err_exit_status = TP_EUSAGE;
    argv[0] = name;
    ranks_parse(the_comm, parse, &args, argc, argv);
    prepare_farewell(&args);
    enum tp_status status = run(&args, &err);
    return ranks_end(the_comm, name, status, &err);
}
