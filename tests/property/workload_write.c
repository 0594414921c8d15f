/* SPDX-License-Identifier: Apache-2.0 */
/* A workload as the two YAML files a user would write. Reals are printed with the 17 digits that
 * read back as the same double, in the C locale that test programs start in. */
#include "workload.h"

static void write_mlp(FILE *file, const char *key, const struct mlp *mlp)
{
    fprintf(file, "  %s: [", key);
    for (int i = 0; i < mlp->count; i++)
        fprintf(file, "%s%d", i ? ", " : "", mlp->width[i]);
    fprintf(file, "]\n");
}

static void write_feature(const struct feature *f, const char *before, FILE *file)
{
    fprintf(file, "%s{name: %s, pooling: %.17g", before, f->name, f->pooling);
    for (int i = 0; i < f->hot_count; i++)
        fprintf(file, "%s[%lld, %.17g]", i ? ", " : ", hot_rows: [", (long long)f->hot[i].rows,
            f->hot[i].share);
    fprintf(file, f->hot_count ? "]}" : "}");
}

static void write_tables(const struct workload *w, FILE *file)
{
    fprintf(file, "tables:\n");
    for (int i = 0; i < w->table_count; i++) {
        const struct table *t = &w->tables[i];
        fprintf(file, "  - {name: %s, rows: %lld, dim: %d, %sfeatures: [", t->name,
            (long long)t->rows, t->dim, t->ranked ? "row_order: ranked, " : "");
        for (int f = t->first_feature; f < t->first_feature + t->feature_count; f++)
            write_feature(&w->features[f], f > t->first_feature ? ", " : "", file);
        fprintf(file, "]}\n");
    }
}

static void write_arch(const struct workload *w, FILE *file)
{
    fprintf(file, "arch:\n  interaction: %s\n", interaction_names[w->interaction]);
    write_mlp(file, "bottom_mlp", &w->bottom);
    write_mlp(file, "top_mlp", &w->top);
    if (w->interaction == INTERACT_DCN)
        fprintf(file, "  cross_layers: %d\n  cross_rank: %d\n", w->cross_layers, w->cross_rank);
    if (w->module == MODULE_DLRM)
        fprintf(file, "tower_module: {kind: dlrm, c: %d, p: %d, dim: %d}\n", w->module_c,
            w->module_p, w->module_dim);
    else if (w->module == MODULE_DCN)
        fprintf(
            file, "tower_module: {kind: dcn, dim: %d, rank: %d}\n", w->module_dim, w->module_rank);
    else
        fprintf(file, "tower_module: {kind: none}\n");
}

static void write_rules(const struct workload *w, FILE *file)
{
    if (w->rule_count)
        fprintf(file, "constraints:\n");
    for (int i = 0; i < w->rule_count; i++) {
        const struct rule *rule = &w->rules[i];
        if (rule->kind == RULE_PIN) {
            fprintf(file, "  - {pin: {feature: %s, tower: %d}}\n",
                w->features[rule->features[0]].name, rule->tower);
            continue;
        }
        fprintf(file, "  - {%s: [", rule_names[rule->kind]);
        for (int j = 0; j < rule->feature_count; j++)
            fprintf(file, "%s%s", j ? ", " : "", w->features[rule->features[j]].name);
        fprintf(file, "]}\n");
    }
}

void workload_write_model(const struct workload *w, FILE *file)
{
    fprintf(file, "towerpart_model: 1\nname: random\ndense_features: %d\n", w->dense_features);
    if (w->batch)
        fprintf(file, "batch_size: %lld\n", (long long)w->batch);
    else
        fprintf(file, "local_batch_size: %lld\n", (long long)w->local_batch);
    fprintf(file, "embedding: {dtype: %s, optimizer: %s}\n", dtype_names[w->stored],
        optimizer_names[w->optimizer]);
    fprintf(file, "communication: {forward: %s, backward: %s}\n", dtype_names[w->forward],
        dtype_names[w->backward]);
    write_tables(w, file);
    write_arch(w, file);
    write_rules(w, file);
}

static void write_levels(const struct workload *w, FILE *file)
{
    fprintf(file, "levels:\n");
    for (int i = 0; i < w->level_count; i++) {
        const struct level *level = &w->levels[i];
        fprintf(file, "  - {name: %s, fanout: %d, bytes_per_s: %.17g, latency_s: %.17g",
            level->name, level->fanout, level->bytes_per_s, level->latency_s);
        if (level->uplink_bytes_per_s > 0)
            fprintf(file, ", uplink_bytes_per_s: %.17g", level->uplink_bytes_per_s);
        fprintf(file, "}\n");
    }
}

/* Only the hosts that differ are listed, as users do. */
static void write_hosts(const struct workload *w, FILE *file)
{
    double usual = w->level_count > 1 ? w->levels[1].uplink_bytes_per_s : 0;
    bool any = false;
    for (int h = 0; h < host_count(w); h++) {
        bool memory = w->host_memory[h] != w->memory_bytes;
        bool uplink = w->host_uplink[h] < usual || w->host_uplink[h] > usual;
        if (!memory && !uplink)
            continue;
        fprintf(file, "%s  - {index: %d", any ? "" : "hosts:\n", h);
        if (memory)
            fprintf(file, ", memory_bytes: %lld", (long long)w->host_memory[h]);
        if (uplink)
            fprintf(file, ", uplink_bytes_per_s: %.17g", w->host_uplink[h]);
        fprintf(file, "}\n");
        any = true;
    }
}

void workload_write_topology(const struct workload *w, FILE *file)
{
    fprintf(file, "towerpart_topology: 1\nname: random\nhosts_per_tower: %d\n", w->hosts_per_tower);
    fprintf(file,
        "device: {memory_bytes: %lld, reserve: %.17g, memory_bytes_per_s: %.17g, "
        "flops_per_s: %.17g}\n",
        (long long)w->memory_bytes, w->reserve, w->memory_bytes_per_s, w->flops_per_s);
    write_levels(w, file);
    write_hosts(w, file);
}
