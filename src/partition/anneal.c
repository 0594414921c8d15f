/* SPDX-License-Identifier: Apache-2.0 */
/* Annealing by heat bath (Kirkpatrick et al. 1983, doi:10.1126/science.220.4598.671; Geman & Geman 1984,
 * doi:10.1109/TPAMI.1984.4767596).
 *
 * A sweep visits every unit once. A visit draws one of all moves and swaps of the unit, or to stay,
 * with probability in proportion to exp(score / heat): the largest of score + heat * Gumbel noise is
 * such a draw, so a visit is one pass along a few rows, and one that changes nothing costs no more
 * than that. The noise comes from a table, at a random offset each time.
 *
 * Limits are a price: a score is the gain less `price` times the change of the violation. The price
 * rises while a limit is broken and falls while all hold, so the search runs along the border of what
 * is legal, where the good answers are, and crosses what no legal move or swap gets through. The best
 * legal assignment on the way is kept.
 *
 * Loads in means and their distance to the limits are kept per unit, (ROWS, U), so that the price of
 * all swaps of a unit is read along rows as well; the least number of features is one more limit, on
 * minus the features. Single precision is enough to draw by; what is made is priced exactly.
 *
 * Cost: about 2 ns per candidate, U (U + T) candidates per sweep. */
#include "partition/anneal.h"

#include "base/clones.h"
#include "base/fail.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOISE 16384             /* random offsets into the table */
#define ROWS (TP_RESOURCES + 1) /* limits of a tower */
#define CLOSE 1e-9              /* rounding of sums of violations and values */
/* A run begins where so large a share of the visits changes something, and ends at so much less heat:
 * measured, less of either leaves good answers unfound, more wastes sweeps. */
#define SHARE_HOT 0.85
#define COOLING 20.0
#define SHARE_FROZEN 0.003 /* a sweep that changes less */
#define SWEEPS_FROZEN 10   /* so many in a row end the run */
#define PROBE 300          /* units */
#define PRICE_STEP 1.1     /* how much the price rises or falls in a sweep */

struct tp_anneal {
    struct tp_assignment *a; /* borrowed */
    struct tp_random *random;
    float *noise;   /* (NOISE + max(U, T)) */
    float *weight;  /* (ROWS, U) of a unit, in means */
    float *over;    /* (ROWS, U) how far over its limit the unit's tower would be without it */
    float *excess;  /* (U) of the unit's tower */
    float *score;   /* (U) */
    int32_t *order; /* (U) movable units */
    int32_t movable;
    int32_t probe;    /* of them, visited to find out how much changes at some heat */
    int32_t *best;    /* (U) */
    double heat, hot; /* hot: where runs of warmth 1 begin; 0: not known yet */
    double warmth;
    double price, price_least, price_step;
    double value, violation, best_value;
    int32_t sweep, sweeps;
    int32_t changes; /* of the sweep */
    int32_t frozen;  /* sweeps in a row that hardly changed anything */
};

/* A tower's distance to its limits, in means, positive: over. */
static void distances(const struct tp_assignment *a, int32_t tower, double over[ROWS])
{
    const double *load = a->load + (int64_t)tower * TP_RESOURCES;
    const double *most = tp_tower_most(a->problem, tower);
    for (int r = 0; r < TP_RESOURCES; r++)
        over[r] = (load[r] - most[r]) * a->per_mean[r];
    over[TP_RESOURCES] =
        (a->problem->features_least - load[TP_FEATURES]) * a->per_mean[TP_FEATURES];
}

/* Brings `over` and `excess` up to date for the units of two towers. */
static void refresh(struct tp_anneal *s, int32_t first, int32_t second)
{
    const struct tp_assignment *a = s->a;
    int32_t units = a->problem->unit_count;
    double over[2][ROWS];
    distances(a, first, over[0]);
    distances(a, second, over[1]);
    for (int32_t v = 0; v < units; v++) {
        if (a->tower[v] != first && a->tower[v] != second)
            continue;
        const double *is = over[a->tower[v] == second];
        for (int r = 0; r < ROWS; r++)
            s->over[(int64_t)r * units + v] = (float)is[r] - s->weight[(int64_t)r * units + v];
        s->excess[v] = (float)a->excess[a->tower[v]];
    }
}

/* Scores of the swaps of a unit with each other one: gain and noise, less the price of what they would
 * change of the violation.
 * @param out  (ROWS) how far over its limits the unit's tower would be without it.
 * @param in   (ROWS) the unit's weight. */
