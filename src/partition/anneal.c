/* SPDX-License-Identifier: Apache-2.0 */
/* Annealing by partial heat bath (Kirkpatrick et al. 1983, doi:10.1126/science.220.4598.671; Geman & Geman
 * 1984, doi:10.1109/TPAMI.1984.4767596).
 *
 * A visit takes a random unit and a tower for it, half the time that of one of the units it is closest to,
 * else any. It draws from: move there, change places with one of some units there, stay, with probability
 * in proportion to exp(score / heat). The largest of score + heat * Gumbel noise is such a draw; the
 * noise comes from a table, at a random offset. All the candidates of a visit lie in two rows, so each
 * costs a few nanoseconds, where a visit to the whole table of moves and swaps, or a proposal of one of them,
 * is mostly in vain: measured on unstructured affinity and on planted groups respectively.
 *
 * Limits are a price: a score is the gain less `price` times the change of what is over the limits, in means.
 * The price rises from sweep to sweep while a limit is broken and falls while all hold, so the search
 * runs along the border of what is legal, where the good answers are, and crosses what no legal
 * change gets through. Where large units must fit into few places, a little over one limit may be what no
 * change lessens: so each limit of each tower counts for more the longer it is broken, until another one is
 * broken instead (the breakout method, Morris 1993, AAAI-93 pp. 40-45).
 *
 * Sums of affinity are in single precision, and made anew for each run: enough to draw by. What decides on
 * legality is in double precision, as everywhere.
 *
 * Letters: U units, T towers. Cost of a sweep: 2 U visits of up to 16 candidates, and O(U) per change. */
#include "partition/anneal.h"

#include "base/clones.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 8 /* limits of a tower: the resources, the least features, nothing: whole vectors */
#define CLOSEST 16
#define CANDIDATES 16
#define VISITS 2         /* to a unit in a sweep */
#define NOISE 8192       /* random offsets into the table */
#define STEPS_OF_VISIT 6 /* a step is a candidate looked at */
#define STEPS_OF_CHANGE 16
#define UNITS_PER_STEP 16 /* of the rows that a change goes through */
#define PROBES 4000
#define PRICE_RISES 1.05 /* in a sweep that ends over a limit */
#define PRICE_SOARS 1.5  /* far over */
#define PRICE_FALLS 0.97 /* within all limits */
#define PRICE_DROPS 0.8  /* and nothing has changed */
#define FAR_OVER 0.02    /* means per tower */
#define PRICE_MOST 1e6
#define BREAKOUT_UNITS_MOST 500 /* of more there is always a change that lessens it */
#define COUNT_RISES 120.0       /* over the sweeps of a run, in each, where a limit is broken */
#define COUNT_FALLS 2.0         /* and where it holds */
#define COUNT_FALLS_MOST 0.5    /* in a sweep of a very short run */
#define COUNT_MOST 1000.0F
#define PRICE_FROZEN 0.1     /* less is not what keeps things as they are */
#define CHANGES_FROZEN 0.003 /* per unit: a sweep with no more */
#define SWEEPS_FROZEN 10     /* so many in a row end the run */
/* Of a sounding, in usual gains: */
#define MOLTEN 2.0
#define FROZEN 0.003
#define SOUNDING_PRICE 100.0
#define MELTING_SHARE 0.8 /* of what there is to be gained */
#define FREEZING_SHARE 0.998

struct tp_anneal {
    const struct tp_problem *problem; /* borrowed, as is random */
    struct tp_random *random;
    double sign; /* of affinity in the goal; 0: none, the goal is the load */
    int32_t movable, closest;
    int32_t *order;     /* (movable) units without a pin */
    int32_t *near;      /* (U, closest) units that one goes best with */
    int32_t *tower;     /* (U) */
    int32_t *best;      /* (U) */
    int32_t *members;   /* (T, U) movable units of a tower */
    int32_t *place;     /* (U) where among them */
    int32_t *count;     /* (T) of them */
    float *pull;        /* (T, U) affinity of a unit to a tower; NULL: the goal is the load */
    const float *noise; /* (NOISE + CANDIDATES + 2), borrowed */
    float *weight;      /* (U, ROWS) in means */
    float *over;        /* (T, ROWS) distance to the limits in means, positive: over */
    double *load;       /* (T, TP_RESOURCES) */
    double *excess;     /* (T) in means */
    float *counts;      /* (T, ROWS) what a mean over a limit counts for */
    double *penalty;    /* (T) excess as it counts */
    double usual;       /* size of a gain; 0: not known yet */
    double heat, price;
    double value, best_value;
    struct tp_cooling cooling;
    int32_t sweep, frozen;
    int64_t steps; /* of the run */
    int32_t changes;  /* of the sweep */
    int32_t together; /* pairs that are to be apart and are not */
};

