/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file to a plan. In: a document as plan_write.c makes it, maybe edited by a person. Out: what it
 * says, or an error with file, line and column.
 *
 * Strict about form: unknown or missing keys, wrong types, words of later versions. Blind to sense: a
 * tower that does not exist, a shard too long, stale bytes are read as they stand, so that check.c can
 * name them all at once. Names come without control characters, so findings may quote them.
 *
 * The reader keeps the first failure and does nothing from then on, so that a mapping reads as the
 * list of its keys. Cost: O(bytes). */
#include <towerpart/plan.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/yaml_read.h"
#include "plan/document.h"
#include "spec/common.h"
#include "spec/spec.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct reader {
    const struct tp_yaml *yaml;
    struct tp_error *err;
    enum tp_status status; /* of the first failure */
};

static bool is_fine(const struct reader *r)
{
    return r->status == TP_OK;
}

static void read_int32(
    struct reader *r, const struct tp_yaml_node *mapping, const char *key, int32_t *value)
{
    if (is_fine(r))
        r->status = tp_yaml_int32(r->yaml, mapping, key, true, INT32_MIN, INT32_MAX, value, r->err);
}

static void read_int64(
    struct reader *r, const struct tp_yaml_node *mapping, const char *key, int64_t *value)
{
    if (is_fine(r))
        r->status =
            tp_yaml_integer(r->yaml, mapping, key, true, INT64_MIN, INT64_MAX, value, r->err);
}

static void read_real(
    struct reader *r, const struct tp_yaml_node *mapping, const char *key, double *value)
{
    if (is_fine(r))
        r->status = tp_yaml_real(r->yaml, mapping, key, true, -DBL_MAX, DBL_MAX, value, r->err);
}

/* A missing key is a figure that was not assessed. */
static void read_optional(
    struct reader *r, const struct tp_yaml_node *mapping, const char *key, double *value)
{
    *value = (double)NAN;
    if (is_fine(r) && tp_yaml_get(mapping, key))
        read_real(r, mapping, key, value);
}

static void read_name(
    struct reader *r, const struct tp_yaml_node *mapping, const char *key, char **name)
{
    if (is_fine(r))
        r->status = tp_spec_name_key(r->yaml, mapping, key, name, r->err);
}

/* `later` are words that a later version of the format knows. */
static void read_word(struct reader *r, const struct tp_yaml_node *mapping, const char *key,
    const char *const *words, const char *later, int *value)
{
    if (!is_fine(r))
        return;
    const struct tp_yaml_node *at = tp_yaml_get(mapping, key);
    if (at && at->kind == TP_YAML_SCALAR && later && !strcmp(at->value, later))
        r->status = tp_yaml_fail(r->yaml, at, r->err,
            "found '%s', which is not part of this version, expected a word of it, such as %s",
            later, words[0]);
    else
        r->status = tp_yaml_word(r->yaml, mapping, key, true, words, value, r->err);
}

static void expect_keys(
    struct reader *r, const struct tp_yaml_node *mapping, const char *const *keys)
{
    if (is_fine(r))
        r->status = tp_yaml_expect_mapping(r->yaml, mapping, keys, r->err);
}

/* The mapping at a key, with no keys but these; NULL after a failure. */
static const struct tp_yaml_node *need_mapping(
    struct reader *r, const struct tp_yaml_node *parent, const char *key, const char *const *keys)
{
    const struct tp_yaml_node *mapping = NULL;
    if (is_fine(r))
        r->status = tp_yaml_need(r->yaml, parent, key, "a mapping", &mapping, r->err);
    expect_keys(r, mapping, keys);
    return is_fine(r) ? mapping : NULL;
}

/* A zeroed array with an entry for each item of the list at a key; NULL after a failure. */
static void *new_entries(struct reader *r, const struct tp_yaml_node *parent, const char *key,
    size_t entry_bytes, const struct tp_yaml_node **list, int32_t *count)
{
    if (is_fine(r))
        r->status = tp_yaml_need(r->yaml, parent, key, "a list", list, r->err);
    if (is_fine(r))
        r->status = tp_yaml_expect_sequence(r->yaml, *list, 0, r->err);
    if (is_fine(r) && (*list)->count > INT32_MAX)
        r->status = tp_yaml_fail(r->yaml, *list, r->err, "found %zu entries, expected at most %d",
            (*list)->count, INT32_MAX);
    if (!is_fine(r))
        return NULL;
    void *entries = tp_new((*list)->count, entry_bytes);
    if (!entries)
        r->status = tp_fail_memory(r->err);
    else
        *count = (int32_t)(*list)->count;
    return entries;
}

