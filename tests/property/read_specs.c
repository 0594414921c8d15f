/* SPDX-License-Identifier: Apache-2.0 */
/* The model and the topology that a plan embeds, read for the judge. They are resolved specs: every
 * default is written out, so a missing key is a complaint, except where the key does not apply. */
#include "claims.h"

#include <stdlib.h>
#include <string.h>

void read_name(struct yaml_view *view, yaml_node_t *scalar, char name[NAME_BYTES])
{
    const char *text = view_text(view, scalar);
    if (strlen(text) >= NAME_BYTES) {
        complain(view->complaints, "name too long for the judge: %s", text);
        text = "";
    }
    strcpy(name, text);
}

static int count_features(struct yaml_view *view, yaml_node_t *tables)
{
    int count = 0;
    for (int i = 0; i < view_count(view, tables); i++)
        count += view_count(view, view_get(view, view_item(view, tables, i), "features"));
    return count;
}

static void read_hot(struct yaml_view *view, yaml_node_t *list, struct feature *feature)
{
    if (view_count(view, list) > HOT_MAX) {
        complain(view->complaints, "feature %s has more hot_rows than the judge can hold",
            feature->name);
        return;
    }
    for (int i = 0; i < view_count(view, list); i++) {
        yaml_node_t *pair = view_item(view, list, i);
        feature->hot[feature->hot_count++] =
            (struct hot){view_integer(view, view_item(view, pair, 0)),
                view_real(view, view_item(view, pair, 1))};
    }
}

/* A feature is a name, or a mapping with a name and its pooling. */
static void read_feature(struct yaml_view *view, yaml_node_t *node, struct feature *feature)
{
    feature->pooling = 1;
    if (node->type == YAML_SCALAR_NODE) {
        read_name(view, node, feature->name);
        return;
    }
    read_name(view, view_get(view, node, "name"), feature->name);
    if (view_find(view, node, "pooling"))
        feature->pooling = view_get_real(view, node, "pooling");
    if (view_find(view, node, "hot_rows"))
        read_hot(view, view_get(view, node, "hot_rows"), feature);
}

static void read_tables(struct yaml_view *view, yaml_node_t *list, struct workload *w)
{
    w->tables = need((size_t)view_count(view, list), sizeof *w->tables);
    w->features = need((size_t)count_features(view, list), sizeof *w->features);
    for (int i = 0; i < view_count(view, list); i++) {
        yaml_node_t *node = view_item(view, list, i), *features = view_get(view, node, "features");
        struct table *t = &w->tables[w->table_count++];
        read_name(view, view_get(view, node, "name"), t->name);
        t->rows = view_get_integer(view, node, "rows");
        t->dim = view_get_int(view, node, "dim");
        t->first_feature = w->feature_count;
        if (view_find(view, node, "row_order"))
            t->ranked = !strcmp(view_text(view, view_get(view, node, "row_order")), "ranked");
        t->feature_count = view_count(view, features);
        for (int j = 0; j < t->feature_count; j++) {
            struct feature *feature = &w->features[w->feature_count++];
            feature->table = i;
            read_feature(view, view_item(view, features, j), feature);
        }
    }
}

static void read_mlp(struct yaml_view *view, yaml_node_t *list, struct mlp *mlp)
{
    int count = view_count(view, list);
    if (count > LAYERS_MAX) {
        complain(view->complaints, "an MLP has more layers than the judge can hold");
        count = LAYERS_MAX;
    }
    for (int i = 0; i < count; i++)
        mlp->width[mlp->count++] = (int)view_integer(view, view_item(view, list, i));
}

static void read_arch(struct yaml_view *view, yaml_node_t *node, struct workload *w)
{
    yaml_node_t *interaction = view_get(view, node, "interaction");
    w->interaction =
        (enum interaction)view_choice(view, interaction, interaction_names, INTERACTIONS);
    read_mlp(view, view_get(view, node, "bottom_mlp"), &w->bottom);
    read_mlp(view, view_get(view, node, "top_mlp"), &w->top);
    if (w->interaction == INTERACT_DCN) {
        w->cross_layers = view_get_int(view, node, "cross_layers");
        w->cross_rank = view_get_int(view, node, "cross_rank");
    }
}

static void read_module(struct yaml_view *view, yaml_node_t *node, struct workload *w)
{
    w->module = (enum module)view_choice(view, view_get(view, node, "kind"), module_names, MODULES);
    if (w->module != MODULE_NONE)
        w->module_dim = view_get_int(view, node, "dim");
    if (w->module == MODULE_DLRM) {
        w->module_c = view_get_int(view, node, "c");
        w->module_p = view_get_int(view, node, "p");
    }
    if (w->module == MODULE_DCN)
        w->module_rank = view_get_int(view, node, "rank");
}

static int read_feature_name(struct yaml_view *view, yaml_node_t *scalar, const struct workload *w)
{
    int feature = feature_named(w, view_text(view, scalar));
    if (feature < 0)
        complain(view->complaints, "a constraint names an unknown feature");
    return feature < 0 ? 0 : feature;
}

