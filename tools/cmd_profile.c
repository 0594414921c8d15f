/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart profile`: what a click log says of a model's features goes into its spec.
 *
 * In: a log, and the model spec whose features it has. Out: the spec with pooling, distinct ids and
 * hot rows measured; on standard output a table, or JSON, of the same. */
#include "cmd.h"

#include <towerpart/profile.h>

#include "input.h"
#include "opt.h"
#include "profile_out.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum { KEY_COLUMNS = OPT_LONG, KEY_SEPARATOR, KEY_ALL, KEY_JSON };

struct args {
    struct opt_seen seen;
    const char *log, *model, *output;
    struct tp_profile_options options;
    bool all, json, quiet;
};

static const struct argp_option options[] = {
    {"model", 'm', "MODEL", 0, "Model spec, YAML ('-': standard input; needed)", 0},
    {"output", 'o', "MODEL2", 0,
        "Where to write the model spec with what was measured ('-': standard output, without a "
        "table; needed)",
        0},
    {"columns", KEY_COLUMNS, "F=COLUMN,...", 0,
        "csv: the column of a feature where their names differ (default: none do)", 0},
    {"separator", KEY_SEPARATOR, "CHAR", 0,
        "csv: what stands between the ids of one field, ' ', ';' or '|' (default: a field is one "
        "id)",
        0},
    {"all", KEY_ALL, NULL, 0, "List every feature (default: the 20 most skewed)", 0},
    {"json", KEY_JSON, NULL, 0, "Print one JSON object instead of a table", 0},
    {"quiet", 'q', NULL, 0, "No notes and no progress on standard error", 0},
    {0},
};

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->log, "the log");
    opt_need(state, args->model, "option -m MODEL");
    opt_need(state, args->output, "option -o MODEL2");
    const char *colon = strchr(args->log, ':');
    const char *file = colon ? colon + 1 : args->log;
    opt_one_pipe(state, (const char *const[]){args->model, file}, 2);
    opt_spare(state, args->output, "-m", args->model);
    opt_spare(state, args->output, "the log", file);
    if (strcmp(args->output, "-") == 0 && args->json)
        opt_error(state, "-o - and --json would both write to standard output");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
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
    case KEY_COLUMNS:
        args->options.columns = arg;
        break;
    case KEY_SEPARATOR:
        args->options.separator = opt_separator(state, arg);
        break;
    case KEY_ALL:
        args->all = true;
        break;
    case KEY_JSON:
        args->json = true;
        break;
    case ARGP_KEY_ARG:
        opt_argument(state, &args->log, arg);
        break;
    case ARGP_KEY_END:
        check_args(state, args);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options, parse, "LOG",
    "Count the ids of a click log: per feature the ids per sample, the distinct ids, and the share "
    "of the lookups that the hottest rows get. A plan made of the resulting spec knows which row "
    "shards are busy.\v"
    "LOG is criteo:FILE (label, 13 integers and the ids of 26 features in hex, tab-separated, "
    "features in the order of the model) or csv:FILE (with a header; each feature in the column of "
    "its name); FILE '-' is standard input. It may be larger than memory.\n\n"
    "Example: towerpart profile criteo:log.tsv -m model.yaml -o profiled.yaml",
    NULL, NULL, NULL};

/* Whatever a user may want to look into. */
static void say_notes(
    const struct args *args, const struct tp_model *model, const struct tp_profile *profile)
{
    if (profile->ignored_columns > 0)
        opt_say("%" PRId32 " column%s of no feature ignored", profile->ignored_columns,
            tp_plural(profile->ignored_columns));
    if (profile->list_line > 0)
        opt_say("%s:%" PRId64 ": feature %s: a field holds '%c', yet counts as one id; if it is a "
                "list: --separator '%c'",
            strchr(args->log, ':') + 1, profile->list_line,
            model->features[profile->list_feature].name, profile->list_separator,
            profile->list_separator);
    for (int32_t f = 0; f < profile->feature_count; f++) {
        const struct tp_table *table = &model->tables[model->features[f].table];
        if (profile->features[f].distinct > table->rows)
            opt_say("feature %s: %" PRId64 " distinct ids, but table %s has %" PRId64
                    " rows: ids will share rows",
                model->features[f].name, profile->features[f].distinct, table->name, table->rows);
    }
    opt_say("next: towerpart plan -m %s -t TOPOLOGY -d DUMP -o plan.yaml", args->output);
}

int cmd_profile(int argc, char **argv)
{
    struct args args = {0};
    struct tp_error err = {0};
    struct tp_model *model = NULL;
    struct tp_profile *profile = NULL;
    opt_parse(&argp, argc, argv, &args);
    args.options.progress = opt_progress(args.quiet);

    enum tp_status status = input_model(args.model, &model, NULL, &err);
    if (status == TP_OK)
        status = tp_profile_log(args.log, model, &args.options, &profile, &err);
    if (status == TP_OK)
        status = tp_profile_apply(profile, model, &err);
    if (status == TP_OK)
        status = tp_model_save(model, args.output, &err);
    if (status == TP_OK && args.json)
        status = profile_print_json(profile, model, &err);
    else if (status == TP_OK && strcmp(args.output, "-") != 0)
        status = profile_print_table(profile, model, args.all, &err);
    if (status == TP_OK && !args.quiet)
        say_notes(&args, model, profile);
    tp_profile_free(profile);
    tp_model_free(model);
    return opt_end(argv[0], status, &err);
}
