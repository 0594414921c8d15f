/* SPDX-License-Identifier: Apache-2.0 */
/* Model and topology as JSON, with the keys and the nesting of their YAML files, every default written out.
 * What a file leaves out when it is not given is left out here too. Cost: O(F + hosts). */
#include "report/json_put.h"

#include "spec/spec.h"

static void put_mlp(struct tp_json *json, json_t *parent, const char *key, const struct tp_mlp *mlp)
{
    json_t *widths = tp_json_array(json, parent, key);
    for (int32_t i = 0; i < mlp->layer_count; i++)
        tp_json_integer(json, widths, NULL, mlp->width[i]);
}

/* What a log showed is there if one was looked at. */
static void put_feature(struct tp_json *json, json_t *features, const struct tp_feature *feature)
{
    json_t *entry = tp_json_object(json, features, NULL);
    tp_json_text(json, entry, "name", feature->name);
    tp_json_real(json, entry, "pooling", feature->pooling);
    if (feature->pooling_p99 > 0)
        tp_json_real(json, entry, "pooling_p99", feature->pooling_p99);
    if (feature->distinct > 0)
        tp_json_integer(json, entry, "distinct", feature->distinct);
    if (feature->hot_count == 0)
        return;
    json_t *points = tp_json_array(json, entry, "hot_rows");
    for (int32_t i = 0; i < feature->hot_count; i++) {
        json_t *pair = tp_json_array(json, points, NULL);
        tp_json_integer(json, pair, NULL, feature->hot_rows[i].rows);
        tp_json_real(json, pair, NULL, feature->hot_rows[i].share);
    }
}

static void put_table(struct tp_json *json, json_t *tables, const struct tp_model *model,
    const struct tp_table *table)
{
    json_t *object = tp_json_object(json, tables, NULL);
    tp_json_text(json, object, "name", table->name);
    tp_json_integer(json, object, "rows", table->rows);
    tp_json_integer(json, object, "dim", table->dim);
    if (tp_model_order_matters(model, table))
        tp_json_text(json, object, "row_order", tp_row_order_name(table->row_order));
    json_t *features = tp_json_array(json, object, "features");
    for (int32_t i = 0; i < table->feature_count; i++)
        put_feature(json, features, &model->features[table->first_feature + i]);
}

static void put_arch(struct tp_json *json, json_t *parent, const struct tp_model *model)
{
    const struct tp_tower_module *module = &model->tower_module;
    json_t *arch = tp_json_object(json, parent, "arch");
    tp_json_text(json, arch, "interaction", tp_interaction_name(model->interaction));
    if (model->dense_features > 0)
        put_mlp(json, arch, "bottom_mlp", &model->bottom_mlp);
    put_mlp(json, arch, "top_mlp", &model->top_mlp);
    if (model->interaction == TP_DCN) {
        tp_json_integer(json, arch, "cross_layers", model->cross_layers);
        tp_json_integer(json, arch, "cross_rank", model->cross_rank);
    }
    json_t *object = tp_json_object(json, parent, "tower_module");
    tp_json_text(json, object, "kind", tp_tower_module_name(module->kind));
    if (module->kind == TP_MODULE_DLRM) {
        tp_json_integer(json, object, "c", module->c);
        tp_json_integer(json, object, "p", module->p);
    }
    if (module->kind != TP_MODULE_NONE)
        tp_json_integer(json, object, "dim", module->dim);
    if (module->kind == TP_MODULE_DCN)
        tp_json_integer(json, object, "rank", module->rank);
}

static void put_constraint(struct tp_json *json, json_t *constraints, const struct tp_model *model,
    const struct tp_constraint *constraint)
{
    json_t *object = tp_json_object(json, constraints, NULL);
    if (constraint->kind == TP_PIN) {
        json_t *pin = tp_json_object(json, object, "pin");
        tp_json_text(json, pin, "feature", model->features[constraint->features[0]].name);
        tp_json_integer(json, pin, "tower", constraint->tower);
        return;
    }
    json_t *names =
        tp_json_array(json, object, constraint->kind == TP_APART ? "apart" : "together");
    for (int32_t i = 0; i < constraint->feature_count; i++)
        tp_json_text(json, names, NULL, model->features[constraint->features[i]].name);
}

