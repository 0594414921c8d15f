/* SPDX-License-Identifier: Apache-2.0 */
/* A quadratic knapsack by depth-first branch and bound: Caprara, Pisinger & Toth 1999, Exact Solution of
 * the Quadratic Knapsack Problem, doi:10.1287/ijoc.11.2.125.
 *
 * Units that are decided to be together make one item. At a node some items are in and some are open.
 * If at most m more fit, an open one adds at most what it gains with those that are in and half of its best
 * m - 1 pairs with other open ones; of these scores no more can be had than a fractional knapsack
 * takes, for each resource. The item with the best score is taken first, then it is left out. */
#include "partition/best_tower.h"

#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SLACK 1e-12 /* of all worths and prices: the same */
#define STEPS_PER_SCORE 2

/* What is known at one depth. Items are numbered from 0; arrays are as long as there are units. */
struct level {
    double value;
    double load[TP_RESOURCES];
    int32_t count;
    int32_t *item;       /* (count) those that are open */
    unsigned char *open; /* of each item */
    double *gain;        /* of each open item: with those that are in, less its price */
    double *score;
};

struct tp_best_tower {
    const struct tp_problem *problem;
    int32_t *item_of;     /* (U) which item a unit is in */
    double *weight;       /* (items, TP_RESOURCES) */
    double *pair;         /* (items, items) both orders of it */
    double *own;          /* (items) worth of its own pairs less its prices */
    unsigned char *apart; /* (items, items) */
    int32_t *near; /* (items, items) the others, best pair first; -1: no more that it may be with */
    int32_t *light;       /* (TP_RESOURCES, items) lightest first */
    struct level *level;  /* (U + 1) */
    unsigned char *in;    /* (items) */
    unsigned char *found; /* (TP_TOWERS_FOUND_MOST, U) */
    double *ratio;        /* (items) scratch, as is left */
    int32_t *left;
    double most[TP_RESOURCES];
    double best, slack;
    int32_t items;
    int tight;        /* the resource that all together have too much of, most */
    int64_t improved; /* how often */
    struct tp_effort *effort;
};

static bool level_init(struct level *l, int32_t units)
{
    l->item = TP_NEW(units, int32_t);
    l->open = TP_NEW(units, unsigned char);
    l->gain = TP_NEW(units, double);
    l->score = TP_NEW(units, double);
    return l->item && l->open && l->gain && l->score;
}

enum tp_status tp_best_tower_new(
    const struct tp_problem *problem, struct tp_best_tower **best, struct tp_error *err)
{
    int64_t units = problem->unit_count, cells = units * units;
    struct tp_best_tower *b = TP_NEW(1, struct tp_best_tower);
    if (!b)
        return tp_fail_memory(err);
    b->problem = problem;
    b->item_of = TP_NEW(units, int32_t);
    b->weight = TP_NEW(units * TP_RESOURCES, double);
    b->pair = TP_NEW(cells, double);
    b->own = TP_NEW(units, double);
    b->apart = TP_NEW(cells, unsigned char);
    b->near = TP_NEW(cells, int32_t);
    b->light = TP_NEW(units * TP_RESOURCES, int32_t);
    b->level = TP_NEW(units + 1, struct level);
    b->in = TP_NEW(units, unsigned char);
    b->found = TP_NEW(units * TP_TOWERS_FOUND_MOST, unsigned char);
    b->ratio = TP_NEW(units, double);
    b->left = TP_NEW(units, int32_t);
    bool whole = b->item_of && b->weight && b->pair && b->own && b->apart && b->near && b->light &&
                 b->level && b->in && b->found && b->ratio && b->left;
    for (int64_t i = 0; i <= units && whole; i++)
        whole = level_init(&b->level[i], problem->unit_count);
    if (!whole) {
        tp_best_tower_free(b);
        return tp_fail_memory(err);
    }
    *best = b;
    return TP_OK;
}

void tp_best_tower_free(struct tp_best_tower *b)
{
    if (!b)
        return;
    for (int32_t i = 0; i <= b->problem->unit_count && b->level; i++) {
        free(b->level[i].item);
        free(b->level[i].open);
        free(b->level[i].gain);
        free(b->level[i].score);
    }
    free(b->item_of);
    free(b->weight);
    free(b->pair);
    free(b->own);
    free(b->apart);
    free(b->near);
    free(b->light);
    free(b->level);
    free(b->in);
    free(b->found);
    free(b->ratio);
    free(b->left);
    free(b);
}

