/* SPDX-License-Identifier: Apache-2.0 */
/* What changed between two resolved specs, one line per difference, in words that a person can act
 * on. Tables and features are matched by name, levels and hosts by position; the order of tables
 * and of features is no difference, nor is hosts_per_tower, which a plan may choose.
 *
 * Cost: linear where names stand at the same index in both, as they mostly do; else O(n^2) compares. */
#include "spec/spec.h"

#include <string.h>

static void drift_integer(struct tp_text *lines, const char *what, int64_t old, int64_t new)
{
    if (old != new)
        tp_text_add(lines, "%s %lld -> %lld\n", what, (long long)old, (long long)new);
}

static void drift_real(struct tp_text *lines, const char *what, double old, double new)
{
    char from[32];
    char to[32];
    if (old == new)
        return;
    tp_format_real(from, old);
    tp_format_real(to, new);
    tp_text_add(lines, "%s %s -> %s\n", what, from, to);
}

static void drift_text(struct tp_text *lines, const char *what, const char *old, const char *new)
{
    if (strcmp(old, new) != 0)
        tp_text_add(lines, "%s %s -> %s\n", what, old, new);
}

/* Index of a table of that name; the same place first. */
static int32_t table_named(const struct tp_model *model, const char *name, int32_t guess)
{
    if (guess < model->table_count && !strcmp(model->tables[guess].name, name))
        return guess;
    return tp_model_table(model, name);
}

static int32_t feature_named(const struct tp_model *model, const char *name, int32_t guess)
{
    if (guess < model->feature_count && !strcmp(model->features[guess].name, name))
        return guess;
    return tp_model_feature(model, name);
}

static void drift_tables(
    const struct tp_model *old, const struct tp_model *new, struct tp_text *lines)
{
    for (int32_t i = 0; i < old->table_count; i++) {
        const struct tp_table *before = &old->tables[i];
        int32_t index = table_named(new, before->name, i);
        if (index < 0) {
            tp_text_add(lines, "table %s: dropped\n", before->name);
            continue;
        }
        const struct tp_table *after = &new->tables[index];
        if (before->rows != after->rows)
            tp_text_add(lines, "table %s: rows %lld -> %lld\n", before->name,
                (long long)before->rows, (long long)after->rows);
        if (before->dim != after->dim)
            tp_text_add(lines, "table %s: dim %d -> %d\n", before->name, before->dim, after->dim);
        if (before->row_order != after->row_order)
            tp_text_add(lines, "table %s: row_order %s -> %s\n", before->name,
                tp_row_order_name(before->row_order), tp_row_order_name(after->row_order));
    }
    for (int32_t i = 0; i < new->table_count; i++)
        if (table_named(old, new->tables[i].name, i) < 0)
            tp_text_add(lines, "table %s: added (%lld rows, dim %d)\n", new->tables[i].name,
                (long long)new->tables[i].rows, new->tables[i].dim);
}

static bool same_hot_rows(const struct tp_feature *a, const struct tp_feature *b)
{
    if (a->hot_count != b->hot_count)
        return false;
    for (int32_t i = 0; i < a->hot_count; i++)
        if (a->hot_rows[i].rows != b->hot_rows[i].rows ||
            a->hot_rows[i].share != b->hot_rows[i].share)
            return false;
    return true;
}

/* What a feature's ids look like. */
static void drift_ids(
    const struct tp_feature *before, const struct tp_feature *after, struct tp_text *lines)
{
    if (before->pooling != after->pooling) {
        tp_text_add(lines, "feature %s: ", before->name);
        drift_real(lines, "pooling", before->pooling, after->pooling);
    }
    if (before->pooling_p99 != after->pooling_p99) {
        tp_text_add(lines, "feature %s: ", before->name);
        drift_real(lines, "pooling_p99", before->pooling_p99, after->pooling_p99);
    }
    if (before->distinct != after->distinct)
        tp_text_add(lines, "feature %s: distinct %lld -> %lld\n", before->name,
            (long long)before->distinct, (long long)after->distinct);
    if (!same_hot_rows(before, after))
        tp_text_add(lines, "feature %s: hot_rows changed\n", before->name);
}

static void drift_features(
    const struct tp_model *old, const struct tp_model *new, struct tp_text *lines)
{
    for (int32_t i = 0; i < old->feature_count; i++) {
        const struct tp_feature *before = &old->features[i];
        int32_t index = feature_named(new, before->name, i);
        if (index < 0) {
            tp_text_add(lines, "feature %s: dropped\n", before->name);
            continue;
        }
        const struct tp_feature *after = &new->features[index];
        const char *from = old->tables[before->table].name;
        const char *to = new->tables[after->table].name;
        if (strcmp(from, to) != 0)
            tp_text_add(lines, "feature %s: table %s -> %s\n", before->name, from, to);
        drift_ids(before, after, lines);
    }
    for (int32_t i = 0; i < new->feature_count; i++)
        if (feature_named(old, new->features[i].name, i) < 0)
            tp_text_add(lines, "feature %s: added (table %s)\n", new->features[i].name,
                new->tables[new->features[i].table].name);
}

