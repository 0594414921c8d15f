/* SPDX-License-Identifier: Apache-2.0 */
/* The clique inequalities of graph partitioning into towers of limited size (Soerensen 2007,
 * Facet-defining inequalities for the simple graph partitioning polytope, Discrete Optimization 4), for
 * any set of units and several limits, as Lagrange multipliers.
 *
 * If j towers can hold at most c_j of a crowd, for every j, then most pairs are together where the
 * first tower holds c_1 of it, the second c_2 - c_1, and so on: sums of squares grow with unevenness
 * (Hardy, Littlewood, Polya 1934). Limits on loads allow j towers as many of the lightest units as
 * the j roomiest towers could hold if they were one; pins keep their units for the other towers; of
 * two units apart one is not in the first. Rows and eigenvalues know nothing of this: to them 51 units
 * over towers of 38 fill 1.34 towers, at the worth of full ones.
 *
 * Crowds are grown unit by unit, always the one that is nearest to those that are in. */
#include "partition/crowds.h"

#include "base/fail.h"
#include "base/memory.h"
#include "partition/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNITS_PER_UNIT 32 /* room for members of crowds */
#define BROKEN 0.05       /* per member; less is not worth a price */
#define FORGOTTEN 0.05    /* room left per member, at price 0 */
#define NEAR 0.1          /* mean share with those that are in, below which nobody joins */
#define DISTINCT 0.5      /* the same of affinities, in means inside, both above the mean of all */

enum mark { FREE, IN, TAKEN };

/* A crowd that is grown. */
struct growth {
    const struct tp_problem *problem;
    double *room;                 /* (TP_RESOURCES, T) what the roomiest 1, 2, ... towers hold */
    double *weight[TP_RESOURCES]; /* (U) of the members, rising */
    double *pull;                 /* (U) sum of a unit's shares, or affinities, with the members */
    double inside;                /* sum over pairs of members, each both ways */
    int32_t *member;              /* (U) */
    unsigned char *mark;          /* (U) enum mark; TAKEN: not to become a member */
    unsigned char *matched; /* (U) members that are one of a pair apart; no two pairs share one */
    int32_t *pinned, *falling; /* (T) members that are pinned there; scratch */
    int32_t count, matches, pins;
};

enum tp_status tp_crowds_init(
    struct tp_crowds *crowds, const struct tp_problem *problem, struct tp_error *err)
{
    int32_t n = problem->unit_count;
    *crowds = (struct tp_crowds){.problem = problem, .most = n, .units_most = UNITS_PER_UNIT * n};
    crowds->list = TP_NEW(crowds->most, struct tp_crowd);
    crowds->unit = TP_NEW(crowds->units_most, int32_t);
    return crowds->list && crowds->unit ? TP_OK : tp_fail_memory(err);
}

enum tp_status tp_crowds_copy(
    struct tp_crowds *to, const struct tp_crowds *from, struct tp_error *err)
{
    enum tp_status status = tp_crowds_init(to, from->problem, err);
    if (status)
        return status;
    to->count = from->count;
    to->units = from->units;
    memcpy(to->list, from->list, (size_t)from->count * sizeof *to->list);
    memcpy(to->unit, from->unit, (size_t)from->units * sizeof *to->unit);
    return TP_OK;
}

int64_t tp_crowds_bytes(int32_t units)
{
    return units * (int64_t)(sizeof(struct tp_crowd) + UNITS_PER_UNIT * sizeof(int32_t));
}

void tp_crowds_release(struct tp_crowds *crowds)
{
    free(crowds->list);
    free(crowds->unit);
    *crowds = (struct tp_crowds){0};
}

static void growth_release(struct growth *g)
{
    for (int r = 0; r < TP_RESOURCES; r++)
        free(g->weight[r]);
    free(g->room);
    free(g->pull);
    free(g->member);
    free(g->mark);
    free(g->matched);
    free(g->pinned);
    free(g->falling);
}

static int falling_room(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static int falling_count(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x < y) - (x > y);
}

