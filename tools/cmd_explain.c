/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart explain`: why a feature is where it is. In: the name of a feature, a plan, and the affinity if
 * it is to be told what the feature is related to. Out: text or JSON. */
#include "cmd.h"

#include <towerpart/explain.h>
#include <towerpart/report.h>

#include "input.h"
#include "opt.h"

enum { KEY_JSON = OPT_LONG, KEY_ALL };

struct args {
    struct opt_seen seen;
    const char *feature, *plan, *affinity, *output;
    bool json, all;
};

static const struct argp_option options[] = {
    {"affinity", 'a', "FILE", 0,
        "Affinity that the plan was made from; without it, what the feature is related to is left "
        "out",
        0},
    {"all", KEY_ALL, NULL, 0,
        "List every tower (default: the best, the rest counted); json always does", 0},
    {"json", KEY_JSON, NULL, 0, "Print one JSON object", 0},
    {"output", 'o', "FILE", 0, "Where to write the explanation (default '-', standard output)", 0},
    {0},
};

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->feature, "the name of a feature");
    opt_need(state, args->plan, "the plan file");
    opt_one_pipe(state, (const char *[]){args->plan, args->affinity}, 2);
    opt_spare(state, args->output, "PLAN", args->plan);
    opt_spare(state, args->output, "-a", args->affinity);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    switch (key) {
    case 'a':
        args->affinity = arg;
        break;
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
        opt_argument(state, args->feature ? &args->plan : &args->feature, arg);
        break;
    case ARGP_KEY_END:
        check_args(state, args);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options, parse, "FEATURE PLAN",
    "Say where a feature of a plan ('-': standard input) is, how it is related to each tower, "
    "which limit"
    " or constraint holds it there, and what the next best places would cost: moves of its unit "
    "(its table"
    " and what is bound to it) to another tower, or swaps with one unit there.\v"
    "Example: towerpart explain user_id plan.yaml -a affinity.npz",
    NULL, NULL, NULL};

int cmd_explain(int argc, char **argv)
{
    struct args args = {.output = "-"};
    struct tp_error err = {0};
    struct tp_plan *plan = NULL;
    struct tp_affinity *affinity = NULL;
    struct tp_explain *explain = NULL;
    opt_parse(&argp, argc, argv, &args);

    enum tp_status status = tp_plan_load(args.plan, &plan, &err);
    if (status == TP_OK && args.affinity)
        status =
            input_known_affinity(argv[0], args.affinity, plan->model, plan, false, &affinity, &err);
    if (status == TP_OK)
        status = tp_explain_make(plan, args.feature, affinity, &explain, &err);
    if (status == TP_OK)
        status = args.json ? tp_report_explain_json(explain, args.output, &err)
                           : tp_report_explain_text(explain, args.all, args.output, &err);
    tp_explain_free(explain);
    tp_affinity_free(affinity);
    tp_plan_free(plan);
    return opt_end(argv[0], status, &err);
}
