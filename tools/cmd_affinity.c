/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart affinity`: an embedding dump becomes an affinity matrix with its uncertainty.
 *
 * In: a model spec (which features, which dims) and a dump. Out: an affinity.npz that numpy reads. */
#include "cmd.h"

#include <towerpart/affinity.h>

#include "base/text.h"
#include "input.h"
#include "opt.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum {
    KEY_MEASURE = OPT_LONG,
    KEY_ROUND,
    KEY_MEMORY,
    KEY_SEED,
    KEY_THREADS,
    KEY_NULL = OPT_LATER,
    KEY_MISSING
};

#define MEMORY_BYTES_MIN (INT64_C(1) << 20) /* below, tiles are too small to be of use */

struct args {
    struct opt_seen seen;
    const char *model, *dump, *output;
    struct tp_affinity_options options;
    bool quiet;
};

static const struct argp_option options[] = {
    {"model", 'm', "MODEL", 0, "Model spec, YAML ('-': standard input; needed)", 0},
    {"dump", OPT_DUMP, "DUMP", 0,
        "Folder with features.json and pooled.npy, or with one <feature>.npy each (needed)", 0},
    {"output", 'o', "FILE", 0, "Where to write the affinity, .npz ('-': standard output; needed)",
        0},
    {"measure", KEY_MEASURE, "NAME", 0, "Only cka: linear centred kernel alignment (default)", 0},
    {"round", KEY_ROUND, "N", 0, "Round the values to N decimals, 0 to 9 (default: do not)", 0},
    {"memory", KEY_MEMORY, "BYTES", 0,
        "Working memory to aim at, beside the result (default 1073741824)", 0},
    {"seed", KEY_SEED, "N", 0, "Seed of the permutations behind the noise floor (default 1)", 0},
    {"threads", KEY_THREADS, "N", 0, "Threads, 1 to 1024 (default: one per processor)", 0},
    {"quiet", 'q', NULL, 0, "No summary and no progress on standard error", 0},
    {"null", KEY_NULL, "DUMP", OPTION_HIDDEN, NULL, 0},
    {"missing", KEY_MISSING, "HOW", OPTION_HIDDEN, NULL, 0},
    {0},
};

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->model, "option -m MODEL");
    opt_need(state, args->dump, "option -d DUMP");
    opt_need(state, args->output, "option -o FILE");
    if (strcmp(args->output, "-") == 0 && isatty(STDOUT_FILENO))
        opt_error(state, "-o -: the result is binary, and standard output is a terminal");
    opt_spare(state, args->output, "-m", args->model);
    opt_spare(state, args->output, "-d", args->dump);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    switch (key) {
    case 'm':
        args->model = arg;
        break;
    case OPT_DUMP:
        opt_dump(state, &args->dump, arg);
        break;
    case 'o':
        args->output = arg;
        break;
    case 'q':
        args->quiet = true;
        break;
    case KEY_MEASURE:
        opt_measure(state, arg);
        break;
    case KEY_ROUND:
        args->options.round_digits = opt_int32(state, "--round", arg, 0, 9);
        break;
    case KEY_MEMORY:
        args->options.memory_bytes =
            opt_integer(state, "--memory", arg, MEMORY_BYTES_MIN, INT64_MAX);
        break;
    case KEY_SEED:
        args->options.seed = (uint64_t)opt_integer(state, "--seed", arg, 0, INT64_MAX);
        break;
    case KEY_THREADS:
        args->options.threads = opt_threads(state, arg);
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
    "Measure on an embedding dump which features belong together: linear centred kernel alignment,"
    " 0 to 1, of every pair, its standard error, and the noise floor that unrelated features "
    "reach.\v"
    "numpy.load reads the result: arrays affinity, stderr, features, samples, measure, noise_floor,"
    " noise_median.\n\n"
    "Example: towerpart affinity -m model.yaml -d dump -o affinity.npz",
    NULL, NULL, NULL};

static void summarize(const struct args *args, const struct tp_affinity *affinity)
{
    opt_say("%" PRId32 " feature%s, %" PRId64
            " sample%s: %.0f %% of the pairs above the noise floor %.3g",
        affinity->feature_count, tp_plural(affinity->feature_count), affinity->samples,
        tp_plural(affinity->samples), 100 * tp_affinity_above_floor(affinity),
        affinity->noise_floor);
    opt_say("next: towerpart plan -m %s -t TOPOLOGY -a %s -o plan.yaml", args->model, args->output);
}

int cmd_affinity(int argc, char **argv)
{
    struct args args = {.options = tp_affinity_options_default()};
    struct tp_error err = {0};
    struct tp_model *model = NULL;
    struct tp_affinity *affinity = NULL;
    opt_parse(&argp, argc, argv, &args);
    args.options.progress = !args.quiet;

    enum tp_status status = input_model(args.model, &model, NULL, &err);
    if (status == TP_OK)
        status = input_measure(argv[0], args.dump, model, &args.options, &affinity, &err);
    if (status == TP_OK)
        status = tp_affinity_save(affinity, args.output, &err);
    if (status == TP_OK && !args.quiet)
        summarize(&args, affinity);
    tp_affinity_free(affinity);
    tp_model_free(model);
    return opt_end(argv[0], status, &err);
}
