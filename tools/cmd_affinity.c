/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart affinity`: embedding dumps become an affinity matrix with its uncertainty.
 *
 * In: a model spec (which features, which dims) and dumps of one or several training runs, maybe one of
 * the untrained model. Out: an affinity.npz that numpy reads, and a summary of what was found. */
#include "cmd.h"

#include <towerpart/affinity.h>

#include "base/text.h"
#include "input.h"
#include "opt.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { KEY_ROUND = OPT_LONG, KEY_MEMORY, KEY_SEED, KEY_THREADS };

#define MEMORY_BYTES_MIN (INT64_C(1) << 20) /* below, tiles are too small to be of use */

struct args {
    struct opt_seen seen;
    const char *model, *output;
    struct input_dumps dumps;
    bool quiet;
};

static const struct argp_option options[] = {
    {"model", 'm', "MODEL", 0, "Model spec, YAML ('-': standard input; needed)", 0},
    {"dump", OPT_DUMP, "DUMP", 0,
        "Embedding dump (needed): a folder with features.json and pooled.npy, or with one "
        "<feature>.npy each; or .npz or .safetensors with an array per feature; up to 16 times, of "
        "other training runs: averaged, and compared",
        0},
    {"output", 'o', "FILE", 0, "Where to write the affinity, .npz ('-': standard output; needed)",
        0},
    {"measure", INPUT_KEY_MEASURE, "NAME", 0,
        "cka: linear centred kernel alignment (default); cosine: mean |cosine|, needs equal dims",
        0},
    {"null", INPUT_KEY_NULL, "DUMP", 0,
        "Dump of the untrained model: says what was learned; the affinity stays the same", 0},
    {"missing", INPUT_KEY_MISSING, "HOW", 0,
        "neutral: a feature in no dump gets the mean affinity (default: an error)", 0},
    {"round", KEY_ROUND, "N", 0, "Round the values to N decimals, 0 to 9 (default: do not)", 0},
    {"memory", KEY_MEMORY, "BYTES", 0,
        "Working memory to aim at, beside the result (default 1073741824)", 0},
    {"seed", KEY_SEED, "N", 0, "Seed of the permutations behind the noise floor (default 1)", 0},
    {"threads", KEY_THREADS, "N", 0, "Threads, 1 to 1024 (default: one per processor)", 0},
    {"quiet", 'q', NULL, 0, "No summary and no progress on standard error", 0},
    {0},
};

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->model, "option -m MODEL");
    opt_need(state, args->dumps.paths[0], "option -d DUMP");
    opt_need(state, args->output, "option -o FILE");
    if (strcmp(args->output, "-") == 0 && isatty(STDOUT_FILENO))
        opt_error(state, "-o -: the result is binary, and standard output is a terminal");
    opt_spare(state, args->output, "-m", args->model);
    input_spare_dumps(state, args->output, &args->dumps);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    if (input_dump_option(state, &args->dumps, key, arg))
        return 0;
    switch (key) {
    case 'm':
        args->model = arg;
        break;
    case 'o':
        args->output = arg;
        break;
    case 'q':
        args->quiet = true;
        break;
    case KEY_ROUND:
        args->dumps.options.round_digits = opt_int32(state, "--round", arg, 0, 9);
        break;
    case KEY_MEMORY:
        args->dumps.options.memory_bytes =
            opt_integer(state, "--memory", arg, MEMORY_BYTES_MIN, INT64_MAX);
        break;
    case KEY_SEED:
        args->dumps.options.seed = (uint64_t)opt_integer(state, "--seed", arg, 0, INT64_MAX);
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
    "Measure on embedding dumps which features belong together: linear centred kernel alignment "
    "(or "
    "mean |cosine|), 0 to 1, of every pair, its standard error, the noise floor that unrelated "
    "features reach, and how well several dumps agree.\v"
    "numpy.load reads the result: arrays affinity, stderr, features, state, samples, dumps, "
    "measure,"
    " noise_floor, noise_median, reproducibility, null_rho, learned.\n\n"
    "Example: towerpart affinity -m model.yaml -d dump -o affinity.npz",
    NULL, NULL, NULL};

/* How well the dumps agree, or why that is not known. */
static void describe_agreement(const struct tp_affinity *affinity, struct tp_text *text)
{
    if (affinity->dumps == 1)
        tp_text_add(text, "reproducibility not assessed: one dump");
    else if (isnan(affinity->reproducibility))
        tp_text_add(text, "reproducibility not assessed: too few pairs that differ");
    else
        tp_text_add(text, "%" PRId32 " dumps agree by a rank correlation of %.2f", affinity->dumps,
            affinity->reproducibility);
}

/* What there is, how exactly it is known, whether it would come again, and what to do next. */
static enum tp_status summarize(
    const struct args *args, const struct tp_affinity *affinity, struct tp_error *err)
{
    double std_error = 0;
    struct tp_text agreement = {0};
    enum tp_status status = tp_affinity_typical_error(affinity, &std_error, err);
    describe_agreement(affinity, &agreement);
    if (status == TP_OK && agreement.failed)
        status = tp_fail_memory(err);
    if (status != TP_OK)
        goto out;
    opt_say("%" PRId32 " feature%s, %" PRId64
            " sample%s: %.0f %% of the pairs above the noise floor %.3g",
        affinity->feature_count, tp_plural(affinity->feature_count), affinity->samples,
        tp_plural(affinity->samples), 100 * tp_affinity_above_floor(affinity),
        affinity->noise_floor);
    opt_say("typical standard error %.2g (half that with %.0f samples); %s", std_error,
        4 * (double)affinity->samples, agreement.data);
    if (!isnan(affinity->learned))
        opt_say("learned: %.0f %% of the pairs are above the untrained model's by over 2 standard "
                "errors; rank correlation with it %.2f",
            100 * affinity->learned, affinity->null_rho);
    opt_say("next: towerpart plan -m %s -t TOPOLOGY -a %s -o plan.yaml", args->model, args->output);
out:
    tp_text_release(&agreement);
    return status;
}

int cmd_affinity(int argc, char **argv)
{
    struct args args = {.dumps = {.options = tp_affinity_options_default()}};
    struct tp_error err = {0};
    struct tp_model *model = NULL;
    struct tp_affinity *affinity = NULL;
    opt_parse(&argp, argc, argv, &args);
    args.dumps.options.progress = opt_progress(args.quiet);

    enum tp_status status = input_model(args.model, &model, NULL, &err);
    if (status == TP_OK)
        status = input_measure(argv[0], &args.dumps, model, &affinity, &err);
    if (status == TP_OK)
        status = tp_affinity_save(affinity, args.output, &err);
    if (status == TP_OK && !args.quiet)
        status = summarize(&args, affinity, &err);
    tp_affinity_free(affinity);
    tp_model_free(model);
    return opt_end(argv[0], status, &err);
}
