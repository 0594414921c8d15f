/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart report`: a plan as a person or a program reads it. In: a plan, and what runs of it
 * measured. Out: text or JSON. A plan that breaks rules is shown too, with a warning on top; the exit
 * status is that of the report. */
#include "cmd.h"

#include <towerpart/plan.h>
#include <towerpart/report.h>

#include "base/file.h"
#include "input.h"
#include "opt.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_FORMAT = OPT_LONG, KEY_JSON, KEY_ALL, KEY_MEASURED = OPT_MANY };

struct args {
    struct opt_seen seen;
    const char *plan, *output;
    const char *runs[TP_RUNS_MAX];
    int32_t run_count;
    bool json;
    struct tp_report_options report;
};

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "NAME", 0, "text (default) or json", 0},
    {"json", KEY_JSON, NULL, 0, "The same as --format json", 0},
    {"all", KEY_ALL, NULL, 0,
        "List every tower, rank and feature (default: the heaviest, the rest counted); json always "
        "does",
        0},
    {"measured", KEY_MEASURED, "RUN", 0,
        "Show what a run measured beside what the plan predicts; RUN is what towerpart-train "
        "--json printed ('-': standard input); up to 4 times, to compare runs with each other",
        0},
    {"output", 'o', "FILE", 0, "Where to write the report (default '-', standard output)", 0},
    {0},
};

static bool is_json(const struct argp_state *state, const char *format)
{
    if (strcmp(format, "html") == 0)
        argp_failure(state, TP_EUSAGE, 0, "--format html is not part of this version");
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        opt_error(state, "--format: found '%s', expected text or json", format);
    return strcmp(format, "json") == 0;
}

static void check_args(const struct argp_state *state, const struct args *args)
{
    const char *inputs[TP_RUNS_MAX + 1] = {args->plan};
    opt_need(state, args->plan, "the plan file");
    opt_spare(state, args->output, "PLAN", args->plan);
    for (int32_t i = 0; i < args->run_count; i++) {
        opt_spare(state, args->output, "--measured", args->runs[i]);
        inputs[i + 1] = args->runs[i];
    }
    opt_one_pipe(state, inputs, TP_RUNS_MAX + 1);
    if (opt_given(&args->seen, KEY_JSON) && opt_given(&args->seen, KEY_FORMAT))
        opt_error(state, "--json and --format both give the format; leave one out");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    switch (key) {
    case 'o':
        args->output = arg;
        break;
    case KEY_FORMAT:
        args->json = is_json(state, arg);
        break;
    case KEY_JSON:
        args->json = true;
        break;
    case KEY_ALL:
        args->report.all = true;
        break;
    case KEY_MEASURED:
        if (args->run_count == TP_RUNS_MAX)
            opt_error(state, "--measured is given more than %d times", TP_RUNS_MAX);
        args->runs[args->run_count++] = arg;
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
    "Show a plan ('-': standard input): towers, load of the ranks, phases of a training step in"
    " seconds and bytes, how far the affinity can be trusted, and what to do next. A plan that"
    " breaks a rule or whose figures are stale is shown with a warning.\v"
    "Example: towerpart report plan.yaml",
    NULL, NULL, NULL};

int cmd_report(int argc, char **argv)
{
    struct args args = {.output = "-"};
    struct tp_error err = {0};
    struct tp_plan *plan = NULL;
    struct tp_findings findings = {0};
    struct tp_measured measured[TP_RUNS_MAX] = {0};
    char sha256[TP_SHA256_TEXT];
    opt_parse(&argp, argc, argv, &args);
    char *name = strcmp(args.plan, "-") != 0 ? tp_path_base(args.plan) : NULL;
    args.report.plan = name;
    args.report.measured = measured;
    args.report.measured_count = args.run_count;

    enum tp_status status = input_plan(args.plan, &plan, sha256, &err);
    if (status == TP_OK)
        status = tp_plan_check(plan, NULL, NULL, &findings, &err);
    for (int32_t i = 0; i < args.run_count && status == TP_OK; i++)
        status = tp_measured_load(args.runs[i], plan, sha256, &measured[i], &err);
    if (status == TP_OK)
        status = args.json ? tp_report_json(plan, &findings, &args.report, args.output, &err)
                           : tp_report_text(plan, &findings, &args.report, args.output, &err);
    for (int32_t i = 0; i < args.run_count; i++)
        tp_measured_release(&measured[i]);
    tp_findings_release(&findings);
    tp_plan_free(plan);
    free(name);
    return opt_end(argv[0], status, &err);
}