static void read_sha256(
    struct reader *r, const struct tp_yaml_node *mapping, const char *key, char sha256[65])
{
    const char *text;
    const struct tp_yaml_node *at = is_fine(r) ? tp_yaml_get(mapping, key) : NULL;
    if (!at)
        return;
    r->status = tp_yaml_as_text(r->yaml, at, &text, r->err);
    if (!is_fine(r))
        return;
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        r->status = tp_yaml_fail(
            r->yaml, at, r->err, "found '%.70s', expected 64 lower-case hex digits", text);
    else
        memcpy(sha256, text, 65);
}

static void read_input(
    struct reader *r, const struct tp_yaml_node *mapping, struct tp_plan_input *input)
{
    if (is_fine(r) && tp_yaml_get(mapping, "file"))
        read_name(r, mapping, "file", &input->file);
    read_sha256(r, mapping, "sha256", input->sha256);
}

/* A list of names that may be missing. */
static void read_names(struct reader *r, const struct tp_yaml_node *mapping, const char *key,
    char ***names, int32_t *count)
{
    const struct tp_yaml_node *list = NULL;
    if (!is_fine(r) || !tp_yaml_get(mapping, key))
        return;
    *names = new_entries(r, mapping, key, sizeof **names, &list, count);
    for (size_t i = 0; is_fine(r) && i < list->count; i++)
        r->status = tp_spec_name(r->yaml, list->items[i], &(*names)[i], r->err);
}

/* {feature: share}, which may be missing. */
static void read_movers(
    struct reader *r, const struct tp_yaml_node *mapping, struct tp_plan_affinity *affinity)
{
    const struct tp_yaml_node *movers = is_fine(r) ? tp_yaml_get(mapping, "movers") : NULL;
    if (!movers)
        return;
    char found[TP_YAML_FOUND_BYTES];
    tp_yaml_found(movers, found);
    if (movers->kind != TP_YAML_MAPPING || movers->count > INT32_MAX) {
        r->status = tp_yaml_fail(r->yaml, movers, r->err,
            "found %s, expected a mapping of features such as {user: 0.25}", found);
        return;
    }
    affinity->movers = TP_NEW(movers->count, struct tp_plan_mover);
    if (!affinity->movers) {
        r->status = tp_fail_memory(r->err);
        return;
    }
    affinity->mover_count = (int32_t)movers->count;
    for (size_t i = 0; is_fine(r) && i < movers->count; i++) {
        r->status = tp_spec_key_name(r->yaml, movers, i, &affinity->movers[i].feature, r->err);
        read_real(r, movers, movers->keys[i], &affinity->movers[i].share);
    }
}

/* How far the affinity can be trusted: what was not assessed is missing. */
static void read_trust(
    struct reader *r, const struct tp_yaml_node *mapping, struct tp_plan_affinity *affinity)
{
    static const char *const verdicts[] = {"trusted", "weak", "noise", NULL};
    int word = 0;
    read_optional(r, mapping, "reproducibility", &affinity->reproducibility);
    read_optional(r, mapping, "null_rho", &affinity->null_rho);
    read_optional(r, mapping, "learned", &affinity->learned);
    read_optional(r, mapping, "noise_floor", &affinity->noise_floor);
    read_optional(r, mapping, "above_floor", &affinity->above_floor);
    read_optional(r, mapping, "std_error", &affinity->std_error);
    read_optional(r, mapping, "stability", &affinity->stability);
    read_movers(r, mapping, affinity);
    read_names(r, mapping, "constant", &affinity->constant, &affinity->constant_count);
    read_names(r, mapping, "neutral", &affinity->neutral, &affinity->neutral_count);
    if (is_fine(r) && tp_yaml_get(mapping, "verdict")) {
        read_word(r, mapping, "verdict", verdicts, NULL, &word);
        affinity->verdict = (enum tp_verdict)(TP_VERDICT_TRUSTED + word);
    }
}