/* other >= 0: the unit changes places with it; `to` is its tower. */
struct change {
    int32_t unit, other, to;
};

static const float *affinity_of(const struct tp_anneal *s, int32_t u)
{
    return s->problem->affinity + (int64_t)u * s->problem->unit_count;
}

static float *pull_of(const struct tp_anneal *s, int32_t t)
{
    return s->pull + (int64_t)t * s->problem->unit_count;
}

static int32_t *members_of(const struct tp_anneal *s, int32_t t)
{
    return s->members + (int64_t)t * s->problem->unit_count;
}

static double per_mean(const struct tp_anneal *s, int r)
{
    return s->problem->mean[r] > 0 ? 1 / s->problem->mean[r] : 1;
}

/* By insertion. O(U) for most units. */
static void find_near(struct tp_anneal *s, int32_t u)
{
    const float *row = affinity_of(s, u), sign = (float)s->sign;
    int32_t *near = s->near + (int64_t)u * s->closest, count = 0;
    for (int32_t v = 0; v < s->problem->unit_count; v++) {
        if (v == u || (count == s->closest && sign * row[v] <= sign * row[near[count - 1]]))
            continue;
        int32_t at = count < s->closest ? count++ : count - 1;
        for (; at > 0 && sign * row[near[at - 1]] < sign * row[v]; at--)
            near[at] = near[at - 1];
        near[at] = v;
    }
}

static void fill_tables(struct tp_anneal *s)
{
    const struct tp_problem *p = s->problem;
    for (int32_t u = 0; u < p->unit_count; u++) {
        float *weight = s->weight + (int64_t)u * ROWS;
        for (int r = 0; r < TP_RESOURCES; r++)
            weight[r] = (float)(tp_unit_weight(p, u)[r] * per_mean(s, r));
        weight[TP_RESOURCES] = -weight[TP_FEATURES];
        if (p->pin[u] < 0)
            s->order[s->movable++] = u;
        if (s->pull)
            find_near(s, u);
    }
}

float *tp_anneal_noise(struct tp_random *random)
{
    float *noise = TP_NEW(NOISE + CANDIDATES + 2, float);
    for (int32_t i = 0; noise && i < NOISE + CANDIDATES + 2; i++)
        noise[i] = (float)-log(-log(tp_random_uniform(random) + 0x1p-60));
    return noise;
}

enum tp_status tp_anneal_new(const struct tp_problem *p, enum tp_goal goal, const float *noise,
    struct tp_random *random, struct tp_anneal **anneal, struct tp_error *err)
{
    struct tp_anneal *s = TP_NEW(1, struct tp_anneal);
    if (!s)
        return tp_fail_memory(err);
    size_t units = (size_t)p->unit_count, towers = (size_t)p->tower_count;
    bool pulls = p->affinity && goal != TP_GOAL_LOAD;
    s->problem = p;
    s->random = random;
    s->sign = !pulls ? 0 : goal == TP_GOAL_DIVERSE ? -1 : 1;
    s->closest = p->unit_count > CLOSEST ? CLOSEST : p->unit_count - 1;
    s->order = TP_NEW(units, int32_t);
    s->near = TP_NEW(units * CLOSEST, int32_t);
    s->tower = TP_NEW(units, int32_t);
    s->best = TP_NEW(units, int32_t);
    s->members = TP_NEW(units * towers, int32_t);
    s->place = TP_NEW(units, int32_t);
    s->count = TP_NEW(towers, int32_t);
    s->pull = pulls ? tp_new_aligned(units * towers, sizeof(float)) : NULL;
    s->noise = noise;
    s->weight = tp_new_aligned(units * ROWS, sizeof(float));
    s->over = tp_new_aligned(towers * ROWS, sizeof(float));
    s->load = TP_NEW(towers * TP_RESOURCES, double);
    s->excess = TP_NEW(towers, double);
    s->counts = tp_new_aligned(towers * ROWS, sizeof(float));
    s->penalty = TP_NEW(towers, double);
    if (!s->order || !s->near || !s->tower || !s->best || !s->members || !s->place || !s->count ||
        (pulls && !s->pull) || !s->weight || !s->over || !s->load || !s->excess || !s->counts ||
        !s->penalty) {
        tp_anneal_free(s);
        return tp_fail_memory(err);
    }
    fill_tables(s);
    *anneal = s;
    return TP_OK;
}

