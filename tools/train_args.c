/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of towerpart-train. In: argv. Out: checked options, or the end of the program. */
#include "train_args.h"

#include "base/file.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    KEY_DATA = OPT_LONG,
    KEY_MODE,
    KEY_STEPS,
    KEY_EPOCHS,
    KEY_OPTIMIZER,
    KEY_LR,
    KEY_SPARSE_LR,
    KEY_SEED,
    KEY_THREADS,
    KEY_HELD_OUT,
    KEY_COLUMNS,
    KEY_LABEL,
    KEY_DENSE,
    KEY_SEPARATOR,
    KEY_MIN_COUNT,
    KEY_SKIP_BAD,
    KEY_DUMP,
    KEY_DUMP_SAMPLES,
    KEY_PREDICTIONS,
    KEY_CHECKPOINT,
    KEY_EVERY,
    KEY_RESUME,
    KEY_SPLIT_HOSTS,
    KEY_JSON,
};

#define RATE_SGD 0.1
#define RATE_ADAGRAD 0.02
#define RATE_SPARSE_ADAGRAD 0.05 /* rows are seen rarely: 0.02 is too little in an epoch */
#define RATE_ADAM 0.001
#define DUMP_SAMPLES 20000
#define THREADS_MAX 1024

static const struct argp_option options[] = {
    {"data", KEY_DATA, "SOURCE", 0,
        "criteo:FILE, csv:FILE, npy:DIR or synthetic:SEED (needed); every rank reads it", 0},
    {"mode", KEY_MODE, "MODE", 0, "flat, sptt or dmt (default: as the plan recommends)", 0},
    {"steps", KEY_STEPS, "N", 0,
        "Steps in all; 0 trains nothing, as for a dump of the untrained model (default: as many as "
        "--epochs have)",
        0},
    {"epochs", KEY_EPOCHS, "N", 0, "Passes over the training samples (default 1)", 0},
    {"optimizer", KEY_OPTIMIZER, "NAME", 0,
        "Of dense layers: sgd, adagrad or adam (default adam); that of tables is the model's", 0},
    {"lr", KEY_LR, "RATE", 0,
        "Learning rate of dense layers (default: sgd 0.1, adagrad 0.02, adam 0.001)", 0},
    {"sparse-lr", KEY_SPARSE_LR, "RATE", 0,
        "Learning rate of tables (default: sgd 0.1, adagrad and rowwise_adagrad 0.05, adam 0.001)",
        0},
    {"seed", KEY_SEED, "N", 0, "Of the initial parameters (default 1)", 0},
    {"threads", KEY_THREADS, "N", 0, "Threads of a rank for dense layers (default 1)", 0},
    {NULL, 0, NULL, 0, "Data:", 1},
    {"held-out", KEY_HELD_OUT, "SHARE", 0,
        "Share of the samples that is not trained on (default 0.1)", 0},
    {"columns", KEY_COLUMNS, "F=COLUMN,...", 0,
        "csv: the column of a feature where their names differ (default: none do)", 0},
    {"label", KEY_LABEL, "COLUMN", 0, "csv: the column of the label, 0 or 1 (default label)", 0},
    {"dense", KEY_DENSE, "COLUMN,...", 0,
        "csv: the columns of the dense features (default dense_0,dense_1,...)", 0},
    {"separator", KEY_SEPARATOR, "CHAR", 0,
        "csv: what stands between the ids of one field, ' ', ';' or '|' (default: a field is one "
        "id)",
        0},
    {"min-count", KEY_MIN_COUNT, "N", 0,
        "criteo, csv: ids seen less often in training share row 0 (default 2)", 0},
    {"skip-bad", KEY_SKIP_BAD, NULL, 0,
        "criteo, csv: skip and count bad lines (default: they are errors)", 0},
    {NULL, 0, NULL, 0, "Results:", 2},
    {"json", KEY_JSON, NULL, 0, "Print one JSON object per step, and one at the end", 0},
    {"predictions", KEY_PREDICTIONS, "FILE.npy", 0,
        "Write the click probabilities of the held-out samples", 0},
    {"dump", KEY_DUMP, "DIR", 0,
        "Write embeddings of held-out samples, for `towerpart affinity`; DIR must be new or empty",
        0},
    {"dump-samples", KEY_DUMP_SAMPLES, "N", 0, "At most so many (default 20000)", 0},
    {"checkpoint", KEY_CHECKPOINT, "DIR", 0, "Save what a run needs to go on", 0},
    {"every", KEY_EVERY, "N", 0, "Steps between checkpoints (default: after the last one only)", 0},
    {"resume", KEY_RESUME, NULL, 0, "Go on from the checkpoint", 0},
    {"quiet", 'q', NULL, 0, "No notes and no progress on standard error", 0},
    {NULL, 0, NULL, 0, "Ranks:", 3},
    {"allow-split-hosts", KEY_SPLIT_HOSTS, NULL, 0,
        "Ranks of one host of the plan may run on different nodes", 0},
    {0},
};

