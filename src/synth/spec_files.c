/* SPDX-License-Identifier: Apache-2.0 */
/* The small files of a synthetic workload: model.yaml, topology.yaml, truth.json.
 *
 * In: what was planted. Out: text as a person would write it, with only the keys that matter, as
 * an example to start from. All names are plain words, so nothing needs quoting. The topology is the
 * size asked for with the figures of an A100 cluster: NVLink inside the host, one 200 Gbit/s
 * network card per rank, its alltoall curve as measured by Luo et al. (MLSys 2024, arXiv 2403.00877).
 * Cost: O(F). */
#include "synth/planted.h"

#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

/* Writes the text to DIR/name and releases it. */
static enum tp_status write_text(
    struct tp_text *text, const char *dir, const char *name, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    char *path = tp_path_join(dir, name);
    if (!path || text->failed)
        status = tp_fail_memory(err);
    else
        status = tp_file_write(path, text->data, text->length, err);
    free(path);
    tp_text_release(text);
    return status;
}

static void add_table(const struct tp_planted *planted, int32_t f, struct tp_text *text)
{
    char name[TP_FEATURE_NAME_BYTES];
    tp_planted_name(planted, f, name);
    tp_text_add(text, "  - {name: t_%s, rows: %lld, dim: %d, features: [", name,
        (long long)planted->rows[f], (int)planted->dim[f]);
    if (planted->pooling[f] > 1)
        tp_text_add(text, "{name: %s, pooling: %.1f}", name, planted->pooling[f]);
    else
        tp_text_add(text, "%s", name);
    tp_text_add(text, "]}\n");
}

static enum tp_status write_model(const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, struct tp_error *err)
{
    struct tp_text text = {0};
    tp_text_add(&text,
        "# Synthetic, made by towerpart synth: %d features in %d planted group%s (see "
        "truth.json).\n"
        "towerpart_model: 1\n"
        "name: synth-%d\n"
        "dense_features: %d\n"
        "local_batch_size: %d   # samples per rank and step\n"
        "embedding: {dtype: float32, optimizer: rowwise_adagrad}\n"
        "communication: {forward: float32, backward: float32}\n"
        "tables:\n",
        (int)options->features, (int)options->groups, tp_plural(options->groups),
        (int)options->features, TP_CRITEO_DENSE, (int)options->local_batch_size);
    for (int32_t f = 0; f < planted->feature_count; f++)
        add_table(planted, f, &text);
    tp_text_add(&text,
        "arch:\n"
        "  interaction: dlrm\n"
        "  bottom_mlp: [512, 256, %d]\n"
        "  top_mlp: [1024, 1024, 512, 256, 1]\n"
        "tower_module: {kind: dlrm, c: 1, p: 0, dim: %d}\n",
        (int)options->dim, (int)(options->dim / 2));
    return write_text(&text, dir, "model.yaml", err);
}

static enum tp_status write_topology(
    const struct tp_synth_options *options, const char *dir, struct tp_error *err)
{
    struct tp_text text = {0};
    tp_text_add(&text,
        "# Synthetic, made by towerpart synth: the figures of an A100 cluster.\n"
        "towerpart_topology: 1\n"
        "name: a100-%d\n"
        "hosts_per_tower: 1\n"
        "device: {memory_bytes: 85899345920, reserve: 0.15, memory_bytes_per_s: 2.0e+12, "
        "flops_per_s: 1.56e+14}\n"
        "levels:\n"
        "  - {name: host, fanout: %d, bytes_per_s: 3.0e+11, latency_s: 3.0e-6}\n",
        (int)(options->hosts * options->ranks_per_host), (int)options->ranks_per_host);
    if (options->hosts > 1)
        tp_text_add(&text,
            "  - {name: cluster, fanout: %d, bytes_per_s: 2.5e+10, latency_s: 1.0e-5,\n"
            "     alltoall: [[16, 2.03e+10], [64, 1.42e+10]], allreduce: [[16, 1.34e+11]]}\n",
            (int)options->hosts);
    return write_text(&text, dir, "topology.yaml", err);
}

/* null: it is not defined. */
static void add_measure(struct tp_text *text, const char *key, double value)
{
    char number[32] = "null";
    if (isfinite(value))
        tp_format_real(number, value);
    tp_text_add(text, ", \"%s\": %s", key, number);
}

static void add_log(struct tp_log_truth *truth, struct tp_text *text)
{
    size_t clicks = truth->clicked.count;
    tp_text_add(text, ",\n  \"log\": {\"rows\": %zu, \"clicks\": %zu", clicks + truth->others.count,
        clicks);
    add_measure(text, "auc", tp_log_truth_auc(truth));
    add_measure(text, "logloss", tp_log_truth_loss(truth));
    tp_text_add(text, "}");
}

enum tp_status tp_planted_write_truth(const struct tp_planted *planted, struct tp_log_truth *truth,
    const char *dir, struct tp_error *err)
{
    struct tp_text text = {0};
    for (int32_t f = 0; f < planted->feature_count; f++) {
        char name[TP_FEATURE_NAME_BYTES];
        tp_planted_name(planted, f, name);
        tp_text_add(&text, "%s\"%s\": %d", f ? ",\n  " : "{\n  ", name, (int)planted->group[f]);
    }
    if (truth)
        add_log(truth, &text);
    tp_text_add(&text, "\n}\n");
    return write_text(&text, dir, "truth.json", err);
}

enum tp_status tp_planted_write_specs(const struct tp_planted *planted,
    const struct tp_synth_options *options, const char *dir, struct tp_error *err)
{
    enum tp_status status = write_model(planted, options, dir, err);
    if (!status)
        status = write_topology(options, dir, err);
    return status;
}
