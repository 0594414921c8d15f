/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart import`: what others have, in the form they have it.
 *
 * In: a CSV of tables or TorchRec's configs, and the batch size: out comes a model spec. Or a TorchRec plan
 * with the model and the topology that it is for: out comes a plan, which is checked at once. A plan
 * that breaks a rule is written all the same, to be looked at; its findings are told, exit status 1. */
#include "cmd.h"

#include <towerpart/import.h>

#include "base/text.h"
#include "input.h"
#include "opt.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FINDINGS_SHOWN 20
#define BATCH_MAX ((int64_t)1 << 40)

enum { KEY_FROM = OPT_LONG, KEY_BATCH_SIZE, KEY_LOCAL_BATCH_SIZE, KEY_COLUMNS, KEY_NAME };

enum form { FORM_NONE, FORM_CSV, FORM_CONFIG, FORM_PLAN };

struct args {
    struct opt_seen seen;
    enum form form;
    const char *file, *model, *topology, *affinity, *output;
    struct tp_import_options options;
    bool quiet;
};

static const struct argp_option options[] = {
    {"from", KEY_FROM, "FORM", 0,
        "csv: a table of tables, with a header; torchrec-config: JSON list of EmbeddingBagConfigs; "
        "torchrec: JSON of a TorchRec plan (needed)",
        0},
    {"output", 'o', "FILE", 0, "Where to write the model spec or the plan (default '-')", 0},
    {"quiet", 'q', NULL, 0, "No notes and no summary on standard error", 0},
    {NULL, 0, NULL, 0, "For a model spec (csv, torchrec-config):", 1},
    {"batch-size", KEY_BATCH_SIZE, "N", 0, "Samples per step over all ranks; this or the next", 0},
    {"local-batch-size", KEY_LOCAL_BATCH_SIZE, "N", 0, "Samples per step and rank", 0},
    {"name", KEY_NAME, "NAME", 0, "Name of the model (default: of the file, no extension)", 0},
    {"columns", KEY_COLUMNS, "MAP", 0,
        "csv: table=A,rows=B,dim=C,features=D,pooling=E, where A to E are columns, and nothing is "
        "none for the last two (default: by the usual names)",
        0},
    {NULL, 0, NULL, 0, "For a plan (torchrec):", 2},
    {"model", 'm', "MODEL", 0, "Model spec, YAML (needed)", 0},
    {"topology", 't', "TOPOLOGY", 0, "Topology spec, YAML (needed)", 0},
    {"affinity", 'a', "FILE", 0, "Affinity measured by 'towerpart affinity'", 0},
    {0},
};

static enum form read_form(const struct argp_state *state, const char *text)
{
    static const char *const words[] = {
        [FORM_CSV] = "csv", [FORM_CONFIG] = "torchrec-config", [FORM_PLAN] = "torchrec"};
    for (int form = FORM_CSV; form <= FORM_PLAN; form++)
        if (!strcmp(text, words[form]))
            return (enum form)form;
    opt_error(state, "--from: found '%s', expected csv, torchrec-config or torchrec", text);
    return FORM_NONE;
}

static void refuse(const struct argp_state *state, const struct args *args, int key,
    const char *option, const char *what)
{
    if (opt_given(&args->seen, key))
        opt_error(state, "option %s is for %s", option, what);
}

static void check_plan_args(const struct argp_state *state, const struct args *args)
{
    static const char what[] = "model specs, --from csv or torchrec-config";
    refuse(state, args, KEY_BATCH_SIZE, "--batch-size", what);
    refuse(state, args, KEY_LOCAL_BATCH_SIZE, "--local-batch-size", what);
    refuse(state, args, KEY_NAME, "--name", what);
    refuse(state, args, KEY_COLUMNS, "--columns", "--from csv");
    opt_need(state, args->model, "option -m MODEL");
    opt_need(state, args->topology, "option -t TOPOLOGY");
    opt_one_pipe(
        state, (const char *[]){args->file, args->model, args->topology, args->affinity}, 4);
    opt_recordable(state, "-m", args->model);
    opt_recordable(state, "-t", args->topology);
    opt_recordable(state, "-a", args->affinity);
    opt_spare(state, args->output, "-m", args->model);
    opt_spare(state, args->output, "-t", args->topology);
    opt_spare(state, args->output, "-a", args->affinity);
}

static void check_model_args(const struct argp_state *state, const struct args *args)
{
    static const char what[] = "plans, --from torchrec";
    refuse(state, args, 'm', "-m", what);
    refuse(state, args, 't', "-t", what);
    refuse(state, args, 'a', "-a", what);
    if (args->form != FORM_CSV)
        refuse(state, args, KEY_COLUMNS, "--columns", "--from csv");
    if (!args->options.batch_size == !args->options.local_batch_size)
        opt_error(state, "%s of --batch-size and --local-batch-size %s, expected one of them",
            args->options.batch_size ? "both" : "one",
            args->options.batch_size ? "are given" : "is missing");
}

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->form == FORM_NONE ? NULL : "", "option --from FORM");
    opt_need(state, args->file, "the file to import");
    opt_spare(state, args->output, "FILE", args->file);
    if (args->form == FORM_PLAN)
        check_plan_args(state, args);
    else
        check_model_args(state, args);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
    switch (key) {
    case KEY_FROM:
        args->form = read_form(state, arg);
        break;
    case 'o':
        args->output = arg;
        break;
    case 'q':
        args->quiet = true;
        break;
    case KEY_BATCH_SIZE:
        args->options.batch_size = opt_integer(state, "--batch-size", arg, 1, BATCH_MAX);
        break;
    case KEY_LOCAL_BATCH_SIZE:
        args->options.local_batch_size =
            opt_integer(state, "--local-batch-size", arg, 1, BATCH_MAX);
        break;
    case KEY_NAME:
        args->options.name = arg;
        break;
    case KEY_COLUMNS:
        args->options.columns = arg;
        break;
    case 'm':
        args->model = arg;
        break;
    case 't':
        args->topology = arg;
        break;
    case 'a':
        args->affinity = arg;
        break;
    case ARGP_KEY_ARG:
        opt_argument(state, &args->file, arg);
        break;
    case ARGP_KEY_END:
        check_args(state, args);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {options, parse, "FILE",
    "Make a model spec of somebody's list of tables, or a plan of a plan made by TorchRec (FILE "
    "'-': standard input). A plan is checked at once: one that breaks a rule is written all the "
    "same, its findings are listed, and the exit status is 1. The forms are described in "
    "docs/import.md.\v"
    "Example: towerpart import --from csv tables.csv --batch-size 4096 -o m.yaml",
    NULL, NULL, NULL};

static enum tp_status import_model(const struct args *args, struct tp_error *err)
{
    struct tp_model *model = NULL;
    char *notes = NULL;
    enum tp_status status =
        args->form == FORM_CSV
            ? tp_import_csv(args->file, &args->options, &notes, &model, err)
            : tp_import_torchrec_config(args->file, &args->options, &notes, &model, err);
    if (status == TP_OK) {
        if (!args->quiet)
            opt_say_lines(notes);
        status = tp_model_save(model, args->output, err);
    }
    if (status == TP_OK && !args->quiet) {
        opt_say("%" PRId32 " table%s, %" PRId32 " feature%s; defaults for what it does not "
                "say: see dense_features, optimizer, arch",
            model->table_count, tp_plural(model->table_count), model->feature_count,
            tp_plural(model->feature_count));
        if (strcmp(args->output, "-") != 0)
            opt_say("model spec written to %s; next: towerpart plan -m %s -t TOPOLOGY -d DUMP",
                args->output, args->output);
    }
    free(notes);
    tp_model_free(model);
    return status;
}

static void say_findings(const struct args *args, const struct tp_findings *findings)
{
    for (int32_t i = 0; i < findings->count && i < FINDINGS_SHOWN; i++)
        opt_say("%s", findings->lines[i]);
    if (findings->count > FINDINGS_SHOWN)
        opt_say("and %" PRId32 " more: towerpart check %s", findings->count - FINDINGS_SHOWN,
            strcmp(args->output, "-") ? args->output : "PLAN");
}

static void summarize(
    const struct args *args, const struct tp_plan *plan, const struct tp_findings *findings)
{
    char flat[16];
    tp_format_seconds(flat, plan->cost.modes[TP_MODE_FLAT].seconds);
    opt_say("%" PRId32 " of %" PRId32 " table%s placed, %s%" PRId32 " tower%s: %" PRId32
            " finding%s",
        plan->table_count, plan->model->table_count, tp_plural(plan->model->table_count),
        plan->strategy == TP_STRATEGY_FLAT ? "flat, " : "", plan->tower_count,
        tp_plural(plan->tower_count), findings->count, tp_plural(findings->count));
    if (findings->count == 0 && (isnan(plan->quality.inside_affinity) || plan->tower_count == 1))
        opt_say("flat on this placement: %s per step; recommended: %s", flat,
            tp_recommendation_name(plan->cost.recommended));
    else if (findings->count == 0)
        opt_say("%.1f %% of the affinity inside towers; flat on this placement: %s per step; "
                "recommended: %s",
            100 * plan->quality.inside_affinity, flat,
            tp_recommendation_name(plan->cost.recommended));
    if (strcmp(args->output, "-") != 0)
        opt_say("plan written to %s; next: towerpart report %s", args->output, args->output);
}

/* Records what the plan was made for, writes it, and says what is wrong with it.
 * @return TP_EINFEASIBLE, without a message in err, when there are findings. */
static enum tp_status finish_plan(
    const struct args *args, struct tp_plan *plan, struct tp_error *err)
{
    struct tp_findings findings = {0};
    enum tp_status status = tp_plan_save(plan, args->output, err);
    if (status == TP_OK)
        status = tp_plan_check(plan, NULL, NULL, &findings, err);
    if (status != TP_OK)
        return status;
    say_findings(args, &findings);
    if (!args->quiet)
        summarize(args, plan, &findings);
    if (findings.count > 0)
        status = tp_fail(err, TP_EINFEASIBLE, "the plan breaks %" PRId32 " rule%s", findings.count,
            tp_plural(findings.count));
    tp_findings_release(&findings);
    return status;
}

static enum tp_status import_plan(
    const char *command, const struct args *args, struct tp_error *err)
{
    struct tp_model *model = NULL;
    struct tp_topology *topology = NULL;
    struct tp_plan_input model_input = {0}, topology_input = {0};
    struct tp_affinity *affinity = NULL;
    struct tp_plan *plan = NULL;
    char *notes = NULL;
    enum tp_status status = input_model(args->model, &model, &model_input, err);
    if (status == TP_OK)
        status = input_topology(args->topology, &topology, &topology_input, err);
    if (status == TP_OK && args->affinity)
        status = input_affinity(command, args->affinity, model, &affinity, err);
    if (status == TP_OK)
        status = tp_import_torchrec_plan(args->file, model, topology, affinity, &notes, &plan, err);
    if (status == TP_OK) {
        if (!args->quiet)
            opt_say_lines(notes);
        input_move(&model_input, &plan->model_input);
        input_move(&topology_input, &plan->topology_input);
        if (affinity)
            status = input_record(&args->affinity, 1, affinity, &plan->affinity.input, err);
    }
    if (status == TP_OK)
        status = finish_plan(args, plan, err);
    free(notes);
    tp_plan_free(plan);
    tp_affinity_free(affinity);
    input_release(&topology_input);
    input_release(&model_input);
    tp_topology_free(topology);
    tp_model_free(model);
    return status;
}

int cmd_import(int argc, char **argv)
{
    struct args args = {.output = "-"};
    struct tp_error err = {0};
    opt_parse(&argp, argc, argv, &args);
    enum tp_status status =
        args.form == FORM_PLAN ? import_plan(argv[0], &args, &err) : import_model(&args, &err);
    return opt_end(argv[0], status, &err);
}
