/* SPDX-License-Identifier: Apache-2.0 */
/* One random instance from one seed. The order of the rolls is part of the meaning of a seed, so a
 * change here changes every instance.
 *
 * Memory is set last, as a multiple of what the ranks would need if everything could be spread
 * evenly over them: near 1 the instance may or may not be feasible, which is where a planner errs.
 * */
#include "instance.h"

#include "complaints.h"
#include "dice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void roll_levels(struct dice *dice, struct workload *w, int hosts)
{
    static const char *const names[] = {"host", "rack", "pod"};
    int outer = 1;
    w->level_count = dice_chance(dice, 0.4) ? 3 : 2;
    if (w->level_count == 3)
        for (outer = dice_between(dice, 1, hosts); hosts % outer; outer--)
            ;
    w->levels[1].fanout = hosts / outer;
    w->levels[2].fanout = outer;
    for (int i = 0; i < w->level_count; i++) {
        struct level *level = &w->levels[i];
        strcpy(level->name, names[i]);
        level->bytes_per_s = dice_log(dice, 1e9, 1e12);
        level->latency_s = dice_chance(dice, 0.2) ? 0 : dice_log(dice, 1e-7, 1e-4);
        if (i > 0 && dice_chance(dice, 0.5))
            level->uplink_bytes_per_s = dice_log(dice, 1e9, 1e12);
    }
}

static void roll_topology(struct dice *dice, struct workload *w, enum instance_size size)
{
    bool small = size != INSTANCE_LARGE;
    int most_ranks = small ? 16 : 256, most_tower = small ? 4 : 32;
    int inner = small ? 1 << dice_below(dice, 3) : 1 << dice_below(dice, 4);
    int most_hosts = small ? 4 / inner : 4, least = size == INSTANCE_UNEQUAL ? 2 : 1;
    w->hosts_per_tower = dice_chance(dice, 0.5) ? 1 : dice_between(dice, 1, most_hosts);
    int most = most_ranks / (inner * w->hosts_per_tower);
    most = most < most_tower ? most : most_tower;
    int towers = small ? dice_between(dice, least, most) : (int)dice_log(dice, 1, most + 0.999);
    w->levels[0].fanout = inner;
    roll_levels(dice, w, towers * w->hosts_per_tower);
    w->reserve = dice_chance(dice, 0.3) ? 0 : 0.15;
    w->memory_bytes_per_s = dice_log(dice, 1e11, 4e12);
    w->flops_per_s = dice_log(dice, 1e12, 1e15);
}

static double roll_pooling(struct dice *dice)
{
    if (dice_chance(dice, 0.5))
        return 1;
    return fmin(fmax(exp(0.5 + dice_normal(dice)), 0.05), 500);
}

/* Tables until the wanted number of features (large) or of tables (small) is reached. */
static void roll_tables(struct dice *dice, struct workload *w, enum instance_size size)
{
    bool small = size != INSTANCE_LARGE, equal = dice_chance(dice, 0.4);
    int widest = small ? 3 : 5, dim = 4 << dice_below(dice, widest);
    int towers = tower_count(w), left;
    int most = size == INSTANCE_SMALL ? 10 : size == INSTANCE_DOZEN ? 12 : towers + 6;
    if (small)
        left = dice_between(dice, towers > 2 && dice_chance(dice, 0.9) ? towers : 2, most);
    else
        left = (int)dice_log(dice, dice_chance(dice, 0.9) ? towers + 1 : 2, 200.999);
    double sharing = dice_chance(dice, 0.5) ? 0.25 : 0;
    w->tables = need((size_t)left, sizeof *w->tables);
    w->features = need((size_t)left * 3, sizeof *w->features);
    while (left > 0) {
        struct table *t = &w->tables[w->table_count];
        double rows = exp(log(2e4) + (small ? 1.5 : 2.5) * dice_normal(dice));
        snprintf(t->name, sizeof t->name, "t%d", w->table_count);
        t->rows = (int64_t)fmin(fmax(rows, 1), 5e7);
        t->dim = equal ? dim : 4 << dice_below(dice, widest);
        t->first_feature = w->feature_count;
        t->feature_count = dice_chance(dice, sharing) ? dice_between(dice, 2, 3) : 1;
        if (!small && t->feature_count > left)
            t->feature_count = left;
        left -= small ? 1 : t->feature_count;
        for (int j = 0; j < t->feature_count; j++) {
            struct feature *f = &w->features[w->feature_count];
            snprintf(f->name, sizeof f->name, "f%d", w->feature_count++);
            f->table = w->table_count;
            f->pooling = roll_pooling(dice);
        }
        w->table_count++;
    }
}

