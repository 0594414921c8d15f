/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that several commands read.
 *
 * In: paths from the command line. Out: what stands in the files, with base name and SHA-256. A spec or a
 * plan is read once and parsed from memory: what is digested is what was parsed. Warnings name at most a
 * few features; a list of a thousand helps nobody. */
#include "input.h"

#include "base/file.h"
#include "base/text.h"
#include "base/yaml_read.h"
#include "opt.h"
#include "plan/document.h"
#include "spec/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SPEC_BYTES_MAX ((size_t)256 << 20) /* as the YAML reader takes */
#define WARN_NAMES_MAX 5
#define NAMES_BYTES_MAX 255 /* a name in a plan */

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

enum tp_status input_plan(
    const char *path, struct tp_plan **plan, char sha256[TP_SHA256_TEXT], struct tp_error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    enum tp_status status = tp_file_read(path, SPEC_BYTES_MAX, &bytes, &length, err);
    if (status == TP_OK)
        status = tp_plan_parse(bytes, length, path, plan, err);
    if (status == TP_OK)
        tp_digest_bytes(bytes, length, sha256);
    free(bytes);
    return status;
}

enum tp_status input_older(
    const char *path, struct tp_plan **plan, struct tp_plan_input *input, struct tp_error *err)
{
    enum tp_status status = input_plan(path, plan, input->sha256, err);
    if (status == TP_OK && !(input->file = tp_path_base(path)))
        status = tp_fail_memory(err);
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

bool input_dump_option(
    const struct argp_state *state, struct input_dumps *dumps, int key, const char *text)
{
    switch (key) {
    case OPT_DUMP:
        if (dumps->count == INPUT_DUMPS_MAX)
            opt_error(state, "-d is given more than %d times", INPUT_DUMPS_MAX);
        dumps->paths[dumps->count++] = opt_dump(state, "-d", text);
        return true;
    case INPUT_KEY_NULL:
        dumps->null_dump = opt_dump(state, "--null", text);
        return true;
    case INPUT_KEY_MEASURE:
        dumps->options.measure = opt_measure(state, text);
        return true;
    case INPUT_KEY_MISSING:
        dumps->may_miss = opt_missing(state, text);
        return true;
    default:
        return false;
    }
}

void input_spare_dumps(
    const struct argp_state *state, const char *output, const struct input_dumps *dumps)
{
    for (int32_t i = 0; i < dumps->count; i++)
        opt_spare(state, output, "-d", dumps->paths[i]);
    opt_spare(state, output, "--null", dumps->null_dump);
}

/* Adds ", " before all but the first. */
static enum tp_status join_names(
    const char *const *paths, int32_t count, struct tp_text *names, struct tp_error *err)
{
    for (int32_t i = 0; i < count; i++) {
        char *base = tp_path_base(paths[i]);
        if (!base)
            return tp_fail_memory(err);
        tp_text_add(names, "%s%s", i ? ", " : "", base);
        free(base);
    }
    return names->failed ? tp_fail_memory(err) : TP_OK;
}

void input_recordable_dumps(const struct argp_state *state, const struct input_dumps *dumps)
{
    struct tp_text names = {0};
    for (int32_t i = 0; i < dumps->count; i++)
        opt_recordable(state, "-d", dumps->paths[i]);
    if (join_names(dumps->paths, dumps->count, &names, NULL))
        argp_failure(state, TP_EINTERNAL, 0, "out of memory");
    if (names.length > NAMES_BYTES_MAX)
        opt_error(state, "-d: the names of the dumps have %zu bytes together, a plan can record %d",
            names.length, NAMES_BYTES_MAX);
    tp_text_release(&names);
}

/* How many, and which: "a, b and 3 more". */
static int32_t list_state(
    const struct tp_affinity *affinity, enum tp_feature_state state, struct tp_text *names)
{
    int32_t count = 0;
    for (int32_t i = 0; i < affinity->feature_count; i++)
        if (affinity->state[i] == state && count++ < WARN_NAMES_MAX)
            tp_text_add(names, "%s%s", count > 1 ? ", " : "", affinity->features[i]);
    if (count > WARN_NAMES_MAX)
        tp_text_add(names, " and %" PRId32 " more", count - WARN_NAMES_MAX);
    return count;
}

/* Of features whose affinity is not what a measurement of them gave. */
static void warn_states(const char *command, const struct tp_affinity *affinity)
{
    struct tp_text constant = {0}, neutral = {0};
    const char *dumps = affinity->dumps > 1 ? "a dump" : "the dump";
    int32_t count = list_state(affinity, TP_FEATURE_CONSTANT, &constant);
    if (count > 0)
        opt_say("%s: warning: %" PRId32 " feature%s never var%s in %s, %s: %s", command, count,
            tp_plural(count), count == 1 ? "ies" : "y", dumps,
            affinity->measure == TP_MEASURE_CKA ? "affinity 0 to all others"
                                                : "whose cosines say nothing",
            constant.data ? constant.data : "");
    count = list_state(affinity, TP_FEATURE_NEUTRAL, &neutral);
    if (count > 0)
        opt_say("%s: warning: %" PRId32 " feature%s in no dump and take%s the mean affinity to all "
                "others (neutral): %s",
            command, count, count == 1 ? " is" : "s are", count == 1 ? "s" : "",
            neutral.data ? neutral.data : "");
    tp_text_release(&neutral);
    tp_text_release(&constant);
}

static enum tp_status open_dumps(const struct input_dumps *dumps, const struct tp_model *model,
    struct tp_dump **open, struct tp_dump **null_dump, struct tp_error *err)
{
    enum tp_status status = TP_OK;
    for (int32_t i = 0; status == TP_OK && i < dumps->count; i++)
        status = tp_dump_open(dumps->paths[i], model, dumps->may_miss, &open[i], err);
    if (status == TP_OK && dumps->null_dump)
        status = tp_dump_open(dumps->null_dump, model, dumps->may_miss, null_dump, err);
    return status;
}

enum tp_status input_measure(const char *command, const struct input_dumps *dumps,
    const struct tp_model *model, struct tp_affinity **affinity, struct tp_error *err)
{
    struct tp_dump *open[INPUT_DUMPS_MAX] = {NULL}, *null_dump = NULL;
    enum tp_status status = open_dumps(dumps, model, open, &null_dump, err);
    if (status == TP_OK)
        status = tp_affinity_measure((const struct tp_dump *const *)open, dumps->count, null_dump,
            &dumps->options, affinity, err);
    for (int32_t i = 0; i < dumps->count; i++)
        tp_dump_free(open[i]);
    tp_dump_free(null_dump);
    if (status != TP_OK)
        return status;
    warn_states(command, *affinity);
    if ((*affinity)->zero_vectors > 0)
        opt_say("%s: warning: %" PRId64 " all-zero vector%s in the dump%s", command,
            (*affinity)->zero_vectors, tp_plural((*affinity)->zero_vectors),
            tp_plural(dumps->count));
    return TP_OK;
}

static bool was_neutral(const struct tp_plan *plan, const char *feature)
{
    for (int32_t i = 0; plan && i < plan->affinity.neutral_count; i++)
        if (strcmp(plan->affinity.neutral[i], feature) == 0)
            return true;
    return false;
}

/* What the file lacks must have been neutral before, or be allowed to be. */
static enum tp_status check_absent(const char *path, const struct tp_model *model,
    const struct tp_plan *plan, const bool *absent, struct tp_error *err)
{
    int32_t missing = 0;
    const char *first = NULL;
    for (int32_t i = 0; i < model->feature_count; i++) {
        if (!absent[i] || was_neutral(plan, model->features[i].name))
            continue;
        first = first ? first : model->features[i].name;
        missing++;
    }
    if (!missing)
        return TP_OK;
    return tp_fail(err, TP_EINPUT,
        "%s: %" PRId32
        " feature%s of the model %s missing, first '%s': measure the affinity on a dump of the "
        "new model, or give --missing neutral, which takes the mean for them",
        path, missing, tp_plural(missing), missing == 1 ? "is" : "are", first);
}

enum tp_status input_affinity(const char *command, const char *path, const struct tp_model *model,
    struct tp_affinity **affinity, struct tp_error *err)
{
    enum tp_status status = tp_affinity_load(path, model, NULL, affinity, err);
    if (status == TP_OK)
        warn_states(command, *affinity);
    return status;
}

static bool is_for(const char *path, const struct tp_model *model)
{
    struct tp_affinity *affinity = NULL;
    bool is = tp_affinity_load(path, model, NULL, &affinity, NULL) == TP_OK;
    tp_affinity_free(affinity);
    return is;
}

/* A file with features that the model does not have must be the plan's, or of the plan's model: other models may
 * have features of the same names. */
static enum tp_status check_left_out(const char *path, const struct tp_model *model,
    const struct tp_plan *plan, const struct tp_affinity *found, int32_t left_out,
    struct tp_error *err)
{
    if (plan && (strcmp(found->sha256, plan->affinity.input.sha256) == 0 ||
                    (plan->model != model && is_for(path, plan->model))))
        return TP_OK;
    return tp_fail(err, TP_EINPUT,
        "%s: %" PRId32
        " feature%s that the model does not have%s: measure the affinity of this model",
        path, left_out, tp_plural(left_out),
        plan ? ", and it is neither what the plan was made from nor of the plan's model" : "");
}

enum tp_status input_known_affinity(const char *command, const char *path,
    const struct tp_model *model, const struct tp_plan *plan, bool may_miss,
    struct tp_affinity **affinity, struct tp_error *err)
{
    struct tp_affinity_gaps gaps = {.absent = calloc((size_t)model->feature_count, sizeof(bool))};
    if (!gaps.absent)
        return tp_fail_memory(err);
    enum tp_status status = tp_affinity_load(path, model, &gaps, affinity, err);
    if (status == TP_OK && gaps.left_out > 0)
        status = check_left_out(path, model, plan, *affinity, gaps.left_out, err);
    if (status == TP_OK && !may_miss)
        status = check_absent(path, model, plan, gaps.absent, err);
    if (status == TP_OK && command)
        warn_states(command, *affinity);
    free(gaps.absent);
    return status;
}

enum tp_status input_record(const char *const *paths, int32_t count,
    const struct tp_affinity *affinity, struct tp_plan_input *input, struct tp_error *err)
{
    struct tp_text names = {0};
    enum tp_status status = join_names(paths, count, &names, err);
    if (status != TP_OK) {
        tp_text_release(&names);
        return status;
    }
    free(input->file);
    input->file = names.data;
    memcpy(input->sha256, affinity->sha256, sizeof input->sha256);
    return TP_OK;
}
