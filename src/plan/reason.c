/* SPDX-License-Identifier: Apache-2.0 */
/* In: a conflict; out: its facts, one line each, with the numbers that make it one.
 *
 * Where a direct bound is the proof, the line says what is needed and what there is; where only a search
 * knows, it says what the limit is and which units weigh most under it. Long lists are cut: the first
 * few, the rest counted. */
#include "plan/reason.h"

#include "plan/speech.h"

#include <math.h>

#define TABLES_NAMED 4
#define FEATURES_NAMED 12
#define CONSTRAINTS_NAMED 12

void tp_say_constraint(
    struct tp_text *out, const struct tp_model *model, const struct tp_constraint *c)
{
    static const char *const kinds[] = {"together", "apart", "pin"};
    int32_t named = c->feature_count <= FEATURES_NAMED ? c->feature_count : FEATURES_NAMED;
    tp_text_add(out, "%s: [", kinds[c->kind]);
    for (int32_t i = 0; i < named; i++)
        tp_text_add(out, "%s%s", i ? ", " : "", model->features[c->features[i]].name);
    if (named < c->feature_count)
        tp_text_add(out, ", and %d more", c->feature_count - named);
    tp_text_add(out, "]");
    if (c->kind == TP_PIN)
        tp_text_add(out, " to tower %d", c->tower);
}

void tp_say_unit(struct tp_speech *s, int32_t unit)
{
    int32_t count = 0;
    for (int32_t i = 0; i < s->model->table_count; i++) {
        if (s->problem->unit_of_table[i] != unit)
            continue;
        if (count++ < TABLES_NAMED)
            tp_text_add(s->out, "%s%s", count > 1 ? " + " : "", s->model->tables[i].name);
    }
    if (count > TABLES_NAMED)
        tp_text_add(s->out, " + %d more", count - TABLES_NAMED);
}

static const char *resource_name(int resource)
{
    static const char *const names[] = {
        "lookup bytes", "output dims", "module flops", "memory", "features"};
    return names[resource];
}

static void say_weight(struct tp_speech *s, int32_t unit, int resource)
{
    double weight = tp_unit_weight(s->problem, unit)[resource];
    char bytes[16];
    if (resource == TP_MEMORY) {
        tp_format_bytes(bytes, weight);
        tp_text_add(s->out, "%s", bytes);
    } else if (resource == TP_FEATURES) {
        tp_text_add(s->out, "%.0f", weight);
    } else {
        tp_text_add(s->out, "%.2f of a tower's mean", weight / s->problem->mean[resource]);
    }
}

/* The next heavier unit after `last` in descending order; -1: none is left. */
static int32_t next_heaviest(const struct tp_problem *p, int resource, double below, int32_t last)
{
    int32_t best = -1;
    for (int32_t u = 0; u < p->unit_count; u++) {
        double w = tp_unit_weight(p, u)[resource];
        bool next = w < below || (!(w > below) && u > last);
        if (next && (best < 0 || w > tp_unit_weight(p, best)[resource]))
            best = u;
    }
    return best;
}

void tp_say_heaviest(struct tp_speech *s, int resource, int32_t count)
{
    double below = (double)INFINITY;
    int32_t unit = -1;
    for (int32_t k = 0; k < count && k < TP_UNITS_NAMED; k++) {
        unit = next_heaviest(s->problem, resource, below, unit);
        if (unit < 0)
            return;
        below = tp_unit_weight(s->problem, unit)[resource];
        tp_text_add(s->out, "%s", k ? ", " : "");
        tp_say_unit(s, unit);
        tp_text_add(s->out, " (");
        say_weight(s, unit, resource);
        tp_text_add(s->out, ")");
    }
}

/* What the units of a tower or of a crowd come to, in the resource's own measure. */
static void say_need_and_room(struct tp_speech *s, const struct tp_breach *b)
{
    char need[32], room[32];
    double mean = s->problem->mean[b->resource];
    if (b->resource == TP_MEMORY) {
        tp_format_pair(need, b->need, room, b->room);
        tp_text_add(s->out, "%s, of %s", need, room);
    } else if (b->resource == TP_FEATURES) {
        tp_text_add(s->out, "%.0f, of %.0f", b->need, b->room);
    } else {
        tp_text_add(s->out, "%.2f of a tower's mean", b->need / mean);
    }
}

