/* SPDX-License-Identifier: Apache-2.0 */
/* What a workload weighs, straight from the documented formulas and in the plainest order of
 * summation. Bytes are doubles, exact below 2^53. Nothing is cached: every answer is computed from
 * the specs each time it is asked for.
 *
 * Tower module of kind dlrm (Luo et al. 2024, arXiv 2403.00877): Linear(N*|F_t| -> p*D) on the
 * flattened tower and Linear(N -> c*D) on each feature; kind dcn: one low-rank cross layer, then
 * Linear to D. A Linear(m -> n) is 2*m*n flops. Features of another dim than the common one N pass
 * Linear(N_f -> N) first. */
#include "workload.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const dtype_names[DTYPES] = {"float32", "float16", "bfloat16"};
const char *const optimizer_names[OPTIMIZERS] = {"sgd", "rowwise_adagrad", "adagrad", "adam"};
const char *const module_names[MODULES] = {"none", "dlrm", "dcn"};
const char *const interaction_names[INTERACTIONS] = {"dlrm", "dcn"};
const char *const rule_names[RULES] = {"together", "apart", "pin"};
const char *const sharding_names[SHARDINGS] = {"table", "column", "row"};

void workload_release(struct workload *w)
{
    free(w->tables);
    free(w->features);
    free(w->rules);
    free(w->host_memory);
    free(w->host_uplink);
    *w = (struct workload){0};
}

int rank_count(const struct workload *w)
{
    int ranks = 1;
    for (int i = 0; i < w->level_count; i++)
        ranks *= w->levels[i].fanout;
    return ranks;
}

int ranks_per_host(const struct workload *w)
{
    return w->levels[0].fanout;
}

int host_count(const struct workload *w)
{
    return rank_count(w) / ranks_per_host(w);
}

int ranks_per_tower(const struct workload *w)
{
    return ranks_per_host(w) * w->hosts_per_tower;
}

int tower_count(const struct workload *w)
{
    return rank_count(w) / ranks_per_tower(w);
}

double global_batch(const struct workload *w)
{
    return w->batch ? (double)w->batch : (double)w->local_batch * rank_count(w);
}

int level_between(const struct workload *w, int a, int b)
{
    int level = 0, group = w->levels[0].fanout;
    while (a / group != b / group)
        group *= w->levels[++level].fanout;
    return level;
}

int64_t rank_capacity(const struct workload *w, int rank)
{
    int64_t memory = w->host_memory[rank / ranks_per_host(w)];
    return (int64_t)floor((double)memory * (1 - w->reserve));
}

int feature_named(const struct workload *w, const char *name)
{
    for (int i = 0; i < w->feature_count; i++)
        if (!strcmp(w->features[i].name, name))
            return i;
    return -1;
}

int table_named(const struct workload *w, const char *name)
{
    for (int i = 0; i < w->table_count; i++)
        if (!strcmp(w->tables[i].name, name))
            return i;
    return -1;
}

static double dtype_bytes(enum dtype dtype)
{
    return dtype == FLOAT32 ? 4 : 2;
}

double forward_bytes(const struct workload *w)
{
    return dtype_bytes(w->forward);
}

double backward_bytes(const struct workload *w)
{
    return dtype_bytes(w->backward);
}

/* Lookups of the n hottest rows: the points joined by straight lines on paper that is logarithmic both
 * ways, from the first one down to (0, 0) on plain paper, from the last one up to (all rows, 1). */
static double hottest_share(const struct feature *f, const struct table *t, int64_t n)
{
    struct hot low = f->hot[0], high = {t->rows, 1};
    if (n == 0 || n == t->rows)
        return n ? 1 : 0;
    if (n < low.rows)
        return (double)n * low.share / (double)low.rows;
    for (int i = f->hot_count - 1; i >= 0 && f->hot[i].rows > n; i--)
        high = f->hot[i];
    for (int i = 0; i < f->hot_count && f->hot[i].rows <= n; i++)
        low = f->hot[i];
    double x0 = log((double)low.rows), x1 = log((double)high.rows), x = log((double)n);
    double y0 = log(low.share), y1 = log(high.share);
    return exp((y0 * (x1 - x) + y1 * (x - x0)) / (x1 - x0));
}

/* Share of a feature's lookups that a block of rows gets. Where hot rows may lie anywhere, the block at
 * row 0 is taken to have the hottest, and the rest is even. */
