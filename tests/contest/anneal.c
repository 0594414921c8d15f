/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated annealing for graph partitioning (Johnson, Aragon, McGeoch, Schevon 1989,
 * doi:10.1287/opre.37.6.865), over moves and swaps.
 *
 * A step is proposed for a random unit: half the time towards the tower of one of its nearest
 * neighbours, else to any tower; as a move or as a swap with a random member there. Limits may be
 * overdrawn at a price that rises while they are and falls while they are not, so that the search
 * passes through illegal assignments but keeps coming back. Pins and pairs apart hold throughout.
 *
 * Runs from scratch fill a small pool; most others begin at one of its members, at a lower heat, half
 * of them after some towers were made like those of another member. Each run ends with a descent by
 * legal steps and enters the pool in place of the worst. */
#include "anneal.h"

#include "board.h"
#include "referee.h"

#include "../property/complaints.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NEAREST = 16, POOL = 6, PROBES = 4000, SETTLE_TRIES = 20000 };

/* Temperatures, in heats: first of a run from scratch, of the others, last of all. */
#define HOT_LEAST 0.4
#define HOT_MOST 3.0
#define WARM_LEAST 0.03
#define WARM_MOST 0.25
#define COLDEST_LEAST 0.02
#define COLDEST_MOST 0.08

/* A run's seconds per unit, and its share of all the time at most. */
#define RUN_LEAST 2e-4
#define RUN_MOST 2e-3
#define RUN_SHARE 0.1

/* Share of runs from scratch once there is a pool; of crossed starts among the others. */
#define FRESH 0.1
#define CROSSED 0.5

