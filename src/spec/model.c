/* SPDX-License-Identifier: Apache-2.0 */
/* The model spec in memory: its lifetime, its names, and the few figures that everybody asks of it.
 * Reading and writing are in model_read.c and model_write.c.
 *
 * Invariant that the reader makes and copies keep: the features of a table are consecutive, and
 * features[first_feature ...].table points back at it. */
#include "spec/spec.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_MAX ((int64_t)1 << 40)

void tp_model_free(struct tp_model *model)
{
    if (!model)
        return;
    for (int32_t i = 0; i < model->constraint_count; i++)
        free(model->constraints[i].features);
    free(model->constraints);
    for (int32_t i = 0; i < model->feature_count; i++) {
        free(model->features[i].hot_rows);
        free(model->features[i].name);
    }
    free(model->features);
    for (int32_t i = 0; i < model->table_count; i++)
        free(model->tables[i].name);
    free(model->tables);
    free(model->name);
    free(model);
}

static bool copy_name(char **name)
{
    *name = tp_copy_text(*name, strlen(*name));
    return *name != NULL;
}

/* Each array is counted in `to` only once it is whole, or zeroed where it is not yet, so that
 * tp_model_free() can take over at any point. */
static bool copy_tables(const struct tp_model *from, struct tp_model *to)
{
    to->tables = TP_NEW(from->table_count, struct tp_table);
    if (!to->tables)
        return false;
    to->table_count = from->table_count;
    for (int32_t i = 0; i < from->table_count; i++) {
        to->tables[i] = from->tables[i];
        if (!copy_name(&to->tables[i].name))
            return false;
    }
    return true;
}

/* Puts a copy in place of what the feature borrows, so that a failure leaves nothing to free twice. */
static bool copy_hot_rows(struct tp_feature *feature)
{
    const struct tp_hot_point *from = feature->hot_rows;
    feature->hot_rows = NULL;
    if (!from)
        return true;
    feature->hot_rows = TP_NEW(feature->hot_count, struct tp_hot_point);
    if (!feature->hot_rows)
        return false;
    memcpy(feature->hot_rows, from, (size_t)feature->hot_count * sizeof *from);
    return true;
}

static bool copy_features(const struct tp_model *from, struct tp_model *to)
{
    to->features = TP_NEW(from->feature_count, struct tp_feature);
    if (!to->features)
        return false;
    to->feature_count = from->feature_count;
    for (int32_t i = 0; i < from->feature_count; i++) {
        to->features[i] = from->features[i];
        bool has_name = copy_name(&to->features[i].name);
        if (!copy_hot_rows(&to->features[i]) || !has_name)
            return false;
    }
    return true;
}

static bool copy_constraints(const struct tp_model *from, struct tp_model *to)
{
    to->constraints = TP_NEW(from->constraint_count, struct tp_constraint);
    if (!to->constraints)
        return false;
    to->constraint_count = from->constraint_count;
    for (int32_t i = 0; i < from->constraint_count; i++) {
        const struct tp_constraint *old = &from->constraints[i];
        struct tp_constraint *made = &to->constraints[i];
        *made = *old;
        made->features = TP_NEW(old->feature_count, int32_t);
        if (!made->features)
            return false;
        memcpy(made->features, old->features, (size_t)old->feature_count * sizeof *made->features);
    }
    return true;
}

enum tp_status tp_model_copy(
    const struct tp_model *from, struct tp_model **to, struct tp_error *err)
{
    struct tp_model *copy = TP_NEW(1, struct tp_model);
    if (!copy)
        return tp_fail_memory(err);
    *copy = *from;
    copy->tables = NULL;
    copy->features = NULL;
    copy->constraints = NULL;
    copy->table_count = copy->feature_count = copy->constraint_count = 0;
    if (!copy_name(&copy->name) || !copy_tables(from, copy) || !copy_features(from, copy) ||
        !copy_constraints(from, copy)) {
        tp_model_free(copy);
        return tp_fail_memory(err);
    }
    *to = copy;
    return TP_OK;
}

