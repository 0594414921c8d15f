/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `towerpart plan`, and which of them go together. */
#include "plan_args.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_STRATEGY = OPT_LONG,
    KEY_FLAT,
    KEY_BALANCE,
    KEY_RATIO,
    KEY_HOSTS_PER_TOWER,
    KEY_TOWERS,
    KEY_EFFORT,
    KEY_SEED,
    KEY_THREADS,
    KEY_TIME_LIMIT,
    KEY_FROM,
    KEY_MAX_MOVE_BYTES,
    KEY_ALL,
    KEY_LOCK = OPT_MANY,
    KEY_LOST_HOST
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Files ('-': standard input or output):", 1},
    {"model", 'm', "MODEL", 0, "Model spec, YAML (needed)", 0},
    {"topology", 't', "TOPOLOGY", 0, "Topology spec, YAML (needed)", 0},
    {"dump", OPT_DUMP, "DUMP", 0,
        "Embedding dump to measure the affinity on: a folder, .npz or .safetensors; up to 16 "
        "times, of other training "
        "runs",
        0},
    {"null", INPUT_KEY_NULL, "DUMP", 0,
        "Dump of the untrained model: says what was learned; the plan stays the same", 0},
    {"affinity", 'a', "FILE", 0, "Affinity measured before by 'towerpart affinity'", 0},
    {"output", 'o', "FILE", 0, "Where to write the plan (default '-')", 0},
    {NULL, 0, NULL, 0, "What is wanted:", 2},
    {"strategy", KEY_STRATEGY, "NAME", 0,
        "coherent: features that belong together share a tower (default); diverse: they do not; "
        "load:"
        " balance only; stride: unit i to tower i mod T; paper: as the published partitioner has "
        "it, "
        "with as few changes as make it legal. load and stride need neither -d nor -a",
        0},
    {"flat", KEY_FLAT, NULL, 0, "No towers: tables placed freely over all ranks, to compare with",
        0},
    {"balance", KEY_BALANCE, "X", 0,
        "Lookup bytes, output bytes and dense flops of a tower stay within (1 + X) times the mean, "
        "X"
        " at least 0 (default auto: the smallest from 0.05 on that the tables allow)",
        0},
    {"ratio", KEY_RATIO, "Q", 0,
        "Features of a tower stay within 1/Q and Q times the mean, Q at least 1 (default auto: the"
        " smallest that the tables allow)",
        0},
    {"hosts-per-tower", KEY_HOSTS_PER_TOWER, "K", 0,
        "Hosts of a tower, a divisor of the hosts (default: the topology's)", 0},
    {"towers", KEY_TOWERS, "T", 0, "The same said the other way: hosts / K towers", 0},
    {NULL, 0, NULL, 0, "How it is done:", 3},
    {"effort", KEY_EFFORT, "N", 0, "Search steps, relative, 1 to 1000 (default 10)", 0},
    {"time-limit", KEY_TIME_LIMIT, "SECONDS", 0,
        "End the search for towers then; without --effort it goes on until then, or until its "
        "answer is proven best. More time never gives a worse plan. Ctrl-C ends it too: the best "
        "plan so far is written",
        0},
    {"measure", INPUT_KEY_MEASURE, "NAME", 0,
        "cka: linear centred kernel alignment (default); cosine: mean |cosine|, needs equal dims",
        0},
    {"missing", INPUT_KEY_MISSING, "HOW", 0,
        "neutral: a feature in no dump, or not in the affinity file, gets the mean affinity "
        "(default: an error)",
        0},
    {"seed", KEY_SEED, "N", 0, "Seed of all random numbers (default 1)", 0},
    {"threads", KEY_THREADS, "N", 0,
        "Threads of the affinity, 1 to 1024 (default: one per processor)", 0},
    {"quiet", 'q', NULL, 0, "No summary and no progress on standard error", 0},
    {NULL, 0, NULL, 0, "Replanning, when model or cluster changed:", 4},
    {"from", KEY_FROM, "PLAN", 0,
        "Keep what can be kept of an older plan: tables stay on their ranks unless a limit, a "
        "constraint or a lost host moves them. Strategy, limits and hosts per tower are the older "
        "plan's if not given",
        0},
    {"max-move-bytes", KEY_MAX_MOVE_BYTES, "BYTES", 0,
        "Let so many bytes of weights and optimizer state travel, what has to included, for "
        "whatever "
        "is worth most per byte: 500MB, 2e9 (default: only what has to)",
        0},
    {"lock", KEY_LOCK, "FEATURE", 0,
        "The feature's table stays on its ranks, or there is no plan; may be given several times",
        0},
    {"lost-host", KEY_LOST_HOST, "HOST", 0,
        "This host of the older plan is gone, the others keep their order; may be given several "
        "times "
        "(default: hosts beyond the new topology are gone)",
        0},
    {"all", KEY_ALL, NULL, 0,
        "Say every table that has to move and every step that is bought (default: those that "
        "matter most)",
        0},
    {0},
};