static void read_affinity(
    struct reader *r, const struct tp_yaml_node *inputs, struct tp_plan_affinity *affinity)
{
    static const char *const keys[] = {"file", "sha256", "from", "measure", "samples", "dumps",
        "reproducibility", "null_rho", "learned", "noise_floor", "above_floor", "std_error",
        "stability", "movers", "constant", "neutral", "verdict", NULL};
    static const char *const measures[] = {"cka", "cosine", NULL};
    static const char *const origins[] = {"affinity", "dump", NULL};
    int word = 0;
    affinity->stability = (double)NAN;
    if (!is_fine(r) || !tp_yaml_get(inputs, "affinity"))
        return;
    const struct tp_yaml_node *mapping = need_mapping(r, inputs, "affinity", keys);
    if (!mapping)
        return;
    read_input(r, mapping, &affinity->input);
    if (is_fine(r) && tp_yaml_get(mapping, "from"))
        read_word(r, mapping, "from", origins, NULL, &word);
    affinity->from_dump = word;
    read_word(r, mapping, "measure", measures, NULL, &word);
    affinity->measure = (enum tp_measure)word;
    read_int64(r, mapping, "samples", &affinity->samples);
    affinity->dumps = 1;
    if (is_fine(r))
        r->status =
            tp_yaml_int32(r->yaml, mapping, "dumps", false, 1, INT32_MAX, &affinity->dumps, r->err);
    read_trust(r, mapping, affinity);
}

static void read_inputs(struct reader *r, const struct tp_yaml_node *root, struct tp_plan *plan)
{
    static const char *const keys[] = {"model", "topology", "older", "affinity", NULL};
    static const char *const input_keys[] = {"file", "sha256", NULL};
    const struct tp_yaml_node *inputs = need_mapping(r, root, "inputs", keys);
    const struct tp_yaml_node *model = need_mapping(r, inputs, "model", input_keys);
    read_input(r, model, &plan->model_input);
    const struct tp_yaml_node *topology = need_mapping(r, inputs, "topology", input_keys);
    read_input(r, topology, &plan->topology_input);
    if (is_fine(r) && tp_yaml_get(inputs, "older"))
        read_input(r, need_mapping(r, inputs, "older", input_keys), &plan->older);
    read_affinity(r, inputs, &plan->affinity);
}

static void read_specs(struct reader *r, const struct tp_yaml_node *root, struct tp_plan *plan)
{
    const struct tp_yaml_node *at = NULL;
    if (is_fine(r))
        r->status = tp_yaml_need(r->yaml, root, "model", "a model spec", &at, r->err);
    if (is_fine(r))
        r->status = tp_model_read(r->yaml, at, &plan->model, r->err);
    if (is_fine(r))
        r->status = tp_yaml_need(r->yaml, root, "topology", "a topology spec", &at, r->err);
    if (is_fine(r))
        r->status = tp_topology_read(r->yaml, at, &plan->topology, r->err);
}

static void read_head(struct reader *r, const struct tp_yaml_node *root, struct tp_plan *plan)
{
    static const char *const keys[] = {"towerpart_plan", "generator", "seed", "strategy", "inputs",
        "model", "topology", "limits", "towers", "tables", "ranks", "quality", "cost", NULL};
    static const char *const strategies[] = {
        "coherent", "diverse", "load", "stride", "paper", "flat", "imported", NULL};
    static const char *const limit_keys[] = {"balance", "ratio", "proven", NULL};
    int64_t seed = 0;
    int strategy = 0;
    expect_keys(r, root, keys);
    read_name(r, root, "generator", &plan->generator);
    if (is_fine(r))
        r->status = tp_yaml_integer(r->yaml, root, "seed", true, 0, INT64_MAX, &seed, r->err);
    read_word(r, root, "strategy", strategies, NULL, &strategy);
    plan->seed = (uint64_t)seed;
    plan->strategy = (enum tp_strategy)strategy;
    read_inputs(r, root, plan);
    read_specs(r, root, plan);
    const struct tp_yaml_node *limits = need_mapping(r, root, "limits", limit_keys);
    read_real(r, limits, "balance", &plan->balance);
    read_real(r, limits, "ratio", &plan->ratio);
    if (is_fine(r))
        r->status = tp_yaml_boolean(r->yaml, limits, "proven", true, &plan->limits_proven, r->err);
}

static void read_integers(struct reader *r, const struct tp_yaml_node *mapping, const char *key,
    int32_t **values, int32_t *count)
{
    int64_t value = 0;
    const struct tp_yaml_node *list = NULL;
    *values = new_entries(r, mapping, key, sizeof **values, &list, count);
    for (size_t i = 0; is_fine(r) && i < list->count; i++) {
        r->status =
            tp_yaml_as_integer(r->yaml, list->items[i], INT32_MIN, INT32_MAX, &value, r->err);
        (*values)[i] = (int32_t)value;
    }
}