static void drift_mlp(
    struct tp_text *lines, const char *what, const struct tp_mlp *old, const struct tp_mlp *new)
{
    const struct tp_mlp *both[] = {old, new};
    size_t bytes = (size_t)old->layer_count * sizeof old->width[0];
    if (old->layer_count == new->layer_count && !memcmp(old->width, new->width, bytes))
        return;
    tp_text_add(lines, "%s ", what);
    for (int side = 0; side < 2; side++) {
        for (int32_t i = 0; i < both[side]->layer_count; i++)
            tp_text_add(lines, "%s%d", i ? ", " : "[", both[side]->width[i]);
        tp_text_add(lines, "%s", side ? "]\n" : "] -> ");
    }
}

static void drift_arch(
    const struct tp_model *old, const struct tp_model *new, struct tp_text *lines)
{
    const struct tp_tower_module *before = &old->tower_module;
    const struct tp_tower_module *after = &new->tower_module;
    drift_text(lines, "arch: interaction", tp_interaction_name(old->interaction),
        tp_interaction_name(new->interaction));
    drift_mlp(lines, "arch: bottom_mlp", &old->bottom_mlp, &new->bottom_mlp);
    drift_mlp(lines, "arch: top_mlp", &old->top_mlp, &new->top_mlp);
    drift_integer(lines, "arch: cross_layers", old->cross_layers, new->cross_layers);
    drift_integer(lines, "arch: cross_rank", old->cross_rank, new->cross_rank);
    drift_text(lines, "tower_module: kind", tp_tower_module_name(before->kind),
        tp_tower_module_name(after->kind));
    drift_integer(lines, "tower_module: c", before->c, after->c);
    drift_integer(lines, "tower_module: p", before->p, after->p);
    drift_integer(lines, "tower_module: dim", before->dim, after->dim);
    drift_integer(lines, "tower_module: rank", before->rank, after->rank);
}

static bool constraint_names(
    const struct tp_model *model, const struct tp_constraint *constraint, const char *feature)
{
    for (int32_t i = 0; i < constraint->feature_count; i++)
        if (!strcmp(model->features[constraint->features[i]].name, feature))
            return true;
    return false;
}

/* The same kind, tower and set of features; no constraint names a feature twice. */
static bool same_constraint(const struct tp_model *a_model, const struct tp_constraint *a,
    const struct tp_model *b_model, const struct tp_constraint *b)
{
    if (a->kind != b->kind || a->tower != b->tower || a->feature_count != b->feature_count)
        return false;
    for (int32_t i = 0; i < a->feature_count; i++)
        if (!constraint_names(b_model, b, a_model->features[a->features[i]].name))
            return false;
    return true;
}

/* The constraints of one model that the other does not have. */
static void list_constraints(const struct tp_model *of, const struct tp_model *not_in,
    const char *what, struct tp_text *lines)
{
    static const char *const kinds[] = {
        [TP_TOGETHER] = "together", [TP_APART] = "apart", [TP_PIN] = "pin"};
    for (int32_t i = 0; i < of->constraint_count; i++) {
        const struct tp_constraint *constraint = &of->constraints[i];
        bool found = false;
        for (int32_t j = 0; j < not_in->constraint_count && !found; j++)
            found = same_constraint(of, constraint, not_in, &not_in->constraints[j]);
        if (found)
            continue;
        tp_text_add(lines, "constraint %s: %s", what, kinds[constraint->kind]);
        for (int32_t k = 0; k < constraint->feature_count; k++)
            tp_text_add(lines, "%s%s", k ? ", " : " ", of->features[constraint->features[k]].name);
        if (constraint->kind == TP_PIN)
            tp_text_add(lines, " to tower %d", constraint->tower);
        tp_text_add(lines, "\n");
    }
}

void tp_model_drift(const struct tp_model *old, const struct tp_model *new, struct tp_text *lines)
{
    drift_text(lines, "name", old->name, new->name);
    drift_integer(lines, "dense_features", old->dense_features, new->dense_features);
    drift_integer(lines, "batch_size", old->batch_size, new->batch_size);
    drift_integer(lines, "local_batch_size", old->local_batch_size, new->local_batch_size);
    drift_text(lines, "embedding: dtype", tp_dtype_name(old->embedding_dtype),
        tp_dtype_name(new->embedding_dtype));
    drift_text(lines, "embedding: optimizer", tp_optimizer_name(old->optimizer),
        tp_optimizer_name(new->optimizer));
    drift_text(
        lines, "communication: forward", tp_dtype_name(old->forward), tp_dtype_name(new->forward));
    drift_text(lines, "communication: backward", tp_dtype_name(old->backward),
        tp_dtype_name(new->backward));
    drift_tables(old, new, lines);
    drift_features(old, new, lines);
    drift_arch(old, new, lines);
    list_constraints(old, new, "dropped", lines);
    list_constraints(new, old, "added", lines);
}