static double block_share(const struct feature *f, const struct table *t, int64_t row, int64_t rows)
{
    double even = (double)rows / (double)t->rows;
    if (!f->hot_count || !rows)
        return even;
    if (t->ranked)
        return hottest_share(f, t, row + rows) - hottest_share(f, t, row);
    double hottest = hottest_share(f, t, 1), rest = (1 - hottest) * even;
    return row == 0 ? hottest + rest : rest;
}

struct weight shard_weight(const struct workload *w, int table, enum sharding sharding, int64_t row,
    int64_t rows, int columns)
{
    const struct table *t = &w->tables[table];
    double values = (double)rows * columns;
    struct weight weight = {0};
    weight.parameters = values * dtype_bytes(w->stored);
    if (w->optimizer == ROWWISE_ADAGRAD)
        weight.parameters += 4 * (double)rows;
    if (w->optimizer == ADAGRAD)
        weight.parameters += 4 * values;
    if (w->optimizer == ADAM)
        weight.parameters += 8 * values;
    for (int f = t->first_feature; f < t->first_feature + t->feature_count; f++) {
        double share = sharding == BY_ROW ? block_share(&w->features[f], t, row, rows) : 1;
        double ids = w->features[f].pooling * share;
        weight.lookup += global_batch(w) * ids * columns * dtype_bytes(w->stored);
        weight.width += columns;
        weight.ids += 8 * ids + 4;
    }
    return weight;
}

/* The last width of the bottom MLP; a dcn model whose tables all have one dim keeps that dim. */
static int common_dim(const struct workload *w)
{
    bool equal = true;
    for (int i = 1; i < w->table_count; i++)
        equal = equal && w->tables[i].dim == w->tables[0].dim;
    if (w->interaction == INTERACT_DCN && equal)
        return w->tables[0].dim;
    return w->bottom.width[w->bottom.count - 1];
}

/* Flops of the module alone, on `features` vectors of width n. */
static double module_flops(const struct workload *w, double features, double n)
{
    double out = w->module_dim, all = features * n;
    if (w->module == MODULE_DLRM)
        return 2 * all * (w->module_p * out) + features * 2 * n * (w->module_c * out);
    return 4 * all * w->module_rank + 2 * all * out;
}

struct tower_weight tower_weight(const struct workload *w, const bool *feature_in_tower)
{
    struct tower_weight weight = {0};
    double n = common_dim(w), projections = 0;
    for (int f = 0; f < w->feature_count; f++) {
        double dim = w->tables[w->features[f].table].dim;
        if (!feature_in_tower[f])
            continue;
        weight.features++;
        weight.output += dim;
        weight.lookup += global_batch(w) * w->features[f].pooling * dim * dtype_bytes(w->stored);
        if (dim != n)
            projections += 2 * dim * n;
    }
    weight.sent = weight.output;
    if (w->module != MODULE_NONE)
        weight.flops = projections + module_flops(w, weight.features, n);
    if (w->module == MODULE_DLRM)
        weight.sent = w->module_dim * (w->module_c * (double)weight.features + w->module_p);
    if (w->module == MODULE_DCN)
        weight.sent = w->module_dim;
    return weight;
}

double rank_memory(const struct workload *w, const struct memory_case *c)
{
    double e = fmax(forward_bytes(w), backward_bytes(w)), batch = global_batch(w);
    double local = batch / rank_count(w), share = batch / ranks_per_tower(w);
    double ids = local * c->all_ids + batch * c->own.ids;
    double flat = batch * c->own.width * e + local * c->all_width * e;
    double tower = batch * c->own.width * e + share * c->tower_width * e;
    double sptt = tower + share * c->tower_out * e + local * c->all_out * e;
    double dmt = tower + share * c->tower_sent * e + local * c->all_sent * e;
    return c->own.parameters + 2 * (ids + fmax(flat, fmax(sptt, dmt)));
}

int features_least(const struct workload *w, double ratio)
{
    double least = floor((double)w->feature_count / tower_count(w) / ratio + 1e-9);
    return least < 1 ? 1 : (int)least;
}

int features_most(const struct workload *w, double ratio)
{
    double most = ceil((double)w->feature_count / tower_count(w) * ratio - 1e-9);
    return most > w->feature_count ? w->feature_count : (int)most;
}

bool within_balance(double load, double mean, double balance)
{
    return load <= (1 + balance) * mean * (1 + 1e-9);
}