static void roll_mlp(struct dice *dice, struct mlp *mlp, int last)
{
    mlp->count = dice_between(dice, 1, 3);
    for (int i = 0; i < mlp->count; i++)
        mlp->width[i] = 1 << dice_between(dice, 2, 9);
    mlp->width[mlp->count - 1] = last;
}

/* The common dim is one of the tables' more often than not. */
static void roll_arch(struct dice *dice, struct workload *w)
{
    int dim = dice_chance(dice, 0.7) ? w->tables[dice_below(dice, w->table_count)].dim : 24;
    w->interaction = (enum interaction)dice_below(dice, INTERACTIONS);
    w->dense_features = dice_chance(dice, 0.3) ? 0 : dice_between(dice, 1, 13);
    roll_mlp(dice, &w->bottom, dim);
    roll_mlp(dice, &w->top, 1);
    w->cross_layers = dice_between(dice, 1, 3);
    w->cross_rank = dice_between(dice, 1, 64);
    w->module = (enum module)dice_below(dice, MODULES);
    w->module_dim = 4 * dice_between(dice, 1, 16);
    w->module_c = dice_below(dice, 3);
    w->module_p = dice_below(dice, 3);
    if (w->module_c + w->module_p == 0)
        w->module_c = 1;
    w->module_rank = dice_between(dice, 1, 32);
}

static void roll_training(struct dice *dice, struct workload *w)
{
    static const enum dtype sent[] = {FLOAT32, BFLOAT16};
    int64_t local = (int64_t)dice_log(dice, 1, 300);
    w->stored = (enum dtype)dice_below(dice, DTYPES);
    w->optimizer = (enum optimizer)dice_below(dice, OPTIMIZERS);
    w->forward = sent[dice_below(dice, 2)];
    w->backward = sent[dice_below(dice, 2)];
    if (dice_chance(dice, 0.5))
        w->batch = local * rank_count(w);
    else
        w->local_batch = local;
}

static void roll_rule(struct dice *dice, struct workload *w, struct rule *rule)
{
    rule->kind = (enum rule_kind)dice_below(dice, RULES);
    rule->tower = dice_below(dice, tower_count(w));
    int wanted = rule->kind == RULE_PIN ? 1 : dice_chance(dice, 0.7) ? 2 : 3;
    while (rule->feature_count < wanted && rule->feature_count < w->feature_count) {
        int f = dice_below(dice, w->feature_count);
        bool again = false;
        for (int i = 0; i < rule->feature_count; i++)
            again = again || rule->features[i] == f;
        if (!again)
            rule->features[rule->feature_count++] = f;
    }
}

/* Sometimes the last rule says the opposite of an earlier one. */
static void roll_rules(struct dice *dice, struct workload *w)
{
    int wanted = dice_chance(dice, 0.4) ? 0 : dice_between(dice, 1, 4);
    w->rules = need((size_t)wanted + 1, sizeof *w->rules);
    while (w->rule_count < wanted)
        roll_rule(dice, w, &w->rules[w->rule_count++]);
    if (wanted == 0 || !dice_chance(dice, 0.08))
        return;
    struct rule opposite = w->rules[dice_below(dice, wanted)];
    if (opposite.kind == RULE_PIN)
        opposite.tower = (opposite.tower + 1) % tower_count(w);
    else
        opposite.kind = opposite.kind == RULE_APART ? RULE_TOGETHER : RULE_APART;
    w->rules[w->rule_count++] = opposite;
}

/* Memory of a rank if weights, ids and outputs could be cut at will and spread evenly. */
static double even_memory(const struct workload *w)
{
    struct memory_case c = {0};
    int ranks = rank_count(w), towers = tower_count(w);
    bool *all = need((size_t)w->feature_count, sizeof *all);
    memset(all, true, (size_t)w->feature_count * sizeof *all);
    struct tower_weight world = tower_weight(w, all);
    for (int i = 0; i < w->table_count; i++) {
        struct weight t = shard_weight(w, i, BY_TABLE, 0, w->tables[i].rows, w->tables[i].dim);
        c.own.parameters += t.parameters / ranks;
        c.own.ids += t.ids / ranks;
        c.own.width += t.width / ranks;
        c.all_ids += t.ids;
        c.all_width += t.width;
    }
    c.tower_width = c.all_width / towers;
    c.all_out = world.output;
    c.all_sent = world.sent;
    c.tower_out = world.output / towers;
    c.tower_sent = world.sent / towers;
    free(all);
    return rank_memory(w, &c);
}

/* Tables of some thirds of a tower each, of which few assignments fit. */
static void roll_heavy_rows(struct dice *dice, struct workload *w)
{
    for (int i = 0; i < w->table_count; i++)
        w->tables[i].rows = (int64_t)(2e6 * dice_real(dice, 0.3, 1.2) / w->tables[i].dim);
}