void tp_anneal_free(struct tp_anneal *s)
{
    if (!s)
        return;
    free(s->order);
    free(s->near);
    free(s->tower);
    free(s->best);
    free(s->members);
    free(s->place);
    free(s->count);
    free(s->pull);
    free(s->weight);
    free(s->over);
    free(s->load);
    free(s->excess);
    free(s->counts);
    free(s->penalty);
    free(s);
}

/* Brings a tower's distance to its limits up to date. */
static void weigh(struct tp_anneal *s, int32_t t)
{
    const struct tp_problem *p = s->problem;
    const double *load = s->load + (int64_t)t * TP_RESOURCES, *most = tp_tower_most(p, t);
    float *row = s->over + (int64_t)t * ROWS;
    const float *counts = s->counts + (int64_t)t * ROWS;
    double excess = 0, penalty = 0;
    for (int r = 0; r <= TP_RESOURCES; r++) {
        double over = r < TP_RESOURCES
                          ? (load[r] - most[r]) * per_mean(s, r)
                          : (p->features_least - load[TP_FEATURES]) * per_mean(s, TP_FEATURES);
        excess += over > 0 ? over : 0;
        penalty += over > 0 ? over * (double)counts[r] : 0;
        row[r] = (float)over;
    }
    s->penalty[t] = penalty;
    s->excess[t] = excess;
}

static void enter(struct tp_anneal *s, int32_t u, int32_t t)
{
    s->tower[u] = t;
    s->place[u] = s->count[t];
    members_of(s, t)[s->count[t]++] = u;
}

static void leave(struct tp_anneal *s, int32_t u)
{
    int32_t t = s->tower[u], *members = members_of(s, t), last = members[--s->count[t]];
    members[s->place[u]] = last;
    s->place[last] = s->place[u];
}

TP_CLONES static void add_row(float *restrict sum, const float *restrict row, int32_t count)
{
    for (int32_t v = 0; v < count; v++)
        sum[v] += row[v];
}

/* One unit less in tower x, one more in y. */
TP_CLONES static void shift_pull(
    float *restrict x, float *restrict y, const float *restrict row, int32_t count)
{
    for (int32_t v = 0; v < count; v++) {
        x[v] -= row[v];
        y[v] += row[v];
    }
}

/* The same with another one coming back. */
TP_CLONES static void trade_pull(float *restrict x, float *restrict y, const float *restrict out,
    const float *restrict in, int32_t count)
{
    for (int32_t v = 0; v < count; v++) {
        float change = out[v] - in[v];
        x[v] -= change;
        y[v] += change;
    }
}

/* A tower's part in the sum of squares of the load goal. */
static double squares(const struct tp_anneal *s, int32_t t)
{
    double sum = 0;
    for (int r = 0; r < TP_MEMORY; r++) {
        double load = s->load[(int64_t)t * TP_RESOURCES + r] * per_mean(s, r);
        sum += load * load;
    }
    return sum;
}

static double value_of(const struct tp_anneal *s)
{
    double sum = 0;
    for (int32_t u = 0; s->pull && u < s->problem->unit_count; u++)
        sum += s->sign * (double)pull_of(s, s->tower[u])[u] / 2;
    for (int32_t t = 0; !s->pull && t < s->problem->tower_count; t++)
        sum -= squares(s, t);
    return sum;
}

static bool keeps_apart(const struct tp_anneal *s, int32_t u)
{
    return s->problem->apart_first[u + 1] > s->problem->apart_first[u];
}