TP_CLONES static void score_swaps(const struct tp_anneal *s, const double *gain, const float *noise,
    const float *out, const float *in, float own_excess, float *restrict score)
{
    int32_t units = s->a->problem->unit_count;
    const float *weight[ROWS], *over[ROWS], *excess = s->excess;
    float heat = (float)s->heat, price = (float)s->price;
    for (int r = 0; r < ROWS; r++) {
        weight[r] = s->weight + (int64_t)r * units;
        over[r] = s->over + (int64_t)r * units;
    }
    for (int32_t v = 0; v < units; v++) {
        float sum = -excess[v] - own_excess;
        for (int r = 0; r < ROWS; r++) { /* unrolled, the loop around it becomes vectors */
            float here = out[r] + weight[r][v], there = over[r][v] + in[r];
            sum += (here > 0 ? here : 0) + (there > 0 ? there : 0);
        }
        score[v] = (float)gain[v] + heat * noise[v] - price * sum;
    }
}

static bool keeps_apart(const struct tp_assignment *a, int32_t u)
{
    return a->problem->apart_first[u + 1] > a->problem->apart_first[u];
}

static void make(struct tp_anneal *s, int32_t u, int32_t with, int32_t to)
{
    struct tp_assignment *a = s->a;
    const struct tp_problem *p = a->problem;
    int32_t from = a->tower[u];
    if (with >= 0) {
        s->value += tp_gain_swap(a, u, with);
        s->violation += tp_relief_swap(a, u, with);
        to = a->tower[with];
        tp_make_swap(a, u, with);
    } else {
        s->value += tp_gain_move(a, u, to);
        s->violation += tp_relief_move(a, u, to);
        tp_make_move(a, u, to);
    }
    refresh(s, from, to);
    s->changes++;
    if (s->violation > CLOSE || s->value <= s->best_value + CLOSE || tp_assignment_violation(a) > 0)
        return;
    s->best_value = s->value;
    memcpy(s->best, a->tower, (size_t)p->unit_count * sizeof *s->best);
}

/* Noise from somewhere in the table. */
static const float *noise(struct tp_anneal *s)
{
    return s->noise + (tp_random_next(s->random) >> 32) % NOISE;
}

static void score_all_swaps(struct tp_anneal *s, int32_t u, const float *swap_noise)
{
    const struct tp_assignment *a = s->a;
    int32_t units = a->problem->unit_count;
    float out[ROWS], in[ROWS];
    for (int r = 0; r < ROWS; r++) {
        in[r] = s->weight[(int64_t)r * units + u];
        out[r] = s->over[(int64_t)r * units + u];
    }
    score_swaps(s, a->with, swap_noise, out, in, s->excess[u], s->score);
}

static void visit(struct tp_anneal *s, int32_t u)
{
    struct tp_assignment *a = s->a;
    const struct tp_problem *p = a->problem;
    tp_gains(a, u, a->to, a->with);
    const float *swap_noise = noise(s);
    score_all_swaps(s, u, swap_noise);
    double best = s->heat * (double)*noise(s);
    const float *move_noise = noise(s);
    int32_t to = -1, with = -1;
    for (int32_t t = 0; t < p->tower_count; t++) {
        double score = a->to[t] + s->heat * (double)move_noise[t];
        if (score <= best || t == a->tower[u])
            continue;
        score -= s->price * tp_relief_move_within(a, u, t, (score - best) / s->price);
        if (score > best) {
            best = score;
            to = t;
        }
    }
    for (int32_t v = 0; v < p->unit_count; v++) {
        if ((double)s->score[v] <= best || a->tower[v] == a->tower[u] || p->pin[v] >= 0)
            continue;
        double score = (double)s->score[v];
        if (keeps_apart(a, u) || keeps_apart(a, v))
            score =
                a->with[v] + s->heat * (double)swap_noise[v] - s->price * tp_relief_swap(a, u, v);
        if (score > best) {
            best = score;
            with = v;
        }
    }
    if (to >= 0 || with >= 0)
        make(s, u, with, to);
    s->price = s->violation > CLOSE ? s->price * s->price_step
                                    : fmax(s->price_least, s->price / s->price_step);
}

/* Visits so many units, each once. @return the share of visits that changed something. */
static double sweep(struct tp_anneal *s, int32_t visits, struct tp_effort *effort)
{
    const struct tp_problem *p = s->a->problem;
    s->value = tp_assignment_value(s->a);
    s->violation = tp_assignment_violation(s->a);
    s->changes = 0;
    tp_random_shuffle(s->random, s->order, s->movable);
    for (int32_t i = 0; i < visits && !effort->over; i++) {
        visit(s, s->order[i]);
        tp_effort_spend(effort, p->unit_count + p->tower_count);
    }
    return (double)s->changes / (visits > 0 ? visits : 1);
}