static double *weight_of(const struct tp_best_tower *b, int32_t item)
{
    return b->weight + (int64_t)item * TP_RESOURCES;
}

static double *pairs_of(const struct tp_best_tower *b, int32_t item)
{
    return b->pair + (int64_t)item * b->items;
}

/* Numbers the groups of units that are together. */
static void find_items(struct tp_best_tower *b, const struct tp_pairs *pairs)
{
    b->items = 0;
    for (int32_t u = 0; u < b->problem->unit_count; u++) {
        const unsigned char *pair = tp_pairs_of(pairs, u);
        int32_t first = 0;
        while (pair[first] != TP_PAIR_TOGETHER)
            first++;
        b->item_of[u] = first < u ? b->item_of[first] : b->items++;
    }
}

static void add_up_items(struct tp_best_tower *b, const struct tp_tower_question *q)
{
    int32_t units = b->problem->unit_count;
    double all = 0;
    memset(b->pair, 0, (size_t)b->items * (size_t)b->items * sizeof *b->pair);
    memset(b->weight, 0, (size_t)b->items * TP_RESOURCES * sizeof *b->weight);
    memset(b->own, 0, (size_t)b->items * sizeof *b->own);
    for (int32_t u = 0; u < units; u++) {
        const unsigned char *pair = tp_pairs_of(q->pairs, u);
        int32_t item = b->item_of[u];
        for (int r = 0; r < TP_RESOURCES; r++)
            weight_of(b, item)[r] += tp_unit_weight(b->problem, u)[r];
        b->own[item] -= q->price[u];
        all += fabs(q->price[u]);
        for (int32_t v = 0; v < units; v++) {
            double worth = u == v ? 0 : q->worth[(int64_t)u * units + v];
            int32_t other = b->item_of[v];
            all += fabs(worth);
            if (other == item)
                b->own[item] += worth;
            else
                pairs_of(b, item)[other] += 2 * worth;
            b->apart[(int64_t)item * b->items + other] = pair[v] == TP_PAIR_APART;
        }
    }
    /* Summed once from either side, in another order. */
    for (int32_t i = 0; i < b->items; i++)
        for (int32_t j = 0; j < i; j++)
            pairs_of(b, i)[j] = pairs_of(b, j)[i] = 0.5 * (pairs_of(b, i)[j] + pairs_of(b, j)[i]);
    b->slack = VALUE_SLACK * all;
}

/* Sorts those that an item may be with by falling pairs. */
static void sort_others(const struct tp_best_tower *b, int32_t item)
{
    const double *pair = pairs_of(b, item);
    int32_t *near = b->near + (int64_t)item * b->items, count = 0;
    for (int32_t j = 0; j < b->items; j++) {
        if (j == item || b->apart[(int64_t)item * b->items + j])
            continue;
        int32_t at = count++;
        for (; at > 0 && pair[near[at - 1]] < pair[j]; at--)
            near[at] = near[at - 1];
        near[at] = j;
    }
    if (count < b->items)
        near[count] = -1;
}

static void sort_items(struct tp_best_tower *b)
{
    for (int32_t i = 0; i < b->items; i++)
        sort_others(b, i);
    for (int r = 0; r < TP_RESOURCES; r++) {
        int32_t *light = b->light + (int64_t)r * b->items;
        for (int32_t i = 0; i < b->items; i++) {
            int32_t at = i;
            for (; at > 0 && weight_of(b, light[at - 1])[r] > weight_of(b, i)[r]; at--)
                light[at] = light[at - 1];
            light[at] = i;
        }
    }
}

/* How many more open items fit at most: the lightest, by each resource. */
static int32_t most_items(const struct tp_best_tower *b, const struct level *l)
{
    int32_t most = l->count;
    for (int r = 0; r < TP_RESOURCES; r++) {
        const int32_t *light = b->light + (int64_t)r * b->items;
        double room = b->most[r] - l->load[r];
        int32_t count = 0;
        for (int32_t i = 0; i < b->items && count < most; i++) {
            if (!l->open[light[i]])
                continue;
            room -= weight_of(b, light[i])[r];
            if (room < 0)
                break;
            count++;
        }
        most = count < most ? count : most;
    }
    return most;
}