static void add_up_room(const struct tp_problem *p, int resource, double *room)
{
    for (int32_t t = 0; t < p->tower_count; t++)
        room[t] = tp_tower_most(p, t)[resource] * (1 + TP_LOAD_SLACK);
    qsort(room, (size_t)p->tower_count, sizeof *room, falling_room);
    for (int32_t t = 1; t < p->tower_count; t++)
        room[t] += room[t - 1];
}

static enum tp_status growth_init(
    struct growth *g, const struct tp_problem *p, struct tp_error *err)
{
    *g = (struct growth){.problem = p};
    g->room = TP_NEW((int64_t)TP_RESOURCES * p->tower_count, double);
    g->pull = TP_NEW(p->unit_count, double);
    g->member = TP_NEW(p->unit_count, int32_t);
    g->mark = TP_NEW(p->unit_count, unsigned char);
    g->matched = TP_NEW(p->unit_count, unsigned char);
    g->pinned = TP_NEW(p->tower_count, int32_t);
    g->falling = TP_NEW(p->tower_count, int32_t);
    bool whole =
        g->room && g->pull && g->member && g->mark && g->matched && g->pinned && g->falling;
    for (int r = 0; r < TP_RESOURCES; r++) {
        g->weight[r] = TP_NEW(p->unit_count, double);
        whole = whole && g->weight[r];
    }
    if (!whole) {
        growth_release(g);
        return tp_fail_memory(err);
    }
    for (int r = 0; r < TP_RESOURCES; r++)
        add_up_room(p, r, g->room + (int64_t)r * p->tower_count);
    return TP_OK;
}

/* Begins a crowd of nobody; marks stay. */
static void growth_begin(struct growth *g)
{
    memset(g->pull, 0, (size_t)g->problem->unit_count * sizeof *g->pull);
    memset(g->matched, 0, (size_t)g->problem->unit_count);
    memset(g->pinned, 0, (size_t)g->problem->tower_count * sizeof *g->pinned);
    g->inside = 0;
    g->count = g->matches = g->pins = 0;
}

/* How many of the lightest members the roomiest towers may hold by one resource, counted on. */
struct fill {
    int32_t count;
    double load;
};

/* The members so far, and the head comment's sum. O(members + towers * log towers). */
static struct tp_crowd crowd_of(const struct growth *g)
{
    struct tp_crowd crowd = {.count = g->count, .group = -1};
    struct fill fill[TP_RESOURCES] = {{0}};
    int32_t towers = g->problem->tower_count, held = 0, elsewhere = g->pins;
    memcpy(g->falling, g->pinned, (size_t)towers * sizeof *g->falling);
    if (g->pins)
        qsort(g->falling, (size_t)towers, sizeof *g->falling, falling_count);
    for (int32_t t = 0; t < towers && held < g->count; t++) {
        elsewhere -= g->falling[t];
        int32_t apart = t == 0 ? g->matches : 0;
        int32_t now = g->count - (apart > elsewhere ? apart : elsewhere);
        for (int r = 0; r < TP_RESOURCES; r++) {
            struct fill *f = &fill[r];
            double room = g->room[(int64_t)r * towers + t];
            while (f->count < g->count && f->load + g->weight[r][f->count] <= room)
                f->load += g->weight[r][f->count++];
            now = f->count < now ? f->count : now;
        }
        crowd.most += (double)(now - held) * (now - held - 1);
        crowd.in_one = t == 0 ? now : crowd.in_one;
        held = now;
    }
    crowd.dealt = crowd.most;
    return crowd;
}

/* Pairs a unit that joins with a member that it must be kept apart from, if one is left. */
static void match(struct growth *g, int32_t unit)
{
    const struct tp_problem *p = g->problem;
    for (int32_t i = p->apart_first[unit]; i < p->apart_first[unit + 1]; i++) {
        int32_t other = p->apart[i];
        if (g->mark[other] != IN || g->matched[other])
            continue;
        g->matched[unit] = g->matched[other] = true;
        g->matches++;
        return;
    }
}