static void fill_tables(struct tp_anneal *s)
{
    const struct tp_problem *p = s->a->problem;
    int32_t units = p->unit_count, most = units > p->tower_count ? units : p->tower_count;
    for (int32_t i = 0; i < NOISE + most; i++)
        s->noise[i] = (float)-log(-log((tp_random_uniform(s->random) + 0x1p-60)));
    for (int32_t u = 0; u < units; u++) {
        for (int r = 0; r < TP_RESOURCES; r++)
            s->weight[(int64_t)r * units + u] =
                (float)(tp_unit_weight(p, u)[r] * s->a->per_mean[r]);
        s->weight[(int64_t)TP_RESOURCES * units + u] = -s->weight[(int64_t)TP_FEATURES * units + u];
        if (p->pin[u] < 0)
            s->order[s->movable++] = u;
    }
}

enum tp_status tp_anneal_new(struct tp_assignment *a, struct tp_random *random,
    struct tp_anneal **anneal, struct tp_error *err)
{
    struct tp_anneal *s = TP_NEW(1, struct tp_anneal);
    if (!s)
        return tp_fail_memory(err);
    size_t units = (size_t)a->problem->unit_count, towers = (size_t)a->problem->tower_count;
    s->a = a;
    s->random = random;
    s->noise = TP_NEW(NOISE + (units > towers ? units : towers), float);
    s->weight = TP_NEW(ROWS * units, float);
    s->over = TP_NEW(ROWS * units, float);
    s->excess = TP_NEW(units, float);
    s->score = TP_NEW(units, float);
    s->order = TP_NEW(units, int32_t);
    s->best = TP_NEW(units, int32_t);
    if (!s->noise || !s->weight || !s->over || !s->excess || !s->score || !s->order || !s->best) {
        tp_anneal_free(s);
        return tp_fail_memory(err);
    }
    fill_tables(s);
    s->probe = s->movable < PROBE ? s->movable : PROBE;
    s->price_step = exp(log(PRICE_STEP) / (double)units);
    *anneal = s;
    return TP_OK;
}

void tp_anneal_free(struct tp_anneal *s)
{
    if (!s)
        return;
    free(s->noise);
    free(s->weight);
    free(s->over);
    free(s->excess);
    free(s->score);
    free(s->order);
    free(s->best);
    free(s);
}

/* Melts all down, then cools until a sweep changes less than SHARE_HOT of the units. */
static void find_hot(struct tp_anneal *s, struct tp_effort *effort)
{
    s->heat = s->value != 0 ? fabs(s->value) / s->a->problem->unit_count : 1;
    double share = sweep(s, s->probe, effort);
    while (share < SHARE_HOT && s->heat < 1e100 && !effort->over) {
        s->heat *= 2;
        share = sweep(s, s->probe, effort);
    }
    while (share > SHARE_HOT && s->heat > 1e-100 && !effort->over) {
        s->heat /= 1.3;
        share = sweep(s, s->probe, effort);
    }
    s->hot = s->heat;
}

void tp_anneal_begin(
    struct tp_anneal *s, int32_t sweeps, double warmth, double price, struct tp_effort *effort)
{
    s->value = tp_assignment_value(s->a);
    s->best_value = -INFINITY;
    s->sweep = s->frozen = 0;
    s->sweeps = sweeps;
    s->warmth = warmth;
    s->price_least = price * 2 * (fabs(s->value) + CLOSE) / s->a->problem->tower_count;
    s->price = s->price_least;
    for (int32_t t = 0; t < s->a->problem->tower_count; t++)
        refresh(s, t, t);
    if (s->hot <= 0 && s->movable > 0)
        find_hot(s, effort);
}

bool tp_anneal_cool(struct tp_anneal *s, int32_t sweeps, struct tp_effort *effort)
{
    bool goes_on = s->sweep < s->sweeps && s->frozen < SWEEPS_FROZEN && !effort->over;
    for (int32_t i = 0; i < sweeps && goes_on; i++) {
        s->heat = s->hot * s->warmth * pow(COOLING * s->warmth, -(double)s->sweep++ / s->sweeps);
        double share = sweep(s, s->movable, effort);
        s->frozen = share < SHARE_FROZEN ? s->frozen + 1 : 0;
        goes_on = s->sweep < s->sweeps && s->frozen < SWEEPS_FROZEN && !effort->over;
    }
    return goes_on;
}

const int32_t *tp_anneal_best(const struct tp_anneal *s, double *value)
{
    *value = s->best_value;
    return isinf(s->best_value) ? NULL : s->best;
}
