/* SPDX-License-Identifier: Apache-2.0 */
/* The dense part of a model spec: arch and tower_module, with the defaults that depend on the tables
 * (last width of the bottom MLP) and on arch (rank of a tower module's cross layer).
 *
 * A key that is known but has no meaning beside another choice, such as cross_rank of a dlrm, is
 * refused rather than ignored. Cost: linear. */
#include "spec/spec.h"

#include "spec/common.h"
#include "spec/model_reader.h"

#include <string.h>

#define CROSS_LAYERS_MAX 1024

/* Replaces the default that is in *mlp if the key is there. */
static enum tp_status read_mlp(const struct tp_model_reader *r, const struct tp_yaml_node *arch,
    const char *key, struct tp_mlp *mlp)
{
    const struct tp_yaml_node *list = tp_yaml_get(arch, key);
    if (!list)
        return TP_OK;
    enum tp_status status = tp_yaml_expect_sequence(r->yaml, list, 1, r->err);
    if (status != TP_OK)
        return status;
    if (list->count > TP_MLP_LAYERS_MAX)
        return tp_yaml_fail(r->yaml, list, r->err, "found %zu layers, expected at most %d",
            list->count, TP_MLP_LAYERS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        int64_t width;
        status = tp_yaml_as_integer(r->yaml, list->items[i], 1, TP_WIDTH_MAX, &width, r->err);
        if (status != TP_OK)
            return status;
        mlp->width[i] = (int32_t)width;
    }
    mlp->layer_count = (int32_t)list->count;
    return TP_OK;
}

/* A key that is known but has no meaning beside another choice. */
static enum tp_status refuse_key(const struct tp_model_reader *r,
    const struct tp_yaml_node *mapping, const char *key, const char *belongs_to)
{
    for (size_t i = 0; i < mapping->count; i++)
        if (!strcmp(mapping->keys[i], key))
            return tp_yaml_fail_key(r->yaml, mapping, i, r->err,
                "found a key that belongs to %s, expected none here", belongs_to);
    return TP_OK;
}

static enum tp_status read_cross(const struct tp_model_reader *r, const struct tp_yaml_node *arch)
{
    struct tp_model *model = r->model;
    enum tp_status status;
    if (model->interaction != TP_DCN) {
        status = refuse_key(r, arch, "cross_layers", "interaction: dcn");
        return status == TP_OK ? refuse_key(r, arch, "cross_rank", "interaction: dcn") : status;
    }
    status = tp_yaml_int32(
        r->yaml, arch, "cross_layers", false, 1, CROSS_LAYERS_MAX, &model->cross_layers, r->err);
    if (status == TP_OK)
        status = tp_yaml_int32(
            r->yaml, arch, "cross_rank", false, 1, TP_WIDTH_MAX, &model->cross_rank, r->err);
    return status;
}

static void default_arch(struct tp_model *model)
{
    int32_t dim_max = 0;
    for (int32_t i = 0; i < model->table_count; i++)
        dim_max = model->tables[i].dim > dim_max ? model->tables[i].dim : dim_max;
    model->bottom_mlp = (struct tp_mlp){3, {512, 256, dim_max}};
    model->top_mlp = (struct tp_mlp){5, {1024, 1024, 512, 256, 1}};
    model->cross_layers = 3;
    model->cross_rank = 512;
}