/* Takes a unit in; what it pulls is still to be added. */
static void join(struct growth *g, int32_t unit)
{
    for (int r = 0; r < TP_RESOURCES; r++) {
        double *weight = g->weight[r], mine = tp_unit_weight(g->problem, unit)[r];
        int32_t i = g->count;
        for (; i > 0 && weight[i - 1] > mine; i--)
            weight[i] = weight[i - 1];
        weight[i] = mine;
    }
    match(g, unit);
    if (g->problem->pin[unit] >= 0) {
        g->pinned[g->problem->pin[unit]]++;
        g->pins++;
    }
    g->inside += 2 * g->pull[unit];
    g->member[g->count++] = unit;
    g->mark[unit] = IN;
}

/* The unit that is nearest to the members; -1: none is left. */
static int32_t nearest(const struct growth *g)
{
    int32_t best = -1;
    for (int32_t v = 0; v < g->problem->unit_count; v++)
        if (g->mark[v] == FREE && (best < 0 || g->pull[v] > g->pull[best]))
            best = v;
    return best;
}

/* @return false: there is no room for it. */
static bool add(struct tp_crowds *crowds, const int32_t *member, struct tp_crowd crowd)
{
    if (crowds->count == crowds->most || crowds->units + crowd.count > crowds->units_most)
        return false;
    crowd.first = crowds->units;
    memcpy(crowds->unit + crowd.first, member, (size_t)crowd.count * sizeof *member);
    crowds->units += crowd.count;
    crowds->list[crowds->count++] = crowd;
    return true;
}

static void add_affinities(struct growth *g, int32_t unit)
{
    int32_t n = g->problem->unit_count;
    const float *row = g->problem->affinity + (int64_t)unit * n;
    for (int32_t v = 0; v < n; v++)
        g->pull[v] += (double)row[v];
}

/* As long as those who join stand out from the mean of all. */
static void grow_group(struct growth *g, int32_t seed, double mean)
{
    growth_begin(g);
    for (int32_t next = seed; next >= 0; next = nearest(g)) {
        double pairs = (double)g->count * (g->count - 1);
        if (pairs > 0 && g->pull[next] / g->count - mean <= DISTINCT * (g->inside / pairs - mean))
            break;
        join(g, next);
        add_affinities(g, next);
    }
}

/* How much more affinity a pair inside has than a member with its best outsider, on average. */
static double distinction(const struct growth *g)
{
    int64_t n = g->problem->unit_count;
    double outside = 0;
    for (int32_t i = 0; i < g->count; i++) {
        const float *row = g->problem->affinity + g->member[i] * n;
        float best = 0;
        for (int32_t v = 0; v < n; v++)
            best = g->mark[v] != IN && row[v] > best ? row[v] : best;
        outside += (double)best;
    }
    return g->inside / ((double)g->count * (g->count - 1)) - outside / g->count;
}

enum tp_status tp_crowds_plant(struct tp_crowds *crowds, struct tp_error *err)
{
    const struct tp_problem *p = crowds->problem;
    double sum = 0, pairs = (double)p->unit_count * (p->unit_count - 1);
    struct growth g;
    enum tp_status status = growth_init(&g, p, err);
    if (status)
        return status;
    for (int64_t i = 0; i < (int64_t)p->unit_count * p->unit_count; i++)
        sum += (double)p->affinity[i];
    for (int32_t seed = 0; seed < p->unit_count; seed++) {
        if (g.mark[seed] != FREE)
            continue;
        grow_group(&g, seed, sum / pairs);
        struct tp_crowd crowd = crowd_of(&g);
        crowd.group = crowds->count;
        if (g.count > 1)
            crowd.price = fmax(0, 0.5 * distinction(&g));
        if (crowd.price > 0 && !add(crowds, g.member, crowd))
            break;
        for (int32_t i = 0; i < g.count; i++)
            g.mark[g.member[i]] = TAKEN;
    }
    growth_release(&g);
    return TP_OK;
}

/* Grows a crowd around a unit and cuts it where it is broken most, per member.
 * @return that. */
