/* SPDX-License-Identifier: Apache-2.0 */
/* A calibration as a topology file with comments, as a table, and as JSON.
 *
 * In: the figures, and the topology made of them. Out: text; each figure with its quartiles over
 * rounds and the sizes that it rests on. Reading the file gives the topology. Cost: linear. */
#include "calibrate/calibration.h"

#include "base/fail.h"
#include "base/unicode.h"
#include "report/json_put.h"
#include "report/line.h"
#include "spec/spec.h"

#include <stdlib.h>

#define INDENT 14
#define FIGURE_BYTES 16

/* In the order of enum tp_figure_kind. */
static const struct {
    const char *name, *key;
} kinds[] = {
    {"latency", "latency_s"},
    {"rate", "bytes_per_s"},
    {"uplink", "uplink_bytes_per_s"},
    {"alltoall", "alltoall"},
    {"allreduce", "allreduce"},
    {"exchange", "exchange_s"},
    {"lookup", "memory_bytes_per_s"},
    {"lookup, alone", "alone.memory_bytes_per_s"},
    {"dense", "flops_per_s"},
    {"dense, alone", "alone.flops_per_s"},
};

/* "1.25 GB/s", "3.2 us", "61.0 Gflop/s" */
static void format_figure(enum tp_figure_kind kind, double value, char out[2 * FIGURE_BYTES])
{
    struct tp_text text = {0};
    char figure[FIGURE_BYTES];
    if (kind == TP_FIGURE_LATENCY || kind == TP_FIGURE_EXCHANGE) {
        tp_format_seconds(figure, value);
        tp_text_add(&text, "%s", figure);
    } else if (kind == TP_FIGURE_DENSE || kind == TP_FIGURE_DENSE_ALONE) {
        tp_text_add(&text, "%.3g Gflop/s", value / 1e9);
    } else {
        tp_format_bytes(figure, value);
        tp_text_add(&text, "%s/s", figure);
    }
    snprintf(out, 2 * FIGURE_BYTES, "%s", text.data ? text.data : "");
    tp_text_release(&text);
}

/* "cluster alltoall of 8" */
static void add_subject(
    const struct tp_figure *figure, const struct tp_topology *topology, struct tp_text *text)
{
    if (figure->level >= 0)
        tp_text_add(text, "%s ", tp_shown(topology->levels[figure->level].name, 10).text);
    tp_text_add(text, "%s", kinds[figure->kind].name);
    if (figure->world)
        tp_text_add(text, " of %d", (int)figure->world);
}

/* "16.4 kB-8.39 MB +1.2 %": the sizes that a figure rests on, how much more time the next takes. */
static void add_sizes(const struct tp_figure *figure, struct tp_text *text)
{
    char from[FIGURE_BYTES], to[FIGURE_BYTES];
    if (figure->level < 0)
        return;
    tp_format_bytes(from, figure->fit.from_bytes);
    tp_format_bytes(to, figure->fit.to_bytes);
    tp_text_add(text, "  %s-%s", from, to);
    if (figure->fit.check > 0)
        tp_text_add(text, " %+.1f %%", 100 * (figure->fit.check - 1));
}

static void add_row(const struct tp_figure *figure, const struct tp_topology *topology,
    const char *begin, struct tp_text *text)
{
    const struct tp_quartiles *value = &figure->fit.value;
    char median[2 * FIGURE_BYTES], low[2 * FIGURE_BYTES], high[2 * FIGURE_BYTES];
    struct tp_text subject = {0};
    format_figure(figure->kind, value->median, median);
    format_figure(figure->kind, value->low, low);
    format_figure(figure->kind, value->high, high);
    add_subject(figure, topology, &subject);
    tp_text_add(text, "%s%-26s%13s%13s%13s%7d", begin, subject.data ? subject.data : "", median,
        low, high, (int)figure->rounds);
    add_sizes(figure, text);
    tp_text_add(text, "\n");
    tp_text_release(&subject);
}

static void add_rows(const struct tp_calibration *calibration, const struct tp_topology *topology,
    const char *begin, struct tp_text *text)
{
    tp_text_add(text, "%s%-26s%13s%13s%13s%7s  %s\n", begin, "", "median", "1st quartile",
        "3rd quartile", "rounds", "sizes, longer");
    for (int32_t i = 0; i < calibration->count; i++)
        add_row(&calibration->figures[i], topology, begin, text);
}