static void say_pinned(struct tp_speech *s, const struct tp_breach *b)
{
    int32_t count = 0;
    tp_text_add(s->out, "what is pinned to tower %d (", b->tower);
    for (int32_t u = 0; u < s->problem->unit_count; u++) {
        if (s->problem->pin[u] != b->tower || ++count > TABLES_NAMED)
            continue;
        tp_text_add(s->out, "%s", count > 1 ? ", " : "");
        tp_say_unit(s, u);
    }
    if (count > TABLES_NAMED)
        tp_text_add(s->out, ", and %d more", count - TABLES_NAMED);
    tp_text_add(s->out, ") comes to at least ");
    say_need_and_room(s, b);
}

static void say_crowd(struct tp_speech *s, const struct tp_breach *b)
{
    tp_text_add(s->out, "some tower gets %d of the %d heaviest, at least ", b->share, b->count);
    say_need_and_room(s, b);
    tp_text_add(s->out, "; the heaviest: ");
    tp_say_heaviest(s, b->resource, b->count);
}

/* The bound behind a fact. @return false when there is none in these resources. */
bool tp_say_bound(struct tp_speech *s, int first, int last)
{
    const struct tp_breach *b = &s->conflict->breach;
    if (b->kind == TP_BREACH_NONE || b->kind == TP_BREACH_COUNT || b->kind == TP_BREACH_APART ||
        b->resource < first || b->resource > last)
        return false;
    if (b->resource < TP_MEMORY)
        tp_text_add(s->out, "by %s ", resource_name(b->resource));
    if (b->kind == TP_BREACH_PINNED) {
        say_pinned(s, b);
    } else if (b->kind == TP_BREACH_CROWD) {
        say_crowd(s, b);
    } else if (b->resource == TP_MEMORY && b->kind == TP_BREACH_TOTAL) {
        tp_say_memory_of_all(s, b);
    } else if (b->resource == TP_MEMORY) {
        tp_say_memory_of_unit(s, b);
    } else {
        tp_say_unit(s, b->unit);
        tp_text_add(s->out, b->resource == TP_FEATURES ? " has " : " alone is ");
        say_weight(s, b->unit, b->resource);
    }
    return true;
}

/* The resource in which a unit is furthest above the mean. */
static int worst_resource(const struct tp_problem *p)
{
    int worst = TP_LOOKUP;
    double most = 0;
    for (int32_t u = 0; u < p->unit_count; u++)
        for (int r = 0; r < TP_MEMORY; r++)
            if (p->mean[r] > 0 && tp_unit_weight(p, u)[r] / p->mean[r] > most) {
                most = tp_unit_weight(p, u)[r] / p->mean[r];
                worst = r;
            }
    return worst;
}

static void say_balance(struct tp_speech *s)
{
    int worst = worst_resource(s->problem);
    tp_text_add(s->out, "  balance %g: no tower may hold over %g times the mean; ", s->balance,
        1 + s->balance);
    if (!tp_say_bound(s, TP_LOOKUP, TP_FLOPS)) {
        tp_text_add(s->out, "by %s the heaviest: ", resource_name(worst));
        tp_say_heaviest(s, worst, TP_UNITS_NAMED);
    }
    tp_text_add(s->out, "\n");
}

static void say_ratio(struct tp_speech *s)
{
    int32_t least, most;
    tp_ratio_bounds(s->problem->feature_count, s->problem->tower_count, s->ratio, &least, &most);
    tp_text_add(s->out, "  ratio %g: every tower must hold ", s->ratio);
    if (least == most)
        tp_text_add(s->out, "%d feature%s; ", least, tp_plural(least));
    else
        tp_text_add(s->out, "%d to %d features; ", least, most);
    if (!tp_say_bound(s, TP_FEATURES, TP_FEATURES)) {
        tp_text_add(s->out, "most features: ");
        tp_say_heaviest(s, TP_FEATURES, TP_UNITS_NAMED);
    } else if (s->conflict->breach.kind == TP_BREACH_UNIT) {
        tp_text_add(s->out, " feature%s", tp_plural((int64_t)s->conflict->breach.need));
    }
    tp_text_add(s->out, "\n");
}

static void say_constraints(struct tp_speech *s)
{
    int32_t count = 0;
    for (int32_t i = 0; i < s->conflict->count; i++) {
        if (s->conflict->facts[i].kind != TP_FACT_CONSTRAINT || count++ >= CONSTRAINTS_NAMED)
            continue;
        tp_text_add(s->out, "  constraint ");
        tp_say_constraint(
            s->out, s->model, &s->model->constraints[s->conflict->facts[i].constraint]);
        tp_text_add(s->out, "\n");
    }
    if (count > CONSTRAINTS_NAMED)
        tp_text_add(s->out, "  and %d more constraint%s\n", count - CONSTRAINTS_NAMED,
            tp_plural(count - CONSTRAINTS_NAMED));
}

