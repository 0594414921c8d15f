/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit is looked at by itself, with the units that have a tower; what is new can only add to it. */
#include "replan/reasons.h"

#include "base/memory.h"

#include <stdlib.h>

static const char *const nouns[TP_RESOURCES] = {[TP_LOOKUP] = "of lookups per step",
    [TP_OUTPUT] = "output dims",
    [TP_FLOPS] = "flops of its tower module",
    [TP_MEMORY] = "of memory",
    [TP_FEATURES] = "features"};

static const char *const names[TP_RESOURCES] = {[TP_LOOKUP] = "lookup",
    [TP_OUTPUT] = "output",
    [TP_FLOPS] = "flops",
    [TP_MEMORY] = "memory",
    [TP_FEATURES] = "features"};

static void say_amount(struct tp_text *out, int resource, double amount)
{
    char text[16];
    if (resource == TP_MEMORY || resource == TP_LOOKUP) {
        tp_format_bytes(text, amount);
        tp_text_add(out, "%s", text);
    } else {
        tp_text_add(out, "%.0f", amount);
    }
}

/* The limit of a tower that is broken most, and the names of the others. */
static void say_limits(struct tp_text *out, const struct tp_problem *p, const double *load)
{
    for (int32_t t = 0; t < p->tower_count; t++) {
        const double *here = load + (int64_t)t * TP_RESOURCES, *most = tp_tower_most(p, t);
        int worst = -1;
        for (int r = TP_RESOURCES - 1; r >= 0; r--) {
            if (here[r] <= most[r])
                continue;
            if (worst < 0 || here[r] * most[worst] > here[worst] * most[r])
                worst = r;
        }
        if (worst < 0)
            continue;
        tp_text_add(out, "tower %d would hold ", (int)t);
        say_amount(out, worst, here[worst]);
        tp_text_add(out, " %s, at most ", nouns[worst]);
        say_amount(out, worst, most[worst]);
        tp_text_add(out, "%s", worst == TP_MEMORY ? " on its ranks" : "");
        const char *too = "; beyond the limit of ";
        for (int r = 0; r < TP_RESOURCES; r++) {
            if (r == worst || here[r] <= most[r])
                continue;
            tp_text_add(out, "%s%s", too, names[r]);
            too = ", ";
        }
        tp_text_add(out, "%s", *too == ',' ? ", too" : "");
        tp_text_add(out, "\n");
    }
}

/* Too few features, which new ones may make up for. */
static void say_empty(struct tp_text *out, const struct tp_problem *p, const double *load)
{
    for (int32_t t = 0; t < p->tower_count; t++) {
        double here = load[(int64_t)t * TP_RESOURCES + TP_FEATURES];
        if (here < p->features_least)
            tp_text_add(out,
                "tower %d would hold %.0f of the older plan's features, by the ratio at least "
                "%.0f\n",
                (int)t, here, p->features_least);
    }
}

static const char *first_table(
    const struct tp_model *model, const struct tp_problem *p, int32_t unit)
{
    int32_t i = 0;
    while (p->unit_of_table[i] != unit)
        i++;
    return model->tables[i].name;
}

static void say_constraints(struct tp_text *out, const struct tp_model *model,
    const struct tp_homes *homes, const struct tp_problem *p, const int32_t *home)
{
    for (int32_t u = 0; u < p->unit_count; u++) {
        if (home[u] < 0)
            continue;
        if (p->pin[u] >= 0 && p->pin[u] != home[u])
            tp_text_add(out, "table %s is pinned to tower %d and is in tower %d\n",
                first_table(model, p, u), (int)p->pin[u], (int)home[u]);
        for (int32_t k = p->apart_first[u]; k < p->apart_first[u + 1]; k++)
            if (p->apart[k] < u && home[p->apart[k]] == home[u])
                tp_text_add(out, "tables %s and %s are to be apart and are both in tower %d\n",
                    first_table(model, p, p->apart[k]), first_table(model, p, u), (int)home[u]);
    }
    for (int32_t i = 0; i < model->table_count; i++) {
        int32_t unit = p->unit_of_table[i], tower = homes->tables[i].tower;
        if (tower >= 0 && tower != home[unit])
            tp_text_add(out, "table %s is bound together with %s and is in tower %d, not in %d\n",
                model->tables[i].name, first_table(model, p, unit), (int)tower, (int)home[unit]);
    }
}

static void say_gone(struct tp_text *out, const struct tp_homes *homes)
{
    int32_t gone = 0;
    for (int32_t i = 0; i < homes->table_count; i++)
        gone += homes->tables[i].before >= 0 && homes->tables[i].tower < 0;
    if (gone > 0)
        tp_text_add(out, "the ranks of %d table%s are gone\n", (int)gone, tp_plural(gone));
}

void tp_say_reasons(struct tp_text *out, const struct tp_model *model, const struct tp_homes *homes,
    const struct tp_problem *problem, const int32_t *home)
{
    size_t before = out->length;
    double *load = tp_new((size_t)problem->tower_count * TP_RESOURCES, sizeof *load);
    if (!load) {
        out->failed = true;
        return;
    }
    for (int32_t u = 0; home && u < problem->unit_count; u++)
        for (int r = 0; home[u] >= 0 && r < TP_RESOURCES; r++)
            load[(int64_t)home[u] * TP_RESOURCES + r] += tp_unit_weight(problem, u)[r];
    say_gone(out, homes);
    if (home) {
        say_limits(out, problem, load);
        say_empty(out, problem, load);
        say_constraints(out, model, homes, problem, home);
    }
    if (out->length == before && home)
        tp_text_add(out,
            "no towers were found for what is new in which all else stays and the limits "
            "hold: wider ones (--balance, --ratio) may let it\n");
    else if (out->length == before)
        tp_text_add(out, "tables make room for others on the ranks of their towers\n");
    free(load);
}
