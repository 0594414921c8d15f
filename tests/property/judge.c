/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of structure first: towers, tables, shards. Only when those hold do sums over ranks and
 * towers mean anything; then loads, limits, constraints, and last the cost figures.
 *
 * In: what the plan file claims. Out: complaints, each naming the thing, what the plan says and
 * what the judge finds. Byte counts must agree to the last byte that rounding leaves, reals to 1e-9
 * relative. Cost: O(G^2) for the exchanges, O(F^2) for the affinity. */
#include "judge.h"

#include "figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * fmax(fabs(a), fabs(b));
}

/* Sums of many terms may round either way at one half. */
static bool same_bytes(int64_t claimed, double computed)
{
    return fabs((double)claimed - computed) <= 0.5 + 1e-3 + 1e-12 * computed;
}

static void judge_tower(
    const struct claims *claims, int index, int *seen_feature, struct complaints *c)
{
    const struct tower_claim *tower = &claims->towers[index];
    const struct workload *w = &claims->workload;
    int per_tower = ranks_per_tower(w), hosts = w->hosts_per_tower;
    double dim = 0;
    if (tower->id != index)
        complain(c, "tower %d has id %d", index, tower->id);
    if (tower->host_count != hosts)
        complain(c, "tower %d has %d hosts, expected %d", index, tower->host_count, hosts);
    for (int i = 0; i < tower->host_count; i++)
        if (tower->hosts[i] != index * hosts + i)
            complain(c, "tower %d has host %d out of place", index, tower->hosts[i]);
    if (tower->rank_count != per_tower)
        complain(c, "tower %d has %d ranks, expected %d", index, tower->rank_count, per_tower);
    for (int i = 0; i < tower->rank_count; i++)
        if (tower->ranks[i] != index * per_tower + i)
            complain(c, "tower %d has rank %d out of place", index, tower->ranks[i]);
    for (int i = 0; i < tower->feature_count; i++) {
        if (tower->features[i] < 0) {
            complain(c, "tower %d has a feature that the model has not", index);
            continue;
        }
        seen_feature[tower->features[i]]++;
        dim += w->tables[w->features[tower->features[i]].table].dim;
    }
    if (tower->feature_count == 0)
        complain(c, "tower %d has no feature", index);
    if ((double)tower->output_dim < dim || (double)tower->output_dim > dim)
        complain(c, "tower %d says output_dim %lld, its features have %.0f", index,
            (long long)tower->output_dim, dim);
}

static void judge_towers(const struct claims *claims, struct complaints *c)
{
    const struct workload *w = &claims->workload;
    int *seen = need((size_t)w->feature_count, sizeof *seen);
    if (w->hosts_per_tower < 1 || host_count(w) % w->hosts_per_tower) {
        complain(c, "%d hosts per tower do not divide %d hosts", w->hosts_per_tower, host_count(w));
        goto out;
    }
    if (claims->tower_count != tower_count(w))
        complain(c, "%d towers, expected %d", claims->tower_count, tower_count(w));
    for (int t = 0; t < claims->tower_count; t++)
        judge_tower(claims, t, seen, c);
    for (int f = 0; f < w->feature_count; f++)
        if (seen[f] != 1)
            complain(c, "feature %s is in %d towers", w->features[f].name, seen[f]);
out:
    free(seen);
}

/* No overlap and the right area: then the shards tile the table. */
static void judge_tiling(
    const struct table *table, const struct table_claim *claim, struct complaints *c)
{
    double area = 0;
    for (int i = 0; i < claim->shard_count; i++) {
        const struct shard_claim *a = &claim->shards[i];
        if (a->row < 0 || a->rows < 0 || a->rows > table->rows - a->row || a->column < 0 ||
            a->columns < 1 || a->columns > table->dim - a->column)
            complain(c, "table %s: shard %d lies outside the table", table->name, i);
        area += (double)a->rows * a->columns;
        for (int j = 0; j < i; j++) {
            const struct shard_claim *b = &claim->shards[j];
            if (a->row < b->row + b->rows && b->row < a->row + a->rows &&
                a->column < b->column + b->columns && b->column < a->column + a->columns)
                complain(c, "table %s: shards %d and %d overlap", table->name, j, i);
        }
    }
    double whole = (double)table->rows * table->dim;
    if (area < whole || area > whole)
        complain(c, "table %s: shards cover %.0f of %.0f values", table->name, area, whole);
}

static void judge_row_shard(
    const struct workload *w, const struct table_claim *claim, int index, struct complaints *c)
{
    const struct table *table = &w->tables[claim->table];
    const struct shard_claim *shard = &claim->shards[index];
    int ranks = ranks_per_tower(w);
    int64_t block = (table->rows + ranks - 1) / ranks, first = index * block;
    int64_t left = first > table->rows ? 0 : table->rows - first;
    int64_t rows = left < block ? left : block;
    if (shard->rank != claim->tower * ranks + index || shard->rows != rows ||
        (rows > 0 && shard->row != first) || shard->columns != table->dim)
        complain(
            c, "table %s: row shard %d is not block %d of its tower", table->name, index, index);
}

