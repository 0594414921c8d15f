/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart diff`: what would happen if one plan took the place of another. In: two plans. Out: text or
 * JSON; exit status 1 if they differ, 0 if the same tables of the same model lie on the same ranks. */
#include "cmd.h"

#include <towerpart/diff.h>
#include <towerpart/report.h>

#include "opt.h"

enum { KEY_JSON = OPT_LONG, KEY_ALL };

struct args {
    struct opt_seen seen;
    const char *before, *after, *output;
    bool json, all;
};

static const struct argp_option options[] = {
    {"all", KEY_ALL, NULL, 0,
        "List every table (default: those that send most, the rest counted); json always does", 0},
    {"json", KEY_JSON, NULL, 0,
        "Print one JSON object; its tables, applied to the first plan, give the second", 0},
    {"output", 'o', "FILE", 0, "Where to write the comparison (default '-', standard output)", 0},
    {0},
};

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->before, "the first plan file");
    opt_need(state, args->after, "the second plan file");
    opt_one_pipe(state, (const char *[]){args->before, args->after}, 2);
    opt_spare(state, args->output, "the first plan", args->before);
    opt_spare(state, args->output, "the second plan", args->after);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    switch (key) {
    case 'o':
        args->output = arg;
        break;
    case KEY_ALL:
        args->all = true;
        break;
    case KEY_JSON:
        args->json = true;
        break;
    case ARGP_KEY_ARG:
        opt_argument(state, args->before ? &args->after : &args->before, arg);
        break;
    case ARGP_KEY_END:
        check_args(state, args);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options, parse, "BEFORE AFTER",
    "Compare two plans (one may be '-', standard input): tables that move from rank to rank, bytes "
    "that"
    " travel for it (weights and optimizer state), tables added and dropped, load and step time "
    "before and"
    " after. Towers are matched by their hosts, not by their numbers. The exit status is 1 if the "
    "plans"
    " differ.\v"
    "Example: towerpart diff last-week.yaml plan.yaml",
    NULL, NULL, NULL};

int cmd_diff(int argc, char **argv)
{
    struct args args = {.output = "-"};
    struct tp_error err = {0};
    struct tp_plan *before = NULL, *after = NULL;
    struct tp_diff *diff = NULL;
    opt_parse(&argp, argc, argv, &args);

    enum tp_status status = tp_plan_load(args.before, &before, &err);
    if (status == TP_OK)
        status = tp_plan_load(args.after, &after, &err);
    if (status == TP_OK)
        status = tp_diff_make(before, after, &diff, &err);
    if (status == TP_OK)
        status = args.json ? tp_report_diff_json(diff, args.output, &err)
                           : tp_report_diff_text(diff, args.all, args.output, &err);
    int exit_status = opt_end(argv[0], status, &err);
    if (status == TP_OK && !diff->same)
        exit_status = TP_EINFEASIBLE;
    tp_diff_free(diff);
    tp_plan_free(after);
    tp_plan_free(before);
    return exit_status;
}
