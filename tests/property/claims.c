/* SPDX-License-Identifier: Apache-2.0 */
/* A plan file as plain data. The order of reading is that of the file; the specs come first,
 * because names in the rest are looked up in them. */
#include "claims.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const mode_names[MODES] = {"flat", "sptt", "dmt"};
const char *const phase_names[PHASES] = {"ids_alltoall", "lookup", "peer_permute", "tower_exchange",
    "tower_module", "embedding_alltoall", "bottom_mlp", "over_arch", "over_arch_backward",
    "bottom_mlp_backward", "embedding_alltoall_backward", "tower_module_backward",
    "tower_exchange_backward", "peer_permute_backward", "sparse_update", "dense_allreduce"};
const char *const balance_names[BALANCES] = {"features", "memory", "lookup", "output", "flops"};

static int *read_integers(struct yaml_view *view, yaml_node_t *list, int *count)
{
    int *values = need((size_t)view_count(view, list), sizeof *values);
    *count = view_count(view, list);
    for (int i = 0; i < *count; i++)
        values[i] = (int)view_integer(view, view_item(view, list, i));
    return values;
}

static void read_tower(
    struct yaml_view *view, yaml_node_t *node, const struct workload *w, struct tower_claim *tower)
{
    yaml_node_t *features = view_get(view, node, "features");
    tower->id = view_get_int(view, node, "id");
    tower->hosts = read_integers(view, view_get(view, node, "hosts"), &tower->host_count);
    tower->ranks = read_integers(view, view_get(view, node, "ranks"), &tower->rank_count);
    tower->output_dim = view_get_integer(view, node, "output_dim");
    tower->features = need((size_t)view_count(view, features), sizeof *tower->features);
    for (int i = 0; i < view_count(view, features); i++)
        tower->features[tower->feature_count++] =
            feature_named(w, view_text(view, view_item(view, features, i)));
}

static void read_table(
    struct yaml_view *view, yaml_node_t *node, const struct workload *w, struct table_claim *table)
{
    yaml_node_t *shards = view_get(view, node, "shards");
    table->table = table_named(w, view_get_text(view, node, "name"));
    table->tower = view_get_int(view, node, "tower");
    table->sharding = (enum sharding)view_choice(
        view, view_get(view, node, "sharding"), sharding_names, SHARDINGS);
    table->shards = need((size_t)view_count(view, shards), sizeof *table->shards);
    for (int i = 0; i < view_count(view, shards); i++) {
        yaml_node_t *item = view_item(view, shards, i);
        table->shards[table->shard_count++] = (struct shard_claim){
            .rank = view_get_int(view, item, "rank"),
            .row = view_get_integer(view, item, "row"),
            .rows = view_get_integer(view, item, "rows"),
            .column = view_get_int(view, item, "column"),
            .columns = view_get_int(view, item, "columns"),
        };
    }
}

static void read_ranks(struct yaml_view *view, yaml_node_t *list, struct claims *claims)
{
    claims->ranks = need((size_t)view_count(view, list), sizeof *claims->ranks);
    for (int i = 0; i < view_count(view, list); i++) {
        yaml_node_t *node = view_item(view, list, i);
        claims->ranks[claims->rank_count++] = (struct rank_claim){
            .rank = view_get_int(view, node, "rank"),
            .memory_bytes = view_get_integer(view, node, "memory_bytes"),
            .lookup_bytes = view_get_integer(view, node, "lookup_bytes"),
            .output_bytes = view_get_integer(view, node, "output_bytes"),
            .id_bytes = view_get_integer(view, node, "id_bytes"),
        };
    }
}

static double read_optional(struct yaml_view *view, yaml_node_t *map, const char *key)
{
    yaml_node_t *node = view_find(view, map, key);
    return node ? view_real(view, node) : (double)NAN;
}