static void judge_sharding(
    const struct workload *w, const struct table_claim *claim, struct complaints *c)
{
    const struct table *table = &w->tables[claim->table];
    int ranks = ranks_per_tower(w), count = claim->shard_count;
    if (claim->sharding == BY_TABLE && count != 1)
        complain(c, "table %s is not split, yet has %d shards", table->name, count);
    if (claim->sharding == BY_ROW && count != ranks)
        complain(c, "table %s has %d row shards on %d ranks", table->name, count, ranks);
    for (int i = 0; i < count; i++) {
        const struct shard_claim *shard = &claim->shards[i];
        if (shard->rank / ranks != claim->tower || shard->rank < 0)
            complain(
                c, "table %s: rank %d is not in tower %d", table->name, shard->rank, claim->tower);
        if (claim->sharding == BY_COLUMN && (shard->columns != claim->shards[0].columns ||
                                                shard->columns < 4 || shard->rows != table->rows))
            complain(c, "table %s: column shard %d is no equal cut of 4 columns or more",
                table->name, i);
        if (claim->sharding == BY_ROW)
            judge_row_shard(w, claim, i, c);
    }
}

static int tower_of_feature(const struct claims *claims, int feature)
{
    for (int t = 0; t < claims->tower_count; t++)
        for (int i = 0; i < claims->towers[t].feature_count; i++)
            if (claims->towers[t].features[i] == feature)
                return t;
    return -1;
}

static void judge_tables(const struct claims *claims, struct complaints *c)
{
    const struct workload *w = &claims->workload;
    int *seen = need((size_t)w->table_count, sizeof *seen);
    for (int i = 0; i < claims->table_count; i++) {
        const struct table_claim *claim = &claims->tables[i];
        if (claim->table < 0) {
            complain(c, "the plan places a table that the model has not");
            continue;
        }
        const struct table *table = &w->tables[claim->table];
        seen[claim->table]++;
        if (claim->tower < 0 || claim->tower >= tower_count(w))
            complain(c, "table %s is in tower %d", table->name, claim->tower);
        for (int j = 0; j < table->feature_count; j++)
            if (tower_of_feature(claims, table->first_feature + j) != claim->tower)
                complain(c, "table %s and its feature %s are in different towers", table->name,
                    w->features[table->first_feature + j].name);
        judge_tiling(table, claim, c);
        judge_sharding(w, claim, c);
    }
    for (int i = 0; i < w->table_count; i++)
        if (seen[i] != 1)
            complain(c, "table %s is placed %d times", w->tables[i].name, seen[i]);
    free(seen);
}

static void judge_ranks(const struct claims *claims, const struct figures *f, struct complaints *c)
{
    const struct workload *w = &claims->workload;
    if (claims->rank_count != f->ranks)
        complain(c, "%d ranks are listed, expected %d", claims->rank_count, f->ranks);
    for (int i = 0; i < claims->rank_count && i < f->ranks; i++) {
        const struct rank_claim *rank = &claims->ranks[i];
        double output = global_batch(w) * f->rank[i].width * forward_bytes(w);
        if (rank->rank != i)
            complain(c, "rank %d is listed in place %d", rank->rank, i);
        if (!same_bytes(rank->memory_bytes, f->memory[i]))
            complain(c, "rank %d says memory_bytes %lld, found %.1f", i,
                (long long)rank->memory_bytes, f->memory[i]);
        if (!same_bytes(rank->lookup_bytes, f->rank[i].lookup))
            complain(c, "rank %d says lookup_bytes %lld, found %.1f", i,
                (long long)rank->lookup_bytes, f->rank[i].lookup);
        if (!same_bytes(rank->output_bytes, output))
            complain(c, "rank %d says output_bytes %lld, found %.1f", i,
                (long long)rank->output_bytes, output);
        if (!same_bytes(rank->id_bytes, global_batch(w) * f->rank[i].ids))
            complain(c, "rank %d says id_bytes %lld, found %.1f", i, (long long)rank->id_bytes,
                global_batch(w) * f->rank[i].ids);
        if (floor(f->memory[i] + 0.5) > (double)rank_capacity(w, i))
            complain(c, "rank %d needs %.0f bytes, it has %lld", i, f->memory[i],
                (long long)rank_capacity(w, i));
    }
}