static void read_tower(
    struct reader *r, const struct tp_yaml_node *mapping, struct tp_plan_tower *tower)
{
    static const char *const keys[] = {"id", "hosts", "ranks", "features", "output_dim", NULL};
    expect_keys(r, mapping, keys);
    read_int32(r, mapping, "id", &tower->id);
    read_integers(r, mapping, "hosts", &tower->hosts, &tower->host_count);
    read_integers(r, mapping, "ranks", &tower->ranks, &tower->rank_count);
    const struct tp_yaml_node *list = NULL;
    tower->features =
        new_entries(r, mapping, "features", sizeof *tower->features, &list, &tower->feature_count);
    for (size_t i = 0; is_fine(r) && i < list->count; i++)
        r->status = tp_spec_name(r->yaml, list->items[i], &tower->features[i], r->err);
    read_int64(r, mapping, "output_dim", &tower->output_dim);
}

static void read_shard(struct reader *r, const struct tp_yaml_node *mapping, struct tp_shard *shard)
{
    static const char *const keys[] = {"rank", "row", "rows", "column", "columns", NULL};
    expect_keys(r, mapping, keys);
    read_int32(r, mapping, "rank", &shard->rank);
    read_int64(r, mapping, "row", &shard->row);
    read_int64(r, mapping, "rows", &shard->rows);
    read_int32(r, mapping, "column", &shard->column);
    read_int32(r, mapping, "columns", &shard->columns);
}

static void read_table(
    struct reader *r, const struct tp_yaml_node *mapping, struct tp_plan_table *table)
{
    static const char *const keys[] = {"name", "tower", "sharding", "shards", NULL};
    static const char *const shardings[] = {"table", "column", "row", NULL};
    struct tp_table_placement *place = &table->place;
    int sharding = 0;
    expect_keys(r, mapping, keys);
    read_name(r, mapping, "name", &table->name);
    read_int32(r, mapping, "tower", &place->tower);
    read_word(r, mapping, "sharding", shardings, "replicate", &sharding);
    place->sharding = (enum tp_sharding)sharding;
    const struct tp_yaml_node *list = NULL;
    place->shards =
        new_entries(r, mapping, "shards", sizeof *place->shards, &list, &place->shard_count);
    for (size_t i = 0; is_fine(r) && i < list->count; i++)
        read_shard(r, list->items[i], &place->shards[i]);
}

static void read_rank(
    struct reader *r, const struct tp_yaml_node *mapping, struct tp_plan_rank *rank)
{
    static const char *const keys[] = {
        "rank", "memory_bytes", "lookup_bytes", "output_bytes", "id_bytes", NULL};
    expect_keys(r, mapping, keys);
    read_int32(r, mapping, "rank", &rank->rank);
    read_int64(r, mapping, "memory_bytes", &rank->load.memory_bytes);
    read_int64(r, mapping, "lookup_bytes", &rank->load.lookup_bytes);
    read_int64(r, mapping, "output_bytes", &rank->load.output_bytes);
    read_int64(r, mapping, "id_bytes", &rank->load.id_bytes);
}

static void read_layout(struct reader *r, const struct tp_yaml_node *root, struct tp_plan *plan)
{
    const struct tp_yaml_node *list = NULL;
    plan->towers = new_entries(r, root, "towers", sizeof *plan->towers, &list, &plan->tower_count);
    for (size_t i = 0; is_fine(r) && i < list->count; i++)
        read_tower(r, list->items[i], &plan->towers[i]);
    plan->tables = new_entries(r, root, "tables", sizeof *plan->tables, &list, &plan->table_count);
    for (size_t i = 0; is_fine(r) && i < list->count; i++)
        read_table(r, list->items[i], &plan->tables[i]);
    plan->ranks = new_entries(r, root, "ranks", sizeof *plan->ranks, &list, &plan->rank_count);
    for (size_t i = 0; is_fine(r) && i < list->count; i++)
        read_rank(r, list->items[i], &plan->ranks[i]);
}