static void roll_memory(struct dice *dice, struct workload *w, enum instance_size size)
{
    bool unequal = size == INSTANCE_UNEQUAL;
    bool tight = unequal || dice_chance(dice, 0.6), differ = unequal || dice_chance(dice, 0.3);
    double factor = tight ? dice_real(dice, 0.95, 1.9) : dice_log(dice, 2, 30);
    double bytes = even_memory(w) * factor / (1 - w->reserve);
    w->memory_bytes = (int64_t)bytes + 1;
    w->host_memory = need((size_t)host_count(w), sizeof *w->host_memory);
    w->host_uplink = need((size_t)host_count(w), sizeof *w->host_uplink);
    for (int h = 0; h < host_count(w); h++) {
        w->host_memory[h] = w->memory_bytes;
        w->host_uplink[h] = w->levels[1].uplink_bytes_per_s;
        if (differ && dice_chance(dice, unequal ? 0.8 : 0.3))
            w->host_memory[h] = (int64_t)(bytes * dice_real(dice, 0.5, 1.6)) + 1;
        if (differ && dice_chance(dice, unequal ? 0.8 : 0.2))
            w->host_uplink[h] = dice_log(dice, 1e9, 1e12);
    }
}

/* Planted groups under noise, pure noise, or nothing at all. */
static void roll_affinity(struct dice *dice, struct instance *instance)
{
    int count = instance->workload.feature_count, groups = dice_between(dice, 1, count);
    double inside = dice_chance(dice, 0.7) ? dice_real(dice, 0, 0.8) : 0;
    double noise = dice_chance(dice, 0.05) ? 0 : dice_real(dice, 0.01, 0.3);
    int *group = need((size_t)count, sizeof *group);
    instance->affinity = need((size_t)count * (size_t)count, sizeof *instance->affinity);
    for (int i = 0; i < count; i++) {
        group[i] = dice_below(dice, groups);
        instance->affinity[(size_t)i * (size_t)count + (size_t)i] = 1;
        for (int j = 0; j < i; j++) {
            double a = fabs(noise * dice_normal(dice)) + (group[i] == group[j] ? inside : 0);
            instance->affinity[(size_t)i * (size_t)count + (size_t)j] =
                instance->affinity[(size_t)j * (size_t)count + (size_t)i] = (float)fmin(a, 1);
        }
    }
    free(group);
}

/* Points of a curve that can be: no rows are hotter than those before them. */
static void roll_hot(struct dice *dice, const struct table *t, struct feature *f)
{
    int wanted = dice_between(dice, 1, HOT_MAX);
    int64_t row =
        dice_chance(dice, 0.6) ? 1 : 1 + (int64_t)(dice_real(dice, 0, 0.3) * (double)t->rows);
    double share = pow((double)row / (double)t->rows, dice_real(dice, 0, 1));
    while (f->hot_count < wanted && row <= t->rows) {
        if (row == t->rows || share >= 1)
            share = 1;
        f->hot[f->hot_count++] = (struct hot){row, share};
        if (share >= 1)
            return;
        int64_t next = row + 1 + (int64_t)((double)row * dice_log(dice, 0.5, 30));
        double grown = share * pow((double)next / (double)row, dice_real(dice, 0.05, 1));
        share = fmax(grown, (double)next / (double)t->rows);
        row = next;
    }
}

static void roll_skew(struct dice *dice, struct workload *w)
{
    if (dice_chance(dice, 0.5))
        return;
    for (int i = 0; i < w->table_count; i++) {
        struct table *t = &w->tables[i];
        t->ranked = dice_chance(dice, 0.4);
        for (int f = t->first_feature; f < t->first_feature + t->feature_count; f++)
            if (dice_chance(dice, 0.7))
                roll_hot(dice, t, &w->features[f]);
    }
}

void instance_init(struct instance *instance, uint64_t seed, enum instance_size size)
{
    struct dice dice = {seed * 2 + (size == INSTANCE_LARGE)};
    struct workload *w = &instance->workload;
    *instance = (struct instance){0};
    roll_topology(&dice, w, size);
    roll_tables(&dice, w, size);
    roll_arch(&dice, w);
    roll_training(&dice, w);
    roll_rules(&dice, w);
    if (size == INSTANCE_UNEQUAL)
        roll_heavy_rows(&dice, w);
    roll_memory(&dice, w, size);
    roll_affinity(&dice, instance);
    roll_skew(&dice, w);
}

void instance_release(struct instance *instance)
{
    workload_release(&instance->workload);
    free(instance->affinity);
    instance->affinity = NULL;
}
