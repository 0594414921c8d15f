/* SPDX-License-Identifier: Apache-2.0 */
/* Depth-first over units, each into every tower that its pin, its enemies and the upper limits
 * allow. At a leaf the lower limits are checked, and then the placement: the towers' options
 * (packing.h) are found once per tower and set of units, and combined until one combination holds
 * on every rank.
 *
 * Looking for the tightest limits, a leaf is placed only if its own needs are below the best so far
 * in (ratio, balance), in that order. Limits are hundredths; Q100 and X100 count them. Looking for
 * the best affinity, a leaf is placed only if it has more of it inside (diverse: less).
 * Cost: T^U leaves at most. */
#include "brute.h"

#include "complaints.h"
#include "packing.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { X100_LEAST = 5, Q100_LEAST = 100 };

struct brute {
    const struct workload *w;
    const struct brute_query *query;
    struct units units;
    struct packing_world world;
    struct packing_list *lists; /* (T, 2^U) */
    bool *listed;               /* (T, 2^U) */
    int towers;
    int *tower;                /* (U) */
    struct tower_weight *load; /* (T) */
    struct tower_weight mean;
    int least, most; /* features of a tower, from the ratio given */
    bool found;
    int q100, x100; /* of the best found */
    double *pair;   /* (U, U) affinity between features of two units, within one on the diagonal */
    double all;     /* affinity between all features */
    double inside;  /* within towers, so far */
    double best;    /* the same of the best found */
};

int brute_unit_count(const struct workload *w)
{
    struct units units;
    units_init(&units, w);
    int count = units.count;
    units_release(&units);
    return count;
}

static void add(struct tower_weight *load, const struct tower_weight *unit, int sign)
{
    load->features += sign * unit->features;
    load->lookup += sign * unit->lookup;
    load->output += sign * unit->output;
    load->flops += sign * unit->flops;
}

static bool balanced(const struct brute *b, const struct tower_weight *load, double balance)
{
    return within_balance(load->lookup, b->mean.lookup, balance) &&
           within_balance(load->output, b->mean.output, balance) &&
           within_balance(load->flops, b->mean.flops, balance);
}

static struct packing_list *list_of(struct brute *b, int tower)
{
    size_t mask = 0, sets = (size_t)1 << b->units.count;
    for (int u = 0; u < b->units.count; u++)
        if (b->tower[u] == tower)
            mask |= (size_t)1 << u;
    size_t index = (size_t)tower * sets + mask;
    if (!b->listed[index]) {
        bool *table_in = need((size_t)b->w->table_count, sizeof *table_in);
        for (int i = 0; i < b->w->table_count; i++)
            table_in[i] = b->tower[b->units.of_table[i]] == tower;
        packing_search(&b->world, tower, table_in, &b->lists[index]);
        b->listed[index] = true;
        free(table_in);
    }
    return &b->lists[index];
}

/* One option for each tower from `tower` on; `chosen` holds those before. */
static bool combine(struct brute *b, const struct packing_list **lists,
    const struct packing_option **chosen, int tower, double ids, double width)
{
    if (--b->world.steps < 0)
        return false;
    if (tower == b->towers) {
        for (int t = 0; t < b->towers; t++)
            if (!packing_holds(&b->world, lists[t], chosen[t], ids, width))
                return false;
        return true;
    }
    for (int i = 0; i < lists[tower]->count; i++) {
        chosen[tower] = &lists[tower]->options[i];
        if (combine(b, lists, chosen, tower + 1, ids + chosen[tower]->ids,
                width + chosen[tower]->width))
            return true;
    }
    return false;
}

static bool fits(struct brute *b)
{
    const struct packing_list **lists = need((size_t)b->towers, sizeof *lists);
    const struct packing_option **chosen = need((size_t)b->towers, sizeof *chosen);
    bool possible = true;
    for (int t = 0; possible && t < b->towers; t++) {
        lists[t] = list_of(b, t);
        possible = lists[t]->count > 0;
    }
    possible = possible && combine(b, lists, chosen, 0, 0, 0);
    free(lists);
    free(chosen);
    return possible;
}

/* Smallest hundredths at which the assignment holds the limits that are not given. */
static int needed_q100(const struct brute *b)
{
    int q100 = Q100_LEAST;
    if (!isnan(b->query->ratio))
        return 0;
    for (int t = 0; t < b->towers; t++)
        while (b->load[t].features < features_least(b->w, q100 / 100.0) ||
               b->load[t].features > features_most(b->w, q100 / 100.0))
            q100++;
    return q100;
}

static int needed_x100(const struct brute *b)
{
    int x100 = X100_LEAST;
    if (!isnan(b->query->balance))
        return 0;
    for (int t = 0; t < b->towers; t++)
        while (!balanced(b, &b->load[t], x100 / 100.0))
            x100++;
    return x100;
}

static void leaf(struct brute *b)
{
    int q100 = 0, x100 = 0;
    for (int t = 0; t < b->towers; t++)
        if (b->load[t].features < b->least)
            return;
    if (b->query->tightest) {
        q100 = needed_q100(b);
        x100 = needed_x100(b);
        if (b->found && (q100 > b->q100 || (q100 == b->q100 && x100 >= b->x100)))
            return;
    }
    if (b->query->affinity && b->found &&
        (b->query->diverse ? b->inside >= b->best : b->inside <= b->best))
        return;
    if (fits(b)) {
        b->found = true;
        b->best = b->inside;
        b->q100 = q100;
        b->x100 = x100;
    }
}

