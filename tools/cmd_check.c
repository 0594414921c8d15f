/* SPDX-License-Identifier: Apache-2.0 */
/* `towerpart check`: everything that is wrong with a plan, at once.
 *
 * In: a plan, and a newer model or topology to hold it against. Out: one line per finding, or a line that
 * says there is none; as JSON on demand. Exit status 1 when there are findings. */
#include "cmd.h"

#include <towerpart/plan.h>

#include "base/file.h"
#include "base/text.h"
#include "base/unicode.h"
#include "opt.h"
#include "plan/findings.h"

#include <jansson.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_JSON = OPT_LONG, KEY_ALL };

struct args {
    struct opt_seen seen;
    const char *plan, *model, *topology;
    bool json, all;
};

static const struct argp_option options[] = {
    {"model", 'm', "MODEL", 0, "Also compare with this model spec, and list what drifted", 0},
    {"topology", 't', "TOPOLOGY", 0, "Also compare with this topology spec", 0},
    {"all", KEY_ALL, NULL, 0,
        "List every finding (default: of more than 40, the first of each kind, the rest counted)",
        0},
    {"json", KEY_JSON, NULL, 0,
        "Print one JSON object, always complete: {\"sound\": ..., \"findings\": [...]}", 0},
    {0},
};

static void check_args(const struct argp_state *state, const struct args *args)
{
    opt_need(state, args->plan, "the plan file");
    if (args->model && strcmp(args->model, "-") == 0)
        opt_error(state, "-m: expected a file, found '-'; only the plan can be standard input");
    if (args->topology && strcmp(args->topology, "-") == 0)
        opt_error(state, "-t: expected a file, found '-'; only the plan can be standard input");
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
    case KEY_ALL:
        args->all = true;
        break;
    case KEY_JSON:
        args->json = true;
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
    "Check a plan ('-': standard input) against every rule: tables and features placed once, "
    "shards that"
    " tile their tables, memory, balance, constraints, and stored figures that are what they would "
    "be if"
    " computed anew. With any finding the exit status is 1.\v"
    "Example: towerpart check plan.yaml -m model.yaml",
    NULL, NULL, NULL};

static void write_text(
    const struct args *args, const struct tp_findings *findings, struct tp_text *out)
{
    tp_finding_text(findings, args->all ? NULL : ": --all", out);
    if (findings->count > 0)
        return;
    tp_text_add(out, "%s: no findings", args->plan);
    if (out->data)
        tp_utf8_clean(out->data, "");
    tp_text_add(out, "\n");
}

static void write_json(const struct tp_findings *findings, struct tp_text *out)
{
    json_t *lines = json_array();
    for (int32_t i = 0; i < findings->count; i++)
        json_array_append_new(lines, json_string(findings->lines[i]));
    json_t *root = json_pack("{s:b, s:o}", "sound", findings->count == 0, "findings", lines);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (text)
        tp_text_add(out, "%s\n", text);
    else
        out->failed = true;
    free(text);
}

static enum tp_status print_findings(
    const struct args *args, const struct tp_findings *findings, struct tp_error *err)
{
    struct tp_text out = {0};
    if (args->json)
        write_json(findings, &out);
    else
        write_text(args, findings, &out);
    enum tp_status status =
        out.failed ? tp_fail_memory(err) : tp_file_write("-", out.data, out.length, err);
    tp_text_release(&out);
    return status;
}

int cmd_check(int argc, char **argv)
{
    struct args args = {0};
    struct tp_error err = {0};
    struct tp_plan *plan = NULL;
    struct tp_findings findings = {0};
    opt_parse(&argp, argc, argv, &args);

    enum tp_status status = tp_plan_load(args.plan, &plan, &err);
    if (status == TP_OK)
        status = tp_plan_check(plan, args.model, args.topology, &findings, &err);
    if (status == TP_OK)
        status = print_findings(&args, &findings, &err);
    int exit_status = opt_end(argv[0], status, &err);
    if (status == TP_OK && findings.count > 0)
        exit_status = TP_EINFEASIBLE;
    tp_findings_release(&findings);
    tp_plan_free(plan);
    return exit_status;
}
