/* SPDX-License-Identifier: Apache-2.0 */
/* A resolved model spec to the entries of a YAML mapping, every default written out; what has no
 * meaning beside another choice is left out (cross layers of a dlrm and the rank of a dlrm module, which
 * the reader refuses there; the order of rows that are all alike). Reading the result gives an equal spec. Cost: linear. */
#include "spec/spec.h"

#include "base/fail.h"
#include "base/file.h"

/* What a log showed is written if one was looked at. */
static void write_feature(const struct tp_feature *feature, struct tp_yaml_out *out)
{
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    tp_yaml_out_text(out, "name", feature->name);
    tp_yaml_out_real(out, "pooling", feature->pooling);
    if (feature->pooling_p99 > 0)
        tp_yaml_out_real(out, "pooling_p99", feature->pooling_p99);
    if (feature->distinct > 0)
        tp_yaml_out_integer(out, "distinct", feature->distinct);
    if (feature->hot_count > 0)
        tp_yaml_out_sequence(out, "hot_rows", TP_YAML_FLOW);
    for (int32_t i = 0; i < feature->hot_count; i++) {
        tp_yaml_out_sequence(out, NULL, TP_YAML_FLOW);
        tp_yaml_out_integer(out, NULL, feature->hot_rows[i].rows);
        tp_yaml_out_real(out, NULL, feature->hot_rows[i].share);
        tp_yaml_out_end(out);
    }
    if (feature->hot_count > 0)
        tp_yaml_out_end(out);
    tp_yaml_out_end(out);
}

static void write_table(
    const struct tp_model *model, const struct tp_table *table, struct tp_yaml_out *out)
{
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    tp_yaml_out_text(out, "name", table->name);
    tp_yaml_out_integer(out, "rows", table->rows);
    tp_yaml_out_integer(out, "dim", table->dim);
    if (tp_model_order_matters(model, table))
        tp_yaml_out_text(out, "row_order", tp_row_order_name(table->row_order));
    tp_yaml_out_sequence(out, "features", TP_YAML_FLOW);
    for (int32_t i = 0; i < table->feature_count; i++)
        write_feature(&model->features[table->first_feature + i], out);
    tp_yaml_out_end(out);
    tp_yaml_out_end(out);
}

static void write_mlp(const char *key, const struct tp_mlp *mlp, struct tp_yaml_out *out)
{
    tp_yaml_out_sequence(out, key, TP_YAML_FLOW);
    for (int32_t i = 0; i < mlp->layer_count; i++)
        tp_yaml_out_integer(out, NULL, mlp->width[i]);
    tp_yaml_out_end(out);
}

static void write_arch(const struct tp_model *model, struct tp_yaml_out *out)
{
    tp_yaml_out_mapping(out, "arch", TP_YAML_BLOCK);
    tp_yaml_out_text(out, "interaction", tp_interaction_name(model->interaction));
    write_mlp("bottom_mlp", &model->bottom_mlp, out);
    write_mlp("top_mlp", &model->top_mlp, out);
    if (model->interaction == TP_DCN) {
        tp_yaml_out_integer(out, "cross_layers", model->cross_layers);
        tp_yaml_out_integer(out, "cross_rank", model->cross_rank);
    }
    tp_yaml_out_end(out);
}

static void write_tower_module(const struct tp_tower_module *module, struct tp_yaml_out *out)
{
    tp_yaml_out_mapping(out, "tower_module", TP_YAML_FLOW);
    tp_yaml_out_text(out, "kind", tp_tower_module_name(module->kind));
    if (module->kind == TP_MODULE_DLRM) {
        tp_yaml_out_integer(out, "c", module->c);
        tp_yaml_out_integer(out, "p", module->p);
    }
    if (module->kind != TP_MODULE_NONE)
        tp_yaml_out_integer(out, "dim", module->dim);
    if (module->kind == TP_MODULE_DCN)
        tp_yaml_out_integer(out, "rank", module->rank);
    tp_yaml_out_end(out);
}

static void write_constraint(
    const struct tp_model *model, const struct tp_constraint *constraint, struct tp_yaml_out *out)
{
    tp_yaml_out_mapping(out, NULL, TP_YAML_FLOW);
    if (constraint->kind == TP_PIN) {
        tp_yaml_out_mapping(out, "pin", TP_YAML_FLOW);
        tp_yaml_out_text(out, "feature", model->features[constraint->features[0]].name);
        tp_yaml_out_integer(out, "tower", constraint->tower);
    } else {
        const char *key = constraint->kind == TP_TOGETHER ? "together" : "apart";
        tp_yaml_out_sequence(out, key, TP_YAML_FLOW);
        for (int32_t i = 0; i < constraint->feature_count; i++)
            tp_yaml_out_text(out, NULL, model->features[constraint->features[i]].name);
    }
    tp_yaml_out_end(out);
    tp_yaml_out_end(out);
}

void tp_model_write(const struct tp_model *model, struct tp_yaml_out *out)
{
    tp_yaml_out_integer(out, "towerpart_model", 1);
    tp_yaml_out_text(out, "name", model->name);
    tp_yaml_out_integer(out, "dense_features", model->dense_features);
    if (model->batch_size)
        tp_yaml_out_integer(out, "batch_size", model->batch_size);
    else
        tp_yaml_out_integer(out, "local_batch_size", model->local_batch_size);
    tp_yaml_out_mapping(out, "embedding", TP_YAML_FLOW);
    tp_yaml_out_text(out, "dtype", tp_dtype_name(model->embedding_dtype));
    tp_yaml_out_text(out, "optimizer", tp_optimizer_name(model->optimizer));
    tp_yaml_out_end(out);
    tp_yaml_out_mapping(out, "communication", TP_YAML_FLOW);
    tp_yaml_out_text(out, "forward", tp_dtype_name(model->forward));
    tp_yaml_out_text(out, "backward", tp_dtype_name(model->backward));
    tp_yaml_out_end(out);
    tp_yaml_out_sequence(out, "tables", TP_YAML_BLOCK);
    for (int32_t i = 0; i < model->table_count; i++)
        write_table(model, &model->tables[i], out);
    tp_yaml_out_end(out);
    write_arch(model, out);
    write_tower_module(&model->tower_module, out);
    tp_yaml_out_sequence(out, "constraints", TP_YAML_BLOCK);
    for (int32_t i = 0; i < model->constraint_count; i++)
        write_constraint(model, &model->constraints[i], out);
    tp_yaml_out_end(out);
}

enum tp_status tp_model_format(
    const struct tp_model *model, struct tp_text *text, struct tp_error *err)
{
    struct tp_yaml_out *out = tp_yaml_out_new();
    if (!out)
        return tp_fail_memory(err);
    tp_model_write(model, out);
    return tp_yaml_out_finish(out, text, err);
}

enum tp_status tp_model_save(const struct tp_model *model, const char *path, struct tp_error *err)
{
    struct tp_text text = {0};
    enum tp_status status = tp_model_format(model, &text, err);
    if (status == TP_OK)
        status = tp_file_write(path, text.data, text.length, err);
    tp_text_release(&text);
    return status;
}