static void judge_limits(const struct claims *claims, const struct figures *f, struct complaints *c)
{
    const struct workload *w = &claims->workload;
    struct tower_weight mean = {0};
    for (int t = 0; t < f->towers; t++) {
        mean.lookup += f->tower[t].lookup / f->towers;
        mean.output += f->tower[t].output / f->towers;
        mean.flops += f->tower[t].flops / f->towers;
    }
    for (int t = 0; t < f->towers; t++) {
        const struct tower_weight *tower = &f->tower[t];
        if (tower->features < features_least(w, claims->ratio) ||
            tower->features > features_most(w, claims->ratio))
            complain(c, "tower %d has %d features, ratio %g allows %d to %d", t, tower->features,
                claims->ratio, features_least(w, claims->ratio), features_most(w, claims->ratio));
        if (!within_balance(tower->lookup, mean.lookup, claims->balance))
            complain(c, "tower %d reads %g bytes, over %g of the mean %g", t, tower->lookup,
                1 + claims->balance, mean.lookup);
        if (!within_balance(tower->output, mean.output, claims->balance))
            complain(c, "tower %d has output %g, over %g of the mean %g", t, tower->output,
                1 + claims->balance, mean.output);
        if (!within_balance(tower->flops, mean.flops, claims->balance))
            complain(c, "tower %d has %g flops, over %g of the mean %g", t, tower->flops,
                1 + claims->balance, mean.flops);
    }
}

static void judge_rule(const struct claims *claims, const struct rule *rule, struct complaints *c)
{
    const struct feature *features = claims->workload.features;
    for (int i = 0; i < rule->feature_count; i++) {
        int tower = tower_of_feature(claims, rule->features[i]);
        if (rule->kind == RULE_PIN && tower != rule->tower)
            complain(c, "feature %s is pinned to tower %d, found in %d",
                features[rule->features[i]].name, rule->tower, tower);
        for (int j = 0; j < i && rule->kind != RULE_PIN; j++) {
            bool same = tower == tower_of_feature(claims, rule->features[j]);
            if (same != (rule->kind == RULE_TOGETHER))
                complain(c, "features %s and %s are %s one tower", features[rule->features[i]].name,
                    features[rule->features[j]].name, same ? "apart, yet in" : "together, not in");
        }
    }
}

double inside_share(const float *affinity, int feature_count, const int *tower)
{
    double inside = 0, all = 0;
    for (int i = 0; i < feature_count; i++)
        for (int j = 0; j < i; j++) {
            double a = affinity[(size_t)i * (size_t)feature_count + (size_t)j];
            all += a;
            inside += tower[i] == tower[j] ? a : 0;
        }
    return all > 0 ? inside / all : 0;
}

/* Bytes may be rounded, rank by rank, before they are compared. */
static double spread_slack(const struct figures *f, const struct workload *w, enum balance resource)
{
    double bytes = 0, spread = figures_spread(f, resource);
    for (int t = 0; t < f->towers; t++)
        bytes += resource == BALANCE_MEMORY ? f->tower_memory[t] : f->tower[t].lookup;
    if ((resource == BALANCE_MEMORY || resource == BALANCE_LOOKUP) && bytes > 0)
        return 1e-9 * spread + (1 + spread) * ranks_per_tower(w) / 2 * f->towers / bytes;
    return 1e-9 * spread;
}

static void judge_quality(const struct claims *claims, const struct figures *f,
    const struct request *request, struct complaints *c)
{
    const struct workload *w = &claims->workload;
    for (int i = 0; i < BALANCES; i++) {
        bool applies = i != BALANCE_FLOPS || w->module != MODULE_NONE;
        double spread = figures_spread(f, (enum balance)i);
        double slack = spread_slack(f, w, (enum balance)i);
        if (isnan(claims->spread[i]) ? applies : fabs(claims->spread[i] - spread) > slack)
            complain(c, "balance of %s says %.12g, found %.12g", balance_names[i],
                claims->spread[i], spread);
    }
    if (!request->affinity || isnan(claims->inside_affinity))
        return;
    int *tower = need((size_t)w->feature_count, sizeof *tower);
    for (int i = 0; i < w->feature_count; i++)
        tower[i] = tower_of_feature(claims, i);
    double share = inside_share(request->affinity, w->feature_count, tower);
    if (!near(claims->inside_affinity, share, 1e-9))
        complain(c, "inside_affinity says %.12g, found %.12g", claims->inside_affinity, share);
    free(tower);
}

