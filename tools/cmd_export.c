/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart export`: a plan for the program that trains by it.
 *
 * In: a plan without findings. Out: the plan in that program's form. A plan with findings is not handed
 * over: exit status 1, with the first of them. */
#include "cmd.h"

#include <towerpart/export.h>

#include "opt.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_TO = OPT_LONG };

/* Writes a plan in one form. */
typedef enum tp_status export_function(
    const struct tp_plan *plan, const char *path, char **notes, struct tp_error *err);

struct args {
    struct opt_seen seen;
    export_function *to;
    const char *plan, *output;
    bool quiet;
};

static const struct argp_option options[] = {
    {"to", KEY_TO, "PROGRAM", 0,
        "torchrec: JSON of an EmbeddingShardingPlan, with the towers; hugectr: JSON of "
        "shard_matrix "
        "and shard_strategy, with the towers",
        0},
    {"output", 'o', "FILE", 0, "Where to write it (default '-', standard output)", 0},
    {"quiet", 'q', NULL, 0, "No notes on standard error", 0},
    {0},
};

static export_function *read_program(const struct argp_state *state, const char *text)
{
    if (strcmp(text, "hugectr") == 0)
        return tp_export_hugectr;
    if (strcmp(text, "torchrec") != 0)
        opt_error(state, "--to: found '%s', expected torchrec or hugectr", text);
    return tp_export_torchrec;
}

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->to ? "" : NULL, "option --to PROGRAM");
    opt_need(state, args->plan, "the plan file");
    opt_spare(state, args->output, "PLAN", args->plan);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    switch (key) {
    case KEY_TO:
        args->to = read_program(state, arg);
        break;
    case 'o':
        args->output = arg;
        break;
    case 'q':
        args->quiet = true;
        break;
    case ARGP_KEY_ARG:
        opt_argument(state, &args->plan, arg);
        break;
    case ARGP_KEY_END:
        check_args(state, args);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options, parse, "PLAN",
    "Write a plan ('-': standard input) in the form that another program trains by. How it is "
    "loaded "
    "there is shown in docs/export.md. A plan with findings is not handed over: the exit status is "
    "1.\v"
    "Example: towerpart export --to torchrec plan.yaml -o plan.json",
    NULL, NULL, NULL};

/* TP_OK if the plan is sound. */
static enum tp_status check_plan(const char *path, const struct tp_plan *plan, struct tp_error *err)
{
    struct tp_findings findings = {0};
    enum tp_status status = tp_plan_check(plan, NULL, NULL, &findings, err);
    if (status == TP_OK && findings.count > 0)
        status = tp_fail(err, TP_EINFEASIBLE,
            "%s: found %d finding%s, expected a sound plan: %s%s; see towerpart check", path,
            (int)findings.count, findings.count == 1 ? "" : "s", findings.lines[0],
            findings.count > 1 ? "; ..." : "");
    tp_findings_release(&findings);
    return status;
}

int cmd_export(int argc, char **argv)
{
    struct args args = {.output = "-"};
    struct tp_error err = {0};
    struct tp_plan *plan = NULL;
    char *notes = NULL;
    opt_parse(&argp, argc, argv, &args);

    enum tp_status status = tp_plan_load(args.plan, &plan, &err);
    if (status == TP_OK)
        status = check_plan(args.plan, plan, &err);
    if (status == TP_OK)
        status = args.to(plan, args.output, &notes, &err);
    if (status == TP_OK && !args.quiet)
        opt_say_lines(notes);
    if (status == TP_OK && !args.quiet && strcmp(args.output, "-") != 0)
        opt_say("plan written to %s; how to load it: docs/export.md", args.output);
    free(notes);
    tp_plan_free(plan);
    return opt_end(argv[0], status, &err);
}