static double grow_broken(struct growth *g, const double *z, int32_t seed, struct tp_crowd *crowd)
{
    int32_t n = g->problem->unit_count;
    double worst = -INFINITY;
    memset(g->mark, FREE, (size_t)n);
    growth_begin(g);
    for (int32_t next = seed; next >= 0; next = nearest(g)) {
        if (g->pull[next] < NEAR * g->count)
            break;
        join(g, next);
        for (int32_t v = 0; v < n; v++)
            g->pull[v] += tp_pair_share(z, n, next, v);
        struct tp_crowd now = crowd_of(g);
        double broken = (g->inside - now.most) / g->count;
        if (broken <= worst)
            continue;
        worst = broken;
        *crowd = now;
    }
    return worst;
}

/* @param in  (U) true for the members of the crowd that is asked for. */
static bool is_known(const struct tp_crowds *crowds, const unsigned char *in, int32_t count)
{
    for (const struct tp_crowd *c = crowds->list; c < crowds->list + crowds->count; c++) {
        int32_t shared = 0;
        for (int32_t i = 0; i < c->count && c->count == count; i++)
            shared += in[crowds->unit[c->first + i]];
        if (shared == count)
            return true;
    }
    return false;
}

enum tp_status tp_crowds_find(struct tp_crowds *crowds, const double *z, struct tp_error *err)
{
    int32_t n = crowds->problem->unit_count;
    struct growth g;
    enum tp_status status = growth_init(&g, crowds->problem, err);
    if (status)
        return status;
    unsigned char *covered = TP_NEW(n, unsigned char), *in = TP_NEW(n, unsigned char);
    if (!covered || !in)
        status = tp_fail_memory(err);
    for (int32_t seed = 0; seed < n && !status; seed++) {
        struct tp_crowd crowd = {0};
        if (covered[seed])
            continue;
        bool broken = grow_broken(&g, z, seed, &crowd) > BROKEN;
        /* Around the nearest ones much the same would grow. */
        int32_t near = broken ? crowd.count : g.count / 2;
        memset(in, false, (size_t)n);
        for (int32_t i = 0; i < near; i++)
            covered[g.member[i]] = in[g.member[i]] = true;
        if (broken && !is_known(crowds, in, crowd.count) && !add(crowds, g.member, crowd))
            break;
    }
    free(covered);
    free(in);
    growth_release(&g);
    return status;
}

static void charge(const int32_t *member, int32_t count, int64_t n, double price, double *cost)
{
    for (int32_t i = 0; i < count; i++)
        for (int32_t j = 0; j < count; j++)
            cost[member[i] * n + member[j]] -= i == j ? 0 : price;
}

void tp_crowds_price(struct tp_crowds *crowds, const double *z, double rate, double *cost)
{
    int64_t n = crowds->problem->unit_count;
    int32_t kept = 0, units = 0;
    for (int32_t k = 0; k < crowds->count; k++) {
        struct tp_crowd c = crowds->list[k];
        const int32_t *member = crowds->unit + c.first;
        double inside = 0, pairs = (double)c.count * (c.count - 1);
        for (int32_t i = 0; i < c.count; i++)
            for (int32_t j = 0; j < i; j++)
                inside += 2 * tp_pair_share(z, n, member[i], member[j]);
        double price = fmax(0, c.price + rate * (inside - c.dealt) / pairs);
        charge(member, c.count, n, price - c.price, cost);
        c.price = price;
        if (price <= 0 && inside - c.dealt <= -FORGOTTEN * c.count)
            continue;
        memmove(crowds->unit + units, member, (size_t)c.count * sizeof *member);
        c.first = units;
        units += c.count;
        crowds->list[kept++] = c;
    }
    crowds->count = kept;
    crowds->units = units;
}

void tp_crowds_charge(const struct tp_crowds *crowds, int32_t unit, double *row)
{
    for (const struct tp_crowd *c = crowds->list; c < crowds->list + crowds->count; c++) {
        const int32_t *member = crowds->unit + c->first;
        bool in = false;
        for (int32_t i = 0; i < c->count; i++)
            in |= member[i] == unit;
        for (int32_t i = 0; i < c->count && in; i++)
            row[member[i]] -= member[i] == unit ? 0 : c->price;
    }
}

double tp_crowds_worth(const struct tp_crowds *crowds)
{
    double sum = 0;
    for (int32_t k = 0; k < crowds->count; k++)
        sum += crowds->list[k].price * crowds->list[k].most;
    return sum;
}