static void read_quality(struct yaml_view *view, yaml_node_t *node, struct claims *claims)
{
    yaml_node_t *balance = view_get(view, node, "balance");
    claims->inside_affinity = read_optional(view, node, "inside_affinity");
    for (int i = 0; i < BALANCES; i++)
        claims->spread[i] = read_optional(view, balance, balance_names[i]);
}

static void read_phase(
    struct yaml_view *view, yaml_node_t *node, const struct workload *w, struct phase_claim *phase)
{
    yaml_node_t *bytes = view_find(view, node, "bytes");
    phase->present = true;
    phase->moves = bytes != NULL;
    phase->seconds = view_get_real(view, node, "seconds");
    for (int i = 0; bytes && i < w->level_count; i++)
        phase->bytes[i] = view_get_integer(view, bytes, w->levels[i].name);
}

static void read_cost(struct yaml_view *view, yaml_node_t *node, struct claims *claims)
{
    for (int m = 0; m < MODES; m++) {
        yaml_node_t *mode = view_get(view, node, mode_names[m]);
        yaml_node_t *phases = view_get(view, mode, "phases");
        claims->seconds[m] = view_get_real(view, mode, "seconds");
        for (int p = 0; p < PHASES; p++) {
            yaml_node_t *phase = view_find(view, phases, phase_names[p]);
            if (phase)
                read_phase(view, phase, &claims->workload, &claims->phases[m][p]);
        }
    }
    yaml_node_t *free_node = view_find(view, node, "flat_free");
    claims->flat_free_seconds = free_node ? view_get_real(view, free_node, "seconds") : (double)NAN;
    read_name(view, view_get(view, node, "recommended"), claims->recommended);
    read_name(view, view_get(view, node, "recommended_if_quality_allows"),
        claims->recommended_if_quality_allows);
}

static void read_placement(struct yaml_view *view, yaml_node_t *root, struct claims *claims)
{
    yaml_node_t *towers = view_get(view, root, "towers"), *tables = view_get(view, root, "tables");
    claims->towers = need((size_t)view_count(view, towers), sizeof *claims->towers);
    for (int i = 0; i < view_count(view, towers); i++)
        read_tower(view, view_item(view, towers, i), &claims->workload,
            &claims->towers[claims->tower_count++]);
    claims->tables = need((size_t)view_count(view, tables), sizeof *claims->tables);
    for (int i = 0; i < view_count(view, tables); i++)
        read_table(view, view_item(view, tables, i), &claims->workload,
            &claims->tables[claims->table_count++]);
}

bool claims_read(const char *path, struct claims *claims, struct complaints *complaints)
{
    struct yaml_view view;
    *claims = (struct claims){0};
    if (!yaml_view_open(&view, path, complaints))
        return false;
    yaml_node_t *root = view_root(&view), *limits = view_get(&view, root, "limits");
    read_model(&view, view_get(&view, root, "model"), &claims->workload);
    read_topology(&view, view_get(&view, root, "topology"), &claims->workload);
    bool specs = complaints->count == 0;
    if (specs) {
        read_name(&view, view_get(&view, root, "strategy"), claims->strategy);
        claims->balance = view_get_real(&view, limits, "balance");
        claims->ratio = view_get_real(&view, limits, "ratio");
        claims->proven = !strcmp(view_get_text(&view, limits, "proven"), "true");
        read_placement(&view, root, claims);
        read_ranks(&view, view_get(&view, root, "ranks"), claims);
        read_quality(&view, view_get(&view, root, "quality"), claims);
        read_cost(&view, view_get(&view, root, "cost"), claims);
    }
    yaml_view_close(&view);
    return specs;
}

void claims_release(struct claims *claims)
{
    for (int i = 0; i < claims->tower_count; i++) {
        free(claims->towers[i].hosts);
        free(claims->towers[i].ranks);
        free(claims->towers[i].features);
    }
    for (int i = 0; i < claims->table_count; i++)
        free(claims->tables[i].shards);
    free(claims->towers);
    free(claims->tables);
    free(claims->ranks);
    workload_release(&claims->workload);
    *claims = (struct claims){0};
}