static enum tp_strategy read_strategy(const struct argp_state *state, const char *name)
{
    for (int i = 0; i < TP_STRATEGY_FLAT; i++)
        if (strcmp(name, tp_strategy_name((enum tp_strategy)i)) == 0)
            return (enum tp_strategy)i;
    opt_error(state, "--strategy: found '%s', expected coherent, diverse, load, stride or paper%s",
        name, strcmp(name, "flat") == 0 ? "; flat is an option of its own, --flat" : "");
    return TP_STRATEGY_COUNT;
}

/* With --flat there are no towers, and what only shapes towers would be ignored. */
static void check_flat(const struct argp_state *state, const struct plan_args *args)
{
    static const struct {
        int key;
        const char *name;
    } useless[] = {{OPT_DUMP, "-d"}, {'a', "-a"}, {INPUT_KEY_MEASURE, "--measure"},
        {INPUT_KEY_NULL, "--null"}, {INPUT_KEY_MISSING, "--missing"}, {KEY_STRATEGY, "--strategy"},
        {KEY_BALANCE, "--balance"}, {KEY_RATIO, "--ratio"},
        {KEY_HOSTS_PER_TOWER, "--hosts-per-tower"}, {KEY_TOWERS, "--towers"}};
    for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++)
        if (opt_given(&args->seen, useless[i].key))
            opt_error(state, "%s says nothing with --flat, which has no towers; leave one out",
                useless[i].name);
}

static void check_files(const struct argp_state *state, const struct plan_args *args)
{
    const struct {
        const char *option, *path;
    } inputs[] = {{"-m", args->model}, {"-t", args->topology}, {"-a", args->affinity},
        {"--from", args->from}};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        opt_recordable(state, inputs[i].option, inputs[i].path);
        opt_spare(state, args->output, inputs[i].option, inputs[i].path);
    }
    input_recordable_dumps(state, &args->dumps);
    input_spare_dumps(state, args->output, &args->dumps);
}

/* What is said of a measurement that is not made would be ignored. */
static void check_measuring(const struct argp_state *state, const struct plan_args *args)
{
    static const struct {
        int key;
        const char *name;
    } needing[] = {{INPUT_KEY_MEASURE, "--measure"}, {INPUT_KEY_NULL, "--null"},
        {INPUT_KEY_MISSING, "--missing"}};
    if (args->dumps.count > 0 && args->affinity)
        opt_error(state, "-d and -a both give the affinity; leave one out");
    for (size_t i = 0; i < sizeof needing / sizeof needing[0]; i++)
        if (args->dumps.count == 0 && opt_given(&args->seen, needing[i].key) &&
            !(needing[i].key == INPUT_KEY_MISSING && args->affinity))
            opt_error(state, "%s says nothing without -d%s", needing[i].name,
                needing[i].key == INPUT_KEY_MISSING ? " or -a" : "");
}

/* What is only said of an older plan. */
static void check_replan(const struct argp_state *state, const struct plan_args *args)
{
    static const struct {
        int key;
        const char *name;
    } needing[] = {{KEY_MAX_MOVE_BYTES, "--max-move-bytes"}, {KEY_LOCK, "--lock"},
        {KEY_LOST_HOST, "--lost-host"}, {KEY_ALL, "--all"}};
    for (size_t i = 0; !args->from && i < sizeof needing / sizeof needing[0]; i++)
        if (opt_given(&args->seen, needing[i].key))
            opt_error(state, "%s says nothing without --from", needing[i].name);
}

static void check_affinity(const struct argp_state *state, const struct plan_args *args)
{
    enum tp_strategy strategy = args->options.strategy;
    bool from_older = args->from && !args->strategy_given; /* it says which */
    if (args->dumps.count == 0 && !args->affinity && !from_older &&
        (strategy == TP_STRATEGY_COHERENT || strategy == TP_STRATEGY_DIVERSE ||
            strategy == TP_STRATEGY_PAPER))
        opt_error(state,
            "strategy %s needs an affinity: give -d DUMP or -a FILE, or take --strategy load, which"
            " needs none",
            tp_strategy_name(strategy));
}

static void check_args(const struct argp_state *state, struct plan_args *args)
{
    opt_need(state, args->model, "option -m MODEL");
    opt_need(state, args->topology, "option -t TOPOLOGY");
    if (opt_given(&args->seen, KEY_FLAT)) {
        check_flat(state, args);
        args->options.strategy = TP_STRATEGY_FLAT;
    }
    check_measuring(state, args);
    if (opt_given(&args->seen, KEY_TIME_LIMIT) && !opt_given(&args->seen, KEY_EFFORT))
        args->options.effort = 0; /* no other end */
    check_replan(state, args);
    check_affinity(state, args);
    if (opt_given(&args->seen, KEY_TOWERS) && opt_given(&args->seen, KEY_HOSTS_PER_TOWER))
        opt_error(state, "--towers and --hosts-per-tower say the same; leave one out");
    opt_one_pipe(
        state, (const char *[]){args->model, args->topology, args->affinity, args->from}, 4);
    check_files(state, args);
}