struct annealer {
    struct board *board;
    struct dice dice;
    int *near; /* (n, NEAREST) */
    int32_t *best;
    double best_value;
    int32_t *pool; /* (POOL, n) ends of runs, the best of them, all of different value */
    double pool_value[POOL];
    double heat;  /* the usual size of a proposed gain */
    double price; /* of an overload of one mean */
    double deadline;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The strongest NEAREST of a row, by insertion. */
static void find_nearest(const struct instance *in, int unit, int *near)
{
    const float *row = in->affinity + (size_t)unit * (size_t)in->n;
    int count = 0;
    for (int v = 0; v < in->n; v++) {
        if (v == unit || (count == NEAREST && row[v] <= row[near[count - 1]]))
            continue;
        int at = count < NEAREST ? count++ : count - 1;
        while (at > 0 && row[near[at - 1]] < row[v]) {
            near[at] = near[at - 1];
            at--;
        }
        near[at] = v;
    }
}

/* @return whether there is a step at all. */
static bool propose(struct annealer *a, struct step *s)
{
    struct board *b = a->board;
    uint64_t bits = dice_next(&a->dice);
    s->unit = b->free_units[(uint32_t)bits % (uint32_t)b->free_count];
    s->other = -1;
    bits >>= 32;
    if (bits & 1)
        s->to = b->tower[a->near[s->unit * NEAREST + (int)(bits >> 1) % NEAREST]];
    else
        s->to = (int)((bits >> 1) % (uint64_t)b->k);
    if (s->to == b->tower[s->unit])
        return false;
    if (bits >> 31) {
        if (!b->count[s->to])
            return false;
        s->other = b->member[(size_t)s->to * (size_t)b->n +
                             dice_next(&a->dice) % (uint64_t)b->count[s->to]];
    }
    return board_allows(b, *s);
}

static void keep_if_best(struct annealer *a)
{
    struct board *b = a->board;
    double value = 0;
    if (board_excess(b) > 0)
        return;
    for (int u = 0; u < b->n; u++)
        value += (double)b->pull[(size_t)b->tower[u] * (size_t)b->n + (size_t)u] / 2;
    if (value <= a->best_value)
        return;
    value = inside_affinity(b->in, b->tower); /* without the rounding of the sums */
    if (value > a->best_value && !breaks_limit(b->in, b->tower, NULL)) {
        a->best_value = value;
        memcpy(a->best, b->tower, (size_t)b->n * sizeof *a->best);
    }
}

/* One round of proposals at one temperature. */
static void sweep(struct annealer *a, double temperature)
{
    struct step s;
    for (int i = 0; i < 8 * a->board->n; i++) {
        if (!propose(a, &s))
            continue;
        double change = board_gain(a->board, s), worst = -16 * temperature;
        if (change < worst)
            continue;
        change -= a->price * board_strain(a->board, s);
        if (change >= 0 ||
            (change > worst && dice_real(&a->dice, 0, 1) < exp(change / temperature)))
            board_make(a->board, s);
    }
}

/* A legal end of a run takes the place of the worst in the pool. */
static void keep_in_pool(struct annealer *a)
{
    size_t n = (size_t)a->board->n;
    double value = inside_affinity(a->board->in, a->board->tower);
    int worst = 0;
    for (int i = 0; i < POOL; i++) {
        if (fabs(a->pool_value[i] - value) <= 1e-6 * value)
            return;
        worst = a->pool_value[i] < a->pool_value[worst] ? i : worst;
    }
    if (value <= a->pool_value[worst])
        return;
    a->pool_value[worst] = value;
    memcpy(a->pool + (size_t)worst * n, a->board->tower, n * sizeof *a->pool);
}

/* Cools from `first` down; the best legal assignment on the way is kept. */
static void run(struct annealer *a, double first, double seconds)
{
    double start = now(), part = 0;
    double last = a->heat * dice_log(&a->dice, COLDEST_LEAST, COLDEST_MOST);
    while (part < 1) {
        sweep(a, first * pow(last / first, part));
        bool legal = board_excess(a->board) <= 0;
        a->price *= legal ? 0.97 : 1.05;
        a->price = fmin(fmax(a->price, 0.01 * a->heat), 1e6 * a->heat);
        keep_if_best(a);
        double time = now();
        part = time > a->deadline ? 1 : (time - start) / seconds;
    }
    if (board_settle(a->board, &a->dice, SETTLE_TRIES)) {
        board_climb(a->board, &a->dice);
        keep_if_best(a);
        keep_in_pool(a);
    }
}

/* Mean size of what steps gain or lose at an assignment. */
static double usual_change(struct annealer *a)
{
    struct step s;
    double sum = 0;
    int count = 1;
    for (int i = 0; i < PROBES; i++)
        if (propose(a, &s)) {
            sum += fabs(board_gain(a->board, s));
            count++;
        }
    return sum / count + 1e-6;
}

/* The tower of the board that shares most free units with tower `t` of `other`. */
static int counterpart(const struct board *b, const int32_t *other, int t)
{
    int *shared = need((size_t)b->k, sizeof *shared), best = 0;
    for (int i = 0; i < b->free_count; i++)
        shared[b->tower[b->free_units[i]]] += other[b->free_units[i]] == t;
    for (int s = 1; s < b->k; s++)
        best = shared[s] > shared[best] ? s : best;
    free(shared);
    return best;
}

/* Makes a tower of the board one of `other`: who is missing changes places with who is too many. */
static void transplant(struct board *b, const int32_t *other, int t)
{
    int to = counterpart(b, other, t), spare = 0;
    for (int i = 0; i < b->free_count; i++) {
        int u = b->free_units[i];
        if (other[u] != t || b->tower[u] == to)
            continue;
        while (
            spare < b->n && (b->in->pin[spare] >= 0 || b->tower[spare] != to || other[spare] == t))
            spare++;
        struct step step = {u, spare < b->n ? spare : -1, to};
        if (board_allows(b, step))
            board_make(b, step);
    }
}

/* Puts a start on the board: the witness, a member of the pool, or one with some towers of another.
 * @return how hot the run is to begin, in heats. */
static double choose_start(struct annealer *a)
{
    struct board *b = a->board;
    int from = dice_below(&a->dice, POOL), other = dice_below(&a->dice, POOL);
    if (a->pool_value[from] <= 0 || dice_chance(&a->dice, FRESH)) {
        board_set(b, b->in->witness);
        return dice_log(&a->dice, HOT_LEAST, HOT_MOST);
    }
    board_set(b, a->pool + (size_t)from * (size_t)b->n);
    if (a->pool_value[other] > 0 && other != from && dice_chance(&a->dice, CROSSED))
        for (int i = 0; i <= b->k / 4; i++)
            transplant(b, a->pool + (size_t)other * (size_t)b->n, dice_below(&a->dice, b->k));
    return dice_log(&a->dice, WARM_LEAST, WARM_MOST);
}

double anneal(const struct instance *in, double seconds, uint64_t seed, int32_t *tower)
{
    double start = now();
    struct annealer a = {.board = board_new(in),
        .dice = {seed},
        .best = tower,
        .best_value = inside_affinity(in, tower),
        .deadline = start + seconds,
        .near = need((size_t)in->n * NEAREST, sizeof *a.near),
        .pool = need((size_t)in->n * POOL, sizeof *a.pool)};
    for (int u = 0; u < in->n; u++)
        find_nearest(in, u, a.near + (size_t)u * NEAREST);
    board_set(a.board, in->witness);
    board_climb(a.board, &a.dice);
    a.heat = usual_change(&a);
    a.price = a.heat * in->n / in->k;
    while (now() < a.deadline) {
        double most = in->n * dice_log(&a.dice, RUN_LEAST, RUN_MOST);
        double first = a.heat * choose_start(&a);
        run(&a, first, fmin(most, RUN_SHARE * seconds));
    }
    board_free(a.board);
    free(a.near);
    free(a.pool);
    return a.best_value;
}