static void read_rule(
    struct yaml_view *view, yaml_node_t *node, const struct workload *w, struct rule *rule)
{
    yaml_node_t *pin = view_find(view, node, "pin");
    if (pin) {
        rule->kind = RULE_PIN;
        rule->features[rule->feature_count++] =
            read_feature_name(view, view_get(view, pin, "feature"), w);
        rule->tower = view_get_int(view, pin, "tower");
        return;
    }
    rule->kind = view_find(view, node, "apart") ? RULE_APART : RULE_TOGETHER;
    yaml_node_t *names = view_get(view, node, rule_names[rule->kind]);
    for (int i = 0; i < view_count(view, names); i++) {
        if (rule->feature_count == RULE_FEATURES_MAX) {
            complain(view->complaints, "a constraint has more features than the judge can hold");
            return;
        }
        rule->features[rule->feature_count++] =
            read_feature_name(view, view_item(view, names, i), w);
    }
}

static enum dtype read_dtype(struct yaml_view *view, yaml_node_t *map, const char *key)
{
    return (enum dtype)view_choice(view, view_get(view, map, key), dtype_names, DTYPES);
}

void read_model(struct yaml_view *view, yaml_node_t *node, struct workload *w)
{
    yaml_node_t *embedding = view_get(view, node, "embedding");
    yaml_node_t *communication = view_get(view, node, "communication");
    yaml_node_t *rules = view_find(view, node, "constraints");
    w->dense_features = view_get_int(view, node, "dense_features");
    if (view_find(view, node, "local_batch_size"))
        w->local_batch = view_get_integer(view, node, "local_batch_size");
    else
        w->batch = view_get_integer(view, node, "batch_size");
    w->stored = read_dtype(view, embedding, "dtype");
    w->optimizer = (enum optimizer)view_choice(
        view, view_get(view, embedding, "optimizer"), optimizer_names, OPTIMIZERS);
    w->forward = read_dtype(view, communication, "forward");
    w->backward = read_dtype(view, communication, "backward");
    read_tables(view, view_get(view, node, "tables"), w);
    read_arch(view, view_get(view, node, "arch"), w);
    read_module(view, view_get(view, node, "tower_module"), w);
    if (!rules)
        return;
    w->rules = need((size_t)view_count(view, rules), sizeof *w->rules);
    for (int i = 0; i < view_count(view, rules); i++)
        read_rule(view, view_item(view, rules, i), w, &w->rules[w->rule_count++]);
}

static void read_levels(struct yaml_view *view, yaml_node_t *list, struct workload *w)
{
    for (int i = 0; i < view_count(view, list) && i < LEVELS_MAX; i++) {
        yaml_node_t *node = view_item(view, list, i);
        struct level *level = &w->levels[w->level_count++];
        read_name(view, view_get(view, node, "name"), level->name);
        level->fanout = view_get_int(view, node, "fanout");
        level->bytes_per_s = view_get_real(view, node, "bytes_per_s");
        level->latency_s = view_get_real(view, node, "latency_s");
        if (view_find(view, node, "uplink_bytes_per_s"))
            level->uplink_bytes_per_s = view_get_real(view, node, "uplink_bytes_per_s");
        if (level->fanout < 1) {
            complain(view->complaints, "level %s has fanout %d", level->name, level->fanout);
            level->fanout = 1;
        }
    }
}

static void read_hosts(struct yaml_view *view, yaml_node_t *list, struct workload *w)
{
    for (int i = 0; i < view_count(view, list); i++) {
        yaml_node_t *node = view_item(view, list, i);
        int host = view_get_int(view, node, "index");
        if (host < 0 || host >= host_count(w)) {
            complain(view->complaints, "there is no host %d", host);
            continue;
        }
        if (view_find(view, node, "memory_bytes"))
            w->host_memory[host] = view_get_integer(view, node, "memory_bytes");
        if (view_find(view, node, "uplink_bytes_per_s"))
            w->host_uplink[host] = view_get_real(view, node, "uplink_bytes_per_s");
    }
}

void read_topology(struct yaml_view *view, yaml_node_t *node, struct workload *w)
{
    yaml_node_t *device = view_get(view, node, "device"), *hosts = view_find(view, node, "hosts");
    w->hosts_per_tower = view_get_int(view, node, "hosts_per_tower");
    w->memory_bytes = view_get_integer(view, device, "memory_bytes");
    w->reserve = view_get_real(view, device, "reserve");
    w->memory_bytes_per_s = view_get_real(view, device, "memory_bytes_per_s");
    w->flops_per_s = view_get_real(view, device, "flops_per_s");
    read_levels(view, view_get(view, node, "levels"), w);
    if (!w->level_count)
        return;
    w->host_memory = need((size_t)host_count(w), sizeof *w->host_memory);
    w->host_uplink = need((size_t)host_count(w), sizeof *w->host_uplink);
    for (int h = 0; h < host_count(w); h++) {
        w->host_memory[h] = w->memory_bytes;
        w->host_uplink[h] = w->level_count > 1 ? w->levels[1].uplink_bytes_per_s : 0;
    }
    if (hosts)
        read_hosts(view, hosts, w);
}