static enum tp_mode read_mode(const struct argp_state *state, const char *text)
{
    for (int mode = 0; mode < TP_MODE_COUNT; mode++)
        if (strcmp(text, tp_mode_name((enum tp_mode)mode)) == 0)
            return (enum tp_mode)mode;
    opt_error(state, "--mode: found '%s', expected flat, sptt or dmt", text);
    return TP_MODE_FLAT;
}

static enum tp_optimizer read_optimizer(const struct argp_state *state, const char *text)
{
    const enum tp_optimizer dense[] = {TP_SGD, TP_ADAGRAD, TP_ADAM};
    for (size_t i = 0; i < sizeof dense / sizeof *dense; i++)
        if (strcmp(text, tp_optimizer_name(dense[i])) == 0)
            return dense[i];
    opt_error(state, "--optimizer: found '%s', expected sgd, adagrad or adam", text);
    return TP_SGD;
}

static double read_rate(const struct argp_state *state, const char *name, const char *text)
{
    double rate = opt_real(state, name, text, 0, false);
    if (rate <= 0)
        opt_error(state, "%s: found '%s', expected a rate above 0", name, text);
    return rate;
}

static double read_share(const struct argp_state *state, const char *text)
{
    double share = opt_real(state, "--held-out", text, 0, false);
    if (share >= 1)
        opt_error(state, "--held-out: found '%s', expected a share from 0 to below 1", text);
    return share;
}

/* Refuses an output that would change an input, or that is none. */
static void check_output(const struct argp_state *state, const struct train_args *args,
    const char *option, const char *path)
{
    const char *colon = strchr(args->run.source, ':');
    const char *inputs[] = {args->plan, colon ? colon + 1 : NULL};
    if (!path)
        return;
    if (*path == '\0' || strcmp(path, "-") == 0)
        opt_error(state, "%s: found '%s', expected a path", option, path);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (inputs[i] && tp_path_replaces(path, inputs[i]))
            opt_error(state, "%s %s: would change the input %s; write elsewhere", option, path,
                inputs[i]);
}

/* The outputs keep out of each other's way. */
static void check_outputs(const struct argp_state *state, const struct train_args *args)
{
    const struct tp_run_options *run = &args->run;
    check_output(state, args, "--predictions", run->predictions);
    check_output(state, args, "--dump", run->dump);
    check_output(state, args, "--checkpoint", run->checkpoint);
    if (run->dump && run->checkpoint && strcmp(run->dump, run->checkpoint) == 0)
        opt_error(state, "--dump and --checkpoint are both %s; they need a folder each", run->dump);
    if (run->predictions && run->checkpoint && tp_path_replaces(run->predictions, run->checkpoint))
        opt_error(state, "--predictions %s: would change the checkpoint in %s; write elsewhere",
            run->predictions, run->checkpoint);
}

static void check_args(const struct argp_state *state, const struct train_args *args)
{
    const struct tp_run_options *run = &args->run;
    opt_need(state, args->plan, "the plan file");
    opt_need(state, run->source, "option --data SOURCE");
    if (strcmp(args->plan, "-") == 0)
        opt_error(state, "every rank reads the plan: it cannot be '-', standard input");
    check_outputs(state, args);
    if (!run->checkpoint && (run->resume || run->every))
        opt_error(state, "--resume and --every go with --checkpoint DIR");
    if (opt_given(&args->seen, KEY_STEPS) && opt_given(&args->seen, KEY_EPOCHS))
        opt_error(state, "--steps and --epochs both say how long to train; leave one out");
    if (opt_given(&args->seen, KEY_DUMP_SAMPLES) && !run->dump)
        opt_error(state, "--dump-samples goes with --dump DIR");
    if (run->samples.held_out <= 0 && (run->dump || run->predictions))
        opt_error(state, "--dump and --predictions are of held-out samples: --held-out 0 has none");
}

