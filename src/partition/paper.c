/* SPDX-License-Identifier: Apache-2.0 */
/* The published partitioner (Luo et al., MLSys 2024, arXiv 2403.00877, section 4), what it leaves open
 * filled in the plainest way.
 *
 * Distance of two units: 1 - their affinity (coherent) or the affinity (diverse), where the affinity
 * of units with several features is the mean over their pairs. Points of the plane X are to have
 * these distances: sum over j < i of (|X_i - X_j| - D_ij)^2 is brought down by Adam (Kingma & Ba 2015,
 * arXiv 1412.6980) from random points, and constrained k-means makes towers of them. No limit is
 * looked at but the number of units in a tower, and two dimensions cannot hold the distances of
 * dozens of units: that is what the method loses against a search.
 *
 * A step of Adam pairs every unit with the anchors: all units if they are few, else the next
 * ANCHORS_MOST of a random order, which is shuffled anew when it is used up. (Pairs near each other
 * in the matrix would be cheaper to read, but then neighbours in the file drift together.)
 * Cost: 4 ns a pair and step; with the k-means 1 ms for 26 units in 8 towers, 0.2 s for 856 in 64,
 * 1 s for 10,000 in 64; 5,000 in 512 take 2 s, and 4 s where all towers are to be of one size. */
#include "partition/paper.h"

#include "base/fail.h"
#include "base/memory.h"
#include "base/random.h"
#include "partition/constrained_kmeans.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DIMS 2
/* Distances are 0..1, so points settle within some rounds of 0.2; the rate falls to 0 in a straight
 * line, so the last step is where it has converged. On planted groups of 26 to 5,000 units the sum
 * ends within 1 % of that after 1,000 steps with all units as anchors; 200 steps leave 1 %, a rate of
 * 0.05 3 %. */
#define STEPS 400
#define RATE 0.2
#define ANCHORS_MOST 64

/* Adam's constants as in its paper. */
#define KEEP_MEAN 0.9
#define KEEP_SQUARE 0.999
#define NO_SLOPE 1e-8

#define NO_DISTANCE 1e-100 /* two units in one point do not push each other, instead of 0 / 0 */

/* Arrays (DIMS, U) hold all units' first coordinate, then all units' second. */
struct embedding {
    const struct tp_problem *problem;
    enum tp_goal goal;
    struct tp_random random;
    int32_t *order; /* (U) anchors to come, from `next` on */
    int32_t next;
    double *share; /* (U) 1 / features of the unit */
    double *point; /* (DIMS, U) */
    double *slope; /* (DIMS, U) of half the sum, at the points */
    double *mean;  /* (DIMS, U) of the slopes so far, and of their squares: Adam's memory */
    double *square;
    double left_mean, left_square; /* weight in them of the zeros at the start */
};

static enum tp_status embedding_new(const struct tp_problem *problem, enum tp_goal goal,
    uint64_t seed, struct embedding *e, struct tp_error *err)
{
    size_t units = (size_t)problem->unit_count;
    *e = (struct embedding){.problem = problem, .goal = goal, .random = tp_random_new(seed, 4)};
    e->order = TP_NEW(units, int32_t);
    e->share = TP_NEW(units, double);
    e->point = TP_NEW(units * DIMS, double);
    e->slope = TP_NEW(units * DIMS, double);
    e->mean = TP_NEW(units * DIMS, double);
    e->square = TP_NEW(units * DIMS, double);
    bool done = e->order && e->share && e->point && e->slope && e->mean && e->square;
    return done ? TP_OK : tp_fail_memory(err);
}

static void embedding_release(struct embedding *e)
{
    free(e->order);
    free(e->share);
    free(e->point);
    free(e->slope);
    free(e->mean);
    free(e->square);
}

/* Adds to every unit's slope its pair with one anchor. */
static void add_anchor(struct embedding *e, int32_t anchor)
{
    int32_t units = e->problem->unit_count;
    const float *affinity = e->problem->affinity + (int64_t)anchor * units;
    const double *x = e->point, *y = e->point + units;
    double sign = e->goal == TP_GOAL_DIVERSE ? 1 : -1, base = e->goal == TP_GOAL_DIVERSE ? 0 : 1;
    for (int32_t i = 0; i < units; i++) {
        double wanted = base + sign * e->share[anchor] * e->share[i] * (double)affinity[i];
        double dx = x[i] - x[anchor], dy = y[i] - y[anchor];
        double pull = 1 - wanted / (sqrt(dx * dx + dy * dy) + NO_DISTANCE);
        e->slope[i] += pull * dx;
        e->slope[units + i] += pull * dy;
    }
}