enum tp_status tp_model_read_arch(const struct tp_model_reader *r, const struct tp_yaml_node *root)
{
    static const char *const keys[] = {
        "interaction", "bottom_mlp", "top_mlp", "cross_layers", "cross_rank", NULL};
    static const char *const interactions[] = {"dlrm", "dcn", NULL};
    struct tp_model *model = r->model;
    const struct tp_yaml_node *arch;
    int interaction = TP_DLRM;
    default_arch(model);
    enum tp_status status = tp_model_read_section(r, root, "arch", keys, &arch);
    if (status != TP_OK || !arch)
        return status;
    status = tp_yaml_word(r->yaml, arch, "interaction", false, interactions, &interaction, r->err);
    model->interaction = (enum tp_interaction)interaction;
    if (status == TP_OK)
        status = read_mlp(r, arch, "bottom_mlp", &model->bottom_mlp);
    if (status == TP_OK)
        status = read_mlp(r, arch, "top_mlp", &model->top_mlp);
    int32_t out = model->top_mlp.width[model->top_mlp.layer_count - 1];
    if (status == TP_OK && out != 1) {
        const struct tp_yaml_node *list = tp_yaml_get(arch, "top_mlp");
        return tp_yaml_fail(r->yaml, list->items[list->count - 1], r->err,
            "found '%d', expected 1: the last layer gives the one logit", out);
    }
    if (status == TP_OK)
        status = read_cross(r, arch);
    return status;
}

static enum tp_status read_module_dlrm(const struct tp_model_reader *r,
    const struct tp_yaml_node *node, struct tp_tower_module *module)
{
    enum tp_status status = refuse_key(r, node, "rank", "kind: dcn");
    if (status == TP_OK)
        status = tp_yaml_int32(r->yaml, node, "c", true, 0, TP_WIDTH_MAX, &module->c, r->err);
    if (status == TP_OK)
        status = tp_yaml_int32(r->yaml, node, "p", true, 0, TP_WIDTH_MAX, &module->p, r->err);
    if (status == TP_OK && module->c + module->p == 0)
        return tp_yaml_fail(r->yaml, node, r->err,
            "found c: 0 and p: 0, expected c + p of at least 1: the tower would send nothing");
    return status;
}

static enum tp_status read_module_dcn(const struct tp_model_reader *r,
    const struct tp_yaml_node *node, struct tp_tower_module *module)
{
    enum tp_status status = refuse_key(r, node, "c", "kind: dlrm");
    if (status == TP_OK)
        status = refuse_key(r, node, "p", "kind: dlrm");
    module->rank = r->model->cross_rank;
    if (status == TP_OK)
        status =
            tp_yaml_int32(r->yaml, node, "rank", false, 1, TP_WIDTH_MAX, &module->rank, r->err);
    return status;
}

static enum tp_status read_module_none(
    const struct tp_model_reader *r, const struct tp_yaml_node *node)
{
    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->keys[i], "kind") != 0)
            return refuse_key(r, node, node->keys[i], "kind: dlrm or kind: dcn");
    return TP_OK;
}

/* `none`, or a mapping with a kind. */
enum tp_status tp_model_read_tower_module(
    const struct tp_model_reader *r, const struct tp_yaml_node *root)
{
    static const char *const keys[] = {"kind", "c", "p", "dim", "rank", NULL};
    static const char *const kinds[] = {"none", "dlrm", "dcn", NULL};
    struct tp_tower_module *module = &r->model->tower_module;
    const struct tp_yaml_node *node = tp_yaml_get(root, "tower_module");
    if (!node || (node->kind == TP_YAML_SCALAR && !strcmp(node->value, "none")))
        return TP_OK;
    int kind = TP_MODULE_NONE;
    enum tp_status status = tp_spec_mapping(r->yaml, node, keys, tp_model_refused, r->err);
    if (status == TP_OK)
        status = tp_yaml_word(r->yaml, node, "kind", true, kinds, &kind, r->err);
    if (status != TP_OK)
        return status;
    module->kind = (enum tp_tower_module_kind)kind;
    if (module->kind == TP_MODULE_NONE)
        return read_module_none(r, node);
    status = module->kind == TP_MODULE_DLRM ? read_module_dlrm(r, node, module)
                                            : read_module_dcn(r, node, module);
    if (status == TP_OK)
        status = tp_yaml_int32(r->yaml, node, "dim", true, 1, TP_WIDTH_MAX, &module->dim, r->err);
    return status;
}
