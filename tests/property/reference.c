/* SPDX-License-Identifier: Apache-2.0 */
/* Reference partitioners. Every step of a search looks at all moves and all swaps, O(n^2 + nT);
 * gains come from the affinity of each feature to each tower, kept up to date in O(n) per step.
 *
 * METIS 5.1.0 has traps that are avoided here: nparts = 1 kills the process and nparts >= n is
 * useless, so neither is asked; weights are 32-bit sums, so they are scaled to keep twice their
 * total below 2^31; METIS_OK promises nothing, so every part number is looked at. */
#include "reference.h"

#include "complaints.h"
#include "dice.h"

#include <metis.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An assignment and what its towers hold. */
struct state {
    const struct contest *c;
    int *tower;
    int *features;         /* (T) */
    double (*load)[LOADS]; /* (T) */
    double *toward;        /* (count, T) affinity of a feature to all others of a tower */
};

static double pair(const struct contest *c, int i, int j)
{
    return c->affinity[(size_t)i * (size_t)c->count + (size_t)j];
}

static void state_release(struct state *s)
{
    free(s->tower);
    free(s->features);
    free(s->load);
    free(s->toward);
}

static void put(struct state *s, int feature, int tower, int sign)
{
    s->features[tower] += sign;
    for (int k = 0; k < LOADS; k++)
        s->load[tower][k] += sign * s->c->load[feature][k];
    for (int i = 0; i < s->c->count; i++)
        if (i != feature)
            s->toward[i * s->c->towers + tower] += sign * pair(s->c, i, feature);
}

static void state_init(struct state *s, const struct contest *c, const int *tower)
{
    size_t towers = (size_t)c->towers, count = (size_t)c->count;
    s->c = c;
    s->tower = need(count, sizeof *s->tower);
    s->features = need(towers, sizeof *s->features);
    s->load = need(towers, sizeof *s->load);
    s->toward = need(count * towers, sizeof *s->toward);
    memcpy(s->tower, tower, count * sizeof *tower);
    for (int i = 0; i < c->count; i++)
        put(s, i, tower[i], 1);
}

static void move(struct state *s, int feature, int to)
{
    put(s, feature, s->tower[feature], -1);
    put(s, feature, to, 1);
    s->tower[feature] = to;
}

/* Violation of one tower with `features` features and `load`. */
static double excess(const struct contest *c, int features, const double load[LOADS])
{
    double sum = fmax(0, c->least_features - features) + fmax(0, features - c->most_features);
    for (int k = 0; k < LOADS; k++)
        if (load[k] > c->most[k] * (1 + 1e-9))
            sum += load[k] / c->most[k] - 1;
    return sum;
}

/* Violation of a tower when it gives one feature (-1: none) and takes another. */
static double excess_after(const struct state *s, int tower, int give, int take)
{
    double load[LOADS];
    for (int k = 0; k < LOADS; k++)
        load[k] = s->load[tower][k] - (give >= 0 ? s->c->load[give][k] : 0) +
                  (take >= 0 ? s->c->load[take][k] : 0);
    return excess(s->c, s->features[tower] - (give >= 0) + (take >= 0), load);
}

double contest_violation(const struct contest *contest, const int *tower)
{
    struct state s;
    double sum = 0;
    state_init(&s, contest, tower);
    for (int t = 0; t < contest->towers; t++)
        sum += excess(contest, s.features[t], s.load[t]);
    state_release(&s);
    return sum;
}

double contest_value(const struct contest *contest, const int *tower)
{
    double inside = 0;
    for (int i = 0; i < contest->count; i++)
        for (int j = 0; j < i; j++)
            inside += tower[i] == tower[j] ? pair(contest, i, j) : 0;
    return contest->diverse ? -inside : inside;
}

/* One possible step: feature `a` to `tower`, or swapped with `b` there. */
struct step {
    int a, b, tower;
    double relief, gain; /* of violation; of value */
};

static struct step measure(const struct state *s, int a, int b, int to)
{
    const struct contest *c = s->c;
    int from = s->tower[a], n = c->towers;
    struct step step = {.a = a, .b = b, .tower = to};
    double before =
        excess(c, s->features[from], s->load[from]) + excess(c, s->features[to], s->load[to]);
    step.relief = before - excess_after(s, from, a, b) - excess_after(s, to, b, a);
    step.gain = s->toward[a * n + to] - s->toward[a * n + from];
    if (b >= 0)
        step.gain += s->toward[b * n + from] - s->toward[b * n + to] - 2 * pair(c, a, b);
    if (c->diverse)
        step.gain = -step.gain;
    return step;
}