static void add_anchors(struct embedding *e)
{
    int32_t units = e->problem->unit_count;
    memset(e->slope, 0, (size_t)units * DIMS * sizeof *e->slope);
    for (int32_t i = 0; i < units && i < ANCHORS_MOST; i++) {
        if (e->next == units) {
            tp_random_shuffle(&e->random, e->order, units);
            e->next = 0;
        }
        add_anchor(e, e->order[e->next++]);
    }
}

/* @param step  from 0. */
static void step_down(struct embedding *e, int step)
{
    e->left_mean *= KEEP_MEAN;
    e->left_square *= KEEP_SQUARE;
    double rate = RATE * (1 - (double)step / STEPS);
    for (int64_t i = 0; i < (int64_t)e->problem->unit_count * DIMS; i++) {
        double slope = e->slope[i];
        e->mean[i] = KEEP_MEAN * e->mean[i] + (1 - KEEP_MEAN) * slope;
        e->square[i] = KEEP_SQUARE * e->square[i] + (1 - KEEP_SQUARE) * slope * slope;
        double mean = e->mean[i] / (1 - e->left_mean);
        double square = e->square[i] / (1 - e->left_square);
        e->point[i] -= rate * mean / (sqrt(square) + NO_SLOPE);
    }
}

static void embed(struct embedding *e)
{
    int32_t units = e->problem->unit_count;
    for (int32_t u = 0; u < units; u++) {
        e->share[u] = 1 / tp_unit_weight(e->problem, u)[TP_FEATURES];
        e->order[u] = u;
    }
    e->next = units;
    e->left_mean = e->left_square = 1;
    for (int64_t i = 0; i < (int64_t)units * DIMS; i++)
        e->point[i] = tp_random_uniform(&e->random);
    for (int step = 0; step < STEPS; step++) {
        add_anchors(e);
        step_down(e, step);
    }
}

/* Two clusters exchange their numbers. */
static void renumber(int32_t *cluster, int32_t units, int32_t a, int32_t b)
{
    for (int32_t u = 0; u < units; u++)
        if (cluster[u] == a || cluster[u] == b)
            cluster[u] = a + b - cluster[u];
}

/* Numbers are arbitrary: the first unit pinned to a tower brings its cluster along, if that is not
 * in a place of its own yet; the others move alone. O(U T) for pinned towers. */
static enum tp_status hold_pins(const struct tp_problem *p, int32_t *cluster, struct tp_error *err)
{
    bool *fixed = TP_NEW(p->tower_count, bool);
    if (!fixed)
        return tp_fail_memory(err);
    for (int32_t u = 0; u < p->unit_count; u++) {
        int32_t pin = p->pin[u];
        if (pin < 0)
            continue;
        if (!fixed[pin] && !fixed[cluster[u]])
            renumber(cluster, p->unit_count, cluster[u], pin);
        fixed[pin] = true;
        cluster[u] = pin;
    }
    free(fixed);
    return TP_OK;
}

enum tp_status tp_paper(const struct tp_problem *problem, enum tp_goal goal, double ratio,
    uint64_t seed, int32_t *tower, struct tp_error *err)
{
    int32_t units = problem->unit_count, least, most;
    struct embedding e;
    int32_t *cluster = TP_NEW(units, int32_t);
    enum tp_status status = embedding_new(problem, goal, seed, &e, err);
    if (!status && !cluster)
        status = tp_fail_memory(err);
    if (status)
        goto out;
    embed(&e);
    for (int32_t u = 0; u < units; u++) { /* k-means reads point by point; slope is done with */
        e.slope[(int64_t)u * DIMS] = e.point[u];
        e.slope[(int64_t)u * DIMS + 1] = e.point[units + u];
    }
    tp_ratio_bounds(units, problem->tower_count, ratio, &least, &most);
    status = tp_constrained_kmeans(
        e.slope, units, DIMS, problem->tower_count, least, most, &e.random, cluster, err);
    if (!status)
        status = hold_pins(problem, cluster, err);
    if (!status)
        memcpy(tower, cluster, (size_t)units * sizeof *tower);
out:
    embedding_release(&e);
    free(cluster);
    return status;
}