static bool same_curve(const struct tp_curve *a, const struct tp_curve *b)
{
    if (a->count != b->count)
        return false;
    for (int32_t i = 0; i < a->count; i++)
        if (a->points[i].world != b->points[i].world ||
            a->points[i].bytes_per_s != b->points[i].bytes_per_s)
            return false;
    return true;
}

/* Begins a line for a level; what follows is added by drift_real() and its like. */
static void drift_level(
    const struct tp_level *old, const struct tp_level *new, int32_t index, struct tp_text *lines)
{
    struct {
        const char *what;
        double before, after;
    } const values[] = {
        {"bytes_per_s", old->bytes_per_s, new->bytes_per_s},
        {"uplink_bytes_per_s", old->uplink_bytes_per_s, new->uplink_bytes_per_s},
        {"latency_s", old->latency_s, new->latency_s},
    };
    if (strcmp(old->name, new->name) != 0)
        tp_text_add(lines, "level %d: name %s -> %s\n", index, old->name, new->name);
    if (old->fanout != new->fanout)
        tp_text_add(lines, "level %s: fanout %d -> %d\n", old->name, old->fanout, new->fanout);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (values[i].before == values[i].after)
            continue;
        tp_text_add(lines, "level %s: ", old->name);
        drift_real(lines, values[i].what, values[i].before, values[i].after);
    }
    if (!same_curve(&old->alltoall, &new->alltoall))
        tp_text_add(lines, "level %s: alltoall curve changed\n", old->name);
    if (!same_curve(&old->allreduce, &new->allreduce))
        tp_text_add(lines, "level %s: allreduce curve changed\n", old->name);
}

/* Uplink of a host as its level says, before overrides. */
static double default_uplink(const struct tp_topology *topology)
{
    return topology->level_count > 1 ? topology->levels[1].uplink_bytes_per_s : 0.0;
}

/* Only differences that device and levels do not explain already. */
static void drift_hosts(
    const struct tp_topology *old, const struct tp_topology *new, struct tp_text *lines)
{
    bool same_memory = old->device.memory_bytes == new->device.memory_bytes;
    bool same_uplink = default_uplink(old) == default_uplink(new);
    int32_t count = old->host_count < new->host_count ? old->host_count : new->host_count;
    for (int32_t i = 0; i < count; i++) {
        const struct tp_host *a = &old->hosts[i];
        const struct tp_host *b = &new->hosts[i];
        bool own_memory = a->memory_bytes != old->device.memory_bytes ||
                          b->memory_bytes != new->device.memory_bytes;
        bool own_uplink = a->uplink_bytes_per_s != default_uplink(old) ||
                          b->uplink_bytes_per_s != default_uplink(new);
        if (a->memory_bytes != b->memory_bytes && (same_memory || own_memory))
            tp_text_add(lines, "host %d: memory_bytes %lld -> %lld\n", i,
                (long long)a->memory_bytes, (long long)b->memory_bytes);
        if (a->uplink_bytes_per_s != b->uplink_bytes_per_s && (same_uplink || own_uplink)) {
            tp_text_add(lines, "host %d: ", i);
            drift_real(lines, "uplink_bytes_per_s", a->uplink_bytes_per_s, b->uplink_bytes_per_s);
        }
    }
}

void tp_topology_drift(
    const struct tp_topology *old, const struct tp_topology *new, struct tp_text *lines)
{
    drift_text(lines, "name", old->name, new->name);
    drift_integer(
        lines, "device: memory_bytes", old->device.memory_bytes, new->device.memory_bytes);
    drift_real(lines, "device: reserve", old->device.reserve, new->device.reserve);
    drift_real(lines, "device: memory_bytes_per_s", old->device.memory_bytes_per_s,
        new->device.memory_bytes_per_s);
    drift_real(lines, "device: flops_per_s", old->device.flops_per_s, new->device.flops_per_s);
    drift_real(lines, "device: exchange_s", old->device.exchange_s, new->device.exchange_s);
    drift_integer(lines, "device: alone: ranks", old->device.alone.ranks, new->device.alone.ranks);
    drift_real(lines, "device: alone: memory_bytes_per_s", old->device.alone.memory_bytes_per_s,
        new->device.alone.memory_bytes_per_s);
    drift_real(lines, "device: alone: flops_per_s", old->device.alone.flops_per_s,
        new->device.alone.flops_per_s);
    drift_integer(lines, "levels: count", old->level_count, new->level_count);
    int32_t count = old->level_count < new->level_count ? old->level_count : new->level_count;
    for (int32_t i = 0; i < count; i++)
        drift_level(&old->levels[i], &new->levels[i], i, lines);
    drift_hosts(old, new, lines);
}