/* Units that are to be apart from `u` and are in tower t; `except` is not counted. */
static int32_t clashes(const struct tp_anneal *s, int32_t u, int32_t t, int32_t except)
{
    const struct tp_problem *p = s->problem;
    int32_t count = 0;
    for (int32_t i = p->apart_first[u]; i < p->apart_first[u + 1]; i++)
        count += s->tower[p->apart[i]] == t && p->apart[i] != except;
    return count;
}

static void set(struct tp_anneal *s, const int32_t *tower)
{
    const struct tp_problem *p = s->problem;
    size_t units = (size_t)p->unit_count, towers = (size_t)p->tower_count;
    memset(s->load, 0, towers * TP_RESOURCES * sizeof *s->load);
    memset(s->count, 0, towers * sizeof *s->count);
    if (s->pull)
        memset(s->pull, 0, units * towers * sizeof *s->pull);
    for (int32_t u = 0; u < p->unit_count; u++) {
        int32_t t = p->pin[u] >= 0 ? p->pin[u] : tower[u];
        s->tower[u] = t;
        if (p->pin[u] < 0)
            enter(s, u, t);
        for (int r = 0; r < TP_RESOURCES; r++)
            s->load[(int64_t)t * TP_RESOURCES + r] += tp_unit_weight(p, u)[r];
        if (s->pull)
            add_row(pull_of(s, t), affinity_of(s, u), p->unit_count);
    }
    s->together = 0;
    for (int32_t u = 0; u < p->unit_count; u++)
        s->together += clashes(s, u, s->tower[u], -1);
    s->together /= 2; /* each was counted from both its ends */
    for (int64_t i = 0; i < (int64_t)p->tower_count * ROWS; i++)
        s->counts[i] = 1;
    for (int32_t t = 0; t < p->tower_count; t++)
        weigh(s, t);
    s->value = value_of(s);
}

static int32_t change_of_clashes(const struct tp_anneal *s, const struct change *c)
{
    int32_t from = s->tower[c->unit], change = 0;
    if (keeps_apart(s, c->unit))
        change += clashes(s, c->unit, c->to, c->other) - clashes(s, c->unit, from, -1);
    if (c->other >= 0 && keeps_apart(s, c->other))
        change += clashes(s, c->other, from, c->unit) - clashes(s, c->other, c->to, -1);
    return change;
}

/* What a change adds to what is over the limits, in means as they count; a pair that is not apart
 * counts 1. */
static inline double strain(const struct tp_anneal *s, const struct change *c)
{
    static const float nobody[ROWS];
    int32_t from = s->tower[c->unit];
    const float *out = s->weight + (int64_t)c->unit * ROWS;
    const float *in = c->other >= 0 ? s->weight + (int64_t)c->other * ROWS : nobody;
    const float *x = s->over + (int64_t)from * ROWS, *y = s->over + (int64_t)c->to * ROWS;
    const float *a = s->counts + (int64_t)from * ROWS, *b = s->counts + (int64_t)c->to * ROWS;
    float part[ROWS]; /* added up in pairs: waiting for one sum takes as long as all the rest */
    for (int r = 0; r < ROWS; r++) {
        float shift = out[r] - in[r], here = x[r] - shift, there = y[r] + shift;
        part[r] = a[r] * (here > 0 ? here : 0) + b[r] * (there > 0 ? there : 0);
    }
    for (int width = ROWS / 2; width > 0; width /= 2)
        for (int r = 0; r < width; r++)
            part[r] += part[r + width];
    return (double)part[0] - s->penalty[from] - s->penalty[c->to] + change_of_clashes(s, c);
}

static double gain_of_load(const struct tp_anneal *s, const struct change *c)
{
    const double *x = s->load + (int64_t)s->tower[c->unit] * TP_RESOURCES;
    const double *y = s->load + (int64_t)c->to * TP_RESOURCES;
    const double *out = tp_unit_weight(s->problem, c->unit);
    double gain = 0;
    for (int r = 0; r < TP_MEMORY; r++) {
        double shift = out[r] - (c->other >= 0 ? tp_unit_weight(s->problem, c->other)[r] : 0);
        gain += 2 * shift * (x[r] - y[r] - shift) * per_mean(s, r) * per_mean(s, r);
    }
    return gain;
}

