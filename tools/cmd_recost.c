/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart recost`: after a person edited the placement, figures that are true again.
 *
 * In: a plan, and the affinity if the quality is to be computed anew too. Out: the plan with new figures,
 * or, if the edit breaks a rule, exit status 1 and the findings. */
#include "cmd.h"

#include <towerpart/plan.h>

#include "input.h"
#include "opt.h"

#include <inttypes.h>
#include <string.h>

struct args {
    struct opt_seen seen;
    const char *plan, *affinity, *output;
    bool quiet;
};

static const struct argp_option options[] = {
    {"affinity", 'a', "FILE", 0,
        "Affinity measured by 'towerpart affinity', to compute the share of it inside towers anew;"
        " without it that share is dropped",
        0},
    {"output", 'o', "FILE", 0, "Where to write the plan (default '-', standard output)", 0},
    {"quiet", 'q', NULL, 0, "No summary on standard error", 0},
    {0},
};

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->plan, "the plan file");
    opt_one_pipe(state, (const char *[]){args->plan, args->affinity}, 2);
    opt_recordable(state, "-a", args->affinity);
    opt_spare(
        state, args->output, "-a", args->affinity); /* the plan may be replaced by the new one */
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
    "Compute loads, balance, costs and recommendation of a plan ('-': standard input) anew, after "
    "its"
    " towers or shards were edited by hand. If the edit breaks a rule, nothing is written, and the "
    "exit"
    " status is 1.\v"
    "Example: towerpart recost edited.yaml -a affinity.npz -o plan.yaml",
    NULL, NULL, NULL};

int cmd_recost(int argc, char **argv)
{
    struct args args = {.output = "-"};
    struct tp_error err = {0};
    struct tp_plan *plan = NULL;
    struct tp_affinity *affinity = NULL;
    opt_parse(&argp, argc, argv, &args);

    enum tp_status status = tp_plan_load(args.plan, &plan, &err);
    if (status == TP_OK && args.affinity)
        status =
            input_known_affinity(NULL, args.affinity, plan->model, plan, false, &affinity, &err);
    if (status == TP_OK)
        status = tp_plan_recost(plan, affinity, &err);
    if (status == TP_OK && affinity) {
        plan->affinity.from_dump = false;
        status = input_record(&args.affinity, 1, affinity, &plan->affinity.input, &err);
    }
    if (status == TP_OK)
        status = tp_plan_save(plan, args.output, &err);
    if (status == TP_OK && !args.quiet && strcmp(args.output, "-") != 0)
        opt_say("plan written to %s; next: towerpart report %s", args.output, args.output);
    tp_affinity_free(affinity);
    tp_plan_free(plan);
    return opt_end(argv[0], status, &err);
}
