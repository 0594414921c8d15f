/* SPDX-License-Identifier: Apache-2.0 */
/* Loads are kept in means, so that overloads of different weights add up; a limit of whole features
 * gets half a feature of slack against rounding, the others have theirs already. The pull is float,
 * laid out tower by tower so that a step adds rows of the affinity matrix to it; its rounding errors
 * are wiped out every now and then by summing it anew. */
#include "board.h"

#include "../property/complaints.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_TO_REFRESH = 200000 };

#define GAIN_LEAST 1e-5

static void set_most(struct board *b)
{
    const struct instance *in = b->in;
    for (int t = 0; t < b->k; t++) {
        for (int r = 0; r < BALANCED; r++)
            b->most[t][r] = balanced_most(in, r) / in->mean[r];
        b->most[t][MEMORY] = in->memory[t] / in->mean[MEMORY];
        b->most[t][FEATURES] = (features_most(in) + 0.5) / in->mean[FEATURES];
    }
    b->least = (features_least(in) - 0.5) / in->mean[FEATURES];
}

struct board *board_new(const struct instance *in)
{
    size_t n = (size_t)in->n, k = (size_t)in->k;
    struct board *b = need(1, sizeof *b);
    *b = (struct board){.in = in, .n = in->n, .k = in->k};
    b->free_units = need(n, sizeof *b->free_units);
    b->tower = need(n, sizeof *b->tower);
    b->pull = need(n * k, sizeof *b->pull);
    b->weight = need(n, sizeof *b->weight);
    b->most = need(k, sizeof *b->most);
    b->load = need(k, sizeof *b->load);
    b->excess = need(k, sizeof *b->excess);
    b->member = need(n * k, sizeof *b->member);
    b->place = need(n, sizeof *b->place);
    b->count = need(k, sizeof *b->count);
    b->partner = need(n, sizeof *b->partner);
    b->partners = need(n, sizeof *b->partners);
    for (int u = 0; u < b->n; u++) {
        if (in->pin[u] < 0)
            b->free_units[b->free_count++] = u;
        for (int r = 0; r < WEIGHT_COUNT; r++)
            b->weight[u][r] = in->weight[u][r] / in->mean[r];
    }
    for (int i = 0; i < in->aparts; i++)
        for (int side = 0; side < 2; side++) {
            int u = in->apart[i][side];
            b->partner[u][b->partners[u]++] = in->apart[i][!side];
        }
    set_most(b);
    return b;
}

void board_free(struct board *b)
{
    if (!b)
        return;
    free(b->free_units);
    free(b->tower);
    free(b->pull);
    free(b->weight);
    free(b->most);
    free(b->load);
    free(b->excess);
    free(b->member);
    free(b->place);
    free(b->count);
    free(b->partner);
    free(b->partners);
    free(b);
}

static double excess_of(const struct board *b, int t, const double *load)
{
    double sum = 0;
    for (int r = 0; r < WEIGHT_COUNT; r++) {
        double over = load[r] - b->most[t][r];
        sum += over > 0 ? over : 0;
    }
    double under = b->least - load[FEATURES];
    return sum + (under > 0 ? under : 0);
}

static void add_row(struct board *b, int unit, int tower, float sign)
{
    float *restrict pull = b->pull + (size_t)tower * (size_t)b->n;
    const float *restrict row = b->in->affinity + (size_t)unit * (size_t)b->n;
    for (int i = 0; i < b->n; i++)
        pull[i] += sign * row[i];
}

static void refresh(struct board *b)
{
    memset(b->pull, 0, (size_t)b->n * (size_t)b->k * sizeof *b->pull);
    for (int u = 0; u < b->n; u++)
        add_row(b, u, b->tower[u], 1);
    b->made = 0;
}

static void enter(struct board *b, int unit, int tower)
{
    b->tower[unit] = tower;
    for (int r = 0; r < WEIGHT_COUNT; r++)
        b->load[tower][r] += b->weight[unit][r];
    if (b->in->pin[unit] >= 0)
        return;
    b->place[unit] = b->count[tower]++;
    b->member[(size_t)tower * (size_t)b->n + (size_t)b->place[unit]] = unit;
}

static void leave(struct board *b, int unit)
{
    int tower = b->tower[unit];
    int *member = b->member + (size_t)tower * (size_t)b->n, last = member[--b->count[tower]];
    for (int r = 0; r < WEIGHT_COUNT; r++)
        b->load[tower][r] -= b->weight[unit][r];
    member[b->place[unit]] = last;
    b->place[last] = b->place[unit];
}