/* A number of bytes, or of kB, MB, GB or TB, as reports print them. */
static double read_bytes(const struct argp_state *state, const char *text)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}};
    char number[64];
    size_t length = strlen(text);
    double factor = 1, value;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t unit = strlen(units[i].name);
        if (length <= unit || strcmp(text + length - unit, units[i].name) != 0)
            continue;
        factor = units[i].bytes;
        length -= unit;
        break;
    }
    while (length && factor > 0 && text[length - 1] == ' ')
        length--;
    snprintf(number, sizeof number, "%.*s", (int)length, text);
    if (length >= sizeof number || !tp_parse_real(number, &value) || value < 0)
        opt_error(state,
            "--max-move-bytes: found '%s', expected bytes, such as 2500000, 500MB or 1.5TB", text);
    return factor * value;
}

/* Keeps the hosts ascending. */
static void add_lost(const struct argp_state *state, struct plan_args *args, int32_t host)
{
    int32_t at = args->replan.lost_count;
    if (at == PLAN_LIST_MAX)
        opt_error(state, "--lost-host is given more than %d times", PLAN_LIST_MAX);
    for (; at > 0 && args->lost[at - 1] >= host; at--) {
        if (args->lost[at - 1] == host)
            opt_error(state, "--lost-host %" PRId32 " is given twice", host);
        args->lost[at] = args->lost[at - 1];
    }
    args->lost[at] = host;
    args->replan.lost_count++;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct plan_args *args = state->input;
    struct tp_plan_options *o = &args->options;
    opt_begin(state, options, &args->seen, key);
    if (input_dump_option(state, &args->dumps, key, arg))
        return 0;
    switch (key) {
    case 'm':
        args->model = arg;
        break;
    case 't':
        args->topology = arg;
        break;
    case 'a':
        args->affinity = arg;
        break;
    case 'o':
        args->output = arg;
        break;
    case 'q':
        args->quiet = true;
        break;
    case KEY_STRATEGY:
        args->strategy_given = true;
        o->strategy = read_strategy(state, arg);
        break;
    case KEY_FLAT:
        break; /* check_args() looks */
    case KEY_BALANCE:
        o->balance = opt_real(state, "--balance", arg, 0, true);
        break;
    case KEY_RATIO:
        o->ratio = opt_real(state, "--ratio", arg, 1, true);
        break;
    case KEY_HOSTS_PER_TOWER:
        o->hosts_per_tower = opt_int32(state, "--hosts-per-tower", arg, 1, TP_RANKS_MAX);
        break;
    case KEY_TOWERS:
        args->towers = opt_int32(state, "--towers", arg, 1, TP_RANKS_MAX);
        break;
    case KEY_EFFORT:
        o->effort = opt_int32(state, "--effort", arg, 1, TP_EFFORT_MAX);
        break;
    case KEY_TIME_LIMIT:
        o->seconds = opt_real(state, "--time-limit", arg, 0, false);
        if (!(o->seconds > 0))
            opt_error(state, "--time-limit: found '%s', expected more than 0 seconds", arg);
        break;
    case KEY_SEED:
        o->seed = (uint64_t)opt_integer(state, "--seed", arg, 0, INT64_MAX);
        break;
    case KEY_FROM:
        args->from = arg;
        break;
    case KEY_MAX_MOVE_BYTES:
        args->replan.max_move_bytes = read_bytes(state, arg);
        break;
    case KEY_LOCK:
        if (args->replan.locked_count == PLAN_LIST_MAX)
            opt_error(state, "--lock is given more than %d times", PLAN_LIST_MAX);
        args->locked[args->replan.locked_count++] = arg;
        break;
    case KEY_ALL:
        args->all = true;
        break;
    case KEY_LOST_HOST:
        add_lost(state, args, opt_int32(state, "--lost-host", arg, 0, TP_RANKS_MAX - 1));
        break;
    case KEY_THREADS:
        args->dumps.options.threads = opt_threads(state, arg);
        break;
    case ARGP_KEY_END:
        check_args(state, args);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp plan_argp = {options, parse, NULL,
    "Make a sharding plan: which features form a tower, on which rank every table or part of it "
    "lives,"
    " and what a training step then costs. A plan that breaks a limit is never written; if there is"
    " none within the limits, the exit status is 1 and the message says which limit binds.\v"
    "Example: towerpart plan -m model.yaml -t topology.yaml -d dump -o plan.yaml",
    NULL, NULL, NULL};

void plan_args_begin(struct plan_args *args)
{
    memset(args, 0, sizeof *args);
    args->options = tp_plan_options_default();
    args->dumps.options = tp_affinity_options_default();
    args->replan = tp_replan_options_default();
    args->replan.locked = args->locked;
    args->replan.lost_hosts = args->lost;
    args->output = "-";
}
