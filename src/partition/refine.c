/* SPDX-License-Identifier: Apache-2.0 */
/* Local search over units in towers: repair to legal, descend to a local optimum, perturb.
 *
 * A step is one candidate looked at, about 5 ns; effort is counted in steps and not in seconds, so
 * that the same input and seed give the same answer on any machine. One pass of the descent looks at
 * every move and every swap of every unit, O(U (U + T)). */
#include "partition/refine.h"

#include <stdlib.h>
#include <string.h>

#define GAIN_LEAST 1e-9    /* less is rounding: loops would never end */
#define RELIEF_LEAST 1e-12 /* in means */

struct choice {
    int32_t unit, other; /* other >= 0: swap with it; else move unit to tower */
    int32_t tower;
    double relief, gain;
};

static bool movable(const struct tp_assignment *a, int32_t unit)
{
    return a->problem->pin[unit] < 0;
}

/* Smaller violation first, then larger gain. */
static bool better_relief(const struct choice *x, const struct choice *y)
{
    if (x->relief < y->relief - RELIEF_LEAST)
        return true;
    return x->relief <= y->relief + RELIEF_LEAST && x->gain > y->gain + GAIN_LEAST;
}

static void offer_move(const struct tp_assignment *a, int32_t unit, int32_t to, struct choice *best)
{
    struct choice c = {.unit = unit, .other = -1, .tower = to};
    c.relief = tp_relief_move(a, unit, to);
    if (c.relief > -RELIEF_LEAST || c.relief > best->relief + RELIEF_LEAST)
        return;
    c.gain = tp_gain_move(a, unit, to);
    if (better_relief(&c, best))
        *best = c;
}

static void offer_swap(const struct tp_assignment *a, int32_t u, int32_t v, struct choice *best)
{
    struct choice c = {.unit = u, .other = v, .tower = -1};
    c.relief = tp_relief_swap(a, u, v);
    if (c.relief > -RELIEF_LEAST || c.relief > best->relief + RELIEF_LEAST)
        return;
    c.gain = tp_gain_swap(a, u, v);
    if (better_relief(&c, best))
        *best = c;
}

/* The best relief by a move or swap with `tower` on one side; best->relief 0 if there is none. */
static struct choice best_relief(
    const struct tp_assignment *a, int32_t tower, struct tp_effort *effort)
{
    const struct tp_problem *p = a->problem;
    struct choice best = {.unit = -1, .relief = 0};
    for (int32_t u = 0; u < p->unit_count; u++) {
        if (!movable(a, u))
            continue;
        if (a->tower[u] != tower) {
            offer_move(a, u, tower, &best);
            continue;
        }
        for (int32_t t = 0; t < p->tower_count; t++)
            if (t != tower)
                offer_move(a, u, t, &best);
        for (int32_t v = 0; v < p->unit_count; v++)
            if (a->tower[v] != tower && movable(a, v))
                offer_swap(a, u, v, &best);
        tp_effort_spend(effort, p->unit_count + p->tower_count);
    }
    tp_effort_spend(effort, p->unit_count);
    return best;
}

static void make(struct tp_assignment *a, const struct choice *choice)
{
    if (choice->other >= 0)
        tp_make_swap(a, choice->unit, choice->other);
    else
        tp_make_move(a, choice->unit, choice->tower);
}

/* Pairs that are to be apart and are not, of the units of a tower; a tower may be within its limits and
 * still hold some. */
static bool clashing(const struct tp_assignment *a, int32_t tower)
{
    const struct tp_problem *p = a->problem;
    for (int32_t u = 0; u < p->unit_count; u++)
        for (int32_t i = p->apart_first[u]; i < p->apart_first[u + 1]; i++)
            if (a->tower[u] == tower && a->tower[p->apart[i]] == tower)
                return true;
    return false;
}

bool tp_repair(struct tp_assignment *a, struct tp_effort *effort)
{
    int32_t towers = a->problem->tower_count;
    bool constrained = a->problem->apart_first[a->problem->unit_count] > 0;
    while (!effort->over) {
        int32_t worst = 0;
        for (int32_t t = 1; t < towers; t++)
            if (a->excess[t] > a->excess[worst])
                worst = t;
        bool wrong = false, helped = false;
        for (int32_t i = 0; i < towers && !helped; i++) {
            int32_t t = (worst + i) % towers;
            if (a->excess[t] <= 0 && !(constrained && clashing(a, t)))
                continue;
            wrong = true;
            struct choice best = best_relief(a, t, effort);
            helped = best.unit >= 0;
            if (helped)
                make(a, &best);
        }
        if (!wrong)
            return true;
        if (!helped)
            return false;
    }
    return tp_assignment_violation(a) <= 0;
}