static void judge_phase(const struct claims *claims, const struct figures *f, enum mode mode,
    enum phase phase, struct complaints *c)
{
    const struct workload *w = &claims->workload;
    const struct phase_claim *claim = &claims->phases[mode][phase];
    struct phase_figure figure = figures_phase(f, w, mode, phase);
    if (claim->present != figure.present || claim->moves != (figure.moves && figure.present)) {
        complain(c, "%s %s: the phase is %s", mode_names[mode], phase_names[phase],
            claim->present != figure.present ? "missing, or should not be there"
                                             : "without bytes, or should be");
        return;
    }
    if (!figure.known || !figure.present)
        return;
    if (!near(claim->seconds, figure.seconds, 1e-9))
        complain(c, "%s %s says %.12g seconds, found %.12g", mode_names[mode], phase_names[phase],
            claim->seconds, figure.seconds);
    for (int level = 0; figure.moves && level < w->level_count; level++)
        if (!same_bytes(claim->bytes[level], figure.bytes[level]))
            complain(c, "%s %s says %lld bytes at level %s, found %.1f", mode_names[mode],
                phase_names[phase], (long long)claim->bytes[level], w->levels[level].name,
                figure.bytes[level]);
}

/* The fastest wins, the earlier of equals. */
static void judge_recommendation(const struct claims *claims, struct complaints *c)
{
    const char *best = "flat";
    double least = claims->seconds[FLAT];
    if (claims->flat_free_seconds < least) {
        best = "flat_free";
        least = claims->flat_free_seconds;
    }
    if (claims->seconds[SPTT] < least) {
        best = "sptt";
        least = claims->seconds[SPTT];
    }
    if (strcmp(claims->recommended, best) != 0)
        complain(c, "recommends %s, the fastest is %s", claims->recommended, best);
    if (claims->seconds[DMT] < least)
        best = "dmt";
    if (strcmp(claims->recommended_if_quality_allows, best) != 0)
        complain(c, "recommends %s if quality allows, the fastest is %s",
            claims->recommended_if_quality_allows, best);
}

static void judge_cost(const struct claims *claims, const struct figures *f, struct complaints *c)
{
    for (int m = 0; m < MODES; m++) {
        double sum = 0;
        for (int p = 0; p < PHASES; p++) {
            judge_phase(claims, f, (enum mode)m, (enum phase)p, c);
            sum += claims->phases[m][p].seconds;
        }
        if (!near(claims->seconds[m], sum, 1e-9))
            complain(c, "%s says %.12g seconds, its phases add up to %.12g", mode_names[m],
                claims->seconds[m], sum);
    }
    judge_recommendation(claims, c);
}

/* The specs a plan embeds must be those it was made from, except for the K it chose. */
static void judge_specs(
    const struct workload *w, const struct workload *asked, struct complaints *c)
{
    if (w->table_count != asked->table_count || w->feature_count != asked->feature_count ||
        rank_count(w) != rank_count(asked) || w->rule_count != asked->rule_count) {
        complain(c, "the plan embeds another model or topology");
        return;
    }
    for (int i = 0; i < w->table_count; i++)
        if (strcmp(w->tables[i].name, asked->tables[i].name) != 0 ||
            w->tables[i].rows != asked->tables[i].rows || w->tables[i].dim != asked->tables[i].dim)
            complain(c, "the plan changed table %s", asked->tables[i].name);
    for (int i = 0; i < w->feature_count; i++)
        if (!near(w->features[i].pooling, asked->features[i].pooling, 0) ||
            strcmp(w->features[i].name, asked->features[i].name) != 0)
            complain(c, "the plan changed feature %s", asked->features[i].name);
    for (int h = 0; h < host_count(w); h++)
        if (w->host_memory[h] != asked->host_memory[h])
            complain(c, "the plan changed the memory of host %d", h);
    if (!near(global_batch(w), global_batch(asked), 0) || w->module != asked->module ||
        w->optimizer != asked->optimizer || w->stored != asked->stored)
        complain(c, "the plan changed batch, module, optimizer or dtype");
}

void judge_claims(
    const struct claims *claims, const struct request *request, struct complaints *complaints)
{
    struct figures figures;
    int before = complaints->count;
    if (request->workload)
        judge_specs(&claims->workload, request->workload, complaints);
    judge_towers(claims, complaints);
    if (complaints->count == before)
        judge_tables(claims, complaints);
    if (complaints->count > before)
        return;
    figures_init(&figures, claims);
    judge_ranks(claims, &figures, complaints);
    judge_limits(claims, &figures, complaints);
    /* A flat plan has no towers to be together or apart in, or to be pinned to. */
    for (int i = 0; i < claims->workload.rule_count && strcmp(claims->strategy, "flat") != 0; i++)
        judge_rule(claims, &claims->workload.rules[i], complaints);
    judge_quality(claims, &figures, request, complaints);
    judge_cost(claims, &figures, complaints);
    figures_release(&figures);
}

void judge_plan(const char *path, const struct request *request, struct complaints *complaints)
{
    struct claims claims;
    if (claims_read(path, &claims, complaints))
        judge_claims(&claims, request, complaints);
    claims_release(&claims);
}
