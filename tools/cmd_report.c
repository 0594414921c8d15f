/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart report`: a plan as a person or a program reads it. In: a plan, and what runs of it
 * measured; for a page also an affinity and sweeps. Out: text, JSON or HTML. A plan that breaks rules is shown too, with a warning on top; the exit
 * status is that of the report. */
#include "cmd.h"

#include <towerpart/html.h>
#include <towerpart/plan.h>
#include <towerpart/report.h>

#include "base/file.h"
#include "input.h"
#include "opt.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_FORMAT = OPT_LONG, KEY_JSON, KEY_ALL, KEY_MEASURED = OPT_MANY, KEY_SWEEP };
enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML };

struct args {
    struct opt_seen seen;
    const char *plan, *output, *affinity;
    const char *runs[TP_RUNS_MAX];
    int32_t run_count;
    const char *sweeps[TP_SWEEPS_MAX];
    int32_t sweep_count;
    enum format format;
    struct tp_report_options report;
};

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "NAME", 0,
        "text (default), json, or html: a page with pictures that needs nothing else", 0},
    {"json", KEY_JSON, NULL, 0, "The same as --format json", 0},
    {"all", KEY_ALL, NULL, 0,
        "List every tower, rank and feature (default: the heaviest, the rest counted); json and "
        "html "
        "always do",
        0},
    {"measured", KEY_MEASURED, "RUN", 0,
        "Show what a run measured beside what the plan predicts; RUN is what towerpart-train "
        "--json printed ('-': standard input); up to 4 times, to compare runs with each other",
        0},
    {"affinity", 'a', "FILE", 0,
        "html: draw the affinity as a heat map; FILE is the affinity.npz that the plan was made "
        "from",
        0},
    {"sweep", KEY_SWEEP, "FILE", 0,
        "html: draw what towerpart sweep --format json wrote; up to 4 times", 0},
    {"output", 'o', "FILE", 0, "Where to write the report (default '-', standard output)", 0},
    {0},
};

static enum format read_format(const struct argp_state *state, const char *format)
{
    static const char *const names[] = {"text", "json", "html"};
    for (int i = 0; i < 3; i++)
        if (strcmp(format, names[i]) == 0)
            return (enum format)i;
    opt_error(state, "--format: found '%s', expected text, json or html", format);
    return FORMAT_TEXT;
}

/* What only a page can show. */
static void check_pictures(const struct argp_state *state, const struct args *args)
{
    if (args->format == FORMAT_HTML)
        return;
    if (args->affinity)
        opt_error(state, "-a is drawn by --format html only");
    if (args->sweep_count)
        opt_error(state, "--sweep is drawn by --format html only");
}

static void check_args(const struct argp_state *state, const struct args *args)
{
    const char *inputs[2 + TP_RUNS_MAX + TP_SWEEPS_MAX] = {args->plan, args->affinity};
    int count = 2;
    opt_need(state, args->plan, "the plan file");
    opt_spare(state, args->output, "PLAN", args->plan);
    opt_spare(state, args->output, "-a", args->affinity);
    for (int32_t i = 0; i < args->run_count; i++) {
        opt_spare(state, args->output, "--measured", args->runs[i]);
        inputs[count++] = args->runs[i];
    }
    for (int32_t i = 0; i < args->sweep_count; i++) {
        opt_spare(state, args->output, "--sweep", args->sweeps[i]);
        inputs[count++] = args->sweeps[i];
    }
    opt_one_pipe(state, inputs, count);
    check_pictures(state, args);
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
        args->format = read_format(state, arg);
        break;
    case KEY_JSON:
        args->format = FORMAT_JSON;
        break;
    case 'a':
        args->affinity = arg;
        break;
    case KEY_ALL:
        args->report.all = true;
        break;
    case KEY_MEASURED:
        if (args->run_count == TP_RUNS_MAX)
            opt_error(state, "--measured is given more than %d times", TP_RUNS_MAX);
        args->runs[args->run_count++] = arg;
        break;
    case KEY_SWEEP:
        if (args->sweep_count == TP_SWEEPS_MAX)
            opt_error(state, "--sweep is given more than %d times", TP_SWEEPS_MAX);
        args->sweeps[args->sweep_count++] = arg;
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
    "Example: towerpart report plan.yaml\n"
    "         towerpart report plan.yaml --format html -a affinity.npz -o a.html",
    NULL, NULL, NULL};

/* The report in the form asked for, of what was read. */
static enum tp_status write_report(const struct args *args, const struct tp_plan *plan,
    const struct tp_findings *findings, struct tp_error *err)
{
    struct tp_html_options page = {
        .report = args->report, .sweeps = args->sweeps, .sweep_count = args->sweep_count};
    struct tp_affinity *affinity = NULL;
    enum tp_status status = TP_OK;
    if (args->format == FORMAT_TEXT)
        return tp_report_text(plan, findings, &args->report, args->output, err);
    if (args->format == FORMAT_JSON)
        return tp_report_json(plan, findings, &args->report, args->output, err);
    if (args->affinity)
        status =
            input_known_affinity(NULL, args->affinity, plan->model, plan, false, &affinity, err);
    page.affinity = affinity;
    if (!status)
        status = tp_report_html(plan, findings, &page, args->output, err);
    tp_affinity_free(affinity);
    return status;
}

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
        status = write_report(&args, plan, &findings, &err);
    for (int32_t i = 0; i < args.run_count; i++)
        tp_measured_release(&measured[i]);
    tp_findings_release(&findings);
    tp_plan_free(plan);
    free(name);
    return opt_end(argv[0], status, &err);
}