/* The most gaining legal move or swap of one unit. */
static struct choice best_gain(const struct tp_assignment *a, int32_t u)
{
    const struct tp_problem *p = a->problem;
    struct choice best = {.unit = -1, .gain = GAIN_LEAST};
    tp_gains(a, u, a->to, a->with);
    for (int32_t t = 0; t < p->tower_count; t++)
        if (a->to[t] > best.gain && t != a->tower[u] && tp_relief_move_within(a, u, t, 0) <= 0)
            best = (struct choice){.unit = u, .other = -1, .tower = t, .gain = a->to[t]};
    for (int32_t v = 0; v < p->unit_count; v++)
        if (a->with[v] > best.gain && a->tower[v] != a->tower[u] && movable(a, v) &&
            tp_relief_swap_within(a, u, v, 0) <= 0)
            best = (struct choice){.unit = u, .other = v, .tower = -1, .gain = a->with[v]};
    return best;
}

/* The most gaining legal move of a unit into the tower. */
static struct choice best_entry(const struct tp_assignment *a, int32_t t)
{
    const struct tp_problem *p = a->problem;
    struct choice best = {.unit = -1, .gain = GAIN_LEAST};
    for (int32_t u = 0; u < p->unit_count; u++) {
        if (a->tower[u] == t || !movable(a, u))
            continue;
        double gain = tp_gain_move(a, u, t);
        if (gain > best.gain && tp_relief_move_within(a, u, t, 0) <= 0)
            best = (struct choice){.unit = u, .other = -1, .tower = t, .gain = gain};
    }
    return best;
}

/* Only what has to do with a changed tower can gain anew: moves and swaps of its units, and moves into
 * it. */
static void look_at_changed(struct tp_assignment *a)
{
    for (int32_t u = 0; u < a->problem->unit_count; u++)
        a->look[u] |= a->changed[a->tower[u]];
    for (int32_t t = 0; t < a->problem->tower_count; t++) {
        a->enter[t] |= a->changed[t];
        a->changed[t] = false;
    }
}

/* What was not looked at is left for the next descent. */
static void leave_rest(struct tp_assignment *a)
{
    for (int32_t u = 0; u < a->problem->unit_count; u++)
        a->changed[a->tower[u]] |= a->look[u];
    for (int32_t t = 0; t < a->problem->tower_count; t++)
        a->changed[t] |= a->enter[t];
}

/* Makes the best move or swap of each unit that is to be looked at, round and round until none gains. */
static void descend_units(struct tp_assignment *a, int32_t first, struct tp_effort *effort)
{
    int32_t units = a->problem->unit_count, quiet = 0; /* units in a row that had nothing to gain */
    for (int32_t u = first; quiet < units && !effort->over; u = u + 1 < units ? u + 1 : 0) {
        struct choice best = {.unit = -1};
        if (a->look[u] && movable(a, u)) {
            best = best_gain(a, u);
            tp_effort_spend(effort, units + a->problem->tower_count);
        }
        a->look[u] = false;
        quiet++;
        if (best.unit >= 0) {
            make(a, &best);
            look_at_changed(a);
            quiet = 0;
        }
    }
}

/* Makes one gaining move into a tower; false if there is none. */
static bool enter_tower(struct tp_assignment *a, struct tp_effort *effort)
{
    for (int32_t t = 0; t < a->problem->tower_count && !effort->over; t++) {
        if (!a->enter[t])
            continue;
        struct choice best = best_entry(a, t);
        tp_effort_spend(effort, a->problem->unit_count);
        if (best.unit >= 0) {
            make(a, &best);
            look_at_changed(a);
            return true;
        }
        a->enter[t] = false;
    }
    return false;
}

void tp_descend(struct tp_assignment *a, struct tp_random *random, struct tp_effort *effort)
{
    int32_t first = (int32_t)tp_random_below(random, a->problem->unit_count);
    memset(a->look, false, (size_t)a->problem->unit_count);
    memset(a->enter, false, (size_t)a->problem->tower_count);
    look_at_changed(a);
    do {
        descend_units(a, first, effort);
    } while (enter_tower(a, effort));
    leave_rest(a);
}