/* A baseline's name is a key, so tp_spec_name() has not seen it. */
static void read_baseline(struct reader *r, const struct tp_yaml_node *mapping, size_t entry,
    struct tp_plan_baseline *baseline)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const char *name = mapping->keys[entry];
    if (!*name || name[strspn(name, letters)]) {
        r->status = tp_yaml_fail_key(r->yaml, mapping, entry, r->err,
            "found '%.70s', expected a name of small letters, digits and _", name);
        return;
    }
    baseline->within_limits = true;
    baseline->name = tp_copy_text(name, strlen(name));
    if (!baseline->name)
        r->status = tp_fail_memory(r->err);
    read_real(r, mapping, name, &baseline->inside_affinity);
}

static void mark_over_limit(
    struct reader *r, const struct tp_yaml_node *name, struct tp_plan_quality *quality)
{
    const char *text;
    r->status = tp_yaml_as_text(r->yaml, name, &text, r->err);
    if (!is_fine(r))
        return;
    for (int32_t i = 0; i < quality->baseline_count; i++) {
        struct tp_plan_baseline *baseline = &quality->baselines[i];
        if (!strcmp(baseline->name, text) && baseline->within_limits) {
            baseline->within_limits = false;
            return;
        }
    }
    r->status = tp_yaml_fail(
        r->yaml, name, r->err, "found '%.70s', expected one of the baselines, once", text);
}

static void read_baselines(
    struct reader *r, const struct tp_yaml_node *mapping, struct tp_plan_quality *quality)
{
    const struct tp_yaml_node *shares = is_fine(r) ? tp_yaml_get(mapping, "baselines") : NULL;
    const struct tp_yaml_node *over =
        is_fine(r) ? tp_yaml_get(mapping, "baselines_over_limit") : NULL;
    if (shares && shares->kind != TP_YAML_MAPPING) {
        char found[TP_YAML_FOUND_BYTES];
        tp_yaml_found(shares, found);
        r->status = tp_yaml_fail(
            r->yaml, shares, r->err, "found %s, expected a mapping such as {stride: 0.25}", found);
    }
    if (!is_fine(r))
        return;
    size_t count = shares ? shares->count : 0;
    quality->baselines = TP_NEW(count, struct tp_plan_baseline);
    if (!quality->baselines) {
        r->status = tp_fail_memory(r->err);
        return;
    }
    quality->baseline_count = (int32_t)count;
    for (size_t i = 0; is_fine(r) && i < count; i++)
        read_baseline(r, shares, i, &quality->baselines[i]);
    if (is_fine(r) && over)
        r->status = tp_yaml_expect_sequence(r->yaml, over, 1, r->err);
    for (size_t i = 0; is_fine(r) && over && i < over->count; i++)
        mark_over_limit(r, over->items[i], quality);
}

static void read_quality(struct reader *r, const struct tp_yaml_node *root,
    enum tp_strategy strategy, struct tp_plan_quality *quality)
{
    const char *bound = tp_bound_key(strategy);
    const char *const keys[] = {"inside_affinity", bound, "proven_optimal", "assignment",
        "baselines", "baselines_over_limit", "balance", NULL};
    static const char *const balance_keys[] = {
        "features", "memory", "lookup", "output", "flops", NULL};
    const struct tp_yaml_node *mapping = need_mapping(r, root, "quality", keys);
    read_optional(r, mapping, "inside_affinity", &quality->inside_affinity);
    read_optional(r, mapping, bound, &quality->bound);
    if (is_fine(r))
        r->status = tp_yaml_boolean(
            r->yaml, mapping, "proven_optimal", false, &quality->proven_optimal, r->err);
    read_sha256(r, mapping, "assignment", quality->assignment);
    read_baselines(r, mapping, quality);
    const struct tp_yaml_node *balance = need_mapping(r, mapping, "balance", balance_keys);
    read_real(r, balance, "features", &quality->balance.features);
    read_real(r, balance, "memory", &quality->balance.memory);
    read_real(r, balance, "lookup", &quality->balance.lookup);
    read_real(r, balance, "output", &quality->balance.output);
    read_optional(r, balance, "flops", &quality->balance.flops);
}