enum tp_status tp_calibration_yaml(const struct tp_calibration *calibration,
    const struct tp_topology *topology, const char *date, const char *nodes, struct tp_text *text,
    struct tp_error *err)
{
    char table[FIGURE_BYTES];
    struct tp_text where = {0};
    tp_format_bytes(table, (double)calibration->lookup_table_bytes);
    tp_text_add(&where, "%s", nodes);
    if (where.data)
        tp_utf8_clean(where.data, "");
    tp_text_add(text,
        "# Measured by towerpart-calibrate on %s: %d rank%s, %d on each host, in %.0f s.\n"
        "# Hosts: %s\n"
        "# Lookups: %d columns, tables of %s. Dense layers: %d samples, %d thread%s. All ranks at "
        "once,\n# and rank 0 alone.\n"
        "# Rates rest on the sizes named; \"longer\": how much more a transfer twice as long took "
        "than\n"
        "# they foretell. \"of 8\": a communicator of 8 ranks.\n#\n",
        date, (int)calibration->ranks, tp_plural(calibration->ranks),
        (int)calibration->ranks_per_host, calibration->seconds, where.data ? where.data : "",
        (int)calibration->lookup_columns, table, (int)calibration->dense_samples,
        (int)calibration->threads, tp_plural(calibration->threads));
    tp_text_release(&where);
    add_rows(calibration, topology, "# ", text);
    if (!tp_calibration_find(calibration, TP_FIGURE_RATE, 0))
        tp_text_add(text, "# A host has one rank: the figures of its level are placeholders.\n");
    struct tp_yaml_out *out = tp_yaml_out_new();
    if (!out)
        return tp_fail_memory(err);
    tp_topology_write(topology, out);
    return tp_yaml_out_finish(out, text, err);
}

void tp_calibration_table(const struct tp_calibration *calibration,
    const struct tp_topology *topology, struct tp_text *text)
{
    struct tp_text lines = {0};
    int32_t hosts = topology->host_count;
    tp_line_wrap(&lines, "CALIBRATION", INDENT, "%d rank%s on %d host%s, in %.0f s",
        (int)calibration->ranks, tp_plural(calibration->ranks), (int)hosts, tp_plural(hosts),
        calibration->seconds);
    add_rows(calibration, topology, " ", &lines);
    tp_line_clip(text, &lines);
    tp_text_release(&lines);
}

static void put_figure(struct tp_json *json, json_t *list, const struct tp_figure *figure,
    const struct tp_topology *topology)
{
    json_t *entry = tp_json_object(json, list, NULL);
    tp_json_text(json, entry, "figure", kinds[figure->kind].key);
    if (figure->level >= 0) {
        tp_json_text(json, entry, "level", topology->levels[figure->level].name);
        tp_json_real(json, entry, "from_bytes", figure->fit.from_bytes);
        tp_json_real(json, entry, "to_bytes", figure->fit.to_bytes);
    }
    if (figure->world)
        tp_json_integer(json, entry, "world", figure->world);
    tp_json_integer(json, entry, "rounds", figure->rounds);
    tp_json_real(json, entry, "median", figure->fit.value.median);
    tp_json_real(json, entry, "first_quartile", figure->fit.value.low);
    tp_json_real(json, entry, "third_quartile", figure->fit.value.high);
    if (figure->fit.check > 0)
        tp_json_real(json, entry, "longer", figure->fit.check);
}

void tp_calibration_json(const struct tp_calibration *calibration,
    const struct tp_topology *topology, struct tp_text *text)
{
    struct tp_json json = {0};
    json_t *root = json_object();
    tp_json_integer(&json, root, "ranks", calibration->ranks);
    tp_json_integer(&json, root, "hosts", topology->host_count);
    tp_json_real(&json, root, "seconds", calibration->seconds);
    tp_json_integer(&json, root, "lookup_columns", calibration->lookup_columns);
    tp_json_integer(&json, root, "lookup_table_bytes", calibration->lookup_table_bytes);
    tp_json_integer(&json, root, "dense_samples", calibration->dense_samples);
    tp_json_integer(&json, root, "threads", calibration->threads);
    json_t *list = tp_json_array(&json, root, "measured");
    for (int32_t i = 0; i < calibration->count; i++)
        put_figure(&json, list, &calibration->figures[i], topology);
    tp_json_topology(&json, root, topology);
    char *dumped = !root || json.failed ? NULL : json_dumps(root, JSON_COMPACT);
    if (dumped)
        tp_text_add(text, "%s\n", dumped);
    else
        text->failed = true;
    free(dumped);
    json_decref(root);
}