static inline double gain_of(const struct tp_anneal *s, const struct change *c)
{
    if (!s->pull)
        return gain_of_load(s, c);
    const float *x = pull_of(s, s->tower[c->unit]), *y = pull_of(s, c->to);
    double gain = (double)(y[c->unit] - x[c->unit]);
    if (c->other >= 0)
        gain += (double)(x[c->other] - y[c->other] - 2 * affinity_of(s, c->unit)[c->other]);
    return s->sign * gain;
}

static void make(struct tp_anneal *s, const struct change *c)
{
    const struct tp_problem *p = s->problem;
    int32_t from = s->tower[c->unit];
    double *x = s->load + (int64_t)from * TP_RESOURCES;
    double *y = s->load + (int64_t)c->to * TP_RESOURCES;
    s->value += gain_of(s, c);
    s->together += change_of_clashes(s, c);
    for (int r = 0; r < TP_RESOURCES; r++) {
        double shift = tp_unit_weight(p, c->unit)[r];
        shift -= c->other >= 0 ? tp_unit_weight(p, c->other)[r] : 0;
        x[r] -= shift;
        y[r] += shift;
    }
    leave(s, c->unit);
    enter(s, c->unit, c->to);
    if (c->other >= 0) {
        leave(s, c->other);
        enter(s, c->other, from);
    }
    if (s->pull && c->other >= 0)
        trade_pull(pull_of(s, from), pull_of(s, c->to), affinity_of(s, c->unit),
            affinity_of(s, c->other), p->unit_count);
    else if (s->pull)
        shift_pull(pull_of(s, from), pull_of(s, c->to), affinity_of(s, c->unit), p->unit_count);
    weigh(s, from);
    weigh(s, c->to);
    s->changes++;
}

/* After every change: where limits are tight, few sweeps end within them. */
static void keep_best(struct tp_anneal *s)
{
    if (s->value <= s->best_value || s->together)
        return;
    for (int32_t t = 0; t < s->problem->tower_count; t++)
        if (s->excess[t] > 0)
            return;
    s->best_value = s->value;
    memcpy(s->best, s->tower, (size_t)s->problem->unit_count * sizeof *s->best);
}

/* Uniform in [0, n), from 32 random bits: as good as that for n far below 2^32. */
static inline int32_t below(uint64_t bits, int32_t n)
{
    return (int32_t)(((bits & 0xffffffff) * (uint64_t)n) >> 32);
}

static int32_t choose_tower(const struct tp_anneal *s, int32_t u, uint64_t bits)
{
    if (s->pull && s->closest > 0 && bits >> 63)
        return s->tower[s->near[(int64_t)u * s->closest + below(bits, s->closest)]];
    return below(bits, s->problem->tower_count);
}

/* What a visit draws from: the unit's move, and its swaps with some of the units there. */
struct draw {
    int32_t swaps;
    const int32_t *other; /* (swaps) */
    int32_t copy[CANDIDATES];
    float score[CANDIDATES + 1]; /* gain and noise, without the limits; the move's is the first */
};

static void find_swaps(const struct tp_anneal *s, int32_t to, uint64_t bits, struct draw *d)
{
    const int32_t *members = members_of(s, to);
    int32_t count = s->count[to], at = count > CANDIDATES ? below(bits, count) : 0;
    d->swaps = count < CANDIDATES ? count : CANDIDATES;
    d->other = members + at;
    if (at + d->swaps <= count)
        return;
    memcpy(d->copy, members + at, (size_t)(count - at) * sizeof *members);
    memcpy(d->copy + count - at, members, (size_t)(at + d->swaps - count) * sizeof *members);
    d->other = d->copy;
}

/* Most of the time of a search is spent here: four loads per candidate, and little else. */
TP_PART void score_by_affinity(
    const struct tp_anneal *s, int32_t u, int32_t to, const float *noise, struct draw *d)
{
    const float *x = pull_of(s, s->tower[u]), *y = pull_of(s, to), *row = affinity_of(s, u);
    float sign = (float)s->sign, heat = (float)s->heat, move = y[u] - x[u];
    d->score[0] = sign * move + heat * noise[0];
    for (int32_t i = 0; i < d->swaps; i++) {
        int32_t v = d->other[i];
        d->score[i + 1] = sign * (move + x[v] - y[v] - 2 * row[v]) + heat * noise[i + 1];
    }
}