static void read_phase(struct reader *r, const struct tp_yaml_node *mapping,
    const struct tp_topology *topology, struct tp_phase_cost *phase)
{
    static const char *const keys[] = {"seconds", "bytes", NULL};
    const char *levels[TP_LEVELS_MAX + 1] = {NULL};
    expect_keys(r, mapping, keys);
    read_real(r, mapping, "seconds", &phase->seconds);
    phase->present = true;
    if (!is_fine(r) || !tp_yaml_get(mapping, "bytes"))
        return;
    phase->moves = true;
    for (int32_t i = 0; i < topology->level_count; i++)
        levels[i] = topology->levels[i].name;
    const struct tp_yaml_node *bytes = need_mapping(r, mapping, "bytes", levels);
    for (int32_t i = 0; i < topology->level_count; i++)
        read_int64(r, bytes, levels[i], &phase->bytes[i]);
}

static void read_step(struct reader *r, const struct tp_yaml_node *cost, const char *mode,
    const struct tp_topology *topology, struct tp_step_cost *step)
{
    static const char *const keys[] = {"seconds", "phases", NULL};
    const char *names[TP_PHASE_COUNT + 1] = {NULL};
    for (int i = 0; i < TP_PHASE_COUNT; i++)
        names[i] = tp_phase_name((enum tp_phase)i);
    const struct tp_yaml_node *mapping = need_mapping(r, cost, mode, keys);
    read_real(r, mapping, "seconds", &step->seconds);
    const struct tp_yaml_node *phases = need_mapping(r, mapping, "phases", names);
    for (int i = 0; is_fine(r) && i < TP_PHASE_COUNT; i++) {
        const struct tp_yaml_node *phase = tp_yaml_get(phases, names[i]);
        if (phase)
            read_phase(r, phase, topology, &step->phases[i]);
    }
}

static void read_cost(struct reader *r, const struct tp_yaml_node *root, struct tp_plan *plan)
{
    static const char *const keys[] = {
        "flat", "sptt", "dmt", "flat_free", "recommended", "recommended_if_quality_allows", NULL};
    static const char *const free_keys[] = {"seconds", NULL};
    static const char *const ways[] = {"flat", "flat_free", "sptt", "dmt", NULL};
    struct tp_plan_cost *cost = &plan->cost;
    int use = 0, use_dmt = 0;
    const struct tp_yaml_node *mapping = need_mapping(r, root, "cost", keys);
    for (int i = 0; i < TP_MODE_COUNT; i++)
        read_step(r, mapping, tp_mode_name((enum tp_mode)i), plan->topology, &cost->modes[i]);
    cost->flat_free_seconds = (double)NAN;
    if (is_fine(r) && tp_yaml_get(mapping, "flat_free")) {
        const struct tp_yaml_node *flat_free = need_mapping(r, mapping, "flat_free", free_keys);
        read_real(r, flat_free, "seconds", &cost->flat_free_seconds);
    }
    read_word(r, mapping, "recommended", ways, NULL, &use);
    read_word(r, mapping, "recommended_if_quality_allows", ways, NULL, &use_dmt);
    cost->recommended = (enum tp_recommendation)use;
    cost->recommended_if_quality_allows = (enum tp_recommendation)use_dmt;
}

static enum tp_status read_plan(
    const struct tp_yaml *yaml, struct tp_plan **plan, struct tp_error *err)
{
    const struct tp_yaml_node *root = tp_yaml_root(yaml);
    struct reader r = {.yaml = yaml, .err = err, .status = TP_OK};
    struct tp_plan *made = TP_NEW(1, struct tp_plan);
    if (!made)
        return tp_fail_memory(err);
    r.status = tp_spec_version(yaml, root, "towerpart_plan", err);
    read_head(&r, root, made);
    read_layout(&r, root, made);
    read_quality(&r, root, made->strategy, &made->quality);
    read_cost(&r, root, made);
    if (is_fine(&r))
        *plan = made;
    else
        tp_plan_free(made);
    return r.status;
}

enum tp_status tp_plan_parse(
    const char *text, size_t length, const char *name, struct tp_plan **plan, struct tp_error *err)
{
    struct tp_yaml *yaml;
    enum tp_status status = tp_yaml_parse(text, length, name, &yaml, err);
    if (status != TP_OK)
        return status;
    status = read_plan(yaml, plan, err);
    tp_yaml_free(yaml);
    return status;
}

enum tp_status tp_plan_load(const char *path, struct tp_plan **plan, struct tp_error *err)
{
    struct tp_yaml *yaml;
    enum tp_status status = tp_yaml_load(path, &yaml, err);
    if (status != TP_OK)
        return status;
    status = read_plan(yaml, plan, err);
    tp_yaml_free(yaml);
    return status;
}