/* @param most  items that may come in. */
static void find_scores(const struct tp_best_tower *b, struct level *l, int32_t most)
{
    for (int32_t k = 0; k < l->count; k++) {
        int32_t i = l->item[k], left = most - 1;
        const int32_t *near = b->near + (int64_t)i * b->items;
        const double *pair = pairs_of(b, i);
        l->score[i] = l->gain[i];
        for (int32_t j = 0; left > 0 && j < b->items && near[j] >= 0; j++) {
            if (!l->open[near[j]])
                continue;
            if (pair[near[j]] <= 0)
                break;
            l->score[i] += 0.5 * pair[near[j]];
            left--;
        }
    }
}

/* The most of the scores that one resource has room for, if items could be divided.
 * @param ratio  out: score per weight of what has no room any more; 0: all that gains has. */
static double most_scores(
    struct tp_best_tower *b, const struct level *l, int resource, double *ratio)
{
    double room = b->most[resource] - l->load[resource], sum = 0, load = 0;
    int32_t count = 0;
    *ratio = 0;
    for (int32_t k = 0; k < l->count; k++) {
        int32_t i = l->item[k];
        if (l->score[i] <= 0)
            continue;
        double weight = weight_of(b, i)[resource];
        sum += l->score[i];
        load += weight;
        b->ratio[count] = weight > 0 ? l->score[i] / weight : INFINITY;
        b->left[count++] = i;
    }
    if (load <= room)
        return sum;
    for (sum = 0; count > 0; count--) {
        int32_t best = 0;
        for (int32_t k = 1; k < count; k++)
            best = b->ratio[k] > b->ratio[best] ? k : best;
        double weight = weight_of(b, b->left[best])[resource];
        if (weight > room) {
            *ratio = b->ratio[best];
            return sum + room * *ratio;
        }
        sum += l->score[b->left[best]];
        room -= weight;
        b->ratio[best] = b->ratio[count - 1];
        b->left[best] = b->left[count - 1];
    }
    return sum;
}

/* Takes an item out of the open ones. */
static void close_item(struct level *l, int32_t at)
{
    l->open[l->item[at]] = false;
    l->item[at] = l->item[--l->count];
}

/* An item that would come in for better ones, by so much better that nothing good can come of it. */
static void close_losers(
    struct tp_best_tower *b, struct level *l, int resource, double ratio, double bound)
{
    for (int32_t k = l->count - 1; k >= 0; k--) {
        int32_t i = l->item[k];
        double gain = l->score[i] - ratio * weight_of(b, i)[resource];
        if (gain < 0 && bound + gain <= b->best + b->slack)
            close_item(l, k);
    }
}

/* Whether anything better may come of a node; if so, it has its scores. */
static bool is_open(struct tp_best_tower *b, struct level *l)
{
    if (l->count == 0 || b->effort->over)
        return false;
    int32_t most = most_items(b, l);
    int tightest = 0;
    double bound = INFINITY, tightest_ratio = 0;
    find_scores(b, l, most);
    tp_effort_spend(b->effort, STEPS_PER_SCORE * (int64_t)l->count * (most + TP_RESOURCES));
    for (int r = TP_RESOURCES - 1; r >= 0; r--) {
        double ratio, sum = l->value + most_scores(b, l, r, &ratio);
        if (sum <= b->best + b->slack)
            return false;
        if (sum >= bound)
            continue;
        bound = sum;
        tightest = r;
        tightest_ratio = ratio;
    }
    close_losers(b, l, tightest, tightest_ratio, bound);
    return l->count > 0;
}

static void keep(struct tp_best_tower *b, double value)
{
    int32_t units = b->problem->unit_count;
    unsigned char *in = b->found + (b->improved++ % TP_TOWERS_FOUND_MOST) * units;
    b->best = value;
    for (int32_t u = 0; u < units; u++)
        in[u] = b->in[b->item_of[u]];
}