/* How long and with what to train. @return false: another kind of option. */
static bool parse_training(
    const struct argp_state *state, struct tp_run_options *run, int key, const char *arg)
{
    switch (key) {
    case KEY_DATA:
        run->source = arg;
        break;
    case KEY_STEPS:
        run->steps = opt_integer(state, "--steps", arg, 0, INT64_MAX / 2);
        break;
    case KEY_EPOCHS:
        run->epochs = opt_integer(state, "--epochs", arg, 1, 1000000);
        break;
    case KEY_OPTIMIZER:
        run->trainer.dense.kind = read_optimizer(state, arg);
        break;
    case KEY_LR:
        run->trainer.dense.rate = read_rate(state, "--lr", arg);
        break;
    case KEY_SPARSE_LR:
        run->trainer.sparse_rate = read_rate(state, "--sparse-lr", arg);
        break;
    case KEY_SEED:
        run->trainer.seed = (uint64_t)opt_integer(state, "--seed", arg, 0, INT64_MAX);
        break;
    case KEY_SPLIT_HOSTS:
        run->allow_split_hosts = true;
        break;
    default:
        return false;
    }
    return true;
}

/* What the samples are. */
static bool parse_data(
    const struct argp_state *state, struct tp_sample_options *samples, int key, const char *arg)
{
    switch (key) {
    case KEY_HELD_OUT:
        samples->held_out = read_share(state, arg);
        break;
    case KEY_COLUMNS:
        samples->columns = arg;
        break;
    case KEY_LABEL:
        samples->label = arg;
        break;
    case KEY_DENSE:
        samples->dense = arg;
        break;
    case KEY_SEPARATOR:
        samples->separator = opt_separator(state, arg);
        break;
    case KEY_MIN_COUNT:
        samples->min_count = opt_integer(state, "--min-count", arg, 1, INT64_MAX);
        break;
    case KEY_SKIP_BAD:
        samples->skip_bad = true;
        break;
    default:
        return false;
    }
    return true;
}

/* What comes of it. */
static bool parse_results(
    const struct argp_state *state, struct train_args *args, int key, const char *arg)
{
    switch (key) {
    case KEY_JSON:
        args->json = true;
        break;
    case KEY_PREDICTIONS:
        args->run.predictions = arg;
        break;
    case KEY_DUMP:
        args->run.dump = arg;
        break;
    case KEY_DUMP_SAMPLES:
        args->run.dump_samples = opt_integer(state, "--dump-samples", arg, 1, INT64_MAX / 2);
        break;
    case KEY_CHECKPOINT:
        args->run.checkpoint = arg;
        break;
    case KEY_EVERY:
        args->run.every = opt_integer(state, "--every", arg, 1, INT64_MAX);
        break;
    case KEY_RESUME:
        args->run.resume = true;
        break;
    case 'q':
        args->quiet = true;
        break;
    default:
        return false;
    }
    return true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct train_args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    if (parse_training(state, &args->run, key, arg) ||
        parse_data(state, &args->run.samples, key, arg) || parse_results(state, args, key, arg))
        return 0;
    switch (key) {
    case KEY_MODE:
        args->run.trainer.mode = read_mode(state, arg);
        args->mode_given = true;
        break;
    case KEY_THREADS:
        args->threads = opt_int32(state, "--threads", arg, 1, THREADS_MAX);
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
    "Train the model of a plan as the plan shards it, one process per rank: the tables where they "
    "are "
    "placed, exchanges flat (one over all ranks), sptt (by towers, the same function, bit for bit) "
    "or "
    "dmt (by towers, with tower modules).\v"
    "Example: mpirun -n 4 towerpart-train plan.yaml --data criteo:log.tsv\n\n"
    "The plan must be sound (towerpart check) and for as many ranks as mpirun starts; the ranks of "
    "one "
    "of its hosts run on one node.",
    NULL, NULL, NULL};

void train_args_parse(struct train_args *args, int argc, char **argv)
{
    *args = (struct train_args){.threads = 1};
    args->run.samples = tp_sample_options_default();
    args->run.steps = -1;
    args->run.epochs = 1;
    args->run.dump_samples = DUMP_SAMPLES;
    args->run.trainer.seed = 1;
    args->run.trainer.dense.kind = TP_ADAM;
    opt_parse(&argp, argc, argv, args);
}

static double default_rate(enum tp_optimizer kind, double adagrad)
{
    if (kind == TP_ADAM)
        return RATE_ADAM;
    return kind == TP_SGD ? RATE_SGD : adagrad;
}

void train_args_rates(struct train_args *args, enum tp_optimizer sparse)
{
    struct tp_trainer_options *trainer = &args->run.trainer;
    if (trainer->dense.rate <= 0)
        trainer->dense.rate = default_rate(trainer->dense.kind, RATE_ADAGRAD);
    if (trainer->sparse_rate <= 0)
        trainer->sparse_rate = default_rate(sparse, RATE_SPARSE_ADAGRAD);
}