static const char *feature_name(const void *features, size_t i)
{
    return ((const struct tp_feature *)features)[i].name;
}

const char *tp_model_nearest_feature(const struct tp_model *model, const char *name)
{
    int32_t table = tp_model_table(model, name);
    if (table >= 0)
        return model->features[model->tables[table].first_feature].name;
    return tp_nearest(name, model->features, (size_t)model->feature_count, feature_name);
}

int32_t tp_model_feature(const struct tp_model *model, const char *name)
{
    for (int32_t i = 0; i < model->feature_count; i++)
        if (!strcmp(model->features[i].name, name))
            return i;
    return -1;
}

int32_t tp_model_table(const struct tp_model *model, const char *name)
{
    for (int32_t i = 0; i < model->table_count; i++)
        if (!strcmp(model->tables[i].name, name))
            return i;
    return -1;
}

enum tp_status tp_model_global_batch(
    const struct tp_model *model, int32_t rank_count, int64_t *batch, struct tp_error *err)
{
    if (model->batch_size % rank_count)
        return tp_fail(err, TP_EINPUT,
            "model %s: batch_size: found %lld, expected a multiple of the %d ranks of the topology",
            model->name, (long long)model->batch_size, rank_count);
    if (model->local_batch_size > BATCH_MAX / rank_count)
        return tp_fail(err, TP_EINPUT,
            "model %s: local_batch_size: found %lld on %d ranks, expected at most 2^40 samples in "
            "all",
            model->name, (long long)model->local_batch_size, rank_count);
    *batch = model->batch_size ? model->batch_size : model->local_batch_size * rank_count;
    return TP_OK;
}

int32_t tp_model_common_dim(const struct tp_model *model)
{
    bool one_dim = true;
    for (int32_t i = 1; i < model->table_count; i++)
        one_dim = one_dim && model->tables[i].dim == model->tables[0].dim;
    if (model->interaction == TP_DCN && one_dim)
        return model->tables[0].dim;
    return model->bottom_mlp.width[model->bottom_mlp.layer_count - 1];
}

bool tp_model_order_matters(const struct tp_model *model, const struct tp_table *table)
{
    bool matters = table->row_order != TP_ROWS_HASHED;
    for (int32_t i = 0; i < table->feature_count; i++)
        matters = matters || model->features[table->first_feature + i].hot_count > 0;
    return matters;
}

int32_t tp_dtype_bytes(enum tp_dtype dtype)
{
    static const int32_t bytes[] = {
        [TP_FLOAT32] = 4, [TP_FLOAT16] = 2, [TP_BFLOAT16] = 2, [TP_FLOAT64] = 8};
    return bytes[dtype];
}

const char *tp_dtype_name(enum tp_dtype dtype)
{
    static const char *const names[] = {[TP_FLOAT32] = "float32",
        [TP_FLOAT16] = "float16",
        [TP_BFLOAT16] = "bfloat16",
        [TP_FLOAT64] = "float64"};
    return names[dtype];
}

const char *tp_optimizer_name(enum tp_optimizer optimizer)
{
    static const char *const names[] = {[TP_SGD] = "sgd",
        [TP_ROWWISE_ADAGRAD] = "rowwise_adagrad",
        [TP_ADAGRAD] = "adagrad",
        [TP_ADAM] = "adam"};
    return names[optimizer];
}

const char *tp_interaction_name(enum tp_interaction interaction)
{
    static const char *const names[] = {[TP_DLRM] = "dlrm", [TP_DCN] = "dcn"};
    return names[interaction];
}

const char *tp_row_order_name(enum tp_row_order order)
{
    static const char *const names[] = {[TP_ROWS_HASHED] = "hashed", [TP_ROWS_RANKED] = "ranked"};
    return names[order];
}

const char *tp_tower_module_name(enum tp_tower_module_kind kind)
{
    static const char *const names[] = {
        [TP_MODULE_NONE] = "none", [TP_MODULE_DLRM] = "dlrm", [TP_MODULE_DCN] = "dcn"};
    return names[kind];
}