static void sum_pairs(struct brute *b)
{
    const struct workload *w = b->w;
    for (int i = 0; i < w->feature_count; i++)
        for (int j = 0; j < i; j++) {
            int u = b->units.of_table[w->features[i].table];
            int v = b->units.of_table[w->features[j].table];
            double a = (double)b->query->affinity[i * w->feature_count + j];
            b->all += a;
            b->pair[u * b->units.count + v] += a;
            if (u != v)
                b->pair[v * b->units.count + u] += a;
        }
}

/* Affinity that a unit brings to a tower in which the units before it may be. */
static double brought(const struct brute *b, int unit, int tower)
{
    double sum = b->pair[unit * b->units.count + unit];
    for (int u = 0; u < unit; u++)
        if (b->tower[u] == tower)
            sum += b->pair[unit * b->units.count + u];
    return sum;
}

static bool may_enter(const struct brute *b, int unit, int tower)
{
    if (b->units.pin[unit] >= 0 && b->units.pin[unit] != tower)
        return false;
    if (b->query->stride && unit % b->towers != tower)
        return false;
    for (int u = 0; u < unit; u++)
        if (b->tower[u] == tower && b->units.apart[unit * b->units.count + u])
            return false;
    return true;
}

/* Also not over the ratio of the tightest found. */
static bool within_upper_limits(const struct brute *b, int tower)
{
    if (b->query->tightest && b->found && isnan(b->query->ratio) &&
        b->load[tower].features > features_most(b->w, b->q100 / 100.0))
        return false;
    return b->load[tower].features <= b->most &&
           (isnan(b->query->balance) || balanced(b, &b->load[tower], b->query->balance));
}

static void descend(struct brute *b, int unit)
{
    bool any = !b->query->tightest && !b->query->affinity;
    if (--b->world.steps < 0 || (b->found && any))
        return;
    if (unit == b->units.count) {
        leaf(b);
        return;
    }
    for (int t = 0; t < b->towers; t++) {
        if (!may_enter(b, unit, t))
            continue;
        struct tower_weight before = b->load[t];
        double inside = b->inside;
        add(&b->load[t], &b->units.weight[unit], 1);
        b->tower[unit] = t;
        b->inside += brought(b, unit, t);
        if (within_upper_limits(b, t))
            descend(b, unit + 1);
        b->load[t] = before;
        b->inside = inside;
        b->tower[unit] = -1;
    }
}

static void prepare(struct brute *b)
{
    size_t sets = (size_t)1 << b->units.count, towers = (size_t)b->towers;
    b->lists = need(towers * sets, sizeof *b->lists);
    b->listed = need(towers * sets, sizeof *b->listed);
    b->load = need(towers, sizeof *b->load);
    b->tower = need((size_t)b->units.count, sizeof *b->tower);
    b->pair = need((size_t)b->units.count * (size_t)b->units.count, sizeof *b->pair);
    if (b->query->affinity)
        sum_pairs(b);
    memset(b->tower, -1, (size_t)b->units.count * sizeof *b->tower);
    for (int u = 0; u < b->units.count; u++)
        add(&b->mean, &b->units.weight[u], 1);
    b->mean.lookup /= b->towers;
    b->mean.output /= b->towers;
    b->mean.flops /= b->towers;
    b->least = isnan(b->query->ratio) ? 1 : features_least(b->w, b->query->ratio);
    b->most = isnan(b->query->ratio) ? b->w->feature_count : features_most(b->w, b->query->ratio);
    packing_world_init(&b->world, b->w, b->query->steps);
}

static void release(struct brute *b)
{
    size_t lists = ((size_t)1 << b->units.count) * (size_t)b->towers;
    for (size_t i = 0; i < lists; i++)
        packing_list_release(&b->lists[i]);
    free(b->lists);
    free(b->listed);
    free(b->load);
    free(b->tower);
    free(b->pair);
}

struct brute_answer brute_solve(const struct workload *w, const struct brute_query *query)
{
    struct brute b = {.w = w, .query = query, .towers = tower_count(w)};
    struct brute_answer answer = {.balance = query->balance, .ratio = query->ratio};
    units_init(&b.units, w);
    if (b.units.contradictory || b.units.count < b.towers) {
        answer.decided = true;
    } else if (b.units.count <= BRUTE_UNITS_MAX) {
        prepare(&b);
        descend(&b, 0);
        bool any = !query->tightest && !query->affinity;
        answer.decided = b.world.steps >= 0 || (b.found && any);
        answer.feasible = b.found;
        if (b.found && query->tightest && isnan(query->ratio))
            answer.ratio = b.q100 / 100.0;
        if (b.found && query->tightest && isnan(query->balance))
            answer.balance = b.x100 / 100.0;
        if (b.all > 0)
            answer.inside = b.best / b.all;
        release(&b);
    }
    units_release(&b.units);
    return answer;
}
