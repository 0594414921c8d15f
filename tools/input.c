/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that several commands read.
 *
 * In: paths from the command line. Out: what stands in the files, with base name and SHA-256 for the
 * plan. A spec is read once and parsed from memory: what is digested is what was parsed. Warnings name
 * at most a few features; a list of a thousand helps nobody. */
#include "input.h"

#include "base/file.h"
#include "base/text.h"
#include "base/yaml_read.h"
#include "opt.h"
#include "spec/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SPEC_BYTES_MAX ((size_t)256 << 20) /* as the YAML reader takes */
#define WARN_NAMES_MAX 5

static enum tp_status read_spec(
    const char *path, struct tp_yaml **yaml, struct tp_plan_input *input, struct tp_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    enum tp_status status = tp_file_read(path, SPEC_BYTES_MAX, &bytes, &length, err);
    if (status != TP_OK)
        return status;
    status = tp_yaml_parse(bytes, length, path, yaml, err);
    if (status == TP_OK && input) {
        tp_digest_bytes(bytes, length, input->sha256);
        input->file = tp_path_base(path);
        if (!input->file)
            status = tp_fail_memory(err);
    }
    free(bytes);
    return status;
}

enum tp_status input_model(
    const char *path, struct tp_model **model, struct tp_plan_input *input, struct tp_error *err)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = read_spec(path, &yaml, input, err);
    if (status == TP_OK)
        status = tp_model_read(yaml, tp_yaml_root(yaml), model, err);
    tp_yaml_free(yaml);
    return status;
}

enum tp_status input_topology(const char *path, struct tp_topology **topology,
    struct tp_plan_input *input, struct tp_error *err)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = read_spec(path, &yaml, input, err);
    if (status == TP_OK)
        status = tp_topology_read(yaml, tp_yaml_root(yaml), topology, err);
    tp_yaml_free(yaml);
    return status;
}

void input_move(struct tp_plan_input *from, struct tp_plan_input *to)
{
    free(to->file);
    *to = *from;
    from->file = NULL;
}

void input_release(struct tp_plan_input *input)
{
    free(input->file);
    input->file = NULL;
}

static void warn_constant(const char *command, const struct tp_affinity *affinity)
{
    struct tp_text names = {0};
    int32_t count = 0;
    for (int32_t i = 0; i < affinity->feature_count; i++)
        if (affinity->state[i] == TP_FEATURE_CONSTANT && count++ < WARN_NAMES_MAX)
            tp_text_add(&names, "%s%s", count > 1 ? ", " : "", affinity->features[i]);
    if (count > WARN_NAMES_MAX)
        tp_text_add(&names, " and %" PRId32 " more", count - WARN_NAMES_MAX);
    if (count == 0)
        return;
    opt_say("%s: warning: %" PRId32
            " feature%s never var%s in the dump, affinity 0 to all others: %s",
        command, count, tp_plural(count), count == 1 ? "ies" : "y", names.data ? names.data : "");
    tp_text_release(&names);
}

enum tp_status input_measure(const char *command, const char *path, const struct tp_model *model,
    const struct tp_affinity_options *options, struct tp_affinity **affinity, struct tp_error *err)
{
    struct tp_dump *dump = NULL;
    enum tp_status status = tp_dump_open(path, model, false, &dump, err);
    if (status == TP_OK)
        status = tp_affinity_measure(
            (const struct tp_dump *const *)&dump, 1, NULL, options, affinity, err);
    tp_dump_free(dump);
    if (status != TP_OK)
        return status;
    warn_constant(command, *affinity);
    if ((*affinity)->zero_vectors > 0)
        opt_say("%s: warning: %" PRId64 " all-zero vector%s in the dump", command,
            (*affinity)->zero_vectors, tp_plural((*affinity)->zero_vectors));
    return TP_OK;
}

enum tp_status input_record(const char *path, const struct tp_affinity *affinity,
    struct tp_plan_input *input, struct tp_error *err)
{
    char *file = tp_path_base(path);
    if (!file)
        return tp_fail_memory(err);
    free(input->file);
    input->file = file;
    memcpy(input->sha256, affinity->sha256, sizeof input->sha256);
    return TP_OK;
}
