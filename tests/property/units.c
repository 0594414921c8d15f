/* SPDX-License-Identifier: Apache-2.0 */
/* Units from the rules of a workload: labels spread along every `together` until nothing changes.
 * */
#include "units.h"

#include "complaints.h"

#include <stdlib.h>
#include <string.h>

static int table_of(const struct workload *w, const struct rule *rule, int index)
{
    return w->features[rule->features[index]].table;
}

/* Gives every table the smallest label among the tables bound to it. */
static void spread_labels(const struct workload *w, int *label)
{
    bool changed = true;
    for (int i = 0; i < w->table_count; i++)
        label[i] = i;
    while (changed) {
        changed = false;
        for (int i = 0; i < w->rule_count; i++) {
            const struct rule *rule = &w->rules[i];
            for (int j = 1; rule->kind == RULE_TOGETHER && j < rule->feature_count; j++) {
                int *a = &label[table_of(w, rule, j - 1)], *b = &label[table_of(w, rule, j)];
                changed = changed || *a != *b;
                *a = *b = *a < *b ? *a : *b;
            }
        }
    }
}

static void number_units(struct units *u, const struct workload *w)
{
    int *label = need((size_t)w->table_count, sizeof *label);
    spread_labels(w, label);
    for (int i = 0; i < w->table_count; i++)
        u->of_table[i] = label[i] == i ? u->count++ : u->of_table[label[i]];
    free(label);
}

static void weigh_units(struct units *u, const struct workload *w)
{
    bool *inside = need((size_t)w->feature_count, sizeof *inside);
    for (int i = 0; i < u->count; i++) {
        for (int f = 0; f < w->feature_count; f++)
            inside[f] = u->of_table[w->features[f].table] == i;
        u->weight[i] = tower_weight(w, inside);
    }
    free(inside);
}

static void read_rule(struct units *u, const struct workload *w, const struct rule *rule)
{
    for (int j = 0; j < rule->feature_count; j++) {
        int a = u->of_table[table_of(w, rule, j)];
        if (rule->kind == RULE_PIN) {
            u->contradictory |= u->pin[a] >= 0 && u->pin[a] != rule->tower;
            u->contradictory |= rule->tower >= tower_count(w);
            u->pin[a] = rule->tower;
        }
        for (int k = 0; rule->kind == RULE_APART && k < j; k++) {
            int b = u->of_table[table_of(w, rule, k)];
            u->contradictory |= a == b;
            u->apart[a * u->count + b] = u->apart[b * u->count + a] = true;
        }
    }
}

void units_init(struct units *units, const struct workload *w)
{
    *units = (struct units){0};
    units->of_table = need((size_t)w->table_count, sizeof *units->of_table);
    number_units(units, w);
    size_t count = (size_t)units->count;
    units->weight = need(count, sizeof *units->weight);
    units->pin = need(count, sizeof *units->pin);
    units->apart = need(count * count, sizeof *units->apart);
    memset(units->pin, -1, count * sizeof *units->pin);
    weigh_units(units, w);
    for (int i = 0; i < w->rule_count; i++)
        read_rule(units, w, &w->rules[i]);
}

void units_release(struct units *units)
{
    free(units->of_table);
    free(units->weight);
    free(units->pin);
    free(units->apart);
    *units = (struct units){0};
}
