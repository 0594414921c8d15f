/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of towerpart-calibrate.
 *
 * In: argv. Out: checked options, or the end of the program. */
#include "calibrate_args.h"

#include <string.h>

#include <towerpart/topology.h>

enum {
    KEY_BASE = OPT_LONG,
    KEY_HOSTS_SIZE,
    KEY_SECONDS,
    KEY_THREADS,
    KEY_JSON,
};

#define SECONDS 60.0
#define SECONDS_MOST 86400
#define THREADS_MAX 1024

static const struct argp_option options[] = {
    {"model", 'm', "MODEL", 0, "Model spec whose lookups and dense layers are timed (needed)", 0},
    {"output", 'o', "FILE", 0, "Where to write the topology (needed); '-' is standard output", 0},
    {"base", KEY_BASE, "FILE", 0,
        "A topology that says what is not measured: name, memory, reserve, hosts per tower, names "
        "of levels (default: the machine's memory)",
        0},
    {"hosts-size", KEY_HOSTS_SIZE, "L", 0,
        "Ranks of a host (default: as many as run on the same node)", 0},
    {"seconds", KEY_SECONDS, "S", 0, "About how long to measure (default 60)", 0},
    {"threads", KEY_THREADS, "N", 0, "Threads of a rank for dense layers (default 1)", 0},
    {"json", KEY_JSON, NULL, 0, "Print one JSON object in place of the table", 0},
    {"quiet", 'q', NULL, 0, "No progress on standard error", 0},
    {0},
};

static double read_seconds(const struct argp_state *state, const char *text)
{
    double seconds = opt_real(state, "--seconds", text, 0, false);
    if (seconds <= 0 || seconds > SECONDS_MOST)
        opt_error(state, "--seconds: found '%s', expected a number above 0, at most %d", text,
            SECONDS_MOST);
    return seconds;
}

static void check_args(const struct argp_state *state, const struct calibrate_args *args)
{
    opt_need(state, args->model, "option -m MODEL");
    opt_need(state, args->output, "option -o FILE");
    if (strcmp(args->model, "-") == 0)
        opt_error(state, "every rank reads -m: it cannot be '-', standard input");
    if (args->base && strcmp(args->base, "-") == 0)
        opt_error(state, "every rank reads --base: it cannot be '-', standard input");
    if (args->json && strcmp(args->output, "-") == 0)
        opt_error(state, "-o - and --json both go to standard output; name a file for one");
    opt_spare(state, args->output, "-m", args->model);
    opt_spare(state, args->output, "--base", args->base);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct calibrate_args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    switch (key) {
    case 'm':
        args->model = arg;
        break;
    case 'o':
        args->output = arg;
        break;
    case KEY_BASE:
        args->base = arg;
        break;
    case KEY_HOSTS_SIZE:
        args->per_host = opt_int32(state, "--hosts-size", arg, 1, TP_RANKS_MAX);
        break;
    case KEY_SECONDS:
        args->seconds = read_seconds(state, arg);
        break;
    case KEY_THREADS:
        args->threads = opt_int32(state, "--threads", arg, 1, THREADS_MAX);
        break;
    case KEY_JSON:
        args->json = true;
        break;
    case 'q':
        args->quiet = true;
        break;
    case ARGP_KEY_ARG:
        opt_error(state, "too many arguments: '%s'", arg);
        break;
    case ARGP_KEY_END:
        check_args(state, args);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options, parse, NULL,
    "Measure the machine that the ranks run on, with the exchanges and kernels of towerpart-train, "
    "and write a topology spec for towerpart plan: latency and rate inside a host and between "
    "hosts, what a host's ranks send out together, alltoall and allreduce by number of ranks, "
    "lookups and dense layers.\v"
    "Example: mpirun -n 4 towerpart-calibrate -m model.yaml -o topology.yaml\n\n"
    "Start as many ranks on as many hosts as will train, side by side and as many on each host; "
    "the machine should have nothing else to do.",
    NULL, NULL, NULL};

void calibrate_args_parse(struct calibrate_args *args, int argc, char **argv)
{
    *args = (struct calibrate_args){.seconds = SECONDS, .threads = 1};
    opt_parse(&argp, argc, argv, args);
}
