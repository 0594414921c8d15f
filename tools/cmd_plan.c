/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart plan`: the main job, from model, topology and affinity to a sharding plan.
 *
 * In: the two specs, and a dump or a measured affinity unless the strategy does without. Out: a plan
 * file, and a summary of a few lines. All the work is tp_plan_make()'s; here the options are checked
 * against each other, and the inputs' names and digests put into the plan. */
#include "cmd.h"

#include <towerpart/plan.h>

#include "base/text.h"
#include "input.h"
#include "opt.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
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
    KEY_FROM = OPT_LATER
};

struct args {
    struct opt_seen seen;
    const char *model, *topology, *affinity, *output;
    struct input_dumps dumps;
    struct tp_plan_options options;
    int32_t towers; /* 0: not given */
    bool quiet;
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
    {"effort", KEY_EFFORT, "N", 0, "Search steps, relative, 1 to 100 (default 10)", 0},
    {"time-limit", KEY_TIME_LIMIT, "SECONDS", 0,
        "End the search for towers then; without --effort it goes on until then, or until its "
        "answer is proven best. More time never gives a worse plan. Ctrl-C ends it too: the best "
        "plan so far is written",
        0},
    {"measure", INPUT_KEY_MEASURE, "NAME", 0,
        "cka: linear centred kernel alignment (default); cosine: mean |cosine|, needs equal dims",
        0},
    {"missing", INPUT_KEY_MISSING, "HOW", 0,
        "neutral: a feature in no dump gets the mean affinity (default: an error)", 0},
    {"seed", KEY_SEED, "N", 0, "Seed of all random numbers (default 1)", 0},
    {"threads", KEY_THREADS, "N", 0,
        "Threads of the affinity, 1 to 1024 (default: one per processor)", 0},
    {"quiet", 'q', NULL, 0, "No summary and no progress on standard error", 0},
    {"from", KEY_FROM, "PLAN", OPTION_HIDDEN, NULL, 0},
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
static void check_flat(const struct argp_state *state, const struct args *args)
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

static void check_files(const struct argp_state *state, const struct args *args)
{
    const struct {
        const char *option, *path;
    } inputs[] = {{"-m", args->model}, {"-t", args->topology}, {"-a", args->affinity}};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        opt_recordable(state, inputs[i].option, inputs[i].path);
        opt_spare(state, args->output, inputs[i].option, inputs[i].path);
    }
    input_recordable_dumps(state, &args->dumps);
    input_spare_dumps(state, args->output, &args->dumps);
}

/* What is said of a measurement that is not made would be ignored. */
static void check_measuring(const struct argp_state *state, const struct args *args)
{
    static const struct {
        int key;
        const char *name;
    } needing[] = {{INPUT_KEY_MEASURE, "--measure"}, {INPUT_KEY_NULL, "--null"},
        {INPUT_KEY_MISSING, "--missing"}};
    if (args->dumps.count > 0 && args->affinity)
        opt_error(state, "-d and -a both give the affinity; leave one out");
    for (size_t i = 0; i < sizeof needing / sizeof needing[0]; i++)
        if (args->dumps.count == 0 && opt_given(&args->seen, needing[i].key))
            opt_error(state, "%s says nothing without -d", needing[i].name);
}

static void check_args(const struct argp_state *state, struct args *args)
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
    enum tp_strategy strategy = args->options.strategy;
    if (args->dumps.count == 0 && !args->affinity &&
        (strategy == TP_STRATEGY_COHERENT || strategy == TP_STRATEGY_DIVERSE ||
            strategy == TP_STRATEGY_PAPER))
        opt_error(state,
            "strategy %s needs an affinity: give -d DUMP or -a FILE, or take --strategy load, which"
            " needs none",
            tp_strategy_name(strategy));
    if (opt_given(&args->seen, KEY_TOWERS) && opt_given(&args->seen, KEY_HOSTS_PER_TOWER))
        opt_error(state, "--towers and --hosts-per-tower say the same; leave one out");
    opt_one_pipe(state, (const char *[]){args->model, args->topology, args->affinity}, 3);
    check_files(state, args);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
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
        o->effort = opt_int32(state, "--effort", arg, 1, 100);
        break;
    case KEY_TIME_LIMIT:
        o->seconds = opt_real(state, "--time-limit", arg, 0, false);
        if (!(o->seconds > 0))
            opt_error(state, "--time-limit: found '%s', expected more than 0 seconds", arg);
        break;
    case KEY_SEED:
        o->seed = (uint64_t)opt_integer(state, "--seed", arg, 0, INT64_MAX);
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

static const struct argp argp = {options, parse, NULL,
    "Make a sharding plan: which features form a tower, on which rank every table or part of it "
    "lives,"
    " and what a training step then costs. A plan that breaks a limit is never written; if there is"
    " none within the limits, the exit status is 1 and the message says which limit binds.\v"
    "Example: towerpart plan -m model.yaml -t topology.yaml -d dump -o plan.yaml",
    NULL, NULL, NULL};

/* The one way in which two right specs do not fit together; said with the file's name. */
static enum tp_status check_batch(const struct args *args, const struct tp_model *model,
    const struct tp_topology *topology, struct tp_error *err)
{
    int64_t batch = 0;
    enum tp_status status = tp_model_global_batch(model, topology->rank_count, &batch, err);
    return status == TP_OK ? TP_OK : tp_fail_prefix(err, status, "%s: ", args->model);
}

/* K from --towers, or from --hosts-per-tower; both must divide the hosts. */
static enum tp_status set_hosts_per_tower(
    struct args *args, const struct tp_topology *topology, struct tp_error *err)
{
    int32_t hosts = topology->host_count;
    bool by_towers = args->towers > 0;
    int32_t wanted = by_towers ? args->towers : args->options.hosts_per_tower;
    if (wanted == 0 || hosts % wanted == 0) {
        if (by_towers)
            args->options.hosts_per_tower = hosts / wanted;
        return TP_OK;
    }
    return tp_fail(err, TP_EUSAGE,
        "--%s: found %" PRId32 ", expected a divisor of the %" PRId32 " host%s in %s",
        by_towers ? "towers" : "hosts-per-tower", wanted, hosts, tp_plural(hosts), args->topology);
}

static enum tp_status get_affinity(const char *command, struct args *args,
    const struct tp_model *model, struct tp_affinity **affinity, struct tp_error *err)
{
    if (args->affinity)
        return input_affinity(command, args->affinity, model, affinity, err);
    if (args->dumps.count == 0)
        return TP_OK;
    args->dumps.options.seed = args->options.seed;
    args->dumps.options.progress = opt_progress(args->quiet);
    return input_measure(command, &args->dumps, model, affinity, err);
}

/* Name and digest of what the affinity was made from. */
static enum tp_status record_affinity(const struct args *args, const struct tp_affinity *affinity,
    struct tp_plan_affinity *record, struct tp_error *err)
{
    if (!affinity)
        return TP_OK;
    record->from_dump = !args->affinity;
    if (args->affinity)
        return input_record(&args->affinity, 1, affinity, &record->input, err);
    return input_record(args->dumps.paths, args->dumps.count, affinity, &record->input, err);
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    interrupted = signal;
}

/* The first Ctrl-C ends the search, not the program; a second one does. */
static enum tp_status make_plan(const struct tp_model *model, const struct tp_topology *topology,
    const struct tp_affinity *affinity, struct tp_plan_options *how, struct tp_plan **plan,
    struct tp_error *err)
{
    struct sigaction ending = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, before;
    sigaction(SIGINT, NULL, &before);
    if (before.sa_handler != SIG_IGN) /* as in the background of a shell */
        sigaction(SIGINT, &ending, NULL);
    how->stop = &interrupted;
    enum tp_status status = tp_plan_make(model, topology, affinity, how, plan, err);
    sigaction(SIGINT, &before, NULL);
    return status;
}

/* What there is to say of the share inside towers: how good it is, and what it rests on. */
static void summarize_quality(const struct tp_plan *plan)
{
    const struct tp_plan_quality *quality = &plan->quality;
    struct tp_text bound = {0};
    if (quality->proven_optimal)
        tp_text_add(&bound, ", proven best");
    else if (!isnan(quality->bound))
        tp_text_add(&bound, ", of at %s %.1f %%",
            plan->strategy == TP_STRATEGY_DIVERSE ? "least" : "most", 100 * quality->bound);
    opt_say("%" PRId32 " features in %" PRId32 " towers; %.1f %% of the affinity lies inside"
            " towers%s (affinity: %s)",
        plan->model->feature_count, plan->tower_count, 100 * quality->inside_affinity,
        bound.data ? bound.data : "", tp_verdict_name(plan->affinity.verdict));
    tp_text_release(&bound);
}

static void summarize(const struct args *args, const struct tp_plan *plan)
{
    const struct tp_plan_cost *cost = &plan->cost;
    char recommended[16], flat[16];
    double seconds = cost->recommended == TP_USE_FLAT_FREE ? cost->flat_free_seconds
                     : cost->recommended == TP_USE_SPTT    ? cost->modes[TP_MODE_SPTT].seconds
                                                           : cost->modes[TP_MODE_FLAT].seconds;
    tp_format_seconds(recommended, seconds);
    tp_format_seconds(flat, cost->modes[TP_MODE_FLAT].seconds);
    if (interrupted)
        opt_say("interrupted: this is the best plan so far");
    if (isnan(plan->quality.inside_affinity) || plan->tower_count == 1)
        opt_say("%" PRId32 " feature%s in %" PRId32 " tower%s", plan->model->feature_count,
            tp_plural(plan->model->feature_count), plan->tower_count, tp_plural(plan->tower_count));
    else
        summarize_quality(plan);
    opt_say("recommended: %s, %s per step (flat on this placement: %s); if quality allows: %s",
        tp_recommendation_name(cost->recommended), recommended, flat,
        tp_recommendation_name(cost->recommended_if_quality_allows));
    if (strcmp(args->output, "-") != 0)
        opt_say("plan written to %s; next: towerpart report %s", args->output, args->output);
}

int cmd_plan(int argc, char **argv)
{
    struct args args = {.options = tp_plan_options_default(),
        .dumps = {.options = tp_affinity_options_default()},
        .output = "-"};
    struct tp_error err = {0};
    struct tp_model *model = NULL;
    struct tp_topology *topology = NULL;
    struct tp_plan_input model_input = {0}, topology_input = {0};
    struct tp_affinity *affinity = NULL;
    struct tp_plan *plan = NULL;
    opt_parse(&argp, argc, argv, &args);
    args.options.progress = opt_progress(args.quiet);

    enum tp_status status = input_model(args.model, &model, &model_input, &err);
    if (status == TP_OK)
        status = input_topology(args.topology, &topology, &topology_input, &err);
    if (status == TP_OK)
        status = check_batch(&args, model, topology, &err);
    if (status == TP_OK)
        status = set_hosts_per_tower(&args, topology, &err);
    if (status == TP_OK)
        status = get_affinity(argv[0], &args, model, &affinity, &err);
    if (status == TP_OK)
        status = make_plan(model, topology, affinity, &args.options, &plan, &err);
    if (status == TP_OK) {
        input_move(&model_input, &plan->model_input);
        input_move(&topology_input, &plan->topology_input);
        status = record_affinity(&args, affinity, &plan->affinity, &err);
    }
    if (status == TP_OK)
        status = tp_plan_save(plan, args.output, &err);
    if (status == TP_OK && !args.quiet)
        summarize(&args, plan);
    tp_plan_free(plan);
    tp_affinity_free(affinity);
    input_release(&topology_input);
    input_release(&model_input);
    tp_topology_free(topology);
    tp_model_free(model);
    return opt_end(argv[0], status, &err);
}