void board_set(struct board *b, const int32_t *tower)
{
    memset(b->load, 0, (size_t)b->k * sizeof *b->load);
    memset(b->count, 0, (size_t)b->k * sizeof *b->count);
    for (int u = 0; u < b->n; u++)
        enter(b, u, tower[u]);
    for (int t = 0; t < b->k; t++)
        b->excess[t] = excess_of(b, t, b->load[t]);
    refresh(b);
}

double board_gain(const struct board *b, struct step s)
{
    size_t n = (size_t)b->n, u = (size_t)s.unit, from = (size_t)b->tower[s.unit], to = (size_t)s.to;
    double gain = (double)(b->pull[to * n + u] - b->pull[from * n + u]);
    if (s.other >= 0) {
        size_t v = (size_t)s.other;
        gain +=
            (double)(b->pull[from * n + v] - b->pull[to * n + v] - 2 * b->in->affinity[u * n + v]);
    }
    return gain;
}

double board_excess(const struct board *b)
{
    double sum = 0;
    for (int t = 0; t < b->k; t++)
        sum += b->excess[t];
    return sum;
}

double board_strain(const struct board *b, struct step s)
{
    static const double nothing[WEIGHT_COUNT];
    int from = b->tower[s.unit];
    const double *out = b->weight[s.unit], *back = s.other >= 0 ? b->weight[s.other] : nothing;
    double left[WEIGHT_COUNT], right[WEIGHT_COUNT];
    for (int r = 0; r < WEIGHT_COUNT; r++) {
        double shift = out[r] - back[r];
        left[r] = b->load[from][r] - shift;
        right[r] = b->load[s.to][r] + shift;
    }
    return excess_of(b, from, left) + excess_of(b, s.to, right) - b->excess[from] - b->excess[s.to];
}

/* Whether a partner of the unit is in the tower, `gone` aside. */
static bool meets_partner(const struct board *b, int unit, int tower, int gone)
{
    for (int i = 0; i < b->partners[unit]; i++)
        if (b->partner[unit][i] != gone && b->tower[b->partner[unit][i]] == tower)
            return true;
    return false;
}

bool board_allows(const struct board *b, struct step s)
{
    if (b->in->pin[s.unit] >= 0 || meets_partner(b, s.unit, s.to, s.other))
        return false;
    return s.other < 0 ||
           (b->in->pin[s.other] < 0 && !meets_partner(b, s.other, b->tower[s.unit], s.unit));
}

static void shift(struct board *b, int unit, int to)
{
    int from = b->tower[unit];
    leave(b, unit);
    enter(b, unit, to);
    add_row(b, unit, from, -1);
    add_row(b, unit, to, 1);
}

void board_make(struct board *b, struct step s)
{
    int from = b->tower[s.unit];
    shift(b, s.unit, s.to);
    if (s.other >= 0)
        shift(b, s.other, from);
    b->excess[from] = excess_of(b, from, b->load[from]);
    b->excess[s.to] = excess_of(b, s.to, b->load[s.to]);
    if (++b->made > STEPS_TO_REFRESH)
        refresh(b);
}

static void prefer(const struct board *b, struct step step, struct step *best, double *most)
{
    double gain = board_gain(b, step);
    if (gain > *most && board_allows(b, step) && board_strain(b, step) <= 0) {
        *most = gain;
        *best = step;
    }
}

/* The best legal step of one unit. @return whether it gains. */
static bool best_step(const struct board *b, int unit, struct step *best)
{
    double most = GAIN_LEAST;
    for (int t = 0; t < b->k; t++)
        if (t != b->tower[unit])
            prefer(b, (struct step){unit, -1, t}, best, &most);
    for (int v = 0; v < b->n; v++)
        if (b->tower[v] != b->tower[unit])
            prefer(b, (struct step){unit, v, b->tower[v]}, best, &most);
    return most > GAIN_LEAST;
}

void board_climb(struct board *b, struct dice *dice)
{
    struct step step;
    int idle = 0, at = b->free_count ? dice_below(dice, b->free_count) : 0;
    while (idle < b->free_count) {
        at = at + 1 < b->free_count ? at + 1 : 0;
        idle++;
        if (best_step(b, b->free_units[at], &step)) {
            board_make(b, step);
            idle = 0;
        }
    }
}

bool board_settle(struct board *b, struct dice *dice, int tries)
{
    for (int idle = 0; board_excess(b) > 0; idle++) {
        struct step s = {.unit = b->free_units[dice_below(dice, b->free_count)], .other = -1};
        if (idle > tries)
            return false;
        if (dice_chance(dice, 0.5))
            s.to = dice_below(dice, b->k);
        else
            s.other = b->free_units[dice_below(dice, b->free_count)], s.to = b->tower[s.other];
        if (s.to == b->tower[s.unit] || !board_allows(b, s) || board_strain(b, s) >= 0)
            continue;
        board_make(b, s);
        idle = 0;
    }
    return true;
}