static void close_what_does_not_fit(const struct tp_best_tower *b, struct level *l)
{
    for (int32_t k = l->count - 1; k >= 0; k--) {
        const double *weight = weight_of(b, l->item[k]);
        for (int r = 0; r < TP_RESOURCES; r++) {
            if (l->load[r] + weight[r] <= b->most[r])
                continue;
            close_item(l, k);
            break;
        }
    }
}

/* The level below, with one more item in. */
static void enter(
    const struct tp_best_tower *b, const struct level *from, int32_t item, struct level *to)
{
    const unsigned char *apart = b->apart + (int64_t)item * b->items;
    const double *pair = pairs_of(b, item);
    to->value = from->value + from->gain[item];
    for (int r = 0; r < TP_RESOURCES; r++)
        to->load[r] = from->load[r] + weight_of(b, item)[r];
    to->count = 0;
    memset(to->open, 0, (size_t)b->items);
    for (int32_t k = 0; k < from->count; k++) {
        int32_t i = from->item[k];
        if (i == item || apart[i])
            continue;
        to->item[to->count++] = i;
        to->open[i] = true;
        to->gain[i] = from->gain[i] + pair[i];
    }
}

static void dive(struct tp_best_tower *b, int32_t depth)
{
    struct level *l = &b->level[depth];
    if (l->value > b->best && l->load[TP_FEATURES] >= b->problem->features_least)
        keep(b, l->value);
    close_what_does_not_fit(b, l);
    while (is_open(b, l)) {
        int32_t at = 0;
        for (int32_t k = 1; k < l->count; k++)
            at = l->score[l->item[k]] > l->score[l->item[at]] ? k : at;
        int32_t item = l->item[at];
        enter(b, l, item, &b->level[depth + 1]);
        b->in[item] = true;
        dive(b, depth + 1);
        b->in[item] = false;
        close_item(l, at);
    }
}

/* Nothing in yet, and all items that are not pinned elsewhere are open. */
static void begin(struct tp_best_tower *b, int32_t tower)
{
    struct level *l = &b->level[0];
    memset(b->in, 0, (size_t)b->items);
    memset(l->load, 0, sizeof l->load);
    memset(l->open, true, (size_t)b->items);
    l->value = 0;
    for (int32_t u = 0; u < b->problem->unit_count; u++)
        if (b->problem->pin[u] >= 0 && b->problem->pin[u] != tower)
            l->open[b->item_of[u]] = false;
    l->count = 0;
    for (int32_t i = 0; i < b->items; i++) {
        if (l->open[i])
            l->item[l->count++] = i;
        l->gain[i] = b->own[i];
    }
    close_what_does_not_fit(b, l);
}

/* What is pinned to the tower is one item. @return it; -1: nothing is. */
static int32_t pinned_item(const struct tp_best_tower *b, int32_t tower)
{
    for (int32_t u = 0; u < b->problem->unit_count; u++)
        if (b->problem->pin[u] == tower)
            return b->item_of[u];
    return -1;
}

bool tp_best_tower_ask(struct tp_best_tower *b, const struct tp_tower_question *q,
    struct tp_effort *effort, double *most)
{
    b->effort = effort;
    b->best = q->known;
    b->improved = 0;
    for (int r = 0; r < TP_RESOURCES; r++)
        b->most[r] = tp_tower_most(b->problem, q->tower)[r] * (1 + TP_LOAD_SLACK);
    find_items(b, q->pairs);
    add_up_items(b, q);
    sort_items(b);
    begin(b, q->tower);
    tp_effort_spend(effort, (int64_t)b->items * b->items);
    int32_t pinned = pinned_item(b, q->tower);
    if (pinned < 0) {
        dive(b, 0);
    } else if (b->level[0].open[pinned]) {
        enter(b, &b->level[0], pinned, &b->level[1]);
        b->in[pinned] = true;
        dive(b, 1);
    }
    *most = b->best + b->slack;
    return !effort->over;
}

int tp_towers_found(const struct tp_best_tower *b)
{
    return b->improved < TP_TOWERS_FOUND_MOST ? (int)b->improved : TP_TOWERS_FOUND_MOST;
}

const unsigned char *tp_tower_found(const struct tp_best_tower *b, int i)
{
    return b->found + (int64_t)i * b->problem->unit_count;
}