static void score_by_load(
    const struct tp_anneal *s, int32_t u, int32_t to, const float *noise, struct draw *d)
{
    for (int32_t i = 0; i <= d->swaps; i++) {
        struct change c = {u, i > 0 ? d->other[i - 1] : -1, to};
        d->score[i] = (float)(gain_of_load(s, &c) + s->heat * (double)noise[i]);
    }
}

/* Draws one of them, or to stay. @return candidates looked at. */
TP_CLONES static int32_t visit(struct tp_anneal *s, int32_t u, int32_t to, uint64_t bits)
{
    const float *noise = s->noise + (bits >> 32) % NOISE;
    struct change best = {.unit = -1};
    struct draw d;
    find_swaps(s, to, bits, &d);
    if (s->pull)
        score_by_affinity(s, u, to, noise, &d);
    else
        score_by_load(s, u, to, noise, &d);
    double relief = s->price * (s->penalty[s->tower[u]] + s->penalty[to]); /* the most there is */
    double best_score = s->heat * (double)noise[CANDIDATES + 1];
    if (s->together)
        relief += s->price * clashes(s, u, s->tower[u], -1);
    for (int32_t i = 0; i <= d.swaps; i++) {
        struct change c = {u, i > 0 ? d.other[i - 1] : -1, to};
        double score = (double)d.score[i], relief_of_other = 0;
        if (s->together && i > 0 && keeps_apart(s, c.other))
            relief_of_other = s->price * clashes(s, c.other, to, -1);
        if (score + relief + relief_of_other <= best_score)
            continue;
        score -= s->price * strain(s, &c);
        if (score > best_score) {
            best_score = score;
            best = c;
        }
    }
    if (best.unit >= 0) {
        make(s, &best);
        keep_best(s);
    }
    return d.swaps + 1;
}

static void sweep(struct tp_anneal *s, struct tp_effort *effort)
{
    int64_t steps = 0, visits = (int64_t)VISITS * s->movable;
    s->changes = 0;
    for (int64_t i = 0; i < visits; i++) {
        int32_t u = s->order[below(tp_random_next(s->random), s->movable)];
        int32_t to = choose_tower(s, u, tp_random_next(s->random));
        if (to != s->tower[u])
            steps += visit(s, u, to, tp_random_next(s->random));
        steps += STEPS_OF_VISIT;
    }
    steps += s->changes * (int64_t)(STEPS_OF_CHANGE + s->problem->unit_count / UNITS_PER_STEP);
    s->steps += steps;
    tp_effort_spend(effort, steps);
}

/* All that is over the limits, in means; a pair that is not apart counts 1. */
static double violation(const struct tp_anneal *s)
{
    double sum = s->together;
    for (int32_t t = 0; t < s->problem->tower_count; t++)
        sum += s->excess[t];
    return sum;
}

/* A price so high that nothing changes, or so low that all flows together, is soon another one. */
static void set_price(struct tp_anneal *s, double violated, bool still)
{
    if (violated > FAR_OVER * s->problem->tower_count)
        s->price *= PRICE_SOARS;
    else if (violated > 0)
        s->price *= PRICE_RISES;
    else
        s->price *= still ? PRICE_DROPS : PRICE_FALLS;
    s->price = fmin(fmax(s->price, s->cooling.price_least * s->usual), PRICE_MOST * s->usual);
}

/* What is broken counts for more from sweep to sweep, what holds for less again. */
static void set_counts(struct tp_anneal *s)
{
    double sweeps = s->cooling.sweeps;
    float rise = (float)(1 + COUNT_RISES / sweeps);
    float fall = (float)(1 - fmin(COUNT_FALLS / sweeps, COUNT_FALLS_MOST));
    if (s->problem->unit_count > BREAKOUT_UNITS_MOST)
        return;
    for (int32_t t = 0; t < s->problem->tower_count; t++) {
        float *counts = s->counts + (int64_t)t * ROWS;
        const float *over = s->over + (int64_t)t * ROWS;
        for (int r = 0; r < ROWS; r++)
            counts[r] =
                over[r] > 0 ? fminf(counts[r] * rise, COUNT_MOST) : fmaxf(counts[r] * fall, 1);
        weigh(s, t);
    }
}

