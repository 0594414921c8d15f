/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart sweep`: what a training step would take in other settings.
 *
 * In: the two specs, and a list of values per thing that varies. Out: predicted times as text, CSV
 * or JSON. All the work is tp_sweep_make()'s; here the lists are read: values between commas, none
 * empty and none twice. */
#include "cmd.h"

#include <towerpart/report.h>
#include <towerpart/sweep.h>

#include "base/memory.h"
#include "input.h"
#include "opt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 64
#define LOCAL_BATCH_MAX 1048576 /* on TP_RANKS_MAX ranks the largest batch there is */
#define WIDTH_MAX 65536

enum {
    KEY_RANKS = OPT_LONG,
    KEY_TOWERS,
    KEY_HOSTS_PER_TOWER,
    KEY_MODULE,
    KEY_LOCAL_BATCH,
    KEY_EXCHANGE,
    KEY_BANDWIDTH,
    KEY_BALANCE,
    KEY_EFFORT,
    KEY_SEED,
    KEY_FORMAT,
    KEY_JSON
};

struct args {
    struct opt_seen seen;
    const char *model, *topology, *affinity, *output;
    enum tp_sweep_format format;
    struct tp_sweep_options lists;
    struct tp_frontier_options frontier; /* its setting is `lists` */
    int64_t ranks[LIST_MAX], towers[LIST_MAX], hosts_per_tower[LIST_MAX], local_batches[LIST_MAX];
    double bytes_per_s[LIST_MAX], balances[LIST_MAX];
    enum tp_dtype exchanges[LIST_MAX];
    struct tp_tower_module modules[LIST_MAX];
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Files ('-': standard input or output):", 1},
    {"model", 'm', "MODEL", 0, "Model spec, YAML (needed)", 0},
    {"topology", 't', "TOPOLOGY", 0, "Topology spec, YAML (needed)", 0},
    {"output", 'o', "FILE", 0, "Where to write the result (default '-')", 0},
    {"format", KEY_FORMAT, "NAME", 0,
        "text (default); csv: a line per setting, with all phases; json: both", 0},
    {"json", KEY_JSON, NULL, 0, "The same as --format json", 0},
    {NULL, 0, NULL, 0, "What varies; LIST: values between commas, default as in the specs:", 2},
    {"ranks", KEY_RANKS, "LIST", 0,
        "Whole hosts; levels inside the outermost stay (default 8,16,32,... up to 4096, those that "
        "the topology can have)",
        0},
    {"towers", KEY_TOWERS, "LIST", 0, "Numbers of towers", 0},
    {"hosts-per-tower", KEY_HOSTS_PER_TOWER, "LIST", 0, "The same said the other way: hosts / K",
        0},
    {"module", KEY_MODULE, "LIST", 0,
        "Tower modules: none, C:P:D (dlrm: C vectors of width D per feature, P per tower) or D "
        "(the "
        "spec's module with that width)",
        0},
    {"local-batch", KEY_LOCAL_BATCH, "LIST", 0, "Samples of a rank per step", 0},
    {"exchange", KEY_EXCHANGE, "LIST", 0,
        "What embedding values are sent as: float32, bfloat16; both ways", 0},
    {"bandwidth", KEY_BANDWIDTH, "LIST", 0,
        "Of the outermost level, bytes/s per rank and one way; its uplinks and measured curves "
        "change in proportion",
        0},
    {NULL, 0, NULL, 0, "What affinity costs, in one setting instead of a sweep:", 3},
    {"affinity", 'a', "FILE", 0,
        "Affinity measured by 'towerpart affinity'. Makes a plan for each K and balance, and marks "
        "those that no other one beats in both affinity inside towers and time (default K: all "
        "divisors of the hosts; ranks: the topology's)",
        0},
    {"balance", KEY_BALANCE, "LIST", 0, "As of 'towerpart plan' (default auto,0.1,0.2,0.5,1)", 0},
    {"effort", KEY_EFFORT, "N", 0, "Search steps of a plan, relative, 1 to 1000 (default 1)", 0},
    {"seed", KEY_SEED, "N", 0, "Seed of all random numbers (default 1)", 0},
    {0},
};

/* A list while it is read. */
struct list {
    const struct argp_state *state;
    const char *name;  /* of the option */
    char *text, *rest; /* owned copy; what was not read yet, NULL: nothing */
    int32_t count;     /* entries read */
};

static struct list list_begin(const struct argp_state *state, const char *name, const char *text)
{
    struct list list = {state, name, tp_copy_text(text, strlen(text)), NULL, 0};
    if (!list.text)
        argp_failure(state, TP_EINTERNAL, 0, "out of memory");
    list.rest = list.text;
    return list;
}

/* @return the next entry, NULL behind the last one. */
static const char *list_next(struct list *list)
{
    char *entry = list->rest;
    if (!entry) {
        free(list->text);
        return NULL;
    }
    list->rest = strchr(entry, ',');
    if (list->rest)
        *list->rest++ = '\0';
    if (!*entry)
        opt_error(
            list->state, "%s: found an empty entry, expected values between commas", list->name);
    if (++list->count > LIST_MAX)
        opt_error(list->state, "%s: found more than %d values", list->name, LIST_MAX);
    return entry;
}

static void refuse_twice(const struct list *list, const char *entry)
{
    opt_error(list->state, "%s: found '%s' twice", list->name, entry);
}

static struct tp_sweep_integers read_integers(const struct argp_state *state, const char *name,
    const char *text, int64_t max, int64_t values[LIST_MAX])
{
    struct list list = list_begin(state, name, text);
    for (const char *entry; (entry = list_next(&list));) {
        int64_t value = opt_integer(state, name, entry, 1, max);
        for (int32_t i = 0; i < list.count - 1; i++)
            if (values[i] == value)
                refuse_twice(&list, entry);
        values[list.count - 1] = value;
    }
    return (struct tp_sweep_integers){values, list.count};
}

static void read_rates(const struct argp_state *state, const char *text, struct args *args)
{
    struct list list = list_begin(state, "--bandwidth", text);
    for (const char *entry; (entry = list_next(&list));) {
        double value = opt_real(state, "--bandwidth", entry, 0, false);
        if (!(value >= 1))
            opt_error(state, "--bandwidth: found '%s', expected at least 1 byte/s", entry);
        for (int32_t i = 0; i < list.count - 1; i++)
            if (!(args->bytes_per_s[i] < value || args->bytes_per_s[i] > value))
                refuse_twice(&list, entry);
        args->bytes_per_s[list.count - 1] = value;
    }
    args->lists.bytes_per_s = args->bytes_per_s;
    args->lists.rate_count = list.count;
}

static void read_exchanges(const struct argp_state *state, const char *text, struct args *args)
{
    struct list list = list_begin(state, "--exchange", text);
    for (const char *entry; (entry = list_next(&list));) {
        enum tp_dtype value = strcmp(entry, "float32") == 0 ? TP_FLOAT32 : TP_BFLOAT16;
        if (strcmp(entry, tp_dtype_name(value)) != 0)
            opt_error(state, "--exchange: found '%s', expected float32 or bfloat16", entry);
        for (int32_t i = 0; i < list.count - 1; i++)
            if (args->exchanges[i] == value)
                refuse_twice(&list, entry);
        args->exchanges[list.count - 1] = value;
    }
    args->lists.exchanges = args->exchanges;
    args->lists.exchange_count = list.count;
}

/* none, C:P:D, or D alone: its kind and the rest are the spec's, filled in later. */
static struct tp_tower_module read_module(const struct argp_state *state, char *entry)
{
    struct tp_tower_module module = {.kind = TP_MODULE_NONE};
    if (strcmp(entry, "none") == 0)
        return module;
    char *p = strchr(entry, ':'), *dim = p ? strchr(p + 1, ':') : NULL;
    if (!p) {
        module.dim = opt_int32(state, "--module", entry, 1, WIDTH_MAX);
        return module;
    }
    if (!dim || strchr(dim + 1, ':'))
        opt_error(state, "--module: found '%s', expected none, C:P:D or D", entry);
    *p++ = *dim++ = '\0';
    module.kind = TP_MODULE_DLRM;
    module.c = opt_int32(state, "--module", entry, 0, WIDTH_MAX);
    module.p = opt_int32(state, "--module", p, 0, WIDTH_MAX);
    module.dim = opt_int32(state, "--module", dim, 1, WIDTH_MAX);
    if (module.c + module.p == 0)
        opt_error(state, "--module: found C and P of 0, expected C + P of at least 1");
    return module;
}

static void read_modules(const struct argp_state *state, const char *text, struct args *args)
{
    struct list list = list_begin(state, "--module", text);
    for (const char *entry; (entry = list_next(&list));)
        args->modules[list.count - 1] = read_module(state, list.text + (entry - list.text));
    args->lists.modules = args->modules;
    args->lists.module_count = list.count;
}

static void read_balances(const struct argp_state *state, const char *text, struct args *args)
{
    struct list list = list_begin(state, "--balance", text);
    for (const char *entry; (entry = list_next(&list));)
        args->balances[list.count - 1] = opt_real(state, "--balance", entry, 0, true);
    args->frontier.balances = args->balances;
    args->frontier.balance_count = list.count;
}

static enum tp_sweep_format read_format(const struct argp_state *state, const char *name)
{
    static const char *const names[] = {"text", "csv", "json"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum tp_sweep_format)i;
    opt_error(state, "--format: found '%s', expected text, csv or json", name);
    return TP_SWEEP_TEXT;
}

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->model, "option -m MODEL");
    opt_need(state, args->topology, "option -t TOPOLOGY");
    opt_one_pipe(state, (const char *[]){args->model, args->topology, args->affinity}, 3);
    opt_spare(state, args->output, "-a", args->affinity);
    opt_spare(state, args->output, "-m", args->model);
    opt_spare(state, args->output, "-t", args->topology);
    if (opt_given(&args->seen, KEY_TOWERS) && opt_given(&args->seen, KEY_HOSTS_PER_TOWER))
        opt_error(state, "--towers and --hosts-per-tower say the same; leave one out");
    if (opt_given(&args->seen, KEY_JSON) && opt_given(&args->seen, KEY_FORMAT))
        opt_error(state, "--json and --format both give the format; leave one out");
    static const struct {
        int key;
        const char *name;
    } planning[] = {{KEY_BALANCE, "--balance"}, {KEY_EFFORT, "--effort"}, {KEY_SEED, "--seed"}};
    for (size_t i = 0; !args->affinity && i < sizeof planning / sizeof planning[0]; i++)
        if (opt_given(&args->seen, planning[i].key))
            opt_error(
                state, "%s says nothing without -a: a sweep makes no plans", planning[i].name);
}

static void parse_list(int key, const char *arg, const struct argp_state *state, struct args *args)
{
    struct tp_sweep_options *lists = &args->lists;
    if (key == KEY_RANKS)
        lists->ranks = read_integers(state, "--ranks", arg, TP_RANKS_MAX, args->ranks);
    else if (key == KEY_TOWERS)
        lists->towers = read_integers(state, "--towers", arg, TP_RANKS_MAX, args->towers);
    else if (key == KEY_HOSTS_PER_TOWER)
        lists->hosts_per_tower =
            read_integers(state, "--hosts-per-tower", arg, TP_RANKS_MAX, args->hosts_per_tower);
    else if (key == KEY_LOCAL_BATCH)
        lists->local_batches =
            read_integers(state, "--local-batch", arg, LOCAL_BATCH_MAX, args->local_batches);
    else if (key == KEY_MODULE)
        read_modules(state, arg, args);
    else if (key == KEY_EXCHANGE)
        read_exchanges(state, arg, args);
    else
        read_rates(state, arg, args);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct args *args = state->input;
    opt_begin(state, options, &args->seen, key);
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
    case KEY_BALANCE:
        read_balances(state, arg, args);
        break;
    case KEY_EFFORT:
        args->frontier.effort = opt_int32(state, "--effort", arg, 1, TP_EFFORT_MAX);
        break;
    case KEY_SEED:
        args->frontier.seed = (uint64_t)opt_integer(state, "--seed", arg, 0, INT64_MAX);
        break;
    case 'o':
        args->output = arg;
        break;
    case KEY_FORMAT:
        args->format = read_format(state, arg);
        break;
    case KEY_JSON:
        args->format = TP_SWEEP_JSON;
        break;
    case KEY_RANKS:
    case KEY_TOWERS:
    case KEY_HOSTS_PER_TOWER:
    case KEY_MODULE:
    case KEY_LOCAL_BATCH:
    case KEY_EXCHANGE:
    case KEY_BANDWIDTH:
        parse_list(key, arg, state, args);
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
    "Predict what a training step takes in other settings, from 8 to 4,096 ranks: flat, sptt and "
    "dmt, from how many ranks on towers are worth it, and the setting to choose. Needs no dump: "
    "towers are balanced by load, without a search.\v"
    "Example: towerpart sweep -m model.yaml -t topology.yaml --module 1:0:64,1:0:32",
    NULL, NULL, NULL};

/* A width alone is that of the spec's own module. */
static enum tp_status complete_modules(
    struct args *args, const struct tp_model *model, struct tp_error *err)
{
    for (int32_t i = 0; i < args->lists.module_count; i++) {
        struct tp_tower_module *module = &args->modules[i];
        if (module->kind != TP_MODULE_NONE || module->dim == 0)
            continue;
        if (model->tower_module.kind == TP_MODULE_NONE)
            return tp_fail(err, TP_EUSAGE,
                "--module: found '%d', but %s has no tower module to give that width: say C:P:D",
                (int)module->dim, args->model);
        int32_t dim = module->dim;
        *module = model->tower_module;
        module->dim = dim;
    }
    return TP_OK;
}

static enum tp_status run_sweep(const struct args *args, const struct tp_model *model,
    const struct tp_topology *topology, struct tp_error *err)
{
    struct tp_sweep *sweep = NULL;
    enum tp_status status = tp_sweep_make(model, topology, &args->lists, &sweep, err);
    if (status == TP_OK)
        status = tp_report_sweep(sweep, args->format, args->output, err);
    tp_sweep_free(sweep);
    return status;
}

static enum tp_status run_frontier(const char *command, struct args *args,
    const struct tp_model *model, const struct tp_topology *topology, struct tp_error *err)
{
    struct tp_affinity *affinity = NULL;
    struct tp_frontier *frontier = NULL;
    args->frontier.setting = args->lists;
    enum tp_status status = input_affinity(command, args->affinity, model, &affinity, err);
    if (status == TP_OK)
        status = tp_frontier_make(model, topology, affinity, &args->frontier, &frontier, err);
    if (status == TP_OK)
        status = tp_report_frontier(frontier, args->format, args->output, err);
    tp_frontier_free(frontier);
    tp_affinity_free(affinity);
    return status;
}

int cmd_sweep(int argc, char **argv)
{
    struct args args = {.output = "-",
        .lists = {.progress = opt_progress(false)},
        .frontier = {.seed = 1, .effort = 1}};
    struct tp_error err = {0};
    struct tp_model *model = NULL;
    struct tp_topology *topology = NULL;
    opt_parse(&argp, argc, argv, &args);

    enum tp_status status = input_model(args.model, &model, NULL, &err);
    if (status == TP_OK)
        status = input_topology(args.topology, &topology, NULL, &err);
    if (status == TP_OK)
        status = complete_modules(&args, model, &err);
    if (status == TP_OK)
        status = args.affinity ? run_frontier(argv[0], &args, model, topology, &err)
                               : run_sweep(&args, model, topology, &err);
    tp_topology_free(topology);
    tp_model_free(model);
    return opt_end(argv[0], status, &err);
}
