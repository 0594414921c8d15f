/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart synth`: a synthetic workload with planted feature groups, written into a folder.
 *
 * In: options. Out: the files of tp_synth(), which also checks the ranges that depend on each other. */
#include "cmd.h"

#include <towerpart/synth.h>
#include <towerpart/topology.h>

#include "base/text.h"
#include "opt.h"

#include <inttypes.h>

enum {
    KEY_FEATURES = OPT_LONG,
    KEY_GROUPS,
    KEY_SAMPLES,
    KEY_DIM,
    KEY_MIXED_DIMS,
    KEY_NOISE,
    KEY_ROWS,
    KEY_SKEW,
    KEY_HOSTS,
    KEY_RANKS_PER_HOST,
    KEY_BATCH,
    KEY_LOG,
    KEY_SEED
};

struct args {
    struct opt_seen seen;
    const char *dir;
    struct tp_synth_options options;
    bool quiet;
};

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "Folder to write into, made if it is missing (needed)", 0},
    {"features", KEY_FEATURES, "N", 0, "Features, 2 to 100000 (default 48)", 0},
    {"groups", KEY_GROUPS, "N", 0, "Planted groups, 1 to the features (default 8)", 0},
    {"samples", KEY_SAMPLES, "N", 0, "Samples in the dump, at least 32 (default 4096)", 0},
    {"dim", KEY_DIM, "N", 0, "Embedding dim of every table, at least 4 (default 16)", 0},
    {"mixed-dims", KEY_MIXED_DIMS, NULL, 0, "Draw dims from dim/2, dim and 2*dim instead", 0},
    {"noise", KEY_NOISE, "X", 0, "Strength of the noise against the signal (default 1: as strong)",
        0},
    {"rows", KEY_ROWS, "N", 0, "Rows of a table, the median if skewed (default 10000)", 0},
    {"skew", KEY_SKEW, "X", 0,
        "Sigma of the log-normal that multiplies rows and pooling (default 0: all equal)", 0},
    {"hosts", KEY_HOSTS, "N", 0, "Hosts of the topology (default 4)", 0},
    {"ranks-per-host", KEY_RANKS_PER_HOST, "N", 0, "Ranks of a host (default 4)", 0},
    {"local-batch-size", KEY_BATCH, "N", 0, "Samples per rank and step of the model (default 4096)",
        0},
    {"log", KEY_LOG, "ROWS", 0,
        "Also write a click log of that many rows; needs 26 features (default 0: none)", 0},
    {"seed", KEY_SEED, "N", 0, "Seed of the random numbers (default 1)", 0},
    {"quiet", 'q', NULL, 0, "No summary on standard error", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    struct tp_synth_options *o = &args->options;
    opt_begin(state, options, &args->seen, key);
    switch (key) {
    case 'o':
        args->dir = arg;
        break;
    case 'q':
        args->quiet = true;
        break;
    case KEY_FEATURES:
        o->features = opt_int32(state, "--features", arg, 2, TP_SYNTH_FEATURES_MAX);
        break;
    case KEY_GROUPS:
        o->groups = opt_int32(state, "--groups", arg, 1, TP_SYNTH_FEATURES_MAX);
        break;
    case KEY_SAMPLES:
        o->samples =
            opt_integer(state, "--samples", arg, TP_SYNTH_SAMPLES_MIN, TP_SYNTH_SAMPLES_MAX);
        break;
    case KEY_DIM:
        o->dim = opt_int32(state, "--dim", arg, 4, TP_SYNTH_DIM_MAX);
        break;
    case KEY_MIXED_DIMS:
        o->mixed_dims = true;
        break;
    case KEY_NOISE:
        o->noise = opt_real(state, "--noise", arg, 0, false);
        break;
    case KEY_ROWS:
        o->rows = opt_integer(state, "--rows", arg, 4, TP_SYNTH_ROWS_MAX);
        break;
    case KEY_SKEW:
        o->skew = opt_real(state, "--skew", arg, 0, false);
        break;
    case KEY_HOSTS:
        o->hosts = opt_int32(state, "--hosts", arg, 1, TP_RANKS_MAX);
        break;
    case KEY_RANKS_PER_HOST:
        o->ranks_per_host = opt_int32(state, "--ranks-per-host", arg, 1, TP_RANKS_MAX);
        break;
    case KEY_BATCH:
        o->local_batch_size = opt_int32(state, "--local-batch-size", arg, 1, TP_SYNTH_BATCH_MAX);
        break;
    case KEY_LOG:
        o->log_rows = opt_integer(state, "--log", arg, 0, TP_SYNTH_LOG_ROWS_MAX);
        break;
    case KEY_SEED:
        o->seed = (uint64_t)opt_integer(state, "--seed", arg, 0, INT64_MAX);
        break;
    case ARGP_KEY_END:
        opt_need(state, args->dir, "option -o DIR");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options, parse, NULL,
    "Write a synthetic workload with planted feature groups: DIR/model.yaml, topology.yaml, dump/,"
    " truth.json (feature -> group) and, with --log, log.tsv in Criteo's layout, whose labels "
    "depend on interactions inside the groups; \"log\" in truth.json then says how well they can "
    "be "
    "predicted at best: AUC and log loss (in nats) of the click probabilities that they were drawn "
    "with.\v"
    "Example: towerpart synth -o demo --features 26 --groups 4",
    NULL, NULL, NULL};

static void summarize(const struct args *args)
{
    const struct tp_synth_options *o = &args->options;
    opt_say("%" PRId32 " features in %" PRId32 " group%s, %" PRId64 " samples, written to %s",
        o->features, o->groups, tp_plural(o->groups), o->samples, args->dir);
    opt_say("next: towerpart plan -m %s/model.yaml -t %s/topology.yaml -d %s/dump -o plan.yaml",
        args->dir, args->dir, args->dir);
}

int cmd_synth(int argc, char **argv)
{
    struct args args = {.options = tp_synth_options_default()};
    struct tp_error err = {0};
    opt_parse(&argp, argc, argv, &args);
    enum tp_status status = tp_synth(args.dir, &args.options, &err);
    if (status == TP_OK && !args.quiet)
        summarize(&args);
    return opt_end(argv[0], status, &err);
}