static void find_usual(struct tp_anneal *s)
{
    double sum = 0;
    int32_t count = 0;
    for (int32_t i = 0; i < PROBES; i++) {
        uint64_t bits = tp_random_next(s->random);
        struct change c = {.unit = s->order[below(bits >> 32, s->movable)], .other = -1};
        c.to = choose_tower(s, c.unit, tp_random_next(s->random));
        if (c.to == s->tower[c.unit])
            continue;
        if (i % 2 && s->count[c.to] > 0)
            c.other = members_of(s, c.to)[below(bits, s->count[c.to])];
        sum += fabs(gain_of(s, &c));
        count++;
    }
    s->usual = fmax(count ? sum / count : 0, 1e-12);
    s->price = s->usual * s->problem->unit_count / s->problem->tower_count;
}

void tp_anneal_begin(struct tp_anneal *s, const int32_t *tower, const struct tp_cooling *cooling)
{
    set(s, tower);
    s->cooling = *cooling;
    s->best_value = -INFINITY;
    s->sweep = s->frozen = 0;
    s->steps = 0;
    if (s->usual <= 0 && s->movable > 0)
        find_usual(s);
    s->price = fmax(s->price, cooling->price_least * s->usual);
}

/* How far the run is, from 0 to 1. */
static double share_done(const struct tp_anneal *s)
{
    const struct tp_cooling *c = &s->cooling;
    return c->steps > 0 ? (double)s->steps / (double)c->steps : (double)s->sweep / c->sweeps;
}

static bool goes_on(const struct tp_anneal *s, const struct tp_effort *effort)
{
    return s->movable > 0 && share_done(s) < 1 && s->frozen < SWEEPS_FROZEN && !effort->over;
}

static double heat_at(const struct tp_cooling *c, double share)
{
    return c->first * pow(c->last / c->first, share);
}

bool tp_anneal_cool(struct tp_anneal *s, int32_t sweeps, struct tp_effort *effort)
{
    for (int32_t i = 0; i < sweeps && goes_on(s, effort); i++) {
        s->heat = s->usual * heat_at(&s->cooling, share_done(s));
        sweep(s, effort);
        s->sweep++;
        double violated = violation(s);
        bool still = s->changes <= CHANGES_FROZEN * s->movable;
        set_price(s, violated, still);
        set_counts(s);
        s->frozen = still && s->price < PRICE_FROZEN * s->usual ? s->frozen + 1 : 0;
    }
    return goes_on(s, effort);
}

/* The heat from which on a run never had less than a share of what it gained in all. */
static double heat_of_share(
    const struct tp_cooling *c, const double *value, int32_t sweeps, double share)
{
    double least = value[0];
    for (int32_t i = 1; i < sweeps; i++)
        least = fmin(least, value[i]);
    double enough = least + share * (value[sweeps - 1] - least);
    int32_t sweep = sweeps - 1;
    while (sweep > 0 && value[sweep - 1] >= enough)
        sweep--;
    return heat_at(c, (double)sweep / c->sweeps);
}

enum tp_status tp_anneal_sound(struct tp_anneal *s, const int32_t *tower, int32_t sweeps,
    struct tp_effort *effort, struct tp_heats *heats, struct tp_error *err)
{
    const struct tp_cooling cooling = {sweeps, 0, MOLTEN, FROZEN, SOUNDING_PRICE};
    double *value = TP_NEW(sweeps, double);
    if (!value)
        return tp_fail_memory(err);
    tp_anneal_begin(s, tower, &cooling);
    int32_t count = 0;
    bool more = true;
    for (; more && count < sweeps; count++) {
        more = tp_anneal_cool(s, 1, effort);
        value[count] = s->value;
    }
    heats->melting = heat_of_share(&cooling, value, count, MELTING_SHARE);
    heats->freezing = heat_of_share(&cooling, value, count, FREEZING_SHARE);
    free(value);
    return TP_OK;
}

const int32_t *tp_anneal_best(const struct tp_anneal *s, double *value)
{
    *value = s->best_value;
    return isinf(s->best_value) ? NULL : s->best;
}

const int32_t *tp_anneal_now(const struct tp_anneal *s)
{
    return s->tower;
}