/* Swaps 2 to 4 random pairs of units, or moves one of a pair. */
void tp_kick(struct tp_assignment *a, struct tp_random *random)
{
    int64_t units = a->problem->unit_count;
    int64_t pairs = 2 + tp_random_below(random, 3);
    for (int64_t i = 0; i < pairs; i++) {
        int32_t u = (int32_t)tp_random_below(random, units);
        int32_t v = (int32_t)tp_random_below(random, units);
        if (a->tower[u] == a->tower[v] || !movable(a, u))
            continue;
        if (movable(a, v) && tp_random_below(random, 4))
            tp_make_swap(a, u, v);
        else
            tp_make_move(a, u, a->tower[v]);
    }
}

enum tp_status tp_improve(struct tp_assignment *best, struct tp_random *random,
    struct tp_effort *effort, struct tp_error *err)
{
    struct tp_assignment *trial = NULL;
    enum tp_status status = tp_assignment_new(best->problem, best->goal, &trial, err);
    if (status)
        return status;
    double best_value = tp_assignment_value(best);
    tp_assignment_copy(trial, best);
    while (tp_effort_spend(
        effort, best->problem->unit_count)) { /* a problem with nothing to try must end too */
        tp_kick(trial, random);
        bool legal = tp_repair(trial, effort);
        if (legal)
            tp_descend(trial, random, effort);
        double value = legal ? tp_assignment_value(trial) : 0;
        if (legal && value > best_value + GAIN_LEAST) {
            best_value = value;
            tp_assignment_copy(best, trial);
        } else {
            tp_assignment_copy(trial, best);
        }
    }
    /* Sums made from scratch: no rounding of the search is left in them. */
    tp_assignment_copy(trial, best);
    tp_assignment_set(best, trial->tower);
    tp_assignment_free(trial);
    return TP_OK;
}

/* Affinity of a pinned unit to what is not pinned in a tower. */
static double loose_pull(const struct tp_assignment *a, int32_t unit, int32_t tower)
{
    const struct tp_problem *p = a->problem;
    double pull = a->pull[(int64_t)tower * p->unit_count + unit];
    for (int32_t v = 0; v < p->unit_count; v++)
        if (p->pin[v] == tower)
            pull -= (double)p->affinity[(int64_t)unit * p->unit_count + v];
    return pull;
}

/* Gain if all that is not pinned in two towers changed places. */
static double gain_of_exchange(const struct tp_assignment *a, int32_t x, int32_t y)
{
    const struct tp_problem *p = a->problem;
    double gain = 0;
    for (int32_t u = 0; u < p->unit_count; u++)
        if (p->pin[u] == x || p->pin[u] == y)
            gain += (p->pin[u] == x ? 1 : -1) * (loose_pull(a, u, y) - loose_pull(a, u, x));
    return a->goal == TP_GOAL_COHERENT ? gain : -gain;
}

static void exchange(struct tp_assignment *a, int32_t x, int32_t y)
{
    const struct tp_problem *p = a->problem;
    for (int32_t u = 0; u < p->unit_count; u++)
        if (p->pin[u] < 0 && (a->tower[u] == x || a->tower[u] == y))
            tp_make_move(a, u, a->tower[u] == x ? y : x);
}

static bool any_pinned(const struct tp_problem *p)
{
    for (int32_t u = 0; u < p->unit_count; u++)
        if (p->pin[u] >= 0)
            return true;
    return false;
}

void tp_exchange_towers(struct tp_assignment *a, struct tp_effort *effort)
{
    const struct tp_problem *p = a->problem;
    int32_t towers = p->tower_count,
            quiet = 0; /* towers in a row that nothing was exchanged with */
    if (!a->pull || !any_pinned(p))
        return;
    for (int32_t x = 0; quiet < towers && !effort->over; x = (x + 1) % towers) {
        quiet++;
        for (int32_t y = 0; y < towers; y++) {
            tp_effort_spend(effort, p->unit_count);
            if (x == y || gain_of_exchange(a, x, y) <= GAIN_LEAST)
                continue;
            exchange(a, x, y);
            if (tp_assignment_violation(a) <= 0)
                quiet = 0;
            else
                exchange(a, x, y); /* back */
        }
    }
}