static void prefer(struct step *best, struct step other, bool repair)
{
    double limit = 1e-12;
    if (repair ? other.relief > best->relief + limit
               : other.relief >= -limit && other.gain > best->gain + limit)
        *best = other;
}

/* The best step, by relief or by gain. @return false when there is none. */
static bool best_step(const struct state *s, bool repair, struct step *best)
{
    *best = (struct step){.a = -1};
    for (int a = 0; a < s->c->count; a++) {
        for (int t = 0; t < s->c->towers; t++)
            if (t != s->tower[a])
                prefer(best, measure(s, a, -1, t), repair);
        for (int b = 0; b < a; b++)
            if (s->tower[b] != s->tower[a])
                prefer(best, measure(s, a, b, s->tower[b]), repair);
    }
    return best->a >= 0;
}

static void climb(struct state *s, bool repair)
{
    struct step step;
    while (best_step(s, repair, &step)) {
        if (step.b >= 0)
            move(s, step.b, s->tower[step.a]);
        move(s, step.a, step.tower);
    }
}

bool contest_repair(const struct contest *contest, int *tower)
{
    struct state s;
    state_init(&s, contest, tower);
    climb(&s, true);
    memcpy(tower, s.tower, (size_t)contest->count * sizeof *tower);
    state_release(&s);
    return contest_violation(contest, tower) <= 0;
}

int contest_search(const struct contest *contest, int starts, uint64_t seed, int *tower)
{
    struct dice dice = {seed};
    size_t bytes = (size_t)contest->count * sizeof *tower;
    int *start = need((size_t)contest->count, sizeof *start), legal = 0;
    double best = -INFINITY;
    for (int k = 0; k < starts; k++) {
        struct state s;
        for (int i = 0; i < contest->count; i++)
            start[i] = dice_below(&dice, contest->towers);
        if (!contest_repair(contest, start))
            continue;
        legal++;
        state_init(&s, contest, start);
        climb(&s, false);
        double value = contest_value(contest, s.tower);
        if (value > best) {
            best = value;
            memcpy(tower, s.tower, bytes);
        }
        state_release(&s);
    }
    free(start);
    return legal;
}

/* Weights 1 .. 2^30 / pairs, the heavier the better kept together. */
static void fill_graph(const struct contest *c, idx_t *offset, idx_t *neighbour, idx_t *weight)
{
    double scale = floor(0x1.0p30 / ((double)c->count * (c->count - 1) + 1)) - 1;
    idx_t edge = 0;
    for (int i = 0; i < c->count; i++) {
        for (int j = 0; j < c->count; j++) {
            if (i == j)
                continue;
            double a = c->diverse ? 1 - pair(c, i, j) : pair(c, i, j);
            neighbour[edge] = j;
            weight[edge++] = 1 + (idx_t)floor(a * fmin(scale, 1e6));
        }
        offset[i + 1] = edge;
    }
}

bool contest_metis(const struct contest *contest, bool recursive, int *tower)
{
    size_t count = (size_t)contest->count, edges = count * (count - 1);
    idx_t n = contest->count, constraints = 1, parts = contest->towers, cut = 0;
    if (parts < 2 || parts >= n)
        return false;
    idx_t *offset = need(count + 1, sizeof *offset), *neighbour = need(edges, sizeof *neighbour);
    idx_t *weight = need(edges, sizeof *weight), *part = need(count, sizeof *part);
    idx_t options[METIS_NOPTIONS];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_NUMBERING] = 0;
    fill_graph(contest, offset, neighbour, weight);
    int status = recursive ? METIS_PartGraphRecursive(&n, &constraints, offset, neighbour, NULL,
                                 NULL, weight, &parts, NULL, NULL, options, &cut, part)
                           : METIS_PartGraphKway(&n, &constraints, offset, neighbour, NULL, NULL,
                                 weight, &parts, NULL, NULL, options, &cut, part);
    bool sound = status == METIS_OK;
    for (size_t i = 0; i < count; i++) {
        sound = sound && part[i] >= 0 && part[i] < parts;
        tower[i] = (int)part[i];
    }
    free(offset);
    free(neighbour);
    free(weight);
    free(part);
    return sound;
}