void tp_json_model(struct tp_json *json, json_t *parent, const struct tp_model *model)
{
    json_t *object = tp_json_object(json, parent, "model");
    tp_json_text(json, object, "name", model->name);
    tp_json_integer(json, object, "dense_features", model->dense_features);
    if (model->batch_size)
        tp_json_integer(json, object, "batch_size", model->batch_size);
    else
        tp_json_integer(json, object, "local_batch_size", model->local_batch_size);
    json_t *embedding = tp_json_object(json, object, "embedding");
    tp_json_text(json, embedding, "dtype", tp_dtype_name(model->embedding_dtype));
    tp_json_text(json, embedding, "optimizer", tp_optimizer_name(model->optimizer));
    json_t *communication = tp_json_object(json, object, "communication");
    tp_json_text(json, communication, "forward", tp_dtype_name(model->forward));
    tp_json_text(json, communication, "backward", tp_dtype_name(model->backward));
    json_t *tables = tp_json_array(json, object, "tables");
    for (int32_t i = 0; i < model->table_count; i++)
        put_table(json, tables, model, &model->tables[i]);
    put_arch(json, object, model);
    json_t *constraints = tp_json_array(json, object, "constraints");
    for (int32_t i = 0; i < model->constraint_count; i++)
        put_constraint(json, constraints, model, &model->constraints[i]);
}

static void put_curve(
    struct tp_json *json, json_t *level, const char *key, const struct tp_curve *curve)
{
    if (!curve->count)
        return;
    json_t *points = tp_json_array(json, level, key);
    for (int32_t i = 0; i < curve->count; i++) {
        json_t *point = tp_json_array(json, points, NULL);
        tp_json_real(json, point, NULL, curve->points[i].world);
        tp_json_real(json, point, NULL, curve->points[i].bytes_per_s);
    }
}

static void put_level(struct tp_json *json, json_t *levels, const struct tp_level *level)
{
    json_t *object = tp_json_object(json, levels, NULL);
    tp_json_text(json, object, "name", level->name);
    tp_json_integer(json, object, "fanout", level->fanout);
    tp_json_real(json, object, "bytes_per_s", level->bytes_per_s);
    if (level->uplink_bytes_per_s > 0)
        tp_json_real(json, object, "uplink_bytes_per_s", level->uplink_bytes_per_s);
    tp_json_real(json, object, "latency_s", level->latency_s);
    put_curve(json, object, "alltoall", &level->alltoall);
    put_curve(json, object, "allreduce", &level->allreduce);
}

/* The hosts that differ from the device and from level 1. */
static void put_hosts(struct tp_json *json, json_t *parent, const struct tp_topology *topology)
{
    double uplink = topology->level_count > 1 ? topology->levels[1].uplink_bytes_per_s : 0;
    json_t *hosts = tp_json_array(json, parent, "hosts");
    for (int32_t i = 0; i < topology->host_count; i++) {
        const struct tp_host *host = &topology->hosts[i];
        bool memory = host->memory_bytes != topology->device.memory_bytes;
        bool link = host->uplink_bytes_per_s < uplink || host->uplink_bytes_per_s > uplink;
        if (!memory && !link)
            continue;
        json_t *object = tp_json_object(json, hosts, NULL);
        tp_json_integer(json, object, "index", i);
        if (memory)
            tp_json_integer(json, object, "memory_bytes", host->memory_bytes);
        if (link)
            tp_json_real(json, object, "uplink_bytes_per_s", host->uplink_bytes_per_s);
    }
}

void tp_json_topology(struct tp_json *json, json_t *parent, const struct tp_topology *topology)
{
    const struct tp_device *device = &topology->device;
    json_t *object = tp_json_object(json, parent, "topology");
    tp_json_text(json, object, "name", topology->name);
    tp_json_integer(json, object, "hosts_per_tower", topology->hosts_per_tower);
    json_t *inner = tp_json_object(json, object, "device");
    tp_json_integer(json, inner, "memory_bytes", device->memory_bytes);
    tp_json_real(json, inner, "reserve", device->reserve);
    tp_json_real(json, inner, "memory_bytes_per_s", device->memory_bytes_per_s);
    tp_json_real(json, inner, "flops_per_s", device->flops_per_s);
    if (device->exchange_s > 0)
        tp_json_real(json, inner, "exchange_s", device->exchange_s);
    if (device->alone.ranks) {
        json_t *alone = tp_json_object(json, inner, "alone");
        tp_json_integer(json, alone, "ranks", device->alone.ranks);
        tp_json_real(json, alone, "memory_bytes_per_s", device->alone.memory_bytes_per_s);
        tp_json_real(json, alone, "flops_per_s", device->alone.flops_per_s);
    }
    json_t *levels = tp_json_array(json, object, "levels");
    for (int32_t i = 0; i < topology->level_count; i++)
        put_level(json, levels, &topology->levels[i]);
    put_hosts(json, object, topology);
}