static bool constrained(const struct tp_speech *s, int32_t feature)
{
    for (int32_t i = 0; i < s->conflict->count; i++) {
        const struct tp_fact *fact = &s->conflict->facts[i];
        if (fact->kind != TP_FACT_CONSTRAINT)
            continue;
        const struct tp_constraint *c = &s->model->constraints[fact->constraint];
        for (int32_t k = 0; k < c->feature_count; k++)
            if (c->features[k] == feature)
                return true;
    }
    return false;
}

/* Features of the constraints that share a table are bound by it. */
static void say_shared_tables(struct tp_speech *s)
{
    for (int32_t i = 0; i < s->model->table_count; i++) {
        const struct tp_table *t = &s->model->tables[i];
        int32_t first = -1, count = 0;
        for (int32_t f = t->first_feature;
             t->feature_count > 1 && f < t->first_feature + t->feature_count; f++) {
            if (!constrained(s, f))
                continue;
            if (count++ == 0)
                first = f;
            else
                tp_text_add(s->out, "%s%s", count > 2 ? ", " : "  table ",
                    count > 2 ? s->model->features[f].name : t->name);
            if (count == 2)
                tp_text_add(s->out, " is shared by %s, %s", s->model->features[first].name,
                    s->model->features[f].name);
        }
        if (count > 1)
            tp_text_add(s->out, "\n");
    }
}

/* A pin to a tower that there is not. */
static bool pins_beyond(const struct tp_speech *s, int32_t towers)
{
    for (int32_t i = 0; i < s->conflict->count; i++) {
        const struct tp_fact *fact = &s->conflict->facts[i];
        if (fact->kind == TP_FACT_CONSTRAINT &&
            s->model->constraints[fact->constraint].kind == TP_PIN &&
            s->model->constraints[fact->constraint].tower >= towers)
            return true;
    }
    return false;
}

static void say_towers(struct tp_speech *s)
{
    const struct tp_breach *b = &s->conflict->breach;
    int32_t hosts = s->topology->host_count, towers = hosts / s->hosts_per_tower;
    bool beyond = pins_beyond(s, towers);
    bool total = b->kind == TP_BREACH_TOTAL && b->resource == TP_MEMORY;
    if (!beyond && (!s->problem || total || towers == 1))
        return; /* in whatever towers */
    tp_text_add(s->out, "  %d tower%s (%d host%s, %d per tower)", towers, tp_plural(towers), hosts,
        tp_plural(hosts), s->hosts_per_tower);
    if (beyond)
        tp_text_add(s->out, ": tower 0 to tower %d", towers - 1);
    else if (b->kind == TP_BREACH_APART) {
        tp_text_add(s->out, ", and at least %d units that are to be in different ones: ", b->count);
        for (int32_t i = 0; i < b->count && i < FEATURES_NAMED; i++) {
            tp_text_add(s->out, "%s", i ? ", " : "");
            tp_say_unit(s, b->units[i]);
        }
        tp_text_add(s->out, "%s", b->count > FEATURES_NAMED ? ", ..." : "");
    } else if (b->kind == TP_BREACH_NONE || b->kind == TP_BREACH_COUNT) {
        tp_text_add(s->out, ", each with at least one unit");
    }
    tp_text_add(s->out, "\n");
    if (b->kind == TP_BREACH_COUNT)
        tp_text_add(s->out,
            "  %d unit%s to fill them (a unit is a table with all its features, or several tables "
            "bound by `together`)\n",
            s->problem->unit_count, tp_plural(s->problem->unit_count));
}

void tp_say_conflict(
    struct tp_text *out, const struct tp_question *asked, const struct tp_conflict *conflict)
{
    struct tp_speech s = {.out = out,
        .model = asked->model,
        .topology = asked->topology,
        .hosts_per_tower = asked->hosts_per_tower,
        .balance = asked->balance,
        .ratio = asked->ratio,
        .conflict = conflict,
        .problem = conflict->problem};
    if (s.problem && tp_conflict_has(conflict, TP_FACT_MEMORY))
        tp_say_memory(&s);
    if (s.problem && tp_conflict_has(conflict, TP_FACT_BALANCE))
        say_balance(&s);
    if (s.problem && tp_conflict_has(conflict, TP_FACT_RATIO))
        say_ratio(&s);
    say_constraints(&s);
    say_shared_tables(&s);
    if (conflict->stride)
        tp_text_add(out, "  strategy stride: unit i goes to tower i mod %d, there is no choice\n",
            asked->topology->host_count / asked->hosts_per_tower);
    say_towers(&s);
}
